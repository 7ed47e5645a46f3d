"""How pictures look: colours that colour-blind readers tell apart, thin axes, texts that stay texts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours, those that are legible on white and on black; in the order in which they are used.
BLUE, ORANGE, GREEN, PINK, SKY, AMBER = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#E69F00",
)
COLOURS = (BLUE, ORANGE, GREEN, PINK, SKY, AMBER)
# For what is there and does not speak: single folds, reference lines.
GREY = "#808080"
# Scores, from low to high: even in lightness, also when it is printed without colour.
SCORES = "cividis"
# Inches of one panel.
PANEL = (3.2, 2.6)
# Narrower panels cannot be read; there are fewer beside each other instead.
NARROWEST_PANEL = 1.2
# Inches of a line of a legend above panels.
LEGEND_LINE = 0.22


def plain(text: object) -> str:
    """`text` as matplotlib draws it letter by letter: a dollar does not begin mathematics."""
    return str(text).replace("$", r"\$")


def ink() -> str:
    """The colour of texts and lines that belong to no value: black, or white in a dark style."""
    import matplotlib as mpl

    return str(mpl.rcParams["text.color"])


def own_axes(ax: Axes | None, **figure: Any) -> Axes:
    """`ax`, or the axes of a new figure."""
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(layout="constrained", **figure)
    return ax


def own_panels(
    ax: Any, count: int, *, columns: int = 3, legend_lines: int = 0
) -> tuple[Axes, np.ndarray]:
    """Axes for `count` panels.

    Parameters
    ----------
    ax : Axes, array of Axes or None
        One is divided, and only keeps the place; several are used as they are; None makes a figure.
    count : int
    columns : int, default=3
        The most panels beside each other.
    legend_lines : int, default=0
        Where one is divided, it keeps room above the panels for a legend of its own of so many lines.

    Returns
    -------
    bounding : Axes
        The axes that were divided, or the first of the panels.
    panels : ndarray of Axes, shape (count,)

    Raises
    ------
    InvalidParameterError
        `ax` has another number of axes.
    """
    if ax is not None and not isinstance(ax, (np.ndarray, Sequence)):
        width = ax.get_window_extent().width / ax.figure.dpi
        columns = min(columns, max(1, int(width / NARROWEST_PANEL)))
    # Four are two and two.
    columns = 2 if count == 4 and columns == 3 else min(columns, count)
    rows = math.ceil(count / columns)
    if ax is None:
        import matplotlib.pyplot as plt

        size = (max(PANEL[0] * columns, 4.0), max(PANEL[1] * rows, 3.0))
        _, grid = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
        panels = grid.ravel()
        for spare in panels[count:]:
            spare.remove()
        return panels[0], panels[:count]
    if isinstance(ax, (np.ndarray, Sequence)):
        panels = np.asarray(ax, dtype=object).ravel()
        if len(panels) != count:
            raise InvalidParameterError(
                f"Got {len(panels)} axes, expected {count}, one for each panel, or a single one to divide."
            )
        return panels[0], panels
    if count == 1:
        return ax, np.array([ax], dtype=object)
    ax.set_axis_off()
    inner = ax.get_subplotspec()
    if inner is None:
        raise InvalidParameterError(
            "Got axes that are no part of a grid, which cannot be divided into panels: pass those of "
            "plt.subplots(), or a list with one for each panel."
        )
    figure = ax.get_figure()
    if legend_lines:
        height = ax.get_window_extent().height / figure.dpi
        strip = min(0.4, legend_lines * LEGEND_LINE / height)
        above, inner = inner.subgridspec(2, 1, height_ratios=[strip, 1 - strip])
        ax.set_subplotspec(above)
    grid = inner.subgridspec(rows, columns)
    return ax, np.array([figure.add_subplot(grid[place]) for place in range(count)], dtype=object)


def tidy(ax: Axes) -> None:
    """Take away what says nothing: the frame at the top and at the right."""
    ax.spines[["top", "right"]].set_visible(False)


@contextmanager
def drawing() -> Iterator[None]:
    """The settings that pictures of a report are drawn with, for as long as they are."""
    import matplotlib as mpl

    with mpl.rc_context({"axes.spines.top": False, "axes.spines.right": False, "font.size": 9.0}):
        yield
