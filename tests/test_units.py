"""Quantities as people write them, and what is said when they are written wrongly."""

from __future__ import annotations

import time as stopwatch
from datetime import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import units

UNITS = st.sampled_from(sorted(units.MILLISECONDS))
PARSERS = (units.parse_duration, units.parse_rate, units.parse_share, units.parse_date, units.parse_time)
ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=3)


@given(milliseconds=st.integers(0, units.LONGEST))
def test_a_duration_that_is_shown_reads_back_as_the_same_duration(milliseconds):
    assert units.parse_duration(units.format_duration(milliseconds)) == milliseconds


@given(number=st.integers(0, 3_660), unit=UNITS, gap=st.sampled_from(["", " "]))
def test_a_whole_number_of_a_unit_is_that_many_of_its_milliseconds(number, unit, gap):
    assert units.parse_duration(f"{number}{gap}{unit}") == number * units.MILLISECONDS[unit]


@given(number=st.decimals(0, 3_660, places=6), unit=UNITS)
def test_a_duration_is_rounded_to_the_nearest_millisecond(number, unit):
    exact = number * units.MILLISECONDS[unit]
    assert abs(units.parse_duration(f"{number} {unit}") - exact) <= Decimal("0.5001")


@given(shorter=st.integers(0, 9_999), longer=st.integers(0, 9_999), unit=UNITS)
def test_a_larger_number_of_the_same_unit_is_no_shorter(shorter, longer, unit):
    shorter, longer = sorted((shorter, longer))
    read = [units.parse_duration(f"{number / 100} {unit}") for number in (shorter, longer)]
    assert read == sorted(read)


@given(per_hour=st.integers(0, 40_000))
def test_a_rate_is_the_same_in_every_unit(per_hour):
    by_hour = units.parse_rate(f"{per_hour} per h")
    assert by_hour == per_hour
    assert units.parse_rate(f"{per_hour}/h") == by_hour
    assert units.parse_rate(f"{per_hour * 24} per d") == pytest.approx(by_hour)
    assert units.parse_rate(f"{per_hour / 60:.12f} per min") == pytest.approx(by_hour)


@given(per_hour=st.floats(1e-6, units.MOST_PER_HOUR))
def test_a_rate_with_all_the_digits_of_a_computer_reads_back(per_hour):
    assert units.parse_rate(f"{per_hour!r} per h") == per_hour


@given(share=st.floats(0, 1))
def test_a_share_is_read_as_it_stands(share):
    assert units.parse_share(share) == share


@given(percent=st.decimals(0, 100, places=2), gap=st.sampled_from(["", " "]))
def test_a_percentage_is_a_hundredth_of_its_number(percent, gap):
    assert units.parse_share(f"{percent}{gap}%") == pytest.approx(float(percent) / 100)


@given(day=st.dates())
def test_a_date_reads_back(day):
    assert units.parse_date(day.isoformat()) == day


@given(moment=st.times().map(lambda moment: moment.replace(microsecond=0)))
def test_a_time_of_day_reads_back(moment):
    assert units.parse_time(moment.isoformat()) == moment


def test_a_time_of_day_needs_no_leading_zero_and_no_seconds():
    assert units.parse_time("4:05") == time(4, 5)


@given(st.integers(0, 10**15))
def test_money_reads_back_as_it_is_shown(cents):
    assert units.parse_money(units.format_money(cents)) == cents


@pytest.mark.parametrize("text", ["7,50 USD", "7500", "7500 EUR", "-5 USD", "1e3 USD", "", 7500, None, True, "٣ USD"])
def test_what_is_no_amount_of_money_is_refused(text):
    with pytest.raises(ValueError, match="write for example '7,500 USD'"):
        units.parse_money(text)


