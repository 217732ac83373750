"""Who does the work: this process, processes of our own, or any executor of ``concurrent.futures``.

A task is a function of a module with arguments that can be sent; what comes back hangs on the arguments only, so it does not
matter who does it, when, or how often. No more tasks are under way than keep the workers busy, so that memory does not grow
with the work.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import islice
from typing import Any, TypeVar

from sim.errors import StopflowError, UsageError

Answer = TypeVar("Answer")
Task = TypeVar("Task")

#: How often a task that was under way when a worker died is tried again, alone, before it is given up.
TRIES_ALONE = 2
#: Workers that an executor of somebody else is taken to have, if it does not say.
WORKERS_UNTOLD = 4
#: Parcels that a worker keeps: as many as the arms of a usual comparison.
PARCELS = 8


def end_with_the_parent() -> None:
    """Let this worker end when the process that started it is killed; it would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """Let processes that are started meanwhile not hear Ctrl-C, which a terminal sends to all; who started them ends them."""
    if not hasattr(signal, "pthread_sigmask"):  # as on Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Processes(Executor):
    """Processes of our own, which can be started anew after one of them has died."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.pool = self._started()

    def _started(self) -> ProcessPoolExecutor:
        # Spawn is the one way of starting that behaves alike on every system.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self.workers, mp_context=context, initializer=end_with_the_parent)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Submit a task to the processes of the moment."""
        with deaf_to_interrupts():  # processes are started when there is work for them
            return self.pool.submit(fn, *args, **kwargs)

    def renew(self) -> None:
        """Start new processes in place of those that died."""
        self.pool.shutdown(wait=True, cancel_futures=True)
        self.pool = self._started()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes when they have done what is under way."""
        self.pool.shutdown(wait=wait, cancel_futures=cancel_futures)

    def stop(self) -> None:
        """End the processes now: somebody who stops a command does not want to wait for the longest task."""
        for process in list((getattr(self.pool, "_processes", None) or {}).values()):
            process.terminate()
        self.pool.shutdown(wait=True)


@dataclass(frozen=True, slots=True)
class Lost:
    """A task that no worker could bring to its end, and why; the exception if it raised one."""

    reason: str
    problem: Exception | None = field(default=None, compare=False)


class Parcel:
    """What many tasks need, packed once by whoever sends it and unpacked once by each worker.

    To pack a scenario takes longer than a few replications by the compiled engine, and a worker that gets the same object again
    knows that it has made everything ready for it.
    """

    def __init__(self, content: Any) -> None:
        self.content = content
        self.packed = b""

    def __reduce__(self) -> tuple[Callable[[bytes], Parcel], tuple[bytes]]:
        self.packed = self.packed or pickle.dumps(self.content)
        return _unpacked, (self.packed,)


@lru_cache(maxsize=PARCELS)
def _unpacked(packed: bytes) -> Parcel:
    return Parcel(pickle.loads(packed))


@contextmanager
def workers_of(executor: Executor | None, workers: int) -> Iterator[Executor | None]:
    """Yield the executor given, or processes of our own, or None if this process does the work by itself."""
    if executor is not None or workers <= 1:
        yield executor
        return
    pool = Processes(workers)
    try:
        yield pool
    except BaseException:
        pool.stop()
        raise
    pool.shutdown(wait=True, cancel_futures=True)


def width_of(pool: Executor) -> int:
    """Return how many tasks to keep under way: two for each worker, so that none waits for this process."""
    told = pool.workers if isinstance(pool, Processes) else getattr(pool, "_max_workers", None)
    return 2 * (told if isinstance(told, int) and told > 0 else WORKERS_UNTOLD)


def in_order(pool: Executor | None, function: Callable[..., Answer], tasks: Sequence[tuple[Any, ...]]) -> Iterator[Answer]:
    """Yield the answers to all tasks in the order of the tasks; what was under way when a worker died is done again.

    Parameters
    ----------
    pool
        Who does the work; None for this process.
    function
        What is done, a function of a module.
    tasks
        Arguments for it. The first one is what tasks that follow each other may share, such as the scenario: something that
        pickle can pack. It is sent as a :class:`Parcel`.

    Raises
    ------
    UsageError
        If a task ends its worker every time, or an executor of somebody else's breaks.
    """
    if pool is None:
        for task in tasks:
            yield function(*task)
        return
    width, apply = width_of(pool), partial(_applied, function)
    parcel = Parcel(None)
    sent: dict[int, tuple[Any, ...]] = {}  # as they were sent, until their answer is given
    running: dict[Future[Answer], int] = {}
    done: dict[int, Answer] = {}
    submitted = given = 0
    while given < len(tasks):
        while submitted < len(tasks) and submitted - given < 2 * width and len(running) < width:
            shared, *rest = tasks[submitted]
            parcel = parcel if parcel.content is shared else Parcel(shared)
            sent[submitted] = (parcel, *rest)
            running[_submitted(pool, apply, sent[submitted])] = submitted
            submitted += 1
        finished, _ = wait(running, return_when=FIRST_COMPLETED)
        lost: list[int] = []
        for future in finished:
            number = running.pop(future)
            try:
                done[number] = future.result()
            except BrokenExecutor:
                lost.append(number)
        if lost:
            lost += running.values()
            running.clear()
            again = _one_by_one(pool, apply, [sent[number] for number in lost])
            done |= {number: _found(answer) for number, (_, answer) in zip(lost, again, strict=True)}
        while given in done:
            del sent[given]
            yield done.pop(given)
            given += 1


def _applied(function: Callable[..., Answer], task: tuple[Any, ...]) -> Answer:
    parcel, *rest = task
    return function(parcel.content, *rest)


def _found(answer: Answer | Lost) -> Answer:
    if not isinstance(answer, Lost):
        return answer
    if answer.problem is not None:
        raise answer.problem
    raise UsageError(f"{answer.reason}; use fewer --workers, or ask for less.")


def as_done(
    pool: Executor | None, function: Callable[[Task], Answer], tasks: Iterable[Task]
) -> Iterator[tuple[Task, Answer | Lost]]:
    """Yield every task with its answer as soon as it is there; tasks are taken one by one as workers get free.

    A worker that dies costs what was under way, which is done again. A task that ends its worker every time is given up,
    and the rest goes on.

    Raises
    ------
    UsageError
        If an executor of somebody else's breaks; what was yielded before stays good.
    """
    if pool is None:
        for task in tasks:
            yield task, function(task)
        return
    width, source = width_of(pool), iter(tasks)
    running: dict[Future[Answer], Task] = {}
    try:
        while True:
            for task in islice(source, width - len(running)):
                running[_submitted(pool, function, task)] = task
            if not running:
                return
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            suspects: list[Task] = []
            for future in finished:
                task = running.pop(future)
                answer = _answer(future)
                if answer is None:
                    suspects.append(task)
                else:
                    yield task, answer
            if suspects:  # when one process dies the whole pool is broken, with all that was under way
                suspects += running.values()
                running.clear()
                yield from _one_by_one(pool, function, suspects)
    finally:
        _give_up(pool, running)


def _give_up(pool: Executor, running: Iterable[Future[Any]]) -> None:
    if not isinstance(pool, Processes):  # ours are ended by whoever started them
        for future in running:
            future.cancel()


def _submitted(pool: Executor, function: Callable[[Task], Answer], task: Task) -> Future[Answer]:
    try:
        return pool.submit(function, task)
    except BrokenExecutor as problem:  # a worker died between two looks
        broken: Future[Answer] = Future()
        broken.set_exception(problem)
        return broken


def _answer(future: Future[Answer]) -> Answer | Lost | None:
    """Return the answer, or what went wrong; None if a worker died and the task is to be tried again."""
    try:
        return future.result()
    except BrokenExecutor:
        return None
    except StopflowError:
        raise
    except Exception as problem:  # whatever a cluster may raise; the task is recorded as failed
        return Lost(f"{type(problem).__name__}: {problem}", problem)


def _one_by_one(
    pool: Executor, function: Callable[[Task], Answer], tasks: Iterable[Task]
) -> Iterator[tuple[Task, Answer | Lost]]:
    if not isinstance(pool, Processes):
        raise UsageError("the executor broke down; what was finished is kept. Start it again, and the same command goes on.")
    pool.renew()
    for task in tasks:
        for _ in range(TRIES_ALONE):
            answer = _answer(_submitted(pool, function, task))
            if answer is not None:
                yield task, answer
                break
            pool.renew()
        else:
            yield task, Lost("the worker died every time (killed, or out of memory?)")
