"""The arrays of `tables.py` by one table of addresses, as compiled functions get them from Python.

The order of arrays is the order of the fields of the named tuples. `TYPES_OF_...` has a letter for each
array: i for int64, f for float64, r for the float type in use.
"""

from __future__ import annotations

from skdl.engine.kernel.native_calls import floats_of, integers_of, reals_of
from skdl.engine.kernel.pieces import inlined
from skdl.engine.kernel.tables import Call, Network, Rows, Scratch, State

TYPES_OF_NETWORK = "iiiiifi"


@inlined
def network_at(table, k):
    """The network whose first array is the k-th of the table."""
    return Network(
        integers_of(table, k),
        integers_of(table, k + 1),
        integers_of(table, k + 2),
        integers_of(table, k + 3),
        integers_of(table, k + 4),
        floats_of(table, k + 5),
        integers_of(table, k + 6),
    )


TYPES_OF_STATE = "rrfiif"


@inlined
def state_at(table, k):
    """The state whose first array is the k-th of the table."""
    return State(
        reals_of(table, k),
        reals_of(table, k + 1),
        floats_of(table, k + 2),
        integers_of(table, k + 3),
        integers_of(table, k + 4),
        floats_of(table, k + 5),
    )


TYPES_OF_SCRATCH = "rrrrrrriiif"


@inlined
def scratch_at(table, k):
    """The room whose first array is the k-th of the table."""
    return Scratch(
        reals_of(table, k),
        reals_of(table, k + 1),
        reals_of(table, k + 2),
        reals_of(table, k + 3),
        reals_of(table, k + 4),
        reals_of(table, k + 5),
        reals_of(table, k + 6),
        integers_of(table, k + 7),
        integers_of(table, k + 8),
        integers_of(table, k + 9),
        floats_of(table, k + 10),
    )


TYPES_OF_ROWS = "rrr"


@inlined
def rows_at(table, k):
    """The rows whose first array is the k-th of the table."""
    return Rows(reals_of(table, k), reals_of(table, k + 1), reals_of(table, k + 2))


TYPES_OF_CALL = "iifirf"


@inlined
def call_at(table, k):
    """The call whose first array is the k-th of the table."""
    return Call(
        integers_of(table, k),
        integers_of(table, k + 1),
        floats_of(table, k + 2),
        integers_of(table, k + 3),
        reals_of(table, k + 4),
        floats_of(table, k + 5),
    )
