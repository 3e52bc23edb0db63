"""Every failure we expect, so that the rest of the house handles meanings and not status codes.

NewsbellError
├── SettingsError          a setting is wrong; names the key and the file
├── UserError              said to the person who typed, privately, in one sentence
│   ├── NotFound           no such thing here; offers the nearest names
│   └── NotAllowed         the person lacks the right
├── FetchError             a feed could not be read; carries the feed's next state
│   ├── Unreachable        no answer at all
│   ├── NotAFeed           something else was found there; carries the feeds that the page offers
│   ├── ForbiddenAddress   the address is private, or its scheme or port is not for us
│   └── Throttled          429, or 503 with Retry-After; carries the wait
├── SealBroken             a stored secret is not as it was sealed
└── DeliveryError          a message did not reach its channel
    ├── TryLater           stays in the outbox
    ├── Rejected           the platform will never take this message: dead, with the reason
    └── ChannelGone        the channel is closed to us: its subscriptions pause
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from bot.core.message import Button


class NewsbellError(Exception):
    """The root: nothing below it is a bug."""


class SettingsError(NewsbellError):
    """A setting is missing or wrong. The text names the key and where it was read."""


class UserError(NewsbellError):
    """What the person asked for cannot be done; the text is the answer they get, the buttons what they can do."""

    def __init__(self, text: str, buttons: tuple[Button, ...] = ()) -> None:
        super().__init__(text)
        self.buttons = buttons


class NotFound(UserError):
    """There is no such topic, feed, command or channel. The buttons offer what may have been meant."""


class NotAllowed(UserError):
    """The person may not do this here."""


class FetchError(NewsbellError):
    """A feed could not be read. The text is safe to show: it never holds a private URL or a token.

    `state` is the `FeedState` value that the feed enters.
    """

    def __init__(self, text: str, *, state: str = "backoff") -> None:
        super().__init__(text)
        self.state = state


class Unreachable(FetchError):
    """No answer at all: the same address may do under another scheme, or it is our own network that is down."""


class Missing(FetchError):
    """There is no such page (404): it may have moved without a word."""


class NotAFeed(FetchError):
    """The address answered with something else. `found` says what, `offers` the feeds that the page advertises."""

    def __init__(self, found: str, offers: tuple[str, ...] = ()) -> None:
        super().__init__(f"not a feed: found {found}", state="not_feed")
        self.found = found
        self.offers = offers


class ForbiddenAddress(FetchError):
    """The URL leads to a private network, or its scheme or port is not one a feed may have."""


class Throttled(FetchError):
    """The host asked us to wait: 429, or 503 with Retry-After. `wait` is already clamped.

    `ours` is true where we did not even ask: our own budget for the domain is spent, or another feed of the host was
    told to wait. The feed itself did nothing wrong.
    """

    def __init__(self, text: str, wait: timedelta, *, ours: bool = False) -> None:
        super().__init__(text, state="throttled")
        self.wait = wait
        self.ours = ours


class SealBroken(NewsbellError):
    """A stored secret is not as it was sealed: the row was changed, or moved to another tenant."""


class DeliveryError(NewsbellError):
    """A message did not reach its channel."""


class TryLater(DeliveryError):
    """Not delivered now. `after` is the platform's own wish, if it had one.

    `refused` is true where the platform said no before acting (a rate limit): that costs no attempt.
    `unknown` is true where the message may have been posted all the same (time-out, reset, 5xx).
    `reach` says whom a refusal means: this channel, all of its server (a revoked token), or the whole bot there.
    """

    def __init__(
        self,
        text: str,
        after: timedelta | None = None,
        *,
        refused: bool = False,
        unknown: bool = False,
        reach: Literal["channel", "tenant", "platform"] = "channel",
    ) -> None:
        super().__init__(text)
        self.after = after
        self.refused = refused
        self.unknown = unknown
        self.reach = reach


class Rejected(DeliveryError):
    """The platform will never take this message; sending it again would be noise."""


class ChannelGone(DeliveryError):
    """The channel was deleted, archived, or is closed to the bot. The text says what a person can do."""
