"""A user's network: built by the user's function, compiled, checked against the target."""

from __future__ import annotations

import copy
import inspect
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.multiclass import type_of_target

from skdl.common.keras_import import load_keras
from skdl.common.parameter_checks import did_you_mean
from skdl.engine.copies.live_copies import reaches_keras
from skdl.engine.copies.persistence import copy_objects
from skdl.engine.copies.rebuilding import with_state_of
from skdl.engine.network.cache import shared_network
from skdl.engine.network.facts import Facts
from skdl.engine.network.network import Network
from skdl.engine.rows.arrays import (
    Arrays,
    leaves,
    map_arrays,
    network_array,
    take_rows,
)
from skdl.estimators.fit_job import MadeNetwork, check_rows
from skdl.exceptions import IncompatibleNetworkError, InvalidParameterError
from skdl.training.losses import (
    Output,
    by_columns,
    check_output,
    infer_loss,
    is_columns_loss,
    is_sparse_loss,
    link_of,
    loss_class,
    per_output,
)
from skdl.training.optimizers import fresh_optimizer, optimizer_class
from skdl.training.same_loss import contradicts, told
from skdl.wrappers.building import Building, Compiled
from skdl.wrappers.declared import OF_CLASSIFIER, OF_NETWORK
from skdl.wrappers.recorded_self import recorded_method
from skdl.wrappers.routed_parameters import RoutedParameters

if TYPE_CHECKING:
    import keras


# Parameters, and prefixes of routed ones, that say how to train a network and not what it is.
_NOT_OF_NETWORK = (
    *(name for name in OF_CLASSIFIER.names if name not in OF_NETWORK),
    *("fit", "predict", "score"),
)


# Prefixes of the parameters that a network is compiled with; the build function need not know them.
_OF_COMPILE = ("optimizer", "loss", "metrics", "compile")


