"""Compare scenarios, or hold them against what was reported."""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.commands.shared import (
    MOST_REPLICATIONS,
    MOST_WORKERS,
    AuditOption,
    EngineOption,
    QuietOption,
    audits_of,
    command_line,
    console_for_people,
    engine_to_use,
    progress_bar,
    reproducing_command,
    show_audits,
    wishes_of,
    worker_count,
)
from sim.errors import UsageError, nearest

if TYPE_CHECKING:
    from sim.experiment.arms import Arms
    from sim.experiment.ranking import Rank
    from sim.report.files import Told
    from sim.scenario_file import ScenarioFile

MOST_DRAWS = 10_000
#: Rankings that are shown unless others are asked for: yield, and what it took of others.
RANKED = (
    "detained",
    "referred_then_released",
    "minutes_beyond_task_mean",
    "vehicles_passed_unstopped",
    "released_at_clock",
    "county_cost_usd",
    "agencies_with_agreement",
)
ENOUGH_TO_SHOW_THAT_IT_RUNS = 3


def compare(
    base: Annotated[str, typer.Argument(metavar="BASE", help="The scenario to compare with.", show_default=False)],
    alternatives: Annotated[
        list[str] | None, typer.Argument(metavar="[ALT]...", help="Scenarios to hold against it.", show_default=False)
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Makes one more arm: the base with this change. Repeatable."),
    ] = None,
    arms: Annotated[
        list[str] | None,
        typer.Option(
            "--arm",
            metavar="NAME:KEY=VALUE",
            help="Makes an arm: the base with this change. The same name again adds a change, another name an arm.",
        ),
    ] = None,
    replications: Annotated[
        int | None,
        typer.Option(
            "--replications",
            "-n",
            min=2,
            max=MOST_REPLICATIONS,
            help="How many of each: 100 if not given; with --precision the most allowed; with --posterior for each draw, 10.",
        ),
    ] = None,
    precision: Annotated[
        list[str] | None,
        typer.Option(
            "--precision",
            metavar="[MEASURE=]WIDTH",
            help="Go on until the interval of every arm's difference is this narrow on either side: detained=2, or 10% of the "
            "difference. Repeatable.",
        ),
    ] = None,
    posterior: Annotated[
        Path | None,
        typer.Option(
            "--posterior", help="Draws of unknown parameters (a calibration's folder, or a CSV file): carry them through."
        ),
    ] = None,
    draws: Annotated[int, typer.Option("--draws", min=2, max=MOST_DRAWS, help="How many draws of the posterior.")] = 50,
    best: Annotated[
        list[str] | None,
        typer.Option("--best", metavar="MEASURE[=most|least]", help="Show the ranking of the arms in this measure. Repeatable."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", "-s", min=0, max=2**63 - 1, help="One seed, one answer.")] = 1,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the files; results/compare-NAME if not given.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier result in that folder.")] = False,
    workers: Annotated[int | None, typer.Option("--workers", "-w", min=1, max=MOST_WORKERS)] = None,
    engine: EngineOption = "auto",
    audit: AuditOption = False,
    quiet: QuietOption = False,
) -> None:
    """Compare scenarios on the same people with the same luck: paired differences, and which arm has the most or the least."""
    from sim.experiment.arms import run_arms, run_over_draws
    from sim.experiment.replications import USUAL
    from sim.report import files
    from sim.reported import load

    changes = _changes(base, alternatives or [], settings or [], arms or [])
    scenarios = {name: load(*how) for name, how in changes.items()}
    first = scenarios[next(iter(scenarios))]
    wanted = _wanted(best or [], first)
    wishes = wishes_of(precision or [], first)
    if posterior and audit:
        raise UsageError("--audit and --posterior: choose one; audit the scenarios themselves.")
    if posterior and wishes:
        raise UsageError(
            "--precision and --posterior: choose one; over a posterior say how many with --draws and --replications."
        )
    folder = out or files.free_folder(f"compare-{Path(base).stem}")
    files.check_out(folder, force)
    started, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.perf_counter()
    count = replications or (10_000 if wishes else 10 if posterior else 100)
    processes = worker_count(workers, count * len(scenarios) * (draws if posterior else 1))
    expected = min(count, USUAL) if wishes else count * (draws if posterior else 1)
    used = engine_to_use(first, engine, expected * len(scenarios), quiet)
    with progress_bar(f"{len(scenarios)} arms", quiet) as progress:
        if posterior:
            versions = _versions(posterior, changes, draws, seed)
            found = run_over_draws(versions, replications=count, seed=seed, workers=processes, engine=used, progress=progress)
            # What is written down and shown is each arm as it stands in its file, with its sources, and not under one draw.
            shown = {name: replace(result, scenario=scenarios[name]) for name, result in found.results.items()}
            found = replace(found, results=shown)
        else:
            found = run_arms(
                scenarios, replications=count, precision=wishes, seed=seed, workers=processes, engine=used, progress=progress
            )
    audits = audits_of(found.results, processes, quiet) if audit else {}
    told = files.Told(command_line(), reproducing_command(), time.perf_counter() - clock, started, audits)
    _write(found, wanted, folder, told, str(posterior) if posterior else None)
    if not quiet:
        _show(found, wanted, folder)
    show_audits(audits, quiet)
    if found.unmet:
        named = ", ".join(f"{measure} of {arm}" for arm, measure in found.unmet)
        print(f"not precise enough after {count} replications: {named}; raise --replications.", file=sys.stderr)
        raise typer.Exit(1)


