"""A fit in one function: loops over epochs, steps and layers, which call the pieces of a network."""

from __future__ import annotations

import numpy as np

from skdl.engine.kernel.arguments import (
    FIRST_KEY,
    INPUTS,
    OUTPUTS,
    PASSES_ON,
    ROWS,
    SECOND_KEY,
    TRAINS,
)
from skdl.engine.kernel.arrays_by_table import (
    TYPES_OF_CALL,
    TYPES_OF_NETWORK,
    TYPES_OF_ROWS,
    TYPES_OF_SCRATCH,
    TYPES_OF_STATE,
    call_at,
    network_at,
    rows_at,
    scratch_at,
    state_at,
)
from skdl.engine.kernel.native_calls import ENTRY, flush_subnormals, restore_floats, run, table_at
from skdl.engine.kernel.noise import keys_of
from skdl.engine.kernel.orders import shuffle
from skdl.engine.kernel.pieces import INTERPRETED, call, inlined, part, piece
from skdl.engine.kernel.tables import (
    BACKWARD_AT,
    BATCH_SIZE,
    BEHIND_TRAINED,
    ENDED,
    EPOCH_STEPS,
    F_START,
    F_STOP,
    FIRST_PART,
    FIRST_STEP,
    FORWARD_AT,
    HELD_OUT_SIZE,
    KEPT_BESIDE,
    KEPT_BY_ROW,
    KEPT_START,
    L_NUMBERS_START,
    L_NUMBERS_STOP,
    LAST_STEP,
    LAYER_COLUMNS,
    M_NUMBERS_START,
    M_NUMBERS_STOP,
    MEASURE_AT,
    MEASURE_COLUMNS,
    MIXES,
    N_BACKWARD,
    N_EPOCHS,
    N_FORWARD,
    N_IN,
    N_INPUTS,
    N_MEASURES,
    N_OUT,
    N_PENALTIES,
    N_STEPS,
    N_TARGETS,
    NOISE,
    P_START,
    P_WIDTH,
    S_NUMBERS_START,
    S_NUMBERS_STOP,
    SHUFFLES,
    SPANS_START,
    SPANS_STOP,
    STEP_AT,
    STEP_COLUMNS,
    STOPS_AT_NAN,
    SUMS_START,
    SUMS_STOP,
    TRAINED,
    W_START,
    W_STOP,
    WEIGHTED,
    WEIGHTED_ROWS,
    X_START,
    Y_START,
    Call,
    Network,
    Rows,
    Scratch,
    State,
)


@inlined
def _pick(rows, n, k, order, start, m, scratch):
    """Copy the rows of a batch, with n inputs and k targets each."""
    x, y, weights = scratch.activations, scratch.y, scratch.weights
    for i in range(m):
        r = order[start + i]
        for j in range(n):
            x[i * n + j] = rows.x[r * n + j]
        for j in range(k):
            y[i * k + j] = rows.y[r * k + j]
        weights[i] = rows.weights[r]


@inlined
def _blend(rows, n, k, made, start, m, scratch):
    """Blend the rows of a batch with their partners; a row of another weight gets targets by its weight."""
    x, y, weights = scratch.activations, scratch.y, scratch.weights
    zero, one = x.dtype.type(0), x.dtype.type(1)
    for i in range(m):
        r, share = made.partners[start + i], made.shares[start + i]
        for j in range(n):
            x[i * n + j] = share * x[i * n + j] + (one - share) * rows.x[r * n + j]
        of_target = share
        if made.course[WEIGHTED_ROWS]:
            own = share * weights[i]
            weights[i] = own + (one - share) * rows.weights[r]
            of_target = own / weights[i] if weights[i] != zero else zero
        for j in range(k):
            y[i * k + j] = of_target * y[i * k + j] + (one - of_target) * rows.y[r * k + j]


@inlined
def run_layers(layers, numbers, w, noise, values, kept, sizes, m, count):
    """The outputs of the first `count` layers for m rows.

    Parameters
    ----------
    layers, numbers : as in `tables.Network`
    w, noise : the weights, and the states of noise, as in `tables.State`
    values, kept : activations and what layers keep, as in `tables.Scratch`
    sizes : as in `arguments.py`
    """
    sizes[ROWS] = m
    for index in range(count):
        layer = part(layers, index * LAYER_COLUMNS, (index + 1) * LAYER_COLUMNS)
        n, o = layer[N_IN], layer[N_OUT]
        sizes[INPUTS] = n
        sizes[OUTPUTS] = o
        place = layer[NOISE]
        if place >= 0 and sizes[TRAINS]:
            first, second = keys_of(noise[2 * place], noise[2 * place + 1])
            sizes[FIRST_KEY] = np.int64(first)
            sizes[SECOND_KEY] = np.int64(second)
            noise[2 * place + 1] += 1
        x, y, start = layer[X_START], layer[Y_START], layer[KEPT_START]
        call(
            layer[FORWARD_AT],
            (
                part(values, x, x + m * n),
                part(values, y, y + m * o),
                part(kept, start, start + m * layer[KEPT_BY_ROW] + layer[KEPT_BESIDE]),
                part(w, layer[W_START], layer[W_STOP]),
                part(w, layer[F_START], layer[F_STOP]),
                part(numbers, layer[L_NUMBERS_START], layer[L_NUMBERS_STOP]),
                sizes,
            ),
        )


