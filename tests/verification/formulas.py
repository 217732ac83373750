"""What theory says, and how far a beginning without queues and times of whole milliseconds can lie from it.

References
----------
Erlang (1917), loss and delay formulas; Sevastyanov (1957), the first holds whatever the distribution of service.
Pollaczek (1930) and Khinchine (1932), the mean wait in M/G/1. Takács (1962), M/G/∞ from an empty beginning.
Wolff (1982), "Poisson arrivals see time averages", Operations Research 30, 223-231.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from scipy import integrate, linalg

#: Hours by which rounding to whole milliseconds can move a mean duration.
HALF_A_MILLISECOND = 0.5 / 3_600_000
MOST_IN_SYSTEM = 250


def erlang_b(servers: int, load: float) -> float:
    """Return the probability that all servers are busy when whoever finds them so is lost."""
    lost = 1.0
    for number in range(1, servers + 1):
        lost = load * lost / (number + load * lost)
    return lost


def erlang_c(servers: int, load: float) -> float:
    """Return the probability of having to wait when whoever finds all servers busy queues."""
    lost = erlang_b(servers, load)
    return lost / (1 - load / servers * (1 - lost))


def waits_mmc(servers: int, rate: float, service: float) -> tuple[float, float]:
    """Return the probability of waiting and the mean wait in M/M/c; rates per hour, times in hours."""
    load = rate * service
    waiting = erlang_c(servers, load)
    return waiting, waiting * service / (servers - load)


def wait_mg1(rate: float, service: float, squared_cv: float) -> tuple[float, float]:
    """Return the probability of waiting and the mean wait in M/G/1 (Pollaczek and Khinchine)."""
    load = rate * service
    return load, load * service * (1 + squared_cv) / (2 * (1 - load))


def busy_states(servers: int, load: float) -> list[float]:
    """Return the distribution of busy servers in a loss system."""
    weights = np.asarray([load**busy / math.factorial(busy) for busy in range(servers + 1)])
    return (weights / weights.sum()).tolist()


def held(rate: float, survival: Callable[[float], float], hours: float) -> float:
    """Return the mean number present in M/G/∞ some hours after an empty beginning; the number is Poisson, exactly."""
    return rate * _integral(survival, 0.0, max(hours, 0.0))


def held_time(rate: float, survival: Callable[[float], float], begins: float, ends: float) -> float:
    """Return the mean person-hours in M/G/∞ from one number of hours after an empty beginning to another."""
    inner = _integral(lambda u: (ends - max(begins, u)) * survival(u), 0.0, ends)
    return rate * inner


def _integral(function: Callable[[float], float], low: float, high: float) -> float:
    edges = np.unique(np.clip([low, *np.geomspace(0.01, 1000, 60), high], low, high))
    return math.fsum(integrate.quad(function, a, b, epsabs=1e-12)[0] for a, b in pairwise(edges))


def loss_bias(servers: int, rate: float, service: float, warm_up: float) -> float:
    """Bound how far the share lost after a warm-up can lie from Erlang's formula, with exponential service.

    Two systems with the same arrivals, one empty and one stationary at first, differ in at most the servers busy in the latter;
    each difference lasts an exponential service at most, since an arrival served in one only takes the place of one that was. So
    the chance that they still differ is at most servers·exp(-warm-up/service); rounding moves the load by half a millisecond.
    """
    load, moved = rate * service, rate * HALF_A_MILLISECOND
    rounding = max(abs(erlang_b(servers, load + side) - erlang_b(servers, load)) for side in (-moved, moved))
    return servers * math.exp(-warm_up / service) + rounding


def wait_bias(servers: int, rate: float, service: float, warm_up: float) -> tuple[float, float]:
    """Bound how far share waiting and mean wait can lie from theory in M/M/c that was empty a warm-up ago.

    The distribution of the number present is followed exactly (Kolmogorov's equations, cut off at many people); from an empty
    beginning both numbers rise towards theory, so that the gap at the end of the warm-up bounds the gap of any later average.
    """
    states = np.arange(MOST_IN_SYSTEM)
    down = np.minimum(states, servers) / service
    up = np.full(MOST_IN_SYSTEM, rate)
    up[-1] = 0.0
    generator = np.diag(up[:-1], 1) + np.diag(down[1:], -1) - np.diag(up + down)
    now = linalg.expm(generator * warm_up)[0]
    waiting, mean = waits_mmc(servers, rate, service)
    ahead = np.maximum(states - servers + 1, 0) * service / servers
    moved = [waits_mmc(servers, rate, service + side) for side in (-HALF_A_MILLISECOND, HALF_A_MILLISECOND)]
    rounding = [max(abs(one[at] - theory) for one in moved) for at, theory in ((0, waiting), (1, mean))]
    # A wait is found from two times, each to the millisecond.
    return abs(now[states >= servers].sum() - waiting) + rounding[0], abs(now @ ahead - mean) + rounding[
        1
    ] + 2 * HALF_A_MILLISECOND
