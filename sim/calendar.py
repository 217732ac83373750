"""The calendar of a place: local time and model time, federal holidays, and the clocks of the law.

Model time is elapsed milliseconds since local midnight before the first shift. A day on which clocks change has 23 or
25 hours. Time zones come from the tzdata package of the lock file, not from the machine.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from sim.units import shown

_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """Return a time zone by its name.

    Raises
    ------
    ValueError
        If there is no such zone.
    """
    parts = name.split("/")
    try:
        if not all(part.replace("_", "").replace("-", "").isalnum() for part in parts):
            raise FileNotFoundError
        with resources.files("tzdata.zoneinfo").joinpath(*parts).open("rb") as stream:
            return ZoneInfo.from_file(stream, key=name)
    except (OSError, ValueError):
        raise ValueError(f"{shown(name)} is not a time zone; write for example America/Denver.") from None


@lru_cache(maxsize=64)
def federal_holidays(year: int) -> frozenset[date]:
    """Return the days in a year on which federal holidays are observed (5 U.S.C. 6103)."""
    fixed = [date(year, 1, 1), date(year, 6, 19), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25)]
    moving = [
        _nth(year, 1, _MONDAY, 3),  # Martin Luther King
        _nth(year, 2, _MONDAY, 3),  # Washington
        _nth(year, 6, _MONDAY, 1) - timedelta(days=7),  # Memorial Day, the last Monday of May
        _nth(year, 9, _MONDAY, 1),  # Labor Day
        _nth(year, 10, _MONDAY, 2),  # Columbus
        _nth(year, 11, _THURSDAY, 4),  # Thanksgiving
    ]
    new_year = _observed(date(year + 1, 1, 1))  # a Saturday's holiday is observed on Friday, even in the old year
    return frozenset(day for day in [*map(_observed, fixed), *moving, new_year] if day.year == year)


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def _observed(day: date) -> date:
    return day + timedelta(days={_SATURDAY: -1, _SUNDAY: 1}.get(day.weekday(), 0))


def is_excluded(day: date) -> bool:
    """Whether a detainer's clock stands still on this day by 8 CFR 287.7(d): Saturday, Sunday or federal holiday."""
    return day.weekday() >= _SATURDAY or day in federal_holidays(day.year)


class Calendar:
    """Local time of one place, counted in milliseconds from local midnight of a first day."""

    def __init__(self, first_day: date, time_zone: str) -> None:
        self.zone = zone(time_zone)
        self.origin = datetime.combine(first_day, time(), self.zone).astimezone(UTC)

    def moment(self, local: datetime) -> int:
        """Return the model time of a local time; one that occurs twice is taken at its first."""
        elapsed = local.replace(tzinfo=self.zone, fold=0).astimezone(UTC) - self.origin
        return round(elapsed / timedelta(milliseconds=1))

    def local(self, moment: int) -> datetime:
        """Return the local time of a moment of model time, with its zone."""
        return (self.origin + timedelta(milliseconds=moment)).astimezone(self.zone)

    def midnight_after(self, moment: int) -> int:
        """Return the next local midnight after a moment."""
        return self.moment(datetime.combine(self.local(moment).date() + timedelta(days=1), time()))

    def end_of_clock(self, begins: int, length: int, *, without_weekends: bool) -> int:
        """Return when a clock runs out.

        Parameters
        ----------
        begins
            Model time at which it starts.
        length
            Milliseconds that it runs.
        without_weekends
            Whether it stands still on Saturdays, Sundays and federal holidays, from local midnight to midnight.
        """
        if not without_weekends:
            return begins + length
        now, left = begins, length
        while left:
            midnight = self.midnight_after(now)
            if not is_excluded(self.local(now).date()):
                if left <= midnight - now:
                    return now + left
                left -= midnight - now
            now = midnight
        return now

    def next_time(self, moment: int, weekdays: tuple[int, ...], at: time) -> int:
        """Return the first moment from ``moment`` on at a local time of day on one of some weekdays (Monday is 0)."""
        day = self.local(moment).date()
        while True:
            if day.weekday() in weekdays:
                candidate = self.moment(datetime.combine(day, at))
                if candidate >= moment:
                    return candidate
            day += timedelta(days=1)
