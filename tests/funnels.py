"""Funnels in which every stage is a thinning or a Poisson count, simulated in numpy, with their exact posteriors.

They are what the fit is held against: it is given only simulations, as if nobody knew that the posterior is closed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.calibration.emulator import Emulator, learn
from sim.calibration.fit import Draws, fit
from sim.calibration.priors import Prior
from sim.calibration.study import design
from sim.calibration.targets import Target

Floats = NDArray[np.float64]


def share(path: str, low: float = 0.0, high: float = 1.0) -> Prior:
    """A share that is equally likely anywhere in its range."""
    return Prior(path, "share", low, (low + high) / 2, high, "", "assumed", uniform=True, centred=False)


def number(path: str, low: float, high: float) -> Prior:
    """A number above zero that is equally likely anywhere in its range."""
    return Prior(path, "number", low, (low + high) / 2, high, "", "assumed", uniform=True, centred=False)


def part(measure: str, value: float, whole: str) -> Target:
    return Target(measure, value, value, value, "exact", "part", whole)


def count(measure: str, value: float) -> Target:
    return Target(measure, value, value, value, "exact", "count", None)


@dataclass(frozen=True)
class Funnel:
    """Priors, targets, and a function from (values, generator) to counts, one row for each row of values."""

    priors: Sequence[Prior]
    targets: Sequence[Target]
    counts: Callable[[Floats, np.random.Generator], Floats]

    def values(self, normal: Floats) -> Floats:
        return np.column_stack([prior.values(normal[:, at]) for at, prior in enumerate(self.priors)])

    def learned(self, simulations: int, seed: int) -> Emulator:
        normal = design(len(self.priors), simulations, seed, "funnel")
        return learn(self.priors, self.targets, normal, self.counts(self.values(normal), np.random.default_rng(seed)))

    def fitted(self, simulations: int = 3_000, particles: int = 4_000, seed: int = 5) -> tuple[Draws, Floats]:
        """Return the draws, and the parameters' values at them."""
        emulator = self.learned(simulations, seed)
        draws = fit(emulator.log_likelihood, len(self.priors), seed=seed, particles=particles)
        return draws, self.values(draws.latent)


def wyoming() -> Funnel:
    """Stops in 30 hours; inspections and custody among them; orders among inspections. The last parameter does nothing."""

    def counts(values: Floats, rng: np.random.Generator) -> Floats:
        rate, inspected, vehicle, driver, custody, _ = values.T
        stops = rng.poisson(30 * rate)
        inspections = rng.binomial(stops, inspected)
        return np.column_stack(
            [
                stops,
                inspections,
                rng.binomial(inspections, vehicle),
                rng.binomial(inspections, driver),
                rng.binomial(stops, custody),
            ]
        ).astype(float)

    priors = [
        number("rate", 1, 20), share("inspected"), share("vehicle"), share("driver"), share("custody"), number("duration", 1, 9),
    ]  # fmt: skip
    targets = [
        count("stops", 195),
        part("inspections", 133, "stops"),
        part("vehicles_out_of_service", 44, "inspections"),
        part("drivers_out_of_service", 38, "inspections"),
        part("detained", 40, "stops"),
    ]
    return Funnel(priors, targets, counts)


def alabama() -> Funnel:
    """Referrals in 300 hours, and those of them who were detained."""

    def counts(values: Floats, rng: np.random.Generator) -> Floats:
        referrals = rng.poisson(300 * values[:, 0])
        return np.column_stack([referrals, rng.binomial(referrals, values[:, 1])]).astype(float)

    return Funnel(
        [number("rate", 0.1, 3), share("detained")], [count("referrals", 242), part("detained", 82, "referrals")], counts
    )


def product() -> Funnel:
    """Custody among stops is asked times matched: only their product is known."""

    def counts(values: Floats, rng: np.random.Generator) -> Floats:
        stops = rng.poisson(1000, len(values))
        return np.column_stack([stops, rng.binomial(stops, values[:, 0] * values[:, 1])]).astype(float)

    return Funnel([share("asked"), share("matched")], [count("stops", 1000), part("detained", 200, "stops")], counts)
