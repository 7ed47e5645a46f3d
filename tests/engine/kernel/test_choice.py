"""Which jobs the kernel leaves to others, and why."""

from __future__ import annotations

import itertools
import random
import re
import warnings
from dataclasses import replace

import keras
import numpy as np
import pytest

from skdl.engine.compiled import CompiledEngine
from skdl.engine.keras_loop import KerasLoopEngine
from skdl.engine.kernel import choice, reading
from skdl.engine.kernel.blas import LARGEST_PRODUCT
from skdl.engine.kernel.choice import MOST_MULTIPLICATIONS, description_for_kernel
from skdl.engine.kernel.description import Description, Stack
from skdl.engine.kernel.reading import layers_of
from skdl.engine.network.network import LiveNetwork
from skdl.engine.rows.arrays import Samples
from tests.engine.kernel.cases import (
    CLASSES,
    around,
    dense,
    layer,
    loss,
    measured,
    metric,
    of_classes,
    one_hot,
    optimizer,
    real,
    stack,
)
from tests.engine.oracle import (
    ROWS,
    assert_equal_results,
    by_kernel,
    classes,
    eagerly,
    job_of,
    numbers,
)


class Twice(keras.layers.Dense):
    def call(self, inputs, training=None):
        return 2 * super().call(inputs)


def of_own_function(x):
    return x * x


def with_attribute():
    made = keras.layers.Dense(3)
    made.scale = 2.0
    return made


def with_method():
    made = keras.layers.Dense(4)
    made.call = lambda inputs, training=None: inputs
    return made


def trained_in_part():
    model = stack(dense(3), dense(2))()
    model.layers[0].bias.trainable = False
    model.compile("sgd", "mse")
    return model


def of_two_inputs():
    one, two = keras.Input((2,)), keras.Input((2,))
    joined = keras.layers.Concatenate()([one, two])
    model = keras.Model([one, two], keras.layers.Dense(2)(joined))
    model.compile("sgd", "mse")
    return model


def with_a_shortcut():
    rows = keras.Input((4,))
    model = keras.Model(
        rows, keras.layers.Dense(2)(keras.layers.Add()([rows, keras.layers.Dense(4)(rows)]))
    )
    model.compile("sgd", "mse")
    return model


def with_one_layer_twice():
    rows, shared = keras.Input((4,)), keras.layers.Dense(4)
    model = keras.Model(rows, keras.layers.Dense(2)(shared(shared(rows))))
    model.compile("sgd", "mse")
    return model


def with_own_metric():
    model = stack(dense(3), dense(2))()
    model.own = keras.metrics.Mean(name="own")
    return model


def frozen_later():
    model = stack(dense(3), dense(2), optimizer=optimizer("Adam"))()
    model.optimizer.build(model.trainable_variables)
    model.layers[0].trainable = False
    return model


class Own(keras.Model):
    def __init__(self):
        super().__init__()
        self.inner = keras.layers.Dense(2)

    def build(self, shape):
        self.inner.build(shape)

    def call(self, inputs):
        return self.inner(inputs)


def subclassed():
    model = Own()
    model.build((None, 4))
    model.compile("sgd", "mse")
    return model


def schedule():
    return keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9))


def plain(**settings):
    return stack(dense(3), dense(2), **settings)


