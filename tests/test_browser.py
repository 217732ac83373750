"""Every kind of report in a real browser, networking off: nothing is requested, nothing goes wrong, everybody can read it.

Needs Debian's Chromium and ``make browser``; without them ``make test`` says so in one line. Screenshots for a person to
look at are written to ``results/screenshots``.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sim.cli import app
from sim.experiment.replications import replicate, run
from sim.report import files, html, reports
from sim.report.comparison_report import comparison_report
from sim.report.lanes import page_of
from sim.report.page import Facts
from sim.reported import load
from tests.small_results import make
from tests.test_sweep_report import STUDY

BROWSER = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
HOW = "no browser tests: install one (apt-get install chromium) and run 'make browser'"
if not BROWSER:
    pytest.skip(HOW, allow_module_level=True)
sync_api = pytest.importorskip("playwright.sync_api", reason=HOW, exc_type=ImportError)
axe_playwright = pytest.importorskip("axe_playwright_python.sync_playwright", reason=HOW, exc_type=ImportError)

WYOMING, FACTS = "wyoming_safe_haul_2025", Facts("stopflow run wyoming_safe_haul_2025", {"python": "3.x"})
SCREENSHOTS = Path(__file__).resolve().parents[1] / "results" / "screenshots"
#: A desktop, and a telephone.
SIZES = {"wide": {"width": 1280, "height": 900}, "telephone": {"width": 360, "height": 740}}
#: A4 in pixels of 1/96 inch without the margins of the print view.
PAPER = {"width": 688, "height": 1000}

#: In the dark only colours differ.
RULES: dict[str, dict[str, Any]] = {"light": {}, "dark": {"runOnly": ["color-contrast"]}}
#: The check of accessibility takes its time for each element: paths inside pictures are left out, and of each table all parts but
#: the first three and of each part all rows but the first five, which are made by the same lines of the template; so with lists.
FEWER_OF_THE_SAME = """() => {
    for (const one of document.querySelectorAll('svg > :not(title):not(desc)')) one.remove()
    for (const table of document.querySelectorAll('table')) while (table.tBodies.length > 3) table.tBodies[3].remove()
    for (const body of document.querySelectorAll('tbody')) while (body.rows.length > 5) body.rows[5].remove()
    for (const list of document.querySelectorAll('ul.columns')) while (list.children.length > 5) list.children[5].remove()
}"""


def run_page() -> str:
    return html.report(run(load(WYOMING), replications=4, seed=7), FACTS)


def comparison_page() -> str:
    long = "an arm with a long name, since names come from settings: operation.shifts.detail.patrol_units=4"
    arms = {"base": load(WYOMING), long: load(WYOMING, ["operation.shifts.detail.patrol_units=4", "status_check.limit=5 min"])}
    return comparison_report({name: run(scenario, replications=4, seed=7) for name, scenario in arms.items()}, FACTS)


def programme_page() -> str:
    return html.report(run(load("national_arrests"), replications=2, seed=7), FACTS)


def checklist_page(folder: Path) -> str:
    result = run(load(WYOMING), replications=2, seed=7)
    with files.whole_folder(folder / "result") as inside:
        files.write_replications(result, inside / "replications.csv")
        files.write_manifest(result, inside, files.Told("stopflow run", "stopflow run", 1.0, "2026-01-01"))
    return reports.html_of(reports.study_of(folder / "result"), with_checklists=True)


def timeline_page() -> str:
    scenario = load(WYOMING)
    return page_of(scenario, replicate(scenario, 7, 0), 0, 7, FACTS)


def sweep_page(folder: Path) -> str:
    (folder / "units.yaml").write_text(STUDY.replace("replications: 3", "replications: 2"))
    out = folder / "sweep"
    arguments = ["sweep", str(folder / "units.yaml"), "--out", str(out), "-w", "1", "--quiet"]
    assert CliRunner().invoke(app(), arguments).exit_code == 0
    return (out / "report.html").read_text(encoding="utf-8")


KINDS: dict[str, Callable[[Path], str]] = {
    "run": lambda folder: run_page(),
    "comparison": lambda folder: comparison_page(),
    "programme": lambda folder: programme_page(),
    "checklists": checklist_page,
    "timeline": lambda folder: timeline_page(),
    "sweep": sweep_page,
}
#: Made by the command line, one beside the other, since a posterior comes from a calibration. The sweep is one of policies over
#: worlds, in which something was discovered.
MADE = {"calibration": "calibration", "posterior": "posterior", "sensitivity": "sensitivity", "discovered": "sweep"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    # Chromium refuses to run as root inside its sandbox; whoever is not root keeps it.
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=BROWSER, args=flags)
        yield started
        started.close()


@pytest.fixture(scope="module")
def report_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function that gives the file of a report of a kind, made once."""
    folder, together = tmp_path_factory.mktemp("reports"), tmp_path_factory.mktemp("together")

    def made(kind: str) -> Path:
        written = folder / f"{kind}.html"
        if not written.is_file():
            if kind in MADE:
                text = (make(MADE[kind], together) / "report.html").read_text(encoding="utf-8")
            else:
                (folder / kind).mkdir(exist_ok=True)
                text = KINDS[kind](folder / kind)
            written.write_text(text, encoding="utf-8", newline="\n")
        return written

    return made


