"""A plan follows from the job alone, and says in a sentence what it is."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from skdl.engine.base import Kind
from skdl.engine.callbacks import ReduceRate, StopAtNaN, StopEarly
from skdl.engine.compiled import CompiledEngine
from skdl.engine.job import Stopping
from skdl.engine.plan.plan import EPOCHS_PER_CALL, make_plan
from tests.engine.oracle import BATCH, job_of, numbers

pytestmark = pytest.mark.usefixtures("programs_of_tensorflow")

layers = keras.layers


def network(*parts, shape=(4,)):
    model = keras.Sequential([keras.Input(shape), *parts, layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def planned(*parts, shape=(4,), rows=50, callbacks=(), **changes):
    job = job_of(
        lambda: network(*parts, shape=shape), numbers(rows, *shape), numbers(rows, 1), **changes
    )
    return make_plan(job, callbacks)


def test_folds_of_about_one_size_have_one_form():
    forms = {planned(rows=rows).form for rows in (40, 41, 200, 256)}
    assert len(forms) == 1


def test_convolutions_on_batches_of_all_rows_have_one_form_too():
    part = layers.Conv2D(8, 3, padding="same")
    sizes = (145, 150, 160)  # filled up to 160; by its own size the first would be products
    forms = {planned(part, shape=(16, 16, 3), rows=n, batch_size=n).form for n in sizes}
    assert len(forms) == 1


def test_batches_of_all_rows_are_filled_up():
    sizes = [planned(rows=rows, batch_size=100).form.batch_size for rows in (1, 20, 32, 33, 48)]
    assert sizes == [32, 32, 32, 48, 48]


def test_dense_networks_are_for_xla():
    plan = planned(layers.Dense(3))
    assert str(plan) == "Compiled with XLA."
    assert (plan.form.xla, plan.form.masked, plan.form.matmul) == (True, True, False)
    assert (plan.form.rows, plan.form.batch_size, plan.form.epochs) == (256, BATCH, EPOCHS_PER_CALL)


def test_small_images_are_matrix_products_and_large_ones_are_tensorflow_s():
    small = planned(layers.Conv2D(4, 3), shape=(8, 8, 1))
    assert str(small) == "Compiled with XLA, convolutions as matrix products."
    large = planned(layers.Conv2D(4, 3), shape=(128, 128, 3), rows=16)
    assert str(large) == (
        "Compiled as a graph, because TensorFlow's own convolution is faster for images of this size."
    )


@pytest.mark.parametrize(
    ("filters", "kernel", "shape", "batch_size", "xla"),
    [
        (16, 3, (16, 16, 3), 64, True),
        # Few filters on large patches: 3.0 ms a step as products and 2.0 ms as a graph were measured.
        (16, 3, (28, 28, 3), 64, False),
        (16, 3, (28, 28, 3), 16, True),
        # So many small images that TensorFlow's own cost by each of them.
        (8, 3, (8, 8, 8), 128, True),
        # Many multiply-adds for each value of a patch.
        (256, 3, (28, 28, 3), 64, True),
    ],
)
def test_images_are_products_where_that_is_expected_to_be_faster(
    filters, kernel, shape, batch_size, xla
):
    part = layers.Conv2D(filters, kernel, padding="same")
    plan = planned(part, shape=shape, rows=70, batch_size=batch_size)
    assert plan.form.xla is xla


class Called(keras.Model):
    """A network whose layers no graph of layers knows."""

    def __init__(self):
        super().__init__()
        self.parts = [layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(1)]

    def call(self, x):
        for part in self.parts:
            x = part(x)
        return x


def called():
    model = Called()
    model.compile("sgd", "mse")
    model(np.zeros((1, 6, 6, 1), np.float32))
    return model


def open_size():
    parts = [layers.Conv2D(2, 3), layers.GlobalAveragePooling2D(), layers.Dense(1)]
    model = keras.Sequential([keras.Input((None, None, 1)), *parts])
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize(
    ("build", "words"),
    [(called, "the layer called"), (open_size, "the size of its images is open")],
)
def test_images_whose_size_nobody_knows_are_tensorflow_s(build, words):
    said = CompiledEngine().explain(job_of(build, numbers(20, 6, 6, 1), numbers(20, 1)))
    assert said.startswith("Compiled as a graph, because ")
    assert words in said


def test_a_callback_may_watch_a_metric_before_any_fit():
    model = network(layers.Dense(3, activation="tanh"))
    model.compile("sgd", "mse", metrics=["accuracy"])
    callbacks = (keras.callbacks.EarlyStopping("accuracy"),)
    plan = make_plan(job_of(lambda: model, numbers(20, 4), numbers(20, 1)), callbacks)
    assert str(plan) == "Compiled with XLA."
    assert plan.not_resumable == "the state of the callbacks EarlyStopping is no part of the job"


def test_what_may_mix_rows_goes_through_xla_up_to_the_last_batch():
    active = layers.Dense(3, activity_regularizer="l2", name="active")
    plan = planned(active)
    assert str(plan).startswith(
        "Compiled with XLA, the last batch of an epoch as a graph, because the activity regularizer"
    )
    assert (plan.form.xla, plan.form.masked, plan.form.full_by_xla) == (False, False, True)
    assert (plan.form.rows, plan.form.batch_size) == (256, BATCH)


def test_what_may_mix_rows_is_a_graph_where_a_batch_holds_them_all():
    plan = planned(layers.Dense(3, activity_regularizer="l2", name="active"), batch_size=50)
    assert str(plan).startswith("Compiled as a graph, because the activity regularizer of active")
    assert (plan.form.rows, plan.form.batch_size) == (0, 0)


@pytest.mark.parametrize(
    ("callbacks", "options", "words"),
    [
        ((keras.callbacks.LambdaCallback(),), {}, "the callback LambdaCallback runs"),
        ((), {"max_queue_size": 3}, "max_queue_size"),
    ],
)
def test_what_no_program_runs_is_named(callbacks, options, words):
    plan = planned(layers.Dense(3), callbacks=callbacks, options=options)
    assert plan.kind is Kind.KERAS_LOOP
    assert plan.form is None
    assert str(plan).startswith("Keras loop, because ")
    assert words in str(plan)


STOPPING = Stopping("loss", early_stopping=True, reduce_lr_patience=2)


@pytest.mark.parametrize(
    ("parts", "changes", "kind", "sentence"),
    [
        ((layers.Dense(3),), {}, Kind.XLA, "Compiled with XLA."),
        (
            (layers.Dense(3, activity_regularizer="l2"),),
            {},
            Kind.XLA,
            "Compiled with XLA, the last batch of an epoch as a graph, because the activity",
        ),
        (
            (layers.Dense(3, activity_regularizer="l2"),),
            {"batch_size": 50},
            Kind.GRAPH,
            "Compiled as a graph, because the activity",
        ),
        (
            (layers.Dense(3),),
            {"options": {"workers": 2}},
            Kind.KERAS_LOOP,
            "Keras loop, because keras.Model.fit takes workers.",
        ),
    ],
)
def test_the_sentence_begins_with_the_kind(parts, changes, kind, sentence):
    plan = planned(*parts, **changes)
    assert plan.kind is kind
    assert str(plan).startswith(kind.value)
    assert str(plan).startswith(sentence)


def test_what_xla_cannot_compile_is_of_another_kind():
    plan = planned(layers.Dense(3))
    graph = replace(plan, form=plan.form.as_graph())
    assert graph.kind is Kind.GRAPH
    assert str(graph) == "Compiled as a graph, because XLA lacks one of its operations."
    partly = planned(layers.Dense(3, activity_regularizer="l2"))
    assert replace(partly, form=partly.form.as_graph()).kind is Kind.GRAPH


def test_the_rules_of_the_job_come_behind_those_of_the_user():
    users = keras.callbacks.TerminateOnNaN()
    plan = planned(layers.Dense(3), callbacks=(users,), stopping=STOPPING)
    assert [type(rule) for rule in plan.rules] == [StopAtNaN, ReduceRate, StopEarly]
    assert plan.rules[0].callback is users
    assert plan.own_rules == plan.rules[1:]
    assert planned(layers.Dense(3), callbacks=(users,)).own_rules == ()


def test_a_large_order_of_batches_has_fewer_epochs_in_a_call():
    rows = 2**18
    wide = job_of(network, np.zeros((rows, 4), np.float32), np.zeros((rows, 1), np.float32))
    assert make_plan(wide).form.epochs == 2**22 // rows
