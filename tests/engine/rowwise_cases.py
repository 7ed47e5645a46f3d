"""Calls of Keras's operations that treat rows alone, and calls that do not, by the shape of a row.

Each is a function of a tensor whose rows have that shape and whose values are between 0 and 1.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

FLAT, SEQUENCE, SQUARES = (6,), (4, 6), (3, 4, 4)
IMAGE = (6, 6, 3)

ELEMENTWISE = (
    *("abs", "angle", "arccos", "arcsin", "arcsinh", "arctan", "arctanh", "array", "cbrt"),
    *("ceil", "celu", "conj", "convert_to_tensor", "copy", "cos", "cosh", "deg2rad", "elu"),
    *("erf", "erfc", "erfinv", "exp", "expm1", "fabs", "floor", "gelu", "hard_shrink"),
    *("hard_sigmoid", "hard_silu", "hard_tanh", "i0", "imag", "isfinite", "isinf", "isnan"),
    *("isneginf", "isposinf", "isreal", "leaky_relu", "log", "log10", "log1p", "log2"),
    *("log_sigmoid", "logical_not", "nan_to_num", "negative", "ones_like", "rad2deg", "real"),
    *("reciprocal", "relu", "relu6", "round", "rsqrt", "selu", "sigmoid", "sign", "signbit"),
    *("silu", "sin", "sinc", "sinh", "soft_shrink", "softplus", "softsign", "sparse_plus"),
    *("sparse_sigmoid", "sqrt", "square", "squareplus", "stop_gradient", "tan", "tanh"),
    *("tanh_shrink", "trunc", "zeros_like"),
)
OF_TWO = (
    *("add", "arctan2", "divide", "divide_no_nan", "equal", "floor_divide", "fmax", "fmin"),
    *("fmod", "full_like", "greater", "greater_equal", "heaviside", "hypot", "isclose"),
    *("less", "less_equal", "logaddexp", "logaddexp2", "logical_and", "logical_or"),
    *("logical_xor", "maximum", "minimum", "mod", "multiply", "nextafter", "not_equal"),
    *("power", "subtract", "true_divide"),
)
OF_BITS = (
    *(
        "bitwise_and",
        "bitwise_or",
        "bitwise_xor",
    ),
)
SHIFTS = (*("bitwise_left_shift", "bitwise_right_shift", "left_shift", "right_shift"),)
REDUCTIONS = (
    *("all", "amax", "amin", "any", "argmax", "argmin", "count_nonzero", "logsumexp", "max"),
    *(
        "mean",
        "median",
        "min",
        "nanargmax",
        "nanargmin",
        "nanmax",
        "nanmean",
    ),
    *("nanmin", "nanprod", "nanstd", "nansum", "nanvar", "prod", "ptp", "std", "sum", "var"),
)
ALONG = (
    *("argsort", "cumprod", "cumsum", "diff", "flip", "glu", "log_softmax", "nancumprod"),
    *("nancumsum", "normalize", "softmax", "sort", "sparsemax", "trapezoid"),
)


def constant(*shape):
    """Fixed numbers between 0.2 and 0.8."""
    return np.random.default_rng(5).uniform(0.2, 0.8, shape)


def whole(x):
    """Whole numbers from 0 to 3."""
    return ops.cast(ops.floor(x * 3.999), "int32")


def alone(names):
    return {name: getattr(ops, name) for name in names}


def of_two(names):
    return {name: lambda x, name=name: getattr(ops, name)(x, 1 - x * x) for name in names}


def of_whole(names, other):
    return {name: lambda x, name=name: getattr(ops, name)(whole(x), other(x)) for name in names}


def along(names, axis, **settings):
    return {
        f"{name} along {axis}": lambda x, name=name: getattr(ops, name)(x, axis=axis, **settings)
        for name in names
    }


def positive(x):
    """Symmetric matrices that have an inverse."""
    return ops.matmul(x, ops.swapaxes(x, -1, -2)) + np.eye(x.shape[-1])


def of_matrices(**calls):
    return {name: lambda x, call=call: call(positive(x)) for name, call in calls.items()}


def complex_of(operation, **settings):
    return lambda x: operation((x, 1 - x), **settings)


def back_and_forth(x):
    return ops.istft(ops.stft(x, 4, 2, 4), 4, 2, 4)


def causal(x):
    return ops.dot_product_attention(x, 1 - x, x * x, is_causal=True)


def kind(name):
    """A class of operations that no function of Keras's makes."""
    return next(k for k in operation_kinds() if k.__name__ == name)()


