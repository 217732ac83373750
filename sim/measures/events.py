"""What measures look at: the tallies of one replication, or of several side by side.

A measure that is a formula on tallies is one number for one replication, and an array for several, by the same formula.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.arrivals import end_of_watch
from sim.measures.tally import KINDS, Of, Sum, add_row, upper_twentieth
from sim.scenario import Scenario
from sim.trace import Kind, Rows, Trace

#: One number, or one for each replication.
Numbers = Any


class Events:
    """Tallies and their scenario.

    Attributes
    ----------
    kinds
        Shape (…, KINDS, len(Of)).
    sums
        Shape (…, len(Sum)).
    lengths
        The lengths that one in twenty exceeds, of what the check added and of holds, in milliseconds; shape (…, 2).
    """

    def __init__(
        self, scenario: Scenario, kinds: Rows, sums: Rows, lengths: NDArray[np.float64]
    ) -> None:  # fmt: skip
        self.scenario = scenario
        self.kinds = kinds
        self.sums = sums
        self.lengths = lengths

    @classmethod
    def of(cls, trace: Trace, scenario: Scenario) -> Events:
        """Return the tallies of one trace."""
        by_kind: defaultdict[tuple[int, int], int] = defaultdict(int)
        by_sum: defaultdict[int, int] = defaultdict(int)
        added: dict[int, int] = {}
        holds: dict[int, int] = {}
        kept: list[Any] = [by_kind, by_sum, defaultdict(int), {}, {}, added, holds]
        watch = end_of_watch(scenario)
        for time, kind, flow, vehicle, seat, unit, detail in trace.rows.tolist():
            add_row(time, kind, flow, vehicle, seat, unit, detail, watch, *kept)
        return cls(
            scenario,
            np.asarray([[by_kind[kind, what] for what in Of] for kind in range(KINDS)]),
            np.asarray([by_sum[what] for what in Sum]),
            np.asarray([upper_twentieth(sorted(added.values())), upper_twentieth(sorted(holds.values()))]),
        )

    def all_of(self, what: Of, *kinds: Kind) -> Numbers:
        """Return one tally of some kinds, added up."""
        return sum(self.kinds[..., kind, what] for kind in kinds)

    def count(self, *kinds: Kind) -> Numbers:
        """Return how often something happened."""
        return self.all_of(Of.COUNT, *kinds)

    def in_watch(self, *kinds: Kind) -> Numbers:
        """Return how often something happened from the first shift's day to the end of the follow-up."""
        return self.all_of(Of.COUNT, *kinds) - self.all_of(Of.OUTSIDE, *kinds)

    def time_between(self, first: Kind, last: Kind) -> Numbers:
        """Return the milliseconds from one thing to another, added up over all to whom both happened."""
        return self.all_of(Of.TIME, last) - self.all_of(Of.TIME, first)

    def time_in_watch(self, first: Kind, *last: Kind) -> Numbers:
        """Return the same, of the time within the watch."""
        return self.clipped(*last) - self.clipped(first)

    def clipped(self, *kinds: Kind) -> Numbers:
        """Return times in milliseconds, each moved to the nearest moment of the watch, added up."""
        return self.all_of(Of.TIME, *kinds) - self.all_of(Of.BEYOND, *kinds)

    def sum(self, what: Sum) -> Numbers:
        """Return one sum."""
        return self.sums[..., what]

    @cached_property
    def end_of_watch(self) -> int:
        """The end of the time over which the jail is watched, in milliseconds."""
        return end_of_watch(self.scenario)

    @cached_property
    def stops_with_anyone_to_be_asked(self) -> Numbers:
        """Stops in which somebody was asked or was to be asked."""
        return self.sum(Sum.STOPS_WITH_ASKING)

    @cached_property
    def duty(self) -> Numbers:
        """Milliseconds of patrol units on duty, with the time after a shift in which a unit finished what was at hand."""
        return self.time_between(Kind.UNIT_ON_DUTY, Kind.UNIT_OFF_DUTY) + self.overtime

    @cached_property
    def overtime(self) -> Numbers:
        """Milliseconds that patrol units were busy while off duty."""
        return self.sum(Sum.OVERTIME)

    @cached_property
    def inspector_duty(self) -> Numbers:
        """Milliseconds of inspectors on duty."""
        return self.time_between(Kind.INSPECTOR_ON_DUTY, Kind.INSPECTOR_OFF_DUTY)

    @cached_property
    def busy(self) -> Numbers:
        """Milliseconds that patrol units were held by stops and what followed from them."""
        return self.time_between(Kind.STOP_BEGAN, Kind.UNIT_FREE)
