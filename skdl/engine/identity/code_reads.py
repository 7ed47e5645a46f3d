"""What code asks for: the names of globals, what it asks of them, and which attributes it sets.

A code object never changes, so its answer is kept. What the names stand for changes, and is read by
`reader.py` every time.
"""

from __future__ import annotations

import dis
import hashlib
import inspect
import types
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_GLOBAL = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"})
_CELL = frozenset({"LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF"})
_ATTRIBUTE = frozenset({"LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR"})
_LOADS = frozenset(
    {
        *("LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_LOAD_FAST", "STORE_FAST_LOAD_FAST"),
        *("LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF"),
        *("LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"),
    }
)
_STORE = dis.opmap["STORE_ATTR"]
# The attributes by which a file or an address is read, whatever the object is that has them.
_READS_FILES = frozenset(
    {
        *("load_weights", "load_model", "load_own_variables", "open", "urlopen"),
        *("read", "read_bytes", "read_text", "readline", "readlines"),
    }
)


@dataclass(frozen=True)
class Read:
    """One name that code loads, with the attributes that it asks for at once.

    Attributes
    ----------
    name : str
    in_cell : bool
        Whether the name belongs to a function around and not to the module.
    attributes : tuple of str
        ``("layers", "Dense")`` for ``keras.layers.Dense``.
    """

    name: str
    in_cell: bool
    attributes: tuple[str, ...]


@dataclass(frozen=True)
class Imported:
    """What code asks a module for that it imports itself.

    Attributes
    ----------
    module : str
        As ``"package.module"``; a relative one begins with a dot.
    attributes : tuple of str or None
        ``("layers", "Dense")`` for ``keras.layers.Dense``, ``("Dense",)`` for an import of that name from
        ``keras.layers``; None for the import alone.
    """

    module: str
    attributes: tuple[str, ...] | None = None


@dataclass(frozen=True)
class CodeReads:
    """What a code object, and those inside it, ask for.

    Attributes
    ----------
    digest : str
        Of the instructions, names and constants.
    reads : tuple of Read
        Each once.
    attributes : frozenset of str
        All attributes that are loaded, from whatever object.
    imports : tuple of Imported
        What is asked of modules that are imported inside, each once.
    texts : tuple of str
        The texts among the constants.
    gets_unknown_names : bool
        Whether `getattr` is asked for an attribute that is not written down.
    reads_files : bool
        Whether an attribute is loaded that reads a file.
    """

    digest: str
    reads: tuple[Read, ...]
    attributes: frozenset[str]
    imports: tuple[Imported, ...]
    texts: tuple[str, ...]
    gets_unknown_names: bool
    reads_files: bool


@lru_cache(maxsize=4096)
def reads_of(code: types.CodeType) -> CodeReads:
    """What `code` asks for.

    Examples
    --------
    >>> def build(units):
    ...     return keras.layers.Dense(units, activation)
    >>> [(one.name, one.attributes) for one in reads_of(build.__code__).reads]
    [('keras', ('layers', 'Dense')), ('activation', ())]
    """
    reads: dict[Read, None] = {}
    attributes: set[str] = set()
    unknown = False
    outer = frozenset(code.co_freevars)
    codes = [
        [step for step in dis.get_instructions(one) if step.opname != "EXTENDED_ARG"]
        for one in _with_inner(code)
    ]
    for steps in codes:
        for place, step in enumerate(steps):
            if step.opname in _ATTRIBUTE:
                attributes.add(str(step.argval))
            in_cell = step.opname in _CELL
            if step.opname in _GLOBAL or (in_cell and step.argval in outer):
                chain = _chain(steps, place + 1)
                reads[Read(str(step.argval), in_cell, chain)] = None
                if step.argval == "getattr" and not chain:
                    unknown |= not _asks_for_a_constant(steps, place)
    return CodeReads(
        _digest(code),
        tuple(reads),
        frozenset(attributes),
        tuple(dict.fromkeys(_imports(codes))),
        tuple(part for one in _with_inner(code) for part in _texts(one.co_consts)),
        unknown,
        bool(attributes & _READS_FILES),
    )


@lru_cache(maxsize=1024)
def attributes_set_by(kind: Any) -> frozenset[str]:
    """The attributes that methods of the class `kind` and of its bases set, of whatever object.

    Examples
    --------
    >>> class Point:
    ...     def __init__(self, x):
    ...         self.x = x
    >>> sorted(attributes_set_by(Point))
    ['x']
    """
    return frozenset(
        name
        for base in kind.__mro__
        for part in vars(base).values()
        for function in (part, getattr(part, "fget", None), getattr(part, "fset", None))
        for code in _codes_of(function)
        for name in _stored_by(code)
    )


def _stored_by(code: types.CodeType) -> Iterator[str]:
    # A class of Keras's has thousands of instructions, for which `dis` takes a tenth of a second.
    before = 0
    for operation, argument in zip(code.co_code[::2], code.co_code[1::2], strict=True):
        argument |= before << 8
        before = argument if operation == dis.EXTENDED_ARG else 0
        if operation == _STORE:
            yield code.co_names[argument]


