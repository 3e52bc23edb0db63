"""Draws a Message as one Components-V2 card; pure, and within Discord's limits at every size."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from discord import ButtonStyle, MediaGalleryItem, ui

from bot.core.message import Button, Field, Kind, Manner, Message, Paragraph, Span, Style, Tone
from bot.platforms.plain import clean, cut, fit, line, safe_url, units

# Discord's limits (resources/message and components/reference of its documentation; 4000 from discord.py's views).
TEXT = 4000  # over all text of one card
ROWS, ROW = 5, 5  # our own choice: 5 rows of 5 buttons, with all else, stay below 40 components
LABEL = 80
ALT = 256
LINK_BUTTON_URL = 512
CUSTOM_ID = 100
NONCE = 25
ROLES = 10

# Shares of the text, so that no part can starve another; the body takes what is left.
TITLE, URL, SOURCE, FOOTER, FIELDS, FIELD_NAME, FIELD_VALUE = 300, 700, 100, 200, 1200, 60, 300

COLOURS = {
    Tone.ALERT: 0xE4572E,
    Tone.INFO: 0x4C78A8,
    Tone.SUCCESS: 0x2E9E5B,
    Tone.WARNING: 0xE8A33D,
    Tone.ERROR: 0xC0392B,
}
STYLES = {Style.PLAIN: ButtonStyle.secondary, Style.PRIMARY: ButtonStyle.primary, Style.DANGER: ButtonStyle.danger}
PREFIXES = {Kind.TEXT: "", Kind.QUOTE: "> ", Kind.ITEM: "- ", Kind.NOTE: "-# "}

PRESS = "nb:"
LONG_PRESS = "nb#"
NOTHING = "…"
"""A card must say something: an empty one is refused with error 50006."""

MARKUP = re.compile(r"[\\`*_~|<>\[\]()#]")
LEADING = re.compile(r"(?m)^(\s*)([-+]|\d+(?=\.))")


def escape(text: str) -> str:
    """Untrusted text that shows as it is: no mention, link, heading, list, quote or style can come out of it.

    A zero-width space follows every `@`, because Discord looks for @everyone before it looks at backslashes; the colon
    of `://` is escaped so that no bare address becomes a link.
    """
    text = MARKUP.sub(r"\\\g<0>", clean(text))
    text = LEADING.sub(lambda m: f"{m[1]}\\{m[2]}" if m[2] in "-+" else f"{m[1]}{m[2]}\\", text)
    return text.replace("://", r"\://").replace("@", "@\u200b")


def label(text: str) -> str:
    """Text for the inside of `[...]( )`: Discord counts brackets there without looking at backslashes."""
    return escape(line(text).replace("[", "(").replace("]", ")"))


def link(text: str, url: str, most: int) -> str:
    """A link that we made ourselves, or the text alone where the address is none of ours to give."""
    address = safe_url(url, URL)
    room = most - units(address) - 4
    if not address or room < 8:
        return fit(line(text), most, escape)
    return f"[{fit(text, room, label)}]({address})"


def draw(message: Message, *, delivery_id: str = "", image: bool = True, attached: str = "") -> ui.LayoutView:
    """The card. With a delivery id it carries the marks by which `marks` knows it again in a channel's history.

    `attached` is the name of the file that is sent along and shows the message's chart; without it a row of signs does.
    """
    container_mark, text_mark = marks(delivery_id) if delivery_id else (None, None)
    called = mentions(message.manner)
    room = TEXT - units(called)
    head = _head(message)
    room -= units(head)
    tail = [part for part in (_fields(message.fields), _footer(message.footer)) if part]
    room -= sum(map(units, tail))
    signs = [Paragraph((Span(message.chart.text),))] if message.chart and not attached else []
    said = body((*signs, *message.body), room - 8)
    texts = [text for text in (head, said, *tail) if text] or [NOTHING]
    displays: list[ui.TextDisplay[Any]] = [
        ui.TextDisplay(text, id=text_mark if number == 0 else None) for number, text in enumerate(texts)
    ]
    card: ui.Container[Any] = ui.Container(accent_colour=COLOURS[message.tone], id=container_mark)
    picture = safe_url(message.image) if image else ""
    if picture:
        lead, displays = displays[:2], displays[2:]
        card.add_item(ui.Section(*lead, accessory=ui.Thumbnail(picture)))
    if message.chart and attached:
        first, displays = displays[:1], displays[1:]
        for display in first:
            card.add_item(display)
        seen = MediaGalleryItem(f"attachment://{attached}", description=cut(line(message.chart.alt), ALT) or None)
        card.add_item(ui.MediaGallery(seen))
    for display in displays:
        card.add_item(display)
    for row in rows(message.buttons):
        card.add_item(ui.ActionRow(*row))
    view = ui.LayoutView(timeout=None)
    if called:
        view.add_item(ui.TextDisplay(called))
    view.add_item(card)
    if message.file:
        view.add_item(ui.File(f"attachment://{message.file.name}"))
    return view


def still(message: Message, *, delivery_id: str = "", image: bool = True, attached: str = "") -> ui.LayoutView:
    """The card, stopped: the library would keep each live view in memory (see press.py)."""
    view = draw(message, delivery_id=delivery_id, image=image, attached=attached)
    view.stop()
    return view


def look(message: Message, *, delivery_id: str = "", image: bool = True) -> dict[str, Any]:
    """What discord.py is to send."""
    return {"view": still(message, delivery_id=delivery_id, image=image)}


def mentions(manner: Manner) -> str:
    return " ".join(f"<@&{role}>" for role in roles(manner))


def roles(manner: Manner) -> list[int]:
    """The ids of the roles that the message calls."""
    numbers = [role.id.removeprefix("discord:") for role in manner.roles[:ROLES]]
    return [int(number) for number in numbers if number.isascii() and number.isdecimal()]


def marks(delivery_id: str) -> tuple[int, int]:
    """Two component ids that tell this delivery's card from all others.

    Component ids are ours to choose, invisible, and come back in the history; a nonce does not. Both are far above the
    ids that Discord gives by itself (1, 2, 3...) and in ranges of their own: ids are unique within a message.
    """
    digest = blake2b(delivery_id.encode("utf-8", "replace"), digest_size=8).digest()
    first, second = int.from_bytes(digest[:4]) >> 4, int.from_bytes(digest[4:]) >> 4
    return (1 << 28) + first, (1 << 29) + second


def nonce(delivery_id: str) -> str:
    """The delivery id itself where it fits: Discord posts one nonce once within a few minutes."""
    if len(delivery_id) <= NONCE:
        return delivery_id
    return blake2b(delivery_id.encode("utf-8", "replace"), digest_size=12).hexdigest()


def custom_id(command: str) -> str:
    """A button's command line as its custom id, or its digest where the line does not fit into 100 characters."""
    command = line(command)
    if units(PRESS + command) <= CUSTOM_ID:
        return PRESS + command
    return LONG_PRESS + blake2b(command.encode(), digest_size=16).hexdigest()


