"""What fits of every kind give, as a table of hashes: whoever moves code without a change of results runs it.

    python benchmarks/result_bits.py           # compare with result_bits.json, exit 1 where a hash differs
    python benchmarks/result_bits.py --write   # write the table

The bits depend on the processor, its threads and the versions, which stand in the table. On another machine,
write a table at the commit that the work began with.
"""

import argparse
import hashlib
import importlib.metadata
import json
import os
import platform
import sys
import warnings
from pathlib import Path

import joblib
import numpy as np
from sklearn.base import is_classifier
from sklearn.datasets import load_diabetes, load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skdl

TABLE = Path(__file__).with_suffix(".json")
ENGINES = ("auto", "keras")
PACKAGES = ("tensorflow", "keras", "numpy", "scipy", "scikit-learn")


# Rows, few of them: a table is made in minutes.


def digits(count=203):
    X, y = load_digits(return_X_y=True)
    return (X[:count] / 16).astype("float32"), y[:count]


def diabetes(outputs=1, count=203):
    X, y = load_diabetes(return_X_y=True)
    y = (y[:count] / 100).astype("float32")
    return X[:count].astype("float32") * 10, y if outputs == 1 else np.stack([y, -y], axis=1)


# Networks of build functions.


def convolutional(meta, rate=0.2):
    """Noise, normalisation and convolutions, whose rows are independent of each other."""
    from keras import Input, Sequential, layers

    return Sequential(
        [
            Input((64,)),
            layers.Reshape((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.SpatialDropout2D(rate),
            layers.Flatten(),
            layers.GaussianNoise(0.1),
            layers.Dense(meta["n_classes_"], activation="softmax"),
        ]
    )


def recurrent(meta):
    from keras import Input, Sequential, layers

    parts = [Input((64,)), layers.Reshape((8, 8)), layers.LSTM(5, recurrent_dropout=0.1)]
    return Sequential([*parts, layers.Dense(meta["n_classes_"], activation="softmax")])


def mixing(meta):
    """A network whose batches may hold the user's rows alone: XLA or a graph, by the size of a batch."""
    from keras import Input, Model, layers, ops

    class Centred(layers.Layer):
        def call(self, x):
            return x - ops.mean(x, axis=0, keepdims=True)

    x = Input((10,))
    return Model(x, layers.Dense(meta["n_outputs_"])(Centred()(layers.Dense(6, "tanh")(x))))


def adapted(meta, X):
    from keras import Input, Sequential, layers

    normalization = layers.Normalization()
    normalization.adapt(X)
    return Sequential([Input(X.shape[1:]), normalization, layers.Dense(4, "relu"), layers.Dense(1)])


# What is asked of estimators.


def mlp(**settings):
    return skdl.MLPClassifier(**{"units": 12, "epochs": 3, "random_state": 5, **settings})


def keras_classifier(build, **settings):
    common = {"loss": "sparse_categorical_crossentropy", "optimizer": "adam", "epochs": 3}
    return skdl.KerasClassifier(build, **{**common, "random_state": 5, "verbose": 0, **settings})


def keras_regressor(build, **settings):
    common = {"loss": "mse", "optimizer": "adam", "epochs": 3, "random_state": 5, "verbose": 0}
    return skdl.KerasRegressor(build, **{**common, **settings})


STOPPING = {"early_stopping": True, "validation_split": 0.2, "learning_rate": 0.05}
MLPS = {
    "plain": {},
    "deep": {"n_layers": 3, "units_decay": 0.7, "activation": "gelu", "normalization": "batch"},
    "noise": {"dropout": 0.3, "gaussian_noise": 0.1, "normalization": "layer"},
    "regularisation": {"l1": 1e-3, "l2": 1e-3, "max_norm": 1.0, "label_smoothing": 0.1},
    "decay": {"optimizer": "adamw", "weight_decay": 0.01, "clipnorm": 0.5, "ema_momentum": 0.9},
    "momentum": {"optimizer": "sgd", "momentum": 0.9, "nesterov": True, "beta_1": None},
    "rmsprop": {"optimizer": "rmsprop", "rho": 0.8, "epsilon": 1e-5},
    "mixup": {"mixup": 0.4},
    "metrics": {"metrics": ["accuracy"], "validation_split": 0.25},
    "class weight": {"class_weight": "balanced"},
    "stopping": {**STOPPING, "patience": 2, "epochs": 40},
    "stopping, last weights": {
        **STOPPING,
        "patience": 1,
        "epochs": 30,
        "restore_best_weights": False,
    },
    "rates that fall": {**STOPPING, "reduce_lr_patience": 1, "epochs": 12, "min_delta": 0.3},
    "half precision": {"precision": "mixed_bfloat16"},
    "few large batches": {"batch_size": 150},
    "more epochs than a call": {"epochs": 70, "batch_size": 150},
}
SCHEDULES = ("cosine", "cosine_restarts", "exponential", "polynomial", "one_cycle", "step")


def estimator_cases():
    for name, settings in MLPS.items():
        yield f"MLPClassifier, {name}", lambda settings=settings: mlp(**settings), digits
    for name in SCHEDULES:
        settings = {"learning_rate_schedule": name, "epochs": 6}
        settings |= {"decay_epochs": 2} if name in ("step", "exponential") else {}
        settings |= {"warmup": 2} if name in ("cosine", "polynomial") else {}
        yield f"MLPClassifier, {name}", lambda settings=settings: mlp(**settings), digits
    for outputs in (1, 2):
        regressor = skdl.MLPRegressor(units=9, epochs=4, random_state=1)
        yield (
            f"MLPRegressor, {outputs} outputs",
            lambda r=regressor: r,
            lambda n=outputs: diabetes(n),
        )
    yield "convolutions", lambda: keras_classifier(convolutional), digits
    yield "recurrent", lambda: keras_classifier(recurrent), digits
    yield "mixing rows", lambda: keras_regressor(mixing), diabetes
    yield "mixing rows, in one", lambda: keras_regressor(mixing, batch_size=203), diabetes
    X = diabetes()[0]
    yield "adapted", lambda: keras_regressor(lambda meta: adapted(meta, X)), diabetes


def told(estimator, X):
    """All numbers that a fitted estimator has to tell about X."""
    yield estimator.predict_proba(X) if is_classifier(estimator) else estimator.predict(X)
    yield from estimator.model_.get_weights()
    for name in sorted(estimator.history_):
        yield np.array(estimator.history_[name])


def digest(arrays):
    found = hashlib.sha256()
    for array in arrays:
        array = np.ascontiguousarray(array)
        found.update(f"{array.dtype}{array.shape}".encode() + array.tobytes())
    return found.hexdigest()[:16]


def of_fits():
    for name, make, rows in estimator_cases():
        X, y = rows()
        for engine in ENGINES:
            estimator = make().set_params(engine=engine).fit(X, y)
            check_that_it_happened(name, estimator)
            yield f"{name}, {engine}", digest(told(estimator, X))


def check_that_it_happened(name, estimator):
    """A fit that is named for its end has come to it, and rates that fall have fallen."""
    epochs, rates = len(estimator.history_["loss"]), estimator.history_.get("learning_rate", ())
    if "stopping" in name and epochs == estimator.epochs:
        raise RuntimeError(f"{name}: the fit did not stop early.")
    if "rates that fall" in name and len(set(rates)) < 2:
        raise RuntimeError(f"{name}: the rate did not fall.")


def of_other_ways():
    """Fits that go on, with weights, with rows apart, in float64."""
    X, y = digits()
    weights = np.linspace(0.1, 2, len(y)).astype("float32")
    for engine in ENGINES:
        warm = mlp(engine=engine, warm_start=True, dropout=0.2).fit(X, y)
        yield f"warm start, {engine}", digest(told(warm.set_params(epochs=2).fit(X, y), X))
        part = mlp(engine=engine).partial_fit(X[:90], y[:90], classes=np.unique(y))
        yield f"partial_fit, {engine}", digest(told(part.partial_fit(X[90:], y[90:]), X))
        weighted = mlp(engine=engine).fit(X, y, sample_weight=weights)
        yield f"weights, {engine}", digest(told(weighted, X))
        apart = {"validation_data": (X[150:], y[150:]), "sample_weight": weights[:150]}
        held_out = keras_classifier(recurrent, engine=engine).fit(X[:150], y[:150], **apart)
        yield f"held out, {engine}", digest(told(held_out, X))
        small = mlp(engine=engine).fit(X[:7], y[:7])
        yield f"seven rows, {engine}", digest(told(small, X))
        yield f"float64, {engine}", digest(told(in_float64(engine), diabetes()[0]))


def in_float64(engine):
    def build(meta):
        from keras import Input, Sequential, layers

        kinds = {"dtype": "float64"}
        return Sequential(
            [Input((10,), **kinds), layers.Dense(4, "relu", **kinds), layers.Dense(1, **kinds)]
        )

    return keras_regressor(build, engine=engine).fit(*diabetes())


def of_searches():
    """A search in this thread, in the threads of skdl's backend and in worker processes."""
    X, y = digits()
    grid = {"mlpclassifier__units": [5, 9], "mlpclassifier__dropout": [0.0, 0.2]}
    for backend in ("sequential", "skdl", "loky"):
        search = GridSearchCV(make_pipeline(StandardScaler(), mlp()), grid, cv=2, n_jobs=2)
        with joblib.parallel_config(backend):
            search.fit(X, y)
        best, columns = search.best_estimator_, search.cv_results_
        scores = [columns[name] for name in sorted(columns) if "test_score" in name]
        yield f"search, {backend}", digest([*scores, *told(best[-1], best[:-1].transform(X))])
    curve = skdl.lr_range_test(mlp(), X, y)
    yield "range test", digest([curve.learning_rates_, curve.losses_])


def machine():
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    processor = {
        "processor": models[0] if models else platform.processor(),
        "threads": os.cpu_count(),
    }
    return {**processor, **versions}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="write the table")
    write = parser.parse_args().write
    warnings.simplefilter("ignore")
    if not write and (made_on := json.loads(TABLE.read_text())["machine"]) != machine():
        print(f"The table is of another machine: {made_on}, and this is {machine()}.")
        return 1
    found = {}
    for part in (of_fits, of_other_ways, of_searches):
        for name, value in part():
            found[name] = value
            print(value, name, flush=True)
    if write:
        TABLE.write_text(json.dumps({"machine": machine(), "bits": found}, indent=1) + "\n")
        return 0
    expected = json.loads(TABLE.read_text())["bits"]
    other = [name for name in {**expected, **found} if expected.get(name) != found.get(name)]
    print(f"{len(found)} hashes, other than in the table: {other or 'none'}")
    return 1 if other else 0


if __name__ == "__main__":
    sys.exit(main())
