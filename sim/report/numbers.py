"""Numbers as people read them: no more digits than mean something, and a dash where there is no number.

Two significant digits are kept, and never fewer than stand before the point; ranges of counted things end at whole
numbers. A reported figure is held against a range as both are shown, so that no table contradicts itself.
"""

from __future__ import annotations

import math
from typing import Literal

from sim.experiment.replications import Summary
from sim.scenario_file import ReportedFigure
from sim.units import MILLISECONDS

#: What is shown where a number is undefined.
DASH = "\N{EN DASH}"
#: Units in which fractions occur; everything else is counted in whole things.
CONTINUOUS = ("minutes", "hours", "share")
#: Signs for how firmly a figure was reported, put before it.
QUALIFIER_SIGNS = {"exact": "", "approximate": "≈ ", "at_least": "≥ ", "under": "< ", "range": "≈ "}
QUALIFIER_WORDS = {
    "exact": "",
    "approximate": "about ",
    "at_least": "at least ",
    "under": "fewer than ",
    "range": "in a range about ",
}

Verdict = Literal["inside", "below", "above", "undefined"]


def in_words(value: float, unit: str, decimals: int | None = None) -> str:
    """Return a number as a person would write it: ``195``, ``0.68``, ``1.2``, or a dash for NaN.

    Parameters
    ----------
    value
        The number.
    unit
        Its unit; whole numbers of counted things are written without decimals. The unit itself is not written.
    decimals
        Digits after the point; by default as many as show two significant digits.
    """
    if not math.isfinite(value):
        return DASH
    chosen = _decimals(value, unit) if decimals is None else decimals
    rounded = round(value, chosen)
    if rounded == 0 and decimals is None:
        return "0"
    text = f"{abs(rounded):,.{chosen}f}"
    if decimals is None and 0 < abs(rounded) < 1:
        text = text.rstrip("0")
    return f"\N{MINUS SIGN}{text}" if rounded < 0 else text


def range_in_words(low: float, high: float, unit: str) -> str:
    """Return the range of a measure over replications, such as ``32 to 50``: whole numbers for counted things."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return DASH
    decimals = _range_decimals(low, high, unit)
    first, last = ends(low, high, unit)
    return f"{in_words(first, unit, decimals if first else 0)} to {in_words(last, unit, decimals if last else 0)}"


def interval_of_mean(summary: Summary) -> tuple[float, float]:
    """Return the 95% interval of a measure's mean; no measure is ever below 0, and so the interval ends there."""
    return max(0.0, summary.ci_low) if math.isfinite(summary.ci_low) else summary.ci_low, summary.ci_high


def interval_in_words(low: float, high: float, unit: str) -> str:
    """Return the interval of a mean, with as many decimals as tell its ends apart."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return DASH
    decimals = interval_decimals(low, high, unit)
    return f"{in_words(low, unit, decimals if low else 0)} to {in_words(high, unit, decimals if high else 0)}"


def interval_decimals(low: float, high: float, unit: str) -> int:
    """Return the decimals that a mean with this interval deserves: those in which its ends differ, or two figures."""
    by_size = _decimals(max(abs(low), abs(high)), unit)
    width = high - low
    return min(6, max(by_size, math.ceil(-math.log10(width)))) if width > 0 else by_size


def ends(low: float, high: float, unit: str) -> tuple[float, float]:
    """Return both ends of a range over replications as they are shown."""
    decimals = _range_decimals(low, high, unit)
    return _rounded(low, decimals), _rounded(high, decimals)


def verdict(figure: ReportedFigure, summary: Summary, unit: str) -> Verdict:
    """Return where a reported figure lies: inside the simulated 90% range, below it or above it.

    A figure reported as a bound (at least, fewer than) is outside only if the whole range lies on the wrong side of it.
    One replication makes no range, so that nothing can be said.
    """
    if summary.replications < 2:
        return "undefined"
    low, high = ends(summary.p05, summary.p95, unit)
    value = _rounded(figure.value, _range_decimals(summary.p05, summary.p95, unit))
    if value < low and figure.qualifier != "at_least":
        return "below"
    if figure.qualifier == "under" and value <= low:
        return "below"
    if value > high and figure.qualifier != "under":
        return "above"
    return "inside"


def duration_in_words(milliseconds: float) -> str:
    """Return a duration to three figures in the largest unit that shows it plainly: ``9 min``, ``1.5 h``."""
    for unit in ("d", "h", "min", "s"):
        size = MILLISECONDS[unit]
        if milliseconds >= 2 * size or (milliseconds >= size and milliseconds * 2 % size == 0):
            return f"{milliseconds / size:.3g} {unit}"
    return f"{milliseconds:.3g} ms" if milliseconds else "0 min"


def share_in_words(share: float) -> str:
    """Return a share as a percentage, such as ``93%`` or ``0.3%``."""
    return f"{share * 100:.3g}%"


def name_in_words(measure: str) -> str:
    """Return a measure's name for people.

    Raises
    ------
    UsageError
        If there is no such measure.
    """
    words = measure.replace("_", " ").replace("p95", "(95th percentile)").replace(" mean", " (mean)")
    return words.replace(" ice ", " ICE ")


def with_unit(words: str, unit: str) -> str:
    """Return a measure in words with its unit behind it, unless the words have it already."""
    return words if unit in words.split() else f"{words} ({unit})"


def _range_decimals(low: float, high: float, unit: str) -> int:
    return interval_decimals(low, high, unit) if unit in CONTINUOUS else 0


def _rounded(value: float, decimals: int) -> float:
    """Return a number rounded half up, as people do; Python rounds 50.5 down and 51.5 up."""
    scale = float(10**decimals)
    return math.floor(value * scale + 0.5) / scale


def _decimals(value: float, unit: str) -> int:
    """Return the decimals that show two significant digits; none for a whole number of counted things."""
    if value == 0 or (unit not in CONTINUOUS and value == int(value)):
        return 0
    decimals = _two_digits(value)
    return min(6, _two_digits(round(value, decimals)) if round(value, decimals) else decimals)


def _two_digits(value: float) -> int:
    return max(0, 1 - math.floor(math.log10(abs(value))))
