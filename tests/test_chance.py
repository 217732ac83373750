"""Random numbers: found by name and never by order (promise 1), even, unrelated, and true to the scenario's laws."""

from __future__ import annotations

import hashlib
import math
import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from sim.arrivals import clock
from sim.chance import Draws, FlowDraws, Seat, draw
from sim.loading import load
from sim.scenario import LICENCES, STANDINGS, Scenario
from sim.streams import LARGEST_SEED, choose, uniforms
from sim.units import HOUR
from tests.truth import assert_plausible, binomial, poisson, poisson_dispersion

seeds = st.integers(0, LARGEST_SEED)
names = st.text(st.characters(codec="utf-8"), max_size=30)

# --- found by name --------------------------------------------------------------------------------------------------


@given(seeds, st.integers(0, 2**40), names, st.integers(0, 7), st.integers(0, 300), st.integers(0, 300))
def test_a_number_does_not_hang_on_how_many_are_drawn(
    seed: int, replication: int, stream: str, seat: int, few: int, more: int
) -> None:
    short = uniforms(seed, replication, stream, few, seat)
    long = uniforms(seed, replication, stream, few + more, seat)
    np.testing.assert_array_equal(short, long[:few])


@given(seeds, names)
def test_a_number_does_not_hang_on_what_was_drawn_before(seed: int, stream: str) -> None:
    before = uniforms(seed, 3, stream, 5)
    uniforms(seed, 3, stream + "x", 7)
    uniforms(seed, 4, stream, 7)
    np.testing.assert_array_equal(uniforms(seed, 3, stream, 5), before)


@given(seeds, names)
def test_numbers_lie_strictly_between_zero_and_one(seed: int, stream: str) -> None:
    numbers = uniforms(seed, 0, stream, 200)
    assert numbers.min() > 0
    assert numbers.max() < 1


def neighbours() -> list[tuple[int, int, str, int]]:
    """Return (seed, replication, stream, seat) of streams that differ in one of these, many of them by one."""
    streams = [(1, 0, "stop.traffic_task@a", 0)]
    streams += [(seed, 0, "stop.traffic_task@a", 0) for seed in (0, 2, 3, 11, 2**32 + 1, LARGEST_SEED)]
    streams += [(1, replication, "stop.traffic_task@a", 0) for replication in (1, 2, 3, 10, 2**32, 2**63)]
    streams += [(1, 0, "stop.traffic_task@a", seat) for seat in range(1, 8)]
    streams += [(1, 0, name, 0) for name in ("stop.traffic_task@b", "stop.traffic_task", "stop.outcome@a", "", "1/stop")]
    return streams


STREAM = 20_000


def numbers_of_neighbours() -> NDArray[np.float64]:
    return np.stack([uniforms(seed, replication, name, STREAM, seat) for seed, replication, name, seat in neighbours()])


def test_no_number_occurs_in_two_streams() -> None:
    """Fails if streams overlap anywhere, as they would if the seat or the replication stepped the counter too little.

    Of half a million different numbers of 53 bits two agree by chance once in 70,000 seeds.
    """
    numbers = numbers_of_neighbours()
    assert len(np.unique(numbers)) == numbers.size


def test_every_stream_is_even() -> None:
    """Fails if the distribution function of a stream is anywhere off by 0.03 (20,000 numbers to a stream)."""
    assert_plausible([float(stats.kstest(row, "uniform").pvalue) for row in numbers_of_neighbours()])


def test_streams_are_unrelated_number_by_number() -> None:
    """Fails if the numbers of any two streams for the same entity have a correlation beyond 0.04 or so."""
    numbers = stats.norm.ppf(numbers_of_neighbours())
    pairs = combinations(range(len(numbers)), 2)
    assert_plausible([float(stats.pearsonr(numbers[one], numbers[other]).pvalue) for one, other in pairs])


def test_neighbouring_entities_of_a_stream_are_unrelated() -> None:
    numbers = stats.norm.ppf(numbers_of_neighbours())
    assert_plausible([float(stats.pearsonr(row[:-lag], row[lag:]).pvalue) for row in numbers for lag in (1, 2, 3, 4, 8)])


def test_the_same_entity_is_unrelated_and_even_from_replication_to_replication() -> None:
    """Fails if replications, each used for one number only, repeat or lean; this is how measures see the streams."""
    numbers = np.asarray([uniforms(1, replication, "people.doubt@a", 1)[0] for replication in range(20_000)])
    assert_plausible(
        [
            float(stats.kstest(numbers, "uniform").pvalue),
            *(float(stats.pearsonr(numbers[:-lag], numbers[lag:]).pvalue) for lag in (1, 2, 10, 100)),
        ]
    )


