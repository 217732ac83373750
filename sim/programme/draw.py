"""Every random number of a programme replication, made before anything runs.

The streams are those of :func:`sim.streams.uniforms`. An agency is a number in its own group of states and kind, so
that a group with more agencies, another pace, a ban or other training seats leaves every agency what it was: its
state, its size, its luck.

An agency asks when its own patience runs out: each agency and model has a unit exponential number E, and asks at the
time t at which the cumulative pace, times the group's eagerness, reaches E. So a faster pace brings the same agencies
sooner, and more follow; a mandate gives some agencies a second time at which they ask, and the earlier one counts: it
can only add.

References
----------
Çinlar (1975), Introduction to Stochastic Processes, section 4.7 (time change of a Poisson process).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from sim.elementary import exp, log, log_of, normal_quantile
from sim.fields import MOST_STAFF
from sim.programme.arrests import IN_A_BLOCK, MARK_UNITS, Marks, Source, marks_of, seat_of
from sim.programme.scenario import (
    ELIGIBLE,
    KINDS,
    MODELS,
    Calendar,
    Mandate,
    Pace,
    Programme,
    ProgrammeScenario,
    StateGroup,
)
from sim.streams import Flags, Floats, Ints, choose, uniforms
from sim.units import DAY, WEEK

YEAR = 365 * DAY
#: Later than any calendar ends.
NEVER = 2**62
QUARTERS = 40
#: Months are counted from January 2000, so that a calendar that begins earlier leaves each month its luck.
FIRST_YEAR = 2000
MONTHS = 1200
#: Models whose arrests are counted by the officer at work; under the others, by the jail.
BY_THE_OFFICER = tuple(model.endswith("task_force") for model in MODELS)
#: More than this is not expected of one officer, or of one jail, in a week: whole numbers must hold the sums.
MOST_ARRESTS = 100_000
#: The streams of an agency, and of an agency under one model, by what is drawn from them. A group of states and a kind of agency
#: stand behind the name.
OF_AGENCY = {
    "sworn": "sizes",
    "asks": "asks",
    "first_payment": "payments.first_payment",
    "wind_down": "pipeline.wind_down",
    "located": "payments.located",
}
OF_MODEL = {
    "holds": "states.held@{model}",
    "asks": "asks@{model}",
    "together": "pipeline.together@{model}",
    "evaluation": "pipeline.evaluation@{model}",
    "declined": "pipeline.declined@{model}",
    "gives_up": "pipeline.withdrawn@{model}",
    "sends": "training.{model}.sends",
    "prepares": "training.{model}.prepares",
    "course": "training.{model}.course",
    "credentials": "training.{model}.credentials",
    "activity": "arrests.activity@{model}",
    "arrests": "arrests@{model}",
}
#: The streams of a mandate; the first for each model.
CHOOSES, ON_DAY = "mandates.{name}.{model}", "mandates.{name}.day"
#: The streams of the country.
WAVES, LIST_GAP = "programme.pipeline.month_to_month@{model}", "programme.pipeline.list_gap"


@dataclass(frozen=True, slots=True)
class Under:
    """What is drawn for one model; one row per agency, times and durations in milliseconds."""

    holds: Flags  # on the first day
    asks: Ints  # NEVER, or the time of the inquiry
    evaluation_in_backlog: Ints  # one number serves both: luck does not hang on when the agency asks
    evaluation: Ints
    declined: Flags
    gives_up: Ints  # after the signature, or after the first day
    sends: Flags
    prepares: Ints
    course: Ints
    credentials: Ints
    put_forward: Ints  # officers for the course
    rate: Ints  # arrests expected in a week, of an officer at work or of the jail; in millionths
    arrests: Marks


@dataclass(frozen=True, slots=True)
class ProgrammeDraws:
    """All random numbers of one replication; agencies by group in alphabetical order, then kind, then number."""

    seed: int
    replication: int
    group: Ints
    kind: Ints
    number: Ints
    state: Ints  # counted over all groups
    sworn: Ints
    first_payment: Ints
    bans: Ints  # time from which the agency's state forbids agreements, or NEVER
    wind_down: Ints  # from the ban to the end of an agreement
    located: Ints  # shape (agencies, QUARTERS): band of people located
    under: tuple[Under, ...]  # by model
    list_gaps: Ints

    def __len__(self) -> int:
        return len(self.group)


@dataclass(frozen=True, slots=True)
class _Block:
    """The agencies of one kind in one group of states."""

    seed: int
    replication: int
    programme: Programme
    group: str
    kind: str
    count: int

    def uniform(self, stream: str, times: int = 1) -> Floats:
        numbers = uniforms(self.seed, self.replication, self.stream(stream), self.count * times)
        return numbers if times == 1 else numbers.reshape(self.count, times)

    def of_model(self, what: str, model: str) -> Floats:
        return self.uniform(OF_MODEL[what].format(model=model))

    def stream(self, name: str) -> str:
        return stream_of(name, self.group, self.kind)

    @property
    def states(self) -> StateGroup:
        group: StateGroup = self.programme.states[self.group]
        return group


def stream_of(name: str, group: str, kind: str) -> str:
    """Return the whole name of a stream of the agencies of one kind in one group of states."""
    return f"programme.{name}@{group}.{kind}"


def draw(scenario: ProgrammeScenario, seed: int, replication: int) -> ProgrammeDraws:
    """Make every random number of one replication.

    Parameters
    ----------
    scenario
        What is simulated.
    seed
        The seed of the run, 0 to 2**63 - 1.
    replication
        The number of the replication, from 0.
    """
    programme = scenario.programme
    blocks = [
        _Block(seed, replication, programme, name, kind, getattr(programme.states[name], kind))
        for name in programme.group_names
        for kind in KINDS
        if getattr(programme.states[name], kind)
    ]
    paces = [_cumulative_pace(programme, model, seed, replication) for model in MODELS]
    first_state = dict(zip(programme.group_names, _first_states(programme), strict=True))
    pipeline, payments = programme.pipeline, programme.payments
    bands = payments.located.weights

    numbers = [np.arange(block.count) for block in blocks]
    sworn = [_sworn(block) for block in blocks]
    return ProgrammeDraws(
        seed=seed,
        replication=replication,
        group=_each(blocks, lambda block: programme.group_names.index(block.group)),
        kind=_each(blocks, lambda block: KINDS.index(block.kind)),
        number=np.concatenate(numbers),
        state=np.concatenate(
            [first_state[block.group] + rows % block.states.states for block, rows in zip(blocks, numbers, strict=True)]
        ),
        sworn=np.concatenate(sworn),
        first_payment=np.concatenate(
            [payments.first_payment.inverse(block.uniform(OF_AGENCY["first_payment"])) for block in blocks]
        ),
        bans=_each(blocks, lambda block: day_begins(programme.calendar, block.states.banned_from)),
        wind_down=np.concatenate([pipeline.wind_down.inverse(block.uniform(OF_AGENCY["wind_down"])) for block in blocks]),
        located=np.concatenate([choose(bands, block.uniform(OF_AGENCY["located"], QUARTERS)) for block in blocks]),
        under=tuple(_under(blocks, sworn, model, pace) for model, pace in zip(MODELS, paces, strict=True)),
        list_gaps=_list_gaps(programme, seed, replication),
    )


def _each(blocks: list[_Block], value: Callable[[_Block], int]) -> Ints:
    return np.repeat(np.asarray([value(block) for block in blocks], dtype=np.int64), [block.count for block in blocks])


def _first_states(programme: Programme) -> list[int]:
    counts = [programme.states[name].states for name in programme.group_names]
    return [sum(counts[:position]) for position in range(len(counts))]


def day_begins(calendar: Calendar, day: date | None) -> int:
    """Return the midnight at which a day begins, in milliseconds from the first day's; what lies before it is 0."""
    return NEVER if day is None else max(0, (day - calendar.begins).days * DAY)


