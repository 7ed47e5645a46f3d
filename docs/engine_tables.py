"""The tables of the engine's page, asked of the engine itself while the pages are built.

``.. settings-table:: input`` (or ``structure``) shows `engine_settings`. ``.. plans-table::``
asks the engine what it would do with a tiny fit for each layer and option; nothing is trained.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import skdl.engine
from skdl.common.keras_import import start_devices

Row = tuple[str, ...]

# How a fit is run, and how the engine's answer begins.
HOWS = {
    "With XLA": "Compiled with XLA",
    "With XLA, the last batch as a graph": "Compiled with XLA, the last",
    "As a graph": "Compiled as a graph",
    "Keras loop": "Keras loop",
}
PARTS = (
    *("Layers", "Operations", "Networks", "Optimizers", "Losses", "Metrics", "Callbacks"),
    "Arguments of fit",
)

# What a sentence of the engine says of one object of that name.
NAMES = (
    (r"the (layer|operation) \S+( \(\w+\))?", r"the \1"),
    (r"the (callback|loss|metric) \S+", r"the \1"),
    (r"^\S+ masks", "it masks"),
    (r"of \S+ divides", "divides"),
    (r"^(\w+)=\S+ (is no|does not)", r"it \2"),
    (r", \d+$", ""),
    (r" \(.*", ""),
)


def settings(role: str) -> Iterator[Row]:
    """The settings that are inputs, or those that are structure: home, classes, settings, note."""
    from engine_settings import rows

    classes: dict[Row, list[str]] = {}
    for kind, argument, reason in rows(role):
        *home, name = kind.removeprefix("src.").split(".")
        place = "schedules" if "schedules" in home else home[0] if home else "any"
        argument = f"``{argument}``" if argument else "all"
        name = f"``{name}``" if name else "every class that has it"
        classes.setdefault((place, argument, reason), []).append(name)
    arguments: dict[Row, list[str]] = {}
    for (place, argument, reason), names in classes.items():
        arguments.setdefault((place, ", ".join(names), reason), []).append(argument)
    for (place, names, reason), found in arguments.items():
        yield place, names, ", ".join(found), reason


def plans() -> Iterator[Row]:
    """How fits are run: part of the table, layers or options, how, why."""
    names: dict[Row, list[str]] = {}
    for part, name, how, why in _answers():
        for pattern, text in NAMES:
            why = re.sub(pattern, text, why)
        names.setdefault((part, how, why), []).append(name)
    for part, how, why in sorted(
        names, key=lambda key: (PARTS.index(key[0]), list(HOWS).index(key[1]))
    ):
        yield part, ", ".join(names[part, how, why]), how, why


def _answers() -> Iterator[Row]:
    # Before anything imports TensorFlow, so that it starts without its noise.
    start_devices()
    from engine_cases import Question, questions

    from skdl.engine.compiled import CompiledEngine
    from skdl.engine.rowwise.masked_rows import obstacle_to_masks

    # The table is of programs; the kernel has a table of its own.
    engine = CompiledEngine(kernel=False)

    def ask(question: Question, names: Row) -> Iterator[Row]:
        job = question.job(names)
        answer = engine.explain(job, tuple(question.callbacks())).rstrip(".")
        fitting = [how for how, start in HOWS.items() if answer.startswith(start)]
        how = max(fitting, key=lambda how: len(HOWS[how]))
        if how != "With XLA" and len(names) > 1:
            # Something among them cannot be compiled with XLA: ask for each.
            for name in names:
                yield from ask(question, (name,))
            return
        why = answer.partition("because ")[2]
        if how.lower().endswith("as a graph"):
            why = obstacle_to_masks(job.network.template) or "its patches would be too large"
        for name in names:
            yield question.part, name, how, why

    for question in questions():
        yield from ask(question, question.names)


def taken_by_the_kernel() -> Iterator[Row]:
    """What the native kernel takes: kind, names."""
    from skdl.engine.kernel.names import ACTIVATIONS
    from skdl.engine.kernel.reading import known_layers
    from skdl.engine.kernel.reading_training import known_losses, known_metrics, known_optimizers

    start_devices()
    for kind, names in (
        ("Layers", known_layers()),
        ("Activations", ACTIVATIONS),
        ("Losses", known_losses()),
        ("Metrics", known_metrics()),
        ("Optimizers", known_optimizers()),
        ("Regularizers", ("L1", "L2", "L1L2")),
        ("Constraints", ("MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm")),
    ):
        yield kind, ", ".join(f"``{name}``" for name in sorted(names, key=str.lower))


class _Table(SphinxDirective):
    """A table whose rows are asked for."""

    header: Row
    widths: tuple[int, ...]

    def rows(self) -> Iterable[Row]:
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        # The page is made anew when the engine has changed since.
        for home in (Path(skdl.engine.__file__).parent, Path(__file__).parent):
            for path in home.rglob("*.py"):
                self.env.note_dependency(str(path))
        lines = [
            ".. list-table::",
            "   :header-rows: 1",
            f"   :widths: {' '.join(map(str, self.widths))}",
            "",
        ]
        for row in [self.header, *self.rows()]:
            lines += [f"   {'-' if index else '* -'} {cell}" for index, cell in enumerate(row)]
        lines = [line.replace("   - ", "     - ", 1) for line in lines]
        return self.parse_text_to_nodes("\n".join(lines))


class SettingsTable(_Table):
    """``.. settings-table:: input`` or ``structure``."""

    required_arguments = 1
    header = ("", "Class", "Setting", "Note")
    widths = (12, 34, 30, 24)

    def rows(self) -> Iterable[Row]:
        return settings(self.arguments[0])


class PlansTable(_Table):
    """``.. plans-table::``."""

    header = ("", "Layer or option", "How it is run", "Why")
    widths = (12, 45, 15, 28)

    def rows(self) -> Iterable[Row]:
        return plans()


class KernelTable(_Table):
    """``.. kernel-table::``."""

    header = ("", "What the native kernel takes")
    widths = (15, 85)

    def rows(self) -> Iterable[Row]:
        return taken_by_the_kernel()


def setup(app: Any) -> dict[str, bool]:
    """Make the directives known to Sphinx."""
    app.add_directive("settings-table", SettingsTable)
    app.add_directive("plans-table", PlansTable)
    app.add_directive("kernel-table", KernelTable)
    return {"parallel_read_safe": True}
