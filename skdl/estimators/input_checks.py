"""What a user hands to `fit` or `predict`, checked: rows, targets, the seed."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d, validate_data

from skdl.exceptions import InvalidParameterError


def check_X(estimator: Any, X: Any, *, allow_nd: bool) -> Any:
    """`X` as a numeric ndarray or CSR matrix, its features checked against those of `fit`."""
    return validate_data(
        estimator, X, reset=False, accept_sparse="csr", allow_nd=allow_nd, dtype="numeric"
    )


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
    return X, check_y(estimator, y)


def check_shape_of_rows(owner: str, X: Any, shape: tuple[int, ...]) -> None:
    """Raise where `X` has other rows than the data of the first fit."""
    if X.shape[1:] != shape:
        raise ValueError(
            f"X has rows of shape {X.shape[1:]}, but {owner} was fitted on rows of shape {shape}."
        )


def check_shape_of_targets(owner: str, y: np.ndarray, shape: tuple[int, ...]) -> None:
    """Raise where `y` has other columns than the target of the first fit."""
    if y.shape[1:] != shape:
        raise ValueError(
            f"y has rows of shape {y.shape[1:]}, but {owner} was fitted on a target "
            f"with rows of shape {shape}."
        )


def check_y(estimator: Any, y: Any) -> np.ndarray:
    """`y` as a dense array; a classifier's column is flattened with scikit-learn's warning."""
    y = y.toarray() if hasattr(y, "toarray") else np.asarray(y)
    if estimator._estimator_kind == "classifier":
        # scikit-learn's check only warns of labels: if more than half of the rows have a class of their own.
        if not _are_labels(y) or 2 * len(np.unique(y)) > len(y):
            check_classification_targets(y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return y
    return check_array(y, ensure_2d=False, dtype="numeric", input_name="y", estimator=estimator)


def kind_of_target(y: np.ndarray) -> str:
    """The kind of targets, as `sklearn.utils.multiclass.type_of_target` names it.

    Whole numbers in one dimension take a shorter way, since a search asks for each fit.

    Examples
    --------
    >>> kind_of_target(np.array([3, 1, 2]))
    'multiclass'
    """
    if _are_labels(y):
        return "multiclass" if len(np.unique(y)) > 2 else "binary"
    return str(type_of_target(y))


def _are_labels(y: Any) -> bool:
    """Whether targets are one column of whole numbers or truth values."""
    return type(y) is np.ndarray and y.ndim == 1 and y.dtype.kind in "iub" and y.size > 0


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
