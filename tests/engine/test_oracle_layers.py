"""Every layer of Keras's that traces: compiled, and in float64 the same as the Keras loop."""

from __future__ import annotations

import inspect

import keras
import pytest

from skdl.engine.rowwise.masked_rows import LAYERS
from tests.engine.oracle import assert_agree, assert_agree_after_one_step, both, classes, numbers
from tests.engine_of_graphs import without_xla
from tests.selection import some

ROWS = 14  # two batches, the second of six rows: networks of many layers take their time
FLAT, SEQUENCE, IMAGE, VOLUME = (6,), (4, 3), (4, 4, 3), (4, 4, 4, 2)
MERGING = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")


def layer(name, *args, **settings):
    """A call that makes a layer, under the name of its class."""

    def make():
        return getattr(keras.layers, name)(*args, **settings)

    make.classes = {name}
    return make


def wrapped(make, *names):
    make.classes = set(names)
    return make


def attention(kind, *args):
    def make():
        made = getattr(keras.layers, kind)(*args, dropout=0.3)
        return lambda x: made([x, x]) if not args else made(x, x)

    return wrapped(make, getattr(keras.layers, kind).__name__)


def merge(kind, **settings):
    def make():
        made, other = getattr(keras.layers, kind)(**settings), keras.layers.Dense(6)
        return lambda x: made([x, other(x)])

    return wrapped(make, kind)


def recurrent(kind):
    kind_of = getattr(keras.layers, kind)
    return [
        wrapped(lambda: kind_of(3), kind),
        wrapped(
            lambda: kind_of(2, return_sequences=True, dropout=0.3, recurrent_dropout=0.2), kind
        ),
        wrapped(lambda: kind_of(2, unroll=True, go_backwards=True), kind),
    ]


def of_rank(rank, *names):
    return [layer(f"{name}{rank}D", *args) for name, *args in names]


