"""A tree of values -> its leaves by dotted path (``stop.traffic_task``), following the declarations in :mod:`sim.scenario`.

Files and settings are laid over one another leaf by leaf.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from sim.errors import Place, ScenarioError, mistake, nearest
from sim.fields import Parameters, Unit
from sim.scenario import Scenario
from sim.scenario_file import ScenarioFile
from sim.units import shown
from sim.yaml_reader import DEEPEST, Node

#: Sections whose leaves may carry a range, a source and a grade.
PARAMETER_SECTIONS = (
    "operation", "traffic", "people", "stop", "inspection", "status_check", "custody",
    "agency", "jail", "money", "community", "programme",
)  # fmt: skip
EVIDENCE_KEYS = ("low", "high", "source", "grade", "note")
#: What an entry of a table may be called, and a shipped scenario.
NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One written value, with what stands behind it."""

    value: Any
    place: Place
    evidence: Mapping[str, Node]
    removes: bool = False  # an entry of a table that is written as null, to be taken away with all that is below it


Leaves = dict[str, Leaf]


def flatten(tree: Node, root: type[ScenarioFile]) -> tuple[Leaves, list[str]]:
    """Return the leaves of a tree, and one line for each mistake in its shape."""
    leaves: Leaves = {}
    mistakes: list[str] = []
    _flatten_section(tree, root, "", leaves, mistakes)
    return leaves, mistakes


def _flatten_section(node: Node, section: type[Parameters], path: str, leaves: Leaves, mistakes: list[str]) -> None:
    if not isinstance(node.value, dict):
        example = next(iter(section.model_fields))
        problem = f"{_short(node)} stands where a mapping belongs; write keys below it, such as '{example}: …'."
        mistakes.append(mistake(node.place, path, problem))
        return
    for key, inner in node.value.items():
        here = f"{path}.{key}" if path else key
        field = section.model_fields.get(key)
        if field is None or field.exclude:
            known = [name for name, one in section.model_fields.items() if not one.exclude] + ([] if path else ["extends"])
            mistakes.append(mistake(inner.place, here, f"no such key; {nearest(key, known)}"))
            continue
        kind, of = _kind_of(field)
        if kind == "section":
            _flatten_section(inner, of, here, leaves, mistakes)
        elif kind == "table":
            _flatten_table(inner, of, here, leaves, mistakes)
        else:
            _flatten_leaf(inner, here, leaves, mistakes)


def _flatten_table(node: Node, section: type[Parameters], path: str, leaves: Leaves, mistakes: list[str]) -> None:
    if not isinstance(node.value, dict):
        mistakes.append(
            mistake(node.place, path, f"{_short(node)} stands where names belong; write a name, and its keys below it.")
        )
        return
    for name, inner in node.value.items():
        here = f"{path}.{name}"
        if not NAME.fullmatch(name):
            problem = "is not a name; use small letters, digits and _, beginning with a letter."
            mistakes.append(mistake(inner.place, here, problem))
        elif inner.value is None:
            leaves[here] = Leaf(None, inner.place, {}, removes=True)
        else:
            _flatten_section(inner, section, here, leaves, mistakes)


def _flatten_leaf(node: Node, path: str, leaves: Leaves, mistakes: list[str]) -> None:
    if not isinstance(node.value, dict) or path.split(".", maxsplit=1)[0] not in PARAMETER_SECTIONS:
        leaves[path] = Leaf(node.plain(), node.place, {})
        return
    evidence = {key: inner for key, inner in node.value.items() if key in EVIDENCE_KEYS}
    rest = {key: inner for key, inner in node.value.items() if key not in EVIDENCE_KEYS}
    if "value" in rest and len(rest) > 1:
        other = next(key for key in rest if key != "value")
        problem = f"no such key beside 'value'; {nearest(other, EVIDENCE_KEYS)}"
        mistakes.append(mistake(rest[other].place, f"{path}.{other}", problem))
    elif not rest:
        mistakes.append(mistake(node.place, path, "has no value; write 'value: …' beside its source."))
    else:
        value = rest["value"] if "value" in rest else Node(rest, node.place)
        leaves[path] = Leaf(value.plain(), value.place, evidence)


