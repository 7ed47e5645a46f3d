"""The default engine: one job is a few calls of a program that all jobs of its structure share."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from skdl._startup import load_keras, quiet_xla, start_devices
from skdl.engine.base import AbstractEngine
from skdl.engine.calls import Data, Outcome, Span
from skdl.engine.fit_options import Course, settled
from skdl.engine.job import EpochObserver, FitJob, FitResult, Samples, StopReason
from skdl.engine.keras_loop import KerasLoopEngine
from skdl.engine.network import NetworkState, is_finite
from skdl.engine.plan import Form, Plan, few_rows, make_plan
from skdl.engine.program import Program
from skdl.engine.programs import ledger, training_programs
from skdl.engine.random import Stream, batch_order, derive_seed
from skdl.engine.replay import Replay
from skdl.engine.rules import ScheduleRate, one_epoch_a_call
from skdl.engine.step import State
from skdl.engine.tensors import data_of, read_as_floats
from skdl.engine.tracing import first_line, untraceable
from skdl.engine.widths import cut, fill
from skdl.engine.xla_parts import SlowWithXlaError
from skdl.engine.xla_room import check_room, ran_out_of_memory
from skdl.exceptions import NotCompilableError

_logger = logging.getLogger(__name__)
ENGINES = ("auto", "compiled", "keras")
# A call of a program ends after about this long, so that Ctrl-C is heard.
SECONDS_PER_CALL = 0.4
_FIRST_STEPS = 16
# Items of the stream of noise that no layer with a rate has.
_NOISE_OF_RATE_0 = 2**20


class CompiledEngine(AbstractEngine):
    """Runs a job as one compiled program; what cannot be compiled goes through the Keras loop.

    Parameters
    ----------
    fallback : bool
        Whether to train through the Keras loop what no program can run; if not, that is an error.
    """

    def __init__(self, *, fallback: bool = True):
        self._fallback = fallback

    def explain(self, job: FitJob) -> str:
        """What `train` would do with `job`, and why, in one sentence."""
        start_devices()
        return str(_prepared(settled(job))[1])

    def train(self, job: FitJob, observer: EpochObserver | None = None) -> FitResult:
        """Run `job` by calls of one program."""
        start_devices()
        ready, plan, program = _prepared(settled(job))
        if program is not None:
            return _Run(ready, plan, program).train(observer)
        if not self._fallback:
            raise NotCompilableError(
                f"engine='compiled' cannot run this fit: {plan.obstacle}. Expected a fit that compiles: "
                "leave that away, or use engine='auto'."
            )
        if ledger.fell_back(str(plan.obstacle)):
            _logger.warning(
                "A fit goes through keras.Model.fit instead of a compiled program, which takes far longer: "
                "%s.",
                plan.obstacle,
            )
        result = KerasLoopEngine().train(job, observer)
        return FitResult(
            end=result.end,
            history=result.history,
            n_epochs=result.n_epochs,
            stop_reason=result.stop_reason,
            plan=str(plan),
        )


def engine_named(name: str) -> AbstractEngine:
    """The engine of an estimator's parameter: "auto", "compiled" or "keras"."""
    return KerasLoopEngine() if name == "keras" else CompiledEngine(fallback=name == "auto")


def _prepared(job: FitJob) -> tuple[FitJob, Plan, Program | None]:
    """`job` as a program takes it, how it is run, and its program where there is one."""
    import tensorflow as tf

    try:
        # A question that a layer or an optimizer of the user's answers by an error is an obstacle too.
        with untraceable():
            plan = make_plan(job)
        if plan.form is None:
            return job, plan, None
        if plan.form.masked:  # all its layers, losses and metrics are Keras's own
            job = _with_floats(job)
        program = _program(job, plan)
    except NotCompilableError as error:
        return job, Plan(str(error)), None
    except tf.errors.ResourceExhaustedError:
        raise
    except tf.errors.OpError as error:
        return job, Plan(f"TensorFlow cannot compile it ({first_line(error)})"), None
    return job, replace(plan, form=program.form), program


