"""One side of a comparison of search_speed.py, in a process of its own.

search_speed.py runs ``python search_sides.py '{"work": "digits", "side": "skdl", ...}'``; the last line
printed is JSON. skdl and its peers search over networks of the same build functions, on the same folds.
"""

import contextlib
import json
import resource
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace

import joblib
import numpy as np
from search_work import WORK, ControlledSearch, Process, Ready, Search, torch_network
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, KFold, RandomizedSearchCV, StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

N_JOBS = 2  # worker processes of a peer's search


# Searches.


def is_regression(work):
    return work.loss == "mean_squared_error"


def keras_kind(side, work):
    if side == "scikeras":
        import scikeras.wrappers as library
    else:
        import skdl as library
    return library.KerasRegressor if is_regression(work) else library.KerasClassifier


def keras_net(kind, work, **routed):
    settings = {"optimizer": "adam", "loss": work.loss, "random_state": None, "verbose": 0}
    sizes = {"epochs": work.epochs, "batch_size": work.batch_size}
    return kind(model=work.build, **{**settings, **sizes, **routed})


def ready_net(work):
    from skdl import MLPClassifier

    sizes = {"epochs": work.epochs, "batch_size": work.batch_size}
    return MLPClassifier(hidden_layer_sizes=(work.build.units,), **sizes)


def sklearn_net(work):
    epochs = work.epochs
    net = MLPClassifier(max_iter=epochs, n_iter_no_change=epochs, batch_size=work.batch_size)
    if isinstance(work.build, Ready):
        net.set_params(hidden_layer_sizes=(work.build.units,))
    return net


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


def controlled_net(side, work):
    """A network whose training is tuned, and what of it, as the users of `side` write it."""
    import keras

    settings = {"optimizer": keras.optimizers.AdamW, "validation_split": work.validation_split}
    if side.startswith("skdl"):
        from skdl import KerasClassifier

        settings |= {"optimizer__learning_rate": work.learning_rate, "early_stopping": True}
        net = keras_net(KerasClassifier, work, learning_rate_schedule="cosine", **settings)
        others = {name: work.grid[name] for name in ("warmup", "end_factor", "patience")}
        return net, {**others, "optimizer__weight_decay": work.grid["weight_decay"]}
    from scikeras.wrappers import KerasClassifier

    # A search over callbacks__patience ends in an error of scikeras 0.13, whose set_params asks the class.
    stops = [
        [keras.callbacks.EarlyStopping("val_loss", patience=patience, restore_best_weights=True)]
        for patience in work.grid["patience"]
    ]
    grid = {
        "optimizer__learning_rate": work.keras_schedules(),
        "optimizer__weight_decay": work.grid["weight_decay"],
    }
    # It takes only those names in a search that it was made with.
    first = {name: values[0] for name, values in grid.items()}
    return keras_net(KerasClassifier, work, **settings, **first), {**grid, "callbacks": stops}


def net_of(side, work):
    """The estimator of `side`, and the parameters searched by its own names."""
    if isinstance(work, ControlledSearch):
        return controlled_net(side, work)
    if side == "skorch":
        names = {"learning_rate": "lr", "dropout": "module__dropout", "units": "module__units"}
        return skorch_net(work), {names[name]: values for name, values in work.grid.items()}
    if side == "scikit-learn":
        # It has no dropout: as many strengths of L2 stand in, so that as many networks are trained.
        return sklearn_net(work), {
            "learning_rate_init": work.grid["learning_rate"],
            "alpha": [rate * 1e-3 for rate in work.grid["dropout"]],
            "hidden_layer_sizes": [(units,) for units in work.grid["units"]],
        }
    if isinstance(work.build, Ready):
        return ready_net(work), work.grid
    grid = {
        "optimizer__learning_rate" if name == "learning_rate" else f"model__{name}": values
        for name, values in work.grid.items()
    }
    first = {name: values[0] for name, values in grid.items()}
    return keras_net(keras_kind(side, work), work, **first), grid


