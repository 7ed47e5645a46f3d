"""Keras networks as scikit-learn estimators whose hyperparameters live in ``get_params``.

Importing this package imports neither TensorFlow nor scikit-learn: a public name is loaded when it is
first used, TensorFlow when an estimator first needs it. joblib learns of the parallel backend "skdl".
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import joblib

if TYPE_CHECKING:
    from skdl import diagnosis, engine, exceptions
    from skdl.common.versions import show_versions
    from skdl.diagnosis.diagnose import diagnose
    from skdl.displays.candidate_comparison import CandidateComparisonDisplay
    from skdl.displays.convergence import ConvergenceDisplay
    from skdl.displays.importance import ImportanceDisplay
    from skdl.displays.pair_effect import PairEffectDisplay
    from skdl.displays.parallel_coordinates import ParallelCoordinatesDisplay
    from skdl.displays.search_space import SearchSpaceDisplay
    from skdl.displays.train_test_gap import TrainTestGapDisplay
    from skdl.displays.training_curves import TrainingCurvesDisplay
    from skdl.engine.job import StopReason
    from skdl.lr_range.run import LRRangeTest, lr_range_test
    from skdl.networks import MLPClassifier, MLPRegressor
    from skdl.recording.histories import training_histories
    from skdl.report.tuning_report import TuningReport
    from skdl.wrappers.keras_estimators import KerasClassifier, KerasRegressor

__version__ = "0.1.0"

_HOMES = {
    "CandidateComparisonDisplay": "skdl.displays.candidate_comparison",
    "ConvergenceDisplay": "skdl.displays.convergence",
    "ImportanceDisplay": "skdl.displays.importance",
    "KerasClassifier": "skdl.wrappers.keras_estimators",
    "KerasRegressor": "skdl.wrappers.keras_estimators",
    "LRRangeTest": "skdl.lr_range.run",
    "MLPClassifier": "skdl.networks",
    "MLPRegressor": "skdl.networks",
    "PairEffectDisplay": "skdl.displays.pair_effect",
    "ParallelCoordinatesDisplay": "skdl.displays.parallel_coordinates",
    "SearchSpaceDisplay": "skdl.displays.search_space",
    "StopReason": "skdl.engine.job",
    "TrainingCurvesDisplay": "skdl.displays.training_curves",
    "TrainTestGapDisplay": "skdl.displays.train_test_gap",
    "TuningReport": "skdl.report.tuning_report",
    "diagnose": "skdl.diagnosis.diagnose",
    "lr_range_test": "skdl.lr_range.run",
    "show_versions": "skdl.common.versions",
    "training_histories": "skdl.recording.histories",
}

__all__ = [
    "CandidateComparisonDisplay",
    "ConvergenceDisplay",
    "ImportanceDisplay",
    "KerasClassifier",
    "KerasRegressor",
    "LRRangeTest",
    "MLPClassifier",
    "MLPRegressor",
    "PairEffectDisplay",
    "ParallelCoordinatesDisplay",
    "SearchSpaceDisplay",
    "StopReason",
    "TrainingCurvesDisplay",
    "TrainTestGapDisplay",
    "TuningReport",
    "diagnose",
    "diagnosis",
    "engine",
    "exceptions",
    "lr_range_test",
    "show_versions",
    "training_histories",
]


def _parallel_backend(**options: Any) -> Any:
    return import_module("skdl.parallel.backend").SkdlBackend(**options)


joblib.register_parallel_backend("skdl", _parallel_backend)


def __getattr__(name: str) -> Any:
    if name in ("diagnosis", "engine", "exceptions"):
        return import_module(f"skdl.{name}")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'skdl' has no attribute {name!r}")


def __dir__() -> list[str]:
    own = [name for name in globals() if name.startswith("__")]
    return sorted({*own, *__all__})
