"""The pass of :mod:`sim.measures.tally` over the rows of a trace, compiled; and the digest of the trace."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim import trace
from sim.engines.compiled import memory
from sim.engines.compiled.compiler import compiled, compiled_with_new_arrays, recompiled
from sim.engines.compiled.engine import DONE, ROWS_ARE_FULL, TABLES_ARE_SHORT, advance
from sim.engines.compiled.layout import World
from sim.measures import tally
from sim.measures.tally import KINDS, UNIT_COLUMNS, Of, Sum
from sim.trace import Rows


@compiled
def begin_span(spans: Rows, person: int, time: int) -> None:
    """Note when something began for a person: the first row says how many rows follow, each a person and a time."""
    spans[0, 0] += 1
    spans[spans[0, 0], 0] = person
    spans[spans[0, 0], 1] = time


@compiled
def end_span(spans: Rows, person: int) -> int:
    """Return when something began for a person for whom it ends now."""
    last = spans[0, 0]
    row = last
    while spans[row, 0] != person:
        row -= 1
    began = spans[row, 1]
    spans[row, 0], spans[row, 1] = spans[last, 0], spans[last, 1]
    spans[0, 0] = last - 1
    return int(began)


# Arrays handed from function to function are counted by the compiler each time; in one function they are not.
change_of_unit = recompiled(tally.change_of_unit, inline=True)
person_detained = recompiled(tally.person_detained, inline=True)
stop_ended = recompiled(tally.stop_ended, inline=True)
at_the_stop = recompiled(tally.at_the_stop, inline=True, change_of_unit=change_of_unit)
in_the_check = recompiled(
    tally.in_the_check, inline=True, change_of_unit=change_of_unit, person_detained=person_detained, stop_ended=stop_ended
)  # fmt: skip
at_a_bed = recompiled(tally.at_a_bed, inline=True)
in_jail = recompiled(tally.in_jail, inline=True, begin_span=begin_span, end_span=end_span)
add_rows = recompiled(tally.add_rows, at_the_stop=at_the_stop, in_the_check=in_the_check, in_jail=in_jail, at_a_bed=at_a_bed)
word_of = recompiled(trace.word_of, inline=True, mixed=recompiled(trace.mixed, inline=True))


@compiled
def add_to_digest(rows: Any, end: int, before: int, digest: Any) -> None:
    """Add the first ``end`` rows to a trace's digest; ``before`` rows went before them."""
    total = digest[0]
    for number in range(end):
        row = rows[number]
        total += word_of(
            np.uint64(before + number), np.uint64(row[0]), np.uint64(row[1]), np.uint64(row[2]), np.uint64(row[3]),
            np.uint64(row[4]), np.uint64(row[5]), np.uint64(row[6]),
        )  # fmt: skip
    digest[0] = total


@compiled
def advance_and_count(
    record: World,
    most_rows: int,
    watch: int,
    digest: Any,
    kinds: Rows,
    sums: Rows,
    units: Rows,
    came: Rows,
    held: Rows,
    added: Rows,
    holds: Rows,
) -> int:
    """Let the replication run on and add up what its rows say, piece by piece while they are at hand."""
    world = record[0]
    rows = memory.rows(world)
    if world.is_fresh:
        world.is_fresh = 0
        kinds[:, :], sums[:], units[:, :], came[0, 0], held[0, 0], digest[0] = 0, 0, 0, 0, 0, 0
    while True:
        room = world.many_rows
        if (
            len(came) <= came[0, 0] + room
            or len(held) <= held[0, 0] + room
            or len(added) <= sums[Sum.STOPS_WITH_ASKING] + room
            or len(holds) <= sums[Sum.HOLDS] + room
        ):
            return TABLES_ARE_SHORT
        answer = advance(record, most_rows)
        if answer not in (DONE, ROWS_ARE_FULL):
            return int(answer)
        add_rows(rows, 0, world.rows, watch, kinds, sums, units, came, held, added, holds)
        add_to_digest(rows, world.rows, world.counted, digest)
        world.counted += world.rows
        world.rows = 0
        if answer == DONE:
            return DONE


@compiled_with_new_arrays
def upper_twentieth(lengths: Rows) -> float:
    """Return the length that one in twenty exceeds, as in :mod:`sim.measures.tally`, of lengths in any order."""
    last = len(lengths) - 1
    if last < 0:
        return np.nan
    below = int(0.95 * last)
    parted = np.partition(lengths, below)
    length = parted[below]
    following = length if below == last else parted[below + 1 :].min()
    return float(length + (0.95 * last - below) * (following - length))


@compiled_with_new_arrays
def lengths_of(kept_added: Rows, kept_holds: Rows, sums: Rows, lengths: Any) -> None:
    """Write down what is exceeded by one in twenty."""
    lengths[0] = upper_twentieth(kept_added[: sums[Sum.STOPS_WITH_ASKING]])
    lengths[1] = upper_twentieth(kept_holds[: sums[Sum.HOLDS]])


class Kept:
    """What a pass keeps; see :func:`sim.measures.tally.add_rows`."""

    def __init__(self, units: int) -> None:
        self.kinds = np.zeros((KINDS, len(Of)), dtype=np.int64)
        self.sums = np.zeros(len(Sum), dtype=np.int64)
        self.units = np.zeros((max(1, units), UNIT_COLUMNS), dtype=np.int64)
        self.came = np.zeros((1, 2), dtype=np.int64)
        self.held = np.zeros((1, 2), dtype=np.int64)
        self.added = np.zeros(1, dtype=np.int64)
        self.holds = np.zeros(1, dtype=np.int64)

    @property
    def tables(self) -> tuple[Rows, ...]:
        """What :func:`advance_and_count` adds to."""
        return self.kinds, self.sums, self.units, self.came, self.held, self.added, self.holds

    def make_room(self, rows: int) -> None:
        """Make room for what so many rows may add."""
        self.came = _with_room(self.came, int(self.came[0, 0]) + rows)
        self.held = _with_room(self.held, int(self.held[0, 0]) + rows)
        self.added = _with_room(self.added, int(self.sums[Sum.STOPS_WITH_ASKING]) + rows)
        self.holds = _with_room(self.holds, int(self.sums[Sum.HOLDS]) + rows)


def _with_room(table: Rows, count: int) -> Rows:
    """Return a table with room for ``count`` entries after the first row."""
    if len(table) > count:
        return table
    longer = np.zeros((2 * count + 2, *table.shape[1:]), dtype=np.int64)
    longer[: len(table)] = table
    return longer
