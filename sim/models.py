"""The models that a scenario can be of: an operation on the road, or the programme in the country.

Whoever runs, checks or shows scenarios goes through :func:`model_of`, and needs to know no more of a model than
stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
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


def _late(module: str, name: str) -> Callable[..., Any]:
    """Return a function whose module is imported when it is called: to check a scenario, names of measures are enough."""

    def call(*arguments: Any, **named: Any) -> Any:
        return getattr(import_module(module), name)(*arguments, **named)

    return call


OPERATION = Model(
    kind="operation",
    root=Scenario,
    draw=_late("sim.chance", "draw"),
    simulate=_late("sim.engines.simpy_engine", "simulate"),
    measures=lambda scenario: measures.MEASURES,
    measure_all=measures.measure_all,
    part_of=lambda scenario: measures.PART_OF,
    compiled="sim.engines.compiled.run",
)

PROGRAMME = Model(
    kind="programme",
    root=ProgrammeScenario,
    draw=_late("sim.programme.draw", "draw"),
    simulate=_late("sim.programme.pathway", "simulate"),
    measures=programme_measures.measures,
    measure_all=programme_measures.measure_all,
    part_of=lambda scenario: programme_measures.part_of(programme_measures.measures(scenario)),
    compiled="sim.engines.compiled.programme.run",
)


def model_of(scenario: ScenarioFile) -> Model:
    """Return the model that a scenario is of."""
    return PROGRAMME if isinstance(scenario, ProgrammeScenario) else OPERATION
