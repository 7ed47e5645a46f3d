"""Losses and metrics by epoch: what the lines hold, what is marked, what is said."""

import joblib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate

import skdl
from skdl import MLPClassifier, TrainingCurvesDisplay
from skdl.displays.statistics.fitted_curves import FittedCurves, curves_of_search
from skdl.engine.job import StopReason
from skdl.exceptions import HistoriesNotFoundError, InvalidParameterError

X, Y = load_iris(return_X_y=True)
NETWORK = MLPClassifier(
    units=4,
    epochs=4,
    batch_size=32,
    early_stopping=True,
    patience=1,
    metrics=["accuracy"],
    learning_rate=0.05,
    random_state=0,
)


@pytest.fixture(scope="module")
def search():
    with joblib.parallel_config("skdl"):
        return GridSearchCV(NETWORK, {"learning_rate": [0.001, 0.05]}, cv=2).fit(X, Y)


def fit(split=0, candidate=0, best=None, stop=None, **curves):
    arrays = {name: np.array(curve, dtype=float) for name, curve in curves.items()}
    return FittedCurves(candidate, split, "MLPClassifier", arrays, best, stop)


def legend(display):
    return [text.get_text() for text in display.axes_[0].get_legend().get_texts()]


def lines(ax, width):
    return [line for line in ax.lines if line.get_linewidth() == width]


def test_one_network_has_its_history_on_the_lines():
    network = clone(NETWORK).fit(X, Y)
    display = TrainingCurvesDisplay.from_estimator(network)
    assert display.curves_ == ("loss", "accuracy")
    for ax, name in zip(display.axes_, display.curves_, strict=True):
        training, validation = lines(ax, 2)
        assert training.get_ydata().tolist() == network.history_[name]
        assert validation.get_ydata().tolist() == network.history_[f"val_{name}"]
        assert training.get_xdata().tolist() == list(range(1, network.n_epochs_ + 1))
        assert not lines(ax, 0.6)
        best = next(line for line in ax.lines if line.get_marker() == "o")
        assert best.get_xdata()[0] == network.best_epoch_ + 1
        assert best.get_ydata()[0] == network.history_[f"val_{name}"][network.best_epoch_]
    assert legend(display)[:3] == [
        "training",
        "validation",
        f"best epoch: {network.best_epoch_ + 1}",
    ]
    assert display.axes_[0].get_xlabel() == "epoch"
    assert [ax.get_ylabel() for ax in display.axes_] == ["loss", "accuracy"]


def test_every_split_is_thin_and_the_mean_is_not(search):
    display = TrainingCurvesDisplay.from_search(search)
    best = search.best_index_
    fits = curves_of_search(search, [best])
    ax = display.axes_[0]
    thin = [line.get_ydata() for line in lines(ax, 0.6)]
    expected = [one.curves[name] for name in ("loss", "val_loss") for one in fits]
    for drawn, curve in zip(thin, expected, strict=True):
        np.testing.assert_array_equal(drawn, curve)
    mean = display.means_[best, "loss"]
    n_both = min(len(one.curves["loss"]) for one in fits)
    by_hand = np.mean([one.curves["loss"][:n_both] for one in fits], axis=0)
    np.testing.assert_allclose(mean.mean[:n_both], by_hand)
    assert (
        repr(display)
        == "TrainingCurvesDisplay(curves_=('loss', 'accuracy'), n_candidates=1, n_fits=2)"
    )


def test_the_mean_goes_on_thinner_where_fits_have_ended():
    display = TrainingCurvesDisplay(
        [
            fit(0, loss=[4, 2, 1, 1], best=3, stop=StopReason.EPOCHS_DONE),
            fit(1, loss=[2, 2], best=0, stop=StopReason.NO_IMPROVEMENT),
            fit(2, loss=[3, 2, 3], best=1, stop=StopReason.NO_IMPROVEMENT),
        ]
    ).plot()
    (ax,) = display.axes_
    (thick,), (thinner,) = lines(ax, 2), lines(ax, 1.1)
    np.testing.assert_array_equal(thick.get_ydata(), [3, 2, np.nan, np.nan])
    np.testing.assert_array_equal(thinner.get_ydata(), [np.nan, 2, 2, 1])
    assert legend(display) == [
        "training, mean of 3 fits",
        "mean of 2 to 1 after epoch 2",
        "best epoch",
        "stopped: no improvement (2 of 3)",
        "ended after all epochs (1 of 3)",
    ]
    ends = [line for line in ax.lines if line.get_marker() in ("|", "s")]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in ends] == [(4, 1), (2, 2), (3, 3)]
    (band,) = ax.collections
    vertices = band.get_paths()[0].vertices
    # Where one fit is left, there is nothing to spread.
    assert vertices[:, 0].max() == 3
    assert vertices[:, 1].max() == pytest.approx(3 + np.sqrt(2 / 3))


