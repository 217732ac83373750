"""Look at scenarios without running them: are they sound, what do they say, what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sim.commands.shared import QuietOption, SetOption, console_for_people, operation_of
from sim.errors import StopflowError, UsageError, nearest

if TYPE_CHECKING:
    from sim.scenario_file import ScenarioFile


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
    console = console_for_people()
    if not only:
        console.print(f"{loaded.title}\n{loaded.question}\n", markup=False)
        console.print(_flow(loaded), markup=False, highlight=False, soft_wrap=True)
    console.print(parameter_table(loaded, only))


def list_(
    what: Annotated[
        str, typer.Argument(metavar="[scenarios|studies|measures|distributions]", help="What to list.")
    ] = "scenarios",
) -> None:
    """List the shipped scenarios or studies, the measures, or the distributions that a scenario may name."""
    from sim.report import tables

    makers = {
        "scenarios": tables.scenario_table,
        "studies": tables.study_table,
        "measures": tables.measure_table,
        "distributions": tables.distribution_table,
    }
    if what not in makers:
        raise UsageError(f"list {what}: there is no such list; {nearest(what, makers)}")
    console_for_people().print(makers[what]())


def _explain_evidence(scenario: str | None, settings: list[str]) -> None:
    from sim.evidence import shipped_table
    from sim.report.tables import contradiction_table, figure_table
    from sim.reported import load

    table = shipped_table()
    only = None if scenario is None else table.used_by(load(scenario, settings))
    console = console_for_people()
    console.print("Contradictions", style="bold")
    console.print(contradiction_table(table, only))
    console.print("\nReported figures", style="bold")
    console.print(figure_table(table, only))


def _flow(scenario: ScenarioFile) -> str:
    """Return the flow of a scenario as text."""
    from sim.programme.story import PICTURE

    operation = operation_of(scenario)
    if operation is None:
        return PICTURE
    from sim.report.flow_picture import as_text

    return as_text(operation)
