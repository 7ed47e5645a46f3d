"""
Finding a learning rate
=======================

The learning rate is the first hyperparameter to set, and a range test finds it in seconds: a hundred steps of
training, each at a higher rate, show from which rate on the loss falls and where it explodes.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skdl

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)

network = make_pipeline(StandardScaler(), skdl.MLPClassifier(epochs=10, random_state=0))
test = skdl.lr_range_test(network, X_train, y_train)
print(test)

# %%
# The loss stays where it is while rates are too low to matter, falls, and comes back up where they are too
# high. The suggestion is where it has done four fifths of its fall, well to the left of the minimum: a rate
# at which the loss only just does not rise is too high for a whole fit.

test.plot()
plt.show()

# %%
# Ten epochs at the suggestion, beside rates that are thirty times lower and higher, with the accuracy on
# held-out rows.

figure, ax = plt.subplots(layout="constrained")
colours = {1 / 30: "#0072B2", 1: "#D55E00", 30: "#009E73"}
for factor, colour in colours.items():
    rate = factor * test.suggestion_
    network.set_params(mlpclassifier__learning_rate=rate).fit(X_train, y_train)
    accuracy = network.score(X_test, y_test)
    print(f"learning rate {rate:.2g}: held-out accuracy {accuracy:.3f}")
    loss = network[-1].history_["loss"]
    ax.plot(np.arange(1, 11), loss, color=colour, marker="o")
    label = f"rate {rate:.2g}\naccuracy {accuracy:.3f}"
    ax.text(10.3, loss[-1], label, color=colour, verticalalignment="center")
ax.set(xlabel="epoch", ylabel="training loss", yscale="log", xticks=np.arange(1, 11))
ax.spines[["right", "top"]].set_visible(False)
plt.show()
