"""Why the fits of a search, or of a cross-validation, have no score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection._search import BaseSearchCV

from skdl.diagnosis.fitted_networks import networks_by_parameters
from skdl.exceptions import HistoriesNotFoundError, InvalidParameterError
from skdl.recording.failed_fits import Reason, failed_fits
from skdl.recording.histories import record_of


def reasons_of_search(search: BaseSearchCV, lost: np.ndarray) -> list[list[Reason | None]]:
    """The reasons of the `lost` fits of each candidate; None for one that nobody knows.

    Parameters
    ----------
    search : fitted search
    lost : ndarray of shape (n_candidates, n_splits)
        Which fits have no score.
    """
    recorded = _recorded(search, lost)
    found: list[list[Reason | None]] = []
    for candidate, parameters in enumerate(search.cv_results_["params"]):
        splits = np.flatnonzero(lost[candidate]).tolist()
        if not splits:
            found.append([])
        elif recorded is not None:
            found.append([recorded.get((candidate, split)) for split in splits])
        else:
            one = clone(search.estimator).set_params(**clone(parameters, safe=False))
            found.append(_remembered(one, len(splits)))
    return found


def reasons_of_cross_validation(
    result: Mapping[str, Any], network: Any, lost: np.ndarray
) -> list[Reason | None]:
    """The same for what `cross_validate` gave, with the `network` that it fitted, where that is known."""
    splits = np.flatnonzero(lost[0]).tolist()
    recorded = _recorded(result, lost)
    if recorded is not None:
        return [recorded.get((0, split)) for split in splits]
    return _remembered(network, len(splits))


def _recorded(search: Any, lost: np.ndarray) -> dict[tuple[int, int], Reason] | None:
    """What the backend "skdl" has kept; None where that is nothing."""
    if not lost.any():
        return {}
    try:
        tasks = record_of(search).tasks
    except (HistoriesNotFoundError, InvalidParameterError):
        return None
    return {place: Reason.read(task.error) for place, task in tasks.items()}


def _remembered(estimator: Any, number: int) -> list[Reason | None]:
    """The last errors of fits like that of the networks in `estimator`, as many as there may be."""
    if estimator is None:
        return [None] * number
    found = [
        why for inner in networks_by_parameters(estimator) for why in failed_fits.of(inner.network)
    ]
    return [*found[:number], *[None] * (number - len(found))]
