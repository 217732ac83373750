"""Replications: the same results however the work is divided, honest intervals, and when it is enough."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim.digest import digest_of
from sim.errors import UsageError
from sim.experiment import replications
from sim.experiment.replications import (
    FEWEST,
    LOOK_AHEAD,
    Block,
    Precision,
    Result,
    parse_precision,
    replicate,
    run,
    run_block,
    summarise,
)
from sim.loading import load
from sim.measures import MEASURES, measure_all
from sim.scenario import Scenario
from tests.truth import assert_plausible, binomial

SEED = 9
MANY = 40


@cache
def one_morning() -> Scenario:
    return load("wyoming_safe_haul_2025", ["operation.shifts.detail.last=2025-11-18", "operation.shifts.detail.length=9 h"])


@cache
def forty() -> Result:
    return run(one_morning(), replications=MANY, seed=SEED)


def assert_same(one: Result, other: Result) -> None:
    np.testing.assert_array_equal(one.values, other.values)
    assert one.digests == other.digests
    assert one.digest == other.digest


# --- however the work is divided ------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk", [1, 3, 7, 50])
def test_the_size_of_chunks_changes_no_bit(chunk: int) -> None:
    assert_same(run(one_morning(), replications=MANY, seed=SEED, chunk=chunk), forty())


@pytest.mark.parametrize(("workers", "chunk"), [(2, 3), (3, 7)])
def test_the_number_of_workers_changes_no_bit(workers: int, chunk: int) -> None:
    assert_same(run(one_morning(), replications=MANY, seed=SEED, workers=workers, chunk=chunk), forty())


def late_ones_first(block: Callable[..., Block]) -> Callable[..., Block]:
    """Return the same task, of which the first are done last."""

    def slowed(scenario: Scenario, seed: int, first: int, count: int, engine: str) -> Block:
        time.sleep(0.2 if first == 0 else 0.0)
        return block(scenario, seed, first, count, engine)

    return slowed


def test_blocks_that_are_done_out_of_order_are_put_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replications, "run_block", late_ones_first(run_block))
    with ThreadPoolExecutor(4) as pool:
        assert_same(run(one_morning(), replications=MANY, seed=SEED, chunk=3, executor=pool), forty())


def test_a_replication_alone_is_the_same_as_among_many() -> None:
    values, digests = run_block(one_morning(), SEED, 17, 1)
    np.testing.assert_array_equal(values[0], forty().values[17])
    assert digests == [forty().digests[17]]


def test_a_run_is_its_replications_in_their_order() -> None:
    traces = [replicate(one_morning(), SEED, number) for number in range(3)]
    result = run(one_morning(), replications=3, seed=SEED)
    np.testing.assert_array_equal(result.values, [measure_all(trace, result.scenario) for trace in traces])
    assert result.digest == digest_of([trace.digest for trace in traces])


def test_fewer_replications_are_the_first_of_more() -> None:
    np.testing.assert_array_equal(run(one_morning(), replications=5, seed=SEED).values, forty().values[:5])


def test_replications_and_seeds_differ() -> None:
    assert len(set(forty().digests)) == MANY
    assert run(one_morning(), replications=1, seed=SEED + 1).digests[0] not in forty().digests


def test_progress_is_told_after_every_chunk_and_ends_complete() -> None:
    told: list[tuple[int, int]] = []
    run(one_morning(), replications=8, seed=SEED, chunk=3, progress=lambda done, total: told.append((done, total)))
    assert told == [(3, 8), (6, 8), (8, 8)]


# --- the summary ----------------------------------------------------------------------------------------------------


def test_the_interval_covers_the_mean_as_often_as_it_says() -> None:
    """Fails if the interval covers 93.5% or 96.3% for 95%; the normal quantile would make it 91.8%."""
    samples = np.random.Generator(np.random.Philox(5)).normal(3.0, 2.0, (10_000, 10))
    summaries = [summarise(sample) for sample in samples]
    covered = sum(one.ci_low <= 3.0 <= one.ci_high for one in summaries)
    assert_plausible([binomial(covered, len(samples), 0.95)])


finite = st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=30)


@given(finite, st.randoms(use_true_random=False))
def test_mean_and_interval_do_not_hang_on_the_order_of_the_values(values: list[float], random: Random) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)
    assert summarise(np.asarray(values)) == summarise(np.asarray(shuffled))


@given(finite)
def test_a_summary_agrees_with_scipy(values: list[float]) -> None:
    summary = summarise(np.asarray(values))
    size = max(map(abs, values))
    assert summary.mean == pytest.approx(np.mean(values), abs=1e-12 * size)
    assert summary.sd == pytest.approx(np.std(values, ddof=1), rel=1e-9, abs=1e-12 * size)
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    assert (summary.ci_high - summary.ci_low) / 2 == pytest.approx(half, rel=1e-9, abs=1e-12 * size)
    assert (summary.p05, summary.median, summary.p95) == tuple(np.quantile(values, [0.05, 0.5, 0.95]))
    assert summary.replications == len(values)


def test_replications_in_which_a_measure_is_undefined_are_left_out() -> None:
    assert summarise(np.asarray([1.0, math.nan, 3.0])) == summarise(np.asarray([1.0, 3.0]))


def test_of_one_value_nothing_is_claimed_but_the_value() -> None:
    summary = summarise(np.asarray([4.0]))
    assert (summary.mean, summary.median, summary.replications) == (4.0, 4.0, 1)
    assert all(math.isnan(value) for value in (summary.sd, summary.ci_low, summary.ci_high))


def test_of_no_value_nothing_is_claimed() -> None:
    summary = summarise(np.asarray([math.nan]))
    assert summary.replications == 0
    assert all(math.isnan(value) for value in (summary.mean, summary.median, summary.sd, summary.ci_low))


# --- when it is enough ----------------------------------------------------------------------------------------------


def run_on(
    values: Mapping[str, Sequence[float]], wishes: Sequence[Precision], monkeypatch: pytest.MonkeyPatch, chunk: int
) -> Result:
    """Return a run in which some measures have the values given, and all others are zero."""

    def made_up(scenario: Scenario, seed: int, first: int, count: int, engine: str) -> Block:
        columns = {name: values.get(name, ()) for name in MEASURES}
        rows = [[column[row] if column else 0.0 for column in columns.values()] for row in range(first, first + count)]
        return rows, [str(row) for row in range(first, first + count)]

    monkeypatch.setattr(replications, "run_block", made_up)
    most = min(len(column) for column in values.values())
    return run(one_morning(), precision=wishes, replications=most, chunk=chunk)


def half_width(values: Sequence[float]) -> float:
    return float(stats.t.ppf(0.975, len(values) - 1) * stats.sem(values))


def first_enough(column: Sequence[float], wish: Precision) -> int | None:
    """Return, from the rule as it is published, the number of replications that are enough."""

    def met(count: int) -> bool:
        scale = abs(np.mean(column[:count])) if wish.relative else 1.0
        return bool(half_width(column[:count]) <= wish.half_width * scale)

    for count in range(FEWEST + LOOK_AHEAD, len(column) + 1):
        if all(met(looked) for looked in range(count - LOOK_AHEAD, count + 1)):
            return count
    return None


NOISE = np.random.Generator(np.random.Philox(6)).normal(100.0, 25.0, 400).tolist()


@pytest.mark.parametrize("wish", [Precision("stops", 0.05, True), Precision("stops", 4.0, False), Precision("stops", 0.2, True)])
@pytest.mark.parametrize("chunk", [1, 3, 7, 50])
def test_replications_stop_as_soon_as_the_wish_has_held_long_enough_whatever_the_chunk(
    wish: Precision, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run_on({"stops": NOISE}, [wish], monkeypatch, chunk)
    assert len(result.values) == len(result.digests) == first_enough(NOISE, wish)
    assert result.unmet == ()


def test_the_rule_stops_at_the_same_replication_with_blocks_out_of_order(monkeypatch: pytest.MonkeyPatch) -> None:
    wish = [Precision("stops", 0.05, relative=True)]
    alone = run(one_morning(), precision=wish, replications=200, seed=SEED)
    assert FEWEST + LOOK_AHEAD <= len(alone.values) < 200
    monkeypatch.setattr(replications, "run_block", late_ones_first(run_block))
    with ThreadPoolExecutor(4) as pool:
        assert_same(run(one_morning(), precision=wish, replications=200, seed=SEED, chunk=4, executor=pool), alone)


def test_precision_reached_by_luck_and_lost_again_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    lucky = [100.0] * 13 + [300.0, 0.0] * 100
    assert half_width(lucky[:13]) == 0 < half_width(lucky[:14])
    wish = Precision("stops", 0.1, relative=True)
    result = run_on({"stops": lucky}, [wish], monkeypatch, chunk=1)
    assert len(result.values) > 100


def test_certainty_stops_at_the_fewest_replications_and_their_look_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run_on({"stops": [7.0] * 100}, [Precision("stops", 0.01, relative=True)], monkeypatch, chunk=10)
    assert len(result.values) == FEWEST + LOOK_AHEAD


def test_all_wishes_must_be_met(monkeypatch: pytest.MonkeyPatch) -> None:
    wishes = [Precision("stops", 0.2, relative=True), Precision("detained", 0.05, relative=True)]
    result = run_on({"stops": NOISE, "detained": NOISE}, wishes, monkeypatch, chunk=7)
    assert len(result.values) == first_enough(NOISE, wishes[1])


def test_a_relative_wish_about_a_mean_of_zero_is_met_by_certainty_only(monkeypatch: pytest.MonkeyPatch) -> None:
    wish = Precision("detained", 0.5, relative=True)
    certain = run_on({"detained": [0.0] * 60}, [wish], monkeypatch, chunk=10)
    assert len(certain.values) == FEWEST + LOOK_AHEAD
    never = run_on({"detained": [1.0, -1.0] * 30}, [wish], monkeypatch, chunk=10)
    assert len(never.values) == 60
    assert never.unmet == (wish,)


def test_wishes_that_the_most_replications_leave_unmet_are_reported_and_only_those(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    modest, greedy = Precision("stops", 0.2, relative=True), Precision("detained", 0.001, relative=True)
    result = run_on({"stops": NOISE, "detained": NOISE}, [modest, greedy], monkeypatch, chunk=50)
    assert len(result.values) == len(NOISE)
    assert result.unmet == (greedy,)


def test_with_too_few_replications_to_judge_every_wish_is_unmet() -> None:
    wish = Precision("vehicles_seen", 10.0, relative=True)
    assert run(one_morning(), precision=[wish], replications=FEWEST - 1, seed=SEED).unmet == (wish,)


def test_a_measure_that_is_never_defined_leaves_its_wish_unmet(monkeypatch: pytest.MonkeyPatch) -> None:
    wish = Precision("officer_utilisation", 0.5, relative=False)
    assert run_on({"officer_utilisation": [math.nan] * 30}, [wish], monkeypatch, chunk=10).unmet == (wish,)


# --- what a wish may say --------------------------------------------------------------------------------------------


def test_a_bare_share_is_wished_for_every_default_measure() -> None:
    assert parse_precision("5%", ["stops", "detained"]) == [
        Precision("stops", 0.05, relative=True),
        Precision("detained", 0.05, relative=True),
    ]


@pytest.mark.parametrize(
    ("text", "half", "relative"),
    [
        ("stops=2", 2, False),
        ("stops = 2.5 stops", 2.5, False),
        ("stops=5%", 0.05, True),
        ("minutes_beyond_task_mean=0.5 min", 0.5, False),
        ("minutes_beyond_task_mean=30 s", 0.5, False),
        ("minutes_beyond_task_mean=1 h", 60, False),
        ("minutes_beyond_task_mean=0.5", 0.5, False),
        ("officer_hours=0.5 min", 0.5 / 60, False),
        ("officer_hours=90 min", 1.5, False),
        ("officer_hours=2 h", 2, False),
        ("officer_hours=2 hours", 2, False),
    ],
)
def test_a_width_is_read_in_the_unit_of_its_measure(text: str, half: float, relative: bool) -> None:
    (wish,) = parse_precision(text, [])
    assert wish.measure == text.split("=", maxsplit=1)[0].strip()
    assert wish.half_width == pytest.approx(half, rel=1e-12)
    assert wish.relative == relative


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("detaind=5%", "'detaind' is not a measure; did you mean 'detained'?"),
        ("minutes_beyond_task_means=1 min", "did you mean 'minutes_beyond_task_mean'?"),
        ("5", "write 5% for a relative half-width, or MEASURE=WIDTH, such as stops=2."),
        ("stops=", "'' is not a width above 0"),
        ("stops=0", "'0' is not a width above 0; write 5%, 2 or 0.5 min."),
        ("stops=-3", "'-3' is not a width above 0"),
        ("stops=many", "'many' is not a width above 0"),
        ("stops=nan", "'nan' is not a width above 0"),
        ("stops=inf", "'inf' is not a width above 0"),
        ("stops=2 min", "'min' is not a unit for stops, which is counted in stops."),
        ("officer_hours=2 weeks", "'weeks' is not a unit for officer_hours, which is counted in hours."),
        ("=5%", "'' is not a measure"),
    ],
)
def test_a_wish_that_cannot_be_read_is_refused_with_what_to_write_instead(text: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_precision(text, ["stops"])
    assert str(refused.value).startswith(f"--precision {text}: ")
    assert message in str(refused.value)
