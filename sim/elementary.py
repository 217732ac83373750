"""Logarithm, exponential and normal quantile, made of operations that every machine rounds alike.

Mathematical libraries differ in the last bit of these functions, from version to version and from processor to
processor. Addition, multiplication, division and the square root do not: IEEE 754 fixes them. So these functions are
series and fractions of such operations, in a fixed order, and every engine on every machine makes the same bits. They are
true to some parts in 10**15, far more than a duration in milliseconds can show.

The inner functions take numbers or arrays: the compiled engine is built from the same ones.

References
----------
Wichura (1988), "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37, 477-484.
"""

from __future__ import annotations

import math
from math import frexp, ldexp
from struct import pack
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
else:
    Floats = Any
Number = TypeVar("Number", float, Floats)

#: The logarithm of 2 in two parts. The first has 32 binary places, so that any whole number that comes up, times it, is exact.
LN2_HIGH = 0.6931471803691238
LN2_LOW = 1.9082149292705877e-10
LOG2_E = 1.4426950408889634
SQRT_HALF = 0.7071067811865476
#: How a number lies in memory: so many bits of its fraction, and above them its power of two plus the bias.
FRACTION_LENGTH, BIAS = 52, 1023
SQRT_HALF_BITS = int.from_bytes(pack(">d", SQRT_HALF), "big")
#: Beyond this the exponential is no ordinary number any more.
LARGEST_EXPONENT = 700.0
#: Where the normal quantile changes from its middle to its tails, and from these to the far tails.
MIDDLE = 0.425
FAR = 5.0


def log_series(fraction: Number) -> Number:
    """Return the logarithm of a number between sqrt(1/2) and sqrt(2), by the series of 2 artanh((x - 1) / (x + 1))."""
    s = (fraction - 1.0) / (fraction + 1.0)
    z = s * s
    square = z * z
    fourth = square * square
    low = (1 / 3 + z * (1 / 5)) + square * (1 / 7 + z * (1 / 9))
    middle = (1 / 11 + z * (1 / 13)) + square * (1 / 15 + z * (1 / 17))
    high = (1 / 19 + z * (1 / 21)) + square * (1 / 23)
    rest = z * (low + fourth * (middle + fourth * high))
    return 2.0 * s + 2.0 * s * rest


def exp_series(x: Number) -> Number:
    """Return the exponential of a number between -ln(2)/2 and ln(2)/2, by its series."""
    square = x * x
    fourth = square * square
    low = (1 / 2 + x * (1 / 6)) + square * (1 / 24 + x * (1 / 120))
    middle = (1 / 720 + x * (1 / 5_040)) + square * (1 / 40_320 + x * (1 / 362_880))
    high = (1 / 3_628_800 + x * (1 / 39_916_800)) + square * (1 / 479_001_600 + x * (1 / 6_227_020_800))
    return 1.0 + (x + square * (low + fourth * (middle + fourth * high)))


def quantile_in_the_middle(q: Number) -> Number:
    """Return the normal quantile of q + 1/2 for q between -0.425 and 0.425 (Wichura's PPND16)."""
    r = 0.180625 - q * q
    square = r * r
    fourth = square * square
    low = 3.3871328727963666080e0 + r * 1.3314166789178437745e2
    low = low + square * (1.9715909503065514427e3 + r * 1.3731693765509461125e4)
    high = 4.5921953931549871457e4 + r * 6.7265770927008700853e4
    high = high + square * (3.3430575583588128105e4 + r * 2.5090809287301226727e3)
    above = low + fourth * high
    low = (1.0 + r * 4.2313330701600911252e1) + square * (6.8718700749205790830e2 + r * 5.3941960214247511077e3)
    high = 2.1213794301586595867e4 + r * 3.9307895800092710610e4
    high = high + square * (2.8729085735721942674e4 + r * 5.2264952788528545610e3)
    below = low + fourth * high
    return q * above / below


def quantile_in_the_tail(r: Number) -> Number:
    """Return minus the normal quantile of u for r = sqrt(-log(u)) up to 5 (Wichura's PPND16)."""
    r = r - 1.6
    square = r * r
    fourth = square * square
    low = 1.42343711074968357734e0 + r * 4.63033784615654529590e0
    low = low + square * (5.76949722146069140550e0 + r * 3.64784832476320460504e0)
    high = 1.27045825245236838258e0 + r * 2.41780725177450611770e-1
    high = high + square * (2.27238449892691845833e-2 + r * 7.74545014278341407640e-4)
    above = low + fourth * high
    low = (1.0 + r * 2.05319162663775882187e0) + square * (1.67638483018380384940e0 + r * 6.89767334985100004550e-1)
    high = 1.48103976427480074590e-1 + r * 1.51986665636164571966e-2
    high = high + square * (5.47593808499534494600e-4 + r * 1.05075007164441684324e-9)
    below = low + fourth * high
    return above / below


