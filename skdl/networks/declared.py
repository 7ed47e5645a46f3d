"""The hyperparameters that every ready network has besides those of its layers, and its fitted attributes."""

from __future__ import annotations

from skdl.common.declarations import Declaration, Declarations, Group
from skdl.common.parameter_checks import CALLABLE, NONE, KerasName, Kind, Number
from skdl.estimators import declared
from skdl.estimators.declared import ATTRIBUTES as OF_ALL
from skdl.training.optimizers import OPTIMIZER, SETTINGS
from skdl.training.schedules import SCHEDULE
from skdl.training.stopping import STOPPING

LOSS = Declaration(
    "loss",
    None,
    (KerasName("losses", "'mse'"), CALLABLE, NONE),
    "Any",
    "str, keras.losses.Loss or callable",
    "None takes the mean squared error for a regressor. For a classifier None takes binary crossentropy for "
    "two classes and for several labels, and sparse categorical crossentropy for more classes.",
)
METRICS = Declaration(
    "metrics",
    None,
    (Kind(lambda v: isinstance(v, (list, tuple)), "a list", "['accuracy']"), NONE),
    "list[Any] | None",
    "list",
    "Keras metrics to follow in ``history_``.",
)
LABEL_SMOOTHING = Declaration(
    "label_smoothing",
    0.0,
    (Number(0, 1, high_open=True),),
    "float",
    "float in [0, 1)",
    "The share of each label that is spread evenly over all classes (Szegedy et al., Rethinking the "
    "Inception architecture, 2016).",
    "0.05 to 0.2",
)
# What of these the compiled network depends on, besides the settings of its layers.
OF_COMPILED = (OPTIMIZER.name, *SETTINGS.names, "loss", "metrics", "precision", "label_smoothing")

ATTRIBUTES = f"""model_ : keras.Model
        The trained network, with the ``history`` that Keras leaves there: that of the last fit.
    history_ : dict of str to list of float
        Loss and metrics by epoch; names that begin with ``val_`` are of the validation data.
    {OF_ALL}"""


def declarations_for(*layers: Group, classifier: bool) -> Declarations:
    """The hyperparameters of a family of networks.

    Parameters
    ----------
    *layers : Group
        The hyperparameters of its layers, which its function for a network takes by name.
    classifier : bool
        Whether labels are predicted.
    """
    return Declarations(
        *layers,
        Group("Regularisation", (declared.MIXUP, *((LABEL_SMOOTHING,) if classifier else ()))),
        Group("Optimizer", (OPTIMIZER, *SETTINGS)),
        SCHEDULE,
        Group(
            "Training",
            (
                declared.BATCH_SIZE,
                declared.EPOCHS.but(default=75),
                LOSS,
                METRICS,
                *((declared.CLASS_WEIGHT,) if classifier else ()),
                declared.VALIDATION_SPLIT.but(
                    default=None,
                    annotation="float | None",
                    text=f"{declared.VALIDATION_SPLIT.text} None is 0.1 with `early_stopping` and 0 without.",
                ),
                declared.VALIDATION_SHUFFLE,
                declared.PRECISION,
                declared.CALLBACKS,
                declared.WARM_START,
                declared.RANDOM_STATE,
                declared.VERBOSE,
                declared.ENGINE,
            ),
        ),
        STOPPING,
    )
