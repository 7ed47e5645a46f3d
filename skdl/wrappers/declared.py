"""The hyperparameters of the wrappers, each declared once, and their fitted attributes."""

from __future__ import annotations

from skdl.common.declarations import Declaration, Declarations, Group
from skdl.common.parameter_checks import BOOLEAN, NONE, Kind, Number
from skdl.estimators import declared
from skdl.estimators.declared import ATTRIBUTES as OF_ALL
from skdl.training.optimizers import OPTIMIZER
from skdl.training.schedules import SCHEDULE
from skdl.training.stopping import STOPPING

ALL_ROWS = Number(-1, -1, integer=True)  # as scikeras says it

NETWORK = Group(
    "Network",
    (
        Declaration(
            "model",
            None,
            (),  # `UserNetwork` checks it
            "Any",
            "callable or keras.Model",
            "A function that returns a network, compiled or not, and may take ``meta`` (what was learnt from "
            "the data, such as ``n_features_in_``, ``n_classes_``, ``target_type_``), ``compile_kwargs`` "
            "(optimizer, loss and metrics, ready for ``compile``), ``params`` (all parameters) and arguments "
            "of its own, which become parameters of the estimator. A ready network is copied, never "
            "trained in place, and each fit starts from its weights. None where a subclass has a "
            "``_keras_build_fn``.",
        ),
        Declaration(
            "build_fn",
            None,
            (),
            "Any",
            "callable",
            "The old name of `model`, which scikeras still takes.",
        ),
        Declaration(
            "reuse_build",
            True,
            (BOOLEAN,),
            "bool",
            "bool",
            "Whether fits that would call the build function with the same arguments share what it built, "
            "such as the folds of a search. Set it to False for a function that gives another network each "
            "time.",
        ),
        Declaration(
            "run_eagerly",
            False,
            (),  # Keras takes whatever is true or false
            "bool",
            "bool",
            "As in `keras.Model.compile`.",
        ),
    ),
)
OF_COMPILE = (
    OPTIMIZER.but(
        default="rmsprop",
        rules=(),
        text="The optimizer. It is used only if the build function returns a network that is not compiled; "
        "so are `loss` and `metrics`. An instance is copied.",
    ),
    Declaration(
        "loss",
        None,
        (),
        "Any",
        "str, class, keras.losses.Loss, callable, or a list or dict of them",
        "None is inferred from the target and the outputs: binary crossentropy, sparse categorical or "
        "categorical crossentropy, mean squared error. Another one than the network was compiled with is an "
        "error.",
    ),
    Declaration(
        "metrics",
        None,
        (),
        "Any",
        "list, dict or one of what Keras takes",
        "Keras metrics to follow in ``history_``.",
    ),
)
CLASS_WEIGHT = declared.CLASS_WEIGHT.but(
    rules=(
        *declared.CLASS_WEIGHT.rules,
        Kind(
            lambda v: isinstance(v, (list, tuple)),
            "a list of dicts, one for each output",
            "[{0: 1.0, 1: 2.0}]",
        ),
    ),
    annotation="Mapping[Any, float] | Sequence[Mapping[Any, float]] | str | None",
    kind='dict, list of dict or "balanced"',
    text=f"{declared.CLASS_WEIGHT.text} For labels in several columns, a list has a dict for each column.",
)
# Of the network, and not of how it is trained.
OF_NETWORK = ("model", "build_fn", "run_eagerly", "optimizer", "loss", "metrics", "precision")

ATTRIBUTES = f"""model_ : keras.Model
        The trained network, with the ``history`` that Keras leaves there: that of the last fit.
    history_ : dict of str to list of float
        Loss and metrics by epoch, by Keras's names; those that begin with ``val_`` are of the validation
        data.
    target_encoder_, feature_encoder_ : transformer
        Between scikit-learn's form of the data and the network's.
    {OF_ALL}"""

FURTHER = """**kwargs : dict
        Arguments of the build function (``units`` or ``model__units``), and what goes to
        ``optimizer__``, ``loss__``, ``metrics__``, ``callbacks__``, ``fit__``, ``predict__``, ``score__``
        and ``compile__``. All of it is seen by `get_params`; a misspelt name is an error."""


def _declarations(*, classifier: bool) -> Declarations:
    """The hyperparameters of a wrapper."""
    size = declared.BATCH_SIZE
    return Declarations(
        NETWORK,
        Group("Regularisation", (declared.MIXUP,)),
        Group("Optimizer", OF_COMPILE[:1]),
        SCHEDULE,
        Group(
            "Training",
            (
                size.but(
                    default=None,
                    rules=(NONE, *size.rules, ALL_ROWS),
                    annotation="int | float | str | None",
                    text=f"{size.text} scikeras's name of all rows, -1, is taken too. None is 32.",
                ),
                Declaration(
                    "validation_batch_size",
                    None,
                    (NONE, Number(1, integer=True), ALL_ROWS),
                    "int | None",
                    "int",
                    "Rows in a step of validation. None is `batch_size`.",
                ),
                declared.EPOCHS,
                Declaration(
                    "shuffle",
                    True,
                    (BOOLEAN,),
                    "bool",
                    "bool",
                    "Whether each epoch visits the rows in an order of its own.",
                ),
                *OF_COMPILE[1:],
                *((CLASS_WEIGHT,) if classifier else ()),
                declared.VALIDATION_SPLIT.but(
                    annotation="float | None", text=f"{declared.VALIDATION_SPLIT.text} None is 0."
                ),
                declared.VALIDATION_SHUFFLE,
                declared.PRECISION,
                declared.CALLBACKS.but(
                    rules=(),  # `made_callbacks` checks them
                    kind="keras.callbacks.Callback, class, or a list or dict of them",
                    text="Classes are made anew for each fit, with ``callbacks__patience`` and the like.",
                ),
                declared.WARM_START.but(rules=()),  # scikeras takes whatever is true or false
                declared.RANDOM_STATE.but(
                    text=f"{declared.RANDOM_STATE.text} What the build function seeds or loads itself stays."
                ),
                declared.VERBOSE,
                declared.ENGINE,
            ),
        ),
        STOPPING,
    )


OF_CLASSIFIER = _declarations(classifier=True)
OF_REGRESSOR = _declarations(classifier=False)
# What a build function may well have an argument of, too.
OF_TRAINING = (*SCHEDULE.names, *STOPPING.names, "mixup", "precision")
