"""What an alert or a reply says, before any platform draws it.

All text in a `Message` is plain: the platform's drawing function escapes it, so that a headline can neither
ping, link nor format anything. Emphasis, links and buttons are said by structure and never by markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from bot.core.chart import Chart


class Tone(StrEnum):
    """The mood of a message; a platform may give it a colour."""

    ALERT = "alert"
    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"


class Kind(StrEnum):
    """The role of a paragraph: running text, a quoted sentence, an item of a list, or small print."""

    TEXT = "text"
    QUOTE = "quote"
    ITEM = "item"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text. `url` makes it a link; only http and https survive drawing.

    With `at` it is an instant, which a platform draws in its reader's zone; `text` says it where none can.
    """

    text: str
    bold: bool = False
    url: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`number` is an item's place in a list that is counted; 0 where it is not."""

    spans: tuple[Span, ...]
    kind: Kind = Kind.TEXT
    number: int = 0

    @property
    def text(self) -> str:
        place = f"{self.number}. " if self.number else ""
        return place + "".join(span.text for span in self.spans)


@dataclass(frozen=True, slots=True)
class Field:
    """A label and a short value, drawn side by side where the platform can. With `at` the value is that instant."""

    name: str
    value: str
    at: datetime | None = None


class Style(StrEnum):
    PLAIN = "plain"
    PRIMARY = "primary"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Button:
    """A press is a typed command: `command` is the line, without the slash. With `url` it is a link instead."""

    label: str
    command: str = ""
    url: str = ""
    style: Style = Style.PLAIN


@dataclass(frozen=True, slots=True)
class Role:
    """People who can be called together: a Discord role, a Slack user group. `id` is opaque outside its platform."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a message arrives, as far as its platform can: whom it calls, whether it rings, whether it opens a thread.

    These roles are the only people that a message of ours can ever notify by name. `within` is the id of the delivery
    in whose thread the message goes, where the platform has threads.
    """

    roles: tuple[Role, ...] = ()
    silent: bool = False
    thread: bool = False
    within: str = ""


USUAL = Manner()


FILE_MOST = 1_000_000
"""Bytes of a file that somebody hands over: more than any list of feeds has."""


@dataclass(frozen=True, slots=True)
class File:
    """Something that somebody hands over, or takes away. The name is as they or we wrote it: never a path."""

    name: str
    content: bytes


def together(manners: Iterable[Manner]) -> Manner:
    """One message for several wishes: all roles are called, and it is silent only where everybody wants it so."""
    wishes = tuple(manners)
    return Manner(
        roles=tuple(dict.fromkeys(role for wish in wishes for role in wish.roles)),
        silent=bool(wishes) and all(wish.silent for wish in wishes),
        thread=any(wish.thread for wish in wishes),
    )


@dataclass(frozen=True, slots=True)
class Message:
    """`at` is an instant that the platform draws in the reader's zone (an alert's time of publication).

    `file` is text to take away, in the answer to a command; an alert has none.
    """

    title: str = ""
    url: str = ""
    source: str = ""
    at: datetime | None = None
    body: tuple[Paragraph, ...] = ()
    fields: tuple[Field, ...] = ()
    buttons: tuple[Button, ...] = ()
    footer: str = ""
    image: str = ""
    tone: Tone = Tone.INFO
    manner: Manner = USUAL
    chart: Chart | None = None
    file: File | None = None

    @property
    def text(self) -> str:
        """Everything it says as plain lines: for the console, notifications and search by screen readers."""
        chart = self.chart.text if self.chart else ""
        lines = [self.title, chart, *(paragraph.text for paragraph in self.body)]
        lines += [f"{field.name}: {field.value}" for field in self.fields]
        return "\n".join(line for line in (*lines, self.footer) if line)


def paragraph(*parts: str | Span | datetime, kind: Kind = Kind.TEXT, number: int = 0) -> Paragraph:
    """A paragraph of plain strings, spans and instants."""
    return Paragraph(tuple(map(_span, parts)), kind, number)


def _span(part: str | Span | datetime) -> Span:
    if isinstance(part, Span):
        return part
    return Span(part) if isinstance(part, str) else instant(part)


def instant(at: datetime) -> Span:
    """An instant within a text."""
    return Span(in_utc(at), at=at)


def dated(name: str, at: datetime) -> Field:
    """A field whose value is an instant."""
    return Field(name, in_utc(at), at)


