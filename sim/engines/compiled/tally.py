"""The pass of :mod:`sim.measures.tally` over the rows of a trace, compiled; and the digest of the trace."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.typed import Dict, List

from sim import trace
from sim.engines.compiled.compiler import compiled, recompiled
from sim.measures import tally
from sim.measures.tally import KINDS, UNIT_COLUMNS, Of, Sum
from sim.trace import Rows

WHOLE = types.int64

# Arrays handed from function to function are counted by the compiler each time; in one function they are not.
change_of_unit = recompiled(tally.change_of_unit, inline=True)
person_detained = recompiled(tally.person_detained, inline=True)
stop_ended = recompiled(tally.stop_ended, inline=True)
at_the_stop = recompiled(tally.at_the_stop, inline=True, change_of_unit=change_of_unit)
in_the_check = recompiled(
    tally.in_the_check, inline=True, change_of_unit=change_of_unit, person_detained=person_detained, stop_ended=stop_ended
)  # fmt: skip
in_jail, at_a_bed = recompiled(tally.in_jail, inline=True), recompiled(tally.at_a_bed, inline=True)
add_rows = recompiled(tally.add_rows, at_the_stop=at_the_stop, in_the_check=in_the_check, in_jail=in_jail, at_a_bed=at_a_bed)
upper_twentieth = compiled(tally.upper_twentieth)
mixed = compiled(trace.mixed)
first_word = compiled(trace.first_word)


@compiled
def add_to_digest(rows: Rows, first: int, end: int, before: int, digest: Any) -> None:
    """Add some rows to a trace's digest; ``before`` rows went before the first of them."""
    total = digest[0]
    for number in range(first, end):
        word = first_word(np.uint64(before + number - first))
        for column in range(rows.shape[1]):
            word = mixed(word, np.uint64(rows[number, column]))
        total += word
    digest[0] = total


@compiled
def lengths_of(added: Any, holds: Any, lengths: Any, hold_time: Any) -> None:
    """Write down what is exceeded by one in twenty, and the sum and number of holds."""
    lengths[0] = upper_twentieth(np.sort(as_array(added)))
    lengths[1] = upper_twentieth(np.sort(as_array(holds)))
    hold_time[0] = 0
    for length in holds:
        hold_time[0] += length
    hold_time[1] = len(holds)


@compiled
def as_array(values: Any) -> Any:
    """Return a list as an array."""
    array = np.empty(len(values), np.int64)
    for place, value in enumerate(values):
        array[place] = value
    return array


class Kept(NamedTuple):
    """What a pass keeps, in the order of the arguments of :func:`sim.measures.tally.add_rows`."""

    kinds: Rows
    sums: Rows
    units: Rows
    came: Any
    held: Any
    added: Any
    holds: Any

    @classmethod
    def nothing(cls, units: int) -> Kept:
        """Return what is kept before anything has happened."""
        tables = ((KINDS, len(Of)), len(Sum), (max(1, units), UNIT_COLUMNS))
        return cls(*(np.zeros(shape, dtype=np.int64) for shape in tables), *containers())

    def forget(self) -> None:
        """Begin another trace."""
        for table in (self.kinds, self.sums, self.units):
            table[:] = 0
        clear(self.came, self.held, self.added, self.holds)


@compiled
def containers() -> Any:
    """Return two dictionaries and two lists of whole numbers; made here, since outside they would be compiled each time."""
    return Dict.empty(WHOLE, WHOLE), Dict.empty(WHOLE, WHOLE), List.empty_list(WHOLE), List.empty_list(WHOLE)


@compiled
def clear(came: Any, held: Any, added: Any, holds: Any) -> None:
    """Empty what is kept of people and lengths."""
    came.clear()
    held.clear()
    added.clear()
    holds.clear()
