"""The columns of :func:`sim.columns.vehicle_columns` and :func:`sim.columns.seat_columns` by number, in their order."""

from __future__ import annotations

from enum import IntEnum, auto


class Column(IntEnum):
    """What is drawn. Whoever adds a column adds it here; the tables are not made otherwise."""

    DIVERTS = 0
    OCCUPANTS = auto()
    COMMON_STANDING = auto()
    TRAFFIC_TASK = auto()
    OUTCOME = auto()
    CRIMINAL_ARREST = auto()
    SELECTED = auto()
    LEVEL = auto()
    INSPECTION = auto()
    VEHICLE_OUT_OF_SERVICE = auto()
    DRIVER_OUT_OF_SERVICE = auto()
    VEHICLE_GROUND = auto()
    DRIVER_GROUND = auto()
    ASKING = auto()
    HAND_OVER = auto()
    TO_JAIL = auto()
    TO_FACILITY = auto()
    REPAIR = auto()
    OWN_STANDING = auto()
    FOLLOWS = auto()
    LICENCE = auto()
    IDENTIFIED = auto()
    DOUBT = auto()
    MATCH = auto()
    GO_AHEAD = auto()
    REPLY_ICE_ON_SCENE = auto()  # and those of the other channels after it
    REPLY_DUTY_OFFICER = auto()
    REPLY_SUPPORT_CENTRE = auto()
    NO_ANSWER_ICE_ON_SCENE = auto()
    NO_ANSWER_DUTY_OFFICER = auto()
    NO_ANSWER_SUPPORT_CENTRE = auto()
    ICE_COMES = auto()
    BOOKING = auto()
    LOCAL_STAY = auto()
    QUESTIONING = auto()
    KNOWN_TO_ICE = auto()
    PICKUP_DRIVE = auto()


class Law(IntEnum):
    """What a number becomes. The distributions stand in the order of :data:`sim.distributions.DISTRIBUTIONS`."""

    PLAIN = 0
    SHARE = auto()
    CHOICE = auto()
    FIXED = auto()
    EXPONENTIAL = auto()
    LOGNORMAL = auto()
    GAMMA = auto()
    TRIANGULAR = auto()
    UNIFORM = auto()
    WEIBULL = auto()
    EMPIRICAL = auto()
