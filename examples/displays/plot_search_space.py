"""
The score by each hyperparameter
================================

A search over four hyperparameters has tried points of a space that nobody can see at once. One panel for each
of them shows which values the good candidates have, and where the range of the search ends too early.
"""

import joblib
import matplotlib.pyplot as plt
from scipy.stats import loguniform, uniform
from sklearn.datasets import load_digits
from sklearn.model_selection import RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skdl

X, y = load_digits(return_X_y=True)
X, y = X[:300], y[:300]

network = make_pipeline(StandardScaler(), skdl.MLPClassifier(epochs=5, random_state=0))
search = RandomizedSearchCV(
    network,
    {
        "mlpclassifier__learning_rate": loguniform(1e-4, 0.3),
        "mlpclassifier__units": [16, 32, 64],
        "mlpclassifier__dropout": uniform(0.01, 0.6),
        "mlpclassifier__learning_rate_schedule": ["cosine", "one_cycle"],
    },
    n_iter=30,
    cv=3,
    random_state=0,
)
with joblib.parallel_config("skdl"):
    search.fit(X, y)
print(f"best accuracy: {search.best_score_:.3f}")

# %%
# Each candidate is a point in every panel, at the mean of its three folds; the grey bars are their standard
# deviation. Rates from 0.01 to 0.1 learn within five epochs, lower ones are not done by then, and the
# highest do worse again. The axis of the rate is logarithmic since its values are spread by factors. Against
# the rate everything else is small. The short lines are means over the candidates of a value: those of the
# schedules differ by far less than the candidates of one schedule do.

display = skdl.SearchSpaceDisplay.from_search(search)
plt.show()

# %%
# The numbers of the picture are a table.

print(display.frame().sort_values("mean_score", ascending=False).head(4).to_string(index=False))
