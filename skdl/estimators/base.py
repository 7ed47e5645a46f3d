"""The way of every skdl estimator from `fit` to its fitted attributes, and from `predict` to labels.

A subclass says how its network is built and how its data are written for the network; everything between
is here: checked rows, weights, the validation split, the seed, the `FitJob`, the engine, the result.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skdl.common.declarations import advice_on
from skdl.engine.compiled import engine_named
from skdl.engine.copies.live_copies import copy_live
from skdl.engine.copies.persistence import held, released
from skdl.engine.job import FitJob, StopReason
from skdl.engine.keras_parts.walk import saved_kinds
from skdl.engine.kernel.network import DescribedNetwork
from skdl.engine.network.fitted import FittedNetwork
from skdl.engine.network.network import LiveNetwork, Network
from skdl.engine.network.state import NetworkState
from skdl.engine.prediction import predict_by_keras
from skdl.engine.rows.arrays import Arrays, map_arrays, n_rows, network_array, take_rows
from skdl.estimators.batch_checks import check_rows_to_predict
from skdl.estimators.fit_job import Learnt, MadeNetwork, check_rows, job_of, samples_of
from skdl.estimators.fit_outcome import LastFit, check_finite, outcome_of, record
from skdl.estimators.fit_settings import Training, Validation
from skdl.estimators.input_checks import (
    check_shape_of_rows,
    check_shape_of_targets,
    check_X,
    check_X_y,
    check_y,
    draw_seed,
)
from skdl.estimators.parameter_table import ParameterTable
from skdl.estimators.row_weights import RowWeights, check_weight
from skdl.estimators.sklearn_callbacks import CallbackSupportMixin, start_reporting, with_callbacks
from skdl.estimators.validation_split import rows_of_fit
from skdl.estimators.worker_processes import arrival, departure, start_tensorflow
from skdl.exceptions import DivergedError, IndexOutOfRangeError, InvalidParameterError
from skdl.recording.records import told_fits
from skdl.training.schedules import RangeTest
from skdl.training.stopping import StoppingSettings

if TYPE_CHECKING:
    import keras


# What a fit sets; a new one begins without.
_OF_A_FIT = ("history_", "n_epochs_", "best_epoch_", "stop_reason_", "stop_message_", "seed_")


@dataclass(frozen=True)
class _Described:
    """A fit that was written down: the job, and which rows of the user's are in it."""

    job: FitJob
    rows: np.ndarray
    others: np.ndarray | None

    def rows_of(self, data: str) -> np.ndarray | None:
        """The numbers of the rows of "training data" or "validation data"; None where they are others."""
        return {"training data": self.rows, "validation data": self.others}.get(data)


