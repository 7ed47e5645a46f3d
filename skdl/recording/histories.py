"""The record of a search that ran under the backend "skdl": every fit, found by the results of the search.

The backend notes what its calls did, `store.py` keeps it, and neither knows searches. A search keeps its
results and knows no calls. Which belong together is never guessed: the calls have to have as many tasks as
the results have candidates and splits, the same parameters in the same order, and the very same times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.common.pandas_frames import load_pandas
from skdl.exceptions import AmbiguousHistoriesError, HistoriesNotFoundError, InvalidParameterError
from skdl.recording.records import FitRecord, TaskRecord
from skdl.recording.same_values import same
from skdl.recording.store import MAX_BYTES, MAX_FITS, CallRecord, store

if TYPE_CHECKING:
    import pandas

_TIMES = ("fit_time", "score_time")
_HOW = (
    'Run the search again inside of `with joblib.parallel_config("skdl"):` in this process, or pass a frame '
    "that skdl.training_histories gave after it."
)


@dataclass(frozen=True, eq=False)
class SearchRecord:
    """What the fits of a search did.

    Attributes
    ----------
    tasks : dict of (int, int) to TaskRecord
        By candidate, the row of ``cv_results_``, and split; the candidate is 0 in a cross-validation.
    n_splits : int
    started : float
        When the first of them began, in seconds on the clock of ``time.perf_counter``.
    """

    tasks: dict[tuple[int, int], TaskRecord]
    n_splits: int
    started: float


@dataclass(frozen=True, eq=False)
class _Results:
    """What a search or `cross_validate` has kept, by which its calls are known.

    ``parameters`` has an entry for each candidate; ``times`` are compared with those that the tasks give
    under the same names, and ``by_task`` says whether they are those of the tasks or means over the splits.
    """

    parameters: Sequence[Any]
    n_splits: int
    times: Mapping[str, np.ndarray]
    by_task: bool


def training_histories(search: Any) -> pandas.DataFrame:
    """Every epoch of every fit of a search that ran under the backend "skdl".

    The curves were kept while the search ran, so nothing is fitted again. The fit of the best candidate on
    all rows, which comes after a search, is in ``best_estimator_`` and not here.

    Parameters
    ----------
    search : fitted search or dict
        ``GridSearchCV``, ``RandomizedSearchCV``, a successive halving search, ``BayesSearchCV``, or what
        ``cross_validate`` returned.

    Returns
    -------
    pandas.DataFrame
        A row for each epoch. Its columns are ``candidate``, the row of ``cv_results_`` (0 in a
        cross-validation), ``split``, ``network``, the name of the class, with a number where a fit of the
        search trained several, ``epoch``, counted from 1, and one for each curve: ``loss``, ``val_loss`` and
        so on, NaN where an epoch has no entry. A fit that diverged has the epochs up to there; one that
        failed otherwise, and one without a network, has none.

    Raises
    ------
    HistoriesNotFoundError
        Nothing is kept of that search: it ran without the backend, in another process, or too long ago.
    AmbiguousHistoriesError
        More than one run has these results.
    InvalidParameterError
        `search` is neither a fitted search nor such a dict.
    ImportError
        pandas is not installed.

    Notes
    -----
    The last 20,000 fits and 128 MiB of curves of a process are kept.

    Examples
    --------
    >>> import joblib
    >>> import skdl
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> network = skdl.MLPClassifier(units=4, epochs=2, random_state=0)
    >>> search = GridSearchCV(network, {"learning_rate": [0.001, 0.01]}, cv=3)
    >>> with joblib.parallel_config("skdl"):
    ...     search = search.fit(*load_iris(return_X_y=True))
    >>> frame = skdl.training_histories(search)
    >>> list(frame.columns)
    ['candidate', 'split', 'network', 'epoch', 'loss']
    >>> len(frame)  # candidates x splits x epochs
    12
    """
    pandas = load_pandas("training_histories()")
    record = record_of(search)
    parts = [
        pandas.DataFrame(
            {"candidate": candidate, "split": split, "network": name, **columns_of(fit)}
        )
        for (candidate, split), task in record.tasks.items()
        for name, fit in named_fits(task.fits)
    ]
    if not parts:
        return pandas.DataFrame({"candidate": [], "split": [], "network": [], "epoch": []}).astype(
            {"candidate": int, "split": int, "network": str, "epoch": int}
        )
    return pandas.concat(parts, ignore_index=True)


def record_of(search: Any) -> SearchRecord:
    """What the backend has kept of a fitted search, or of the run that gave a dict of `cross_validate`.

    Raises
    ------
    HistoriesNotFoundError
        Nothing.
    AmbiguousHistoriesError
        More than one run has these results.
    InvalidParameterError
        `search` is neither.
    """
    results = _results_of(search)
    found = [
        tasks
        for calls in _chains(results)
        if _timed_alike(tasks := [task for call in calls for task in call.tasks], results)
    ]
    if len(found) == 1:
        n_splits = results.n_splits
        return SearchRecord(
            {divmod(place, n_splits): task for place, task in enumerate(found[0])},
            n_splits,
            min(task.started for task in found[0]),
        )
    what = type(search).__name__ if not isinstance(search, Mapping) else "cross-validation"
    if found:
        raise AmbiguousHistoriesError(
            f"Got a {what} whose parameters and times are those of {len(found)} runs that are kept, expected "
            "one. Nobody can tell which curves are its own: run the search again."
        )
    gone = store.n_left
    raise HistoriesNotFoundError(
        f"Nothing is known of the fits of this {what}. Got one that ran without the backend 'skdl' or in "
        "another process"
        + (
            f", or one of the {gone} parallel calls that are no longer kept (at most {MAX_FITS:,} fits and "
            f"{MAX_BYTES // 2**20} MiB are)"
            if gone
            else ""
        )
        + f", expected one whose curves are kept. {_HOW}"
    )


def _results_of(search: Any) -> _Results:
    if isinstance(search, Mapping) and all(name in search for name in _TIMES):
        times = {name: np.asarray(search[name]) for name in _TIMES}
        return _Results([None], len(times["fit_time"]), times, by_task=True)
    if not isinstance(search, Mapping) and hasattr(search, "cv_results_"):
        results = search.cv_results_
        times = {name: np.asarray(results[f"mean_{name}"]) for name in _TIMES}
        return _Results(results["params"], search.n_splits_, times, by_task=False)
    raise InvalidParameterError(
        f"Got {_shown(search)}, expected a fitted search, such as GridSearchCV, or the dict that "
        "sklearn.model_selection.cross_validate returned: call fit before, or pass that dict."
    )


def _shown(search: Any) -> str:
    if isinstance(search, Mapping):
        return f"a dict with {', '.join(map(repr, search)) or 'nothing'}"
    return f"a {type(search).__name__} without cv_results_"


def _chains(results: _Results) -> list[tuple[CallRecord, ...]]:
    """The sequences of calls whose tasks have the parameters of `results`, one after the other."""
    whole = len(results.parameters) * results.n_splits
    open_chains: list[tuple[tuple[CallRecord, ...], int]] = [((), 0)]
    complete = []
    for call in store.calls():
        # Other calls may stand between those of one search, so that each chain also stays as it is.
        for calls, place in tuple(open_chains):
            end = place + len(call.tasks)
            if end > whole or not _continues(call.tasks, place, results):
                continue
            longer = (*calls, call)
            if end == whole:
                complete.append(longer)
            else:
                open_chains.append((longer, end))
    return complete


def _continues(tasks: Sequence[TaskRecord], place: int, results: _Results) -> bool:
    """Whether `tasks` are those of `results` from the task number `place` on."""
    n_splits = results.n_splits
    if not tasks or len(tasks) % n_splits:
        return False
    first = place // n_splits
    asked = (None, len(tasks) // n_splits)
    for number, task in enumerate(tasks):
        candidate, split = divmod(number, n_splits)
        parameters = results.parameters[first + candidate]
        known = (None, n_splits), asked, (None, split)
        told = task.n_splits, task.n_candidates, task.split
        if any(one not in these for one, these in zip(told, known, strict=True)):
            return False
        if not same(task.parameters, parameters):
            return False
    # What the times of the whole will show is seen here first, so that few chains are begun.
    return _timed_alike(tasks, results, first, exactly=False)


def _timed_alike(
    tasks: Sequence[TaskRecord], results: _Results, first: int = 0, *, exactly: bool = True
) -> bool:
    """Whether the times of `tasks` give the numbers of `results` from the candidate `first` on."""
    for name, kept in results.times.items():
        given = [getattr(task, name) for task in tasks]
        if None in given:
            return False
        times = np.array(given, dtype=np.float64)
        if not results.by_task:
            # As scikit-learn does it, so that the means are equal to the last bit.
            times = np.average(times.reshape(-1, results.n_splits), axis=1)
        here = kept[first : first + len(times)]
        if not (
            np.array_equal(times, here) if exactly else np.allclose(times, here, rtol=1e-12, atol=0)
        ):
            return False
    return True


def named_fits(fits: Sequence[FitRecord]) -> list[tuple[str, FitRecord]]:
    """The fits of a task by the name of their class, numbered where it has several."""
    names = [fit.estimator for fit in fits]
    return [
        (name if names.count(name) == 1 else f"{name} {names[: place + 1].count(name)}", fit)
        for place, (name, fit) in enumerate(zip(names, fits, strict=True))
    ]


def columns_of(fit: FitRecord) -> dict[str, np.ndarray]:
    """The epochs of a fit and its curves, a curve of several values as several columns."""
    columns: dict[str, np.ndarray] = {"epoch": np.arange(1, fit.n_epochs + 1)}
    for name, curve in fit.history.items():
        if curve.ndim == 1:
            columns[name] = curve
        else:
            values = curve.reshape(len(curve), -1).T
            columns.update({f"{name}_{number}": value for number, value in enumerate(values)})
    return columns
