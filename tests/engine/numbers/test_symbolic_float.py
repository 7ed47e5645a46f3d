from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from skdl.engine.keras_parts.noise import (
    ensure_generators,
    noise_cells,
    noise_layers,
    replaced_noise,
)
from skdl.engine.numbers.model_numbers import model_numbers, numbers_of, optimizer_numbers, taking
from skdl.engine.numbers.symbolic_float import SymbolicFloat
from tests.engine.number_cases import (
    CASES,
    CELLS,
    CLIPS,
    EVERY_OPTIMIZER,
    NOISE,
    OPTIMIZERS,
    Training,
    X,
    assert_same,
    find,
    of_schedule,
)
from tests.selection import some
from tests.tolerances import FUNCTION, assert_within_rounding

layers, optimizers = keras.layers, keras.optimizers
schedules = optimizers.schedules


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_tensors_compute_what_the_numbers_do(case, float64):
    graph = tf.function(case.traced())
    for turn in case.turns:
        expected = case.compute(case.make(turn))
        assert_same(graph(case.tensors(turn)), expected, f"turn {turn}")
    assert graph.experimental_get_tracing_count() == 1


@pytest.mark.oracle
def test_tensors_compute_the_same_under_xla(float64):
    # One program for all classes: each alone takes XLA a quarter of a second.
    cases = list({case.kind: case for case in CASES}.values())
    functions = [case.traced() for case in cases]

    @tf.function(jit_compile=True)
    def program(tensors):
        return [function(one) for function, one in zip(functions, tensors, strict=True)]

    for turn in range(2):
        results = program([case.tensors(turn) for case in cases])
        for case, result in zip(cases, results, strict=True):
            assert_same(result, case.compute(case.make(turn)), f"{case.id}, turn {turn}")


def test_the_elements_of_a_list_are_numbers(float64):
    def make(boundaries, values):
        return schedules.PiecewiseConstantDecay(boundaries, values)

    schedule = make([3, 8], [0.1, 0.2, 0.3])
    numbers = numbers_of([schedule])
    assert [(n.attribute, n.key, n.value) for n in numbers] == [
        ("boundaries", 0, 3.0),
        ("boundaries", 1, 8.0),
        ("values", 0, 0.1),
        ("values", 1, 0.2),
        ("values", 2, 0.3),
    ]

    @tf.function
    def program(tensors):
        with taking(numbers, tf.unstack(tensors)):
            return of_schedule(schedule)

    for other in (make([3, 8], [0.1, 0.2, 0.3]), make([6, 12], [1.0, 0.0, 5.0])):
        values = [n.value for n in numbers_of([other])]
        assert_same(program(tf.constant(values, tf.float64)), of_schedule(other), str(values))
    assert schedule.values == [0.1, 0.2, 0.3]


@pytest.mark.parametrize("kind", some(OPTIMIZERS, "Adam", "SGD", "Nadam", "Muon", mark="oracle"))
def test_an_optimizer_steps_by_tensors_as_by_numbers(kind, float64):
    settings, table = OPTIMIZERS[kind]
    base = {"clipnorm": 1.0, **settings}
    training = Training(kind, **base)
    numbers = optimizer_numbers(training.optimizer)

    @tf.function
    def program(tensors):
        with taking(numbers, tf.unstack(tensors)):
            return training()

    def results(values):
        return program(tf.constant(values, tf.float64))

    table = {**table, **EVERY_OPTIMIZER}
    for turn in range(2):
        given = {name: values[turn % len(values)] for name, values in table.items()}
        other = Training(kind, **{**base, **given})
        values = [n.value for n in optimizer_numbers(other.optimizer)]
        assert_same(results(values), other(), str(given))
    start = [n.value for n in numbers]
    for name, values in table.items():
        # The last value is not the default: it shows whether the program reads the number.
        place = [n.attribute for n in numbers].index(name)
        changed = [*start[:place], float(values[-1]), *start[place + 1 :]]
        pairs = zip(results(changed), results(start), strict=True)
        seen = any(not np.array_equal(*pair) for pair in pairs)
        # Lion steps by signs, whatever the size of a gradient.
        assert seen or (kind == "Lion" and name in ("loss_scale_factor", "clipnorm")), name
    assert program.experimental_get_tracing_count() == 1


@pytest.mark.parametrize("clip", CLIPS)
def test_clipping_takes_tensors_under_xla_too(clip, float64):
    training = Training("SGD", **{clip: 1.0})
    numbers = optimizer_numbers(training.optimizer)
    place = [n.attribute for n in numbers].index(clip)

    @tf.function(jit_compile=True)
    def program(tensors):
        with taking(numbers, tf.unstack(tensors)):
            return training()

    for value in (0.1, 0.5, 100.0):
        tensors = [n.value for n in numbers]
        tensors[place] = value
        results = program(tf.constant(tensors, tf.float64))
        assert_same(results, Training("SGD", **{clip: value})(), str(value))


def test_every_optimizer_clips_as_the_tested_one_does():
    base = optimizers.Optimizer
    for kind in OPTIMIZERS:
        found = getattr(optimizers, kind.strip())
        assert found._clip_gradients is base._clip_gradients
        assert found._clip_by_norm is base._clip_by_norm


