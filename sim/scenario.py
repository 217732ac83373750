"""What a scenario may say: every key with its unit, its range and its meaning.

A key is declared here once, as a typed field. Its value, likely range, source and grade stand in YAML. The dotted path of a
field (``inspection.duration.level_1``) is also its random stream, its sweep column and its line in the report.

A field is a *lever* (what a policy sets), an *unknown* (what nobody knows well) or *given* (a fact that defines the
operation). Durations are held in whole milliseconds, rates per hour, shares between 0 and 1.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal, NoReturn, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema, model_validator
from pydantic.functional_validators import AfterValidator

from sim.distributions import DISTRIBUTIONS, Distribution, parse_distribution
from sim.errors import Place
from sim.units import format_duration, parse_date, parse_duration, parse_rate, parse_share, parse_time, shown

#: Bounds that keep a stranger's scenario from filling the machine.
MOST_FLOWS = 50
MOST_SHIFT_PATTERNS = 50
MOST_STAFF = 100_000
MOST_DAYS = 1_100
MOST_IN_A_VEHICLE = 8
HOURS_IN_A_DAY = 24

VEHICLE_CLASSES = ("truck", "car", "crew_van")
STANDINGS = ("citizen", "lawful", "pending_claim", "no_status", "final_order")
LICENCES = ("in_state", "out_of_state", "none")
CHANNELS = ("ice_on_scene", "duty_officer", "support_centre")
LEVELS = tuple(f"level_{number}" for number in range(1, 9))
VEHICLE_GROUNDS = ("brakes", "tyres", "lights", "load", "other")
DRIVER_GROUNDS = ("licence", "english", "hours", "drugs", "other")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class FrozenDict(dict[str, Any]):
    """A dictionary that refuses to be changed, so that a loaded scenario stays what was loaded."""

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("a loaded scenario cannot be changed; load it again with the change in 'settings'")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse  # type: ignore[assignment]

    def __reduce__(self) -> tuple[type[FrozenDict], tuple[dict[str, Any]]]:
        return FrozenDict, (dict(self),)


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{shown(value)} is not a whole number; write for example 6.")
    if not 0 <= value <= MOST_STAFF:
        raise ValueError(f"{shown(value)} is out of range; write a whole number from 0 to {MOST_STAFF}.")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{shown(value)} is not a number; write for example 0.5.")
    if not 0 <= value <= 1e6:
        raise ValueError(f"{shown(value)} is out of range; write a number from 0 to a million.")
    return float(value)


def _weight_list(value: object) -> tuple[float, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(f"{shown(value)} is not a list of weights; write for example [70, 20, 10].")
    weights = tuple(_number(item) for item in value)
    if sum(weights) <= 0:
        raise ValueError("all weights are 0; at least one must be above 0.")
    return weights


def _weekdays(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not value or not set(value) <= set(WEEKDAYS):
        raise ValueError(f"{shown(value)} is not a list of weekdays; write for example [mon, tue, wed, thu, fri].")
    return tuple(day for day in WEEKDAYS if day in value)


def _channel_order(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not set(value) <= set(CHANNELS) or len(set(value)) != len(value):
        raise ValueError(f"{shown(value)} is not an order of channels; list some of {', '.join(CHANNELS)}, each once.")
    return tuple(value)


def _plain_text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is not text; put it in quotation marks.")
    if len(value) > 2_000:
        raise ValueError("the text is longer than 2,000 characters; shorten it.")
    return value


def _as_written(value: Distribution) -> str:
    return f"{type(value).__name__}{tuple(getattr(value, name) for name in value.__dataclass_fields__)}"  # type: ignore[attr-defined]


_QUANTITY_SCHEMA = {"type": "string", "pattern": r"^[0-9.]+ ?(ms|s|min|h|d)$", "examples": ["9 min"]}
_DISTRIBUTION_SCHEMA = {
    "anyOf": [
        _QUANTITY_SCHEMA,
        *(
            {
                "type": "object",
                "additionalProperties": False,
                "required": [name],
                "properties": {name: {"description": f"for example {{{name}: {kind.example}}}"}},
            }
            for name, kind in DISTRIBUTIONS.items()
        ),
    ]
}


class Unit:
    """The unit of a field, for tables and for people."""

    def __init__(self, text: str) -> None:
        self.text = text


Duration = Annotated[
    int,
    BeforeValidator(parse_duration),
    Unit("duration"),
    PlainSerializer(format_duration, when_used="json-unless-none"),
    WithJsonSchema(_QUANTITY_SCHEMA),
]
Limit = Annotated[
    int | None,
    BeforeValidator(lambda value: None if value in (None, "none") else parse_duration(value)),
    Unit("duration or none"),
    WithJsonSchema({"anyOf": [_QUANTITY_SCHEMA, {"const": "none"}, {"type": "null"}]}),
]
Durations = Annotated[
    Distribution,
    BeforeValidator(parse_distribution),
    Unit("duration"),
    PlainSerializer(_as_written),
    WithJsonSchema(_DISTRIBUTION_SCHEMA),
]
Rate = Annotated[
    float,
    BeforeValidator(parse_rate),
    Unit("per hour"),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9.]+ ?(per |/ ?)(min|h|d)$", "examples": ["13 per h"]}),
]
Share = Annotated[
    float,
    BeforeValidator(parse_share),
    Unit("share"),
    WithJsonSchema(
        {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string", "pattern": r"^[0-9.]+ ?%$"}]}
    ),
]
Count = Annotated[
    int, BeforeValidator(_count), Unit("count"), WithJsonSchema({"type": "integer", "minimum": 0, "maximum": MOST_STAFF})
]
Weight = Annotated[
    float, BeforeValidator(_number), Unit("weight"), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1e6})
]
Number = Annotated[
    float, BeforeValidator(_number), Unit("number"), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1e6})
]
WeightList = Annotated[
    tuple[float, ...],
    BeforeValidator(_weight_list),
    Unit("weights"),
    WithJsonSchema({"type": "array", "items": {"type": "number", "minimum": 0}, "minItems": 1}),
]
Text = Annotated[str, BeforeValidator(_plain_text), Unit("text"), WithJsonSchema({"type": "string"})]
Date = Annotated[date, BeforeValidator(parse_date), Unit("date"), WithJsonSchema({"type": "string", "format": "date"})]
TimeOfDay = Annotated[
    time, BeforeValidator(parse_time), Unit("time of day"), WithJsonSchema({"type": "string", "pattern": r"^\d{1,2}:\d{2}"})
]
Weekdays = Annotated[
    tuple[str, ...],
    BeforeValidator(_weekdays),
    Unit("weekdays"),
    WithJsonSchema({"type": "array", "items": {"enum": list(WEEKDAYS)}, "minItems": 1}),
]
ChannelOrder = Annotated[
    tuple[str, ...],
    BeforeValidator(_channel_order),
    Unit("channels"),
    WithJsonSchema({"type": "array", "items": {"enum": list(CHANNELS)}, "uniqueItems": True}),
]

Role = Literal["lever", "unknown", "given"]


def lever(meaning: str) -> Any:
    """Declare a field that a policy sets."""
    return Field(description=meaning, json_schema_extra={"role": "lever"})


def unknown(meaning: str) -> Any:
    """Declare a field whose true value nobody knows well."""
    return Field(description=meaning, json_schema_extra={"role": "unknown"})


def given(meaning: str) -> Any:
    """Declare a field that defines the operation."""
    return Field(description=meaning, json_schema_extra={"role": "given"})


class Parameters(BaseModel):
    """A section of a scenario: frozen, and closed to keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Weights(Parameters):
    """Relative weights of alternatives; they are divided by their sum, so that one can be swept alone."""

    @model_validator(mode="after")
    def _some_weight(self) -> Self:
        if sum(self.weights) <= 0:
            raise ValueError("all weights are 0; at least one must be above 0.")
        return self

    @property
    def weights(self) -> tuple[float, ...]:
        """The weights in the order in which the alternatives are declared."""
        return tuple(getattr(self, name) for name in type(self).model_fields)


