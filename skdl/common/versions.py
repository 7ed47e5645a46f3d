"""The versions that a report of a fault needs."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys

_NEEDED = ("scikit-learn", "numpy", "scipy", "joblib", "scikeras", "keras", "tensorflow")
_OPTIONAL = ("scikit-optimize", "optuna", "matplotlib", "pandas")


def show_versions() -> None:
    """Print the versions of skdl, of what it needs, and of the machine.

    Nothing is imported for it. Paste the text into a report of a fault. ``python -m skdl`` prints it too.

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
    packages = {name: _version(name) for name in ("skdl", *_NEEDED, *_OPTIONAL)}
    width = max(map(len, (*system, *packages)))
    for title, lines in (("System", system), ("Packages", packages)):
        print(title)
        for name, told in lines.items():
            print(f"{name:>{width + 1}}  {told}")


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
