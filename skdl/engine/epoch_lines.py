"""What a fit prints of an epoch where `verbose` is set and Keras does not print it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from skdl.engine.job import FitJob


def print_begin(job: FitJob, epoch: int) -> None:
    """Print the number of an epoch, as with ``verbose``."""
    print(f"Epoch {epoch + 1}/{job.epochs}")


def print_end(steps: int, logs: Mapping[str, Any]) -> None:
    """Print the curves of an epoch as with ``verbose=2``: a program has no progress within an epoch."""
    line = [f"{name}: {np.round(value, 4)}" for name, value in logs.items()]
    print(" - ".join([f"{steps}/{steps}", *line]))
