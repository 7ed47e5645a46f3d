"""The pure optimizers take the steps of Keras's own, eagerly, as a graph and with XLA."""

from __future__ import annotations

from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import optimizers
from keras.optimizers import (
    SGD,
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Ftrl,
    Lamb,
    Lion,
    LossScaleOptimizer,
    MultiOptimizer,
    Muon,
    Nadam,
    OptimizerMap,
    RMSprop,
    ScheduleFreeAdamW,
    schedules,
)

from skdl.engine.optimizers import PureOptimizer, obstacle

CASES = {
    "SGD": lambda: SGD(0.1),
    "SGD momentum": lambda: SGD(0.1, momentum=0.9),
    "SGD nesterov": lambda: SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.1),
    "RMSprop": lambda: RMSprop(0.1),
    "RMSprop centered": lambda: RMSprop(0.01, momentum=0.5, centered=True),
    "Adam": lambda: Adam(0.1),
    "Adam amsgrad": lambda: Adam(0.1, amsgrad=True, clipnorm=0.5),
    "AdamW": lambda: AdamW(0.1, weight_decay=0.1),
    "Adamax": lambda: Adamax(0.1, clipvalue=0.5),
    "Adagrad": lambda: Adagrad(0.1, global_clipnorm=0.5),
    "Adadelta": lambda: Adadelta(0.1),
    "Ftrl": lambda: Ftrl(
        0.1, l1_regularization_strength=0.01, l2_shrinkage_regularization_strength=0.1
    ),
    "Lion": lambda: Lion(0.1),
    "Nadam": lambda: Nadam(0.1),
    "Nadam accumulation": lambda: Nadam(0.1, gradient_accumulation_steps=2),
    "Adafactor": lambda: Adafactor(0.1, weight_decay=0.1),
    "Lamb": lambda: Lamb(0.1),
    "Muon": lambda: Muon(0.1, exclude_layers=["bias"]),
    "Muon embedding": lambda: Muon(0.1, exclude_embeddings=False),
    "ScheduleFreeAdamW": lambda: ScheduleFreeAdamW(0.1, warmup_steps=2),
    "MultiOptimizer": lambda: MultiOptimizer(
        OptimizerMap(
            Adam(0.1, use_ema=True, ema_momentum=0.5),
            {".*bias": SGD(0.1, momentum=0.9, gradient_accumulation_steps=2)},
        )
    ),
    "EMA": lambda: Adam(0.1, use_ema=True, ema_momentum=0.5),
    "EMA overwriting": lambda: SGD(0.1, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=2),
    "EMA and accumulation": lambda: AdamW(
        0.1,
        use_ema=True,
        ema_momentum=0.5,
        ema_overwrite_frequency=2,
        gradient_accumulation_steps=2,
        global_clipnorm=0.5,
    ),
    "schedule": lambda: SGD(schedules.CosineDecay(0.1, 10, warmup_steps=2), momentum=0.5),
    "schedule and accumulation": lambda: SGD(
        schedules.PiecewiseConstantDecay([2, 4], [0.1, 0.2, 0.3]), gradient_accumulation_steps=3
    ),
    "LossScaleOptimizer": lambda: scaling(Adam(0.1)),
    "LossScaleOptimizer accumulation": lambda: scaling(
        RMSprop(0.1, gradient_accumulation_steps=2, use_ema=True, ema_overwrite_frequency=2)
    ),
}
STEPS = 6

# Compiled within other rows.
PARTS_OF_OTHERS = {
    *("SGD", "SGD momentum", "RMSprop", "Adam", "AdamW", "Nadam", "Muon", "EMA", "EMA overwriting"),
    *("schedule and accumulation", "LossScaleOptimizer"),
}


def scaling(inner):
    return LossScaleOptimizer(inner, initial_scale=4.0, dynamic_growth_steps=2)


def make_variables():
    """Weights of an embedding, of a layer with a constraint, and some that no loss depends on."""
    draw = np.random.default_rng(0).normal
    shapes = {"embeddings": (5, 2), "kernel": (3, 2), "bias": (2,), "unused": (2,)}
    variables = [
        keras.Variable(draw(size=shape), dtype=keras.config.floatx(), name=name)
        for name, shape in shapes.items()
    ]
    variables[1].constraint = keras.constraints.MaxNorm(1.2)
    return variables


