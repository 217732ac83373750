"""The models that a scenario can be of: an operation on the road, or the programme in the country.

Whoever runs, checks or shows scenarios goes through :func:`model_of`, and needs to know no more of a model than
stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim import measures
from sim.measures import Measure
from sim.programme import measures as programme_measures
from sim.programme.scenario import ProgrammeScenario
from sim.scenario import Scenario
from sim.scenario_file import ScenarioFile

if TYPE_CHECKING:
    from sim.trace import Trace


@dataclass(frozen=True, slots=True)
class Model:
    """One kind of scenario, with what makes its draws, its trace and its numbers.

    Attributes
    ----------
    measures
        The measures of a scenario by name; some depend on the days that the scenario asks about.
    measure_all
        Their values for one trace, in the same order.
    compiled
        The module whose ``measured`` makes measures and digests of many replications; empty where there is none.
    part_of
        Pairs of measures of which the first counts things that are among those the second counts.
    """

    kind: str
    root: type[ScenarioFile]
    draw: Callable[[Any, int, int], Any]
    simulate: Callable[[Any, Any], Trace]
    measures: Callable[[Any], Mapping[str, Measure]]
    measure_all: Callable[[Trace, Any], list[float]]
    part_of: Callable[[Any], Sequence[tuple[str, str]]]
    compiled: str = ""


# What draws and simulates is imported when it is first used, since checking a scenario needs the names of measures alone.


def _draw_operation(scenario: Any, seed: int, replication: int) -> Any:
    from sim.chance import draw

    return draw(scenario, seed, replication)


def _simulate_operation(scenario: Any, draws: Any) -> Trace:
    from sim.engines.simpy_engine import simulate

    return simulate(scenario, draws)


def _draw_programme(scenario: Any, seed: int, replication: int) -> Any:
    from sim.programme.draw import draw

    return draw(scenario, seed, replication)


def _simulate_programme(scenario: Any, draws: Any) -> Trace:
    from sim.programme.pathway import simulate

    return simulate(scenario, draws)


OPERATION = Model(
    kind="operation",
    root=Scenario,
    draw=_draw_operation,
    simulate=_simulate_operation,
    measures=lambda scenario: measures.MEASURES,
    measure_all=measures.measure_all,
    part_of=lambda scenario: measures.PART_OF,
    compiled="sim.engines.compiled.run",
)

PROGRAMME = Model(
    kind="programme",
    root=ProgrammeScenario,
    draw=_draw_programme,
    simulate=_simulate_programme,
    measures=programme_measures.measures,
    measure_all=programme_measures.measure_all,
    part_of=lambda scenario: programme_measures.part_of(programme_measures.measures(scenario)),
    compiled="sim.engines.compiled.programme.run",
)


def model_of(scenario: ScenarioFile) -> Model:
    """Return the model that a scenario is of."""
    return PROGRAMME if isinstance(scenario, ProgrammeScenario) else OPERATION
