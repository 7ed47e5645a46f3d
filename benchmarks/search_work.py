"""What the sides of search_speed.py work on: data, networks, searches, single fits, processes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn import datasets
from sklearn.preprocessing import StandardScaler

# Data, float32 throughout.


def digits():
    X, y = datasets.load_digits(return_X_y=True)
    return X.astype(np.float32), y


def images():
    X, y = digits()
    return X.reshape(-1, 8, 8, 1) / 16, y


def sequences():
    X, y = digits()
    return X[:, :60].reshape(-1, 20, 3) / 16, y


def large_images():
    X, y = images()
    return X.repeat(4, axis=1).repeat(4, axis=2).repeat(3, axis=3), y


def many_features():
    X, y = large_images()
    return X[:, 2:30, 2:30, 0].reshape(-1, 784), y


def scaled(load):
    X, y = load(return_X_y=True)
    return StandardScaler().fit_transform(X).astype(np.float32), y


def scaled_digits():
    return scaled(datasets.load_digits)


def breast_cancer():
    return scaled(datasets.load_breast_cancer)


def iris():
    return scaled(datasets.load_iris)


def diabetes():
    X, y = scaled(datasets.load_diabetes)
    return X, ((y - y.mean()) / y.std()).astype(np.float32)


# Networks. Keras and torch are imported late: a side has one of them, and its import is not timed.


def classifier(meta, shape, *layers):
    import keras

    output = keras.layers.Dense(meta["n_classes_"], activation="softmax")
    return keras.Sequential([keras.Input(shape), *layers, output])


def plain(meta, *units):
    from keras.layers import Dense

    hidden = [Dense(n, activation="relu") for n in units or (64,)]
    return classifier(meta, (meta["n_features_in_"],), *hidden)


def wide(meta):
    return plain(meta, 2048, 2048)


def plain_regressor(meta):
    return one_layer_regressor(meta, 64)


def one_layer(meta, units, dropout):
    from keras.layers import Dense, Dropout

    shape = (meta["n_features_in_"],)
    return classifier(meta, shape, Dense(units, activation="relu"), Dropout(dropout))


def dropped(meta):
    return one_layer(meta, 64, 0.2)


def one_layer_regressor(meta, units, dropout=None):
    import keras
    from keras.layers import Dense, Dropout

    hidden = [Dense(units, activation="relu")]
    hidden += [] if dropout is None else [Dropout(dropout)]
    return keras.Sequential([keras.Input((meta["n_features_in_"],)), *hidden, Dense(1)])


def two_layers(meta, units_1, units_2, dropout_1, dropout_2):
    from keras.layers import Dense, Dropout

    first = Dense(units_1, activation="relu"), Dropout(dropout_1)
    second = Dense(units_2, activation="relu"), Dropout(dropout_2)
    return classifier(meta, (meta["n_features_in_"],), *first, *second)


def convolutions(meta, dropout, shape=(8, 8, 1)):
    from keras.layers import Conv2D, Dropout, Flatten, MaxPooling2D

    first = Conv2D(16, 3, padding="same", activation="relu"), MaxPooling2D()
    second = Conv2D(32, 3, padding="same", activation="relu"), Flatten(), Dropout(dropout)
    return classifier(meta, shape, *first, *second)


def large_convolutions(meta):
    return convolutions(meta, 0.0, (32, 32, 3))


def recurrent(meta, dropout):
    from keras.layers import LSTM, Dropout

    return classifier(meta, (20, 3), LSTM(16), Dropout(dropout))


def torch_network(units, dropout):
    from torch import nn

    return nn.Sequential(nn.Linear(64, units), nn.ReLU(), nn.Dropout(dropout), nn.Linear(units, 10))


@dataclass(frozen=True)
class Ready:
    """In the place of a build function: the network of an estimator that has one, without TensorFlow."""

    units: int  # of its one hidden layer


# Work.


@dataclass(frozen=True)
class Search:
    """A search over all of `grid`, or over `candidates` points drawn from it."""

    data: Callable
    build: Callable | Ready
    grid: dict[str, Any]
    folds: int
    epochs: int
    batch_size: int = 32
    candidates: int | None = None
    loss: str = "sparse_categorical_crossentropy"

    @property
    def steps(self):
        """What comes before the network: images and sequences are scaled already."""
        return [("scale", StandardScaler())] if self.data is digits else []

    def quick(self):
        smaller = replace(self, folds=2, epochs=2)
        if self.candidates is not None:
            return replace(smaller, candidates=min(2, self.candidates))
        first = next(iter(self.grid))
        fewer = {name: values[: 1 + (name == first)] for name, values in self.grid.items()}
        return replace(smaller, grid=fewer)


@dataclass(frozen=True)
class ControlledSearch(Search):
    """A search over how to train: each side has names and objects of its own for it."""

    learning_rate: float = 5e-3
    validation_split: float = 0.1

    @property
    def n_steps(self):
        """Steps of a fit that is not stopped."""
        rows = len(self.data()[1])
        rows -= rows // self.folds
        return -(-(rows - int(rows * self.validation_split)) // self.batch_size) * self.epochs

    def keras_schedules(self):
        """The schedules of `grid` as Keras's objects."""
        from keras.optimizers.schedules import CosineDecay

        made = []
        for warmup in self.grid["warmup"]:
            rise = round(warmup * self.n_steps)
            first = 0.0 if rise else self.learning_rate
            peak = {"warmup_target": self.learning_rate, "warmup_steps": rise} if rise else {}
            for end in self.grid["end_factor"]:
                made.append(CosineDecay(first, self.n_steps - rise, alpha=end, **peak))
        return made


