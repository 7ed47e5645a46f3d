"""A compiled program with the plan of one job: state in, calls that each end after a while, state out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from skdl.engine.base import AbstractProgram, End, Stretch
from skdl.engine.callbacks import Rule, ScheduleRate, one_epoch_a_call
from skdl.engine.callbacks.base import end_of
from skdl.engine.callbacks.replay import Replay
from skdl.engine.fit_options import Course
from skdl.engine.job import FitJob, StoppingMemory
from skdl.engine.ledger import ledger
from skdl.engine.network.network import Network
from skdl.engine.network.program_states import StatesOfProgram
from skdl.engine.network.state import NetworkState, ProgramState
from skdl.engine.prediction import predict
from skdl.engine.program.call import OWN_RATE, Epochs, Outcome, Span
from skdl.engine.program.epochs import EpochInputs
from skdl.engine.program.program import Program
from skdl.engine.random import Stream, derive_seed
from skdl.engine.rows.arrays import Arrays, few_rows
from skdl.engine.rows.tensors import data_of
from skdl.engine.structure.widths import fill

# A call of a program ends after about this long, so that Ctrl-C is heard.
SECONDS_PER_CALL = 0.4
FIRST_STEPS = 16
# Items of the stream of noise that no layer with a rate has.
NOISE_OF_RATE_0 = 2**20


class PlannedProgram(AbstractProgram["Fit"]):
    """A program of TensorFlow's for one job.

    Parameters
    ----------
    program : Program
        Shared by all fits of its structure.
    rules : sequence of Rule
        The callbacks of the job's plan, each with a state of its own.
    own_rules : sequence of Rule
        Those among them that do what `FitJob.stopping` says.
    """

    def __init__(self, program: Program, rules: Sequence[Rule], own_rules: Sequence[Rule]):
        self._program, self._rules, self._own_rules = program, rules, own_rules

    def begin(self, job: FitJob) -> Fit:
        """The tensors of the network, the rows and the callbacks."""
        return Fit(job, self._program, self._rules, self._own_rules)

    def run(self, fit: Fit, epoch: int, most: int, seconds: float) -> Stretch:
        """Train some epochs by one call, or one epoch by several; then callbacks print and write."""
        alone = one_epoch_a_call(self._rules)
        fit.replay.begin(fit.rate)
        fit.seconds = 0.0
        most = 1 if alone else min(most, self._program.form.epochs)
        curves, stopped = fit.train(epoch, most, seconds)
        told = self._program.history(curves, fit.job.network, rates=fit.tells_rates)
        if fit.replay.needed:
            for number, logs in enumerate(fit.course.logs(told, epoch)):
                fit.replay.epoch(epoch + number, logs, fit.memory)
        return Stretch(fit.course.history(told, epoch), len(curves), stopped, fit.seconds)

    def end(self, fit: Fit) -> End:
        """The network after the last step, with the best weights or an average where that was asked for."""
        return fit.end()

    @staticmethod
    def predict(
        network: Network, state: NetworkState, x: Arrays, *, batch_size: int | None = None
    ) -> Arrays:
        """By a graph of its own."""
        return predict(network, state, x, batch_size=batch_size)

    def compile(self, job: FitJob) -> None:
        """Trace and compile the program, by a call that runs no step."""
        self.begin(job).compile()


class Fit:
    """One fit of a program: its tensors, and what callbacks remember.

    Parameters
    ----------
    job : FitJob
    program : Program
    rules, own_rules : sequence of Rule

    Attributes
    ----------
    course : Course
    memory : list of list
        The state of each rule.
    replay : Replay
    seconds : float
        How long the calls of the program took since somebody set it to zero.
    """

    def __init__(
        self, job: FitJob, program: Program, rules: Sequence[Rule], own_rules: Sequence[Rule]
    ):
        import tensorflow as tf

        self.job, self.course, self.seconds = job, Course.of(job), 0.0
        self._program, self._form = program, program.form
        self._rules, self._own_rules = rules, own_rules
        self._layout = layout = job.network.layout
        begun = job.start if job.resume is None else job.resume.network
        variables = begun.variables
        optimizer = begun.optimizer or job.network.fresh_optimizer(variables)
        self._shapes = [value.shape for value in variables]
        self._optimizer_shapes = [value.shape for value in optimizer]
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
        self.memory = [[tf.constant(value) for value in self._begun(rule)] for rule in rules]
        widths = job.network.widths
        self._units = tf.constant([] if widths is None else widths.units, tf.int32)
        self._numbers = tf.constant(np.asarray(job.network.numbers, np.float64))
        self._training = data_of(job.training, program.form.rows)
        self._held_out = (
            None if job.validation is None else data_of(job.validation, program.form.held_out_rows)
        )
        self._inputs = EpochInputs(job, program.form, self.course)
        self._n_trained = 0
        self._states = StatesOfProgram(
            job.start.variables, layout, self._shapes, self._optimizer_shapes
        )

    @cached_property
    def replay(self) -> Replay:
        """Who tells of the epochs; made when the first of them is run."""
        # It knows nothing of this object: in a circle, the tensors would outlive the fit.
        return Replay(self.job, self._rules, self.course.steps, self._states.of_kept)

    def _noise(self, place: int) -> np.ndarray:
        """A state of noise for a layer that has none, such as a Dropout of rate 0."""
        seed = derive_seed(self.job.seed, Stream.NOISE, NOISE_OF_RATE_0 + place)
        return np.array([seed, 0], np.int64)

    def _begun(self, rule: Rule) -> list[Any]:
        """The state that a rule begins with, or goes on with."""
        memory, before = rule.start(self._state), self.job.resume
        return (
            memory
            if before is None
            else rule.resumed(memory, before.stopping, self._layout.places_of_weights)
        )

    @property
    def tells_rates(self) -> bool:
        """Whether the learning rate is one of the curves."""
        return self.job.rates is not None or any(rule.rates for rule in self._rules)

    @property
    def rate(self) -> float:
        """The learning rate, where a callback asks for it."""
        if not any(rule.rates for rule in self._rules):
            return 0.0  # nobody asks, and it may be a schedule of steps
        return float(self._state.optimizer[self._program.optimizer.rate_place])

    def compile(self) -> None:
        """Call the program for no step."""
        # What XLA compiles inside an epoch is compiled when an epoch begins.
        epochs = int(self._form.full_by_xla)
        self._call(self._inputs.blank(), self.job.initial_epoch, epochs, (0, 0), 1)

    def train(self, epoch: int, most: int, left: float) -> tuple[np.ndarray, bool]:
        """Up to `most` epochs from `epoch` on, fewer where they take long; at least one.

        Returns
        -------
        curves : ndarray of shape (n_epochs, n_curves)
        stopped : bool
        """
        program, steps = self._program, self.course.steps
        most, often = self.course.stretch(epoch, most)
        pace = program.seconds_per_step
        if pace is None or pace * steps > 2 * SECONDS_PER_CALL:
            curves, stopped = self._epoch_in_parts(epoch, often)
        else:
            seconds = min(SECONDS_PER_CALL, left)
            count = min(max(int(seconds / max(pace * steps, 1e-9)), 1), most)
            given = self._given(epoch, count)
            started = time.perf_counter()
            outcome = self._call(given, epoch, count, (0, steps), often)
            done = int(outcome.n_epochs)
            self._note_pace(time.perf_counter() - started, done * steps)
            curves, stopped = outcome.curves.numpy()[:done], bool(outcome.stopped)
        self._n_trained += len(curves)
        return curves, stopped

    def _note_pace(self, seconds: float, steps: int) -> None:
        self.seconds += seconds
        self._program.note_pace(seconds / max(1, steps))

    def _epoch_in_parts(self, epoch: int, often: int) -> tuple[np.ndarray, bool]:
        """One epoch by calls that each end after a while; the first ones find out how long a step takes."""
        given, first, steps = self._given(epoch, 1), 0, self.course.steps
        while True:
            pace = self._program.seconds_per_step
            stride = FIRST_STEPS if pace is None else max(1, int(SECONDS_PER_CALL / pace))
            last = min(first + stride, steps)
            started = time.perf_counter()
            outcome = self._call(given, epoch, 1, (first, last), often)
            stopped = bool(outcome.stopped)
            self._note_pace(time.perf_counter() - started, last - first)
            if stopped or last == steps:
                return outcome.curves.numpy()[:1], stopped
            first = last

    def _given(self, epoch: int, count: int) -> Epochs:
        """What `count` epochs from `epoch` on are given; callbacks may set their learning rates."""
        import tensorflow as tf

        given = self._inputs.of(epoch, count)
        schedules = [rule for rule in self._rules if isinstance(rule, ScheduleRate)]
        if not schedules:
            return given
        rate = self.rate
        for row in range(count):
            for rule in schedules:
                rate = rule.rate_of(epoch + row, rate)
            given.rates[row, 0] = rate
        if count == 1:
            # What a plateau lowered is in the rate already, and must not count twice.
            given.rates[0, 0] = OWN_RATE
            place = self._program.optimizer.rate_place
            state = list(self._state.optimizer)
            state[place] = tf.constant(rate, state[place].dtype)
            self._state = self._state._replace(optimizer=state)
        return given

    def _call(
        self, given: Epochs, epoch: int, count: int, steps: tuple[int, int], often: int
    ) -> Outcome:
        import tensorflow as tf

        job, form, held_out = self.job, self._form, self.job.validation
        span = Span(
            first_epoch=epoch,
            epochs=count,
            steps=self.course.steps,
            first_step=steps[0],
            last_step=steps[1],
            rows=job.training.n_rows,
            batch_size=max(job.batch_size, form.batch_size),
            held_out_rows=0 if held_out is None else held_out.n_rows,
            held_out_steps=self.course.held_out_steps,
            held_out_batch_size=0
            if held_out is None
            else max(job.validation_batch_size, form.held_out_batch_size),
            initial_epoch=job.initial_epoch,
            parts=self.course.parts,
            validation_freq=often,
        )
        outcome = self._program(
            self._state,
            self.memory,
            self._numbers,
            self._training,
            self._held_out,
            tf.nest.map_structure(lambda part: None if part is None else tf.constant(part), given),
            span,
            self._units,
            self._fresh,
        )
        if count:
            self._state, self.memory = ProgramState(*outcome.state), outcome.rules
        return outcome

    def now(self) -> NetworkState:
        """The state of the network as the last step has left it."""
        state = self._state
        return self._states.of(state.trainable, state.fixed, state.optimizer)

    def end(self) -> End:
        """What the fit ends with; callbacks are told."""
        final = self._program.optimizer.finalize(self._state.optimizer, self._state.trainable)
        end = self._states.of(final, self._state.fixed, self._state.optimizer)
        variables, remembered = end_of(
            self._rules, self._own_rules, self.memory, end.variables, self._layout
        )
        self._count_rows()
        return End(replace(end, variables=variables), StoppingMemory(**remembered))

    def _count_rows(self) -> None:
        job, before = self.job, self.job.first_epoch - self.job.initial_epoch
        done = (before, before + self._n_trained)
        first, last = (
            self.course.rows(count, job.training.n_rows, job.batch_size) for count in done
        )
        rows = last - first
        padded = self.course.steps * self._form.batch_size * self._n_trained
        computed = padded if self._form.masked else rows
        ledger.add(rows=computed, rows_padded=computed - rows)
