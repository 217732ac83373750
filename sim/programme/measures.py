"""Programme traces -> numbers. Which measures there are follows from the calendar: each of its days has its own.

Agreements, agencies and states are three units and never share a measure. What is counted on a day is what the
published list says at the end of that day, unless the definition says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

from sim.measures import Measure
from sim.measures.registry import ratio
from sim.programme.record import MONEY, PAYERS
from sim.programme.scenario import KINDS, MODELS, TASK_FORCE, ProgrammeScenario
from sim.programme.tally import OfGroup, Sum
from sim.units import DAY

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sim.programme.counted import Counted, Function, Numbers
    from sim.trace import Trace

    #: Name, unit, definition and function of a measure.
    One = tuple[str, str, str, Function]

MILLION = 1_000_000
AWARDS_A_YEAR = 4
WEEKS_A_YEAR = 52
#: Million USD: the low and the high end of what the promises were estimated to cost in a year.
ESTIMATES = (1400, 2000)


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
    from sim.programme.counted import Counted

    values: list[float] = measures_of(Counted.of(trace, scenario), scenario).tolist()
    return values


def measures_of(counted: Counted, scenario: ProgrammeScenario) -> NDArray[np.float64]:
    """Return every measure of one or several replications, shape (…, measures), in the order of :func:`measures`."""
    import numpy as np

    shape = counted.to_credential.shape
    functions = [one.function for one in measures(scenario).values()]
    columns = [np.broadcast_to(np.asarray(function(counted), dtype=np.float64), shape) for function in functions]
    return np.stack(columns, axis=-1)


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
    return f"agreements_{_suffix(day)}", "agreements", text, lambda seen: seen.on(day, Sum.LISTED)


def _agreements_under(model: str) -> Callable[[date], One]:
    position = MODELS.index(model)

    def maker(day: date) -> One:
        text = f"{model.replace('_', ' ').capitalize()} agreements on the published list at the end of {day}."
        return (
            f"{model}_agreements_{_suffix(day)}", "agreements", text,
            lambda seen: seen.on(day, Sum.UNDER_TASK_FORCE + position),
        )  # fmt: skip

    return maker


def _agencies(day: date) -> One:
    text = f"Agencies with at least one agreement on the published list at the end of {day}."
    return f"agencies_{_suffix(day)}", "agencies", text, lambda seen: seen.on(day, Sum.LISTED_AGENCIES)


def _states(day: date) -> One:
    text = f"States and territories with at least one agreement on the published list at the end of {day}."
    return f"states_{_suffix(day)}", "states", text, lambda seen: seen.on(day, Sum.LISTED_STATES)


def _task_force_states(day: date) -> One:
    text = f"States and territories with at least one task force agreement on the published list at the end of {day}."
    return f"task_force_states_{_suffix(day)}", "states", text, lambda seen: seen.on(day, Sum.TASK_FORCE_STATES)


_COUNTED = (
    _agreements,
    *(_agreements_under(model) for model in MODELS),
    _agencies,
    _states,
    _task_force_states,
)


def _in_group(group: str, position: int, day: date, model: int | None) -> One:
    which = OfGroup.LISTED if model is None else OfGroup.TASK_FORCE
    what = "agreements" if model is None else MODELS[model]
    under = "" if model is None else f" under the {MODELS[model].replace('_', ' ')} model"
    text = f"Agreements{under} in the group of states '{group}' on the list at the end of {day}."
    return f"{what}_in_{group}_{_suffix(day)}", "agreements", text, lambda seen: seen.in_group(day, position, which)


def _of_kind(kind: str, position: int, day: date) -> One:
    text = f"Agreements of {kind.replace('_', ' ')} on the list at the end of {day}."
    return f"agreements_of_{kind}_{_suffix(day)}", "agreements", text, lambda seen: seen.on(day, Sum.OF_COUNTIES + position)


def _pending(day: date) -> One:
    def function(seen: Counted) -> Numbers:
        ended = seen.on(day, Sum.SIGNED) - seen.on(day, Sum.HELD) + seen.on(day, Sum.DECLINED)
        return seen.on(day, Sum.ASKED) - ended

    text = f"Agreements asked for and neither signed nor declined at the end of {day}."
    return f"pending_{_suffix(day)}", "agreements", text, function


def _active(day: date) -> One:
    text = f"Agencies whose task force agreement stands and has a credentialed officer at the end of {day}."
    return f"active_task_force_agencies_{_suffix(day)}", "agencies", text, lambda seen: seen.on(day, Sum.ACTIVE)


def _paid(day: date) -> One:
    text = f"Active task force agencies that have received a payment by the end of {day}."
    return f"paid_agencies_{_suffix(day)}", "agencies", text, lambda seen: seen.on(day, Sum.PAID)


def _trained(day: date) -> One:
    text = f"Officers who have ended the course of any model by the end of {day}, those of the first day left out."
    return f"officers_trained_{_suffix(day)}", "officers", text, lambda seen: seen.on(day, Sum.TRAINED)


def _credentialed(day: date) -> One:
    text = f"Credentialed task force officers at agencies whose agreement stands at the end of {day}."
    return f"task_force_officers_{_suffix(day)}", "officers", text, lambda seen: seen.on(day, Sum.OFFICERS)


_PIPELINE = (_pending, _active, _paid, _trained, _credentialed)


def _whole_time() -> Iterator[One]:
    def count(what: Sum) -> Function:
        return lambda seen: seen.at_the_end(what)

    yield "inquiries", "agreements", "Agreements asked for in all.", count(Sum.ASKED)
    yield "declined", "agreements", "Inquiries that ended without an agreement.", count(Sum.DECLINED)
    yield "signed", "agreements", "Agreements signed, those of the first day included.", count(Sum.SIGNED)
    yield "given_up", "agreements", "Agreements that agencies gave up.", count(Sum.GIVEN_UP)
    yield "ended_by_ban", "agreements", "Agreements that a state's ban ended.", count(Sum.ENDED_BY_BAN)
    yield (
        "agencies_never_signed", "agencies", "Candidate agencies that signed nothing.",
        lambda seen: len(seen.asked.agencies) - seen.at_the_end(Sum.AGENCIES_SIGNED),
    )  # fmt: skip
    yield (
        "days_signature_to_credential_median", "days",
        "Median time from the signature to the first credential, task force agencies that are active.",
        lambda seen: seen.to_credential / DAY,
    )  # fmt: skip


def _arrests(day: date, top: int) -> Iterator[One]:
    def of(what: str) -> Function:
        return lambda seen: seen.in_week(day, what)

    def share(seen: Counted) -> Numbers:
        return ratio(seen.in_week(day, "all"), seen.national_week(day))

    week = f"in the week of {day}"
    yield f"arrests_a_week_{_suffix(day)}", "arrests", f"Arrests through agreements of all models {week}.", of("all")
    yield f"share_of_arrests_{_suffix(day)}", "share", f"Those arrests, of ICE's arrests in the country {week}.", share
    yield (
        f"task_force_arrests_a_week_{_suffix(day)}", "arrests", f"Arrests by task force agencies {week}.",
        of("task_force"),
    )  # fmt: skip
    yield (
        f"top_five_arrests_{_suffix(day)}", "arrests", f"Arrests by the five task force agencies with most {week}.",
        of("five"),
    )  # fmt: skip
    yield (
        f"top_agencies_arrests_{_suffix(day)}", "arrests",
        f"Arrests by the {top} task force agencies with most {week}; how many a report meant is assumed.",
        of("top"),
    )  # fmt: skip


def _total_arrests(seen: Counted) -> Numbers:
    return seen.at_the_end(Sum.ARRESTS)


def _federal_by(day: date) -> One:
    text = f"Paid by the federal government to agencies by the end of {day}."
    return f"federal_paid_{_suffix(day)}", "million USD", text, lambda seen: seen.on(day, Sum.FEDERAL) / MILLION


def _in_full(seen: Counted) -> float:
    """Return what the promises cost for an officer in a year: salary, overtime to the cap, the highest awards."""
    payments = seen.programme.payments
    in_full: float = payments.salary * (1 + payments.overtime_cap) + AWARDS_A_YEAR * payments.award.from_90
    return in_full


def _promised(day: date) -> One:
    text = (
        "What a year would cost if salary, overtime to the cap and the highest award were paid for every task force "
        f"officer credentialed at the end of {day}; one-time payments left out."
    )
    return (
        f"promised_a_year_{_suffix(day)}", "million USD", text,
        lambda seen: seen.on(day, Sum.OFFICERS) * _in_full(seen) / MILLION,
    )  # fmt: skip


_MONEY_ON = (_federal_by, _promised)


def _money() -> Iterator[One]:
    def paid(kind: str) -> Function:
        return lambda seen: sum(seen.money(kind, payer) for payer in PAYERS) / MILLION

    def by(payer: str) -> Function:
        return lambda seen: sum(seen.money(kind, payer) for kind in MONEY) / MILLION

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
        lambda seen: ratio(millions * MILLION, _in_full(seen)),
    )  # fmt: skip
    yield (
        f"arrests_a_year_for_{millions}_million", "arrests",
        f"Arrests in a year by the officers whom {millions:,} million USD would pay in full, at the rate so far.",
        lambda seen: ratio(WEEKS_A_YEAR * _weekly_rate(seen) * millions * MILLION, _in_full(seen)),
    )  # fmt: skip


def _weekly_rate(seen: Counted) -> Numbers:
    """Return arrests by a credentialed task force officer in a week since payments began."""
    return ratio(seen.at_the_end(Sum.TASK_FORCE_ARRESTS), seen.at_the_end(Sum.OFFICER_WEEKS))


def _per_arrest(seen: Counted) -> Numbers:
    return ratio(seen.at_the_end(Sum.FEDERAL), seen.at_the_end(Sum.TASK_FORCE_ARRESTS))
