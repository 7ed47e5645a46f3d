"""What a call of a program is given, besides the state of a network, and what it gives."""

from __future__ import annotations

from typing import Any, NamedTuple

from skdl.engine.network.state import ProgramState
from skdl.engine.rows.mixup import Blend

# In the place of the rate of a step: the optimizer keeps the one that it has. Callbacks may give any other
# number, negative ones too, and not a number.
OWN_RATE = -1e30


class Span(NamedTuple):
    """What one call of a program is to run, as scalars of int32.

    One vector would be one input; XLA then compiles for each of its values.
    """

    first_epoch: Any  # its number, as callbacks count
    epochs: Any  # how many, from the first row of the batch orders on
    steps: Any  # batches of an epoch
    first_step: Any  # where the first epoch goes on
    last_step: Any  # where the last epoch pauses; `steps` where it is run to its end
    rows: Any
    batch_size: Any
    held_out_rows: Any
    held_out_steps: Any
    held_out_batch_size: Any
    initial_epoch: Any  # the number of the first epoch of the fit
    parts: Any  # epochs that go through the rows once
    validation_freq: Any  # every which epoch ends with a validation, counted from 1


class Epochs(NamedTuple):
    """What the epochs of one call are given, a row for each of them."""

    order: Any  # of the rows
    rates: Any  # the learning rate of each step, or OWN_RATE
    blend: Blend | None  # with mixup

    def at(self, number: Any) -> Epochs:
        """What one of them is given."""
        blend = self.blend and Blend(self.blend.partners[number], self.blend.shares[number])
        return Epochs(self.order[number], self.rates[number], blend)


class Outcome(NamedTuple):
    """What one call of a program gives."""

    state: ProgramState
    rules: list[Any]
    curves: Any  # (epochs, names) of the training data, then of the validation data
    n_epochs: Any
    stopped: Any