class NetworkEstimator(CallbackSupportMixin):
    """What the estimators of skdl have in common; they add scikit-learn's mixins and `BaseEstimator`."""

    _estimator_kind: str
    random_state: Any
    engine: str
    seed_: int
    history_: dict[str, list[float]]
    best_epoch_: int
    stop_reason_: StopReason
    stop_message_: str
    _fitted: FittedNetwork
    _learnt: Learnt
    _last_fit: LastFit
    # Whether `_make_network` starts TensorFlow where it is needed.
    _starts_by_itself = False
    # Whether rows may have more than one axis.
    _takes_nd = False
    # What `_make_network` sets.
    _of_networks: tuple[str, ...] = ()

    # What a subclass says.

    def _make_network(self, X: Any, y: np.ndarray, *, classes: Any, weighted: bool) -> MadeNetwork:
        """Make the network for checked data, compiled; set what a user may see of it.

        Parameters
        ----------
        X : ndarray or sparse matrix of shape (n_samples, n_features, ...)
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        classes : array-like or None
            All labels, where `y` may hold only some.
        weighted : bool
            Whether rows or classes have weights, which not every metric takes.
        """
        raise NotImplementedError

    def _network_x(self, X: Any) -> Arrays:
        """Checked `X` as the network takes it."""
        return X

    def _network_y(self, y: np.ndarray) -> Arrays:
        """Checked `y` as the network takes it, after `_make_network`."""
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

    def _check_made(self, network: Network, training: Training) -> None:
        """Raise where `training` does not suit the network, now that it is made."""

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
        self._learnt = Learnt(X.shape[1:], y.shape[1:])
        return X, y

    def _checked_X(self, X: Any) -> Any:
        """`X` with rows like those of the first fit."""
        X = check_X(self, X, allow_nd=self._takes_nd)
        check_shape_of_rows(type(self).__name__, X, self._learnt.row_shape)
        return X

    def _describe(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: Validation,
        training: Training,
        *,
        anew: bool,
        classes: Any = None,
    ) -> _Described:
        """Check data, make the network or go on with the fitted one, and write down the fit.

        Raises
        ------
        InvalidParameterError
            The settings contradict each other, the network or the rows.
        ValueError
            Rows or targets are not what a fit takes.
        """
        owner = type(self).__name__
        if anew:
            X, y = self._begin(X, y)
        else:
            X, y = check_X_y(self, X, y, reset=False, allow_nd=self._takes_nd)
            check_shape_of_targets(owner, y, self._learnt.target_shape)
            check_shape_of_rows(owner, X, self._learnt.row_shape)
        weight = check_weight(self, sample_weight, X)
        rows, others = rows_of_fit(self, y, weight, validation, training)
        if anew:
            by_class = getattr(self, "class_weight", None)
            weighted = not all(one is None for one in (weight, validation.weight, by_class))
            if not self._starts_by_itself:
                start_tensorflow()
            made = self._make_network(X, y, classes=classes, weighted=weighted)
            self._learnt = self._learnt.of(made)
            network, target = made.network, made.target
            start = self._initial_state(network, y, rows, weight)
            check_rows(len(y), target)
        else:
            network, start, target = self._fitted.network, self._fitted.state, None
        self._check_made(network, training)

        def target_of(part: np.ndarray) -> Arrays:
            # Rows of weight zero are neither encoded nor cast.
            if target is None:
                encoded = self._network_y(y[part])
            else:
                encoded = target if len(part) == len(y) else take_rows(target, part)
            return map_arrays(network_array, encoded)

        own = None if weight is None else weight[rows]
        weights = RowWeights(owner, self._class_weight, y, rows, own)
        held_out = None
        if validation.X is not None:
            X_val, y_val, w_val = self._checked_validation(validation)
            w_val = weights.of_held_out(y_val, w_val)
            held_target = map_arrays(network_array, self._network_y(y_val))
            held_out = samples_of(self._network_x(X_val), held_target, w_val, len(y_val))
        elif others is not None:
            w_val = None if weight is None else weight[others]
            w_val = weights.of_held_out(y[others], w_val)
            held_target = target_of(others)
            held_out = samples_of(self._network_x(X[others]), held_target, w_val, len(others))
        some = X if len(rows) == len(y) else X[rows]
        train = samples_of(self._network_x(some), target_of(rows), weights.of_training(), len(rows))
        job = job_of(owner, train, held_out, network, start, training, self._learnt, self.seed_)
        return _Described(job, rows, others)

    def _checked_validation(self, validation: Validation) -> tuple[Any, np.ndarray, Any]:
        """The fixed validation data, checked like those to train on."""
        X, y = self._checked_X(validation.X), check_y(self, validation.y)
        check_shape_of_targets(type(self).__name__, y, self._learnt.target_shape)
        check_consistent_length(X, y)
        return X, y, check_weight(self, validation.weight, X)

    @property
    def _class_weight(self) -> Any:
        return getattr(self, "class_weight", None) if self._estimator_kind == "classifier" else None

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
        classes: Any = None,
    ) -> None:
        """Train on `X`, `y`; `anew` builds a new network, `append` continues the history."""
        given_X, given_y, fits = X, y, told_fits()
        described = self._describe(
            X, y, sample_weight, validation, training, anew=anew, classes=classes
        )
        job, before = described.job, None if anew else self._fitted
        network = job.network
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
            result = engine_named(self.engine).train(job, reporter, training.callbacks)
            if fits is not None:
                fits.append(record(type(self).__name__, job, result))
            check_finite(self, result)
            fitted = (
                FittedNetwork(network, result.end) if before is None else before.trained(result.end)
            )
            self._fitted = fitted
            self._take_extra()
            if reporter is not None:
                reporter.on_fit_end(result.end)
            outcome = outcome_of(job, result, getattr(self, "history_", None) if append else None)
            self.history_, self.n_epochs_ = outcome.history, outcome.n_epochs
            self.best_epoch_ = outcome.best_epoch
            self.stop_reason_, self.stop_message_ = outcome.stop_reason, outcome.stop_message
            self._learnt = self._learnt.after(job, result.n_epochs)
            self._last_fit = LastFit.of(job, result)
            if isinstance(fitted.network, LiveNetwork):
                self._last_fit.note_on(fitted.model)
        except BaseException as error:
            # Also for Ctrl-C: a network that was never fully trained must not pass for a fitted one, and
            # one that was fitted before is what it was.
            if before is None:
                self.__dict__.pop("_fitted", None)
            else:
                self._fitted = before.trained(job.start)
            if isinstance(error, IndexOutOfRangeError) and error.row is not None:
                # The numbers of the rows in the data that the user has.
                numbers = described.rows_of(error.data)
                if numbers is not None:
                    raise error.at("X", int(numbers[error.row])) from error.__cause__
            raise

    def _take_extra(self) -> None:
        """Let parts of the network that the build function kept be parts of ``model_``."""
        if self._fitted.has_extra:
            self._set_extra(self._fitted.extra, of_keras=True)

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
            One sentence: by what the fit is run, and why it goes through `keras.Model.fit` where it does.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skdl import MLPClassifier
        >>> MLPClassifier().explain_plan(*load_iris(return_X_y=True))
        'Native kernel.'
        """
        twin = clone(self)
        training = twin._training_of_fit()
        job = twin._describe(X, y, sample_weight, Validation(), training, anew=True).job
        return engine_named(self.engine).explain(job, training.callbacks)

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
            stopping=StoppingSettings(),
            # A step that is an epoch has a loss of its own.
            options={**told.options, "steps_per_epoch": 1},
        )
        try:
            self._fit_network(X, y, sample_weight, Validation(), training, anew=True)
        except DivergedError as error:
            return error.history["loss"]
        return self.history_["loss"]

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
        X = self._checked_X(X)
        x = map_arrays(network_array, self._network_x(X))
        size = n_rows(x) if batch_size == -1 else batch_size
        fitted: FittedNetwork = self._fitted
        network = fitted.network
        if not isinstance(network, DescribedNetwork):
            start_tensorflow()
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
        if callbacks or options or network.has_own_prediction:
            return predict_by_keras(
                self.model_, x, batch_size=size, callbacks=callbacks, options=options
            )
        return engine_named(self.engine).predict(network, fitted.state, x, batch_size=size)

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

    def set_params(self, **params: Any) -> Any:
        """Set parameters by name.

        Parameters
        ----------
        **params : dict

        Returns
        -------
        self : estimator

        Raises
        ------
        InvalidParameterError
            The estimator has no parameter of a name. It is a ``ValueError``.
        """
        known = self.get_params(deep=False) if params else {}
        for name in params:
            owner, nested, _ = name.partition("__")
            nests = hasattr(params.get(owner, known.get(owner)), "set_params")
            if owner not in known or (nested and not nests):
                raise InvalidParameterError(
                    f"Invalid parameter {name!r} for {type(self).__name__}, which has no parameter of this "
                    f"name. {advice_on(name, known)}"
                )
        return super().set_params(**params)

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
        if given:
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
