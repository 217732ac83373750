"""The documents and the schema name the same parameters, the citation file can be read, and the layout serves the reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic.fields import FieldInfo

from sim import __version__
from sim.fields import Parameters
from sim.leaves import PARAMETER_SECTIONS
from sim.programme.scenario import ProgrammeScenario
from sim.scenario import Scenario
from sim.yaml_reader import read_file

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
#: Where every parameter has to be named: an operation's, a programme's.
HOMES = {Scenario: ROOT / "docs" / "model.md", ProgrammeScenario: ROOT / "docs" / "programme.md"}
#: A dotted name that begins as a parameter does; not a file such as `programme.md`, nor the end of a path or another name.
NAME = re.compile(rf"(?<![\w./-])(?:{'|'.join(PARAMETER_SECTIONS)})(?:\.(?:[a-z_0-9]+|\*))+(?![\w(/-])")
FILE = re.compile(r"\.(md|py|yaml|csv|svg|json)$")


def inside(field: FieldInfo) -> tuple[type[Parameters] | None, bool]:
    """Return the section that a field holds, if it holds one, and whether it holds several by names of the user's."""
    kinds: list[Any] = [field.annotation, *get_args(field.annotation)]
    section = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Parameters)), None)
    return section, section is not None and section is not field.annotation


def leaves(section: type[Parameters], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every key of a section, with ``*`` for names of the user's."""
    for name, field in section.model_fields.items():
        below, by_name = inside(field)
        here = (*path, name, *(["*"] if by_name else []))
        if below is None:
            yield here
        else:
            yield from leaves(below, here)


def parameters(root: type[Scenario | ProgrammeScenario]) -> set[tuple[str, ...]]:
    return {path for path in leaves(root) if path[0] in PARAMETER_SECTIONS}


KNOWN = {root: parameters(root) for root in HOMES}
ALL = set().union(*KNOWN.values())


def named(page: Path) -> set[tuple[str, ...]]:
    found = NAME.findall(page.read_text(encoding="utf-8"))
    return {tuple(name.split(".")) for name in found if not FILE.search(name)}


def agrees(name: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """Whether a name says a path: star for star, a user's name for a star, a star for any name."""
    return len(name) == len(path) and all("*" in (said, key) or said == key for said, key in zip(name, path, strict=True))


def test_there_are_parameters_and_names() -> None:
    assert len(KNOWN[Scenario]) > 150
    assert len(KNOWN[ProgrammeScenario]) > 60
    assert len(named(HOMES[Scenario])) > 80


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_dotted_name_on_the_page_is_in_the_schema(page: Path) -> None:
    """A name may be a key or a section; a renamed key leaves its old name behind here, which fails."""
    sections = {path[:length] for path in ALL for length in range(1, len(path) + 1)}
    unknown = {name for name in named(page) if not any(agrees(name, section) for section in sections)}
    assert not unknown, sorted(map(".".join, unknown))


@pytest.mark.parametrize("root", HOMES, ids=lambda root: root.__name__)
def test_every_parameter_is_told_on_its_page(root: type[Scenario | ProgrammeScenario]) -> None:
    """Under its own name or that of its section, one level up; a new key that nobody describes fails."""
    told = named(HOMES[root])
    untold = {path for path in KNOWN[root] if not any(agrees(name, path) or agrees(name, path[:-1]) for name in told)}
    assert not untold, sorted(map(".".join, untold))


def test_assumptions_without_a_parameter_are_marked_as_such() -> None:
    """In the list of a stage every assumption has a parameter's name, or says that it has none."""
    text = HOMES[Scenario].read_text(encoding="utf-8")
    assumptions = re.findall(r"^- .*", text, flags=re.MULTILINE)
    assert len(assumptions) > 40
    assert not [one for one in assumptions if not NAME.search(one) and "o parameter" not in one]


def test_the_citation_file_says_what_the_package_is() -> None:
    """By the keys that the Citation File Format 1.2.0 asks for, and as the package says them."""
    said = read_file(ROOT / "CITATION.cff").plain()
    assert {"cff-version", "message", "title", "authors"} <= said.keys()
    assert said["cff-version"] == "1.2.0"
    assert said["version"] == __version__
    assert said["authors"]
    assert all({"name"} <= author.keys() or {"family-names"} <= author.keys() for author in said["authors"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", str(said.get("date-released", "2026-01-01")))
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert said["license"] == "MIT"
    assert licence.startswith("MIT License")
