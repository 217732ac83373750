"""What the measures of a programme look at: the sums of one replication, or of several side by side.

A measure is a formula on these: one number for one replication, and an array for several.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.programme.pathway import time_of
from sim.programme.record import MONEY, PAYERS
from sim.programme.scenario import KINDS, Programme, ProgrammeScenario
from sim.programme.tally import FIRST_GROUP, FIRST_PAID, OfAgency, OfGroup, OfState, OfWeek, Sum, add_rows, keep
from sim.streams import Floats, Ints
from sim.trace import Trace
from sim.units import DAY, WEEK

#: One number, or one for each replication.
Numbers = Any
FIVE = 5
#: Columns of what is known of a week: all arrests, those of task force agencies, of the five and of the top ones among them.
IN_WEEK = ("all", "task_force", "five", "top")


class Questions:
    """The moments and weeks that a scenario's measures ask about, and the tables with which the pass begins."""

    def __init__(self, programme: Programme) -> None:
        calendar = programme.calendar
        days = sorted({*calendar.counted_on, *calendar.detailed_on})
        self.days = {day: place for place, day in enumerate(days)}
        self.moments = [time_of(programme, day) + DAY for day in days]
        self.payments_begin = time_of(programme, programme.payments.begins)
        weeks = sorted({week_of(programme, day) for day in calendar.arrests_in_week_of})
        self.weeks = {week: place for place, week in enumerate(weeks)}
        self.week_places = [self.weeks.get(week, -1) for week in range(calendar.days * DAY // WEEK)]
        self.top = programme.arrests.top_agencies
        self.width = FIRST_GROUP + len(OfGroup) * len(programme.group_names)
        self.states = sum(group.states for group in programme.states.values())
        self.agencies = agencies_of(programme)

    def tables(self) -> tuple[Ints, ...]:
        """Return what the pass keeps, as it is before the first row: from the sums on, in the order of its parameters."""
        agencies = np.zeros((len(self.agencies), len(OfAgency)), dtype=np.int64)
        agencies[:, [OfAgency.KIND, OfAgency.STATE]] = self.agencies
        sizes = (
            self.width,
            (len(self.moments) + 1) * self.width,
            agencies,
            self.states * len(OfState),
            len(agencies),
            len(self.weeks) * len(OfWeek),
            len(self.weeks) * len(agencies),
        )
        return tuple(one.ravel() if isinstance(one, np.ndarray) else np.zeros(one, dtype=np.int64) for one in sizes)


def week_of(programme: Programme, day: date) -> int:
    """Return the number of the week of a day, counted from the first day."""
    return time_of(programme, day) // WEEK


def agencies_of(programme: Programme) -> Ints:
    """Return kind and state of each agency, shape (agencies, 2): agencies are dealt to the states of their group in turn."""
    parts, first = [], 0
    for name in programme.group_names:
        group = programme.states[name]
        for position, kind in enumerate(KINDS):
            numbers = np.arange(getattr(group, kind))
            parts.append(np.column_stack([np.full(len(numbers), position), first + numbers % max(1, group.states)]))
        first += group.states
    return np.concatenate(parts)


class Counted:
    """The sums of one or several replications, and their scenario.

    Attributes
    ----------
    kept
        The sums at each moment that is asked about and at the end, shape (…, moments + 1, sums).
    weeks
        What is known of each week that is asked about, shape (…, weeks, len(IN_WEEK)).
    days_to_credential
        Median time from the signature to the first credential, task force, in milliseconds; NaN without any; shape (…).
    """

    def __init__(self, scenario: ProgrammeScenario, asked: Questions, kept: Ints, weeks: Ints, to_credential: Floats) -> None:
        self.programme = scenario.programme
        self.asked = asked
        self.kept = kept
        self.weeks = weeks
        self.to_credential = to_credential

    @classmethod
    def of(cls, trace: Trace, scenario: ProgrammeScenario) -> Counted:
        """Return the sums of one trace."""
        asked = Questions(scenario.programme)
        rows = trace.rows.tolist()
        tables = [table.tolist() for table in asked.tables()]
        add_rows(rows, 0, len(rows), asked.moments, asked.payments_begin, asked.week_places, *tables)
        return cls(scenario, asked, *finished(asked, *(np.asarray(table, dtype=np.int64) for table in tables)))

    def on(self, day: date, what: int) -> Numbers:
        """Return a sum at the end of a day."""
        return self.kept[..., self.asked.days[day], what]

    def at_the_end(self, what: int) -> Numbers:
        """Return a sum at the end of the calendar."""
        return self.kept[..., -1, what]

    def in_group(self, day: date, group: int, what: OfGroup) -> Numbers:
        """Return what stands on the published list in a group of states at the end of a day."""
        return self.on(day, FIRST_GROUP + len(OfGroup) * group + what)

    def money(self, kind: str, payer: str) -> Numbers:
        """Return what was paid of one kind by one payer, in USD."""
        return self.at_the_end(FIRST_PAID + MONEY.index(kind) * len(PAYERS) + PAYERS.index(payer))

    def in_week(self, day: date, what: str) -> Numbers:
        """Return arrests in the week of a day: all, or those of task force agencies, of the five or the top ones among them."""
        return self.weeks[..., self.asked.weeks[week_of(self.programme, day)], IN_WEEK.index(what)]

    def national_week(self, day: date) -> float:
        """Return ICE's arrests in the country in the week of a day."""
        periods = sorted(self.programme.arrests.national.values(), key=lambda period: period.begins)
        begun = [period.weekly for period in periods if period.begins <= day]
        return float(begun[-1]) if begun else math.nan


def finished(  # noqa: PLR0913 - the tables of the pass
    asked: Questions, sums: Ints, kept: Ints, agencies: Ints, states: Ints, spans: Ints, weeks: Ints, leading: Ints
) -> tuple[Ints, Ints, NDArray[np.float64]]:
    """Return, after the last row, the sums at each moment, what is known of each week, and the median time to the credential."""
    while sums[Sum.NEXT] <= len(asked.moments):
        keep(sums, kept)
    in_week = np.zeros((len(asked.weeks), len(IN_WEEK)), dtype=np.int64)
    for place, row in enumerate(in_week):
        many = int(weeks[place * len(OfWeek) + OfWeek.LED])
        first = place * len(asked.agencies)
        most_first = np.sort(leading[first : first + many])[::-1]
        row[:] = weeks[place * len(OfWeek)], most_first.sum(), most_first[:FIVE].sum(), most_first[: asked.top].sum()
    found = spans[: sums[Sum.SPANS]]
    median = np.median(found) if len(found) else math.nan
    return kept.reshape(-1, asked.width), in_week, np.asarray(median)


Function = Callable[[Counted], Numbers]
