"""A program without TensorFlow: one linear layer, trained by plain gradient descent in NumPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skdl.engine.base import AbstractEngine, AbstractProgram, End, Stretch
from skdl.engine.job import StoppingMemory
from skdl.engine.network.state import NetworkState
from skdl.engine.random import batch_order
from skdl.engine.resuming import resumable_settings, with_kind
from skdl.engine.run import run

PLAN = "NumPy, because it is one linear layer."
LEARNING_RATE = 0.05


@dataclass
class Fit:
    """The weights and the bias of a fit while it runs."""

    job: object
    weights: np.ndarray
    bias: np.ndarray

    def now(self):
        return NetworkState((self.weights.copy(), self.bias.copy()))


class NumpyProgram(AbstractProgram):
    """Linear regression by the mean squared error."""

    def begin(self, job):
        state = job.start if job.resume is None else job.resume.network
        return Fit(job, *(value.copy() for value in state.variables))

    def run(self, fit, epoch, most, seconds):
        job, losses = fit.job, []
        for number in range(epoch, epoch + most):
            order = batch_order(job.seed, job.trained_epochs + number, job.training.n_rows)
            errors = []
            for start in range(0, len(order), job.batch_size):
                rows = order[start : start + job.batch_size]
                x, y = job.training.x[rows], job.training.y[rows]
                error = x @ fit.weights + fit.bias - y
                errors.append((error**2).sum())
                fit.weights -= LEARNING_RATE * 2 * x.T @ error / len(rows)
                fit.bias -= LEARNING_RATE * 2 * error.mean(axis=0)
            losses.append(float(sum(errors) / len(order)))
        return Stretch({"loss": tuple(losses)}, most, stopped=False, seconds=0.0)

    def end(self, fit):
        return End(fit.now(), StoppingMemory())

    @staticmethod
    def predict(network, state, x, *, batch_size=None):
        weights, bias = state.variables
        return x @ weights + bias


class NumpyEngine(AbstractEngine):
    """An engine of this program alone."""

    def train(self, job, observer=None, callbacks=()):
        settings = with_kind(job, resumable_settings(job, callbacks), "NumPy")
        return run(job, NumpyProgram(), plan=PLAN, settings=settings, observer=observer)

    def explain(self, job, callbacks=()):
        return PLAN

    def predict(self, network, state, x, *, batch_size=None):
        return NumpyProgram.predict(network, state, x, batch_size=batch_size)
