"""Callbacks as objects, classes, lists and dicts, what is routed to them, and for which calls they are."""

from __future__ import annotations

from collections import deque

import keras
import pytest
from keras.callbacks import EarlyStopping, LearningRateScheduler
from sklearn.base import clone

from skdl import KerasRegressor
from tests.selection import some
from tests.wrappers.small_networks import NUMBERS, QUICK, Recorder, X, build_linear

# No epoch is better than the first by that much: two more epochs, and it stops.
STOP = {"monitor": "loss", "patience": 2, "min_delta": 1e6}
FORMS = {
    "object": {"callbacks": EarlyStopping(**STOP)},
    "list of objects": {"callbacks": [EarlyStopping(**STOP)]},
    "dict of objects": {"callbacks": {"es": EarlyStopping(**STOP)}},
    "class": {"callbacks": EarlyStopping, **{f"callbacks__{k}": v for k, v in STOP.items()}},
    "list of classes": {
        "callbacks": [EarlyStopping],
        **{f"callbacks__0__{k}": v for k, v in STOP.items()},
    },
    "dict of classes": {
        "callbacks": {"es": EarlyStopping},
        **{f"callbacks__es__{k}": v for k, v in STOP.items()},
    },
    "fit class": {
        "fit__callbacks": EarlyStopping,
        **{f"fit__callbacks__{k}": v for k, v in STOP.items()},
    },
    "fit dict": {
        "fit__callbacks": {"es": EarlyStopping},
        **{f"fit__callbacks__es__{k}": v for k, v in STOP.items()},
    },
}


def fitted(**params):
    return KerasRegressor(build_linear, **params, **QUICK).fit(X, NUMBERS)


@pytest.mark.parametrize("form", some(FORMS, "class", "dict of classes", "fit dict"))
def test_every_form_stops_the_training(form):
    assert len(fitted(epochs=6, **FORMS[form]).history_["loss"]) == 3


def test_a_number_for_one_of_two():
    reg = fitted(
        epochs=6,
        callbacks={"late": EarlyStopping, "soon": EarlyStopping},
        callbacks__monitor="loss",
        callbacks__min_delta=1e6,
        callbacks__late__patience=5,
        callbacks__soon__patience=1,
    )
    assert len(reg.history_["loss"]) == 2


def test_set_params_of_a_routed_number():
    reg = KerasRegressor(build_linear, epochs=6, **FORMS["class"], **QUICK)
    reg.set_params(callbacks__patience=3)
    assert len(reg.fit(X, NUMBERS).history_["loss"]) == 4


class Halve:
    """A schedule: the learning rate of each epoch is the one before times `factor`."""

    def __init__(self, factor=0.5):
        self.factor = factor

    def __call__(self, epoch, rate):
        return rate * self.factor


def test_an_argument_by_position_that_is_a_class_itself():
    reg = fitted(
        epochs=2,
        optimizer="sgd",
        optimizer__learning_rate=0.5,
        callbacks=LearningRateScheduler,
        callbacks__0=Halve,
        callbacks__0__factor=0.25,
    )
    assert float(reg.model_.optimizer.learning_rate) == 0.5 * 0.25**2


class Arguments(keras.callbacks.Callback):
    """Notes what it was made from."""

    made: list = []

    def __init__(self, *args, **kwargs):
        super().__init__()
        Arguments.made.append((args, kwargs))


@pytest.mark.parametrize(
    ("routed", "expected"),
    [
        ({"callbacks__1": "b", "callbacks__0": "a"}, (("a", "b"), {})),
        ({"callbacks__name": "a"}, ((), {"name": "a"})),
        ({"callbacks__0": "a", "callbacks__name": None}, (("a",), {"name": None})),
    ],
    ids=["positions", "keywords", "both"],
)
def test_arguments_by_position_and_by_keyword(routed, expected):
    Arguments.made.clear()
    fitted(callbacks=Arguments, **routed)
    assert expected in Arguments.made
    assert all(made == expected for made in Arguments.made)


def test_which_calls_a_callback_is_told_of():
    both, of_fit, of_predict = Recorder(), Recorder(), Recorder()
    reg = fitted(
        callbacks=both,
        fit__callbacks=[of_fit],
        predict__callbacks={"p": of_predict},
        validation_split=0.25,
    )
    during_fit = ["train", 0, "step", "test", "test step"]
    assert both.log == of_fit.log == during_fit
    assert of_predict.log == []
    reg.predict(X)
    assert both.log == [*during_fit, "predict", "predict step"]
    assert of_fit.log == during_fit
    assert of_predict.log == ["predict", "predict step"]
    reg.score(X, NUMBERS)
    assert of_predict.log == 2 * ["predict", "predict step"]


def test_a_class_for_predict_takes_routed_arguments():
    log = deque()
    reg = fitted(predict__callbacks=Recorder, predict__callbacks__log=log)
    assert list(log) == []
    reg.predict(X)
    assert list(log) == ["predict", "predict step"]


def test_callbacks_of_one_call_come_on_top():
    mine, of_fit, of_predict = Recorder(), Recorder(), Recorder()
    reg = KerasRegressor(build_linear, callbacks=[mine], **QUICK)
    reg.fit(X, NUMBERS, callbacks=[of_fit])
    assert mine.log == of_fit.log == ["train", 0, "step"]
    reg.predict(X, callbacks=[of_predict])
    assert of_predict.log == ["predict", "predict step"]


def test_callbacks_see_the_epochs_of_partial_fit():
    recorder = Recorder()
    reg = fitted(callbacks=recorder, epochs=2)
    reg.partial_fit(X, NUMBERS).partial_fit(X, NUMBERS)
    assert recorder.epochs == [0, 1, 2, 3]


def test_lists_in_a_list():
    first, second = Recorder(), Recorder()
    fitted(callbacks=[first, [second]])
    assert first.log == second.log == ["train", 0, "step"]


def test_a_callback_that_was_used_is_cloned_with_its_estimator():
    reg = fitted(epochs=6, callbacks=[EarlyStopping(**STOP)])
    again = clone(reg).fit(X, NUMBERS)
    assert again.history_ == reg.history_


@pytest.mark.usefixtures("program_of_tensorflow")
def test_predictions_are_the_same_bits_with_a_callback():
    """With callbacks Keras predicts, as TensorFlow's graph does and not the native kernel."""
    plain, watched = fitted(), fitted(callbacks=Recorder())
    assert plain.predict(X).tobytes() == watched.predict(X).tobytes()


@pytest.mark.parametrize("given", [3, ["es"], object], ids=["number", "name", "no callback"])
def test_what_is_no_callback(given):
    with pytest.raises(TypeError, match="callback"):
        fitted(callbacks=given)


def test_numbers_for_a_callback_that_is_made_already():
    with pytest.raises(TypeError, match="does not accept parameters because it's not a class"):
        fitted(callbacks=EarlyStopping(), callbacks__patience=2)


def test_a_misspelt_number():
    with pytest.raises(TypeError, match="Did you mean 'patience'?"):
        fitted(callbacks=EarlyStopping, callbacks__patienc=2)


def test_a_number_for_a_callback_that_is_not_there():
    with pytest.raises(ValueError, match="callbacks__1__patience"):
        fitted(callbacks=[EarlyStopping], callbacks__0__monitor="loss", callbacks__1__patience=2)
