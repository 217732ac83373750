"""How large the corridor is, and what every contender counts. Only the standard library: other environments read it too."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Size:
    """One size of the corridor: how long, how much traffic, and how many of everything."""

    name: str
    hours: float
    rate_per_hour: float
    officers: int
    inspectors: int
    ice_agents: int
    desks: int
    beds: int

    def lasting(self, hours: float) -> Size:
        """Return the same corridor over another time: the same rates and staff."""
        return replace(self, hours=hours)

    def plain(self) -> dict[str, Any]:
        """Return the size as it is sent to another process."""
        return asdict(self)


#: corridor.yaml: an operation of three days.
SMALL = Size("small", hours=72, rate_per_hour=13, officers=6, inspectors=4, ice_agents=2, desks=40, beds=40)
#: corridor_big.yaml: a year, with ten times the traffic and the staff.
BIG = Size("big", hours=8760, rate_per_hour=130, officers=60, inspectors=40, ice_agents=20, desks=400, beds=400)


class Counts(NamedTuple):
    """What one replication comes to, in vehicles; a vehicle passes when every officer is busy."""

    vehicles: int
    passed: int
    inspected: int
    detained: int
