"""The report of a run: one HTML file that needs no network, no script and no other file, and is the same each time.

Titles, notes and sources come from strangers' scenarios: everything is escaped, and only web addresses become links.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sim import __version__
from sim.experiment.replications import Result, Summary
from sim.loading import PARAMETER_SECTIONS
from sim.measures import Measure
from sim.measures.registry import by_group
from sim.report.answer import answer
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
from sim.report.parameters import ParameterInWords, SourceInWords, parameters_in_words, source_in_words
from sim.report.pictures import pictures_of
from sim.scenario_file import ReportedFigure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Facts", "write_report"]

TEMPLATE = "report.html.j2"
#: What stands side by side at the top of the report.
AT_A_GLANCE = {
    "Yield": ("detained", "vehicles_with_detained", "detained_without_licence", "detained_out_of_state_licence"),
    "Burden and error": (
        "referrals", "referred_then_released", "held_then_released_hours", "citizens_referred", "citizens_detained",
        "minutes_beyond_task_mean", "vehicles_passed_unstopped",
    ),
}  # fmt: skip
USES = {"target": "target of the fit", "check": "compared only", "not_a_target": "shown, not a target"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What only the caller of a report knows.

    Attributes
    ----------
    command
        The command line that makes this result again.
    versions
        Versions of Python and of the libraries that make numbers, by name.
    """

    command: str
    versions: Mapping[str, str]


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


def write_report(result: Result, path: str | Path, facts: Facts, figures: Mapping[str, Figure] | None = None) -> None:
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
        The pictures if they are drawn already, as :func:`sim.report.figures.all_of` returns them.
    """
    Path(path).write_text(report(result, facts, figures), encoding="utf-8", newline="\n")


def report(result: Result, facts: Facts, figures: Mapping[str, Figure] | None = None) -> str:
    """Return the report of a run as the text of an HTML file; the parameters are those of :func:`write_report`."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    rows = {name: _measure_in_words(result, measure) for name, measure in result.measures.items()}
    parameters = list(parameters_in_words(result.scenario))
    return environment.get_template(TEMPLATE).render(
        scenario=result.scenario,
        result=result,
        replications=len(result.values),
        facts=facts,
        version=__version__,
        answer=answer(result),
        glance={title: [rows[name] for name in names if name in rows] for title, names in AT_A_GLANCE.items()},
        groups={group: [rows[one.name] for one in members] for group, members in by_group(result.measures)},
        reported=[row.reported for row in rows.values() if row.reported],
        pictures=pictures_of(result, figures),
        parameters=_by_section(parameters),
        sources={key: source_in_words(result.scenario, key) for key in sorted(result.scenario.sources)},
        grades=_grades(parameters),
        uninformed=_uninformed(parameters),
        dash=DASH,
    )


def _measure_in_words(result: Result, measure: Measure) -> MeasureInWords:
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


def _by_section(parameters: list[ParameterInWords]) -> dict[str, list[ParameterInWords]]:
    """Return the parameters by section, in the order of the pathway."""
    return {section: [row for row in parameters if row.path.split(".")[0] == section] for section in PARAMETER_SECTIONS}


def _grades(parameters: list[ParameterInWords]) -> dict[str, int]:
    counts = {grade: sum(row.grade == grade for row in parameters) for grade in ("reported", "published", "assumed")}
    return counts | {"fitted": sum(row.fitted for row in parameters), "all": len(parameters)}


def _uninformed(parameters: list[ParameterInWords]) -> dict[str, dict[str, list[tuple[str, str]]]]:
    """Return (path, last word) of what no publication fixes, by kind and by the section that it stands in."""
    kinds: dict[str, Callable[[ParameterInWords], bool]] = {
        "Fitted to the reported figures": lambda row: row.fitted,
        "Unknown and assumed": lambda row: not row.fitted and row.role == "unknown",
        "Levers whose setting nobody reported": lambda row: not row.fitted and row.role == "lever",
        "Without a source: what defines the operation": lambda row: not row.fitted and row.role == "given",
    }
    lists: dict[str, dict[str, list[tuple[str, str]]]] = {}
    for kind, belongs in kinds.items():
        sections = lists.setdefault(kind, {})
        for row in parameters:
            if row.grade == "assumed" and belongs(row):
                section, _, last = row.path.rpartition(".")
                sections.setdefault(section, []).append((row.path, last))
    return lists
