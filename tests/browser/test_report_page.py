"""Reports in a browser: they load nothing, read on every screen, and their table can be worked with."""

import csv
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV

from skdl import TuningReport
from tests import fitted_searches as cases
from tests.hostile_texts import TEXTS, Hostile, data

PHONE, DESKTOP = 375, 1280
NO_SCROLL = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="session")
def report():
    """A search over networks, half of whose candidates failed."""
    return TuningReport(cases.network(), cases.X, cases.y)


@pytest.fixture(scope="session")
def path(folder, report):
    return report.to_html(folder / "networks.html")


@pytest.fixture(scope="session")
def trees(folder):
    """A search of six trees, with numbers and None among the values of a hyperparameter."""
    report = TuningReport(cases.random(), cases.X, cases.y)
    return report, report.to_html(folder / "trees.html")


@pytest.fixture(scope="session")
def hostile(folder):
    X, y = data()
    search = GridSearchCV(Hostile(), {"text": TEXTS, "number": [0, 1, 2]}, cv=3)
    with pytest.warns(match=r"fits failed|non-finite"):
        search.fit(X, y)
    report = TuningReport({TEXTS[0]: search, TEXTS[1]: search}, X, y)
    return report, report.to_html(folder / "hostile.html")


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_loads_nothing_complains_of_nothing_and_does_not_scroll_sideways(
    open_page, path, width, scheme
):
    opened = open_page(path, width=width, color_scheme=scheme)
    opened.page.wait_for_load_state("networkidle")
    assert opened.requests == [path.as_uri()]
    assert opened.complaints == []
    assert opened.evaluate(NO_SCROLL)
    # Each box that scrolls by itself can be reached by keyboard and has a name.
    boxes = opened.evaluate(
        "[...document.querySelectorAll('body *')].filter(box => box.scrollWidth > box.clientWidth + 1"
        " && ['auto', 'scroll'].includes(getComputedStyle(box).overflowX))"
        ".map(box => [box.tabIndex, box.getAttribute('aria-label')])"
    )
    assert all(place == 0 and name for place, name in boxes)
    assert boxes or width == DESKTOP


def test_the_table_is_sorted_by_a_heading(open_page, trees):
    report, path = trees
    opened = open_page(path)
    frame = report.frame()
    place = list(frame.columns).index("mean_test_score")
    heading = opened.page.locator("#candidate-table thead tr:nth-child(2) th").nth(place)
    ranks = list(map(str, frame["rank"]))
    assert opened.column(0) == ranks
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    shown = [float(text) for text in opened.column(place)]
    assert shown == sorted(shown, reverse=True)
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    shown = [float(text) for text in opened.column(place)]
    assert shown == sorted(shown)
    assert opened.page.locator("th[aria-sort]").count() == 1


def test_what_is_absent_stands_last_both_ways(open_page, path, report):
    opened = open_page(path)
    button = opened.page.locator("#candidate-table thead tr:nth-child(2) th button").nth(2)
    for _ in range(2):
        button.click()
        assert opened.column(2)[2:] == ["–", "–"]
    first, second = map(float, opened.column(2)[:2])
    assert first <= second


def test_numbers_are_sorted_before_texts(open_page, trees):
    report, path = trees
    opened = open_page(path)
    names = list(report.frame().columns)
    place = names.index("param_max_depth")
    opened.page.locator("#candidate-table thead tr:nth-child(2) th button").nth(place).click()
    shown = opened.column(place)
    numbers = [text for text in shown if text != "None"]
    assert shown == [*sorted(numbers, key=int), *["None"] * (len(shown) - len(numbers))]


def test_sorting_works_by_keyboard(open_page, trees):
    _, path = trees
    opened = open_page(path)
    heading = opened.page.locator("#candidate-table thead tr:nth-child(2) th").nth(1)
    heading.locator("button").focus()
    opened.page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "ascending"
    shown = list(map(int, opened.column(1)))
    assert shown == sorted(shown)
    opened.page.keyboard.press("Space")
    assert heading.get_attribute("aria-sort") == "descending"
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert opened.evaluate(outline) == "solid"


@pytest.mark.parametrize(
    ("name", "query", "wanted"),
    [
        ("param_min_samples_leaf", "= 4", lambda frame: frame["param_min_samples_leaf"] == 4),
        ("param_min_samples_leaf", ">1", lambda frame: frame["param_min_samples_leaf"] > 1),
        ("param_min_samples_leaf", "<= 4", lambda frame: frame["param_min_samples_leaf"] <= 4),
        ("param_max_depth", "none", lambda frame: frame["param_max_depth"].isna()),
        ("param_max_depth", "= None", lambda frame: frame["param_max_depth"].isna()),
        ("rank", "< 3", lambda frame: frame["rank"] < 3),
    ],
)
def test_rows_are_filtered_by_a_column(open_page, trees, name, query, wanted):
    report, path = trees
    opened = open_page(path)
    frame = report.frame()
    opened.page.get_by_label("Rows in which").select_option(str(list(frame.columns).index(name)))
    opened.page.get_by_label("has").fill(query)
    expected = frame[wanted(frame)]
    assert 0 < len(expected) < len(frame)
    assert opened.column(1) == list(map(str, expected["candidate"]))
    status = opened.page.get_by_role("status")
    assert status.inner_text() == f"{len(expected)} of {len(frame)} candidates"
    opened.page.get_by_label("has").fill("")
    assert len(opened.column(1)) == len(frame)


