"""Who may do what, and where: the one door, after every event of a platform has become an invocation.

A platform says what it knows (who speaks, where, and which channels that person may choose from) and decides nothing.
What cannot be known is not allowed.
"""

from __future__ import annotations

from enum import StrEnum

from bot.core.command import Invocation
from bot.core.errors import NotAllowed, NotFound
from bot.core.model import Channel


class Action(StrEnum):
    ASK = "ask"
    """To read what the server may see: for everybody in it."""
    SET_UP = "set up"
    """To change what the server hears, or to read who changed it: for those who may manage it."""


def authorise(actor: Invocation, action: Action, target: Channel, *, what: str = "That") -> None:
    """Let the action pass, or raise the one sentence that its author gets; `what` begins it.

    Nobody can tell a channel of another server from one that does not exist. Raises NotFound or NotAllowed.
    """
    in_reach = target.id in {channel.id for channel in (actor.channel, *actor.channels)}
    if not (actor.tenant and in_reach and target.tenant == actor.tenant == actor.channel.tenant):
        raise NotFound(f"There is no channel #{target.name or '?'} here.")
    if actor.closed:
        raise NotAllowed(actor.closed)
    if action is not Action.ASK and not actor.person.may_manage:
        raise NotAllowed(f"{what} is for those who manage this server. Ask one of them.")


def may(actor: Invocation, action: Action, target: Channel) -> bool:
    """Whether the door would open: for drawing what can be done there."""
    try:
        authorise(actor, action, target)
    except (NotAllowed, NotFound):
        return False
    return True
