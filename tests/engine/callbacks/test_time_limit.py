"""A limit in seconds ends a fit with an epoch, the same way in both engines."""

import pytest

from skdl.engine.compiled import CompiledEngine
from skdl.engine.job import StopReason
from skdl.engine.keras_loop import KerasLoopEngine
from tests.engine.jobs import job
from tests.engine_of_graphs import without_xla

ENGINES = pytest.mark.parametrize("engine", [CompiledEngine, KerasLoopEngine])


@ENGINES
def test_a_limit_that_is_over_at_once_leaves_one_epoch(monkeypatch, engine):
    without_xla(monkeypatch)
    whole = engine().train(job(epochs=1))
    found = engine().train(job(epochs=5, max_seconds=1e-9))
    assert found.stop_reason is StopReason.TIME_IS_UP
    assert found.n_epochs == 1
    assert found.history == whole.history
    assert all((a == b).all() for a, b in zip(found.end.all, whole.end.all, strict=True))


@pytest.mark.further
@ENGINES
def test_a_limit_that_is_not_reached_changes_nothing(monkeypatch, engine):
    without_xla(monkeypatch)
    plain = engine().train(job(epochs=3))
    found = engine().train(job(epochs=3, max_seconds=3600.0))
    assert found.stop_reason is StopReason.EPOCHS_DONE
    assert found.history == plain.history


@ENGINES
def test_the_last_epoch_is_the_last_one_also_when_the_time_is_over(monkeypatch, engine):
    without_xla(monkeypatch)
    found = engine().train(job(epochs=1, max_seconds=1e-9))
    assert found.stop_reason is StopReason.EPOCHS_DONE
