"""Fits by what an estimator is given, what a subclass keeps, and by layers and data from outside."""

from __future__ import annotations

import functools
import types
from unittest.mock import patch

import keras
import numpy as np
from sklearn.base import TransformerMixin
from sklearn.preprocessing import FunctionTransformer

from skdl import KerasClassifier, KerasRegressor
from tests.engine.identity_build_cases import BY_META, by_argument, dense, softmax
from tests.engine.identity_cases import ENGINES, OPTIONS, ROWS, Case, classes, numbers

layers, ops = keras.layers, keras.ops
SGD = {"loss": "mse", "optimizer": "sgd", **OPTIONS}
SPARSE = {**SGD, "loss": "sparse_categorical_crossentropy"}


# What a subclass in scikeras's manner reads from itself, and keeps there.


class ReadsClasses(KerasClassifier):
    def _keras_build_fn(self):
        return softmax(self.n_classes_)


class ReadsFeatures(KerasRegressor):
    def _keras_build_fn(self):
        return keras.Sequential([keras.Input((self.n_features_in_,)), layers.Dense(1)])


class ReadsByGetattr(KerasClassifier):
    def _keras_build_fn(self):
        return softmax(getattr(self, "n_" + "classes_"))


class ReadsByVars(KerasClassifier):
    def _keras_build_fn(self):
        return softmax(vars(self)["n_classes_"])


class ReadsByHelper(KerasClassifier):
    def _width(self):
        return self.n_classes_

    def _keras_build_fn(self):
        return softmax(self._width())


class Learns(KerasRegressor):
    """Learns the number of tokens before the fit, under a name of learnt attributes."""

    def fit(self, X, y, **options):
        self.vocabulary_ = int(X.max()) + 1
        return super().fit(X, y, **options)

    def _keras_build_fn(self):
        return tokens(self.vocabulary_)


class LearnsPlainly(KerasRegressor):
    def fit(self, X, y, **options):
        self.vocabulary = int(X.max()) + 1
        return super().fit(X, y, **options)

    def _keras_build_fn(self):
        return tokens(self.vocabulary)


class Adapts(KerasRegressor):
    """Keeps its rows in private, and adapts a layer to them."""

    def fit(self, X, y, **options):
        self._seen = X
        return super().fit(X, y, **options)

    def _keras_build_fn(self):
        normalization = layers.Normalization()
        normalization.adapt(self._seen)
        return keras.Sequential([keras.Input((6,)), normalization, layers.Dense(1)])


class KeepsInConstructor(KerasRegressor):
    def __init__(self, width=4, **options):
        super().__init__(**options)
        self.width = width

    def _keras_build_fn(self):
        return dense(self.width)


class AutoEncoder(KerasRegressor, TransformerMixin):
    """Keeps a part of its network."""

    def _keras_build_fn(self, width):
        x = keras.Input((6,))
        encoder = keras.Model(x, layers.Dense(width, "relu")(x))
        code = keras.Input((width,))
        decoder = keras.Model(code, layers.Dense(6, "sigmoid")(code))
        whole = keras.Input((6,))
        self.encoder_model_ = encoder
        return keras.Model(whole, decoder(encoder(whole)))

    def fit(self, X, y=None, **options):
        return super().fit(X, X, **options)

    def transform(self, X):
        return self.encoder_model_.predict(X, verbose=0)


def tokens(count):
    parts = [layers.Embedding(count, 2), layers.Flatten(), layers.Dense(1)]
    return keras.Sequential([keras.Input((2,), dtype="int32"), *parts])


def rows_of_tokens(count):
    X = np.random.default_rng(0).integers(0, count, (ROWS, 2))
    X[0] = count - 1
    return X, X[:, 0] / count


def shifted(setting):
    X, y = numbers()
    return X + np.float32(setting), y


def of_features(setting):
    X, y = numbers((setting,))
    return X, y


def kept_encoder(estimator, X):
    """What the part gives, and whether its weights are those of the network."""
    parts = zip(
        estimator.encoder_model_.get_weights(), estimator.model_.get_weights(), strict=False
    )
    assert all(np.array_equal(ours, whole) for ours, whole in parts)
    return [estimator.transform(X)]


