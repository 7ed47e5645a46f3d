"""From a `FitJob` to a `FitResult`. Knows Keras, knows nothing of scikit-learn."""
