"""Which values the settings of Keras's layers take in a zoo, by the names of layers and settings."""

from __future__ import annotations

import fnmatch

import keras

VECTOR, SEQUENCE, TOKENS, IMAGE = (6,), (8, 4), (8,), (8, 8, 3)
VOLUME, FILM, WAVE, ONE = (4, 4, 4, 2), (3, 6, 6, 2), (64,), (1,)
FILM_1D, FILM_3D = (3, 6, 2), (2, 3, 3, 3, 3)


class New:
    """A recipe of an object of Keras's, which each network makes anew."""

    def __init__(self, place, *args, **settings):
        self._place, self._args, self._settings = place, args, settings

    def __call__(self):
        kind = keras
        for step in self._place.split("."):
            kind = getattr(kind, step)
        return kind(*resolved(list(self._args)), **resolved(self._settings))

    def __repr__(self):
        told = [*map(repr, self._args), *(f"{k}={v!r}" for k, v in self._settings.items())]
        return f"{self._place}({', '.join(told)})"


def resolved(value):
    """`value` with objects in the place of their recipes."""
    if isinstance(value, New):
        return value()
    if isinstance(value, dict):
        return {key: resolved(part) for key, part in value.items()}
    if isinstance(value, list):
        return [resolved(part) for part in value]
    return value


def of_name(table, name):
    """What a table of patterns has for a name: the entry of the name itself before that of a pattern."""
    if name in table:
        return table[name]
    return next((value for key, value in table.items() if fnmatch.fnmatch(name, key)), None)


def twice(x):
    return x * 2.0


def thrice(x):
    return x * 3.0


def masked(x, mask):
    return mask


def scaled(x, factor=2.0):
    return x * factor


