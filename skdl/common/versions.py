"""The versions that a report of a fault needs."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import sys

# A requirement begins with the name of its package.
_NAME = re.compile(r"[\w.-]+")


def show_versions() -> None:
    """Print the machine and the versions of skdl, of what it needs, and of extras that are installed.

    It imports none of these packages. Paste the text into a report of a fault. ``python -m skdl`` prints the
    same.

    Examples
    --------
    >>> import skdl
    >>> skdl.show_versions()  # doctest: +ELLIPSIS
    System
          python  3...
    """
    system = {
        "python": platform.python_version(),
        "executable": sys.executable,
        "machine": platform.platform(),
        "processors": str(os.cpu_count()),
    }
    packages = {"skdl": importlib.metadata.version("skdl"), **_requirements()}
    width = max(map(len, (*system, *packages)))
    for title, lines in (("System", system), ("Packages", packages)):
        print(title)
        for name, told in lines.items():
            print(f"{name:>{width + 1}}  {told}")


def _requirements() -> dict[str, str]:
    """The version of each package that skdl requires, and of each installed package of an extra."""
    found = {}
    for requirement in importlib.metadata.requires("skdl") or ():
        match = _NAME.match(requirement)
        assert match is not None, requirement
        name = match[0]
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            if "extra ==" not in requirement:
                found[name] = "not installed"
    return found
