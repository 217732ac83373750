"""The parts of the model that can be taken out, each with what stands in its place.

A part is taken out by settings that any scenario takes, so that what is compared is what a user could write.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sim.fields import CHANNELS
from sim.scenario import Scenario

Settings = list[str]
VEHICLES = ("truck", "car", "crew_van")


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its name, what the model is without it, and the settings that make it so in a scenario."""

    name: str
    without: str
    settings: Callable[[Scenario], Settings]


def of_all_flows(key: str, value: str) -> Callable[[Scenario], Settings]:
    """Return settings that give every flow the same value."""
    return lambda scenario: [f"traffic.flows.{name}.{key}={value}" for name in scenario.flow_names]


def of_all_shifts(key: str, value: str) -> Callable[[Scenario], Settings]:
    """Return settings that give every shift the same value."""
    return lambda scenario: [f"operation.shifts.{name}.{key}={value}" for name in scenario.operation.shifts]


def fixed(*settings: str) -> Callable[[Scenario], Settings]:
    """Return the same settings for every scenario."""
    return lambda scenario: list(settings)


PARTS = (
    Part(
        "crew effect",
        "people in one vehicle are independent",
        fixed(*(f"people.{name}.crew_effect=0" for name in VEHICLES)),
    ),
    Part("diversion", "nobody takes another road", of_all_flows("diverted", "0")),
    Part(
        "channels",
        "ICE answers every question at once",
        fixed(*(f"status_check.{name}.{what}" for name in CHANNELS for what in ("reply=0 min", "no_answer=0"))),
    ),
    Part("clock rule", "a detainer's clock runs flat through weekends", fixed("jail.clock.rule=flat")),
    Part("patience for an inspector", "a truck waits for an inspector as long as it takes", fixed("inspection.patience=10 d")),
    Part("hour of the day", "traffic is even over the day", of_all_flows("by_hour", str([1] * 24))),
    Part("busy units", "there is always a free unit", of_all_shifts("patrol_units", "60")),
    Part("doubt and threshold", "everyone asked and identified is referred", fixed("status_check.threshold=0")),
    Part(
        "false matches",
        "ICE reports no match for citizens and lawful residents",
        fixed("status_check.match.citizen=0", "status_check.match.lawful=0"),
    ),
    Part(
        "others in the jail",
        "the jail is empty but for the operation's people",
        fixed("jail.local.rate=0 per h", "jail.overflow.rate=0 per h"),
    ),
)