def in_utc(at: datetime) -> str:
    """`26 Nov, 14:05 UTC`: an instant where one text serves readers in many zones."""
    at = at.astimezone(UTC)
    return f"{at.day} {at:%b, %H:%M} UTC"


def marked(sentence: str, spans: Iterable[tuple[int, int]], kind: Kind = Kind.QUOTE) -> Paragraph:
    """A sentence with the [start, end) character ranges in bold; overlapping ranges are drawn once."""
    parts: list[Span] = []
    at = 0
    for first, last in sorted(spans):
        start, end = max(first, at), min(last, len(sentence))
        if end <= start:
            continue
        if start > at:
            parts.append(Span(sentence[at:start]))
        parts.append(Span(sentence[start:end], bold=True))
        at = end
    if at < len(sentence):
        parts.append(Span(sentence[at:]))
    return Paragraph(tuple(parts), kind)


def to_json(message: Message) -> dict[str, Any]:
    """A plain value for the outbox and the web channel's API; `from_json` is its inverse."""
    return {
        "title": message.title,
        "url": message.url,
        "source": message.source,
        "at": _iso(message.at),
        "body": [
            {
                "kind": p.kind.value,
                "spans": [{"text": s.text, "bold": s.bold, "url": s.url, "at": _iso(s.at)} for s in p.spans],
                **({"number": p.number} if p.number else {}),
            }
            for p in message.body
        ],
        "fields": [{"name": f.name, "value": f.value, "at": _iso(f.at)} for f in message.fields],
        "buttons": [
            {"label": b.label, "command": b.command, "url": b.url, "style": b.style.value} for b in message.buttons
        ],
        "footer": message.footer,
        "image": message.image,
        "tone": message.tone.value,
        "manner": manner_to_json(message.manner),
        "chart": _chart_to_json(message.chart),
        **({"file": _file_to_json(message.file)} if message.file else {}),
    }


def _file_to_json(file: File) -> dict[str, str]:
    return {"name": file.name, "text": file.content.decode("utf-8", "replace")}


def from_json(value: Mapping[str, Any]) -> Message:
    """The message that `to_json` wrote, of this version or an older one. Raises KeyError or ValueError for all else."""
    return Message(
        title=value["title"],
        url=value["url"],
        source=value["source"],
        at=_at(value["at"]),
        body=tuple(
            Paragraph(tuple(map(_span_of, p["spans"])), Kind(p["kind"]), p.get("number", 0)) for p in value["body"]
        ),
        fields=tuple(Field(f["name"], f["value"], _at(f.get("at"))) for f in value["fields"]),
        buttons=tuple(Button(b["label"], b["command"], b["url"], Style(b["style"])) for b in value["buttons"]),
        footer=value["footer"],
        image=value["image"],
        tone=Tone(value["tone"]),
        manner=manner_from_json(value.get("manner", {})),
        chart=_chart_from_json(value.get("chart")),
        file=File(file["name"], file["text"].encode()) if (file := value.get("file")) else None,
    )


def _chart_to_json(chart: Chart | None) -> dict[str, Any] | None:
    if chart is None:
        return None
    bars = [{"label": label, "count": count} for label, count in chart.bars]
    return {"title": chart.title, "unit": chart.unit, "bars": bars, "alt": chart.alt}


def _chart_from_json(value: Mapping[str, Any] | None) -> Chart | None:
    if value is None:
        return None
    return Chart(value["title"], value["unit"], tuple((bar["label"], bar["count"]) for bar in value["bars"]))


def _span_of(value: Mapping[str, Any]) -> Span:
    return Span(value["text"], value["bold"], value["url"], _at(value.get("at")))


def _iso(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at else None


def _at(iso: str | None) -> datetime | None:
    return datetime.fromisoformat(iso) if iso else None


def manner_to_json(manner: Manner) -> dict[str, Any]:
    roles = [{"id": role.id, "name": role.name} for role in manner.roles]
    within = {"within": manner.within} if manner.within else {}
    return {"roles": roles, "silent": manner.silent, "thread": manner.thread, **within}


def manner_from_json(value: Mapping[str, Any]) -> Manner:
    """The manner that `manner_to_json` wrote; what is not said is as usual."""
    return Manner(
        roles=tuple(Role(role["id"], role["name"]) for role in value.get("roles", ())),
        silent=bool(value.get("silent")),
        thread=bool(value.get("thread")),
        within=str(value.get("within", "")),
    )
