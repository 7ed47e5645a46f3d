"""The loss, the metrics and the optimizer of a compiled Keras model, as the kernel describes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

from skdl.common.keras_import import load_keras
from skdl.engine.kernel.description import Average, Layer, Loss, Metric, Optimizer
from skdl.engine.kernel.names import LINKS, UnknownToKernelError, single
from skdl.engine.kernel.optimizer_state import Places, places_of

if TYPE_CHECKING:
    import keras

_PLAIN_LOSSES = (
    *("mean_squared_error", "mean_absolute_error", "huber", "log_cosh", "poisson"),
    *("mean_absolute_percentage_error", "mean_squared_logarithmic_error", "kl_divergence"),
    *("hinge", "squared_hinge", "categorical_hinge", "categorical_focal_crossentropy"),
)
_WITH_EPSILON = (
    *("poisson", "kl_divergence", "mean_absolute_percentage_error"),
    "mean_squared_logarithmic_error",
)
_CLASSES = {
    "kl_divergence": "KLDivergence",
    "log_cosh": "LogCosh",
}


def read_loss(model: keras.Model, last: Layer | None) -> Loss:
    """The loss, with the activation of the last layer in it where Keras computes it so.

    Parameters
    ----------
    model : keras.Model
    last : Layer or None
        The last layer; None if Keras has a layer behind it, by which the loss does not find the activation.
    """
    given, loss = load_keras().losses, model.loss
    if model._compile_loss is None or model._compile_loss._user_loss_weights is not None:
        raise UnknownToKernelError("the loss is weighted, or there is none")
    if isinstance(loss, str):
        try:
            loss = given.get(loss)
        except ValueError as error:
            raise UnknownToKernelError(f"Keras knows no loss {loss}") from error
    names = [*_PLAIN_LOSSES, *LINKS]
    by_class = {getattr(given, _class_name(name)): name for name in names}
    by_function = {getattr(given, name): name for name in names}
    if isinstance(loss, type) and loss in by_class:
        loss = loss()
    if type(loss) in by_class:
        # The config of a Huber loss does not tell its delta.
        name, config = by_class[type(loss)], {**loss.get_config(), **loss._fn_kwargs}
        if loss.dtype != load_keras().config.floatx():
            raise UnknownToKernelError(f"the loss is of type {loss.dtype}")
    elif isinstance(loss, FunctionType) and loss in by_function:
        name, config = by_function[loss], {}
    else:
        raise UnknownToKernelError("the kernel does not have the loss")
    if config.get("reduction", "sum_over_batch_size") != "sum_over_batch_size":
        raise UnknownToKernelError(f"the loss has the reduction {config['reduction']!r}")
    if config.get("ignore_class") is not None or config.get("axis", -1) != -1:
        raise UnknownToKernelError("the loss ignores a class, or has an axis of its own")
    from_logits = bool(config.get("from_logits", False))
    kind, numbers = _kind_of_loss(name, config)
    link = LINKS.get(name)
    if link is None:
        if from_logits:
            raise UnknownToKernelError("the loss takes logits")
        return Loss(kind, numbers)
    of_logits = last is not None and last.kind == link
    if last is None or of_logits == from_logits:
        raise UnknownToKernelError(f"the loss takes probabilities that no {link} gives")
    return Loss(kind, numbers, of_logits)


def known_losses() -> list[str]:
    """The names of the classes of losses that the kernel takes."""
    return [_class_name(name) for name in (*_PLAIN_LOSSES, *LINKS)]


def known_metrics() -> list[str]:
    """The names of the classes of metrics that the kernel takes."""
    return [*map(_class_name, _FUNCTIONS), "RootMeanSquaredError", "R2Score", "AUC"]


def known_optimizers() -> list[str]:
    """The names of the classes of optimizers that the kernel takes."""
    return [kind.__name__ for kind in _optimizers()]


def _class_name(name: str) -> str:
    return _CLASSES.get(name, "".join(part.capitalize() for part in name.split("_")))


def _kind_of_loss(name: str, config: dict[str, Any]) -> tuple[str, tuple[float, ...]]:
    """The piece of a loss and its numbers."""
    small = load_keras().config.epsilon()
    smoothing = float(config.get("label_smoothing", 0.0))
    if name in ("hinge", "squared_hinge"):
        return "hinge", (float(name != "hinge"),)
    if name == "huber":
        return name, (float(config.get("delta", 1.0)),)
    if name in _WITH_EPSILON:
        return name, (small,)
    gamma, alpha = config.get("gamma", 2.0), config.get("alpha", 0.25)
    if not all(isinstance(number, (int, float)) for number in (gamma, alpha)):
        raise UnknownToKernelError("the loss weights each class by itself")
    gamma, alpha = float(gamma), float(alpha)
    if name == "categorical_focal_crossentropy":
        return name, (smoothing, gamma, alpha, small)
    if name == "binary_focal_crossentropy":
        return name, (smoothing, gamma, alpha if config.get("apply_class_balancing") else -1.0)
    return name, (smoothing,) if name in LINKS else ()


_FUNCTIONS = (
    *("sparse_categorical_accuracy", "categorical_accuracy", "binary_accuracy"),
    *("mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error"),
    "mean_squared_logarithmic_error",
)


def read_metrics(model: keras.Model, last: Layer) -> Iterator[Metric]:
    """The metrics, which have met data, of a model with such a last layer."""
    compiled = model._compile_metrics
    if compiled is None:
        return
    groups = ((compiled._flat_metrics, False), (compiled._flat_weighted_metrics, True))
    found = [
        (*_kind_of_metric(metric, last), weighted)
        for group, weighted in groups
        for held in group
        for metric in ([] if held is None else held.metrics)
    ]
    names = list(compiled.result())
    if len(names) != len(found) or "loss" in names:
        raise UnknownToKernelError("curves share a name")
    for name, made in zip(names, found, strict=True):
        yield Metric(name, *made)


def _kind_of_metric(metric: Any, last: Layer) -> tuple[str, tuple[float, ...]]:
    """The piece of a metric and its numbers."""
    given, small = load_keras().metrics, load_keras().config.epsilon()
    kind = type(metric)
    if metric.dtype != load_keras().config.floatx():
        raise UnknownToKernelError(f"the metric {metric.name} is of type {metric.dtype}")
    if kind is given.RootMeanSquaredError:
        return "root_mean_squared_error", ()
    if kind is given.R2Score:
        if metric.class_aggregation is None:
            raise UnknownToKernelError(f"the metric {metric.name} has a value for each column")
        if metric.num_regressors:
            # Keras asks a tensor in an `if`, and so raises where it traces a step.
            raise UnknownToKernelError(f"the metric {metric.name} is adjusted")
        return "r2_score", (float(metric.class_aggregation == "variance_weighted_average"),)
    if kind is given.AUC:
        _check_auc(metric, last)
        return "auc", (float(metric.num_thresholds),)
    by_class = {getattr(given, _class_name(name)): name for name in _FUNCTIONS}
    by_function = {getattr(given, name): name for name in _FUNCTIONS}
    name = by_class.get(kind)
    if kind is given.MeanMetricWrapper:
        name = by_function.get(metric._fn)
    if name is None:
        raise UnknownToKernelError(f"the kernel has no metric {metric.name}")
    options = dict(metric._fn_kwargs)
    threshold = options.pop("threshold", 0.5)
    if options or threshold is None:
        raise UnknownToKernelError(f"the metric {metric.name} has arguments of its own")
    if name == "binary_accuracy":
        return name, (float(threshold),)
    return name, (small,) if name in _WITH_EPSILON else ()


def _check_auc(metric: Any, last: Layer) -> None:
    """Raise where the kernel's buckets and trapezoids are not what an AUC is made of."""
    if (metric.curve.value, metric.summation_method.value) != ("ROC", "interpolation"):
        raise UnknownToKernelError(f"the metric {metric.name} is no area of ROC by trapezoids")
    if metric.multi_label or metric.label_weights is not None:
        raise UnknownToKernelError(f"the metric {metric.name} tells labels apart")
    # Below 0 lies the first threshold, unless Keras's small number is 0.
    if not metric._thresholds_distributed_evenly or metric._thresholds[0] >= 0:
        raise UnknownToKernelError(f"the metric {metric.name} has thresholds of its own")
    if metric._from_logits or last.kind not in ("sigmoid", "softmax"):
        raise UnknownToKernelError(
            f"the metric {metric.name} takes logits, or what no sigmoid or softmax gives"
        )


