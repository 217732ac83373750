"""What a scenario may say: every key with its unit, its range and its meaning.

A key is declared here once, as a typed field. Its value, likely range, source and grade stand in YAML. The dotted path of a
field (``inspection.duration.level_1``) is also its random stream, its sweep column and its line in the report.

A field is a *lever* (what a policy sets), an *unknown* (what nobody knows well) or *given* (a fact that defines the
operation). The kinds of values stand in :mod:`sim.fields`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated, Literal, Self

from pydantic import model_validator
from pydantic.functional_validators import AfterValidator

from sim.calendar import Calendar
from sim.fields import (
    WEEKDAYS,
    Agreements,
    ChannelOrder,
    Count,
    Date,
    Duration,
    Durations,
    Flag,
    FrozenDict,
    Limit,
    Money,
    Number,
    Parameters,
    Rate,
    Share,
    Text,
    TimeOfDay,
    TimeZone,
    Weekdays,
    Weight,
    WeightList,
    given,
    lever,
    unknown,
)
from sim.scenario_file import ScenarioFile

#: Bounds that keep a stranger's scenario from filling the machine.
MOST_FLOWS = 50
MOST_SHIFT_PATTERNS = 50
MOST_DAYS = 1_100
MOST_IN_A_VEHICLE = 8
HOURS_IN_A_DAY = 24

STANDINGS = ("citizen", "lawful", "pending_claim", "no_status", "final_order")
LICENCES = ("in_state", "out_of_state", "none")
LEVELS = tuple(f"level_{number}" for number in range(1, 9))
VEHICLE_GROUNDS = ("brakes", "tyres", "lights", "load", "other")
DRIVER_GROUNDS = ("licence", "english", "hours", "drugs", "other")


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

    time_zone: TimeZone = given("time zone of the place, for clocks that run over a change of time")
    shifts: Annotated[dict[str, Shift], AfterValidator(FrozenDict)] = given("patterns of shifts by name")

    @model_validator(mode="after")
    def _some_shift(self) -> Self:
        if not 0 < len(self.shifts) <= MOST_SHIFT_PATTERNS:
            raise ValueError(f"write 1 to {MOST_SHIFT_PATTERNS} patterns of shifts.")
        if (max(shift.last for shift in self.shifts.values()) - self.first_day).days >= MOST_DAYS:
            raise ValueError(f"the shifts span more than {MOST_DAYS} days; split the scenario.")
        return self

    @property
    def first_day(self) -> date:
        """The day of the first shift; its local midnight is the origin of model time."""
        return min(shift.first for shift in self.shifts.values())

    @property
    def calendar(self) -> Calendar:
        """Local time of the operation."""
        return Calendar(self.first_day, self.time_zone)


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
    half_life: Duration = unknown("time in which the share that takes another road falls to half")
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
    repair: Durations = unknown("time that an order out of service keeps a truck off the road")


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
    ice_comes: Durations = unknown("time until an ICE officer comes, where the agency may not detain for ICE by itself")


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
    local_charges: Literal["dropped", "pursued"] = lever(
        "what becomes of a driver arrested for a crime whom ICE wants: ICE takes the driver, or the county jail does first"
    )
    to_facility: Durations = unknown("drive from the roadside to ICE's facility, one way")
    ice_vehicles: IceVehicles = lever("ICE vehicles on the scene")

    @model_validator(mode="after")
    def _vehicles_for_the_path(self) -> Self:
        if self.path == "ice_vehicles" and not (self.ice_vehicles.count and self.ice_vehicles.seats):
            raise ValueError("path is ice_vehicles, but there are none; give ice_vehicles a count and seats above 0.")
        return self


class Agency(Parameters):
    """The agency and its agreements with ICE."""

    agreements: Agreements = lever(
        "agreements held: task force (also tribal) lets officers detain for ICE at the roadside; jail enforcement lets "
        "jail officers question everyone booked; warrant service lets them serve ICE's warrants; none: ICE must come"
    )


class LocalPeople(Parameters):
    """People in the county jail on local charges, who share its desks and beds."""

    rate: Rate = unknown("people booked on local charges by everybody else in the county")
    stay: Durations = unknown("time in jail on local charges")
    standing: Standing = unknown("their standing")


class Screening(Parameters):
    """How people in jail come to ICE's notice."""

    officers: Count = unknown("jail officers who question at the same time, under a jail enforcement agreement")
    questioning: Durations = unknown("questioning and screening of one person under a jail enforcement agreement")
    match: ShareByStanding = unknown("share of people in jail for whom ICE reports a match by fingerprints, true or false")
    known_to_ice: Share = unknown("share of people in jail whom ICE could want that ICE notices by their fingerprints alone")


