"""Importances of hyperparameters by Optuna's evaluators, where Optuna is installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skdl.exceptions import InvalidParameterError
from skdl.results.hyperparameters import Hyperparameter

# PED-ANOVA compares the best tenth with all; Optuna advises to have no fewer than this in it.
LEAST_OF_BEST = 5
BEST_PART = 0.1


def best_part(n_candidates: int) -> float:
    """Which part of the candidates PED-ANOVA takes for the best: a tenth, or five, but at most half.

    Examples
    --------
    >>> best_part(100), best_part(20), best_part(4)
    (0.1, 0.25, 0.5)
    """
    return min(0.5, max(BEST_PART, LEAST_OF_BEST / n_candidates))


def optuna_importances(
    method: str,
    hyperparameters: Sequence[Hyperparameter],
    rows: np.ndarray,
    scores: np.ndarray,
    seed: int,
) -> np.ndarray:
    """The share of each hyperparameter in the importance of all, of shape (n_hyperparameters,).

    Parameters
    ----------
    method : {"fanova", "ped_anova"}
    hyperparameters : sequence of Hyperparameter
    rows : ndarray of int
        The candidates that count.
    scores : ndarray of shape (len(rows),)
    seed : int
        Of fANOVA's forest; PED-ANOVA draws nothing.

    Raises
    ------
    ImportError
        Optuna is not installed.
    InvalidParameterError
        A number that some candidates do not have.
    """
    optuna = _load_optuna(method)
    evaluators = optuna.importance
    if method == "fanova":
        evaluator = evaluators.FanovaImportanceEvaluator(seed=seed)
    else:
        evaluator = evaluators.PedAnovaImportanceEvaluator(target_quantile=best_part(len(rows)))
    for one in hyperparameters:
        if one.numeric and not one.present[rows].all():
            raise InvalidParameterError(
                f"ImportanceDisplay: method={method!r} cannot use {one.name!r}. Got candidates that do not "
                "have it, expected a number for each: use method='permutation'."
            )
    distributions = {one.name: _distribution(optuna, one) for one in hyperparameters}
    places = {
        one.name: one.on_scale(one.numbers) if one.numeric else np.array(one.texts, dtype=object)
        for one in hyperparameters
    }
    trials = []
    for row, score in zip(rows, scores, strict=True):
        trials.append(
            optuna.trial.create_trial(
                params={name: _plain(found[row]) for name, found in places.items()},
                distributions=distributions,
                value=float(score),
            )
        )
    told = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study(direction="maximize")
        study.add_trials(trials)
        names = [one.name for one in hyperparameters]
        found = evaluators.get_param_importances(study, evaluator=evaluator, params=names)
    finally:
        optuna.logging.set_verbosity(told)
    return np.array([found[name] for name in names], dtype=np.float64)


def _load_optuna(method: str) -> Any:
    try:
        import optuna
    except ImportError as error:
        raise ImportError(
            f"ImportanceDisplay: method={method!r} is Optuna's. Got no optuna, expected it to be installed: "
            "run `pip install 'skdl[optuna]'`, or use method='permutation'."
        ) from error
    return optuna


def _distribution(optuna: Any, one: Hyperparameter) -> Any:
    if one.numeric:
        # Optuna gets logarithms: fANOVA's forest would not take them itself.
        found = one.on_scale(one.numbers[one.present])
        return optuna.distributions.FloatDistribution(float(found.min()), float(found.max()))
    # The text of a missing value is empty.
    missing = [] if one.present.all() else [""]
    return optuna.distributions.CategoricalDistribution([*one.categories, *missing])


def _plain(place: Any) -> Any:
    return place if isinstance(place, str) else float(place)
