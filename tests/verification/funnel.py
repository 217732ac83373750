"""The funnel without queues: counts at each stage are thinned Poisson flows, with known shares."""

from __future__ import annotations

import numpy as np
from scipy import stats

from sim.loading import from_plain
from sim.scenario import Scenario
from sim.trace import Kind, Trace
from tests.verification.acceptance import Comparison, paired, spread
from tests.verification.reduced import Size, found_in, world
from tests.worlds import base

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


def _share(by_standing: dict[str, float]) -> float:
    return sum(STANDING[name] * by_standing[name] for name in STANDING)


def thinned(size: Size) -> list[Comparison]:
    """Given the stops, as many of the people in them are referred and detained as a binomial distribution has it.

    In the mean, and in how counts spread over replications. Fails if a share is off by 0.02, or if fates were shared between
    vehicles, so that counts spread 40% more widely.
    """
    kinds = (Kind.STOP_BEGAN, Kind.REFERRED, Kind.DETAINED)
    stops, *counts = found_in(funnel(1, 0), size, lambda trace: [trace.count(kind) for kind in kinds])
    found = []
    for name, count, by_standing in zip(("referred", "detained"), counts, (REFERRED_IF, DETAINED_IF), strict=True):
        share = _share(by_standing)
        variance = stops * share * (1 - share)
        found.append(paired(f"{name} of those stopped", share, count - stops * share, stops))
        squares = (count - stops * share) ** 2 / variance
        found.append(spread(f"{name} of those stopped", squares, 3 + (1 - 6 * share * (1 - share)) / variance))
    return found


def ways_out(size: Size) -> list[Comparison]:
    """The ways in which people who were stopped end are multinomial: Pearson's statistic of each replication, and each share.

    Fails if one of five shares is off by 0.02, or if one way out takes people from another.
    """
    kinds = (Kind.STOP_BEGAN, Kind.NO_ANSWER, Kind.NO_MATCH, Kind.DECLINED, Kind.DETAINED)
    stops, *ends = found_in(funnel(1, 0), size, lambda trace: [trace.count(kind) for kind in kinds])
    matched = {name: REFERRED_IF[name] * ANSWERED * MATCH[name] for name in STANDING}
    shares = [
        _share(REFERRED_IF) * (1 - ANSWERED),
        _share({name: REFERRED_IF[name] * ANSWERED - matched[name] for name in STANDING}),
        _share(matched) * (1 - GO_AHEAD),
        _share(matched) * GO_AHEAD,
    ]
    names = ("without an answer", "without a match", "declined by ICE", "detained", "not referred")
    ends.append(stops - np.sum(ends, axis=0))
    shares.append(1 - sum(shares))
    found = [
        paired(f"people {name}", share, count - stops * share, stops)
        for name, share, count in zip(names, shares, ends, strict=True)
    ]
    pearson = sum((count - stops * share) ** 2 / (stops * share) for share, count in zip(shares, ends, strict=True))
    # Its mean is exactly the number of ways less one, whatever the number of stops; all stops together give the p-value.
    totals = np.asarray([count.sum() for count in ends])
    p_value = float(stats.chisquare(totals, totals.sum() * np.asarray(shares)).pvalue)
    one = paired("ways out together: Pearson's statistic", 4.0, np.asarray(pearson) - 4.0, np.ones_like(stops))
    return [*found, one, Comparison(
        "ways out together: all stops", 0.0, float(np.abs(totals / totals.sum() - shares).max()), 0.0, 0.0, p_value,
        size.seeds, size.replications,
    )]  # fmt: skip


def vehicles_with_somebody_detained(size: Size) -> list[Comparison]:
    """With crew effect c a vehicle of n has nobody detained with probability Σ p_s (c q_s + (1 - c) q)^n.

    q_s is the chance that one person of standing s is not detained, q its mean over standings. Fails if the probability
    is off by 0.025; between no crew effect and a full one it differs by 0.13.
    """
    not_detained = {name: 1 - DETAINED_IF[name] for name in STANDING}
    mean, found = _share(not_detained), []
    for effect in (0, 0.6, 1):
        nobody = sum(STANDING[name] * (effect * not_detained[name] + (1 - effect) * mean) ** 4 for name in STANDING)

        def look(trace: Trace) -> tuple[int, int]:
            return len(np.unique(trace.of_kind(Kind.DETAINED)[:, 2:4], axis=0)), trace.count(Kind.STOP_BEGAN)

        some, stops = found_in(funnel(4, effect), size, look)
        name = f"vehicles of four with somebody detained, crew effect {effect}"
        found.append(paired(name, 1 - nobody, some - stops * (1 - nobody), stops))
    return found


def two_flows() -> tuple[Scenario, dict[int, float]]:
    """Return a shift of eight hours with two flows whose rates change by the hour, and the mean number in each hour."""
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
    means = {hour: (10 * rising[hour] + 25 * falling[hour]) / 12.5 for hour in range(6, 14)}
    return from_plain(plain, "two flows"), means
