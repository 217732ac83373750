"""Parameter values -> what the real model counts: the one place from which calibration runs the simulator.

Row i is replication ``first + i`` at the i-th values, so that a matrix does not hang on workers, chunks or engines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.calibration.priors import Prior
from sim.distributions import Distribution, Empirical, Lognormal
from sim.engines import AUTO
from sim.experiment.executors import in_order, workers_of
from sim.experiment.replications import engine_for, run_block
from sim.fields import FrozenDict
from sim.leaves import value_at
from sim.models import model_of
from sim.scenario_file import ScenarioFile
from sim.units import MILLISECONDS

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]

CHUNK = 50
_PLAIN = ("shape", "sigma")


def with_values(scenario: ScenarioFile, priors: Sequence[Prior], values: Sequence[float]) -> ScenarioFile:
    """Return a scenario with other values of some parameters, in their shown units.

    Values come from priors, which lie within what the fields allow; so nothing is validated again, and thousands of
    scenarios are made in a second. What stands behind the parameters (``evidence``) stays as it was written.
    """
    for prior, value in zip(priors, values, strict=True):
        scenario = _replaced(scenario, prior.path.split("."), _in_model_unit(scenario, prior, float(value)))
    return scenario


def simulate(  # noqa: PLR0913 - all but the first three are optional and by name
    scenario: ScenarioFile,
    priors: Sequence[Prior],
    values: Floats,
    *,
    seed: int,
    first: int = 0,
    workers: int = 1,
    pool: Executor | None = None,
    engine: str = AUTO,
    progress: Progress = lambda done, total: None,
) -> Floats:
    """Run the real model once at each row of parameter values.

    Parameters
    ----------
    scenario
        The operation.
    priors
        The parameters that vary, in the order of the columns of ``values``.
    values
        Shape (rows, parameters), in shown units. A row may be repeated for several replications at the same values.
    seed, first
        Row i is replication ``first + i`` of this seed.
    workers
        Processes; the matrix is the same with any number.
    pool
        Processes that are there already, as :func:`workers_of` yields them; they take a second to start.
    engine
        Which engine to use; the matrix is the same with any.
    progress
        Called with the rows done and wanted.

    Returns
    -------
    numpy.ndarray of float64, shape (rows, measures)
        Every measure in the order of the registry; NaN where it is undefined.
    """
    used, _ = engine_for(scenario, engine, len(values))
    tasks = [
        (scenario, tuple(priors), values[start : start + CHUNK], seed, first + start, used)
        for start in range(0, len(values), CHUNK)
    ]
    found: list[Floats] = []
    with workers_of(pool, workers if len(tasks) > 1 else 1) as own:
        for block in in_order(own, _rows, tasks):
            found.append(block)
            progress(min(len(found) * CHUNK, len(values)), len(values))
    return np.concatenate(found) if found else np.zeros((0, len(model_of(scenario).measures(scenario))))


def column_of(scenario: ScenarioFile, measure: str) -> int:
    """Return the column of a measure in what :func:`simulate` gives."""
    return list(model_of(scenario).measures(scenario)).index(measure)


def _rows(scenario: ScenarioFile, priors: tuple[Prior, ...], values: Floats, seed: int, first: int, engine: str) -> Floats:
    rows = []
    for number, row in enumerate(values.tolist()):
        block, _ = run_block(with_values(scenario, priors, row), seed, first + number, 1, engine)
        rows.append(np.asarray(block, dtype=np.float64)[0])
    return np.array(rows)


def _replaced(section: Any, parts: list[str], value: Any) -> Any:
    """Return a copy of a section in which one value is another; the original stays as it is."""
    if not parts:
        return value
    head, rest = parts[0], parts[1:]
    if isinstance(section, Mapping):
        return FrozenDict({**section, head: _replaced(section[head], rest, value)})
    return section.model_copy(update={head: _replaced(getattr(section, head), rest, value)})


def _in_model_unit(scenario: ScenarioFile, prior: Prior, value: float) -> Any:
    now = value_at(scenario, prior.path)
    if isinstance(now, Distribution):
        return scaled(now, value * MILLISECONDS["min"] / now.mean)
    if prior.unit == "minutes":
        return round(value * MILLISECONDS["min"])
    if prior.unit == "USD":
        return round(value * 100)
    return round(value) if prior.unit == "count" else value


def scaled(distribution: Distribution, factor: float) -> Distribution:
    """Return a distribution of durations that are all longer by one factor."""
    if isinstance(distribution, Empirical):
        return Empirical(tuple(value * factor for value in distribution.values))
    if isinstance(distribution, Lognormal):
        return Lognormal(distribution.median * factor, distribution.sigma)
    names = [field.name for field in fields(distribution) if field.name not in _PLAIN]  # type: ignore[arg-type]
    changed = {name: getattr(distribution, name) * factor for name in names}
    return replace(distribution, **changed)  # type: ignore[type-var]
