"""Fit uncertain parameters to what was reported."""

from __future__ import annotations

import shlex
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.commands.calibrate_further import Further
from sim.commands.shared import MOST_WORKERS, QuietOption, command_line, console_for_people, reproducing_command, worker_count
from sim.errors import UsageError

if TYPE_CHECKING:
    from sim.calibration.study import Calibration
    from sim.report.calibration_files import More

MOST_SIMULATIONS, MOST_PARTICLES = 1_000_000, 1_000_000


def calibrate(
    scenarios: Annotated[list[str], typer.Argument(metavar="SCENARIO...", help="One or several operations.", show_default=False)],
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter", "-p", metavar="KEY",
            help="Fit this one; repeatable. If none is named: all marked 'fitted', and a few that no report tells.",
        ),
    ] = None,
    shared: Annotated[
        list[str] | None, typer.Option("--share", metavar="KEY", help="The same in all operations. Repeatable.")
    ] = None,
    pooled: Annotated[
        list[str] | None,
        typer.Option(
            "--pool", metavar="KEY[=SHARE]", help="Partly the same: operations share this much of the prior variance (0.5)."
        ),
    ] = None,
    uniform: Annotated[
        list[str] | None, typer.Option("--uniform", metavar="KEY", help="Equally likely anywhere in its range. Repeatable.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one parameter in every scenario. Repeatable.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", "-s", min=0, max=2**63 - 1, help="One seed, one answer.")] = 1,
    simulations: Annotated[
        int | None,
        typer.Option("--simulations", min=500, max=MOST_SIMULATIONS, help="Runs of the model to learn each operation from."),
    ] = None,
    particles: Annotated[
        int | None, typer.Option("--particles", min=100, max=MOST_PARTICLES, help="Draws of the posterior.")
    ] = None,
    predictions: Annotated[
        int | None, typer.Option("--predictions", min=20, max=MOST_SIMULATIONS, help="Runs of the model at draws of it.")
    ] = None,
    wanted: Annotated[
        str | None,
        typer.Option("--answer", metavar="[OPERATION:]MEASURE", help="The measure that matters to you; of the first scenario."),
    ] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option("--policy", metavar="KEY=VALUE", help="Ask how it changes under this policy. Repeatable, makes one policy."),
    ] = None,
    ask_next: Annotated[
        bool, typer.Option("--ask-next", help="Rank unpublished counts by how much they would narrow the answer.")
    ] = False,
    rivals: Annotated[
        list[str] | None,
        typer.Option(
            "--rival", metavar="'NAME: KEY=VALUE; …'", help="Fit a rival story too, and say whether the answer flips. Repeatable."
        ),
    ] = None,
    leave_one_out: Annotated[
        bool, typer.Option("--leave-one-out", help="Predict each operation from the others alone.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the files.", show_default=False)] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier result in that folder.")] = False,
    workers: Annotated[int | None, typer.Option("--workers", "-w", min=1, max=MOST_WORKERS)] = None,
    quiet: QuietOption = False,
) -> None:  # fmt: skip
    """Fit uncertain parameters to what was reported, and say what the reports cannot tell.

    A calibration that is stopped goes on where it was when the same command is given again.
    """
    from sim.calibration.fit import PARTICLES
    from sim.calibration.study import PREDICTIONS, SIMULATIONS, space_to_fit
    from sim.calibration.study import calibrate as fit
    from sim.calibration.write_back import with_comments
    from sim.report import files
    from sim.report.calibration_files import write_calibration
    from sim.reported import load

    loaded = [load(scenario, settings or []) for scenario in scenarios]
    further = Further(scenarios, settings or [], wanted, policy or [], ask_next, rivals or [], leave_one_out)
    chosen: dict[str, Any] = {
        "parameters": parameters or [], "shared": shared or [], "pooled": shares_of(pooled or []), "uniform": uniform or [],
    }  # fmt: skip
    further.check(chosen)
    space_to_fit(loaded, **chosen)  # every mistake is said before a folder is made
    for one in loaded:
        with_comments(one)  # as it will be written with what was fitted
    folder = out or files.free_folder(f"calibrate-{'-'.join(Path(name).stem for name in scenarios)[:80]}")
    files.check_out(folder, force)
    work = folder.with_name(f"{folder.name}.unfinished")
    started, clock = datetime.now(UTC).isoformat(timespec="seconds"), Stages(quiet)
    work.mkdir(parents=True, exist_ok=True)
    with clock, kept_when_stopped(work):
        how: dict[str, Any] = {
            **chosen,
            "seed": seed,
            "simulations": simulations or SIMULATIONS,
            "particles": particles or PARTICLES,
            "predictions": predictions or PREDICTIONS,
            "workers": worker_count(workers, 1_000),
            "progress": clock.tell,
        }
        calibration = fit(loaded, work=work, **how)
        more = further.find(calibration, loaded, work, how)
        clock.tell("what follows from it", 1, 1)
    with files.whole_folder(folder) as inside:
        write_calibration(
            calibration,
            inside,
            more,
            command=command_line(),
            seconds=clock.seconds,
            started=started,
            reproduce=reproducing_command(),
            asked={key: value for key, value in how.items() if key not in ("workers", "progress")},
        )
    shutil.rmtree(work)
    if not quiet:
        _show(calibration, more, folder, scenarios)


