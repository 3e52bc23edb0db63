"""Draws a Message as Block Kit; pure, and within Slack's limits at every size.

The body is rich text: there Slack parses nothing, so a quoted sentence cannot mention, link or format anything, and its
bold words are exactly ours. Only what rich text cannot do is mrkdwn: a linked headline beside its picture, the outlet
with its date, and the fields. A message's tone has no colour in Block Kit (only the legacy attachments have one).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.chart import Chart
from bot.core.message import Button, Field, File, Kind, Message, Paragraph, Role, Span, Style, in_utc
from bot.platforms.plain import clean, cut, fit, line, safe_url, units

Block = dict[str, Any]

# Slack's limits (docs.slack.dev/reference/block-kit, slack_sdk.models.blocks).
BLOCKS = 50
SECTION = 3000
FIELDS = 10  # of 2000 characters each
BUTTONS = 25  # in one block of actions
LABEL = 75
VALUE = 2000
URL = 3000
ALT_TEXT = 2000
TEXT = 4000  # of the notification; Slack cuts at 40,000
TOTAL = 12_000
"""Of all blocks as JSON: `msg_blocks_too_long` is not documented and was met from about 13,200 on."""

# Shares of the total, so that no part can starve another; the body takes what is left.
TITLE, LINK, SOURCE, FOOTER, FIELDS_TOTAL, BUTTONS_TOTAL = 300, 700, 100, 200, 2500, 3500

STYLES = {Style.PRIMARY: {"style": "primary"}, Style.DANGER: {"style": "danger"}, Style.PLAIN: {}}
ROLES = 5
GROUP = re.compile(r"S[A-Z0-9]{2,30}")
PRESS, OPEN = "press:", "open:"
"""Action ids: a press runs its value as a command line; opening a link is only acknowledged."""
NOTHING = "…"
CHART_TITLE, CHART_LABEL, CHART_POINTS = 50, 20, 20
DATE = "{date_short_pretty} {time}"

LOOKALIKES = {"*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ", ":": "∶"}
FORMATTING = re.compile(r"(?<![0-9A-Za-z])[*_~`]|[*_~`](?![0-9A-Za-z])")
EMOJI = re.compile(r":(?=[\w+'-]*[a-z][\w+'-]*:)")
QUOTE_MARK = re.compile(r"(?m)^(\s*)>")


@dataclass(frozen=True, slots=True)
class Drawn:
    """What chat.postMessage takes: the blocks, and the text for notifications and screen readers."""

    text: str
    blocks: tuple[Block, ...]


def escape(text: str) -> str:
    """Untrusted text in mrkdwn that shows as it is: no mention, link, emoji, quote or style can come out of it.

    `&`, `<` and `>` have their escapes. The marks of formatting have none in Slack: where one could begin or end
    something it becomes the sign that looks like it.
    """
    text = QUOTE_MARK.sub(r"\1›", clean(text))
    text = FORMATTING.sub(lambda mark: LOOKALIKES[mark[0]], text)
    text = EMOJI.sub(LOOKALIKES[":"], text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def draw(message: Message, *, image: bool = True) -> Drawn:
    """The message as blocks, with or without its picture and its chart."""
    head = [*_called(message.manner.roles), *_head(message, image=image), *_chart(message.chart, image=image)]
    tail = [*_fields(message.fields), *_actions(message.buttons), *_footer(message.footer), *_file(message.file)]
    body = _body(message.body, TOTAL - size(head) - size(tail), BLOCKS - len(head) - len(tail))
    blocks = [*head, *body, *tail] or [_section(NOTHING)]
    return Drawn(notification(message), tuple(blocks))


def looks(message: Message) -> list[Drawn]:
    """As it should look, without its picture and its chart, and without blocks: for when Slack does not take them."""
    full = draw(message)
    plainer = [draw(message, image=False)] if message.image or message.chart else []
    return [full, *plainer, Drawn(full.text, ())]


def _called(roles: Sequence[Role]) -> list[Block]:
    """Who is called: as elements that are made for it, so that no text can ever become one."""
    elements: list[Block] = []
    for role in roles[:ROLES]:
        identity = role.id.rpartition(":")[2]
        if identity == "here":
            elements.append({"type": "broadcast", "range": "here"})
        elif GROUP.fullmatch(identity):
            elements.append({"type": "usergroup", "usergroup_id": identity})
    spaced = [each for element in elements for each in (element, {"type": "text", "text": " "})][:-1]
    return [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": spaced}]}] if spaced else []


def notification(message: Message) -> str:
    """All it says as escaped text: what a notification, a screen reader and a client without blocks show."""
    return fit(clean(message.text[: 2 * TEXT]), TEXT, escape) or NOTHING


def moment(at: datetime) -> str:
    """Drawn in the reader's own zone; what follows the bar is for clients that cannot."""
    return f"<!date^{int(at.timestamp())}^{DATE}|{in_utc(at)}>"


