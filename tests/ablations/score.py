"""How well the model explains what was reported, as it is and with one part taken out.

Two figures, since a part may be missed at the values that are shipped and made up for by others:

*At the shipped values*: the log of the share of replications that give the reported figure, added up over the figures of a
scenario, each by itself. Both arms see the same people; the uncertainty of the difference is the jackknife over batches of
replications.

*Fitted anew*: the log of the chance of all reports together, over the priors of everything that calibration fits
(:mod:`sim.calibration`); every other parameter may make up for the part. It is found several times with other seeds, each for
both arms on the same design and the same people; the uncertainty is the spread over the seeds.

Money is left out: it is hours times given rates, so that it tells of the rates and not of the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sim.calibration.simulate import column_of
from sim.calibration.study import fit_together, learned_operations, space_to_fit
from sim.calibration.targets import Target, targets_of
from sim.experiment.replications import run
from sim.reported import load
from sim.scenario import Scenario
from tests.ablations.parts import PARTS, Part

Floats = NDArray[np.float64]
SCENARIOS = (
    "wyoming_safe_haul_2025", "alabama_strike_force_2025", "laramie_shift_2026", "mississippi_referrals_2025", "small_agency",
)  # fmt: skip
#: Those with enough figures for a fit.
FITTED = SCENARIOS[:3]
SEED, REPLICATIONS, BATCHES = 2026, 1_000, 20
SEEDS, SIMULATIONS, PARTICLES = 3, 512, 1_000


@dataclass(frozen=True, slots=True)
class Loss:
    """What is lost without a part in one scenario, in units of log chance; above nought: the reports speak for the part.

    Attributes
    ----------
    touched
        Whether any reported figure differs in any replication; if not, no report can tell.
    """

    scenario: str
    part: str
    touched: bool
    shipped: float
    shipped_se: float
    fitted: float = float("nan")
    fitted_se: float = float("nan")


def part_of(name: str) -> Part | None:
    """Return a part by its name; None is the whole model."""
    return next((part for part in PARTS if part.name == name), None)


def scenario_without(name: str, part: Part | None) -> Scenario:
    """Return a scenario without a part, with its reported counts as targets."""
    whole = load(name)
    money = [f"reported.{key}.use=check" for key in whole.reported if key.endswith("_usd")]
    scenario = load(name, [*money, *(part.settings(whole) if part else [])])
    assert isinstance(scenario, Scenario)
    return scenario


def shipped(name: str, part: str) -> Loss:
    """Return what is lost at the shipped values."""
    full, without = _counted(name, ""), _counted(name, part)
    targets = targets_of(scenario_without(name, None))
    losses = _difference(full, without, targets, np.ones(REPLICATIONS, dtype=bool))
    batch = np.arange(REPLICATIONS) % BATCHES
    left_out = np.array([_difference(full, without, targets, batch != number) for number in range(BATCHES)])
    se = float(np.sqrt((BATCHES - 1) / BATCHES * ((left_out - left_out.mean()) ** 2).sum()))
    return Loss(name, part, bool((full != without).any()), losses, se)


def log_evidence(name: str, part: str, seed: int) -> float:
    """Return the log of the chance of all reports of a scenario together, over the priors; an empty name is the whole model."""
    scenario = scenario_without(name, part_of(part))
    space = space_to_fit([scenario])
    operations = learned_operations([scenario], space, SEED + seed, SIMULATIONS)
    return float(fit_together(operations, space, SEED + seed, PARTICLES).log_evidence)


@cache
def _counted(name: str, part: str) -> Floats:
    """Return the reported measures over the replications."""
    scenario = scenario_without(name, part_of(part))
    values = run(scenario, replications=REPLICATIONS, seed=SEED).values
    return values[:, [column_of(scenario, target.measure) for target in targets_of(scenario_without(name, None))]]


def _difference(full: Floats, without: Floats, targets: tuple[Target, ...], rows: NDArray[np.bool_]) -> float:
    return _log_score(full[rows], targets) - _log_score(without[rows], targets)


def _log_score(counts: Floats, targets: tuple[Target, ...]) -> float:
    """Return the sum of the logs; half a replication more is taken to have hit, so that none is endless."""
    hits = [((column >= one.low) & (column <= one.high)).sum() for column, one in zip(counts.T, targets, strict=True)]
    return float(np.log((np.array(hits) + 0.5) / (len(counts) + 1)).sum())