def make_gradients():
    """For each step; the embedding's are slices, two of them of the same row."""
    draw = np.random.default_rng(1).normal
    slices = draw(size=(STEPS, 4, 2))
    rows = np.array([[0, 2, 2, 3], [1, 1, 1, 1], [4, 0, 2, 2], [0, 1, 2, 3], [3, 3, 0, 0], [2] * 4])
    return [slices, rows, draw(size=(STEPS, 3, 2)), draw(size=(STEPS, 2))]


def at(gradients, step):
    """The gradients of one step, which may be a tensor."""
    values, rows, kernel, bias = (tf.gather(part, step) for part in gradients)
    return [tf.IndexedSlices(values, rows, tf.constant([5, 2], tf.int64)), kernel, bias, None]


def numbers_of(gradients):
    floats = keras.config.floatx()
    return [tf.constant(part, floats if part.dtype.kind == "f" else "int64") for part in gradients]


def values_of(variables):
    return [variable.numpy() for variable in variables]


def keras_steps(optimizer, variables, gradients, steps=range(STEPS)):
    for step in steps:
        optimizer.apply_gradients(zip(at(gradients, step), variables, strict=True))


RUNNERS = {
    "eager": lambda function: function,
    "graph": tf.function,
    "XLA": lambda function: tf.function(function, jit_compile=True),
}


def pure_steps(pure, state, weights, gradients, runner, first=0):
    """The steps as one loop: state, weights, and weights at the end of training."""

    def body(step, state, weights):
        return step + 1, *pure.apply(state, at(gradients, step), weights)

    def run(state, weights):
        _, state, weights = tf.while_loop(
            lambda step, *_: step < STEPS, body, (tf.constant(first), state, weights)
        )
        return state, weights, pure.finalize(state, weights)

    begin = [[tf.convert_to_tensor(value) for value in values] for values in (state, weights)]
    return [values_of(part) for part in RUNNERS[runner](run)(*begin)]


