"""The learning-rate range test: the steps that it trains, on which data, and what of them it leaves alone."""

import copy
import pickle
import warnings

import keras
import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

import skdl.engine
from skdl import LRRangeTest, MLPClassifier, lr_range_test
from skdl.exceptions import InvalidParameterError
from tests.conftest import RATE, make
from tests.selection import some

STEPS = 20


def run(estimator, X, y, **settings):
    """A short range test, whatever it has to say of the range."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "lr_range_test went", UserWarning)
        return lr_range_test(estimator, X, y, **{"n_steps": STEPS, "n_repeats": 2, **settings})


def assert_same(first, second):
    np.testing.assert_array_equal(first.losses_, second.losses_)
    assert (
        first.suggestion_ == second.suggestion_
        or np.isnan([first.suggestion_, second.suggestion_]).all()
    )


@pytest.mark.parametrize(
    ("engine", "settings"),
    [
        ("compiled", {"mixup": 0.2, "batch_size": 7}),
        ("keras", {"shuffle": False}),
    ],
)
def test_each_loss_is_that_of_a_step_of_keras(engine, settings, numbers_data, float64):
    X, y = numbers_data
    test = run(make("KerasRegressor", engine=engine, **settings), X, y, min_lr=1e-4, max_lr=0.1)
    rates = test.learning_rates_
    np.testing.assert_allclose(rates, 1e-4 * 1000 ** (np.arange(STEPS) / (STEPS - 1)))
    schedule = {"learning_rate_schedule": lambda step: rates[step]}
    for seed, losses in enumerate(test.losses_):
        fit = make("KerasRegressor", engine="keras", random_state=seed, **settings, **schedule)
        fit.fit(X, y, epochs=STEPS, steps_per_epoch=1)
        np.testing.assert_allclose(losses, fit.history_["loss"], rtol=1e-8)


def test_at_one_rate_it_is_a_plain_fit(classes_data, float64):
    X, y = classes_data
    estimator = make("MLPClassifier", batch_size=60, learning_rate=0.01)  # an epoch is a step
    test = run(estimator, X, y, min_lr=0.01, max_lr=0.01 * (1 + 1e-12))
    plain = estimator.set_params(epochs=STEPS).fit(X, y)
    np.testing.assert_allclose(test.losses_[0], plain.history_["loss"], rtol=1e-8)


def test_what_watches_stops_and_schedules_a_fit_has_no_part_in_it(kind, data_of):
    X, y = data_of(kind)
    heard = []
    watched = make(
        kind,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=lambda *told: heard.append(told))],
        validation_split=0.5,
        early_stopping=True,
        patience=0,
        max_seconds=1e-9,
        reduce_lr_patience=0,
        learning_rate_schedule="cosine",
        epochs=1,
        **{RATE[kind]: 7.0},
    )
    assert_same(run(watched, X, y), run(make(kind), X, y))
    assert heard == []


def test_callbacks_of_scikit_learn_are_not_told(classes_data):
    callback = pytest.importorskip("sklearn.callback")
    X, y = classes_data

    class Heard(callback.ScoringMonitor):
        def setup(self, *args, **kwargs):
            raise AssertionError("told")

    pipe = make_pipeline(StandardScaler(), make("MLPClassifier"))
    told = Heard(scoring="accuracy")
    pipe[-1].set_callbacks(told)
    pipe.set_callbacks(told)
    run(pipe, X, y)
    assert pipe[-1]._skl_callbacks == [told]


def test_no_program_but_that_of_a_fit(classes_data):
    X, y = classes_data
    make("MLPClassifier").fit(X, y)
    before = skdl.engine.stats()
    run(make("MLPClassifier"), X, y)
    run(make("MLPClassifier"), X[:50], y[:50], n_steps=30, max_lr=1e9, n_repeats=3)
    after = skdl.engine.stats()
    assert after.programs == before.programs
    assert after.fallbacks == before.fallbacks
    assert after.fits - before.fits == 5


def test_batches_larger_than_the_data(classes_data):
    X, y = classes_data
    large, full = (make("MLPClassifier", batch_size=size) for size in (1000, "full"))
    assert_same(run(large, X, y), run(full, X, y))


def test_seeds(classes_data):
    X, y = classes_data
    network = make("MLPClassifier", random_state=3)
    test = run(network, X, y)
    assert_same(test, run(network, X, y))
    assert_same(test, run(make("MLPClassifier", random_state=None), X, y, random_state=3))
    assert_same(test, run(make("MLPClassifier"), X, y, random_state=np.int64(3)))
    more = run(network, X, y, n_repeats=3)
    np.testing.assert_array_equal(more.losses_[:2], test.losses_)
    # Each repeat has the next seed; the largest one has none after it.
    np.testing.assert_array_equal(
        run(network, X, y, random_state=4, n_repeats=1).losses_[0], test.losses_[1]
    )
    last = run(network, X, y, random_state=2**32 - 1)
    np.testing.assert_array_equal(
        last.losses_[1], run(network, X, y, random_state=0, n_repeats=1).losses_[0]
    )
    unseeded = [run(make("MLPClassifier", random_state=None), X, y) for _ in range(2)]
    assert (unseeded[0].losses_ != unseeded[1].losses_).any()


def test_a_random_state_is_read_and_not_advanced(classes_data):
    state = np.random.RandomState(0)
    before = pickle.dumps(state)
    first, second = (
        run(make("MLPClassifier", random_state=state), *classes_data) for _ in range(2)
    )
    assert_same(first, second)
    assert_same(first, run(make("MLPClassifier"), *classes_data, random_state=state))
    assert pickle.dumps(state) == before


@pytest.mark.parametrize("kind", some(["MLPClassifier", "KerasRegressor"], "KerasRegressor"))
def test_the_callers_objects_stay_what_they_are(kind, data_of, outputs):
    X, y = data_of(kind)
    pipe = make_pipeline(StandardScaler(), make(kind)).fit(X, y)
    given, params = (X.copy(), y.copy()), copy.deepcopy(repr(pipe.get_params()))
    predicted, history = outputs(pipe, X), copy.deepcopy(pipe[-1].history_)
    run(pipe, X, y)
    np.testing.assert_array_equal(given[0], X)
    np.testing.assert_array_equal(given[1], y)
    np.testing.assert_array_equal(predicted, outputs(pipe, X))
    assert repr(pipe.get_params()) == params
    assert pipe[-1].history_ == history


def test_rows_without_weight_do_not_count(classes_data, float64):
    X, y = classes_data
    test = run(make("MLPClassifier"), X, y, sample_weight=np.arange(60) < 40)
    some = run(make("MLPClassifier"), X[:40], y[:40], sample_weight=np.ones(40))
    np.testing.assert_allclose(test.losses_, some.losses_, rtol=1e-8)


def test_divergence_ends_a_repeat(numbers_data):
    X, y = numbers_data
    network = make("MLPRegressor")
    test = lr_range_test(network, X, y, min_lr=1e-4, max_lr=1e30, n_steps=200)
    assert test.diverged_at_ < 100
    assert 1e-3 < test.suggestion_ < test.diverged_at_
    assert np.isnan(test.losses_[:, -1]).all()


@pytest.mark.parametrize(
    ("min_lr", "max_lr", "words"),
    [
        (1e20, 1e30, r"from 1e\+20 to 1e\+30.* did not fall.* lower min_lr"),
        (1e-9, 1e-8, r"did not fall.* raise max_lr; if"),
        (1e-4, 1e-2, r"still falls at 0\.01.* raise max_lr\."),
    ],
)
def test_a_range_without_a_whole_fall_is_warned_of(min_lr, max_lr, words, numbers_data):
    network = make("MLPRegressor")
    with pytest.warns(UserWarning, match=words):
        lr_range_test(network, *numbers_data, min_lr=min_lr, max_lr=max_lr)


class Doubler(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return 2 * X


@pytest.mark.parametrize(
    "wrap",
    [
        lambda network: make_pipeline(StandardScaler(), Doubler(), network),
        lambda network: make_pipeline(make_pipeline(StandardScaler(), Doubler()), network),
        lambda network: make_pipeline(StandardScaler(), make_pipeline(Doubler(), network)),
        lambda network: Pipeline(
            [
                ("a", StandardScaler()),
                ("b", "passthrough"),
                ("c", None),
                ("d", Doubler()),
                ("e", network),
            ]
        ),
    ],
    ids=["plain", "steps nested", "end nested", "passthrough"],
)
def test_a_pipeline_transforms_first(wrap, classes_data):
    X, y = classes_data
    network = make("MLPClassifier")
    ready = 2 * StandardScaler().fit_transform(X)
    assert_same(run(wrap(network), X, y), run(network, ready, y))


def test_a_pipeline_of_the_network_alone(classes_data):
    network = make("MLPClassifier")
    assert_same(run(make_pipeline(network), *classes_data), run(network, *classes_data))


def test_a_pipeline_keeps_its_memory(classes_data, tmp_path):
    pipe = make_pipeline(StandardScaler(), make("MLPClassifier"), memory=str(tmp_path))
    run(pipe, *classes_data)
    assert list(tmp_path.iterdir())


def test_a_pipeline_of_data_frames(classes_data):
    pandas = pytest.importorskip("pandas")
    X, y = classes_data
    frame = pandas.DataFrame(X, columns=list("abcd"))
    pipe = make_pipeline(StandardScaler().set_output(transform="pandas"), make("MLPClassifier"))
    assert_same(
        run(pipe, frame, y), run(make("MLPClassifier"), StandardScaler().fit_transform(X), y)
    )


def test_targets_are_transformed_too(numbers_data):
    X, y = numbers_data
    network = make("MLPRegressor")
    ready = StandardScaler().fit_transform(y[:, None])[:, 0]
    scaled = run(network, StandardScaler().fit_transform(X), ready)
    inner = make_pipeline(StandardScaler(), network)
    outer = TransformedTargetRegressor(network, transformer=StandardScaler())
    for wrapped in (
        TransformedTargetRegressor(inner, transformer=StandardScaler()),
        make_pipeline(StandardScaler(), outer),
    ):
        assert_same(run(wrapped, X, y), scaled)
    by_function = TransformedTargetRegressor(network, func=np.log, inverse_func=np.exp)
    assert_same(run(by_function, X, y), run(network, X, np.log(y)))


@pytest.mark.parametrize(
    ("estimator", "words"),
    [
        (
            LogisticRegression(),
            "Got LogisticRegression, expected a KerasClassifier.* the network itself",
        ),
        (MLPClassifier, r"Got the class MLPClassifier.* pass an instance, MLPClassifier\(\)"),
        (None, "Got NoneType"),
        (make_pipeline(StandardScaler(), LogisticRegression()), "as 'logisticregression'"),
        (make_pipeline(MLPClassifier(), "passthrough"), "Got str as 'passthrough'"),
        (TransformedTargetRegressor(), "Got NoneType as 'regressor'"),
        (
            TransformedTargetRegressor(make_pipeline(StandardScaler())),
            "Got StandardScaler as 'regressor__standardscaler'",
        ),
        (GridSearchCV(MLPClassifier(), {}), "Got GridSearchCV.* pass its best_estimator_, or"),
        (
            make_pipeline(StandardScaler(), GridSearchCV(MLPClassifier(), {})),
            "Got GridSearchCV as 'gridsearchcv'.* best_estimator_",
        ),
    ],
)
def test_what_has_no_network_at_its_end(estimator, words, classes_data):
    with pytest.raises(InvalidParameterError, match=f"takes networks of skdl.*{words}"):
        lr_range_test(estimator, *classes_data)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"min_lr": 0}, "min_lr=0 is out of range"),
        ({"min_lr": "low"}, "min_lr='low' is not accepted"),
        ({"max_lr": np.inf}, "max_lr=inf is out of range"),
        ({"min_lr": 0.1, "max_lr": 0.1}, "Got max_lr=0.1, which is not above"),
        ({"min_lr": 2}, "min_lr=2 is no beginning.* raise max_lr, or lower min_lr"),
        ({"n_steps": 9}, "n_steps=9 is out of range.* of at least 10"),
        ({"n_steps": 20.0}, "n_steps=20.0 is out of range"),
        ({"n_repeats": 0}, "n_repeats=0 is out of range"),
        ({"smoothing": 1.0}, "smoothing=1.0 is out of range"),
        ({"stop_factor": 1}, "stop_factor=1 is out of range"),
        ({"random_state": "a"}, "lr_range_test: random_state='a' is not accepted"),
        ({"sample_weight": [1.0]}, "sample_weight"),
    ],
)
def test_what_is_out_of_range_is_an_error_before_any_training(settings, words, classes_data):
    before = skdl.engine.stats()
    with pytest.raises(ValueError, match=words):
        lr_range_test(make("MLPClassifier"), *classes_data, **settings)
    assert skdl.engine.stats() == before


@pytest.mark.parametrize("kind", some(["MLPClassifier", "KerasClassifier"], "MLPClassifier"))
def test_an_optimizer_with_a_schedule_of_its_own(kind, classes_data):
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 10)
    network = make(kind, optimizer=keras.optimizers.Adam(schedule))
    words = "lr_range_test needs a learning rate.* Got an optimizer that has a schedule of its own"
    with pytest.raises(InvalidParameterError, match=words):
        lr_range_test(network, *classes_data)


def test_errors_of_the_network_are_those_of_its_fit(classes_data):
    with pytest.raises(InvalidParameterError, match="MLPClassifier: units=0 is out of range"):
        lr_range_test(make("MLPClassifier", units=0), *classes_data)


def test_public_names_are_where_they_are_said_to_be():
    assert lr_range_test.__module__ == "skdl.lr_range.run"
    assert skdl.lr_range.run.LRRangeTest is LRRangeTest
