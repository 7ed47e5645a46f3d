"""Run by hand or by `make smoke`: the installed package does its main job. Needs no test extra."""

from __future__ import annotations

import pickle
import tempfile
from pathlib import Path

import joblib
import keras
import sklearn
from sklearn.base import is_classifier
from sklearn.datasets import load_diabetes, load_iris
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skopt import BayesSearchCV

import skdl
from skdl.recording.histories import record_of


def build(meta, units=8):
    return keras.Sequential(
        [
            keras.Input((meta["n_features_in_"],)),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dense(meta["n_classes_"], activation="softmax"),
        ]
    )


def main() -> None:
    X, y = load_iris(return_X_y=True)
    network = make_pipeline(StandardScaler(), skdl.MLPClassifier(epochs=20, random_state=0))
    grid = {"mlpclassifier__learning_rate": [1e-4, 1e-2]}
    search = GridSearchCV(network, grid, cv=3, n_jobs=2).fit(X, y)
    assert search.best_params_ == {"mlpclassifier__learning_rate": 1e-2}, search.best_params_
    assert search.best_score_ > 0.9, search.best_score_
    alone = GridSearchCV(network, grid, cv=3).fit(X, y)
    assert (alone.cv_results_["mean_test_score"] == search.cv_results_["mean_test_score"]).all()

    own = skdl.KerasClassifier(
        build, optimizer="adam", optimizer__learning_rate=0.01, random_state=0
    )
    assert is_classifier(own)
    assert own.get_params()["model__units"] == 8
    random = RandomizedSearchCV(
        own, {"units": [4, 8], "epochs": [1, 2]}, n_iter=2, cv=3, random_state=0
    )
    assert random.fit(X, y).best_estimator_.model_.count_params() > 0

    bayes = BayesSearchCV(
        own, {"optimizer__learning_rate": (1e-3, 1e-1, "log-uniform")}, n_iter=2, cv=3
    )
    assert 0 <= bayes.fit(X, y).best_score_ <= 1
    best = pickle.loads(pickle.dumps(bayes.best_estimator_))
    assert (best.predict_proba(X) == bayes.best_estimator_.predict_proba(X)).all()

    check_records(network, grid, X, y)
    with tempfile.TemporaryDirectory() as folder:
        # From templates that the wheel has to bring along.
        page = (
            skdl.TuningReport(search, X, y).to_html(Path(folder, "report.html")).read_text("utf-8")
        )
    assert f"{search.best_score_:.3f}" in page, page[:2000]
    assert page.rstrip().endswith("</html>"), page[-200:]

    X, y = load_diabetes(return_X_y=True)
    regressor = make_pipeline(StandardScaler(), skdl.MLPRegressor(epochs=20, random_state=0))
    assert cross_val_score(regressor, X, y, cv=3).min() > 0.2
    print(f"smoke test passed: scikit-learn {sklearn.__version__}, joblib {joblib.__version__}")


def check_records(network, grid, X, y) -> None:
    """What the backend has kept of searches is found, by the private names of this scikit-learn."""
    searches = [
        GridSearchCV(network, grid, cv=3, refit=False),
        HalvingGridSearchCV(network, grid, cv=3, refit=False, random_state=0),
        BayesSearchCV(
            network,
            {"mlpclassifier__learning_rate": (1e-3, 1e-1, "log-uniform")},
            n_iter=2,
            cv=3,
            refit=False,
        ),
    ]
    for search in searches:
        with joblib.parallel_config("skdl"):
            search.fit(X, y)
        results = search.cv_results_
        for (candidate, split), task in record_of(search).tasks.items():
            assert task.parameters == results["params"][candidate]
            assert task.test_scores == results[f"split{split}_test_score"][candidate]
            assert [len(fit.history["loss"]) for fit in task.fits] == [20]
    with joblib.parallel_config("skdl"):
        result = cross_validate(network, X, y, cv=3)
    assert [task.test_scores for task in record_of(result).tasks.values()] == list(
        result["test_score"]
    )


if __name__ == "__main__":
    main()