class Shift(Parameters):
    """One pattern of shifts: the same hours and staff on each of its days."""

    first: Date = given("the first day")
    last: Date = given("the last day, included")
    weekdays: Weekdays = given("the days of the week on which the shift is worked")
    begins: TimeOfDay = given("local time at which it begins")
    length: Duration = lever("how long it lasts; at most a day")
    traffic: Number = unknown("traffic that gives ground for a stop, relative to the rate of each flow")
    patrol_units: Count = lever("units that make stops; one officer each")
    inspectors: Count = lever("officers who may inspect a commercial vehicle")
    ice_agents: Count = lever("ICE officers on the scene who answer status checks, when ICE is there")
    ice_presence: Share = lever("share of these days on which ICE is on the scene")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"the last day ({self.last}) lies before the first ({self.first}); swap or correct them.")
        if (self.last - self.first).days >= MOST_DAYS:
            raise ValueError(f"it spans more than {MOST_DAYS} days; split the scenario.")
        if not 0 < self.length <= 24 * 3_600_000:
            raise ValueError("its length must be above 0 and at most 24 h.")
        if not list(self.days()):
            raise ValueError("none of its weekdays falls between its first and its last day; correct one of them.")
        return self

    def days(self) -> Iterator[date]:
        """Yield the days on which it is worked."""
        for number in range((self.last - self.first).days + 1):
            day = self.first + timedelta(days=number)
            if WEEKDAYS[day.weekday()] in self.weekdays:
                yield day


