"""What a stranger sends cannot do harm: a scenario, a study, a CSV file, a result folder, a store.

Every bound that the README states is tried at its edge: the largest that is allowed, and one more.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import sqlite3
import time
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sim import yaml_reader
from sim.arrivals import MOST_VEHICLES, cumulative_rate
from sim.csv_reader import LONGEST_LINE, csv_rows
from sim.errors import ScenarioError, StopflowError, UsageError, printable
from sim.experiment.store import FILE, open_store
from sim.experiment.studies import load_study
from sim.fields import MOST_STAFF
from sim.loading import LONGEST_CHAIN, from_plain, load, to_plain
from sim.report import files
from sim.report.record import read_record, read_results
from sim.report.reports import page_of_folder
from sim.report.sweeps import Results, write_points
from sim.report.text_files import cell, rows_to
from sim.report.verification import verify
from sim.scenario import MOST_DAYS, MOST_FLOWS, MOST_IN_A_VEHICLE, MOST_SHIFT_PATTERNS
from sim.units import HOUR
from sim.yaml_reader import DEEPEST, LONGEST_KEY, MOST_BYTES, MOST_NODES, read_text
from tests.conftest import Command
from tests.study_files import TINY, write_study
from tests.test_verify import folder, original  # noqa: F401 - fixtures

pytestmark = pytest.mark.usefixtures("shipped_files_are_read_once", "pictures_are_left_empty")
ESCAPE = "\x1b[2J\x1b]0;owned\x07"
README = Path(__file__).resolve().parents[1] / "README.md"


def refusal(what: Callable[[], object], kind: type[StopflowError] = StopflowError) -> str:
    with pytest.raises(kind) as refused:
        what()
    return str(refused.value)


# --- the bounds of the README ---------------------------------------------------------------------------------------


def filled(lines: list[str], size: int) -> bytes:
    """Return the lines with a comment that makes them as many bytes as are wanted."""
    text = "\n".join(lines) + "\n# "
    return (text + "x" * (size - len(text) - 1) + "\n").encode()


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


def test_a_file_may_have_so_many_bytes_and_not_one_more(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(filled(TINY.strip().splitlines(), MOST_BYTES))
    assert load(path).title == "One hour of one officer"
    path.write_bytes(filled(TINY.strip().splitlines(), MOST_BYTES + 1))
    assert f"larger than {MOST_BYTES:,} bytes" in refusal(lambda: load(path))


def test_a_file_may_hold_so_many_values_and_levels_and_not_one_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_reader, "MOST_NODES", 1_000)  # the bound itself is tried in test_broken_scenarios.py
    assert len(read_text("[" + "1," * 999 + "]", "x").value) == 999  # the list itself is a value
    assert "more than 1,000 values" in refusal(lambda: read_text("[" + "1," * 1_000 + "]", "x"))
    assert read_text(nested(DEEPEST), "x").plain() == json.loads(nested(DEEPEST))
    assert f"deeper than {DEEPEST} levels" in refusal(lambda: read_text(nested(DEEPEST + 1), "x"))
    assert read_text(f"{'k' * LONGEST_KEY}: 1", "x").value
    assert "cannot be a key" in refusal(lambda: read_text(f"{'k' * (LONGEST_KEY + 1)}: 1", "x"))


def test_files_may_extend_one_another_so_often_and_not_once_more(tmp_path: Path) -> None:
    def chain(length: int) -> Path:
        """Return the first of so many files that each extend the next one, the last a shipped one."""
        for number in range(length):
            above = f"{length}_{number + 1}.yaml" if number < length - 1 else "laramie_shift_2026"
            (tmp_path / f"{length}_{number}.yaml").write_text(f"extends: {above}\ntitle: t\nquestion: q\n")
        return tmp_path / f"{length}_0.yaml"

    shipped = 2  # laramie_shift_2026 extends the base
    assert load(chain(LONGEST_CHAIN - shipped)).title == "t"
    assert f"more than {LONGEST_CHAIN} files extend one another" in refusal(lambda: load(chain(LONGEST_CHAIN - shipped + 1)))


WHOLE = to_plain(load("laramie_shift_2026"))


def whole_with(change: Callable[[dict[str, Any]], None]) -> Any:
    plain = json.loads(json.dumps(WHOLE))
    change(plain)
    return from_plain(plain, "made")


def copies(table: dict[str, Any], count: int) -> None:
    one = next(iter(table.values()))
    table.clear()
    table |= {f"n{number}": one for number in range(count)}


def days(count: int) -> dict[str, str]:
    first = np.datetime64("2025-01-01")
    return {"first": str(first), "last": str(first + count - 1)}


SIZES: dict[str, tuple[int, str, Callable[[int], Callable[[dict[str, Any]], None]]]] = {
    "flows": (MOST_FLOWS, "1 to 50 flows", lambda n: lambda s: copies(s["traffic"]["flows"], n)),
    "patterns": (MOST_SHIFT_PATTERNS, "1 to 50 patterns", lambda n: lambda s: copies(s["operation"]["shifts"], n)),
    "people": (MOST_IN_A_VEHICLE, "at most 8", lambda n: lambda s: s["people"]["car"].update(number=[1] * n)),
    "staff": (MOST_STAFF, "from 0 to 100000", lambda n: lambda s: s["jail"].update(beds=n)),
    "days": (MOST_DAYS, "more than 1100 days", lambda n: lambda s: s["operation"]["shifts"]["detail"].update(days(n))),
}  # fmt: skip


@pytest.mark.parametrize("name", SIZES)
def test_a_scenario_may_be_so_large_and_not_one_more(name: str) -> None:
    most, words, sized = SIZES[name]
    assert whole_with(sized(most)).title
    assert words in refusal(lambda: whole_with(sized(most + 1)), ScenarioError)


def test_a_flow_may_bring_so_many_vehicles_and_not_one_more() -> None:
    hour = np.array([0, HOUR], dtype=np.int64)
    assert cumulative_rate(hour, np.array([MOST_VEHICLES], dtype=np.float64), "a")[-1] == MOST_VEHICLES
    words = refusal(lambda: cumulative_rate(hour, np.array([MOST_VEHICLES + 1.0]), "a"), ScenarioError)
    assert "at most 20,000,000 are simulated; lower the rate" in words


def test_the_readme_states_the_bounds_that_hold() -> None:
    section = README.read_text(encoding="utf-8").partition("## What a stranger's")[2].partition("\n## ")[0]
    words = " ".join(section.split())
    for bound in (
        f"{MOST_BYTES // 1000} kB", f"{MOST_NODES:,} values", f"{DEEPEST} levels", f"{MOST_IN_A_VEHICLE} people to a vehicle",
        f"{MOST_FLOWS} flows", f"{MOST_SHIFT_PATTERNS} patterns", f"{MOST_DAYS:,} days",
        f"{MOST_VEHICLES // 10**6} million vehicles",
        f"{LONGEST_CHAIN} files", f"{LONGEST_LINE // 10**6} million letters", f"{files.LARGEST_MANIFEST // 10**6} MB",
    ):  # fmt: skip
        assert bound in words


# --- files that lead elsewhere --------------------------------------------------------------------------------------


def test_a_link_in_extends_leads_no_further_than_a_path_may(tmp_path: Path) -> None:
    far, near = tmp_path / "far", tmp_path / "near" / "deep"
    far.mkdir()
    near.mkdir(parents=True)
    (far / "base.yaml").write_text(TINY)
    (near / "one_up.yaml").symlink_to(near.parent / "base.yaml")
    (near.parent / "base.yaml").write_text(TINY)
    (near / "two_up.yaml").symlink_to(far / "base.yaml")
    (near / "fine.yaml").write_text("extends: one_up.yaml\ntitle: t\nquestion: q\n")
    assert load(near / "fine.yaml").title == "t"
    (near / "bad.yaml").write_text("extends: two_up.yaml\ntitle: t\nquestion: q\n")
    words = refusal(lambda: load(near / "bad.yaml"))
    assert words.startswith(f"{near / 'bad.yaml'}:1:10: extends: 'two_up.yaml' is a link that leads further than one folder up")
    study = write_study(near, base="two_up.yaml")
    assert "is a link that leads further than one folder up" in refusal(lambda: load_study(study))


@pytest.mark.parametrize(
    "line", ["run tiny.yaml -n 2 --out", "report run --out", "bundle run --no-try --out", "sweep hour.yaml --out"]
)
def test_out_is_never_a_link(line: str, command: Command, tmp_path: Path) -> None:
    write_study(tmp_path)
    (tmp_path / "run").mkdir()
    (tmp_path / "target").mkdir()
    for name, target in (("to_folder", "target"), ("to_nothing", "nowhere")):
        (tmp_path / name).symlink_to(tmp_path / target)
        status, _, error = command(*line.split(), name)
        assert (status, error) == (2, f"--out {name}: is a link; name the place that it leads to.\n")
    assert list((tmp_path / "target").iterdir()) == []
    assert not (tmp_path / "nowhere").exists()


def test_out_is_never_the_folder_one_is_in(command: Command, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "tiny.yaml").write_text(TINY)
    for out in ("", ".", "..", str(tmp_path)):
        status, _, error = command("run", tmp_path / "in" / "tiny.yaml", "-n", "2", "--out", out)
        assert status == 2
        assert "is the folder that you are in, or holds it" in error


# --- spreadsheets ---------------------------------------------------------------------------------------------------

FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "＝1",
    "=",
    "-",
    "+a",
    "--1",
    "-1e",
    "-1:2",
]
NUMBERS = ["-1", "-0.5", "-3e-05", "+7", "0", "12.25", "-1E+20"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_text_is_a_formula(text: str) -> None:
    assert cell(text) == (f"'{text}" if text != "\r=1" else "\\r=1")


@pytest.mark.parametrize("text", [*NUMBERS, "", "stops", "a=1", "µ", "5 min"])
def test_numbers_stay_numbers_and_words_words(text: str) -> None:
    assert cell(text) == text


@settings(max_examples=300)
@given(st.text(max_size=12))
@example("\u202e=1")
def test_a_cell_of_any_text_begins_as_no_formula_unless_it_is_a_number(text: str) -> None:
    made = cell(text)
    assert printable(made) == made
    if re.match(r"\s*[=+@\-＝＋＠－]|[\t\r\n]", made):
        assert float(made) == float(text)


def test_there_is_one_way_to_write_a_table() -> None:
    sim = README.parent / "sim"
    writers = [path.name for path in sim.rglob("*.py") if "csv.writer(" in path.read_text(encoding="utf-8")]
    assert writers == ["text_files.py"]


def test_rows_are_read_back_as_they_were_but_for_formulas(tmp_path: Path) -> None:
    rows = [["name", "=1", 3, -2.5], ['a "b", c', "-2.5", None, True]]
    with rows_to(tmp_path / "x.csv") as writer:
        writer.writerows(rows)
    back = list(csv.reader(io.StringIO((tmp_path / "x.csv").read_text(encoding="utf-8"))))
    assert back == [["name", "'=1", "3", "-2.5"], ['a "b", c', "-2.5", "", "True"]]


# --- terminals ------------------------------------------------------------------------------------------------------


def test_markup_and_smileys_in_a_title_are_shown_as_text(command: Command, tmp_path: Path) -> None:
    evil = "[bold]x[/bold] [/] :skull: [link=http://a.b]y[/link] {task} %s"
    name = "[red]evil[|red].yaml"
    (tmp_path / name).write_text(TINY.replace("One hour of one officer", f"'{evil}'"))
    for line, words in (
        (["explain", name], evil),
        (["run", name, "-n", "1", "--out", "a"], evil),
        (["reproduce", name, "-n", "2"], name),
        (["compare", name, "--arm", "[/x]:status_check.limit=0 min", "-n", "2", "--out", "b"], "[/x]"),
    ):
        status, out, error = command(*line)
        assert status == 0, error
        assert words in out


@pytest.mark.parametrize("key", ["title", "notes", "sources.overdrive_2025_11.publisher", "traffic.flows.interstate_car.road"])
def test_a_scenario_with_control_characters_is_refused_and_shown_safely(key: str, command: Command) -> None:
    for text in (ESCAPE, "a\x85b", "\u202eabc", "\u2066x"):
        status, out, error = command("check", "wyoming_safe_haul_2025", "--set", f"{key}={json.dumps(text)}")
        assert (status, out) == (2, "")
        assert "holds a control character; remove it." in error
        assert printable(error) == error


def test_no_message_obeys_the_words_it_repeats(command: Command, tmp_path: Path) -> None:
    (tmp_path / f"{ESCAPE}.yaml").write_text("title: [\n")
    (tmp_path / "rows.csv").write_text(f"week,place,agency,model,stage,count,unit,source\n2026-W01,a,b,c,{ESCAPE},5,x,y\n")
    for line in (["run", f"{ESCAPE}.yaml"], ["run", ESCAPE], ["import", "tidy", "rows.csv"], ["export", ESCAPE, "--csv", "x"]):
        status, out, error = command(*line)
        assert (status, out) == (2, "")
        assert "\\x1b[2j" in error.lower()
        assert printable(error) == error


def test_a_name_that_is_no_text_is_written_as_an_escape(command: Command, tmp_path: Path) -> None:
    name = os.fsdecode(b"odd\xff.yaml")
    (tmp_path / name).write_text(TINY)
    assert command("compare", name, "--set", "status_check.limit=0 min", "-n", "2", "--out", "out")[0] == 0
    assert "odd\\udcff" in (tmp_path / "out" / "comparison.csv").read_text(encoding="utf-8")
    assert command("verify", "out")[0] == 0
    assert command("report", "out", "--out", "out.html")[0] == 0


# --- words that are matched -----------------------------------------------------------------------------------------

LONG = 100_000
HOSTILE = [
    "9" * LONG, "9" * LONG + " min", "." * LONG, "9," * LONG, "9" + "," * LONG + " USD", "1e" + "9" * LONG, " " * LONG + "x",
    "9 min" + " " * LONG, "a" * LONG + "!", "-" * LONG, "2025-" * LONG, "9:" * LONG, "999," * (LONG // 4) + "x", "%" * LONG,
    "\n" * LONG,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:6].strip() or "space")
def test_no_pattern_is_slow_on_long_text(text: str) -> None:
    """Every pattern that reads what strangers write: double the text must not take four times as long, nor any text a second."""
    from sim.importing.reading import day_of, moment_of, plain
    from sim.leaves import NAME
    from sim.report.parameters import web_address
    from sim.units import parse_date, parse_duration, parse_money, parse_rate, parse_share, parse_time

    began = time.perf_counter()
    for read in (parse_date, parse_duration, parse_money, parse_rate, parse_share, parse_time):
        assert refusal_or_value(lambda read=read: read(text)) is not None
    for match in (NAME.fullmatch, day_of, moment_of, plain, cell, printable, web_address):
        match(text)
    assert refusal_or_value(lambda: read_text(f"a: {text}", "x")) is not None
    assert time.perf_counter() - began < 2


def refusal_or_value(what: Callable[[], object]) -> object:
    try:
        return what()
    except ValueError as problem:
        assert len(str(problem)) < 1_000
        return problem


def test_reading_takes_memory_in_proportion_to_the_file() -> None:
    dense = "a: [" + "1," * 2_000 + "]\n" + "b: '" + "x" * 100_000 + "'\n"
    tracemalloc.start()
    try:
        read_text(dense, "x")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4_000 * 2_000 + 10 * 100_000


# --- CSV files ------------------------------------------------------------------------------------------------------

TABLES = {
    "a line without end": b"week,place\n" + b"x" * (LONGEST_LINE + 1),
    "a cell without end": b'week,place\n"' + b"x\n" * 200_000,
    "a line of cells": b"," * LONGEST_LINE + b",\n",
    "too many columns": b",".join(b"c%d" % number for number in range(500)) + b"\n",
    "nothing": b"",
    "null characters": b"\x00" * 1_000,
    "no text": bytes(range(256)) * 10,
    "a quotation that never ends": b'"',
    "short rows": b"week,place,agency,model,stage,count,unit,source\n1\n",
}


@pytest.mark.parametrize("name", TABLES)
def test_a_hostile_table_is_refused_by_import_and_by_posterior_with_nothing_left(
    name: str, command: Command, tmp_path: Path
) -> None:
    (tmp_path / "rows.csv").write_bytes(TABLES[name])
    for line in (["import", "tidy", "rows.csv", "--out", "out"], ["compare", "laramie_shift_2026", "--arm",
    "a:status_check.limit=0 min",
                 "--posterior", "rows.csv", "--out", "out"]):  # fmt: skip
        status, out, error = command(*line)
        assert (status, out) == (2, "")
        assert error.count("\n") == 1
        assert "rows.csv" in error
        assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


def test_a_pipe_is_not_waited_for(tmp_path: Path, command: Command) -> None:
    os.mkfifo(tmp_path / "pipe")
    for line in (["import", "tidy", "pipe"], ["run", "laramie_shift_2026", "--posterior", "pipe"], ["run", "pipe"], ["sweep",
    "pipe"],
                 ["compare", "laramie_shift_2026", "--set", "status_check.limit=0 min", "--posterior", "pipe"], ["report",
                 "pipe"]):  # fmt: skip
        status, _, error = command(*line)
        assert status == 2
        assert "pipe" in error


def test_a_line_may_be_so_long_and_not_one_letter_more(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    cells = ",".join("x" * 99_999 for _ in range(LONGEST_LINE // 100_000))
    path.write_text(cells + "\n")
    assert len(cells) + 1 == LONGEST_LINE
    assert [len(row) for _, row in csv_rows(path)] == [10]
    path.write_text(cells + "x\n")
    assert "longer than 1,000,000 letters" in refusal(lambda: list(csv_rows(path)))


# --- result folders -------------------------------------------------------------------------------------------------


def forged(folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:  # noqa: F811
    """Change the manifest of a folder and seal it anew, as a stranger can."""
    manifest = json.loads((folder / files.MANIFEST).read_text(encoding="utf-8"))
    del manifest["files"], manifest[files.SEAL]
    change(manifest)
    text = json.dumps(manifest | {"files": files.hashes(folder)})
    (folder / files.MANIFEST).write_text(text, encoding="utf-8")
    return folder


MANIFESTS: dict[str, Callable[[dict[str, Any]], object]] = {
    "no scenario": lambda m: m.pop("scenario"),
    "a list for a scenario": lambda m: m.update(scenario=[1]),
    "a word for a scenario": lambda m: m.update(scenario="x"),
    "a number for a scenario": lambda m: m.update(scenario=3),
    "an escape in the title": lambda m: m["scenario"].update(title=ESCAPE),
    "an escape in a version": lambda m: m["versions"].update(numpy=ESCAPE),
    "no seed": lambda m: m.pop("seed"),
    "a seed of words": lambda m: m.update(seed="x"),
    "an endless seed": lambda m: m.update(seed=float("inf")),
    "a giant seed": lambda m: m.update(seed=10**30),
    "true replications": lambda m: m.update(replications=True),
    "no replications": lambda m: m.update(replications=0),
    "a billion replications": lambda m: m.update(replications=10**9),
    "two replications": lambda m: m.update(replications=2),
    "another kind": lambda m: m.update(kind=ESCAPE[3:]),
    "a list for a kind": lambda m: m.update(kind=["run"]),
    "a comparison without arms": lambda m: m.update(kind="comparison", arms={}),
    "arms that are a list": lambda m: m.update(kind="comparison", arms=[]),
    "arms that are words": lambda m: m.update(kind="comparison", arms={"a": "b"}),
    "wishes that are words": lambda m: m.update(unmet=["x"]),
    "wishes that are a number": lambda m: m.update(unmet=3),
    "deep nesting": lambda m: m["scenario"].update(title=json.loads("[" * 500 + "]" * 500)),
    "a sweep": lambda m: m.update(kind="sweep"),
    "a calibration": lambda m: m.update(kind="calibration"),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_forged_manifest_is_refused_in_words_by_every_command(
    name: str,
    folder: Path,  # noqa: F811
    command: Command,
    tmp_path: Path,
) -> None:
    forged(folder, MANIFESTS[name])
    before = sorted(tmp_path.rglob("*"))
    lines = (["report", folder, "--out", "x.html"], ["bundle", folder, "--no-try", "--out", "x.zip"], ["replay", folder])
    for line in (["verify", folder], *lines):
        status, out, error = command(*line)
        assert status in (1, 2), line
        assert out or error
        assert printable(out + error) == out + error
    assert sorted(tmp_path.rglob("*")) == before


TEXTS = {
    "no JSON": "{",
    "deep": '{"stopflow": ' + "[" * 100_000,
    "a number of 5,000 digits": '{"stopflow": ' + "9" * 5_000 + "}",
    "a list": "[]",
    "nothing": "",
    "null": "null",
    "half a character": '{"stopflow": "\\ud800"}',
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_manifest_that_is_none_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / files.MANIFEST).write_text(TEXTS[name])
    assert "is damaged" in refusal(lambda: files.read_manifest(tmp_path), UsageError)
    assert [check.held for check in verify(tmp_path)] == [False, False]


def test_a_manifest_may_be_so_large_and_not_a_byte_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST_MANIFEST", 1_000)
    for size, words in ((1_000, ""), (1_001, "larger than 1,000 bytes")):
        text = '{"stopflow": ""}'
        (tmp_path / files.MANIFEST).write_text(text + " " * (size - len(text)))
        if words:
            assert words in refusal(lambda: files.read_manifest(tmp_path))
            assert not files.seal_holds(tmp_path)
        else:
            assert files.read_manifest(tmp_path) == {"stopflow": ""}


@pytest.mark.parametrize("name", ["replications.csv", "manifest.json"])
def test_a_link_in_a_result_folder_leads_nowhere(name: str, folder: Path, command: Command, tmp_path: Path) -> None:  # noqa: F811
    secret = tmp_path / "secret"
    shutil.copy(folder / name, secret)
    (folder / name).unlink()
    (folder / name).symlink_to(secret)
    for line in (["report", folder, "--out", "x.html"], ["bundle", folder, "--no-try", "--out", "x.zip"], ["replay", folder]):
        status, _, error = command(*line)
        assert status == 2
        assert "is a link" in error or "no file was added: no" in error
    assert command("verify", folder)[0] in (1, 2)
    assert not list(tmp_path.glob("x.*"))


def test_a_picture_of_a_strangers_calibration_is_no_link_out_of_it(tmp_path: Path) -> None:
    from tests.test_calibration_report import HEAD

    inside, secret = tmp_path / "fit", tmp_path / "secret"
    secret.mkdir()
    (secret / "parameters.svg").write_text("private")
    inside.mkdir()
    (inside / "calibration.csv").write_text(HEAD + "\n")
    (inside / "predictive.csv").write_text("operation,measure,use,qualifier,reported,low,median,high,tail\n")
    (inside / files.MANIFEST).write_text(json.dumps({"stopflow": "0", "kind": "calibration", "operations": []}))
    (inside / "figures").symlink_to(secret)
    assert "is a link" in refusal(lambda: page_of_folder(inside))


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00", b"replication\n", b'"' * 300_000, b"\xff\xfe", b"x" * (LONGEST_LINE + 2)],
    ids=["nothing", "null", "head", "quotes", "no text", "long"],
)
def test_hostile_replications_are_refused_with_file_and_line(content: bytes, folder: Path) -> None:  # noqa: F811
    (folder / "replications.csv").write_bytes(content)
    assert str(folder / "replications.csv") in refusal(lambda: read_results(read_record(folder)), UsageError)


def test_a_bundle_of_the_folder_above_names_no_path_above(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    import zipfile

    from sim.report import bundle

    inside = folder.parent / "in"
    inside.mkdir()
    monkeypatch.chdir(inside)
    bundle.write_bundle(Path("..") / folder.name / "." / ".." / folder.name, inside / "x.zip", bundle.Author())
    (folder / "sub").mkdir()
    monkeypatch.chdir(folder / "sub")
    (inside / "x.zip").unlink()
    bundle.write_bundle(Path(".."), inside / "x.zip", bundle.Author())
    with zipfile.ZipFile(inside / "x.zip") as archive:
        names = archive.namelist()
    assert {name.partition("/")[0] for name in names} == {folder.name}
    assert not any(".." in Path(name).parts or name.startswith("/") for name in names)


# --- stores ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from sim.experiment.sweep import run_study

    inside = tmp_path_factory.mktemp("sweep")
    run_study(load_study(write_study(inside, replications=2)), inside / "swept", engine="simpy")
    return inside / "swept"


@pytest.fixture
def store(swept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(swept, tmp_path / "swept"))


def changed(store: Path, *statements: str) -> None:
    with closing(sqlite3.connect(store / FILE)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


BOMB = f"x'{zlib.compress(bytes(300_000_000), 9).hex()}'"
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"
STORES = {
    "a view that never ends": ["DROP TABLE points", f"CREATE VIEW points AS {ENDLESS} i AS point FROM n"],
    "a view of what it says": ["DROP TABLE about", f"CREATE VIEW about AS {ENDLESS} 'format' AS key, i AS value FROM n"],
    "a trigger": ["CREATE TRIGGER t BEFORE DELETE ON points BEGIN SELECT 1; END"],
    "a further table": ["CREATE TABLE more (x)"],
    "a column less": ["ALTER TABLE points DROP COLUMN met"],
    "another format": ["UPDATE about SET value = '99' WHERE key = 'format'"],
    "nothing in it": ["DROP TABLE about", "DROP TABLE points", "DROP TABLE blocks"],
    "no columns": ["DELETE FROM about WHERE key = 'columns'"],
    "columns that are no JSON": ["UPDATE about SET value = '{' WHERE key = 'columns'"],
    "columns that are a list": ["UPDATE about SET value = '[]' WHERE key = 'columns'"],
    "columns without measures": [
        """UPDATE about SET value = '{"factors": [], "measures": [], "shown": []}' WHERE key = 'columns'""",
    ],
    "deep columns": [f"UPDATE about SET value = '{'[' * 100_000}' WHERE key = 'columns'"],
    "a seed of words": ["UPDATE about SET value = 'x' WHERE key = 'seed'"],
    "a point that is no JSON": ["UPDATE points SET written = 'x' WHERE point = 1"],
    "a point of a number": ["UPDATE points SET shown = '3' WHERE point = 1"],
    "a point of other factors": ["UPDATE points SET shown = '[1]' WHERE point = 1"],
    "a point of lists": ["UPDATE points SET shown = '[[1], [2]]' WHERE point = 1"],
    "words for a count": ["UPDATE points SET used = 'many'"],
    "more used than there are": ["UPDATE points SET used = 1000000000"],
    "a block that unpacks without end": [f"UPDATE blocks SET content = {BOMB}"],
    "a block of words": ["UPDATE blocks SET content = 'words'"],
    "a block of nothing": ["UPDATE blocks SET content = x''"],
    "a block of too many": ["UPDATE blocks SET count = 1000000000000"],
    "a block of none": ["UPDATE blocks SET count = 0"],
    "a block of minus one": ["UPDATE blocks SET count = -1"],
    "a block that begins with a word": ["UPDATE blocks SET first = 'x'"],
}  # fmt: skip


@pytest.mark.parametrize("name", STORES)
def test_a_hostile_store_is_refused_in_words_by_every_command(name: str, store: Path, command: Command, tmp_path: Path) -> None:
    changed(store, *STORES[name])
    before = sorted(path.name for path in tmp_path.rglob("*"))
    for line in (["export", store, "--csv", "x.csv"], ["discover", store, "--fails", "stops>1", "--regret", "stops=most"]):
        status, _, error = command(*line)
        assert (status, error.count("\n")) == (2, 1), error
        assert "study.sqlite" in error or "is not finished" in error
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_a_block_takes_no_more_memory_than_it_can_need(store: Path) -> None:
    changed(store, *STORES["a block that unpacks without end"])
    tracemalloc.start()
    try:
        with open_store(store, write=False) as opened:
            assert "a block is damaged" in refusal(lambda: list(Results(opened).finished()))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10e6 < len(BOMB) * 100


@pytest.mark.parametrize("damage", ["cut", "flipped", "words", "nothing", "head"])
def test_a_damaged_store_is_refused_in_words_and_left_as_it_is(damage: str, store: Path, command: Command) -> None:
    changed(store)
    whole = (store / FILE).read_bytes()
    flipped = bytes(255 - byte if number > 4_000 else byte for number, byte in enumerate(whole))
    made = {"cut": whole[: len(whole) // 2], "flipped": flipped, "words": b"words" * 1_000, "nothing": b"", "head": whole[:100]}
    (store / FILE).write_bytes(made[damage])
    status, out, error = command("export", store, "--csv", "x.csv")
    assert (status, out, error.count("\n")) == (2, "", 1)
    assert "study.sqlite" in error
    assert (store / FILE).read_bytes() == made[damage]
    assert not Path("x.csv").exists()


def test_words_of_a_strangers_store_are_shown_and_not_obeyed(store: Path, tmp_path: Path, command: Command) -> None:
    changed(
        store, f"UPDATE points SET error = '{ESCAPE}' WHERE point = 0", f"UPDATE about SET value = '{ESCAPE}' WHERE key = 'study'"
    )
    with open_store(store, write=False) as opened:
        results = Results(opened)
        assert results.name == printable(ESCAPE)
        write_points(results, tmp_path / "points.csv")
    assert printable(ESCAPE) in (tmp_path / "points.csv").read_text(encoding="utf-8")
    status, out, error = command("discover", store, "--fails", "stops>1")
    assert (status, printable(out + error)) == (0, out + error)


def test_a_store_where_nobody_may_write_can_be_read(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a medium that is read-only SQLite cannot make the log that it would like to have beside the file."""
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)
    with open_store(store, write=False) as opened:
        assert opened.size() == 12
    assert sorted(path.name for path in store.iterdir()) == [FILE]