def _with_floats(job: FitJob) -> FitJob:
    model, held_out = job.network.template, job.validation
    return replace(
        job,
        training=read_as_floats(job.training, model),
        validation=None if held_out is None else read_as_floats(held_out, model),
    )


def _program(job: FitJob, plan: Plan) -> Program:
    import tensorflow as tf

    wanted = plan.form
    assert wanted is not None
    network = job.network
    key = (network.training_structure, wanted, tuple(rule.key for rule in plan.rules), _shapes(job))

    def of(form: Form) -> Program:
        with untraceable():
            program = Program(network, form, plan.rules, Data(*few_rows(job.training)))
        _Run(job, replace(plan, form=form), program).compile()
        return program

    def make() -> Program:
        if not wanted.needs_xla:
            return of(wanted)
        check_room()
        try:
            with quiet_xla():
                return of(wanted)
        except tf.errors.ResourceExhaustedError:
            raise
        except (SlowWithXlaError, tf.errors.OpError) as error:
            if ran_out_of_memory(error):
                raise MemoryError(
                    f"XLA got no memory for a program ({first_line(error)}). Expected some: let fewer fits "
                    "run at once, or search in parts, each in a process that ends."
                ) from error
            # XLA lacks some operations, and some types of others; that depends on the job alone.
            return of(wanted.as_graph())

    made: Program = training_programs.get(key, make)
    return made


def _shapes(job: FitJob) -> tuple[Any, ...]:
    def of(samples: Samples | None) -> Any:
        if samples is None:
            return None
        return [
            (load_keras().tree.map_structure(lambda a: (a.shape[1:], str(a.dtype)), part))
            for part in (samples.x, samples.y, samples.weight)
            if part is not None
        ]

    return load_keras().config.floatx(), repr(of(job.training)), repr(of(job.validation))


