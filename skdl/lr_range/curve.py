"""The curve of a learning-rate range test: where it diverges, what it suggests, how it is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.signal import lfilter

from skdl.common.pandas_frames import make_frame
from skdl.common.parameter_checks import Number, Rule, check_parameters
from skdl.exceptions import InvalidParameterError

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure
    import pandas

# The suggestion is where the loss has done this part of its fall. On the 42 networks and data of
# benchmarks/range_test_rules.py a fit of 5 epochs there stays 0.018 behind the best rate, one of 20 epochs
# 0.026 (steepest descent: 0.043 and 0.020; a tenth of the rate at the minimum: 0.029 and 0.020), and two
# tests differ by 11 % (38 %; 34 %).
PART_OF_FALL = 0.8
# The first and the last part of the steps.
END_PART = 0.1

RULES: Mapping[str, tuple[Rule, ...]] = {
    "smoothing": (Number(0, 1, high_open=True),),
    "stop_factor": (Number(1, low_open=True),),
}

# Of Okabe and Ito, which people see apart who do not see all colours.
COLOUR, COLOUR_OF_REPEATS, COLOUR_OF_SUGGESTION = "#0072B2", "#56B4E9", "#D55E00"


class LRRangeTest:
    """The curve of a learning-rate range test, and the rate that it suggests.

    :func:`~skdl.lr_range_test` makes it [1]_. The smoothed loss at a step is the mean over repeats and over
    all steps, of which one that is ``d`` steps away counts ``smoothing ** d``: an exponential moving average
    of both directions, which does not lag behind the rates as one of the past alone does. The suggestion is
    the lowest rate at which it has done four fifths of its whole fall from the first step to its minimum.
    That is near where it falls most steeply, and well below the minimum, which a rate that only just does not
    diverge may have [2]_; but unlike a slope it hardly depends on the seed.

    Parameters
    ----------
    learning_rates : array-like of shape (n_steps,)
        The rate of each step, growing.
    losses : array-like of shape (n_repeats, n_steps)
        The loss of each step's batch, before the step; NaN or infinite where there was none.
    smoothing : float in [0, 1), default=0.8
        As in :func:`~skdl.lr_range_test`.
    stop_factor : float above 1, default=4.0
        As in :func:`~skdl.lr_range_test`. What counts is the moving average of the losses so far, and the
        start is the mean of the first tenth of the steps. A loss that may be negative has diverged once it is
        above its start by ``stop_factor - 1`` times the mean of its absolute values there. The repeat ends
        with the last step whose loss was not above the start.

    Attributes
    ----------
    learning_rates_ : ndarray of shape (n_steps,)
    losses_ : ndarray of shape (n_repeats, n_steps)
        `losses`, with NaN from where a repeat diverged.
    smoothed_loss_ : ndarray of shape (n_steps,)
        The smoothed mean over repeats, with NaN from where the first of them diverged.
    suggestion_ : float
        The rate to train with, or to be the peak of a schedule; NaN where the loss did not fall by more than
        it scatters.
    diverged_at_ : float or None
        The rate at which the first repeat diverged; always above `suggestion_`.
    advice_ : str
        What to change where the range shows no whole fall of the loss; empty where it does.
    ax_ : matplotlib.axes.Axes
        After `plot`.
    figure_ : matplotlib.figure.Figure
        After `plot`.

    See Also
    --------
    lr_range_test : Runs the test.

    References
    ----------
    .. [1] Smith, Cyclical learning rates for training neural networks, 2017.
    .. [2] Smith, A disciplined approach to neural network hyper-parameters, part 1, 2018.

    Examples
    --------
    A loss that falls from 2 to 1 between the rates 0.001 and 0.1, and then explodes:

    >>> import numpy as np
    >>> from skdl import LRRangeTest
    >>> rates = np.logspace(-5, 1, 13)
    >>> losses = [[2, 2, 2, 2, 2, 1.8, 1.4, 1.2, 1, 1, 3, 90, np.inf]]
    >>> test = LRRangeTest(learning_rates=rates, losses=losses, smoothing=0)
    >>> test
    LRRangeTest(suggestion_=0.0316, diverged_at_=1, n_repeats=1, n_steps=13)
    >>> test.losses_[0, -4:].tolist()
    [1.0, nan, nan, nan]
    """

    def __init__(
        self,
        *,
        learning_rates: Any,
        losses: Any,
        smoothing: float = 0.8,
        stop_factor: float = 4.0,
    ) -> None:
        rates = np.array(learning_rates, dtype=np.float64)
        losses = np.array(losses, dtype=np.float64)
        check_parameters(
            type(self).__name__, {"smoothing": smoothing, "stop_factor": stop_factor}, RULES
        )
        if losses.ndim != 2 or losses.shape[1:] != rates.shape:
            raise InvalidParameterError(
                f"{type(self).__name__}: losses and learning_rates do not belong together. Got the shapes "
                f"{losses.shape} and {rates.shape}, expected (n_repeats, n_steps) and (n_steps,): pass a row "
                "of losses for each repeat."
            )
        for row in losses:
            row[_end(row, smoothing, stop_factor) :] = np.nan
        alive = int(np.isfinite(losses).all(axis=0).sum())
        mean = losses[:, :alive].mean(axis=0)
        curve = _smoothed(mean, smoothing)
        self.learning_rates_ = rates
        self.losses_ = losses
        self.smoothed_loss_ = np.full(len(rates), np.nan)
        self.smoothed_loss_[:alive] = curve
        self.diverged_at_ = None if alive == len(rates) else float(rates[alive])
        self.suggestion_, self.advice_ = np.nan, ""
        lowest = int(np.argmin(curve)) if alive else 0
        fall = curve[0] - curve[lowest] if alive else 0.0
        if lowest == 0 or fall <= np.std((mean - curve)[: lowest + 1]):
            range_ = "raise max_lr" if self.diverged_at_ is None else "lower min_lr"
            self.advice_ = f"{range_}; if the losses scatter, raise n_repeats or the batch size"
            return
        self.suggestion_ = float(rates[np.argmax(curve <= curve[0] - PART_OF_FALL * fall)])
        last = max(1, round(END_PART * len(rates)))
        if lowest == len(rates) - 1 and curve[-1 - last] - curve[-1] > END_PART * fall:
            self.advice_ = "raise max_lr"

    def __repr__(self) -> str:
        diverged = "None" if self.diverged_at_ is None else f"{self.diverged_at_:.3g}"
        repeats, steps = self.losses_.shape
        return (
            f"{type(self).__name__}(suggestion_={self.suggestion_:.3g}, diverged_at_={diverged}, "
            f"n_repeats={repeats}, n_steps={steps})"
        )

    def plot(self, ax: matplotlib.axes.Axes | None = None) -> LRRangeTest:
        """Draw the losses over the rates, their smoothed mean, and the suggestion.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to; a new figure without it.

        Returns
        -------
        self : LRRangeTest
            With ``ax_`` and ``figure_``.
        """
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots(layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        rates, repeats = self.learning_rates_, len(self.losses_)
        for number, row in enumerate(self.losses_):
            # A label that begins with an underscore is not in the legend.
            label = f"each of {repeats} repeats" if repeats > 1 else "losses"
            ax.plot(
                rates,
                row,
                color=COLOUR_OF_REPEATS,
                linewidth=0.8,
                label="_" * (number > 0) + label,
            )
        ax.plot(rates, self.smoothed_loss_, color=COLOUR, linewidth=2.5, label="smoothed mean")
        if np.isfinite(self.suggestion_):
            ax.axvline(
                self.suggestion_,
                color=COLOUR_OF_SUGGESTION,
                linestyle="--",
                label=f"suggestion: {self.suggestion_:.2g}",
            )
        if self.diverged_at_ is not None:
            ax.axvline(
                self.diverged_at_,
                color="gray",
                linestyle=":",
                label=f"diverged at {self.diverged_at_:.2g}",
            )
        ax.set(xscale="log", xlabel="learning rate", ylabel="training loss of a batch")
        ax.set_xlim(rates[0], rates[-1])
        self._leave_divergence_out(ax)
        # A loss that falls leaves room there.
        ax.legend(loc="best" if np.isnan(self.suggestion_) else "lower left")
        return self

    def _leave_divergence_out(self, ax: matplotlib.axes.Axes) -> None:
        """Let a loss that explodes leave `ax` at the top, so that its fall can be seen."""
        if np.isnan(self.suggestion_):
            return
        fallen = self.losses_[:, : np.nanargmin(self.smoothed_loss_) + 1]
        margin = 0.05 * float(np.ptp(fallen))
        ax.set_ylim(fallen.min() - margin, fallen.max() + margin)

    def frame(self) -> pandas.DataFrame:
        """The curves as a table with a row for each step; needs pandas.

        Returns
        -------
        pandas.DataFrame
            Its columns are ``learning_rate``, ``smoothed_loss``, and ``loss_0`` and so on for the repeats.

        Raises
        ------
        ImportError
            pandas is not installed.
        """
        repeats = {f"loss_{number}": row for number, row in enumerate(self.losses_)}
        return make_frame(
            {
                "learning_rate": self.learning_rates_,
                "smoothed_loss": self.smoothed_loss_,
                **repeats,
            },
            maker="frame()",
            instead="learning_rates_, smoothed_loss_ and losses_",
        )


def _end(losses: np.ndarray, smoothing: float, stop_factor: float) -> int:
    """How many steps one repeat ran before it began to diverge."""
    finite = np.isfinite(losses)
    steps = len(losses) if finite.all() else int(np.argmin(finite))
    if steps == 0:
        return 0
    first = losses[: min(steps, max(1, round(END_PART * len(losses))))]
    start = first.mean()
    limit = start + (stop_factor - 1) * np.abs(first).mean()
    over = _of_the_past(losses[:steps], smoothing) > limit
    if over.any():
        steps = int(np.argmax(over))
    elif steps == len(losses):
        return steps
    # It is known late. What is above the start from here on belongs to it, and would draw up the average of
    # the steps before.
    return int(np.flatnonzero(losses[:steps] <= start)[-1]) + 1


def _of_the_past(values: np.ndarray, smoothing: float) -> np.ndarray:
    """The exponential moving average of the values so far, without a bias to zero at its beginning."""
    return _decayed(values, smoothing) / _decayed(np.ones_like(values), smoothing)


def _smoothed(values: np.ndarray, smoothing: float) -> np.ndarray:
    """The exponential moving average of both directions."""

    def both(values: np.ndarray) -> np.ndarray:
        return _decayed(values, smoothing) + _decayed(values[::-1], smoothing)[::-1] - values

    return both(values) / both(np.ones_like(values))


def _decayed(values: np.ndarray, smoothing: float) -> np.ndarray:
    """Each value with all before it, which count `smoothing` times less at each step."""
    return lfilter([1.0], [1.0, -smoothing], values)
