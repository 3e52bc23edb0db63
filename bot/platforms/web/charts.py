"""Pictures of charts for the page, drawn from the numbers in their address: nothing of them is kept."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response

from bot.core.chart import Chart
from bot.platforms.chart import svg

MOST_BARS = 120
LONGEST_LABEL = 40

POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""Of the picture itself, should somebody open it alone: its own style, and nothing else."""

Bars = Annotated[
    list[str],
    Query(
        min_length=1, max_length=MOST_BARS, description="Count, space, label; the oldest first.", examples=["12 26 Nov"]
    ),
]
Unit = Annotated[str, Query(max_length=LONGEST_LABEL, description="What is counted.")]

Narrow = Annotated[bool, Query(description="For a phone: half as wide, with half as many labels.")]


def add_charts(routes: APIRouter) -> None:
    """The one route."""

    @routes.get(
        "/chart.svg",
        tags=["messages"],
        summary="A message's chart, drawn",
        response_class=Response,
        responses={200: {"content": {"image/svg+xml": {}}, "description": "For light and for dark pages."}},
    )
    async def chart(bar: Bars, unit: Unit = "articles", narrow: Narrow = False) -> Response:
        """From the numbers in the address alone, as a message's `chart` has them."""
        drawn = Chart("", unit, tuple(map(_bar, bar)))
        picture = await asyncio.to_thread(svg, drawn, narrow=narrow)
        headers = {"content-security-policy": POLICY, "cache-control": "private, max-age=86400"}
        return Response(picture, media_type="image/svg+xml", headers=headers)


def _bar(text: str) -> tuple[str, int]:
    count, _, label = text.partition(" ")
    if not (count.isascii() and count.isdecimal()) or len(count) > 9 or len(label) > LONGEST_LABEL:
        raise HTTPException(422, f"A bar is a count, a space and a label of at most {LONGEST_LABEL} characters.")
    return label, int(count)
