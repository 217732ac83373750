"""The cases of theory: each a function of how much to simulate that returns comparisons. Each says what would make it
fail.

Numbers in the docstrings are for the size of the fast tests; the long version sees ten times smaller errors.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from sim.trace import Kind, Trace
from sim.units import DAY, HOUR
from tests.verification import formulas, funnel
from tests.verification.acceptance import Comparison, counted, paired
from tests.verification.reduced import Size, after, found_in, only_the_duty_officer, only_the_jail, waits, world

MINUTES_IN_AN_HOUR = 60.0


def _distribution(kind: str, minutes: float) -> Any:
    """Return one mean with three shapes, as a scenario writes it."""
    return {
        "exponential": {"exponential": {"mean": f"{minutes:g} min"}},
        "fixed": f"{minutes:g} min",
        "skewed": {"lognormal": {"mean": f"{minutes:g} min", "sd": f"{1.5 * minutes:g} min"}},
    }[kind]


SHAPES = ("exponential", "fixed", "skewed")
SQUARED_CV = {"exponential": 1.0, "fixed": 0.0, "skewed": 1.5**2}


# --- loss -------------------------------------------------------------------------------------------------------------


def vehicles_passed(size: Size, units: tuple[int, ...] = (1, 4, 8), shapes: tuple[str, ...] = SHAPES) -> list[Comparison]:
    """Vehicles that find every unit busy pass: Erlang's loss formula, whatever the shape of the traffic task.

    Fails if the share of 0.206 (four units) is off by 0.02: one unit too many or too few, or a unit held 10% longer.
    """
    found = []
    for number in units:
        for shape in shapes:
            scenario = world("18 per h", {"stop.traffic_task": _distribution(shape, 10)}, patrol_units=number)
            share = formulas.erlang_b(number, 3.0)
            bias = formulas.loss_bias(number, 18, 1 / 6, 24) if shape == "exponential" else None
            passed, seen = found_in(scenario, size, lambda trace: (after(trace, DAY, Kind.PASSED), after(trace, DAY, Kind.SEEN)))
            found.append(paired(f"vehicles passed, units: {number}, {shape} task", share, passed - share * seen, seen, bias))
    return found


def busy_units(size: Size) -> list[Comparison]:
    """The number of units that a vehicle finds busy has Erlang's distribution. Fails if one of five chances is off by 0.02."""
    scenario = world("18 per h", {"stop.traffic_task": _distribution("exponential", 10)}, patrol_units=4)

    def look(trace: Trace) -> list[int]:
        rows = trace.rows
        busy = np.cumsum((rows[:, 1] == Kind.STOP_BEGAN).astype(int) - (rows[:, 1] == Kind.UNIT_FREE))
        return np.bincount(busy[(rows[:, 1] == Kind.SEEN) & (rows[:, 0] >= DAY)], minlength=5).tolist()

    states = found_in(scenario, size, look)
    seen, bias = states.sum(axis=0), formulas.loss_bias(4, 18, 1 / 6, 24)
    return [
        paired(f"{busy} of 4 units found busy", share, states[busy] - share * seen, seen, bias)
        for busy, share in enumerate(formulas.busy_states(4, 3.0))
    ]


def trucks_uninspected(size: Size) -> list[Comparison]:
    """Trucks without patience miss their inspection: units without end, so they reach the inspectors as they came.

    Fails if the share of 0.4 is off by 0.02.
    """
    settings = {
        **{f"inspection.levels.level_{number}": int(number == 3) for number in range(1, 9)},
        "stop.traffic_task": "10 min",
        "inspection.selected": 1,
        "inspection.patience": "0 min",
        "inspection.duration.level_3": {"lognormal": {"mean": "20 min", "sd": "10 min"}},
    }
    scenario = world("6 per h", settings, vehicle="truck", patrol_units=400, inspectors=2)
    share = formulas.erlang_b(2, 2.0)
    missed, begun = found_in(
        scenario, size, lambda trace: (after(trace, DAY, Kind.NOT_INSPECTED), after(trace, DAY, Kind.INSPECTION_BEGAN))
    )
    return [paired("trucks uninspected, 2 inspectors", share, missed - share * (missed + begun), missed + begun, None)]