# Of each group all layers are in one network, side by side: its shape, and whether XLA takes it.
MASKED = {
    "flat": (
        FLAT,
        [
            layer("Dense", 4, activation="tanh"),
            layer("Activation", "gelu"),
            layer("ReLU", max_value=0.5, negative_slope=0.1, threshold=0.1),
            layer("LeakyReLU", 0.2),
            *map(layer, ("PReLU", "ELU", "Softmax", "Identity", "Flatten", "UnitNormalization")),
            layer("Rescaling", 0.5, 0.1),
            layer("Reshape", (2, 3)),
            layer("RepeatVector", 3),
            layer("Normalization", mean=0.1, variance=2.0),
        ],
    ),
    "noise": (
        FLAT,
        [
            layer("Dropout", 0.4),
            layer("Dropout", 0.0),
            layer("GaussianNoise", 0.3),
            layer("GaussianDropout", 0.3),
            layer("AlphaDropout", 0.3),
        ],
    ),
    "normalizations": (
        FLAT,
        [
            layer("BatchNormalization"),
            layer("BatchNormalization", momentum=0.5, scale=False),
            layer("BatchNormalization", trainable=False),
            layer("LayerNormalization"),
            layer("GroupNormalization", 2),
            layer("RMSNormalization"),
            wrapped(
                lambda: keras.layers.SpectralNormalization(keras.layers.Dense(4)),
                "SpectralNormalization",
            ),
        ],
    ),
    "merging": (FLAT, [*map(merge, MERGING), merge("Dot", axes=1)]),
    "sequences": (
        SEQUENCE,
        [
            layer("EinsumDense", "abc,cd->abd", output_shape=(4, 2), bias_axes="d"),
            layer("Permute", (2, 1)),
            layer("BatchNormalization"),
            *of_rank(1, ("Cropping", 1), ("ZeroPadding", 1), ("UpSampling", 2)),
            *of_rank(1, ("MaxPooling", 2), ("AveragePooling", 2), ("SpatialDropout", 0.4)),
            *of_rank(1, ("GlobalMaxPooling",), ("GlobalAveragePooling",)),
            layer("Conv1D", 3, 2, padding="causal", dilation_rate=2),
            *of_rank(1, ("Conv", 3, 2), ("SeparableConv", 3, 2), ("DepthwiseConv", 2)),
            layer("Conv1DTranspose", 3, 2, strides=2),
        ],
    ),
    "images": (
        IMAGE,
        [
            layer("BatchNormalization", axis=1),
            layer("GroupNormalization", 3),
            *of_rank(2, ("Cropping", 1), ("ZeroPadding", 1), ("UpSampling", 2)),
            *of_rank(2, ("MaxPooling", 2), ("AveragePooling", 2), ("SpatialDropout", 0.4)),
            *of_rank(2, ("GlobalMaxPooling",), ("GlobalAveragePooling",)),
            layer("Conv2D", 3, 2, strides=2, padding="same"),
            *of_rank(2, ("Conv", 3, 2), ("SeparableConv", 3, 2), ("DepthwiseConv", 2)),
            layer("Conv2DTranspose", 3, 2, strides=2),
        ],
    ),
    "volumes": (
        VOLUME,
        [
            *of_rank(3, ("Cropping", 1), ("ZeroPadding", 1), ("UpSampling", 2)),
            *of_rank(3, ("SpatialDropout", 0.4), ("GlobalMaxPooling",), ("GlobalAveragePooling",)),
            layer("Conv3D", 2, 2),
            layer("Conv3DTranspose", 2, 2, strides=2),
        ],
    ),
    "recurrent": (
        SEQUENCE,
        [
            layer("SimpleRNN", 3, unroll=True, go_backwards=True),
            layer("LSTM", 2, return_sequences=True, dropout=0.3, recurrent_dropout=0.2),
            wrapped(
                lambda: keras.layers.Bidirectional(keras.layers.GRU(2, dropout=0.3)),
                *("Bidirectional", "GRU"),
            ),
        ],
    ),
    "attention": (
        SEQUENCE,
        [
            attention("Attention"),
            attention("AdditiveAttention"),
            attention("MultiHeadAttention", 2, 3),
        ],
    ),
}
UNMASKED = {
    "wrappers": (
        SEQUENCE,
        [
            wrapped(
                lambda: keras.layers.TimeDistributed(keras.layers.Dropout(0.4)), "TimeDistributed"
            ),
            wrapped(
                lambda: keras.layers.RNN(
                    [
                        keras.layers.LSTMCell(3),
                        keras.layers.GRUCell(2),
                        keras.layers.SimpleRNNCell(2, dropout=0.3),
                    ]
                ),
                *("RNN", "StackedRNNCells", "LSTMCell", "GRUCell", "SimpleRNNCell"),
            ),
            wrapped(lambda: keras.layers.Wrapper(keras.layers.Dense(2)).layer, "Wrapper"),
            wrapped(
                lambda: keras.layers.Pipeline([keras.layers.Dense(2), keras.layers.ReLU()]),
                "Pipeline",
            ),
            wrapped(lambda: keras.layers.Lambda(lambda x: x**2), "Lambda"),
            layer("ActivityRegularization", 0.01, 0.02),
            attention("GroupQueryAttention", 3, 4, 2),
            *of_rank(1, ("AdaptiveMaxPooling", 2), ("AdaptiveAveragePooling", 2)),
        ],
    ),
    "convolutional-1d": ((2, 4, 3), [layer("ConvLSTM1D", 2, 2, dropout=0.3)]),
    "convolutional-2d": ((2, 3, 3, 2), [layer("ConvLSTM2D", 2, 2)]),
    "convolutional-3d": ((2, 3, 3, 3, 2), [layer("ConvLSTM3D", 2, 2)]),
    "images": (
        IMAGE,
        [
            layer("UpSampling2D", 2, interpolation="bilinear"),
            *of_rank(2, ("AdaptiveMaxPooling", 2), ("AdaptiveAveragePooling", 2)),
            layer("Resizing", 3, 3),
            layer("CenterCrop", 3, 3),
            layer("RandomFlip"),
            layer("RandomZoom", 0.1),
            layer("RandomTranslation", 0.1, 0.1),
            layer("RandomContrast", 0.2),
            layer("RandomBrightness", 0.2),
        ],
    ),
    "warps": (
        IMAGE,
        [
            layer("RandomColorJitter"),
            layer("RandomPerspective", 0.5),
            layer("RandomElasticTransform", 0.5),
        ],
    ),
}
AUGMENTATION = [
    layer("RandomErasing", 0.5),
    layer("RandomHue", 0.2),
    layer("RandomSaturation", 0.2),
    layer("RandomSharpness", 0.2),
    layer("RandomGaussianBlur", 0.5),
    layer("RandomGrayscale", 0.5),
    layer("RandomPosterization", 4),
    layer("RandomShear", 0.1),
    layer("RandomInvert", 0.5),
    layer("RandomColorDegeneration", 0.3),
    *map(layer, ("Solarization", "AutoContrast", "MixUp", "CutMix")),
    layer("ContrastLimitedAdaptiveHistogramEqualization"),
]
# TensorFlow has these for single precision alone.
SINGLE = {
    "pooling": (VOLUME, of_rank(3, ("MaxPooling", 2), ("AveragePooling", 2))),
    "unmasked": (
        VOLUME,
        of_rank(3, ("AdaptiveMaxPooling", 2), ("AdaptiveAveragePooling", 2)),
    ),
    "rotations": (IMAGE, [layer("RandomRotation", 0.1)]),
}
ELSEWHERE = {
    *("InputLayer", "Embedding", "ReversibleEmbedding", "Discretization", "CategoryEncoding"),
    "Masking",
}
# Tables of words, whole models of other libraries, spectra, bounding boxes.
NO_LAYERS_OF_A_NETWORK = {
    *("Layer", "TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper", "MaxNumBoundingBoxes"),
    *("StringLookup", "IntegerLookup", "TextVectorization", "Hashing", "HashedCrossing"),
    *("MelSpectrogram", "STFTSpectrogram"),
}
# In Keras, Equalization makes a cycle of a network. test_augmentation.py has the others: RandomCrop gives
# rows of another size when it predicts, RandAugment takes no float64, and AugMix takes long.
NOT_TESTED = {"RandomCrop", "Equalization", "RandAugment", "AugMix"}


