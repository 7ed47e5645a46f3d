"""What a build function is told of the data, with a note of what it read.

Folds of a search differ in the number of rows. They share a network where its build function did not ask for
that number, and where the facts that it read are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from skdl.engine.identity.reader import fingerprint

# Stands for the value of a name that is not there.
_NOT_THERE = "there is no such name"


class RowFreeShape(tuple[Any, ...]):
    """The shape of some data; it notes whether anybody looked at the number of rows.

    In the place of the number stands an object that gives it, and notes that it did, to whoever reads a tuple
    past its methods, as NumPy and TensorFlow do.
    """

    looked_at_rows = False

    def __new__(cls, shape: Iterable[int]) -> RowFreeShape:
        """A shape of at least one axis."""
        rows, *others = shape
        made = super().__new__(cls, (_Rows(rows), *others))
        tuple.__getitem__(made, 0)._shape = made
        made.looked_at_rows = False
        return made

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        rows = range(len(self))[index]
        if isinstance(found, tuple):
            return tuple(int(part) for part in found)
        return int(found) if rows == 0 else found

    def _whole(self) -> tuple[int, ...]:
        return tuple(int(part) for part in super().__iter__())

    def __iter__(self) -> Iterator[int]:
        return iter(self._whole())

    def __eq__(self, other: object) -> bool:
        return self._whole() == other

    def __ne__(self, other: object) -> bool:
        return self._whole() != other

    def __lt__(self, other: Any) -> bool:
        return self._whole() < other

    def __le__(self, other: Any) -> bool:
        return self._whole() <= other

    def __gt__(self, other: Any) -> bool:
        return self._whole() > other

    def __ge__(self, other: Any) -> bool:
        return self._whole() >= other

    def __add__(self, other: Any) -> Any:
        return self._whole() + other

    def __radd__(self, other: Any) -> Any:
        return other + self._whole()

    def __mul__(self, times: Any) -> Any:
        return self._whole() * times

    __rmul__ = __mul__

    def __contains__(self, value: object) -> bool:
        return value in self._whole()

    def index(self, value: Any, *between: Any) -> int:
        """Where `value` is."""
        return self._whole().index(value, *between)

    def count(self, value: Any) -> int:
        """How often `value` occurs."""
        return self._whole().count(value)

    def __hash__(self) -> int:
        return hash(self._whole())

    def __repr__(self) -> str:
        return repr(self._whole())

    def __reduce__(self) -> tuple[type, tuple[tuple[int, ...]]]:
        return tuple, (self._whole(),)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.array(self._whole(), dtype=dtype)


class _Rows:
    """The number of rows, to whoever reads a shape past its methods."""

    _shape: RowFreeShape

    def __init__(self, rows: int):
        self._rows = int(rows)

    def __int__(self) -> int:
        self._shape.looked_at_rows = True
        return self._rows

    __index__ = __int__

    def __float__(self) -> float:
        return float(int(self))

    def __repr__(self) -> str:
        return repr(int(self))


class Facts(dict[str, Any]):
    """What a build function is told of the data; it notes what was read.

    Attributes
    ----------
    given : dict
        The facts, as they were before anybody took something out.
    read : set of str
        The names that were asked for.
    """

    def __init__(self, facts: Mapping[str, Any]):
        super().__init__(facts)
        self.read: set[str] = set()
        self.given = dict(facts)
        shape = facts.get("X_shape_")
        if isinstance(shape, tuple) and shape:
            super().__setitem__("X_shape_", RowFreeShape(shape))
        self._shape = super().get("X_shape_")

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Note `name`."""
        self.read.add(name)
        return super().get(name, default)

    def pop(self, name: str, *default: Any) -> Any:
        """Note `name`."""
        self.read.add(name)
        return super().pop(name, *default)

    def setdefault(self, name: str, default: Any = None) -> Any:
        """Note `name`."""
        self.read.add(name)
        return super().setdefault(name, default)

    def __contains__(self, name: object) -> bool:
        self.read.add(str(name))
        return super().__contains__(name)

    def _all(self) -> None:
        self.read.update(self.given)

    def __len__(self) -> int:
        self._all()
        return super().__len__()

    def __iter__(self) -> Iterator[str]:
        self._all()
        return super().__iter__()

    def __reversed__(self) -> Iterator[str]:
        self._all()
        return super().__reversed__()

    def keys(self) -> Any:
        """Note all names."""
        self._all()
        return super().keys()

    def items(self) -> Any:
        """Note all names."""
        self._all()
        return super().items()

    def values(self) -> Any:
        """Note all names."""
        self._all()
        return super().values()

    def popitem(self) -> tuple[str, Any]:
        """Note all names."""
        self._all()
        return super().popitem()

    def copy(self) -> dict[str, Any]:
        """Note all names."""
        self._all()
        return dict(super().items())

    def __or__(self, other: Any) -> Any:
        return self.copy() | other

    def __ror__(self, other: Any) -> Any:
        return other | self.copy()

    def __eq__(self, other: object) -> bool:
        self._all()
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __repr__(self) -> str:
        self._all()
        return super().__repr__()

    def __reduce__(self) -> tuple[type, tuple[dict[str, Any]]]:
        return dict, (self.copy(),)

    __hash__ = None

    def print_of(self, names: Iterable[str], *, rows: bool) -> str | None:
        """A text of the facts `names`; None where one of them cannot be read."""
        told = []
        for name in sorted(names):
            value = self.given.get(name, _NOT_THERE)
            if name == "X_shape_" and not rows and isinstance(value, tuple):
                value = value[1:]
            told.append((name, value))
        return fingerprint(told)

    @property
    def looked_at_rows(self) -> bool:
        """Whether the number of rows was read."""
        shape = self._shape
        return isinstance(shape, RowFreeShape) and shape.looked_at_rows

    @property
    def hands_out_a_shape(self) -> bool:
        """Whether somebody got a shape whose number of rows is an object."""
        return isinstance(self._shape, RowFreeShape) and "X_shape_" in self.read

    def read_all(self) -> None:
        """Note all names, and the number of rows."""
        self._all()
        if isinstance(self._shape, RowFreeShape):
            self._shape.looked_at_rows = True
