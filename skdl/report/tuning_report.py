"""`TuningReport`: what a search found, for people to read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skdl.report.facts.summary import summarize
from skdl.report.sections.whole_report import document_of, headline

if TYPE_CHECKING:
    import pandas


class TuningReport:
    """What a cross-validated search found, in a form that people can read.

    Everything is computed once, when the report is made; pictures are drawn when it is written.

    Parameters
    ----------
    search : fitted search, dict or list
        `GridSearchCV`, `RandomizedSearchCV`, successive halving or `BayesSearchCV`, over any estimator; an
        estimator with one search inside; a ``cv_results_``; what `cross_validate` returned; or several of
        them as a list or by name, which are compared, and of which the best is then told in full.
    X : {array-like, sparse matrix} of shape (n_samples, n_features), optional
        What the search was fitted with. Its shape, its types, what is missing in it and a fingerprint are
        told, never a value of it.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs), optional
        The target that belongs to `X`; a search for clusters or densities has none. Its labels are told,
        with how often each occurs.
    baseline : estimator, dict or array-like of shape (n_splits,), optional
        Something simpler to compare with: an estimator, which is scored on the folds and by the score of the
        search; what `cross_validate` returned for it; or its scores, fold by fold. With `X` and `y`, and
        without a baseline, it is scikit-learn's `DummyClassifier` or `DummyRegressor`.
    metric : str, optional
        The metric that counts, of several; by default the one that the search refits by.
    histories : pandas.DataFrame, optional
        What :func:`~skdl.training_histories` gave after the search, where it ran in another process or long
        ago; of several searches, after the one with the best score.

    Attributes
    ----------
    summary_ : Summary
        All that was computed.

    Raises
    ------
    InvalidParameterError
        `search` is nothing of the kind, `X` and `y` are not those it was fitted with, or the baseline does
        not have a score for each split.
    sklearn.exceptions.NotFittedError
        The search is not fitted.

    See Also
    --------
    diagnose : Names what is wrong with a network, which the report includes.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skdl import TuningReport
    >>> X, y = load_iris(return_X_y=True)
    >>> search = GridSearchCV(LogisticRegression(max_iter=1000), {"C": [0.01, 1.0]}).fit(X, y)
    >>> report = TuningReport(search, X, y)
    >>> report
    TuningReport(LogisticRegression reaches 0.973 ± 0.025 accuracy in 5-fold cross-validation, ...)
    >>> print(report.to_markdown())
    # Tuning report of LogisticRegression
    ...
    >>> report.frame()[["rank", "mean_test_score", "param_C"]]
       rank  mean_test_score  param_C
    0     1         0.973333     1.00
    1     2         0.860000     0.01
    """

    def __init__(
        self,
        search: Any,
        X: Any = None,
        y: Any = None,
        baseline: Any = None,
        *,
        metric: str | None = None,
        histories: pandas.DataFrame | None = None,
    ) -> None:
        self.summary_ = summarize(search, X, y, baseline, metric=metric, histories=histories)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({headline(self.summary_)})"

    def summary(self) -> None:
        """Print the report in short on the terminal, in its width."""
        from skdl.report.terminal import print_document

        print_document(document_of(self.summary_))

    def frame(self) -> pandas.DataFrame:
        """The table of all candidates, the best first; needs pandas.

        Returns
        -------
        pandas.DataFrame
            A row for each candidate, of the best search where there are several: ``rank``, nan where it
            failed; ``candidate``, its row of ``cv_results_``; mean and standard deviation by each metric and
            the score of each split, under the names of ``cv_results_``; ``param_`` columns with the
            hyperparameters; ``mean_epochs`` and ``stop_reasons``, where the search ran under the backend
            "skdl"; and the mean times of a fit and its scoring, in seconds.

        Raises
        ------
        ImportError
            pandas is not installed.
        """
        return self.summary_.table.frame()

    def to_markdown(self) -> str:
        """The report without pictures, with the 20 best candidates, such as for a pull request.

        Returns
        -------
        str
            GitHub's Markdown. Every value in it is escaped.
        """
        from skdl.report.markdown import markdown_of

        return markdown_of(document_of(self.summary_))

    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write the report as one HTML file that loads nothing from anywhere.

        Parameters
        ----------
        path : str or path-like
            A file in a folder that exists; one that is there is replaced once the new one is whole.

        Returns
        -------
        pathlib.Path
            `path`.

        Raises
        ------
        InvalidParameterError
            There is no such folder, or `path` is one.
        """
        from skdl.report.html.page import check_path, html_of, write_atomically
        from skdl.report.html.pictures import draw

        check_path(path)
        summary = self.summary_
        page = html_of(document_of(summary), lambda name: draw(summary, name))
        return write_atomically(path, page)
