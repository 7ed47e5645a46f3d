"""Tables as pandas data frames, where pandas is installed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas


def make_frame(columns: Mapping[str, Any], *, maker: str, instead: str) -> pandas.DataFrame:
    """The `columns` as a data frame.

    Parameters
    ----------
    columns : mapping of str to array-like
    maker : str
        What is called, such as ``"frame()"``, and `instead` what has the same numbers without pandas.

    Raises
    ------
    ImportError
        pandas is not installed.
    """
    return load_pandas(maker, instead).DataFrame(dict(columns))


def load_pandas(maker: str, instead: str | None = None) -> Any:
    """The module pandas, for what `make_frame` is too simple for; its errors and parameters."""
    try:
        import pandas
    except ImportError as error:
        otherwise = f", or use {instead}" if instead else ""
        raise ImportError(
            f"{maker} makes a pandas.DataFrame. Got no pandas, expected it to be installed: run "
            f"`pip install pandas`{otherwise}."
        ) from error
    return pandas


def as_objects(values: Iterable[Any]) -> np.ndarray:
    """Values of any kind as a column, each in a row of its own, tuples and arrays too.

    Examples
    --------
    >>> as_objects([(1, 2), (3, 4)]).shape
    (2,)
    """
    values = list(values)
    found = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):
        found[place] = value
    return found
