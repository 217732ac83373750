"""The benchmark's own parts: who is measured, how ratios are taken, and what is written."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sim.loading import load
from tests.bench.__main__ import PAGE, Found, section_of
from tests.bench.contenders import (
    CORRIDOR_BIG,
    SEEDS_TO_A_TURN,
    TWIN,
    Contender,
    MissingError,
    Turn,
    Worker,
    big,
    fresh_seeds,
    growing,
    small,
    started,
)
from tests.bench.measuring import Row, measure, row
from tests.bench.page import BEGIN, END, as_markdown, as_text, cells, growth_of, table_of, with_section
from tests.bench.picture import alternative, picture
from tests.bench.sizes import BIG, SMALL, Counts


@dataclass
class Paced:
    """Handles so many vehicles in a second of the processor, and in two by the clock; the machine slows by the round."""

    rate: int
    begun: list[int] = field(default_factory=list)

    def turn(self, first: int, seconds: float = 0.0, replications: int = 1) -> Turn:
        self.begun.append(first)
        slow = 1.0 + len(self.begun)
        return Turn([Counts(self.rate, 0, 0, 0)], cpu=slow, wall=2 * slow, peak_mb=float(len(self.begun)))


def rows(rates: dict[str, int], found: list[Contender]) -> list[Row]:
    """Return made-up rows: the rates by model."""
    return [Row(one, rates[one.model], rates[one.model] / rates["twin"], None, 50.0) for one in found]


RATES = {"twin": 40_000, "salabim": 3_000, "ciw": 9_000, "simpy_engine": 35_000, "compiled": 2_500_000, "drawing": 15_000_000}
FOUND = Found(
    small=rows(RATES | {"reference": 44_000}, small()),
    big=rows(RATES, big()),
    growth=[
        Row(one, rate, None, None, 180.0) for one, rate in zip(growing(), (2e6, 2.4e6, 2.5e6, 2.5e6, 2.3e6, 1.5e6), strict=True)
    ],
    lines=["a line"],
)


def test_ratios_are_taken_within_a_round_so_that_a_machine_that_slows_down_does_not_matter() -> None:
    base, fast = Contender("a", "m", "twin", "a, m"), Contender("b", "m", "twin", "a, m")
    paced = {base.label: Paced(10), fast.label: Paced(70)}
    found = measure([base, fast], paced, rounds=5, seconds=0.0, seeds=fresh_seeds())
    assert [(row.ratio, row.ratio_by_clock) for row in found] == [(1.0, 1.0), (7.0, 7.0)]
    assert found[0].peak_mb == 5.0


def test_the_page_says_how_far_the_rounds_lie_apart() -> None:
    """Fails if the spread is that of rates, which drift, or if only the median is told."""
    base, fast = Contender("a", "m", "twin", "a, m"), Contender("b", "m", "twin", "a, m")
    turns = [[Turn([Counts(rate, 0, 0, 0)], 1.0, 1.0, 5.0) for rate in rates] for rates in ((10, 20, 30), (30, 40, 33))]
    own, other = row(base, turns[0], turns[0]), row(fast, turns[1], turns[0])
    assert other.spread == (1.1, 3.0)
    assert [cells(one)[3:5] for one in (own, other)] == [("1.00", ""), ("2.00", "1.10 to 3.00")]


def test_no_two_turns_get_the_same_seeds_and_the_first_turn_goes_round() -> None:
    found = [Contender(name, "m", "twin", "") for name in "abc"]
    paced = {one.label: Paced(1) for one in found}
    measure(found, paced, rounds=3, seconds=0.0, seeds=fresh_seeds())
    begun = sorted(itertools.chain.from_iterable(one.begun for one in paced.values()))
    assert begun == [1 + number * SEEDS_TO_A_TURN for number in range(9)]
    first_in_round = [min(paced, key=lambda label, turn=turn: paced[label].begun[turn]) for turn in range(3)]
    assert first_in_round == list(paced)


def test_tables_show_every_contender_and_mark_other_work() -> None:
    table = table_of(FOUND.small)
    assert len(as_text(table).splitlines()) == len(FOUND.small) + 1
    assert len(as_markdown(table).splitlines()) == len(FOUND.small) + 2
    marked = [line[1] for line in table if line[3].endswith("*")]
    assert marked == ["wyoming_safe_haul_2025"] * 2


def test_growth_is_told_as_shares_of_the_fastest() -> None:
    assert [line[2] for line in growth_of(FOUND.growth)[1:]] == ["80%", "96%", "100%", "100%", "92%", "60%"]


def test_the_same_rows_make_the_same_picture_and_its_words_name_everybody() -> None:
    drawn = [picture(FOUND.corridor, FOUND.big, FOUND.growth) for _ in range(2)]
    assert drawn[0] == drawn[1]
    words = alternative(FOUND.corridor, FOUND.big, FOUND.growth)
    assert all(row.contender.engine in words for row in FOUND.corridor)
    assert all(row.contender.work in words for row in FOUND.growth)


def test_the_section_holds_picture_tables_and_every_line() -> None:
    section = section_of(FOUND)
    assert section.startswith("![Stops a second")
    assert section.count("| --- |") == 3
    assert all(line in section for line in [*FOUND.lines, *FOUND.missing])


def test_writing_the_section_twice_leaves_the_last_one() -> None:
    page = f"above\n{BEGIN}\n{END}\nbelow\n"
    once = with_section(page, "new")
    assert with_section(with_section(page, "old"), "new") == once
    assert once.startswith("above\n")
    assert once.endswith("\nbelow\n")


def test_a_page_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="must hold these two lines"):
        with_section("no marks", "new")


def test_the_page_on_speed_has_the_marks() -> None:
    assert with_section(PAGE.read_text(encoding="utf-8"), "new").count("new\n") == 1


def test_whoever_cannot_be_measured_is_named_in_one_line_and_the_rest_is_measured() -> None:
    twin = next(one for one in small() if one.model == "twin")
    nowhere = Contender("Ciw", "m", "ciw", "", SMALL, python=Path("nowhere/python"))
    no_file = Contender("stopflow", "m", "compiled", "", scenario=Path("nowhere.yaml"))
    with started([nowhere, no_file, twin]) as (workers, missing):
        turn = workers[twin.label].turn(first=1)
    assert list(workers) == [twin.label]
    assert len(turn.counts) == 1
    assert turn.cpu > 0
    assert turn.peak_mb > 10
    assert [line.partition(":")[0] for line in missing] == ["Ciw", "stopflow on nowhere.yaml"]
    with pytest.raises(MissingError, match="`make bench` makes it"):
        Worker(nowhere)


def test_the_same_seed_gives_a_worker_the_same_vehicles_and_another_seed_others() -> None:
    with started([one for one in small() if one.engine == TWIN and one.same_work][:1]) as (workers, _):
        (worker,) = workers.values()
        once, again, other = worker.turn(5, replications=2), worker.turn(5, replications=2), worker.turn(8, replications=2)
    assert once.counts == again.counts != other.counts


@pytest.mark.parametrize(("contender", "stops"), list(zip(growing(), (10**3, 10**4, 10**5, 10**6, 10**7, 10**7), strict=True)))
def test_the_steps_of_growth_expect_the_stops_that_they_are_called_after(contender: Contender, stops: int) -> None:
    rate = load(contender.scenario, contender.settings).traffic.flows["corridor"].rate
    replications = 10 if "ten replications" in contender.work else 1
    assert replications * hours_of(contender) * rate == pytest.approx(stops, rel=0.07)


def test_every_contender_of_a_size_has_the_hours_that_its_line_tells() -> None:
    for one in [*small(), *big(), *big(quick=True)]:
        if one.same_work and one.model != "reference":
            hours = hours_of(one) if one.size is None else one.size.hours
            told = one.work.split(", ")[1]
            assert hours == (8760 if told == "a year" else 24 * int(told.split()[0]))


def hours_of(contender: Contender) -> float:
    """Return the hours of the one flow of a corridor's scenario."""
    (clock,) = load(contender.scenario, contender.settings).operation.shifts.values()
    return ((clock.last - clock.first).days + 1) * clock.length / 3_600_000


def test_the_big_corridor_is_ten_times_the_small_one_for_a_year() -> None:
    for name in ("rate_per_hour", "officers", "inspectors", "ice_agents", "desks", "beds"):
        assert getattr(BIG, name) == 10 * getattr(SMALL, name)
    scenario = load(CORRIDOR_BIG)
    (clock,) = scenario.operation.shifts.values()
    assert (clock.patrol_units, clock.inspectors, clock.ice_agents) == (BIG.officers, BIG.inspectors, BIG.ice_agents)
    assert (scenario.jail.desks, scenario.jail.beds) == (BIG.desks, BIG.beds)
    assert scenario.traffic.flows["corridor"].rate == BIG.rate_per_hour
    assert (clock.last - clock.first).days + 1 == BIG.hours / 24
