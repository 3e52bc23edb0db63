"""The JSON API as a client meets it, over real HTTP."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

from structlog.testing import capture_logs

from bot.core.message import File, Manner, Message, from_json, to_json
from bot.platforms.web.api import slug
from bot.platforms.web.shapes import Said
from tests.platforms.web.conftest import Serve, Web
from tests.platforms.web.memory_chat import MemoryChat, alert


async def test_channels_come_with_their_newest_message(web: Web) -> None:
    await web.platform.send("web:general", alert(), delivery_id="d1")
    last = int(await web.platform.send("web:general", alert(), delivery_id="d2"))
    found = await web.get("/api/channels")
    assert [(c["id"], c["name"], c["last"]) for c in found["channels"]] == [
        ("web:general", "general", last),
        ("web:alerts", "alerts", 0),
    ]
    assert found["can_leave"] is False


async def test_a_channel_is_made_and_deleted_with_what_was_said_in_it(web: Web) -> None:
    async with web.http.post("/api/channels", json={"name": "#Middle East "}) as made:
        assert made.status == 201
        assert await made.json() == {"id": "web:middle-east", "name": "middle-east", "last": 0}
    await web.platform.send("web:middle-east", alert(), delivery_id="d1")
    async with web.http.delete("/api/channels/web%3Amiddle-east") as gone:
        assert gone.status == 204
    assert [c["id"] for c in (await web.get("/api/channels"))["channels"]] == ["web:general", "web:alerts"]
    assert web.chat.lines == []


async def test_a_channel_that_cannot_be_made_is_told_in_one_sentence(web: Web) -> None:
    for name, status, says in (
        ("General", 409, "There is a channel #general already."),
        ("!?", 422, "needs a letter or a digit"),
        ("", 422, "name:"),
        ("x" * 41, 422, "name:"),
    ):
        async with web.http.post("/api/channels", json={"name": name}) as answer:
            assert answer.status == status, name
            assert says in (await answer.json())["error"]


async def test_the_last_channel_stays(web: Web) -> None:
    async with web.http.delete("/api/channels/alerts") as first:
        assert first.status == 204
    async with web.http.delete("/api/channels/general") as second:
        assert second.status == 409
        assert "last channel" in (await second.json())["error"]


def test_names_of_any_script_make_ids() -> None:
    assert slug("Ближний Восток") == "ближний-восток"
    assert slug("الشرق الأوسط") == "الشرق-الأوسط"
    assert slug("#A/../b\u202e") == "a-b"


async def test_a_channel_goes_by_its_id_or_its_name(web: Web) -> None:
    for name in ("web%3Ageneral", "web:general", "general", "General", "%23general"):
        assert (await web.get(f"/api/channels/{name}/messages"))["messages"] == [], name


async def test_a_chart_is_drawn_from_the_numbers_in_its_address(web: Web) -> None:
    path = "/api/chart.svg?unit=articles&bar=3+25+Nov&bar=8+26+Nov"
    async with web.http.get(path) as answer:
        assert answer.status == 200
        assert answer.content_type == "image/svg+xml"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert ">26 Nov<" in await answer.text()
    for wrong in ("", "?bar=many+26+Nov", "?bar=1234567890+x", f"?bar=1+{'x' * 41}", "?" + "&bar=1+x" * 121):
        async with web.http.get(f"/api/chart.svg{wrong}") as answer:
            assert answer.status == 422, wrong


async def test_an_unknown_channel_is_answered_with_those_there_are(web: Web) -> None:
    for path in ("messages", "events"):
        async with web.http.get(f"/api/channels/iraq/{path}") as answer:
            assert answer.status == 404
            assert (await answer.json())["error"] == "There is no channel 'iraq' here; there are: general, alerts."


async def test_messages_are_what_was_sent(web: Web) -> None:
    sent = alert(at=datetime(2026, 11, 26, 11, 48, tzinfo=UTC))
    number = int(await web.platform.send("web:general", sent, delivery_id="d1"))
    [line] = (await web.get("/api/channels/general/messages"))["messages"]
    assert from_json(line["message"]) == sent
    assert (line["id"], line["kind"], line["edited_at"]) == (number, "alert", None)
    assert datetime.fromisoformat(line["at"]) == datetime(2026, 11, 26, 12, tzinfo=UTC)


async def test_a_long_channel_is_read_forwards_and_backwards_without_a_gap(web: Web) -> None:
    numbers = [int(await web.platform.send("web:general", alert(), delivery_id=f"d{i}")) for i in range(25)]
    await web.platform.send("web:alerts", alert(), delivery_id="elsewhere")

    backwards: list[int] = []
    page: dict[str, Any] = {"earlier": True}
    while page["earlier"]:
        page = await web.get("/api/channels/general/messages", params={"limit": 7, "before": (backwards or [0])[0]})
        backwards[:0] = [line["id"] for line in page["messages"]]
    assert backwards == numbers

    forwards = numbers[:1]
    while page["messages"]:
        page = await web.get("/api/channels/general/messages", params={"limit": 7, "after": forwards[-1]})
        forwards += [line["id"] for line in page["messages"]]
    assert forwards == numbers


async def test_a_private_reply_is_in_the_answer_and_nowhere_else(web: Web) -> None:
    answer = await web.say("/subscribe ISIL")
    assert answer["reply"]["private"] is True
    assert answer["reply"]["title"] == "#general now follows ISIL"
    assert answer["posted"] == []
    assert web.chat.lines == []
    assert web.desk.topics == {"web:general": ["ISIL"]}


async def test_a_command_said_aloud_is_posted_with_who_asked(web: Web) -> None:
    answer = await web.say("news ISIL 3d", name="An\u202ena ", zone="Europe/Berlin", thread="mine-1234")
    assert answer["reply"]["private"] is False
    asked, reply = (await web.get("/api/channels/general/messages"))["messages"]
    assert [asked["id"], reply["id"]] == answer["posted"]
    assert (asked["kind"], reply["kind"]) == ("ask", "reply")
    assert asked["thread"] == reply["thread"] == "mine-1234"
    assert (asked["message"]["source"], asked["text"]) == ("Anna", "/news ISIL 3d")
    assert reply["message"]["title"] == "ISIL: 2 articles in 3 days"
    assert web.desk.zones == ["Europe/Berlin"]


async def test_a_time_zone_that_is_none_is_not_believed(web: Web) -> None:
    for zone in ("../../etc/passwd", "/etc/localtime", "Europe", "Atlantis/Capital", "\x00", "Asia/Baghdad"):
        await web.say("/news ISIL", zone=zone)
    assert web.desk.zones == ["UTC"] * 5 + ["Asia/Baghdad"]


async def test_what_is_no_command_is_answered_privately_with_the_nearest(web: Web) -> None:
    answer = await web.say("/subscrib ISIL")
    assert answer["reply"]["private"] is True
    assert answer["reply"]["tone"] == "error"
    assert answer["reply"]["buttons"][0]["command"] == "subscribe ISIL"


async def test_a_file_comes_with_a_command_that_wants_one(web: Web) -> None:
    content = b64encode(b"<opml/>" * 100_000).decode()
    answer = await web.say("/import", file={"name": "mine.opml", "content": content})
    assert answer["reply"]["title"] == "mine.opml has 700000 bytes"
    assert "What is the file?" in (await web.say("/import"))["reply"]["body"][0]["spans"][0]["text"]
    assert "is attached" in (await web.say("/import mine.opml"))["reply"]["body"][0]["spans"][0]["text"]
    known = (await web.get("/api/commands"))["commands"]
    assert [each["name"] for each in known if each["file"]] == ["import"]
    for big, status in ((b"x" * 1_000_001, 422), (b"x" * 1_100_000, 413)):
        body = {"text": "/import", "file": {"name": "big.opml", "content": b64encode(big).decode()}}
        async with web.http.post("/api/channels/general/commands", json=body) as refused:
            assert refused.status == status, await refused.text()


async def test_a_half_typed_line_is_completed(web: Web) -> None:
    found = await web.get("/api/complete", params={"text": "/su"})
    assert [(c["value"], c["text"], c["label"]) for c in found["choices"]] == [
        ("/subscribe ", "/subscribe", "Follow a topic in this channel")
    ]
    found = await web.get("/api/complete", params={"text": "/"})
    declared = [c["text"] for c in found["choices"]]
    assert declared == ["/subscribe", "/unsubscribe", "/news", "/mute", "/help", "/export", "/import"]
    found = await web.get("/api/complete", params={"text": "/subscribe IS", "channel": "web:general"})
    assert [(c["value"], c["text"]) for c in found["choices"]] == [("/subscribe ISIL", "ISIL")]
    assert found["usage"] == "/subscribe topic [to channel]"
    assert found["asks"] == "A topic, a relation such as Russia-Iraq, or words"
    found = await web.get("/api/complete", params={"text": "/subscribe ISIL to #al"})
    assert [c["value"] for c in found["choices"]] == ["/subscribe ISIL to #alerts"]


async def test_the_commands_are_listed_with_their_examples(web: Web) -> None:
    found = (await web.get("/api/commands"))["commands"]
    assert found[0]["usage"] == "/subscribe topic [to channel]"
    assert found[0]["examples"] == ["/subscribe ISIL", "/subscribe Russia-Iraq"]


WRONG: tuple[tuple[str, str, dict[str, Any], int, str], ...] = (
    ("GET", "/nothing", {}, 404, "/docs lists what there is"),
    ("GET", "/api/complete", {}, 422, "text: Field required."),
    ("GET", "/api/channels/general/messages?limit=0", {}, 422, "limit:"),
    ("GET", "/api/channels/general/events?after=soon", {}, 422, "after is a cursor"),
    ("PUT", "/api/channels", {}, 405, "Method Not Allowed"),
    ("POST", "/api/channels/general/commands", {"json": {"text": ""}}, 422, "text:"),
    ("POST", "/api/channels/general/commands", {"json": {"text": "/help", "admin": True}}, 422, "admin:"),
    ("POST", "/api/channels/general/commands", {"data": b"{", "json": None}, 422, ""),
    ("POST", "/api/channels", {"json": {"name": "x" * 70_000}}, 413, "64 kB"),
    ("POST", "/api/channels/general/commands", {"json": {"text": "x" * 1_500_000}}, 413, "1 MB"),
)


async def test_errors_have_one_shape(web: Web) -> None:
    for method, path, more, status, says in WRONG:
        async with web.http.request(method, path, **more) as answer:
            assert answer.status == status, path
            body = await answer.json()
            assert list(body) == ["error"]
            assert says in body["error"]


async def test_a_body_of_unknown_length_is_refused(web: Web) -> None:
    async def forever() -> Any:
        yield b"{" * 100

    async with web.http.post("/api/channels/general/commands", data=forever()) as answer:
        assert answer.status == 411


async def test_a_failure_of_ours_says_so_and_no_more(serve: Serve, chat: MemoryChat) -> None:
    class Broken(MemoryChat):
        async def after(self, channel_id: str, after: int = 0, limit: int = 100) -> Any:
            raise RuntimeError("the disk is at /var/lib/secret")

    broken = Broken(chat.clock)
    broken.places = chat.places
    with capture_logs() as logs:
        async with serve(chat=broken) as web, web.http.get("/api/channels/general/messages") as answer:
            assert answer.status == 500
            assert await answer.json() == {"error": "Something went wrong on our side; the log has it."}
    [failure] = [entry for entry in logs if entry["log_level"] == "error"]
    assert "the disk is at" in str(failure["exc_info"])


async def test_health_and_figures(web: Web) -> None:
    assert await web.get("/healthz") == {"status": "ok", "feeds": 40}
    async with web.http.head("/healthz") as answer:
        assert answer.status == 200
    async with web.http.get("/metrics") as answer:
        assert await answer.text() == "newsbell_polls_total 7.0\n"
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")


async def test_failing_health_is_a_failing_status(serve: Serve) -> None:
    async def ill() -> dict[str, str]:
        return {"status": "failing", "why": "no poll for 10 minutes"}

    async with serve(health=ill) as web, web.http.get("/healthz") as answer:
        assert answer.status == 503
        assert (await answer.json())["why"] == "no poll for 10 minutes"


async def test_health_that_cannot_be_told_is_failing(serve: Serve) -> None:
    async def gone() -> dict[str, str]:
        raise ConnectionError("the database is away")

    with capture_logs():
        async with serve(health=gone) as web, web.http.get("/healthz") as answer:
            assert answer.status == 503
            assert await answer.json() == {"status": "failing"}


async def test_every_part_of_the_api_is_documented(web: Web) -> None:
    api = await web.get("/openapi.json")
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            assert operation["tags"], path
            assert operation["summary"].strip(), path
            for parameter in operation.get("parameters", []):
                assert parameter.get("description"), f"{method} {path} {parameter['name']}"
    assert "/api/channels/{channel_id}/events" in api["paths"]
    assert api["paths"]["/api/channels/{channel_id}/commands"]["post"]["responses"]["404"]


async def test_the_pages_load_nothing_from_elsewhere(web: Web) -> None:
    for path in ("/", "/docs", "/login"):
        async with web.http.get(path) as answer:
            html = await answer.text()
            assert answer.status == 200
            assert "http://" not in html
            assert "https://" not in html
            assert "<style" not in html
            assert "<script>" not in html
            assert 'style="' not in html
            policy = answer.headers["content-security-policy"]
            assert "default-src 'self';" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"


def test_whatever_a_message_holds_has_its_place_in_the_api() -> None:
    message = Message(manner=Manner(within="d1"), file=File("newsbell.opml", b"<opml/>"))
    said = Said.model_validate(to_json(message))
    assert (said.manner.within, said.file and said.file.text) == ("d1", "<opml/>")
