"""The page in a real browser: typing, completion, live alerts, buttons, a phone, the dark, and hostile text."""

from __future__ import annotations

import asyncio
import re
import struct
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, Page, Route, expect

from bot.core.chart import Chart
from bot.core.message import Button, Field, Kind, Message, Paragraph, Span, Style, Tone, dated, paragraph
from tests.browser import NewPage, launched, pages
from tests.platforms.web.conftest import Serve, Web
from tests.platforms.web.memory_chat import alert

# One loop and one browser for the whole file: starting it for each test would take most of the time.
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with launched() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def new_page(chromium: Browser) -> AsyncIterator[NewPage]:
    async with pages(chromium) as opener:
        yield opener


@pytest_asyncio.fixture(loop_scope="module")
async def web(serve: Serve) -> AsyncIterator[Web]:
    async with serve() as served:
        yield served


BAR = """async (img) => {
  await img.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [720, 240];
  const pen = canvas.getContext("2d");
  pen.drawImage(img, 0, 0, 720, 240);
  const pixels = pen.getImageData(0, 0, 720, 240).data;
  const seen = new Map();
  for (let at = 0; at < pixels.length; at += 4) {
    if (pixels[at + 3] < 255) continue;
    const colour = `${pixels[at]},${pixels[at + 1]},${pixels[at + 2]}`;
    seen.set(colour, (seen.get(colour) ?? 0) + 1);
  }
  return [...seen].sort((one, other) => other[1] - one[1])[0][0].split(",").map(Number);
}"""


async def live(page: Page) -> None:
    """Wait until the page hears what comes."""
    await expect(page.locator("#connection")).to_have_attribute("data-state", "live")


async def test_a_newcomer_subscribes_by_typing_and_hears_the_first_alert(web: Web, new_page: NewPage) -> None:
    page = await new_page(web.platform.url)
    await live(page)
    await expect(page.get_by_role("heading", name="It is quiet in #general")).to_be_visible()
    line = page.get_by_role("combobox", name="Command")
    picks = page.get_by_role("listbox", name="Completions")

    await page.locator("body").press("/")
    await expect(line).to_be_focused()
    await line.press_sequentially("sub")
    await expect(picks.get_by_role("option")).to_have_count(1)
    await line.press("Tab")
    await expect(line).to_have_value("/subscribe ")
    await expect(page.locator("#hint")).to_contain_text("/subscribe topic [to channel]")
    await expect(picks.get_by_role("option")).to_have_count(6)
    await line.press_sequentially("is")
    await expect(picks.get_by_role("option")).to_have_text([re.compile("^ISIL")])
    await line.press("ArrowDown")
    await line.press("Enter")
    await expect(line).to_have_value("/subscribe ISIL")
    await line.press("Enter")

    answer = page.locator("#lines .whisper")
    await expect(answer).to_contain_text("#general now follows ISIL")
    await expect(answer).to_contain_text("Only you can see this")
    await expect(page.locator("#lines .said")).to_have_text("/subscribe ISIL")
    await expect(line).to_have_value("")

    await web.platform.send("web:general", alert(), delivery_id="d1")
    card = page.get_by_role("article", name="Security forces raid ISIL cell near Kirkuk")
    await expect(card).to_be_visible()
    await expect(card.locator("mark")).to_have_text("ISIL")
    await expect(card.locator(".chip")).to_have_text("ISIL")
    await expect(page.locator("#announce")).to_contain_text("New alert in general")
    source = card.get_by_role("link", name="Source")
    assert await source.get_attribute("href") == "https://example.org/kirkuk"
    assert await source.get_attribute("rel") == "noopener noreferrer nofollow"

    await card.get_by_role("button", name="Mute story").click()
    muted = page.locator("li[data-kind=alert] > .whisper")
    await expect(muted).to_contain_text("This story is muted in #general")
    await muted.get_by_role("button", name="Dismiss").click()
    await expect(muted).to_have_count(0)
    await answer.get_by_role("button", name="Dismiss").click()
    await expect(page.locator("#lines .said")).to_have_count(0)


