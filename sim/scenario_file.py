"""What a scenario file of any kind holds beside its parameters: its question, what was reported, and where it was published."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.functional_validators import AfterValidator

from sim.errors import Place
from sim.fields import FrozenDict, Number, Parameters, Text, given


class Source(Parameters):
    """Where a figure was published."""

    publisher: Text = given("who published it")
    date: Text = given("when: YYYY, YYYY-MM or YYYY-MM-DD")
    title: Text | None = Field(default=None, description="its title")
    url: Text | None = Field(default=None, description="where it can be read")


class ReportedFigure(Parameters):
    """A figure that was reported about this very operation."""

    value: Number = given("the figure, in the unit of the measure")
    qualifier: Literal["exact", "approximate", "at_least", "under", "range"] = Field(
        default="exact", description="how firmly it was said"
    )
    low: Number | None = Field(default=None, description="the smallest figure that a range or an approximate figure allows")
    high: Number | None = Field(default=None, description="the largest figure that a range or an approximate figure allows")
    use: Literal["target", "check", "not_a_target"] = Field(
        default="target", description="target: fit it; check: compare only; not_a_target: shown, never fitted"
    )
    figure: Text | None = Field(default=None, description="its identifier in the table of reported figures")
    source: Text = given("a key of sources:")
    note: Text | None = Field(default=None, description="what to beware of")

    @model_validator(mode="after")
    def _ends_belong_to_a_range(self) -> Self:
        if (self.low is None) != (self.high is None) or (self.qualifier == "range" and self.low is None):
            raise ValueError("a range has two ends; give both low and high.")
        if self.low is not None and self.qualifier not in ("range", "approximate"):
            raise ValueError(f"low and high do not go with '{self.qualifier}'; remove them, or write 'qualifier: range'.")
        if self.low is not None and self.high is not None and not self.low <= self.value <= self.high:
            raise ValueError("its value does not lie between low and high; correct one of them.")
        return self


class Evidence(BaseModel):
    """What stands behind one parameter: its likely range, its source, and where its value was written."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    low: Any = None
    high: Any = None
    source: str | None = None
    grade: Literal["reported", "published", "assumed"] = "assumed"
    note: str | None = None
    written: Any = None
    place: Place = Place("?")


class ScenarioFile(Parameters):
    """What every kind of scenario has: its question, what was reported, where it was published; frozen once loaded."""

    title: Text = given("a short title")
    question: Text = given("the question that it answers")
    notes: Text | None = Field(default=None, description="what a reader should know")
    reported: Annotated[dict[str, ReportedFigure], AfterValidator(FrozenDict)] = given("reported figures, by measure")
    sources: Annotated[dict[str, Source], AfterValidator(FrozenDict)] = given("where figures were published")
    evidence: Annotated[dict[str, Evidence], AfterValidator(FrozenDict)] = Field(
        default_factory=FrozenDict, exclude=True, description="filled on loading, by dotted path"
    )
    places: Annotated[dict[str, Place], AfterValidator(FrozenDict)] = Field(
        default_factory=FrozenDict, exclude=True, description="where each key was written; filled on loading"
    )
    file: str = Field(default="", exclude=True, description="the file it came from; filled on loading")

    @property
    def digest(self) -> str:
        """SHA-256 over everything in the scenario that can set a result; titles, sources and reports are left out."""
        words = self.model_dump(mode="json", exclude={"title", "question", "notes", "reported", "sources"})
        return hashlib.sha256(json.dumps(words, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