SEQUENCE = np.random.default_rng(0).normal(size=(2, 5, 3))


def plain(layer, x):
    return layer(x)


def noisy(layer, call):
    """A model of one layer, in training, from the same state of noise and weights each time."""
    inputs = keras.Input((5, 3))
    model = keras.Model(inputs, call(layer, inputs))
    ensure_generators(model, 0)
    for index, variable in enumerate(model.weights):
        values = np.random.default_rng(index).normal(size=variable.shape)
        variable.assign(values)
    generators = [one.seed_generator for one in (*noise_layers(model), *noise_cells(model))]

    def compute():
        for generator in generators:
            generator.state.assign([7, 0])
        return [model(tf.constant(SEQUENCE), training=True)]

    return model, compute


def check_noise(make, values, call=plain):
    model, compute = noisy(make(values[0]), call)
    numbers = model_numbers(model)

    @tf.function
    def program(tensors):
        with replaced_noise(model), taking(numbers, tf.unstack(tensors)):
            return compute()

    results = []
    for value in values:
        other, expected = noisy(make(value), call)
        tensors = tf.constant([n.value for n in model_numbers(other)], tf.float64)
        results.append(program(tensors)[0])
        with replaced_noise(other):
            assert_same(results[-1:], expected(), str(value))
    assert program.experimental_get_tracing_count() == 1
    assert not np.array_equal(results[0], results[1])


@pytest.mark.parametrize("kind", NOISE)
def test_noise_layers_take_their_rate_zero_included(kind, float64):
    check_noise(
        lambda rate: find(kind)(**{NOISE[kind]: rate}, seed=1),
        (0.5, 0.0, 0.2),
        (lambda layer, x: layer([x, x])) if "Attention" in kind else plain,
    )


@pytest.mark.parametrize("argument", ["dropout", "recurrent_dropout"])
@pytest.mark.parametrize("kind", some(CELLS, "GRU"))
def test_cells_take_their_positive_rates(kind, argument, float64):
    check_noise(lambda rate: getattr(layers, kind)(2, **{argument: rate}, seed=1), (0.5, 0.2))


def test_noise_inside_other_layers_is_found(float64):
    check_noise(lambda rate: layers.TimeDistributed(layers.Dropout(rate, seed=1)), (0.5, 0.0, 0.2))
    check_noise(
        lambda rate: layers.MultiHeadAttention(2, 3, dropout=rate, seed=1),
        (0.5, 0.2),
        lambda layer, x: layer(x, x),
    )


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float16"])
@pytest.mark.parametrize(
    "make",
    [
        lambda value: layers.LeakyReLU(value),
        lambda value: layers.ELU(value),
        lambda value: layers.ReLU(negative_slope=value, max_value=2.0),
        lambda value: layers.ReLU(threshold=value),
        lambda value: layers.Rescaling(value, value),
        lambda value: layers.LayerNormalization(epsilon=value),
        lambda value: layers.BatchNormalization(epsilon=value),
    ],
)
def test_half_types_stay_half(make, policy):
    def layer(value):
        made = make(value)
        made.dtype_policy = policy
        return made

    made, value = layer(0.7), 0.3
    x = tf.constant(X, made.compute_dtype)
    made(x)
    numbers = numbers_of([made])
    others = numbers_of([layer(value)])

    @tf.function
    def program(tensors):
        with taking(numbers, tf.unstack(tensors)):
            return made(x)

    result = program(tf.constant([n.value for n in others], tf.float64))
    expected = layer(value)(x)
    assert result.dtype == expected.dtype
    # The number may be cast before or after its product with the input; a sum follows.
    terms = [3, FUNCTION] if isinstance(made, layers.ELU) else [3]
    sizes = np.abs(expected) + 1
    assert_within_rounding(result, expected, *terms, dtype=made.compute_dtype, scale=sizes)


def test_a_float32_program_knows_the_numbers_in_full():
    # 1 - 0.999 is off by 5e-5 where 0.999 was rounded to float32 before.
    made, other = (optimizers.Adam(beta_2=value) for value in (0.5, 0.999))
    numbers = optimizer_numbers(made)
    place = [n.attribute for n in numbers].index("beta_2")

    @tf.function
    def program(tensors):
        with taking(numbers, tf.unstack(tensors)):
            return keras.ops.multiply(tf.constant(1.0), 1 - made.beta_2)

    values = [n.value for n in numbers]
    values[place] = other.beta_2
    assert program(tf.constant(values, tf.float64)) == np.float32(1 - 0.999)


def test_a_comparison_that_no_structure_settles_is_an_error():
    @tf.function
    def program(tensor):
        number = SymbolicFloat(tensor, tested=(0.0,))
        assert number > 0
        assert number != 0
        assert number >= 0
        assert (number == 0) is (number <= 0) is (number < 0) is False
        assert bool(number)
        for ask in (
            lambda: number > 1,
            lambda: number == 6,
            lambda: number < 1,
            lambda: number == SymbolicFloat(tensor),
            lambda: bool(1 - number),
        ):
            with pytest.raises(TypeError, match="Got the comparison of a program's input with"):
                ask()
        with pytest.raises(TypeError, match="where a Python number is needed"):
            float(number)
        return tensor

    program(tf.constant(1.0, tf.float64))
