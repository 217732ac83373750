"""Two engines, one trace: the compiled engine leaves what the SimPy processes leave, event for event."""

from __future__ import annotations

import ast
import gc
import importlib
from concurrent.futures import ThreadPoolExecutor
from datetime import date, time
from enum import EnumType
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import engines, loading
from sim.calendar import Calendar
from sim.chance import draw
from sim.engines import AUTO, COMPILED, SIMPY, chosen, kept
from sim.engines.compiled import run as operations
from sim.engines.compiled.jail import end_of_clock, next_pickup
from sim.engines.compiled.layout import WORLD
from sim.engines.compiled.programme import run as programmes
from sim.engines.compiled.run import Engine
from sim.engines.compiled.tables import days_of
from sim.engines.compiled.tally import begin_span, end_span
from sim.engines.simpy_engine import simulate
from sim.errors import UsageError
from sim.experiment.replications import run, run_block
from sim.loading import shipped
from sim.measures import measure_all
from sim.measures.operation import measures_of
from sim.pathway.world import World
from sim.programme import measures as programme_measures
from sim.programme import record as programme_record
from sim.programme.draw import draw as draw_programme
from sim.programme.pathway import simulate as simulate_programme
from sim.reported import load
from sim.scenario import Scenario
from sim.trace import COLUMNS, Kind
from sim.units import DAY
from tests import any_programme
from tests.any_world import GRID, Run, runs
from tests.test_programme import ONE_COUNTY

OPERATIONS = [path for path in shipped() if isinstance(load(str(path)), Scenario)]
PROGRAMMES = [path for path in shipped() if path not in OPERATIONS]


def assert_same(reference, compiled, kinds=Kind):
    """Compare two traces, and show the first events that differ."""
    ours, theirs = compiled.rows, reference.rows
    both = min(len(ours), len(theirs))
    apart = np.flatnonzero((ours[:both] != theirs[:both]).any(axis=1))
    first = int(apart[0]) if len(apart) else both
    shown = [
        f"{name}: "
        + "; ".join(f"{kinds(row[1]).name} {dict(zip(COLUMNS, row, strict=True))}" for row in rows[first : first + 2].tolist())
        for name, rows in (("simpy", theirs), ("compiled", ours))
    ]
    assert len(ours) == len(theirs) and not len(apart), f"event {first}\n" + "\n".join(shown)


@pytest.mark.parametrize("path", OPERATIONS, ids=lambda path: path.stem)
def test_every_shipped_operation_has_the_same_trace_in_both_engines(path):
    scenario = load(str(path))
    engine = Engine(scenario, seed=7)
    for replication in (3, 1):  # not in order: what one leaves behind must not reach the next
        assert_same(simulate(scenario, draw(scenario, 7, replication)), engine.trace(replication))


@given(run=runs())
def test_any_world_has_the_same_trace_in_both_engines(run: Run):
    assert_same(run.trace, Engine(run.scenario, run.seed, GRID if run.together else 1).trace(0))


@pytest.mark.slow
@settings(max_examples=3000)
@given(run=runs())
def test_thousands_of_worlds_have_the_same_trace_in_both_engines(run: Run):
    assert_same(run.trace, Engine(run.scenario, run.seed, GRID if run.together else 1).trace(0))


@pytest.mark.parametrize("path", PROGRAMMES, ids=lambda path: path.stem)
def test_every_shipped_programme_has_the_same_trace_in_both_engines(path):
    scenario = load(str(path))
    engine = programmes.Engine(scenario, seed=7)
    for replication in (3, 1):
        reference = simulate_programme(scenario, draw_programme(scenario, 7, replication))
        assert_same(reference, engine.trace(replication), programme_record.Kind)


def assert_one_programme(run: any_programme.Run):
    engine = programmes.Engine(run.scenario, run.seed)
    assert_same(run.trace, engine.trace(0), programme_record.Kind)
    counted, digests = engine.block(0, 1)
    np.testing.assert_array_equal(programme_measures.measures_of(counted, run.scenario)[0], measures_of_programme(run))
    assert digests == [run.trace.digest]


def measures_of_programme(run: any_programme.Run):
    return programme_measures.measure_all(run.trace, run.scenario)


@given(run=any_programme.runs())
@settings(max_examples=120)
def test_any_programme_has_the_same_trace_and_measures_in_both_engines(run):
    """Most of them with whole classes of agencies that ask, sign, train and end at one midnight.

    Fails if the order of two steps at the same instant, or of agencies and models within a step, is another in one engine; if
    those who wait for seats are passed over; or if rows are handed over twice.
    """
    assert_one_programme(run)


@pytest.mark.slow
@settings(max_examples=3000)
@given(run=any_programme.runs())
def test_thousands_of_programmes_have_the_same_trace_and_measures_in_both_engines(run):
    assert_one_programme(run)


