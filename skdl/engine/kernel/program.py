"""The program of the kernel: one job by calls of the loop."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from skdl.common.keras_settings import floatx
from skdl.engine.base import AbstractProgram, End, Stretch
from skdl.engine.callbacks.base import Rule
from skdl.engine.epoch_lines import print_begin, print_end
from skdl.engine.fit_options import Course
from skdl.engine.job import FitJob, StoppingMemory
from skdl.engine.kernel.assembly import Assembly, rows_of, value_of
from skdl.engine.kernel.description import Description, Metric, Stack
from skdl.engine.kernel.loop import train
from skdl.engine.kernel.optimizer_state import fresh_state
from skdl.engine.kernel.orders import keys_of_orders
from skdl.engine.kernel.prediction import predict_rows
from skdl.engine.kernel.reading import layers_of
from skdl.engine.kernel.rules import Callbacks
from skdl.engine.kernel.tables import ENDED, FIRST_STEP, LAST_STEP, Call
from skdl.engine.kernel.watching import Watcher
from skdl.engine.ledger import ledger
from skdl.engine.network.network import Network
from skdl.engine.network.state import NetworkState
from skdl.engine.rows.arrays import Arrays
from skdl.engine.rows.mixup import blend_of_epoch

# A call ends after about this long, so that Ctrl-C is heard.
SECONDS_PER_CALL = 0.4
# Seconds of a multiplication, of a value between layers and of a weight in a step. They are four times what a
# machine of 2023 needs: a first call that ends early costs less than a call that nobody can interrupt.
_SECONDS_OF_PARTS = (1.5e-10, 1.2e-9, 5e-9)
_LOSS = Metric("loss", "loss")


class KernelProgram(AbstractProgram["KernelFit"]):
    """Runs the jobs of described networks.

    Parameters
    ----------
    description : Description
    rules, own_rules : sequence of Rule
        As in `Plan`: Keras's callbacks, where the user has some.
    """

    def __init__(
        self,
        description: Description,
        rules: Sequence[Rule] = (),
        own_rules: Sequence[Rule] = (),
    ):
        self._description, self._rules, self._own_rules = description, rules, own_rules

    def begin(self, job: FitJob) -> KernelFit:
        """The arrays of a fit, and its callbacks."""
        return KernelFit(job, self._description, self._rules, self._own_rules)

    def run(self, fit: KernelFit, epoch: int, most: int, seconds: float) -> Stretch:
        """Train some epochs by one call, or one epoch by several."""
        return fit.run(epoch, most, seconds)

    def end(self, fit: KernelFit) -> End:
        """The network after the last step, with the best weights where that was asked for."""
        return fit.end()

    @staticmethod
    def predict(
        network: Network, state: NetworkState, x: Arrays, *, batch_size: int | None = None
    ) -> Arrays:
        """Row by row, whatever the size of a batch."""
        stack = cast(Stack, network.answer(layers_of))
        weights = [*stack.trained, *stack.fixed]
        dtype = state.variables[weights[0].position].dtype.name if weights else floatx()
        return predict_rows(stack, state.variables, x, dtype)


class KernelFit:
    """One fit of the kernel: its arrays.

    Parameters
    ----------
    job : FitJob
    description : Description
    rules, own_rules : sequence of Rule
    """

    def __init__(
        self,
        job: FitJob,
        description: Description,
        rules: Sequence[Rule] = (),
        own_rules: Sequence[Rule] = (),
    ):
        self._job, self._description = job, description
        dtype = floatx()
        begun = job.start if job.resume is None else job.resume.network
        self._begun = begun
        rate = job.network.learning_rate or 0.0
        self._optimizer = begun.optimizer or fresh_state(description, rate, dtype)
        training, held_out = job.training, job.validation
        most = max(job.batch_size, 1 if held_out is None else job.validation_batch_size)
        n_targets = math.prod(training.y.shape[1:])
        self._assembly = Assembly(description, dtype, most, n_targets)
        self._state = self._assembly.state(begun.variables, self._optimizer)
        self._rate = float(self._optimizer[1])
        self._training = rows_of(training.x, training.y, training.weight, dtype)
        self._held_out = (
            rows_of(training.x[:0], training.y[:0], None, dtype)
            if held_out is None
            else rows_of(held_out.x, held_out.y, held_out.weight, dtype)
        )
        self._scratch = self._assembly.scratch(training.n_rows, len(self._held_out.weights))
        self._course = Course.of(job)
        self._steps = self._course.steps
        self._dtype = np.dtype(dtype).type
        self._pace = _guessed_pace(description.stack, most)
        self._n_epochs = 0
        self._memory = StoppingMemory() if job.resume is None else job.resume.stopping
        told = job.stopping
        watches = told and (told.early_stopping or told.reduce_lr_patience is not None)
        self._watcher = Watcher(told, self._dtype) if told and watches and not rules else None
        self._callbacks = None
        if rules:
            self._callbacks = Callbacks(job, rules, own_rules, self.now(), self._steps)

    def run(self, epoch: int, most: int, seconds: float) -> Stretch:
        """Train from `epoch` on."""
        count, parts, of_epoch = 1, 1, max(self._pace * self._steps, 1e-9)
        if self._callbacks is not None:
            self._rate = self._callbacks.before(epoch, self._rate)
        elif self._watcher is None:
            count = min(max(int(min(SECONDS_PER_CALL, seconds) / of_epoch), 1), most)
        call = self._call(epoch, count)
        if count == 1 and of_epoch > 2 * SECONDS_PER_CALL:
            parts = min(self._steps, math.ceil(of_epoch / SECONDS_PER_CALL))
        ends = np.linspace(0, self._steps, parts + 1).astype(int)
        spent = 0.0
        for start, stop in zip(ends[:-1], ends[1:], strict=True):
            call.course[[FIRST_STEP, LAST_STEP]] = start, stop
            clock = time.perf_counter()
            train(
                self._dtype.__name__,
                self._assembly.network,
                self._state,
                self._scratch,
                self._training,
                self._held_out,
                call,
            )
            passed = time.perf_counter() - clock
            spent += passed
            self._pace = passed / max(1, count * (stop - start))
            if call.course[ENDED]:
                break
        last = call.course[ENDED] or self._steps
        self._rate = float(call.rates[(count - 1) * self._steps + last - 1])
        self._n_epochs += count
        history = self._history(call, count)
        if self._callbacks is not None:
            return self._after_callbacks(epoch, history, spent)
        if self._job.verbose:
            for row in range(count):
                print_begin(self._job, epoch + row)
                print_end(self._steps, {name: curve[row] for name, curve in history.items()})
        if self._watcher is not None and self._watcher.stopping.monitor in history:
            value = history[self._watcher.stopping.monitor][-1]
            self._memory, self._rate = self._watcher.after(
                self._memory, value, epoch, self._rate, self._weights
            )
        return Stretch(history, count, self._memory.stopped, spent)

    def _after_callbacks(
        self, epoch: int, history: dict[str, tuple[float, ...]], seconds: float
    ) -> Stretch:
        """What is left of `epoch` once the callbacks have heard of it."""
        assert self._callbacks is not None
        logs = {name: curve[0] for name, curve in history.items()}
        dtype = self._dtype.__name__
        logs, self._rate, stopped = self._callbacks.after(epoch, logs, self.now(), dtype)
        return Stretch({name: (value,) for name, value in logs.items()}, 1, stopped, seconds)

    def _call(self, epoch: int, count: int) -> Call:
        """What `count` epochs from `epoch` on are given."""
        job, steps, n_rows = self._job, self._steps, self._job.training.n_rows
        first = epoch - job.initial_epoch
        turns, part = divmod(first, self._course.parts)
        number, n_turns = job.trained_epochs + turns, -(-(part + count) // self._course.parts)
        keys = keys_of_orders(job.seed, number, n_turns if job.shuffle else 0)
        partners, shares = [], []
        for one in range(number, number + n_turns if job.mixup else number):
            blend = blend_of_epoch(job.seed, one, n_rows, job.mixup)
            partners.append(blend.partners)
            shares.append(blend.shares)
        if job.rates is None:
            rates = np.full(count * steps, self._rate)
        else:
            given = np.asarray(job.rates[first * steps : (first + count) * steps], self._dtype)
            if given.size != count * steps:
                raise ValueError(
                    f"Got {len(job.rates)} learning rates, expected one for each of the steps: "
                    f"{(first + count) * steps} up to epoch {epoch + count}."
                )
            factor = self._memory if self._callbacks is None else self._callbacks
            rates = (given * self._dtype(factor.rate_factor)).astype(float)
        ends = self._callbacks is not None and self._callbacks.stops_at_nan
        course = (job.batch_size, 0, steps, steps, part, job.validation_batch_size, count)
        flags = (bool(job.mixup), job.training.weight is not None, job.shuffle, ends, False)
        n_sums = len(self._state.totals)
        return Call(
            np.array([*course, *flags], np.int64),
            keys,
            rates,
            np.array(partners, np.int64).reshape(-1),
            np.array(shares, self._dtype).reshape(-1),
            np.zeros(count * 2 * n_sums),
        )

    def _weights(self) -> tuple[np.ndarray, ...]:
        """The weights, as `keras.Model.get_weights` has them."""
        variables = self._assembly.variables(self._state, self._begun.variables)
        return tuple(variables[place] for place in self._job.network.layout.weights)

    def end(self) -> End:
        """The state that the fit ends with."""
        self._count()
        end, best = self.now(), self._memory.best_weights
        variables = list(end.variables)
        average = self._description.optimizer.average
        if average is not None and end.optimizer is not None:
            for weight, place in zip(self._description.stack.trained, average.places, strict=True):
                variables[weight.position] = end.optimizer[place]
            end = replace(end, variables=tuple(variables))
        if self._callbacks is not None:
            ended, remembered = self._callbacks.end(end.variables)
            return End(replace(end, variables=ended), StoppingMemory(**remembered))
        if best is not None:
            for place, value in zip(self._job.network.layout.weights, best, strict=True):
                variables[place] = value
            end = replace(end, variables=tuple(variables))
        return End(end, self._memory)

    def _count(self) -> None:
        job, before = self._job, self._job.first_epoch - self._job.initial_epoch
        first, last = (
            self._course.rows(count, job.training.n_rows, job.batch_size)
            for count in (before, before + self._n_epochs)
        )
        ledger.add(kernel_fits=1, rows=last - first)

    def _history(self, call: Call, count: int) -> dict[str, tuple[float, ...]]:
        """The curves of a call, in the order that Keras has them in."""
        sums = call.curves.reshape(count, 2, -1)
        found: dict[str, tuple[float, ...]] = {}
        held_out: dict[str, tuple[float, ...]] = {}
        metrics = sorted((_LOSS, *self._description.metrics), key=lambda metric: metric.name)
        with np.errstate(invalid="ignore", divide="ignore"):
            for metric in metrics:
                curve = value_of(metric, sums[..., self._assembly.sums[metric.name]])
                found[metric.name] = tuple(curve[:, 0].tolist())
                held_out[f"val_{metric.name}"] = tuple(curve[:, 1].tolist())
        if self._job.validation is not None:
            found |= held_out
        if self._tells_rates:
            last = (call.course[ENDED] or self._steps) - 1
            found["learning_rate"] = tuple(call.rates.reshape(count, -1)[:, last].tolist())
        return found

    @property
    def _tells_rates(self) -> bool:
        if self._callbacks is not None:
            return self._callbacks.tells_rates
        told = self._job.stopping
        return self._job.rates is not None or (
            told is not None and told.reduce_lr_patience is not None
        )

    def now(self) -> NetworkState:
        """The state of the network as the last step has left it."""
        variables = self._assembly.variables(self._state, self._begun.variables)
        optimizer = list(self._assembly.optimizer_variables(self._state, self._optimizer))
        optimizer[1] = np.asarray(self._rate, optimizer[1].dtype)
        return replace(self._begun, variables=variables, optimizer=tuple(optimizer))


def _guessed_pace(stack: Stack, rows: int) -> float:
    """The seconds of a step before the first one was timed."""
    of_product, of_value, of_weight = _SECONDS_OF_PARTS
    dense = [layer for layer in stack.layers if layer.kind == "dense"]
    products = sum(layer.inputs * layer.outputs for layer in dense)
    values = sum(layer.inputs + layer.outputs for layer in stack.layers)
    weights = sum(weight.size for weight in stack.trained)
    return rows * (of_product * products + of_value * values) + of_weight * weights
