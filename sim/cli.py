"""The command line: arguments in, tables and files out. Nothing is computed here, and heavy modules are imported late."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim import __version__
from sim.errors import StopflowError, UsageError, nearest

if TYPE_CHECKING:
    from rich.table import Table

    from sim.experiment.replications import Precision, Result
    from sim.scenario import Scenario
    from sim.scenario_file import ScenarioFile
    from sim.trace import Trace

app = typer.Typer(
    name="stopflow",
    help="Simulate roadside enforcement operations run with ICE under 287(g) agreements: traffic stops, inspections, status "
    "checks, custody; set beside what was reported.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

MOST_REPLICATIONS = 10_000_000
MOST_WORKERS = 256
#: Below this, starting further processes takes longer than the work.
WORTH_A_SECOND_WORKER = 60
ENOUGH_TO_SHOW_THAT_IT_RUNS = 3

ScenarioArgument = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A YAML file, or a name that 'stopflow list' shows.", show_default=False)
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one parameter, e.g. status_check.limit='20 min'. Repeatable."),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]


def main() -> None:
    """Run the command line; a mistake of the user ends in one message and exit status 2."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a request to end cleans up as Ctrl-C does
    try:
        app(standalone_mode=True)
    except StopflowError as problem:
        print(problem, file=sys.stderr)
        raise SystemExit(2) from None
    except BrokenPipeError:  # the reader of our output has gone, as with '| head'
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"stopflow {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    pass


@app.command()
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
    quiet: QuietOption = False,
) -> None:
    """Replicate one scenario: a table, files, a report."""
    from sim.experiment import replications as experiment
    from sim.report import files
    from sim.reported import load

    loaded = load(scenario, settings or [])
    wishes = _wishes(precision or [], loaded)
    folder = out or files.free_folder(Path(scenario).stem)
    files.check_out(folder, force)
    started, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.perf_counter()
    count = replications or (10_000 if wishes else 100)
    with _progress("replications", quiet) as progress:
        result = experiment.run(
            loaded, replications=replications, precision=wishes, seed=seed, workers=_workers(workers, count), progress=progress
        )
    _write(result, folder, time.perf_counter() - clock, started)
    if not quiet:
        _show(result, folder, scenario)
    if result.unmet:
        names = ", ".join(wish.measure for wish in result.unmet)
        print(f"not precise enough after {len(result.values)} replications: {names}; raise --replications.", file=sys.stderr)
        raise typer.Exit(1)


@app.command()
def check(
    scenarios: Annotated[list[str], typer.Argument(metavar="SCENARIO...", help="Files or names.", show_default=False)],
    settings: SetOption = None,
    quiet: QuietOption = False,
) -> None:
    """Say whether scenario files are sound, without running them."""
    from sim.reported import load, warnings

    mistakes = []
    for name in scenarios:
        try:
            loaded = load(name, settings or [])
        except StopflowError as problem:
            mistakes.append(str(problem))
            continue
        if not quiet:
            grades = [evidence.grade for evidence in loaded.evidence.values()]
            graded = ", ".join(f"{grades.count(grade)} {grade}" for grade in ("reported", "published", "assumed"))
            print(f"{name}: sound; {len(grades)} parameters ({graded}), {len(loaded.reported)} reported figures.")
            for warning in warnings(loaded):
                print(f"  note: {warning}")
    if mistakes:
        raise UsageError("\n".join(mistakes))


@app.command()
def explain(
    scenario: Annotated[
        str | None,
        typer.Argument(
            metavar="[SCENARIO]",
            help="A YAML file, or a name that 'stopflow list' shows; may be left out with --evidence.",
            show_default=False,
        ),
    ] = None,
    only: Annotated[
        str, typer.Option("--only", metavar="KEY", help="Only parameters whose dotted name begins so, e.g. status_check.")
    ] = "",
    evidence: Annotated[
        bool,
        typer.Option("--evidence", help="Show the reported figures and their contradictions instead; of a scenario or all."),
    ] = False,
    settings: SetOption = None,
) -> None:
    """Show the flow of a scenario, and every parameter with value, range, source and grade."""
    if scenario is None and not evidence:
        raise UsageError("explain: name a scenario, or show all reported figures with --evidence.")
    if evidence:
        _explain_evidence(scenario, settings or [])
        return
    assert scenario is not None
    from sim.report.tables import parameter_table
    from sim.reported import load

    loaded = load(scenario, settings or [])
    if only and not any(path.startswith(only) for path in loaded.evidence):
        sections = {path.split(".")[0] for path in loaded.evidence}
        raise UsageError(f"--only {only}: no parameter begins so; {nearest(only, sections | set(loaded.evidence))}")
    console = _console()
    if not only:
        console.print(f"{loaded.title}\n{loaded.question}\n", markup=False)
        console.print(_flow(loaded), markup=False, highlight=False, soft_wrap=True)
    console.print(parameter_table(loaded, only))


