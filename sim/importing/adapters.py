"""How each kind of file becomes aggregates. Person-level rows are counted as they are read and never kept.

Only the columns named here are looked at: names, dates of birth, plates, identifiers and officers' numbers are not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sim.errors import UsageError, nearest
from sim.importing.aggregates import Aggregates, Cell, Parameter, Reported, about, durations, share, weights
from sim.importing.reading import SMALLEST_CELL, Table, day_of, moment_of, rows_of
from sim.measures import Measure

TIDY = ("week", "place", "agency", "model", "stage", "count", "unit", "source")
MINUTE = 60_000
LONGEST_INSPECTION, LONGEST_STAY = 8 * 60, 730 * 24 * 60  # minutes
LEVELS = {str(number): f"level_{number}" for number in range(1, 9)} | {
    word: f"level_{number}" for number, word in enumerate(("i", "ii", "iii", "iv", "v", "vi", "vii", "viii"), 1)
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asks of an import.

    Attributes
    ----------
    measures
        Those of the scenario that the figures are for.
    source
        The key of the source.
    first, last
        Only rows of these days; None: from the first, to the last.
    place, agency, model
        Only rows that say so, if not empty.
    flow
        The flow of traffic that an hourly profile is for.
    """

    measures: Mapping[str, Measure]
    source: str = "imported"
    first: date | None = None
    last: date | None = None
    place: str = ""
    agency: str = ""
    model: str = ""
    flow: str = ""

    def covers(self, day: date) -> bool:
        """Whether a day is among those asked for."""
        return (self.first is None or day >= self.first) and (self.last is None or day <= self.last)


Adapter = Callable[[Table, Wanted], Aggregates]


# --- a tidy file of aggregates --------------------------------------------------------------------------------------


def tidy(table: Table, wanted: Wanted) -> Aggregates:
    """Read ``week, place, agency, model, stage, count, unit, source``; an empty count or ``<5`` is a suppressed one."""
    found = Aggregates()
    totals: dict[str, float] = {}
    bounds: set[str] = set()
    for row in rows_of(table, {name: (name,) for name in TIDY}):
        line = table.rows + 1
        week = _week(table, row["week"], line)
        if not wanted.covers(week):
            table.leave_out("another time")
        elif not all(not want or row[name] == want for name, want in _filters(wanted).items()):
            table.leave_out("another place, agency or model")
        else:
            stage = _stage(table, row, wanted, line)
            count = _count(table, row["count"], line)
            if count is None:
                bounds.add(stage)
                found.suppressed += 1
                continue
            cell = Cell(week.isoformat(), row["place"], row["agency"], row["model"], stage, count, row["unit"], row["source"])
            if found.add(cell):
                totals[stage] = totals.get(stage, 0.0) + count
            else:  # a total with it, less the other cells, would give it away
                bounds.add(stage)
    for stage, total in totals.items():
        note = "at least: small cells, or cells suppressed at the source, are left out" if stage in bounds else ""
        found.reported.append(Reported(stage, total, "at_least" if stage in bounds else "exact", "target", note))
    return found


def _filters(wanted: Wanted) -> dict[str, str]:
    return {"place": wanted.place, "agency": wanted.agency, "model": wanted.model}


def _week(table: Table, text: str, line: int) -> date:
    match = re.fullmatch(r"(\d{4})-W(\d{2})", text)
    try:
        day = date.fromisocalendar(int(match[1]), int(match[2]), 1) if match else day_of(text)
    except ValueError:
        day = None
    if day is None:
        raise UsageError(f"{table.path}:{line}: week: '{text[:40]}' is neither a day (2026-05-18) nor a week (2026-W21).")
    return day


def _stage(table: Table, row: Mapping[str, str], wanted: Wanted, line: int) -> str:
    stage = row["stage"].lower().replace(" ", "_")
    if stage not in wanted.measures:
        raise UsageError(f"{table.path}:{line}: stage: '{stage[:60]}' is no measure; {nearest(stage, wanted.measures)}")
    if row["unit"] != wanted.measures[stage].unit:
        raise UsageError(
            f"{table.path}:{line}: unit: {stage} is counted in {wanted.measures[stage].unit}, not '{row['unit'][:40]}'."
        )
    return stage


def _count(table: Table, text: str, line: int) -> float | None:
    if text in ("", "*", "NA") or text.startswith("<"):
        return None
    try:
        count = float(text.replace(",", ""))
        if not 0 <= count < 1e12:
            raise ValueError
    except ValueError:
        raise UsageError(
            f"{table.path}:{line}: count: '{text[:40]}' is not a number from 0 up; leave unknown ones empty."
        ) from None
    return count


# --- detention stints of the Deportation Data Project ---------------------------------------------------------------


