"""What a network's code raises while it is traced is an obstacle; what else goes wrong is an error."""

import pytest
import tensorflow as tf

from skdl.engine.keras_parts.tracing import first_line, untraceable
from skdl.exceptions import NotCompilableError


@pytest.mark.parametrize(
    "error",
    [
        TypeError("a tensor is no number"),
        KeyError("a"),
        NotImplementedError(),
        tf.errors.InvalidArgumentError(None, None, "no such axis"),
    ],
)
def test_what_layers_raise_is_an_obstacle(error):
    with pytest.raises(NotCompilableError, match="it does not trace") as caught, untraceable():
        raise error
    assert caught.value.__cause__ is error
    assert type(error).__name__ in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [MemoryError(), KeyboardInterrupt(), tf.errors.ResourceExhaustedError(None, None, "full")],
)
def test_what_the_machine_raises_is_not(error):
    with pytest.raises(type(error)), untraceable():
        raise error


def test_an_obstacle_keeps_its_words():
    with pytest.raises(NotCompilableError, match=r"^the layer is odd$"), untraceable():
        raise NotCompilableError("the layer is odd")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("one.\ntwo"), "ValueError: one"),
        (
            ValueError("\x1b[1mException encountered when calling X.\x1b[0m\n\nbad"),
            "ValueError: bad",
        ),
        (NotImplementedError(), "NotImplementedError"),
    ],
)
def test_the_first_line_that_says_something(error, line):
    assert first_line(error) == line
