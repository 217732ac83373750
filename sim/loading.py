"""A YAML file -> a scenario; every mistake with its file, line and key.

A file is first flattened to its leaves by dotted path (``stop.traffic_task``), following the declarations in
:mod:`sim.scenario`. ``extends`` and ``--set`` then are nothing but one set of leaves laid over another. What was *reported* about
an operation belongs to the file that says it and is not inherited: a changed operation is another operation.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BeforeValidator, ValidationError
from pydantic.fields import FieldInfo

from sim.distributions import Distribution
from sim.errors import Place, ScenarioError, mistake, nearest
from sim.fields import FrozenDict, Parameters, Unit
from sim.programme.scenario import ProgrammeScenario
from sim.scenario import Scenario
from sim.scenario_file import Evidence, ScenarioFile
from sim.units import parse_duration, shown
from sim.yaml_reader import DEEPEST, Node, is_there, read_file, read_text

#: Sections whose leaves may carry a range, a source and a grade.
PARAMETER_SECTIONS = (
    "operation", "traffic", "people", "stop", "inspection", "status_check", "custody",
    "agency", "jail", "money", "community", "programme",
)  # fmt: skip
#: The kinds of scenario by the key that only they have; a file without any of these is an operation.
ROOTS: dict[str, type[ScenarioFile]] = {"programme": ProgrammeScenario}
EVIDENCE_KEYS = ("low", "high", "source", "grade", "note")
GRADES = ("reported", "published", "assumed")
#: Words that may stand for a source: the value was tuned to reproduce what was reported, or somebody's judgement.
SOURCE_WORDS = ("fitted", "assumed")
NOT_INHERITED = ("title", "question", "notes", "reported")
LONGEST_CHAIN = 8
MOST_MISTAKES_SHOWN = 10
MOST_MISTAKES_EXPLAINED = 100

#: The folder of shipped studies, which are no scenarios.
STUDIES = "studies"

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


def load(scenario: str | Path, settings: Iterable[str] = ()) -> ScenarioFile:
    """Load a scenario from a file, or by the name of a shipped one.

    Parameters
    ----------
    scenario
        Path of a YAML file, or a name that ``stopflow list`` shows.
    settings
        Changes of the form ``stop.limit=20 min``, laid over the file in their order.

    Returns
    -------
    ScenarioFile
        A scenario of its kind: frozen, with the evidence for every parameter.

    Raises
    ------
    ScenarioError
        If anything in the files or settings is wrong; the message names file, line, key and remedy.
    """
    root, leaves = _leaves_of_file(find(scenario), ())
    for setting in settings:
        _lay_over(leaves, _leaves_of_setting(setting, root))
    return _build(root, leaves, str(scenario))


def from_plain(values: Mapping[str, Any], name: str) -> ScenarioFile:
    """Build a scenario from plain values, such as the resolved scenario in a manifest.

    Raises
    ------
    ScenarioError
        If they do not make a scenario.
    """
    root = root_of(values)
    leaves, mistakes = _flatten(_as_node(values, Place(name)), root)
    _raise(mistakes)
    return _build(root, leaves, name)


@dataclass(frozen=True, slots=True)
class Template:
    """A scenario that is read once, and from which variants are built a hundred times faster than from its file."""

    root: type[ScenarioFile]
    leaves: Mapping[str, Leaf]
    name: str

    @classmethod
    def read(cls, scenario: str | Path, settings: Iterable[str] = ()) -> Template:
        """Read a scenario as :func:`load` does.

        Raises
        ------
        ScenarioError
            If anything in the files or settings is wrong.
        """
        root, leaves = _leaves_of_file(find(scenario), ())
        for setting in settings:
            _lay_over(leaves, _leaves_of_setting(setting, root))
        return cls(root, leaves, str(scenario))

    @classmethod
    def of(cls, scenario: ScenarioFile) -> Template:
        """Return the template of a scenario that is loaded already."""
        leaves, mistakes = _flatten(_as_node(to_plain(scenario), Place(scenario.file)), type(scenario))
        _raise(mistakes)
        return cls(type(scenario), leaves, scenario.file)

    def with_changes(self, changes: Mapping[str, Any], name: str) -> Template:
        """Return the template with plain values laid over it by dotted path; ``name`` stands for the file in messages.

        Raises
        ------
        ScenarioError
            If there is no such key.
        """
        leaves = dict(self.leaves)
        place = Place(name)
        for path, value in changes.items():
            tree: Any = value
            for part in reversed(path.split(".")):
                tree = {part: tree}
            changed, mistakes = _flatten(_as_node(tree, place), self.root)
            _raise(mistakes)
            _lay_over(leaves, changed)
        return Template(self.root, leaves, name)

    def build(self) -> ScenarioFile:
        """Return the scenario without the evidence behind its values, which a simulation does not need.

        Raises
        ------
        ScenarioError
            If the values do not make a scenario.
        """
        written = {path: leaf for path, leaf in self.leaves.items() if not leaf.removes}
        return _validated(self.root, written, self.name).model_copy(update={"file": self.name})

    def build_whole(self) -> ScenarioFile:
        """Return the scenario with the evidence behind its values.

        Raises
        ------
        ScenarioError
            If values or evidence do not make a scenario.
        """
        return _build(self.root, dict(self.leaves), self.name)


def root_of(keys: Iterable[str], base: type[ScenarioFile] = Scenario) -> type[ScenarioFile]:
    """Return the kind of scenario with these keys at its top; one without a key of its own is as its base."""
    return next((ROOTS[key] for key in keys if key in ROOTS), base)


def to_plain(scenario: ScenarioFile) -> dict[str, Any]:
    """Return the resolved scenario as plain values that :func:`from_plain` reads back: nothing is left to ``extends``."""
    plain: dict[str, Any] = {key: getattr(scenario, key) for key in ("title", "question", "notes") if getattr(scenario, key)}
    for path, evidence in scenario.evidence.items():
        *sections, key = path.split(".")
        place = plain
        for section in sections:
            place = place.setdefault(section, {})
        stands_behind = {name: getattr(evidence, name) for name in EVIDENCE_KEYS if getattr(evidence, name) is not None}
        place[key] = {"value": _thawed(evidence.written), **stands_behind}
    for table in ("reported", "sources"):
        plain[table] = {key: entry.model_dump(mode="json", exclude_none=True) for key, entry in getattr(scenario, table).items()}
    return plain


def shipped_folder() -> Path:
    """Return the folder of the shipped scenarios: inside an installed package, or beside it in a clone."""
    package = Path(__file__).resolve().parent
    inside = package / "scenarios"
    return inside if inside.is_dir() else package.parent / "scenarios"


def shipped() -> list[Path]:
    """Return the shipped scenario files in alphabetical order, the bases that others extend left out."""
    folder = shipped_folder()
    return sorted(path for path in folder.glob("*/*.yaml") if not path.name.startswith("_") and path.parent.name != STUDIES)


def find(scenario: str | Path) -> Path:
    """Return the file of a scenario given by path or by the name of a shipped one.

    Raises
    ------
    ScenarioError
        If there is no such file and no such name.
    """
    path = Path(scenario)
    if is_there(path) or path.suffix in (".yaml", ".yml"):
        return path
    for file in (*shipped(), shipped_folder() / "base.yaml"):
        if file.stem == str(scenario):
            return file
    hint = nearest(str(scenario), [file.stem for file in shipped()])
    raise ScenarioError.at(Place(str(scenario)), "", f"no such file and no such shipped scenario; {hint}")


def base_of(path: Path) -> Path | None:
    """Return the file that a scenario file extends, or None.

    Raises
    ------
    ScenarioError
        If the file cannot be read, or what it extends may not be read.
    """
    extends = read_file(path).value.get("extends")
    return None if extends is None else _base_file(path, extends, (path.resolve(),))


# --- files and settings -> leaves -----------------------------------------------------------------------------------


def _leaves_of_file(path: Path, chain: tuple[Path, ...]) -> tuple[type[ScenarioFile], Leaves]:
    node = read_file(path)
    keys: dict[str, Node] = dict(node.value)
    extends = keys.pop("extends", None)
    kind: type[ScenarioFile] = Scenario
    below: Leaves = {}
    if extends is not None:
        base = _base_file(path, extends, (*chain, path.resolve()))
        kind, inherited = _leaves_of_file(base, (*chain, path.resolve()))
        below = {key: leaf for key, leaf in inherited.items() if key.split(".")[0] not in NOT_INHERITED}
    kind = root_of(keys, kind)
    leaves, mistakes = _flatten(Node(keys, node.place), kind)
    _raise(mistakes)
    _lay_over(below, leaves)
    return kind, below


def _base_file(path: Path, extends: Node, chain: tuple[Path, ...]) -> Path:
    def wrong(problem: str) -> ScenarioError:
        return ScenarioError.at(extends.place, "extends", problem)

    if not isinstance(extends.value, str):
        raise wrong(f"{shown(extends.plain())} is not the name of a file; write for example 'extends: ../base.yaml'.")
    if NAME.fullmatch(extends.value):
        try:
            base = find(extends.value)
        except ScenarioError as problem:
            raise wrong(str(problem).partition(": ")[2]) from None
    else:
        written = Path(extends.value)
        climbs = [part for part in written.parts if part == ".."]
        if written.is_absolute() or len(climbs) > 1 or written.suffix not in (".yaml", ".yml"):
            raise wrong(
                f"{shown(extends.value)} is not allowed; name a .yaml file beside this one, one folder up or below, "
                "or a shipped scenario."
            )
        base = path.parent / written
    if not is_there(base) or not base.is_file():
        raise wrong(f"there is no file {base}; correct the path (it counts from the folder of this file).")
    if not NAME.fullmatch(extends.value) and leads_out(path, base):
        raise wrong(f"{shown(extends.value)} is a link that leads further than one folder up; copy the file in its place.")
    if base.resolve() in chain:
        raise wrong(f"{shown(extends.value)} leads back to a file that extends it; break the loop.")
    if len(chain) >= LONGEST_CHAIN:
        raise wrong(f"more than {LONGEST_CHAIN} files extend one another; shorten the chain.")
    return base


def leads_out(path: Path, named: Path) -> bool:
    """Whether a file that another one names lies, links followed, neither below its folder nor below the one above that."""
    return not named.resolve().is_relative_to(path.parent.resolve().parent)


def _leaves_of_setting(setting: str, root: type[ScenarioFile]) -> Leaves:
    key, equals, text = setting.partition("=")
    key = key.strip()
    place = Place(f"--set {shown(setting)[1:-1]}")
    if not equals or not key:
        raise ScenarioError.at(place, "", "write --set KEY=VALUE, for example --set stop.limit='20 min'.")
    tree: Any = read_text(text, place.file).plain()
    for part in reversed(key.split(".")):
        tree = {part: tree}
    leaves, mistakes = _flatten(_as_node(tree, place), root)
    _raise(mistakes)
    return leaves


def _lay_over(below: Leaves, above: Leaves) -> None:
    """Lay one set of leaves over another, in place, so that what is laid last also stands last."""
    for path, leaf in above.items():
        if leaf.removes:
            _remove(below, path, leaf.place)
        else:
            below.pop(path, None)
            below[path] = leaf


def _remove(leaves: Leaves, path: str, place: Place) -> None:
    """Take away an entry of a table with all its leaves."""
    gone = [key for key in leaves if key.startswith(f"{path}.")]
    if not gone:
        table, _, name = path.rpartition(".")
        known = {key[len(table) + 1 :].split(".")[0] for key in leaves if key.startswith(f"{table}.")}
        raise ScenarioError.at(place, path, f"there is no such entry to remove; {nearest(name, known)}")
    for key in gone:
        del leaves[key]


def _as_node(value: Any, place: Place, depth: int = 1) -> Node:
    if depth > DEEPEST:
        raise ScenarioError.at(place, "", f"nested deeper than {DEEPEST} levels; a scenario needs no more than 8.")
    if isinstance(value, Mapping):
        return Node({str(key): _as_node(item, place, depth + 1) for key, item in value.items()}, place)
    if isinstance(value, list | tuple):
        return Node([_as_node(item, place, depth + 1) for item in value], place)
    return Node(value, place)


def _flatten(tree: Node, root: type[ScenarioFile]) -> tuple[Leaves, list[str]]:
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


def _kind_of(field: FieldInfo) -> tuple[str, type[Parameters]]:
    """Return whether a field is a section, a table of sections or a leaf, and the section's class."""
    annotation = field.annotation
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return ("section", annotation) if issubclass(annotation, Parameters) else ("leaf", Parameters)
    if typing.get_origin(annotation) is dict:
        inside = typing.get_args(annotation)[1]
        return "table", inside
    return "leaf", Parameters


