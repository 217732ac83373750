"""What the user asks of an import: which rows, for which measures, under which source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sim.measures import Measure


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asks of an import.

    Attributes
    ----------
    measures
        Those of the scenario that the figures are for.
    source
        The key of the source.
    first, last
        Only rows of these days; None: from the first, to the last.
    place, agency, model
        Only rows that say so, if not empty.
    flow
        The flow of traffic that an hourly profile is for.
    """

    measures: Mapping[str, Measure]
    source: str = "imported"
    first: date | None = None
    last: date | None = None
    place: str = ""
    agency: str = ""
    model: str = ""
    flow: str = ""

    def covers(self, day: date) -> bool:
        """Whether a day is among those asked for."""
        return (self.first is None or day >= self.first) and (self.last is None or day <= self.last)
