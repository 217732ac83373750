"""Stories from the status check: whom the officer asks and refers, how ICE answers, and when people may go.

Unless a story says otherwise the traffic task takes 10 minutes, asking 2, and an answer 5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from sim.fields import CHANNELS
from tests.worlds import PersonFate, VehicleFate, World, at, in_doubt, person, shift, small_world

ICE_ON_SCENE, DUTY_OFFICER, SUPPORT_CENTRE = range(len(CHANNELS))


def checked(vehicles: Sequence[VehicleFate], *, settings: Mapping[str, Any] | None = None, **world: Any) -> World:
    """Run a world in which everybody is asked, and only the duty officer's office answers, never too busy."""
    policy = {
        "status_check.asked": "occupants",
        "status_check.channels": ["duty_officer"],
        "status_check.duty_officer.servers": 9,
        "status_check.duty_officer.gives_up_after": "2 h",
    }
    return small_world(vehicles, settings={**policy, **(settings or {})}, **world)


# --- who is asked, and who is referred ------------------------------------------------------------------------------

FAMILY = (person(licence="out_of_state"), person(licence="none"), person())


@pytest.mark.parametrize(
    ("policy", "driver", "asked"),
    [
        ("nobody", "none", []),
        ("drivers_unsettled", "in_state", []),
        ("drivers_unsettled", "out_of_state", [0]),
        ("drivers_unsettled", "none", [0]),
        ("drivers", "in_state", [0]),
        ("occupants", "in_state", [0, 1, 2]),
    ],
)
def test_the_policy_says_who_is_asked(policy: str, driver: str, asked: list[int]) -> None:
    people = [person(licence=driver), person(licence="none"), person()]
    world = checked([at("08:00", people=people)], settings={"status_check.asked": policy})
    assert [seat for seat in range(3) if "asked" in world.story(0, seat)] == asked


def test_people_are_asked_when_the_asking_is_done_beside_the_traffic_task() -> None:
    world = checked([at("08:00", asking="4 min", people=FAMILY)])
    assert world.times("asked") == ["08:04"] * 3
    assert world.time("stop_ended") == "08:10"


def test_a_person_about_whom_more_doubt_is_left_than_the_threshold_is_referred() -> None:
    people = [person(doubt=0.49), person(doubt=0.5), person(doubt=0.51)]
    world = checked([at("08:00", people=people)], settings={"status_check.threshold": 0.5})
    assert [seat for seat in range(3) if "referred" in world.story(0, seat)] == [2]


def test_a_passenger_who_keeps_silent_is_not_referred() -> None:
    world = checked([at("08:00", people=[person(), in_doubt(identified=False)])])
    assert world.story(0, seat=1) == ["asked", "not_identified"]


def test_a_stop_in_which_nobody_is_asked_does_not_last_longer_for_the_asking() -> None:
    world = checked([at("08:00", asking="30 min")], settings={"status_check.asked": "nobody"})
    assert world.time("stop_ended") == "08:10"


# --- what the check adds to the stop --------------------------------------------------------------------------------


def test_a_check_that_is_done_before_the_task_adds_no_time() -> None:
    world = checked([at("08:00", people=[in_doubt(reply="5 min")])])
    assert world.time("no_match") == "08:07"
    assert world.time("task_ended") == world.time("stop_ended") == "08:10"
    assert world.measure("minutes_beyond_task_mean") == 0


def test_a_check_that_is_slower_than_the_task_adds_its_last_minutes() -> None:
    world = checked([at("08:00", people=[in_doubt(reply="20 min")])])
    assert world.time("task_ended") == "08:10"
    assert world.time("stop_ended") == world.time("unit_free") == "08:22"
    assert world.measure("minutes_beyond_task_mean") == 12


def test_a_stop_lasts_until_the_slowest_answer_about_its_people() -> None:
    world = checked([at("08:00", people=[in_doubt(reply="20 min"), in_doubt(reply="30 min"), person()])])
    assert world.times("no_match") == ["08:22", "08:32"]
    assert world.time("stop_ended") == "08:32"