def operation_kinds():
    """All classes of operations that are no layers."""
    kinds = [keras.Operation]
    for one in kinds:
        more = (k for k in one.__subclasses__() if not issubclass(k, keras.Layer))
        kinds += [k for k in more if k not in kinds]
    return [k for k in kinds[1:] if k.__module__.partition(".")[0] == "keras"]


def sequence_loss(x):
    lengths = ops.sum(whole(x[:, 0]) * 0, -1)
    return ops.ctc_loss(whole(x[:, :2, 0]) + 1, x * 4, lengths + 2, lengths + 4, mask_index=0)


def perspective(x):
    corners = constant(1, 4, 2) * np.float64(4)
    points = ops.reshape(x[:, :4, :2, 0], (-1, 4, 2))
    return ops.image.perspective_transform(x, points * 0 + corners, points + corners)


ROWWISE = {
    FLAT: {
        **alone(ELEMENTWISE),
        **of_two(OF_TWO),
        **of_whole(OF_BITS, lambda x: whole(1 - x)),
        **of_whole(SHIFTS, lambda x: 1),
        **along(REDUCTIONS, -1),
        **along(["mean", "max", "std", "all"], (1,), keepdims=True),
        **along(ALONG, -1),
        "arccosh": lambda x: ops.arccosh(x + 1.1),
        **{name: lambda x, name=name: kind(name)(x) for name in ("Abs", "Conj", "Mish")},
        "add a number": lambda x: x + 3,
        "add an array": lambda x: x + constant(6),
        "add an array of one row": lambda x: x - constant(1, 6),
        "append": lambda x: ops.append(x, x * x, axis=-1),
        "array_split": lambda x: ops.array_split(x, 4, axis=1),
        "average": lambda x: ops.average(x, axis=1),
        "average by weights": lambda x: ops.average(x, axis=1, weights=1 - x * x),
        "batch_normalization": lambda x: ops.batch_normalization(x, constant(6), constant(6), -1),
        "binary_crossentropy": lambda x: ops.binary_crossentropy(x, 1 - x),
        "bitwise_invert": lambda x: ops.bitwise_invert(whole(x)),
        "bitwise_not": lambda x: ops.bitwise_not(whole(x)),
        "cast": lambda x: ops.cast(x, "float32"),
        "categorical_crossentropy": lambda x: ops.categorical_crossentropy(x, 1 - x * x),
        "cdist with points": lambda x: ops.cdist(x, constant(3, 6)),
        "clip": lambda x: ops.clip(x, 0.3, 0.6),
        "clip by arrays": lambda x: ops.clip(x, constant(6) - 0.2, constant(1, 6)),
        "concatenate": lambda x: ops.concatenate([x, x * x, 1 - x], axis=-1),
        "cross": lambda x: ops.cross(x[:, :3], x[:, 3:]),
        "digitize": lambda x: ops.digitize(x, np.array([0.3, 0.6])),
        "dot": lambda x: ops.dot(x, constant(6, 3)),
        "dot with a vector": lambda x: ops.dot(x, constant(6)),
        "dstack": lambda x: ops.dstack([x, 1 - x]),
        "einsum": lambda x: ops.einsum("bi,ij->bj", x, constant(6, 3)),
        "einsum of rows": lambda x: ops.einsum("bi,bj->bij", x, 1 - x),
        "einsum with dots": lambda x: ops.einsum("...i,ij->...j", x, constant(6, 3)),
        "expand_dims": lambda x: ops.expand_dims(x, 1),
        "expand_dims twice": lambda x: ops.expand_dims(x, (1, -1)),
        "extract_sequences": lambda x: ops.extract_sequences(x, 3, 2),
        "fft": complex_of(ops.fft),
        "fliplr": ops.fliplr,
        "get some columns": lambda x: x[:, :4],
        "get a column": lambda x: x[:, 2],
        "get every second column": lambda x: x[:, ::-2],
        "get the last": lambda x: x[..., -1],
        "get with a new axis": lambda x: x[:, None],
        "get with a new last axis": lambda x: x[..., None],
        "hsplit": lambda x: ops.hsplit(x, 2),
        "hstack": lambda x: ops.hstack([x, 1 - x]),
        "in_top_k": lambda x: ops.in_top_k(whole(x[:, 0]), ops.cast(x, "float32"), 2),
        "irfft": complex_of(ops.irfft),
        "layer_normalization": lambda x: ops.layer_normalization(x, constant(6), constant(6)),
        "ldexp": lambda x: ops.ldexp(x, whole(x)),
        "linspace": lambda x: ops.linspace(x, x + 1, 4, axis=-1),
        "logspace": lambda x: ops.logspace(x, 1, 4, axis=1),
        "matmul": lambda x: ops.matmul(x, constant(6, 3)),
        "matmul with a vector": lambda x: ops.matmul(x, constant(6)),
        "moments": lambda x: ops.moments(x, axes=[1]),
        "moveaxis": lambda x: ops.moveaxis(x, 1, -1),
        "multi_hot": lambda x: ops.multi_hot(whole(x), 4),
        "norm": lambda x: ops.norm(x, axis=-1, keepdims=True),
        "norm of order 1": lambda x: ops.norm(x, ord=1, axis=1),
        "normalize of order 1": lambda x: ops.normalize(x, axis=1, order=1),
        "one_hot": lambda x: ops.one_hot(whole(x), 4),
        "one_hot in the middle": lambda x: ops.one_hot(whole(x), 4, axis=1),
        "pad": lambda x: ops.pad(x, ((0, 0), (1, 2)), constant_values=0.5),
        "pad by reflection": lambda x: ops.pad(x, [(0, 0), (1, 2)], mode="reflect"),
        "percentile": lambda x: ops.percentile(x, 30.0, axis=-1),
        "quantile": lambda x: ops.quantile(x, 0.3, axis=1, keepdims=True),
        "polar": lambda x: ops.real(ops.polar(x, 1 - x)),
        "relu with a slope": lambda x: keras.activations.relu(x - 0.5, 0.1, 0.3, 0.05),
        "repeat": lambda x: ops.repeat(x, 2, axis=1),
        "repeat each": lambda x: ops.repeat(x, [1, 2, 0, 1, 3, 1], axis=-1),
        "reshape": lambda x: ops.reshape(x, (-1, 2, 3)),
        "rfft": ops.rfft,
        "rms_normalization": lambda x: ops.rms_normalization(x, constant(6)),
        "roll": lambda x: ops.roll(x, 2, axis=1),
        "saturate_cast": lambda x: ops.saturate_cast(x * 300, "uint8"),
        "searchsorted": lambda x: ops.searchsorted(np.array([0.3, 0.6]), x[:, 0]),
        "select": lambda x: ops.select([x < 0.3, x < 0.6], [x, 1 - x], 0.5),
        "sparse_categorical_crossentropy": lambda x: ops.sparse_categorical_crossentropy(
            whole(x[:, 0]), x
        ),
        "split": lambda x: ops.split(x, [2, 3], axis=-1),
        "squeeze": lambda x: ops.squeeze(x[:, :1], 1),
        "stack": lambda x: ops.stack([x, 1 - x], axis=1),
        "swapaxes of one": lambda x: ops.swapaxes(x, 1, -1),
        "take": lambda x: ops.take(x, [2, 0, -1], axis=1),
        "take from a table": lambda x: ops.take(constant(4, 2), whole(x), axis=0),
        "take from a list": lambda x: ops.take(constant(4), whole(x)),
        "take_along_axis": lambda x: ops.take_along_axis(x, whole(1 - x), axis=1),
        "take_along_axis by constants": lambda x: ops.take_along_axis(
            x, np.array([[2, 0]]), axis=1
        ),
        "tensordot": lambda x: ops.tensordot(x, constant(6, 2), axes=1),
        "threshold": lambda x: ops.threshold(x, 0.4, 0.1),
        "tile": lambda x: ops.tile(x, 2),
        "tile with one for the rows": lambda x: ops.tile(x, (1, 2)),
        "top_k": lambda x: list(ops.top_k(x, 2)),
        "transpose of nothing": lambda x: ops.transpose(x[:, 0]),
        "unstack": lambda x: ops.unstack(x, axis=1),
        "vander": lambda x: ops.vander(x[:, 0], 4),
        "view": lambda x: ops.view(ops.cast(x, "float32"), "int32"),
        "view_as_real": lambda x: ops.view_as_real(ops.polar(x, 1 - x)),
        "where": lambda x: ops.where(x > 0.5, x, 0.0),
        "where by a constant": lambda x: ops.where(constant(6) > 0.5, x, 1 - x),
    },
    SEQUENCE: {
        **along(["mean", "max", "prod", "argmax", "sum", "any"], 1),
        **along(["mean", "var", "logsumexp", "nansum", "median"], (-2, 2)),
        **along(["softmax", "cumsum", "sort", "glu", "flip", "diff", "log_softmax"], -2),
        "add of one axis less": lambda x: x + ops.max(x, axis=1, keepdims=True),
        "add an array of two axes": lambda x: x * constant(4, 6),
        "attention by einsum": lambda x: ops.einsum(
            "bts,bsd->btd", ops.softmax(ops.einsum("btd,bsd->bts", x, x)), x
        ),
        "attention by matmul": lambda x: ops.matmul(
            ops.softmax(ops.matmul(x, ops.transpose(x, (0, 2, 1))) / 2.0), x
        ),
        "batch_normalization of an axis": lambda x: ops.batch_normalization(
            x, constant(4), constant(4), 1
        ),
        "cdist": lambda x: ops.cdist(x, x * x),
        "concatenate of steps": lambda x: ops.concatenate([x, 1 - x], axis=1),
        "conv": lambda x: ops.conv(x, constant(2, 6, 3), padding="same"),
        "depthwise_conv": lambda x: ops.depthwise_conv(x, constant(2, 6, 1)),
        "separable_conv": lambda x: ops.separable_conv(x, constant(2, 6, 1), constant(1, 6, 2)),
        "average_pool": lambda x: ops.average_pool(x, 2),
        "max_pool": lambda x: ops.max_pool(x, 2, padding="same"),
        "ctc_loss": sequence_loss,
        "diagonal": lambda x: ops.diagonal(x, axis1=1, axis2=2),
        "dsplit": lambda x: ops.dsplit(x, 2),
        "einsum with dots for rows": lambda x: ops.einsum("...ti,...si->...ts", x, x),
        "einsum with dots behind": lambda x: ops.einsum("b...i,ij->b...j", x, constant(6, 2)),
        "fft2": complex_of(ops.fft2),
        "ifft2": complex_of(ops.ifft2),
        "get a step": lambda x: x[:, 0],
        "get the last step": lambda x: x[:, -1, :],
        "get steps": lambda x: x[:, 1:3, ::2],
        "get by dots": lambda x: x[..., 1:, 0],
        "layer_normalization of two axes": lambda x: ops.layer_normalization(x, axis=(1, 2)),
        "matmul of a constant": lambda x: ops.matmul(constant(3, 4), x),
        "matmul of a vector": lambda x: ops.matmul(constant(4), x),
        "matmul of one constant matrix": lambda x: ops.matmul(x, constant(1, 6, 2)),
        "moveaxis of two": lambda x: ops.moveaxis(x, 1, 2),
        "norm of matrices": lambda x: ops.norm(x, axis=(1, 2)),
        "permute": lambda x: ops.transpose(x, (0, 2, 1)),
        "reshape to heads": lambda x: ops.reshape(x, [-1, 4, 2, 3]),
        "reshape to rows": lambda x: ops.reshape(x, (-1, 24)),
        "roll of two axes": lambda x: ops.roll(x, (1, 2), axis=(1, 2)),
        "rot90": lambda x: ops.rot90(x, axes=(1, 2)),
        "stft": lambda x: list(ops.stft(x, 4, 2, 4)),
        "istft": back_and_forth,
        "swapaxes": lambda x: ops.swapaxes(x, 1, 2),
        "take steps": lambda x: ops.take(x, np.array([[0, 1], [2, 3]]), axis=-2),
        "tensordot of two axes": lambda x: ops.tensordot(x, constant(4, 6, 2), axes=2),
        "tile of steps": lambda x: ops.tile(x, (2, 1)),
        "trace": lambda x: ops.trace(x, axis1=1, axis2=2),
        "tril": ops.tril,
        "triu": lambda x: ops.triu(x, 1),
    },
    SQUARES: {
        **of_matrices(
            cholesky=ops.cholesky,
            cholesky_inverse=lambda x: ops.cholesky_inverse(ops.cholesky(x)),
            det=ops.det,
            eigh=lambda x: ops.eigh(x)[0],
            inv=ops.inv,
            logdet=ops.logdet,
            matrix_rank=ops.matrix_rank,
            pinv=ops.pinv,
            qr=lambda x: list(ops.qr(x)),
            solve=lambda x: ops.solve(x, x[..., :2]),
            solve_of_vectors=lambda x: ops.solve(x, x[..., 0]),
            solve_triangular=lambda x: ops.solve_triangular(ops.cholesky(x), x, lower=True),
            svd=lambda x: ops.svd(x, compute_uv=False),
        ),
        "dot_product_attention": lambda x: ops.dot_product_attention(x, 1 - x, x * x),
        "dot_product_attention, causal": causal,
        "dot_product_attention with a bias": lambda x: ops.dot_product_attention(
            x, x, x, bias=constant(1, 4, 3, 3), mask=constant(3, 3) < 2, scale=0.5
        ),
        "depth_to_space": lambda x: ops.depth_to_space(x, 2),
        "space_to_depth": lambda x: ops.space_to_depth(x[:, :2], 2),
    },
    IMAGE: {
        "affine_transform": lambda x: ops.image.affine_transform(
            x, np.array([[1.0, 0.1, 0.2, 0.0, 0.9, 0.1, 0.0, 0.0]])
        ),
        "crop_images": lambda x: ops.image.crop_images(x, 1, 1, target_height=3, target_width=3),
        "extract_patches": lambda x: ops.image.extract_patches(x, (2, 2)),
        "gaussian_blur": lambda x: ops.image.gaussian_blur(x),
        "hsv_to_rgb": lambda x: ops.image.hsv_to_rgb(x),
        "pad_images": lambda x: ops.image.pad_images(x, 1, 1, target_height=8, target_width=8),
        "perspective_transform": perspective,
        "resize": lambda x: ops.image.resize(x, (3, 3), interpolation="nearest"),
        "resize smoothly": lambda x: ops.image.resize(x, (4, 3)),
        "rgb_to_grayscale": lambda x: ops.image.rgb_to_grayscale(x),
        "rgb_to_hsv": lambda x: ops.image.rgb_to_hsv(x),
        "sobel_edges": lambda x: ops.image.sobel_edges(x),
        "ssim": lambda x: ops.image.ssim(x, 1 - x, filter_size=3),
        "conv of images": lambda x: ops.conv(x, constant(2, 2, 3, 2)),
        "max_pool of images": lambda x: ops.max_pool(x, 2),
    },
}


