"""Whether two programs agree in distribution: every main measure over many replications of each, corrected for their number.

Counts are compared by a chi-square test of their frequencies, means of durations by the Cramér-von Mises test of two samples
(which, like that of Anderson and Darling, sees differences of place, spread and shape, and whose p-values are not cut off).
Such tests are blunt where a whole distribution has moved a little, so Welch's test of the means and Brown's and Forsythe's of
the spreads stand beside them; three tests of one measure count as three. All are corrected together by Holm's method. A measure
that is undefined in some replications is compared where it is defined, and in how often it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sim.experiment.replications import run
from sim.loading import load, to_plain
from tests.second_opinion.model import replicate
from tests.verification.acceptance import holm

SCENARIO = Path(__file__).with_name("shift_with_jail.yaml")
#: The chance that two programs that agree would have failed the whole family.
FAMILY_WISE_ERROR = 1e-3
FEWEST_IN_A_CELL = 10
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """One measure of both programs."""

    measure: str
    test: str
    ours: Values
    theirs: Values
    p_value: float


def both(replications: int, workers: int = 1, engine: str = "auto", ours_with: Sequence[str] = ()) -> list[Agreement]:
    """Run both programs and compare them; ``ours_with`` changes the scenario for stopflow alone, to see what is noticed."""
    scenario = load(SCENARIO, ours_with)
    plain = to_plain(load(SCENARIO))
    theirs = _theirs(plain, replications, workers)
    ours = run(scenario, replications=replications, seed=8, workers=workers, engine=engine)
    return [compared(name, ours.column(name), values) for name, values in theirs.items()]


def _theirs(plain: dict[str, Any], replications: int, workers: int) -> Mapping[str, Values]:
    if workers == 1:
        found = [replicate(plain, seed) for seed in range(replications)]
    else:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            found = list(pool.map(replicate, [plain] * replications, range(replications), chunksize=20))
    return {name: np.asarray([one[name] for one in found]) for name in found[0]}


def compared(measure: str, ours: Values, theirs: Values) -> Agreement:
    """Compare one measure."""
    mine, other = ours[np.isfinite(ours)], theirs[np.isfinite(theirs)]
    if all((values == np.round(values)).all() for values in (mine, other)):
        p_value = of_three(same_frequencies(ours, theirs), mine, other)
        return Agreement(measure, "chi-square, mean, spread", ours, theirs, p_value)
    p_value = of_three(float(stats.cramervonmises_2samp(mine, other).pvalue), mine, other)
    if len(mine) < len(ours) or len(other) < len(theirs):
        defined = [[len(mine), len(ours) - len(mine)], [len(other), len(theirs) - len(other)]]
        p_value = min(1.0, 2 * min(p_value, float(stats.fisher_exact(defined).pvalue)))
    return Agreement(measure, "Cramér-von Mises, mean, spread", ours, theirs, p_value)


def of_three(shape: float, mine: Values, other: Values) -> float:
    """Return one p-value for the tests of shape, mean and spread."""
    mean, spread = stats.ttest_ind(mine, other, equal_var=False).pvalue, stats.levene(mine, other, center="median").pvalue
    told = [p for p in (shape, float(mean), float(spread)) if np.isfinite(p)]  # where all values are equal, there is no spread
    return min(1.0, len(told) * min(told))


def same_frequencies(one: Values, other: Values) -> float:
    """Return the p-value of the chi-square test that counts come from one distribution; rare ones are put together."""
    every = np.sort(np.concatenate([one, other]))
    edges = [-np.inf]
    inside = 0
    for value, number in zip(*np.unique(every, return_counts=True), strict=True):
        inside += int(number)
        if inside >= 2 * FEWEST_IN_A_CELL:
            edges.append(float(value))
            inside = 0
    edges[-1] = np.inf
    if len(edges) < 3:
        return 1.0
    cells = [np.histogram(values, [edge + 0.5 for edge in edges])[0] for values in (one, other)]
    return float(stats.chi2_contingency(np.asarray(cells)).pvalue)


def refused(found: list[Agreement]) -> list[str]:
    """Return the measures in which the programs do not agree."""
    adjusted = holm([one.p_value for one in found])
    return [
        f"{one.measure}: stopflow {np.nanmean(one.ours):.4g}, salabim {np.nanmean(one.theirs):.4g}, p = {one.p_value:.2g}"
        for one, p in zip(found, adjusted, strict=True)
        if p < FAMILY_WISE_ERROR
    ]