def test_several_candidates_differ_by_colour(search):
    display = TrainingCurvesDisplay.from_search(search, candidates=[0, 1], curves="loss")
    (ax,) = display.axes_
    means = [line for line in ax.lines if line.get_linewidth() in (2, 1.1)]
    assert len({line.get_color() for line in means}) == 2
    assert len({line.get_linestyle() for line in means}) == 2
    assert legend(display)[:4] == [
        "learning_rate=0.001",
        "learning_rate=0.05",
        "training, mean of 2 fits",
        "validation, mean of 2 fits",
    ]


def test_the_table_is_that_of_histories(search):
    histories = skdl.training_histories(search)
    frame = TrainingCurvesDisplay.from_search(search, candidates=[0, 1]).frame()
    assert set(frame.columns) == set(histories.columns)
    for name in histories.columns:
        assert frame[name].tolist() == histories[name].tolist()


def test_a_saved_table_serves_as_the_record_does(search):
    histories = skdl.training_histories(search)
    recorded = TrainingCurvesDisplay.from_search(search)
    for saved in (
        TrainingCurvesDisplay.from_search(search, histories=histories),
        TrainingCurvesDisplay.from_cv_results(search.cv_results_, histories),
        TrainingCurvesDisplay.from_search(search, histories=recorded.frame()),
    ):
        assert saved.means_.keys() == recorded.means_.keys()
        for key, mean in recorded.means_.items():
            np.testing.assert_array_equal(saved.means_[key].mean, mean.mean)
        assert legend(saved)[0] == "training, mean of 2 fits"
        assert not [text for text in legend(saved) if text.startswith(("best", "stop", "end"))]


def test_a_cross_validation_is_drawn_like_a_search():
    with joblib.parallel_config("skdl"):
        result = cross_validate(NETWORK, X, Y, cv=2)
    display = TrainingCurvesDisplay.from_search(result)
    assert len(display.fits) == 2


def test_losses_that_fall_by_factors_have_a_log_axis():
    steep = fit(loss=np.exp(-np.arange(12.0)), accuracy=np.linspace(0.1, 0.9, 12))
    loss, accuracy = TrainingCurvesDisplay([steep]).plot().axes_
    assert (loss.get_yscale(), accuracy.get_yscale()) == ("log", "linear")


def test_a_learning_rate_is_shown_last_and_where_it_changed():
    rates = {"learning_rate": [0.1, 0.01], "loss": [1, 0.5], "mae": [1, 1]}
    display = TrainingCurvesDisplay([fit(best=1, stop=StopReason.EPOCHS_DONE, **rates)]).plot()
    assert display.curves_ == ("loss", "mae", "learning_rate")
    # Of a rate no epoch is the best.
    assert [len(ax.lines) for ax in display.axes_] == [3, 3, 1]
    constant = TrainingCurvesDisplay([fit(learning_rate=[0.1, 0.1], loss=[1, 0.5])])
    assert constant.curves_ == ("loss",)
    asked = TrainingCurvesDisplay(
        [fit(learning_rate=[0.1, 0.1], loss=[1, 1])], curves="learning_rate"
    )
    assert asked.curves_ == ("learning_rate",)


def test_a_fit_that_diverged_is_marked_where_it_left():
    gone = [np.nan, np.nan]
    display = TrainingCurvesDisplay(
        [
            fit(0, loss=[2, 1], best=1, stop=StopReason.STILL_IMPROVING),
            fit(1, loss=gone, stop=StopReason.DIVERGED),
            fit(2, loss=[3, np.inf], stop=StopReason.DIVERGED),
        ]
    ).plot()
    (ax,) = display.axes_
    marks = [line for line in ax.lines if line.get_marker() == "x"]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in marks] == [(2, 1.0), (1, 3.0)]
    assert marks[0].get_transform() == ax.get_xaxis_transform()
    assert "diverged (2 of 3)" in legend(display)
    display.figure_.draw_without_rendering()


