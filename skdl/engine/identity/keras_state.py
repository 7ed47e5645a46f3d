"""What of an object of Keras's is its state, and what is only bookkeeping of Keras's and TensorFlow's.

State is every attribute but those that are listed here. Two builds by one function differ in the listed ones
and in nothing else, and no program depends on them; the tests hold both. What an object was made from
(`_auto_config`) is bookkeeping too: the object computes by what it keeps.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from skdl.engine.keras_parts.walk import loss_of

# Of layers, models and operations.
_OF_LAYERS = frozenset(
    {
        # What the constructor was given, and what `call` and `build` take and have met.
        *("_auto_config", "_build_shapes_dict", "_call_signature", "call_signature_parameters"),
        *("_call_context_args", "_call_has_context_arg", "_call_has_mask_arg"),
        *("_call_has_training_arg", "_called", "_input_spec", "_build_input_shape"),
        # The graph that a layer is called in, which a model knows as a whole.
        *("_inbound_nodes", "_outbound_nodes", "_losses", "_loss_ids", "_losses_override"),
        # Names, and places of names.
        *("name", "_path", "_parent_path", "output_names"),
        # Lists that follow from attributes, locks, and what TensorFlow keeps to save objects.
        *("_tracker", "_tracked", "_lock", "_seed_generators", "_saved_model_inputs_spec"),
        *("_saved_model_arg_spec", "_obj_type"),
        # What Keras sets on layers when it loads a file.
        *("is_awq_calibrated", "is_gptq_calibrated"),
    }
)
_NAMED_BY_KERAS = re.compile(r"(input_layer|keras_tensor)(_\d+)?(CLONE)*")
# What TensorFlow notes on every object that it can save.
_OF_TENSORFLOW = frozenset(
    f"_self_{name}"
    for name in (
        *("setattr_tracking", "tracked_trackables", "update_uid", "name_based_restores"),
        *("unconditional_checkpoint_dependencies", "unconditional_dependency_names"),
        *("unconditional_deferred_dependencies", "saveable_object_factories"),
    )
)
# What some layers count while they are adapted, whose outcome is state, or keep of a call.
_OF_SOME_LAYERS = {
    "IndexLookup": ("token_counts",),
    "Discretization": ("summary",),
    "DropoutRNNCell": ("_dropout_mask", "_recurrent_dropout_mask"),  # of the last call
}
# Of models, what `compile` and `fit` set: a key reads the optimizer, the loss and the metrics by themselves.
_OF_MODELS = frozenset(
    {
        *("_compile_config", "_compile_loss", "_compile_metrics", "_compiled_trainable_state"),
        *("_compute_loss_has_training_arg", "_distribute_strategy", "_eval_epoch_iterator"),
        *("_initial_epoch", "_loss_tracker", "compiled", "loss", "optimizer"),
        *("predict_function", "test_function", "train_function", "stop_training"),
        *("stop_predicting", "stop_evaluating"),
        *("_jit_compile", "steps_per_execution", "unrolled_steps_per_execution", "_run_eagerly"),
    }
)
# The graph of a functional model is read from its nodes; that of a stack follows from its layers.
_OF_FUNCTIONS = frozenset(
    {
        *(
            "_nodes",
            "_nodes_by_depth",
            "_operations",
            "_operations_by_depth",
            "_inputs",
            "_outputs",
        ),
        *("_inputs_struct", "_outputs_struct"),
    }
)
_OF_STACKS = frozenset({"_functional"})
# The names of variables that an optimizer excludes from weight decay, which no config tells.
EXCLUDING_PATTERN = "_exclude_from_weight_decay_pattern"
_OF_OPTIMIZERS = frozenset(
    {
        *("_trainable_variables", "_trainable_variables_indices", "_variables", "_iterations"),
        *("_distribution_strategy", "_tracker", "_lock", "built", "name", "_auto_config"),
        # A key asks which variables these leave out.
        *("_exclude_from_weight_decay", EXCLUDING_PATTERN, "_exclude_from_weight_decay_cache"),
    }
)
_OF_METRICS = frozenset(
    {
        *("_variables", "_metrics", "_tracker", "_built", "built", "_build_input_shape", "name"),
        *("_auto_config", "_lock"),
    }
)
_OF_LOSSES = frozenset({"_tracker", "_lock", "_auto_config", "name"})
_OF_VARIABLES = frozenset(
    {*("_value", "_path", "_name", "_initializer", "_layout", "_trainable", "_shape", "_ndim")}
)


def is_of_keras(kind: Any) -> bool:
    """Whether a class is Keras's, or made from one of Keras's."""
    return bool(_is_of_keras(kind))


@functools.lru_cache(maxsize=4096)
def _is_of_keras(kind: Any) -> bool:
    return any(str(base.__module__).partition(".")[0] == "keras" for base in kind.__mro__)


def bookkeeping_of(kind: Any) -> frozenset[str]:
    """The attributes of objects of `kind` that are no state.

    Examples
    --------
    >>> import keras
    >>> "_inbound_nodes" in bookkeeping_of(keras.layers.Dense)
    True
    >>> "units" in bookkeeping_of(keras.layers.Dense)
    False
    """
    return frozenset(_bookkeeping_of(kind))


@functools.lru_cache(maxsize=4096)
def _bookkeeping_of(kind: Any) -> frozenset[str]:
    import keras

    found: set[str] = set(_OF_TENSORFLOW)
    for base, names in (
        (keras.Operation, _OF_LAYERS),
        (keras.Model, _OF_MODELS),
        (keras.Function, _OF_FUNCTIONS),
        (keras.Sequential, _OF_STACKS),
        (keras.Optimizer, _OF_OPTIMIZERS),
        (keras.Metric, _OF_METRICS),
        (keras.Loss, _OF_LOSSES),
        (keras.Variable, _OF_VARIABLES),
    ):
        if issubclass(kind, base):
            found |= names
    for base in kind.__mro__:
        if base.__module__.startswith("keras."):
            found |= set(_OF_SOME_LAYERS.get(base.__name__, ()))
    return frozenset(found)


def state_of(value: Any) -> list[tuple[str, Any]]:
    """The attributes of an object of Keras's that are its state.

    Parameters
    ----------
    value : object
        Of a class of Keras's, or made from one.

    Returns
    -------
    list of (str, object)

    Examples
    --------
    >>> import keras
    >>> state_of(keras.regularizers.L2(0.5))
    [('l2', 0.5)]
    """
    attributes = vars(value) if hasattr(value, "__dict__") else {}
    kind: Any = type(value)
    left_out = bookkeeping_of(kind)
    unseeded = "_init_seed" in attributes and attributes["_init_seed"] is None
    return [
        (name, part)
        for name, part in attributes.items()
        if name not in left_out
        and not (unseeded and name == "seed")  # Keras drew it
        and not _is_wrapped_by_keras(name, part)
        and not _is_history(name, part)
    ]


def holds_variables_alone(value: Any) -> bool:
    """Whether `value` is a variable of Keras's, or a container of such and nothing else.

    An optimizer or metric makes these by itself. An empty container is a setting.
    """
    keras = sys.modules["keras"]
    parts = list(value.values()) if isinstance(value, Mapping) else value
    if isinstance(parts, (list, tuple)):
        # There is no variable for what is not trained.
        given = [part for part in parts if part is not None]
        return bool(given) and all(map(holds_variables_alone, given))
    return isinstance(value, keras.Variable)


def names_of(value: Any) -> list[tuple[str, Any]]:
    """The names of a layer or metric, which no computation asks for but outputs and curves have."""
    keras = sys.modules["keras"]
    if not isinstance(value, (keras.Layer, keras.Metric)):
        return []
    return [(name, vars(value)[name]) for name in ("name", "output_names") if name in vars(value)]


def input_names(value: Any) -> list[str | None]:
    """The names of a model's inputs, by which Keras finds them in a dict; None for a name that Keras gave."""
    keras = sys.modules["keras"]
    function = value._functional if isinstance(value, keras.Sequential) else value
    if not isinstance(function, keras.Function):
        return []
    names = [tensor.name for tensor in function._inputs]
    return [None if _NAMED_BY_KERAS.fullmatch(name) else name for name in names]


