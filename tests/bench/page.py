"""What is written into docs/performance.md: the tables, the picture's words, and the section between the two marks."""

from __future__ import annotations

from collections.abc import Sequence

from tests.bench.measuring import Row

BEGIN = "<!-- bench: begin; `make bench` writes what stands between these marks -->"
END = "<!-- bench: end -->"

HEADINGS = ("engine", "work", "stops/s", "times SimPy", "in any round", "by the clock", "peak MB")
GROWTH_HEADINGS = ("stops, in one replication", "stops/s", "of the fastest", "peak MB")
OTHER_WORK = "*"
NOTE = f"{OTHER_WORK} against the reference corridor, which is other and simpler work: an order of magnitude, no more."
#: Its process holds the engine that told it how much to draw.
NO_MEMORY = "drawing"

Table = Sequence[tuple[str, ...]]


def rounded(number: float) -> str:
    """Return a number with two digits that say something: more would not be known."""
    return f"{float(f'{number:.2g}'):,.0f}"


def times(ratio: float | None, mark: str = "") -> str:
    """Return a ratio as text."""
    if ratio is None:
        return ""
    return (f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}") + mark


def cells(row: Row) -> tuple[str, ...]:
    """Return a row as text, in the order of `HEADINGS`."""
    one = row.contender
    mark = "" if one.same_work else OTHER_WORK
    memory = "" if one.model == NO_MEMORY else f"{row.peak_mb:,.0f}"
    ratios = times(row.ratio, mark), spread_of(row), times(row.ratio_by_clock, mark)
    return one.engine, one.work, rounded(row.rate), *ratios, memory


def spread_of(row: Row) -> str:
    """Return the smallest and the largest ratio of any round as text; nothing for who is compared with itself."""
    if row.spread is None or row.contender.label == row.contender.baseline:
        return ""
    return " to ".join(map(times, row.spread))


def table_of(rows: Sequence[Row]) -> Table:
    """Return the table of contenders."""
    return [HEADINGS, *map(cells, rows)]


def growth_of(rows: Sequence[Row]) -> Table:
    """Return the table of growth: rates as shares of the fastest."""
    fastest = max(row.rate for row in rows)
    lines = [(row.contender.work, rounded(row.rate), f"{row.rate / fastest:.0%}", f"{row.peak_mb:,.0f}") for row in rows]
    return [GROWTH_HEADINGS, *lines]


def words_in(table: Table) -> int:
    """Return how many columns of a table are words, which stand to the left; the others are numbers."""
    return 2 if table[0] == HEADINGS else 1


def as_text(table: Table) -> str:
    """Return a table for a terminal, in aligned columns."""
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    words = words_in(table)
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < words else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in table
    )


def as_markdown(table: Table) -> str:
    """Return a table for the documentation."""
    words = words_in(table)
    ruler = tuple("---" if column < words else "---:" for column in range(len(table[0])))
    lines = [table[0], ruler, *table[1:]]
    return escaped("\n".join(f"| {' | '.join(line)} |" for line in lines))


def escaped(text: str) -> str:
    """Return a text in which the mark of other work is no emphasis."""
    return text.replace(OTHER_WORK, rf"\{OTHER_WORK}")


def with_section(page: str, section: str) -> str:
    """Return the page with the section between its marks replaced.

    Raises
    ------
    ValueError
        If the page does not hold each mark once, in order.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end) or BEGIN in rest or END in before or END in after:
        raise ValueError(f"the page must hold these two lines once each, in this order:\n{BEGIN}\n{END}")
    return f"{before}{BEGIN}\n\n{section}\n\n{END}{after}"