@pytest.fixture(scope="module", params=[*KINDS, *MADE])
def path(request: pytest.FixtureRequest, report_of: Callable[[str], Path]) -> Path:
    """Return the file of a report of each kind in turn."""
    return report_of(request.param)


class Watched:
    """A page without a network, and everything that it asked for or complained about."""

    def __init__(self, browser: Any, path: Path, size: dict[str, int], **options: Any) -> None:
        self.context = browser.new_context(viewport=size, offline=True, **options)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(path.as_uri())

    def __enter__(self) -> Watched:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def wider_than_the_page(self) -> list[str]:
        """Return what reaches over the right edge of the page."""
        found: list[str] = self.page.evaluate(
            """() => [...document.querySelectorAll('body *')]
            .filter(one => !one.closest('svg') || one.tagName === 'svg')
            .filter(one => !one.closest('.lanes, .scroll') || ['lanes', 'scroll'].includes(one.className))
            .filter(one => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
            .map(one => one.tagName + '.' + one.className + ': ' + one.textContent.slice(0, 40))"""
        )
        if self.page.evaluate("() => document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append("the page itself")
        return found


@pytest.mark.parametrize("size", list(SIZES))
def test_it_opens_offline_without_a_request_or_a_complaint_and_shows_every_picture(browser: Any, path: Path, size: str) -> None:
    with Watched(browser, path, SIZES[size]) as watched:
        page = watched.page
        page.wait_for_load_state("load")
        assert [url for url in watched.requests if url != path.as_uri() and not url.startswith("data:")] == []
        assert watched.complaints == []
        pictures = page.locator("svg[role=img], figure img")
        assert pictures.count() == page.locator("figure").count()
        for number in range(pictures.count()):
            box = pictures.nth(number).bounding_box()
            assert box is not None
            assert box["width"] > 200
            assert box["height"] > 50
        assert watched.wider_than_the_page() == []
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{path.stem}_{size}.png")


def test_the_print_view_fits_the_paper_and_loses_nothing(browser: Any, path: Path) -> None:
    with Watched(browser, path, PAPER) as watched:
        page = watched.page
        page.emulate_media(media="print")
        assert watched.wider_than_the_page() == []
        assert not page.locator("nav").is_visible()
        heights = page.evaluate(
            "() => [...document.querySelectorAll('svg[role=img], figure img')].map(one => one.getBoundingClientRect().height)"
        )
        assert all(50 < height < PAPER["height"] for height in heights)
        printed = page.pdf(format="A4", prefer_css_page_size=True)
        assert printed.startswith(b"%PDF")
        assert printed.count(b"/Type /Page\n") >= 3
        (SCREENSHOTS / f"{path.stem}_print.pdf").write_bytes(printed)


@pytest.mark.parametrize("scheme", list(RULES))
def test_nothing_serious_keeps_anybody_from_reading_it(browser: Any, path: Path, scheme: str) -> None:
    with Watched(browser, path, SIZES["wide"], color_scheme=scheme, reduced_motion="reduce", bypass_csp=True) as watched:
        watched.page.evaluate(FEWER_OF_THE_SAME)
        found = axe_playwright.Axe().run(watched.page, options=RULES[scheme]).response
        serious = [
            f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}"
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
        ]
        assert serious == []
        assert len(found["passes"]) >= (1 if scheme == "dark" else 10)  # it did look
        watched.page.screenshot(path=SCREENSHOTS / f"{path.stem}_{scheme}.png")


