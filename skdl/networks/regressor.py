"""A ready network that predicts numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import Tags

from skdl.engine.network.network import Network
from skdl.engine.network.state import NetworkState
from skdl.estimators.fit_job import MadeNetwork
from skdl.networks.base import ReadyNetwork


class ReadyRegressor(RegressorMixin, ReadyNetwork, BaseEstimator):
    """One number or several numbers a row."""

    _estimator_kind = "regressor"

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.input_tags.sparse = True
        return tags

    def _make_network(self, X: Any, y: np.ndarray, *, classes: Any, weighted: bool) -> MadeNetwork:
        target = self._network_y(y)
        network = self._ready_network(
            X.shape[1],
            target,
            y.reshape(len(y), -1).shape[1],
            output_activation=None,
            n_classes=None,
            weighted=weighted,
        )
        return MadeNetwork(network, target)

    def _initial_state(
        self, network: Network, y: np.ndarray, rows: np.ndarray, weight: np.ndarray | None
    ) -> NetworkState:
        state = super()._initial_state(network, y, rows, weight)
        # From zero, a target far from zero costs many epochs before anything else is learnt.
        mean = np.average(
            y.reshape(len(y), -1)[rows], axis=0, weights=None if weight is None else weight[rows]
        )
        values = list(state.variables)
        values[network.last_bias] = mean.astype(values[network.last_bias].dtype)
        return replace(state, variables=tuple(values))

    def _network_y(self, y: np.ndarray) -> np.ndarray:
        return y.astype(np.float64)

    def predict(self, X: Any) -> np.ndarray:
        """The predicted value of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs), float64
            As the `y` of `fit`.
        """
        outputs = np.asarray(self._outputs(X), dtype=np.float64)
        return outputs.reshape(len(outputs), *self._learnt.target_shape)
