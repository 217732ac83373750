"""Broken scenario files: each is refused on the line of its mistake, in words that say what to do, and in no other way.

The files stand in ``tests/broken``, one mistake in each; what cannot be kept as a text file is made here.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sim.errors import ScenarioError
from sim.leaves import field_at
from sim.loading import from_plain, load, shipped, to_plain
from sim.yaml_reader import DEEPEST, MOST_BYTES, MOST_NODES, Node, read_file, read_text

BROKEN = Path(__file__).parent / "broken"

#: File, line, what is wrong, and what to do about it.
CASES = [
    # the file
    ("empty", 1, "the file is empty", "such as 'title: …'"),
    ("only_comments", 1, "the file is empty", "such as 'title: …'"),
    ("list_at_the_top", 1, "the file holds a list", "a scenario is a mapping of keys"),
    ("text_at_the_top", 1, "holds only 'A title, and a question.'", "a scenario is a mapping of keys"),
    ("second_document", 4, "a second document starts here", "holds one"),
    ("other_yaml_version", 1, "incompatible YAML document", "check"),
    # YAML
    ("not_yaml", 1, "unexpected end of stream", "check indentation, quotes"),
    ("unclosed_bracket", 5, "expected ',' or ']'", "check indentation, quotes"),
    ("key_without_colon", 5, "inspection: 'selected 0.9' stands where a mapping belongs", "such as 'selected: …'"),
    ("tab", 5, "a tab stands in the indentation", "use spaces"),
    ("duplicate_key", 7, "selected: stands here a second time (first on line 5)", "keep one"),
    ("merge_key", 5, "merge keys (<<) are not allowed", "use 'extends'"),
    ("alias", 5, "anchors (&) and aliases (*) are not allowed", "write the value out"),
    ("yaml_bomb", 5, "anchors (&) and aliases (*) are not allowed", "write the value out"),
    ("custom_tag", 5, "the tag '!share' is not allowed", "remove it"),
    ("python_object", 4, "python/object/apply:os.system' is not allowed", "remove it"),
    ("deep_nesting", 4, f"nested deeper than {DEEPEST} levels", "needs no more than"),
    ("list_for_a_key", 4, "a key must be a word", "check the indentation"),
    ("control_character", 4, "'a bell \\x07 rings' holds a control character", "remove it"),
    ("character_beyond_unicode", 4, "found invalid Unicode character escape code", "check indentation, quotes"),
    ("number_too_large", 6, "'1e999' is too large a number", ""),
    # keys
    ("unknown_key", 5, "inspection.selectd: no such key", "did you mean 'selected'?"),
    ("unknown_section", 4, "inspektion: no such key", "did you mean 'inspection'?"),
    ("unknown_key_in_a_table", 7, "operation.shifts.detail.patrol_unit: no such key", "did you mean 'patrol_units'?"),
    ("internal_key", 4, "evidence: no such key", "known here: agency"),
    ("flow_in_capitals", 6, "traffic.flows.Interstate_Car: is not a name", "use small letters, digits and _"),
    ("nothing_to_remove", 6, "traffic.flows.interstate_cars: there is no such entry", "mean 'interstate_car'?"),
    ("last_entry_removed", 6, "operation.shifts: has no entry left", "leave one of those that were there"),
    ("no_title", 0, "title: is missing", "write 'title: …' at the top"),
    ("no_question", 0, "question: is missing", "write 'question: …' at the top"),
    # shapes
    ("list_for_a_section", 5, "inspection: a list stands where a mapping belongs", "write keys below it"),
    ("value_for_a_section", 4, "inspection: 0.9 stands where a mapping belongs", "write keys below it"),
    ("value_for_a_table", 5, "traffic.flows: 'interstate_car' stands where names belong", "write a name"),
    ("value_for_an_entry", 6, "traffic.flows.interstate_car: '13 per h' stands where", "such as 'vehicle: …'"),
    ("mapping_for_a_value", 5, "status_check.threshold: {'doubt': 0.5} is not a share", "a number between 0 and 1"),
    ("mapping_for_the_title", 2, "title: {'value': 'A title'} is not text", "quotation marks"),
    ("nothing_for_a_value", 5, "stop.traffic_task: None has no unit", "'9 min'"),
    ("nested_weekdays", 7, "operation.shifts.detail.weekdays: [['mon']] is not a list", "[mon, tue, wed, thu, fri]"),
    ("nested_channel", 5, "status_check.channels: [{'duty_officer': 1}] is not an order", "each once"),
    # values
    ("wrong_unit", 5, "stop.traffic_task: '9 mins' has no unit that I know", "use ms, s, min, h or d"),
    ("missing_unit", 5, "stop.traffic_task: 9 has no unit", "'9 min'"),
    ("rate_without_time", 7, "traffic.flows.interstate_car.rate: 13 has no unit", "'13 per h'"),
    ("share_above_one", 5, "inspection.selected: 93 is not between 0 and 1", "written 1 or '100%'"),
    ("percentage_above_hundred", 5, "inspection.selected: '101%' is not between 0 and 1", "written 1 or '100%'"),
    ("negative_time", 5, "inspection.patience: '-15 min' is negative", "a duration is 0 or more"),
    ("time_beyond_ten_years", 5, "inspection.patience: '4000 d' is longer than ten years", "check the number"),
    ("text_for_a_count", 7, "operation.shifts.detail.patrol_units: 'six' is not a whole number", "for example 6"),
    ("fraction_for_a_count", 6, "custody.ice_vehicles.seats: 7.5 is not a whole number", "for example 6"),
    ("number_for_text", 7, "traffic.flows.interstate_car.road: 80 is not text", "quotation marks"),
    ("long_text", 4, "notes: the text is longer than 2,000 characters", "shorten it"),
    ("not_finite", 6, "people.doubt.citizen: '.inf' is not a number", "for example 0.5"),
    ("no_such_day", 7, "operation.shifts.detail.first: '2025-11-31' is not a date", "YYYY-MM-DD"),
    ("no_such_time", 7, "operation.shifts.detail.begins: '4 am' is not a time of day", "HH:MM"),
    ("no_such_weekday", 7, "weekdays: ['monday'] is not a list of weekdays", "[mon, tue, wed, thu, fri]"),
    ("unknown_choice", 5, "status_check.asked: 'driver' is not one of nobody", "did you mean 'drivers'?"),
    ("unknown_channel", 5, "'carrier_pigeon'] is not an order of channels", "list some of ice_on_scene"),
    ("channel_twice", 5, "'duty_officer'] is not an order of channels", "each once"),
    # several values that do not go together
    ("last_before_first", 7, "the last day (2025-11-17) lies before the first (2025-11-18)", "swap or correct them"),
    ("no_weekday_within", 7, "none of its weekdays falls between", "correct one of them"),
    ("shift_beyond_a_day", 7, "its length must be above 0", "at most 24 h"),
    ("weights_all_zero", 5, "stop.outcome: all weights are 0", "at least one must be above 0"),
    ("weight_list_all_zero", 6, "people.car.number: all weights are 0", "at least one must be above 0"),
    ("too_many_occupants", 6, "people.car: number has 9 weights", "at most 8"),
    ("hours_missing", 7, "by_hour has 23 numbers", "one for each of the 24 hours"),
    ("no_ice_vehicles", 5, "path is ice_vehicles, but there are none", "a count and seats above 0"),
    ("no_ice_vehicles_inherited", 5, "path is ice_vehicles, but there are none", "a count and seats above 0"),
    # distributions
    ("unknown_distribution", 5, "stop.traffic_task: 'lognormel' is not a distribution", "did you mean 'lognormal'?"),
    ("two_distributions", 5, "stop.traffic_task: expected one distribution", "for example {lognormal:"),
    ("distribution_lacks_a_parameter", 5, "gamma: 'sd' is missing", "for example {gamma: {mean: 9 min, sd: 4 min}}"),
    ("endless_mean", 5, "lognormal.sigma: 38 is not", "a number from 0.01 to 10"),
    # evidence
    ("evidence_without_value", 5, "inspection.selected: has no value", "write 'value: …'"),
    ("stranger_beside_a_value", 5, "inspection.selected.hihg: no such key beside 'value'", "did you mean 'high'?"),
    ("range_above_the_value", 5, "inspection.selected.low: 0.6 lies above the value", "correct one of them"),
    ("range_below_the_mean", 8, "traffic_task.high: '8 min' lies below the mean", "correct one of them"),
    ("range_in_another_unit", 5, "inspection.patience.low: 0.5 has no unit", "'9 min'"),
    ("range_of_a_word", 5, "status_check.asked.low: a range makes no sense", "remove it"),
    ("unknown_source", 5, "'overdrive_2025_12' does not stand under sources:", "did you mean 'overdrive_2025_11'?"),
    ("number_for_a_source", 5, "inspection.selected.source: 2019 is not text", "a key of sources:"),
    ("list_for_a_source", 5, "inspection.selected.source: ['fitted'] is not text", "a key of sources:"),
    ("published_without_source", 5, "selected.grade: is 'published', but no publication", "or grade it assumed"),
    ("reported_but_fitted", 5, "selected.grade: is 'reported', but no publication", "or grade it assumed"),
    ("unknown_grade", 5, "inspection.selected.grade: 'guess' is not a grade", "known here: assumed"),
    ("number_for_a_note", 5, "inspection.selected.note: 5 is not text", "quotation marks"),
    ("reported_from_nowhere", 5, "reported.stops.source: 'hearsay' does not stand under sources:", "known here:"),
    ("reported_without_source", 5, "reported.stops.source: is missing", "add it"),
    # extends
    ("extends_itself", 1, "extends: 'extends_itself.yaml' leads back", "break the loop"),
    ("missing_base", 1, "extends: there is no file", "correct the path"),
    ("base_with_an_endless_name", 1, "extends: there is no file", "correct the path"),
    ("absolute_base", 1, "extends: '/etc/base.yaml' is not allowed", "name a .yaml file beside this one"),
    ("base_two_folders_up", 1, "extends: '../../scenarios/base.yaml' is not allowed", "one folder up or below"),
    ("base_in_another_format", 1, "extends: 'base.json' is not allowed", "name a .yaml file"),
    ("list_of_bases", 1, "extends: ['base.yaml'] is not the name of a file", "'extends: ../base.yaml'"),
    ("unknown_shipped_base", 1, "extends: no such file and no such shipped", "did you mean 'wyoming_safe_haul_2025'?"),
    ("null_character_in_base", 1, "'a\\x00b.yaml' holds a control character", "remove it"),
]


def refusal(path):
    with pytest.raises(ScenarioError) as refused:
        load(path)
    return str(refused.value)


def assert_names(message, path, line, problem, remedy):
    assert "\n" not in message, "one mistake, one line"
    assert message.startswith(f"{path}:{line}:" if line else f"{path}: ")
    assert problem in message
    assert remedy in message[message.index(problem) + len(problem) :]


@pytest.mark.parametrize(("name", "line", "problem", "remedy"), CASES, ids=[case[0] for case in CASES])
def test_a_broken_file_is_refused_on_its_line_with_a_remedy(name, line, problem, remedy):
    path = BROKEN / f"{name}.yaml"
    assert_names(refusal(path), path, line, problem, remedy)


def test_every_broken_file_is_tried():
    in_a_loop = "extends_in_a_loop"
    assert {path.stem for path in BROKEN.glob("*.yaml")} == {case[0] for case in CASES} | {in_a_loop}


def test_a_loop_of_extends_is_refused_where_it_closes():
    message = refusal(BROKEN / "extends_in_a_loop.yaml")
    assert_names(message, BROKEN / "bases" / "loop.yaml", 2, "leads back to a file that extends it", "break the loop")


def test_a_file_that_a_broken_one_extends_is_itself_sound(tmp_path):
    path = tmp_path / "sound.yaml"
    path.write_text(f"title: t\nquestion: q\n{(BROKEN / 'bases' / 'without_ice_vehicles.yaml').read_text()}")
    assert load(path).custody.ice_vehicles.count == 0


def test_a_chain_of_extends_may_not_be_long(tmp_path):
    for number in range(12):
        (tmp_path / f"link_{number}.yaml").write_text(f"extends: link_{number + 1}.yaml\n")
    (tmp_path / "link_12.yaml").write_text("title: the last\n")
    assert "files extend one another; shorten the chain" in refusal(tmp_path / "link_0.yaml")


UNREADABLE = {
    "binary data": (b"title: t\n\x00\x01\x02", 2, "a character that is no plain text (U+0000)", "remove it"),
    "a line no editor sees": ("title: t\nnotes: a\u2028b\n".encode(), 2, "that is no plain text (U+2028)", "remove it"),
    "a program": (b"\x7fELF\x02\x01\x01\xff\xfe", 1, "is not UTF-8 text", "save it as UTF-8 YAML"),
    "Latin-1": ("title: t\nnotes: Straße\n".encode("latin-1"), 2, "is not UTF-8 text", "save it as UTF-8 YAML"),
    "too many bytes": (b"# " + b"x" * MOST_BYTES, 0, f"is larger than {MOST_BYTES:,} bytes", "a few kilobytes"),
    "too many values": (b"notes:\n" + b"- 1\n" * MOST_NODES, MOST_NODES - 1, "more than 50,000 values", "shorten it"),
    "a long key": (b"? " + b"k" * 5_000 + b"\n: 1\n", 1, "cannot be a key", "write a short word"),
    "a key of two lines": (b"? |\n  in\n  spection\n: 1\n", 1, "cannot be a key", "write a short word"),
    "half a character": (b'title: t\nnotes: "\\uD800"\n', 2, "invalid Unicode character escape code", "check indentation"),
}


@pytest.mark.parametrize(("content", "line", "problem", "remedy"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_is_no_scenario_text_is_refused(tmp_path, content, line, problem, remedy):
    path = tmp_path / "made.yaml"
    path.write_bytes(content)
    assert_names(refusal(path), path, line, problem, remedy)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "1:5: is not YAML: did not find expected node content"),  # it breaks off: at its end, and not beyond
        ("a: 1\n---", "2:1: a second document starts here"),
        ("a: 1\n...\nb: 2", "3:1: something stands beside the mapping that a file holds"),
        ("a: **bold**", "1:5: anchors (&) and aliases (*) are not allowed"),
        ("a: @x", "1:4: is not YAML: found character that cannot start any token ('@')"),
        ('a: "\\q"', "1:5: is not YAML: found unknown escape character ('\\\\q')"),
        ('a: "x\ty" z', "1:10: is not YAML: did not find expected key"),
        (" a: 1\nb: 2", "2:1: something stands beside the mapping that a file holds; let all keys at the top begin"),
        ("a: 1 # c\rb: x\ty", "2:5: a tab stands outside quotation marks"),
        ("a: |\t\n x", "1:5: a tab stands outside quotation marks"),
        ('a: ! "12"', "1:4: the tag '!' is not allowed"),
        ("a: x\u2028", "1:5: holds a character that is no plain text (U+2028)"),
        ("a:\n\tb: 1", "2:1: is not YAML: a tab stands in the indentation"),
        ("a:\t1", "1:3: a tab stands outside quotation marks"),
        ("a: 1\t# one", "1:5: a tab stands outside quotation marks"),
        ("é😀: '\t'\nb: x\ty # '", "2:5: a tab stands outside quotation marks"),
        ("a#b: x\ty", "1:7: a tab stands outside quotation marks"),
    ],
)
def test_a_mistake_of_writing_is_told_where_it_is(text, words):
    with pytest.raises(ScenarioError) as refused:
        read_text(text, "f")
    assert str(refused.value).startswith(f"f:{words}")


def test_a_tab_may_stand_in_quotation_marks_in_block_text_and_in_comments():
    text = """a: 'x\ty'\n#\tno\nb: |\n  x\ty\nc: "#"  # it's\tso\nd: "\t"\n"""
    assert read_text(text, "f").plain() == {"a": "x\ty", "b": "x\ty\n", "c": "#", "d": "\t"}


