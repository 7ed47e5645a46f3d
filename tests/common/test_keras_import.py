"""Importing skdl costs nothing, TensorFlow comes once and quietly, the process stays as it was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap

import pytest

from skdl.common.keras_import import quiet_start


def run(code: str) -> subprocess.CompletedProcess:
    """Run `code` in a new interpreter and return what it wrote."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )


def test_import_loads_neither_tensorflow_nor_scikit_learn():
    loaded = run(
        """
        import json, sys
        import skdl
        names = [n for n in ("tensorflow", "keras", "sklearn", "scikeras") if n in sys.modules]
        print(json.dumps([names, skdl.__all__, sorted(n for n in dir(skdl) if not n.startswith("_"))]))
        """
    )
    names, public, listed = json.loads(loaded.stdout)
    assert names == []
    assert set(public) <= set(listed)


@pytest.fixture(scope="module")
def first_use():
    """A process whose first fits are in several threads, and what it tells of itself."""
    done = run(
        """
        import json, os, sys, warnings
        from concurrent.futures import ThreadPoolExecutor
        import numpy as np
        from skdl import MLPClassifier

        def loaded():
            return [n for n in ("tensorflow", "keras", "scikeras") if n in sys.modules]

        def fit(seed):
            # Of an optimizer that the native kernel does not have, so that TensorFlow trains.
            clf = MLPClassifier(epochs=4, random_state=seed % 2, optimizer="adafactor")
            return clf.fit([[0.0], [1.0]], [0, 1]).predict_proba([[0.5]])

        told = {"modules before": loaded()}
        MLPClassifier(epochs=1, random_state=0).fit([[0.0], [1.0]], [0, 1])
        told["modules of the kernel"] = loaded()
        environment = dict(os.environ)
        legacy = np.random.get_state()[1].copy()
        with ThreadPoolExecutor(4) as pool:  # five that trace at once make TensorFlow warn
            found = list(pool.map(fit, range(4)))
        told["one result for each seed"] = all(
            bool((one == found[i % 2]).all()) for i, one in enumerate(found)
        )
        told["modules after"] = loaded()

        from skdl import KerasRegressor
        clf = MLPClassifier(epochs=1, dropout=0.1, optimizer="adafactor", random_state=0)
        clf.fit([[0.0], [1.0]], [0, 1])
        filters = list(warnings.filters)  # after the imports, in which third parties add to them
        clf.fit([[0.0], [1.0]], [0, 1]).predict([[0.0]])
        import tensorflow as tf
        from tensorflow.python.eager import context
        from tensorflow.python.framework import config
        told["as it was"] = {
            "environment": dict(os.environ) == environment,
            "numpy's generator": bool((np.random.get_state()[1] == legacy).all()),
            "filters of warnings": warnings.filters == filters,
            "TensorFlow's determinism": not config.is_op_determinism_enabled(),
            "TensorFlow's seed": context.global_seed() is None,
        }
        print(json.dumps(told))
        """
    )
    return done, json.loads(done.stdout)


@pytest.mark.processes
def test_ready_networks_import_keras_where_the_kernel_does_not_train_and_never_scikeras(first_use):
    _, told = first_use
    assert told["modules before"] == told["modules of the kernel"] == []
    assert told["modules after"] == ["tensorflow", "keras"]


@pytest.mark.processes
def test_a_process_that_fits_writes_nothing_to_stderr_and_keeps_its_environment(first_use):
    done, told = first_use
    assert done.stderr == ""
    assert done.stdout == json.dumps(told) + "\n"
    assert all(told["as it was"].values()), told["as it was"]


@pytest.mark.processes
def test_first_use_from_many_threads_imports_tensorflow_once(first_use):
    done, told = first_use
    assert done.stderr == ""
    assert told["one result for each seed"]


@pytest.mark.parametrize("name", ["KerasClassifer", "MLP"])
def test_an_unknown_public_name_is_an_attribute_error(name):
    import skdl

    with pytest.raises(AttributeError, match=name):
        getattr(skdl, name)


def test_quiet_start_drops_the_known_noise_and_passes_on_the_rest(capfd):
    noise = (
        b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
        b"I0000 00:00:1795232278.148451    2315 port.cc:153] oneDNN custom operations are on.\n"
        b"E0000 00:00:1795232385.857149    2850 cuda_platform.cc:52] failed call to cuInit: INTERNAL\n"
        b"To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow with X.\n"
    )
    with quiet_start():
        os.write(2, noise + b"E0000 00:00:1.5 1 gpu.cc:1] the GPU is on fire\nsomebody else\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == (
        "E0000 00:00:1.5 1 gpu.cc:1] the GPU is on fire\nsomebody else\nafter\n"
    )


def test_quiet_start_restores_the_descriptor_after_an_error(capfd):
    def fail():
        with quiet_start():
            os.write(2, b"before the error\n")
            raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        fail()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before the error\nafter\n"


@pytest.mark.processes
def test_another_backend_of_keras_is_an_error_that_says_what_to_do():
    failed = subprocess.run(
        [sys.executable, "-c", "import skdl; skdl.MLPClassifier().fit([[0.0], [1.0]], [0, 1])"],
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": "numpy"},
    )
    assert failed.returncode == 1
    assert "expected 'tensorflow': unset KERAS_BACKEND" in failed.stderr
