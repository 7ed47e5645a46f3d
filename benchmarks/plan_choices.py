"""How far the plan's choice for a network is from the fastest form of its program, and from `Model.fit`.

Each network is trained in every form that its plan could have chosen: by XLA, by XLA with convolutions
as matrix products, and as a graph. Seconds of a step are the least of a few rounds, all forms in one
process and in turn, so that a slow moment of the machine meets them alike. `keras.Model.fit` trains on
the same rows in memory, one epoch after another.

"calibration" are networks as people write them; "convolutions" and the twenty "held out" are drawn by fixed
seeds, the former as those that the costs in skdl/engine/plan/plan.py were fitted to. The exit status is 1
where the choice is more than 1.3 times (held out: 1.5) as slow as the fastest form, or slower than
`Model.fit`.
"""

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version

import numpy as np
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

ROUNDS = 5
SECONDS_PER_ROUND = 0.25
ROWS, BATCH = 1024, 32
LIMITS = {"calibration": 1.3, "convolutions": 1.3, "held out": 1.5}


@dataclass(frozen=True)
class Case:
    name: str
    group: str
    build: Callable
    shape: tuple
    batch: int = BATCH
    integers: int = 0  # inputs are numbers below this


# Networks, as functions of Keras's layers.


def stack(shape, *layers):
    import keras

    return keras.Sequential([keras.Input(shape), *layers, keras.layers.Dense(10, "softmax")])


def dense(features, *units, rate=0.0, norm=False, penalty=None):
    def build():
        from keras import layers

        parts = []
        for width in units:
            # A penalty on what a layer gives divides by the rows of a batch, so that none can be filled up.
            parts.append(layers.Dense(width, activation="relu", activity_regularizer=penalty))
            if norm:
                parts.append(layers.BatchNormalization())
            if rate:
                parts.append(layers.Dropout(rate))
        return stack((features,), *parts)

    return build, (features,)


def images(size, channels, *filters, kernel=3, pool=True):
    def build():
        from keras import layers

        parts = []
        for width in filters:
            parts.append(layers.Conv2D(width, kernel, padding="same", activation="relu"))
            if pool:
                parts.append(layers.MaxPooling2D())
        return stack((size, size, channels), *parts, layers.Flatten())

    return build, (size, size, channels)


def series(steps, channels, kind, units):
    def build():
        from keras import layers

        if kind == "Conv1D":
            parts = [layers.Conv1D(units, 3, activation="relu"), layers.GlobalMaxPooling1D()]
        else:
            parts = [getattr(layers, kind)(units)]
        return stack((steps, channels), *parts)

    return build, (steps, channels)


