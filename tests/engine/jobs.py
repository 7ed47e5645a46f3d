"""Small jobs that the tests of engines share."""

from __future__ import annotations

import keras
import numpy as np
from sklearn.datasets import load_iris

from skdl.engine.job import FitJob
from skdl.engine.network.network import Network
from skdl.engine.rows.arrays import Samples

X, Y = load_iris(return_X_y=True)
X, Y = X[::3].astype(np.float32), Y[::3].astype(np.int32)


def network(optimizer="adam", **settings):
    """A compiled network that begins with the same weights each time."""
    made = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(
                6, activation="tanh", kernel_initializer=keras.initializers.HeNormal(1)
            ),
            keras.layers.Dense(
                3, activation="softmax", kernel_initializer=keras.initializers.HeNormal(2)
            ),
        ]
    )
    made.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], **settings)
    return made


def job(build=network, start=None, **changes):
    """A job of the network that `build` gives."""
    made = build if isinstance(build, Network) else Network(build)
    settings = {
        "training": Samples(X, Y),
        "validation": None,
        "epochs": 2,
        "batch_size": 16,
        "validation_batch_size": 16,
        "seed": 3,
    }
    return FitJob(made, start or made.initial_state(1), **{**settings, **changes})
