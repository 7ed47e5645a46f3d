"""The default engine: the native kernel, a program that all jobs of a structure share, or the Keras loop."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from skdl.common.keras_import import quiet_xla, start_devices
from skdl.engine.base import AbstractEngine
from skdl.engine.fit_options import settled
from skdl.engine.indexes.index_checks import check_indexes, clear_index_errors
from skdl.engine.job import EpochObserver, FitJob, FitResult
from skdl.engine.keras_loop import KerasLoopEngine
from skdl.engine.keras_parts.tracing import first_line, untraceable
from skdl.engine.kernel.blas import blas_name
from skdl.engine.kernel.choice import description_for_kernel, predict_by_kernel
from skdl.engine.kernel.network import DescribedNetwork
from skdl.engine.ledger import ledger
from skdl.engine.network.network import Network
from skdl.engine.network.state import NetworkState
from skdl.engine.plan.form import Form
from skdl.engine.plan.plan import Plan, make_plan
from skdl.engine.program.planned import PlannedProgram
from skdl.engine.program.program import Program
from skdl.engine.program.xla_memory import check_room, ran_out_of_memory
from skdl.engine.program.xla_pieces import SlowWithXlaError
from skdl.engine.program_cache import training_programs
from skdl.engine.resuming import obstacle_to_resuming, resumable_settings, with_kind
from skdl.engine.rows.arrays import Arrays, few_rows
from skdl.engine.rows.tensors import Data, read_as_floats, shapes_of
from skdl.engine.run import run
from skdl.exceptions import NotCompilableError

_logger = logging.getLogger(__name__)
ENGINES = ("auto", "compiled", "keras")


class CompiledEngine(AbstractEngine):
    """Runs a job by the native kernel or by one compiled program; the Keras loop runs the rest.

    Parameters
    ----------
    fallback : bool
        Whether to train through the Keras loop what no program can run; if not, that is an error.
    kernel : bool
        Whether the native kernel runs what it can run; if not, a program of TensorFlow's does.
    """

    def __init__(self, *, fallback: bool = True, kernel: bool = True):
        self._fallback, self._kernel = fallback, kernel

    def explain(self, job: FitJob, callbacks: tuple[Any, ...] = ()) -> str:
        """What `train` would do with `job`, and why, in one sentence."""
        ready = settled(job)
        by_kernel = self._plan_without_keras(ready, callbacks)
        if by_kernel is not None:
            return str(by_kernel)
        start_devices()
        return str(self._prepared(ready, callbacks)[1])

    def _plan_without_keras(self, job: FitJob, callbacks: tuple[Any, ...]) -> Plan | None:
        """The plan for a described network that the native kernel trains; None where Keras is to be asked."""
        if callbacks or not self._kernel or not isinstance(job.network, DescribedNetwork):
            return None
        description = description_for_kernel(job)
        return None if isinstance(description, str) else Plan(None, description=description)

    def train(
        self,
        job: FitJob,
        observer: EpochObserver | None = None,
        callbacks: tuple[Any, ...] = (),
    ) -> FitResult:
        """Run `job` by the native kernel, by calls of one program, or by the Keras loop."""
        ready, program = settled(job), None
        plan = self._plan_without_keras(ready, callbacks)
        if plan is None:
            start_devices()
        settings = resumable_settings(job, callbacks)
        if plan is None:
            ready, plan, program = self._prepared(ready, callbacks)
        if plan.description is not None:
            # Here, since it imports all that a fit of the kernel needs.
            from skdl.engine.kernel.program import KernelProgram

            # If the fit is neither kept nor resumed, nobody asks for the BLAS library.
            if settings:
                settings = with_kind(job, settings, f"{plan.kind.value}, {blas_name()}")
            by_kernel = KernelProgram(plan.description, plan.rules, plan.own_rules)
            return run(ready, by_kernel, plan=str(plan), settings=settings, observer=observer)
        if program is None:
            return self._by_keras(job, plan, observer, callbacks)
        settings = with_kind(job, settings, plan.kind.value)
        with clear_index_errors(job.network.template):
            planned = PlannedProgram(program, plan.rules, plan.own_rules)
            return run(ready, planned, plan=str(plan), settings=settings, observer=observer)

    def _prepared(
        self, job: FitJob, callbacks: tuple[Any, ...]
    ) -> tuple[FitJob, Plan, Program | None]:
        """`job` as a program takes it, how it is run, and its program where there is one."""
        import tensorflow as tf

        check_indexes(job)
        try:
            # A question that a layer or an optimizer of the user's answers by an error is an obstacle too.
            with untraceable():
                plan = make_plan(job, callbacks, kernel=self._kernel)
            if plan.form is None:
                return job, plan, None
            if plan.form.masked:  # all its layers, losses and metrics are Keras's own
                job = _with_floats(job)
            program = _program(job, plan)
        except NotCompilableError as error:
            plan = Plan(str(error), not_resumable=obstacle_to_resuming(callbacks))
            return job, plan, None
        except tf.errors.ResourceExhaustedError:
            raise
        except tf.errors.OpError as error:
            why = f"TensorFlow cannot compile it ({first_line(error)})"
            return job, Plan(why, not_resumable=obstacle_to_resuming(callbacks)), None
        return job, replace(plan, form=program.form), program

    def _by_keras(
        self,
        job: FitJob,
        plan: Plan,
        observer: EpochObserver | None,
        callbacks: tuple[Any, ...],
    ) -> FitResult:
        """Run a job that no program can run, where that is allowed."""
        if not self._fallback:
            raise NotCompilableError(
                f"engine='compiled' cannot run this fit: {plan.obstacle}. Expected a fit that compiles: "
                "leave that away, or use engine='auto'."
            )
        if ledger.fell_back(str(plan.obstacle)):
            _logger.warning(
                "A fit goes through keras.Model.fit instead of a compiled program, which takes 20 to 100 "
                "times as long where the network is small: %s.",
                plan.obstacle,
            )
        return replace(KerasLoopEngine().train(job, observer, callbacks), plan=str(plan))

    def predict(
        self, network: Network, state: NetworkState, x: Arrays, *, batch_size: int | None = None
    ) -> Arrays:
        """By the native kernel where it has the layers, or else by a graph of its own."""
        found = predict_by_kernel(network, state, x) if self._kernel else None
        if found is not None:
            return found
        return PlannedProgram.predict(network, state, x, batch_size=batch_size)


def engine_named(name: str) -> AbstractEngine:
    """The engine of an estimator's parameter: "auto", "compiled" or "keras"."""
    return KerasLoopEngine() if name == "keras" else CompiledEngine(fallback=name == "auto")


