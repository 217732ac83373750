"""Studies: the shipped ones run, their designs are what they say, and a mistake is told with its line."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from sim.errors import StopflowError
from sim.experiment.designs import latin_hypercube, sobol
from sim.experiment.quantities import between, known_path, quantity
from sim.experiment.replications import run_block
from sim.experiment.studies import Study, load_study, shipped_studies
from sim.loading import Template, shipped_folder
from sim.schema import study_text
from sim.yaml_reader import read_file
from tests.study_files import STUDY, write_study

NAMES = [path.stem for path in shipped_studies()]


@cache
def shipped(name: str) -> Study:
    return load_study(name)


# --- the shipped studies --------------------------------------------------------------------------------------------


def test_all_promised_studies_are_shipped() -> None:
    assert set(NAMES) == {
        "credentialed_officers", "who_is_asked", "ice_on_scene", "jail_beds_and_pickups", "overtime_budget", "agreement_models",
        "roadside_limit", "adoption_mandate",
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_point_of_a_shipped_study_is_a_scenario_of_its_own(name: str) -> None:
    study = shipped(name)
    points = list(study.points())
    step = max(1, len(points) // 12)
    digests = {study.scenario(point).digest for point in points[::step]}
    assert len(digests) == len(points[::step])
    assert len(points) == study.design.count


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_study_runs_at_its_last_point(name: str) -> None:
    study = shipped(name)
    *_, last = study.points()
    values, _ = run_block(study.scenario(last), study.seed, 0, 1)
    assert len(values[0]) == len(study.measures)


@pytest.mark.parametrize("name", NAMES)
def test_yield_is_never_shown_without_burden(name: str) -> None:
    study = shipped(name)
    groups = {study.measures[measure].group for measure in study.shown_measures}
    assert "burden and error" in groups or study.base.file == "adoption_2025_2026"


def test_the_schema_file_is_the_one_that_the_model_makes_and_fits_every_study() -> None:
    text = (shipped_folder() / "study.schema.json").read_text(encoding="utf-8")
    assert text == study_text(), "run 'make schema'"
    validator = Draft202012Validator(json.loads(text))
    for path in shipped_studies():
        validator.validate(read_file(path).plain())
    assert list(validator.iter_errors({"title": "a", "question": "b", "base": "c", "lever": {}}))


# --- designs --------------------------------------------------------------------------------------------------------


def study_of(tmp_path: Path, levers: str, **changes: object) -> Study:
    text = STUDY[: STUDY.index("levers:")] + levers + STUDY[STUDY.index("design:") :]
    return load_study(write_study(tmp_path, text, **changes))


RANGES = """levers:
  operation.shifts.detail.patrol_units: {low: 1, high: 4}
  status_check.limit: {low: 1 min, high: 100 min, scale: log}
uncertainties:
  status_check.threshold:
  stop.traffic_task:
