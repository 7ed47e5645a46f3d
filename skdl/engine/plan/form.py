"""How a program is compiled, besides the structure of its network."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Form:
    """How a program is compiled, besides the structure of its network.

    Attributes
    ----------
    xla : bool
        Compiled by XLA as a whole, or run as a TensorFlow graph.
    full_by_xla : bool
        A graph whose loops over full batches are compiled by XLA; the last, smaller batch of an epoch is
        a step of its own in the graph, of any size.
    masked : bool
        Batches have one size, and rows that fill them up are masked.
    matmul : bool
        Convolutions are matrix products of patches.
    mixes : bool
        Rows are blended with others.
    stops_at_nan : bool
        The loss is looked at after each step.
    batch_size, rows : int
        The sizes that the program is compiled for, at least those of the job; 0 where any size is taken.
    held_out_batch_size, held_out_rows : int
        The same for validation data.
    epochs : int
        How many epochs one call can run.
    """

    xla: bool
    full_by_xla: bool
    masked: bool
    matmul: bool
    mixes: bool
    stops_at_nan: bool
    batch_size: int
    rows: int
    held_out_batch_size: int
    held_out_rows: int
    epochs: int

    @property
    def needs_xla(self) -> bool:
        """Whether XLA compiles it, as a whole or in part."""
        return self.xla or self.full_by_xla

    def as_graph(self) -> Form:
        """The form without XLA."""
        if self.masked:
            return replace(self, xla=False)
        return replace(self, full_by_xla=False, rows=0, batch_size=0)
