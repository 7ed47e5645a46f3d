"""`diagnose`: what is wrong with a fitted network, and what to change next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import get_scorer
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils.multiclass import type_of_target

from skdl.diagnosis.advice import Setup
from skdl.diagnosis.evidence import Evidence, findings_of
from skdl.diagnosis.failure_reasons import reasons_of_cross_validation, reasons_of_search
from skdl.diagnosis.findings import Diagnosis
from skdl.diagnosis.fitted_networks import (
    curves_of,
    known_classes,
    networks_by_parameters,
    networks_in,
    setup_of,
)
from skdl.diagnosis.learning_curves import LearningCurves
from skdl.diagnosis.search_scores import (
    baseline_score,
    failed_rate,
    lost_fits,
    scores_of_cross_validation,
    scores_of_search,
)
from skdl.exceptions import DivergedError
from skdl.recording.failed_fits import Reason
from skdl.results.scoring import own_score

# How to get what is missing, by where the numbers come from.
_WAYS = {
    "fit": {
        "gap": "pass validation_split=0.2, or X_val and y_val to fit; or diagnose what cross_validate gives "
        "with return_train_score=True",
    },
    "search": {
        "curves": "pass refit=True to the search",
        "gap": "pass return_train_score=True to the search",
        "training": "pass return_train_score=True to the search",
    },
    "cross_validate": {
        "curves": "pass return_estimator=True to cross_validate",
        "gap": "pass return_train_score=True to cross_validate",
        "training": "pass return_train_score=True to cross_validate",
    },
}
_BASELINE = "pass X and y to diagnose, which tell how far a trivial baseline gets"
_NAMED = "score by names that tell what chance reaches, such as scoring=['accuracy']"
_LABELS = {
    "curves": "training diverged, was unstable or too short, which the curves of a fit tell",
    "training": "it underfits",
    "gap": "it overfits",
}


def diagnose(fitted_or_search: Any, X: Any = None, y: Any = None) -> Diagnosis:
    """Name what is wrong with a network, by which numbers, and what to change next.

    Parameters
    ----------
    fitted_or_search : estimator, search, dict or DivergedError
        A fitted estimator of skdl, alone or as the last step of a pipeline or inside another estimator; a
        fitted `GridSearchCV`, `RandomizedSearchCV`, successive halving or `BayesSearchCV`, whose best
        candidate is diagnosed; what `cross_validate` returned, best with ``return_train_score=True`` and
        ``return_estimator=True``; or a :class:`~skdl.exceptions.DivergedError`, whose curves it has.
    X : {array-like, sparse matrix} of shape (n_samples, n_features), optional
        Rows, of training or others, with their `y`.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs), optional
        Tells how far a trivial baseline gets: a dummy that knows how often each class occurs, or the mean.
        Without it classes are taken to be of one size, and of a regressor only curves and R2 are judged.

    Returns
    -------
    Diagnosis
        Its ``findings``, in the order in which to act, and what is ``missing`` to tell the rest; a readable
        text as its string.

    Raises
    ------
    NotFittedError
        The estimator was not fitted.
    TypeError
        It is none of these, or there is no network of skdl in it.

    Notes
    -----
    All is measured in parts of the way from chance to perfect: for cross-entropy the part that a network
    takes away of what the frequencies of the classes leave, for the squared error R2, for accuracy what is
    above the share of the largest class. Where early stopping went back to an earlier epoch, that one is
    judged.

    failed fits
        Errors of the fits of a search or a cross-validation, by their reason: as the backend "skdl" has kept
        it or, without it, the last that fits with the same parameters in this process ended in.
    divergence
        A loss or weights that are no finite numbers; a training loss of 10 times that of chance, or the first
        one; fits of folds, or of more than 10 % of the candidates, that diverged.
    unstable training
        From 6 epochs on: in the second half the training loss jumps up by more than 3 % of the loss of chance
        in a mean epoch, or it ends more than 10 % above its lowest. A validation loss that is calmer speaks
        for noise, such as that of dropout, and against this.
    too few epochs
        The last tenth of the epochs brought more than 2 % of all that was gained, and 1 % of what was left.
    underfitting
        By its training loss or score, and any other there is, the network goes less than 50 % of the way, for
        a regressor 30 %. Data may hold no more than that: numbers cannot tell.
    overfitting
        A score of right answers that is lower on other rows by more than 10 % of the way and two standard
        errors over the folds; a loss or R2, by 20 %; a validation loss that rose from its lowest by 10 %, and
        by 5 % of the loss of chance, while that of training went on falling.

    The thresholds lie between what 480 fits with known faults and without showed, on the real data that come
    with scikit-learn. Advice follows the literature: first the learning rate, then the length of training and
    how the rate falls [1]_ [2]_ [3]_, then the size of the network and how it is held back [4]_ [5]_.

    References
    ----------
    .. [1] Godbole et al., Deep learning tuning playbook, 2023.
    .. [2] Smith, A disciplined approach to neural network hyper-parameters, 2018.
    .. [3] Prechelt, Early stopping - but when?, 1998.
    .. [4] Goodfellow, Bengio and Courville, Deep learning, 2016, chapter 11.
    .. [5] Ng, Machine learning yearning, 2018.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skdl import MLPClassifier, diagnose
    >>> X, y = load_digits(return_X_y=True)
    >>> hasty = make_pipeline(
    ...     StandardScaler(), MLPClassifier(epochs=3, validation_split=0.2, random_state=0)
    ... ).fit(X, y)
    >>> diagnosis = diagnose(hasty)
    >>> diagnosis.healthy, [finding.kind.value for finding in diagnosis.findings]
    (False, ['too few epochs'])
    >>> print(diagnosis)
    1. Too few epochs: the last tenth of 3 epochs brought ... of all that was gained, more than 2%.
      - epochs=15 or more (now 3)
      - early_stopping=True with patience=10: then it does no harm to ask for too many epochs
      - reduce_lr_patience=5: the rate falls where nothing improves
      - learning_rate=0.006 (now 0.002) learns as much in fewer epochs, while training stays stable
    Names of parameters begin with 'mlpclassifier__' here.
    """
    if (X is None) != (y is None):
        given, other = ("X", "y") if y is None else ("y", "X")
        raise ValueError(
            f"Got {given} without {other}, expected both or neither: pass {other} too."
        )
    if isinstance(fitted_or_search, DivergedError):
        loss = fitted_or_search.history.get("loss", ())
        curves = LearningCurves(tuple(loss), tuple(fitted_or_search.history.get("val_loss", ())))
        return _diagnosis(Evidence((curves,), diverged=True), "fit")
    if isinstance(fitted_or_search, Mapping):
        return _of_cross_validation(fitted_or_search, y)
    if not isinstance(fitted_or_search, BaseEstimator):
        raise _no_network(fitted_or_search)
    search = _search_in(fitted_or_search)
    if search is not None:
        return _of_search(fitted_or_search, search, y)
    return _of_estimator(fitted_or_search, X, y)


def _of_estimator(estimator: Any, X: Any, y: Any) -> Diagnosis:
    networks = networks_in(estimator, y)
    if not networks:
        raise _no_network(estimator)
    learnt = None
    if y is not None:
        name = own_score(classifier := networks[0].classifier)
        baseline = baseline_score(name, y, classifier=classifier)
        reached = get_scorer(name)(estimator, X, y)
        learnt = (reached - baseline) / (1 - baseline) if baseline < 1 else None
    evidence = Evidence(
        curves=tuple(curves_of(found) for found in networks),
        setup=setup_of(networks[0]),
        learnt_by_rows=learnt,
    )
    return _diagnosis(evidence, "fit", networks[0].prefix, known_y=y is not None)


def _of_search(estimator: Any, search: BaseSearchCV, y: Any) -> Diagnosis:
    if "cv_results_" not in vars(search):
        raise _no_network(estimator)
    networks = networks_in(estimator, y)
    # Without a refit there is no network, and of several scores perhaps no best candidate.
    chosen = vars(search).get("best_params_", {})
    best = networks or networks_by_parameters(clone(search.estimator).set_params(**chosen))
    if not best:
        raise _no_network(estimator)
    scores = scores_of_search(
        search, classifier=best[0].classifier, n_classes=known_classes(networks), y=y
    )
    lost = lost_fits(search)
    reasons = reasons_of_search(search, lost)
    diverged = np.array([any(why.diverged for why in row if why) for row in reasons])
    evidence = Evidence(
        curves=tuple(curves_of(found) for found in networks),
        scores=scores,
        setup=replace(setup_of(best[0]), failed_rate=failed_rate(search, diverged)),
        failed_candidates=int(lost.any(axis=1).sum()),
        candidates=len(lost),
        diverged_candidates=int(diverged.sum()),
        diverged_folds=sum(why.diverged for why in reasons[search.best_index_] if why),
        **_told([why for row in reasons for why in row], lost),
    )
    return _diagnosis(evidence, "search", best[0].prefix)


def _of_cross_validation(result: Mapping[str, Any], y: Any) -> Diagnosis:
    estimators = result.get("estimator", ())
    networks = [found for estimator in estimators for found in networks_in(estimator, y)]
    # Fits that failed leave estimators that are not fitted, and still say what was tried.
    tried = networks or [found for one in estimators for found in networks_by_parameters(one)]
    if len(estimators) and not tried:
        raise _no_network(estimators[0])
    classifier = tried[0].classifier if tried else None
    if classifier is None and y is not None:
        classifier = not type_of_target(y).startswith("continuous")
    scores = scores_of_cross_validation(
        result, classifier=classifier, n_classes=known_classes(networks), y=y
    )
    setup = setup_of(tried[0]) if tried else Setup(classifier=classifier is not False)
    lost = ~np.isfinite(np.array([scores.test], dtype=np.float64))
    reasons = reasons_of_cross_validation(result, tried[0].network if tried else None, lost)
    evidence = Evidence(
        curves=tuple(curves_of(found) for found in networks),
        scores=scores,
        setup=setup,
        diverged_folds=sum(why is not None and why.diverged for why in reasons),
        **_told(reasons, lost),
    )
    return _diagnosis(evidence, "cross_validate", tried[0].prefix if tried else "")


def _told(reasons: Sequence[Reason | None], lost: np.ndarray) -> dict[str, Any]:
    """What `reasons` say of the `lost` fits that did not diverge, those first that are most frequent."""
    alike: dict[tuple[str, str], list[Reason]] = {}
    for why in reasons:
        if why is not None and not why.diverged:
            alike.setdefault(why.alike, []).append(why)
    ranked = sorted(alike.values(), key=len, reverse=True)
    known = sum(why is not None for why in reasons)
    return {
        "errors": tuple((str(same[0]), len(same)) for same in ranked),
        "unexplained_fits": int(lost.sum()) - known,
    }


def _diagnosis(
    evidence: Evidence, source: str, prefix: str = "", *, known_y: bool = False
) -> Diagnosis:
    return Diagnosis(
        findings_of(evidence), _missing(evidence, source, known_y), evidence.seen, prefix
    )


def _missing(evidence: Evidence, source: str, known_y: bool) -> tuple[str, ...]:
    """What the evidence cannot tell, and how to get it."""
    if evidence.curves and len(evidence.gone) == len(evidence.curves):
        return ()  # a network that diverged has no other fault
    fixes: dict[str, list[str]] = {}
    if not evidence.curves:
        fixes.setdefault(_WAYS[source]["curves"], []).append("curves")
    for what, known in (("training", evidence.knows_training), ("gap", evidence.knows_gap)):
        if not known:
            fixes.setdefault(_fix(evidence, what, source, known_y), []).append(what)
    return tuple(
        f"Whether {' and whether '.join(_LABELS[what] for what in whats)}: {fix}."
        for fix, whats in fixes.items()
    )


def _fix(evidence: Evidence, what: str, source: str, known_y: bool) -> str:
    scores = evidence.scores
    if scores is not None and not scores.train:
        return _WAYS[source][what]
    if scores is not None:
        return _NAMED if scores.perfect is None else _BASELINE
    if what == "gap" and "val_loss" not in evidence.seen:
        return _WAYS[source][what]
    return (
        "diagnose what cross_validate gives with return_train_score=True" if known_y else _BASELINE
    )


def _search_in(estimator: Any) -> BaseSearchCV | None:
    if isinstance(estimator, Pipeline):
        return _search_in(estimator.steps[-1][1])
    return estimator if isinstance(estimator, BaseSearchCV) else None


def _no_network(estimator: Any) -> Exception:
    """The error for something without a trained network in it."""
    name = type(estimator).__name__
    if networks_by_parameters(estimator):
        return NotFittedError(
            f"Got a {name} that is not fitted, expected one with the curves of its training: call fit first."
        )
    return TypeError(
        f"Got {name} without a network of skdl in it, expected a fitted MLPClassifier, MLPRegressor, "
        "KerasClassifier or KerasRegressor, a Pipeline that ends in one, a search over one, what "
        "cross_validate returned for one, or a DivergedError: pass one of these."
    )
