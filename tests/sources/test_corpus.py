"""The assertions of `make corpus`, on our own fixtures; and that they can fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus import CHECKS, examine, the_same_keys_twice_and_on_another_host
from tests.sources.hostile_bodies import CORPUS

FEEDS = Path(__file__).parent / "feeds"


def test_they_hold_for_a_feed_of_every_format() -> None:
    assert examine(FEEDS) == {check.__name__: [] for check in CHECKS}


@pytest.mark.parametrize("name", [name for name in CORPUS if name.startswith(("cut", "odd item", "charset"))])
def test_the_keys_of_odd_feeds_do_not_depend_on_where_they_came_from(name: str) -> None:
    body = CORPUS[name]
    assert the_same_keys_twice_and_on_another_host(body.encode() if isinstance(body, str) else body)


def test_a_file_that_fails_is_named(tmp_path: Path) -> None:
    (tmp_path / "good.xml").write_bytes((FEEDS / "rss20.xml").read_bytes())
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "odd.xml").write_text("<rss><channel/></rss>")

    def is_long(body: bytes) -> bool:
        return len(body) > 100

    assert examine(tmp_path, (is_long,)) == {"is_long": ["more/odd.xml"]}
