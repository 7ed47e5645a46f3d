"""Compiled functions as bytes, and how a process comes from them to an address: by LLVM alone."""

from __future__ import annotations

import importlib
import threading
from dataclasses import dataclass
from typing import Any

_lock = threading.Lock()
_engines: list[Any] = []


def _llvm() -> Any:
    """LLVM, which takes a tenth of a second to load: whoever only imports skdl does not need it."""
    return importlib.import_module("llvmlite.binding")


@dataclass(frozen=True)
class MachineCode:
    """A compiled function.

    Attributes
    ----------
    name : str
        Of its symbol.
    code : bytes
        An object file.
    needs : tuple of str
        The functions that it calls in the libraries of the process.
    """

    name: str
    code: bytes
    needs: tuple[str, ...]

    @property
    def is_usable(self) -> bool:
        """Whether this process has all functions that it calls. Without one LLVM ends the process."""
        _engine()  # before there is one, LLVM knows no function of the process
        return all(_llvm().address_of_symbol(name) is not None for name in self.needs)


def processor() -> str:
    """The processor that code is made for, with what it can do."""
    llvm = _llvm()
    features = llvm.get_host_cpu_features().flatten()
    return f"{llvm.get_process_triple()} {llvm.get_host_cpu_name()} {features}"


def target_machine() -> Any:
    """LLVM's back end for this processor, which writes object files."""
    llvm = _llvm()
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
        reloc="default",
        codemodel="jitdefault",
        jit=True,
    )


def address_of(code: MachineCode) -> int:
    """Load a function, and return where it is."""
    llvm, engine = _llvm(), _engine()
    with _lock:
        engine.add_object_file(llvm.ObjectFileRef.from_data(code.code))
        engine.finalize_object()
        return int(engine.get_function_address(code.name))


def _engine() -> Any:
    """LLVM's engine of this process, which holds all functions that were loaded."""
    llvm = _llvm()
    with _lock:
        if not _engines:
            _engines.append(llvm.create_mcjit_compiler(llvm.parse_assembly(""), target_machine()))
        return _engines[0]
