"""The pass of :mod:`sim.measures.tally`, compiled, and the digest of a trace: both take each row when it is made.

Whoever records something says what kind it is, so that the compiler keeps of the pass only what that kind asks for.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim import digest
from sim.engines.compiled import memory
from sim.engines.compiled.compiler import compiled, compiled_with_new_arrays, inlined, recompiled
from sim.engines.compiled.layout import World
from sim.measures import tally
from sim.measures.tally import KINDS, UNIT_COLUMNS, Of, Sum
from sim.trace import Rows

SUMS_OF_KIND, SUMS = len(Of), len(Sum)


@compiled
def begin_span(spans: Rows, person: int, time: int) -> None:
    """Note when something began for a person: the row at the top says how many rows there are, and which is the first of them."""
    row = spans[0, 1] + spans[0, 0]
    spans[row, 0], spans[row, 1] = person, time
    spans[0, 0] += 1


@compiled
def end_span(spans: Rows, person: int) -> int:
    """Return when something began for a person for whom it ends now.

    The rows stay in the order in which they began, and it mostly ends for who began first: so the search is short, and so is
    closing the gap.
    """
    many, first = spans[0, 0] - 1, spans[0, 1]
    row = first
    while spans[row, 0] != person:
        row += 1
    began = spans[row, 1]
    while row > first:
        spans[row, 0], spans[row, 1] = spans[row - 1, 0], spans[row - 1, 1]
        row -= 1
    first += 1
    if first > many:  # there is room for all at the beginning
        for row in range(many):
            spans[1 + row, 0], spans[1 + row, 1] = spans[first + row, 0], spans[first + row, 1]
        first = 1
    spans[0, 0], spans[0, 1] = many, first
    return int(began)


change_of_unit = recompiled(tally.change_of_unit, inline=True)
person_detained = recompiled(tally.person_detained, inline=True)
stop_ended = recompiled(tally.stop_ended, inline=True)
at_the_stop = recompiled(tally.at_the_stop, inline=True, change_of_unit=change_of_unit)
in_the_check = recompiled(
    tally.in_the_check, inline=True, change_of_unit=change_of_unit, person_detained=person_detained, stop_ended=stop_ended
)  # fmt: skip
at_a_bed = recompiled(tally.at_a_bed, inline=True)
in_jail = recompiled(tally.in_jail, inline=True, begin_span=begin_span, end_span=end_span)
add_row = recompiled(
    tally.add_row, inline=True, at_the_stop=at_the_stop, in_the_check=in_the_check, in_jail=in_jail, at_a_bed=at_a_bed
)  # fmt: skip
word_of = recompiled(digest.word_of, inline=True, mixed=recompiled(digest.mixed, inline=True))


@compiled
def begin_tally(world: World) -> None:
    """Begin to add up."""
    for kind in range(KINDS):
        for what in range(SUMS_OF_KIND):
            memory.kinds(world)[kind, what] = 0
    for what in range(SUMS):
        memory.sums(world)[what] = 0
    for unit in range(world.many_units):
        for what in range(UNIT_COLUMNS):
            memory.units(world)[unit, what] = 0
    memory.came(world)[0, 0], memory.came(world)[0, 1] = 0, 1
    memory.held(world)[0, 0], memory.held(world)[0, 1] = 0, 1
    world.rows, world.digest, world.rows_until = 0, 0, -1


@inlined
def add(world: World, time: int, kind: int, flow: int, number: int, seat: int, unit: int, detail: int) -> None:
    """Add one row to the sums and to the digest."""
    add_row(
        time, kind, flow, number, seat, unit, detail, world.watch, memory.kinds(world), memory.sums(world), memory.units(world),
        memory.came(world), memory.held(world), memory.added(world), memory.holds(world),
    )  # fmt: skip
    world.digest += np.int64(
        word_of(
            np.uint64(world.rows), np.uint64(time), np.uint64(kind), np.uint64(flow), np.uint64(number), np.uint64(seat),
            np.uint64(unit), np.uint64(detail),
        )
    )  # fmt: skip


@compiled
def has_room(world: World) -> bool:
    """Find how many rows may be added until what is kept of them has to be looked at again; return whether any may."""
    sums = memory.sums(world)
    room = min(
        world.many_came - memory.came(world)[0, 0] - memory.came(world)[0, 1],
        world.many_held - memory.held(world)[0, 0] - memory.held(world)[0, 1],
        world.many_added - sums[Sum.STOPS_WITH_ASKING],
        world.many_holds - sums[Sum.HOLDS],
    )
    if world.keeps_rows:
        room = min(room, world.many_rows - world.rows)
    world.rows_until = world.rows + room - world.most_rows_of_a_step
    return bool(world.rows <= world.rows_until)


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
def write_down(world: World, number: int, added: Rows, holds: Rows, kinds: Rows, sums: Rows, lengths: Any, digests: Rows) -> None:
    """Write down what was added up in one replication, and what is exceeded by one in twenty."""
    for kind in range(KINDS):
        for what in range(SUMS_OF_KIND):
            kinds[number, kind, what] = memory.kinds(world)[kind, what]
    for what in range(SUMS):
        sums[number, what] = memory.sums(world)[what]
    lengths[number, 0] = upper_twentieth(added[: sums[number, Sum.STOPS_WITH_ASKING]])
    lengths[number, 1] = upper_twentieth(holds[: sums[number, Sum.HOLDS]])
    digests[number] = world.digest
