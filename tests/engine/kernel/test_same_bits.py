"""A fit of the kernel has the same bits alone, in company, in any thread and process, and in any parts."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from skdl.engine.compiled import CompiledEngine
from skdl.engine.job import Stopping
from skdl.engine.kernel.assembly import rows_of
from skdl.engine.kernel.orders import keys_of_orders, shuffle
from skdl.engine.kernel.program import KernelFit
from skdl.engine.network.state import NetworkState
from skdl.engine.random import batch_order
from skdl.engine.rows.arrays import Samples
from tests.engine.kernel.cases import CASES, dense, layer, real, stack
from tests.engine.kernel.native import native
from tests.engine.oracle import by_kernel, job_of, numbers


def digest(result):
    found = hashlib.sha256()
    for array in result.end.all:
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def deep(**changes):
    build = stack(
        dense(9, "gelu"),
        layer("Dropout", 0.3),
        layer("BatchNormalization"),
        dense(7, "tanh", kernel_regularizer="l2"),
        dense(2),
        metrics=["mae"],
    )
    held_out = Samples(numbers(9, 4, seed=8), real(9), None)
    settings = {"validation": held_out, "epochs": 6, **changes}
    return job_of(build, numbers(40, 4), real(40), **settings)


def test_threads_side_by_side():
    job = deep()
    alone = digest(by_kernel(job))
    with ThreadPoolExecutor(4) as threads:
        found = set(threads.map(lambda _: digest(by_kernel(job)), range(16)))
    assert found == {alone}


class Watcher:
    """Looks at each epoch, so that each is a call of its own."""

    def on_epoch_begin(self, epoch):
        pass

    def on_epoch_end(self, epoch, state):
        state()
        return False


def test_an_epoch_a_call():
    job = deep()
    whole, parts = by_kernel(job), CompiledEngine().train(job, Watcher())
    assert digest(parts) == digest(whole)
    assert parts.history == whole.history


def test_an_epoch_in_several_calls(monkeypatch):
    job = deep(batch_size=1)
    whole = by_kernel(job)
    # As if a step took long: each call has a few steps.
    monkeypatch.setattr("skdl.engine.kernel.program.SECONDS_PER_CALL", 1e-9)
    parts = by_kernel(job)
    assert digest(parts) == digest(whole)
    assert parts.history == whole.history


@pytest.mark.parametrize("epoch", [1, 3])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"rates": np.linspace(0.1, 0.01, 30)},
        {"mixup": 0.3},
        {
            "stopping": Stopping(
                "val_loss", early_stopping=True, patience=2, reduce_lr_patience=1, min_delta=0.05
            )
        },
    ],
    ids=["plain", "rates", "mixup", "stopping"],
)
def test_a_job_that_is_resumed(epoch, changes):
    job = deep(**changes)
    whole = by_kernel(job)
    first = by_kernel(replace(job, epochs=epoch, keep_last=True))
    rest = by_kernel(replace(job, resume=first.last))
    assert digest(rest) == digest(whole)
    assert rest.history == whole.history


@pytest.mark.parametrize("offset", range(17))
def test_the_alignment_of_rows(offset):
    job = deep()
    room = np.empty(job.training.x.size + offset, np.float32)
    x = room[offset:].reshape(job.training.x.shape)
    x[:] = job.training.x
    moved = replace(job, training=replace(job.training, x=x, rooms=()))
    assert digest(by_kernel(moved)) == digest(by_kernel(job))


def test_the_alignment_of_weights_and_values(monkeypatch):
    job = deep()
    expected = digest(by_kernel(job))

    def moved(array, offset):
        room = np.empty(array.nbytes + 64 + offset, np.uint8)
        start = (-room.ctypes.data) % 64 + offset
        found = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
        found[:] = array
        return found

    for offset in (0, 8, 24, 40):

        class Moved(KernelFit):
            def __init__(self, *given, offset=offset):
                super().__init__(*given)
                state, scratch = self._state, self._scratch
                self._state = type(state)(*(moved(part, offset) for part in state))
                self._scratch = type(scratch)(*(moved(part, offset) for part in scratch))

        monkeypatch.setattr("skdl.engine.kernel.program.KernelFit", Moved)
        assert digest(by_kernel(job)) == expected


def test_the_room_for_a_batch_changes_nothing():
    job = deep()
    assert digest(by_kernel(replace(job, validation_batch_size=39))) == digest(by_kernel(job))


def test_arrays_of_the_job_are_only_read():
    job = deep()
    for array in (*job.start.all, job.training.x, job.training.y, job.validation.x):
        array.flags.writeable = False
    by_kernel(job)


def test_rows_are_flat_and_of_the_type_of_the_weights():
    made = rows_of(np.arange(6).reshape(3, 2), np.ones((3, 1), bool), None, "float64")
    assert [part.dtype for part in made] == [np.dtype("float64")] * 3
    assert made.x.tolist() == [0, 1, 2, 3, 4, 5]
    assert made.weights.tolist() == [1, 1, 1]


def test_the_order_of_rows_is_that_of_the_other_engines():
    for rows in (1, 2, 3, 1000, 70_000):
        keys = keys_of_orders(5, 3, 2)
        for epoch in range(2):
            order = np.empty(rows, np.int64)
            native(shuffle, "float32")(order, keys[2 * epoch], keys[2 * epoch + 1])
            assert np.array_equal(order, batch_order(5, 3 + epoch, rows))
            shuffle(order, keys[2 * epoch], keys[2 * epoch + 1])
            assert np.array_equal(order, batch_order(5, 3 + epoch, rows))


@pytest.mark.parametrize("name", ["Adam", "validation and noise", "sparse crossentropy"])
def test_single_precision_is_near_double(name, request):
    case = CASES[name]
    job = job_of(case.build, *case.rows(), **case.settings())
    single = by_kernel(job)
    assert {array.dtype.name for array in single.end.variables} <= {"float32", "int64"}
    request.getfixturevalue("float64")
    begun = tuple(v.astype(float) if v.dtype.kind == "f" else v for v in job.start.variables)
    again = job_of(case.build, *case.rows(), **case.settings(), start=NetworkState(begun))
    double = by_kernel(again)
    np.testing.assert_allclose(single.history["loss"], double.history["loss"], rtol=1e-4)


BITS = """
import hashlib
import numpy as np
from sklearn.datasets import load_digits
from skdl import MLPClassifier
X, y = load_digits(return_X_y=True)
X = (X[:500] / 16).astype(np.float32)
found = hashlib.sha256()
# Products of 64 x 64 x 127, just below the limit of a block, of several blocks, and small ones.
for layers, rows in (((127,), 64), ((200, 130), 150), ((30, 20), 32)):
    clf = MLPClassifier(
        hidden_layer_sizes=layers, batch_size=rows, epochs=2, dropout=0.2, random_state=0
    )
    clf.fit(X, y[:500])
    assert clf.explain_plan(X, y[:500]) == "Native kernel."
    for array in clf._fitted.state.variables:
        found.update(array.tobytes())
print(found.hexdigest())
"""


def bits(**environment):
    path = os.pathsep.join(part for part in sys.path if part)
    names = {**os.environ, "PYTHONPATH": path, **environment}
    done = subprocess.run(
        [sys.executable, "-c", BITS], env=names, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.processes
@pytest.mark.parametrize("core", ["", "Haswell"])
def test_no_number_of_threads_of_the_blas_changes_bits(core):
    kind = {"OPENBLAS_CORETYPE": core} if core else {}
    one, two, many = (bits(OPENBLAS_NUM_THREADS=str(count), **kind) for count in (1, 2, 4))
    assert one == two == many != ""


@pytest.mark.processes
def test_another_process_gives_the_same_bits():
    assert bits() == bits()
