"""Tables as pandas data frames, where pandas is installed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

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
    try:
        import pandas
    except ImportError as error:
        raise ImportError(
            f"{maker} makes a pandas.DataFrame. Got no pandas, expected it to be installed: run "
            f"`pip install pandas`, or use {instead}."
        ) from error
    return pandas.DataFrame(dict(columns))
