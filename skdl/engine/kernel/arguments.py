"""What the pieces of the kernel are given, in the order of their arguments."""

from __future__ import annotations

from skdl.engine.kernel.pieces import Arguments

# Places in `sizes`.
ROWS, INPUTS, OUTPUTS, FIRST_KEY, SECOND_KEY, TRAINS, PASSES_ON, GEMM = range(8)
N_SIZES = 8

# A layer, from its inputs to its outputs.
#   x, y      inputs and outputs, row after row
#   kept      what the way back needs of the way there
#   w, f      the weights: what is trained, and what is not
#   numbers   of the layer, such as a rate
#   sizes     rows of the batch, inputs and outputs of a row, keys of the noise, whether it trains, whether
#             the slopes of the inputs are asked for, and the address of BLAS's product of matrices
FORWARD = Arguments(
    "x", "y", "kept", "w", "f", "numbers", "sizes", numbers="floats", sizes="integers"
)
# The way back: the slope of the loss in `dy` becomes its slope in `dx` and, for the weights, in `dw`.
BACKWARD = Arguments(
    *("x", "dx", "y", "dy", "kept", "w", "dw", "f", "numbers", "sizes"),
    numbers="floats",
    sizes="integers",
)
# A loss or a metric of a batch. It adds the sum of weight times value over the rows to the first number in
# `total`, and the sum of the weights to the second one. A loss adds the number of rows there, as Keras does,
# and writes the slope of its mean over the rows to `d`. A metric leaves `d` alone.
#   p, y      what the network gives, and the targets, row after row
#   weights   of the rows
MEASURE = Arguments(
    *("p", "y", "weights", "d", "numbers", "sizes", "total"),
    numbers="floats",
    sizes="integers",
    total="floats",
)
# What is done after each batch: a penalty, the clipping of slopes, the move of an optimizer, a constraint.
#   p, g      all trained weights, and the slopes of the loss
#   s         what the optimizer remembers: its slots, one after the other, each as long as p
#   spans     of the weights that it is about: where each begins and ends, and its columns
#   memory    what it remembers besides; a penalty adds to its first number
#   rate      the learning rate
#   step      counted from one
STEP = Arguments(
    *("p", "g", "s", "spans", "numbers", "memory", "rate", "step"),
    spans="integers",
    numbers="floats",
    memory="floats",
    rate="float",
    step="integer",
)
# Columns of `spans`.
START, STOP, COLUMNS = range(3)
SPAN_COLUMNS = 3
