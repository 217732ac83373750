"""Programme traces -> numbers. Which measures there are follows from the calendar: each of its days has its own.

Agreements, agencies and states are three units and never share a measure. What is counted on a day is what the
published list says at the end of that day, unless the definition says otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from sim.measures import Measure
from sim.programme.draw import WEEK
from sim.programme.pathway import TASK_FORCE
from sim.programme.record import COLUMNS, MONEY, PAYERS, Kind
from sim.programme.scenario import KINDS, MODELS, ProgrammeScenario
from sim.trace import Rows, Trace
from sim.units import DAY

Function = Callable[["View"], float]
MILLION = 1_000_000
AWARDS_A_YEAR = 4
WEEKS_A_YEAR = 52
#: Million USD: the low and the high end of what the promises were estimated to cost in a year.
ESTIMATES = (1400, 2000)


class View:
    """A trace and its scenario, with what several measures need found once."""

    def __init__(self, trace: Trace, scenario: ProgrammeScenario) -> None:
        self.programme = scenario.programme
        self.names = scenario.programme.group_names
        self.trace = trace

    @cached_property
    def _empty(self) -> Rows:
        return np.zeros((0, len(COLUMNS)), dtype=np.int64)

    @cached_property
    def _by_kind(self) -> dict[int, Rows]:
        rows = self.trace.rows
        return {int(kind): rows[rows[:, 1] == kind] for kind in np.unique(rows[:, 1])}

    def rows(self, kind: Kind, until: int | None = None) -> Rows:
        """Return the rows of one kind in order of time, those before a time only if one is given."""
        rows = self._by_kind.get(int(kind), self._empty)
        return rows if until is None else rows[: int(np.searchsorted(rows[:, 0], until))]

    def total(self, kind: Kind, until: int | None = None) -> int:
        """Return the sum of what the rows of one kind hold in detail."""
        return int(self.rows(kind, until)[:, 6].sum())

    def after(self, day: date) -> int:
        """Return the end of a day in milliseconds."""
        return ((day - self.programme.calendar.begins).days + 1) * DAY

    def listed(self, day: date) -> Rows:
        """Return (group, agency, model) of the agreements on the list at the end of a day, shape (agreements, 3)."""
        return _standing(self.rows(Kind.LISTED, self.after(day)), self.rows(Kind.UNLISTED, self.after(day)))

    def pending(self, day: date) -> int:
        """Return the agreements asked for, and neither signed nor declined, at the end of a day."""
        end = self.after(day)
        new = self.rows(Kind.SIGNED, end)
        ended = int((new[:, 6] == 0).sum()) + len(self.rows(Kind.DECLINED, end))
        return len(self.rows(Kind.ASKED, end)) - ended

    def states(self, listed: Rows) -> int:
        """Return how many states stand behind agreements."""
        return len(np.unique(self.state_of(listed[:, 1])))

    def state_of(self, agencies: Rows) -> Rows:
        """Return the state of each agency: agencies are dealt to the states of their group in turn."""
        return self._agencies[1][agencies]

    def kind_of(self, agencies: Rows) -> Rows:
        """Return the position of each agency's kind in KINDS."""
        return self._agencies[0][agencies]

    @cached_property
    def _agencies(self) -> tuple[Rows, Rows]:
        kinds, states, first = [], [], 0
        for name in self.names:
            group = self.programme.states[name]
            for position, kind in enumerate(KINDS):
                count = getattr(group, kind)
                kinds.append(np.full(count, position))
                states.append(first + np.arange(count) % max(1, group.states))
            first += group.states
        return np.concatenate(kinds), np.concatenate(states)

    @property
    def candidates(self) -> int:
        """Agencies that could ever join."""
        return len(self._agencies[0])

    def week_of(self, day: date) -> tuple[int, int]:
        """Return beginning and end of the week of a day."""
        number = (day - self.programme.calendar.begins).days // 7
        return number * WEEK, (number + 1) * WEEK

    def arrests_in_week(self, day: date) -> Rows:
        """Return the rows of arrests in the week of a day: they are recorded at its end."""
        rows = self.rows(Kind.ARRESTED)
        mine: Rows = rows[rows[:, 0] == self.week_of(day)[1]]
        return mine

    def national_week(self, day: date) -> float:
        """Return ICE's arrests in the country in the week of a day."""
        periods = sorted(self.programme.arrests.national.values(), key=lambda period: period.begins)
        begun = [period.weekly for period in periods if period.begins <= day]
        return float(begun[-1]) if begun else math.nan

    def money(self, kind: str, payer: str | None = None, until: int | None = None) -> int:
        """Return what was paid of one kind, by one payer or by all, in USD."""
        rows = self.rows(Kind[kind.upper()], until)
        return int(rows[:, 6].sum() if payer is None else rows[rows[:, 5] == PAYERS.index(payer), 6].sum())

    def officers(self, day: date, model: int) -> int:
        """Return officers credentialed under one model by the end of a day, where the agreement still stands."""
        end = self.after(day)
        rows, ended = self.rows(Kind.CREDENTIALED, end), self.rows(Kind.ENDED, end)
        gone = ended[ended[:, 4] == model, 3]
        mine = rows[(rows[:, 4] == model) & ~np.isin(rows[:, 3], gone)]
        return int(mine[:, 6].sum())


