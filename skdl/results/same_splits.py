"""Whether scores are of the same splits, so that split can be compared with split."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV

from skdl.results.results import Results


def draws_anew(search: Any) -> bool:
    """Whether the splitter of a search makes other splits at each use.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import KFold
    >>> draws_anew(GridSearchCV(Ridge(), {}, cv=KFold(3, shuffle=True)))
    True
    >>> draws_anew(GridSearchCV(Ridge(), {}, cv=KFold(3, shuffle=True, random_state=0)))
    False
    """
    cv = getattr(search, "cv", None)
    shuffles = getattr(cv, "shuffle", True)
    return bool(shuffles) and not isinstance(getattr(cv, "random_state", 0), Integral)


def candidates_share_splits(results: Results) -> bool:
    """Whether all candidates were scored on the same splits, as far as is known."""
    # These two split once. A guided search splits anew for each round of candidates.
    once = (GridSearchCV, RandomizedSearchCV)
    return isinstance(results.search, once) or not draws_anew(results.search)


def iterations_had_fewer_rows(results: Results) -> bool:
    """Whether a successive halving has scored its candidates on parts of the rows."""
    resource = getattr(results.search, "resource", "n_samples")
    return results.resources is not None and resource == "n_samples"


def same_rows(one: Any, other: Any) -> bool | None:
    """Whether two ``indices`` of `cross_validate` are the same; None where one of them is none."""
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return None
    return all(
        len(one[side]) == len(other[side]) and all(map(np.array_equal, one[side], other[side]))
        for side in ("train", "test")
    )
