"""What a journey in the programme waits for, and who goes first at the same instant: the same in every engine."""

from __future__ import annotations

from enum import IntEnum


class Step(IntEnum):
    """What comes after a wait, in the order in which it happens at the same instant.

    A week and a quarter end before anything else of the midnight at which they end; seats and credentials come before an
    agreement ends, and the list is issued when all that is settled. Agencies that ask come last.
    """

    WEEK_ENDS = 1
    QUARTER_ENDS = 2
    COURSE_ENDS = 3
    CREDENTIALED = 4
    PAID = 5
    AGREEMENT_ENDS = 6
    EVALUATED = 7
    PREPARED = 8
    LIST_ISSUED = 9
    ASKS = 10


#: Room for agencies and models in the place of an event.
AGENCY_BITS, MODEL_BITS = 32, 4


def priority(step: int, agency: int = 0, model: int = 0) -> int:
    """Return the place of an event among those of its instant: by step, then agency and model.

    It lies above SimPy's own priorities, so that whatever follows at once (seats that the next in the queue takes) is settled
    before the next timed event of the same instant.
    """
    return (step << AGENCY_BITS | agency) << MODEL_BITS | model