def test_asking_that_outlasts_the_task_is_waited_for() -> None:
    world = checked([at("08:00", asking="15 min")])
    assert world.time("stop_ended") == "08:15"


def test_the_check_runs_beside_the_inspection_as_well() -> None:
    truck = at("08:00", selected=True, inspection="30 min", people=[in_doubt(reply="35 min")])
    world = checked([truck], inspectors=1)
    assert world.time("no_match") == "08:37"
    assert world.time("task_ended") == world.time("stop_ended") == "08:40"


# --- the limit ------------------------------------------------------------------------------------------------------


def limited(limit: str, people: Sequence[PersonFate], **fate: Any) -> World:
    return checked([at("08:00", people=people, **fate)], settings={"status_check.limit": limit})


def test_the_limit_lets_go_whoever_has_no_answer_when_it_runs_out() -> None:
    world = limited("15 min", [in_doubt(reply="1 h", matched=True)])
    assert world.log("task_ended", "past_limit", "stop_ended", "unit_free") == [
        "08:10 task_ended",
        "08:25 past_limit",
        "08:25 stop_ended",
        "08:25 unit_free",
    ]


def test_an_answer_at_the_very_instant_of_the_limit_counts() -> None:
    world = limited("15 min", [in_doubt(reply="23 min", matched=True)])
    assert world.time("detained") == "08:25"
    assert "past_limit" not in world.story(0)


def test_an_answer_a_millisecond_after_the_limit_does_not_count() -> None:
    world = limited("15 min", [in_doubt(reply="1380001 ms", matched=True)])
    assert world.time("past_limit") == "08:25"
    assert "detained" not in world.story(0)


def test_a_match_already_in_stays_detained_while_the_others_in_the_vehicle_go() -> None:
    world = limited("15 min", [in_doubt(reply="20 min", matched=True), in_doubt(reply="1 h", matched=True), person()])
    assert world.story(0, seat=0)[2:4] == ["detained", "came_to_jail"]
    assert world.story(0, seat=1) == ["asked", "referred", "past_limit"]
    assert world.time("detained") == "08:22"
    assert world.time("custody_began") == "08:25"


def test_a_limit_of_zero_lets_go_at_the_end_of_the_task() -> None:
    world = limited("0 min", [in_doubt(reply="20 min", matched=True)])
    assert world.time("past_limit") == world.time("stop_ended") == "08:10"


def test_with_a_limit_of_zero_an_answer_at_the_end_of_the_task_counts() -> None:
    world = limited("0 min", [in_doubt(reply="8 min", matched=True)])
    assert world.time("detained") == "08:10"


def test_without_a_limit_people_are_kept_until_the_answer() -> None:
    world = limited("none", [in_doubt(reply="119 min")])
    assert world.time("stop_ended") == "10:01"


def test_people_who_were_still_being_asked_when_the_limit_ran_out_are_neither_asked_nor_referred() -> None:
    world = limited("5 min", [in_doubt(matched=True)], asking="20 min")
    assert world.story(0) == ["seen", "stop_began", "warned", "task_ended", "not_asked", "stop_ended", "unit_free"]
    assert world.time("stop_ended") == "08:15"
    assert world.measure("minutes_beyond_task_mean") == 5


def test_people_asked_at_the_very_instant_of_the_limit_are_referred_and_let_go() -> None:
    world = limited("5 min", [in_doubt()], asking="15 min")
    assert world.log(vehicle=0, seat=0) == ["08:15 asked", "08:15 referred", "08:15 past_limit"]


def test_an_answer_that_comes_after_the_people_went_detains_nobody() -> None:
    world = limited("15 min", [in_doubt(reply="1 h", matched=True)])
    assert world.time("answered") == "09:02"
    assert world.story(0, seat=0) == ["asked", "referred", "past_limit"]


