"""What was reported, as targets of a fit: each an interval of the counts that the report allows.

==============  ============================================================================================
``exact``       the figure itself
``approximate`` as near as its rounding, at least 2.5% on either side; or from ``low`` to ``high`` if they stand there
``at_least``    the figure or more
``under``       less than the figure
``range``       ``low`` to ``high``
==============  ============================================================================================

A count is set beside the whole that it is a part of, if that was reported too (inspections among stops), or else beside the
stops: how many there were is then given, and only the share is left to explain. Figures that are only shown or checked
(``use:``) are no targets. Figures that contradict one another, or the flow, are refused with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sim.errors import Place, ScenarioError, mistake
from sim.models import model_of
from sim.scenario_file import ReportedFigure, ScenarioFile

#: The least that "about" is taken to allow on either side, as a share of the figure.
ABOUT = 0.025
#: Units that are amounts, not counts of things.
AMOUNTS = ("hours", "minutes", "share", "USD", "million USD", "bed-days", "days", "reports")
#: Parts of one whole that exclude one another: together they cannot be more than it.
EXCLUSIVE = (
    ("stops", ("citations", "criminal_arrests")),
    ("referrals", ("detained", "referred_then_released")),
    ("detained", ("detained_without_licence", "detained_out_of_state_licence")),
)

Kind = Literal["part", "for_each", "count", "amount"]


@dataclass(frozen=True, slots=True)
class Target:
    """One reported figure that a fit must come near.

    Attributes
    ----------
    low, high
        The counts that the report allows, both included; infinite where there is no such end.
    kind
        ``part`` of the whole, things ``for_each`` of the whole, a ``count`` by itself, or an ``amount``.
    whole
        The target that it is set beside.
    """

    measure: str
    value: float
    low: float
    high: float
    qualifier: str
    kind: Kind
    whole: str | None
    figure: str | None = None
    note: str | None = None

    @property
    def is_firm(self) -> bool:
        """Whether it can be taken as known when others are set beside it: it has two ends."""
        return math.isfinite(self.low) and math.isfinite(self.high)


def targets_of(scenario: ScenarioFile) -> tuple[Target, ...]:
    """Return the targets of one operation, each after the whole that it is set beside, those with one end last.

    Raises
    ------
    ScenarioError
        If there is none, or figures contradict one another or the flow; one line for each, with the reason.
    """
    figures = {name: figure for name, figure in scenario.reported.items() if figure.use == "target"}
    if not figures:
        place = Place(scenario.file)
        raise ScenarioError.at(place, "reported", "nothing was reported that could be a target; there is nothing to fit.")
    ends = {name: interval(figure, is_count(scenario, name)) for name, figure in figures.items()}
    found = _contradictions(scenario, ends)
    if found:
        raise ScenarioError("\n".join(found))
    targets = {name: _target(scenario, name, figures[name], ends) for name in figures}
    return tuple(sorted(targets.values(), key=lambda one: (not one.is_firm, _depth(one, targets))))


def refuse_counted_twice(scenarios: Sequence[ScenarioFile]) -> None:
    """Refuse to fit one figure through two scenarios: it would count twice.

    Raises
    ------
    ScenarioError
        With the figure and both scenarios.
    """
    seen: dict[str, str] = {}
    for scenario in scenarios:
        for name, figure in scenario.reported.items():
            if figure.use != "target" or figure.figure is None:
                continue
            if figure.figure in seen and seen[figure.figure] != scenario.file:
                problem = f"{figure.figure} is a target in {seen[figure.figure]} too and would count twice; check it in one only."
                place = scenario.places.get(f"reported.{name}.figure", Place(scenario.file))
                raise ScenarioError.at(place, f"reported.{name}.figure", problem)
            seen[figure.figure] = scenario.file


def is_count(scenario: ScenarioFile, measure: str) -> bool:
    """Whether a measure counts things, and is no amount of time or money."""
    return model_of(scenario).measures(scenario)[measure].unit not in AMOUNTS


def interval(figure: ReportedFigure, count: bool = True) -> tuple[float, float]:
    """Return the smallest and the largest figure that a report allows."""
    value = figure.value
    if figure.qualifier == "at_least":
        return value, math.inf
    if figure.qualifier == "under":
        return -math.inf, value - 1 if count else value
    if figure.low is not None and figure.high is not None:
        return figure.low, figure.high
    if figure.qualifier == "approximate":
        near = max(_rounding(value) / 2, ABOUT * value)
        return (math.floor(value - near), math.ceil(value + near)) if count else (value - near, value + near)
    return value, value


def whole_of(scenario: ScenarioFile, measure: str, known: Sequence[str]) -> tuple[Kind, str | None]:
    """Return how a measure is set beside the nearest known whole, or beside the stops."""
    if not is_count(scenario, measure):
        return "amount", None
    above: dict[str, list[str]] = {}
    for part, whole in model_of(scenario).part_of(scenario):
        above.setdefault(part, []).append(whole)
    nearest = above.get(measure, [])
    while nearest:
        for whole in nearest:
            if whole in known and whole != measure:
                return "part", whole
        nearest = [further for one in nearest for further in above.get(one, [])]
    if "stops" in known and measure not in ("stops", "vehicles_seen"):
        return "for_each", "stops"
    return "count", None


def _target(scenario: ScenarioFile, name: str, figure: ReportedFigure, ends: dict[str, tuple[float, float]]) -> Target:
    firm = [other for other, (low, high) in ends.items() if math.isfinite(low) and math.isfinite(high)]
    kind, whole = whole_of(scenario, name, firm)
    low, high = ends[name]
    return Target(name, figure.value, low, high, figure.qualifier, kind, whole, figure.figure, figure.note)


def _depth(target: Target, targets: dict[str, Target]) -> int:
    return 0 if target.whole is None else 1 + _depth(targets[target.whole], targets)


def _rounding(value: float) -> float:
    """Return the size of the last digit of a whole figure that is not nought: 300,000 was rounded to 100,000."""
    if value == 0 or value != int(value):
        return 1.0
    digits = str(int(abs(value)))
    return float(10 ** (len(digits) - len(digits.rstrip("0"))))


def _contradictions(scenario: ScenarioFile, ends: dict[str, tuple[float, float]]) -> list[str]:
    lines = []

    def wrong(name: str, problem: str) -> None:
        place = scenario.places.get(f"reported.{name}.value", Place(scenario.file))
        remedy = "correct one, or mark it 'use: not_a_target' with a note that says why they disagree."
        lines.append(mistake(place, f"reported.{name}", f"{problem}; {remedy}"))

    for part, whole in model_of(scenario).part_of(scenario):
        if part in ends and whole in ends and ends[part][0] > ends[whole][1]:
            wrong(part, f"{ends[part][0]:g} {part} or more cannot be among {ends[whole][1]:g} {whole} or fewer")
    for whole, parts in EXCLUSIVE:
        together = math.fsum(ends[part][0] for part in parts if part in ends and math.isfinite(ends[part][0]))
        if whole in ends and together > ends[whole][1] and all(part in ends for part in parts):
            wrong(parts[0], f"{' and '.join(parts)} exclude one another, and {together:g} together are more than the {whole}")
    for name, (low, high) in ends.items():
        if high < 0:
            wrong(name, "less than none is reported")
        if low > high:
            wrong(name, f"its low end {low:g} is above its high end {high:g}")
    return lines
