"""The programme: laws that hold whatever the parameters, one agency's story, and what was reported."""

from __future__ import annotations

import csv
import json
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from jsonschema import ValidationError, validate
from scipy.stats import chisquare, poisson

from sim import loading
from sim.audit.audit import COUNTRY, broken_by, tell
from sim.cli import main
from sim.errors import ScenarioError
from sim.experiment.replications import replicate, run
from sim.loading import from_plain, shipped_folder, to_plain
from sim.models import model_of
from sim.programme.arrests import IN_A_BLOCK, MARK_UNITS, MOST_MARKS, marks_of, seat_of
from sim.programme.draw import NEVER, draw
from sim.programme.measures import measure_all, measures
from sim.programme.pathway import simulate
from sim.programme.record import MONEY, PAYERS, Kind
from sim.programme.scenario import ELIGIBLE, KINDS, MODELS, ProgrammeScenario
from sim.report.numbers import verdict
from sim.reported import load
from sim.scenario import Scenario
from sim.schema import file_schema, file_text, schema_file
from sim.streams import uniforms
from sim.units import DAY
from sim.yaml_reader import read_file
from tests.any_programme import runs
from tests.programme_view import View

ADOPTION = "adoption_2025_2026"
FILES = (ADOPTION, "national_arrests", "payments")
OTHERS = ("texas", "leading", "middle", "few", "banning_2026", "new_york", "banned")
SEED = 5
WORLDS = (
    (),
    ("programme.training.task_force.seats=40", "programme.pipeline.withdrawn_a_year=0.5"),
    ("programme.states.leading.banned_from=2025-09-01", "programme.pipeline.wind_down=20 d", "programme.payments.salary_paid=1"),
)


@cache
def world(*settings, name=ADOPTION):
    """Return scenario, draws and trace of one replication."""
    scenario = loading.load(name, settings)  # without its reported figures, which need every group of states
    draws = draw(scenario, SEED, 0)
    return scenario, draws, simulate(scenario, draws)


def rows(trace, kind):
    return trace.rows[trace.rows[:, 1] == kind]


def pairs(found):
    """Return the agreements (agency, model) of some rows, in their order."""
    return [tuple(pair) for pair in found[:, 3:5].tolist()]


def in_group(scenario, found, name):
    return found[found[:, 2] == scenario.programme.group_names.index(name)]


def value(trace, scenario, name):
    return measure_all(trace, scenario)[list(measures(scenario)).index(name)]


# --- one agency ------------------------------------------------------------------------------------------------------

ONE_COUNTY = (
    *(f"programme.states.{name}=null" for name in OTHERS),
    "programme.mandates.florida_cities=null",
    "programme.mandates.texas_2026=null",
    *(f"programme.states.florida.{key}=0" for key in ("municipalities", "state_agencies", "task_force", "jail_models")),
    *(f"programme.states.florida.{key}=0" for key in ("held_jail_enforcement", "held_warrant_service")),
    "programme.states.florida.counties=1",
    "programme.mandates.florida_sheriffs.begins=2025-02-03",
    "programme.mandates.florida_sheriffs.deadline=2025-02-03",
    "programme.mandates.florida_sheriffs.task_force=1",
    "programme.mandates.florida_sheriffs.jail_enforcement=0",
    "programme.mandates.florida_sheriffs.warrant_service=0",
    "programme.pipeline.evaluation_in_backlog=10 d",
    "programme.pipeline.list_gap=7 d",
    "programme.pipeline.declined=0",
    "programme.pipeline.withdrawn_a_year=0",
    "programme.sizes.counties.median=100",
    "programme.sizes.counties.sigma=0",
    "programme.training.task_force.sends=1",
    "programme.training.task_force.put_forward=0.25",
    "programme.training.task_force.class_size=20",
    "programme.training.task_force.prepares=5 d",
    "programme.training.task_force.course=4 d",
    "programme.training.task_force.credentials=3 d",
    "programme.payments.first_payment=6 d",
    "programme.payments.salary_paid=0",
    "programme.payments.overtime_used=0",
    "programme.arrests.per_task_force_officer=0",
)


