"""A tidy file of aggregates, made by whoever has figures: each stage becomes a reported figure, the small ones do not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from sim.errors import UsageError, nearest
from sim.importing import layouts
from sim.importing.aggregates import Aggregates, Cell, Reported
from sim.importing.reading import SMALLEST_CELL, Table, day_of, rows_of
from sim.importing.wanted import Wanted

COLUMNS = tuple(layouts.TIDY[0].needed)
#: A whole and its two parts: two of them give the third. The first part is the one that is kept as long as it can be.
SUMS = (
    ("referrals", "detained", "referred_then_released"),
    ("vehicles_seen", "stops", "vehicles_passed_unstopped"),
)


def tidy(table: Table, wanted: Wanted) -> Aggregates:
    """Read ``week, place, agency, model, stage, count, unit, source``; an empty count or ``<5`` is a suppressed one."""
    found = Aggregates()
    cells: list[Cell] = []
    bounds: set[str] = set()
    for row in rows_of(table, layouts.TIDY):
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
            cells.append(
                Cell(week.isoformat(), row["place"], row["agency"], row["model"], stage, count, row["unit"], row["source"])
            )
    given_away = _given_away(cells)
    totals: dict[str, float] = {}
    for cell in cells:
        if cell not in given_away and found.add(cell):
            totals[cell.stage] = totals.get(cell.stage, 0.0) + cell.count
        else:  # a total with it, less the other cells, would give it away
            bounds.add(cell.stage)
    found.suppressed += len(given_away)
    for stage, total in totals.items():
        note = "at least: small cells, or cells suppressed at the source, are left out" if stage in bounds else ""
        found.reported.append(Reported(stage, total, "at_least" if stage in bounds else "exact", "target", note))
    return found


def _given_away(cells: Sequence[Cell]) -> set[Cell]:
    """Return the cells without which no small one follows from the other two of a sum."""
    groups: dict[tuple[str, str, str, str], dict[str, Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.week, cell.place, cell.agency, cell.model), {})[cell.stage] = cell
    gone = set()
    for group in groups.values():
        for whole, first, second in SUMS:
            if not {whole, first, second} <= group.keys():
                continue
            small = [stage for stage in (first, second) if 0 < group[stage].count < SMALLEST_CELL]
            if small == [first]:
                gone.add(group[second])
            elif small == [second]:
                gone.add(group[whole])
    return {cell for cell in gone if cell.count >= SMALLEST_CELL}


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
