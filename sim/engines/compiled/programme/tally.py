"""The pass of :mod:`sim.programme.tally` over the rows of a trace, compiled; and the digest of the trace."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engines.compiled.compiler import compiled, recompiled
from sim.engines.compiled.tally import word_of
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
