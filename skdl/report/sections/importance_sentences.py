"""What an importance of hyperparameters says, in words."""

from __future__ import annotations

from skdl.displays.importance import ImportanceDisplay
from skdl.report.words import count_text, list_text
from skdl.results.value_texts import capital, one_line


def importance_sentence(display: ImportanceDisplay) -> str:
    """Which hyperparameters mattered, or that nobody can tell."""
    if not display.enough:
        return f"{capital(display.reason)}."
    told = [
        f"{one_line(one.label, 60)} ({importance:.2f})"
        for one, importance, is_told in zip(
            display.hyperparameters_, display.importances_, display.told_, strict=True
        )
        if is_told
    ]
    explained = (
        f"of the differences between {count_text(display.n_candidates_, 'candidate')} a forest explains "
        f"{display.explained_:.0%} (out-of-bag R²)"
    )
    if not told:
        return f"No hyperparameter by itself is told from chance; {explained}."
    most = "" if len(told) == 1 else ", the first one most"
    return f"Of the hyperparameters {list_text(told)} mattered{most}; {explained}."
