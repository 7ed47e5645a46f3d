"""What the epochs of a call are given: the order of the rows, the learning rates, and the blends."""

from __future__ import annotations

from typing import Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.engine.fit_options import Course
from skdl.engine.job import FitJob
from skdl.engine.plan.form import Form
from skdl.engine.program.call import OWN_RATE, Epochs
from skdl.engine.random import batch_order
from skdl.engine.rows.mixup import Blend, blend_of_epoch


class EpochInputs:
    """The inputs of the epochs of one fit.

    Parameters
    ----------
    job : FitJob
    form : Form
    course : Course
    """

    def __init__(self, job: FitJob, form: Form, course: Course):
        self._job, self._form, self._course = job, form, course
        rows = job.training.n_rows
        self._order_size = -(-form.rows // form.batch_size) * form.batch_size if form.rows else rows
        self._drawn: tuple[int, np.ndarray, Any] | None = None

    def blank(self) -> Epochs:
        """Room for what the epochs of a call are given."""
        form, floatx = self._form, load_keras().config.floatx()
        steps = self._order_size // form.batch_size if form.rows else self._course.steps
        order = np.zeros((form.epochs, self._order_size), np.int32)
        rates = np.full((form.epochs, steps), OWN_RATE, floatx)
        blend = Blend(order.copy(), np.ones(order.shape, floatx)) if form.mixes else None
        return Epochs(order, rates, blend)

    def of(self, epoch: int, count: int) -> Epochs:
        """What `count` epochs from `epoch` on are given."""
        job, steps = self._job, self._course.steps
        given = self.blank()
        for row in range(count):
            number = epoch + row - job.initial_epoch
            times, part = divmod(number, self._course.parts)
            here = slice(part * steps * job.batch_size, (part + 1) * steps * job.batch_size)
            order, blend = self._pass(job.trained_epochs + times)
            length = len(order[here])
            given.order[row, :length] = order[here]
            if given.blend is not None:
                for room, entries in zip(given.blend, blend, strict=True):
                    room[row, :length] = entries[here]
            if job.rates is not None:
                given.rates[row, :steps] = job.rates[number * steps : (number + 1) * steps]
        return given

    def _pass(self, number: int) -> tuple[np.ndarray, Any]:
        """The order and the blend of all rows in pass `number` through the data.

        Epochs that are parts of a pass share it: to draw it anew for each takes longer than a short epoch.
        """
        if self._drawn is None or self._drawn[0] != number:
            job, rows = self._job, self._job.training.n_rows
            order = batch_order(job.seed, number, rows) if job.shuffle else np.arange(rows)
            blend = blend_of_epoch(job.seed, number, rows, job.mixup) if self._form.mixes else ()
            self._drawn = number, order, blend
        return self._drawn[1:]