def subclass_cases():
    def of(kind, **options):
        return lambda setting: kind(**options)

    for kind, what in (
        (ReadsClasses, "reads of the classes"),
        (ReadsByGetattr, "reads by getattr"),
        (ReadsByVars, "reads by vars"),
        (ReadsByHelper, "reads by a method"),
    ):
        yield Case(
            f"what a subclass {what}", of(kind, **SPARSE), (5, 3), rows=classes, like=BY_META
        )
    yield Case(
        "what a subclass reads of the features", of(ReadsFeatures, **SGD), (6, 4), rows=of_features
    )
    yield Case(
        "what a subclass learns before its fit", of(Learns, **SGD), (5, 20), rows=rows_of_tokens
    )
    yield Case(
        "what a subclass sets before its fit",
        of(LearnsPlainly, **SGD),
        (5, 20),
        rows=rows_of_tokens,
    )
    yield Case("rows that a subclass adapts to", of(Adapts, **SGD), (0, 10), rows=shifted)
    yield Case("a parameter of a subclass", lambda s: KeepsInConstructor(width=s, **SGD), (4, 7))
    yield Case(
        "a part of the network that a subclass keeps",
        lambda s: AutoEncoder(width=s, **SGD),
        (2, 3),
        more=kept_encoder,
    )


# What an estimator is given: parameters, objects and classes of the user's.


class Weighted(keras.Loss):
    def __init__(self, weight=1.0, name="weighted"):
        super().__init__(name=name)
        self._weight = weight

    def call(self, y, y_pred):
        return self._weight * ops.mean(ops.square(y - y_pred), axis=-1)


class Clip(keras.constraints.Constraint):
    def __init__(self, bound):
        self._bound = bound

    def __call__(self, w):
        return ops.clip(w, -self._bound, self._bound)


class Slowed(keras.optimizers.SGD):
    def __init__(self, learning_rate=0.1, factor=1.0, **options):
        super().__init__(learning_rate, **options)
        self._factor = factor

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(self._factor * gradient, variable, learning_rate)


def build(meta):
    return dense(4)


def build_clipped(meta, clip):
    return keras.Sequential([keras.Input((6,)), layers.Dense(1, kernel_constraint=clip)])


def build_of_config(meta, config):
    return dense(config.units)


def build_by_params(meta, params, config=None):
    return dense(params["model__config"].units)


def build_with_optimizer(meta, compile_kwargs):
    model = dense(4)
    model.compile(loss="mse", optimizer=compile_kwargs["optimizer"])
    return model


def scaled_loss(factor):
    def loss(y, y_pred):
        return factor * ops.mean(ops.square(y - y_pred), axis=-1)

    return loss


CONFIG = types.SimpleNamespace(units=0)


def given_cases():
    plain = {**OPTIONS, "optimizer": "sgd"}

    def of(**parameters):
        return KerasRegressor(**{"model": build, **SGD, **parameters})

    yield Case("a weight of a loss class", lambda s: of(loss=Weighted, loss__weight=s), (1.0, 5.0))
    yield Case("a loss with a weight", lambda s: of(loss=Weighted(s)), (1.0, 5.0))
    yield Case("a loss by a closure", lambda s: of(loss=scaled_loss(s)), (1.0, 5.0))
    yield Case(
        "a constraint as a parameter",
        lambda s: of(model=build_clipped, model__clip=Clip(s)),
        (0.01, 2.0),
    )
    yield Case(
        "an optimizer as a parameter", lambda s: of(optimizer=keras.optimizers.SGD(s)), (0.1, 0.5)
    )
    yield Case("a rate of an optimizer", lambda s: of(optimizer__learning_rate=s), (0.1, 0.5))
    yield Case(
        "an optimizer class of one's own",
        lambda s: of(optimizer=Slowed, optimizer__factor=s),
        (1.0, 0.5),
    )
    yield Case(
        "a build function that compiles",
        lambda s: KerasRegressor(build_with_optimizer, optimizer__learning_rate=s, **plain),
        (0.1, 0.5),
    )
    config = functools.partial(patch.object, CONFIG, "units")
    yield Case(
        "an object as a parameter, changed in place",
        lambda s: of(model=build_of_config, model__config=CONFIG),
        (4, 7),
        place=config,
    )
    yield Case(
        "an object among params, changed in place",
        lambda s: of(model=build_by_params, model__config=CONFIG),
        (4, 7),
        place=config,
    )
    yield Case("the seed", lambda s: of(random_state=s), (1, 0))


# Layers that a build function takes from outside: each case has its own.