"""


def test_a_grid_is_every_combination_in_order(tmp_path: Path) -> None:
    study = study_of(tmp_path, RANGES)
    rows = [tuple(study.row(point).values()) for point in study.points()]
    assert len(rows) == 3**4
    assert sorted({row[0] for row in rows}) == [1, 2, 4]
    assert sorted({row[1] for row in rows}) == [1, 10, 100]
    assert sorted({row[2] for row in rows}) == pytest.approx([0.1, 0.45, 0.8])
    assert sorted({row[3] for row in rows}) == pytest.approx([7, 10.5, 14])
    assert rows == sorted(rows)


def test_one_at_a_time_leaves_the_others_as_in_the_base(tmp_path: Path) -> None:
    study = study_of(tmp_path, RANGES, design="one_at_a_time")
    rows = [tuple(study.row(point).values()) for point in study.points()]
    base = rows[0]
    assert base == (1, "none", 0.4, pytest.approx(10.1, abs=0.2))
    for row in rows[1:]:
        assert sum(one != other for one, other in zip(row, base, strict=True)) <= 1
    assert study.scenario({}).digest == study.base.digest


def test_a_list_is_what_it_says(tmp_path: Path) -> None:
    points = "[{operation.shifts.detail.patrol_units: 2}, {status_check.limit: none}, {}]"
    study = load_study(write_study(tmp_path, design="list", points=points))
    assert [dict(point) for point in study.points()] == [
        {"operation.shifts.detail.patrol_units": 2}, {"status_check.limit": "none"}, {},
    ]  # fmt: skip


def test_a_crossed_design_shows_every_policy_the_same_worlds(tmp_path: Path) -> None:
    text = RANGES.replace("{low: 1, high: 4}", "{values: [1, 3]}").replace(
        "{low: 1 min, high: 100 min, scale: log}", "{values: [5 min, none]}"
    )
    study = study_of(tmp_path, text, design="{kind: crossed, points: 6}")
    rows = [tuple(study.row(point).values()) for point in study.points()]
    assert len(rows) == 4 * 6
    worlds = [{row[2:] for row in rows if row[:2] == policy} for policy in {row[:2] for row in rows}]
    assert len(worlds) == 4
    assert all(world == worlds[0] and len(world) == 6 for world in worlds)


def test_a_latin_hypercube_has_one_point_in_every_slice() -> None:
    """Fails for plain random points."""
    shares = latin_hypercube(4, 50, seed=3)
    for column in shares.T:
        assert sorted((column * 50).astype(int)) == list(range(50))


def test_sobol_points_fill_every_slice_of_any_two_factors() -> None:
    shares = sobol(3, 64, seed=2)
    for one in range(3):
        for other in range(one):
            cells = {(int(a * 8), int(b * 8)) for a, b in zip(shares[:, one], shares[:, other], strict=True)}
            assert len(cells) >= 60


@pytest.mark.parametrize("kind", ["latin_hypercube", "sobol"])
def test_a_spread_design_is_the_same_for_the_same_seed(tmp_path: Path, kind: str) -> None:
    one, again, other = (
        list(study_of(tmp_path, RANGES, design=f"{{kind: {kind}, points: 8, seed: {seed}}}").points()) for seed in (1, 1, 2)
    )
    assert one == again
    assert one != other
    assert all(1 <= point["operation.shifts.detail.patrol_units"] <= 4 for point in one)


@given(st.integers(0, 50), st.integers(1, 40))
def test_whole_numbers_are_equally_likely(low: int, width: int) -> None:
    shares = np.linspace(0, 1, 40 * (width + 1), endpoint=False)
    values, counts = np.unique(between(low, low + width, shares.tolist(), whole=True, log=False), return_counts=True)
    assert values.tolist() == list(range(low, low + width + 1))
    assert set(counts.tolist()) <= {39, 40, 41}
    assert between(low, low + width, [1.0], whole=True, log=False) == [low + width]


# --- quantities -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "unit", "number"),
    [
        ("status_check.threshold", "share", 0.25),
        ("traffic.flows.interstate_car.rate", "per hour", 3.5),
        ("status_check.limit", "minutes", 12.5),
        ("money.overtime_hour", "USD", 51.25),
        ("operation.shifts.detail.patrol_units", "count", 4),
        ("people.car.standing.no_status", "weight", 2.75),
        ("stop.traffic_task", "minutes", 12),
        ("stop.criminal_arrest", "minutes", 95),
    ],
)
def test_a_number_is_written_as_a_scenario_holds_it_and_read_back(path: str, unit: str, number: float) -> None:
    template = Template.read("laramie_shift_2026")
    one = quantity(template, path)
    assert one is not None
    assert one.unit == unit
    written = one.written(number)
    assert one.number(written) == pytest.approx(number, rel=1e-5)
    template.with_changes({path: written}, "test").build()


def test_an_entry_that_was_taken_away_is_no_parameter_and_not_proposed() -> None:
    template = Template.read("wyoming_safe_haul_2025", ["traffic.flows.interstate_car=null"])
    words = known_path(template, "traffic.flows.interstate_car")
    assert words is not None
    assert "no parameter 'traffic.flows.interstate_car'; did you mean 'traffic.flows.interstate_truck" in words


def test_a_stretched_distribution_keeps_its_shape() -> None:
    template = Template.read("laramie_shift_2026")
    one = quantity(template, "stop.traffic_task")
    assert one is not None
    before = template.build().stop.traffic_task  # type: ignore[attr-defined]
    after = template.with_changes({"stop.traffic_task": one.written(20)}, "test").build().stop.traffic_task  # type: ignore[attr-defined]
    assert after.mean == pytest.approx(20 * 60_000, rel=1e-4)
    assert after.sigma == pytest.approx(before.sigma, rel=1e-4)


# --- mistakes -------------------------------------------------------------------------------------------------------

UNITS = "operation.shifts.detail.patrol_units"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"levrs": "{}"}, r"hour.yaml:\d+:\d+: levrs: no such key; did you mean 'levers'"),
        ({"title": None}, r"hour.yaml:\d+:\d+: title: is missing"),
        ({"base": "tinny.yaml"}, r"hour.yaml:\d+:\d+: base: .*there is no such file"),
        ({"levers": "{stop.limt: {values: [1]}}"}, "has no parameter 'stop.limt'"),
        ({"levers": f"{{{UNITS}: {{values: [two]}}}}"}, "'two' is not a whole number"),
        ({"levers": f"{{{UNITS}: {{value: [2]}}}}"}, "no such key; did you mean 'values'"),
        ({"levers": f"{{{UNITS}: {{low: 3, high: 2}}}}"}, r"low \(3\) must lie below high \(2\)"),
        ({"levers": f"{{{UNITS}: {{low: 0, high: 2, scale: log}}}}"}, "a log scale needs a low end above 0"),
        ({"levers": "{status_check.limit: }"}, "has no range in the scenario; write 'low: …' here"),
        ({"levers": "{status_check.asked: {low: 1, high: 2}}"}, "is a choice, so it has no range"),
        ({"levers": f"{{a: {{sets: [{UNITS}], values: [1]}}, {UNITS}: {{values: [2]}}}}"}, "is set by 'a' too"),
        ({"uncertainties": f"{{{UNITS}: {{values: [3]}}}}"}, "stands under uncertainties too"),
        ({"levers": "{}"}, "there is nothing to change; name levers or uncertainties"),
        ({"levers": "{scenario: {low: 1, high: 2}}"}, "write 'values: \\[one, another\\]'"),
        ({"design": "gird"}, "design: 'gird'"),
        ({"design": "{kind: sobol, points: 12}"}, "12 is not a power of two.* write 8 or 16"),
        ({"design": "{kind: latin_hypercube}"}, "needs to know how many points"),
        ({"design": "list"}, "belong together"),
        ({"design": "list", "points": "[{stops: 3}]"}, "is no lever and no uncertainty of this study"),
        ({"design": "list", "points": f"[{{{UNITS}: 9}}]"}, r"9 is not among its values \(1, 2\)"),
        ({"design": "{kind: crossed, points: 4}"}, "needs levers and uncertainties"),
        ({"levers": f"{{{UNITS}: {{low: 1, high: 900, levels: 900}}, stop.limit: }}"}, "has no parameter 'stop.limit'"),
        ({"measures": "[stop]"}, "'stop' is not a measure; did you mean 'stops'"),
        ({"precision": "{stops: 0%}"}, "is not a width above 0"),
        ({"precision": "{stop: 5%}"}, "is not a measure"),
        ({"replications": "0"}, "replications: 0: input should be greater than or equal to 1"),
        ({"settings": "{status_check.limt: 3}"}, "no such key"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_study_is_told_with_its_place_and_remedy(
    tmp_path: Path, change: dict[str, str | None], message: str
) -> None:
    text = STUDY
    for key, value in change.items():
        if key in ("levers", "uncertainties") and f"\n{key}:" in text:  # the block below the key goes too
            start = text.index(f"\n{key}:") + 1
            end = text.index("\ndesign:") + 1
            text = text[:start] + text[end:]
        text = "\n".join(line for line in text.splitlines() if line.split(":")[0] != key)
        text += f"\n{key}: {value}\n" if value is not None else "\n"
    with pytest.raises(StopflowError, match=message):
        load_study(write_study(tmp_path, text))


def test_too_many_points_are_refused_before_they_are_made(tmp_path: Path) -> None:
    with pytest.raises(StopflowError, match="are more than 1,000,000"):
        study_of(tmp_path, RANGES.replace("high: 4}", "high: 900, levels: 900}").replace("scale: log}", "levels: 1000}").replace(
            "threshold:", "threshold: {low: 0.1, high: 0.9, levels: 10}"))  # fmt: skip
