"""How each kind of published file becomes aggregates. Person-level rows are counted as they are read and never kept.

Only the columns that ``layouts`` names are looked at: names, dates of birth, plates, identifiers and officers' numbers are not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sim.importing import layouts
from sim.importing.aggregates import Aggregates, Cell, Parameter, Reported, about, coarse, durations, share, weights
from sim.importing.layouts import Layout
from sim.importing.reading import SMALLEST_CELL, Table, day_of, moment_of, rows_of
from sim.importing.tidy import tidy
from sim.importing.wanted import Wanted

MINUTE = 60_000
LONGEST_INSPECTION, LONGEST_STAY = 8 * 60, 730 * 24 * 60  # minutes
LEVELS = {str(number): f"level_{number}" for number in range(1, 9)} | {
    word: f"level_{number}" for number, word in enumerate(("i", "ii", "iii", "iv", "v", "vi", "vii", "viii"), 1)
}  # fmt: skip


# --- detention stints of the Deportation Data Project ---------------------------------------------------------------


def detention_stints(table: Table, wanted: Wanted) -> Aggregates:
    """Measure the stints in one facility, or all, from book-in to book-out.

    Layouts: ``layouts.DETENTION_STINTS``, as in the codebook of the Deportation Data Project
    (https://deportationdata.org/docs/ice/codebook.html). A stint is a stay in one facility; a stay in detention may have several.
    """
    found, stays, weeks = Aggregates(), list[float](), Counter[date]()
    for row in rows_of(table, layouts.DETENTION_STINTS, [("facility_code", "--place")] if wanted.place else []):
        begin, end = moment_of(row["begin"]), moment_of(row["end"])
        day = begin.date() if begin else day_of(row["begin"])
        if wanted.place and wanted.place not in (row.get("facility_code"), row.get("facility")):
            table.leave_out("another facility")
        elif row.get("duplicate", "").lower() in ("true", "1"):
            table.leave_out("likely a duplicate, as the publisher marks it")
        elif day is None or not wanted.covers(day):
            table.leave_out("no book-in, or another time")
        else:
            why, minutes = "", 0.0
            if begin is None or (end is None and day_of(row["end"])):
                why = "days without hours: counted, but without a length"
            elif end is None:
                why = "not ended: counted, but without a length"
            elif not 0 <= (minutes := (end - begin).total_seconds() / 60) <= LONGEST_STAY:
                table.leave_out("ends before it begins, or lasts over two years")
                continue
            weeks[_monday(day)] += 1
            if why:
                table.leave_out(why)
            else:
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
    """Measure inspections by level, and count levels and orders out of service.

    Layouts: ``layouts.FMCSA_INSPECTIONS``. A duration is the end less the start, as in the FMCSA's own glossary
    (https://www.fmcsa.dot.gov/registration/inspection-file-glossary-terms).
    """
    found, weeks, levels = Aggregates(), Counter[date](), Counter[str]()
    lengths: dict[str, list[float]] = {}
    orders: Counter[str] = Counter()
    for row in rows_of(table, layouts.FMCSA_INSPECTIONS, [("state", "--place")] if wanted.place else []):
        day, level = day_of(row["day"]), LEVELS.get(row["level"].lower().removesuffix(".0"))
        if wanted.place and row["state"] != wanted.place:
            table.leave_out("another state")
        elif row.get("status") == "D":
            table.leave_out("a duplicate, as the FMCSA marks it")
        elif day is None or level is None or not wanted.covers(day):
            table.leave_out("no level, no day, or another time")
        else:
            weeks[_monday(day)] += 1
            levels[level] += 1
            _orders(orders, row, level)
            minutes = _minutes_between(row["begin"], row["end"]) if "begin" in row else None
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
            orders[who] += _number(row[who]) > 0


def _number(text: str) -> float:
    return float(text) if re.fullmatch(r"\d+(\.\d*)?", text) else 0.0


def _minutes_between(begin: str, end: str) -> int | None:
    """Return the minutes between two times of the clock such as 0920; an inspection may pass midnight.

    Midnight is 2400 and an unknown time 9999 in the FMCSA's catalogue; noughts before the hour are lost in spreadsheets.
    """
    first, last = _clock(begin), _clock(end)
    if first is None or last is None:
        return None
    minutes = (last - first) % (24 * 60)
    return minutes if 0 < minutes <= LONGEST_INSPECTION else None


def _clock(text: str) -> int | None:
    """Return the minute of the day, or None."""
    match = re.fullmatch(r"(\d{0,2}?):?(\d{1,2})", text)
    hour, minute = (int(match[1] or 0), int(match[2])) if match else (99, 99)
    return hour * 60 + minute if hour <= 24 and minute < 60 else None


# --- ICE's sheets of participating agencies -------------------------------------------------------------------------

#: What ICE has printed for each model, in small letters; the first words that are found say it.
MODELS = {
    "tribal": "tribal_task_force",
    "task force": "task_force",
    "tfo": "task_force",
    "jail enforcement": "jail_enforcement",
    "jeo": "jail_enforcement",
    "warrant service": "warrant_service",
}
_JOINT = re.compile(r"jail.*task force|task force.*jail|jeo.*tfo|tfo.*jeo", re.IGNORECASE)


def participants(table: Table, wanted: Wanted) -> Aggregates:
    """Count agreements signed up to each day of the programme's scenario; agencies are no persons, none is suppressed.

    Layouts: ``layouts.PARTICIPANTS``: ICE's sheet (https://www.ice.gov/identify-and-arrest/287g), saved as CSV, and the tables
    that stood on its page before.
    """
    found, signed = Aggregates(), list[tuple[date, str]]()
    for row in rows_of(table, layouts.PARTICIPANTS):
        day = day_of(_repaired(row["day"]))
        model = next((name for words, name in MODELS.items() if words in row["model"].lower()), None)
        if wanted.place and row["state"].strip("*†").lower() != wanted.place.lower():
            table.leave_out("another state")
        elif _JOINT.search(row["model"]):
            table.leave_out("jail and task force in one agreement, as before 2013")
        elif day is None or model is None:
            table.leave_out("no day of signature, or no known model")
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


def _repaired(text: str) -> str:
    """Return a day of signature without the two slips that ICE's sheets have had: 5/31/20026 and 7/72025."""
    text = re.sub(r"/200(\d\d)$", r"/20\1", text)
    return re.sub(r"^(\d{1,2})/(\d{1,2})(\d{4})$", r"\1/\2/\3", text)


# --- Stanford Open Policing -----------------------------------------------------------------------------------------

#: How a stop ended, by words in what was written; a summons is a citation with a day in court.
OUTCOMES = {"arrest": "arrested", "citation": "cited", "ticket": "cited", "summons": "cited", "warning": "warned"}


def open_policing(table: Table, wanted: Wanted) -> Aggregates:
    """Count vehicular stops by week and hour of day, and how they ended.

    Layouts: ``layouts.OPEN_POLICING``, as in the readmes of 2017 (https://github.com/5harad/openpolicing) and of 2019
    (https://github.com/stanford-policylab/opp). Where a state gave no day, theirs is the first of a month, quarter or year.
    """
    found, weeks, hours, ends = Aggregates(), Counter[date](), Counter[int](), Counter[str]()
    wished = [("time", "--flow")] * bool(wanted.flow) + [("county", "--place")] * bool(wanted.place)
    for row in rows_of(table, layouts.OPEN_POLICING, wished):
        day = day_of(row["day"])
        if row.get("kind", "vehicular") not in ("vehicular", "", "NA"):
            table.leave_out("not a vehicle")
        elif wanted.place and row["county"] != wanted.place:
            table.leave_out("another county")
        elif day is None or not wanted.covers(day):
            table.leave_out("no day, or another time")
        else:
            weeks[_monday(day)] += 1
            if outcome := _outcome(row):
                ends[outcome] += 1
            if re.fullmatch(r"([01]\d|2[0-3]):.*", row.get("time", "")):
                hours[int(row["time"][:2])] += 1
    _weekly(found, weeks, wanted, "stops", "stops")
    kept_weeks = [count for count in weeks.values() if count >= SMALLEST_CELL]
    if kept_weeks:
        firm = "approximate" if len(kept_weeks) == len(weeks) else "at_least"
        note = "all stops of those days, not one operation; to the nearest five"
        found.reported.append(Reported("stops", float(coarse(sum(kept_weeks))), firm, "not_a_target", note))
    weights("stop.outcome", {name: ends[name] for name in ("warned", "cited", "arrested")}, found)
    if wanted.flow and sum(hours.values()):
        small = sum(0 < count < SMALLEST_CELL for count in hours.values())
        found.suppressed += small
        kept = [coarse(hours[hour]) if hours[hour] >= SMALLEST_CELL else 0 for hour in range(24)]
        if any(kept):
            found.parameters.append(Parameter(f"traffic.flows.{wanted.flow}.by_hour", str(kept), "stops by hour of day"))
    return found


def _outcome(row: Mapping[str, str]) -> str | None:
    """Return the strictest end that a row tells, or None."""
    flags = {name: row.get(name, "").lower() in ("true", "1") for name in ("arrested", "cited", "warned")}
    written = row.get("outcome", "").lower()
    if flags["arrested"]:
        return "arrested"
    named = next((end for word, end in OUTCOMES.items() if word in written), None)
    return named or next((name for name, flag in flags.items() if flag), None)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _weekly(found: Aggregates, weeks: Counter[date], wanted: Wanted, stage: str, unit: str) -> None:
    for week, count in sorted(weeks.items()):
        written = coarse(count) if count >= SMALLEST_CELL else count  # a small one is suppressed as it is added
        found.add(Cell(week.isoformat(), wanted.place, wanted.agency, wanted.model, stage, written, unit, wanted.source))


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: how it is read, the scenario that its figures are laid over, its layouts, and whether rows are people's."""

    read: Callable[[Table, Wanted], Aggregates]
    base: str
    layouts: tuple[Layout, ...]
    of_people: bool = True


KINDS: dict[str, Kind] = {
    "tidy": Kind(tidy, "task_force", layouts.TIDY, of_people=False),
    "detention_stints": Kind(detention_stints, "task_force", layouts.DETENTION_STINTS),
    "fmcsa_inspections": Kind(fmcsa_inspections, "task_force", layouts.FMCSA_INSPECTIONS),
    "participants": Kind(participants, "adoption_2025_2026", layouts.PARTICIPANTS, of_people=False),
    "open_policing": Kind(open_policing, "task_force", layouts.OPEN_POLICING),
}


def described() -> Iterator[tuple[str, str]]:
    """Yield each kind of file with what is read from it, and below it each layout with the columns that it needs."""
    for name, kind in KINDS.items():
        yield name, (kind.read.__doc__ or "").split("\n", maxsplit=1)[0].replace("``", "")
        for layout in kind.layouts:
            yield "", f"{layout.name}: {', '.join(layout.needed.values())}"