def _short(node: Node) -> str:
    if isinstance(node.value, list):
        return "a list"
    return shown(node.value) if node.value is not None else "nothing"


# --- leaves -> scenario ---------------------------------------------------------------------------------------------


def _build(root: type[ScenarioFile], leaves: Leaves, name: str) -> ScenarioFile:
    written = {path: leaf for path, leaf in leaves.items() if not leaf.removes}
    scenario = _validated(root, written, name)
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
    _raise(mistakes)
    places = {path: leaf.place for path, leaf in written.items()}
    return scenario.model_copy(update={"evidence": FrozenDict(table), "places": FrozenDict(places), "file": name})


def _validated(root: type[ScenarioFile], written: Mapping[str, Leaf], name: str) -> ScenarioFile:
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
        explained = [_explain(error, written, name, root) for error in errors[:MOST_MISTAKES_EXPLAINED]]
        _raise(explained, unexplained=len(errors) - len(explained))
        raise AssertionError("a validation error without errors") from problem


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


def _thawed(value: Any) -> Any:
    """Return a frozen value as new dictionaries and lists."""
    if isinstance(value, dict):
        return {key: _thawed(item) for key, item in value.items()}
    return list(map(_thawed, value)) if isinstance(value, tuple) else value


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


def parser_of(field: FieldInfo) -> Callable[[Any], Any]:
    """Return the function that reads a field's value as it is written."""
    for item in field.metadata:
        if isinstance(item, BeforeValidator):
            return typing.cast(Callable[[Any], Any], item.func)
    return lambda value: value


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


