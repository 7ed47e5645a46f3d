"""
Schedules of the learning rate
==============================

A schedule is a hyperparameter like any other: `learning_rate_schedule` names it, `warmup` says how long the
rate rises before, and a search over them compiles no more than a search over learning rates.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skdl.engine
from skdl import MLPClassifier

X, y = load_digits(return_X_y=True)
X = StandardScaler().fit_transform(X)

# %%
# The rate at the end of each epoch is in `history_`, beside the loss.

names = ["constant", "step", "exponential", "polynomial", "cosine", "cosine_restarts", "one_cycle"]
figure, axes = plt.subplots(2, 4, figsize=(10, 4), sharex=True, sharey=True, layout="constrained")
for ax, name in zip(axes.flat, names, strict=False):
    for warmup, style in ((None, "-"), (0.1, "--")):
        network = MLPClassifier(
            units=16,
            learning_rate=0.01,
            learning_rate_schedule=name,
            warmup=warmup,
            epochs=50,
            random_state=0,
        )
        network.fit(X[:200], y[:200])
        rates = network.history_.get("learning_rate", np.full(50, 0.01))
        ax.plot(np.arange(1, 51), rates, style, label=f"warmup={warmup}")
    ax.set_title(name, fontsize="medium")
axes[0, 0].legend(fontsize="small")
axes.flat[-1].set_axis_off()
for ax in axes.flat[3:7]:
    ax.set_xlabel("epoch")
    ax.xaxis.set_tick_params(labelbottom=True)
for ax in axes[:, 0]:
    ax.set_ylabel("learning rate")
plt.show()

# %%
# Which one suits is found by a search. One program trains all of its candidates, and another one predicts;
# those that this process has had before are not compiled again.

before = skdl.engine.stats()
search = GridSearchCV(
    make_pipeline(StandardScaler(), MLPClassifier(units=64, epochs=20, random_state=0)),
    {
        "mlpclassifier__learning_rate": [0.003, 0.01, 0.03],
        "mlpclassifier__learning_rate_schedule": ["step", "cosine", "one_cycle"],
    },
    cv=3,
).fit(X, y)
after = skdl.engine.stats()
print(search.best_params_, f"{search.best_score_:.3f}")
print(after.fits - before.fits, "fits, programs compiled:", after.programs - before.programs)
