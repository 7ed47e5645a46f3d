"""One call of a Keras operation: its settings, and the ranks and first axes of what it is called with."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from skdl.common.keras_import import load_keras


class UnreadableError(Exception):
    """Something that a rule cannot judge, such as an array of unknown rank."""


class Operand(NamedTuple):
    """A tensor of the graph, which has rows, or a constant.

    Attributes
    ----------
    shape : tuple of int or None
    rows : bool
        Whether its first axis has the rows of a batch.
    """

    shape: tuple[int | None, ...]
    rows: bool

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def one_for_all(self) -> bool:
        """Whether it is a constant that stands beside each row, at any rank."""
        return not self.rows and (self.rank == 0 or self.shape[0] == 1)


class Use:
    """One call of an operation in the graph of a functional model.

    Parameters
    ----------
    operation : keras.Operation
    node : keras Node
        Its arguments are tensors of the graph and constants.
    """

    def __init__(self, operation: Any, node: Any):
        self.operation = operation
        self._tensors = [operand_of(one) for one in [*node.arguments.keras_tensors, *node.outputs]]
        signature = inspect.signature(type(operation).call)
        given = signature.bind(operation, *node.arguments.args, **node.arguments.kwargs).arguments
        self.arguments: dict[str, Any] = dict(list(given.items())[1:])

    def operands(self, *names: str) -> list[Operand]:
        """Tensors and constants among the arguments of these names; by default among all of them."""
        found: list[Any] = []
        for name in names or self.arguments:
            value = self.arguments.get(name)
            found += value if name in _LISTS and value is not None else [value]
        return [operand_of(part) for part in found if part is not None]

    def listed(self, name: str) -> list[Operand]:
        """The tensors and constants in an argument that is a list of them."""
        value = self.arguments[name]
        if not isinstance(value, (list, tuple)):
            raise UnreadableError
        return [operand_of(part) for part in value]

    def setting(self, name: str) -> Any:
        """What the operation was made with."""
        return getattr(self.operation, name)

    def axes(self, name: str, rank: int) -> tuple[int, ...]:
        """The axes that a setting names, of tensors of `rank`, counted from the first."""
        given = self.setting(name)
        axes = given if isinstance(given, (list, tuple)) else (given,)
        if not axes or not all(is_int(axis) and -rank <= axis < rank for axis in axes):
            raise UnreadableError
        return tuple(axis % rank for axis in axes)

    @property
    def keeps_rows(self) -> bool:
        """Whether all that comes out has as many rows as all that goes in."""
        return all(one.rank > 0 for one in self._tensors) and (
            len({one.shape[0] for one in self._tensors}) == 1
        )

    @property
    def plain(self) -> bool:
        """Whether all settings are numbers, words or lists of them, and not arrays or tensors."""
        own = vars(self.operation).items()
        return all(_is_plain(part) for name, part in own if name not in _names_of_every_operation())


# Arguments that are lists of operands. Elsewhere a list is one array.
_LISTS = ("xs", "operands", "condlist", "choicelist")
_NUMBERS = (bool, int, float, complex, np.generic)


@cache
def _names_of_every_operation() -> frozenset[str]:
    # A type may be given as an object of TensorFlow's.
    return frozenset(vars(load_keras().Operation(name="any"))) | {"dtype"}


def is_int(value: Any) -> bool:
    """Whether `value` is a whole number, and no truth value."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _is_plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (*_NUMBERS, str))


def operand_of(value: Any) -> Operand:
    """What an argument is. A list is one array."""
    if isinstance(value, load_keras().KerasTensor):
        return Operand(tuple(value.shape), rows=True)
    return Operand(_shape(value), rows=False)


def _shape(value: Any) -> tuple[int | None, ...]:
    """The shape of a constant."""
    if isinstance(value, _NUMBERS):
        return ()
    if isinstance(value, (list, tuple)):
        shapes = {_shape(part) for part in value}
        if len(shapes) > 1:
            raise UnreadableError
        return (len(value), *(shapes.pop() if shapes else ()))
    shape = getattr(value, "shape", None)
    is_tensor = isinstance(value, load_keras().KerasTensor)
    if shape is None or is_tensor or getattr(shape, "rank", 0) is None:
        raise UnreadableError
    return tuple(shape)


def same_rows(given: list[Operand], rank: int = 1) -> bool:
    """Whether all have rows, as many each, and one rank, of `rank` at least."""
    return (
        bool(given)
        and all(one.rows for one in given)
        and len({(one.rank, *one.shape[:1]) for one in given}) == 1
        and given[0].rank >= rank
    )


def beside_rows(given: list[Operand]) -> bool:
    """Whether broadcasting keeps the rows of all along the first axis, and each to itself."""
    with_rows = [one for one in given if one.rows]
    constants = [one for one in given if not one.rows]
    return same_rows(with_rows) and all(
        one.rank < with_rows[0].rank or (one.rank == with_rows[0].rank and one.one_for_all)
        for one in constants
    )