NETWORKS = {
    "a subclass of a layer": stack(lambda: Twice(3), dense(2)),
    "a function as activation": stack(dense(3, of_own_function), dense(2)),
    "an attribute of its own": stack(with_attribute, dense(2)),
    "a method of its own": stack(with_method, dense(2)),
    "an activation that is a layer": stack(
        lambda: keras.layers.Dense(3, keras.layers.ReLU()), dense(2)
    ),
    "sparsemax": stack(dense(4, "sparsemax"), dense(2)),
    "a reshaped activation": stack(
        dense(CLASSES, "softmax"), layer("Flatten"), loss="categorical_crossentropy"
    ),
    "a metric that is an attribute": with_own_metric,
    "a weight for each class": stack(
        dense(CLASSES, "softmax"), loss=loss("CategoricalFocalCrossentropy", alpha=[0.1, 0.2, 0.3])
    ),
    "an optimizer for other variables": frozen_later,
    "half precision": stack(dense(3, dtype="mixed_bfloat16"), dense(2)),
    "UnitNormalization": stack(dense(3), layer("UnitNormalization"), dense(2)),
    "noise_shape": stack(dense(3), layer("Dropout", 0.2, noise_shape=(None, 1)), dense(2)),
    "PReLU that shares": stack(layer("PReLU", shared_axes=[1]), dense(2)),
    "Softmax of another axis": stack(layer("Softmax", axis=[1]), dense(2)),
    "an orthogonal penalty": stack(dense(3, kernel_regularizer="orthogonal_regularizer"), dense(2)),
    "a constraint by rows": stack(
        dense(3, kernel_constraint=keras.constraints.MaxNorm(1.0, axis=1)), dense(2)
    ),
    "a layer trained in part": trained_in_part,
    "two inputs": of_two_inputs,
    "a shortcut": with_a_shortcut,
    "a layer used twice": with_one_layer_twice,
    "a model of the user's": subclassed,
    "a schedule of Keras's": plain(optimizer=schedule),
    "accumulated slopes": plain(optimizer=optimizer("SGD", gradient_accumulation_steps=2)),
    "Adafactor": plain(optimizer=optimizer("Adafactor")),
    "cosine similarity": plain(loss="cosine_similarity"),
    "a sum of losses": plain(loss=loss("MeanSquaredError", reduction="sum")),
    "weighted losses": plain(loss_weights=0.5),
    "a list of losses": plain(loss=lambda: ["mse"]),
    "a function as loss": plain(loss=lambda: lambda y, p: keras.ops.mean((y - p) ** 2, -1)),
    "AUC": measured(keras.metrics.AUC).build,
    "an R2 of each column": measured(metric("R2Score", class_aggregation=None)).build,
    "cosine as metric": plain(metrics=["cosine_similarity"]),
    "a branch of crossentropy": stack(dense(2, "softplus"), loss="binary_crossentropy"),
}
REASONS = {
    "a subclass of a layer": "code or objects of the user's are part of the network",
    "an attribute of its own": "the layer dense has an attribute of its own, scale",
    "sparsemax": "the kernel has no activation sparsemax",
    "UnitNormalization": "the kernel has no layer UnitNormalization",
    "a layer trained in part": "a layer is trained in part",
    "two inputs": "the network is no chain of layers",
    "a layer used twice": "the layer dense is used twice",
    "a schedule of Keras's": "the learning rate is a schedule of Keras's",
    "cosine similarity": "the kernel does not have the loss",
    "a sum of losses": "the loss has the reduction 'sum'",
    "a reshaped activation": "the loss takes probabilities that no softmax gives",
    "a metric that is an attribute": "the model has metrics of its own",
    "a weight for each class": "the loss weights each class by itself",
    "an optimizer for other variables": "the optimizer was built for other variables than are trained",
    "an R2 of each column": "the metric r2_score has a value for each column",
    "cosine as metric": "the kernel has no metric cosine_similarity",
    "a branch of crossentropy": "the loss takes probabilities that no sigmoid gives",
}


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_that_are_not_taken(name):
    x = [numbers(ROWS, 2)] * 2 if name == "two inputs" else numbers(ROWS, 4)
    x = tuple(x) if isinstance(x, list) else x
    y = (
        one_hot(ROWS)
        if name in ("a reshaped activation", "a weight for each class")
        else real(ROWS)
    )
    why = description_for_kernel(job_of(NETWORKS[name], x, y))
    assert isinstance(why, str)
    if name in REASONS:
        # Keras adds numbers to the names of layers.
        assert re.sub(r"_\d+", "", why) == REASONS[name]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"options": {"validation_freq": 2}}, "keras.Model.fit takes validation_freq"),
        (
            {"options": {"steps_per_epoch": 2}},
            "steps_per_epoch=2 does not divide the number of batches, 3",
        ),
        (
            {"batch_size": 2**20},
            f"its products are large ({2**20 * 18} multiplications for a batch)",
        ),
    ],
)
def test_jobs_that_are_not_taken(changes, why):
    assert description_for_kernel(job_of(plain(), numbers(ROWS, 4), real(ROWS), **changes)) == why


