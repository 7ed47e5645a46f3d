"""What a build function is told notes what was read of it."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest

from skdl.engine.network.facts import Facts, RowFreeShape


@pytest.mark.parametrize(
    ("look", "rows"),
    [
        (lambda shape: shape[1], False),
        (lambda shape: shape[1:], False),
        (lambda shape: shape[-1], False),
        (len, False),
        (lambda shape: shape[0], True),
        (lambda shape: shape[:1], True),
        (lambda shape: shape[-2], True),
        (tuple, True),
        (list, True),
        (lambda shape: shape == (3, 4), True),
        (lambda shape: shape != (3, 4), True),
        (lambda shape: shape < (3, 5), True),
        (lambda shape: 3 in shape, True),
        (lambda shape: shape.index(4), True),
        (lambda shape: shape.count(3), True),
        (lambda shape: (1,) + shape, True),
        (lambda shape: shape + (1,), True),
        (lambda shape: shape * 2, True),
        (hash, True),
        (str, True),
        (lambda shape: "{} {}".format(*shape), True),
        (lambda shape: "%d %d" % shape, True),  # noqa: UP031
        (math.prod, True),
        (np.prod, True),
        (np.zeros, True),
        (np.asarray, True),
        (copy.deepcopy, True),
        (lambda shape: pickle.loads(pickle.dumps(shape)), True),
    ],
)
def test_a_shape_knows_whether_its_rows_were_looked_at(look, rows):
    shape = RowFreeShape((3, 4))
    found = look(shape)
    assert shape.looked_at_rows is rows
    np.testing.assert_array_equal(found, look((3, 4)))


@pytest.mark.parametrize(
    ("look", "names"),
    [
        (lambda facts: facts["a"], {"a"}),
        (lambda facts: facts.get("b"), {"b"}),
        (lambda facts: "c" in facts, {"c"}),
        (lambda facts: facts.pop("a"), {"a"}),
        (lambda facts: facts.pop("c", None), {"c"}),
        (lambda facts: facts.setdefault("c", 1), {"c"}),
        (lambda facts: facts.popitem(), {"a", "b"}),
        (dict, {"a", "b"}),
        (lambda facts: {**facts}, {"a", "b"}),
        (lambda facts: facts | {}, {"a", "b"}),
        (lambda facts: {} | facts, {"a", "b"}),
        (list, {"a", "b"}),
        (len, {"a", "b"}),
        (str, {"a", "b"}),
        (lambda facts: list(reversed(facts)), {"a", "b"}),
        (lambda facts: facts == {}, {"a", "b"}),
        (lambda facts: facts != {}, {"a", "b"}),
        (lambda facts: facts.copy(), {"a", "b"}),
        (copy.deepcopy, {"a", "b"}),
        (lambda facts: facts.update(c=1), set()),
    ],
)
def test_facts_know_what_was_read(look, names):
    facts = Facts({"a": 1, "b": 2})
    look(facts)
    assert facts.read == names


def test_a_text_of_facts_is_of_what_they_were_before_anybody_took_one_out():
    facts = Facts({"a": 1, "b": 2})
    before = facts.print_of(["a"], rows=True)
    facts.pop("a")
    assert facts.print_of(["a"], rows=True) == before
    assert Facts({"a": 3}).print_of(["a"], rows=True) != before
    assert Facts({}).print_of(["a"], rows=True) != before


def test_the_rows_of_a_shape_count_only_where_they_were_looked_at():
    one, other = Facts({"X_shape_": (3, 4)}), Facts({"X_shape_": (5, 4)})
    assert one.print_of(["X_shape_"], rows=False) == other.print_of(["X_shape_"], rows=False)
    assert one.print_of(["X_shape_"], rows=True) != other.print_of(["X_shape_"], rows=True)
    assert not one.looked_at_rows
    assert one["X_shape_"][0] == 3
    assert one.looked_at_rows