def _sworn(block: _Block) -> Ints:
    size = getattr(block.programme.sizes, block.kind)
    officers: Floats = np.rint(size.median * exp(size.sigma * normal_quantile(block.uniform(OF_AGENCY["sworn"]))))
    return np.minimum(np.maximum(officers, 1.0), MOST_STAFF).astype(np.int64)


def _under(blocks: list[_Block], sworn: list[Ints], model: str, pace: tuple[Ints, Floats]) -> Under:
    weeks = blocks[0].programme.calendar.days // 7
    parts = [_under_in(block, officers, model, pace) for block, officers in zip(blocks, sworn, strict=True)]
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in Under.__slots__ if name != "arrests"}
    highest = np.where(_may_arrest(blocks[0].programme, **columns), columns["rate"], 0)
    if BY_THE_OFFICER[MODELS.index(model)]:
        highest = highest * np.minimum(columns["put_forward"], blocks[0].programme.arrests.most_at_work)
    ends = np.cumsum([block.count for block in blocks]).tolist()
    marks = [
        marks_of(_weekly(block, model, weeks), end - block.count, highest[end - block.count : end], weeks)
        for block, end in zip(blocks, ends, strict=True)
    ]
    return Under(**columns, arrests=Marks.joined(marks, weeks))


def _may_arrest(programme: Programme, holds: Flags, asks: Ints, sends: Flags, **_: object) -> Flags:
    """Return which agencies can have a credentialed officer before the calendar ends."""
    return holds | (sends & (asks < programme.calendar.days * DAY))