def test_the_keyboard_reaches_the_answer_first_and_then_every_heading_of_the_contents(browser: Any, path: Path) -> None:
    with Watched(browser, path, SIZES["wide"]) as watched:
        page = watched.page
        page.keyboard.press("Tab")
        focused = "() => document.activeElement.textContent.trim()"
        assert page.evaluate(focused) == "Skip to the answer"
        page.keyboard.press("Enter")
        assert page.evaluate("() => location.hash") == "#answer"
        contents = page.locator("nav a").all_text_contents()
    with Watched(browser, path, SIZES["wide"]) as watched:
        page = watched.page
        for _ in range(2):
            page.keyboard.press("Tab")
        reached = []
        for _ in contents:
            reached.append(page.evaluate(focused))
            page.keyboard.press("Tab")
        assert reached == contents


def test_sliders_move_numbers_and_say_when_they_interpolate(browser: Any, report_of: Callable[[str], Path]) -> None:
    with Watched(browser, report_of("sweep"), SIZES["wide"]) as watched:
        page = watched.page
        slider, choice = page.locator("#sweep-controls input"), page.locator("#sweep-controls select")
        stops = page.locator("#sweep-numbers tr", has_text="stops").last.locator("td")
        seen = []
        for place in ("0", "0.5", "1"):
            slider.fill(place)
            seen.append(
                (float(stops.nth(0).text_content()), page.locator("#sweep-place").text_content(), stops.nth(2).text_content())
            )
        (low, exact, none), (middle, between, error), (high, _, _) = seen
        assert low < middle < high  # more units stop more vehicles
        assert middle == pytest.approx((low + high) / 2, abs=1)
        assert (exact, none) == ("A point of the design: simulated.", "none")
        assert between == "Between points of the grid: interpolated."
        assert "at most" in error
        detained = page.locator("#sweep-numbers tr[data-column]").first.locator("td").first
        before = detained.text_content()
        choice.select_option(index=1)
        slider.focus()
        page.keyboard.press("ArrowRight")
        assert slider.input_value() == "1.05"
        assert watched.complaints == []
        assert detained.text_content() != before or stops.nth(0).text_content() != str(high)


def test_a_policy_that_is_chosen_shows_its_mean_and_its_range_over_worlds(browser: Any, report_of: Callable[[str], Path]) -> None:
    with Watched(browser, report_of("discovered"), SIZES["wide"]) as watched:
        page = watched.page
        slider = page.locator("#sweep-controls input")
        assert page.locator("#sweep-controls input, #sweep-controls select").count() == 1  # levers only: nobody sets the world
        row = page.locator("#sweep-numbers tr[data-column]", has_text="stops").last.locator("td")
        means = []
        for place in ("0", "1", "2"):
            slider.fill(place)
            low, high = (float(end) for end in row.nth(1).text_content().split(" to "))
            means.append(float(row.nth(0).text_content()))
            assert low <= means[-1] <= high
        assert means == sorted(means)  # more units stop more vehicles
        assert means[0] < means[-1]
        assert watched.complaints == []


def test_yield_and_burden_stand_side_by_side_on_the_first_screen(browser: Any, path: Path) -> None:
    """Wherever the result holds them: a calibration is of parameters, and the timeline of one replication."""
    with Watched(browser, path, SIZES["wide"]) as watched:
        tables = watched.page.locator(".glance section")
        if path.stem in ("calibration", "timeline"):
            assert tables.count() == 0
            return
        first, second = (tables.nth(at).bounding_box() for at in (0, 1))
        assert first["y"] == second["y"]
        assert first["x"] + first["width"] <= second["x"]
        shown = [one.bounding_box()["y"] for one in watched.page.locator(".glance tbody tr").all()]
        assert sum(y < SIZES["wide"]["height"] for y in shown) >= 4


def test_the_watch_itself_finds_a_request_a_complaint_and_a_page_too_wide(browser: Any, tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text("<p style='width:3000px'>wide</p><img src='http://example.invalid/x.png'><script>console.error('x')</script>")
    with Watched(browser, bad, SIZES["wide"]) as watched:
        watched.page.wait_for_load_state("load")
        assert any("example.invalid" in url for url in watched.requests)
        assert watched.complaints
        assert watched.wider_than_the_page()
        found = axe_playwright.Axe().run(watched.page).response["violations"]
        assert {"html-has-lang", "image-alt"} <= {one["id"] for one in found}
