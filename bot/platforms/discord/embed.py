"""Draws an alert as a classic embed with buttons, for people or tools that do not read cards; pure as draw.py.

The marks by which a delivery is found again are the ids of its first two buttons, which every alert has. What has
fewer, a notice or a digest, is a card.
"""

from __future__ import annotations

from typing import Any

import discord
from discord import ui

from bot.core.message import Message, Paragraph, Span
from bot.platforms.discord.draw import COLOURS, NOTHING, body, escape, marks, mentions, moment, rows
from bot.platforms.discord.draw import look as card
from bot.platforms.plain import cut, fit, line, safe_url

# Discord's limits of an embed (resources/message of its documentation); all its text together has 6,000 at most.
TITLE, BODY, NAME, VALUE, FIELDS, FOOTER, AUTHOR = 256, 3000, 60, 300, 5, 200, 100
MARKED = 2
"""Buttons that carry marks."""


def embed(message: Message, *, image: bool = True) -> discord.Embed:
    """The embed. What stands in author and footer is shown as it is: Discord reads no markup there."""
    signs = [Paragraph((Span(message.chart.text),))] if message.chart else []
    drawn = discord.Embed(
        colour=COLOURS[message.tone],
        title=fit(line(message.title), TITLE, escape) or None,
        url=safe_url(message.url) or None if line(message.title) else None,
        description=body((*signs, *message.body), BODY) or None,
        timestamp=message.at,
    )
    if source := cut(line(message.source), AUTHOR):
        drawn.set_author(name=source)
    for field in message.fields[:FIELDS]:
        value = moment(field.at, "f") if field.at else fit(line(field.value), VALUE, escape)
        if value:
            drawn.add_field(name=fit(line(field.name), NAME, escape) or NOTHING, value=value)
    if footer := cut(line(message.footer), FOOTER):
        drawn.set_footer(text=footer)
    if image and (picture := safe_url(message.image)):
        drawn.set_thumbnail(url=picture)
    if not (drawn.title or drawn.description or drawn.fields):
        drawn.description = NOTHING
    return drawn


def look(message: Message, *, delivery_id: str = "", image: bool = True) -> dict[str, Any]:
    """What discord.py is to send."""
    shown = rows(message.buttons)
    if sum(map(len, shown)) < MARKED:
        return card(message, delivery_id=delivery_id, image=image)
    view = ui.View(timeout=None)
    given = list(marks(delivery_id)) if delivery_id else []
    for number, row in enumerate(shown):
        for button in row:
            button.row = number
            if given:
                button.id = given.pop(0)
            view.add_item(button)
    view.stop()
    said: dict[str, Any] = {"embed": embed(message, image=image), "view": view}
    if delivery_id and (called := mentions(message.manner)):
        said["content"] = called
    return said
