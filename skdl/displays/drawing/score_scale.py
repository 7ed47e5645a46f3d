"""Scores from the lowest that is shown to the best, by differences or by factors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from skdl.displays.drawing.style import of_factors
from skdl.displays.drawing.ticks import log_ticks, tick_texts
from skdl.results.scales import lowest_shown
from skdl.results.value_texts import number_texts

if TYPE_CHECKING:
    from matplotlib.colors import Normalize


@dataclass(frozen=True)
class ScoreScale:
    """What the heights or colours of a picture mean.

    Attributes
    ----------
    low, high : float
        The lowest score that is shown, and the best.
    log : bool
        Whether scores are negative losses that are spread by factors, so that all of them are shown and
        equal factors are equally far from each other.
    """

    low: float
    high: float
    log: bool

    @classmethod
    def of(cls, scores: np.ndarray) -> ScoreScale:
        """The one for some scores, of which one at least is finite.

        Examples
        --------
        >>> ScoreScale.of(np.array([-1e9, 0.7, 0.8, np.nan, 0.9]))
        ScoreScale(low=0.7, high=0.9, log=False)
        >>> ScoreScale.of(np.array([-100.0, -1.0, -0.01]))
        ScoreScale(low=-100.0, high=-0.01, log=True)
        """
        there = scores[np.isfinite(scores)]
        log = of_factors(there)
        low = float(there.min()) if log else lowest_shown(there)
        return cls(low, float(there.max()), log)

    def on(self, scores: np.ndarray) -> np.ndarray:
        """Scores as distances: equal ones look equal."""
        return -np.log10(-scores) if self.log else np.asarray(scores, dtype=np.float64)

    def back(self, distances: np.ndarray) -> np.ndarray:
        """What `on` makes, back as scores."""
        return -(10.0**-distances) if self.log else distances

    def parts(self, scores: np.ndarray) -> np.ndarray:
        """Scores as parts of the way from the lowest to the best, in the middle where there is no way."""
        if not self.high > self.low:
            return np.full(np.shape(scores), 0.5)
        low, high = self.on(np.array([self.low, self.high]))
        return np.clip((self.on(scores) - low) / (high - low), 0, 1)

    def norm(self) -> Normalize:
        """The same for colours."""
        from matplotlib.colors import Normalize, SymLogNorm

        if self.log:
            return SymLogNorm(linthresh=-self.high / 2, vmin=self.low, vmax=self.high)
        return Normalize(self.low, self.high)

    def ticks(self) -> tuple[np.ndarray, list[str]]:
        """Round scores from the lowest to the best, and their texts."""
        from matplotlib.ticker import MaxNLocator

        if not self.high > self.low:
            return np.array([self.high]), [f"{self.high:.3g}"]
        if self.log:
            sizes = log_ticks(-self.high, -self.low)
            return -sizes, [f"-{text}" for text in number_texts(sizes)]
        ticks = np.asarray(MaxNLocator(6, min_n_ticks=3).tick_values(self.low, self.high))
        ticks = ticks[(ticks >= self.low) & (ticks <= self.high)]
        return ticks, tick_texts(ticks)
