"""What a job has in common with the job that it resumes, so that the two are one fit in one go.

Whatever a result depends on counts: the network by `Network.training_structure` and its numbers, rows by a
digest of their bits. Free are more epochs, more seconds, the rates of steps that are still to come, `verbose`
and `keep_last`. Other jobs than those that are kept or resumed are never asked.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

import numpy as np

from skdl.engine.identity.reader import fingerprint
from skdl.engine.job import FitJob, LastState
from skdl.engine.network.network import Network
from skdl.engine.network.state import NetworkState
from skdl.engine.numbers.model_numbers import model_numbers, optimizer_numbers
from skdl.engine.rows.arrays import Samples, content_of, n_steps
from skdl.exceptions import InvalidParameterError

_PLAIN = (
    *("seed", "initial_epoch", "trained_epochs", "batch_size", "validation_batch_size", "shuffle"),
    *("mixup", "stopping"),
)
# What to do where a job differs in more than a value that can be passed again.
_FIXES = {
    "kind": "train both parts by one engine, on a machine and with versions that run them in one way",
    "network": "build the network of that job; a network that cannot be read to its end equals itself alone",
    "numbers": "give the network and its optimizer the numbers of that job",
    "execution": "compile the network with the settings of that job",
    "start": "pass the start of that job: its weights, and an optimizer of the same learning rate",
    "training": "pass the rows of that job, in their order, with their targets and weights",
    "validation": "pass the validation rows of that job, or none where it has none",
    "rates": "plan a schedule over all epochs of the longest job, and let each job have all its rates",
}


class Itself:
    """A network that equals itself alone; a copy that comes from a pickle equals nothing."""

    def __init__(self, network: Network | None = None):
        self._network = None if network is None else weakref.ref(network)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Itself) or self._network is None or other._network is None:
            return False
        mine = self._network()
        return mine is not None and mine is other._network()

    def __hash__(self) -> int:
        return id(self._network)

    def __reduce__(self) -> tuple[Any, ...]:
        return Itself, ()

    def __repr__(self) -> str:
        return "a network that cannot be read to its end"


def obstacle_to_resuming(callbacks: tuple[Any, ...]) -> str | None:
    """Why a fit with `callbacks` can be neither kept nor resumed, as the second half of a sentence."""
    if not callbacks:
        return None
    names = ", ".join(type(callback).__name__ for callback in callbacks)
    return f"the state of the callbacks {names} is no part of the job"


def resumable_settings(job: FitJob, callbacks: tuple[Any, ...]) -> dict[str, Any]:
    """What the last state of `job` is to remember of it; nothing where it is neither kept nor resumed.

    An engine asks with the job as it was given, before anything is trained.

    Raises
    ------
    InvalidParameterError
        Callbacks have a state that the job lacks, or the job resumes one that is not its equal.
    """
    if not job.keep_last and job.resume is None:
        return {}
    obstacle = obstacle_to_resuming(callbacks)
    if obstacle is not None:
        raise InvalidParameterError(
            f"This fit can be neither kept nor resumed, because {obstacle}. Got callbacks beside a job with "
            "keep_last or resume, expected one of the two: leave the callbacks away."
        )
    before = job.resume
    if before is not None and not job.initial_epoch <= before.epoch <= job.epochs:
        raise InvalidParameterError(
            f"This fit cannot go on from epoch {before.epoch}. Got a job from epoch {job.initial_epoch} to "
            f"{job.epochs}, expected one that has this epoch: raise epochs."
        )
    settings = _settings(job)
    if before is not None:
        # The rates of the other steps are still to come.
        ran = settings_after(settings, before.epoch)
        for name, value in ran.items():
            _check_same(before, name, value)
    return settings


def with_kind(job: FitJob, settings: dict[str, Any], kind: str) -> dict[str, Any]:
    """`settings` of a job that is run by a program of `kind`, or an error where it resumes one of another."""
    if job.resume is not None:
        _check_same(job.resume, "kind", kind)
    return {**settings, "kind": kind} if settings else settings


def _check_same(before: LastState, name: str, value: Any) -> None:
    """Raise where the job of `before` had another `value` of the setting `name`."""
    told = _difference(value, before.settings.get(name, "nothing"))
    if told is not None:
        fix = f", {_FIXES[name]}" if name in _FIXES else ""
        got, expected = told
        raise InvalidParameterError(
            f"This fit cannot go on from the last state of another one. Got {name}={got}, expected "
            f"{expected} as there: resume an equal job of more epochs or seconds{fix}."
        )


def settings_after(settings: Mapping[str, Any], epoch: int) -> dict[str, Any]:
    """`settings` with the learning rates of the steps before `epoch` alone."""
    found = dict(settings)
    if found.get("rates") is not None:
        steps = found["steps"] * (epoch - found["initial_epoch"])
        found["rates"] = np.array(found["rates"][:steps])
    return found


def _settings(job: FitJob) -> dict[str, Any]:
    """What has to be the same in a job that goes on from `job`, by its names."""
    return {
        **{name: getattr(job, name) for name in _PLAIN},
        "options": dict(job.options),
        "steps": job.options.get("steps_per_epoch") or n_steps(job.training, job.batch_size),
        **_of_network(job.network, job.start),
        "training": _rows(job.training),
        "validation": None if job.validation is None else _rows(job.validation),
        "rates": job.rates,
    }


def _of_network(network: Network | None, start: NetworkState) -> dict[str, Any]:
    """The network with its numbers, and what training begins with; a program may know no network."""
    if network is None:
        return {"start": content_of(start.all)}
    with network.lock:
        structure, widths, model = network.training_structure, network.widths, network.template
        numbers = [*model_numbers(model), *optimizer_numbers(model.optimizer)]
        named = {
            f"{place}: {type(one.owner).__name__}.{one.attribute}": one.value
            for place, one in enumerate(numbers)
        }
        # The learning rates are variables, of an optimizer that has none else before the first step.
        first = start.optimizer or tuple(map(np.asarray, model.optimizer.variables))
        # The Keras loop trains by these; of bits, they may change the last ones.
        execution = {
            "run_eagerly": model.run_eagerly,
            "jit_compile": model.jit_compile,
            "steps_per_execution": model.steps_per_execution,
        }
    units = "" if widths is None else f" with {tuple(widths.units)} hidden units"
    return {
        "network": Itself(network) if structure.parts else f"structure {structure.text}{units}",
        "numbers": named,
        "execution": execution,
        "start": content_of((start.variables, first, start.memory)),
    }


def _rows(samples: Samples) -> str:
    content = content_of((samples.x, samples.y, samples.weight))
    return f"{samples.n_rows} rows of content {content}"


def _difference(got: Any, expected: Any) -> tuple[str, str] | None:
    """Two values as texts, where they differ only what does; None where they are the same."""
    if isinstance(got, dict) and isinstance(expected, dict):
        one, other = fingerprint(got), fingerprint(expected)
        if one is not None and one == other:
            return None
        if got.keys() == expected.keys() and all(got[name] is expected[name] for name in got):
            return None  # the very same objects, whatever they are
        names = [name for name in [*got, *expected] if got.get(name) is not expected.get(name)]
        others = [n for n in names if fingerprint(got.get(n)) != fingerprint(expected.get(n))]
        return _of_names(got, others or names), _of_names(expected, others or names)
    if isinstance(got, np.ndarray) and isinstance(expected, np.ndarray):
        if got.dtype == expected.dtype and np.array_equal(got, expected):
            return None
        if got.shape == expected.shape and (places := np.flatnonzero(got != expected)).size:
            step = int(places[0])
            return f"{got[step]!r} in step {step}", f"{expected[step]!r}"
        return f"{len(got)} of {got.dtype}", f"{len(expected)} of {expected.dtype}"
    arrays = isinstance(got, np.ndarray) or isinstance(expected, np.ndarray)
    if not arrays and got == expected:
        return None
    return _short(got), _short(expected)


def _of_names(values: Mapping[str, Any], names: list[str]) -> str:
    return repr({name: values[name] for name in dict.fromkeys(names) if name in values})


def _short(value: Any) -> str:
    return f"an array of {len(value)}" if isinstance(value, np.ndarray) else repr(value)
