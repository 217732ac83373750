"""Where the arrays of a world lie. ``memory.encounters(world)`` is the array of encounters, and so on.

A compiled function is given the world as one record, and finds the arrays by their addresses: handing sixty arrays from
function to function would cost more than the work. The arrays themselves are kept by :class:`sim.engines.compiled.run.Engine`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

from sim.engines.compiled.compiler import compiled, pointer
from sim.engines.compiled.layout import ARRAYS, INTEGER, POOLS, World

Array = Callable[[World], Any]
carray: Any = numba.carray  # type: ignore[attr-defined]


def _array(name: str) -> Array:
    dtype, columns = ARRAYS[name]
    at, many = f"at_{name}", f"many_{name}"
    width, depth = (*columns, 0, 0)[:2]

    def rows(world: World) -> Any:
        return carray(pointer(world[at]), (world[many],), dtype)

    def rows_of_columns(world: World) -> Any:
        return carray(pointer(world[at]), (world[many], width), dtype)

    def rows_of_rows(world: World) -> Any:
        return carray(pointer(world[at]), (world[many], width, depth), dtype)

    function: Any = (rows, rows_of_columns, rows_of_rows)[len(columns)]
    # A name of its own: the compiler tells kept functions apart by name, and several processes may keep theirs at once.
    function.__name__ = function.__qualname__ = name
    made: Array = compiled(function)
    return made


@compiled
def members(world: World) -> Any:
    """Return the members of all pools, a row each."""
    return carray(pointer(world.at_members), (POOLS, world.most_members), INTEGER)


events = _array("events")
starts = _array("starts")
wakes = _array("wakes")
rows = _array("rows")
encounters = _array("encounters")
referrals = _array("referrals")
stays = _array("stays")
turns = _array("turns")
seats = _array("seats")
pools = _array("pools")
arrivals = _array("arrivals")
here = _array("here")
keys = _array("keys")
arrival_keys = _array("arrival_keys")
presence_keys = _array("presence_keys")
laws = _array("laws")
figures = _array("figures")
spans = _array("spans")
values = _array("values")
levels = _array("levels")
level_figures = _array("level_figures")
level_spans = _array("level_spans")
diverted = _array("diverted")
standing = _array("standing")
licence = _array("licence")
match = _array("match")
match_in_jail = _array("match_in_jail")
doubt = _array("doubt")
order = _array("order")
gives_up = _array("gives_up")
staff = _array("staff")
days = _array("days")
presence = _array("presence")
edges = _array("edges")
open = _array("open")
step_edges = _array("step_edges")
step_passed = _array("step_passed")
step_rates = _array("step_rates")
sizes = _array("sizes")
midnights = _array("midnights")
excluded = _array("excluded")
pickups = _array("pickups")
