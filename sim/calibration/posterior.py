"""A posterior that was written to a folder, read again: its draws, and which of them belong to which scenario."""

from __future__ import annotations

import csv
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.calibration.priors import Prior
from sim.errors import UsageError, nearest
from sim.scenario_file import ScenarioFile

Floats = NDArray[np.float64]

DRAWS, MANIFEST = "posterior.csv", "manifest.json"
MOST_DRAWS = 1_000_000
MOST_BYTES = 500_000_000


@dataclass(frozen=True, slots=True)
class Held:
    """One parameter of a posterior: its column's name, its prior, and the operations that it was fitted for."""

    name: str
    prior: Prior
    operations: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Posterior:
    """Equally weighted draws of all parameters; values in shown units, shape (draws, parameters)."""

    folder: Path
    operations: tuple[str, ...]
    parameters: tuple[Held, ...]
    values: Floats
    digest: str


def read(folder: Path) -> Posterior:
    """Read the posterior in a folder that ``stopflow calibrate`` wrote.

    Raises
    ------
    UsageError
        If the folder holds none, or one that is damaged.
    """
    path = folder / DRAWS
    if not path.is_file() or not (folder / MANIFEST).is_file():
        raise UsageError(f"--posterior {folder}: holds no {DRAWS} with its {MANIFEST}; name a folder of 'stopflow calibrate'.")
    try:
        if max(path.stat().st_size, (folder / MANIFEST).stat().st_size) > MOST_BYTES:
            raise ValueError(f"a file is larger than {MOST_BYTES:,} bytes")
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        held = tuple(_held(one) for one in manifest["parameters"])
        operations = tuple(manifest["operations"])
        content = path.read_bytes()
        rows = list(csv.reader(content.decode("utf-8").splitlines()))
        if rows[0] != [one.name for one in held]:
            raise ValueError("its columns are not the parameters of the manifest")
        if len(rows) - 1 > MOST_DRAWS:
            raise ValueError(f"it has more than {MOST_DRAWS:,} draws")
        values = np.array([[float(cell) for cell in row] for row in rows[1:]]).reshape(len(rows) - 1, len(held))
        if not len(values) or not np.isfinite(values).all():
            raise ValueError("a draw is missing or is no number")
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, csv.Error) as problem:
        raise UsageError(f"--posterior {folder}: is damaged ({problem}); calibrate again.") from None
    for at, one in enumerate(held):
        _within_what_is_possible(folder, one, values[:, at])
    return Posterior(folder, operations, held, values, hashlib.sha256(content).hexdigest())


def for_scenario(posterior: Posterior, scenario: ScenarioFile, operation: str | None = None) -> list[int]:
    """Return the columns of a posterior that are parameters of a scenario.

    A parameter that was set with ``--set`` keeps what was set: it is a policy then, and no ignorance.

    Parameters
    ----------
    operation
        Whose parameters to take where several operations have their own; the scenario's own name if not given.

    Raises
    ------
    UsageError
        If nothing fits, or it is not clear whose parameters are meant.
    """
    if operation is not None and operation not in posterior.operations:
        raise UsageError(f"--posterior-of {operation}: {nearest(operation, posterior.operations)}")
    own = operation or Path(scenario.file).stem
    chosen: dict[str, int] = {}
    unclear: dict[str, list[str]] = {}
    for at, held in enumerate(posterior.parameters):
        path = held.prior.path
        evidence = scenario.evidence.get(path)
        if evidence is None or evidence.place.file.startswith("--set"):
            continue
        rivals = [one for one in posterior.parameters if one.prior.path == path and one is not held]
        if not rivals or own in held.operations:
            chosen[path] = at
        elif not any(own in one.operations for one in rivals):
            unclear.setdefault(path, []).extend(held.operations)
    if unclear:
        path, names = next(iter(unclear.items()))
        raise UsageError(
            f"--posterior {posterior.folder}: {path} was fitted for {' and '.join(sorted(set(names)))}; say whose applies "
            f"here with --posterior-of {names[0]}."
        )
    if not chosen:
        raise UsageError(f"--posterior {posterior.folder}: holds no parameter of {scenario.file} that is not set with --set.")
    return sorted(chosen.values())


def plain(prior: Prior) -> dict[str, Any]:
    """Return a prior as plain values for a manifest; :func:`prior_from` makes it again."""
    return {name: getattr(prior, name) for name in Prior.__dataclass_fields__}


def prior_from(told: Mapping[str, Any]) -> Prior:
    """Return the prior of a manifest.

    Raises
    ------
    ValueError
        If it is none.
    """
    prior = Prior(**told)
    texts, numbers = (prior.path, prior.unit, prior.source, prior.grade), (prior.low, prior.value, prior.high)
    if not all(isinstance(text, str) for text in texts) or not all(isinstance(number, int | float) for number in numbers):
        raise ValueError(f"the prior of {told.get('path')} is not readable")
    return prior


def _held(one: dict[str, Any]) -> Held:
    if not all(isinstance(text, str) for text in (one["name"], *one["operations"])):
        raise ValueError("a name is no text")
    return Held(one["name"], prior_from(one["prior"]), tuple(one["operations"]))


def _within_what_is_possible(folder: Path, held: Held, values: Floats) -> None:
    """Refuse draws that no field of a scenario would take: values go into scenarios without further checks."""
    most = 1.0 if held.prior.unit == "share" else math.inf if held.prior.unit in ("minutes", "USD") else 1e5
    if float(values.min()) < 0 or float(values.max()) > min(most, 1e7):
        raise UsageError(f"--posterior {folder}: {held.name} has draws outside what is possible; calibrate again.")
