"""A short version of what ``python -m tests.fuzz`` tries ten thousand times: files, bytes and command lines of anybody.

That valid scenarios keep every law and agree between engines is tried in test_laws.py and test_engines.py.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings

from tests.fuzz import flags, scenarios
from tests.fuzz.watched import call

pytestmark = pytest.mark.usefixtures("shipped_files_are_read_once", "pictures_are_left_empty")
NO_FIXTURE_PER_EXAMPLE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much]
LINES = 60


@settings(max_examples=25, suppress_health_check=NO_FIXTURE_PER_EXAMPLE)
@given(text=scenarios.mistaken())
def test_a_scenario_with_a_mistake_is_refused_in_words_or_was_none(text: str, tmp_path: Path) -> None:
    path = tmp_path / "mistaken.yaml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    scenarios.outcome_of_file(path)


@settings(max_examples=200, suppress_health_check=NO_FIXTURE_PER_EXAMPLE)
@given(content=scenarios.contents(longest=2_000))
@example(content=b"\xff")
def test_any_bytes_are_refused_in_words_or_are_a_scenario(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "any.yaml"
    path.write_bytes(content)
    scenarios.outcome_of_file(path)


def test_any_command_line_ends_in_words_and_writes_where_it_was_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    bench = flags.Bench.set_up(tmp_path)
    for number in range(LINES):
        flags.outcome_of(flags.line(random.Random(number), bench), bench)


def test_a_command_that_writes_elsewhere_or_says_nothing_would_be_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watch itself: a file beside the folder that was named, a half-written one, a traceback, a hang."""
    from sim.commands import explain

    monkeypatch.chdir(tmp_path)
    bench = flags.Bench(tmp_path, names={}, before=flags.everything(tmp_path))
    monkeypatch.setattr("sim.report.tables.scenario_table", lambda: Path("left").write_text("x"))
    with pytest.raises(AssertionError, match="left"):
        flags.outcome_of(["list"], bench)
    monkeypatch.setattr("sim.report.tables.scenario_table", lambda: 1 / 0)
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        flags.outcome_of(["list"], bench)
    monkeypatch.setattr("sim.report.tables.scenario_table", lambda: [None for _ in iter(int, 1)])
    assert "Hang" in call(["list"], seconds=0.2).crash
    assert explain.list_