SHIPPED = Path(__file__).resolve().parents[1] / "scenarios"


def readings():
    """Return what reading each shipped and each broken file gives: values with their places, or the place of its mistake."""
    found = {}
    for path in sorted([*SHIPPED.rglob("*.yaml"), *BROKEN.glob("*.yaml")]):
        try:
            found[path] = read_file(path)
        except ScenarioError as problem:
            found[path] = str(problem).split(":")[:2]
    return found


def test_where_libyaml_is_missing_the_parser_in_python_reads_the_same(monkeypatch):
    assert yaml.__with_libyaml__, "PyYAML of the lock file has libyaml with it"
    with_libyaml = readings()
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert with_libyaml == readings()
    read = [path for path, found in with_libyaml.items() if isinstance(found, Node)]
    assert len(with_libyaml) > len(read) > len(list(SHIPPED.rglob("*.yaml")))


def test_a_folder_a_pipe_and_nothing_are_not_files(tmp_path):
    assert "is a folder or a device, not a file; name a YAML file in it" in refusal(tmp_path)
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    assert "is a folder or a device, not a file" in refusal(pipe)
    assert "there is no such file; check the path" in refusal(tmp_path / "nothing.yaml")
    assert "there is no such file; check the path" in refusal(tmp_path / f"{'n' * 5_000}.yaml")
    assert "there is no such file; check the path" in refusal("null\0character.yaml")


