"""What comes next in a programme: the loop that takes one step after the other, in the declared order."""

from __future__ import annotations

from sim.engines.compiled.agenda import next_event
from sim.engines.compiled.compiler import compiled
from sim.engines.compiled.programme import memory
from sim.engines.compiled.programme.draws import MANY_MODELS, draw_inquiries, draw_paces
from sim.engines.compiled.programme.layout import NONE, World
from sim.engines.compiled.programme.pathway import (
    agreement_begins,
    agreement_ends,
    asks,
    classes_begin,
    course_ends,
    credentialed,
    evaluated,
    first_payment,
    list_issued,
    next_issue,
    next_quarter,
    next_week,
    prepared,
    quarter_ends,
    week_ends,
)
from sim.programme.steps import AGENCY_BITS, MODEL_BITS, Step

#: Answers of :func:`advance`.
DONE, ROWS_ARE_FULL, ROOM_IS_SHORT = 0, 1, 2
#: Rows that one step can leave for each agreement: a quarter's salary, overtime, award and equipment.
ROWS_OF_A_STEP = 4
#: More events than one step makes, beside one for each agreement that has seats.
SPARE = 8


@compiled
def open_world(room: World, replication: int) -> None:
    """Draw who asks when, and let every journey of one replication begin."""
    world = room[0]
    world.replication = replication
    world.now, world.order, world.rows, world.events, world.wakes, world.changes = 0, 0, 0, 0, 0, 0
    world.week, world.quarter, world.issue, world.active = 0, 0, 0, 0
    for agency in range(world.agencies):
        memory.agencies(world)[agency].paid, memory.agencies(world)[agency].equipped = 0, 0
    for place in range(world.many_agreements):
        agreement = memory.agreements(world)[place]
        agreement.holds, agreement.listed, agreement.officers, agreement.waiting = 0, 0, 0, 0
    for model in range(MANY_MODELS):
        seats = memory.seats(world)[model]
        seats.free, seats.first, seats.last = memory.training(world)[model].seats, NONE, NONE
    draw_paces(world)
    draw_inquiries(world)
    for model in range(MANY_MODELS):
        for agency in range(world.agencies):
            agreement_begins(world, agency, model)
    next_issue(world)
    next_week(world)
    next_quarter(world)


@compiled
def advance(room: World, most_rows: int) -> int:
    """Let the replication run on, until it is done or something is short."""
    world = room[0]
    while True:
        if world.rows > most_rows:
            return ROWS_ARE_FULL
        if world.events + world.many_agreements + SPARE > world.many_events:
            return ROOM_IS_SHORT
        if memory.events(world)[0, 0] >= world.end:  # the list is issued for ever, so there is always one
            return DONE
        place = memory.events(world)[0, 1]
        told = next_event(world)
        agency, model = (place >> MODEL_BITS) & ((1 << AGENCY_BITS) - 1), place & ((1 << MODEL_BITS) - 1)
        does(world, place >> (AGENCY_BITS + MODEL_BITS), agency, model, told)
        classes_begin(world)


@compiled
def does(world: World, step: int, agency: int, model: int, told: int) -> None:
    """Take one step."""
    if step == Step.ASKS:
        asks(world, agency, model)
    elif step == Step.EVALUATED:
        evaluated(world, agency, model)
    elif step == Step.PREPARED:
        prepared(world, agency, model)
    elif step == Step.COURSE_ENDS:
        course_ends(world, agency, model, told)
    elif step == Step.CREDENTIALED:
        credentialed(world, agency, model, told)
    elif step == Step.PAID:
        first_payment(world, agency)
    elif step == Step.AGREEMENT_ENDS:
        agreement_ends(world, agency, model, told)
    elif step == Step.LIST_ISSUED:
        list_issued(world)
    elif step == Step.WEEK_ENDS:
        week_ends(world)
    else:
        quarter_ends(world)
