"""Replicate one scenario."""

from __future__ import annotations

import shlex
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.commands.shared import (
    MOST_REPLICATIONS,
    MOST_WORKERS,
    AuditOption,
    EngineOption,
    QuietOption,
    ScenarioArgument,
    SetOption,
    audits_of,
    command_line,
    console_for_people,
    engine_to_use,
    operation_of,
    progress_bar,
    reproducing_command,
    show_audits,
    wishes_of,
    worker_count,
)
from sim.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table

    from sim.audit.audit import Audit
    from sim.experiment.replications import Result


def run(
    scenario: ScenarioArgument,
    replications: Annotated[
        int | None,
        typer.Option(
            "--replications",
            "-n",
            min=1,
            max=MOST_REPLICATIONS,
            help="How many replications: 100 if not given; with --precision the most that may be used.",
        ),
    ] = None,
    precision: Annotated[
        list[str] | None,
        typer.Option(
            "--precision",
            metavar="[MEASURE=]WIDTH",
            help="Go on until the 95% interval of the mean is this narrow on either side: 5%, detained=3%, "
            "minutes_beyond_task_mean='0.5 min'. Repeatable.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", "-s", min=0, max=2**63 - 1, help="One seed, one answer.")] = 1,
    settings: SetOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the files; results/NAME if not given.", show_default=False)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier result in that folder.")] = False,
    workers: Annotated[
        int | None,
        typer.Option("--workers", "-w", min=1, max=MOST_WORKERS, help="Processes; results are the same with any number."),
    ] = None,
    engine: EngineOption = "auto",
    audit: AuditOption = False,
    posterior: Annotated[
        Path | None,
        typer.Option("--posterior", metavar="DIR", help="Draw parameters from a calibration: chance and ignorance shown apart."),
    ] = None,
    posterior_of: Annotated[
        str | None,
        typer.Option("--posterior-of", metavar="OPERATION", help="Whose parameters, if several operations have their own."),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Replicate one scenario: a table, files, a report."""
    if posterior is not None:
        if audit:
            raise UsageError("--audit and --posterior: choose one; audit the scenario itself.")
        from sim.commands.under_posterior import run_under_posterior

        run_under_posterior(
            scenario, posterior, posterior_of, replications, precision, seed, settings, out, force, workers, quiet
        )
        return
    if posterior_of is not None:
        raise UsageError("--posterior-of goes with --posterior; name the folder of a calibration.")
    from sim.experiment import replications as experiment
    from sim.report import files
    from sim.reported import load

    loaded = load(scenario, settings or [])
    wishes = wishes_of(precision or [], loaded)
    folder = out or files.free_folder(Path(scenario).stem)
    files.check_out(folder, force)
    started, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.perf_counter()
    count = replications or (10_000 if wishes else 100)
    used = engine_to_use(loaded, engine, min(count, experiment.USUAL) if wishes else count, quiet)
    with progress_bar("replications", quiet) as progress:
        result = experiment.run(
            loaded,
            replications=replications,
            precision=wishes,
            seed=seed,
            workers=worker_count(workers, count, used, loaded),
            engine=used,
            progress=progress,
        )
    audits = audits_of({Path(scenario).stem: result}, worker_count(workers, count, used), quiet) if audit else {}
    _write(result, folder, time.perf_counter() - clock, started, audits)
    if not quiet:
        _show(result, folder, scenario)
    show_audits(audits, quiet)
    if result.unmet:
        names = ", ".join(wish.measure for wish in result.unmet)
        print(f"not precise enough after {len(result.values)} replications: {names}; raise --replications.", file=sys.stderr)
        raise typer.Exit(1)


def _write(result: Result, folder: Path, seconds: float, started: str, audits: Mapping[str, Audit]) -> None:
    from sim.report import figures, files, html
    from sim.report.drawing import svg_text

    with files.whole_folder(folder) as inside:
        files.write_summary(result, inside / "summary.csv")
        files.write_replications(result, inside / "replications.csv")
        drawn = {name: svg_text(figure) for name, figure in figures.all_of(result).items()}
        (inside / "figures").mkdir()
        for name, figure in drawn.items():
            figures.save_svg(figure, inside / "figures" / f"{name}.svg")
        told = files.Told(command_line(), reproducing_command(), seconds, started, audits)
        html.write_report(result, inside / "report.html", html.Facts(told.reproduce, files.versions(), audits), drawn)
        files.write_manifest(result, inside, told)


def _show(result: Result, folder: Path, scenario: str) -> None:
    from sim.report.tables import summary_table

    console = console_for_people()
    console.print(f"{result.scenario.title}", markup=False, style="bold")
    table: Table = summary_table(result)
    console.print(table)
    console.print(
        f"90% range: what {len(result.values)} replications gave by chance alone; what nobody knows about the parameters "
        "comes on top ('stopflow explain').",
        markup=False,
    )
    console.print(f"\nFiles in {folder}: report.html, summary.csv, replications.csv, manifest.json, figures/", markup=False)
    console.print(f"Seed {result.seed}, engine {result.engine}, trace digest {result.digest[:16]}…", markup=False)
    name = shlex.quote(scenario)
    what_if = "status_check.limit='10 min'" if operation_of(result.scenario) else "programme.training.task_force.seats=200"
    console.print(
        f"\nNext:  stopflow run {name} --set {what_if}   (a first what-if)\n"
        f"       stopflow replay {folder} --replication 17                (the story of one replication)\n"
        f"       stopflow explain {name}                                  (every parameter and its source)",
        markup=False, soft_wrap=True,
    )  # fmt: skip
