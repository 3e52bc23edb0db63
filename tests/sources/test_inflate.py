"""Bodies have an end, whatever they were compressed with."""

from __future__ import annotations

import gzip
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import FetchError
from bot.sources.inflate import Inflate

CAP = 5_000_000


def fed(data: bytes, encoding: str = "gzip", cap: int = CAP, step: int = 65_536) -> Inflate:
    body = Inflate(encoding, cap)
    for start in range(0, len(data), step):
        body.feed(data[start : start + step])
        if body.full:
            break
    return body


@given(st.binary(max_size=5000), st.integers(1, 400), st.sampled_from(["gzip", "x-gzip", "GZIP ", "", "identity"]))
def test_what_was_sent_comes_out_in_any_pieces(data: bytes, step: int, encoding: str) -> None:
    sent = gzip.compress(data) if "gzip" in encoding.lower() else b"=" + data
    body = fed(sent, encoding, step=step)
    assert body.close() == ""
    assert bytes(body.body) == (data if "gzip" in encoding.lower() else b"=" + data)
    assert body.wire == len(sent)


def test_a_gzip_label_on_plain_text_is_not_believed() -> None:
    body = fed(b"<rss/>", "gzip")
    assert bytes(body.body) == b"<rss/>"
    assert body.close() == ""


def test_gzip_without_a_label_is_recognised() -> None:
    assert bytes(fed(gzip.compress(b"<rss/>"), "").body) == b"<rss/>"


def test_a_single_byte_is_a_body() -> None:
    body = fed(b"x", "gzip")
    assert body.close() == ""
    assert bytes(body.body) == b"x"


@pytest.mark.parametrize("cut", [1, 8, 100])
def test_a_stream_that_ends_early_is_told_apart(cut: int) -> None:
    whole = gzip.compress(bytes(range(256)) * 50)
    body = fed(whole[:-cut])
    assert body.close() == "its compressed body ends early"


def test_a_few_members_are_one_body_and_padding_is_ignored() -> None:
    body = fed(gzip.compress(b"one ") + gzip.compress(b"two") + b"\0" * 512)
    assert bytes(body.body) == b"one two"
    assert body.close() == ""


def test_many_members_are_refused() -> None:
    with pytest.raises(FetchError, match="too many parts"):
        fed(gzip.compress(b"x") * 100)


def test_a_bomb_is_refused_before_it_is_large() -> None:
    bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
    data = b"".join(bomb.compress(b"\0" * 1_000_000) for _ in range(200)) + bomb.flush()
    body = Inflate("gzip", CAP)
    with pytest.raises(FetchError, match="bomb"):
        for start in range(0, len(data), 65_536):
            body.feed(data[start : start + 65_536])
    assert len(body.body) < 2_000_000


def test_a_body_beyond_the_cap_is_cut_there() -> None:
    body = fed(b"<" + b"x" * 10_000, "", cap=4000)
    assert len(body.body) == 4000
    assert body.close().startswith("it is larger than")


def test_broken_compression_is_an_error() -> None:
    reserved_block_type = gzip.compress(b"")[:10] + b"\x07" * 20
    with pytest.raises(FetchError, match="broken"):
        fed(reserved_block_type)


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip", "compress"])
def test_only_what_was_asked_for_is_decoded(encoding: str) -> None:
    with pytest.raises(FetchError, match="not asked for"):
        Inflate(encoding, CAP)


@given(st.binary(max_size=300))
def test_no_bytes_break_it(data: bytes) -> None:
    with suppress(FetchError):
        fed(b"\x1f\x8b\x08" + data, step=7).close()
