"""What a program cannot be made of: code that needs values where a graph has none yet."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from skdl.exceptions import NotCompilableError

# What Keras and TensorFlow raise where a layer or a loss needs values that a graph does not have.
_RAISED = (TypeError, ValueError, NotImplementedError, AttributeError, KeyError, RuntimeError)


@contextlib.contextmanager
def untraceable() -> Iterator[None]:
    """Turn what the code of layers, losses and metrics raises inside the block into `NotCompilableError`."""
    import tensorflow as tf

    try:
        yield
    except (NotCompilableError, tf.errors.ResourceExhaustedError):
        raise
    except (*_RAISED, tf.errors.OpError) as error:
        raise NotCompilableError(f"it does not trace ({first_line(error)})") from error


@contextlib.contextmanager
def known_variables_alone(scope: Any, where: str) -> Iterator[None]:
    """Enter a `keras.StatelessScope`, and raise if code inside sets a variable that it was not given.

    Such a value would be gone with the scope, and the next step would begin without it.

    Parameters
    ----------
    scope : keras.StatelessScope
    where : str
        Whose code runs inside, as the message names it.

    Raises
    ------
    NotCompilableError
    """
    known = set(scope.state_mapping)
    with scope:
        yield
    if not known.issuperset(scope.state_mapping):
        raise NotCompilableError(
            f"{where} sets a variable that is not the network's own, as keras.random does without a seed: "
            "keep variables and a keras.random.SeedGenerator as attributes of the layer or metric"
        )


def first_line(error: BaseException) -> str:
    """The class of `error` and the first line of its message that says something."""
    # Keras puts a headline above the message, and colours it.
    lines = re.sub("\x1b\\[[0-9;]*m", "", str(error)).splitlines()
    told = [line for line in lines if line and not line.startswith("Exception encountered when")]
    return f"{type(error).__name__}: {told[0].rstrip('.')}" if told else type(error).__name__
