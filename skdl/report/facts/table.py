"""The whole table of a search: a row for each candidate, as a data frame, in pages and in files."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.common.pandas_frames import make_frame
from skdl.report.words import decimals_of, number_text, plain_value
from skdl.results.hyperparameters import MISSING
from skdl.results.results import Results
from skdl.results.value_texts import one_line, text_of

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, eq=False)
class Column:
    """One column.

    Attributes
    ----------
    key : str
        Its name in a data frame and in files: as in ``cv_results_``, where it is from there.
    heading : str
        Its name in a page.
    group : str
        What it is about: "", "score", "split", "hyperparameter", "training" or "time".
    numeric : bool
        Whether its values are numbers, which stand at the right and are sorted by size.
    values : tuple
        As a data frame holds them; `MISSING` where there is none.
    texts : tuple of str
        As a page shows them.
    """

    key: str
    heading: str
    group: str
    numeric: bool
    values: tuple[Any, ...]
    texts: tuple[str, ...]

    @property
    def plain(self) -> tuple[Any, ...]:
        """The values as numbers, truth values and texts; None where there is none.

        Where two hyperparameters agree in a long text, they are told apart as in `texts`.
        """
        # A score that is no number is none; a hyperparameter may well be infinite.
        lost = self.group != "hyperparameter"
        plain = [
            None
            if lost and isinstance(value, float) and not math.isfinite(value)
            else plain_value(value)
            for value in self.values
        ]
        if lost:
            return tuple(plain)
        short: dict[str, set[str]] = {}
        for one, text in zip(plain, self.texts, strict=True):
            short.setdefault(str(one), set()).add(text)
        return tuple(
            text if isinstance(one, str) and len(short[one]) > 1 else one
            for one, text in zip(plain, self.texts, strict=True)
        )


@dataclass(frozen=True, eq=False)
class Table:
    """All candidates, the best first.

    Attributes
    ----------
    columns : tuple of Column
    candidates : tuple of int
        The row of ``cv_results_`` that each row is.
    """

    columns: tuple[Column, ...]
    candidates: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.candidates)

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The texts row by row."""
        return tuple(zip(*(column.texts for column in self.columns), strict=True))

    def frame(self) -> pandas.DataFrame:
        """The table as a data frame; needs pandas."""
        columns = {column.key: _array(column) for column in self.columns}
        return make_frame(columns, maker="frame()", instead="search.cv_results_")


def table_of(results: Results, tasks: Mapping[tuple[int, int], Any] | None = None) -> Table:
    """All candidates of `results`, with what the records of their fits tell."""
    order = [int(index) for index in results.order]
    failed = results.failed
    columns = [
        _numbers("rank", "rank", "", [MISSING if failed[c] else i for i, c in enumerate(order, 1)]),
        _numbers("candidate", "candidate", "", order),
    ]
    if results.iteration is not None and results.resources is not None:
        columns.append(_numbers("iter", "iteration", "", results.iteration[order].tolist()))
        columns.append(_numbers("n_resources", "resources", "", results.resources[order].tolist()))
    columns += _score_columns(results, order)
    columns += [
        Column(
            key=f"param_{one.name}",
            heading=one_line(one.label),
            group="hyperparameter",
            numeric=one.numeric,
            values=tuple(one.values[c] for c in order),
            texts=tuple(one.texts[c] for c in order),
        )
        for one in results.hyperparameters
    ]
    if tasks:
        columns += _training_columns(tasks, order)
    for key, heading, seconds in (
        ("mean_fit_time", "fit (s)", results.fit_time),
        ("mean_score_time", "score (s)", results.score_time),
    ):
        columns.append(_floats(key, heading, "time", seconds[order], _decimals(seconds)))
    columns += _split_columns(results, order)
    return Table(tuple(columns), tuple(order))


def _score_columns(results: Results, order: Sequence[int]) -> list[Column]:
    """Mean and spread by each metric, that which counts first."""
    columns = []
    for one in results.by_each_metric:
        metric, name, mean, std = one.metric, one.score_name, one.test_mean, one.test_std
        decimals = _decimals(mean, std)
        columns.append(_floats(f"mean_test_{metric}", name, "score", mean[order], decimals))
        columns.append(_floats(f"std_test_{metric}", "±", "score", std[order], decimals))
        if one.train_mean is not None:
            columns.append(
                _floats(
                    f"mean_train_{metric}",
                    f"{name} in training",
                    "score",
                    one.train_mean[order],
                    decimals,
                )
            )
    return columns


def _split_columns(results: Results, order: Sequence[int]) -> list[Column]:
    columns = []
    decimals = _decimals(results.test_mean, results.test_std)
    for split in range(results.n_splits):
        scores = results.test_scores[order, split]
        key = f"split{split}_test_{results.metric}"
        columns.append(_floats(key, str(split + 1), "split", scores, decimals))
    return columns


def _training_columns(tasks: Mapping[tuple[int, int], Any], order: Sequence[int]) -> list[Column]:
    """How many epochs a candidate's networks trained in the mean, and why they stopped."""
    fits: dict[int, list[Any]] = {}
    for (candidate, _), task in sorted(tasks.items()):
        fits.setdefault(candidate, []).extend(task.fits)
    if not any(fits.values()):
        return []
    epochs = [
        float(np.mean([fit.n_epochs for fit in fits[c]])) if fits.get(c) else math.nan
        for c in order
    ]
    reasons: list[Any] = []
    for c in order:
        counts: dict[str, int] = {}
        for fit in fits.get(c, ()):
            word = fit.stop_reason.name.lower().replace("_", " ")
            counts[word] = counts.get(word, 0) + 1
        several = len(counts) > 1
        parts = [f"{word} ({count})" if several else word for word, count in counts.items()]
        reasons.append(", ".join(parts) or MISSING)
    return [
        _floats("mean_epochs", "epochs", "training", np.array(epochs), 1),
        Column(
            "stop_reasons",
            "stopped",
            "training",
            False,
            tuple(reasons),
            tuple(map(str, reasons)),
        ),
    ]


def _numbers(key: str, heading: str, group: str, values: Sequence[Any]) -> Column:
    texts = tuple("–" if value is MISSING else text_of(value) for value in values)
    return Column(key, heading, group, True, tuple(values), texts)


def _floats(key: str, heading: str, group: str, values: np.ndarray, decimals: int) -> Column:
    floats = tuple(float(value) for value in values)
    return Column(
        key, heading, group, True, floats, tuple(number_text(value, decimals) for value in floats)
    )


def _decimals(values: np.ndarray, spreads: np.ndarray | None = None) -> int:
    """The decimals of a column: those that its middle value asks for."""
    found = np.abs(values[np.isfinite(values)])
    if not len(found):
        return 3
    spread = math.nan
    if spreads is not None and np.isfinite(spreads).any():
        spread = float(np.nanmedian(spreads))
    return decimals_of(float(np.median(found)), spread)


def _array(column: Column) -> Any:
    """What a data frame takes: numbers as numbers, everything else as it is."""
    values = [value.item() if isinstance(value, np.generic) else value for value in column.values]
    values = [math.nan if value is MISSING else value for value in values]
    kinds = {type(value) for value in values}
    if kinds == {bool} or kinds <= {int, float}:
        return np.array(values)
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array
