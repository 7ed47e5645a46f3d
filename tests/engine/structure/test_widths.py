"""Networks of other widths share a program, and each gives what it would give alone."""

from __future__ import annotations

import functools

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdl.engine import stats
from skdl.engine.compiled import CompiledEngine
from skdl.engine.keras_loop import KerasLoopEngine
from skdl.engine.network.network import Network
from skdl.engine.rows.arrays import Samples
from skdl.engine.structure.key import training_structure
from skdl.engine.structure.widths import bucket_of_units, cut, fill, open_widths, widened, widths_of
from tests.engine.jobs import X, Y, job
from tests.engine.oracle import eagerly

pytestmark = pytest.mark.usefixtures("programs_of_tensorflow")

layers = keras.layers


@pytest.fixture
def float64():
    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx(before[0])
    keras.config.set_dtype_policy(before[1])


def stack(units, *, activation="relu", after=(), optimizer="adam", **dense):
    hidden = []
    for n in units:
        options = {name: part() if callable(part) else part for name, part in dense.items()}
        hidden += [layers.Dense(n, activation, **options), *(make() for make in after)]
    model = keras.Sequential([keras.Input((4,)), *hidden, layers.Dense(3, "softmax")])
    model.compile(
        optimizer() if callable(optimizer) else optimizer, "sparse_categorical_crossentropy"
    )
    return model


CASES = {
    "plain": {},
    "not zero at zero": {"activation": "sigmoid"},
    "dropout": {"after": [lambda: layers.Dropout(0.3)]},
    "added noise": {"after": [lambda: layers.GaussianNoise(0.2)]},
    "normalised": {"after": [layers.BatchNormalization, lambda: layers.Activation("tanh")]},
    "penalised": {"kernel_regularizer": lambda: keras.regularizers.L1L2(1e-2, 1e-2)},
    "constrained": {"kernel_constraint": lambda: keras.constraints.MaxNorm(0.5)},
    "decayed": {"optimizer": lambda: keras.optimizers.AdamW(1e-2, weight_decay=0.1)},
    "clipped": {"optimizer": lambda: keras.optimizers.SGD(0.1, momentum=0.9, global_clipnorm=0.1)},
}


