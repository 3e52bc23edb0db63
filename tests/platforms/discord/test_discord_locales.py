"""The commands in other languages: catalogues that fit the commands, registered whole, and again when they change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from discord import Locale

from bot.commands import COMMANDS
from bot.core.errors import SettingsError
from bot.core.router import Router
from bot.platforms.discord.locales import FOLDER, LONGEST, Locales
from bot.platforms.plain import cut, line
from tests.fakes.discord_server import FakeDiscord
from tests.platforms.discord.test_discord_end_to_end import running

LANGUAGES = sorted(path.stem for path in FOLDER.glob("*.toml"))
NAME = re.compile(r"[-_'\w]{1,32}")
"""Of a command or an option, as Discord documents it."""


def texts() -> set[str]:
    shown = [option for command in COMMANDS for option in command.options if not option.hidden]
    said = [command.description for command in COMMANDS] + [option.description for option in shown]
    said += [choice.label for option in shown for choice in option.choices]
    return {cut(line(text), LONGEST) for text in said}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_says_nearly_all_that_the_commands_say(language: str) -> None:
    """What is missing stays English: a new command need not wait for five translators, but not many may wait."""
    catalogue = Locales.of_folder().of(Locale(language) if language != "es" else Locale.spain_spanish)
    assert catalogue is not None
    missing = texts() - catalogue.texts.keys()
    assert len(missing) <= len(texts()) / 10, sorted(missing)


def every(commands: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for each in commands:
        yield each
        yield from every(each.get("options") or [])


async def test_commands_are_registered_in_every_language_and_again_only_when_one_changes(discord: FakeDiscord) -> None:
    router = Router(COMMANDS, None)
    async with running(discord, router):
        commands = {command["name"]: command for command in discord.commands[None]}
    subscribe, story = commands["subscribe"], commands["story"]
    assert subscribe["name_localizations"]["de"] == "abonnieren"
    assert subscribe["description_localizations"]["fr"].startswith("Suivre un sujet")
    assert subscribe["name_localizations"]["es-ES"] == subscribe["name_localizations"]["es-419"] == "seguir"
    assert subscribe["options"][0]["name_localizations"]["it"] == "tema"
    assert story["description_localizations"]["de"].startswith("Eine Meldung: wer berichtet")
    [when] = [option for option in commands["ring"]["options"] if option["name"] == "when"]
    assert when["choices"][2] == {**when["choices"][2], "name": "Every article", "value": "every"}
    assert when["choices"][2]["name_localizations"]["de"] == "Jeder Artikel"
    assert commands["More like this"]["name_localizations"]["de"] == "Ähnliches"
    spoken = [name for each in every([*commands.values()]) for name in (each.get("name_localizations") or {}).values()]
    menus = {name for each in commands.values() if each["type"] == 3 for name in each["name_localizations"].values()}
    assert [name for name in spoken if name not in menus and not (NAME.fullmatch(name) and name == name.lower())] == []

    async with running(discord, router):
        pass
    assert discord.command_syncs == 1
    subscribe["name_localizations"]["de"] = "verfolgen"
    async with running(discord, router):
        pass
    assert discord.command_syncs == 2
    assert {c["name"]: c for c in discord.commands[None]}["subscribe"]["name_localizations"]["de"] == "abonnieren"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[names]\nsubscribe = 'Abonnieren'", "subscribe"),
        ("[names]\nsubscribe = 'zwei Worte'", "subscribe"),
        ("[texts]\n'A command' = 7", "A command"),
        ("[words]\na = 'b'", "words"),
    ],
)
def test_a_catalogue_that_discord_would_refuse_is_named_with_its_key(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "de.toml").write_text(text)
    with pytest.raises(SettingsError, match=named):
        Locales.of_folder(tmp_path)
