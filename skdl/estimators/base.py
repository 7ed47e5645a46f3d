"""The way of every skdl estimator from `fit` to its fitted attributes, and from `predict` to labels.

A subclass says how its network is built and how its data are written for the network; everything between
is here: checked rows, weights, the validation split, the seed, the `FitJob`, the engine, the result.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from skdl.common.keras_import import load_keras, start_devices
from skdl.engine.compiled import engine_named
from skdl.engine.copies.live_copies import copy_live
from skdl.engine.copies.persistence import held, released
from skdl.engine.job import FitResult, StopReason
from skdl.engine.keras_parts.walk import saved_kinds
from skdl.engine.network.fitted import FittedNetwork
from skdl.engine.network.network import LiveNetwork, Network
from skdl.engine.network.state import NetworkState
from skdl.engine.plan.batch_checks import check_rows_to_predict
from skdl.engine.prediction import predict, predict_by_keras
from skdl.engine.rows.arrays import Arrays, map_arrays, n_rows, network_array
from skdl.estimators.fit_job import FitDescriber
from skdl.estimators.fit_settings import Training, Validation
from skdl.estimators.input_checks import check_X, check_X_y, draw_seed
from skdl.estimators.parameter_table import ParameterTable
from skdl.estimators.row_weights import check_weight
from skdl.estimators.sklearn_callbacks import CallbackSupportMixin, start_reporting, with_callbacks
from skdl.estimators.validation_split import rows_of_fit
from skdl.estimators.watched_curve import LastFit, Watch
from skdl.estimators.worker_processes import arrival, configure_worker, departure
from skdl.exceptions import DivergedError, IndexOutOfRangeError
from skdl.recording.records import told_fits
from skdl.training.schedules import RangeTest
from skdl.training.stopping import Stopping

if TYPE_CHECKING:
    import keras


# What a fit sets; a new one begins without.
_OF_A_FIT = ("history_", "n_epochs_", "best_epoch_", "stop_reason_", "stop_message_", "seed_")


class NetworkEstimator(FitDescriber, CallbackSupportMixin):
    """What the estimators of skdl have in common; they add scikit-learn's mixins and `BaseEstimator`."""

    _estimator_kind: str
    random_state: Any
    engine: str
    _fitted: FittedNetwork
    history_: dict[str, list[float]]
    best_epoch_: int
    stop_reason_: StopReason
    stop_message_: str
    _weighted = False
    # What `_make_network` sets.
    _of_networks: tuple[str, ...] = ()

    # What a subclass says.

    def _make_network(self, X: Any, y: np.ndarray) -> Network:
        """Learn from checked data what the network needs to know, and give it compiled."""
        raise NotImplementedError

    def _initial_state(
        self, network: Network, y: np.ndarray, rows: np.ndarray, weight: np.ndarray | None
    ) -> NetworkState:
        """What `network` begins with; it may depend on the `rows` to train on, not on those held out."""
        return network.initial_state(self.seed_)

    def _set_extra(self, extra: Mapping[str, Any], *, of_keras: bool) -> None:
        """Take what a build function made besides its network."""

    def _training_of_fit(self) -> Training:
        """How `fit`, told nothing, trains; parameters are checked."""
        raise NotImplementedError

    def _all_params(self) -> dict[str, Any]:
        """The parameters, those too that a subclass sets itself and does not let its user set."""
        found: dict[str, Any] = self.get_params()
        return found

    # What follows from it.

    def _begin(self, X: Any, y: Any) -> tuple[Any, np.ndarray]:
        """Check data and forget an earlier fit: a new seed, no history."""
        X, y = check_X_y(self, X, y, reset=True, allow_nd=self._takes_nd)
        # What a subclass set before it called `fit` stays.
        learnt = getattr(self, "_of_encoders", ())
        ours = ("_fitted", "_last_fit", "_of_encoders")
        for name in (*ours, *_OF_A_FIT, *self._of_networks, *learnt):
            self.__dict__.pop(name, None)
        self.seed_ = draw_seed(type(self).__name__, self.random_state)
        self._trained_epochs = 0
        self._was_scheduled = False
        configure_worker()
        start_devices()
        return X, y

    @with_callbacks
    def _fit_network(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: Validation,
        training: Training,
        *,
        anew: bool,
        append: bool = False,
    ) -> None:
        """Train on `X`, `y`; `anew` builds a new network, `append` continues the history."""
        given_X, given_y, fits = X, y, told_fits()
        if anew:
            X, y = self._begin(X, y)
        else:
            X, y = check_X_y(self, X, y, reset=False, allow_nd=self._takes_nd)
        weight = check_weight(self, sample_weight, X)
        rows, others = rows_of_fit(self, y, weight, validation, training)
        if anew:
            self._note_weights(weight, validation)
            network = self._make_network(X, y)
            before, start = None, self._initial_state(network, y, rows, weight)
            # As it was given: that of a trained model is the last one of a schedule.
            self._learning_rate = network.learning_rate
        else:
            before = self._fitted
            network, start = before.network, before.state
        job, watch = self._describe(
            network, start, X, y, weight, rows, others, validation, training
        )
        reporter = start_reporting(
            self,
            training.epochs - training.initial_epoch,
            given_X,
            given_y,
            lambda state: {"_fitted": FittedNetwork(network, state)},
        )
        try:
            if reporter is not None:
                reporter.on_fit_begin()
            result = engine_named(self.engine).train(job, reporter)
            if fits is not None:
                fits.append(watch.record(type(self).__name__, job, result))
            self._check_finite(result)
            fitted = (
                FittedNetwork(network, result.end) if before is None else before.trained(result.end)
            )
            self._fitted = fitted
            self._take_extra()
            if reporter is not None:
                reporter.on_fit_end(result.end)
            self._take(result, watch, append=append)
            self._last_fit = LastFit.of(job, result)
            if isinstance(fitted.network, LiveNetwork):
                self._last_fit.note_on(fitted.model)
            self._was_scheduled = job.rates is not None
        except BaseException as error:
            # Also for Ctrl-C: a network that was never fully trained must not pass for a fitted one, and
            # one that was fitted before is what it was.
            if before is None:
                self.__dict__.pop("_fitted", None)
            else:
                self._fitted = before.trained(start)
            if isinstance(error, IndexOutOfRangeError) and error.row is not None:
                # The numbers of the rows in the data that the user has.
                numbers = {"training data": rows, "validation data": others}.get(error.data)
                if numbers is not None:
                    raise error.at("X", int(numbers[error.row])) from error.__cause__
            raise

    def _take_extra(self) -> None:
        """Let parts of the network that the build function kept be parts of ``model_``."""
        if self._fitted.has_extra:
            self._set_extra(self._fitted.extra, of_keras=True)

    def _note_weights(self, weight: np.ndarray | None, validation: Validation) -> None:
        by_class = getattr(self, "class_weight", None)
        self._weighted = not all(one is None for one in (weight, validation.weight, by_class))

    def explain_plan(self, X: Any, y: Any, sample_weight: Any = None) -> str:
        """What `fit` would do with these data, and why; compiled if need be, and not trained.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features, ...)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        str
            One sentence: how the fit is compiled, or why it goes through `keras.Model.fit`.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skdl import MLPClassifier
        >>> MLPClassifier().explain_plan(*load_iris(return_X_y=True))
        'Compiled with XLA.'
        """
        twin = clone(self)
        twin._given_classes = None
        training, validation = twin._training_of_fit(), Validation()
        X, y = twin._begin(X, y)
        weight = check_weight(twin, sample_weight, X)
        rows, others = rows_of_fit(twin, y, weight, validation, training)
        twin._note_weights(weight, validation)
        network = twin._make_network(X, y)
        start = twin._initial_state(network, y, rows, weight)
        twin._learning_rate = network.learning_rate
        job, _ = twin._describe(network, start, X, y, weight, rows, others, validation, training)
        return engine_named(self.engine).explain(job)

    def _losses_at(self, rates: np.ndarray, X: Any, y: Any, sample_weight: Any) -> list[float]:
        """Train anew as `fit` would, one step at each of `rates`, unwatched; the loss of each step."""
        told = self._training_of_fit()
        training = replace(
            told,
            epochs=len(rates),
            initial_epoch=0,
            validation_split=0.0,
            verbose=0,
            callbacks=(),
            schedule=RangeTest(rates),
            scheduled_epochs=len(rates),
            stopping=Stopping(),
            # A step that is an epoch has a loss of its own, in the program that plain fits have too.
            options={**told.options, "steps_per_epoch": 1},
        )
        self._given_classes = None
        try:
            self._fit_network(X, y, sample_weight, Validation(), training, anew=True)
        except DivergedError as error:
            return error.history["loss"]
        return self.history_["loss"]

    def _check_finite(self, result: FitResult) -> None:
        if result.stop_reason is StopReason.DIVERGED:
            raise DivergedError(
                f"{' '.join(repr(self).split())} diverged: after {result.n_epochs} epochs its loss or "
                "weights are not finite numbers. Lower the learning rate, clip the gradients, or scale "
                "X and y.",
                {name: list(curve) for name, curve in result.history.items()},
            )

    def _take(self, result: FitResult, watch: Watch, *, append: bool) -> None:
        """Keep the curves of a fit, and why it ended."""
        history = {name: list(curve) for name, curve in result.history.items()}
        if append and hasattr(self, "history_"):
            for name, curve in history.items():
                self.history_.setdefault(name, []).extend(curve)
        else:
            self.history_ = history
        self.n_epochs_ = len(self.history_.get("loss", ()))
        self.best_epoch_ = watch.best_epoch(self.history_, self.n_epochs_ - result.n_epochs)
        self.stop_reason_ = watch.reason(result)
        self.stop_message_ = self.stop_reason_.message(result.n_epochs)
        self._trained_epochs += result.n_epochs

    def _outputs(
        self,
        X: Any,
        *,
        batch_size: int | None = None,
        callbacks: tuple[Any, ...] = (),
        options: Mapping[str, Any] | None = None,
    ) -> Arrays:
        """What the network gives for `X`."""
        check_is_fitted(self)
        configure_worker()
        X = check_X(self, X, reset=False, allow_nd=self._takes_nd)
        x = map_arrays(network_array, self._network_x(X))
        size = n_rows(x) if batch_size == -1 else batch_size
        fitted: FittedNetwork = self._fitted
        network = fitted.network
        if network.is_stateful and network.batch_rows:
            check_rows_to_predict(n_rows(x), size, network.batch_rows)
            # To predict changes what it keeps from the batch before: each call begins as the fit has ended.
            return predict_by_keras(
                fitted.own_model(),
                x,
                batch_size=network.batch_rows,
                callbacks=callbacks,
                options=options,
            )
        own_step = type(network.template).predict_step is not load_keras().Model.predict_step
        if callbacks or options or own_step:
            return predict_by_keras(
                self.model_, x, batch_size=size, callbacks=callbacks, options=options
            )
        return predict(network, fitted.state, x, batch_size=size)

    @property
    def model_(self) -> keras.Model:
        """The trained network, made when it is first asked for."""
        fitted = self.__dict__.get("_fitted")
        if fitted is None:
            raise AttributeError(
                f"This {type(self).__name__} has no model_ yet: call fit before asking for it."
            )
        model = fitted.model
        last = self.__dict__.get("_last_fit")
        if last is not None and "history" not in vars(model):
            last.note_on(model)
        return model

    @model_.setter
    def model_(self, model: keras.Model) -> None:
        self.__dict__.pop("_last_fit", None)
        self._fitted = FittedNetwork.of(model)

    @property
    def current_epoch(self) -> int:
        """The number of epochs in ``history_``; 0 before the first."""
        return len(self.history_.get("loss", ())) if hasattr(self, "history_") else 0

    @property
    def n_parameters_(self) -> int:
        """The number of trainable weights and biases of ``model_``."""
        return self.parameter_table().total

    def parameter_table(self) -> ParameterTable:
        """Trainable weights and biases by layer.

        Returns
        -------
        ParameterTable
            Its ``rows``, its ``total``, and a readable table as its string.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skdl import MLPClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> clf = MLPClassifier(hidden_layer_sizes=(8,), epochs=1, random_state=0).fit(X, y)
        >>> print(clf.parameter_table())
        layer    kind   weights  biases  total
        hidden_1 Dense       32       8     40
        output   Dense       24       3     27
        total                56      11     67
        """
        check_is_fitted(self)
        return ParameterTable.of(self.model_)

    def __sklearn_is_fitted__(self) -> bool:
        return "_fitted" in self.__dict__

    def __sklearn_clone__(self) -> Any:
        # scikit-learn deep-copies parameters, which Keras does by way of a file that does not hold all.
        names = {"_routed", *self.get_params(deep=False)}
        given = {n: value for n, value in vars(self).items() if n in names and _holds_keras(value)}
        original = copy.copy(self) if given else self
        for name, value in given.items():
            original.__dict__[name] = dict.fromkeys(value) if name == "_routed" else None
        twin = super(NetworkEstimator, original).__sklearn_clone__()
        vars(twin).update(copy_live(given))
        return twin

    def __getstate__(self) -> dict[str, Any]:
        state = {name: held(value) for name, value in super().__getstate__().items()}
        return {**state, **departure()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        arrival(state)
        super().__setstate__({name: released(value) for name, value in state.items()})


def _holds_keras(value: Any) -> bool:
    """Whether `value` is one of Keras's objects, or a list or dict of some."""
    if isinstance(value, Mapping):
        return any(map(_holds_keras, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_holds_keras, value))
    return "keras" in sys.modules and isinstance(value, saved_kinds())