@pytest.mark.oracle
@pytest.mark.parametrize("case", CASES)
def test_filled_up_networks_share_a_program_and_agree_with_keras(case, float64):
    data = Samples(X.astype(np.float64), Y)
    compiled = []
    for units in (5, 9):
        one = job(Network(lambda n=units: stack((n, n + 3), **CASES[case])), training=data)
        before = stats().programs
        ours, theirs = (
            CompiledEngine(fallback=False).train(one),
            KerasLoopEngine().train(eagerly(one)),
        )
        compiled.append(stats().programs - before)
        for a, b in zip(ours.end.all, theirs.end.all, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(ours.history["loss"], theirs.history["loss"], rtol=1e-10)
    assert compiled == [1, 0]


class OwnL2(keras.regularizers.L2):
    """Its config lacks the factor."""

    def __init__(self, factor=1.0):
        super().__init__(factor)

    def get_config(self):
        return {}


def normalised_before(regularizer):
    first = layers.BatchNormalization(gamma_regularizer=regularizer)
    model = keras.Sequential(
        [keras.Input((4,)), first, layers.Dense(5, "relu"), layers.Dense(3, "softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


SHARED = keras.regularizers.L2(0.1)
EXACT = {
    "one layer": lambda: stack(()),
    "softmax inside": lambda: stack((5,), activation="softmax"),
    "normalised over units": lambda: stack((5,), after=[layers.LayerNormalization]),
    "a function of the user's": lambda: stack((5,), activation=lambda x: x + 1),
    "an optimizer that looks at norms": lambda: stack((5,), optimizer=keras.optimizers.Lamb),
    "an activity regularizer": lambda: stack((5,), activity_regularizer="l2"),
    "an orthogonal regularizer": lambda: stack(
        (5,), kernel_regularizer=keras.regularizers.OrthogonalRegularizer
    ),
    "one regularizer of two layers": lambda: stack((5, 6), kernel_regularizer=lambda: SHARED),
    "noise of a shape": lambda: stack((5,), after=[lambda: layers.Dropout(0.1, (None, 1))]),
    "a regularizer of the user's": lambda: normalised_before(OwnL2(3.0)),
}


@pytest.mark.parametrize("case", EXACT)
def test_where_filling_up_is_not_exact_widths_are_structure(case):
    assert widths_of(EXACT[case]()) is None


def test_a_layer_used_twice_and_branches_keep_their_widths():
    x = keras.Input((4,))
    shared = layers.Dense(4, "relu")
    twice = keras.Model(x, layers.Dense(3)(shared(shared(x))))
    branch = layers.Dense(5)(x)
    added = keras.Model(x, layers.Dense(3)(layers.Add()([branch, branch])))
    for model in (twice, added):
        model.compile("adam", "mse")
        assert widths_of(model) is None


def test_a_functional_chain_is_filled_up_like_a_sequential_one():
    x = keras.Input((4,))
    model = keras.Model(x, layers.Dense(3)(layers.Dense(7, "relu")(x)))
    model.compile("adam", "mse")
    found = widths_of(model)
    assert (found.units, found.filled) == ((7,), (64,))


@given(st.integers(1, 5000), st.sampled_from([64, 128]))
@settings(max_examples=200)
def test_buckets_are_large_enough_and_their_own(units, smallest):
    filled = bucket_of_units(units, smallest=smallest)
    assert filled >= units
    assert bucket_of_units(filled, smallest=smallest) == filled
    if units > 512:
        assert filled <= 1.13 * units


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=3))
def test_what_is_cut_is_what_was_filled(shapes):
    values = [np.arange(float(a * b)).reshape(a, b) + 1 for a, b in shapes]
    filled = fill(values, [(a + 2, b + 1) for a, b in shapes])
    for value, whole in zip(values, filled, strict=True):
        np.testing.assert_array_equal(cut(whole, value.shape), value)
        assert whole.sum() == value.sum()


class OwnOnes(keras.initializers.Initializer):
    """Its config lacks the argument that it wants."""

    def __init__(self, factor):
        self._factor = factor

    def __call__(self, shape, dtype=None):
        return self._factor * keras.ops.ones(shape, dtype)


def test_initial_weights_do_not_matter_to_widths():
    assert widths_of(stack((5,), kernel_initializer=lambda: OwnOnes(2.0))).units == (5,)


def test_an_attribute_that_a_user_sets_on_a_layer_keeps_the_widths():
    model = stack((5,))
    model.layers[0].note = 1
    assert widths_of(model) is None


class Times(keras.layers.Layer):
    factor = 1.0

    def call(self, x):
        return self.factor * x


def test_a_stack_with_a_layer_of_the_users_own_is_not_filled_up():
    def build(factor):
        times = Times()
        times.factor = factor
        model = keras.Sequential(
            [keras.Input((4,)), times, keras.layers.Dense(5), keras.layers.Dense(3)]
        )
        model.compile("sgd", "mse")
        return model

    assert widths_of(build(9.0)) is None


def crossed(share):
    """A loss of the user's, which has no config that Keras could read again."""
    return lambda y_true, y_pred: (
        share * keras.losses.sparse_categorical_crossentropy(y_true, y_pred)
    )


OF_USERS = {
    "function": lambda: (crossed(0.5), [crossed(2.0)]),
    "partial": lambda: (functools.partial(crossed(0.5)), None),
    "list": lambda: ([crossed(0.5)], ["accuracy", crossed(2.0)]),
    "object of Keras's": lambda: (
        keras.losses.SparseCategoricalCrossentropy(),
        [keras.metrics.SparseCategoricalAccuracy(name="right")],
    ),
}


@pytest.mark.oracle
@pytest.mark.parametrize("case", OF_USERS)
def test_stacks_with_functions_of_the_users_are_filled_up(case, float64):
    def build(units):
        loss, metrics = OF_USERS[case]()
        model = stack((units, 6))
        model.compile("adam", loss, metrics=metrics)
        return model

    data = Samples(X.astype(np.float64), Y)
    one = job(Network(lambda: build(5)), training=data)
    assert widths_of(one.network.template) is not None
    ours = CompiledEngine(fallback=False).train(one)
    theirs = KerasLoopEngine().train(eagerly(one))
    assert set(ours.history) == set(theirs.history)
    for name, curve in theirs.history.items():
        np.testing.assert_allclose(ours.history[name], curve, rtol=1e-10)
    for a, b in zip(ours.end.all, theirs.end.all, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)


def test_a_loss_object_around_a_function_of_the_users_keeps_the_widths():
    model = stack((5, 6))
    wrapper = type(keras.losses.MeanSquaredError()).__mro__[1]
    model.compile("adam", wrapper(crossed(0.5)))
    assert widths_of(model) is None


def test_a_twin_shares_no_object_that_a_program_changes():
    model = stack((5,))
    loss, metric = keras.losses.SparseCategoricalCrossentropy(), keras.metrics.Mean()
    model.compile("adam", loss, metrics=[metric], weighted_metrics=[[metric]])
    twin = widened(model, widths_of(model))
    assert type(twin.loss) is type(loss)
    assert twin.loss is not loss
    assert twin.optimizer is not model.optimizer
    assert twin.optimizer.built
    kept = twin._compile_metrics
    for one in (kept._user_metrics[0], kept._user_weighted_metrics[0][0]):
        assert type(one) is keras.metrics.Mean
        assert one is not metric


# What is set after a network was built


def seeded(*after):
    """A compiled stack whose weights are the same each time, with layers before its Dense ones."""
    first, second = (keras.initializers.HeNormal(seed) for seed in (1, 2))
    hidden = layers.Dense(5, "relu", kernel_initializer=first, kernel_regularizer="l2")
    model = keras.Sequential(
        [keras.Input((4,)), *after, hidden, layers.Dense(3, kernel_initializer=second)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.1), loss, metrics=["accuracy"])
    return model


def set_to(name, value):
    """Sets an attribute of the first layer, or of its kernel."""

    def change(model):
        owner, _, attribute = name.rpartition(".")
        layer = model.layers[0]
        setattr(getattr(layer, owner) if owner else layer, attribute, value)

    return change


def compiled_anew(model):
    model.compile(keras.optimizers.SGD(0.1))


CHANGES = {
    "a layer's regularizer": set_to("kernel_regularizer", keras.regularizers.L2(1.0)),
    "a layer's regularizer of the bias": set_to("bias_regularizer", keras.regularizers.L1(1.0)),
    "no regularizer of a layer": set_to("kernel_regularizer", None),
    "a variable's regularizer": set_to("kernel.regularizer", keras.regularizers.L2(1.0)),
    "a layer's constraint": set_to("kernel_constraint", keras.constraints.MaxNorm(0.1)),
    "a variable's constraint": set_to("kernel.constraint", keras.constraints.MaxNorm(0.1)),
    "a frozen variable": set_to("kernel.trainable", False),
    "a layer's bias": set_to("use_bias", False),
    "a layer's units": set_to("units", 6),
}
IN_FORCE = {
    "an optimizer": lambda model: setattr(model, "optimizer", keras.optimizers.SGD(0.1)),
    "a loss that is only set": lambda model: setattr(model, "loss", "mse"),
    "compiled without a loss": compiled_anew,
    "a frozen layer": set_to("trainable", False),
}


def assert_as_plain_keras(build, plan):
    """Both engines give what `keras.Model.fit` gives."""
    data = Samples(X.astype(np.float64), Y)
    one = job(Network(build), training=data, shuffle=False)
    model = build()
    history = model.fit(data.x, data.y, batch_size=16, epochs=2, shuffle=False, verbose=0).history
    compiled = CompiledEngine().train(one)
    assert plan in compiled.plan
    for result in (compiled, KerasLoopEngine().train(one)):
        assert set(result.history) == set(history)
        for name, curve in history.items():
            np.testing.assert_allclose(result.history[name], curve, rtol=1e-10, err_msg=name)
        for a, b in zip(result.end.variables, model.variables, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)
        for a, b in zip(result.end.optimizer, model.optimizer.variables, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)


@pytest.mark.oracle
@pytest.mark.parametrize(
    "case",
    [*CHANGES, *IN_FORCE],
)
@pytest.mark.parametrize(
    "filled",
    [True, False],
    ids=["a stack", "widths as they are"],
)
def test_a_change_after_the_build_has_the_effect_that_it_has_in_keras(case, filled, float64):
    def build():
        model = seeded()
        {**CHANGES, **IN_FORCE}[case](model)
        if not filled:
            model.layers[1].note = 1
        return model

    assert (widths_of(build()) is not None) == (filled and case in IN_FORCE)
    assert_as_plain_keras(build, "Compiled with XLA")


@pytest.mark.parametrize("case", CHANGES)
def test_a_stack_that_was_changed_predicts_by_a_graph_of_its_own(case):
    model = seeded()
    assert open_widths(model) is not None
    CHANGES[case](model)
    assert open_widths(model) is None


def test_a_normalization_that_was_changed_keeps_the_widths():
    x = layers.BatchNormalization()
    model = seeded(layers.Dense(4), x)
    assert widths_of(model) is not None
    x.scale = False
    assert widths_of(model) is None


def test_a_layer_of_which_a_part_is_frozen_keeps_the_widths(float64):
    def build(part=True):
        both = layers.Bidirectional(layers.SimpleRNN(2, kernel_initializer="ones"))
        model = seeded(layers.Reshape((2, 2)), both)
        both.forward_layer.trainable = part
        return model

    assert widths_of(build()) is not None
    assert widths_of(build(part=False)) is None


@pytest.mark.further
def test_a_change_that_only_a_copy_shows_goes_through_keras(float64):
    def build():
        first = layers.LayerNormalization()
        model = seeded(first)
        first.scale = False
        return model

    assert widths_of(build()) is not None
    plan = "Keras loop, because a layer has settings that are not those of its weights"
    assert_as_plain_keras(build, plan)


def test_networks_whose_losses_in_force_differ_share_no_program():
    one, other = seeded(), seeded()
    one.compile("sgd", "mse")
    other.compile("sgd", "mae")
    one.loss = "mae"
    assert training_structure(one) != training_structure(other)
    other.compile("sgd", "mse")
    assert training_structure(one) == training_structure(other)
