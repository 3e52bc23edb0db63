"""Settings for a house in a test: nothing listens, nothing is read from the developer's own files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.settings import Settings

ROOT = Path(__file__).parents[2]


def quiet(folder: Path, **tables: Any) -> Settings:
    """The defaults with their data in `folder` and the web channel off; `tables` override by name."""
    given: dict[str, Any] = {
        "data_dir": folder,
        "topics": {"catalogue": ROOT / "config/topics.toml"},
        "web": {"enabled": False},
        **tables,
    }
    return Settings(_env_file=None, **given)