def _changes(base: str, alternatives: list[str], settings: list[str], arms: list[str]) -> dict[str, tuple[str, list[str]]]:
    """Return for every arm, the base first, its scenario and the settings laid over it."""
    changes: dict[str, tuple[str, list[str]]] = {base: (base, [])}
    for name in alternatives:
        changes[_free(name, changes)] = (name, [])
    if settings:
        changes[_free(f"{base} with {', '.join(settings)}", changes)] = (base, settings)
    made: dict[str, tuple[str, list[str]]] = {}
    for text in arms:
        name, colon, setting = text.partition(":")
        if not colon or not name.strip() or "=" in name:
            raise UsageError(f"--arm {text}: write NAME:KEY=VALUE, such as --arm phone:operation.shifts.detail.ice_presence=0.")
        made.setdefault(name.strip(), (base, []))[1].append(setting)
    changes |= {_free(name, changes): how for name, how in made.items()}
    if len(changes) == 1:
        raise UsageError("nothing to compare with; name another scenario, or change this one with --set or --arm.")
    return changes


def _free(name: str, taken: Collection[str]) -> str:
    return next(one for one in (name, *(f"{name} ({number})" for number in range(2, len(taken) + 3))) if one not in taken)


def _versions(posterior: Path, changes: Mapping[str, tuple[str, list[str]]], draws: int, seed: int) -> list[dict[str, Any]]:
    """Return for every draw the scenarios under it; what an arm sets stays as the arm sets it."""
    from sim.experiment.posterior import read_posterior
    from sim.loading import Template

    read = read_posterior(posterior)
    templates = {name: Template.read(*how) for name, how in changes.items()}
    versions = []
    for number, row in enumerate(read.pick(draws, seed)):
        version = {}
        for name, (_, settings) in changes.items():
            own = {setting.partition("=")[0].strip() for setting in settings}
            drawn = {path: value for path, value in read.changes(templates[name], row).items() if path not in own}
            version[name] = templates[name].with_changes(drawn, f"{read.file}, draw {number}").build()
        versions.append(version)
    return versions


