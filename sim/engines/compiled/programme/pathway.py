"""The way of an agency into the programme, as in :mod:`sim.programme.pathway`; a process that waits there ends a step here."""

from __future__ import annotations

import numpy as np

from sim.engines.compiled.agenda import enter
from sim.engines.compiled.compiler import compiled, compiled_with_new_arrays, inlined
from sim.engines.compiled.programme import memory
from sim.engines.compiled.programme.draws import (
    arrests,
    duration,
    expected,
    gap_in_list,
    gives_up_after,
    located,
    of_agency,
    of_model,
    of_training,
    put_forward,
    rate_of_arrests,
)
from sim.engines.compiled.programme.layout import NONE, Duration, OfAgency, OfModel, World
from sim.engines.compiled.world import keep_row
from sim.programme.draw import NEVER
from sim.programme.record import FEDERAL, LOCAL, NOBODY, Kind
from sim.programme.scenario import TASK_FORCE
from sim.programme.steps import Step, priority
from sim.units import WEEK

place_of = compiled(priority)


@inlined
def record_row(world: World, kind: int, group: int, agency: int, model: int, payer: int, detail: int) -> None:
    """Record that something happened now."""
    keep_row(world, kind, group, agency, model, payer, detail)
    world.rows += 1


@compiled
def record(world: World, kind: int, agency: int, model: int, detail: int) -> None:
    """Record that something happened now."""
    group = memory.blocks(world)[memory.agencies(world)[agency].block].group
    record_row(world, kind, group, agency, model, NOBODY, detail)


@compiled
def pay(world: World, kind: int, agency: int, model: int, usd: int, payer: int) -> None:
    """Record a payment, unless nothing is due."""
    if usd:
        group = memory.blocks(world)[memory.agencies(world)[agency].block].group
        record_row(world, kind, group, agency, model, payer, usd)


@compiled
def wait(world: World, duration: int, step: int, agency: int, model: int, told: int) -> None:
    """Let a journey go on after a duration, and tell it something."""
    enter(world, world.now + duration, place_of(step, agency, model), world.order, told)
    world.order += 1


@compiled
def until(world: World, time: int, step: int, agency: int, model: int, told: int) -> None:
    """Let a journey go on at a time; at once if it has passed."""
    wait(world, max(0, time - world.now), step, agency, model, told)


@compiled
def agreement_of(world: World, agency: int, model: int) -> World:
    """Return the record of an agreement."""
    return memory.agreements(world)[model * world.agencies + agency]


# --- the way of an agreement ------------------------------------------------------------------------------------------


@compiled
def agreement_begins(world: World, agency: int, model: int) -> None:
    """Let an agency hold an agreement on the first day, or ask when its time has come."""
    agreement = agreement_of(world, agency, model)
    if not agreement.held:
        if agreement.asks < world.end:
            until(world, agreement.asks, Step.ASKS, agency, model, 0)
    elif ban_of(world, agency) > 0:
        signed(world, agency, model)


@compiled
def ban_of(world: World, agency: int) -> int:
    """Return the time from which an agency's state forbids agreements."""
    return int(memory.blocks(world)[memory.agencies(world)[agency].block].bans)


@compiled
def asks(world: World, agency: int, model: int) -> None:
    """Ask, and be evaluated."""
    if world.now >= ban_of(world, agency):
        return
    record(world, Kind.ASKED, agency, model, 0)
    which = Duration.EVALUATION_IN_BACKLOG if world.now < world.backlog_until else Duration.EVALUATION
    evaluation = duration(world, which, of_model(world, OfModel.EVALUATION, agency, model))
    wait(world, evaluation, Step.EVALUATED, agency, model, 0)


@compiled
def evaluated(world: World, agency: int, model: int) -> None:
    """Sign, or end without an agreement."""
    declined = of_model(world, OfModel.DECLINED, agency, model) < world.declined
    if declined or world.now >= ban_of(world, agency):
        record(world, Kind.DECLINED, agency, model, 0)
    else:
        signed(world, agency, model)


@compiled
def signed(world: World, agency: int, model: int) -> None:
    """Hold an agreement, train, and know when it will end."""
    agreement, ban = agreement_of(world, agency, model), ban_of(world, agency)
    record(world, Kind.SIGNED, agency, model, agreement.held)
    agreement.holds = 1
    if agreement.held:  # long-standing partners are on the list and at work
        agreement.listed = 1
        record(world, Kind.LISTED, agency, model, 0)
        wait(world, 0, Step.CREDENTIALED, agency, model, put_forward(world, agency, model))
    else:
        has_changed(world, agency, model)
        if of_model(world, OfModel.SENDS, agency, model) < memory.training(world)[model].sends:
            prepares = of_training(world, Duration.PREPARES, OfModel.PREPARES, agency, model)
            wait(world, prepares, Step.PREPARED, agency, model, 0)
    forbidden = NEVER
    if ban < NEVER:
        forbidden = ban + duration(world, Duration.WIND_DOWN, of_agency(world, OfAgency.WIND_DOWN, agency, 1, 0))
    given_up = world.now + gives_up_after(world, agency, model)
    if min(forbidden, given_up) < world.end:
        until(world, min(forbidden, given_up), Step.AGREEMENT_ENDS, agency, model, int(forbidden <= given_up))


