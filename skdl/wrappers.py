"""A user's own Keras network as a scikit-learn estimator, by scikeras's conventions.

This is the one file that touches scikeras. Taken from it: the routing of parameters such as
``optimizer__learning_rate``, the target encoders, and what a subclass may override. The rest is skdl's.

The functions are taken and the base class is not: scikeras's ``BaseWrapper`` defines ``_more_tags``, and
scikit-learn's ``check_estimator`` refuses every class that has one such among its bases.
"""

from __future__ import annotations

import copy
import inspect
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.multiclass import type_of_target

from skdl._callbacks import with_callbacks
from skdl._checks import BOOLEAN, NONE, Number, Options, check_parameter, did_you_mean
from skdl._data import check_weight, check_y
from skdl._estimator import NetworkEstimator, Training, Validation
from skdl._startup import load_keras
from skdl.engine.initialization import seed_model
from skdl.engine.job import Arrays, leaves, n_rows
from skdl.engine.persistence import copy_model
from skdl.exceptions import IncompatibleNetworkError, InvalidParameterError
from skdl.training.losses import (
    check_output,
    from_logits,
    infer_loss,
    is_columns_loss,
    loss_name,
    per_output,
)
from skdl.training.optimizers import check_setting_names, fresh_optimizer
from skdl.training.outputs import describe_outputs, probabilities_of

if TYPE_CHECKING:
    import keras


def _import_scikeras() -> tuple[Any, Any, Any]:
    """scikeras's base wrapper and encoders, without the five methods that it replaces in Keras.

    A process that imported scikeras before us keeps Keras as it found it.
    """
    keras = load_keras()
    patched = [
        (keras.Model, "__reduce__"),
        (keras.Model, "__deepcopy__"),
        (keras.Loss, "__reduce__"),
        (keras.Metric, "__reduce__"),
        (keras.Optimizer, "__reduce__"),
    ]
    fresh = "scikeras" not in sys.modules
    before = [(owner, name, vars(owner).get(name)) for owner, name in patched]
    from scikeras.utils import transformers
    from scikeras.wrappers import BaseWrapper

    if fresh:
        for owner, name, method in before:
            if method is None:
                delattr(owner, name)
            else:
                setattr(owner, name, method)
    return BaseWrapper, transformers.ClassifierLabelEncoder, transformers.RegressorTargetEncoder


BaseWrapper, ClassifierLabelEncoder, RegressorTargetEncoder = _import_scikeras()

# What a build function may ask for by name and a user does not set.
_GIVEN = ("meta", "compile_kwargs", "params")
_PREFIXES = (
    "model",
    "fit",
    "compile",
    "predict",
    "optimizer",
    "loss",
    "metrics",
    "callbacks",
    "score",
)
# Arguments of Keras's `fit` that have a place in a job of their own.
_IN_JOB = (
    "epochs",
    "initial_epoch",
    "batch_size",
    "validation_batch_size",
    "validation_split",
    "validation_shuffle",
    "shuffle",
    "verbose",
    "callbacks",
)


