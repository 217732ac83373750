"""Every mutant of the model, and an even sample of them.

A place is one operator, number, comparison or statement. Cosmic Ray has up to eleven replacements for one place, most of which
fail in the same way, so the sample takes one replacement for each place, by a seeded draw, and the places in a seeded order: the
first hundred are an even sample of all.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

from tests.mutants.operators import OWN

ROOT = Path(__file__).resolve().parents[2]
SEED = 2026
#: Pairs of words that begin the names of operators with many replacements each.
FAMILIES = ("ReplaceBinaryOperator", "ReplaceComparisonOperator", "ReplaceUnaryOperator", "NumberReplacer")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one file."""

    file: str
    line: int
    column: int
    operator: str
    occurrence: int

    @property
    def family(self) -> str:
        name = self.operator.split("/")[1]
        return next((family for family in FAMILIES if name.startswith(family)), name)

    @property
    def place(self) -> tuple[str, int, int, str]:
        return self.file, self.line, self.column, self.family

    @property
    def lot(self) -> str:
        """What decides when this one's turn is."""
        return hashlib.sha256(
            f"{SEED} {self.file} {self.line} {self.column} {self.operator} {self.occurrence}".encode()
        ).hexdigest()

    def source(self) -> str:
        """Return the file's text with the change; empty if that is no program, or nothing that runs is changed."""
        text = (ROOT / self.file).read_text(encoding="utf-8")
        changed: str = mutate_code(text, _operators()[self.operator](), self.occurrence)
        try:
            return changed if _what_runs(changed) != _what_runs(text) else ""
        except SyntaxError:
            return ""


def files() -> list[str]:
    """Return the files that are mutated: the pathway, its draws, and its measures."""
    found = [
        *ROOT.glob("sim/pathway/*.py"),
        *(ROOT / f"sim/{name}.py" for name in ("arrivals", "chance", "columns")),
        *ROOT.glob("sim/measures/*.py"),
    ]
    return sorted(str(path.relative_to(ROOT)) for path in found if path.name != "__init__.py")


def every_mutant() -> list[Mutant]:
    """Return all mutants, those among them that turn out to be no program, or to change nothing that runs."""
    return [mutant for file in files() for mutant in _of_file(file)]


def sample(mutants: list[Mutant]) -> list[Mutant]:
    """Return one mutant for each place, in the order of the draw."""
    by_place: dict[tuple[str, int, int, str], Mutant] = {}
    for mutant in sorted(mutants, key=lambda one: one.lot):
        by_place.setdefault(mutant.place, mutant)
    return list(by_place.values())


@cache
def _operators() -> dict[str, type]:
    return {name: get_operator(name) for name in operator_names() if not get_operator(name).arguments()} | OWN


def _of_file(file: str) -> Iterator[Mutant]:
    text = (ROOT / file).read_text(encoding="utf-8")
    tree = get_ast(text)
    for name, operator in _operators().items():
        places = (place for node in ast_nodes(tree) for place in operator().mutation_positions(node))
        for occurrence, ((line, column), _) in enumerate(places):
            yield Mutant(file, line, column, name, occurrence)


def _what_runs(text: str) -> str:
    """Return a program without its annotations, which are never looked at."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
    return ast.dump(tree)
