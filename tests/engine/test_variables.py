"""Whatever a network's variables are called, TensorFlow has one name for them, and so forgets them."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import keras
import pytest
import tensorflow as tf
from conftest import make

from skdl.engine.network import Network
from skdl.engine.optimizers import PureOptimizer
from skdl.engine.variables import one_name_for_variables

ONE_NAME = {"variable:0"}


def names(variables):
    return {variable.value.name for variable in variables}


def build():
    layers = [keras.layers.Dense(3), keras.layers.BatchNormalization(), keras.layers.Dropout(0.5)]
    model = keras.Sequential([keras.Input((2,)), *layers])
    model.compile("adam", "mse", metrics=["mae"])
    return model


def test_keras_s_own_names_stay():
    with one_name_for_variables():
        ours = build()
    kinds = [variable.name for variable in ours.variables]
    assert kinds == [variable.name for variable in build().variables]
    assert ours.layers[0].kernel.path.endswith(f"{ours.layers[0].name}/kernel")
    assert names(ours.variables) == ONE_NAME


def test_outside_the_block_names_are_tensorflow_s():
    with one_name_for_variables():
        pass
    assert tf.Variable(1.0, name="mine").name == "mine:0"


def test_other_threads_name_their_variables_themselves():
    both = Barrier(2)

    def inside():
        with one_name_for_variables():
            both.wait()
            made = tf.Variable(1.0, name="mine").name
            both.wait()
        return made

    def outside():
        both.wait()
        made = tf.Variable(1.0, name="mine").name
        both.wait()
        return made

    with ThreadPoolExecutor(2) as pool:
        made = [pool.submit(task) for task in (inside, outside)]
        assert [task.result() for task in made] == ["variable:0", "mine:0"]


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


@pytest.mark.parametrize("engine", ["compiled", "keras"])
def test_an_estimator_s_variables_have_one_name(engine, kind, data_of):
    estimator = make(kind, epochs=1, engine=engine).fit(*data_of(kind))
    template = estimator._fitted.network.template
    assert names(template.variables) == ONE_NAME
    pure = PureOptimizer(template.optimizer, template.trainable_variables)
    assert names(pure.variables) == ONE_NAME
    assert names(estimator.model_.variables) == ONE_NAME
