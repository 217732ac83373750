"""Laws of the status check: who is asked, who is referred, what is answered, how long it may take."""

from __future__ import annotations

import math
from collections import Counter

from sim.audit.law import Laws, must
from sim.audit.told import ENDINGS, Name, Told
from sim.entities import IN_STATE, Vehicle
from sim.fields import CHANNELS
from sim.trace import Kind

STATUS_CHECK = Laws()


def _asked_by_policy(policy: str, vehicle: Vehicle) -> list[int]:
    seats = {
        "nobody": [],
        "drivers_unsettled": [0] if vehicle.people[0].licence != IN_STATE else [],
        "drivers": [0],
        "occupants": list(range(len(vehicle.people))),
    }
    return seats[policy]


@STATUS_CHECK.law
def those_whom_the_policy_names_are_asked_and_those_in_doubt_among_them_are_referred(told: Told) -> None:
    check = told.scenario.status_check
    for name, stop in told.each_stop():
        vehicle = told.drawn[name]
        named = _asked_by_policy(check.asked, vehicle)
        asking_ends = vehicle.arrives + vehicle.asking
        if check.limit is not None and asking_ends > stop[Kind.TASK_ENDED][0].time + check.limit:
            named = []
        known = [seat for seat in named if vehicle.people[seat].identified]
        must([row.seat for row in stop[Kind.ASKED]] == named)
        must([row.seat for row in stop[Kind.NOT_IDENTIFIED]] == [seat for seat in named if seat not in known])
        must(
            [row.seat for row in stop[Kind.REFERRED]] == [seat for seat in known if vehicle.people[seat].doubt > check.threshold]
        )
        must({row.time for row in stop[Kind.ASKED] + stop[Kind.REFERRED]} <= {asking_ends})


@STATUS_CHECK.law
def everybody_referred_and_nobody_else_ends_in_exactly_one_way(told: Told) -> None:
    ends = Counter(row.person for kind in ENDINGS for row in told.of_kind[kind])
    told.must_agree(ends, Counter(row.person for row in told.of_kind[Kind.REFERRED]))
    must(max(ends.values(), default=1) == 1)


@STATUS_CHECK.law
def ice_detains_only_whom_it_matches_and_asks_for(told: Told) -> None:
    for row in told.along(told.rows):
        if row.kind in (Kind.NO_MATCH, Kind.DECLINED, Kind.DETAINED):
            one = told.person(row.person)
            must(one.matched == (row.kind != Kind.NO_MATCH))
            must(not one.matched or one.go_ahead == (row.kind == Kind.DETAINED))


@STATUS_CHECK.law
def people_are_kept_past_the_task_no_longer_than_the_check_or_the_limit(told: Told) -> None:
    limit = told.scenario.status_check.limit
    for name, stop in told.each_stop():
        vehicle = told.drawn[name]
        task, end = stop[Kind.TASK_ENDED][0].time, stop[Kind.STOP_ENDED][0].time
        asking = [vehicle.arrives + vehicle.asking] if _asked_by_policy(told.scenario.status_check.asked, vehicle) else []
        waited_for = asking + [row.time for kind in ENDINGS for row in stop[kind]]
        latest = math.inf if limit is None else task + limit
        must(end == max(task, min(latest, max(waited_for, default=task))))
        must(all(row.time == end == latest for row in stop[Kind.PAST_LIMIT]))


@STATUS_CHECK.law
def no_answerer_is_on_two_questions_and_no_more_answer_than_there_are(told: Told) -> None:
    check = told.scenario.status_check
    servers = {"duty_officer": check.duty_officer.servers, "support_centre": check.support_centre.servers}
    servers["ice_on_scene"] = sum(shift.ice_agents for shift in told.scenario.operation.shifts.values())
    open_questions: dict[tuple[int, int], Name] = {}
    for row in told.along(told.rows):
        if row.kind == Kind.QUESTION_PUT:
            must(CHANNELS[row.detail] in check.channels)
            must(0 <= row.unit < servers[CHANNELS[row.detail]])
            must((row.detail, row.unit) not in open_questions)
            open_questions[row.detail, row.unit] = row.name
        elif row.kind in (Kind.ANSWERED, Kind.GAVE_UP):
            must(open_questions.pop((row.detail, row.unit)) == row.name)
    must(not open_questions)


@STATUS_CHECK.law
def nobody_waits_for_an_answerer_who_is_free(told: Told) -> None:
    """Whoever has to wait in a queue is served at the very moment when an answerer is done, or goes unserved."""
    done = {(row.time, row.detail) for kind in (Kind.ANSWERED, Kind.GAVE_UP) for row in told.of_kind[kind]}
    came = {(row.time, row.flow, row.vehicle) for row in told.of_kind[Kind.REFERRED]}
    came |= {(row.time, row.flow, row.vehicle) for row in told.of_kind[Kind.GAVE_UP]}
    began = {row.time for row in told.of_kind[Kind.ICE_ARRIVED]}
    for row in told.along(told.of_kind[Kind.QUESTION_PUT]):
        at_once = (row.time, row.flow, row.vehicle) in came
        must(at_once or (row.time, row.detail) in done or row.time in began)


@STATUS_CHECK.law
def the_agency_detains_only_with_a_task_force_agreement_or_with_ice_on_the_scene(told: Told) -> None:
    """Otherwise ICE must come, which takes the time drawn for that person; who is let go before that is not detained."""
    held = {"task_force", "tribal_task_force"} & set(told.scenario.agency.agreements)
    for name, stop in told.each_stop():
        must_come = not held and not told.ice_was_there[name]
        called = {row.seat: row.time for row in stop[Kind.ICE_AWAITED]}
        came = {row.seat: row.time for row in stop[Kind.DETAINED]}
        must(len(called) == len(stop[Kind.ICE_AWAITED]))
        if not must_come:
            must(not called)
            continue
        people = told.drawn[name].people
        must(came.keys() <= called.keys())
        must(all(people[seat].matched and people[seat].go_ahead for seat in called))
        must(came == {seat: called[seat] + people[seat].ice_comes for seat in came})
        must(called.keys() - came.keys() == {row.seat for row in stop[Kind.PAST_LIMIT]} & called.keys())
