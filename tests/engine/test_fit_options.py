"""Arguments of `keras.Model.fit`: in programs the same as with the Keras loop, or left to it."""

from __future__ import annotations

from functools import cache

import keras
import numpy as np
import pytest

from skdl.engine import stats
from skdl.engine.compiled import CompiledEngine
from skdl.engine.fit_options import Course, obstacle, settled
from skdl.engine.keras_loop import KerasLoopEngine
from skdl.engine.rows.arrays import Samples
from tests.engine.oracle import BATCH, ROWS, assert_agree, both, classes, eagerly, job_of, numbers
from tests.engine_of_graphs import without_xla
from tests.selection import some

pytestmark = pytest.mark.usefixtures("programs_of_tensorflow")


@pytest.fixture
def fast(float64, monkeypatch):
    """Double precision, and graphs where XLA would run too."""
    without_xla(monkeypatch)


def network(loss="mse", units=1, activation=None, **settings):
    """A network with noise, statistics and a metric of each kind."""

    def build():
        model = keras.Sequential(
            [
                keras.Input((4,)),
                keras.layers.Dense(5, activation="tanh"),
                keras.layers.BatchNormalization(),
                keras.layers.Dropout(0.3),
                keras.layers.Dense(units, activation=activation),
            ]
        )
        metrics = {"metrics": ["mae"], "weighted_metrics": ["mse"]} if loss == "mse" else {}
        model.compile(keras.optimizers.Adam(0.05), loss, **metrics, **settings)
        return model

    return build


NETWORK = network()


def held_out(rows=19):
    return Samples(numbers(rows, 4, seed=7), numbers(rows, 1, seed=8))


def data():
    return numbers(ROWS, 4), numbers(ROWS, 1, seed=1)


# 22 rows in batches of 4 are 6, the last of 2; 19 rows to validate on are 5.
COURSES = {
    "validation now and then": {"validation_freq": 2},
    "validation once": {"validation_freq": 5},
    "no validation": {"validation_freq": 9},
    "a list of epochs": {"validation_freq": [1, 2, 5]},
    "a list of no epochs": {"validation_freq": []},
    "some steps of validation": {"validation_steps": 3},
    "all steps of validation": {"validation_steps": 5},
    "one step an epoch": {"steps_per_epoch": 1},
    "halves": {"steps_per_epoch": 3},
    "thirds": {"steps_per_epoch": 2},
    "all steps": {"steps_per_epoch": 6},
    "all at once": {"steps_per_epoch": 2, "validation_steps": 2, "validation_freq": 3},
    "what says nothing": {
        "steps_per_epoch": None,
        "validation_steps": None,
        "validation_freq": 1,
        "class_weight": None,
    },
}


def course(options, **changes):
    settings = {"validation": held_out(), "batch_size": 4, "validation_batch_size": 4, "epochs": 5}
    return both(NETWORK, *data(), options=options, keras_runs="kept", **{**settings, **changes})


@pytest.mark.parametrize("name", some(COURSES, "a list of epochs", mark="oracle"))
def test_parts_of_the_data(fast, name):
    pair = course(COURSES[name])
    assert_agree(pair)
    assert pair.masked
    assert pair.programs <= 1
    for curve, values in pair.keras.history.items():
        assert len(pair.compiled.history[curve]) == len(values)


@pytest.mark.parametrize(
    "name",
    some(["thirds", "all at once", "a list of epochs"], "a list of epochs", mark="oracle"),
)
def test_parts_of_the_data_where_epochs_count_on(fast, name):
    later = {"epochs": 7, "initial_epoch": 3, "trained_epochs": 2}
    assert_agree(course(COURSES[name], shuffle=False, **later))


@pytest.mark.oracle
@pytest.mark.parametrize(
    "name",
    ["all at once", "a list of epochs"],
)
def test_parts_of_the_data_with_xla(float64, name):
    pair = course(COURSES[name])
    assert_agree(pair)
    assert pair.compiled.plan == "Compiled with XLA."


