"""The pure optimizers take the steps of Keras's own, eagerly, as a graph and with XLA."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import optimizers
from keras.optimizers import (
    SGD,
    Adam,
    AdamW,
    LossScaleOptimizer,
    Muon,
    ScheduleFreeAdamW,
)

from skdl.engine.optimizers.pure_optimizer import PureOptimizer
from tests.engine.optimizer_steps import (
    CASES,
    PARTS_OF_OTHERS,
    RUNNERS,
    STEPS,
    assert_equal,
    assert_same_steps,
    ignoring_none,
    keras_steps,
    make_gradients,
    make_variables,
    numbers_of,
    pure_steps,
    scaling,
    values_of,
)
from tests.selection import some


def test_the_table_has_every_optimizer_of_keras():
    kinds = {kind for kind in vars(optimizers).values() if isinstance(kind, type)}
    kinds = {kind for kind in kinds if issubclass(kind, keras.Optimizer)} - {keras.Optimizer}
    assert {type(make()) for make in CASES.values()} == kinds


@ignoring_none
@pytest.mark.parametrize("name", CASES)
def test_the_steps_are_those_of_keras(float64, name):
    assert_same_steps(CASES[name], numbers_of(make_gradients()), 1e-12, ["eager"])


COMPILED = [name for name in CASES if name not in PARTS_OF_OTHERS]


@ignoring_none
@pytest.mark.parametrize(
    "name",
    some(COMPILED, "Adagrad", "MultiOptimizer", mark="oracle"),
)
def test_by_xla_the_steps_are_those_of_keras(float64, name):
    assert_same_steps(CASES[name], numbers_of(make_gradients()), 1e-12, ["XLA"])


@ignoring_none
@pytest.mark.parametrize(
    "name",
    some(["Adafactor", "ScheduleFreeAdamW", "EMA and accumulation"], "Adafactor"),
)
def test_as_a_graph_the_steps_are_those_of_keras(float64, name):
    assert_same_steps(CASES[name], numbers_of(make_gradients()), 1e-12, ["graph"])


@ignoring_none
@pytest.mark.parametrize("name", some(CASES, *list(CASES)[::3]))
def test_the_first_state_and_one_amid_training_are_those_of_keras(float64, name):
    optimizer, variables = CASES[name](), make_variables()
    gradients = numbers_of(make_gradients())
    pure = PureOptimizer(optimizer, variables)
    optimizer.build(variables)
    assert_equal(pure.initial_state(), values_of(optimizer.variables), 0)
    keras_steps(optimizer, variables, gradients, range(3))
    amid = values_of(optimizer.variables), values_of(variables)
    keras_steps(optimizer, variables, gradients, range(3, STEPS))
    state, weights, _ = pure_steps(pure, *amid, gradients, "eager", first=3)
    assert_equal(state, values_of(optimizer.variables), 1e-12)
    assert_equal(weights, values_of(variables), 1e-12)


@ignoring_none
@pytest.mark.parametrize(("bad", "place"), [(np.inf, "embedding"), (np.nan, "bias")])
def test_a_step_that_is_not_finite_halves_the_scale_and_moves_nothing(float64, bad, place):
    gradients = make_gradients()
    gradients[0 if place == "embedding" else 3][3, 1] = bad
    state = assert_same_steps(
        CASES["LossScaleOptimizer"], numbers_of(gradients), 1e-12, ["eager", "graph"]
    )
    _, _, _, scale, iterations, *_ = state
    assert iterations == STEPS - 1
    # Doubled by the first two steps, halved by the fourth, doubled by the last two.
    assert scale == 4.0 * 2 / 2 * 2


@pytest.mark.oracle
@ignoring_none
def test_with_xla_too_a_step_that_is_not_finite_is_left_out(float64):
    gradients = make_gradients()
    gradients[2][2, 1] = np.inf
    name = "LossScaleOptimizer accumulation"
    assert_same_steps(CASES[name], numbers_of(gradients), 1e-12, ["XLA"])


def test_nothing_given_is_touched():
    optimizer, variables = Adam(0.1), make_variables()
    before = values_of(variables)
    attributes = dict(vars(optimizer))
    pure = PureOptimizer(optimizer, variables)
    begin = pure.initial_state()
    gradients = [np.ones(v.shape, "float32") for v in variables]
    state, weights = pure.apply(begin, gradients, before)
    pure.finalize(state, weights)
    assert vars(optimizer) == attributes
    assert not optimizer.built
    assert_equal(values_of(variables), before, 0)
    assert_equal(values_of(pure.variables), begin, 0)
    assert type(pure.optimizer) is Adam
    assert int(state[0]) == 1
    assert pure.initial_state()[0] == 0


def test_a_gradient_that_is_missing_is_told_as_keras_tells_it():
    variables = make_variables()
    pure = PureOptimizer(SGD(0.5), variables)
    weights = values_of(variables)
    gradients = [None, None, np.ones(2, "float32"), None]
    with pytest.warns(UserWarning, match="Gradients do not exist for variables.*unused"):
        _, after = pure.apply(pure.initial_state(), gradients, weights)
    assert_equal(values_of(after), [*weights[:2], weights[2] - np.float32(0.5), weights[3]], 0)
    with pytest.raises(ValueError, match="No gradients provided for any variable"):
        pure.apply(pure.initial_state(), [None] * 4, weights)


@pytest.mark.parametrize("name", some(["RMSprop", "Adafactor"], "RMSprop"))
def test_an_embedding_trains_as_in_keras(float64, name):
    """With words that occur twice in a batch, of which Keras squares each gradient by itself."""
    words, y = np.array([[0, 2, 2], [1, 1, 4]]), np.array([[1.0], [2.0]])

    def build():
        layers = [keras.layers.Embedding(6, 2), keras.layers.Flatten(), keras.layers.Dense(1)]
        model = keras.Sequential([keras.Input((3,), dtype="int32"), *layers])
        model.compile(CASES[name](), "mse")
        return model

    model, trained = build(), build()
    trained.set_weights(model.get_weights())
    trained.fit(words, y, epochs=4, batch_size=2, shuffle=False, verbose=0)
    pure = PureOptimizer(model.optimizer, model.trainable_variables)

    def train(dense):
        state, weights = pure.initial_state(), values_of(model.trainable_variables)
        for _ in range(4):
            weights = [tf.convert_to_tensor(value) for value in weights]
            with tf.GradientTape() as tape:
                tape.watch(weights)
                y_pred, _ = model.stateless_call(weights, [], words)
                loss = keras.losses.MeanSquaredError()(y, y_pred)
            gradients = tape.gradient(loss, weights)
            assert isinstance(gradients[0], tf.IndexedSlices)
            if dense:
                gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
            state, weights = pure.apply(state, gradients, weights)
        return values_of(weights)

    expected = values_of(trained.trainable_variables)
    assert_equal(train(dense=False), expected, 1e-12)
    assert np.abs(train(dense=True)[0] - expected[0]).max() > 1e-4


@pytest.mark.parametrize("steps", [None, 2])
@pytest.mark.parametrize("runner", RUNNERS)
def test_variables_that_their_gradient_overwrites(float64, steps, runner):
    def run(make_steps):
        variables = [keras.Variable(np.array(value), name="w") for value in ([1.0, 2.0], [3.0])]
        variables[1].overwrite_with_gradient = True
        return make_steps(Adam(0.1, gradient_accumulation_steps=steps), variables)

    gradients = [
        (tf.constant([0.5, 1.0], "float64"), tf.constant([v], "float64")) for v in (7, 5, 4)
    ]

    def oracle(optimizer, variables):
        for gradient in gradients:
            optimizer.apply_gradients(zip(gradient, variables, strict=True))
        return values_of([*optimizer.variables, *variables])

    def pure(optimizer, variables):
        function = PureOptimizer(optimizer, variables)
        step = RUNNERS[runner](lambda *args: function.apply(*args))
        state, weights = function.initial_state(), values_of(variables)
        for gradient in gradients:
            state, weights = step(state, list(gradient), weights)
        return values_of([*state, *weights])

    assert_equal(run(pure), run(oracle), 1e-12)


def by_list(optimizer, model):
    optimizer.exclude_from_weight_decay(var_list=[model.trainable_variables[0]])


def by_layer_name(optimizer, model):
    optimizer.exclude_from_weight_decay(var_names=["second/", "scale$"])


@pytest.mark.parametrize("exclude", [by_list, by_layer_name])
@pytest.mark.parametrize("kind", some([AdamW, Muon], AdamW))
@pytest.mark.parametrize("wrapped", [False, True])
def test_what_is_excluded_from_weight_decay(exclude, kind, wrapped):
    layers = [keras.layers.Dense(2, name="first"), keras.layers.Dense(1, name="second")]
    model = keras.Sequential([keras.Input((3,)), *layers])
    inner = kind(0.1, weight_decay=0.5)
    exclude(inner, model)
    optimizer = LossScaleOptimizer(inner) if wrapped else inner
    variables = model.trainable_variables
    weights = values_of(variables)
    pure = PureOptimizer(optimizer, variables)
    gradients = [tf.ones(v.shape) for v in variables]
    _, after = pure.apply(pure.initial_state(), gradients, weights)
    optimizer.apply_gradients(zip(gradients, variables, strict=True))
    assert_equal(values_of(after), values_of(variables), 1e-6)


def test_a_variable_of_another_model_cannot_be_excluded():
    optimizer = AdamW(0.1)
    optimizer.exclude_from_weight_decay(var_list=[keras.Variable([1.0])])
    with pytest.raises(ValueError, match="excluded from weight decay and not trained.*var_names"):
        PureOptimizer(optimizer, make_variables())


def test_the_loss_is_scaled_as_keras_scales_it():
    variables = make_variables()
    loss = tf.constant(3.0)
    cases = [(SGD(), 3.0), (SGD(loss_scale_factor=8.0), 24.0), (scaling(SGD()), 12.0)]
    for optimizer, scaled in cases:
        pure = PureOptimizer(optimizer, variables)
        assert float(pure.scale_loss(pure.initial_state(), loss)) == scaled


def test_where_the_learning_rate_is():
    def index(optimizer):
        return PureOptimizer(optimizer, make_variables()).learning_rate_index

    for optimizer in (SGD(0.25), scaling(Adam(0.25))):
        pure = PureOptimizer(optimizer, make_variables())
        assert pure.initial_state()[pure.learning_rate_index] == 0.25
    assert index(CASES["schedule"]()) is None
    assert index(CASES["MultiOptimizer"]()) is None


def test_the_first_state_may_follow_the_weights():
    variables = make_variables()
    pure = PureOptimizer(scaling(ScheduleFreeAdamW()), variables)
    weights = [value + 1 for value in values_of(variables)]
    state = dict(zip([v.path for v in pure.variables], pure.initial_state(weights), strict=True))
    momenta = [value for path, value in state.items() if path.endswith("_momentum")]
    assert_equal(momenta, weights, 0)
    adam = PureOptimizer(Adam(), variables)
    assert_equal(adam.initial_state(weights), adam.initial_state(), 0)


def test_settings_may_be_tensors():
    variables = make_variables()[2:3]
    pure = PureOptimizer(AdamW(0.1), variables)
    gradient, weights = [tf.constant([1.0, -3.0])], values_of(variables)
    traced = []

    @tf.function
    def step(beta, decay):
        traced.append(beta)
        pure.optimizer.beta_1, pure.optimizer.weight_decay = beta, decay
        return pure.apply(pure.initial_state(), gradient, weights)

    for beta, decay in [(0.5, 0.1), (0.75, 0.0)]:
        expected = PureOptimizer(AdamW(0.1, beta_1=beta, weight_decay=decay), variables)
        got = step(tf.constant(beta), tf.constant(decay))
        wanted = expected.apply(expected.initial_state(), gradient, weights)
        for one, other in zip(got, wanted, strict=True):
            assert_equal(values_of(one), values_of(other), 1e-6)
    assert len(traced) == 1
