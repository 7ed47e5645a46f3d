"""One network for all fits that ask for the same one: the folds of a search build it once."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from skdl.common.keras_import import load_keras
from skdl.engine.identity.reader import Reader, digest
from skdl.engine.keras_parts.walk import walk_layers
from skdl.engine.network.facts import Facts
from skdl.engine.network.network import Network
from skdl.engine.network.outside_layers import Surroundings

MAX_NETWORKS = 128
MAX_BYTES = 2**28
# A build function may wait for a thread of its own that asks for the same network. That thread makes another
# network after so many seconds.
SECONDS_OF_A_TURN = 10.0


@dataclass(frozen=True, eq=False)
class _Entry:
    names: frozenset[str]
    rows: bool
    print: str
    own_names: frozenset[str]
    own_print: str
    network: Network
    extra: Any
    n_bytes: int
    structure: tuple[Any, ...]


_lock = threading.Lock()
_entries: OrderedDict[tuple[Any, ...], list[_Entry]] = OrderedDict()
# A lock for each key whose network is being made; a build function may ask for its own key again.
_turns: weakref.WeakValueDictionary[tuple[Any, ...], Any] = weakref.WeakValueDictionary()


def shared_network(
    request: Any,
    facts: Mapping[str, Any],
    make: Callable[[Facts, Facts, Surroundings], tuple[Network, Any]],
    attributes: Mapping[str, Any] | None = None,
    *,
    share: bool = True,
) -> tuple[Network, Any]:
    """The network for `request`, from an earlier fit or made now.

    Parameters
    ----------
    request : object
        All that the network depends on. What cannot be read makes a network of its own, and so does a build
        function that changes what it reads.
    facts : mapping
        What the data tell; only those that `make` reads count, and the number of rows only where it is
        looked at.
    make : callable
        Gives the network and what else is to be remembered with it, from the facts, the attributes, and what
        is known of the objects that the request reaches.
    attributes : mapping, optional
        Those of the estimator; only those that `make` reads count.
    share : bool
        Whether an earlier network may serve, and this one a later fit.

    Returns
    -------
    network : Network
    extra : object
    """
    key, around = _read(request)
    if key is None or not share:
        return make(Facts(facts), Facts(attributes or {}), around)
    # The folds of a candidate begin together: one of them makes the network, and the others wait for it.
    turn = _turn_of(key)
    has_turn = turn.acquire(timeout=SECONDS_OF_A_TURN)
    try:
        found = _known(key, facts, attributes or {})
        return found or _made(request, key, around, facts, attributes or {}, make)
    finally:
        if has_turn:
            turn.release()


def _turn_of(key: tuple[Any, ...]) -> Any:
    with _lock:
        return _turns.setdefault(key, threading.RLock())


def _known(
    key: tuple[Any, ...], facts: Mapping[str, Any], attributes: Mapping[str, Any]
) -> tuple[Network, Any] | None:
    """The network of an earlier fit."""
    asked, own_asked = Facts(facts), Facts(attributes)
    with _lock:
        known = tuple(_entries.get(key, ()))
    for entry in known:
        if (
            asked.print_of(entry.names, rows=entry.rows) == entry.print
            and own_asked.print_of(entry.own_names, rows=True) == entry.own_print
        ):
            if _structure_of(entry.network) != entry.structure:
                _drop(key, entry)
                continue
            with _lock:
                if key in _entries:
                    _entries.move_to_end(key)
            return entry.network, entry.extra
    return None


def _made(
    request: Any,
    key: tuple[Any, ...],
    around: Surroundings,
    facts: Mapping[str, Any],
    attributes: Mapping[str, Any],
    make: Callable[[Facts, Facts, Surroundings], tuple[Network, Any]],
) -> tuple[Network, Any]:
    """A new network, which later fits may have too."""
    told, own_told = Facts(facts), Facts(attributes)
    network, extra = make(told, own_told, around)
    if _read(request)[0] != key:
        return network, extra  # a build that changes what it reads would do so once more
    names, rows = frozenset(told.read), told.looked_at_rows
    own_names = frozenset(own_told.read)
    print_ = Facts(facts).print_of(names, rows=rows)
    own_print = Facts(attributes).print_of(own_names, rows=True)
    if print_ is not None and own_print is not None:
        n_bytes = sum(value.nbytes for value in network.initial_values)
        entry = _Entry(
            *(names, rows, print_, own_names, own_print, network, extra, n_bytes),
            structure=_structure_of(network),
        )
        with _lock:
            _entries.setdefault(key, []).append(entry)
            _entries.move_to_end(key)
            _let_go()
    return network, extra


def _read(request: Any) -> tuple[tuple[Any, ...] | None, Surroundings]:
    """The key of a request, None where it cannot be read; and what is known of the objects it reaches."""
    reader = Reader()
    text = reader.value([request, *_settings_of_keras()])
    around = Surroundings(readable=not reader.opaque, layers=tuple(reader.layers))
    return ((digest(text), *_registered()) if around.readable else None), around


def _settings_of_keras() -> list[Any]:
    """What Keras asks its own settings for while layers are made."""
    config = load_keras().config
    return [config.floatx(), config.epsilon(), config.dtype_policy(), config.image_data_format()]


def _registered() -> tuple[Any, ...]:
    """What Keras finds by a registered name, which a build function may ask for.

    Most build functions ask for none. If a registered object cannot be read, it therefore counts by its
    identity, and networks are shared all the same.
    """
    saving, reader = load_keras().saving, Reader()
    with saving.custom_object_scope({}) as scope:
        text = reader.value([saving.get_custom_objects(), scope.backup])
    return (digest(text), *reader.opaque)


def _structure_of(network: Network) -> tuple[Any, ...]:
    """What the template of `network` is now: it may hold objects that the user has changed meanwhile."""
    network.read_anew()
    structure = network.training_structure
    if not structure.of_users:
        return (structure,)
    initializer, reader = load_keras().initializers.Initializer, Reader(in_graph=True)
    parts = [part for layer in walk_layers(network.template) for part in vars(layer).values()]
    text = reader.value([part for part in parts if isinstance(part, initializer)])
    return structure, text, *reader.opaque


def _drop(key: tuple[Any, ...], entry: _Entry) -> None:
    with _lock:
        if entry in _entries.get(key, ()):
            _entries[key].remove(entry)


def _let_go() -> None:
    def too_many() -> bool:
        kept = [entry for entries in _entries.values() for entry in entries]
        return len(kept) > MAX_NETWORKS or sum(entry.n_bytes for entry in kept) > MAX_BYTES

    while len(_entries) > 1 and too_many():
        _entries.popitem(last=False)
