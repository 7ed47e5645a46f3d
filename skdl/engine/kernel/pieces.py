"""Pieces of the kernel: small functions, compiled when they are first needed and called by their address.

A layer, a loss or an optimizer is a function of flat arrays, and all functions of a kind have the same
arguments. numba compiles each of them for itself; the loop over layers gets their addresses as integers. So
no network, whatever its depth, its activations and its optimizer, is compiled for.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from skdl.engine.kernel.cache import cached

# How a function of the kernel is compiled. Divisions by zero give infinities, as in NumPy, and loops that
# divide become vector instructions; nothing is reordered, so that NaN keeps its meaning.
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
# Whether functions run as Python, as the environment variable NUMBA_DISABLE_JIT has it.
INTERPRETED = bool(vars(numba.config)["DISABLE_JIT"])
_lock = threading.RLock()


def once_for_each_type(make: Callable[[str], Any]) -> Callable[[str], Any]:
    """Call `make` once for each float type, whichever threads ask, and remember what it gave."""
    lock, made = threading.Lock(), dict[str, Any]()

    @functools.wraps(make)
    def get(dtype: str) -> Any:
        with lock:
            if dtype not in made:
                made[dtype] = make(dtype)
            return made[dtype]

    return get


class Arguments:
    """The arguments that all pieces of a kind have.

    Parameters
    ----------
    *names : str
        The names of the arguments, in their order.
    **kinds : str
        The type of those that are no flat array of the float type in use: "floats", a flat array of float64;
        "integers", a flat array of int64; "float" or "integer", one number; "rows", a two-dimensional
        array of the float type in use.
    """

    def __init__(self, *names: str, **kinds: str):
        self.names, self._kinds = names, kinds

    def signature(self, dtype: str) -> Any:
        """The numba signature for a float type."""
        real = getattr(types, dtype)
        known = {
            "floats": types.Array(types.float64, 1, "C"),
            "integers": types.Array(types.int64, 1, "C"),
            "float": types.float64,
            "integer": types.int64,
            "rows": types.Array(real, 2, "C"),
        }
        flat = types.Array(real, 1, "C")
        given = [known[self._kinds[name]] if name in self._kinds else flat for name in self.names]
        return types.void(*given)


class Piece:
    """A function with the arguments of its kind.

    Parameters
    ----------
    function : callable
        Python that numba compiles.
    arguments : Arguments
    """

    def __init__(self, function: Callable[..., None], arguments: Arguments):
        self.function, self._arguments = function, arguments
        self._addresses: dict[str, int] = {}
        self._dispatchers: list[Any] = []
        self.__doc__ = function.__doc__

    def address(self, dtype: str) -> int:
        """Where the function for a float type is in this process; compiled if need be."""
        with _lock:
            if dtype not in self._addresses:
                self._addresses[dtype] = self._compiled(dtype)
            return self._addresses[dtype]

    def _compiled(self, dtype: str) -> int:
        if INTERPRETED:
            _interpreted.append(self.function)
            return len(_interpreted) - 1
        signature = self._arguments.signature(dtype)
        dispatcher = cached(numba.njit(**OPTIONS)(self.function), dtype)
        dispatcher.compile(signature)
        self._dispatchers.append(dispatcher)  # who owns the code
        made = dispatcher.overloads[tuple(signature.args)]
        address: int = made.library.get_pointer_to_function(made.fndesc.llvm_func_name)
        return address

    def __call__(self, *arguments: Any) -> None:
        """Run the piece on arrays, compiled for the type of the first one: what tests do."""
        _call_one(self.address(arguments[0].dtype.name), arguments)


def piece(arguments: Arguments) -> Callable[[Callable[..., None]], Piece]:
    """Make a function a piece with such arguments."""
    return lambda function: Piece(function, arguments)


# The functions in the place of addresses where NUMBA_DISABLE_JIT is set.
_interpreted: list[Callable[..., None]] = []

if INTERPRETED:

    def call(address: int, arguments: tuple[Any, ...]) -> None:
        """Call the piece at an address."""
        _interpreted[address](*arguments)

    def part(array: np.ndarray, start: int, stop: int) -> np.ndarray:
        """A part of a flat array; the array has to outlive it."""
        return array[start:stop]

else:

    @intrinsic
    def call(typing_context, address, arguments):
        """Call the piece at an address."""

        def codegen(context, builder, signature, values):
            where, packed = values
            kinds = [types.unliteral(kind) for kind in arguments.types]
            function = context.call_conv.get_function_type(types.none, kinds)
            pointer = builder.inttoptr(where, function.as_pointer())
            status, _ = context.call_conv.call_function(
                builder, pointer, types.none, kinds, cgutils.unpack_tuple(builder, packed)
            )
            with cgutils.if_unlikely(builder, status.is_error):
                context.call_conv.return_status_propagate(builder, status)
            return context.get_dummy_value()

        return types.none(types.int64, arguments), codegen

    @intrinsic
    def part(typing_context, array, start, stop):
        """A part of a flat array, which is not counted among its users: the array has to outlive it."""

        def codegen(context, builder, signature, values):
            kind = signature.args[0]
            whole = context.make_array(kind)(context, builder, values[0])
            made = context.make_array(kind)(context, builder)
            size = context.get_constant(
                types.intp, context.get_abi_sizeof(context.get_data_type(kind.dtype))
            )
            count = builder.sub(values[2], values[1])
            populate_array(
                made,
                data=builder.gep(whole.data, [values[1]]),
                shape=cgutils.pack_array(builder, [count]),
                strides=cgutils.pack_array(builder, [size]),
                itemsize=size,
                meminfo=None,
            )
            return made._getvalue()

        return array(array, types.int64, types.int64), codegen


@numba.njit(nogil=True)
def _call_one(address, arguments):
    call(address, arguments)
