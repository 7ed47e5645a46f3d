"""
Two hyperparameters together
============================

The best value of one hyperparameter can depend on another: a learning rate that suits one batch size is too
low for the next. A picture of both at once shows it, as a heat map where the search was a grid and as a
surface where it drew samples.
"""

import joblib
import matplotlib.pyplot as plt
from scipy.stats import loguniform, uniform
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skdl

X, y = load_digits(return_X_y=True)
X, y = X[:300], y[:300]

network = make_pipeline(
    StandardScaler(), skdl.MLPClassifier(optimizer="sgd", momentum=0.5, epochs=5, random_state=0)
)
grid = {
    "mlpclassifier__learning_rate": [0.003, 0.01, 0.03, 0.1, 0.3],
    "mlpclassifier__batch_size": [8, 32, 128],
}
search = GridSearchCV(network, grid, cv=3)
with joblib.parallel_config("skdl"):
    search.fit(X, y)

# %%
# Each column is the one before it, shifted: for the same accuracy after five epochs a batch that is four
# times as large wants a rate that is about three times as high. Neither hyperparameter alone shows that.

skdl.PairEffectDisplay.from_search(search)
plt.show()

# %%
# A random search has no cells. Its candidates are points, and the surface between them is interpolated on
# the axes' own scales; it ends where the candidates end.

samples = RandomizedSearchCV(
    network,
    {
        "mlpclassifier__learning_rate": loguniform(0.003, 1),
        "mlpclassifier__momentum": uniform(0.05, 0.9),
    },
    n_iter=25,
    cv=3,
    random_state=0,
)
with joblib.parallel_config("skdl"):
    samples.fit(X, y)
skdl.PairEffectDisplay.from_search(samples)
plt.show()
