"""Feed, Article, Topic, Subscription, Channel, Story, Delivery: what crosses the borders of the house.

All instants are aware and in UTC. All identifiers are opaque outside the room that made them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.core.message import USUAL, Manner, Message
from bot.core.pace import Pace

EVERYONE = "*"
"""The tenant of what all tenants share: the feeds of the operator's pack."""


class FeedState(StrEnum):
    """What the poller makes of a feed; every state but ACTIVE comes with a reason in words."""

    NEW = "new"
    ACTIVE = "active"
    BACKOFF = "backoff"
    THROTTLED = "throttled"
    BLOCKED = "blocked"
    NOT_FEED = "not_feed"
    MOVING = "moving"
    GONE = "gone"
    DORMANT = "dormant"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Move:
    """A permanent redirect that is watched before it is believed: where to, since when, in how many looks."""

    to: str
    since: datetime
    seen: int = 1


@dataclass(frozen=True, slots=True)
class Feed:
    """An address that is polled. `source` is the outlet's name as readers know it.

    `cache` belongs to the `Source` that filled it (validators, hashes): nobody else reads it.
    `interval` is a fixed polling interval, or None for the scheduler's own choice; `agent` a User-Agent of its own.
    `failing_since`, `gone_since` (the first 410) and `dark` (somebody was told) end with the next success.
    """

    id: int
    url: str
    title: str = ""
    source: str = ""
    lang: str = ""
    region: str = ""
    state: FeedState = FeedState.NEW
    reason: str = ""
    cache: Mapping[str, str] = field(default_factory=dict)
    interval: timedelta | None = None
    fails: int = 0
    private: bool = False
    checked_at: datetime | None = None
    ok_at: datetime | None = None
    next_check_at: datetime | None = None
    per_day: float = 0.0
    """Articles a day, as seen over the last fortnight."""
    pace: Pace = field(default_factory=Pace)
    agent: str = ""
    posted_at: datetime | None = None
    """When the newest article that it brought was published."""
    oldest_at: datetime | None = None
    """The oldest date in its document as it was last read whole."""
    failing_since: datetime | None = None
    gone_since: datetime | None = None
    dark: bool = False
    move: Move | None = None
    weight: int = 1
    """How many servers added it: by the square root, it is looked at more often."""
    full_text: bool | None = None
    """Whether the pages of its articles are read; None leaves it to the setting for all feeds."""
    pushed: bool = False
    """Its hub announces its news, and did so the last time: it is looked at less often."""
    gap_at: datetime | None = None
    """When two looks in a row had nothing in common, so that something between them may have been missed."""

    @property
    def name(self) -> str:
        """What people call it. A private address is never shown: it may hold a key."""
        return self.title or self.source or ("a private feed" if self.private else self.url)


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a feed as its source read it, before we know whether it is new.

    `key` identifies the item inside its feed for ever; `link_key` is the canonical link, for matching only.
    Texts are plain: no markup, no control characters. `published` is None where the feed gave no sane date.
    """

    key: str
    title: str
    url: str = ""
    link_key: str = ""
    summary: str = ""
    text: str = ""
    published: datetime | None = None
    lang: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one look at a feed brought. `unchanged` means that the server or a hash said: nothing new.

    `hint` is the shortest interval that the server asks for, `skip_hours` (0 to 23) and `skip_days` (in English, small)
    are when it does not want to be looked at, in UTC; `moved_to` a permanent new address.
    `known` counts the items of the document that are left out here because they are letter for letter as before.
    `conditional` is false where the server gives no validators, so that each look costs it the whole document.
    `told` is what else a person may want to hear about the look: format, redirects, the server's own words.
    `partial` is true for a body that was cut: its entries count, its validators do not.
    `hub` pushes news of the `topic` (WebSub) to who asks it to.
    `private` is true where the address holds a password or a key: it is shown to nobody and shared by no two tenants.
    """

    entries: tuple[Entry, ...] = ()
    cache: Mapping[str, str] = field(default_factory=dict)
    known: int = 0
    unchanged: bool = False
    partial: bool = False
    title: str = ""
    site_url: str = ""
    lang: str = ""
    hint: timedelta | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[str, ...] = ()
    moved_to: str = ""
    status: int = 200
    size: int = 0
    private: bool = False
    conditional: bool = True
    told: Mapping[str, str] = field(default_factory=dict)
    hub: str = ""
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Article:
    """A piece of news. The same shape on the command line's JSONL, in the archive and before the topics.

    `region` is the part of the world that its feed reports from.
    """

    id: str
    title: str
    summary: str = ""
    text: str = ""
    url: str = ""
    published: datetime | None = None
    source: str = ""
    lang: str = ""
    region: str = ""
    image: str = ""
    link_key: str = ""
    feed_id: int = 0
    fetched_at: datetime | None = None
    story_id: int = 0

    @property
    def body(self) -> str:
        """The longest text that we have of it."""
        return self.text if len(self.text) > len(self.summary) else self.summary

    @property
    def when(self) -> datetime:
        """When it happened for the reader: never later than when we first saw it."""
        moments = [moment for moment in (self.published, self.fetched_at) if moment]
        return min(moments) if moments else datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence of an article and the spans in it, as [start, end) character offsets, that made it match."""

    sentence: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Match:
    """An article is about a topic. `score` is in (0, 1]: how much, by place, frequency and closeness."""

    topic: str
    score: float
    evidence: tuple[Evidence, ...]


class Sensitivity(StrEnum):
    """How sure a match must be before it rings."""

    EVERYTHING = "everything"
    NORMAL = "normal"
    STRONG = "strong"


@dataclass(frozen=True, slots=True)
class NamedTopic:
    """A topic that a server has given a name to, in one of its versions; without a query it is deleted."""

    tenant: str
    name: str
    query: str
    version: int = 1
    author: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """A place where alerts go. `id` is `platform:id`, opaque outside its platform; `name` is for people.

    In a `forum` every message opens a thread of its own.
    """

    id: str
    tenant: str
    name: str = ""
    forum: bool = False

    @property
    def platform(self) -> str:
        return self.id.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Person:
    """Who speaks to us. `may_manage` is the platform's word on whether they may set up this server.

    Where a platform knows direct messages, `id` is also the channel of this person's.
    """

    id: str
    name: str = ""
    may_manage: bool = False


class Outcome(StrEnum):
    """What became of it: a change, an attempt without the right, or a message that may have been posted twice."""

    DONE = "done"
    REFUSED = "refused"
    DOUBLED = "possible duplicate"


OPERATOR = "operator"
"""Who does something on the command line: whoever may run it there. Lines about all servers are EVERYONE's."""