@compiled
def agreement_ends(world: World, agency: int, model: int, by_ban: int) -> None:
    """End an agreement."""
    agreement = agreement_of(world, agency, model)
    if agreement.officers:
        is_active_no_more(world, model * world.agencies + agency)
    agreement.holds, agreement.officers = 0, 0
    record(world, Kind.ENDED, agency, model, by_ban)
    has_changed(world, agency, model)


@compiled
def has_changed(world: World, agency: int, model: int) -> None:
    """Note that the next issue of the list must look at an agreement."""
    memory.changed(world)[world.changes] = model * world.agencies + agency
    world.changes += 1


# --- training ---------------------------------------------------------------------------------------------------------


@compiled
def prepared(world: World, agency: int, model: int) -> None:
    """Send the officers put forward to the course."""
    agreement_of(world, agency, model).waiting = put_forward(world, agency, model)
    next_class(world, agency, model)


@compiled
def next_class(world: World, agency: int, model: int) -> None:
    """Ask for seats for the next class, if there is one to send: at once, or behind those who wait already."""
    agreement, seats = agreement_of(world, agency, model), memory.seats(world)[model]
    officers = min(agreement.waiting, memory.training(world)[model].largest)
    if officers == 0 or not agreement.holds:
        return
    place = model * world.agencies + agency
    agreement.needs, agreement.next = officers, NONE
    if seats.first == NONE and officers <= seats.free:
        seats_taken(world, place)
    elif seats.first == NONE:
        seats.first, seats.last = place, place
    else:
        memory.agreements(world)[seats.last].next = place
        seats.last = place


