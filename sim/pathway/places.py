"""Who goes first at the same instant: a statement about the world, and the same in every engine."""

from __future__ import annotations

from enum import IntEnum


class Order(IntEnum):
    """Who goes first at the same instant."""

    RELEASE = 1  # something ends and somebody is free again
    LIMIT = 2  # patience or a limit runs out
    CAPACITY = 3  # a shift ends or begins
    QUEUE = 4  # a vehicle that waits for passengers leaves
    ARRIVAL = 5  # a vehicle comes by


#: Numbers of the flows of entities that belong to no traffic flow.
PICKUP, SHIFTS, ICE_FLEET = 253, 254, 255


class Slot(IntEnum):
    """Which of the things that go on about one vehicle at the same time an event belongs to."""

    STOP = 0
    ASKING = 1
    PERSON = 2  # plus the seat
    SCREENING = 10  # plus the seat


#: By how many places an order lies above the place of an entity.
ORDER = 45


def priority(order: int, place: int, slot: int = 0) -> int:
    """Return the place of an event among those of its instant: by order, then by the entity's own place, then by slot.

    It lies above SimPy's own priorities, so that whatever follows at once (a release that wakes the next in a queue) is
    settled before the next timed event of the same instant.
    """
    return order << ORDER | place | slot
