"""Pieces of the kernel: small functions, compiled when they are first needed and called by their address.

A layer, a loss or an optimizer is a function of flat arrays, and all functions of a kind have the same
arguments. Each of them is compiled for itself; the loop over layers gets their addresses as integers. So no
network, whatever its depth, its activations and its optimizer, is compiled for.

A function that is compiled calls other functions of its module. Such a function is `inlined`: plain Python
that becomes a part of each piece which calls it. Nothing here imports numba: a process that finds all its
pieces on disk never needs it.
"""

from __future__ import annotations

import functools
import hashlib
import os
import threading
import time
from collections.abc import Callable, Mapping
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from skdl.engine.kernel import cache
from skdl.engine.kernel.machine_code import MachineCode, address_of
from skdl.engine.ledger import ledger

# Whether functions run as Python, as numba's environment variable has it.
INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT", "") not in ("", "0")
_lock = threading.RLock()


class Inlined:
    """A function that pieces call.

    Parameters
    ----------
    function : callable
        Python.
    native : str, Inlined or None
        What is compiled in its place, a name in `primitives.py` or another function; None for `function`.
    """

    def __init__(self, function: Callable[..., Any], native: str | Inlined | None = None):
        self.function, self.native = function, native
        functools.update_wrapper(self, function)

    def __call__(self, *arguments: Any) -> Any:
        """Run it as Python."""
        return self.function(*arguments)


def inlined(function: Callable[..., Any]) -> Inlined:
    """Let pieces call a function."""
    return Inlined(function)


class ByType(Inlined):
    """A function of one number that is compiled in two ways.

    Parameters
    ----------
    function : callable
        Python.
    single, double : Inlined
        What compiled code calls for a float32, and for a float64.
    """

    def __init__(self, function: Callable[..., Any], single: Inlined, double: Inlined):
        super().__init__(function)
        self.single, self.double = single, double


class Arguments:
    """The arguments that all pieces of a kind have.

    Parameters
    ----------
    *names : str
        The names of the arguments, in their order.
    **kinds : str
        The type of those that are no flat array of the float type in use: "floats", a flat array of float64;
        "integers", a flat array of int64; "float" or "integer", one number.
    """

    def __init__(self, *names: str, **kinds: str):
        self.names = names
        self.kinds = tuple(kinds.get(name, "reals") for name in names)


class Piece:
    """A function with the arguments of its kind.

    Parameters
    ----------
    function : callable
        Python that numba compiles.
    arguments : Arguments
    """

    def __init__(self, function: Callable[..., None], arguments: Arguments):
        self.function, self.arguments = function, arguments
        self._addresses: dict[str, int] = {}
        self.__doc__ = function.__doc__

    def address(self, dtype: str) -> int:
        """Where the function for a float type is in this process; compiled if need be."""
        with _lock:
            if dtype not in self._addresses:
                self._addresses[dtype] = self._new_address(dtype)
            return self._addresses[dtype]

    def _new_address(self, dtype: str) -> int:
        if INTERPRETED:
            _interpreted.append(self.function)
            return len(_interpreted) - 1
        # Files are named by the sources of this package: functions of other modules (tests) are not kept.
        kept = self.function.__module__.startswith(__package__)
        source = digest_of(self.function)
        code = cache.load(self._name(dtype), source) if kept else None
        if code is None:
            code = self._compiled(dtype)
            if kept:
                cache.keep(code, source)
        return address_of(code)

    def _name(self, dtype: str) -> str:
        module = self.function.__module__.rpartition(".")[2]
        return f"{module}.{self.function.__qualname__}-{dtype}"

    def _compiled(self, dtype: str) -> MachineCode:
        # Here, since it imports numba.
        from skdl.engine.kernel.compiling import compiled

        clock = time.perf_counter()
        made = compiled(self.function, self.arguments.kinds, dtype, self._name(dtype))
        ledger.add(seconds_compiling=time.perf_counter() - clock)
        return made


def digest_of(function: Callable[..., Any]) -> str:
    """A digest of a function and of all that it calls and reads, as they are in this process."""
    found: dict[str, str] = {}

    def note(code: CodeType, known: Mapping[str, Any]) -> str:
        inner = [part for part in code.co_consts if isinstance(part, CodeType)]
        plain = [part for part in code.co_consts if not isinstance(part, CodeType)]
        for name in code.co_names:
            place = f"{known['__name__']}.{name}"
            if name in known and place not in found:
                found[place] = ""  # a function may be recursive
                found[place] = of_value(known[name])
        text = [code.co_code.hex(), repr(plain), repr(code.co_names), repr(code.co_varnames)]
        return " ".join([*text, *(note(part, known) for part in inner)])

    def of_value(value: Any) -> str:
        if isinstance(value, Inlined):
            parts = [value.native]
            if isinstance(value, ByType):
                parts = [value.single, value.double]
            own = (
                note(value.function.__code__, value.function.__globals__) if _is_code(value) else ""
            )
            return own + " ".join(of_value(part) for part in parts)
        if isinstance(value, (int, float, str, tuple, np.generic)) or value is None:
            return repr(value)
        return repr(getattr(value, "_fields", getattr(value, "__name__", "")))

    text = note(function.__code__, function.__globals__)
    return hashlib.sha256(f"{text} {sorted(found.items())}".encode()).hexdigest()


def _is_code(value: Inlined) -> bool:
    """Whether the function is one of Python's, and not one of NumPy's."""
    return isinstance(value.function, FunctionType)


def piece(arguments: Arguments) -> Callable[[Callable[..., None]], Piece]:
    """Make a function a piece with such arguments."""
    return lambda function: Piece(function, arguments)


# The functions in the place of addresses where all is Python.
_interpreted: list[Callable[..., None]] = []


def _call(address: int, arguments: tuple[Any, ...]) -> None:
    """Call the piece at an address."""
    _interpreted[address](*arguments)


def _part(array: Any, start: int, stop: int) -> Any:
    """A part of a flat array, which is not counted among its users: the array has to outlive it."""
    return array[start:stop]


call = Inlined(_call, "call")
part = Inlined(_part, "part")
