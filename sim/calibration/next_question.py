"""What to ask for next: which unpublished count would narrow a named answer most.

For each draw of the posterior the unpublished count is drawn as it would be given the figures that *were* reported (the same
operation made both), by the emulator. How much of the answer's posterior variance the count explains (by a regression on it,
scored on draws that it was not fitted to) is what asking is expected to take away; what cannot narrow the answer scores nought.

References
----------
Lindley (1956), "On a measure of the information provided by an experiment", Annals of Mathematical Statistics 27, 986-1005.
Strong, Oakley and Brennan (2014), "Estimating multiparameter partial expected value of perfect information from a probabilistic
sensitivity analysis sample: a nonparametric regression approach", Medical Decision Making 34, 311-326 (the regression).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.calibration.emulator import learn, stabilised
from sim.calibration.fit import generator
from sim.calibration.simulate import column_of
from sim.calibration.study import Calibration, Operation
from sim.calibration.targets import Target, whole_of
from sim.errors import UsageError, nearest
from sim.models import model_of

Floats = NDArray[np.float64]

#: Parts into which the draws are cut: the regression on all but one is scored on that one.
FOLDS = 5
#: Unpublished counts that somebody could give.
CANDIDATES = (
    "vehicles_seen", "stops", "inspections", "vehicles_out_of_service", "drivers_out_of_service", "citations",
    "people_asked", "referrals", "detained", "vehicles_with_detained", "detained_without_licence",
    "detained_out_of_state_licence", "referred_then_released", "citizens_referred", "citizens_detained", "no_answer",
    "answers_from_ice_on_scene", "people_booked", "transferred", "minutes_beyond_task_mean", "status_check_wait_mean",
    "held_then_released_hours", "stop_cycle_minutes_mean", "hold_hours_mean", "officer_hours", "officer_overtime_hours",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Worth:
    """What asking one operation for one count is expected to do to the answer.

    Attributes
    ----------
    narrower
        Expected reduction of the answer's posterior standard deviation, as a share of it.
    """

    operation: str
    count: str
    unit: str
    answer_sd: float
    expected_sd: float
    narrower: float


def rank(
    calibration: Calibration, latent: Floats, answer: Floats, *, candidates: Sequence[str] = CANDIDATES, noise: float = 0.0
) -> list[Worth]:
    """Rank unpublished counts by how much they are expected to narrow an answer.

    Parameters
    ----------
    calibration
        A finished calibration.
    latent
        Draws of the posterior, as many as there are answers.
    answer
        The answer at each of them, shape (draws,): a parameter, or what a policy would change.
    candidates
        Measures that could be asked for; those reported already are left out.
    noise
        Variance in ``answer`` that is chance of the simulation and not the draws' own.

    Returns
    -------
    list of Worth
        The most worthwhile first.

    Raises
    ------
    UsageError
        If a candidate is no measure, or the answer does not vary.
    """
    if len(answer) != len(latent):
        raise UsageError("the answer must have one number for each draw of the posterior.")
    variance = float(np.var(answer)) - noise
    if variance <= 0:
        raise UsageError("the answer does not vary over the posterior: nothing is left to ask.")
    normal = calibration.space.normal(latent)
    found = []
    for operation in calibration.operations:
        measures = model_of(operation.scenario).measures(operation.scenario)
        for name in candidates:
            if name not in measures:
                raise UsageError(f"'{name}' is not a measure; {nearest(name, measures)}")
            if name in operation.scenario.reported and operation.scenario.reported[name].use == "target":
                continue
            drawn = as_it_would_be(operation, name, normal[:, operation.columns], calibration.seed)
            explained = 0.0 if drawn is None else min(_explained(drawn, answer), variance)
            sd = float(np.sqrt(variance))
            left = float(np.sqrt(variance - explained))
            found.append(Worth(operation.name, name, measures[name].unit, sd, left, 1 - left / sd))
    return sorted(found, key=lambda one: (-one.narrower, one.operation, one.count))


def as_it_would_be(operation: Operation, measure: str, normal: Floats, seed: int) -> Floats | None:
    """Return an unpublished count at each draw, given what was reported; None if it never varies.

    The emulator is learned once more with the count after the reported ones, from the simulations that are there.
    """
    known = [target.measure for target in operation.targets if target.is_firm]
    kind, whole = whole_of(operation.scenario, measure, known)
    if whole is None and kind == "part":
        kind = "count"
    asked = Target(measure, 0.0, 0.0, 0.0, "exact", kind, whole)
    told = (*operation.targets, asked)
    counts = operation.simulated[:, [column_of(operation.scenario, target.measure) for target in told]]
    among, already = _part_that_is_known(operation, measure)
    if among is not None:  # those are there for certain: only how many more there are is drawn
        counts[:, -1] = np.maximum(counts[:, -1] - counts[:, among], 0)
    sound = np.isfinite(counts).all(axis=1)
    if sound.sum() < len(counts) / 2 or np.ptp(counts[sound, -1]) == 0:
        return None
    if kind == "amount" and (counts[sound, -1] <= 0).any():
        counts[:, -1] = np.maximum(counts[:, -1], 1e-3)  # hours of nobody: on a log scale, hardly any
    emulator = learn(operation.priors, told, operation.normal, counts)
    if emulator.stages[-1].tells_nothing:
        return None
    rng = generator(seed, "ask", operation.name, measure)
    drawn = emulator.sample(normal, len(told) - 1, told, rng) + already
    return stabilised("amount" if kind == "amount" else "count", drawn, 1.0)


def _part_that_is_known(operation: Operation, measure: str) -> tuple[int | None, float]:
    """Return the position and the value of the largest reported count of things that are among those of a measure."""
    below = {measure}
    pairs = model_of(operation.scenario).part_of(operation.scenario)
    while more := {part for part, whole in pairs if whole in below} - below:
        below |= more
    parts = [(target.value, -at) for at, target in enumerate(operation.targets) if target.is_firm and target.measure in below]
    if not parts:
        return None, 0.0
    value, minus = max(parts)
    return -minus, value


def _explained(count: Floats, answer: Floats) -> float:
    """Return the variance of the answer that a count explains, by cubic regression scored on draws left out."""
    spread = float(count.std())
    if spread == 0:
        return 0.0
    x = np.clip((count - count.mean()) / spread, -4, 4)
    design = np.column_stack([np.ones_like(x), x, x**2, x**3])
    part = np.arange(len(x)) % FOLDS
    predicted = np.empty_like(answer)
    for fold in range(FOLDS):
        rest = part != fold
        coefficients, *_ = np.linalg.lstsq(design[rest], answer[rest], rcond=None)
        predicted[~rest] = design[~rest] @ coefficients
    return max(float(np.var(answer) - np.mean((answer - predicted) ** 2)), 0.0)
