"""A whole fit as loops inside a graph: epochs, steps, validation, and what callbacks do between epochs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from skdl.common.keras_import import load_keras
from skdl.engine.network.state import ProgramState
from skdl.engine.plan.form import Form
from skdl.engine.program.batch import pick
from skdl.engine.program.call import OWN_RATE, Epochs, Span
from skdl.engine.program.step import Step
from skdl.engine.program.xla_pieces import by_xla
from skdl.engine.rows.tensors import Data

if TYPE_CHECKING:
    from skdl.engine.callbacks import Rule


class Loops:
    """The loops of one program, while it is traced.

    Parameters
    ----------
    step : Step
    form : Form
    rules : sequence of Rule
    training : Data
    held_out : Data or None
    epochs : Epochs
        What each epoch of a call is given.
    span : Span
        What a call is to run.
    fresh : list of tensor
        The state of the metrics before the first batch of an epoch.
    names : sequence of str
        Of the curves.
    sets_rates : bool
        Whether the learning rate of each step is an input.
    """

    def __init__(
        self,
        step: Step,
        form: Form,
        rules: Sequence[Rule],
        training: Data,
        held_out: Data | None,
        epochs: Epochs,
        span: Span,
        fresh: list[Any],
        names: Sequence[str],
        *,
        sets_rates: bool,
    ):
        self._step, self._form, self._rules = step, form, rules
        self._training, self._held_out = training, held_out
        self._epochs, self._span, self._fresh = epochs, span, fresh
        self._names, self._sets_rates = names, sets_rates

    def run(self, state: ProgramState, rule_states: list[Any], width: int) -> tuple[Any, ...]:
        """All epochs of a call; `width` numbers are noted of each."""
        import tensorflow as tf

        curves = tf.zeros((self._form.epochs, width), load_keras().config.floatx())
        done, state, rule_states, curves, stopped = tf.while_loop(
            lambda number, _state, _rules, _curves, stopped: (
                (number < self._span.epochs) & ~stopped
            ),
            self._epoch,
            (tf.constant(0), state, rule_states, curves, tf.constant(False)),
        )
        return tuple(state), rule_states, curves, done, stopped

    def _epoch(
        self, number: Any, state: ProgramState, rule_states: list[Any], curves: Any, stopped: Any
    ) -> tuple[Any, ...]:
        """One epoch, or the part of it that a call runs."""
        import tensorflow as tf

        span = self._span
        first = tf.where(number == 0, span.first_step, 0)
        last = tf.where(number == span.epochs - 1, span.last_step, span.steps)
        fresh = first == 0
        metrics = [
            tf.where(fresh, start, value)
            for start, value in zip(self._fresh, state.metrics, strict=True)
        ]
        state = state._replace(metrics=metrics)
        reached, state = self._train(number, first, last, state, rule_states)
        # A call may end with the very step that is not a number.
        complete = (last == span.steps) | self._is_over(first, reached, state)
        return (
            number + 1,
            *tf.cond(
                complete,
                lambda: self._end_epoch(number, state, rule_states, curves),
                lambda: (state, rule_states, curves, stopped),
            ),
        )

    def _train(
        self, number: Any, first: Any, last: Any, state: ProgramState, rule_states: list[Any]
    ) -> tuple[Any, ProgramState]:
        """Run the steps of an epoch from `first` to `last`; gives the step that comes next, and the state."""
        import tensorflow as tf

        span, form = self._span, self._form
        done = (span.first_epoch + number - span.initial_epoch) % span.parts * span.steps
        rows = tf.minimum(span.rows - done * span.batch_size, span.steps * span.batch_size)
        # Outside of what XLA compiles, which would compile for each number of an epoch.
        given = self._epochs.at(number)

        def one(number_of_step: Any, state: ProgramState, size: int) -> tuple[Any, ProgramState]:
            start = number_of_step * span.batch_size
            batch = pick(
                self._training,
                given.order,
                start,
                rows,
                span.batch_size,
                size=size,
                form=form,
                blend=given.blend,
            )
            if self._sets_rates:
                state = self._with_rate(state, given.rates[number_of_step], rule_states)
            return number_of_step + 1, self._step.train(state, batch)

        def goes_on(number_of_step: Any, state: ProgramState, end: Any) -> Any:
            return (number_of_step < end) & ~self._is_over(first, number_of_step, state)

        def steps(end: Any) -> tuple[Any, ProgramState]:
            return tf.while_loop(
                lambda number, state: goes_on(number, state, end),
                lambda number, state: one(number, state, form.batch_size),
                (first, state),
            )

        if not form.full_by_xla:
            return steps(last)
        full = tf.minimum(rows // span.batch_size, last)
        reached, state = by_xla(lambda: steps(full))
        return tf.cond(
            (reached == full) & goes_on(reached, state, last),
            lambda: one(reached, state, 0),
            lambda: (reached, state),
        )

    def _is_over(self, first: Any, number_of_step: Any, state: ProgramState) -> Any:
        """Whether the steps from `first` on end the epoch before its last one."""
        import tensorflow as tf

        if not self._form.stops_at_nan:
            return tf.constant(False)
        loss = self._step.logs(state.metrics)["loss"]
        return (number_of_step > first) & ~tf.math.is_finite(loss)

    def _with_rate(self, state: ProgramState, rate: Any, rule_states: list[Any]) -> ProgramState:
        """`state` with the learning rate of a step, or the one that it has."""
        import tensorflow as tf

        optimizer, place = list(state.optimizer), self._step.optimizer.rate_place
        given = tf.cast(rate, optimizer[place].dtype)
        kept = given < OWN_RATE / 2
        for rule, memory in zip(self._rules, rule_states, strict=True):
            factor = rule.factor(memory)
            if factor is not None:
                given *= tf.cast(factor, given.dtype)
        optimizer[place] = tf.where(kept, optimizer[place], given)
        return state._replace(optimizer=optimizer)

    def _end_epoch(
        self, number: Any, state: ProgramState, rule_states: list[Any], curves: Any
    ) -> tuple[Any, ...]:
        """Validate, let callbacks act, and note the curves."""
        import tensorflow as tf

        step, span, epoch = self._step, self._span, self._span.first_epoch + number
        logs = step.logs(state.metrics)
        if self._sets_rates:
            logs["learning_rate"] = state.optimizer[step.optimizer.rate_place]
        if self._held_out is not None:
            checks = (epoch + 1) % span.validation_freq == 0
            checked = step.logs(self._validate(self._held_out, state, checks))
            logs |= {f"val_{name}": value for name, value in checked.items()}
        stop, after = tf.constant(False), []
        for rule, rule_state in zip(self._rules, rule_states, strict=True):
            state, new, wants = rule.on_epoch_end(state, rule_state, logs, epoch, step.optimizer)
            after.append(new)
            stop = stop | wants
        flat = [tf.reshape(tf.cast(logs[name], curves.dtype), (-1,)) for name in self._names]
        row = tf.concat(flat, 0)
        here = tf.range(self._form.epochs)[:, None] == number
        return state, after, tf.where(here, row[None, :], curves), stop

    def _validate(self, held_out: Data, state: ProgramState, checks: Any) -> list[Any]:
        """The metrics of all batches of the validation data, where an epoch `checks` them."""
        import tensorflow as tf

        span, form = self._span, self._form

        def one(number: Any, metrics: list[Any]) -> tuple[Any, list[Any]]:
            start = number * span.held_out_batch_size
            size = form.held_out_batch_size
            order = tf.range(form.held_out_rows + size) if form.masked else None
            batch = pick(
                held_out,
                order,
                start,
                span.held_out_rows,
                span.held_out_batch_size,
                size=size,
                form=form,
            )
            return number + 1, self._step.evaluate(state, metrics, batch)

        _, metrics = tf.while_loop(
            lambda number, _: checks & (number < span.held_out_steps),
            one,
            (tf.constant(0), self._fresh),
        )
        return list(metrics)
