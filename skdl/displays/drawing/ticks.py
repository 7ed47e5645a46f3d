"""Where the ticks of an axis stand, and what they say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.results.scales import asks_for_log
from skdl.results.value_texts import number_texts

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# With no more values than these, each has a tick of its own.
MOST_TICKS = 8


def inches(ax: Axes) -> tuple[float, float]:
    """The width and height of the place that `ax` has in its figure, before its labels take their room."""
    extent = ax.get_window_extent()
    return float(extent.width / ax.figure.dpi), float(extent.height / ax.figure.dpi)


def most_ticks(axis: Any, texts: Sequence[str]) -> int:
    """How many numbers that are as long as the longest of `texts` have room along an axis."""
    width, height = inches(axis.axes)
    # Letters of ten points, half as wide as high, and one and a half of them between two numbers.
    room = (
        width / (0.075 * (max(map(len, texts)) + 1.5)) if axis.axis_name == "x" else height / 0.25
    )
    return int(np.clip(room, 2, MOST_TICKS))


def count_along(ax: Axes, last: int) -> None:
    """Let the horizontal axis of `ax` count from 1 to `last`, with whole numbers at its ticks."""
    from matplotlib.ticker import MaxNLocator

    if last == 1:
        ax.set_xlim(0.5, 1.5)
        ax.set_xticks([1])
    else:
        ax.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))


def write_out(axis: Any) -> None:
    """Let each tick of a linear `axis` have its whole number, with none beside the axis to be added to it."""
    from matplotlib.ticker import FuncFormatter

    # No function in here: a picture can be pickled.
    axis.set_major_formatter(FuncFormatter(partial(_text_at, axis)))


def _text_at(axis: Any, value: float, place: int | None) -> str:
    from matplotlib.ticker import ScalarFormatter

    if place is None:  # where the mouse is
        return f"{value:.6g}"
    ticks = np.asarray(axis.get_majorticklocs())
    return ScalarFormatter.fix_minus(tick_texts(ticks)[int(np.abs(ticks - value).argmin())])


def log_axis(axis: Any, values: np.ndarray) -> bool:
    """Give an `axis` a logarithmic scale where positive `values` are spread by factors; whether they are."""
    from matplotlib.ticker import FixedLocator, NullLocator

    found = np.unique(values[np.isfinite(values)])
    if not (len(found) > 1 and found[0] > 0 and asks_for_log(found)):
        return False
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    ticks = log_ticks(float(found[0]), float(found[-1]))
    # As many as have room, from the highest.
    ticks = ticks[::-1][:: math.ceil(len(ticks) / most_ticks(axis, number_texts(ticks)))]
    axis.set_major_locator(FixedLocator(ticks.tolist()))
    axis.set_ticklabels(number_texts(ticks))
    axis.set_minor_locator(NullLocator())
    return True


def tick_texts(ticks: Sequence[float] | np.ndarray) -> list[str]:
    """Evenly spaced numbers with all their digits, as many behind the point for each.

    Examples
    --------
    >>> tick_texts([0.8, 0.825, 0.85]), tick_texts([-2.5e6, -2.4e6])
    (['0.800', '0.825', '0.850'], ['-2500000', '-2400000'])
    """
    numbers = np.asarray(ticks, dtype=np.float64)
    step = float(np.diff(numbers).min()) if len(numbers) > 1 else float(np.abs(numbers).max())

    def written(kind: str) -> list[str]:
        texts: list[str] = []
        for digits in range(17):
            texts = [f"{number:.{digits}{kind}}" for number in numbers]
            if np.abs(np.array(texts, dtype=np.float64) - numbers).max() <= 1e-3 * step:
                break
        return texts

    # A power of ten is harder to read, and has to save two letters.
    plain, powers = written("f"), written("e")
    return plain if max(map(len, plain)) < max(map(len, powers)) + 2 else powers


def score_text(score: float, range_: float) -> str:
    """A score with as many digits as tell scores apart that lie a tenth of `range_` from each other.

    Examples
    --------
    >>> score_text(0.91234, 0.5), score_text(0.91234, 0.01), score_text(-2401500.0, 9000.0)
    ('0.91', '0.912', '-2.4015e+06')
    """
    if not range_ > 0:
        return f"{score:.3g}"
    least = math.floor(math.log10(range_)) - 1
    if least >= -6 and abs(score) < 1e6:
        return f"{score:.{max(0, -least)}f}"
    size = math.floor(math.log10(abs(score))) if score else least
    return f"{score:.{max(1, size - least + 1)}g}"


def log_ticks(low: float, high: float) -> np.ndarray:
    """Two to eight round numbers between `low` and `high`, on a logarithmic axis.

    Examples
    --------
    >>> log_ticks(1e-5, 0.1)
    array([1.e-05, 1.e-04, 1.e-03, 1.e-02, 1.e-01])
    >>> log_ticks(16, 128)
    array([ 20.,  50., 100.])
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    decades = 10.0 ** np.arange(first, last + 1)
    inside = decades[(decades >= low * (1 - 1e-9)) & (decades <= high * (1 + 1e-9))]
    if len(inside) >= 3:
        return inside[:: math.ceil(len(inside) / MOST_TICKS)]
    for steps in (1, 3), (1, 2, 5):
        finer = np.sort(np.concatenate([step * decades for step in steps]))
        inside = finer[(finer >= low * (1 - 1e-9)) & (finer <= high * (1 + 1e-9))]
        if len(inside) >= 3:
            break
    return inside
