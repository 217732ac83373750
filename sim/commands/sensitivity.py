"""What the answer hangs on, and where a policy fails."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.commands.shared import MOST_REPLICATIONS, EngineOption, QuietOption, console_for_people
from sim.commands.sweep import ChunkOption, DaskOption, StudyArgument, StudySetOption, WorkersOption, run_into, write_files
from sim.errors import UsageError, nearest

if TYPE_CHECKING:
    from sim.experiment.discovery import Box, Threshold
    from sim.experiment.sensitivity import Index, Plan
    from sim.experiment.studies import Study
    from sim.report.sweeps import Results


class Method(StrEnum):
    """Ways to ask what matters."""

    tornado = "tornado"
    sobol = "sobol"
    morris = "morris"
    pawn = "pawn"


def sensitivity(
    study: StudyArgument,
    method: Annotated[
        Method,
        typer.Option(
            "--method",
            help="tornado: each factor alone, low to high; sobol: shares of variance; morris: many factors, few runs; "
            "pawn: whole distributions, and draws of a posterior.",
        ),
    ] = Method.tornado,
    points: Annotated[
        int | None,
        typer.Option(
            "--points", min=1, max=100_000, help="Rows of the base samples (sobol), trajectories (morris), points (pawn)."
        ),
    ] = None,
    posterior: Annotated[
        Path | None,
        typer.Option("--posterior", help="Draws in place of ranges (a calibration's folder, or a CSV file); pawn only."),
    ] = None,
    measures: Annotated[
        list[str] | None, typer.Option("--measure", metavar="NAME", help="In place of the study's measures. Repeatable.")
    ] = None,
    replications: Annotated[
        int | None, typer.Option("--replications", "-n", min=1, max=MOST_REPLICATIONS, help="Of each point.")
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", "-s", min=0, max=2**63 - 1, help="Of the design; runs keep the study's own.")
    ] = 1,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder; taken up again if it is there.")] = None,
    settings: StudySetOption = None,
    workers: WorkersOption = None,
    engine: EngineOption = "auto",
    dask: DaskOption = None,
    chunk: ChunkOption = None,
    quiet: QuietOption = False,
) -> None:
    """Ask what a study's answer hangs on: which unknown parameter moves which measure, and how surely."""
    from sim.experiment.posterior import read_posterior
    from sim.experiment.sensitivity import plan
    from sim.experiment.studies import load_study

    loaded = load_study(study, settings or [], replications=replications)
    chosen = _chosen(measures or [], loaded)
    drawn = read_posterior(posterior) if posterior else None
    planned = plan(loaded, method.value, points, drawn, seed)
    folder = out or Path("results") / planned.study.name
    processes = workers or os.cpu_count() or 1
    outcome = run_into(planned.study, folder, processes, engine=engine, dask=dask, chunk=chunk, quiet=quiet)
    found, chance = _indices(planned, folder, chosen)
    _write(planned, found, folder)
    about: dict[str, Any] = {"method": method.value, "size": planned.points, "design_seed": seed, "measures": chosen}
    about |= {"chance_left": {name: share if math.isfinite(share) else None for name, share in chance.items()}}
    about |= {"posterior": posterior.name} if posterior else {}
    write_files(planned.study, folder, {"engine": outcome.engine, "sensitivity": about})
    if not quiet:
        _show(planned, found, chance, folder)
    if outcome.failed:
        print(f"{outcome.failed} of {outcome.points} points failed; the reasons stand in {folder}/points.csv.", file=sys.stderr)
        raise typer.Exit(1)


def _chosen(names: list[str], study: Study) -> list[str]:
    for name in names:
        if name not in study.measures:
            raise UsageError(f"--measure {name}: there is no such measure; {nearest(name, study.measures)}")
    return names or list(study.shown_measures)


def _indices(planned: Plan, folder: Path, measures: list[str]) -> tuple[dict[str, list[Index]], dict[str, float]]:
    import numpy as np

    from sim.experiment.sensitivity import analyse, chance_left
    from sim.experiment.store import open_store
    from sim.report.sweeps import Results

    found, chance = {}, {}
    with open_store(folder, write=False) as store:
        results = Results(store)
        columns = {name: [np.empty(0)] * planned.study.design.count for name in measures}
        for row, values, _ in results.finished():
            for name in measures:
                columns[name][row.point] = values[:, results.measure_names.index(name)]
        for name in measures:
            known = [column[np.isfinite(column)] for column in columns[name]]
            means = np.asarray([column.mean() if len(column) else np.nan for column in known])
            found[name] = analyse(planned, means, columns[name])
            chance[name] = chance_left(columns[name])
    return found, chance


