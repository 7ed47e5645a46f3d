"""A matplotlib figure as a picture inside of a page: text that stays text, in the colours of the page."""

from __future__ import annotations

import base64
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from skdl.displays.drawing.style import BLUE, GREEN, GREY, ORANGE, PINK

if TYPE_CHECKING:
    import matplotlib.figure

# What is drawn in these colours, in which nobody draws data, takes those of the page: of its text, and of
# what is behind it.
INK, PAPER = "#010203", "#fdfefc"
# On a dark page black is light, white is dark, and the colours of data have a lighter twin.
_TWINS = {
    INK: "currentColor",
    "#000000": "currentColor",
    PAPER: "var(--paper)",
    "#ffffff": "var(--paper)",
    BLUE.lower(): "var(--blue)",
    ORANGE.lower(): "var(--orange)",
    GREEN.lower(): "var(--green)",
    PINK.lower(): "var(--pink)",
    GREY.lower(): "var(--grey)",
}
_ON_PLATE = {INK: "#000000", PAPER: "#ffffff"}
_COLOUR = re.compile("#[0-9a-f]{6}")
# Of more points than this a picture of pixels is smaller.
MOST_POINTS = 300
# Of such a picture: dots an inch, and colours. Three quarters of the bytes go with the other colours.
DOTS, COLOURS = 120, 128

_SVG = "http://www.w3.org/2000/svg"
_LINK = "{http://www.w3.org/1999/xlink}href"
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_STYLES = ("style", "fill", "stroke", "clip-path", "mask")
_FONT = re.compile(r"(font-family: |font: [^;]*?px )[^;]*")


@contextmanager
def page_style() -> Iterator[None]:
    """The settings that a picture of a page is drawn with, for as long as it is."""
    import matplotlib as mpl

    ink: dict[Any, Any] = dict.fromkeys(
        (
            "axes.edgecolor",
            "axes.labelcolor",
            "axes.titlecolor",
            "text.color",
            "xtick.color",
            "ytick.color",
            "xtick.labelcolor",
            "ytick.labelcolor",
            "legend.labelcolor",
        ),
        INK,
    )
    with mpl.rc_context(
        {
            **ink,
            "axes.facecolor": PAPER,
            "figure.facecolor": PAPER,
            "savefig.facecolor": "none",
            "savefig.edgecolor": "none",
            "legend.frameon": False,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "font.size": 9.0,
            "font.family": "DejaVu Sans",
            "svg.fonttype": "none",
            "svg.hashsalt": "skdl",
            "text.usetex": False,
        }
    ):
        yield


def inline_svg(
    figure: matplotlib.figure.Figure, name: str, alternative: str, *, plate: bool = False
) -> str:
    """The markup of a figure that was drawn in `page_style`.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    name : str
        What the identifiers in the picture begin with, so that no two pictures of a page share one.
    alternative : str
        What those read or hear who do not see it.
    plate : bool, default=False
        Whether it stands on white also in a dark page, since its colours are those of a scale.
    """
    _rasterize(figure)
    file = io.BytesIO()
    # Without a date the same figure gives the same bytes.
    figure.savefig(file, format="svg", dpi=DOTS, metadata={"Date": None})
    root = ET.fromstring(file.getvalue())
    width, height = (float(root.attrib[side].removesuffix("pt")) for side in ("width", "height"))
    _drop(root)
    used = set(_references(root))
    for element in root.iter():
        _name_apart(element, name, used)
        _paint(element, _ON_PLATE if plate else _TWINS)
    # Points of print are larger than the pixels of a page.
    root.attrib["width"], root.attrib["height"] = (
        str(round(size * 4 / 3)) for size in (width, height)
    )
    # What is drawn black is drawn without a colour.
    root.attrib["fill"] = "#000000" if plate else "currentColor"
    root.attrib.update(
        {
            "class": "picture plate" if plate else "picture",
            "role": "img",
            "aria-labelledby": f"{name}-title",
        }
    )
    title = ET.Element(f"{{{_SVG}}}title", {"id": f"{name}-title"})
    title.text = alternative
    root.insert(0, title)
    _name_plainly(root)
    return ET.tostring(root, encoding="unicode")


def _name_plainly(root: Any) -> None:
    """Write names as a page does; the prefixes of the XML writer are those of the whole process."""
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{{_SVG}}}")
        if _LINK in element.attrib:
            element.attrib["xlink:href"] = element.attrib.pop(_LINK)
    root.attrib["xmlns"] = _SVG
    root.attrib["xmlns:xlink"] = "http://www.w3.org/1999/xlink"


def _rasterize(figure: matplotlib.figure.Figure) -> None:
    """Let artists of many points be drawn as pixels."""
    for axes in figure.axes:
        for collection in axes.collections:
            if (
                max(np.shape(collection.get_offsets())[0], len(collection.get_paths()))
                > MOST_POINTS
            ):
                collection.set_rasterized(True)
        for line in axes.lines:
            if np.size(line.get_xdata()) > MOST_POINTS and line.get_marker() not in (
                "None",
                "",
            ):
                line.set_rasterized(True)


def _drop(root: Any) -> None:
    """Take out what a page has no use for: metadata, and styles, which would hold for the whole page."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.rpartition("}")[2] in ("metadata", "style"):
                parent.remove(child)


def _references(root: Any) -> Iterator[str]:
    for element in root.iter():
        if _LINK in element.attrib and element.attrib[_LINK].startswith("#"):
            yield element.attrib[_LINK][1:]
        for value in element.attrib.values():
            yield from _REFERENCE.findall(value)


def _with_few_colours(image: str) -> str:
    """A picture of pixels, as it stands in a link, with a palette."""
    from PIL import Image  # which matplotlib writes its own by

    head, _, encoded = image.partition(",")
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as pixels:
        few = pixels.convert("RGBA").quantize(COLOURS, method=Image.Quantize.FASTOCTREE)
    file = io.BytesIO()
    few.save(file, format="png", optimize=True)
    return f"{head},{base64.b64encode(file.getvalue()).decode()}"


def _name_apart(element: Any, name: str, used: set[str]) -> None:
    """Keep the identifiers that something refers to, with the name of the picture before them."""
    attributes = element.attrib
    identifier = attributes.pop("id", None)
    if identifier in used:
        attributes["id"] = f"{name}-{identifier}"
    for key, value in attributes.items():
        if key == _LINK and value.startswith("#"):
            attributes[key] = f"#{name}-{value[1:]}"
        elif key == _LINK and value.startswith("data:image/png"):
            attributes[key] = _with_few_colours(value)
        elif key in _STYLES:
            # The sizes of letters are kept, their shapes are those of the page.
            value = _FONT.sub(r"\1inherit", value)
            attributes[key] = _REFERENCE.sub(rf"url(#{name}-\1)", value)


def _paint(element: Any, colours: dict[str, str]) -> None:
    for key in _STYLES:
        if key in element.attrib:
            value = element.attrib[key]
            element.attrib[key] = _COLOUR.sub(lambda hit: colours.get(hit[0], hit[0]), value)
