"""A walk over a model's layers, and what of them, of their objects and functions is Keras's own."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from skdl.common.keras_import import load_keras

if TYPE_CHECKING:
    import keras


def walk_layers(model: keras.Model) -> list[keras.Layer]:
    """`model` and every layer inside it, those inside wrappers and cells of RNNs too."""
    # `Model.layers` stops at wrappers; this is the walk that Keras itself uses for the same purpose.
    return list(model._flatten_layers(include_self=True, recursive=True))


def noise_generators(model: keras.Model) -> list[Any]:
    """The generators of noise inside `model`, each once, in the order of its layers."""
    found = {
        id(generator): generator
        for layer in walk_layers(model)
        for generator in getattr(layer, "_seed_generators", ())
    }
    return list(found.values())


def custom_objects(value: Any) -> dict[str, Any]:
    """The classes and functions that `value` uses and Keras does not own, by their registered name.

    `value` is a model or another object of Keras's, or a list or dict of them.

    Keras saves these by name only; a process that has never seen them needs the objects themselves.
    """
    keras = load_keras()
    found: dict[str, Any] = {}
    seen: set[int] = set()

    def note(value: Any) -> None:
        if id(value) in seen:
            return
        seen.add(id(value))
        if isinstance(value, Mapping):
            for part in value.values():
                note(part)
        elif isinstance(value, (list, tuple)):
            for part in value:
                note(part)
        elif inspect.isfunction(value):
            if not is_keras(value) and value.__name__ != "<lambda>":
                found[keras.saving.get_registered_name(value)] = value
        elif isinstance(value, saved_kinds()):
            for kind in type(value).__mro__:
                if kind is not object and not is_keras(kind) and hasattr(kind, "get_config"):
                    found.setdefault(keras.saving.get_registered_name(kind), kind)
            for name, part in vars(value).items():
                # Keras keeps a layer's own `build`, wrapped, among its attributes.
                if inspect.isfunction(part) and not hasattr(type(value), name):
                    note(part)

    def note_model(model: Any) -> None:
        for layer in walk_layers(model):
            note(layer)
            for part in vars(layer).values():
                if not inspect.isfunction(part):
                    note(part)
        if model.compiled:
            for part in _compiled_parts(model):
                note(part)

    note_model(value) if isinstance(value, keras.Model) else note(value)
    return found


def loss_of(model: keras.Model) -> Any:
    """The loss that `model` was compiled with, whatever was set as its attribute ``loss`` later."""
    return model.loss if model._compile_loss is None else model._compile_loss._user_loss


def _compiled_parts(model: keras.Model) -> Iterator[Any]:
    yield model.optimizer
    yield loss_of(model)
    yield getattr(model.optimizer, "_learning_rate", None)
    compiled = getattr(model, "_compile_metrics", None)
    if compiled is not None:
        yield getattr(compiled, "_user_metrics", None)
        yield getattr(compiled, "_user_weighted_metrics", None)


def saved_kinds() -> tuple[type, ...]:
    """The classes of objects that Keras saves: models and what they are made and trained with."""
    keras = load_keras()
    return (
        keras.Layer,
        keras.Loss,
        keras.Metric,
        keras.Optimizer,
        keras.optimizers.schedules.LearningRateSchedule,
        keras.initializers.Initializer,
        keras.regularizers.Regularizer,
        keras.constraints.Constraint,
    )


def is_keras(value: Any) -> bool:
    """Whether a class or function is Keras's own."""
    return str(getattr(value, "__module__", "")).partition(".")[0] == "keras"


def is_written_by_keras(function: Any) -> bool:
    """Whether the code of `function` is Keras's, as what it puts around each ``build``.

    Its names do not tell: `functools.wraps` copies those of what is wrapped.
    """
    home: str = getattr(function, "__globals__", {}).get("__name__", "")
    return home.partition(".")[0] == "keras"


def is_written_by_users(part: Any) -> bool:
    """Whether an attribute of a layer is something that it may call, and that Keras did not write."""
    keras = load_keras()
    # These see weights and no rows.
    of_weights = (
        *(keras.constraints.Constraint, keras.regularizers.Regularizer),
        keras.initializers.Initializer,
    )
    if not callable(part) or inspect.isclass(part) or isinstance(part, of_weights):
        return False
    return not is_keras(part) and (inspect.isroutine(part) or not is_keras(type(part)))


def with_globals(function: Any, **names: Any) -> Any:
    """`function`, compiled code and all, to which `names` mean something else."""
    made = types.FunctionType(
        function.__code__,
        {**function.__globals__, **names},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    made.__kwdefaults__ = function.__kwdefaults__
    return functools.update_wrapper(made, function)
