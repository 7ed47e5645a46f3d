"""The page of a report: one file of bounded size, the same bytes each time, whole or not there."""

import json
import os
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

import skdl
from skdl import TuningReport
from skdl.exceptions import InvalidParameterError
from skdl.report.html.page import check_path, write_atomically
from tests import fitted_searches as cases
from tests.hostile_texts import TEXTS, Hostile, data

MEBIBYTE = 2**20


class Page(HTMLParser):
    """The elements of a page, with what they have."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.scripts, self.told, self._in = [], [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._in = tag if tag in ("script", "style") else None

    def handle_endtag(self, tag):
        self._in = None

    def handle_data(self, text):
        if self._in == "script":
            self.scripts.append(text)
        elif self._in is None:
            self.told.append(text)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    report = TuningReport(cases.grid(), cases.X, cases.y)
    assert report.to_html(path) == path
    return path.read_text(encoding="utf-8")


def test_a_page_loads_nothing(page):
    assert "default-src 'none'" in page
    found = Page(page)
    for tag, attributes in found.tags:
        assert tag not in ("iframe", "object", "embed", "base", "form", "audio", "video"), tag
        for name in ("src", "href", "xlink:href", "action", "poster", "data", "srcset"):
            value = attributes.get(name) or "#"
            assert value.startswith(("#", "data:")), (tag, name, value)
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
    style = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def test_only_the_script_of_the_page_may_run(page):
    import base64
    import hashlib

    script = page[page.rindex("<script>") + 8 : page.rindex("</script>")]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page
    assert "unsafe-eval" not in page


def test_sections_stand_in_their_order(page):
    assert re.findall(r'<section id="(\w+)"', page) == [
        "searched",
        "best",
        "mattered",
        "candidates",
        "failed",
        "time",
        "again",
    ]
    assert re.findall(r'<figure id="picture-(\w+)"', page) == [
        "candidates",
        "search_space",
        "pair_effect",
        "parallel_coordinates",
        "times",
    ]


@pytest.mark.further
def test_the_same_report_is_the_same_bytes(page, tmp_path):
    report = TuningReport(cases.grid(), cases.X, cases.y)
    assert report.to_html(tmp_path / "again.html").read_text(encoding="utf-8") == page


@pytest.mark.further
def test_the_data_in_the_page_are_those_of_the_frame(page):
    report = TuningReport(cases.grid(), cases.X, cases.y)
    columns = json.loads(re.search(r'id="candidate-data">(.*?)</script>', page, re.DOTALL)[1])
    frame = report.frame()
    assert [column["key"] for column in columns] == list(frame.columns)
    for column in columns:
        assert column["values"] == frame[column["key"]].tolist(), column["key"]


@pytest.mark.further
def test_a_report_of_a_thousand_candidates_is_below_three_megabytes(tmp_path):
    rng = np.random.default_rng(0)
    names = [f"model__part_{place}__learning_rate_{place}" for place in range(16)]
    params = [
        {
            **{name: 10 ** rng.uniform(-5, 0) for name in names[:8]},
            **{name: int(rng.integers(1, 500)) for name in names[8:12]},
            **{name: str(rng.choice(["relu", "tanh", "silu"])) for name in names[12:]},
        }
        for _ in range(1000)
    ]
    columns = {"params": params, "mean_fit_time": rng.random(1000)}
    columns["mean_score_time"] = rng.random(1000)
    base = -np.abs(np.log10([one[names[0]] for one in params]) + 2)
    for split in range(10):
        for side in ("test", "train"):
            columns[f"split{split}_{side}_score"] = base + rng.normal(size=1000)
    path = TuningReport(columns).to_html(tmp_path / "large.html")
    assert path.stat().st_size < 3 * MEBIBYTE
    text = path.read_text(encoding="utf-8")
    assert text.count("<tr><th scope=row>") + text.count("<tr class=best>") == 1000


def test_hostile_texts_are_text(tmp_path):
    X, y = data()
    search = GridSearchCV(Hostile(), {"text": TEXTS, "number": [0, 1, 2]}, cv=3)
    with pytest.warns(match=r"fits failed|non-finite"):
        search.fit(X, y)
    report = TuningReport(dict.fromkeys(TEXTS[:3], search), X, y)
    text = report.to_html(tmp_path / "hostile.html").read_text(encoding="utf-8")
    found = Page(text)
    tags = [tag for tag, _ in found.tags]
    assert tags.count("script") == 2
    assert "img" not in tags
    assert tags.count("style") == 1
    assert all(not name.startswith("on") for _, attributes in found.tags for name in attributes)
    told = " ".join("".join(found.told).split())
    for shown in TEXTS[:4]:
        assert shown in told, shown
    assert "{{ 7 * 7 }}" in told
    assert "reaches" in told
    # In the data of the script nothing closes it.
    assert "</script" not in "".join(found.scripts).lower()


def test_one_candidate_and_nothing_known_is_still_a_page(tmp_path):
    columns = {"params": [{}], "split0_test_score": np.array([0.5])}
    text = TuningReport(columns).to_html(tmp_path / "little.html").read_text(encoding="utf-8")
    assert "An estimator reaches a score of 0.500 in" in text
    assert "The results hold no times." in text


def test_a_search_that_failed_altogether_is_still_a_page(tmp_path):
    columns = {
        "params": [{"a": 1}, {"a": 2}],
        "split0_test_score": np.full(2, np.nan),
        "split1_test_score": np.full(2, np.nan),
    }
    text = TuningReport(columns).to_html(tmp_path / "failed.html").read_text(encoding="utf-8")
    assert "No candidate of an estimator has a score, all of them failed" in text
    assert "2 of 2 candidates failed, in 4 of 4 fits." in text


@pytest.mark.further
@pytest.mark.parametrize(
    ("path", "words"),
    [
        (3, "Got path=3, expected where to write the report"),
        ("nowhere/report.html", "expected a folder that exists: make 'nowhere' first"),
        (".", "which is a folder, expected a file: pass 'report.html'"),
    ],
)
def test_a_path_is_looked_at_before_anything_is_drawn(path, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidParameterError, match=words):
        check_path(path)
    with pytest.raises(InvalidParameterError, match=words):
        TuningReport(cases.grid()).to_html(path)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    target = tmp_path / "report.html"
    target.write_text("before")
    assert write_atomically(target, "after") == target
    assert target.read_text() == "after"
    assert (target.stat().st_mode & 0o777) == (0o666 & ~_umask())

    def fail(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk is full"):
        write_atomically(target, "never")
    assert target.read_text() == "after"
    assert os.listdir(tmp_path) == ["report.html"]


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_colours_of_the_page_stand_out_from_each_other():
    from importlib.resources import files

    style = (files("skdl.report.html") / "templates" / "report.css").read_text(encoding="utf-8")
    found = {
        name: (light, dark)
        for name, light, dark in re.findall(
            r"--(\w+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", style
        )
    }
    for side in (0, 1):
        for ground in ("paper", "shade", "strong"):
            for text in ("ink", "muted", "accent"):
                assert contrast(found[text][side], found[ground][side]) >= 4.5, (text, ground, side)
        for colour in ("blue", "orange", "green", "pink", "grey"):
            # What is no text needs less.
            assert contrast(found[colour][side], found["paper"][side]) >= 3, (colour, side)


def contrast(one, other):
    def luminance(colour):
        parts = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_version_stands_in_the_page(page):
    assert f'content="skdl {skdl.__version__}"' in page


@pytest.mark.parametrize("odd", ["a\x1b[31m", "a\x00b", "a\ud800"])
def test_names_that_no_file_holds_are_written_without_it(odd, tmp_path):
    results = {"params": [{odd: 1}], f"split0_test_{odd}": np.array([0.5])}
    path = TuningReport(results).to_html(tmp_path / "report.html")
    page = path.read_text(encoding="utf-8")
    assert "\x1b" not in page
    assert "\x00" not in page
