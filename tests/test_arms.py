"""Several arms on the same draws: simultaneous intervals, precision of differences, ranking, and a posterior carried through."""

from __future__ import annotations

import csv
import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

import sim
from sim.errors import StopflowError, UsageError
from sim.experiment.arms import Arms, run_arms, run_over_draws
from sim.experiment.comparison import difference, paired, simultaneous
from sim.experiment.posterior import read_posterior
from sim.experiment.ranking import ranking
from sim.experiment.replications import FEWEST, LOOK_AHEAD, Precision, Result, Rule, run, summarise
from sim.loading import Template, load
from sim.measures import MEASURES
from sim.scenario_file import ScenarioFile
from tests.conftest import Command
from tests.truth import assert_plausible, binomial

SHORT = ["operation.shifts.detail.length=1 h", "jail.warm_up=0 d", "jail.follow_up=1 h"]
UNITS = "operation.shifts.detail.patrol_units"
PASSED = "vehicles_passed_unstopped"


@cache
def scenario(*settings: str) -> ScenarioFile:
    return load("laramie_shift_2026", [*SHORT, *settings])


def chance(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


# --- simultaneous intervals -----------------------------------------------------------------------------------------


def test_intervals_of_several_arms_hold_for_all_of_them_at_once() -> None:
    """800 comparisons of five arms that hang together by the base; fails if each arm had a 95% interval of its own.

    By Bonferroni all five hold with at least 95%; the arms share the base, so a little more. Uncorrected it is below 85%.
    """
    random, missed = chance(1), 0
    for _ in range(800):
        base = random.normal(size=12)
        missed += any(
            not one.ci_low <= 0 <= one.ci_high for one in (paired("x", base, random.normal(size=12), arms=5) for _ in range(5))
        )
    assert stats.binomtest(missed, 800, 0.05, alternative="greater").pvalue > 1e-4
    assert missed / 800 > 0.02  # and they are not needlessly wide


def test_the_interval_of_one_arm_is_not_widened() -> None:
    assert simultaneous(1) == pytest.approx(0.95)
    first, second = chance(2).normal(size=(2, 20))
    alone, among_five = paired("x", first, second), paired("x", first, second, arms=5)
    interval = stats.ttest_rel(second, first).confidence_interval(1 - 0.05 / 5)
    assert (among_five.ci_low, among_five.ci_high) == pytest.approx(tuple(interval), rel=1e-9)
    assert among_five.ci_low < alone.ci_low < alone.ci_high < among_five.ci_high


# --- coverage of experiments ----------------------------------------------------------------------------------------


def small_experiments(count: int, size: int, seed: int) -> NDArray[np.float64]:
    """Return pairs of a skewed count under two policies, shape (experiments, replications, 2), with known means 6 and 9."""
    random = chance(seed)
    common = random.poisson(4.0, (count, size))
    return np.stack([common + random.poisson(2.0, (count, size)), common + random.poisson(5.0, (count, size))], axis=2).astype(
        float
    )


@pytest.mark.parametrize(("arm", "truth"), [(0, 6), (1, 3)], ids=["mean", "difference"])
def test_intervals_cover_as_often_as_they_say(arm: int, truth: float) -> None:
    """2,000 experiments of 10 replications; with the normal point in place of Student's they cover 91.8%, and the test fails."""
    covered = 0
    for one in small_experiments(2000, 10, 3):
        found = summarise(one[:, 1] - one[:, 0] if arm else one[:, 0])
        covered += found.ci_low <= truth <= found.ci_high
    assert 0.93 <= covered / 2000 <= 0.97


@pytest.mark.parametrize(("arm", "truth", "wish"), [(0, 6, 0.1), (1, 3, 0.3)], ids=["mean", "difference"])
def test_intervals_cover_as_often_as_they_say_where_precision_decides_when_to_stop(arm: int, truth: float, wish: float) -> None:
    """1,000 experiments that stop when the half-width is 10% or 30%.

    Fails if the first look came after 3 replications and the first success ended the run: differences then cover 91.8%.
    """
    covered, lengths = 0, set()
    for one in small_experiments(1000, 200, 4):
        values = one[:, 1] - one[:, 0] if arm else one[:, 0]
        rule = Rule([Precision("x", wish, relative=True)], ["x"])
        stop_at = rule.enough(values[:, None])
        assert stop_at is not None
        found = summarise(values[:stop_at])
        lengths.add(stop_at)
        covered += found.ci_low <= truth <= found.ci_high
    assert 0.93 <= covered / 1000 <= 0.97
    assert len(lengths) > 30  # they stopped at very different times


# --- precision of differences ---------------------------------------------------------------------------------------


def test_precision_works_on_the_difference() -> None:
    """One officer fewer lets five vehicles pass, in every world about as many; the number itself varies much more."""
    wish = Precision(PASSED, 1.5, relative=False)
    longer = "operation.shifts.detail.length=3 h"
    arms = {"base": scenario(longer, f"{UNITS}=3"), "fewer": scenario(longer, f"{UNITS}=2")}
    found = run_arms(arms, precision=[wish], seed=4)
    one = difference(found.results["base"], found.results["fewer"], PASSED)
    assert not found.unmet
    assert (one.ci_high - one.ci_low) / 2 <= 1.5
    assert one.pairs >= FEWEST + LOOK_AHEAD
    alone = found.results["base"].summary(PASSED)
    assert (alone.ci_high - alone.ci_low) / 2 > 1.5
    plain = run(arms["base"], replications=one.pairs, seed=4)
    np.testing.assert_array_equal(found.results["base"].values, plain.values)
    assert found.results["base"].digest == plain.digest


def test_precision_that_is_not_reached_is_told_by_arm_and_measure() -> None:
    wish = Precision(PASSED, 0.001, relative=False)
    arms = {"base": scenario(), "same": scenario(), "fewer": scenario(f"{UNITS}=4")}
    found = run_arms(arms, precision=[wish], replications=15, seed=4)
    assert found.unmet == (("fewer", PASSED),)
    assert [len(result.values) for result in found.results.values()] == [15, 15, 15]


def test_the_number_of_workers_changes_no_bit_of_a_precise_comparison() -> None:
    wish = [Precision("stops", 0.5, relative=False)]
    arms = {"base": scenario(), "fewer": scenario(f"{UNITS}=4")}
    one, two = (run_arms(arms, precision=wish, replications=25, seed=4, workers=workers) for workers in (1, 2))
    for name in arms:
        np.testing.assert_array_equal(one.results[name].values, two.results[name].values)


def test_what_has_no_measure_in_common_is_not_compared() -> None:
    with pytest.raises(UsageError, match="no measure in common"):
        run_arms({"road": scenario(), "country": load("payments")}, replications=2)


# --- ranking --------------------------------------------------------------------------------------------------------


def test_the_chance_of_being_best_of_two_is_that_of_the_difference() -> None:
    """Against Student's posterior of the mean difference; fails if arms were resampled apart, which would ignore the pairs."""
    random = chance(5)
    common = random.normal(0, 3, 60)
    columns = {"one": common + random.normal(0, 0.5, 60), "other": common + random.normal(0.05, 0.5, 60)}
    ranks = {one.arm: one for one in ranking(MEASURES["detained"], columns, "most")}
    apart = columns["other"] - columns["one"]
    expected = float(stats.t.cdf(apart.mean() / stats.sem(apart), 59))
    assert ranks["other"].probability_best == pytest.approx(expected, abs=0.03)
    assert 0.6 < expected < 0.99  # else the test would not tell one way of resampling from the other


def test_chances_add_up_and_equal_arms_share() -> None:
    values = chance(6).normal(size=30)
    ranks = ranking(MEASURES["detained"], {"a": values, "b": values - 0.1, "c": values.copy()})
    by_arm = {one.arm: (one.rank, one.probability_best) for one in ranks}
    assert by_arm == {"a": (1, 0.5), "c": (1, 0.5), "b": (3, 0.0)}


def test_least_turns_the_ranking_round() -> None:
    values = chance(7).normal(size=30)
    columns = {"low": values, "high": values + 1}
    assert [one.arm for one in ranking(MEASURES["no_answer"], columns)] == ["low", "high"]
    assert [one.arm for one in ranking(MEASURES["no_answer"], columns, "most")] == ["high", "low"]


def test_replications_in_which_an_arm_is_undefined_are_left_out_for_all() -> None:
    columns = {"a": np.asarray([1.0, math.nan, 3.0]), "b": np.asarray([2.0, 100.0, 3.0])}
    ranks = ranking(MEASURES["detained"], columns, "most")
    assert [(one.arm, one.mean) for one in ranks] == [("b", 2.5), ("a", 2.0)]
    assert ranking(MEASURES["detained"], {"a": np.asarray([math.nan])}, "most") == []


def test_many_replications_are_gathered_without_changing_the_chance() -> None:
    random = chance(8)
    few = {"a": random.normal(0, 1, 4000), "b": random.normal(0.02, 1, 4000)}
    apart = few["b"] - few["a"]
    ranks = {one.arm: one.probability_best for one in ranking(MEASURES["detained"], few, "most")}
    assert ranks["b"] == pytest.approx(float(stats.norm.cdf(apart.mean() / stats.sem(apart))), abs=0.03)


# --- over a posterior -----------------------------------------------------------------------------------------------


def made_up(values: NDArray[np.float64]) -> Result:
    whole = np.zeros((len(values), len(MEASURES)))
    whole[:, list(MEASURES).index("detained")] = values
    return Result(scenario(), 1, "none", whole, ("",) * len(values))


def test_over_a_posterior_draws_are_the_pairs() -> None:
    """Twenty draws of fifty replications that share the draw's own shift; fails if a thousand pairs were counted."""
    random = chance(9)
    shift = np.repeat(random.normal(1.0, 2.0, 20), 50)
    base = random.normal(0, 1, 1000)
    arms = Arms({"base": made_up(base), "arm": made_up(base + shift + random.normal(0, 0.1, 1000))}, draws=20)
    one = difference(arms.pairs["base"], arms.pairs["arm"], "detained")
    assert one.pairs == 20
    assert one.ci_high - one.ci_low == pytest.approx(
        2 * stats.t.ppf(0.975, 19) * np.std(shift[::50], ddof=1) / math.sqrt(20), rel=0.1
    )
    np.testing.assert_allclose(arms.means_of_draws("detained")["arm"], shift[::50], atol=0.1)
    chance_of_more = {rank.arm: rank.probability_best for rank in ranking(MEASURES["detained"], arms.columns("detained"), "most")}
    assert chance_of_more["arm"] == pytest.approx(float((shift[::50] > 0).mean()), abs=0.05)


def test_every_draw_makes_its_own_version_of_base_and_arm(tmp_path: Path) -> None:
    file = tmp_path / "posterior.csv"
    file.write_text(
        "draw,weight,status_check.threshold,stop.traffic_task,traffic.flows.interstate_car.rate\n1,0,0.9,1,1\n2,3,0.25,12,8\n"
    )
    read = read_posterior(tmp_path)
    template = Template.read("laramie_shift_2026", SHORT)
    (row,) = {tuple(row) for row in read.pick(5, seed=1).tolist()}  # the other has no weight
    changed = template.with_changes(read.changes(template, np.asarray(row)), "draw").build()
    assert changed.status_check.threshold == 0.25  # type: ignore[attr-defined]
    assert changed.stop.traffic_task.mean == pytest.approx(12 * 60_000, rel=1e-4)  # type: ignore[attr-defined]
    assert changed.traffic.flows["interstate_car"].rate == 8  # type: ignore[attr-defined]
    versions = [{"base": changed, "fewer": changed}] * 3
    found = run_over_draws(versions, replications=2, seed=3)
    np.testing.assert_array_equal(found.results["base"].values, run(changed, replications=6, seed=3).values)


def test_draws_are_picked_as_often_as_their_weights_say(tmp_path: Path) -> None:
    file = tmp_path / "draws.csv"
    file.write_text("weight,status_check.threshold\n1,0.1\n3,0.2\n")
    picked = read_posterior(file).pick(1000, seed=2)[:, 0]
    assert int((picked == 0.2).sum()) == pytest.approx(750, abs=1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "names no parameter"),
        ("stop.limit\n", "holds 0 draws"),
        ("status_check.threshold\nhigh\n", ":2: status_check.threshold: 'high' is not a number"),
        ("weight,status_check.threshold\n-1,0.5\n", ":2: weight: -1.0 is negative"),
        ("weight,status_check.threshold\n0,0.5\n", "every weight is 0"),
        ("status_check.threshold,status_check.threshold\n0,0.5\n", "a column stands twice"),
        ("status_check.treshold\n0.5\n", "has no parameter 'status_check.treshold'; did you mean 'status_check.threshold'"),
        ("status_check.asked\n0.5\n", "'status_check.asked' is not a number"),
        ("status_check.threshold\n1.5\n", "is not between 0 and 1"),
    ],
)
def test_a_bad_posterior_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "posterior.csv"
    file.write_text(text)
    with pytest.raises(StopflowError) as problem:
        sim.compare("laramie_shift_2026", fewer={UNITS: 4}, posterior=file)
    assert message in str(problem.value)


