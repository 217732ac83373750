"""The report of a comparison: paired differences with burden beside yield, what was changed, and nothing surer than it is."""

from __future__ import annotations

import dataclasses
import math
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from sim.experiment.comparison import Difference
from sim.experiment.replications import Result, run
from sim.measures import MEASURES
from sim.report import comparison_figures, comparison_report
from sim.report.differences import (
    answer,
    at_a_glance,
    changed_parameters,
    differences_in_words,
    finding,
    in_words_of,
    signed,
)
from sim.report.page import Facts
from sim.reported import load
from tests.small_results import stopflow
from tests.test_report import Page, words_of

FACTS = Facts("stopflow compare wyoming_safe_haul_2025 --set x=y", {"python": "3.x"})
SCENARIO = "wyoming_safe_haul_2025"
ARM = "four units"


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    settings: dict[str, list[str]] = {"base": [], ARM: ["operation.shifts.detail.patrol_units=4"], "the same": []}
    return {name: run(load(SCENARIO, changes), replications=8, seed=7) for name, changes in settings.items()}


@pytest.fixture(scope="module")
def text(results: dict[str, Result]) -> str:
    return comparison_report.comparison_report(results, FACTS)


def difference(value: float, low: float, high: float, pairs: int = 9) -> Difference:
    return Difference("detained", 10.0, 10.0 + value, value, low, high, pairs, 2.0)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (difference(0, 0, 0), "equal"),
        (difference(3, 1, 5), "more"),
        (difference(-3, -5, -1), "less"),
        (difference(1, -1, 3), "open"),
        (difference(3, math.nan, math.nan, pairs=1), "open"),
        (difference(math.nan, math.nan, math.nan, pairs=0), "undefined"),
    ],
)
def test_a_difference_is_found_only_if_its_interval_leaves_zero_out(change: Difference, found: str) -> None:
    assert finding(change) == found
    assert in_words_of(MEASURES["detained"], change).finding == found


def test_a_difference_has_its_sign_and_as_many_digits_as_its_interval_deserves() -> None:
    row = in_words_of(MEASURES["minutes_beyond_task_mean"], difference(0.6312, 0.604, 0.6584))
    assert (row.difference, row.interval) == ("+0.63", "+0.60 to +0.66")
    assert signed(-3.24, "people") == "\N{MINUS SIGN}3.2"
    assert signed(0.0, "people") == "0"


def test_the_report_is_the_same_byte_for_byte_and_small(results: dict[str, Result], text: str) -> None:
    assert comparison_report.comparison_report(results, FACTS) == text
    assert len(text.encode()) < 2_000_000


def test_the_answer_names_burden_wherever_it_names_yield(results: dict[str, Result]) -> None:
    first, second, how_sure = answer(results)
    assert first.startswith(f"{ARM}, against base: ")
    for words in ("detained", "referred then released", "vehicles passed unstopped"):
        assert words in first.lower()
    assert "Equal in every replication: detained" in second
    assert "8 pairs" in how_sure
    assert "chance alone" in how_sure


def test_fewer_units_stop_fewer_vehicles_and_the_page_says_so(results: dict[str, Result], text: str) -> None:
    page = Page(text)
    tables = [page.text(number) for number in page.having("table", **{"class": "wide"})]
    row = differences_in_words(results["base"], results[ARM], arms=2)["stops"]
    assert row.finding == "less"
    assert any(f"{row.base} {row.arm} {row.difference} {row.interval} less" in " ".join(table.split()) for table in tables)


def test_over_a_posterior_the_answer_says_what_the_interval_is_of(results: dict[str, Result]) -> None:
    pair = {name: results[name] for name in ("base", ARM)}
    text = comparison_report.comparison_report(pair, FACTS, draws=8)
    assert "means over the draws of a posterior" in text
    assert "how far single draws lie apart" in answer(pair, draws=8)[-1]
    assert "chance alone" not in answer(pair, draws=8)[-1]


