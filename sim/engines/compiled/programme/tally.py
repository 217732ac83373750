"""The pass of :mod:`sim.programme.tally` over the rows of a trace, compiled."""

from __future__ import annotations

from sim.engines.compiled.compiler import recompiled
from sim.programme import tally

# Arrays handed from function to function are counted by the compiler each time; in one function they are not.
keep = recompiled(tally.keep, inline=True)
arrested = recompiled(tally.arrested, inline=True)
arrested_since = recompiled(tally.arrested_since, inline=True)
paid = recompiled(tally.paid, inline=True)
listed = recompiled(tally.listed, inline=True)
ended = recompiled(tally.ended, inline=True)
on_the_way = recompiled(tally.on_the_way, inline=True, ended=ended)
add_rows = recompiled(
    tally.add_rows,
    keep=keep,
    arrested=arrested,
    arrested_since=arrested_since,
    paid=paid,
    listed=listed,
    on_the_way=on_the_way,
)
