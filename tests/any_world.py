"""Any valid world, for laws that hold in all of them: small ones, in which much happens at the same instant.

The strategy walks the declarations in :mod:`sim.scenario`, so that a parameter added there is varied here as well.
Values are few and coarse on purpose: zero, all, and durations on a grid of five minutes, since mistakes live where
things coincide.
"""

from __future__ import annotations

import typing
from dataclasses import dataclass
from functools import cache
from itertools import combinations, combinations_with_replacement
from typing import Any

from hypothesis import strategies as st

from sim.chance import Draws, draw
from sim.distributions import DISTRIBUTIONS, Distribution
from sim.engines.simpy_engine import simulate
from sim.fields import AGREEMENTS, CHANNELS, WEEKDAYS, Parameters
from sim.leaves import unit_of
from sim.loading import from_plain
from sim.scenario import STANDINGS, Scenario, Weights
from sim.trace import Trace
from sim.units import MILLISECONDS
from tests.worlds import tied

GRID = 5 * MILLISECONDS["min"]

COARSE = ("0 min", "5 min", "10 min", "15 min", "30 min", "1 h")
ABOVE_ZERO = ("1 ms", "5 min", "10 min", "30 min")
SHAPES = (0.5, 1, 2)
RISING = tuple(combinations_with_replacement(COARSE, 3))

coarse = st.sampled_from(COARSE)
weights = st.sampled_from([1, 5, 0])

WRITTEN: dict[str, list[Any]] = {
    "fixed": list(COARSE),
    "empirical": [list(values) for size in (1, 2, 4) for values in combinations(COARSE, size)],
    "exponential": [{"mean": mean} for mean in COARSE],
    "gamma": [{"mean": mean, "sd": sd} for mean in ABOVE_ZERO[1:] for sd in ABOVE_ZERO],
    "weibull": [{"scale": scale, "shape": shape} for scale in COARSE for shape in SHAPES],
    "uniform": [{"low": low, "high": high} for low, _, high in RISING],
    "triangular": [{"low": low, "mode": mode, "high": high} for low, mode, high in RISING],
    "lognormal": [
        *({"median": median, "sigma": sigma} for median in ABOVE_ZERO for sigma in SHAPES),
        *({"mean": mean, "sd": sd} for mean in ABOVE_ZERO for sd in COARSE),
        {"p05": "5 min", "median": "5 min", "p95": "30 min"},
    ],
}
assert WRITTEN.keys() == DISTRIBUTIONS.keys()

# Each distribution as often as any other, and a plain duration as often as all of them; one choice each, since choices cost.
EVENLY = max(len(forms) for forms in WRITTEN.values())
FORMS = [{name: forms[n % len(forms)]} for name, forms in WRITTEN.items() for n in range(EVENLY)]
durations = st.one_of(coarse, st.integers(0, len(FORMS) - 1).map(FORMS.__getitem__))

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
    "channels": st.permutations(CHANNELS).flatmap(
        lambda order: st.sampled_from([3, 3, 2, 2, 1, 0]).map(lambda count: order[:count])
    ),
}


#: Two days each: the first of a week; the last before a weekend, on which a clock stands still; the eve of a holiday and the
#: holiday; and weekends on which clocks change, one way and the other.
DAYS = (
    ("2025-06-02", "2025-06-03"),
    ("2025-06-05", "2025-06-06"),
    ("2025-11-01", "2025-11-02"),
    ("2025-06-18", "2025-06-19"),
    ("2026-03-07", "2026-03-08"),
)


@st.composite
def shift_patterns(draw_one: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Draw one to three patterns that may overlap, around the clock on consecutive days included."""
    patterns = {}
    days = draw_one(st.sampled_from(DAYS))
    for name in ("early", "late", "night")[: draw_one(st.integers(1, 3))]:
        first = draw_one(st.integers(0, 1))
        patterns[name] = draw_one(section("operation.shifts.*")) | {
            "first": days[first],
            "last": days[draw_one(st.integers(first, 1))],
            "begins": draw_one(st.sampled_from(["06:00", "09:30", "16:00", "22:00", "00:00"])),
            "length": draw_one(st.sampled_from(["10 h", "24 h", "10 h", "24 h", "3 h", "5 min"])),
            "patrol_units": draw_one(st.sampled_from([1, 2, 3, 1, 2, 0])),
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
    "operation.shifts.*.ice_presence": st.sampled_from([0, 1, 0.4]),
    "stop.outcome.arrested": st.sampled_from([1, 5, 0]),
    "status_check.asked": st.sampled_from([*["occupants"] * 4, "drivers", "drivers", "drivers_unsettled", "nobody"]),
    "status_check.duty_officer.servers": st.sampled_from([3, 1, 0]),
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
    "agency.agreements": st.sampled_from([[], *([name] for name in AGREEMENTS), AGREEMENTS[1:], AGREEMENTS[2:]]),
    "jail.beds": st.sampled_from([100, 5, 2, 1, 0]),
    "jail.local.rate": st.sampled_from(["6 per d", "3 per h", "0 per h"]),
    "jail.overflow.rate": st.sampled_from(["6 per d", "3 per h", "0 per h"]),
    **{f"status_check.match.{name}": st.sampled_from([1, 1, 0.4, 0]) for name in STANDINGS},
    **{f"jail.screening.match.{name}": st.sampled_from([1, 1, 0.4, 0]) for name in STANDINGS},
    **{f"people.doubt.{name}": st.sampled_from([0, 0.3, 0, 3]) for name in STANDINGS},
    "custody.path_without_ice": st.sampled_from(["local_booking", "local_booking", "agency_drives"]),
    "custody.local_charges": st.sampled_from(["pursued", "pursued", "dropped"]),
    "title": st.just("any"),
    "question": st.just("Which laws hold?"),
    "notes": st.none(),
    "reported": st.just({}),
    "sources": st.just({}),
}
left_to_others = {
    "operation.shifts.*": ("first", "last", "begins", "length", "patrol_units", "traffic"),
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

    scenario: Scenario
    draws: Draws
    trace: Trace
    seed: int
    together: bool

    def __repr__(self) -> str:  # a failing test shows the scenario apart
        return f"run({self.scenario.digest[:8]}, seed={self.seed}, together={self.together})"


def plain_scenarios() -> st.SearchStrategy[dict[str, Any]]:
    """Return any valid scenario, as plain values."""
    return section("").map(_with_vehicles_for_the_path)


def scenarios() -> st.SearchStrategy[Scenario]:
    """Return any valid scenario of one or two days."""
    return plain_scenarios().map(lambda plain: from_plain(plain, "any"))


@st.composite
def runs(draw_one: st.DrawFn) -> Run:
    """Draw one replication of any valid scenario, half of them with people who come at the same instant."""
    return run(draw_one(scenarios()), draw_one(st.integers(0, 3)), draw_one(st.booleans()))


def run(scenario: Scenario, seed: int, together: bool) -> Run:
    """Run the first replication, the vehicles' times rounded down to the grid if they come together."""
    draws = draw(scenario, seed, 0)
    if together:
        draws = tied(draws, GRID)
    return Run(scenario, draws, simulate(scenario, draws), seed, together)
