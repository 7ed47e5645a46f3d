"""What Keras keeps beside the state of a model: graphs of layers, and tables by the ids of objects.

A copy of a model has other objects, hence other ids; and a layer that several models share knows the
graphs of all of them, of which a copy of one model wants its own alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from skdl.common.keras_import import load_keras

# What Keras makes again when it is next needed, by the class that has it.
_FUNCTIONS = ("train_function", "test_function", "predict_function")
_LAST_CALL = ("_losses", "_loss_ids")
_GRAPH = ("_inbound_nodes", "_outbound_nodes")


def is_transient(owner: Any, name: str) -> bool:
    """Whether an attribute of an object of Keras's is left to `Bookkeeping`."""
    keras = load_keras()
    if name in _GRAPH:
        return isinstance(owner, keras.Operation)
    if name in (*_FUNCTIONS, "_eval_epoch_iterator"):
        return isinstance(owner, keras.Model)
    if name in _LAST_CALL:
        return isinstance(owner, keras.Layer)
    if name == "_keras_history":
        return isinstance(owner, keras.KerasTensor)
    if name == "_nodes":
        return isinstance(owner, keras.Function)
    return False


def made_anew(value: Any, copied: Callable[[Any], Any]) -> Any:
    """A copy of an object of TensorFlow's that lives outside Python; None for any other."""
    import tensorflow as tf

    if isinstance(value, tf.Variable):
        return _variable(value, copied)
    if isinstance(value, tf.lookup.experimental.MutableHashTable):
        table = tf.lookup.experimental.MutableHashTable(
            value.key_dtype, value.value_dtype, value._default_value
        )
        table.insert(*value.export())
        return table
    if isinstance(value, tf.lookup.StaticHashTable):
        return value  # nothing can change it
    return None


def _variable(value: Any, copied: Callable[[Any], Any]) -> Any:
    import tensorflow as tf

    with tf.device(value.device):
        return tf.Variable(
            value.read_value(),
            trainable=value.trainable,
            name=value.name.partition(":")[0],
            dtype=value.dtype,
            constraint=copied(value.constraint),
            synchronization=value.synchronization,
            aggregation=value.aggregation,
            shape=value.shape,
        )


class Bookkeeping:
    """The objects of Keras's that one call copies, and what of them depends on one another.

    Parameters
    ----------
    copied : callable
        Copies an object, whose attributes are filled later.
    known : callable
        The copy that there is of an object, or None.
    drain : callable
        Fills what is to be filled.
    """

    def __init__(
        self,
        copied: Callable[[Any], Any],
        known: Callable[[Any], Any],
        drain: Callable[[], None],
    ):
        self._copied = copied
        self._known = known
        self._drain = drain
        self._pairs: list[tuple[Any, Any]] = []

    def note(self, value: Any, made: Any) -> None:
        """Hear that `made` is the copy of `value`."""
        self._pairs.append((value, made))

    def settle(self) -> None:
        """Give all copies what depends on other copies."""
        self._copy_histories()
        keras = load_keras()
        variables = {
            old._value._unique_id: new._value._unique_id
            for old, new in self._pairs
            if isinstance(old, keras.Variable) and old._value is not None
        }
        for old, new in self._pairs:
            if isinstance(old, keras.Operation):
                for name in _GRAPH:
                    object.__setattr__(new, name, self._nodes(getattr(old, name)))
            if isinstance(old, keras.Layer):
                object.__setattr__(new, "_losses", [])
                object.__setattr__(new, "_loss_ids", set())
            if isinstance(old, keras.Model):
                for name in _FUNCTIONS:
                    if name in vars(old):
                        object.__setattr__(new, name, None)
                if "_eval_epoch_iterator" in vars(old):
                    object.__setattr__(new, "_eval_epoch_iterator", None)
            if type(old).__name__ == "Tracker":
                new.stored_ids = {
                    name: {id(part) for part in store} for name, (_, store) in new.config.items()
                }
            if isinstance(old, keras.Optimizer):
                _translate(new, variables)
        # Only now do all operations have the nodes that these count.
        for old, new in self._pairs:
            if isinstance(old, keras.KerasTensor) and hasattr(old, "_keras_history"):
                new._keras_history = self._history(old._keras_history)
            if isinstance(old, keras.Function):
                object.__setattr__(new, "_nodes", self._keys(old))

    def _copy_histories(self) -> None:
        """Copy the nodes that tensors come from, and what these nodes hold."""
        keras, done = load_keras(), 0
        while done < len(self._pairs):
            old, _ = self._pairs[done]
            done += 1
            if isinstance(old, keras.KerasTensor) and hasattr(old, "_keras_history"):
                operation, node, _ = old._keras_history
                if operation is not None:
                    self._copied(operation)
                    self._copied(operation._inbound_nodes[node])
                    self._drain()

    def _nodes(self, nodes: list[Any]) -> list[Any]:
        """The copies of `nodes`, without the nodes that belong to nothing copied."""
        found = (self._known(node) for node in nodes)
        return [node for node in found if node is not None]

    def _place(self, operation: Any, place: int) -> int:
        node = self._known(operation._inbound_nodes[place])
        found: int = self._known(operation)._inbound_nodes.index(node)
        return found

    def _history(self, history: Any) -> Any:
        operation, place, number = history
        if operation is None:
            return history
        return type(history)(self._known(operation), self._place(operation, place), number)

    def _keys(self, function: Any) -> set[str]:
        """The names of a function's nodes, which are made of ids and places."""
        found = set()
        for nodes in function._nodes_by_depth.values():
            for node in nodes:
                operation = node.operation
                place = operation._inbound_nodes.index(node)
                key = f"{id(operation)}_ib-{place}"
                if key not in function._nodes:
                    raise TypeError(
                        "A network cannot be copied. Got a version of Keras that names the nodes of "
                        f"{function.name!r} in another way, expected one that skdl knows: pass a function "
                        "that builds the network."
                    )
                made = self._known(operation)
                found.add(f"{id(made)}_ib-{self._place(operation, place)}")
        return found


def _translate(optimizer: Any, names: dict[str, str]) -> None:
    """Let the tables of a copied optimizer name its own variables in the place of the original's."""
    for name, part in list(vars(optimizer).items()):
        if isinstance(part, dict) and any(key in names for key in part if isinstance(key, str)):
            table = {names.get(key, key): value for key, value in part.items()}
            part.clear()
            part.update(table)
        elif isinstance(part, set) and any(key in names for key in part if isinstance(key, str)):
            object.__setattr__(optimizer, name, {names.get(key, key) for key in part})