def beds_full(size: Size, shapes: tuple[str, ...] = SHAPES) -> list[Comparison]:
    """People for whom the jail has no bed: Erlang's loss formula, whatever the shape of their stays.

    Fails if the share of 0.198 (twelve beds) is off by 0.02: one bed too many, or a bed held for the time of booking as well.
    """
    found, share = [], formulas.erlang_b(12, 12.0)
    for shape in shapes:
        stay = _distribution(shape, 6 * MINUTES_IN_AN_HOUR)
        scenario = only_the_jail(
            "2 per h", days=10, warm_up="10 d", desks=100, booking="15 min", beds=12, local__stay=stay
        )  # fmt: skip
        bias = formulas.loss_bias(12, 2, 6, 240) if shape == "exponential" else None
        turned, booked = found_in(scenario, size, lambda trace: (after(trace, 0, Kind.TURNED_AWAY), after(trace, 0, Kind.BOOKED)))
        found.append(paired(f"people without a bed, 12 beds, {shape} stays", share, turned - share * booked, booked, bias))
    return found


# --- delay ------------------------------------------------------------------------------------------------------------


def _waits(
    name: str, scenario: Any, kinds: tuple[Kind, Kind], from_moment: int, theory: tuple[float, float], size: Size,
    bias: tuple[float, float] | tuple[None, None],
) -> list[Comparison]:  # fmt: skip
    """Compare share waiting and mean wait (in minutes), and the mean wait early on with that later on."""

    def look(trace: Trace) -> tuple[float, ...]:
        hours = waits(trace, *kinds, from_moment) / HOUR
        half = len(hours) // 2
        early, late = hours[:half] - theory[1], hours[half : 2 * half] - theory[1]
        return (hours > 0).sum(), hours.sum(), len(hours), early.sum() - late.sum()

    waited, hours, people, drift = found_in(scenario, size, look)
    minutes = MINUTES_IN_AN_HOUR
    bound = None if bias[1] is None else bias[1] * minutes
    return [
        paired(f"{name}: share waiting", theory[0], waited - theory[0] * people, people, bias[0]),
        paired(f"{name}: mean wait, minutes", theory[1] * minutes, (hours - theory[1] * people) * minutes, people, bound),
        paired(f"{name}: early less late, minutes", 0.0, drift * minutes, people / 2, bound),
    ]


def duty_officer(size: Size, shapes: tuple[str, ...] = SHAPES, servers: tuple[int, ...] = (1, 2, 5)) -> list[Comparison]:
    """Questions wait for the duty officer: M/M/c, and M/G/1 for replies of other shapes; 60% busy, replies of 7 minutes.

    Fails if the share that waits is off by 0.04 or the mean wait by a quarter: one answerer more, or a question that goes first.
    """
    found, reply = [], 7 / MINUTES_IN_AN_HOUR
    for shape in shapes:
        for number in servers if shape == "exponential" else (1,):
            rate = 5 * number
            scenario = only_the_duty_officer(number, f"{rate} per h", _distribution(shape, 7), days=6)
            if shape == "exponential":
                theory, bias = formulas.waits_mmc(number, rate, reply), formulas.wait_bias(number, rate, reply, 24)
            else:
                theory, bias = formulas.wait_mg1(rate, reply, SQUARED_CV[shape]), (None, None)
            name = f"duty officer, answering: {number}, {shape} replies"
            found += _waits(name, scenario, (Kind.REFERRED, Kind.QUESTION_PUT), DAY, theory, size, bias)
    return found


def booking_desk(size: Size, shapes: tuple[str, ...] = SHAPES, desks: tuple[int, ...] = (1, 3)) -> list[Comparison]:
    """People wait for a booking desk: M/M/c, and M/G/1 for bookings of other shapes; 60% busy, bookings of 20 minutes.

    Fails if the share that waits is off by 0.04 or the mean wait by a quarter.
    """
    found, booking = [], 1 / 3
    for shape in shapes:
        for number in desks if shape == "exponential" else (1,):
            rate = 1.8 * number
            scenario = only_the_jail(
                f"{rate:g} per h", days=10, warm_up="3 d", desks=number, booking=_distribution(shape, 20), beds=400,
                local__stay="1 h",
            )  # fmt: skip
            if shape == "exponential":
                theory, bias = formulas.waits_mmc(number, rate, booking), formulas.wait_bias(number, rate, booking, 72)
            else:
                theory, bias = formulas.wait_mg1(rate, booking, SQUARED_CV[shape]), (None, None)
            name = f"booking, desks: {number}, {shape} bookings"
            found += _waits(name, scenario, (Kind.CAME_TO_JAIL, Kind.BOOKING_BEGAN), 0, theory, size, bias)
    return found


