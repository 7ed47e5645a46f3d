"""From a description and the arrays of a fit to what the loop of the kernel takes, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from scipy import sparse

from skdl.engine.kernel import pieces_by_name, tables
from skdl.engine.kernel.arguments import GEMM, N_SIZES
from skdl.engine.kernel.blas import gemm_address
from skdl.engine.kernel.description import (
    Description,
    Layer,
    Metric,
    Stack,
    Weight,
)
from skdl.engine.kernel.pieces import Piece


class LayerTables:
    """The tables of some layers.

    Parameters
    ----------
    stack : Stack
    dtype : {"float32", "float64"}
    batch_size : int
        The most rows of a batch.

    Attributes
    ----------
    places : dict of int to slice
        Where the variables of the network are in the weights, first those that are trained.
    rows : list of list of int
        The table of layers.
    starts : list of int
        Where the inputs of each layer begin in the activations; last the outputs.
    numbers : list of float
        Of all pieces.
    n_weights, n_kept, n_activations : int
    noise : list of int
        The places of the states of noise among the variables of the network.
    """

    def __init__(self, stack: Stack, dtype: str, batch_size: int):
        self._dtype = dtype
        self.places: dict[int, slice] = {}
        end = 0
        for weight in (*stack.trained, *stack.fixed):
            self.places[weight.position] = slice(end, end + weight.size)
            end += weight.size
        self.n_weights, self.n_kept = end, 0
        self.noise = [layer.noise for layer in stack.layers if layer.noise is not None]
        self.numbers: list[float] = []
        self.rows: list[list[int]] = []
        self.starts, behind = [0], False
        for layer in stack.layers:
            self._add(layer, behind, batch_size)
            behind = behind or layer.trained
        self.n_activations = self.starts[-1] + batch_size * stack.layers[-1].outputs

    def _add(self, layer: Layer, behind: bool, size: int) -> None:
        way, x_start = pieces_by_name.LAYERS[layer.kind], self.starts[-1]
        by_row = way.kept_by_input * layer.inputs + way.kept_by_row
        beside = way.kept_by_column * layer.inputs
        self.starts.append(x_start + size * layer.inputs)
        row = [layer.inputs, layer.outputs, x_start, self.starts[-1], self.n_kept, by_row, beside]
        row += [*self._bounds(layer.weights), *self._bounds(layer.statics)]
        row += [*self.take_numbers(layer.numbers), self.at(way.there), self.at(way.back)]
        row += [-1 if layer.noise is None else self.noise.index(layer.noise)]
        row += [layer.trained, behind]
        self.rows.append(row)
        self.n_kept += size * by_row + beside

    def at(self, piece: Piece) -> int:
        """The address of a piece."""
        return piece.address(self._dtype)

    def take_numbers(self, numbers: Sequence[float]) -> tuple[int, int]:
        """Add the numbers of a piece to `numbers`, and return where these numbers begin and end."""
        first = len(self.numbers)
        self.numbers += [float(number) for number in numbers]
        return first, len(self.numbers)

    def _bounds(self, weights: tuple[Weight, ...]) -> tuple[int, int]:
        """Where weights that lie one after the other begin and end."""
        if not weights:
            return 0, 0
        return self.places[weights[0].position].start, self.places[weights[-1].position].stop

    def weights(self, variables: Sequence[np.ndarray]) -> np.ndarray:
        """All weights as one array, from the variables of the network."""
        found = np.empty(self.n_weights, self._dtype)
        for position, place in self.places.items():
            found[place] = variables[position].reshape(-1)
        return found

    def room(self, count: int) -> np.ndarray:
        """An array of zeros."""
        return np.zeros(count, self._dtype)


class Assembly:
    """The tables of one network for a float type and a size of batches.

    Parameters
    ----------
    description : Description
    dtype : {"float32", "float64"}
    batch_size : int
        The most rows of a batch.
    n_targets : int
        Numbers of a row of targets.

    Attributes
    ----------
    network : tables.Network
    sums : dict of str to slice
        Where the sums of the loss, with the name "loss", and of each metric are.
    """

    def __init__(self, description: Description, dtype: str, batch_size: int, n_targets: int):
        self._description, self._dtype = description, dtype
        self._batch_size, self._n_targets = batch_size, n_targets
        self._tables = made = LayerTables(description.stack, dtype, batch_size)
        self._n_trained = sum(weight.size for weight in description.stack.trained)
        self._spans: list[int] = []
        # If all metrics ask for the largest output alone, the last activation need not be computed.
        kinds = [metric.kind for metric in description.metrics]
        argmax = all(kind in pieces_by_name.OF_LARGEST for kind in kinds)
        softmax = description.stack.layers[-1].kind == "softmax"
        skips_last = description.loss.of_logits and softmax and argmax
        measures, self.sums = self._measures(made.starts, skips_last)
        penalties, steps = self._penalties(), self._steps()
        n_layers, joined = len(description.stack.layers), description.loss.of_logits
        counts = [
            *(n_layers - skips_last, n_layers - joined),
            *(len(measures), len(penalties), len(steps)),
            *(description.stack.layers[0].inputs, n_targets),
        ]
        self.network = tables.Network(
            integers(made.rows),
            integers(measures),
            integers(penalties),
            integers(steps),
            integers(self._spans),
            np.array(made.numbers, float),
            np.array(counts, np.int64),
        )

    def _measures(
        self, starts: list[int], skips_last: bool
    ) -> tuple[list[list[int]], dict[str, slice]]:
        """The table of measures, and where the sums of each curve are."""
        layers, loss = self._description.stack.layers, self._description.loss
        n_layers, n_outputs = len(layers), layers[-1].outputs
        sums, end = {"loss": slice(0, 2)}, 2

        def row(piece: Piece, place: int, weighted: bool, numbers: Any, to: slice) -> list[int]:
            width = n_outputs if place == n_layers else layers[place].inputs
            taken = self._tables.take_numbers(numbers)
            at = self._tables.at(piece)
            return [at, starts[place], width, weighted, *taken, to.start, to.stop]

        of_loss = pieces_by_name.LOSSES[loss.kind]
        rows = [row(of_loss, n_layers - loss.of_logits, True, loss.numbers, sums["loss"])]
        for index, layer in enumerate(layers):
            if layer.kind == "activity_penalty":
                piece = pieces_by_name.METRICS[layer.kind]
                rows.append(row(piece, index, True, layer.numbers, sums["loss"]))
        for metric in self._description.metrics:
            to = slice(end, end + n_sums(metric, n_outputs))
            sums[metric.name], end = to, to.stop
            # The largest output of a softmax has the largest input.
            place = n_layers - skips_last
            piece = pieces_by_name.METRICS[metric.kind]
            rows.append(row(piece, place, metric.weighted, metric.numbers, to))
        return rows, sums

    def _penalties(self) -> list[list[int]]:
        groups: dict[tuple[float, float], list[Weight]] = {}
        for weight in self._description.stack.trained:
            if weight.l1 or weight.l2:
                groups.setdefault((weight.l1, weight.l2), []).append(weight)
        return [self._step("penalty", numbers, group) for numbers, group in groups.items()]

    def _steps(self) -> list[list[int]]:
        """What is done after each batch, in Keras's order."""
        trained, made = self._description.stack.trained, self._description.optimizer
        rows = []
        if made.clip is not None:
            rows.append(self._step(made.clip, (made.clip_limit,), trained))
        decaying = [weight for weight in trained if weight.decays]
        if made.decay and decaying:
            rows.append(self._step("decay", (made.decay,), decaying))
        rows.append(self._step(made.kind, made.numbers, trained))
        if made.average is not None:
            numbers = (made.average.momentum, made.average.frequency, len(made.slots))
            rows.append(self._step("moving_average", numbers, trained))
        for weight in trained:
            if weight.constraint is not None:
                rows.append(self._step(weight.constraint.kind, weight.constraint.numbers, [weight]))
        return rows

    def _step(self, kind: str, numbers: Sequence[float], weights: Iterable[Weight]) -> list[int]:
        first = len(self._spans)
        for weight in weights:
            place = self._tables.places[weight.position]
            self._spans += [place.start, place.stop, weight.columns]
        spans = (first, len(self._spans))
        return [
            self._tables.at(pieces_by_name.STEPS[kind]),
            *spans,
            *self._tables.take_numbers(numbers),
        ]

    def state(
        self, variables: Sequence[np.ndarray], optimizer: Sequence[np.ndarray]
    ) -> tables.State:
        """The state of a fit, copied from the variables of the network and of its optimizer."""
        dtype, made = self._dtype, self._description.optimizer
        rows = self._slot_places
        slots = np.empty((max(1, len(rows)), self._n_trained), dtype)
        for row, places in enumerate(rows):
            np.concatenate([optimizer[place].reshape(-1) for place in places], out=slots[row])
        noise = [number for place in self._tables.noise for number in variables[place]]
        return tables.State(
            self._tables.weights(variables),
            slots.reshape(-1),
            np.array([float(optimizer[place]) for place in made.memory]),
            np.array(noise, np.int64),
            np.array([optimizer[0]], np.int64),
            np.zeros(max(part.stop for part in self.sums.values())),
        )

    @property
    def _slot_places(self) -> list[tuple[int, ...]]:
        made = self._description.optimizer
        return [*made.slots, *([] if made.average is None else [made.average.places])]

    def variables(
        self, state: tables.State, before: Sequence[np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """The variables of the network in a state; those that the kernel does not know stay."""
        found = list(before)
        for position, part in self._tables.places.items():
            old = before[position]
            found[position] = state.weights[part].reshape(old.shape).astype(old.dtype)
        for row, place in enumerate(self._tables.noise):
            found[place] = state.noise[2 * row : 2 * row + 2].astype(before[place].dtype)
        return tuple(found)

    def optimizer_variables(
        self, state: tables.State, before: Sequence[np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """The variables of the optimizer in a state."""
        found, made = list(before), self._description.optimizer
        found[0] = np.asarray(state.step[0], before[0].dtype)
        for row, places in enumerate(self._slot_places):
            for one, weight in zip(places, self._description.stack.trained, strict=True):
                values = state.slots[row * self._n_trained :][self._tables.places[weight.position]]
                found[one] = values.reshape(weight.shape).astype(before[one].dtype)
        for one, value in zip(made.memory, state.memory, strict=True):
            found[one] = np.asarray(value, before[one].dtype)
        return tuple(found)

    def scratch(self, n_rows: int, n_held_out: int) -> tables.Scratch:
        """Room for a batch, and the orders of the rows to train on and of those that are validated."""
        size, room = self._batch_size, self._tables.room
        return tables.Scratch(
            room(self._tables.n_activations),
            room(self._tables.n_activations),
            room(self._tables.n_kept),
            room(self._n_trained),
            room(size * self._n_targets),
            room(size),
            np.ones(size, self._dtype),
            np.arange(n_held_out, dtype=np.int64),
            np.arange(n_rows, dtype=np.int64),
            sizes_for(self._dtype),
            np.zeros(1),
        )


def integers(rows: Sequence[Any]) -> np.ndarray:
    """A table of whole numbers as a flat array."""
    return np.array(rows, np.int64).reshape(-1)


def sizes_for(dtype: str) -> np.ndarray:
    """The array `sizes` of `arguments.py`, for a float type."""
    made = np.zeros(N_SIZES, np.int64)
    made[GEMM] = gemm_address(dtype)
    return made


def rows_of(x: Any, y: Any, weight: Any, dtype: str) -> tables.Rows:
    """Rows as the loop takes them, read-only; a sparse matrix becomes dense."""
    x = x.toarray() if sparse.issparse(x) else x
    weights = np.ones(x.shape[0], dtype) if weight is None else weight
    return tables.Rows(*(read_only(part, dtype) for part in (x, y, weights)))


def read_only(values: Any, dtype: str) -> np.ndarray:
    """A flat view that nobody may write to."""
    made = np.require(values, dtype, ["C", "A"]).reshape(-1)
    made.flags.writeable = False
    return made


def n_sums(metric: Metric, n_outputs: int) -> int:
    """How many sums a metric has; a mean has two."""
    if metric.kind == "r2_score":
        return 4 * n_outputs
    return 2 * int(metric.numbers[0]) if metric.kind == "auc" else 2


def value_of(metric: Metric, sums: np.ndarray) -> np.ndarray:
    """The curve of a metric from its sums, of shape (..., n_sums)."""
    if metric.kind == "r2_score":
        return _r2_score(sums, *metric.numbers)
    if metric.kind == "auc":
        return _area(sums)
    # Where no row has a weight, Keras has a mean of 0.
    mean = np.where(sums[..., 1] == 0, 0.0, sums[..., 0] / sums[..., 1])
    return np.sqrt(mean) if metric.kind == "root_mean_squared_error" else mean


def _r2_score(sums: np.ndarray, by_variance: float) -> np.ndarray:
    """1 - residual / variance, the mean of all columns or the mean by their variance."""
    weights, first, second, residual = (sums[..., k::4] for k in range(4))
    variance = second - first * (first / weights)
    scores = 1 - residual / variance
    scores = np.where(np.isinf(scores), 0.0, scores)
    return (variance * scores).sum(-1) / variance.sum(-1) if by_variance else scores.mean(-1)


def _area(sums: np.ndarray) -> np.ndarray:
    """The area under the curve of ROC, from the weights of the true and of the false by bucket."""
    true, false = (_shares_above(weights) for weights in np.split(sums, 2, axis=-1))
    heights = (true[..., :-1] + true[..., 1:]) / 2
    return ((false[..., :-1] - false[..., 1:]) * heights).sum(-1)


def _shares_above(weights: np.ndarray) -> np.ndarray:
    """The share of all weights above each threshold; those in the last bucket are above none."""
    above = np.zeros_like(weights)
    above[..., :-1] = weights[..., -2::-1].cumsum(-1)[..., ::-1]
    every = above[..., :1] + weights[..., -1:]
    return np.where(every == 0, 0.0, above / every)