def all_bytes(draws: Draws) -> str:
    """Return one digest over every number of a replication."""
    digest = hashlib.sha256(repr(draws.shifts).encode())
    for flow in draws.flows:
        for part, kind in [(flow, FlowDraws), *((seat, Seat) for seat in flow.seats)]:
            for one in fields(kind):
                if one.name != "seats":
                    value = getattr(part, one.name)
                    digest.update(b"".join(np.ascontiguousarray(array).tobytes() for array in np.atleast_2d(value)))
    return digest.hexdigest()


@pytest.mark.parametrize("hash_seed", ["1", "4294967295"])
def test_another_process_draws_the_same_whatever_its_hash_seed(hash_seed: str) -> None:
    program = (
        "from tests.test_chance import all_bytes, draw, load\n"
        "import sys\n"
        "sys.stdout.write(all_bytes(draw(load('wyoming_safe_haul_2025'), 7, 3)))\n"
    )
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=root,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == all_bytes(draw(load("wyoming_safe_haul_2025"), 7, 3))


def test_what_is_worked_out_once_for_a_scenario_is_not_used_for_another() -> None:
    """Fails if what a thread keeps of the scenario it drew from last is found by anything but the scenario itself."""
    ordinary = load("wyoming_safe_haul_2025")
    busier = load("wyoming_safe_haul_2025", ["traffic.flows.interstate_truck.rate=40 per h"])

    def alone(scenario: Scenario) -> str:
        with ThreadPoolExecutor(1) as thread:  # a new thread has kept nothing
            return thread.submit(lambda: all_bytes(draw(scenario, 7, 3))).result()

    expected = [alone(ordinary), alone(busier)] * 2
    assert expected[0] != expected[1]
    assert [all_bytes(draw(scenario, 7, 3)) for scenario in (ordinary, busier) * 2] == expected


def test_another_seed_or_replication_draws_other_numbers() -> None:
    scenario = load("wyoming_safe_haul_2025")
    digests = {all_bytes(draw(scenario, seed, replication)) for seed in (1, 2) for replication in (0, 1)}
    assert len(digests) == 4


# --- choices --------------------------------------------------------------------------------------------------------

some_weights = st.lists(st.sampled_from([0.0, 0.1, 1.0, 1e-300, 1e6, 3.0]), min_size=1, max_size=8).filter(any)


@given(some_weights, st.lists(st.floats(2**-54, 1 - 2**-53), min_size=1))
def test_an_alternative_with_weight_zero_is_never_chosen(weights: list[float], numbers: list[float]) -> None:
    chosen = choose(weights, np.asarray([2**-54, *numbers, 1 - 2**-54]))
    assert all(weights[position] > 0 for position in chosen)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6).filter(any), st.integers(0, 6))
def test_each_alternative_has_the_share_of_its_weight(weights: list[int], tenth: int) -> None:
    """On an even grid as fine as the weights every alternative is chosen exactly as often as its weight says."""
    cells = sum(weights)
    grid = (np.arange(cells) + 0.5 + (tenth - 3) / 10) / cells
    assert np.bincount(choose(weights, grid), minlength=len(weights)).tolist() == weights


@pytest.mark.parametrize("sixteenths", range(1, 16))
def test_a_choice_between_two_falls_as_a_flag_with_that_share(sixteenths: int) -> None:
    """Both are decided by whether the number lies below the share; on the edge itself it does not."""
    numbers = np.arange(1, 64) / 64
    first = choose([sixteenths, 0, 16 - sixteenths], numbers) == 0
    assert first.tolist() == (numbers < sixteenths / 16).tolist()


# --- the laws that a scenario states --------------------------------------------------------------------------------


def one_flow(*settings: str, rate: str = "30 per h") -> Scenario:
    """Return the Wyoming operation with one flow, even over the day unless the settings change that."""
    return load(
        "wyoming_safe_haul_2025",
        [
            *(f"traffic.flows.{name}=" for name in ("interstate_truck", "county_road_truck")),
            f"traffic.flows.interstate_car.rate={{value: {rate}}}",
            f"traffic.flows.interstate_car.by_hour={[1] * 24}",
            *settings,
        ],
    )


