"""A multimap that is small where most keys have one value, which is so for links, headings and shingles."""

from __future__ import annotations

from typing import Generic, TypeVar

K = TypeVar("K")


class Shelf(Generic[K]):
    """key -> names, in the order in which they were put there. A lone name is stored bare: a list costs 90 bytes."""

    def __init__(self) -> None:
        self._names: dict[K, str | list[str]] = {}

    def put(self, key: K, name: str) -> None:
        held = self._names.get(key)
        if held is None:
            self._names[key] = name
        elif isinstance(held, str):
            self._names[key] = [held, name]
        else:
            held.append(name)

    def take(self, key: K, name: str) -> None:
        held = self._names[key]
        if isinstance(held, str):
            del self._names[key]
        else:
            held.remove(name)
            if len(held) == 1:
                self._names[key] = held[0]

    def get(self, key: K) -> tuple[str, ...]:
        held = self._names.get(key)
        if held is None:
            return ()
        return (held,) if isinstance(held, str) else tuple(held)
