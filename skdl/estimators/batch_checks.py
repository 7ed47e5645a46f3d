"""Batches that a network of one batch size could not take are refused before training."""

from __future__ import annotations

from skdl.engine.job import FitJob
from skdl.engine.keras_parts.fixed_batches import stateful_layers
from skdl.engine.rows.arrays import n_steps
from skdl.exceptions import InvalidParameterError


def check_batches(owner: str, job: FitJob) -> None:
    """Raise where Keras could not train a stateful network on the batches of `job`."""
    rows = job.network.batch_rows
    if rows is None or not job.network.is_stateful:
        return
    layers = stateful_layers(job.network.template)
    because = (
        f"because the network takes {rows} rows at a time: its layer {layers[0].name!r} is stateful"
    )
    options = job.options
    if job.batch_size != rows:
        raise InvalidParameterError(
            f"{owner}: got batches of {job.batch_size} rows, expected {rows}, {because}. Pass "
            f"batch_size={rows}."
        )
    steps = options.get("steps_per_epoch") or n_steps(job.training, rows)
    whole, rest = divmod(job.training.n_rows, rows)
    if rest and steps * (job.epochs - job.initial_epoch) > whole:
        raise InvalidParameterError(
            f"{owner}: got {job.training.n_rows} rows to train on, which leave a batch of {rest}; expected "
            f"a multiple of {rows}, {because}. Leave {rest} rows away, or choose another batch size."
        )
    held_out = job.validation
    if held_out is None:
        return
    if job.validation_batch_size != rows:
        raise InvalidParameterError(
            f"{owner}: got batches of {job.validation_batch_size} rows to validate on, expected {rows}, "
            f"{because}. Pass validation_batch_size={rows}, and at least as many rows."
        )
    steps = options.get("validation_steps") or n_steps(held_out, rows)
    whole, rest = divmod(held_out.n_rows, rows)
    if rest and steps > whole:
        raise InvalidParameterError(
            f"{owner}: got {held_out.n_rows} rows to validate on, which leave a batch of {rest}; expected "
            f"a multiple of {rows}, {because}. Choose X_val or validation_split so."
        )


def check_rows_to_predict(rows: int, asked: int | None, size: int) -> None:
    """Raise where Keras could not predict `rows` rows by a stateful network of batches of `size`."""
    if asked not in (None, size):
        raise InvalidParameterError(
            f"Got batch_size={asked}, expected {size}, because the network is stateful and takes {size} rows "
            f"at a time: pass batch_size={size}, or leave it away."
        )
    if rows % size:
        raise InvalidParameterError(
            f"Got {rows} rows to predict, expected a multiple of {size}, because the network is stateful and "
            f"takes {size} rows at a time: fill the last batch up with rows of your own choice."
        )
