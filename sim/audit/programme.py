"""Laws of the programme: agencies only move forward, seats are never exceeded, counts and money add up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np

from sim.audit.law import Laws, must
from sim.programme.draw import NEVER, ProgrammeDraws
from sim.programme.measures import measures as measures_of
from sim.programme.measures import part_of
from sim.programme.record import FEDERAL, MONEY, PAYERS, Kind
from sim.programme.scenario import ELIGIBLE, KINDS, MODELS, TASK_FORCE, ProgrammeScenario
from sim.trace import Trace
from sim.units import DAY

PROGRAMME = Laws()
Pair = tuple[int, int]
PAID = tuple(Kind[name.upper()] for name in MONEY)


class Row(NamedTuple):
    """One thing that happened; the columns are those of :mod:`sim.programme.record`."""

    time: int
    kind: int
    group: int
    agency: int
    model: int
    payer: int
    detail: int

    @property
    def pair(self) -> Pair:
        """The agreement: its agency and its model."""
        return self.agency, self.model


class Told:
    """One replication of the programme, told in the ways that laws need; ``here`` is the row that a law looks at."""

    def __init__(
        self, scenario: ProgrammeScenario, draws: ProgrammeDraws, trace: Trace, measures: Mapping[str, float]
    ) -> None:  # fmt: skip
        self.scenario, self.draws, self.trace, self.measures = scenario, draws, trace, measures
        self.programme = scenario.programme
        self.end = self.programme.calendar.days * DAY
        self.rows = [Row(*row) for row in trace.rows.tolist()]
        self.here: Row | None = None

    def along(self, *kinds: Kind) -> Iterator[Row]:
        """Yield the rows of some kinds, or of all; while one is looked at, it is the place."""
        for row in self.rows:
            if not kinds or row.kind in kinds:
                self.here = row
                yield row
        self.here = None

    @cached_property
    def payments_begin(self) -> int:
        """The time from which the federal government pays."""
        return int((self.programme.payments.begins - self.programme.calendar.begins).days) * DAY


@PROGRAMME.law
def time_never_runs_backwards_nor_leaves_the_calendar(told: Told) -> None:
    last = 0
    for row in told.along():
        must(last <= row.time <= told.end)
        last = row.time


@PROGRAMME.law
def an_agency_only_moves_forward(told: Told) -> None:
    """From inquiry to an end without agreement, or to a signature and perhaps its end; each step is made once."""
    after = {
        Kind.ASKED: (None,),
        Kind.DECLINED: (Kind.ASKED,),
        Kind.SIGNED: (Kind.ASKED, None),
        Kind.ENDED: (Kind.SIGNED,),
    }
    step: dict[Pair, Kind] = {}
    for row in told.along(*after):
        kind = Kind(row.kind)
        must(step.get(row.pair) in after[kind])
        must(kind != Kind.SIGNED or row.detail == (row.pair not in step))
        step[row.pair] = kind


@PROGRAMME.law
def only_agencies_that_a_model_is_made_for_take_part_in_it(told: Told) -> None:
    for row in told.along():
        must(MODELS[row.model] in ELIGIBLE[KINDS[told.draws.kind[row.agency]]])
        must(row.group == told.draws.group[row.agency])


@PROGRAMME.law
def nothing_is_signed_where_the_state_forbids_it_and_what_was_signed_ends_after_the_time_to_wind_down(told: Told) -> None:
    for row in told.along(Kind.ASKED, Kind.SIGNED, Kind.ENDED):
        ban = int(told.draws.bans[row.agency])
        forbidden = ban + int(told.draws.wind_down[row.agency]) if ban < NEVER else NEVER
        if row.kind == Kind.ENDED:
            must(row.time <= forbidden)
            must(not row.detail or row.time == forbidden)
        else:
            must(row.time < ban)


@PROGRAMME.law
def an_agreement_is_on_the_list_once_from_an_issue_after_its_signature_to_one_after_its_end(told: Told) -> None:
    issues = {0, *np.cumsum(told.draws.list_gaps).tolist()}
    step: dict[Pair, int] = {}
    for row in told.along(Kind.SIGNED, Kind.LISTED, Kind.ENDED, Kind.UNLISTED):
        if row.kind == Kind.LISTED:
            must(step[row.pair] == Kind.SIGNED)
        if row.kind == Kind.UNLISTED:
            must(step[row.pair] == Kind.ENDED)
        must(row.kind not in (Kind.LISTED, Kind.UNLISTED) or row.time in issues)
        step[row.pair] = row.kind


@PROGRAMME.law
def seats_in_training_are_never_exceeded_or_fewer_than_none(told: Told) -> None:
    taken = [0] * len(MODELS)
    seats = [getattr(told.programme.training, model).seats for model in MODELS]
    for row in told.along(Kind.SEATS_TAKEN, Kind.SEATS_FREED):
        taken[row.model] += row.detail if row.kind == Kind.SEATS_TAKEN else -row.detail
        must(row.detail > 0)
        must(0 <= taken[row.model] <= seats[row.model])


@PROGRAMME.law
def officers_begin_a_course_after_the_signature_and_are_credentialed_after_they_have_ended_it(told: Told) -> None:
    held: set[Pair] = set()
    standing: set[Pair] = set()
    learning: dict[Pair, int] = defaultdict(int)
    trained: dict[Pair, int] = defaultdict(int)
    for row in told.along():
        if row.kind == Kind.SIGNED:
            standing.add(row.pair)
            if row.detail:
                held.add(row.pair)
        elif row.kind == Kind.ENDED:
            standing.remove(row.pair)
        elif row.kind == Kind.SEATS_TAKEN:
            must(row.pair in standing)
            learning[row.pair] += row.detail
        elif row.kind == Kind.SEATS_FREED:
            learning[row.pair] -= row.detail
            trained[row.pair] += row.detail
            must(learning[row.pair] >= 0)
        elif row.kind == Kind.CREDENTIALED:
            must(row.pair in standing)
            trained[row.pair] -= row.detail
            must(row.pair in held or trained[row.pair] >= 0)


@PROGRAMME.law
def only_agencies_with_credentialed_officers_arrest_or_are_paid(told: Told) -> None:
    officers: dict[Pair, int] = defaultdict(int)
    for row in told.along():
        if row.kind == Kind.CREDENTIALED:
            officers[row.pair] += row.detail
        elif row.kind == Kind.ENDED:
            officers[row.pair] = 0
        elif row.kind == Kind.ARRESTED or (row.kind in PAID and row.payer == FEDERAL):
            must(officers[row.pair] > 0)
            must(row.detail > 0)


@PROGRAMME.law
def the_federal_government_pays_task_forces_only_and_not_before_payments_begin(told: Told) -> None:
    for row in told.along(*PAID):
        if row.kind == Kind.TRAINING:
            must(PAYERS[row.payer] == "local")
        else:
            must(row.payer == FEDERAL)
            must(row.model == TASK_FORCE)
            must(row.time >= told.payments_begin)


@PROGRAMME.law
def an_agency_gets_vehicles_once_and_equipment_for_no_more_than_its_officers(told: Told) -> None:
    vehicles: set[int] = set()
    officers: dict[int, int] = defaultdict(int)
    paid: dict[int, int] = defaultdict(int)
    for row in told.along(Kind.VEHICLES, Kind.CREDENTIALED, Kind.EQUIPMENT):
        if row.kind == Kind.VEHICLES:
            must(row.agency not in vehicles)
            must(row.detail == told.programme.payments.vehicles)
            vehicles.add(row.agency)
        elif row.kind == Kind.CREDENTIALED:
            officers[row.agency] += row.detail if row.model == TASK_FORCE else 0
        else:
            paid[row.agency] += row.detail
            must(paid[row.agency] <= officers[row.agency] * told.programme.payments.equipment)


@PROGRAMME.law
def inquiries_under_way_integrated_are_the_time_spent_under_way_added_up(told: Told) -> None:
    """Little's law, exactly; what is still under way on the last day counts until then."""
    number = area = last = spent = 0
    since: dict[Pair, int] = {}
    for row in told.along(Kind.ASKED, Kind.DECLINED, Kind.SIGNED):
        area, last = area + number * (row.time - last), row.time
        if row.kind == Kind.ASKED:
            number += 1
            since[row.pair] = row.time
        elif row.kind == Kind.DECLINED or not row.detail:
            number -= 1
            spent += row.time - since.pop(row.pair)
        must(number == len(since))
    area += number * (told.end - last)
    must(area == spent + sum(told.end - time for time in since.values()))


