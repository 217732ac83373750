"""Where the tables of a programme's world lie, as in :mod:`sim.engines.compiled.memory`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.engines.compiled.programme.layout import ARRAYS, CHANGING, World
from sim.engines.compiled.table import tables_of

_table: Callable[[str], Callable[[World], Any]] = tables_of(ARRAYS, CHANGING)

events = _table("events")
agencies = _table("agencies")
agreements = _table("agreements")
training = _table("training")
seats = _table("seats")
woken = _table("woken")
changed = _table("changed")
active = _table("active")
blocks = _table("blocks")
eligible = _table("eligible")
mandates = _table("mandates")
chosen = _table("chosen")
agency_keys = _table("agency_keys")
model_keys = _table("model_keys")
choice_keys = _table("choice_keys")
day_keys = _table("day_keys")
wave_keys = _table("wave_keys")
list_key = _table("list_key")
laws = _table("laws")
figures = _table("figures")
spans = _table("spans")
bands = _table("bands")
edges = _table("edges")
months = _table("months")
rates = _table("rates")
paced = _table("paced")
quarter_ends = _table("quarter_ends")
salaries = _table("salaries")
awards = _table("awards")