def test_a_spread_is_chosen_by_the_mean_that_it_belongs_to(open_page, trees):
    opened = open_page(trees[1])
    options = opened.texts("#candidate-column option")
    assert options[:5] == [
        "any column",
        "rank",
        "candidate",
        "score: accuracy",
        "score: ± of accuracy",
    ]
    assert len(set(options)) == len(options)


def test_rows_are_filtered_by_any_column(open_page, path):
    opened = open_page(path)
    opened.page.get_by_label("has").fill("DIVERGED")
    assert sorted(opened.column(1)) == ["1", "3"]
    opened.page.get_by_label("has").fill("nothing has this")
    assert opened.column(1) == []
    assert opened.page.get_by_role("button", name="Download 0 rows as CSV").is_disabled()


def saved(opened, folder):
    with opened.page.expect_download() as waiting:
        opened.page.get_by_role("button", name=re.compile("Download")).click()
    target = folder / "saved.csv"
    waiting.value.save_as(target)
    assert waiting.value.suggested_filename == "candidates.csv"
    return target


def read(target):
    with open(target, newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_the_table_is_saved_with_all_its_digits(open_page, path, report, tmp_path):
    rows = read(saved(open_page(path), tmp_path))
    frame = report.frame()
    assert rows[0] == list(frame.columns)
    assert len(rows) == 1 + len(frame)
    for place, name in enumerate(frame.columns):
        cells = [row[place] for row in rows[1:]]
        if frame[name].dtype == object or pd.api.types.is_string_dtype(frame[name]):
            assert cells == [str(value) for value in frame[name]], name
        else:
            # Equal, not close: the digits are all there.
            numbers = [float(cell) if cell else np.nan for cell in cells]
            np.testing.assert_array_equal(numbers, frame[name], err_msg=name)


def test_what_is_shown_is_what_is_saved(open_page, trees, tmp_path):
    report, path = trees
    opened = open_page(path)
    opened.page.locator("#candidate-table thead tr:nth-child(2) th button").nth(1).click()
    opened.page.get_by_label("Rows in which").select_option("0")
    opened.page.get_by_label("has").fill("<= 3")
    rows = read(saved(opened, tmp_path))
    expected = report.frame().query("rank <= 3").sort_values("candidate")
    assert [int(row[1]) for row in rows[1:]] == list(expected["candidate"])
    place = rows[0].index("mean_test_score")
    assert [float(row[place]) for row in rows[1:]] == list(expected["mean_test_score"])


def test_hostile_values_stay_text(open_page, hostile, tmp_path):
    report, path = hostile
    opened = open_page(path)
    assert opened.dialogs == []
    assert opened.complaints == []
    assert opened.requests == [path.as_uri()]
    assert opened.page.title() == "Tuning report of Hostile"
    assert opened.page.locator("img, iframe, object, embed, form").count() == 0
    assert opened.page.locator("script").count() == 2
    assert opened.evaluate(
        "[...document.querySelectorAll('*')].every(element =>"
        " [...element.attributes].every(one => !one.name.startsWith('on')))"
    )
    assert opened.evaluate(
        "[...document.querySelectorAll('[href]')].every(link =>"
        " /^(#|data:,$)/.test(link.getAttribute('href') || link.href.baseVal))"
    )
    shown = " ".join(opened.texts("main"))
    assert "<script>alert('x')</script>" in shown
    assert opened.evaluate(NO_SCROLL)
    cells = saved(opened, tmp_path).read_text(encoding="utf-8")
    # A spreadsheet shows it, and computes nothing.
    assert "\"'=HYPERLINK(" in cells
    rows = read(tmp_path / "saved.csv")
    assert len(rows) == 1 + len(report.frame())
    place = rows[0].index("param_text")
    assert {row[place] for row in rows} >= {TEXTS[0], TEXTS[1], "'" + TEXTS[3]}


def test_everything_is_there_without_javascript(open_page, path, report):
    opened = open_page(path, java_script_enabled=False)
    assert opened.column(1) == list(map(str, report.frame()["candidate"]))
    assert opened.page.locator("button, input, select").count() == 0
    assert opened.texts("h2") == [
        "What was searched, on what data",
        "The best candidate",
        "What mattered",
        "How training went",
        "All candidates",
        "Failed candidates",
        "Where the time went",
        "How to make it again",
    ]
    assert opened.page.locator("svg").count() >= 1


def test_a_printed_report_is_light_and_whole(open_page, path, report):
    opened = open_page(path, color_scheme="dark")
    opened.page.get_by_label("has").fill("diverged")
    opened.page.emulate_media(media="print")
    for hidden in ("nav", ".controls", ".theme", ".skip", "#candidate-count"):
        assert not opened.page.locator(hidden).is_visible(), hidden
    assert (
        opened.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    )
    box = "document.querySelector('.tall')"
    assert opened.evaluate(f"{box}.scrollHeight <= {box}.clientHeight")
    # A section of one line takes no page of its own; the table does, since it lies across.
    breaks = "[...document.querySelectorAll('main > section')].filter(section =>"
    breaks += " getComputedStyle(section).breakBefore === 'page').map(section => section.id)"
    assert opened.evaluate(breaks) == ["again"]
    pages = opened.page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pages)) >= len(report_sections(opened)) - 1


