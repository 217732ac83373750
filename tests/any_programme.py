"""Any valid programme, for laws that hold in all of them: small ones, in which much happens at the same midnight.

The strategy walks the declarations in :mod:`sim.programme.scenario`, so that a parameter added there is varied here as well.
Durations are whole days or nothing, and mandates often name one day: whole classes of agencies then ask, sign, train and end
together, at the ends of weeks and quarters and when the list is issued.
"""

from __future__ import annotations

import typing
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from hypothesis import strategies as st

from sim.distributions import Distribution
from sim.fields import Parameters
from sim.leaves import unit_of
from sim.loading import from_plain
from sim.programme.draw import draw
from sim.programme.pathway import simulate
from sim.programme.scenario import (
    KINDS,
    MODELS,
    Calendar,
    Mandate,
    NationalArrests,
    Pace,
    Payments,
    Programme,
    ProgrammeScenario,
    StateGroup,
)
from sim.scenario import Weights
from sim.trace import Trace

BEGINS = date(2025, 9, 1)
GROUPS = ("north", "south")

#: Days that are counted, by their distance from the first. Many are the last of a week, at whose end much happens.
ASKED_ABOUT = (0, 6, 7, 13, 20, 27, 29, 34, 41, 48, 55, 62, 89, 106, 149)

whole_days = st.sampled_from(["0 d", "7 d", "1 d", "0 d", "7 d", "28 d", "2 d"])
spread = st.sampled_from(
    [
        {"empirical": ["0 d", "7 d", "14 d"]},
        {"exponential": {"mean": "7 d"}},
        {"lognormal": {"median": "7 d", "sigma": 1}},
        {"gamma": {"mean": "7 d", "sd": "14 d"}},
        {"weibull": {"scale": "7 d", "shape": 0.5}},
        {"uniform": {"low": "0 d", "high": "21 d"}},
        {"triangular": {"low": "0 d", "mode": "7 d", "high": "7 d"}},
    ]
)
durations = st.one_of(whole_days, whole_days, spread)


def day(number: int) -> str:
    """Return a day as it is written, by its distance from the first."""
    return (BEGINS + timedelta(days=number)).isoformat()


days = st.sampled_from([0, 1, 7, 30, 28, 100, -20]).map(day)
often, seldom = st.sampled_from([1, 1, 1, 0.5, 0.5, 0]), st.sampled_from([0, 0, 0.3, 1])
money = st.sampled_from([1_000, 7_500, 0])

by_unit: dict[str, st.SearchStrategy[Any]] = {
    "duration": durations,
    "share": often,
    "count": st.sampled_from([3, 1, 2, 8, 0]),
    "number": st.sampled_from([1, 0.3, 3, 0]),
    "weight": st.sampled_from([1, 5, 0]),
    "text": st.just("text"),
    "date": days,
    "date or none": st.one_of(st.just("none"), st.just("none"), days),
}
written_by_hand: dict[tuple[type[Parameters] | None, str], st.SearchStrategy[Any]] = {
    (StateGroup, "states"): st.sampled_from([1, 2, 3]),
    (StateGroup, "held_jail_enforcement"): st.sampled_from([0, 1]),
    (StateGroup, "held_warrant_service"): st.sampled_from([0, 1, 1]),
    **{(StateGroup, kind): st.sampled_from([8, 4, 8, 1]) for kind in KINDS},
    **{(StateGroup, name): st.sampled_from([1, 1, 3, 0]) for name in ("task_force", "jail_models")},
    (StateGroup, "banned_from"): st.one_of(*[st.just("none")] * 4, days),
    (Payments, "begins"): st.sampled_from([-20, 0, 7, 60]).map(day),
    (Payments, "first_payment"): st.one_of(st.just("0 d"), durations),
    (Mandate, "group"): st.sampled_from(GROUPS),
    (Mandate, "begins"): st.sampled_from([0, 7, 7, 28, 30, -20]).map(day),
    **{(Mandate, name): st.sampled_from([1, 1, 0.5, 0]) for name in ("covered", *MODELS[:3])},
    (Pace, "begins"): st.sampled_from([-20, 0, 0, 7, 30]).map(day),
    **{(Pace, model): st.sampled_from([300, 300, 30, 0]) for model in MODELS},
    (None, "declined"): seldom,
    (None, "overtime_used"): often,
    (None, "withdrawn_a_year"): st.sampled_from([0, 0.5, 1]),
    # Seats are few and classes of different sizes, so that a large one waits in front of a small one.
    (None, "class_size"): st.sampled_from([2, 3, 2, 1, 100]),
    (None, "seats"): st.sampled_from([3, 2, 3, 5, 1, 100]),
    (None, "sends"): st.sampled_from([1, 1, 0.5]),
    (None, "course"): st.one_of(st.sampled_from(["7 d", "28 d"]), durations),
    (None, "median"): st.sampled_from([8, 8, 20, 1, 2000]),
    (None, "sigma"): st.sampled_from([1, 1, 0]),
    (None, "put_forward"): st.sampled_from([0.3, 0.3, 1]),
    (None, "most_at_work"): st.sampled_from([2, 60, 0]),
    (None, "per_task_force_officer"): st.sampled_from([0.3, 2, 0, 60]),
    **{(None, name): money for name in ("vehicles", "equipment", "from_90", "from_80", "from_70")},
    (None, "salary"): st.sampled_from([95_000, 1_234, 0]),
}


