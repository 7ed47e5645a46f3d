"""Objects of Keras's that are made once more from their config, with the state that the config leaves out.

Keras makes copies by ``from_config(get_config())``. A class of the user's may keep settings that are in no
config, and anybody may set an attribute later: a copy without these would compute something else.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar

from skdl.common.keras_import import load_keras
from skdl.engine.copies.live_copies import copy_live
from skdl.engine.identity.keras_state import excluded_by, holds_variables_alone, state_of
from skdl.engine.identity.reader import fingerprint

_T = TypeVar("_T")
_MISSING = object()


def with_state_of(original: _T, made: _T, left_out: Collection[str] = ()) -> _T:
    """`made`, with copies of those attributes of `original` that its config did not tell.

    Parameters
    ----------
    original : object
        An optimizer, schedule, initializer, loss, regularizer or constraint; only read.
    made : object
        Made from the config of `original`.
    left_out : collection of str
        Attributes that are to differ.

    Returns
    -------
    object
        `made`.

    Raises
    ------
    TypeError
        An attribute cannot be copied.

    Examples
    --------
    >>> import keras
    >>> class Halving(keras.initializers.Initializer):
    ...     def __call__(self, shape, dtype=None):
    ...         return keras.ops.full(shape, self.factor / 2)
    >>> one = Halving()
    >>> one.factor = 3.0
    >>> with_state_of(one, Halving.from_config(one.get_config())).factor
    3.0
    """
    optimizer = load_keras().Optimizer
    for name, value in (*state_of(original), *excluded_by(original)):
        if name in left_out or holds_variables_alone(value):
            continue
        found = vars(made).get(name, _MISSING)
        if isinstance(value, optimizer) and isinstance(found, optimizer):
            with_state_of(value, found)
        elif not _is_same(value, found):
            # The classes of Keras track and convert what is set on them.
            object.__setattr__(made, name, copy_live(value))
    return made


def _is_same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    print_ = fingerprint(one)
    return print_ is not None and print_ == fingerprint(other)
