"""A report on a terminal is as wide as that, and reads values as they are."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from skdl import TuningReport
from tests import fitted_searches as cases
from tests.hostile_texts import TEXTS, Hostile, data
from tests.selection import some


@pytest.mark.parametrize("width", some([60, 80], 60))
def test_a_terminal_breaks_no_number(width, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(width))
    TuningReport(cases.grid(), cases.X, cases.y).summary()
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width
    start = lines.index("Accuracy by split")
    told = " ".join(lines[start : lines.index("", start)]).split()
    best = cases.grid().best_index_
    for split in range(5):
        score = cases.grid().cv_results_[f"split{split}_test_score"][best]
        assert f"{score:.3f}" in told


def test_candidates_that_failed_say_so_on_a_terminal(capsys):
    columns = {"params": [{"a": 1}, {"a": 2}], "split0_test_score": [0.5, np.nan]}
    TuningReport(columns).summary()
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split() == ["–", "1", "failed", "a=2"] for line in lines)


def test_hostile_texts_are_no_markup_of_the_terminal(capsys):
    X, y = data()
    search = GridSearchCV(Hostile(), {"text": ["[bold red]x[/]", ":smile:", *TEXTS]}, cv=3)
    TuningReport(search.fit(X, y), X, y).summary()
    printed = capsys.readouterr().out
    assert "[bold red]x[/]" in printed
    assert ":smile:" in printed
    assert "\x1b" not in printed
