"""scikit-learn's callbacks (1.9 and later): each epoch is a task of the fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn 1.8 has no callbacks: estimators have no `set_callbacks` there

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in where scikit-learn has no callbacks."""

    def with_callbacks(method: Callable[..., Any]) -> Callable[..., Any]:
        """The method as it is."""
        return method


if TYPE_CHECKING:
    from sklearn.callback import CallbackContext

    from skdl.engine.network.state import NetworkState

__all__ = [
    "CallbackSupportMixin",
    "EpochReporter",
    "start_reporting",
    "with_callbacks",
    "without_callbacks",
]


class EpochReporter:
    """Tells the callbacks of an estimator's fit of each epoch.

    Parameters
    ----------
    estimator : estimator
    root : CallbackContext
        The context of the whole fit.
    X, y : array-like
        The training data, which scoring callbacks ask for.
    fitted : callable
        Gives the attributes that make a copy of the estimator ready to predict, from a state of its
        network.
    """

    def __init__(
        self,
        estimator: Any,
        root: CallbackContext,
        X: Any,
        y: Any,
        fitted: Callable[[NetworkState], dict[str, Any]],
    ):
        self._estimator = estimator
        self._root = root
        self._X = X
        self._y = y
        self._fitted = fitted

    def on_fit_begin(self) -> None:
        """Tell the callbacks that the fit begins."""
        self._root.call_on_fit_task_begin(estimator=self._estimator, X=self._X, y=self._y)

    def on_fit_end(self, state: NetworkState) -> None:
        """Tell the callbacks that the fit is over, with the estimator as it then is."""
        self._root.call_on_fit_task_end(
            estimator=self._estimator,
            X=self._X,
            y=self._y,
            reconstruction_attributes=lambda: self._fitted(state),
        )

    def on_epoch_begin(self, epoch: int) -> None:
        """Tell the callbacks that an epoch begins."""
        self._task = self._root.subcontext(task_name="epoch")
        self._task.call_on_fit_task_begin(estimator=self._estimator, X=self._X, y=self._y)

    def on_epoch_end(self, epoch: int, state: Callable[[], NetworkState]) -> bool:
        """Tell the callbacks that an epoch is over; whether one of them wants the fit to end."""
        return bool(
            self._task.call_on_fit_task_end(
                estimator=self._estimator,
                X=self._X,
                y=self._y,
                reconstruction_attributes=lambda: self._fitted(state()),
            )
        )


def start_reporting(
    estimator: Any, epochs: int, X: Any, y: Any, fitted: Callable[[NetworkState], dict[str, Any]]
) -> EpochReporter | None:
    """The reporter of a fit of `epochs` epochs, or None where nobody listens."""
    if not hasattr(estimator, "set_callbacks"):
        return None
    root = estimator._init_callback_context(max_subtasks=epochs)
    if not getattr(estimator, "_skl_callbacks", None):
        return None
    return EpochReporter(estimator, root, X, y, fitted)


def without_callbacks(estimator: Any) -> Any:
    """`estimator` itself, nobody listening to its fits; a clone comes with the callbacks of the original."""
    if hasattr(estimator, "set_callbacks"):
        estimator.set_callbacks()
    return estimator
