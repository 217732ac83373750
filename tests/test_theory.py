"""Where theory knows the answer, the simulator gives it: the cases of :mod:`tests.verification.cases`, small.

The long version of the same cases is ``python -m tests.verification.theory``. Each case says what error would make it fail.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.verification import cases, formulas, funnel
from tests.verification.acceptance import Comparison, counted, holm, paired, refused, together
from tests.verification.reduced import Size

#: A queue needs long replications, a funnel many.
LONG, MANY = Size(1, 24), Size(1, 60)


def test_vehicles_pass_unstopped_as_often_as_erlang_says_whatever_the_shape_of_the_task() -> None:
    assert refused(cases.vehicles_passed(LONG, units=(4,), shapes=("exponential", "fixed"))) == []


def test_the_number_of_units_that_a_vehicle_finds_busy_has_erlangs_distribution() -> None:
    assert refused(cases.busy_units(LONG)) == []


def test_trucks_without_patience_miss_their_inspection_as_often_as_erlang_says() -> None:
    assert refused(cases.trucks_uninspected(LONG)) == []


def test_people_find_no_bed_as_often_as_erlang_says_whatever_the_shape_of_the_stay() -> None:
    assert refused(cases.beds_full(LONG, shapes=("fixed", "skewed"))) == []


def test_questions_wait_for_the_duty_officer_as_long_as_theory_says() -> None:
    assert refused(cases.duty_officer(LONG, shapes=("exponential", "fixed"), servers=(2,))) == []


def test_people_wait_for_a_booking_desk_as_long_as_theory_says() -> None:
    assert refused(cases.booking_desk(LONG, shapes=("exponential", "skewed"), desks=(3,))) == []


def test_people_held_are_as_many_as_theory_says_and_poisson() -> None:
    assert refused(cases.people_held(LONG, shapes=("exponential", "skewed"))) == []


@pytest.mark.parametrize("case", [funnel.thinned, funnel.ways_out, funnel.vehicles_with_somebody_detained])
def test_the_funnel_thins_as_theory_says(case) -> None:
    assert refused(case(MANY)) == []


def test_what_units_see_by_the_hour_is_the_sum_of_the_flows_and_poisson() -> None:
    assert refused(cases.vehicles_by_hour(MANY)) == []


# --- the instruments themselves ---------------------------------------------------------------------------------------


def test_holm_refuses_no_more_than_its_error_allows_and_more_than_bonferroni() -> None:
    adjusted = holm([0.01, 0.04, 0.03, 0.005])
    assert adjusted == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_intervals_of_a_right_theory_cover_it_as_often_as_they_say_and_of_a_wrong_one_do_not() -> None:
    noise = np.random.Generator(np.random.PCG64(1)).normal(size=(400, 20))
    ones = np.ones_like(noise)
    right, wrong = paired("right", 1.0, noise, ones), paired("wrong", 1.0, noise + 0.3, ones)
    assert refused([right]) == []
    assert len(refused([wrong])) == 2  # by its mean, and by its coverage


def test_counts_that_spread_too_widely_or_lie_too_high_are_refused() -> None:
    random = np.random.Generator(np.random.PCG64(2))
    right = random.poisson(20, size=(100, 20))
    wide = random.poisson(20 * random.gamma(5, 1 / 5, size=(100, 20)))
    assert refused(counted("right", 20.0, right)) == []
    assert any("variance" in line for line in refused(counted("wide", 20.0, wide)))
    assert len(refused(counted("high", 20.0, random.poisson(20.5, size=(100, 20))))) >= 1


def test_replications_in_equal_pairs_are_seen_by_how_often_all_intervals_cover() -> None:
    noise = np.random.Generator(np.random.PCG64(4)).normal(size=(10, 80, 10))
    ones = np.ones((80, 20))
    right = [
        paired("right", 1.0, np.concatenate([one, other], axis=1), ones) for one, other in zip(noise, noise[::-1], strict=True)
    ]
    pairs = [paired("pairs", 1.0, np.repeat(one, 2, axis=1), ones) for one in noise]
    assert refused(together(pairs)) != []
    assert refused(together(right)) == []


def test_formulas_agree_with_each_other() -> None:
    """With one server and exponential service delay formulas coincide; long after the beginning M/G/∞ forgets it."""
    assert formulas.waits_mmc(1, 5, 0.1) == pytest.approx(formulas.wait_mg1(5, 0.1, 1.0))
    assert formulas.busy_states(4, 3.0)[-1] == pytest.approx(formulas.erlang_b(4, 3.0))
    assert formulas.held(2.0, lambda u: float(stats.expon.sf(u, scale=3)), 500) == pytest.approx(6)
    assert formulas.held_time(2.0, lambda u: float(u < 3), 10, 20) == pytest.approx(60)
    share, mean = formulas.wait_bias(2, 10, 7 / 60, 24)
    assert share < 1e-5
    assert mean < 1e-5


def test_a_comparison_without_enough_intervals_makes_no_claim_about_coverage() -> None:
    assert Comparison("few", 1, 1, 0, 2, 0.5, seeds=5, replications=9, covers=(False,) * 5).p_cover is None
