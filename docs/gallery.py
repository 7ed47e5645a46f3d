"""What the gallery's own settings leave open: order, words for pictures, and files that examples write."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from sphinx_gallery.scrapers import matplotlib_scraper
from sphinx_gallery.sorting import ExplicitOrder

# What the pictures of each example show, in the order in which they are drawn, for readers who do not see
# them. The examples stand in the order of their pages.
PICTURES = {
    "plot_tuning_report": (
        "The losses of the best candidate by epoch in four splits, with their means and the best epochs.",
    ),
    "plot_lr_range_test": (
        "The training loss over learning rates from 1e-5 to 1: flat, then falling to a minimum, then rising "
        "until it diverges. The suggested rate is left of the minimum.",
        "Training losses of three learning rates over ten epochs; the suggested one falls by far the most.",
    ),
    "plot_schedules": (
        "The learning rate by epoch under each of seven schedules, with and without a warmup.",
    ),
    "plot_overfitting_cured": (
        "Losses by epoch in each of the four steps. Without early stopping the validation loss rises while "
        "the training loss goes to zero; with it training ends before.",
    ),
    "tune_digits": (),
    "plot_learning_curves": (
        "Loss and accuracy of one network by epoch, in training and validation, with best epoch and stop.",
        "Loss and accuracy of the best candidate by epoch: four splits as thin lines under their mean.",
        "Losses of three learning rates by epoch: the lowest still falls at the end, the highest is rough.",
    ),
    "plot_convergence": (
        "The best accuracy so far of a grid and of a random search, by trial and by second.",
    ),
    "plot_search_space": (
        "The accuracy of all candidates over dropout, learning rate, schedule and units, a panel each. It "
        "rises and falls along the learning rate alone.",
    ),
    "plot_pair_effect": (
        "A heat map of accuracy by learning rate and batch size: larger batches want higher rates.",
        "A surface of accuracy over learning rate and momentum, with the candidates as points.",
    ),
    "plot_parallel_coordinates": (
        "Candidates as lines over axes of four hyperparameters and the accuracy. The good ones meet on the "
        "axis of the learning rate.",
    ),
    "plot_importance": (
        "Bars of the importance of four hyperparameters: only that of the learning rate is beyond chance.",
        "The importances from six candidates as open circles with wide intervals: too few to tell.",
    ),
    "plot_gap": (
        "Validation accuracy over training accuracy of all candidates; some underfit and some overfit.",
    ),
    "plot_candidates": (
        "Accuracies of six candidates in ten splits, and their differences to the best with intervals; only "
        "that of the last one leaves out zero.",
    ),
}

# Files that the examples leave for the site. It is among what the gallery makes anew, and copied to the root.
LEFT = Path(__file__).parent / "auto_examples" / "left"
LEFT.mkdir(parents=True, exist_ok=True)

order = ExplicitOrder([f"{name}.py" for name in PICTURES])


def described(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """The picture of a block as reStructuredText, with its words; the gallery has a title or nothing."""
    text: str = matplotlib_scraper(block, block_vars, gallery_conf)
    shown = re.search(r"sphx_glr_(\w+)_(\d+)\.png", text)
    if shown is None:
        return text
    words = PICTURES[shown[1]][int(shown[2]) - 1]
    return re.sub(r"(?<=:alt: ).*|(?<=:alt:)$", words, text, flags=re.MULTILINE)


def left(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Keep the page that a block has written to its `path`, for others to link; it adds no text."""
    path = block_vars["example_globals"].get("path")
    if isinstance(path, Path) and path.suffix == ".html":
        shutil.copy(path, LEFT)
    return ""
