"""The benchmark's own parts: who is measured, how ratios are taken, and what is written."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.bench.__main__ import BEGIN, END, PAGE, as_markdown, as_text, measure, with_section
from tests.bench.contenders import BLOCK, Contender, contenders, reference_corridor


def slow(seed: int) -> int:
    time.sleep(0.002)
    return 10


def fast(seed: int) -> int:
    time.sleep(0.0002)
    return 10


def test_a_faster_contender_has_a_ratio_above_one_and_the_baseline_one() -> None:
    rows = measure([Contender("a", "m", slow, slow), Contender("b", "m", fast, slow)], rounds=3, seconds=0.02)
    assert rows[0].ratio == 1.0
    assert rows[1].ratio > 1.0


def test_both_tables_show_every_contender_and_mark_other_work() -> None:
    rows = measure([Contender("a", "m", fast, fast), Contender("b", "n", fast, fast, same_work=False)], 1, 0.01)
    assert len(as_text(rows).splitlines()) == 3
    assert len(as_markdown(rows).splitlines()) == 4
    assert as_text(rows).endswith("1.00*")


def test_a_scenario_that_is_not_there_is_named_in_one_line_and_the_rest_is_measured() -> None:
    found, missing = contenders(Path("nowhere.yaml"))
    assert found[0].replicate is reference_corridor
    assert "stopflow on nowhere.yaml: not measured, there is no such file." in missing


def test_writing_the_section_twice_leaves_the_last_one() -> None:
    page = f"above\n{BEGIN}\n{END}\nbelow\n"
    once = with_section(page, "new")
    assert with_section(with_section(page, "old"), "new") == once
    assert once.startswith("above\n")
    assert once.endswith("\nbelow\n")


def test_a_page_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="must hold these two lines"):
        with_section("no marks", "new")


def test_the_page_on_speed_has_the_marks() -> None:
    assert with_section(PAGE.read_text(encoding="utf-8"), "new").count("new\n") == 1


def test_stopflow_counts_the_vehicles_of_the_corridor() -> None:
    """13 vehicles an hour for 72 hours: five standard deviations of a Poisson count on either side."""
    found, missing = contenders()
    assert not missing
    replications = {"stopflow, SimPy engine": 1, "stopflow, compiled engine": BLOCK, "numpy, drawing alone": 1}
    corridors = {one.engine: one for one in found if one.model == "corridor"}
    assert corridors.keys() == replications.keys()
    for engine, count in replications.items():
        expected = 13 * 72 * count
        assert abs(corridors[engine].replicate(1) - expected) < 5 * expected**0.5
