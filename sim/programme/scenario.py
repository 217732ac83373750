"""What a programme scenario may say: every key with its unit and meaning, as :mod:`sim.scenario` does for an operation.

Three units are kept apart throughout: an *agreement* (one agency, one model), an *agency* (which may hold several
agreements) and a *state*. Signed is not listed, listed is not active, active is not paid.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator, model_validator
from pydantic.functional_validators import AfterValidator

from sim.errors import BelowError, nearest
from sim.fields import Count, Date, Durations, FrozenDict, Number, Parameters, Share, Text, Unit, Weight, given, lever, unknown
from sim.scenario import Weights
from sim.scenario_file import ScenarioFile
from sim.units import parse_date, shown

MODELS = ("task_force", "jail_enforcement", "warrant_service", "tribal_task_force")
TASK_FORCE = MODELS.index("task_force")
KINDS = ("counties", "municipalities", "state_agencies", "tribes")
#: Which models an agency of each kind can sign: only counties run jails here, and only tribes sign the tribal model.
ELIGIBLE = {
    "counties": ("task_force", "jail_enforcement", "warrant_service"),
    "municipalities": ("task_force",),
    "state_agencies": ("task_force",),
    "tribes": ("tribal_task_force",),
}
MOST_GROUPS = 60
MOST_AGENCIES = 50_000
MOST_WEEKS = 250
MOST_DATES = 60


def _dates(value: object) -> tuple[date, ...]:
    if not isinstance(value, list | tuple) or len(value) > MOST_DATES:
        raise ValueError(f"{shown(value)} is not a list of at most {MOST_DATES} dates; write for example [2025-06-06].")
    return tuple(sorted({item if isinstance(item, date) else parse_date(item) for item in value}))


_DATE_SCHEMA = {"type": "string", "format": "date"}
Dates = Annotated[
    tuple[date, ...],
    BeforeValidator(_dates),
    Unit("dates"),
    WithJsonSchema({"type": "array", "items": _DATE_SCHEMA, "maxItems": MOST_DATES}),
]
DateOrNone = Annotated[
    date | None,
    BeforeValidator(lambda value: None if value in (None, "none") else parse_date(value)),
    Unit("date or none"),
    WithJsonSchema({"anyOf": [_DATE_SCHEMA, {"const": "none"}, {"type": "null"}]}),
]


class Calendar(Parameters):
    """When the programme is watched, and on which days it is counted."""

    begins: Date = given("the first day")
    ends: Date = given("the last day, included")
    counted_on: Dates = given("days at whose end agreements, agencies and states on the published list are counted")
    detailed_on: Dates = given("days on which they are also counted by group of states and by kind of agency")
    arrests_in_week_of: Dates = given("days whose weeks (counted from the first day) are looked at for arrests")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not 0 <= (self.ends - self.begins).days < MOST_WEEKS * 7:
            raise ValueError(f"it must end on or after its first day and span less than {MOST_WEEKS} weeks.")
        for key in ("counted_on", "detailed_on", "arrests_in_week_of"):
            outside = [day for day in getattr(self, key) if not self.begins <= day <= self.ends]
            if outside:
                bound = "begins" if outside[0] < self.begins else "ends"
                problem = f"{outside[0]} of {key} lies outside {self.begins} to {self.ends}; correct {key} or {bound}."
                raise BelowError(problem, key, bound)
        return self

    @property
    def days(self) -> int:
        """Days watched."""
        return (self.ends - self.begins).days + 1

    @property
    def end(self) -> date:
        """The day after the last day."""
        return self.ends + timedelta(days=1)


class StateGroup(Parameters):
    """States that are alike in how freely their agencies join, and the agencies in them that could."""

    states: Count = given("states or territories; agencies are dealt to them in turn")
    counties: Count = unknown("county agencies that could ever join")
    municipalities: Count = unknown("municipal agencies that could ever join")
    state_agencies: Count = unknown("state agencies that could ever join")
    tribes: Count = unknown("tribal agencies that could ever join")
    task_force: Number = unknown("eagerness for a task force agreement, relative to the national pace")
    jail_models: Number = unknown("eagerness for a jail enforcement or warrant service agreement, relative to that pace")
    held_jail_enforcement: Count = given("jail enforcement agreements held on the first day")
    held_warrant_service: Count = given("warrant service agreements held on the first day")
    banned_from: DateOrNone = lever("first day on which the state forbids agreements; none: it does not")

    @model_validator(mode="after")
    def _holders_exist(self) -> Self:
        if self.states == 0 and any(getattr(self, kind) for kind in KINDS):
            raise ValueError("it has agencies but no states; give it one state at least.")
        if max(self.held_jail_enforcement, self.held_warrant_service) > self.counties:
            raise ValueError("more agreements are held on the first day than there are counties; correct one of them.")
        return self


class Mandate(Parameters):
    """A state law, or a state government's pressure, that makes agencies of one kind sign."""

    group: Text = given("the group of states where it holds")
    agencies: Literal["counties", "municipalities", "state_agencies", "tribes"] = given("the kind of agency that it binds")
    begins: Date = lever("day from which agencies act on it")
    deadline: Date = lever("day by which they must have asked")
    covered: Share = lever("share of these agencies that must sign, the largest first")
    task_force: Share = unknown("share of those covered that choose the task force model because of it")
    jail_enforcement: Share = unknown("share of those covered that choose the jail enforcement model because of it")
    warrant_service: Share = unknown("share of those covered that choose the warrant service model because of it")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.deadline < self.begins:
            raise ValueError(f"the deadline ({self.deadline}) lies before it begins ({self.begins}); swap or correct them.")
        return self