def moment(at: datetime, style: str = "R") -> str:
    """Drawn in the reader's own zone: as "5 minutes ago", or with "f" as a date and a time."""
    return f"<t:{int(at.astimezone(UTC).timestamp())}:{style}>"


def _head(message: Message) -> str:
    lines = []
    if line(message.title):
        lines.append(f"### {link(cut(line(message.title), TITLE), message.url, TITLE * 2 + URL)}")
    small = [fit(line(message.source), SOURCE * 2, escape)] if line(message.source) else []
    if message.at:
        small.append(moment(message.at))
    if small:
        lines.append(f"-# {' · '.join(small)}")
    return "\n".join(lines)


def body(paragraphs: Sequence[Paragraph], room: int) -> str:
    drawn = ""
    before: Kind | None = None
    for number, each in enumerate(paragraphs):
        gap = "" if before is None else "\n\n" if before is each.kind is Kind.TEXT else "\n"
        text = _paragraph(each, room - units(drawn) - units(gap))
        if text:
            drawn += gap + text
            before = each.kind
        if room - units(drawn) < 16 and number + 1 < len(paragraphs):
            return drawn if drawn.endswith(NOTHING) else f"{drawn}\n{NOTHING}"
    return drawn


def _paragraph(paragraph: Paragraph, room: int) -> str:
    counted = paragraph.number and paragraph.kind is Kind.ITEM
    prefix = f"{paragraph.number}. " if counted else PREFIXES[paragraph.kind]
    drawn = ""
    for span in _merged(paragraph.spans):
        # 8 for the marks of a bold span and a line's prefix
        left = room - units(prefix) - units(drawn) - 8
        if left < 8:
            drawn += NOTHING if drawn and not drawn.endswith(NOTHING) else ""
            break
        drawn += _span(span, left)
    if not drawn.strip():
        return ""
    lines = [each for each in drawn.split("\n") if each.strip()]
    joint = f"\n{prefix}" if paragraph.kind in (Kind.QUOTE, Kind.NOTE) else "\n"
    text = prefix + joint.join(lines)
    return text if units(text) <= room else prefix + " ".join(lines)


