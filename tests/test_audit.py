"""The audit: each law is named, with its place, when one record of a sound replication is changed; and what commands say of it.

Every case is the error that it would find, made once: a record dropped, written twice, a millisecond late, or with the wrong
unit, seat, vehicle or detail. Laws that hold measures against the record are shown a measure that is wrong.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim import loading
from sim.audit.audit import COUNTRY, ROAD, SAME_MEASURES, SAME_TRACE, audit, broken_by, laws_of, tell
from sim.audit.law import in_words
from sim.experiment.replications import Result, run
from sim.models import model_of
from sim.pathway.world import World
from sim.programme.record import Kind as Step
from sim.trace import COLUMNS, Kind, Trace
from tests.conftest import Command

ONE_DAY = ("operation.shifts.day.last=2026-03-02", "jail.warm_up=1 d", "jail.follow_up=2 d", "jail.beds=12")
SHORT_STAYS = ("jail.local.stay=6 h", "jail.clock.detainer=3 h")
STANDINGS = ("citizen", "lawful", "pending_claim", "no_status", "final_order")
ALL_WANTED = (
    *(f"{where}.{name}=1" for where in ("status_check.match", "jail.screening.match") for name in STANDINGS),
    "status_check.go_ahead=1",
    "jail.screening.known_to_ice=1",
)
OVERFLOW = ("jail.overflow.rate=6 per d", "jail.overflow.stay=12 h", "jail.beds=40")
WORLDS = {
    "with ICE": (
        "wyoming_safe_haul_2025",
        ("operation.shifts.detail.last=2025-11-18", "jail.warm_up=1 d", "jail.follow_up=2 d"),
    ),
    "task force": ("task_force", (*ONE_DAY, *SHORT_STAYS)),
    "alone": ("no_agreement", (*ONE_DAY, *SHORT_STAYS, *ALL_WANTED, *OVERFLOW, "status_check.asked=occupants")),
    "in jail": ("jail_enforcement", (*ONE_DAY, *SHORT_STAYS, *ALL_WANTED, "jail.clock.rule=flat")),
    "programme": (
        "adoption_2025_2026",
        ("programme.pipeline.withdrawn_a_year=0.3", "programme.states.leading.banned_from=2025-09-01"),
    ),
}

#: By law: the world, what is done to one record, and its kind.
RECORDS: dict[str, tuple[str, str, Kind]] = {
    "time_never_runs_backwards_nor_begins_before_the_warm_up": ("with ICE", "late", Kind.ANSWERED),
    "every_vehicle_diverts_or_passes_or_is_stopped_exactly_once_when_it_comes_by": ("with ICE", "late", Kind.PASSED),
    "a_vehicle_passes_only_when_every_unit_is_busy_and_the_lowest_free_unit_stops_it": ("task force", "unit", Kind.UNIT_OFF_DUTY),
    "whoever_goes_into_a_station_comes_out_once_and_no_earlier": ("with ICE", "detail", Kind.ANSWERED),
    "no_station_holds_more_than_it_has_room_for_or_fewer_than_none": ("with ICE", "drop", Kind.CUSTODY_BEGAN),
    "the_number_in_a_station_integrated_is_the_time_spent_in_it_added_up": ("with ICE", "detail", Kind.GAVE_UP),
    "everybody_is_in_one_place_at_a_time": ("alone", "vehicle", Kind.AT_FACILITY),
    "a_stop_begins_ends_its_task_ends_and_frees_its_one_unit_once_in_this_order": ("with ICE", "twice", Kind.STOP_ENDED),
    "the_outcome_is_the_drawn_one_at_the_end_of_the_traffic_task": ("alone", "drop", Kind.ARRESTED),
    "a_unit_is_held_until_everything_about_its_stop_is_done": ("with ICE", "late", Kind.UNIT_FREE),
    "a_driver_arrested_for_a_crime_is_driven_to_jail_unless_ice_takes_the_driver_instead": ("alone", "late", Kind.ARREST_BEGAN),
    "a_selected_vehicle_is_inspected_or_let_go_uninspected_when_its_patience_ends": ("with ICE", "detail", Kind.INSPECTION_BEGAN),
    "no_inspector_is_in_two_inspections_and_only_one_on_duty_or_just_done_begins_one": ("alone", "unit", Kind.INSPECTION_BEGAN),
    "those_whom_the_policy_names_are_asked_and_those_in_doubt_among_them_are_referred": ("with ICE", "drop", Kind.ASKED),
    "everybody_referred_and_nobody_else_ends_in_exactly_one_way": ("with ICE", "vehicle", Kind.NO_MATCH),
    "ice_detains_only_whom_it_matches_and_asks_for": ("with ICE", "seat", Kind.NO_MATCH),
    "people_are_kept_past_the_task_no_longer_than_the_check_or_the_limit": ("with ICE", "drop", Kind.STOP_ENDED),
    "no_answerer_is_on_two_questions_and_no_more_answer_than_there_are": ("with ICE", "vehicle", Kind.ANSWERED),
    "nobody_waits_for_an_answerer_who_is_free": ("with ICE", "late", Kind.QUESTION_PUT),
    "the_agency_detains_only_with_a_task_force_agreement_or_with_ice_on_the_scene": ("alone", "twice", Kind.ICE_AWAITED),
    "the_way_to_custody_is_that_of_the_policy_and_of_whether_ice_was_there_when_the_stop_began": (
        "with ICE", "detail", Kind.CUSTODY_BEGAN,
    ),
    "everybody_whom_ice_takes_and_nobody_else_goes_one_way_to_one_place": ("with ICE", "drop", Kind.BOARDED),
    "whoever_is_driven_from_the_roadside_to_ice_arrives_after_the_drive": ("alone", "late", Kind.CUSTODY_ENDED),
    "an_ice_vehicle_takes_no_more_than_its_seats_and_leaves_when_full_or_out_of_patience": (
        "with ICE", "detail", Kind.ICE_VEHICLE_LEFT,
    ),
    "everybody_who_comes_to_jail_is_booked_once_and_turned_away_or_enters_once_and_leaves_once": (
        "task force", "late", Kind.BOOKED,
    ),
    "those_whom_others_bring_come_when_they_were_drawn_to_come": ("alone", "drop", Kind.BROUGHT_BY_ICE),
    "a_desk_serves_one_at_a_time_in_the_order_of_coming_and_nobody_waits_for_a_free_one": (
        "task force", "late", Kind.BOOKING_BEGAN,
    ),
    "no_more_beds_are_taken_than_there_are_and_people_are_turned_away_only_when_all_are": (
        "task force", "twice", Kind.LEFT_JAIL,
    ),
    "the_people_in_jail_added_up_over_time_are_their_stays_added_up": ("task force", "drop", Kind.ENTERED_JAIL),
    "those_whom_ice_brings_stay_until_ice_takes_them_back_and_are_held_on_no_clock": ("alone", "seat", Kind.TAKEN_BACK_BY_ICE),
    "nobody_is_questioned_or_served_in_jail_without_the_agreement_for_it": ("alone", "as questioned", Kind.DETAINER_LODGED),
    "people_on_local_charges_are_questioned_at_most_once_by_one_officer_at_a_time_and_from_when_they_are_in": (
        "in jail", "unit", Kind.QUESTIONED,
    ),
    "nobody_waits_to_be_questioned_while_an_officer_is_free": ("in jail", "late", Kind.QUESTIONED),
    "ice_lodges_a_detainer_or_has_its_warrant_served_only_for_people_whom_it_wants_and_has_noticed": (
        "alone", "twice", Kind.DETAINER_LODGED,
    ),
    "everybody_whom_ice_wants_and_has_noticed_in_time_is_wanted_by_detainer_or_warrant": ("alone", "drop", Kind.DETAINER_LODGED),
    "those_who_are_wanted_are_held_from_when_nothing_else_holds_them_and_nobody_else_is": ("alone", "late", Kind.HOLD_BEGAN),
    "every_hold_ends_once_when_ice_comes_in_time_or_else_exactly_when_its_clock_runs_out": (
        "task force", "unit", Kind.HOLD_BEGAN,
    ),
    "a_pickup_comes_only_when_scheduled_and_takes_those_who_have_waited_longest_and_at_most_its_seats": (
        "alone", "detail", Kind.PICKUP_CAME,
    ),
    "nobody_held_is_left_behind_by_a_scheduled_pickup_that_has_a_seat": ("alone", "late", Kind.TRANSFERRED),
    "people_who_leave_with_a_pickup_reach_the_facility_together_after_the_drive_of_the_first": (
        "alone", "drop", Kind.AT_FACILITY,
    ),
    "every_cost_is_what_the_record_makes_it_and_falls_to_whom_the_terms_name": ("task force", "unit", Kind.UNIT_OFF_DUTY),
}  # fmt: skip
#: By law: the measure that is wrong.
MEASURES = {
    "what_the_payers_bear_adds_up_to_all_that_is_spent": "county_cost_usd",
    "the_mean_number_of_busy_units_is_the_rate_of_stops_times_the_mean_time_held": "stop_cycle_minutes_mean",
    "the_mean_number_of_people_waiting_for_ice_is_the_rate_of_referrals_times_the_mean_wait": "status_check_wait_mean",
    "duty_is_the_time_on_shift_and_the_time_busy_after_it": "officer_overtime_hours",
    "utilisation_lies_between_zero_and_one": "officer_utilisation",
    "no_measure_contradicts_another_of_which_it_is_a_part": "vehicles_with_detained",
    "every_referral_ends_in_custody_or_in_release": "referred_then_released",
    "vehicles_out_of_which_anybody_was_detained_count_once_each": "vehicles_with_detained",
    "people_let_go_were_held_from_referral_to_the_end_of_the_stop_whatever_their_seat": "held_then_released_hours",
    "the_mean_hold_is_the_time_held_added_up_and_divided_by_those_whose_hold_began_in_the_watch": "hold_hours_mean",
    "bed_days_are_the_number_in_jail_added_up_over_the_watch": "ice_bed_days",
    "people_are_counted_in_jail_while_it_is_watched": "people_booked",
    "people_released_at_the_clock_were_held_from_the_beginning_of_their_hold": "released_at_clock_hours",
    "the_wait_for_a_desk_is_from_coming_to_the_beginning_of_the_booking": "booking_wait_mean",
}
STEPS: dict[str, tuple[str, Step]] = {
    "time_never_runs_backwards_nor_leaves_the_calendar": ("late", Step.ASKED),
    "an_agency_only_moves_forward": ("twice", Step.SIGNED),
    "only_agencies_that_a_model_is_made_for_take_part_in_it": ("flow", Step.ASKED),
    "nothing_is_signed_where_the_state_forbids_it_and_what_was_signed_ends_after_the_time_to_wind_down": ("ban", Step.SIGNED),
    "an_agreement_is_on_the_list_once_from_an_issue_after_its_signature_to_one_after_its_end": ("late", Step.LISTED),
    "seats_in_training_are_never_exceeded_or_fewer_than_none": ("many", Step.SEATS_TAKEN),
    "officers_begin_a_course_after_the_signature_and_are_credentialed_after_they_have_ended_it": ("drop", Step.SEATS_FREED),
    "only_agencies_with_credentialed_officers_arrest_or_are_paid": ("none", Step.ARRESTED),
    "the_federal_government_pays_task_forces_only_and_not_before_payments_begin": ("unit", Step.VEHICLES),
    "an_agency_gets_vehicles_once_and_equipment_for_no_more_than_its_officers": ("twice", Step.VEHICLES),
    "inquiries_under_way_integrated_are_the_time_spent_under_way_added_up": ("drop", Step.ASKED),
}
TOTALS = {
    "agreements_by_model_by_group_and_by_kind_add_up_on_every_day_that_is_counted": "task_force_agreements_2025_06_06",
    "no_measure_of_the_programme_contradicts_another_of_which_it_is_a_part": "states_2025_06_06",
}


@cache
def world(name: str) -> tuple[Any, Any, Trace, tuple[float, ...]]:
    """Return scenario, draws, trace and measures of one replication that keeps every law."""
    scenario = loading.load(*WORLDS[name])
    model = model_of(scenario)
    draws = model.draw(scenario, 1, 0)
    trace = model.simulate(scenario, draws)
    assert broken_by(tell(scenario, draws, trace), laws_of(scenario)) == []
    return scenario, draws, trace, tuple(model.measure_all(trace, scenario))


def changed(trace: Trace, how: str, kind: int) -> tuple[Trace, int]:
    """Return a trace with one record changed, the second of its kind if there are two, and that record's time."""
    rows = trace.rows.copy()
    places = np.flatnonzero(rows[:, 1] == kind)
    at = int(places[min(1, len(places) - 1)])
    time = int(rows[at, 0])
    if how == "drop":
        return Trace(np.delete(rows, at, axis=0)), time
    if how in ("twice", "as questioned"):
        rows = np.insert(rows, at, rows[at], axis=0)
        if how == "as questioned":
            rows[at, 1] = Kind.QUESTIONED
        return Trace(rows), time
    column, by = {"late": ("time", 1), "many": ("detail", 1_000_000), "none": ("detail", -int(rows[at, 6]))}.get(how, (how, 1))
    rows[at, COLUMNS.index(column)] += by
    return Trace(rows), time