def measures(scenario: ProgrammeScenario) -> dict[str, Measure]:
    """Return the measures of a scenario by name, in the order in which they are shown."""
    calendar = scenario.programme.calendar
    found: dict[str, Measure] = {}
    for group, one in _all(scenario, calendar.counted_on, calendar.detailed_on, calendar.arrests_in_week_of):
        name, unit, definition, function = one
        found[name] = Measure(name, unit, group, definition, function)
    return found


def measure_all(trace: Trace, scenario: ProgrammeScenario) -> list[float]:
    """Return every measure of one replication, in the order of :func:`measures`."""
    view = View(trace, scenario)
    return [float(one.function(view)) for one in measures(scenario).values()]


def part_of(names: Mapping[str, Measure]) -> list[tuple[str, str]]:
    """Return pairs of measures of which the first counts things that are among those the second counts."""
    pairs = []
    for name in names:
        day = name[-len("_2025_01_31") :]
        wholes = {
            **{f"{model}_agreements": "agreements" for model in MODELS},
            "agencies": "agreements",
            "states": "agencies",
            "task_force_states": "states",
            "paid_agencies": "active_task_force_agencies",
        }
        whole = wholes.get(name.removesuffix(day), "") + day
        if whole in names:
            pairs.append((name, whole))
    return pairs


One = tuple[str, str, str, Function]


def _all(
    scenario: ProgrammeScenario, counted: tuple[date, ...], detailed: tuple[date, ...], weeks: tuple[date, ...]
) -> Iterator[tuple[str, One]]:
    for maker in _COUNTED:
        yield from (("on the published list", maker(day)) for day in counted)
    for day in detailed:
        for group in scenario.programme.group_names:
            yield (
                "by group of states and kind",
                _in_group(group, scenario.programme.group_names.index(group), day, None),
            )
            yield (
                "by group of states and kind",
                _in_group(group, scenario.programme.group_names.index(group), day, TASK_FORCE),
            )
        for position, kind in enumerate(KINDS):
            yield "by group of states and kind", _of_kind(kind, position, day)
    for maker in _PIPELINE:
        yield from (("pipeline and activity", maker(day)) for day in counted)
    yield from (("pipeline and activity", one) for one in _whole_time())
    for day in weeks:
        yield from (("arrests", one) for one in _arrests(day, scenario.programme.arrests.top_agencies))
    yield "arrests", ("arrests", "arrests", "Arrests through all agreements in all weeks watched.", _total_arrests)
    for maker in _MONEY_ON:
        yield from (("money", maker(day)) for day in counted)
    yield from (("money", one) for one in _money())


