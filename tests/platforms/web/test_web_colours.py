"""The palette keeps the contrast that WCAG 2.2 asks for, in the light and in the dark."""

from __future__ import annotations

import re

import pytest

from bot.platforms.web.pages import STATIC

TEXT = 4.5
"""WCAG 2.2, success criterion 1.4.3."""
PAIRS = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in ("paper", "card", "side")),
    *(("accent", ground) for ground in ("paper", "card", "accent-soft")),
    *(("ink", ground) for ground in ("hover", "accent-soft")),
    ("on-accent", "accent"),
    ("mark-ink", "mark"),
    ("bad", "card"),
    ("bad", "paper"),
    ("bad", "bad-soft"),
    ("ink-3", "hover"),
    ("ink-3", "accent-soft"),
]


def palettes() -> dict[str, dict[str, str]]:
    css = (STATIC / "colours.css").read_text()
    light, dark = css.split("@media (prefers-color-scheme: dark)", 1)
    found = {"light": dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))}
    found["dark"] = found["light"] | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark))
    return found


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_can_be_read(scheme: str) -> None:
    palette = palettes()[scheme]
    poor = {}
    for ink, ground in PAIRS:
        darker, lighter = sorted((luminance(palette[ink]), luminance(palette[ground])))
        if (contrast := (lighter + 0.05) / (darker + 0.05)) < TEXT:
            poor[ink, ground] = round(contrast, 2)
    assert poor == {}
