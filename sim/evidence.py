"""The table of reported figures that the project rests on, and of the contradictions among them.

It is data, in ``scenarios/evidence.yaml``; a scenario names a figure by its id (``figure: S0-02``). Where reports
conflate things, a contradiction says what disagrees and what to do, and may exclude figures: such a one can be shown,
never be a target.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sim.errors import Place, ScenarioError, mistake, nearest
from sim.loading import shipped_folder
from sim.scenario_file import ScenarioFile
from sim.yaml_reader import Node, read_file

FIGURE_KINDS = ("calibration", "check", "derived", "process", "definition", "context", "gap")
#: The keys of each part of the table, and whether one must stand there.
SOURCE_KEYS = {"publisher": True, "date": True, "title": True}
FIGURE_KEYS = {
    "kind": True, "quantity": True, "value": True, "unit": True, "qualifier": True,
    "ci95": False, "operation": False, "place": False, "period": False, "source": False, "caveat": False,
}  # fmt: skip
CONTRADICTION_KEYS = {"about": True, "figures": True, "disagrees": True, "advice": True, "excludes": True}


@dataclass(frozen=True, slots=True)
class Figure:
    """One reported figure; texts are empty where nothing was said."""

    id: str
    kind: str
    quantity: str
    value: float | str | tuple[float | str, ...] | None
    unit: str
    qualifier: str
    operation: str
    place: str
    period: str
    publisher: str  # of the report; empty for a figure derived from others
    date: str
    caveat: str
    ci95: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Figures that disagree, in what, and what to do about it."""

    id: str
    about: str
    figures: tuple[str, ...]
    disagrees: str
    advice: str
    excludes: tuple[str, ...]  # figures that must not be targets


@dataclass(frozen=True, slots=True)
class Table:
    """All figures and contradictions, by id in the order of the file."""

    figures: Mapping[str, Figure]
    contradictions: Mapping[str, Contradiction]

    def about(self, figure: str) -> list[Contradiction]:
        """Return the contradictions in which a figure stands."""
        return [one for one in self.contradictions.values() if figure in one.figures]

    def exclusion(self, figure: str) -> Contradiction | None:
        """Return the contradiction that forbids a figure as a target, if there is one."""
        return next((one for one in self.contradictions.values() if figure in one.excludes), None)

    def used_by(self, scenario: ScenarioFile) -> list[str]:
        """Return the figures that a scenario's reported figures name, in the order of the table."""
        named = {figure.figure for figure in scenario.reported.values()}
        return [name for name in self.figures if name in named]


@cache
def shipped_table() -> Table:
    """Return the table that comes with the scenarios."""
    return read(shipped_folder() / "evidence.yaml")


def read(path: Path) -> Table:
    """Read a table of figures and contradictions.

    Raises
    ------
    ScenarioError
        If anything in it is wrong; one line per mistake, with file, line and key.
    """
    root = read_file(path)
    mistakes: list[str] = []
    parts = {name: _part(root, name, mistakes) for name in ("sources", "figures", "contradictions")}
    for name in root.value:
        if name not in parts:
            mistakes.append(mistake(root.value[name].place, name, f"no such key; {nearest(name, parts)}"))
    sources = {key: _entry(node, f"sources.{key}", SOURCE_KEYS, mistakes) for key, node in parts["sources"].items()}
    figures = {
        key: _figure(key, _entry(node, f"figures.{key}", FIGURE_KEYS, mistakes), node.place, sources, mistakes)
        for key, node in parts["figures"].items()
    }
    contradictions = {
        key: _contradiction(
            key, _entry(node, f"contradictions.{key}", CONTRADICTION_KEYS, mistakes), node.place, figures, mistakes
        )
        for key, node in parts["contradictions"].items()
    }
    if mistakes:
        raise ScenarioError("\n".join(mistakes))
    return Table(figures, contradictions)


