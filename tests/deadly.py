"""Tasks for tests of executors: some end the process that works on them. Nothing heavy is imported: workers start at once."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def double(number: int) -> int:
    return 2 * number


def die_at_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def die_once_at_three(task: tuple[int, str]) -> int:
    number, mark = task
    if number == 3 and not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def fail_at_three(number: int) -> int:
    if number == 3:
        raise ArithmeticError("three")
    return 2 * number


def joined_or_die_once_at_three(shared: str, number: int, mark: str) -> str:
    die_once_at_three((number, mark))
    return f"{shared}{number}"


class Packed:
    """Something that counts how often it is packed, and is an empty list when it is unpacked."""

    packs = 0

    def __reduce__(self) -> tuple[type[list[int]], tuple[()]]:
        Packed.packs += 1
        return list, ()


def note(shared: list[int], number: int) -> list[int]:
    """Add a number to what many tasks share."""
    shared.append(number)
    return list(shared)
