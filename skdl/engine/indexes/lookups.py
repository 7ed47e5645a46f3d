"""The operations of a graph that look something up by an index, and what their indexes are made of.

On a CPU TensorFlow raises where an index has no row. XLA takes another row, or none, in silence. Indexes that
are a function of the rows of the data alone can be computed before a fit, row by row; a program that computes
its indexes otherwise must not be compiled by XLA.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

# What a tensor is made of: as many entries of its first axis for each row of the data, or one of these.
_CONSTANT = 0  # the same for all data of one shape
_COMPUTED = -1  # made of weights, of noise, or of several rows

# Operations that raise for some values of these of their inputs, and do not if XLA compiles them.
_OPAQUE = {
    **dict.fromkeys(("Assert", "CheckNumerics", "CheckNumericsV2"), (0,)),
    **dict.fromkeys(("MatrixInverse", "MatrixSolve", "MatrixTriangularSolve"), (0,)),
    **dict.fromkeys(("ReverseSequence", "DynamicPartition", "Slice", "StridedSlice"), (1,)),
    **dict.fromkeys(("ResourceGather", "ResourceGatherNd", "Gather"), (1,)),
    **dict.fromkeys(("ResourceScatterNdUpdate", "ResourceScatterNdAdd"), (1,)),
    **dict.fromkeys(("ResourceScatterUpdate", "ResourceScatterAdd"), (1,)),
    **dict.fromkeys(("TensorListGetItem", "TensorListSetItem"), (1,)),
    **dict.fromkeys(("FloorDiv", "FloorMod", "TruncateDiv", "TruncateMod", "Div", "Mod"), (1,)),
    "Pow": (1,),
    "Bincount": (0,),
}
# Of these, whole numbers alone.
_OF_INTEGERS = ("FloorDiv", "FloorMod", "TruncateDiv", "TruncateMod", "Div", "Mod", "Pow")
_SEGMENTS = (
    "UnsortedSegmentSum",
    "UnsortedSegmentMax",
    "UnsortedSegmentMin",
    "UnsortedSegmentProd",
)
_SCATTERS = tuple(f"TensorScatter{how}" for how in ("Update", "Add", "Sub", "Max", "Min"))
# Which input is the index of an operation whose range is known.
_INDEXES = {
    **dict.fromkeys(("GatherV2", "GatherNd", "SparseSoftmaxCrossEntropyWithLogits"), 1),
    **dict.fromkeys((*_SEGMENTS, *_SCATTERS), 1),
    "DenseBincount": 0,
    "ScatterNd": 0,
}
# Each element is a function of the elements at its place.
_ELEMENTWISE = frozenset(
    (
        *(
            "Identity",
            "StopGradient",
            "Cast",
            "Bitcast",
            "Snapshot",
            "PreventGradient",
            "CheckNumerics",
        ),
        *(
            "AddV2",
            "Add",
            "Sub",
            "Mul",
            "RealDiv",
            "FloorDiv",
            "FloorMod",
            "TruncateDiv",
            "TruncateMod",
        ),
        *(
            "Div",
            "Mod",
            "DivNoNan",
            "Pow",
            "Square",
            "Sqrt",
            "Abs",
            "Neg",
            "Sign",
            "Exp",
            "Log",
            "Log1p",
        ),
        *("Maximum", "Minimum", "ClipByValue", "Round", "Rint", "Floor", "Ceil", "Relu", "Sigmoid"),
        *(
            "Tanh",
            "Less",
            "LessEqual",
            "Greater",
            "GreaterEqual",
            "Equal",
            "NotEqual",
            "LogicalAnd",
        ),
        *(
            "LogicalOr",
            "LogicalNot",
            "SelectV2",
            "IsNan",
            "IsInf",
            "IsFinite",
            "BitwiseAnd",
            "BitwiseOr",
        ),
        *(
            "BitwiseXor",
            "LeftShift",
            "RightShift",
            "Invert",
            "Bucketize",
            "AsString",
            "StringToNumber",
        ),
        *(
            "StringToHashBucketFast",
            "StringToHashBucketStrong",
            "StringToHashBucket",
            "SquaredDifference",
        ),
    )
)
_REDUCTIONS = frozenset(("Sum", "Max", "Min", "Mean", "Prod", "Any", "All", "ArgMax", "ArgMin"))
_LIKE = ("ZerosLike", "OnesLike", "Fill")
_SHAPES = ("Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike")


@dataclass(frozen=True)
class Range:
    """Which indexes there are.

    Attributes
    ----------
    low : float
        The least one; -inf where any small one will do.
    sizes : tuple of float
        One more than the greatest one; several for an index whose last axis are coordinates.
    entries : int
        How many entries of the first axis of an index belong to one row of the data; 0 for a constant.
    """

    low: float
    sizes: tuple[float, ...]
    entries: int

    def outside(self, index: np.ndarray) -> np.ndarray:
        """Which values of an index have no row."""
        wrong: np.ndarray = (index < self.low) | (index >= np.asarray(self.sizes))
        return wrong


@dataclass(frozen=True, eq=False)
class Lookup:
    """An operation that looks something up.

    Attributes
    ----------
    operation : tf.Operation
    index : tf.Tensor
        The index as it was given, with the rows of the data along its first axis.
    range : Range
    """

    operation: tf.Operation
    index: tf.Tensor
    range: Range


def lookups_in(
    graph: tf.Graph, rows: Sequence[tf.Tensor], constants: Sequence[tf.Tensor] = ()
) -> tuple[list[Lookup], list[str]]:
    """The lookups of a graph.

    Parameters
    ----------
    graph : tf.Graph
        A call of a network.
    rows, constants : sequence of tf.Tensor
        Its inputs: the data, with the rows along the first axis, and numbers that are the same for all rows.
        All other inputs count as computed.

    Returns
    -------
    lookups : list of Lookup
        Those whose index is a function of one row each.
    computed : list of str
        The names of the operations whose index is not, those inside of loops and branches too.
    """
    made: dict[str, int] = {tensor.name: 1 for tensor in rows}
    made |= {tensor.name: _CONSTANT for tensor in constants}
    found: list[Lookup] = []
    computed: list[str] = []
    calls = False
    for operation in graph.get_operations():
        kinds = [made.get(tensor.name, _COMPUTED) for tensor in operation.inputs]
        for output in operation.outputs:
            if output.name not in made:
                made[output.name] = _kind(operation, kinds)
        calls = calls or any("func" in str(one.type) for one in operation.op_def.attr)
        for place in _OPAQUE.get(operation.type, ()):
            if kinds[place] != _CONSTANT and _can_raise(operation):
                computed.append(operation.name)
        if operation.type in _INDEXES:
            lookup = _lookup(operation, made)
            if lookup is None:
                computed.append(operation.name)
            else:
                found.append(lookup)
    return found, [*computed, *(_inside_functions(graph) if calls else ())]


def _can_raise(operation: Any) -> bool:
    if operation.type in _OF_INTEGERS:
        return bool(operation.inputs[0].dtype.is_integer)
    return operation.type != "StridedSlice" or bool(operation.get_attr("shrink_axis_mask"))


def _inside_functions(graph: Any) -> Iterator[str]:
    """The operations of loops and branches whose index is not written there as a constant."""
    for function in graph.as_graph_def().library.function:
        constants = {node.name for node in function.node_def if node.op == "Const"}
        for node in function.node_def:
            places = _places_inside(node)
            if any(node.input[place].partition(":")[0] not in constants for place in places):
                yield node.name


def _places_inside(node: Any) -> tuple[int, ...]:
    """Which inputs of a node of a loop or branch are indexes."""
    if node.op in _INDEXES:
        return (_INDEXES[node.op],)
    if node.op.startswith("TensorList"):
        return ()  # the loop's own, which it counts itself
    if node.op in _OF_INTEGERS and node.attr["T"].type not in _integers():
        return ()
    if node.op == "StridedSlice" and not node.attr["shrink_axis_mask"].i:
        return ()
    return _OPAQUE.get(node.op, ())


def _integers() -> set[int]:
    import tensorflow as tf

    kinds = (tf.int8, tf.int16, tf.int32, tf.int64, tf.uint8, tf.uint16, tf.uint32, tf.uint64)
    return {kind.as_datatype_enum for kind in kinds}


def _lookup(operation: Any, made: dict[str, int]) -> Lookup | None:
    """The lookup of an operation, or None where its index or its range is not known beforehand."""
    index, low = operation.inputs[_INDEXES[operation.type]], 0.0
    sizes = _sizes(operation, index)
    if None in sizes:
        return None
    if operation.type in _SEGMENTS:
        low = -math.inf
    given = _counted_from_the_end(index)
    if given is not None:
        index, low = given, -sizes[0]
    kind = made[index.name]
    if kind == _COMPUTED or (kind == _CONSTANT and _value(index) is None):
        return None
    return Lookup(operation, index, Range(low, tuple(map(float, sizes)), kind))


def _sizes(operation: Any, index: Any) -> list[Any]:
    """How many rows there are to look up; None where that is open."""
    kind, inputs = operation.type, operation.inputs
    if kind == "GatherV2":
        axis = _value(inputs[2])
        return [None if axis is None else _dimension(inputs[0], int(axis))]
    if kind == "SparseSoftmaxCrossEntropyWithLogits":
        return [_dimension(inputs[0], -1)]
    if kind == "DenseBincount":
        return [math.inf]
    if kind in _SEGMENTS:
        count = _value(inputs[2])
        return [None if count is None else int(count)]
    depth = _dimension(index, -1)
    if depth is None:
        return [None]
    if kind == "ScatterNd":
        shape = _value(inputs[2])
        return [None] if shape is None else [int(size) for size in shape[:depth]]
    return [_dimension(inputs[0], axis) for axis in range(depth)]


def _dimension(tensor: Any, axis: int) -> int | None:
    shape = tensor.shape
    return None if shape.rank is None or not shape.rank else shape.as_list()[axis]


def _counted_from_the_end(index: Any) -> Any:
    """The index before Keras adds the number of rows to negative ones; None where it does not."""
    if index.op.type != "SelectV2":
        return None
    less, raised, given = index.op.inputs
    if less.op.type != "Less" or raised.op.type != "AddV2":
        return None
    same = less.op.inputs[0] is given and given in tuple(raised.op.inputs)
    return given if same and np.all(_value(less.op.inputs[1]) == 0) else None


def _value(tensor: Any) -> Any:
    import tensorflow as tf

    return tf.get_static_value(tensor)


def _rank(tensor: Any) -> int | None:
    rank: int | None = tensor.shape.rank
    return rank


def _kind(operation: Any, kinds: list[int]) -> int:
    """What the outputs of an operation are made of."""
    if operation.type in _SHAPES:
        return _CONSTANT
    if operation.op_def.is_stateful or (not kinds and operation.type != "Const"):
        return _COMPUTED
    if all(kind == _CONSTANT for kind in kinds):
        return _CONSTANT
    entries = {kind for kind in kinds if kind != _CONSTANT}
    if _COMPUTED in entries or len(entries) > 1:
        return _COMPUTED
    if any(
        kind and not _rank(tensor) for tensor, kind in zip(operation.inputs, kinds, strict=True)
    ):
        return _COMPUTED
    count = entries.pop()
    if operation.type in _ELEMENTWISE:
        return count if _stay_beside(operation, kinds) else _COMPUTED
    if operation.type == "Reshape":
        return _reshaped(operation, count)
    keeps = _KEEPS_ROWS.get(operation.type)
    return count if keeps is not None and keeps(operation, kinds) else _COMPUTED


def _stay_beside(operation: Any, kinds: list[int]) -> bool:
    """Whether no row meets another one, nor its own number, when shapes are broadcast."""
    rank = _rank(operation.outputs[0])
    for tensor, kind in zip(operation.inputs, kinds, strict=True):
        if kind:
            if _rank(tensor) != rank:
                return False
        elif _rank(tensor) is None or (
            _rank(tensor) == rank and tensor.shape[0] != 1 and tensor.op.type not in _LIKE
        ):
            return False
    return True


def _reshaped(operation: Any, count: int) -> int:
    """How many entries a row of the data has along the first axis after a reshape."""
    before, after = (
        tensor.shape.as_list() for tensor in (operation.inputs[0], operation.outputs[0])
    )
    if not after or after[0] is not None or None in after[1:] or None in before[1:]:
        return _COMPUTED
    entries, size = math.prod(before[1:]) * count, math.prod(after[1:])
    return entries // size if size and entries and entries % size == 0 else _COMPUTED


def _axes_beyond_rows(tensor: Any, axes: Any) -> bool:
    """Whether `axes` are known, and the first one is not among them."""
    if axes is None:
        return False
    rank = _rank(tensor)
    return all(rank is not None and int(axis) % rank for axis in np.ravel(axes))


def _input_axes(place: int) -> Any:
    return lambda operation, kinds: (
        not any(kinds[place:])
        and _axes_beyond_rows(operation.inputs[0], _value(operation.inputs[place]))
    )


def _keeps_dims(operation: Any, kinds: list[int]) -> bool:
    axis, rank = _value(operation.inputs[1]), _rank(operation.inputs[0])
    return axis is not None and rank is not None and bool(int(np.ravel(axis)[0]) % (rank + 1))


def _splits(operation: Any, kinds: list[int]) -> bool:
    axis, value = (0, 1) if operation.type == "Split" else (2, 0)
    return _axes_beyond_rows(operation.inputs[value], _value(operation.inputs[axis]))


def _joins(operation: Any, kinds: list[int]) -> bool:
    parts = zip(operation.inputs[:-1], kinds[:-1], strict=True)
    alike = all(kind or tensor.op.type in _LIKE for tensor, kind in parts)
    return alike and _axes_beyond_rows(operation.outputs[0], _value(operation.inputs[-1]))


def _packs(operation: Any, kinds: list[int]) -> bool:
    alike = all(kinds) or all(
        kind or part.op.type in _LIKE for part, kind in zip(operation.inputs, kinds, strict=True)
    )
    return alike and _axes_beyond_rows(operation.outputs[0], operation.get_attr("axis"))


def _cuts(operation: Any, kinds: list[int]) -> bool:
    """Whether a strided slice takes all rows."""
    if any(kinds[1:]):
        return False
    if any(operation.get_attr(mask) & 1 for mask in ("shrink_axis_mask", "new_axis_mask")):
        return False
    if operation.get_attr("ellipsis_mask") & 1:
        stack = _dimension(operation.inputs[1], 0)
        rank = _rank(operation.inputs[0])
        return stack is not None and rank is not None and stack <= rank
    strides = _value(operation.inputs[3])
    all_rows = operation.get_attr("begin_mask") & operation.get_attr("end_mask") & 1
    return bool(all_rows) and strides is not None and strides[0] == 1


def _slices(operation: Any, kinds: list[int]) -> bool:
    begin, size = (_value(tensor) for tensor in operation.inputs[1:])
    return begin is not None and size is not None and begin[0] == 0 and size[0] == -1


def _gathers(operation: Any, kinds: list[int]) -> bool:
    params, index, axis = kinds
    if operation.get_attr("batch_dims"):
        return bool(params and index)
    at = _value(operation.inputs[2])
    if at is None:
        return False
    if params:
        return not index and _axes_beyond_rows(operation.inputs[0], at)
    return int(at) == 0


_KEEPS_ROWS: dict[str, Any] = {
    **dict.fromkeys(_REDUCTIONS, _input_axes(1)),
    "ReverseV2": _input_axes(1),
    "ExpandDims": _keeps_dims,
    "Squeeze": lambda operation, kinds: (
        bool(operation.get_attr("squeeze_dims"))
        and _axes_beyond_rows(operation.inputs[0], operation.get_attr("squeeze_dims"))
    ),
    "Transpose": lambda operation, kinds: (
        (order := _value(operation.inputs[1])) is not None and order[0] == 0
    ),
    "Tile": lambda operation, kinds: (
        (times := _value(operation.inputs[1])) is not None and times[0] == 1
    ),
    "BroadcastTo": lambda operation, kinds: (
        not kinds[1] and _rank(operation.inputs[0]) == _rank(operation.outputs[0])
    ),
    **dict.fromkeys(
        ("Pad", "PadV2"),
        lambda operation, kinds: (
            (room := _value(operation.inputs[1])) is not None and not np.any(room[0])
        ),
    ),
    **dict.fromkeys(("Split", "SplitV"), _splits),
    "Unpack": lambda operation, kinds: _axes_beyond_rows(
        operation.inputs[0], operation.get_attr("axis")
    ),
    "ConcatV2": _joins,
    "Pack": _packs,
    "StridedSlice": _cuts,
    "Slice": _slices,
    "OneHot": lambda operation, kinds: not any(kinds[1:]) and operation.get_attr("axis") != 0,
    "GatherV2": _gathers,
}