async def test_history_comes_back_by_the_arrows_and_after_a_reload(web: Web, new_page: NewPage) -> None:
    page = await new_page(web.platform.url)
    await live(page)
    line = page.locator("#line")
    for text in ("/help", "/unsubscribe Mars"):
        await line.fill(text)
        await line.press("Escape")
        await page.locator("#send").click()
        await expect(page.locator("#lines .said").last).to_have_text(text)
    await page.reload()
    await live(page)
    await line.fill("")
    await line.press("ArrowUp")
    await expect(line).to_have_value("/unsubscribe Mars")
    await line.press("ArrowUp")
    await expect(line).to_have_value("/help")
    await line.press("ArrowDown")
    await line.press("ArrowDown")
    await expect(line).to_have_value("")


async def test_enter_takes_a_name_that_is_half_typed_and_sends_a_line_that_is_whole(
    web: Web, new_page: NewPage
) -> None:
    page = await new_page(web.platform.url)
    await live(page)
    line = page.locator("#line")
    await line.press_sequentially("/uns")
    await expect(page.locator("#picks li")).to_have_count(1)
    await line.press("Enter")
    await expect(line).to_have_value("/unsubscribe ")
    await line.press_sequentially("Mars")
    await line.press("Enter")
    await expect(page.locator("#lines .whisper")).to_contain_text("#general does not follow Mars.")


async def test_what_is_said_aloud_is_there_for_everybody(web: Web, new_page: NewPage) -> None:
    one, other = await new_page(web.platform.url), await new_page(web.platform.url)
    await live(one)
    await live(other)
    await one.locator("#preferences-button").click()
    await one.get_by_label("Your name").fill("Anna")
    await one.get_by_role("button", name="Done").click()
    await one.locator("#line").fill("/news ISIL")
    await one.locator("#line").press("Enter")
    for page in (one, other):
        await expect(page.locator("#lines .ask .who")).to_contain_text("Anna")
        await expect(page.locator("#lines .said")).to_have_text("/news ISIL")
        await expect(page.locator("#lines .reply")).to_contain_text("ISIL: 2 articles in 7 days")
        await expect(page.locator("#lines .whisper")).to_have_count(0)


async def test_a_button_in_a_private_answer_changes_that_answer(web: Web, new_page: NewPage) -> None:
    page = await new_page(web.platform.url)
    await live(page)
    await page.locator("#line").fill("/subscribe ISIL")
    await page.locator("#line").press("Enter")
    await page.get_by_role("button", name="Undo").click()
    whisper = page.locator("#lines .whisper")
    await expect(whisper).to_have_count(1)
    await expect(whisper).to_contain_text("#general no longer follows ISIL.")
    assert web.desk.topics == {"web:general": []}
    await whisper.get_by_role("button", name="Dismiss").click()
    await expect(page.get_by_role("heading", name="It is quiet")).to_be_visible()


async def test_a_file_in_an_answer_is_taken_away_as_often_as_one_likes(web: Web, new_page: NewPage) -> None:
    page = await new_page(web.platform.url)
    await live(page)
    await page.get_by_role("combobox", name="Command").fill("/export")
    await page.keyboard.press("Enter")
    for _ in range(2):
        async with page.expect_download() as taken:
            await page.get_by_role("link", name="feeds.opml").click()
        file = await taken.value
        assert file.suggested_filename == "feeds.opml"
        assert (await file.path()).read_text() == "<opml/>"


async def test_a_command_that_wants_a_file_asks_for_it(web: Web, new_page: NewPage) -> None:
    page = await new_page(web.platform.url)
    await live(page)
    line = page.get_by_role("combobox", name="Command")
    attach = page.get_by_role("button", name="Choose a file")
    await expect(attach).to_be_hidden()
    await line.fill("/import")
    await expect(attach).to_be_visible()
    mine: FilePayload = {"name": "mine.opml", "mimeType": "text/xml", "buffer": b"<opml/>"}
    for by_key in (True, False):
        await line.fill("/import")
        async with page.expect_file_chooser() as asked:
            await (line.press("Enter") if by_key else attach.click())
        await (await asked.value).set_files(mine)
        await expect(page.locator(".answer", has_text="mine.opml has 7 bytes").last).to_be_visible()
        await expect(line).to_have_value("")
    await expect(page.locator(".said", has_text="/import mine.opml")).to_have_count(2)