def _suffix(day: date) -> str:
    return day.strftime("%Y_%m_%d")


def _agreements(day: date) -> One:
    text = f"Agreements of all models on the published list at the end of {day}; an agency may hold several."
    return f"agreements_{_suffix(day)}", "agreements", text, lambda view: len(view.listed(day))


def _agreements_under(model: str) -> Callable[[date], One]:
    position = MODELS.index(model)

    def maker(day: date) -> One:
        text = f"{model.replace('_', ' ').capitalize()} agreements on the published list at the end of {day}."
        return (
            f"{model}_agreements_{_suffix(day)}", "agreements", text,
            lambda view: int((view.listed(day)[:, 2] == position).sum()),
        )  # fmt: skip

    return maker


def _agencies(day: date) -> One:
    text = f"Agencies with at least one agreement on the published list at the end of {day}."
    return f"agencies_{_suffix(day)}", "agencies", text, lambda view: len(np.unique(view.listed(day)[:, 1]))


def _states(day: date) -> One:
    text = f"States and territories with at least one agreement on the published list at the end of {day}."
    return f"states_{_suffix(day)}", "states", text, lambda view: view.states(view.listed(day))


def _task_force_states(day: date) -> One:
    def function(view: View) -> float:
        listed = view.listed(day)
        return view.states(listed[listed[:, 2] == TASK_FORCE])

    text = f"States and territories with at least one task force agreement on the published list at the end of {day}."
    return f"task_force_states_{_suffix(day)}", "states", text, function


_COUNTED = (
    _agreements,
    *(_agreements_under(model) for model in MODELS),
    _agencies,
    _states,
    _task_force_states,
)


def _in_group(group: str, position: int, day: date, model: int | None) -> One:
    def function(view: View) -> float:
        listed = view.listed(day)
        here = listed[:, 0] == position
        return int((here if model is None else here & (listed[:, 2] == model)).sum())

    what = "agreements" if model is None else MODELS[model]
    under = "" if model is None else f" under the {MODELS[model].replace('_', ' ')} model"
    text = f"Agreements{under} in the group of states '{group}' on the list at the end of {day}."
    return f"{what}_in_{group}_{_suffix(day)}", "agreements", text, function


def _of_kind(kind: str, position: int, day: date) -> One:
    def function(view: View) -> float:
        return int((view.kind_of(view.listed(day)[:, 1]) == position).sum())

    text = f"Agreements of {kind.replace('_', ' ')} on the list at the end of {day}."
    return f"agreements_of_{kind}_{_suffix(day)}", "agreements", text, function


def _pending(day: date) -> One:
    text = f"Agreements asked for and neither signed nor declined at the end of {day}."
    return f"pending_{_suffix(day)}", "agreements", text, lambda view: view.pending(day)


def _active(day: date) -> One:
    def function(view: View) -> float:
        rows, ended = view.rows(Kind.CREDENTIALED, view.after(day)), view.rows(Kind.ENDED, view.after(day))
        gone = ended[ended[:, 4] == TASK_FORCE, 3]
        return len(np.setdiff1d(rows[rows[:, 4] == TASK_FORCE, 3], gone))

    text = f"Agencies whose task force agreement stands and has a credentialed officer at the end of {day}."
    return f"active_task_force_agencies_{_suffix(day)}", "agencies", text, function


def _paid(day: date) -> One:
    def function(view: View) -> float:
        rows, ended = view.rows(Kind.EQUIPMENT, view.after(day)), view.rows(Kind.ENDED, view.after(day))
        gone = ended[ended[:, 4] == TASK_FORCE, 3]
        return len(np.setdiff1d(rows[:, 3], gone))

    text = f"Active task force agencies that have received a payment by the end of {day}."
    return f"paid_agencies_{_suffix(day)}", "agencies", text, function


