"""What the reports told of each parameter, and what only of several together.

The *contraction* is the share of a parameter's prior spread that the reports took away: 1 less the ratio of the posterior's
standard deviation to the prior's, on the scale on which the prior is normal. Nought says that nothing was learned. A *ridge* is a
combination that the reports inform better than its members: a product known where its factors are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim.calibration.priors import Space

Floats = NDArray[np.float64]
Verdict = Literal["informed", "partly", "uninformed"]

#: A parameter is informed from this contraction on, and uninformed below the other if its place has hardly moved either.
INFORMED, UNINFORMED = 0.4, 0.1
#: A shift of the posterior's mean, in prior standard deviations, that is news even without contraction.
MOVED = 0.3
#: A correlation beyond this is worth telling.
RIDGE = 0.4
#: In the direction of a ridge the posterior has lost this share of its spread, and a member's weight in it is at least so much.
RIDGE_CONTRACTION, RIDGE_WEIGHT = 0.3, 0.3


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned of one parameter; values in its shown unit."""

    name: str
    unit: str
    source: str
    grade: str
    prior: str
    prior_low: float
    prior_median: float
    prior_high: float
    low: float
    median: float
    high: float
    contraction: float
    shift: float
    verdict: Verdict
    together_with: str


@dataclass(frozen=True, slots=True)
class Ridge:
    """A combination that is known better than its members: each with its exponent on the scales of the priors."""

    members: tuple[tuple[str, float], ...]
    contraction: float
    best_member: float  # the largest contraction of a member

    @property
    def in_words(self) -> str:
        """The combination as a product."""
        return " × ".join(f"{name}^{weight:+.2f}" for name, weight in self.members)


def learned(space: Space, latent: Floats) -> list[Learned]:
    """Return what was learned of each parameter, in their order."""
    normal, values = space.normal(latent), space.values(latent)
    correlations = _correlations(normal)
    rows = []
    points = np.array([-1.6448536269514722, 0.0, 1.6448536269514722])
    for at, one in enumerate(space.parameters):
        before = [float(end) for end in one.prior.values(points)]
        after = [float(end) for end in np.quantile(values[:, at], (0.05, 0.5, 0.95))]
        contraction, shift = 1 - float(normal[:, at].std()), float(normal[:, at].mean())
        rows.append(
            Learned(
                name=one.name,
                unit=one.prior.unit,
                source=one.prior.source,
                grade=one.prior.grade,
                prior=one.prior.in_words,
                prior_low=before[0],
                prior_median=before[1],
                prior_high=before[2],
                low=after[0],
                median=after[1],
                high=after[2],
                contraction=contraction,
                shift=shift,
                verdict=verdict(contraction, shift),
                together_with=_together(space.labels(), correlations[at], at),
            )
        )
    return rows


def verdict(contraction: float, shift: float) -> Verdict:
    """Return in one word whether the reports told something of a parameter."""
    if contraction >= INFORMED:
        return "informed"
    return "uninformed" if contraction < UNINFORMED and abs(shift) < MOVED else "partly"


def ridges(space: Space, latent: Floats) -> list[Ridge]:
    """Return the combinations of parameters that are known better than any one of them, the best known first.

    They are the directions in which the posterior is narrowest against the prior (eigenvectors of its covariance on the
    prior's scales), where more than one parameter has a part in them.
    """
    normal = space.normal(latent)
    values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(normal.T)))
    single = 1 - normal.std(axis=0)
    names, found = space.labels(), []
    for size, direction in zip(values, vectors.T, strict=True):
        contraction = 1 - float(np.sqrt(max(size, 0.0)))
        members = np.flatnonzero(np.abs(direction) >= RIDGE_WEIGHT)
        if contraction < RIDGE_CONTRACTION or len(members) < 2:
            continue
        best = float(single[members].max())
        if contraction > best + 0.02:
            sign = np.sign(direction[members[np.argmax(np.abs(direction[members]))]])
            parts = tuple((names[one], float(sign * direction[one])) for one in members)
            found.append(Ridge(parts, contraction, best))
    return found


def _correlations(normal: Floats) -> Floats:
    return np.atleast_2d(np.corrcoef(normal.T))


def _together(names: Sequence[str], correlations: Floats, at: int) -> str:
    others = [one for one in np.argsort(-np.abs(correlations), kind="stable") if one != at and abs(correlations[one]) >= RIDGE]
    return "; ".join(f"{names[one]} ({correlations[one]:+.2f})" for one in others[:3])
