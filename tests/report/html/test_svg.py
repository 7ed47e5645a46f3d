"""A figure in a page: its texts are texts, its colours those of the page, its bytes always the same."""

import re
import xml.etree.ElementTree as ET

import matplotlib.pyplot as plt
import numpy as np
import pytest

from skdl.displays.drawing.style import BLUE
from skdl.report.html.svg import INK, PAPER, inline_svg, page_style

SVG = "{http://www.w3.org/2000/svg}"


def drawn(name="one", points=10, plate=False, text="words", **options):
    with page_style():
        figure, axes = plt.subplots(figsize=(4, 3))
        axes.scatter(np.linspace(0, 1, points), np.linspace(1, 0, points), color=BLUE, **options)
        axes.set_title(text, parse_math=False)
        axes.axhline(0.5, color="black")
        axes.axhspan(0.1, 0.2, facecolor="white")
        axes.imshow([[0.0, 1.0]])
        axes.text(0.5, 0.5, "on data", color="white")
        found = inline_svg(figure, name, f"Seen by {text}: 3 numbers", plate=plate)
        plt.close(figure)
    return found


def test_the_same_figure_gives_the_same_bytes():
    assert drawn() == drawn()


def test_texts_are_texts_and_take_the_colours_of_the_page():
    root = ET.fromstring(drawn())
    texts = {"".join(text.itertext()): text for text in root.iter(f"{SVG}text")}
    assert {"words", "on data", "0.2"} <= set(texts)
    assert "currentColor" in texts["words"].attrib["style"]
    assert "inherit" in texts["words"].attrib["style"]
    markup = drawn()
    assert INK not in markup
    assert PAPER not in markup
    assert "#000000" not in markup
    assert "#ffffff" not in markup
    assert BLUE.lower() not in markup
    assert "var(--blue)" in markup


def test_a_plate_keeps_its_colours():
    markup = drawn(plate=True)
    assert "currentColor" not in markup
    assert "var(--" not in markup
    assert BLUE.lower() in markup
    assert "#ffffff" in markup
    assert INK not in markup


def test_two_pictures_share_no_identifier():
    found = [set(re.findall(r'\bid="([^"]+)"', drawn(name))) for name in ("one", "two")]
    assert not found[0] & found[1]
    for name, markup in (("one", drawn("one")), ("two", drawn("two"))):
        there = set(re.findall(r'\bid="([^"]+)"', markup))
        meant = set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', markup))
        assert meant
        assert {one or other for one, other in meant} <= there
        assert all(one.startswith(f"{name}-") for one in there)


def test_it_is_an_image_with_a_name():
    root = ET.fromstring(drawn(text="<b>&\"'"))
    assert root.attrib["role"] == "img"
    assert root[0].tag == f"{SVG}title"
    assert root.attrib["aria-labelledby"] == root[0].attrib["id"]
    assert root[0].text == "Seen by <b>&\"': 3 numbers"


def test_it_brings_no_style_and_nothing_from_elsewhere():
    markup = drawn()
    assert "<style" not in markup
    assert "<metadata" not in markup
    assert "<?xml" not in markup
    assert not re.search(r'href="(?!#|data:image/png;base64,)', markup)


@pytest.mark.parametrize(("points", "images"), [(300, 1), (301, 2)])
def test_many_points_are_pixels(points, images):
    root = ET.fromstring(drawn(points=points))
    assert len(list(root.iter(f"{SVG}image"))) == images


def test_settings_are_as_they_were():
    before = dict(plt.rcParams)
    drawn()
    assert dict(plt.rcParams) == before
    assert plt.get_fignums() == []


def test_the_prefixes_of_other_documents_are_theirs():
    before = dict(ET._namespace_map)
    ET.register_namespace("", "http://www.w3.org/2005/Atom")
    try:
        markup = drawn()
        feed = ET.tostring(ET.Element("{http://www.w3.org/2005/Atom}feed"))
    finally:
        ET._namespace_map.clear()
        ET._namespace_map.update(before)
    assert feed.startswith(b"<feed xmlns=")
    assert markup.startswith("<svg ")
    assert "ns0:" not in markup
