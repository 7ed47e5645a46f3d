"""What networks are trained with, with every setting varied: losses, metrics, optimizers and the like."""

from __future__ import annotations

import inspect

import keras

from tests.engine.zoo_of_keras import Item, classes_of, is_same
from tests.engine.zoo_settings import SEQUENCE, VECTOR, New, of_name

layers = keras.layers
VALUES = {
    "name": (None, "one"),
    "dtype": (None, "float64"),
    # Of losses and metrics.
    **dict.fromkeys(("from_logits", "apply_class_balancing", "remove_diagonal"), (False, True)),
    "label_smoothing": (0.0, 0.1, 0.3),
    "axis": (-1, 0),
    "reduction": ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight"),
    "ignore_class": (None, 0, 1),
    # Beside their defaults.
    **dict.fromkeys(("alpha", "beta", "q", "margin"), (0.3,)),
    **dict.fromkeys(("gamma", "delta"), (3.0,)),
    "thresholds": (None, 0.3, [0.2, 0.6]),
    "threshold": (None, 0.5, 0.3),
    "num_thresholds": (200, 10, 20),
    "curve": ("ROC", "PR"),
    "summation_method": ("interpolation", "minoring", "majoring"),
    "label_weights": (None,),
    "num_labels": (None,),
    "multi_label": (False, True),
    "average": (None, "micro", "macro", "weighted"),
    "class_aggregation": ("uniform_average", "variance_weighted_average", None),
    "num_regressors": (0, 1),
    "class_id": (None, 0, 1),
    "top_k": (None, 1, 2),
    "k": (1, 2),
    "from_sorted_ids": (False, True),
    "num_classes": (3, 4),
    "target_class_ids": ((0, 1), (1, 2), (0,)),
    **dict.fromkeys(("sparse_y_true", "sparse_y_pred"), (False, True)),
    **dict.fromkeys(("recall", "precision", "specificity", "sensitivity"), (0.5, 0.7)),
    "fn": (keras.losses.mean_squared_error, keras.losses.mean_absolute_error),
    # Of optimizers.
    "learning_rate": (0.01, 0.1),
    "weight_decay": (None, 0.1),
    **dict.fromkeys(("clipnorm", "clipvalue", "global_clipnorm"), (None, 0.5)),
    **dict.fromkeys(("use_ema", "amsgrad", "centered", "nesterov"), (False, True)),
    "ema_momentum": (0.99, 0.5),
    "ema_overwrite_frequency": (None,),
    "loss_scale_factor": (None, 2.0),
    "gradient_accumulation_steps": (None, 2, 3),
    "initial_accumulator_value": (0.1, 0.5),
    "relative_step": (True, False),
    "momentum": (0.0, 0.5),
    "*beta_?": (0.8,),
    "rho": (0.8,),
    "epsilon*": (1e-7, 1e-3),
    "beta_2_decay": (-0.8, -0.5),
    "clip_threshold": (1.0, 0.5),
    "learning_rate_power": (-0.5, -0.3),
    "*_strength": (0.0, 0.1, 0.2),
    "warmup_steps": (0, 2, 3),
    "exclude_layers": (None, ["dense"], ["other"]),
    "exclude_embeddings": (True, False),
    "adam_*": (0.2,),
    "muon_?": (2.0,),
    "ns_steps": (5, 3),
    "rms_rate": (0.2, 0.3),
    "inner_optimizer": (New("optimizers.SGD", 0.1), New("optimizers.Adam", 0.1)),
    "initial_scale": (32768.0, 1024.0),
    "dynamic_growth_steps": (2000, 2),
    # Of regularizers, constraints, initializers and schedules.
    **dict.fromkeys(("l1", "l2", "factor"), (0.0, 0.1, 0.3)),
    "mode": ("rows", "columns", "fan_in", "fan_out"),
    "max_value": (2.0, 3.0),
    "min_value": (0.0, 0.5),
    "rate": (1.0, 0.5),
    "value": (0.0, 0.5),
    "gain": (1.0, 0.5),
    "seed": (None, 1),
    **dict.fromkeys(("mean", "minval"), (0.0, -0.1)),
    **dict.fromkeys(("stddev", "maxval", "scale"), (0.05, 0.1)),
    "distribution": ("truncated_normal", "uniform"),
    **dict.fromkeys(("input_axes", "output_axes"), (None,)),
    "initial_learning_rate": (0.1, 0.2),
    "*decay_steps": (10, 20),
    "decay_rate": (0.9, 0.5),
    **dict.fromkeys(("staircase", "cycle"), (False, True)),
    "t_mul": (2.0, 1.5),
    "m_mul": (1.0, 0.9),
    "warmup_target": (None, 0.2),
    "end_learning_rate": (1e-4, 1e-3),
    "power": (1.0, 0.5),
    "boundaries": ([2, 5], [3, 5]),
    "values": ([0.3, 0.2, 0.1], [0.3, 0.2, 0.05]),
}
SPECIAL = {
    "losses.*": {"name": ("loss",)},
    "losses.Dice": {"axis": (None, -1)},
    "losses.Tversky": {"axis": (None, -1)},
    "metrics.*": {"axis": (-1, 0), "beta": (1.0, 0.5)},
    "metrics.IoU": {"axis": (-1,)},
    "metrics.MeanIoU": {"axis": (-1,)},
    "metrics.OneHot*": {"axis": (-1,)},
    "metrics.AUC": {"thresholds": (None, [0.3], [0.2, 0.6])},
    "metrics.BinaryAccuracy": {"threshold": (0.5, 0.3)},
    "metrics.BinaryIoU": {"target_class_ids": ((0, 1), (1,)), "threshold": (0.5, 0.3)},
    "regularizers.OrthogonalRegularizer": {"mode": ("rows", "columns")},
    "constraints.*": {"axis": (0, 1)},
    "initializers.VarianceScaling": {"mode": ("fan_in", "fan_out", "fan_avg")},
    "optimizers.SGD": {
        "weight_decay": (None, 0.1, 0.2),
        "clip*": (None, 0.5, 1.0),
        "global_clipnorm": (None, 0.5, 1.0),
        "loss_scale_factor": (None, 2.0, 4.0),
        "momentum": (0.0, 0.5, 0.9),
    },
    "optimizers.AdamW": {"weight_decay": (0.1, 0.2)},
    "optimizers.Muon": {"weight_decay": (0.1, 0.2)},
    "optimizers.schedules.*": {"alpha": (0.0, 0.1), "name": ("", "one")},
    "optimizers.schedules.CosineDecay": {"warmup_steps": (0,)},
}
NOT_TRIED = {
    "losses.CTC": "takes sequences of labels",
    "metrics.Mean": "takes no targets",
    "metrics.Sum": "takes no targets",
    "initializers.STFT": "makes kernels of one layer only",
    "optimizers.MultiOptimizer": "takes layers, which belong to one network",
    "optimizers.Optimizer": "is the base of the others",
}
EMA = {"use_ema": True, "ema_overwrite_frequency": 2}
TOGETHER = {
    "metrics.AUC": (
        {"multi_label": True, "num_labels": 3, "label_weights": (0.2, 0.3, 0.5)},
        {"multi_label": True, "num_labels": 3, "label_weights": (0.3, 0.3, 0.4)},
    ),
    "optimizers.LossScaleOptimizer": (),
    "optimizers.[A-Z]*": (
        EMA,
        {**EMA, "ema_momentum": 0.5},
        {**EMA, "ema_overwrite_frequency": 3},
    ),
    "optimizers.schedules.CosineDecay": (
        {"warmup_target": 0.2, "warmup_steps": 3},
        {"warmup_target": 0.2, "warmup_steps": 4},
    ),
    "initializers.VarianceScaling": (
        {"input_axes": (0,), "output_axes": (1,)},
        {"input_axes": (1,), "output_axes": (0,)},
    ),
}
# Losses and metrics of class numbers.
SPARSE = ("Sparse*", "CategoricalGeneralizedCrossEntropy", "Circle", "IoU", "MeanIoU")


