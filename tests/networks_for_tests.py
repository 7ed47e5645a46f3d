"""Build functions of the tests, in a module that worker processes can import."""

from __future__ import annotations

import keras


def _output(meta):
    """The last layer that fits the target of `meta`: its units and its activation."""
    kind = meta.get("target_type_")
    if kind == "multilabel-indicator":
        return meta["n_classes_"], "sigmoid"
    if kind == "binary":
        return 1, "sigmoid"
    if kind == "multiclass":
        return meta["n_classes_"], "softmax"
    raise ValueError(f"no classifier's output for a target of kind {kind!r}")


def _dense(meta, sizes, dropout, units, activation):
    layers = [keras.Input(meta["X_shape_"][1:])]
    for size in sizes:
        layers.append(keras.layers.Dense(size, activation="relu"))
        if dropout:
            layers.append(keras.layers.Dropout(dropout))
    layers.append(keras.layers.Dense(units, activation=activation))
    return keras.Sequential(layers)


def build_classifier(meta, units=16, dropout=0.0):
    """One hidden layer, and the output that the labels need."""
    return _dense(meta, [units], dropout, *_output(meta))


def build_regressor(meta, units=16, dropout=0.0):
    """One hidden layer, and one linear unit for each output."""
    return _dense(meta, [units], dropout, meta["n_outputs_"], None)


def build_plain_classifier(meta):
    """As `build_classifier`, with nothing to set."""
    return _dense(meta, [8], 0.0, *_output(meta))


def build_plain_regressor(meta):
    """As `build_regressor`, with nothing to set."""
    return _dense(meta, [8], 0.0, meta["n_outputs_"], None)


def first_layer_importance(estimator):
    """The importance of each feature: the sum of its absolute weights in the first layer."""
    kernel = next(layer for layer in estimator.model_.layers if layer.weights).kernel
    return abs(kernel.numpy()).sum(axis=1)
