"""What each parameter and each attribute of the wrappers is."""

from __future__ import annotations

from skdl.training.controls import ATTRIBUTES as OF_TRAINING
from skdl.training.controls import PARAMETERS as CONTROL_PARAMETERS

PARAMETERS = """model : callable or keras.Model, default=None
        A function that returns a network, compiled or not, and may take ``meta`` (what was learnt from the
        data, such as ``n_features_in_``, ``n_classes_``, ``target_type_``), ``compile_kwargs`` (optimizer,
        loss and metrics, ready for ``compile``), ``params`` (all parameters) and arguments of its own,
        which become parameters of the estimator. A ready network is copied, never trained in place, and
        each fit starts from its weights. None where a subclass has a ``_keras_build_fn``.
    build_fn : callable, default=None
        scikeras's old name of `model`.
    warm_start : bool, default=False
        Whether `fit` goes on from the present weights and the optimizer's state. Parameters of the network
        and the optimizer that were changed since are then not taken up.
    random_state : int, RandomState or None, default=None
        Seed of initial weights, order of rows, noise layers and validation split. None draws fresh
        entropy, kept as ``seed_``. The state of a RandomState is read and not advanced. What the build
        function seeds or loads itself stays.
    optimizer : str, class or keras.optimizers.Optimizer, default="rmsprop"
        Of a network that the build function did not compile, as the next two. An instance is copied.
    loss : str, class, keras.losses.Loss, callable, or a list or dict of them, default=None
        None is inferred from the target and the outputs: binary crossentropy, sparse categorical or
        categorical crossentropy, mean squared error. Another one than the network was compiled with is an
        error.
    metrics : list, dict or one of what Keras takes, default=None
    batch_size : int, float in (0, 1) or "full", default=None
        Rows in a step: a number of them, a fraction of those to train on, or all, which scikeras calls -1.
        None is 32.
    validation_batch_size : int, default=None
        None is `batch_size`.
    verbose : int or "auto", default=0
        As in `keras.Model.fit`; a compiled fit prints a line for each epoch.
    callbacks : keras.callbacks.Callback, class, or a list or dict of them, default=None
        Classes are made anew for each fit, with ``callbacks__patience`` and the like.
    validation_split : float in [0, 1), default=0.0
        The fraction of the rows of `fit` held out to watch training, never to train on.
    validation_shuffle : bool, default=True
        Whether these rows are drawn at random{split}; if not they are the last ones, as in Keras.
    shuffle : bool, default=True
        Whether each epoch visits the rows in an order of its own.
    run_eagerly : bool, default=False
        As in `keras.Model.compile`.
    epochs : int, default=1
        Passes over the training rows.
    {controls}engine : {{"auto", "compiled", "keras"}}, default="auto"
        "auto" trains by a compiled program, and through `keras.Model.fit` what cannot be compiled;
        "compiled" makes that an error that says why; "keras" always trains through `keras.Model.fit`.
    reuse_build : bool, default=True
        Whether fits that would call the build function with the same arguments share what it built, such
        as the folds of a search. Set it to False for a function that gives another network each time.
    {extra}**kwargs : dict
        Arguments of the build function (``units`` or ``model__units``), and what goes to
        ``optimizer__``, ``loss__``, ``metrics__``, ``callbacks__``, ``fit__``, ``predict__``, ``score__``
        and ``compile__``. All of it is seen by `get_params`; a misspelt name is an error."""

ATTRIBUTES = f"""model_ : keras.Model
        The trained network, with the ``history`` that Keras leaves there: that of the last fit.
    history_ : dict of str to list of float
        Loss and metrics by epoch, by Keras's names; those that begin with ``val_`` are of the validation
        data.
    {OF_TRAINING}
    target_encoder_, feature_encoder_ : transformer
        Between scikit-learn's form of the data and the network's.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Only where `X` had names."""


CLASS_WEIGHT = """class_weight : dict or "balanced", default=None
        Weights of the classes' rows in the loss, also in that of validation; "balanced" makes all classes
        count the same, rows counted by their sample weight.
    """


def parameters(**parts: str) -> str:
    """The descriptions of the parameters, with the parts in which the two estimators differ."""
    return PARAMETERS.format(controls=CONTROL_PARAMETERS, **parts)
