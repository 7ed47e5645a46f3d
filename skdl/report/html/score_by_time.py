"""Scores against the time of a fit: which candidates are as good in less time."""

from __future__ import annotations

import numpy as np

from skdl.displays.drawing.style import BLUE, ORANGE, legend_above, plain, scale_of_scores
from skdl.displays.drawing.ticks import inches, log_axis
from skdl.results.results import Results


def known_times(results: Results) -> np.ndarray:
    """Which candidates have a score and the time of a fit: booleans of shape (n_candidates,)."""
    return np.isfinite(results.fit_time) & ~results.failed


class ScoreByTime:
    """A point for each candidate; a picture of reports that is no display of its own."""

    def __init__(self, results: Results):
        self.results = results

    def plot(self) -> ScoreByTime:
        """Draw it; sets ``figure_``."""
        import matplotlib.pyplot as plt

        results, known = self.results, known_times(self.results)
        self.figure_, axes = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
        seconds, means = results.fit_time, results.test_mean
        unit, factor = ("ms", 1e3) if seconds[known].max() < 0.0995 else ("s", 1.0)
        axes.scatter(
            seconds[known] * factor, means[known], s=18, color=BLUE, alpha=0.8, linewidths=0
        )
        place = results.best_index
        if place is not None and known[place]:
            axes.plot(
                seconds[place] * factor,
                means[place],
                marker="*",
                markersize=13,
                color=ORANGE,
                linestyle="none",
                label="the best candidate",
            )
            # Above the points, of which it would look like one.
            legend_above(axes, *axes.get_legend_handles_labels(), inches(axes)[0])
        log_axis(axes.xaxis, seconds[known] * factor)
        scale_of_scores(axes, means[known])
        axes.set_xlabel(f"mean time of a fit ({unit})")
        axes.set_ylabel(plain(f"mean {results.score_name}"))
        return self
