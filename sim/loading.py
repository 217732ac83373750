"""A YAML file -> a scenario; every mistake with its file, line and key.

A file is first flattened to its leaves (:mod:`sim.leaves`). ``extends`` and ``--set`` then are nothing but one set of leaves laid
over another, from which the scenario is built (:mod:`sim.building`). What was *reported* about an operation belongs to the file
that says it and is not inherited: a changed operation is another operation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.building import build, validated
from sim.errors import Place, ScenarioError, nearest, refuse
from sim.leaves import EVIDENCE_KEYS, NAME, Leaf, Leaves, as_node, flatten, lay_over, there
from sim.programme.scenario import ProgrammeScenario
from sim.scenario import Scenario
from sim.scenario_file import ScenarioFile
from sim.units import shown
from sim.yaml_reader import Node, is_there, read_file, read_text

#: The kinds of scenario by the key that only they have; a file without any of these is an operation.
ROOTS: dict[str, type[ScenarioFile]] = {"programme": ProgrammeScenario}
NOT_INHERITED = ("title", "question", "notes", "reported")
LONGEST_CHAIN = 8
#: The folder of shipped studies, which are no scenarios.
STUDIES = "studies"


def load(scenario: str | Path, settings: Iterable[str] = ()) -> ScenarioFile:
    """Load a scenario from a file, or by the name of a shipped one.

    Parameters
    ----------
    scenario
        Path of a YAML file, or a name that ``stopflow list`` shows.
    settings
        Changes of the form ``status_check.limit=20 min``, laid over the file in their order.

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
        lay_over(leaves, _leaves_of_setting(setting, root))
    return build(root, leaves, str(scenario))


def from_plain(values: Mapping[str, Any], name: str) -> ScenarioFile:
    """Build a scenario from plain values, such as the resolved scenario in a manifest.

    Raises
    ------
    ScenarioError
        If they do not make a scenario.
    """
    root = root_of(values)
    leaves, mistakes = flatten(as_node(values, Place(name)), root)
    refuse(mistakes)
    return build(root, leaves, name)


@dataclass(frozen=True, slots=True)
class Template:
    """A scenario that is read once, and from which variants are built a hundred times faster than from its file.

    Attributes
    ----------
    laid
        What was laid over one another by dotted path, with what takes an entry away.
    """

    root: type[ScenarioFile]
    laid: Mapping[str, Leaf]
    name: str

    @property
    def leaves(self) -> Leaves:
        """The values that it has, by dotted path."""
        return there(self.laid)

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
            lay_over(leaves, _leaves_of_setting(setting, root))
        return cls(root, leaves, str(scenario))

    @classmethod
    def of(cls, scenario: ScenarioFile) -> Template:
        """Return the template of a scenario that is loaded already."""
        leaves, mistakes = flatten(as_node(to_plain(scenario), Place(scenario.file)), type(scenario))
        refuse(mistakes)
        return cls(type(scenario), leaves, scenario.file)

    def with_changes(self, changes: Mapping[str, Any], name: str) -> Template:
        """Return the template with plain values laid over it by dotted path; ``name`` stands for the file in messages.

        Raises
        ------
        ScenarioError
            If there is no such key.
        """
        leaves = dict(self.laid)
        place = Place(name)
        for path, value in changes.items():
            tree: Any = value
            for part in reversed(path.split(".")):
                tree = {part: tree}
            changed, mistakes = flatten(as_node(tree, place), self.root)
            refuse(mistakes)
            lay_over(leaves, changed)
        return Template(self.root, leaves, name)

    def build(self) -> ScenarioFile:
        """Return the scenario without the evidence behind its values, which a simulation does not need.

        Raises
        ------
        ScenarioError
            If the values do not make a scenario.
        """
        return validated(self.root, self.laid, self.name).model_copy(update={"file": self.name})

    def build_whole(self) -> ScenarioFile:
        """Return the scenario with the evidence behind its values.

        Raises
        ------
        ScenarioError
            If values or evidence do not make a scenario.
        """
        return build(self.root, dict(self.laid), self.name)


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


def _thawed(value: Any) -> Any:
    """Return a frozen value as new dictionaries and lists."""
    if isinstance(value, dict):
        return {key: _thawed(item) for key, item in value.items()}
    return list(map(_thawed, value)) if isinstance(value, tuple) else value


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
    leaves, mistakes = flatten(Node(keys, node.place), kind)
    refuse(mistakes)
    lay_over(below, leaves)
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
        raise ScenarioError.at(place, "", "write --set KEY=VALUE, for example --set status_check.limit='20 min'.")
    tree: Any = read_text(text, place.file).plain()
    for part in reversed(key.split(".")):
        tree = {part: tree}
    leaves, mistakes = flatten(as_node(tree, place), root)
    refuse(mistakes)
    return leaves
