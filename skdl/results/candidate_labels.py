"""Candidates by their hyperparameters, as short as a picture wants them."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral

from skdl.exceptions import InvalidParameterError
from skdl.results.hyperparameters import hyperparameters_of
from skdl.results.results import Results
from skdl.results.value_texts import text_of


def candidate_labels(results: Results, candidates: Sequence[int]) -> tuple[str, ...]:
    """What tells each of some candidates from the others of them, in one line each.

    A candidate that is alone is told from all others of the search, and one without hyperparameters by its
    number.

    Examples
    --------
    >>> from skdl.results.results import Results
    >>> params = [{"n__a": 1, "n__b": "x"}, {"n__a": 2, "n__b": "x"}, {"n__a": 1, "n__b": "y"}]
    >>> results = Results.of_cv_results({"params": params, "split0_test_score": [0.9, 0.8, 0.7]})
    >>> candidate_labels(results, [0, 1])
    ('a=1', 'a=2')
    """
    if len(candidates) > 1:
        among = hyperparameters_of([results.params[row] for row in candidates])
        varied = {one.name for one in among if one.n_distinct > 1 or not one.present.all()}
    else:
        varied = {one.name for one in results.varied} or set(results.params[candidates[0]])
    shown = [one for one in results.hyperparameters if one.name in varied]

    def label(row: int) -> str:
        parts = [f"{text_of(str(one.label))}={one.texts[row]}" for one in shown if one.present[row]]
        return ", ".join(parts) or f"candidate {row}"

    return tuple(map(label, candidates))


def labels_by_row(results: Results, candidates: Sequence[int]) -> dict[int, str]:
    """The same by the rows of the candidates."""
    return dict(zip(candidates, candidate_labels(results, candidates), strict=True))


def candidate_rows(results: Results, candidates: int | Sequence[int] | None) -> list[int]:
    """The rows of candidates that were asked for; of the best one where nobody asked.

    Raises
    ------
    InvalidParameterError
        There are no such candidates.
    """
    if candidates is None:
        if results.best_index is None:
            raise InvalidParameterError(
                f"Got results of {results.n_candidates} candidates that all failed, expected a best one: "
                "name those to look at by candidates=[0], or see why by error_score='raise' in the search."
            )
        return [results.best_index]
    asked = [candidates] if isinstance(candidates, Integral) else list(candidates)  # type: ignore[arg-type]
    known = range(results.n_candidates)
    if not asked or not all(isinstance(one, Integral) and one in known for one in asked):
        raise InvalidParameterError(
            f"Got candidates={candidates!r}, expected rows of cv_results_, integers from 0 to "
            f"{results.n_candidates - 1}."
        )
    return list(dict.fromkeys(int(one) for one in asked))
