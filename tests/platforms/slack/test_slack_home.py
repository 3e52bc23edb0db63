"""The Home tab: what a person's channels follow and what can be pressed there, over the real wire protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.command import Invocation
from bot.core.message import Field, Manner, Message, Role
from bot.core.model import Channel, Person, Subscription
from bot.platforms.slack.home import SHOWN, channel_of, home, wanted
from tests.fakes.sample_commands import sample_router
from tests.fakes.slack_server import FakeSlack
from tests.fakes.slack_views import view_faults
from tests.fakes.slack_world import ALERTS, DIRECT, GENERAL, PRIVATE, TEAM
from tests.platforms import hostile
from tests.platforms.slack.stage import running

TENANT = f"slack:{TEAM}"
NAMES = {"subscribe": None, "news": None, "feeds": None}


def follows(channel: str, topic: str, number: int = 1, **more: object) -> Subscription:
    return Subscription(number, TENANT, f"{TENANT}:{channel}", topic, **more)  # type: ignore[arg-type]


@dataclass
class Shelf:
    """A tenant's subscriptions, as the house would tell them."""

    kept: list[Subscription] = field(default_factory=list)

    async def followed(self, tenant: str) -> Sequence[Subscription]:
        assert tenant == TENANT
        return self.kept


async def test_home_lists_what_ones_channels_follow_and_no_others(slack: FakeSlack) -> None:
    shelf = Shelf(
        [
            follows(GENERAL, "ISIL"),
            follows(ALERTS, "Russia-Iraq", 2, manner=Manner((Role("slack:here", "here"),))),
            follows(PRIVATE, "A secret", 3),
            follows(DIRECT, "Mine", 4, created_by=f"{TENANT}:{slack.admin.id}"),
            follows(ALERTS, "Closed", 5, paused="The channel is archived: unarchive it."),
        ]
    )
    slack.channels[PRIVATE].members = set()
    async with running(slack, followed=shelf.followed):
        mia = await slack.views.home()
        rob = await slack.views.home(slack.reader)
    assert f"*<#{ALERTS}>*" in mia.text
    assert "*Russia-Iraq*\nmentions @here" in mia.text
    assert "*Closed*\npaused: The channel is archived: unarchive it." in mia.text
    assert "*Only you*\n\n*Mine*" in mia.text
    assert "A secret" not in mia.text
    assert "Mine" not in rob.text
    assert "ISIL" in rob.text


async def test_an_admin_looks_after_public_channels_of_others(slack: FakeSlack) -> None:
    slack.channels[ALERTS].members -= {slack.admin.id, slack.reader.id}
    async with running(slack, followed=Shelf([follows(ALERTS, "ISIL")]).followed):
        assert "ISIL" in (await slack.views.home()).text
        assert "ISIL" not in (await slack.views.home(slack.reader)).text


async def test_removing_from_home_acts_in_that_channel_and_draws_home_again(slack: FakeSlack) -> None:
    router, desk = sample_router()
    shelf = Shelf([follows(ALERTS, "ISIL"), follows(GENERAL, "Syria", 2)])
    async with running(slack, router, followed=shelf.followed):
        tab = await slack.views.home()
        shelf.kept = shelf.kept[1:]
        await slack.views.press(tab, "Stop following")
        window = await slack.views.window()
        await window.shows("alerts no longer follows ISIL")
        await tab.redrawn(2)
    assert "ISIL" not in tab.text
    name, call, values = desk.calls[0]
    assert (name, call.channel.id, values["topic"]) == ("unsubscribe", f"{TENANT}:{ALERTS}", "ISIL confirm:yes")


async def test_editing_from_home_opens_the_form_with_the_topic(slack: FakeSlack) -> None:
    router, desk = sample_router()
    async with running(slack, router, followed=Shelf([follows(ALERTS, "ISIL")]).followed):
        tab = await slack.views.home()
        await slack.views.press(tab, "Edit")
        window = await slack.views.window()
        await slack.views.submit(window, mention="@here")
        await window.shows("follows ISIL")
    name, call, values = desk.calls[0]
    assert (name, call.channel.id, values["topic"]) == ("subscribe", f"{TENANT}:{ALERTS}", "ISIL")
    assert values["mention"].id == "slack:here"