def _weekly(block: _Block, model: str, weeks: int) -> Source:
    """Return where the numbers come from of which arrests are made; weeks stand where an operation has vehicles."""
    stream = block.stream(OF_MODEL["arrests"].format(model=model))
    return lambda number, four: uniforms(block.seed, block.replication, stream, weeks * IN_A_BLOCK, seat_of(number, four))


def _under_in(block: _Block, sworn: Ints, model: str, pace: tuple[Ints, Floats]) -> Under:
    programme = block.programme
    pipeline, training = programme.pipeline, getattr(programme.training, model)
    eager = model in ELIGIBLE[block.kind]
    own = _own_time(block, model, pace) if eager else np.full(block.count, NEVER)
    holds = _holds(block, model) if eager else np.zeros(block.count, dtype=np.bool_)
    yearly = yearly_loss(pipeline.withdrawn_a_year)
    patience = -log(1.0 - block.of_model("gives_up", model))
    evaluation = block.of_model("evaluation", model)
    return Under(
        holds=holds,
        asks=np.where(holds, NEVER, np.minimum(own, _ordered_time(block, model)) if eager else own),
        evaluation_in_backlog=pipeline.evaluation_in_backlog.inverse(evaluation),
        evaluation=pipeline.evaluation.inverse(evaluation),
        declined=block.of_model("declined", model) < pipeline.declined,
        gives_up=_milliseconds(patience / yearly * YEAR if yearly else np.full(block.count, np.inf)),
        sends=block.of_model("sends", model) < training.sends,
        prepares=training.prepares.inverse(block.of_model("prepares", model)),
        course=training.course.inverse(block.of_model("course", model)),
        credentials=training.credentials.inverse(block.of_model("credentials", model)),
        put_forward=np.maximum(np.rint(sworn * training.put_forward), 1.0).astype(np.int64),
        rate=_rate_of_arrests(block, model),
        arrests=Marks.none(0),
    )


def yearly_loss(withdrawn_a_year: float) -> float:
    """Return the rate a year at which agreements are given up, by the share of them that are given up in a year."""
    return -log_of(1.0 - min(withdrawn_a_year, 1 - 1e-9))


def _milliseconds(values: Floats) -> Ints:
    return np.where(values < NEVER, np.minimum(values, NEVER / 2), NEVER).astype(np.int64)


def _holds(block: _Block, model: str) -> Flags:
    """Return which agencies hold an agreement on the first day: as many as reported, nobody knows better which."""
    held = held_under(block.states, block.kind, model)
    return _rank(block.of_model("holds", model)) < held if held else np.zeros(block.count, dtype=np.bool_)


def held_under(states: StateGroup, kind: str, model: str) -> int:
    """Return how many agencies of a kind in a group of states hold an agreement under a model on the first day."""
    held = {"jail_enforcement": states.held_jail_enforcement, "warrant_service": states.held_warrant_service}
    return held.get(model, 0) if kind == "counties" else 0


def _rank(values: Floats) -> Ints:
    """Return the place of each value among all, from 0 for the smallest."""
    ranks = np.empty(len(values), dtype=np.int64)
    ranks[np.argsort(values, kind="stable")] = np.arange(len(values))
    return ranks


def _own_time(block: _Block, model: str, pace: tuple[Ints, Floats]) -> Ints:
    """Return when each agency asks by itself."""
    edges, cumulative = pace
    eagerness = block.states.task_force if model.endswith("task_force") else block.states.jail_models
    if eagerness == 0 or cumulative[-1] == 0:
        return np.full(block.count, NEVER)
    # With the chance 'together' a model's number is the one common to the agency's models, otherwise an own one; so
    # agencies sign several models at once more often than chance has it, and each model keeps its pace.
    together = block.of_model("together", model) < block.programme.pipeline.together
    u = np.where(together, block.uniform(OF_AGENCY["asks"]), block.of_model("asks", model))
    needed = -log(1.0 - u) / eagerness
    asks = np.flatnonzero(needed < cumulative[-1])
    step = np.searchsorted(cumulative, needed[asks], side="right") - 1
    part = (needed[asks] - cumulative[step]) / (cumulative[step + 1] - cumulative[step])
    times = np.full(block.count, NEVER)
    times[asks] = edges[step] + np.floor(part * (edges[step + 1] - edges[step])).astype(np.int64)
    return times


