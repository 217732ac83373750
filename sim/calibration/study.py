"""One calibration from beginning to end: learn the counts of each operation, fit all of them together, predict again.

Long work is kept in a folder as it is done (``work``): simulations by the block, the fit by the generation. A calibration that is
stopped and started again with the same question goes on where it was, and ends with the same bits.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim import __version__
from sim.calibration.emulator import Emulator, learn
from sim.calibration.fit import PARTICLES, Draws, arrays_in, fit, generator
from sim.calibration.priors import Prior, Space, space_of
from sim.calibration.simulate import column_of, simulate
from sim.calibration.targets import Target, refuse_counted_twice, targets_of
from sim.engines import AUTO
from sim.errors import UsageError
from sim.experiment.executors import workers_of
from sim.experiment.replications import engine_for
from sim.models import model_of
from sim.scenario_file import ReportedFigure, ScenarioFile

Floats = NDArray[np.float64]
#: Told what is being done, how much of it is done, and how much there is.
Progress = Callable[[str, float, float], None]

#: Runs of the real model from which the counts of one operation are learned; chosen by simulation-based calibration.
SIMULATIONS = 4_096
#: Runs of the real model at draws of the posterior, for what it predicts.
PREDICTIONS = 400
BLOCK = 512
FEWEST_SIMULATIONS = 500


def silent(what: str, done: float, total: float) -> None:
    """Tell nobody."""


@dataclass(frozen=True, eq=False, slots=True)
class Operation:
    """One operation in a calibration.

    Attributes
    ----------
    columns
        Positions of its parameters in the space.
    normal, simulated
        The design (parameters' normal numbers) and every measure at it, from which the emulator was learned.
    """

    name: str
    scenario: ScenarioFile
    priors: tuple[Prior, ...]
    columns: tuple[int, ...]
    targets: tuple[Target, ...]
    normal: Floats
    simulated: Floats
    emulator: Emulator

    def column(self, measure: str) -> Floats:
        """Return one measure over the design."""
        found: Floats = self.simulated[:, column_of(self.scenario, measure)]
        return found


@dataclass(frozen=True, slots=True)
class Predicted:
    """A reported figure beside what the fitted model gives, chance and ignorance together.

    Attributes
    ----------
    tail
        Share of the simulated figures above the reported one, half of the equal ones included.
    """

    operation: str
    measure: str
    use: str
    qualifier: str
    reported: float
    low: float
    median: float
    high: float
    tail: float


@dataclass(frozen=True, eq=False, slots=True)
class Calibration:
    """A finished calibration."""

    space: Space
    operations: tuple[Operation, ...]
    draws: Draws
    predicted: tuple[Predicted, ...]
    seed: int
    counts: tuple[Floats, ...] = ()  # what the predictions are made of: for each operation every measure at some of the draws

    def values(self, count: int | None = None) -> Floats:
        """Return the parameters at the draws, or at some of them evenly spread; shape (draws, parameters)."""
        return self.space.values(self.latent(count))

    def latent(self, count: int | None = None) -> Floats:
        """Return the draws as standard normal numbers, or some of them evenly spread."""
        return thinned(self.draws.latent, count)


def calibrate(  # noqa: PLR0913 - all but the scenarios are optional and by name
    scenarios: Sequence[ScenarioFile],
    parameters: Sequence[str] = (),
    *,
    shared: Sequence[str] = (),
    pooled: Mapping[str, float] | None = None,
    uniform: Sequence[str] = (),
    seed: int = 1,
    simulations: int = SIMULATIONS,
    particles: int = PARTICLES,
    predictions: int = PREDICTIONS,
    workers: int = 1,
    work: Path | None = None,
    progress: Progress = silent,
) -> Calibration:
    """Fit uncertain parameters of one or several operations to what was reported of them.

    Parameters
    ----------
    scenarios
        The operations, loaded with :func:`sim.reported.load`.
    parameters
        Dotted paths to fit, wherever an operation has them; what is marked ``fitted`` and a few others if none is named.
    shared, pooled
        Parameters that are the same in all operations, or have this share of their prior variance in common.
    uniform
        Parameters equally likely anywhere in their range.
    seed
        One seed, one answer.
    simulations
        Runs of the model from which an operation's counts are learned.
    particles
        Draws from the posterior.
    predictions
        Runs of the model at draws of the posterior.
    workers
        Processes; the answer is the same with any number.
    work
        Folder for what is done so far, to go on from.
    progress
        Told what is being done, and how much of it.

    Returns
    -------
    Calibration
        Equally weighted draws, and what they predict.

    Raises
    ------
    StopflowError
        If there is nothing to fit, or reports contradict one another.
    """
    space = space_to_fit(scenarios, parameters, shared=shared, pooled=pooled, uniform=uniform)
    operations = learned_operations(scenarios, space, seed, simulations, workers=workers, work=work, progress=progress)
    draws = fit_together(operations, space, seed, particles, work=work, progress=progress)
    counts = counted(operations, space, draws.latent, seed, predictions, workers=workers, progress=progress)
    return Calibration(space, tuple(operations), draws, tuple(beside_reported(operations, counts)), seed, tuple(counts))


def space_to_fit(
    scenarios: Sequence[ScenarioFile],
    parameters: Sequence[str] = (),
    *,
    shared: Sequence[str] = (),
    pooled: Mapping[str, float] | None = None,
    uniform: Sequence[str] = (),
) -> Space:
    """Return the parameters to be fitted, after a look at everything that could be wrong with the question.

    Raises
    ------
    StopflowError
        If there is nothing to fit, or reports contradict one another.
    """
    space = space_of(scenarios, parameters, shared=shared, pooled=dict(pooled or {}), uniform=uniform)
    for scenario in scenarios:
        targets_of(scenario)
    refuse_counted_twice(scenarios)
    return space


def learned_operations(
    scenarios: Sequence[ScenarioFile],
    space: Space,
    seed: int,
    simulations: int,
    *,
    workers: int = 1,
    work: Path | None = None,
    progress: Progress = silent,
) -> list[Operation]:
    """Run the real model over the prior of each operation, and learn what it counts."""
    if simulations < FEWEST_SIMULATIONS:
        raise UsageError(f"{simulations} simulations teach too little; use {FEWEST_SIMULATIONS} or more.")
    told = [targets_of(scenario) for scenario in scenarios]
    operations = []
    with workers_of(None, workers) as pool:
        for number, scenario in enumerate(scenarios):
            columns = tuple(space.of(number))
            priors = tuple(space.parameters[at].prior for at in columns)
            name = space.names[number]
            normal = design(len(priors), simulations, seed, name)
            counts = _simulated(scenario, name, priors, normal, seed, pool, work, progress)
            places = [column_of(scenario, target.measure) for target in told[number]]
            emulator = learn(priors, told[number], normal, counts[:, places])
            operations.append(Operation(name, scenario, priors, columns, told[number], normal, counts, emulator))
    return operations


def fit_together(
    operations: Sequence[Operation],
    space: Space,
    seed: int,
    particles: int = PARTICLES,
    *,
    told: Sequence[Sequence[Target]] | None = None,
    work: Path | None = None,
    progress: Progress = silent,
) -> Draws:
    """Fit all operations at once; ``told`` stands for other figures than the reported ones, such as simulated ones."""
    figures = told or [operation.targets for operation in operations]
    key = digest_of([
        [operation.scenario.digest, operation.normal.shape, list(operation.columns)] for operation in operations
    ], seed, particles, space.labels(), space.weights.tolist(), [[repr(one) for one in each] for each in figures])  # fmt: skip

    def log_likelihood(latent: Floats) -> Floats:
        normal = space.normal(latent)
        total = np.zeros(len(latent))
        for operation, each in zip(operations, figures, strict=True):
            total += operation.emulator.log_likelihood(normal[:, operation.columns], each)
        return total

    return fit(
        log_likelihood,
        space.latents,
        seed=seed,
        particles=particles,
        checkpoint=work / "generation.npz" if work else None,
        key=key,
        progress=lambda temperature: progress("fit", temperature, 1.0),
    )


def predict(
    operations: Sequence[Operation],
    space: Space,
    latent: Floats,
    seed: int,
    predictions: int = PREDICTIONS,
    *,
    workers: int = 1,
    progress: Progress = silent,
) -> list[Predicted]:
    """Run the real model at draws of the posterior, and set beside it everything that was reported."""
    return beside_reported(operations, counted(operations, space, latent, seed, predictions, workers=workers, progress=progress))


def counted(
    operations: Sequence[Operation],
    space: Space,
    latent: Floats,
    seed: int,
    predictions: int = PREDICTIONS,
    *,
    workers: int = 1,
    progress: Progress = silent,
) -> list[Floats]:
    """Run the real model at some draws of the posterior, evenly spread; for each operation every measure, one row a draw."""
    values = thinned(space.values(latent), predictions)
    return [
        simulate(
            operation.scenario, operation.priors, values[:, operation.columns], seed=prediction_seed(seed, operation.name),
            workers=workers, progress=_told(progress, f"predict {operation.name}", 0, len(values)),
        )
        for operation in operations
    ]  # fmt: skip


def prediction_seed(seed: int, operation: str) -> int:
    """Return the seed of the runs that predict an operation; the prediction at the i-th draw is its replication i."""
    return seed_of(seed, "predict", operation)


def beside_reported(operations: Sequence[Operation], counts: Sequence[Floats]) -> list[Predicted]:
    """Set everything that was reported beside what was counted at draws of the posterior."""
    rows = []
    for operation, table in zip(operations, counts, strict=True):
        for measure, figure in operation.scenario.reported.items():
            row = set_beside(operation.name, measure, figure, table[:, column_of(operation.scenario, measure)])
            rows += [row] if row else []
    return rows


def set_beside(operation: str, measure: str, figure: ReportedFigure, column: Floats) -> Predicted | None:
    """Set one reported figure beside what was counted; None if it is nowhere defined."""
    column = column[np.isfinite(column)]
    if not len(column):
        return None
    low, median, high = map(float, np.quantile(column, (0.05, 0.5, 0.95)))
    tail = float((column > figure.value).mean() + (column == figure.value).mean() / 2)
    return Predicted(operation, measure, figure.use, figure.qualifier, figure.value, low, median, high, tail)


def design(parameters: int, simulations: int, seed: int, name: str) -> Floats:
    """Return points spread evenly over the prior: a Sobol sequence, shifted by a random vector, as normal numbers."""
    from scipy.special import ndtri
    from scipy.stats import qmc

    if parameters == 0:
        return np.zeros((simulations, 0))
    points = qmc.Sobol(parameters, scramble=False).random_base2(max(simulations - 1, 1).bit_length())[:simulations]
    shift = generator(seed, "design", name).random(parameters)
    inside = np.clip((points + shift) % 1.0, 1e-7, 1 - 1e-7)
    return np.asarray(ndtri(inside), dtype=np.float64)


def thinned(latent: Floats, count: int | None) -> Floats:
    """Return some rows, evenly spread, since neighbours may descend from one particle; all if none is named."""
    if count is None or count >= len(latent):
        return latent
    return np.asarray(latent[np.arange(count) * len(latent) // count])


def digest_of(*what: object) -> str:
    """Return a digest of plain values."""
    return hashlib.sha256(json.dumps(what, sort_keys=True, default=str).encode()).hexdigest()


def _told(progress: Progress, what: str, before: int, total: int) -> Callable[[int, int], None]:
    def tell(done: int, of: int) -> None:
        progress(what, before + done, total)

    return tell


def seed_of(seed: int, *what: object) -> int:
    """Return a seed of its own for each thing that is done."""
    return int(generator(seed, *what).integers(2**62))


def _simulated(  # noqa: PLR0913 - one private step of learned_operations, with all that it knows
    scenario: ScenarioFile,
    name: str,
    priors: tuple[Prior, ...],
    normal: Floats,
    seed: int,
    pool: Executor | None,
    work: Path | None,
    progress: Progress,
) -> Floats:
    """Return every measure at every point of the design, from blocks that were kept where there are any."""
    values = np.column_stack([prior.values(normal[:, at]) for at, prior in enumerate(priors)])
    measures = list(model_of(scenario).measures(scenario))
    key = digest_of(__version__, scenario.digest, [repr(prior) for prior in priors], seed, normal.shape, measures)
    engine, _ = engine_for(scenario, AUTO, len(values))  # by all that is to be done, not by the block
    blocks = []
    for first in range(0, len(values), BLOCK):
        rows = values[first : first + BLOCK]
        kept = work / f"simulations-{name}-{first:06}.npz" if work else None
        block = _read_block(kept, key, (len(rows), len(measures)))
        if block is None:
            block = simulate(
                scenario, priors, rows, seed=seed_of(seed, "design", name), first=first, pool=pool, engine=engine,
                progress=_told(progress, f"simulate {name}", first, len(values)),
            )  # fmt: skip
            _keep_block(kept, key, block)
        progress(f"simulate {name}", first + len(rows), len(values))
        blocks.append(block)
    return np.concatenate(blocks)


def _read_block(kept: Path | None, key: str, shape: tuple[int, int]) -> Floats | None:
    held = arrays_in(kept, ("values", "key"))
    if held is None or str(held["key"]) != key or held["values"].shape != shape:
        return None
    return np.asarray(held["values"], dtype=np.float64)


def _keep_block(kept: Path | None, key: str, block: Floats) -> None:
    if kept is None:
        return
    part = kept.with_suffix(".part")
    with part.open("wb") as stream:
        np.savez(stream, values=block, key=np.array(key))
    part.replace(kept)
