"""Where Keras raises for an index, both engines raise, and nowhere else."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from skdl.engine.compiled import CompiledEngine
from skdl.engine.indexes.index_checks import _known, _sizes_of_plain_outputs, check_indexes
from skdl.engine.job import FitJob
from skdl.engine.keras_loop import KerasLoopEngine
from skdl.engine.network.network import Network
from skdl.engine.plan.plan import make_plan
from skdl.engine.prediction import predict
from skdl.engine.rows.arrays import Samples
from skdl.exceptions import IndexOutOfRangeError
from tests.selection import some

L = keras.layers
ROWS, WIDTH, SIZE, BAD_ROW = 14, 6, 20, 11
ENGINES = {"keras": KerasLoopEngine, "compiled": CompiledEngine}


def pooled(h):
    return L.Dense(2, activation="softmax")(L.GlobalAveragePooling1D()(h))


def flat(h):
    return L.Dense(2, activation="softmax")(L.Flatten()(keras.ops.cast(h, "float32")))


def model_of(body, dtype="int32", loss="sparse_categorical_crossentropy", metrics=()):
    """A function that builds and compiles a network whose ids go through `body`."""

    def build():
        ids = keras.Input((WIDTH,), dtype=dtype)
        model = keras.Model(ids, body(ids))
        model.compile("sgd", loss, metrics=list(metrics))
        return model

    return build


class Table(L.Layer):
    """A layer of a user's, with a table that `function` looks something up in."""

    def __init__(self, function, **settings):
        super().__init__(**settings)
        self.function = function

    def build(self, shape):
        self.table = self.add_weight(shape=(SIZE, 2), initializer="ones")

    def call(self, ids):
        return self.function(tf.convert_to_tensor(self.table), ids)

    def compute_output_shape(self, shape):
        return (*shape, 2)


def table(function):
    return model_of(lambda ids: flat(Table(function)(ids)))


def of_ids(function, shape=(WIDTH,)):
    return model_of(lambda ids: flat(L.Lambda(function, output_shape=shape)(ids)))