# --- measures and digests, without a trace --------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*OPERATIONS, *PROGRAMMES], ids=lambda path: path.stem)
def test_measures_and_digests_are_the_same_to_the_last_bit(path):
    """Fails if a row is added twice or left out."""
    scenario = load(str(path))
    values, digests = run_block(scenario, 7, 2, 2, COMPILED)
    expected, expected_digests = run_block(scenario, 7, 2, 2, SIMPY)
    np.testing.assert_array_equal(values, expected)
    assert digests == expected_digests


def test_a_pool_of_a_thousand_leaves_room_for_a_piece_of_rows_and_the_same_digest():
    """Hung where a step may leave more rows than there was room for at first: no step was ever taken."""
    scenario = load("laramie_shift_2026", ("jail.desks=1000",))
    engine = Engine(scenario, 7)
    assert engine.block(0, 1)[1] == run_block(scenario, 7, 0, 1, SIMPY)[1]


@given(run=runs())
@settings(max_examples=40)
def test_the_compiled_pass_over_a_trace_gives_the_tallies_of_the_plain_one(run: Run):
    events, _ = Engine(run.scenario, run.seed, GRID if run.together else 1).block(0, 1)
    np.testing.assert_array_equal(measures_of(events)[0], measure_all(run.trace, run.scenario))


@pytest.mark.parametrize(("workers", "chunk"), [(1, 3), (1, 50), (2, 7)])
def test_workers_and_chunks_change_no_bit_of_the_compiled_engine(workers, chunk):
    scenario = load("laramie_shift_2026")
    reference = run(scenario, replications=30, seed=5, engine=SIMPY)
    compiled = run(scenario, replications=30, seed=5, engine=COMPILED, workers=workers, chunk=chunk)
    np.testing.assert_array_equal(reference.values, compiled.values)
    assert (reference.digests, reference.engine, compiled.engine) == (compiled.digests, SIMPY, COMPILED)


def test_workers_and_chunks_change_no_bit_of_a_compiled_programme():
    scenario = load("national_arrests")
    reference = run(scenario, replications=5, seed=5, engine=SIMPY)
    compiled = run(scenario, replications=5, seed=5, engine=COMPILED, workers=2, chunk=2)
    np.testing.assert_array_equal(reference.values, compiled.values)
    assert (reference.digests, compiled.engine) == (compiled.digests, COMPILED)


def test_room_for_events_grows_while_a_programme_runs():
    """One agency with a thousand classes of one officer, whose credentials all take months, is more than there was room for."""
    keys = ("class_size=1", "put_forward=1", "course=0 d", "credentials=90 d")
    many = [*(f"programme.training.task_force.{key}" for key in keys), "programme.sizes.counties.median=1000"]
    scenario = loading.load("adoption_2025_2026", [*ONE_COUNTY, *many])
    engine = programmes.Engine(scenario, 5)
    room = len(engine.memory.arrays["events"])
    assert_same(simulate_programme(scenario, draw_programme(scenario, 5, 0)), engine.trace(0), programme_record.Kind)
    assert len(engine.memory.arrays["events"]) > room


def test_threads_do_not_disturb_each_other():
    scenario = load("laramie_shift_2026")
    reference = run(scenario, replications=30, seed=5, engine=SIMPY)
    with ThreadPoolExecutor(3) as threads:
        compiled = run(scenario, replications=30, seed=5, engine=COMPILED, chunk=2, executor=threads)
    assert reference.digests == compiled.digests


