"""What to look for: aliases of the world's names, topics as people type them, and the percolator that finds them."""

from bot.topics.catalogue import Catalogue
from bot.topics.entity import CALLED, Alias, AliasKind, Entity, EntityKind
from bot.topics.following import Following
from bot.topics.normalise import fold
from bot.topics.percolator import Percolator
from bot.topics.query.lex import is_query
from bot.topics.query.parse import LONGEST as LONGEST_QUERY
from bot.topics.resolve import either, resolve
from bot.topics.score import THRESHOLDS
from bot.topics.stopwords import STOPWORDS
from bot.topics.topic import Topic, TopicKind, UnknownTopic
from bot.topics.turn import Turn, Why, again

__all__ = [
    "CALLED",
    "LONGEST_QUERY",
    "STOPWORDS",
    "THRESHOLDS",
    "Alias",
    "AliasKind",
    "Catalogue",
    "Entity",
    "EntityKind",
    "Following",
    "Percolator",
    "Topic",
    "TopicKind",
    "Turn",
    "UnknownTopic",
    "Why",
    "again",
    "either",
    "fold",
    "is_query",
    "resolve",
]