class Shared:
    """A network or layer of the caller's, made in each process when it is first asked for."""

    def __init__(self, make, *, trainable=True):
        self._make, self._trainable = make, trainable

    @functools.cached_property
    def layer(self):
        made = self._make()
        made.trainable = self._trainable
        self.start = [weight.copy() for weight in made.get_weights()]
        return made

    def build(self, meta):
        return keras.Sequential([keras.Input((6,)), self.layer, layers.Dense(1)])

    def unchanged(self, estimator, X):
        """What the caller's layer holds after the fit, which is what it began with."""
        now = self.layer.get_weights()
        assert all(map(np.array_equal, now, self.start))
        return now


def drawn(seed):
    return {"kernel_initializer": keras.initializers.HeNormal(seed)}


def pretrained():
    return keras.Sequential([keras.Input((6,)), layers.Dense(8, "relu", **drawn(1))])


def normalized():
    parts = [layers.Dense(8, "relu", **drawn(1)), layers.BatchNormalization(), layers.Dropout(0.5)]
    return keras.Sequential([keras.Input((6,)), *parts])


def one_layer():
    layer = layers.Dense(8, "relu", **drawn(2))
    layer.build((None, 6))
    return layer


def adapted():
    layer = layers.Normalization()
    layer.adapt(numbers()[0])
    return layer


def shared_cases():
    makes = (pretrained, normalized, one_layer, adapted)
    names = ("a network", "a network with statistics", "a layer", "an adapted layer")
    for make, name in zip(makes, names, strict=True):
        for trainable in (True, False):
            held = Shared(make, trainable=trainable)

            def estimator(setting, held=held):
                def build(meta):
                    return held.build(meta)

                return KerasRegressor(build, **{**SGD, "epochs": setting})

            how = "trainable" if trainable else "frozen"
            name_of_case = f"{name} from outside, {how}"
            yield Case(name_of_case, estimator, (5, 2), more=held.unchanged, first_by=ENGINES)
    name_of_case = "a network from outside, changed between fits"
    yield Case(name_of_case, changed, (0.5, -0.5), first_by=ENGINES)


CHANGED = Shared(pretrained)


def build_on_changed(meta):
    return CHANGED.build(meta)


def changed(setting):
    CHANGED.layer.set_weights([np.full_like(w, setting) for w in CHANGED.start])
    return KerasRegressor(build_on_changed, **SGD)


# Names by which Keras finds the inputs of a dict, and what no config of an optimizer tells.


def halves(X):
    return {"left": X[:, :3], "right": X[:, 3:]}


class TwoInputs(KerasRegressor):
    @property
    def feature_encoder(self):
        return FunctionTransformer(halves)


def two_inputs(meta, names=("left", "right")):
    deep, wide = (keras.Input((3,), name=name) for name in names)
    joined = layers.Concatenate()([layers.Dense(4, "tanh")(deep), wide])
    return keras.Model([deep, wide], layers.Dense(1)(joined))


def decaying(names):
    optimizer = keras.optimizers.AdamW(0.1, weight_decay=0.9)
    optimizer.exclude_from_weight_decay(var_names=names)
    return KerasRegressor(by_argument, **{**SGD, "optimizer": optimizer}, model__units=4)


def named_cases():
    orders = ("right", "left"), ("left", "right")
    yield Case(
        "names of inputs in another order",
        lambda names: TwoInputs(two_inputs, **SGD, model__names=names),
        orders,
        rows_of_network=halves,
    )
    yield Case("what an optimizer does not decay", decaying, (["nothing"], ["kernel"]))


# Data that a build function closes over.


def adapting(kind, **options):
    def make(data):
        def build(meta):
            layer = kind(**options)
            layer.adapt(data)
            return keras.Sequential(
                [
                    keras.Input(data.shape[1:], dtype=data.dtype),
                    layer,
                    layers.Dense(4),
                    layers.Dense(1),
                ]
            )

        return build

    return make


def data_cases():
    def normalization(setting):
        return KerasRegressor(adapting(layers.Normalization)(numbers()[0] * setting), **SGD)

    def lookup(setting):
        data = np.array([[0], [1], [2], [3], *[[setting]] * 9])
        return KerasRegressor(adapting(layers.IntegerLookup, output_mode="one_hot")(data), **SGD)

    yield Case("data that a Normalization adapts to", normalization, (1.0, 5.0))
    whole = functools.partial(numbers, (1,), "int64")
    yield Case("data that an IntegerLookup adapts to", lookup, (0, 3), rows=lambda _: whole())


ESTIMATORS = [
    *(*subclass_cases(), *given_cases(), *shared_cases()),
    *(*named_cases(), *data_cases()),
]
