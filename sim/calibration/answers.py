"""The answer that somebody wants: a measure, or what a policy would change in it, at draws of a posterior.

A policy is held against the scenario as it is on the same people with the same luck. Each draw is replicated several times and
averaged; what is left of chance in that average is told apart, so that only ignorance counts as ignorance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.calibration.simulate import column_of, simulate
from sim.calibration.study import Calibration, seed_of
from sim.errors import UsageError, nearest
from sim.models import model_of
from sim.scenario_file import ScenarioFile

Floats = NDArray[np.float64]

#: Draws of the posterior at which a question is answered, and replications at each.
DRAWS, EACH = 200, 4


@dataclass(frozen=True, eq=False, slots=True)
class Question:
    """What is asked: a measure of one operation, under a policy held against none if one is named."""

    operation: str
    measure: str
    policy: ScenarioFile | None = None
    policy_in_words: str = ""

    @property
    def in_words(self) -> str:
        """The question on one line."""
        if self.policy is None:
            return f"{self.measure} of {self.operation}"
        return f"change of {self.measure} of {self.operation} under {self.policy_in_words}"


@dataclass(frozen=True, eq=False, slots=True)
class Answer:
    """What the model answers at each of some draws.

    Attributes
    ----------
    values
        Mean over the replications of a draw, shape (draws,).
    noise
        Variance that chance leaves in such a mean.
    """

    question: Question
    latent: Floats
    values: Floats
    noise: float

    @property
    def range(self) -> tuple[float, float, float]:
        """The 5%, 50% and 95% points over the draws."""
        low, middle, high = (float(end) for end in np.quantile(self.values, (0.05, 0.5, 0.95)))
        return low, middle, high

    @property
    def above_zero(self) -> float:
        """Share of the draws at which the answer is more than nought, half of those at nought included."""
        return float((self.values > 0).mean() + (self.values == 0).mean() / 2)


def answer(calibration: Calibration, question: Question, *, draws: int = DRAWS, each: int = EACH, workers: int = 1) -> Answer:
    """Answer a question at draws of a posterior.

    Raises
    ------
    UsageError
        If the operation or the measure is unknown, or the answer is undefined.
    """
    by_name = {operation.name: operation for operation in calibration.operations}
    if question.operation not in by_name:
        raise UsageError(f"'{question.operation}' is not fitted here; {nearest(question.operation, by_name)}")
    operation = by_name[question.operation]
    known = model_of(operation.scenario).measures(operation.scenario)
    if question.measure not in known:
        raise UsageError(f"'{question.measure}' is not a measure; {nearest(question.measure, known)}")
    latent = calibration.latent(draws)
    values = np.repeat(calibration.space.values(latent)[:, operation.columns], each, axis=0)
    column, seed = column_of(operation.scenario, question.measure), seed_of(calibration.seed, "answer", operation.name)
    found = simulate(operation.scenario, operation.priors, values, seed=seed, workers=workers)[:, column]
    if question.policy is not None:
        # What the policy sets is no longer unknown, so a draw of it is not laid over it.
        free = [at for at, prior in enumerate(operation.priors) if not _is_set(question.policy, prior.path)]
        priors = [operation.priors[at] for at in free]
        found = simulate(question.policy, priors, values[:, free], seed=seed, workers=workers)[:, column] - found
    several = found.reshape(len(latent), each)
    if not np.isfinite(several).all():
        raise UsageError(f"'{question.measure}' is undefined in some replications; ask about a count.")
    noise = float(several.var(axis=1, ddof=1).mean()) / each if each > 1 else 0.0
    return Answer(question, latent, several.mean(axis=1), noise)


def _is_set(policy: ScenarioFile, path: str) -> bool:
    evidence = policy.evidence.get(path)
    return evidence is None or evidence.place.file.startswith("--set")
