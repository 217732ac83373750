"""The way of an agency into the programme, from its inquiry to officers who arrest and money that is paid.

Each agreement is one journey: an agency may make several, under different models. Read :func:`agreement`, then
:func:`training`, :func:`credentials` and :func:`first_payment`; beside them run the published list, the weeks of
arrests and the quarters of pay. Nothing is drawn here. Times are milliseconds from the first day's midnight. What happens at
the same instant happens in the order of :class:`sim.programme.steps.Step`. The compiled engine tells the same story in
:mod:`sim.engines.compiled.programme.pathway`; whoever changes one changes the other.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import date
from typing import Any

import numpy as np
import simpy

from sim.programme.draw import BY_THE_OFFICER, NEVER, ProgrammeDraws
from sim.programme.record import FEDERAL, LOCAL, NOBODY, Kind
from sim.programme.scenario import MODELS, TASK_FORCE, Programme, ProgrammeScenario
from sim.programme.steps import Step, priority
from sim.trace import Trace
from sim.units import DAY, WEEK

DAYS_IN_A_YEAR = 365
HOURS_IN_A_YEAR = 2080

Process = Generator[simpy.Event, Any, None]


class World:
    """What the journeys of one replication share: the clock, the record, training seats, who holds what."""

    def __init__(self, scenario: ProgrammeScenario, draws: ProgrammeDraws) -> None:
        self.programme = scenario.programme
        self.draws = draws
        self.env = simpy.Environment()
        self.end = self.programme.calendar.days * DAY
        self.training = [getattr(self.programme.training, model) for model in MODELS]
        self.seats = [simpy.Container(self.env, max(1, one.seats), init=one.seats) for one in self.training]
        self.holds = np.zeros((len(MODELS), len(draws)), dtype=np.bool_)
        self.officers = np.zeros((len(MODELS), len(draws)), dtype=np.int64)  # credentialed
        self.equipped = np.zeros(len(draws), dtype=np.int64)  # task force officers whose equipment is paid
        self.paid = np.zeros(len(draws), dtype=np.bool_)
        self.listed = np.zeros_like(self.holds)
        self.rows: list[tuple[int, ...]] = []

    @property
    def now(self) -> int:
        """The time in milliseconds."""
        return int(self.env.now)

    def record(self, kind: Kind, agency: int, model: int, detail: int = 0, payer: int = NOBODY) -> None:
        """Record that something happened now."""
        self.rows.append((self.now, kind, int(self.draws.group[agency]), agency, model, payer, int(detail)))

    def pay(self, kind: Kind, agency: int, model: int, usd: int, payer: int = FEDERAL) -> None:
        """Record a payment, unless nothing is due."""
        if usd:
            self.record(kind, agency, model, usd, payer)

    def start(self, process: Process) -> None:
        """Begin a journey beside this one."""
        self.env.process(process)

    def wait(self, duration: int, step: Step, agency: int = 0, model: int = 0) -> simpy.Event:
        """Return the event that comes after a duration, at its place among those of the same instant."""
        event = simpy.Event(self.env)
        event._ok, event._value = True, None  # as simpy.Timeout does, which knows no place among its equals
        self.env.schedule(event, priority(step, agency, model), int(duration))  # type: ignore[arg-type]
        return event

    def until(self, time: int, step: Step, agency: int = 0, model: int = 0) -> simpy.Event:
        """Return the event of a time; at once if it has passed."""
        return self.wait(max(0, int(time) - self.now), step, agency, model)


def simulate(scenario: ProgrammeScenario, draws: ProgrammeDraws) -> Trace:
    """Let one replication run to the end of its calendar.

    Parameters
    ----------
    scenario
        What is simulated.
    draws
        Every random number of the replication, from :func:`sim.programme.draw.draw`.

    Returns
    -------
    Trace
        What happened, in order; columns as in :data:`sim.programme.record.COLUMNS`.
    """
    world = World(scenario, draws)
    for model, under in enumerate(draws.under):
        for agency in np.flatnonzero(under.holds | (under.asks < world.end)).tolist():
            world.start(agreement(world, agency, model))
    world.start(published_list(world))
    world.start(weeks_of_arrests(world))
    world.start(quarters_of_pay(world))
    world.env.run(until=world.end)
    return Trace.of(world.rows)


def agreement(world: World, agency: int, model: int) -> Process:
    """Ask, be evaluated, sign, train, and hold the agreement until the agency gives it up or its state forbids it."""
    drawn, ban = world.draws.under[model], int(world.draws.bans[agency])
    if not drawn.holds[agency]:
        yield world.until(drawn.asks[agency], Step.ASKS, agency, model)
        if world.now >= ban:
            return
        world.record(Kind.ASKED, agency, model)
        in_backlog = world.now < time_of(world.programme, world.programme.pipeline.backlog_until)
        evaluation = drawn.evaluation_in_backlog if in_backlog else drawn.evaluation
        yield world.wait(evaluation[agency], Step.EVALUATED, agency, model)
        if drawn.declined[agency] or world.now >= ban:
            world.record(Kind.DECLINED, agency, model)
            return
    elif ban == 0:
        return
    world.record(Kind.SIGNED, agency, model, detail=int(drawn.holds[agency]))
    world.holds[model, agency] = True
    if drawn.holds[agency]:  # long-standing partners are on the list and at work
        world.listed[model, agency] = True
        world.record(Kind.LISTED, agency, model)
        world.start(credentials(world, agency, model, int(drawn.put_forward[agency]), wait=0))
    elif drawn.sends[agency]:
        world.start(training(world, agency, model))
    forbidden = ban + int(world.draws.wind_down[agency]) if ban < NEVER else NEVER
    given_up = world.now + int(drawn.gives_up[agency])
    if min(forbidden, given_up) < world.end:
        yield world.until(min(forbidden, given_up), Step.AGREEMENT_ENDS, agency, model)
        world.holds[model, agency] = False
        world.officers[model, agency] = 0
        world.record(Kind.ENDED, agency, model, detail=int(forbidden <= given_up))


def training(world: World, agency: int, model: int) -> Process:
    """Prepare, then send the officers put forward to the course, class by class, as seats become free."""
    drawn, course = world.draws.under[model], world.training[model]
    yield world.wait(drawn.prepares[agency], Step.PREPARED, agency, model)
    waiting = int(drawn.put_forward[agency])
    largest = min(course.class_size, course.seats)
    while waiting and largest and world.holds[model, agency]:
        officers = min(waiting, largest)
        yield world.seats[model].get(officers)
        if not world.holds[model, agency]:  # the agreement ended while they waited for seats
            yield world.seats[model].put(officers)
            return
        world.record(Kind.SEATS_TAKEN, agency, model, officers)
        yield world.wait(drawn.course[agency], Step.COURSE_ENDS, agency, model)
        world.record(Kind.SEATS_FREED, agency, model, officers)
        yield world.seats[model].put(officers)
        hourly = hourly_wage(world.programme)
        world.pay(Kind.TRAINING, agency, model, round(officers * course.course_hours * hourly), LOCAL)
        world.start(credentials(world, agency, model, officers, wait=int(drawn.credentials[agency])))
        waiting -= officers


def credentials(world: World, agency: int, model: int, officers: int, wait: int) -> Process:
    """Give officers their credentials; with the first the agency is active, and a task force agency will be paid."""
    yield world.wait(wait, Step.CREDENTIALED, agency, model)
    if not world.holds[model, agency]:
        return
    first = world.officers[model, agency] == 0
    world.officers[model, agency] += officers
    world.record(Kind.CREDENTIALED, agency, model, officers)
    if model == TASK_FORCE and first:
        yield from first_payment(world, agency)


def first_payment(world: World, agency: int) -> Process:
    """Pay vehicles, and the equipment of those credentialed by then; later officers' comes with the quarter."""
    payments = world.programme.payments
    begins = max(time_of(world.programme, payments.begins), world.now)
    yield world.until(begins + int(world.draws.first_payment[agency]), Step.PAID, agency, TASK_FORCE)
    if not world.holds[TASK_FORCE, agency]:
        return
    world.paid[agency] = True
    world.pay(Kind.VEHICLES, agency, TASK_FORCE, payments.vehicles)
    _pay_equipment(world, agency)


