"""The precision that a network is built for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from skdl.common.keras_import import load_keras


@contextlib.contextmanager
def built_for(precision: str | None) -> Iterator[None]:
    """Let layers that this thread makes compute in `precision`; None leaves Keras's own setting."""
    config = load_keras().config
    if precision is None:
        yield
        return
    before = config.dtype_policy()
    config.set_dtype_policy(precision)
    try:
        yield
    finally:
        config.set_dtype_policy(before)