async def test_an_edited_alert_is_drawn_again_in_its_place(web: Web, new_page: NewPage) -> None:
    first = await web.platform.send("web:general", alert("First"), delivery_id="d1")
    await web.platform.send("web:general", alert("Second"), delivery_id="d2")
    page = await new_page(web.platform.url)
    await live(page)
    await web.platform.edit("web:general", first, alert("First, corrected"))
    titles = page.locator(".alert .title")
    await expect(titles).to_have_text(["First, corrected", "Second"])
    await expect(page.locator(".edited-at")).to_have_count(1)


@pytest.mark.parametrize("colour", ["light", "dark"])
async def test_a_chart_is_drawn_with_its_words_for_those_who_do_not_see_it(
    web: Web, chromium: Browser, colour: Literal["light", "dark"]
) -> None:
    bars = tuple((f"{day} Nov", day % 7) for day in range(1, 15))
    card = replace(alert("Charted"), chart=Chart("ISIL", "articles", bars))
    await web.platform.send("web:general", card, delivery_id="d1")
    page = await chromium.new_page(color_scheme=colour)
    broken: list[str] = []
    page.on("console", lambda said: broken.append(said.text) if said.type == "error" else None)
    await page.goto(web.platform.url)
    picture = page.get_by_role("img", name="1 Nov to 14 Nov: 42 articles, most (6) 6 Nov")
    await expect(picture).to_be_visible()
    await expect(picture).to_have_js_property("complete", True)
    # The bar of the sixth day, as its pixels are: the picture's own style holds, and follows the reader's page.
    pixel = await picture.evaluate(BAR)
    assert pixel == ([47, 85, 212] if colour == "light" else [138, 162, 246])
    assert broken == []
    await page.close()


async def test_instants_are_told_in_the_zone_of_the_browser(web: Web, chromium: Browser) -> None:
    at = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)
    card = replace(alert("Dated"), body=(paragraph("Changed ", at, "."),), fields=(dated("First seen", at),))
    await web.platform.send("web:general", card, delivery_id="d1")
    page = await chromium.new_page(timezone_id="Asia/Tokyo")
    await page.goto(web.platform.url)
    await expect(page.locator(".alert p")).to_have_text("Changed 27 Nov, 08:30.")
    await expect(page.locator(".alert dd")).to_have_text("27 Nov, 08:30")
    await page.close()


async def test_unread_alerts_are_counted_and_marked_in_another_channel(web: Web, new_page: NewPage) -> None:
    await web.platform.send("web:alerts", alert("Read before"), delivery_id="d0")
    page = await new_page(web.platform.url)
    await live(page)
    await page.get_by_role("link", name="alerts").click()
    await expect(page.locator(".alert")).to_have_count(1)
    await page.get_by_role("link", name="general").click()
    for number in range(2):
        await web.platform.send("web:alerts", alert(f"Unread {number}"), delivery_id=f"u{number}")
    await expect(page.get_by_role("link", name="alerts").locator(".count")).to_have_text("2")
    await expect(page).to_have_title("#general – Newsbell")
    await page.locator("#preferences-button").click()
    await page.get_by_label("Unread count in the tab’s title").click()
    await page.get_by_role("button", name="Done").click()
    await expect(page).to_have_title("(2) #general – Newsbell")
    await page.get_by_role("link", name="alerts").click()
    await expect(page).to_have_title("#alerts – Newsbell")
    await expect(page.locator("#lines .new")).to_have_text("New")
    await expect(page.locator(".alert .title")).to_have_text(["Read before", "Unread 0", "Unread 1"])
    await expect(page.locator("#channels .count")).to_have_count(0)


async def test_a_reader_who_scrolled_up_is_not_pulled_down(web: Web, new_page: NewPage) -> None:
    for number in range(30):
        await web.platform.send("web:general", alert(f"Alert {number}"), delivery_id=f"d{number}")
    page = await new_page(web.platform.url)
    await live(page)
    await expect(page.locator(".alert").last).to_be_in_viewport()
    await page.locator("#log").hover()
    await page.mouse.wheel(0, -3000)
    pill = page.locator("#latest")
    await expect(pill).to_have_text("Latest")
    before = await page.locator("#log").evaluate("log => log.scrollTop")
    await web.platform.send("web:general", alert("Fresh"), delivery_id="fresh")
    await expect(pill).to_have_text("1 new")
    assert await page.locator("#log").evaluate("log => log.scrollTop") == before
    await pill.click()
    await expect(page.locator(".alert").last).to_be_in_viewport()
    await expect(pill).to_be_hidden()