def story(trace):
    return [(time // DAY, Kind(kind).name.lower(), detail) for time, kind, *_, detail in trace.rows.tolist()]


def test_an_agency_asks_signs_is_listed_trains_in_classes_and_is_paid_when_payments_begin():
    scenario, _, trace = world(*ONE_COUNTY)
    payment = (scenario.programme.payments.begins - scenario.programme.calendar.begins).days + 6
    assert [one for one in story(trace) if one[1] not in ("training", "award")] == [
        (14, "asked", 0),
        (24, "signed", 0),
        (28, "listed", 0),
        (29, "seats_taken", 20),
        (33, "seats_freed", 20),
        (33, "seats_taken", 5),
        (36, "credentialed", 20),
        (37, "seats_freed", 5),
        (40, "credentialed", 5),
        (payment, "vehicles", 100_000),
        (payment, "equipment", 25 * 7_500),
    ]


def test_an_agency_that_sends_nobody_signs_and_is_never_active_or_paid():
    _, _, trace = world(*ONE_COUNTY, "programme.training.task_force.sends=0")
    assert [one[1] for one in story(trace)] == ["asked", "signed", "listed"]


def test_a_ban_stops_an_inquiry_under_way_and_ends_what_was_signed_before_it():
    winding = "programme.pipeline.wind_down=30 d"
    _, _, early = world(*ONE_COUNTY, winding, "programme.states.florida.banned_from=2025-02-10")
    assert story(early) == [(14, "asked", 0), (24, "declined", 0)]
    _, _, late = world(*ONE_COUNTY, winding, "programme.states.florida.banned_from=2025-02-14")
    assert [one for one in story(late) if one[1] in ("signed", "ended", "unlisted", "credentialed", "vehicles")] == [
        (24, "signed", 0), (36, "credentialed", 20), (40, "credentialed", 5), (55, "ended", 1), (56, "unlisted", 0),
    ]  # fmt: skip


# --- laws ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("settings", WORLDS)
def test_every_law_of_the_audit_holds(name, settings):
    scenario, draws, trace = world(*settings, name=name)
    assert broken_by(tell(scenario, draws, trace), COUNTRY) == []
    assert {Kind.LISTED, Kind.CREDENTIALED, Kind.VEHICLES, Kind.EQUIPMENT, Kind.ARRESTED} <= set(trace.rows[:, 1].tolist())


def test_every_inquiry_is_pending_declined_or_signed_and_every_agreement_stands_or_has_ended():
    scenario, draws, trace = world()
    asked, declined, signed, ended = (pairs(rows(trace, kind)) for kind in (Kind.ASKED, Kind.DECLINED, Kind.SIGNED, Kind.ENDED))
    held = {pair for pair, row in zip(signed, rows(trace, Kind.SIGNED), strict=True) if row[6] == 1}
    assert set(declined).isdisjoint(signed)
    assert set(signed) - held | set(declined) <= set(asked)
    assert set(ended) <= set(signed)
    pending = len(asked) - len(declined) - (len(signed) - len(held))
    assert pending == View(trace, scenario).pending(scenario.programme.calendar.ends) > 0
    ever = {agency for agency, _ in [*asked, *signed]}
    never = set(range(len(draws))) - ever
    standing = {agency for agency, _ in set(signed) - set(ended)}
    assert len(never) + len(ever - standing) + len(standing) == len(draws)
    assert value(trace, scenario, "agencies_never_signed") == len(draws) - len({agency for agency, _ in signed})


def test_an_agency_holds_at_most_one_agreement_of_each_model_and_some_hold_several():
    _, _, trace = world()
    signed = pairs(rows(trace, Kind.SIGNED))
    assert len(signed) == len(set(signed)) > len({agency for agency, _ in signed})


def test_only_agencies_that_a_model_is_made_for_sign_it():
    _, draws, trace = world("programme.states.middle.tribes=40", "programme.paces.spring_2025.tribal_task_force=20")
    signed = pairs(rows(trace, Kind.SIGNED))
    assert all(MODELS[model] in ELIGIBLE[KINDS[draws.kind[agency]]] for agency, model in signed)
    assert {MODELS[model] for _, model in signed} == set(MODELS)


@pytest.mark.parametrize(("model", "seats"), [("task_force", 40), ("jail_enforcement", 15)])
def test_seats_in_training_are_all_used_and_never_exceeded(model, seats):
    _, _, trace = world(f"programme.training.{model}.seats={seats}")
    mine = trace.rows[trace.rows[:, 4] == MODELS.index(model)]
    change = np.where(mine[:, 1] == Kind.SEATS_TAKEN, mine[:, 6], 0) - np.where(mine[:, 1] == Kind.SEATS_FREED, mine[:, 6], 0)
    assert np.cumsum(change).max() == seats
    assert np.cumsum(change).min() >= 0


def test_banned_states_are_at_zero_after_the_ban_and_the_others_are_as_they_were():
    settings = ("programme.states.leading.banned_from=2025-09-01", "programme.pipeline.wind_down=20 d")
    scenario, _, trace = world(*settings)
    free = world("programme.pipeline.wind_down=20 d")[2]
    ban = (scenario.programme.states["leading"].banned_from - scenario.programme.calendar.begins).days * DAY
    signed = in_group(scenario, rows(trace, Kind.SIGNED), "leading")
    assert len(signed) and (signed[:, 0] < ban).all()
    view = View(trace, scenario)
    listed = view.listed(scenario.programme.calendar.ends)
    assert len(in_group(scenario, np.insert(listed, 0, [[0], [0]], axis=1), "leading")) == 0
    assert len(in_group(scenario, rows(free, Kind.SIGNED), "leading")) > len(signed)
    for name in ("texas", "middle", "florida"):
        mine, others = (in_group(scenario, rows(one, Kind.SIGNED), name) for one in (trace, free))
        assert np.array_equal(mine, others)


def test_states_that_banned_before_the_first_day_never_have_an_agreement():
    scenario, _, trace = world("programme.states.banned.held_warrant_service=5")
    assert len(in_group(scenario, trace.rows, "banned")) == 0
    freed = world("programme.states.banned.banned_from=none")[2]
    assert len(in_group(scenario, rows(freed, Kind.SIGNED), "banned")) > 0


@pytest.mark.parametrize(
    ("stronger", "weaker"),
    [
        ("programme.mandates.texas_2026.deadline=2026-05-01", "programme.mandates.texas_2026.deadline=2026-12-01"),
        ("programme.mandates.texas_2026.covered=1", "programme.mandates.texas_2026.covered=0.2"),
        ("programme.mandates.texas_2026.covered=0.2", "programme.mandates.texas_2026=null"),
        ("programme.states.middle.task_force=2", "programme.states.middle.task_force=0.5"),
    ],
)
def test_a_mandate_an_earlier_deadline_and_eagerness_only_add(stronger, weaker):
    more, fewer = (draw(load(ADOPTION, [setting]), SEED, 0) for setting in (stronger, weaker))
    sooner = [(a.asks <= b.asks).all() for a, b in zip(more.under, fewer.under, strict=True)]
    assert all(sooner)
    assert any((a.asks < b.asks).any() for a, b in zip(more.under, fewer.under, strict=True))


def test_a_mandate_binds_the_largest_counties_of_its_group_and_nobody_else():
    scenario = load(ADOPTION)
    with_law, without = (draw(load(ADOPTION, one), SEED, 0) for one in ([], ["programme.mandates.texas_2026=null"]))
    moved = np.zeros(len(with_law), dtype=bool)
    for a, b in zip(with_law.under, without.under, strict=True):
        moved |= a.asks != b.asks
    texas = (with_law.group == scenario.programme.group_names.index("texas")) & (with_law.kind == KINDS.index("counties"))
    assert moved.any() and not moved[~texas].any()
    covered = round(scenario.programme.mandates["texas_2026"].covered * texas.sum())
    assert with_law.sworn[moved].min() >= np.sort(with_law.sworn[texas])[-covered]


def test_money_by_payer_is_money_by_kind_and_nothing_is_federal_before_payments_begin():
    scenario, _, trace = world()
    view = View(trace, scenario)
    by_kind = sum(view.money(kind) for kind in MONEY)
    assert by_kind == sum(view.money(kind, payer) for kind in MONEY for payer in PAYERS) > 0
    federal = trace.rows[trace.rows[:, 5] == PAYERS.index("federal")]
    begins = (scenario.programme.payments.begins - scenario.programme.calendar.begins).days * DAY
    assert len(federal) and federal[:, 0].min() >= begins
    assert (federal[:, 4] == MODELS.index("task_force")).all()


def test_paying_every_officers_salary_moves_money_and_nobody():
    usual, full = (world(f"programme.payments.salary_paid={share}") for share in ("0.03", "1"))
    for kind in (Kind.ASKED, Kind.SIGNED, Kind.CREDENTIALED, Kind.ARRESTED, Kind.EQUIPMENT):
        assert np.array_equal(rows(usual[2], kind), rows(full[2], kind))
    ratio = View(full[2], full[0]).money("salary") / View(usual[2], usual[0]).money("salary")
    assert ratio == pytest.approx(1 / 0.03, rel=1e-3)  # whole dollars are rounded quarter by quarter


def test_the_same_seed_gives_the_same_trace_and_another_seed_another():
    scenario, _, trace = world()
    assert replicate(scenario, SEED, 0).digest == trace.digest
    assert replicate(scenario, SEED + 1, 0).digest != trace.digest
    assert replicate(scenario, SEED, 1).digest != trace.digest


def test_results_do_not_hang_on_the_size_of_chunks():
    scenario = world()[0]
    one, other = (run(scenario, replications=3, seed=SEED, chunk=chunk) for chunk in (1, 3))
    assert one.digests == other.digests
    assert np.array_equal(one.values, other.values, equal_nan=True)


def same_agencies(one, other):
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("group", "kind", "number", "state", "sworn"))


def test_other_training_seats_leave_the_agencies_and_what_they_sign_the_same():
    (_, many, fast), (_, few, slow) = (world(f"programme.training.task_force.seats={seats}") for seats in (2000, 20))
    assert same_agencies(many, few)
    assert np.array_equal(rows(fast, Kind.SIGNED), rows(slow, Kind.SIGNED))
    assert len(rows(fast, Kind.CREDENTIALED)) > len(rows(slow, Kind.CREDENTIALED))


def test_more_agencies_in_one_group_leave_those_of_every_group_what_they_were():
    scenario, before, _ = world()
    after = draw(load(ADOPTION, ["programme.states.florida.counties=80"]), SEED, 0)
    new = (after.group == scenario.programme.group_names.index("florida")) & (after.kind == 0) & (after.number >= 67)
    assert new.sum() == 13
    for name in ("state", "sworn", "wind_down", "located"):
        assert np.array_equal(getattr(before, name), getattr(after, name)[~new])
    task_force = MODELS.index("task_force")
    florida_counties = (before.group == scenario.programme.group_names.index("florida")) & (before.kind == 0)
    # Who must sign, and who held an agreement on the first day, is a rank in the group; the rest is an agency's own.
    assert np.array_equal(before.under[task_force].asks[~florida_counties], after.under[task_force].asks[~new][~florida_counties])


def test_a_longer_calendar_leaves_what_happened_before_its_old_end_the_same():
    _, _, shorter = world()
    _, _, longer = world("programme.calendar.ends=2026-09-30")
    assert np.array_equal(longer.rows[: len(shorter.rows)], shorter.rows)
    assert len(longer.rows) > len(shorter.rows)


AGENCIES, WEEKS = 40, 100


def marks_up_to(expected):
    """Return the marks of forty agencies in a hundred weeks, all up to the same height, and a function that counts them."""
    highest = np.full(AGENCIES, round(expected * MARK_UNITS))

    def source(number, block):
        return uniforms(SEED, 0, "any", WEEKS * IN_A_BLOCK, seat_of(number, block))

    found = marks_of(source, 0, highest, WEEKS)
    heights = {}

    def counts(mean):
        rows = np.arange(AGENCIES)
        at = heights.setdefault(mean, np.full(AGENCIES, round(mean * MARK_UNITS)))
        return np.column_stack([found.below(rows, week, at) for week in range(WEEKS)])

    return counts


@pytest.mark.parametrize("mean", [0.05, 0.7, 3.0, 20.0, 60.0, 400.0, 50_000.0])
def test_counts_of_arrests_are_those_of_a_poisson_distribution(mean):
    """Four thousand counts in classes of about one in ten, against the Poisson distribution.

    Fails if a gap between marks has another mean (one in ten too long is seen from an expectation of 3 on), if the lanes of a
    block are used twice, or if what is beyond the last mark has another mean or variance.
    """
    counts = marks_up_to(mean)(mean).ravel()
    edges = np.unique(poisson.ppf(np.arange(1, 10) / 10, mean))
    shares = np.diff(np.concatenate(([0.0], poisson.cdf(edges, mean), [1.0])))
    seen = np.bincount(np.searchsorted(edges, counts), minlength=len(shares))
    kept = shares > 1e-9
    assert chisquare(seen[kept], shares[kept] / shares[kept].sum() * seen.sum()).pvalue > 1e-3


def test_expecting_more_arrests_never_brings_fewer_and_moves_no_other_week():
    """Whatever the expectation, in small steps and across the last mark; and drawing further up changes no mark below."""
    counts = marks_up_to(3 * MOST_MARKS)
    expected = np.concatenate([np.arange(0, 4, 0.05), np.arange(4, 3 * MOST_MARKS, 1.3)])
    ladder = np.stack([counts(mean) for mean in expected.tolist()])
    assert (np.diff(ladder, axis=0) >= 0).all()
    assert not ladder[0].any()
    assert (marks_up_to(2.0)(2.0) == counts(2.0)).all()


def test_more_arrests_by_the_officer_leave_every_other_agencys_week_what_it_was():
    rate = "programme.arrests.per_task_force_officer"
    (_, _, few), (_, _, many) = (world(f"{rate}={mean}", name="national_arrests") for mean in (0.03, 0.09))
    made = {}
    for trace in (few, many):
        for time, _, _, agency, model, _, count in rows(trace, Kind.ARRESTED).tolist():
            made.setdefault((time, agency, model), {})[id(trace)] = count
    changes = [(key[2], both.get(id(few), 0), both.get(id(many), 0)) for key, both in made.items()]
    assert all(before <= after for _, before, after in changes)
    assert all(before == after for model, before, after in changes if model != MODELS.index("task_force"))
    assert any(before < after for _, before, after in changes)


def assert_measures_are_those_read_off(trace, scenario):
    read = View(trace, scenario).all()
    assert set(read) == set(measures(scenario))
    np.testing.assert_array_equal(measure_all(trace, scenario), [read[name] for name in measures(scenario)])


@pytest.mark.parametrize("name", FILES)
def test_measures_from_one_pass_of_sums_are_those_read_straight_off_the_trace(name):
    scenario, _, trace = world(name=name)
    assert_measures_are_those_read_off(trace, scenario)


@given(run=runs())
@settings(max_examples=60)
def test_measures_of_any_programme_are_those_read_straight_off_the_trace(run):
    """Fails if what ends is not taken off, or if a day ends after what happens at its midnight instead of before."""
    assert_measures_are_those_read_off(run.trace, run.scenario)


# --- files, loading, command line ------------------------------------------------------------------------------------


def test_the_top_level_key_says_of_which_kind_a_scenario_is_and_an_extending_file_follows_its_base(tmp_path):
    assert type(load("wyoming_safe_haul_2025")) is Scenario
    assert type(load(ADOPTION)) is ProgrammeScenario
    file = tmp_path / "mine.yaml"
    file.write_text(f"extends: {ADOPTION}\ntitle: mine\nquestion: what?\n")
    assert type(load(file)) is ProgrammeScenario
    assert model_of(load(file)).kind == "programme"


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("programme.training.task_force.seat=3", "no such key; did you mean 'seats'?"),
        ("programme.states.texas.states=0", "it has agencies but no states"),
        (
            "programme.states.texas.held_warrant_service=999",
            "more agreements are held on the first day than there are counties",
        ),
        ("programme.mandates.texas_2026.deadline=2025-01-01", "lies before it begins"),
        ("programme.states.texas.banned_from=soon", "is not a date"),
        ("stop.limit=20 min", "no such key"),
    ],
)
def test_a_slip_is_refused_with_its_key_and_a_remedy(setting, message):
    with pytest.raises(ScenarioError) as refused:
        load(ADOPTION, [setting])
    assert message in str(refused.value)
    assert setting.split("=")[0].split(".")[0] in str(refused.value)


