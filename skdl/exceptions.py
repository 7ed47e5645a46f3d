"""The errors and warnings that skdl raises itself."""

from __future__ import annotations

__all__ = [
    "AmbiguousHistoriesError",
    "DivergedError",
    "HistoriesNotFoundError",
    "IncompatibleNetworkError",
    "IndexOutOfRangeError",
    "InvalidParameterError",
    "NotCompilableError",
    "UnseededWeightsWarning",
]


class InvalidParameterError(ValueError, TypeError):
    """A parameter has a value or a name that the estimator cannot use.

    It is both a ``ValueError`` and a ``TypeError``, as scikit-learn's own error of this name is, so that
    code written for either goes on working.

    Examples
    --------
    >>> from skdl import MLPClassifier
    >>> MLPClassifier(units=0).fit([[0.0], [1.0]], [0, 1])
    Traceback (most recent call last):
    ...
    skdl.exceptions.InvalidParameterError: MLPClassifier: units=0 is out of range...
    """


class HistoriesNotFoundError(LookupError):
    """The curves of a search were asked for, and none of its fits are known in this process.

    Examples
    --------
    >>> import skdl
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import GridSearchCV
    >>> search = GridSearchCV(Ridge(), {"alpha": [1.0]}, cv=2).fit([[0.0], [1.0]] * 2, [0.0, 1.0] * 2)
    >>> skdl.training_histories(search)
    Traceback (most recent call last):
    ...
    skdl.exceptions.HistoriesNotFoundError: Nothing is known of the fits of this GridSearchCV...
    """


class AmbiguousHistoriesError(HistoriesNotFoundError):
    """The curves of a search were asked for, and more than one run has the results of the search.

    Runs are told apart by the times that their fits took, which are equal only where they are too short for
    the clock of the machine.

    Examples
    --------
    >>> from skdl.exceptions import AmbiguousHistoriesError, HistoriesNotFoundError
    >>> issubclass(AmbiguousHistoriesError, HistoriesNotFoundError)
    True
    """


class IncompatibleNetworkError(ValueError):
    """The network's output or its loss cannot fit the target; raised before any training.

    Examples
    --------
    >>> import keras
    >>> from skdl import KerasClassifier
    >>> def build():
    ...     return keras.Sequential([keras.Input((1,)), keras.layers.Dense(2, activation="softmax")])
    >>> KerasClassifier(build).fit([[0.0], [1.0], [2.0]], ["a", "b", "c"])
    Traceback (most recent call last):
    ...
    skdl.exceptions.IncompatibleNetworkError: ...
    """


class IndexOutOfRangeError(ValueError):
    """A row has an index that nothing stands at: a token id, the number of a class, and the like.

    Keras raises an error of TensorFlow's there, when it comes to the row. If the index is a function of the
    row, skdl raises before training.

    Attributes
    ----------
    data : str
        "X", "training data" or "validation data".
    row : int or None
        Which row of the data, where that is known.

    Examples
    --------
    >>> import keras
    >>> from skdl import KerasClassifier
    >>> def build():
    ...     table = keras.layers.Embedding(20, 4, name="words")
    ...     layers = [table, keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")]
    ...     return keras.Sequential([keras.Input((2,), dtype="int32"), *layers])
    >>> KerasClassifier(build).fit([[0, 1], [2, 20]], [0, 1])
    Traceback (most recent call last):
    ...
    skdl.exceptions.IndexOutOfRangeError: The layer words (Embedding) got the index 20 in row 1 of X...
    """

    def __init__(self, got: str, data: str = "X", row: int | None = None, fix: str = ""):
        where = "" if row is None else f" in row {row} of {'' if data == 'X' else 'the '}{data}"
        super().__init__(f"{got[:1].upper()}{got[1:]}{where}; {fix}" if fix else got)
        self._told = got, fix
        self.data = data
        self.row = row

    def at(self, data: str, row: int) -> IndexOutOfRangeError:
        """The same error, with another name for the row."""
        got, fix = self._told
        return IndexOutOfRangeError(got, data, row, fix)

    def __reduce__(self) -> tuple[type, tuple[str, str, int | None, str]]:
        got, fix = self._told
        return type(self), (got, self.data, self.row, fix)


class DivergedError(ValueError):
    """Training ended with a loss or weights that are not finite numbers.

    Inside a search the candidate gets ``error_score`` and the others go on.

    Attributes
    ----------
    history : dict of str to list of float
        The curves up to the end, by epoch.

    Examples
    --------
    >>> from skdl import MLPRegressor
    >>> reg = MLPRegressor(optimizer="sgd", learning_rate=1e30, epochs=2, random_state=0)
    >>> reg.fit([[0.0], [1.0]], [0.0, 1.0])
    Traceback (most recent call last):
    ...
    skdl.exceptions.DivergedError: MLPRegressor(epochs=2, ...) diverged: after 2 epochs its loss or...
    """

    def __init__(self, message: str, history: dict[str, list[float]] | None = None):
        super().__init__(message)
        self.history = {} if history is None else history

    def __reduce__(self) -> tuple[type, tuple[str, dict[str, list[float]]]]:
        # Exceptions are pickled by their args alone; without this a worker process would drop the curves.
        return type(self), (str(self), self.history)


class NotCompilableError(ValueError):
    """``engine="compiled"`` was asked for, and no program can run the fit; raised before any training.

    Examples
    --------
    >>> import keras
    >>> from skdl import MLPClassifier
    >>> stop = keras.callbacks.LambdaCallback()
    >>> MLPClassifier(callbacks=[stop], engine="compiled").fit([[0.0], [1.0]], [0, 1])
    Traceback (most recent call last):
    ...
    skdl.exceptions.NotCompilableError: engine='compiled' cannot run this fit: the callback...
    """


class UnseededWeightsWarning(UserWarning):
    """Some initial weights were drawn at random where ``random_state`` cannot reach them.

    Examples
    --------
    A warning that must not pass unseen is made an error:

    >>> import warnings
    >>> from skdl.exceptions import UnseededWeightsWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", UnseededWeightsWarning)
    """
