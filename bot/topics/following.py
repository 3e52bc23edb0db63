"""Who follows what: the subscriptions of all channels as the percolator needs them, kept up to date by revision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from bot.core.errors import UserError
from bot.core.model import Article, Match, NamedTopic, Sensitivity, Subscription
from bot.topics.catalogue import Catalogue
from bot.topics.normalise import fold
from bot.topics.percolator import Percolator
from bot.topics.resolve import LONGEST_QUERY, resolve
from bot.topics.score import THRESHOLDS
from bot.topics.topic import Topic


class Following:
    """Channels that follow the same topic share it: an article is judged once a topic, however many hear of it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.percolator = Percolator(catalogue)
        self.revision = 0
        self.resolved = 0
        """Topics that had to be read, beside those that were known from a state left behind."""
        self.broken: dict[int, str] = {}
        """Subscriptions whose topic the catalogue no longer understands, with the reason."""
        self._named: dict[str, dict[str, tuple[str, str]]] = {}
        self._known: dict[int, Subscription] = {}
        self._names: dict[int, str] = {}
        self._shown: dict[int, str] = {}
        """What a subscription calls its topic, where that is not what the percolator calls it."""
        self._followers: dict[str, dict[int, Subscription]] = {}
        self._curious: Counter[str] = Counter()
        """Topics that somebody follows at EVERYTHING, with how many do."""

    def __len__(self) -> int:
        return len(self._known)

    def restore(self, state: tuple[Any, ...]) -> None:
        """Begin with the topics that a percolator has left behind; before the first update, which sorts them out.

        Topics in it need not be read again, which is what takes longest with very many.
        """
        self.percolator = Percolator.restored(self.catalogue, state)

    def named(self, tenant: str) -> Mapping[str, tuple[str, str]]:
        """The topics that a server has named, by folded name: as `resolve` takes them."""
        return self._named.get(tenant, {})

    def define(self, topics: Iterable[NamedTopic]) -> None:
        """Take in what was named, edited or deleted; before the subscriptions that changed with it."""
        for topic in topics:
            mine = self._named.setdefault(topic.tenant, {})
            if topic.query:
                mine[fold(topic.name)] = (topic.name, topic.query)
            else:
                mine.pop(fold(topic.name), None)

    def update(self, alive: Iterable[Subscription], ended: Iterable[int], revision: int) -> None:
        """Take in what changed since `self.revision`: subscriptions that live, new or changed, and ids that ended."""
        for gone in ended:
            self._drop(gone)
        for subscription in alive:
            self._drop(subscription.id)
            if not subscription.paused:
                self._take(subscription)
        if not self.revision:
            for name in [name for name in self.percolator if name not in self._followers]:
                self.percolator.remove(name)
        self.revision = revision

    def _take(self, subscription: Subscription) -> None:
        name = subscription.topic
        if not self._is_canonical(name, subscription.tenant):
            try:
                topic = resolve(name, self.catalogue, self.named(subscription.tenant))
            except UserError as error:
                self.broken[subscription.id] = str(error)
                return
            name = topic.name
            if topic.stands_for:
                # Two servers may give one name to two things, or two names to one: what it means counts.
                self._shown[subscription.id] = topic.name
                name = topic.stands_for
            if name not in self.percolator:
                self.percolator.add(replace(topic, name=name))
                self.resolved += 1
        self._known[subscription.id] = subscription
        self._names[subscription.id] = name
        self._followers.setdefault(name, {})[subscription.id] = subscription
        if subscription.sensitivity is Sensitivity.EVERYTHING:
            self._curious[name] += 1

    def _is_canonical(self, text: str, tenant: str) -> bool:
        """Whether a text is the name of a known topic, to which it would resolve; nobody gave it another meaning."""
        if text not in self.percolator or len(text) > LONGEST_QUERY:
            return False
        folded = fold(text)
        return folded not in self.named(tenant) and folded not in self.catalogue.packs

    def _drop(self, number: int) -> None:
        self.broken.pop(number, None)
        known = self._known.pop(number, None)
        if known is None:
            return
        name = self._names.pop(number)
        self._shown.pop(number, None)
        if known.sensitivity is Sensitivity.EVERYTHING:
            self._curious -= Counter([name])
        followers = self._followers[name]
        del followers[number]
        if not followers:
            del self._followers[name]
            self.percolator.remove(name)

    def hits(self, article: Article) -> list[tuple[Subscription, Match]]:
        """Every subscription that the article rings, with the match; the best matches first."""
        return [
            (subscription, replace(match, topic=self._shown.get(subscription.id, match.topic)))
            for match in self.percolator.match(article, Sensitivity.NORMAL, self._curious.keys())
            for subscription in self._followers[match.topic].values()
            if match.score >= THRESHOLDS[subscription.sensitivity]
        ]

    def asked_for_surges(self) -> list[Subscription]:
        """Those that ring when their topic surges."""
        return [each for each in self._known.values() if each.telling.surge]

    def of(self, channel: str, topic: str) -> Subscription | None:
        """The channel's subscription to the topic of that name."""
        return next((each for each in self._followers.get(topic, {}).values() if each.channel == channel), None)

    def judge(self, topic: Topic, article: Article, sensitivity: Sensitivity = Sensitivity.NORMAL) -> Match | None:
        """Whether an article would ring a topic that nobody need follow: for search and back-test."""
        return self.percolator.explain(topic, article, sensitivity)

    def account(self, topic: Topic, article: Article) -> tuple[str, ...]:
        """The parts of the score that `judge` gives, in words."""
        return self.percolator.account(topic, article)