class _KerasWrapper(NetworkEstimator, BaseEstimator):
    """What the wrappers of classifiers and regressors share."""

    _takes_nd = True

    # scikeras's own functions: routed parameters to optimizers, losses, metrics and callbacks.
    _compile_kwargs = BaseWrapper._compile_kwargs
    _get_compile_kwargs = BaseWrapper._get_compile_kwargs
    _initialize_callbacks = BaseWrapper._initialize_callbacks

    def __init__(
        self,
        model=None,
        *,
        build_fn=None,
        warm_start=False,
        random_state=None,
        optimizer="rmsprop",
        loss=None,
        metrics=None,
        batch_size=None,
        validation_batch_size=None,
        verbose=0,
        callbacks=None,
        validation_split=0.0,
        validation_shuffle=True,
        shuffle=True,
        run_eagerly=False,
        epochs=1,
        **kwargs,
    ):
        self.model = model
        self.build_fn = build_fn
        self.warm_start = warm_start
        self.random_state = random_state
        self.optimizer = optimizer
        self.loss = loss
        self.metrics = metrics
        self.batch_size = batch_size
        self.validation_batch_size = validation_batch_size
        self.verbose = verbose
        self.callbacks = callbacks
        self.validation_split = validation_split
        self.validation_shuffle = validation_shuffle
        self.shuffle = shuffle
        self.run_eagerly = run_eagerly
        self.epochs = epochs
        self._routed = {}
        for name, value in kwargs.items():
            self._check_name(name)
            self._routed[name] = value

    # Parameters: the arguments of `__init__`, and those routed elsewhere in one dict.

    def __getattr__(self, name: str) -> Any:
        routed = self.__dict__.get("_routed", {})
        if name in routed:
            return routed[name]
        if hasattr(type(self), name):
            # A property of this name raised AttributeError: let that error be seen.
            return object.__getattribute__(self, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name.partition("__")[0] in _PREFIXES and "__" in name:
            self.__dict__.setdefault("_routed", {})[name] = value
        else:
            super().__setattr__(name, value)

    @property
    def initialized_(self) -> bool:
        """Whether there is a network, trained or not."""
        return hasattr(self, "model_")

    @classmethod
    def _get_param_names(cls) -> list[str]:
        """The arguments of the constructors, down to the one that takes no further keywords."""
        names: set[str] = set()
        for kind in cls.__mro__:
            if "__init__" not in vars(kind) or not issubclass(kind, _KerasWrapper):
                continue
            parameters = inspect.signature(kind.__init__).parameters.values()
            names |= {
                p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
            }
            if not any(p.kind is p.VAR_KEYWORD for p in parameters):
                break
        return sorted(names - {"self"})

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """All parameters, those routed elsewhere and the defaults of the build function included.

        Parameters
        ----------
        deep : bool, default=True
            Whether to add the parameters of parameters that are estimators.

        Returns
        -------
        dict
            ``model__units`` and the like for defaults of the build function that were not set.
        """
        found = {name: getattr(self, name) for name in self._get_param_names() if hasattr(self, name)}
        for name, default in self._build_defaults().items():
            if name not in self._routed:
                found[f"model__{name}"] = default
        found.update(self._routed)
        if deep:
            for name, value in list(found.items()):
                if hasattr(value, "get_params") and not inspect.isclass(value):
                    found.update({f"{name}__{k}": v for k, v in value.get_params().items()})
        return found

    def set_params(self, **params: Any) -> Any:
        """Set parameters by name, routed ones such as ``optimizer__learning_rate`` included.

        Parameters
        ----------
        **params : dict

        Returns
        -------
        self : estimator

        Raises
        ------
        InvalidParameterError
            A name is known neither to the estimator nor to the build function. It is a ``ValueError``.
        """
        own = set(self._get_param_names())
        if "model" in params:
            # What was only a default of the old build function does not bind the new one.
            defaults = self._build_defaults()
            self.model = params["model"]
            if self._build_function() is not None:
                for name, default in defaults.items():
                    if self._routed.get(f"model__{name}", self) is default:
                        del self._routed[f"model__{name}"]
        for name in params:
            if name not in own:
                self._check_name(name)
        for name, value in params.items():
            if name in own or "__" not in name and name not in self._routed and name in vars(self):
                setattr(self, name, value)
                continue
            # One value under two names would leave open which of them counts.
            twin = name[len("model__") :] if name.startswith("model__") else f"model__{name}"
            self._routed.pop(twin, None)
            self._routed[name] = value
        return self

    def _build_function(self) -> Callable[..., Any] | None:
        """What builds the network, or None for a ready model and for what is no callable."""
        keras = load_keras()
        given = self.model if self.model is not None else self.build_fn
        if given is None:
            return getattr(self, "_keras_build_fn", None)
        if isinstance(given, keras.Model) or not callable(given):
            return None
        return given

    def _build_arguments(self) -> Mapping[str, inspect.Parameter] | None:
        """The arguments of the build function, or None where it has no signature."""
        function = self._build_function()
        if function is None:
            return None
        try:
            return inspect.signature(function).parameters
        except (TypeError, ValueError):
            return None

    def _build_defaults(self) -> dict[str, Any]:
        """What the build function takes where nothing is set."""
        arguments = self._build_arguments() or {}
        return {
            name: p.default
            for name, p in arguments.items()
            if p.default is not p.empty
            and name not in _GIVEN
            and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        }

    def _check_name(self, name: str) -> None:
        """Raise where parameter `name` would reach nothing."""
        prefix, _, rest = name.partition("__")
        if rest and prefix in _PREFIXES and prefix != "model":
            return
        arguments = self._build_arguments()
        if arguments is None or name in self._routed:
            return
        if any(p.kind is p.VAR_KEYWORD for p in arguments.values()):
            if not rest or prefix == "model":
                return
        elif (rest.partition("__")[0] if prefix == "model" and rest else name) in arguments:
            return
        known = [a for a in arguments if a not in _GIVEN]
        own = self._get_param_names()
        candidates = (
            [f"model__{a}" for a in known]
            if prefix == "model" and rest
            else [f"{p}__{rest}" for p in _PREFIXES]
            if rest
            else [*known, *own]
        )
        raise InvalidParameterError(
            f"Invalid parameter {name!r} for {type(self).__name__}: neither the estimator nor its build "
            f"function takes it. {did_you_mean(name, candidates)}"
        )

    # Building the network.

    @property
    def feature_encoder(self) -> Any:
        """A new encoder of X; override it for networks of several inputs."""
        return FunctionTransformer()

    def _build(self, meta: Mapping[str, Any], compile_kwargs: Mapping[str, Any]) -> keras.Model:
        """One network from the build function, as it came."""
        function = self._build_function()
        if function is None:
            raise InvalidParameterError(
                f"{type(self).__name__}: model={self.model!r} builds no network. Got "
                f"{type(self.model).__name__}, expected a callable that returns a keras.Model, or a "
                "keras.Model: pass model=build with def build(meta): ..."
            )
        arguments = self._build_arguments() or {}
        anything = any(p.kind is p.VAR_KEYWORD for p in arguments.values())
        kwargs = {
            name.removeprefix("model__"): value
            for name, value in self._routed.items()
            if "__" not in name or name.startswith("model__")
        }
        # A routed name counts more than a bare one.
        kwargs.update(
            {n.removeprefix("model__"): v for n, v in self._routed.items() if n.startswith("model__")}
        )
        given = {
            "meta": dict(meta),
            "compile_kwargs": dict(compile_kwargs),
            "params": self.get_params(),
        }
        kwargs.update({name: v for name, v in given.items() if anything or name in arguments})
        model = function(**kwargs)
        if not isinstance(model, load_keras().Model):
            raise InvalidParameterError(
                f"{type(self).__name__}: the build function returned {model!r}. Got "
                f"{type(model).__name__}, expected a keras.Model: end it in 'return model'."
            )
        return model

    def _compile_settings(self) -> dict[str, Any]:
        """Arguments of `keras.Model.compile`, made anew: nothing of the user's own objects is trained."""
        keras = load_keras()
        owner = type(self).__name__
        for prefix, make in (("optimizer", keras.optimizers.get), ("loss", keras.losses.get)):
            given = getattr(self, prefix)
            kind = given if inspect.isclass(given) else None
            if isinstance(given, str):
                kind = type(make(given))
            names = [
                n.partition("__")[2] for n in self._routed if n.startswith(f"{prefix}__")
            ]
            if kind is not None and not inspect.isroutine(make(given) if isinstance(given, str) else kind):
                check_setting_names(owner, prefix, kind, [n for n in names if "__" not in n])
        settings = self._get_compile_kwargs()
        if isinstance(self.optimizer, keras.Optimizer):
            settings["optimizer"] = fresh_optimizer(self.optimizer)
        settings["metrics"] = copy.deepcopy(settings["metrics"])
        return settings

    def _start(self, X: Any, y: np.ndarray, weight: np.ndarray | None) -> None:
        keras = load_keras()
        self.X_dtype_, self.X_shape_ = X.dtype, X.shape
        self.y_dtype_, self.y_ndim_ = y.dtype, y.ndim
        self._start_encoders(X, y)
        meta = {name: value for name, value in vars(self).items() if _is_meta(name)}
        settings = self._compile_settings()
        rows = self._sample_rows(X)

        def built() -> keras.Model:
            model = self._build(meta, settings)
            model(rows, training=False)  # a network without an Input is built by its first call
            return model

        ready = self.model if self.model is not None else self.build_fn
        if self.build_fn is not None and self.model is None:
            warnings.warn(
                "build_fn is scikeras's old name of this parameter: pass model instead.",
                FutureWarning,
                stacklevel=2,
            )
        if isinstance(ready, keras.Model):
            model, rebuild = copy_model(ready), None
            model(rows, training=False)
        else:
            model, rebuild = built(), built
        self.model_ = self._compiled(model, settings, rows, X, y)
        seed_model(model, self.seed_, rebuild)

    def _start_encoders(self, X: Any, y: np.ndarray) -> None:
        self.target_type_ = self._type_of_target(y)
        self.target_encoder_ = self.target_encoder.fit(y)
        self.feature_encoder_ = self.feature_encoder.fit(X)
        for encoder in (self.target_encoder_, self.feature_encoder_):
            for name, value in getattr(encoder, "get_metadata", dict)().items():
                setattr(self, name, value)

    def _compiled(
        self, model: keras.Model, settings: dict[str, Any], rows: Arrays, X: Any, y: np.ndarray
    ) -> keras.Model:
        """`model` compiled with a loss, or an error that says why its output or loss cannot fit `y`."""
        classification = self._estimator_kind == "classifier"
        outputs = describe_outputs(model, model(rows, training=False))
        expected = getattr(self, "n_outputs_expected_", None)
        if expected and expected != len(outputs):
            raise IncompatibleNetworkError(
                f"The network does not fit the target. Got {len(outputs)} outputs, expected {expected}, "
                "one for each array that the target encoder gives: change the network's outputs, or "
                "override target_encoder."
            )
        if model.compiled and model.loss and self.loss is not None:
            given, found = loss_name(self.loss), loss_name(model.loss)
            if given and found and given != found:
                raise IncompatibleNetworkError(
                    f"loss={self.loss!r} has no effect. Got a network that its build function compiled "
                    f"with {found}, expected the same loss: leave loss or the call of compile away."
                )
        if model.compiled and is_columns_loss(model.loss) and not is_columns_loss(self.loss):
            self._encode_columns(model.loss, y)
        targets = [np.asarray(t) for t in leaves(self._network_y(y))]
        if not model.compiled or not model.loss:
            losses = settings["loss"]
            if losses is None and len(outputs) == len(targets):
                losses = [
                    infer_loss(output, target, classification=classification)
                    for output, target in zip(outputs, targets, strict=True)
                ]
                losses = losses[0] if len(losses) == 1 else losses
            model.compile(**{**settings, "loss": losses})
        if len(outputs) == len(targets):
            n_classes = getattr(self, "n_classes_", None)
            single = n_classes if isinstance(n_classes, int) and self._one_label else None
            for output, loss, target in zip(
                outputs, per_output(model.loss, outputs), targets, strict=True
            ):
                if loss is not None and output.units:
                    check_output(
                        output, loss, target, classification=classification, n_classes=single
                    )
        self._from_logits = tuple(from_logits(loss) for loss in per_output(model.loss, outputs))
        return model

    @property
    def _one_label(self) -> bool:
        return self.target_type_ in ("binary", "multiclass")

    def _encode_columns(self, loss: Any, y: np.ndarray) -> None:
        """Write the target as one column a class; only a classifier's default encoder can."""

    def _network_x(self, X: Any) -> Arrays:
        return self.feature_encoder_.transform(X)

    def _network_y(self, y: np.ndarray) -> Arrays:
        return self.target_encoder_.transform(y)

    def initialize(self, X: Any, y: Any = None) -> Any:
        """Build the network without training it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features, ...)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)

        Returns
        -------
        self : estimator
        """
        self._given_classes = None
        self._initialize_from(X, y)
        return self

    # Training.

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Build the network and train it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features, ...)
            Training data; sparse data are made dense batch by batch.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), optional
            Row weights, scaled to a mean of one; rows of weight zero are left out.
        X_val, y_val : array-like, optional
            Fixed validation data, in the form of `X` and `y`; takes the place of `validation_split`.
        sample_weight_val : array-like of shape (n_val,), optional
            Row weights of the validation data.
        **kwargs : dict
            Arguments of `keras.Model.fit` for this call, such as ``epochs``.

        Returns
        -------
        self : estimator

        Raises
        ------
        IncompatibleNetworkError
            The network's output or loss cannot fit `y`; before any training.
        DivergedError
            Training ended with weights that are not finite.
        """
        validation = self._validation(X_val, y_val, sample_weight_val, kwargs)
        return self._fit_once(X, y, sample_weight, validation, kwargs)

    @with_callbacks
    def _fit_once(
        self, X: Any, y: Any, sample_weight: Any, validation: Validation, kwargs: dict[str, Any]
    ) -> Any:
        going_on = bool(self.warm_start) and self.initialized_
        self._given_classes = None
        training = self._training(kwargs, 0)
        self._fit_network(X, y, sample_weight, validation, training, anew=not going_on)
        return self

    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None, **kwargs: Any
    ) -> Any:
        """Train for one more epoch, going on from the weights, the optimizer's state and the history.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features, ...)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        classes : array-like of shape (n_classes,), optional
            A classifier's labels over all calls; those of the first `y` without it.
        sample_weight : array-like of shape (n_samples,), optional
        **kwargs : dict
            Arguments of `keras.Model.fit`, other than the epochs.

        Returns
        -------
        self : estimator
        """
        for name in ("epochs", "initial_epoch"):
            if name in kwargs:
                raise TypeError(
                    f"Invalid argument {name!r} to partial_fit, which always trains one epoch from the "
                    "current one: leave it away, or call fit."
                )
        anew = not self.initialized_
        self._given_classes = classes if anew else None
        validation = self._validation(None, None, None, kwargs)
        kwargs.update(epochs=1, initial_epoch=0 if anew else self.current_epoch)
        self._fit_network(
            X,
            y,
            sample_weight,
            validation,
            self._training(kwargs, kwargs["initial_epoch"]),
            anew=anew,
            append=True,
        )
        return self

    def _validation(
        self, X_val: Any, y_val: Any, sample_weight_val: Any, kwargs: dict[str, Any]
    ) -> Validation:
        """Fixed validation data, also from scikeras's ``validation_data=(X, y)``."""
        data = kwargs.pop("validation_data", self._routed.get("fit__validation_data"))
        if data is None:
            return Validation(X_val, y_val, sample_weight_val)
        if X_val is not None:
            raise InvalidParameterError(
                "Got validation_data and X_val, expected one of them: leave validation_data away."
            )
        if not isinstance(data, (tuple, list)) or len(data) not in (2, 3):
            raise InvalidParameterError(
                f"Got validation_data of type {type(data).__name__}, expected a tuple (X, y) or "
                "(X, y, sample_weight): pass X_val and y_val."
            )
        return Validation(*data)

    def _training(self, kwargs: dict[str, Any], initial_epoch: int) -> Training:
        """How to train: arguments of this call, over ``fit__`` parameters, over the bare ones."""
        owner = type(self).__name__
        settings = {name: getattr(self, name) for name in _IN_JOB if hasattr(self, name)}
        routed = {
            name.removeprefix("fit__"): value
            for name, value in self._routed.items()
            if name.startswith("fit__") and not name.startswith(("fit__callbacks", "fit__validation_data"))
        }
        settings.update(routed)
        settings.update({k: v for k, v in kwargs.items() if k != "callbacks"})
        self._check_fit_names(settings)
        rules = {
            "epochs": (Number(1, integer=True),),
            "batch_size": (NONE, Number(1, integer=True), Number(-1, -1, integer=True)),
            "validation_batch_size": (NONE, Number(1, integer=True), Number(-1, -1, integer=True)),
            "validation_split": (NONE, Number(0, 1, high_open=True)),
            "validation_shuffle": (BOOLEAN,),
            "shuffle": (BOOLEAN,),
            "verbose": (BOOLEAN, Number(0, 2, integer=True), Options(("auto",))),
        }
        for name, alternatives in rules.items():
            check_parameter(owner, name, settings[name], alternatives)
        # scikeras's -1 stands for all rows, which a job without a batch size takes.
        size, held_size = settings["batch_size"], settings["validation_batch_size"]
        size = 32 if size is None else None if size == -1 else int(size)
        start = settings.get("initial_epoch", initial_epoch)
        self._initialize_callbacks()
        callbacks = (*self._flat(self._fit_callbacks), *self._flat(kwargs.get("callbacks") or ()))
        verbose = settings["verbose"]
        return Training(
            epochs=start + int(settings["epochs"]),
            initial_epoch=start,
            batch_size=size,
            validation_batch_size=None if held_size in (None, -1) else int(held_size),
            validation_split=float(settings["validation_split"] or 0),
            validation_shuffle=bool(settings["validation_shuffle"]),
            shuffle=bool(settings["shuffle"]),
            verbose=verbose if verbose == "auto" else int(verbose),
            callbacks=callbacks,
            options={k: v for k, v in settings.items() if k not in _IN_JOB},
        )

    def _check_fit_names(self, settings: Mapping[str, Any]) -> None:
        arguments = inspect.signature(load_keras().Model.fit).parameters
        for name in settings:
            if name not in arguments and name not in _IN_JOB:
                raise InvalidParameterError(
                    f"{type(self).__name__}: keras.Model.fit has no argument {name!r}. "
                    f"{did_you_mean(name, [*arguments, 'validation_shuffle'])}"
                )

    @staticmethod
    def _flat(callbacks: Any) -> list[Any]:
        """Callbacks of nested lists in one list."""
        if isinstance(callbacks, Mapping):
            callbacks = list(callbacks.values())
        if not isinstance(callbacks, (list, tuple)):
            return [callbacks]
        return [one for part in callbacks for one in _KerasWrapper._flat(part)]

    # Predicting.

    def _predict_raw(self, X: Any, **kwargs: Any) -> Arrays:
        """What the network gives, scores already made probabilities for a classifier."""
        settings = {
            name.removeprefix("predict__"): value
            for name, value in self._routed.items()
            if name.startswith("predict__") and not name.startswith("predict__callbacks")
        }
        settings.update(kwargs)
        arguments = inspect.signature(load_keras().Model.predict).parameters
        for name in settings:
            if name not in arguments:
                raise InvalidParameterError(
                    f"{type(self).__name__}: keras.Model.predict has no argument {name!r}. "
                    f"{did_you_mean(name, arguments)}"
                )
        size = settings.pop("batch_size", None)
        given = settings.pop("callbacks", None) or ()
        if not settings.get("verbose", 1):
            settings.pop("verbose")
        callbacks: tuple[Any, ...] = ()
        if self.initialized_:
            self._initialize_callbacks()
            callbacks = tuple(
                one
                for one in [*self._flat(self._predict_callbacks), *self._flat(given)]
                if _watches_prediction(one)
            )
        outputs = self._outputs(
            X,
            batch_size=n_rows(X) if size == -1 else size,
            callbacks=callbacks,
            options=settings,
        )
        if self._estimator_kind == "classifier":
            return probabilities_of(outputs, self._from_logits)
        return outputs

    def predict(self, X: Any, **kwargs: Any) -> np.ndarray:
        """Predictions in the form of the `y` of `fit`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features, ...)
        **kwargs : dict
            Arguments of `keras.Model.predict` for this call, such as ``batch_size``.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        outputs = self._predict_raw(X, **kwargs)
        return self.target_encoder_.inverse_transform(outputs)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The score of the predictions for `X`: accuracy for a classifier, R2 for a regressor.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features, ...)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        float
            Of ``scorer``, which a subclass may override; ``score__`` parameters go to it.
        """
        predicted = self.predict(X)
        settings = {
            name.removeprefix("score__"): value
            for name, value in self._routed.items()
            if name.startswith("score__")
        }
        weight = check_weight(self, sample_weight, X)
        y = check_y(self, np.asarray(y))
        return self.scorer(y, predicted, sample_weight=weight, **settings)


