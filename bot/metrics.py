"""What an operator graphs: counters and histograms for /metrics. Labels never hold a URL or a channel."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY = CollectorRegistry()
"""Our own registry, so that importing a library never adds a line to the page."""

POLLS = Counter("newsbell_polls_total", "Looks at feeds by outcome", ["outcome"], registry=REGISTRY)
GAPS = Counter("newsbell_feed_gaps_total", "Looks that had nothing in common with the one before", registry=REGISTRY)
FLOODS = Counter("newsbell_feed_floods_total", "Bursts of which only the newest articles rang", registry=REGISTRY)
PUSHES = Counter("newsbell_pushes_total", "Knocks of hubs (WebSub), by outcome", ["outcome"], registry=REGISTRY)
PAGES = Counter("newsbell_article_pages_total", "Pages of articles, by outcome", ["outcome"], registry=REGISTRY)
ARTICLES = Counter("newsbell_articles_total", "New articles stored", registry=REGISTRY)
ALERTS = Counter("newsbell_alerts_total", "Alerts put into the outbox", registry=REGISTRY)
DELIVERIES = Counter(
    "newsbell_deliveries_total",
    "Deliveries that ended, by platform and state",
    ["platform", "state"],
    registry=REGISTRY,
)
RETRIES = Counter("newsbell_retries_total", "Sends put off, by platform", ["platform"], registry=REGISTRY)
POSSIBLE_DUPLICATES = Counter(
    "newsbell_possible_duplicates_total",
    "Messages sent again although an earlier send may have been posted",
    ["platform"],
    registry=REGISTRY,
)
LATENESS = Histogram(
    "newsbell_delivery_seconds",
    "From the alert in the outbox to the message in the channel",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300, 3600),
    registry=REGISTRY,
)
AGES = (1, 15, 60, 300, 900, 3600, 4 * 3600, 12 * 3600, 24 * 3600, 48 * 3600)
SEEN = Histogram(
    "newsbell_seen_seconds",
    "From an article's publication to our reading of it, where it might ring",
    buckets=AGES,
    registry=REGISTRY,
)
TOLD = Histogram(
    "newsbell_told_seconds", "From an article's publication to its alert in a channel", buckets=AGES, registry=REGISTRY
)
SENDS = Counter(
    "newsbell_sends_total",
    "Tries to post, by platform and what came of them",
    ["platform", "outcome"],
    registry=REGISTRY,
)
EDITS = Counter(
    "newsbell_card_edits_total",
    "Edits of living cards, by platform and outcome",
    ["platform", "outcome"],
    registry=REGISTRY,
)
LOST = Gauge("newsbell_lost_alerts", "Alerts that the nightly recount of a day misses; 0 is well", registry=REGISTRY)
RECOUNTED = Gauge("newsbell_recounted_alerts", "Alerts that the nightly recount of a day looked for", registry=REGISTRY)
SHORT_OF_ROOM = Gauge(
    "newsbell_short_of_room", "1 while the disk is so full that nothing new is taken in", registry=REGISTRY
)
FEEDS = Gauge("newsbell_feeds", "Feeds by state", ["state"], registry=REGISTRY)


def page() -> bytes:
    """The text that Prometheus reads."""
    return generate_latest(REGISTRY)
