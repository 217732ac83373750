"""What becomes of a sound scenario file: frozen, layered by extends and --set, with evidence and its own digest."""

from __future__ import annotations

import copy
import json
import pickle
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from sim.building import GRADES, SOURCE_WORDS
from sim.distributions import Distribution, parse_distribution
from sim.errors import ScenarioError
from sim.leaves import field_at, unit_of, value_at
from sim.loading import find, from_plain, load, shipped, to_plain
from sim.units import format_duration

SHIPPED = {path.stem: load(path) for path in shipped()}
WYOMING = SHIPPED["wyoming_safe_haul_2025"]
HEADER = "extends: wyoming_safe_haul_2025\ntitle: Another\nquestion: What then?\n"


@pytest.fixture
def written(tmp_path):
    """Return a function that writes a file and returns its path."""

    def write(text, name="written.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def parameters(scenario):
    return {path: value_at(scenario, path) for path in scenario.evidence}


def differing(one, other):
    """Return the paths at which two scenarios differ."""
    one, other = parameters(one), parameters(other)
    return {path for path in one.keys() | other.keys() if one.get(path) != other.get(path)}


# --- frozen ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(WYOMING.evidence))
def test_no_parameter_can_be_set_after_loading(path):
    section, _, key = path.rpartition(".")
    with pytest.raises(ValidationError, match="frozen"):
        setattr(value_at(WYOMING, section), key, value_at(WYOMING, path))


@pytest.mark.parametrize("table", ["operation.shifts", "traffic.flows", "reported", "sources", "evidence", "places"])
@pytest.mark.parametrize(
    "change",
    [
        lambda table, key: table.__setitem__(key, None),
        lambda table, key: table.__delitem__(key),
        lambda table, key: table.update({key: None}),
        lambda table, key: table.pop(key),
        lambda table, key: table.setdefault("new", None),
        lambda table, _: table.clear(),
        lambda table, _: table.popitem(),
        lambda table, key: table.__ior__({key: None}),
    ],
)
def test_no_table_can_be_changed_after_loading(table, change):
    loaded = value_at(WYOMING, table)
    before = dict(loaded)
    with pytest.raises(TypeError, match="load it again with the change in 'settings'"):
        change(loaded, next(iter(loaded)))
    assert loaded == before


def test_evidence_cannot_be_changed_after_loading():
    evidence = WYOMING.evidence["stop.traffic_task"]
    with pytest.raises(ValidationError, match="frozen"):
        evidence.source = "fitted"
    with pytest.raises(TypeError, match="cannot be changed"):
        evidence.written["lognormal"]["median"] = "1 min"


def test_changing_the_plain_values_of_a_scenario_leaves_it_as_it_was():
    plain = to_plain(WYOMING)
    plain["stop"]["traffic_task"]["value"]["lognormal"]["median"] = "1 min"
    plain["traffic"]["flows"].clear()
    assert from_plain(to_plain(WYOMING), "again").digest == WYOMING.digest


# --- extends ---------------------------------------------------------------------------------------------------------


def test_a_file_that_changes_nothing_is_the_scenario_that_it_extends(written):
    assert differing(load(written(HEADER)), WYOMING) == set()


def test_a_changed_parameter_changes_nothing_else(written):
    changed = load(written(HEADER + "status_check:\n  ice_on_scene: {no_answer: 0.25}\n"))
    assert differing(changed, WYOMING) == {"status_check.ice_on_scene.no_answer"}
    assert changed.status_check.ice_on_scene.no_answer == 0.25


def test_a_distribution_is_replaced_as_a_whole(written):
    changed = load(written(HEADER + "stop:\n  traffic_task: {gamma: {mean: 9 min, sd: 4 min}}\n"))
    assert changed.stop.traffic_task == parse_distribution({"gamma": {"mean": "9 min", "sd": "4 min"}})
    assert changed.evidence["stop.traffic_task"].source is None, "what stood behind the old value goes with it"


def test_an_entry_of_a_table_is_removed_with_null(written):
    changed = load(written(HEADER + "traffic:\n  flows:\n    interstate_car: null\n"))
    assert changed.flow_names == ("county_road_truck", "interstate_truck")
    assert not any("interstate_car" in path for path in changed.evidence)


def test_an_entry_whose_name_begins_like_a_removed_one_stays(written):
    more = to_plain(WYOMING)["traffic"]["flows"]["interstate_car"]
    base = written(HEADER + f"traffic: {{flows: {{interstate_car_2: {json.dumps(more)}}}}}\n", "base.yaml")
    changed = load(written(HEADER.replace("wyoming_safe_haul_2025", base.name) + "traffic: {flows: {interstate_car: null}}\n"))
    assert "interstate_car_2" in changed.flow_names
    assert "interstate_car" not in changed.flow_names


def test_what_was_reported_and_what_a_file_is_called_are_not_inherited(written):
    changed = load(written(HEADER))
    assert changed.reported == {}
    assert (changed.title, changed.question, changed.notes) == ("Another", "What then?", None)
    with pytest.raises(ScenarioError, match="title: is missing"):
        load(written("extends: wyoming_safe_haul_2025\nquestion: What then?\n", "untitled.yaml"))


def test_sources_are_inherited_and_may_be_added_to(written):
    changed = load(written(HEADER + "sources:\n  gazette_2026: {publisher: Gazette, date: 2026-01}\n"))
    assert changed.sources.keys() == WYOMING.sources.keys() | {"gazette_2026"}


def test_a_base_is_found_beside_the_file_one_folder_up_and_below(written, tmp_path):
    for folder in ("above", "above/here", "above/here/below"):
        (tmp_path / folder).mkdir()
    for number, place in enumerate(["above/base.yaml", "above/here/base.yaml", "above/here/below/base.yaml"]):
        written(f"extends: wyoming_safe_haul_2025\ninspection: {{selected: 0.{number + 1}}}\n", place)
    extends = ["../base.yaml", "base.yaml", "below/base.yaml"]
    for base, selected in zip(extends, [0.1, 0.2, 0.3], strict=True):
        file = written(HEADER.replace("wyoming_safe_haul_2025", base), "above/here/file.yaml")
        assert load(file).inspection.selected == selected


def test_a_shipped_scenario_is_found_by_name_and_loads_like_its_file():
    for name, scenario in SHIPPED.items():
        assert load(name).digest == load(find(name)).digest == scenario.digest


# --- settings --------------------------------------------------------------------------------------------------------


def test_a_setting_is_laid_over_the_file():
    changed = load("wyoming_safe_haul_2025", ["stop.traffic_task=12 min", "inspection.selected = 50%"])
    assert differing(changed, WYOMING) == {"stop.traffic_task", "inspection.selected"}
    assert changed.stop.traffic_task == parse_distribution("12 min")
    assert changed.inspection.selected == 0.5


def test_of_two_settings_of_one_key_the_later_holds():
    assert load("wyoming_safe_haul_2025", ["inspection.selected=0.1", "inspection.selected=0.2"]).inspection.selected == 0.2


def test_a_setting_may_hold_a_distribution_a_list_a_removal_or_evidence():
    settings = [
        "stop.traffic_task={exponential: {mean: 9 min}}",
        "status_check.channels=[duty_officer]",
        "traffic.flows.interstate_car=null",
        "inspection.selected={value: 0.5, low: 0.4, source: fitted}",
    ]
    changed = load("wyoming_safe_haul_2025", settings)
    assert changed.stop.traffic_task.name == "exponential"
    assert changed.status_check.channels == ("duty_officer",)
    assert "interstate_car" not in changed.flow_names
    assert changed.evidence["inspection.selected"].low == 0.4


def test_the_order_of_flows_and_shifts_is_that_of_their_names():
    moved = load("wyoming_safe_haul_2025", ["traffic.flows.county_road_truck.rate=3 per h"])
    assert list(moved.traffic.flows) == list(WYOMING.traffic.flows) == sorted(WYOMING.traffic.flows)


@pytest.mark.parametrize(
    ("setting", "problem", "remedy"),
    [
        ("inspection.selected", "", "write --set KEY=VALUE, for example --set status_check.limit='20 min'"),
        ("=1", "", "write --set KEY=VALUE"),
        ("inspection.selectd=1", "inspection.selectd: no such key", "did you mean 'selected'?"),
        ("inspection.selected=93", "inspection.selected: 93 is not between 0 and 1", "'100%'"),
        ("inspection.selected=[", "is not YAML", "check indentation, quotes"),
        ("inspection=1", "inspection: 1 stands where a mapping belongs", "write keys below it"),
        ("inspection..selected=1", "inspection.: no such key", "known here"),
        ("traffic.flows.car=null", "traffic.flows.car: there is no such entry to remove", "known here: county_road"),
        ("custody.ice_vehicles.count=0", "path is ice_vehicles, but there are none", "give ice_vehicles a count"),
        ("extends=base.yaml", "extends: no such key", ""),
        (".".join("a" * 5_000) + "=1", "nested deeper than", "a scenario needs no more than"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_own_text(setting, problem, remedy):
    with pytest.raises(ScenarioError) as refused:
        load("wyoming_safe_haul_2025", [setting])
    message = str(refused.value)
    assert message.startswith(f"--set {setting[:40]}")
    assert problem in message
    assert remedy in message[message.index(problem) :]


# --- round trips -----------------------------------------------------------------------------------------------------


def without_places(scenario):
    return {path: evidence.model_dump(exclude={"place"}) for path, evidence in scenario.evidence.items()}


@pytest.mark.parametrize("scenario", SHIPPED.values(), ids=SHIPPED)
def test_a_scenario_written_out_and_read_back_is_the_same(scenario):
    again = from_plain(json.loads(json.dumps(to_plain(scenario))), "again")
    assert again.digest == scenario.digest
    assert without_places(again) == without_places(scenario)
    assert (again.title, again.reported, again.sources) == (scenario.title, scenario.reported, scenario.sources)


@pytest.mark.parametrize("scenario", SHIPPED.values(), ids=SHIPPED)
@pytest.mark.parametrize("copied", [lambda it: pickle.loads(pickle.dumps(it)), copy.deepcopy], ids=["pickle", "deepcopy"])
def test_a_copy_is_equal_has_the_same_digest_and_is_frozen(scenario, copied):
    again = copied(scenario)
    assert again == scenario
    assert again.digest == scenario.digest
    with pytest.raises(TypeError, match="cannot be changed"):
        again.sources.clear()
    with pytest.raises(TypeError, match="cannot be changed"):
        again.evidence.clear()


# --- the digest ------------------------------------------------------------------------------------------------------


def otherwise(path):
    """Return another valid value of a parameter, as it may be written."""
    field, value = field_at(path), value_at(WYOMING, path)
    if isinstance(value, Distribution):
        return format_duration(round(value.mean) + 1)
    if unit_of(field) == "choice":
        return next(option for option in get_args(field.annotation) if option != value)
    by_unit: dict[str, Any] = {
        "count": lambda: value + 1,
        "number": lambda: value + 0.001,
        "weight": lambda: value + 0.001,
        "weights": lambda: [*value[:-1], value[-1] + 0.001],
        "share": lambda: round(abs(value - 0.001), 6),
        "per hour": lambda: f"{value + 0.001} per h",
        "duration": lambda: f"{value - 1} ms",
        "duration or none": lambda: "20 min",
        "text": lambda: f"{value}s",
        "date": lambda: "2025-11-19",
        "time of day": lambda: "04:00:01",
        "weekdays": lambda: ["tue", "wed"],
        "channels": lambda: list(reversed(value)),
        "agreements": lambda: ["jail_enforcement"],
        "time zone": lambda: "America/Chicago",
        "true or false": lambda: not value,
        "USD": lambda: f"{value // 100 + 1} USD",
    }
    return by_unit[unit_of(field)]()


def with_evidence(path, **changes):
    plain = to_plain(WYOMING)
    place = plain
    for part in path.split("."):
        place = place[part]
    place.update(changes)
    return from_plain(plain, "changed")


@pytest.mark.parametrize("path", sorted(WYOMING.evidence))
def test_any_single_parameter_changes_the_digest(path):
    changed = with_evidence(path, value=otherwise(path), low=None, high=None)
    assert differing(changed, WYOMING) == {path}
    assert changed.digest != WYOMING.digest


@pytest.mark.parametrize("path", sorted(WYOMING.evidence))
def test_what_stands_behind_a_parameter_does_not_change_the_digest(path):
    changed = with_evidence(path, low=None, high=None, source="fitted", grade="assumed", note="another note")
    assert changed.evidence[path].note == "another note"
    assert changed.digest == WYOMING.digest


@pytest.mark.parametrize("key", ["title", "question", "notes"])
def test_what_a_scenario_is_called_does_not_change_the_digest(key):
    assert from_plain({**to_plain(WYOMING), key: "other words"}, "changed").digest == WYOMING.digest


def test_reports_and_sources_do_not_change_the_digest():
    plain = to_plain(WYOMING)
    plain["reported"] = {}
    plain["sources"]["one_more"] = {"publisher": "Gazette", "date": "2026"}
    assert from_plain(plain, "changed").digest == WYOMING.digest


def test_the_same_value_in_another_unit_has_the_same_digest():
    hours, minutes = (load("wyoming_safe_haul_2025", [f"custody.ice_vehicles.wait={wait}"]) for wait in ("2 h", "120 min"))
    assert hours.digest == minutes.digest


# --- evidence --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", SHIPPED.values(), ids=SHIPPED)
def test_every_shipped_parameter_names_a_publication_or_is_graded_assumed(scenario):
    for path, evidence in scenario.evidence.items():
        assert evidence.grade in GRADES, path
        if evidence.source is None or evidence.source in SOURCE_WORDS:
            assert evidence.grade == "assumed", path
        else:
            source = scenario.sources[evidence.source]
            assert source.publisher and source.date, path


@pytest.mark.parametrize("scenario", SHIPPED.values(), ids=SHIPPED)
def test_every_shipped_parameter_knows_the_line_where_it_is_written(scenario):
    for path, evidence in scenario.evidence.items():
        line = Path(evidence.place.file).read_text(encoding="utf-8").splitlines()[evidence.place.line - 1]
        key = path.rpartition(".")[2]
        assert f"{key}:" in line or "value:" in line or evidence.written.keys() & set(re.findall(r"\w+", line)), path
        assert scenario.places[path] == evidence.place