@pytest.mark.parametrize("reason", StopReason)
def test_every_reason_to_stop_is_said(reason):
    display = TrainingCurvesDisplay([fit(loss=[2.0, 1.0], stop=reason)]).plot()
    assert len(legend(display)) == 2


def test_curves_that_nobody_has_are_named(search):
    with pytest.raises(
        InvalidParameterError, match="curves='mae', expected names among 'accuracy', 'loss'"
    ):
        TrainingCurvesDisplay.from_search(search, curves="mae")
    with pytest.raises(InvalidParameterError, match=r"curves=\[\]"):
        TrainingCurvesDisplay.from_search(search, curves=[])


@pytest.mark.parametrize("candidates", [2, -1, "a", [0, 5], [], [0.5]])
def test_candidates_that_are_not_there_are_named(search, candidates):
    with pytest.raises(InvalidParameterError, match="expected rows of cv_results_.* from 0 to 1"):
        TrainingCurvesDisplay.from_search(search, candidates=candidates)


def test_without_curves_it_is_said_how_to_get_them(search):
    plain = GridSearchCV(LogisticRegression(max_iter=500), {"C": [1.0]}, cv=2)
    with pytest.raises(HistoriesNotFoundError, match="Run the search again inside"):
        TrainingCurvesDisplay.from_search(plain.fit(X, Y))
    with joblib.parallel_config("skdl"):
        plain.fit(X, Y)
    with pytest.raises(InvalidParameterError, match="0 fits without a finite number"):
        TrainingCurvesDisplay.from_search(plain)
    with pytest.raises(InvalidParameterError, match="1 fits without a finite number"):
        TrainingCurvesDisplay([fit(loss=[np.nan])])


def test_a_search_in_which_all_failed_asks_for_candidates():
    results = {"params": [{}], "split0_test_score": np.array([np.nan])}
    with pytest.raises(InvalidParameterError, match="1 candidates that all failed.*candidates="):
        TrainingCurvesDisplay.from_cv_results(results, None)


def test_names_are_drawn_as_they_are():
    hostile = TrainingCurvesDisplay(
        [fit(candidate=k, loss=[1, 2], **{"$x$<script>": [1, 2]}) for k in range(2)],
        labels={0: "$y$" * 100, 1: "_b"},
    ).plot()
    hostile.figure_.draw_without_rendering()
    assert legend(hostile)[0].replace("\\", "") == ("$y$" * 100)[:39] + "…"
    assert legend(hostile)[1] == " _b"
    assert hostile.axes_[1].get_ylabel() == r"\$x\$<script>"


def test_it_is_drawn_where_it_is_asked_for(search):
    figure, ax = plt.subplots(figsize=(3.3, 3), layout="constrained")
    display = TrainingCurvesDisplay.from_search(search, ax=ax)
    assert (display.ax_, display.figure_, len(display.axes_)) == (ax, figure, 2)
    one = TrainingCurvesDisplay.from_search(search, ax=plt.subplots()[1], curves="loss")
    assert one.axes_.tolist() == [one.ax_]


def test_one_epoch_is_a_point():
    display = TrainingCurvesDisplay([fit(loss=[0.7], val_loss=[0.9])]).plot()
    points = [line for line in display.ax_.lines if line.get_marker() == "."]
    assert [line.get_ydata().tolist() for line in points] == [[0.7], [0.9]]
    assert display.ax_.get_xticks().tolist() == [1]


def test_a_band_on_a_log_axis_ends_at_the_lowest_fit():
    fits = [fit(split, loss=[1.0, low]) for split, low in enumerate([0.001, 0.002, 0.9])]
    display = TrainingCurvesDisplay(fits).plot()
    assert display.ax_.get_yscale() == "log"
    assert (display.means_[0, "loss"].mean - display.means_[0, "loss"].std)[1] < 0
    (band,) = display.ax_.collections
    assert band.get_paths()[0].vertices[:, 1].min() == 0.001


def test_many_candidates_leave_room_for_their_curves():
    fits = [fit(candidate=one, loss=[1.0, 0.5], val_loss=[1.0, 0.6]) for one in range(12)]
    labels = {one: f"learning_rate=0.00{one}, units=64, dropout=0" for one in range(12)}
    figure, ax = plt.subplots(figsize=(3.3, 2.6), layout="constrained")
    display = TrainingCurvesDisplay(fits, labels=labels).plot(ax=ax)
    figure.draw_without_rendering()
    assert ax.get_window_extent().height > 0.25 * figure.bbox.height
    assert 0 < len(legend(display)) < 12