# --- the command ----------------------------------------------------------------------------------------------------


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.usefixtures("without_pictures")
def test_compare_writes_differences_and_ranking_of_every_arm(command: Command, tmp_path: Path) -> None:
    settings = [word for setting in SHORT for word in ("--arm", f"short:{setting}")]
    status, out, error = command(
        "compare", "laramie_shift_2026", "laramie_shift_2026", *settings, "--replications", 3, "--out", tmp_path / "out",
        "--best", "stops=most",
    )  # fmt: skip
    assert status == 0, error
    assert "Intervals hold for all 2 arms" in out
    rows = table(tmp_path / "out" / "comparison.csv")
    same = [row for row in rows if row["arm"] == "laramie_shift_2026 (2)"]
    assert same
    assert all((row["difference"], row["ci_low"], row["ci_high"]) in {("0", "0", "0"), ("", "", "")} for row in same)
    assert {row["variance_saved"] for row in same} <= {"inf", ""}
    ranks = [row for row in table(tmp_path / "out" / "ranking.csv") if row["measure"] == "stops"]
    assert [(row["rank"], row["arm"]) for row in ranks][2] == ("3", "short")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--arm", "x"], "write NAME:KEY=VALUE"),
        (["--arm", "x:stop.limt=3"], "no such key"),
        (["--set", f"{UNITS}=4", "--best", "stop"], "did you mean 'stops'"),
        (["--set", f"{UNITS}=4", "--best", "stops=best"], "neither most nor least"),
        (["--set", f"{UNITS}=4", "--precision", "stops=5%", "--posterior", "x.csv"], "choose one"),
        (["--set", f"{UNITS}=4", "--posterior", "x.csv"], "cannot be read"),
    ],
)
def test_a_mistake_at_the_command_line_ends_in_one_message(
    command: Command, tmp_path: Path, flags: list[str], message: str
) -> None:
    status, _, error = command("compare", "laramie_shift_2026", *flags, "--out", tmp_path / "out")
    assert status == 2
    assert message in error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()


