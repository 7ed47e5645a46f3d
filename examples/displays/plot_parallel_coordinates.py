"""
All candidates as lines
=======================

Which combinations are good? A line for each candidate, over an axis for each hyperparameter, lets the eye
follow the good ones from one to the next.
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
        "mlpclassifier__learning_rate_schedule": ["cosine", "one_cycle"],
        "mlpclassifier__units": [16, 64],
        "mlpclassifier__dropout": uniform(0.01, 0.6),
        "mlpclassifier__learning_rate": loguniform(1e-4, 0.3),
    },
    n_iter=40,
    cv=3,
    random_state=1,
)
with joblib.parallel_config("skdl"):
    search.fit(X, y)

# %%
# Yellow lines are the good candidates and lie over the others, the thick one is the best. They come from all
# over the other axes and pass one part of the learning rates: that is what decides. Candidates of one
# category stand beside each other in its strip.

skdl.ParallelCoordinatesDisplay.from_search(search)
plt.show()
