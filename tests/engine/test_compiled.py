"""The compiled engine: calls of a program, fallbacks, and what it says of them."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest

from skdl.engine import stats
from skdl.engine.compiled import CompiledEngine, engine_named
from skdl.engine.job import StopReason
from skdl.engine.keras_loop import KerasLoopEngine
from skdl.engine.network.network import Network
from skdl.engine.program import planned
from skdl.engine.rows.arrays import Samples
from skdl.exceptions import NotCompilableError
from tests.engine.jobs import X, Y, job, network
from tests.engine.oracle import Pair, assert_agree, eagerly
from tests.selection import some

pytestmark = pytest.mark.usefixtures("programs_of_tensorflow")


class Watching(keras.callbacks.Callback):
    """A callback that only Python can run."""


def train(one):
    return CompiledEngine(fallback=False).train(one)


def assert_same(one, two):
    for a, b in zip(one.end.all, two.end.all, strict=True):
        np.testing.assert_array_equal(a, b)
    assert one.history == two.history


@pytest.mark.parametrize("seconds", some([0.0, 1e-9, 1e9], 1e-09))
def test_where_calls_end_changes_no_bit(seconds, monkeypatch):
    data = {"training": Samples(X, Y), "validation": Samples(X[:9], Y[:9]), "batch_size": 4}
    whole = train(job(epochs=5, **data))
    monkeypatch.setattr(planned, "SECONDS_PER_CALL", seconds)
    assert_same(train(job(epochs=5, **data)), whole)


def test_more_epochs_than_one_call_can_run():
    first = train(job(epochs=60))
    rest = train(job(start=first.end, epochs=130, initial_epoch=60, trained_epochs=60))
    whole = train(job(epochs=130))
    for a, b in zip(whole.end.all, rest.end.all, strict=True):
        np.testing.assert_array_equal(a, b)
    assert whole.history["loss"] == (*first.history["loss"], *rest.history["loss"])


def test_epochs_are_counted():
    before = stats().epochs
    train(job(epochs=3))
    train(job(epochs=130))
    assert stats().epochs == before + 133


def test_epochs_seeds_rows_and_rates_compile_nothing():
    train(job())
    before = stats().programs
    train(job(epochs=3, seed=9))
    train(job(training=Samples(X[:-1], Y[:-1])))
    train(job(lambda: network(keras.optimizers.Adam(0.3))))
    assert stats().programs == before


@pytest.mark.oracle
def test_agreement_with_keras_on_a_last_batch_that_is_smaller(float64):
    rows = {"training": Samples(X[:43], Y[:43]), "validation": Samples(X[:19], Y[:19])}
    one = job(epochs=3, **rows)
    ours, theirs = train(one), KerasLoopEngine().train(eagerly(one))
    assert list(ours.history) == list(theirs.history)
    assert_agree(Pair(ours, theirs, programs=1, masked=True))


def test_what_no_program_runs_goes_through_keras_and_is_said_once(caplog):
    one, callbacks = job(), (Watching(),)
    before = stats().fallbacks
    with caplog.at_level(logging.WARNING, logger="skdl.engine.compiled"):
        result = CompiledEngine().train(one, callbacks=callbacks)
        CompiledEngine().train(one, callbacks=callbacks)
    reason = "the callback Watching runs in Python"
    assert stats().fallbacks[reason] == before.get(reason, 0) + 2
    # TensorFlow says things of its own where a process has traced a lot.
    ours = [record.message for record in caplog.records if record.name.startswith("skdl")]
    assert ours == [
        "A fit goes through keras.Model.fit instead of a compiled program, which takes 20 to 100 times as "
        f"long where the network is small: {reason}."
    ]
    assert result.plan == f"Keras loop, because {reason}."
    theirs = KerasLoopEngine().train(job())
    for a, b in zip(result.end.all, theirs.end.all, strict=True):
        np.testing.assert_array_equal(a, b)


def test_without_fallback_the_obstacle_is_an_error_before_training():
    with pytest.raises(
        NotCompilableError, match=r"the callback Watching runs in Python\. Expected"
    ):
        CompiledEngine(fallback=False).train(job(), callbacks=(Watching(),))


def test_a_network_that_does_not_trace_says_what_stopped_it():
    def build():
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])
        model.compile("sgd", lambda y, p: keras.ops.sum(np.asarray(p)))
        return model

    with pytest.raises(NotCompilableError, match="it does not trace"):
        train(job(Network(build)))


def test_a_frozen_variable_without_weight_decay_is_for_keras():
    def build():
        frozen = keras.layers.Dense(3, trainable=False)
        model = keras.Sequential([keras.Input((4,)), frozen, keras.layers.Dense(3, "softmax")])
        optimizer = keras.optimizers.AdamW()
        optimizer.exclude_from_weight_decay(var_list=[frozen.bias])
        model.compile(optimizer, "sparse_categorical_crossentropy")
        return model

    result = CompiledEngine().train(job(Network(build), epochs=1))
    assert result.plan.startswith("Keras loop, because ")
    assert "excluded from weight decay" in result.plan


@pytest.mark.further
def test_what_is_excluded_from_weight_decay_counts_in_a_network_of_any_width(float64):
    def build(excluded=()):
        hidden, output = keras.layers.Dense(5, "relu"), keras.layers.Dense(3, "softmax")
        model = keras.Sequential([keras.Input((4,)), hidden, output])
        optimizer = keras.optimizers.AdamW(weight_decay=0.5)
        chosen = {"hidden": hidden.kernel, "output": output.kernel}
        if excluded:
            optimizer.exclude_from_weight_decay(var_list=[chosen[name] for name in excluded])
        model.compile(optimizer, "sparse_categorical_crossentropy")
        return model

    for excluded in ((), ("hidden",), ("output",)):
        one = job(Network(lambda excluded=excluded: build(excluded)))
        ours, theirs = train(one), KerasLoopEngine().train(eagerly(one))
        assert_agree(Pair(ours, theirs, programs=1, masked=True))


def test_the_plan_is_told_without_training():
    one = job()
    assert CompiledEngine().explain(one) == "Compiled with XLA."
    assert CompiledEngine().explain(job(options={"steps_per_epoch": 3})).startswith("Keras loop")
    assert train(one).plan == "Compiled with XLA."


def test_engines_by_name():
    assert isinstance(engine_named("keras"), KerasLoopEngine)
    assert isinstance(engine_named("auto"), CompiledEngine)


def test_lines_for_a_reader(capsys):
    train(job(epochs=2, verbose=2))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Epoch 1/2"
    assert lines[1].startswith("4/4 - accuracy: ")
    assert " - loss: " in lines[1]
    assert len(lines) == 4


def test_a_diverged_fit_leaves_its_neighbours_alone():
    whole = train(job())
    assert (
        train(job(lambda: network(keras.optimizers.SGD(1e38)))).stop_reason is StopReason.DIVERGED
    )
    assert_same(train(job()), whole)


@pytest.mark.processes
def test_ctrl_c_ends_a_long_fit_at_once():
    program = textwrap.dedent(
        """
        import numpy as np, skdl, sys
        X = np.random.default_rng(0).normal(size=(4000, 20)); y = (X[:, 0] > 0).astype(int)
        skdl.MLPClassifier(epochs=1).fit(X, y)
        try:
            print("ready", flush=True)
            skdl.MLPClassifier(epochs=10_000_000).fit(X, y)
        except KeyboardInterrupt:
            skdl.MLPClassifier(epochs=1).fit(X, y)
            print("stopped", flush=True)
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGINT)
        assert child.communicate(timeout=120)[0] == "stopped\n"
