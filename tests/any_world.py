"""Any valid world, for laws that hold in all of them: small ones, in which much happens at the same instant.

The strategy walks the declarations in :mod:`sim.scenario`, so that a parameter added there is varied here as well.
Values are few and coarse on purpose: zero, all, and durations on a grid of five minutes, since mistakes live where
things coincide.
"""

from __future__ import annotations

import typing
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from hypothesis import strategies as st

from sim.chance import Draws, draw
from sim.distributions import DISTRIBUTIONS, Distribution
from sim.engines.simpy_engine import simulate
from sim.fields import AGREEMENTS, CHANNELS, WEEKDAYS, Parameters
from sim.loading import from_plain, unit_of
from sim.scenario import Scenario, Weights
from sim.trace import Trace
from sim.units import MILLISECONDS
from tests.worlds import tied

GRID = 5 * MILLISECONDS["min"]

coarse = st.sampled_from(["0 min", "5 min", "10 min", "15 min", "30 min", "1 h"])
above_zero = st.sampled_from(["1 ms", "5 min", "10 min", "30 min"])
shapes = st.sampled_from([0.5, 1, 2])
rising = st.lists(coarse, min_size=3, max_size=3).map(
    lambda values: sorted(values, key=lambda text: float(text.split()[0]) * MILLISECONDS[text.split()[1]])
)
weights = st.sampled_from([1, 5, 0])

distributions: dict[str, st.SearchStrategy[Any]] = {
    "fixed": coarse,
    "empirical": st.lists(coarse, min_size=1, max_size=4),
    "exponential": st.fixed_dictionaries({"mean": coarse}),
    "gamma": st.fixed_dictionaries({"mean": above_zero, "sd": above_zero}),
    "weibull": st.fixed_dictionaries({"scale": coarse, "shape": shapes}),
    "uniform": rising.map(lambda three: {"low": three[0], "high": three[2]}),
    "triangular": rising.map(lambda three: dict(zip(("low", "mode", "high"), three, strict=True))),
    "lognormal": st.one_of(
        st.fixed_dictionaries({"median": above_zero, "sigma": shapes}),
        st.fixed_dictionaries({"mean": above_zero, "sd": coarse}),
        st.just({"p05": "5 min", "median": "5 min", "p95": "30 min"}),
    ),
}

durations = st.one_of(
    coarse,
    st.sampled_from(sorted(DISTRIBUTIONS)).flatmap(lambda name: st.fixed_dictionaries({name: distributions[name]})),
)

# What stands first and often lets people go on along the pathway; else custody, at its far end, would be rare.
often = st.sampled_from([1, 1, 1, 0.4, 0.4, 0])
seldom = st.sampled_from([0, 0, 0, 0.4, 0.4, 1])

by_unit: dict[str, st.SearchStrategy[Any]] = {
    "duration": coarse,
    "duration or none": st.sampled_from(["none", "0 min", "5 min", "15 min"]),
    "per hour": st.sampled_from(["3 per h", "8 per h", "1 per h", "3 per h", "8 per h", "0 per h"]),
    "share": often,
    "count": st.sampled_from([1, 2, 3, 0]),
    "weight": weights,
    "number": st.sampled_from([1, 0.3, 3, 0]),
    "weights": st.lists(weights, min_size=1, max_size=3).filter(any),
    "text": st.just("text"),
    "agreements": st.lists(st.sampled_from(AGREEMENTS), unique=True),
    "time of day": st.sampled_from(["10:00", "00:00", "06:00"]),
    "time zone": st.sampled_from(["America/Denver", "America/Phoenix"]),
    "true or false": st.booleans(),
    "USD": st.sampled_from(["0 USD", "52.50 USD", "100,000 USD"]),
    "weekdays": st.just(list(WEEKDAYS)),
    "channels": st.permutations(CHANNELS).flatmap(lambda order: st.sampled_from([3, 2, 1, 0]).map(lambda count: order[:count])),
}


