"""Paired comparison: every arm runs on the same people with the same luck, so a difference is the policy's own.

With several arms the intervals of one measure hold for all arms at once: each is widened to the confidence
1 − 5% / arms (Bonferroni), which keeps the chance that any of them misses at 5% or less, however the arms hang together. Measures
are not corrected for: who reads fifty of them will find one or two that seem to move by chance.

The variance that pairing saved is the variance of the difference between independent runs over that of the paired
difference; infinite where the arms never differ by chance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.experiment.replications import CONFIDENCE, Result, summarise


@dataclass(frozen=True, slots=True)
class Difference:
    """One measure in one arm against the base; NaN where it is undefined."""

    measure: str
    base_mean: float
    arm_mean: float
    difference: float
    ci_low: float
    ci_high: float
    pairs: int
    variance_saved: float


def simultaneous(arms: int) -> float:
    """Return the confidence at which each of so many intervals is made, so that all hold at once with 95%."""
    return 1 - (1 - CONFIDENCE) / max(1, arms)


def difference(base: Result, arm: Result, measure: str, *, arms: int = 1) -> Difference:
    """Compare one measure over the replications in which it is defined in both.

    Parameters
    ----------
    base, arm
        Results of the same seed and the same number of replications.
    measure
        The measure's name.
    arms
        How many arms are compared with this base: the 95% intervals of a measure hold for all of them at once.

    Returns
    -------
    Difference
        With the interval of the mean difference (Student's t over pairs).

    Raises
    ------
    ValueError
        If the two are not pairs.
    """
    if base.seed != arm.seed or len(base.values) != len(arm.values):
        raise ValueError("only results of the same seed and number of replications can be compared")
    return paired(measure, base.column(measure), arm.column(measure), arms)


def paired(measure: str, base: NDArray[np.float64], arm: NDArray[np.float64], arms: int = 1) -> Difference:
    """Compare two columns of paired values, shape (pairs,); a pair in which either is undefined is left out."""
    both = np.isfinite(base) & np.isfinite(arm)
    first, second = base[both], arm[both]
    if not len(first):
        return Difference(measure, math.nan, math.nan, math.nan, math.nan, math.nan, pairs=0, variance_saved=math.nan)
    change = summarise(second - first, simultaneous(arms))
    apart = float(np.var(first)) + float(np.var(second))
    together = float(np.var(second - first))
    return Difference(
        measure,
        summarise(first).mean,
        summarise(second).mean,
        change.mean,
        change.ci_low,
        change.ci_high,
        len(first),
        apart / together if together > 0 else math.inf,
    )