def _span(span: Span, room: int) -> str:
    if span.at:
        return cut(moment(span.at, "f"), room)
    # A bold run may not cross the end of a line.
    text = clean(span.text[: 2 * TEXT])
    text = text.replace("\n", " ") if span.bold else text
    bare = text.strip()
    if not bare:
        return " " if text else ""
    before = text[: len(text) - len(text.lstrip())]
    after = text[len(text.rstrip()) :]
    room -= len(before) + len(after)
    inside = link(bare, span.url, room) if safe_url(span.url, URL) else fit(bare, room, escape)
    # `** x**` is not bold: white space stays outside.
    return f"{before}**{inside}**{after}" if span.bold and inside else before + inside + after


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Neighbours of one kind as one: `**a****b**` would show its stars."""
    merged: list[Span] = []
    for span in spans:
        last = merged[-1] if merged else None
        if last and last.bold == span.bold and not (last.url or span.url or last.at or span.at):
            merged[-1] = Span(last.text + span.text, span.bold)
        elif span.text:
            merged.append(span)
    return merged


def _fields(fields: Sequence[Field]) -> str:
    lines: list[str] = []
    room = FIELDS
    for field in fields:
        name = fit(line(field.name), FIELD_NAME, escape) or NOTHING
        value = moment(field.at, "f") if field.at else fit(line(field.value), FIELD_VALUE, escape)
        drawn = f"**{name}:** {value}"
        room -= units(drawn) + 1
        if room < 0:
            break
        if value:
            lines.append(drawn)
    return "\n".join(lines)


def _footer(footer: str) -> str:
    text = fit(line(footer), FOOTER, escape)
    return f"-# {text}" if text else ""


def rows(buttons: Sequence[Button]) -> list[list[ui.Button[Any]]]:
    """Rows of five. Two buttons may not share a custom id, so a second one of the same command is left out."""
    drawn: list[ui.Button[Any]] = []
    seen: set[str] = set()
    for button in buttons:
        text = cut(line(button.label), LABEL) or NOTHING
        if button.url:
            address = safe_url(button.url, LINK_BUTTON_URL)
            if address:
                drawn.append(ui.Button(label=text, url=address))
            continue
        identity = custom_id(button.command)
        if line(button.command) and identity not in seen:
            seen.add(identity)
            drawn.append(ui.Button(label=text, style=STYLES[button.style], custom_id=identity))
    drawn = drawn[: ROWS * ROW]
    return [drawn[start : start + ROW] for start in range(0, len(drawn), ROW)]
