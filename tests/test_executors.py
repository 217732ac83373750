"""Who does the work does not matter, and a worker that dies costs what it had in hand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

from sim.errors import UsageError
from sim.experiment.executors import Lost, Processes, as_done, in_order, width_of, workers_of
from tests import deadly

NUMBERS = list(range(12))


def test_a_worker_that_dies_once_costs_nothing_but_time(tmp_path: Path) -> None:
    tasks = [(number, str(tmp_path / "mark")) for number in NUMBERS]
    with workers_of(None, 2) as pool:
        answers = dict(as_done(pool, deadly.die_once_at_three, tasks))
    assert (tmp_path / "mark").exists()
    assert answers == {task: 2 * task[0] for task in tasks}


def test_a_task_that_kills_every_worker_is_given_up_and_the_rest_goes_on() -> None:
    with workers_of(None, 2) as pool:
        answers = dict(as_done(pool, deadly.die_at_three, NUMBERS))
    lost = answers.pop(3)
    assert isinstance(lost, Lost)
    assert "the worker died every time" in lost.reason
    assert answers == {number: 2 * number for number in NUMBERS if number != 3}


def test_a_task_that_fails_is_told_with_its_reason() -> None:
    with ThreadPoolExecutor(2) as pool:
        answers = dict(as_done(pool, deadly.fail_at_three, NUMBERS))
    assert answers[3] == Lost("ArithmeticError: three")
    assert answers[4] == 8


def test_an_executor_of_somebody_else_that_breaks_is_told_in_words() -> None:
    class Broken(ThreadPoolExecutor):
        def submit(self, *_: Any, **__: Any) -> Any:
            raise BrokenProcessPool("gone")

    with Broken(1) as pool, pytest.raises(UsageError, match="what was finished is kept"):
        list(as_done(pool, deadly.double, NUMBERS))


def test_what_many_tasks_share_is_packed_once_and_unpacked_once_by_a_worker() -> None:
    """Fails if each task carries its own: a scenario takes longer to pack than a few replications."""
    pool, shared, before = Processes(1), deadly.Packed(), deadly.Packed.packs
    try:
        answers = list(in_order(pool, deadly.note, [(shared, number) for number in NUMBERS]))
    finally:
        pool.stop()
    assert answers == [NUMBERS[: number + 1] for number in NUMBERS]
    assert deadly.Packed.packs == before + 1


def test_every_task_gets_what_it_shares_also_when_a_worker_dies(tmp_path: Path) -> None:
    """Fails if the next task gets what the one before shares, or one that is tried again gets nothing."""
    tasks = [(shared, number, str(tmp_path / "mark")) for shared, number in zip("aabba", range(5), strict=True)]
    with workers_of(None, 2) as pool:
        answers = list(in_order(pool, deadly.joined_or_die_once_at_three, tasks))
    assert (tmp_path / "mark").exists()
    assert answers == ["a0", "a1", "b2", "b3", "a4"]


def test_tasks_are_taken_only_as_workers_get_free() -> None:
    """Fails if a sweep of a million tasks would be gathered in memory before it starts."""
    taken = 0

    def tasks() -> Iterator[int]:
        nonlocal taken
        for number in range(1000):
            taken += 1
            yield number

    with ThreadPoolExecutor(2) as pool:
        for given, _ in enumerate(as_done(pool, deadly.double, tasks()), start=1):
            assert taken <= given + width_of(pool)
    assert taken == 1000


def test_answers_in_order_are_those_of_the_tasks() -> None:
    with ThreadPoolExecutor(3) as pool:
        assert list(in_order(pool, deadly.double, [(number,) for number in NUMBERS])) == [2 * number for number in NUMBERS]


def test_workers_end_when_their_parent_is_killed() -> None:
    """Fails without the watch: a worker waits for ever on a queue whose other end it holds itself."""
    code = (
        "import os, sys, time\n"
        "from sim.experiment.executors import Processes\n"
        "if __name__ == '__main__':\n"
        "    pool = Processes(1)\n"
        "    print(pool.submit(os.getpid).result(), flush=True)\n"
        "    time.sleep(60)\n"
    )
    script = [sys.executable, "-c", code]
    parent = subprocess.Popen(script, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).resolve().parents[1])
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    assert alive(worker)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 20
    while alive(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(worker)


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not state.exists() or state.read_text().split()[2] != "Z"
