"""Priors from ranges, parameters shared and pooled, targets from reports, and scenarios with other values."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from sim.calibration.fit import generator
from sim.calibration.priors import ALSO_FITTED, default_paths, prior_of, space_of
from sim.calibration.simulate import scaled, simulate, with_values
from sim.calibration.study import design
from sim.calibration.targets import interval, refuse_counted_twice, targets_of
from sim.distributions import DISTRIBUTIONS, parse_distribution
from sim.errors import ScenarioError, UsageError
from sim.leaves import value_at
from sim.loading import find
from sim.reported import load
from sim.scenario_file import ReportedFigure, ScenarioFile
from tests.conftest import Command

WYOMING, ALABAMA, SHIFT = (load(name) for name in ("wyoming_safe_haul_2025", "alabama_strike_force_2025", "laramie_shift_2026"))
FAR = 1.6448536269514722


@pytest.fixture
def written(tmp_path: Path):
    """Return a function that loads a scenario which extends Wyoming and says something more."""

    def write(text: str, name: str = "mine", base: str = "wyoming_safe_haul_2025") -> ScenarioFile:
        path = tmp_path / f"{name}.yaml"
        path.write_text(f"extends: {base}\ntitle: Mine\nquestion: What?\n{text}", encoding="utf-8")
        return load(path)

    return write


# --- priors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*default_paths(WYOMING), "people.doubt.citizen", "money.overtime_hour", "stop.outcome.cited"])
def test_low_and_high_are_the_5_and_95_points(path: str) -> None:
    prior = prior_of(WYOMING, path)
    low, middle, high = prior.values(np.array([-FAR, 0.0, FAR]))
    if prior.uniform:
        wide = prior.high - prior.low
        assert (low, high) == pytest.approx((prior.low + 0.05 * wide, prior.high - 0.05 * wide))
    else:
        assert (low, high) == pytest.approx((prior.low, prior.high))
        assert prior.low < middle < prior.high
        if prior.centred:
            assert middle == pytest.approx(prior.value)


@pytest.mark.parametrize("path", default_paths(WYOMING))
def test_a_prior_rises_smoothly_and_has_its_inverse(path: str) -> None:
    prior = prior_of(WYOMING, path)
    z = np.linspace(-3, 3, 601)
    values = prior.values(z)
    slopes = np.diff(values)
    assert (slopes > 0).all()
    assert np.abs(np.diff(np.log(slopes), 2)).max() < 0.01  # no kink: on either side of the median the slope is the same
    assert prior.normal(values) == pytest.approx(z, abs=1e-9)


def test_a_value_tuned_to_the_reports_is_not_used_a_second_time() -> None:
    rate = prior_of(WYOMING, "traffic.flows.interstate_truck.rate")
    assert rate.source == "fitted" and not rate.centred
    assert float(rate.values(np.array(0.0))) == pytest.approx(math.sqrt(2 * 12))
    assert rate.value == 3.8  # what the file says; the prior does not look at it


def test_a_range_that_ends_at_the_edge_is_uniform() -> None:
    go_ahead = prior_of(WYOMING, "status_check.go_ahead")
    assert go_ahead.uniform and (go_ahead.low, go_ahead.high) == (0.5, 1.0)
    sample = go_ahead.values(np.random.default_rng(1).standard_normal(2_000))
    assert stats.kstest(sample, stats.uniform(0.5, 0.5).cdf).pvalue > 1e-3


def test_durations_are_known_by_their_mean_in_minutes() -> None:
    task = prior_of(WYOMING, "stop.traffic_task")
    assert (task.unit, task.low, task.high) == ("minutes", 7, 14)
    assert task.value == pytest.approx(value_at(WYOMING, "stop.traffic_task").mean / 60_000)


def test_what_is_fitted_by_default_is_marked_fitted_or_told_by_no_report() -> None:
    for scenario in (WYOMING, ALABAMA, SHIFT):
        for path in default_paths(scenario):
            assert scenario.evidence[path].source == "fitted" or path in ALSO_FITTED
    assert 10 <= len(default_paths(WYOMING)) <= 20


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("status_check.treshold", "did you mean 'status_check.threshold'?"),
        ("custody.path", "has no range to fit in"),
        ("people.truck.number", "has no range"),
    ],
)
def test_what_cannot_be_fitted_is_refused(path: str, words: str) -> None:
    with pytest.raises(UsageError, match=r"status_check|custody|people") as problem:
        prior_of(WYOMING, path)
    assert words in str(problem.value)


# --- several operations -----------------------------------------------------------------------------------------------


def test_operations_have_their_own_parameters_unless_they_share_or_pool_them() -> None:
    paths = ["status_check.go_ahead", "stop.traffic_task", "status_check.match.no_status"]
    space = space_of([WYOMING, ALABAMA], paths, shared=["stop.traffic_task"], pooled={"status_check.match.no_status": 0.25})
    assert space.labels() == [
        "wyoming_safe_haul_2025:status_check.go_ahead",
        "stop.traffic_task",
        "wyoming_safe_haul_2025:status_check.match.no_status",
        "alabama_strike_force_2025:status_check.go_ahead",
        "alabama_strike_force_2025:status_check.match.no_status",
    ]
    normal = space.normal(np.random.default_rng(3).standard_normal((40_000, space.latents)))
    correlations = np.corrcoef(normal.T)
    wanted = np.eye(5)
    wanted[2, 4] = wanted[4, 2] = 0.25
    assert correlations == pytest.approx(wanted, abs=0.03)
    assert normal.std(axis=0) == pytest.approx(1, abs=0.02)
    assert space.of(0) == [0, 1, 2] and space.of(1) == [1, 3, 4]


def test_a_parameter_with_two_ranges_cannot_be_shared() -> None:
    with pytest.raises(UsageError, match=r"status_check\.threshold: has another range in alabama.* pool it with --pool"):
        space_of([WYOMING, ALABAMA], shared=["status_check.threshold"])


def test_an_operation_is_fitted_once() -> None:
    with pytest.raises(UsageError, match="named twice"):
        space_of([WYOMING, WYOMING])


def test_what_somebody_sets_is_known_and_not_fitted() -> None:
    known = load("wyoming_safe_haul_2025", ["status_check.threshold=0.6"])
    assert set(space_of([WYOMING]).labels()) - set(space_of([known]).labels()) == {"status_check.threshold"}
    ranged = load("wyoming_safe_haul_2025", ["status_check.threshold={value: 0.6, low: 0.5, high: 0.7}"])
    assert "status_check.threshold" in space_of([ranged]).labels()


def test_a_parameter_nobody_has_is_refused() -> None:
    with pytest.raises(UsageError, match=r"traffic\.flows\.interstate_bus\.rate: none of these scenarios has"):
        space_of([WYOMING], ["traffic.flows.interstate_bus.rate"])


# --- scenarios with other values --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value", "setting"),
    [
        ("status_check.threshold", 0.3, "0.3"),
        ("traffic.flows.interstate_truck.rate", 7.5, "7.5 per h"),
        ("people.truck.standing.citizen", 33.0, "33"),
        ("operation.shifts.detail.patrol_units", 5.0, "5"),
        ("inspection.patience", 22.0, "22 min"),
        ("money.overtime_hour", 61.25, "61.25 USD"),
    ],
)
def test_a_value_laid_in_is_the_same_as_a_setting(path: str, value: float, setting: str) -> None:
    mine = with_values(WYOMING, [prior_of(WYOMING, path)], [value])
    assert mine.digest == load("wyoming_safe_haul_2025", [f"{path}={setting}"]).digest
    assert mine.digest != WYOMING.digest
    assert load("wyoming_safe_haul_2025").digest == WYOMING.digest  # what was loaded has not changed


@pytest.mark.parametrize("name", sorted(DISTRIBUTIONS))
def test_a_longer_distribution_is_longer_by_one_factor(name: str) -> None:
    kind = DISTRIBUTIONS[name]
    from sim.yaml_reader import read_text

    one = parse_distribution({name: read_text(kind.example, "example").plain()})
    longer = scaled(one, 1.5)
    u = np.linspace(0.01, 0.99, 99)
    assert longer.mean == pytest.approx(1.5 * one.mean)
    assert longer.inverse(u) == pytest.approx(1.5 * one.inverse(u), abs=2)


def test_simulations_do_not_hang_on_workers() -> None:
    small = load("laramie_shift_2026", ["jail.warm_up='1 d'", "jail.follow_up='1 d'"])
    priors = [prior_of(small, "status_check.threshold"), prior_of(small, "traffic.flows.interstate_car.rate")]
    values = np.column_stack([prior.values(generator(1, prior.path).standard_normal(60)) for prior in priors])
    one = simulate(small, priors, values, seed=4, first=3)
    two = simulate(small, priors, values, seed=4, first=3, workers=2)
    rest = simulate(small, priors, values[40:], seed=4, first=43)
    assert np.array_equal(one, two, equal_nan=True)
    assert np.array_equal(one[40:], rest, equal_nan=True)
    assert not np.array_equal(one, simulate(small, priors, values, seed=5, first=3), equal_nan=True)


def test_a_design_is_spread_evenly_over_the_prior() -> None:
    points = design(5, 1_000, 7, "x")
    for column in points.T:
        assert stats.kstest(column, "norm").statistic < 0.01  # random points would be at 0.03
    assert np.array_equal(points[:300], design(5, 1_000, 7, "x")[:300])
    assert not np.array_equal(points, design(5, 1_000, 8, "x"))


# --- targets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("figure", "ends"),
    [
        ({"value": 195}, (195, 195)),
        ({"value": 242, "qualifier": "approximate"}, (235, 249)),
        ({"value": 300_000, "qualifier": "approximate"}, (250_000, 350_000)),
        ({"value": 242, "qualifier": "approximate", "low": 240, "high": 244}, (240, 244)),
        ({"value": 1, "qualifier": "at_least"}, (1, math.inf)),
        ({"value": 300, "qualifier": "under"}, (-math.inf, 299)),
        ({"value": 130, "qualifier": "range", "low": 123, "high": 133}, (123, 133)),
    ],
)
def test_a_qualifier_is_an_interval_of_counts(figure: dict[str, object], ends: tuple[float, float]) -> None:
    assert interval(ReportedFigure.model_validate({"source": "x"} | figure)) == ends


def test_targets_come_after_the_whole_they_are_set_beside() -> None:
    targets = {target.measure: target for target in targets_of(WYOMING)}
    assert next(iter(targets)) == "stops"
    assert (targets["inspections"].kind, targets["inspections"].whole) == ("part", "stops")
    assert (targets["drivers_out_of_service"].kind, targets["drivers_out_of_service"].whole) == ("part", "inspections")
    assert (targets["detained"].kind, targets["detained"].whole) == ("for_each", "stops")
    assert "citations" not in targets  # it is a check
    referrals, detained, *_ = targets_of(ALABAMA)
    assert (referrals.kind, detained.whole) == ("count", "referrals")
    assert (referrals.low, referrals.high) == (235, 249)


REPORT = "reported:\n  stops: {{value: 195, source: x}}\n  {line}\nsources:\n  x: {{publisher: X, date: '2025'}}\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "inspections: {value: 250, qualifier: range, low: 240, high: 260, source: x}",
            "240 inspections or more cannot be among 195",
        ),
        ("inspections: {value: 300, qualifier: approximate, source: x}", "cannot be among 195 stops"),
        (
            "citations: {value: 150, source: x}\n  criminal_arrests: {value: 60, source: x}",
            "210 together are more than the stops",
        ),
        ("inspections: {value: 0, qualifier: under, source: x}", "less than none"),
    ],
)
def test_reports_that_contradict_the_flow_are_refused_with_the_reason(written, line: str, words: str) -> None:
    scenario = written(REPORT.format(line=line))
    with pytest.raises(ScenarioError) as problem:
        targets_of(scenario)
    assert words in str(problem.value) and "mine.yaml:" in str(problem.value)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("inspections: {value: 130, qualifier: range, source: x}", "a range has two ends"),
        ("inspections: {value: 130, low: 120, high: 140, source: x}", "do not go with 'exact'"),
        ("inspections: {value: 130, qualifier: range, low: 140, high: 150, source: x}", "does not lie between low and high"),
    ],
)
def test_a_range_is_written_whole_or_not_at_all(written, line: str, words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        written(REPORT.format(line=line))


def test_where_nothing_was_reported_nothing_is_fitted(written) -> None:
    with pytest.raises(ScenarioError, match="nothing to fit"):
        targets_of(written(""))


def test_a_figure_counts_once(written) -> None:
    text = find("wyoming_safe_haul_2025").read_text(encoding="utf-8")
    again = written(text[text.index("reported:") :], "again")
    with pytest.raises(ScenarioError, match=r"S0-0\d is a target in .* too and would count twice"):
        refuse_counted_twice([WYOMING, again])


# --- writing back -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("publisher", "end", "words"),
    [
        ("me", "...", "mine.yaml:7:1: cannot be written back with its comments; write it more simply here."),
        ("2026-02-31", "", "mine.yaml: cannot be written back with its comments (day is out of range for month); quote texts"),
        ("0x_", "", "mine.yaml: cannot be written back with its comments (string index out of range); quote texts"),
    ],
)
def test_a_file_that_cannot_be_written_back_is_refused_before_anything_is_fitted(
    command: Command, tmp_path: Path, publisher: str, end: str, words: str
) -> None:
    """Its reader takes what the writer, another parser, does not: found after the fit, hours would be lost."""
    says = (
        "extends: wyoming_safe_haul_2025", "title: Mine", "question: What?",
        f"sources: {{me: {{publisher: {publisher}, date: '2026'}}}}", "reported: {stops: {value: 195, source: me}}", end, end,
    )  # fmt: skip
    (tmp_path / "mine.yaml").write_text("\n".join(says), encoding="utf-8")
    assert command("check", "mine.yaml")[0] == 0
    status, _, said = command("calibrate", "mine.yaml", "--out", "fitted")
    assert status == 2
    assert words in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.yaml"]
