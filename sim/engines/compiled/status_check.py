"""The status check, as in :mod:`sim.pathway.status_check`: whom the officer asks, whom the officer refers, what ICE answers."""

from __future__ import annotations

from sim.engines.compiled import memory
from sim.engines.compiled.agenda import event_after
from sim.engines.compiled.columns import Column
from sim.engines.compiled.compiler import compiled, inlined
from sim.engines.compiled.draws import (
    duration,
    flag,
    is_identified,
    is_in_doubt,
    is_matched,
    licence_of_person,
    standing_of_person,
    who_is,
)  # fmt: skip
from sim.engines.compiled.layout import (
    ANSWERERS,
    DRIVERS,
    DRIVERS_UNSETTLED,
    NOT_IN_QUEUE,
    OCCUPANTS,
    Job,
    World,
)  # fmt: skip
from sim.engines.compiled.world import (
    job_of,
    join,
    let_go,
    new_encounter,
    place_of,
    record,
    record_of,
    release,
    start,
    take,
    wait,
    wake,
)  # fmt: skip
from sim.entities import DRIVER, IN_STATE
from sim.pathway.places import Order, Slot
from sim.trace import NOBODY, Kind


@inlined
def new_encounter_with(world: World, flow: int, number: int, unit: int, people: int) -> int:
    """Return the encounter of a unit with a vehicle."""
    place = new_encounter(world)
    encounter = memory.encounters(world)[place]
    encounter.flow, encounter.number, encounter.unit, encounter.people = flow, number, unit, people
    encounter.open, encounter.over, encounter.settled, encounter.waits = 0, 0, 0, 0
    encounter.turn, encounter.detained, encounter.taken = NOT_IN_QUEUE, 0, 0
    return place


@inlined
def close(world: World, place: int, slot: int) -> None:
    """Close one open matter; the last one lets the stop go on."""
    encounter = memory.encounters(world)[place]
    encounter.open &= ~(1 << slot)
    if encounter.open == 0:
        end_wait(world, place)


@inlined
def end_wait(world: World, place: int) -> None:
    """Let the stop go on, with or without answers."""
    encounter = memory.encounters(world)[place]
    if not encounter.settled:
        encounter.settled = 1
        if encounter.waits:
            wake(world, job_of(Job.ANSWERS_IN, place, 0), 0)


@compiled
def asks(world: World, place: int, seat: int) -> bool:
    """Return whether the policy has the officer ask the person in a seat; the driver is asked if anybody is."""
    asked, encounter = world.asked, memory.encounters(world)[place]
    if asked == OCCUPANTS:
        return True
    if asked == DRIVERS:
        return seat == DRIVER
    if asked != DRIVERS_UNSETTLED or seat != DRIVER:
        return False
    standing = standing_of_person(world, encounter.flow, encounter.number, seat)
    return bool(licence_of_person(world, encounter.flow, encounter.number, seat, standing) != IN_STATE)


@inlined
def ask(world: World, place: int) -> None:
    """Begin to ask the people in a vehicle, beside what else goes on."""
    encounter = memory.encounters(world)[place]
    encounter.refs += 1
    flow, number = encounter.flow, encounter.number
    encounter.open |= 1 << Slot.ASKING
    lasts = duration(world, Column.ASKING, flow, number, 0)
    wait(world, lasts, flow, number, Slot.ASKING, job_of(Job.ASKED, place, 0))


@compiled
def asked(world: World, place: int) -> None:
    """Refer those about whom too much doubt is left."""
    encounter = memory.encounters(world)[place]
    flow, number, unit = encounter.flow, encounter.number, encounter.unit
    if not encounter.over:
        for seat in range(encounter.people):
            if not asks(world, place, seat):
                continue
            who = who_is(world, flow, number, seat)
            record(world, Kind.ASKED, flow, number, seat, unit, who)
            if not is_identified(world, flow, number, seat):
                record(world, Kind.NOT_IDENTIFIED, flow, number, seat, unit, who)
            elif is_in_doubt(world, flow, number, seat, who):
                record(world, Kind.REFERRED, flow, number, seat, unit, who)
                encounter.open |= 1 << (Slot.PERSON + seat)
                encounter.refs += 1
                memory.referrals(world)[place, seat].who = who
                start(world, job_of(Job.REFER_BEGINS, place, seat))
        close(world, place, Slot.ASKING)
    let_go(world, place)


@compiled
def refer_begins(world: World, place: int, seat: int) -> None:
    """Put one person's case to ICE."""
    memory.referrals(world)[place, seat].position = NOBODY
    tries_next_channel(world, place, seat)


@compiled
def tries_next_channel(world: World, place: int, seat: int) -> None:
    """Turn to the next channel that has anybody to answer; without one there is no answer."""
    encounter, referral, order = memory.encounters(world)[place], memory.referrals(world)[place, seat], memory.order(world)
    while True:
        referral.position += 1
        if referral.position == world.many_order:
            break
        answerers = ANSWERERS + order[referral.position]
        if memory.pools(world)[answerers].on_duty:
            answerer = take(world, answerers)
            if answerer == NOBODY:
                join(world, answerers, job_of(Job.ANSWERER_CAME, place, seat))
            else:
                answerer_came(world, place, seat, answerer)
            return
    record(world, Kind.NO_ANSWER, encounter.flow, encounter.number, seat, encounter.unit, referral.who)
    close(world, place, Slot.PERSON + seat)
    let_go(world, place)


