"""Traces -> numbers: every measure with its name, unit and definition, in one registry.

A measure is a pure function of one replication's events. One that is undefined in a replication (a mean over nothing) is
NaN there and is left out of averages. Groups are shown side by side: what came of the operation is never shown without what
it took from people who were let go, and from everybody else.
"""

from sim.measures.operation import MEASURES, PART_OF, measure_all
from sim.measures.registry import Measure

__all__ = ["MEASURES", "PART_OF", "Measure", "measure_all"]
