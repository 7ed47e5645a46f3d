"""From a `FitJob` to a `FitResult`. Knows Keras, knows nothing of scikit-learn."""

from skdl.engine.ledger import Stats
from skdl.engine.program_cache import stats

__all__ = ["Stats", "stats"]
