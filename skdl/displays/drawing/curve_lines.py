"""Curves of fits as lines: single ones, their mean with a band, and marks at the best epoch and the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.displays.drawing.style import faint
from skdl.displays.statistics.fitted_curves import FittedCurves, MeanCurve
from skdl.engine.job import StopReason

if TYPE_CHECKING:
    import matplotlib.axes

# How the end of a fit is marked, and what the legend says of it.
STOPS = {
    StopReason.NO_IMPROVEMENT: ("|", "stopped: no improvement"),
    StopReason.STOPPED_EARLY: ("|", "stopped by a callback"),
    StopReason.TIME_IS_UP: ("D", "stopped: time was up"),
    StopReason.EPOCHS_DONE: ("s", "ended after all epochs"),
    StopReason.STILL_IMPROVING: (">", "ended while improving"),
    StopReason.DIVERGED: ("x", "diverged"),
}


def draw_fit(ax: matplotlib.axes.Axes, curve: np.ndarray, **look: Any) -> None:
    """Draw one of several fits as a thin line."""
    epochs = np.arange(1, len(curve) + 1)
    ax.plot(epochs, _finite(curve), linewidth=0.6, alpha=faint(ax, 0.45), **look)


def draw_mean(ax: matplotlib.axes.Axes, found: MeanCurve, lowest: float, **look: Any) -> None:
    """Draw a mean and its band, which ends at `lowest`, the least of its curves, on a logarithmic axis."""
    epochs = np.arange(1, len(found.mean) + 1)
    marker = "." if len(epochs) == 1 else ""  # no line without a second epoch
    all_train = found.count == found.count.max()
    ax.plot(epochs, np.where(all_train, found.mean, np.nan), linewidth=2, marker=marker, **look)
    if not all_train.all():
        # It begins where the other ends.
        fewer = ~all_train | np.append(~all_train[1:], False)
        ax.plot(epochs, np.where(fewer, found.mean, np.nan), linewidth=1.1, **look)
    several = found.count > 1
    if several.any():
        low = found.mean - found.std
        if ax.get_yscale() == "log":
            # A band that ends below zero would reach to the bottom.
            low = np.maximum(low, lowest)
        ax.fill_between(
            epochs,
            np.where(several, low, np.nan),
            np.where(several, found.mean + found.std, np.nan),
            color=look["color"],
            alpha=0.15,
            linewidth=0,
        )


def mark(ax: matplotlib.axes.Axes, fit: FittedCurves, name: str, colour: str) -> None:
    """Mark the best epoch and the end of `fit` on its curve of that name."""
    curve = _finite(fit.curves.get(name, np.empty(0)))
    there = np.flatnonzero(np.isfinite(curve))
    if fit.stop_reason is not None:
        marker, _ = STOPS[fit.stop_reason]
        look: dict[str, Any] = {
            "color": colour,
            "marker": marker,
            "markersize": 7,
            "markeredgewidth": 1.5,
        }
        if len(there):
            ax.plot(there[-1] + 1, curve[there[-1]], **look)
        elif len(curve):
            # Without a finite number it ended beyond the picture.
            above = ax.get_xaxis_transform()
            ax.plot(len(curve), 1.0, transform=above, clip_on=False, **look)
    best = fit.best_epoch
    if best is not None and best < len(curve) and np.isfinite(curve[best]):
        inside = ax.get_facecolor()
        ax.plot(best + 1, curve[best], "o", color=colour, markerfacecolor=inside, markersize=4.5)


def marks_in_words(fits: Sequence[FittedCurves]) -> list[tuple[str, dict[str, Any]]]:
    """What the legend says of the marks of `fits`, and how they look there.

    Examples
    --------
    >>> fit = FittedCurves(0, 0, "MLPClassifier", {}, best_epoch=3, stop_reason=StopReason.DIVERGED)
    >>> [words for words, _ in marks_in_words([fit])]
    ['best epoch: 4', 'diverged']
    """
    found: list[tuple[str, dict[str, Any]]] = []
    best = [fit.best_epoch for fit in fits if fit.best_epoch is not None]
    if best:
        words = f"best epoch: {best[0] + 1}" if len(fits) == 1 else "best epoch"
        look = {"marker": "o", "linestyle": "", "markerfacecolor": "none", "markersize": 5}
        found.append((words, look))
    for reason, (marker, words) in STOPS.items():
        number = sum(fit.stop_reason is reason for fit in fits)
        if number:
            count = f" ({number} of {len(fits)})" if number < len(fits) else ""
            look = {"marker": marker, "linestyle": "", "markersize": 6, "markeredgewidth": 1.5}
            found.append((words + count, look))
    return found


def _finite(curve: np.ndarray) -> np.ndarray:
    """`curve` with nan where it is infinite."""
    return np.where(np.isfinite(curve), curve, np.nan)
