"""Run a study over its design, and export what came of it."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.commands.shared import (
    MOST_REPLICATIONS,
    MOST_WORKERS,
    EngineOption,
    QuietOption,
    command_line,
    console_for_people,
    engine_to_use,
    progress_bar,
    reproducing_command,
)
from sim.errors import UsageError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from sim.experiment.studies import Study
    from sim.experiment.sweep import Forecast, Outcome

StudyArgument = Annotated[
    str, typer.Argument(metavar="STUDY", help="A study file, or a name that 'stopflow list studies' shows.", show_default=False)
]
StudySetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change the base at every point. Repeatable.")
]
WorkersOption = Annotated[
    int | None,
    typer.Option("--workers", "-w", min=1, max=MOST_WORKERS, help="Processes; all cores if not given. Results are the same."),
]
DaskOption = Annotated[
    str | None,
    typer.Option("--dask", metavar="ADDRESS", help="Work on the Dask cluster there (tcp://HOST:8786), with the extra 'cluster'."),
]
ChunkOption = Annotated[int | None, typer.Option("--chunk", min=1, hidden=True, help="Blocks to a task; results are the same.")]


def sweep(
    study: StudyArgument,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder of the study's store; taken up again if it is there.")
    ] = None,
    replications: Annotated[
        int | None,
        typer.Option("--replications", "-n", min=1, max=MOST_REPLICATIONS, help="Of each point, in place of the study's own."),
    ] = None,
    settings: StudySetOption = None,
    workers: WorkersOption = None,
    engine: EngineOption = "auto",
    dask: DaskOption = None,
    chunk: ChunkOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would take, and leave.")] = False,
    quiet: QuietOption = False,
) -> None:
    """Run a study: every point of its design. Stopped, it is taken up again; a point that fails is written down."""
    from sim.experiment.studies import load_study

    loaded = load_study(study, settings or [], replications=replications)
    folder = out or Path("results") / loaded.name
    processes = workers or os.cpu_count() or 1
    if dry_run:
        _foretell(loaded, folder, processes)
        return
    outcome = run_into(loaded, folder, processes, engine=engine, dask=dask, chunk=chunk, quiet=quiet)
    write_files(loaded, folder, {"engine": outcome.engine})
    if not quiet:
        _show(loaded, folder, outcome, study)
    if outcome.failed or outcome.imprecise:
        print(_complaint(outcome, folder), file=sys.stderr)
        raise typer.Exit(1)


def run_into(
    study: Study,
    folder: Path,
    workers: int,
    *,
    engine: str = "auto",
    dask: str | None = None,
    chunk: int | None = None,
    quiet: bool = False,
) -> Outcome:
    """Run a study into the store in a folder, telling what it will take and how far it is."""
    from sim.experiment.sweep import run_study

    check_folder(folder)
    used = engine_to_use(study.base, engine, study.design.count * study.replications, quiet)
    with executor_at(dask) as executor, progress_bar("replications", quiet, kept=True) as progress:
        return run_study(
            study,
            folder,
            workers=workers,
            engine=used,
            executor=executor,
            chunk=chunk,
            progress=progress,
            announce=None if quiet else lambda told: print(_in_words(study, told, workers, dask), file=sys.stderr),
        )


@contextmanager
def executor_at(dask: str | None) -> Iterator[Executor | None]:
    """Yield the executor of a Dask cluster; None if none was asked for."""
    if dask is None:
        yield None
        return
    from sim.experiment.cluster import dask_executor

    with dask_executor(dask) as executor:
        yield executor


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds something else than a study's store.

    Raises
    ------
    UsageError
        If it is a file, or holds other files, or cannot be made.
    """
    from sim.experiment.store import FILE
    from sim.report.files import refuse_link

    refuse_link(folder, "--out")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--out {folder}: is a file; name a folder.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / FILE).is_file():
        raise UsageError(f"--out {folder}: holds files, but no study; name an empty folder or a new one.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UsageError(f"--out {folder}: cannot be made ({problem.strerror}); name another folder.") from None


def write_files(study: Study, folder: Path, more: dict[str, Any] | None = None) -> None:
    """Write points.csv, summary.csv, report.html and manifest.json of a finished study."""
    from sim.experiment.store import open_store
    from sim.report import discovered, sweeps

    with open_store(folder, write=False) as store:
        results = sweeps.Results(store)
        digest = sweeps.write_points(results, folder / sweeps.POINTS)
        sweeps.write_summary(results, folder / sweeps.SUMMARY)
        started = datetime.now(UTC).isoformat(timespec="seconds")
        facts = {"command": command_line(), "reproduce": reproducing_command(), "started": started, **(more or {})}
        asked = discovered.asked_before(folder)
        if asked and discovered.written_anew(results, asked, folder):
            facts["discovered"] = asked
        sweeps.write_manifest(study, results, folder, digest, facts)


def _foretell(study: Study, folder: Path, workers: int) -> None:
    import tempfile

    from sim.experiment.store import FILE, open_store
    from sim.experiment.sweep import forecast, prepare

    with tempfile.TemporaryDirectory() as nowhere:
        # A dry run writes nothing; only a study that is there already is looked at where it is.
        place = folder if (folder / FILE).is_file() else Path(nowhere)
        with open_store(place, write=True) as store:
            prepare(study, store)
            print(_in_words(study, forecast(study, store, workers), workers, None))


def _in_words(study: Study, told: Forecast, workers: int, dask: str | None) -> str:
    where = f"on the cluster at {dask}" if dask else f"on {workers} worker{'' if workers == 1 else 's'}"
    there = f" {told.present:,} are there already;" if told.present else ""
    if study.precision:
        runs = f"{told.points:,} points, {told.fewest:,} to {told.replications:,} runs (as precision needs):"
        least = "at least "
    else:
        runs = f"{told.points:,} points × {study.replications:,} replications = {told.replications:,} runs:"
        least = ""
    work = f"{least}about {time_in_words(told.seconds)} {where}"
    return f"{study.name}: {runs}{there} {work}, {least}about {size_in_words(told.bytes)} on disk."


def time_in_words(seconds: float) -> str:
    """Return a duration as an estimate deserves: one unit, no false digits."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}" if seconds < 10 * size else f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 1 else "a second"


def size_in_words(size: float) -> str:
    """Return a number of bytes as an estimate deserves."""
    for one, unit in ((1e9, "GB"), (1e6, "MB")):
        if size >= one:
            return f"{size / one:.1f} {unit}"
    return f"{max(1, size / 1e3):.0f} kB"


def _show(study: Study, folder: Path, outcome: Outcome, name: str) -> None:
    from sim.experiment.store import open_store
    from sim.report import sweeps

    console = console_for_people()
    console.print(study.written.title, markup=False, style="bold")
    with open_store(folder, write=False) as store:
        console.print(sweeps.sweep_table(sweeps.Results(store), study.shown_measures))
    more = (
        f" {outcome.points - sweeps.SHOWN_POINTS} more points stand in summary.csv."
        if outcome.points > sweeps.SHOWN_POINTS
        else ""
    )
    console.print(f"Mean ± half its 95% interval over the replications of a point: chance only.{more}", markup=False)
    console.print(
        f"\n{outcome.simulated:,} replications in {time_in_words(outcome.seconds)}. "
        f"Files in {folder}: study.sqlite, report.html, points.csv, summary.csv, manifest.json",
        markup=False,
    )
    more_of_them = f"stopflow sweep {shlex.quote(name)} --out {folder} --replications {2 * study.replications}"
    console.print(
        f"\nNext:  stopflow export {folder} --csv rows.csv   (a row for every replication)\n"
        f"       {more_of_them}   (what is there is kept)",
        markup=False, soft_wrap=True,
    )  # fmt: skip


def _complaint(outcome: Outcome, folder: Path) -> str:
    parts = []
    if outcome.failed:
        parts.append(f"{outcome.failed} of {outcome.points} points failed; the reasons stand in {folder}/points.csv.")
    if outcome.imprecise:
        parts.append(f"{outcome.imprecise} points are not precise enough; raise the study's replications.")
    return " ".join(parts)


def export(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder that 'stopflow sweep --out' wrote.", show_default=False)
    ],
    csv: Annotated[Path | None, typer.Option("--csv", help="File for a row per replication, in canonical order.")] = None,
    parquet: Annotated[Path | None, typer.Option("--parquet", help="The same as Parquet; needs the extra 'parquet'.")] = None,
    quiet: QuietOption = False,
) -> None:
    """Export a study: a row for every replication of every point, with its factors and all measures."""
    from sim.experiment.store import open_store
    from sim.report import sweeps

    if csv is None and parquet is None:
        raise UsageError("nothing to write; name a file with --csv FILE or --parquet FILE.")
    with open_store(folder, write=False) as store:
        results = sweeps.Results(store)
        for path, write in ((csv, sweeps.write_replications), (parquet, sweeps.write_parquet)):
            if path is not None:
                count = write(results, path)
                if not quiet:
                    print(f"{path}: {count:,} rows")
