"""Leave one report out: fit the other operations, and predict the one that was left out.

What the others say of it goes through shared and pooled parameters only; where there are none, this is the prior's prediction.
"""

from __future__ import annotations

from collections.abc import Sequence

from sim.calibration.fit import PARTICLES
from sim.calibration.priors import Space
from sim.calibration.study import PREDICTIONS, Operation, Predicted, fit_together, predict, seed_of
from sim.errors import UsageError


def predict_each(
    operations: Sequence[Operation],
    space: Space,
    *,
    seed: int,
    particles: int = PARTICLES,
    predictions: int = PREDICTIONS,
    workers: int = 1,
) -> list[Predicted]:
    """Return what is predicted of each operation from the others alone.

    Raises
    ------
    UsageError
        If there is only one operation.
    """
    if len(operations) < 2:
        raise UsageError("--leave-one-out needs two operations or more.")
    rows = []
    for number, left in enumerate(operations):
        rest = [operation for operation in operations if operation is not left]
        draws = fit_together(rest, space, seed_of(seed, "leave out", number), particles)
        rows += predict([left], space, draws.latent, seed, predictions, workers=workers)
    return rows