@compiled
def answerer_came(world: World, place: int, seat: int, answerer: int) -> None:
    """Put the question, unless the people have been let go meanwhile."""
    encounter, referral = memory.encounters(world)[place], memory.referrals(world)[place, seat]
    flow, number = encounter.flow, encounter.number
    channel = memory.order(world)[referral.position]
    if encounter.over:
        release(world, ANSWERERS + channel, answerer)
        let_go(world, place)
        return
    record_of(world, Kind.QUESTION_PUT, flow, number, answerer, channel)
    patience = memory.gives_up(world)[channel]
    reply = duration(world, Column.REPLY_ICE_ON_SCENE + channel, flow, number, seat)
    referral.answerer = answerer
    referral.answered = reply <= patience and not flag(world, Column.NO_ANSWER_ICE_ON_SCENE + channel, flow, number, seat)
    wait(
        world, reply if referral.answered else patience, flow, number, Slot.PERSON + seat, job_of(Job.REPLY_DUE, place, seat)
    )  # fmt: skip


@compiled
def reply_due(world: World, place: int, seat: int) -> bool:
    """Act on the answer; return whether the next channel is to be tried."""
    encounter, referral = memory.encounters(world)[place], memory.referrals(world)[place, seat]
    channel = memory.order(world)[referral.position]
    kind = Kind.ANSWERED if referral.answered else Kind.GAVE_UP
    record_of(world, kind, encounter.flow, encounter.number, referral.answerer, channel)
    release(world, ANSWERERS + channel, referral.answerer)
    if encounter.over:
        let_go(world, place)
    elif referral.answered:
        act_on_answer(world, place, seat)
    else:
        return True
    return False


@compiled
def act_on_answer(world: World, place: int, seat: int) -> None:
    """Detain the person if ICE reports a match and asks for custody; without authority to detain, ICE must come for that."""
    encounter, who = memory.encounters(world)[place], memory.referrals(world)[place, seat].who
    flow, number, unit = encounter.flow, encounter.number, encounter.unit
    if not is_matched(world, flow, number, seat, who):
        record(world, Kind.NO_MATCH, flow, number, seat, unit, who)
    elif not flag(world, Column.GO_AHEAD, flow, number, seat):
        record(world, Kind.DECLINED, flow, number, seat, unit, who)
    elif encounter.ice_is_here or world.may_detain:
        detain(world, place, seat)
    else:
        record(world, Kind.ICE_AWAITED, flow, number, seat, unit, who)
        comes = duration(world, Column.ICE_COMES, flow, number, seat)
        wait(world, comes, flow, number, Slot.PERSON + seat, job_of(Job.ICE_CAME, place, seat))
        return
    close(world, place, Slot.PERSON + seat)
    let_go(world, place)


@compiled
def ice_came(world: World, place: int, seat: int) -> None:
    """Detain the person for whom ICE has come, unless the people have been let go meanwhile."""
    if not memory.encounters(world)[place].over:
        detain(world, place, seat)
        close(world, place, Slot.PERSON + seat)
    let_go(world, place)


@compiled
def detain(world: World, place: int, seat: int) -> None:
    """Detain one person, after those who are detained already."""
    encounter = memory.encounters(world)[place]
    record(
        world, Kind.DETAINED, encounter.flow, encounter.number, seat, encounter.unit, memory.referrals(world)[place, seat].who
    )  # fmt: skip
    shift, rest = 0, encounter.detained
    while rest:
        rest >>= 4
        shift += 4
    encounter.detained |= (seat + 1) << shift


@inlined
def keeps_waiting(world: World, place: int) -> bool:
    """Keep the people until every answer is in or the limit on added time runs out; return whether there is any to wait for."""
    encounter = memory.encounters(world)[place]
    if encounter.open == 0:
        return False
    if world.limit >= 0:
        encounter.refs += 1
        limit = place_of(Order.LIMIT, encounter.flow, encounter.number, Slot.STOP)
        event_after(world, world.limit, limit, job_of(Job.LIMIT_OVER, place, 0))
    encounter.waits = 1
    return True


@inlined
def let_people_go(world: World, place: int) -> None:
    """Let go those without an answer."""
    encounter = memory.encounters(world)[place]
    flow, number, unit = encounter.flow, encounter.number, encounter.unit
    if encounter.open & (1 << Slot.ASKING):
        record_of(world, Kind.NOT_ASKED, flow, number, unit, 0)
    for seat in range(encounter.people):
        if encounter.open & (1 << (Slot.PERSON + seat)):
            record(world, Kind.PAST_LIMIT, flow, number, seat, unit, memory.referrals(world)[place, seat].who)
    encounter.over = 1
