"""Where compiled functions of the kernel lie on disk, so that a later process loads them without a compiler.

The folder is named by the sources of all functions, by the versions of the compilers and by the processor.
What lies in it is code: the folder belongs to the user alone, and another one is not used.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
import logging
import os
import stat
import sys
import tempfile
from pathlib import Path

from skdl.engine.kernel.machine_code import MachineCode, processor

_logger = logging.getLogger(__name__)
_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


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
    """A digest of the kernel's sources, of the compilers' versions and of the processor."""
    versions = [importlib.metadata.version(name) for name in ("numba", "llvmlite")]
    settings = sorted(item for item in os.environ.items() if item[0].startswith("NUMBA_"))
    digest = hashlib.sha256(f"{versions} {settings} {processor()}".encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def load(name: str, source: str) -> MachineCode | None:
    """A function that an earlier process has compiled; None where this process has to compile it.

    Parameters
    ----------
    name : str
    source : str
        A digest of the function as this process has it: files may have changed since they were imported.
    """
    place = _trusted()
    found = None
    if place is not None:
        try:
            found = _read(name, source, (place / name).read_bytes())
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError) as error:
            _logger.info("A compiled function of the native kernel cannot be read (%r).", error)
    if found is None or not found.is_usable:
        if place is not None:
            _tell()
        return None
    return found


def keep(code: MachineCode, source: str) -> None:
    """Write a compiled function for later processes."""
    place = _trusted()
    if place is None:
        return
    try:
        # Whoever reads meanwhile finds the old file or the new one.
        number, written = tempfile.mkstemp(dir=place)
        try:
            with open(number, "wb") as file:
                file.write(_written(code, source))
            os.replace(written, place / code.name)
        except BaseException:
            os.unlink(written)
            raise
    except OSError as error:
        _logger.info("A compiled function of the native kernel cannot be kept (%r).", error)


def _written(code: MachineCode, source: str) -> bytes:
    head = json.dumps({"needs": code.needs, "source": source}).encode()
    data = head + b"\n" + code.code
    return hashlib.sha256(data).hexdigest().encode() + b"\n" + data


def _read(name: str, source: str, data: bytes) -> MachineCode | None:
    digest, _, rest = data.partition(b"\n")
    if digest != hashlib.sha256(rest).hexdigest().encode():
        raise ValueError("the file is damaged")
    first, _, code = rest.partition(b"\n")
    head = json.loads(first)
    return MachineCode(name, code, tuple(head["needs"])) if head["source"] == source else None


def _trusted() -> Path | None:
    """The folder, where it is still the user's own: a process may live for long."""
    place = folder()
    try:
        return place if place is not None and _fault(place) is None else None
    except OSError:
        return None


@functools.cache
def _tell() -> None:
    """Say once a process why a fit begins late."""
    _logger.info(
        "The native kernel compiles functions for this machine, which takes some seconds. Later processes "
        "load them from %s.",
        folder(),
    )
