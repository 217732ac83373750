"""Which arm has the most, or the least, of a measure, and how surely.

The chance of being best is taken over what the replications leave open about the means: the Bayesian bootstrap (Rubin 1981)
weighs the replications anew many times, the same weights for every arm, since replication 3 is the same world in each. Arms that
are the same in every replication share. "Best" means no more than most or least: whether that is good is not for this program
to say.

References
----------
Rubin (1981), "The Bayesian bootstrap", The Annals of Statistics 9, 130-134.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.measures import Measure

RESAMPLES = 4_000
#: More replications than this are first gathered into as many batches: the work is bounded, and the answer the same.
MOST_BATCHES = 400

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rank:
    """Where one arm stands in one measure."""

    measure: str
    unit: str
    wanted: str
    arm: str
    mean: float
    rank: int
    probability_best: float


def wanted_of(measure: Measure) -> str:
    """Return what is ranked first unless told: the most of what is counted as yield, the least of anything else."""
    return "most" if measure.group == "yield" else "least"


def ranking(measure: Measure, columns: Mapping[str, Floats], wanted: str | None = None, seed: int = 1) -> list[Rank]:
    """Rank arms by the mean of one measure.

    Parameters
    ----------
    measure
        Which.
    columns
        Its values in each arm, shape (replications,), or (draws, replications) where every draw of a posterior has its own;
        replications in which an arm leaves the measure undefined are left out for all arms.
    wanted
        ``most`` or ``least``; by default that of :func:`wanted_of`.
    seed
        Of the resampling.

    Returns
    -------
    list of Rank
        From the first to the last; arms with equal means share a rank. Empty where no replication is defined in all arms.
    """
    wanted = wanted or wanted_of(measure)
    values = np.stack([np.atleast_2d(column) for column in columns.values()])  # (arms, draws, replications)
    defined = np.asarray(np.isfinite(values).all(axis=0))
    if not defined.any():
        return []
    sign = 1.0 if wanted == "most" else -1.0
    means = [float(row[defined].mean()) for row in values]
    chances = _chances(sign * values, defined, seed)
    order = sorted(range(len(means)), key=lambda arm: (-sign * means[arm], arm))
    names = list(columns)
    return [
        Rank(
            measure.name,
            measure.unit,
            wanted,
            names[arm],
            means[arm],
            1 + sum(sign * other > sign * means[arm] for other in means),
            float(chances[arm]),
        )
        for arm in order
    ]


def _chances(values: Floats, defined: NDArray[np.bool_], seed: int) -> Floats:
    """Return each arm's chance of the largest mean, averaged over draws."""
    random = np.random.Generator(np.random.Philox(seed))
    draws = [values[:, draw, defined[draw]] for draw in range(values.shape[1]) if defined[draw].any()]
    resamples = max(100, RESAMPLES // len(draws))
    return np.asarray(np.mean([_chances_within(draw, resamples, random) for draw in draws], axis=0))


def _chances_within(values: Floats, resamples: int, random: np.random.Generator) -> Floats:
    """Return each arm's chance of the largest mean; arms that are the same in every replication share theirs."""
    different, group = np.unique(values, axis=0, return_inverse=True)
    group = group.ravel()
    batches = np.array_split(different, min(MOST_BATCHES, different.shape[1]), axis=1)
    means = np.stack([batch.mean(axis=1) for batch in batches])  # (batches, arms)
    weights = random.standard_exponential((resamples, len(batches)))
    best = np.argmax(weights @ means, axis=1)
    first = np.bincount(best, minlength=len(different))
    return np.asarray(first[group] / resamples / np.bincount(group)[group])
