"""
Is the best candidate better than the next?
===========================================

A search ranks its candidates by mean scores that hang on the folds. Beside the scores of each fold, this
picture shows the difference of each candidate to the best one, with an interval that says how far it can be
trusted.
"""

import joblib
import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skdl

X, y = load_digits(return_X_y=True)
X, y = X[:600], y[:600]

network = make_pipeline(StandardScaler(), skdl.MLPClassifier(epochs=10, random_state=0))
grid = {
    "mlpclassifier__units": [16, 64],
    "mlpclassifier__learning_rate": [0.001, 0.003, 0.01],
}
search = GridSearchCV(network, grid, cv=10)
with joblib.parallel_config("skdl"):
    search.fit(X, y)

# %%
# The folds of a cross-validation share most of their training rows, so that a plain t test finds differences
# where there are none. The intervals are corrected for that (Nadeau and Bengio, Inference for the
# generalization error, 2003), and hold all together.

display = skdl.CandidateComparisonDisplay.from_search(search, n_candidates=6)
print(display.summary_)
plt.show()

# %%
# An interval that holds the zero leaves the difference open. Of candidates that are not distinguishable, take
# the one that is cheaper, here one with 16 units.

columns = ["label", "mean_test_score", "difference", "low", "high"]
print(display.frame()[columns].round(3).to_string(index=False))
