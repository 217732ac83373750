"""How one replication of the programme lies in memory: records of whole numbers, and arrays found by their addresses.

An agreement's place is its model times the number of agencies, plus its agency. The heap of events, the trace and the tables of
distributions have the names that they have for an operation, so that the functions that use them serve both.
"""

from __future__ import annotations

from enum import IntEnum, auto
from typing import Any

import numpy as np

from sim.engines.compiled.layout import INTEGER, NONE, REAL, WORD, Floats, Ints, World
from sim.programme.draw import OF_AGENCY, OF_MODEL
from sim.programme.scenario import MODELS

__all__ = ["INTEGER", "NONE", "REAL", "WORD", "Floats", "Ints", "World"]


class OfAgency(IntEnum):
    """What is drawn for an agency, in the order of :data:`sim.programme.draw.OF_AGENCY`."""

    SWORN = 0
    ASKS = auto()
    FIRST_PAYMENT = auto()
    WIND_DOWN = auto()
    LOCATED = auto()


class OfModel(IntEnum):
    """What is drawn for an agency under a model, in the order of :data:`sim.programme.draw.OF_MODEL`."""

    HOLDS = 0
    ASKS = auto()
    TOGETHER = auto()
    EVALUATION = auto()
    DECLINED = auto()
    GIVES_UP = auto()
    SENDS = auto()
    PREPARES = auto()
    COURSE = auto()
    CREDENTIALS = auto()
    ACTIVITY = auto()
    ARRESTS = auto()


assert [one.name.lower() for one in OfAgency] == list(OF_AGENCY)
assert [one.name.lower() for one in OfModel] == list(OF_MODEL)


class Duration(IntEnum):
    """The distributions; the last three once for each model."""

    EVALUATION_IN_BACKLOG = 0
    EVALUATION = auto()
    WIND_DOWN = auto()
    LIST_GAP = auto()
    FIRST_PAYMENT = auto()
    PREPARES = auto()
    COURSE = auto()
    CREDENTIALS = auto()


def _record(*names: str, real: tuple[str, ...] = ()) -> np.dtype[Any]:
    return np.dtype([(name, np.int64) for name in names] + [(name, np.float64) for name in real])


#: The agencies of one kind in one group of states.
BLOCK = _record("first", "count", "group", "bans", real=("median", "sigma"))
#: One block under one model; ``eager`` is 0 where its agencies never ask.
ELIGIBLE = _record("may", "held", real=("eager",))
AGENCY = _record("block", "number", "paid", "equipped")
#: ``needs``: officers for whom it waits for seats; ``next``: who stands behind it in that queue.
AGREEMENT = _record("held", "asks", "holds", "listed", "officers", "rate", "waiting", "needs", "next")
MANDATE = _record("block", "covered", "first", "last")
TRAINING = _record("seats", "largest", real=("sends", "put_forward", "course_hours", "mean", "sigma"))
#: Seats in training: how many are free, and the agreements that wait for some.
SEATS = _record("free", "first", "last")

STATE = ("now", "order", "rows", "events", "wakes", "changes", "week", "quarter", "issue", "active", "replication")
POLICY = (
    "agencies", "end", "weeks", "backlog_until", "payments_begin", "vehicles", "equipment", "most_at_work", "last_band",
)  # fmt: skip
NUMBERS = ("declined", "together", "yearly_loss", "waves", "salary_paid", "overtime_cap", "overtime_used", "hourly_wage")
ARRAYS: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] = {
    # what is going on
    "events": (INTEGER, (4,)),  # a heap by time, place and order of entry; then officers, or what else is to be told
    "rows": (INTEGER, (7,)),  # the trace
    "agencies": (AGENCY, ()),
    "agreements": (AGREEMENT, ()),
    "training": (TRAINING, ()),  # by model
    "seats": (SEATS, ()),  # by model
    "woken": (INTEGER, ()),  # agreements that have seats now
    "changed": (INTEGER, ()),  # agreements that began or ended since the last issue of the list
    "active": (INTEGER, ()),  # agreements with credentialed officers, in order
    # who there is
    "blocks": (BLOCK, ()),
    "eligible": (ELIGIBLE, (len(MODELS),)),  # by block
    "mandates": (MANDATE, ()),
    "chosen": (REAL, (len(MODELS),)),  # by mandate: share of those covered that choose a model
    # chance
    "agency_keys": (WORD, (len(OfAgency), 2)),  # by block
    "model_keys": (WORD, (len(OfModel), 2)),  # by block, then model
    "choice_keys": (WORD, (len(MODELS), 2)),  # by mandate
    "day_keys": (WORD, (2,)),  # by mandate
    "wave_keys": (WORD, (2,)),  # by model
    "list_key": (WORD, (2,)),
    "laws": (INTEGER, ()),  # by duration
    "figures": (REAL, (3,)),
    "spans": (INTEGER, (2,)),  # where in ``values`` a table begins, and how long it is
    "values": (REAL, ()),
    "bands": (REAL, ()),  # cumulative weights of the bands of people located
    # pace and pay
    "edges": (INTEGER, ()),
    "months": (INTEGER, ()),
    "rates": (REAL, (len(MODELS),)),  # by step between edges
    "paced": (REAL, (len(MODELS),)),  # by edge: cumulative pace
    "quarter_ends": (INTEGER, ()),
    "salaries": (REAL, ()),  # by quarter
    "awards": (INTEGER, ()),  # by band
}
#: Arrays that change while a replication runs; the others say what the scenario says.
CHANGING = (
    "events", "rows", "agencies", "agreements", "training", "seats", "woken", "changed", "active", "blocks", "mandates",
    "paced",
)  # fmt: skip
PROGRAMME = np.dtype(
    [(name, np.int64) for name in (*STATE, *POLICY)]
    + [(name, np.float64) for name in NUMBERS]
    + [(f"{what}_{name}", np.int64) for name in ARRAYS for what in ("at", "many")]
)
