"""The parameters of a scenario in words: value, unit, range, source and grade, one row each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import time
from typing import Any
from urllib.parse import urlsplit

from sim.evidence import Contradiction, shipped_table
from sim.leaves import PARAMETER_SECTIONS, field_at, unit_of, value_at
from sim.report.numbers import DASH
from sim.scenario_file import Evidence, ScenarioFile
from sim.units import format_duration, format_money


@dataclass(frozen=True, slots=True)
class SourceInWords:
    """Where something was published; ``link`` is empty unless it is a web address."""

    publisher: str
    date: str = ""
    title: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class ParameterInWords:
    """One row of the table of parameters."""

    path: str
    meaning: str
    role: str
    value: str
    unit: str
    range: str
    grade: str
    fitted: bool
    source: SourceInWords | None
    note: str


def parameters_in_words(scenario: ScenarioFile) -> Iterator[ParameterInWords]:
    """Yield one row for each parameter, in alphabetical order of paths.

    Parameters
    ----------
    scenario
        A loaded scenario.
    """
    for path, evidence in scenario.evidence.items():
        field = field_at(path, type(scenario))
        extra = field.json_schema_extra
        unit = unit_of(field)
        yield ParameterInWords(
            path=path,
            meaning=field.description or "",
            role=str(extra.get("role", "")) if isinstance(extra, dict) else "",
            value=value_in_words(value_at(scenario, path), unit),
            unit=unit,
            range=_range(evidence),
            grade=evidence.grade,
            fitted=evidence.source == "fitted",
            source=source_in_words(scenario, evidence.source),
            note=evidence.note or "",
        )


def value_in_words(value: Any, unit: str) -> str:
    """Return a parameter's value as people write it; a duration brings its unit along."""
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    if isinstance(value, int) and (unit == "USD" or unit.startswith("duration")):
        return format_money(value).removesuffix(" USD") if unit == "USD" else format_duration(value)
    if isinstance(value, int | float):
        return f"{value:.12g}"
    if isinstance(value, tuple | list):
        return ", ".join(value_in_words(item, unit) for item in value)
    if isinstance(value, time) and not value.second:
        return value.isoformat("minutes")
    return str(value)


def source_in_words(scenario: ScenarioFile, key: str | None) -> SourceInWords | None:
    """Return the source behind a key of ``sources:``, or None if the key is only a word such as ``assumed``."""
    source = scenario.sources.get(key or "")
    if source is None:
        return None
    return SourceInWords(source.publisher, source.date, source.title or "", web_address(source.url))


def web_address(url: str | None) -> str:
    """Return an address that may be made a link: http or https with a host, without white space; otherwise nothing."""
    if not url or any(letter.isspace() or not letter.isprintable() for letter in url):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.netloc else ""


def sources_in_words(scenario: ScenarioFile) -> dict[str, SourceInWords | None]:
    """Return every source of a scenario, by its key in alphabetical order."""
    return {key: source_in_words(scenario, key) for key in sorted(scenario.sources)}


def contradictions_of(scenario: ScenarioFile) -> list[Contradiction]:
    """Return the contradictions between reports in which the reported figures of a scenario stand."""
    table = shipped_table()
    used = set(table.used_by(scenario))
    return [one for one in table.contradictions.values() if used & set(one.figures)]


def by_section(parameters: list[ParameterInWords]) -> dict[str, list[ParameterInWords]]:
    """Return the parameters by section, in the order of the pathway."""
    return {section: [row for row in parameters if row.path.split(".")[0] == section] for section in PARAMETER_SECTIONS}


def grade_counts(parameters: list[ParameterInWords]) -> dict[str, int]:
    """Return how many parameters have each grade, how many are fitted, and how many there are."""
    counts = {grade: sum(row.grade == grade for row in parameters) for grade in ("reported", "published", "assumed")}
    return counts | {"fitted": sum(row.fitted for row in parameters), "all": len(parameters)}


def uninformed_by_kind(parameters: list[ParameterInWords]) -> dict[str, dict[str, list[tuple[str, str]]]]:
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


def _range(evidence: Evidence) -> str:
    low, high = ("" if end is None else str(end) for end in (evidence.low, evidence.high))
    if low and high:
        return f"{low} to {high}"
    return f"from {low}" if low else f"up to {high}" if high else DASH
