"""Every text was written for the tests."""

from __future__ import annotations

import json
import random
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from bot.core.sentences import sentences
from bot.stories.copies import CONTAINMENT, DRAWERS, Copies, containment, shingles, short

ROWS = [json.loads(line) for line in (Path(__file__).parent / "look_alikes.jsonl").read_text("utf-8").splitlines()]
TEXTS = [row["text"] for row in ROWS]


def fewer_words(text: str) -> str:
    chance = random.Random(5)
    return " ".join(word for word in text.split() if chance.random() >= 0.1)


def fewer_sentences(text: str) -> str:
    spans = sentences(text)
    return " ".join(text[a:b] for number, (a, b) in enumerate(spans) if number % 7 != 3)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text,
        lambda text: f"ORLEN, March 2 (Reuters) - {text}",
        lambda text: text.upper(),
        lambda text: f"Listen to this article.\n{text}\nAll rights reserved. Subscribe to our newsletter.",
        lambda text: " ".join(text.split()[: int(0.6 * len(text.split()))]),
        fewer_words,
        fewer_sentences,
    ],
)
def test_an_edited_copy_holds_the_better_half_and_is_found_among_the_others(text: str, edit: object) -> None:
    copies = Copies()
    for other in TEXTS:
        copies.put(other[:20], shingles(other))
    edited = shingles(edit(text))  # type: ignore[operator]  # a parameter of pytest has no type
    assert containment(edited, shingles(text)) >= CONTAINMENT
    assert copies.candidates(edited)[0] == text[:20]


def test_reports_of_different_events_are_never_copies() -> None:
    shares = [
        containment(shingles(a["text"]), shingles(b["text"]))
        for a, b in combinations(ROWS, 2)
        if a["story"] != b["story"]
    ]
    assert max(shares) < 0.3


def test_a_short_note_is_no_copy_of_anything() -> None:
    note = " ".join(TEXTS[0].split()[:39])
    assert not shingles(note)
    assert containment(shingles(note), shingles(TEXTS[0])) == 0


def test_chinese_copies_are_found_without_spaces() -> None:
    text = (
        "周一凌晨连日大雨冲垮奥伦城外的堤坝塔恩河水涌入老城消防员从屋顶救出四十三人"
        "市长说二十分钟内街道积水一米深铁路中断自来水厂停止供水"
    )
    assert containment(shingles(text), shingles("据本报消息" + text[:48])) >= CONTAINMENT


def test_what_was_taken_away_is_found_no_more() -> None:
    copies = Copies()
    hashes = shingles(TEXTS[0])
    a, b = copies.put("a", hashes), copies.put("b", hashes)
    copies.take(a)
    assert copies.candidates(hashes) == ["b"]
    copies.take(b)
    assert copies.candidates(hashes) == []


def test_what_was_taken_away_is_cleared_away_in_time() -> None:
    copies = Copies()
    for _ in range(DRAWERS):
        copies.take(copies.put("a", shingles(TEXTS[0])))
    last = copies.put("b", shingles(TEXTS[0]))
    for _ in range(DRAWERS):
        copies.take(copies.put("short", shingles("")))
    assert copies.candidates(shingles(TEXTS[0])) == ["b"]
    assert sum(map(len, copies._drawers.values())) < 100
    copies.take(last)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_short_hashes_measure_what_whole_ones_do(share: float) -> None:
    for text, other in pairwise(TEXTS):
        mixed = text[: int(len(text) * share)] + other[int(len(other) * share) :]
        whole = containment(shingles(text), shingles(mixed))
        assert containment(short(shingles(text)), short(shingles(mixed))) == pytest.approx(whole, abs=0.02)