def named(story: Any) -> dict[str, Any]:
    return {breach.law: breach for breach in broken_by(story, laws_of(story.scenario), replication=3)}


def test_every_law_has_a_case_that_breaks_it() -> None:
    assert [law.__name__ for law in ROAD if law.__name__ not in RECORDS | MEASURES] == []
    assert [law.__name__ for law in COUNTRY if law.__name__ not in STEPS | TOTALS] == []


@pytest.mark.parametrize("law", RECORDS)
def test_a_law_is_named_when_one_record_of_an_operation_breaks_it(law: str) -> None:
    name, how, kind = RECORDS[law]
    scenario, draws, trace, values = world(name)
    wrong, _ = changed(trace, how, kind)
    found = named(tell(scenario, draws, wrong, values))
    assert law.replace("_", " ") in found
    assert all(breach.replication == 3 for breach in found.values())


def test_a_breach_names_replication_law_time_and_vehicle() -> None:
    scenario, draws, trace, _ = world("with ICE")
    wrong, time = changed(trace, "late", Kind.UNIT_FREE)
    ((law, breach),) = named(tell(scenario, draws, wrong)).items()
    free = trace.of_kind(Kind.UNIT_FREE)[1]
    began = trace.of_kind(Kind.STOP_BEGAN)
    (stop,) = began[(began[:, 2] == free[2]) & (began[:, 3] == free[3])]
    assert time == free[0]
    assert str(breach) == (
        f"replication 3 breaks a law at {stop[0]} ms, vehicle {free[3]} of {scenario.flow_names[free[2]]}: {law}."
    )


