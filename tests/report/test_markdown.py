"""Markdown says what the values are, and nothing that they try to be."""

import re

import numpy as np
import pytest

from skdl import TuningReport
from skdl.report.document import Code, Document, Facts, Grid, Section, Steps, Text
from skdl.report.markdown import escaped, markdown_of
from tests import fitted_searches as cases
from tests.hostile_texts import TEXTS


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("learning_rate=0.01", "learning_rate=0.01"),
        ("a|b", "a\\|b"),
        ("<b>", "\\<b\\>"),
        ("*a* _b_ __c__", "\\*a\\* \\_b\\_ \\_\\_c\\_\\_"),
        ("[link](x)", "\\[link\\](x)"),
        ("`code`", "\\`code\\`"),
        ("a\\|b", "a\\\\\\|b"),
        ("&lt; #12 $x$ ~~", "\\&lt; \\#12 \\$x\\$ \\~\\~"),
        ("@me", "@&#8203;me"),
        ("https://a.b www.a.b", "https&#8203;://a.b www&#8203;.a.b"),
        (":tada: at 12:30, a: b", ":&#8203;tada: at 12:30, a: b"),
        ("two\nlines\r\n", "two lines"),
    ],
)
def test_a_text_says_just_itself(text, markdown):
    assert escaped(text) == markdown


def test_each_block_has_its_form():
    blocks = (
        Text("told", strong=True),
        Facts((("name", "va|lue"),)),
        Grid("A grid", ("", "n"), (False, True), (("a", "1"), ("b", "2"))),
        Steps((("first", ("do this", "or that")), ("second", ()))),
        Code("x = '```'\n"),
    )
    found = markdown_of(Document("T", "H", (Section("s", "Part", blocks),)))
    assert found == (
        "# T\n\n**H.**\n\n## Part\n\n**told**\n\n"
        "|  |  |\n| :-- | :-- |\n| name | va\\|lue |\n\n"
        "A grid:\n\n|  | n |\n| :-- | --: |\n| a | 1 |\n| b | 2 |\n\n"
        "1. first\n   - do this\n   - or that\n2. second\n\n"
        "````python\nx = '```'\n````\n"
    )


def test_every_row_of_every_table_has_as_many_cells():
    params = [{text: text for text in TEXTS}, dict.fromkeys(TEXTS, 3)]
    report = TuningReport({"params": params, "split0_test_score": np.arange(2.0)})
    lines = report.to_markdown().splitlines()
    tables, cells = 0, 0
    for line, after in zip(lines, lines[1:], strict=False):
        count = len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) if line.startswith("|") else 0
        if count and after.startswith("|"):
            assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", after)) == count
            cells += count
        tables += bool(count) and not after.startswith("|")
    assert tables >= 5
    assert cells > 20
    assert re.search(r"(?<!\\)<", report.to_markdown()) is None


@pytest.mark.further
def test_of_many_candidates_the_best_twenty_are_shown():
    columns = {"params": [{"a": i} for i in range(50)], "split0_test_score": np.arange(50.0)}
    found = TuningReport(columns).to_markdown()
    assert "| 20 | 30 |" in found
    assert "| 21 | 29 |" not in found
    assert "And 30 more." in found


def test_pictures_are_left_out_and_the_code_is_in():
    found = TuningReport(cases.grid(), cases.X, cases.y).to_markdown()
    assert "svg" not in found
    assert "```python\nfrom sklearn.linear_model import LogisticRegression\n" in found
    assert found.startswith(
        "# Tuning report of LogisticRegression\n\n**LogisticRegression reaches 0.973 ± 0.033 "
    )
