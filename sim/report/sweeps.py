"""The files and tables of a sweep, read from its store point by point, so that memory does not grow with it.

Rows stand in a canonical order (point, then replication or measure) and numbers have the shortest digits that read back to the
same number: the files of a study are the same to the last byte, however and how often it was run.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray
from rich.markup import escape
from rich.table import Table

from sim import __version__
from sim.errors import UsageError, printable
from sim.experiment.replications import summarise
from sim.experiment.store import FILE, PointRow, Store, digest_of_point, model_digest, run_key
from sim.experiment.studies import Study
from sim.report.files import MANIFEST, SWEEP, commit, hashes, number_text, refuse_link, sealed, versions
from sim.report.numbers import in_words
from sim.report.text_files import Rows

SUMMARY = "summary.csv"
POINTS = "points.csv"
REPORT = "report.html"
_NUMBERS = ("mean", "sd", "p05", "median", "p95", "ci_low", "ci_high")
LONGEST_WORDS = 2_000
#: Points that are shown in a terminal.
SHOWN_POINTS = 40
SHOWN_MEASURES = 6


@dataclass(frozen=True, slots=True)
class PointMean:
    """A point's factors as they are shown, and the mean of a measure there."""

    shown: list[float | str]
    mean: float


class Results:
    """What a store says of its study: its columns, and the results of its points in their order."""

    def __init__(self, store: Store) -> None:
        self.store = store
        told = store.about("columns")
        if told is None:
            raise UsageError(f"{FILE}: holds no study yet; run 'stopflow sweep' first.")
        try:
            columns = json.loads(told)
            self.name = printable(str(store.about("study")))
            self.seed = int(store.about("seed") or 0)
            self.factors = [_words_of(one, ("name", "unit", "role")) for one in columns["factors"]]
            self.measures = [_words_of(one, ("name", "unit", "group", "definition")) for one in columns["measures"]]
            self.shown = [name for name in columns["shown"] if name in self.measure_names]
            if not self.measures or len(self.shown) < len(columns["shown"]):
                raise ValueError("a measure is missing")
        except (ValueError, KeyError, TypeError, RecursionError) as problem:
            raise UsageError(f"{FILE}: what it says of its columns is damaged ({problem}); start the study anew.") from None

    @property
    def factor_names(self) -> list[str]:
        """The factors in the order of their columns."""
        return [one["name"] for one in self.factors]

    @property
    def measure_names(self) -> list[str]:
        """All measures in the order of their columns."""
        return [one["name"] for one in self.measures]

    def unit(self, measure: str) -> str:
        """Return the unit of a measure."""
        return next(one["unit"] for one in self.measures if one["name"] == measure)

    def points(self) -> Iterator[PointRow]:
        """Yield all points."""
        return self.store.points()

    def values(self, row: PointRow) -> tuple[NDArray[np.float64], list[str]]:
        """Return a finished point's values, shape (replications, measures), and the digests of its traces."""
        return self.store.read(run_key(str(row.scenario), self.seed), row.used or 0, len(self.measures))

    def finished(self) -> Iterator[tuple[PointRow, NDArray[np.float64], list[str]]]:
        """Yield the points that have results, with them.

        Raises
        ------
        UsageError
            If a point has not been run to its end, or by another version of the model.
        """
        for row in self.points():
            if row.error is not None:
                continue
            if len(row.shown) != len(self.factors):
                raise UsageError(f"{FILE}: point {row.point} is damaged (its factors are others); start the study anew.")
            values, digests = self.values(row) if row.used else (np.empty((0, 0)), [])
            if row.used is None or len(values) < row.used:
                raise UsageError(
                    f"point {row.point} of the study '{self.name}' is not finished (or was run by another version of stopflow); "
                    "run the same 'stopflow sweep' again, and it goes on where it stopped."
                )
            yield row, values, digests


