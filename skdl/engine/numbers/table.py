"""Which settings of Keras's objects are inputs of a compiled program: the table.

Classes are named as Keras exports them, below ``keras``. `model_numbers.py` reads the table. What it does not
have is structure, and ``docs/engine_settings.py`` says why; a test compares both with the constructors of the
installed Keras, so that an addition of Keras's is noticed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


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
