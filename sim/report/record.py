"""A result folder read back: which scenarios were run, and the numbers of every replication.

The folder may come from a stranger: what does not read as it was written is refused with file and line.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim.csv_reader import csv_rows
from sim.errors import UsageError
from sim.experiment.replications import MOST, Precision, Result
from sim.loading import from_plain
from sim.models import model_of
from sim.report import files
from sim.scenario_file import ScenarioFile
from sim.units import shown

REPLICATIONS = "replications.csv"


@dataclass(frozen=True, slots=True)
class Arm:
    """One scenario of a record, with the digests that were written down for it."""

    name: str
    scenario: ScenarioFile
    scenario_digest: str
    trace_digest: str


@dataclass(frozen=True, slots=True)
class Record:
    """What a result folder says of itself; a run has one arm, a comparison its base and further ones."""

    folder: Path
    kind: str
    manifest: Mapping[str, Any]
    seed: int
    replications: int
    arms: tuple[Arm, ...]


def read_record(folder: Path) -> Record:
    """Return what a result folder says of itself.

    Parameters
    ----------
    folder
        A folder that ``stopflow run`` or ``stopflow compare`` wrote.

    Raises
    ------
    UsageError
        If it is none, or its manifest is damaged.
    """
    manifest = files.read_manifest(folder)
    place = str(folder / files.MANIFEST)
    kind = manifest.get("kind", files.RUN)
    try:
        if kind in (files.CALIBRATION, files.UNDER_POSTERIOR):
            raise UsageError(f"{folder}: is no plain run but a calibration or a run under one; name a folder of 'stopflow run'.")
        if kind == files.RUN:
            arms = [_arm(str(manifest.get("scenario_file", "")).removesuffix(".yaml"), manifest, place)]
        elif kind in (files.COMPARISON, files.POSTERIOR_COMPARISON):
            arms = [_arm(name, arm, place) for name, arm in manifest["arms"].items()]
        else:
            raise UsageError(f"{place}: kind: '{kind}' is not one that this version of stopflow reads; use run or comparison.")
        seed, replications = (_whole(manifest[name]) for name in ("seed", "replications"))
        if not arms or not 0 < replications <= MOST:
            raise TypeError(f"{len(arms)} scenarios, {replications} replications")
        if kind == files.POSTERIOR_COMPARISON and (not (draws := _whole(manifest["draws"])) or replications % draws):
            raise TypeError(f"{replications} replications over {draws} draws")
        return Record(folder, kind, manifest, seed, replications, tuple(arms))
    except (KeyError, TypeError, AttributeError, IndexError) as problem:
        raise UsageError(f"{place}: is damaged ({problem}); run the scenario again.") from None


def _whole(number: object) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 2**63:
        raise TypeError(f"{shown(number)} is not a whole number")
    return number


def _arm(name: str, said: Mapping[str, Any], place: str) -> Arm:
    return Arm(name, from_plain(said["scenario"], place), str(said["scenario_digest"]), str(said["trace_digest"]))


def read_results(record: Record) -> dict[str, Result]:
    """Return the results of every arm by name, as they were when they were written.

    Raises
    ------
    UsageError
        If ``replications.csv`` is missing, damaged, or of a version with other measures.
    """
    path = files.own_file(record.folder, REPLICATIONS)
    if path is None:
        raise UsageError(f"{record.folder}: holds no {REPLICATIONS}, from which the numbers are read; run the scenario again.")
    measures = list(model_of(record.arms[0].scenario).measures(record.arms[0].scenario))
    values: list[list[list[float]]] = [[] for _ in record.arms]
    digests: list[list[str]] = [[] for _ in record.arms]
    for arm, row, digest in _rows(path, record, measures):
        values[arm].append(row)
        digests[arm].append(digest)
    short = next((arm.name for arm, rows in zip(record.arms, values, strict=True) if len(rows) != record.replications), None)
    if short is not None:
        raise UsageError(f"{path}: holds not {record.replications} replications of {short}, as the manifest says.")
    engine, unmet = str(record.manifest.get("engine", "")), _unmet(record)
    return {
        arm.name: Result(arm.scenario, record.seed, engine, np.asarray(rows), tuple(told), unmet)
        for arm, rows, told in zip(record.arms, values, digests, strict=True)
    }


def _unmet(record: Record) -> tuple[Precision, ...]:
    """Return the wishes for precision that the run could not fulfil."""
    try:
        wishes = [Precision(str(one["measure"]), float(one["half_width"]), bool(one["relative"])) for one in _unmet_rows(record)]
    except (KeyError, TypeError, ValueError) as problem:
        raise UsageError(f"{record.folder / files.MANIFEST}: unmet: is damaged ({problem}); run the scenario again.") from None
    return tuple(wishes)


def _unmet_rows(record: Record) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = record.manifest.get("unmet", [])
    return rows


def _rows(path: Path, record: Record, measures: list[str]) -> Iterator[tuple[int, list[float], str]]:
    """Yield arm, values and digest of each row; the numbers of the replications must run on from 0."""
    before = [] if record.kind == files.RUN else ["arm"]
    columns = [*before, "replication", *measures, "trace_digest"]
    expected = [0] * len(record.arms)
    rows = csv_rows(path)
    header = next(rows, (1, []))[1]
    if header != columns:
        odd = next((name for name in [*header, *columns] if (name in header) != (name in columns)), "another order")
        raise UsageError(
            f"{path}:1: the columns are not those of this version of stopflow ({odd[:60]}); "
            f"read it with stopflow {record.manifest.get('stopflow')}."
        )
    for line, cells in rows:
        try:
            if len(cells) != len(columns):
                raise ValueError(f"{len(cells)} cells instead of {len(columns)}")
            arm = int(cells[0]) if before else 0
            if arm not in range(len(expected)) or int(cells[len(before)]) != expected[arm]:
                raise ValueError("the replications are not in order")
            expected[arm] += 1
            if expected[arm] > record.replications:
                raise ValueError(f"more than the {record.replications} replications of the manifest")
            found = arm, [number_as_written(cell) for cell in cells[len(before) + 1 : -1]], cells[-1]
        except ValueError as problem:
            raise UsageError(f"{path}:{line}: {problem}; run the scenario again.") from None
        yield found


def number_as_written(cell: str) -> float:
    """Return the number in a cell, NaN if it is empty; ValueError if stopflow would not write it so."""
    number = float(cell) if cell else math.nan
    if cell and files.number_text(number) != cell:
        raise ValueError(f"'{cell[:40]}' is not a number as stopflow writes it")
    return number
