"""Ready networks: hyperparameters in, a Keras model out."""

from skdl.networks.mlp import MLPClassifier, MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