@app.command()
def replay(
    source: Annotated[
        str, typer.Argument(metavar="DIR|SCENARIO", help="A folder that 'run' wrote, or a scenario.", show_default=False)
    ],
    replication: Annotated[int, typer.Option("--replication", "-k", min=0, help="Which replication, from 0.")] = 0,
    vehicle: Annotated[
        str | None, typer.Option("--vehicle", metavar="FLOW:NUMBER", help="Only one vehicle, e.g. interstate_truck:17.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", "-s", min=0, max=2**63 - 1, help="The seed, for a scenario: 1 if not given.")
    ] = None,
    settings: SetOption = None,
) -> None:
    """Tell the story of one replication."""
    from sim.experiment.replications import replicate

    loaded, seed, expected = _replayed(source, replication, seed, settings or [])
    only = _vehicle(vehicle, loaded) if vehicle else None
    trace = replicate(loaded, seed, replication)
    lines = 0
    for line in _story(loaded, trace, only):
        print(line)
        lines += 1
    if only and not lines:
        raise UsageError(f"--vehicle {vehicle}: no such vehicle came by in replication {replication}; see it without the flag.")
    print(f"{lines} events; trace digest {trace.digest}", file=sys.stderr)
    if expected is not None:
        if trace.digest != expected:
            print(f"differs from the recorded digest {expected}: another version, or a changed file.", file=sys.stderr)
            raise typer.Exit(1)
        print("as recorded in the run.", file=sys.stderr)


@app.command()
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
        with _progress(f"arm {number + 1} of {len(scenarios)}", quiet) as progress:
            results[name] = experiment.run(
                scenario, replications=replications, seed=seed, workers=_workers(workers, replications), progress=progress
            )
    with files.whole_folder(folder) as inside:
        files.write_comparison(results, inside / "comparison.csv")
        files.write_comparison_manifest(results, inside, _command())
    if not quiet:
        console = _console()
        console.print(tables.comparison_table(results))
        console.print(f"\nFiles in {folder}: comparison.csv, manifest.json", markup=False)