def assert_equal(got, expected, tolerance):
    for one, other in zip(got, expected, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


def assert_same_steps(make_optimizer, gradients, tolerance, runners):
    """State, weights and final weights are those of Keras, and so is the state returned."""
    optimizer, variables = make_optimizer(), make_variables()
    pure = PureOptimizer(optimizer, variables)
    state, begin = pure.initial_state(), values_of(variables)
    keras_steps(optimizer, variables, gradients)
    expected = [values_of(optimizer.variables), values_of(variables)]
    optimizer.finalize_variable_values(variables)
    expected.append(values_of(variables))
    for runner in runners:
        got = pure_steps(pure, state, begin, gradients, runner)
        for one, other in zip(got, expected, strict=True):
            assert_equal(one, other, tolerance)
    return expected[0]


ignoring_none = pytest.mark.filterwarnings(
    "ignore:Gradients do not exist for variables:UserWarning"
)


def test_the_table_has_every_optimizer_of_keras():
    kinds = {kind for kind in vars(optimizers).values() if isinstance(kind, type)}
    kinds = {kind for kind in kinds if issubclass(kind, keras.Optimizer)} - {keras.Optimizer}
    assert {type(make()) for make in CASES.values()} == kinds


@ignoring_none
@pytest.mark.parametrize("name", CASES)
def test_the_steps_are_those_of_keras(float64, name):
    runners = ["eager"] if name in PARTS_OF_OTHERS else ["eager", "XLA"]
    assert_same_steps(CASES[name], numbers_of(make_gradients()), 1e-12, runners)


@ignoring_none
@pytest.mark.parametrize("name", ["Adafactor", "ScheduleFreeAdamW", "EMA and accumulation"])
def test_as_a_graph_the_steps_are_those_of_keras(name):
    assert_same_steps(CASES[name], numbers_of(make_gradients()), 1e-6, ["graph"])


@ignoring_none
@pytest.mark.parametrize("name", CASES)
def test_the_first_state_and_one_amid_training_are_those_of_keras(name):
    optimizer, variables = CASES[name](), make_variables()
    gradients = numbers_of(make_gradients())
    pure = PureOptimizer(optimizer, variables)
    optimizer.build(variables)
    assert_equal(pure.initial_state(), values_of(optimizer.variables), 0)
    keras_steps(optimizer, variables, gradients, range(3))
    amid = values_of(optimizer.variables), values_of(variables)
    keras_steps(optimizer, variables, gradients, range(3, STEPS))
    state, weights, _ = pure_steps(pure, *amid, gradients, "eager", first=3)
    assert_equal(state, values_of(optimizer.variables), 1e-6)
    assert_equal(weights, values_of(variables), 1e-6)


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


@pytest.mark.parametrize("name", ["RMSprop", "Adafactor"])
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
@pytest.mark.parametrize("kind", [AdamW, Muon])
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


class Halving(schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.5 ** keras.ops.cast(step, "float32")

    def get_config(self):
        return {}


class Own(keras.Optimizer):
    """As Keras's guide writes an optimizer; its slots begin at the weights."""

    def build(self, variables):
        super().build(variables)
        self.slots = self.add_optimizer_variables(variables, "slot")
        for slot, variable in zip(self.slots, variables, strict=True):
            slot.assign(variable)

    def update_step(self, gradient, variable, learning_rate):
        slot = self.slots[self._get_variable_index(variable)]
        self.assign(slot, 0.5 * slot + gradient)
        variable.assign_sub(learning_rate * slot)


class OwnStep(Adam):
    def apply(self, grads, trainable_variables=None):
        return super().apply(grads, trainable_variables)


class TwoSettings(SGD):
    def __init__(self, first, second):
        super().__init__(first * second)


class Raw(keras.Optimizer):
    def build(self, variables):
        super().build(variables)
        self.counter = tf.Variable(0.0)


class Hidden(keras.Optimizer):
    def __init__(self, learning_rate=0.1, name="hidden", **kwargs):
        super().__init__(learning_rate, name=name, **kwargs)
        self.held = SimpleNamespace(count=keras.Variable(0.0))

    def update_step(self, gradient, variable, learning_rate):
        self.held.count.assign_add(1.0)


def test_optimizers_and_schedules_of_the_users_own():
    variables = make_variables()[2:3]
    optimizer = Own(learning_rate=Halving())
    pure = PureOptimizer(optimizer, variables)
    gradients = [tf.constant([1.0, -2.0])]
    weights = values_of(variables)
    assert_equal(pure.initial_state([weights[0] + 1])[-1:], [weights[0] + 1], 0)
    state = pure.initial_state()
    for _ in range(3):
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        state, weights = pure.apply(state, gradients, weights)
    assert_equal(values_of(state), values_of(optimizer.variables), 1e-6)
    assert_equal(values_of(weights), values_of(variables), 1e-6)


@pytest.mark.parametrize(
    ("optimizer", "words"),
    [
        ("adam", "'adam' is not an optimizer of Keras"),
        (
            OwnStep(),
            "OwnStep has its own apply, where a program needs Keras's: it may define build",
        ),
        (SGD(lambda: 0.1), "the learning rate of SGD is a function"),
        (scaling(SGD(lambda: 0.1)), "the learning rate of SGD is a function"),
        (scaling(Nadam()), "does not count all variables of Nadam among its own"),
        (MultiOptimizer(lambda variable: SGD()), "by a function, .* use OptimizerMap"),
        (TwoSettings(0.5, 0.5), "TwoSettings cannot be copied and built: .*unexpected keyword"),
        (Raw(0.1), "Raw.counter that is a variable of TensorFlow's.*add_variable"),
    ],
)
def test_what_cannot_be_pure_says_why(optimizer, words):
    with pytest.raises(ValueError, match=words):
        PureOptimizer(optimizer, make_variables())
    assert obstacle(optimizer)


def test_a_variable_that_is_changed_and_not_counted_is_an_error():
    variables = make_variables()[2:3]
    pure = PureOptimizer(Hidden(), variables)
    with pytest.raises(ValueError, match="Hidden that changes a variable.*add_variable"):
        pure.apply(pure.initial_state(), [tf.ones(2)], values_of(variables))


def test_no_obstacle_is_found_where_there_is_none():
    assert [obstacle(make()) for make in CASES.values()] == [None] * len(CASES)
    assert obstacle(Own(learning_rate=Halving())) is None
