"""What every ready network shares: checks of its hyperparameters, training, callbacks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from skdl.common.declarations import Declarations, advice_on
from skdl.common.keras_import import load_keras
from skdl.common.keras_precision import built_for
from skdl.common.keras_settings import floatx
from skdl.common.parameter_checks import plain
from skdl.common.signatures import arguments_of
from skdl.engine.copies.persistence import copy_objects
from skdl.engine.copies.rebuilding import with_state_of
from skdl.engine.kernel.network import DescribedNetwork, Plain
from skdl.engine.network.cache import shared_network
from skdl.engine.network.network import Network
from skdl.estimators.base import NetworkEstimator
from skdl.estimators.declared import batch_size_of
from skdl.estimators.fit_settings import Training, Validation
from skdl.estimators.worker_processes import start_tensorflow
from skdl.exceptions import InvalidParameterError
from skdl.networks.declared import OF_COMPILED
from skdl.recording.failed_fits import failures_noted
from skdl.training.given_schedules import schedule_of
from skdl.training.losses import Output, check_output, infer_loss, loss_class, named_loss
from skdl.training.optimizers import DEFAULTS, make_optimizer
from skdl.training.stopping import StoppingSettings, stopping_of

if TYPE_CHECKING:
    import keras


class ReadyNetwork(NetworkEstimator):
    """Training of a network whose hyperparameters are all arguments of the estimator.

    A family of networks says what its hyperparameters are and how its layers are made. Its public classes
    have the signatures.
    """

    _starts_by_itself = True
    _declared: ClassVar[Declarations]
    # A static method: from ``n_features``, ``n_outputs``, ``output_activation`` and hyperparameters by name
    # to a network that is not compiled, whose last layer is a Dense.
    _build: ClassVar[Callable[..., Any]]
    # The same network as plain data, where a family has a function for it.
    _plain: ClassVar[Callable[..., Plain | None] | None] = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Refuse an unknown argument as Python does, and say which one may have been meant."""
        arguments, decorated = arguments_of(cls.__init__), hasattr(cls.__init__, "__wrapped__")
        if not decorated and not any(p.kind is p.VAR_KEYWORD for p in arguments.values()):
            for name in kwargs:
                if name not in arguments:
                    raise TypeError(
                        f"{cls.__name__}.__init__() got an unexpected keyword argument {name!r}. "
                        f"{advice_on(name, [n for n in arguments if n != 'self'])}"
                    )
        if super().__new__ is object.__new__:
            return super().__new__(cls)
        return super().__new__(cls, *args, **kwargs)  # of a class that a user mixes in

    @failures_noted
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Any:
        """Train the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data; sparse data are made dense, batch by batch where they are large.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Labels, an indicator matrix of labels, or numbers.
        sample_weight : array-like of shape (n_samples,), optional
            Row weights, scaled to a mean of one; rows of weight zero are left out.
        X_val, y_val : array-like, optional
            Fixed validation data, in the form of `X` and `y`; takes the place of `validation_split`.
        sample_weight_val : array-like of shape (n_val,), optional
            Row weights of the validation data.

        Returns
        -------
        self : estimator

        Raises
        ------
        InvalidParameterError
            A hyperparameter is out of its range.
        DivergedError
            Training ended with weights that are not finite.
        """
        training = self._training_of_fit()
        validation = Validation(X_val, y_val, sample_weight_val)
        going_on = bool(self.warm_start) and self.__sklearn_is_fitted__()
        self._fit_network(X, y, sample_weight, validation, training, anew=not going_on)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Any:
        """Train for one more epoch, going on from the weights and the optimizer's state.

        A schedule of the learning rate goes on, too: over `epochs` calls, and then it stays at its last rate.
        Nothing stops early or lets the learning rate fall.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        classes : array-like of shape (n_classes,), optional
            A classifier's labels over all calls; those of the first `y` without it.
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        self : estimator
        """
        anew = not self.__sklearn_is_fitted__()
        epoch = 0 if anew else self.current_epoch
        training = replace(
            self._training_of_fit(),
            epochs=epoch + 1,
            initial_epoch=epoch,
            validation_split=0.0,
            stopping=StoppingSettings(),
        )
        self._fit_network(
            X, y, sample_weight, Validation(), training, anew=anew, append=True, classes=classes
        )
        return self

    def _check(self, settings: Mapping[str, Any]) -> None:
        owner = type(self).__name__
        self._declared.check(owner, settings)
        schedule, rate = settings["learning_rate_schedule"], settings["learning_rate"]
        if not isinstance(schedule, str) and rate != DEFAULTS["learning_rate"]:
            raise InvalidParameterError(
                f"{owner}: learning_rate={rate!r} would have no effect. Got the schedule "
                f"{schedule!r}, which gives the rates itself; expected the name of one, or no "
                "learning_rate: leave it away."
            )
        average = settings["ema_momentum"]
        restores = settings["early_stopping"] and settings["restore_best_weights"]
        if average is not None and restores:
            raise InvalidParameterError(
                f"{owner}: ema_momentum={average!r} would have no effect. Got early_stopping=True, "
                "which ends with the weights of the best epoch and not with their average: pass "
                "restore_best_weights=False."
            )

    def _network_x(self, X: Any) -> Any:
        # As whole numbers, which Keras would cast in each step, they would ask for a program of their own.
        return as_floats(X)

    def _training_of_fit(self) -> Training:
        settings = self._declared.values_of(self)
        self._check(settings)
        split = settings["validation_split"]
        if split is None:
            split = 0.1 if settings["early_stopping"] else 0.0
        epochs, verbose = int(settings["epochs"]), settings["verbose"]
        return Training(
            epochs=epochs,
            batch_size=batch_size_of(settings["batch_size"]),
            validation_split=float(split),
            validation_shuffle=bool(settings["validation_shuffle"]),
            verbose=verbose if verbose == "auto" else int(verbose),
            schedule=schedule_of(settings),
            scheduled_epochs=epochs,
            stopping=stopping_of(settings),
            mixup=float(settings["mixup"]),
            callbacks=_made_callbacks(type(self).__name__, settings["callbacks"]),
        )

    def _loss(self, output: Output, target: np.ndarray, settings: Mapping[str, Any]) -> Any:
        """The loss of the only output, for an encoded `target`."""
        owner, loss, smoothing = (
            type(self).__name__,
            settings["loss"],
            settings.get("label_smoothing"),
        )
        inferred = loss is None
        if inferred:
            loss = infer_loss(output, target, classification=self._estimator_kind == "classifier")
        if not smoothing:
            if inferred:
                return loss
            return load_keras().losses.get(loss() if inspect.isclass(loss) else loss)
        kind: Any = loss_class(loss) if isinstance(loss, str) else loss
        smooths = inspect.isclass(kind) and "label_smoothing" in inspect.signature(kind).parameters
        if not smooths:
            raise InvalidParameterError(
                f"{owner}: label_smoothing={smoothing!r} would have no effect. Got "
                f"loss={settings['loss']!r}, expected a name or class of one that has it, such as "
                "'categorical_crossentropy': leave loss away, or pass label_smoothing=0."
            )
        return kind(label_smoothing=float(smoothing))

    @property
    def _description(self) -> Callable[..., Plain | None] | None:
        """The function that describes the networks of this class; None where a subclass builds others."""
        kind = type(self)
        describes = getattr(kind._plain, "describes", None)
        is_ours = describes is kind._build and kind._loss is ReadyNetwork._loss
        return kind._plain if is_ours else None

    def _ready_network(
        self,
        n_features: int,
        target: np.ndarray,
        n_outputs: int,
        *,
        output_activation: str | None,
        n_classes: int | None,
        weighted: bool,
    ) -> Network:
        """The network for rows of `n_features`, compiled, after checks against the encoded `target`."""
        given = self._declared.values_of(self)
        of_layers = [name for name in arguments_of(self._build) if name in given]
        chosen = {n: given[n] for n in (*of_layers, *OF_COMPILED) if n in given}
        # A copy: parameters may be set anew before the model is made once more.
        settings = {name: plain(value) for name, value in chosen.items()}
        classification = self._estimator_kind == "classifier"
        output = Output("output", n_outputs, output_activation or "linear")
        shapes = {
            "n_features": n_features,
            "n_outputs": n_outputs,
            "output_activation": output_activation,
        }
        # Not every metric of a user's takes weights, which only some fits have.
        kind = "weighted_metrics" if weighted else "metrics"
        compiled = NetworkRecipe(type(self), shapes, tuple(of_layers), settings, chosen, kind)
        name = named_loss(output, settings["loss"], target, classification=classification)
        describe = self._description
        if name is not None and describe is not None:
            found = describe(
                settings,
                **shapes,
                loss=name,
                class_numbers=target.ndim == 1 or target.shape[1] == 1,
                weighted=weighted,
            )
            if found is not None:
                check_output(
                    output, name, target, classification=classification, n_classes=n_classes
                )
                return DescribedNetwork(found, replace(compiled, loss=name))
        start_tensorflow()
        loss = self._loss(output, target, settings)
        check_output(output, loss, target, classification=classification, n_classes=n_classes)
        return replace(compiled, loss=loss)()