class Pace(Parameters):
    """How fast agencies ask to join from one day on, until the next pace begins.

    Each is a rate per week for 1,000 agencies of eagerness 1 that have not asked for that model yet.
    """

    begins: Date = given("the first day of this pace")
    task_force: Number = unknown("task force: asks per 1,000 agencies a week")
    jail_enforcement: Number = unknown("jail enforcement: asks per 1,000 counties a week")
    warrant_service: Number = unknown("warrant service: asks per 1,000 counties a week")
    tribal_task_force: Number = unknown("tribal task force: asks per 1,000 tribes a week")


class Pipeline(Parameters):
    """From the inquiry to the published list, and out of it."""

    month_to_month: Number = unknown("how much the pace of a month differs from the mean (coefficient of variation)")
    together: Share = unknown("chance that an agency's patience for a model is the one common to its models, not an own one")
    backlog_until: Date = unknown("inquiries before this day meet ICE's backlog")
    evaluation_in_backlog: Durations = unknown("inquiry to signature during the backlog; the agreement is pending meanwhile")
    evaluation: Durations = unknown("inquiry to signature afterwards")
    declined: Share = unknown("share of inquiries that end without an agreement")
    list_gap: Durations = unknown("time between two issues of the published list; one cannot be listed before the next")
    withdrawn_a_year: Share = unknown("share of agreements that an agency gives up in a year")
    wind_down: Durations = unknown("from the day of a ban to the end of an agreement there")


class AgencySize(Parameters):
    """Sworn officers of agencies of one kind: lognormal, at least one."""

    median: Number = unknown("median number of sworn officers")
    sigma: Number = unknown("standard deviation of its logarithm")


class Sizes(Parameters):
    """Sworn officers by kind of agency."""

    counties: AgencySize = unknown("county agencies")
    municipalities: AgencySize = unknown("municipal agencies")
    state_agencies: AgencySize = unknown("state agencies")
    tribes: AgencySize = unknown("tribal agencies")


class TrainingModel(Parameters):
    """From the signature to credentialed officers, under one model."""

    sends: Share = unknown("share of agencies that ever send anyone: signing is not activity")
    put_forward: Share = unknown("share of sworn officers put forward; at least one")
    prepares: Durations = unknown("signature to the request for seats: choosing officers, background checks")
    seats: Count = lever("officers who can be in training at the same time, in the country")
    class_size: Count = lever("officers that an agency sends at a time, at most")
    course: Durations = given("length of the course, as days on the calendar")
    course_hours: Number = given("hours of the course, paid by the agency")
    credentials: Durations = unknown("end of the course to the credential")


class Training(Parameters):
    """Training by model; there is no single training time."""

    task_force: TrainingModel = unknown("task force")
    jail_enforcement: TrainingModel = unknown("jail enforcement")
    warrant_service: TrainingModel = unknown("warrant service officer")
    tribal_task_force: TrainingModel = unknown("tribal task force")


Periods = TypeVar("Periods", bound=Mapping[str, Any])


def _begin_apart(periods: Periods) -> Periods:
    """Refuse two periods that begin on the same day, since nothing would say which of them holds."""
    begun: dict[date, str] = {}
    for name, period in periods.items():
        other = begun.setdefault(period.begins, name)
        if other != name:
            raise ValueError(f"{other} and {name} both begin on {period.begins}; move or remove one of them.")
    return periods


