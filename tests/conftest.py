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


@pytest.fixture(scope="module")
def shipped_files_are_read_once():
    """Read the YAML of each shipped file once, for tests that load many files which extend them."""
    read, read_once, folder = loading.read_file, cache(loading.read_file), loading.shipped_folder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "read_file", lambda path: (read_once if folder in path.parents else read)(path))
        yield


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