class Clocks(Parameters):
    """How long a person may be held for ICE once nothing else holds that person."""

    rule: Literal["without_weekends", "flat"] = lever(
        "the detainer's clock: without Saturdays, Sundays and federal holidays (8 CFR 287.7(d)), or flat"
    )
    detainer: Duration = lever("longest hold on a detainer, from release by local custody")
    ice_arrest: Duration = lever("longest hold after an arrest on ICE's behalf or a served warrant; it runs flat")


class Pickup(Parameters):
    """ICE's scheduled transport from the jail to its facility."""

    weekdays: Weekdays = lever("days on which it comes")
    at: TimeOfDay = lever("local time at which it comes")
    seats: Count = lever("people whom it takes; 0: it never comes")
    drive: Durations = unknown("drive from the jail to ICE's facility")


class Overflow(Parameters):
    """People whom ICE's facility sends to the jail for want of beds."""

    rate: Rate = unknown("people whom ICE brings")
    stay: Durations = unknown("their stay until ICE takes them back")


class Jail(Parameters):
    """The county jail."""

    desks: Count = lever("people who can be booked at the same time")
    booking: Durations = unknown("booking of one person at a desk")
    beds: Count = lever("beds in use, for everybody held")
    warm_up: Duration = given("time before the first shift's day from which the local population is built up")
    follow_up: Duration = given("time after the last shift over which the jail is watched")
    local: LocalPeople = unknown("people on local charges")
    screening: Screening = unknown("how people in jail come to ICE's notice")
    clock: Clocks = lever("how long people may be held for ICE")
    pickup: Pickup = lever("transport to ICE's facility")
    overflow: Overflow = unknown("people whom ICE brings")

    @model_validator(mode="after")
    def _a_desk(self) -> Self:
        if self.desks == 0:
            raise ValueError("desks is 0; people could never be booked. Write 1 or more.")
        return self


class OneTime(Parameters):
    """One-time federal payments to an agency that is credentialed within the period."""

    officers: Count = unknown("credentialed officers for whom equipment is paid in the period")
    vehicles: Money = lever("for vehicles, an agency; 0 USD if not paid in the period")
    equipment: Money = lever("for equipment, a credentialed officer")


class Award(Parameters):
    """Quarterly awards to officers; they are paid on the share of people named by ICE who are located, not on arrests."""

    quarters: Count = given("quarters paid in the period")
    officers: Count = unknown("officers who qualify")
    amount: Money = lever("for an officer and a quarter")


class MoneyTerms(Parameters):
    """What things cost and who pays."""

    officer_hour: Money = unknown("an hour of an officer in regular time, loaded")
    overtime_hour: Money = unknown("an hour of an officer in overtime, loaded")
    inspector_hour: Money = unknown("an hour of an inspector, loaded; the state pays")
    shift_is_overtime: Flag = lever("whether whole shifts are worked in overtime")
    overtime_paid_by: Literal["federal", "county"] = lever("who pays overtime")
    bed_day: Money = unknown("a day in a jail bed")
    ice_bed_days_paid_by: Literal["federal", "county"] = lever("who pays the beds of people held for ICE")
    trip: Money = unknown("a trip of a vehicle to the facility and back, officers' time not included")
    one_time: OneTime = lever("one-time payments")
    award: Award = lever("quarterly awards")


class Community(Parameters):
    """What the operation may change around it: an assumption with both signs, shown apart from what is simulated."""

    crime_reporting: Number = unknown(
        "crime reports by affected residents relative to before; published findings differ in size and sign"
    )
    crimes_reported: Rate = unknown("crime reports by affected residents before, in the county")


class Scenario(ScenarioFile):
    """One operation: what is done, by how many, to what traffic, under which policy; frozen once loaded."""

    operation: Operation = given("when officers are out, and how many")
    traffic: Traffic = unknown("vehicles that give ground for a stop")
    people: People = unknown("who sits in them")
    stop: Stop = unknown("the traffic stop")
    inspection: Inspection = unknown("the commercial vehicle inspection")
    status_check: StatusCheck = lever("whom the officer asks and refers, and how ICE answers")
    custody: Custody = lever("how people get from the roadside to custody")
    agency: Agency = lever("the agency and its agreements with ICE")
    jail: Jail = unknown("the county jail")
    money: MoneyTerms = unknown("what things cost and who pays")
    community: Community = unknown("what the operation may change around it")

    @property
    def flow_names(self) -> tuple[str, ...]:
        """Names of the traffic flows in alphabetical order: the order in which flows are numbered."""
        return tuple(sorted(self.traffic.flows))

    @property
    def may_detain_at_the_roadside(self) -> bool:
        """Whether an agreement lets the agency's own officers detain for ICE at the roadside."""
        return bool({"task_force", "tribal_task_force"} & set(self.agency.agreements))
