"""What was reported, held against the measures and against itself.

A figure that no measure produces, and figures that contradict each other or the flow (more inspected than stopped), are
refused with the reason; so is a target whose figure the reports conflate (:mod:`sim.evidence`). Figures that are only
shown (``use: not_a_target``) are exempt from the second rule and the third.
"""

from __future__ import annotations

from pathlib import Path

from sim import evidence, loading
from sim.errors import Place, ScenarioError, mistake, nearest
from sim.models import model_of
from sim.scenario import ReportedFigure, ScenarioFile


def load(scenario: str | Path, settings: tuple[str, ...] | list[str] = ()) -> ScenarioFile:
    """Load a scenario as :func:`sim.loading.load` does, and hold its reported figures against the measures.

    Raises
    ------
    ScenarioError
        If anything is wrong; the message names file, line, key and remedy.
    """
    loaded = loading.load(scenario, settings)
    mistakes = contradictions(loaded)
    if mistakes:
        raise ScenarioError("\n".join(mistakes))
    return loaded


def contradictions(scenario: ScenarioFile) -> list[str]:
    """Return one line for each reported figure that cannot be: unknown, or in contradiction to another."""
    figures, model = scenario.reported, model_of(scenario)
    known = model.measures(scenario)
    mistakes = []
    for name in figures:
        if name not in known:
            problem = f"no measure has this name; {nearest(name, known)}"
            mistakes.append(mistake(_place(scenario, name), f"reported.{name}", problem))
    for part, whole in model.part_of(scenario):
        if part in figures and whole in figures and _more(figures[part], figures[whole]):
            problem = (
                f"{figures[part].value:g} {part} cannot be among {figures[whole].value:g} {whole}; correct one, "
                "or mark it 'use: not_a_target' with a note that says why they disagree."
            )
            mistakes.append(mistake(_place(scenario, part), f"reported.{part}", problem))
    return mistakes + evidence.mistakes_in(scenario)


def warnings(scenario: ScenarioFile) -> list[str]:
    """Return what a user of the scenario should know of its reported figures, one line each."""
    lines = []
    for name, figure in scenario.reported.items():
        if figure.use == "not_a_target":
            why = " ".join(text for text in (figure.note, evidence.advice_on(figure.figure)) if text)
            lines.append(f"reported.{name}: {figure.value:g} is shown but is not a target{f': {why}' if why else '.'}")
    return lines


def _more(part: ReportedFigure, whole: ReportedFigure) -> bool:
    """Whether the part surely is more than the whole: only firm figures that claim to be of one world can clash."""
    firm = part.qualifier in ("exact", "at_least") and whole.qualifier in ("exact", "under")
    return firm and "not_a_target" not in (part.use, whole.use) and part.value > whole.value


def _place(scenario: ScenarioFile, measure: str) -> Place:
    place: Place = scenario.places.get(f"reported.{measure}.value", Place(scenario.file))
    return place
