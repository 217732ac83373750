"""Where a policy fails, and which policy regrets least: read from the points of a study.

A box is a range for some of the factors. PRIM finds boxes in which failures are dense: it peels a thin slice off one side again
and again, each time the one that pays best, and then chooses along the way. Coverage is the share of all failures that lie in the
box, density the share of the box's points that fail.

References
----------
Friedman and Fisher (1999), "Bump hunting in high-dimensional data", Statistics and Computing 9, 123-143. Bryant and Lempert
(2010), "Thinking inside the box: a participatory, computer-assisted approach to scenario discovery", Technological
Forecasting and Social Change 77, 34-49. Savage (1951), "The theory of statistical decision", Journal of the American
Statistical Association 46, 55-67 (regret).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim.errors import UsageError, nearest

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Column = Floats | NDArray[np.object_]

#: The share of a box that is peeled off at a time, and the share of all points that a box holds at least.
PEEL = 0.05
SMALLEST = 0.05
#: A box is chosen along the way for the best balance of density and coverage; failures outside are then looked for again.
MOST_BOXES = 3
_COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_THRESHOLD = re.compile(r"\s*([a-z0-9_]+)\s*(<=|>=|<|>)\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*")


@dataclass(frozen=True, slots=True)
class Threshold:
    """When a point counts as failed by policy: its mean of a measure lies beyond a number."""

    measure: str
    sign: str
    number: float

    def __str__(self) -> str:
        return f"{self.measure} {self.sign} {self.number:g}"

    def fails(self, means: Floats) -> Flags:
        """Return which points fail; one without a mean does not."""
        return np.asarray(_COMPARE[self.sign](means, self.number) & np.isfinite(means))


def parse_threshold(text: str, measures: Sequence[str]) -> Threshold:
    """Return a threshold from ``released_at_clock>3``.

    Raises
    ------
    UsageError
        If it is not of this form, or names no measure.
    """
    match = _THRESHOLD.fullmatch(text)
    if not match:
        raise UsageError(f"--fails {text}: write MEASURE>NUMBER or MEASURE<NUMBER, such as 'released_at_clock>3'.")
    name, sign, digits = match.groups()
    if name not in measures:
        raise UsageError(f"--fails {text}: '{name}' is not a measure; {nearest(name, measures)}")
    try:
        return Threshold(name, sign, float(digits))
    except ValueError:
        raise UsageError(f"--fails {text}: '{digits}' is not a number; write for example 3 or 0.5.") from None


@dataclass(frozen=True, slots=True)
class Limit:
    """One side of a box: a range of numbers, or the words that are left."""

    factor: str
    low: float | None
    high: float | None
    among: tuple[str, ...] = ()
    #: The chance of as dense a box if this limit did not matter (one-sided binomial; Bryant and Lempert 2010).
    p_value: float = 1.0


@dataclass(frozen=True, slots=True)
class Box:
    """A region of the factors."""

    limits: tuple[Limit, ...]
    coverage: float
    density: float
    points: int
    failures: int


@dataclass(frozen=True, slots=True)
class _Side:
    """What one side of a region asks of one factor: at least a number, at most a number, or not a word."""

    factor: str
    kind: Literal["low", "high", "not"]
    value: float | str

    def holds(self, column: Column) -> Flags:
        """Return at which points it is so."""
        if self.kind == "not":
            return np.asarray(column != self.value, dtype=np.bool_)
        numbers, end = np.asarray(column, dtype=np.float64), float(self.value)
        return numbers >= end if self.kind == "low" else numbers <= end


_Region = tuple[_Side, ...]


def boxes(columns: Mapping[str, Column], fails: Flags) -> tuple[list[Box], float]:
    """Return boxes in which failures are dense, in the order in which they were found, and the density over all points.

    Parameters
    ----------
    columns
        The factors' values by point, shape (points,): numbers, or words of object type.
    fails
        Which points fail, shape (points,).
    """
    everything = float(fails.mean()) if len(fails) else 0.0
    if not fails.any() or fails.all():
        return [], everything
    search = _Search(columns, fails)
    left = np.ones(len(fails), dtype=np.bool_)
    found: list[Box] = []
    while len(found) < MOST_BOXES and (left & fails).any():
        region = search.region(left)
        box = search.box(region, left)
        if not region or box.density <= max(everything, float(fails[left].mean())):
            break
        found.append(box)
        left &= ~search.inside(region)
        if left.sum() < SMALLEST * len(fails):
            break
    return found, everything


class _Search:
    """PRIM over some points: peels, chooses along the way, and takes back what was not needed."""

    def __init__(self, columns: Mapping[str, Column], fails: Flags) -> None:
        self.columns, self.fails = columns, fails
        self.fewest = max(2.0, SMALLEST * len(fails))

    def inside(self, region: _Region) -> Flags:
        """Return which points lie in a region."""
        flags = np.ones(len(self.fails), dtype=np.bool_)
        for side in region:
            flags &= side.holds(self.columns[side.factor])
        return flags

    def region(self, left: Flags) -> _Region:
        """Return the best region among the points that are left."""
        way: list[_Region] = [()]
        while True:
            now = self.inside(way[-1]) & left
            wider = [(side, now & side.holds(self.columns[side.factor])) for side in self._peels(now)]
            wider = [(side, kept) for side, kept in wider if self.fewest <= kept.sum() < now.sum()]
            if not wider:
                break
            side, _ = max(wider, key=lambda one: (self._gain(now, one[1]), int(one[1].sum())))
            way.append((*(old for old in way[-1] if not _replaced(old, side)), side))
        # The first of equals is the larger.
        best = max(way, key=lambda one: self._balance(self.inside(one) & left))
        return self._pruned(best, left)

    def _gain(self, now: Flags, kept: Flags) -> float:
        """Return how much denser failures get for every point given up (Friedman and Fisher's lenient criterion)."""
        lost = int(now.sum() - kept.sum())
        return (float(self.fails[kept].mean()) - float(self.fails[now].mean())) / lost

    def _balance(self, flags: Flags) -> float:
        """Return the harmonic mean of coverage and density."""
        failures = int((self.fails & flags).sum())
        return 2 * failures / (int(self.fails.sum()) + int(flags.sum())) if failures else 0.0

    def _peels(self, now: Flags) -> Iterator[_Side]:
        """Yield what may be asked next: a slice off either end of a factor, or one word fewer."""
        for name, column in self.columns.items():
            values = column[now]
            if column.dtype == object:
                words = sorted(set(values.tolist()))
                yield from (_Side(name, "not", word) for word in (words if len(words) > 1 else []))
                continue
            numbers = np.sort(np.asarray(values, dtype=np.float64))
            if numbers[0] == numbers[-1]:
                continue
            count = max(1, int(PEEL * len(numbers)))
            above, below = numbers[numbers > numbers[count - 1]], numbers[numbers < numbers[-count]]
            if len(above):
                yield _Side(name, "low", float(above[0]))
            if len(below):
                yield _Side(name, "high", float(below[-1]))

    def _pruned(self, region: _Region, left: Flags) -> _Region:
        """Take back every side without which failures are caught as well."""
        kept = region
        for side in region:
            without = tuple(one for one in kept if one != side)
            if self._balance(self.inside(without) & left) >= self._balance(self.inside(kept) & left):
                kept = without
        return kept

    def box(self, region: _Region, left: Flags) -> Box:
        """Return a region with what it catches."""
        flags = self.inside(region) & left
        failures, points = int((self.fails & flags).sum()), int(flags.sum())
        limits = []
        for factor in dict.fromkeys(side.factor for side in region):
            mine = [side for side in region if side.factor == factor]
            without = self.inside(tuple(side for side in region if side.factor != factor)) & left
            limits.append(self._limit(factor, mine, float(self.fails[without].mean()), failures, points))
        return Box(tuple(limits), failures / int(self.fails.sum()), failures / points, points, failures)

    def _limit(self, factor: str, sides: Sequence[_Side], elsewhere: float, failures: int, points: int) -> Limit:
        from scipy.stats import binom

        ends = {side.kind: float(side.value) for side in sides if side.kind != "not"}
        refused = {str(side.value) for side in sides if side.kind == "not"}
        words = tuple(sorted(set(self.columns[factor].tolist()) - refused)) if refused else ()
        p_value = float(binom.sf(failures - 1, points, elsewhere))
        return Limit(factor, ends.get("low"), ends.get("high"), words, p_value)


def _replaced(old: _Side, new: _Side) -> bool:
    """Whether a new side says all that an old one did."""
    return old.factor == new.factor and old.kind == new.kind and new.kind != "not"


@dataclass(frozen=True, slots=True)
class Regret:
    """What one policy loses against the best policy in each world, in the measure's unit."""

    policy: str
    mean: float
    p90: float
    largest: float
    best_in: float
    worlds: int


def regrets(policies: Sequence[str], worlds: Sequence[str], means: Floats, wanted: str) -> list[Regret]:
    """Return each policy's regret over the worlds in which every policy was tried, the smallest largest regret first.

    Parameters
    ----------
    policies, worlds
        Which policy and which world each point is, in words.
    means
        The measure's mean at each point.
    wanted
        ``most`` or ``least``.

    Raises
    ------
    UsageError
        If no world was met by two policies.
    """
    names = {name: number for number, name in enumerate(dict.fromkeys(policies))}
    rows = {name: number for number, name in enumerate(dict.fromkeys(worlds))}
    table = np.full((len(rows), len(names)), np.nan)
    table[[rows[world] for world in worlds], [names[policy] for policy in policies]] = means
    table = table[np.isfinite(table).all(axis=1)]
    if len(names) < 2 or not len(table):
        raise UsageError("regret needs two policies in the same worlds; use a design of kind 'crossed', or 'grid' with both.")
    signed = table if wanted == "most" else -table
    lost = signed.max(axis=1, keepdims=True) - signed
    found = [
        Regret(
            name,
            float(lost[:, column].mean()),
            float(np.quantile(lost[:, column], 0.9)),
            float(lost[:, column].max()),
            float((lost[:, column] == 0).mean()),
            len(table),
        )
        for name, column in names.items()
    ]
    return sorted(found, key=lambda one: (one.largest, one.mean))
