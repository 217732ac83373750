"""The report of a comparison: what each arm changes, how surely, what was changed, and how to do it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment.replications import Result
from sim.report import comparison_figures as draw
from sim.report.differences import (
    ChangedParameter,
    DifferenceInWords,
    answer,
    at_a_glance,
    changed_parameters,
    differences_in_words,
    shown_by_group,
)
from sim.report.drawing import inline_svg, save_svg, svg_text
from sim.report.page import CHECKLISTS, Facts, render
from sim.report.parameters import by_section, grade_counts, parameters_in_words, sources_in_words, uninformed_by_kind
from sim.report.pictures import Picture
from sim.report.text_files import write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CONTENTS = {
    "answer": "Answer",
    "pictures": "Pictures",
    "changes": "What the arms change",
    "differences": "All differences",
    "limits": "What this cannot tell",
    "parameters": "Parameters",
    "sources": "Sources",
    "reproduce": "How to reproduce",
}


@dataclass(frozen=True, slots=True)
class ArmInWords:
    """One arm against the base."""

    name: str
    result: Result
    rows: Mapping[str, DifferenceInWords]
    groups: Mapping[str, list[DifferenceInWords]]
    hidden: int
    changes: list[ChangedParameter]


def figures_of(results: Mapping[str, Result]) -> dict[str, Figure]:
    """Return the pictures of a comparison by the name of their file, in the order of the report."""
    base = next(iter(results.values()))
    drawn = {"paired_differences": draw.paired_differences(results)}
    if {"detained", *draw.BURDENS} <= set(base.measures):
        drawn["yield_against_burden"] = draw.yield_against_burden(results)
    return drawn


def write(results: Mapping[str, Result], folder: Path, facts: Facts, draws: int | None = None) -> None:
    """Write ``report.html`` and ``figures/`` of a comparison into a folder.

    Parameters
    ----------
    results
        The base first, then the arms, by name; pairs of each other.
    folder
        Where to write them.
    facts
        What only the caller knows.
    draws
        How many draws of a posterior the rows are the means of; None if they are replications.
    """
    drawn = {name: svg_text(figure) for name, figure in figures_of(results).items()}
    (folder / "figures").mkdir()
    for name, figure in drawn.items():
        save_svg(figure, folder / "figures" / f"{name}.svg")
    write_text(folder / "report.html", comparison_report(results, facts, drawn, draws=draws))


def comparison_report(
    results: Mapping[str, Result],
    facts: Facts,
    figures: Mapping[str, Figure | str] | None = None,
    checklists: Mapping[str, Any] | None = None,
    draws: int | None = None,
) -> str:
    """Return the report of a comparison as the text of an HTML file.

    Parameters
    ----------
    results
        The base first, then the arms, by name; pairs of each other.
    facts
        What only the caller knows.
    figures
        The pictures if they are drawn already, as :func:`figures_of` returns them, or their SVG texts.
    checklists
        Shown at the end if given, as :func:`sim.report.reports.lists_of` returns them.
    draws
        How many draws of a posterior the rows are the means of; None if they are replications.
    """
    (base_name, base), *others = results.items()
    arms = [_arm(name, base, arm, len(others)) for name, arm in others]
    parameters = list(parameters_in_words(base.scenario))
    return render(
        "comparison.html.j2",
        facts,
        CONTENTS | (CHECKLISTS if checklists else {}),
        base_name=base_name,
        base=base,
        arms=arms,
        replications=len(base.values),
        answer=answer(results, draws),
        draws=draws,
        glance=at_a_glance(base.measures),
        pictures=_pictures(results, figures_of(results) if figures is None else figures),
        parameters=by_section(parameters),
        sources=sources_in_words(base.scenario),
        checklists=checklists,
        grades=grade_counts(parameters),
        uninformed=uninformed_by_kind(parameters),
    )


def _arm(name: str, base: Result, arm: Result, arms: int) -> ArmInWords:
    rows = differences_in_words(base, arm, arms)
    groups = shown_by_group(rows, base)
    hidden = len(rows) - sum(len(members) for members in groups.values())
    return ArmInWords(name, arm, rows, groups, hidden, list(changed_parameters(base.scenario, arm.scenario)))


def _pictures(results: Mapping[str, Result], figures: Mapping[str, Figure | str]) -> list[Picture]:
    made = []
    for name, figure in figures.items():
        heading, caption = WORDS[name]
        words = _differences_in_words(results) if name == "paired_differences" else _means_in_words(results)
        made.append(Picture(name, heading, caption, inline_svg(figure, name.replace("_", "-"), heading, words)))
    return made


def _differences_in_words(results: Mapping[str, Result]) -> str:
    (_, base), *arms = results.items()
    parts = []
    for name, arm in arms:
        rows = differences_in_words(base, arm, len(arms))
        told = "; ".join(
            f"{rows[one].name}: {rows[one].difference} {rows[one].measure.unit} ({rows[one].interval})"
            for names in at_a_glance(base.measures).values()
            for one in names
        )
        parts.append(f"{name}: {told}.")
    return f"Differences from the base, in brackets their 95% intervals. {' '.join(parts)}"


def _means_in_words(results: Mapping[str, Result]) -> str:
    measures = ("detained", *draw.BURDENS)
    parts = []
    for name, result in results.items():
        means = "; ".join(f"{one.replace('_', ' ')} {result.summary(one).mean:.3g}" for one in measures)
        parts.append(f"{name}: {means}.")
    return f"Means of every arm. {' '.join(parts)}"


WORDS = {
    "paired_differences": (
        "What each arm changes",
        "Paired differences from the base for yield, burden and error. The numbers are real; places are standardised so that "
        "all fit one scale.",
    ),
    "yield_against_burden": (
        "Yield against burden",
        "Each mark is one arm. To the right: more of the burden; up: more people detained. No direction is recommended.",
    ),
}
