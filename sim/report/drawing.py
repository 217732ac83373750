"""How every picture looks, and how it becomes an SVG file that is the same byte for byte each time.

Pictures are made with matplotlib's objects (no pyplot, no display, no change to anybody's settings). Colours are those
of Okabe and Ito, which colour-blind readers can tell apart; what a colour says, a shape or a word says as well.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY, PALE, INK = "#6B6B6B", "#E4E4E4", "#222222"

#: Inches; narrow, so that the letters (8 and 9 points) can still be read where a telephone shrinks the picture.
COLUMN_WIDTH = 4.8

STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": GREY,
    "axes.grid": False,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 9,
    "axes.unicode_minus": True,
    "figure.facecolor": "white",
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "grid.color": PALE,
    "hatch.linewidth": 0.6,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "patch.linewidth": 0.7,
    "svg.fonttype": "path",  # letters as outlines: the same picture on every machine, whatever fonts it has
    "svg.hashsalt": "stopflow",
    "text.color": INK,
    "text.parse_math": False,  # a dollar sign in somebody's scenario is a dollar sign
    "xtick.color": GREY,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.color": GREY,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 8.5,
}


@contextmanager
def style() -> Iterator[None]:
    """Draw in our style, whatever style the notebook around has set; that one is back afterwards."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        yield


def new_figure(height: float) -> Figure:
    """Return an empty figure of the width of a column; the height in inches.

    Everything in it gets its place by hand: the solver behind matplotlib's own layouts varies in the last digits from
    run to run, and the same picture would not be the same file.
    """
    from matplotlib.figure import Figure

    return Figure(figsize=(COLUMN_WIDTH, height))


def axes_at(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes at a place; inches from the lower left corner of the figure."""
    across, up = figure.get_size_inches()
    return figure.add_axes((left / across, bottom / up, width / across, height / up))


def words_at(figure: Figure, left: float, bottom: float, text: str, **properties: Any) -> None:
    """Write text at a place; inches from the lower left corner of the figure."""
    across, up = figure.get_size_inches()
    figure.text(left / across, bottom / up, text, **properties)


def foot_note(figure: Figure, text: str) -> None:
    """Write a note at the foot of a figure; one row takes 0.15 inches."""
    words_at(figure, 0.08, 0.07, text, fontsize=8, color=GREY, va="bottom", linespacing=1.4)


def message(text: str) -> Figure:
    """Return a figure that says why there is no picture."""
    figure = new_figure(1.0)
    figure.text(0.5, 0.5, text, ha="center", va="center", color=GREY)
    return figure


def drawable(text: str) -> str:
    """Return text with a mark in place of each letter that our font lacks."""
    from matplotlib.font_manager import findfont, get_font

    known = get_font(findfont("DejaVu Sans")).get_charmap()
    return "".join(letter if ord(letter) in known else "\N{REPLACEMENT CHARACTER}" for letter in text)


def without_left_side(axes: Axes) -> None:
    """Take the line and the ticks of the left side away; labels stay."""
    axes.spines["left"].set_visible(False)
    axes.tick_params(which="both", left=False)


def save_svg(figure: Figure | str, path: str | Path) -> None:
    """Write a figure as an SVG file: the same bytes for the same picture, without a date.

    Parameters
    ----------
    figure
        Any figure of matplotlib, or the text that :func:`svg_text` has made of it.
    path
        Where to write it; an existing file is replaced.
    """
    text = figure if isinstance(figure, str) else svg_text(figure)
    Path(path).write_text(text, encoding="utf-8", newline="\n")


def svg_text(figure: Figure) -> str:
    """Return a figure as the text of an SVG file; drawing is most of the time of a short run, so keep what is used twice."""
    stream = io.StringIO()
    with style():
        # Without any metadata there is neither a date nor an address in the file.
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(stream, format="svg", metadata=nothing)
    return stream.getvalue()


def inline_svg(figure: Figure | str, name: str, title: str, description: str) -> str:
    """Return a figure as an ``<svg>`` element to stand in HTML, with a text for those who cannot see it.

    Parameters
    ----------
    figure
        Any figure of matplotlib, or the text that :func:`svg_text` has made of it.
    name
        Put before every identifier, so that several pictures fit one page; letters, digits and hyphens.
    title, description
        What the picture is, and what it shows; plain text, escaped here.
    """
    from html import escape

    text = figure if isinstance(figure, str) else svg_text(figure)
    width, height = re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text)[0]
    inside = text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")]
    inside = re.sub(r"<metadata>.*?</metadata>", "", inside, flags=re.DOTALL)
    # matplotlib styles '*', which would reach the whole page; as a style of the picture the same words stay inside it.
    inside = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", inside, count=1, flags=re.DOTALL)
    inside = re.sub(r'\bid="', f'id="{name}-', inside)
    inside = inside.replace('xlink:href="#', f'href="#{name}-').replace("url(#", f"url(#{name}-")
    return (
        f'<svg role="img" aria-labelledby="{name}-title {name}-desc" viewBox="0 0 {width} {height}" '
        f'style="stroke-linejoin:round;stroke-linecap:butt;max-width:{float(width) * 1.7:.0f}px">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>'
        f"{inside}</svg>"
    )
