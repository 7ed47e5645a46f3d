"""Which of Keras's operations treat each row alone: the table, by the names of their classes.

`masked_rows.py` fills up the batches of a functional model if all its operations obey their rules. A
test compares the two tables here with the operations of the installed Keras.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from skdl.common.keras_import import load_keras
from skdl.engine.keras_parts.walk import is_keras
from skdl.engine.rowwise import rules
from skdl.engine.rowwise.rules import Rule
from skdl.engine.rowwise.uses import UnreadableError, Use, operand_of

if TYPE_CHECKING:
    import keras


def _all(rule: Rule, names: str) -> dict[str, Rule]:
    return dict.fromkeys(names.split(), rule)


ROWWISE: Mapping[str, Rule] = {
    **_all(
        rules.elementwise(),
        """
        Abs Absolute Add Angle Arccos Arccosh Arcsin Arcsinh Arctan Arctan2 Arctanh Array
        BinaryCrossentropy BitwiseAnd BitwiseInvert BitwiseLeftShift BitwiseNot BitwiseOr
        BitwiseRightShift BitwiseXor Cast Cbrt Ceil Celu Conj Conjugate Copy Cos
        Cosh Deg2rad Divide DivideNoNan Elu Equal Erf Erfc Erfinv Exp Expm1 Fabs Floor
        FloorDivide Fmax Fmin Fmod FullLike Gelu Greater GreaterEqual HardShrink HardSigmoid
        HardSilu HardTanh Heaviside Hypot I0 Imag Isclose Isfinite Isinf Isnan Isneginf Isposinf
        Isreal Ldexp LeakyRelu LeftShift Less LessEqual Log Log10 Log1p Log2 LogSigmoid
        Logaddexp Logaddexp2 LogicalAnd LogicalNot LogicalOr LogicalXor Maximum Minimum Mish Mod
        Multiply NanToNum Negative Nextafter NotEqual OnesLike Polar Power Rad2deg ReLU Real
        Reciprocal Relu Relu6 RightShift Round Rsqrt SaturateCast Select Selu Sigmoid Sign Signbit
        Silu Sin Sinc Sinh SoftShrink Softplus Softsign SparsePlus SparseSigmoid Sqrt Square
        Squareplus StopGradient Subtract Tan Tanh TanhShrink Threshold TrueDivide Trunc
        ViewAsReal ZerosLike
        """,
    ),
    "ConvertToTensor": rules.dense,
    "Clip": rules.elementwise("x_min", "x_max"),
    "Where": rules.where,
    "Digitize": rules.looked_up,
    "SearchSorted": rules.looked_up,
    **_all(
        rules.along(),
        """
        All Amax Amin Any Append Argmax Argmin Argsort ArraySplit
        CategoricalCrossentropy Concatenate CountNonzero Cumprod Cumsum Diff Flip Glu LogSoftmax
        Logsumexp Max Mean Median Min Nanargmax Nanargmin Nancumprod Nancumsum Nanmax Nanmean
        Nanmin Nanprod Nanstd Nansum Nanvar Norm Normalize Prod Ptp Repeat Roll Softmax
        Sort Sparsemax Split Squeeze Std Sum Trapezoid Unstack Var
        """,
    ),
    "Average": rules.average,
    "Moments": rules.moments,
    "Rot90": rules.along("axes"),
    **_all(rules.with_one_number("q"), "Percentile Quantile"),
    "BatchNorm": rules.scaled("axis", "mean", "variance", "offset", "scale"),
    "LayerNorm": rules.scaled("axis", "gamma", "beta"),
    "RMSNorm": rules.scaled("axis", "scale"),
    # Shapes.
    "ExpandDims": rules.new_axis(),
    "Stack": rules.new_axis(of_list=True),
    "OneHot": rules.one_hot,
    "MultiHot": rules.multi_hot,
    **_all(rules.spread, "Linspace Logspace"),
    "GetItem": rules.get_item,
    "Moveaxis": rules.moveaxis,
    "Pad": rules.pad,
    "Reshape": rules.reshape,
    "Swapaxes": rules.swapaxes,
    "Take": rules.take,
    "TakeAlongAxis": rules.take_along_axis,
    "Tile": rules.tile,
    "Transpose": rules.transpose,
    "Vander": rules.powers,
    **_all(rules.of_rank(2), "ExtractSequences Fliplr Hsplit Hstack TopK View"),
    "Dstack": rules.of_rank(2),
    "Dsplit": rules.of_rank(3),
    # Products and matrices.
    "CDist": rules.distances,
    "Cross": rules.cross,
    "Dot": rules.dot,
    "DotProductAttention": rules.attention,
    "Einsum": rules.einsum,
    "Matmul": rules.matmul,
    "Tensordot": rules.tensordot,
    "Diagonal": rules.over_two_axes,
    "Trace": rules.over_two_axes,
    **_all(
        rules.of_rank(3),
        """
        Cholesky CholeskyInverse Det Eigh Inv Logdet MatrixRank Pinv Qr SVD
        Tril Triu
        """,
    ),
    **_all(rules.solve, "Solve SolveTriangular"),
    # Waves.
    **_all(rules.of_complex(2), "FFT IRFFT ISTFT"),
    **_all(rules.of_complex(3), "FFT2 IFFT2"),
    **_all(rules.of_rank(2), "RFFT STFT"),
    # Windows and images.
    **_all(rules.of_rank(3), "AveragePool MaxPool"),
    **_all(rules.of_rank(3, "kernel"), "Conv DepthwiseConv"),
    "SeparableConv": rules.of_rank(3, "depthwise_kernel", "pointwise_kernel"),
    **_all(
        rules.of_rank(4),
        """
        CropImages DepthToSpace ExtractPatches GaussianBlur HSVToRGB PadImages RGBToGrayscale
        RGBToHSV Resize SSIM SobelEdges SpaceToDepth
        """,
    ),
    **_all(rules.transformed, "AffineTransform PerspectiveTransform"),
    # Losses.
    "CTCLoss": rules.losses_of_sequences,
    "InTopK": rules.in_top_k,
    "SparseCategoricalCrossentropy": rules.sparse_crossentropy,
}


def _for(reason: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), reason)


# The second half of a sentence that begins with the operation.
NOT_ROWWISE: Mapping[str, str] = {
    **_for(
        "calls a function of yours",
        "AssociativeScan Cond ForiLoop JVP Map Scan Switch VectorizedMap WhileLoop",
    ),
    **_for("gives one answer for all rows", "AllClose Histogram Ndim PSNR Size"),
    **_for("sums up over the rows", "Correlate Corrcoef Kron Outer Vdot"),
    **_for(
        "sums up rows of one number",
        "SegmentMax SegmentMin SegmentProd SegmentReduction SegmentSum",
    ),
    **_for("gives as many values as it finds in all rows", "Bincount Nonzero Unique"),
    **_for("fails with TensorFlow", "ConvTranspose Geomspace LuFactor ViewAsComplex"),
    **_for(
        "fails in a graph of TensorFlow for batches of any size",
        "Exp2 Gcd Inner IsIn Lcm Nanmedian Nanpercentile Nanquantile UnravelIndex Unfold",
    ),
    **_for("gives another shape than Keras tells", "AdaptiveAveragePool AdaptiveMaxPool Slogdet"),
    **_for("works along the rows", "Argpartition Flipud Vsplit Vstack"),
    **_for("mixes the axis of the rows with others", "Diag Diagflat Meshgrid Ravel"),
    **_for("names the number of rows", "Arange BroadcastTo Full Rearrange ScaleAndTranslate Slice"),
    **_for("addresses rows by their number", "MapCoordinates Scatter ScatterUpdate SliceUpdate"),
    "CTCDecode": "gives the axis of the rows another place",
    "Eig": "orders its values by how they are rounded",
    "ElasticTransform": "draws random numbers for all rows together",
    "EmptyLike": "gives values that mean nothing",
    "FakeQuantWithMinMaxVars": "rounds by bounds that belong to all rows",
    "Fold": "goes through the rows one by one",
    "Function": "is a graph of its own",
    "Lstsq": "solves for all rows together",
}


def obstacle_in_graph(model: keras.Model) -> str | None:
    """Why the graph of a functional `model` may mix rows, beside its layers, or None."""
    keras = load_keras()
    # Only a functional model has operations; of another one all layers are known.
    depths = model._nodes_by_depth if hasattr(model, "operations") else {}
    for nodes in depths.values():
        for node in nodes:
            operation = node.operation
            if isinstance(operation, keras.Layer):
                if _meets_other_rows(node):
                    return f"{operation.name} is given an array that may have rows of its own"
            else:
                reason = _obstacle_of_use(operation, node)
                if reason is not None:
                    kind = type(operation).__name__
                    return f"the operation {operation.name} ({kind}) {reason}"
            # The loss divides by what a mask keeps, and so do the statistics of a BatchNormalization.
            if any(getattr(tensor, "_keras_mask", None) is not None for tensor in node.outputs):
                return f"{operation.name} hands on a mask, which may reach the loss"
    return None


def _obstacle_of_use(operation: Any, node: Any) -> str | None:
    """Why one call of an operation may mix rows, as the second half of a sentence."""
    kind = type(operation)
    if not is_keras(kind) or "call" in vars(operation):
        return "is no operation of Keras's own"
    rule = ROWWISE.get(kind.__name__)
    if rule is None:
        return NOT_ROWWISE.get(kind.__name__, "may mix rows")
    try:
        use = Use(operation, node)
        kept = rule(use) and use.keeps_rows
    except UnreadableError:
        kept = False
    return None if kept else "may mix rows as it is called here"


def _meets_other_rows(node: Any) -> bool:
    """Whether a layer is given a constant that is not the same for each row, for all that is known.

    A mask of attention that has two axes is the same for each row.
    """
    kinds = load_keras()
    given = kinds.tree.flatten((node.arguments.args, node.arguments.kwargs))
    mask = node.arguments.kwargs.get("attention_mask")
    for part in given:
        if hasattr(part, "shape") and not isinstance(part, kinds.KerasTensor):
            shape = operand_of(part).shape
            if shape and shape[0] != 1 and not (part is mask and len(shape) == 2):
                return True
    return False
