"""Candidates are called by what tells them apart."""

import numpy as np

from skdl.results.candidate_labels import candidate_labels
from skdl.results.results import Results


def results(*params):
    return Results.of_cv_results({"params": params, "split0_test_score": np.ones(len(params))})


def test_a_label_has_what_differs():
    found = results({"n__a": 1, "n__b": "x"}, {"n__a": 2, "n__b": "x"}, {"n__a": 2, "n__b": "y"})
    assert candidate_labels(found, [0, 1, 2]) == ("a=1, b=x", "a=2, b=x", "a=2, b=y")
    assert candidate_labels(found, [2, 1]) == ("b=y", "b=x")
    assert candidate_labels(found, [1]) == ("a=2, b=x",)


def test_a_candidate_without_a_hyperparameter_leaves_it_out():
    found = results({"a": 1}, {"b": None})
    assert candidate_labels(found, [0, 1]) == ("a=1", "b=None")


def test_a_candidate_without_hyperparameters_has_its_number():
    found = results({"a": 1}, {"a": 1})
    assert candidate_labels(found, [0, 1]) == ("candidate 0", "candidate 1")
    assert candidate_labels(found, [1]) == ("a=1",)
    assert candidate_labels(results({}), [0]) == ("candidate 0",)


def test_hostile_names_and_values_are_one_short_line():
    found = results({"x" * 300: "<script>\n$a$", "b": 1}, {"x" * 300: "y" * 300, "b": 1})
    one, two = candidate_labels(found, [0, 1])
    assert one.endswith("=<script> $a$")
    assert len(two) <= 2 * 40 + 1