@compiled
def seats_taken(world: World, place: int) -> None:
    """Keep seats for an agreement, whose class begins when everything of this moment is settled."""
    memory.seats(world)[place // world.agencies].free -= memory.agreements(world)[place].needs
    memory.woken(world)[world.wakes] = place
    world.wakes += 1


@compiled
def classes_begin(world: World) -> None:
    """Let the classes begin that have seats now."""
    number = 0
    while number < world.wakes:  # seats that are given back wake others
        place = memory.woken(world)[number]
        number += 1
        model, agency = place // world.agencies, place % world.agencies
        officers = memory.agreements(world)[place].needs
        if not memory.agreements(world)[place].holds:  # the agreement ended while they waited for seats
            give_seats_back(world, model, officers)
            continue
        record(world, Kind.SEATS_TAKEN, agency, model, officers)
        course = of_training(world, Duration.COURSE, OfModel.COURSE, agency, model)
        wait(world, course, Step.COURSE_ENDS, agency, model, officers)
    world.wakes = 0


@compiled
def give_seats_back(world: World, model: int, officers: int) -> None:
    """Free seats for those who wait, in their order."""
    seats = memory.seats(world)[model]
    seats.free += officers
    while seats.first != NONE and memory.agreements(world)[seats.first].needs <= seats.free:
        first = seats.first
        seats.first = memory.agreements(world)[first].next
        seats_taken(world, first)


@compiled
def course_ends(world: World, agency: int, model: int, officers: int) -> None:
    """Free the seats for those who wait, pay the wages, and send the next class."""
    agreement = agreement_of(world, agency, model)
    record(world, Kind.SEATS_FREED, agency, model, officers)
    give_seats_back(world, model, officers)
    hours = memory.training(world)[model].course_hours
    pay(world, Kind.TRAINING, agency, model, int(np.rint(officers * hours * world.hourly_wage)), LOCAL)
    credentials = of_training(world, Duration.CREDENTIALS, OfModel.CREDENTIALS, agency, model)
    wait(world, credentials, Step.CREDENTIALED, agency, model, officers)
    agreement.waiting -= officers
    next_class(world, agency, model)


@compiled
def credentialed(world: World, agency: int, model: int, officers: int) -> None:
    """Give officers their credentials; with the first, a task force agency will be paid."""
    agreement = agreement_of(world, agency, model)
    if not agreement.holds:
        return
    first = agreement.officers == 0
    if first:
        agreement.rate = rate_of_arrests(world, agency, model)
        is_active(world, model * world.agencies + agency)
    agreement.officers += officers
    record(world, Kind.CREDENTIALED, agency, model, officers)
    if model == TASK_FORCE and first:
        payment = duration(world, Duration.FIRST_PAYMENT, of_agency(world, OfAgency.FIRST_PAYMENT, agency, 1, 0))
        until(world, max(world.payments_begin, world.now) + payment, Step.PAID, agency, TASK_FORCE, 0)


@compiled
def first_payment(world: World, agency: int) -> None:
    """Pay vehicles, and the equipment of those credentialed by then."""
    if agreement_of(world, agency, TASK_FORCE).holds:
        memory.agencies(world)[agency].paid = 1
        pay(world, Kind.VEHICLES, agency, TASK_FORCE, world.vehicles, FEDERAL)
        pay_equipment(world, agency)


@compiled
def pay_equipment(world: World, agency: int) -> None:
    """Pay the equipment of officers for whom none was paid yet."""
    one = memory.agencies(world)[agency]
    new = max(0, agreement_of(world, agency, TASK_FORCE).officers - one.equipped)
    pay(world, Kind.EQUIPMENT, agency, TASK_FORCE, new * world.equipment, FEDERAL)
    one.equipped += new


# --- what comes from time to time -------------------------------------------------------------------------------------


@compiled_with_new_arrays
def list_issued(world: World) -> None:
    """Issue the list: what was signed since the last issue appears, what ended vanishes."""
    changed = np.empty(world.changes, dtype=np.int64)
    for number in range(world.changes):
        changed[number] = memory.changed(world)[number]
    changed.sort()
    world.changes = 0
    for place in changed:
        agreement = memory.agreements(world)[place]
        if agreement.holds and not agreement.listed:
            record(world, Kind.LISTED, place % world.agencies, place // world.agencies, 0)
            agreement.listed = 1
    for place in changed:
        agreement = memory.agreements(world)[place]
        if agreement.listed and not agreement.holds:
            record(world, Kind.UNLISTED, place % world.agencies, place // world.agencies, 0)
            agreement.listed = 0
    next_issue(world)


@compiled
def next_issue(world: World) -> None:
    """Wait for the next issue of the list."""
    wait(world, gap_in_list(world, world.issue), Step.LIST_ISSUED, 0, 0, 0)
    world.issue += 1


@compiled
def week_ends(world: World) -> None:
    """Record the arrests of each agency with credentialed officers."""
    week = world.week - 1
    for number in range(world.active):
        place = memory.active(world)[number]
        model, agency = place // world.agencies, place % world.agencies
        agreement = memory.agreements(world)[place]
        height = expected(world, agreement.rate, agreement.officers, model)
        count = arrests(world, agency, model, week, height)
        if count:
            record(world, Kind.ARRESTED, agency, model, count)
    next_week(world)


@compiled
def is_active(world: World, place: int) -> None:
    """Enter an agreement among those with credentialed officers, which stand in order."""
    active, at = memory.active(world), world.active
    world.active += 1
    while at > 0 and active[at - 1] > place:
        active[at] = active[at - 1]
        at -= 1
    active[at] = place


@compiled
def is_active_no_more(world: World, place: int) -> None:
    """Take an agreement out of those with credentialed officers."""
    active = memory.active(world)
    world.active -= 1
    at = 0
    while active[at] != place:
        at += 1
    for later in range(at, world.active):
        active[later] = active[later + 1]


@compiled
def next_week(world: World) -> None:
    """Wait for the end of the next week."""
    if world.week < world.weeks:
        world.week += 1
        until(world, world.week * WEEK, Step.WEEK_ENDS, 0, 0, 0)


@compiled
def quarter_ends(world: World) -> None:
    """Pay salary, overtime and award of the officers of every agency that is paid."""
    quarter = world.quarter - 1
    salaries = memory.salaries(world)[quarter]
    for agency in range(world.agencies):
        agreement = agreement_of(world, agency, TASK_FORCE)
        if memory.agencies(world)[agency].paid and agreement.holds:
            officers = agreement.officers
            pay(world, Kind.SALARY, agency, TASK_FORCE, int(np.rint(officers * world.salary_paid * salaries)), FEDERAL)
            overtime = officers * world.overtime_cap * world.overtime_used * salaries
            pay(world, Kind.OVERTIME, agency, TASK_FORCE, int(np.rint(overtime)), FEDERAL)
            award = memory.awards(world)[located(world, agency, quarter)]
            pay(world, Kind.AWARD, agency, TASK_FORCE, officers * award, FEDERAL)
            pay_equipment(world, agency)
    next_quarter(world)


@compiled
def next_quarter(world: World) -> None:
    """Wait for the end of the next quarter."""
    if world.quarter < world.many_quarter_ends:
        world.quarter += 1
        until(world, memory.quarter_ends(world)[world.quarter - 1], Step.QUARTER_ENDS, 0, 0, 0)