def size(blocks: Sequence[Block] | Sequence[str]) -> int:
    return units(json.dumps(blocks, ensure_ascii=False))


def _head(message: Message, *, image: bool) -> list[Block]:
    blocks: list[Block] = []
    title = cut(line(message.title), TITLE)
    if title:
        shown = escape(title)
        address = safe_url(message.url, LINK)
        linked = f"<{address.replace('&', '&amp;')}|{shown}>" if address else shown
        block = _section(f"*{linked}*" if units(linked) < SECTION - 2 else f"*{shown}*")
        picture = safe_url(message.image, LINK) if image else ""
        if picture:
            block["accessory"] = {"type": "image", "image_url": picture, "alt_text": cut(title, ALT_TEXT)}
        blocks.append(block)
    small = [fit(line(message.source), SOURCE * 2, escape)] if line(message.source) else []
    if message.at:
        small.append(moment(message.at))
    if small:
        blocks.append({"type": "context", "elements": [_mrkdwn(" · ".join(small))]})
    return blocks


def _body(paragraphs: Sequence[Paragraph], room: int, most: int) -> list[Block]:
    """Rich text, in which small print makes a block of its own."""
    blocks: list[Block] = []
    before: Kind | None = None
    for paragraph in paragraphs:
        left = room - size(blocks) - 200  # for the wrapping of one more element
        if left < 100 or len(blocks) >= most - 1:
            blocks.append({"type": "context", "elements": [plain_text(NOTHING)]})
            break
        if paragraph.kind is Kind.NOTE:
            if note := _note(paragraph, min(left // 2, SECTION)):
                blocks.append({"type": "context", "elements": [note]})
                before = paragraph.kind
            continue
        spans = _spans(paragraph.spans, left)
        if not spans:
            continue
        if not blocks or blocks[-1]["type"] != "rich_text":
            blocks.append({"type": "rich_text", "elements": []})
            before = None
        _add(blocks[-1]["elements"], paragraph, spans, before)
        before = paragraph.kind
    return blocks


def _chart(chart: Chart | None, *, image: bool) -> list[Block]:
    """Slack's own chart, which it draws itself: it needs no picture and no further right."""
    if chart is None or not chart.bars:
        return []
    few = chart.coarser(CHART_POINTS)
    labels = [cut(line(label), CHART_LABEL) or NOTHING for label, _ in few.bars]
    if not image or len(set(labels)) < len(labels):  # Slack knows a point by its label
        return [{"type": "context", "elements": [plain_text(cut(line(chart.text), SECTION))]}]
    data = [{"label": label, "value": count} for label, (_, count) in zip(labels, few.bars, strict=True)]
    name = cut(line(few.unit.capitalize()), CHART_LABEL) or NOTHING
    return [
        {
            "type": "data_visualization",
            "title": cut(line(few.title), CHART_TITLE) or NOTHING,
            "chart": {
                "type": "bar",
                "series": [{"name": name, "data": data}],
                "axis_config": {"categories": labels, "y_label": name},
            },
        }
    ]


def _note(paragraph: Paragraph, room: int) -> Block | None:
    """Small print; marked up only where an instant must be, because plain text cannot be read as anything else."""
    if not any(span.at for span in paragraph.spans):
        text = cut(clean(paragraph.text).strip(), room)
        return plain_text(text) if text else None
    drawn = ""
    for span in paragraph.spans:
        said = moment(span.at) if span.at else fit(clean(span.text), max(room - units(drawn), 0), escape)
        drawn += said if units(drawn) + units(said) <= room else ""
    return _mrkdwn(drawn)


def _add(elements: list[Block], paragraph: Paragraph, spans: list[Block], before: Kind | None) -> None:
    if paragraph.kind is Kind.QUOTE:
        elements.append({"type": "rich_text_quote", "elements": spans})
    elif paragraph.kind is Kind.ITEM:
        _add_item(elements, paragraph.number, spans, before)
    else:
        if before is Kind.TEXT:
            elements[-1]["elements"].append({"type": "text", "text": "\n"})  # Slack sets no space between sections
        elements.append({"type": "rich_text_section", "elements": spans})


def _add_item(elements: list[Block], number: int, spans: list[Block], before: Kind | None) -> None:
    last = elements[-1] if before is Kind.ITEM else None
    # Slack counts by itself, from one.
    counts = number == 1 + (len(last["elements"]) if last and last["style"] == "ordered" else 0)
    lead = [{"type": "text", "text": f"{number}. "}] if number and not counts else []
    item = {"type": "rich_text_section", "elements": [*lead, *spans]}
    style = "ordered" if counts else "bullet"
    if last and last["style"] == style:
        last["elements"].append(item)
    else:
        elements.append({"type": "rich_text_list", "style": style, "elements": [item]})


def _spans(spans: Sequence[Span], room: int) -> list[Block]:
    drawn: list[Block] = []
    for span in spans:
        text = clean(span.text[: 2 * SECTION])
        if not text:
            continue
        style = {"style": {"bold": True}} if span.bold and text.strip() else {}
        address = safe_url(span.url, LINK)
        if span.at:
            element: Block = {"type": "date", "timestamp": int(span.at.timestamp()), "format": DATE, "fallback": text}
            if room - size(drawn) - size([element]) - 60 > 0:
                drawn.append(element | style)
            continue
        element = {"type": "link", "url": address} if address else {"type": "text"}
        left = room - size(drawn) - size([element]) - 60
        if left < 20:
            break
        # Half of it, because a quotation mark or a line break takes two characters of JSON.
        drawn.append({**element, "text": cut(text, min(left // 2, SECTION)), **style})
    return drawn if any(element.get("text", "").strip() or element["type"] == "date" for element in drawn) else []


def _fields(fields: Sequence[Field]) -> list[Block]:
    drawn: list[Block] = []
    for field in fields[:FIELDS]:
        name, value = fit(line(field.name), 100, escape) or NOTHING, _value(field)
        if value and size(drawn) < FIELDS_TOTAL - 900:
            drawn.append(_mrkdwn(f"*{name}*\n{value}"))
    return [{"type": "section", "fields": drawn}] if drawn else []


def _value(field: Field) -> str:
    return moment(field.at) if field.at else fit(line(field.value), 600, escape)


def _actions(buttons: Sequence[Button]) -> list[Block]:
    drawn: list[Block] = []
    for number, button in enumerate(buttons):
        element: Block = {"type": "button", "text": plain_text(cut(line(button.label), LABEL) or NOTHING)}
        command, address = line(button.command), safe_url(button.url, URL)
        if button.url:
            element |= {"action_id": f"{OPEN}{number}", "url": address}
        else:
            element |= {"action_id": f"{PRESS}{number}", "value": command, **STYLES[button.style]}
        # A command that is too long is left out: a cut one would be another.
        said = address if button.url else command
        if said and units(command) <= VALUE and size([*drawn, element]) <= BUTTONS_TOTAL and len(drawn) < BUTTONS:
            drawn.append(element)
    return [{"type": "actions", "elements": drawn}] if drawn else []


def _footer(footer: str) -> list[Block]:
    text = cut(line(footer), FOOTER)
    return [{"type": "context", "elements": [plain_text(text)]}] if text else []


def _file(file: File | None) -> list[Block]:
    """A file as text to copy: to upload one, the app would need a scope for files."""
    if file is None:
        return []
    text = clean(file.content.decode("utf-8", "replace"))
    if size([text]) > SECTION:
        return [{"type": "context", "elements": [plain_text(f"{file.name} is too long to be shown in Slack.")]}]
    inside = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}
    return [{"type": "rich_text", "elements": [inside]}]


def _section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text)}


def _mrkdwn(text: str) -> Block:
    """`verbatim`: without it Slack looks for addresses and channel names in the text by itself."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def plain_text(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}
