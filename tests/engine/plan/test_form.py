"""What a program is compiled by, and what is left of that without XLA."""

from dataclasses import replace

import pytest

from skdl.engine.plan.form import Form

MASKED = Form(
    xla=True,
    full_by_xla=False,
    masked=True,
    matmul=True,
    mixes=False,
    stops_at_nan=False,
    batch_size=32,
    rows=256,
    held_out_batch_size=32,
    held_out_rows=64,
    epochs=64,
)
PARTLY = replace(MASKED, xla=False, masked=False, matmul=False, full_by_xla=True)


@pytest.mark.parametrize("form", [MASKED, PARTLY])
def test_xla_as_a_whole_or_in_part(form):
    assert form.needs_xla
    assert not form.as_graph().needs_xla
    assert form.as_graph().as_graph() == form.as_graph()


def test_a_graph_keeps_masks_and_their_sizes():
    assert MASKED.as_graph() == replace(MASKED, xla=False)


def test_a_graph_whose_batches_are_not_filled_up_takes_any_size():
    graph = PARTLY.as_graph()
    assert (graph.full_by_xla, graph.rows, graph.batch_size) == (False, 0, 0)
    assert (graph.held_out_rows, graph.epochs) == (PARTLY.held_out_rows, PARTLY.epochs)
