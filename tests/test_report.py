"""The report and its pictures: offline, the same each time, accessible, and never yield without burden."""

from __future__ import annotations

import dataclasses
import math
import re
import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.text import Text

from sim.chance import draw
from sim.engines.simpy_engine import simulate
from sim.experiment.replications import Result, replicate, run, summarise
from sim.measures import MEASURES
from sim.report import drawing, figures, html
from sim.report.answer import answer
from sim.report.flow_picture import as_figure, as_text
from sim.report.numbers import (
    CONTINUOUS,
    DASH,
    duration_in_words,
    ends,
    in_words,
    interval_in_words,
    range_in_words,
    verdict,
)
from sim.report.parameters import web_address
from sim.report.stages import stages
from sim.report.timeline import Steps
from sim.reported import load
from sim.scenario import Scenario
from sim.scenario_file import ReportedFigure
from sim.trace import Kind, Trace

FACTS = html.Facts(command="stopflow run wyoming_safe_haul_2025 --seed 7", versions={"python": "3.x", "numpy": "2.x"})
SCENARIO = "wyoming_safe_haul_2025"
NO_PICTURES: dict[str, Figure] = {}
GROUPS = ("Yield", "Burden and error", "Stops and inspections", "Officers")
BLOCKS = {"p", "li", "dt", "dd", "tr", "th", "td", "h1", "h2", "h3", "div", "section"}
VOID = {"meta", "link", "br", "wbr", "hr", "img", "input"}


