"""A run under a posterior, read back from its folder: the draws of the parameters and the numbers of every replication.

The folder may come from a stranger: what does not read as it was written is refused with file and line.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sim.calibration.posterior import prior_from
from sim.calibration.uncertainty import Carried
from sim.errors import UsageError
from sim.loading import from_plain
from sim.report import files
from sim.report.calibration_files import carried_columns
from sim.report.record import REPLICATIONS, number_as_written


def read_carried(folder: Path, manifest: Mapping[str, Any]) -> Carried:
    """Return a run under a posterior as it was when it was written.

    Parameters
    ----------
    folder
        What ``stopflow run --posterior`` wrote.
    manifest
        Its manifest.

    Raises
    ------
    UsageError
        If a file is missing or damaged, or the folder is of an earlier version.
    """
    try:
        priors = tuple(prior_from(one) for one in manifest["priors"])
        parameters = tuple(map(str, manifest["parameters"]))
        draws, each = int(manifest["draws"]), int(manifest["replications_of_each"])
        seed, plain = int(manifest["seed"]), manifest["scenario_under_posterior"]
        if len(priors) != len(parameters):
            raise ValueError("priors and parameters are not as many")
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise UsageError(f"{folder / files.MANIFEST}: is damaged or of an earlier version ({problem}); run it again.") from None
    scenario = from_plain(plain, str(manifest.get("scenario_file", folder / files.MANIFEST)))
    columns = carried_columns(scenario, parameters)
    rows = _rows(folder / REPLICATIONS, columns, draws, each)
    table = np.asarray(rows, dtype=np.float64).reshape(draws, each, len(columns) - 2)
    drawn = table[:, :, : len(parameters)]
    if not (drawn == drawn[:, :1]).all():
        raise UsageError(f"{folder / REPLICATIONS}: replications of one draw have other parameters; run it again.")
    return Carried(scenario, seed, parameters, drawn[:, 0], table[:, :, len(parameters) :], priors)


def _rows(path: Path, columns: list[str], draws: int, each: int) -> list[list[float]]:
    if not path.is_file():
        raise UsageError(f"{path}: is missing; run it again.")
    found: list[list[float]] = []
    with path.open(newline="", encoding="utf-8", errors="replace") as stream:
        reader = csv.reader(stream)
        if next(reader, []) != columns:
            raise UsageError(f"{path}:1: the columns are not those of this version of stopflow; run it again.")
        for cells in reader:
            try:
                if len(cells) != len(columns):
                    raise ValueError(f"{len(cells)} cells instead of {len(columns)}")
                if (int(cells[0]), int(cells[1])) != divmod(len(found), each):
                    raise ValueError("the replications are not in order")
                found.append([number_as_written(cell) for cell in cells[2:]])
            except (ValueError, csv.Error) as problem:
                raise UsageError(f"{path}:{reader.line_num}: {problem}; run it again.") from None
    if len(found) != draws * each:
        raise UsageError(f"{path}: holds not {draws} draws with {each} replications each, as the manifest says; run it again.")
    return found