def side_by_side(shape, makers):
    """A network of all layers, each behind a Dense of its own."""

    def build():
        inputs = keras.Input(shape)
        parts = []
        for make in makers:
            features = keras.layers.Dense(shape[-1])(inputs)
            parts.append(keras.layers.Flatten()(make()(features)))
        joined = parts[0] if len(parts) == 1 else keras.layers.Concatenate()(parts)
        model = keras.Model(inputs, keras.layers.Dense(2)(joined))
        model.compile(keras.optimizers.SGD(0.05, momentum=0.9), "mse")
        return model

    return build


def train(shape, makers, **changes):
    x, y = numbers(ROWS, *shape), numbers(ROWS, 2, seed=1)
    return both(side_by_side(shape, makers), x, y, **changes)


@pytest.mark.parametrize("group", some(MASKED, "noise", mark="oracle"))
def test_layers_that_treat_rows_alone_take_filled_up_batches(float64, monkeypatch, group):
    without_xla(monkeypatch)
    pair = train(*MASKED[group])
    assert_agree(pair)
    assert pair.masked
    assert pair.programs == 1


@pytest.mark.parametrize("group", some(UNMASKED, mark="oracle"))
def test_all_other_layers_run_too(float64, group):
    pair = train(*UNMASKED[group], keras_runs="traced" if group == "warps" else "eagerly")
    assert_agree(pair)
    assert not pair.masked
    assert pair.programs == 1


@pytest.mark.oracle
def test_layers_that_change_images_at_random(float64):
    def build():
        changes = [make() for make in AUGMENTATION]
        ends = [keras.layers.Flatten(), keras.layers.Dense(2)]
        model = keras.Sequential([keras.Input(IMAGE), *changes, *ends])
        model.compile(keras.optimizers.SGD(0.01), "mse")
        return model

    pair = both(build, numbers(ROWS, *IMAGE), numbers(ROWS, 2, seed=1))
    assert_agree(pair)
    assert pair.compiled.plan.startswith("Compiled as a graph")


@pytest.mark.further
@pytest.mark.parametrize("group", SINGLE)
def test_layers_of_single_precision_agree_after_one_step(group):
    pair = train(*SINGLE[group], epochs=1, batch_size=ROWS)
    assert_agree_after_one_step(pair, side_by_side(*SINGLE[group]), ROWS, rate=0.05)


