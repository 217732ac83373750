"""How one replication lies in memory: records of whole numbers, and the names of the jobs that are waited for.

A record has the fields of the class of the same name in :mod:`sim.pathway`. Records are found by their place in an array,
are freed when nobody refers to them any more, and never move.
"""

from __future__ import annotations

from enum import IntEnum, auto
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.arrivals import BROUGHT_BY_ICE, LOCAL_PEOPLE
from sim.engines.compiled.columns import Column
from sim.fields import CHANNELS
from sim.measures.tally import UNIT_COLUMNS, Of

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
#: A world is handed from room to room as one record; mypy knows nothing of its fields.
World = Any

INTEGER, REAL, WORD = np.dtype(np.int64), np.dtype(np.float64), np.dtype(np.uint64)
MOST_IN_A_VEHICLE = 8
#: Of so many entities that follow one another the numbers are found at once; a power of two, four at least.
KEPT_NUMBERS = 16
#: So many such groups of a column are kept, since vehicles that come by together go on at different times; a power of two.
KEPT_GROUPS = 16

NONE = -1


class Job(IntEnum):
    """What a step of the story has waited for. The rooms go on from here."""

    # stop
    TASK_DONE = 0
    INSPECTOR_CAME = auto()
    INSPECTION_DONE = auto()
    ANSWERS_IN = auto()
    HANDED_OVER = auto()
    AT_JAIL = auto()
    BACK_FROM_JAIL = auto()
    AT_FACILITY = auto()
    BACK_FROM_FACILITY = auto()
    HANDED_TO_ICE = auto()
    ARRESTED_AT_JAIL = auto()
    ARREST_DONE = auto()
    # beside the stop
    PATIENCE_OVER = auto()
    LIMIT_OVER = auto()
    ASKED = auto()
    REFER_BEGINS = auto()
    ANSWERER_CAME = auto()
    REPLY_DUE = auto()
    ICE_CAME = auto()
    ICE_DRIVES = auto()
    ICE_ARRIVED = auto()
    FLEET_WAITED = auto()
    FLEET_LEAVES = auto()
    FLEET_ARRIVED = auto()
    FLEET_BACK = auto()
    # jail
    LOCAL_CUSTODY_BEGINS = auto()
    OVERFLOW_BEGINS = auto()
    DESK_CAME = auto()
    BOOKING_DONE = auto()
    SCREENING_BEGINS = auto()
    SCREENER_CAME = auto()
    QUESTIONED = auto()
    LOCAL_STAY_DONE = auto()
    HOLD_BEGINS = auto()
    CLOCK_RAN_OUT = auto()
    HOLD_ENDED = auto()
    PICKUP_COMES = auto()
    TRANSFER_BEGINS = auto()
    TRANSFER_DONE = auto()


LAST_OF_STOP = Job.ARREST_DONE
LAST_BEFORE_JAIL = Job.FLEET_BACK

#: Pools of people who serve, by number; the answerers in the order of CHANNELS.
PATROL_UNITS, INSPECTORS, DESKS, SCREENERS, FLEET, ANSWERERS = 0, 1, 2, 3, 4, 5
POOLS = ANSWERERS + len(CHANNELS)

#: A span of time is two to this power of milliseconds long, about two minutes. So many have lists of their own; the list of
#: all that is beyond stands after them.
SPAN_BITS, SPANS = 17, 1024
BEYOND = SPANS

#: States of a member of a pool, added up.
ON_DUTY, FREE, BUSY = 1, 2, 4

#: Whether the truck of a stop waits in the queue for an inspector.
NOT_IN_QUEUE, IN_QUEUE, GONE = 0, 1, 2

#: Whose stay in jail it is, and by that what comes after booking.
LOCAL_STORY, ICE_STORY, OVERFLOW_STORY = 0, 1, 2
#: Clocks of a hold; less one, they are places in the pathway's CLOCKS.
NO_CLOCK, DETAINER, ICE_ARREST = 0, 1, 2

