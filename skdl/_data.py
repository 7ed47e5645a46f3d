"""From what a user hands to `fit` to checked rows: data, weights, classes, the validation split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils import check_array
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, column_or_1d, validate_data

from skdl._training import Training, Validation
from skdl.engine.random import Stream, derive_seed
from skdl.exceptions import InvalidParameterError


def check_X(estimator: Any, X: Any, *, reset: bool, allow_nd: bool) -> Any:
    """`X` as a numeric ndarray or CSR matrix, its features checked against those of `fit`."""
    X = validate_data(
        estimator, X, reset=reset, accept_sparse="csr", allow_nd=allow_nd, dtype="numeric"
    )
    if not reset and X.shape[1:] != estimator._row_shape:
        raise ValueError(
            f"X has rows of shape {X.shape[1:]}, but {type(estimator).__name__} was fitted on rows of "
            f"shape {estimator._row_shape}."
        )
    return X


def check_X_y(estimator: Any, X: Any, y: Any, *, reset: bool, allow_nd: bool) -> tuple[Any, Any]:
    """`X` and `y` with as many rows, checked as scikit-learn's own estimators check theirs."""
    classifier = estimator._estimator_kind == "classifier"
    X, y = validate_data(
        estimator,
        X,
        y,
        reset=reset,
        accept_sparse="csr",
        allow_nd=allow_nd,
        dtype="numeric",
        multi_output=True,
        y_numeric=not classifier,
    )
    y = check_y(estimator, y)
    if reset:
        estimator._row_shape, estimator._target_shape = X.shape[1:], y.shape[1:]
        return X, y
    check_target_shape(estimator, y)
    if X.shape[1:] != estimator._row_shape:
        raise ValueError(
            f"X has rows of shape {X.shape[1:]}, but {type(estimator).__name__} was fitted on rows of "
            f"shape {estimator._row_shape}."
        )
    return X, y


def check_target_shape(estimator: Any, y: np.ndarray) -> None:
    """Raise where `y` has other columns than the target of the first fit."""
    if y.shape[1:] != estimator._target_shape:
        raise ValueError(
            f"y has rows of shape {y.shape[1:]}, but {type(estimator).__name__} was fitted on a target "
            f"with rows of shape {estimator._target_shape}."
        )


def check_y(estimator: Any, y: Any) -> np.ndarray:
    """`y` as a dense array; a classifier's column is flattened with scikit-learn's warning."""
    y = y.toarray() if hasattr(y, "toarray") else np.asarray(y)
    if estimator._estimator_kind == "classifier":
        check_classification_targets(y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return y
    return check_array(y, ensure_2d=False, dtype="numeric", input_name="y", estimator=estimator)


def check_weight(estimator: Any, weight: Any, X: Any) -> np.ndarray | None:
    """Row weights as float64 of shape (n_rows,), or None. The caller's array is never written to."""
    if weight is None:
        return None
    checked = _check_sample_weight(weight, X, dtype=np.float64, ensure_non_negative=True, copy=True)
    if not checked.any():
        raise ValueError(
            "sample_weight is zero for every sample. Got no row to train on, expected at least one "
            "positive weight."
        )
    return checked


def class_weights(
    owner: str,
    class_weight: Mapping[Any, float] | str,
    y: np.ndarray,
    weight: np.ndarray | None = None,
) -> np.ndarray:
    """The weight of each row by its class, of shape (n_rows,).

    "balanced" counts a row by its sample weight: one of weight two is two rows.
    """
    if isinstance(class_weight, str) and weight is not None and y.ndim == 1:
        labels, codes = np.unique(y, return_inverse=True)
        totals = np.bincount(codes, weights=weight)
        weights = (totals.sum() / (len(labels) * totals))[codes]
    else:
        weights = compute_sample_weight(class_weight=class_weight, y=y)
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        raise InvalidParameterError(
            f"{owner}: class_weight={class_weight!r} is out of range. Got weights that are negative, not "
            "finite or all zero, expected finite weights of at least 0, not all 0. Pass for instance "
            "class_weight='balanced'."
        )
    return weights


def held_out_class_weights(
    owner: str,
    class_weight: Mapping[Any, float] | Sequence[Mapping[Any, float]] | str,
    held_out: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray | None = None,
) -> np.ndarray:
    """The weights of rows held out, by the classes of the rows `y` to train on.

    A class that these do not have has weight one.
    """
    found = np.ones(len(held_out))
    columns = zip(y.reshape(len(y), -1).T, held_out.reshape(len(held_out), -1).T, strict=True)
    for number, (trained, given) in enumerate(columns):
        if isinstance(class_weight, str):
            labels, first = np.unique(trained, return_index=True)
            # Scikit-learn's own for several columns knows no weights of rows.
            rows = class_weights(owner, class_weight, trained, weight if y.ndim == 1 else None)
            table = dict(zip(labels.tolist(), rows[first], strict=True))
        else:
            table = dict(
                class_weight if isinstance(class_weight, Mapping) else class_weight[number]
            )
        found *= [table.get(label, 1.0) for label in given.tolist()]
    return found


def scale_weights(weight: np.ndarray | None) -> np.ndarray | None:
    """Weights scaled to a mean of one.

    Keras divides a weighted loss by the number of rows, so that it would depend on the unit of the
    weights; scaled, a row of weight two counts as two rows and the loss stays a mean.
    """
    return None if weight is None else weight / weight.mean()


def draw_seed(owner: str, random_state: Any) -> int:
    """The seed of one fit: `random_state` itself, or drawn from it, or fresh entropy for None.

    The state of a `RandomState` is read and not advanced: nothing of the caller's is changed.
    """
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, (int, np.integer)) and not isinstance(random_state, bool):
        if 0 <= random_state < 2**32:
            return int(random_state)
        raise InvalidParameterError(
            f"{owner}: random_state={random_state!r} is out of range. Got {random_state}, expected an "
            "int from 0 to 4294967295. Pass for instance random_state=0."
        )
    if random_state is np.random:
        random_state = np.random.mtrand._rand
    if isinstance(random_state, np.random.RandomState):
        twin = np.random.RandomState()
        twin.set_state(random_state.get_state())
        return int(twin.randint(2**31 - 1))
    raise InvalidParameterError(
        f"{owner}: random_state={random_state!r} is not accepted. Got {type(random_state).__name__}, "
        "expected an int, a numpy.random.RandomState, or None. Pass for instance random_state=0."
    )


