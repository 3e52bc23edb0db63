"""The commands' names and descriptions in other languages, from the catalogues in `locales/`.

A catalogue is keyed by the English text, so that a text which was changed falls back to English until it is translated
again. The values that people type (topics, `none`, `once`) are the same in every language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Where

from bot.core.errors import SettingsError
from bot.core.toml import read
from bot.platforms.plain import cut, line

FOLDER = Path(__file__).with_name("locales")
LONGEST = 100
"""Of a description, and of a choice's name."""
NAME = re.compile(r"[-_'\w]{1,32}")
"""Of a command or an option, in lower case; Discord's own expression has the letters and digits of all scripts too."""

NAMES = (Where.group_name, Where.parameter_name, Where.command_name)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One language: what the English names and texts are called in it."""

    names: Mapping[str, str]
    texts: Mapping[str, str]


class Locales(app_commands.Translator):
    """Tells discord.py what to register for each of Discord's languages."""

    def __init__(self, catalogues: Mapping[str, Catalogue]) -> None:
        self._catalogues = catalogues

    @classmethod
    def of_folder(cls, folder: Path = FOLDER) -> Locales:
        """All catalogues of a folder. Raises SettingsError that names file and key."""
        return cls({path.stem: _catalogue(path) for path in sorted(folder.glob("*.toml"))})

    def of(self, locale: discord.Locale) -> Catalogue | None:
        """The catalogue of the very language, else that of all its countries: "es" serves es-ES and es-419."""
        return self._catalogues.get(locale.value) or self._catalogues.get(locale.value.partition("-")[0])

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        catalogue = self.of(locale)
        if catalogue is None:
            return None
        if context.location in NAMES:
            return catalogue.names.get(string.message)
        if context.location is Where.group_description and isinstance(context.data, app_commands.Group):
            return joined([catalogue.texts.get(each.description, each.description) for each in context.data.commands])
        return catalogue.texts.get(string.message)


def joined(descriptions: Sequence[str]) -> str:
    """What a group of commands is for: what its members are for, as far as it fits."""
    return cut(line(" · ".join(descriptions)), LONGEST) or "…"


def _catalogue(path: Path) -> Catalogue:
    file = read(path)
    file.only("names", "texts")
    tables: dict[str, dict[str, str]] = {"names": {}, "texts": {}}
    for table, entries in tables.items():
        for key, value in dict(file.values.get(table) or {}).items():
            if not isinstance(value, str) or not line(value):
                raise SettingsError(f"{path}: [{table}] {key} must be a text in quotes")
            # What the commands say is cut as well before it is looked up.
            entries[cut(line(key), LONGEST)] = cut(line(value), LONGEST)
    for key, name in tables["names"].items():
        # A menu's name, which has capitals and spaces in English, may have them in every language.
        if key == key.lower() and not (NAME.fullmatch(name) and name == name.lower()):
            raise SettingsError(f"{path}: {key} = {name!r} cannot be the name of a command in Discord")
    return Catalogue(tables["names"], tables["texts"])
