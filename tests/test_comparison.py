"""Paired comparison: differences are those of pairs, with Student's interval, and pairing pays."""

from __future__ import annotations

import dataclasses
import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from sim.experiment.comparison import difference
from sim.experiment.replications import Result, run
from sim.loading import load
from sim.measures import MEASURES
from sim.scenario import Scenario
from tests.worlds import plain_scenario, shift

MEASURE = "stops"


@cache
def one_morning(*settings: str) -> Result:
    short = ["operation.shifts.detail.last=2025-11-18", "operation.shifts.detail.length=4 h"]
    return run(load("wyoming_safe_haul_2025", [*short, *settings]), replications=12, seed=4)


def result(column: NDArray[np.float64], seed: int = 1) -> Result:
    """Return a result in which one measure has these values."""
    values = np.zeros((len(column), len(MEASURES)))
    values[:, list(MEASURES).index(MEASURE)] = column
    return Result(one_morning().scenario, seed, "none", values, ("",) * len(column))


# --- a scenario against itself ------------------------------------------------------------------------------------


@pytest.mark.parametrize("measure", MEASURES)
def test_a_scenario_differs_from_itself_by_exactly_zero_with_an_interval_of_no_width(measure: str) -> None:
    base, again = one_morning(), one_morning("title=The same under another title")
    found = difference(base, again, measure)
    defined = int(np.isfinite(base.column(measure)).sum())
    assert found.pairs == defined
    if defined:
        assert (found.difference, found.ci_low, found.ci_high) == (0, 0, 0)
        assert found.base_mean == found.arm_mean
        assert found.variance_saved == math.inf
    else:
        assert all(math.isnan(value) for value in dataclasses.astuple(found) if isinstance(value, float))


def test_a_comparison_turned_round_has_the_opposite_sign() -> None:
    base, arm = one_morning(), one_morning("operation.shifts.detail.patrol_units=2")
    there, back = difference(base, arm, MEASURE), difference(arm, base, MEASURE)
    assert there.difference == -back.difference < 0
    assert (there.ci_low, there.ci_high) == (-back.ci_high, -back.ci_low)
    assert (there.base_mean, there.arm_mean) == (back.arm_mean, back.base_mean)


# --- the interval ---------------------------------------------------------------------------------------------------

counts = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=2, max_size=40)


@given(counts.filter(lambda pairs: len({one - other for one, other in pairs}) > 1))
def test_the_interval_is_that_of_the_paired_t_test(pairs: list[tuple[int, int]]) -> None:
    first, second = np.asarray(pairs, dtype=float).T
    found = difference(result(first), result(second), MEASURE)
    test = stats.ttest_rel(second, first)
    interval = test.confidence_interval(0.95)
    np.testing.assert_allclose([found.ci_low, found.ci_high], interval, rtol=1e-9, atol=1e-9)
    assert (found.ci_low > 0 or found.ci_high < 0) == (test.pvalue < 0.05)
    assert found.pairs == len(pairs)


@given(counts)
def test_the_difference_is_the_mean_of_the_differences_and_that_of_the_means(pairs: list[tuple[int, int]]) -> None:
    first, second = np.asarray(pairs, dtype=float).T
    found = difference(result(first), result(second), MEASURE)
    assert found.difference == pytest.approx(sum(other - one for one, other in pairs) / len(pairs), abs=1e-9)
    assert found.difference == pytest.approx(found.arm_mean - found.base_mean, abs=1e-9)


@given(counts.filter(lambda pairs: len({one - other for one, other in pairs}) > 1))
def test_the_variance_saved_is_that_of_two_independent_runs_over_that_of_the_pairs(pairs: list[tuple[int, int]]) -> None:
    first, second = np.asarray(pairs, dtype=float).T
    found = difference(result(first), result(second), MEASURE)
    independent = np.var(first, ddof=1) + np.var(second, ddof=1)
    together = independent - 2 * np.cov(first, second)[0, 1]
    assert found.variance_saved == pytest.approx(independent / together, rel=1e-6)


