"""How it is logged: lines for a terminal, JSON elsewhere, and never a token in either."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

SECRETS = re.compile(
    r"xox[abeprs]-[\w-]+|xapp-[\w-]+"  # Slack's tokens
    r"|[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,}"  # Discord's
    r"|(?P<before>://|[?&](?:key|code|token|api_key|auth)=|Bearer )"
    r"(?P<secret>[^/\s:@]+:[^/\s@]+(?=@)|[^&\s\"'/@]+(?=$|[&\s\"']))"
)


def scrub(text: str) -> str:
    """The text without what looks like a token, a password in a URL, or a key in a query."""
    return SECRETS.sub(_hidden, text)


def _hidden(found: re.Match[str]) -> str:
    before: str = found["before"] or ""
    if before == "://" and ":" not in found["secret"]:
        return found[0]  # a host, not a name with its password
    return f"{before}***"


def _scrubbed(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: scrub(value) if isinstance(value, str) else value for key, value in event.items()}


class _ScrubbingFormatter(structlog.stdlib.ProcessorFormatter):
    """The last door: a traceback of a library may hold what no event field does."""

    def format(self, record: logging.LogRecord) -> str:
        return scrub(super().format(record))


def configure(level: str, style: str, stream: TextIO = sys.stderr) -> None:
    """Send structlog's and every library's lines to one stream in one form."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _scrubbed,
    ]
    as_json = style == "json" or (style == "auto" and not stream.isatty())
    render: list[Any] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if as_json
        # Not its own traceback: that shows every local variable, and some of those are secrets without a pattern.
        else [structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback)]
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        _ScrubbingFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # Their INFO lines carry whole URLs, payloads or one line a second; their warnings are ours to see.
    for chatty in ("aiohttp", "alembic", "apscheduler", "discord", "pgqueuer", "slack_bolt", "slack_sdk", "sqlalchemy"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