def shares_of(texts: list[str]) -> dict[str, float]:
    """Return the pooled parameters with the share of prior variance that operations have in common."""
    from sim.calibration.priors import POOLED

    found = {}
    for text in texts:
        path, equals, share = text.partition("=")
        try:
            number = float(share) if equals else POOLED
        except ValueError:
            number = -1.0
        if not 0 < number < 1:
            raise UsageError(f"--pool {text}: the share must lie between 0 and 1, such as 0.5.")
        found[path.strip()] = number
    return found


class kept_when_stopped:  # noqa: N801 - reads as a function
    """Say where unfinished work is kept when somebody stops it; remove the folder if there is nothing in it."""

    def __init__(self, work: Path) -> None:
        self.work = work

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and self.work.is_dir() and not any(self.work.iterdir()):
            self.work.rmdir()
        elif kind is KeyboardInterrupt:
            raise KeyboardInterrupt(f"stopped; what is done is kept in {self.work}, and the same command goes on from there.")


class Stages:
    """A progress bar for each stage of long work, and how long each took."""

    def __init__(self, quiet: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        console = Console(stderr=True)
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()
        self._tasks: dict[str, Any] = {}
        self._bar = Progress(
            TextColumn("{task.description}", markup=False), BarColumn(),
            TaskProgressColumn(), TimeElapsedColumn(), TextColumn("left:"),
            TimeRemainingColumn(), console=console, transient=True, disable=quiet or not console.is_terminal,
        )  # fmt: skip

    def __enter__(self) -> Stages:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def tell(self, what: str, done: float, total: float) -> None:
        """Take note of how far a stage is."""
        now = time.perf_counter()
        self.seconds[what] = self.seconds.get(what, 0.0) + now - self._last
        self._last = now
        if what not in self._tasks:
            self._tasks[what] = self._bar.add_task(what, total=total)
        self._bar.update(self._tasks[what], completed=done, total=total)


def _show(calibration: Calibration, more: More, folder: Path, scenarios: list[str]) -> None:
    from sim.report import calibration_tables as tables

    console = console_for_people()
    console.print(tables.learned_table(calibration))
    for line in tables.ridge_lines(calibration):
        console.print(line, markup=False)
    console.print()
    console.print(tables.closed_table(calibration))
    console.print()
    console.print(tables.predicted_table(calibration.predicted))
    for table in tables.more_tables(more):
        console.print()
        console.print(table)
    for line in tables.warnings(calibration):
        console.print(line, markup=False, style="yellow")
    console.print(
        f"\nFiles in {folder}: posterior.csv, calibration.csv, ridges.csv, stages.csv, predictive.csv, emulator.csv, "
        "manifest.json, figures/, fitted/",
        markup=False,
    )
    name = shlex.quote(scenarios[0])
    console.print(
        f"\nNext:  stopflow run {name} --posterior {folder}                          (chance and ignorance apart)\n"
        f"       stopflow run {name} --posterior {folder} --set status_check.limit='10 min'   (a policy under ignorance)",
        markup=False, soft_wrap=True,
    )  # fmt: skip
