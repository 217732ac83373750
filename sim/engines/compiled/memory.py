"""Where the tables of a world lie. ``memory.encounters(world)`` is the table of encounters, and so on.

A compiled function is given the world as one record, and finds the tables by their addresses: handing sixty arrays from
function to function would cost more than the work. The arrays themselves are kept by :class:`sim.engines.compiled.run.Engine`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.engines.compiled.layout import ARRAYS, CHANGING, World
from sim.engines.compiled.table import tables_of

_table: Callable[[str], Callable[[World], Any]] = tables_of(ARRAYS, CHANGING)

events = _table("events")
later = _table("later")
first_of_span = _table("first_of_span")
starts = _table("starts")
wakes = _table("wakes")
rows = _table("rows")
kinds = _table("kinds")
sums = _table("sums")
units = _table("units")
came = _table("came")
held = _table("held")
added = _table("added")
holds = _table("holds")
encounters = _table("encounters")
referrals = _table("referrals")
stays = _table("stays")
turns = _table("turns")
seats = _table("seats")
pools = _table("pools")
members = _table("members")
arrivals = _table("arrivals")
here = _table("here")
keys = _table("keys")
arrival_keys = _table("arrival_keys")
presence_keys = _table("presence_keys")
lanes = _table("lanes")
kept = _table("kept")
gaps = _table("gaps")
laws = _table("laws")
figures = _table("figures")
spans = _table("spans")
values = _table("values")
levels = _table("levels")
level_figures = _table("level_figures")
level_spans = _table("level_spans")
diverted = _table("diverted")
standing = _table("standing")
licence = _table("licence")
match = _table("match")
match_in_jail = _table("match_in_jail")
doubt = _table("doubt")
in_doubt = _table("in_doubt")
order = _table("order")
gives_up = _table("gives_up")
staff = _table("staff")
days = _table("days")
presence = _table("presence")
edges = _table("edges")
open = _table("open")
step_edges = _table("step_edges")
step_passed = _table("step_passed")
step_rates = _table("step_rates")
sizes = _table("sizes")
midnights = _table("midnights")
excluded = _table("excluded")
pickups = _table("pickups")