@app.command()
def reproduce(
    scenarios: Annotated[
        list[str] | None, typer.Argument(metavar="[SCENARIO]...", help="All shipped ones if none is named.")
    ] = None,
    replications: Annotated[int, typer.Option("--replications", "-n", min=2, max=MOST_REPLICATIONS)] = 100,
    seed: Annotated[int, typer.Option("--seed", "-s", min=0, max=2**63 - 1)] = 7,
    workers: Annotated[int | None, typer.Option("--workers", "-w", min=1, max=MOST_WORKERS)] = None,
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
        with _progress(name, quiet=False) as progress:
            results[name] = experiment.run(
                loaded, replications=count, seed=seed, workers=_workers(workers, count), progress=progress
            )
    table, outside = tables.reproduction_table(results)
    _console().print(table)
    print(f"{outside or 'no'} target{'' if outside == 1 else 's'} outside the 90% range of {replications} replications.")
    if outside:
        raise typer.Exit(1)


@app.command("list")
def list_(
    what: Annotated[str, typer.Argument(metavar="[scenarios|measures|distributions]", help="What to list.")] = "scenarios",
) -> None:
    """List the shipped scenarios, the measures, or the distributions that a scenario may name."""
    from sim.report import tables

    makers = {
        "scenarios": tables.scenario_table,
        "measures": tables.measure_table,
        "distributions": tables.distribution_table,
    }
    if what not in makers:
        raise UsageError(f"list {what}: there is no such list; {nearest(what, makers)}")
    _console().print(makers[what]())


def _explain_evidence(scenario: str | None, settings: list[str]) -> None:
    from sim.evidence import shipped_table
    from sim.report.tables import contradiction_table, figure_table
    from sim.reported import load

    table = shipped_table()
    only = None if scenario is None else table.used_by(load(scenario, settings))
    console = _console()
    console.print("Contradictions", style="bold")
    console.print(contradiction_table(table, only))
    console.print("\nReported figures", style="bold")
    console.print(figure_table(table, only))


# --- helpers --------------------------------------------------------------------------------------------------------


def _wishes(texts: list[str], scenario: ScenarioFile) -> list[Precision]:
    from sim.experiment.replications import parse_precision
    from sim.models import model_of

    known = model_of(scenario).measures(scenario)
    default = list(scenario.reported) or [name for name in ("stops", "detained", "signed", "arrests") if name in known]
    return [wish for text in texts for wish in parse_precision(text, default, known)]


def _operation(scenario: ScenarioFile) -> Scenario | None:
    """Return the scenario if it is one of an operation on the road, for what only such a one has."""
    from sim.scenario import Scenario

    return scenario if isinstance(scenario, Scenario) else None


def _flow(scenario: ScenarioFile) -> str:
    """Return the flow of a scenario as text."""
    from sim.programme.story import PICTURE

    operation = _operation(scenario)
    if operation is None:
        return PICTURE
    from sim.report.flow_picture import as_text

    return as_text(operation)


def _story(scenario: ScenarioFile, trace: Trace, vehicle: tuple[str, int] | None) -> Iterator[str]:
    """Return the story of one replication, line by line."""
    from sim.programme import story as programme_story
    from sim.programme.scenario import ProgrammeScenario
    from sim.report import story

    if isinstance(scenario, ProgrammeScenario):
        return programme_story.tell(scenario, trace)
    operation = _operation(scenario)
    assert operation is not None
    return story.tell(operation, trace, vehicle)


def _workers(wanted: int | None, replications: int) -> int:
    if wanted is not None:
        return wanted
    return (os.cpu_count() or 1) if replications >= WORTH_A_SECOND_WORKER else 1


def _command() -> str:
    return shlex.join(["stopflow", *sys.argv[1:]])


def _console() -> Any:
    from rich.console import Console

    # A pipe or a file has no width of its own; a table squeezed into 80 columns would lose words.
    return Console(width=None if sys.stdout.isatty() else 160, highlight=False)


class _progress:  # noqa: N801 - reads as a function
    """A progress bar on standard error, with an estimate of the time left; silent where nobody looks."""

    def __init__(self, what: str, quiet: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        console = Console(stderr=True)
        self.bar = Progress(
            TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left:"),
            TimeRemainingColumn(), console=console, transient=True, disable=quiet or not console.is_terminal,
        )  # fmt: skip
        self.task = self.bar.add_task(what, total=None)

    def __enter__(self) -> Any:
        self.bar.start()
        return lambda done, total: self.bar.update(self.task, completed=done, total=total)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.bar.stop()
        if kind is KeyboardInterrupt:  # Typer ends the program with status 130, without a word
            print("stopped; nothing was written.", file=sys.stderr)


def _write(result: Result, folder: Path, seconds: float, started: str) -> None:
    from sim.report import figures, files, html

    command = _command()
    with files.whole_folder(folder) as inside:
        files.write_summary(result, inside / "summary.csv")
        files.write_replications(result, inside / "replications.csv")
        drawn = figures.all_of(result)
        (inside / "figures").mkdir()
        for name, figure in drawn.items():
            figures.save_svg(figure, inside / "figures" / f"{name}.svg")
        html.write_report(result, inside / "report.html", html.Facts(command=command, versions=files.versions()), drawn)
        files.write_manifest(result, inside, command, seconds, started)


def _show(result: Result, folder: Path, scenario: str) -> None:
    from sim.report.tables import summary_table

    console = _console()
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
    what_if = "status_check.limit='10 min'" if _operation(result.scenario) else "programme.training.task_force.seats=200"
    console.print(
        f"\nNext:  stopflow run {name} --set {what_if}   (a first what-if)\n"
        f"       stopflow replay {folder} --replication 17                (the story of one replication)\n"
        f"       stopflow explain {name}                                  (every parameter and its source)",
        markup=False, soft_wrap=True,
    )  # fmt: skip


def _replayed(source: str, replication: int, seed: int | None, settings: list[str]) -> tuple[ScenarioFile, int, str | None]:
    """Return scenario, seed and, for a result folder, the digest that was recorded."""
    import csv

    from sim.loading import from_plain
    from sim.report import files
    from sim.reported import load

    folder = Path(source)
    if not folder.is_dir():
        return load(source, settings), 1 if seed is None else seed, None
    if settings or seed is not None:
        raise UsageError(f"{source}: a finished run has its own seed and settings; name a scenario to use --seed or --set.")
    manifest = files.read_manifest(folder)
    if replication >= manifest["replications"]:
        raise UsageError(f"--replication {replication}: the run has replications 0 to {manifest['replications'] - 1}.")
    loaded = from_plain(manifest["scenario"], str(folder / files.MANIFEST))
    recorded = None
    table = folder / "replications.csv"
    if table.is_file():
        with table.open(newline="", encoding="utf-8") as stream:
            rows = {row.get("replication"): row.get("trace_digest") for row in csv.DictReader(stream)}
        recorded = rows.get(str(replication))
    return loaded, int(manifest["seed"]), recorded


def _vehicle(text: str, scenario: ScenarioFile) -> tuple[str, int]:
    operation = _operation(scenario)
    if operation is None:
        raise UsageError(f"--vehicle {text}: a programme has no vehicles; leave the flag out.")
    flow, _, number = text.partition(":")
    if flow not in operation.flow_names:
        raise UsageError(f"--vehicle {text}: no flow '{flow}'; {nearest(flow, operation.flow_names)}")
    if not number.isdecimal():
        raise UsageError(f"--vehicle {text}: write FLOW:NUMBER, such as {flow}:17.")
    return flow, int(number)