@pytest.mark.parametrize(
    ("read", "written", "problem", "remedy"),
    [
        (units.parse_duration, "9 mins", "'9 mins' has no unit that I know", "use ms, s, min, h or d"),
        (units.parse_duration, "9 MIN", "'9 MIN' has no unit that I know", "use ms, s, min, h or d"),
        (units.parse_duration, "9", "'9' has no unit", "for example '9 min'"),
        (units.parse_duration, 9, "9 has no unit", "'9 min'"),
        (units.parse_duration, None, "None has no unit", "'9 min'"),
        (units.parse_duration, "-9 min", "is negative", "a duration is 0 or more"),
        (units.parse_duration, "nine min", "is not a number with a unit", "'9 min'"),
        (units.parse_duration, "nan min", "is not a number with a unit", "'9 min'"),
        (units.parse_duration, "1 h 30 min", "is not a number with a unit", "'9 min'"),
        (units.parse_duration, "3661 d", "is longer than ten years", "check the number and its unit"),
        (units.parse_duration, "1e99 d", "is longer than ten years", "check the number and its unit"),
        (units.parse_rate, "13", "'13' is not a rate", "write '13 per h'"),
        (units.parse_rate, 13, "13 has no unit", "'13 per h'"),
        (units.parse_rate, "13 per s", "is not a rate", "per min, per h or per d"),
        (units.parse_rate, "13 h", "is not a rate", "write '13 per h'"),
        (units.parse_rate, "-1 per h", "is out of range", "between 0 and a million an hour"),
        (units.parse_rate, "1e9 per h", "is out of range", "between 0 and a million an hour"),
        (units.parse_share, 1.01, "1.01 is not between 0 and 1", "a share of all is written 1 or '100%'"),
        (units.parse_share, -0.01, "-0.01 is not between 0 and 1", "a share of all is written 1 or '100%'"),
        (units.parse_share, "101%", "'101%' is not between 0 and 1", "'100%'"),
        (units.parse_share, float("nan"), "nan is not between 0 and 1", "'100%'"),
        (units.parse_share, float("inf"), "inf is not between 0 and 1", "'100%'"),
        (units.parse_share, 10**400, "is not between 0 and 1", "'100%'"),
        (units.parse_share, True, "True is not a share", "a number between 0 and 1, or '93%'"),
        (units.parse_share, "0.93", "'0.93' is not a share", "a number between 0 and 1, or '93%'"),
        (units.parse_share, "9 min %", "is not a share", "write 0.93 or '93%'"),
        (units.parse_date, "2025-02-30", "'2025-02-30' is not a date (day is out of range for month)", "YYYY-MM-DD"),
        (units.parse_date, "18.11.2025", "'18.11.2025' is not a date", "for example 2025-11-18"),
        (units.parse_date, "2025-W47-2", "'2025-W47-2' is not a date", "for example 2025-11-18"),
        (units.parse_date, 20251118, "20251118 is not a date", "for example 2025-11-18"),
        (units.parse_time, "24:00", "'24:00' is not a time of day", "for example 04:00"),
        (units.parse_time, "4 am", "'4 am' is not a time of day", "for example 04:00"),
        (units.parse_time, 240, "240 is not a time of day", "for example 04:00"),
    ],
)
def test_a_wrong_quantity_is_refused_with_what_is_wrong_and_what_to_write(read, written, problem, remedy):
    with pytest.raises(ValueError) as refused:
        read(written)
    message = str(refused.value)
    assert problem in message
    assert remedy in message[message.index(problem) + len(problem) :]


@pytest.mark.parametrize("read", PARSERS)
@given(written=ANYTHING)
def test_whatever_is_written_is_read_or_refused_as_a_wrong_value(read, written):
    try:
        assert read(written) is not None
    except ValueError as refused:
        assert len(str(refused)) < 250, "a message must stay readable whatever it quotes"


@pytest.mark.parametrize("read", PARSERS)
@pytest.mark.parametrize("piece", ["1", "1.", "9 ", " ", "e", "%", "a", "/", ":", "1e", "per ", "-", "٣", "\x00"])
def test_hostile_text_does_not_hang(read, piece):
    text = piece * 50_000
    for written in (text, f"9{text}", f"{text}min", f"9 {text}%"):
        begun = stopwatch.perf_counter()
        with pytest.raises(ValueError):
            read(written)
        assert stopwatch.perf_counter() - begun < 5, "reading must take time in proportion to the text"


def test_a_long_value_is_cut_in_a_message():
    assert len(units.shown("x" * 10_000)) == 58
    assert units.shown("x" * 10_000).endswith("…")
    assert units.shown("9 mins") == "'9 mins'"
