"""Tell the story of one replication."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.commands.shared import SetOption, operation_of
from sim.errors import UsageError, nearest

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario_file import ScenarioFile
    from sim.trace import Trace


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
    arm: Annotated[
        str | None, typer.Option("--arm", metavar="NAME", help="Which arm of a comparison; its base if not given.")
    ] = None,
    timeline: Annotated[
        bool, typer.Option("--timeline", help="Show lanes over the clock instead: units, inspectors, questions, drives.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the lanes as one HTML file.", show_default=False)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an HTML file that is there.")] = False,
    settings: SetOption = None,
) -> None:
    """Tell the story of one replication, as sentences or as lanes over the clock."""
    from sim.experiment.replications import replicate
    from sim.report.files import check_file

    if html:
        check_file(html, force)

    loaded, seed, expected = _replayed(source, replication, seed, settings or [], arm)
    only = _vehicle(vehicle, loaded) if vehicle else None
    operation = operation_of(loaded)
    if operation is None and (timeline or html):
        raise UsageError(f"{source}: a programme has no units, and so no lanes; leave --timeline and --html out.")
    trace = replicate(loaded, seed, replication)
    if html and operation:
        _write_page(operation, trace, replication, seed, html)
    lines = 0
    for line in _lines(loaded, trace, only, timeline, quiet=html is not None):
        print(line)
        lines += 1
    if only and not lines and not html:
        raise UsageError(f"--vehicle {vehicle}: no such vehicle came by in replication {replication}; see it without the flag.")
    print(f"{len(trace.rows) if timeline or html else lines} events; trace digest {trace.digest}", file=sys.stderr)
    if expected is not None:
        if trace.digest != expected:
            print(f"differs from the recorded digest {expected}: another version, or a changed file.", file=sys.stderr)
            raise typer.Exit(1)
        print("as recorded in the run.", file=sys.stderr)


def _write_page(operation: Scenario, trace: Trace, replication: int, seed: int, path: Path) -> None:
    from sim.commands.shared import reproducing_command
    from sim.report.files import versions, write_whole
    from sim.report.lanes import page_of
    from sim.report.page import Facts

    write_whole(path, page_of(operation, trace, replication, seed, Facts(reproducing_command(), versions())))
    print(f"Timeline in {path}")


def _lines(
    scenario: ScenarioFile, trace: Trace, vehicle: tuple[str, int] | None, timeline: bool, *, quiet: bool
) -> Iterator[str]:
    from sim.report.lanes import as_text

    operation = operation_of(scenario)
    if timeline and operation:
        return as_text(operation, trace)
    return iter(()) if quiet else _story(scenario, trace, vehicle)


def _story(scenario: ScenarioFile, trace: Trace, vehicle: tuple[str, int] | None) -> Iterator[str]:
    """Return the story of one replication, line by line."""
    from sim.programme import story as programme_story
    from sim.programme.scenario import ProgrammeScenario
    from sim.report import story

    if isinstance(scenario, ProgrammeScenario):
        return programme_story.tell(scenario, trace)
    operation = operation_of(scenario)
    assert operation is not None
    return story.tell(operation, trace, vehicle)


def _replayed(
    source: str, replication: int, seed: int | None, settings: list[str], arm: str | None
) -> tuple[ScenarioFile, int, str | None]:
    """Return scenario, seed and, for a result folder, the digest that was recorded."""
    from sim.report.files import POSTERIOR_COMPARISON
    from sim.report.record import read_record, read_results
    from sim.reported import load

    folder = Path(source)
    if not folder.is_dir():
        if arm is not None:
            raise UsageError(f"--arm {arm}: a scenario has no arms; name a folder that 'compare' wrote.")
        return load(source, settings), 1 if seed is None else seed, None
    if settings or seed is not None:
        raise UsageError(f"{source}: a finished run has its own seed and settings; name a scenario to use --seed or --set.")
    record = read_record(folder)
    if record.kind == POSTERIOR_COMPARISON:
        raise UsageError(f"{folder}: a comparison over a posterior keeps no draws to replay; replay a scenario of it.")
    names = [one.name for one in record.arms]
    if arm is not None and arm not in names:
        raise UsageError(f"--arm {arm}: there is no such arm; {nearest(arm, names)}")
    if replication >= record.replications:
        raise UsageError(f"--replication {replication}: the run has replications 0 to {record.replications - 1}.")
    chosen = record.arms[names.index(arm) if arm else 0]
    recorded = None
    if (folder / "replications.csv").is_file():
        recorded = read_results(record)[chosen.name].digests[replication]
    return chosen.scenario, record.seed, recorded


def _vehicle(text: str, scenario: ScenarioFile) -> tuple[str, int]:
    operation = operation_of(scenario)
    if operation is None:
        raise UsageError(f"--vehicle {text}: a programme has no vehicles; leave the flag out.")
    flow, _, number = text.partition(":")
    if flow not in operation.flow_names:
        raise UsageError(f"--vehicle {text}: no flow '{flow}'; {nearest(flow, operation.flow_names)}")
    if not number.isdecimal():
        raise UsageError(f"--vehicle {text}: write FLOW:NUMBER, such as {flow}:17.")
    return flow, int(number)
