"""All measures of an operation, and which of them count parts of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.measures.jail import JAIL
from sim.measures.money import MONEY
from sim.measures.registry import Measure
from sim.measures.roadside import ROADSIDE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sim.measures.events import Events
    from sim.scenario import Scenario
    from sim.trace import Trace

MEASURES: dict[str, Measure] = {**ROADSIDE, **JAIL, **MONEY}


def measure_all(trace: Trace, scenario: Scenario) -> list[float]:
    """Return every measure of one replication, in the order of the registry."""
    from sim.measures.events import Events

    values: list[float] = measures_of(Events.of(trace, scenario)).tolist()
    return values


def measures_of(events: Events) -> NDArray[np.float64]:
    """Return every measure of one or several replications, shape (…, measures), in the order of the registry."""
    import numpy as np

    shape = events.sums.shape[:-1]
    columns = [np.broadcast_to(np.asarray(one.function(events), dtype=np.float64), shape) for one in MEASURES.values()]
    return np.stack(columns, axis=-1)


#: Of each pair the first counts things that are among those the second counts.
PART_OF = (
    ("stops", "vehicles_seen"),
    ("vehicles_passed_unstopped", "vehicles_seen"),
    ("inspections", "stops"),
    ("vehicles_out_of_service", "inspections"),
    ("drivers_out_of_service", "inspections"),
    ("citations", "stops"),
    ("criminal_arrests", "stops"),
    ("referrals", "people_asked"),
    ("detained", "referrals"),
    ("referred_then_released", "referrals"),
    ("vehicles_with_detained", "detained"),
    ("vehicles_with_detained", "stops"),
    ("detained_without_licence", "detained"),
    ("detained_out_of_state_licence", "detained"),
    ("citizens_detained", "detained"),
    ("citizens_referred", "referrals"),
    ("no_answer", "referred_then_released"),
    ("people_past_limit", "referred_then_released"),
)