def test_a_link_that_leads_to_itself_is_refused(tmp_path):
    link = tmp_path / "link.yaml"
    link.symlink_to(link)
    assert "there is no such file" in refusal(link)
    path = tmp_path / "extends_a_link.yaml"
    path.write_text("extends: link.yaml\n")
    assert_names(refusal(path), path, 1, "extends: there is no file", "correct the path")


def test_many_mistakes_are_told_together_and_then_counted(tmp_path):
    path = tmp_path / "many.yaml"
    path.write_text("stop:\n" + "".join(f"  unknown_{number}: 1\n" for number in range(30)))
    lines = refusal(path).splitlines()
    assert [line.partition(": ")[0] for line in lines[:-1]] == [f"{path}:{number}:14" for number in range(2, 12)]
    assert lines[-1] == "… and 20 more mistakes."


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        "{a: " * 100_000,
        "'" * 200_000,
        "!" * 50_000,
        "# c\n" * 50_000,
        "traffic: {flows: {" + ", ".join(f"f{number}: {{rate: 1}}" for number in range(4_000)) + "}}",
        "".join(f"inspektion{number}: 1\n" for number in range(4_000)),
        "stop: {traffic_task: {empirical: [" + "9 min, " * 11_000 + "]}}",
        "title: " + "a " * 100_000,
    ],
    ids=lambda text: text[:12],
)
def test_hostile_text_does_not_hang(tmp_path, text):
    path = tmp_path / "hostile.yaml"
    path.write_text(text)
    begun = time.perf_counter()
    assert len(refusal(path)) < 5_000
    assert time.perf_counter() - begun < 10