def _with_floats(job: FitJob) -> FitJob:
    model, held_out = job.network.template, job.validation
    return replace(
        job,
        training=read_as_floats(job.training, model),
        validation=None if held_out is None else read_as_floats(held_out, model),
    )


def _program(job: FitJob, plan: Plan) -> Program:
    import tensorflow as tf

    wanted = plan.form
    assert wanted is not None
    network = job.network
    key = (
        network.training_structure,
        wanted,
        tuple(rule.key for rule in plan.rules),
        shapes_of(job.training, job.validation),
    )

    def of(form: Form) -> Program:
        with untraceable():
            few = few_rows(job.training, network.batch_rows)
            program = Program(network, form, plan.rules, Data(*few))
        PlannedProgram(program, plan.rules, plan.own_rules).compile(job)
        return program

    def make() -> Program:
        if not wanted.needs_xla:
            return of(wanted)
        check_room()
        try:
            with quiet_xla():
                return of(wanted)
        except tf.errors.ResourceExhaustedError:
            raise
        except (SlowWithXlaError, tf.errors.OpError) as error:
            if ran_out_of_memory(error):
                raise MemoryError(
                    f"XLA got no memory for a program ({first_line(error)}). Expected some: let fewer fits "
                    "run at once, or search in parts, each in a process that ends."
                ) from error
            # XLA lacks some operations, and some types of others; that depends on the job alone.
            return of(wanted.as_graph())

    made: Program = training_programs.get(key, make)
    return made
