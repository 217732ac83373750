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

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from sim.elementary import exp, log, normal_quantile
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
from sim.units import DAY

WEEK = 7 * DAY
YEAR = 365 * DAY
#: Later than any calendar ends.
NEVER = 2**62
QUARTERS = 40
#: Months are counted from January 2000, so that a calendar that begins earlier leaves each month its luck.
FIRST_YEAR = 2000
MONTHS = 1200


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
    activity: Floats  # arrests relative to the mean of the model
    arrests: Floats  # shape (agencies, weeks): the numbers from which counts of arrests follow


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
        numbers = uniforms(self.seed, self.replication, f"programme.{stream}@{self.group}.{self.kind}", self.count * times)
        return numbers if times == 1 else numbers.reshape(self.count, times)

    @property
    def states(self) -> StateGroup:
        group: StateGroup = self.programme.states[self.group]
        return group


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
    return ProgrammeDraws(
        seed=seed,
        replication=replication,
        group=_each(blocks, lambda block: programme.group_names.index(block.group)),
        kind=_each(blocks, lambda block: KINDS.index(block.kind)),
        number=np.concatenate(numbers),
        state=np.concatenate(
            [first_state[block.group] + rows % block.states.states for block, rows in zip(blocks, numbers, strict=True)]
        ),
        sworn=np.concatenate([_sworn(block) for block in blocks]),
        first_payment=np.concatenate(
            [payments.first_payment.inverse(block.uniform("payments.first_payment")) for block in blocks]
        ),
        bans=_each(blocks, lambda block: _day(programme.calendar, block.states.banned_from)),
        wind_down=np.concatenate([pipeline.wind_down.inverse(block.uniform("pipeline.wind_down")) for block in blocks]),
        located=np.concatenate([choose(bands, block.uniform("payments.located", QUARTERS)) for block in blocks]),
        under=tuple(_under(blocks, model, pace) for model, pace in zip(MODELS, paces, strict=True)),
        list_gaps=_list_gaps(programme, seed, replication),
    )


def _each(blocks: list[_Block], value: Callable[[_Block], int]) -> Ints:
    return np.repeat(np.asarray([value(block) for block in blocks], dtype=np.int64), [block.count for block in blocks])


def _first_states(programme: Programme) -> list[int]:
    counts = [programme.states[name].states for name in programme.group_names]
    return [sum(counts[:position]) for position in range(len(counts))]


def _day(calendar: Calendar, day: date | None) -> int:
    """Return the midnight at which a day begins, in milliseconds from the first day's; what lies before it is 0."""
    return NEVER if day is None else max(0, (day - calendar.begins).days * DAY)


def _sworn(block: _Block) -> Ints:
    size = getattr(block.programme.sizes, block.kind)
    officers: Floats = np.rint(size.median * exp(size.sigma * normal_quantile(block.uniform("sizes"))))
    return np.maximum(officers, 1.0).astype(np.int64)


def _under(blocks: list[_Block], model: str, pace: tuple[Ints, Floats]) -> Under:
    parts = [_under_in(block, model, pace) for block in blocks]
    return Under(*(np.concatenate([getattr(part, name) for part in parts]) for name in Under.__slots__))


