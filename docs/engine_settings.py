"""Why settings of Keras's objects are no inputs of a compiled program, and the rows of the page's table.

Classes are named as in `skdl.engine.numbers.table`, which has the inputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from skdl.engine.numbers.table import INPUTS, Input


def _words(text: str) -> list[str]:
    return text.split()


_FIRST_STATE = "sets the optimizer's first state and is in no step"

STRUCTURE: Mapping[str, Mapping[str, str]] = {
    "layers.BatchNormalization": {"renorm_clipping": "a dict, read in Python"},
    "layers.GroupQueryAttention": {"flash_attention": "picks the kernel"},
    "layers.Masking": {"mask_value": "says which values are padding, which the data decide"},
    "layers.MultiHeadAttention": {"flash_attention": "picks the kernel"},
    "layers.Normalization": {
        "mean": "made into an array when the layer is built",
        "variance": "made into an array when the layer is built",
    },
    "losses.SparseCategoricalCrossentropy": {"ignore_class": "a class, compared with labels"},
    "optimizers.Adagrad": {"initial_accumulator_value": _FIRST_STATE},
    "optimizers.Ftrl": {"initial_accumulator_value": _FIRST_STATE},
    "optimizers.LossScaleOptimizer": {
        "initial_scale": _FIRST_STATE,
        "dynamic_growth_steps": "a count of steps, compared with a counter",
    },
    "optimizers.MultiOptimizer": {"loss_scale_factor": "handed on to its optimizers"},
    "optimizers.Muon": {
        "ns_steps": "a loop unrolled in the graph",
        "exclude_layers": "names of layers",
    },
}

# The same for every class that has the argument and does not list it above.
_SHAPE = "shapes the graph"
_OBJECT = "an object or a function; its own numbers are in this table"
_INITIAL = "initial weights are inputs, and no initializer is in the program"
COMMON_STRUCTURE: Mapping[str, str] = {
    **dict.fromkeys(
        _words("""
            attention_axes axes axis batch_shape batch_size bias_axes data_format
            depth_multiplier dilation_rate dims equation filters groups head_dim input_dim
            key_dim kernel_size n noise_shape num_heads num_key_value_heads num_query_heads
            output_dim output_padding output_shape output_size padding pool_size
            power_iterations ragged reverse_dtype shape shared_axes size sliding_window sparse
            strides target_shape units value_dim
        """),
        _SHAPE,
    ),
    **dict.fromkeys(
        _words("""
            activation arguments backward_layer cell cells function inner_optimizer input_tensor
            layer mask optimizer_map
        """),
        _OBJECT,
    ),
    "*_regularizer": _OBJECT,
    "*_constraint": _OBJECT,
    "*_initializer": _INITIAL,
    "weights": _INITIAL,
    "seed": "noise is drawn from the seed of the fit, an input",
    "lora_rank": "LoRA is switched on after building and is a layer of its own",
    "lora_alpha": "LoRA is switched on after building and is a layer of its own",
    "quantization_config": "a quantized layer is a layer of its own",
    "gptq_unpacked_column_size": "a quantized layer is a layer of its own",
    "gradient_accumulation_steps": "a count of steps, compared in Python",
    "ema_overwrite_frequency": "a count of steps, compared in Python",
}

_AUGMENTATION = "augmentation: its settings are drawn from and compared in Python"
_PREPROCESSING = "a fixed transform of the data, worked out when the layer is made"
_FOREIGN = "code of another framework"
WHOLE_STRUCTURE: Mapping[str, str] = {
    **{
        f"layers.{name}": _AUGMENTATION
        for name in _words("""
            AugMix AutoContrast CenterCrop ContrastLimitedAdaptiveHistogramEqualization CutMix
            Equalization MaxNumBoundingBoxes MixUp Pipeline RandAugment RandomBrightness
            RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop
            RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale
            RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation
            RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom Resizing
            Solarization
        """)
    },
    **{
        f"layers.{name}": _PREPROCESSING
        for name in _words("""
            CategoryEncoding Discretization HashedCrossing Hashing IntegerLookup MelSpectrogram
            STFTSpectrogram StringLookup TextVectorization
        """)
    },
    **{
        f"layers.{name}": _FOREIGN
        for name in ("FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper")
    },
}

# Inputs already, as variables of the object and not as numbers.
VARIABLES: Mapping[str, str] = {"learning_rate": "a variable of the optimizer, part of its state"}


def rows(role: Literal["input", "structure"]) -> Iterator[tuple[str, str, str]]:
    """The settings with that role, special before common: class, argument and reason.

    The class is empty for every class that has the argument, and the argument for all of a class.
    """
    if role == "input":
        for kind, inputs in INPUTS.items():
            for one in inputs:
                yield kind, one.argument, _note(one)
        for argument, reason in VARIABLES.items():
            yield "", argument, reason
        return
    for kind, arguments in STRUCTURE.items():
        for argument, reason in arguments.items():
            yield kind, argument, reason
    for kind, reason in WHOLE_STRUCTURE.items():
        yield kind, "", reason
    for argument, reason in COMMON_STRUCTURE.items():
        yield "", argument, reason


def _note(one: Input) -> str:
    notes = [f"that of {one.inside}"] if one.inside else []
    if one.positive:
        notes.append("structure where it is None or not positive")
    notes += [f"structure where it is {value:g}" for value in one.apart]
    if one.each:
        notes.append("the length of the list is structure")
    if one.floats:
        notes.append("structure where it is an integer")
    return "; ".join(notes)
