"""One network for all fits that ask for the same one: the folds of a search build it once."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

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


@dataclass(frozen=True)
class _Told:
    """What a build function has read, of the data and of its estimator."""

    names: frozenset[str]
    rows: bool
    own_names: frozenset[str]
    texts: tuple[str | None, str | None]

    @classmethod
    def of(cls, facts: Facts, own: Facts) -> _Told:
        names, own_names = frozenset(facts.read), frozenset(own.read)
        told = cls(names, facts.looked_at_rows, own_names, (None, None))
        return replace(told, texts=told._texts_of(facts.given, own.given))

    def _texts_of(
        self, facts: Mapping[str, Any], own: Mapping[str, Any]
    ) -> tuple[str | None, str | None]:
        return (
            Facts(facts).print_of(self.names, rows=self.rows),
            Facts(own).print_of(self.own_names, rows=True),
        )

    @property
    def is_readable(self) -> bool:
        return None not in self.texts

    def equals(self, facts: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
        """Whether the function would read the same now."""
        return self._texts_of(facts, own) == self.texts


@dataclass(frozen=True, eq=False)
class _Entry:
    told: _Told
    network: Network
    extra: Any
    structure: tuple[Any, ...]


class _Key(NamedTuple):
    """What a network depends on: what it is built from, and what it is compiled with alone."""

    build: tuple[Any, ...]
    settings: str


_lock = threading.Lock()
_entries: OrderedDict[_Key, list[_Entry]] = OrderedDict()
# A lock for each build that is going on; a build function may ask for its own key again.
_turns: weakref.WeakValueDictionary[tuple[Any, ...], Any] = weakref.WeakValueDictionary()


def shared_network(
    request: Any,
    facts: Mapping[str, Any],
    make: Callable[[Facts, Facts, Surroundings], tuple[Network, Any]],
    attributes: Mapping[str, Any] | None = None,
    *,
    settings: Any = None,
    make_from: Callable[[Network, Any], tuple[Network, Any] | None] = lambda *_: None,
    share: bool = True,
) -> tuple[Network, Any]:
    """The network for `request` and `settings`, from an earlier fit or made now.

    Parameters
    ----------
    request : object
        All that the network is built from. What cannot be read makes a network of its own, and so does a
        build function that changes what it reads.
    facts : mapping
        What the data tell; only those that `make` reads count, and the number of rows only where it is
        looked at.
    make : callable
        Gives the network and what else is to be remembered with it, from the facts, the attributes, and what
        is known of the objects that the request reaches.
    attributes : mapping, optional
        Those of the estimator; only those that `make` reads count.
    settings : object, optional
        What else the network is compiled with.
    make_from : callable, optional
        Gives the same from a network, and what is remembered with it, that differs in `settings` alone; None
        where `make` has to be called.
    share : bool
        Whether an earlier network may serve, and this one a later fit.

    Returns
    -------
    network : Network
    extra : object
    """
    own = attributes or {}
    key, around = _read(request, settings)
    if key is None or not share:
        return make(Facts(facts), Facts(own), around)
    found = _known(key, facts, own)
    if found is not None:
        return found.network, found.extra
    # The folds of a candidate begin together: one of them makes the network, and the others wait for it.
    turn = _turn_of(key)
    has_turn = turn.acquire(timeout=SECONDS_OF_A_TURN)
    try:
        found = _known(key, facts, own)
        if found is not None:
            return found.network, found.extra
        for alike in _built_alike(key, facts, own):
            made = make_from(alike.network, alike.extra)
            if made is not None:
                told = alike.told
                break
        else:
            read, own_read = Facts(facts), Facts(own)
            made = make(read, own_read, around)
            told = _Told.of(read, own_read)
        # A build that changes what it reads would do so once more.
        if told.is_readable and _read(request, settings)[0] == key:
            _keep(key, _Entry(told, *made, _structure_of(made[0])))
        return made
    finally:
        if has_turn:
            turn.release()


def _turn_of(key: _Key) -> Any:
    with _lock:
        return _turns.setdefault(key.build, threading.RLock())


def _known(key: _Key, facts: Mapping[str, Any], own: Mapping[str, Any]) -> _Entry | None:
    """What is kept of an earlier fit with the same network."""
    with _lock:
        known = tuple(_entries.get(key, ()))
    for entry in known:
        if entry.told.equals(facts, own):
            if _structure_of(entry.network) != entry.structure:
                _drop(key, entry)
                continue
            with _lock:
                if key in _entries:
                    _entries.move_to_end(key)
            return entry
    return None


def _built_alike(key: _Key, facts: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[_Entry]:
    """What is kept of earlier fits whose networks had the same build and other settings."""
    with _lock:
        others = [other for other in _entries if other.build == key.build and other != key]
    yield from filter(None, (_known(other, facts, own) for other in others))


def _keep(key: _Key, entry: _Entry) -> None:
    with _lock:
        _entries.setdefault(key, []).append(entry)
        _entries.move_to_end(key)
        _let_go()


def _read(request: Any, settings: Any) -> tuple[_Key | None, Surroundings]:
    """The key of a request, None where it cannot be read; and what is known of the objects it reaches."""
    reader = Reader()
    text = reader.value([request, *_settings_of_keras()])
    text_of_settings = reader.value(settings)
    around = Surroundings(readable=not reader.opaque, layers=tuple(reader.layers))
    if not around.readable:
        return None, around
    return _Key((digest(text), *_registered()), digest(text_of_settings)), around


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
    with network.lock:
        parts = [part for layer in walk_layers(network.template) for part in vars(layer).values()]
        text = reader.value([part for part in parts if isinstance(part, initializer)])
    return structure, text, *reader.opaque


def _drop(key: _Key, entry: _Entry) -> None:
    with _lock:
        if entry in _entries.get(key, ()):
            _entries[key].remove(entry)


def _let_go() -> None:
    def too_many() -> bool:
        kept = [entry for entries in _entries.values() for entry in entries]
        # Networks with the same layers share the arrays.
        values = {id(array): array for entry in kept for array in entry.network.initial_values}
        n_bytes = sum(array.nbytes for array in values.values())
        return len(kept) > MAX_NETWORKS or n_bytes > MAX_BYTES

    while len(_entries) > 1 and too_many():
        _entries.popitem(last=False)