def _under_in(block: _Block, model: str, pace: tuple[Ints, Floats]) -> Under:
    pipeline, training = block.programme.pipeline, getattr(block.programme.training, model)
    eager = model in ELIGIBLE[block.kind]
    own = _own_time(block, model, pace) if eager else np.full(block.count, NEVER)
    holds = _holds(block, model) if eager else np.zeros(block.count, dtype=np.bool_)
    yearly = -np.log1p(-min(pipeline.withdrawn_a_year, 1 - 1e-9))
    patience = -log(1.0 - block.uniform(f"pipeline.withdrawn@{model}"))
    return Under(
        holds=holds,
        asks=np.where(holds, NEVER, np.minimum(own, _ordered_time(block, model)) if eager else own),
        evaluation_in_backlog=pipeline.evaluation_in_backlog.inverse(block.uniform(f"pipeline.evaluation@{model}")),
        evaluation=pipeline.evaluation.inverse(block.uniform(f"pipeline.evaluation@{model}")),
        declined=block.uniform(f"pipeline.declined@{model}") < pipeline.declined,
        gives_up=_milliseconds(patience / yearly * YEAR if yearly else np.full(block.count, np.inf)),
        sends=block.uniform(f"training.{model}.sends") < training.sends,
        prepares=training.prepares.inverse(block.uniform(f"training.{model}.prepares")),
        course=training.course.inverse(block.uniform(f"training.{model}.course")),
        credentials=training.credentials.inverse(block.uniform(f"training.{model}.credentials")),
        activity=_activity(block, model),
        arrests=_weekly(block, model) if eager else np.zeros((block.count, block.programme.calendar.days // 7)),
    )


def _milliseconds(values: Floats) -> Ints:
    return np.where(values < NEVER, np.minimum(values, NEVER / 2), NEVER).astype(np.int64)


def _holds(block: _Block, model: str) -> Flags:
    """Return which agencies hold an agreement on the first day: as many as reported, nobody knows better which."""
    held = {
        "jail_enforcement": block.states.held_jail_enforcement,
        "warrant_service": block.states.held_warrant_service,
    }
    if block.kind != "counties" or model not in held:
        return np.zeros(block.count, dtype=np.bool_)
    return _rank(block.uniform(f"states.held@{model}")) < held[model]


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
    together = block.uniform(f"pipeline.together@{model}") < block.programme.pipeline.together
    u = np.where(together, block.uniform("asks"), block.uniform(f"asks@{model}"))
    needed = -log(1.0 - u) / eagerness
    times = np.floor(np.interp(needed, cumulative, edges)).astype(np.int64)
    return np.where(needed < cumulative[-1], times, NEVER)


def _ordered_time(block: _Block, model: str) -> Ints:
    """Return when each agency asks because a law orders it to: some day between the law and its deadline."""
    times = np.full(block.count, NEVER)
    mandates = block.programme.mandates
    for name in sorted(mandates):
        mandate: Mandate = mandates[name]
        if (mandate.group, mandate.agencies) != (block.group, block.kind):
            continue
        largest = _rank(-block.uniform("sizes")) < round(mandate.covered * block.count)
        chooses = block.uniform(f"mandates.{name}.{model}") < getattr(mandate, model, 0.0)
        first = (mandate.begins - block.programme.calendar.begins).days * DAY
        last = (mandate.deadline - block.programme.calendar.begins).days * DAY
        day = np.floor(first + (last - first) * block.uniform(f"mandates.{name}.day")).astype(np.int64)
        times = np.where(largest & chooses, np.minimum(times, np.maximum(day, 0)), times)
    return times


def _weekly(block: _Block, model: str) -> Floats:
    """Return a number for each agency and whole week; weeks stand where an operation has seats."""
    stream = f"programme.arrests@{model}@{block.group}.{block.kind}"
    weeks = range(block.programme.calendar.days // 7)
    if not weeks:
        return np.zeros((block.count, 0))
    return np.column_stack([uniforms(block.seed, block.replication, stream, block.count, week) for week in weeks])


def _activity(block: _Block, model: str) -> Floats:
    """Return arrests relative to the mean: lognormal with mean 1."""
    arrests = block.programme.arrests
    sigma = arrests.spread_of_task_force if model.endswith("task_force") else arrests.spread_of_jails
    activity: Floats = exp(sigma * normal_quantile(block.uniform(f"arrests.activity@{model}")) - sigma**2 / 2)
    return activity


def _cumulative_pace(programme: Programme, model: str, seed: int, replication: int) -> tuple[Ints, Floats]:
    """Return the cumulative pace for an agency of eagerness 1 at the edges of periods and months.

    The pace of each month is multiplied by a lognormal number of mean 1, common to the country: there are waves.
    """
    calendar = programme.calendar
    paces = sorted(programme.paces.values(), key=lambda pace: pace.begins)
    months = _months(calendar)
    cuts = {_day(calendar, day) for day in (*(pace.begins for pace in paces), *months)}
    edges = np.asarray(sorted({0, calendar.days * DAY} | {cut for cut in cuts if cut < calendar.days * DAY}))
    u = uniforms(seed, replication, f"programme.pipeline.month_to_month@{model}", MONTHS)
    sigma = np.sqrt(np.log1p(programme.pipeline.month_to_month**2))
    rates = []
    for edge in edges[:-1].tolist():
        day = calendar.begins + timedelta(days=edge // DAY)
        wave = exp(sigma * normal_quantile(u[(day.year - FIRST_YEAR) * 12 + day.month - 1]) - sigma**2 / 2)
        rates.append(_rate(paces, day, model) / 1000 * wave)
    cumulative = np.concatenate(([0.0], np.cumsum(np.asarray(rates) * np.diff(edges) / WEEK)))
    return edges, cumulative


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
    u = uniforms(seed, replication, "programme.pipeline.list_gap", count)
    return np.maximum(programme.pipeline.list_gap.inverse(u), DAY)