def test_an_engine_broken_off_in_a_replication_is_not_used_again(monkeypatch):
    """Fails if it is kept for the next block: what was still to come would come in the next replication."""
    scenario = load("laramie_shift_2026", ("jail.local.rate={value: 5 per h}",))  # more people than there is room for at first
    expected = run_block(scenario, 5, 0, 2, SIMPY)[1]

    def interrupted(self: Engine, answer: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(Engine, "help", interrupted)
        with pytest.raises(KeyboardInterrupt):
            operations.measured(scenario, 5, 0, 2)
    assert operations.measured(scenario, 5, 0, 2)[1] == expected


@pytest.mark.parametrize("path", OPERATIONS, ids=lambda path: path.stem)
def test_the_pathway_runs_as_well_by_simpys_own_loop(monkeypatch, path):
    """Fails if :meth:`World.run_to_the_end` leaves out anything of SimPy's ``run`` that an operation needs."""
    scenario = load(str(path))
    draws = draw(scenario, 7, 0)
    ours = simulate(scenario, draws)
    monkeypatch.setattr(World, "run_to_the_end", simpy.Environment.run)
    assert_same(simulate(scenario, draws), ours)


@pytest.mark.parametrize("path", OPERATIONS, ids=lambda path: path.stem)
def test_a_replication_leaves_nothing_that_only_the_collector_of_garbage_can_free(path):
    """Fails if a world is not emptied at the end, or a journey that has ended holds itself."""
    scenario = load(str(path))
    draws = draw(scenario, 7, 0)
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        trace = simulate(scenario, draws)
        left = gc.collect()
    finally:
        if was_enabled:
            gc.enable()
    assert len(trace.rows)
    assert left == 0


@given(st.lists(st.one_of(st.none(), st.integers(0, 8))))
def test_when_something_began_for_a_person_is_found_in_whatever_order_it_ends(steps):
    """A step begins something for somebody new, or ends it for the n-th of those for whom it goes on."""
    spans = np.zeros((len(steps) + 3, 2), dtype=np.int64)
    spans[0, 1] = 1
    going_on: dict[int, int] = {}
    for person, step in enumerate(steps):
        if step is None:
            begin_span.py_func(spans, person, 10 * person)
            going_on[person] = 10 * person
        elif step < len(going_on):
            whose = list(going_on)[step]
            assert end_span.py_func(spans, whose) == going_on.pop(whose)
    many, first = spans[0].tolist()
    assert dict(spans[first : first + many].tolist()) == going_on
    assert first <= many + 1


# --- which engine ---------------------------------------------------------------------------------------------------


def test_auto_compiles_only_for_work_that_repays_it(monkeypatch):
    monkeypatch.setattr(kept, "is_compiled", lambda kind: False)
    assert chosen(AUTO, True, 400) == (SIMPY, "")
    assert chosen(AUTO, True, 100_000) == (COMPILED, "")
    monkeypatch.setattr(kept, "is_compiled", lambda kind: True)
    assert chosen(AUTO, True, 400) == (COMPILED, "")
    assert chosen(AUTO, True, 3) == (SIMPY, "")
    assert chosen(AUTO, False, 100_000) == (SIMPY, "")


def test_without_numba_auto_takes_simpy_and_compiled_says_what_to_install(monkeypatch):
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    assert chosen(AUTO, True, 100_000) == (SIMPY, "")
    with pytest.raises(UsageError, match=r"stopflow\[fast\]"):
        chosen(COMPILED, True, 100_000)


def test_an_unknown_engine_is_refused_with_the_nearest():
    with pytest.raises(UsageError, match="compiled"):
        chosen("compild", True, 10)


def test_what_is_not_covered_falls_back_and_says_so():
    assert chosen(COMPILED, False, 10) == (
        SIMPY,
        "the compiled engine does not cover this scenario; SimPy is used, with the same results.",
    )


def test_compiled_work_that_cannot_be_kept_is_made_in_a_temporary_folder(monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("STOPFLOW_CACHE_DIR", str(blocked))
    assert kept.folder.__wrapped__().name.startswith("stopflow-")


def test_compiled_work_hangs_on_the_text_of_the_engine(monkeypatch, tmp_path):
    monkeypatch.setenv("STOPFLOW_CACHE_DIR", str(tmp_path))
    before = kept.folder.__wrapped__()
    changed = tmp_path / "changed.py"
    changed.write_text("# another step")
    sources = kept.sources()
    monkeypatch.setattr(kept, "sources", lambda: [*sources, changed])
    assert kept.folder.__wrapped__() != before


def imported(source):
    """Return the constants and modules that a file of ours imports from others of ours, with the files they come from."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sim"):
            module = importlib.import_module(node.module)
            for name in (one.name for one in node.names):
                value = getattr(module, name) if hasattr(module, name) else importlib.import_module(f"{node.module}.{name}")
                if isinstance(value, ModuleType):
                    yield name, Path(value.__file__)
                elif isinstance(
                    value, int | float | str | tuple | list | dict | set | frozenset | np.generic | np.dtype | EnumType
                ):
                    yield name, Path(module.__file__)


def test_compiled_work_hangs_on_every_file_that_a_constant_in_it_may_come_from():
    """Fails if a file is missing from the list: a number changed there would stay as it was compiled."""
    sources = kept.sources()
    found = {one for source in sources for one in imported(source)}
    assert {("UNUSED_BITS", kept._SIM / "streams.py"), ("chance", kept._SIM / "chance.py")} < found
    assert {file for _, file in found if file not in sources} == {Path(kept.__file__)}  # which keeps, and says nothing


# --- the calendar's tables ------------------------------------------------------------------------------------------


@given(
    zone=st.sampled_from(["America/Denver", "America/Havana", "America/Phoenix", "Australia/Lord_Howe"]),
    begins=st.integers(-30 * DAY, 400 * DAY),
    length=st.sampled_from([0, 1, DAY, 2 * DAY, 10 * DAY]),
    rule=st.booleans(),
)
def test_clocks_run_out_and_transport_comes_as_the_calendar_says(zone, begins, length, rule):
    calendar = Calendar(date(2025, 3, 3), zone)
    days = days_of((date(2025, 3, 3), zone), -31 * DAY, (1, 5), time(2, 30), 500)
    record = np.zeros(1, dtype=WORLD)
    for name, array in (("midnights", days.midnights), ("excluded", days.excluded), ("pickups", days.pickups)):
        record[f"at_{name}"], record[f"many_{name}"] = array.ctypes.data, len(array)
    assert end_of_clock(record[0], begins, length, rule) == calendar.end_of_clock(begins, length, without_weekends=rule)
    assert next_pickup(record[0], begins) == calendar.next_time(begins, (1, 5), time(2, 30))
