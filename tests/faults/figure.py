"""A row of `make faults`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """`ok` is None where it could not be tried here; `figure` then says why."""

    what: str
    figure: str
    target: str
    ok: bool | None
