"""Convolutions and poolings of every kind, with small inputs."""

from __future__ import annotations

import keras

layers = keras.layers

# Name: class, shape of one input, settings.
CONVOLUTIONS = {
    "2d": (layers.Conv2D, (7, 6, 2), {"filters": 3, "kernel_size": 3}),
    "2d one pixel": (layers.Conv2D, (5, 4, 3), {"filters": 2, "kernel_size": 1}),
    "2d same": (layers.Conv2D, (6, 5, 2), {"filters": 3, "kernel_size": (2, 3), "padding": "same"}),
    "2d strides": (layers.Conv2D, (8, 7, 2), {"filters": 3, "kernel_size": 3, "strides": (2, 3)}),
    "2d same strides": (
        layers.Conv2D,
        (8, 7, 2),
        {"filters": 3, "kernel_size": (3, 5), "strides": 2, "padding": "same"},
    ),
    "2d stride beyond the kernel": (
        layers.Conv2D,
        (8, 7, 2),
        {"filters": 3, "kernel_size": 1, "strides": 3, "padding": "same"},
    ),
    "2d dilated": (
        layers.Conv2D,
        (8, 9, 2),
        {"filters": 3, "kernel_size": 3, "dilation_rate": (2, 3)},
    ),
    "2d dilated same": (
        layers.Conv2D,
        (6, 7, 2),
        {"filters": 3, "kernel_size": 3, "dilation_rate": 2, "padding": "same"},
    ),
    "2d groups": (layers.Conv2D, (6, 5, 4), {"filters": 6, "kernel_size": 3, "groups": 2}),
    "2d a group a channel": (
        layers.Conv2D,
        (6, 5, 3),
        {"filters": 6, "kernel_size": 2, "groups": 3, "strides": 2, "padding": "same"},
    ),
    "2d activation": (
        layers.Conv2D,
        (6, 5, 2),
        {"filters": 3, "kernel_size": 3, "activation": "tanh", "use_bias": False},
    ),
    "1d": (layers.Conv1D, (9, 2), {"filters": 3, "kernel_size": 4}),
    "1d same strides": (
        layers.Conv1D,
        (9, 2),
        {"filters": 3, "kernel_size": 4, "strides": 2, "padding": "same"},
    ),
    "1d causal": (layers.Conv1D, (9, 2), {"filters": 3, "kernel_size": 3, "padding": "causal"}),
    "1d causal dilated": (
        layers.Conv1D,
        (9, 2),
        {"filters": 3, "kernel_size": 3, "padding": "causal", "dilation_rate": 2},
    ),
    "1d causal strides": (
        layers.Conv1D,
        (10, 2),
        {"filters": 3, "kernel_size": 3, "padding": "causal", "strides": 2},
    ),
    "1d groups": (layers.Conv1D, (9, 4), {"filters": 4, "kernel_size": 3, "groups": 2}),
    "3d": (layers.Conv3D, (4, 5, 4, 2), {"filters": 2, "kernel_size": 2, "padding": "same"}),
    "depthwise": (layers.DepthwiseConv2D, (6, 5, 3), {"kernel_size": 3, "depth_multiplier": 2}),
    "depthwise same strides": (
        layers.DepthwiseConv2D,
        (7, 6, 3),
        {"kernel_size": 3, "strides": 2, "padding": "same", "activation": "relu"},
    ),
    "depthwise dilated": (
        layers.DepthwiseConv2D,
        (7, 6, 3),
        {"kernel_size": 3, "dilation_rate": 2, "padding": "same"},
    ),
    "depthwise strides and dilated": (
        layers.DepthwiseConv2D,
        (9, 8, 2),
        {"kernel_size": 3, "strides": 2, "dilation_rate": 2, "padding": "same"},
    ),
    "depthwise 1d": (layers.DepthwiseConv1D, (9, 3), {"kernel_size": 3, "depth_multiplier": 2}),
    "separable": (
        layers.SeparableConv2D,
        (6, 5, 3),
        {"filters": 4, "kernel_size": 3, "depth_multiplier": 2, "activation": "relu"},
    ),
    "separable 1d": (
        layers.SeparableConv1D,
        (9, 3),
        {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"},
    ),
    "transposed": (layers.Conv2DTranspose, (4, 5, 2), {"filters": 3, "kernel_size": 3}),
    "transposed same strides": (
        layers.Conv2DTranspose,
        (4, 5, 2),
        {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same", "activation": "relu"},
    ),
    "transposed output padding": (
        layers.Conv2DTranspose,
        (4, 5, 2),
        {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same", "output_padding": 1},
    ),
    "transposed stride beyond the kernel": (
        layers.Conv2DTranspose,
        (3, 4, 2),
        {"filters": 2, "kernel_size": 2, "strides": 3},
    ),
    "transposed 1d": (
        layers.Conv1DTranspose,
        (5, 2),
        {"filters": 3, "kernel_size": 4, "strides": 2},
    ),
    "transposed 3d": (
        layers.Conv3DTranspose,
        (2, 3, 2, 2),
        {"filters": 2, "kernel_size": 2, "strides": 2},
    ),
}
POOLINGS = {
    f"{mode} {rank}d {'-'.join(map(str, values))}": (
        getattr(layers, f"{mode}Pooling{rank}D"),
        {1: (7, 2), 2: (7, 6, 2), 3: (4, 5, 4, 2)}[rank],
        dict(zip(("pool_size", "strides", "padding"), values, strict=True)),
    )
    for mode in ("Max", "Average")
    for rank, cases in {
        1: [(2, 2, "valid"), (3, 1, "same"), (3, 3, "same")],
        2: [
            (2, 2, "valid"),
            (2, 2, "same"),
            ((2, 3), None, "same"),
            (3, 2, "valid"),
            (3, 2, "same"),
            (2, 1, "same"),
            (2, 3, "valid"),
            (1, 2, "valid"),
        ],
        3: [(2, 2, "valid"), (2, 1, "same")],
    }.items()
    for values in cases
    if (mode, rank) != ("Max", 3)
}
CASES = {**CONVOLUTIONS, **POOLINGS}
# TensorFlow's own operations lack gradients of these on a CPU, or the convolution itself: XLA has them.
ONLY_XLA = {"2d groups", "2d a group a channel", "1d groups"}
IN_ONE_PROGRAM = [
    "2d same strides",
    "2d groups",
    "1d causal dilated",
    "depthwise same strides",
    "transposed same strides",
    "Max 2d 2-2-same",
    "Max 2d 3-2-same",
]
