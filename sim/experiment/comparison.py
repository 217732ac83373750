"""Paired comparison: every arm runs on the same people with the same luck, so a difference is the policy's own.

The variance that pairing saved is the variance of the difference between independent runs over that of the paired
difference; infinite where the arms never differ by chance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sim.experiment.replications import Result, summarise


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


def difference(base: Result, arm: Result, measure: str) -> Difference:
    """Compare one measure over the replications in which it is defined in both.

    Parameters
    ----------
    base, arm
        Results of the same seed and the same number of replications.
    measure
        The measure's name.

    Returns
    -------
    Difference
        With the 95% interval of the mean difference (Student's t over pairs).

    Raises
    ------
    ValueError
        If the two are not pairs.
    """
    if base.seed != arm.seed or len(base.values) != len(arm.values):
        raise ValueError("only results of the same seed and number of replications can be compared")
    first, second = base.column(measure), arm.column(measure)
    both = np.isfinite(first) & np.isfinite(second)
    first, second = first[both], second[both]
    if not len(first):
        return Difference(measure, math.nan, math.nan, math.nan, math.nan, math.nan, pairs=0, variance_saved=math.nan)
    change = summarise(second - first)
    apart = float(np.var(first)) + float(np.var(second))
    paired = float(np.var(second - first))
    saved = apart / paired if paired > 0 else math.inf
    return Difference(
        measure,
        summarise(first).mean,
        summarise(second).mean,
        change.mean,
        change.ci_low,
        change.ci_high,
        len(first),
        saved,
    )
