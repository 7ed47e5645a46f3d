"""A learning rate for each step: compiled, the same as through Keras, and an input of the program."""

import keras
import numpy as np
import pytest

from skdl.engine import stats
from skdl.engine.compiled import CompiledEngine
from skdl.engine.keras_loop import KerasLoopEngine
from skdl.engine.program import planned
from skdl.engine.rows.arrays import Samples
from tests.engine.oracle import BATCH, ROWS, assert_agree, both, job_of, numbers
from tests.engine_of_graphs import without_xla
from tests.selection import some

pytestmark = pytest.mark.usefixtures("programs_of_tensorflow")

STEPS = -(-ROWS // BATCH)  # of an epoch


def network(optimizer=lambda: keras.optimizers.Adam(0.5), **parts):
    def build():
        layers = [keras.layers.Dense(5, activation="tanh", **parts), keras.layers.Dense(1)]
        model = keras.Sequential([keras.Input((4,)), *layers])
        model.compile(optimizer(), "mse")
        return model

    return build


def rates(epochs=3, steps=STEPS, seed=5):
    return np.random.default_rng(seed).uniform(0.001, 0.1, epochs * steps)


def data():
    return numbers(ROWS, 4), numbers(ROWS, 1, seed=1)


@pytest.mark.parametrize(
    "changes",
    some(
        [
            {},
            {"validation": Samples(numbers(10, 4, seed=7), numbers(10, 1, seed=8))},
            {"batch_size": ROWS, "rates": rates(steps=1)},
            {"options": {"steps_per_epoch": 1}, "epochs": 5, "rates": rates(5, 1)},
            {"initial_epoch": 1, "rates": rates(2)},
        ],
        "validation",
        mark="oracle",
        ids=["plain", "validation", "one batch", "parts of the data", "later"],
    ),
)
def test_each_step_has_its_rate(float64, monkeypatch, changes):
    without_xla(monkeypatch)
    pair = both(network(), *data(), **{"rates": rates(), **changes})
    assert_agree(pair)


@pytest.mark.oracle
@pytest.mark.parametrize(
    "parts",
    [{}, {"activity_regularizer": "l2"}],
    ids=["whole", "in part"],
)
def test_by_xla(float64, parts):
    pair = both(network(**parts), *data(), rates=rates())
    assert pair.compiled.plan.startswith("Compiled with XLA")
    assert_agree(pair)


@pytest.mark.oracle
def test_by_a_graph_for_any_number_of_rows(float64, monkeypatch):
    without_xla(monkeypatch)
    pair = both(network(activity_regularizer="l2"), *data(), rates=rates())
    assert pair.compiled.plan.startswith("Compiled as a graph")
    assert_agree(pair)


@pytest.mark.oracle
@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: keras.optimizers.SGD(0.1, momentum=0.9),
        lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.1)),
        lambda: keras.optimizers.AdamW(0.1, ema_momentum=0.9, use_ema=True),
    ],
)
def test_of_other_optimizers(float64, monkeypatch, optimizer):
    without_xla(monkeypatch)
    assert_agree(both(network(optimizer), *data(), rates=rates()))


def test_other_rates_share_the_program():
    fits = [job_of(network(), *data(), rates=rates(seed=seed)) for seed in (0, 1)]
    first = CompiledEngine().train(fits[0])
    before = stats().programs
    second = CompiledEngine().train(fits[1])
    assert stats().programs == before
    assert first.history["loss"] != second.history["loss"]
    assert first.history["learning_rate"] == pytest.approx(rates(seed=0)[STEPS - 1 :: STEPS])


def test_equal_rates_are_the_rate_of_the_optimizer():
    plain = CompiledEngine().train(job_of(network(), *data()))
    by_step = CompiledEngine().train(job_of(network(), *data(), rates=np.full(3 * STEPS, 0.5)))
    assert by_step.history["loss"] == plain.history["loss"]


def test_where_calls_end_changes_no_bit(monkeypatch):
    def weights():
        job = job_of(network(), *data(), rates=rates())
        return [part.tobytes() for part in CompiledEngine().train(job).end.all]

    whole = weights()
    monkeypatch.setattr(planned, "SECONDS_PER_CALL", 1e-9)
    assert weights() == whole


PLATEAUS = [
    {"patience": 0},
    {"patience": 1, "factor": 0.5},
    {"patience": 0, "factor": 0.5, "min_lr": 0.02},
    {"patience": 0, "cooldown": 1, "min_delta": 0.1},
]


