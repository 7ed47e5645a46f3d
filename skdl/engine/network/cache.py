"""One network for all fits that ask for the same one: the folds of a search build it once."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
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
class _ReadFacts:
    """What a build function has read, of the data and of its estimator.

    Attributes
    ----------
    names, own_names : frozenset of str
        The facts that the function read of the data, and of its estimator.
    looked_at_rows : bool
        Whether the function read the number of rows.
    """

    names: frozenset[str]
    looked_at_rows: bool
    own_names: frozenset[str]

    @classmethod
    def of(cls, facts: Facts, own: Facts) -> _ReadFacts:
        return cls(frozenset(facts.read), facts.looked_at_rows, frozenset(own.read))

    def prints(
        self, facts: Mapping[str, Any], own: Mapping[str, Any]
    ) -> tuple[str | None, str | None]:
        """These facts as texts; None for facts that cannot be read."""
        return (
            Facts(facts).print_of(self.names, rows=self.looked_at_rows),
            Facts(own).print_of(self.own_names, rows=True),
        )


@dataclass(frozen=True, eq=False)
class _Entry:
    read: _ReadFacts
    prints: tuple[str | None, str | None]
    network: Network
    extra: Any
    structure: tuple[Any, ...]


class _Key(NamedTuple):
    """The build of a network, and the settings that only its compiling reads."""

    build: tuple[Any, ...]
    settings: str


_lock = threading.Lock()
_entries: OrderedDict[_Key, list[_Entry]] = OrderedDict()
# A lock for each build that is going on; a build function may ask for its own network again.
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
        What the network is compiled with and its build does not see. If None, there is nothing such.
    make_from : callable, optional
        Called with a network that differs in `settings` alone and with its extra. Returns what `make`
        returns, or None if `make` has to be called.
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
    # A known network is found without the lock, which a build may hold for long.
    found = _known(key, facts, own)
    if found is not None:
        return found.network, found.extra
    # Fits of one build begin together. One fit builds the network; the others wait, and share it or its
    # layers.
    turn = _turn_of(key)
    has_turn = turn.acquire(timeout=SECONDS_OF_A_TURN)
    try:
        found = _known(key, facts, own)
        if found is not None:
            return found.network, found.extra
        for alike in _built_alike(key, facts, own):
            made = make_from(alike.network, alike.extra)
            if made is not None:
                read, prints = alike.read, alike.prints
                break
        else:
            noted, own_noted = Facts(facts), Facts(own)
            made = make(noted, own_noted, around)
            read = _ReadFacts.of(noted, own_noted)
            prints = read.prints(facts, own)
        # A build that changes what it reads would do so once more.
        if None not in prints and _read(request, settings)[0] == key:
            _keep(key, _Entry(read, prints, *made, _structure_of(made[0])))
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
        if entry.read.prints(facts, own) == entry.prints:
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
    """The key of a request and its settings, and what is known of the objects that they reach.

    The key is None if some of it cannot be read.
    """
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