# --- the channels ---------------------------------------------------------------------------------------------------


def all_channels(order: Sequence[str], people: Sequence[PersonFate], **changes: Any) -> World:
    settings = {"status_check.channels": list(order), "status_check.support_centre.servers": 9}
    settings |= {f"status_check.{name}.gives_up_after": "20 min" for name in CHANNELS}
    return checked([at("08:00", people=people)], ice_agents=2, settings={**settings, **changes.pop("settings", {})}, **changes)


@pytest.mark.parametrize(
    "order",
    [
        ("ice_on_scene", "duty_officer", "support_centre"),
        ("support_centre", "ice_on_scene", "duty_officer"),
        ("duty_officer", "support_centre"),
        ("support_centre",),
    ],
)
def test_channels_are_tried_in_the_order_of_the_policy_until_all_are_silent(order: Sequence[str]) -> None:
    world = all_channels(order, [in_doubt(silent=CHANNELS)], ice=True)
    assert world.details("question_put") == world.details("gave_up") == [CHANNELS.index(name) for name in order]
    assert world.story(0, seat=0) == ["asked", "referred", "no_answer"]


def test_the_first_channel_that_answers_ends_the_check() -> None:
    world = all_channels(CHANNELS, [in_doubt(silent=["ice_on_scene"], reply="5 min")], ice=True)
    assert world.log("question_put", "gave_up", "answered", "no_match") == [
        "08:02 question_put",
        "08:22 gave_up",
        "08:22 question_put",
        "08:27 answered",
        "08:27 no_match",
    ]


def test_an_answer_that_takes_longer_than_the_officer_waits_is_no_answer() -> None:
    slow = in_doubt(reply={"ice_on_scene": "1200001 ms", "duty_officer": "5 min"})
    world = all_channels(["ice_on_scene", "duty_officer"], [slow], ice=True)
    assert world.time("gave_up") == "08:22"
    assert world.details("answered") == [DUTY_OFFICER]


def test_an_answer_at_the_very_instant_at_which_the_officer_would_give_up_counts() -> None:
    world = all_channels(["ice_on_scene"], [in_doubt(reply="20 min")], ice=True)
    assert world.time("answered") == world.time("no_match") == "08:22"


def test_without_channels_nobody_answers() -> None:
    world = all_channels([], [in_doubt(matched=True)], ice=True)
    assert world.time("no_answer") == "08:02"


def test_a_channel_without_servers_is_passed_over() -> None:
    world = all_channels(["duty_officer", "support_centre"], [in_doubt()], settings={"status_check.duty_officer.servers": 0})
    assert world.details("question_put") == [SUPPORT_CENTRE]


def test_on_a_day_without_ice_the_channel_on_the_scene_is_passed_over() -> None:
    world = all_channels(CHANNELS, [in_doubt()], ice=False)
    assert world.details("question_put") == [DUTY_OFFICER]


def test_ice_is_asked_on_the_days_on_which_it_is_there_and_on_no_other() -> None:
    days = {"day": shift(ice_agents=1, ice=[True, False, True])}
    vehicles = [at("09:00", day=day, people=[in_doubt()]) for day in (1, 2, 3)]
    world = checked(vehicles, shifts=days, settings={"status_check.channels": ["ice_on_scene", "duty_officer"]})
    assert world.details("question_put") == [ICE_ON_SCENE, DUTY_OFFICER, ICE_ON_SCENE]


def test_ice_that_has_left_with_its_shift_is_not_asked_any_more() -> None:
    world = checked(
        [at("17:59", people=[in_doubt()])],
        ice_agents=1,
        ice=True,
        settings={"status_check.channels": ["ice_on_scene", "duty_officer"]},
    )
    assert world.details("question_put") == [DUTY_OFFICER]


