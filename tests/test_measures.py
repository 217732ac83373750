"""Measures: the registry, and each of them on traces written by hand."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

from sim.arrivals import end_of_watch
from sim.experiment.replications import run
from sim.fields import CHANNELS
from sim.loading import load, shipped
from sim.measures import MEASURES, PART_OF
from sim.measures.events import Events
from sim.measures.operation import measures_of
from sim.measures.registry import GROUPS, Registry, by_group
from sim.measures.roadside import ROADSIDE
from sim.measures.tally import Sum
from sim.scenario import LICENCES, STANDINGS, Scenario
from sim.trace import NOBODY, Kind, Trace, who
from sim.units import DAY, HOUR, parse_time
from tests.worlds import at, in_doubt, plain_scenario, shift, small_world

# --- the registry ---------------------------------------------------------------------------------------------------

UNITS = {"vehicles", "stops", "inspections", "drivers", "citations", "people", "hours", "minutes", "answers", "share"}
UNITS |= {"beds", "bed-days", "trips", "USD", "reports"}
A_SCENARIO = plain_scenario({"day": shift()}, flows=1, settings={})


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_has_a_name_a_unit_a_group_and_a_definition(name: str) -> None:
    one = MEASURES[name]
    assert one.name == name
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert one.unit in UNITS
    assert one.group in GROUPS
    assert re.fullmatch(r"[A-Z].{15,}\.", one.definition)


def test_every_group_has_measures() -> None:
    assert [group for group, _ in by_group(MEASURES)] == list(GROUPS)
    assert sum(len(members) for _, members in by_group(MEASURES)) == len(MEASURES)


def test_a_second_measure_of_the_same_name_is_refused() -> None:
    registry = Registry()
    registry.measure("stops", "stops", "officers")(lambda events: 0.0)
    with pytest.raises(ValueError, match="two measures are called stops"):
        registry.measure("stops", "stops", "officers")(lambda events: 0.0)


def test_a_measure_of_an_unknown_group_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no group 'harvest'"):
        Registry().measure("stops", "stops", "harvest")(lambda events: 0.0)


def test_parts_and_wholes_are_measures_and_no_whole_is_part_of_its_part() -> None:
    assert {name for pair in PART_OF for name in pair} <= set(MEASURES)
    above: dict[str, set[str]] = {name: {whole for part, whole in PART_OF if part == name} for name in MEASURES}
    for _ in MEASURES:
        above = {name: wholes.union(*(above[whole] for whole in wholes)) for name, wholes in above.items()}
    assert not [name for name, wholes in above.items() if name in wholes]


# --- one day, written by hand ---------------------------------------------------------------------------------------

CITIZEN = who(STANDINGS.index("citizen"), LICENCES.index("in_state"))
NO_STATUS = who(STANDINGS.index("no_status"), LICENCES.index("none"))
ORDERED_OUT = who(STANDINGS.index("final_order"), LICENCES.index("out_of_state"))
ICE_ON_SCENE, DUTY_OFFICER = CHANNELS.index("ice_on_scene"), CHANNELS.index("duty_officer")

Written = tuple[str, Kind, dict[str, int]]


def written(*rows: Written) -> Trace:
    """Return a trace from a time of day, what happened, and what else stands in the row."""
    return Trace.of(
        [
            (
                _milliseconds(time),
                kind,
                0 if "vehicle" in rest else NOBODY,
                rest.get("vehicle", NOBODY),
                rest.get("seat", NOBODY),
                rest.get("unit", NOBODY),
                rest.get("detail", 0),
            )
            for time, kind, rest in rows
        ]
    )


def _milliseconds(text: str) -> int:
    day, _, time = text.rpartition(" ")
    moment = parse_time(time)
    return (int(day or 1) - 1) * DAY + (moment.hour * 60 + moment.minute) * 60_000


#: 0: a truck with a driver let go and a passenger detained; 1 passes; 2 diverts; 3: a driver let go at the limit; 4: a
#: driver arrested for a crime; 5: four people referred, of whom two are detained and driven to ICE's facility.
A_DAY = written(
    ("08:00", Kind.UNIT_ON_DUTY, {"unit": 0}),
    ("08:00", Kind.UNIT_ON_DUTY, {"unit": 1}),
    ("08:00", Kind.INSPECTOR_ON_DUTY, {"unit": 0}),
    ("08:00", Kind.ICE_ARRIVED, {"detail": 1}),
    ("08:00", Kind.SEEN, {"vehicle": 0, "detail": 2}),
    ("08:00", Kind.STOP_BEGAN, {"vehicle": 0, "unit": 0}),
    ("08:04", Kind.ASKED, {"vehicle": 0, "unit": 0, "seat": 0, "detail": CITIZEN}),
    ("08:04", Kind.REFERRED, {"vehicle": 0, "unit": 0, "seat": 0, "detail": CITIZEN}),
    ("08:04", Kind.ASKED, {"vehicle": 0, "unit": 0, "seat": 1, "detail": NO_STATUS}),
    ("08:04", Kind.REFERRED, {"vehicle": 0, "unit": 0, "seat": 1, "detail": NO_STATUS}),
    ("08:04", Kind.QUESTION_PUT, {"vehicle": 0, "unit": 0, "detail": ICE_ON_SCENE}),
    ("08:05", Kind.SEEN, {"vehicle": 1, "detail": 1}),
    ("08:05", Kind.PASSED, {"vehicle": 1}),
    ("08:06", Kind.DIVERTED, {"vehicle": 2}),
    ("08:10", Kind.WARNED, {"vehicle": 0}),
    ("08:10", Kind.INSPECTION_BEGAN, {"vehicle": 0, "unit": 0}),
    ("08:30", Kind.ANSWERED, {"vehicle": 0, "unit": 0, "detail": ICE_ON_SCENE}),
    ("08:30", Kind.NO_MATCH, {"vehicle": 0, "unit": 0, "seat": 0, "detail": CITIZEN}),
    ("08:40", Kind.INSPECTION_ENDED, {"vehicle": 0, "unit": 0}),
    ("08:40", Kind.VEHICLE_OUT_OF_SERVICE, {"vehicle": 0}),
    ("08:40", Kind.DRIVER_OUT_OF_SERVICE, {"vehicle": 0}),
    ("08:40", Kind.TASK_ENDED, {"vehicle": 0, "unit": 0}),
    ("08:50", Kind.ANSWERED, {"vehicle": 0, "unit": 0, "detail": DUTY_OFFICER}),
    ("08:50", Kind.DETAINED, {"vehicle": 0, "unit": 0, "seat": 1, "detail": NO_STATUS}),
    ("08:50", Kind.STOP_ENDED, {"vehicle": 0, "unit": 0}),
    ("08:50", Kind.CUSTODY_BEGAN, {"vehicle": 0, "unit": 0, "detail": 1}),
    ("09:20", Kind.BOOKED, {"vehicle": 0, "seat": 1, "detail": NO_STATUS}),
    ("09:50", Kind.CUSTODY_ENDED, {"vehicle": 0, "unit": 0, "detail": 1}),
    ("09:50", Kind.UNIT_FREE, {"vehicle": 0, "unit": 0}),
    ("10:10", Kind.SEEN, {"vehicle": 3, "detail": 1}),
    ("10:10", Kind.STOP_BEGAN, {"vehicle": 3, "unit": 1}),
    ("10:15", Kind.ASKED, {"vehicle": 3, "unit": 1, "seat": 0, "detail": ORDERED_OUT}),
    ("10:15", Kind.REFERRED, {"vehicle": 3, "unit": 1, "seat": 0, "detail": ORDERED_OUT}),
    ("10:20", Kind.CITED, {"vehicle": 3}),
    ("10:20", Kind.TASK_ENDED, {"vehicle": 3, "unit": 1}),
    ("10:25", Kind.PAST_LIMIT, {"vehicle": 3, "unit": 1, "seat": 0, "detail": ORDERED_OUT}),
    ("10:25", Kind.STOP_ENDED, {"vehicle": 3, "unit": 1}),
    ("10:25", Kind.UNIT_FREE, {"vehicle": 3, "unit": 1}),
    ("12:00", Kind.SEEN, {"vehicle": 5, "detail": 4}),
    ("12:00", Kind.STOP_BEGAN, {"vehicle": 5, "unit": 1}),
    *(("12:05", Kind.ASKED, {"vehicle": 5, "unit": 1, "seat": seat, "detail": ORDERED_OUT}) for seat in range(4)),
    *(("12:05", Kind.REFERRED, {"vehicle": 5, "unit": 1, "seat": seat, "detail": ORDERED_OUT}) for seat in range(4)),
    ("12:10", Kind.CITED, {"vehicle": 5}),
    ("12:10", Kind.TASK_ENDED, {"vehicle": 5, "unit": 1}),
    ("12:10", Kind.NO_ANSWER, {"vehicle": 5, "unit": 1, "seat": 0, "detail": ORDERED_OUT}),
    ("12:10", Kind.DECLINED, {"vehicle": 5, "unit": 1, "seat": 1, "detail": ORDERED_OUT}),
    ("12:10", Kind.DETAINED, {"vehicle": 5, "unit": 1, "seat": 2, "detail": ORDERED_OUT}),
    ("12:10", Kind.DETAINED, {"vehicle": 5, "unit": 1, "seat": 3, "detail": CITIZEN}),
    ("12:10", Kind.STOP_ENDED, {"vehicle": 5, "unit": 1}),
    ("12:10", Kind.CUSTODY_BEGAN, {"vehicle": 5, "unit": 1, "detail": 2}),
    ("13:10", Kind.AT_FACILITY, {"vehicle": 5, "seat": 2, "detail": ORDERED_OUT}),
    ("13:10", Kind.AT_FACILITY, {"vehicle": 5, "seat": 3, "detail": CITIZEN}),
    ("14:10", Kind.CUSTODY_ENDED, {"vehicle": 5, "unit": 1, "detail": 2}),
    ("14:10", Kind.UNIT_FREE, {"vehicle": 5, "unit": 1}),
    ("17:50", Kind.SEEN, {"vehicle": 4, "detail": 1}),
    ("17:50", Kind.STOP_BEGAN, {"vehicle": 4, "unit": 0}),
    ("17:52", Kind.ASKED, {"vehicle": 4, "unit": 0, "seat": 0, "detail": CITIZEN}),
    ("17:52", Kind.NOT_IDENTIFIED, {"vehicle": 4, "unit": 0, "seat": 0, "detail": CITIZEN}),
    ("18:00", Kind.ARRESTED, {"vehicle": 4}),
    ("18:00", Kind.NOT_INSPECTED, {"vehicle": 4}),
    ("18:00", Kind.TASK_ENDED, {"vehicle": 4, "unit": 0}),
    ("18:00", Kind.STOP_ENDED, {"vehicle": 4, "unit": 0}),
    ("18:00", Kind.ARREST_BEGAN, {"vehicle": 4, "unit": 0}),
    ("18:00", Kind.UNIT_OFF_DUTY, {"unit": 0}),
    ("18:00", Kind.UNIT_OFF_DUTY, {"unit": 1}),
    ("18:00", Kind.INSPECTOR_OFF_DUTY, {"unit": 0}),
    ("18:00", Kind.ICE_LEFT, {"detail": 1}),
    ("19:00", Kind.ARREST_ENDED, {"vehicle": 4, "unit": 0}),
    ("19:00", Kind.UNIT_FREE, {"vehicle": 4, "unit": 0}),
)

BUSY_MINUTES = 110 + 15 + 130 + 70

EXPECTED = {
    "vehicles_seen": 5,
    "stops": 4,
    "vehicles_passed_unstopped": 1,
    "vehicles_diverted": 1,
    "inspections": 1,
    "inspections_not_made": 1,
    "vehicles_out_of_service": 1,
    "drivers_out_of_service": 1,
    "citations": 2,
    "criminal_arrests": 1,
    "people_asked": 8,
    "referrals": 7,
    "detained": 3,
    "vehicles_with_detained": 2,
    "detained_without_licence": 1,
    "detained_out_of_state_licence": 1,
    "referred_then_released": 4,
    "held_then_released_hours": (46 + 10 + 5 + 5) / 60,
    "citizens_referred": 1,
    "citizens_detained": 1,
    "minutes_beyond_task_mean": (10 + 5 + 0 + 0) / 4,
    "minutes_beyond_task_p95": 5 + 0.85 * (10 - 5),  # of 0, 0, 5 and 10 by linear interpolation between ranks
    "people_past_limit": 1,
    "status_check_wait_mean": (26 + 46 + 10 + 4 * 5) / 7,
    "no_answer": 1,
    "answers_from_ice_on_scene": 1,
    "officer_hours": 2 * 10 + 1,
    "officer_overtime_hours": 1,
    "officer_utilisation": BUSY_MINUTES / (21 * 60),
    "officer_hours_on_custody": 1 + 2,
    "stop_cycle_minutes_mean": BUSY_MINUTES / 4,
}


def test_every_measure_is_in_the_day_written_by_hand() -> None:
    assert set(EXPECTED) == set(ROADSIDE)


@pytest.mark.parametrize("name", ROADSIDE)
def test_a_measure_is_what_can_be_counted_by_hand(name: str) -> None:
    assert MEASURES[name].function(Events.of(A_DAY, A_SCENARIO)) == pytest.approx(EXPECTED[name], rel=1e-12)


MEANS = {
    "minutes_beyond_task_mean",
    "minutes_beyond_task_p95",
    "status_check_wait_mean",
    "officer_utilisation",
    "stop_cycle_minutes_mean",
}


@pytest.mark.parametrize("name", ROADSIDE)
def test_when_nothing_happens_counts_are_zero_and_means_over_nothing_are_undefined(name: str) -> None:
    value = MEASURES[name].function(Events.of(Trace.of([]), A_SCENARIO))
    assert math.isnan(value) if name in MEANS else value == 0


# --- overtime and duty ----------------------------------------------------------------------------------------------


def of(trace: Trace, name: str) -> float:
    return float(MEASURES[name].function(Events.of(trace, A_SCENARIO)))


def duty(begins: str, ends: str, unit: int = 0) -> tuple[Written, Written]:
    return (begins, Kind.UNIT_ON_DUTY, {"unit": unit}), (ends, Kind.UNIT_OFF_DUTY, {"unit": unit})


def busy(begins: str, ends: str, vehicle: int = 0, unit: int = 0) -> tuple[Written, Written]:
    return (
        (begins, Kind.STOP_BEGAN, {"vehicle": vehicle, "unit": unit}),
        (ends, Kind.UNIT_FREE, {"vehicle": vehicle, "unit": unit}),
    )


def in_order(*pairs: tuple[Written, Written]) -> Trace:
    return written(*sorted((row for pair in pairs for row in pair), key=lambda row: _milliseconds(row[0])))


def test_a_unit_within_its_shift_works_no_overtime() -> None:
    trace = in_order(duty("08:00", "18:00"), busy("09:00", "18:00"))
    assert of(trace, "officer_overtime_hours") == 0
    assert of(trace, "officer_hours") == 10
    assert of(trace, "officer_utilisation") == pytest.approx(0.9)


def test_overtime_is_counted_from_the_end_of_the_shift() -> None:
    trace = in_order(duty("08:00", "18:00"), busy("17:00", "20:30"))
    assert of(trace, "officer_overtime_hours") == 2.5
    assert of(trace, "officer_hours") == 12.5


def test_a_unit_busy_into_its_next_shift_works_overtime_only_between_the_two() -> None:
    trace = in_order(duty("08:00", "18:00"), busy("17:00", "2 09:00"), duty("2 08:00", "2 18:00"))
    assert of(trace, "officer_overtime_hours") == 14
    assert of(trace, "officer_hours") == 10 + 14 + 10


def test_a_unit_busy_across_a_whole_shift_works_overtime_before_and_after_it() -> None:
    trace = in_order(duty("08:00", "10:00"), busy("09:00", "20:00"), duty("12:00", "14:00"))
    assert of(trace, "officer_overtime_hours") == 2 + 6
    assert of(trace, "officer_utilisation") == pytest.approx(11 / (4 + 8))


def test_a_unit_whose_shift_begins_as_its_last_one_ends_works_no_overtime() -> None:
    trace = in_order(duty("08:00", "2 08:00"), duty("2 08:00", "3 08:00"), busy("2 07:00", "2 09:00"))
    assert of(trace, "officer_overtime_hours") == 0
    assert of(trace, "officer_hours") == 48


def test_a_stop_that_begins_with_the_second_shift_is_not_counted_to_the_first() -> None:
    trace = in_order(duty("08:00", "10:00"), duty("12:00", "14:00"), busy("12:00", "15:00"))
    assert of(trace, "officer_overtime_hours") == 1


def test_the_overtime_of_units_adds_up() -> None:
    trace = in_order(
        duty("08:00", "18:00", 0), duty("08:00", "18:00", 1), busy("17:00", "19:00", 0, 0), busy("17:30", "18:30", 1, 1)
    )
    assert of(trace, "officer_overtime_hours") == 1.5


def test_replications_side_by_side_have_the_measures_of_each_alone() -> None:
    """Fails if a measure adds up over replications, or takes the tallies of another one."""
    alone = [Events.of(trace, A_SCENARIO) for trace in (A_DAY, written())]
    together = Events(A_SCENARIO, *(np.stack([getattr(one, name) for one in alone]) for name in ("kinds", "sums", "lengths")))
    np.testing.assert_array_equal(measures_of(together), [measures_of(one) for one in alone])


# --- people held and let go -----------------------------------------------------------------------------------------


def test_people_let_go_were_held_from_referral_to_the_end_of_the_stop_and_not_to_the_answer() -> None:
    people = [in_doubt(reply="8 min"), in_doubt(reply="28 min", matched=True)]
    world = small_world(
        [at("08:00", people=people)],
        settings={"status_check.asked": "occupants", "status_check.channels": ["support_centre"]},
    )
    assert world.time("stop_ended") == "08:30"
    assert world.measure("held_then_released_hours") == pytest.approx(28 / 60)
    assert world.measure("status_check_wait_mean") == (8 + 28) / 2


def test_flows_with_the_same_vehicle_numbers_are_not_mixed_up() -> None:
    slow, quick = (
        at("08:00", flow=0, people=[in_doubt(reply="58 min")]),
        at("08:00", flow=1, people=[in_doubt(reply="1 min")]),
    )
    world = small_world(
        [slow, quick], units=2, settings={"status_check.asked": "drivers", "status_check.channels": ["support_centre"]}
    )
    assert world.measure("status_check_wait_mean") == (58 + 1) / 2
    assert world.measure("minutes_beyond_task_mean") == (50 + 0) / 2
    assert world.measure("held_then_released_hours") == pytest.approx((58 + 8) / 60)


def test_a_world_without_stops_has_no_utilisation_but_hours() -> None:
    world = small_world([], shifts={"day": shift(units=3)})
    assert world.measure("officer_hours") == 30
    assert world.measure("officer_utilisation") == 0
    assert math.isnan(world.measure("stop_cycle_minutes_mean"))


# --- comparisons ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", shipped(), ids=lambda file: str(file.stem))
def test_a_scenario_equal_to_its_base_differs_in_no_measure_of_any_replication(file: Path) -> None:
    base = load(file)
    written_again = ["title=The same under another title"]
    if isinstance(base, Scenario):
        written_again.append(f"status_check.threshold={base.status_check.threshold}")
    same = load(file, written_again)
    replications = 2 if isinstance(base, Scenario) else 1  # one of a programme takes seconds
    one, other = (run(scenario, replications=replications, seed=5) for scenario in (base, same))
    np.testing.assert_array_equal(one.values, other.values)
    assert one.digest == other.digest


def test_a_scenario_that_is_not_equal_to_its_base_differs() -> None:
    base, other = load("wyoming_safe_haul_2025"), load("wyoming_safe_haul_2025", ["status_check.threshold=0.9"])
    one, two = (run(scenario, replications=3, seed=5) for scenario in (base, other))
    assert (one.column("referrals") > two.column("referrals")).all()
    np.testing.assert_array_equal(one.column("vehicles_diverted"), two.column("vehicles_diverted"))


@pytest.mark.parametrize(("time", "counted"), [(-1, 0), (0, 1), (end_of_watch(A_SCENARIO), 1), (end_of_watch(A_SCENARIO) + 1, 0)])
def test_a_hold_counts_from_the_first_midnight_to_the_end_of_the_watch_both_included(time: int, counted: int) -> None:
    rows = [(time, Kind.HOLD_BEGAN, 0, 0, 0, 0, CITIZEN), (time, Kind.TRANSFERRED, 0, 0, 0, -1, CITIZEN)]
    assert Events.of(Trace.of(rows), A_SCENARIO).sum(Sum.HELD_CITIZENS) == counted


def test_the_change_in_crime_reports_is_the_assumed_share_of_what_was_reported_over_the_watch() -> None:
    settings = {"community.crimes_reported": "3 per h", "community.crime_reporting": 0.75}
    scenario = plain_scenario({"day": shift()}, flows=1, settings=settings)
    expected = 3 * end_of_watch(scenario) / HOUR * -0.25
    assert MEASURES["crime_reports_change"].function(Events.of(A_DAY, scenario)) == pytest.approx(expected, rel=1e-12)
