"""Numbers found when they are needed: those of :mod:`sim.chance`, one at a time.

The generator is that of :func:`sim.streams.uniforms`, the durations are those of :mod:`sim.distributions`, the fates of
people those of ``_draw_seat`` in :mod:`sim.chance`.
"""

from __future__ import annotations

import math

import numpy as np

from sim import elementary
from sim.arrivals import GAP_UNITS
from sim.columns import DRIVER_LEVELS, VEHICLE_LEVELS
from sim.distributions import NORMAL_REACH, STEPS_TO_ONE
from sim.elementary import BIAS, FRACTION_LENGTH
from sim.engines.compiled import memory
from sim.engines.compiled.columns import Column, Law
from sim.engines.compiled.compiler import bits_of, compiled, inlined, number_of, recompiled, wide_product
from sim.engines.compiled.layout import KEPT_GROUPS, KEPT_NUMBERS, World
from sim.scenario import LICENCES
from sim.streams import UNUSED_BITS
from sim.units import LONGEST


@inlined
def frexp(x: float) -> tuple[float, float]:
    """Return a number's fraction, from 1/2 to 1, and its power of two; the number is positive and not below 2**-1022."""
    bits = bits_of(x)
    power = number_of((bits >> FRACTION_LENGTH) | WHOLE_BITS) - (2.0**52 + 1022.0)
    return number_of((bits & FRACTION_BITS) | HALF_BITS), power


@inlined
def ldexp(x: float, exponent: int) -> float:
    """Return a number from 1/2 to 2 times a power of two that leaves it an ordinary number."""
    return x * number_of((exponent + BIAS) << FRACTION_LENGTH)


log_series = recompiled(elementary.log_series, inline=True)
exp_series = compiled(elementary.exp_series)
log_of = recompiled(elementary.log_of, inline=True, frexp=frexp, log_series=log_series)
exp_of = recompiled(elementary.exp_of, inline=True, ldexp=ldexp, round=np.rint, exp_series=exp_series)
normal_quantile_of = recompiled(
    elementary.normal_quantile_of,
    log_of=log_of,
    quantile_in_the_middle=compiled(elementary.quantile_in_the_middle),
    quantile_in_the_tail=compiled(elementary.quantile_in_the_tail),
    quantile_far_out=compiled(elementary.quantile_far_out),
)

LICENCE_COUNT = len(LICENCES)
#: How a floating-point number lies in memory: its fraction, and the power of two of a number from 1/2 to 1.
FRACTION_BITS = (1 << FRACTION_LENGTH) - 1
HALF_BITS = 1022 << FRACTION_LENGTH
#: The powers of two of numbers from 1 to 2, and of those from 2**52 to 2**53, whose fraction is a whole number.
ONE_BITS, WHOLE_BITS = BIAS << FRACTION_LENGTH, 1075 << FRACTION_LENGTH
#: Adding it to a number of less than 2**51 rounds that to a whole one, which stands in the lower bits.
ROUNDING = 1.5 * 2.0**52
ROUNDING_BITS = WHOLE_BITS + (1 << 51)
#: The constants of Philox4x64 with ten rounds (Salmon and others, 2011).
FIRST_FACTOR, SECOND_FACTOR = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
FIRST_STEP, SECOND_STEP = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)
ROUNDS = 10


@inlined
def four(first_key: int, second_key: int, replication: int, seat: int, block: int) -> tuple[int, int, int, int]:
    """Return the numbers of four entities that follow one another in one stream, in steps of 2**-52."""
    a, b = np.uint64(block + 1), np.uint64(seat)  # numpy's counter is one ahead of its output
    c, d = np.uint64(replication), np.uint64(0)
    first, second = np.uint64(first_key), np.uint64(second_key)
    for _ in range(ROUNDS):
        upper, lower = wide_product(FIRST_FACTOR, a)
        other_upper, other_lower = wide_product(SECOND_FACTOR, c)
        a, b, c, d = other_upper ^ b ^ first, other_lower, upper ^ d ^ second, lower
        first += FIRST_STEP
        second += SECOND_STEP
    return int(a >> UNUSED_BITS), int(b >> UNUSED_BITS), int(c >> UNUSED_BITS), int(d >> UNUSED_BITS)


@inlined
def between(steps: int) -> float:
    """Return the middle of a step of 2**-52, a number strictly between 0 and 1: without rounding, and without conversion."""
    return number_of(steps | ONE_BITS) - (1.0 - 2.0**-53)


@compiled
def found(first_key: int, second_key: int, replication: int, seat: int, entity: int) -> float:
    """Return the number of one entity in one stream, strictly between 0 and 1."""
    a, b, c, d = four(first_key, second_key, replication, seat, entity >> 2)
    lane = entity & 3
    return between((a if lane == 0 else b) if lane < 2 else (c if lane == 2 else d))