def _trained(day: date) -> One:
    text = f"Officers who have ended the course of any model by the end of {day}, those of the first day left out."
    return (
        f"officers_trained_{_suffix(day)}",
        "officers",
        text,
        lambda view: view.total(Kind.SEATS_FREED, view.after(day)),
    )


def _credentialed(day: date) -> One:
    text = f"Credentialed task force officers at agencies whose agreement stands at the end of {day}."
    name = f"task_force_officers_{_suffix(day)}"
    return name, "officers", text, lambda view: view.officers(day, TASK_FORCE)


_PIPELINE = (_pending, _active, _paid, _trained, _credentialed)


def _whole_time() -> Iterator[One]:
    def count(kind: Kind) -> Function:
        return lambda view: len(view.rows(kind))

    yield "inquiries", "agreements", "Agreements asked for in all.", count(Kind.ASKED)
    yield "declined", "agreements", "Inquiries that ended without an agreement.", count(Kind.DECLINED)
    yield "signed", "agreements", "Agreements signed, those of the first day included.", count(Kind.SIGNED)
    yield (
        "given_up", "agreements", "Agreements that agencies gave up.",
        lambda view: int((view.rows(Kind.ENDED)[:, 6] == 0).sum()),
    )  # fmt: skip
    yield (
        "ended_by_ban", "agreements", "Agreements that a state's ban ended.",
        lambda view: int((view.rows(Kind.ENDED)[:, 6] == 1).sum()),
    )  # fmt: skip
    yield (
        "agencies_never_signed", "agencies", "Candidate agencies that signed nothing.",
        lambda view: view.candidates - len(np.unique(view.rows(Kind.SIGNED)[:, 3])),
    )  # fmt: skip
    yield (
        "days_signature_to_credential_median", "days",
        "Median time from the signature to the first credential, task force agencies that are active.",
        _signature_to_credential,
    )  # fmt: skip


def _signature_to_credential(view: View) -> float:
    signed, active = (rows[rows[:, 4] == TASK_FORCE] for rows in (view.rows(Kind.SIGNED), view.rows(Kind.CREDENTIALED)))
    agencies, first = np.unique(active[:, 3], return_index=True)
    _, of_signed, of_active = np.intersect1d(signed[:, 3], agencies, return_indices=True)
    return float(np.median(active[first[of_active], 0] - signed[of_signed, 0])) / DAY if len(of_active) else math.nan


def _arrests(day: date, top: int) -> Iterator[One]:
    def in_week(view: View) -> float:
        return int(view.arrests_in_week(day)[:, 6].sum())

    def task_force(view: View) -> Rows:
        rows = view.arrests_in_week(day)
        return np.sort(rows[rows[:, 4] == TASK_FORCE, 6])[::-1]

    def share(view: View) -> float:
        national = view.national_week(day)
        return in_week(view) / national if national else math.nan

    week = f"in the week of {day}"
    yield f"arrests_a_week_{_suffix(day)}", "arrests", f"Arrests through agreements of all models {week}.", in_week
    yield f"share_of_arrests_{_suffix(day)}", "share", f"Those arrests, of ICE's arrests in the country {week}.", share
    yield (
        f"task_force_arrests_a_week_{_suffix(day)}", "arrests", f"Arrests by task force agencies {week}.",
        lambda view: int(task_force(view).sum()),
    )  # fmt: skip
    yield (
        f"top_five_arrests_{_suffix(day)}", "arrests", f"Arrests by the five task force agencies with most {week}.",
        lambda view: int(task_force(view)[:5].sum()),
    )  # fmt: skip
    yield (
        f"top_agencies_arrests_{_suffix(day)}", "arrests",
        f"Arrests by the {top} task force agencies with most {week}; how many a report meant is assumed.",
        lambda view: int(task_force(view)[:top].sum()),
    )  # fmt: skip


def _total_arrests(view: View) -> float:
    return view.total(Kind.ARRESTED)


