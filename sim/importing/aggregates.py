"""What an import leaves: counts, reported figures and durations, with small cells suppressed.

Counts of people, vehicles or stops are written to the nearest five and small ones not at all, so that no sum or difference of
what is written gives a small one away: where one count of 1 to 4 would fit, others fit as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from sim.importing.reading import SMALLEST_CELL

#: Durations of an empirical distribution: enough to show its shape, and each the mean of five people or more.
MOST_DURATIONS = 99
MINUTES = 1 / 60_000


@dataclass(frozen=True, slots=True)
class Cell:
    """One row of the tidy file of aggregates."""

    week: str
    place: str
    agency: str
    model: str
    stage: str
    count: float
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Reported:
    """One figure for ``reported:``."""

    measure: str
    value: float
    qualifier: str
    use: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter with what stands behind it; ``written`` as it stands in YAML."""

    path: str
    written: str
    note: str


@dataclass(slots=True)
class Aggregates:
    """Everything that an adapter found, and how many cells it suppressed."""

    cells: list[Cell] = field(default_factory=list)
    reported: list[Reported] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)
    suppressed: int = 0

    def add(self, cell: Cell) -> bool:
        """Keep a cell unless it is small; return whether it was kept."""
        if 0 < cell.count < SMALLEST_CELL:
            self.suppressed += 1
            return False
        self.cells.append(cell)
        return True


def durations(milliseconds: Sequence[float]) -> list[str] | None:
    """Return durations that follow the observed ones, or None if there are too few.

    Parameters
    ----------
    milliseconds
        One for each person or vehicle.

    Returns
    -------
    list of str or None
        Means of neighbours in order of length, at least five to a group, so that no duration is anybody's own.
    """
    ordered = sorted(milliseconds)
    groups = min(MOST_DURATIONS, len(ordered) // SMALLEST_CELL)
    if groups < 2:
        return None
    edges = [round(group * len(ordered) / groups) for group in range(groups + 1)]
    means = [math.fsum(ordered[low:high]) / (high - low) for low, high in pairwise(edges)]
    return [f"{max(0.1, round(mean * MINUTES, 1)):g} min" for mean in means]


def coarse(count: int) -> int:
    """Return a count to the nearest five."""
    return (count + SMALLEST_CELL // 2) // SMALLEST_CELL * SMALLEST_CELL


def about(count: int) -> str:
    """Return a count to the nearest five, in words."""
    return f"about {coarse(count):,}"


def weights(path: str, counts: dict[str, int], found: Aggregates) -> None:
    """Add weights below a path as percentages; what rests on a small count is left at nothing, so that the rest can be used.

    The percentages are of what is kept: they add up to a hundred, and nothing remains that would be the small counts.
    """
    kept = {name: count if count >= SMALLEST_CELL else 0 for name, count in counts.items()}
    found.suppressed += sum(0 < count < SMALLEST_CELL for count in counts.values())
    total = sum(kept.values())
    if total:
        note = f"percentages of {about(total)}; small cells left out"
        found.parameters += [Parameter(f"{path}.{name}", f"{100 * count / total:.2g}", note) for name, count in kept.items()]


def share(path: str, part: int, whole: int, note: str, found: Aggregates) -> None:
    """Add a share, unless it rests on a small count; two figures, or three of a thousand and more, so that it tells no count."""
    if whole and min(part, whole - part) >= SMALLEST_CELL:
        found.parameters.append(Parameter(path, f"{part / whole:.{2 if whole < 1000 else 3}g}", note))
    elif whole:
        found.suppressed += 1