@pytest.mark.parametrize("law", MEASURES)
def test_a_law_is_named_when_a_measure_of_an_operation_breaks_it(law: str) -> None:
    scenario, draws, trace, values = world("alone")
    names = list(model_of(scenario).measures(scenario))
    wrong = [value + 1000 * (name == MEASURES[law]) for name, value in zip(names, values, strict=True)]
    assert law.replace("_", " ") in named(tell(scenario, draws, trace, wrong))


@pytest.mark.parametrize("law", STEPS)
def test_a_law_is_named_when_one_record_of_the_programme_breaks_it(law: str) -> None:
    how, kind = STEPS[law]
    scenario, draws, trace, values = world("programme")
    if how == "ban":  # a signature years after its state has forbidden agreements
        wrong, _ = changed(trace, "late", kind)
        banned = np.flatnonzero(draws.bans < wrong.rows[-1, 0])
        wrong.rows[np.flatnonzero(wrong.rows[:, 1] == kind)[1], 3] = banned[0]
    else:
        wrong, _ = changed(trace, how, kind)
    assert law.replace("_", " ") in named(tell(scenario, draws, wrong, values))


@pytest.mark.parametrize("law", TOTALS)
def test_a_law_is_named_when_a_total_of_the_programme_breaks_it(law: str) -> None:
    scenario, draws, trace, values = world("programme")
    names = list(model_of(scenario).measures(scenario))
    wrong = [value + 1000 * (name == TOTALS[law]) for name, value in zip(names, values, strict=True)]
    assert law.replace("_", " ") in named(tell(scenario, draws, trace, wrong))


