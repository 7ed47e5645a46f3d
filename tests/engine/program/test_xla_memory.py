"""Where Linux lets a process map no more memory, a program is an error and not another form of it."""

import keras
import pytest
import tensorflow as tf

from skdl.engine import compiled
from skdl.engine.compiled import CompiledEngine
from skdl.engine.program import planned, xla_memory
from skdl.engine.program.xla_memory import NEEDED, check_room
from skdl.engine.program_cache import ProgramCache
from tests.engine.oracle import job_of, numbers

pytestmark = pytest.mark.usefixtures("programs_of_tensorflow")


@pytest.fixture
def room(tmp_path, monkeypatch):
    """Let a process with ten mappings have room for so many more."""
    limit, mappings = tmp_path / "limit", tmp_path / "mappings"
    monkeypatch.setattr(xla_memory, "_LIMIT", limit)
    monkeypatch.setattr(xla_memory, "_MAPPINGS", mappings)
    monkeypatch.setattr(compiled, "training_programs", ProgramCache())
    mappings.write_text("a mapping\n" * 10)
    return lambda count: limit.write_text(f"{10 + count}\n")


def job(**parts):
    def build():
        layers = [keras.layers.Dense(2, **parts), keras.layers.Dense(1)]
        model = keras.Sequential([keras.Input((3,)), *layers])
        model.compile("sgd", "mse")
        return model

    return job_of(build, numbers(9, 3), numbers(9, 1), epochs=1)


def test_an_error_says_how_many_there_are_and_what_to_do(room):
    room(NEEDED)
    check_room()
    room(NEEDED - 1)
    with pytest.raises(
        MemoryError, match=rf"has 10 mappings.*allows {NEEDED + 9:,}.*a process that"
    ):
        check_room()


def test_a_system_that_does_not_tell_has_room(room):
    check_room()  # there is no file yet


@pytest.mark.parametrize("parts", [{}, {"activity_regularizer": "l2"}], ids=["whole", "in part"])
def test_a_fit_without_room_is_an_error_and_leaves_nothing_behind(room, parts):
    fit = job(**parts)
    room(0)
    with pytest.raises(MemoryError, match="no room for another program"):
        CompiledEngine().train(fit)
    assert len(compiled.training_programs) == 0
    room(NEEDED)
    assert CompiledEngine().train(fit).plan.startswith("Compiled with XLA")
    room(0)
    CompiledEngine().train(fit)  # its program is there


def test_a_compiler_without_memory_is_an_error_and_not_a_graph(room, monkeypatch):
    # What TensorFlow 2.21 said where a process could map no more memory.
    said = "Failed to materialize symbols: { (<xla_jit_dylib_16>, { multiply_add_fusion.5 }) }"

    def without_memory(*_):
        raise tf.errors.InternalError(None, None, said)

    room(NEEDED)
    monkeypatch.setattr(planned.PlannedProgram, "compile", without_memory)
    with pytest.raises(MemoryError, match="got no memory for a program.*materialize"):
        CompiledEngine().train(job())
    assert len(compiled.training_programs) == 0


def test_a_graph_needs_no_room(room):
    room(0)
    full = job(activity_regularizer="l2")
    whole = job_of(full.network, full.training.x, full.training.y, epochs=1, batch_size=9)
    assert CompiledEngine().train(whole).plan.startswith("Compiled as a graph")
