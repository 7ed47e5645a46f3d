"""The learning-rate range test: one short run with growing rates, and the rate that it suggests."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline

from skdl.common.parameter_checks import Number, check_parameters
from skdl.estimators.base import NetworkEstimator
from skdl.estimators.input_checks import draw_seed
from skdl.estimators.sklearn_callbacks import without_callbacks
from skdl.exceptions import InvalidParameterError
from skdl.lr_range.curve import RULES as CURVE_RULES
from skdl.lr_range.curve import LRRangeTest

__all__ = ["LRRangeTest", "lr_range_test"]

# Below this a smoothed curve is its own beginning and end.
FEWEST_STEPS = 10
# Seeds of estimators are below this.
SEEDS = 2**32

RULES = {
    "min_lr": (Number(0, low_open=True),),
    "max_lr": (Number(0, low_open=True),),
    "n_steps": (Number(FEWEST_STEPS, integer=True),),
    "n_repeats": (Number(1, integer=True),),
    **CURVE_RULES,
}


def lr_range_test(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    min_lr: float = 1e-5,
    max_lr: float = 1.0,
    n_steps: int = 100,
    n_repeats: int = 3,
    smoothing: float = 0.8,
    stop_factor: float = 4.0,
    sample_weight: Any = None,
    random_state: Any = None,
) -> LRRangeTest:
    """Find a learning rate: train a few steps, each at a higher rate, and see how the loss falls.

    The rate grows from `min_lr` to `max_lr` by one factor a step [1]_. The loss stays where it begins while
    rates are too low to matter, falls where they are useful, and rises where they are too high. The test runs
    `n_repeats` times, from other initial weights and through other batches. The test
    takes little time if the native kernel trains the network. For other networks it first compiles a program,
    which later fits use.

    Parameters
    ----------
    estimator : estimator, Pipeline or TransformedTargetRegressor
        A network of skdl, or what ends in one: the steps before it are fitted once and transform the data.
        It is cloned, and trains as its own `fit` would, with its optimizer, `batch_size`, dropout and class
        weights; but its learning rate, its schedule, callbacks, validation and all that would stop it early
        have no part in it.
    X : {array-like, sparse matrix} of shape (n_samples, n_features, ...)
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
    min_lr, max_lr : float, default=1e-5 and 1.0
        The first and the last rate. SGD needs a higher `max_lr`, such as 10.
    n_steps : int, default=100
        Steps of each repeat; at least 10. The default has 20 for each factor of ten between the rates.
    n_repeats : int, default=3
        How often to run it, to tell a fall of the loss from the luck of a draw.
    smoothing : float in [0, 1), default=0.8
        What part of its weight the loss of a step keeps from one step to the next in a moving average. The
        default averages about nine steps; 0 does not smooth.
    stop_factor : float above 1, default=4.0
        A repeat has diverged once its loss is this many times what it was at the start. Its curve ends where
        it rose above the start for good.
    sample_weight : array-like of shape (n_samples,), optional
        Row weights, for the network alone.
    random_state : int, RandomState instance or None, default=None
        The seed of the first repeat; each further one has the next number. None takes the
        ``random_state`` of the network.

    Returns
    -------
    LRRangeTest
        The curve, its ``suggestion_``, and ``plot()``.

    Raises
    ------
    InvalidParameterError
        Before anything is trained: an argument is out of its range, the estimator has no network of skdl at
        its end, or its optimizer has a schedule of its own.

    Warns
    -----
    UserWarning
        The loss did not fall, or still falls at `max_lr`.

    See Also
    --------
    LRRangeTest : What comes out, and how the suggestion is made.

    References
    ----------
    .. [1] Smith, Cyclical learning rates for training neural networks, 2017.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> import skdl
    >>> X, y = load_digits(return_X_y=True)
    >>> network = make_pipeline(StandardScaler(), skdl.MLPClassifier(random_state=0))
    >>> test = skdl.lr_range_test(network, X, y)
    >>> bool(0.002 < test.suggestion_ < 0.02)
    True
    >>> network = network.set_params(mlpclassifier__learning_rate=test.suggestion_).fit(X, y)
    """
    path, network = _network_at_the_end(estimator)
    given = {
        "min_lr": min_lr,
        "max_lr": max_lr,
        "n_steps": n_steps,
        "n_repeats": n_repeats,
        "smoothing": smoothing,
        "stop_factor": stop_factor,
    }
    check_parameters("lr_range_test", given, RULES)
    if not min_lr < max_lr:
        raise InvalidParameterError(
            f"lr_range_test: min_lr={min_lr!r} is no beginning. Got max_lr={max_lr!r}, which is not above "
            "it; expected rates that grow: raise max_lr, or lower min_lr."
        )
    seed = draw_seed(
        "lr_range_test", network.random_state if random_state is None else random_state
    )
    if path:
        X, y = _as_the_network_gets_them(estimator, path, X, y)
    rates = np.geomspace(min_lr, max_lr, n_steps)
    losses = np.full((n_repeats, n_steps), np.nan)
    for repeat, row in enumerate(losses):
        twin = without_callbacks(clone(network)).set_params(random_state=(seed + repeat) % SEEDS)
        found = twin._losses_at(rates, X, y, sample_weight)
        row[: len(found)] = found
    test = LRRangeTest(
        learning_rates=rates, losses=losses, smoothing=smoothing, stop_factor=stop_factor
    )
    if test.advice_:
        trouble = "did not fall by more than its scatter"
        if np.isfinite(test.suggestion_):
            trouble = f"still falls at {max_lr:g}, and the suggestion may be too low"
        warnings.warn(
            f"lr_range_test went from {min_lr:g} to {max_lr:g}, where the loss {trouble}. Look at plot() and "
            f"{test.advice_}.",
            UserWarning,
            stacklevel=2,
        )
    return test


def _network_at_the_end(estimator: Any) -> tuple[list[str], NetworkEstimator]:
    """The network that `estimator` is or ends in, and the names of the parameters that lead to it."""
    path: list[str] = []
    inner = estimator
    while isinstance(inner, (Pipeline, TransformedTargetRegressor)):
        if isinstance(inner, Pipeline):
            name, inner = inner.steps[-1]
        else:
            name, inner = "regressor", inner.regressor
        path.append(name)
    if isinstance(inner, NetworkEstimator):
        return path, inner
    if isinstance(inner, type):
        got, fix = f"the class {inner.__name__}", f"pass an instance, {inner.__name__}()"
    else:
        got, fix = type(inner).__name__, "pass the network itself"
    if isinstance(inner, BaseSearchCV):
        fix = "pass its best_estimator_, or the estimator that it searches over"
    where = f" as {'__'.join(path)!r}" if path else ""
    raise InvalidParameterError(
        f"lr_range_test takes networks of skdl. Got {got}{where}, expected a KerasClassifier, "
        "KerasRegressor, MLPClassifier or MLPRegressor, or a Pipeline or TransformedTargetRegressor that "
        f"ends in one: {fix}."
    )


class _Taker(BaseEstimator):
    """Stands where the network does, and keeps what it would be trained on."""

    def fit(self, X: Any, y: Any) -> _Taker:
        self.taken_ = X, y
        return self

    def predict(self, X: Any) -> Any:
        """Be what scikit-learn takes for a regressor; nobody asks."""
        raise NotImplementedError


def _as_the_network_gets_them(
    estimator: Any, path: list[str], X: Any, y: Any
) -> tuple[np.ndarray, np.ndarray]:
    """`X` and `y` after all that a fit of `estimator` does before the network at the end of `path`."""
    fitted = without_callbacks(clone(estimator)).set_params(**{"__".join(path): _Taker()}).fit(X, y)
    while not isinstance(fitted, _Taker):
        fitted = fitted.steps[-1][1] if isinstance(fitted, Pipeline) else fitted.regressor_
    return fitted.taken_