def many_people(*settings: str) -> FlowDraws:
    """Return the draws of some thirty thousand vehicles."""
    return draw(one_flow(*settings, rate="1000 per h"), 21, 0).flows[0]


PEOPLE = "people.car"
EVEN_STANDING = [f"{PEOPLE}.standing.{name}={{value: {weight}}}" for name, weight in zip(STANDINGS, (5, 2, 1, 1, 1), strict=True)]
SHARES = (0.5, 0.2, 0.1, 0.1, 0.1)


@pytest.mark.parametrize("effect", [0, 0.4, 0.8, 1])
def test_the_crew_effect_leaves_each_persons_own_chances_as_they_are(effect: float) -> None:
    """Fails if a share is off by 0.02 in any seat."""
    flow = many_people(*EVEN_STANDING, f"{PEOPLE}.crew_effect={{value: {effect}}}")
    counts = [np.bincount(seat.standing, minlength=len(SHARES)) for seat in flow.seats]
    assert_plausible([binomial(found, len(flow), share) for seat in counts for found, share in zip(seat, SHARES, strict=True)])


@pytest.mark.parametrize("effect", [0, 0.4, 0.8, 1])
def test_two_people_in_a_vehicle_agree_as_often_as_the_crew_effect_says(effect: float) -> None:
    """With crew effect c both are of a standing with share p with probability c^2 p + (1 - c^2) p^2.

    Both follow the vehicle's common draw with probability c^2; otherwise their draws are independent. Fails if c stood
    in for c^2 (0.4 instead of 0.16 moves 0.29 to 0.35 for p = 0.5), as one draw for both to follow or not would have
    it.
    """
    flow = many_people(*EVEN_STANDING, f"{PEOPLE}.crew_effect={{value: {effect}}}")
    seats = [seat.standing for seat in flow.seats]
    chances = []
    for one, other in [(0, 1), (1, 2), (0, 4)]:
        for standing, p in enumerate(SHARES):
            both = ((seats[one] == standing) & (seats[other] == standing)).sum()
            chances.append(binomial(both, len(flow), effect**2 * p + (1 - effect**2) * p**2))
    assert_plausible(chances)


def test_the_share_with_more_doubt_than_t_is_one_minus_t_to_the_power_k() -> None:
    """Fails if the law is off by 0.05 at any threshold, for instance with u and 1 - u mistaken for each other."""
    exponents = {"citizen": 20, "lawful": 3, "pending_claim": 1, "no_status": 0.3, "final_order": 0}
    flow = many_people(*EVEN_STANDING, *(f"people.doubt.{name}={{value: {k}}}" for name, k in exponents.items()))
    chances = []
    for seat in flow.seats[:2]:
        for standing, k in enumerate(exponents.values()):
            doubt = seat.doubt[seat.standing == standing]
            for t in (0.01, 0.1, 0.3, 0.5, 0.9):
                chances.append(binomial((doubt > t).sum(), len(doubt), (1 - t) ** k))
    assert_plausible(chances)


def test_with_exponent_zero_all_the_doubt_is_left() -> None:
    flow = many_people("people.doubt.citizen={value: 0}")
    assert all((seat.doubt[seat.standing == STANDINGS.index("citizen")] == 1).all() for seat in flow.seats)


def test_licences_go_by_standing() -> None:
    """Fails if a group's weights were used for another group's people, or off by 0.05."""
    weights = {"citizen": (7, 2, 1), "lawful": (1, 8, 1), "without_status": (1, 2, 7)}
    settings = [
        f"people.licence.{group}.{licence}={{value: {weight}}}"
        for group, three in weights.items()
        for licence, weight in zip(LICENCES, three, strict=True)
    ]
    groups = ("citizen", "lawful", "lawful", "without_status", "without_status")
    chances = []
    for seat in many_people(*EVEN_STANDING, *settings).seats[:2]:
        for standing, group in enumerate(groups):
            licences = seat.licence[seat.standing == standing]
            for licence, weight in enumerate(weights[group]):
                chances.append(binomial((licences == licence).sum(), len(licences), weight / 10))
    assert_plausible(chances)


