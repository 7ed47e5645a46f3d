"""One side of a comparison of search_speed.py, in a process of its own.

search_speed.py runs ``python search_sides.py '{"work": "digits", "side": "skdl", ...}'``; the last line
printed is JSON. skdl and its peers search over networks of the same build functions, on the same folds.
"""

import contextlib
import json
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any

import joblib
import numpy as np
from sklearn import datasets
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

N_JOBS = 2  # worker processes of a peer's search
REPEATS = 5  # a single fit is too short to be timed once


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
    import keras
    from keras.layers import Dense

    shape = (meta["n_features_in_"],)
    return keras.Sequential([keras.Input(shape), Dense(64, activation="relu"), Dense(1)])


def one_layer(meta, units, dropout):
    from keras.layers import Dense, Dropout

    shape = (meta["n_features_in_"],)
    return classifier(meta, shape, Dense(units, activation="relu"), Dropout(dropout))


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


# Work.


@dataclass(frozen=True)
class Search:
    """A search over all of `grid`, or over `candidates` points drawn from it."""

    data: Callable
    build: Callable
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
class Fit:
    """One fit of one network."""

    data: Callable
    build: Callable
    epochs: int
    batch_size: int = 32
    loss: str = "sparse_categorical_crossentropy"

    def quick(self):
        return replace(self, epochs=max(2, self.epochs // 10))


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
WORK: dict[str, Any] = {
    "digits": Search(digits, one_layer, GRID, folds=5, epochs=20),
    "widths": Search(digits, two_layers, WIDTHS, 3, 15, batch_size=64, candidates=20),
    "images": Search(images, convolutions, SMALL_GRID, folds=3, epochs=10),
    "sequences": Search(sequences, recurrent, SMALL_GRID, folds=3, epochs=10),
    "candidates": Search(digits, one_layer, FINE_GRID, folds=5, epochs=20, candidates=1000),
    "fit digits": Fit(scaled_digits, plain, epochs=20),
    "fit breast_cancer": Fit(breast_cancer, plain, epochs=20),
    "fit diabetes": Fit(diabetes, plain_regressor, epochs=20, loss="mean_squared_error"),
    "fit 32x32x3": Fit(large_images, large_convolutions, epochs=2),
    "fit 784-2048-2048-10": Fit(many_features, wide, epochs=2),
    "step": Fit(scaled_digits, plain, epochs=400),
}


# Searches.


def keras_net(kind, work, **routed):
    settings = {"optimizer": "adam", "loss": work.loss, "random_state": None, "verbose": 0}
    sizes = {"epochs": work.epochs, "batch_size": work.batch_size}
    return kind(model=work.build, **settings, **sizes, **routed)


def skorch_net(work):
    import torch
    from skorch import NeuralNetClassifier

    return NeuralNetClassifier(
        torch_network,
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        max_epochs=work.epochs,
        batch_size=work.batch_size,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )


def net_of(side, work):
    """The estimator of `side`, and the parameters searched by its own names."""
    if side == "skorch":
        names = {"learning_rate": "lr", "dropout": "module__dropout", "units": "module__units"}
        return skorch_net(work), {names[name]: values for name, values in work.grid.items()}
    if side == "scikit-learn":
        epochs = work.epochs
        net = MLPClassifier(max_iter=epochs, n_iter_no_change=epochs, batch_size=work.batch_size)
        # It has no dropout: as many strengths of L2 stand in, so that as many networks are trained.
        return net, {
            "learning_rate_init": work.grid["learning_rate"],
            "alpha": [rate * 1e-3 for rate in work.grid["dropout"]],
            "hidden_layer_sizes": [(units,) for units in work.grid["units"]],
        }
    if side == "scikeras":
        from scikeras.wrappers import KerasClassifier
    else:
        from skdl import KerasClassifier
    grid = {
        "optimizer__learning_rate" if name == "learning_rate" else f"model__{name}": values
        for name, values in work.grid.items()
    }
    first = {name: values[0] for name, values in grid.items()}
    return keras_net(KerasClassifier, work, **first), grid


def search_of(side, work):
    net, grid = net_of(side, work)
    # Folds and scoring are given, because scikeras is no classifier to scikit-learn 1.9.
    cv = StratifiedKFold(work.folds, shuffle=True, random_state=0)
    n_jobs = None if side.startswith("skdl") else N_JOBS
    settings = {"cv": cv, "scoring": "accuracy", "n_jobs": n_jobs, "refit": False}
    settings["error_score"] = "raise"
    grid = {f"net__{name}": values for name, values in grid.items()}
    pipeline = Pipeline([*work.steps, ("net", net)])
    if work.candidates is None:
        return GridSearchCV(pipeline, grid, **settings)
    settings |= {"n_iter": work.candidates, "random_state": 0}
    return RandomizedSearchCV(pipeline, grid, **settings)


def start(side):
    """Import what `side` runs on, and let it look for its devices."""
    if side in ("skdl", "skdl backend", "scikeras", "keras"):
        import tensorflow as tf

        tf.config.list_logical_devices()
    if side.startswith("skdl"):
        import skdl  # noqa: F401
    elif side == "scikeras":
        import scikeras.wrappers  # noqa: F401
    elif side == "skorch":
        import skorch  # noqa: F401


def start_workers(side):
    """The same in the processes of a peer, so that their start is not in its seconds either."""
    joblib.Parallel(N_JOBS)(joblib.delayed(start)(side) for _ in range(N_JOBS))


def engine_stats(side):
    if not side.startswith("skdl"):
        return None
    import skdl.engine

    stats = skdl.engine.stats()
    return asdict(stats) | {"padding": stats.padding}


def peak_mb(processes=False):
    """Peak memory in MB of this process, and of its workers taken as equal to the largest."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if processes:
        from joblib.externals.loky import get_reusable_executor

        get_reusable_executor().shutdown(wait=True)  # a child counts once it has ended
        peak += N_JOBS * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak / unit


def run_search(work, side, searches):
    X, y = work.data()
    search = search_of(side, work)
    start(side)
    ours, in_backend = side.startswith("skdl"), side == "skdl backend"
    if not ours:
        start_workers(side)
    seconds, scores, spent, stats = [], [], [], [engine_stats(side)]
    for _ in range(searches):
        with joblib.parallel_config("skdl") if in_backend else contextlib.nullcontext():
            begun = time.perf_counter()
            search.fit(X, y)
            seconds.append(time.perf_counter() - begun)
        scores.append(float(search.best_score_))
        means = (search.cv_results_[f"mean_{part}_time"] for part in ("fit", "score"))
        spent.append([float(mean.sum()) * work.folds for mean in means])
        stats.append(engine_stats(side))
    result = {"seconds": seconds, "scores": scores, "stats": stats[-1], "phases": []}
    result["fits"] = len(search.cv_results_["params"]) * work.folds
    result["peak_mb"] = peak_mb(processes=not ours)
    if ours:
        # The program of predictions is compiled in a score; the last search's scores are without it.
        scoring = spent[-1][1]
        for total, before, after in zip(spent, stats, stats[1:], strict=False):
            phases = our_phases(sum(total), scoring, before, after)
            result["phases"].append({k: v / result["fits"] for k, v in phases.items()})
    elif side == "scikeras":
        result["phases"] = [keras_phases(work, X, y) for _ in range(2)]
    return result


def our_phases(total, scoring, before, after):
    """Seconds, summed over threads.

    `build` is all that is none of the others: preprocessing, checks, and waiting for a program that
    another thread compiles.
    """
    compiling, training = (
        after[name] - before[name] for name in ("seconds_compiling", "seconds_training")
    )
    build = total - compiling - training - scoring
    return {"build": build, "compile": compiling, "train": training, "score": scoring}


def keras_phases(work, X, y):
    """Seconds of one fit in this process; `compile` lasts to the end of the first step."""
    import keras

    at = {}

    def note(name):
        return lambda *_, **__: at.setdefault(name, time.perf_counter())

    watch = keras.callbacks.LambdaCallback(
        on_train_begin=note("built"), on_train_batch_end=note("stepped"), on_train_end=note("done")
    )
    net = net_of("scikeras", work)[0].set_params(callbacks=[watch])
    X = StandardScaler().fit_transform(X) if work.steps else X
    note("begun")()
    net.fit(X, y)
    note("scoring")()
    net.predict(X[: len(X) // work.folds])
    note("scored")()
    spans = {"build": ("begun", "built"), "compile": ("built", "stepped")}
    spans |= {"train": ("stepped", "done"), "score": ("scoring", "scored")}
    return {name: at[last] - at[first] for name, (first, last) in spans.items()}


# Single fits, and steps.


def timed(function, repeats):
    """Seconds of the first call of `function`, and the median of those of `repeats` further ones."""
    seconds = []
    for _ in range(1 + repeats):
        begun = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - begun)
    return {"seconds": [seconds[0], float(np.median(seconds[1:]))], "fits": 1 + repeats}


def our_net(work):
    import skdl

    regression = work.loss == "mean_squared_error"
    return keras_net(skdl.KerasRegressor if regression else skdl.KerasClassifier, work)


class KerasNet:
    """A Keras model, built and compiled by its first fit."""

    def __init__(self, work):
        self.work, self.model = work, None

    def fit(self, X, y):
        work = self.work
        if self.model is None:
            meta = {"n_features_in_": X.shape[1], "n_classes_": len(np.unique(y))}
            self.model = work.build(meta)
            self.model.compile(optimizer="adam", loss=work.loss)
        self.model.fit(X, y, epochs=work.epochs, batch_size=work.batch_size, verbose=0)

    def score(self, X, y):
        outputs = self.model.predict(X, verbose=0)
        if outputs.shape[1] == 1:
            return 1 - np.mean((outputs[:, 0] - y) ** 2) / y.var()
        return np.mean(outputs.argmax(1) == y)


def run_fit(work, side, repeats):
    X, y = work.data()
    start(side)
    net = our_net(work) if side == "skdl" else KerasNet(work)
    result = timed(lambda: net.fit(X, y), repeats)
    # Keras's model goes on from one fit to the next, so that its score is of more epochs.
    return result | {"scores": [float(net.score(X, y))]}


def numpy_steps(rows, steps):
    """The matrix products of `steps` steps of 64-64-10, forward and backward, and nothing else."""
    draw = np.random.default_rng(0).standard_normal
    x, first, second = (draw(s).astype(np.float32) for s in ((rows, 64), (64, 64), (64, 10)))
    for _ in range(steps):
        hidden = x @ first
        outputs = hidden @ second
        hidden.T @ outputs
        x.T @ (outputs @ second.T)


def run_step(work, side, repeats, threads):
    """Seconds a step of each of `threads` fits that run at once."""
    X, y = work.data()
    start(side)
    steps = work.epochs * -(-len(X) // work.batch_size)

    def one(_):
        return our_net(work).fit(X, y) if side == "skdl" else numpy_steps(work.batch_size, steps)

    with ThreadPoolExecutor(threads) as pool:
        result = timed(lambda: list(pool.map(one, range(threads))), repeats)
    return result | {"seconds": [None, result["seconds"][1] / steps], "scores": []}


def main():
    task = json.loads(sys.argv[1])
    work, side = WORK[task["work"]], task["side"]
    if task["candidates"]:
        work = replace(work, candidates=task["candidates"])
    work = work.quick() if task["quick"] else work
    repeats = 1 if task["quick"] else REPEATS
    if isinstance(work, Search):
        result = run_search(work, side, task["searches"])
    else:
        parallel = task["work"] == "step"
        extra = (task["threads"],) if parallel else ()
        result = (run_step if parallel else run_fit)(work, side, repeats, *extra)
        result |= {"peak_mb": peak_mb(), "phases": [], "stats": engine_stats(side)}
    print(json.dumps(result))


if __name__ == "__main__":
    # Worker processes know the functions by the name of this module, not as those of a script.
    import search_sides

    search_sides.main()
