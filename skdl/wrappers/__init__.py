"""A user's build function as an estimator."""