@pytest.mark.parametrize(
    ("x", "y", "weight"),
    [
        (numbers(ROWS, 4), numbers(ROWS, 1), None),
        (numbers(ROWS, 4), real(ROWS), numbers(ROWS, 2)),
        (numbers(ROWS, 4).astype(complex), real(ROWS), None),
    ],
    ids=["one target for two outputs", "weights of outputs", "complex"],
)
def test_rows_that_are_not_taken(x, y, weight):
    job = job_of(plain(), numbers(ROWS, 4), real(ROWS))
    assert isinstance(description_for_kernel(replace(job, training=Samples(x, y, weight))), str)


@pytest.mark.parametrize("wrong", [-1, CLASSES, np.nan])
def test_a_target_that_is_no_class_is_not_taken(wrong):
    y = of_classes(ROWS).astype(float)
    network = stack(dense(CLASSES, "softmax"), loss="sparse_categorical_crossentropy")
    job = job_of(network, numbers(ROWS, 4), y.copy())
    assert isinstance(description_for_kernel(job), Description)
    job.training.y[2] = wrong
    assert description_for_kernel(job) == "a target is no class"


def test_an_error_of_the_numbers_of_classes_is_not_taken():
    """Keras compares each output with the number; the loop would read beyond the targets."""
    last, y = dense(CLASSES, "softmax"), classes(CLASSES, ROWS, 1)
    build = stack(last, loss="sparse_categorical_crossentropy", metrics=["mse"])
    why = description_for_kernel(job_of(build, numbers(ROWS, 4), y))
    assert why == "targets have the shape (1,) instead of (3,)"


@pytest.mark.parametrize("wrong", [1e6, 0.5])
def test_an_accuracy_of_numbers_that_are_no_classes_is_not_taken(wrong):
    build = stack(dense(1), loss="mse", metrics=["sparse_categorical_accuracy"])
    y = np.zeros(ROWS, np.float32)
    job = job_of(build, numbers(ROWS, 4), y)
    assert isinstance(description_for_kernel(job), Description)
    y[3] = wrong
    assert description_for_kernel(job) == "a target is no class"


def test_as_many_targets_as_rows():
    job = job_of(plain(), numbers(ROWS, 4), real(ROWS))
    short = replace(job, training=Samples(job.training.x, job.training.y[:-1], None))
    assert description_for_kernel(short) == "there are not as many targets or weights as rows"


def test_the_users_random_numbers_are_left_alone():
    model = stack(dense(3), layer("Dropout", 0.2), dense(2))()
    reading._attributes.clear()
    before = random.getstate()
    assert isinstance(layers_of(model), Stack)
    assert random.getstate() == before


def description_or_reason(rows, inputs, width):
    build = stack(dense(width), dense(2), shape=(inputs,))
    return description_for_kernel(job_of(build, numbers(ROWS, inputs), real(ROWS), batch_size=rows))


def test_the_multiplications_of_a_batch_are_limited():
    assert MOST_MULTIPLICATIONS == 2**24
    assert isinstance(description_or_reason(816, 512, 40), Description)
    assert (
        description_or_reason(817, 512, 40)
        == "its products are large (16797520 multiplications for a batch)"
    )


@pytest.mark.parametrize("sides", list(itertools.permutations([50, 100, 300])))
def test_three_rows_of_the_longest_side_fit_into_a_block(monkeypatch, sides):
    monkeypatch.setattr(choice, "LARGEST_PRODUCT", 3 * 50 * 100)
    assert isinstance(description_or_reason(*sides), Description)
    monkeypatch.setattr(choice, "LARGEST_PRODUCT", 3 * 50 * 100 - 1)
    inputs, outputs = sides[1:]
    why = f"its products are large ({inputs} inputs and {outputs} outputs)"
    assert description_or_reason(*sides) == why


@pytest.mark.parametrize(
    ("rows", "inputs", "first", "second"),
    [
        *((300, 100, 40, 60), (64, 90, 200, 50), (50, 401, 60, 3), (90, 90, 90, 90)),
        *((64, 20, 90, 200), (64, 20, 200, 90), (300, 20, 60, 50)),
    ],
)
def test_large_products_are_cut_into_blocks(float64, rows, inputs, first, second):
    # Each side is the longest one of some product, and each of three products has each of its sides cut.
    assert rows * max(inputs * first, first * second) > LARGEST_PRODUCT
    build = stack(dense(first, "tanh"), dense(second), dense(2), shape=(inputs,))
    job = job_of(build, numbers(2 * rows + 20, inputs), real(2 * rows + 20), batch_size=rows)
    assert_equal_results(by_kernel(job), KerasLoopEngine().train(eagerly(job)))


