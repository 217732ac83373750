"""Where the arrays of a programme's world lie, as in :mod:`sim.engines.compiled.memory`."""

from __future__ import annotations

from typing import Any

from sim.engines.compiled.compiler import compiled, pointer
from sim.engines.compiled.memory import Array, carray
from sim.engines.compiled.programme.layout import ARRAYS, World


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
    function.__name__ = function.__qualname__ = f"programme_{name}"
    made: Array = compiled(function)
    return made


events = _array("events")
agencies = _array("agencies")
agreements = _array("agreements")
training = _array("training")
seats = _array("seats")
woken = _array("woken")
changed = _array("changed")
active = _array("active")
blocks = _array("blocks")
eligible = _array("eligible")
mandates = _array("mandates")
chosen = _array("chosen")
agency_keys = _array("agency_keys")
model_keys = _array("model_keys")
choice_keys = _array("choice_keys")
day_keys = _array("day_keys")
wave_keys = _array("wave_keys")
list_key = _array("list_key")
laws = _array("laws")
figures = _array("figures")
spans = _array("spans")
bands = _array("bands")
edges = _array("edges")
months = _array("months")
rates = _array("rates")
paced = _array("paced")
quarter_ends = _array("quarter_ends")
salaries = _array("salaries")
awards = _array("awards")