def _wanted(texts: list[str], base: ScenarioFile) -> dict[str, str]:
    """Return the measures to rank by, each with whether the most or the least stands first."""
    from sim.experiment.ranking import wanted_of
    from sim.models import model_of

    known = model_of(base).measures(base)
    wanted = {}
    for text in texts:
        name, equals, which = text.partition("=")
        if name not in known:
            raise UsageError(f"--best {text}: '{name}' is not a measure; {nearest(name, known)}")
        if equals and which not in ("most", "least"):
            raise UsageError(f"--best {text}: '{which}' is neither most nor least; write --best {name}=most, or {name}=least.")
        wanted[name] = which or wanted_of(known[name])
    return wanted or {name: wanted_of(known[name]) for name in RANKED if name in known}


def _write(found: Arms, wanted: Mapping[str, str], folder: Path, told: Told, posterior: str | None) -> None:
    from sim.report import comparison_report, comparisons, files
    from sim.report.page import Facts

    with files.whole_folder(folder) as inside:
        files.write_comparison(found.pairs, inside / "comparison.csv")
        comparisons.write_ranking(_ranks(found, wanted, every=True), inside / "ranking.csv")
        more: dict[str, Any] = {}
        if posterior:
            measures = next(iter(found.results.values())).measures.values()
            comparisons.write_spreads(comparisons.spreads(found, measures), inside / "comparison_over_posterior.csv")
            more = {"posterior": posterior, "draws": found.draws}
        files.write_arms(found.results, inside / "replications.csv")
        comparison_report.write(found.pairs, inside, Facts(told.reproduce, files.versions(), told.audits), draws=found.draws)
        files.write_comparison_manifest(found.results, inside, told, more)


def _ranks(found: Arms, wanted: Mapping[str, str], every: bool) -> list[Rank]:
    from sim.experiment.ranking import ranking

    base = next(iter(found.results.values()))
    chosen = base.measures if every else {name: base.measures[name] for name in wanted}
    return [
        rank
        for name, measure in chosen.items()
        for rank in ranking(measure, found.columns(name), wanted.get(name), seed=base.seed)
    ]


def _show(found: Arms, wanted: Mapping[str, str], folder: Path) -> None:
    from sim.report import comparisons, tables

    console = console_for_people()
    console.print(tables.comparison_table(found.pairs))
    arms, pairs = len(found.results) - 1, len(next(iter(found.pairs.values())).values)
    together = f" Intervals hold for all {arms} arms of a measure at once (Bonferroni)." if arms > 1 else ""
    console.print(
        f"{pairs} pairs; × is the factor by which pairing saved variance against independent runs.{together}", markup=False
    )
    print()
    console.print(comparisons.ranking_table(_ranks(found, wanted, every=False)))
    console.print(
        "First is no more than the most or the least; --best MEASURE=most|least chooses. All stand in ranking.csv.", markup=False
    )
    names = "report.html, comparison.csv, ranking.csv, manifest.json, figures/"
    if found.draws:
        print()
        measures = next(iter(found.results.values())).measures.values()
        console.print(comparisons.spread_table(comparisons.spreads(found, measures), wanted))
        console.print(
            f"Over {found.draws} draws of the posterior: what nobody knows; chance within a draw is averaged.", markup=False
        )
        names = names.replace("comparison.csv", "comparison.csv, comparison_over_posterior.csv")
    console.print(f"\nFiles in {folder}: {names}", markup=False)


def reproduce(
    scenarios: Annotated[
        list[str] | None, typer.Argument(metavar="[SCENARIO]...", help="All shipped ones if none is named.")
    ] = None,
    replications: Annotated[int, typer.Option("--replications", "-n", min=2, max=MOST_REPLICATIONS)] = 100,
    seed: Annotated[int, typer.Option("--seed", "-s", min=0, max=2**63 - 1)] = 7,
    workers: Annotated[int | None, typer.Option("--workers", "-w", min=1, max=MOST_WORKERS)] = None,
    engine: EngineOption = "auto",
    audit: AuditOption = False,
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
    if audit:
        show_audits(audits_of(results, worker_count(workers, replications), quiet=False), quiet=False)
    if outside:
        raise typer.Exit(1)