# --- a whole result --------------------------------------------------------------------------------------------------

SHORT = WORLDS["with ICE"][1]


def test_an_audit_holds_a_result_against_traces_of_its_own_engine_and_finds_a_forged_number_and_another_trace() -> None:
    result = run(loading.load("wyoming_safe_haul_2025", SHORT), replications=3, seed=7)
    found = audit(result)
    assert (found.laws, found.replications, found.broken) == (len(ROAD) + 2, 3, ())
    values, digests = result.values.copy(), (*result.digests[:2], result.digests[0])
    values[1, 0] += 1
    forged = audit(Result(result.scenario, 7, result.engine, values, digests))
    assert (1, SAME_MEASURES) in {(breach.replication, breach.law) for breach in forged.broken}
    assert [breach.replication for breach in forged.broken if breach.law == SAME_TRACE] == [2]
    assert str(forged).startswith("Audit: 2 of 3 replications break laws")


def test_a_run_says_that_it_was_audited_in_its_output_manifest_and_report_and_the_report_reads_back(command: Command) -> None:
    settings = [word for one in SHORT for word in ("--set", one)]
    status, out, _ = command("run", "wyoming_safe_haul_2025", *settings, "-n", 2, "--audit", "--out", "one")
    sentence = f"Audit: {len(ROAD) + 2} laws hold in each of 2 replications."
    assert status == 0
    assert sentence in out
    assert json.loads(Path("one/manifest.json").read_text())["audit"]["wyoming_safe_haul_2025"]["broken"] == []
    assert sentence in Path("one/report.html").read_text()
    assert command("report", "one", "--out", "again.html")[0] == 0
    assert Path("again.html").read_bytes() == Path("one/report.html").read_bytes()


