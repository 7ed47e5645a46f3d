"""Mixup: the rows that are trained on are known exactly, in both engines alike."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdl.engine import stats
from skdl.engine.compiled import CompiledEngine
from skdl.engine.keras_loop import KerasLoopEngine
from skdl.engine.random import batch_order
from skdl.engine.rows.arrays import Samples
from skdl.engine.rows.mixup import blend_of_epoch, obstacle_to_mixup
from tests.engine.oracle import ROWS, assert_agree, both, job_of, numbers
from tests.engine_of_graphs import without_xla
from tests.selection import some


def network():
    layers = [keras.layers.Dense(5, activation="tanh"), keras.layers.Dense(2, activation="softmax")]
    model = keras.Sequential([keras.Input((4,)), *layers])
    model.compile(keras.optimizers.SGD(0.5, momentum=0.9), "categorical_crossentropy")
    return model


def data():
    targets = np.eye(2)[np.random.default_rng(1).integers(0, 2, ROWS)]
    return numbers(ROWS, 4), targets.astype(keras.config.floatx())


def weights():
    return numbers(ROWS, seed=4, low=0.2, high=2.0)


@given(st.integers(0, 2**31), st.integers(1, 50), st.floats(0.01, 10))
def test_every_row_is_a_partner_once_and_shares_are_parts(seed, rows, alpha):
    blend = blend_of_epoch(seed, 3, rows, alpha)
    assert sorted(blend.partners) == list(range(rows))
    assert ((blend.shares >= 0) & (blend.shares <= 1)).all()


@pytest.mark.parametrize("weighted", some([False, True], "weighted", ids=["plain", "weighted"]))
def test_an_epoch_trains_on_blended_rows(float64, monkeypatch, weighted):
    without_xla(monkeypatch)
    x, y = data()
    weight = weights() if weighted else None
    mixed = job_of(network, x, y, weight, epochs=1, mixup=0.4)
    order = batch_order(mixed.seed, 0, ROWS)
    partners, shares = blend_of_epoch(mixed.seed, 0, ROWS, 0.4)
    share = shares[:, None]
    blended_x = share * x[order] + (1 - share) * x[partners]
    heavier, own = None, share
    if weighted:
        heavier = shares * weight[order] + (1 - shares) * weight[partners]
        own = (shares * weight[order] / heavier)[:, None]
    blended_y = own * y[order] + (1 - own) * y[partners]
    by_hand = job_of(network, blended_x, blended_y, heavier, epochs=1, shuffle=False)
    for engine in (CompiledEngine(), KerasLoopEngine()):
        ours, theirs = engine.train(mixed), KerasLoopEngine().train(by_hand)
        for one, other in zip(ours.end.variables, theirs.end.variables, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "changes",
    some(
        [
            {},
            {"weight": True},
            {"validation": Samples(numbers(10, 4, seed=7), np.eye(2)[np.arange(10) % 2])},
            {"batch_size": ROWS},
            {"options": {"steps_per_epoch": 1}, "epochs": 5},
            {"trained_epochs": 2, "shuffle": False},
        ],
        "weighted",
        mark="oracle",
        ids=["plain", "weighted", "validation", "one batch", "parts of the data", "later"],
    ),
)
def test_both_engines_agree(float64, monkeypatch, changes):
    without_xla(monkeypatch)
    changes = dict(changes)
    weight = weights() if changes.pop("weight", False) else None
    assert_agree(both(network, *data(), weight, mixup=0.3, **changes))


@pytest.mark.oracle
def test_by_xla(float64):
    pair = both(network, *data(), mixup=0.3)
    assert pair.compiled.plan.startswith("Compiled with XLA")
    assert_agree(pair)


@pytest.mark.oracle
def test_a_graph_of_any_number_of_rows(float64, monkeypatch):
    without_xla(monkeypatch)

    def regularised():
        model = network()
        model.layers[0].activity_regularizer = keras.regularizers.L2(0.01)
        return model

    pair = both(regularised, *data(), mixup=0.3)
    assert not pair.masked
    assert_agree(pair)


def test_strengths_and_seeds_share_a_program(float64, monkeypatch):
    without_xla(monkeypatch)
    fits = [job_of(network, *data(), mixup=alpha, seed=seed) for alpha, seed in [(0.1, 1), (2, 5)]]
    first = CompiledEngine().train(fits[0])
    before = stats().programs
    second = CompiledEngine().train(fits[1])
    assert stats().programs == before
    assert first.history["loss"] != second.history["loss"]


def test_rows_of_integers_are_no_rows_to_blend():
    x, y = numbers(ROWS, 4), numbers(ROWS, 1)
    assert obstacle_to_mixup(Samples(x, y)) is None
    assert "the inputs are of type int32" in obstacle_to_mixup(Samples(x.astype(np.int32), y))
    assert "the targets are of type int64" in obstacle_to_mixup(Samples(x, y.astype(np.int64)))
