"""What an operation gives for a row does not change when other rows are added, taken away or exchanged."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from skdl.engine.rowwise.operations import NOT_ROWWISE, obstacle_in_graph
from skdl.engine.rowwise.operations import ROWWISE as TABLE
from tests.engine.oracle import assert_agree, both, numbers
from tests.engine.rowwise_cases import REFUSED, ROWWISE, operation_kinds
from tests.engine_of_graphs import without_xla

layers, ops = keras.layers, keras.ops

ROWS = 14  # in one epoch two batches, the second of six rows
# Keras computes these in single precision.
SINGLE = {"ctc_loss"}


def each(table):
    return [
        pytest.param(shape, case, id=f"{shape} {name}")
        for shape, cases in table.items()
        for name, case in cases.items()
    ]


def network(shape, case):
    """A network whose outputs are what `case` makes of numbers between 0 and 1."""
    inputs = keras.Input(shape)
    return keras.Model(inputs, case(layers.Dense(shape[-1], activation="sigmoid")(inputs)))


def operations_in(model):
    return {type(one).__name__ for one in model.operations if not isinstance(one, layers.Layer)}


def test_every_operation_of_keras_is_in_one_of_the_tables():
    names = [kind.__name__ for kind in operation_kinds()]
    assert len(set(names)) == len(names)
    assert set(TABLE) | set(NOT_ROWWISE) == set(names)
    assert not set(TABLE) & set(NOT_ROWWISE)


def test_the_tests_have_every_operation_of_the_table():
    tested = set()
    for shape, cases in ROWWISE.items():
        tested |= operations_in(
            network(shape, lambda x, cases=cases: [c(x) for c in cases.values()])
        )
    assert tested == set(TABLE)


def outputs_and_gradients(model, x, rows):
    """The first outputs for `x`, and the gradients of a loss of these alone."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        outputs = [output[:rows] for output in keras.tree.flatten(model(x))]
        floats = [output for output in outputs if output.dtype.is_floating]
        loss = sum(ops.sum(ops.square(ops.cast(one, "float64"))) for one in floats)
    gradients = tape.gradient(loss, model.trainable_variables) if floats else []
    return [np.asarray(one) for one in outputs], [np.asarray(g) for g in gradients if g is not None]


def assert_same(one, other, single):
    """Equal but for the order of sums of some hundred terms."""
    for a, b in zip(one, other, strict=True):
        floats = np.issubdtype(a.dtype, np.floating)
        unit = np.finfo(np.float32 if single else a.dtype).eps if floats else 0
        scale = np.abs(b[np.isfinite(b)]).max(initial=1.0) if floats else 0
        np.testing.assert_allclose(a, b, rtol=0, atol=1000 * unit * scale)


@pytest.mark.parametrize(("shape", "case"), each(ROWWISE))
def test_rows_do_not_depend_on_other_rows(float64, request, shape, case):
    model = network(shape, case)
    assert obstacle_in_graph(model) is None
    x, others = numbers(4, *shape), numbers(2, *shape, seed=8)
    single = any(name in request.node.name for name in SINGLE)
    alone = outputs_and_gradients(model, x, 4)
    added = outputs_and_gradients(model, np.concatenate([x, others]), 4)
    few = outputs_and_gradients(model, x[:1], 1)
    exchanged = outputs_and_gradients(model, np.concatenate([x[:1], others]), 1)
    assert_same(few[0], [one[:1] for one in alone[0]], single)
    for one, other in ((alone, added), (few, exchanged)):
        assert_same(one[0], other[0], single)
        assert_same(one[1], other[1], single)


@pytest.mark.parametrize(("shape", "refused"), each(REFUSED))
def test_what_mixes_rows_is_refused(shape, refused):
    case, words = refused
    reason = obstacle_in_graph(network(shape, case))
    assert reason is not None
    assert reason.startswith("the operation ")
    assert reason.endswith(words)


