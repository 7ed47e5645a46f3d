"""The rows of one batch inside a program."""

from __future__ import annotations

from typing import Any

from skdl.common.keras_import import load_keras
from skdl.engine.plan.form import Form
from skdl.engine.program.step import Batch
from skdl.engine.rows.mixup import Blend, blended
from skdl.engine.rows.tensors import Data


def pick(
    data: Data,
    order: Any,
    start: Any,
    rows: Any,
    batch_size: Any,
    *,
    size: int,
    form: Form,
    blend: Blend | None = None,
) -> Batch:
    """The rows of `order` from `start` on.

    Parameters
    ----------
    data : Data
    order : tensor of shape (n_rows,), or None
        None takes the rows as they lie.
    start, rows, batch_size : scalar tensor
        Where the batch begins, where the rows end, and how many of them it has.
    size : int
        How many rows the batch is filled up to, with a mask where `form` has one; 0 takes as many as there
        are.
    form : Form
    blend : Blend, optional
        What the rows are blended with.
    """
    import tensorflow as tf

    valid = None
    stop = tf.minimum(start + batch_size, rows)

    def part_of(entries: Any) -> Any:
        return tf.slice(entries, [start], [size]) if size else entries[start:stop]

    if size:
        index = part_of(order)
        if form.masked:
            valid = start + tf.range(size) < rows
            index = tf.where(valid, index, index[0])
    else:
        index = tf.range(start, stop) if order is None else part_of(order)

    map_structure = load_keras().tree.map_structure

    def rows_at(index: Any) -> tuple[Any, Any, Any]:
        def gather(part: Any) -> Any:
            return tf.gather(part, index)

        return (
            map_structure(gather, data.x),
            map_structure(gather, data.y),
            None if data.weight is None else map_structure(gather, data.weight),
        )

    found = rows_at(index)
    if blend is not None:
        others = part_of(blend.partners)
        if valid is not None:
            others = tf.where(valid, others, others[0])
        found = blended(found, rows_at(others), part_of(blend.shares))
    return Batch(*found, valid)
