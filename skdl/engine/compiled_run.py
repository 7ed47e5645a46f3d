"""One job on its way through a program: state in, calls that each end after a while, result out."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from skdl.common.keras_import import load_keras
from skdl.engine.callbacks import ScheduleRate, one_epoch_a_call
from skdl.engine.callbacks.replay import Replay
from skdl.engine.job import EpochObserver, FitJob, FitResult, StopReason
from skdl.engine.ledger import ledger
from skdl.engine.network.state import NetworkState, ProgramState, is_finite
from skdl.engine.plan.fit_options import Course
from skdl.engine.plan.form import Form
from skdl.engine.plan.plan import Plan
from skdl.engine.program.call import OWN_RATE, Epochs, Outcome, Span
from skdl.engine.program.program import Program
from skdl.engine.random import Stream, batch_order, derive_seed
from skdl.engine.rows.arrays import few_rows
from skdl.engine.rows.mixup import Blend, blend_of_epoch
from skdl.engine.rows.tensors import data_of
from skdl.engine.structure.widths import cut, fill

# A call of a program ends after about this long, so that Ctrl-C is heard.
SECONDS_PER_CALL = 0.4
FIRST_STEPS = 16
# Items of the stream of noise that no layer with a rate has.
NOISE_OF_RATE_0 = 2**20


class Run:
    """One job on its way through a program."""

    def __init__(self, job: FitJob, plan: Plan, program: Program):
        assert plan.form is not None
        self._job = job
        self._plan = plan
        self._form: Form = plan.form
        self._program = program
        self._drawn: tuple[int, np.ndarray, Any] | None = None

    def compile(self) -> None:
        """Trace and compile the program, by a call that runs no step."""
        self._begin()
        # What XLA compiles inside an epoch is compiled when an epoch begins.
        epochs = int(self._form.full_by_xla)
        self._call(self._blank_epochs(), self._job.initial_epoch, epochs, 0, 0)

    def train(self, observer: EpochObserver | None) -> FitResult:
        """Run the whole job."""
        job, program, clock = self._job, self._program, time.perf_counter()
        self._begin()
        replay = Replay(job, self._plan.rules, self._steps, self._state_of_kept)
        alone = observer is not None or one_epoch_a_call(self._plan.rules)
        curves: list[np.ndarray] = []
        epoch, stopped = job.initial_epoch, False
        while epoch < job.epochs and not stopped:
            if observer is not None:
                observer.on_epoch_begin(epoch)
            most = 1 if alone else self._form.epochs
            replay.begin(self._rate_now())
            rows, stopped = self._epochs(epoch, min(most, job.epochs - epoch))
            curves.append(rows)
            ledger.add(epochs=len(rows))
            if replay.needed:
                told = program.history(rows, job.network, rates=self._tells_rates)
                for number, logs in enumerate(self._course.logs(told, epoch)):
                    replay.epoch(epoch + number, logs, self._memory)
            epoch += len(rows)
            if observer is not None and observer.on_epoch_end(epoch - 1, self._state_now):
                stopped = True
            if not stopped and self._seconds_left <= 0:
                break
        result = self._result(np.concatenate(curves), epoch, stopped=stopped)
        ledger.add(fits=1, seconds_training=time.perf_counter() - clock)
        return result

    def _begin(self) -> None:
        import tensorflow as tf

        job, program, form = self._job, self._program, self._form
        self._layout = layout = job.network.layout
        optimizer = job.start.optimizer or job.network.fresh_optimizer(job.start.variables)
        self._shapes = [value.shape for value in job.start.variables]
        self._optimizer_shapes = [value.shape for value in optimizer]
        variables = job.start.variables
        trainable = fill([variables[i] for i in layout.trainable], program.trainable_shapes)
        fixed = fill(
            [self._noise(n) if i is None else variables[i] for n, i in enumerate(layout.fixed)],
            program.fixed_shapes,
        )
        self._fresh = program.fresh_metrics(
            job.network, few_rows(job.training, job.network.batch_rows)
        )
        self._state = ProgramState(
            [tf.constant(value) for value in trainable],
            [tf.constant(value) for value in fixed],
            [tf.constant(value) for value in fill(optimizer, program.optimizer_shapes)],
            self._fresh,
        )
        self._memory = [
            [tf.constant(value) for value in rule.start(self._state)] for rule in self._plan.rules
        ]
        widths = job.network.widths
        self._units = tf.constant([] if widths is None else widths.units, tf.int32)
        self._numbers = tf.constant(np.asarray(job.network.numbers, np.float64))
        self._training = data_of(job.training, form.rows)
        self._held_out = (
            None if job.validation is None else data_of(job.validation, form.held_out_rows)
        )
        rows, held_out = job.training.n_rows, job.validation
        self._course = Course.of(job)
        self._seconds_left = math.inf if job.max_seconds is None else job.max_seconds
        self._steps = self._course.steps
        self._order_size = -(-form.rows // form.batch_size) * form.batch_size if form.rows else rows
        self._sizes = (
            rows,
            max(job.batch_size, form.batch_size),
            0 if held_out is None else held_out.n_rows,
            self._course.held_out_steps,
            0 if held_out is None else max(job.validation_batch_size, form.held_out_batch_size),
            job.initial_epoch,
            self._course.parts,
            1,
        )

    def _noise(self, place: int) -> np.ndarray:
        """A state of noise for a layer that has none, such as a Dropout of rate 0."""
        seed = derive_seed(self._job.seed, Stream.NOISE, NOISE_OF_RATE_0 + place)
        return np.array([seed, 0], np.int64)

    @property
    def _tells_rates(self) -> bool:
        return self._job.rates is not None or any(rule.rates for rule in self._plan.rules)

    def _rate_now(self) -> float:
        if not any(rule.rates for rule in self._plan.rules):
            return 0.0  # nobody asks, and it may be a schedule of steps
        return float(self._state.optimizer[self._program.optimizer.rate_place])

    def _epochs(self, epoch: int, most: int) -> tuple[np.ndarray, bool]:
        """Up to `most` epochs from `epoch` on, fewer where they take long; at least one."""
        program, steps = self._program, self._steps
        most, often = self._course.stretch(epoch, most)
        self._sizes = (*self._sizes[:-1], often)
        pace = program.seconds_per_step
        if pace is None or pace * steps > 2 * SECONDS_PER_CALL:
            return self._epoch_in_parts(epoch)
        seconds = min(SECONDS_PER_CALL, self._seconds_left)
        count = min(max(int(seconds / max(pace * steps, 1e-9)), 1), most)
        given = self._given(epoch, count)
        started = time.perf_counter()
        outcome = self._call(given, epoch, count, 0, steps)
        done = int(outcome.n_epochs)
        self._note_pace(time.perf_counter() - started, done * steps)
        return outcome.curves.numpy()[:done], bool(outcome.stopped)

    def _note_pace(self, seconds: float, steps: int) -> None:
        self._seconds_left -= seconds
        self._program.note_pace(seconds / max(1, steps))

    def _epoch_in_parts(self, epoch: int) -> tuple[np.ndarray, bool]:
        """One epoch by calls that each end after a while; the first ones find out how long a step takes."""
        given, first = self._given(epoch, 1), 0
        while True:
            pace = self._program.seconds_per_step
            stride = FIRST_STEPS if pace is None else max(1, int(SECONDS_PER_CALL / pace))
            last = min(first + stride, self._steps)
            started = time.perf_counter()
            outcome = self._call(given, epoch, 1, first, last)
            stopped = bool(outcome.stopped)
            self._note_pace(time.perf_counter() - started, last - first)
            if stopped or last == self._steps:
                return outcome.curves.numpy()[:1], stopped
            first = last

    def _blank_epochs(self) -> Epochs:
        """Room for what the epochs of a call are given."""
        form, floatx = self._form, load_keras().config.floatx()
        steps = self._order_size // form.batch_size if form.rows else self._steps
        order = np.zeros((form.epochs, self._order_size), np.int32)
        rates = np.full((form.epochs, steps), OWN_RATE, floatx)
        blend = Blend(order.copy(), np.ones(order.shape, floatx)) if form.mixes else None
        return Epochs(order, rates, blend)

    def _given(self, epoch: int, count: int) -> Epochs:
        """What `count` epochs from `epoch` on are given."""
        job, steps = self._job, self._steps
        given = self._blank_epochs()
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
        self._follow_callbacks(given.rates, epoch, count)
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

    def _follow_callbacks(self, rates: np.ndarray, epoch: int, count: int) -> None:
        """Let callbacks set the learning rates of `count` epochs from `epoch` on."""
        import tensorflow as tf

        schedules = [rule for rule in self._plan.rules if isinstance(rule, ScheduleRate)]
        if not schedules:
            return
        rate = self._rate_now()
        for row in range(count):
            for rule in schedules:
                rate = rule.rate_of(epoch + row, rate)
            rates[row, 0] = rate
        if count == 1:
            # What a plateau lowered is in the rate already, and must not count twice.
            rates[0, 0] = OWN_RATE
            place = self._program.optimizer.rate_place
            state = list(self._state.optimizer)
            state[place] = tf.constant(rate, state[place].dtype)
            self._state = self._state._replace(optimizer=state)

    def _call(self, given: Epochs, epoch: int, count: int, first: int, last: int) -> Outcome:
        import tensorflow as tf

        span = Span(epoch, count, self._steps, first, last, *self._sizes)
        outcome = self._program(
            self._state,
            self._memory,
            self._numbers,
            self._training,
            self._held_out,
            tf.nest.map_structure(lambda part: None if part is None else tf.constant(part), given),
            span,
            self._units,
            self._fresh,
        )
        if count:
            self._state, self._memory = ProgramState(*outcome.state), outcome.rules
        return outcome

    def _state_now(self) -> NetworkState:
        return self._state_of(self._state.trainable, self._state.fixed, self._state.optimizer)

    def _state_of_kept(self, kept: list[Any]) -> NetworkState:
        """The state of the network from what a rule has kept of the program's."""
        first = len(self._state.trainable)
        second = first + len(self._state.fixed)
        return self._state_of(kept[:first], kept[first:second], kept[second:])

    def _state_of(
        self, trainable: Iterable[Any], fixed: Iterable[Any], optimizer: Iterable[Any]
    ) -> NetworkState:
        job = self._job
        variables = list(job.start.variables)
        for place, value in zip(self._layout.trainable, trainable, strict=True):
            variables[place] = cut(np.asarray(value), self._shapes[place])
        for where, part in zip(self._layout.fixed, fixed, strict=True):
            if where is not None:
                variables[where] = cut(np.asarray(part), self._shapes[where])
        return NetworkState(
            tuple(variables),
            tuple(
                cut(np.asarray(part), shape)
                for part, shape in zip(optimizer, self._optimizer_shapes, strict=True)
            ),
        )

    def _result(self, curves: np.ndarray, epoch: int, *, stopped: bool) -> FitResult:
        job, program = self._job, self._program
        final = program.optimizer.finalize(self._state.optimizer, self._state.trainable)
        end = self._state_of(final, self._state.fixed, self._state.optimizer)
        variables = list(end.variables)
        places = [*self._layout.trainable, *self._layout.fixed]
        weights = [places.index(place) for place in self._layout.weights]
        for rule, memory in zip(self._plan.rules, self._memory, strict=True):
            now = [np.zeros(2) if place is None else variables[place] for place in places]
            after = rule.after([np.asarray(part) for part in memory], tuple(now), weights)
            for place, value in zip(places, after, strict=True):
                if place is not None:
                    variables[place] = value
        end = replace(end, variables=tuple(variables)).sharing(job.start)
        told = program.history(curves, job.network, rates=self._tells_rates)
        history = self._course.history(told, job.initial_epoch)
        rows = self._course.rows(len(curves), job.training.n_rows, job.batch_size)
        computed = self._steps * self._form.batch_size * len(curves) if self._form.masked else rows
        ledger.add(rows=computed, rows_padded=computed - rows)
        if not is_finite(end, history.get("loss", ())):
            reason = StopReason.DIVERGED
        elif epoch < job.epochs:
            reason = StopReason.STOPPED_EARLY if stopped else StopReason.TIME_IS_UP
        else:
            reason = StopReason.EPOCHS_DONE
        return FitResult(end, history, len(curves), reason, str(self._plan))
