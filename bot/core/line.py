"""Commands as people type them: `/news "oil price" 7d 5`, `/subscribe Russia-Iraq to #alerts`.

The grammar, the same wherever a line is typed:
  name [words...]        words go to the options in the order of the declaration;
  an option marked `rest` takes all words that no other option takes, quotes and all;
  numbers at the end (`7d 5`) fill the numeric options, `to #channel` the option announced by "to", and
  `mention @role` the one announced by "mention";
  `name:value` sets any option by its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from bot.core.command import Command, Option, OptionKind
from bot.core.errors import NotFound, UserError
from bot.core.message import Button
from bot.core.model import Channel

Names = Mapping[str, Command]
"""Every name and alias with its command."""

LONGEST_LINE = 2000
WORD = re.compile(r'(?:[^\s"“”]|"[^"]*"?|[“”][^“”]*[“”]?)+')
"""A word, or words in quotes; an unclosed quote runs to the end of the line."""


def parse(names: Names, line: str, channels: Sequence[Channel] = ()) -> tuple[Command, dict[str, Any]]:
    """The command and its raw values by option name. Raises NotFound or UserError."""
    if len(line) > LONGEST_LINE:
        raise UserError(f"That is too long: a command has at most {LONGEST_LINE} characters.")
    words = WORD.findall(line.strip().removeprefix("/"))
    found, used = _named(names, words)
    return found, _values(found, words[used:], channels)


def find(names: Names, name: str) -> Command:
    """The command of that name or alias. Raises NotFound that offers the nearest names."""
    if found := names.get(name):
        return found
    members = tuple(known for known in names if known.startswith(f"{name} "))
    near = members or tuple(get_close_matches(name, names, n=3, cutoff=0.5))
    buttons = tuple(Button(f"/{known}", known) for known in near[:5])
    if members:
        words = ", ".join(member.split()[1] for member in members)
        raise NotFound(f"/{name} needs one more word: {words}.", buttons)
    hint = f"Did you mean /{near[0]}?" if near else "/help lists what there is."
    raise NotFound(f"There is no command /{name}. {hint}", buttons)


def _named(names: Names, words: list[str]) -> tuple[Command, int]:
    if not words:
        raise NotFound("Type a command, for example /help.", (Button("/help", "help"),))
    for length in (2, 1):
        name = " ".join(words[:length]).casefold()
        if len(words) >= length and name in names:
            return names[name], length
    first = words[0].casefold()
    length = 2 if len(words) > 1 and any(name.startswith(f"{first} ") for name in names) else 1
    try:
        return find(names, " ".join(words[:length]).casefold()), length
    except NotFound as error:
        # A slip in the command is no reason to type the rest again.
        meant = tuple(Button(each.label, " ".join([each.command, *words[length:]])) for each in error.buttons)
        raise NotFound(str(error), meant) from None


def _values(found: Command, words: list[str], channels: Sequence[Channel]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    words = _take_named(found, words, values)
    rest = next((option for option in found.options if option.rest), None)
    waiting = [option for option in found.options if option.name not in values and not option.hidden]
    if rest is None:
        positional = [option for option in waiting if not option.word]
        words = _take_announced(waiting, words, values, channels, keep=0)
        if len(words) > len(positional):
            raise UserError(f"That is more than /{found.name} takes. It is typed as {found.usage}.")
        values |= {option.name: _bare(word) for option, word in zip(positional, words, strict=False)}
        return values
    keep = 1 if rest.required else 0
    words = _take_leading(found, rest, waiting, words, values)
    words = _take_announced(waiting, words, values, channels, keep=keep)
    words = _take_numbers(waiting, words, values, keep=keep)
    words = _take_announced(waiting, words, values, channels, keep=keep)
    if words and rest.name not in values:
        values[rest.name] = " ".join(words)
    return values


def _take_leading(
    found: Command, rest: Option, waiting: list[Option], words: list[str], values: dict[str, Any]
) -> list[str]:
    """The words that must stand before the rest: `topic create oil-watch "oil price" OR OPEC`."""
    for option in found.options[: found.options.index(rest)]:
        if option in waiting and option.required and not option.word and words:
            values[option.name] = _bare(words[0])
            words = words[1:]
    return words


def _take_named(found: Command, words: list[str], values: dict[str, Any]) -> list[str]:
    """`days:7` and `confirm:yes` from anywhere in the line."""
    names = {option.name for option in found.options if not option.rest}
    left = []
    for word in words:
        name, colon, value = word.partition(":")
        if colon and name in names and value:
            values[name] = _bare(value)
        else:
            left.append(word)
    return left


def _take_announced(
    waiting: list[Option], words: list[str], values: dict[str, Any], channels: Sequence[Channel], keep: int
) -> list[str]:
    """`to #alerts` from the end; a bare `to alerts` only where such a channel exists ("road to Damascus")."""
    announced = {option.word: option for option in waiting if option.word and option.name not in values}
    known = {channel.name.casefold() for channel in channels} | {channel.id.casefold() for channel in channels}
    while len(words) >= keep + 2 and (option := announced.pop(words[-2].casefold(), None)):
        value = words[-1]
        sign = "@" if option.kind is OptionKind.ROLE else "#"
        if not value.startswith(sign) and (option.kind is OptionKind.ROLE or value.casefold() not in known):
            break
        values[option.name] = value
        words = words[:-2]
    return words


def _take_numbers(waiting: list[Option], words: list[str], values: dict[str, Any], keep: int) -> list[str]:
    numeric = [option for option in waiting if option.kind is OptionKind.INT and option.name not in values]
    units = "".join(option.unit for option in numeric)
    pattern = re.compile(rf"\d{{1,9}}[{units}]?" if units else r"\d{1,9}")
    numbers: list[str] = []
    while numeric and len(numbers) < len(numeric) and len(words) > keep and pattern.fullmatch(words[-1]):
        numbers.insert(0, words[-1])
        words = words[:-1]
    for number in [each for each in numbers if not each.isdecimal()]:
        for option in numeric:
            if option.name not in values and option.unit and number.endswith(option.unit):
                values[option.name] = number
                numbers.remove(number)
                break
    free = [option for option in numeric if option.name not in values]
    values |= {option.name: number for option, number in zip(free, numbers, strict=False)}
    return words


def _bare(word: str) -> str:
    return word[1:-1] if len(word) >= 2 and word[0] in '"“' and word[-1] in '"”' else word


def in_a_word(text: str) -> str:
    """As it is typed where one word is wanted."""
    return f'"{text}"' if " " in text and '"' not in text else text


def unfinished(names: Names, line: str) -> tuple[str, str, str, str]:
    """What is being typed at the end of a line: (line before it, command, option, partial value).

    With an empty command name, the partial value is the beginning of a command's name.
    """
    text = line.lstrip().removeprefix("/")
    words = text.split()
    ended = text[-1:].isspace()
    for length in (2, 1):
        name = " ".join(words[:length]).casefold()
        if len(words) < length or name not in names or (len(words) == length and not ended):
            continue
        found = names[name]
        after = text.split(None, length)[length] if len(words) > length else ""
        head = f"/{' '.join(words[:length])} "
        for option in found.options:
            announced = re.search(rf"(?:^|\s){re.escape(option.word)}\s+(\S*)$", after) if option.word else None
            if announced:
                return head + after[: announced.start(1)], found.name, option.name, announced[1]
        if begun := _begun_by_name(found, head, after):
            return begun
        open_options = [option for option in found.options if not option.hidden and not option.word]
        if rest := next((option for option in open_options if option.rest), None):
            return _before_rest(found, rest, head, after)
        done = after.split()
        position = len(done) if ended or not done else len(done) - 1
        if position < len(open_options):
            partial = "" if ended or not done else done[-1]
            return head + after[: len(after) - len(partial)], found.name, open_options[position].name, partial
        return head + after, found.name, "", ""
    return "", "", "", text.casefold()


def _begun_by_name(found: Command, head: str, after: str) -> tuple[str, str, str, str] | None:
    """`sensitivity:st`: an option that is said by its name and has its choices."""
    begun = re.search(r"(?:^|\s)(\w+):(\S*)$", after)
    option = next((option for option in found.options if begun and option.name == begun[1]), None)
    if begun and option and option.choices and not option.hidden:
        return head + after[: begun.start(2)], found.name, option.name, begun[2]
    return None


def _before_rest(found: Command, rest: Option, head: str, after: str) -> tuple[str, str, str, str]:
    """The rest, or what must stand before it and is not ended yet: see `_take_leading`."""
    for option in found.options[: found.options.index(rest)]:
        word = WORD.match(after)
        if word is None or word.end() == len(after):
            return head, found.name, option.name, after
        cut = len(after) - len(after[word.end() :].lstrip())
        head, after = head + after[:cut], after[cut:]
    return head, found.name, rest.name, after
