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


def boxes(columns: Mapping[str, Column], fails: Flags) -> tuple[list[Box], float]:
    """Return boxes in which failures are dense, the densest first found, and the density over all points.

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
    left = np.ones(len(fails), dtype=np.bool_)
    found: list[Box] = []
    while len(found) < MOST_BOXES and (left & fails).any():
        inside = _chosen(_peeled(columns, fails, left), fails, int(fails.sum()))
        box = _box(columns, fails, inside)
        if not box.limits or box.density <= max(everything, float(fails[left].mean())):
            break
        found.append(box)
        left &= ~inside
        if left.sum() < SMALLEST * len(fails):
            break
    return found, everything


def _peeled(columns: Mapping[str, Column], fails: Flags, left: Flags) -> list[Flags]:
    """Return the points inside, after every peel, from all that are left to the smallest box."""
    inside = left.copy()
    steps = [inside]
    while inside.sum() > SMALLEST * len(fails):
        candidates = [peel for column in columns.values() for peel in _peels(column, inside)]
        candidates = [one for one in candidates if one.sum() >= max(2.0, SMALLEST * len(fails))]
        if not candidates:
            break
        # Between equally dense boxes the larger; what was peeled counts by how little was given up for it.
        best = max(candidates, key=lambda one: (_gain(fails, inside, one), int(one.sum())))
        if _gain(fails, inside, best) < 0:
            break
        inside = best
        steps.append(inside)
    return steps


def _gain(fails: Flags, inside: Flags, smaller: Flags) -> float:
    """Return how much denser failures get for every point given up (Friedman and Fisher's lenient criterion)."""
    lost = int(inside.sum() - smaller.sum())
    return (float(fails[smaller].mean()) - float(fails[inside].mean())) / lost


def _peels(column: Column, inside: Flags) -> Iterator[Flags]:
    """Yield the boxes that are left when a slice is taken off either end, or one word away."""
    values = column[inside]
    if column.dtype == object:
        words = sorted(set(values.tolist()))
        for word in words if len(words) > 1 else []:
            yield inside & (column != word)
        return
    numbers = np.sort(np.asarray(values, dtype=np.float64))
    if numbers[0] == numbers[-1]:
        return
    count = max(1, int(PEEL * len(numbers)))
    low, high = numbers[count - 1], numbers[-count]
    plain = np.asarray(column, dtype=np.float64)
    for kept in (plain > low, plain < high):
        smaller = inside & kept
        if smaller.any() and smaller.sum() < inside.sum():
            yield smaller


def _chosen(steps: Sequence[Flags], fails: Flags, all_failures: int) -> Flags:
    """Return the step with the best balance (harmonic mean) of coverage and density; the first of equals, which is larger."""

    def balance(inside: Flags) -> float:
        failures = int((fails & inside).sum())
        coverage, density = failures / all_failures, failures / max(1, int(inside.sum()))
        return 2 * coverage * density / (coverage + density) if failures else 0.0

    return max(steps, key=balance)


def _box(columns: Mapping[str, Column], fails: Flags, inside: Flags) -> Box:
    failures, points = int((fails & inside).sum()), int(inside.sum())
    limits = []
    for name, column in columns.items():
        limit = _limit(name, column, inside)
        if limit is not None:
            without = _without(columns, name, inside)
            limits.append(_tested(limit, fails, without, failures, points))
    return Box(tuple(limits), failures / int(fails.sum()), failures / points, points, failures)


def _limit(name: str, column: Column, inside: Flags) -> Limit | None:
    if column.dtype == object:
        kept, known = sorted(set(column[inside].tolist())), set(column.tolist())
        return Limit(name, None, None, tuple(kept)) if len(kept) < len(known) else None
    numbers = np.asarray(column, dtype=np.float64)
    low, high = float(numbers[inside].min()), float(numbers[inside].max())
    below, above = numbers.min() < low, numbers.max() > high
    return Limit(name, low if below else None, high if above else None) if below or above else None


def _without(columns: Mapping[str, Column], left_out: str, inside: Flags) -> Flags:
    """Return the points in the box if one factor were not limited."""
    kept = np.ones(len(inside), dtype=np.bool_)
    for name, column in columns.items():
        if name == left_out:
            continue
        if column.dtype == object:
            kept &= np.isin(column, list(set(column[inside].tolist())))
        else:
            numbers = np.asarray(column, dtype=np.float64)
            kept &= (numbers >= numbers[inside].min()) & (numbers <= numbers[inside].max())
    return kept


def _tested(limit: Limit, fails: Flags, without: Flags, failures: int, points: int) -> Limit:
    from scipy.stats import binom

    p_value = float(binom.sf(failures - 1, points, float(fails[without].mean())))
    return Limit(limit.factor, limit.low, limit.high, limit.among, p_value)


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