WORDS = [
    "title",
    "stop",
    "stop.limit",
    "traffic_task",
    "value",
    "low",
    "lognormal",
    "median",
    "flows",
    "9 min",
    "none",
    "1",
]
MARKS = [
    *"-?:,[]{}#&*!|>'\"%@`~ \n\t",
    ": ",
    "\n  ",
    "- ",
    "<<",
    "---\n",
    "...\n",
    "!!python/name:os ",
    "\\u",
    "\ufeff",
]
SENTENCES = st.lists(st.sampled_from(WORDS + MARKS), max_size=40).map("".join)


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200) | (st.text(max_size=200) | SENTENCES).map(str.encode))
@example(content=b"\xef\xbb\xbftitle: t")
@example(content=b'"\\UFFFFFFFF"')
@example(content=b"? : ?")
def test_any_content_at_all_is_loaded_or_refused_with_the_file_named(tmp_path, content):
    path = tmp_path / "any.yaml"
    path.write_bytes(content)
    try:
        load(path)
    except ScenarioError as refused:
        assert str(refused).startswith(str(path))


WHOLE = to_plain(load("wyoming_safe_haul_2025"))
PATHS = sorted(load("wyoming_safe_haul_2025").evidence)
ODD = st.sampled_from([None, True, -1, 0, 1e308, 10**400, float("nan"), "", "none", "9 min", "x" * 3_000, [], {}, [[1]], [{}]])
VALUES = st.recursive(ODD | st.text(max_size=5), lambda inside: st.lists(inside, max_size=2) | st.just({"value": 1}))


def changed(path, key, value):
    """Return the whole scenario with one key of one parameter written otherwise."""
    plain = to_plain(from_plain(WHOLE, "whole"))
    place = plain
    for part in path.split("."):
        place = place[part]
    place[key] = value
    return plain


@settings(max_examples=100)
@given(
    path=st.sampled_from(PATHS),
    key=st.sampled_from(["value", "value", "low", "high", "source", "grade", "note", "stranger"]),
    value=VALUES,
)
@example(path="operation.shifts.detail.weekdays", key="low", value=[[1]])
@example(path="inspection.selected", key="value", value=10**400)
@example(path="inspection.selected", key="grade", value=None)
def test_any_value_of_any_parameter_is_loaded_or_refused_with_its_key(path, key, value):
    try:
        scenario = from_plain(changed(path, key, value), "made")
    except ScenarioError as refused:
        # What spoils several values at once is told at the section that holds them.
        assert path.split(".")[0] in str(refused)
    else:
        assert field_at(path).description
        assert to_plain(from_plain(to_plain(scenario), "again")) == to_plain(scenario)


def test_there_is_a_shipped_scenario_to_break():
    assert "wyoming_safe_haul_2025" in {path.stem for path in shipped()}