def one_dense(loss="mse", optimizer="sgd", metrics=(), **options):
    """A network without hidden layers, which nothing fills up."""
    options = {"activation": "sigmoid", **options}
    model = keras.Sequential([keras.Input(VECTOR), layers.Dense(6, **options)])
    model.compile(optimizer, loss, metrics=list(metrics))
    return model


PLACES = {
    "losses": (keras.Loss, lambda made: one_dense(loss=made)),
    "metrics": (keras.Metric, lambda made, **told: one_dense(metrics=[made], **told)),
    "optimizers": (keras.Optimizer, lambda made: one_dense(optimizer=made)),
    "regularizers": (keras.Regularizer, lambda made: one_dense(kernel_regularizer=made)),
    "constraints": (keras.constraints.Constraint, lambda made: one_dense(kernel_constraint=made)),
    "initializers": (keras.Initializer, lambda made: one_dense(kernel_initializer=made)),
    "optimizers.schedules": (
        keras.optimizers.schedules.LearningRateSchedule,
        lambda made: one_dense(optimizer=keras.optimizers.SGD(made)),
    ),
}
# What these do is in the graph of the loss, or in no graph.
IN_THE_LOSS = ("losses", "regularizers", "initializers")


def training_item(place, name, kind, network):
    special = {}
    for pattern in (f"{place}.*", f"{place}.{name}"):
        special |= SPECIAL.get(pattern, {})
    base, varied = {}, {}
    for argument, parameter in inspect.signature(kind.__init__).parameters.items():
        if argument == "self" or parameter.kind in (
            parameter.VAR_KEYWORD,
            parameter.VAR_POSITIONAL,
        ):
            continue
        values = of_name(special, argument) or of_name(VALUES, argument)
        assert values is not None, f"{place}.{name}({argument}) has no values: add some to VALUES."
        default = parameter.default
        if default is parameter.empty:
            default = base.setdefault(argument, values[0])
        varied[argument] = tuple(value for value in values if not is_same(value, default))
    sparse = of_name(dict.fromkeys(SPARSE, True), name)
    # The loss that a metric stands beside takes the targets that the metric takes.
    told = {"loss": "sparse_categorical_crossentropy"} if sparse and place == "metrics" else {}
    return Item(
        f"{place}.{name}",
        lambda **settings: network(kind(**settings), **told),
        base,
        varied,
        of_name(TOGETHER, f"{place}.{name}") or (),
        targets="classes" if sparse else "numbers",
        gradients=place not in IN_THE_LOSS,
    )


