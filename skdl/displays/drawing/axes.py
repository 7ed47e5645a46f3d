"""Hyperparameters on the axes of a picture: places, ticks, limits, labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from skdl.displays.drawing.style import plain
from skdl.displays.drawing.ticks import MOST_TICKS, inches, log_ticks, most_ticks, write_out
from skdl.results.hyperparameters import Hyperparameter
from skdl.results.value_texts import cut_apart, number_texts, text_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LONGEST_TICK = 14
LONGEST_LABEL = 32


def spread(hyperparameter: Hyperparameter, width: float = 0.5) -> np.ndarray:
    """Places, with the candidates that share one drawn beside each other in their order.

    Parameters
    ----------
    hyperparameter : Hyperparameter
    width : float, default=0.5
        What they take of the gap to the next value.
    """
    places = hyperparameter.places
    if hyperparameter.numeric and not hyperparameter.of_grid:
        return places
    distances = hyperparameter.on_scale(places)
    found = np.unique(distances[np.isfinite(distances)])
    gap = float(np.diff(found).min()) if len(found) > 1 else 1.0
    for value in found:
        rows = np.flatnonzero(distances == value)
        if len(rows) > 1:
            # Each next candidate half of the room away: neighbours in a grid are alike, and would overlap.
            order = np.argsort(_van_der_corput(len(rows)), kind="stable")
            offsets = np.empty(len(rows))
            offsets[order] = np.linspace(-0.5, 0.5, len(rows))
            distances[rows] += width * gap * offsets
    return hyperparameter.from_scale(distances)


def set_axis(
    ax: Axes,
    which: Literal["x", "y"],
    hyperparameter: Hyperparameter,
    cells: Sequence[str] | None = None,
    beside: float = 0.0,
) -> None:
    """Give an axis of `ax` the scale, the label and, as far as there is room, the ticks of a hyperparameter.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    which : {"x", "y"}
    hyperparameter : Hyperparameter
    cells : sequence of str, optional
        The texts of values that lie at 0, 1, ... instead, of numbers too.
    beside : float, default=0.0
        Inches of the width of `ax` that something beside it will take.
    """
    from matplotlib.ticker import FixedLocator, MaxNLocator, NullFormatter, NullLocator

    axis = ax.xaxis if which == "x" else ax.yaxis
    numeric = hyperparameter.numeric and cells is None
    if numeric and hyperparameter.log:
        (ax.set_xscale if which == "x" else ax.set_yscale)("log")
    width, height = inches(ax)
    size = text_size(width)
    width -= beside
    # A letter is about 0.6 of its height wide, and 72 points are an inch.
    letter, line = 0.6 * size / 72, 1.5 * size / 72
    # Names that are askew should not take more than about a third of the height.
    longest = int(np.clip(height / 3 / (0.64 * letter), 6, LONGEST_TICK))
    places: np.ndarray | None
    if cells is not None:
        places, texts = np.arange(len(cells)), cut_apart(cells, longest)
    else:
        places, texts = ticks_of(hyperparameter, longest)
    if not numeric:
        ends = (-0.6, len(texts) - 0.4) if cells is None else (-0.5, len(texts) - 0.5)
        ax.set_xlim(*ends) if which == "x" else ax.set_ylim(*ends)
    if places is not None:
        flat = which == "y" or width > letter * (sum(map(len, texts)) + 2 * len(texts))
        if not flat and numeric:
            step = math.ceil(letter * (max(map(len, texts)) + 2) * len(texts) / width)
        else:
            # Texts that are askew by 40 degrees are further from each other along the axis.
            needed = line if which == "y" or flat else 1.1 * line
            step = math.ceil(needed * len(texts) / (width if which == "x" else height))
        places, texts = places[::step], texts[::step]
        axis.set_major_locator(FixedLocator(places.tolist()))
        axis.set_ticklabels([plain(text) for text in texts])
        axis.set_minor_locator(NullLocator())
        axis.set_minor_formatter(NullFormatter())
        if not flat and not numeric:
            for label in axis.get_ticklabels():
                label.set(rotation=40, horizontalalignment="right", rotation_mode="anchor")
    else:
        ends = hyperparameter.numbers[hyperparameter.present]
        most = most_ticks(axis, number_texts(np.array([ends.min(), ends.max()])))
        axis.set_major_locator(MaxNLocator(most, integer=hyperparameter.whole))
        write_out(axis)
    room = int((width if which == "x" else height) / letter)
    axis.set_label_text(label_of(hyperparameter, int(np.clip(room, 8, LONGEST_LABEL))))


def set_limits(
    ax: Axes, which: Literal["x", "y"], hyperparameter: Hyperparameter, places: np.ndarray
) -> None:
    """Let an axis of numbers reach a little beyond all `places`."""
    ends = hyperparameter.on_scale(np.array([np.nanmin(places), np.nanmax(places)]))
    room = 0.05 * (ends[1] - ends[0]) or 0.5
    low, high = hyperparameter.from_scale(ends + [-room, room])
    ax.set_xlim(low, high) if which == "x" else ax.set_ylim(low, high)


def text_size(width: float) -> float:
    """Points of the texts around axes that are `width` inches wide."""
    return float(np.clip(4.0 + 2.2 * width, 7.0, 10.0))


def fit_texts(ax: Axes) -> None:
    """Let the texts around `ax` be as large as it has room for."""
    size = text_size(inches(ax)[0])
    ax.tick_params(labelsize=size)
    ax.xaxis.label.set_fontsize(size)
    ax.yaxis.label.set_fontsize(size)


def label_of(hyperparameter: Hyperparameter, longest: int = LONGEST_LABEL) -> str:
    """The name of a hyperparameter on an axis."""
    return plain(shortened(hyperparameter.label, longest))


def shortened(text: str, longest: int) -> str:
    """`text` on one line, without its middle where it is longer than `longest`."""
    text = text_of(text)
    if len(text) <= longest:
        return text
    head = (longest - 1) // 2
    return f"{text[:head]}…{text[head + 1 - longest :]}"


def ticks_of(
    hyperparameter: Hyperparameter, longest: int = LONGEST_TICK
) -> tuple[np.ndarray | None, list[str]]:
    """Places of ticks and their texts; None where matplotlib's own are right."""
    if not hyperparameter.numeric:
        names = cut_apart(hyperparameter.categories, longest)
        return np.arange(len(names), dtype=np.float64), names
    found = np.unique(hyperparameter.numbers[hyperparameter.present])
    if len(found) <= MOST_TICKS and _apart(hyperparameter.on_scale(found)):
        return found, number_texts(found)
    if hyperparameter.log:
        places = log_ticks(float(found[0]), float(found[-1]))
        return places, number_texts(places)
    return None, []


def text_colour(colour: Any) -> str:
    """Black or white, whichever is further from a background by the contrast of WCAG."""
    from matplotlib.colors import to_rgb

    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "black" if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else "white"


def _van_der_corput(count: int) -> np.ndarray:
    """The first numbers of van der Corput's sequence: each as far from the others as can be."""
    found = np.zeros(count)
    rest, part = np.arange(count), 0.5
    while rest.any():
        found += part * (rest % 2)
        rest, part = rest // 2, part / 2
    return found


def _apart(distances: np.ndarray) -> bool:
    """Whether ticks there would not overlap."""
    if len(distances) < 2:
        return True
    return bool(np.diff(distances).min() >= 0.06 * (distances[-1] - distances[0]))
