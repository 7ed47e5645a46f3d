"""Whatever the shapes and numbers of a fit: the compiled engine gives what the Keras loop gives."""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skdl.engine import stats
from skdl.engine.rows.arrays import Samples
from tests.engine.oracle import assert_agree, both, numbers
from tests.engine_of_graphs import without_xla

FEATURES, OUTPUTS = 5, 2


class Structure(NamedTuple):
    """What shapes a program. The rest is drawn within the sizes that share one."""

    activation: str
    batch_size: int | None  # None: all rows
    momentum: bool
    weighted: bool
    validated: bool


STRUCTURES = [
    Structure("relu", 8, momentum=False, weighted=False, validated=True),
    Structure("tanh", 7, momentum=True, weighted=True, validated=False),
    Structure("gelu", None, momentum=True, weighted=True, validated=True),
]


class Drawn(NamedTuple):
    """Sizes and numbers of one fit."""

    rows: int
    widths: tuple[int, int]
    dropout: float
    l2: float
    learning_rate: float
    momentum: float
    validation_rows: int
    seed: int


FITS = st.builds(
    Drawn,
    rows=st.integers(17, 24),
    widths=st.tuples(st.integers(1, 64), st.integers(1, 64)),
    dropout=st.floats(0, 0.9),
    l2=st.floats(0, 0.1),
    learning_rate=st.floats(1e-4, 0.05),
    momentum=st.floats(0.1, 0.95),
    validation_rows=st.integers(1, 8),
    seed=st.integers(0, 2**31 - 1),
)


def network(structure, drawn):
    def build():
        layers = [keras.Input((FEATURES,))]
        for units in drawn.widths:
            penalty = keras.regularizers.L2(drawn.l2)
            layers += [
                keras.layers.Dense(units, structure.activation, kernel_regularizer=penalty),
                keras.layers.Dropout(drawn.dropout),
            ]
        model = keras.Sequential([*layers, keras.layers.Dense(OUTPUTS)])
        momentum = drawn.momentum if structure.momentum else 0.0
        model.compile(
            keras.optimizers.SGD(drawn.learning_rate, momentum=momentum),
            "mse",
            metrics=["mae"],
        )
        return model

    return build


def samples(rows, seed, *, weighted):
    weight = numbers(rows, seed=seed + 2, low=0.0, high=3.0) if weighted else None
    return Samples(
        numbers(rows, FEATURES, seed=seed), numbers(rows, OUTPUTS, seed=seed + 1), weight
    )


@pytest.mark.further
def test_shapes_and_numbers(float64, monkeypatch):
    without_xla(monkeypatch)
    compiled = stats().programs

    @settings(max_examples=8, derandomize=True, database=None, deadline=None)
    @given(st.sampled_from(STRUCTURES), FITS)
    def agree(structure, drawn):
        rows = samples(drawn.rows, drawn.seed, weighted=structure.weighted)
        held_out = samples(drawn.validation_rows, drawn.seed + 3, weighted=False)
        pair = both(
            network(structure, drawn),
            rows.x,
            rows.y,
            rows.weight,
            batch_size=structure.batch_size or drawn.rows,
            validation=held_out if structure.validated else None,
            validation_batch_size=drawn.validation_rows,
            seed=drawn.seed,
        )
        assert_agree(pair)
        assert pair.masked
        assert np.isfinite(pair.compiled.history["loss"]).all()

    agree()
    assert stats().programs - compiled <= len(STRUCTURES)