def compile_item():
    """What `keras.Model.compile` is told, of a network of two outputs."""

    def make(**settings):
        x = keras.Input(VECTOR)
        outputs = [layers.Dense(2, name=name)(x) for name in ("a", "b")]
        model = keras.Model(x, outputs)
        model.compile(**settings)
        return model

    return Item(
        "compile",
        make,
        {"optimizer": "sgd", "loss": ["mse", "mse"]},
        {
            "optimizer": ("adam", New("optimizers.SGD", 0.1, momentum=0.5)),
            "loss": (["mse", "mae"], {"a": "mse", "b": "mae"}, [New("losses.Huber", 0.5), "mse"]),
            "loss_weights": ([1.0, 0.5], [1.0, 0.2], [0.5, 1.0], {"a": 0.5, "b": 0.1}),
            "metrics": ([["mae"], []], [[], ["mae"]], {"a": ["mse"]}, [["mae", "mse"], ["mae"]]),
            "weighted_metrics": ([["mae"], []], [[], ["mae"]]),
            "run_eagerly": (True,),
            "steps_per_execution": (2,),
            "jit_compile": (False,),
            "auto_scale_loss": (False,),
        },
    )


def input_item():
    """What `keras.Input` is told."""

    def make(**settings):
        x = keras.Input(**settings)
        model = keras.Model(x, layers.Dense(2)(layers.Rescaling(1.0)(layers.Flatten()(x))))
        model.compile("sgd", "mse")
        return model

    varied = {
        "shape": ((5,), (6, 1)),
        "batch_size": (4,),
        "dtype": ("float64", "int32"),
        "name": ("one",),
        "optional": (True,),
    }
    return Item("Input", make, {"shape": VECTOR}, varied)


def activation_item():
    """Every activation function of Keras that needs no further argument."""
    names = sorted(
        name
        for name, part in vars(keras.activations).items()
        if inspect.isfunction(part) and name not in ("get", "serialize", "deserialize", "threshold")
    )

    def make(activation):
        model = keras.Sequential(
            [keras.Input(SEQUENCE), layers.Dense(4, activation), layers.Flatten(), layers.Dense(2)]
        )
        model.compile("sgd", "mse")
        return model

    by_name = tuple(name for name in names if name != "glu")
    functions = tuple(getattr(keras.activations, name) for name in by_name)
    varied = {"activation": (*by_name, *functions)}
    return Item("activations", make, {"activation": None}, varied, gradients=False)


def training_items():
    """An item for each class that Keras exports, and for what is no class."""
    found = [
        training_item(place, name, kind, network)
        for place, (base, network) in PLACES.items()
        for name, kind in classes_of(place, base).items()
        if f"{place}.{name}" not in NOT_TRIED
    ]
    return [*found, compile_item(), input_item(), activation_item()]