@pytest.mark.oracle
def test_an_interpolation_that_xla_lacks_in_double_precision_runs_as_a_graph(float64):
    pair = train(IMAGE, [layer("UpSampling2D", 2, interpolation="bilinear")])
    assert_agree(pair)
    assert pair.compiled.plan.startswith("Compiled as a graph")
    again = train(IMAGE, [layer("UpSampling2D", 2, interpolation="bilinear")])
    assert again.programs == 0


def embedded(*layers, **settings):
    def build():
        model = keras.Sequential(
            [
                keras.Input((4,), dtype="int32"),
                keras.layers.Embedding(5, 3, **settings),
                *(make() for make in layers),
                keras.layers.Dense(2),
            ]
        )
        model.compile("sgd", "mse")
        return model

    return build


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("build", "plan"),
    [
        (embedded(layer("Flatten")), "Compiled with XLA."),
        (embedded(layer("LSTM", 3), mask_zero=True), "Compiled with XLA, the last"),
        (
            embedded(layer("GRU", 3, return_sequences=True), mask_zero=True),
            "Compiled with XLA, the last",
        ),
        (
            embedded(layer("GlobalAveragePooling1D"), mask_zero=True),
            "Compiled with XLA, the last",
        ),
    ],
    ids=["plain", "mask to an LSTM", "mask to the loss", "mask to a mean"],
)
def test_embeddings_and_their_masks(float64, build, plan):
    steps = len(build().output_shape) == 3
    y = numbers(ROWS, 4, 2, seed=1) if steps else numbers(ROWS, 2, seed=1)
    pair = both(build, classes(5, ROWS, 4), y)
    assert_agree(pair)
    assert pair.compiled.plan.startswith(plan)


@pytest.mark.oracle
def test_whole_numbers_pass_layers_that_count_or_look_up(float64):
    def build():
        inputs = keras.Input((4,), dtype="int32")
        table = keras.layers.ReversibleEmbedding(5, 3)
        logits = keras.layers.Flatten()(table(table(inputs), reverse=True))
        counts = keras.layers.CategoryEncoding(5, output_mode="count")(inputs)
        binned = keras.layers.Discretization([1.0, 3.0], output_mode="multi_hot")(inputs)
        joined = keras.layers.Concatenate()([logits, counts, binned])
        model = keras.Model(inputs, keras.layers.Dense(2)(joined))
        model.compile("sgd", "mse")
        return model

    assert_agree(both(build, classes(5, ROWS, 4), numbers(ROWS, 2, seed=1)))


@pytest.mark.oracle
def test_a_mask_of_values_reaches_the_loss_and_the_metrics(float64):
    def build():
        model = keras.Sequential(
            [
                keras.Input((4, 3)),
                keras.layers.Masking(),
                keras.layers.LSTM(2, return_sequences=True),
            ]
        )
        model.compile("sgd", "mse", metrics=["mae"], weighted_metrics=["mse"])
        return model

    x = numbers(ROWS, 4, 3)
    x[::2, 2:] = 0
    weight = numbers(ROWS, 4, low=0.5, high=2.0)
    assert_agree(both(build, x, numbers(ROWS, 4, 2, seed=1), weight))


def test_every_layer_of_keras_is_in_a_table():
    tables = [*MASKED.values(), *UNMASKED.values(), *SINGLE.values(), (IMAGE, AUGMENTATION)]
    tested = {name for _, makers in tables for make in makers for name in make.classes}
    given = {
        kind.__name__
        for kind in vars(keras.layers).values()
        if inspect.isclass(kind) and issubclass(kind, keras.Layer)
    }
    assert given == tested | ELSEWHERE | NO_LAYERS_OF_A_NETWORK | NOT_TESTED
    masked = {name for _, makers in MASKED.values() for make in makers for name in make.classes}
    pooled = {name for make in SINGLE["pooling"][1] for name in make.classes}
    cells = {"SimpleRNNCell", "LSTMCell", "GRUCell"}
    assert set(LAYERS) == masked | pooled | cells | {"InputLayer", "Embedding"}
