"""Replications of a sweep, of a run under a posterior and of a calibration, run again here and held against what is written.

Simulations are whole-number arithmetic on drawn numbers, and are asked for to the last digit. The fit of a calibration is
linear algebra in floating point, which processors and libraries round differently in the last digits: it is asked for to one
in a million.
"""

from __future__ import annotations

import csv
import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim.calibration.simulate import column_of, with_values
from sim.calibration.study import Predicted, calibrate, prediction_seed, set_beside
from sim.calibration.uncertainty import Carried
from sim.errors import StopflowError, UsageError
from sim.experiment.quantities import quantity
from sim.experiment.replications import run_block
from sim.experiment.studies import SCENARIO
from sim.loading import Template, from_plain
from sim.report import calibration_files, files
from sim.report.calibration_report import rows_of
from sim.report.sweeps import Results
from sim.scenario_file import ScenarioFile

Done = Callable[[int, int], None]
#: How far the numbers of a fit may lie apart between two machines, as a share of the larger.
SAME = 1e-6
FITTED = ("posterior.csv", "calibration.csv", "predictive.csv", "ridges.csv", "stages.csv", "emulator.csv")


def sample(total: int, count: int, key: str) -> list[int]:
    """Return which of some replications to run again: first, last, and others that a hash of the record picks."""
    last = total - 1
    chosen = [0, last][:count]
    number = 0
    while len(set(chosen)) < min(count, total):
        spread = hashlib.sha256(f"{key}/{number}".encode()).digest()
        chosen.append(int.from_bytes(spread[:8], "big") % total)
        number += 1
    return sorted(set(chosen))


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many replications were run again, of how many, and which of them differ."""

    again: int
    of: int
    differing: tuple[str, ...]


# --- sweeps ---------------------------------------------------------------------------------------------------------


def sweep(results: Results, manifest: Mapping[str, Any], count: int, done: Done) -> Replayed:
    """Run a sample of a sweep's replications again, over all points together."""
    rows = [row for row in results.points() if row.error is None and row.used]
    ends = np.cumsum([row.used or 0 for row in rows]).tolist()
    total = ends[-1] if ends else 0
    chosen = sample(total, count, str(manifest.get("results_digest"))) if total else []
    templates = {name: Template.of(from_plain(plain, name)) for name, plain in manifest["scenarios"].items()}
    differing: list[str] = []
    by_point: dict[int, list[int]] = {}
    for place in chosen:
        position = int(np.searchsorted(ends, place, side="right"))
        by_point.setdefault(position, []).append(place - (ends[position] - (rows[position].used or 0)))
    number = 0
    for position, replications in by_point.items():
        row, (values, digests) = rows[position], results.values(rows[position])
        scenario = scenario_at(row.written, manifest, templates)
        if scenario.digest != row.scenario:
            differing.append(f"point {row.point} (another scenario)")
        for replication in replications:
            (found,), (digest,) = run_block(scenario, results.seed, replication, 1)
            if digest != digests[replication]:
                differing.append(f"point {row.point}, replication {replication} (another trace)")
            elif not _same(found, values[replication].tolist()):
                differing.append(f"point {row.point}, replication {replication} (other numbers)")
            number += 1
            done(number, len(chosen))
    return Replayed(len(chosen), total, tuple(differing))


def scenario_at(written: Mapping[str, Any], manifest: Mapping[str, Any], templates: Mapping[str, Template]) -> ScenarioFile:
    """Return the scenario of one point of a sweep, from what its manifest says of scenarios and factors."""
    base = str(manifest["study"]["base"])
    changes: dict[str, Any] = {}
    for name, value in written.items():
        if name == SCENARIO:
            continue
        factor = manifest["factors"][name]
        one = None if factor["listed"] else quantity(templates[base], factor["sets"][0])
        changes |= {path: one.written(value) if one else value for path in factor["sets"]}
    return templates[str(written.get(SCENARIO, base))].with_changes(changes, "a point of the sweep").build()


def _same(found: list[float], told: list[float]) -> bool:
    return [files.number_text(value) for value in found] == [files.number_text(value) for value in told]


# --- runs under a posterior -----------------------------------------------------------------------------------------


def carried(run: Carried, count: int, done: Done) -> Replayed:
    """Run a sample of the replications of a run under a posterior again."""
    draws, each, _ = run.values.shape
    chosen = sample(draws * each, count, run.digest)
    differing = []
    for number, place in enumerate(chosen):
        draw, again = divmod(place, each)
        scenario = with_values(run.scenario, run.priors, run.drawn[draw].tolist())
        (found,), _ = run_block(scenario, run.seed, place, 1)
        if not _same(found, run.values[draw, again].tolist()):
            differing.append(f"draw {draw}, replication {again}")
        done(number + 1, len(chosen))
    return Replayed(len(chosen), draws * each, tuple(differing))


