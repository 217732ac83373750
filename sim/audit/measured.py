"""Laws of measures: each found again from the record, by another way, and none in contradiction to another."""

from __future__ import annotations

import math

from sim.audit.law import Laws, must
from sim.audit.told import ENDINGS, HOLD_ENDS, Told, held_for_ice, integral, same
from sim.measures import PART_OF
from sim.scenario import STANDINGS
from sim.trace import Kind
from sim.units import DAY, HOUR, MILLISECONDS

MEASURED = Laws()


@MEASURED.law
def the_mean_number_of_busy_units_is_the_rate_of_stops_times_the_mean_time_held(told: Told) -> None:
    """Little's law, as an identity of the sample path: both sides times the length of the run."""
    if told.stops:
        held = told.measures["stop_cycle_minutes_mean"] * told.measures["stops"] * MILLISECONDS["min"]
        must(same(held, integral(told.number_over_time((Kind.STOP_BEGAN,), (Kind.UNIT_FREE,)))))


@MEASURED.law
def the_mean_number_of_people_waiting_for_ice_is_the_rate_of_referrals_times_the_mean_wait(told: Told) -> None:
    if told.of_kind[Kind.REFERRED]:
        waited = told.measures["status_check_wait_mean"] * told.measures["referrals"] * MILLISECONDS["min"]
        must(same(waited, integral(told.number_over_time((Kind.REFERRED,), ENDINGS))))


@MEASURED.law
def duty_is_the_time_on_shift_and_the_time_busy_after_it(told: Told) -> None:
    on_duty: set[int] = set()
    busy: set[int] = set()
    total = overtime = last = 0
    for row in told.along(told.rows):
        total += len(on_duty | busy) * (row.time - last)
        overtime += len(busy - on_duty) * (row.time - last)
        last = row.time
        if row.kind in (Kind.UNIT_ON_DUTY, Kind.STOP_BEGAN):
            (on_duty if row.kind == Kind.UNIT_ON_DUTY else busy).add(row.unit)
        elif row.kind in (Kind.UNIT_OFF_DUTY, Kind.UNIT_FREE):
            (on_duty if row.kind == Kind.UNIT_OFF_DUTY else busy).remove(row.unit)
    must(same(told.measures["officer_hours"], total / HOUR))
    must(same(told.measures["officer_overtime_hours"], overtime / HOUR))


@MEASURED.law
def utilisation_lies_between_zero_and_one(told: Told) -> None:
    utilisation = told.measures["officer_utilisation"]
    must(math.isnan(utilisation) == (told.measures["officer_hours"] == 0))
    must(math.isnan(utilisation) or 0 <= utilisation <= 1)


@MEASURED.law
def no_measure_contradicts_another_of_which_it_is_a_part(told: Told) -> None:
    broken = [(part, whole) for part, whole in PART_OF if told.measures[part] > told.measures[whole]]
    must(not broken)


@MEASURED.law
def every_referral_ends_in_custody_or_in_release(told: Told) -> None:
    must(told.measures["referrals"] == told.measures["detained"] + told.measures["referred_then_released"])
    must(told.measures["vehicles_seen"] == told.measures["stops"] + told.measures["vehicles_passed_unstopped"])


@MEASURED.law
def vehicles_out_of_which_anybody_was_detained_count_once_each(told: Told) -> None:
    must(told.measures["vehicles_with_detained"] == len({row.name for row in told.of_kind[Kind.DETAINED]}))


@MEASURED.law
def people_let_go_were_held_from_referral_to_the_end_of_the_stop_whatever_their_seat(told: Told) -> None:
    detained = {row.person for row in told.of_kind[Kind.DETAINED]}
    ended = {row.name: row.time for row in told.of_kind[Kind.STOP_ENDED]}
    held = sum(ended[row.name] - row.time for row in told.of_kind[Kind.REFERRED] if row.person not in detained)
    must(same(told.measures["held_then_released_hours"], held / HOUR))


@MEASURED.law
def the_mean_hold_is_the_time_held_added_up_and_divided_by_those_whose_hold_began_in_the_watch(told: Told) -> None:
    mine = [row for row in told.of_kind[Kind.HOLD_BEGAN] if told.in_watch(row.time)]
    held = [end.time - row.time for row in mine for kind in HOLD_ENDS for end in told.of_person[row.person][kind]]
    if held:
        must(same(told.measures["hold_hours_mean"], sum(held) / len(held) / (DAY / 24)))
    must(told.measures["released_at_clock"] + told.measures["transferred"] <= len(told.of_kind[Kind.HOLD_BEGAN]))


@MEASURED.law
def bed_days_are_the_number_in_jail_added_up_over_the_watch(told: Told) -> None:
    taken = peak = total = last = 0
    for row in [*told.rows, None]:
        now = told.end_of_watch if row is None else row.time
        total += taken * told.watched(last, now)
        if last <= 0 < now:
            peak = max(peak, taken)  # those who were in jail when the watch began
        last = now
        if row is not None and row.kind in (Kind.ENTERED_JAIL, Kind.LEFT_JAIL):
            taken += 1 if row.kind == Kind.ENTERED_JAIL else -1
            if told.in_watch(now):
                peak = max(peak, taken)
    must(same(told.measures["jail_bed_days"], total / DAY))
    must(same(told.measures["ice_bed_days"], sum(held_for_ice(told)) / DAY))
    must(told.measures["ice_bed_days"] <= told.measures["jail_bed_days"] * (1 + 1e-12))
    must(told.measures["jail_beds_peak"] == peak <= told.scenario.jail.beds)


@MEASURED.law
def people_are_counted_in_jail_while_it_is_watched(told: Told) -> None:
    counted = {
        "people_booked": Kind.BOOKED,
        "people_questioned_in_jail": Kind.QUESTIONED,
        "detainers_lodged": Kind.DETAINER_LODGED,
        "warrants_served": Kind.WARRANT_SERVED,
        "transferred": Kind.TRANSFERRED,
        "at_facility": Kind.AT_FACILITY,
        "released_at_clock": Kind.RELEASED_AT_CLOCK,
        "turned_away_no_bed": Kind.TURNED_AWAY,
    }
    for name, kind in counted.items():
        must(told.measures[name] == sum(told.in_watch(row.time) for row in told.of_kind[kind]))
    held = [row for row in told.of_kind[Kind.HOLD_BEGAN] if told.in_watch(row.time)]
    citizens = [row for row in held if STANDINGS[told.person(row.person).standing] == "citizen"]
    must(told.measures["citizens_held_in_jail"] == len(citizens))


@MEASURED.law
def people_released_at_the_clock_were_held_from_the_beginning_of_their_hold(told: Told) -> None:
    released = [row for row in told.of_kind[Kind.RELEASED_AT_CLOCK] if told.in_watch(row.time)]
    held = sum(row.time - told.of_person[row.person][Kind.HOLD_BEGAN][0].time for row in released)
    must(same(told.measures["released_at_clock_hours"], held / HOUR))


@MEASURED.law
def the_wait_for_a_desk_is_from_coming_to_the_beginning_of_the_booking(told: Told) -> None:
    came = [row for row in told.of_kind[Kind.CAME_TO_JAIL] if told.in_watch(row.time)]
    waited = sum(told.of_person[row.person][Kind.BOOKING_BEGAN][0].time - row.time for row in came)
    mean = told.measures["booking_wait_mean"]
    must(same(mean, waited / len(came) / (HOUR / 60)) if came else math.isnan(mean))
