"""Leaves -> a scenario, with what stands behind each value; every mistake with its file, line and key."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from sim.distributions import Distribution
from sim.errors import BelowError, Place, mistake, nearest, refuse
from sim.fields import FrozenDict
from sim.leaves import PARAMETER_SECTIONS, Leaf, Leaves, field_at, parser_of, there, value_at
from sim.scenario_file import Evidence, ScenarioFile
from sim.units import parse_duration, shown

GRADES = ("reported", "published", "assumed")
#: Words that may stand for a source: the value was tuned to reproduce what was reported, or somebody's judgement.
SOURCE_WORDS = ("fitted", "assumed")
MOST_MISTAKES_EXPLAINED = 100


def build(root: type[ScenarioFile], leaves: Leaves, name: str) -> ScenarioFile:
    """Return the scenario that leaves make, with what stands behind its values; ``name`` is that of the file.

    Raises
    ------
    ScenarioError
        If values or what stands behind them do not make a scenario.
    """
    scenario = validated(root, leaves, name)
    written = there(leaves)
    mistakes: list[str] = []
    table = {
        path: _evidence_of(path, leaf, scenario, mistakes)
        for path, leaf in sorted(written.items())
        if path.split(".")[0] in PARAMETER_SECTIONS
    }
    for measure, figure in scenario.reported.items():
        if figure.source not in scenario.sources:
            key = f"reported.{measure}.source"
            unknown = f"'{figure.source}' does not stand under sources:; {nearest(figure.source, scenario.sources)}"
            mistakes.append(mistake(written[key].place, key, unknown))
    refuse(mistakes)
    places = {path: leaf.place for path, leaf in written.items()}
    return scenario.model_copy(update={"evidence": FrozenDict(table), "places": FrozenDict(places), "file": name})


def validated(root: type[ScenarioFile], leaves: Mapping[str, Leaf], name: str) -> ScenarioFile:
    """Return the scenario that leaves make, without what stands behind its values.

    Raises
    ------
    ScenarioError
        If the values do not make a scenario.
    """
    written = there(leaves)
    tree: dict[str, Any] = {"reported": {}, "sources": {}}
    for path, leaf in sorted(written.items()):
        *sections, key = path.split(".")
        place = tree
        for section in sections:
            place = place.setdefault(section, {})
        place[key] = leaf.value
    try:
        return root.model_validate(tree)
    except ValidationError as problem:
        errors = problem.errors()
        explained = [_explain(error, leaves, name, root) for error in errors[:MOST_MISTAKES_EXPLAINED]]
        refuse(explained, unexplained=len(errors) - len(explained))
        raise AssertionError("a validation error without errors") from problem


# --- what stands behind a value -------------------------------------------------------------------------------------


def _evidence_of(path: str, leaf: Leaf, scenario: ScenarioFile, mistakes: list[str]) -> Evidence:
    """Return what stands behind one parameter, and add a line for each mistake in it."""
    field = field_at(path, type(scenario))
    values: dict[str, Any] = {key: node.plain() for key, node in leaf.evidence.items()}

    def wrong(key: str, problem: str) -> None:
        mistakes.append(mistake(leaf.evidence[key].place if key in leaf.evidence else leaf.place, f"{path}.{key}", problem))

    grade = values.get("grade", "assumed")
    source = values.get("source")
    if grade not in GRADES:
        wrong("grade", f"{shown(grade)} is not a grade; {nearest(str(grade), GRADES)}")
        grade = "assumed"
    if source is not None and not isinstance(source, str):
        wrong("source", f"{shown(source)} is not text; write a key of sources:, or one of {', '.join(SOURCE_WORDS)}.")
        source = None
    elif source is not None and source not in SOURCE_WORDS and source not in scenario.sources:
        wrong("source", f"{shown(source)} does not stand under sources:; {nearest(str(source), scenario.sources)}")
    if grade != "assumed" and (source is None or source in SOURCE_WORDS):
        wrong("grade", f"is '{grade}', but no publication is named; give 'source' a key of sources:, or grade it assumed.")
    _check_range(values, field, value_at(scenario, path), wrong)
    note = values.get("note")
    if note is not None and not isinstance(note, str):
        wrong("note", f"{shown(note)} is not text; put it in quotation marks.")
        note = None
    return Evidence(
        low=values.get("low"), high=values.get("high"), source=source, grade=grade, note=note,
        written=_frozen(leaf.value), place=leaf.place,
    )  # fmt: skip


def _frozen(value: Any) -> Any:
    """Return a plain value that cannot be changed."""
    if isinstance(value, dict):
        return FrozenDict({key: _frozen(item) for key, item in value.items()})
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _check_range(values: dict[str, Any], field: FieldInfo, value: Any, wrong: Callable[[str, str], None]) -> None:
    """Check that low and high are of the parameter's own kind and lie on either side of its value."""
    is_distribution = isinstance(value, Distribution)
    middle = value.mean if is_distribution else value
    for key in ("low", "high"):
        if values.get(key) is None:
            continue
        if isinstance(middle, bool) or not isinstance(middle, int | float):
            wrong(key, "a range makes no sense for this key; remove it.")
            continue
        try:
            limit = parse_duration(values[key]) if is_distribution else parser_of(field)(values[key])
        except ValueError as problem:
            wrong(key, str(problem))
            continue
        if not isinstance(limit, int | float):  # 'none' as an end of the range of a limit
            wrong(key, f"{shown(values[key])} is no end of a range; write a number with its unit, or remove it.")
        elif (key == "low" and limit > middle) or (key == "high" and limit < middle):
            side = "above" if key == "low" else "below"
            what = "the mean of its distribution" if is_distribution else "the value"
            wrong(key, f"{shown(values[key])} lies {side} {what}; correct one of them.")


