"""Where theory knows the answer, the simulator gives it: queues with and without waiting, thinned Poisson flows.

All queues run around the clock, and only what comes after the first day counts. A first day is more than a hundred mean
service times, and what is left of the empty beginning shrinks by a constant factor in each of them, so that the rest is
the stationary regime. There arrivals see time averages (Wolff 1982), so that the number that meets some state in a
replication, less the number that arrives times the state's probability, has mean zero exactly: these differences, one
for each independent replication, are what is tested.

References
----------
Erlang (1917), loss and delay formulas; Sevastyanov (1957), insensitivity of the first to the service distribution.
Wolff (1982), "Poisson arrivals see time averages", Operations Research 30, 223-231.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from sim.chance import draw
from sim.engines.simpy_engine import simulate
from sim.fields import WEEKDAYS
from sim.loading import from_plain
from sim.scenario import STANDINGS, Scenario
from sim.trace import Kind, Trace
from sim.units import DAY, HOUR, MILLISECONDS
from tests.truth import assert_plausible, binomial, binomial_dispersion, poisson, poisson_dispersion, zero_mean
from tests.worlds import base, lay

MINUTE = MILLISECONDS["min"]


def world(rate: str, settings: dict[str, Any], *, days: int = 4, vehicle: str = "car", **staff: int) -> Scenario:
    """Return a scenario around the clock with one flow at a constant rate, in which every stop ends in a warning."""
    plain = base() | {"title": "theory", "question": "Is it true?"}
    around_the_clock = {
        "first": "2025-06-01",
        "last": f"2025-06-{days:02}",
        "weekdays": list(WEEKDAYS),
        "begins": "00:00",
        "length": "24 h",
        "traffic": 1,
        "ice_presence": 0,
    }
    plain["operation"] |= {"shifts": {"all": around_the_clock | {"patrol_units": 0, "inspectors": 0, "ice_agents": 0} | staff}}
    plain["traffic"]["flows"] = {"road": {"vehicle": vehicle, "road": "road", "rate": rate, "by_hour": [1] * 24, "diverted": 0}}
    usual = {
        "stop.outcome.cited": 0,
        "stop.outcome.arrested": 0,
        "status_check.asked": "nobody",
        "inspection.selected": 0,
    }
    for path, value in {**usual, **settings}.items():
        lay(plain, path, value)
    return from_plain(plain, "theory")


def traces(scenario: Scenario, replications: int) -> Iterator[Trace]:
    for replication in range(replications):
        yield simulate(scenario, draw(scenario, 17, replication))


def after_first_day(trace: Trace, kind: Kind) -> int:
    return int((trace.of_kind(kind)[:, 0] >= DAY).sum())


# --- loss: vehicles that find every unit busy -----------------------------------------------------------------------


def erlang_b(servers: int, load: float) -> float:
    """Return the probability that all servers are busy when whoever finds them so is lost."""
    lost = 1.0
    for number in range(1, servers + 1):
        lost = load * lost / (number + load * lost)
    return lost


LOSSES = {
    "exponential": {"exponential": {"mean": "10 min"}},
    "fixed": "10 min",
    "skewed": {"lognormal": {"mean": "10 min", "sd": "15 min"}},
}


def excess_passed(units: int, traffic_task: Any, days: int, replications: int) -> list[float]:
    """Return, by replication, vehicles passed unstopped less those that Erlang's formula has of the vehicles seen."""
    scenario = world("18 per h", {"stop.traffic_task": traffic_task}, days=days, patrol_units=units)
    share = erlang_b(units, 18 * 10 / 60)
    return [
        after_first_day(trace, Kind.PASSED) - share * after_first_day(trace, Kind.SEEN)
        for trace in traces(scenario, replications)
    ]


