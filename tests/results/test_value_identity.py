"""Two values share an identity only where they are the same."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from skdl.results.value_identity import identity_of


class Silent:
    def __repr__(self):
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (None, "None"),
        (True, 1),
        ((1, 2), [1, 2]),
        ([1, [2, 3]], [1, [2, 4]]),
        ({1, 2}, {1, 3}),
        (np.zeros(3), np.zeros((3, 1))),
        (np.zeros(3), np.zeros(3, np.float32)),
        (np.array([None, 1]), np.array([None, 2])),
        (Ridge(alpha=1.0), Ridge(alpha=2.0)),
        (Ridge(alpha=lambda: 1), Ridge(alpha=lambda: 1)),
        (Ridge, Ridge()),
        (Silent(), Silent()),
    ],
)
def test_what_differs_is_told_apart(one, other):
    assert identity_of(one) == identity_of(one)
    assert identity_of(one) != identity_of(other)


def test_what_holds_itself_is_itself():
    circle = []
    circle.append(circle)
    assert isinstance(identity_of(circle), str)