# For settings of any layer, by patterns of their names.
COMMON = ("trainable", "dtype", "activity_regularizer")
VALUES = {
    "name": (None, "one"),
    "trainable": (False,),
    "dtype": (None, "float64"),
    "activity_regularizer": (None, New("regularizers.L2", 0.3)),
    "activation": ("linear", "relu", "tanh"),
    "recurrent_activation": ("sigmoid", "tanh"),
    **dict.fromkeys(("gamma_initializer", "moving_variance_initializer"), ("zeros",)),
    "*_initializer": ("ones",),
    "*_regularizer": (None, "l2"),
    "*_constraint": (None, "non_neg"),
    "units": (3, 4),
    "filters": (2, 4),
    "kernel_size": (2, 3),
    "depth_multiplier": (1, 2),
    "pool_size": (2, 3),
    "strides": (1, 2),
    "dilation_rate": (1, 2),
    "padding": ("valid", "same"),
    "data_format": ("channels_last", "channels_first"),
    "groups": (1, 2),
    "output_size": (2, 4),
    "axis": (-1, 1),
    "epsilon": (1e-3, 0.5),
    "*momentum": (0.99, 0.5),
    **dict.fromkeys(
        (
            *("use_bias", "use_scale", "use_gate", "center", "scale", "renorm", "keepdims"),
            *("return_sequences", "return_state", "go_backwards", "unroll", "reset_after"),
            *("unit_forget_bias", "zero_output_for_mask", "mask_zero", "tie_weights", "invert"),
            *("normalize", "synchronized", "power_to_db", "periodic", "expand_dims", "antialias"),
            *("crop_to_aspect_ratio", "pad_to_aspect_ratio", "all_ops"),
        ),
        (False, True),
    ),
    "use_cudnn": ("auto", False),
    "flash_attention": (None, False),
    "sliding_window": (None, 2, 3),
    **dict.fromkeys(("rate", "stddev", "dropout", "recurrent_dropout"), (0.0, 0.1, 0.5)),
    "noise_shape": (None, (None, 1)),
    "seed": (None, 1),
    "lora_rank": (None, 1),
    "lora_alpha": (None, 2.0),
    "value_range": ((0, 255), (0, 1)),
    "fill_mode": ("reflect", "constant", "wrap"),
    "interpolation": ("bilinear", "nearest"),
    "fill_value": (0.0, 0.5),
    "factor": (0.2, 0.4),
    "*_factor": (0.1, 0.2),
    "height": (3, 5),
    "width": (3, 5),
    "sparse": (False,),
    "quantization_config": (None,),
    "gptq_unpacked_column_size": (None, 4),
    "stateful": (False,),
}
# Settings that have no second value, and why.
ALONE = {
    "sparse": "True gives sparse tensors, which no layer behind takes",
    "ragged": "True gives ragged tensors, which no layer behind takes",
    "stateful": "True wants batches of one size",
    "quantization_config": "quantised layers are not trained",
    "weights": "are initial weights",
    "idf_weights": "are varied with an output_mode that takes them",
    "Discretization.num_bins": "is varied without boundaries",
    "IntegerLookup.salt": "is varied with an oov_method that takes it",
    "IntegerLookup.vocabulary_dtype": "has one value for integers",
    "CategoryEncoding.trainable": "is refused",
    **dict.fromkeys(
        [f"Conv{n}DTranspose.dilation_rate" for n in (1, 2, 3)], "goes with strides of one alone"
    ),
    "Lambda.arguments": "are varied with a function that takes some",
    "Resizing.fill_mode": "has one value",
    "StringLookup.invert": "True gives strings",
    "TextVectorization.output_mode": "is varied without a length",
    "TextVectorization.pad_to_max_tokens": "says something of other output modes",
    **dict.fromkeys(
        (
            *("ActivityRegularization.activity_regularizer", "IntegerLookup.activity_regularizer"),
            "StringLookup.activity_regularizer",
        ),
        "is refused",
    ),
}
NOT_TRIED = {
    "InputLayer": "begins each of these networks",
    "Wrapper": "has no computation of its own",
    "FlaxLayer": "needs Flax",
    "JaxLayer": "needs JAX",
    "TorchModuleWrapper": "needs PyTorch",
    "TFSMLayer": "needs a saved model on disk",
    "MaxNumBoundingBoxes": "takes boxes, and no array",
}
IMAGES = (
    *("AugMix", "AutoContrast", "CenterCrop", "ContrastLimitedAdaptiveHistogramEqualization"),
    *(
        "CutMix",
        "Equalization",
        "MixUp",
        "RandAugment",
        "RandomBrightness",
        "RandomElasticTransform",
    ),
    *("RandomColorDegeneration", "RandomColorJitter", "RandomContrast", "RandomCrop"),
    *("RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomGrayscale", "RandomHue"),
    *("RandomInvert", "RandomPerspective", "RandomPosterization", "RandomRotation"),
    *("RandomSaturation", "RandomSharpness", "RandomShear", "RandomTranslation", "RandomZoom"),
    *("Resizing", "Solarization"),
)
SHAPES = {
    **dict.fromkeys(IMAGES, IMAGE),
    "*1D*": SEQUENCE,
    "*2D*": IMAGE,
    "*3D*": VOLUME,
    "ConvLSTM1D": FILM_1D,
    "ConvLSTM2D": FILM,
    "ConvLSTM3D": FILM_3D,
    "Cropping3D": (4, 4, 4, 3),
    "RandomColorDegeneration": (3, 3, 3),
    "EinsumDense": SEQUENCE,
    **dict.fromkeys(("SimpleRNN*", "GRU*", "LSTM*", "RNN", "StackedRNNCells"), SEQUENCE),
    **dict.fromkeys(("Bidirectional", "TimeDistributed", "Masking", "Permute"), SEQUENCE),
    **dict.fromkeys(("*Attention",), SEQUENCE),
    **dict.fromkeys(("*Embedding",), TOKENS),
    **dict.fromkeys(("Flatten", "Reshape", "Softmax", "UnitNormalization"), SEQUENCE),
    **dict.fromkeys(("*erNormalization", "BatchNormalization", "GroupNormalization"), SEQUENCE),
    **dict.fromkeys(("RMSNormalization", "PReLU"), SEQUENCE),
    **dict.fromkeys(("MelSpectrogram",), WAVE),
    "STFTSpectrogram": (64, 32),
    **dict.fromkeys(("*Lookup", "Hash*", "TextVectorization", "CategoryEncoding"), ONE),
}
DTYPES = {
    **dict.fromkeys(("*Embedding", "IntegerLookup", "Hash*", "CategoryEncoding"), "int32"),
    **dict.fromkeys(("StringLookup", "TextVectorization"), "string"),
}
MERGES = ("Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract")
# How a layer is called, where not with one tensor.
CALLS = {
    **dict.fromkeys((*MERGES, "Attention", "AdditiveAttention", "HashedCrossing"), "pair"),
    **dict.fromkeys(("MultiHeadAttention", "GroupQueryAttention"), "two"),
    # It crops in training alone: only what takes images of any size can follow.
    "RandomCrop": "pooled",
}

