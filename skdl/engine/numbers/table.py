"""Which settings of Keras's objects are inputs of a compiled program and which are its structure: the table.

Classes are named as Keras exports them, below ``keras``. `model_numbers.py` reads the table; a test
compares it with the constructors of the installed Keras, so that an addition of Keras's is noticed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Input:
    """A constructor argument whose value is an input of a program.

    Attributes
    ----------
    argument : str
        As the constructor and the config call it.
    attribute : str
        Where the object keeps it.
    key : str or None
        The entry, where the attribute is a dict.
    each : bool
        The attribute is a list and every element an input. Its length is structure.
    tested : tuple of float
        What Keras compares the value with in Python. Its code for any other value is taken, so the value
        must not be one of these, unless that code is right for them too.
    positive : bool
        Only a positive value is an input; none, zero and less are structure.
    apart : tuple of float
        Values that are structure, since Keras has code of its own for them.
    floats : bool
        An integer is structure: Keras would compute in integers.
    target : str
        The attribute that a program's replacement of the class reads the number from, if another.
    inside : str
        Where the number is, if it is that of another object, which is listed in its own right.
    """

    argument: str
    attribute: str
    key: str | None = None
    each: bool = False
    tested: tuple[float, ...] = ()
    positive: bool = False
    apart: tuple[float, ...] = ()
    floats: bool = False
    target: str = ""
    inside: str = ""


def _words(text: str) -> list[str]:
    return text.split()


def _plain(*arguments: str) -> tuple[Input, ...]:
    return tuple(Input(argument, argument) for argument in arguments)


def _if_positive(*arguments: str) -> tuple[Input, ...]:
    return tuple(Input(argument, argument, tested=(0.0,), positive=True) for argument in arguments)


def _of_loss(*arguments: str) -> tuple[Input, ...]:
    return tuple(
        Input(argument, "_fn_kwargs", argument, tested=(0.0,) * (argument == "label_smoothing"))
        for argument in arguments
    )


def _of_cell(inside: str = "") -> tuple[Input, ...]:
    # Cells compare these with 0 and 1, so that keras_parts/noise.py reads the positive number elsewhere.
    return tuple(
        Input(
            argument,
            argument,
            positive=True,
            apart=(1.0,),
            target="" if inside else f"_{argument}_rate",
            inside=inside,
        )
        for argument in ("dropout", "recurrent_dropout")
    )


_OF_EVERY_OPTIMIZER = (
    *_plain("weight_decay", "ema_momentum", "loss_scale_factor"),
    *_if_positive("clipnorm", "clipvalue", "global_clipnorm"),
)
_INITIAL_RATE = Input("initial_learning_rate", "initial_learning_rate", floats=True)

INPUTS: Mapping[str, tuple[Input, ...]] = {
    "layers.ActivityRegularization": (
        Input("l1", "l1", inside="its regularizer"),
        Input("l2", "l2", inside="its regularizer"),
    ),
    "layers.AdditiveAttention": _plain("dropout"),
    "layers.AlphaDropout": _plain("rate"),
    "layers.Attention": _plain("dropout"),
    "layers.BatchNormalization": _plain("momentum", "epsilon", "renorm_momentum"),
    "layers.Dropout": _plain("rate"),
    # The general formula of ELU holds for 1 too, which Keras only takes a shorter way for.
    "layers.ELU": (Input("alpha", "alpha", tested=(1.0,)),),
    "layers.GaussianDropout": _plain("rate"),
    "layers.GaussianNoise": _plain("stddev"),
    "layers.GroupNormalization": _plain("epsilon"),
    "layers.GroupQueryAttention": (
        Input("dropout", "dropout", positive=True, inside="its Dropout layer"),
    ),
    "layers.LayerNormalization": _plain("epsilon"),
    "layers.LeakyReLU": _plain("negative_slope"),
    "layers.MultiHeadAttention": (
        Input("dropout", "_dropout", positive=True, inside="its Dropout layer"),
    ),
    "layers.RMSNormalization": _plain("epsilon"),
    "layers.ReLU": (
        # A bound of 6 is an operation of its own, with another gradient at 6.
        Input("max_value", "max_value", tested=(6.0,), apart=(6.0,)),
        *_if_positive("negative_slope", "threshold"),
    ),
    "layers.Rescaling": _plain("scale", "offset"),
    **{
        f"layers.{name}": _of_cell("its cell")
        for name in ("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "GRU", "LSTM", "SimpleRNN")
    },
    **{
        name: _of_cell()
        for name in (
            "layers.GRUCell",
            "layers.LSTMCell",
            "layers.SimpleRNNCell",
            "src.layers.rnn.conv_lstm.ConvLSTMCell",
        )
    },
    "layers.ReversibleEmbedding": _plain("logit_soft_cap"),
    "layers.SpatialDropout1D": _plain("rate"),
    "layers.SpatialDropout2D": _plain("rate"),
    "layers.SpatialDropout3D": _plain("rate"),
    "regularizers.L1": _plain("l1"),
    # Keras leaves a term of strength 0 out; added, it adds 0.
    "regularizers.L1L2": (
        Input("l1", "l1", tested=(0.0,)),
        Input("l2", "l2", tested=(0.0,)),
    ),
    "regularizers.L2": _plain("l2"),
    "regularizers.OrthogonalRegularizer": _plain("factor"),
    "constraints.MaxNorm": _plain("max_value"),
    "constraints.MinMaxNorm": _plain("min_value", "max_value", "rate"),
    # Labels smoothed by 0 are the labels.
    "losses.BinaryCrossentropy": _of_loss("label_smoothing"),
    "losses.BinaryFocalCrossentropy": _of_loss("alpha", "gamma", "label_smoothing"),
    "losses.CategoricalCrossentropy": _of_loss("label_smoothing"),
    "losses.CategoricalFocalCrossentropy": _of_loss("alpha", "gamma", "label_smoothing"),
    "losses.CategoricalGeneralizedCrossEntropy": _of_loss("q"),
    "losses.Circle": _of_loss("gamma", "margin"),
    "losses.Huber": _of_loss("delta"),
    "losses.Tversky": _of_loss("alpha", "beta"),
    "optimizers.Adadelta": _plain("rho", "epsilon") + _OF_EVERY_OPTIMIZER,
    "optimizers.Adafactor": _plain("beta_2_decay", "epsilon_1", "epsilon_2", "clip_threshold")
    + _OF_EVERY_OPTIMIZER,
    "optimizers.Adagrad": _plain("epsilon") + _OF_EVERY_OPTIMIZER,
    "optimizers.Adam": _plain("beta_1", "beta_2", "epsilon") + _OF_EVERY_OPTIMIZER,
    "optimizers.AdamW": _plain("beta_1", "beta_2", "epsilon") + _OF_EVERY_OPTIMIZER,
    "optimizers.Adamax": _plain("beta_1", "beta_2", "epsilon") + _OF_EVERY_OPTIMIZER,
    "optimizers.Ftrl": _plain(
        "learning_rate_power",
        "l1_regularization_strength",
        "l2_regularization_strength",
        "l2_shrinkage_regularization_strength",
        "beta",
    )
    + _OF_EVERY_OPTIMIZER,
    "optimizers.Lamb": _plain("beta_1", "beta_2", "epsilon") + _OF_EVERY_OPTIMIZER,
    "optimizers.Lion": _plain("beta_1", "beta_2") + _OF_EVERY_OPTIMIZER,
    "optimizers.Muon": _plain(
        "adam_beta_1",
        "adam_beta_2",
        "adam_weight_decay",
        "epsilon",
        "muon_a",
        "muon_b",
        "muon_c",
        "adam_lr_ratio",
        "momentum",
        "rms_rate",
    )
    + _OF_EVERY_OPTIMIZER,
    "optimizers.Nadam": _plain("beta_1", "beta_2", "epsilon") + _OF_EVERY_OPTIMIZER,
    "optimizers.RMSprop": _plain("rho", "epsilon") + _if_positive("momentum") + _OF_EVERY_OPTIMIZER,
    "optimizers.SGD": _if_positive("momentum") + _OF_EVERY_OPTIMIZER,
    "optimizers.ScheduleFreeAdamW": _plain("beta_1", "beta_2", "epsilon")
    + _if_positive("warmup_steps")
    + _OF_EVERY_OPTIMIZER,
    "optimizers.schedules.CosineDecay": (
        _INITIAL_RATE,
        *_plain("decay_steps", "alpha", "warmup_target", "warmup_steps"),
    ),
    "optimizers.schedules.CosineDecayRestarts": (
        _INITIAL_RATE,
        *_plain("first_decay_steps"),
        Input("t_mul", "_t_mul"),
        Input("m_mul", "_m_mul"),
        *_plain("alpha"),
    ),
    "optimizers.schedules.ExponentialDecay": (
        _INITIAL_RATE,
        *_plain("decay_steps", "decay_rate"),
    ),
    "optimizers.schedules.InverseTimeDecay": (
        _INITIAL_RATE,
        *_plain("decay_steps", "decay_rate"),
    ),
    "optimizers.schedules.PiecewiseConstantDecay": (
        Input("boundaries", "boundaries", each=True),
        Input("values", "values", each=True, floats=True),
    ),
    "optimizers.schedules.PolynomialDecay": (
        _INITIAL_RATE,
        *_plain("decay_steps", "end_learning_rate", "power"),
    ),
}

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


@dataclass(frozen=True)
class TableRow:
    """A line of the documented table.

    Attributes
    ----------
    kind : str
        The class, as Keras exports it; empty for every class with that argument.
    argument : str
        Of its constructor; empty for all of them.
    role : {"input", "structure"}
    reason : str
    """

    kind: str
    argument: str
    role: Literal["input", "structure"]
    reason: str


def number_table() -> list[TableRow]:
    """The table of settings, each an input or structure, with the reason.

    Returns
    -------
    list of TableRow
        Inputs first, then structure, special before common.

    Examples
    --------
    >>> from skdl.engine.numbers.table import number_table
    >>> [row.role for row in number_table() if (row.kind, row.argument) == ("optimizers.SGD", "momentum")]
    ['input']
    """
    return list(_rows())


def _rows() -> Iterator[TableRow]:
    for kind, inputs in INPUTS.items():
        for one in inputs:
            yield TableRow(kind, one.argument, "input", _note(one))
    for argument, reason in VARIABLES.items():
        yield TableRow("", argument, "input", reason)
    for kind, arguments in STRUCTURE.items():
        for argument, reason in arguments.items():
            yield TableRow(kind, argument, "structure", reason)
    for kind, reason in WHOLE_STRUCTURE.items():
        yield TableRow(kind, "", "structure", reason)
    for argument, reason in COMMON_STRUCTURE.items():
        yield TableRow("", argument, "structure", reason)


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
