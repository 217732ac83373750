"""The report of a run: its answer, its measures, its pictures, its parameters and where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment.replications import Result, Summary
from sim.measures import Measure
from sim.measures.registry import by_group
from sim.report.answer import answer
from sim.report.differences import at_a_glance
from sim.report.numbers import (
    DASH,
    QUALIFIER_WORDS,
    in_words,
    interval_decimals,
    interval_in_words,
    interval_of_mean,
    name_in_words,
    range_in_words,
    verdict,
)
from sim.report.page import CHECKLISTS, Facts, render
from sim.report.parameters import (
    SourceInWords,
    by_section,
    contradictions_of,
    grade_counts,
    parameters_in_words,
    source_in_words,
    sources_in_words,
    uninformed_by_kind,
)
from sim.report.pictures import pictures_of
from sim.report.text_files import write_text
from sim.scenario_file import ReportedFigure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Facts", "write_report"]

USES = {"target": "target of the fit", "check": "compared only", "not_a_target": "shown, not a target"}


@dataclass(frozen=True, slots=True)
class ReportedInWords:
    """A reported figure held against its measure."""

    measure: str
    name: str
    value: str
    unit: str
    use: str
    simulated: str
    verdict: str
    identifier: str
    source: SourceInWords | None
    note: str


@dataclass(frozen=True, slots=True)
class MeasureInWords:
    """One row of the table of measures."""

    measure: Measure
    name: str
    mean: str
    range: str
    interval: str
    reported: ReportedInWords | None
    remark: str
    share: str


def write_report(result: Result, path: str | Path, facts: Facts, figures: Mapping[str, Figure | str] | None = None) -> None:
    """Write the report of a run as one HTML file.

    Parameters
    ----------
    result
        A run.
    path
        Where to write it; an existing file is replaced.
    facts
        What only the caller knows.
    figures
        The pictures if they are drawn already, as :func:`sim.report.figures.all_of` returns them, or their SVG texts.
    """
    write_text(Path(path), report(result, facts, figures))


def report(
    result: Result,
    facts: Facts,
    figures: Mapping[str, Figure | str] | None = None,
    checklists: Mapping[str, Any] | None = None,
) -> str:
    """Return the report of a run as the text of an HTML file; the parameters are those of :func:`write_report`.

    ``checklists`` are shown at its end if given, as :func:`sim.report.reports.lists_of` returns them.
    """
    return render(
        "run.html.j2",
        facts,
        contents_of(result) | (CHECKLISTS if checklists else {}),
        **values_of(result),
        answer=answer(result),
        pictures=pictures_of(result, figures),
        checklists=checklists,
        digest=result.digest,
        carried=None,
    )


def values_of(result: Result, shares: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return what the page of a run shows of its measures, parameters and sources.

    Parameters
    ----------
    result
        A run.
    shares
        What stands beside the range of a measure at the first glance, such as how much of its spread is ignorance.
    """
    rows = {name: _measure_in_words(result, measure, (shares or {}).get(name, "")) for name, measure in result.measures.items()}
    parameters = list(parameters_in_words(result.scenario))
    return {
        "scenario": result.scenario,
        "result": result,
        "replications": len(result.values),
        "glance": {title: [rows[name] for name in names] for title, names in at_a_glance(result.measures).items()},
        "groups": {group: [rows[one.name] for one in members] for group, members in by_group(result.measures)},
        "reported": [row.reported for row in rows.values() if row.reported],
        "contradictions": contradictions_of(result.scenario),
        "parameters": by_section(parameters),
        "sources": sources_in_words(result.scenario),
        "grades": grade_counts(parameters),
        "uninformed": uninformed_by_kind(parameters),
    }


def contents_of(result: Result) -> dict[str, str]:
    """Return the headings of the page of a run."""
    return {
        "answer": "Answer",
        "pictures": "Pictures",
        "measures": "All measures",
        "limits": "What the reports cannot tell",
        "parameters": "Parameters",
        "reported": "Reported figures",
        **({"contradictions": "Contradictions"} if contradictions_of(result.scenario) else {}),
        "sources": "Sources",
        "reproduce": "How to reproduce",
    }


def _measure_in_words(result: Result, measure: Measure, share: str = "") -> MeasureInWords:
    one, unit = result.summary(measure.name), measure.unit
    figure = result.scenario.reported.get(measure.name)
    return MeasureInWords(
        measure=measure,
        name=name_in_words(measure.name),
        mean=_mean(one, unit),
        range=range_in_words(one.p05, one.p95, unit) if one.replications > 1 else DASH,
        interval=interval_in_words(*interval_of_mean(one), unit),
        reported=_reported_in_words(result, measure, figure) if figure else None,
        remark=_remark(one, len(result.values)),
        share=share,
    )


def _mean(one: Summary, unit: str) -> str:
    """Return the mean with as many digits as its interval deserves."""
    if one.replications < 2 or one.sd == 0:
        return in_words(one.mean, unit)
    return in_words(one.mean, unit, interval_decimals(*interval_of_mean(one), unit))


def _remark(one: Summary, replications: int) -> str:
    """Return why a number is missing, or over how many replications it was taken if not over all."""
    if one.replications == 0:
        return "Undefined in every replication: there was nothing to average."
    if replications == 1:
        return "One replication makes no range and no interval."
    if one.replications == 1:
        return f"Defined in 1 of {replications:,} replications: no range and no interval."
    if one.replications < replications:
        return f"Defined in {one.replications:,} of {replications:,} replications; over these."
    return ""


def _reported_in_words(result: Result, measure: Measure, figure: ReportedFigure) -> ReportedInWords:
    one, unit = result.summary(measure.name), measure.unit
    where = verdict(figure, one, unit)
    words = {"inside": "inside", "above": "outside: above the range", "below": "outside: below the range"}
    return ReportedInWords(
        measure=measure.name,
        name=name_in_words(measure.name),
        value=QUALIFIER_WORDS[figure.qualifier] + in_words(figure.value, unit),
        unit=unit,
        use=USES[figure.use],
        simulated=range_in_words(one.p05, one.p95, unit) if one.replications > 1 else DASH,
        verdict=words.get(where, "not comparable: no range"),
        identifier=figure.figure or "",
        source=source_in_words(result.scenario, figure.source),
        note=figure.note or "",
    )
