"""
Which hyperparameters mattered
==============================

After a search it is tempting to rank its hyperparameters. With a handful of candidates such a ranking is
mostly noise, however sure its bars look. This display says so, and ranks only where there is something to
rank.
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

network = make_pipeline(
    StandardScaler(), skdl.MLPClassifier(optimizer="adamw", epochs=5, random_state=0)
)
space = {
    "mlpclassifier__learning_rate": loguniform(1e-4, 0.3),
    "mlpclassifier__units": [16, 64],
    "mlpclassifier__dropout": uniform(0.01, 0.6),
    "mlpclassifier__weight_decay": loguniform(1e-4, 0.1),
}
search = RandomizedSearchCV(network, space, n_iter=30, cv=3, random_state=0)
with joblib.parallel_config("skdl"):
    search.fit(X, y)

# %%
# A random forest learns to predict the accuracy of candidates that it has not seen. The bars are by how
# much worse it does without knowing a hyperparameter, the black lines are intervals of 95 %. The dashed line
# is what chance alone would reach: it comes from the same forest on shuffled scores. Only what is beyond it
# is blue.

display = skdl.ImportanceDisplay.from_search(search)
print(display)
plt.show()

# %%
# The first six candidates of the same search, as columns. There would be bars to draw from them as well, but
# a forest does no better on them than on the same scores in another order.

first = {name: column[:6] for name, column in search.cv_results_.items()}
display = skdl.ImportanceDisplay.from_cv_results(first)
plt.show()