def test_an_interval_over_one_pair_is_undefined_and_its_difference_is_not() -> None:
    found = difference(result(np.asarray([3.0])), result(np.asarray([5.0])), MEASURE)
    assert (found.difference, found.pairs) == (2, 1)
    assert math.isnan(found.ci_low)
    assert math.isnan(found.ci_high)


# --- what is undefined ----------------------------------------------------------------------------------------------


def test_a_replication_in_which_an_arm_leaves_a_measure_undefined_is_no_pair() -> None:
    first, second = np.asarray([1, math.nan, 3, 4, 5]), np.asarray([2, 9, math.nan, 7, 6])
    found = difference(result(first), result(second), MEASURE)
    both = [0, 3, 4]
    assert found == difference(result(first[both]), result(second[both]), MEASURE)
    assert (found.pairs, found.base_mean, found.arm_mean) == (3, 10 / 3, 5)


def test_a_measure_that_is_never_defined_in_both_arms_has_no_difference() -> None:
    found = difference(result(np.asarray([1, math.nan])), result(np.asarray([math.nan, 2])), MEASURE)
    assert found.pairs == 0
    assert math.isnan(found.difference)
    assert math.isnan(found.variance_saved)


def test_where_nobody_is_asked_the_minutes_added_are_undefined_and_so_is_their_difference() -> None:
    found = difference(one_morning(), one_morning("status_check.asked=nobody"), "minutes_beyond_task_mean")
    assert found.pairs == 0
    assert math.isnan(found.difference)


@pytest.mark.parametrize("other", [result(np.ones(4), seed=2), result(np.ones(5))], ids=["another seed", "one more"])
def test_results_that_are_no_pairs_are_refused(other: Result) -> None:
    with pytest.raises(ValueError, match="only results of the same seed and number of replications can be compared"):
        difference(result(np.ones(4)), other, MEASURE)


# --- pairing pays ---------------------------------------------------------------------------------------------------


def staffed(units: int, rate: str) -> Scenario:
    """Return ten hours with steady traffic, in which every stop takes ten minutes."""
    settings = {
        "traffic.flows.road_0.rate": rate,
        "stop.traffic_task": "10 min",
        "stop.outcome.arrested": 0,
    }
    return plain_scenario({"day": shift(units=units)}, 1, settings)


def one_unit_more(units: int, rate: str) -> tuple[Result, Result]:
    base, arm = (run(staffed(number, rate), replications=20, seed=6) for number in (units, units + 1))
    return base, arm


def test_with_units_to_spare_pairing_saves_most_of_the_variance_of_stops() -> None:
    """About 240 vehicles come, 4 at work at a time; Erlang's formula has 3.0% pass 8 units and 1.3% pass 9.

    Stops vary as the traffic does, so two independent runs have a variance of about 2 * 240 between them. A pair differs by
    the four or so vehicles that the ninth unit stops: even in bunches of ten their count has a variance of 40 or so, which
    would save a factor of 12. Unpaired runs would save a factor of 1.
    """
    found = difference(*one_unit_more(8, "24 per h"), "stops")
    assert found.variance_saved > 10
    assert found.ci_low > 0


def test_with_every_unit_at_work_pairing_saves_most_of_the_variance_of_vehicles_that_pass() -> None:
    """About 600 vehicles come, and one or two units stop one every 11 or 10.5 minutes or so, almost regularly.

    Vehicles that pass are traffic less stops, so two independent runs have a variance of about 2 * 600 between them. In a
    pair the traffic is the same and only stops differ; the gaps between stops vary by a minute, so their counts by no more
    than one or two, and the difference by no more than the sum of these: a variance below 9, which saves a factor of 130.
    """
    base, arm = one_unit_more(1, "60 per h")
    found = difference(base, arm, "vehicles_passed_unstopped")
    assert found.variance_saved > 100
    assert found.ci_high < 0
    np.testing.assert_array_equal(base.column("vehicles_seen"), arm.column("vehicles_seen"))
