"""
Training curves and early stopping
==================================

A network is trained on real handwritten digits until the loss on rows that were held back has not fallen for
five epochs. The curves of every fit of a search are kept as well, and drawn without a second run.
"""

import joblib
import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skdl

X, y = load_digits(return_X_y=True)
X, y = X[:1000], y[:1000]
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)

network = make_pipeline(
    StandardScaler(),
    skdl.MLPClassifier(
        units=64,
        dropout=0.2,
        learning_rate=0.003,
        metrics=["accuracy"],
        epochs=40,
        early_stopping=True,
        patience=5,
        random_state=0,
    ),
)
network.fit(X_train, y_train)
print(f"{network[-1].n_epochs_} epochs, held-out accuracy {network.score(X_test, y_test):.3f}")

# %%
# The weights that were kept are those of the best epoch: the one with the lowest validation loss.

skdl.TrainingCurvesDisplay.from_estimator(network)
plt.show()

# %%
# Of a search under the backend "skdl", each split of the best candidate is a thin line, with their mean over
# it. The splits stop at different epochs: from there on the mean is thinner, and that of the others.

rates = {"mlpclassifier__learning_rate": [0.0005, 0.003, 0.02]}
search = GridSearchCV(network, rates, cv=4)
with joblib.parallel_config("skdl"):
    search.fit(X_train, y_train)

skdl.TrainingCurvesDisplay.from_search(search)
plt.show()

# %%
# Several candidates beside each other, by their loss: with a rate that is too low it is still falling after
# all epochs, with one that is too high it is rough.

skdl.TrainingCurvesDisplay.from_search(search, candidates=[0, 1, 2], curves="loss")
plt.show()

# %%
# The curves as a table. Saved, and passed as `histories`, they are drawn in another session too.

print(skdl.training_histories(search).head(3).to_string())
