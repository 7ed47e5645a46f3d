"""scikeras's conventions, by its own functions.

This is the one file that touches scikeras. Taken from it: the routing of parameters such as
``optimizer__learning_rate``, the target encoder of regressors, and what a subclass may override. The rest
is skdl's.

The functions are taken and the base class is not: scikeras's ``BaseWrapper`` defines ``_more_tags``, and
scikit-learn's ``check_estimator`` refuses every class that has one such among its bases.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

from skdl.common.keras_import import load_keras
from skdl.common.parameter_checks import plain
from skdl.wrappers.base import KerasWrapper


def _import_scikeras() -> tuple[Any, Any]:
    """Import scikeras's base wrapper and encoder of numbers without what it replaces in Keras.

    A process that imported scikeras before us keeps Keras as it found it.
    """
    keras = load_keras()
    patched = [
        (keras.Model, "__reduce__"),
        (keras.Model, "__deepcopy__"),
        (keras.Loss, "__reduce__"),
        (keras.Metric, "__reduce__"),
        (keras.Optimizer, "__reduce__"),
    ]
    fresh = "scikeras" not in sys.modules
    before = [(owner, name, vars(owner).get(name)) for owner, name in patched]
    from scikeras.utils import transformers
    from scikeras.wrappers import BaseWrapper

    if fresh:
        for owner, name, method in before:
            if method is None:
                delattr(owner, name)
            else:
                setattr(owner, name, method)
    return BaseWrapper, transformers.RegressorTargetEncoder


BaseWrapper, RegressorTargetEncoder = _import_scikeras()


class ScikerasConventions(KerasWrapper):
    """scikeras's own functions: routed parameters to optimizers, losses, metrics and callbacks."""

    @property
    def __name__(self) -> str:
        return type(self).__name__  # type: ignore[return-value]  # of a class it is a text

    def _settings(self) -> dict[str, Any]:
        """All parameters, with Python's numbers for what is routed to objects of Keras's."""
        params = self._all_params()
        return {name: plain(v) if "__" in name else v for name, v in params.items()}

    def _routed_callbacks(self, method: str) -> Any:
        """The callbacks of parameters for "fit" or "predict", classes made instances."""
        # scikeras keeps them on the estimator, where two threads that predict would meet.
        made = SimpleNamespace(get_params=self._settings)
        BaseWrapper._initialize_callbacks(made)
        return getattr(made, f"_{method}_callbacks")

    def _get_compile_kwargs(self, optimizer: Any, loss: Any) -> dict[str, Any]:
        """Arguments of `compile` with routed parameters applied; both stand in for the parameters."""
        params = {**self._settings(), "optimizer": optimizer, "loss": loss}
        asked = SimpleNamespace(
            get_params=lambda: params, _compile_kwargs=BaseWrapper._compile_kwargs
        )
        return BaseWrapper._get_compile_kwargs(asked)
