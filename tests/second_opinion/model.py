"""The second opinion: a model in salabim of ``shift_with_jail.yaml``, from docs/model.md and the file, with no code of ours.

Only the merged and checked values of the scenario come from stopflow, as the text that its manifest holds; units and
distributions are read here. Times in hours from the midnight before the shift. Random numbers are numpy's own, drawn when they
are needed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import salabim

salabim.yieldless(False)

UNITS = {"ms": 1 / 3_600_000, "s": 1 / 3600, "min": 1 / 60, "h": 1.0, "d": 24.0}
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TUESDAY = 1
SHIFT_DAY = TUESDAY  # 12 May 2026
Steps = Iterator[Any]


@cache
def hours(text: str) -> float:
    """Read a duration such as ``20 min``."""
    number, unit = text.split()
    return float(number) * UNITS[unit]


class Values:
    """What the scenario says, by dotted path."""

    def __init__(self, plain: dict[str, Any]) -> None:
        self.plain = plain
        self.found: dict[str, Any] = {}

    def __call__(self, path: str) -> Any:
        if path not in self.found:
            self.found[path] = self._find(path)
        return self.found[path]

    def _find(self, path: str) -> Any:
        found = self.plain
        for part in path.split("."):
            found = found[part]
        return found["value"] if isinstance(found, dict) and "value" in found else found

    def hours(self, path: str) -> float:
        return hours(self(path))

    def weights(self, path: str) -> dict[str, float]:
        return {name: self(f"{path}.{name}") for name in self(path)}

    def per_hour(self, path: str) -> float:
        number, unit = self(path).split(" per ")
        return float(number) / UNITS[unit]


class Lot:
    """Random numbers of one replication."""

    def __init__(self, values: Values, seed: int) -> None:
        self.values = values
        self.generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([20260512, seed])))

    def happens(self, chance: float) -> bool:
        return bool(self.generator.random() < chance)

    def one_of(self, weights: dict[str, float], u: float | None = None) -> str:
        at = (self.generator.random() if u is None else u) * sum(weights.values())
        for name, weight in weights.items():
            at -= weight
            if at < 0:
                return name
        return next(reversed(weights))

    def hours(self, path: str) -> float:
        """Draw a duration: fixed, or lognormal by its median, with p05 and p95 as far apart as 90% of a normal logarithm."""
        told = self.values(path)
        if isinstance(told, str):
            return hours(told)
        (inside,) = told.values()
        if isinstance(inside, str):
            return hours(inside)
        median, low, high = (hours(inside[name]) for name in ("median", "p05", "p95"))
        sigma = math.log(high / low) / (2 * 1.6448536269514722)
        return median * math.exp(sigma * self.generator.standard_normal())


class Person:
    """One person: standing, and what ICE would say."""

    def __init__(self, lot: Lot, standing: str) -> None:
        match = lot.generator.random()  # ICE's records are the same at the roadside and in jail
        self.standing = standing
        self.matched = match < lot.values(f"status_check.match.{standing}")
        self.matched_in_jail = match < lot.values(f"jail.screening.match.{standing}")
        self.go_ahead = lot.happens(lot.values("status_check.go_ahead"))
        self.known = lot.happens(lot.values("jail.screening.known_to_ice"))


class County:
    """One replication: the resources, and what is counted."""

    def __init__(self, values: Values, seed: int) -> None:
        self.values, self.lot = values, Lot(values, seed)
        self.env = salabim.Environment(trace=False, random_seed=None)
        self.zero = values.hours("jail.warm_up")  # salabim's clock begins at 0, with the warm-up
        shift = "operation.shifts.detail"
        clock = values(f"{shift}.begins").split(":")
        self.begins = int(clock[0]) + int(clock[1]) / 60
        self.ends = self.begins + values.hours(f"{shift}.length")
        self.watch = self.ends + values.hours("jail.follow_up")
        make = lambda name, number: salabim.Resource(name, capacity=number, env=self.env)  # noqa: E731
        self.units = make("units", values(f"{shift}.patrol_units"))
        self.channels = {name: make(name, values(f"status_check.{name}.servers")) for name in values("status_check.channels")}
        self.desks = make("desks", values("jail.desks"))
        self.screeners = make("screeners", values("jail.screening.officers"))
        self.free_beds = values("jail.beds")
        self.ready: list[InJail] = []
        self.count: Counter[str] = Counter()
        self.spans: dict[str, list[float]] = {name: [] for name in ("added", "check", "desk", "hold")}
        self.bed_time = self.ice_time = self.busy = self.overtime = 0.0

    @property
    def now(self) -> float:
        return float(self.env.now()) - self.zero

    def in_watch(self) -> bool:
        return 0 <= self.now <= self.watch

    def watched(self, begins: float, ends: float) -> float:
        return max(0.0, min(ends, self.watch) - max(begins, 0.0))

    def tally(self, name: str) -> None:
        self.count[name] += self.in_watch()

    def run(self) -> dict[str, float]:
        for flow in self.values("traffic.flows"):
            Traffic(county=self, flow=flow, env=self.env)
        LocalArrests(county=self, env=self.env)
        PickUps(county=self, env=self.env)
        # What begins in the watch has ended a clock later; nobody is counted who comes after that.
        self.env.run(till=self.zero + self.watch + 60 * 24)
        return self.measures()

    def measures(self) -> dict[str, float]:
        def mean(name: str, scale: float) -> float:
            spans = self.spans[name]
            return math.fsum(spans) / len(spans) * scale if spans else math.nan

        counted = (
            "vehicles_seen", "stops", "vehicles_passed_unstopped", "criminal_arrests", "referrals", "detained", "no_answer",
            "people_past_limit", "vehicles_with_detained", "people_booked", "turned_away_no_bed", "warrants_served",
            "transferred", "released_at_clock", "people_questioned_in_jail",
        )  # fmt: skip
        return {name: float(self.count[name]) for name in counted} | {
            "minutes_beyond_task_mean": mean("added", 60),
            "status_check_wait_mean": mean("check", 60),
            "booking_wait_mean": mean("desk", 60),
            "hold_hours_mean": mean("hold", 1),
            "officer_overtime_hours": self.overtime,
            "jail_bed_days": self.bed_time / 24,
            "ice_bed_days": self.ice_time / 24,
        }


class Traffic(salabim.Component):
    """One flow: its rate follows the hour, of which the weights say how much more or less than the mean over the day."""

    def setup(self, county: County, flow: str) -> None:
        self.county, self.flow = county, flow

    def process(self) -> Steps:
        county, path = self.county, f"traffic.flows.{self.flow}"
        by_hour, kind = county.values(f"{path}.by_hour"), county.values(f"{path}.vehicle")
        rate = county.values.per_hour(f"{path}.rate")
        most = rate * max(by_hour) / (sum(by_hour) / 24)
        yield self.hold(county.zero + county.begins)
        while True:
            yield self.hold(county.lot.generator.exponential(1 / most))
            if county.now >= county.ends:
                return
            if county.lot.happens(by_hour[int(county.now)] / max(by_hour)):
                Stop(county=county, kind=kind, env=county.env)


class Stop(salabim.Component):
    """A vehicle that gives ground for a stop."""

    def setup(self, county: County, kind: str) -> None:
        self.county, self.kind = county, kind
        self.open: dict[object, Referral | None] = {}
        self.detained: list[Person] = []
        self.over = self.waits = False

    def people(self) -> list[Person]:
        county, path = self.county, f"people.{self.kind}"
        numbers = county.values(f"{path}.number")
        number = int(county.lot.one_of({str(n): weight for n, weight in enumerate(numbers, 1)}))
        standing, effect = county.values.weights(f"{path}.standing"), county.values(f"{path}.crew_effect")
        common = county.lot.generator.random()
        drawn = [common if county.lot.happens(effect) else None for _ in range(number)]
        return [Person(county.lot, county.lot.one_of(standing, u)) for u in drawn]

    def process(self) -> Steps:
        county, lot = self.county, self.county.lot
        county.count["vehicles_seen"] += 1
        if county.units.available_quantity() < 1:
            county.count["vehicles_passed_unstopped"] += 1
            return
        yield self.request(county.units)
        began, self.riders = county.now, self.people()
        county.count["stops"] += 1
        self.open[self] = None
        Asking(stop=self, env=county.env)
        yield self.hold(lot.hours("stop.traffic_task"))
        arrested = lot.one_of(county.values.weights("stop.outcome")) == "arrested"
        county.count["criminal_arrests"] += arrested
        task_ended = county.now
        if self.open:
            limit = county.values("status_check.limit")
            self.waits = True
            yield self.hold(math.inf if limit == "none" else hours(limit))
        self.over = True
        for one in self.open.values():
            if one:
                one.end("people_past_limit")
        county.spans["added"].append(county.now - task_ended)
        county.count["detained"] += len(self.detained)
        county.count["vehicles_with_detained"] += bool(self.detained)
        yield from self.take_away(arrested)
        self.release(county.units)
        county.overtime += max(0.0, county.now - max(began, county.ends))

    def take_away(self, arrested: bool) -> Steps:
        county, lot = self.county, self.county.lot
        to_jail = lot.hours("custody.to_jail")
        if self.detained:
            yield self.hold(to_jail)
            for person in self.detained:
                if (yield from booked(self, county)):
                    InJail(county=county, person=person, for_ice=True, on_charges=False, env=county.env)
            yield self.hold(to_jail)
        if arrested and self.riders[0] not in self.detained:  # else ICE has the driver, and local charges are dropped
            away = lot.hours("stop.criminal_arrest")
            yield self.hold(min(to_jail, away))
            Brought(county=county, person=self.riders[0], env=county.env)
            yield self.hold(away - min(to_jail, away))

    def close(self, what: object) -> None:
        del self.open[what]
        if not self.open and self.waits and not self.over:
            self.activate()


class Asking(salabim.Component):
    """Beside the task the officer asks everybody, and refers those in doubt."""

    def setup(self, stop: Stop) -> None:
        self.stop = stop

    def process(self) -> Steps:
        stop, county = self.stop, self.stop.county
        yield self.hold(county.lot.hours("status_check.asking"))
        if stop.over:
            return
        threshold = county.values("status_check.threshold")
        for seat, person in enumerate(stop.riders):
            named = county.lot.happens(county.values(f"status_check.identified.{'passenger' if seat else 'driver'}"))
            in_doubt = county.lot.happens((1 - threshold) ** county.values(f"people.doubt.{person.standing}"))
            if named and in_doubt:
                stop.open[person] = Referral(stop=stop, person=person, env=county.env)
        stop.close(stop)


class Referral(salabim.Component):
    """One question, put to one channel after the other until one answers."""

    def setup(self, stop: Stop, person: Person) -> None:
        self.stop, self.county, self.about = stop, stop.county, person
        self.since = self.county.now
        self.county.count["referrals"] += 1

    def end(self, how: str) -> None:
        self.county.count[how] += 1
        self.county.spans["check"].append(self.county.now - self.since)

    def process(self) -> Steps:
        county, lot, stop, person = self.county, self.county.lot, self.stop, self.about
        for name, channel in county.channels.items():
            yield self.request(channel)
            if stop.over:
                self.release(channel)
                return
            patience = county.values.hours(f"status_check.{name}.gives_up_after")
            reply = lot.hours(f"status_check.{name}.reply")
            answered = reply <= patience and not lot.happens(county.values(f"status_check.{name}.no_answer"))
            yield self.hold(reply if answered else patience)
            self.release(channel)
            if stop.over:
                return
            if answered:
                if person.matched and person.go_ahead:
                    stop.detained.append(person)
                self.end("answered")
                stop.close(person)
                return
        self.end("no_answer")
        stop.close(person)


def booked(who: salabim.Component, county: County) -> Steps:
    """Book one person at a desk; tell whether there is a bed, and take it."""
    came, counts = county.now, county.in_watch()
    yield who.request(county.desks)
    if counts:
        county.spans["desk"].append(county.now - came)
    yield who.hold(county.lot.hours("jail.booking"))
    who.release(county.desks)
    county.tally("people_booked")
    if county.free_beds == 0:
        county.tally("turned_away_no_bed")
        return False
    county.free_beds -= 1
    return True


class LocalArrests(salabim.Component):
    """Others bring people from the warm-up to the end of the watch."""

    def setup(self, county: County) -> None:
        self.county = county

    def process(self) -> Steps:
        county, rate = self.county, self.county.values.per_hour("jail.local.rate")
        while True:
            yield self.hold(county.lot.generator.exponential(1 / rate))
            if county.now >= county.watch:
                return
            standing = county.lot.one_of(county.values.weights("jail.local.standing"))
            Brought(county=county, person=Person(county.lot, standing), env=county.env)


class Brought(salabim.Component):
    """Somebody brought to the jail on local charges."""

    def setup(self, county: County, person: Person) -> None:
        self.county, self.who = county, person

    def process(self) -> Steps:
        if (yield from booked(self, self.county)):
            InJail(county=self.county, person=self.who, for_ice=False, on_charges=True, env=self.county.env)


class InJail(salabim.Component):
    """Somebody with a bed: first on local charges, then for ICE, if ICE wants the person by then."""

    def setup(self, county: County, person: Person, for_ice: bool, on_charges: bool) -> None:
        self.county, self.who = county, person
        self.wanted, self.on_charges = for_ice, on_charges
        self.left = self.fetched = False

    def process(self) -> Steps:
        county, began = self.county, self.county.now
        if self.on_charges:
            Questioning(stay=self, env=county.env)
            yield self.hold(county.lot.hours("jail.local.stay"))
        if self.wanted:
            held_from, counts = county.now, county.in_watch()
            county.ready.append(self)
            yield self.hold(county.values.hours("jail.clock.ice_arrest"))
            if not self.fetched:
                county.ready.remove(self)
            county.tally("transferred" if self.fetched else "released_at_clock")
            if counts:
                county.spans["hold"].append(county.now - held_from)
            county.ice_time += county.watched(held_from, county.now)
        self.left = True
        county.free_beds += 1
        county.bed_time += county.watched(began, county.now)


class Questioning(salabim.Component):
    """A jail officer questions everyone on local charges, one after the other; ICE's warrant is served on whom ICE wants."""

    def setup(self, stay: InJail) -> None:
        self.stay = stay

    def process(self) -> Steps:
        stay, county, person = self.stay, self.stay.county, self.stay.who
        noticed = person.known
        yield self.request(county.screeners)
        if not stay.left:
            yield self.hold(county.lot.hours("jail.screening.questioning"))
            county.tally("people_questioned_in_jail")
            noticed = True
        self.release(county.screeners)
        if noticed and not stay.left and person.matched_in_jail and person.go_ahead:
            stay.wanted = True
            county.tally("warrants_served")


class PickUps(salabim.Component):
    """ICE's transport comes on some weekdays and takes those who have waited longest."""

    def setup(self, county: County) -> None:
        self.county = county

    def process(self) -> Steps:
        county = self.county
        clock = county.values("jail.pickup.at").split(":")
        at, day = int(clock[0]) + int(clock[1]) / 60, -int(county.zero // 24)
        while True:
            moment = 24 * day + at
            if moment >= county.now and WEEKDAYS[(SHIFT_DAY + day) % 7] in county.values("jail.pickup.weekdays"):
                yield self.hold(moment - county.now)
                taken, county.ready = (
                    county.ready[: county.values("jail.pickup.seats")],
                    county.ready[county.values("jail.pickup.seats") :],
                )
                for stay in taken:
                    stay.fetched = True
                    stay.activate()
            day += 1


def replicate(plain: dict[str, Any], seed: int) -> dict[str, float]:
    """Return the measures of one replication."""
    return County(Values(plain), seed).run()