@inlined
def _forward(network, state, scratch, sizes, m):
    """The outputs of the network for the m rows in the scratch."""
    run_layers(
        network.layers,
        network.numbers,
        state.weights,
        state.noise,
        scratch.activations,
        scratch.kept,
        sizes,
        m,
        network.counts[N_FORWARD],
    )


@inlined
def _backward(network, state, scratch, sizes, m):
    """The slopes of the loss for all trained weights, from its slopes for the outputs."""
    values, slopes, w = scratch.activations, scratch.slopes, state.weights
    for index in range(network.counts[N_BACKWARD] - 1, -1, -1):
        layer = part(network.layers, index * LAYER_COLUMNS, (index + 1) * LAYER_COLUMNS)
        if not (layer[TRAINED] or layer[BEHIND_TRAINED]):
            break
        n, o = layer[N_IN], layer[N_OUT]
        sizes[INPUTS] = n
        sizes[OUTPUTS] = o
        sizes[PASSES_ON] = layer[BEHIND_TRAINED]
        x, y, kept = layer[X_START], layer[Y_START], layer[KEPT_START]
        first, last = layer[W_START], layer[W_STOP]
        call(
            layer[BACKWARD_AT],
            (
                part(values, x, x + m * n),
                part(slopes, x, x + m * n),
                part(values, y, y + m * o),
                part(slopes, y, y + m * o),
                part(scratch.kept, kept, kept + m * layer[KEPT_BY_ROW] + layer[KEPT_BESIDE]),
                part(w, first, last),
                part(scratch.gradient, first, last if layer[TRAINED] else first),
                part(w, layer[F_START], layer[F_STOP]),
                part(network.numbers, layer[L_NUMBERS_START], layer[L_NUMBERS_STOP]),
                sizes,
            ),
        )


@inlined
def _measure(network, scratch, sizes, m, totals):
    """Add loss and metrics of m rows to `totals`; the loss writes its slopes too."""
    k = network.counts[N_TARGETS]
    for index in range(network.counts[N_MEASURES]):
        made = part(network.measures, index * MEASURE_COLUMNS, (index + 1) * MEASURE_COLUMNS)
        start, width = made[P_START], made[P_WIDTH]
        sizes[OUTPUTS] = width
        weights = scratch.weights if made[WEIGHTED] else scratch.ones
        call(
            made[MEASURE_AT],
            (
                part(scratch.activations, start, start + m * width),
                part(scratch.y, 0, m * k),
                part(weights, 0, m),
                part(scratch.slopes, start, start + m * width),
                part(network.numbers, made[M_NUMBERS_START], made[M_NUMBERS_STOP]),
                sizes,
                part(totals, made[SUMS_START], made[SUMS_STOP]),
            ),
        )


@inlined
def _run_steps(network, table, count, state, gradient, memory, rate):
    """Run the penalties, or the steps after a batch."""
    weights = part(state.weights, 0, gradient.shape[0])
    for index in range(count):
        step = part(table, index * STEP_COLUMNS, (index + 1) * STEP_COLUMNS)
        call(
            step[STEP_AT],
            (
                weights,
                gradient,
                state.slots,
                part(network.spans, step[SPANS_START], step[SPANS_STOP]),
                part(network.numbers, step[S_NUMBERS_START], step[S_NUMBERS_STOP]),
                memory,
                rate,
                state.step[0],
            ),
        )


@inlined
def _validate(network, state, scratch, held_out, size, sums):
    """Add loss and metrics of all rows to `sums`."""
    counts, n_rows = network.counts, held_out.weights.shape[0]
    sizes, penalty = scratch.sizes, scratch.penalty
    sizes[TRAINS] = 0
    start = 0
    while start < n_rows:
        m = min(size, n_rows - start)
        _pick(held_out, counts[N_INPUTS], counts[N_TARGETS], scratch.straight, start, m, scratch)
        _forward(network, state, scratch, sizes, m)
        _measure(network, scratch, sizes, m, sums)
        start += size
    if counts[N_PENALTIES]:
        penalty[0] = 0.0
        _run_steps(
            network, network.penalties, counts[N_PENALTIES], state, scratch.gradient, penalty, 0.0
        )
        sums[0] += n_rows * penalty[0]