# --- people held ------------------------------------------------------------------------------------------------------

_SIGMA = float(np.sqrt(np.log1p(1.5**2)))
SURVIVAL = {
    "exponential": lambda hours: float(np.exp(-hours / 12)),
    "fixed": lambda hours: float(hours < 12),
    "skewed": lambda hours: float(stats.lognorm.sf(hours, _SIGMA, scale=12 * np.exp(-(_SIGMA**2) / 2))),
}


def people_held(size: Size, shapes: tuple[str, ...] = SHAPES) -> list[Comparison]:
    """People held where beds never lack: M/M/∞ and M/G/∞ from an empty beginning, which theory follows exactly.

    The number held at one moment is Poisson, mean and variance alike; bed-days have the mean of its integral. Fails if the number
    held (about 125) or the bed-days are off by a tenth: stays too long, or a warm-up that is not counted.
    """
    found, rate, booked, warm_up, days = [], 12.0, 0.25, 24, 2
    for shape in shapes:
        stay = _distribution(shape, 12 * MINUTES_IN_AN_HOUR)
        scenario = only_the_jail(
            f"{rate:g} per h", days=days, warm_up=f"{warm_up} h", desks=200, booking="15 min", beds=2000, local__stay=stay
        )  # fmt: skip

        def look(trace: Trace, days: int = days) -> tuple[float, ...]:
            into, out = trace.of_kind(Kind.ENTERED_JAIL)[:, 0], trace.of_kind(Kind.LEFT_JAIL)[:, 0]
            held = [(into <= day * DAY).sum() - (out <= day * DAY).sum() for day in (0, days)]
            spent = np.clip(out, 0, days * DAY).sum() - np.clip(into, 0, days * DAY).sum()
            return (*held, spent / DAY)

        first, last, bed_days = found_in(scenario, size, look)
        for day, numbers in ((0, first), (days, last)):
            hours = warm_up + 24 * day - booked
            mean = formulas.held(rate, SURVIVAL[shape], hours)
            bias = 3 * rate * formulas.HALF_A_MILLISECOND
            found += counted(f"people held at the end of day {day}, {shape} stays", mean, numbers.astype(int), bias)
        expected = formulas.held_time(rate, SURVIVAL[shape], warm_up - booked, warm_up + 24 * days - booked) / 24
        bias = 3 * rate * formulas.HALF_A_MILLISECOND * days
        found.append(paired(f"bed-days, {shape} stays", expected, bed_days - expected, np.ones_like(bed_days), bias))
    return found


def long_run_held(size: Size) -> list[Comparison]:
    """The same after a long warm-up: the number held is Poisson with the mean arrivals times stay, insensitive to its shape.

    The rest of the beginning is the arrivals times the part of the mean stay beyond the warm-up. Fails as the case before.
    """
    found = []
    for shape in SHAPES:
        stay = _distribution(shape, 12 * MINUTES_IN_AN_HOUR)
        scenario = only_the_jail("2 per h", days=1, warm_up="20 d", desks=200, booking="15 min", beds=2000, local__stay=stay)
        (numbers,) = found_in(
            scenario, size, lambda trace: [after(trace, 0, Kind.LEFT_JAIL) - after(trace, 0, Kind.ENTERED_JAIL)]
        )  # those in jail at midnight are those who leave later and had come before
        bias = 24.0 - formulas.held(2.0, SURVIVAL[shape], 480 - 0.25)
        found += counted(f"people held in the long run, {shape} stays", 24.0, numbers.astype(int), bias)
    return found


# --- traffic by the hour ------------------------------------------------------------------------------------------------


def vehicles_by_hour(size: Size) -> list[Comparison]:
    """What units see in each hour is Poisson with the sum of the rates. Fails if a flow is left out or a rate is 20% off."""
    scenario, means = funnel.two_flows()
    hours = found_in(
        scenario, size, lambda trace: np.bincount(trace.of_kind(Kind.SEEN)[:, 0] // HOUR, minlength=14)
    )  # fmt: skip
    assert not hours[:6].any()
    found = []
    for hour, mean in means.items():
        found += counted(f"vehicles seen from {hour:02}:00 to {hour + 1:02}:00", mean, hours[hour].astype(int))
    return found


CASES = (
    vehicles_passed, busy_units, trucks_uninspected, beds_full, duty_officer, booking_desk, people_held, long_run_held,
    funnel.thinned, funnel.ways_out, funnel.vehicles_with_somebody_detained, vehicles_by_hour,
)  # fmt: skip
