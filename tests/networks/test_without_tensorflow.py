"""Ready networks that the native kernel takes never import Keras or TensorFlow."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import pickle
import sys

import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdl import MLPClassifier, MLPRegressor


def assert_free(after):
    found = [name for name in ("keras", "tensorflow") if name in sys.modules]
    assert not found, f"{found} imported after {after}"


X, y = load_iris(return_X_y=True)
clf = MLPClassifier(units=8, epochs=3, dropout=0.1, metrics=["accuracy"], random_state=0)
clf.fit(X, y)
assert_free("fit")
clf.predict(X), clf.predict_proba(X), clf.score(X, y)
assert_free("predict")
twin = pickle.loads(pickle.dumps(clf))
assert (twin.predict_proba(X) == clf.predict_proba(X)).all()
clone(clf).set_params(early_stopping=True, monitor="val_accuracy", patience=1).fit(X, y)
clf.partial_fit(X, y)
assert_free("another fit")
assert clf.explain_plan(X, y) == "Native kernel."
network = make_pipeline(StandardScaler(), MLPClassifier(epochs=2, random_state=0))
grid = {"mlpclassifier__units": [4, 8], "mlpclassifier__l2": [0.0, 0.01]}
search = GridSearchCV(network, grid, cv=2, n_jobs=JOBS).fit(X, y, mlpclassifier__sample_weight=y + 1)
search.predict(X)
X, y = load_diabetes(return_X_y=True)
cross_val_score(MLPRegressor(epochs=2, normalization="batch", random_state=0), X, y, cv=2)
assert_free("searches")
if JOBS != 1:
    from joblib import Parallel, delayed

    def names():
        import sys

        return [name for name in ("keras", "tensorflow") if name in sys.modules]

    assert not any(Parallel(n_jobs=JOBS)(delayed(names)() for _ in range(8)))
model = clf.model_
assert "tensorflow" in sys.modules
np.testing.assert_allclose(
    model.predict(load_iris().data, verbose=0), clf.predict_proba(load_iris().data), rtol=1e-4, atol=1e-6
)
print("done")
"""


@pytest.mark.processes
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_process_that_only_uses_ready_networks(jobs):
    command = [sys.executable, "-W", "error", "-c", PROGRAM.replace("JOBS", str(jobs))]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "done\n"
