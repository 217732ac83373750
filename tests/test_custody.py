"""Stories from custody: the three ways from the roadside, how long each holds the unit, and the ICE vehicles.

Unless a story says otherwise a person is detained at 08:07 in a stop that began at 08:00 and whose task ends at 08:10;
the hand-over takes 10 minutes, the drive to the jail 20, a booking 15, and the drive to ICE's facility an hour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sim.trace import PATHS
from tests.worlds import PersonFate, ShiftPlan, VehicleFate, World, at, in_doubt, shift, small_world

MATCHED = in_doubt(matched=True)


def detaining(vehicles: Sequence[VehicleFate], path: str, *, ice: bool = True, **settings: Any) -> World:
    """Run a world with ICE on the scene and units enough, in which an answer comes for everybody at once."""
    return small_world(vehicles, units=9, ice=ice, settings=_policy(path, settings))


def _policy(path: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    policy: dict[str, Any] = {
        "status_check.asked": "occupants",
        "status_check.channels": ["duty_officer"],
        "status_check.duty_officer.servers": 99,
        "custody.path": path,
        "custody.path_without_ice": "agency_drives",
        "custody.ice_vehicles.count": 1,
        "custody.ice_vehicles.seats": 4,
        "custody.ice_vehicles.wait": "1 h",
    }
    return policy | {f"custody.{key}".replace("__", "."): value for key, value in settings.items()}


def load_of(count: int, when: str, **fate: Any) -> VehicleFate:
    """Return a vehicle with some people who will all be detained, and handed over 20 minutes after it was stopped."""
    return at(when, people=[MATCHED] * count, **fate)


# --- the three ways -------------------------------------------------------------------------------------------------


def test_at_the_county_jail_people_are_booked_one_after_the_other_and_the_unit_drives_back() -> None:
    people = [in_doubt(matched=True, booking="15 min"), in_doubt(matched=True, booking="40 min")]
    world = detaining([at("08:00", people=people, to_jail="20 min")], "local_booking")
    assert world.log("custody_began", "booked", "custody_ended", "unit_free") == [
        "08:10 custody_began",
        "08:45 booked",
        "09:25 booked",
        "09:45 custody_ended",
        "09:45 unit_free",
    ]


def test_an_agency_that_drives_holds_its_unit_there_and_back() -> None:
    world = detaining([load_of(2, "08:00", to_facility="75 min")], "agency_drives")
    assert world.log("custody_began", "at_facility", "custody_ended", "unit_free") == [
        "08:10 custody_began",
        "09:25 at_facility",
        "09:25 at_facility",
        "10:40 custody_ended",
        "10:40 unit_free",
    ]


def test_handing_over_to_ice_on_the_scene_holds_the_unit_for_the_hand_over_only() -> None:
    world = detaining([load_of(2, "08:00", hand_over="12 min")], "ice_vehicles")
    assert world.log("custody_began", "boarded", "custody_ended", "unit_free") == [
        "08:10 custody_began",
        "08:22 boarded",
        "08:22 boarded",
        "08:22 custody_ended",
        "08:22 unit_free",
    ]


def test_a_unit_in_custody_business_stops_nobody() -> None:
    world = small_world([load_of(1, "08:00"), at("09:04"), at("09:05")], settings=_policy("local_booking", {}))
    assert world.order("passed") == [1, 2], "without ICE the agency drives, two hours there and back"
    with_ice = small_world([load_of(1, "08:00"), at("09:04"), at("09:05")], ice=True, settings=_policy("local_booking", {}))
    assert with_ice.order("stop_began") == [0, 2]


def test_nobody_is_taken_anywhere_when_nobody_is_detained() -> None:
    world = detaining([at("08:00", people=[in_doubt()])], "local_booking")
    assert world.story(0)[-2:] == ["stop_ended", "unit_free"]


def test_only_those_detained_are_taken_along() -> None:
    world = detaining([at("08:00", people=[MATCHED, in_doubt(), MATCHED])], "local_booking")
    assert [seat for seat in range(3) if "booked" in world.story(0, seat)] == [0, 2]


# --- with and without ICE -------------------------------------------------------------------------------------------


def path_taken(world: World) -> list[str]:
    return [PATHS[detail] for detail in world.details("custody_began")]


def test_without_ice_the_other_way_is_taken() -> None:
    assert path_taken(detaining([load_of(1, "08:00")], "ice_vehicles", ice=True)) == ["ice_vehicles"]
    assert path_taken(detaining([load_of(1, "08:00")], "ice_vehicles", ice=False)) == ["agency_drives"]


def test_the_way_is_that_of_the_moment_at_which_the_stop_began() -> None:
    world = detaining([load_of(1, "17:55")], "ice_vehicles")
    assert world.time("ice_left") == "18:00"
    assert world.log("custody_began", "boarded") == ["18:05 custody_began", "18:15 boarded"]


def two_shifts(early: ShiftPlan, late: ShiftPlan) -> World:
    vehicles = [load_of(1, "10:00")]
    return small_world(vehicles, shifts={"early": early, "late": late}, settings=_policy("ice_vehicles", {}))


def test_ice_stays_as_long_as_any_shift_with_which_it_came_even_without_agents_who_answer() -> None:
    world = two_shifts(shift("08:00", "1 h", ice_agents=2, ice=True), shift("08:30", "9 h", ice_agents=0, ice=True))
    assert world.times("ice_left") == ["09:00", "17:30"]
    assert path_taken(world) == ["ice_vehicles"]


def test_ice_is_gone_when_the_last_shift_with_which_it_came_is_over() -> None:
    world = two_shifts(shift("08:00", "1 h", ice_agents=2, ice=True), shift("08:30", "9 h", ice_agents=2, ice=False))
    assert path_taken(world) == ["agency_drives"]


# --- ICE vehicles ---------------------------------------------------------------------------------------------------


def test_an_ice_vehicle_leaves_when_it_is_full() -> None:
    world = detaining([load_of(3, "08:00"), load_of(1, "08:05")], "ice_vehicles")
    assert world.times("boarded") == ["08:20", "08:20", "08:20", "08:25"]
    assert world.time("ice_vehicle_left") == "08:25"
    assert world.details("ice_vehicle_left") == [4]


def test_an_ice_vehicle_leaves_with_whom_it_has_when_the_first_on_board_has_waited_long_enough() -> None:
    world = detaining([load_of(1, "08:00"), load_of(1, "08:30")], "ice_vehicles")
    assert world.times("boarded") == ["08:20", "08:50"]
    assert world.time("ice_vehicle_left") == "09:20"
    assert world.details("ice_vehicle_left") == [2]


def test_a_person_handed_over_at_the_very_instant_at_which_the_vehicle_leaves_is_on_board() -> None:
    world = detaining([load_of(1, "08:00"), load_of(1, "09:00")], "ice_vehicles")
    assert world.times("boarded") == ["08:20", "09:20"]
    assert world.details("ice_vehicle_left") == [2]


def test_people_reach_the_facility_when_their_vehicle_does_and_it_comes_back_after_as_long() -> None:
    world = detaining([load_of(4, "08:00", to_facility="90 min")], "ice_vehicles")
    assert world.times("at_facility") == ["09:50"] * 4
    assert world.time("ice_vehicle_back") == "11:20"


def test_the_drive_is_that_drawn_for_the_first_on_board() -> None:
    world = detaining([load_of(1, "08:00", to_facility="1 h"), load_of(3, "08:05", to_facility="3 h")], "ice_vehicles")
    assert world.times("at_facility") == ["09:25"] * 4


def test_people_wait_for_a_vehicle_that_is_away_and_board_when_it_is_back() -> None:
    world = detaining([load_of(4, "08:00"), load_of(1, "08:05")], "ice_vehicles", ice_vehicles__wait="30 min")
    assert world.times("ice_vehicle_back")[0] == "10:20"
    assert world.log("boarded", vehicle=1) == ["10:20 boarded"]
    assert world.times("ice_vehicle_left") == ["08:20", "10:50"]


def test_those_for_whom_there_is_no_place_board_the_next_vehicle() -> None:
    world = detaining([load_of(3, "08:00"), load_of(3, "08:05")], "ice_vehicles", ice_vehicles__count=2)
    assert world.who_served("boarded") == [0, 0, 0, 0, 1, 1]
    assert world.times("ice_vehicle_left") == ["08:25", "09:25"]
    assert world.details("ice_vehicle_left") == [4, 2]


def test_vehicles_load_one_after_the_other() -> None:
    world = detaining([load_of(1, "08:00"), load_of(1, "08:05")], "ice_vehicles", ice_vehicles__count=2)
    assert world.who_served("boarded") == [0, 0]


def test_a_vehicle_without_patience_leaves_with_those_who_board_at_the_same_instant() -> None:
    world = detaining([load_of(2, "08:00"), load_of(1, "08:05")], "ice_vehicles", ice_vehicles__wait="0 min")
    assert world.log("boarded", "ice_vehicle_left")[:3] == ["08:20 boarded", "08:20 boarded", "08:20 ice_vehicle_left"]
    assert world.details("ice_vehicle_left") == [2, 1]


def test_more_people_than_seats_fill_a_vehicle_and_the_rest_wait_for_it_to_come_back() -> None:
    people: list[PersonFate] = [MATCHED] * 5
    world = detaining([at("08:00", people=people)], "ice_vehicles", ice_vehicles__seats=2)
    assert world.details("ice_vehicle_left") == [2, 2, 1]
    assert world.times("ice_vehicle_left") == ["08:20", "10:20", "13:20"]


def test_ice_vehicles_carry_everybody_away_though_the_shift_is_long_over() -> None:
    world = detaining([load_of(5, "17:50")], "ice_vehicles")
    assert len(world.times("at_facility")) == 5