def _explain(error: Any, leaves: Mapping[str, Leaf], name: str, root: type[ScenarioFile]) -> str:
    """Return one line for one of pydantic's errors: the place is that of the nearest written key."""
    parts = [str(part) for part in error["loc"]]
    path = ".".join(parts)
    if error["type"] == "missing":
        if path in ("title", "question"):
            return mistake(Place(name), path, f"is missing; write '{path}: …' at the top of the file.")
        meaning = field_at(path, root).description or ""
        nearby = _nearest_place(path.rpartition(".")[0], leaves) or Place(name)
        return mistake(nearby, path, f"is missing ({meaning}); add it, or inherit it with 'extends: ../base.yaml'.")
    while parts and ".".join(parts) not in leaves and _nearest_place(".".join(parts), leaves) is None:
        parts.pop()
    key = ".".join(parts)
    return mistake(_nearest_place(key, leaves) or Place(name), key, _reason(error))


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


def _raise(mistakes: list[str], unexplained: int = 0) -> None:
    if mistakes:
        lines = list(dict.fromkeys(mistakes))
        more = len(lines) - MOST_MISTAKES_SHOWN + unexplained
        shown_lines = lines[:MOST_MISTAKES_SHOWN] + ([f"… and {more} more mistakes."] if more > 0 else [])
        raise ScenarioError("\n".join(shown_lines))