def test_parts_of_the_data_in_batches_of_any_size(fast):
    class Sine(keras.layers.Layer):
        def call(self, x):
            return keras.ops.sin(x)

    def build():
        model = keras.Sequential([keras.Input((4,)), Sine(), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        return model

    pair = both(build, *data(), batch_size=4, epochs=5, options={"steps_per_epoch": 2})
    assert_agree(pair)
    assert not pair.masked


@pytest.mark.further
def test_options_of_validation_without_validation(fast):
    pair = both(
        NETWORK, *data(), options={"validation_freq": 2, "validation_steps": 70}, keras_runs="kept"
    )
    assert_agree(pair)


@pytest.mark.oracle
def test_callbacks_of_the_training_data_beside_rare_validation(fast, tmp_path):
    def callbacks():
        return [
            keras.callbacks.EarlyStopping("loss", patience=1, restore_best_weights=True),
            keras.callbacks.ReduceLROnPlateau("loss", patience=0),
            keras.callbacks.ModelCheckpoint(tmp_path / "last.keras", "val_loss"),
        ]

    assert_agree(course({"validation_freq": 2}, callbacks=callbacks))


WEIGHTS = {
    "of numbers": ({0: 0.5, 1: 3.0, 2: 0.1}, "sparse_categorical_crossentropy", 3, "softmax"),
    "of whole numbers": ({0: 1, 1: 3, 2: 2}, "sparse_categorical_crossentropy", 3, "softmax"),
    "of some": ({2: 3.0}, "sparse_categorical_crossentropy", 3, "softmax"),
    "of more": ({1: 0.2, 5: 3.0}, "sparse_categorical_crossentropy", 3, "softmax"),
    "of columns": ({0: 0.5, 1: 3.0, 2: 0.1}, "categorical_crossentropy", 3, "softmax"),
    "of two": ({0: 0.3, 1: 1.7}, "binary_crossentropy", 1, "sigmoid"),
    # As compute_class_weight gives them: Keras keeps the precision of NumPy's numbers.
    "of NumPy": (
        {0: np.float64(0.3), 1: np.float64(1.7)},
        "binary_crossentropy",
        1,
        "sigmoid",
    ),
}


def targets(loss, units, rows=ROWS):
    y = classes(max(units, 2), rows)
    if loss == "categorical_crossentropy":
        return np.eye(units, dtype=keras.config.floatx())[y]
    return y[:, None].astype(keras.config.floatx()) if units == 1 else y


@cache
def classifying(loss, units, activation):
    if loss == "sparse_categorical_crossentropy":
        return network(loss, units, activation, weighted_metrics=["accuracy"])
    return network(loss, units, activation, metrics=["accuracy"], weighted_metrics=["mse"])


@pytest.mark.further
@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_of_classes(fast, name):
    weights, *of_network = WEIGHTS[name]
    build, (loss, units, _) = classifying(*of_network), of_network
    validation = Samples(numbers(10, 4, seed=7), targets(loss, units, 10))
    options = {"class_weight": weights}
    pair = both(
        build,
        numbers(ROWS, 4),
        targets(loss, units),
        options=options,
        validation=validation,
        keras_runs="kept",
    )
    assert_agree(pair)
    plain = job_of(build, numbers(ROWS, 4), targets(loss, units), validation=validation)
    assert CompiledEngine().train(plain).history["loss"] != pair.compiled.history["loss"]


SHARING = {
    "values of class weights": [{"class_weight": {0: w, 1: 2.0}} for w in (0.5, 1, 3.0)],
    "classes with weights": [{"class_weight": w} for w in ({0: 2.0, 1: 1}, {1: 2}, {7: 3})],
    "validations": [{"validation_freq": n} for n in (1, 2, [1, 3])],
    "steps": [{"steps_per_epoch": n} for n in (1, 3, None)],
    "steps of validation": [{"validation_steps": n} for n in (1, 2, None)],
}


@pytest.mark.further
@pytest.mark.parametrize("name", SHARING)
def test_numbers_in_options_share_a_program(fast, name):
    found = []
    for options in SHARING[name]:
        job = job_of(
            network("binary_crossentropy", 1, "sigmoid"),
            numbers(ROWS, 4),
            targets("", 1),
            validation=Samples(numbers(19, 4, seed=7), targets("", 1, 19)),
            options=options,
        )
        assert CompiledEngine().train(job).plan.startswith("Compiled")
        found.append(stats().programs)
    assert len(set(found)) == 1  # the first fit may compile one


def with_options(**changes):
    y = changes.pop("y", classes(3, ROWS))
    return job_of(network(), numbers(ROWS, 4), y, changes.pop("weight", None), **changes)


LEFT_TO_KERAS = {
    "steps_per_epoch=2 does not divide the number of batches, 3": {
        "options": {"steps_per_epoch": 2}
    },
    "steps_per_epoch=4 does not divide the number of batches, 3": {
        "options": {"steps_per_epoch": 4}
    },
    "steps_per_epoch=0.5 does not divide the number of batches, 3": {
        "options": {"steps_per_epoch": 0.5}
    },
    "validation_steps=4 is no number from 1 to that of the batches, 3": {
        "options": {"validation_steps": 4},
        "validation": held_out,
    },
    "validation_freq=0 is no positive whole number and no list": {
        "options": {"validation_freq": 0},
        "validation": held_out,
    },
    "validation_freq=(1, 2) is no positive whole number and no list": {
        "options": {"validation_freq": (1, 2)},
        "validation": held_out,
    },
    "class_weight comes with weights of rows, which Keras refuses": {
        "options": {"class_weight": {0: 2.0}},
        "weight": np.ones(ROWS),
    },
    "class_weight is for one output, with one class a row": {
        "options": {"class_weight": {0: 2.0}},
        "y": np.zeros((ROWS, 2, 3)),
    },
    "class_weight is no dict from numbers of classes to weights": {
        "options": {"class_weight": {"a": 2.0}},
    },
    "class_weight ends before the last class": {"options": {"class_weight": {1: 2.0}}},
    "keras.Model.fit takes more": {"options": {"more": 1}},
}


@pytest.mark.parametrize("why", LEFT_TO_KERAS)
def test_what_is_not_exact_is_left_to_keras(why):
    changes = {k: v() if callable(v) else v for k, v in LEFT_TO_KERAS[why].items()}
    assert obstacle(settled(with_options(**changes))) == why
    assert CompiledEngine().explain(with_options(**changes)) == f"Keras loop, because {why}."


@pytest.mark.parametrize("kind", ["EarlyStopping", "ReduceLROnPlateau"])
def test_callbacks_that_watch_what_some_epochs_do_not_have_are_left_to_keras(kind):
    callback = getattr(keras.callbacks, kind)("val_loss")
    job = job_of(
        network(),
        *data(),
        validation=held_out(),
        options={"validation_freq": 2},
    )
    assert CompiledEngine().explain(job, (callback,)) == (
        f"Keras loop, because {kind} watches val_loss, which some epochs do not have."
    )


def test_the_callers_job_is_left_as_it_is():
    options = {"class_weight": {0: 2.0, 1: 1.0, 2: 0.5}}
    job = with_options(options=options)
    ready = settled(job)
    assert job.options == options
    assert job.training.weight is None
    assert ready.options == {}
    table = np.array([2.0, 1.0, 0.5])
    np.testing.assert_array_equal(ready.training.weight, table[job.training.y])
    assert ready.training.weight.dtype == keras.config.floatx()


def test_no_number_of_steps_is_all_of_them_with_keras_too():
    job = job_of(network(), *data(), epochs=1, options={"steps_per_epoch": None})
    assert len(KerasLoopEngine().train(eagerly(job)).history["loss"]) == 1


def test_the_course_of_a_fit():
    options = {"steps_per_epoch": 2, "validation_freq": [2, 3, 7]}
    job = with_options(batch_size=4, validation=held_out(), options=options)
    found = Course.of(job)
    assert (found.steps, found.parts, found.held_out_steps) == (2, 3, 3)
    assert [epoch for epoch in range(9) if found.validates(epoch)] == [1, 2, 6]
    assert [found.stretch(epoch, 9)[0] for epoch in (0, 1, 3, 6, 7)] == [1, 2, 3, 1, 9]
    assert found.stretch(3, 2) == (2, 2**31 - 1)
    assert [found.rows(epochs, ROWS, 4) for epochs in range(5)] == [0, 8, 16, ROWS, ROWS + 8]
    assert Course.of(with_options(batch_size=BATCH)).stretch(0, 64) == (64, 1)