@pytest.mark.parametrize("task", ["exponential", "fixed"])
def test_vehicles_pass_unstopped_as_often_as_erlang_says_whatever_the_shape_of_the_task(task: str) -> None:
    """Fails if the share of 0.206 is off by 0.02: one unit too many or too few, or a unit held 10% longer."""
    assert_plausible([zero_mean(excess_passed(4, LOSSES[task], days=4, replications=24))])


@pytest.mark.slow
@pytest.mark.parametrize("task", LOSSES)
@pytest.mark.parametrize("units", [1, 2, 4, 8])
def test_erlangs_loss_formula_holds_closely_for_any_number_of_units(units: int, task: str) -> None:
    """Fails if the share is off by 0.004."""
    assert_plausible([zero_mean(excess_passed(units, LOSSES[task], days=8, replications=80))])


def test_the_number_of_units_that_a_vehicle_finds_busy_has_erlangs_distribution() -> None:
    """Fails if any of the five probabilities is off by 0.02."""
    scenario = world("18 per h", {"stop.traffic_task": LOSSES["exponential"]}, patrol_units=4)
    weights = np.asarray([3.0**busy / math.factorial(busy) for busy in range(5)])
    excess = []
    for trace in traces(scenario, 24):
        rows = trace.rows
        busy = np.cumsum((rows[:, 1] == Kind.STOP_BEGAN).astype(int) - (rows[:, 1] == Kind.UNIT_FREE))
        found = np.bincount(busy[(rows[:, 1] == Kind.SEEN) & (rows[:, 0] >= DAY)], minlength=5)
        excess.append(found - found.sum() * weights / weights.sum())
    assert_plausible([zero_mean(state) for state in np.transpose(excess)])


def test_trucks_without_patience_miss_their_inspection_as_often_as_erlang_says() -> None:
    """With units without end and a fixed task, trucks reach the inspectors as they came: as a Poisson process."""
    levels = {f"inspection.levels.level_{number}": int(number == 3) for number in range(1, 9)}
    settings = {
        **levels,
        "stop.traffic_task": "10 min",
        "inspection.selected": 1,
        "inspection.patience": "0 min",
        "inspection.duration.level_3": {"lognormal": {"mean": "20 min", "sd": "10 min"}},
    }
    scenario = world("6 per h", settings, vehicle="truck", patrol_units=400, inspectors=2)
    share = erlang_b(2, 6 * 20 / 60)
    excess = []
    for trace in traces(scenario, 40):
        missed, begun = after_first_day(trace, Kind.NOT_INSPECTED), after_first_day(trace, Kind.INSPECTION_BEGAN)
        excess.append(missed - share * (missed + begun))
    assert_plausible([zero_mean(excess)])


# --- delay: people about whom the duty officer is asked -------------------------------------------------------------


def erlang_c(servers: int, load: float) -> float:
    """Return the probability of having to wait when whoever finds all servers busy queues."""
    lost = erlang_b(servers, load)
    return lost / (1 - load / servers * (1 - lost))


def only_the_duty_officer(servers: int, rate: str, reply: Any, days: int) -> Scenario:
    """Return a world in which every driver is referred the moment the stop begins, and only one office answers."""
    settings = {
        "people.car.number": [1],
        **{f"people.doubt.{name}": 0 for name in STANDINGS},
        "stop.traffic_task": "0 min",
        "status_check.asked": "drivers",
        "status_check.asking": "0 min",
        "status_check.channels": ["duty_officer"],
        "status_check.duty_officer": {"servers": servers, "reply": reply, "no_answer": 0, "gives_up_after": "300 d"},
        "status_check.go_ahead": 0,
    }
    return world(rate, settings, days=days, patrol_units=200)


