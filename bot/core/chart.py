"""Counts over time, as data: each platform draws them as it can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SIGNS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of a message: bars, each with its label, the oldest first. `unit` is what is counted ("articles")."""

    title: str
    unit: str
    bars: tuple[tuple[str, int], ...]

    @property
    def alt(self) -> str:
        """What it shows, in words: for those who do not see it, and where no picture can be."""
        if not self.bars:
            return ""
        label, most = max(self.bars, key=lambda bar: bar[1])
        total = sum(count for _, count in self.bars)
        return f"{self.bars[0][0]} to {self.bars[-1][0]}: {total} {self.unit}, most ({most}) {label}"

    @property
    def text(self) -> str:
        """A row of signs for what has no picture."""
        return f"{sparkline([count for _, count in self.bars])}  {self.alt}"

    def coarser(self, most: int) -> Chart:
        """The same in at most so many bars, each for several neighbours; the last one is always whole."""
        each = -(-len(self.bars) // most)
        if each <= 1:
            return self
        starts = range(len(self.bars) % each - each if len(self.bars) % each else 0, len(self.bars), each)
        parts = [self.bars[max(start, 0) : start + each] for start in starts]
        return Chart(self.title, self.unit, tuple((part[0][0], sum(n for _, n in part)) for part in parts))


def sparkline(counts: Sequence[int]) -> str:
    """Numbers as a row of bars, the highest as high as can be; nothing at all is a dot."""
    most = max(counts, default=0)
    return "".join(SIGNS[-(-count * len(SIGNS) // most) - 1] if count else "·" for count in counts)
