"""Import: people are counted and never kept, small cells are suppressed, and what is written is a scenario that runs."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from sim.cli import app
from sim.experiment.replications import run
from sim.importing.aggregates import Aggregates, durations, share, weights
from sim.importing.reading import SMALLEST_CELL, day_of, moment_of
from sim.loading import load
from sim.report.files import seal_holds

NAMES = ("Ana Example", "1987-03-14", "A012345678", "WYO-4711", "deadbeefhash")


def write(path: Path, header: str, rows: list[str]) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def imported(tmp_path: Path, *arguments: str) -> Path:
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["import", *arguments, "--out", str(out), "--publisher", "The County", "--published", "2026"])
    assert done.exit_code == 0, f"{done.output}{done.exception}"
    return out


def refused(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["import", *arguments])
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
        ("2026-05-18,,,,stops", "mine.csv:2: 5 cells where the first line has 8; repair the row."),
    ],
)
def test_a_wrong_row_is_refused_with_its_line_and_leaves_nothing(tmp_path: Path, row: str, words: str) -> None:
    assert words in refused("tidy", str(tidy(tmp_path, row)), "--out", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_wrong_argument_or_column_is_refused_with_a_remedy(tmp_path: Path) -> None:
    file = write(tmp_path / "x.csv", "week,stages", ["1,2"])
    assert "no such kind; did you mean 'tidy'?" in refused("tidi", str(file))
    assert "x.csv:1: no column 'place'" in refused("tidy", str(file))
    assert "cannot be read" in refused("tidy", str(tmp_path / "none.csv"))
    assert "has no such flow" in refused("open_policing", str(file), "--flow", "nowhere")
    assert "--source" in refused("tidy", str(file), "--source", "Not A Key")
    assert CliRunner().invoke(app, ["import", "kinds"]).exit_code == 0


def test_detention_stints_become_durations_that_are_nobodys_own(tmp_path: Path) -> None:
    chance = random.Random(7)
    hours = [round(chance.lognormvariate(3, 0.8), 2) for _ in range(200)]
    begins = "2026-01-0{} 08:00:00"
    header = "unique_identifier,name,birth_date,citizenship_country,"
    header += "book_in_date_time,book_out_date_time,detention_facility_code"
    rows = []
    for number, hour in enumerate(hours):
        total = round(8 * 3600 + hour * 3600)
        end = (
            f"2026-01-{1 + number % 7 + total // 86400:02d} {total % 86400 // 3600:02d}:{total % 3600 // 60:02d}:{total % 60:02d}"
        )
        rows.append(f"A012345678,{NAMES[0]},1987-03-14,X,{begins.format(1 + number % 7)},{end},LARAM")
    rows += [
        f"A1,{NAMES[0]},1987-03-14,X,{begins.format(1)},,LARAM",
        f"A1,{NAMES[0]},1987-03-14,X,{begins.format(2)},{begins.format(1)},LARAM",
    ]
    rows += [f"A1,{NAMES[0]},1987-03-14,X,{begins.format(1)},{begins.format(2)},OTHER"]
    out = imported(tmp_path, "detention_stints", str(write(tmp_path / "stints.csv", header, rows)), "--place", "LARAM")
    stay = load(out / "scenario.yaml").jail.overflow.stay
    assert stay.mean / 3_600_000 == pytest.approx(sum(hours) / len(hours), rel=0.02)
    assert len(stay.table) == 40
    observed = {round(hour * 60, 1) for hour in hours}
    assert sum(round(value / 60_000, 1) in observed for value in stay.table) < 10  # means of five, not single stays
    left_out = json.loads((out / "manifest.json").read_text())["rows_left_out"]
    assert left_out == {
        "another facility": 1, "ends before it begins, or lasts over two years": 1, "not ended: counted, but without a length": 1
    }  # fmt: skip
    assert_nothing_personal(out, "A012345678", "Ana", "1987")


def assert_nothing_personal(out: Path, *words: str) -> None:
    for path in out.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert not [word for word in words if word in text], path.name


def test_the_inspection_file_becomes_durations_levels_and_shares(tmp_path: Path) -> None:
    header = "INSPECTION_ID,DOT_NUMBER,REPORT_STATE,INSP_DATE,INSP_START_TIME,INSP_END_TIME,INSP_LEVEL_ID"
    header += ",VEHICLE_OOS_TOTAL,DRIVER_OOS_TOTAL,DRIVER_LICENSE"
    rows = [
        f"7,3129666,WY,20251118,0920,{'0950' if number % 2 else '1020'},1,{int(number < 30)},0,WYO-4711" for number in range(100)
    ]
    rows += [f"8,3129666,WY,20251119,2350,0010,3,0,{int(number < 10)},WYO-4711" for number in range(50)]
    rows += ["9,3129666,WY,20251119,0900,0930,6,0,0,WYO-4711"] * 3
    rows += ["9,3129666,NE,20251119,0900,0930,1,1,1,WYO-4711"] * 40
    out = imported(tmp_path, "fmcsa_inspections", str(write(tmp_path / "insp.csv", header, rows)), "--place", "WY")
    inspection = load(out / "scenario.yaml").inspection
    assert inspection.duration.level_1.mean / 60_000 == pytest.approx(45)
    assert inspection.duration.level_3.mean / 60_000 == pytest.approx(20)
    assert inspection.vehicle_out_of_service == pytest.approx(0.3)
    assert inspection.driver_out_of_service == pytest.approx(10 / 150, abs=1e-4)
    assert inspection.levels.level_6 == 0
    assert inspection.levels.level_1 / inspection.levels.level_3 == pytest.approx(2, rel=0.05)
    assert_nothing_personal(out, "WYO-4711", "3129666")


def test_sheets_of_participants_become_agreements_by_day(tmp_path: Path) -> None:
    header = "STATE,LAW ENFORCEMENT AGENCY,TYPE,COUNTY,SUPPORT TYPE,SIGNED,MOA"
    models = (
        ["Task Force Model"] * 12 + ["Jail Enforcement Model"] * 6 + ["Warrant Service Officer"] * 4 + ["Tribal Task Force Model"]
    )
    rows = [f"WYOMING,Office {number},County,X,{model},{number % 12 + 1}/15/2025,link" for number, model in enumerate(models)]
    out = imported(tmp_path, "participants", str(write(tmp_path / "sheet.csv", header, rows)))
    reported = load(out / "scenario.yaml").reported
    days = sorted(name.removeprefix("agreements_") for name in reported if name.startswith("agreements_20"))
    assert days
    for day in days:
        kinds = [name for name in reported if name.endswith(f"agreements_{day}") and name != f"agreements_{day}"]
        assert reported[f"agreements_{day}"].value == sum(reported[name].value for name in kinds)
    with (out / "aggregates.csv").open() as stream:
        assert sum(int(row["count"]) for row in csv.DictReader(stream)) == len(models)


def test_open_policing_becomes_stops_outcomes_and_hours(tmp_path: Path) -> None:
    header = "raw_row_number,date,time,location,county_name,subject_race,officer_id_hash,type,outcome"
    rows = [
        f"{number},2018-03-{number % 28 + 1:02d},{number % 6 + 8:02d}:10:00,X,Laramie County,white,deadbeefhash,vehicular,"
        f"{('citation', 'warning', 'warning')[number % 3]}"
        for number in range(300)
    ]
    rows += ["1,2018-03-01,23:00:00,X,Laramie County,white,deadbeefhash,vehicular,arrest"] * 2
    rows += ["1,2018-03-01,09:00:00,X,Laramie County,white,deadbeefhash,pedestrian,arrest"] * 9
    file = write(tmp_path / "stops.csv", header, rows)
    out = imported(tmp_path, "open_policing", str(file), "--base", "laramie_shift_2026", "--flow", "interstate_car")
    scenario = load(out / "scenario.yaml")
    assert scenario.reported["stops"].value == 302
    assert scenario.reported["stops"].use == "not_a_target"
    outcome = scenario.stop.outcome
    assert (outcome.cited / outcome.warned, outcome.arrested) == (pytest.approx(0.5, rel=0.05), 0)
    by_hour = scenario.traffic.flows["interstate_car"].by_hour
    assert [hour for hour, weight in enumerate(by_hour) if weight] == list(range(8, 14))
    assert_nothing_personal(out, "deadbeef", "white")


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
    found = Aggregates()
    share("y", part, part + more, "", found)
    assert not found.parameters or min(part, more) >= SMALLEST_CELL


def test_days_and_moments_are_read_as_agencies_write_them() -> None:
    assert {str(day_of(text)) for text in ("2025-11-18", "20251118", "11/18/2025", "18-NOV-25", "2025-11-18 07:00:00")} == {
        "2025-11-18"
    }
    assert day_of("soon") is None
    assert str(moment_of("2025-11-18T07:05:00Z")) == str(moment_of("2025-11-18 07:05:00 UTC")) == "2025-11-18 07:05:00"
    assert moment_of("") is None