class UserNetwork(RoutedParameters):
    """How a wrapper comes to its ``model_``."""

    _of_networks: tuple[str, ...] = (
        *("X_dtype_", "X_shape_", "y_dtype_", "y_ndim_"),
        *("target_type_", "target_encoder_", "feature_encoder_"),
    )

    @property
    def feature_encoder(self) -> Any:
        """A new encoder of X; override it for networks of several inputs."""
        return FunctionTransformer()

    def _build(
        self,
        meta: Mapping[str, Any],
        compile_kwargs: Mapping[str, Any],
        own: Facts,
        written: dict[str, Any],
    ) -> keras.Model:
        """One network from the build function, as it came.

        What the function reads from the estimator is noted in `own`, what it sets there in `written`.
        """
        function = self._build_function()
        if function is None:
            raise InvalidParameterError(
                f"{type(self).__name__}: model={self.model!r} builds no network. Got "
                f"{type(self.model).__name__}, expected a callable that returns a keras.Model, or a "
                "keras.Model: pass model=build with def build(meta): ..."
            )
        # A routed name counts more than a bare one.
        kwargs = {n: v for n, v in self._routed.items() if "__" not in n} | self._routed_to("model")
        given = {
            "meta": meta,
            "compile_kwargs": dict(compile_kwargs),
            "params": self._all_params(),
        }
        kwargs.update({name: v for name, v in given.items() if self._build_is_told(name)})
        model = recorded_method(function, self, own, written)(**kwargs)
        if not isinstance(model, load_keras().Model):
            raise InvalidParameterError(
                f"{type(self).__name__}: the build function returned {model!r}. Got "
                f"{type(model).__name__}, expected a keras.Model: end it in 'return model'."
            )
        return model

    def _compile_settings(self) -> dict[str, Any]:
        """Arguments of `keras.Model.compile`, made anew: nothing of the user's own objects is trained."""
        keras = load_keras()
        optimizer, loss = self.optimizer, self.loss
        if isinstance(optimizer, str):
            optimizer = optimizer_class(optimizer)
        if isinstance(loss, str) and self._routed_to("loss"):
            loss = loss_class(loss)
        # As in scikeras, what is routed further (``optimizer__mine__rate``) is the user's own affair.
        self._check_routes("optimizer", optimizer, further=False)
        self._check_routes("loss", loss)
        self._check_routes("metrics", self.metrics)
        settings = self._get_compile_kwargs(optimizer, loss)
        if isinstance(optimizer, keras.Optimizer):
            settings["optimizer"] = with_state_of(optimizer, fresh_optimizer(optimizer))
        metrics = settings["metrics"]
        if not self._routed_to("metrics"):
            metrics = _as_named(self.metrics, metrics)
        settings["metrics"] = copy_objects(metrics)
        return settings

    def _check_model(self) -> None:
        """Raise where two things would build the network."""
        for name in ("model", "build_fn"):
            given = getattr(self, name)
            if given is not None and hasattr(self, "_keras_build_fn"):
                raise InvalidParameterError(
                    f"{type(self).__name__}: {name}={given!r} cannot be used. Got a class that builds its "
                    f"network itself, by a _keras_build_fn; expected one of the two: leave {name} away, or "
                    "take the method out of the class."
                )

    def _make_network(self, X: Any, y: np.ndarray, *, classes: Any, weighted: bool) -> MadeNetwork:
        keras = load_keras()
        self.X_dtype_, self.X_shape_ = X.dtype, X.shape
        self.y_dtype_, self.y_ndim_ = y.dtype, y.ndim
        self._start_encoders(X, y, classes)
        meta = {name: value for name, value in vars(self).items() if _is_meta(name)}
        attributes = dict(vars(self))
        few = X[: min(2, X.shape[0])]
        sample = map_arrays(network_array, self._network_x(few))
        check_rows(few.shape[0], sample)
        sample = take_rows(sample, slice(None))
        given = self.model if self.model is not None else self.build_fn
        if self.build_fn is not None and self.model is None:
            warnings.warn(
                "build_fn is scikeras's old name of this parameter: pass model instead.",
                FutureWarning,
                stacklevel=2,
            )
        ready = isinstance(given, keras.Model)
        if ready and self.precision is not None:
            raise InvalidParameterError(
                f"{type(self).__name__}: precision={self.precision!r} would have no effect. Got a ready "
                "keras.Model, which has a precision already; expected a function that builds one: pass "
                "precision=None."
            )
        y_few = y[:2].copy()
        building = Building(self, given, meta, sample, y_few)
        forms = [(t.dtype, t.shape[1:]) for t in (*leaves(sample), *leaves(self._network_y(y_few)))]
        of_build, of_compile = self._chosen_for_network()
        network, compiled = shared_network(
            [type(self), given, of_build, forms, self._estimator_kind, bool(self.mixup)],
            meta,
            building.network,
            attributes,
            settings=of_compile,
            make_from=building.recompiled,
            share=self.reuse_build,
        )
        made = self._check_compiled(network, compiled, y)
        self._set_extra(network.extra, of_keras=False)
        return made

    def _set_extra(self, extra: Mapping[str, Any], *, of_keras: bool) -> None:
        """Set what the build function set on its estimator: what holds objects of Keras's, or the rest."""
        for name, value in extra.items():
            if reaches_keras(value) is of_keras:
                setattr(self, name, value if of_keras else copy.deepcopy(value))

    def _chosen_for_network(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The parameters that the build depends on, and the parameters that only compiling depends on."""
        if self._build_is_told("params"):
            return self._all_params(), {}
        # skdl passes bare names to the build function as arguments, also a name such as "compile".
        bare = {name for name in self._routed if "__" not in name}
        chosen = {
            name: value
            for name, value in self._all_params().items()
            if (name in bare or name.partition("__")[0] not in _NOT_OF_NETWORK)
            and name not in ("model", "build_fn")
        }
        if self._build_is_told("compile_kwargs"):
            return chosen, {}
        of_compile = {
            name: chosen.pop(name)
            for name in list(chosen)
            if name not in bare and name.partition("__")[0] in _OF_COMPILE
        }
        return chosen, of_compile

    def _build_is_told(self, name: str) -> bool:
        """Whether skdl passes the argument `name` to the build function."""
        arguments = self._build_arguments() or {}
        # A class hands further keywords on to `keras.Model`, which refuses these.
        takes_any = not inspect.isclass(self._build_function()) and any(
            p.kind is p.VAR_KEYWORD for p in arguments.values()
        )
        return takes_any or name in arguments

    def _start_encoders(self, X: Any, y: np.ndarray, classes: Any) -> None:
        self.target_type_ = self._type_of_target(y, classes)
        self.target_encoder_ = self._target_encoder_for(classes).fit(y)
        self.feature_encoder_ = self.feature_encoder.fit(X)
        for encoder in (self.target_encoder_, self.feature_encoder_):
            told: Mapping[str, Any] = getattr(encoder, "get_metadata", dict)()
            for name, value in told.items():
                setattr(self, name, value)
            self._of_encoders = (*getattr(self, "_of_encoders", ()), *told)

    def _compile(
        self,
        model: keras.Model,
        settings: dict[str, Any],
        outputs: list[Output],
        y: np.ndarray,
    ) -> bool:
        """Compile `model` with a loss for targets like `y`; an error where settings have no effect.

        Returns whether a loss of the network's own wants a column for each class.
        """
        expected = getattr(self, "n_outputs_expected_", None)
        if expected and expected != len(outputs):
            raise IncompatibleNetworkError(
                f"The network does not fit the target. Got {len(outputs)} outputs, expected {expected}, "
                "one for each array that the target encoder gives: change the network's outputs, or "
                "override target_encoder."
            )
        if isinstance(self.loss, Mapping):
            names = [output.name for output in outputs]
            for name in self.loss:
                if name not in names:
                    raise InvalidParameterError(
                        f"{type(self).__name__}: loss has the name {name!r}. Got a name that is none of "
                        f"the network's outputs. {did_you_mean(name, names)}"
                    )
        if model.compiled and model.loss and self.loss is not None:
            self._check_loss(model.loss, outputs)
        self._check_compile_routes(model)
        if not model.compiled or not model.loss:
            targets = [np.asarray(t) for t in leaves(self._network_y(y))]
            losses = settings["loss"]
            if losses is None and len(outputs) == len(targets):
                classification = self._estimator_kind == "classifier"
                losses = [
                    infer_loss(output, target, classification=classification)
                    for output, target in zip(outputs, targets, strict=True)
                ]
                if self.mixup:
                    losses = [by_columns(loss) for loss in losses]
                losses = losses[0] if len(losses) == 1 else losses
            # A function that compiled without a loss keeps the rest of what it compiled with.
            kept = dict(model._compile_config.config) if model.compiled else settings
            model.compile(**{**kept, "loss": losses})
        self._check_trains(model)
        # Both with a build function that compiles and where the number of a class cannot be blended.
        return is_columns_loss(model.loss) and not is_columns_loss(self.loss)

    def _check_trains(self, model: keras.Model) -> None:
        """Raise where there is nothing to minimise in a compiled `model`, or nothing that does it."""
        owner = type(self).__name__
        if model.optimizer is None:
            raise InvalidParameterError(
                f"{owner}: optimizer={self.optimizer!r} trains nothing. Got a network without an optimizer, "
                "expected one with it. You must provide an optimizer, such as optimizer='adam', or compile "
                "the network with one."
            )
        losses = load_keras().tree.flatten(model.loss)
        if all(one is None for one in losses) and not model.losses:
            raise InvalidParameterError(
                f"{owner}: loss={self.loss!r} names nothing to minimise. Got a network without a loss, "
                "expected one for one output at least: provide a loss, or leave it away, so that it is "
                "inferred from the target."
            )

    def _check_loss(self, compiled: Any, outputs: list[Output]) -> None:
        """Raise where the parameter `loss` has no effect on a network that is `compiled` with another."""
        pairs = zip(per_output(self.loss, outputs), per_output(compiled, outputs), strict=True)
        for given, found in pairs:
            if given is not None and (found is None or contradicts(given, found)):
                raise IncompatibleNetworkError(
                    f"loss={self.loss!r} has no effect. Got a network that its build function compiled "
                    f"with {told(found)}, expected the same loss: leave loss or the call of compile away."
                )

    def _check_compiled(self, network: Network, compiled: Compiled, y: np.ndarray) -> MadeNetwork:
        """The network with `y` as it takes it; an error where its output or loss cannot fit `y`."""
        outputs, loss = compiled.outputs, compiled.loss
        if compiled.columns:
            self._encode_columns(loss, y)
        encoded = self._network_y(y)
        targets = [np.asarray(t) for t in leaves(encoded)]
        losses = per_output(loss, outputs)
        if len(outputs) == len(targets):
            n_classes = getattr(self, "n_classes_", None)
            single = n_classes if isinstance(n_classes, int) and self._one_label else None
            for output, one, target in zip(outputs, losses, targets, strict=True):
                if one is not None and output.units:
                    check_output(
                        output,
                        one,
                        target,
                        classification=self._estimator_kind == "classifier",
                        n_classes=single,
                    )
        return MadeNetwork(
            network,
            encoded,
            takes_class_numbers=any(one is not None and is_sparse_loss(one) for one in losses),
            reading=tuple(link_of(one) for one in losses),
        )

    def _type_of_target(self, y: np.ndarray, classes: Any) -> str:
        """The kind of the target, where `classes` may have labels that `y` does not have."""
        return type_of_target(y)

    def _target_encoder_for(self, classes: Any) -> Any:
        """A new encoder of the target that knows all `classes`, where they are given."""
        return self.target_encoder

    def _check_compile_routes(self, model: keras.Model) -> None:
        """Raise for routed settings that a build function, which compiles by itself, never sees."""
        sees = self._build_is_told("compile_kwargs") or self._build_is_told("params")
        if not model.compiled or sees:
            return
        for prefix in _OF_COMPILE:
            for name in self._routed_to(prefix):
                raise IncompatibleNetworkError(
                    f"{prefix}__{name} has no effect. Got a network that its build function compiled "
                    "without it, expected a build function that takes compile_kwargs, or one that does "
                    "not compile: add compile_kwargs to its arguments, or leave the call of compile away."
                )

    @property
    def _one_label(self) -> bool:
        return self.target_type_ in ("binary", "multiclass")

    def _encode_columns(self, loss: Any, y: np.ndarray) -> None:
        """Write the target as one column a class; only a classifier's default encoder can."""

    def _network_x(self, X: Any) -> Arrays:
        return self.feature_encoder_.transform(X)

    def _network_y(self, y: np.ndarray) -> Arrays:
        return self.target_encoder_.transform(y)


def _as_named(given: Any, made: Any) -> Any:
    """`made` metrics with the names that the user `given` for them, by which Keras names their curves."""
    if isinstance(given, str):
        return [given] if isinstance(made, list) else given
    if isinstance(given, Mapping):
        return {name: _as_named(part, made[name]) for name, part in given.items()}
    if isinstance(given, (list, tuple)):
        return [_as_named(part, one) for part, one in zip(given, made, strict=True)]
    return made


def _is_meta(name: str) -> bool:
    """Whether an attribute is told to the build function: what was learnt from the data."""
    return name.endswith("_") and not name.startswith("_") and name != "seed_"
