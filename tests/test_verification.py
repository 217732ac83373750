"""The proofs themselves: every section names tests that exist, pages say what was found, and a proof can fail."""

from __future__ import annotations

import ast
import json
import math
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from tests.ablations import score
from tests.ablations.page import text as ablations_page
from tests.ablations.page import verdict
from tests.ablations.parts import PARTS
from tests.ablations.score import Loss
from tests.matrix.page import Environment
from tests.matrix.page import text as matrix_page
from tests.mutants import kept, page
from tests.mutants.kept import Found
from tests.verification.page import FOLDER, PAGE
from tests.verification.page import text as joined
from tests.verification.sections import SECTIONS, Section

ROOT = Path(__file__).resolve().parents[1]


@cache
def names_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {one.name for one in tree.body if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")}


# --- the page of all ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: str(section.name))
def test_a_section_names_tests_that_exist_and_is_nothing_without_tests_or_a_module(section: Section) -> None:
    assert section.module or section.tests
    for test in section.tests:
        file, _, name = test.partition("::")
        assert name in names_in(file), test


def test_the_page_is_what_the_joiner_makes_of_the_sections() -> None:
    assert PAGE.read_text(encoding="utf-8") == joined(), "run: python -m tests.verification --join"


def test_a_section_without_a_page_is_named_as_not_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tests.verification.page.FOLDER", tmp_path)
    assert joined().count("**not run**") == 2 * sum(bool(section.module) for section in SECTIONS)


def test_an_unknown_section_is_refused_with_the_known_ones() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.verification", "mutant"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "no such section: mutant" in done.stderr
    assert "mutants" in done.stderr


# --- mutants --------------------------------------------------------------------------------------------------------

TRIAL = """
import json, pathlib, sys
from tests.mutants import trial
trial.CLAIMS = {"sim/": ["tests/test_custody.py"]}
trial._digests = lambda: None
trial.load_heavy()
source = pathlib.Path("sim/pathway/custody.py").read_text()
line = "    heappush(world.staging.idle, number)"
assert line in source
tried = [("as it is", "sim/pathway/custody.py", source), ("left out", "sim/pathway/custody.py", source.replace(line, "    pass"))]
print(json.dumps({key: verdict.how for key, verdict in trial.trials(tried, 2)}))
"""


def test_a_line_that_is_left_out_is_noticed_and_the_model_as_it_is_passes() -> None:
    """An ICE vehicle that comes back and is never idle again: a story of custody must notice."""
    done = subprocess.run([sys.executable, "-c", TRIAL], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"as it is": "survived", "left out": "claims"}


A_MUTANT = Found("sim/chance.py", "", 1, "core/AddNot", 0, "if a:", "if not a:", "claims", "tests/test_chance.py::test_x")


def test_a_mutant_that_only_a_digest_notices_counts_as_not_killed() -> None:
    found = [A_MUTANT, replace(A_MUTANT, how="digests", by="wyoming"), replace(A_MUTANT, how="survived", by="")]
    assert "Result: 1 of 3 mutants that are errors are killed by claims (33%), 1 by stored digests only, 1 survive" in page.text(
        found, 9, 9
    )


def test_survivors_are_named_and_a_change_that_is_no_program_is_not_counted() -> None:
    survivor = replace(A_MUTANT, how="survived", after="if b:")
    assert page.unexplained([A_MUTANT, survivor, replace(A_MUTANT, how="none")]) == [survivor]
    assert "1 of 2" in page.text([A_MUTANT, survivor, replace(A_MUTANT, how="none")], 9, 9)


def test_every_survivor_of_the_last_run_is_explained() -> None:
    assert page.unexplained(kept.read()) == []


# --- the matrix -----------------------------------------------------------------------------------------------------


def environment(**changed: str) -> Environment:
    row = {"scenario": "a", "engine": "simpy", "workers": 1, "chunk": 1, "digest": "d", "first": "f", "measures": "m"}
    return Environment("3.11", "oldest", {"versions": {"python": "3.11.7"}, "rows": [row, row | {"workers": 2} | changed]})


@pytest.mark.parametrize("what", ["digest", "first", "measures"])
def test_one_way_of_running_that_differs_is_seen(what: str) -> None:
    assert environment().agrees(environment(), {"a": "f"})
    assert not environment(**{what: "another"}).agrees(environment(), {"a": "f"})
    assert "**no**" in matrix_page([environment(), environment(**{what: "another"})], {"a": "f"})


def test_an_environment_agrees_with_the_stored_digest_and_with_the_first_environment_or_not_at_all() -> None:
    assert not environment().agrees(environment(), {"a": "another"})
    rows = [row | {"digest": "e"} for row in environment().told["rows"]]
    assert not Environment("3.12", "oldest", {"versions": {}, "rows": rows}).agrees(environment(), {"a": "f"})
    assert not Environment("3.13", "newest", problem="no such interpreter").agrees(environment(), {"a": "f"})


# --- ablations ------------------------------------------------------------------------------------------------------


def test_a_part_that_no_report_notices_is_said_to_be_uninformed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score, "REPLICATIONS", 20)
    clock, crews = (score.shipped("laramie_shift_2026", name) for name in ("clock rule", "crew effect"))
    score._counted.cache_clear()
    assert (clock.touched, clock.shipped, clock.shipped_se) == (False, 0, 0)
    assert crews.touched
    assert verdict([clock]) == "no report informs it"


def test_a_part_is_missed_only_if_the_loss_is_beyond_twenty_to_one_by_two_standard_errors() -> None:
    loss = Loss("wyoming", "a part", True, 0.0, 0.1, fitted=math.log(20) + 0.5, fitted_se=0.2)
    assert verdict([loss]) == "missed in wyoming"
    assert verdict([replace(loss, fitted_se=0.3)]) == "a hint for it in wyoming"
    assert verdict([replace(loss, fitted_se=2.0)]) == "no report tells it from what others make up for"
    assert verdict([replace(loss, fitted=-loss.fitted)]) == "better without in wyoming"


def test_the_page_of_the_ablations_is_that_of_their_figures() -> None:
    from tests.ablations.__main__ import read

    losses = read(FOLDER / "ablations.csv")
    assert {one.part for one in losses} == {part.name for part in PARTS}
    assert (FOLDER / "ablations.md").read_text(encoding="utf-8") == ablations_page(losses)
