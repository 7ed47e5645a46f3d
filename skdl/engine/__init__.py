"""From a `FitJob` to a `FitResult`. Knows Keras, knows nothing of scikit-learn."""

from skdl.engine.programs import Stats, stats

__all__ = ["Stats", "stats"]