def read_optimizer(model: keras.Model, order: Sequence[int]) -> Optimizer:
    """The optimizer.

    Parameters
    ----------
    model : keras.Model
    order : sequence of int
        The places of the trained weights among the trainable variables, as the layers have them.
    """
    read = _optimizers().get(type(model.optimizer))
    if read is None:
        raise UnknownToKernelError(f"the kernel has no optimizer {type(model.optimizer).__name__}")
    if model.optimizer.built:
        known = [id(variable) for variable in model.optimizer._trainable_variables]
        if known != [id(variable) for variable in model.trainable_variables]:
            raise UnknownToKernelError(
                "the optimizer was built for other variables than are trained"
            )
    made = model.optimizer
    rate = made._learning_rate
    if callable(rate) or isinstance(rate, load_keras().optimizers.schedules.LearningRateSchedule):
        raise UnknownToKernelError("the learning rate is a schedule of Keras's")
    if made.gradient_accumulation_steps or made.loss_scale_factor:
        raise UnknownToKernelError("the optimizer accumulates slopes, or scales the loss")
    trained = {made._var_key(variable) for variable in model.trainable_variables}
    if not set(vars(made).get("_exclude_from_weight_decay", ())) <= trained:
        raise UnknownToKernelError("the optimizer excludes variables that are not trained")
    read_one = read(made)
    places = places_of(
        order, read_one.groups, len(read_one.first_memory), averages=bool(made.use_ema)
    )
    clips = {
        "clip_by_norm": made.clipnorm,
        "clip_by_global_norm": made.global_clipnorm,
        "clip_by_value": made.clipvalue,
    }
    clip = next((name for name, limit in clips.items() if limit and limit > 0), None)
    average = None
    if made.use_ema:
        frequency = int(made.ema_overwrite_frequency or 0)
        average = Average(float(made.ema_momentum), frequency, places.average)
    if made.built:
        _check_places(made, read_one, places, order)
    first_slots = (*read_one.first_slots, *[0.0] * len(places.slots))[: len(places.slots)]
    return Optimizer(
        read_one.kind,
        tuple(map(float, read_one.numbers)),
        places.slots,
        first_slots,
        places.memory,
        read_one.first_memory,
        clip,
        float(clips[clip]) if clip else 0.0,
        single(made.weight_decay or 0.0),
        average,
    )