# What layers need, and what is special about their settings.
CONV = {"filters": 2, "kernel_size": 2}
RESIZED = {"height": 6, "width": 6}
BASE = {
    "Activation": {"activation": "tanh"},
    "CenterCrop": {"height": 4, "width": 4},
    "CategoryEncoding": {"num_tokens": 4},
    **dict.fromkeys(("Conv?D", "SeparableConv?D", "ConvLSTM?D"), CONV),
    "Conv2D": {"filters": 3, "kernel_size": 2},
    "Conv?DTranspose": {**CONV, "strides": 2},
    "DepthwiseConv?D": {"kernel_size": 2},
    "Discretization": {"bin_boundaries": (0.2, 0.5)},
    "Dot": {"axes": 1},
    "EinsumDense": {"equation": "abc,cd->abd", "output_shape": (8, 3)},
    "*Embedding": {"input_dim": 5, "output_dim": 3},
    "GroupNormalization": {"groups": 2},
    "GroupQueryAttention": {"head_dim": 2, "num_query_heads": 2, "num_key_value_heads": 1},
    "MultiHeadAttention": {"num_heads": 2, "key_dim": 2},
    "Hash*": {"num_bins": 3},
    "IntegerLookup": {"vocabulary": (1, 2, 3), "max_tokens": 6},
    "Lambda": {"function": twice},
    "MelSpectrogram": {"fft_length": 16, "sequence_stride": 8, "num_mel_bins": 4},
    "Normalization": {"mean": 0.5, "variance": 2.0},
    "Permute": {"dims": (2, 1)},
    "Pipeline": {"layers": [New("layers.Dense", 3), New("layers.Dropout", 0.1)]},
    "RNN": {"cell": New("layers.GRUCell", 3)},
    "RandomCrop": {"height": 4, "width": 4},
    "RepeatVector": {"n": 2},
    "Rescaling": {"scale": 2.0},
    "Reshape": {"target_shape": (4, 8)},
    "Resizing": RESIZED,
    "STFTSpectrogram": {"frame_length": 16, "fft_length": 16},
    "SpectralNormalization": {"layer": New("layers.Dense", 3)},
    "StackedRNNCells": {"cells": [New("layers.GRUCell", 3), New("layers.GRUCell", 2)]},
    "StringLookup": {"vocabulary": ("a", "b"), "max_tokens": 6},
    "TextVectorization": {"vocabulary": ("a", "b", "c"), "output_sequence_length": 3},
    "TimeDistributed": {"layer": New("layers.Dense", 3)},
    "Bidirectional": {"layer": New("layers.GRU", 3)},
}
# What is special about a layer's settings; an empty tuple leaves a setting out.
FACTORS = {"factor": (0.2, 0.4, (0.1, 0.3))}
WINDOWS = ("hann", "hamming", None)
VARIED = {
    "Activation": {"activation": ("relu", "tanh", "softmax", "gelu")},
    "ActivityRegularization": {
        "l1": (0.0, 0.1, 0.3),
        "l2": (0.0, 0.1, 0.3),
        "activity_regularizer": (),
    },
    "Adaptive*2D": {"output_size": (2, 4, (2, 4))},
    "AugMix": {
        "num_chains": (2, 3),
        "chain_depth": (1, 2),
        "alpha": (1.0, 0.5),
        "factor": (0.3, 0.1),
    },
    "*Attention": {
        "score_mode": ("dot", "concat"),
        "num_heads": (1, 2),
        "num_query_heads": (2, 4),
        "num_key_value_heads": (1, 2),
        "head_dim": (2, 3),
        "key_dim": (2, 3),
        "value_dim": (None, 3),
        "output_shape": (None, 3),
        "attention_axes": (None, 1),
    },
    "BatchNormalization": {
        "renorm_clipping": (None, {"rmax": 2.0, "rmin": 0.5, "dmax": 1.0}),
        "renorm_momentum": (0.99, 0.5),
    },
    "Bidirectional": {
        "layer": (New("layers.GRU", 3), New("layers.GRU", 3, "relu"), New("layers.LSTM", 3)),
        "merge_mode": ("concat", "sum", "mul", "ave", None),
        "weights": (),
        "backward_layer": (None, New("layers.GRU", 3, go_backwards=True, activation="relu")),
    },
    "CategoryEncoding": {
        "num_tokens": (3, 4),
        "output_mode": ("multi_hot", "one_hot", "count"),
        "trainable": (),
    },
    "Concatenate": {"axis": (-1, 1)},
    "ContrastLimitedAdaptiveHistogramEqualization": {
        "clip_limit": (4.0, 2.0),
        "tile_grid_size": ((2, 2), (4, 4)),
    },
    "Conv1D": {"padding": ("valid", "same", "causal"), "groups": (1, 2)},
    "Conv2D": {"groups": (1, 3), "filters": (3, 6)},
    "*Conv*Transpose": {"output_padding": (None, 1), "dilation_rate": (1,)},
    "Cropping1D": {"cropping": (1, (1, 2))},
    "Cropping2D": {"cropping": (1, ((1, 0), (0, 2)))},
    "Cropping3D": {"cropping": (1, ((1, 0), (0, 2), (0, 0)))},
    "CutMix": {"factor": (1.0, 0.5)},
    "Dense": {
        "activation": ("linear", "relu", "tanh", "leaky_relu", keras.activations.gelu),
        "*_initializer": ("ones", New("initializers.RandomUniform", seed=1)),
        "*_regularizer": (None, "l1", New("regularizers.L2", 0.1), New("regularizers.L2", 0.3)),
        "*_constraint": (
            *(None, "non_neg", New("constraints.MaxNorm", 2.0), New("constraints.MaxNorm", 3.0)),
            New("constraints.UnitNorm", axis=1),
        ),
    },
    "Discretization": {
        "bin_boundaries": ((0.2, 0.5), (0.3, 0.5), (0.2, 0.5, 0.7)),
        "num_bins": (),
        "epsilon": (0.01, 0.1),
        "output_mode": ("int", "one_hot", "multi_hot", "count"),
    },
    "Dot": {"axes": (1, -1)},
    "ELU": {"alpha": (1.0, 0.5)},
    "EinsumDense": {
        "equation": ("abc,cd->abd", "abc,bcd->abd"),
        "output_shape": ((8, 3), (8, 2)),
        "bias_axes": (None, "d", "bd"),
    },
    "*Embedding": {
        "input_dim": (5, 6),
        "output_dim": (2, 3),
        "weights": (),
        "reverse_dtype": (None, "float64"),
        "logit_soft_cap": (None, 1.0, 30.0),
    },
    "Equalization": {"bins": (256, 16)},
    "Flatten": {},
    "GroupNormalization": {"groups": (1, 2, -1), "axis": (-1, 1)},
    "HashedCrossing": {"num_bins": (3, 4), "output_mode": ("int", "one_hot")},
    "Hashing": {
        "num_bins": (3, 4),
        "mask_value": (None, 1),
        "dtype": (None, "int64"),
        "salt": (None, 3, (1, 2)),
        "output_mode": ("int", "one_hot", "multi_hot", "count"),
    },
    "IntegerLookup": {
        "max_tokens": (None, 6, 7),
        "num_oov_indices": (0, 1, 2),
        "mask_token": (None, 0),
        "oov_token": (-1, -2),
        "vocabulary": ((1, 2, 3), (1, 3, 2), (1, 2)),
        "vocabulary_dtype": ("int64",),
        "idf_weights": (),
        "invert": (False, True),
        "output_mode": ("int", "one_hot", "multi_hot", "count"),
        "pad_to_max_tokens": (False, True),
        "oov_method": ("floormod", "farmhash"),
        "salt": (),
        "activity_regularizer": (),
    },
    "Lambda": {
        "function": (twice, thrice, scaled),
        "output_shape": (None, VECTOR),
        "mask": (None, masked),
        "arguments": (None,),
    },
    "LeakyReLU": {"negative_slope": (0.3, 0.1)},
    "MaxNumBoundingBoxes": {"max_number": (2, 3)},
    "Masking": {"mask_value": (0.0, 0.5)},
    "MelSpectrogram": {
        "fft_length": (16, 32),
        "sequence_stride": (8, 4),
        "sequence_length": (None, 8),
        "window": WINDOWS,
        "sampling_rate": (16000, 8000),
        "num_mel_bins": (4, 8),
        "min_freq": (20.0, 50.0),
        "max_freq": (None, 4000.0),
        "top_db": (80.0, 40.0),
        "mag_exp": (2.0, 1.0),
        "min_power": (1e-10, 1e-3),
        "ref_power": (1.0, 0.5),
    },
    "MixUp": {"alpha": (0.2, 0.4)},
    "Normalization": {
        "axis": (-1, None),
        "mean": (0.5, 0.0),
        "variance": (2.0, 1.0),
    },
    "PReLU": {"shared_axes": (None, (1,))},
    "Permute": {"dims": ((1, 2), (2, 1))},
    "Pipeline": {
        "layers": (
            [New("layers.Dense", 3), New("layers.Dropout", 0.1)],
            [New("layers.Dense", 3, "relu"), New("layers.Dropout", 0.1)],
            [New("layers.Dense", 3), New("layers.Dropout", 0.2)],
        )
    },
    "RNN": {"cell": (New("layers.GRUCell", 3), New("layers.GRUCell", 3, "relu"))},
    "RandAugment": {"num_ops": (2, 1), "factor": (0.5, 0.2)},
    "RandomColorJitter": {"*_factor": (None, 0.1, 0.2)},
    "RandomContrast": FACTORS,
    "RandomCrop": {"height": (4, 5), "width": (4, 5)},
    "RandomElasticTransform": {"factor": (1.0, 0.5), "scale": (1.0, 0.5)},
    "RandomErasing": {"scale": ((0.02, 0.33), (0.1, 0.3)), "fill_value": (None, 0.5)},
    "RandomFlip": {"mode": ("horizontal_and_vertical", "horizontal", "vertical")},
    "RandomGaussianBlur": {"kernel_size": (3, 5), "sigma": (1.0, 0.5)},
    "RandomPerspective": {"scale": (1.0, 0.5)},
    "RandomPosterization": {"factor": (4, 6)},
    "ReLU": {
        "max_value": (None, 1.0, 2.0),
        "negative_slope": (0.0, 0.1, 0.3),
        "threshold": (0.0, 0.5),
    },
    "RepeatVector": {"n": (2, 3)},
    "Rescaling": {"scale": (2.0, 3.0, 1), "offset": (0.0, 1.0)},
    "Reshape": {"target_shape": ((4, 8), (-1, 2))},
    "Resizing": {"interpolation": ("bilinear", "nearest", "bicubic"), "fill_mode": ("constant",)},
    "STFTSpectrogram": {
        "mode": ("log", "magnitude", "angle", "real"),
        "frame_length": (16, 8),
        "frame_step": (None, 8),
        "fft_length": (16, 32),
        "window": WINDOWS,
        "scaling": ("density", "spectrum"),
    },
    "Softmax": {"axis": (-1, 1)},
    "Solarization": {"addition_factor": (0.0, 0.2), "threshold_factor": (0.0, 0.2)},
    "SpectralNormalization": {
        "layer": (New("layers.Dense", 3), New("layers.Dense", 3, "relu")),
        "power_iterations": (1, 2),
    },
    "StackedRNNCells": {
        "cells": (
            [New("layers.GRUCell", 3), New("layers.GRUCell", 2)],
            [New("layers.GRUCell", 3, "relu"), New("layers.GRUCell", 2)],
        )
    },
    "StringLookup": {
        "max_tokens": (None, 6, 7),
        "num_oov_indices": (0, 1, 2),
        "mask_token": (None, "m"),
        "oov_token": ("[UNK]", "o"),
        "vocabulary": (("a", "b"), ("b", "a"), ("a",)),
        "idf_weights": (),
        "invert": (False,),
        "output_mode": ("int", "one_hot", "multi_hot", "count"),
        "pad_to_max_tokens": (False, True),
        "encoding": ("utf-8", "latin-1"),
        "salt": (None, 3),
        "activity_regularizer": (),
    },
    "TextVectorization": {
        "max_tokens": (None, 6),
        "standardize": ("lower_and_strip_punctuation", "lower", "strip_punctuation", None),
        "split": ("whitespace", "character"),
        "ngrams": (None, 2, (1, 3)),
        "output_mode": ("int",),
        "output_sequence_length": (3, 4),
        "pad_to_max_tokens": (False,),
        "vocabulary": (("a", "b", "c"), ("b", "a", "c")),
        "idf_weights": (),
        "ragged": (),
        "encoding": ("utf-8", "latin-1"),
    },
    "TimeDistributed": {"layer": (New("layers.Dense", 3), New("layers.Dense", 3, "relu"))},
    "UnitNormalization": {"axis": (-1, 1)},
    "UpSampling1D": {"size": (2, 3)},
    "UpSampling2D": {"size": (2, 3, (1, 2)), "interpolation": ("nearest", "bilinear")},
    "UpSampling3D": {"size": (1, 2)},
    "ZeroPadding1D": {"padding": (1, 2, (0, 1))},
    "ZeroPadding2D": {"padding": (1, 2, ((0, 1), (1, 0)))},
    "ZeroPadding3D": {"padding": (1, 2)},
}
# Several settings at once.
FAR, IDF = {"oov_method": "farmhash"}, {"output_mode": "tf_idf"}
TOGETHER = {
    "Dense": ({"lora_rank": 1, "lora_alpha": 2.0}, {"lora_rank": 2, "lora_alpha": 2.0}),
    "Discretization": ({"bin_boundaries": None, "num_bins": 3},),
    "IntegerLookup": (
        *({**FAR, "salt": 3}, {**FAR, "salt": 4}),
        *({**IDF, "idf_weights": (1.0, 2.0, 3.0)}, {**IDF, "idf_weights": (1.0, 2.0, 5.0)}),
    ),
    "Lambda": (
        {"function": scaled, "arguments": {"factor": 2.0}},
        {"function": scaled, "arguments": {"factor": 3.0}},
    ),
    "Normalization": ({"mean": (1.0,) * 6, "variance": (2.0,) * 6},),
    "StringLookup": (
        *({**IDF, "idf_weights": (1.0, 2.0)}, {**IDF, "idf_weights": (1.0, 3.0)}),
        {"output_mode": "one_hot", "pad_to_max_tokens": True},
    ),
    "TextVectorization": (
        {"output_mode": "count", "output_sequence_length": None},
        {"output_mode": "multi_hot", "output_sequence_length": None},
        {**IDF, "idf_weights": (1.0, 2.0, 3.0), "output_sequence_length": None},
        {**IDF, "idf_weights": (1.0, 2.0, 4.0), "output_sequence_length": None},
    ),
}
