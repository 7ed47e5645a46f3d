"""The rows to train on and the rows held out."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from skdl.engine.random import Stream, derive_seed
from skdl.estimators.fit_settings import Training, Validation


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