@pytest.mark.parametrize(
    ("slip", "problem"),
    [
        (
            "programme.mandates.texas_2026.group=texsa",
            "mandate texas_2026 needs a group of states 'texsa'; did you mean 'texas'?",
        ),
        ("programme.states.texas=null", "mandate texas_2026 needs a group of states 'texas'; known here: "),
        ("programme.calendar.detailed_on=[2024-01-01]", "2024-01-01 of detailed_on lies outside 2025-01-20 to 2026-06-30; "),
        ("programme.calendar.begins=2025-02-10", "2025-01-31 of counted_on lies outside 2025-02-10 to 2026-06-30; "),
    ],
)
def test_what_a_whole_section_shows_to_be_wrong_is_refused_where_it_was_written_last(slip, problem):
    """Fails if another setting is blamed, the whole section, or a shipped file that was right before."""
    others = ["programme.sizes.counties.sigma=1", "programme.calendar.ends=2026-06-30"]
    with pytest.raises(ScenarioError) as refused:
        load(ADOPTION, [slip, *others])
    assert str(refused.value).startswith(f"--set {slip}: {slip.split('=')[0]}: {problem}")


@pytest.mark.parametrize(
    ("table", "later", "earlier"),
    [("programme.paces", "first_rush", "reopened"), ("programme.arrests.national", "summer_2025", "early_2025")],
)
def test_two_periods_that_begin_on_the_same_day_are_refused_where_the_second_is_written(table, later, earlier):
    """Fails if nothing says which of them holds, or if another setting is blamed."""
    slip = f"{table}.{later}.begins=2025-01-20"
    with pytest.raises(ScenarioError) as refused:
        load(ADOPTION, [slip, "programme.sizes.counties.sigma=1"])
    first, second = sorted((earlier, later))
    words = f"--set {slip}: {table}: {first} and {second} both begin on 2025-01-20; move or remove one of them."
    assert str(refused.value) == words