class Operation(Parameters):
    """When officers are out, and how many."""

    shifts: Annotated[dict[str, Shift], AfterValidator(FrozenDict)] = given("patterns of shifts by name")

    @model_validator(mode="after")
    def _some_shift(self) -> Self:
        if not 0 < len(self.shifts) <= MOST_SHIFT_PATTERNS:
            raise ValueError(f"write 1 to {MOST_SHIFT_PATTERNS} patterns of shifts.")
        return self

    @property
    def start(self) -> datetime:
        """Midnight before the first shift: the origin of model time."""
        return datetime.combine(min(shift.first for shift in self.shifts.values()), time())


class Flow(Parameters):
    """One stream of vehicles that give ground for a stop."""

    vehicle: Literal["truck", "car", "crew_van"] = given("the class of vehicle")
    road: Text = given("the kind of road, for people to read")
    rate: Rate = unknown("vehicles that give ground for a stop and meet a unit's eye, mean over the day")
    by_hour: WeightList = unknown("relative rate in each of the 24 hours of the day")
    diverted: Share = unknown("share that takes another road once the operation is known")

    @model_validator(mode="after")
    def _a_day_of_hours(self) -> Self:
        if len(self.by_hour) != HOURS_IN_A_DAY:
            raise ValueError(f"by_hour has {len(self.by_hour)} numbers; write one for each of the 24 hours.")
        return self


class Traffic(Parameters):
    """Vehicles that give ground for a stop."""

    known_after: Duration = unknown("time from the first shift's beginning until drivers know of the operation")
    flows: Annotated[dict[str, Flow], AfterValidator(FrozenDict)] = given("streams of vehicles by name")

    @model_validator(mode="after")
    def _some_flow(self) -> Self:
        if not 0 < len(self.flows) <= MOST_FLOWS:
            raise ValueError(f"write 1 to {MOST_FLOWS} flows.")
        return self


class Standing(Weights):
    """Standing in immigration law of the people in one class of vehicle; no report identifies it."""

    citizen: Weight = unknown("citizens of the United States")
    lawful: Weight = unknown("other people whose presence is lawful and settled")
    pending_claim: Weight = unknown("people whose claim to stay is pending")
    no_status: Weight = unknown("people without lawful status and without a final order")
    final_order: Weight = unknown("people with a final order of removal")


class Occupants(Parameters):
    """The people in one class of vehicle."""

    number: WeightList = unknown("weights of 1, 2, 3, … people in the vehicle, the driver included")
    standing: Standing = unknown("standing of each of them")
    crew_effect: Share = unknown("chance that a person's standing follows the vehicle's common draw, not an own one")

    @model_validator(mode="after")
    def _not_a_bus(self) -> Self:
        if len(self.number) > MOST_IN_A_VEHICLE:
            raise ValueError(f"number has {len(self.number)} weights; at most {MOST_IN_A_VEHICLE} people to a vehicle.")
        return self


class Licence(Weights):
    """Where a person's driving licence is from."""

    in_state: Weight = unknown("licence of the state of the operation")
    out_of_state: Weight = unknown("licence of another state or country")
    none: Weight = unknown("no licence of any kind")


class LicenceByStanding(Parameters):
    """Driving licence, given standing."""

    citizen: Licence = unknown("citizens")
    lawful: Licence = unknown("people lawfully present or with a pending claim")
    without_status: Licence = unknown("people without status or with a final order")


class ByStanding(Parameters):
    """One number for each standing."""

    citizen: Number = unknown("citizens of the United States")
    lawful: Number = unknown("people whose presence is lawful and settled")
    pending_claim: Number = unknown("people whose claim to stay is pending")
    no_status: Number = unknown("people without lawful status")
    final_order: Number = unknown("people with a final order of removal")

    @property
    def values(self) -> tuple[float, ...]:
        """The numbers in the order of :data:`STANDINGS`."""
        return tuple(getattr(self, name) for name in STANDINGS)


