"""The arrests of a week, drawn before anything runs as marks on a line; while it runs, they are only looked up.

Each agency has, under each model and in each week, a Poisson process of rate 1 of its own. A week in which an agency is
expected to make m arrests has as many as the process has marks up to m. So with a higher expectation, whatever the reason, the
agency makes the same arrests in that week and perhaps more, and no other week and no other agency is touched. Marks are whole
millionths, as the arrivals on a road are (:mod:`sim.chance`): looking up is counting, and no engine can round it in its own way.

The first :data:`MOST_MARKS` marks are drawn, which is all that a week with up to some 80 expected arrests ever needs. Beyond
the last of them the normal distribution of the same mean and variance stands in; it too only grows with the expectation.

References
----------
Lewis and Shedler (1979), "Simulation of nonhomogeneous Poisson processes by thinning", Naval Research Logistics 26, 403-413.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim.elementary import log, normal_quantile
from sim.streams import Floats, Ints

#: Gaps between marks, and what is expected, in whole millionths of an arrest.
MARK_UNITS = 1_000_000
#: Marks that one block of the generator gives; the numbers of a week stand together, whatever the length of the calendar.
IN_A_BLOCK = 4
BLOCKS = 32
MOST_MARKS = IN_A_BLOCK * BLOCKS
#: Of the numbers of one agency in one week, the block whose first number says what is beyond the last mark.
BLOCK_BEYOND = BLOCKS
#: Enough for the highest place that the last mark can have.
HEIGHT_BITS = 33
HIGHEST = 2**HEIGHT_BITS - 1

#: Gives the numbers of the weeks for an agency (by its number) and a block: shape (weeks * IN_A_BLOCK,).
Source = Callable[[int, int], Floats]


def seat_of(number: int, block: int) -> int:
    """Return the seat at which the numbers of an agency and a block stand in their stream."""
    return number << 8 | block


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of all agencies under one model, as far up as each can ever need them.

    Attributes
    ----------
    weeks
        How many weeks there are.
    keys
        One whole number for each mark, in order: the cell (agency times ``weeks`` plus week), then the mark's height.
    full
        Cells that need more than MOST_MARKS marks, in order.
    last
        The height of the last mark of each of these.
    luck
        A standard normal number for each of these.
    """

    weeks: int
    keys: Ints
    full: Ints
    last: Ints
    luck: Floats

    @classmethod
    def none(cls, weeks: int) -> Marks:
        """Return the marks of agencies that never make an arrest."""
        empty = np.zeros(0, dtype=np.int64)
        return cls(weeks, empty, empty, empty, np.zeros(0))

    @classmethod
    def joined(cls, parts: list[Marks], weeks: int) -> Marks:
        """Return the marks of several groups of agencies, in the order of the agencies."""
        parts = [Marks.none(weeks), *parts]
        return cls(weeks, *(np.concatenate([getattr(part, name) for part in parts]) for name in ("keys", "full", "last", "luck")))

    def below(self, agencies: Ints, week: int, heights: Ints) -> Ints:
        """Return how many arrests agencies make in a week.

        Parameters
        ----------
        agencies, heights
            Rows of the agencies and what is expected of each, in millionths; shape (n,). No more may be expected than was when
            the marks were drawn.
        week
            The week, from 0.
        """
        cells = agencies * self.weeks + week
        first = np.searchsorted(self.keys, cells << HEIGHT_BITS)
        end = np.searchsorted(self.keys, cells << HEIGHT_BITS | np.minimum(heights, HIGHEST), side="right")
        counts: Ints = (end - first).astype(np.int64)
        many = np.flatnonzero(counts == MOST_MARKS)
        places = np.searchsorted(self.full, cells[many])
        counts[many] += beyond(heights[many] - self.last[places], self.luck[places])
        return counts


def beyond(height: Ints, luck: Floats) -> Ints:
    """Return the arrests beyond the last mark, by how much more is expected and a standard normal number."""
    more = np.maximum(height, 0) / MARK_UNITS
    return np.maximum(np.rint(more + np.sqrt(more) * luck), 0.0).astype(np.int64)


def marks_of(source: Source, first_row: int, highest: Ints, weeks: int) -> Marks:
    """Draw the marks of the agencies of one kind in one group of states.

    Parameters
    ----------
    source
        Where the numbers come from.
    first_row
        The row of the first of these agencies.
    highest
        The most that can ever be expected of each agency in a week, in millionths; shape (agencies,).
    weeks
        How many weeks there are.
    """
    numbers = np.flatnonzero(highest) if weeks else np.zeros(0, dtype=np.int64)
    reached = np.zeros((len(numbers), weeks), dtype=np.int64)
    keys = [np.zeros(0, dtype=np.int64)]
    for block in range(BLOCKS):
        if not len(numbers):
            break
        u = np.concatenate([source(number, block) for number in numbers.tolist()])
        gaps = np.rint(-log(1.0 - u) * MARK_UNITS).astype(np.int64).reshape(-1, weeks, IN_A_BLOCK)
        heights = reached[:, :, None] + np.cumsum(gaps, axis=2)
        cells = ((first_row + numbers)[:, None] * weeks + np.arange(weeks))[:, :, None]
        keys.append((cells << HEIGHT_BITS | heights)[heights <= highest[numbers, None, None]])
        reached = heights[:, :, -1]
        still = (reached <= highest[numbers, None]).any(axis=1)
        numbers, reached = numbers[still], reached[still]
    full = reached <= highest[numbers, None]
    cells = (first_row + numbers)[:, None] * weeks + np.arange(weeks)
    numbers_beyond = [source(number, BLOCK_BEYOND)[::IN_A_BLOCK] for number in numbers.tolist()]
    luck = normal_quantile(np.concatenate([np.zeros(0), *numbers_beyond]).reshape(full.shape)[full])
    return Marks(weeks, np.sort(np.concatenate(keys)), cells[full], reached[full], luck)
