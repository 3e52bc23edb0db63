"""Charts as pictures: what is in them, and what can never be."""

from __future__ import annotations

from io import BytesIO
from xml.etree import ElementTree

import pytest
from PIL import Image

from bot.core.chart import Chart
from bot.platforms.chart import HEIGHT, NARROW, WIDTH, png, svg

WEEK = Chart("ISIL", "articles", tuple((f"{day} Nov", count) for day, count in enumerate((3, 0, 9, 4, 1, 12, 7), 20)))

BARS = bytes((0x8A, 0xA2, 0xF6))


def texts(picture: str) -> list[str]:
    return [text for element in ElementTree.fromstring(picture).iter() for text in (element.text, element.tail) if text]


def test_an_svg_shows_its_bars_and_days_and_is_dark_where_the_page_is() -> None:
    picture = svg(WEEK)
    said = texts(picture)
    assert {"20 Nov", "26 Nov"} <= set(said)
    assert "prefers-color-scheme: dark" in picture
    assert picture.count('class="rect reactive') == len(WEEK.bars)


def test_a_narrow_svg_has_fewer_labels_and_all_its_bars() -> None:
    shown = [
        len([text for text in texts(svg(WEEK, narrow=narrow)) if text.endswith(" Nov")]) for narrow in (False, True)
    ]
    assert shown[1] < shown[0]
    narrow = svg(WEEK, narrow=True)
    assert f'width="{NARROW}"' in narrow
    assert narrow.count('class="rect reactive') == len(WEEK.bars)


def test_an_svg_holds_no_script_no_address_and_no_markup_of_others() -> None:
    picture = svg(Chart("<b>", '"><script>alert(1)</script>', (("<image href='https://evil.example/'/>\x00\x1b", 1),)))
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(picture).iter()}
    assert tags <= {"svg", "g", "rect", "text", "title", "desc", "defs", "style", "path", "line", "circle"}
    named = {name for element in ElementTree.fromstring(picture).iter() for name in element.attrib}
    assert not {name for name in named if "href" in name or name.startswith("on")}
    assert "@import" not in picture and "url(" not in picture


@pytest.mark.parametrize("bars", [1, 2, 14, 90])
def test_a_png_is_a_picture_whose_highest_bar_is_as_high_as_can_be(bars: int) -> None:
    drawn = Image.open(BytesIO(png(Chart("ISIL", "articles", tuple((f"{n} Nov", n) for n in range(1, bars + 1))))))
    assert (drawn.format, drawn.size) == ("PNG", (WIDTH * 2, HEIGHT * 2))
    pixels = drawn.tobytes()
    rows = [y for y in range(drawn.height) if BARS in pixels[y * drawn.width * 3 : (y + 1) * drawn.width * 3]]
    assert (rows[0], len(rows)) == (44, HEIGHT * 2 - 68 - 44 + 1)


def test_a_chart_of_nothing_but_zeros_is_drawn() -> None:
    empty = Chart("ISIL", "articles", (("25 Nov", 0), ("26 Nov", 0)))
    assert png(empty).startswith(b"\x89PNG")
    assert "26 Nov" in texts(svg(empty))
