"""The way of an agency into the programme, from its inquiry to officers who arrest and money that is paid.

Each agreement is one journey: an agency may make several, under different models. Read :func:`agreement`, then
:func:`training`, :func:`credentials` and :func:`first_payment`; beside them run the published list, the weeks of
arrests and the quarters of pay. Nothing is drawn here. Times are milliseconds from the first day's midnight.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import date
from typing import Any

import numpy as np
import simpy

from sim.elementary import exp, normal_quantile
from sim.programme.draw import NEVER, WEEK, ProgrammeDraws
from sim.programme.record import NOBODY, PAYERS, Kind
from sim.programme.scenario import MODELS, ProgrammeScenario
from sim.streams import Floats, Ints
from sim.trace import Trace
from sim.units import DAY

TASK_FORCE = MODELS.index("task_force")
FEDERAL, LOCAL = PAYERS.index("federal"), PAYERS.index("local")
DAYS_IN_A_YEAR = 365
HOURS_IN_A_YEAR = 2080
#: With a mean beyond this the chance of no arrest is no number above 0 any more.
LARGEST_MEAN = 700

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

    def wait(self, duration: int) -> simpy.Event:
        """Return the event that comes after a duration."""
        return self.env.timeout(int(duration))

    def until(self, time: int) -> simpy.Event:
        """Return the event of a time; at once if it has passed."""
        return self.env.timeout(max(0, int(time) - self.now))


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
        yield world.until(drawn.asks[agency])
        if world.now >= ban:
            return
        world.record(Kind.ASKED, agency, model)
        in_backlog = world.now < _time_of(world, world.programme.pipeline.backlog_until)
        yield world.wait(drawn.evaluation_in_backlog[agency] if in_backlog else drawn.evaluation[agency])
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
        world.start(credentials(world, agency, model, _put_forward(world, agency, model), wait=0))
    elif drawn.sends[agency]:
        world.start(training(world, agency, model))
    forbidden = ban + int(world.draws.wind_down[agency]) if ban < NEVER else NEVER
    given_up = world.now + int(drawn.gives_up[agency])
    if min(forbidden, given_up) < world.end:
        yield world.until(min(forbidden, given_up))
        world.holds[model, agency] = False
        world.officers[model, agency] = 0
        world.record(Kind.ENDED, agency, model, detail=int(forbidden <= given_up))


def training(world: World, agency: int, model: int) -> Process:
    """Prepare, then send the officers put forward to the course, class by class, as seats become free."""
    drawn, course = world.draws.under[model], world.training[model]
    yield world.wait(drawn.prepares[agency])
    waiting = _put_forward(world, agency, model)
    largest = min(course.class_size, course.seats)
    while waiting and largest and world.holds[model, agency]:
        officers = min(waiting, largest)
        yield world.seats[model].get(officers)
        if not world.holds[model, agency]:  # the agreement ended while they waited for seats
            yield world.seats[model].put(officers)
            return
        world.record(Kind.SEATS_TAKEN, agency, model, officers)
        yield world.wait(drawn.course[agency])
        world.record(Kind.SEATS_FREED, agency, model, officers)
        yield world.seats[model].put(officers)
        hourly = world.programme.payments.salary / HOURS_IN_A_YEAR
        world.pay(Kind.TRAINING, agency, model, round(officers * course.course_hours * hourly), LOCAL)
        world.start(credentials(world, agency, model, officers, wait=int(drawn.credentials[agency])))
        waiting -= officers


def credentials(world: World, agency: int, model: int, officers: int, wait: int) -> Process:
    """Give officers their credentials; with the first the agency is active, and a task force agency will be paid."""
    yield world.wait(wait)
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
    yield world.until(max(_time_of(world, payments.begins), world.now) + int(world.draws.first_payment[agency]))
    if not world.holds[TASK_FORCE, agency]:
        return
    world.paid[agency] = True
    world.pay(Kind.VEHICLES, agency, TASK_FORCE, payments.vehicles)
    _pay_equipment(world, agency)


def published_list(world: World) -> Process:
    """Issue the list from time to time: what was signed since the last issue appears, what ended vanishes."""
    for gap in world.draws.list_gaps.tolist():
        yield world.wait(gap)
        for model, agency in np.argwhere(world.holds & ~world.listed).tolist():
            world.record(Kind.LISTED, agency, model)
        for model, agency in np.argwhere(world.listed & ~world.holds).tolist():
            world.record(Kind.UNLISTED, agency, model)
        world.listed[:] = world.holds


def weeks_of_arrests(world: World) -> Process:
    """Record, at the end of each week, the arrests of each agency with credentialed officers."""
    arrests = world.programme.arrests
    mean = {"jail_enforcement": arrests.per_jail_enforcement, "warrant_service": arrests.per_warrant_service}
    for week in range(world.end // WEEK):
        yield world.until((week + 1) * WEEK)
        for model, name in enumerate(MODELS):
            active = np.flatnonzero(world.officers[model])
            drawn = world.draws.under[model]
            at_work = np.minimum(world.officers[model, active], arrests.most_at_work)
            strength = mean[name] if name in mean else at_work * arrests.per_task_force_officer
            counts = poisson(strength * drawn.activity[active], drawn.arrests[active, week])
            for agency, count in zip(active[counts > 0].tolist(), counts[counts > 0].tolist(), strict=True):
                world.record(Kind.ARRESTED, agency, model, count)


def quarters_of_pay(world: World) -> Process:
    """Pay, at the end of each quarter, salary, overtime and award of the officers of every agency that is paid."""
    payments = world.programme.payments
    award = (payments.award.from_90, payments.award.from_80, payments.award.from_70, 0)
    for number, (first, last) in enumerate(_quarters(world)):
        yield world.until(last)
        salaries = payments.salary * (last - first) / DAY / DAYS_IN_A_YEAR
        for agency in np.flatnonzero(world.paid & world.holds[TASK_FORCE]).tolist():
            officers = int(world.officers[TASK_FORCE, agency])
            world.pay(Kind.SALARY, agency, TASK_FORCE, round(officers * payments.salary_paid * salaries))
            overtime = officers * payments.overtime_cap * payments.overtime_used * salaries
            world.pay(Kind.OVERTIME, agency, TASK_FORCE, round(overtime))
            world.pay(Kind.AWARD, agency, TASK_FORCE, officers * award[int(world.draws.located[agency, number])])
            _pay_equipment(world, agency)


def poisson(mean: Floats, u: Floats) -> Ints:
    """Return the counts below which a share ``u`` of a Poisson distribution lies.

    Probabilities are summed; beyond :data:`LARGEST_MEAN`, where the first of them is no number above 0, the normal
    distribution of the same mean and variance stands in.

    Parameters
    ----------
    mean
        Means, shape (n,).
    u
        Numbers strictly between 0 and 1, shape (n,).
    """
    large = mean > LARGEST_MEAN
    counts = np.where(large, np.maximum(np.rint(mean + np.sqrt(mean) * normal_quantile(u)), 0), 0).astype(np.int64)
    chance = np.where(large, 0.0, exp(-mean))
    reached = chance.copy()
    step = 0
    open_ = (u > reached) & (chance > 0)
    while open_.any():
        step += 1
        chance = chance * mean / step
        reached = reached + chance
        counts[open_] = step
        # Far beyond the mean the sum no longer grows in floating point: what is still open has its count.
        open_ &= (u > reached) & ((step < mean) | (chance > 0))
    return counts


def _time_of(world: World, day: date) -> int:
    """Return the midnight at which a day begins; below 0 before the first day."""
    begins: date = world.programme.calendar.begins
    return (day - begins).days * DAY


def _put_forward(world: World, agency: int, model: int) -> int:
    share: float = world.training[model].put_forward
    return max(1, round(int(world.draws.sworn[agency]) * share))


def _pay_equipment(world: World, agency: int) -> None:
    new = max(0, int(world.officers[TASK_FORCE, agency] - world.equipped[agency]))
    world.pay(Kind.EQUIPMENT, agency, TASK_FORCE, new * world.programme.payments.equipment)
    world.equipped[agency] += new


def _quarters(world: World) -> list[tuple[int, int]]:
    """Return beginning and end of the quarters in which the federal government pays, as far as they are watched."""
    calendar, begins = world.programme.calendar, world.programme.payments.begins
    quarters: list[tuple[int, int]] = []
    year, month = begins.year, (begins.month - 1) // 3 * 3 + 1
    while True:
        first = max(begins, date(year, month, 1))
        year, month = (year + 1, 1) if month == 10 else (year, month + 3)
        last = date(year, month, 1)
        if last >= calendar.end:  # what would be paid on the day after the last is not seen
            return quarters
        if last > calendar.begins:
            quarters.append((max(0, _time_of(world, first)), _time_of(world, last)))
