"""Never a token in a log line, nor in the traceback of a library."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from bot import logs

CANARIES = {
    "a token of Slack": "xoxb-" + "123456789012-abcdefGHIJKL",
    "an app token of Slack": "xapp-" + "1-A1-2-abcdef",
    "a token of Discord": "M" + "T" * 24 + ".abcdef." + "x" * 30,
    "a password in a URL": "https://user:hunter2@example.org/feed",
    "a key in a query": "https://example.org/feed?id=1&token=hunter2&x=1",
    "a bearer": "Authorization: Bearer hunter2",
}


@pytest.mark.parametrize("style", ["json", "text"])
@pytest.mark.parametrize("what", CANARIES)
def test_a_secret_does_not_reach_the_log(style: str, what: str) -> None:
    stream, canary = io.StringIO(), CANARIES[what]
    logs.configure("debug", style, stream)
    structlog.get_logger("bot").info("connected", url=canary)
    logging.getLogger("library").warning("calling %s", canary)
    try:
        raise ConnectionError(f"cannot reach {canary}")
    except ConnectionError:
        structlog.get_logger("bot").exception("failed")
        logging.getLogger("library").exception("failed")
    written = stream.getvalue()
    assert written.count("***") >= 4
    assert canary not in written
    assert "hunter2" not in written


@pytest.mark.parametrize("text", ["https://example.org/a?b=1", "see http://h:8080/x and me@example.org", "code=5"])
def test_what_is_no_secret_stays(text: str) -> None:
    assert logs.scrub(text) == text


def test_json_lines_are_json() -> None:
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    structlog.get_logger("bot").info("feed read", feed=3, new=2)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["feed"], line["level"]) == ("feed read", 3, "info")


@pytest.mark.parametrize("style", ["json", "text"])
def test_a_traceback_does_not_tell_what_its_variables_hold(style: str) -> None:
    def sign(client_secret: str) -> None:
        raise ConnectionError(f"no answer after {len(client_secret)} characters")

    stream = io.StringIO()
    logs.configure("debug", style, stream)
    try:
        sign("d0n0t" + "te11")
    except ConnectionError:
        structlog.get_logger("bot").exception("failed")
    assert "in sign" in stream.getvalue()
    assert "d0n0tte11" not in stream.getvalue()
