"""One fit by calls of a program: what it begins with, its calls, and what it ends with."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from skdl.engine import stats
from skdl.engine.job import Stopping
from skdl.engine.plan.plan import make_plan
from skdl.engine.program import planned
from skdl.engine.program.planned import PlannedProgram
from skdl.engine.program.program import Program
from skdl.engine.rows.arrays import Samples, few_rows
from skdl.engine.rows.tensors import Data
from tests.engine.jobs import X, Y, job

pytestmark = pytest.mark.usefixtures("programs_of_tensorflow")

STEPS = 4


def floats(**changes):
    """A job with targets as a program takes them."""
    return job(training=Samples(X, Y.astype(np.float32)), epochs=6, **changes)


def program_of(one, callbacks=()):
    plan = make_plan(one, callbacks)
    form = plan.form.as_graph()
    program = Program(one.network, form, plan.rules, Data(*few_rows(one.training)))
    return PlannedProgram(program, plan.rules, plan.own_rules)


@pytest.fixture(scope="module")
def plain():
    one = floats()
    return one, program_of(one)


def test_a_fit_begins_with_the_state_of_its_job(plain):
    one, program = plain
    begun = program.begin(one).now()
    for found, expected in zip(begun.variables, one.start.variables, strict=True):
        np.testing.assert_array_equal(found, expected)
    fresh = one.network.fresh_optimizer(one.start.variables)
    for found, expected in zip(begun.optimizer, fresh, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_to_compile_runs_no_step(plain):
    one, program = plain
    fit = program.begin(one)
    fit.compile()
    assert int(fit.now().optimizer[0]) == 0


def test_a_stretch_has_at_least_one_epoch_and_no_more_than_asked(plain, monkeypatch):
    one, program = plain
    fit = program.begin(one)
    first = program.run(fit, 0, 6, 0.0)  # its speed is not known yet
    assert (first.n_epochs, first.stopped, list(first.history)) == (1, False, ["accuracy", "loss"])
    assert int(fit.now().optimizer[0]) == STEPS
    program._program.note_pace(1e-9)
    rest = program.run(fit, 1, 3, float("inf"))
    assert (rest.n_epochs, len(rest.history["loss"])) == (3, 3)
    assert int(fit.now().optimizer[0]) == 4 * STEPS


def test_an_epoch_that_takes_long_is_run_in_parts(plain, monkeypatch):
    one, program = plain
    whole, parts = program.begin(one), program.begin(one)
    program._program.note_pace(1e-9)
    expected = program.run(whole, 0, 1, float("inf"))
    monkeypatch.setattr(planned, "SECONDS_PER_CALL", 1e-9)
    program._program.note_pace(1.0)
    found = program.run(parts, 0, 1, float("inf"))
    assert found.history == expected.history
    for one_part, two in zip(parts.now().all, whole.now().all, strict=True):
        np.testing.assert_array_equal(one_part, two)


def test_rows_that_fill_up_are_counted(plain):
    one, program = plain
    fit = program.begin(one)
    done = program.run(fit, 0, 1, 0.0).n_epochs
    before = stats()
    program.end(fit)
    after = stats()
    assert after.rows - before.rows == done * STEPS * 16  # the last batch has two rows
    assert after.rows_padded - before.rows_padded == done * (STEPS * 16 - 50)


def test_only_the_rules_of_the_job_are_remembered():
    users = keras.callbacks.EarlyStopping("loss", patience=1)
    stopping = Stopping("accuracy", rises=True, early_stopping=True, patience=50)
    one = floats(stopping=stopping)
    program = program_of(one, (users,))
    fit = program.begin(one)
    curve = program.run(fit, 0, 1, 0.0).history
    memory = program.end(fit).stopping
    assert memory.best == curve["accuracy"][0]
    assert users.best == curve["loss"][0]
    alone = program_of(floats(), (keras.callbacks.EarlyStopping("loss"),))
    fit = alone.begin(floats())
    alone.run(fit, 0, 1, 0.0)
    assert alone.end(fit).stopping.best is None
