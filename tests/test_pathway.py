"""Stories from the pathway: the stop, the inspection, and who goes first when things happen at the same instant.

The status check and custody have files of their own.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.arrivals import MOST_VEHICLES
from sim.entities import place_of
from sim.measures.tally import MOST_IN_A_VEHICLE
from sim.pathway.places import Order, Slot, priority
from tests.worlds import at, in_doubt, person, shift, small_world

# --- units and traffic ----------------------------------------------------------------------------------------------


def test_a_vehicle_is_stopped_for_as_long_as_its_traffic_task_takes() -> None:
    world = small_world([at("08:05", traffic_task="12 min")])
    assert world.log(vehicle=0) == [
        "08:05 seen",
        "08:05 stop_began",
        "08:17 warned",
        "08:17 task_ended",
        "08:17 stop_ended",
        "08:17 unit_free",
    ]


def test_a_vehicle_passes_when_every_unit_is_busy() -> None:
    world = small_world([at("08:05"), at("08:10")])
    assert world.story(1) == ["seen", "passed"]


def test_a_second_unit_stops_what_the_first_has_no_time_for() -> None:
    world = small_world([at("08:05"), at("08:10"), at("08:14")], units=2)
    assert world.order("stop_began") == [0, 1]
    assert world.order("passed") == [2]


def test_a_vehicle_does_not_wait_for_a_unit() -> None:
    world = small_world([at("08:05"), at("08:10")])
    assert world.log(vehicle=1) == ["08:10 seen", "08:10 passed"]


def test_of_the_free_units_the_one_with_the_lowest_number_goes() -> None:
    world = small_world([at("08:00"), at("08:01"), at("08:11"), at("08:12")], units=3)
    assert world.who_served("stop_began") == [0, 1, 0, 1]


def test_a_unit_freed_at_the_very_instant_of_an_arrival_takes_it() -> None:
    world = small_world([at("08:05", traffic_task="10 min"), at("08:15")])
    assert world.order("stop_began") == [0, 1]
    assert world.time("unit_free", 0) == world.time("stop_began", 1) == "08:15"


def test_a_vehicle_a_millisecond_before_the_unit_is_free_passes() -> None:
    world = small_world([at("08:05", traffic_task="600001 ms"), at("08:15")])
    assert world.order("passed") == [1]


def test_vehicles_at_the_same_instant_come_in_the_order_of_their_flows() -> None:
    world = small_world([at("08:05", flow=1), at("08:05", flow=0)])
    assert world.order("seen") == [1, 0]
    assert world.order("stop_began") == [1]


def test_a_vehicle_that_needs_no_time_leaves_its_unit_to_one_at_the_same_instant() -> None:
    world = small_world([at("08:05", traffic_task="0 min"), at("08:05")])
    assert world.order("stop_began") == [0, 1]


def test_a_vehicle_that_diverts_is_not_seen_and_keeps_no_unit_busy() -> None:
    world = small_world([at("08:05", diverts=True), at("08:06")])
    assert world.story(0) == ["diverted"]
    assert world.order("stop_began") == [1]


@pytest.mark.parametrize("outcome", ["warned", "cited"])
def test_the_outcome_is_known_when_the_traffic_task_ends(outcome: str) -> None:
    world = small_world([at("08:05", outcome=outcome, traffic_task="10 min")])
    assert world.time(outcome, 0) == "08:15"


def test_without_units_every_vehicle_passes() -> None:
    world = small_world([at("08:05"), at("09:05")], units=0)
    assert world.order("passed") == [0, 1]


# --- shifts ---------------------------------------------------------------------------------------------------------


def test_a_shift_that_begins_at_the_instant_of_an_arrival_stops_it() -> None:
    world = small_world([at("08:00")])
    assert world.order("stop_began") == [0]


def test_a_shift_that_ends_at_the_instant_of_an_arrival_stops_nobody() -> None:
    world = small_world([at("18:00")])
    assert world.story(0) == ["seen", "passed"]


def test_a_unit_goes_on_past_its_shift_to_finish_and_begins_nothing_more() -> None:
    world = small_world([at("17:55", traffic_task="30 min"), at("18:25")])
    assert world.time("unit_off_duty") == "18:00"
    assert world.time("unit_free", 0) == "18:25"
    assert world.order("passed") == [1]


def test_a_unit_of_the_next_shift_takes_over_at_the_instant_at_which_the_first_ends() -> None:
    shifts = {"early": shift("08:00", "4 h"), "late": shift("12:00", "4 h")}
    world = small_world([at("12:00")], shifts=shifts)
    assert world.who_served("stop_began") == [1]


def test_a_shift_around_the_clock_on_consecutive_days_has_no_gap() -> None:
    world = small_world([at("07:59", day=2), at("08:20", day=2)], shifts={"all_day": shift("08:00", "24 h", ice=[False, False])})
    assert world.order("stop_began") == [0, 1]


def test_a_unit_busy_when_its_next_shift_begins_serves_again_once_it_is_free() -> None:
    around_the_clock = {"all_day": shift("08:00", "24 h", ice=[False, False])}
    world = small_world(
        [at("07:50", day=2, traffic_task="20 min"), at("08:05", day=2), at("08:10", day=2)], shifts=around_the_clock
    )
    assert world.order("passed") == [1]
    assert world.order("stop_began") == [0, 2]


def test_overlapping_shifts_add_their_units() -> None:
    shifts = {"early": shift("08:00", "4 h"), "late": shift("10:00", "4 h", units=2)}
    world = small_world([at("10:30"), at("10:31"), at("10:32"), at("10:33")], shifts=shifts)
    assert world.order("stop_began") == [0, 1, 2]
    assert world.order("passed") == [3]


# --- inspection -----------------------------------------------------------------------------------------------------


def test_an_inspection_follows_the_traffic_task_and_holds_the_unit() -> None:
    truck = at("08:00", selected=True, traffic_task="10 min", inspection="30 min", level="level_2")
    world = small_world([truck, at("08:39"), at("08:40")], inspectors=1)
    assert world.log(vehicle=0)[2:] == [
        "08:10 warned",
        "08:10 inspection_began",
        "08:40 inspection_ended",
        "08:40 task_ended",
        "08:40 stop_ended",
        "08:40 unit_free",
    ]
    assert world.details("inspection_began") == [1]
    assert world.order("passed") == [1]


def test_a_vehicle_that_is_not_selected_is_not_inspected() -> None:
    world = small_world([at("08:00", selected=False)], inspectors=1)
    assert "inspection_began" not in world.story(0)


def test_orders_out_of_service_come_at_the_end_of_the_inspection() -> None:
    truck = at("08:00", selected=True, vehicle_out_of_service=True, driver_out_of_service=True)
    world = small_world([truck], inspectors=1)
    assert world.story(0)[4:7] == ["inspection_ended", "vehicle_out_of_service", "driver_out_of_service"]


def test_a_truck_that_is_not_inspected_is_not_put_out_of_service() -> None:
    truck = at("08:00", selected=True, vehicle_out_of_service=True, driver_out_of_service=True)
    world = small_world([truck], inspectors=0)
    assert world.story(0)[2:] == ["warned", "not_inspected", "task_ended", "stop_ended", "unit_free"]


def test_a_truck_waits_for_an_inspector_and_its_unit_waits_with_it() -> None:
    first, second = at("08:00", selected=True, inspection="20 min"), at("08:01", selected=True, inspection="20 min")
    world = small_world([first, second], units=2, inspectors=1, settings={"inspection.patience": "1 h"})
    assert world.times("inspection_began") == ["08:10", "08:30"]
    assert world.time("unit_free", 1) == "08:50"


def test_a_truck_goes_uninspected_when_its_patience_ends() -> None:
    first, second = at("08:00", selected=True, inspection="20 min"), at("08:01", selected=True)
    world = small_world([first, second], units=2, inspectors=1, settings={"inspection.patience": "15 min"})
    assert world.time("not_inspected", 1) == world.time("unit_free", 1) == "08:26"
    assert world.order("inspection_began") == [0]


def test_an_inspector_freed_at_the_very_instant_at_which_patience_ends_serves() -> None:
    first, second = at("08:00", selected=True, inspection="16 min"), at("08:01", selected=True)
    world = small_world([first, second], units=2, inspectors=1, settings={"inspection.patience": "15 min"})
    assert world.times("inspection_began") == ["08:10", "08:26"]
    assert not world.order("not_inspected")


def test_an_inspector_who_comes_on_duty_at_the_very_instant_at_which_patience_ends_comes_too_late() -> None:
    shifts = {"early": shift("08:00"), "late": shift("08:25", units=0, inspectors=1)}
    world = small_world([at("08:00", selected=True)], shifts=shifts, settings={"inspection.patience": "15 min"})
    assert world.time("not_inspected") == "08:25"


def test_an_inspector_who_comes_on_duty_in_time_takes_the_truck_that_waits() -> None:
    shifts = {"early": shift("08:00"), "late": shift("08:24", units=0, inspectors=1)}
    world = small_world([at("08:00", selected=True)], shifts=shifts, settings={"inspection.patience": "15 min"})
    assert world.time("inspection_began") == "08:24"


def test_with_no_patience_only_a_free_inspector_inspects() -> None:
    trucks = [at("08:00", selected=True), at("08:01", selected=True)]
    world = small_world(trucks, units=2, inspectors=1, settings={"inspection.patience": "0 min"})
    assert world.order("inspection_began") == [0]
    assert world.time("not_inspected", 1) == "08:11"


def test_trucks_are_inspected_in_the_order_in_which_they_began_to_wait() -> None:
    trucks = [
        at("08:00", selected=True, traffic_task="1 min", inspection="20 min"),
        at("08:01", selected=True, traffic_task="9 min", inspection="20 min"),
        at("08:02", selected=True, traffic_task="2 min", inspection="20 min"),
    ]
    world = small_world(trucks, units=3, inspectors=1, settings={"inspection.patience": "1 h"})
    assert world.order("inspection_began") == [0, 2, 1]


def test_a_truck_that_gave_up_does_not_come_up_again() -> None:
    trucks = [
        at("08:00", selected=True, inspection="1 h"),
        at("08:01", selected=True),
        at("08:50", selected=True, inspection="5 min"),
    ]
    world = small_world(trucks, units=3, inspectors=1, settings={"inspection.patience": "20 min"})
    assert world.order("inspection_began") == [0, 2]
    assert world.times("inspection_began") == ["08:10", "09:10"]


def test_an_inspector_goes_on_past_the_shift_only_as_long_as_a_truck_is_waiting() -> None:
    trucks = [
        at("17:30", selected=True, inspection="30 min"),
        at("17:35", selected=True, inspection="30 min"),
        at("17:55", selected=True, traffic_task="50 min"),
    ]
    world = small_world(trucks, units=3, inspectors=1, settings={"inspection.patience": "1 h"})
    assert world.times("inspection_began") == ["17:40", "18:10"]
    assert world.time("not_inspected", 2) == "19:45"


# --- the criminal arrest --------------------------------------------------------------------------------------------


def test_a_criminal_arrest_holds_the_unit_after_the_stop() -> None:
    world = small_world([at("08:00", outcome="arrested", criminal_arrest="90 min"), at("09:39"), at("09:40")])
    assert world.log("stop_ended", "arrest_began", "came_to_jail", "arrest_ended", "unit_free", vehicle=0) == [
        "08:10 stop_ended",
        "08:10 arrest_began",
        "08:30 came_to_jail",
        "09:40 arrest_ended",
        "09:40 unit_free",
    ]
    assert world.order("stop_began") == [0, 2]


def test_a_driver_whom_ice_takes_is_not_driven_to_jail_for_the_crime() -> None:
    world = small_world(
        [at("08:00", outcome="arrested", people=[in_doubt(matched=True)])],
        settings={"status_check.asked": "drivers"},
    )
    assert "arrested" in world.story(0)
    assert "custody_began" in world.story(0)
    assert "arrest_began" not in world.story(0)


def test_a_driver_arrested_for_a_crime_is_driven_to_jail_after_the_passenger_whom_ice_takes() -> None:
    world = small_world(
        [at("08:00", outcome="arrested", criminal_arrest="1 h", people=[person(), in_doubt(matched=True)])],
        settings={"status_check.asked": "occupants"},
    )
    assert world.time("custody_ended") == world.time("arrest_began") == "09:05"
    assert world.time("unit_free") == "10:05"


# --- things at the same instant -------------------------------------------------------------------------------------

#: The last that five bits of a place have room for is 31.
LAST_SLOT = Slot.SCREENING + MOST_IN_A_VEHICLE - 1
Place = tuple[Order, int, int, int]
place = st.tuples(st.sampled_from(Order), st.integers(0, 255), st.integers(0, MOST_VEHICLES), st.integers(0, LAST_SLOT))


@given(place, place)
def test_at_one_instant_order_goes_before_flow_before_number_before_slot(one: Place, other: Place) -> None:
    mine, others = (priority(order, place_of(flow, number), slot) for order, flow, number, slot in (one, other))
    assert (mine < others) == (one < other)
    assert (mine == others) == (one == other)


def test_what_goes_on_about_one_vehicle_has_a_slot_for_each_person_and_no_two_share_one() -> None:
    slots = [
        Slot.STOP,
        Slot.ASKING,
        *(slot + seat for slot in (Slot.PERSON, Slot.SCREENING) for seat in range(MOST_IN_A_VEHICLE)),
    ]
    assert slots == sorted(set(slots))
    assert slots[-1] == LAST_SLOT


def test_limits_come_after_releases_and_before_arrivals() -> None:
    assert Order.RELEASE < Order.LIMIT < Order.CAPACITY < Order.QUEUE < Order.ARRIVAL