def detention_stints(table: Table, wanted: Wanted) -> Aggregates:
    """Measure the stints in one facility, or all, from book-in to book-out."""
    found, stays, weeks = Aggregates(), list[float](), Counter[date]()
    needed = {
        "begin": ("book_in_date_time", "detention_book_in_date_and_time", "book_in_date"),
        "end": ("book_out_date_time", "detention_book_out_date_time", "book_out_date"),
    }
    facility = {"facility": ("detention_facility_code", "detention_facility")}
    for row in rows_of(table, {**needed, **(facility if wanted.place else {})}):
        begin, end = moment_of(row["begin"]), moment_of(row["end"])
        if wanted.place and row["facility"] != wanted.place:
            table.leave_out("another facility")
        elif begin is None or not wanted.covers(begin.date()):
            table.leave_out("no book-in, or another time")
        elif end is None:
            weeks[_monday(begin.date())] += 1
            table.leave_out("not ended: counted, but without a length")
        elif not 0 <= (minutes := (end - begin).total_seconds() / 60) <= LONGEST_STAY:
            table.leave_out("ends before it begins, or lasts over two years")
        else:
            weeks[_monday(begin.date())] += 1
            stays.append(minutes * MINUTE)
    _weekly(found, weeks, wanted, "stints", "people")
    observed = durations(stays)
    if observed is None:
        found.suppressed += bool(stays)
        return found
    note = f"{about(len(stays))} stints that ended; means of neighbours in groups of five or more"
    found.parameters.append(Parameter("jail.overflow.stay", f"{{empirical: [{', '.join(observed)}]}}", note))
    mean = sum(stays) / len(stays) / MINUTE / 60
    found.reported.append(
        Reported("hold_hours_mean", round(mean, 2), "approximate", "not_a_target", "everybody at the facility, not holds alone")
    )
    return found


# --- the inspection file of the FMCSA -------------------------------------------------------------------------------


def fmcsa_inspections(table: Table, wanted: Wanted) -> Aggregates:
    """Measure inspections by level, and count levels and orders out of service."""
    found, weeks, levels = Aggregates(), Counter[date](), Counter[str]()
    lengths: dict[str, list[float]] = {}
    orders: Counter[str] = Counter()
    needed = {
        "day": ("insp_date", "inspection_date"), "begin": ("insp_start_time",), "end": ("insp_end_time",),
        "level": ("insp_level_id", "inspection_level"),
    }  # fmt: skip
    optional = {"vehicle": ("vehicle_oos_total",), "driver": ("driver_oos_total",), "state": ("report_state",)}
    for row in rows_of(table, needed, optional):
        day, level = day_of(row["day"]), LEVELS.get(row["level"].lower())
        if wanted.place and row.get("state", "") != wanted.place:
            table.leave_out("another state")
        elif day is None or level is None or not wanted.covers(day):
            table.leave_out("no level, no day, or another time")
        else:
            weeks[_monday(day)] += 1
            levels[level] += 1
            _orders(orders, row, level)
            minutes = _minutes_between(row["begin"], row["end"])
            if minutes is None:
                table.leave_out("counted, but without a length that can be")
            else:
                lengths.setdefault(level, []).append(minutes * MINUTE)
    _weekly(found, weeks, wanted, "inspections", "inspections")
    for level, measured in sorted(lengths.items()):
        observed = durations(measured)
        if observed:
            path, note = f"inspection.duration.{level}", f"{about(len(measured))} inspections; means of neighbours, five or more"
            found.parameters.append(Parameter(path, f"{{empirical: [{', '.join(observed)}]}}", note))
        else:
            found.suppressed += 1
    share("inspection.vehicle_out_of_service", orders["vehicle"], orders["vehicles"], "of levels 1, 2 and 5", found)
    share("inspection.driver_out_of_service", orders["driver"], orders["drivers"], "of levels 1, 2 and 3", found)
    if sum(levels.values()):
        weights("inspection.levels", {f"level_{number}": levels[f"level_{number}"] for number in range(1, 9)}, found)
    return found


def _orders(orders: Counter[str], row: Mapping[str, str], level: str) -> None:
    """Count orders out of service over the levels that the FMCSA divides by."""
    for who, group in (("vehicle", ("level_1", "level_2", "level_5")), ("driver", ("level_1", "level_2", "level_3"))):
        if who in row and level in group:
            orders[f"{who}s"] += 1
            orders[who] += row[who].isdigit() and int(row[who]) > 0