def test_only_what_was_changed_stands_under_the_changes(results: dict[str, Result], text: str) -> None:
    (change,) = changed_parameters(results["base"].scenario, results[ARM].scenario)
    assert (change.path, change.base, change.arm) == ("operation.shifts.detail.patrol_units", "6", "4")
    assert list(changed_parameters(results["base"].scenario, results["the same"].scenario)) == []
    assert "Nothing: this arm is the base once more" in text


def test_a_parameter_that_only_one_arm_has_is_a_dash_in_the_other() -> None:
    more = load(SCENARIO, [f"traffic.flows.byway={{vehicle: car, road: x, rate: 1 per h, diverted: 0, by_hour: {[1] * 24}}}"])
    changes = {one.path: one for one in changed_parameters(load(SCENARIO), more)}
    assert changes["traffic.flows.byway.rate"].base == "\N{EN DASH}"


def test_an_arm_that_is_the_base_is_drawn_and_told_as_equal(results: dict[str, Result]) -> None:
    same = {name: results[name] for name in ("base", "the same")}
    rows = differences_in_words(*same.values())
    assert {row.finding for row in rows.values()} <= {"equal", "undefined"}
    assert "equal" in words_of(comparison_figures.paired_differences(same))


def test_pictures_have_words_identifiers_are_there_once_and_headings_do_not_jump(text: str) -> None:
    page = Page(text)
    assert len(page.having("svg")) == 2
    for number in page.having("svg"):
        title, description = page.tags[number][1]["aria-labelledby"].split()
        assert len(page.text(page.having("desc", id=description)[0])) > 60
        assert page.having("title", id=title)
    assert len(page.ids) == len(set(page.ids))
    inside = {found["href"][1:] for _, found in page.tags if found.get("href", "").startswith("#")}
    assert inside <= set(page.ids)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert not {"script", "iframe", "img"} & {tag for tag, _ in page.tags}


def test_names_of_arms_are_escaped_and_drawn_whatever_they_hold(results: dict[str, Result]) -> None:
    evil = "<script>alert(1)</script> $x$ \N{CJK UNIFIED IDEOGRAPH-6771}" + "y" * 200
    page = Page(comparison_report.comparison_report({"base": results["base"], evil: results[ARM]}, FACTS))
    assert not page.having("script")
    assert any(evil in page.text(number) for number in page.having("h3"))


def test_a_difference_where_the_base_never_varies_is_drawn_at_the_edge(results: dict[str, Result]) -> None:
    base, arm = results["base"], results[ARM]
    values = np.zeros_like(base.values)
    flat, other = dataclasses.replace(base, values=values), dataclasses.replace(arm, values=values + 5.0)
    assert "+5 people" in words_of(comparison_figures.paired_differences({"base": flat, "arm": other}))


def test_a_comparison_of_programmes_shows_what_it_took_beside_what_came_of_it() -> None:
    scenario = load("national_arrests")
    result = run(scenario, replications=2)
    glance = at_a_glance(result.measures)
    assert all(glance.values())
    text = comparison_report.comparison_report({"base": result, "again": result}, FACTS)
    assert "What it took, and what was undone" in text


def test_the_report_of_a_comparison_over_a_posterior_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    """Fails if replications are taken for draws, or a draw's replications are parted otherwise than they were made."""
    (tmp_path / "posterior.csv").write_text("draw,weight,status_check.threshold\n1,1,0.9\n2,1,0.25\n")
    arm = "--set operation.shifts.detail.patrol_units=4 --set operation.shifts.detail.last=2026-05-12"
    folder = tmp_path / "over"
    options = f"{arm} --posterior {tmp_path / 'posterior.csv'} --draws 3 -n 2 --workers 1 --quiet --out {folder}"
    stopflow("compare", "laramie_shift_2026", *options.split())
    stopflow("report", folder, "--quiet", "--out", tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == (folder / "report.html").read_bytes()
    assert "3 pairs of means over the draws of a posterior" in (folder / "report.html").read_text(encoding="utf-8")