def test_a_method_put_into_a_class_of_keras_is_not_taken(monkeypatch):
    monkeypatch.setattr(keras.layers.ReLU, "call", lambda self, inputs: inputs * 2)
    network = around(layer("ReLU")).build
    why = description_for_kernel(job_of(network, numbers(ROWS, 4), real(ROWS)))
    assert why == "code or objects of the user's are part of the network"


def test_the_plan_says_that_the_kernel_runs_and_the_engine_can_be_asked_to_leave_it_out():
    job = job_of(around(layer("ReLU")).build, numbers(ROWS, 4), real(ROWS))
    assert CompiledEngine().explain(job) == "Native kernel."
    assert CompiledEngine(kernel=False).explain(job) == "Compiled with XLA."


def test_a_network_that_changes_is_asked_anew():
    model = stack(dense(3), dense(2))()
    job = job_of(LiveNetwork(model), numbers(ROWS, 4), real(ROWS))
    assert isinstance(description_for_kernel(job), Description)
    model.layers[0].scale = 3.0
    assert isinstance(description_for_kernel(job), str)


def of_rates():
    return keras.callbacks.ReduceLROnPlateau("loss", patience=0, min_delta=9.0)


def at_the_rate():
    return keras.callbacks.EarlyStopping("learning_rate", mode="min", patience=1)


@pytest.mark.parametrize("first", [True, False])
def test_callbacks_that_watch_the_rate_are_not_followed(float64, first):
    def given():
        return (at_the_rate(), of_rates()) if first else (of_rates(), at_the_rate())

    job = job_of(plain(), numbers(ROWS, 4), real(ROWS), epochs=4)
    with warnings.catch_warnings(record=True) as caught:  # Keras says that there is no such curve
        warnings.simplefilter("always")
        ours = CompiledEngine().train(job, callbacks=given())
        theirs = KerasLoopEngine().train(eagerly(job), callbacks=given())
    assert first == any("not available" in str(one.message) for one in caught)
    assert not ours.plan.startswith("Native kernel")
    assert_equal_results(ours, theirs)


def test_a_loss_that_is_no_number_leaves_the_rate_of_its_step(float64):
    rates = 1e60 / np.arange(1, 13)
    job = job_of(plain(), numbers(ROWS, 4), real(ROWS), epochs=4, rates=rates)
    ends = (keras.callbacks.TerminateOnNaN(),)
    ours, theirs = by_kernel(job, ends), KerasLoopEngine().train(eagerly(job), callbacks=ends)
    assert ours.history["learning_rate"] == theirs.history["learning_rate"]
    assert ours.history["learning_rate"][-1] in rates


def test_too_few_rates_are_an_error():
    job = job_of(plain(), numbers(ROWS, 4), real(ROWS), rates=np.full(4, 0.1))
    with pytest.raises(ValueError, match="Got 4 learning rates"):
        by_kernel(job)


CHANGED = {
    "a momentum less": ({"momentum": 0.9, "centered": True}, {"momentum": 0.0}),
    "another memory": ({"momentum": 0.9}, {"momentum": 0.0, "centered": True}),
    "an average": ({}, {"use_ema": True}),
}


@pytest.mark.parametrize("name", CHANGED)
def test_an_optimizer_that_was_built_with_other_settings_is_not_taken(name):
    first, then = CHANGED[name]
    model = stack(dense(3), dense(2), optimizer=optimizer("RMSprop", 0.01, **first))()
    model.optimizer.build(model.trainable_variables)
    assert isinstance(reading.description_of(model), Description)
    for attribute, value in then.items():
        setattr(model.optimizer, attribute, value)
    assert reading.description_of(model) == "the optimizer was built with other settings"


class OwnConstraint(keras.constraints.Constraint):
    def __call__(self, w):
        return w


def test_a_layer_whose_config_keras_cannot_read_is_not_taken(monkeypatch):
    monkeypatch.setattr(reading, "_attributes", {})
    model = stack(dense(3, kernel_constraint=OwnConstraint()), dense(2))()
    assert isinstance(layers_of(model), str)
