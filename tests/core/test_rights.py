"""The one door: who may do what, where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.command import Invocation
from bot.core.errors import NotAllowed, NotFound
from bot.core.model import Channel, Person
from bot.core.rights import Action, authorise, may

HERE, OIL = Channel("web:here", "web", "here"), Channel("web:oil", "web", "oil")
ELSEWHERE = Channel("web:elsewhere", "another", "elsewhere")
ADA = Invocation("web", HERE, Person("1", "Ada", may_manage=True), (HERE, OIL))
BOB = replace(ADA, person=Person("2", "Bob"))


@pytest.mark.parametrize("target", [HERE, OIL])
def test_who_manages_may_set_up_and_everybody_may_ask(target: Channel) -> None:
    for action in Action:
        authorise(ADA, action, target)
    authorise(BOB, Action.ASK, target)
    with pytest.raises(NotAllowed, match="/feed add is for those who manage this server"):
        authorise(BOB, Action.SET_UP, target, what="/feed add")
    assert not may(BOB, Action.SET_UP, target)


@pytest.mark.parametrize(
    "target",
    [
        ELSEWHERE,
        replace(HERE, tenant="another"),  # the right id under the wrong owner
        replace(OIL, id="web:gone"),  # a channel of this server that the person may not choose from
        Channel("", "", ""),
    ],
)
@pytest.mark.parametrize("action", list(Action))
def test_a_channel_out_of_reach_is_one_that_does_not_exist(target: Channel, action: Action) -> None:
    with pytest.raises(NotFound, match=f"There is no channel #{target.name or '[?]'} here."):
        authorise(ADA, action, target)


@pytest.mark.parametrize(
    "actor",
    [
        replace(ADA, channel=ELSEWHERE),
        replace(ADA, tenant="another"),
        replace(ADA, tenant="", channel=replace(HERE, tenant="")),
        replace(ADA, channel=ELSEWHERE, channels=(ELSEWHERE,)),
    ],
)
def test_an_event_that_does_not_fit_together_is_allowed_nothing(actor: Invocation) -> None:
    for target in (actor.channel, HERE, ELSEWHERE):
        assert not any(may(actor, action, target) for action in Action)


def test_a_closed_place_says_its_own_reason_to_everybody() -> None:
    closed = replace(ADA, closed="Invite me first.")
    for action in Action:
        with pytest.raises(NotAllowed, match="Invite me first"):
            authorise(closed, action, HERE)
