"""The arrays that the loop of the kernel takes, and what their entries mean.

They are flat: numba compiles a part of a flat array in a few instructions, and other indexing in hundreds.
"""

from __future__ import annotations

from typing import Any, NamedTuple

# Columns of `Network.layers`: numbers of a row, parts of arrays, the two pieces, the place of the noise or
# -1, whether weights of this layer are trained, and whether weights of a layer before it are.
N_IN, N_OUT, X_START, Y_START, KEPT_START, KEPT_BY_ROW, KEPT_BESIDE = range(7)
W_START, W_STOP, F_START, F_STOP, L_NUMBERS_START, L_NUMBERS_STOP = range(7, 13)
FORWARD_AT, BACKWARD_AT, NOISE, TRAINED, BEHIND_TRAINED = range(13, 18)
LAYER_COLUMNS = 18
# Columns of `Network.measures`: a piece, the outputs that it takes, whether weights of rows count, its
# numbers, and its sums.
MEASURE_AT, P_START, P_WIDTH, WEIGHTED, M_NUMBERS_START, M_NUMBERS_STOP, SUMS_START, SUMS_STOP = (
    range(8)
)
MEASURE_COLUMNS = 8
# Columns of `Network.penalties` and `Network.steps`: a piece, its weights and its numbers.
STEP_AT, SPANS_START, SPANS_STOP, S_NUMBERS_START, S_NUMBERS_STOP = range(5)
STEP_COLUMNS = 5
# Places in `Network.counts`.
N_FORWARD, N_BACKWARD, N_MEASURES, N_PENALTIES, N_STEPS, N_INPUTS, N_TARGETS = range(7)
# Places in `Call.course`.
BATCH_SIZE, FIRST_STEP, LAST_STEP, EPOCH_STEPS, FIRST_PART, HELD_OUT_SIZE, N_EPOCHS = range(7)
MIXES, WEIGHTED_ROWS, SHUFFLES, STOPS_AT_NAN, ENDED = range(7, 12)
N_COURSE = 12


class Network(NamedTuple):
    """The pieces of a network.

    Attributes
    ----------
    layers : ndarray of shape (n_layers * LAYER_COLUMNS,), int64
    measures : ndarray of shape (n_measures * MEASURE_COLUMNS,), int64
        The loss, then penalties on outputs, then the metrics.
    penalties : ndarray of shape (n_penalties * STEP_COLUMNS,), int64
        What adds to the loss, and to its slopes.
    steps : ndarray of shape (n_steps * STEP_COLUMNS,), int64
        What is done after each batch: slopes are clipped, the optimizer moves the weights, and so on.
    spans : ndarray of shape (n_spans * SPAN_COLUMNS,), int64
        The weights of penalties and steps.
    numbers : ndarray, float64
        Of all pieces.
    counts : ndarray of shape (7,), int64
        How many layers are run forwards, since the last activation may be part of the loss; from which
        layer the way goes back; how many measures, penalties and steps there are; numbers of a row and of
        its targets.
    """

    layers: Any
    measures: Any
    penalties: Any
    steps: Any
    spans: Any
    numbers: Any
    counts: Any


class State(NamedTuple):
    """What a fit changes.

    Attributes
    ----------
    weights : ndarray of shape (n_weights,)
        Those that are trained, then the others.
    slots : ndarray of shape (n_slots * n_trained,)
        What the optimizer remembers of each weight.
    memory : ndarray, float64
        What it remembers besides.
    noise : ndarray of shape (n_noise * 2,), int64
        Seed and counter of each layer of noise.
    step : ndarray of shape (1,), int64
        How many steps the optimizer has made.
    totals : ndarray of shape (n_sums,), float64
        The sums of the loss and of each metric in this epoch.
    """

    weights: Any
    slots: Any
    memory: Any
    noise: Any
    step: Any
    totals: Any


class Rows(NamedTuple):
    """Some rows; the arrays are read-only.

    Attributes
    ----------
    x : ndarray of shape (n_rows * n_inputs,)
    y : ndarray of shape (n_rows * n_targets,)
    weights : ndarray of shape (n_rows,)
    """

    x: Any
    y: Any
    weights: Any


class Scratch(NamedTuple):
    """Room for a batch.

    Attributes
    ----------
    activations, slopes : ndarray
        The inputs of each layer and the outputs of the last one, and the slopes of the loss for them.
    kept : ndarray
        What layers keep for their way back.
    gradient : ndarray of shape (n_trained,)
    y, weights : ndarray
        Targets and weights of the rows of the batch.
    ones : ndarray
        The weights of rows for metrics without weights.
    straight : ndarray, int64
        The order of rows that are validated.
    order : ndarray of shape (n_rows,), int64
        The order of this pass through the rows.
    sizes : ndarray of shape (N_SIZES,), int64
        As in `arguments.py`.
    penalty : ndarray of shape (1,), float64
        The sum of the penalties on weights.
    """

    activations: Any
    slopes: Any
    kept: Any
    gradient: Any
    y: Any
    weights: Any
    ones: Any
    straight: Any
    order: Any
    sizes: Any
    penalty: Any


class Call(NamedTuple):
    """Some epochs.

    Attributes
    ----------
    course : ndarray of shape (N_COURSE,), int64
        The batch size, the first and the last step of each epoch, the steps that an epoch has, which part of
        a pass through the rows the first epoch is, the batch size of validation, and the number of epochs.
        Then whether rows are blended, whether they have weights, whether they are shuffled for each pass,
        and whether a loss that is not finite ends training. The last entry is the number of steps
        of the epoch in which training ended, 0 if it did not end.
    keys : ndarray of shape (n_passes * 2,), int64
        Two keys for each pass, from which its order is drawn.
    rates : ndarray of shape (n_epochs * n_steps,), float64
    partners : ndarray of shape (n_passes * n_rows,), int64
        With which row the row at each place of an order is blended.
    shares : ndarray of shape (n_passes * n_rows,)
        What is left of the row itself.
    curves : ndarray of shape (n_epochs * 2 * n_sums,), float64
        Is filled with the sums of each epoch, of training and of validation.
    """

    course: Any
    keys: Any
    rates: Any
    partners: Any
    shares: Any
    curves: Any
