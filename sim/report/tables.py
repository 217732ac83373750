"""Tables for the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from sim import evidence as reports
from sim.distributions import DISTRIBUTIONS, Distribution
from sim.experiment.replications import Result
from sim.loading import field_at, shipped, unit_of, value_at
from sim.measures import MEASURES
from sim.report.numbers import in_words
from sim.reported import load
from sim.scenario import Evidence, ScenarioFile
from sim.units import format_duration

_QUALIFIER = {"exact": "", "approximate": "about ", "at_least": "at least ", "under": "under "}
_GRADE_STYLE = {"reported": "green", "published": "yellow", "assumed": "red"}


def summary_table(result: Result) -> Table:
    """Return the table of a run: every measure, yield beside burden and error, set against what was reported."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column("measure")
    table.add_column("unit", style="dim")
    for name in ("mean", "90% range", "95% interval of mean", "reported"):
        table.add_column(name, justify="right")
    table.add_column("in range")
    group = None
    for name, measure in result.measures.items():
        if measure.group != group:
            group = measure.group
            table.add_row(f"[bold]{group}[/bold]")
        one = result.summary(name)
        figure = result.scenario.reported.get(name)
        reported = f"{_QUALIFIER[figure.qualifier]}{in_words(figure.value, measure.unit)}" if figure else ""
        inside = _in_range(one.p05, one.p95, figure.value, figure.qualifier) if figure else ""
        if figure and figure.use != "target":
            inside += f" ({figure.use.replace('_', ' ')})"
        table.add_row(
            f"  {name}",
            measure.unit,
            in_words(one.mean, measure.unit),
            f"{in_words(one.p05, measure.unit)} to {in_words(one.p95, measure.unit)}",
            f"{in_words(one.ci_low, measure.unit)} to {in_words(one.ci_high, measure.unit)}",
            reported,
            inside,
        )
    return table


def in_range(low: float, high: float, value: float, qualifier: str) -> bool:
    """Whether a reported figure is compatible with a simulated range.

    A figure that was reported as a bound (at least, under) is compatible with any range that reaches beyond the bound.
    """
    if math.isnan(low):
        return False
    if qualifier == "at_least":
        return high >= value
    if qualifier == "under":
        return low < value
    return low <= value <= high


def _in_range(low: float, high: float, value: float, qualifier: str) -> str:
    return "[green]yes[/green]" if in_range(low, high, value, qualifier) else "[red]NO[/red]"


def parameter_table(scenario: ScenarioFile, only: str = "") -> Table:
    """Return the table of a scenario's parameters with value, range, source and grade."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for name in ("parameter", "value", "unit", "range", "grade", "source", "role"):
        table.add_column(name, overflow="fold", no_wrap=name in ("grade", "role"))
    for path, evidence in scenario.evidence.items():
        if not path.startswith(only):
            continue
        field = field_at(path, type(scenario))
        extra = field.json_schema_extra
        table.add_row(
            path,
            escape(value_text(value_at(scenario, path))),
            unit_of(field),
            range_text(evidence),
            f"[{_GRADE_STYLE[evidence.grade]}]{evidence.grade}[/]",
            escape(source_text(scenario, evidence)),
            str(extra.get("role", "")) if isinstance(extra, dict) else "",
        )
    return table


def value_text(value: Any) -> str:
    """Return a parameter's value as people write it."""
    if value is None:
        return "none"
    if isinstance(value, bool) or isinstance(value, str | Distribution):
        return str(value)
    if isinstance(value, int) and value >= 1000:
        return format_duration(value)
    if isinstance(value, int | float):
        return f"{value:g}"
    if isinstance(value, tuple | list):
        return ", ".join(value_text(item) for item in value)
    return str(value)


def range_text(evidence: Evidence) -> str:
    """Return a parameter's likely range as it was written."""
    if evidence.low is None and evidence.high is None:
        return "–"
    return f"{'' if evidence.low is None else evidence.low} to {'' if evidence.high is None else evidence.high}"


def source_text(scenario: ScenarioFile, evidence: Evidence) -> str:
    """Return publisher and date of a parameter's source, or the word that stands for it."""
    source = scenario.sources.get(evidence.source or "")
    return f"{source.publisher}, {source.date}" if source else evidence.source or "assumed"


def contradiction_table(table: reports.Table, only: Sequence[str] | None = None) -> Table:
    """Return the table of contradictions, or of those about some figures only."""
    made = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for name in ("id", "about", "figures", "what disagrees", "advice", "never a target"):
        made.add_column(name, overflow="fold", no_wrap=name == "id")
    for one in table.contradictions.values():
        if only is None or set(one.figures) & set(only):
            cells = (one.id, one.about, ", ".join(one.figures), one.disagrees, one.advice, ", ".join(one.excludes))
            made.add_row(*map(escape, cells))
    return made


def figure_table(table: reports.Table, only: Sequence[str] | None = None) -> Table:
    """Return the table of reported figures, or of some of them only."""
    made = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for name in ("id", "kind", "quantity", "value", "unit", "where and when", "source", "caveat"):
        made.add_column(name, overflow="fold", no_wrap=name == "id")
    for name, one in table.figures.items():
        if only is None or name in only:
            where = ", ".join(text for text in (one.operation or one.place, one.period) if text)
            source = ", ".join(text for text in (one.publisher, one.date) if text) or "derived"
            firm = "" if one.qualifier == "exact" else f"{one.qualifier.replace('_', ' ')} "
            value = firm + value_text(one.value)
            made.add_row(*map(escape, (name, one.kind, one.quantity, value, one.unit, where, source, one.caveat)))
    return made


def scenario_table() -> Table:
    """Return the table of the shipped scenarios."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for name in ("scenario", "title", "reported figures"):
        table.add_column(name)
    for path in shipped():
        scenario = load(path)
        table.add_row(path.stem, escape(scenario.title), str(len(scenario.reported)))
    return table


def measure_table() -> Table:
    """Return the table of the measures with unit and definition."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for name in ("measure", "unit", "group", "definition"):
        table.add_column(name, no_wrap=name == "measure")
    for name, measure in MEASURES.items():
        table.add_row(name, measure.unit, measure.group, measure.definition)
    table.caption = "Those of an operation; a programme's follow from its calendar and stand in its summary.csv."
    return table


def distribution_table() -> Table:
    """Return the table of the distributions that a scenario may name."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for name in ("distribution", "meaning", "example"):
        table.add_column(name)
    for name, kind in DISTRIBUTIONS.items():
        table.add_row(name, (kind.__doc__ or "").split("\n")[0], escape(f"{{{name}: {kind.example}}}"))
    return table
