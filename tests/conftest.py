"""What all tests share."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import settings

from sim import loading

# The same examples every time, however slow the machine: a failure is there for everybody, and no timing makes one.
settings.register_profile("stopflow", deadline=None, derandomize=True)
settings.load_profile("stopflow")


@pytest.fixture(scope="module")
def shipped_files_are_read_once():
    """Read the YAML of each shipped file once, for tests that load many files which extend them."""
    read, read_once, folder = loading.read_file, cache(loading.read_file), loading.shipped_folder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "read_file", lambda path: (read_once if folder in path.parents else read)(path))
        yield