@inlined
def _train_on_batch(network, state, scratch, m, rate):
    """One step, for the m rows in the scratch."""
    sizes, penalty, counts = scratch.sizes, scratch.penalty, network.counts
    sizes[TRAINS] = 1
    _forward(network, state, scratch, sizes, m)
    _measure(network, scratch, sizes, m, state.totals)
    _backward(network, state, scratch, sizes, m)
    if counts[N_PENALTIES]:
        penalty[0] = 0.0
        _run_steps(
            network, network.penalties, counts[N_PENALTIES], state, scratch.gradient, penalty, 0.0
        )
        state.totals[0] += m * penalty[0]
    state.step[0] += 1
    _run_steps(network, network.steps, counts[N_STEPS], state, scratch.gradient, state.memory, rate)


@inlined
def _is_finite(totals, ones):
    """Whether the loss of the epoch so far is a number in the float type of `ones`."""
    real = ones.dtype.type
    return np.isfinite(real(totals[0])) and np.isfinite(real(totals[0] / totals[1]))


@inlined
def _train(network, state, scratch, training, held_out, made):
    """Train some epochs.

    Parameters
    ----------
    network : Network
    state : State
        Is changed.
    scratch : Scratch
    training, held_out : Rows
        Without a row to hold out nothing is validated.
    made : Call
        Its curves are filled.
    """
    course, counts, totals, curves = made.course, network.counts, state.totals, made.curves
    size, n_rows, n_totals = course[BATCH_SIZE], training.weights.shape[0], totals.shape[0]
    steps = course[EPOCH_STEPS]
    parts = (n_rows + size - 1) // size // steps
    for epoch in range(course[N_EPOCHS]):
        turn, number = (course[FIRST_PART] + epoch) // parts, (course[FIRST_PART] + epoch) % parts
        if course[FIRST_STEP] == 0:
            for i in range(n_totals):
                totals[i] = 0.0
            if course[SHUFFLES] and (number == 0 or epoch == 0):
                shuffle(scratch.order, made.keys[2 * turn], made.keys[2 * turn + 1])
        for step in range(course[FIRST_STEP], course[LAST_STEP]):
            start = (number * steps + step) * size
            m = min(size, n_rows - start)
            _pick(training, counts[N_INPUTS], counts[N_TARGETS], scratch.order, start, m, scratch)
            if course[MIXES]:
                place = turn * n_rows + start
                _blend(training, counts[N_INPUTS], counts[N_TARGETS], made, place, m, scratch)
            _train_on_batch(network, state, scratch, m, made.rates[epoch * steps + step])
            if course[STOPS_AT_NAN] and not _is_finite(totals, scratch.ones):
                course[ENDED] = step + 1
                break
        for i in range(n_totals):
            curves[epoch * 2 * n_totals + i] = totals[i]
        if held_out.weights.shape[0] and (course[LAST_STEP] == steps or course[ENDED]):
            sums = part(curves, (2 * epoch + 1) * n_totals, (2 * epoch + 2) * n_totals)
            for i in range(n_totals):
                sums[i] = 0.0
            _validate(network, state, scratch, held_out, course[HELD_OUT_SIZE], sums)
        if course[ENDED]:
            break


_TYPES = TYPES_OF_NETWORK + TYPES_OF_STATE + TYPES_OF_SCRATCH + TYPES_OF_ROWS * 2 + TYPES_OF_CALL
_N_ARRAYS = len(_TYPES)
_STATE_AT = len(TYPES_OF_NETWORK)
_SCRATCH_AT = _STATE_AT + len(TYPES_OF_STATE)
_TRAINING_AT = _SCRATCH_AT + len(TYPES_OF_SCRATCH)
_HELD_OUT_AT = _TRAINING_AT + len(TYPES_OF_ROWS)
_CALL_AT = _HELD_OUT_AT + len(TYPES_OF_ROWS)


@piece(ENTRY)
def _train_by_table(address):
    """`_train` for the arrays of a table."""
    table, floats = table_at(address, 2 * _N_ARRAYS), flush_subnormals()
    _train(
        network_at(table, 0),
        state_at(table, _STATE_AT),
        scratch_at(table, _SCRATCH_AT),
        rows_at(table, _TRAINING_AT),
        rows_at(table, _HELD_OUT_AT),
        call_at(table, _CALL_AT),
    )
    restore_floats(floats)


def train(
    dtype: str,
    network: Network,
    state: State,
    scratch: Scratch,
    training: Rows,
    held_out: Rows,
    made: Call,
) -> None:
    """Train some epochs by compiled code: see `_train`."""
    if INTERPRETED:
        _train(network, state, scratch, training, held_out, made)
        return
    arrays = (*network, *state, *scratch, *training, *held_out, *made)
    run(_train_by_table, dtype, _TYPES, arrays)