def _write(planned: Plan, found: Mapping[str, list[Index]], folder: Path) -> None:
    from sim.report import influence
    from sim.report.drawing import save_svg

    units = {factor.name: factor.unit for factor in planned.factors}
    influence.write_influence(found, units, planned.method, folder / "sensitivity.csv")
    figures = folder / "figures"
    figures.mkdir(exist_ok=True)
    for old in figures.glob("*.svg"):  # of measures that were asked for before
        old.unlink()
    for name, indices in found.items():
        if indices:
            picture = influence.tornado(name, planned.study.measures[name].unit, indices)
            save_svg(picture, figures / f"{planned.method}_{name}.svg")


def _show(planned: Plan, found: Mapping[str, list[Index]], chance: Mapping[str, float], folder: Path) -> None:
    from sim.report import influence

    console = console_for_people()
    units = {name: one.unit for name, one in planned.study.measures.items()}
    console.print(influence.influence_table(found, units, chance))
    words = {
        "tornado": "Change of the mean from the low to the high end of a factor's range, all else as in the base.",
        "sobol": "first: share of variance by the factor alone; total: with all that it takes part in. Bootstrap intervals.",
        "morris": "mu_star: mean size of a step's effect; sigma: how much it differs from place to place.",
        "pawn": "How far the distribution moves when the factor is known; zero within error: an idle factor gets as much.",
    }
    console.print(words[planned.method], markup=False)
    if planned.study.design.kind == "posterior":
        console.print("Draws of a posterior hang together: shares of variance would mislead, PAWN does not.", markup=False)
    names = "report.html, sensitivity.csv, figures/, study.sqlite, points.csv, summary.csv, manifest.json"
    console.print(f"\nFiles in {folder}: {names}", markup=False)


def discover(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder that 'stopflow sweep --out' wrote.", show_default=False)
    ],
    fails: Annotated[
        str | None,
        typer.Option("--fails", metavar="MEASURE>NUMBER", help="A point fails if its mean lies there: 'released_at_clock>3'."),
    ] = None,
    regret: Annotated[
        str | None,
        typer.Option(
            "--regret", metavar="MEASURE=most|least", help="What each policy loses against the best one in the same world."
        ),
    ] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option("--policy", metavar="LEVER=VALUE", help="Look for failures under these values of levers only. Repeatable."),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Find in which region of the unknowns a policy fails, and which policy regrets least."""
    from sim.experiment.store import open_store
    from sim.report.sweeps import Results

    if fails is None and regret is None:
        raise UsageError(
            "nothing to find; say when a point fails (--fails 'detained<2'), or what to regret (--regret detained=most)."
        )
    from sim.report import discovered, files, sweeps

    asked = {"fails": fails, "policy": policy or [], "regret": regret}
    with open_store(folder, write=False) as store:
        results = Results(store)
        if not quiet:
            _show_found(results, asked, folder)
        discovered.write(results, asked, folder)
    if not (folder / files.MANIFEST).exists():  # a sweep that has not come to its end has no page yet
        return
    manifest = files.read_manifest(folder)
    before = manifest.get("discovered")
    told = (before if isinstance(before, dict) else {}) | {key: value for key, value in asked.items() if value}
    if fails is not None and not policy:
        told.pop("policy", None)
    sweeps.write_report(folder, manifest | {"discovered": told})
    files.written_again(folder, {"discovered": told})


def _show_found(results: Results, asked: Mapping[str, Any], folder: Path) -> None:
    from sim.report import discovered, influence
    from sim.report.files import MANIFEST
    from sim.report.sweeps import REPORT

    names = []
    if asked["fails"] is not None:
        found = discovered.failures(results, asked["fails"], asked["policy"])
        _show_boxes(results, found.boxes, found.everywhere, found.threshold, found.points)
        names.append(discovered.BOXES)
    if asked["regret"] is not None:
        name, wanted, losses = discovered.regret_of(results, asked["regret"])
        console_for_people().print(influence.regret_table(losses, name, results.unit(name), wanted))
        names.append(discovered.REGRET)
    if (folder / MANIFEST).exists():
        names.append(REPORT)
    console_for_people().print(f"\nFiles in {folder}: {', '.join(names)}", markup=False)


def _show_boxes(results: Results, found: list[Box], everywhere: float, threshold: Threshold, points: int) -> None:
    from sim.report import influence

    console = console_for_people()
    units = {one["name"]: one["unit"] for one in results.factors}
    console.print(influence.box_table(found, units, everywhere, threshold))
    if not found:
        words = {0.0: "no point fails", 1.0: "every point fails"}.get(everywhere, "no region fails more than the rest")
        console.print(f"Of {points} points: {words}.", markup=False)
