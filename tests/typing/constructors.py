"""What mypy says of the constructors: `make types` checks this file, and fails where an error is missing."""

from skdl import MLPClassifier, MLPRegressor

MLPClassifier(1, 2)
MLPClassifier(units=8, hidden_layer_sizes=16, activation="relu", random_state=0)
MLPRegressor(2, 32, dropout=0.5, validation_split=None)

MLPClassifier(units="a")  # type: ignore[arg-type]
MLPRegressor(epochs=1.5)  # type: ignore[arg-type]
MLPClassifier(1, 2, 3)  # type: ignore[call-arg]
MLPClassifier(max_iter=200)  # type: ignore[call-arg]