def attention(steps, width, heads):
    def build():
        import keras
        from keras import layers

        x = keras.Input((steps, width))
        mixed = layers.MultiHeadAttention(heads, width // heads)(x, x)
        mixed = layers.LayerNormalization()(layers.Add()([x, mixed]))
        pooled = layers.GlobalAveragePooling1D()(mixed)
        return keras.Model(x, layers.Dense(10, "softmax")(pooled))

    return build, (steps, width)


def words(count, width, steps):
    def build():
        from keras import layers

        return stack((steps,), layers.Embedding(count, width), layers.GlobalAveragePooling1D())

    return build, (steps,)


def calibration():
    made = {
        "64-64-10": dense(64, 64),
        "4-8-10": dense(4, 8),
        "64-64-64-10, dropout": dense(64, 64, 64, rate=0.2),
        "64-128-64-10, norm": dense(64, 128, 64, norm=True),
        "64-64-64-10, penalty on activities": dense(64, 64, 64, penalty="l2"),
        "784-512-128-10": dense(784, 512, 128),
        "784-1024-1024-10": dense(784, 1024, 1024),
        "784-2048-2048-10": dense(784, 2048, 2048),
        "8x8x1: 16, 32": images(8, 1, 16, 32),
        "8x8x1: 16, 32, no pools": images(8, 1, 16, 32, pool=False),
        "16x16x3: 16, 32": images(16, 3, 16, 32),
        "28x28x1: 16, 32": images(28, 1, 16, 32),
        "32x32x3: 16, 32": images(32, 3, 16, 32),
        "16x16x3: 32, 5x5": images(16, 3, 32, kernel=5),
        "20x3: LSTM 16": series(20, 3, "LSTM", 16),
        "20x8: GRU 64": series(20, 8, "GRU", 64),
        "64x8: Conv1D 32": series(64, 8, "Conv1D", 32),
        "20x32: attention": attention(20, 32, 2),
        "500 words, 32": words(500, 32, 20),
    }
    return [
        Case(name, "calibration", build, shape, integers=500 if "words" in name else 0)
        for name, (build, shape) in made.items()
    ]


def convolutions(count=36, seed=7):
    """Convolutional networks drawn at random, from small ones to those that take long."""
    draw = np.random.default_rng(seed)
    found = []
    for number in range(count):
        batch = int(draw.choice([16, 32, 64, 128]))
        if draw.random() < 0.75:
            size = int(draw.choice([8, 12, 16, 20, 24, 28, 32, 40]))
            channels = int(draw.choice([1, 3, 8]))
            filters = [int(2 ** draw.integers(3, 7)) for _ in range(draw.integers(1, 4))]
            kernel, pool = int(draw.choice([3, 3, 5])), bool(draw.random() < 0.7) or size > 20
            made = images(size, channels, *filters, kernel=kernel, pool=pool)
            name = f"{size}x{size}x{channels}: {filters}, {kernel}x{kernel}{'' if pool else ', no pools'}"
        else:
            steps, channels, units = (
                int(draw.choice(values)) for values in ([32, 128, 512], [1, 8, 32], [16, 64])
            )
            made = series(steps, channels, "Conv1D", units)
            name = f"{steps}x{channels}: Conv1D {units}"
        found.append(Case(f"{number + 1}. {name}", "convolutions", *made, batch))
    return found


def held_out(count=20, seed=20):
    """Networks drawn at random: mostly stacks of Dense and images, as people tune them."""
    draw = np.random.default_rng(seed)
    found = []
    for number in range(count):
        batch = int(draw.choice([16, 32, 64, 128]))
        integers = 0
        kind = draw.choice(
            ["dense", "images", "series", "attention", "words"], p=[0.4, 0.3, 0.15, 0.1, 0.05]
        )
        if kind == "dense":
            features = int(draw.choice([8, 30, 64, 200, 784]))
            units = [int(2 ** draw.integers(4, 11)) for _ in range(draw.integers(1, 4))]
            norm, rate = bool(draw.random() < 0.3), float(draw.choice([0.0, 0.3]))
            made, name = dense(features, *units, norm=norm, rate=rate), f"{features}-{units}"
        elif kind == "images":
            size, channels = int(draw.choice([8, 12, 16, 20, 28])), int(draw.choice([1, 3]))
            filters = [int(2 ** draw.integers(3, 6)) for _ in range(draw.integers(1, 3))]
            made, name = images(size, channels, *filters), f"{size}x{size}x{channels}: {filters}"
        elif kind == "series":
            steps, channels = int(draw.choice([10, 20, 40])), int(draw.choice([1, 4, 16]))
            layer, units = (
                str(draw.choice(["LSTM", "GRU", "Conv1D"])),
                int(draw.choice([8, 32, 64])),
            )
            made, name = (
                series(steps, channels, layer, units),
                f"{steps}x{channels}: {layer} {units}",
            )
        elif kind == "attention":
            steps, width = int(draw.choice([10, 30])), int(draw.choice([16, 64]))
            made, name = attention(steps, width, 2), f"{steps}x{width}: attention"
        else:
            made, name, integers = words(1000, 16, 30), "1000 words, 16", 1000
        found.append(Case(f"{number + 1}. {name}", "held out", *made, batch, integers))
    return found


# Measuring.


def job_of(case):
    from skdl.engine.job import FitJob
    from skdl.engine.network.network import Network
    from skdl.engine.rows.arrays import Samples

    def build():
        model = case.build()
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    draw = np.random.default_rng(0)
    shape = (ROWS, *case.shape)
    x = draw.integers(0, case.integers, shape) if case.integers else draw.random(shape, np.float32)
    network = Network(build)
    samples = Samples(
        x.astype(np.int32 if case.integers else np.float32), draw.integers(0, 10, ROWS)
    )
    return FitJob(network, network.initial_state(1), samples, None, 1, case.batch, case.batch, 3)


def forms_of(plan, job, *, own_convolution):
    """The form that was chosen first, then those that could have been; maybe with XLA's own convolution."""
    from skdl.engine.plan import plan as plans

    chosen = plan.form
    graph = dict.fromkeys(("rows", "batch_size", "held_out_rows", "held_out_batch_size"), 0)
    forms = {"chosen": chosen}
    if chosen.full_by_xla:
        forms["graph"] = chosen.as_graph()
    elif chosen.xla:
        forms["graph"] = replace(chosen, xla=False, masked=False, matmul=False, **graph)
        if chosen.matmul and own_convolution:
            forms["XLA, Keras's convolution"] = replace(chosen, matmul=False)
    else:
        traits = plans._traits(job)
        if traits.masks is None:
            masked = plans._form(job, traits, [], masked=True)
            forms["XLA"] = masked
            if own_convolution:
                forms["XLA, Keras's convolution"] = replace(masked, matmul=False)
    return forms


def name_of(form):
    if form.full_by_xla:
        return "XLA, the last batch as a graph"
    if not form.xla:
        return "graph"
    return "XLA, products" if form.matmul else "XLA"


def timer(job, plan, form):
    """A function that trains for a number of steps in `form` and gives its seconds a step."""
    from skdl.engine.program.planned import PlannedProgram
    from skdl.engine.program.program import Program
    from skdl.engine.rows.arrays import few_rows
    from skdl.engine.rows.tensors import Data

    program = Program(job.network, form, (), Data(*few_rows(job.training)))
    planned = PlannedProgram(program, plan.rules, plan.own_rules)
    planned.compile(job)
    fit = planned.begin(job)
    given = fit._given(0, 1)

    def seconds(steps):
        started = time.perf_counter()
        fit._call(given, 0, 1, (0, steps), 1).n_epochs.numpy()
        return (time.perf_counter() - started) / steps

    return seconds


def keras_timer(case, job):
    import keras

    model = job.network.model(job.start)
    x, y = job.training.x, job.training.y

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.started = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds = time.perf_counter() - self.started

    def seconds(_):
        clock = Clock()
        model.fit(x, y, epochs=1, batch_size=case.batch, verbose=0, callbacks=[clock])
        return clock.seconds / -(-ROWS // case.batch)

    return seconds


def measured(case):
    """Seconds of a step by the name of the form; the first is the one that was chosen."""
    from skdl.engine.plan.plan import make_plan

    job = job_of(case)
    plan = make_plan(job)
    # Among the large ones a step would take seconds with XLA's own convolution.
    forms = forms_of(plan, job, own_convolution=case.group != "convolutions")
    timers = {name: timer(job, plan, form) for name, form in forms.items()}
    timers["Model.fit"] = keras_timer(case, job)
    most = -(-ROWS // case.batch)
    steps, found = {}, {}
    for name, seconds in timers.items():
        seconds(1)
        once = seconds(2)
        steps[name] = int(np.clip(SECONDS_PER_ROUND / once, 1, most))
        found[name] = []
    for _ in range(ROUNDS):
        for name, seconds in timers.items():
            found[name].append(seconds(steps[name]))
    return name_of(plan.form), {name: min(times) for name, times in found.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--group", choices=LIMITS, nargs="+", default=list(LIMITS))
    parser.add_argument("--only", default="", help="networks whose name holds this")
    arguments = parser.parse_args()
    import tensorflow as tf

    tf.config.list_logical_devices()
    console = Console()
    console.width = max(console.width, 120)
    console.print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
        f"tensorflow {version('tensorflow')}, keras {version('keras')}; microseconds a step"
    )
    table = Table("network", "batch", "chosen", box=SIMPLE)
    for heading in ("us", "others", "of the fastest", "Model.fit, times"):
        table.add_column(heading, justify="right", no_wrap=heading != "others")
    failed, ratios = False, {group: [] for group in LIMITS}
    for case in calibration() + convolutions() + held_out():
        if case.group not in arguments.group or arguments.only not in case.name:
            continue
        chosen, seconds = measured(case)
        keras_seconds = seconds.pop("Model.fit")
        best = min(seconds.values())
        ratio = seconds["chosen"] / best
        ratios[case.group].append(ratio)
        bad = ratio > LIMITS[case.group] or seconds["chosen"] > keras_seconds
        failed |= bad
        others = ", ".join(f"{n} {s * 1e6:.0f}" for n, s in seconds.items() if n != "chosen")
        mark = "[red]" if bad else ""
        row = (case.name, str(case.batch), chosen, f"{seconds['chosen'] * 1e6:.0f}", others)
        table.add_row(*row, f"{mark}{ratio:.2f}", f"{keras_seconds / seconds['chosen']:.1f}")
        console.print(" ".join(row), f"{ratio:.2f}", highlight=False)
    console.print(table)
    for group, found in ratios.items():
        if found:
            console.print(f"{group}: worst {max(found):.2f}, median {statistics.median(found):.2f}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
