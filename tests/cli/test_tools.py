"""The JSON-lines tools and the catalogue on the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.cli.jsonl import SKIPPED

ROOT = Path(__file__).parents[2]
CELL = {
    "id": 7,
    "title": "Four capitals agree to share intelligence",
    "text": "A cell was set up in Baghdad. Russia and Iraq will trade what they know of Daesh. It opens in May.",
    "published": "2026-11-26T08:00:00+02:00",
    "source": "Tigris Post",
}
RAIN = {"id": "rain", "title": "Rain expected in Bergen", "summary": "It will be wet. It usually is."}


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for name in [name for name in os.environ if name.startswith("NEWSBELL_")]:
        monkeypatch.delenv(name)


def run(*arguments: str, lines: list[Any] | None = None) -> Result:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines or [])
    return CliRunner().invoke(app, list(arguments), input=text)


def read(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_match_says_which_articles_are_about_a_topic_and_shows_the_words() -> None:
    result = run("match", "--topic", "Russia-Iraq", "--topic", "isis", lines=[CELL, RAIN])
    assert result.exit_code == 0
    found = {line["topic"]: line for line in read(result)}
    assert set(found) == {"Russia-Iraq", "isis"}, "a topic is called as it was asked for"
    for line in found.values():
        assert line["id"] == 7, "an id keeps its type"
        assert 0 < line["score"] <= 1
    evidence = found["Russia-Iraq"]["evidence"][0]
    assert evidence["sentence"] == "Russia and Iraq will trade what they know of Daesh."
    assert [evidence["sentence"][start:end] for start, end in evidence["spans"]] == ["Russia", "Iraq"]


def test_an_estimate_tells_what_a_topic_would_have_brought() -> None:
    lines = [
        {**CELL, "id": 1, "published": "2026-11-20T08:00:00Z"},
        {**CELL, "id": 2, "published": "2026-11-20T09:00:00Z", "source": "Other Post"},  # the same story
        {
            "id": 3,
            "title": "Iraq votes in a calm election",
            "published": "2026-11-23T08:00:00Z",
            "source": "Tigris Post",
        },
        {**RAIN, "published": "2026-11-24T08:00:00Z"},
    ]
    result = run("match", "--estimate", "--topic", "Iraq", "--topic", "Peru", "--topic", "irak", lines=lines)
    assert result.exit_code == 0
    iraq, peru, irak = read(result)
    assert (iraq["articles"], iraq["stories"], iraq["sources"], iraq["days"]) == (3, 2, 2, 4.0)
    assert iraq["stories_a_day"] == 0.5
    assert iraq["samples"][0] == 3, "the best match first, its id as it was written"
    assert (peru["topic"], peru["articles"], peru["samples"], peru["noisiest"]) == ("Peru", 0, [], None)
    assert {**irak, "topic": "Iraq"} == iraq, "however it is spelled"
    nothing = run("match", "--estimate", "--topic", "Iraq", lines=["{", {"id": 1, "title": "Iraq votes"}])
    assert nothing.exit_code == SKIPPED
    assert [(line["articles"], line["stories_a_day"]) for line in read(nothing)] == [(1, None)]


def test_sensitivity_lets_more_or_less_through() -> None:
    passing = {"id": 1, "title": "Tour dates announced", "text": "The band plays in Oslo. " * 40 + "It skips Iraq."}
    counts = {
        level: len(read(run("match", "--topic", "Iraq", "--sensitivity", level, lines=[passing, CELL])))
        for level in ("everything", "normal", "strong")
    }
    assert counts["everything"] == 2
    assert counts["normal"] == 1
    assert counts["strong"] <= 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2 skipped: not JSON"),
        ("[1]", "line 2 skipped: not an object"),
        ({"title": "x"}, "line 2 skipped: “id” must be a string or a number"),
        ({"id": "a", "title": 5}, "line 2 skipped: “title” must be a string"),
        ({"id": "a"}, "line 2 skipped: neither “title”, “summary” nor “text”"),
        ({"id": "a", "title": "x", "published": "soon"}, "line 2 skipped: “published” is not an ISO 8601 time"),
        ("[" * 100_000, "line 2 skipped: "),
    ],
)
@pytest.mark.parametrize("tool", [("match", "--topic", "Iraq"), ("stories",), ("summarize",)])
def test_a_bad_line_is_told_of_and_skipped(tool: tuple[str, ...], line: Any, said: str) -> None:
    result = run(*tool, lines=[CELL, line, RAIN])
    assert said in result.stderr
    assert result.exit_code == SKIPPED
    assert len(read(result)) == (1 if tool[0] == "match" else 2)


def test_stories_names_a_story_by_its_first_article() -> None:
    copy = {**CELL, "id": 8, "source": "Other Post", "published": "2026-11-26T09:00:00+02:00"}
    result = run("stories", lines=[CELL, RAIN, copy])
    assert read(result) == [{"id": 7, "story": 7}, {"id": "rain", "story": "rain"}, {"id": 8, "story": 7}]
    explained = read(run("stories", "--explain", lines=[CELL, copy]))
    assert explained[1]["nearest"] == 7
    assert explained[1]["score"] > explained[0]["score"]


def test_summarize_mentions_the_topic_if_the_article_does() -> None:
    sentences = [
        f"The committee of the town met for the {n}th time to speak of roads and schools." for n in range(2, 9)
    ]
    article = {"id": 1, "title": "Council meets", "text": " ".join([*sentences, "A guest spoke of the war on Daesh."])}
    plain = read(run("summarize", "--sentences", "2", lines=[article]))[0]["summary"]
    about = read(run("summarize", "--sentences", "2", "--topic", "ISIL", lines=[article]))[0]["summary"]
    assert "Daesh" not in plain
    assert "Daesh" in about


def test_an_unknown_topic_offers_the_nearest_and_how_to_take_it_literally() -> None:
    process = subprocess.run(
        [sys.executable, "-m", "bot", "match", "--topic", "Russsia"],
        cwd=ROOT,
        input=b"",
        capture_output=True,
        check=False,
    )
    assert process.returncode == 1
    said = process.stderr.decode()
    assert said.startswith("newsbell: ")
    assert "Did you mean Russia?" in said
    assert "--topic '\"Russsia\"'" in said


def test_a_reader_that_leaves_early_is_no_error() -> None:
    lines = "\n".join(json.dumps({**CELL, "id": n}) for n in range(3000))
    process = subprocess.run(
        f"{sys.executable} -m bot stories | head -1", cwd=ROOT, input=lines.encode(), capture_output=True, check=False,
        shell=True,
    )  # fmt: skip
    assert json.loads(process.stdout) == {"id": 0, "story": 0}
    assert process.stderr == b""


def test_topics_are_listed_and_shown() -> None:
    assert "ISIL" in run("topics", "list", "islamic state").stdout
    shown = run("topics", "show", "ISIL").stdout
    assert "داعش" in shown
    assert "ИГИЛ" in shown


def test_a_broken_catalogue_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "topics.toml"
    broken.write_text("[[entity]\n")
    monkeypatch.setenv("NEWSBELL_TOPICS__CATALOGUE", str(broken))
    process = subprocess.run(
        [sys.executable, "-m", "bot", "topics", "list"], cwd=ROOT, capture_output=True, check=False
    )
    assert process.returncode == 1
    assert str(broken) in process.stderr.decode()
    assert "Traceback" not in process.stderr.decode()


def test_the_version_is_said() -> None:
    assert run("--version").stdout.startswith("newsbell 0.")
