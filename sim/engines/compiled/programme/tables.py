"""A programme scenario as plain numbers and arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim import streams
from sim.distributions import Distribution
from sim.engines.compiled.columns import Law
from sim.engines.compiled.programme.engine import ROWS_OF_A_STEP
from sim.engines.compiled.programme.layout import (
    AGENCY,
    AGREEMENT,
    ARRAYS,
    BLOCK,
    ELIGIBLE,
    MANDATE,
    PROGRAMME,
    SEATS,
    TRAINING,
)
from sim.programme.draw import (
    CHOOSES,
    LIST_GAP,
    OF_AGENCY,
    OF_MODEL,
    ON_DAY,
    WAVES,
    arrests_under,
    day_begins,
    held_under,
    pace_by_step,
    spread_of_waves,
    stream_of,
    yearly_loss,
)
from sim.programme.pathway import awards, hourly_wage, quarters, time_of
from sim.programme.scenario import ELIGIBLE as MODELS_OF
from sim.programme.scenario import KINDS, MODELS, Programme, ProgrammeScenario
from sim.trace import COLUMNS
from sim.units import DAY, WEEK

#: Rows of the trace that are handed over at a time, beside those that one step can need.
ROWS = 16_384

Block = tuple[str, str, int]


def blocks_of(programme: Programme) -> list[Block]:
    """Return group, kind and count of all blocks with agencies, in the order in which agencies are numbered."""
    every = [(name, kind, getattr(programme.states[name], kind)) for name in programme.group_names for kind in KINDS]
    return [block for block in every if block[2]]


def policy_of(programme: Programme) -> dict[str, float]:
    """Return what the story asks of a scenario."""
    pipeline, payments = programme.pipeline, programme.payments
    return {
        "agencies": sum(count for _, _, count in blocks_of(programme)),
        "end": programme.calendar.days * DAY,
        "weeks": programme.calendar.days * DAY // WEEK,
        "backlog_until": time_of(programme, pipeline.backlog_until),
        "payments_begin": time_of(programme, payments.begins),
        "vehicles": payments.vehicles,
        "equipment": payments.equipment,
        "most_at_work": programme.arrests.most_at_work,
        "last_band": max(place for place, weight in enumerate(payments.located.weights) if weight > 0),
        "declined": pipeline.declined,
        "together": pipeline.together,
        "yearly_loss": yearly_loss(pipeline.withdrawn_a_year),
        "waves": spread_of_waves(programme),
        "salary_paid": payments.salary_paid,
        "overtime_cap": payments.overtime_cap,
        "overtime_used": payments.overtime_used,
        "hourly_wage": hourly_wage(programme),
    }


def tables_of(programme: Programme, seed: int) -> dict[str, Any]:
    """Return what a scenario says of agencies, chance, pace and pay, as arrays by name."""
    blocks = blocks_of(programme)
    counts = [count for _, _, count in blocks]
    agencies = np.zeros(sum(counts), dtype=AGENCY)
    agencies["block"] = np.repeat(np.arange(len(blocks)), counts)
    agencies["number"] = np.concatenate([np.arange(count) for count in counts])
    steps = [pace_by_step(programme, model) for model in MODELS]
    pay = quarters(programme)
    edges, months, _ = steps[0]  # the same under every model
    return {
        "agencies": agencies,
        "agreements": np.zeros(len(MODELS) * len(agencies), dtype=AGREEMENT),
        "training": _training(programme),
        "seats": np.zeros(len(MODELS), dtype=SEATS),
        "woken": np.zeros(len(MODELS) * len(agencies), dtype=np.int64),
        "changed": np.zeros(2 * len(MODELS) * len(agencies), dtype=np.int64),
        "active": np.zeros(len(MODELS) * len(agencies), dtype=np.int64),
        "blocks": _blocks(programme, blocks),
        "eligible": _eligible(programme, blocks),
        **_mandates(programme, blocks, seed),
        **_laws(programme),
        **_keys(blocks, seed),
        "bands": np.cumsum(np.asarray(programme.payments.located.weights, dtype=np.float64)),
        "edges": edges,
        "months": months,
        "rates": np.ascontiguousarray(np.column_stack([rates for _, _, rates in steps])),
        "paced": np.zeros((len(edges), len(MODELS))),
        "quarter_ends": np.asarray([ends for ends, _ in pay], dtype=np.int64),
        "salaries": np.asarray([salary for _, salary in pay], dtype=np.float64),
        "awards": np.asarray(awards(programme), dtype=np.int64),
    }


def _blocks(programme: Programme, blocks: list[Block]) -> Any:
    table = np.zeros(len(blocks), dtype=BLOCK)
    first = 0
    for row, (group, kind, count) in zip(table, blocks, strict=True):
        size, states = getattr(programme.sizes, kind), programme.states[group]
        row["first"], row["count"], row["group"] = first, count, programme.group_names.index(group)
        row["bans"] = day_begins(programme.calendar, states.banned_from)
        row["median"], row["sigma"] = size.median, size.sigma
        first += count
    return table


def _eligible(programme: Programme, blocks: list[Block]) -> Any:
    table = np.zeros((len(blocks), len(MODELS)), dtype=ELIGIBLE)
    for number, (group, kind, _) in enumerate(blocks):
        states = programme.states[group]
        for model, name in enumerate(MODELS):
            if name in MODELS_OF[kind]:
                row = table[number, model]
                row["may"], row["held"] = 1, held_under(states, kind, name)
                row["eager"] = states.task_force if name.endswith("task_force") else states.jail_models
    return table


def _training(programme: Programme) -> Any:
    table = np.zeros(len(MODELS), dtype=TRAINING)
    for row, model in zip(table, MODELS, strict=True):
        one = getattr(programme.training, model)
        row["seats"], row["largest"] = one.seats, min(one.class_size, one.seats)
        row["sends"], row["put_forward"], row["course_hours"] = one.sends, one.put_forward, one.course_hours
        row["mean"], row["sigma"] = arrests_under(programme, model)
    return table


def _mandates(programme: Programme, blocks: list[Block], seed: int) -> dict[str, Any]:
    rows, chosen, choices, days = [], [], [], []
    for name in sorted(programme.mandates):
        mandate = programme.mandates[name]
        for number, (group, kind, count) in enumerate(blocks):
            if (mandate.group, mandate.agencies) != (group, kind):
                continue
            first, last = time_of(programme, mandate.begins), time_of(programme, mandate.deadline)
            rows.append((number, round(mandate.covered * count), first, last))
            chosen.append([getattr(mandate, model, 0.0) for model in MODELS])
            choices.append([_key(seed, CHOOSES.format(name=name, model=model), group, kind) for model in MODELS])
            days.append(_key(seed, ON_DAY.format(name=name), group, kind))
    return {
        "mandates": np.asarray(rows, dtype=MANDATE),
        "chosen": np.asarray(chosen, dtype=np.float64).reshape(-1, len(MODELS)),
        "choice_keys": np.asarray(choices, dtype=np.uint64).reshape(-1, len(MODELS), 2),
        "day_keys": np.asarray(days, dtype=np.uint64).reshape(-1, 2),
    }


def _keys(blocks: list[Block], seed: int) -> dict[str, Any]:
    of_model = [
        [_key(seed, name.format(model=model), group, kind) for name in OF_MODEL.values()]
        for group, kind, _ in blocks
        for model in MODELS
    ]
    return {
        "agency_keys": np.asarray([[_key(seed, name, group, kind) for name in OF_AGENCY.values()] for group, kind, _ in blocks]),
        "model_keys": np.asarray(of_model),
        "wave_keys": np.asarray([streams.key(seed, WAVES.format(model=model)) for model in MODELS]),
        "list_key": np.asarray([streams.key(seed, LIST_GAP)]),
    }


def _key(seed: int, name: str, group: str, kind: str) -> Any:
    return streams.key(seed, stream_of(name, group, kind))


def _laws(programme: Programme) -> dict[str, Any]:
    """Return the distributions in the order of :class:`~sim.engines.compiled.programme.layout.Duration`."""
    pipeline = programme.pipeline
    laws: list[Distribution] = [
        pipeline.evaluation_in_backlog, pipeline.evaluation, pipeline.wind_down, pipeline.list_gap,
        programme.payments.first_payment,
    ]  # fmt: skip
    for model in MODELS:
        one = getattr(programme.training, model)
        laws += [one.prepares, one.course, one.credentials]
    values, spans = [np.zeros(1)], []
    for law in laws:
        table = np.zeros(0) if law.table is None else law.table
        spans.append((sum(map(len, values)), len(table)))
        values.append(table)
    return {
        "laws": np.asarray([Law[law.name.upper()] for law in laws], dtype=np.int64),
        "figures": np.asarray([[*law.figures, 0.0, 0.0, 0.0][:3] for law in laws], dtype=np.float64),
        "spans": np.asarray(spans, dtype=np.int64),
        "values": np.concatenate(values),
    }


class Memory:
    """A programme's record and its arrays, which it keeps alive."""

    def __init__(self, scenario: ProgrammeScenario, seed: int) -> None:
        self.record = np.zeros(1, dtype=PROGRAMME)
        for name, value in policy_of(scenario.programme).items():
            self.record[name] = value
        self.arrays: dict[str, Any] = {}
        self.put(**tables_of(scenario.programme, seed))
        many = len(self.arrays["agreements"])
        #: The trace is handed over before a step could find no room for its rows.
        self.most_rows = ROWS
        self.put(
            events=np.zeros((4 * many + 64, 4), dtype=np.int64),
            rows=np.empty((ROWS + ROWS_OF_A_STEP * many + 64, len(COLUMNS)), dtype=np.int64),
        )

    def put(self, **arrays: Any) -> None:
        """Replace arrays."""
        for name, array in arrays.items():
            dtype, columns = ARRAYS[name]
            assert array.dtype == dtype and array.shape[1:] == columns and array.flags.c_contiguous, name
            self.arrays[name] = array
            self.record[f"at_{name}"], self.record[f"many_{name}"] = array.ctypes.data, len(array)

    def make_room(self) -> None:
        """Make room for twice as many events."""
        events = self.arrays["events"]
        self.put(events=np.concatenate([events, np.zeros_like(events)]))
