"""Draws a chart as a picture: SVG for a page, PNG for the chats that take no SVG."""

from __future__ import annotations

from io import BytesIO

from bot.core.chart import Chart
from bot.platforms.plain import line

WIDTH, HEIGHT = 720, 240
NARROW = 360
"""On a phone, where the wide one would be made so small that nobody reads its labels."""
LABELS = 8
"""Bars that have their label below, more would run into each other; half of them in a narrow one."""

BACK, INK, LINE, BAR = "#23262c", "#c2c6cf", "#454a54", "#8aa2f6"
"""Of the PNG: dark, as most who chat have it, and readable on a light page as well."""

DARK = """
@media (prefers-color-scheme: dark) {
  .bar .rect, .reactive { fill: #8aa2f6 !important; stroke: #8aa2f6 !important; }
  text, .axis text { fill: #c2c6cf !important; }
  .axis line, .axis .line, .axis .guides { stroke: #454a54 !important; }
}"""


def svg(chart: Chart, *, narrow: bool = False) -> str:
    """The chart for `<img>`: no script, no font and no address in it, and dark where the reader's page is."""
    # Here and not above: who is never asked for a chart need not load it.
    from pygal import Bar
    from pygal.etree import etree
    from pygal.style import Style

    style = Style(
        background="transparent",
        plot_background="transparent",
        foreground="#4a4c53",
        foreground_strong="#1b1c1f",
        foreground_subtle="#d3d0c9",
        opacity="1",
        opacity_hover="1",
        transition="0s",  # nothing in it moves, and a reader who changes to dark sees it at once
        colors=("#2f55d4",),
        font_family="system-ui, sans-serif",
        label_font_size=13,
        major_label_font_size=13,
    )
    drawn = Bar(
        width=NARROW if narrow else WIDTH,
        height=HEIGHT,
        explicit_size=True,
        js=(),
        style=style,
        disable_xml_declaration=True,
        show_legend=False,
        margin=8,
        range=(0, max(1, *(count for _, count in chart.bars))),
        show_minor_x_labels=False,
        truncate_label=-1,
        integer_scale=True,
        max_scale=4,
        value_formatter=lambda value: f"{value:.0f}",
    )
    labels = [line(label) for label, _ in chart.bars]
    drawn.x_labels = labels
    drawn.x_labels_major = [labels[place] for place in _labelled(len(labels), LABELS // 2 if narrow else LABELS)]
    drawn.add(line(chart.unit), [count for _, count in chart.bars])
    tree = drawn.render_tree()
    etree.SubElement(tree, "style").text = DARK
    for parent in list(tree.iter()):
        for script in [child for child in parent if child.tag == "script"]:
            parent.remove(script)  # pygal has no way to leave its settings for tooltips out
    return str(etree.tostring(tree, encoding="unicode"))


def png(chart: Chart) -> bytes:
    """The chart for a chat, at twice the size it is shown in."""
    from PIL import Image, ImageDraw, ImageFont

    scale = 2
    picture = Image.new("RGB", (WIDTH * scale, HEIGHT * scale), BACK)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(13 * scale)  # Pillow brings it along: small images of servers have none
    left, right, top, bottom = 44 * scale, (WIDTH - 16) * scale, 22 * scale, (HEIGHT - 34) * scale
    most = max(1, *(count for _, count in chart.bars))
    for count in sorted({0, most // 2, most}):
        height = bottom - (bottom - top) * count / most
        pen.line((left, height, right, height), LINE, scale)
        pen.text((left - 8 * scale, height), str(count), INK, font, anchor="rm")
    step = (right - left) / len(chart.bars)
    gap = min(step * 0.25, 6 * scale)
    for place, (_, count) in enumerate(chart.bars):
        start = left + place * step
        if count:
            pen.rectangle((start + gap, bottom - (bottom - top) * count / most, start + step - gap, bottom), BAR)
    for place in _labelled(len(chart.bars)):
        label = line(chart.bars[place][0])
        half = pen.textlength(label, font) / 2
        at = min(max(left + (place + 0.5) * step, left + half), right - half)
        pen.text((at, bottom + 8 * scale), label, INK, font, anchor="ma")
    out = BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def _labelled(bars: int, most: int = LABELS) -> list[int]:
    """The places whose label is shown, evenly from the last one back."""
    step = -(-bars // most)
    return list(range((bars - 1) % step, bars, step))