# --- what the shipped levers save -----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("measure", ["detained", PASSED])
def test_pairing_saves_at_least_a_factor_of_five_for_one_officer_more(measure: str) -> None:
    """The lever of staffing as a policy moves it: one officer more or fewer on the shift of Laramie."""
    base = run(load("laramie_shift_2026"), replications=200, seed=11)
    for units in (4, 6):
        arm = run(load("laramie_shift_2026", [f"{UNITS}={units}"]), replications=200, seed=11)
        assert difference(base, arm, measure).variance_saved >= 5


@pytest.mark.slow
def test_experiments_of_the_model_cover_as_often_as_they_say() -> None:
    """500 disjoint experiments of 20 replications each: the mean of stops, and the difference of vehicles that pass.

    The truth is the mean over all 10,000; it adds a 500th of an experiment's variance.
    """
    base, arm = (run(scenario(*change), replications=10_000, seed=12, workers=2).values for change in ([], [f"{UNITS}=4"]))
    names = list(MEASURES)
    for column, first, second in (
        ("stops", np.zeros(len(base)), base[:, names.index("stops")]),
        (PASSED, base[:, names.index(PASSED)], arm[:, names.index(PASSED)]),
    ):
        truth = float((second - first).mean())
        found = [paired(column, first[start : start + 20], second[start : start + 20]) for start in range(0, 10_000, 20)]
        covered = sum(one.ci_low <= truth <= one.ci_high for one in found)
        assert 0.93 <= covered / 500 <= 0.97
        assert_plausible([binomial(covered, 500, 0.95)])
