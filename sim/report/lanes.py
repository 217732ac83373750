"""One replication as lanes over the clock: what every unit, inspector, answerer and ICE vehicle did, and when.

Made from the trace alone; shown as letters in a terminal or as a page.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sim.fields import CHANNELS
from sim.report.page import Facts, render
from sim.report.stages import CHANNEL_WORDS
from sim.report.story import tell
from sim.scenario import Scenario
from sim.trace import LOCAL, NOBODY, OVERFLOW, Kind, Trace
from sim.units import DAY, HOUR, MILLISECONDS

MINUTE = MILLISECONDS["min"]
MOST_DAYS = 7
#: More bars than this make a page that no browser shows with pleasure; the days that hold them are left out.
MOST_BARS = 8_000
COLUMNS = 94
#: What a bar shows: its word, its letter in a terminal, its colour.
ACTIVITIES = {
    "stop": ("stop", "S", "#56B4E9"),
    "inspection": ("inspection", "I", "#009E73"),
    "check": ("question to ICE", "Q", "#E69F00"),
    "custody": ("people taken to custody", "C", "#D55E00"),
    "arrest": ("away with an arrested driver", "A", "#CC79A7"),
    "drive": ("ICE vehicle on its way", "D", "#D55E00"),
    "passed": ("passed unstopped", "P", "#6B6B6B"),
    "detained": ("detained", "X", "#D55E00"),
    "let_go": ("referred and let go", "O", "#0072B2"),
}
_BEGINS = {
    Kind.STOP_BEGAN: "stop",
    Kind.INSPECTION_BEGAN: "inspection",
    Kind.QUESTION_PUT: "check",
    Kind.CUSTODY_BEGAN: "custody",
    Kind.ARREST_BEGAN: "arrest",
    Kind.ICE_VEHICLE_LEFT: "drive",
}
_ENDS = {
    Kind.STOP_ENDED: "stop",
    Kind.INSPECTION_ENDED: "inspection",
    Kind.ANSWERED: "check",
    Kind.GAVE_UP: "check",
    Kind.CUSTODY_ENDED: "custody",
    Kind.ARREST_ENDED: "arrest",
    Kind.ICE_VEHICLE_BACK: "drive",
}
_MOMENTS = {
    Kind.PASSED: "passed",
    Kind.DETAINED: "detained",
    Kind.NO_MATCH: "let_go",
    Kind.DECLINED: "let_go",
    Kind.NO_ANSWER: "let_go",
    Kind.PAST_LIMIT: "let_go",
}
_DUTY = {
    Kind.UNIT_ON_DUTY: ("unit", True),
    Kind.UNIT_OFF_DUTY: ("unit", False),
    Kind.INSPECTOR_ON_DUTY: ("inspector", True),
    Kind.INSPECTOR_OFF_DUTY: ("inspector", False),
}
#: Lanes from top to bottom: what came of it and what it took first.
_ORDER = ("detained", "referred and let go", "passed unstopped", "unit", "inspector", *CHANNEL_WORDS.values(), "ICE vehicle")

LaneKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Bar:
    """One thing that takes time, or one moment; times in milliseconds."""

    activity: str
    begin: int
    end: int
    words: str


@dataclass(slots=True)
class Lane:
    """Everything that one unit, inspector, answerer or vehicle did."""

    name: str
    bars: list[Bar] = field(default_factory=list)
    duty: list[tuple[int, int]] = field(default_factory=list)


def lanes_of(scenario: Scenario, trace: Trace) -> list[Lane]:
    """Return the lanes of a replication, from top to bottom.

    Parameters
    ----------
    scenario
        The scenario of the trace, for names.
    trace
        What happened.
    """
    names = dict(enumerate(scenario.flow_names)) | {LOCAL: "local arrest", OVERFLOW: "ICE overflow", NOBODY: ""}
    lanes: dict[LaneKey, Lane] = {}
    open_: dict[tuple[object, ...], int] = {}
    on_duty: dict[LaneKey, int] = {}
    last = int(trace.rows[-1, 0]) if len(trace.rows) else 0
    for time, code, flow, vehicle, _, unit, detail in trace.rows.tolist():
        kind = Kind(code)
        words = f"{names[flow]} {vehicle}".replace("_", " ") if flow != NOBODY else ""
        if kind in _BEGINS:
            open_[_BEGINS[kind], flow, vehicle, unit] = time
        elif kind in _ENDS:
            activity = _ENDS[kind]
            begin = open_.pop((activity, flow, vehicle, unit), time)
            _lane(lanes, _key(activity, unit, detail)).bars.append(Bar(activity, begin, time, words))
        elif kind in _MOMENTS:
            activity = _MOMENTS[kind]
            _lane(lanes, (ACTIVITIES[activity][0], -1)).bars.append(Bar(activity, time, time, words))
        elif kind in _DUTY:
            _duty(lanes, on_duty, (_DUTY[kind][0], unit), time, begins=_DUTY[kind][1])
    for key, begin in on_duty.items():
        _lane(lanes, key).duty.append((begin, last))
    return [lanes[key] for key in sorted(lanes, key=lambda key: (_ORDER.index(key[0]), key[1]))]


def _key(activity: str, unit: int, detail: int) -> LaneKey:
    if activity == "check":
        return CHANNEL_WORDS[CHANNELS[detail]], unit
    return {"inspection": "inspector", "drive": "ICE vehicle"}.get(activity, "unit"), unit


def _lane(lanes: dict[LaneKey, Lane], key: LaneKey) -> Lane:
    name = key[0] if key[1] < 0 else f"{key[0]} {key[1]}"
    return lanes.setdefault(key, Lane(name))


def _duty(lanes: dict[LaneKey, Lane], on_duty: dict[LaneKey, int], key: LaneKey, time: int, *, begins: bool) -> None:
    lane = _lane(lanes, key)
    if begins:
        on_duty[key] = time
    elif key in on_duty:
        lane.duty.append((on_duty.pop(key), time))


def days_of(lanes: list[Lane]) -> list[int]:
    """Return the days on which anything happened in any lane, counted from the first day of the operation."""
    days: set[int] = set()
    for lane in lanes:
        for begin, end in [*((bar.begin, bar.end) for bar in lane.bars), *lane.duty]:
            days.update(range(begin // DAY, end // DAY + (end % DAY > 0 or begin == end)))
    return sorted(days)


def span_of(lanes: list[Lane], day: int) -> tuple[int, int]:
    """Return the whole hours of a day, in milliseconds, between which anything happened."""
    begin, end = day * DAY, (day + 1) * DAY
    times = [
        (max(first, begin), min(last, end))
        for lane in lanes
        for first, last in [*((bar.begin, bar.end) for bar in lane.bars), *lane.duty]
        if first < end and last >= begin
    ]
    first, last = min(one for one, _ in times), max(one for _, one in times)
    return first // HOUR * HOUR, max(first // HOUR * HOUR + HOUR, math.ceil(last / HOUR) * HOUR)


# --- in a terminal --------------------------------------------------------------------------------------------------


def as_text(scenario: Scenario, trace: Trace) -> Iterator[str]:
    """Yield the rows of the timeline for a terminal of 120 columns: a letter for what took most of each moment.

    Parameters
    ----------
    scenario
        The scenario of the trace.
    trace
        What happened.
    """
    lanes = lanes_of(scenario, trace)
    days = days_of(lanes)
    for day in days[:MOST_DAYS]:
        begin, end = span_of(lanes, day)
        yield f"{_date(scenario, day)}, from {begin % DAY // HOUR:02d}:00; one letter is {_step(begin, end) / MINUTE:.3g} min"
        for lane in lanes:
            row = _letters(lane, begin, end)
            if row.strip():
                yield f"{lane.name:>20} {row}"
        yield f"{'':>20} {_hours(begin, end)}"
        yield ""
    legend = [*(f"{letter} {word}" for word, letter, _ in ACTIVITIES.values()), "· on duty"]
    yield "   ".join(legend[:5])
    yield "   ".join(legend[5:])
    if len(days) > MOST_DAYS:
        yield f"The first {MOST_DAYS} of {len(days)} days."


def _date(scenario: Scenario, day: int) -> str:
    date = scenario.operation.first_day + timedelta(days=day)
    return f"{date:%A} {date.day} {date:%B %Y}"


def _step(begin: int, end: int) -> float:
    return (end - begin) / COLUMNS


def _letters(lane: Lane, begin: int, end: int) -> str:
    step = _step(begin, end)
    shares: list[dict[str, float]] = [{} for _ in range(COLUMNS)]
    stretches = [("·", *one) for one in lane.duty]
    stretches += [(ACTIVITIES[bar.activity][1], bar.begin, bar.end) for bar in lane.bars]
    for letter, first, last in stretches:
        if first >= end or last < begin:
            continue
        left = max(0, int((first - begin) / step))
        for column in range(left, min(COLUMNS - 1, int((last - begin) / step)) + 1):
            low, high = begin + column * step, begin + (column + 1) * step
            within = max(0.0, min(last, high) - max(first, low))
            # A moment has no length, and duty is only the ground on which the rest stands.
            weight = 1e-6 * within if letter == "·" else within if last > first else 1.0
            if weight:
                shares[column][letter] = shares[column].get(letter, 0.0) + weight
    return "".join(max(one, key=lambda letter: (one[letter], letter)) if one else " " for one in shares)


def _hours(begin: int, end: int) -> str:
    hours = (end - begin) // HOUR
    every = next(one for one in (1, 2, 3, 4, 6) if hours / one <= 12)
    row = [" "] * (COLUMNS + 6)
    for hour in range(0, hours + 1, every):
        at = round(hour * HOUR / _step(begin, end))
        row[at : at + 5] = f"{(begin // HOUR + hour) % 24:02d}:00"
    return "".join(row).rstrip()


# --- as a page ------------------------------------------------------------------------------------------------------

#: In the units of the picture: width of all and of the names at the left, height of a lane and of a bar.
WIDTH, NAMES, ROW, BAR = 1000, 150, 20, 14


@dataclass(frozen=True, slots=True)
class Block:
    """One rectangle of the picture."""

    x: float
    width: float
    activity: str
    words: str


@dataclass(frozen=True, slots=True)
class DayPicture:
    """One day as rectangles, with its heading and its words."""

    number: int
    heading: str
    rows: list[tuple[str, list[tuple[float, float]], list[Block]]]
    ticks: list[tuple[float, str]]
    words: str

    @property
    def height(self) -> int:
        """Height in the units of the picture."""
        return ROW * len(self.rows) + 30


def page_of(scenario: Scenario, trace: Trace, replication: int, seed: int, facts: Facts) -> str:
    """Return the timeline of a replication as the text of an HTML file.

    Parameters
    ----------
    scenario
        The scenario of the trace.
    trace
        What happened.
    replication, seed
        Which replication it is.
    facts
        What only the caller knows.
    """
    lanes = lanes_of(scenario, trace)
    days = days_of(lanes)
    shown: list[DayPicture] = []
    bars = 0
    for day in days[:MOST_DAYS]:
        picture = _picture(scenario, lanes, day)
        bars += sum(len(blocks) for *_, blocks in picture.rows)
        if bars > MOST_BARS and shown:
            break
        shown.append(picture)
    return render(
        "timeline.html.j2",
        facts,
        {"answer": "Timeline", "story": "The story in words", "reproduce": "How to reproduce"},
        scenario=scenario,
        replication=replication,
        seed=seed,
        digest=trace.digest,
        days=shown,
        left_out=len(days) - len(shown),
        activities=ACTIVITIES,
        counts=_counts(trace),
        story=_first_lines(scenario, trace),
        events=len(trace.rows),
        sizes={"width": WIDTH, "names": NAMES, "row": ROW, "bar": BAR},
    )


def _first_lines(scenario: Scenario, trace: Trace, most: int = 3_000) -> list[str]:
    return [line for line, _ in zip(tell(scenario, trace), range(most), strict=False)]


def _counts(trace: Trace) -> Mapping[str, int]:
    let_go = (Kind.NO_MATCH, Kind.DECLINED, Kind.NO_ANSWER, Kind.PAST_LIMIT)
    return {
        "vehicles stopped": trace.count(Kind.STOP_BEGAN),
        "vehicles passed unstopped": trace.count(Kind.PASSED),
        "people referred": trace.count(Kind.REFERRED),
        "people detained": trace.count(Kind.DETAINED),
        "people referred and let go": trace.count(*let_go),
    }


def _picture(scenario: Scenario, lanes: list[Lane], day: int) -> DayPicture:
    begin, end = span_of(lanes, day)

    def x(time: int) -> float:
        return round(NAMES + (min(max(time, begin), end) - begin) / (end - begin) * (WIDTH - NAMES - 10), 1)

    rows = []
    for lane in lanes:
        duty = [(x(first), round(x(last) - x(first), 1)) for first, last in lane.duty if first < end and last > begin]
        blocks = [
            Block(x(bar.begin), max(1.5, round(x(bar.end) - x(bar.begin), 1)), bar.activity, _told(bar))
            for bar in lane.bars
            if bar.begin < end and bar.end >= begin
        ]
        if duty or blocks:
            rows.append((lane.name, duty, blocks))
    hours = (end - begin) // HOUR
    every = next(one for one in (1, 2, 3, 4, 6) if hours / one <= 12)
    ticks = [(x(begin + hour * HOUR), f"{(begin // HOUR + hour) % 24:02d}:00") for hour in range(0, hours + 1, every)]
    words = "; ".join(f"{name}: {len(blocks)}" for name, _, blocks in rows)
    return DayPicture(day, _date(scenario, day), rows, ticks, f"How many bars each lane has: {words}.")


def _told(bar: Bar) -> str:
    word = ACTIVITIES[bar.activity][0]
    clock = f"{bar.begin % DAY // HOUR:02d}:{bar.begin % HOUR // MINUTE:02d}"
    if bar.end == bar.begin:
        return f"{clock} {word}: {bar.words}"
    return f"{clock} {word}, {(bar.end - bar.begin) / MINUTE:.0f} min{f': {bar.words}' if bar.words else ''}"
