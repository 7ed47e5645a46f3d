"""Keras's callbacks that act on numbers between epochs, as parts of a program.

Only exact classes of Keras are taken. What a rule reads of its callback (patience, factors, the direction
of a metric) is the callback's own; what it remembers lives in the program and is written back when the fit
is over. What a callback prints and writes is done after each call of the program, by Keras's own callback:
it is told of the epochs of the call and shown a stand-in for the model.
"""

from skdl.engine.callbacks.base import Rule
from skdl.engine.callbacks.checkpoint import Checkpoint
from skdl.engine.callbacks.choice import callbacks_of, one_epoch_a_call, rules_of
from skdl.engine.callbacks.rates import ReduceRate, ScheduleRate
from skdl.engine.callbacks.stopping import StopAtNaN, StopEarly

__all__ = [
    "Checkpoint",
    "ReduceRate",
    "Rule",
    "ScheduleRate",
    "StopAtNaN",
    "StopEarly",
    "callbacks_of",
    "one_epoch_a_call",
    "rules_of",
]
