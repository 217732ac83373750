"""A scenario under a posterior: how far its measures vary by chance, and how far since nobody knows the parameters.

Each draw of the parameters is replicated several times. By the law of total variance, the variance over everything is the mean
variance within draws (chance) and the variance of the draws' own means (ignorance); the second is estimated free of
what chance adds to those means (one-way analysis of variance with random effects).

References
----------
Searle, Casella and McCulloch (1992), Variance Components, section 3.6 (unequal groups, for undefined measures).
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.calibration.posterior import Posterior, for_scenario
from sim.calibration.priors import Prior
from sim.calibration.simulate import Progress, simulate
from sim.calibration.study import thinned
from sim.errors import UsageError
from sim.models import model_of
from sim.scenario_file import ScenarioFile

Floats = NDArray[np.float64]

#: Replications at each draw of the parameters; two are needed to tell chance from ignorance.
EACH = 4


@dataclass(frozen=True, slots=True)
class Split:
    """One measure under a posterior, its spread taken apart; NaN where it is undefined."""

    measure: str
    mean: float
    low: float  # 5% of everything
    median: float
    high: float
    sd: float
    sd_chance: float
    sd_ignorance: float
    from_ignorance: float  # share of the variance


@dataclass(frozen=True, eq=False, slots=True)
class Carried:
    """A scenario replicated under a posterior.

    Attributes
    ----------
    values
        Shape (draws, replications of each, measures).
    parameters
        The parameters that varied, by the names of the posterior's columns, and their draws.
    priors
        What these parameters are; row i of all rows is replication i at its draw.
    """

    scenario: ScenarioFile
    seed: int
    parameters: tuple[str, ...]
    drawn: Floats
    values: Floats
    priors: tuple[Prior, ...]

    @property
    def digest(self) -> str:
        """SHA-256 over all values; there is one way to be undefined, and one zero."""
        plain = np.where(np.isnan(self.values), np.nan, self.values + 0.0)
        return hashlib.sha256(np.ascontiguousarray(plain).tobytes()).hexdigest()

    def split(self, measure: str) -> Split:
        """Take one measure's spread apart."""
        names = list(model_of(self.scenario).measures(self.scenario))
        return taken_apart(measure, self.values[:, :, names.index(measure)])


def carry(  # noqa: PLR0913 - all but the first two are optional and by name
    scenario: ScenarioFile,
    posterior: Posterior,
    *,
    replications: int = 400,
    each: int = EACH,
    operation: str | None = None,
    seed: int = 1,
    workers: int = 1,
    progress: Progress = lambda done, total: None,
) -> Carried:
    """Replicate a scenario at draws of a posterior.

    Parameters
    ----------
    replications
        In all; each draw gets ``each`` of them.
    operation
        Whose parameters to take where several operations have their own.

    Raises
    ------
    UsageError
        If the posterior does not fit the scenario, or there are too few replications for two draws.
    """
    columns = columns_of(posterior, scenario, replications, operation, each)
    drawn = thinned(posterior.values[:, columns], replications // each)
    priors = [posterior.parameters[at].prior for at in columns]
    rows = simulate(scenario, priors, np.repeat(drawn, each, axis=0), seed=seed, workers=workers, progress=progress)
    names = tuple(posterior.parameters[at].name for at in columns)
    return Carried(scenario, seed, names, drawn, rows.reshape(len(drawn), each, -1), tuple(priors))


def columns_of(
    posterior: Posterior, scenario: ScenarioFile, replications: int, operation: str | None = None, each: int = EACH
) -> list[int]:
    """Return the columns of a posterior that a scenario takes, after a look at whether it can be run at all.

    Raises
    ------
    UsageError
        If the posterior does not fit the scenario, or there are too few replications for two draws.
    """
    if replications // each < 2 or each < 2:
        raise UsageError(f"{replications} replications are too few under a posterior; use {2 * max(each, 2)} or more.")
    return for_scenario(posterior, scenario, operation)


def taken_apart(measure: str, values: Floats) -> Split:
    """Take the spread of one measure apart; shape (draws, replications of each), NaN where it is undefined."""
    defined = np.isfinite(values)
    everything = values[defined]
    counts = defined.sum(axis=1)
    if len(everything) < 2:
        return Split(measure, *([math.nan] * 8))
    low, median, high = map(float, np.quantile(everything, (0.05, 0.5, 0.95)))
    chance, ignorance = _components(np.where(defined, values, 0.0), defined, counts)
    total = chance + ignorance
    return Split(
        measure,
        float(everything.mean()),
        low,
        median,
        high,
        math.sqrt(total),
        math.sqrt(chance),
        math.sqrt(ignorance),
        ignorance / total if total else 0.0,
    )


def _components(values: Floats, defined: NDArray[np.bool_], counts: NDArray[np.int64]) -> tuple[float, float]:
    """Return the variance within draws and between them; the second is 0 where chance alone explains the means."""
    some = counts > 0
    values, defined, counts = values[some], defined[some], counts[some]
    number, groups = int(counts.sum()), len(counts)
    means = values.sum(axis=1) / counts
    mean = float(values.sum()) / number
    within = float((np.where(defined, values - means[:, None], 0.0) ** 2).sum())
    chance = within / (number - groups) if number > groups else 0.0
    if groups < 2:
        return chance, 0.0
    between = float((counts * (means - mean) ** 2).sum()) / (groups - 1)
    size = (number - float((counts**2).sum()) / number) / (groups - 1)
    return chance, max((between - chance) / size, 0.0)