def _ordered_time(block: _Block, model: str) -> Ints:
    """Return when each agency asks because a law orders it to: some day between the law and its deadline."""
    times = np.full(block.count, NEVER)
    mandates = block.programme.mandates
    for name in sorted(mandates):
        mandate: Mandate = mandates[name]
        if (mandate.group, mandate.agencies) != (block.group, block.kind):
            continue
        largest = _rank(-block.uniform(OF_AGENCY["sworn"])) < round(mandate.covered * block.count)
        chooses = block.uniform(CHOOSES.format(name=name, model=model)) < getattr(mandate, model, 0.0)
        first = (mandate.begins - block.programme.calendar.begins).days * DAY
        last = (mandate.deadline - block.programme.calendar.begins).days * DAY
        day = np.floor(first + (last - first) * block.uniform(ON_DAY.format(name=name))).astype(np.int64)
        times = np.where(largest & chooses, np.minimum(times, np.maximum(day, 0)), times)
    return times


def _rate_of_arrests(block: _Block, model: str) -> Ints:
    """Return what is expected in a week; agencies differ by a lognormal factor of mean 1."""
    mean, sigma = arrests_under(block.programme, model)
    activity = exp(sigma * normal_quantile(block.of_model("activity", model)) - sigma * sigma / 2)
    rates: Floats = np.rint(np.minimum(mean * activity, MOST_ARRESTS) * MARK_UNITS)
    return rates.astype(np.int64)


def arrests_under(programme: Programme, model: str) -> tuple[float, float]:
    """Return mean arrests in a week under a model, of an officer at work or of a jail, and how widely agencies differ."""
    arrests = programme.arrests
    if BY_THE_OFFICER[MODELS.index(model)]:
        return arrests.per_task_force_officer, arrests.spread_of_task_force
    return getattr(arrests, f"per_{model}"), arrests.spread_of_jails


def _cumulative_pace(programme: Programme, model: str, seed: int, replication: int) -> tuple[Ints, Floats]:
    """Return the cumulative pace for an agency of eagerness 1 at the edges of periods and months.

    The pace of each month is multiplied by a lognormal number of mean 1, common to the country: there are waves.
    """
    edges, months, rates = pace_by_step(programme, model)
    u = uniforms(seed, replication, WAVES.format(model=model), MONTHS)[months]
    sigma = spread_of_waves(programme)
    waves = exp(sigma * normal_quantile(u) - sigma * sigma / 2)
    return edges, np.concatenate(([0.0], np.cumsum(rates * waves * np.diff(edges) / WEEK)))


def pace_by_step(programme: Programme, model: str) -> tuple[Ints, Ints, Floats]:
    """Return the edges of periods and months, and between them the number of the month and the pace of one agency a week."""
    calendar = programme.calendar
    paces = sorted(programme.paces.values(), key=lambda pace: pace.begins)
    cuts = {day_begins(calendar, day) for day in (*(pace.begins for pace in paces), *_months(calendar))}
    edges = sorted({0, calendar.days * DAY} | {cut for cut in cuts if cut < calendar.days * DAY})
    days = [calendar.begins + timedelta(days=edge // DAY) for edge in edges[:-1]]
    months = [((day.year - FIRST_YEAR) * 12 + day.month - 1) % MONTHS for day in days]
    return np.asarray(edges), np.asarray(months), np.asarray([_rate(paces, day, model) / 1000 for day in days])


def spread_of_waves(programme: Programme) -> float:
    """Return the standard deviation of the logarithm of a month's factor."""
    return math.sqrt(log_of(1.0 + programme.pipeline.month_to_month * programme.pipeline.month_to_month))


def _months(calendar: Calendar) -> list[date]:
    """Return the first days of the months that begin while the programme is watched."""
    days = (calendar.begins + timedelta(days=number) for number in range(calendar.days))
    return [day for day in days if day.day == 1]


def _rate(paces: list[Pace], day: date, model: str) -> float:
    begun = [pace for pace in paces if pace.begins <= day]
    return float(getattr(begun[-1], model)) if begun else 0.0


def _list_gaps(programme: Programme, seed: int, replication: int) -> Ints:
    """Return the times between issues of the published list; at least a day each, enough to pass the last day."""
    count = programme.calendar.days + 1
    u = uniforms(seed, replication, LIST_GAP, count)
    return np.maximum(programme.pipeline.list_gap.inverse(u), DAY)
