"""How pictures look: colours that colour-blind readers tell apart, thin axes, texts that stay texts."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.displays.drawing.ticks import inches, write_out
from skdl.exceptions import InvalidParameterError
from skdl.results.scales import asks_for_log

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
# Points of the letters of legends and names, and of those of legends that are less wide than so many inches.
SMALL, SMALLEST, LEAST_WIDTH = 8.3, 7.0, 3.0
# Inches of one panel.
PANEL = (3.2, 2.6)
# Narrower panels cannot be read; there are fewer beside each other instead.
NARROWEST_PANEL = 1.2
# Inches of a line of a legend above panels.
LEGEND_LINE = 0.22


def plain(text: object) -> str:
    """`text` as matplotlib draws it letter by letter: a dollar does not begin mathematics."""
    return str(text).replace("$", r"\$")


def on_dark(ax: Axes) -> bool:
    """Whether what is drawn in `ax` stands on a dark ground."""
    from matplotlib.colors import to_rgb

    return sum(to_rgb(ax.get_facecolor())) < 1.5


def faint(ax: Axes, alpha: float) -> float:
    """How opaque something pale has to be, to be as well seen on a dark ground as with `alpha` on white."""
    return math.sqrt(alpha) if on_dark(ax) else alpha


def score_colours(ax: Axes) -> Any:
    """The colours of scores for thin lines: on a dark ground without those that are as dark."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    whole = colormaps[SCORES]
    return ListedColormap(whole(np.linspace(0.3, 1, 256))) if on_dark(ax) else whole


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
        columns = min(columns, max(1, int(inches(ax)[0] / NARROWEST_PANEL)))
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
        strip = min(0.4, legend_lines * LEGEND_LINE / inches(ax)[1])
        above, inner = inner.subgridspec(2, 1, height_ratios=[strip, 1 - strip])
        ax.set_subplotspec(above)
    grid = inner.subgridspec(rows, columns)
    return ax, np.array([figure.add_subplot(grid[place]) for place in range(count)], dtype=object)


def star(ax: Axes, x: float, y: float, size: float, **options: Any) -> None:
    """Mark the candidate that a search chose, by a star of `size` square points."""
    ax.scatter(
        x,
        y,
        s=size,
        marker="*",
        color=AMBER,
        edgecolor="black",
        linewidth=0.7,
        zorder=4,
        gid="best",
        **options,
    )


def tidy(ax: Axes) -> None:
    """Take away what says nothing: the frame at the top and at the right."""
    ax.spines[["top", "right"]].set_visible(False)


def letters(width: float, *, points: float = 10.0) -> int:
    """About how many letters of the usual font fit into `width` inches at a size of `points`."""
    # A letter is half as wide as it is high, and a little more.
    return max(8, int(72 * width / (0.52 * points)))


def wrapped(text: str, width: float, *, points: float = 10.0) -> str:
    """`text` in lines of `width` inches at a size of `points`."""
    return textwrap.fill(text, letters(width, points=points), break_on_hyphens=False)


def bulk(values: np.ndarray) -> tuple[float, float]:
    """The range of `values` without those that lie far below the rest.

    A few failures with scores of minus thousands would leave nothing to see of the others: what is more than
    three times the range of the middle half below it is left out.
    """
    found = values[np.isfinite(values)]
    low, high = np.percentile(found, [25, 75])
    floor = low - 3 * (high - low)
    return float(found[found >= floor].min()), float(found.max())


def of_factors(scores: np.ndarray) -> bool:
    """Whether scores are negative losses that are spread by factors, and ask for a logarithmic scale.

    Examples
    --------
    >>> of_factors(np.array([-0.01, -0.1, -10.0])), of_factors(np.array([-1.0, -2.0, -3.0]))
    (True, False)
    """
    found = np.sort(-scores[np.isfinite(scores)])
    return len(found) > 1 and bool(found[0] > 0) and asks_for_log(found)


def scale_of_scores(ax: Axes, values: np.ndarray, *, axes: str = "y") -> bool:
    """Give `axes` of `ax` a logarithmic scale where scores ask for one; whether they do.

    Negative losses are drawn by their size, the better ones on top. Numbers on other axes are written out.
    """
    log = of_factors(values)
    for name in axes:
        if log:
            # Linear only nearer to zero than the best of them.
            best = -float(np.nanmax(values[np.isfinite(values)]))
            getattr(ax, f"set_{name}scale")("symlog", linthresh=best / 2)
        else:
            write_out(getattr(ax, f"{name}axis"))
    return log


def legend_above(
    ax: Axes,
    handles: Sequence[Any],
    labels: Sequence[str],
    width: float,
    room: float | None = None,
) -> float:
    """A legend over `ax` that is `width` inches wide, and so may reach over panels to the right.

    Where it has to leave space for the picture, it takes at most half of the `room`, in inches, and its last
    entries are left out.

    Returns
    -------
    height : float
        In inches.
    """
    points = SMALL if width >= LEAST_WIDTH else SMALLEST
    line = 1.6 * points / 72

    def shape() -> tuple[int, int]:
        columns = _columns_of(list(map(len, labels)), letters(width, points=points))
        return columns, math.ceil(len(labels) / columns)

    columns, rows = shape()
    if room is not None and rows > max(1, int(0.5 * room / line)):
        labels = labels[: columns * max(1, int(0.5 * room / line))]
        columns, rows = shape()
    # The layout of a figure makes room for titles by their height alone, and for legends by their width too.
    ax.set_title("\n" * (rows - 1) + " ", fontsize=points, linespacing=1.6)
    ax.legend(
        handles[: len(labels)],
        # matplotlib leaves out what begins with an underscore.
        [plain(f" {label}" if label.startswith("_") else label) for label in labels],
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=columns,
        fontsize=points,
        frameon=False,
        borderaxespad=0.2,
        borderpad=0.0,
        columnspacing=1.2,
        handlelength=1.6,
        labelspacing=0.4,
    ).set_in_layout(False)
    return line * rows


def _columns_of(lengths: Sequence[int], room: int) -> int:
    """How many columns of texts of such lengths fit into a line of `room` letters."""
    for columns in range(len(lengths), 1, -1):
        # A legend fills its columns one after the other, the first ones with one text more.
        parts = np.array_split(np.asarray(lengths), columns)
        # The sample of a line takes the room of some letters.
        if sum(int(part.max()) + 6 for part in parts) <= room:
            return columns
    return 1


def heighten(figure: Any, height: float) -> None:
    """Make a figure `height` inches higher."""
    figure.set_figheight(figure.get_figheight() + height)
