"""Where compiled functions of the kernel lie on disk, so that a later process loads them.

numba's own cache raises where it finds no place to write to, and it does not notice that a function in
another file has changed. So the kernel has a folder of its own, named by the sources of all its functions.
What lies in it is code: the folder belongs to the user alone, and another one is not used.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import logging
import os
import stat
import sys
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator
from numba.core.registry import cpu_target

_logger = logging.getLogger(__name__)
_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def cached(dispatcher: Any, dtype: str) -> Any:
    """`dispatcher`, which looks for what it compiles in the folder of the kernel first.

    Each float type has a folder of its own, so that two processes never write to one index.
    """
    if folder() is not None:
        dispatcher._cache = _cache_class(dtype)(dispatcher.py_func)
    return dispatcher


@functools.cache
def folder() -> Path | None:
    """The folder of the kernel's compiled functions; None where nothing can be kept, said once in the log."""
    made = _parent() / f"kernel-{importlib.metadata.version('skdl')}-{sources_digest()}"
    try:
        made.mkdir(mode=0o700, parents=True, exist_ok=True)
        fault = _fault(made)
        if fault is None and not os.access(made, os.W_OK):
            fault = "is not writable"
    except OSError as error:
        fault = f"cannot be made ({error.strerror})"
    if fault is None:
        return made
    _logger.info(
        "Functions of the native kernel are compiled anew in this process, which takes seconds: the "
        "folder %s %s. Set SKDL_CACHE_DIR to a folder of your own.",
        made,
        fault,
    )
    return None


def _parent() -> Path:
    given = os.environ.get("SKDL_CACHE_DIR")
    if given:
        return Path(given).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "skdl"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "skdl"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "skdl"


def _fault(path: Path) -> str | None:
    """Why code in a folder is not to be trusted."""
    if not hasattr(os, "getuid"):
        return None
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        return "is no folder"
    if found.st_uid != os.getuid():
        return "belongs to another user"
    if found.st_mode & _BY_OTHERS:
        return "can be written to by other users"
    for parent in path.absolute().parents:
        above = parent.stat()
        if above.st_uid not in (0, os.getuid()):
            return f"lies in a folder of another user, {parent}"
        others = stat.S_IWOTH if _is_of_user_alone(above.st_gid) else _BY_OTHERS
        if above.st_mode & others and not above.st_mode & stat.S_ISVTX:
            return f"lies in a folder that other users can write to, {parent}"
    return None


def _is_of_user_alone(group: int) -> bool:
    """Whether a group is the private one that many systems make for each user."""
    import grp
    import pwd

    try:
        user, found = pwd.getpwuid(os.getuid()), grp.getgrgid(group)
    except KeyError:
        return False
    return found.gr_name == user.pw_name and set(found.gr_mem) <= {user.pw_name}


@functools.cache
def sources_digest() -> str:
    """A digest of the kernel's sources, of numba's version, and of the processor that code is made for."""
    processor = cpu_target.target_context.codegen().magic_tuple()
    digest = hashlib.sha256(f"{numba.__version__} {processor}".encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


class _Locator(_CacheLocator):
    """Tells numba the folder of the kernel."""

    dtype = ""

    def __init__(self, function: Any):
        self._function = function

    def get_cache_path(self) -> str:
        return str((folder() or Path()) / self.dtype)

    def ensure_cache_path(self) -> None:
        Path(self.get_cache_path()).mkdir(mode=0o700, parents=True, exist_ok=True)

    def get_source_stamp(self) -> str:
        return sources_digest()

    def get_disambiguator(self) -> str:
        return str(self._function.__code__.co_firstlineno)

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> _Locator:
        return cls(py_func)


class _Cache(FunctionCache):
    """numba's cache, which counts as empty where it cannot be read, written or trusted."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        found = None
        if self._is_trusted():
            try:
                found = super().load_overload(sig, target_context)
            except Exception as error:
                _logger.info("A compiled function of the native kernel cannot be read (%r).", error)
                with contextlib.suppress(OSError):
                    self.flush()  # so that the function can be kept
        if found is None:
            _tell()
        return found

    def save_overload(self, sig: Any, data: Any) -> None:
        if not self._is_trusted():
            return
        try:
            super().save_overload(sig, data)
        except OSError as error:
            _logger.info("A compiled function of the native kernel cannot be kept (%r).", error)

    def _is_trusted(self) -> bool:
        """Whether the folder is still the user's own: a process may live for long."""
        place = folder()
        try:
            return place is not None and _fault(place) is None
        except OSError:
            return False


@functools.cache
def _cache_class(dtype: str) -> type[_Cache]:
    """numba finds the folder by classes; one for each float type."""
    locator = type("_Locator", (_Locator,), {"dtype": dtype})
    implementation = type(
        "_Implementation", (CompileResultCacheImpl,), {"_locator_classes": [locator]}
    )
    return type("_Cache", (_Cache,), {"_impl_class": implementation})


@functools.cache
def _tell() -> None:
    """Say once a process why a fit begins late."""
    _logger.info(
        "The native kernel compiles functions for this machine, which takes some seconds. Later processes "
        "load them from %s.",
        folder(),
    )