# --- calibrations ---------------------------------------------------------------------------------------------------


class Calibrated:
    """The folder of a calibration, as far as it is needed to do its work again.

    Raises
    ------
    UsageError
        If a file is missing or damaged, or the folder is of an earlier version.
    """

    def __init__(self, folder: Path, manifest: Mapping[str, Any]) -> None:
        from sim.calibration.posterior import read

        self.folder, self.manifest = folder, manifest
        try:
            self.asked = dict(manifest["asked"])
            self.scenarios = {name: from_plain(plain, f"{name}.yaml") for name, plain in manifest["scenarios"].items()}
            self.count = int(manifest["predictions"])
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            place = folder / files.MANIFEST
            raise UsageError(f"{place}: is damaged or of an earlier version ({problem}); calibrate again.") from None
        self.posterior = read(folder)
        self.told: dict[tuple[str, str], dict[int, str]] = {}
        for row in rows_of(folder, calibration_files.PREDICTIONS, largest=500_000_000):
            try:
                self.told.setdefault((row["operation"], row["measure"]), {})[int(row["prediction"])] = row["value"]
            except (KeyError, TypeError, ValueError) as problem:
                raise UsageError(f"{folder / calibration_files.PREDICTIONS}: is damaged ({problem}); calibrate again.") from None

    def predicted(self) -> list[Predicted]:
        """Return every reported figure beside what the predictions counted."""
        found = []
        for name, scenario in self.scenarios.items():
            for measure, figure in scenario.reported.items():
                column = [float(value) if value else np.nan for value in self.told.get((name, measure), {}).values()]
                row = set_beside(name, measure, figure, np.asarray(column, dtype=np.float64))
                found += [row] if row else []
        return found

    def replay(self, count: int, done: Done) -> Replayed:
        """Run a sample of the predictions again at the draws in ``posterior.csv``."""
        pairs = [(name, number) for name in self.scenarios for number in range(self.count)]
        chosen = sample(len(pairs), count, self.posterior.digest) if pairs else []
        differing = []
        for step, place in enumerate(chosen):
            name, number = pairs[place]
            found = self._predict(name, number)
            told = {measure: self.told.get((name, measure), {}).get(number) for measure in found}
            if found != told:
                differing.append(f"{name}, prediction {number}")
            done(step + 1, len(chosen))
        return Replayed(len(chosen), len(pairs), tuple(differing))

    def _predict(self, name: str, number: int) -> dict[str, str]:
        scenario = self.scenarios[name]
        held = [(at, one.prior) for at, one in enumerate(self.posterior.parameters) if name in one.operations]
        draw = self.posterior.values[number * len(self.posterior.values) // self.count]
        there = with_values(scenario, [prior for _, prior in held], [float(draw[at]) for at, _ in held])
        (values,), _ = run_block(there, prediction_seed(int(self.manifest["seed"]), name), number, 1)
        return {measure: files.number_text(values[column_of(scenario, measure)]) for measure in scenario.reported}

    def fit_again(self, done: Done) -> Iterator[tuple[str, str]]:
        """Fit once more from scenarios, seed and sizes; yield each table with how it differs, which is nothing if it does not."""
        try:
            fitted = calibrate(
                list(self.scenarios.values()), **self.asked, progress=lambda what, part, whole: done(int(part), int(whole))
            )
        except (StopflowError, TypeError) as problem:
            yield FITTED[0], f"cannot be fitted again: {problem}"
            return
        with tempfile.TemporaryDirectory() as scratch:
            calibration_files.write_tables(fitted, Path(scratch))
            for name in FITTED:
                yield name, apart(self.folder / name, Path(scratch) / name)


def apart(there: Path, here: Path) -> str:
    """Return how two tables of a fit differ by more than rounding; nothing if they do not."""
    if not there.is_file():
        return "is missing"
    if there.read_bytes() == here.read_bytes():
        return ""
    tables = []
    for path in (there, here):
        with path.open(newline="", encoding="utf-8", errors="replace") as stream:
            tables.append(list(csv.reader(stream)))
    if [len(row) for row in tables[0]] != [len(row) for row in tables[1]]:
        return "has other rows"
    for line, (told, found) in enumerate(zip(*tables, strict=True), start=1):
        for one, other in zip(told, found, strict=True):
            if one != other and not _close(one, other):
                return f"line {line}: {one} there, {other} here"
    return ""


def _close(one: str, other: str) -> bool:
    try:
        first, second = float(one), float(other)
    except ValueError:
        return False
    return abs(first - second) <= SAME * max(abs(first), abs(second))
