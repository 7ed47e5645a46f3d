"""Which code is known by its name, and which code looks at things that no key can hold.

The code of the packages named here stays what it is while a process runs, so that its name says what it
does. Files, the environment, clocks and random numbers change without a trace. Code that asks for them cannot
be read.
"""

from __future__ import annotations

import sys
from typing import Any

# What is written here does the same for the same arguments, less what `_CHANGING` takes out again.
_PACKAGES = frozenset(
    {
        *("keras", "tensorflow", "numpy", "scipy", "sklearn", "skdl", "scikeras", "pandas", "absl"),
        *("keras_cv", "keras_hub", "keras_nlp"),
        *(
            "abc",
            "array",
            "ast",
            "base64",
            "bisect",
            "builtins",
            "cmath",
            "collections",
            "colorsys",
        ),
        *(
            "contextlib",
            "copy",
            "copyreg",
            "dataclasses",
            "decimal",
            "difflib",
            "enum",
            "fractions",
        ),
        *("functools", "graphlib", "hashlib", "heapq", "inspect", "itertools", "logging", "math"),
        *("numbers", "operator", "pprint", "re", "statistics", "string", "struct", "textwrap"),
        *("types", "typing", "typing_extensions", "unicodedata", "warnings", "weakref", "zlib"),
    }
)
# Parts of these packages that look at files, a generator of random numbers or a clock.
_CHANGING = (
    "keras.src.datasets",
    "keras.src.random",
    "keras.src.saving.saving_api",
    "keras.src.utils.audio_dataset_utils",
    "keras.src.utils.dataset_utils",
    "keras.src.utils.file_utils",
    "keras.src.utils.image_dataset_utils",
    "keras.src.utils.image_utils",
    "keras.src.utils.rng_utils",
    "keras.src.utils.text_dataset_utils",
    "keras.src.utils.timeseries_dataset_utils",
    "keras.datasets",
    "keras.random",
    "numpy.lib._datasource",
    "numpy.lib._npyio_impl",
    "numpy.lib.npyio",
    "numpy.random",
    "pandas.io",
    "scipy.io",
    "sklearn.datasets._openml",
    "sklearn.datasets._samples_generator",
    "tensorflow._api.v2.io",
    "tensorflow._api.v2.random",
    "tensorflow.python.lib.io",
    "tensorflow.python.ops.io_ops",
    "tensorflow.python.ops.random_ops",
    "tensorflow.python.ops.stateful_random_ops",
    "tensorflow.python.platform.gfile",
    "tensorflow.python.saved_model",
)
# Random numbers that a layer or a loss draws are operations of its graph, and no constants of it.
_DRAWN_IN_GRAPHS = (
    *("keras.src.random", "keras.random", "tensorflow._api.v2.random"),
    *("tensorflow.python.ops.random_ops", "tensorflow.python.ops.stateful_random_ops"),
)
_CHANGING_NAMES = frozenset(
    {
        *("builtins.open", "builtins.input", "builtins.eval", "builtins.exec", "builtins.compile"),
        *("builtins.globals", "builtins.locals", "builtins.__import__", "builtins.breakpoint"),
        *("numpy.fromfile", "numpy.load", "numpy.loadtxt", "numpy.genfromtxt", "numpy.memmap"),
        *("_io.open", "inspect.currentframe", "inspect.stack"),
        *("sklearn.utils.validation.check_random_state", "sklearn.utils.check_random_state"),
        *("sklearn.utils.resample", "sklearn.utils.shuffle"),
    }
)


def is_known(module: str | None) -> bool:
    """Whether the code of `module` is known by its name.

    Examples
    --------
    >>> is_known("keras.src.layers.core.dense"), is_known("my_networks"), is_known("os")
    (True, False, False)
    """
    return bool(module) and _root(str(module)) in _PACKAGES


def changes(module: str | None, name: str = "", *, in_graph: bool = False) -> bool:
    """Whether what `module`, or its function or class `name`, gives may change without a trace.

    Parameters
    ----------
    module : str or None
    name : str, optional
    in_graph : bool, default=False
        The code is that of a layer, a loss or the like, which runs while a graph is traced.

    Examples
    --------
    >>> changes("os"), changes("numpy.random"), changes("numpy", "load"), changes("math", "exp")
    (True, True, True, False)
    >>> changes("keras.random"), changes("keras.random", in_graph=True)
    (True, False)
    """
    module = str(module or "")
    root = _root(module)
    if f"{module}.{name}" in _CHANGING_NAMES:
        return True
    if root in _PACKAGES:
        if in_graph and module.startswith(_DRAWN_IN_GRAPHS):
            return False
        return any(module == part or module.startswith(f"{part}.") for part in _CHANGING)
    return root in sys.stdlib_module_names


def has_changing_parts(module: str) -> bool:
    """Whether something in a known module, or in one below it, may change without a trace.

    Examples
    --------
    >>> has_changing_parts("numpy"), has_changing_parts("keras.ops")
    (True, False)
    """
    places = (*_CHANGING, *_CHANGING_NAMES)
    return any(place == module or place.startswith(f"{module}.") for place in places)


def is_found_by_name(value: Any) -> bool:
    """Whether a function or class of a known module is what that module has under its name."""
    module = getattr(value, "__module__", None)
    if not is_known(module):
        return False
    found: Any = sys.modules.get(str(module))
    for part in str(getattr(value, "__qualname__", "")).split("."):
        found = getattr(found, part, None)
    return found is value


def _root(module: str) -> str:
    # The parts of the standard library that are written in C have an underscore in front.
    return module.partition(".")[0].removeprefix("_")