# What they look up they compute, and XLA would not notice a wrong index: XLA does not compile these.
LOOKED_UP = {
    *("median along -1", "median along (-2, 2)", "extract_sequences", "percentile", "quantile"),
    *("repeat each", "sparse_categorical_crossentropy", "take from a table", "take from a list"),
    *("take_along_axis", "take_along_axis by constants", "ctc_loss", "stft", "istft", "cholesky"),
    *("cholesky_inverse", "inv", "solve", "solve_of_vectors", "solve_triangular"),
    "perspective_transform",
}


def side_by_side(shape):
    """A network of the cases of a shape that XLA may compile, whose values are brought below 1."""

    def build():
        inputs = keras.Input(shape)
        features = layers.Dense(shape[-1], activation="sigmoid")(inputs)
        made = []
        for name, case in ROWWISE[shape].items():
            parts = [] if name in LOOKED_UP else keras.tree.flatten(case(features))
            for part in parts:
                part = part if len(part.shape) > 1 else ops.expand_dims(part, -1)
                made.append(layers.Flatten()(ops.softsign(ops.cast(part, "float64"))))
        model = keras.Model(inputs, layers.Dense(2)(layers.Concatenate()(made)))
        model.compile(keras.optimizers.SGD(0.01, momentum=0.9), "mse")
        return model

    return build


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param(shape, marks=() if len(cases) < 20 else pytest.mark.oracle, id=str(shape))
        for shape, cases in ROWWISE.items()
    ],
)
def test_batches_that_are_filled_up_train_as_keras_does(float64, monkeypatch, shape):
    without_xla(monkeypatch)
    pair = both(side_by_side(shape), numbers(ROWS, *shape), numbers(ROWS, 2, seed=1), epochs=1)
    assert_agree(pair)
    assert pair.masked
    assert pair.programs == 1


def compiled(inputs, outputs):
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9), "mse", metrics=["mae"])
    return model