def _minutes_between(begin: str, end: str) -> int | None:
    """Return the minutes between two times of the clock such as 0920; an inspection may pass midnight."""
    if not (re.fullmatch(r"\d{3,4}", begin) and re.fullmatch(r"\d{3,4}", end)):
        return None
    first, last = (int(text) // 100 * 60 + int(text) % 100 for text in (begin, end))
    minutes = (last - first) % (24 * 60)
    return minutes if 0 < minutes <= LONGEST_INSPECTION else None


# --- ICE's sheets of participating agencies -------------------------------------------------------------------------

#: The first words that are found say the model.
MODELS = {
    "tribal": "tribal_task_force",
    "task force": "task_force",
    "jail enforcement": "jail_enforcement",
    "warrant service": "warrant_service",
}


def participants(table: Table, wanted: Wanted) -> Aggregates:
    """Count agreements signed up to each day of the programme's scenario; agencies are no persons, none is suppressed."""
    found, signed = Aggregates(), list[tuple[date, str]]()
    needed = {"model": ("support_type", "type_of_agreement", "model"), "day": ("signed", "date_signed", "signed_date")}
    for row in rows_of(table, needed, {"state": ("state",)}):
        day = day_of(row["day"])
        model = next((name for words, name in MODELS.items() if words in row["model"].lower()), None)
        if day is None or model is None:
            table.leave_out("no day of signature, or no known model")
        elif wanted.place and row.get("state", "").lower() != wanted.place.lower():
            table.leave_out("another state")
        elif not wanted.covers(day):
            table.leave_out("another time")
        else:
            signed.append((day, model))
    for (month, model), count in sorted(Counter((day.replace(day=1), model) for day, model in signed).items()):
        found.cells.append(Cell(month.isoformat(), wanted.place, "", model, "signed", count, "agreements", wanted.source))
    for measure in wanted.measures:
        match = re.fullmatch(r"(?:(.+)_)?agreements_(\d{4})_(\d{2})_(\d{2})", measure)
        if match and signed:
            day = date(int(match[2]), int(match[3]), int(match[4]))
            if day <= max(one for one, _ in signed):  # what a sheet of an earlier day says of later ones is nothing
                count = sum(one <= day and match[1] in (None, model) for one, model in signed)
                found.reported.append(Reported(measure, float(count), "exact", "check", "signed and still on the sheet"))
    return found


# --- Stanford Open Policing -----------------------------------------------------------------------------------------


def open_policing(table: Table, wanted: Wanted) -> Aggregates:
    """Count vehicular stops by week and hour of day, and how they ended."""
    found, weeks, hours, ends = Aggregates(), Counter[date](), Counter[int](), Counter[str]()
    needed = {"day": ("date",), "time": ("time",), "outcome": ("outcome",)}
    optional = {"kind": ("type",), "county": ("county_name",)}
    for row in rows_of(table, needed, optional):
        day = day_of(row["day"])
        if row.get("kind", "vehicular") not in ("vehicular", ""):
            table.leave_out("not a vehicle")
        elif wanted.place and row.get("county", "") != wanted.place:
            table.leave_out("another county")
        elif day is None or not wanted.covers(day):
            table.leave_out("no day, or another time")
        else:
            weeks[_monday(day)] += 1
            outcome = {"warning": "warned", "citation": "cited", "arrest": "arrested"}.get(row["outcome"])
            if outcome:
                ends[outcome] += 1
            if re.fullmatch(r"([01]\d|2[0-3]):.*", row["time"]):
                hours[int(row["time"][:2])] += 1
    _weekly(found, weeks, wanted, "stops", "stops")
    kept_weeks = [count for count in weeks.values() if count >= SMALLEST_CELL]
    if kept_weeks:
        firm = "exact" if len(kept_weeks) == len(weeks) else "at_least"
        note = "all stops of those days, not one operation"
        found.reported.append(Reported("stops", float(sum(kept_weeks)), firm, "not_a_target", note))
    weights("stop.outcome", {name: ends[name] for name in ("warned", "cited", "arrested")}, found)
    if wanted.flow and sum(hours.values()):
        small = sum(0 < count < SMALLEST_CELL for count in hours.values())
        found.suppressed += small
        kept = [hours[hour] if hours[hour] >= SMALLEST_CELL else 0 for hour in range(24)]
        if any(kept):
            found.parameters.append(Parameter(f"traffic.flows.{wanted.flow}.by_hour", str(kept), "stops by hour of day"))
    return found


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _weekly(found: Aggregates, weeks: Counter[date], wanted: Wanted, stage: str, unit: str) -> None:
    for week, count in sorted(weeks.items()):
        found.add(Cell(week.isoformat(), wanted.place, wanted.agency, wanted.model, stage, count, unit, wanted.source))


#: The kinds of files by name: how they are read, and the scenario that the figures are laid over unless another is named.
ADAPTERS: dict[str, tuple[Adapter, str]] = {
    "tidy": (tidy, "task_force"),
    "detention_stints": (detention_stints, "task_force"),
    "fmcsa_inspections": (fmcsa_inspections, "task_force"),
    "participants": (participants, "adoption_2025_2026"),
    "open_policing": (open_policing, "task_force"),
}


def described() -> Iterator[tuple[str, str]]:
    """Yield each kind of file with what is read from it."""
    for name, (adapter, _) in ADAPTERS.items():
        yield name, (adapter.__doc__ or "").split("\n", maxsplit=1)[0]