def test_a_broken_law_ends_a_run_with_status_1_and_names_it(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    record = World.record

    def forgetful(self: World, kind: Kind, *told: Any, **more: Any) -> None:
        if kind != Kind.WARNED:
            record(self, kind, *told, **more)

    monkeypatch.setattr(World, "record", forgetful)
    settings = [word for one in SHORT for word in ("--set", one)]
    status, out, err = command("run", "wyoming_safe_haul_2025", *settings, "-n", 1, "--audit", "--out", "one")
    assert status == 1
    assert "replication 0 breaks a law at " in err
    assert "the outcome is the drawn one at the end of the traffic task." in err
    assert "Audit: " not in out
    assert json.loads(Path("one/manifest.json").read_text())["audit"]["wyoming_safe_haul_2025"]["broken"]
    assert "the laws of the model do not hold" in Path("one/report.html").read_text()


def test_a_comparison_audits_every_arm_and_a_reproduction_every_scenario(command: Command) -> None:
    settings = [word for one in SHORT for word in ("--set", one)]
    arms = ("wyoming_safe_haul_2025", *settings, "-n", 2, "--audit", "--out", "two")
    status, out, _ = command("compare", *arms)
    assert status == 0
    assert out.count("Audit: ") == len(json.loads(Path("two/manifest.json").read_text())["audit"]) == 2
    status, out, _ = command("reproduce", "payments", "-n", 2, "--audit")
    assert f"Audit: {len(COUNTRY) + 2} laws hold in each of 2 replications." in out


def test_every_law_reads_as_a_sentence_of_its_own() -> None:
    assert len({in_words(law) for law in (*ROAD, *COUNTRY)}) == len(ROAD) + len(COUNTRY)
