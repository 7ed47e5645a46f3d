"""Tiny fits with the layers and options of Keras that the table on the engine's page names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from skdl.engine.job import FitJob
from skdl.engine.network.network import LiveNetwork
from skdl.engine.rows.arrays import Samples

ROWS = 4

# The shapes of one row.
VECTOR, SEQUENCE, TOKENS = (6,), (8, 4), (8,)
IMAGE, LARGE_IMAGE, VOLUME, FILM = (8, 8, 3), (224, 224, 3), (4, 4, 4, 2), (2, 8, 8, 3)

# Layers with their arguments, by the shape they are tried on.
PLAIN: Mapping[str, Any] = {}
LAYERS: Mapping[tuple[int, ...], Mapping[str, Mapping[str, Any]]] = {
    VECTOR: {
        "Dense": {"units": 6},
        "Activation": {"activation": "tanh"},
        **dict.fromkeys(("ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "Identity"), PLAIN),
        "Dropout": {"rate": 0.1},
        "AlphaDropout": {"rate": 0.1},
        "GaussianDropout": {"rate": 0.1},
        "GaussianNoise": {"stddev": 0.1},
        **dict.fromkeys(("BatchNormalization", "LayerNormalization", "RMSNormalization"), PLAIN),
        **dict.fromkeys(("UnitNormalization", "Normalization"), PLAIN),
        "GroupNormalization": {"groups": 2},
        "Rescaling": {"scale": 2.0},
        "Flatten": {},
        "Reshape": {"target_shape": (6, 1)},
        "RepeatVector": {"n": 2},
    },
    SEQUENCE: {
        "Conv1D": {"filters": 2, "kernel_size": 3},
        "Conv1DTranspose": {"filters": 2, "kernel_size": 3},
        "DepthwiseConv1D": {"kernel_size": 3},
        "SeparableConv1D": {"filters": 2, "kernel_size": 3},
        "EinsumDense": {"equation": "abc,cd->abd", "output_shape": (8, 3)},
        "MaxPooling1D": {},
        "AveragePooling1D": {"pool_size": 2},
        "GlobalMaxPooling1D": {},
        **dict.fromkeys(("GlobalAveragePooling1D", "UpSampling1D", "Cropping1D"), PLAIN),
        "ZeroPadding1D": {},
        "Permute": {"dims": (2, 1)},
        "SpatialDropout1D": {"rate": 0.1},
        "SimpleRNN": {"units": 3},
        "GRU": {"units": 3},
        "LSTM": {"units": 3},
    },
    IMAGE: {
        "Conv2D": {"filters": 2, "kernel_size": 3},
        "Conv2DTranspose": {"filters": 2, "kernel_size": 3},
        "SeparableConv2D": {"filters": 2, "kernel_size": 3},
        "DepthwiseConv2D": {"kernel_size": 3},
        "MaxPooling2D": {},
        "AveragePooling2D": {"pool_size": 2},
        "GlobalMaxPooling2D": {},
        **dict.fromkeys(("GlobalAveragePooling2D", "UpSampling2D", "Cropping2D"), PLAIN),
        "ZeroPadding2D": {},
        "SpatialDropout2D": {"rate": 0.1},
    },
    VOLUME: {
        "Conv3D": {"filters": 2, "kernel_size": 2},
        "Conv3DTranspose": {"filters": 2, "kernel_size": 2},
        "MaxPooling3D": {},
        "AveragePooling3D": {"pool_size": 2},
        **dict.fromkeys(("GlobalMaxPooling3D", "GlobalAveragePooling3D", "UpSampling3D"), PLAIN),
        **dict.fromkeys(("Cropping3D", "ZeroPadding3D"), PLAIN),
        "SpatialDropout3D": {"rate": 0.1},
    },
    TOKENS: {"Embedding": {"input_dim": 5, "output_dim": 3}},
}
MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")
MIXING = {  # tried one by one
    "ActivityRegularization": ({"l2": 0.1}, VECTOR),
    "Lambda": ({"function": lambda x: x * 2.0}, VECTOR),
    "AdaptiveAveragePooling1D": ({"output_size": 2}, SEQUENCE),
    "RandomFlip": ({}, IMAGE),
    "RandomRotation": ({"factor": 0.1}, IMAGE),
    "RandomContrast": ({"factor": 0.1}, IMAGE),
    "Resizing": ({"height": 6, "width": 6}, IMAGE),
    "ConvLSTM2D": ({"filters": 2, "kernel_size": 3}, FILM),
}
# Calls of operations in a functional model, on sequences.
OPERATIONS: Mapping[str, Callable[[Any], Any]] = {
    "``x + y``": lambda x: x + x * x,
    "``x / 255``": lambda x: x / 255,
    "``x[:, :4]``": lambda x: x[:, :4],
    "``x[..., 0]``": lambda x: x[..., 0],
    "``ops.relu(x)``": keras.ops.relu,
    "``ops.softmax(x)``": keras.ops.softmax,
    "``ops.mean(x, axis=1)``": lambda x: keras.ops.mean(x, axis=1),
    "``ops.where(x > 0, x, 0)``": lambda x: keras.ops.where(x > 0, x, 0.0),
    "``ops.concatenate([x, y], axis=1)``": lambda x: keras.ops.concatenate([x, x], axis=1),
    "``ops.reshape(x, (-1, 32))``": lambda x: keras.ops.reshape(x, (-1, 32)),
    "``ops.transpose(x, (0, 2, 1))``": lambda x: keras.ops.transpose(x, (0, 2, 1)),
    '``ops.einsum("btd,bsd->bts", x, y)``': lambda x: keras.ops.einsum("btd,bsd->bts", x, x),
}
OPERATIONS_OF_ROWS: Mapping[str, Callable[[Any], Any]] = {  # tried one by one
    "``x - ops.mean(x, axis=0)``": lambda x: x - keras.ops.mean(x, axis=0, keepdims=True),
    "``x / ops.max(x)``": lambda x: x / keras.ops.max(x),
    "``ops.cumsum(x, axis=0)``": lambda x: keras.ops.cumsum(x, axis=0),
    "``ops.roll(x, 1, axis=0)``": lambda x: keras.ops.roll(x, 1, axis=0),
    "``ops.vectorized_map(f, x)``": lambda x: keras.ops.vectorized_map(lambda row: row, x),
}
OPTIMIZERS = (
    *("SGD", "Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "Adagrad", "Adadelta", "Adafactor"),
    *("Ftrl", "Lion", "Lamb", "Muon", "ScheduleFreeAdamW"),
)
LOSSES = (
    *("MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "Huber", "LogCosh"),
    *("MeanSquaredLogarithmicError", "CosineSimilarity", "Poisson", "KLDivergence", "Hinge"),
    *("SquaredHinge", "CategoricalHinge", "BinaryCrossentropy", "BinaryFocalCrossentropy"),
    *("CategoricalCrossentropy", "CategoricalFocalCrossentropy", "SparseCategoricalCrossentropy"),
    "CategoricalGeneralizedCrossEntropy",
)
METRICS = (
    *("BinaryAccuracy", "CategoricalAccuracy", "TopKCategoricalAccuracy", "AUC", "Precision"),
    *("Recall", "MeanAbsoluteError", "RootMeanSquaredError", "CosineSimilarity"),
)

# The tiny fit has one batch to train on and one to validate on.
FIT_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "class_weight": {"class_weight": {0: 1.0, 1: 2.0}},
    "steps_per_epoch": {"steps_per_epoch": 1},
    "steps_per_epoch that does not divide the batches": {"steps_per_epoch": 2},
    "validation_steps": {"validation_steps": 1},
    "validation_steps beyond the batches": {"validation_steps": 2},
    "validation_freq": {"validation_freq": 2},
    "validation_freq as a list": {"validation_freq": [1, 5]},
}


@dataclass(frozen=True)
class Question:
    """Fits to ask the engine about.

    Attributes
    ----------
    part : str
        Of the table.
    names : tuple of str
        What the table calls the layers or options.
    job : callable
        Makes a fit that has all of the names it is given in it.
    callbacks : callable
        Makes the callbacks of the fit.
    """

    part: str
    names: tuple[str, ...]
    job: Callable[[Iterable[str]], FitJob]
    callbacks: Callable[[], Sequence[Any]] = tuple


def questions() -> Iterator[Question]:
    """All of them, in the order of the table."""
    yield from _layers()
    yield Question(
        "Operations",
        tuple(OPERATIONS),
        lambda names: _job(_around([OPERATIONS[name] for name in names], SEQUENCE)),
    )
    yield from _each(
        "Operations",
        {
            name: lambda call=call: _job(_around([call], SEQUENCE))
            for name, call in OPERATIONS_OF_ROWS.items()
        },
    )
    yield from _each("Networks", _networks())
    yield from _each("Optimizers", _optimizers())
    yield Question("Losses", LOSSES, lambda names: _job(loss=_made("losses", names)))
    own = {
        name: lambda name=name: _job(loss=_made("losses", [name])) for name in ("Dice", "Tversky")
    }
    yield from _each("Losses", {**own, "a function of your own": lambda: _job(loss=own_loss)})
    yield Question("Metrics", METRICS, lambda names: _job(metrics=_made("metrics", names)))
    others = ("R2Score", "PearsonCorrelation")
    yield from _each(
        "Metrics",
        {name: lambda name=name: _job(metrics=_made("metrics", [name])) for name in others},
    )
    for name, make in _callbacks().items():
        yield Question("Callbacks", (name,), lambda _names: _job(), make)
    yield from _each(
        "Arguments of fit",
        {
            name: lambda options=options: _job(options=options, validates=True)
            for name, options in FIT_OPTIONS.items()
        },
    )
    yield Question(
        "Arguments of fit",
        ("validation_freq, and a callback that watches val_loss",),
        lambda _names: _job(options={"validation_freq": 2}, validates=True),
        lambda: [keras.callbacks.EarlyStopping("val_loss")],
    )


def _each(part: str, jobs: Mapping[str, Callable[[], FitJob]]) -> Iterator[Question]:
    for name, make in jobs.items():
        yield Question(part, (name,), lambda _names, make=make: make())


def _made(home: str, names: Iterable[str]) -> list[Any]:
    return [getattr(getattr(keras, home), name)() for name in names]


def _layers() -> Iterator[Question]:
    kinds = keras.layers
    for shape, arguments in LAYERS.items():

        def plain(
            names: Iterable[str], shape: Any = shape, arguments: Mapping[str, Any] = arguments
        ) -> FitJob:
            return _job(_around([getattr(kinds, n)(**arguments[n]) for n in names], shape))

        yield Question("Layers", tuple(arguments), plain)
    yield Question(
        "Layers",
        MERGES,
        lambda names: _job(_around([_on_pair(one) for one in _made("layers", names)])),
    )
    yield Question("Layers", ("Dot",), lambda _: _job(_around([_on_pair(kinds.Dot(axes=1))])))
    yield Question(
        "Layers",
        ("Attention", "AdditiveAttention", "MultiHeadAttention"),
        lambda names: _job(_around([_attention(name) for name in names], SEQUENCE)),
    )
    yield Question(
        "Layers",
        ("Bidirectional",),
        lambda _: _job(_around([kinds.Bidirectional(kinds.GRU(3))], SEQUENCE)),
    )
    yield Question(
        "Layers",
        ("SpectralNormalization",),
        lambda _: _job(_around([kinds.SpectralNormalization(kinds.Dense(4))])),
    )
    large = kinds.Conv2D(2, 7, strides=2)
    yield from _each(
        "Layers",
        {
            **{
                name: lambda name=name: _job(
                    _around([getattr(kinds, name)(**MIXING[name][0])], MIXING[name][1])
                )
                for name in MIXING
            },
            "Masking": lambda: _job(
                _around([kinds.Masking(), kinds.LSTM(3)], SEQUENCE, chain=True)
            ),
            "TimeDistributed": lambda: _job(
                _around([kinds.TimeDistributed(kinds.Dense(3))], SEQUENCE)
            ),
            "RNN": lambda: _job(_around([kinds.RNN(kinds.LSTMCell(3))], SEQUENCE)),
            "Embedding(mask_zero=True)": lambda: _job(
                _around([kinds.Embedding(5, 3, mask_zero=True), kinds.LSTM(3)], TOKENS, chain=True)
            ),
            "a convolution of large images": lambda: _job(_around([large], LARGE_IMAGE), rows=32),
            "a layer class of your own": lambda: _job(_around([Sine()])),
            "a layer that reads its values in Python": lambda: _job(_around([Reader()])),
            "LSTM(stateful=True)": lambda: _job(
                _around([kinds.LSTM(3, stateful=True)], SEQUENCE, rows=ROWS)
            ),
        },
    )


def _on_pair(layer: Any) -> Callable[[Any], Any]:
    return lambda x: layer([x, x])


def _attention(name: str) -> Callable[[Any], Any]:
    if name == "MultiHeadAttention":
        heads = keras.layers.MultiHeadAttention(num_heads=1, key_dim=2)
        return lambda x: heads(x, x)
    return _on_pair(getattr(keras.layers, name)())


def _networks() -> Mapping[str, Callable[[], FitJob]]:
    kinds = keras.layers

    def several() -> FitJob:
        inputs = [keras.Input(VECTOR), keras.Input(VECTOR)]
        joined = kinds.Add()([kinds.Dense(3)(x) for x in inputs])
        model = keras.Model(inputs, [kinds.Dense(2)(joined), kinds.Dense(1)(joined)])
        return _job(model, loss=["mse", "mse"], loss_weights=[1.0, 0.5])

    def one_number() -> FitJob:
        given = keras.Input(VECTOR)
        return _job(keras.Model(given, kinds.Dense(2)(given)[:, 0]))

    def frozen() -> FitJob:
        return _job(_around([kinds.BatchNormalization(trainable=False)]))

    def untrained() -> FitJob:
        given = keras.Input(VECTOR)
        return _job(keras.Model(given, kinds.Softmax()(given)))

    def own_step() -> FitJob:
        given = keras.Input(VECTOR)
        return _job(Network(given, kinds.Dense(2)(given)))

    def dense(**arguments: Any) -> FitJob:
        return _job(_around([kinds.Dense(6, **arguments)]))

    nested = keras.Sequential([keras.Input(VECTOR), kinds.Dense(6)])
    return {
        "Sequential": lambda: _job(keras.Sequential([keras.Input(VECTOR), kinds.Dense(2)])),
        "Functional": _job,
        "several inputs and outputs": several,
        "an output without an axis but that of the rows": one_number,
        "a network inside a network": lambda: _job(_around([nested])),
        "a regularizer and a constraint of weights": lambda: dense(
            kernel_regularizer="l2", kernel_constraint="max_norm"
        ),
        "an activity regularizer": lambda: dense(activity_regularizer="l2"),
        "a frozen BatchNormalization": frozen,
        "mixed precision with loss scaling": lambda: _job(
            _around([kinds.Dense(6, dtype=keras.DTypePolicy("mixed_float16"))]), optimizer=_scaled()
        ),
        "a subclass of keras.Model": lambda: _job(Subclass()),
        "a train_step of your own": own_step,
        "run_eagerly=True": lambda: _job(run_eagerly=True),
        "nothing to train": untrained,
    }


def _optimizers() -> Mapping[str, Callable[[], FitJob]]:
    kinds = keras.optimizers
    given = {
        **{name: getattr(kinds, name) for name in OPTIMIZERS},
        "clipnorm": lambda: kinds.SGD(clipnorm=1.0),
        "clipvalue": lambda: kinds.SGD(clipvalue=1.0),
        "global_clipnorm": lambda: kinds.SGD(global_clipnorm=1.0),
        "weight_decay": lambda: kinds.SGD(weight_decay=0.1),
        "use_ema=True": lambda: kinds.SGD(use_ema=True),
        "gradient_accumulation_steps": lambda: kinds.SGD(gradient_accumulation_steps=2),
        "a schedule of steps": lambda: kinds.SGD(kinds.schedules.CosineDecay(0.1, 10)),
        "an optimizer class with an update_step of its own": lambda: Signs(0.1),
        "an optimizer class with an apply of its own": lambda: MySGD(0.1),
        "a learning rate that is a function": lambda: kinds.SGD(lambda: 0.1),
    }
    return {name: lambda make=make: _job(optimizer=make()) for name, make in given.items()}


def _callbacks() -> Mapping[str, Callable[[], list[Any]]]:
    kinds = keras.callbacks

    def schedule() -> Any:
        return kinds.LearningRateScheduler(lambda epoch, rate: rate)

    return {
        "EarlyStopping": lambda: [kinds.EarlyStopping("loss", restore_best_weights=True)],
        "ReduceLROnPlateau": lambda: [kinds.ReduceLROnPlateau("loss")],
        "LearningRateScheduler": lambda: [schedule()],
        "TerminateOnNaN": lambda: [kinds.TerminateOnNaN()],
        "ModelCheckpoint": lambda: [
            kinds.ModelCheckpoint("best.keras", "loss", save_best_only=True)
        ],
        "ModelCheckpoint(save_freq=100)": lambda: [
            kinds.ModelCheckpoint("now.keras", save_freq=100)
        ],
        "CSVLogger": lambda: [kinds.CSVLogger("curves.csv")],
        "LambdaCallback": lambda: [kinds.LambdaCallback()],
        "a callback class of your own": lambda: [Mine()],
        "any of these with verbose=1": lambda: [kinds.EarlyStopping("loss", verbose=1)],
        "LearningRateScheduler beside ReduceLROnPlateau": lambda: [
            schedule(),
            kinds.ReduceLROnPlateau("loss"),
        ],
    }


def _scaled() -> Any:
    return keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())


def _job(
    model: Any = None,
    *,
    rows: int = ROWS,
    loss: Any = "mse",
    options: Mapping[str, Any] | None = None,
    validates: bool = False,
    **compiling: Any,
) -> FitJob:
    """A fit of one epoch of `model`, by default a small one, on a few rows that suit it.

    A list of losses makes a model with an output for each; ``validates`` validates it on the same rows.
    """
    several = isinstance(loss, list) and model is None
    kinds = keras.losses
    by_class = (kinds.SparseCategoricalCrossentropy, kinds.CategoricalGeneralizedCrossEntropy)
    model = model or _around(outputs=len(loss) if several else 1)
    model.compile(**{"optimizer": "sgd", **compiling, "loss": loss})
    if not model.built:
        model(np.ones((rows, *VECTOR), "float32"))
    inputs = getattr(model, "inputs", None) or [keras.Input(VECTOR)]
    outputs = getattr(model, "outputs", None) or [keras.Input((2,))]
    x = [np.ones((rows, *part.shape[1:]), part.dtype) for part in inputs]
    y = [np.ones((rows, *part.shape[1:]), "float32") for part in outputs]
    for index, one in enumerate(loss if several else ()):
        if isinstance(one, by_class):
            y[index] = np.ones(rows, "int32")
    network = LiveNetwork(model)
    samples = Samples(*(part[0] if len(part) == 1 else tuple(part) for part in (x, y)))
    return FitJob(
        network=network,
        start=network.initial_state(0),
        training=samples,
        validation=samples if validates else None,
        epochs=1,
        batch_size=rows,
        validation_batch_size=rows,
        seed=0,
        options=options or {},
    )


def _around(
    layers: Sequence[Any] = (),
    shape: tuple[int, ...] = VECTOR,
    *,
    outputs: int = 1,
    chain: bool = False,
    rows: int | None = None,
) -> Any:
    """A network that gives its input to each of `layers`, or to one after the other, and then to a Dense."""
    kinds = keras.layers
    given = keras.Input(shape, batch_size=rows, dtype="int32" if shape == TOKENS else "float32")
    parts: list[Any] = []
    for layer in layers:
        parts.append(layer(parts.pop() if chain and parts else given))
    flat = [kinds.Flatten()(x) if len(x.shape) > 2 else x for x in parts or [given]]
    x = kinds.Concatenate()(flat) if len(flat) > 1 else flat[0]
    made = [kinds.Dense(2, activation="sigmoid")(x) for _ in range(outputs)]
    return keras.Model(given, made if outputs > 1 else made[0])


def own_loss(y: Any, y_pred: Any) -> Any:
    return keras.ops.mean(keras.ops.abs(y - y_pred), axis=-1)


class Sine(keras.layers.Layer):
    def call(self, x: Any) -> Any:
        return keras.ops.sin(x)


class Reader(keras.layers.Layer):
    def call(self, x: Any) -> Any:
        return x * float(np.mean(x))

    def compute_output_spec(self, x: Any) -> Any:
        return keras.KerasTensor(x.shape, x.dtype)


class Subclass(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.dense = keras.layers.Dense(2)

    def call(self, x: Any) -> Any:
        return self.dense(x)


class Network(keras.Model):
    def train_step(self, data: Any) -> Any:
        return super().train_step(data)


class Signs(keras.optimizers.SGD):
    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        self.assign_sub(variable, keras.ops.sign(gradient) * learning_rate)


class MySGD(keras.optimizers.SGD):
    def apply(self, gradients: Any, variables: Any = None) -> Any:
        return super().apply(gradients, variables)


class Mine(keras.callbacks.Callback):
    pass