#: Paths into custody, as in the pathway's PATHS.
ICE_VEHICLES, LOCAL_BOOKING, AGENCY_DRIVES, ICE_COMES = 0, 1, 2, 3

#: Whom the policy has asked.
DRIVERS_UNSETTLED, DRIVERS, OCCUPANTS = 1, 2, 3  # 0: nobody

#: Flows of people who come to the jail from elsewhere stand after the traffic flows.
ELSEWHERE = (LOCAL_PEOPLE, BROUGHT_BY_ICE)


def _record(*names: str) -> np.dtype[Any]:
    return np.dtype([(name, np.int64) for name in names])


#: The pathway's Encounter, with the vehicle that it is about. Lists of seats are whole numbers, four bits a seat.
ENCOUNTER = _record(
    "next", "refs", "flow", "number", "unit", "ice_is_here", "people", "outcome", "open", "over", "settled", "waits", "turn",
    "inspector", "level", "detained", "taken", "goes_to_jail", "is_wanted", "path", "person", "rest",
)  # fmt: skip
#: One person about whom ICE is asked; a row of eight for each encounter.
REFERRAL = _record("who", "answerer", "position", "answered")
STAY = _record(
    "next", "previous", "refs", "flow", "code", "number", "seat", "who", "story", "encounter", "clock", "left", "ended",
    "picked_up", "desk", "screener", "noticed",
)  # fmt: skip
LATER = _record("next", "time", "place", "order", "job")
TURN = _record("next", "job", "place", "seat")
#: One person on the way to ICE's facility in a vehicle of its fleet.
PASSENGER = _record("next", "flow", "number", "seat", "who")
POOL = _record("lowest", "free", "on_duty", "first", "last")
ARRIVAL = _record("number", "passed", "step", "shift", "time", "untied", "first_step", "last_step", "is_traffic", "code")