def test_shares_are_met_by_the_flags_that_they_name() -> None:
    flow = many_people(
        *EVEN_STANDING,
        *("status_check.identified.driver={value: 0.7}", "status_check.identified.passenger={value: 0.2}"),
        *(f"status_check.match.{name}={{value: {(number + 1) / 6}}}" for number, name in enumerate(STANDINGS)),
        *("status_check.go_ahead={value: 0.4}", "status_check.duty_officer.no_answer={value: 0.3}"),
    )
    driver, passenger = flow.seats[:2]
    count = len(flow)
    chances = [binomial(driver.identified.sum(), count, 0.7), binomial(passenger.identified.sum(), count, 0.2)]
    for seat in (driver, passenger):
        chances += [binomial(seat.go_ahead.sum(), count, 0.4), binomial(seat.no_answers[1].sum(), count, 0.3)]
        for standing in range(len(STANDINGS)):
            matched = seat.matched[seat.standing == standing]
            chances.append(binomial(matched.sum(), len(matched), (standing + 1) / 6))
    assert_plausible(chances)


def test_two_people_in_a_vehicle_are_unrelated_in_all_but_their_standing() -> None:
    """Fails if seats shared the numbers of a stream: then all correlations would be one."""
    one, other = many_people(f"{PEOPLE}.crew_effect={{value: 0}}").seats[:2]
    pairs = [
        *[(getattr(one, name), getattr(other, name)) for name in ("standing", "doubt", "licence", "booking")],
        *zip(one.replies, other.replies, strict=True),
    ]
    assert_plausible([float(stats.spearmanr(*pair).pvalue) for pair in pairs])


def test_only_trucks_are_selected_for_inspection() -> None:
    assert not many_people("inspection.selected={value: 1}").selected.any()


def test_orders_out_of_service_come_only_from_levels_that_look_at_vehicle_or_driver() -> None:
    settings = [f"inspection.levels.level_{number}={{value: 10}}" for number in range(1, 9)]
    settings += ["inspection.vehicle_out_of_service={value: 1}", "inspection.driver_out_of_service={value: 1}"]
    settings += ["traffic.flows.interstate_car.vehicle=truck", "inspection.selected={value: 1}"]
    flow = many_people(*settings)
    assert set((flow.level[flow.vehicle_out_of_service] + 1).tolist()) == {1, 2, 5}
    assert set((flow.level[flow.driver_out_of_service] + 1).tolist()) == {1, 2, 3}


# --- traffic --------------------------------------------------------------------------------------------------------

REPLICATIONS = 150


def counts_by_hour(scenario: Scenario) -> Mapping[tuple[int, int], list[int]]:
    """Return, by day and hour of the clock, how many vehicles came in each replication."""
    counts: dict[tuple[int, int], list[int]] = {}
    for replication in range(REPLICATIONS):
        hours = draw(scenario, 3, replication).flows[0].arrives // 3_600_000
        for hour in range(24 * 3):
            counts.setdefault(divmod(hour, 24), []).append(int((hours == hour).sum()))
    return counts


def test_vehicles_come_as_a_poisson_process_with_the_rate_of_the_hour_and_of_the_shift() -> None:
    """Counts by hour are Poisson with the mean that profile, rate and shift say, and unrelated from hour to hour.

    Fails if an hour's rate is off by 15%, if a shift's own traffic is left out or lasts an hour too long, if the
    profile is shifted by an hour, or if counts vary by 12% more or less than Poisson ones.
    """
    profile = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] * 2
    second = {"first": "2025-11-19", "last": "2025-11-19", "begins": "10:30", "length": "6 h", "traffic": 3}
    rest: dict[str, Any] = {"patrol_units": 1, "inspectors": 0, "ice_agents": 0, "ice_presence": 0}
    scenario = one_flow(
        f"traffic.flows.interstate_car.by_hour={profile}",
        f"operation.shifts.extra={second | rest | {'weekdays': '[wed]'}}".replace("'", ""),
        "operation.shifts.detail.traffic=0.5",
        rate="26 per h",
    )
    found = counts_by_hour(scenario)
    expected = {}
    for day, hour in found:
        factor = 0.5 if 4 <= hour < 14 else 0.0  # the shift from 04:00 to 14:00; outside all shifts nothing is seen
        if day == 1:  # the extra shift from 10:30 to 16:30 triples what there is
            factor = {10: (0.5 + 1.5) / 2, 14: 3.0, 15: 3.0, 16: 1.5}.get(hour, 3 * factor if 11 <= hour < 14 else factor)
        expected[day, hour] = factor * profile[hour] * 26 / 6.5
    quiet = [key for key, mean in expected.items() if mean == 0]
    assert all(sum(found[key]) == 0 for key in quiet)
    busy = [key for key in found if key not in quiet]
    chances = [poisson(sum(found[key]), REPLICATIONS * expected[key]) for key in busy]
    counts = np.asarray([found[key] for key in busy], dtype=float)
    means = np.repeat([[expected[key]] for key in busy], REPLICATIONS, axis=1)
    standard = (counts - means) / np.sqrt(means)
    chances += [
        poisson_dispersion(counts, means),
        float(stats.pearsonr(standard[:-1].ravel(), standard[1:].ravel()).pvalue),
    ]
    assert_plausible(chances)


