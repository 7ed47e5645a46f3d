"""
Underfitting and overfitting of all candidates
==============================================

A search that keeps training scores shows which of its candidates are too weak and which know their training
rows too well: one that is low on both axes underfits, one far below the diagonal overfits.
"""

import joblib
import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skdl

X, y = load_digits(return_X_y=True)
X, y = X[:300], y[:300]

network = make_pipeline(StandardScaler(), skdl.MLPClassifier(epochs=15, random_state=0))
search = GridSearchCV(
    network,
    {
        "mlpclassifier__units": [2, 8, 32],
        "mlpclassifier__learning_rate": [0.001, 0.003, 0.03],
        "mlpclassifier__dropout": [0.1, 0.5],
    },
    cv=3,
    return_train_score=True,
)
with joblib.parallel_config("skdl"):
    search.fit(X, y)

# %%
# The borders are the thresholds of :func:`~skdl.diagnose`: a classifier that goes less than half of the way
# from chance to all right on its training rows underfits, and one that loses more than a tenth of it on other
# rows, and more than the folds scatter, overfits. One that does both, a
# triangle in the region at the left, is said to overfit.

display = skdl.TrainTestGapDisplay.from_search(search)
print(display.summary_)
plt.show()

# %%
# The three with the largest gaps as a table, and what there is to say of the best candidate.

overfitting = display.frame().query("fault == 'overfitting'").sort_values("gap")
print(overfitting.tail(3).to_string())
print(skdl.diagnose(search))
