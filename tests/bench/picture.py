"""The picture of docs/performance.md: how fast everybody is at both sizes, and how the compiled engine bears growth."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from sim.report.drawing import BLUE, COLUMN_WIDTH, GREY, ORANGE, axes_at, new_figure, style, svg_text, without_left_side, words_at
from tests.bench.measuring import Row
from tests.bench.page import rounded

ROW_HEIGHT = 0.3
GROWTH_HEIGHT = 1.15
#: What lies below each plot for its axis, and above it for its heading, in inches.
BELOW, ABOVE = 0.45, 0.35
LEFT, RIGHT = 1.75, 0.25


def picture(small: Sequence[Row], big: Sequence[Row], growth: Sequence[Row]) -> str:
    """Return the picture as the text of an SVG file, the same bytes for the same rows."""
    engines = list(dict.fromkeys(row.contender.engine for row in small))
    rates = ROW_HEIGHT * len(engines)
    height = 2 * (BELOW + ABOVE) + rates + GROWTH_HEIGHT
    width = COLUMN_WIDTH - LEFT - RIGHT
    with style():
        figure = new_figure(height)
        upper = axes_at(figure, LEFT, 2 * BELOW + ABOVE + GROWTH_HEIGHT, width, rates)
        words_at(figure, 0.08, height - 0.22, "Stops a second, by engine (logarithmic; k: thousand, M: million)", weight="bold")
        draw_rates(upper, engines, small, big)
        lower = axes_at(figure, LEFT, BELOW, width, GROWTH_HEIGHT)
        words_at(figure, 0.08, BELOW + GROWTH_HEIGHT + 0.13, "Compiled engine, by how many stops", weight="bold")
        draw_growth(lower, growth)
        return svg_text(figure)


def logarithmic(axes: Axes) -> None:
    """Make the lower axis logarithmic, its numbers short and without small ones raised."""
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda number, _: f"{number / 1e6:g} M" if number >= 1e6 else f"{number / 1e3:g} k")
    axes.xaxis.set_minor_locator(NullLocator())


def draw_rates(axes: Axes, engines: list[str], small: Sequence[Row], big: Sequence[Row]) -> None:
    """Draw a mark for each engine and size, in the order of the table."""
    for rows, name, shape, colour, beside in ((small, "small", "o", BLUE, 0.13), (big, "big", "s", ORANGE, -0.13)):
        places = [len(engines) - 1 - engines.index(row.contender.engine) + beside for row in rows]
        axes.plot([row.rate for row in rows], places, shape, color=colour, label=name, markersize=5, clip_on=False)
    logarithmic(axes)
    axes.set_yticks(range(len(engines)), engines[::-1])
    axes.set_ylim(-0.5, len(engines) - 0.5)
    axes.grid(True)
    without_left_side(axes)
    axes.legend(loc="upper right", handletextpad=0.2)


def draw_growth(axes: Axes, growth: Sequence[Row]) -> None:
    """Draw the rate over the length, from nought, with a fifth below the fastest as a line; more traffic is no length."""
    longer = [row for row in growth if "traffic" not in row.contender.work]
    stops = [10.0 ** int(row.contender.work.split()[0].removeprefix("10^")) for row in longer]
    rates = [row.rate / 1e6 for row in longer]
    axes.plot(stops, rates, "o-", color=BLUE, markersize=5)
    axes.axhline(0.8 * max(rates), color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.annotate(
        "a fifth less", (stops[-1], 0.8 * max(rates)), (0, -3), textcoords="offset points", ha="right", va="top", color=GREY
    )
    logarithmic(axes)
    axes.set_ylim(0, 1.15 * max(rates))
    axes.set_ylabel("million stops/s")


def alternative(small: Sequence[Row], big: Sequence[Row], growth: Sequence[Row]) -> str:
    """Return what the picture shows, in words, for those who cannot see it."""

    def said(rows: Sequence[Row]) -> str:
        return "; ".join(f"{row.contender.engine}: {rounded(row.rate)}" for row in rows)

    lengths = ", ".join(f"{rounded(row.rate)} at {row.contender.work}" for row in growth)
    return (
        f"Stops a second on the corridor. Small size: {said(small)}. Big size: {said(big)}. "
        f"The compiled engine by how many stops: {lengths}."
    )