@dataclass(frozen=True, slots=True)
class Deed:
    """A line of the audit log: who did what to which subscription, feed or topic, where, and what it changed.

    `did` is the command's name; `person` is empty for what Newsbell did by itself. `detail` says how: "old → new".
    """

    tenant: str
    did: str
    what: str = ""
    channel: str = ""
    detail: str = ""
    person: str = ""
    name: str = ""
    outcome: Outcome = Outcome.DONE
    at: datetime | None = None


class Repeat(StrEnum):
    """What of one story rings: every article, the story once, or the story with short follow-ups."""

    ARTICLE = "every"
    STORY = "once"
    FOLLOW = "follow"


@dataclass(frozen=True, slots=True)
class Telling:
    """How much a channel wants to hear of one story about its topic, beyond the card that is edited in silence.

    With `origins` it rings again when that many independent origins report it, with a `watch` word when one appears,
    with `surge` when far more is written about the topic than in its last fortnight.
    """

    repeat: Repeat = Repeat.STORY
    origins: int = 0
    watch: tuple[str, ...] = ()
    surge: bool = False


ONCE = Telling()


@dataclass(frozen=True, slots=True)
class Subscription:
    """A channel hears about a topic. `topic` is the topic's canonical text ("ISIL", "Russia-Iraq").

    `paused` holds the reason where it is paused, and is empty where it rings. `manner` is how its alerts arrive,
    `telling` when a story rings again.
    """

    id: int
    tenant: str
    channel: str
    topic: str
    sensitivity: Sensitivity = Sensitivity.NORMAL
    created_by: str = ""
    created_at: datetime | None = None
    paused: str = ""
    manner: Manner = USUAL
    telling: Telling = ONCE
    changed_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Story:
    """Articles about one event."""

    id: int
    headline: str
    first_seen: datetime
    last_seen: datetime
    articles: int = 1
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """An article as its story counts it. `origin` is whose words it brings: an agency, or the outlet itself.

    `why` and `score` say what put it there, `moved_by` who did so by hand.
    """

    article_id: str
    title: str
    at: datetime
    url: str = ""
    source: str = ""
    origin: str = ""
    copy_of: str = ""
    why: str = ""
    score: float = 0.0
    moved_by: str = ""


@dataclass(frozen=True, slots=True)
class Revision:
    """What an article said before `at`, when its outlet changed its headline, its text, or both, or took it away."""

    article_id: str
    at: datetime
    title: str
    summary: str = ""
    headline: bool = False
    text: bool = False

    @property
    def removed(self) -> bool:
        """It changed neither: the article left its feed, although older ones stayed."""
        return not (self.headline or self.text)


class DeliveryState(StrEnum):
    """Where a row of the outbox stands. `HELD` waits for a pause to end; `DEAD` and `EXPIRED` carry a reason."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    HELD = "held"
    DEAD = "dead"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One row of the outbox: a message frozen at creation, on its way to one channel.

    `attempt` is also the fencing token of the claim: who holds an older number has lost the row. `root` is the
    platform's id of the message in whose thread this one goes.
    """

    id: str
    tenant: str
    channel: str
    message: Message
    article_id: int = 0
    story_id: int = 0
    topics: tuple[str, ...] = ()
    state: DeliveryState = DeliveryState.PENDING
    attempt: int = 0
    created_at: datetime | None = None
    first_dispatch: datetime | None = None
    last_dispatch: datetime | None = None
    unknown: bool = False
    deaths: int = 0
    """Workers in a row that ended with it in hand; the third makes it poison."""
    remote_id: str = ""
    reason: str = ""
    root: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A posted alert that goes on telling its story. `message` is as it was posted first.

    `wanted` is the change of the story that an edit made now will show; `attempt` the fencing number of the claim.
    `face` is a digest of what the message shows since its last edit.
    """

    channel: str
    tenant: str
    story_id: int
    delivery_id: str
    remote_id: str
    message: Message
    article_id: str = ""
    topics: tuple[str, ...] = ()
    wanted: int = 0
    attempt: int = 0
    failures: int = 0
    face: str = ""