def search_of(side, work):
    net, grid = net_of(side, work)
    # Folds and scoring are given, because scikeras is no classifier to scikit-learn 1.9.
    folds = KFold if is_regression(work) else StratifiedKFold
    settings = {"cv": folds(work.folds, shuffle=True, random_state=0)}
    settings["scoring"] = "r2" if is_regression(work) else "accuracy"
    settings["n_jobs"] = None if side.startswith("skdl") else N_JOBS
    settings |= {"refit": False, "error_score": "raise"}
    grid = {f"net__{name}": values for name, values in grid.items()}
    pipeline = Pipeline([*work.steps, ("net", net)])
    if work.candidates is None:
        return GridSearchCV(pipeline, grid, **settings)
    settings |= {"n_iter": work.candidates, "random_state": 0}
    return RandomizedSearchCV(pipeline, grid, **settings)


def start(side, build):
    """Import what `side` runs on, and let it look for its devices; skdl's ready networks need none."""
    if side in ("skdl", "skdl backend", "scikeras", "keras") and not isinstance(build, Ready):
        import tensorflow as tf

        tf.config.list_logical_devices()
    if side.startswith("skdl"):
        import skdl  # noqa: F401
    elif side == "scikeras":
        import scikeras.wrappers  # noqa: F401
    elif side == "skorch":
        import skorch  # noqa: F401


def start_workers(side, build):
    """The same in the processes of a peer, so that their start is not in its seconds either."""
    joblib.Parallel(N_JOBS)(joblib.delayed(start)(side, build) for _ in range(N_JOBS))


def engine_stats(side):
    if not side.startswith("skdl"):
        return None
    import skdl.engine

    stats = skdl.engine.stats()
    return asdict(stats) | {"padding": stats.padding}


def megabytes(whose):
    """Peak memory in MB of this process, or of the largest that it has started."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(whose).ru_maxrss / unit


def peak_mb(processes=False):
    """Peak memory in MB of this process, and of its workers taken as equal to the largest."""
    peak = megabytes(resource.RUSAGE_SELF)
    if processes:
        from joblib.externals.loky import get_reusable_executor

        get_reusable_executor().shutdown(wait=True)  # a child counts once it has ended
        peak += N_JOBS * megabytes(resource.RUSAGE_CHILDREN)
    return peak


def run_search(work, side, searches):
    X, y = work.data()
    search = search_of(side, work)
    start(side, work.build)
    ours, in_backend = side.startswith("skdl"), side == "skdl backend"
    if not ours:
        start_workers(side, work.build)
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
    if isinstance(work.build, Ready):
        return ready_net(work)
    return keras_net(keras_kind("skdl", work), work)


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


def run_fit(work, side):
    X, y = work.data()
    start(side, work.build)
    net = {"skdl": our_net, "scikit-learn": sklearn_net, "keras": KerasNet}[side](work)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # one epoch is what is asked for
        result = timed(lambda: net.fit(X, y), work.repeats)
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


def run_step(work, side, threads):
    """Seconds a step of each of `threads` fits that run at once."""
    X, y = work.data()
    start(side, work.build)
    steps = work.epochs * -(-len(X) // work.batch_size)

    def one(_):
        return our_net(work).fit(X, y) if side == "skdl" else numpy_steps(work.batch_size, steps)

    with ThreadPoolExecutor(threads) as pool:
        result = timed(lambda: list(pool.map(one, range(threads))), work.repeats)
    return result | {"seconds": [None, result["seconds"][1] / steps], "scores": []}


# Processes.


def run_process(work, repeats):
    """The least seconds of `repeats` processes, one after the other."""
    seconds = []
    for _ in range(repeats):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", work.program], check=True)
        seconds.append(time.perf_counter() - begun)
    result = {"seconds": [min(seconds)], "scores": [], "fits": work.fits, "stats": None}
    return result | {"phases": [], "peak_mb": megabytes(resource.RUSAGE_CHILDREN)}


def main():
    task = json.loads(sys.argv[1])
    work, side = WORK[task["work"]], task["side"]
    if task["candidates"]:
        work = replace(work, candidates=task["candidates"])
    work = work.quick() if task["quick"] else work
    if isinstance(work, Search):
        result = run_search(work, side, task["searches"])
    elif isinstance(work, Process):
        result = run_process(work, 1 if task["searches"] == 1 else work.repeats)
    else:
        parallel = task["work"] == "step"
        extra = (task["threads"],) if parallel else ()
        result = (run_step if parallel else run_fit)(work, side, *extra)
        result |= {"peak_mb": peak_mb(), "phases": [], "stats": engine_stats(side)}
    print(json.dumps(result))


if __name__ == "__main__":
    # Worker processes know the functions by the name of this module, not as those of a script.
    import search_sides

    search_sides.main()
