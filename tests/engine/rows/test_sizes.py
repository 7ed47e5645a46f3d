"""Programs are compiled for a few sizes."""

from hypothesis import given
from hypothesis import strategies as st

from skdl.engine.rows.sizes import COARSE_BYTES, bucket_of_rows


@given(st.integers(1, 10**7), st.integers(1, 10**6))
def test_a_bucket_holds_the_rows_and_little_more(rows, row_bytes):
    size = bucket_of_rows(rows, row_bytes)
    assert rows <= size <= max(2 * rows, 256)
    if rows * row_bytes > COARSE_BYTES:
        assert size <= rows + max(16, rows // 8 + 1)
    assert bucket_of_rows(size, row_bytes) == size
