"""How many weights and biases a network has, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class LayerParameters:
    """The trainable parameters of one layer; arrays of one dimension count as biases."""

    layer: str
    kind: str
    weights: int
    biases: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.weights + self.biases


@dataclass(frozen=True)
class ParameterTable:
    """The trainable parameters of a network.

    Attributes
    ----------
    rows : tuple of LayerParameters
        The layers that have any, in the order of the network.
    """

    rows: tuple[LayerParameters, ...]

    @classmethod
    def of(cls, model: keras.Model) -> ParameterTable:
        """The table of `model`; a weight that two layers share is counted with the first."""
        rows: list[LayerParameters] = []
        seen: set[int] = set()
        for layer in model.layers or [model]:
            own = [v for v in layer.trainable_weights if id(v) not in seen]
            seen.update(id(v) for v in own)
            if own:
                sizes = [(len(v.shape), int(np.prod(v.shape))) for v in own]
                rows.append(
                    LayerParameters(
                        layer.name,
                        type(layer).__name__,
                        weights=sum(size for rank, size in sizes if rank > 1),
                        biases=sum(size for rank, size in sizes if rank <= 1),
                    )
                )
        return cls(tuple(rows))

    @property
    def total(self) -> int:
        """All trainable weights and biases."""
        return sum(row.total for row in self.rows)

    def __str__(self) -> str:
        whole = LayerParameters(
            "total", "", sum(r.weights for r in self.rows), sum(r.biases for r in self.rows)
        )
        text = [["layer", "kind", "weights", "biases", "total"]] + [
            [r.layer, r.kind, f"{r.weights:,}", f"{r.biases:,}", f"{r.total:,}"]
            for r in (*self.rows, whole)
        ]
        width = [max(len(line[i]) for line in text) for i in range(5)]
        return "\n".join(
            " ".join(
                [line[0].ljust(width[0]), line[1].ljust(width[1])]
                + [cell.rjust(w + 1) for cell, w in zip(line[2:], width[2:], strict=True)]
            ).rstrip()
            for line in text
        )