@st.composite
def shift_patterns(draw_one: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Draw one to three patterns that may overlap, around the clock on consecutive days included."""
    patterns = {}
    for name in ("early", "late", "night")[: draw_one(st.integers(1, 3))]:
        first = draw_one(st.integers(2, 3))
        patterns[name] = draw_one(section("operation.shifts.*")) | {
            "first": f"2025-06-0{first}",
            "last": f"2025-06-0{draw_one(st.integers(first, 3))}",
            "begins": draw_one(st.sampled_from(["06:00", "09:30", "16:00", "22:00", "00:00"])),
            "length": draw_one(st.sampled_from(["10 h", "24 h", "3 h", "5 min"])),
            "traffic": draw_one(st.sampled_from([1, 2, 0.5, 1, 1, 0])),
        }
    return patterns


@st.composite
def traffic_flows(draw_one: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Draw one to three flows, with hours in which nothing comes."""
    flows = {}
    for name in ("a", "b", "c")[: draw_one(st.integers(1, 3))]:
        hours = draw_one(st.lists(weights, min_size=2, max_size=4).filter(any))
        flows[name] = draw_one(section("traffic.flows.*")) | {
            "by_hour": (hours * 24)[:24],
            "diverted": draw_one(seldom),
        }
    return flows


written_by_hand: dict[str, st.SearchStrategy[Any]] = {
    "operation.shifts": shift_patterns(),
    "traffic.flows": traffic_flows(),
    "stop.outcome.arrested": st.sampled_from([0, 1]),
    "status_check.asked": st.sampled_from(["occupants", "occupants", "drivers", "drivers_unsettled", "nobody"]),
    "status_check.threshold": seldom,
    **{f"status_check.{name}.no_answer": seldom for name in CHANNELS},
    **{f"status_check.{name}.gives_up_after": st.sampled_from(["1 h", "30 min", "5 min", "0 min"]) for name in CHANNELS},
    **{f"status_check.{name}.reply": st.one_of(st.sampled_from(["30 min", "10 min"]), durations) for name in CHANNELS},
    "status_check.go_ahead": st.sampled_from([1, 0.4]),
    "people.crew_van.number": st.lists(weights, min_size=1, max_size=8).filter(any),
    "jail.warm_up": st.sampled_from(["0 min", "1 d"]),
    "jail.follow_up": st.sampled_from(["0 min", "1 d"]),
    "jail.desks": st.sampled_from([1, 2]),
    "jail.clock.detainer": st.sampled_from(["48 h", "48 h", "1 h", "0 min"]),
    "jail.clock.ice_arrest": st.sampled_from(["72 h", "1 h", "0 min"]),
    "jail.pickup.weekdays": st.sampled_from([list(WEEKDAYS), ["mon"], ["tue", "sat"]]),
    "agency.agreements": st.one_of(
        st.sampled_from([["task_force"], [], ["jail_enforcement"]]), st.lists(st.sampled_from(AGREEMENTS), unique=True)
    ),
    "title": st.just("any"),
    "question": st.just("Which laws hold?"),
    "notes": st.none(),
    "reported": st.just({}),
    "sources": st.just({}),
}
left_to_others = {
    "operation.shifts.*": ("first", "last", "begins", "length", "traffic"),
    "traffic.flows.*": ("by_hour", "diverted"),
}


@cache
def section(path: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return the strategy for a section: every leaf by its unit, unless it is written by hand."""
    model = _model_at(path)
    parts: dict[str, st.SearchStrategy[Any]] = {}
    for name, one in model.model_fields.items():
        here = f"{path}.{name}" if path else name
        if one.exclude or name in left_to_others.get(path, ()):
            continue
        if here in written_by_hand:
            parts[name] = written_by_hand[here]
        elif isinstance(one.annotation, type) and issubclass(one.annotation, Parameters):
            parts[name] = section(here)
        elif one.annotation is Distribution:
            parts[name] = durations
        elif typing.get_origin(one.annotation) is typing.Literal:
            parts[name] = st.sampled_from(typing.get_args(one.annotation))
        else:
            parts[name] = by_unit[unit_of(one)]
    whole = st.fixed_dictionaries(parts)
    return whole.filter(lambda values: any(values.values())) if issubclass(model, Weights) else whole


def _model_at(path: str) -> type[Parameters]:
    model: Any = Scenario
    for part in path.split(".") if path else ():
        model = typing.get_args(model)[1] if part == "*" else model.model_fields[part].annotation
    found: type[Parameters] = model
    return found


def _with_vehicles_for_the_path(plain: dict[str, Any]) -> dict[str, Any]:
    fleet = plain["custody"]["ice_vehicles"]
    if plain["custody"]["path"] == "ice_vehicles":
        fleet |= {"count": max(fleet["count"], 1), "seats": max(fleet["seats"], 1)}
    return plain


@dataclass(frozen=True)
class Run:
    """One replication of a world: what was asked for, what was drawn, what happened."""

    scenario: Scenario = field(repr=False)  # too long to be read at a glance: a failing test shows it apart
    draws: Draws = field(repr=False)
    trace: Trace = field(repr=False)
    seed: int
    together: bool


def plain_scenarios() -> st.SearchStrategy[dict[str, Any]]:
    """Return any valid scenario, as plain values."""
    return section("").map(_with_vehicles_for_the_path)


def scenarios() -> st.SearchStrategy[Scenario]:
    """Return any valid scenario of one or two days."""
    return plain_scenarios().map(lambda plain: from_plain(plain, "any"))


def runs() -> st.SearchStrategy[Run]:
    """Return one replication of any valid scenario, half of them with vehicles that come at the same instant."""
    return st.builds(run, scenarios(), st.integers(0, 3), st.booleans())


def run(scenario: Scenario, seed: int, together: bool) -> Run:
    """Run the first replication, the vehicles' times rounded down to the grid if they come together."""
    draws = draw(scenario, seed, 0)
    if together:
        draws = tied(draws, GRID)
    return Run(scenario, draws, simulate(scenario, draws), seed, together)
