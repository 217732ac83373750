"""What all tests share."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from sim import loading

Command = Callable[..., tuple[int, str, str]]

# The same examples every time, however slow the machine: a failure is there for everybody, and no timing makes one.
settings.register_profile("stopflow", deadline=None, derandomize=True)
# A mutant that fails has failed: what the smallest example is, nobody asks.
settings.register_profile("mutants", settings.get_profile("stopflow"), phases=[Phase.explicit, Phase.generate])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "stopflow"))


@pytest.fixture(scope="session", autouse=True)
def shipped_files_are_read_once():
    """Read the YAML of each shipped file once: a test loads a scenario in a tenth of the time, and there are hundreds."""
    read, read_once, folder = loading.read_file, cache(loading.read_file), loading.shipped_folder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "read_file", lambda path: (read_once if folder in path.parents else read)(path))
        yield


@pytest.fixture(scope="module")
def pictures_are_left_empty():
    """Leave every picture empty, for tests of commands whose pictures are not looked at."""
    from tests.fuzz.watched import without_drawing

    with without_drawing():
        yield


@pytest.fixture
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw no pictures of a run or a comparison: for tests of what stands beside them, since drawing takes most of the time."""
    from sim.report import comparison_report, figures

    monkeypatch.setattr(figures, "all_of", lambda result: {})
    monkeypatch.setattr(comparison_report, "figures_of", lambda results: {})


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Return a function that runs the command line here, in an empty folder: exit status, standard output, standard error."""
    from sim import cli

    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["stopflow", *map(str, arguments)])
        with pytest.raises(SystemExit) as leaving:
            cli.main()
        out, err = capsys.readouterr()
        return int(leaving.value.code or 0), out, err

    return call
