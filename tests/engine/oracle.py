"""Trains a job by the compiled engine and by its oracle, and compares what comes out."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from skdl.engine import stats
from skdl.engine.compiled import CompiledEngine
from skdl.engine.fit_options import settled
from skdl.engine.job import FitJob, FitResult
from skdl.engine.keras_loop import KerasLoopEngine
from skdl.engine.network.network import Network
from skdl.engine.network.state import read_state, write_state
from skdl.engine.plan.plan import make_plan
from skdl.engine.rows.arrays import Samples
from tests.tolerances import FUNCTION, rounding

ROWS, BATCH = 22, 8  # the last batch of an epoch has six rows


@dataclass
class Pair:
    """What both engines made of one job."""

    compiled: FitResult
    keras: FitResult
    programs: int  # compiled for it
    masked: bool  # whether batches of one size, as XLA needs them, are right for it
    kernel: FitResult | None = None  # of the native kernel, where it takes the job


def numbers(*shape, seed=0, low=-1.0, high=1.0):
    """Evenly distributed numbers in Keras's default float type."""
    import keras

    drawn = np.random.default_rng(seed).uniform(low, high, shape)
    return drawn.astype(keras.config.floatx())


def classes(count, *shape, seed=1):
    """Class numbers below `count`, each of them met."""
    drawn = np.random.default_rng(seed).integers(0, count, shape)
    drawn.flat[:count] = np.arange(count)
    return drawn.astype(np.int32)


def job_of(build, x, y, weight=None, start=None, **changes):
    """A job of three epochs; `build` is a function or a `Network`."""
    network = build if isinstance(build, Network) else Network(build)
    settings = {
        "training": Samples(x, y, weight),
        "validation": None,
        "epochs": 3,
        "batch_size": BATCH,
        "validation_batch_size": BATCH,
        "seed": 3,
    }
    return FitJob(network, start or network.initial_state(1), **{**settings, **changes})


class Eager(Network):
    """A network that Keras runs step by step, which for a few steps is faster than to trace it."""

    def model(self, state):
        model = super().model(state)
        model.run_eagerly = True
        return model


def eagerly(job):
    """`job` with a network that Keras runs step by step."""
    return replace(job, network=Eager(job.network._build, redraw=False))


class Kept(Network):
    """A network of one model, which Keras traces once for all fits that begin with it."""

    def __init__(self, build):
        super().__init__(build)
        self._kept = build()
        self._kept.optimizer.build(self._kept.trainable_variables)
        self._fresh = read_state(self._kept).optimizer

    def model(self, state):
        write_state(self._kept, replace(state, optimizer=state.optimizer or self._fresh))
        return self._kept


@cache
def kept(build, floatx):
    return Kept(build)


def both(build, x, y, weight=None, callbacks=tuple, keras_runs="eagerly", **changes):
    """The results of both engines for the same job, and of the kernel where it takes the job.

    `callbacks` gives each its own, in the order program, kernel, Keras.

    Keras runs "eagerly", "traced" where it computes otherwise when it knows the number of rows, or "kept":
    traced, and the same model for all jobs of one and the same `build`.
    """
    import keras

    network = build if isinstance(build, Network) else Network(build)
    before = stats().programs
    one = job_of(network, x, y, weight, **changes)
    compiled = CompiledEngine(kernel=False).train(one, callbacks=tuple(callbacks()))
    programs = stats().programs - before
    two, mine = job_of(network, x, y, weight, **changes), tuple(callbacks())
    kernel = by_kernel(two, mine) if takes(two, mine) else None
    given = tuple(callbacks())
    form = make_plan(settled(two), given, kernel=False).form
    masked = form is not None and form.masked
    if keras_runs == "eagerly":
        two = eagerly(two)
    elif keras_runs == "kept":
        two = replace(two, network=kept(build, keras.config.floatx()))
    keras = KerasLoopEngine().train(two, callbacks=given)
    return Pair(compiled, keras, programs, masked, kernel)


def takes(job, callbacks=()):
    """Whether the native kernel takes a job."""
    return make_plan(settled(job), callbacks).description is not None


def by_kernel(job, callbacks=()):
    """The result of a job by the native kernel."""
    result = CompiledEngine().train(job, callbacks=callbacks)
    assert result.plan.startswith("Native kernel"), result.plan
    return result


def sums_of_a_step(model, rows):
    """How many terms each sum has on the way of one step through a network: forwards, and backwards.

    Forwards a layer sums over its inputs, or over its places where it pools all of them, adds a bias and
    takes a function. Backwards it sums over its outputs, and for its weights over the rows of the batch and
    the places of a convolution. Layers side by side are counted as if they followed one another.
    """
    kernels = [variable.shape for variable in model.trainable_variables if len(variable.shape) > 1]
    places = max(math.prod(layer.output.shape[1:-1]) for layer in model.layers)
    forwards = [math.prod(shape[:-1]) + 1 + FUNCTION for shape in kernels]
    return [*forwards, places], [*(shape[-1] for shape in kernels), rows * places]


def assert_agree_after_one_step(pair, build, rows, rate):
    """Both agree as far as single precision lets them, where inputs, weights and gradients are of size one.

    An error of a gradient comes into the weights times the learning `rate` of plain SGD. An optimizer that
    divides by the size of a gradient would make a whole step of what is rounding alone.
    """
    forwards, backwards = sums_of_a_step(build(), rows)
    loss = rounding("float32", *forwards, rows)
    weights = rounding("float32", 1) + rate * rounding("float32", *forwards, *backwards)
    assert_agree(pair, rtol=loss, atol=weights)


def assert_agree(pair, *, rtol=1e-8, atol=1e-10, optimizer=True):
    """Both ran, one of them compiled, with the same curves and the same end.

    The usual tolerances are for some ten steps in double precision, whose unit is 2e-16. Sums of a thousand
    terms in each of ten steps come to 2e-12, so that a network may still make an error five thousand times
    as large before it is told.
    """
    assert pair.compiled.plan.startswith("Compiled"), pair.compiled.plan
    assert_equal_results(pair.compiled, pair.keras, rtol, atol, optimizer)
    if pair.kernel is not None:
        assert_equal_results(pair.kernel, pair.keras, rtol, atol, optimizer)


def assert_equal_results(ours, keras, rtol=1e-8, atol=1e-10, optimizer=True):
    """Two results have the same curves and the same end."""
    assert ours.n_epochs == keras.n_epochs
    assert ours.stop_reason is keras.stop_reason
    assert set(ours.history) == set(keras.history)
    for name, curve in keras.history.items():
        np.testing.assert_allclose(ours.history[name], curve, rtol=rtol, atol=atol, err_msg=name)
    parts = ["variables", "optimizer"] if optimizer else ["variables"]
    for part in parts:
        ends = zip(getattr(ours.end, part), getattr(keras.end, part), strict=True)
        for index, (one, other) in enumerate(ends):
            np.testing.assert_allclose(one, other, rtol=rtol, atol=atol, err_msg=f"{part}[{index}]")
