"""What every engine and every program promises."""

from __future__ import annotations

import abc
import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

from skdl.engine.job import EpochObserver, FitJob, FitResult, StoppingMemory

if TYPE_CHECKING:
    from skdl.engine.network.network import Network
    from skdl.engine.network.state import NetworkState
    from skdl.engine.rows.arrays import Arrays


class FitInProgress(Protocol):
    """The state of a fit while it runs."""

    def now(self) -> NetworkState:
        """The state of the network as the last step has left it."""


_Fit = TypeVar("_Fit", bound=FitInProgress)


class Kind(enum.Enum):
    """By what a job is run; the sentence on how it is run begins with the value."""

    KERNEL = "Native kernel"
    KERAS_LOOP = "Keras loop"
    GRAPH = "Compiled as a graph"
    XLA = "Compiled with XLA"


class AbstractEngine(abc.ABC):
    """Turns jobs into results.

    An engine has no state that a result could depend on: it may be called from any thread, by several
    at once, and a job gives the same bits each time, whatever runs beside it.
    """

    @abc.abstractmethod
    def train(
        self,
        job: FitJob,
        observer: EpochObserver | None = None,
        callbacks: tuple[Any, ...] = (),
    ) -> FitResult:
        """Run `job` and return its result.

        Arrays of the job are only read. A network whose weights end as non-finite
        numbers is a result, not an exception.

        Parameters
        ----------
        job : FitJob
        observer : EpochObserver, optional
            Is told of each epoch, and may end training.
        callbacks : tuple of keras.callbacks.Callback
            The user's own. They are live objects: a job that is run with some can neither be kept for
            later nor be resumed.

        Raises
        ------
        InvalidParameterError
            There are callbacks, and the job asks for its last state or resumes another job.
        """

    @abc.abstractmethod
    def explain(self, job: FitJob, callbacks: tuple[Any, ...] = ()) -> str:
        """What `train` would do with `job`, and why, in one sentence; nothing is trained."""

    @abc.abstractmethod
    def predict(
        self, network: Network, state: NetworkState, x: Arrays, *, batch_size: int | None = None
    ) -> Arrays:
        """The outputs of `network` in `state` for all rows of `x`, as its programs compute them.

        They depend on no row beside a row.

        Parameters
        ----------
        network : Network
        state : NetworkState
        x : Arrays
        batch_size : int, optional
            How many rows are computed at a time; by default that follows from their width.
        """


class Stretch(NamedTuple):
    """Some epochs of a fit that are over.

    Attributes
    ----------
    history : mapping of str to tuple of float
        Their curves.
    n_epochs : int
        At least one.
    stopped : bool
        Whether none follows.
    seconds : float
        How long they took, without what was compiled for them.
    """

    history: Mapping[str, tuple[Any, ...]]
    n_epochs: int
    stopped: bool
    seconds: float


@dataclass(frozen=True, eq=False)
class End:
    """What a fit ends with.

    Attributes
    ----------
    network : NetworkState
        With the best weights, or the average of weights, where that was asked for.
    stopping : StoppingMemory
        What `Stopping` has seen of the fit.
    """

    network: NetworkState
    stopping: StoppingMemory


class AbstractProgram(abc.ABC, Generic[_Fit]):
    """What runs the fits of an engine: `begin` makes the state of a fit, and `run` alone changes this state.

    A program has no state of its own that a result could depend on. `predict` needs no fit, and no program
    that is kept: an engine calls it by the class.
    """

    @abc.abstractmethod
    def begin(self, job: FitJob) -> _Fit:
        """The state that a fit of `job` begins with, or goes on with where the job resumes another one."""

    @abc.abstractmethod
    def run(self, fit: _Fit, epoch: int, most: int, seconds: float) -> Stretch:
        """Train from `epoch` on: at least one epoch and at most `most`.

        A program that knows its speed ends after about `seconds`.
        """

    @abc.abstractmethod
    def end(self, fit: _Fit) -> End:
        """What the fit ends with after the epochs that were run."""

    @staticmethod
    @abc.abstractmethod
    def predict(
        network: Network, state: NetworkState, x: Arrays, *, batch_size: int | None = None
    ) -> Arrays:
        """The outputs of `network` in `state` for all rows of `x`, as in `AbstractEngine.predict`."""
