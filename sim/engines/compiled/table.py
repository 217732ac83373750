"""Tables that lie at an address: what a compiled function is given in place of arrays.

An array of numba carries its shape and a count of who refers to it, checks for negative places, and is looked up anew
after every write, since any write might have changed where it lies. A table knows its rows' size from its type, counts
nothing, and tells the compiler three things that are true here: where a table lies does not change while a compiled
function runs, tables that nobody writes to do not change either, and different tables do not overlap.

``table[row]`` is a record, a number, or a row of numbers; ``table[row, column]`` a number. Nobody looks whether a place is there.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Container, Mapping
from typing import Any

import numba
from llvmlite import ir
from numba.core import types
from numba.core.typing.templates import AbstractTemplate, infer_global
from numba.core.typing.templates import signature as signature_of
from numba.extending import intrinsic, lower_builtin, models, register_model

WORD, PLACE = ir.IntType(64), ir.IntType(8).as_pointer()
WHOLE = (types.Integer, types.IntEnumMember, types.Boolean)


class Table(types.Type):
    """The type of a table: numbers or records, each some bytes after the one before.

    Parameters
    ----------
    name
        Of the table; tables of different names do not overlap.
    element
        The type of a number or record.
    strides
        Bytes from one place to the next, for each index.
    is_fixed
        Whether nobody writes to it while a compiled function runs.
    """

    def __init__(self, name: str, element: Any, strides: tuple[int, ...], is_fixed: bool) -> None:
        self.table, self.element, self.strides, self.is_fixed = name, element, strides, is_fixed
        super().__init__(name=f"Table({name}, {element}, {strides}, {is_fixed})")

    def at(self, index: Any) -> Any:
        """Return the type of what stands at an index; None if there is no such index."""
        parts: list[Any] = list(index) if isinstance(index, types.BaseTuple) else [index]  # type: ignore[call-overload]
        if len(parts) > len(self.strides) or not all(isinstance(part, WHOLE) for part in parts):
            return None
        depth = len(parts)
        if depth == len(self.strides):
            return self.element
        return Table(self.table, self.element, self.strides[depth:], self.is_fixed)


@register_model(Table)
class _Model(models.PrimitiveModel):
    """A table is its address."""

    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, PLACE)


@infer_global(operator.getitem)
class _Get(AbstractTemplate):
    def generic(self, arguments: Any, _named: Any) -> Any:
        table, index = arguments
        found = table.at(index) if isinstance(table, Table) else None
        return None if found is None else signature_of(found, table, index)


@infer_global(operator.setitem)
class _Set(AbstractTemplate):
    def generic(self, arguments: Any, _named: Any) -> Any:
        table, index, _ = arguments
        if isinstance(table, Table) and table.at(index) is table.element and not isinstance(table.element, types.Record):
            return signature_of(types.none, table, index, table.element)
        return None


def _address(context: Any, builder: Any, table: Table, base: Any, index_type: Any, index: Any) -> Any:
    """Return the address of what stands at an index."""
    if isinstance(index_type, types.BaseTuple):
        kinds: list[Any] = list(index_type)  # type: ignore[call-overload]
        parts = [(kind, builder.extract_value(index, place)) for place, kind in enumerate(kinds)]
    else:
        parts = [(index_type, index)]
    for (kind, part), stride in zip(parts, table.strides, strict=False):
        wide = context.cast(builder, part, kind, types.int64)
        base = builder.gep(base, [builder.mul(wide, WORD(stride))], inbounds=True)
    return base


def _marked(builder: Any, instruction: Any, table: Table) -> Any:
    """Tell the compiler which table an instruction reads or writes, and whether it may change."""
    module = builder.module
    root = module.add_metadata(["stopflow"])
    kind = module.add_metadata([table.table, root, ir.Constant(WORD, 0)])
    instruction.set_metadata("tbaa", module.add_metadata([kind, kind, ir.Constant(WORD, 0)]))
    if table.is_fixed and instruction.opname == "load":
        instruction.set_metadata("invariant.load", module.add_metadata([]))
    return instruction


@lower_builtin(operator.getitem, Table, types.Any)
def _get(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    table, index = signature.args
    address = _address(context, builder, table, arguments[0], index, arguments[1])
    if isinstance(signature.return_type, Table):
        return address
    kind = context.get_value_type(signature.return_type)
    if isinstance(signature.return_type, types.Record):
        return builder.bitcast(address, kind)
    return _marked(builder, builder.load(builder.bitcast(address, kind.as_pointer())), table)


@lower_builtin(operator.setitem, Table, types.Any, types.Any)
def _set(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    table, index, kind = signature.args
    address = _address(context, builder, table, arguments[0], index, arguments[1])
    value = context.cast(builder, arguments[2], kind, table.element)
    place = builder.bitcast(address, context.get_value_type(table.element).as_pointer())
    _marked(builder, builder.store(value, place), table)
    return context.get_dummy_value()


def table_in(name: str, dtype: Any, columns: tuple[int, ...], *, is_fixed: bool) -> Any:
    """Return the function that finds a table: its address stands in the world's field ``at_<name>``."""
    strides = [dtype.itemsize]
    for count in reversed(columns):
        strides.insert(0, strides[0] * count)
    table = Table(name, numba.from_dtype(dtype), tuple(strides), is_fixed)

    def find(_context: Any, world: Any) -> Any:
        offset = world.offset(f"at_{name}")

        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            field = builder.gep(builder.bitcast(arguments[0], PLACE), [WORD(offset)], inbounds=True)
            load = builder.load(builder.bitcast(field, PLACE.as_pointer()))
            load.set_metadata("invariant.load", builder.module.add_metadata([]))
            return load

        return table(world), generate

    return intrinsic(find)


def tables_of(arrays: Mapping[str, tuple[Any, tuple[int, ...]]], changing: Container[str]) -> Callable[[str], Any]:
    """Return what finds, by a table's name, the function that finds the table in a world of so many arrays."""

    def find(name: str) -> Any:
        dtype, columns = arrays[name]
        return table_in(name, dtype, columns, is_fixed=name not in changing)

    return find