def _is_meta(name: str) -> bool:
    """Whether an attribute is told to the build function: what was learnt from the data."""
    return name.endswith("_") and not name.startswith("_") and name != "seed_"


def _watches_prediction(callback: Any) -> bool:
    base = load_keras().callbacks.Callback
    return any(
        getattr(type(callback), f"on_predict_{moment}", None) is not getattr(base, f"on_predict_{moment}")
        for moment in ("begin", "end", "batch_begin", "batch_end")
    )


class KerasClassifier(ClassifierMixin, _KerasWrapper):
    """PLACEHOLDER"""

    _estimator_kind = "classifier"

    def __init__(
        self,
        model=None,
        *,
        build_fn=None,
        warm_start=False,
        random_state=None,
        optimizer="rmsprop",
        loss=None,
        metrics=None,
        batch_size=None,
        validation_batch_size=None,
        verbose=0,
        callbacks=None,
        validation_split=0.0,
        validation_shuffle=True,
        shuffle=True,
        run_eagerly=False,
        epochs=1,
        class_weight=None,
        **kwargs,
    ):
        super().__init__(
            model=model,
            build_fn=build_fn,
            warm_start=warm_start,
            random_state=random_state,
            optimizer=optimizer,
            loss=loss,
            metrics=metrics,
            batch_size=batch_size,
            validation_batch_size=validation_batch_size,
            verbose=verbose,
            callbacks=callbacks,
            validation_split=validation_split,
            validation_shuffle=validation_shuffle,
            shuffle=shuffle,
            run_eagerly=run_eagerly,
            epochs=epochs,
            **kwargs,
        )
        self.class_weight = class_weight

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.input_tags.sparse = True
        tags.input_tags.three_d_array = True
        return tags

    @property
    def target_encoder(self) -> Any:
        """A new encoder of the target; override it for targets of another form."""
        known = getattr(self, "_given_classes", None)
        return ClassifierLabelEncoder(
            loss=self.loss, categories="auto" if known is None else [np.unique(known)]
        )

    def _type_of_target(self, y: np.ndarray) -> str:
        known = getattr(self, "_given_classes", None)
        kind = type_of_target(y)
        return type_of_target(known) if kind == "binary" and known is not None else kind

    def _encode_columns(self, loss: Any, y: np.ndarray) -> None:
        if type(self.target_encoder_) is ClassifierLabelEncoder and self._one_label:
            self.target_encoder_ = ClassifierLabelEncoder(loss, [self.classes_]).fit(y)

    @staticmethod
    def scorer(y_true: Any, y_pred: Any, **kwargs: Any) -> float:
        """The accuracy; override it for another default score."""
        return accuracy_score(y_true, y_pred, **kwargs)

    def predict_proba(self, X: Any, **kwargs: Any) -> np.ndarray:
        """The probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features, ...)
        **kwargs : dict
            Arguments of `keras.Model.predict` for this call, such as ``batch_size``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), float64
            In the order of ``classes_``; for a multilabel target the probability of each label; what a
            target encoder of the user's own makes of it.
        """
        outputs = self._predict_raw(X, **kwargs)
        found = self.target_encoder_.inverse_transform(outputs, return_proba=True)
        if type(self.target_encoder_) is not ClassifierLabelEncoder or isinstance(outputs, (list, dict)):
            return found
        rows = len(outputs)
        if self._one_label and self.n_classes_ == 1:
            return np.ones((rows, 1))
        found = np.asarray(found, dtype=np.float64).reshape(rows, -1)
        if self.target_type_ == "multilabel-indicator":
            return found
        return found / found.sum(axis=1, keepdims=True)


class KerasRegressor(RegressorMixin, _KerasWrapper):
    """PLACEHOLDER"""

    _estimator_kind = "regressor"

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.input_tags.sparse = True
        tags.input_tags.three_d_array = True
        return tags

    @property
    def target_encoder(self) -> Any:
        """A new encoder of the target; override it for targets of another form."""
        return RegressorTargetEncoder()

    @staticmethod
    def scorer(y_true: Any, y_pred: Any, **kwargs: Any) -> float:
        """R2, the coefficient of determination; override it for another default score."""
        return r2_score(y_true, y_pred, **kwargs)

    def predict(self, X: Any, **kwargs: Any) -> np.ndarray:
        """Predicted values in the form of the `y` of `fit`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features, ...)
        **kwargs : dict
            Arguments of `keras.Model.predict` for this call, such as ``batch_size``.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs), float64
        """
        return np.asarray(super().predict(X, **kwargs), dtype=np.float64)
