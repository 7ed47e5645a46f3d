"""Ids and classes that nothing stands at: one error, and an estimator that is what it was before."""

from __future__ import annotations

import pickle

import keras
import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.model_selection import GridSearchCV

from skdl import KerasClassifier
from skdl.engine import stats
from skdl.exceptions import IndexOutOfRangeError

L = keras.layers
ENGINES = ("keras", "auto")
X = np.random.default_rng(0).integers(0, 20, (40, 6))
Y = np.arange(40) % 2


def with_id(value, row=33):
    made = X.copy()
    made[row, 2] = value
    return made


def words(size=20):
    return keras.Sequential(
        [
            keras.Input((6,), dtype="int32"),
            L.Embedding(size, 4, name="words"),
            L.GlobalAveragePooling1D(),
            L.Dense(2, activation="softmax"),
        ]
    )


def estimator(engine, **params):
    settings = {"loss": "sparse_categorical_crossentropy", "epochs": 1, "random_state": 0}
    return KerasClassifier(engine=engine, **{"model": words, **settings, **params})


def message(action):
    with pytest.raises(IndexOutOfRangeError) as caught:
        action()
    return str(caught.value)


def test_both_engines_say_the_same_of_a_token_id():
    told = {message(lambda e=e: estimator(e).fit(with_id(25), Y)) for e in ENGINES}
    assert told == {
        "The layer words (Embedding) got the index 25 in row 33 of X; expected 0 to 19, or -20 to -1 "
        "counted from the end. Raise input_dim to 26 or more, or encode such values as an index that "
        "stands for all unknown ones."
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_rows_have_the_numbers_that_the_user_knows(engine):
    for row in (3, 33):
        split = estimator(engine, validation_split=0.5)
        assert f"in row {row} of X;" in message(lambda r=row, e=split: e.fit(with_id(25, r), Y))
    weights = np.arange(40) % 4 > 0
    assert "in row 33 of X;" in message(
        lambda: estimator(engine).fit(with_id(25), Y, sample_weight=weights)
    )
    given = {"X_val": with_id(-21, 5), "y_val": Y}
    assert "the index -21 in row 5 of the validation data;" in message(
        lambda: estimator(engine).fit(X, Y, **given)
    )


@pytest.mark.further
@pytest.mark.parametrize("engine", ENGINES)
def test_the_rows_that_a_network_is_built_on_may_be_wrong(engine):
    def build():
        return words(17)  # a network of its own, which no fit before has built

    wrong = np.where(X < 17, X, 0)
    wrong[0, 1] = 17
    made = estimator(engine, model=build)
    assert "the index 17 in row 0 of X;" in message(lambda: made.fit(wrong, Y))
    made.fit(wrong, Y, sample_weight=np.arange(40) > 0)
    assert made.model_.get_layer("words").input_dim == 17


@pytest.mark.parametrize("engine", ENGINES)
def test_a_row_of_weight_0_is_not_looked_at(engine):
    estimator(engine).fit(with_id(25), Y, sample_weight=np.arange(40) != 33)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_failed_fit_leaves_what_was_there(engine):
    fresh = estimator(engine)
    message(lambda: fresh.fit(with_id(25), Y))
    with pytest.raises(NotFittedError):
        fresh.predict(X)
    fitted = estimator(engine).fit(X, Y)
    for looked_at in (False, True):
        before = fitted.predict_proba(X)
        message(lambda: fitted.partial_fit(with_id(25), Y))
        np.testing.assert_array_equal(fitted.predict_proba(X), before)
        if not looked_at:
            assert fitted.model_ is fitted.model_  # trained in place from now on
    message(lambda: fitted.fit(with_id(25), Y))
    with pytest.raises(NotFittedError):
        fitted.predict(X)


@pytest.mark.parametrize("engine", ENGINES)
def test_predictions_raise(engine):
    fitted = estimator(engine).fit(X, Y)
    for ask in (fitted.predict, fitted.predict_proba, lambda X: fitted.score(X, Y)):
        assert "the index 25 in row 33 of X;" in message(lambda ask=ask: ask(with_id(25)))
    by_keras = message(lambda: fitted.predict(with_id(25), verbose=0))
    assert "words (Embedding)" in by_keras
    fitted.predict(with_id(-1))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_candidate_that_fails_gets_the_error_score(engine):
    search = GridSearchCV(
        estimator(engine, model__size=20),
        {"model__size": [20, 30]},
        cv=2,
        refit=False,
        error_score=-1.0,
    )
    wrong = with_id(25)
    wrong[3, 2] = 25  # each fold trains on one of them
    with pytest.warns(FitFailedWarning, match="IndexOutOfRangeError"):
        search.fit(wrong, Y)
    small, large = search.cv_results_["mean_test_score"]
    assert small < 0 < large


def test_networks_with_lookups_still_share_a_program():
    made = [estimator("auto", optimizer="adam", optimizer__learning_rate=r) for r in (0.1, 0.2)]
    made[0].fit(X, Y)
    before = stats().programs
    made[1].fit(X, Y)
    message(lambda: clone(made[1]).fit(with_id(25), Y))
    assert stats().programs == before


class Columns(BaseEstimator, TransformerMixin):
    """Hands the columns of a target to one output each, as they are."""

    def fit(self, y):
        self.n_outputs_expected_ = y.shape[1]
        return self

    def transform(self, y):
        return [y[:, column] for column in range(y.shape[1])]

    def inverse_transform(self, outputs, return_proba=False):
        return np.column_stack([part.argmax(-1) for part in outputs])


class ByColumn(KerasClassifier):
    @property
    def target_encoder(self):
        return Columns()


def of_two_and_three():
    x = keras.Input((6,))
    return keras.Model(x, [L.Dense(n, activation="softmax")(x) for n in (2, 3)])


@pytest.mark.parametrize("engine", ENGINES)
def test_classes_that_an_encoder_of_the_users_hands_on(engine):
    y = np.column_stack([np.arange(40) % 2, np.arange(40) % 3])
    made = ByColumn(
        of_two_and_three,
        loss="sparse_categorical_crossentropy",
        epochs=1,
        engine=engine,
        random_state=0,
    )
    made.fit(X, y)
    y[7, 1] = 3
    told = message(lambda: made.fit(X, y))
    assert told.startswith(
        "The loss got the class 3 in row 7 of X; expected 0 to 2. Give the output"
    )


def test_the_error_travels():
    error = IndexOutOfRangeError("it got the index 3", "training data", 7, "expected 0 to 2")
    twin = pickle.loads(pickle.dumps(error))
    assert (
        str(twin)
        == str(error)
        == "It got the index 3 in row 7 of the training data; expected 0 to 2"
    )
    assert (twin.data, twin.row) == ("training data", 7)
    assert str(twin.at("X", 9)) == "It got the index 3 in row 9 of X; expected 0 to 2"
    assert isinstance(error, ValueError)
