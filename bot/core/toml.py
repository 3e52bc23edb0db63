"""A TOML file that people write by hand, read so that a mistake is answered with its file, its line and its key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.core.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a file. `where` says which, for people: `feeds.toml, line 40, [[feed]] number 7`.

    Every accessor raises SettingsError, which begins with `where` and names the key.
    """

    values: Mapping[str, Any]
    where: str
    source: str = ""

    def only(self, *keys: str) -> None:
        """A key that nobody reads is a typing error: say so rather than ignore it."""
        for key in self.values:
            if key not in keys:
                raise SettingsError(f"{self.where}: there is no key {key!r} here; known are {', '.join(keys)}")

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty, unless a default is given."""
        value = self.values.get(key, default)
        if value is None:
            raise SettingsError(f"{self.where}: {key} is missing")
        if not isinstance(value, str):
            raise SettingsError(f"{self.where}: {key} must be a text in quotes, not {value!r}")
        if not value.strip() and default is None:
            raise SettingsError(f"{self.where}: {key} is empty")
        return value.strip()

    def number(self, key: str) -> float | None:
        """A whole or decimal number, or None where the key is absent."""
        value = self.values.get(key)
        # TOML knows inf and nan, and Python calls true a number.
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9):
            return value
        raise SettingsError(f"{self.where}: {key} must be a number, not {value!r}")

    def flag(self, key: str, default: bool) -> bool:
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            raise SettingsError(f"{self.where}: {key} must be true or false, not {value!r}")
        return value

    def tables(self, key: str) -> list[Table]:
        """The `[[key]]` tables, in the order of the file; none where there are none."""
        values = self.values.get(key, [])
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            raise SettingsError(f"{self.where}: {key} must be written as [[{key}]] tables")
        heads = re.finditer(rf"^[ \t]*\[\[[ \t]*{re.escape(key)}[ \t]*\]\]", self.source, re.MULTILINE)
        lines = [self.source.count("\n", 0, head.start()) + 1 for head in heads]
        # Inline tables and heads inside a multi-line text have no line of their own: then the number must do.
        places = [f"line {line}, " for line in lines] if len(lines) == len(values) else [""] * len(values)
        return [
            Table(value, f"{self.where}, {place}[[{key}]] number {number}")
            for number, (value, place) in enumerate(zip(values, places, strict=True), 1)
        ]


def read(path: Path) -> Table:
    """The whole file as one table. Raises SettingsError where it cannot be read or is not TOML."""
    try:
        source = path.read_bytes().decode("utf-8")
        return Table(tomllib.loads(source), str(path), source)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is not UTF-8 text (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from error
    except RecursionError as error:
        raise SettingsError(f"{path}: is nested too deeply") from error
