"""How Sphinx builds these pages; ``make docs`` runs it with warnings as errors."""

import inspect
import os
import sys
from pathlib import Path

# The gallery draws without a screen, and TensorFlow's start-up messages are no part of a page.
os.environ.setdefault("MPLBACKEND", "agg")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

sys.path.insert(0, str(Path(__file__).parent))  # engine_settings, engine_tables, gallery

from sphinx.util.inspect import stringify_signature

import skdl

HERE = Path(__file__).parent

project = "skdl"
author = "the skdl developers"
copyright = "2026, the skdl developers"
version = release = skdl.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "engine_tables",
]
templates_path = ["_templates"]
exclude_patterns = ["_build"]
default_role = "code"
nitpicky = True
toc_object_entries_show_parents = "hide"

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc's sections say the types, with shapes

numpydoc_show_class_members = False  # the class template lists them
numpydoc_class_members_toctree = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    # Only plot_*.py runs while the pages are built; `make tune` runs the other.
    "filename_pattern": r"/plot_[^/]*\.py$",
    "within_subsection_order": "gallery.order",
    "image_scrapers": ("gallery.described", "gallery.left"),
    "default_thumb_file": str(HERE / "_static" / "program.svg"),
    "download_all_examples": False,
    "abort_on_example_error": True,
    "show_memory": False,
    "write_computation_times": False,
}

html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_extra_path = ["auto_examples/left"]
html_title = "skdl"
html_show_sourcelink = False
# These have no pages below them to be listed at the left.
html_sidebars = {page.stem: [] for page in HERE.glob("*.rst") if page.stem != "api"}
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "header_links_before_dropdown": 4,
    "show_toc_level": 2,  # the methods of a class too
    "show_prev_next": True,  # the pages are in the order in which a newcomer reads them
    "secondary_sidebar_items": ["page-toc"],
}


def skip_what_others_document(app, what, name, obj, skip, options):
    """Leave out methods that others wrote: their texts refer to pages that are not here."""
    home = (getattr(obj, "__module__", None) or "builtins").partition(".")[0]
    return None if home == "skdl" or isinstance(obj, property) else True


def group_parameters(app, what, name, obj, options, lines):
    """Put the heading of each group above the first of its parameters, as numpydoc has written them."""
    for group in obj._declared.groups if hasattr(obj, "_declared") and what == "class" else ():
        places = [n for n, line in enumerate(lines) if f"**{group.names[0]}**" in line]
        if not places:
            raise ValueError(
                f"{name}: no entry of {group.names[0]} begins the group {group.title}."
            )
        first = places[0]
        margin = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
        lines[first:first] = ["", f"{margin}.. rubric:: {group.title}", ""]


def signature_of_constructor(app, what, name, obj, options, signature, annotation):
    """Show the arguments of the constructor; Sphinx would show the arguments of ``__new__``."""
    if what != "class" or not hasattr(obj, "_declared"):
        return None
    return stringify_signature(inspect.signature(obj), show_annotation=False), annotation


def setup(app):
    """Let Sphinx call the above."""
    app.connect("autodoc-skip-member", skip_what_others_document)
    app.connect("autodoc-process-signature", signature_of_constructor)
    app.connect("autodoc-process-docstring", group_parameters, priority=900)  # after numpydoc