def test_gaps_between_vehicles_are_exponential() -> None:
    """Fails if gaps were even, or had another shape: with a constant rate their distribution is known exactly."""
    scenario = one_flow("operation.shifts.detail.begins=00:00", "operation.shifts.detail.length=24 h", rate="60 per h")
    gaps = np.diff(draw(scenario, 4, 0).flows[0].arrives) / 60_000
    assert_plausible([float(stats.kstest(gaps, "expon").pvalue)])


def test_vehicles_come_only_while_a_shift_is_on() -> None:
    scenario = one_flow("operation.shifts.detail.begins=04:17", "operation.shifts.detail.length=90 min")
    for arrives in draw(scenario, 1, 0).flows[0].arrives.tolist():
        moment = clock(scenario, arrives)
        begins = moment.replace(hour=4, minute=17, second=0, microsecond=0)
        assert begins <= moment < begins + timedelta(minutes=90)


def test_with_no_traffic_nobody_comes() -> None:
    assert len(draw(one_flow(rate="0 per h"), 1, 0).flows[0]) == 0


def test_drivers_divert_only_once_the_operation_is_known_and_then_by_a_share_that_halves_and_halves_again() -> None:
    """The share is s * 2 ** -(t / h) at time t after it is known, with half-life h.

    Fails if the half-life were off by a quarter, or counted from the first shift's beginning, or were a mean life instead.
    """
    share, half_life = 0.8, "2 h"
    flow = many_people(
        f"traffic.flows.interstate_car.diverted={{value: {share}}}",
        "traffic.known_after={value: 3 h}",
        f"traffic.half_life={{value: {half_life}}}",
    )
    since = (flow.arrives - 7 * HOUR) / HOUR  # the shift begins at 04:00
    assert (since < 0).any()
    assert not flow.diverts[since < 0].any()
    p = share * 0.5 ** (since / 2)
    chances = []
    for number in range(7):
        rows = (since >= number) & (since < number + 1)
        mean, variance = p[rows].sum(), (p[rows] * (1 - p[rows])).sum()
        assert variance > 25  # so that the sum of as many different coins is normal enough
        chances.append(float(2 * stats.norm.sf(abs(flow.diverts[rows].sum() - mean) / math.sqrt(variance))))
    assert_plausible(chances)


def test_those_who_divert_are_among_those_who_divert_with_a_longer_half_life() -> None:
    few, many = (
        many_people("traffic.flows.interstate_car.diverted={value: 0.8}", f"traffic.half_life={{value: {half_life}}}").diverts
        for half_life in ("1 h", "3 h")
    )
    assert few.sum() < many.sum()
    assert not (few & ~many).any()


@pytest.mark.parametrize(("first", "hours"), [("2026-03-07", 23), ("2026-03-14", 24)])
def test_around_the_clock_nobody_is_on_duty_twice_when_clocks_go_forward(first: str, hours: int) -> None:
    last = date.fromisoformat(first) + timedelta(days=1)
    days = [f"operation.shifts.detail.{name}={day}" for name, day in (("first", first), ("last", last))]
    scenario = one_flow("operation.shifts.detail.length=24 h", *days, "operation.shifts.detail.weekdays=[sat, sun]")
    one, other = draw(scenario, 1, 0).shifts
    assert one.ends == other.begins == one.begins + hours * HOUR
    assert other.ends == other.begins + 24 * HOUR


def test_ice_is_there_on_its_share_of_days() -> None:
    """Fails if the share is off by 0.07, or if a day's presence told anything of the next one's."""
    scenario = one_flow(
        "operation.shifts.detail.ice_presence={value: 0.3}", "operation.shifts.detail.last=2028-08-13", rate="0 per h"
    )
    here = np.asarray([day.ice_present for day in draw(scenario, 2, 0).shifts])
    assert len(here) == 1000
    assert_plausible([binomial(here.sum(), 1000, 0.3), binomial((here[::2] & here[1::2]).sum(), 500, 0.09)])