#: What the whole replication shares, beside its arrays.
STATE = (
    "keeps_rows", "rows_until", "most_rows_of_a_step", "digest",
    "now", "order", "rows", "events", "span", "end_of_window", "free_later", "later_left",
    "starts", "starts_done", "wakes", "wakes_done", "next_edge", "shifts_with_ice",
    "next_time", "next_flow", "next_place",
    "free_encounter", "free_stay", "free_turn", "free_seat", "encounters_left", "stays_left", "turns_left", "seats_left",
    "free_beds", "first_ready", "last_ready", "ready", "pickup_is_coming", "next_pickup_from", "first_waiting", "last_waiting",
    "loading", "first_aboard", "last_aboard", "aboard", "loads", "finished", "written",
    "replication", "most_members",
)  # fmt: skip
#: What the rooms ask of the scenario, as plain numbers; durations in milliseconds, -1 for none. ``grid``: arrivals are rounded
#: down to it; 1, or coarse in tests of what happens at once.
POLICY = (
    "asked", "limit", "may_detain", "path", "path_without_ice", "drops_charges", "inspection_patience", "half_life",
    "known_since", "fleet_seats", "fleet_patience", "screens", "serves_warrants", "detainer", "ice_arrest", "skips_weekends",
    "pickup_seats", "watch", "grid",
)  # fmt: skip
SHARES = ("threshold", "identified_driver", "identified_passenger")
#: The arrays of a world, with the type and the number of columns of a row; 1 for plain columns.
ARRAYS: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] = {
    # what is going on
    "events": (INTEGER, (4,)),  # a heap by time, place and order of entry; then the job
    "later": (LATER, ()),  # events that are not near
    "first_of_span": (INTEGER, ()),  # by span: where its list begins
    "starts": (INTEGER, ()),  # jobs that begin at once
    "wakes": (INTEGER, (2,)),  # jobs that go on at once, and what they are told
    "rows": (INTEGER, (7,)),  # the trace, if it is asked for
    # what is added up, as in sim.measures.tally
    "kinds": (INTEGER, (len(Of),)),
    "sums": (INTEGER, ()),
    "units": (INTEGER, (UNIT_COLUMNS,)),
    "came": (INTEGER, (2,)),  # the first row says how many follow
    "held": (INTEGER, (2,)),
    "added": (INTEGER, ()),
    "holds": (INTEGER, ()),
    # who is on the way
    "encounters": (ENCOUNTER, ()),
    "referrals": (REFERRAL, (MOST_IN_A_VEHICLE,)),
    "stays": (STAY, ()),
    "turns": (TURN, ()),
    "seats": (PASSENGER, ()),
    "pools": (POOL, ()),
    "members": (INTEGER, ()),  # by pool: a row of ``most_members`` each
    "arrivals": (ARRIVAL, ()),  # by flow
    "here": (INTEGER, ()),  # by shift day: whether ICE is on the scene
    # chance
    "keys": (WORD, (len(Column), 2)),  # by flow
    "arrival_keys": (WORD, (2,)),  # by flow
    "presence_keys": (WORD, (2,)),  # by pattern of shifts
    "lanes": (INTEGER, (len(Column), KEPT_GROUPS, KEPT_NUMBERS)),  # by flow: numbers that were found last
    "kept": (INTEGER, (len(Column), KEPT_GROUPS)),  # by flow: which those are
    "gaps": (INTEGER, (KEPT_NUMBERS,)),  # by flow: gaps before the next, and then when these come
    "laws": (INTEGER, (len(Column),)),  # by flow: kind of law
    "figures": (REAL, (len(Column), 3)),
    "spans": (INTEGER, (len(Column), 2)),  # where in ``values`` a table begins, and how long it is
    "values": (REAL, ()),
    "levels": (INTEGER, ()),  # by level: kind of law of the inspection's duration
    "level_figures": (REAL, (3,)),
    "level_spans": (INTEGER, (2,)),
    "diverted": (REAL, ()),  # by flow
    "standing": (INTEGER, (4,)),  # by flow: first edge, number of edges, last with weight, whether the only one
    "licence": (INTEGER, (4,)),  # by standing
    "match": (REAL, ()),  # by standing
    "match_in_jail": (REAL, ()),
    "doubt": (REAL, ()),
    "in_doubt": (REAL, (2,)),  # by standing: numbers below the first leave more doubt than the threshold, above the second less
    # time and people
    "order": (INTEGER, ()),  # channels in the order in which they are tried
    "gives_up": (INTEGER, ()),  # by channel
    "staff": (INTEGER, (6,)),  # by pattern: first and one past the last unit, inspector, agent
    "days": (INTEGER, (4,)),  # by shift day: pattern, begins, ends, day of the pattern
    "presence": (REAL, ()),  # by pattern
    "edges": (INTEGER, (3,)),  # time, whether a beginning, shift day
    "open": (INTEGER, (2,)),  # intervals when any shift is on
    "step_edges": (INTEGER, ()),  # of all flows, one after the other
    "step_passed": (REAL, ()),
    "step_rates": (REAL, ()),
    "sizes": (INTEGER, ()),  # by pool: members who are always on duty
    "midnights": (INTEGER, ()),  # by day
    "excluded": (INTEGER, ()),  # by day: whether a clock may stand still
    "pickups": (INTEGER, ()),  # by day: when transport comes
}
#: Arrays that change while a replication runs; the others say what the scenario says.
CHANGING = (
    "events", "later", "first_of_span", "starts", "wakes", "rows", "kinds", "sums", "units", "came", "held", "added", "holds",
    "encounters", "referrals", "stays", "turns", "seats", "pools", "members", "arrivals", "here", "lanes", "kept", "gaps",
)  # fmt: skip
#: One replication's world: what it shares, and where its arrays lie and how many rows they have.
WORLD = np.dtype(
    [(name, np.int64) for name in (*STATE, *POLICY)]
    + [(name, np.float64) for name in SHARES]
    + [(f"{what}_{name}", np.int64) for name in ARRAYS for what in ("at", "many")]
)
