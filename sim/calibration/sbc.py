"""Simulation-based calibration: whether a posterior holds the truth as often as it says.

Parameters are drawn from the prior, the real model makes the reports that they lead to, and each set of reports is fitted as
a real one would be. Where the truth stands among the draws of its posterior (its rank, from 0 to 1) must then be uniform for
every parameter: an interval of 90% covers the truth in 90% of the data sets.

References
----------
Talts, Betancourt, Simpson, Vehtari and Gelman (2018), "Validating Bayesian inference algorithms with simulation-based
calibration", arXiv:1804.06788.
"""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.calibration.fit import PARTICLES, generator
from sim.calibration.priors import Space
from sim.calibration.simulate import column_of, simulate
from sim.calibration.study import Operation, fit_together
from sim.calibration.targets import ABOUT, Target, is_count

Floats = NDArray[np.float64]

WIDTHS = (0.5, 0.9)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often one parameter's intervals held the truth, beside the band in which 99% of right fits would lie."""

    parameter: str
    width: float
    covered: float
    band_low: float
    band_high: float
    data_sets: int

    @property
    def inside(self) -> bool:
        """Whether sampling error explains the difference."""
        return self.band_low <= self.covered <= self.band_high


@dataclass(frozen=True, eq=False, slots=True)
class Ranks:
    """Where the truth stood: shape (data sets, parameters), 0 to 1."""

    parameters: tuple[str, ...]
    values: Floats
    contraction: Floats  # of the same shape

    def coverage(self) -> list[Coverage]:
        """Return each parameter's coverage by intervals of 50% and 90%."""
        return [covered(name, width, self.values[:, at]) for at, name in enumerate(self.parameters) for width in WIDTHS]

    def uniform(self) -> list[float]:
        """Return each parameter's p-value of uniform ranks (Kolmogorov and Smirnov)."""
        from scipy import stats

        return [float(stats.kstest(self.values[:, at], "uniform").pvalue) for at in range(len(self.parameters))]


def covered(parameter: str, width: float, ranks: Floats) -> Coverage:
    """Return how often central intervals of one width held the truth."""
    from scipy.stats import binom

    number = len(ranks)
    low, high = (float(binom.ppf(end, number, width)) / number for end in (0.005, 0.995))
    return Coverage(parameter, width, float((np.abs(ranks - 0.5) <= width / 2).mean()), low, high, number)


def ranks(
    operations: Sequence[Operation],
    space: Space,
    data_sets: int,
    *,
    seed: int,
    particles: int = PARTICLES,
    workers: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Ranks:
    """Fit data sets drawn from the prior through the real model, and return where the truth stood in each posterior."""
    truth = generator(seed, "truth").standard_normal((data_sets, space.latents))
    values = space.values(truth)
    told: list[list[tuple[Target, ...]]] = [[] for _ in range(data_sets)]
    for operation in operations:
        own = int(generator(seed, "truth", operation.name).integers(2**62))
        counts = simulate(operation.scenario, operation.priors, values[:, operation.columns], seed=own, workers=workers)
        places = [column_of(operation.scenario, target.measure) for target in operation.targets]
        for number, row in enumerate(counts[:, places]):
            rng = generator(seed, "report", operation.name, number)
            told[number].append(
                tuple(as_reported(operation, one, float(count), rng) for one, count in zip(operation.targets, row, strict=True))
            )
    found = []
    tasks = [(truth[number], told[number], seed + number, particles) for number in range(data_sets)]
    if workers <= 1:
        _begin(operations, space)
        for task in tasks:
            found.append(_rank(task))
            progress(len(found), data_sets)
    else:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(operations, space)) as pool:
            for one in pool.map(_rank, tasks):
                found.append(one)
                progress(len(found), data_sets)
    return Ranks(tuple(space.labels()), np.array([one[0] for one in found]), np.array([one[1] for one in found]))


def as_reported(operation: Operation, target: Target, count: float, rng: np.random.Generator) -> Target:
    """Return a simulated count as its figure would have been reported: as firmly as the real one was.

    An approximate figure is the count with a rounding error. Of one with a single end, it is told on which side of the real
    figure the count lies.
    """
    if not math.isfinite(count):
        return replace(target, value=1.0, low=-math.inf, high=math.inf)
    if not target.is_firm:
        above = count >= target.low if math.isfinite(target.low) else count > target.high
        edge = target.low if math.isfinite(target.low) else target.high + 1
        return replace(target, low=edge if above else -math.inf, high=math.inf if above else edge - 1)
    if target.low == target.high:
        return replace(target, value=count, low=count, high=count)
    near = max((target.high - target.low) / 2 / max(target.value, 1.0), ABOUT) * count
    if not is_count(operation.scenario, target.measure):
        told = count + near * (2 * rng.random() - 1)
        return replace(target, value=told, low=told - near, high=told + near)
    near = math.floor(near)
    told = float(max(count + rng.integers(-near, near + 1), 0))
    return replace(target, value=told, low=max(told - near, 0.0), high=told + near)


#: What every task of one worker needs; sent to it once.
_work: list[tuple[Sequence[Operation], Space]] = []


def _begin(operations: Sequence[Operation], space: Space) -> None:
    _work[:] = [(operations, space)]


def _rank(task: tuple[Floats, list[tuple[Target, ...]], int, int]) -> tuple[Floats, Floats]:
    truth, told, seed, particles = task
    ((operations, space),) = _work
    draws = fit_together(operations, space, seed, particles, told=told)
    normal, true = space.normal(draws.latent), space.normal(truth[None, :])[0]
    return (normal < true).mean(axis=0), 1 - normal.std(axis=0)
