"""The compiler, and where its work is kept between runs.

The kept work hangs on every file that the engine is made of: a function compiled from several files would not notice that
one of them has changed. So it stands in a folder named after a digest of all of them, in the user's cache, where several
processes may share it and a read-only installation does no harm. ``STOPFLOW_CACHE_DIR`` names another place.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import FunctionType
from typing import Any, TypeVar

import numba
from numba.core import cgutils, types
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])

_SIM = Path(__file__).resolve().parents[2]
_OTHERS = ("calendar", "chance", "distributions", "elementary", "entities", "fields", "scenario", "trace", "units")
#: What the compiled functions are made of.
SOURCES = (
    *sorted((_SIM / "engines" / "compiled").glob("*.py")),
    *(_SIM / f"{name}.py" for name in _OTHERS),
    _SIM / "pathway" / "places.py",
    _SIM / "measures" / "tally.py",
)


def cache_folder() -> Path:
    """Return the folder for compiled work of this very version; a fresh temporary one where nothing can be kept."""
    digest = hashlib.sha256()
    for source in SOURCES:
        digest.update(source.read_bytes())
    digest.update(f"{sys.version}{metadata.version('numba')}{metadata.version('numpy')}".encode())
    home = os.environ.get("STOPFLOW_CACHE_DIR")
    base = Path(home) if home else Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "stopflow"
    folder = base / digest.hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        return Path(tempfile.mkdtemp(prefix="stopflow-"))


numba.config.CACHE_DIR = str(cache_folder())  # type: ignore[attr-defined]


def compiled(function: Function) -> Function:
    """Compile a function when it is first called, or find it compiled."""
    made: Function = numba.njit(cache=True, error_model="numpy")(function)  # type: ignore[assignment]
    return made


def recompiled(function: Function, **inner: Callable[..., Any]) -> Function:
    """Compile a function of another room, whose inner functions are replaced by compiled ones."""
    assert isinstance(function, FunctionType)
    copy: Any = FunctionType(function.__code__, function.__globals__ | inner, function.__name__, function.__defaults__)
    made: Function = compiled(copy)
    return made


@intrinsic  # type: ignore[misc]
def pointer(_context: Any, _address: Any) -> Any:
    """Return an address as a pointer."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), generate


@intrinsic  # type: ignore[misc]
def wide_product(_context: Any, _one: Any, _other: Any) -> Any:
    """Return the upper and the lower 64 bits of the product of two 64-bit numbers."""
    signature = types.UniTuple(types.uint64, 2)(types.uint64, types.uint64)

    def generate(context: Any, builder: Any, found: Any, arguments: Any) -> Any:
        from llvmlite import ir

        wide, narrow = ir.IntType(128), ir.IntType(64)
        product = builder.mul(builder.zext(arguments[0], wide), builder.zext(arguments[1], wide))
        upper = builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), narrow)
        return context.make_tuple(builder, found.return_type, (upper, builder.trunc(product, narrow)))

    return signature, generate
