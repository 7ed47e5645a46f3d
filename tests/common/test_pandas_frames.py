"""Tables need pandas, and say so where it is missing."""

import sys

import pytest

from skdl.common.pandas_frames import load_pandas, make_frame


def test_columns_become_a_frame():
    found = make_frame({"a": [1, 2], "b": ["x", "y"]}, maker="frame()", instead="a_")
    assert found.to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}


def test_without_pandas_it_is_said_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"frame\(\) makes.*`pip install pandas`, or use a_\.$"):
        make_frame({}, maker="frame()", instead="a_")
    with pytest.raises(ImportError, match=r"training_histories\(\) makes.*`pip install pandas`\.$"):
        load_pandas("training_histories()")
