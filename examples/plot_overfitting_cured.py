"""
Overfitting cured step by step
==============================

A network that is far too large for its data is diagnosed with `diagnose`, and changed as it is advised: one
change at a time, judged by the same five folds. Some changes help a lot, and some hardly at all.

The data are 442 patients with ten measurements each, and how far their diabetes had gone a year later.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdl import MLPRegressor, diagnose

X, y = load_diabetes(return_X_y=True)
# Networks learn numbers of scale one, and a loss of 1 is that of their mean.
y = (y - y.mean()) / y.std()
folds = KFold(5, shuffle=True, random_state=0)


def judge(**params):
    """Scores, fitted networks and diagnosis of a network over the folds."""
    network = MLPRegressor(validation_split=0.2, random_state=0, **params)
    result = cross_validate(
        make_pipeline(StandardScaler(), network),
        X,
        y,
        cv=folds,
        return_train_score=True,
        return_estimator=True,
    )
    return result, diagnose(result, X, y)


# %%
# Two layers of 256 units have 68,865 weights for 442 rows. The diagnosis says what such a network does, by
# which numbers, and what to change first.

params = {"n_layers": 2, "units": 256, "epochs": 100}
result, diagnosis = judge(**params)
print(diagnosis)

# %%
# The first of the advice in its order, each change on top of those before.

changes = [{"early_stopping": True}, {"dropout": 0.5}, {"weight_decay": 0.1}]
steps = [("2 layers of 256", result, diagnosis)]
for change in changes:
    params.update(change)
    name, value = next(iter(change.items()))
    steps.append((f"{name}={value}", *judge(**params)))


def tell(label, result, diagnosis=None, before=None):
    """One line on a step, with its gain over the step before, fold by fold."""
    line = f"{label:21}training {result['train_score'].mean():.2f}  others {result['test_score'].mean():.2f}"
    if before is not None:
        gains = result["test_score"] - before["test_score"]
        error = gains.std(ddof=1) / np.sqrt(len(gains))
        line += f"  gain {gains.mean():+.3f} +- {error:.3f}"
    if diagnosis is not None:
        line += "  " + (", ".join(fault.value for fault in diagnosis.faults) or "healthy")
    print(line)


print("R2 on rows of training and on others")
for i, (label, result, diagnosis) in enumerate(steps):
    tell(label, result, diagnosis, steps[i - 1][1] if i else None)
linear = cross_validate(
    make_pipeline(StandardScaler(), RidgeCV(np.logspace(-3, 3, 20))),
    X,
    y,
    cv=folds,
    return_train_score=True,
)
tell("ridge regression", linear)

# %%
# Early stopping cured it: from then on the network is called healthy, and it brought more than ten times as
# much as any other change. Dropout and weight decay brought less than a hundredth each, hardly more than
# their errors. The network ends as good as a linear model, and no better: this is all that these ten
# measurements tell.
#
# The curves of the five fits of each step show why. Without early stopping the validation loss is lowest
# after a few epochs and rises from there, in some folds beyond that of always predicting the mean, while the
# training loss goes to zero. With dropout the training loss is the higher one at first. That is no fault:
# units are dropped in training alone.

figure, axes = plt.subplots(
    2, 2, figsize=(6.4, 5.2), sharex=True, sharey=True, layout="constrained"
)
for i, (ax, (label, result, diagnosis)) in enumerate(zip(axes.flat, steps, strict=True)):
    for pipeline in result["estimator"]:
        network = pipeline[-1]
        epochs = np.arange(1, network.n_epochs_ + 1)
        ax.plot(epochs, network.history_["loss"], color="C0", linewidth=0.8, alpha=0.5)
        ax.plot(epochs, network.history_["val_loss"], color="C1", linewidth=0.8, alpha=0.5)
        kept = network.best_epoch_ if network.early_stopping else network.n_epochs_ - 1
        ax.plot(kept + 1, network.history_["val_loss"][kept], ".", color="black", zorder=3)
    ax.axhline(1.0, color="gray", linestyle=":", linewidth=1)
    ax.set_title(
        f"{'+ ' if i else ''}{label}\nR2 {result['test_score'].mean():.2f}, "
        f"{', '.join(fault.value for fault in diagnosis.faults) or 'healthy'}",
        fontsize="medium",
    )
axes[0, 0].set(xscale="log", ylim=(0, 1.3), xticks=[1, 10, 100], xticklabels=["1", "10", "100"])
for ax in axes[:, 0]:
    ax.set_ylabel("loss")
for ax in axes[1]:
    ax.set_xlabel("epoch")
lines = [
    plt.Line2D([], [], color="C0", label="training"),
    plt.Line2D([], [], color="C1", label="validation"),
    plt.Line2D([], [], color="black", marker=".", linestyle="", label="weights kept"),
    plt.Line2D([], [], color="gray", linestyle=":", label="always the mean"),
]
figure.legend(handles=lines, loc="outside lower center", ncols=4, frameon=False)
plt.show()
