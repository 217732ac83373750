"""Stages whose posterior is closed: a share of a known whole, shares of several kinds, a rate over known time.

They are the answer for the stage itself, and the yardstick for the fit of everything else. Priors are uniform (over the
share, over the simplex, over the rate) unless another is given.

References
----------
Gelman et al. (2013), Bayesian Data Analysis, 3rd edition, chapters 2 and 3 (Beta, Dirichlet and Gamma posteriors).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.calibration.targets import EXCLUSIVE, Target
from sim.errors import UsageError

if TYPE_CHECKING:
    from sim.scenario import Scenario


#: Parts of a whole that are no thinning of it: people who share a vehicle are not independent.
NOT_THINNED = ("vehicles_with_detained",)


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed posterior: what of, which distribution, and its numbers."""

    what: str
    distribution: str
    mean: float
    sd: float
    low: float  # 5%
    median: float
    high: float  # 95%


def share(what: str, part: float, whole: float, *, a: float = 1.0, b: float = 1.0) -> Closed:
    """Return the posterior of a share of which ``part`` of ``whole`` were counted, after a Beta(a, b) prior.

    Raises
    ------
    UsageError
        If the part is no part of the whole.
    """
    from scipy import stats

    if not 0 <= part <= whole:
        raise UsageError(f"{what}: {part:g} is no part of {whole:g}; correct the counts.")
    first, second = a + part, b + whole - part
    return _closed(what, f"Beta({first:g}, {second:g})", stats.beta(first, second))


def shares(what: str, counts: Mapping[str, float], *, each: float = 1.0) -> list[Closed]:
    """Return the posterior share of each kind after a symmetric Dirichlet prior; each share alone is a Beta."""
    from scipy import stats

    total = math.fsum(counts.values()) + each * len(counts)
    words = ", ".join(f"{count + each:g}" for count in counts.values())
    return [
        _closed(f"{kind} of {what}", f"Dirichlet({words})", stats.beta(count + each, total - count - each))
        for kind, count in counts.items()
    ]


def rate(what: str, count: float, time: float, *, shape: float = 1.0, per: float = 0.0) -> Closed:
    """Return the posterior of a Poisson rate after ``count`` events in ``time``, with a Gamma(shape, per) prior.

    Raises
    ------
    UsageError
        If no time has passed.
    """
    from scipy import stats

    if time + per <= 0:
        raise UsageError(f"{what}: a rate needs time to be counted over.")
    return _closed(what, f"Gamma({shape + count:g}, {per + time:g})", stats.gamma(shape + count, scale=1 / (per + time)))


def stages(scenario: Scenario, targets: Sequence[Target]) -> list[Closed]:
    """Return the closed posterior of every stage that reports tell by themselves; a whole reported as about is taken as said."""
    found = []
    values = {target.measure: target.value for target in targets if target.low == target.high}
    about = {target.measure: target.value for target in targets if target.is_firm and target.qualifier == "approximate"}
    for target in targets:
        if target.measure not in values or target.measure in NOT_THINNED:
            continue
        if target.kind == "part" and target.whole in values:
            found.append(share(f"{target.measure} of {target.whole}", target.value, values[target.whole]))
        elif target.kind == "part" and target.whole in about:
            taken = about[target.whole]
            found.append(share(f"{target.measure} of {target.whole} (about {taken:g}, taken as {taken:g})", target.value, taken))
        elif target.kind == "count":
            found.append(rate(f"{target.measure} per hour of shift", target.value, hours_on_duty(scenario)))
    told = {name: figure.value for name, figure in scenario.reported.items() if figure.use != "not_a_target"}
    for whole, parts in EXCLUSIVE:
        if whole in told and all(part in told for part in parts):
            counts = {part: told[part] for part in parts}
            rest = told[whole] - math.fsum(counts.values())
            if rest >= 0:
                found += shares(whole, counts | {"the rest": rest})
    return found


def hours_on_duty(scenario: Scenario) -> float:
    """Return the hours over which shifts are worked."""
    from sim.units import HOUR

    return math.fsum(shift.length * len(list(shift.days())) for shift in scenario.operation.shifts.values()) / HOUR


def _closed(what: str, distribution: str, law: Any) -> Closed:
    low, median, high = (float(law.ppf(at)) for at in (0.05, 0.5, 0.95))
    return Closed(what, distribution, float(law.mean()), float(law.std()), low, median, high)