def mistakes_in(scenario: ScenarioFile) -> list[str]:
    """Return one line for each reported figure whose id is unknown, or which must not be a target but is one."""
    table = shipped_table()
    found = []
    for measure, reported in scenario.reported.items():
        if reported.figure is None:
            continue
        key = f"reported.{measure}.figure"
        place: Place = scenario.places.get(key, Place(scenario.file))
        if reported.figure not in table.figures:
            problem = f"no figure {reported.figure} stands in evidence.yaml; {nearest(reported.figure, table.figures)}"
            found.append(mistake(place, key, problem))
            continue
        exclusion = table.exclusion(reported.figure)
        if exclusion and reported.use == "target":
            problem = (
                f"{reported.figure} cannot be a target ({exclusion.id}: {exclusion.disagrees}) {exclusion.advice} "
                "Remove it, or mark it 'use: not_a_target'."
            )
            found.append(mistake(place, key, problem))
    return found


def advice_on(figure: str | None) -> str:
    """Return what the contradictions say about a figure, on one line; empty if it stands in none."""
    if figure is None:
        return ""
    return " ".join(f"{one.id}: {one.disagrees} {one.advice}" for one in shipped_table().about(figure))


def _part(root: Node, name: str, mistakes: list[str]) -> dict[str, Node]:
    node = root.value.get(name)
    if node is None or not isinstance(node.value, dict):
        mistakes.append(mistake(node.place if node else root.place, name, "is missing, or is no mapping of ids to entries."))
        return {}
    entries: dict[str, Node] = node.value
    return entries


def _entry(node: Node, path: str, keys: Mapping[str, bool], mistakes: list[str]) -> dict[str, Any]:
    """Return the values of one entry; what must stand there and does not is given as None."""
    if not isinstance(node.value, dict):
        mistakes.append(mistake(node.place, path, f"is no mapping; write keys below it, such as '{next(iter(keys))}: …'."))
        return dict.fromkeys(keys)
    for key, inner in node.value.items():
        if key not in keys:
            mistakes.append(mistake(inner.place, f"{path}.{key}", f"no such key; {nearest(key, keys)}"))
    for key, needed in keys.items():
        if needed and key not in node.value:
            mistakes.append(mistake(node.place, f"{path}.{key}", "is missing; add it."))
    return {key: node.value[key].plain() if key in node.value else None for key in keys}


def _figure(
    name: str, values: dict[str, Any], place: Place, sources: Mapping[str, dict[str, Any]], mistakes: list[str]
) -> Figure:
    if values["kind"] not in FIGURE_KINDS:
        problem = f"{values['kind']!r} is not a kind; {nearest(str(values['kind']), FIGURE_KINDS)}"
        mistakes.append(mistake(place, f"figures.{name}.kind", problem))
    source = values["source"]
    if source is not None and source not in sources:
        problem = f"{source!r} does not stand under sources:; {nearest(str(source), sources)}"
        mistakes.append(mistake(place, f"figures.{name}.source", problem))
    if source is None and values["kind"] != "derived":
        mistakes.append(mistake(place, f"figures.{name}.source", "is missing; only a derived figure has none."))
    origin = sources.get(str(source), {})
    value = values["value"]
    return Figure(
        id=name,
        value=tuple(value) if isinstance(value, list) else value,
        publisher=_text(origin.get("publisher")),
        date=_text(origin.get("date")),
        ci95=tuple(values["ci95"] or ()),
        **{
            key: _text(values[key]) for key in ("kind", "quantity", "unit", "qualifier", "operation", "place", "period", "caveat")
        },
    )


def _contradiction(name: str, values: dict[str, Any], place: Place, figures: Iterable[str], mistakes: list[str]) -> Contradiction:
    named, excluded = tuple(values["figures"] or ()), tuple(values["excludes"] or ())
    known = set(figures)
    for one in named:
        if one not in known:
            mistakes.append(mistake(place, f"contradictions.{name}.figures", f"no figure {one}; {nearest(str(one), known)}"))
    for one in excluded:
        if one not in named:
            problem = f"{one} is excluded but does not stand among its figures; add it there."
            mistakes.append(mistake(place, f"contradictions.{name}.excludes", problem))
    about, disagrees, advice = (_text(values[key]) for key in ("about", "disagrees", "advice"))
    return Contradiction(name, about, named, disagrees, advice, excluded)


def _text(value: object) -> str:
    return "" if value is None else str(value)
