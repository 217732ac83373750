"""Sensitivity and discovery against functions whose answer is known."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.errors import UsageError
from sim.experiment.discovery import Threshold, boxes, parse_threshold, regrets
from sim.experiment.sensitivity import (
    Index,
    _morris,
    _morris_sample,
    _pawn,
    _pawn_values,
    _saltelli,
    _saltelli_parts,
    analyse,
    chance_left,
    plan,
    sobol_indices,
)
from sim.experiment.studies import load_study
from sim.report.drawing import svg_text
from sim.report.influence import influence_table, tornado
from tests.conftest import Command
from tests.study_files import write_study

Floats = NDArray[np.float64]


def chance(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def ishigami(shares: Floats) -> Floats:
    x = (2 * shares - 1) * math.pi
    return np.asarray(np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))


def ishigami_truth() -> dict[tuple[str, str], float]:
    """Return first and total indices in closed form (a = 7, b = 0.1)."""
    a, b, pi4 = 7.0, 0.1, math.pi**4
    alone = 0.5 * (1 + b * pi4 / 5) ** 2, a**2 / 8, 0.0
    together = b**2 * math.pi**8 * (1 / 18 - 1 / 50)
    total = sum(alone) + together
    return {
        **{(f"x{number}", "first"): value / total for number, value in enumerate(alone)},
        ("x0", "total"): (alone[0] + together) / total,
        ("x1", "total"): alone[1] / total,
        ("x2", "total"): together / total,
    }


def funnel(shares: Floats) -> Floats:
    """Return people detained of 1,000 asked: shares referred, matched and let through, each within its range, multiplied."""
    low, high = np.asarray([0.1, 0.2, 0.5]), np.asarray([0.5, 0.6, 1.0])
    return np.asarray(1000 * np.prod(low + shares * (high - low), axis=1))


def funnel_truth() -> dict[tuple[str, str], float]:
    """Return the indices of a product of independent uniforms: with u_i = Var/mean², V = Π(1 + u_i) − 1, first u_i / V."""
    low, high = np.asarray([0.1, 0.2, 0.5]), np.asarray([0.5, 0.6, 1.0])
    u = ((high - low) ** 2 / 12) / ((low + high) / 2) ** 2
    variance = float(np.prod(1 + u) - 1)
    found = {}
    for number in range(3):
        others = float(np.prod(np.delete(1 + u, number)))
        found[f"x{number}", "first"] = float(u[number]) / variance
        found[f"x{number}", "total"] = float(u[number]) * others / variance
    return found


def indices_of(function, size: int, seed: int) -> dict[tuple[str, str], Index]:  # type: ignore[no-untyped-def]
    parts = _saltelli_parts(function(_saltelli(3, size, seed)), 3)
    return {(one.factor, one.index): one for one in sobol_indices(["x0", "x1", "x2"], *parts, seed=seed)}


# --- Sobol' ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "truth"), [(ishigami, ishigami_truth()), (funnel, funnel_truth())], ids=["ishigami", "funnel"]
)
def test_sobol_indices_of_known_functions_lie_within_their_intervals(function, truth) -> None:  # type: ignore[no-untyped-def]
    """Fails if A and B were swapped, or first and total; the intervals are a few percent wide."""
    found = indices_of(function, 1024, seed=4)
    assert found.keys() == truth.keys()
    for key, one in found.items():
        assert one.ci_low <= truth[key] <= one.ci_high, key
        assert one.ci_high - one.ci_low < 0.3
        assert one.value == pytest.approx(truth[key], abs=0.05)


def test_a_negative_index_within_its_error_is_shown_as_zero() -> None:
    found = indices_of(ishigami, 64, seed=1)["x2", "first"]
    assert found.within_error
    negative = Index("x2", "first", -0.02, -0.1, 0.05, within_error=True)
    assert negative.shown == 0
    assert negative.value == -0.02
    swing = Index("x2", "low_to_high", -0.02, -0.1, 0.05, within_error=True)
    assert swing.shown == -0.02  # a difference may well be negative


def test_rows_with_anything_undefined_are_left_out() -> None:
    means = funnel(_saltelli(3, 256, 5))
    means[7] = np.nan
    f_a, f_b, f_ab = _saltelli_parts(means, 3)
    assert f_a.shape == f_b.shape == (255,)
    assert f_ab.shape == (3, 255)
    for one in sobol_indices(["x0", "x1", "x2"], f_a, f_b, f_ab):
        assert one.value == pytest.approx(funnel_truth()[one.factor, one.index], abs=0.1)


def test_what_does_not_vary_has_no_indices() -> None:
    assert sobol_indices(["x"], np.ones(8), np.ones(8), np.ones((1, 8))) == []


# --- Morris and PAWN ------------------------------------------------------------------------------------------------


def test_morris_finds_the_effects_of_a_straight_line() -> None:
    """The mean elementary effect of a linear function is its slope; a factor that does nothing has none."""
    names = ["a", "b", "c"]
    shares = _morris_sample(3, 20, seed=3)
    found = {(one.factor, one.index): one for one in _morris(names, shares, shares @ np.asarray([3.0, -1.0, 0.0]), seed=3)}
    assert [found[name, "mu_star"].value for name in names] == pytest.approx([3, 1, 0], abs=1e-9)
    assert [found[name, "sigma"].value for name in names] == pytest.approx([0, 0, 0], abs=1e-9)
    assert found["c", "mu_star"].within_error


def test_pawn_orders_factors_and_knows_an_idle_one() -> None:
    shares = chance(6).random((400, 3))
    found = {one.factor: one for one in _pawn(["a", "b", "c"], shares, 3 * shares[:, 0] + 2 * shares[:, 1], seed=1)}
    assert found["a"].value > found["b"].value > found["c"].value
    assert not found["a"].within_error
    assert found["c"].within_error
    assert all(one.ci_low < one.value < one.ci_high for one in found.values())


def test_pawn_agrees_with_salib_on_continuous_factors_and_takes_in_the_largest_value() -> None:
    from SALib.analyze import pawn

    shares = chance(16).random((500, 3))
    means = ishigami(shares)
    problem = {"num_vars": 3, "names": list("abc"), "bounds": [[0, 1]] * 3}
    np.testing.assert_allclose(_pawn_values(means, shares, 10), pawn.analyze(problem, shares, means, S=10)["median"], atol=0.01)
    switch = np.repeat([0.0, 1.0], 250)[:, None]
    assert _pawn_values(switch[:, 0], switch, 10) == pytest.approx([0.5])


def test_pawn_speaks_of_dependent_factors_as_they_come() -> None:
    """Two factors that move together are both telling, though only one is in the formula."""
    first = chance(7).random(400)
    values = np.stack([first, first + 0.01 * chance(8).random(400), chance(9).random(400)], axis=1)
    found = {one.factor: one for one in _pawn(["cause", "companion", "idle"], values, values[:, 0], seed=1)}
    assert found["companion"].value > 0.9 * found["cause"].value
    assert found["idle"].within_error


# --- on a study -----------------------------------------------------------------------------------------------------

STUDY = """
title: One hour
question: What do officers and questions change?
base: tiny.yaml
uncertainties:
  traffic.flows.interstate_car.rate: {low: 3 per h, high: 30 per h}
  money.overtime_hour:
measures: [stops, overtime_usd]
replications: 5
seed: 3
"""


def test_a_tornado_is_the_paired_change_from_low_to_high(tmp_path: Path, command: Command) -> None:
    path = write_study(tmp_path, STUDY)
    status, out, error = command("sensitivity", path, "--out", tmp_path / "out", "--workers", 1)
    assert status == 0, error
    with (tmp_path / "out" / "sensitivity.csv").open(newline="") as stream:
        rows = {(row["measure"], row["factor"]): row for row in csv.DictReader(stream)}
    study = load_study(path)
    from sim.experiment.replications import run

    low, high = (run(study.scenario({"traffic.flows.interstate_car.rate": rate}), replications=5, seed=3) for rate in (3, 30))
    change = float((high.column("stops") - low.column("stops")).mean())
    row = rows["stops", "traffic.flows.interstate_car.rate"]
    assert float(row["value"]) == pytest.approx(change)
    assert row["factor_unit"] == "per hour"
    assert rows["stops", "money.overtime_hour"]["within_error"] == "yes"
    assert (tmp_path / "out" / "figures" / "tornado_stops.svg").read_text().startswith("<?xml")
    assert "all else as in the base" in out


@pytest.mark.parametrize(("method", "points", "runs"), [("sobol", 8, 32), ("morris", 4, 12), ("pawn", 60, 60)])
def test_a_plan_has_the_points_of_its_method_within_the_ranges(tmp_path: Path, method: str, points: int, runs: int) -> None:
    planned = plan(load_study(write_study(tmp_path, STUDY)), method, points)  # type: ignore[arg-type]
    rows = list(planned.study.points())
    assert len(rows) == runs
    assert all(3 <= row["traffic.flows.interstate_car.rate"] <= 30 for row in rows)
    rates = np.asarray([row["traffic.flows.interstate_car.rate"] for row in rows])
    found = analyse(planned, rates, [])
    main = {one.factor: one for one in found if one.index in ("total", "mu_star", "pawn")}
    assert main["money.overtime_hour"].within_error
    assert not main["traffic.flows.interstate_car.rate"].within_error


def test_a_method_that_cannot_take_a_posterior_says_why(tmp_path: Path, command: Command) -> None:
    (tmp_path / "posterior.csv").write_text("status_check.threshold\n0.3\n0.4\n")
    study = write_study(tmp_path, STUDY)
    status, _, error = command("sensitivity", study, "--method", "sobol", "--posterior", tmp_path / "posterior.csv", "--out", "x")
    assert status == 2
    assert "draws of a posterior are not; use --method pawn" in error
    assert not (tmp_path / "x").exists()


def test_chance_that_all_points_share_is_not_counted_as_left() -> None:
    random = chance(10)
    common, own = random.normal(0, 5, 200), random.normal(0, 1, (30, 200))
    effects = np.linspace(0, 3, 30)[:, None]
    assert chance_left(list(effects + common + own)) == pytest.approx((1 / 200) / np.var(effects, ddof=1), rel=0.2)
    assert chance_left(list(effects + common)) == pytest.approx(0, abs=1e-12)


def test_the_table_and_the_picture_show_the_strongest_first() -> None:
    from rich.console import Console

    indices = [Index("weak", "total", 0.1, 0.05, 0.2, False), Index("strong", "total", 0.8, 0.7, 0.9, False)]
    console = Console(record=True, width=120)
    console.print(influence_table({"stops": indices}, {"stops": "stops"}, {"stops": 0.1}))
    text = console.export_text()
    assert text.index("strong") < text.index("weak")
    assert svg_text(tornado("stops", "stops", indices)) == svg_text(tornado("stops", "stops", indices))


# --- discovery ------------------------------------------------------------------------------------------------------


def test_a_known_box_is_found() -> None:
    """1,000 points, failures exactly where a < 0.3 and b > 0.6; the third factor must not be limited."""
    shares = chance(11).random((1000, 3))
    fails = (shares[:, 0] < 0.3) & (shares[:, 1] > 0.6)
    columns = dict(zip("abc", shares.T, strict=True))
    (box, *_), everywhere = boxes(columns, fails)
    assert everywhere == pytest.approx(0.12, abs=0.03)
    limits = {one.factor: one for one in box.limits}
    assert limits.keys() == {"a", "b"}
    assert limits["a"].low is None
    assert limits["a"].high == pytest.approx(0.3, abs=0.02)
    assert limits["b"].low == pytest.approx(0.6, abs=0.02)
    assert box.coverage > 0.9
    assert box.density > 0.9
    assert all(one.p_value < 1e-6 for one in box.limits)


def test_failures_in_two_places_make_two_boxes() -> None:
    shares = chance(12).random((2000, 2))
    fails = (shares < 0.25).all(axis=1) | (shares > 0.75).all(axis=1)
    found, _ = boxes({"a": shares[:, 0], "b": shares[:, 1]}, fails)
    assert len(found) >= 2
    assert sum(box.coverage for box in found[:2]) > 0.85
    assert min(box.density for box in found[:2]) > 0.8


def test_words_are_told_by_name() -> None:
    words = np.asarray(["x", "y", "z"] * 100, dtype=object)
    numbers = chance(13).random(300)
    (box, *_), _ = boxes({"word": words, "number": numbers}, np.asarray(words == "y"))
    (limit,) = box.limits
    assert (limit.factor, limit.among) == ("word", ("y",))
    assert (box.coverage, box.density) == (1, 1)


def test_chance_failures_are_not_told_as_a_sure_box() -> None:
    """Failures without any reason: whatever box is found, it does not catch most of them at a high density."""
    shares = chance(14).random((400, 3))
    fails = chance(15).random(400) < 0.2
    found, _ = boxes(dict(zip("abc", shares.T, strict=True)), fails)
    assert all(box.coverage < 0.5 or box.density < 0.4 for box in found)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_where_none_or_all_fail_there_is_no_box(share: float) -> None:
    found, everywhere = boxes({"a": np.arange(10.0)}, np.full(10, bool(share)))
    assert (found, everywhere) == ([], share)


def test_a_threshold_is_read_and_refused_in_words() -> None:
    assert parse_threshold(" stops >= 3.5 ", ["stops"]) == Threshold("stops", ">=", 3.5)
    assert parse_threshold("stops<3", ["stops"]).fails(np.asarray([1, 3, math.nan])).tolist() == [True, False, False]
    for text, message in (
        ("stops=3", "write MEASURE>NUMBER"),
        ("stop>3", "did you mean 'stops'"),
        ("stops>1.2.3", "is not a number"),
    ):
        with pytest.raises(UsageError, match=message):
            parse_threshold(text, ["stops"])


def test_regret_is_what_is_lost_against_the_best_policy_of_the_same_world() -> None:
    policies, worlds = ["a", "b", "c"] * 3, ["x"] * 3 + ["y"] * 3 + ["z"] * 3
    means = np.asarray([5, 4, 0, 1, 3, 9, math.nan, 1, 1], dtype=float)
    found = regrets(policies, worlds, means, "most")
    assert [(one.policy, one.largest, one.mean, one.best_in, one.worlds) for one in found] == [
        ("c", 5, 2.5, 0.5, 2), ("b", 6, 3.5, 0, 2), ("a", 8, 4, 0.5, 2),
    ]  # fmt: skip
    assert [one.policy for one in regrets(policies, worlds, means, "least")] == ["b", "a", "c"]
    with pytest.raises(UsageError, match="needs two policies in the same worlds"):
        regrets(["a", "a"], ["x", "y"], np.asarray([1.0, 2.0]), "most")


def test_discover_reads_a_finished_study(tmp_path: Path, command: Command) -> None:
    path, out = write_study(tmp_path, replications=3), tmp_path / "out"
    assert command("sweep", path, "--out", out, "--workers", 1, "-q")[0] == 0
    status, told, error = command("discover", out, "--fails", "stops<3")
    assert status == 0, error
    assert "50% of points" in told
    assert "at most 1" in told
    assert "operation.shifts.detail.patrol_units,,1," in (out / "boxes.csv").read_text()
    assert "status_check.limit" not in (out / "boxes.csv").read_text()
    for flags, message in (
        ([], "nothing to find"),
        (["--fails", "stops"], "write MEASURE>NUMBER"),
        (["--fails", "stops<5", "--policy", "status_check.limit=7"], "no point of the study has these values"),
        (["--regret", "stops"], "say which is wanted"),
        (["--regret", "stop=most"], "did you mean 'stops'"),
    ):
        status, _, error = command("discover", out, *flags)
        assert status == 2
        assert message in error
