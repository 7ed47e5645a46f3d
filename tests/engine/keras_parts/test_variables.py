"""Whatever a network's variables are called, TensorFlow makes them under one name, and keeps that once."""

import pickle
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import keras
import numpy as np
import pytest
import tensorflow as tf

from skdl.engine.compiled import CompiledEngine
from skdl.engine.keras_loop import KerasLoopEngine
from skdl.engine.keras_parts.variables import one_name_for_variables
from skdl.engine.network.network import Network
from skdl.engine.network.state import write_state
from skdl.engine.optimizers.pure_optimizer import PureOptimizer, without_weight_decay
from tests.conftest import KINDS, make
from tests.engine.oracle import ROWS, job_of, numbers
from tests.selection import some

ONE_NAME = {"variable"}


def names(variables):
    """The names under which TensorFlow made `variables`."""
    return {name_of(variable.value) for variable in variables}


def name_of(variable):
    # TensorFlow adds a number to it.
    return variable._unique_id.rpartition("_")[0]


def build():
    layers = [keras.layers.Dense(3), keras.layers.BatchNormalization(), keras.layers.Dropout(0.5)]
    model = keras.Sequential([keras.Input((2,)), *layers])
    model.compile("adam", "mse", metrics=["mae"])
    return model


def told(model):
    """What the variables of `model` say their names are, without the numbers of models and layers."""
    variables = [*model.variables, *model.optimizer.variables]
    said = [f"{v.name} {v.path} {v.value.name}" for v in variables]
    return [re.sub(r"_\d+", "", text) for text in said]


def test_names_are_told_as_they_would_be():
    with one_name_for_variables():
        ours = build()
        ours.optimizer.build(ours.trainable_variables)
    theirs = build()
    theirs.optimizer.build(theirs.trainable_variables)
    assert told(ours) == told(theirs)
    kernel = ours.layers[0].kernel
    assert kernel.value.name == f"{kernel.path}:0"
    assert names(ours.variables) == ONE_NAME
    assert not ONE_NAME & names(theirs.variables)


@pytest.mark.parametrize(
    "engine",
    some([CompiledEngine(), KerasLoopEngine()], "compiled", ids=["compiled", "keras"]),
)
def test_what_an_optimizer_excludes_by_name_is_excluded(engine, float64):
    def excluding():
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3), keras.layers.Dense(1)])
        model.compile(keras.optimizers.AdamW(0.1, weight_decay=0.5), "mse")
        model.optimizer.exclude_from_weight_decay(var_names=["bias"])
        return model

    network = Network(excluding)
    assert without_weight_decay(network.template) == [1, 3]
    x, y, start = numbers(ROWS, 2), numbers(ROWS, 1, seed=1), network.initial_state(1)
    plain = excluding()
    write_state(plain, start)
    plain.fit(x, y, batch_size=ROWS, epochs=3, shuffle=False, verbose=0)
    job = job_of(network, x, y, start=start, batch_size=ROWS, shuffle=False)
    for ours, theirs in zip(engine.train(job).end.variables, plain.variables, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8)


def test_outside_the_block_names_are_tensorflow_s():
    with one_name_for_variables():
        pass
    assert tf.Variable(1.0, name="mine").name == "mine:0"


def test_other_threads_name_their_variables_themselves():
    both = Barrier(2)

    def inside():
        with one_name_for_variables():
            both.wait()
            made = name_of(tf.Variable(1.0, name="mine"))
            both.wait()
        return made

    def outside():
        both.wait()
        made = name_of(tf.Variable(1.0, name="mine"))
        both.wait()
        return made

    with ThreadPoolExecutor(2) as pool:
        made = [pool.submit(task) for task in (inside, outside)]
        assert [task.result() for task in made] == ["variable", "mine"]


def test_creators_of_the_user_s_are_asked_too():
    asked = []

    def creator(make_variable, **settings):
        asked.append(settings["name"])
        return make_variable(**settings)

    with tf.variable_creator_scope(creator):
        model = Network(build).template
    assert asked == ["variable"] * len(asked)
    assert len(asked) >= len(model.variables)


def test_a_network_its_metrics_and_its_optimizer_have_one_name():
    network = Network(build)
    model = network.template
    network.meet(tf.zeros((2, 2)), tf.zeros((2, 3)), None)
    assert len(model.metrics_variables) == 4
    assert names([*model.variables, *model.metrics_variables]) == ONE_NAME
    assert names(network.model(network.initial_state(0)).variables) == ONE_NAME


@pytest.mark.parametrize("engine", some(["compiled", "keras"], "compiled"))
@pytest.mark.parametrize("kind", some(KINDS, "MLPClassifier"))
def test_an_estimator_s_variables_have_one_name(engine, kind, data_of):
    estimator = make(kind, epochs=1, engine=engine).fit(*data_of(kind))
    template = estimator._fitted.network.template
    assert names(template.variables) == ONE_NAME
    pure = PureOptimizer(template.optimizer, template.trainable_variables)
    assert names(pure.variables) == ONE_NAME
    model = estimator.model_
    assert names([*model.variables, *model.optimizer.variables]) == ONE_NAME
    again = pickle.loads(pickle.dumps(estimator)).model_
    assert names([*again.variables, *again.optimizer.variables]) == ONE_NAME