def compiled_with(value: Any) -> list[tuple[str, Any]]:
    """What a model was compiled with, and the state of its optimizer; nothing for other objects."""
    keras = sys.modules["keras"]
    if not isinstance(value, keras.Model) or not value.compiled:
        return []
    metrics, losses, optimizer = value._compile_metrics, value._compile_loss, value.optimizer
    return [
        ("optimizer", optimizer),
        ("optimizer's variables", list(optimizer.variables) if optimizer.built else None),
        ("loss", loss_of(value)),
        ("loss weights", None if losses is None else losses._user_loss_weights),
        ("metrics", None if metrics is None else metrics._user_metrics),
        ("weighted metrics", None if metrics is None else metrics._user_weighted_metrics),
        ("run_eagerly", value.run_eagerly),
    ]


def excluded_by(value: Any) -> list[tuple[str, Any]]:
    """The names that an optimizer excludes from weight decay; nothing for other objects."""
    if not isinstance(value, sys.modules["keras"].Optimizer):
        return []
    return [(name, part) for name, part in vars(value).items() if name == EXCLUDING_PATTERN]


def _is_wrapped_by_keras(name: str, part: Any) -> bool:
    # Keras wraps these methods of each layer anew; their code is that of the class.
    if name not in ("build", "quantize"):
        return False
    home = getattr(part, "__globals__", {}).get("__name__", "")
    return str(home).partition(".")[0] == "keras"


