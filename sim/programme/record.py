"""What can happen in the programme. One row per thing that happened, in the seven whole numbers of :mod:`sim.trace`."""

from __future__ import annotations

from enum import IntEnum

#: The columns of a row; ``payer`` is -1 where nothing is paid.
COLUMNS = ("time", "kind", "group", "agency", "model", "payer", "detail")
NOBODY = -1

PAYERS = ("federal", "local")
FEDERAL, LOCAL = PAYERS.index("federal"), PAYERS.index("local")
MONEY = ("vehicles", "equipment", "salary", "overtime", "award", "training")


class Kind(IntEnum):
    """What can happen. ``agency`` is its row in the draws; the comment says what ``detail`` holds, 0 if nothing."""

    ASKED = 1  # the agency has put its inquiry; the agreement is pending
    DECLINED = 2  # the inquiry has ended without an agreement
    SIGNED = 3  # detail: 1 if held on the first day
    LISTED = 4  # stands on the published list from now on
    ENDED = 5  # detail: 1 if a ban ended it, 0 if the agency gave it up
    UNLISTED = 6
    SEATS_TAKEN = 10  # detail: officers who begin the course
    SEATS_FREED = 11  # detail: officers who end it
    CREDENTIALED = 12  # detail: officers credentialed; the first time the agency is active under this model
    ARRESTED = 20  # detail: arrests in the week that ends now
    VEHICLES = 30  # detail of this and the next: USD
    EQUIPMENT = 31
    SALARY = 32
    OVERTIME = 33
    AWARD = 34
    TRAINING = 35  # wages during the course