def _short(node: Node) -> str:
    if isinstance(node.value, list):
        return "a list"
    return shown(node.value) if node.value is not None else "nothing"


def as_node(value: Any, place: Place, depth: int = 1) -> Node:
    """Return plain values as if they had been read from a file, all at one place.

    Raises
    ------
    ScenarioError
        If they are nested too deeply.
    """
    if depth > DEEPEST:
        raise ScenarioError.at(place, "", f"nested deeper than {DEEPEST} levels; a scenario needs no more than 8.")
    if isinstance(value, Mapping):
        return Node({str(key): as_node(item, place, depth + 1) for key, item in value.items()}, place)
    if isinstance(value, list | tuple):
        return Node([as_node(item, place, depth + 1) for item in value], place)
    return Node(value, place)


def lay_over(below: Leaves, above: Leaves) -> None:
    """Lay one set of leaves over another, in place, so that what is laid last also stands last.

    A leaf that takes an entry away stays, for whoever has to say why the entry is not there; :func:`there` leaves it out.

    Raises
    ------
    ScenarioError
        If an entry is to be taken away that is not there.
    """
    for path, leaf in above.items():
        if leaf.removes:
            _remove(below, path, leaf.place)
        below.pop(path, None)
        below[path] = leaf


def there(leaves: Mapping[str, Leaf]) -> Leaves:
    """Return the leaves that have a value, without those that take an entry away."""
    return {path: leaf for path, leaf in leaves.items() if not leaf.removes}


def _remove(leaves: Leaves, path: str, place: Place) -> None:
    """Take away an entry of a table with all its leaves."""
    gone = [key for key in leaves if key.startswith(f"{path}.")]
    if not gone:
        table, _, name = path.rpartition(".")
        known = {key[len(table) + 1 :].split(".")[0] for key in there(leaves) if key.startswith(f"{table}.")}
        raise ScenarioError.at(place, path, f"there is no such entry to remove; {nearest(name, known)}")
    for key in gone:
        del leaves[key]


# --- declarations and values by dotted path -------------------------------------------------------------------------


def _kind_of(field: FieldInfo) -> tuple[str, type[Parameters]]:
    """Return whether a field is a section, a table of sections or a leaf, and the section's class."""
    annotation = field.annotation
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return ("section", annotation) if issubclass(annotation, Parameters) else ("leaf", Parameters)
    if typing.get_origin(annotation) is dict:
        inside = typing.get_args(annotation)[1]
        return "table", inside
    return "leaf", Parameters


def field_at(path: str, root: type[ScenarioFile] = Scenario) -> FieldInfo:
    """Return the declaration of the field at a dotted path."""
    section: type[Parameters] = root
    parts = path.split(".")
    position = 0
    while True:
        field = section.model_fields[parts[position]]
        kind, inside = _kind_of(field)
        position += 2 if kind == "table" else 1
        if kind == "leaf" or position >= len(parts):
            return field
        section = inside


def value_at(scenario: ScenarioFile, path: str) -> Any:
    """Return the value at a dotted path."""
    value: Any = scenario
    for part in path.split("."):
        value = value[part] if isinstance(value, dict) else getattr(value, part)
    return value


def unit_of(field: FieldInfo) -> str:
    """Return the unit of a field, for tables."""
    for item in field.metadata:
        if isinstance(item, Unit):
            return item.text
    return "choice"


def parser_of(field: FieldInfo) -> Callable[[Any], Any]:
    """Return the function that reads a field's value as it is written."""
    for item in field.metadata:
        if isinstance(item, BeforeValidator):
            return typing.cast(Callable[[Any], Any], item.func)
    return lambda value: value
