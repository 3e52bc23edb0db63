"""Every text was written for the tests."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model import Article
from bot.stories.origin import origin, outlet, strip_dateline


@pytest.mark.parametrize(
    ("text", "agency", "rest"),
    [
        ("ORLEN, Nov. 3 (Reuters) - The dyke broke.", "Reuters", "The dyke broke."),
        ("ORLEN (AFP) — The dyke broke.", "AFP", "The dyke broke."),
        ("(AP) -- The dyke broke.", "AP", "The dyke broke."),
        ("AP - The dyke broke.", "AP", "The dyke broke."),
        ("Washington, D.C. (UPI) -- The dyke broke.", "UPI", "The dyke broke."),
        ("ORLEN, /PRNewswire/ -- The dyke broke.", "PR Newswire", "The dyke broke."),
        ("Berlin (dpa) - Der Deich brach.", "dpa", "Der Deich brach."),
        ("ORLEN, March 1 (Xinhua) -- The dyke broke.", "Xinhua", "The dyke broke."),
        ("МОСКВА, 3 ноября. /ТАСС/. Дамба прорвана.", "TASS", "Дамба прорвана."),
        ("新华社北京3月1日电 大坝决口。", "Xinhua", "大坝决口。"),
    ],
)
def test_a_dateline_names_the_agency_and_can_be_taken_off(text: str, agency: str, rest: str) -> None:
    assert origin(Article("1", "The dyke broke", text=text, source="Courier")) == agency
    assert strip_dateline(text) == rest


@pytest.mark.parametrize(
    ("text", "agency"),
    [
        ("The dyke broke on Monday, TASS reports. Nobody was hurt.", "TASS"),
        ("The dyke broke, according to the Interfax news agency.", "Interfax"),
        ("Officials told Reuters that the dyke broke.", "Reuters"),
        ("La digue a cédé lundi, selon l'AFP.", "AFP"),
        ("Дамба прорвана, сообщает ТАСС.", "TASS"),
        ("By ADA MARSH, Associated Press\nThe dyke broke.", "AP"),
        ("BY ADA MARSH, ASSOCIATED PRESS\nThe dyke broke.", "AP"),
        ("The dyke broke. (Reporting by Ada Marsh; Editing by Tomas Brandt)", "Reuters"),
        ("The dyke broke. Nobody was hurt. © 2026 AFP", "AFP"),
        ("Der Deich brach am Montag. (dpa)", "dpa"),
    ],
)
def test_an_attribution_names_the_agency(text: str, agency: str) -> None:
    assert origin(Article("1", "The dyke broke", text=text, source="Courier")) == agency


@pytest.mark.parametrize(
    "text",
    [
        "The dyke broke on Monday.",
        "A story about the PA system in the schools of Orlen.",
        "WASHINGTON — The mayor spoke of an AP course for pupils.",
        "The Reuters building was flooded.",
        "",
    ],
)
def test_without_a_credit_the_outlet_is_the_origin(text: str) -> None:
    assert origin(Article("1", "The dyke broke", text=text, source="Courier")) == "Courier"


def test_wire_copies_in_several_outlets_have_one_origin() -> None:
    text = "ORLEN (Reuters) - The dyke broke."
    copies = [Article(str(n), "Dyke", text=text, source=source) for n, source in enumerate(["Reuters", "Post", "Sun"])]
    assert {origin(each) for each in copies} == {"Reuters"}


def test_an_agency_that_quotes_another_is_its_own_origin() -> None:
    assert origin(Article("1", "Dyke", text="The dyke broke, TASS reports.", source="AFP")) == "AFP"


@pytest.mark.parametrize("source", ["AP", "AP News", "Associated Press", "AP - Top stories"])
def test_an_agency_under_another_of_its_names_is_the_agency(source: str) -> None:
    assert origin(Article("1", "Dyke", text="The dyke broke.", source=source)) == "AP"


@pytest.mark.parametrize("title", ["Reuters: The dyke broke", "The dyke broke - Reuters", "The dyke broke (AFP)"])
def test_a_headline_may_name_the_agency(title: str) -> None:
    assert origin(Article("1", title, source="Courier")) in {"Reuters", "AFP"}


def test_an_outlet_without_a_name_is_its_host() -> None:
    assert outlet(Article("1", "Dyke", url="https://www.courier.example/dyke")) == "courier.example"
    assert outlet(Article("1", "Dyke")) == ""
    assert outlet(Article("1", "Dyke", url="http://[broken")) == ""


def test_a_megabyte_of_blanks_has_no_dateline() -> None:
    blanks = " " * 1_000_000 + "(Reuters) - The dyke broke."
    assert strip_dateline(blanks) == blanks
    assert origin(Article("1", "Dyke", text=blanks, source="Courier")) == "Courier"


CREDITS = st.lists(
    st.sampled_from(
        ["(Reuters)", "AP", "ORLEN", ", ", " - ", ". ", "By ", "(Reporting by ", "TASS", " reports", "©", "電"]
    ),
    max_size=12,
).map("".join)


@given(st.one_of(CREDITS, st.text(max_size=80)), st.one_of(CREDITS, st.text(max_size=80)))
@settings(deadline=None)
def test_any_text_has_an_origin_and_a_dateline_is_only_taken_from_its_start(title: str, text: str) -> None:
    assert origin(Article("1", title, text=text, source="Courier"))
    assert text.endswith(strip_dateline(text))
