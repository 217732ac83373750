"""Quantities as people write them (``9 min``, ``13 per h``, ``93%``) and as the model holds them.

Durations are whole milliseconds (int), rates are events per hour (float), shares lie between 0 and 1.
"""

from __future__ import annotations

import re
from datetime import date, time

MILLISECONDS = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
HOUR = MILLISECONDS["h"]
DAY = MILLISECONDS["d"]
WEEK = 7 * DAY
#: No duration or rate beyond this makes sense here; larger numbers are slips of the pen.
LONGEST = 3_660 * DAY
MOST_PER_HOUR = 1e6

# Both patterns have one way to match, so that hostile text cannot make them slow.
_QUANTITY = re.compile(r"([+-]?(?:\d{1,15}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][+-]?\d{1,2})?) ?([A-Za-z%/µ ]{0,20})", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")  # fromisoformat alone would also read week dates
_MONEY = re.compile(r"(\d{1,3}(?:,\d{3}){0,4}|\d{1,13})(?:\.(\d{1,2}))? ?USD", re.ASCII)
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)


def shown(value: object) -> str:
    """Return a value as it may stand in a message: quoted, and cut when long."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _split(value: object, example: str) -> tuple[float, str]:
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} has no unit; write for example '{example}'.")
    match = _QUANTITY.fullmatch(value.strip())
    if not match:
        raise ValueError(f"{shown(value)} is not a number with a unit; write for example '{example}'.")
    return float(match[1]), match[2].strip()


def parse_duration(value: object) -> int:
    """Return a duration in whole milliseconds from text such as ``9 min``.

    Raises
    ------
    ValueError
        If the unit is missing or unknown, or the duration is negative or beyond ten years.
    """
    number, unit = _split(value, "9 min")
    if unit == "":
        raise ValueError(f"{shown(value)} has no unit; use ms, s, min, h or d, for example '9 min'.")
    if unit not in MILLISECONDS:
        raise ValueError(f"{shown(value)} has no unit that I know; use ms, s, min, h or d.")
    milliseconds = number * MILLISECONDS[unit]
    if milliseconds < 0:
        raise ValueError(f"{shown(value)} is negative; a duration is 0 or more.")
    if milliseconds > LONGEST:
        raise ValueError(f"{shown(value)} is longer than ten years; check the number and its unit.")
    return round(milliseconds)


def parse_rate(value: object) -> float:
    """Return a rate in events per hour from text such as ``13 per h``.

    Raises
    ------
    ValueError
        If the unit is missing or unknown, or the rate is negative or beyond a million an hour.
    """
    number, unit = _split(value, "13 per h")
    words = unit.replace("/", " per ").split()
    if len(words) != 2 or words[0] != "per" or words[1] not in ("min", "h", "d"):
        raise ValueError(f"{shown(value)} is not a rate; write '13 per h' (per min, per h or per d).")
    per_hour = number * (HOUR / MILLISECONDS[words[1]])
    if not 0 <= per_hour <= MOST_PER_HOUR:
        raise ValueError(f"{shown(value)} is out of range; a rate lies between 0 and a million an hour.")
    return per_hour


def parse_share(value: object) -> float:
    """Return a share between 0 and 1 from a number, or from text such as ``93%``.

    Raises
    ------
    ValueError
        If the value is not a number or lies outside 0 to 1.
    """
    share: float
    if isinstance(value, str) and value.strip().endswith("%"):
        number, unit = _split(value, "93%")
        if unit != "%":
            raise ValueError(f"{shown(value)} is not a share; write 0.93 or '93%'.")
        share = number / 100
    elif isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{shown(value)} is not a share; write a number between 0 and 1, or '93%'.")
    else:
        share = value
    if not 0 <= share <= 1:  # before float(), which cannot hold a whole number of 400 digits
        raise ValueError(f"{shown(value)} is not between 0 and 1; a share of all is written 1 or '100%'.")
    return float(share)


def parse_money(value: object) -> int:
    """Return an amount in whole cents from text such as ``7,500 USD``.

    Raises
    ------
    ValueError
        If the text is no such amount.
    """
    match = _MONEY.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        raise ValueError(f"{shown(value)} is not an amount of money; write for example '7,500 USD' or '52.50 USD'.")
    return int(match[1].replace(",", "")) * 100 + int((match[2] or "").ljust(2, "0"))


def format_money(cents: int) -> str:
    """Return an amount such as ``7,500 USD``."""
    return f"{cents // 100:,} USD" if cents % 100 == 0 else f"{cents // 100:,}.{cents % 100:02d} USD"


def parse_date(value: object) -> date:
    """Return a calendar date from ``2025-11-18``.

    Raises
    ------
    ValueError
        If the text is no such date.
    """
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError as problem:
            raise ValueError(f"{shown(value)} is not a date ({problem}); write YYYY-MM-DD.") from None
    raise ValueError(f"{shown(value)} is not a date; write YYYY-MM-DD, for example 2025-11-18.")


def parse_time(value: object) -> time:
    """Return a time of day from ``04:00``.

    Raises
    ------
    ValueError
        If the text is no such time.
    """
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match:
        hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
        if hour < 24 and minute < 60 and second < 60:
            return time(hour, minute, second)
    raise ValueError(f"{shown(value)} is not a time of day; write HH:MM, for example 04:00.")


def format_duration(milliseconds: int) -> str:
    """Return a duration in the largest unit that shows it plainly, such as ``9 min`` or ``1.5 h``."""
    for unit in ("d", "h", "min", "s"):
        size = MILLISECONDS[unit]
        if milliseconds >= size and (milliseconds * 100) % size == 0:
            return f"{milliseconds / size:.12g} {unit}"
    return f"{milliseconds} ms" if milliseconds else "0 min"
