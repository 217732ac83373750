"""Stories from the county jail: desks and beds, who comes to ICE's notice, holds and their clocks, pick-ups.

Worlds begin on Monday, 2 June 2025, so day 5 is a Friday. A booking takes 15 minutes, so whoever comes at 09:00 is in at
09:15; local charges then hold a person for a day, and questioning takes half an hour. No pick-up comes and nobody has an
agreement with ICE unless the story says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from sim.measures import MEASURES
from sim.measures.events import Events
from sim.trace import CLOCKS, LOCAL, Kind, Trace
from sim.units import DAY, HOUR
from tests.worlds import PersonFate, VehicleFate, World, at, in_doubt, person, plain_scenario, shift, small_world

DETAINER, ICE_ARREST = CLOCKS.index("detainer"), CLOCKS.index("ice_arrest")
EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
IN_BY_0915_OUT_ON_FRIDAY_AT_1800 = f"{4 * 24 * 60 + 8 * 60 + 45} min"
Coming = Sequence[tuple[str, PersonFate]]


def wanted(**changes: Any) -> PersonFate:
    """Return a person whom ICE wants and notices by fingerprints, unless ``known_to_ice`` says otherwise."""
    return person(**{"standing": "no_status", "matched": True, "known_to_ice": True, **changes})


def jailed(in_jail: Coming = (), *, agreements: Sequence[str] = (), from_ice: Coming = (), **settings: Any) -> World:
    """Run a world in which everything happens in the jail; ``clock__rule="flat"`` sets ``jail.clock.rule``."""
    jail: dict[str, Any] = {"pickup__seats": 0, "screening__officers": 1, **settings}
    laid = {f"jail.{key}".replace("__", "."): value for key, value in jail.items()}
    return small_world([], in_jail=in_jail, from_ice=from_ice, settings={"agency.agreements": list(agreements), **laid})


# --- desks and beds -------------------------------------------------------------------------------------------------


def test_people_are_booked_in_the_order_in_which_they_come() -> None:
    people = [("09:00", person(booking="40 min")), ("09:05", person(booking="5 min")), ("09:06", person(booking="5 min"))]
    world = jailed(people, desks=1)
    assert world.order("booking_began") == [0, 1, 2]
    assert world.times("booking_began") == ["09:00", "09:40", "09:45"]
    assert world.times("entered_jail") == ["09:40", "09:45", "09:50"]


def test_at_two_desks_two_are_booked_at_the_same_time() -> None:
    world = jailed([("09:00", person()), ("09:05", person()), ("09:06", person())], desks=2)
    assert world.times("booking_began") == ["09:00", "09:05", "09:15"]
    assert world.who_served("booking_began") == [0, 1, 0]


def test_an_officer_waits_with_a_person_at_a_desk_that_is_taken() -> None:
    settings = {"status_check.asked": "drivers", "status_check.channels": ["duty_officer"], "jail.desks": 1}
    world = small_world(
        [at("08:00", people=[in_doubt(matched=True)], to_jail="20 min")],
        in_jail=[("08:25", person(booking="30 min"))],
        settings=settings | {"custody.path_without_ice": "local_booking"},
    )
    assert world.log("came_to_jail", "booking_began", "booked", "unit_free", vehicle=0) == [
        "08:30 came_to_jail",
        "08:55 booking_began",
        "09:10 booked",
        "09:30 unit_free",
    ]


def test_a_person_for_whom_there_is_no_bed_is_booked_and_turned_away() -> None:
    world = jailed([("09:00", person()), ("10:00", wanted())], beds=1)
    assert world.story(1) == ["came_to_jail", "booking_began", "booked", "turned_away"]
    assert world.time("turned_away") == "10:15"
    assert world.measure("turned_away_no_bed") == 1


def test_a_bed_is_free_again_when_somebody_has_left() -> None:
    world = jailed([("09:00", person(local_stay="60 min")), ("10:00", person())], beds=1)
    assert world.time("left_jail", 0) == world.time("entered_jail", 1) == "10:15"


def test_who_is_held_for_ice_keeps_the_bed() -> None:
    world = jailed([("09:00", wanted(local_stay="60 min")), ("10:00", person())], beds=1)
    assert world.order("turned_away") == [1]


# --- coming to ICE's notice -----------------------------------------------------------------------------------------


def test_without_an_agreement_ice_notices_by_fingerprints_and_lodges_a_detainer_at_once() -> None:
    world = jailed([("09:00", wanted()), ("09:20", wanted(known_to_ice=False))])
    assert world.log("detainer_lodged") == ["09:15 detainer_lodged"]
    assert world.order("detainer_lodged") == [0]
    assert world.story(1)[-2:] == ["entered_jail", "left_jail"]


@pytest.mark.parametrize("missing", [{"matched": False}, {"go_ahead": False}])
def test_whom_ice_does_not_match_or_does_not_ask_for_is_let_go_in_time(missing: dict[str, bool]) -> None:
    world = jailed([("09:00", wanted(**missing))], agreements=["jail_enforcement"])
    assert world.log("detainer_lodged", "hold_began", "left_jail") == ["day 2 09:15 left_jail"]


def test_under_jail_enforcement_a_person_unknown_to_ice_is_noticed_by_questioning() -> None:
    world = jailed([("09:00", wanted(known_to_ice=False))], agreements=["jail_enforcement"])
    assert world.log("questioned", "detainer_lodged") == ["09:45 questioned", "09:45 detainer_lodged"]
    assert world.who_served("hold_began") == [DETAINER]


def test_under_warrant_service_alone_nobody_is_questioned_and_only_those_known_are_served() -> None:
    world = jailed([("09:00", wanted()), ("09:20", wanted(known_to_ice=False))], agreements=["warrant_service_officer"])
    assert world.log("questioned", "detainer_lodged", "warrant_served") == ["09:15 warrant_served"]
    assert world.order("hold_began") == [0]
    assert world.who_served("hold_began") == [ICE_ARREST]


def test_under_both_agreements_the_questions_find_and_the_warrant_holds() -> None:
    both = ["jail_enforcement", "warrant_service_officer"]
    world = jailed([("09:00", wanted(known_to_ice=False))], agreements=both)
    assert world.log("questioned", "detainer_lodged", "warrant_served") == ["09:45 questioned", "09:45 warrant_served"]
    assert world.log("hold_began", "released_at_clock") == ["day 2 09:15 hold_began", "day 5 09:15 released_at_clock"]


def test_an_agreement_without_officers_for_it_questions_nobody_and_leaves_the_fingerprints() -> None:
    world = jailed([("09:00", wanted())], agreements=["jail_enforcement"], screening__officers=0)
    assert world.log("questioned", "detainer_lodged") == ["09:15 detainer_lodged"]


def test_one_officer_questions_people_one_after_the_other() -> None:
    world = jailed([("09:00", person()), ("09:05", person()), ("09:10", person())], agreements=["jail_enforcement"], desks=3)
    assert world.times("questioned") == ["09:45", "10:15", "10:45"]
    assert world.order("questioned") == [0, 1, 2]


def test_a_person_who_leaves_before_being_questioned_is_not_and_costs_the_officer_nothing() -> None:
    people = [("09:00", person()), ("09:05", wanted(known_to_ice=False, local_stay="20 min")), ("09:10", person())]
    world = jailed(people, agreements=["jail_enforcement"], desks=3)
    assert world.time("left_jail", 1) == "09:40"
    assert world.order("questioned") == [0, 2]
    assert world.times("questioned") == ["09:45", "10:15"]


def test_what_questioning_finds_after_a_person_has_left_comes_too_late() -> None:
    world = jailed([("09:00", wanted(known_to_ice=False, local_stay="29 min"))], agreements=["jail_enforcement"])
    assert world.times("hold_began") == world.times("detainer_lodged") == []
    in_time = jailed([("09:00", wanted(known_to_ice=False, local_stay="31 min"))], agreements=["jail_enforcement"])
    assert in_time.log("detainer_lodged", "hold_began") == ["09:45 detainer_lodged", "09:46 hold_began"]


# --- holds and their clocks -----------------------------------------------------------------------------------------


def test_a_detainer_holds_from_the_end_of_local_custody_and_not_from_the_booking() -> None:
    world = jailed([("09:00", wanted(local_stay="6 h"))])
    assert world.log("detainer_lodged", "hold_began", "released_at_clock", "left_jail") == [
        "09:15 detainer_lodged",
        "15:15 hold_began",
        "day 3 15:15 released_at_clock",
        "day 3 15:15 left_jail",
    ]
    assert world.measure("hold_hours_mean") == world.measure("released_at_clock_hours") == 48


@pytest.mark.parametrize(("rule", "released"), [("without_weekends", "day 9 18:00"), ("flat", "day 7 18:00")])
def test_a_detainer_that_begins_on_friday_stands_still_over_the_weekend_by_the_rule_and_not_when_flat(
    rule: str, released: str
) -> None:
    world = jailed([("09:00", wanted(local_stay=IN_BY_0915_OUT_ON_FRIDAY_AT_1800))], clock__rule=rule)
    assert world.time("hold_began") == "day 5 18:00"
    assert world.time("released_at_clock") == released


def test_a_served_warrant_runs_over_the_weekend() -> None:
    people = [("09:00", wanted(local_stay=IN_BY_0915_OUT_ON_FRIDAY_AT_1800))]
    world = jailed(people, agreements=["warrant_service_officer"])
    assert world.time("released_at_clock") == "day 8 18:00"


def test_a_clock_of_no_length_runs_out_at_once_even_on_a_weekend() -> None:
    people = [("09:00", wanted(local_stay="5 d"))]
    world = jailed(people, clock__detainer="0 min")
    assert world.time("released_at_clock") == world.time("hold_began") == "day 6 09:15"


def test_a_person_without_a_detainer_leaves_when_local_charges_are_over() -> None:
    assert jailed([("09:00", person())]).time("left_jail") == "day 2 09:15"


# --- pick-ups -------------------------------------------------------------------------------------------------------


def picked_up(in_jail: Coming, seats: int = 8, days: Sequence[str] = EVERY_DAY, **settings: Any) -> World:
    """Run a world in which a pick-up may come at 10:00."""
    return jailed(in_jail, pickup__seats=seats, pickup__weekdays=list(days), pickup__at="10:00", **settings)


def test_a_person_held_leaves_with_the_next_pickup_and_reaches_the_facility_after_the_drive() -> None:
    world = picked_up([("09:00", wanted(local_stay="2 h", pickup_drive="90 min"))])
    assert world.log("hold_began", "pickup_came", "transferred", "left_jail", "at_facility") == [
        "11:15 hold_began",
        "day 2 10:00 pickup_came",
        "day 2 10:00 transferred",
        "day 2 10:00 left_jail",
        "day 2 11:30 at_facility",
    ]


def test_a_pickup_comes_only_on_its_days() -> None:
    world = picked_up([("09:00", wanted(local_stay="2 h"))], days=["wed"])
    assert world.time("transferred") == "day 3 10:00"
    too_late = picked_up([("09:00", wanted(local_stay="2 h"))], days=["thu"])
    assert too_late.times("transferred") == []
    assert too_late.time("released_at_clock") == "day 3 11:15"


def test_those_who_have_waited_longest_go_first_and_the_rest_wait_for_the_next() -> None:
    stays = ["8 h", "2 h", "4 h"]
    world = picked_up([(f"09:0{n}", wanted(local_stay=stay)) for n, stay in enumerate(stays)], seats=2, desks=3)
    assert world.order("hold_began") == [1, 2, 0]
    assert world.order("transferred") == [1, 2, 0]
    assert world.times("transferred") == ["day 2 10:00", "day 2 10:00", "day 3 10:00"]
    assert world.details("pickup_came") == [2, 1]


def test_a_pickup_comes_only_if_somebody_waits_for_it() -> None:
    assert picked_up([("09:00", person())]).times("pickup_came") == []


def test_a_person_whose_clock_ran_out_takes_no_seat() -> None:
    people = [("09:00", wanted(local_stay="1 h")), ("09:30", wanted(local_stay="20 h"))]
    world = picked_up(people, seats=1, days=["tue"], clock__detainer="12 h")
    assert world.order("released_at_clock") == [0]
    assert world.order("transferred") == [1]


@pytest.mark.parametrize(("length", "end"), [("1440 min", "released_at_clock"), ("1441 min", "transferred")])
def test_a_pickup_at_the_very_instant_at_which_a_clock_runs_out_comes_too_late(length: str, end: str) -> None:
    world = picked_up([("09:45", wanted(local_stay="1 d"))], days=["wed"], clock__detainer=length)
    assert world.log("hold_began", "transferred", "released_at_clock") == ["day 2 10:00 hold_began", f"day 3 10:00 {end}"]


@pytest.mark.parametrize("others", [[], [("09:00", wanted(local_stay="2 h"))]], ids=["alone", "while another waits"])
def test_a_person_whose_hold_begins_at_the_very_instant_of_a_pickup_leaves_with_it(others: list[tuple[str, PersonFate]]) -> None:
    world = picked_up([*others, ("09:45", wanted(local_stay="1 d"))])
    assert world.time("hold_began", len(others)) == world.time("transferred", len(others)) == "day 2 10:00"


def test_a_full_pickup_does_not_come_a_second_time_at_the_same_instant() -> None:
    world = picked_up([("09:00", wanted(local_stay="2 h")), ("09:45", wanted(local_stay="1 d"))], seats=1)
    assert world.times("pickup_came") == ["day 2 10:00", "day 3 10:00"]
    assert world.order("transferred") == [0, 1]


def test_people_who_leave_together_arrive_together() -> None:
    people = [("09:00", wanted(pickup_drive="1 h", local_stay="2 h")), ("09:30", wanted(pickup_drive="5 h", local_stay="2 h"))]
    assert picked_up(people).times("at_facility") == ["day 2 11:00"] * 2


# --- ICE's people ---------------------------------------------------------------------------------------------------


def test_ice_brings_people_and_takes_them_back_and_no_clock_runs() -> None:
    world = jailed(from_ice=[("09:00", wanted(local_stay="3 d"))], agreements=["jail_enforcement"])
    assert world.log() == [
        "08:00 unit_on_duty",
        "09:00 brought_by_ice",
        "09:00 came_to_jail",
        "09:00 booking_began",
        "09:15 booked",
        "09:15 entered_jail",
        "18:00 unit_off_duty",
        "day 4 09:15 taken_back_by_ice",
        "day 4 09:15 left_jail",
    ]
    assert world.measure("ice_bed_days") == world.measure("jail_bed_days") == 3


def test_ices_people_and_the_countys_share_the_beds() -> None:
    county_first = jailed([("09:00", person())], from_ice=[("09:30", person())], beds=1)
    assert county_first.story(1) == ["brought_by_ice", "came_to_jail", "booking_began", "booked", "turned_away"]
    ice_first = jailed([("09:30", person())], from_ice=[("09:00", person())], beds=1)
    assert ice_first.order("turned_away") == [0]


# --- from the roadside ----------------------------------------------------------------------------------------------


def stopped(vehicle: VehicleFate, *, agreements: Sequence[str] = ("task_force",), ice: bool = False, **settings: Any) -> World:
    """Run a world with one stop at which everybody is asked and ICE answers at 08:07; the task ends at 08:10."""
    policy = {
        "agency.agreements": list(agreements),
        "status_check.asked": "occupants",
        "status_check.channels": ["duty_officer"],
        "status_check.duty_officer.servers": 9,
        "custody.path": "ice_vehicles",
        "custody.ice_vehicles.count": 1,
        "custody.ice_vehicles.seats": 4,
        "jail.pickup.seats": 0,
    }
    return small_world([vehicle], ice=ice, settings=policy | {key.replace("__", "."): value for key, value in settings.items()})


def two_wanted(**fate: Any) -> VehicleFate:
    return at("08:00", people=[in_doubt(matched=True), in_doubt(matched=True)], **fate)


def test_a_driver_whom_the_county_charges_first_goes_to_jail_on_a_detainer_and_the_passenger_with_ice() -> None:
    world = stopped(two_wanted(outcome="arrested"), ice=True, custody__local_charges="pursued")
    assert world.story(0, seat=1)[-3:] == ["detained", "boarded", "at_facility"]
    assert world.log(vehicle=0, seat=0)[3:] == [
        "08:40 detainer_lodged",
        "08:40 came_to_jail",
        "08:40 booking_began",
        "08:55 booked",
        "08:55 entered_jail",
        "day 2 08:55 hold_began",
        "day 4 08:55 released_at_clock",
        "day 4 08:55 left_jail",
    ]
    assert world.time("unit_free") == "09:20"  # 10 minutes to hand over, an hour for the arrest


def test_when_local_charges_are_dropped_the_driver_goes_with_ice_too() -> None:
    world = stopped(two_wanted(outcome="arrested"), ice=True, custody__local_charges="dropped")
    assert world.times("boarded") == ["08:20", "08:20"]
    assert world.times("arrest_began") == world.times("came_to_jail") == []


def test_a_driver_arrested_for_a_crime_whom_ice_does_not_want_is_in_jail_as_anybody_else() -> None:
    driver = person(known_to_ice=True, matched=True)
    world = stopped(at("08:00", people=[driver], outcome="arrested"), status_check__asked="nobody")
    assert world.log("came_to_jail", "detainer_lodged", "hold_began") == [
        "08:30 came_to_jail",
        "08:45 detainer_lodged",
        "day 2 08:45 hold_began",
    ]


def test_people_arrested_for_ice_are_held_from_their_booking_on_the_flat_clock() -> None:
    world = stopped(at("08:00", people=[in_doubt(matched=True)]), custody__path_without_ice="local_booking")
    assert world.log("entered_jail", "hold_began", "released_at_clock") == [
        "08:45 entered_jail",
        "08:45 hold_began",
        "day 4 08:45 released_at_clock",
    ]
    assert world.who_served("hold_began") == [ICE_ARREST]


def test_a_person_turned_away_from_the_jail_is_held_by_nobody() -> None:
    world = stopped(two_wanted(), custody__path_without_ice="local_booking", jail__beds=1)
    assert world.story(0, seat=1)[-1] == "turned_away"
    assert world.times("hold_began") == ["08:45"]
    assert world.time("unit_free") == "09:20"  # back after both were booked


@pytest.mark.parametrize("agreements", [[], ["jail_enforcement", "warrant_service_officer"]])
def test_without_authority_at_the_roadside_people_wait_until_ice_comes_and_takes_them(agreements: list[str]) -> None:
    world = stopped(at("08:00", people=[in_doubt(matched=True, ice_comes="45 min")]), agreements=agreements)
    assert world.log("ice_awaited", "detained", "custody_began", "custody_ended", "unit_free", "at_facility") == [
        "08:07 ice_awaited",
        "08:52 detained",
        "08:52 custody_began",
        "09:02 custody_ended",
        "09:02 unit_free",
        "10:02 at_facility",
    ]


@pytest.mark.parametrize(("ice_comes", "end"), [("33 min", "detained"), ("34 min", "past_limit")])
def test_ice_that_has_not_come_when_the_limit_runs_out_takes_nobody(ice_comes: str, end: str) -> None:
    vehicle = at("08:00", people=[in_doubt(matched=True, ice_comes=ice_comes)])
    world = stopped(vehicle, agreements=[], status_check__limit="30 min")
    assert world.log("ice_awaited", "detained", "past_limit", "stop_ended") == [
        "08:07 ice_awaited",
        f"08:40 {end}",
        "08:40 stop_ended",
    ]
    assert bool(world.times("at_facility")) == (end == "detained")


def test_where_ice_is_on_the_scene_nobody_waits_for_it() -> None:
    world = stopped(at("08:00", people=[in_doubt(matched=True)]), agreements=[], ice=True)
    assert world.log("ice_awaited", "detained") == ["08:07 detained"]


# --- the watch ------------------------------------------------------------------------------------------------------


def test_those_in_jail_when_the_watch_begins_count_to_its_peak_and_with_their_days_within_it() -> None:
    scenario = plain_scenario({"day": shift()}, flows=1, settings={"jail.follow_up": "1 d"})  # watched until day 2, 18:00
    times = {0: (-2 * DAY, 6 * HOUR), 1: (-DAY, 12 * HOUR), 2: (-DAY, -HOUR), 3: (40 * HOUR, 5 * DAY)}
    rows = [(began, Kind.ENTERED_JAIL, LOCAL, number, 0, -1, 0) for number, (began, _) in times.items()]
    rows += [(ended, Kind.LEFT_JAIL, LOCAL, number, 0, -1, 0) for number, (_, ended) in times.items()]
    events = Events.of(Trace.of(sorted(rows)), scenario)
    assert MEASURES["jail_beds_peak"].function(events) == 2
    assert MEASURES["jail_bed_days"].function(events) == (6 + 12 + 2) / 24