@dataclass(frozen=True)
class Fit:
    """One fit of one network."""

    data: Callable
    build: Callable | Ready
    epochs: int
    batch_size: int = 32
    loss: str = "sparse_categorical_crossentropy"
    repeats: int = 5  # a single fit is too short to be timed once

    def quick(self):
        return replace(self, epochs=min(self.epochs, max(2, self.epochs // 10)), repeats=1)


@dataclass(frozen=True)
class Process:
    """A process from its start to its end, imports included."""

    program: str
    fits: int
    repeats: int = 3

    def quick(self):
        return replace(self, repeats=1)


RATES = [1e-3, 3e-3, 1e-2]
GRID = {"learning_rate": RATES, "dropout": [0.0, 0.2, 0.4], "units": [32, 64]}
SMALL_GRID = {"learning_rate": RATES, "dropout": [0.0, 0.3]}
FINE_GRID = {
    "learning_rate": np.geomspace(1e-4, 1e-1, 100).tolist(),
    "dropout": np.linspace(0, 0.5, 51).tolist(),
    "units": [32, 64],
}
WIDTHS = {"units_1": list(range(32, 513, 32)), "units_2": list(range(16, 129, 16))}
WIDTHS |= {name: [0.0, 0.1, 0.2, 0.3, 0.4, 0.5] for name in ("dropout_1", "dropout_2")}
CONTROLS = {"warmup": [0.0, 0.1], "end_factor": [0.0, 0.1], "patience": [3, 5, 10]}
CONTROLS |= {"weight_decay": [1e-4, 1e-2]}
DROPOUTS = {"learning_rate": RATES, "dropout": [0.0, 0.1, 0.2, 0.3, 0.4], "units": [32, 64]}
ACTIVATIONS = ["relu", "tanh", "sigmoid", "elu", "selu", "gelu", "silu", "softplus"]
OPTIMIZERS = ["adam", "sgd", "rmsprop", "adamax", "nadam", "adagrad", "adadelta"]
BATCHES = {"batch_size": [8, 16, 32, 64, 128, 256], "epochs": [5, 10, 20]}
SMALL_SEARCH = """
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from skdl import MLPClassifier

X, y = load_iris(return_X_y=True)
grid = {"learning_rate": [1e-3, 1e-2]}
GridSearchCV(MLPClassifier(), grid, cv=3, refit=False, error_score="raise").fit(X, y)
"""
WORK: dict[str, Any] = {
    "digits": Search(digits, one_layer, GRID, folds=5, epochs=20),
    "widths": Search(digits, two_layers, WIDTHS, 3, 15, batch_size=64, candidates=20),
    "images": Search(images, convolutions, SMALL_GRID, folds=3, epochs=10),
    "sequences": Search(sequences, recurrent, SMALL_GRID, folds=3, epochs=10),
    "candidates": Search(digits, one_layer, FINE_GRID, folds=5, epochs=20, candidates=1000),
    "controls": ControlledSearch(digits, plain, CONTROLS, folds=5, epochs=30),
    "diabetes": Search(diabetes, one_layer_regressor, DROPOUTS, 3, 60, loss="mean_squared_error"),
    "activations": Search(breast_cancer, Ready(32), {"activation": ACTIVATIONS}, 3, 20),
    "optimizers": Search(breast_cancer, Ready(32), {"optimizer": OPTIMIZERS}, 3, 20),
    "batches": Search(breast_cancer, Ready(32), BATCHES, 3, 20),
    "fit digits": Fit(scaled_digits, plain, epochs=20),
    "fit breast_cancer": Fit(breast_cancer, plain, epochs=20),
    "fit diabetes": Fit(diabetes, plain_regressor, epochs=20, loss="mean_squared_error"),
    "fit 32x32x3": Fit(large_images, large_convolutions, epochs=2),
    "fit 784-2048-2048-10": Fit(many_features, wide, epochs=2),
    "fit iris": Fit(iris, Ready(100), epochs=1, repeats=100),
    "step": Fit(scaled_digits, dropped, epochs=400),
    "process": Process(SMALL_SEARCH, fits=6),
}
