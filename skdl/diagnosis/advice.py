"""What to change next against each fault: which parameter, in which direction, to which usual values.

The order is that of the literature: the learning rate before anything else, then the length of training, then
the size of the network and how it is held back. A setting that is in use already is not recommended.
"""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Learning rates that are rarely right: low ones, high ones, and high ones of plain gradient descent, which
# takes its steps as they come. Then those between which to search.
LOW_RATE, HIGH_RATE, HIGH_SGD_RATE = 5e-4, 3e-2, 3e-1
USUAL_RATES = (1e-4, 1e-1)
# A training step of more rows is no longer calmer by much.
LARGE_BATCH = 256
# More dropout than this hides most of what the network knows.
MOST_DROPOUT = 0.5
MOST_WEIGHT_DECAY = 0.1
# Parameters that hold a network back, and what to divide them by for a clear change.
REGULARISATION: Mapping[str, float] = {
    "dropout": 2,
    "gaussian_noise": 2,
    "l1": 10,
    "l2": 10,
    "weight_decay": 10,
    "mixup": 2,
    "label_smoothing": 2,
}


@dataclass(frozen=True)
class Setup:
    """What is known of a network and its training when it is advised on.

    Attributes
    ----------
    params : mapping of str to object
        The parameters of the estimator; empty where nobody knows them, as after an error.
    classifier : bool
    ready : bool
        Whether it is a ready network, which has every parameter named here, and not a build function's.
    scaled : bool
        Whether something in front of it scales `X`.
    given_rate : float or None
        The learning rate that the optimizer was given, where it is one number.
    epochs : int
        How many were trained; 0 where that is not known.
    stable, timed_out, blown_up : bool
        Whether training was stable, whether its time was up, and whether its first steps were far too long.
    y_is_scaled : bool
        Whether the loss is of the size that it has for a target of scale one, or nobody knows.
    failed_rate : float or None
        Where the candidates of a search that failed are those with the highest learning rates, the lowest of
        these.
    """

    params: Mapping[str, Any] = field(default_factory=dict)
    classifier: bool = True
    ready: bool = True
    scaled: bool = False
    given_rate: float | None = None
    epochs: int = 0
    stable: bool = True
    timed_out: bool = False
    blown_up: bool = False
    y_is_scaled: bool = True
    failed_rate: float | None = None

    def name(self, parameter: str, default: str | None = None) -> str:
        """What `parameter` is called here: in a build function's estimator it may be routed."""
        if parameter in self.params or self.ready:
            return parameter
        routed = [name for name in self.params if name.endswith(f"__{parameter}")]
        return min(routed, key=len) if routed else default or parameter

    def has(self, parameter: str) -> bool:
        """Whether there is such a parameter, as far as is known."""
        return self.ready or self.name(parameter) in self.params

    def get(self, parameter: str, default: Any = None) -> Any:
        """The value of `parameter`."""
        return self.params.get(self.name(parameter), default)

    def number(self, parameter: str) -> float | None:
        """The value of `parameter` where it is a number."""
        value = self.get(parameter)
        is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
        return float(value) if is_number else None

    @property
    def rate_name(self) -> str:
        """What the learning rate is called."""
        return self.name("learning_rate", "optimizer__learning_rate")

    @property
    def rate(self) -> float | None:
        """The learning rate, where it is a number of its own."""
        if not isinstance(self.get("learning_rate_schedule", "constant"), str):
            return None
        return self.number("learning_rate") or self.given_rate

    @property
    def high_rate(self) -> float:
        """From where on a learning rate is rarely right."""
        optimizer = self.params.get("optimizer")
        name = optimizer if isinstance(optimizer, str) else type(optimizer).__name__
        return HIGH_SGD_RATE if name.lower() == "sgd" else HIGH_RATE

    @property
    def fast(self) -> bool:
        """Whether the learning rate is one that is rarely right, because it is so high."""
        return self.rate is not None and self.rate >= self.high_rate


def _short(value: float) -> str:
    return f"{float(f'{value:.1g}'):g}"


def _now(value: float | None) -> str:
    return "" if value is None else f" (now {value:g})"


def _lower_rate(setup: Setup) -> str:
    low, high = USUAL_RATES
    if setup.rate is not None:
        low, high = min(setup.rate / 30, setup.high_rate / 10), min(setup.rate / 3, setup.high_rate)
    span = f"{_short(low)} to {_short(high)}"
    return f"{setup.rate_name}={span}{_now(setup.rate)}: tune it before anything else"