class NationalArrests(Parameters):
    """ICE arrests in the country, all ways of arrest, from one day on."""

    begins: Date = given("the first day")
    weekly: Count = given("arrests a week")


class Arrests(Parameters):
    """Immigration arrests through active agreements."""

    per_task_force_officer: Number = unknown("mean arrests a week of a credentialed task force officer who is at work on it")
    most_at_work: Count = unknown("officers of one agency who are at work on it in a week, at most")
    spread_of_task_force: Number = unknown("how agencies differ in that: standard deviation of the logarithm")
    per_jail_enforcement: Number = unknown("mean arrests a week under an active jail enforcement agreement")
    per_warrant_service: Number = unknown("mean arrests a week under an active warrant service agreement")
    spread_of_jails: Number = unknown("how jails differ in that: standard deviation of the logarithm")
    top_agencies: Count = unknown("how many agencies a report of 'the top agencies' means")
    national: Annotated[dict[str, NationalArrests], AfterValidator(FrozenDict)] = given("ICE arrests in the country")

    @model_validator(mode="after")
    def _some_period(self) -> Self:
        if not self.national:
            raise ValueError("write at least one period of ICE arrests.")
        return self

    _apart = field_validator("national")(_begin_apart)


class Located(Weights):
    """Share of the people named by ICE whom an agency locates in a quarter: how often it falls into each band."""

    from_90: Weight = unknown("90 to 100% located")
    from_80: Weight = unknown("80 to 89%")
    from_70: Weight = unknown("70 to 79%")
    below: Weight = unknown("less")


class Award(Parameters):
    """Quarterly award for each credentialed officer, by the share located."""

    from_90: Count = lever("USD at 90 to 100%")
    from_80: Count = lever("USD at 80 to 89%")
    from_70: Count = lever("USD at 70 to 79%")


class Payments(Parameters):
    """What the federal government pays to task force agencies, and what is left to them."""

    begins: Date = lever("the first day on which it pays")
    first_payment: Durations = unknown("first credential to the first payment")
    vehicles: Count = lever("USD for each agency, once")
    equipment: Count = lever("USD for each credentialed officer, once")
    salary: Number = unknown("USD a year: salary and benefits of an officer")
    salary_paid: Share = lever("share of credentialed officers whose salary is paid: those said to do it full time, or all")
    overtime_cap: Share = lever("overtime paid, at most, as a share of salary")
    overtime_used: Share = unknown("share of that cap that is worked and paid")
    located: Located = unknown("share located, by agency and quarter")
    award: Award = lever("quarterly award")


class Programme(Parameters):
    """Agencies joining the programme, and what comes of it."""

    calendar: Calendar = given("when it is watched and counted")
    states: Annotated[dict[str, StateGroup], AfterValidator(FrozenDict)] = given("groups of states by name")
    mandates: Annotated[dict[str, Mandate], AfterValidator(FrozenDict)] = Field(
        default_factory=FrozenDict,
        description="state laws that order agencies to sign",
        json_schema_extra={"role": "lever"},
    )
    paces: Annotated[dict[str, Pace], AfterValidator(FrozenDict)] = unknown("how fast agencies ask, by period")
    pipeline: Pipeline = unknown("from the inquiry to the published list, and out of it")
    sizes: Sizes = unknown("sworn officers")
    training: Training = lever("from the signature to credentialed officers")
    arrests: Arrests = unknown("immigration arrests")
    payments: Payments = lever("who pays what")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not 0 < len(self.states) <= MOST_GROUPS:
            raise ValueError(f"write 1 to {MOST_GROUPS} groups of states.")
        agencies = sum(getattr(group, kind) for group in self.states.values() for kind in KINDS)
        if not 0 < agencies <= MOST_AGENCIES:
            raise ValueError(f"its groups of states have {agencies:,} agencies; write 1 to {MOST_AGENCIES:,}.")
        for name, mandate in self.mandates.items():
            if mandate.group not in self.states:
                problem = f"mandate {name} needs a group of states '{mandate.group}'; {nearest(mandate.group, self.states)}"
                raise BelowError(problem, f"mandates.{name}.group", f"states.{mandate.group}")
        return self

    _apart = field_validator("paces")(_begin_apart)

    @property
    def group_names(self) -> tuple[str, ...]:
        """Names of the groups of states in alphabetical order: the order in which they are numbered."""
        return tuple(sorted(self.states))


class ProgrammeScenario(ScenarioFile):
    """The programme in the country: who joins, when, under which state laws, and what comes of it."""

    programme: Programme = given("agencies joining the programme")