class ShareByStanding(ByStanding):
    """One share for each standing."""

    citizen: Share = unknown("citizens of the United States")
    lawful: Share = unknown("people whose presence is lawful and settled")
    pending_claim: Share = unknown("people whose claim to stay is pending")
    no_status: Share = unknown("people without lawful status")
    final_order: Share = unknown("people with a final order of removal")


class People(Parameters):
    """Who sits in the vehicles."""

    truck: Occupants = unknown("people in trucks")
    car: Occupants = unknown("people in cars")
    crew_van: Occupants = unknown("people in work crew vans")
    licence: LicenceByStanding = unknown("driving licence, given standing")
    doubt: ByStanding = unknown(
        "exponent k: the share of people about whom more than a doubt t is left after the officer's questions is (1 - t)^k"
    )


class Outcome(Weights):
    """What the traffic matter ends in."""

    warned: Weight = unknown("a warning, or nothing")
    cited: Weight = unknown("a citation")
    arrested: Weight = unknown("a criminal arrest of the driver")


class Stop(Parameters):
    """The traffic stop."""

    traffic_task: Durations = unknown("officer's signal to the end of the traffic matter; inspection and check not included")
    outcome: Outcome = unknown("what the traffic matter ends in")
    criminal_arrest: Durations = unknown("time a unit is away with a person arrested for a crime, jail and return included")


class Levels(Weights):
    """Mix of North American Standard inspection levels."""

    level_1: Weight = unknown("full inspection")
    level_2: Weight = unknown("walk-around")
    level_3: Weight = unknown("driver only")
    level_4: Weight = unknown("special study")
    level_5: Weight = unknown("vehicle only")
    level_6: Weight = unknown("radioactive material")
    level_7: Weight = unknown("jurisdictional")
    level_8: Weight = unknown("electronic")


class LevelDurations(Parameters):
    """Duration of an inspection by level."""

    level_1: Durations = unknown("full inspection")
    level_2: Durations = unknown("walk-around")
    level_3: Durations = unknown("driver only")
    level_4: Durations = unknown("special study")
    level_5: Durations = unknown("vehicle only")
    level_6: Durations = unknown("radioactive material")
    level_7: Durations = unknown("jurisdictional")
    level_8: Durations = unknown("electronic")


class VehicleGrounds(Weights):
    """Leading ground of an order that puts a vehicle out of service."""

    brakes: Weight = unknown("brakes")
    tyres: Weight = unknown("tyres")
    lights: Weight = unknown("lights")
    load: Weight = unknown("load securement")
    other: Weight = unknown("anything else")


class DriverGrounds(Weights):
    """Leading ground of an order that puts a driver out of service."""

    licence: Weight = unknown("licence")
    english: Weight = unknown("English proficiency")
    hours: Weight = unknown("hours of service")
    drugs: Weight = unknown("drugs or alcohol")
    other: Weight = unknown("anything else")


class Inspection(Parameters):
    """The commercial vehicle inspection; trucks only."""

    selected: Share = lever("share of stopped trucks selected for inspection")
    patience: Duration = lever("longest that a stopped truck is kept waiting for an inspector before it goes uninspected")
    levels: Levels = unknown("mix of levels")
    duration: LevelDurations = unknown("duration by level")
    vehicle_out_of_service: Share = unknown("vehicles put out of service, of inspections at level 1, 2 or 5")
    driver_out_of_service: Share = unknown("drivers put out of service, of inspections at level 1, 2 or 3")
    vehicle_grounds: VehicleGrounds = unknown("grounds for vehicles")
    driver_grounds: DriverGrounds = unknown("grounds for drivers")


class Channel(Parameters):
    """One way to put a question to ICE."""

    reply: Durations = unknown("time from a free answerer's first look to the answer")
    no_answer: Share = unknown("share of questions that get no answer here")
    gives_up_after: Duration = lever("time after which an officer without an answer tries the next channel")


class StaffedChannel(Channel):
    """A channel whose answerers are not on the scene."""

    servers: Count = unknown("people who answer at the same time for this operation; 0: there is no such channel")


class Identified(Parameters):
    """Share of the people asked whose name and date of birth the officer gets."""

    driver: Share = unknown("drivers")
    passenger: Share = unknown("passengers; they may keep silent")