async def test_the_buttons_of_home_open_forms_and_answers(slack: FakeSlack) -> None:
    router, desk = sample_router()
    async with running(slack, router):
        tab = await slack.views.home()
        assert "Nothing yet" in tab.text
        await slack.views.press(tab, "Follow a topic")
        window = await slack.views.window()
        assert "where" in window.inputs
        await slack.views.press(tab, "Topics")
        await (await slack.views.window()).shows("ISIL")
    assert [name for name, _, _ in desk.calls] == ["topics"]


async def test_a_button_of_home_does_not_reach_a_channel_that_was_left(slack: FakeSlack) -> None:
    router, desk = sample_router()
    async with running(slack, router, followed=Shelf([follows(ALERTS, "ISIL")]).followed):
        tab = await slack.views.home(slack.reader)
        slack.views.homes[slack.guest.id] = tab
        tab.user = slack.guest  # a guest, and not in that channel, with the tab of another
        await slack.views.press(tab, "Stop following")
        await (await slack.views.window()).shows("not in that channel")
    assert desk.calls == []


async def test_a_guest_sees_home_without_the_buttons_that_are_not_for_guests(slack: FakeSlack) -> None:
    async with running(slack, followed=Shelf([follows(GENERAL, "ISIL")]).followed):
        tab = await slack.views.home(slack.guest)
    assert "ISIL" in tab.text
    assert not tab.has("Stop following")


async def test_the_messages_tab_draws_nothing(slack: FakeSlack) -> None:
    async with running(slack):
        await slack.tell({"type": "app_home_opened", "user": slack.admin.id, "channel": "D1", "tab": "messages"})
        await slack.views.home(slack.reader)
    assert list(slack.views.homes) == [slack.reader.id]


async def test_many_subscriptions_are_paged(slack: FakeSlack) -> None:
    shelf = Shelf([follows(ALERTS, f"Topic {number:02}", number) for number in range(40)])
    async with running(slack, followed=shelf.followed):
        tab = await slack.views.home()
        assert "Topic 14" in tab.text
        assert "Topic 15" not in tab.text
        await slack.views.press(tab, "Next")
        await tab.shows("*Topic 15*")
        await slack.views.press(tab, "Next")
        await tab.shows("*Topic 39*")
        await slack.views.press(tab, "Previous")
        await tab.shows("*Topic 15*")


CHANNELS = tuple(Channel(f"{TENANT}:C{number}", TENANT, f"c{number}") for number in range(SHOWN))
CALL = Invocation(TENANT, CHANNELS[0], Person("me", may_manage=True), CHANNELS)
STATUS = Message(title="All is well", fields=(Field("Feeds", "3 of 3"),) * 9, footer="Newsbell")
subscriptions = st.lists(
    st.builds(
        follows,
        st.integers(0, SHOWN - 1).map(lambda number: f"C{number}"),
        hostile.texts,
        number=st.integers(1, 10**9),
        paused=hostile.texts,
        manner=st.builds(Manner, st.lists(st.builds(Role, hostile.texts, hostile.texts), max_size=3).map(tuple)),
    ),
    max_size=40,
    unique_by=lambda each: each.id,
)


@settings(max_examples=25, deadline=None)
@given(subscriptions, st.integers(-1, 9))
def test_home_is_within_slacks_limits_whatever_is_followed(followed: list[Subscription], page: int) -> None:
    assert view_faults(home(CALL, followed, NAMES, STATUS, page), "home") == []


def test_the_longest_home_is_within_slacks_limits() -> None:
    roles = Manner((Role("S1", "&" * 900),))
    longest = [
        follows(f"C{number % SHOWN}", "t" * 900, number, paused="<" * 2000, manner=roles) for number in range(SHOWN)
    ]
    drawn = home(CALL, longest, NAMES, STATUS)
    assert view_faults(drawn, "home") == []
    assert len(drawn["blocks"]) >= 3 * SHOWN


def test_a_buttons_block_says_its_channel() -> None:
    assert channel_of("in:C1:7") == "C1"
    assert channel_of("ask") == ""
    assert wanted('["subscribe", "C1", {"topic": "ISIL"}]') == ("subscribe", "C1", {"topic": "ISIL"})