@PROGRAMME.law
def agreements_by_model_by_group_and_by_kind_add_up_on_every_day_that_is_counted(told: Told) -> None:
    found, calendar = told.measures, told.programme.calendar
    for day in calendar.counted_on:
        end = day.strftime("%Y_%m_%d")
        must(found[f"agreements_{end}"] == sum(found[f"{model}_agreements_{end}"] for model in MODELS))
        must(found[f"states_{end}"] <= found[f"agencies_{end}"] <= found[f"agreements_{end}"])
    for day in calendar.detailed_on:
        end = day.strftime("%Y_%m_%d")
        groups = [found[f"agreements_in_{name}_{end}"] for name in told.programme.group_names]
        must(sum(groups) == sum(found[f"agreements_of_{kind}_{end}"] for kind in KINDS))
        must(sum(groups) == sum(_on_list(told, (day - calendar.begins).days + 1)))


def _on_list(told: Told, days: int) -> Iterator[int]:
    """Yield 1 for each agreement put on the list within some days, and -1 for each taken off."""
    for row in told.along(Kind.LISTED, Kind.UNLISTED):
        if row.time < days * DAY:
            yield 1 if row.kind == Kind.LISTED else -1


@PROGRAMME.law
def no_measure_of_the_programme_contradicts_another_of_which_it_is_a_part(told: Told) -> None:
    pairs = part_of(measures_of(told.scenario))
    must(not [(part, whole) for part, whole in pairs if told.measures[part] > told.measures[whole]])
