"""A job resumes its equal alone: whatever its result depends on is compared before anything is trained."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from scipy import sparse

from skdl.engine import stats
from skdl.engine.compiled import CompiledEngine
from skdl.engine.job import Stopping
from skdl.engine.keras_loop import KerasLoopEngine
from skdl.engine.network.network import Network
from skdl.engine.network.state import NetworkState
from skdl.engine.resuming import resumable_settings, with_kind
from skdl.engine.rows.arrays import Samples, content_of
from skdl.exceptions import InvalidParameterError
from tests.engine.jobs import X, Y
from tests.engine.jobs import job as job_of
from tests.engine.numpy_program import NumpyEngine
from tests.engine.test_run import linear_job
from tests.engine_of_graphs import without_xla
from tests.selection import some

ROOT = Path(__file__).parents[2]
STEPS = 4  # of an epoch
RATES = np.linspace(0.1, 0.01, 4 * STEPS)
WEIGHT = np.linspace(0.5, 1.5, len(X)).astype(np.float32)
HELD_OUT = Samples(X[:9], Y[:9])
RUN = 2  # epochs of the job that is resumed


class Handled(keras.layers.Dense):
    """A layer with a part that nobody can read."""

    def __init__(self, *args, **settings):
        super().__init__(*args, **settings)
        self.handle = object()


def build(
    units=6, activation="tanh", rate=0.3, beta=0.9, learning_rate=0.01, kind=None, **settings
):
    """A network with noise, whose settings are structure, numbers, or the state of the optimizer."""
    model = keras.Sequential(
        [
            keras.Input((4,)),
            (kind or keras.layers.Dense)(units, activation=activation),
            keras.layers.Dropout(rate, seed=4),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    optimizer = keras.optimizers.Adam(learning_rate, beta_1=beta)
    model.compile(optimizer, "sparse_categorical_crossentropy", **settings)
    return model


def job(network=None, **changes):
    """A job whose weights, drawn from a seed, are equal for all builds of a network."""
    settings = {"training": Samples(X, Y, WEIGHT), "validation": HELD_OUT, "rates": RATES}
    made = network or Network(build)
    return job_of(made, **{**settings, "epochs": 4, "keep_last": True, **changes})


def other(**settings):
    return lambda: {"network": Network(lambda: build(**settings))}


def with_rate(step, rate):
    rates = RATES.copy()
    rates[step] = rate
    return rates


def moved(state):
    first, *rest = state.variables
    return NetworkState((first + 1, *rest), state.optimizer)


# What differs, and what the error says of it.
OTHERS = {
    "seed": (lambda: {"seed": 4}, "Got seed=4, expected 3 as there"),
    "batch size": (lambda: {"batch_size": 8}, "Got batch_size=8, expected 16"),
    "validation batch size": (
        lambda: {"validation_batch_size": 3},
        "Got validation_batch_size=3, expected 16",
    ),
    "first epoch": (lambda: {"initial_epoch": 1}, "Got initial_epoch=1, expected 0"),
    "epochs before": (lambda: {"trained_epochs": 5}, "Got trained_epochs=5, expected 0"),
    "order": (lambda: {"shuffle": False}, "Got shuffle=False, expected True"),
    "mixup": (lambda: {"mixup": 0.2}, "Got mixup=0.2, expected 0.0"),
    "stopping": (
        lambda: {"stopping": Stopping("loss", early_stopping=True)},
        r"Got stopping=Stopping\(monitor='loss'.*, expected None",
    ),
    "options": (
        lambda: {"options": {"validation_freq": 2}},
        r"Got options=\{'validation_freq': 2\}, expected \{\}",
    ),
    "structure": (
        other(activation="relu"),
        "Got network='structure .*', expected 'structure .*build the network of that job",
    ),
    "width": (other(units=7), "network='structure .*7,.* hidden units', expected .*6,.* hidden"),
    "rate of noise": (
        other(rate=0.4),
        r"Got numbers=\{'.*Dropout.rate': 0.4\}, expected \{'.*Dropout.rate': 0.3\}.*give the network",
    ),
    "number of the optimizer": (
        other(beta=0.8),
        r"Got numbers=\{'.*Adam.beta_1': 0.8\}, expected \{'.*Adam.beta_1': 0.9\}",
    ),
    "steps that Keras runs at once": (
        other(steps_per_execution=2),
        r"Got execution=\{'steps_per_execution': 2\}, expected .*1\}.*compile the network with the",
    ),
    "learning rate of the optimizer": (
        other(learning_rate=0.02),
        "Got start='.*', expected '.*an optimizer of the same learning rate",
    ),
    "weights to begin with": (
        lambda: {"start": moved(Network(build).initial_state(1))},
        "Got start='.*pass the start of that job: its weights",
    ),
    "rows": (
        lambda: {"training": Samples(X + 1, Y, WEIGHT)},
        "Got training='50 rows of content .*', expected '50 rows of content .*pass the rows",
    ),
    "order of rows": (lambda: {"training": Samples(X[::-1], Y, WEIGHT)}, "Got training='50 rows"),
    "fewer rows": (
        lambda: {"training": Samples(X[:49], Y[:49], WEIGHT[:49])},
        "Got training='49 rows of content .*', expected '50 rows",
    ),
    "targets": (lambda: {"training": Samples(X, 2 - Y, WEIGHT)}, "Got training='50 rows"),
    "weights of rows": (lambda: {"training": Samples(X, Y, WEIGHT + 1)}, "Got training='50 rows"),
    "no weights of rows": (lambda: {"training": Samples(X, Y)}, "Got training='50 rows"),
    "sparse rows": (
        lambda: {"training": Samples(sparse.csr_matrix(X), Y, WEIGHT)},
        "Got training='50 rows",
    ),
    "validation rows": (
        lambda: {"validation": Samples(X[1:10], Y[1:10])},
        "Got validation='9 rows of content .*', expected '9 rows of content .*pass the validation",
    ),
    "no validation rows": (lambda: {"validation": None}, "Got validation=None, expected '9 rows"),
    "rate of a step": (
        lambda: {"rates": with_rate(RUN * STEPS - 1, 7.0)},
        r"Got rates=.*7.0.* in step 7, expected .*0\.05.*plan a schedule over all epochs",
    ),
    "no rates": (lambda: {"rates": None}, "Got rates=None, expected an array of 8"),
}


@pytest.fixture(scope="module")
def last():
    """The last state of a job of two epochs."""
    return KerasLoopEngine().train(job(epochs=RUN)).last


@pytest.mark.parametrize("case", OTHERS)
def test_another_job_is_refused_before_anything_is_trained(last, case):
    changes, words = OTHERS[case]
    before = stats()
    for engine in (KerasLoopEngine(), CompiledEngine(fallback=False, kernel=False)):
        with pytest.raises(InvalidParameterError, match=words) as raised:
            engine.train(job(resume=last, **changes()))
        assert str(raised.value).startswith("This fit cannot go on from the last state of another")
        assert "resume an equal job of more epochs or seconds" in str(raised.value)
    assert (stats().epochs, stats().programs) == (before.epochs, before.programs)


# What may differ, and the job in one go that the two parts then are.
LEGAL = {
    "more epochs, built once more": ({}, {}),
    "rates to come": ({"rates": np.append(RATES[: RUN * STEPS], [0.5] * 8)}, {}),
    "no rates to come": ({"rates": RATES[: RUN * STEPS], "epochs": RUN}, {}),
    "what is printed, and a time limit": ({"verbose": 2, "max_seconds": 1e9}, {"verbose": 0}),
    "kept no more": ({"keep_last": False}, {}),
}


@pytest.mark.parametrize("case", some(LEGAL, "rates to come"))
def test_what_a_result_does_not_depend_on_may_differ(last, case):
    changes, of_whole = LEGAL[case]
    engine = KerasLoopEngine()
    found = engine.train(job(resume=last, **changes))
    whole = engine.train(job(**{**changes, **of_whole}))
    assert content_of(found.end.all) == content_of(whole.end.all)
    assert found.history == whole.history
    assert (found.last is None) == ("keep_last" in changes)


@pytest.mark.further
def test_the_engine_counts(last, monkeypatch):
    """The Keras loop, a graph and XLA compute in ways of their own."""
    compiled = CompiledEngine(fallback=False, kernel=False)
    with pytest.raises(
        InvalidParameterError,
        match="Got kind='Compiled with XLA', expected 'Keras loop' as there.*train both parts by one engine",
    ):
        compiled.train(job(resume=last))
    by_xla = compiled.train(job(epochs=RUN)).last
    with pytest.raises(InvalidParameterError, match="Got kind='Keras loop', expected 'Compiled w"):
        KerasLoopEngine().train(job(resume=by_xla))
    without_xla(monkeypatch)
    with pytest.raises(InvalidParameterError, match="Got kind='Compiled as a graph', expected 'Co"):
        compiled.train(job(resume=by_xla))


@pytest.mark.further
def test_a_network_that_cannot_be_read_equals_itself_alone():
    engine, network = KerasLoopEngine(), Network(lambda: build(kind=Handled))
    state = engine.train(job(network, epochs=RUN)).last
    assert engine.train(job(network, resume=state)).n_epochs == 4
    words = "Got network=a network that cannot be read to its end, expected a network that cannot"
    with pytest.raises(InvalidParameterError, match=words):
        engine.train(job(Network(lambda: build(kind=Handled)), resume=state))
    with pytest.raises(InvalidParameterError, match=words):
        engine.train(job(network, resume=pickle.loads(pickle.dumps(state))))


def test_a_program_without_a_network_compares_its_state_and_rows():
    engine = NumpyEngine()
    state = engine.train(linear_job(epochs=3, keep_last=True)).last
    rows = linear_job().training
    with pytest.raises(InvalidParameterError, match="Got training='20 rows of content"):
        engine.train(linear_job(resume=state, training=Samples(rows.x, rows.y + 1)))
    with pytest.raises(InvalidParameterError, match="Got start="):
        engine.train(linear_job(resume=state, start=NetworkState((np.ones((2, 1)), np.zeros(1)))))


def test_a_state_of_unknown_origin_is_refused(last):
    with pytest.raises(InvalidParameterError, match="Got seed=3, expected 'nothing' as there"):
        KerasLoopEngine().train(job(resume=replace(last, settings={})))


def test_a_job_that_is_neither_kept_nor_resumed_is_not_read():
    unread = job(keep_last=False, training=None)
    assert resumable_settings(unread, ()) == with_kind(unread, {}, "Keras loop") == {}


@pytest.mark.processes
@pytest.mark.parametrize("engine", ["CompiledEngine", "KerasLoopEngine"])
def test_a_pickled_state_goes_on_here_and_in_another_process(engine, tmp_path):
    made = {"CompiledEngine": CompiledEngine, "KerasLoopEngine": KerasLoopEngine}[engine]()
    kept = job(epochs=RUN, stopping=Stopping("val_loss", early_stopping=True, patience=9))
    text = pickle.dumps(made.train(kept).last)
    whole = made.train(replace(kept, epochs=4))
    expected = content_of((whole.end.all, whole.last.stopping.best_weights))
    here = made.train(replace(kept, epochs=4, resume=pickle.loads(text)))
    assert content_of((here.end.all, here.last.stopping.best_weights)) == expected
    (tmp_path / "state").write_bytes(text)
    code = f"""
import pickle, sys
from skdl.common.keras_import import load_keras
load_keras()
from skdl.engine.compiled import CompiledEngine
from skdl.engine.job import Stopping
from skdl.engine.keras_loop import KerasLoopEngine
from tests.engine.test_resuming import content_of, job
state = pickle.load(open(sys.argv[1], "rb"))
stopping = Stopping("val_loss", early_stopping=True, patience=9)
there = {engine}().train(job(stopping=stopping, resume=state))
print(content_of((there.end.all, there.last.stopping.best_weights)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "state")],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [expected]
