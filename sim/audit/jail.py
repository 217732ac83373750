"""Laws of the county jail: desks, beds, and how people come to ICE's notice."""

from __future__ import annotations

from collections import Counter, deque
from itertools import pairwise

from sim.audit.law import Laws, must
from sim.audit.told import HOLD_ENDS, Row, Told, Who, integral
from sim.trace import LOCAL, OVERFLOW, Kind

JAIL = Laws()


@JAIL.law
def everybody_who_comes_to_jail_is_booked_once_and_turned_away_or_enters_once_and_leaves_once(told: Told) -> None:
    in_jail = (Kind.CAME_TO_JAIL, Kind.BOOKING_BEGAN, Kind.BOOKED, Kind.ENTERED_JAIL, Kind.TURNED_AWAY, Kind.LEFT_JAIL)
    went: dict[Who, list[Row]] = {}
    for row in told.along(told.rows):
        if row.kind in in_jail:
            went.setdefault(row.person, []).append(row)
    for way in went.values():
        kinds = [row.kind for row in way]
        must(kinds[:3] == [Kind.CAME_TO_JAIL, Kind.BOOKING_BEGAN, Kind.BOOKED])
        must(kinds[3:] in ([Kind.TURNED_AWAY], [Kind.ENTERED_JAIL, Kind.LEFT_JAIL]))
        must(way[2].time == way[3].time == way[1].time + told.person(way[0].person).booking)
        must(way[1].unit == way[2].unit)


@JAIL.law
def those_whom_others_bring_come_when_they_were_drawn_to_come(told: Told) -> None:
    came = {row.person: row.time for row in told.of_kind[Kind.CAME_TO_JAIL] if row.flow >= LOCAL}
    told.must_agree(came, {(*name, 0): booking.arrives for name, booking in told.booked.items()})
    brought = {row.person: row.time for row in told.of_kind[Kind.BROUGHT_BY_ICE]}
    told.must_agree(brought, {person: moment for person, moment in came.items() if person[0] == OVERFLOW})


@JAIL.law
def a_desk_serves_one_at_a_time_in_the_order_of_coming_and_nobody_waits_for_a_free_one(told: Told) -> None:
    desks, busy = told.scenario.jail.desks, dict[int, Who]()
    waiting = deque[Who]()
    for row, following in pairwise([*told.rows, told.rows[-1]] if told.rows else []):
        told.here = row
        if row.kind == Kind.CAME_TO_JAIL:
            waiting.append(row.person)
        elif row.kind == Kind.BOOKING_BEGAN:
            must(0 <= row.unit < desks)
            must(row.unit not in busy)
            must(waiting.popleft() == row.person)
            busy[row.unit] = row.person
        elif row.kind == Kind.BOOKED:
            must(busy.pop(row.unit) == row.person)
        must(following.time == row.time or not waiting or len(busy) == desks)
    told.here = None
    must(not waiting)
    must(not busy)


@JAIL.law
def no_more_beds_are_taken_than_there_are_and_people_are_turned_away_only_when_all_are(told: Told) -> None:
    taken, beds = 0, told.scenario.jail.beds
    for row in told.along(told.rows):
        taken += (row.kind == Kind.ENTERED_JAIL) - (row.kind == Kind.LEFT_JAIL)
        must(0 <= taken <= beds)
        must(row.kind != Kind.TURNED_AWAY or taken == beds)
    must(taken == 0)


@JAIL.law
def the_people_in_jail_added_up_over_time_are_their_stays_added_up(told: Told) -> None:
    """Each side on its own: the number in jail, and what was drawn for each person with the hold that followed."""
    stays = 0
    for row in told.along(told.of_kind[Kind.ENTERED_JAIL]):
        mine = told.of_person[row.person]
        on_charges = 0 if arrested_for_ice(told, row.person) else told.person(row.person).local_stay
        held = sum(end.time - mine[Kind.HOLD_BEGAN][0].time for kind in HOLD_ENDS for end in mine[kind])
        stays += on_charges + held
    must(integral(told.number_over_time((Kind.ENTERED_JAIL,), (Kind.LEFT_JAIL,))) == stays)


def arrested_for_ice(told: Told, person: Who) -> bool:
    """Whether somebody came to jail for ICE alone, and on no local charges."""
    return person[0] < LOCAL and person in told.charges[person[:2]].taken_by_ice


def _wanted_at_the_roadside(told: Told, person: Who) -> bool:
    """Whether somebody came to jail on local charges when ICE had asked for that person at the roadside."""
    return person[0] < LOCAL and person[2] == 0 and told.charges[person[:2]].is_wanted


@JAIL.law
def those_whom_ice_brings_stay_until_ice_takes_them_back_and_are_held_on_no_clock(told: Told) -> None:
    taken_back = {row.person: row.time for row in told.of_kind[Kind.TAKEN_BACK_BY_ICE]}
    entered = {row.person: row.time for row in told.of_kind[Kind.ENTERED_JAIL] if row.flow == OVERFLOW}
    told.must_agree(taken_back, {person: moment + told.person(person).local_stay for person, moment in entered.items()})
    touched = (Kind.DETAINER_LODGED, Kind.WARRANT_SERVED, Kind.HOLD_BEGAN, Kind.QUESTIONED)
    must(not [row for kind in touched for row in told.of_kind[kind] if row.flow == OVERFLOW])