@compiled
def remember(lanes: World, first_key: int, second_key: int, replication: int, first: int) -> None:
    """Keep the numbers of some entities that follow one another, since those of one are often followed by those of the next.

    Four blocks that do not wait for each other take a processor as long as one.
    """
    for place in range(0, KEPT_NUMBERS, 4):
        a, b, c, d = four(first_key, second_key, replication, 0, (first + place) >> 2)
        lanes[place], lanes[place + 1], lanes[place + 2], lanes[place + 3] = a, b, c, d


@inlined
def uniform(world: World, column: int, flow: int, number: int, seat: int) -> float:
    """Return the number that is drawn for one column of one entity."""
    keys = memory.keys(world)
    if seat:
        return found(keys[flow, column, 0], keys[flow, column, 1], world.replication, seat, number)
    kept, group, place = memory.kept(world)[flow, column], number // KEPT_NUMBERS, number & (KEPT_NUMBERS - 1)
    slot = group & (KEPT_GROUPS - 1)
    lanes = memory.lanes(world)[flow, column, slot]
    if kept[slot] != group:
        kept[slot] = group
        remember(lanes, keys[flow, column, 0], keys[flow, column, 1], world.replication, number - place)
    return between(lanes[place])


@inlined
def remember_gaps(world: World, flow: int, first: int) -> None:
    """Keep the gaps before some of a flow who follow one another, in parts of a unit-rate gap."""
    gaps, keys = memory.gaps(world)[flow], memory.arrival_keys(world)
    remember(gaps, keys[flow, 0], keys[flow, 1], world.replication, first)
    for place in range(KEPT_NUMBERS):
        gaps[place] = bits_of(-log_of(1.0 - between(gaps[place])) * GAP_UNITS + ROUNDING) - ROUNDING_BITS


@inlined
def flag(world: World, column: int, flow: int, number: int, seat: int) -> bool:
    """Return yes or no, by the column's share."""
    share = memory.figures(world)[flow, column, 0]
    if share <= 0.0:
        return False
    if share >= 1.0:
        return True
    return uniform(world, column, flow, number, seat) < share


@inlined
def choice(world: World, column: int, flow: int, number: int, seat: int) -> int:
    """Return one of the column's alternatives, by their weights."""
    spans, figures = memory.spans(world), memory.figures(world)
    last = int(figures[flow, column, 0])
    if figures[flow, column, 1]:  # the only one with a weight
        return last
    u = uniform(world, column, flow, number, seat)
    return chosen(world, spans[flow, column, 0], spans[flow, column, 1], last, u)


@compiled
def chosen(world: World, first: int, count: int, last: int, u: float) -> int:
    """Return the alternative whose share of the weights covers a number; the edges stand among the values."""
    edges = memory.values(world)
    point = u * edges[first + count - 1]
    place = 0
    while place < last and edges[first + place] <= point:
        place += 1
    return place


@inlined
def duration(world: World, column: int, flow: int, number: int, seat: int) -> int:
    """Return a duration in milliseconds, by the column's distribution."""
    if memory.laws(world)[flow, column] == Law.FIXED:
        return milliseconds(memory.figures(world)[flow, column, 0])
    return drawn_duration(world, column, flow, number, seat)


@compiled
def drawn_duration(world: World, column: int, flow: int, number: int, seat: int) -> int:
    """Return a duration in milliseconds that is not the same for all."""
    law, figures, spans = memory.laws(world)[flow, column], memory.figures(world), memory.spans(world)
    u = uniform(world, column, flow, number, seat)
    a, b, c = figures[flow, column, 0], figures[flow, column, 1], figures[flow, column, 2]
    return milliseconds(inverse(world, law, a, b, c, spans[flow, column, 0], spans[flow, column, 1], u))


@compiled
def inspection_duration(world: World, flow: int, number: int, level: int) -> int:
    """Return the duration of an inspection at a level."""
    law, figures, spans = memory.levels(world)[level], memory.level_figures(world), memory.level_spans(world)
    u = 0.5 if law == Law.FIXED else uniform(world, Column.INSPECTION, flow, number, 0)
    a, b, c = figures[level, 0], figures[level, 1], figures[level, 2]
    return milliseconds(inverse(world, law, a, b, c, spans[level, 0], spans[level, 1], u))


@inlined
def milliseconds(value: float) -> int:
    """Return a duration as whole milliseconds, between 0 and ten years."""
    return int(np.rint(min(max(value, 0.0), float(LONGEST))))


@inlined
def inverse(world: World, law: int, a: float, b: float, c: float, first: int, count: int, u: float) -> float:
    """Return the duration below which a share ``u`` of a distribution lies, from its figures and its table."""
    if law == Law.FIXED:
        return a
    if law == Law.EXPONENTIAL:
        return -a * log_of(1.0 - u)
    if law == Law.LOGNORMAL:
        return a * exp_of(b * normal_quantile_of(u))
    if law == Law.GAMMA:
        return a * cube_of_root(world, first, count, u)
    if law == Law.TRIANGULAR:
        return triangular(a, b, c, u)
    if law == Law.UNIFORM:
        return a + u * (b - a)
    if law == Law.WEIBULL:
        return a * exp_of(log_of(0.0 - log_of(1.0 - u)) * b)
    return memory.values(world)[first + min(int(u * count), count - 1)]


