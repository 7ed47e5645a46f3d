"""Losses, metrics, optimizers and the like as users write them, each with a setting that is in no config."""

from __future__ import annotations

import functools
import types

import keras

from tests.engine.zoo_of_users import Holder, stack, user

layers, ops = keras.layers, keras.ops


def squares(y, y_pred):
    return ops.mean(ops.square(y - y_pred), axis=-1)


class OwnLoss(keras.Loss):
    """A loss that keeps something in private."""

    def __init__(self, kept, read=lambda kept: kept):
        super().__init__(name="own")
        self._kept, self._read = kept, read

    def call(self, y, y_pred):
        return squares(y, y_pred) * self._read(self._kept)


class HoldsLoss(keras.Loss):
    def __init__(self, loss):
        super().__init__()
        self._loss = loss

    def call(self, y, y_pred):
        return self._loss(y, y_pred)


class OwnHuber(keras.losses.Huber):
    """A loss of Keras's with something more."""

    def __init__(self, factor):
        super().__init__(0.5)
        self._factor = factor

    def call(self, y, y_pred):
        return self._factor * super().call(y, y_pred)


class OwnMetric(keras.Metric):
    def __init__(self, kept, read=lambda kept: kept):
        super().__init__(name="own")
        self._kept, self._read = kept, read
        self.total = self.add_variable((), "zeros")

    def update_state(self, y, y_pred, sample_weight=None):
        self.total.assign_add(ops.sum(y_pred) * self._read(self._kept))

    def result(self):
        return self.total


class OwnAccuracy(keras.metrics.MeanAbsoluteError):
    def __init__(self, factor):
        super().__init__(name="own")
        self._factor = factor

    def result(self):
        return self._factor * super().result()


class WeightedError(keras.metrics.MeanAbsoluteError):
    """It multiplies by a variable of its own, which is no weight that Keras makes."""

    def __init__(self, factor):
        super().__init__(name="own")
        self.factor = keras.Variable(factor, trainable=False)

    def reset_state(self):
        self.total.assign(0.0)
        self.count.assign(0.0)

    def result(self):
        return self.factor * super().result()


class OwnSGD(keras.optimizers.SGD):
    """An optimizer of Keras's with something in private."""

    def __init__(self, factor=1.0, **options):
        super().__init__(**{"learning_rate": 0.1, **options})
        self._factor = factor

    def update_step(self, gradient, variable, learning_rate):
        self.assign_sub(variable, self._factor * learning_rate * gradient)


class OwnSchedule(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, kept=1.0, read=lambda kept: kept):
        self._kept, self._read = kept, read

    def __call__(self, step):
        return 0.01 * self._read(self._kept) / (1.0 + ops.cast(step, "float32"))

    def get_config(self):
        return {}


class OwnDecay(keras.optimizers.schedules.ExponentialDecay):
    def __init__(self, factor=1.0, **options):
        rate = {"initial_learning_rate": 0.01, "decay_steps": 10, "decay_rate": 0.9}
        super().__init__(**{**rate, **options})
        self._factor = factor

    def __call__(self, step):
        return self._factor * super().__call__(step)


class OwnRegularizer(keras.Regularizer):
    def __init__(self, kept, read=lambda kept: kept):
        self._kept, self._read = kept, read

    def __call__(self, x):
        return 0.01 * self._read(self._kept) * ops.sum(ops.abs(x))

    def get_config(self):
        return {}


class OwnL2(keras.regularizers.L2):
    def __init__(self, factor):
        super().__init__(0.01)
        self._factor = factor

    def __call__(self, x):
        return self._factor * super().__call__(x)


class OwnConstraint(keras.constraints.Constraint):
    def __init__(self, kept, read=lambda kept: kept):
        self._kept, self._read = kept, read

    def __call__(self, w):
        bound = 0.01 * self._read(self._kept)
        return ops.clip(w, -bound, bound)


class OwnInitializer(keras.initializers.Initializer):
    def __init__(self, factor):
        self._factor = factor

    def __call__(self, shape, dtype=None):
        return self._factor * ops.ones(shape, dtype)


def loss_of(make):
    return lambda setting: stack(loss=make(setting))


def metric_of(make):
    return lambda setting: stack(metrics=[make(setting)])


def optimizer_of(make):
    return lambda setting: stack(optimizer=make(setting))


def schedule_of(make):
    return optimizer_of(lambda setting: keras.optimizers.SGD(make(setting)))


def dense_of(name, make):
    return lambda setting: stack(layers.Dense(3, **{name: make(setting)}))


def two_denses_of(make):
    """Hidden layers, which programs fill up."""
    return lambda setting: stack(layers.Dense(4, "relu"), layers.Dense(3, "relu"), **make(setting))


def scaled_loss(factor):
    def loss(y, y_pred):
        return factor * squares(y, y_pred)

    return loss


