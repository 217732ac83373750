"""The pictures of the report, each with a heading, a caption, and words for those who cannot see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.experiment.replications import Result
from sim.report import figures as draw
from sim.report.drawing import inline_svg
from sim.report.numbers import QUALIFIER_WORDS, in_words, name_in_words, range_in_words, verdict
from sim.report.stages import stages
from sim.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CHANCE = "The ranges are those of 90% of the replications: chance alone, not ignorance about the parameters."


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture; ``svg`` is an element that may stand in HTML as it is."""

    name: str
    heading: str
    caption: str
    svg: str


def pictures_of(result: Result, figures: Mapping[str, Figure | str] | None = None) -> list[Picture]:
    """Return the pictures of a run in the order of the report.

    Parameters
    ----------
    result
        A run.
    figures
        The figures, or their SVG texts, by name if they are drawn already; drawn here otherwise.
    """
    drawn: Mapping[str, Figure | str] = draw.all_of(result) if figures is None else figures
    made = []
    for name, figure in drawn.items():
        heading, caption, describe = WORDS[name]
        svg = inline_svg(figure, name.replace("_", "-"), heading, describe(result))
        made.append(Picture(name, heading, caption, svg))
    return made


def _operation(result: Result) -> Scenario:
    assert isinstance(result.scenario, Scenario)  # only operations have this picture
    return result.scenario


def _flow(result: Result) -> str:
    parts = []
    for stage in stages(_operation(result)):
        lines = "; ".join(f"{line.what}: {line.value}" for line in stage.lines)
        out = f" Ways out: {'; '.join(stage.exits)}." if stage.exits else ""
        parts.append(f"{stage.title}: {lines}.{out}")
    return " ".join(parts)


def _funnel(result: Result) -> str:
    def words(measure: str) -> str:
        one = result.summary(measure)
        return f"{in_words(one.mean, result.measures[measure].unit)} ({_range(result, measure)})"

    return (
        f"On average {words('vehicles_seen')} vehicles gave ground for a stop; {words('stops')} were stopped and "
        f"{words('vehicles_passed_unstopped')} passed. {words('people_asked')} people were asked, {words('referrals')} "
        f"referred to ICE, {words('detained')} taken into custody, {words('referred_then_released')} referred and let "
        f"go after {words('held_then_released_hours')} hours in all. In brackets the 90% ranges."
    )


def _reported(result: Result) -> str:
    rows = []
    for name, measure in result.measures.items():
        if (figure := result.scenario.reported.get(name)) is not None:
            told = QUALIFIER_WORDS[figure.qualifier] + in_words(figure.value, measure.unit)
            where = verdict(figure, result.summary(name), measure.unit)
            simulated = f"simulated {in_words(result.summary(name).mean, measure.unit)} ({_range(result, name)})"
            rows.append(f"{name_in_words(name)}: reported {told}, {simulated}, {where}")
    return f"{'; '.join(rows)}. In brackets the 90% ranges."


def _distributions(result: Result) -> str:
    varying = sum(float(np.nanmin(column)) < float(np.nanmax(column)) for column in result.values.T if np.isfinite(column).any())
    return f"Histograms of the {varying} measures that vary; their means and ranges stand in the table of all measures."


def _timeline(result: Result) -> str:
    days = len({day for shift in _operation(result).operation.shifts.values() for day in shift.days()})
    passed, taken = (in_words(result.column(name)[0], "") for name in ("vehicles_passed_unstopped", "detained"))
    return (
        f"Counts over local time in the first replication, for each of the {days} days of the operation (at most five "
        f"are drawn): patrol units busy, inspectors busy, people waiting for ICE's answer. {passed} vehicles passed "
        f"while every unit was busy; {taken} people were taken into custody."
    )


def _curves(result: Result) -> str:
    rows = [
        f"{name_in_words(name)}: reported {in_words(figure.value, '')}, simulated {_range(result, name)}"
        for name, figure in result.scenario.reported.items()
    ]
    return f"{'; '.join(rows)}. Simulated are the 90% ranges."


def _range(result: Result, measure: str) -> str:
    one = result.summary(measure)
    return range_in_words(one.p05, one.p95, result.measures[measure].unit)


WORDS: dict[str, tuple[str, str, Callable[[Result], str]]] = {
    "flow": (
        "How the operation runs",
        "Drawn from the scenario: from the shifts to custody, with the values that were simulated. Arrows to the "
        "right: how vehicles and people leave the way.",
        _flow,
    ),
    "funnel": (
        "From vehicles seen to people in custody",
        f"What goes on and what is lost at each step. {CHANCE}",
        _funnel,
    ),
    "curves": (
        "What the published list said, and what is simulated",
        f"Counts on the days of the published list. {CHANCE}",
        _curves,
    ),
    "reported_against_simulated": (
        "Reported against simulated",
        f"The numbers beside the marks are the real ones; places are standardised so that all fit one scale. {CHANCE}",
        _reported,
    ),
    "distributions": (
        "How the measures spread",
        f"Each measure that varies between replications. {CHANCE}",
        _distributions,
    ),
    "timeline": (
        "One replication over the clock",
        "The first replication (number 0), as one example; others differ.",
        _timeline,
    ),
}
