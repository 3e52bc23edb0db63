"""What belongs together and what it says in short: copies, stories, origins, summaries. No I/O, no await."""

from bot.stories.clusters import Placed, Stories
from bot.stories.origin import origin
from bot.stories.rubric import is_rubric
from bot.stories.stream import stream
from bot.stories.summary import summarize, summary_of, summary_of_story
from bot.stories.words import STEMMED, language, stem

__all__ = [
    "STEMMED",
    "Placed",
    "Stories",
    "is_rubric",
    "language",
    "origin",
    "stem",
    "stream",
    "summarize",
    "summary_of",
    "summary_of_story",
]
