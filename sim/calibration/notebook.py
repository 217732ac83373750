"""Calibration from Python: scenarios by name, and tables as data frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.calibration import study
from sim.calibration.diagnostics import learned, ridges
from sim.calibration.fit import PARTICLES
from sim.calibration.study import PREDICTIONS, SIMULATIONS, Calibration
from sim.reported import load
from sim.scenario_file import ScenarioFile

if TYPE_CHECKING:
    import pandas as pd


def calibrate(  # noqa: PLR0913 - all but the scenarios are optional and by name
    *scenarios: str | Path | ScenarioFile,
    parameters: Sequence[str] = (),
    share: Sequence[str] = (),
    pool: Mapping[str, float] | None = None,
    uniform: Sequence[str] = (),
    seed: int = 1,
    simulations: int = SIMULATIONS,
    particles: int = PARTICLES,
    predictions: int = PREDICTIONS,
    workers: int = 1,
    work: str | Path | None = None,
    progress: study.Progress = study.silent,
) -> Calibration:
    """Fit uncertain parameters of one or several operations to what was reported of them.

    Parameters
    ----------
    scenarios
        Names of shipped scenarios, files, or loaded scenarios.
    parameters
        Dotted paths to fit; what is marked ``fitted`` and a few that no report tells if none is named.
    share, pool
        Parameters that are the same in all operations, or have this share of their prior variance in common.
    uniform
        Parameters equally likely anywhere in their range.
    seed
        One seed, one answer.
    simulations, particles, predictions
        Runs of the model to learn each operation from, draws of the posterior, and runs of the model at draws of it.
    workers
        Processes; the answer is the same with any number.
    work
        Folder for what is done so far, to go on from.
    progress
        Told what is being done, how much of it is done, and how much there is.

    Returns
    -------
    Calibration
        See :func:`parameter_table`, :func:`prediction_table` and :func:`draw_table` for data frames.

    Raises
    ------
    StopflowError
        If there is nothing to fit, or reports contradict one another.
    """
    loaded = [one if isinstance(one, ScenarioFile) else load(one) for one in scenarios]
    folder = Path(work) if work is not None else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    return study.calibrate(
        loaded,
        parameters,
        shared=share,
        pooled=pool,
        uniform=uniform,
        seed=seed,
        simulations=simulations,
        particles=particles,
        predictions=predictions,
        workers=workers,
        work=folder,
        progress=progress,
    )


def parameter_table(calibration: Calibration) -> pd.DataFrame:
    """Return what was learned of each parameter: prior and posterior ranges, contraction, verdict."""
    return _frame(learned(calibration.space, calibration.draws.latent)).set_index("name")


def ridge_table(calibration: Calibration) -> pd.DataFrame:
    """Return the combinations that are known better than their members."""
    found = ridges(calibration.space, calibration.draws.latent)
    rows = [{"combination": one.in_words, "contraction": one.contraction, "best_member": one.best_member} for one in found]
    return _rows(rows, ["combination", "contraction", "best_member"])


def prediction_table(calibration: Calibration) -> pd.DataFrame:
    """Return every reported figure beside what the fitted model gives."""
    return _frame(calibration.predicted)


def draw_table(calibration: Calibration) -> pd.DataFrame:
    """Return the draws of the posterior, a column for each parameter in its shown unit."""
    return _rows(calibration.values(), calibration.space.labels())


def _frame(records: Iterable[Any]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame([asdict(record) for record in records])


def _rows(rows: Any, columns: list[str]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows, columns=columns)