def _codes_of(function: object) -> Iterator[types.CodeType]:
    """The code of `function` and of what decorators have wrapped in it."""
    function = getattr(function, "__func__", function)
    if callable(function):
        function = inspect.unwrap(function)
    if isinstance(function, types.FunctionType):
        yield from _with_inner(function.__code__)


def _with_inner(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for part in code.co_consts:
        if isinstance(part, types.CodeType):
            yield from _with_inner(part)


def _chain(steps: Sequence[dis.Instruction], place: int) -> tuple[str, ...]:
    found = []
    while place < len(steps) and steps[place].opname in _ATTRIBUTE:
        found.append(str(steps[place].argval))
        place += 1
    return tuple(found)


def _texts(constants: Iterable[object]) -> Iterator[str]:
    for one in constants:
        if isinstance(one, str):
            yield one
        elif isinstance(one, (tuple, frozenset)):
            yield from _texts(one)


def _imports(codes: Sequence[Sequence[dis.Instruction]]) -> Iterator[Imported]:
    """What the codes ask of the modules that one of them imports."""
    known: dict[str, set[Imported]] = {}
    for steps in codes:
        for place, step in enumerate(steps):
            if step.opname == "IMPORT_NAME":
                module = _module_of(steps, place)
                yield Imported(module)
                for name, found in _bound_by(steps, place, module):
                    known.setdefault(name, set()).add(found)
    for steps in codes if known else ():
        for place, step in enumerate(steps):
            for name, chain in _loaded(steps, place) if step.opname in _LOADS else ():
                for found in sorted(known.get(name, ()), key=repr):
                    yield Imported(found.module, (*(found.attributes or ()), *chain))


def _module_of(steps: Sequence[dis.Instruction], place: int) -> str:
    # The level of a relative import is pushed two instructions before.
    level = steps[place - 2].argval if place >= 2 else 0
    return "." * (level if isinstance(level, int) else 0) + str(steps[place].argval)


def _bound_by(
    steps: Sequence[dis.Instruction], place: int, module: str
) -> Iterator[tuple[str, Imported]]:
    """The names that the import at `place` binds, with what they stand for."""
    listed, place = steps[place - 1].argval, place + 1
    attributes: tuple[str, ...] = ()
    while place < len(steps):
        step = steps[place]
        if step.opname == "IMPORT_FROM":
            # Without a list it is on the way to `c` of ``import a.b.c as name``.
            attributes = (str(step.argval),) if listed else ()
        elif step.opname.startswith("STORE_"):
            name = step.argval[0] if isinstance(step.argval, tuple) else step.argval
            whole = not listed and steps[place - 1].opname == "IMPORT_NAME"
            # ``import a.b`` binds `a`.
            yield str(name), Imported(module.partition(".")[0] if whole else module, attributes)
            if not listed:
                return
        elif step.opname not in ("SWAP", "POP_TOP", "COPY", "ROT_TWO"):
            return
        if listed and step.opname == "POP_TOP":
            return
        place += 1


def _loaded(steps: Sequence[dis.Instruction], place: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The names that the instruction at `place` loads, with what is asked of them at once."""
    step = steps[place]
    *before, name = step.argval if isinstance(step.argval, tuple) else (step.argval,)
    if step.opname.startswith("LOAD_"):
        yield from ((str(one), ()) for one in before)
    yield str(name), _chain(steps, place + 1)


def _asks_for_a_constant(steps: Sequence[dis.Instruction], place: int) -> bool:
    """Whether the `getattr` loaded at `place` is asked for a name that is written down.

    Known are calls such as ``getattr(x, "units", None)`` and ``getattr(self.layer, "units")``.
    """
    rest = [step for step in steps[place + 1 : place + 16] if step.opname != "PUSH_NULL"]
    if not rest or not rest[0].opname.startswith("LOAD_") or "METHOD" in rest[0].opname:
        return False
    if rest[0].opname == "LOAD_FAST_LOAD_FAST":
        return False
    after = 1
    while after < len(rest) and rest[after].opname == "LOAD_ATTR":
        after += 1
    steps = [step for step in rest[after : after + 4] if step.opname != "PRECALL"]
    if len(steps) < 2 or steps[0].opname != "LOAD_CONST" or not isinstance(steps[0].argval, str):
        return False
    has_default = steps[1].opname in ("LOAD_CONST", "LOAD_FAST", "LOAD_GLOBAL", "LOAD_DEREF")
    end = steps[2] if has_default and len(steps) > 2 else steps[1]
    return end.opname == "CALL" and end.arg == 2 + has_default


@lru_cache(maxsize=4096)
def _digest(code: types.CodeType) -> str:
    constants = [
        _digest(part) if isinstance(part, types.CodeType) else _constant(part)
        for part in code.co_consts
    ]
    told = (
        *(code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars),
        *(code.co_cellvars, code.co_flags, code.co_argcount, code.co_posonlyargcount),
        *(code.co_kwonlyargcount, code.co_exceptiontable),
    )
    return hashlib.sha256(repr(told).encode("utf-8", "surrogatepass")).hexdigest()


def _constant(value: object) -> str:
    if isinstance(value, (tuple, frozenset)):
        parts = [_constant(part) for part in value]
        inside = sorted(parts) if isinstance(value, frozenset) else parts
        return f"{type(value).__name__}{inside}"
    return f"{type(value).__name__}:{value!r}"