@cache
def section(model: type[Parameters]) -> st.SearchStrategy[dict[str, Any]]:
    """Return the strategy for a section: every leaf by its unit, unless it is written by hand."""
    parts: dict[str, st.SearchStrategy[Any]] = {}
    for name, one in model.model_fields.items():
        by_hand = written_by_hand.get((model, name), None if issubclass(model, Weights) else written_by_hand.get((None, name)))
        if by_hand is not None:
            parts[name] = by_hand
        elif one.annotation is Calendar or typing.get_origin(one.annotation) is dict:
            parts[name] = st.just({})  # filled in by :func:`plain_programmes`
        elif isinstance(one.annotation, type) and issubclass(one.annotation, Parameters):
            parts[name] = section(one.annotation)
        elif one.annotation is Distribution:
            parts[name] = durations
        elif typing.get_origin(one.annotation) is typing.Literal:
            parts[name] = st.sampled_from(typing.get_args(one.annotation))
        else:
            parts[name] = by_unit[unit_of(one)]
    whole = st.fixed_dictionaries(parts)
    return whole.filter(lambda values: any(values.values())) if issubclass(model, Weights) else whole


@st.composite
def mandates(draw_one: st.DrawFn) -> dict[str, Any]:
    """Draw a mandate, half of them with a single day."""
    mandate = draw_one(section(Mandate))
    mandate["deadline"] = max(mandate["deadline"], mandate["begins"]) if draw_one(st.booleans()) else mandate["begins"]
    return mandate


@st.composite
def calendars(draw_one: st.DrawFn) -> dict[str, Any]:
    """Draw a calendar of some days or months, with days that are counted."""
    count = draw_one(st.sampled_from([150, 127, 91, 150, 64, 7, 1]))
    asked = [number for number in ASKED_ABOUT if number < count]
    some = {name: asked if draw_one(st.integers(0, 5)) else [] for name in ("counted_on", "detailed_on", "arrests_in_week_of")}
    return {
        "begins": day(0),
        "ends": day(count - 1),
        **{name: [day(number) for number in numbers] for name, numbers in some.items()},
    }


@st.composite
def periods(draw_one: st.DrawFn, kind: type[Parameters]) -> dict[str, Any]:
    """Draw one period, or two that begin on different days."""
    drawn = [draw_one(section(kind)) for _ in range(draw_one(st.integers(1, 2)))]
    return dict(zip(("early", "late"), {one["begins"]: one for one in drawn}.values(), strict=False))


@st.composite
def plain_programmes(draw_one: st.DrawFn) -> dict[str, Any]:
    """Draw any valid programme, as plain values."""
    programme = draw_one(section(Programme)) | {"calendar": draw_one(calendars())}
    programme["states"] = {name: draw_one(section(StateGroup)) for name in GROUPS}
    programme["mandates"] = {name: draw_one(mandates()) for name in ("first", "other")[: draw_one(st.sampled_from([2, 1, 0]))]}
    programme["paces"] = draw_one(periods(Pace))
    programme["arrests"] = programme["arrests"] | {"national": draw_one(periods(NationalArrests))}
    return {"title": "any", "question": "Which laws hold?", "programme": programme}


@dataclass(frozen=True)
class Run:
    """One replication of a programme: what was asked for, and what happened."""

    scenario: ProgrammeScenario
    trace: Trace
    seed: int

    def __repr__(self) -> str:  # a failing test shows the scenario apart
        return f"run({self.scenario.digest[:8]}, seed={self.seed})"


@st.composite
def runs(draw_one: st.DrawFn) -> Run:
    """Draw one replication of any valid programme."""
    scenario = from_plain(draw_one(plain_programmes()), "any")
    assert isinstance(scenario, ProgrammeScenario)
    seed = draw_one(st.integers(0, 3))
    return Run(scenario, simulate(scenario, draw(scenario, seed, 0)), seed)