def report_sections(opened):
    return opened.page.locator("main > section").all()


def test_the_colours_follow_the_system_and_the_switch(open_page, path):
    colour = "getComputedStyle(document.body).backgroundColor"
    opened = open_page(path, color_scheme="dark")
    dark = opened.evaluate(colour)
    opened.page.get_by_role("button", name="Light colours").click()
    light = opened.evaluate(colour)
    assert (dark, light) == ("rgb(22, 24, 27)", "rgb(255, 255, 255)")
    opened.page.get_by_role("button", name="Dark colours").click()
    assert opened.evaluate(colour) == dark
    opened.page.emulate_media(color_scheme="light")
    assert opened.evaluate(colour) == dark  # who switched has chosen
    texts = opened.evaluate(
        "[...document.querySelectorAll('svg.picture text')].map(text => getComputedStyle(text).fill)"
    )
    assert "rgb(228, 228, 228)" in texts


def test_a_reader_who_does_not_see_finds_their_way(open_page, path):
    opened = open_page(path)
    count = {
        name: opened.page.locator(name).count()
        for name in ("main", "header", "nav", "footer", "h1")
    }
    assert count == dict.fromkeys(count, 1)
    assert opened.evaluate("document.documentElement.lang") == "en"
    levels = opened.evaluate(
        "[...document.querySelectorAll('h1, h2, h3, h4')].map(heading => Number(heading.tagName[1]))"
    )
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))
    # Every picture is named, and the name says numbers.
    for title in opened.evaluate(
        "[...document.querySelectorAll('svg')].map(picture => picture.getAttribute('role') === 'img'"
        " && document.getElementById(picture.getAttribute('aria-labelledby')).textContent)"
    ):
        assert re.search(r"\d", title), title
    unnamed = opened.evaluate(
        "[...document.querySelectorAll('input, select')].filter(field => !field.labels.length).length"
        " + [...document.querySelectorAll('button, a')].filter(one => !one.textContent.trim()).length"
        " + [...document.querySelectorAll('table')].filter(table => !table.caption).length"
        " + [...document.querySelectorAll('th')].filter(cell => !cell.textContent.trim()).length"
        " + [...document.querySelectorAll('main section')].filter(section =>"
        " !document.getElementById(section.getAttribute('aria-labelledby'))).length"
    )
    assert unnamed == 0
    identifiers = opened.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)")
    assert len(identifiers) == len(set(identifiers))
    opened.page.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.textContent") == "Skip to the report"
    opened.page.keyboard.press("Enter")
    assert opened.evaluate("location.hash") == "#main"


def luminance(colour):
    parts = np.array([float(part) / 255 for part in re.findall(r"[\d.]+", colour)[:3]])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_what_is_behind_them(open_page, path, scheme):
    opened = open_page(path, color_scheme=scheme)
    pairs = opened.evaluate(
        """
        () => {
          const found = new Set();
          const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (walk.nextNode()) {
            const element = walk.currentNode.parentElement;
            if (!walk.currentNode.data.trim()) continue;
            // A plate has texts on cells, whose colours are chosen one by one.
            if (element.closest("script, title, svg.plate")) continue;
            const ground = (one) => getComputedStyle(one).backgroundColor;
            let behind = element;
            while (/, 0\\)$/.test(ground(behind))) behind = behind.parentElement;
            const style = getComputedStyle(element);
            const colour = element.namespaceURI.endsWith("svg") ? style.fill : style.color;
            found.add(colour + "|" + ground(behind));
          }
          return [...found];
        }
        """
    )
    assert len(pairs) >= 3
    for pair in pairs:
        first, second = sorted(map(luminance, pair.split("|")))
        assert (second + 0.05) / (first + 0.05) >= 4.5, pair
