"""The timeline of a replication: every stop is one bar in one lane, and nobody is in two places."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.cli import app
from sim.experiment.replications import replicate
from sim.report import lanes
from sim.report.lanes import ACTIVITIES, COLUMNS, as_text, days_of, lanes_of, page_of, span_of
from sim.report.page import Facts
from sim.reported import load
from sim.trace import Kind, Trace
from sim.units import DAY, HOUR
from tests.test_report import Page

SCENARIO = "wyoming_safe_haul_2025"
MINUTE = HOUR // 60
FACTS = Facts("stopflow replay wyoming_safe_haul_2025", {})


@pytest.fixture(scope="module")
def scenario():
    return load(SCENARIO)


@pytest.fixture(scope="module")
def trace(scenario) -> Trace:
    return replicate(scenario, 7, 0)


def small(*rows: tuple[int, Kind, int, int]) -> Trace:
    """Return a trace of rows (minute, kind, vehicle, unit) of the first flow, from four in the morning on."""
    return Trace.of([(4 * HOUR + minute * MINUTE, kind, 0, vehicle, -1, unit, 0) for minute, kind, vehicle, unit in rows])


def test_every_stop_inspection_question_and_drive_is_one_bar(scenario, trace: Trace) -> None:
    bars = [bar for lane in lanes_of(scenario, trace) for bar in lane.bars]
    counts = {activity: sum(bar.activity == activity for bar in bars) for activity in ACTIVITIES}
    assert counts == {
        "stop": trace.count(Kind.STOP_BEGAN),
        "inspection": trace.count(Kind.INSPECTION_BEGAN),
        "check": trace.count(Kind.QUESTION_PUT),
        "custody": trace.count(Kind.CUSTODY_BEGAN),
        "arrest": trace.count(Kind.ARREST_BEGAN),
        "drive": trace.count(Kind.ICE_VEHICLE_LEFT),
        "passed": trace.count(Kind.PASSED),
        "detained": trace.count(Kind.DETAINED),
        "let_go": trace.count(Kind.REFERRED) - trace.count(Kind.DETAINED),
    }
    assert counts["stop"] > 100


@pytest.mark.parametrize("who", ["unit", "inspector", "ICE vehicle"])
def test_no_two_bars_of_a_lane_overlap(scenario, trace: Trace, who: str) -> None:
    found = [lane for lane in lanes_of(scenario, trace) if lane.name.startswith(who)]
    assert found
    for lane in found:
        bars = sorted(lane.bars, key=lambda bar: (bar.begin, bar.end))
        assert all(bar.begin <= bar.end for bar in bars)
        assert all(first.end <= second.begin for first, second in pairwise(bars)), lane.name


def test_yield_stands_beside_burden_at_the_top(scenario, trace: Trace) -> None:
    assert [lane.name for lane in lanes_of(scenario, trace)[:4]] == [
        "detained",
        "referred and let go",
        "passed unstopped",
        "unit 0",
    ]


def test_a_stop_of_ten_minutes_is_a_bar_of_ten_minutes_on_its_unit(scenario) -> None:
    story = small(
        (0, Kind.UNIT_ON_DUTY, -1, 3), (5, Kind.STOP_BEGAN, 8, 3), (15, Kind.STOP_ENDED, 8, 3), (60, Kind.UNIT_OFF_DUTY, -1, 3)
    )  # fmt: skip
    (lane,) = lanes_of(scenario, story)
    (bar,) = lane.bars
    assert (lane.name, bar.activity, (bar.end - bar.begin) // MINUTE) == ("unit 3", "stop", 10)
    assert lane.duty == [(4 * HOUR, 5 * HOUR)]
    assert bar.words == f"{scenario.flow_names[0].replace('_', ' ')} 8"
    heading, row, *_ = as_text(scenario, story)
    assert "from 04:00" in heading
    letters = row[21:]
    assert letters.count("S") == pytest.approx(COLUMNS * 10 / 60, abs=2)
    assert letters.replace("S", "") == "·" * (COLUMNS - letters.count("S"))


def test_a_unit_that_never_goes_off_duty_is_on_duty_to_the_end(scenario) -> None:
    (lane,) = lanes_of(scenario, small((0, Kind.UNIT_ON_DUTY, -1, 0), (30, Kind.UNIT_FREE, 2, 0)))
    assert lane.duty == [(4 * HOUR, 4 * HOUR + 30 * MINUTE)]


def test_a_drive_over_midnight_is_shown_on_both_days(scenario) -> None:
    night = Trace.of([
        (23 * HOUR, Kind.ICE_VEHICLE_LEFT, -1, -1, -1, 0, 2), (DAY + HOUR, Kind.ICE_VEHICLE_BACK, -1, -1, -1, 0, 0)
    ])  # fmt: skip
    found = lanes_of(scenario, night)
    assert days_of(found) == [0, 1]
    assert span_of(found, 0) == (23 * HOUR, DAY)
    assert span_of(found, 1) == (DAY, DAY + HOUR)


def test_the_timeline_fits_a_terminal_of_120_columns_and_explains_its_letters(scenario, trace: Trace) -> None:
    rows = list(as_text(scenario, trace))
    assert max(map(len, rows)) <= 120
    letters = {letter for row in rows if row[:1] == " " and ":" not in row for letter in row[21:]}
    assert letters <= {letter for _, letter, _ in ACTIVITIES.values()} | {"·", " "}
    assert all(word in rows[-2] + rows[-1] for word, _, _ in ACTIVITIES.values())


def test_a_long_operation_says_what_it_leaves_out() -> None:
    long = load(SCENARIO, ["operation.shifts.detail.last=2025-11-28"])
    rows = list(as_text(long, replicate(long, 7, 0)))
    assert sum(", from 0" in row for row in rows) == lanes.MOST_DAYS
    assert rows[-1].startswith("The first 7 of ")


def test_the_page_is_the_same_each_time_needs_nothing_and_escapes_what_strangers_wrote(trace: Trace) -> None:
    hostile = load(SCENARIO, ["title='<script>alert(1)</script>'"])
    text = page_of(hostile, trace, 0, 7, FACTS)
    assert page_of(hostile, trace, 0, 7, FACTS) == text
    page = Page(text)
    assert not {"script", "img", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert len(page.having("svg")) == 3
    assert len(text.encode()) < 2_000_000
    assert len(page.ids) == len(set(page.ids))
    assert "10 min" in text or " min: " in text


def test_the_command_shows_lanes_and_writes_the_page(tmp_path: Path) -> None:
    runner, path = CliRunner(), tmp_path / "t.html"
    shown = runner.invoke(app(), ["replay", SCENARIO, "--timeline", "--html", str(path)])
    assert (shown.exit_code, path.is_file()) == (0, True)
    assert "unit 0" in shown.output
    assert runner.invoke(app(), ["replay", SCENARIO, "--html", str(path)]).exit_code != 0
    programme = runner.invoke(app(), ["replay", "national_arrests", "--timeline"])
    assert "a programme has no units" in str(programme.exception)