class Page(HTMLParser):
    """A page taken apart: every tag with its attributes and the text inside it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[list[str]] = []
        self._open: list[int] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in BLOCKS:
            self.handle_data(" ")
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self.texts.append([])
        if tag not in VOID:
            self._open.append(len(self.tags) - 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self.texts.append([])

    def handle_endtag(self, tag: str) -> None:
        while self.tags[self._open.pop()][0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        for number in self._open:
            self.texts[number].append(data)

    def having(self, tag: str, **attributes: str) -> list[int]:
        """Return the positions of the tags of a kind that have these attributes."""
        return [
            number
            for number, (name, found) in enumerate(self.tags)
            if name == tag and all(found.get(key) == value for key, value in attributes.items())
        ]

    def text(self, number: int) -> str:
        """Return the text inside a tag, with single spaces."""
        return " ".join("".join(self.texts[number]).split())

    def row(self, identifier: str) -> str:
        """Return the text of a row of a table."""
        (number,) = self.having("tr", id=identifier)
        return self.text(number)

    @property
    def ids(self) -> list[str]:
        return [found["id"] for _, found in self.tags if "id" in found]


def changed(result: Result, *settings: str) -> Result:
    """Return a result as if the scenario had said something else about the world, its numbers unchanged."""
    return dataclasses.replace(result, scenario=load(SCENARIO, settings))


@pytest.fixture(scope="session")
def result() -> Result:
    return run(load(SCENARIO), replications=20, seed=7)


@pytest.fixture(scope="session")
def drawn(result: Result) -> dict[str, Figure]:
    return figures.all_of(result)


@pytest.fixture(scope="session")
def texts(drawn: dict[str, Figure]) -> dict[str, str]:
    return {name: drawing.svg_text(figure) for name, figure in drawn.items()}


@pytest.fixture(scope="session")
def report(result: Result, texts: dict[str, str]) -> str:
    return html.report(result, FACTS, texts)


@pytest.fixture(scope="session")
def page(report: str) -> Page:
    return Page(report)


def words_of(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text))


# --- numbers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (195.0, "stops", "195"),
        (0.6824, "share", "0.68"),
        (1.2, "people", "1.2"),
        (41.11, "people", "41"),
        (0.08, "people", "0.08"),
        (4.0, "people", "4"),
        (3.96, "minutes", "4.0"),
        (0.996, "share", "1.0"),
        (12_345.6, "vehicles", "12,346"),
        (-3.24, "people", "\N{MINUS SIGN}3.2"),
        (0.0, "hours", "0"),
        (1e-9, "share", "0"),
        (math.nan, "people", "\N{EN DASH}"),
        (math.inf, "people", "\N{EN DASH}"),
    ],
)
def test_a_number_shows_no_more_digits_than_mean_something(value: float, unit: str, words: str) -> None:
    assert in_words(value, unit) == words


def test_a_range_of_counted_things_ends_at_whole_numbers() -> None:
    assert range_in_words(31.95, 50.05, "people") == "32 to 50"
    assert range_in_words(0.0, 0.0, "people") == "0 to 0"


def test_the_ends_of_a_narrow_range_or_interval_can_be_told_apart() -> None:
    assert range_in_words(9.6, 10.4, "hours") == "9.6 to 10.4"
    assert interval_in_words(41.01, 41.2, "people") == "41.0 to 41.2"


def test_a_duration_is_told_in_the_largest_unit_that_shows_it_plainly() -> None:
    minutes = {9: "9 min", 90: "1.5 h", 100: "100 min", 120: "2 h", 4 * 1440: "4 d"}
    assert {minute: duration_in_words(minute * 60_000) for minute in minutes} == minutes


@given(
    values=st.lists(st.floats(0, 1e4), min_size=2, max_size=30),
    figure=st.floats(0, 1e4),
    unit=st.sampled_from(["people", *CONTINUOUS]),
)
def test_a_figure_is_inside_exactly_if_it_lies_between_the_ends_that_are_shown(
    values: list[float], figure: float, unit: str
) -> None:
    one = summarise(np.array(values))
    low, high = ends(one.p05, one.p95, unit)
    where = verdict(ReportedFigure(value=figure, source="x"), one, unit)
    nearest = abs(high - low) * 1e-9 + (0.5 if unit == "people" else 0.05 * max(1.0, high))
    if low + nearest < figure < high - nearest:
        assert where == "inside"
    if figure < low - nearest:
        assert where == "below"
    if figure > high + nearest:
        assert where == "above"


@pytest.mark.parametrize(
    ("qualifier", "value", "where"),
    [
        ("exact", 9, "below"),
        ("at_least", 9, "inside"),
        ("at_least", 21, "above"),
        ("under", 21, "inside"),
        ("under", 9, "below"),
        ("approximate", 21, "above"),
    ],
)
def test_a_figure_reported_as_a_bound_is_outside_only_if_the_whole_range_is_on_the_wrong_side(
    qualifier: str, value: float, where: str
) -> None:
    one = summarise(np.array([10.0] * 10 + [20.0] * 10))
    figure = ReportedFigure.model_validate({"value": value, "qualifier": qualifier, "source": "x"})
    assert verdict(figure, one, "people") == where


# --- the report as a file -------------------------------------------------------------------------------------------


def test_the_report_is_one_file_below_two_megabytes(result: Result, texts: dict[str, str], tmp_path) -> None:
    html.write_report(result, tmp_path / "report.html", FACTS, texts)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert 50_000 < (tmp_path / "report.html").stat().st_size < 2_000_000


def test_two_reports_of_the_same_run_are_the_same_byte_for_byte(result: Result, report: str) -> None:
    assert html.report(result, FACTS) == report


def test_nothing_in_the_report_is_loaded_from_anywhere(report: str, page: Page) -> None:
    loading = ("src", "srcset", "data", "action", "poster", "background", "xlink:href", "href")
    for tag, attributes in page.tags:
        for name in loading:
            if name in attributes and not (tag == "a" and name == "href"):
                assert attributes[name].startswith(("#", "data:,")), (tag, attributes)
    assert not {"script", "iframe", "object", "embed", "img", "base"} & {tag for tag, _ in page.tags}
    assert set(re.findall(r"url\((.)", report)) <= {"#"}
    assert "@import" not in report
    assert "@font-face" not in report


def test_the_browser_is_told_to_refuse_scripts_and_requests(page: Page) -> None:
    ((_, policy),) = [page.tags[number] for number in page.having("meta") if "http-equiv" in page.tags[number][1]]
    assert policy["content"].startswith("default-src 'none'")


def test_every_identifier_is_there_once_and_every_link_inside_the_page_leads_somewhere(page: Page) -> None:
    assert len(page.ids) == len(set(page.ids))
    inside = {found["href"][1:] for _, found in page.tags if found.get("href", "").startswith("#")}
    assert inside
    assert inside <= set(page.ids)


def test_every_picture_has_words_for_those_who_cannot_see_it(page: Page, drawn: dict[str, Figure]) -> None:
    pictures = page.having("svg")
    assert len(pictures) == len(drawn) == 5
    for number in pictures:
        _, attributes = page.tags[number]
        assert attributes["role"] == "img"
        title, description = attributes["aria-labelledby"].split()
        assert len(page.text(page.having("title", id=title)[0])) > 10
        assert len(page.text(page.having("desc", id=description)[0])) > 40


def test_every_head_of_a_table_says_what_it_heads(page: Page) -> None:
    heads = [page.tags[number][1] for number in page.having("th")]
    assert heads
    assert {head.get("scope") for head in heads} == {"col", "row", "rowgroup"}


def test_the_page_has_landmarks_and_one_first_heading(page: Page) -> None:
    for landmark in ("header", "nav", "main", "footer", "h1"):
        assert len(page.having(landmark)) == 1
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_what_strangers_wrote_is_escaped_and_only_web_addresses_become_links(result: Result) -> None:
    evil = "<script>alert(1)</script>"
    hostile = changed(
        result,
        f"title='{evil}'",
        f"question='{evil}'",
        f"notes='{evil}'",
        f"sources.overdrive_2025_11.title='{evil}'",
        f"sources.overdrive_2025_11.publisher='\"><img src=x onerror=alert(1)>{evil}'",
        "sources.overdrive_2025_11.url='javascript:alert(1)'",
        f"traffic.flows.interstate_car.road='{evil}'",
        f"reported.stops.note='{evil}'",
    )
    text = html.report(hostile, dataclasses.replace(FACTS, command=evil))
    page = Page(text)
    assert not page.having("script")
    assert not page.having("img")
    assert page.text(page.having("h1")[0]) == evil
    assert text.count("&lt;script&gt;alert(1)") > 6
    assert not [found for _, found in page.tags if "javascript" in found.get("href", "")]


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "//evil.example", "http:", "ftp://a.b", ""],
)
def test_only_http_and_https_addresses_are_links(address: str) -> None:
    assert web_address(address) == ""
    assert web_address("https://a.example/b?c=d") == "https://a.example/b?c=d"


# --- what the report says -------------------------------------------------------------------------------------------


def test_yield_is_never_shown_without_burden(page: Page) -> None:
    (measures,) = page.having("table", **{"class": "wide measures"})
    assert all(group in page.text(measures) for group in GROUPS)
    assert all(page.row(f"measure-{name}") for name in MEASURES)
    glance = page.text(page.having("div", **{"class": "glance"})[0])
    assert "Detained" in glance.title()
    assert "Referred Then Released" in glance.title()


def test_the_answer_tells_yield_burden_and_error_in_one_paragraph(result: Result) -> None:
    first = answer(result)[0]
    for words in ("taken into immigration custody", "let go", "hours", "citizen", "minutes", "passed unstopped"):
        assert words in first
    held = result.summary("referred_then_released")
    assert f"between {held.p05:.0f} and {held.p95:.0f} people were referred to ICE and let go" in first


def test_the_numbers_of_the_answer_are_those_of_the_measures(result: Result) -> None:
    twice = dataclasses.replace(result, values=result.values * 2)
    one = twice.summary("detained")
    assert f"between {range_in_words(one.p05, one.p95, 'people').replace(' to ', ' and ')} people" in answer(twice)[0]
    assert answer(twice)[0] != answer(result)[0]


def test_citizens_taken_into_custody_are_named_in_the_answer(result: Result) -> None:
    values = result.values.copy()
    for name in ("citizens_referred", "citizens_detained"):
        values[3, list(MEASURES).index(name)] = 2
    assert "citizens were taken into custody in 1 of 20 replications" in answer(dataclasses.replace(result, values=values))[0]


def test_nobody_in_custody_is_said_to_be_nobody() -> None:
    first = answer(run(load(SCENARIO, ["status_check.asked=nobody"]), replications=2))[0]
    assert first.startswith("Nobody was taken into immigration custody")
    assert "passed unstopped" in first


def test_ranges_are_said_to_be_chance_alone(page: Page, drawn: dict[str, Figure]) -> None:
    assert "chance alone" in page.text(page.having("div", **{"class": "answer"})[0])
    assert "chance alone" in page.text(page.having("caption")[0])
    for name in ("funnel", "reported_against_simulated", "distributions"):
        assert "chance alone" in words_of(drawn[name])


def test_a_reported_figure_outside_the_range_is_said_to_be_outside(result: Result) -> None:
    far = changed(result, "reported.stops.value=9000", "reported.vehicles_out_of_service.value=1")
    page = Page(html.report(far, FACTS, NO_PICTURES))
    assert "9,000 outside: above the range" in page.row("measure-stops")
    assert "1 outside: below the range" in page.row("measure-vehicles_out_of_service")
    assert "stops (reported: 9,000, above the range" in answer(far)[1]


def test_a_measure_without_a_reported_figure_claims_none(page: Page) -> None:
    assert "inside" not in page.row("measure-referrals")
    assert "outside" not in page.row("measure-referrals")


def test_a_measure_undefined_in_every_replication_is_a_dash_with_a_reason() -> None:
    nobody = run(load(SCENARIO, ["status_check.asked=nobody"]), replications=2)
    row = Page(html.report(nobody, FACTS, NO_PICTURES)).row("measure-minutes_beyond_task_mean")
    assert DASH in row
    assert "Undefined in every replication: there was nothing to average." in row


def test_one_replication_makes_no_range(result: Result) -> None:
    alone = dataclasses.replace(result, values=result.values[:1], digests=result.digests[:1])
    page = Page(html.report(alone, FACTS, NO_PICTURES))
    assert "One replication makes no range and no interval." in page.row("measure-detained")
    assert "not comparable" in page.row("measure-stops")
    assert "between" not in answer(alone)[0]


def test_every_parameter_stands_in_the_report_with_its_grade(result: Result, page: Page) -> None:
    assert result.scenario.evidence
    for path, evidence in result.scenario.evidence.items():
        assert page.row(path).startswith(path)
        assert evidence.grade in page.row(path)


def test_every_parameter_that_no_publication_fixes_is_counted_and_listed(result: Result, page: Page) -> None:
    assumed = {path for path, evidence in result.scenario.evidence.items() if evidence.grade == "assumed"}
    limits = page.having("section", id="limits")[0]
    assert f"{len(assumed)} are assumed" in page.text(limits)
    assert "products of standing, doubt, match and go-ahead" in page.text(limits)
    listed = {found["href"][1:] for tag, found in page.tags if tag == "a" and found["href"].startswith("#")}
    assert assumed <= listed


def test_the_report_says_how_to_make_it_again(result: Result, page: Page) -> None:
    text = page.text(page.having("section", id="reproduce")[0])
    for words in (FACTS.command, "Seed 7", result.engine, result.digest, result.scenario.digest, "numpy 2.x"):
        assert words in text


def test_a_wish_for_precision_that_was_not_met_is_told(result: Result) -> None:
    from sim.experiment.replications import Precision

    unmet = dataclasses.replace(result, unmet=(Precision("detained", 0.001, relative=True),))
    assert "wanted precision was not reached for detained" in html.report(unmet, FACTS, NO_PICTURES)


# --- pictures -------------------------------------------------------------------------------------------------------


def test_the_command_line_need_not_wait_for_the_drawing_libraries() -> None:
    code = (
        "import sys, sim.report.html, sim.report.figures, sim.report.flow_picture; "
        "print({'matplotlib', 'jinja2', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_pictures_are_the_same_bytes_each_time_and_hold_no_date(result: Result, texts: dict[str, str], tmp_path) -> None:
    for name, figure in figures.all_of(result).items():
        figures.save_svg(figure, tmp_path / "first.svg")
        first = (tmp_path / "first.svg").read_bytes()
        assert first.decode() == texts[name]
        assert first.startswith(b"<?xml")
        assert b"date" not in first


def test_drawing_changes_nobodys_settings_and_ignores_them(result: Result, drawn, tmp_path) -> None:
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black"}):
        before = dict(matplotlib.rcParams)
        figures.save_svg(figures.funnel(result), tmp_path / "mine.svg")
        assert dict(matplotlib.rcParams) == before
    figures.save_svg(drawn["funnel"], tmp_path / "plain.svg")
    assert (tmp_path / "mine.svg").read_bytes() == (tmp_path / "plain.svg").read_bytes()


def test_the_funnel_shows_yield_and_burden_in_one_picture(result: Result, drawn: dict[str, Figure]) -> None:
    words = words_of(drawn["funnel"])
    for measure, after in (("detained", "into custody"), ("referred_then_released", "referred and let go")):
        one = result.summary(measure)
        shown = range_in_words(one.p05, one.p95, "people")
        assert f"{in_words(one.mean, 'people')} ({shown}) {after}" in words
    assert "Held and then let go" in words
    assert "Citizens referred" in words


def test_inside_and_outside_differ_in_shape_and_figures_that_are_no_target_are_hollow(result: Result) -> None:
    inside = round(result.summary("inspections").mean)
    outside = math.ceil(result.summary("stops").p95) + 1
    figure = figures.reported_against_simulated(
        changed(
            result,
            f"reported.stops.value={outside}",
            f"reported.inspections.value={inside}",
            f"reported.citations.value={round(result.summary('citations').mean)}",
            "reported.detained.value=9000",
        )
    )
    (axes,) = figure.axes
    marks = {line.get_ydata()[0]: line for line in axes.lines if line.get_marker() in ("o", "X", "<", ">")}
    labels = {label.get_text().partition("\n")[0]: -row for row, label in enumerate(axes.get_yticklabels())}
    assert marks[labels["inspections"]].get_marker() == "o"
    assert marks[labels["stops"]].get_marker() == "X"
    assert marks[labels["detained"]].get_marker() == ">"
    assert marks[labels["inspections"]].get_markerfacecolor() != "white"
    assert marks[labels["citations"]].get_markerfacecolor() == "white"
    assert "9,000" in words_of(figure)


def test_each_measure_that_varies_has_its_histogram_and_no_other(result: Result) -> None:
    values = result.values.copy()
    values[:, list(MEASURES).index("stops")] = 7.0
    figure = figures.distributions(dataclasses.replace(result, values=values))
    defined = [column[np.isfinite(column)] for column in values.T]
    varying = [column for column in defined if len(column) and np.ptp(column) > 0]
    assert len(figure.axes) == len(varying) > 10
    assert "stops" not in [axes.get_title(loc="left") for axes in figure.axes]


def test_where_nothing_can_be_drawn_the_picture_says_why(result: Result) -> None:
    still = dataclasses.replace(result, values=np.ones_like(result.values))
    assert "No measure varies" in words_of(figures.distributions(still))
    nothing = Trace.of([])
    assert "Nothing happened" in words_of(figures.timeline(result.scenario, nothing))
    silent = changed(result, *(f"reported.{name}=null" for name in result.scenario.reported))
    assert "no reported figure" in words_of(figures.reported_against_simulated(silent))


def test_the_timeline_counts_who_is_busy_at_every_moment(result: Result) -> None:
    trace = replicate(result.scenario, result.seed, 0)
    steps = Steps.between(trace, Kind.STOP_BEGAN, Kind.UNIT_FREE)
    begins, ends_ = trace.of_kind(Kind.STOP_BEGAN)[:, 0], trace.of_kind(Kind.UNIT_FREE)[:, 0]
    for time, value in zip(steps.times.tolist(), steps.values.tolist(), strict=True):
        assert value == (begins <= time).sum() - (ends_ <= time).sum()
    assert steps.most == result.scenario.operation.shifts["detail"].patrol_units
    assert steps.values[-1] == 0


def test_a_stretch_of_the_timeline_begins_and_ends_with_what_holds_there() -> None:
    trace = Trace.of([(10, Kind.STOP_BEGAN, 0, 0, -1, 0, 0), (20, Kind.UNIT_FREE, 0, 0, -1, 0, 0)])
    steps = Steps.between(trace, Kind.STOP_BEGAN, Kind.UNIT_FREE)
    assert list(zip(steps.within(15, 30).times, steps.within(15, 30).values, strict=True)) == [
        (15, 1),
        (20, 0),
        (30, 0),
    ]
    assert list(zip(steps.within(0, 5).times, steps.within(0, 5).values, strict=True)) == [(0, 0), (5, 0)]


def test_of_several_changes_at_one_instant_only_the_last_is_drawn() -> None:
    rows = [(10, Kind.STOP_BEGAN), (20, Kind.STOP_BEGAN), (20, Kind.UNIT_FREE), (30, Kind.UNIT_FREE)]
    steps = Steps.between(Trace.of([(time, kind, 0, 0, -1, 0, 0) for time, kind in rows]), Kind.STOP_BEGAN, Kind.UNIT_FREE)
    assert list(zip(steps.times, steps.values, strict=True)) == [(0, 0), (10, 1), (20, 1), (30, 0)]


def test_the_timeline_shows_the_beds_of_the_jail_as_they_are_taken_and_only_if_anybody_is_in_it() -> None:
    from sim.report.timeline import _strips

    scenario = load("jail_enforcement", ["jail.beds=400"])
    trace = simulate(scenario, draw(scenario, 1, 0))
    beds = _strips(scenario, trace)[-1]
    assert beds.label == "jail beds taken\n(of 400)"
    came, left = trace.of_kind(Kind.ENTERED_JAIL)[:, 0], trace.of_kind(Kind.LEFT_JAIL)[:, 0]
    for time, value in zip(beds.busy.times.tolist()[::50], beds.busy.values.tolist()[::50], strict=True):
        assert value == (came <= time).sum() - (left <= time).sum()
    full = beds.busy.most
    assert _strips(load("jail_enforcement", [f"jail.beds={full}"]), trace)[-1].on_duty.most == full
    empty = load(SCENARIO, ["custody.path=ice_vehicles"])
    nobody = Trace.of([(10, Kind.STOP_BEGAN, 0, 0, -1, 0, 0), (20, Kind.UNIT_FREE, 0, 0, -1, 0, 0)])
    assert [strip.label for strip in _strips(empty, nobody)][-1] == "people waiting for\nICE's answer"


def test_the_timeline_has_a_panel_for_each_day_and_says_what_it_leaves_out() -> None:
    scenario = load(SCENARIO, ["operation.shifts.detail.last=2025-11-25"])
    words = words_of(figures.timeline(scenario, simulate(scenario, draw(scenario, 1, 0))))
    assert "Tuesday 18 November 2025" in words
    assert "Saturday 22 November 2025" in words
    assert "Sunday 23 November 2025" not in words
    assert "the first 5 of 8 days" in words


# --- the flow -------------------------------------------------------------------------------------------------------


def flow(*settings: str) -> str:
    return as_text(load(SCENARIO, settings))


def lines_with(text: str, words: str) -> list[str]:
    return [line for line in text.splitlines() if words in line]


def test_the_flow_fits_a_terminal_of_100_columns() -> None:
    long, hours = "a" * 41, [1] * 24
    settings = [
        f"traffic.flows.{long}={{vehicle: car, road: '{'r' * 300}', rate: 1 per h, diverted: 0.1, by_hour: {hours}}}",
        "status_check.asked=occupants",
        "status_check.limit=17 min",
        "operation.shifts.detail.ice_presence=0.25",
    ]
    text = flow(*settings)
    assert max(map(len, text.splitlines())) <= 100
    assert f"traffic.flows.{long}" in text


def test_the_channels_stand_in_the_order_in_which_they_are_tried() -> None:
    plain, turned = flow(), flow("status_check.channels=[support_centre, ice_on_scene]")
    assert plain.index("1. ICE on the scene") < plain.index("2. ICE duty officer") < plain.index("3. ICE support centre")
    assert turned.index("1. ICE support centre") < turned.index("2. ICE on the scene")
    assert "duty officer" not in turned


def test_a_limit_is_a_way_out() -> None:
    assert "none: people are kept until ICE has answered" in flow()
    limited = flow("status_check.limit=20 min")
    assert "20 min past traffic task and inspection" in lines_with(limited, "status_check.limit")[0]
    assert len(lines_with(limited, "▷ let go")) == len(lines_with(flow(), "▷ let go")) + 1


@pytest.mark.parametrize(
    ("path", "words"),
    [("ice_vehicles", "ICE vehicles of 8 seats"), ("local_booking", "county jail"), ("agency_drives", "and back")],
)
def test_the_way_to_custody_is_the_one_of_the_policy(path: str, words: str) -> None:
    (way,) = stages(load(SCENARIO, [f"custody.path={path}"]))[-1].lines
    assert way.what == "with ICE there"
    assert words in way.value


def test_the_way_without_ice_is_shown_where_ice_is_not_always_there() -> None:
    never = flow("operation.shifts.detail.ice_presence=0")
    assert "with ICE there" not in never
    assert "without ICE there" in never
    assert "1. ICE on the scene: not there: skipped" in never
    assert "with ICE there" in flow("operation.shifts.detail.ice_presence=0.5")


def test_the_flow_ends_where_nobody_is_asked() -> None:
    ended = flow("status_check.asked=nobody")
    assert "Custody" not in ended
    assert ended.rstrip().endswith("nobody is taken into custody")


@pytest.mark.parametrize(
    "setting",
    [
        "operation.shifts.detail.patrol_units=4",
        "operation.shifts.detail.inspectors=3",
        "operation.shifts.detail.ice_agents=2",
        "operation.shifts.detail.length=8 h",
        "inspection.selected=0.5",
        "inspection.patience=1 min",
        "status_check.asked=occupants",
        "status_check.threshold=0.77",
        "status_check.limit=5 min",
        "status_check.channels=[duty_officer]",
        "status_check.duty_officer.servers=3",
        "status_check.duty_officer.gives_up_after=7 min",
        "status_check.support_centre.reply=33 min",
        "custody.path=agency_drives",
        "custody.ice_vehicles.count=5",
        "custody.ice_vehicles.seats=4",
        "custody.ice_vehicles.wait=1 h",
    ],
)
def test_changing_a_lever_changes_the_flow(setting: str) -> None:
    plain, turned = load(SCENARIO), load(SCENARIO, [setting])
    assert as_text(turned) != as_text(plain)
    assert words_of(as_figure(turned)) != words_of(as_figure(plain))


def test_odd_letters_in_a_road_are_drawn_as_they_are_or_marked(tmp_path) -> None:
    scenario: Scenario = load(SCENARIO, ["traffic.flows.interstate_car.road='$x$ \N{CJK UNIFIED IDEOGRAPH-6771} <b>'"])
    figure = as_figure(scenario)
    figures.save_svg(figure, tmp_path / "flow.svg")  # a letter that the font lacks would warn, and a warning fails
    assert "$x$ \N{REPLACEMENT CHARACTER} <b>" in words_of(figure)
    assert "\N{CJK UNIFIED IDEOGRAPH-6771}" in as_text(scenario)