def _is_history(name: str, part: Any) -> bool:
    # What `fit` leaves behind.
    return name == "history" and type(part).__module__.startswith("keras.")


def tensor_content(value: Any) -> tuple[str, list[Any]] | None:
    """A tensor that has a value, as a label and what it holds; None for anything else."""
    tf = sys.modules.get("tensorflow")
    if tf is None:
        return None
    if isinstance(value, tf.Tensor) and hasattr(value, "numpy"):
        return "tensor", [value.dtype.name, value.numpy()]
    if isinstance(value, tf.RaggedTensor) and hasattr(value, "flat_values"):
        return "ragged", [value.flat_values, list(value.nested_row_splits)]
    if isinstance(value, tf.SparseTensor):
        return "sparse", [value.indices, value.values, value.dense_shape]
    return None


def table_content(value: Any) -> tuple[str, list[Any]] | None:
    """A lookup table of TensorFlow's, as a label and what it holds; None for anything else."""
    tf = sys.modules.get("tensorflow")
    if tf is None or not isinstance(value, tf.lookup.StaticHashTable | _mutable_table()):
        return None
    with tf.init_scope():
        keys, values = value.export()
        keys, values = keys.numpy(), values.numpy()
    order = np.argsort(keys, kind="stable")
    types = [value.key_dtype.name, value.value_dtype.name]
    return "table", [types, value.default_value.numpy(), keys[order], values[order]]


@functools.cache
def _mutable_table() -> Any:
    import tensorflow as tf

    return tf.lookup.experimental.MutableHashTable


def variable_content(value: Any) -> tuple[str, list[Any]] | None:
    """A variable of Keras's, as a label and what it holds; None for anything else."""
    keras = sys.modules.get("keras")
    if keras is None or not isinstance(value, keras.Variable):
        return None
    own = [(name, part) for name, part in state_of(value)]
    return "variable", [np.asarray(value), value.trainable, own]
