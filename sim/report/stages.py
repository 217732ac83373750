"""The stages of a scenario's pathway, with the values that hold in each and the dotted paths that set them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sim.distributions import Distribution
from sim.report.numbers import duration_in_words, share_in_words
from sim.scenario import STANDINGS, Channel, Flow, Scenario, Shift, StaffedChannel

#: Flows and patterns of shifts beyond this many are counted, not listed.
MOST_LISTED = 6

ASKED = {
    "nobody": "nobody",
    "drivers_unsettled": "drivers without an in-state licence",
    "drivers": "all drivers",
    "occupants": "all occupants",
}
CHANNEL_WORDS = {
    "ice_on_scene": "ICE on the scene",
    "duty_officer": "ICE duty officer",
    "support_centre": "ICE support centre",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that holds in a stage: what it is, its value, and the path in the scenario that sets it."""

    what: str
    value: str
    path: str


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the pathway, and the ways in which vehicles and people leave the pathway there."""

    title: str
    lines: tuple[Line, ...]
    exits: tuple[str, ...] = ()


def stages(scenario: Scenario) -> list[Stage]:
    """Return the stages of a scenario's flow in order, ending where its policy ends.

    Parameters
    ----------
    scenario
        A loaded scenario.
    """
    flow = [_shifts(scenario), _traffic(scenario), _stop(scenario)]
    if any(one.vehicle == "truck" for one in scenario.traffic.flows.values()):
        flow.append(_inspection(scenario))
    flow.append(_status_check(scenario))
    if scenario.status_check.asked != "nobody":
        flow += [_answer(scenario), _custody(scenario)]
    return flow


def _shifts(scenario: Scenario) -> Stage:
    patterns = sorted(scenario.operation.shifts.items(), key=lambda item: (item[1].first, item[1].begins, item[0]))
    lines = [line for name, shift in patterns[:MOST_LISTED] for line in _shift(name, shift)]
    return Stage("Shifts", (*lines, *_more(len(patterns), "patterns of shifts", "operation.shifts")))


def _shift(name: str, shift: Shift) -> Iterator[Line]:
    path = f"operation.shifts.{name}"
    days = len(list(shift.days()))
    dates = f"{shift.first}" if shift.first == shift.last else f"{shift.first} to {shift.last}"
    traffic = "" if shift.traffic == 1 else f", traffic {shift.traffic:g} times the rate"
    hours = f"from {shift.begins:%H:%M} for {duration_in_words(shift.length)}"
    yield Line(name, f"{days} day{'s' * (days != 1)}, {dates}, {hours}{traffic}", path)
    yield Line("staff", f"{shift.patrol_units} patrol units, {shift.inspectors} inspectors", f"{path}.patrol_units")
    presence = share_in_words(shift.ice_presence)
    there = f"{shift.ice_agents} agents on {presence} of the days" if _ice_comes(shift) else "never"
    yield Line("ICE on the scene", there, f"{path}.ice_presence")


def _ice_comes(shift: Shift) -> bool:
    return shift.ice_presence > 0


def _traffic(scenario: Scenario) -> Stage:
    flows = sorted(scenario.traffic.flows.items())
    lines = [Line(name, _flow(flow), f"traffic.flows.{name}") for name, flow in flows[:MOST_LISTED]]
    exits = ["pass unstopped: every patrol unit on duty is busy"]
    if most := max(flow.diverted for _, flow in flows):
        known = duration_in_words(scenario.traffic.known_after)
        exits.insert(0, f"take another road once the operation is known (after {known}): up to {share_in_words(most)}")
    return Stage("Traffic that gives ground for a stop", (*lines, *_more(len(flows), "flows", "traffic.flows")), tuple(exits))


def _flow(flow: Flow) -> str:
    road = " ".join("".join(letter if letter.isprintable() else " " for letter in flow.road).split())
    diverted = f", {share_in_words(flow.diverted)} divert" if flow.diverted else ""
    return f"{flow.vehicle.replace('_', ' ')}, {road or 'road not named'}, {flow.rate:.3g} per h{diverted}"


def _more(count: int, things: str, path: str) -> tuple[Line, ...]:
    return (Line("further", f"{count - MOST_LISTED} more {things}", path),) if count > MOST_LISTED else ()


def _stop(scenario: Scenario) -> Stage:
    stop = scenario.stop
    total = sum(stop.outcome.weights)
    weights = zip(type(stop.outcome).model_fields, stop.outcome.weights, strict=True)
    outcome = ", ".join(f"{share_in_words(weight / total)} {name}" for name, weight in weights)
    lines = (
        Line("traffic task", f"{_median(stop.traffic_task)} (median)", "stop.traffic_task"),
        Line("ends in", outcome, "stop.outcome"),
    )
    away = f"arrested for a crime: after the stop the unit is away for {_median(stop.criminal_arrest)} (median)"
    return Stage("Stop, by one patrol unit", lines, (away,) if stop.outcome.arrested else ())


def _inspection(scenario: Scenario) -> Stage:
    inspection = scenario.inspection
    weights = list(zip(type(inspection.levels).model_fields, inspection.levels.weights, strict=True))
    total = sum(weight for _, weight in weights)
    common = sorted(weights, key=lambda item: -item[1])[:3]
    levels = ", ".join(
        f"{share_in_words(weight / total)} {name.replace('_', ' ')} ({_median(getattr(inspection.duration, name))})"
        for name, weight in common if weight
    )  # fmt: skip
    patience = duration_in_words(inspection.patience)
    lines = (
        Line("selected", f"{share_in_words(inspection.selected)} of stopped trucks", "inspection.selected"),
        Line("mostly", levels, "inspection.levels"),
        Line(
            "out of service",
            f"{share_in_words(inspection.vehicle_out_of_service)} of vehicles (levels 1, 2, 5), "
            f"{share_in_words(inspection.driver_out_of_service)} of drivers (1, 2, 3)",
            "inspection.vehicle_out_of_service",
        ),
    )
    return Stage("Inspection, trucks only", lines, (f"go on uninspected: no inspector free within {patience}",))


def _status_check(scenario: Scenario) -> Stage:
    check = scenario.status_check
    asked = Line("asked", ASKED[check.asked], "status_check.asked")
    if check.asked == "nobody":
        return Stage("Status check", (asked,), ("everybody goes at the end of the stop; nobody is taken into custody",))
    drivers, passengers = share_in_words(check.identified.driver), share_in_words(check.identified.passenger)
    told = f"{drivers} of drivers" + (f", {passengers} of passengers" if check.asked == "occupants" else "")
    lines = (
        asked,
        Line("takes", f"{_median(check.asking)} (median), beside the traffic task", "status_check.asking"),
        Line("identified", told, "status_check.identified"),
        Line("referred to ICE", f"who is left in doubt above {check.threshold:g}", "status_check.threshold"),
    )
    free = f"go at the end of the stop: not asked, not identified, or doubt up to {check.threshold:g}"
    return Stage("Status check", lines, (free,))


def _answer(scenario: Scenario) -> Stage:
    check = scenario.status_check
    order = [_channel(scenario, number, name) for number, name in enumerate(check.channels, 1)]
    matched = ", ".join(
        f"{name.replace('_', ' ')} {share_in_words(share)}" for name, share in zip(STANDINGS, check.match.values, strict=True)
    )
    limit = "none: people are kept until ICE has answered"
    exits = ["let go: no match, or ICE declines custody", "let go: no channel has answered"]
    if check.limit is not None:
        limit = f"{duration_in_words(check.limit)} past traffic task and inspection"
        exits.append(f"let go: no answer {limit}")
    lines = (
        *(order or [Line("channels", "none: no question reaches ICE", "status_check.channels")]),
        Line("limit", limit, "status_check.limit"),
        Line("match", matched, "status_check.match"),
        Line("go-ahead", f"{share_in_words(check.go_ahead)} of matches", "status_check.go_ahead"),
    )
    return Stage("ICE's answer, by channels in this order", lines, tuple(exits))


def _channel(scenario: Scenario, number: int, name: str) -> Line:
    channel: Channel = getattr(scenario.status_check, name)
    what, path = f"{number}. {CHANNEL_WORDS[name]}", f"status_check.{name}"
    if isinstance(channel, StaffedChannel):
        servers = f"{channel.servers} {'server' if channel.servers == 1 else 'servers'}" if channel.servers else ""
    else:
        agents = {shift.ice_agents for shift in scenario.operation.shifts.values() if _ice_comes(shift) and shift.ice_agents}
        servers = f"{' or '.join(map(str, sorted(agents)))} agents" if agents else ""
    if not servers:
        return Line(what, "not there: skipped", path)
    silent = f"{share_in_words(channel.no_answer)} without answer"
    patience = f"given up after {duration_in_words(channel.gives_up_after)}"
    return Line(what, f"{servers}, reply in {_median(channel.reply)} (median), {silent}, {patience}", path)


def _custody(scenario: Scenario) -> Stage:
    custody = scenario.custody
    presence = [shift.ice_presence for shift in scenario.operation.shifts.values()]
    lines = []
    if any(share > 0 for share in presence):
        lines.append(Line("with ICE there", _path(scenario, custody.path), "custody.path"))
    if any(share < 1 for share in presence):
        lines.append(Line("without ICE there", _path(scenario, custody.path_without_ice), "custody.path_without_ice"))
    return Stage("Custody", tuple(lines))


def _path(scenario: Scenario, path: str) -> str:
    custody = scenario.custody
    if path == "ice_vehicles":
        fleet = custody.ice_vehicles
        return (
            f"handed over in {_median(custody.hand_over)} (median) to {fleet.count} ICE vehicles of {fleet.seats} "
            f"seats, which leave when full or {duration_in_words(fleet.wait)} after the first boarded, and drive "
            f"{_median(custody.to_facility)} (median) to ICE's facility"
        )
    if path == "local_booking":
        return (
            f"the unit drives {_median(custody.to_jail)} (median) to the county jail, has each person booked "
            f"({_median(scenario.jail.booking)} at a desk), and drives back"
        )
    return f"the unit drives {_median(custody.to_facility)} (median) to ICE's facility, and back"


def _median(distribution: Distribution) -> str:
    import numpy as np

    return duration_in_words(int(distribution.inverse(np.array([0.5]))[0]))
