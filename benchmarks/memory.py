"""How the memory of a process grows with the structures that it compiles, and with the fits that it runs.

Structures are distinct networks that share no program; a third of them run as a graph, since a batch has
all rows and their layers may mix them. TensorFlow keeps what XLA compiled until the process ends; everything
else is let go by the cache of programs. Fits are of one structure, each with other numbers and a network of
its own.

The exit status is 1 where a structure takes more than 6 MB (XLA) or 1.5 MB (graph), where the last
structures take more than 1.2 times the seconds of the first ones, or where fits make the process grow.
"""

import argparse
import os
import platform
import statistics
import sys
import time
from importlib.metadata import version

import numpy as np
from rich.console import Console

MB = 2**20
LIMITS = {"XLA": 6.0, "graph": 1.5}
FITS_MAY_GROW = 20.0  # MB in all: the allocator's own ups and downs


def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MB


def structures(kind, count, X, y, report):
    """RSS and seconds of each of `count` structures that run by XLA or as a graph."""
    import keras
    from keras import layers

    import skdl

    activations = ["relu", "tanh", "elu", "gelu", "silu", "softsign", "mish", "selu"]

    def build(number):
        parts = [
            layers.Dense(8, activation=activations[number // 8**place % 8]) for place in range(3)
        ]
        if kind == "graph":
            parts.append(layers.Dense(4, activity_regularizer=keras.regularizers.L2(0.001)))
        return keras.Sequential([keras.Input((4,)), *parts, layers.Dense(3, "softmax")])

    found = []
    for number in range(count):
        started = time.perf_counter()
        size = len(X) if kind == "graph" else 32
        wrapper = skdl.KerasClassifier(
            build, number=number, epochs=1, batch_size=size, random_state=0
        )
        wrapper.fit(X, y)
        found.append((time.perf_counter() - started, resident()))
        if number % 50 == 49:
            report(f"{kind}: {number + 1} structures, {found[-1][1]:.0f} MB")
    return found


def fits(count, X, y, report):
    """RSS after each of `count` fits of one structure."""
    import skdl

    found = []
    for number in range(count):
        clf = skdl.MLPClassifier(
            units=8, epochs=2, learning_rate=0.001 * (1 + number), random_state=number
        )
        clf.fit(X, y).predict(X)
        found.append(resident())
        if number % 500 == 499:
            report(f"{number + 1} fits, {found[-1]:.0f} MB")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--structures", type=int, default=500)
    parser.add_argument("--fits", type=int, default=2000)
    arguments = parser.parse_args()
    from sklearn.datasets import load_iris

    import skdl
    import skdl.engine
    from skdl.engine.program_cache import MAX_PROGRAMS

    X, y = load_iris(return_X_y=True)
    X = X.astype(np.float32)
    skdl.MLPClassifier(units=8, epochs=1).fit(X, y)
    console = Console()
    console.print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
        f"tensorflow {version('tensorflow')}, keras {version('keras')}"
    )
    report = Console(stderr=True).print
    failed = False
    grown = fits(arguments.fits, X, y, report)
    warm = arguments.fits // 10
    more = statistics.median(grown[-warm:]) - statistics.median(grown[warm : 2 * warm])
    failed |= more > FITS_MAY_GROW
    console.print(f"{arguments.fits} fits of one structure: {more:+.1f} MB after the first tenth")
    by_xla = arguments.structures * 2 // 3
    for kind, count in (("XLA", by_xla), ("graph", arguments.structures - by_xla)):
        before = skdl.engine.stats().programs
        found = structures(kind, count, X, y, report)
        compiled = skdl.engine.stats().programs - before
        tenth = max(1, count // 10)
        # Until the cache is full of them a structure takes what is kept for it too.
        full = min(max(tenth, MAX_PROGRAMS), count - 2)
        each = (found[-1][1] - found[full][1]) / (count - 1 - full)
        first, last = (
            statistics.median(seconds for seconds, _ in part)
            for part in (found[tenth : 2 * tenth], found[-tenth:])
        )
        failed |= each > LIMITS[kind] or last > 1.2 * first
        console.print(
            f"{count} structures ({kind}, {compiled} programs): {each:.2f} MB each, "
            f"{first:.2f} s each at first and {last:.2f} s at last"
        )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
