"""
How soon searches find a good candidate
=======================================

A grid and a random search over the same hyperparameters, by the best score that each had found after so many
trials and so many seconds.
"""

import joblib
import matplotlib.pyplot as plt
from scipy.stats import loguniform, randint
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV

import skdl

X, y = load_digits(return_X_y=True)
X, y = X[:600] / 16, y[:600]

network = skdl.MLPClassifier(epochs=8, random_state=0)
grid = {"units": [8, 16, 32, 64], "learning_rate": [0.0003, 0.001, 0.003, 0.01, 0.03]}
space = {"units": randint(8, 65), "learning_rate": loguniform(0.0003, 0.03)}
searches = {
    "grid": GridSearchCV(network, grid, cv=3),
    "random": RandomizedSearchCV(network, space, n_iter=20, cv=3, random_state=0),
}
with joblib.parallel_config("skdl"):
    for search in searches.values():
        search.fit(X, y)

# %%
# Each point is a trial, the line the best so far, and the square where a search ended. Trials far below the
# others are triangles at the bottom. The seconds are those that passed since each search began, which the
# backend has noted; of a search that ran elsewhere they are those that its fits took. The first trials of the
# grid end late, since their programs had to be compiled.

display = skdl.ConvergenceDisplay.from_search(searches)
plt.show()

# %%
# The last row of each search, as numbers.

print(display.frame().groupby("search").tail(1).round(3).to_string(index=False))