class StatusCheck(Parameters):
    """Whom the officer asks, whom the officer refers, and how ICE answers."""

    asked: Literal["nobody", "drivers_unsettled", "drivers", "occupants"] = lever(
        "who is asked: nobody, drivers without an in-state licence, all drivers, all occupants"
    )
    threshold: Share = lever("doubt above which a person is referred; low: early, high: only when unresolved")
    asking: Durations = unknown("officer's signal to the moment when the people in the vehicle have been asked")
    identified: Identified = unknown("share of those asked who can be identified")
    limit: Limit = lever("longest that people are kept for ICE's answer past the traffic task; none: no limit")
    channels: ChannelOrder = lever("the channels in the order in which they are tried")
    ice_on_scene: Channel = unknown("an ICE officer on the scene; how many stands with the shifts")
    duty_officer: StaffedChannel = unknown("a local ICE duty officer, by text or call")
    support_centre: StaffedChannel = unknown("ICE's national support centre, by query")
    match: ShareByStanding = unknown("share of referred people for whom ICE reports a match, true or false")
    go_ahead: Share = unknown("share of matches for which ICE asks for custody")


class IceVehicles(Parameters):
    """ICE vehicles that carry people from the scene in batches."""

    count: Count = lever("vehicles; 0: there are none")
    seats: Count = lever("people that one carries")
    wait: Duration = lever("longest that a vehicle waits after the first person has boarded")


class Custody(Parameters):
    """How people get from the roadside to custody."""

    path: Literal["ice_vehicles", "local_booking", "agency_drives"] = lever("the way taken when ICE is on the scene")
    path_without_ice: Literal["local_booking", "agency_drives"] = lever("the way taken when ICE is not there")
    hand_over: Durations = unknown("time a unit needs to hand a vehicle's people over to ICE on the scene")
    to_jail: Durations = unknown("drive from the roadside to the county jail, one way")
    booking: Durations = unknown("booking of one person at the county jail, the unit waiting")
    to_facility: Durations = unknown("drive from the roadside to ICE's facility, one way")
    ice_vehicles: IceVehicles = lever("ICE vehicles on the scene")

    @model_validator(mode="after")
    def _vehicles_for_the_path(self) -> Self:
        if self.path == "ice_vehicles" and not (self.ice_vehicles.count and self.ice_vehicles.seats):
            raise ValueError("path is ice_vehicles, but there are none; give ice_vehicles a count and seats above 0.")
        return self


class Source(Parameters):
    """Where a figure was published."""

    publisher: Text = given("who published it")
    date: Text = given("when: YYYY, YYYY-MM or YYYY-MM-DD")
    title: Text | None = Field(default=None, description="its title")
    url: Text | None = Field(default=None, description="where it can be read")


class ReportedFigure(Parameters):
    """A figure that was reported about this very operation."""

    value: Number = given("the figure, in the unit of the measure")
    qualifier: Literal["exact", "approximate", "at_least", "under"] = Field(
        default="exact", description="how firmly it was said"
    )
    use: Literal["target", "check", "not_a_target"] = Field(
        default="target", description="target: fit it; check: compare only; not_a_target: shown, never fitted"
    )
    figure: Text | None = Field(default=None, description="its identifier in the table of reported figures")
    source: Text = given("a key of sources:")
    note: Text | None = Field(default=None, description="what to beware of")


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
        default_factory=lambda: FrozenDict(), exclude=True, description="filled on loading, by dotted path"
    )
    places: Annotated[dict[str, Place], AfterValidator(FrozenDict)] = Field(
        default_factory=lambda: FrozenDict(), exclude=True, description="where each key was written; filled on loading"
    )
    file: str = Field(default="", exclude=True, description="the file it came from; filled on loading")

    @property
    def digest(self) -> str:
        """SHA-256 over everything in the scenario that can set a result; titles, sources and reports are left out."""
        words = self.model_dump(mode="json", exclude={"title", "question", "notes", "reported", "sources"})
        return hashlib.sha256(json.dumps(words, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


class Scenario(ScenarioFile):
    """One operation: what is done, by how many, to what traffic, under which policy; frozen once loaded."""

    operation: Operation = given("when officers are out, and how many")
    traffic: Traffic = unknown("vehicles that give ground for a stop")
    people: People = unknown("who sits in them")
    stop: Stop = unknown("the traffic stop")
    inspection: Inspection = unknown("the commercial vehicle inspection")
    status_check: StatusCheck = lever("whom the officer asks and refers, and how ICE answers")
    custody: Custody = lever("how people get from the roadside to custody")

    @property
    def flow_names(self) -> tuple[str, ...]:
        """Names of the traffic flows in alphabetical order: the order in which flows are numbered."""
        return tuple(sorted(self.traffic.flows))
