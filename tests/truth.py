"""Acceptance of chance by exact tests: the claim is an interval or a p-value, never a tolerance.

Seeds are fixed, so every test is the same each time. :data:`FALSE_ALARM` is the chance that a right program would have
failed a whole family of comparisons, had another seed been written down. Each test says what error would make it fail.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

#: For all comparisons of one test together (Bonferroni).
FALSE_ALARM = 1e-4


def assert_plausible(p_values: Sequence[float]) -> None:
    """Refuse a family of p-values if the smallest is too small for so many."""
    worst = int(np.argmin(p_values))
    assert p_values[worst] > FALSE_ALARM / len(p_values), f"comparison {worst}: p = {p_values[worst]:.3g}"


def binomial(count: float, trials: int, share: float) -> float:
    """Return the exact two-sided p-value of a count among trials."""
    return float(stats.binomtest(int(count), trials, share).pvalue)


def poisson(count: float, mean: float) -> float:
    """Return the exact two-sided p-value of a Poisson count (twice the smaller tail)."""
    tails = stats.poisson.cdf(count, mean), stats.poisson.sf(count - 1, mean)
    return min(1.0, 2 * float(min(tails)))


def zero_mean(values: ArrayLike) -> float:
    """Return the p-value of Student's t test that independent values have mean zero."""
    return float(stats.ttest_1samp(np.asarray(values, dtype=float), 0.0).pvalue)


def dispersion(squares: ArrayLike, fourth: ArrayLike) -> float:
    """Return the p-value for squared standardised values, which must have mean 1.

    Parameters
    ----------
    squares
        Independent values ((x - mean) / sd) ** 2.
    fourth
        The fourth standardised moment of each; their sum is normal enough for hundreds of them.
    """
    squares, fourth = np.asarray(squares, dtype=float), np.asarray(fourth, dtype=float)
    z = (squares.sum() - len(squares)) / math.sqrt(float((fourth - 1).sum()))
    return float(2 * stats.norm.sf(abs(z)))


def poisson_dispersion(counts: ArrayLike, means: ArrayLike) -> float:
    """Return the p-value for independent Poisson counts having a variance as large as their mean."""
    counts, means = np.asarray(counts, dtype=float).ravel(), np.asarray(means, dtype=float).ravel()
    return dispersion((counts - means) ** 2 / means, 3 + 1 / means)


def binomial_dispersion(counts: ArrayLike, trials: ArrayLike, share: float) -> float:
    """Return the p-value for independent binomial counts having the variance that they should."""
    counts, trials = np.asarray(counts, dtype=float), np.asarray(trials, dtype=float)
    variance = trials * share * (1 - share)
    return dispersion((counts - trials * share) ** 2 / variance, 3 + (1 - 6 * share * (1 - share)) / variance)
