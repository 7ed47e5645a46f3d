"""Rules that tell of a call of a Keras operation whether each row of what it gives depends on that row alone.

The graph of a functional model is checked from its inputs on: as long as each operation obeys its rule, every
tensor has the rows along its first axis. A rule looks at the operation's settings and at the ranks and first
axes of what it is called with. It is true only where it is certain.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from skdl.engine.rowwise.uses import (
    Use,
    beside_rows,
    is_int,
    operand_of,
    same_rows,
)

Rule = Callable[[Use], bool]


def elementwise(*settings: str) -> Rule:
    """Values at one place give the value at that place; the settings of these names are operands too."""

    def rule(use: Use) -> bool:
        given = use.operands()
        bounds = [use.setting(name) for name in settings]
        given += [operand_of(bound) for bound in bounds if bound is not None]
        return (bool(settings) or use.plain) and beside_rows(given)

    return rule


def along(setting: str = "axis", *, rank: int = 1) -> Rule:
    """Each line along the axes of a setting is treated alone, and the axes are not that of the rows."""

    def rule(use: Use) -> bool:
        given = use.operands()
        return use.plain and same_rows(given, rank) and 0 not in use.axes(setting, given[0].rank)

    return rule


def new_axis(setting: str = "axis", *, of_list: bool = False) -> Rule:
    """What is given, or a list of it, gets more axes behind that of the rows."""

    def rule(use: Use) -> bool:
        given = use.listed("x") if of_list else use.operands()
        made = use.setting(setting)
        more = len(made) if isinstance(made, (list, tuple)) else 1
        rank = max(one.rank for one in given) + more
        return use.plain and same_rows(given) and 0 not in use.axes(setting, rank)

    return rule


def of_rank(rank: int, *constants: str) -> Rule:
    """The last axes are worked on, in tensors that have another one before them for the rows.

    The arguments named `constants` are none of these tensors and must have no rows.
    """

    def rule(use: Use) -> bool:
        names = [name for name in use.arguments if name not in constants]
        kernels = use.operands(*constants) if constants else []
        return (
            use.plain
            and same_rows(use.operands(*names), rank)
            and not any(one.rows for one in kernels)
        )

    return rule


def scaled(setting: str, *weights: str) -> Rule:
    """Values are normalised along an axis, by weights that are constants with no axis for the rows."""

    def rule(use: Use) -> bool:
        (x,) = use.operands("x")
        others = use.operands(*weights)
        return (
            use.plain
            and same_rows([x])
            and 0 not in use.axes(setting, x.rank)
            and all(not one.rows and one.rank < x.rank for one in others)
        )

    return rule


def with_one_number(argument: str) -> Rule:
    """Like `along`, with an argument that must be one number."""

    def rule(use: Use) -> bool:
        given = use.operands(*(name for name in use.arguments if name != argument))
        numbers = use.operands(argument)
        return (
            use.plain
            and same_rows(given)
            and 0 not in use.axes("axis", given[0].rank)
            and all(one.rank == 0 for one in numbers)
        )

    return rule


def looked_up(use: Use) -> bool:
    """Values are compared with a list of constants."""
    first, second = use.operands()
    listed, value = (first, second) if second.rows else (second, first)
    return use.plain and value.rows and value.rank > 0 and not listed.rows


def average(use: Use) -> bool:
    """Along an axis that is not that of the rows, by weights for each value."""
    given = use.operands("x", "weights")
    return use.plain and same_rows(given) and 0 not in use.axes("axis", given[0].rank)


def matmul(use: Use) -> bool:
    """Matrices of rows, or rows and a constant, of which neither is summed up over the rows."""
    a, b = use.operands("x1", "x2")
    if a.rows and b.rows:
        return same_rows([a, b], 3)
    rows, other = (a, b) if a.rows else (b, a)
    if not rows.rows or rows.rank < (2 if a.rows else 3) or other.rank == 0:
        return False
    return (
        other.rank <= 2 or other.rank < rows.rank or (other.rank == rows.rank and other.one_for_all)
    )


def dot(use: Use) -> bool:
    """The last axis of rows is summed up with an axis of a constant."""
    rows, other = use.operands("x1", "x2")
    return rows.rows and not other.rows and rows.rank >= 2 and other.rank >= 1


def tensordot(use: Use) -> bool:
    """The last axes of rows, as many as are told, are summed up with the first of a constant."""
    rows, other = use.operands("x1", "x2")
    if not rows.rows or other.rows or not use.plain:
        return False
    axes = use.setting("axes")
    return is_int(axes) and 0 <= axes < rows.rank


def einsum(use: Use) -> bool:
    """All terms with rows begin with one letter, or with three dots, and so does the result."""
    inputs, arrow, output = use.setting("subscripts").replace(" ", "").partition("->")
    terms, given = inputs.split(","), use.operands()
    if not arrow or len(terms) != len(given) or set(use.arguments) - {"operands"}:
        return False
    with_rows = [term for term, one in zip(terms, given, strict=True) if one.rows]
    others = [term for term, one in zip(terms, given, strict=True) if not one.rows]
    first = with_rows[0][:1] if with_rows else ""
    if first == ".":
        # The first of the axes that three dots stand for has the rows; there must be as many everywhere.
        counts = {
            one.rank - len(term) + 3 for term, one in zip(terms, given, strict=True) if one.rows
        }
        return (
            all(term.startswith("...") for term in [*with_rows, output])
            and len(counts) == 1
            and min(counts) >= 1
            and not any("." in term for term in others)
        )
    return (
        first.isalpha()
        and all(term[0] == first and term.count(first) == 1 for term in with_rows)
        and output[:1] == first
        and output.count(first) == 1
        and not any(first in term for term in others)
    )


def get_item(use: Use) -> bool:
    """The axis of the rows is kept as a whole, in its place."""
    (x,) = use.operands("x")
    key = use.arguments["key"]
    parts = list(key) if isinstance(key, (list, tuple)) else [key]
    plain = all(
        part is None or part is Ellipsis or is_int(part) or _is_plain_slice(part) for part in parts
    )
    if not plain or not x.rows:
        return False
    if parts and parts[0] is Ellipsis:
        return sum(part is not None for part in parts[1:]) < x.rank
    return not parts or parts[0] in (slice(None), slice(0, None), slice(None, None, 1))


def _is_plain_slice(part: Any) -> bool:
    return isinstance(part, slice) and all(
        bound is None or is_int(bound) for bound in (part.start, part.stop, part.step)
    )


def reshape(use: Use) -> bool:
    """The first axis is told by the others, and a row has as many values as before."""
    (x,) = use.operands("x")
    shape = use.setting("newshape")
    if not x.rows or not isinstance(shape, (list, tuple)) or not all(map(is_int, shape)):
        return False
    sizes = x.shape[1:]
    known = [size for size in sizes if size]
    if len(known) < len(sizes) or not shape or shape[0] != -1 or -1 in shape[1:]:
        return False
    return math.prod(shape[1:]) == math.prod(known)


def transpose(use: Use) -> bool:
    """The axis of the rows stays the first."""
    (x,) = use.operands()
    axes = use.setting("axes")
    if axes is None:
        return x.rows and x.rank == 1
    return x.rows and use.axes("axes", x.rank)[0] == 0


def swapaxes(use: Use) -> bool:
    """Neither axis is that of the rows."""
    (x,) = use.operands()
    return x.rows and 0 not in use.axes("axis1", x.rank) + use.axes("axis2", x.rank)


def moveaxis(use: Use) -> bool:
    """No axis is moved from or to the place of the rows."""
    (x,) = use.operands()
    return x.rows and 0 not in use.axes("source", x.rank) + use.axes("destination", x.rank)


def over_two_axes(use: Use) -> bool:
    """Values are gathered over two axes, neither of which is that of the rows."""
    (x,) = use.operands()
    axes = use.axes("axis1", x.rank) + use.axes("axis2", x.rank)
    return use.plain and same_rows([x]) and 0 not in axes


def tile(use: Use) -> bool:
    """What is repeated is not the axis of the rows, and none comes before it."""
    (x,) = use.operands()
    given = use.setting("repeats")
    repeats = given if isinstance(given, (list, tuple)) else (given,)
    if not x.rows or not all(map(is_int, repeats)):
        return False
    return len(repeats) < x.rank or (len(repeats) == x.rank and repeats[0] == 1)


def pad(use: Use) -> bool:
    """No rows are added, and what fills up is one number."""
    (x,) = use.operands("x")
    fill, widths = use.operands("constant_values"), use.setting("pad_width")
    if not x.rows or not use.plain or any(one.rows or one.rank for one in fill):
        return False
    return not any(widths[0]) and (len(widths) == x.rank or not np.any(widths))


def cross(use: Use) -> bool:
    """Vectors lie along the last axis, before and after."""
    given = use.operands()
    if not use.plain or not same_rows(given, 2):
        return False
    last = given[0].rank - 1
    names = ("axisa", "axisb", "axisc")
    return all(use.axes(name, last + 1) == (last,) for name in names)


def take(use: Use) -> bool:
    """Values of each row by constant numbers, or values of a table by numbers that have rows."""
    x, indices = use.operands("x", "indices")
    if x.rows:
        return use.plain and not indices.rows and 0 not in use.axes("axis", x.rank)
    # Rows of indices, looked up in a table.
    axis = use.setting("axis")
    return indices.rows and (axis is None or use.axes("axis", x.rank) == (0,))


def take_along_axis(use: Use) -> bool:
    """Values of each row by numbers that have rows too, or are constant."""
    x, indices = use.operands("x", "indices")
    if x.rank != indices.rank or 0 in use.axes("axis", x.rank):
        return False
    return beside_rows([x, indices])


def of_complex(rank: int) -> Rule:
    """The last axes of complex numbers, which are a tensor for each part, are worked on."""

    def rule(use: Use) -> bool:
        return use.plain and same_rows(use.listed("x"), rank)

    return rule


def dense(use: Use) -> bool:
    """An array that is neither sparse nor ragged."""
    return elementwise()(use) and not (use.setting("sparse") or use.setting("ragged"))


def where(use: Use) -> bool:
    """Three operands side by side; with a condition alone, it gives the places of what is true."""
    return len(use.operands()) == 3 and beside_rows(use.operands())


def one_hot(use: Use) -> bool:
    """A new axis for the classes, in an array that is not sparse."""
    return new_axis()(use) and not use.setting("sparse")


def multi_hot(use: Use) -> bool:
    """The same as `one_hot`, and the classes of the second axis are put together."""
    (x,) = use.operands()
    return one_hot(use) and x.rank >= 2 and use.axes("axis", x.rank + 1) == (x.rank,)


def spread(use: Use) -> bool:
    """Values between two given ones, along a new axis."""
    given = use.operands()
    rank = max(one.rank for one in given) + 1
    return (
        use.plain
        and not getattr(use.operation, "retstep", False)
        and beside_rows(given)
        and 0 not in use.axes("axis", rank)
    )


def moments(use: Use) -> bool:
    """Along axes that are not that of the rows, of this device alone."""
    return along("axes")(use) and not use.setting("synchronized")


def solve(use: Use) -> bool:
    """A system of equations for each row."""
    a, b = use.operands("a", "b")
    of_vectors = b.rank == a.rank - 1
    return same_rows([a], 3) and b.rows and b.rank >= 2 and (of_vectors or same_rows([a, b]))


def distances(use: Use) -> bool:
    """Between the points of one row, or between rows and points that are constant."""
    x, y = use.operands("x", "y")
    if x.rows and y.rows:
        return same_rows([x, y], 3)
    return x.rows and x.rank >= 2 and (y.rank <= 2 or (y.rank <= x.rank and y.one_for_all))


def attention(use: Use) -> bool:
    """Within the sequence of each row."""
    given = use.operands("query", "key", "value")
    beside = use.operands("bias", "mask")
    scale = use.operands("scale")
    return (
        use.plain
        and same_rows(given, 4)
        and all(beside_rows([given[0], one]) for one in beside)
        and all(one.rank == 0 for one in scale)
    )


def sparse_crossentropy(use: Use) -> bool:
    """Targets have an axis less than outputs, or as many."""
    target, output = use.operands("target", "output")
    apart = use.plain and same_rows([output], 2) and 0 not in use.axes("axis", output.rank)
    return apart and target.rows and target.rank in (output.rank - 1, output.rank)


def in_top_k(use: Use) -> bool:
    """Targets and predictions have rows."""
    targets, predictions = use.operands("targets", "predictions")
    return targets.rows and predictions.rows and (targets.rank, predictions.rank) == (1, 2)


def losses_of_sequences(use: Use) -> bool:
    """Targets, outputs and their lengths have rows."""
    names = ("target", "output", "target_length", "output_length")
    given = use.operands(*names)
    return all(one.rows for one in given) and [one.rank for one in given] == [2, 3, 1, 1]


def transformed(use: Use) -> bool:
    """Images, each by a transform of its own or all by one."""
    images, *others = use.operands()
    return (
        use.plain
        and same_rows([images], 4)
        and all(one.rank >= 2 if one.rows else one.one_for_all or one.rank == 1 for one in others)
    )


def powers(use: Use) -> bool:
    """Of one number a row, of a count that is given."""
    (x,) = use.operands()
    return x.rows and x.rank == 1 and is_int(use.setting("N"))
