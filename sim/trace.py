"""The flat record of what happened in one replication, and its digest.

One row per thing that happened, seven whole numbers each. Statistics come later, in :mod:`sim.measures`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import TYPE_CHECKING, Any, TypeVar

from sim.scenario import LICENCES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]
else:
    Rows = Any

COLUMNS = ("time", "kind", "flow", "vehicle", "seat", "unit", "detail")
NOBODY = -1
#: Numbers of the flows of people who come to the jail from elsewhere.
LOCAL, OVERFLOW = 250, 251
#: Ways into custody, and clocks that hold people in jail, by the numbers that stand for them.
PATHS = ("ice_vehicles", "local_booking", "agency_drives", "ice_comes")
CLOCKS = ("detainer", "ice_arrest")
#: Packs the numbers of one row.
row = Struct(f"{len(COLUMNS)}q").pack


class Kind(IntEnum):
    """What can happen. The comment says what the columns ``unit`` and ``detail`` hold; they are -1 and 0 otherwise.

    Where ``detail`` is who, at the roadside, ``unit`` is the patrol unit.
    """

    UNIT_ON_DUTY = 1  # unit: patrol unit
    UNIT_OFF_DUTY = 2  # unit: patrol unit
    INSPECTOR_ON_DUTY = 3  # unit: inspector
    INSPECTOR_OFF_DUTY = 4  # unit: inspector
    ICE_ARRIVED = 5  # detail: agents on the scene
    ICE_LEFT = 6  # detail: agents on the scene
    SEEN = 10  # detail: people in the vehicle
    DIVERTED = 11
    PASSED = 12
    STOP_BEGAN = 13  # unit: patrol unit
    WARNED = 14
    CITED = 15
    ARRESTED = 16
    INSPECTION_BEGAN = 20  # unit: inspector; detail: level, 0 for level 1
    INSPECTION_ENDED = 21  # unit: inspector; detail: level
    NOT_INSPECTED = 22  # selected, but no inspector was free in time
    VEHICLE_OUT_OF_SERVICE = 23  # detail: ground
    DRIVER_OUT_OF_SERVICE = 24  # detail: ground
    TRUCK_DOWN = 26  # detail: milliseconds that an order out of service keeps it off the road
    TASK_ENDED = 25  # unit: patrol unit; the end of traffic matter and inspection
    NOT_ASKED = 29  # unit: patrol unit; people were to be asked, but the limit on added time ran out before
    ASKED = 30  # detail: who
    NOT_IDENTIFIED = 31  # detail: who
    REFERRED = 32  # detail: who
    QUESTION_PUT = 33  # unit: answerer; detail: channel
    ANSWERED = 34  # unit: answerer; detail: channel
    GAVE_UP = 35  # unit: answerer; detail: channel; no answer there, the next channel is tried
    NO_MATCH = 36  # detail: who
    DECLINED = 37  # detail: who; a match, but no go-ahead
    DETAINED = 38  # detail: who
    NO_ANSWER = 39  # detail: who; from no channel
    PAST_LIMIT = 40  # detail: who; let go since the limit on added time ran out
    STOP_ENDED = 45  # unit: patrol unit; everyone not in custody may go
    CUSTODY_BEGAN = 50  # unit: patrol unit; detail: path
    CUSTODY_ENDED = 51  # unit: patrol unit; detail: path
    ARREST_BEGAN = 52  # unit: patrol unit
    ARREST_ENDED = 53  # unit: patrol unit
    UNIT_FREE = 54  # unit: patrol unit
    ICE_AWAITED = 55  # detail: who; the agency may not detain, ICE is on its way
    BOOKING_BEGAN = 59  # unit: desk
    BOOKED = 60  # unit: desk
    BOARDED = 61  # unit: ICE vehicle; detail: who
    ICE_VEHICLE_LEFT = 62  # unit: ICE vehicle; detail: people on board
    ICE_VEHICLE_BACK = 63  # unit: ICE vehicle
    AT_FACILITY = 64  # detail: who
    CAME_TO_JAIL = 70  # detail: who
    ENTERED_JAIL = 71  # detail: who; takes a bed
    TURNED_AWAY = 72  # detail: who; no bed is free
    QUESTIONED = 73  # detail: who; by a jail officer, about standing
    DETAINER_LODGED = 74  # detail: who
    WARRANT_SERVED = 75  # detail: who
    HOLD_BEGAN = 76  # unit: clock; detail: who; nothing else holds the person any more
    RELEASED_AT_CLOCK = 77  # detail: who
    TRANSFERRED = 78  # detail: who; leaves with a pick-up
    LEFT_JAIL = 79  # detail: who; frees a bed
    PICKUP_CAME = 80  # detail: people whom it takes
    BROUGHT_BY_ICE = 81  # detail: who; from ICE's facility
    TAKEN_BACK_BY_ICE = 82  # detail: who


Number = TypeVar("Number", int, Rows)


def who(standing: Number, licence: Number) -> Number:
    """Return the code for a person's standing and licence that stands in ``detail``."""
    return standing * len(LICENCES) + licence


def standing_of(detail: Number) -> Number:
    """Return the standing from the codes of :func:`who`."""
    return detail // len(LICENCES)


def licence_of(detail: Number) -> Number:
    """Return the licence from the codes of :func:`who`."""
    return detail % len(LICENCES)


@dataclass(frozen=True, eq=False, slots=True)
class Trace:
    """What happened in one replication, in the order in which it happened.

    Attributes
    ----------
    rows
        Whole numbers, shape (events, 7); the columns are named in :data:`COLUMNS`, time in milliseconds.
    """

    rows: Rows

    @classmethod
    def of(cls, rows: list[tuple[int, ...]]) -> Trace:
        """Make a trace from a list of rows."""
        import numpy as np

        return cls(np.asarray(rows, dtype=np.int64).reshape(len(rows), len(COLUMNS)))

    @classmethod
    def of_packed(cls, rows: bytearray) -> Trace:
        """Make a trace on rows that :data:`row` has packed; they are not copied, and cannot grow while it is there."""
        import numpy as np

        return cls(np.frombuffer(memoryview(rows).toreadonly(), dtype=np.int64).reshape(-1, len(COLUMNS)))

    def column(self, name: str) -> Rows:
        """Return one column."""
        return self.rows[:, COLUMNS.index(name)]

    def of_kind(self, *kinds: Kind) -> Rows:
        """Return the rows of some kinds, in order."""
        import numpy as np

        return self.rows[np.isin(self.rows[:, 1], kinds)] if len(kinds) > 1 else self.rows[self.rows[:, 1] == kinds[0]]

    def count(self, *kinds: Kind) -> int:
        """Return how often something happened."""
        return len(self.of_kind(*kinds))

    def story(self, flow: int, vehicle: int) -> list[str]:
        """Return the kinds of what happened to one vehicle, in order and in words."""
        mine = self.rows[(self.column("flow") == flow) & (self.column("vehicle") == vehicle)]
        return [Kind(kind).name.lower() for kind in mine[:, 1].tolist()]

    @property
    def digest(self) -> str:
        """What tells this trace from every other, as 16 hexadecimal digits.

        Every row is mixed with its place into one 64-bit word, and the words are added. Two traces that differ agree by a
        chance of one in 2**64. It is no seal against somebody who makes a trace on purpose; files have one, in the manifest.
        """
        import numpy as np

        from sim.digest import digest_text, word_of

        with np.errstate(over="ignore"):
            words = word_of(np.arange(len(self.rows), dtype=np.uint64), *self.rows.T.astype(np.uint64))
            return digest_text(int(words.sum(dtype=np.uint64)))
