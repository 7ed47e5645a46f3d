"""One network for all fits that ask for the same one: the folds of a search build it once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from skdl._startup import load_keras
from skdl.engine.network import Network
from skdl.engine.reader import fingerprint

MAX_NETWORKS = 128
MAX_BYTES = 2**28


class RowFreeShape(tuple[int, ...]):
    """The shape of some data; it notes whether anybody looked at the number of rows."""

    looked_at_rows = False

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        rows = range(len(self))[index]
        if rows == 0 or (isinstance(rows, range) and 0 in rows):
            self.looked_at_rows = True
        return found

    def __iter__(self) -> Iterator[int]:
        self.looked_at_rows = True
        return super().__iter__()

    def __eq__(self, other: object) -> bool:
        self.looked_at_rows = True
        return super().__eq__(other)

    def __hash__(self) -> int:
        self.looked_at_rows = True
        return super().__hash__()

    def __repr__(self) -> str:
        self.looked_at_rows = True
        return super().__repr__()

    def __reduce__(self) -> tuple[type, tuple[tuple[int, ...]]]:
        return tuple, (tuple(self),)


class Facts(dict[str, Any]):
    """What a build function is told of the data; it notes what was read."""

    def __init__(self, facts: Mapping[str, Any]):
        super().__init__(facts)
        self.read: set[str] = set()
        shape = facts.get("X_shape_")
        if shape is not None:
            super().__setitem__("X_shape_", RowFreeShape(shape))

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Note `name`."""
        self.read.add(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self.read.add(str(name))
        return super().__contains__(name)

    def _all(self) -> None:
        self.read.update(super().keys())

    def __iter__(self) -> Iterator[str]:
        self._all()
        return super().__iter__()

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

    def copy(self) -> dict[str, Any]:
        """Note all names."""
        self._all()
        return dict(super().items())

    def __eq__(self, other: object) -> bool:
        self._all()
        return super().__eq__(other)

    __hash__ = None

    def print_of(self, names: set[str], *, rows: bool) -> str | None:
        """A text of the facts `names`; None where one of them cannot be read."""
        told = []
        for name in sorted(names):
            value = dict.get(self, name)
            if isinstance(value, RowFreeShape):
                value = tuple(tuple.__iter__(value))
                value = value if rows else value[1:]
            told.append((name, value))
        return fingerprint(told)

    @property
    def looked_at_rows(self) -> bool:
        """Whether the number of rows was read."""
        shape = dict.get(self, "X_shape_")
        return bool(shape is not None and "X_shape_" in self.read and shape.looked_at_rows)


@dataclass(frozen=True)
class _Entry:
    names: frozenset[str]
    rows: bool
    print: str
    network: Network
    extra: Any
    n_bytes: int


_lock = threading.Lock()
_entries: OrderedDict[str, list[_Entry]] = OrderedDict()


def shared_network(
    request: Any, facts: Mapping[str, Any], make: Callable[[Facts], tuple[Network, Any]]
) -> tuple[Network, Any]:
    """The network for `request`, from an earlier fit or made now.

    Parameters
    ----------
    request : object
        All that the network depends on; what cannot be read as text makes a network of its own.
    facts : mapping
        What the data tell; only those that `make` reads count, and the number of rows only where it is
        looked at.
    make : callable
        Gives the network and what else is to be remembered with it.

    Returns
    -------
    network : Network
    extra : object
    """
    keras = load_keras()
    key = fingerprint([request, keras.config.floatx(), keras.config.dtype_policy().name])
    asked, told = Facts(facts), Facts(facts)
    if key is not None:
        with _lock:
            for entry in _entries.get(key, ()):
                if asked.print_of(set(entry.names), rows=entry.rows) == entry.print:
                    _entries.move_to_end(key)
                    return entry.network, entry.extra
    network, extra = make(told)
    names, rows = set(told.read), told.looked_at_rows
    print_ = asked.print_of(names, rows=rows)
    if key is not None and print_ is not None:
        n_bytes = sum(value.nbytes for value in network.initial_values)
        with _lock:
            _entries.setdefault(key, []).append(
                _Entry(frozenset(names), rows, print_, network, extra, n_bytes)
            )
            _entries.move_to_end(key)
            _let_go()
    return network, extra


def _let_go() -> None:
    def too_many() -> bool:
        kept = [entry for entries in _entries.values() for entry in entries]
        return len(kept) > MAX_NETWORKS or sum(entry.n_bytes for entry in kept) > MAX_BYTES

    while len(_entries) > 1 and too_many():
        _entries.popitem(last=False)