def attention(x, heads=2):
    """Attention as it is written by hand, each position looking back."""
    steps, width = x.shape[1:]

    def split(x):
        made = ops.reshape(layers.Dense(width)(x), (-1, steps, heads, width // heads))
        return ops.transpose(made, (0, 2, 1, 3))

    query, key, value = split(x), split(x), split(x)
    scores = ops.matmul(query, ops.swapaxes(key, -1, -2)) / (width // heads) ** 0.5
    scores = ops.where(np.tri(steps, dtype=bool), scores, -1e9)
    mixed = ops.einsum("bhts,bhsd->bthd", ops.softmax(scores, axis=-1), value)
    return layers.Dense(width)(ops.reshape(mixed, (-1, steps, width)))


def transformer():
    inputs = keras.Input((5, 4))
    x = layers.Dense(6)(inputs) + np.linspace(0.0, 1.0, 30).reshape(5, 6)
    for attend in (layers.MultiHeadAttention(2, 3, dropout=0.1), None):
        normal = layers.LayerNormalization()(x)
        x = x + (attention(normal) if attend is None else attend(normal, normal))
        normal = layers.LayerNormalization()(x)
        x = x + layers.Dropout(0.1)(layers.Dense(6)(ops.gelu(layers.Dense(8)(normal))))
    pooled = ops.concatenate([ops.mean(x, axis=1), ops.max(x, axis=1), x[:, -1]], axis=-1)
    return compiled(inputs, layers.Dense(2)(pooled / 2.0))


@pytest.mark.oracle
def test_a_transformer_takes_xla_and_agrees_with_keras(float64):
    pair = both(transformer, numbers(ROWS, 5, 4), numbers(ROWS, 2, seed=1), epochs=1)
    assert pair.compiled.plan == "Compiled with XLA."
    assert_agree(pair)


def residual():
    inputs = keras.Input((6, 6, 2))
    x = layers.Conv2D(4, 3, padding="same")(inputs / 255.0 - 0.5)
    h = layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same")(ops.relu(x)))
    return compiled(inputs, layers.Dense(2)(layers.GlobalAveragePooling2D()(ops.relu(x + h))))


@pytest.mark.oracle
def test_a_residual_network_takes_xla_and_agrees_with_keras(float64):
    pair = both(residual, 255 * numbers(ROWS, 6, 6, 2, low=0.0), numbers(ROWS, 2, seed=1), epochs=1)
    assert pair.compiled.plan == "Compiled with XLA, convolutions as matrix products."
    assert_agree(pair)


def test_an_operation_is_looked_at_wherever_it_is_used():
    softmax = next(kind for kind in operation_kinds() if kind.__name__ == "Softmax")(axis=-2)
    inputs = keras.Input((4, 6))
    once = softmax(inputs)
    assert obstacle_in_graph(keras.Model(inputs, once)) is None
    reason = obstacle_in_graph(keras.Model(inputs, [once, softmax(inputs[:, 0])]))
    assert reason.endswith("may mix rows as it is called here")


class Own(keras.Operation):
    def call(self, x):
        return x

    def compute_output_spec(self, x):
        return keras.KerasTensor(x.shape, x.dtype)


def test_operations_of_users_are_refused():
    inputs = keras.Input((4,))
    assert obstacle_in_graph(keras.Model(inputs, Own()(inputs))).endswith(
        "no operation of Keras's own"
    )
    model = keras.Model(inputs, ops.relu(inputs))
    (relu,) = (one for one in model.operations if not isinstance(one, layers.Layer))
    relu.call = lambda x: x
    assert obstacle_in_graph(model).endswith("is no operation of Keras's own")


def test_a_setting_that_is_an_array_is_looked_at():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, ops.celu(inputs, alpha=np.ones((3, 4))))
    assert obstacle_in_graph(model).endswith("may mix rows as it is called here")


def masked(last):
    """A network whose recurrent layer is told by an operation which steps count."""

    def build():
        inputs = keras.Input((5, 4))
        mask = ops.any(inputs > 0.6, axis=-1)
        x = layers.LSTM(3, return_sequences=not last)(inputs, mask=mask)
        return compiled(inputs, layers.Dense(2)(x))

    return build


@pytest.mark.oracle
@pytest.mark.parametrize(
    "last",
    [True, False],
    ids=["no mask of outputs", "mask of outputs"],
)
def test_a_mask_that_an_operation_makes_counts_as_in_keras(float64, monkeypatch, last):
    without_xla(monkeypatch)
    y = numbers(ROWS, 2, seed=1) if last else numbers(ROWS, 5, 2, seed=1)
    pair = both(masked(last), numbers(ROWS, 5, 4), y, epochs=1)
    assert_agree(pair)
    assert pair.masked == last
    if not last:
        reason = obstacle_in_graph(masked(last)())
        assert reason.endswith("hands on a mask, which may reach the loss")


def looking_back():
    inputs = keras.Input((5, 4))
    steps = ops.any(inputs > 0.3, axis=-1)
    attend = layers.MultiHeadAttention(2, 3)
    x = attend(inputs, inputs, attention_mask=steps[:, None, :])
    x = x + attend(x, x, attention_mask=np.tri(5, dtype=bool))
    return compiled(inputs, layers.Dense(2)(x))


@pytest.mark.oracle
def test_masks_of_attention_stay_inside_it(float64, monkeypatch):
    without_xla(monkeypatch)
    pair = both(looking_back, numbers(ROWS, 5, 4), numbers(ROWS, 5, 2, seed=1), epochs=1)
    assert_agree(pair)
    assert pair.masked


def given(array):
    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.Add()([inputs, array]))


def test_layers_that_are_given_an_array_with_rows_are_refused():
    assert obstacle_in_graph(given(np.ones((1, 4), np.float32))) is None
    for array in (np.ones((8, 4), np.float32), np.ones(4, np.float32)):
        assert obstacle_in_graph(given(array)).endswith(
            "is given an array that may have rows of its own"
        )


def one_number():
    inputs = keras.Input((4,))
    return compiled(inputs, ops.squeeze(layers.Dense(1)(inputs), -1))


def test_outputs_of_one_number_a_row_are_no_batches_to_fill_up(float64, monkeypatch):
    without_xla(monkeypatch)
    pair = both(one_number, numbers(ROWS, 4), numbers(ROWS, seed=1), epochs=1)
    assert_agree(pair)
    assert not pair.masked