def _words_of(said: Mapping[str, Any], keys: Sequence[str]) -> dict[str, str]:
    """Return what a store says of a column, shown and not obeyed by a terminal."""
    return {key: printable(str(said[key]))[:LONGEST_WORDS] for key in keys}


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """Yield a text file that takes its name only when it is complete.

    Raises
    ------
    UsageError
        If it cannot be written.
    """
    refuse_link(path, "")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.absolute().parent)
    except OSError as problem:
        raise UsageError(f"{path}: cannot be written ({problem.strerror}); name another place.") from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", newline="", encoding="utf-8") as stream:
            yield stream
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as problem:
        raise UsageError(f"{path}: cannot be written ({problem.strerror}); free some room or name another place.") from None
    finally:
        temporary.unlink(missing_ok=True)


def write_replications(results: Results, path: Path) -> int:
    """Write a row for every replication of every point, with factors and all measures; return how many."""
    count = 0
    with whole_file(path) as stream:
        writer = Rows(stream)
        writer.writerow(["point", "replication", *results.factor_names, *results.measure_names])
        for row, values, _ in results.finished():
            head = _cells(row)
            for number, numbers in enumerate(values.tolist()):
                writer.writerow([row.point, number, *head, *map(number_text, numbers)])
            count += len(values)
    return count


def write_parquet(results: Results, path: Path) -> int:
    """Write the same rows as Parquet, by way of DuckDB.

    Raises
    ------
    UsageError
        If the extra is not installed, or the file cannot be written.
    """
    try:
        import duckdb
    except ImportError:
        raise UsageError("--parquet needs DuckDB; install it with: pip install 'stopflow[parquet]'") from None
    with tempfile.TemporaryDirectory(dir=path.absolute().parent if path.absolute().parent.is_dir() else None) as folder:
        plain = Path(folder) / "rows.csv"
        count = write_replications(results, plain)
        kinds = {"point": "BIGINT", "replication": "BIGINT"}
        kinds |= {one["name"]: "VARCHAR" if one["unit"] == "choice" else "DOUBLE" for one in results.factors}
        kinds |= dict.fromkeys(results.measure_names, "DOUBLE")
        whole = Path(folder) / "rows.parquet"
        try:
            with duckdb.connect() as connection:
                rows = connection.read_csv(str(plain), header=True, dtype=_textual(results, kinds), null_padding=False)
                rows.write_parquet(str(whole), compression="zstd")
            whole.replace(path)
        except (duckdb.Error, OSError) as problem:
            raise UsageError(f"--parquet {path}: cannot be written ({problem}); name another place.") from None
    return count


def _textual(results: Results, kinds: Mapping[str, str]) -> dict[str, str]:
    """Return the kinds of the columns; a factor of numbers that is somewhere a word (a limit of none) is text throughout."""
    found = dict(kinds)
    for row in results.points():
        for name, value in zip(results.factor_names, row.shown, strict=True):
            if isinstance(value, str):
                found[name] = "VARCHAR"
    return found


def _cells(row: PointRow) -> list[str]:
    return [value if isinstance(value, str) else number_text(value) for value in row.shown]


def write_summary(results: Results, path: Path) -> None:
    """Write ``summary.csv``: a row for every point and measure shown, with the 95% interval of its mean."""
    with whole_file(path) as stream:
        writer = Rows(stream)
        writer.writerow(["point", *results.factor_names, "measure", "unit", *_NUMBERS, "replications"])
        columns = [results.measure_names.index(name) for name in results.shown]
        units = [results.unit(name) for name in results.shown]
        for row, values, _ in results.finished():
            head = [row.point, *_cells(row)]
            for name, unit, column in zip(results.shown, units, columns, strict=True):
                one = summarise(values[:, column])
                numbers = (number_text(getattr(one, number)) for number in _NUMBERS)
                writer.writerow([*head, name, unit, *numbers, one.replications])


def write_points(results: Results, path: Path) -> str:
    """Write ``points.csv``: a row for every point, failed ones with their error; return one digest over all results."""
    whole = hashlib.sha256()
    with whole_file(path) as stream:
        writer = Rows(stream)
        writer.writerow(["point", *results.factor_names, "replications", "precise", "trace_digest", "error"])
        for row in results.points():
            digest = digest_of_point(results.values(row)[1]) if row.error is None and row.used else ""
            whole.update(f"{row.point}/{digest}\n".encode())
            precise = "" if row.error is not None else ("yes" if row.met else "no")
            writer.writerow([row.point, *_cells(row), row.used or 0, precise, digest, row.error or ""])
    return whole.hexdigest()


