"""Tables, migrations and every query: the only SQL of the house, on SQLite or PostgreSQL."""

from bot.store.archive import Archive, ArchiveCount
from bot.store.channels import Channels
from bot.store.chat import ChatLog, ChatMessage
from bot.store.feeds import Feeds
from bot.store.growth import Standing
from bot.store.marks import Marks
from bot.store.outbox import Outbox
from bot.store.seal import Seal, new_key
from bot.store.store import Store, Tx
from bot.store.subscriptions import Subscriptions
from bot.store.together import Together
from bot.store.vault import Vault

__all__ = [
    "Archive",
    "ArchiveCount",
    "Channels",
    "ChatLog",
    "ChatMessage",
    "Feeds",
    "Marks",
    "Outbox",
    "Seal",
    "Standing",
    "Store",
    "Subscriptions",
    "Together",
    "Tx",
    "Vault",
    "new_key",
]