def quantile_far_out(r: Number) -> Number:
    """Return minus the normal quantile of u for r = sqrt(-log(u)) above 5 (Wichura's PPND16)."""
    r = r - 5.0
    square = r * r
    fourth = square * square
    low = 6.65790464350110377720e0 + r * 5.46378491116411436990e0
    low = low + square * (1.78482653991729133580e0 + r * 2.96560571828504891230e-1)
    high = 2.65321895265761230930e-2 + r * 1.24266094738807843860e-3
    high = high + square * (2.71155556874348757815e-5 + r * 2.01033439929228813265e-7)
    above = low + fourth * high
    low = (1.0 + r * 5.99832206555887937690e-1) + square * (1.36929880922735805310e-1 + r * 1.48753612908506148525e-2)
    high = 7.86869131145613259100e-4 + r * 1.84631831751005468180e-5
    high = high + square * (1.42151175831644588870e-7 + r * 2.04426310338993978564e-15)
    below = low + fourth * high
    return above / below


def log(x: Floats) -> Floats:
    """Return the natural logarithm of positive numbers, finite and none below 2**-1022."""
    import numpy as np

    bits = np.asarray(x, dtype=np.float64).view(np.int64)
    power = (bits - SQRT_HALF_BITS) >> FRACTION_LENGTH  # of two, which leaves a number from sqrt(1/2) to sqrt(2)
    fraction = (bits - (power << FRACTION_LENGTH)).view(np.float64)
    exponent = power.astype(np.float64)
    return exponent * LN2_HIGH + (exponent * LN2_LOW + log_series(fraction))


def exp(x: Floats) -> Floats:
    """Return the exponential; 0 for numbers below -700, and that of 700 for numbers above."""
    import numpy as np

    inside = np.minimum(np.maximum(x, -LARGEST_EXPONENT), LARGEST_EXPONENT)
    doublings = np.rint(inside * LOG2_E)
    rest = (inside - doublings * LN2_HIGH) - doublings * LN2_LOW
    power = ((doublings.astype(np.int64) + BIAS) << FRACTION_LENGTH).view(np.float64)
    return np.where(x < -LARGEST_EXPONENT, 0.0, exp_series(rest) * power)


def normal_quantile(u: Floats) -> Floats:
    """Return the standard normal number below which a share ``u`` of all lies, for shares strictly between 0 and 1."""
    import numpy as np

    u = np.asarray(u, dtype=np.float64)
    q = u - 0.5
    quantiles = np.asarray(quantile_in_the_middle(q))
    outside = np.abs(q) > MIDDLE
    if outside.any():  # three in twenty
        tail = u[outside]
        r = np.sqrt(-log(np.minimum(tail, 1.0 - tail)))
        found = quantile_in_the_tail(r)
        if r.max() > FAR:
            found = np.where(r <= FAR, found, quantile_far_out(r))
        quantiles[outside] = np.where(tail < 0.5, -found, found)
    return quantiles


def log_of(x: float) -> float:
    """Return the natural logarithm of one positive number."""
    fraction, exponent = frexp(x)
    if fraction < SQRT_HALF:
        fraction, exponent = 2.0 * fraction, exponent - 1
    return exponent * LN2_HIGH + (exponent * LN2_LOW + log_series(fraction))


def exp_of(x: float) -> float:
    """Return the exponential of one number; 0 below -700, and that of 700 above."""
    if x < -LARGEST_EXPONENT:
        return 0.0
    inside = min(x, LARGEST_EXPONENT)
    doublings = float(round(inside * LOG2_E))
    rest = (inside - doublings * LN2_HIGH) - doublings * LN2_LOW
    return ldexp(exp_series(rest), int(doublings))


def normal_quantile_of(u: float) -> float:
    """Return the standard normal number below which a share ``u`` of all lies, for one share strictly between 0 and 1."""
    q = u - 0.5
    if abs(q) <= MIDDLE:
        return quantile_in_the_middle(q)
    r = math.sqrt(-log_of(min(u, 1.0 - u)))
    tail = quantile_in_the_tail(r) if r <= FAR else quantile_far_out(r)
    return -tail if q < 0 else tail
