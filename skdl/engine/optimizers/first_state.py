"""The state that optimizers begin with, found once for networks that differ in weights and numbers alone."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from skdl.engine.numbers.model_numbers import optimizer_numbers
from skdl.engine.optimizers.pure_optimizer import PureOptimizer

if TYPE_CHECKING:
    import keras

# To build an optimizer takes about as long as a small fit: its variables, one after the other. A network of
# many weights trains for longer than that, and several times its weights would stay behind.
MAX_OPTIMIZERS = 64
MAX_BYTES = 2**21  # of the weights of one network

_lock = threading.Lock()
_built: OrderedDict[Hashable, PureOptimizer] = OrderedDict()


def fresh_state(
    model: keras.Model, structure: Hashable, weights: Sequence[np.ndarray]
) -> tuple[np.ndarray, ...]:
    """The state of the optimizer of `model` before the first step.

    Parameters
    ----------
    model : keras.Model
        Compiled; only read.
    structure : hashable
        Equal for models whose optimizers differ in numbers alone.
    weights : sequence of ndarray
        What training begins with, one for each trainable variable.

    Returns
    -------
    tuple of ndarray
        In the order of the variables of a `PureOptimizer`.
    """
    numbers = tuple(number.value for number in optimizer_numbers(model.optimizer))
    key = (structure, numbers, tuple(np.shape(weight) for weight in weights))
    with _lock:
        pure = _built.get(key)
        if pure is not None:
            _built.move_to_end(key)
    if pure is None:
        pure = PureOptimizer(model.optimizer, model.trainable_variables)
        if pure.serves_any_rate and sum(weight.nbytes for weight in weights) <= MAX_BYTES:
            with _lock:
                _built[key] = pure
                if len(_built) > MAX_OPTIMIZERS:
                    _built.popitem(last=False)
    return tuple(pure.initial_state(weights, model.optimizer))
