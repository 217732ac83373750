"""Every layout that was published is read alike, and nothing comes out that is somebody's own or could be worked back."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.cli import app
from sim.importing.adapters import KINDS
from sim.importing.aggregates import coarse
from sim.importing.reading import SMALLEST_CELL
from sim.loading import load
from tests import import_files as files

ROOT = Path(__file__).resolve().parents[1]


def imported(kind: str, file: Path, *arguments: str) -> Path:
    """Import a file; nothing private in it is shown or written."""
    out = file.parent / f"of {file.stem}"
    done = CliRunner().invoke(app(), ["import", kind, str(file), *arguments, "--out", str(out)])
    assert done.exit_code == 0, f"{done.output}{done.exception}"
    assert files.PRIVATE not in done.output
    assert files.PRIVATE in file.read_text(encoding="utf-8")
    for path in out.rglob("*"):
        assert not path.is_file() or files.PRIVATE.encode() not in path.read_bytes(), path.name
    return out


def what_is_said(out: Path) -> tuple[str, str]:
    return (out / "scenario.yaml").read_text(encoding="utf-8"), (out / "aggregates.csv").read_text(encoding="utf-8")


def record(out: Path) -> dict[str, object]:
    return dict(json.loads((out / "manifest.json").read_text(encoding="utf-8")))


# --- detention stints -----------------------------------------------------------------------------------------------


def test_stints_say_the_same_in_every_layout_they_were_published_in(tmp_path: Path) -> None:
    outs = [
        imported("detention_stints", files.stints_file(tmp_path / f"{name}.csv", name), "--place", "LARAM")
        for name in files.STINT_LAYOUTS
    ]
    assert len({what_is_said(out) for out in outs}) == 1
    assert len({str(record(out)["read"]["layout"]) for out in outs}) == len(files.STINT_LAYOUTS)  # type: ignore[index]


def test_stints_become_durations_that_are_nobodys_own(tmp_path: Path) -> None:
    out = imported("detention_stints", files.stints_file(tmp_path / "stints.csv", "2026"), "--place", "LARAM")
    stay = load(out / "scenario.yaml").jail.overflow.stay
    minutes = [
        (end - begin).total_seconds() / 60 for begin, end, where in files.stints() if end and end > begin and where == "LARAM"
    ]
    assert stay.mean / 60_000 == pytest.approx(sum(minutes) / len(minutes), rel=0.02)
    assert len(stay.table) == len(minutes) // SMALLEST_CELL
    assert sum(round(value / 60_000, 1) in minutes for value in stay.table) < len(stay.table) / 2  # means of five, not stays
    assert set(record(out)["rows_left_out"]) == {  # type: ignore[call-overload]
        "another facility", "ends before it begins, or lasts over two years", "not ended: counted, but without a length",
    }  # fmt: skip


def test_a_stint_that_the_publisher_takes_for_a_duplicate_or_gives_in_whole_days_has_no_length(tmp_path: Path) -> None:
    begin, end = "book_in_date_time", "book_out_date_time"
    rows = [{begin: "2026-01-05 08:00:00", end: "2026-01-06 09:00:00", "likely_duplicate": "TRUE"}] * 20
    rows += [{begin: "2026-01-05", end: "2026-01-06", "likely_duplicate": "FALSE"}] * 10
    rows += [{begin: "2026-01-05 08:00:00", end: "2026-01-06 08:00:00", "likely_duplicate": "NA"}] * 10
    out = imported("detention_stints", files.csv_file(tmp_path / "stints.csv", files.DDP_STINT_2026, rows))
    assert set(load(out / "scenario.yaml").jail.overflow.stay.table) == {24 * 60 * 60_000}
    assert record(out)["rows_left_out"] == {
        "days without hours: counted, but without a length": 10, "likely a duplicate, as the publisher marks it": 20,
    }  # fmt: skip
    with (out / "aggregates.csv").open() as stream:
        assert [row["count"] for row in csv.DictReader(stream)] == ["20"]


# --- inspections ----------------------------------------------------------------------------------------------------


def test_the_inspection_file_becomes_durations_levels_and_shares(tmp_path: Path) -> None:
    file = files.csv_file(tmp_path / "insp.csv", files.VEHICLE_INSPECTION_FILE, files.inspections())
    inspection = load(imported("fmcsa_inspections", file, "--place", "WY") / "scenario.yaml").inspection
    assert inspection.duration.level_1.mean / 60_000 == pytest.approx(45)
    assert inspection.duration.level_3.mean / 60_000 == pytest.approx(20)  # past midnight, from 2400, and no hour that is 9999
    assert inspection.vehicle_out_of_service == pytest.approx(30 / 100)
    assert inspection.driver_out_of_service == pytest.approx(10 / 161, rel=0.01)
    assert inspection.levels.level_6 == 0
    assert inspection.levels.level_1 / inspection.levels.level_3 == pytest.approx(100 / 61, rel=0.02)


def test_an_inspection_file_without_times_says_the_same_of_levels_and_orders(tmp_path: Path) -> None:
    catalogue = files.csv_file(tmp_path / "insp.csv", files.VEHICLE_INSPECTION_FILE, files.inspections())
    sms = files.csv_file(tmp_path / "sms.csv", files.SMS_INPUT_INSPECTION, files.sms_rows())
    outs = [imported("fmcsa_inspections", file, "--place", "WY") for file in (catalogue, sms)]
    with_times, without = (load(out / "scenario.yaml") for out in outs)
    assert without.inspection.duration == load("task_force").inspection.duration
    same = [one.inspection.model_copy(update={"duration": None}) for one in (with_times, without)]
    assert same[0] == same[1]
    assert what_is_said(outs[0])[1] == what_is_said(outs[1])[1]


def test_an_inspection_that_the_fmcsa_marks_as_a_duplicate_is_left_out(tmp_path: Path) -> None:
    rows = [row | {"CI_STATUS_CODE": "D" if row["INSP_LEVEL_ID"] == "3" else "C"} for row in files.inspections()]
    file = files.csv_file(tmp_path / "insp.csv", files.VEHICLE_INSPECTION_FILE, rows)
    levels = load(imported("fmcsa_inspections", file, "--place", "WY") / "scenario.yaml").inspection.levels
    assert (levels.level_1, levels.level_3) == (100, 0)


# --- participants ---------------------------------------------------------------------------------------------------


def participants(path: Path, day: Callable[[date], str]) -> Path:
    rows = [{"STATE": "WYOMING", "SUPPORT TYPE": model, "SIGNED": day(signed)} for signed, model in files.agreements()]
    return files.csv_file(path, files.ICE_SHEET_2025, rows)


def serial(day: date) -> str:
    return str((day - date(1899, 12, 30)).days)


def slipped(day: date) -> str:
    return f"{day.month}/{day.day}{day.year}" if day.month % 2 else f"{day:%m/%d}/20025"


def test_sheets_of_participants_say_the_same_however_days_and_models_are_written(tmp_path: Path) -> None:
    sheets = [
        participants(tmp_path / "spreadsheet.csv", lambda day: f"{day.month}/{day.day}/{day.year}"),
        participants(tmp_path / "program.csv", lambda day: f"{day} 00:00:00"),
        participants(tmp_path / "serial.csv", serial),
        participants(tmp_path / "slips.csv", slipped),
        files.csv_file(
            tmp_path / "archived.csv", files.TRACKING_287G,
            [{"state": "Wyoming", "support": model, "signed": day} for day, model in files.agreements()],
        ),
        files.csv_file(
            tmp_path / "fact_sheet.csv", files.FACT_SHEET,
            [
                {"STATE": "WYOMING**", "TYPE": model.replace("Task Force Model", "TFO").replace("Jail Enforcement Model", "JEO"),
                 "SIGNED": day}
                for day, model in files.agreements()
            ],
        ),
    ]  # fmt: skip
    outs = [imported("participants", sheet, "--place", "wyoming") for sheet in sheets]
    assert len({what_is_said(out) for out in outs}) == 1
    assert not any(record(out)["rows_left_out"] for out in outs)


def test_agreements_of_a_day_are_those_of_the_models_and_agencies_are_counted_in_full(tmp_path: Path) -> None:
    out = imported("participants", participants(tmp_path / "sheet.csv", str))
    reported = load(out / "scenario.yaml").reported
    days = sorted(name.removeprefix("agreements_") for name in reported if name.startswith("agreements_20"))
    assert days
    for day in days:
        kinds = [name for name in reported if name.endswith(f"agreements_{day}") and name != f"agreements_{day}"]
        assert reported[f"agreements_{day}"].value == sum(reported[name].value for name in kinds)
    with (out / "aggregates.csv").open() as stream:
        assert sum(int(row["count"]) for row in csv.DictReader(stream)) == len(files.agreements())


def test_a_list_of_pending_agencies_has_no_day_of_signature_and_is_refused(tmp_path: Path) -> None:
    file = files.csv_file(
        tmp_path / "pending.csv", "STATE,LAW ENFORCEMENT AGENCY,TYPE,COUNTY,SUPPORT TYPE", [{"STATE": "WYOMING"}]
    )
    done = CliRunner().invoke(app(), ["import", "participants", str(file)])
    assert "pending.csv:1: no column 'SIGNED'" in str(done.exception)


# --- stops ----------------------------------------------------------------------------------------------------------


def test_stops_of_both_releases_become_the_same_outcomes_and_hours(tmp_path: Path) -> None:
    wished = ["--base", "laramie_shift_2026", "--flow", "interstate_car", "--place", "Laramie County"]
    others = [row | {"type": "pedestrian"} for row in files.stops()[:9]]
    nameless = [row | {"outcome": "NA"} for row in files.stops()]
    outs = [
        imported("open_policing", files.csv_file(tmp_path / name, header, rows), *wished)
        for name, header, rows in (
            ("2019.csv", files.STOPS_2019, [*files.stops(), *others]),
            ("flags.csv", files.STOPS_2019, nameless),
            ("2017.csv", files.STOPS_2017, files.stops_of_2017()),
        )
    ]
    assert len({what_is_said(out) for out in outs}) == 1
    scenario = load(outs[0] / "scenario.yaml")
    assert scenario.reported["stops"].value == coarse(302)
    assert (scenario.reported["stops"].use, scenario.reported["stops"].qualifier) == ("not_a_target", "approximate")
    outcome = scenario.stop.outcome
    assert (outcome.cited / outcome.warned, outcome.arrested) == (pytest.approx(0.5, rel=0.05), 0)
    by_hour = scenario.traffic.flows["interstate_car"].by_hour
    assert [hour for hour, weight in enumerate(by_hour) if weight] == list(range(8, 14))


def test_a_flag_for_which_the_layout_has_no_column_is_refused(tmp_path: Path) -> None:
    file = files.csv_file(tmp_path / "stops.csv", "raw_row_number,date,type", [{"date": "2018-03-01", "type": "vehicular"}])
    for flag, value in (("--flow", "interstate_car"), ("--place", "Laramie County")):
        done = CliRunner().invoke(app(), ["import", "open_policing", str(file), "--base", "laramie_shift_2026", flag, value])
        assert f"{flag}: {file} has no column for it" in str(done.exception)


# --- small counts ---------------------------------------------------------------------------------------------------


def test_every_count_that_is_written_of_people_is_a_multiple_of_five(tmp_path: Path) -> None:
    """An exact number of rows, weeks or hours would give a small count away by subtraction; with one of them, this fails."""
    file = files.csv_file(tmp_path / "stops.csv", files.STOPS_2019, files.stops())
    out = imported("open_policing", file, "--base", "laramie_shift_2026", "--flow", "interstate_car")
    scenario, told = load(out / "scenario.yaml"), record(out)
    with (out / "aggregates.csv").open() as stream:
        counts = [float(row["count"]) for row in csv.DictReader(stream)]
    counts += [scenario.reported["stops"].value, *scenario.traffic.flows["interstate_car"].by_hour]
    counts += [told["read"]["rows"], *told["rows_left_out"].values()]  # type: ignore[index,attr-defined]
    assert len(counts) > 24
    assert not [count for count in counts if count % SMALLEST_CELL]


def test_no_small_count_follows_from_a_total_and_what_is_written_beside_it() -> None:
    """For every small count there is another that would be written alike; exact counts, or counts to the nearest three, fail."""
    for kept in range(SMALLEST_CELL, 60):
        for small in range(1, SMALLEST_CELL):
            written = coarse(kept), coarse(kept + small)
            alike = {
                other
                for other in range(1, SMALLEST_CELL)
                for beside in range(SMALLEST_CELL, 70)
                if (coarse(beside), coarse(beside + other)) == written
            }
            assert {small} < alike
    for small in range(1, SMALLEST_CELL):
        assert len([other for other in range(1, SMALLEST_CELL) if coarse(other) == coarse(small)]) > 1


def test_the_documents_name_every_layout_with_its_source_and_columns() -> None:
    page = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    for name, kind in KINDS.items():
        assert f"`{name}`" in page
        for layout in kind.layouts:
            assert layout.source == "docs/data.md" or layout.source in page, layout.name
            assert not [column for column in layout.needed.values() if f"`{column}`" not in page], layout.name