def default_loss(setting):
    def loss(y, y_pred, factor=setting):
        return factor * squares(y, y_pred)

    return loss


def attribute_loss(setting):
    def loss(y, y_pred):
        return loss.factor * squares(y, y_pred)

    loss.factor = setting
    return loss


def global_loss(setting):
    module = types.ModuleType("losses_of_users")
    module.FACTOR = setting
    exec("def loss(y, y_pred): return FACTOR * (y - y_pred) ** 2", vars(module))
    return module.loss


def class_value_loss(setting):
    def call(self, y, y_pred):
        return self.held.value * squares(y, y_pred)

    return type("Made", (keras.Loss,), {"held": Holder(setting), "call": call})()


def partial_loss(setting):
    return functools.partial(scaled_by, factor=setting)


def scaled_by(y, y_pred, factor=1.0):
    return factor * squares(y, y_pred)


class CallableLoss:
    __name__ = "callable_loss"

    def __init__(self, factor):
        self._factor = factor

    def __call__(self, y, y_pred):
        return self._factor * squares(y, y_pred)


def with_attribute(made, name, value):
    setattr(made, name, value)
    return made


def changed_loss(setting):
    """A loss of Keras's whose function is another one since it was made."""
    return with_attribute(keras.losses.MeanSquaredError(), "fn", scaled_loss(setting))


def scaled_metric(factor):
    def metric(y, y_pred):
        return factor * squares(y, y_pred)

    return metric


def clips(bound):
    def constraint(w):
        return ops.clip(w, -0.01 * bound, 0.01 * bound)

    return constraint


def penalty(factor):
    def regularizer(w):
        return 0.01 * factor * ops.sum(ops.square(w))

    return regularizer


def in_dict(kind):
    return lambda setting: kind({"a": [setting]}, lambda kept: kept["a"][0])


def in_object(kind):
    return lambda setting: kind(Holder(setting), lambda kept: kept.value)


KINDS = {
    "a loss": (OwnLoss, loss_of),
    "a metric": (OwnMetric, metric_of),
    "a schedule": (OwnSchedule, schedule_of),
    "a regularizer": (OwnRegularizer, functools.partial(dense_of, "kernel_regularizer")),
    "a constraint": (OwnConstraint, functools.partial(dense_of, "kernel_constraint")),
    "an activity regularizer": (
        OwnRegularizer,
        functools.partial(dense_of, "activity_regularizer"),
    ),
}
HELD = [
    user(f"{what} of {name}", place(how(kind)))
    for name, (kind, place) in KINDS.items()
    for what, how in (
        ("a private attribute", lambda kind: kind),
        ("a private dict", in_dict),
        ("an object", in_object),
    )
]
PARTS = [
    *HELD,
    user("a loss in a loss", loss_of(lambda s: HoldsLoss(keras.losses.Huber(s))), 0.1, 0.2),
    user("a loss of one's own in a loss", loss_of(lambda s: HoldsLoss(OwnLoss(s)))),
    user("what a loss of Keras's lacks", loss_of(OwnHuber)),
    user("a closure of a loss", loss_of(scaled_loss)),
    user("a default of a loss", loss_of(default_loss)),
    user("an attribute of a loss function", loss_of(attribute_loss)),
    user("a global that a loss names", loss_of(global_loss)),
    user("an object of a loss class", loss_of(class_value_loss)),
    user("a partial as a loss", loss_of(partial_loss)),
    user("a callable object as a loss", loss_of(CallableLoss)),
    user("a lambda as a loss", loss_of(lambda s: lambda y, p: s * squares(y, p))),
    user("a function set on a loss of Keras's", loss_of(changed_loss)),
    user("what a metric of Keras's lacks", metric_of(OwnAccuracy)),
    user("a variable of a metric", metric_of(WeightedError)),
    user("a closure of a metric", metric_of(scaled_metric)),
    user("a private attribute of an optimizer", optimizer_of(OwnSGD)),
    user("what a schedule of Keras's lacks", schedule_of(OwnDecay)),
    user("a rate that is a function", schedule_of(lambda s: lambda: 0.01 * s)),
    user("what a regularizer of Keras's lacks", dense_of("kernel_regularizer", OwnL2)),
    user("a function as a regularizer", dense_of("kernel_regularizer", penalty)),
    user("a function as a constraint", dense_of("kernel_constraint", clips)),
    user("a private attribute of an initializer", dense_of("kernel_initializer", OwnInitializer)),
    user("a loss over hidden layers", two_denses_of(lambda s: {"loss": OwnLoss(s)})),
    user(
        "a schedule over hidden layers",
        two_denses_of(lambda s: {"optimizer": keras.optimizers.SGD(OwnSchedule(s))}),
    ),
    user("a metric over hidden layers", two_denses_of(lambda s: {"metrics": [OwnMetric(s)]})),
    user("a weight of a loss", two_denses_of(lambda s: {"loss_weights": [s]})),
]
