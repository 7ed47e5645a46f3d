"""What of a wrapper's parameters its network depends on, so that fits share a build."""

from __future__ import annotations

import numpy as np
import pytest

from skdl import KerasClassifier
from skdl.engine.identity.reader import fingerprint
from skdl.wrappers.user_network import _is_meta
from tests.networks_for_tests import build_classifier

X = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)
Y = np.arange(12) % 3

# Each parameter of a wrapper with another value; which of them say how to train and not what the network is.
OTHER = {
    "optimizer": "sgd",
    "loss": "poisson",
    "metrics": ["accuracy"],
    "run_eagerly": True,
    "precision": "mixed_bfloat16",
    "model__units": 5,
    "optimizer__learning_rate": 0.5,
    "compile__steps_per_execution": 2,
}
OF_TRAINING = {
    "epochs": 7,
    "batch_size": 5,
    "validation_batch_size": 5,
    "validation_split": 0.5,
    "validation_shuffle": False,
    "shuffle": False,
    "verbose": 1,
    "callbacks": [],
    "warm_start": True,
    "random_state": 3,
    "engine": "keras",
    "class_weight": "balanced",
    "learning_rate_schedule": "cosine",
    "warmup": 2,
    "decay_factor": 0.5,
    "decay_epochs": 3,
    "decay_power": 2.0,
    "end_factor": 0.1,
    "cycle_growth": 1.0,
    "cycle_factor": 0.5,
    "early_stopping": True,
    "monitor": "loss",
    "patience": 3,
    "min_delta": 0.1,
    "start_from_epoch": 2,
    "restore_best_weights": False,
    "reduce_lr_patience": 2,
    "reduce_lr_factor": 0.5,
    "min_learning_rate": 1e-4,
    "max_seconds": 5.0,
    "mixup": 0.2,
    "fit__epochs": 2,
    "predict__batch_size": 4,
    "fit__callbacks": [],
}
# Of these two the network is asked itself, and the third is the question.
ASKED = {"model", "build_fn", "reuse_build"}


def made(build=build_classifier, **params):
    return KerasClassifier(build, **params)


def depends(**params):
    return fingerprint(made(**params)._chosen_for_network())


def test_the_tables_have_every_parameter():
    known = {*OTHER, *OF_TRAINING, *ASKED}
    assert {name for name in made().get_params() if not name.startswith("model__")} <= known


@pytest.mark.parametrize("name", OTHER)
def test_a_network_depends_on_it(name):
    assert depends(**{name: OTHER[name]}) != depends()


@pytest.mark.parametrize("name", OF_TRAINING)
def test_a_network_is_the_same_whatever_it_says(name):
    assert depends(**{name: OF_TRAINING[name]}) == depends()


def test_a_build_function_that_is_told_all_parameters_depends_on_all():
    def build(meta, params):
        return build_classifier(meta)

    one, two = (fingerprint(made(build, epochs=n)._chosen_for_network()) for n in (1, 2))
    assert None not in (one, two)
    assert one != two


def test_without_reuse_every_fit_has_a_network_of_its_own():
    one, two = (made(reuse_build=False, random_state=0).initialize(X, Y) for _ in range(2))
    assert one._fitted.network is not two._fitted.network


def test_estimators_that_train_otherwise_share_a_network():
    one = made(epochs=2, random_state=0).initialize(X, Y)
    two = made(epochs=3, random_state=1).initialize(X[:-2], Y[:-2])
    other = made(epochs=2, random_state=0, model__units=5).initialize(X, Y)
    assert one._fitted.network is two._fitted.network
    assert one._fitted.network is not other._fitted.network


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("n_features_in_", True),
        ("classes_", True),
        ("seed_", False),  # another fit, not another network
        ("_learnt", False),
        ("_private_", False),
        ("units", False),
    ],
)
def test_what_a_build_function_is_told(name, told):
    assert _is_meta(name) is told
