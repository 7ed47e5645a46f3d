"""From a Python function to machine code, by numba."""

from __future__ import annotations

import dis
from collections.abc import Iterator, Sequence
from types import CodeType, FunctionType
from typing import Any

import llvmlite.binding as llvm
import numba
from numba import types
from numba.extending import overload

from skdl.engine.kernel.machine_code import MachineCode, target_machine
from skdl.engine.kernel.pieces import ByType, Inlined
from skdl.engine.kernel.primitives import primitive

# Divisions by zero give infinities, as in NumPy, and loops that divide become vector instructions; nothing is
# reordered, so that NaN keeps its meaning.
_OPTIONS: dict[str, Any] = {"error_model": "numpy", "_nrt": False}
# Functions of LLVM that may become calls of the C library.
_OF_LIBRARIES = (
    "exp",
    "exp2",
    "log",
    "log2",
    "log10",
    "pow",
    "sin",
    "cos",
    "tan",
    "memcpy",
    "memmove",
    "memset",
)
# Nobody calls these functions from Python.
_NO_WRAPPERS = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_made: dict[tuple[Inlined, str], Any] = {}


def compiled(function: Any, kinds: Sequence[str], dtype: str, name: str) -> MachineCode:
    """The machine code of a function for a float type.

    Parameters
    ----------
    function : callable
    kinds : sequence of str
        Of its arguments, as in `pieces.Arguments`.
    dtype : {"float32", "float64"}
    name : str
        Of the symbol in the machine code.
    """
    arguments = tuple(_type_of(kind, dtype) for kind in kinds)
    dispatcher = numba.njit(**_OPTIONS, **_NO_WRAPPERS)(_bound(function, dtype))
    dispatcher.compile(types.void(*arguments))
    module = llvm.parse_assembly(dispatcher.inspect_llvm(arguments))
    entry = dispatcher.overloads[arguments].fndesc.llvm_func_name
    for value in (*module.functions, *module.global_variables):
        if value.name == entry:
            value.name = name
        elif not value.is_declaration:
            # Two processes give one name to different functions, and the machine code of both may meet.
            value.linkage = "internal"
    machine = target_machine()
    _drop_unused(module, machine)
    code = machine.emit_object(module)
    return MachineCode(name, code, tuple(_needs(module)))


def _drop_unused(module: Any, machine: Any) -> None:
    """Leave away what nothing in the module calls: numba's functions that count references."""
    passes = llvm.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    passes.add_strip_dead_prototype_pass()
    passes.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options()))


def _needs(module: Any) -> Iterator[str]:
    for value in (*module.functions, *module.global_variables):
        if not value.is_declaration:
            continue
        first, _, rest = value.name.partition(".")
        if first != "llvm":
            yield value.name
        elif rest.partition(".")[0] in _OF_LIBRARIES:
            # Some of LLVM's own functions end as calls of the C library.
            name, _, kind = rest.partition(".")
            yield f"{name}f" if kind.endswith("f32") and not name.startswith("mem") else name


def _type_of(kind: str, dtype: str) -> Any:
    return {
        "reals": types.Array(getattr(types, dtype), 1, "C"),
        "floats": types.Array(types.float64, 1, "C"),
        "integers": types.Array(types.int64, 1, "C"),
        "float": types.float64,
        "integer": types.int64,
    }[kind]


def _bound(function: Any, dtype: str) -> FunctionType:
    """A copy of `function` whose globals are what numba can compile."""
    known = function.__globals__
    names = {name for name in _globals_of(function.__code__) if name in known}
    space = {name: native(known[name], dtype) for name in names}
    made = FunctionType(
        *(function.__code__, {**space, "__name__": function.__module__}, function.__name__),
        *(function.__defaults__, function.__closure__),
    )
    made.__qualname__ = function.__qualname__
    return made


def _globals_of(code: CodeType) -> Iterator[str]:
    """The names of the globals that code reads."""
    for instruction in dis.get_instructions(code):
        if instruction.opname == "LOAD_GLOBAL":
            yield instruction.argval
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals_of(constant)


def native(value: Any, dtype: str) -> Any:
    """A global of a piece as numba takes it: an `Inlined` is compiled or becomes instructions."""
    if not isinstance(value, Inlined):
        return value
    if isinstance(value.native, str):
        return primitive(value.native, dtype)
    if value.native is not None:
        return native(value.native, dtype)
    key = (value, dtype)
    if key not in _made:
        _made[key] = (
            _chosen(value, dtype)
            if isinstance(value, ByType)
            else numba.njit(**_OPTIONS)(_bound(value.function, dtype))
        )
    return _made[key]


def _chosen(value: ByType, dtype: str) -> Any:
    """A function that is one of two by the type of its argument."""
    single, double = native(value.single, dtype), native(value.double, dtype)

    def stub(x):
        raise NotImplementedError("numba compiles one of two functions instead")

    @overload(stub)
    def implementation(x):
        return (lambda x: single(x)) if x == types.float32 else (lambda x: double(x))

    return stub
