"""What is said of data: sizes, types, classes, and a fingerprint that changes with any of them."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity

from skdl import TuningReport
from skdl.exceptions import InvalidParameterError
from skdl.report.facts.dataset import check_data, describe_data

X, y = load_iris(return_X_y=True)


def test_an_array_and_its_classes():
    data, target = describe_data(X, y)
    assert (data.shape, data.container, data.types) == ((150, 4), "array", (("float64", 4),))
    assert data.n_missing == 0
    assert (target.kind, target.n_outputs, target.n_classes) == ("multiclass", 1, 3)
    assert target.classes == (("0", 50), ("1", 50), ("2", 50))


def test_columns_of_a_frame_have_types_and_missing_values():
    frame = pd.DataFrame(
        {
            "a": [1.0, np.nan, 3.0],
            "b": [1, 2, 3],
            "c": ["x", None, "y"],
            "d": pd.array([1, None, 3], dtype="Int64"),
            "e": pd.to_datetime(["2020-01-01", None, "2020-01-03"]),
        }
    )
    data, target = describe_data(frame, [0.5, 1.5, 2.5])
    assert data.shape == (3, 5)
    assert data.container == "DataFrame"
    assert sum(count for _, count in data.types) == 5
    assert data.n_missing == 4
    assert (target.kind, target.mean, target.low, target.high) == ("continuous", 1.5, 0.5, 2.5)
    assert target.std == pytest.approx(np.sqrt(2 / 3))


def test_two_columns_of_one_name_are_two():
    frame = pd.DataFrame([[1.0, np.nan], [2.0, 3.0]], columns=["a", "a"])
    data, _ = describe_data(frame, [0, 1])
    assert (data.types, data.n_missing) == ((("float64", 2),), 1)


def test_a_sparse_matrix_counts_its_columns():
    data, _ = describe_data(sparse.csr_matrix(X), y)
    assert (data.shape, data.types) == ((150, 4), (("float64", 4),))
    assert data.container == "csr_matrix"


def test_more_dimensions_and_lists():
    images, _ = describe_data(np.zeros((3, 8, 8, 1), dtype=np.uint8), [0, 1, 0])
    assert (images.shape, images.types) == ((3, 8, 8, 1), (("uint8", 64),))
    rows, target = describe_data([[1, 2], [3, 4]], ["b", "a"])
    assert (rows.shape, rows.container) == ((2, 2), "list")
    assert target.classes == (("a", 1), ("b", 1))


def test_of_many_classes_the_largest_are_named():
    labels = np.repeat(np.arange(30), np.arange(1, 31))
    _, target = describe_data(np.zeros((len(labels), 1)), labels)
    assert target.n_classes == 30
    assert target.classes[0] == ("29", 30)
    assert len(target.classes) == 20


def test_several_outputs():
    _, target = describe_data(X, np.column_stack([y, y]).astype(float) + 0.5)
    assert (target.kind, target.n_outputs) == ("continuous-multioutput", 2)
    _, indicator = describe_data(X, np.eye(3, dtype=int)[y])
    assert (indicator.kind, indicator.n_outputs) == ("multilabel-indicator", 3)


def test_the_fingerprint_is_that_of_the_values():
    first = describe_data(X, y)[0].fingerprint
    assert len(first) == 12
    assert describe_data(np.asfortranarray(X.copy()), y.tolist())[0].fingerprint == first
    other = X.copy()
    other[3, 2] += 1e-9
    swapped = np.roll(y, 1)
    frame = pd.DataFrame(X, columns=list("abcd"))
    found = {
        first,
        describe_data(other, y)[0].fingerprint,
        describe_data(X, swapped)[0].fingerprint,
        describe_data(X.astype(np.float32), y)[0].fingerprint,
        describe_data(frame, y)[0].fingerprint,
        describe_data(frame.rename(columns={"a": "z"}), y)[0].fingerprint,
        describe_data(sparse.csr_matrix(X), y)[0].fingerprint,
    }
    assert len(found) == 7
    words = np.array([["a", None], ["b", 1]], dtype=object)
    assert (
        describe_data(words, [0, 1])[0].fingerprint
        == describe_data(words.copy(), [0, 1])[0].fingerprint
    )


@pytest.fixture(scope="module")
def search():
    return GridSearchCV(LogisticRegression(max_iter=500), {"C": [1.0]}, cv=2).fit(X, y)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((None, y), "Got y without X, expected both or neither: pass X too"),
        ((X[:9], y), r"Got X of shape \(9, 4\) and y of 150 rows"),
        ((X[:, :3], y), "Got X with 3 columns, expected 4"),
        ((X, y + 1), "Got the class 3 in y, which the search was not fitted with"),
        ((3, y), r"Got X of shape \(\)"),
    ],
)
def test_data_that_are_not_those_of_the_search_are_refused(search, given, words):
    with pytest.raises(InvalidParameterError, match=words):
        check_data(*given, search)


def test_data_of_the_search_are_taken(search):
    check_data(X, y, search)
    check_data(None, None, search)
    check_data(X, y, None)
    check_data(X, None, search)
    check_data(X, np.where(np.arange(150) % 7 == 0, -1, y), search)
    check_data([["a"], ["b", "c"]], [0, 1], None)


def test_data_without_a_target_and_rows_of_unequal_length():
    data, target = describe_data([["a"], ["b", "c"]], None)
    assert (data.shape, data.types, target) == ((2,), (("object", 1),), None)
    assert data.fingerprint != describe_data([["a"], ["b", "d"]], None)[0].fingerprint
    density = GridSearchCV(KernelDensity(), {"bandwidth": [0.5, 1.0]}, cv=2).fit(X)
    rows = TuningReport(density, X).to_markdown().splitlines()
    assert "| y | none |" in rows
    assert any(row.startswith("| Fingerprint of X |") for row in rows)