# --- what was wrong, in words ---------------------------------------------------------------------------------------


def _explain(error: Any, leaves: Mapping[str, Leaf], name: str, root: type[ScenarioFile]) -> str:
    """Return one line for one of pydantic's errors: the place is that of the nearest written key."""
    written = there(leaves)
    parts = [str(part) for part in error["loc"]]
    path = ".".join(parts)
    found = error.get("ctx", {}).get("error")
    blamed = [f"{path}.{key}" for key in found.keys] if isinstance(found, BelowError) else []
    if laid := [key for key in leaves if key in blamed]:
        return mistake(leaves[laid[-1]].place, laid[-1], _reason(error))
    if error["type"] == "missing":
        if path in ("title", "question"):
            return mistake(Place(name), path, f"is missing; write '{path}: …' at the top of the file.")
        taken = [leaf.place for key, leaf in leaves.items() if leaf.removes and key.startswith(f"{path}.")]
        if taken:
            return mistake(taken[-1], path, "has no entry left; leave one of those that were there, or write another.")
        meaning = field_at(path, root).description or ""
        nearby = _nearest_place(path.rpartition(".")[0], written) or Place(name)
        return mistake(nearby, path, f"is missing ({meaning}); add it, or inherit it with 'extends: ../base.yaml'.")
    while parts and ".".join(parts) not in written and _nearest_place(".".join(parts), written) is None:
        parts.pop()
    key = ".".join(parts)
    return mistake(_nearest_place(key, written) or Place(name), key, _reason(error))


def _nearest_place(path: str, leaves: Mapping[str, Leaf]) -> Place | None:
    """Return the place of a key, or the first place below it in the file (or setting) that was laid last."""
    if path in leaves:
        return leaves[path].place
    below = [leaf.place for key, leaf in leaves.items() if key.startswith(f"{path}.")] if path else []
    last = [place for place in below if place.file == below[-1].file]
    return min(last, key=lambda place: place.line) if last else None


def _reason(error: Any) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if error["type"] == "literal_error":
        options = re.findall(r"'([^']*)'", error["ctx"]["expected"])
        return f"{shown(error['input'])} is not one of {', '.join(options)}; {nearest(str(error['input']), options)}"
    return f"{shown(error.get('input'))}: {error['msg'].lower()}; see 'stopflow explain' for what belongs here."
