"""Tables for the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rich.markup import escape
from rich.table import Table

from sim import evidence as reports
from sim.distributions import DISTRIBUTIONS
from sim.experiment.comparison import Difference, difference
from sim.experiment.replications import Result, Summary
from sim.experiment.studies import StudyFile, shipped_studies
from sim.leaves import field_at, unit_of, value_at
from sim.loading import shipped
from sim.measures import MEASURES, Measure
from sim.measures.registry import by_group
from sim.report.numbers import QUALIFIER_WORDS, in_words, interval_in_words, interval_of_mean, range_in_words, verdict
from sim.report.parameters import value_in_words
from sim.reported import load
from sim.scenario_file import Evidence, ReportedFigure, ScenarioFile
from sim.yaml_reader import read_file

_GRADE_STYLE = {"reported": "green", "published": "yellow", "assumed": "red"}


def summary_table(result: Result) -> Table:
    """Return the table of a run: every measure, yield beside burden and error, set against what was reported."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column("measure")
    table.add_column("unit", style="dim")
    for name in ("mean", "90% range", "95% interval of mean", "reported"):
        table.add_column(name, justify="right")
    table.add_column("in range")
    for group, members in by_group(result.measures):
        table.add_row(f"[bold]{group}[/bold]")
        for measure in members:
            table.add_row(*_summary_row(result, measure))
    return table


def _summary_row(result: Result, measure: Measure) -> tuple[str, ...]:
    one, unit = result.summary(measure.name), measure.unit
    figure = result.scenario.reported.get(measure.name)
    return (
        f"  {measure.name}",
        unit,
        in_words(one.mean, unit),
        range_in_words(one.p05, one.p95, unit),
        interval_in_words(*interval_of_mean(one), unit),
        _reported_text(figure, unit) if figure else "",
        _verdict_text(figure, one, unit) if figure else "",
    )


def _reported_text(figure: ReportedFigure, unit: str) -> str:
    return QUALIFIER_WORDS[figure.qualifier] + in_words(figure.value, unit)


def _verdict_text(figure: ReportedFigure, one: Summary, unit: str) -> str:
    inside = "[green]yes[/green]" if verdict(figure, one, unit) == "inside" else "[red]NO[/red]"
    return inside if figure.use == "target" else f"{inside} ({figure.use.replace('_', ' ')})"


def comparison_table(results: Mapping[str, Result]) -> Table:
    """Return the table of a comparison: the base's means and each arm's paired difference with its 95% interval.

    With several arms the intervals of a measure hold for all arms at once. The factor by which pairing saved variance stands
    behind each (×12: independent runs would need twelve times as many replications). Yield, burden and error are always shown;
    of the rest what differs in some arm.
    """
    (base_name, base), *arms = results.items()
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column("measure")
    table.add_column("unit", style="dim")
    table.add_column(f"{escape(base_name)}\nmean", justify="right", overflow="fold")
    for name, _ in arms:
        table.add_column(f"{escape(name)}\ndifference [95% interval] ×variance saved", justify="right", overflow="fold")
    for group, members in by_group(base.measures):
        table.add_row(f"[bold]{group}[/bold]")
        for measure in members:
            changes = [difference(base, arm, measure.name, arms=len(arms)) for _, arm in arms]
            if group in ("yield", "burden and error") or any(change.difference for change in changes):
                cells = [_change_text(change, measure.unit, len(base.values)) for change in changes]
                mean = in_words(base.summary(measure.name).mean, measure.unit)
                table.add_row(f"  {measure.name}", measure.unit, mean, *cells)
    return table


def _change_text(change: Difference, unit: str, replications: int) -> str:
    if not change.pairs:
        return "–"
    fewer = f" {change.pairs} pairs" if change.pairs < replications else ""
    if change.difference == 0 and change.ci_low == change.ci_high:
        return f"[dim]equal{fewer}[/dim]"
    sign = "+" if change.difference > 0 else ""
    low, high = in_words(change.ci_low, unit), in_words(change.ci_high, unit)
    saved = change.variance_saved
    factor = f" ×{saved:.{1 if saved < 10 else 0}f}" if saved < math.inf else ""
    return f"{sign}{in_words(change.difference, unit)} [dim]\\[{low} to {high}]{factor}{fewer}[/dim]"


def reproduction_table(results: Mapping[str, Result]) -> tuple[Table, int]:
    """Return the table of what was reported against what is simulated, and how many targets lie outside the 90% range."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for name in ("scenario", "measure"):
        table.add_column(name)
    for name in ("reported", "median", "90% range"):
        table.add_column(name, justify="right")
    table.add_column("inside")
    outside = 0
    for name, result in results.items():
        for measure, figure in result.scenario.reported.items():
            unit, one = result.measures[measure].unit, result.summary(measure)
            outside += figure.use == "target" and verdict(figure, one, unit) != "inside"
            table.add_row(
                escape(name),
                measure,
                _reported_text(figure, unit),
                in_words(one.median, unit),
                range_in_words(one.p05, one.p95, unit),
                _verdict_text(figure, one, unit),
            )
        if not result.scenario.reported:
            table.add_row(escape(name), "[dim]nothing was reported; it ran[/dim]")
    return table, outside


def parameter_table(scenario: ScenarioFile, only: str = "") -> Table:
    """Return the table of a scenario's parameters with value, range, source and grade."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for name in ("parameter", "value", "unit", "range", "grade", "source", "role"):
        table.add_column(name, overflow="fold", no_wrap=name in ("grade", "role"))
    for path, behind in scenario.evidence.items():
        if not path.startswith(only):
            continue
        field = field_at(path, type(scenario))
        extra = field.json_schema_extra
        table.add_row(
            path,
            escape(value_in_words(value_at(scenario, path), unit_of(field))),
            unit_of(field),
            escape(range_text(behind)),
            f"[{_GRADE_STYLE[behind.grade]}]{behind.grade}[/]",
            escape(source_text(scenario, behind)),
            str(extra.get("role", "")) if isinstance(extra, dict) else "",
        )
    return table


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
            value = firm + value_in_words(one.value, one.unit)
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


def study_table() -> Table:
    """Return the table of the shipped studies."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for name in ("study", "question", "base", "levers", "design"):
        table.add_column(name, overflow="fold")
    for path in shipped_studies():
        study = StudyFile.model_validate(read_file(path).plain())
        design = study.design if isinstance(study.design, str) else study.design.kind
        levers = "\n".join(name.rpartition(".")[2] for name in study.levers)
        table.add_row(path.stem, escape(study.question), study.base, levers, design.replace("_", " "))
    return table


def measure_table() -> Table:
    """Return the table of the measures with unit and definition."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for name in ("measure", "unit", "group", "definition"):
        table.add_column(name, no_wrap=name == "measure")
    for name, measure in MEASURES.items():
        table.add_row(name, measure.unit, measure.group, measure.definition)
    table.caption = "Those of an operation; a programme's follow from the days of its calendar and stand in its summary.csv."
    return table


def distribution_table() -> Table:
    """Return the table of the distributions that a scenario may name."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for name in ("distribution", "meaning", "example"):
        table.add_column(name)
    for name, kind in DISTRIBUTIONS.items():
        table.add_row(name, (kind.__doc__ or "").split("\n")[0], escape(f"{{{name}: {kind.example}}}"))
    return table
