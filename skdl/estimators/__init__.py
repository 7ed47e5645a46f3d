"""From `fit(X, y)` to fitted attributes, for every estimator."""
