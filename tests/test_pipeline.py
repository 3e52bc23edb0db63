"""The story, edge to edge: fakes at the two ports, a real database between them."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

import pytest

from bot.core.errors import ChannelGone, FetchError, Rejected, Throttled, TryLater
from bot.core.model import Article, DeliveryState, FeedState, Fetched
from bot.courier import RETRIES, SEND_LEASE
from bot.llm import Summary
from bot.poller import POLL_LEASE
from bot.store import Store
from tests.fakes.newsroom import GENERAL, OIL, WIRE, Newsroom
from tests.fakes.ports import entries

ISIL = "Iraqi army drives Islamic State out of Hawija"
QUAKE = "Earthquake shakes northern Chile"
OTHER = "Central bank of Norway holds its interest rate"


async def primed(room: Newsroom, *lines: str) -> None:
    """A feed that was read once, and the subscriptions of these lines."""
    await room.add_feed()
    room.source.give(WIRE, Fetched(entries=entries(OTHER, at=room.clock())))
    await room.poll()
    for line in lines or ("/subscribe ISIL",):
        await room.say(line)


async def publish(room: Newsroom, *titles: str, text: str = "", url: str = WIRE) -> None:
    room.source.give(url, Fetched(entries=entries(*titles, at=room.clock() + timedelta(hours=3), text=text)))
    await room.poll(url)
    await room.flush()


async def states(store: Store) -> dict[DeliveryState, int]:
    async with store.read() as tx:
        return {
            state: count
            for state, count in (await tx.deliveries.counts(None, (await tx.now()) - timedelta(days=30))).items()
            if count
        }


async def test_a_new_article_about_a_topic_is_posted_with_the_sentence_that_matched(newsroom: Newsroom) -> None:
    await primed(newsroom)
    text = "Iraqi troops entered Hawija at dawn. Fighters of Daesh had left the town. Families came back."
    await publish(newsroom, "Iraqi army enters Hawija", text=text)
    [(channel, _, message)] = newsroom.platform.posted
    assert channel == GENERAL.id
    assert message.source == "The Wire"
    assert message.body[0].text == "Fighters of Daesh had left the town."
    assert [span.text for span in message.body[0].spans if span.bold] == ["Daesh"]
    assert message.body[1].text.startswith("Iraqi troops entered Hawija at dawn.")
    assert message.fields[0].value == "ISIL"
    assert [button.label for button in message.buttons] == [
        "Mute story", "Unsubscribe", "Summary", "More like this", "Why", "Source",
    ]  # fmt: skip


async def test_a_summary_by_a_model_is_labelled_and_one_that_failed_is_our_own(newsroom: Newsroom) -> None:
    class Model:
        answers: ClassVar[list[Summary]] = [Summary("A model wrote this.", "llm"), Summary("Ignored.", "extract")]

        async def summarize(self, article: Article, *, sentences: int) -> Summary:
            return self.answers.pop(0)

    newsroom.writer = Model()
    await newsroom.restart()
    await primed(newsroom)
    await publish(newsroom, ISIL)
    await publish(
        newsroom, "Daesh tunnel found under a school in Raqqa", text="Daesh dug it. Pupils found it at noon today."
    )
    first, second = [message for _, _, message in newsroom.platform.posted]
    assert first.body[-1].text == "A model wrote this."
    assert "language model" in first.footer
    assert second.body[-1].text == "Pupils found it at noon today."
    assert second.footer == ""


async def test_the_first_look_at_a_feed_fills_the_archive_and_rings_nothing(newsroom: Newsroom) -> None:
    await newsroom.say("/subscribe ISIL")
    await newsroom.add_feed()
    newsroom.source.give(WIRE, Fetched(entries=entries(ISIL, at=newsroom.clock())))
    await newsroom.poll()
    await newsroom.flush()
    assert newsroom.platform.posted == []
    assert ISIL in await newsroom.say("/news ISIL")


async def test_what_was_seen_does_not_ring_again(newsroom: Newsroom) -> None:
    await primed(newsroom)
    await publish(newsroom, ISIL)
    await publish(newsroom, ISIL, QUAKE)
    assert newsroom.platform.titles() == [ISIL]


async def test_one_story_rings_once_however_many_outlets_carry_it(newsroom: Newsroom) -> None:
    await primed(newsroom)
    other = "https://other.example/rss"
    await newsroom.add_feed(other, source="The Other")
    newsroom.source.give(other, Fetched(entries=entries(OTHER, at=newsroom.clock())))
    await newsroom.poll(other)
    text = (
        "Iraqi troops drove Islamic State fighters out of Hawija on Thursday, the army said in Baghdad. "
        "The town in Kirkuk province had been held by the group for three years. Families began to return."
    )
    await publish(newsroom, ISIL, text=text)
    newsroom.source.give(
        other,
        Fetched(
            entries=entries(
                "Islamic State driven out of Hawija by Iraqi army",
                at=newsroom.clock(),
                text=text,
                url="https://o.example",
            )
        ),
    )
    await newsroom.poll(other)
    await newsroom.flush()
    assert newsroom.platform.titles() == [ISIL]


async def test_one_article_for_two_topics_of_a_channel_is_one_alert(newsroom: Newsroom) -> None:
    await primed(newsroom, "/subscribe ISIL", "/subscribe Iraq")
    await publish(newsroom, ISIL)
    [(_, _, message)] = newsroom.platform.posted
    assert set(message.fields[0].value.split(", ")) == {"ISIL", "Iraq"}


async def test_an_old_article_is_stored_and_not_alerted(newsroom: Newsroom) -> None:
    await primed(newsroom)
    old = entries(ISIL, at=newsroom.clock() - timedelta(days=5))
    newsroom.source.give(WIRE, Fetched(entries=old))
    await newsroom.poll()
    await newsroom.flush()
    assert newsroom.platform.posted == []
    assert ISIL in await newsroom.say("/news ISIL")


async def test_a_muted_story_is_not_heard_again_in_that_channel_only(newsroom: Newsroom) -> None:
    await primed(newsroom, "/subscribe ISIL", "/subscribe ISIL to #oil")
    await publish(newsroom, ISIL)
    mute = newsroom.platform.posted[0][2].buttons[0].command
    await newsroom.say(f"/{mute}")
    await newsroom.say("/subscribe Iraq")
    await newsroom.say("/subscribe Iraq to #oil")
    await publish(newsroom, "Iraqi army drives Islamic State out of Hawija, minister says")
    assert [channel for channel, _, _ in newsroom.platform.posted] == [GENERAL.id, OIL.id, OIL.id]


async def test_the_alerts_of_a_channel_come_in_order_oldest_first(newsroom: Newsroom) -> None:
    await primed(newsroom, "/subscribe Chile")
    titles = [f"Chile {what}" for what in ("elects a president", "closes a copper mine", "wins the football cup")]
    await publish(newsroom, *titles, text="It happened in Chile.")
    assert newsroom.platform.titles() == titles


async def test_a_feed_of_one_server_is_not_heard_by_another(newsroom: Newsroom) -> None:
    await newsroom.add_feed(tenant="somebody else")
    await newsroom.say("/subscribe ISIL")
    newsroom.source.give(WIRE, Fetched(entries=entries(OTHER, at=newsroom.clock())))
    await newsroom.poll()
    await publish(newsroom, ISIL)
    assert newsroom.platform.posted == []
    assert "Nothing about" in await newsroom.say("/news ISIL")


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (FetchError("the host does not answer"), FeedState.BACKOFF, "the host does not answer"),
        (FetchError("the server refuses us (403)", state="blocked"), FeedState.BLOCKED, "the server refuses us (403)"),
        (Throttled("asked to wait", timedelta(hours=1)), FeedState.THROTTLED, "asked to wait"),
    ],
)
async def test_a_feed_that_cannot_be_read_is_a_status_and_recovers(
    newsroom: Newsroom, error: FetchError, state: FeedState, reason: str
) -> None:
    feed = await newsroom.add_feed()
    newsroom.source.give(WIRE, error)
    await newsroom.poll()
    async with newsroom.store.read() as tx:
        failed = await tx.feeds.get(feed.id)
    assert failed and (failed.state, failed.reason, failed.fails) == (state, reason, 1)
    assert failed.next_check_at and failed.next_check_at > newsroom.clock()
    newsroom.source.give(WIRE, Fetched(entries=entries(OTHER, at=newsroom.clock())))
    newsroom.clock.forward(timedelta(days=2))
    await newsroom.poll()
    async with newsroom.store.read() as tx:
        healed = await tx.feeds.get(feed.id)
    assert healed and (healed.state, healed.reason, healed.fails) == (FeedState.ACTIVE, "", 0)


async def test_validators_of_a_cut_body_are_not_kept(newsroom: Newsroom) -> None:
    feed = await newsroom.add_feed()
    now = newsroom.clock()
    newsroom.source.give(
        WIRE,
        Fetched(entries=entries(OTHER, at=now), cache={"etag": "whole"}),
        Fetched(entries=entries(QUAKE, at=now), cache={"etag": "cut"}, partial=True),
    )
    await newsroom.poll()
    newsroom.clock.forward(timedelta(days=1))
    await newsroom.poll()
    async with newsroom.store.read() as tx:
        known = await tx.feeds.get(feed.id)
    assert known and known.cache == {"etag": "whole"}
    assert QUAKE in await newsroom.say("/latest")


async def test_a_transaction_that_fails_keeps_nothing_and_the_next_look_brings_it(newsroom: Newsroom) -> None:
    await primed(newsroom)
    following = newsroom.pipeline.following

    class Broken:
        revision = following.revision
        update = following.update
        define = following.define
        named = following.named

        def hits(self, article: object) -> list[object]:
            raise RuntimeError("a bug while matching")

    newsroom.pipeline.following = Broken()  # type: ignore[assignment]  # a bug in a room, as a test can make one
    await publish(newsroom, ISIL)
    assert newsroom.platform.posted == []
    assert "Nothing about" in await newsroom.say("/news ISIL")
    newsroom.pipeline.following = following
    newsroom.clock.forward(timedelta(days=1))
    await publish(newsroom, ISIL)
    assert newsroom.platform.titles() == [ISIL]


# -- the way out ------------------------------------------------------------------------------------------------------


async def test_a_channel_told_to_wait_gets_its_alert_later_and_once(newsroom: Newsroom) -> None:
    await primed(newsroom)
    newsroom.platform.faults = [TryLater("slow down", timedelta(seconds=30), refused=True)]
    await publish(newsroom, ISIL)
    assert newsroom.platform.posted == []
    newsroom.clock.forward(timedelta(seconds=20))
    await newsroom.flush()
    assert newsroom.platform.posted == []
    newsroom.clock.forward(timedelta(seconds=11))
    await newsroom.flush()
    assert newsroom.platform.titles() == [ISIL]


async def test_an_answer_that_was_lost_after_posting_doubles_nothing(newsroom: Newsroom) -> None:
    await primed(newsroom)
    newsroom.platform.acts = True
    newsroom.platform.faults = [TryLater("the connection broke", unknown=True)]
    await publish(newsroom, ISIL)
    newsroom.clock.forward(timedelta(minutes=1))
    await newsroom.flush()
    assert newsroom.platform.titles() == [ISIL]
    assert await states(newsroom.store) == {DeliveryState.SENT: 1}


async def test_a_kill_between_the_post_and_our_note_doubles_nothing(newsroom: Newsroom) -> None:
    await primed(newsroom)

    class Killed(BaseException):
        """Nothing of ours may catch it, as nothing catches SIGKILL."""

    send = newsroom.platform.send

    async def post_and_die(*args: object, **options: object) -> str:
        await send(*args, **options)  # type: ignore[arg-type]
        raise Killed

    newsroom.platform.send = post_and_die  # type: ignore[method-assign]  # the world is cut off mid-call
    with pytest.raises(Killed):
        await publish(newsroom, ISIL)
    newsroom.platform.send = send  # type: ignore[method-assign]
    await newsroom.restart()
    await newsroom.flush()
    assert await states(newsroom.store) == {DeliveryState.SENDING: 1}
    newsroom.clock.forward(SEND_LEASE + timedelta(seconds=1))
    await newsroom.flush()
    assert newsroom.platform.titles() == [ISIL]
    assert await states(newsroom.store) == {DeliveryState.SENT: 1}


async def test_a_kill_before_the_commit_of_a_poll_loses_nothing(newsroom: Newsroom) -> None:
    await primed(newsroom)
    feed_lost = POLL_LEASE + timedelta(hours=5)

    class Killed(BaseException):
        pass

    async def die(*_: object) -> object:
        raise Killed

    newsroom.poller.admit = die  # type: ignore[method-assign,assignment]  # the world ends in the transaction
    with pytest.raises(Killed):
        await publish(newsroom, ISIL)
    await newsroom.restart()
    newsroom.clock.forward(feed_lost)
    await publish(newsroom, ISIL)
    assert newsroom.platform.titles() == [ISIL]


async def test_a_closed_channel_pauses_its_subscriptions_and_keeps_what_waits(newsroom: Newsroom) -> None:
    await primed(newsroom, "/subscribe ISIL", "/subscribe ISIL to #oil")
    newsroom.platform.faults = [ChannelGone("Give the bot the right to post.")]
    await publish(newsroom, ISIL)
    assert [channel for channel, _, _ in newsroom.platform.posted] == [OIL.id]
    assert "paused: the channel is closed to me. Give the bot the right to post." in await newsroom.say(
        "/subscriptions"
    )
    assert await states(newsroom.store) == {DeliveryState.HELD: 1, DeliveryState.SENT: 1}
    await newsroom.say("/subscribe ISIL")
    await newsroom.flush()
    assert [channel for channel, _, _ in newsroom.platform.posted] == [OIL.id, GENERAL.id]


async def test_a_message_refused_for_good_is_dead_and_harms_no_neighbour(newsroom: Newsroom) -> None:
    await primed(newsroom, "/subscribe ISIL", "/subscribe Chile")
    newsroom.platform.faults = [Rejected("400: too strange")]
    await publish(newsroom, ISIL, QUAKE)
    assert newsroom.platform.titles() == [QUAKE]
    assert await states(newsroom.store) == {DeliveryState.DEAD: 1, DeliveryState.SENT: 1}
    assert "1 alert could not be delivered" in await newsroom.say("/status")


async def test_attempts_come_to_an_end(newsroom: Newsroom) -> None:
    await primed(newsroom)
    newsroom.platform.faults = [TryLater("no", timedelta(seconds=5)) for _ in range(len(RETRIES) + 3)]
    await publish(newsroom, ISIL)
    for _ in range(len(RETRIES) + 3):
        newsroom.clock.forward(timedelta(seconds=20))
        await newsroom.flush()
    assert await states(newsroom.store) == {DeliveryState.DEAD: 1}
    assert len(newsroom.platform.faults) == 3


async def test_an_alert_past_its_shelf_life_expires_and_is_counted(newsroom: Newsroom) -> None:
    await primed(newsroom)
    newsroom.platform.faults = [TryLater("down", timedelta(hours=20))]
    await publish(newsroom, ISIL)
    newsroom.clock.forward(timedelta(hours=25))
    await newsroom.courier.sweep()
    await newsroom.flush()
    assert newsroom.platform.posted == []
    assert await states(newsroom.store) == {DeliveryState.EXPIRED: 1}


async def test_articles_past_their_keep_are_let_go_and_stay_known(newsroom: Newsroom) -> None:
    await primed(newsroom)
    await publish(newsroom, ISIL)
    newsroom.clock.forward(timedelta(days=40))
    await newsroom.pipeline.retain()
    assert "Nothing in the archive yet" in await newsroom.say("/latest")
    await publish(newsroom, ISIL)
    assert newsroom.platform.titles() == [ISIL]
