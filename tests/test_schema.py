"""The schema for editors: it is the one that the model makes, it fits every shipped file, and it marks slips."""

from __future__ import annotations

import copy
import json
from functools import reduce

import pytest
from jsonschema import Draft202012Validator

from sim.errors import ScenarioError
from sim.leaves import PARAMETER_SECTIONS, field_at
from sim.loading import load, shipped_folder
from sim.programme.scenario import ProgrammeScenario
from sim.scenario import Scenario
from sim.scenario_file import ScenarioFile
from sim.schema import file_schema, file_text, schema_file
from sim.yaml_reader import read_file, read_text

ROOTS: dict[type[ScenarioFile], str] = {Scenario: "operations", ProgrammeScenario: "programme"}
#: The table of reported figures and the studies are no scenarios.
FILES = sorted(
    path for path in shipped_folder().rglob("*.yaml") if path.name != "evidence.yaml" and path.parent.name != "studies"
)
VALIDATORS = {root: Draft202012Validator(file_schema(root), format_checker=Draft202012Validator.FORMAT_CHECKER) for root in ROOTS}
VALIDATOR = VALIDATORS[Scenario]
#: A file that may stand as it is; each slip below is laid over it.
SOUND = "{title: a title, question: a question, extends: base.yaml, %s}"


SLIPS = [
    "inspektion: {}",
    "evidence: {}",
    "places: {}",
    "file: other.yaml",
    "stop: 9 min",
    "stop: {trafic_task: 9 min}",
    "stop: {traffic_task: 9}",
    "stop: {traffic_task: 9 mins}",
    "stop: {traffic_task: {exponetial: {mean: 9 min}}}",
    "stop: {traffic_task: {exponential: {mean: 9 min}, uniform: {low: 1 min, high: 2 min}}}",
    "stop: {traffic_task: {exponential: {mean: 9 min}, lwo: 5 min}}",
    "stop: {traffic_task: {low: 5 min, source: assumed}}",
    "inspection: {selected: 1.5}",
    "inspection: {selected: {value: 0.5, low: -1}}",
    "inspection: {selected: {value: 0.5, grade: guessed}}",
    "inspection: {selected: {value: 0.5, grade: published}}",
    "inspection: {selected: {value: 0.5, grade: published, source: fitted}}",
    "inspection: {selected: {value: 0.5, source: 2019}}",
    "status_check: {asked: everybody}",
    "status_check: {asked: {value: drivers, low: nobody}}",
    "status_check: {channels: [carrier_pigeon]}",
    "custody: {ice_vehicles: {count: 1.5}}",
    "operation: {shifts: {a: {first: 18 November}}}",
    "operation: {shifts: {a: {weekdays: [monday]}}}",
    "traffic: {flows: {Interstate: {rate: 2 per h}}}",
    "traffic: {flows: {a: {rate: 2}}}",
    "reported: {stops: {value: 195}}",
    "reported: {stops: null}",
    "extends: [base.yaml]",
    "title: 5",
]


def validator_of(path):
    return VALIDATORS[ProgrammeScenario if path.parent.name == "programme" else Scenario]


def mistakes(text):
    return [error.message for error in VALIDATOR.iter_errors(read_text(text, "test").plain())]


@pytest.mark.parametrize("root", ROOTS)
def test_the_committed_schema_is_the_one_that_the_model_makes(root):
    assert schema_file(root).read_text(encoding="utf-8") == file_text(root), "run `make schema` and commit what it writes"


@pytest.mark.parametrize("root", ROOTS)
def test_it_is_a_valid_schema(root):
    Draft202012Validator.check_schema(json.loads(file_text(root)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_shipped_file_is_free_of_marks(path):
    assert list(validator_of(path).iter_errors(read_file(path).plain())) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_slip_in_any_section_of_a_shipped_file_is_marked(path):
    sound = read_file(path).plain()
    for section in sound.keys() & set(PARAMETER_SECTIONS):
        slipped = copy.deepcopy(sound)
        slipped[section]["slipped"] = 1
        assert not validator_of(path).is_valid(slipped), section


@pytest.mark.parametrize(
    "said",
    [
        "",
        "notes: some notes",
        "inspection: {selected: 0.5}",
        "inspection: {selected: 50%}",
        "inspection: {selected: {value: 0.5}}",
        "inspection: {selected: {value: 50%, low: 0, high: 1, source: fitted, grade: assumed, note: a note}}",
        "inspection: {selected: {value: 0.5, source: x, grade: published}}",
        "stop: {traffic_task: 9 min}",
        "stop: {traffic_task: {value: 9 min, low: 5 min}}",
        "stop: {traffic_task: {exponential: {mean: 9 min}}}",
        "stop: {traffic_task: {exponential: {mean: 9 min}, low: 5 min, source: x, grade: reported}}",
        "stop: {traffic_task: {value: {exponential: {mean: 9 min}}, low: 5 min, source: assumed}}",
        "status_check: {limit: none, asked: nobody}",
        "status_check: {limit: {value: 20 min, low: 5 min, high: 1 h}, asked: {value: drivers, source: x}}",
        "traffic: {flows: {a: {rate: 2 per h}, b: null}}",
        "operation: {shifts: {a: {first: 2025-11-18, begins: 04:00, weekdays: {value: [mon], note: one day}}}}",
        "reported: {stops: {value: 195, source: x}}",
        "sources: {x: {url: somewhere}, y: null}",
    ],
)
def test_what_the_loader_accepts_is_not_marked(said):
    assert mistakes(SOUND % said) == []


@pytest.mark.parametrize("said", SLIPS)
def test_a_slip_is_marked(said):
    key = said.partition(":")[0]
    sound = {name: value for name, value in read_text(SOUND % "", "test").plain().items() if name != key}
    assert VALIDATOR.is_valid(sound) or key == "title"
    assert not VALIDATOR.is_valid({**sound, **read_text(f"{{{said}}}", "test").plain()})


@pytest.mark.parametrize("said", SLIPS)
def test_the_loader_refuses_what_is_marked(said, tmp_path):
    path = tmp_path / "slip.yaml"
    sound = {"extends": "wyoming_safe_haul_2025", "title": "a title", "question": "a question"}
    path.write_text(json.dumps({**sound, **read_text(f"{{{said}}}", "test").plain()}))
    with pytest.raises(ScenarioError) as refused:
        load(path)
    assert str(refused.value).startswith(f"{path}:1:")


def test_a_scenario_needs_title_and_question_and_a_base_neither():
    assert mistakes("{extends: base.yaml, inspection: {selected: 0.5}}") == []
    assert mistakes("{title: a title}") == ["'question' is a required property"]
    assert mistakes("{reported: {}}") == ["'title' is a required property", "'question' is a required property"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("stop.traffic_task", ["end of the traffic matter", "unknown", "duration"]),
        ("status_check.limit", ["longest that people are kept", "lever", "duration or none"]),
        ("inspection.selected", ["share of stopped trucks", "lever", "share"]),
    ],
)
def test_a_description_carries_meaning_role_and_unit(path, words):
    schema = file_schema()

    def inside(section, key):
        properties = schema["$defs"][section["$ref"].rpartition("/")[2]] if "$ref" in section else section
        return properties["properties"][key]

    description = reduce(inside, path.split("."), schema)["description"]
    assert [word for word in words if word not in description] == []
    assert field_at(path).description in description
