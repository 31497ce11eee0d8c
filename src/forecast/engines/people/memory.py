"""How functions are compiled here, and one instruction that numba has no name for."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

P = ParamSpec("P")
T = TypeVar("T")


def compiled(function: Callable[P, T]) -> Callable[P, T]:
    """Compile without reference counts: the functions own nothing and return no array, and counting costs more.

    Other threads of the process go on meanwhile: a worker looks whether its parent lives, and tells its scheduler.
    """
    ready: Callable[P, T] = njit(cache=True, nogil=True, _nrt=False)(function)  # type: ignore[call-overload]  # not documented
    return ready


def compiled_within(function: Callable[P, T]) -> Callable[P, T]:
    """Compile as `compiled` does, into each function that calls it: for what is called for every person.

    A tuple of arrays is passed number by number, hundreds of them for a `Crowd`; the compiler by itself calls functions
    as long as these, and passing costs more than what they do.
    """
    options: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False, "forceinline": True}
    ready: Callable[P, T] = njit(**options)(function)
    return ready


def _as_called(function: Callable[[Any, Any, Any], Any]) -> Callable[[Any, Any], None]:
    """Make an instruction that compiled code calls without the first argument, numba's own."""
    ready: Any = intrinsic(function)
    called: Callable[[Any, Any], None] = ready
    return called


@_as_called
def fetch_soon(typingctx: Any, table: Any, row: Any) -> Any:
    """Ask for a row of a table (records,) to be brought from memory while the program goes on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array_type, _ = signature.args
        array = context.make_array(array_type)(context, builder, arguments[0])
        place = cgutils.get_item_pointer(context, builder, array_type, array, [arguments[1]], wraparound=False)
        bytes_, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [bytes_, number, number, number])
        call = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        for_writing, keep, data = (number(n) for n in (1, 3, 1))
        first = builder.bitcast(place, bytes_)
        builder.call(call, [first, for_writing, keep, data])
        size = context.get_abi_sizeof(context.get_data_type(array_type.dtype))
        last = builder.gep(first, [ir.Constant(ir.IntType(32), size - 1)])
        builder.call(call, [last, for_writing, keep, data])  # a row may lie across two lines of memory
        return context.get_dummy_value()

    return types.void(table, types.intp), generate