# --- coming to ICE's notice -----------------------------------------------------------------------------------------


@JAIL.law
def nobody_is_questioned_or_served_in_jail_without_the_agreement_for_it(told: Told) -> None:
    for needed, kind in (("jail_enforcement", Kind.QUESTIONED), ("warrant_service_officer", Kind.WARRANT_SERVED)):
        for _ in told.along(told.of_kind[kind]):
            must(needed in told.scenario.agency.agreements)


@JAIL.law
def people_on_local_charges_are_questioned_at_most_once_by_one_officer_at_a_time_and_from_when_they_are_in(told: Told) -> None:
    busy_until: dict[int, int] = {}
    must(not [person for person, number in Counter(row.person for row in told.of_kind[Kind.QUESTIONED]).items() if number > 1])
    for row in told.along(told.of_kind[Kind.QUESTIONED]):
        mine = told.of_person[row.person]
        began = row.time - told.person(row.person).questioning
        must(not arrested_for_ice(told, row.person))
        must(not _wanted_at_the_roadside(told, row.person))
        must(mine[Kind.ENTERED_JAIL][0].time <= began <= end_of_charges(told, row.person))
        must(0 <= row.unit < told.scenario.jail.screening.officers)
        must(busy_until.get(row.unit, began) <= began)
        busy_until[row.unit] = row.time


def end_of_charges(told: Told, person: Who) -> int:
    entered: int = told.of_person[person][Kind.ENTERED_JAIL][0].time
    return entered if arrested_for_ice(told, person) else entered + told.person(person).local_stay


@JAIL.law
def nobody_waits_to_be_questioned_while_an_officer_is_free(told: Told) -> None:
    officers = told.scenario.jail.screening.officers
    if "jail_enforcement" not in told.scenario.agency.agreements or not officers:
        must(not told.of_kind[Kind.QUESTIONED])
        return
    changes: Counter[tuple[int, str]] = Counter()
    for row in told.along(told.of_kind[Kind.ENTERED_JAIL]):
        if row.flow == OVERFLOW or arrested_for_ice(told, row.person) or _wanted_at_the_roadside(told, row.person):
            continue
        until = end_of_charges(told, row.person)
        for done in told.of_person[row.person][Kind.QUESTIONED]:
            until = done.time - told.person(row.person).questioning
            changes[until, "busy"] += 1
            changes[done.time, "busy"] -= 1
        changes[row.time, "waiting"] += 1
        changes[until, "waiting"] -= 1
    number: Counter[str] = Counter()
    moments = sorted({moment for moment, _ in changes})
    for moment in moments:
        for what in ("waiting", "busy"):
            number[what] += changes[moment, what]
        must(not number["waiting"] or number["busy"] == officers)


@JAIL.law
def ice_lodges_a_detainer_or_has_its_warrant_served_only_for_people_whom_it_wants_and_has_noticed(told: Told) -> None:
    served = "warrant_service_officer" in told.scenario.agency.agreements
    noticed = told.of_kind[Kind.DETAINER_LODGED] + told.of_kind[Kind.WARRANT_SERVED]
    must(max(Counter(row.person for row in noticed).values(), default=0) <= 1)
    for row in noticed:
        one, mine = told.person(row.person), told.of_person[row.person]
        if _wanted_at_the_roadside(told, row.person):
            must(row.kind == Kind.DETAINER_LODGED)
            must(row.time == mine[Kind.CAME_TO_JAIL][0].time)
            must(one.matched)
        else:
            must((row.kind == Kind.WARRANT_SERVED) == served)
            must(one.matched_in_jail)
            must(mine[Kind.ENTERED_JAIL][0].time <= row.time <= end_of_charges(told, row.person))
            must(row.time in [done.time for done in mine[Kind.QUESTIONED]] or one.known_to_ice)
        must(one.go_ahead)


@JAIL.law
def everybody_whom_ice_wants_and_has_noticed_in_time_is_wanted_by_detainer_or_warrant(told: Told) -> None:
    questions = "jail_enforcement" in told.scenario.agency.agreements and told.scenario.jail.screening.officers > 0
    for row in told.along(told.of_kind[Kind.ENTERED_JAIL]):
        one, mine = told.person(row.person), told.of_person[row.person]
        on_charges = row.flow != OVERFLOW and not arrested_for_ice(told, row.person)
        in_time = [done for done in mine[Kind.QUESTIONED] if done.time < end_of_charges(told, row.person)]
        noticed = bool(in_time) or (one.known_to_ice and not questions)
        if on_charges and one.matched_in_jail and one.go_ahead and noticed:
            must(mine[Kind.DETAINER_LODGED] or mine[Kind.WARRANT_SERVED])