class _Run:
    """One job on its way through a program."""

    def __init__(self, job: FitJob, plan: Plan, program: Program):
        assert plan.form is not None
        self._job = job
        self._plan = plan
        self._form: Form = plan.form
        self._program = program

    def compile(self) -> None:
        """Trace and compile the program, by a call that runs no step."""
        self._begin()
        # What XLA compiles inside an epoch is compiled when an epoch begins.
        epochs = int(self._form.full_by_xla)
        orders = np.zeros((self._form.epochs, self._order_size), np.int32)
        self._call(orders, self._job.initial_epoch, epochs, 0, 0)

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
            if replay.needed:
                told = program.history(rows, job.network)
                for number, logs in enumerate(self._course.logs(told, epoch)):
                    replay.epoch(epoch + number, logs, self._memory)
            epoch += len(rows)
            if observer is not None and observer.on_epoch_end(epoch - 1, self._state_now):
                stopped = True
        result = self._result(np.concatenate(curves), epoch)
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
        self._state = State(
            [tf.constant(value) for value in trainable],
            [tf.constant(value) for value in fixed],
            [tf.constant(value) for value in fill(optimizer, program.optimizer_shapes)],
            program.fresh_metrics,
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
        self._rates = np.zeros(job.epochs - job.initial_epoch)
        rows, held_out = job.training.n_rows, job.validation
        self._course = Course.of(job)
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
        seed = derive_seed(self._job.seed, Stream.NOISE, _NOISE_OF_RATE_0 + place)
        return np.array([seed, 0], np.int64)

    def _rate_now(self) -> float:
        if not any(rule.rates for rule in self._plan.rules):
            return 0.0  # nobody asks, and it may be a schedule of steps
        return float(self._state.optimizer[self._program.optimizer.rate_place])

    def _schedule(self, epoch: int, count: int) -> None:
        """Find the learning rates of `count` epochs from `epoch` on, where callbacks set them."""
        schedules = [rule for rule in self._plan.rules if isinstance(rule, ScheduleRate)]
        rate = self._rate_now() if schedules else 0.0
        for number in range(epoch, epoch + count):
            for rule in schedules:
                rate = rule.rate_of(number, rate)
            self._rates[number - self._job.initial_epoch] = rate

    def _epochs(self, epoch: int, most: int) -> tuple[np.ndarray, bool]:
        """Up to `most` epochs from `epoch` on, fewer where they take long; at least one."""
        program, steps = self._program, self._steps
        most, often = self._course.stretch(epoch, most)
        self._sizes = (*self._sizes[:-1], often)
        pace = program.seconds_per_step
        if pace is None or pace * steps > 2 * SECONDS_PER_CALL:
            return self._epoch_in_parts(epoch)
        count = min(max(int(SECONDS_PER_CALL / max(pace * steps, 1e-9)), 1), most)
        self._schedule(epoch, count)
        started = time.perf_counter()
        outcome = self._call(self._orders(epoch, count), epoch, count, 0, steps)
        done = int(outcome.n_epochs)
        program.note_pace((time.perf_counter() - started) / max(1, done * steps))
        return outcome.curves.numpy()[:done], bool(outcome.stopped)

    def _epoch_in_parts(self, epoch: int) -> tuple[np.ndarray, bool]:
        """One epoch by calls that each end after a while; the first ones find out how long a step takes."""
        self._schedule(epoch, 1)
        order, first = self._orders(epoch, 1), 0
        while True:
            pace = self._program.seconds_per_step
            stride = _FIRST_STEPS if pace is None else max(1, int(SECONDS_PER_CALL / pace))
            last = min(first + stride, self._steps)
            started = time.perf_counter()
            outcome = self._call(order, epoch, 1, first, last)
            stopped = bool(outcome.stopped)
            self._program.note_pace((time.perf_counter() - started) / (last - first))
            if stopped or last == self._steps:
                return outcome.curves.numpy()[:1], stopped
            first = last

    def _orders(self, epoch: int, count: int) -> np.ndarray:
        job, rows = self._job, self._job.training.n_rows
        orders = np.zeros((self._form.epochs, self._order_size), np.int32)
        size = self._steps * job.batch_size
        for number in range(epoch - job.initial_epoch, epoch - job.initial_epoch + count):
            times, part = divmod(number, self._course.parts)
            trained = job.trained_epochs + times
            order = batch_order(job.seed, trained, rows) if job.shuffle else np.arange(rows)
            order = order[part * size : (part + 1) * size]
            orders[number - epoch + job.initial_epoch, : len(order)] = order
        return orders

    def _call(self, order: np.ndarray, epoch: int, count: int, first: int, last: int) -> Outcome:
        import tensorflow as tf

        rates = np.zeros(self._form.epochs)
        offset = epoch - self._job.initial_epoch
        rates[:count] = self._rates[offset : offset + count]
        span = Span(epoch, count, self._steps, first, last, *self._sizes)
        outcome = self._program(
            self._state,
            self._memory,
            self._numbers,
            tf.constant(rates, load_keras().config.floatx()),
            self._training,
            self._held_out,
            tf.constant(order),
            span,
            self._units,
        )
        if count:
            self._state, self._memory = State(*outcome.state), outcome.rules
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

    def _result(self, curves: np.ndarray, epoch: int) -> FitResult:
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
        end = NetworkState(tuple(variables), end.optimizer)
        history = self._course.history(program.history(curves, job.network), job.initial_epoch)
        rows = self._course.rows(len(curves), job.training.n_rows, job.batch_size)
        computed = self._steps * self._form.batch_size * len(curves) if self._form.masked else rows
        ledger.add(rows=computed, rows_padded=computed - rows)
        if not is_finite(end, history.get("loss", ())):
            reason = StopReason.DIVERGED
        elif epoch < job.epochs:
            reason = StopReason.STOPPED_EARLY
        else:
            reason = StopReason.EPOCHS_DONE
        return FitResult(end, history, len(curves), reason, str(self._plan))
