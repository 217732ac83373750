"""Laws of time, of traffic, and of who is on duty."""

from __future__ import annotations

from sim.audit.law import Laws, must
from sim.audit.told import Told
from sim.trace import LOCAL, Kind

TRAFFIC = Laws()


@TRAFFIC.law
def time_never_runs_backwards_nor_begins_before_the_warm_up(told: Told) -> None:
    last = -told.scenario.jail.warm_up
    for row in told.along(told.rows):
        must(row.time >= last)
        last = row.time


@TRAFFIC.law
def every_vehicle_diverts_or_passes_or_is_stopped_exactly_once_when_it_comes_by(told: Told) -> None:
    seen = {name: 1 for name in told.of_vehicle if 0 <= name[0] < LOCAL}
    told.must_agree(seen, dict.fromkeys(told.drawn, 1))
    for name, vehicle in told.drawn.items():
        first = [row for row in told.of_vehicle[name] if row.kind in (Kind.DIVERTED, Kind.SEEN, Kind.PASSED, Kind.STOP_BEGAN)]
        told.here = told.of_vehicle[name][0]
        fate = [row.kind for row in first]
        must(fate == [Kind.DIVERTED] if vehicle.diverts else fate in ([Kind.SEEN, Kind.PASSED], [Kind.SEEN, Kind.STOP_BEGAN]))
        must({row.time for row in first} == {vehicle.arrives})
        if fate[-1] != Kind.STOP_BEGAN:
            must(len(told.of_vehicle[name]) == len(first))
    told.here = None


@TRAFFIC.law
def a_vehicle_passes_only_when_every_unit_is_busy_and_the_lowest_free_unit_stops_it(told: Told) -> None:
    on_duty: set[int] = set()
    busy: set[int] = set()
    for row in told.along(told.rows):
        if row.kind == Kind.UNIT_ON_DUTY:
            must(row.unit not in on_duty)
            on_duty.add(row.unit)
        elif row.kind == Kind.UNIT_OFF_DUTY:
            on_duty.remove(row.unit)
        elif row.kind == Kind.PASSED:
            must(on_duty <= busy)
        elif row.kind == Kind.STOP_BEGAN:
            must(row.unit == min(on_duty - busy))
            busy.add(row.unit)
        elif row.kind == Kind.UNIT_FREE:
            busy.remove(row.unit)
    must(not busy)
    must(not on_duty)
