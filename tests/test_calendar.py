"""The calendar: what the clocks of the law say, with dates, and local time over a change of clocks."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.calendar import Calendar, federal_holidays, is_excluded, zone
from sim.units import HOUR

WYOMING = Calendar(date(2025, 1, 1), "America/Denver")
DETAINER = 48 * HOUR


def end_of_detainer(begins: str, *, without_weekends: bool) -> str:
    end = WYOMING.end_of_clock(WYOMING.moment(datetime.fromisoformat(begins)), DETAINER, without_weekends=without_weekends)
    return f"{WYOMING.local(end):%a %Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("begins", "by_the_regulation", "flat"),
    [
        ("2025-11-14T18:00", "Tue 2025-11-18 18:00", "Sun 2025-11-16 18:00"),  # a Friday
        ("2025-11-12T08:30", "Fri 2025-11-14 08:30", "Fri 2025-11-14 08:30"),  # a week without holidays
        ("2025-11-16T10:00", "Wed 2025-11-19 00:00", "Tue 2025-11-18 10:00"),  # a Sunday: it starts on Monday
        ("2025-11-26T10:00", "Mon 2025-12-01 10:00", "Fri 2025-11-28 10:00"),  # the day before Thanksgiving
        ("2025-08-29T18:00", "Wed 2025-09-03 18:00", "Sun 2025-08-31 18:00"),  # Friday before Labor Day
        ("2025-10-31T18:00", "Tue 2025-11-04 18:00", "Sun 2025-11-02 17:00"),  # clocks go back on Sunday
        ("2025-03-07T18:00", "Tue 2025-03-11 18:00", "Sun 2025-03-09 19:00"),  # clocks go forward on Sunday
    ],
)
def test_a_detainer_ends_when_the_rule_says(begins, by_the_regulation, flat):
    assert end_of_detainer(begins, without_weekends=True) == by_the_regulation
    assert end_of_detainer(begins, without_weekends=False) == flat


@pytest.mark.parametrize(
    ("year", "listed"),
    [
        (2025, "01-01 01-20 02-17 05-26 06-19 07-04 09-01 10-13 11-11 11-27 12-25"),
        (2026, "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25"),
    ],
)
def test_the_holidays_of_a_year_are_those_of_the_official_list(year, listed):
    assert federal_holidays(year) == {date.fromisoformat(f"{year}-{day}") for day in listed.split()}


def test_a_holiday_on_a_weekend_is_observed_on_the_nearest_working_day():
    assert date(2021, 12, 31) in federal_holidays(2021)  # 1 January 2022 was a Saturday
    assert date(2026, 7, 3) in federal_holidays(2026)  # 4 July 2026 is a Saturday
    assert date(2027, 7, 5) in federal_holidays(2027)  # 4 July 2027 is a Sunday
    assert all(day.weekday() < 5 for year in range(2000, 2060) for day in federal_holidays(year))


moments = st.integers(0, 3 * 365 * 24 * HOUR)


@given(moments, st.integers(0, 200 * HOUR))
def test_a_clock_by_the_regulation_runs_exactly_its_length_outside_excluded_days(begins, length):
    end = WYOMING.end_of_clock(begins, length, without_weekends=True)
    ran, now = 0, begins
    while now < end:
        until = min(end, WYOMING.midnight_after(now))
        if not is_excluded(WYOMING.local(now).date()):
            ran += until - now
        now = until
    assert ran == length
    assert end >= begins + length


@given(moments)
def test_local_time_leads_back_to_the_moment_save_in_the_hour_that_comes_twice(moment):
    local = WYOMING.local(moment)
    back = WYOMING.moment(local.replace(tzinfo=None))
    assert back in (moment, moment - HOUR)
    assert back == moment or local.fold == 1


@given(moments, st.sets(st.integers(0, 6), min_size=1), st.times())
def test_the_next_time_is_on_a_wanted_day_and_not_before(moment, weekdays, at):
    at = at.replace(microsecond=0)
    following = WYOMING.next_time(moment, tuple(weekdays), at)
    assert moment <= following <= moment + 8 * 24 * HOUR
    assert WYOMING.local(following).weekday() in weekdays
    earlier = [WYOMING.local(moment).date() + timedelta(days=number) for number in range(9)]
    wanted = [WYOMING.moment(datetime.combine(day, at)) for day in earlier if day.weekday() in weekdays]
    assert following == min(one for one in wanted if one >= moment)


def test_a_day_on_which_clocks_change_has_23_or_25_hours():
    def length(day: date) -> int:
        begin = WYOMING.moment(datetime.combine(day, time()))
        return WYOMING.midnight_after(begin) - begin

    assert length(date(2025, 3, 9)) == 23 * HOUR
    assert length(date(2025, 11, 2)) == 25 * HOUR
    assert length(date(2025, 6, 1)) == 24 * HOUR


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "", "America", "/etc/localtime"])
def test_what_is_no_time_zone_is_refused(name):
    with pytest.raises(ValueError, match="write for example America/Denver"):
        zone(name)