@pytest.mark.parametrize("settings", some(PLATEAUS, str(PLATEAUS[1]), mark="oracle", ids=str))
def test_a_plateau_lowers_all_that_follows_in_a_schedule(float64, monkeypatch, settings):
    without_xla(monkeypatch)
    pair = both(
        network(),
        *data(),
        rates=rates(6),
        epochs=6,
        callbacks=lambda: [keras.callbacks.ReduceLROnPlateau("loss", mode="max", **settings)],
    )
    assert_agree(pair)
    assert (pair.compiled.history["learning_rate"] < rates(6)[STEPS - 1 :: STEPS] * 0.9).any()


def test_a_plateau_multiplies_rates_by_its_factor(float64, monkeypatch):
    without_xla(monkeypatch)
    # A loss that only falls is one that never improves where it should rise.
    plateau = keras.callbacks.ReduceLROnPlateau("loss", mode="max", patience=1, factor=0.5)
    given = np.full(6 * STEPS, 0.01)
    found = CompiledEngine().train(
        job_of(network(), *data(), rates=given, epochs=6), callbacks=(plateau,)
    )
    assert np.all(np.diff(found.history["loss"]) < 0)
    np.testing.assert_allclose(
        found.history["learning_rate"], [0.01, 0.01, 0.005, 0.0025, 0.00125, 0.000625], rtol=1e-12
    )


def test_a_plateau_over_a_constant_schedule_is_keras_own(float64, monkeypatch):
    without_xla(monkeypatch)

    def fit(**changes):
        plateau = keras.callbacks.ReduceLROnPlateau("loss", mode="max", patience=1, min_lr=0.1)
        return CompiledEngine().train(
            job_of(network(), *data(), epochs=6, **changes), callbacks=(plateau,)
        )

    plain, scheduled = fit(), fit(rates=np.full(6 * STEPS, 0.5))
    for name, curve in plain.history.items():
        np.testing.assert_allclose(scheduled.history[name], curve, rtol=1e-12)


def test_fits_with_and_without_rates_share_a_program():
    CompiledEngine().train(job_of(network(), *data()))
    before = stats().programs
    scheduled = CompiledEngine().train(job_of(network(), *data(), rates=rates()))
    assert stats().programs == before
    assert "learning_rate" in scheduled.history


@pytest.mark.parametrize(
    "seconds",
    some([1e-9, 60.0], "a call an epoch", mark="oracle", ids=["a call an epoch", "one call"]),
)
@pytest.mark.parametrize("last", [-0.01, float("nan")])
def test_any_rate_of_a_callback_is_taken_wherever_calls_end(float64, monkeypatch, seconds, last):
    without_xla(monkeypatch)
    monkeypatch.setattr(planned, "SECONDS_PER_CALL", seconds)
    pair = both(
        network(),
        *data(),
        callbacks=lambda: [
            keras.callbacks.LearningRateScheduler(lambda epoch: last if epoch == 2 else 0.01)
        ],
    )
    np.testing.assert_allclose(
        pair.compiled.history["learning_rate"], pair.keras.history["learning_rate"], rtol=1e-8
    )
    for ours, theirs in zip(pair.compiled.end.variables, pair.keras.end.variables, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8)


@pytest.mark.further
def test_what_callbacks_print_and_write_knows_the_rates(float64, monkeypatch, tmp_path, capsys):
    without_xla(monkeypatch)
    given = rates(4)

    def callbacks():
        return [
            keras.callbacks.ReduceLROnPlateau("loss", mode="max", patience=0, verbose=1),
            keras.callbacks.ModelCheckpoint(tmp_path / "{learning_rate:.4f}.keras"),
        ]

    told = []
    for engine in (CompiledEngine(), KerasLoopEngine()):
        engine.train(
            job_of(network(), *data(), rates=given, epochs=4), callbacks=tuple(callbacks())
        )
        files = sorted(path.name for path in tmp_path.iterdir())
        told.append((capsys.readouterr().out.replace("\n\n", "\n").strip(), files))
        for path in tmp_path.iterdir():
            path.unlink()
    assert told[0] == told[1]
    assert len(told[0][1]) == 4


@pytest.mark.further
def test_a_stop_that_watches_a_rate_that_nobody_tells_is_left_to_keras(float64):
    stop = keras.callbacks.EarlyStopping("learning_rate", mode="min", patience=1)
    fit = job_of(network(), *data())
    assert "watches learning_rate" in CompiledEngine().explain(fit, (stop,))
    told = job_of(network(), *data(), rates=rates())
    assert CompiledEngine().explain(told, (stop,)).startswith("Compiled")
