"""One pass over a programme's trace, from which every measure follows: what stands on a day, and what has come of it by then.

The pass is written so that it runs as it stands and compiled, as :mod:`sim.measures.tally` does for an operation:
:mod:`sim.engines.compiled.programme.tally` compiles these functions. It takes one row after the other, so that a trace may be
handed over in pieces. Running sums are kept as they are at the end of each day that is asked about, and at the end. All are
whole numbers. Tables are flat: lists, or arrays.
"""

from __future__ import annotations

from enum import IntEnum, auto
from typing import Any

from sim.programme.record import FEDERAL, MONEY, PAYERS, Kind
from sim.programme.scenario import KINDS, MODELS, TASK_FORCE
from sim.units import WEEK


class Sum(IntEnum):
    """What is added up, or stands, at a moment. Money follows after the last, then what stands in each group of states."""

    NEXT = 0  # the number of the next moment at which the sums are kept
    ASKED = auto()
    DECLINED = auto()
    SIGNED = auto()
    HELD = auto()  # of those signed, held on the first day
    GIVEN_UP = auto()
    ENDED_BY_BAN = auto()
    AGENCIES_SIGNED = auto()
    LISTED = auto()  # what stands on the published list
    UNDER_TASK_FORCE = auto()  # and the three after it, in the order of MODELS
    UNDER_JAIL_ENFORCEMENT = auto()
    UNDER_WARRANT_SERVICE = auto()
    UNDER_TRIBAL_TASK_FORCE = auto()
    OF_COUNTIES = auto()  # and the three after it, in the order of KINDS
    OF_MUNICIPALITIES = auto()
    OF_STATE_AGENCIES = auto()
    OF_TRIBES = auto()
    LISTED_AGENCIES = auto()
    LISTED_STATES = auto()
    TASK_FORCE_STATES = auto()
    TRAINED = auto()
    ACTIVE = auto()  # task force agencies with a credentialed officer
    OFFICERS = auto()  # credentialed, of task force agencies
    PAID = auto()  # task force agencies that have received a payment
    ARRESTS = auto()
    TASK_FORCE_ARRESTS = auto()  # since payments began
    WEEK_SEEN = auto()  # the last end of a week at which arrests were recorded since payments began
    OFFICER_WEEKS = auto()  # credentialed task force officers, added up over these weeks
    FEDERAL = auto()  # USD
    SPANS = auto()  # how many times from signature to credential there are


class OfGroup(IntEnum):
    """What stands on the published list in a group of states."""

    LISTED = 0
    TASK_FORCE = auto()


class OfAgency(IntEnum):
    """What is known of an agency."""

    KIND = 0
    STATE = auto()
    LISTED = auto()  # agreements on the published list
    SIGNED = auto()
    SIGNED_AT = auto()  # a millisecond after its task force agreement was signed
    OFFICERS = auto()  # credentialed task force officers
    PAID = auto()


class OfState(IntEnum):
    """What is known of a state."""

    LISTED = 0
    TASK_FORCE = auto()


class OfWeek(IntEnum):
    """What is added up in a week that is asked about."""

    ARRESTS = 0
    LED = auto()  # how many task force agencies made arrests


#: Where among the sums money begins, in USD: for each kind of it, the payers; and where the groups of states begin.
FIRST_PAID = len(Sum)
FIRST_GROUP = FIRST_PAID + len(MONEY) * len(PAYERS)
AGENCY_COLUMNS, STATE_COLUMNS, WEEK_COLUMNS, GROUP_COLUMNS = len(OfAgency), len(OfState), len(OfWeek), len(OfGroup)
MANY_PAYERS = len(PAYERS)
#: A flat table of whole numbers: a list or an array.
Table = Any
FIRST_OF_MONEY = Kind.VEHICLES
assert [Sum[f"UNDER_{name.upper()}"] - Sum.UNDER_TASK_FORCE for name in MODELS] == list(range(len(MODELS)))
assert [Sum[f"OF_{name.upper()}"] - Sum.OF_COUNTIES for name in KINDS] == list(range(len(KINDS)))
assert [Kind[name.upper()] - FIRST_OF_MONEY for name in MONEY] == list(range(len(MONEY)))