def _tune_rate(setup: Setup) -> str:
    if setup.blown_up or setup.fast:
        return _lower_rate(setup)
    low, high = USUAL_RATES
    if setup.rate is not None and setup.rate <= LOW_RATE:
        low, high = setup.rate * 3, setup.high_rate
    return (
        f"{setup.rate_name}={_short(low)} to {_short(high)} on a log scale{_now(setup.rate)}: "
        "tune it before anything else"
    )


def _scaling(setup: Setup) -> list[str]:
    if setup.scaled:
        return _target_scaling(setup)
    return [
        "StandardScaler() in front of the network, where X is not scaled",
        *_target_scaling(setup),
    ]


def _target_scaling(setup: Setup) -> list[str]:
    if setup.y_is_scaled:
        return []
    return [
        "TransformedTargetRegressor(..., transformer=StandardScaler()): y is far from scale one"
    ]


def _warmup(setup: Setup) -> list[str]:
    return (
        []
        if setup.get("warmup")
        else ["warmup=0.1: the rate rises over the first tenth of the steps"]
    )


def _clipping(setup: Setup) -> list[str]:
    name = setup.name("clipnorm", "optimizer__clipnorm")
    return (
        [] if setup.get("clipnorm") else [f"{name}=1.0, or 0.5 to 5: gradients are shortened to it"]
    )


def _plateau(setup: Setup) -> list[str]:
    if setup.get("reduce_lr_patience") is not None:
        return []
    return ["reduce_lr_patience=5: the rate falls where nothing improves"]


def _early_stopping(setup: Setup) -> str:
    # A ready network holds rows back by itself; a wrapper would watch the training loss.
    alone = setup.ready or setup.get("validation_split")
    return "early_stopping=True with patience=10" + ("" if alone else " and validation_split=0.2")


def against_divergence(setup: Setup) -> tuple[str, ...]:
    """What to do where the loss is no number, or no longer means anything.

    Examples
    --------
    >>> against_divergence(Setup({"learning_rate": 3.0, "clipnorm": 1.0, "warmup": 0.1}, scaled=True))
    ('learning_rate=0.003 to 0.03 (now 3): tune it before anything else',)
    """
    return (_lower_rate(setup), *_scaling(setup), *_warmup(setup), *_clipping(setup))


def against_failures(*, unknown: bool) -> tuple[str, ...]:
    """What to do where fits ended in errors, of which some are `unknown`."""
    whole = 'error_score="raise" shows the whole error of the first of them'
    record = 'joblib.parallel_config("skdl") around the call keeps why fits fail'
    return (whole, record) if unknown else (whole,)


def against_failed_candidates(setup: Setup) -> tuple[str, ...]:
    """What to do where it is not the network that diverged, but others of its search."""
    if setup.failed_rate is None:
        return (f"{setup.rate_name} lower in the search", *_clipping(setup))
    return (
        f"{setup.rate_name} below {setup.failed_rate:g} in the search: from there on all failed",
    )


def against_instability(setup: Setup) -> tuple[str, ...]:
    """What to do where the training loss jumps."""
    advice = [_lower_rate(setup)]
    if setup.get("learning_rate_schedule", "constant") == "constant":
        advice.append('learning_rate_schedule="cosine": the rate falls to zero while epochs go by')
    advice += [*_warmup(setup), *_clipping(setup)]
    size = setup.number("batch_size")
    if size is None and not isinstance(setup.get("batch_size"), str):
        size = 32.0  # what Keras takes
    if size is not None and 1 <= size <= LARGE_BATCH / 2:
        advice.append(f"batch_size={2 * size:g} to {4 * size:g} (now {size:g})")
    return tuple(advice)


def against_few_epochs(setup: Setup) -> tuple[str, ...]:
    """What to do where a network was still getting better when training ended."""
    if setup.timed_out:
        advice = [f"max_seconds higher{_now(setup.number('max_seconds'))}, or None"]
    else:
        most = 5 * setup.epochs if setup.epochs else 200
        advice = [f"epochs={most} or more{_now(float(setup.epochs)) if setup.epochs else ''}"]
    if not setup.get("early_stopping"):
        advice.append(f"{_early_stopping(setup)}: then it does no harm to ask for too many epochs")
    advice += [*_plateau(setup), *_target_scaling(setup)]
    if setup.stable and not setup.fast:
        tried = "higher" if setup.rate is None else f"={_short(3 * setup.rate)}"
        joint = " " if setup.rate is None else ""
        advice.append(
            f"{setup.rate_name}{joint}{tried}{_now(setup.rate)} learns as much in fewer epochs, while "
            "training stays stable"
        )
    return tuple(advice)