def _check_places(made: Any, read_one: _Read, places: Places, order: Sequence[int]) -> None:
    """Raise where a built optimizer has its variables at other places: settings changed since."""
    known, lists = list(made.variables), [vars(made).get(name) or [] for name in read_one.slots]
    count = 2 + len(places.average) + sum(map(len, places.slots)) + len(places.memory)
    same = len(known) == count and all(
        len(values) == len(order)
        and all(known[place] is values[one] for place, one in zip(slot, order, strict=True))
        for slot, values in zip(places.slots, lists, strict=True)
    )
    if not same:
        raise UnknownToKernelError("the optimizer was built with other settings")


class _Read(NamedTuple):
    """The piece of an optimizer with its numbers, and the names and groups of its slots."""

    kind: str
    numbers: tuple[float, ...]
    slots: tuple[str, ...] = ()
    groups: tuple[int, ...] = ()
    first_slots: tuple[float, ...] = ()
    first_memory: tuple[float, ...] = ()


def _optimizers() -> dict[type, Callable[[Any], _Read]]:
    given = load_keras().optimizers

    def sgd(one: Any) -> _Read:
        if not one.momentum:
            return _Read("sgd", ())
        return _Read("sgd_with_momentum", (one.momentum, float(one.nesterov)), ("momentums",), (1,))

    def rmsprop(one: Any) -> _Read:
        momentum = max(one.momentum, 0.0)  # Keras takes a negative one for none
        numbers = (one.rho, one.epsilon, momentum, float(one.centered))
        names = ["_velocities"]
        names += ["_momentums"] if momentum else []
        names += ["_average_gradients"] if one.centered else []
        return _Read("rmsprop", numbers, tuple(names), (1,) * len(names))

    def adam(one: Any) -> _Read:
        numbers, names = (one.beta_1, one.beta_2, one.epsilon), ("_momentums", "_velocities")
        if one.amsgrad:
            return _Read("amsgrad", numbers, (*names, "_velocity_hats"), (2, 1))
        return _Read("adam", numbers, names, (2,))

    def adamax(one: Any) -> _Read:
        return _Read("adamax", (one.beta_1, one.beta_2, one.epsilon), ("_m", "_u"), (2,))

    def nadam(one: Any) -> _Read:
        numbers, names = (one.beta_1, one.beta_2, one.epsilon), ("_momentums", "_velocities")
        return _Read("nadam", numbers, names, (2,), first_memory=(1.0,))

    def adagrad(one: Any) -> _Read:
        first = single(one.initial_accumulator_value)
        return _Read("adagrad", (one.epsilon,), ("_accumulators",), (1,), (first,))

    def adadelta(one: Any) -> _Read:
        names = ("_accumulated_grads", "_accumulated_delta_vars")
        return _Read("adadelta", (one.rho, one.epsilon), names, (2,))

    def lion(one: Any) -> _Read:
        return _Read("lion", (single(one.beta_1), single(one.beta_2)), ("_momentums",), (1,))

    def ftrl(one: Any) -> _Read:
        numbers = (
            one.learning_rate_power,
            one.l1_regularization_strength,
            one.l2_regularization_strength,
            one.beta,
            one.l2_shrinkage_regularization_strength,
        )
        first = (single(one.initial_accumulator_value), 0.0)
        return _Read("ftrl", numbers, ("_accumulators", "_linears"), (2,), first)

    return {
        given.SGD: sgd,
        given.RMSprop: rmsprop,
        given.Adam: adam,
        given.AdamW: adam,
        given.Adamax: adamax,
        given.Nadam: nadam,
        given.Adagrad: adagrad,
        given.Adadelta: adadelta,
        given.Lion: lion,
        given.Ftrl: ftrl,
    }
