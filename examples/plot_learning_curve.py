"""
Learning curves and early stopping
==================================

A network is trained on real handwritten digits until the loss on rows that were held back has not
fallen for five epochs. Its curves are in `history_`, one value an epoch.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdl import MLPClassifier

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)

network = make_pipeline(
    StandardScaler(),
    MLPClassifier(
        units=64,
        dropout=0.2,
        learning_rate=0.003,
        epochs=40,
        early_stopping=True,
        patience=5,
        random_state=0,
    ),
)
network.fit(X_train, y_train)
mlp = network[-1]
print(f"{mlp.n_epochs_} epochs, held-out accuracy {network.score(X_test, y_test):.3f}")

# %%
# The weights that were kept are those of the epoch with the lowest validation loss.

best = min(range(mlp.n_epochs_), key=mlp.history_["val_loss"].__getitem__)

figure, ax = plt.subplots(layout="constrained")
epochs = range(1, mlp.n_epochs_ + 1)
ax.plot(epochs, mlp.history_["loss"], label="training")
ax.plot(epochs, mlp.history_["val_loss"], label="validation")
ax.axvline(best + 1, color="gray", linestyle=":", label="weights kept")
ax.set(xlabel="epoch", ylabel="loss", yscale="log")
ax.legend()
plt.show()
