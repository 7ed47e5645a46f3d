from __future__ import annotations

import fnmatch
import inspect

import keras
import pytest

from docs.engine_settings import (
    COMMON_STRUCTURE,
    STRUCTURE,
    VARIABLES,
    WHOLE_STRUCTURE,
    rows,
)
from skdl.engine.numbers.table import INPUTS
from tests.engine.number_cases import CASES, CELLS, CLIPS, EVERY_OPTIMIZER, NOISE, OPTIMIZERS, find

layers, losses, optimizers = keras.layers, keras.losses, keras.optimizers
schedules = optimizers.schedules
regularizers, constraints = keras.regularizers, keras.constraints


def public(module, base):
    """The classes that Keras exports from a module, each with the names that it exports it by."""
    found = {}
    for name, kind in sorted(vars(module).items()):
        if inspect.isclass(kind) and issubclass(kind, base) and kind is not base:
            found.setdefault(kind, []).append(name)
    return found


KINDS = [
    (f"{place}.", kind, names)
    for place, base in [
        ("layers", layers.Layer),
        ("regularizers", regularizers.Regularizer),
        ("constraints", constraints.Constraint),
        ("losses", losses.Loss),
        ("optimizers", optimizers.Optimizer),
        ("optimizers.schedules", schedules.LearningRateSchedule),
    ]
    for kind, names in public(find(place), base).items()
]


def may_be_a_float(parameter):
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        return False
    default = parameter.default
    return (
        default is None or default is parameter.empty or type(default) in (int, float)
    ) and parameter.name not in ("self", "name", "dtype")


@pytest.mark.parametrize(("place", "kind", "names"), KINDS, ids=lambda one: str(one))
def test_every_setting_of_keras_that_may_be_a_float_is_in_the_table(place, kind, names):
    names = [place + name for name in names]
    if any(name in WHOLE_STRUCTURE for name in names):
        return
    inputs = {one.argument for name in names for one in INPUTS.get(name, ())}
    special = {argument for name in names for argument in STRUCTURE.get(name, {})}
    assert not inputs & special
    known = inputs | special | set(VARIABLES)
    parameters = inspect.signature(kind.__init__).parameters
    assert inputs | special <= set(parameters)
    unknown = [
        name
        for name, parameter in parameters.items()
        if may_be_a_float(parameter)
        and name not in known
        and not any(fnmatch.fnmatch(name, pattern) for pattern in COMMON_STRUCTURE)
    ]
    assert unknown == []


def test_the_table_names_what_keras_has():
    for name in (*INPUTS, *STRUCTURE, *WHOLE_STRUCTURE):
        assert inspect.isclass(find(name))
    arguments = {
        name for _, kind, _ in KINDS for name in inspect.signature(kind.__init__).parameters
    }
    for pattern in COMMON_STRUCTURE:
        assert fnmatch.filter(arguments, pattern), pattern


def test_the_tests_have_every_input():
    """Each row of the table is computed with, here or, for what another object does, inside that."""
    tested = {(case.kind, argument) for case in CASES for argument in case.settings}
    tested |= {
        (f"optimizers.{kind.strip()}", argument)
        for kind, (_, table) in OPTIMIZERS.items()
        for argument in (*table, *EVERY_OPTIMIZER, *CLIPS)
    }
    tested |= set(NOISE.items())
    tested |= {
        (f"layers.{kind}Cell", name) for kind in CELLS for name in ("dropout", "recurrent_dropout")
    }
    tested |= {
        ("optimizers.schedules.PiecewiseConstantDecay", name) for name in ("boundaries", "values")
    }
    # The same code as one dimension, and as the other cells.
    tested |= {("layers.SpatialDropout2D", "rate"), ("layers.SpatialDropout3D", "rate")}
    tested |= {
        ("src.layers.rnn.conv_lstm.ConvLSTMCell", n) for n in ("dropout", "recurrent_dropout")
    }
    inputs = {
        (kind, one.argument) for kind, inputs in INPUTS.items() for one in inputs if not one.inside
    }
    assert inputs <= tested


def test_the_documented_table_gives_each_setting_one_role():
    inputs, structure = list(rows("input")), list(rows("structure"))
    settings = [(kind, argument) for kind, argument, _ in inputs + structure]
    assert len(set(settings)) == len(settings)
    assert all(reason for _, _, reason in structure)
    assert {("layers.Dropout", "rate"), ("", "learning_rate")} < set(settings[: len(inputs)])
    assert {("layers.Masking", "mask_value"), ("", "units")} < set(settings[len(inputs) :])