# A row of what comes out depends on other rows, or might: the case, and how the reason ends.
HERE = "may mix rows as it is called here"
REFUSED = {
    FLAT: {
        "a row": (lambda x: x[0], HERE),
        "every second row": (lambda x: x[::2, :], HERE),
        "all rows but one": (lambda x: x[1:, :], HERE),
        "some rows": (lambda x: x[:3, :2], HERE),
        "an axis before the rows, by dots": (lambda x: x[None, ...], HERE),
        "a row, counted from the last axis": (lambda x: x[..., 0, :], HERE),
        "mean of the rows": (lambda x: ops.mean(x, axis=0, keepdims=True), HERE),
        "mean of the rows, counted from the last": (lambda x: ops.mean(x, axis=-2), HERE),
        "mean of all": (lambda x: ops.mean(x), HERE),
        "mean of two axes": (lambda x: ops.mean(x, axis=(0, 1)), HERE),
        "away from the mean of the rows": (lambda x: x - ops.mean(x, axis=0), HERE),
        "quantile of the rows": (lambda x: ops.quantile(x, 0.5, axis=0), HERE),
        "quantile of all": (lambda x: ops.quantile(x, 0.5), HERE),
        "average of the rows": (lambda x: ops.average(x, axis=0), HERE),
        "norm of all": (lambda x: ops.norm(x), HERE),
        "largest of all": (lambda x: x / ops.max(x), HERE),
        "softmax of the rows": (lambda x: ops.softmax(x, axis=0), HERE),
        "softmax of all axes": (lambda x: ops.softmax(x, axis=(0, 1)), HERE),
        "sums of the rows": (lambda x: ops.cumsum(x, axis=0), HERE),
        "sums of all": (lambda x: ops.cumsum(x), HERE),
        "sorted rows": (lambda x: ops.sort(x, axis=0), HERE),
        "rows moved on": (lambda x: ops.roll(x, 1, axis=0), HERE),
        "all values moved on": (lambda x: ops.roll(x, 1), HERE),
        "rows turned round": (lambda x: ops.flip(x, axis=0), HERE),
        "all values turned round": (lambda x: ops.flip(x), HERE),
        "rows repeated": (lambda x: ops.repeat(x, 2, axis=0), HERE),
        "rows repeated by tile": (lambda x: ops.tile(x, (2, 1)), HERE),
        "more axes by tile": (lambda x: ops.tile(x, (2, 1, 1)), HERE),
        "rows cut up": (lambda x: ops.reshape(x, (-1, 3)), HERE),
        "rows put together": (lambda x: ops.reshape(x, (-1, 12)), HERE),
        "a number of rows": (lambda x: ops.reshape(x, (4, 6)), HERE),
        "the axis of the rows in another place": (lambda x: ops.reshape(x, (6, -1)), HERE),
        "transposed": (lambda x: ops.transpose(x), HERE),
        "swapped": (lambda x: ops.swapaxes(x, 0, 1), HERE),
        "moved": (lambda x: ops.moveaxis(x, 1, 0), HERE),
        "a new first axis": (lambda x: ops.expand_dims(x, 0), HERE),
        "a new first axis, counted from the last": (lambda x: ops.expand_dims(x, -3), HERE),
        "stacked before the rows": (lambda x: ops.stack([x, x]), HERE),
        "rows one after the other": (lambda x: ops.concatenate([x, x], axis=0), HERE),
        "split rows": (lambda x: ops.split(x, 2), HERE),
        "padded rows": (lambda x: ops.pad(x, ((0, 1), (0, 0))), HERE),
        "padded everywhere": (lambda x: ops.pad(x, 1), HERE),
        "squeezed": (lambda x: ops.squeeze(x[:, :1]), HERE),
        "an array with as many rows": (lambda x: x + constant(8, 6), HERE),
        "an array of more axes": (lambda x: x + constant(1, 6, 6), HERE),
        "a bound with as many rows": (lambda x: ops.clip(x, 0, constant(8, 6)), HERE),
        "joined with an array": (lambda x: ops.concatenate([x, constant(8, 1)], axis=1), HERE),
        "broadcast to another rank": (lambda x: x + ops.reshape(x, (-1, 1, 6)), HERE),
        "columns against rows": (lambda x: x * x[:, 0], HERE),
        "numbers of rows as columns": (lambda x: ops.where(x[:, 0] > 0.5, x, -x), HERE),
        "products of all pairs of rows": (lambda x: ops.matmul(x, ops.transpose(x)), HERE),
        "rows as matrices": (lambda x: ops.matmul(constant(4, 8), x), HERE),
        "an array before the rows": (lambda x: ops.matmul(x, constant(2, 6, 3)), HERE),
        "sums over rows by einsum": (lambda x: ops.einsum("bi,bj->ij", x, x), HERE),
        "pairs of rows by einsum": (lambda x: ops.einsum("bi,cj->bcij", x, x), HERE),
        "the rows last by einsum": (lambda x: ops.einsum("bi,ij->jb", x, constant(6, 2)), HERE),
        "rows of a constant by einsum": (
            lambda x: ops.einsum("bi,bi->bi", x, constant(8, 6)),
            HERE,
        ),
        "no result of einsum": (lambda x: ops.einsum("bi,ij", x, constant(6, 2)), HERE),
        "dots of other rank by einsum": (
            lambda x: ops.einsum("...i,...i->...", x, ops.expand_dims(x, 1)),
            HERE,
        ),
        "dot of rows": (lambda x: ops.dot(x, ops.reshape(x, (-1, 6, 1))), HERE),
        "tensordot of rows": (lambda x: ops.tensordot(x, x, axes=2), HERE),
        "distances of rows": (lambda x: ops.cdist(x, x), HERE),
        "taken rows": (lambda x: ops.take(x, [0, 0, 1], axis=0), HERE),
        "taken by numbers of other rows": (lambda x: ops.take(x, whole(x[:, 0]), axis=1), HERE),
        "taken along the rows": (lambda x: ops.take_along_axis(x, whole(x), axis=0), HERE),
        "numbers of the rows' greatest": (lambda x: ops.argmax(x, axis=0), HERE),
        "number of the greatest": (lambda x: ops.argmax(x), HERE),
        "two quantiles": (lambda x: ops.quantile(x, [0.2, 0.4], axis=1), HERE),
        "found in other rows": (lambda x: ops.digitize(x, x[:, 0]), HERE),
        "places": (lambda x: ops.where(x > 0.5), HERE),
        "values between, before the rows": (lambda x: ops.linspace(x, x + 1, 3), HERE),
        "hot before the rows": (lambda x: ops.one_hot(whole(x), 4, axis=0), HERE),
        "below the diagonal of all rows": (lambda x: ops.tril(x), HERE),
        "diagonal of the rows": (lambda x: ops.diagonal(x), HERE),
        "normalised by rows": (lambda x: ops.rms_normalization(x, x), HERE),
        "moments of the rows": (lambda x: ops.moments(x, axes=[0]), HERE),
        "weights that rows give": (lambda x: ops.average(x, axis=1, weights=x[:, 0]), HERE),
        "weights by columns": (lambda x: ops.average(x, axis=1, weights=constant(6)), HERE),
        "greatest columns of one column": (lambda x: ops.top_k(x[:, 0], 1), HERE),
        "waves along the rows": (lambda x: ops.rfft(x[:, 0]), HERE),
        "as many rows as another type gives": (
            lambda x: ops.view(ops.cast(x[:, 0], "float32"), "uint8"),
            HERE,
        ),
        "values told by all rows": (lambda x: ops.unique(x, size=3), "finds in all rows"),
        "segments": (
            lambda x: ops.segment_sum(x, whole(x[:, 0]), num_segments=4),
            "sums up rows of one number",
        ),
        "places of values": (lambda x: ops.nonzero(x)[0], "finds in all rows"),
        "all in a row": (lambda x: ops.ravel(x), "mixes the axis of the rows with others"),
        "rows on each other": (lambda x: ops.vstack([x, x]), "works along the rows"),
        "each with each": (lambda x: ops.outer(x, x), "sums up over the rows"),
        "correlations": (lambda x: ops.corrcoef(x), "sums up over the rows"),
        "are all equal": (lambda x: ops.allclose(x, x * x), "one answer for all rows"),
        "of a number of rows": (lambda x: ops.broadcast_to(x, (4, 6)), "names the number of rows"),
        "partitions": (lambda x: ops.argpartition(x, 2), "works along the rows"),
        "a function": (lambda x: ops.map(lambda row: row, x), "calls a function of yours"),
        "a function of vectors": (
            lambda x: ops.vectorized_map(lambda row: row, x),
            "calls a function of yours",
        ),
    },
    SEQUENCE: {
        "another rank against steps": (lambda x: x + x[:, 0], HERE),
        "of four axes against three": (
            lambda x: ops.matmul(ops.reshape(x, (-1, 2, 4, 3)), ops.reshape(x, (-1, 3, 8))),
            HERE,
        ),
        "of three axes against two": (lambda x: ops.matmul(x, x[:, 0]), HERE),
        "turned with the rows": (lambda x: ops.rot90(x), HERE),
        "traces of the rows": (lambda x: ops.trace(x), HERE),
        "steps put among rows": (lambda x: ops.reshape(x, (-1, 6)), HERE),
        "transposed with the rows": (lambda x: ops.transpose(x, (1, 0, 2)), HERE),
        "an image of rows": (lambda x: ops.image.resize(x, (3, 3)), HERE),
    },
}
