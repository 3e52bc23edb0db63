"""What belongs together and what it says in short: copies, stories, origins, summaries. No I/O, no await."""

from bot.stories.clusters import Placed, Stories
from bot.stories.origin import origin
from bot.stories.rubric import is_rubric
from bot.stories.stream import stream
from bot.stories.summary import summarize, summary_of, summary_of_story

__all__ = ["Placed", "Stories", "is_rubric", "origin", "stream", "summarize", "summary_of", "summary_of_story"]