def published_list(world: World) -> Process:
    """Issue the list from time to time: what was signed since the last issue appears, what ended vanishes."""
    for gap in world.draws.list_gaps.tolist():
        yield world.wait(gap, Step.LIST_ISSUED)
        for model, agency in np.argwhere(world.holds & ~world.listed).tolist():
            world.record(Kind.LISTED, agency, model)
        for model, agency in np.argwhere(world.listed & ~world.holds).tolist():
            world.record(Kind.UNLISTED, agency, model)
        world.listed[:] = world.holds


def weeks_of_arrests(world: World) -> Process:
    """Record, at the end of each week, the arrests of each agency with credentialed officers."""
    most = world.programme.arrests.most_at_work
    for week in range(world.end // WEEK):
        yield world.until((week + 1) * WEEK, Step.WEEK_ENDS)
        for model, by_the_officer in enumerate(BY_THE_OFFICER):
            drawn = world.draws.under[model]
            active = np.flatnonzero(world.officers[model])
            at_work = np.minimum(world.officers[model, active], most) if by_the_officer else 1
            counts = drawn.arrests.below(active, week, drawn.rate[active] * at_work)
            for agency, count in zip(active[counts > 0].tolist(), counts[counts > 0].tolist(), strict=True):
                world.record(Kind.ARRESTED, agency, model, count)


def quarters_of_pay(world: World) -> Process:
    """Pay, at the end of each quarter, salary, overtime and award of the officers of every agency that is paid."""
    payments = world.programme.payments
    award = awards(world.programme)
    for number, (last, salaries) in enumerate(quarters(world.programme)):
        yield world.until(last, Step.QUARTER_ENDS)
        for agency in np.flatnonzero(world.paid & world.holds[TASK_FORCE]).tolist():
            officers = int(world.officers[TASK_FORCE, agency])
            world.pay(Kind.SALARY, agency, TASK_FORCE, round(officers * payments.salary_paid * salaries))
            overtime = officers * payments.overtime_cap * payments.overtime_used * salaries
            world.pay(Kind.OVERTIME, agency, TASK_FORCE, round(overtime))
            world.pay(Kind.AWARD, agency, TASK_FORCE, officers * award[int(world.draws.located[agency, number])])
            _pay_equipment(world, agency)


def _pay_equipment(world: World, agency: int) -> None:
    new = max(0, int(world.officers[TASK_FORCE, agency] - world.equipped[agency]))
    world.pay(Kind.EQUIPMENT, agency, TASK_FORCE, new * world.programme.payments.equipment)
    world.equipped[agency] += new


def time_of(programme: Programme, day: date) -> int:
    """Return the midnight at which a day begins; below 0 before the first day."""
    begins: date = programme.calendar.begins
    return (day - begins).days * DAY


def hourly_wage(programme: Programme) -> float:
    """Return what an officer costs an hour, in USD."""
    salary: float = programme.payments.salary
    return salary / HOURS_IN_A_YEAR


def awards(programme: Programme) -> tuple[int, ...]:
    """Return the quarterly award for an officer by the band of people located, in USD."""
    award = programme.payments.award
    return (award.from_90, award.from_80, award.from_70, 0)


def quarters(programme: Programme) -> list[tuple[int, float]]:
    """Return the ends of the quarters in which the federal government pays, as far as they are watched, and a salary in each."""
    calendar, payments = programme.calendar, programme.payments
    found: list[tuple[int, float]] = []
    year, month = payments.begins.year, (payments.begins.month - 1) // 3 * 3 + 1
    while True:
        first = max(payments.begins, date(year, month, 1))
        year, month = (year + 1, 1) if month == 10 else (year, month + 3)
        last = date(year, month, 1)
        if last >= calendar.end:  # what would be paid on the day after the last is not seen
            return found
        if last > calendar.begins:
            begins, ends = max(0, time_of(programme, first)), time_of(programme, last)
            found.append((ends, payments.salary * (ends - begins) / DAY / DAYS_IN_A_YEAR))
