"""The topics' snapshot: the same topics after a start, whole or not at all, and never the truth."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot import snapshot
from bot.app import open_house
from bot.core.model import Article, Channel, NamedTopic, Sensitivity, Subscription
from bot.topics import Catalogue, Following, resolve
from bot.topics.frequency import LEAST
from tests.fakes.air import running
from tests.fakes.settings import quiet

TEXTS = ("Iraq", "Russia-Iraq", "oil price", "oil -Iraq", "oil NEAR/5 price", "title:oil", "terror*", "lang:en AND oil")
TREES = ("MIN/2 (oil gas coal)", '"oil price"~2', "oil SENT price", "(oil AND price) OR (gas AND coal)")
ARTICLE = Article(
    "1", "Iraq and Russia on the oil price", text="Oil had its price in Iraq. Gas and coal, said Russia.", lang="en"
)


def _subscriptions(texts: tuple[str, ...], first: int = 1) -> list[Subscription]:
    return [
        Subscription(number, "t", "fake:here", text, sensitivity=Sensitivity.EVERYTHING)
        for number, text in enumerate(texts, first)
    ]


def _followed(catalogue: Catalogue, texts: tuple[str, ...] = TEXTS + TREES) -> Following:
    following = Following(catalogue)
    following.update(_subscriptions(texts), [], 1)
    return following


def _restored(following: Following, path: Path, catalogue: Catalogue) -> Following:
    snapshot.write(path, following.percolator.state(), b"m" * 32)
    state = snapshot.read(path, b"m" * 32)
    assert state is not None
    again = Following(catalogue)
    again.restore(state)
    return again


def test_what_was_written_matches_as_before_without_reading_a_topic(catalogue: Catalogue, tmp_path: Path) -> None:
    following = _followed(catalogue)
    expected = following.hits(ARTICLE)
    assert len(expected) == len(TEXTS + TREES) - 2  # there is no terror in it, and Iraq beside the oil
    again = _restored(following, tmp_path / "file", catalogue)
    again.update(_subscriptions(TEXTS + TREES), [], 1)
    assert again.resolved == 0
    assert again.hits(ARTICLE) == expected


def test_topics_that_ended_meanwhile_go_and_new_ones_come(catalogue: Catalogue, tmp_path: Path) -> None:
    again = _restored(_followed(catalogue), tmp_path / "file", catalogue)
    again.update(_subscriptions((*TEXTS[:3], *TREES[2:], "gas")), [], 9)
    assert len(again.percolator) == 6
    assert again.resolved == 1
    assert again.hits(ARTICLE) == _followed(catalogue, (*TEXTS[:3], *TREES[2:], "gas")).hits(ARTICLE)
    for name in list(again.percolator):
        again.percolator.remove(name)
    assert again.percolator.match(ARTICLE, Sensitivity.EVERYTHING) == []


def test_what_was_learned_is_kept(catalogue: Catalogue, tmp_path: Path) -> None:
    following = _followed(catalogue, ("oil price",))
    assert following.percolator.waiting("price") == 1  # the longer word, as long as nothing is known
    for _ in range(LEAST + 1):
        following.hits(Article("1", "Price"))
    again = _restored(following, tmp_path / "file", catalogue).percolator
    again.add(resolve("price gas", catalogue))
    assert (again.waiting("price"), again.waiting("oil"), again.waiting("gas")) == (0, 1, 1)


def test_a_text_that_somebody_gave_a_meaning_is_read(catalogue: Catalogue, tmp_path: Path) -> None:
    following = _followed(catalogue, ("oil", "gas"))
    again = _restored(following, tmp_path / "file", catalogue)
    again.define([NamedTopic("t", "oil", "coal")])
    again.update(_subscriptions(("oil", "gas")), [], 1)
    assert sorted(again.percolator) == ["coal", "gas"]


@pytest.mark.parametrize("at", [0, 20, 60, 90, -1])
def test_a_changed_byte_or_a_cut_makes_it_no_file(at: int, catalogue: Catalogue, tmp_path: Path) -> None:
    path = tmp_path / "file"
    snapshot.write(path, _followed(catalogue).percolator.state(), b"m" * 32)
    whole = path.read_bytes()
    assert snapshot.read(path, b"m" * 32) is not None
    changed = bytearray(whole)
    changed[at] ^= 1
    for broken in (bytes(changed), whole[:at], b""):
        path.write_bytes(broken)
        assert snapshot.read(path, b"m" * 32) is None


def test_a_file_of_other_code_or_another_catalogue_or_that_others_may_write_is_no_file(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    here, there = snapshot.mark(catalogue.fingerprint), snapshot.mark(Catalogue([]).fingerprint)
    assert here != there
    snapshot.write(path, _followed(catalogue).percolator.state(), here)
    assert snapshot.read(path, here) is not None
    assert snapshot.read(path, there) is None
    path.chmod(0o620)
    assert snapshot.read(path, here) is None
    assert snapshot.read(tmp_path / "none", here) is None


def test_a_folder_that_cannot_be_written_is_said_and_harms_nothing(catalogue: Catalogue, tmp_path: Path) -> None:
    snapshot.write(tmp_path / "none" / "file", _followed(catalogue).percolator.state(), b"m" * 32)
    assert list(tmp_path.iterdir()) == []


def test_few_topics_leave_no_file_and_take_an_old_one_away(catalogue: Catalogue, tmp_path: Path) -> None:
    many = _followed(catalogue, tuple(f'"w{number} oil"' for number in range(snapshot.LEAST)))
    snapshot.keep(many, tmp_path)
    assert (tmp_path / snapshot.NAME).stat().st_mode & 0o777 == 0o600
    again = Following(catalogue)
    snapshot.restore(again, tmp_path)
    assert set(again.percolator) == set(many.percolator)
    snapshot.keep(_followed(catalogue), tmp_path)
    assert list(tmp_path.iterdir()) == []


async def test_a_house_begins_with_the_snapshot_and_ends_with_its_own(catalogue: Catalogue, tmp_path: Path) -> None:
    settings = quiet(tmp_path)
    async with open_house(settings, feeds=()) as house:
        known = house.router.desk.catalogue
        async with house.store.begin() as tx:
            await tx.subscriptions.add("t", Channel("fake:here", "t"), '"w7 oil"', now=await tx.now())
        snapshot.keep(_followed(known, tuple(f'"w{number} oil"' for number in range(snapshot.LEAST))), tmp_path)
        on_air = asyncio.Event()
        async with running(house, on_air.set), asyncio.timeout(30):
            await on_air.wait()
        assert house.pipeline.following.resolved == 0
        assert list(house.pipeline.following.percolator) == ['"w7 oil"']
    assert not (tmp_path / snapshot.NAME).exists()