def test_a_figure_for_a_day_that_is_not_counted_is_refused_with_the_nearest_name(tmp_path):
    file = tmp_path / "mine.yaml"
    source = "sources: {me: {publisher: me, date: '2026'}}"
    file.write_text(
        f"extends: {ADOPTION}\ntitle: mine\nquestion: what?\n{source}\n"
        "reported:\n  agreements_2025_06_07: {value: 650, source: me}\n"
    )
    with pytest.raises(ScenarioError, match=r"mine\.yaml:6:\d+: reported\.agreements_2025_06_07: no measure has this name"):
        load(file)


def test_more_agencies_than_agreements_are_refused(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(
        f"extends: {ADOPTION}\ntitle: mine\nquestion: what?\nsources: {{me: {{publisher: me, date: '2026'}}}}\n"
        "reported:\n  agreements_2025_06_06: {value: 649, source: me}\n"
        "  agencies_2025_06_06: {value: 700, source: me}\n"
    )
    with pytest.raises(ScenarioError, match="700 agencies_2025_06_06 cannot be among 649 agreements_2025_06_06"):
        load(file)


@pytest.mark.parametrize("name", FILES)
def test_a_resolved_scenario_reads_back_as_the_same(name):
    scenario = load(name)
    again = from_plain(json.loads(json.dumps(to_plain(scenario), default=str)), "again")
    assert again.digest == scenario.digest
    assert again.reported == scenario.reported


def test_run_replay_check_and_explain_work_as_for_an_operation(tmp_path, monkeypatch, capsys):
    def stopflow(*words):
        monkeypatch.setattr("sys.argv", ["stopflow", *words])
        with pytest.raises(SystemExit) as left:
            main()
        assert left.value.code == 0
        return capsys.readouterr()

    out = tmp_path / "out"
    shown = stopflow("run", "national_arrests", "-n", "2", "--out", str(out), "--seed", "5").out
    assert "share_of_arrests_2026_01_20" in shown
    with (out / "summary.csv").open(newline="") as stream:
        summary = {row["measure"]: row for row in csv.DictReader(stream)}
    scenario = load("national_arrests")
    assert list(summary) == list(measures(scenario))
    assert float(summary["top_five_arrests_2026_04_15"]["reported"]) == 162
    told = stopflow("replay", str(out), "--replication", "1")
    assert "as recorded in the run." in told.err
    assert told.out.startswith(scenario.programme.calendar.begins.isoformat())
    assert "sound" in stopflow("check", *FILES).out
    assert "programme.training.task_force.seats" in stopflow("explain", ADOPTION, "--only", "programme.training").out


@pytest.mark.parametrize("path", [*shipped_folder().glob("programme/*.yaml")], ids=lambda path: path.stem)
def test_the_schema_of_programme_files_accepts_what_is_shipped(path):
    assert schema_file(ProgrammeScenario).name in path.read_text().splitlines()[0]
    validate(read_file(path).plain(), file_schema(ProgrammeScenario))


def test_the_schema_of_programme_files_refuses_a_slip():
    slip = {"programme": {"training": {"task_force": {"seat": 3}}}}
    with pytest.raises(ValidationError):
        validate(slip, file_schema(ProgrammeScenario))


def test_the_written_schema_is_what_the_declarations_say():
    assert schema_file(ProgrammeScenario).read_text(encoding="utf-8") == file_text(ProgrammeScenario)


def test_every_parameter_of_the_shipped_files_has_a_source():
    for name in FILES:
        scenario = load(name)
        bare = [
            path for path, one in scenario.evidence.items() if one.source is None and one.written not in (0, "none", (), None)
        ]
        structural = ("programme.calendar.", "programme.mandates.")
        assert [path for path in bare if not path.startswith(structural)] == []


@cache
def finished(name):
    return run(load(name), replications=200, seed=1, workers=2)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_every_reported_target_lies_within_the_simulated_90_percent_range(name):
    scenario, result = load(name), finished(name)
    outside = {}
    for measure, figure in scenario.reported.items():
        one = result.summary(measure)
        if figure.use == "target" and verdict(figure, one, result.measures[name].unit) != "inside":
            outside[measure] = (figure.value, one.p05, one.p95)
    assert outside == {}


@pytest.mark.slow
def test_the_ranges_of_the_published_counts_are_not_made_wide_to_hold_them():
    result = finished(ADOPTION)
    for day in ("2025_06_06", "2025_12_31", "2026_05_18"):
        for unit in ("agreements", "agencies"):
            one = result.summary(f"{unit}_{day}")
            assert (one.p95 - one.p05) / one.mean < 0.25


def test_never_is_later_than_any_calendar():
    scenario, draws, _ = world()
    asks = np.concatenate([one.asks for one in draws.under])
    assert (asks[asks < NEVER] <= scenario.programme.calendar.days * DAY).sum() > 0
    assert NEVER > 10_000 * 365 * DAY