async def test_earlier_messages_come_on_demand(web: Web, new_page: NewPage) -> None:
    for number in range(130):
        await web.platform.send("web:general", alert(f"Alert {number}"), delivery_id=f"d{number}")
    page = await new_page(web.platform.url)
    await live(page)
    await expect(page.locator(".alert")).to_have_count(100)
    await page.locator("#earlier").click()
    await expect(page.locator(".alert")).to_have_count(130)
    await expect(page.locator(".alert .title").first).to_have_text("Alert 0")
    await expect(page.locator("#earlier")).to_be_hidden()


async def test_a_channel_is_made_and_deleted_on_the_page(web: Web, new_page: NewPage) -> None:
    page = await new_page(web.platform.url)
    await live(page)
    await page.get_by_role("button", name="Add a channel").click()
    await page.get_by_label("Name of the new channel").fill("general")
    await page.keyboard.press("Enter")
    await expect(page.locator("#adding .problem")).to_have_text("There is a channel #general already.")
    await page.get_by_label("Name of the new channel").fill("Syria")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("syria")
    await page.get_by_role("button", name="About this channel").click()
    await page.locator("#delete").click()
    assert len(web.chat.places) == 3, "one press must not delete"
    await page.locator("#delete").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("general")
    await expect(page.locator("#channels a")).to_have_text(["general", "alerts"])


async def test_the_page_finds_back_after_the_program_was_restarted(serve: Serve, new_page: NewPage) -> None:
    async with serve() as web:
        await web.platform.send("web:general", alert("Before"), delivery_id="d1")
        port = int(web.platform.url.rpartition(":")[2])
        page = await new_page(web.platform.url)
        await live(page)
    await expect(page.locator("#connection")).to_have_attribute("data-state", "lost")
    await web.chat.post("web:general", alert("Meanwhile"), delivery_id="d2")
    async with serve(port=port) as web:
        await expect(page.locator(".alert .title")).to_have_text(["Before", "Meanwhile"])
        await live(page)


async def test_a_command_that_cannot_be_sent_is_offered_again(serve: Serve, new_page: NewPage) -> None:
    async with serve() as web:
        port = int(web.platform.url.rpartition(":")[2])
        page = await new_page(web.platform.url)
        await live(page)
    await page.locator("#line").fill("/subscribe ISIL")
    await page.locator("#line").press("Enter")
    await expect(page.locator(".whisper")).to_contain_text("Newsbell cannot be reached")
    async with serve(port=port):
        await page.get_by_role("button", name="Try again").click()
        await expect(page.locator(".whisper")).to_contain_text("#general now follows ISIL")


async def test_a_command_that_is_sent_before_the_channel_has_opened_is_sent_when_it_has(
    serve: Serve, new_page: NewPage
) -> None:
    async with serve() as web:
        page = await new_page(web.platform.url)
        await live(page)
        slow = asyncio.Event()

        async def late(route: Route) -> None:
            await slow.wait()
            await route.continue_()

        await page.route("**/messages*", late)
        await page.reload()
        await page.locator("#line").fill("/subscribe ISIL")
        await page.locator("#line").press("Enter")
        await expect(page.locator("#line")).to_have_value("")
        slow.set()
        await expect(page.locator(".whisper")).to_contain_text("#general now follows ISIL")


async def test_the_printed_link_logs_in_and_leaves_no_key_behind(serve: Serve, new_page: NewPage) -> None:
    async with serve(host="0.0.0.0") as web:
        page = await new_page(web.platform.front_door)
        await live(page)
        assert "key" not in page.url
        await page.locator("#preferences-button").click()
        await page.get_by_role("button", name="Log out").click()
        await expect(page.get_by_label("Password")).to_be_visible()


async def test_the_login_page_says_what_is_wrong(serve: Serve, new_page: NewPage) -> None:
    async with serve(password="s3cret") as web:
        page = await new_page(web.platform.url)
        await page.get_by_label("Password").fill("wrong")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_have_text("Wrong password.")
        await page.get_by_label("Password").fill("s3cret")
        await page.keyboard.press("Enter")
        await live(page)


EVIL = '<img src=x onerror="document.title=1"><script>document.title=2</script>\u202e&amp;**b**'