@dataclass(frozen=True)
class ClassTarget:
    """How a classifier's target is written for a network and read back.

    Attributes
    ----------
    kind : {"binary", "multiclass", "multilabel-indicator"}
    classes : ndarray of shape (n_classes,)
        The labels; for a multilabel target the column numbers.
    """

    kind: str
    classes: np.ndarray

    @classmethod
    def of(cls, owner: str, y: np.ndarray, classes: Any = None) -> ClassTarget:
        """The target of `y`, which may hold only some of the `classes`."""
        kind = type_of_target(y)
        if kind == "multilabel-indicator":
            return cls(kind, np.arange(y.shape[1]))
        if kind not in ("binary", "multiclass"):
            raise ValueError(
                f"{owner} takes one label a row or an indicator matrix. Got a target of kind {kind!r}: "
                "use sklearn.multioutput.MultiOutputClassifier."
            )
        labels = np.unique(y if classes is None else np.asarray(classes))
        return cls("binary" if len(labels) <= 2 else "multiclass", labels)

    @property
    def n_units(self) -> int:
        """The number of units of the last layer."""
        return 1 if self.kind == "binary" else len(self.classes)

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Zeros and ones for two classes and for labels, class numbers for more classes."""
        if self.kind == "multilabel-indicator":
            if y.ndim != 2 or y.shape[1] != len(self.classes):
                raise ValueError(
                    f"Got y of shape {y.shape}, expected an indicator matrix of {len(self.classes)} "
                    "columns, as in the first fit."
                )
            return y.astype(np.float32)
        if y.ndim != 1:
            raise ValueError(
                f"Got y of shape {y.shape}, expected one label a row, as in the first fit."
            )
        unknown = np.setdiff1d(y, self.classes)
        if unknown.size:
            raise ValueError(
                f"y contains labels that are not among the classes: {unknown.tolist()[:5]}. Expected "
                f"labels from {self.classes.tolist()[:10]}: pass all classes to the first partial_fit."
            )
        codes = np.searchsorted(self.classes, y)
        return codes.astype(np.float32 if self.kind == "binary" else np.int32)

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """The network's outputs as probabilities, float64 of shape (n_rows, n_classes)."""
        outputs = np.asarray(outputs, dtype=np.float64).reshape(len(outputs), -1)
        if self.kind == "multilabel-indicator":
            return outputs
        if len(self.classes) == 1:
            return np.ones((len(outputs), 1))
        if self.kind == "binary" and outputs.shape[1] == 1:
            return np.hstack([1 - outputs, outputs])
        return outputs / outputs.sum(axis=1, keepdims=True)

    def labels(self, probabilities: np.ndarray) -> np.ndarray:
        """The label of the largest probability, or an indicator of those above one half."""
        if self.kind == "multilabel-indicator":
            return (probabilities > 0.5).astype(np.int64)
        return self.classes[np.argmax(probabilities, axis=1)]


def split_rows(
    y: np.ndarray, fraction: float, *, shuffle: bool, stratify: bool, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """The row numbers to train on and to validate on.

    Shuffled and, where every class has two rows and every class finds room, stratified; without
    `shuffle` the last rows validate, as in Keras.
    """
    rows = len(y)
    n_validation = max(1, int(rows * fraction))
    if rows - n_validation < 1:
        raise ValueError(
            f"validation_split={fraction:g} of n_samples={rows} leaves no row to train on. Expected at "
            "least two samples: pass more rows, or validation_split=0."
        )
    index = np.arange(rows)
    if not shuffle:
        return index[:-n_validation], index[-n_validation:]
    labels = None
    if stratify and y.ndim == 1:
        _, counts = np.unique(y, return_counts=True)
        if counts.min() >= 2 and len(counts) <= min(n_validation, rows - n_validation):
            labels = y
    train, validation = train_test_split(
        index,
        test_size=n_validation,
        stratify=labels,
        random_state=derive_seed(seed, Stream.VALIDATION_SPLIT),
    )
    return np.sort(train), np.sort(validation)


def rows_of_fit(
    estimator: Any,
    y: np.ndarray,
    weight: np.ndarray | None,
    validation: Validation,
    training: Training,
) -> tuple[np.ndarray, np.ndarray | None]:
    """The row numbers to train on, none of weight zero, and those held out."""
    rows, others = np.arange(len(y)), None
    if validation.X is None and training.validation_split:
        rows, others = split_rows(
            y,
            training.validation_split,
            shuffle=training.validation_shuffle,
            stratify=estimator._estimator_kind == "classifier",
            seed=estimator.seed_,
        )
    if weight is not None:
        rows = rows[weight[rows] > 0]
        others = None if others is None else others[weight[others] > 0]
        for part, name in ((rows, "training"), (others, "validation")):
            if part is not None and not part.size:
                raise ValueError(
                    f"No row of positive weight is left for {name} after validation_split="
                    f"{training.validation_split:g}: pass more weighted samples, or hand over X_val "
                    "and y_val."
                )
    return rows, others
