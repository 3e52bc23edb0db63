"""What people can say: one file per noun, no platform in sight. A new command is a function and its name here."""

from bot.commands.audit import audit
from bot.commands.changes import changes
from bot.commands.desk import Desk
from bot.commands.digest import brief, stories, timeline, trending
from bot.commands.feed_catalogue import feed_catalogue
from bot.commands.feed_lists import feed_export, feed_import
from bot.commands.feeds import (
    feed_add,
    feed_fulltext,
    feed_pause,
    feed_remove,
    feed_resume,
    feed_set,
    feed_show,
    feed_test,
    feeds,
)
from bot.commands.help import help_
from bot.commands.mute import mute, unmute
from bot.commands.naming import (
    topic_create,
    topic_delete,
    topic_edit,
    topic_export,
    topic_history,
    topic_import,
    topic_rollback,
    topic_share,
)
from bot.commands.news import latest, more, news
from bot.commands.ring import ring
from bot.commands.status import status
from bot.commands.story import story_merge, story_show, story_split, summary
from bot.commands.subscriptions import subscribe, subscriptions, unsubscribe
from bot.commands.topics import topic, topic_test, topics
from bot.commands.why import why

COMMANDS = (
    subscribe,
    unsubscribe,
    subscriptions,
    ring,
    topics,
    topic,
    topic_create,
    topic_edit,
    topic_test,
    topic_history,
    topic_rollback,
    topic_delete,
    topic_share,
    topic_import,
    topic_export,
    news,
    latest,
    more,
    why,
    stories,
    trending,
    timeline,
    brief,
    mute,
    unmute,
    story_show,
    summary,
    story_split,
    story_merge,
    changes,
    feeds,
    feed_catalogue,
    feed_add,
    feed_remove,
    feed_pause,
    feed_resume,
    feed_set,
    feed_fulltext,
    feed_show,
    feed_test,
    feed_import,
    feed_export,
    status,
    audit,
    help_,
)

__all__ = ["COMMANDS", "Desk"]