def hostile() -> Message:
    """Markup in every place that takes text, and a script in every place that takes an address."""
    address = "javascript:document.title=3"
    return Message(
        title=EVIL,
        url=address,
        source=EVIL,
        body=tuple(Paragraph((Span(EVIL, bold=True, url=address), Span(EVIL)), kind) for kind in Kind),
        fields=(Field(EVIL, EVIL), Field("Topics", EVIL)),
        buttons=(
            Button(EVIL, command=f"help {EVIL}"),
            Button(EVIL, url=address, style=Style.PRIMARY),
            Button("file", url="file:///etc/passwd"),
            Button("data", url="data:text/html,<script>1</script>"),
        ),
        footer=EVIL,
        image="https://tracker.example/pixel.png",
        tone=Tone.ALERT,
    )


async def test_hostile_text_stays_text_wherever_it_stands(web: Web, new_page: NewPage) -> None:
    page = await new_page("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await web.platform.send("web:general", hostile(), delivery_id="d1")
    for kind, tone in (("ask", Tone.INFO), ("re", Tone.ERROR)):
        body = (Paragraph((Span(EVIL),)), *hostile().body)
        said = Message(title=EVIL, url="javascript:1", source=EVIL, body=body, footer=EVIL, tone=tone)
        await web.chat.post("web:general", said, delivery_id=f"{kind}:1")
    web.chat.places.append(type(web.chat.places[0])("web:evil", "web", EVIL))
    await page.goto(web.platform.url)
    await live(page)
    await page.locator("#line").fill(f"/nothing {EVIL}")
    await page.locator("#line").press("Enter")
    await expect(page.locator(".whisper")).to_contain_text("There is no command")
    shown = page.locator("#lines")
    assert await shown.locator("img, script, iframe").count() == 0
    assert await page.locator("#channels img, #channels script").count() == 0
    await expect(page.locator(".alert .title")).to_have_text(EVIL)
    for link in await page.locator("#main a").all():
        assert re.match(r"https?://", await link.get_attribute("href") or "")
    assert await page.title() == "#general – Newsbell"
    assert {url for url in asked if not url.startswith(web.platform.url)} == set()


@pytest.mark.parametrize("dark", [False, True])
async def test_on_a_phone_nothing_is_wider_than_the_screen(web: Web, new_page: NewPage, dark: bool) -> None:
    long = Message(
        title="Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2,
        url=f"https://example.org/{'x' * 300}",
        source="A newspaper with an unusually long name for an outlet",
        body=(Paragraph((Span(f"https://example.org/{'y' * 300}"),)), Paragraph((Span("z" * 400),), Kind.QUOTE)),
        fields=(Field("Topics", ", ".join(f"Topic number {n}" for n in range(12))), Field("N" * 80, "V" * 200)),
        buttons=tuple(Button(f"Unsubscribe from a long topic {n} {'w' * 60}", "help") for n in range(4)),
        tone=Tone.ALERT,
    )
    await web.platform.send("web:general", long, delivery_id="d1")
    await web.chat.post("web:general", Message(body=(Paragraph((Span("/news " + "q" * 300),)),)), delivery_id="ask:1")
    await web.chat.post("web:general", long, delivery_id="re:1")
    page = await new_page(web.platform.url, phone=True, dark=dark)
    await live(page)
    await page.locator("#line").fill("/subscribe " + "r" * 200)
    await page.locator("#line").press("Enter")
    await expect(page.locator(".whisper")).to_be_visible()
    for selector in ("html", "body", "#main", "#log", ".column", ".alert", ".reply .message", ".whisper .message"):
        width = "element => element.scrollWidth - element.clientWidth"
        assert await page.locator(selector).first.evaluate(width) <= 0, selector
    assert float((await page.locator("#line").evaluate("e => getComputedStyle(e).fontSize")).removesuffix("px")) >= 16
    background = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    shade = sum(int(part) for part in re.findall(r"\d+", background)[:3])
    assert shade < 150 if dark else shade > 600

    await expect(page.locator("#side")).not_to_be_in_viewport()
    await page.get_by_role("button", name="Channels").click()
    await expect(page.get_by_role("link", name="alerts")).to_be_in_viewport()
    await page.get_by_role("link", name="alerts").click()
    await expect(page.locator("#side")).not_to_be_in_viewport()
    await expect(page.get_by_role("heading", level=1)).to_have_text("alerts")


async def test_an_answer_taller_than_the_window_is_read_from_its_beginning(web: Web, new_page: NewPage) -> None:
    page = await new_page(web.platform.url)
    await live(page)
    await page.locator("#line").fill("/news LONG")
    await page.locator("#line").press("Enter")
    await expect(page.locator("#lines .said")).to_be_in_viewport()
    await expect(page.locator("#lines .title")).to_be_in_viewport()
    await expect(page.locator("#lines .message .small").last).not_to_be_in_viewport()
    await expect(page.locator("#latest")).to_be_visible()


async def test_mixed_scripts_run_the_way_most_of_their_letters_do(web: Web, new_page: NewPage) -> None:
    item = Paragraph((Span("دفتر", bold=True), Span(" answers, was checked just now")), Kind.ITEM)
    quote = Paragraph((Span("أعلن تنظيم داعش مسؤوليته (ISIL)"),), Kind.QUOTE)
    dated_item = Paragraph((Span("22 Nov", bold=True), Span(" 3: "), Span("تراجع محصول القمح في العراق")), Kind.ITEM)
    message = Message(title="Feeds", body=(item, quote, item, dated_item))
    await web.chat.post("web:general", message, delivery_id="re:1")
    page = await new_page(web.platform.url)
    await live(page)
    items = page.locator("#lines li li")
    await expect(items).to_have_count(3)
    assert [await each.get_attribute("dir") for each in await items.all()] == ["ltr", "ltr", "ltr"]
    await expect(items.last.locator("bdi")).to_have_text(["22 Nov", " 3: ", "تراجع محصول القمح في العراق"])
    quoted = items.first.locator("blockquote")
    assert await quoted.get_attribute("dir") == "rtl", "a quote right after an item stands with it"


async def test_what_is_counted_is_a_list_with_numbers(web: Web, new_page: NewPage) -> None:
    body = [paragraph(Span(f"Story {number}", bold=True), kind=Kind.ITEM, number=number) for number in (3, 4)]
    await web.chat.post("web:general", Message(body=(*body, paragraph("more", kind=Kind.ITEM))), delivery_id="re:1")
    page = await new_page(web.platform.url)
    await live(page)
    numbered = page.locator("#lines ol li")
    await expect(numbered).to_have_text(["Story 3", "Story 4"])
    assert await numbered.first.get_attribute("value") == "3"
    await expect(page.locator("#lines .message ul li")).to_have_text(["more"])


async def test_the_latest_completion_wins(web: Web, new_page: NewPage) -> None:
    page = await new_page(web.platform.url)
    await live(page)
    held = asyncio.Event()

    async def hold(route: object) -> None:
        if "text=%2Fn&" in route.request.url:  # type: ignore[attr-defined]  # playwright's Route
            await held.wait()
        await route.continue_()  # type: ignore[attr-defined]  # as above

    await page.route("**/api/complete**", hold)
    line = page.locator("#line")
    await line.press_sequentially("/n")
    await page.wait_for_timeout(200)
    await line.fill("/su")
    await expect(page.locator("#picks .pick")).to_have_text(["/subscribe"])
    held.set()
    await page.wait_for_timeout(200)
    await expect(page.locator("#picks .pick")).to_have_text(["/subscribe"])


async def test_the_api_page_draws_itself_from_the_schema(web: Web, new_page: NewPage) -> None:
    page = await new_page(f"{web.platform.url}/docs")
    await expect(page.get_by_role("heading", name="Newsbell API")).to_be_visible()
    await page.get_by_text("Say a command in a channel").click()
    await expect(page.locator("details[open]")).to_contain_text('"text": "/subscribe ISIL"')


@pytest.mark.slow
async def test_the_readmes_picture_can_be_taken(web: Web, chromium: Browser, tmp_path: Path) -> None:
    await web.platform.send("web:general", alert(), delivery_id="d1")
    picture = tmp_path / "phone.png"
    script = Path(__file__).parents[3] / "scripts" / "screenshot.py"
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(script), web.platform.url, str(picture), "--phone", "--dark", "--wait", "0.5"
    )
    assert await process.wait() == 0
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG")
    assert struct.unpack(">II", data[16:24]) == (780, 1688)