def write_manifest(study: Study, results: Results, folder: Path, digest: str, facts: Mapping[str, Any]) -> None:
    """Write ``report.html``, and ``manifest.json``: all that is needed to repeat the sweep and to see that nothing has changed.

    Parameters
    ----------
    study
        As it was run.
    results
        What came of it.
    folder
        The folder of its store, in which everything else is written already.
    digest
        What :func:`write_points` returned.
    facts
        What only the command knows: ``command``, ``reproduce``, ``engine``; for a sensitivity analysis its method.
    """
    total, failed = results.store.count_points()
    manifest = {
        "kind": SWEEP,
        "stopflow": __version__,
        **facts,
        "study_file": Path(study.file).name,
        **study.resolved(),
        "factors": {one.name: {"sets": list(one.sets), "listed": one.values is not None} for one in study.factors.values()},
        "seed": study.seed,
        "points": total,
        "failed_points": failed,
        "columns": {"factors": results.factors, "measures": results.measures},
        "results_digest": digest,
        "model_digest": model_digest(),
        "versions": versions(),
        "commit": commit(),
    }
    write_report(folder, manifest)
    text = sealed(manifest, hashes(folder))
    with whole_file(folder / MANIFEST) as stream:
        stream.write(text)


def write_report(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write ``report.html`` of a sweep from what stands in its folder."""
    from sim.report.reports import facts_of, page_of_sweep

    with whole_file(folder / REPORT) as stream:
        stream.write(page_of_sweep(folder, manifest, facts_of(manifest)))


def sweep_table(results: Results, measures: Sequence[str]) -> Table:
    """Return the table of a sweep: the points, and the mean of some measures with its interval's half-width."""
    chosen = list(measures)[:SHOWN_MEASURES]
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column("point", justify="right", style="dim")
    for factor in results.factors:
        unit = "" if factor["unit"] == "choice" else f"\n[dim]{factor['unit']}[/dim]"
        table.add_column(f"{escape(_short(factor['name']))}{unit}", justify="right", overflow="fold")
    for name in chosen:
        table.add_column(f"{name}\n[dim]{results.unit(name)}[/dim]", justify="right", overflow="fold")
    for row in results.points():
        if row.point >= SHOWN_POINTS:
            break
        factors = [escape(value) if isinstance(value, str) else f"{value:g}" for value in row.shown]
        if row.error is not None:
            table.add_row(str(row.point), *factors, "[red]failed[/red]")
            continue
        values, _ = results.values(row)
        table.add_row(str(row.point), *factors, *(_mean_text(values, results, name) for name in chosen))
    return table


def _short(name: str) -> str:
    """Return the last two words of a dotted path, one below the other: the whole path stands in the files."""
    return "\n".join(name.split(".")[-2:])


def _mean_text(values: NDArray[np.float64], results: Results, name: str) -> str:
    unit = results.unit(name)
    one = summarise(values[:, results.measure_names.index(name)])
    half = (one.ci_high - one.ci_low) / 2
    return f"{in_words(one.mean, unit)} [dim]±{in_words(half, unit)}[/dim]" if half > 0 else in_words(one.mean, unit)


def point_means(results: Results, measure: str) -> list[PointMean]:
    """Return the mean of one measure at every point that has results, with the point's factors."""
    column = results.measure_names.index(measure)
    found = []
    for row, values, _ in results.finished():
        known = values[:, column][np.isfinite(values[:, column])]
        found.append(PointMean(row.shown, math.fsum(known) / len(known) if len(known) else math.nan))
    return found


def factor_columns(results: Results, rows: Sequence[PointMean]) -> dict[str, Any]:
    """Return every factor's values by point: numbers, or words where any of them is a word."""
    found: dict[str, Any] = {}
    for number, name in enumerate(results.factor_names):
        values = [row.shown[number] for row in rows]
        words = any(isinstance(value, str) for value in values)
        found[name] = (
            np.asarray([value if isinstance(value, str) else f"{value:g}" for value in values], dtype=object)
            if words
            else np.asarray(values, dtype=np.float64)
        )
    return found