LAYERS = {
    "Embedding": model_of(lambda ids: pooled(L.Embedding(SIZE, 4)(ids))),
    "Embedding of floats": model_of(lambda ids: pooled(L.Embedding(SIZE, 4)(ids)), "float32"),
    "Embedding with a mask": model_of(
        lambda ids: pooled(L.Embedding(SIZE, 4, mask_zero=True)(ids))
    ),
    "Embedding with LoRA": model_of(lambda ids: pooled(L.Embedding(SIZE, 4, lora_rank=2)(ids))),
    "ReversibleEmbedding": model_of(lambda ids: pooled(L.ReversibleEmbedding(SIZE, 4)(ids))),
    "CategoryEncoding one_hot": model_of(
        lambda ids: flat(L.CategoryEncoding(SIZE, output_mode="one_hot")(ids[:, 2:3]))
    ),
    "CategoryEncoding multi_hot": model_of(
        lambda ids: flat(L.CategoryEncoding(SIZE, output_mode="multi_hot")(ids))
    ),
    "CategoryEncoding count": model_of(
        lambda ids: flat(L.CategoryEncoding(SIZE, output_mode="count")(ids))
    ),
    "IntegerLookup": model_of(
        lambda ids: flat(L.IntegerLookup(vocabulary=list(range(SIZE)))(ids)), "int64"
    ),
    "IntegerLookup without OOV": model_of(
        lambda ids: flat(L.IntegerLookup(vocabulary=list(range(SIZE)), num_oov_indices=0)(ids)),
        "int64",
    ),
    "IntegerLookup without OOV, multi_hot": model_of(
        lambda ids: flat(
            L.IntegerLookup(
                vocabulary=list(range(SIZE)), num_oov_indices=0, output_mode="multi_hot"
            )(ids)
        ),
        "int64",
    ),
    "Hashing": model_of(lambda ids: flat(L.Hashing(SIZE)(ids))),
    "Hashing before an Embedding": model_of(
        lambda ids: pooled(L.Embedding(SIZE, 2)(L.Hashing(SIZE)(ids)))
    ),
    "HashedCrossing": model_of(
        lambda ids: flat(L.HashedCrossing(SIZE)((ids[:, 2:3], ids[:, 3:4])))
    ),
    "Discretization": model_of(
        lambda ids: flat(L.Discretization(bin_boundaries=[1.0, 5.0, 9.0])(ids)), "float32"
    ),
    "Discretization before a small Embedding": model_of(
        lambda ids: pooled(
            L.Embedding(3, 2)(L.Discretization(bin_boundaries=[1.0, 5.0, SIZE])(ids))
        ),
        "float32",
    ),
    "ops.take": model_of(lambda ids: flat(keras.ops.take(keras.ops.ones((SIZE, 2)), ids, axis=0))),
    "ops.take_along_axis": model_of(
        lambda ids: flat(keras.ops.take_along_axis(keras.ops.ones((1, SIZE)), ids, axis=1))
    ),
    "ops.one_hot": model_of(lambda ids: flat(keras.ops.one_hot(ids, SIZE))),
    "cropped ids": model_of(
        lambda ids: pooled(
            L.Embedding(SIZE, 2)(L.Reshape((4,))(L.Cropping1D((1, 1))(L.Reshape((6, 1))(ids))))
        )
    ),
    "cropped away": model_of(lambda ids: pooled(L.Embedding(SIZE, 2)(ids[:, 3:]))),
    "arithmetic": model_of(lambda ids: pooled(L.Embedding(SIZE, 2)(ids % SIZE))),
    "shifted": model_of(lambda ids: pooled(L.Embedding(SIZE + 5, 2)(ids + 5))),
    "rescaled": model_of(
        lambda ids: pooled(L.Embedding(SIZE, 2)(L.Rescaling(0.5)(ids))), "float32"
    ),
    "an LSTM": model_of(
        lambda ids: L.Dense(2, activation="softmax")(L.LSTM(2)(L.Embedding(SIZE, 2)(ids)))
    ),
}
OF_USERS = {
    "gather": table(lambda table, ids: tf.gather(table, ids)),
    "gather_nd": table(lambda table, ids: tf.gather_nd(table, ids[..., None])),
    "embedding_lookup": table(lambda table, ids: tf.nn.embedding_lookup(table, ids)),
    "Lambda": of_ids(lambda ids: tf.gather(tf.ones((SIZE, 2)), ids), (WIDTH, 2)),
    "scatter_nd": of_ids(
        lambda ids: (
            tf.ones_like(ids) * tf.scatter_nd(ids[:, 2:3], tf.ones_like(ids[:, 0]), [SIZE])[:6]
        )
    ),
    "unsorted_segment_sum": of_ids(
        lambda ids: (
            tf.ones_like(ids)
            * tf.math.unsorted_segment_sum(tf.ones_like(ids[:, 2]), ids[:, 2], SIZE)[:6]
        )
    ),
    "bincount": of_ids(
        lambda ids: tf.math.bincount(ids, minlength=SIZE, maxlength=SIZE, axis=-1)[:, :6]
    ),
    "an element": of_ids(
        lambda ids: (
            tf.ones_like(ids) * tf.range(SIZE)[tf.reduce_max(ids) - tf.reduce_min(ids) // 100]
        )
    ),
    "one_hot": of_ids(lambda ids: tf.one_hot(ids, SIZE), (WIDTH, SIZE)),
    "of all rows": of_ids(
        lambda ids: tf.gather(tf.ones((SIZE, 2)), ids + 0 * tf.reduce_max(ids, 0)), (WIDTH, 2)
    ),
    "in a loop": of_ids(
        lambda ids: tf.map_fn(
            lambda row: tf.gather(tf.range(SIZE), row),
            ids,
            fn_output_signature=tf.TensorSpec((WIDTH,), tf.int32),
        )
    ),
    "in a branch": of_ids(
        lambda ids: tf.cond(
            tf.reduce_sum(ids) > -(10**6), lambda: tf.gather(tf.range(SIZE), ids), lambda: ids
        )
    ),
    "an assertion": of_ids(lambda ids: asserted(ids)),
    "a division": of_ids(lambda ids: 7 // (ids - SIZE)),
    "computed by weights": model_of(
        lambda ids: pooled(
            Table(lambda table, x: tf.gather(table, tf.cast(x + 0 * table[0, 0], tf.int32)))(
                keras.ops.cast(ids, "float32")
            )
        )
    ),
}


def asserted(ids):
    with tf.control_dependencies([tf.debugging.assert_less(ids, SIZE)]):
        return tf.identity(ids)


@pytest.fixture(autouse=True)
def quiet(caplog):
    caplog.set_level("ERROR")


def good_rows(dtype):
    return np.random.default_rng(0).integers(0, SIZE - 1, (ROWS, WIDTH)).astype(dtype)


def fails(action, *errors):
    """Whether `action` raises one of `errors`; others go on."""
    try:
        action()
    except errors:
        return True
    return False


def job_of(network, training, validation):
    return FitJob(
        network,
        network.initial_state(1),
        training,
        validation,
        epochs=1,
        batch_size=4,
        validation_batch_size=4,
        seed=3,
    )


class Compared:
    """One network, trained and asked by Keras and by both engines."""

    def __init__(self, build, x, y, errors=(IndexOutOfRangeError,)):
        self.errors = errors
        self.good = Samples(x, y)
        self.model = build()
        self.network = Network(build)
        # A fit that works comes first, so that its program and what is known of lookups are there.
        self.end = CompiledEngine().train(job_of(self.network, self.good, self.good)).end

    def assert_alike(self, bad):
        """Keras and both engines raise for wrong rows in the same places: fit, validation, predictions."""
        model, network, error = self.model, self.network, tf.errors.InvalidArgumentError
        jobs = {
            "fit": job_of(network, bad, self.good),
            "validation": job_of(network, self.good, bad),
        }
        expected = {
            "fit": fails(lambda: model.train_on_batch(bad.x, bad.y), error),
            "validation": fails(lambda: model.test_on_batch(bad.x, bad.y), error),
        }
        for name, job in jobs.items():
            compiled = fails(lambda job=job: CompiledEngine().train(job), *self.errors)
            # Whether Keras itself goes on is known: only what comes before it is left to be asked.
            by_keras = KerasLoopEngine().train if expected[name] else check_indexes
            kept = fails(lambda job=job, act=by_keras: act(job), *self.errors)
            assert (compiled, kept) == (expected[name], expected[name]), name
        expected = fails(lambda: model.predict_on_batch(bad.x), error)
        assert fails(lambda: predict(network, self.end, bad.x), *self.errors) == expected


@pytest.mark.parametrize(
    "name",
    some([*LAYERS, *OF_USERS], "an assertion", mark="oracle"),
)
def test_ids_raise_where_they_do_in_keras(name):
    build = {**LAYERS, **OF_USERS}[name]
    dtype = np.dtype(build().inputs[0].dtype)
    x, y = good_rows(dtype), np.arange(ROWS) % 2
    # What is no index, such as a divisor, has no words of skdl's.
    others = (tf.errors.InvalidArgumentError,) if name in OF_USERS else ()
    compared = Compared(build, x, y, (IndexOutOfRangeError, *others))
    for value in (SIZE, -1, -SIZE - 1):
        bad = x.copy()
        bad[BAD_ROW, 2] = value
        compared.assert_alike(Samples(bad, y))


CLASSES = 4


def classifier(loss="sparse_categorical_crossentropy", metrics=(), steps=(), **settings):
    """A function that builds and compiles a network of `CLASSES` outputs, for each of `steps` if any."""

    def build():
        made = keras.Sequential([keras.Input((*steps, 3)), L.Dense(CLASSES, activation="softmax")])
        made.compile(
            "sgd", loss, metrics=[one() if callable(one) else one for one in metrics], **settings
        )
        return made

    return build


def looked_up(y_true, y_pred):
    """A loss or a metric of a user's."""
    rows = tf.one_hot(tf.zeros_like(y_true[..., 0], tf.int32), CLASSES)
    weights = tf.gather(tf.ones(CLASSES), tf.cast(y_true[..., 0], tf.int32))
    return weights * tf.reduce_mean(tf.square(rows - y_pred), -1)


def metric(kind, **settings):
    return lambda: getattr(keras.metrics, kind)(**settings)


def _loss(**settings):
    return keras.losses.SparseCategoricalCrossentropy(**settings)


MEASURES = {
    "a loss by its name": classifier(),
    "a loss by its function": classifier(keras.losses.sparse_categorical_crossentropy),
    "a loss of logits": classifier(_loss(from_logits=False, reduction="sum")),
    "a loss that ignores -1": classifier(_loss(ignore_class=-1)),
    "a loss that ignores one too large": classifier(_loss(ignore_class=CLASSES)),
    "a loss of several steps": classifier(steps=(2,)),
    "a loss of a user's": classifier(looked_up),
    "SparseCategoricalAccuracy": classifier("mse", [metric("SparseCategoricalAccuracy")]),
    "SparseCategoricalCrossentropy": classifier("mse", [metric("SparseCategoricalCrossentropy")]),
    "SparseTopKCategoricalAccuracy": classifier(
        "mse", [metric("SparseTopKCategoricalAccuracy", k=2)]
    ),
    "accuracy": classifier("mse", ["accuracy"]),
    "MeanIoU": classifier("mse", [metric("MeanIoU", num_classes=CLASSES, sparse_y_pred=False)]),
    "MeanIoU that ignores -1": classifier(
        "mse", [metric("MeanIoU", num_classes=CLASSES, ignore_class=-1, sparse_y_pred=False)]
    ),
    "IoU": classifier(
        "mse",
        [metric("IoU", num_classes=CLASSES, target_class_ids=[0], sparse_y_pred=False)],
    ),
    "a metric of a user's": classifier("mse", [lambda: looked_up]),
    "a weighted metric": classifier(
        "mse", weighted_metrics=[keras.metrics.SparseCategoricalCrossentropy()]
    ),
}


@pytest.mark.parametrize("name", some(MEASURES, "accuracy", mark="oracle"))
def test_classes_raise_where_they_do_in_keras(name):
    build = MEASURES[name]
    steps = build().input_shape[1:-1]
    generator = np.random.default_rng(0)
    x = generator.normal(size=(ROWS, *steps, 3)).astype(np.float32)
    y = np.resize(np.arange(CLASSES), (ROWS, *steps, 1)).astype(np.float32)
    compared = Compared(build, x, y)
    for value in (CLASSES, -1, np.nan, CLASSES - 0.5):
        bad = y.copy()
        bad[BAD_ROW, ..., 0] = value
        compared.assert_alike(Samples(x, bad))


@pytest.mark.oracle
def test_several_outputs_are_told_apart():
    def build():
        x = keras.Input((3,))
        outputs = {n: L.Dense(k, "softmax", name=n)(x) for n, k in {"few": 2, "many": 5}.items()}
        model = keras.Model(x, outputs)
        model.compile("sgd", dict.fromkeys(outputs, "sparse_categorical_crossentropy"))
        return model

    x = np.zeros((ROWS, 3), np.float32)
    few, many = np.arange(ROWS) % 2, np.arange(ROWS) % 5
    network = Network(build)
    good = Samples(x, {"few": few, "many": many})
    for engine in ENGINES.values():
        engine().train(job_of(network, good, good))
        wrong = replace(good, y={"few": many, "many": few})
        with pytest.raises(IndexOutOfRangeError, match="the class 2 in row 2 of.*expected 0 to 1"):
            engine().train(job_of(network, wrong, good))


@pytest.mark.parametrize("engine", ENGINES.values())
def test_the_first_of_many_rows_is_named(engine):
    network = Network(LAYERS["cropped ids"])
    x = np.zeros((20_000, WIDTH), np.int32)
    x[[9_000, 15_000], 3] = 77, 99
    good = Samples(x[:ROWS], np.zeros(ROWS))
    with pytest.raises(IndexOutOfRangeError, match="the index 77 in row 9000 of the") as caught:
        engine().train(job_of(network, Samples(x, np.zeros(len(x))), good))
    assert caught.value.row == 9000


@pytest.mark.further
def test_what_is_computed_is_not_compiled_by_xla():
    x, y = good_rows(np.int32), np.arange(ROWS) % 2
    for name, build in {**LAYERS, **OF_USERS}.items():
        network = Network(build)
        plan = make_plan(job_of(network, Samples(x, y), None))
        found = "XLA would not notice" in str(plan)
        assert found == (name in COMPUTED), name


COMPUTED = (
    *("an element", "of all rows", "in a loop", "in a branch", "an assertion", "a division"),
    *("computed by weights", "IntegerLookup without OOV"),
    "IntegerLookup without OOV, multi_hot",
)


def test_ids_that_weights_compute_raise_in_the_midst_of_a_fit():
    x, y = good_rows(np.int32), np.arange(ROWS) % 2
    bad = x.copy()
    bad[BAD_ROW, 2] = SIZE
    network = Network(OF_USERS["computed by weights"])
    for engine in ENGINES.values():
        with pytest.raises(
            IndexOutOfRangeError, match=r"\(Table\) got an index that nothing stands"
        ):
            engine().train(job_of(network, Samples(bad, y), None))


def test_a_plain_network_is_not_looked_through():
    x, y = np.zeros((ROWS, 3), np.float32), np.arange(ROWS) % CLASSES
    assert _sizes_of_plain_outputs(classifier("mse")()) == (-np.inf, np.inf)
    assert _sizes_of_plain_outputs(classifier(metrics=["accuracy"])()) == (0, CLASSES)
    assert _sizes_of_plain_outputs(classifier(looked_up)()) is None
    assert _sizes_of_plain_outputs(LAYERS["Embedding"]()) is None
    before = len(_known)
    check_indexes(job_of(Network(classifier()), Samples(x, y), None))
    assert len(_known) == before


def test_networks_of_one_structure_are_looked_through_once():
    def build(factor):
        ids = keras.Input((WIDTH,))
        h = L.Dropout(factor)(L.Embedding(SIZE, 3)(L.Rescaling(factor)(ids)))
        model = keras.Model(ids, pooled(h))
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model

    x, y = np.full((ROWS, WIDTH), 40, np.float32), np.arange(ROWS) % 2
    samples = Samples(x, y)
    check_indexes(job_of(Network(lambda: build(0.25)), samples, None))
    before = len(_known)
    # The factor is a number, so that the structures are one and the indexes are not.
    with pytest.raises(IndexOutOfRangeError, match="the index 20 in row 0"):
        check_indexes(job_of(Network(lambda: build(0.5)), samples, None))
    assert len(_known) == before


def test_a_step_of_a_users_own_is_left_to_keras():
    class Shifted(keras.Model):
        def train_step(self, data):
            x, y = data
            return super().train_step((x - 100, y))

    def build():
        ids = keras.Input((WIDTH,), dtype="int32")
        model = Shifted(ids, pooled(L.Embedding(SIZE, 4)(ids)))
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model

    x, y = good_rows(np.int32), np.arange(ROWS) % 2
    for engine in ENGINES.values():
        engine().train(job_of(Network(build), Samples(x + 100, y), None))
        with pytest.raises(IndexOutOfRangeError, match="is not in"):
            engine().train(job_of(Network(build), Samples(x + 200, y), None))


def test_other_errors_stay_as_they_are():
    network = Network(OF_USERS["a division"])
    x = np.full((ROWS, WIDTH), SIZE, np.int32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="division by zero"):
        KerasLoopEngine().train(job_of(network, Samples(x, np.zeros(ROWS)), None))


def test_mixup_of_indexes_is_not_compiled_by_xla():
    network = Network(LAYERS["Embedding of floats"])
    samples = Samples(good_rows(np.float32), (np.arange(ROWS) % 2).astype(np.float32))
    plan = make_plan(replace(job_of(network, samples, None), mixup=0.2))
    assert str(plan).startswith("Compiled as a graph, because mixup blends indexes")


def test_what_is_known_of_a_structure_keeps_no_network():
    network = Network(LAYERS["Embedding with a mask"])
    samples = Samples(good_rows(np.int32), np.arange(ROWS) % 2)
    check_indexes(job_of(network, samples, samples))
    model = weakref.ref(network.template)
    del network
    gc.collect()
    assert model() is None