@dataclass(frozen=True)
class NetworkRecipe:
    """What a ready network is built from; a call gives the network, once for all that are equal.

    Attributes
    ----------
    owner : type
        The class of the estimator.
    shapes : dict of str to object
        Of rows and outputs, as `build_dense` takes them.
    of_layers : tuple of str
        Which of the settings shape the layers.
    settings, chosen : dict of str to object
        Hyperparameters, copied and as they were given.
    kind : {"metrics", "weighted_metrics"}
        Under which name metrics are compiled.
    loss : object
    """

    owner: Any
    shapes: dict[str, Any]
    of_layers: tuple[str, ...]
    settings: dict[str, Any]
    chosen: dict[str, Any]
    kind: str
    loss: Any = None

    def __call__(self) -> Network:
        """The network, from an earlier fit or made now."""
        start_tensorflow()
        request = [self.owner, [*self.shapes.values(), self.loss, self.kind], self.chosen]
        network, _ = shared_network(request, {}, lambda *_: (Network(self.model), None))
        return network

    def model(self) -> keras.Model:
        """A new compiled model."""
        settings = self.settings
        with built_for(settings["precision"]):
            layers = {name: settings[name] for name in self.of_layers}
            model = self.owner._build(**self.shapes, **layers)
            of_optimizer = {name: settings[name] for name in DEFAULTS}
            owner = self.owner.__name__
            optimizer = make_optimizer(owner, settings["optimizer"], of_optimizer)
            if isinstance(settings["optimizer"], load_keras().Optimizer):
                optimizer = with_state_of(settings["optimizer"], optimizer)
            metrics = settings["metrics"]
            followed = None if metrics is None else copy_objects(list(metrics))
            loss, smoothing = self.loss, settings.get("label_smoothing")
            if isinstance(loss, str) and smoothing:
                loss = loss_class(loss)(label_smoothing=float(smoothing))
            elif isinstance(loss, str) and settings["loss"] is not None:
                loss = load_keras().losses.get(loss)
            model.compile(optimizer=optimizer, loss=loss, **{self.kind: followed})
        return model


def as_floats(array: Any) -> Any:
    """Whole numbers in Keras's default float type; floats as they are."""
    return array.astype(floatx()) if array.dtype.kind in "biu" else array


def _made_callbacks(owner: str, given: Any) -> tuple[Any, ...]:
    """The callbacks of a parameter, classes made instances."""
    if given is None:
        return ()
    if not isinstance(given, (list, tuple)):
        given = [given]
    made = tuple(item() if inspect.isclass(item) else item for item in given)
    for item in made:
        if not isinstance(item, load_keras().callbacks.Callback):
            raise InvalidParameterError(
                f"{owner}: callbacks holds {item!r}. Got {type(item).__name__}, expected "
                "keras.callbacks.Callback instances or classes."
            )
    return made