def against_underfitting(setup: Setup) -> tuple[str, ...]:
    """What to do where a network has not even learnt the rows it was trained on."""
    advice = [*_target_scaling(setup), _tune_rate(setup)]
    less = [
        f"{setup.name(name)}={_short(number / by)} or 0{_now(number)}"
        for name, by in REGULARISATION.items()
        if (number := setup.number(name))
    ]
    if setup.number("max_norm"):
        less.append(f"{setup.name('max_norm')}=None")
    if less:
        advice.append(f"less regularisation: {', '.join(less)}")
    return (*advice, *_more_capacity(setup), *_plateau(setup))


def _more_capacity(setup: Setup) -> list[str]:
    sizes = setup.get("hidden_layer_sizes")
    if sizes is not None:
        doubled = tuple(2 * int(size) for size in sizes)
        return [
            f"{setup.name('hidden_layer_sizes')}={doubled} (now {tuple(map(int, sizes))}), or one more layer"
        ]
    advice = []
    units, depth = setup.number("units"), setup.number("n_layers")
    if units is not None:
        most = max(4 * units, 32)
        advice.append(f"{setup.name('units')}={2 * units:g} to {most:g} (now {units:g})")
    if depth is not None:
        advice.append(f"{setup.name('n_layers')}={depth + 1:g} (now {depth:g})")
    if units is None and depth is None:
        wider = (
            "units and n_layers higher"
            if setup.ready
            else "more units or layers in the build function"
        )
        advice.append(wider)
    return advice


def against_overfitting(setup: Setup) -> tuple[str, ...]:
    """What to do where a network knows the rows it was trained on better than others.

    Examples
    --------
    >>> for line in against_overfitting(Setup({"early_stopping": True, "dropout": 0.5, "units": 64})):
    ...     print(line)
    weight_decay=0.0001 to 0.1
    gaussian_noise=0.1, for scaled X
    mixup=0.2
    label_smoothing=0.1
    more rows to train on
    units=16 to 32 (now 64)
    """
    advice = [_lower_rate(setup)] if setup.fast else []
    if not setup.get("early_stopping"):
        advice.append(f"{_early_stopping(setup)}: the weights of the best epoch are kept")
    elif setup.get("restore_best_weights") is False:
        advice.append("restore_best_weights=True")
    advice += [*_more_dropout(setup), *_more_decay(setup)]
    if setup.has("gaussian_noise") and not setup.get("gaussian_noise"):
        advice.append(f"{setup.name('gaussian_noise')}=0.1, for scaled X")
    if not setup.get("mixup"):
        advice.append("mixup=0.2")
    if setup.classifier and setup.has("label_smoothing") and not setup.get("label_smoothing"):
        advice.append(f"{setup.name('label_smoothing')}=0.1")
    return (*advice, "more rows to train on", *_less_capacity(setup))


def _more_dropout(setup: Setup) -> list[str]:
    if not setup.has("dropout"):
        return [
            "a keras.layers.Dropout of 0.2 to 0.5 behind the hidden layers of the build function"
        ]
    rate = setup.number("dropout") or 0.0
    if rate >= MOST_DROPOUT:
        return []
    name = setup.name("dropout")
    return [f"{name}={max(rate + 0.1, 0.2):.1g} to {MOST_DROPOUT}{_now(rate) if rate else ''}"]


def _more_decay(setup: Setup) -> list[str]:
    name, decay = (
        setup.name("weight_decay", "optimizer__weight_decay"),
        setup.number("weight_decay"),
    )
    if not decay:
        return [f"{name}=0.0001 to {MOST_WEIGHT_DECAY}"]
    if decay >= MOST_WEIGHT_DECAY:
        return []
    return [f"{name}={_short(min(10 * decay, MOST_WEIGHT_DECAY))}{_now(decay)}"]


def _less_capacity(setup: Setup) -> list[str]:
    sizes = setup.get("hidden_layer_sizes")
    if sizes is not None:
        halved = tuple(max(1, int(size) // 2) for size in sizes)
        return [f"{setup.name('hidden_layer_sizes')}={halved} (now {tuple(map(int, sizes))})"]
    units, depth = setup.number("units"), setup.number("n_layers")
    advice = []
    if units is not None and units > 1:
        low, high = max(1, int(units) // 4), max(1, int(units) // 2)
        span = f"{low} to {high}" if low < high else f"{high}"
        advice.append(f"{setup.name('units')}={span} (now {units:g})")
    if depth is not None and depth > 1:
        advice.append(f"{setup.name('n_layers')}={depth - 1:g} (now {depth:g})")
    if units is None and depth is None:
        smaller = (
            "units and n_layers lower"
            if setup.ready
            else "fewer units or layers in the build function"
        )
        advice.append(smaller)
    return advice
