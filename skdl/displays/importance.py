"""Which hyperparameters mattered, and whether the results are enough to tell."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Self

import numpy as np

from skdl.common.pandas_frames import make_frame
from skdl.common.parameter_checks import Number, Options, Rule, check_parameters
from skdl.displays.base import SearchDisplay, columns_of
from skdl.displays.drawing.axes import LONGEST_LABEL, fit_texts, label_of, text_size
from skdl.displays.drawing.style import (
    BLUE,
    GREY,
    ORANGE,
    ink,
    own_axes,
    tidy,
)
from skdl.displays.drawing.ticks import inches
from skdl.displays.statistics.forest_importance import (
    LEVEL,
    WIDTH,
    Evidence,
    encoded,
    evidence_of,
    forest_importances,
    standard_errors,
)
from skdl.displays.statistics.optuna_importance import best_part, optuna_importances
from skdl.results.results import Results
from skdl.results.scales import lowest_shown
from skdl.results.value_texts import text_of

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

METHODS = ("permutation", "fanova", "ped_anova")
# The part of a figure that single axes have before their texts take their room.
WIDTH_OF_AXES = 0.775
# The parts of fewer candidates are too small for a forest.
LEAST_FOR_ERRORS = 6
RULES: dict[str, tuple[Rule, ...]] = {
    "method": (Options(METHODS),),
    "random_state": (Number(0, integer=True),),
}


class ImportanceDisplay(SearchDisplay):
    """Which hyperparameters mattered, with intervals; or that the results are too few to tell.

    A random forest predicts the mean score of candidates that it has not seen (out of bag) from their
    hyperparameters. The importance of one is by how much its R² falls where the values of that one
    are shuffled (``method="permutation"``): 0 where it does not matter, 0.5 where half of the differences
    between the candidates go back to it, alone or together with others.

    Before anything is named, it is asked what chance would do: the same scores in another order belong to no
    hyperparameter. The results are `enough` where the forest explains more than of all but at most one of 39
    shuffles of the scores, which is a permutation test at the level of 5 %, and a hyperparameter is
    `told_` where its importance is above what the largest of a shuffle is in one of twenty. On scores of pure
    noise over three hyperparameters, one was named in 1, 3, 1 and 3 of 100 random searches with 5, 10, 20
    and 50 candidates. Where one of the three made 70 % of the variance of the scores, it was named in 2, 41,
    84 and 100 of 100, and another one once, with 5 candidates. Where the results are not enough, the picture
    says so and has no bars.

    It takes one or two seconds of one core for 50 candidates, four for 1,000. Usually made by
    :meth:`from_search`, :meth:`from_cv_results` or :meth:`from_estimator`.

    Parameters
    ----------
    results : Results
        What a search has found.
    method : {"permutation", "fanova", "ped_anova"}, default="permutation"
        The importances that are shown. ``"fanova"`` [1]_ is the share of each hyperparameter, by itself, in
        the variance that a forest sees over the whole space; it takes seconds for 50 candidates, a minute for
        1,000, and has no interval. ``"ped_anova"`` [2]_ is its share in what sets the best tenth of the
        candidates (at least five) apart from all. Both come from Optuna, which has to be installed, and add
        up to 1, also where there is nothing to explain. Which results are `enough` and which hyperparameters
        are `told_` is always judged as above.
    random_state : int, default=0
        The seed of forests and shuffles; the same one gives the same numbers.

    Attributes
    ----------
    results, method, random_state
        As they were given.
    hyperparameters_ : tuple of Hyperparameter
        The most important first.
    importances_ : ndarray of shape (n_hyperparameters,)
    low_, high_ : ndarray of shape (n_hyperparameters,)
        The 95 % interval: 1.96 standard errors to either side, which say how much another search with as many
        candidates would differ. They come from the importances on 20 random parts of 63.2 % of the candidates
        (a delete-d jackknife [3]_). In the searches above, where one hyperparameter matters, that of this one
        held the mean over all searches in 89 %, 98 % and 97 % with 10, 20 and 50 candidates. nan with fANOVA,
        and with fewer than six candidates.
    told_ : ndarray of bool, shape (n_hyperparameters,)
        Whether the forest tells its importance from chance; never where the results are not enough.
    chance_ : float
        What the largest importance of the forest exceeds by chance in one of twenty searches.
    explained_ : float
        The out-of-bag R² of the forest.
    p_value_ : float
        The part of the shuffles of the scores in which it is as high, this one counted.
    n_candidates_ : int
        How many candidates count: those that did not fail, and of a successive halving those of the first
        iteration, which had the same resources.
    enough : bool
        Whether the results are enough to tell.
    reason : str
        Why they are not; empty where they are.
    ax_ : matplotlib.axes.Axes
        After `plot`.
    figure_ : matplotlib.figure.Figure
        After `plot`.

    Raises
    ------
    InvalidParameterError
        No hyperparameter varies, all candidates failed, or an option is not one of those above.
    ImportError
        Optuna is asked for and not installed.

    See Also
    --------
    SearchSpaceDisplay : The scores by each hyperparameter.
    PairEffectDisplay : Two hyperparameters together.

    Notes
    -----
    Candidates that a guided search has chosen after the scores of others lie closer where scores are high,
    and hyperparameters that it moves together share their importance. Scores far below all others, as of
    networks that diverged, count as the lowest of the others.

    An interval is no test: it says how far another search would differ, and of a small one it may reach below
    zero where the order of the scores leaves no doubt that the hyperparameter matters.

    References
    ----------
    .. [1] Hutter, Hoos and Leyton-Brown, An efficient approach for assessing hyperparameter importance, 2014.
    .. [2] Watanabe, Bansal and Hutter, PED-ANOVA: efficiently quantifying hyperparameter importance in
       arbitrary subspaces, 2023.
    .. [3] Ishwaran and Lu, Standard errors and confidence intervals for variable importance in random forest
       regression, classification, and survival, 2019.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdl import ImportanceDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> tree = DecisionTreeClassifier(random_state=0)
    >>> grid = {"max_depth": [1, 2, 3, 4, 5, 6], "min_samples_split": [2, 3, 4]}
    >>> display = ImportanceDisplay.from_search(GridSearchCV(tree, grid).fit(X, y))
    >>> display
    ImportanceDisplay(told=['max_depth'], enough=True, method='permutation')
    >>> few = ImportanceDisplay.from_search(GridSearchCV(tree, {"max_depth": [2, 3, 4]}).fit(X, y))
    >>> few.enough, few.reason
    (False, 'too few to tell, or nothing matters: a forest explains the scores of 3 candidates ...)')
    """

    def __init__(self, results: Results, *, method: str = "permutation", random_state: int = 0):
        check_parameters(
            type(self).__name__, {"method": method, "random_state": random_state}, RULES
        )
        self.results = results
        self.method = method
        self.random_state = random_state
        owner = type(self).__name__
        columns_of(results, owner)
        rows = np.flatnonzero(results.comparable)
        scores = results.test_mean[rows]
        scores = np.maximum(scores, lowest_shown(scores))
        varied = [one for one in results.varied if len(set(one.codes[rows].tolist())) > 1]
        columns = [encoded(one)[rows] for one in varied]
        for_forest, for_errors = np.random.SeedSequence(random_state).spawn(2)
        if varied:
            evidence = evidence_of(columns, scores, for_forest)
        else:
            evidence = Evidence(np.empty(0), float("nan"), 1.0, float("nan"), np.empty(0, bool))
        self.n_candidates_ = len(rows)
        self.explained_ = evidence.explained
        self.p_value_ = evidence.p_value
        self.chance_ = evidence.chance
        self.reason = self._reason(evidence, scores)

        def measure(part: np.ndarray, rng: np.random.Generator) -> np.ndarray:
            if method == "permutation":
                return forest_importances([one[part] for one in columns], scores[part], rng)[1]
            return optuna_importances(method, varied, rows[part], scores[part], random_state)

        if method == "permutation" or np.isnan(evidence.explained):
            values = evidence.importances
        else:
            values = measure(np.arange(len(rows)), np.random.default_rng(0))
        errors = np.full(len(values), np.nan)
        measured = len(values) > 0 and np.isfinite(values).all()
        if measured and method != "fanova" and len(rows) >= LEAST_FOR_ERRORS:
            errors = standard_errors(measure, len(rows), for_errors)
        order = np.argsort(-values, kind="stable")
        self.hyperparameters_ = tuple(varied[place] for place in order)
        self.importances_ = values[order]
        self.low_ = (values - WIDTH * errors)[order]
        self.high_ = (values + WIDTH * errors)[order]
        self.told_ = evidence.told[order] & self.enough

    @property
    def enough(self) -> bool:
        """Whether the results are enough to tell which hyperparameters mattered."""
        return not self.reason

    def __repr__(self) -> str:
        told = [
            text_of(one.label)
            for one, is_told in zip(self.hyperparameters_, self.told_, strict=True)
            if is_told
        ]
        return f"{type(self).__name__}(told={told}, enough={self.enough}, method={self.method!r})"

    @staticmethod
    def _reason(evidence: Evidence, scores: np.ndarray) -> str:
        count = f"{len(scores)} candidate{'s' * (len(scores) != 1)}"
        if len(scores) == 1:
            return f"too few to tell: there is {count} with a score"
        if not np.ptp(scores) > 0:
            return f"nothing to tell: all {count} have the same score"
        if not len(evidence.importances):
            return f"nothing to tell: {count} without a failed fit have the same hyperparameters"
        if np.isnan(evidence.explained):
            return f"too few to tell: there are {count} with a score"
        if evidence.p_value <= LEVEL and evidence.explained <= 0:
            return (
                f"too few to tell: a forest predicts the scores of {count} no better than their mean does "
                f"(out-of-bag R² = {evidence.explained:.2f})"
            )
        if evidence.p_value > LEVEL:
            return (
                f"too few to tell, or nothing matters: a forest explains the scores of {count} no better "
                f"than the same scores in another order (out-of-bag R² = {evidence.explained:.2f}, "
                f"p = {evidence.p_value:.2g})"
            )
        return ""

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the importances as bars, or why there are none.

        Blue bars are told from chance and grey ones are not; black lines are the intervals. The dashed line
        is what the largest importance of the forest exceeds by chance in one of twenty searches.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to; a new figure without it.

        Returns
        -------
        self : ImportanceDisplay
            With ``ax_`` and ``figure_``.
        """
        count = len(self.hyperparameters_)
        ax = own_axes(ax, figsize=(6.4, max(2.6, 1.4 + 0.35 * count)))
        self.ax_, self.figure_ = ax, ax.figure
        places = np.arange(count)
        if self.enough:
            colours = [BLUE if told else "#B8B8B8" for told in self.told_]
            ax.barh(places, self.importances_, height=0.6, color=colours)
        else:
            ax.plot(self.importances_, places, "o", color=GREY, markerfacecolor=ax.get_facecolor())
        if np.isfinite(self.low_).any():
            ax.hlines(places, self.low_, self.high_, color=ink() if self.enough else GREY)
        if self.enough and self.method == "permutation":
            ax.axvline(self.chance_, color=ORANGE, linestyle="--", linewidth=1.2, gid="chance")
            ax.annotate(
                "by chance",
                (self.chance_, count - 0.45),
                xytext=(3, 0),
                textcoords="offset points",
                color=ink(),  # orange is too light for small letters
                fontsize="small",
                verticalalignment="bottom",
            )
        ax.axvline(0, color=ink(), linewidth=0.8)
        ax.set_yticks(places)
        ax.set_ylim(count - 0.4, -0.6)
        ax.tick_params(axis="y", length=0)
        fit_texts(ax)
        self._label(ax)
        tidy(ax)
        ax.spines["left"].set_visible(False)
        return self

    def _label(self, ax: Axes) -> None:
        """Write below the bars what they are, and above what they are worth."""
        size = text_size(inches(ax)[0])
        # Letters that a line has room for, each half its height wide; names take less than half of it.
        letters = int(inches(ax)[0] / WIDTH_OF_AXES * 72 / (0.54 * size))
        names = [
            label_of(one, min(LONGEST_LABEL, int(0.4 * letters))) for one in self.hyperparameters_
        ]
        ax.set_yticklabels(names)
        letters = max(16, letters - max(map(len, names), default=0) - 4)
        ax.set_xlabel(textwrap.fill(self._measured(), letters))
        if self.enough:
            words = (
                f"A forest explains {self.explained_:.0%} of the variance of {self.n_candidates_} scores "
                "(out-of-bag R²)."
            )
            if not self.told_.any():
                words += " No hyperparameter by itself is told from chance."
        else:
            # The forest in short: the picture is small, and `reason` has the sentence.
            words = self.reason.partition(": a forest")[0]
            words = f"{words[0].upper()}{words[1:]}"
            if np.isfinite(self.explained_):
                words += f" ({self.n_candidates_} candidates, out-of-bag R² {self.explained_:.2f}"
                words += f", p = {self.p_value_:.2g})" if self.p_value_ > LEVEL else ")"
            # Bold letters are wider.
            letters = int(0.88 * letters)
        weight = "normal" if self.enough else "bold"
        ax.set_title(
            textwrap.fill(words, letters, break_on_hyphens=False),
            fontsize=size,
            loc="left",
            weight=weight,
        )

    def _measured(self) -> str:
        """What the importances are, on the axis."""
        if self.method == "permutation":
            return "importance: fall of R² without the hyperparameter"
        if self.method == "fanova":
            return "importance: share of the variance, alone (fANOVA)"
        part = best_part(self.n_candidates_)
        return f"importance: share in what sets the best {part:.0%} apart (PED-ANOVA)"

    def frame(self) -> pandas.DataFrame:
        """The numbers as a table with a row for each hyperparameter, the most important first; needs pandas.

        Returns
        -------
        pandas.DataFrame
            Its columns are ``hyperparameter`` (as in ``get_params``), ``importance``, ``low`` and ``high``
            (the 95 % interval), ``told``, and, the same in each row, ``chance``, ``explained``, ``p_value``,
            ``n_candidates``, ``enough``, ``reason`` and ``method``.

        Raises
        ------
        ImportError
            pandas is not installed.
        """
        count = len(self.hyperparameters_)
        of_all = {
            "chance": self.chance_,
            "explained": self.explained_,
            "p_value": self.p_value_,
            "n_candidates": self.n_candidates_,
            "enough": self.enough,
            "reason": self.reason,
            "method": self.method,
        }
        return make_frame(
            {
                "hyperparameter": [one.name for one in self.hyperparameters_],
                "importance": self.importances_,
                "low": self.low_,
                "high": self.high_,
                "told": self.told_,
                **{name: [value] * count for name, value in of_all.items()},
            },
            maker="frame()",
            instead="importances_, low_, high_ and told_",
        )
