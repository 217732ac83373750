"""What several commands share: their common arguments, tables for people, progress."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.errors import printable

if TYPE_CHECKING:
    from sim.audit.audit import Audit
    from sim.experiment.replications import Precision, Result
    from sim.scenario import Scenario
    from sim.scenario_file import ScenarioFile

MOST_REPLICATIONS = 10_000_000
MOST_WORKERS = 256
#: Below this, starting further processes takes longer than the work; by engine, and for a programme, which is more work.
WORTH_A_SECOND_WORKER = {"simpy": 60, "compiled": 20_000, "compiled programme": 1_000}

ScenarioArgument = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A YAML file, or a name that 'stopflow list' shows.", show_default=False)
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one parameter, e.g. status_check.limit='20 min'. Repeatable."),
]
EngineOption = Annotated[
    str,
    typer.Option("--engine", metavar="auto|compiled|simpy", help="What simulates; results are the same, only the time differs."),
]
AuditOption = Annotated[
    bool,
    typer.Option("--audit", help="Hold every replication against every law of the model, which takes a few times as long."),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]


def wishes_of(texts: list[str], scenario: ScenarioFile) -> list[Precision]:
    """Return the wishes for precision that the user wrote."""
    from sim.experiment.replications import parse_precision
    from sim.models import model_of

    known = model_of(scenario).measures(scenario)
    default = list(scenario.reported) or [name for name in ("stops", "detained", "signed", "arrests") if name in known]
    return [wish for text in texts for wish in parse_precision(text, default, known)]


def operation_of(scenario: ScenarioFile) -> Scenario | None:
    """Return the scenario if it is one of an operation on the road, for what only such a one has."""
    from sim.scenario import Scenario

    return scenario if isinstance(scenario, Scenario) else None


def worker_count(wanted: int | None, replications: int, engine: str = "simpy", scenario: ScenarioFile | None = None) -> int:
    """Return how many processes to use: as many as there are cores, if the work is worth it."""
    if wanted is not None:
        return wanted
    if engine == "compiled" and scenario is not None and operation_of(scenario) is None:
        engine = "compiled programme"
    return (os.cpu_count() or 1) if replications >= WORTH_A_SECOND_WORKER[engine] else 1


def command_line() -> str:
    """Return the command as it was typed, for the manifest."""
    return printable(shlex.join(["stopflow", *sys.argv[1:]]))


#: Options that set where and how fast, not what; those with a value, and those without.
_NOT_THE_RESULT = {"--out": 1, "-o": 1, "--workers": 1, "-w": 1, "--dask": 1, "--html": 1, "--force": 0, "--quiet": 0, "-q": 0}


def reproducing_command() -> str:
    """Return the command as it was typed without what cannot change a number, so that equal runs have equal reports."""
    kept, skip = ["stopflow"], 0
    for word in sys.argv[1:]:
        name = word.partition("=")[0]
        if skip:
            skip -= 1
        elif name in _NOT_THE_RESULT:
            skip = 0 if "=" in word else _NOT_THE_RESULT[name]
        else:
            kept.append(word)
    return printable(shlex.join(kept))


def console_for_people() -> Any:
    """Return where tables are printed."""
    from rich.console import Console

    class Telling(Console):
        """A console that leaves it to the command line what to do when nobody reads it any more."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    # A pipe or a file has no width of its own; a table squeezed into 80 columns would lose words.
    return Telling(width=None if sys.stdout.isatty() else 160, highlight=False, emoji=False)


class progress_bar:  # noqa: N801 - reads as a function
    """A progress bar on standard error, with an estimate of the time left; silent where nobody looks."""

    def __init__(self, what: str, quiet: bool, kept: bool = False) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        console = Console(stderr=True)
        self.bar = Progress(
            TextColumn("{task.description}", markup=False), BarColumn(),
            MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left:"),
            TimeRemainingColumn(), console=console, transient=True, disable=quiet or not console.is_terminal,
        )  # fmt: skip
        self.kept = kept
        self.task = self.bar.add_task(what, total=None)

    def __enter__(self) -> Any:
        self.bar.start()
        return lambda done, total: self.bar.update(self.task, completed=done, total=total)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.bar.stop()
        if kind is KeyboardInterrupt:
            what = "what was finished is kept, and the same command goes on" if self.kept else "nothing was written"
            raise KeyboardInterrupt(f"stopped; {what}.") from None


def audits_of(results: Mapping[str, Result], workers: int, quiet: bool) -> dict[str, Audit]:
    """Return what the audit of each result found."""
    from sim.audit.audit import audit

    found = {}
    for name, result in results.items():
        with progress_bar(f"audit {name}", quiet) as progress:
            found[name] = audit(result, workers=workers, progress=progress)
    return found


def show_audits(audits: Mapping[str, Audit], quiet: bool) -> None:
    """Print what was found, a broken law on standard error; exit status 1 if there is one."""
    for name, found in audits.items():
        before = f"{name}: " if len(audits) > 1 else ""
        if found.broken or not quiet:
            print("\n".join(f"{before}{line}" for line in found.in_words()), file=sys.stderr if found.broken else sys.stdout)
    if any(found.broken for found in audits.values()):
        raise typer.Exit(1)


def engine_to_use(scenario: ScenarioFile, engine: str, replications: int, quiet: bool) -> str:
    """Return the engine to use; say in one line if another was wished for, or if there is much to compile first."""
    from sim.engines import COMPILED
    from sim.experiment.replications import engine_for

    used, why = engine_for(scenario, engine, replications)
    if used == COMPILED:
        from sim.engines.kept import is_compiled
        from sim.models import model_of

        if not is_compiled(model_of(scenario).kind):
            why = "compiling the engine, once; this takes a minute or two."
    if why and not quiet:
        print(why, file=sys.stderr)
    return used
