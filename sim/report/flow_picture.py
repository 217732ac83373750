"""The flow of a scenario, drawn from the scenario itself: change a lever and the picture changes.

The stages come from :mod:`sim.report.stages`; here they are drawn, as text for a terminal or as a figure.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.report.stages import Line, Stage, stages
from sim.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_COLUMNS = 100

_NUMBER_AND_UNIT = re.compile(r"(?<=\d) (?=(?:ms|s|min|h|d|per h)\b)")


def as_text(scenario: Scenario) -> str:
    """Return the flow of a scenario as text for a terminal, at most 100 columns wide.

    Parameters
    ----------
    scenario
        A loaded scenario.
    """
    width = MOST_COLUMNS - 4
    rows: list[str] = []
    flow = stages(scenario)
    for number, stage in enumerate(flow):
        last = number == len(flow) - 1
        rows.append(f"╭─ {stage.title} ".ljust(width + 3, "─") + "╮")
        rows += [f"│ {text.ljust(width)} │" for line in stage.lines for text in _line_as_text(line, width)]
        rows.append(("╰──" if last and not stage.exits else "╰──┬").ljust(width + 3, "─") + "╯")
        for position, leaves in enumerate(stage.exits):
            ends_here = last and position == len(stage.exits) - 1
            first, *more = _wrap(leaves, width - 8)
            rows.append(f"   {'└' if ends_here else '├'}──▷ {first}")
            rows += [f"   {' ' if ends_here else '│'}      {text}" for text in more]
        if not last:
            rows.append("   ▼")
    return "\n".join(rows) + "\n"


def _line_as_text(line: Line, width: int) -> Iterator[str]:
    """Yield the rows of one line: what and value at the left, the path at the right of the first row that has room."""
    body = _wrap(f"{line.what}: {line.value}", width - 38, indent="  ")
    if len(line.path) <= 36:
        yield f"{body[0].ljust(width - 37)} {line.path.rjust(36)}"
        yield from body[1:]
    else:
        yield from body
        yield f"{line.path[:width]}".rjust(width)


def _wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Return text in rows; a number stays with its unit."""
    rows = textwrap.wrap(_NUMBER_AND_UNIT.sub("\N{NO-BREAK SPACE}", text), width, subsequent_indent=indent)
    return [row.replace("\N{NO-BREAK SPACE}", " ") for row in rows]


def as_figure(scenario: Scenario) -> Figure:
    """Return the flow of a scenario as a figure: stages from top to bottom, ways out at the right.

    Parameters
    ----------
    scenario
        A loaded scenario.
    """
    from sim.report.drawing import COLUMN_WIDTH, GREY, axes_at, new_figure, style

    flow = [_Box.of(stage) for stage in stages(scenario)]
    inches = sum(box.height for box in flow) + GAP * len(flow)
    with style():
        figure = new_figure(inches)
        axes = axes_at(figure, 0, 0, COLUMN_WIDTH, inches)
        axes.set(xlim=(0, COLUMN_WIDTH), ylim=(0, inches))
        axes.set_axis_off()
        top = inches - GAP / 2
        for box in flow:
            box.draw(axes, top)
            if box is not flow[-1]:
                _arrow(axes, (0.55, top - box.height), (0.55, top - box.height - GAP), GREY)
            top -= box.height + GAP
    return figure


#: Inches: between boxes; from row to row in a box and beside it; where values and ways out begin, and where boxes end.
GAP, ROW, ROW_OUTSIDE = 0.24, 0.165, 0.15
VALUES_FROM, BOX_TO, EXITS_FROM = 1.32, 3.5, 3.7


@dataclass(frozen=True, slots=True)
class _Box:
    """A stage with its words broken into rows."""

    title: str
    lines: list[tuple[list[str], list[str]]]
    exits: list[list[str]]

    @classmethod
    def of(cls, stage: Stage) -> _Box:
        from sim.report.drawing import drawable

        lines = [(_wrap(line.what, 17), _wrap(drawable(line.value), 34)) for line in stage.lines]
        return cls(stage.title, lines, [_wrap(words, 17) for words in stage.exits])

    @property
    def height(self) -> float:
        inside = 0.38 + sum(ROW * max(len(what), len(value)) + 0.035 for what, value in self.lines)
        outside = sum(ROW_OUTSIDE * len(rows) + 0.1 for rows in self.exits)
        return max(inside, outside)

    def draw(self, axes: Axes, top: float) -> None:
        from matplotlib.patches import FancyBboxPatch

        from sim.report.drawing import BLUE, GREY, VERMILION

        shape = FancyBboxPatch(
            (0.09, top - self.height + 0.04), BOX_TO - 0.13, self.height - 0.08,
            boxstyle="round,pad=0.04,rounding_size=0.08", facecolor="#F2F7FB", edgecolor=BLUE, linewidth=1.0,
        )  # fmt: skip
        axes.add_patch(shape)
        axes.text(0.17, top - 0.08, self.title, weight="bold", va="top", color=BLUE)
        y = top - 0.3
        for what, value in self.lines:
            for column, rows, colour in ((0.17, what, GREY), (VALUES_FROM, value, "black")):
                for row, text in enumerate(rows):
                    axes.text(column, y - row * ROW, text, fontsize=8, va="top", color=colour)
            y -= ROW * max(len(what), len(value)) + 0.035
        y = top - (self.height - sum(ROW_OUTSIDE * len(rows) + 0.1 for rows in self.exits)) / 2
        for rows in self.exits:
            middle = y - ROW_OUTSIDE * len(rows) / 2 - 0.02
            _arrow(axes, (BOX_TO, middle), (EXITS_FROM - 0.04, middle), VERMILION)
            for row, text in enumerate(rows):
                axes.text(EXITS_FROM, y - row * ROW_OUTSIDE - 0.02, text, fontsize=8, va="top", color="#A34700")
            y -= ROW_OUTSIDE * len(rows) + 0.1


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
    style = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.4, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=end, xytext=start, arrowprops=style)