@inlined
def triangular(low: float, mode: float, high: float, u: float) -> float:
    """Return the quantile of a triangular distribution."""
    width = high - low
    if width == 0.0:
        return low
    if u * width < mode - low:
        return low + math.sqrt(u * width * (mode - low))
    return high - math.sqrt((1 - u) * width * (high - mode))


@compiled
def cube_of_root(world: World, first: int, count: int, u: float) -> float:
    """Return the quantile of a gamma distribution with mean 1 from its table."""
    table = memory.values(world)
    place = (normal_quantile_of(u) + NORMAL_REACH) * STEPS_TO_ONE
    row = min(max(int(place), 0), count - 2)
    part = min(max(place - row, 0.0), 1.0)
    root = table[first + row] * (1.0 - part) + table[first + row + 1] * part
    return root * root * root


@inlined
def diverts(world: World, flow: int, number: int, time: int) -> bool:
    """Return whether a vehicle that comes at a time takes another road."""
    share = memory.diverted(world)[flow]
    return share != 0.0 and time >= world.known_since and diverts_by(world, flow, number, time, share)


@compiled
def diverts_by(world: World, flow: int, number: int, time: int, share: float) -> bool:
    """Return the same, by the share that diverts when word is out, and by how far that has faded."""
    halvings = (time - world.known_since) / world.half_life
    return uniform(world, Column.DIVERTS, flow, number, 0) < share * exp_of(-halvings / elementary.LOG2_E)


@inlined
def standing_of_person(world: World, flow: int, number: int, seat: int) -> int:
    """Return a person's standing."""
    if not memory.arrivals(world)[flow].is_traffic:
        return choice(world, Column.OWN_STANDING, flow, number, 0)
    table = memory.standing(world)
    first, count, last = table[flow, 0], table[flow, 1], table[flow, 2]
    if table[flow, 3]:  # the only one with a weight
        return int(last)
    if flag(world, Column.FOLLOWS, flow, number, seat):
        return chosen(world, first, count, last, uniform(world, Column.COMMON_STANDING, flow, number, 0))
    return chosen(world, first, count, last, uniform(world, Column.OWN_STANDING, flow, number, seat))


@inlined
def licence_of_person(world: World, flow: int, number: int, seat: int, standing: int) -> int:
    """Return where a person's licence is from."""
    if not memory.arrivals(world)[flow].is_traffic:
        return 0  # a person who comes to the jail from elsewhere counts as a resident
    table = memory.licence(world)
    first, count, last = table[standing, 0], table[standing, 1], table[standing, 2]
    if table[standing, 3]:
        return int(last)
    return chosen(world, first, count, last, uniform(world, Column.LICENCE, flow, number, seat))


@inlined
def who_is(world: World, flow: int, number: int, seat: int) -> int:
    """Return the code for a person's standing and licence, as :func:`sim.trace.who` does."""
    standing = standing_of_person(world, flow, number, seat)
    return standing * LICENCE_COUNT + licence_of_person(world, flow, number, seat, standing)


@inlined
def is_identified(world: World, flow: int, number: int, seat: int) -> bool:
    """Return whether the officer gets name and date of birth."""
    share = world.identified_driver if seat == 0 else world.identified_passenger
    return share >= 1.0 or uniform(world, Column.IDENTIFIED, flow, number, seat) < share


@compiled
def is_in_doubt(world: World, flow: int, number: int, seat: int, who: int) -> bool:
    """Return whether more doubt than the threshold is left after the officer's questions.

    More is left for numbers below a share that is worked out once; only close to it is the doubt itself worked out.
    """
    standing = who // LICENCE_COUNT
    exponent = memory.doubt(world)[standing]
    if exponent == 0.0:
        return bool(world.threshold < 1.0)
    u, edges = uniform(world, Column.DOUBT, flow, number, seat), memory.in_doubt(world)
    if u < edges[standing, 0]:
        return True
    if u > edges[standing, 1]:
        return False
    return bool(1.0 - exp_of(log_of(u) * (1.0 / exponent)) > world.threshold)


@inlined
def is_matched(world: World, flow: int, number: int, seat: int, who: int) -> bool:
    """Return whether ICE reports a match for a person referred at the roadside."""
    return uniform(world, Column.MATCH, flow, number, seat) < memory.match(world)[who // LICENCE_COUNT]


@compiled
def is_matched_in_jail(world: World, flow: int, number: int, seat: int, who: int) -> bool:
    """Return whether ICE reports a match for a person in jail."""
    return uniform(world, Column.MATCH, flow, number, seat) < memory.match_in_jail(world)[who // LICENCE_COUNT]


@inlined
def goes_out_of_service(world: World, column: int, flow: int, number: int, level: int) -> bool:
    """Return whether an inspection puts the vehicle, or the driver, out of service."""
    allowed = level in VEHICLE_LEVELS if column == Column.VEHICLE_OUT_OF_SERVICE else level in DRIVER_LEVELS
    return allowed and flag(world, column, flow, number, 0)
