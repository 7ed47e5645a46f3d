"""The import of TensorFlow and Keras: late, once, under a lock, and without its start-up noise."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from types import ModuleType

# The lines that TensorFlow's C++ side writes to file descriptor 2 on a healthy machine without a GPU.
# They come before its logging is set up, so that no setting of TensorFlow's silences them.
_NOISE = re.compile(
    rb"^(WARNING: All log messages before absl::InitializeLog\(\) is called are written to STDERR"
    rb"|[IW]0000 00:00:\d+\.\d+ .*"
    rb"|E0000 00:00:\d+\.\d+ .*(cuInit|Unable to register cu\w+ factory).*"
    rb"|To enable the following instructions: .* rebuild TensorFlow .*)\r?\n?$"
)

_lock = threading.RLock()
_xla_lock = threading.Lock()
_keras: ModuleType | None = None
_context_started = False
_xla_started = False


@contextlib.contextmanager
def quiet_start() -> Iterator[None]:
    """Hold back what is written to file descriptor 2 and pass on all of it but the known noise.

    The environment and Python's own streams are left alone. Where the descriptor is closed nothing is
    held back.
    """
    try:
        original = os.dup(2)
    except OSError:
        yield
        return
    with tempfile.TemporaryFile() as held:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            sys.stderr.flush()
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(original, 2)
            held.seek(0)
            with contextlib.suppress(OSError):
                for line in held:
                    if not _NOISE.match(line):
                        os.write(original, line)
            os.close(original)


def load_keras() -> ModuleType:
    """Return Keras, importing it and TensorFlow on the first call of the process."""
    global _keras
    if _keras is not None:
        return _keras
    with _lock:
        if "keras" not in sys.modules:
            # Asked before the import, which fails in its own words where that backend is not installed.
            _check_backend(os.environ.get("KERAS_BACKEND", "tensorflow"))
            with quiet_start():
                import keras
        import keras

        _check_backend(keras.config.backend())
        _keras = keras
        return keras


def is_keras_there() -> bool:
    """Whether Keras is imported, by whomever: whole, and not just now by another thread."""
    keras = sys.modules.get("keras")
    return keras is not None and not getattr(keras.__spec__, "_initializing", False)


def _check_backend(name: str) -> None:
    if name != "tensorflow":
        raise ImportError(
            f"skdl trains through TensorFlow. Got Keras with backend={name!r}, expected 'tensorflow': "
            "unset KERAS_BACKEND, or set it to 'tensorflow', before Python starts."
        )


def start_devices() -> None:
    """Let TensorFlow look for its devices, which it does at its first operation, without its noise.

    This is not done at import: until then a user may still set the number of threads.
    """
    global _context_started
    if _context_started:
        return
    with _lock, quiet_start():
        load_keras()
        import tensorflow as tf

        tf.config.list_logical_devices()
        _context_started = True


@contextlib.contextmanager
def quiet_xla() -> Iterator[None]:
    """Hold back what XLA writes when it starts, at the first program that it compiles in a process."""
    global _xla_started
    if _xla_started:
        yield
        return
    # Not the lock of the imports: who holds a network may wait for that one.
    with _xla_lock:
        if _xla_started:
            yield
            return
        with quiet_start():
            yield
        _xla_started = True