def add_rows(  # noqa: PLR0913 - what the pass keeps, each by itself, since a compiled function is handed arrays faster
    rows: Any,
    first: int,
    end: int,
    moments: Table,
    payments_begin: int,
    week_places: Table,
    sums: Table,
    kept: Table,
    agencies: Table,
    states: Table,
    spans: Table,
    weeks: Table,
    leading: Table,
) -> None:
    """Add some rows of a trace.

    Parameters
    ----------
    rows
        The trace, row by row.
    first, end
        The first row, and one past the last.
    moments
        Ends of the days that are asked about, in milliseconds and in order.
    payments_begin
        When the federal government begins to pay.
    week_places
        By week: its place among those that are asked about, or -1.
    sums
        Running sums by :class:`Sum`; changed in place, as all that follows.
    kept
        The sums at each moment, one moment after the other.
    agencies, states
        What is known of each agency, by :class:`OfAgency`, and of each state, by :class:`OfState`.
    spans
        Times from the signature of a task force agreement to its first credential.
    weeks
        Sums of the weeks that are asked about, by :class:`OfWeek`.
    leading
        The arrests of each task force agency in these weeks; room for all agencies in each.
    """
    for number in range(first, end):
        row = rows[number]
        time, kind, agency, model, detail = row[0], row[1], row[3] * AGENCY_COLUMNS, row[4], row[6]
        while sums[Sum.NEXT] < len(moments) and moments[sums[Sum.NEXT]] <= time:
            keep(sums, kept)
        if kind == Kind.ARRESTED:
            sums[Sum.ARRESTS] += detail
            if time > payments_begin:
                arrested_since(time, model, detail, sums)
            place = week_places[time // WEEK - 1]
            if place >= 0:
                arrested(place, model, detail, len(agencies) // AGENCY_COLUMNS, weeks, leading)
        elif kind >= FIRST_OF_MONEY:
            paid(kind, agency, row[5], detail, sums, agencies)
        elif kind in (Kind.LISTED, Kind.UNLISTED):
            listed(1 if kind == Kind.LISTED else -1, row[2], agency, model, sums, agencies, states)
        else:
            on_the_way(time, kind, agency, model, detail, sums, agencies, spans)


def keep(sums: Table, kept: Table) -> None:
    """Keep the sums as they are at the next moment."""
    first = sums[Sum.NEXT] * len(sums)
    for place in range(len(sums)):
        kept[first + place] = sums[place]
    sums[Sum.NEXT] += 1


def arrested(place: int, model: int, count: int, agencies: int, weeks: Table, leading: Table) -> None:
    """Add the arrests of one agency in a week that is asked about."""
    week = place * WEEK_COLUMNS
    weeks[week + OfWeek.ARRESTS] += count
    if model == TASK_FORCE:
        leading[place * agencies + weeks[week + OfWeek.LED]] = count
        weeks[week + OfWeek.LED] += 1


def arrested_since(time: int, model: int, count: int, sums: Table) -> None:
    """Add the arrests of one agency in a week that ended after payments had begun."""
    if time != sums[Sum.WEEK_SEEN]:  # arrests come before all else that happens at the end of a week
        sums[Sum.WEEK_SEEN] = time
        sums[Sum.OFFICER_WEEKS] += sums[Sum.OFFICERS]
    if model == TASK_FORCE:
        sums[Sum.TASK_FORCE_ARRESTS] += count


def paid(kind: int, agency: int, payer: int, usd: int, sums: Table, agencies: Table) -> None:
    """Add one payment."""
    sums[FIRST_PAID + (kind - FIRST_OF_MONEY) * MANY_PAYERS + payer] += usd
    if payer == FEDERAL:
        sums[Sum.FEDERAL] += usd
    if kind == Kind.EQUIPMENT and agencies[agency + OfAgency.PAID] == 0:
        agencies[agency + OfAgency.PAID] = 1
        sums[Sum.PAID] += 1


def listed(change: int, group: int, agency: int, model: int, sums: Table, agencies: Table, states: Table) -> None:
    """Add an agreement to what stands on the published list, or take it off."""
    state, kind = agencies[agency + OfAgency.STATE] * STATE_COLUMNS, agencies[agency + OfAgency.KIND]
    here = FIRST_GROUP + group * GROUP_COLUMNS
    sums[Sum.LISTED] += change
    sums[Sum.UNDER_TASK_FORCE + model] += change
    sums[Sum.OF_COUNTIES + kind] += change
    sums[here + OfGroup.LISTED] += change
    sums[Sum.LISTED_AGENCIES] -= agencies[agency + OfAgency.LISTED] > 0
    sums[Sum.LISTED_STATES] -= states[state + OfState.LISTED] > 0
    agencies[agency + OfAgency.LISTED] += change
    states[state + OfState.LISTED] += change
    sums[Sum.LISTED_AGENCIES] += agencies[agency + OfAgency.LISTED] > 0
    sums[Sum.LISTED_STATES] += states[state + OfState.LISTED] > 0
    if model == TASK_FORCE:
        sums[here + OfGroup.TASK_FORCE] += change
        sums[Sum.TASK_FORCE_STATES] -= states[state + OfState.TASK_FORCE] > 0
        states[state + OfState.TASK_FORCE] += change
        sums[Sum.TASK_FORCE_STATES] += states[state + OfState.TASK_FORCE] > 0


def on_the_way(  # noqa: PLR0913
    time: int, kind: int, agency: int, model: int, detail: int, sums: Table, agencies: Table, spans: Table
) -> None:
    """Add one record of the way from the inquiry to the credential, or of an agreement's end."""
    if kind == Kind.ASKED:
        sums[Sum.ASKED] += 1
    elif kind == Kind.DECLINED:
        sums[Sum.DECLINED] += 1
    elif kind == Kind.SIGNED:
        sums[Sum.SIGNED] += 1
        sums[Sum.HELD] += detail
        sums[Sum.AGENCIES_SIGNED] += agencies[agency + OfAgency.SIGNED] == 0
        agencies[agency + OfAgency.SIGNED] = 1
        if model == TASK_FORCE:
            agencies[agency + OfAgency.SIGNED_AT] = time + 1
    elif kind == Kind.SEATS_FREED:
        sums[Sum.TRAINED] += detail
    elif kind == Kind.CREDENTIALED and model == TASK_FORCE:
        if agencies[agency + OfAgency.OFFICERS] == 0:
            sums[Sum.ACTIVE] += 1
            spans[sums[Sum.SPANS]] = time + 1 - agencies[agency + OfAgency.SIGNED_AT]
            sums[Sum.SPANS] += 1
        agencies[agency + OfAgency.OFFICERS] += detail
        sums[Sum.OFFICERS] += detail
    elif kind == Kind.ENDED:
        ended(agency, model, detail, sums, agencies)


def ended(agency: int, model: int, by_ban: int, sums: Table, agencies: Table) -> None:
    """Add the end of an agreement."""
    sums[Sum.ENDED_BY_BAN] += by_ban
    sums[Sum.GIVEN_UP] += 1 - by_ban
    if model == TASK_FORCE:
        sums[Sum.ACTIVE] -= agencies[agency + OfAgency.OFFICERS] > 0
        sums[Sum.OFFICERS] -= agencies[agency + OfAgency.OFFICERS]
        sums[Sum.PAID] -= agencies[agency + OfAgency.PAID]
        agencies[agency + OfAgency.OFFICERS] = 0
        agencies[agency + OfAgency.PAID] = 0
