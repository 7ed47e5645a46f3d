"""What stands in for Keras's Python numbers while a program is traced."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping
from typing import Any

from skdl.common.keras_import import load_keras


def _arithmetic(operation: Callable[[Any, Any], Any], reflected: bool = False) -> Any:
    def method(self: SymbolicFloat, other: Any) -> Any:
        import tensorflow as tf

        if tf.is_tensor(other):
            own: Any = self.__tf_tensor__(other.dtype)
            return operation(other, own) if reflected else operation(own, other)
        if isinstance(other, SymbolicFloat):
            other = other.tensor
        elif isinstance(other, (int, float)):
            other = tf.constant(float(other), tf.float64)
        else:
            return NotImplemented
        pair = (other, self.tensor) if reflected else (self.tensor, other)
        return SymbolicFloat(operation(*pair))

    return method


def _comparison(answer: bool) -> Any:
    def method(self: SymbolicFloat, other: Any) -> Any:
        if not isinstance(other, (int, float)):
            return NotImplemented
        if isinstance(other, SymbolicFloat) or other not in self.tested:
            expected = " or ".join(f"{value:g}" for value in self.tested)
            raise TypeError(
                f"Got the comparison of a program's input with {other!r}, expected "
                f"{f'one with {expected}, which its structure settles' if expected else 'none'}. The code "
                "that asks needs a Python number: take the setting out of numbers/table.py."
            )
        return answer

    return method


class SymbolicFloat(float):
    """A Python float whose value is known when the program runs.

    Keras and TensorFlow treat it as they do a Python float, which a tensor would not be for them: it
    takes the type of the tensor that it meets; ``1 - beta`` is computed in float64 before that; and where
    TensorFlow makes a float32 of every Python float (``tf.cast`` does), it is a float32 too. So a program
    computes what Keras does with the number, to the bit in graphs.

    Keras asks of some settings whether they are 0 (1, 6), and has shorter code for that value. A program
    is traced with the other code: either the number is not that value, which is then structure, or that
    code is right for it too. Any other comparison is an error, since nothing is known about the number.

    It serves in graphs only: eagerly, TensorFlow reads a float's own value, which is NaN here.

    Parameters
    ----------
    tensor : tf.Tensor of shape ()
        The value; of float64 where it is to be as exact as a Python float.
    tested : tuple of float
        The values that it passes for being different from, and for being greater than.

    Examples
    --------
    >>> import tensorflow as tf
    >>> @tf.function
    ... def step(momentum, x):
    ...     momentum = SymbolicFloat(momentum, tested=(0.0,))
    ...     return (1 - momentum) * x if momentum > 0 else x
    >>> step(tf.constant(0.9, tf.float64), tf.constant(2.0)).numpy() == tf.constant(2.0) * (1 - 0.9)
    <tf.Tensor: shape=(), dtype=bool, numpy=True>
    """

    dtype = float  # Keras asks numbers for it, to see which type follows from them and a tensor's
    tensor: Any
    tested: tuple[float, ...]
    _single: Any

    def __new__(cls, tensor: Any, tested: tuple[float, ...] = ()) -> SymbolicFloat:
        """Keep the tensor, and its value in float32 for all places that ask for it."""
        import tensorflow as tf

        self = super().__new__(cls, "nan")
        self.tensor = tf.cast(tensor, tf.float64)
        self._single = tf.cast(tensor, tf.float32)
        self.tested = tested
        return self

    def __tf_tensor__(self, dtype: Any = None, name: str | None = None) -> Any:
        import tensorflow as tf

        if dtype is None or dtype == tf.float32:
            return self._single
        return tf.cast(self.tensor, dtype)

    def __float__(self) -> float:
        raise TypeError(
            "Got a program's input where a Python number is needed, which is known when the program runs "
            "only: take the setting out of numbers/table.py."
        )

    def __bool__(self) -> bool:
        return bool(self != 0)

    def __repr__(self) -> str:
        return f"SymbolicFloat({self.tensor!r})"

    def __neg__(self) -> SymbolicFloat:
        return SymbolicFloat(-self.tensor)

    __hash__ = object.__hash__
    __eq__: Any = _comparison(False)
    __ne__: Any = _comparison(True)
    __gt__: Any = _comparison(True)
    __le__: Any = _comparison(False)
    __ge__: Any = _comparison(True)
    __lt__: Any = _comparison(False)
    __add__: Any = _arithmetic(operator.add)
    __radd__: Any = _arithmetic(operator.add, reflected=True)
    __sub__: Any = _arithmetic(operator.sub)
    __rsub__: Any = _arithmetic(operator.sub, reflected=True)
    __mul__: Any = _arithmetic(operator.mul)
    __rmul__: Any = _arithmetic(operator.mul, reflected=True)
    __truediv__: Any = _arithmetic(operator.truediv)
    __rtruediv__: Any = _arithmetic(operator.truediv, reflected=True)
    __pow__: Any = _arithmetic(operator.pow)
    __rpow__: Any = _arithmetic(operator.pow, reflected=True)


@functools.cache
def replacements() -> Mapping[type, type]:
    """The classes for layers whose operations take nothing but a Python number, by the exact class."""
    layers: Any = load_keras().layers

    def leaky(x: Any, slope: Any) -> Any:
        import tensorflow as tf

        # TensorFlow's operation keeps its slope in float32, whatever the type of x.
        slope = tf.cast(tf.cast(slope, tf.float32), x.dtype)
        return tf.where(x > 0, x, slope * x)

    class LeakyReLU(layers.LeakyReLU):
        def call(self, inputs: Any) -> Any:
            return leaky(inputs, self.negative_slope)

    class ReLU(layers.ReLU):
        def call(self, inputs: Any) -> Any:
            has_slope = isinstance(self.negative_slope, SymbolicFloat)
            if has_slope and self.max_value is None and self.threshold == 0:
                return leaky(inputs, self.negative_slope)
            return super().call(inputs)

    return {layers.LeakyReLU: LeakyReLU, layers.ReLU: ReLU}