def waits(trace: Trace) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the minutes from referral to the question, for everyone referred after the first day."""
    referred, put = trace.of_kind(Kind.REFERRED), trace.of_kind(Kind.QUESTION_PUT)
    asked_at = dict(zip(put[:, 3].tolist(), put[:, 0].tolist(), strict=True))
    return np.asarray([(asked_at[vehicle] - time) / MINUTE for time, _, _, vehicle, *_ in referred.tolist() if time >= DAY])


def check_waits(scenario: Scenario, waiting: float, mean: float, replications: int) -> None:
    found = [waits(trace) for trace in traces(scenario, replications)]
    assert_plausible(
        [
            zero_mean([(one > 0).sum() - waiting * len(one) for one in found]),
            zero_mean([one.sum() - mean * len(one) for one in found]),
        ]
    )


QUEUES: dict[str, Callable[[int, int], tuple[Scenario, float, float]]] = {
    # c servers, exponential replies of 7 minutes, 6 questions an hour for each server: Erlang's delay formula.
    "exponential": lambda servers, days: (
        only_the_duty_officer(servers, f"{6 * servers} per h", {"exponential": {"mean": "7 min"}}, days),
        erlang_c(servers, 0.7 * servers),
        erlang_c(servers, 0.7 * servers) * 7 / (servers * (1 - 0.7)),
    ),
    # One server and fixed replies of 7 minutes: Pollaczek and Khinchine, half the wait of exponential ones.
    "fixed": lambda servers, days: (
        only_the_duty_officer(1, "6 per h", "7 min", days),
        0.7,
        0.7 * 7 / (2 * (1 - 0.7)),
    ),
}


@pytest.mark.parametrize(("reply", "servers"), [("exponential", 2), ("fixed", 1)])
def test_questions_wait_for_the_duty_officer_as_long_as_theory_says(reply: str, servers: int) -> None:
    """Fails if the share that waits is off by 0.04 or the mean wait by a quarter."""
    check_waits(*QUEUES[reply](servers, 5), replications=30)


@pytest.mark.slow
@pytest.mark.parametrize(("reply", "servers"), [("exponential", 1), ("exponential", 2), ("exponential", 5), ("fixed", 1)])
def test_waits_for_the_duty_officer_agree_closely_with_theory(reply: str, servers: int) -> None:
    """Fails if the share that waits is off by 0.02 or the mean wait by a tenth."""
    check_waits(*QUEUES[reply](servers, 10), replications=60)


# --- the funnel: thinned Poisson flows ------------------------------------------------------------------------------

STANDING = {"citizen": 0.4, "lawful": 0.2, "pending_claim": 0.1, "no_status": 0.2, "final_order": 0.1}
DOUBT = {"citizen": 3, "lawful": 2, "pending_claim": 1, "no_status": 0.5, "final_order": 0.2}
MATCH = {"citizen": 0.05, "lawful": 0.1, "pending_claim": 0.5, "no_status": 0.8, "final_order": 1}
THRESHOLD, IDENTIFIED, GO_AHEAD, SILENT = 0.4, 0.9, 0.7, 0.3
ANSWERED = 1 - SILENT**2  # two channels, one after the other
REFERRED_IF = {name: IDENTIFIED * (1 - THRESHOLD) ** DOUBT[name] for name in STANDING}
DETAINED_IF = {name: REFERRED_IF[name] * ANSWERED * MATCH[name] * GO_AHEAD for name in STANDING}


def funnel(people: int, crew_effect: float) -> Scenario:
    """Return a world with units and answerers in plenty, in which everybody in a vehicle is asked."""
    channel = {"servers": 60, "reply": "1 min", "no_answer": SILENT, "gives_up_after": "5 min"}
    settings = {
        "people.car.number": [0] * (people - 1) + [1],
        "people.car.crew_effect": crew_effect,
        **{f"people.car.standing.{name}": share for name, share in STANDING.items()},
        **{f"people.doubt.{name}": exponent for name, exponent in DOUBT.items()},
        "status_check.match": MATCH,
        "status_check.asked": "occupants",
        "status_check.threshold": THRESHOLD,
        "status_check.identified": {"driver": IDENTIFIED, "passenger": IDENTIFIED},
        "status_check.channels": ["duty_officer", "support_centre"],
        "status_check.duty_officer": channel,
        "status_check.support_centre": channel,
        "status_check.go_ahead": GO_AHEAD,
    }
    return world("4 per h", settings, days=1, patrol_units=60)


def test_of_people_stopped_alone_binomially_many_are_referred_and_detained() -> None:
    """Given the stops, counts are binomial: in sum, and in how they spread over the replications.

    Fails if a share is off by 0.02, or if fates were shared between vehicles, so that counts spread 40% more widely.
    """
    scenario = funnel(people=1, crew_effect=0)
    found = [[trace.count(kind) for kind in (Kind.STOP_BEGAN, Kind.REFERRED, Kind.DETAINED)] for trace in traces(scenario, 200)]
    stops, *counts = np.transpose(found)
    chances = []
    for count, by_standing in zip(counts, (REFERRED_IF, DETAINED_IF), strict=True):
        share = sum(STANDING[name] * by_standing[name] for name in STANDING)
        chances += [binomial(count.sum(), int(stops.sum()), share), binomial_dispersion(count, stops, share)]
    assert_plausible(chances)


@pytest.mark.parametrize("effect", [0, 0.6, 1])
def test_a_vehicle_has_somebody_detained_as_often_as_the_crew_effect_says(effect: float) -> None:
    """With crew effect c a vehicle of n has nobody detained with probability sum_s p_s (c q_s + (1 - c) q)^n.

    q_s is the chance that one person of standing s is not detained, q its mean over standings. Fails if the probability
    is off by 0.025; between no crew effect and a full one it differs by 0.13.
    """
    not_detained = {name: 1 - DETAINED_IF[name] for name in STANDING}
    mean = sum(STANDING[name] * not_detained[name] for name in STANDING)
    nobody = sum(STANDING[name] * (effect * not_detained[name] + (1 - effect) * mean) ** 4 for name in STANDING)
    stops = some = 0
    scenario = funnel(people=4, crew_effect=effect)
    for trace in traces(scenario, 80):
        stops += trace.count(Kind.STOP_BEGAN)
        some += len(np.unique(trace.of_kind(Kind.DETAINED)[:, 2:4], axis=0))
    assert_plausible([binomial(some, stops, 1 - nobody)])


def test_what_units_see_by_the_hour_is_the_sum_of_the_flows_and_poisson() -> None:
    """Fails if a flow is left out or an hour's rate is off by 20%."""
    plain = base() | {"title": "two flows", "question": "How many come by the hour?"}
    day = {
        "first": "2025-06-02",
        "last": "2025-06-02",
        "weekdays": ["mon"],
        "begins": "06:00",
        "length": "8 h",
        "traffic": 1,
    }
    day |= {"patrol_units": 1, "inspectors": 0, "ice_agents": 0, "ice_presence": 0}
    plain["operation"] |= {"shifts": {"day": day}}
    rising, falling = list(range(1, 25)), list(range(24, 0, -1))
    plain["traffic"]["flows"] = {
        name: {"vehicle": "car", "road": "road", "rate": f"{rate} per h", "by_hour": profile, "diverted": 0}
        for name, rate, profile in (("one", 10, rising), ("other", 25, falling))
    }
    scenario = from_plain(plain, "two flows")
    counts = []
    for trace in traces(scenario, 60):
        hours = np.bincount(trace.of_kind(Kind.SEEN)[:, 0] // HOUR, minlength=14)
        assert not hours[:6].any()
        counts.append(hours[6:])
    means = [(10 * rising[hour] + 25 * falling[hour]) / 12.5 for hour in range(6, 14)]
    totals = np.sum(counts, axis=0)
    chances = [poisson(total, 60 * mean) for total, mean in zip(totals, means, strict=True)]
    assert_plausible([*chances, poisson_dispersion(counts, np.tile(means, (60, 1)))])