def _federal_by(day: date) -> One:
    def function(view: View) -> float:
        return sum(view.money(kind, "federal", view.after(day)) for kind in MONEY) / MILLION

    text = f"Paid by the federal government to agencies by the end of {day}."
    return f"federal_paid_{_suffix(day)}", "million USD", text, function


def _in_full(view: View) -> float:
    """Return what the promises cost for an officer in a year: salary, overtime to the cap, the highest awards."""
    payments = view.programme.payments
    return payments.salary * (1 + payments.overtime_cap) + AWARDS_A_YEAR * payments.award.from_90


def _promised(day: date) -> One:
    def function(view: View) -> float:
        return view.officers(day, TASK_FORCE) * _in_full(view) / MILLION

    text = (
        "What a year would cost if salary, overtime to the cap and the highest award were paid for every task force "
        f"officer credentialed at the end of {day}; one-time payments left out."
    )
    return f"promised_a_year_{_suffix(day)}", "million USD", text, function


_MONEY_ON = (_federal_by, _promised)


def _money() -> Iterator[One]:
    def paid(kind: str) -> Function:
        return lambda view: view.money(kind) / MILLION

    def by(payer: str) -> Function:
        return lambda view: sum(view.money(kind, payer) for kind in MONEY) / MILLION

    for kind in MONEY:
        yield f"paid_for_{kind}", "million USD", f"Paid for {kind}, by all payers.", paid(kind)
    for payer in PAYERS:
        yield f"paid_by_{payer}", "million USD", f"Paid by {payer} payers, for everything.", by(payer)
    for millions in ESTIMATES:
        yield from _bought(millions)
    yield (
        "federal_usd_per_task_force_arrest", "USD",
        "Paid by the federal government for each arrest of task force agencies since payments began.", _per_arrest,
    )  # fmt: skip


def _bought(millions: int) -> Iterator[One]:
    yield (
        f"officers_paid_in_full_by_{millions}_million", "officers",
        f"Officers for whom {millions:,} million USD would pay all promises for a year, one-time payments left out.",
        lambda view: millions * MILLION / _in_full(view),
    )  # fmt: skip
    yield (
        f"arrests_a_year_for_{millions}_million", "arrests",
        f"Arrests in a year by the officers whom {millions:,} million USD would pay in full, at the rate so far.",
        lambda view: WEEKS_A_YEAR * _weekly_rate(view) * millions * MILLION / _in_full(view),
    )  # fmt: skip


def _weekly_rate(view: View) -> float:
    """Return arrests by a credentialed task force officer in a week since payments began."""
    start = view.after(view.programme.payments.begins) - DAY
    rows = view.rows(Kind.ARRESTED)
    rows = rows[(rows[:, 4] == TASK_FORCE) & (rows[:, 0] > start)]
    begins = view.programme.calendar.begins
    weeks = np.unique(view.rows(Kind.ARRESTED)[:, 0])
    last_days = [begins + timedelta(days=end // DAY - 1) for end in weeks[weeks > start].tolist()]
    officers = sum(view.officers(day, TASK_FORCE) for day in last_days)
    return int(rows[:, 6].sum()) / officers if officers else math.nan


def _per_arrest(view: View) -> float:
    start = view.after(view.programme.payments.begins) - DAY
    rows = view.rows(Kind.ARRESTED)
    arrests = int(rows[(rows[:, 4] == TASK_FORCE) & (rows[:, 0] > start), 6].sum())
    return sum(view.money(kind, "federal") for kind in MONEY) / arrests if arrests else math.nan


def _standing(began: Rows, ended: Rows) -> Rows:
    """Return (group, agency, model) of what began and has not ended; nothing begins twice."""
    keys = began[:, 3] * len(MODELS) + began[:, 4]
    gone = np.isin(keys, ended[:, 3] * len(MODELS) + ended[:, 4])
    return began[~gone][:, 2:5]
