"""Import: people are counted and never kept, small cells are suppressed, and what is written is a scenario that runs."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from sim.cli import app
from sim.experiment.replications import run
from sim.importing.aggregates import Aggregates, durations, share, weights
from sim.importing.reading import SMALLEST_CELL, day_of, moment_of
from sim.importing.tidy import SUMS
from sim.loading import load
from sim.report.files import seal_holds


def write(path: Path, header: str, rows: list[str]) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def imported(tmp_path: Path, *arguments: str) -> Path:
    out = tmp_path / "out"
    said = "--out", str(out), "--publisher", "The County", "--published", "2026"
    done = CliRunner().invoke(app(), ["import", *arguments, *said])
    assert done.exit_code == 0, f"{done.output}{done.exception}"
    return out


def refused(*arguments: str) -> str:
    done = CliRunner().invoke(app(), ["import", *arguments])
    assert done.exit_code != 0
    return str(done.exception)


TIDY = "week,place,agency,model,stage,count,unit,source"


def tidy(tmp_path: Path, *rows: str) -> Path:
    return write(tmp_path / "mine.csv", TIDY, list(rows))


def test_a_tidy_file_becomes_reported_figures_of_a_scenario_that_runs(tmp_path: Path) -> None:
    file = tidy(
        tmp_path,
        "2026-05-18,Laramie,Sheriff,task_force,stops,41,stops,letter",
        "2026-W22,Laramie,Sheriff,task_force,stops,59,stops,letter",
        "2026-W22,Laramie,Sheriff,task_force,detained,7,people,letter",
        "2026-W22,Elsewhere,Sheriff,task_force,stops,500,stops,letter",
    )  # fmt: skip
    out = imported(tmp_path, "tidy", str(file), "--place", "Laramie")
    scenario = load(out / "scenario.yaml")
    assert {name: (one.value, one.qualifier) for name, one in scenario.reported.items()} == {
        "stops": (100, "exact"),
        "detained": (7, "exact"),
    }
    assert scenario.sources["imported"].publisher == "The County"
    assert len(run(scenario, replications=2).values) == 2
    assert seal_holds(out)


def test_a_small_or_suppressed_cell_is_not_written_and_the_total_says_at_least(tmp_path: Path) -> None:
    file = tidy(
        tmp_path, "2026-05-18,,,,detained,20,people,x", "2026-05-25,,,,detained,3,people,x",
        "2026-05-18,,,,referrals,30,people,x", "2026-05-25,,,,referrals,<5,people,x",
        "2026-05-18,,,,citizens_referred,2,people,x",
    )  # fmt: skip
    out = imported(tmp_path, "tidy", str(file))
    reported = load(out / "scenario.yaml").reported
    assert {name: (one.value, one.qualifier) for name, one in reported.items()} == {
        "detained": (20, "at_least"),
        "referrals": (30, "at_least"),
    }
    assert json.loads((out / "manifest.json").read_text())["cells_suppressed"] == 3
    with (out / "aggregates.csv").open() as stream:
        assert [row["count"] for row in csv.DictReader(stream)] == ["20", "30"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("2026-05-18,,,,stopps,20,stops,x", "mine.csv:2: stage: 'stopps' is no measure; did you mean 'stops'?"),
        ("2026-05-18,,,,stops,20,people,x", "mine.csv:2: unit: stops is counted in stops, not 'people'."),
        ("2026-05-18,,,,stops,many,stops,x", "mine.csv:2: count: 'many' is not a number from 0 up"),
        ("2026-05-18,,,,stops,-3,stops,x", "mine.csv:2: count: '-3' is not a number from 0 up"),
        ("May,,,,stops,20,stops,x", "mine.csv:2: week: 'May' is neither a day"),
        ("2026-W99,,,,stops,20,stops,x", "mine.csv:2: week: '2026-W99' is neither a day"),
        ("2026-05-18,,,,stops", "mine.csv:2: 5 cells where the line of names has 8; repair the row."),
    ],
)
def test_a_wrong_row_is_refused_with_its_line_and_leaves_nothing(tmp_path: Path, row: str, words: str) -> None:
    assert words in refused("tidy", str(tidy(tmp_path, row)), "--out", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_wrong_argument_or_column_is_refused_with_a_remedy(tmp_path: Path) -> None:
    file = write(tmp_path / "x.csv", "week,stages", ["1,2"])
    assert "no such kind; did you mean 'tidy'?" in refused("tidi", str(file))
    words = refused("tidy", str(file))
    assert "x.csv:1: no column 'place', 'agency', 'model', 'stage' (is it 'stages'?), 'count', 'unit', 'source';" in words
    assert "figures of one's own: week, place, agency, model, stage, count, unit, source" in words
    assert "cannot be read" in refused("tidy", str(tmp_path / "none.csv"))
    assert "has no such flow" in refused("open_policing", str(file), "--flow", "nowhere")
    assert "--source" in refused("tidy", str(file), "--source", "Not A Key")
    assert CliRunner().invoke(app(), ["import", "kinds"]).exit_code == 0


def test_a_file_without_names_of_columns_shows_nobody(tmp_path: Path) -> None:
    file = write(tmp_path / "x.csv", "Ana Example,1987-03-14,book_in", ["Ben Example,1988-03-14,x"])
    words = refused("detention_stints", str(file))
    assert "book_in_date_time" in words
    assert "Example" not in words
    assert "1987" not in words


def test_an_import_of_which_nothing_is_left_says_why_and_writes_nothing(tmp_path: Path) -> None:
    file = tidy(tmp_path, "2026-05-18,Laramie,,,stops,20,stops,x", "2026-05-18,Wyoming,,,stops,2,stops,x")
    assert "nothing is left of 2 rows: another place, agency or model" in refused("tidy", str(file), "--place", "Albany")
    assert "small cells are suppressed" in refused("tidy", str(file), "--place", "Wyoming", "--out", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()
    (tmp_path / "x.csv").touch()
    assert "x.csv: is empty" in refused("tidy", str(tmp_path / "x.csv"))


@pytest.mark.parametrize(("whole", "first", "second"), SUMS)
@pytest.mark.parametrize("small", [0, 1])
def test_no_small_cell_is_the_difference_of_two_that_are_written(
    tmp_path: Path, whole: str, first: str, second: str, small: int
) -> None:
    measures = {"referrals": "people", "detained": "people", "referred_then_released": "people"}
    unit = measures.get(whole, "vehicles")
    parts = {first: 3, second: 40} if small == 0 else {first: 40, second: 3}
    rows = [
        f"2026-05-18,,,,{name},{count},{'stops' if name == 'stops' else unit},x" for name, count in (parts | {whole: 43}).items()
    ]
    again = [row.replace("05-18", "05-25").replace(",3,", ",30,").replace(",43,", ",70,") for row in rows]
    out = imported(tmp_path, "tidy", str(tidy(tmp_path, *rows, *again)))
    with (out / "aggregates.csv").open() as stream:
        written = [(row["week"], row["stage"]) for row in csv.DictReader(stream)]
    assert len([week for week, _ in written if week == "2026-05-18"]) == 1
    assert ("2026-05-18", whole if small == 0 else first) in written
    assert len([week for week, _ in written if week == "2026-05-25"]) == 3
    reported = load(out / "scenario.yaml").reported
    assert [name for name in (whole, first, second) if reported[name].qualifier == "exact"] == [whole if small == 0 else first]


@given(st.lists(st.floats(0, 1e9), max_size=400))
def test_no_duration_stands_for_fewer_than_five(values: list[float]) -> None:
    made = durations(values)
    if len(values) < 2 * SMALLEST_CELL:
        assert made is None
    else:
        assert made is not None
        assert len(made) <= len(values) / SMALLEST_CELL


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 40), min_size=1), st.integers(0, 50), st.integers(0, 50))
def test_no_weight_or_share_rests_on_a_small_count(counts: dict[str, int], part: int, more: int) -> None:
    found = Aggregates()
    weights("x", counts, found)
    for one in found.parameters:
        assert counts[one.path[2:]] >= SMALLEST_CELL or float(one.written) == 0
    total = sum(float(one.written) for one in found.parameters)
    assert total == pytest.approx(100 if found.parameters else 0, abs=3)  # nothing remains that would be the small ones
    found = Aggregates()
    share("y", part, part + more, "", found)
    assert not found.parameters or min(part, more) >= SMALLEST_CELL


def test_days_and_moments_are_read_as_agencies_write_them() -> None:
    assert {
        str(day_of(text)) for text in ("2025-11-18", "20251118", "11/18/2025", "18-NOV-25", "2025-11-18 07:00:00", "45979")
    } == {"2025-11-18"}
    assert day_of("soon") is None
    assert str(moment_of("2025-11-18T07:05:00Z")) == str(moment_of("2025-11-18 07:05:00 UTC")) == "2025-11-18 07:05:00"
    assert str(moment_of("11/18/2025 7:05 PM")) == str(moment_of("18nov2025 19:05:00")) == "2025-11-18 19:05:00"
    assert moment_of("") is moment_of("2025-11-18") is None
