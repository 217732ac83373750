"""How theory and simulation are compared: intervals and p-values over many seeds, corrected for their number.

A replication gives an *excess*: what was counted less what theory has of it, given what came by. Its mean is zero exactly if
theory is right, whatever came by. Each seed gives a 95% interval (Student's t over its replications), and of many such intervals
95% must cover zero: how many do is tested with the binomial distribution. All excesses together are tested as well, which is
sharper.
Nothing is accepted because it is near: a p-value is refused if it is too small for as many as there are (Holm 1979).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from tests.truth import binomial, dispersion, poisson, zero_mean

CONFIDENCE = 0.95
#: The chance that a right program would have failed a family of comparisons, had other seeds been written down.
FAMILY_WISE_ERROR = 1e-4
#: Fewer intervals than this say nothing about how often such an interval covers.
ENOUGH_INTERVALS = 30


@dataclass(frozen=True)
class Comparison:
    """One number held against theory.

    ``low`` and ``high`` are the 95% interval of what was simulated; ``covers`` says of each seed's interval whether it covers
    theory, None where there are none; ``bias`` bounds how far the true mean of the simulated number can lie from theory, None
    where it is only argued to be small.
    """

    name: str
    theory: float
    simulated: float
    low: float
    high: float
    p_value: float
    seeds: int
    replications: int
    covers: tuple[bool, ...] | None = None
    expected_cover: float = CONFIDENCE
    bias: float | None = 0.0

    @property
    def covered(self) -> int | None:
        return None if self.covers is None else sum(self.covers)

    @property
    def p_cover(self) -> float | None:
        if self.covered is None or self.seeds < ENOUGH_INTERVALS:
            return None
        return binomial(self.covered, self.seeds, self.expected_cover)


def paired(name: str, theory: float, excess: ArrayLike, base: ArrayLike, bias: float | None = 0.0) -> Comparison:
    """Compare a ratio with theory.

    Parameters
    ----------
    excess
        Shape (seeds, replications): what was counted less ``theory`` times what it was counted among.
    base
        The latter, of the same shape.
    """
    excess, base = np.asarray(excess, dtype=float), np.asarray(base, dtype=float)
    seeds, replications = excess.shape
    middle, scale = excess.mean(), base.mean()
    half = _t(excess.size) * excess.std(ddof=1) / np.sqrt(excess.size)
    covered = None
    if replications > 1:
        halves = _t(replications) * excess.std(axis=1, ddof=1) / np.sqrt(replications)
        covered = tuple((abs(excess.mean(axis=1)) <= halves).tolist())
    low, simulated, high = (theory + (middle + side) / scale for side in (-half, 0.0, half))
    return Comparison(name, theory, simulated, low, high, zero_mean(excess.ravel()), seeds, replications, covered, bias=bias)


def counted(name: str, mean: float, counts: ArrayLike, bias: float | None = 0.0) -> list[Comparison]:
    """Compare independent counts, shape (seeds, replications), with a Poisson distribution: their sum, and their spread."""
    counts = np.asarray(counts)
    seeds, replications = counts.shape
    total = int(counts.sum())
    low, high = (float(end) / counts.size for end in _poisson_interval(total))
    accepted = _accepted(mean * replications)
    covered = tuple(int(count) in accepted for count in counts.sum(axis=1))
    cover = float(stats.poisson.pmf(sorted(accepted), mean * replications).sum())
    middle = Comparison(
        name, mean, total / counts.size, low, high, poisson(total, mean * counts.size), seeds, replications, covered, cover, bias
    )
    return [middle, spread(name, (counts - mean) ** 2 / mean, np.full(counts.shape, 3 + 1 / mean))]


def together(found: Sequence[Comparison]) -> list[Comparison]:
    """Compare how often all intervals of a case cover with how often they should; seeds are independent, its numbers are not.

    Sees what no single number shows, such as replications that are not independent of each other.
    """
    mine = [one for one in found if one.p_cover is not None]
    if not mine:
        return []
    share = sum(one.expected_cover for one in mine) / len(mine)
    covers = np.mean([one.covers for one in mine], axis=0)
    half = _t(len(covers)) * covers.std(ddof=1) / np.sqrt(len(covers))
    middle = float(covers.mean())
    p_value = zero_mean(covers - share)
    return [
        Comparison("intervals that cover, all together", share, middle, middle - half, middle + half, p_value, len(covers), 1)
    ]


def spread(name: str, squares: ArrayLike, fourth: ArrayLike) -> Comparison:
    """Compare squared standardised values with their mean of 1; see :func:`tests.truth.dispersion`."""
    squares, fourth = np.asarray(squares, dtype=float), np.asarray(fourth, dtype=float)
    seeds, replications = squares.shape
    half = stats.norm.ppf(0.5 + CONFIDENCE / 2) * np.sqrt((fourth - 1).sum()) / squares.size
    middle = float(squares.mean())
    p_value = dispersion(squares.ravel(), fourth.ravel())
    return Comparison(
        f"{name}: variance as theory has it", 1.0, middle, middle - half, middle + half, p_value, seeds, replications
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number: refusing those below α refuses a true one with chance α at most."""
    order = np.argsort(p_values, kind="stable")
    adjusted = np.empty(len(p_values))
    worst = 0.0
    for place, at in enumerate(order):
        worst = max(worst, min(1.0, (len(p_values) - place) * p_values[at]))
        adjusted[at] = worst
    return adjusted.tolist()


def p_values(found: Iterable[Comparison]) -> list[tuple[Comparison, str, float]]:
    """Return every p-value of some comparisons with what it is about."""
    told = []
    for one in found:
        told.append((one, "mean", one.p_value))
        if one.p_cover is not None:
            told.append((one, "coverage", one.p_cover))
    return told


def refused(found: Sequence[Comparison], error: float = FAMILY_WISE_ERROR) -> list[str]:
    """Return which comparisons do not hold, at a family-wise error over all of them."""
    told = p_values(found)
    return [
        f"{one.name}: {what}: theory {one.theory:.6g}, simulated {one.simulated:.6g}, "
        f"covered {one.covered} of {one.seeds}, p = {p:.3g}"
        for (one, what, p), adjusted in zip(told, holm([p for _, _, p in told]), strict=True)
        if adjusted < error
    ]


def _t(number: int) -> float:
    return float(stats.t.ppf(0.5 + CONFIDENCE / 2, number - 1))


def _poisson_interval(count: int) -> tuple[float, float]:
    """Return Garwood's exact interval of a Poisson mean."""
    tail = (1 - CONFIDENCE) / 2
    low = stats.chi2.ppf(tail, 2 * count) / 2 if count else 0.0
    return float(low), float(stats.chi2.isf(tail, 2 * count + 2) / 2)


def _accepted(mean: float) -> set[int]:
    """Return the counts whose interval covers a mean."""
    around = range(int(max(0, mean - 10 * np.sqrt(mean) - 10)), int(mean + 10 * np.sqrt(mean) + 10))
    return {count for count in around if poisson(count, mean) > 1 - CONFIDENCE}