def test_an_agent_whose_shift_ends_still_answers_the_question_at_hand_and_those_already_waiting() -> None:
    people = [in_doubt(reply="20 min"), in_doubt(reply="10 min")]
    world = checked([at("17:50", people=people)], ice_agents=1, ice=True, settings={"status_check.channels": ["ice_on_scene"]})
    assert world.times("answered") == ["18:12", "18:22"]


# --- the queue for an answerer --------------------------------------------------------------------------------------


def one_duty_officer(vehicles: Sequence[VehicleFate], **settings: Any) -> World:
    return checked(vehicles, units=5, settings={"status_check.duty_officer.servers": 1, **settings})


def test_questions_to_the_duty_officer_are_served_in_their_order() -> None:
    world = one_duty_officer(
        [
            at("08:00", asking="4 min", people=[in_doubt(reply="30 min")]),
            at("08:01", asking="9 min", people=[in_doubt(reply="5 min")]),
            at("08:02", asking="3 min", people=[in_doubt(reply="5 min")]),
        ]
    )
    assert world.order("question_put") == [0, 2, 1]
    assert world.times("question_put") == ["08:04", "08:34", "08:39"]


def test_the_people_in_a_vehicle_are_put_to_the_duty_officer_one_after_the_other() -> None:
    world = one_duty_officer([at("08:00", people=[in_doubt(reply="6 min"), in_doubt(reply="7 min")])])
    assert world.times("answered") == ["08:08", "08:15"]


def test_the_time_in_the_queue_does_not_count_against_the_patience_with_the_answer() -> None:
    world = one_duty_officer(
        [at("08:00", people=[in_doubt(reply="10 min"), in_doubt(reply="10 min")])],
        **{"status_check.duty_officer.gives_up_after": "10 min"},
    )
    assert world.times("answered") == ["08:12", "08:22"]


def test_a_question_that_got_no_answer_has_held_the_answerer_as_long_as_the_officer_waited() -> None:
    world = one_duty_officer(
        [at("08:00", people=[in_doubt(silent=["duty_officer"]), in_doubt(reply="5 min")])],
        **{"status_check.duty_officer.gives_up_after": "20 min"},
    )
    assert world.log("question_put", "gave_up", "answered") == [
        "08:02 question_put",
        "08:22 gave_up",
        "08:22 question_put",
        "08:27 answered",
    ]


def test_a_person_let_go_while_in_the_queue_costs_the_answerer_nothing() -> None:
    world = one_duty_officer(
        [
            at("08:00", asking="1 min", people=[in_doubt(reply="30 min")]),
            at("08:01", asking="1 min", people=[in_doubt(reply="30 min")]),
            at("08:30", asking="0 min", people=[in_doubt(reply="5 min")]),
        ],
        **{"status_check.limit": "5 min"},
    )
    assert world.time("past_limit", 1) == "08:16"
    assert world.order("question_put") == [0, 2]
    assert world.times("question_put") == ["08:01", "08:31"]


# --- the answer -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("matched", "go_ahead", "ending"),
    [(False, True, "no_match"), (False, False, "no_match"), (True, False, "declined"), (True, True, "detained")],
)
def test_a_person_is_detained_only_on_a_match_with_the_go_ahead(matched: bool, go_ahead: bool, ending: str) -> None:
    world = checked([at("08:00", people=[in_doubt(matched=matched, go_ahead=go_ahead)])])
    assert world.story(0, seat=0)[:3] == ["asked", "referred", ending]
    assert ("custody_began" in world.story(0)) == (ending == "detained")


def test_people_in_the_same_vehicle_may_fare_differently() -> None:
    people = [
        in_doubt(),
        in_doubt(matched=True, go_ahead=False),
        in_doubt(matched=True),
        in_doubt(silent=CHANNELS),
        person(),
    ]
    world = checked([at("08:00", people=people)])
    endings = [world.story(0, seat)[1:3] for seat in range(5)]
    assert endings == [["referred", end] for end in ("no_match", "declined", "detained", "no_answer")] + [[]]
