"""Compare scenarios, or hold them against what was reported."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.commands.shared import (
    MOST_REPLICATIONS,
    MOST_WORKERS,
    EngineOption,
    QuietOption,
    command_line,
    console_for_people,
    progress_bar,
    worker_count,
)
from sim.errors import UsageError

ENOUGH_TO_SHOW_THAT_IT_RUNS = 3


def compare(
    base: Annotated[str, typer.Argument(metavar="BASE", help="The scenario to compare with.", show_default=False)],
    arms: Annotated[
        list[str] | None, typer.Argument(metavar="[ALT]...", help="Scenarios to hold against it.", show_default=False)
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Makes one more arm: the base with this change. Repeatable."),
    ] = None,
    replications: Annotated[int, typer.Option("--replications", "-n", min=2, max=MOST_REPLICATIONS)] = 100,
    seed: Annotated[int, typer.Option("--seed", "-s", min=0, max=2**63 - 1, help="One seed, one answer.")] = 1,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for comparison.csv and manifest.json.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier result in that folder.")] = False,
    workers: Annotated[int | None, typer.Option("--workers", "-w", min=1, max=MOST_WORKERS)] = None,
    quiet: QuietOption = False,
) -> None:
    """Compare scenarios on the same people with the same luck: paired differences."""
    from sim.experiment import replications as experiment
    from sim.report import files, tables
    from sim.reported import load

    scenarios = {base: load(base)} | {arm: load(arm) for arm in arms or []}
    if settings:
        scenarios[f"{base} with {', '.join(settings)}"] = load(base, settings)
    if len(scenarios) == 1:
        raise UsageError("nothing to compare with; name another scenario, or change this one with --set.")
    folder = out or files.free_folder(f"compare-{Path(base).stem}")
    files.check_out(folder, force)
    results = {}
    for number, (name, scenario) in enumerate(scenarios.items()):
        with progress_bar(f"arm {number + 1} of {len(scenarios)}", quiet) as progress:
            results[name] = experiment.run(
                scenario, replications=replications, seed=seed, workers=worker_count(workers, replications), progress=progress
            )
    with files.whole_folder(folder) as inside:
        files.write_comparison(results, inside / "comparison.csv")
        files.write_comparison_manifest(results, inside, command_line())
    if not quiet:
        console = console_for_people()
        console.print(tables.comparison_table(results))
        console.print(f"\nFiles in {folder}: comparison.csv, manifest.json", markup=False)


def reproduce(
    scenarios: Annotated[
        list[str] | None, typer.Argument(metavar="[SCENARIO]...", help="All shipped ones if none is named.")
    ] = None,
    replications: Annotated[int, typer.Option("--replications", "-n", min=2, max=MOST_REPLICATIONS)] = 100,
    seed: Annotated[int, typer.Option("--seed", "-s", min=0, max=2**63 - 1)] = 7,
    workers: Annotated[int | None, typer.Option("--workers", "-w", min=1, max=MOST_WORKERS)] = None,
    engine: EngineOption = "auto",
) -> None:
    """Run scenarios and show in one table whether what was reported lies in the simulated range."""
    from sim.experiment import replications as experiment
    from sim.loading import shipped
    from sim.report import tables
    from sim.reported import load

    results = {}
    for name in scenarios or [path.stem for path in shipped()]:
        loaded = load(name)
        # Where nothing was reported there is nothing to hold against; a few replications show that it runs.
        count = replications if loaded.reported else min(replications, ENOUGH_TO_SHOW_THAT_IT_RUNS)
        with progress_bar(name, quiet=False) as progress:
            results[name] = experiment.run(
                loaded, replications=count, seed=seed, workers=worker_count(workers, count), engine=engine, progress=progress
            )
    table, outside = tables.reproduction_table(results)
    console_for_people().print(table)
    print(f"{outside or 'no'} target{'' if outside == 1 else 's'} outside the 90% range of {replications} replications.")
    if outside:
        raise typer.Exit(1)
