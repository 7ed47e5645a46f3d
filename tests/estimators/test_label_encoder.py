"""Labels to what a network is trained on, and back: scikeras's encoder is the oracle."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import skdl.wrappers.keras_estimators  # noqa: F401 - imports scikeras without what it changes in Keras
from skdl.estimators.label_encoder import LabelEncoder

TARGETS = {
    "two words": np.array(["no", "yes", "no", "yes"]),
    "three words": np.array(["b", "c", "a", "b"], dtype=object),
    "bools": np.array([True, False, True]),
    "codes that do not begin at zero": np.array([7, 3, 5, 3]),
    "floats": np.array([1.0, 2.0, 3.0]),
    "one class": np.array([4, 4, 4]),
    "labels of several": np.array([[1, 0, 1], [1, 1, 0], [0, 0, 1]]),
    "one-hot": np.array([[1, 0, 0], [0, 0, 1], [0, 1, 0]]),
}
LOSSES = [None, "categorical_crossentropy"]


def scikeras_encoder(loss, categories="auto"):
    from scikeras.utils.transformers import ClassifierLabelEncoder

    return ClassifierLabelEncoder(loss=loss, categories=categories)


def outputs(encoder, rows, seed=0):
    """What a network with one column a class might give."""
    raw = np.random.default_rng(seed).random((rows, max(encoder.n_classes_, 1)))
    return raw / raw.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", TARGETS)
def test_as_scikeras(name, loss):
    y = TARGETS[name]
    ours, theirs = LabelEncoder(loss).fit(y), scikeras_encoder(loss).fit(y)
    for key, value in theirs.get_metadata().items():
        np.testing.assert_array_equal(ours.get_metadata()[key], value)
    if not (loss and len(np.unique(y)) == 2 and y.ndim == 1):  # there ours gives two columns
        coded = theirs.transform(y)
        np.testing.assert_array_equal(ours.transform(y), coded)
        assert ours.transform(y).dtype == coded.dtype
    if not (loss and len(np.unique(y)) == 1):  # scikeras asks for columns that were not there
        given = outputs(ours, 5)
        found, expected = ours.inverse_transform(given), theirs.inverse_transform(given)
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(
            ours.inverse_transform(given, return_proba=True),
            theirs.inverse_transform(given, return_proba=True),
        )


def test_two_classes_as_two_columns():
    y = TARGETS["two words"]
    columns = LabelEncoder("categorical_crossentropy").fit(y).transform(y)
    assert columns.tolist() == [[1, 0], [0, 1], [1, 0], [0, 1]]


def test_one_column_of_a_sigmoid_is_the_second_class():
    encoder = LabelEncoder().fit(TARGETS["two words"])
    given = np.array([[0.2], [0.75]])
    assert encoder.inverse_transform(given).tolist() == ["no", "yes"]
    assert encoder.inverse_transform(given, return_proba=True).tolist() == [
        [0.8, 0.2],
        [0.25, 0.75],
    ]


@given(
    hnp.arrays(np.int64, st.integers(1, 30), elements=st.integers(-5, 5)),
    st.sampled_from(LOSSES),
)
def test_there_and_back(y, loss):
    encoder = LabelEncoder(loss).fit(y)
    coded = encoder.transform(y)
    if loss is None or encoder.n_classes_ == 1:
        coded = np.eye(encoder.n_classes_)[coded.astype(int).ravel()]
    np.testing.assert_array_equal(encoder.inverse_transform(coded), y)


def test_given_classes_count_where_the_target_lacks_one():
    encoder = LabelEncoder(categories=[np.array([1, 2, 3])]).fit(np.array([1, 3]))
    assert encoder.classes_.tolist() == [1, 2, 3]
    assert encoder.transform(np.array([3, 1])).ravel().tolist() == [2, 0]


def test_a_label_that_is_no_class_is_an_error():
    encoder = LabelEncoder().fit(np.array(["a", "b"]))
    with pytest.raises(ValueError, match=r"Got \['c'\], expected some of \['a', 'b'\]"):
        encoder.transform(np.array(["a", "c"]))
    with pytest.raises(ValueError, match=r"Got \[4\], expected some of \[1, 2\]"):
        LabelEncoder(categories=[np.array([1, 2])]).fit(np.array([1, 4]))


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (np.array([[1, 2], [3, 4]]), "several columns of labels"),
        (np.array([0.5, 1.25]), "Unknown label type: continuous"),
    ],
)
def test_what_is_no_label_is_an_error(y, words):
    with pytest.raises(ValueError, match=words):
        LabelEncoder().fit(y)


PREDICTED = [
    (["no", "yes", "no"], 1, [0, 1, 0]),
    ([-3, 7, 2], 3, [0, 2, 1]),
    ([True, False, True], 1, [1, 0, 1]),
    ([5, 5, 5], 1, [0, 0, 0]),
    (["c", "a", "b"], 3, [2, 0, 1]),
]


@pytest.mark.parametrize(("y", "n_units", "codes"), PREDICTED)
def test_labels_are_encoded_in_the_order_of_the_classes_and_read_back(y, n_units, codes):
    y = np.array(y)
    encoder = LabelEncoder(one_hot=False).fit(y)
    assert (encoder.n_units, encoder.is_one_label) == (n_units, True)
    np.testing.assert_array_equal(encoder.transform(y), np.array(codes)[:, None])
    certain = np.eye(len(encoder.classes_))[codes]
    np.testing.assert_array_equal(encoder.inverse_transform(certain), y)


def test_one_unit_gives_the_probabilities_of_two_classes():
    encoder = LabelEncoder().fit(np.array([0, 1]))
    found = encoder.probabilities(np.array([[0.25], [1.0]]))
    np.testing.assert_array_equal(found, [[0.75, 0.25], [0, 1]])


def test_one_class_is_certain():
    encoder = LabelEncoder().fit(np.array(["only"] * 3))
    found = encoder.probabilities(np.array([[0.9], [0.1]]))
    np.testing.assert_array_equal(found, [[1], [1]])
    assert encoder.inverse_transform(found).tolist() == ["only", "only"]


@given(
    st.lists(
        st.lists(st.floats(0.015625, 1, width=32), min_size=3, max_size=3), min_size=1, max_size=9
    )
)
def test_probabilities_of_several_classes_sum_to_one_in_float64(rows):
    encoder = LabelEncoder().fit(np.array([0, 1, 2]))
    found = encoder.probabilities(np.array(rows, np.float32))
    assert (found.dtype, found.shape) == (np.float64, (len(rows), 3))
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-14)


@pytest.mark.parametrize("y", [[[1, 0, 1], [0, 0, 0]], [[1, 0, 0], [0, 0, 1]]])
def test_an_indicator_matrix_may_be_labels_of_their_own(y):
    encoder = LabelEncoder(one_hot=False).fit(np.array(y))
    assert (encoder.n_units, encoder.is_one_label) == (3, False)
    np.testing.assert_array_equal(encoder.transform(np.array(y)), y)
    probabilities = np.array([[0.6, 0.5, 0.9]])
    np.testing.assert_array_equal(encoder.probabilities(probabilities), probabilities)
    np.testing.assert_array_equal(encoder.inverse_transform(probabilities), [[1, 0, 1]])


def test_given_classes_say_how_many_there_are():
    given = [np.array([0.0, 1.0, 2.5])]
    encoder = LabelEncoder(categories=given, one_hot=False).fit(np.array([1.0, 0.0]))
    assert encoder.n_units == 3
    np.testing.assert_array_equal(encoder.transform(np.array([2.5, 1.0])), [[2], [1]])
    encoder.set_params(loss="categorical_crossentropy")
    np.testing.assert_array_equal(encoder.transform(np.array([2.5, 1.0])), [[0, 0, 1], [0, 1, 0]])


def test_several_labels_of_several_classes_are_refused_with_a_way_out():
    with pytest.raises(ValueError, match="use sklearn.multioutput.MultiOutputClassifier"):
        LabelEncoder().fit(np.array([[1, 2], [3, 1]]))
