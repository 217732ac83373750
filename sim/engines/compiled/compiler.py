"""The compiler; its work is kept between runs by :mod:`sim.engines.kept`."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar

import numba
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from sim.engines import kept

Function = TypeVar("Function", bound=Callable[..., Any])

numba.config.CACHE_DIR = str(kept.folder())  # type: ignore[attr-defined]


def compiled(function: Function) -> Function:
    """Compile a function when it is first called, or find it compiled."""
    made: Function = _compiled(function)
    return made


def inlined(function: Function) -> Function:
    """Compile a short function into whatever calls it, so that no call is left."""
    made: Function = _compiled(function, inline=True)
    return made


def compiled_with_new_arrays(function: Function) -> Function:
    """Compile a function that makes arrays, so that somebody must count who refers to them; the others do without."""
    made: Function = _compiled(function, counts=True)
    return made


def recompiled(function: Function, *, inline: bool = False, **inner: Callable[..., Any]) -> Function:
    """Compile a function of another room, whose inner functions are replaced by compiled ones."""
    assert isinstance(function, FunctionType)
    copy = FunctionType(function.__code__, function.__globals__ | inner, function.__name__, function.__defaults__)
    made: Function = _compiled(copy, inline=inline)
    return made


def _compiled(function: Any, *, inline: bool = False, counts: bool = False) -> Any:
    njit: Any = numba.njit  # its types do not know of all it takes
    made: Any = njit(cache=True, error_model="numpy", forceinline=inline, _nrt=counts)(function)
    template_for = made.get_call_template
    # Else every constant that a function is called with would have it compiled once more.
    made.get_call_template = lambda arguments, named: template_for(tuple(map(_plain, arguments)), named)
    return made


def _plain(kind: Any) -> Any:
    """Return the type of any whole number for that of one constant."""
    return types.int64 if isinstance(kind, types.IntegerLiteral | types.IntEnumMember | types.BooleanLiteral) else kind


def _intrinsic(function: Callable[..., Any]) -> Any:
    """Make a function that is written in the compiler's own terms."""
    return intrinsic(function)


@_intrinsic
def bits_of(_context: Any, _number: Any) -> Any:
    """Return the bits of a floating-point number as a whole number."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), generate


@_intrinsic
def number_of(_context: Any, _bits: Any) -> Any:
    """Return the floating-point number with these bits."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), generate


@_intrinsic
def wide_product(_context: Any, _one: Any, _other: Any) -> Any:
    """Return the upper and the lower 64 bits of the product of two 64-bit numbers."""
    pair: Any = types.UniTuple
    signature = pair(types.uint64, 2)(types.uint64, types.uint64)

    def generate(context: Any, builder: Any, found: Any, arguments: Any) -> Any:
        wide, narrow = ir.IntType(128), ir.IntType(64)
        product = builder.mul(builder.zext(arguments[0], wide), builder.zext(arguments[1], wide))
        upper = builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), narrow)
        return context.make_tuple(builder, found.return_type, (upper, builder.trunc(product, narrow)))

    return signature, generate
