"""Each public estimator has one explicit constructor, which is what its declarations say."""

import copy
import functools
import inspect
import pickle
import typing

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.linear_model import Ridge

import skdl
from skdl import KerasClassifier, MLPClassifier, MLPRegressor
from skdl.exceptions import InvalidParameterError
from tests.conftest import KINDS, make
from tests.networks_for_tests import build_classifier

IRIS = load_iris(return_X_y=True)
# How many arguments may be given without a name.
POSITIONAL = {kind: 2 if kind.startswith("MLP") else 1 for kind in KINDS}


def of_constructor(kind):
    """The arguments of a constructor, without ``self`` and further keywords."""
    arguments = inspect.signature(getattr(skdl, kind).__init__).parameters
    return [
        one for one in arguments.values() if one.name != "self" and one.kind is not one.VAR_KEYWORD
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_the_signature_is_what_is_declared(kind):
    declared = getattr(skdl, kind)._declared
    assert [
        (argument.name, argument.default, argument.annotation) for argument in of_constructor(kind)
    ] == [(one.name, one.default, one.annotation) for one in declared]


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_arguments_are_positional_and_all_others_are_not(kind):
    kinds = [one.kind for one in of_constructor(kind)]
    first = POSITIONAL[kind]
    assert set(kinds[:first]) == {inspect.Parameter.POSITIONAL_OR_KEYWORD}
    assert set(kinds[first:]) == {inspect.Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize("kind", KINDS)
def test_no_base_class_has_a_constructor(kind):
    cls = getattr(skdl, kind)
    assert inspect.signature(cls) == inspect.signature(cls.__init__).replace(
        parameters=list(inspect.signature(cls.__init__).parameters.values())[1:],
        return_annotation=inspect.signature(cls).return_annotation,
    )
    others = [one for one in cls.__mro__[1:] if one.__module__.startswith("skdl.")]
    assert [one.__name__ for one in others if "__init__" in vars(one)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_annotations_are_types(kind):
    hints = typing.get_type_hints(getattr(skdl, kind).__init__)
    assert set(hints) >= {one.name for one in of_constructor(kind)}
    assert hints["epochs"] is int
    assert hints["monitor"] == str | None
    assert "seed_" in typing.get_type_hints(getattr(skdl, kind))


@pytest.mark.parametrize("kind", KINDS)
def test_every_argument_is_kept_as_it_came(kind):
    given = {
        one.name: object() for one in of_constructor(kind) if one.name not in ("model", "build_fn")
    }
    made = getattr(skdl, kind)(**given)
    assert {name: getattr(made, name) for name in given} == given
    assert set(vars(made)) - {"_routed"} == {one.name for one in of_constructor(kind)}


@pytest.mark.parametrize("kind", KINDS)
def test_every_argument_is_in_the_docstring_with_its_default(kind):
    text = getattr(skdl, kind).__doc__
    for one in getattr(skdl, kind)._declared:
        default = f'"{one.default}"' if isinstance(one.default, str) else one.default
        assert f"\n    {one.name} : {one.kind}, default={default}\n" in text


def test_two_numbers_are_layers_and_units():
    clf = MLPClassifier(2, 7, epochs=1, random_state=0).fit(*IRIS)
    assert [layer.units for layer in clf.model_.layers] == [7, 7, 3]


def test_one_number_is_one_hidden_layer():
    clf = MLPClassifier(hidden_layer_sizes=16, epochs=1, random_state=0).fit(*IRIS)
    tuples = MLPClassifier(hidden_layer_sizes=(16,), epochs=1, random_state=0).fit(*IRIS)
    np.testing.assert_array_equal(clf.predict_proba(IRIS[0]), tuples.predict_proba(IRIS[0]))
    with pytest.raises(InvalidParameterError, match="hidden_layer_sizes=0 is out of range"):
        MLPClassifier(hidden_layer_sizes=0).fit(*IRIS)


class Fewer(MLPClassifier):
    """A network of one width, as a user's subclass with a constructor of its own."""

    def __init__(self, width=8, random_state=None):
        super().__init__(units=width, epochs=1, random_state=random_state)
        self.width = width


class More(MLPClassifier):
    """All hyperparameters that a subclass names, and one more."""

    def __init__(self, units=8, *, epochs=1, random_state=None, temperature=1.0):
        super().__init__(units=units, epochs=epochs, random_state=random_state)
        self.temperature = temperature

    def predict_proba(self, X):
        odds = super().predict_proba(X) ** (1 / self.temperature)
        return odds / odds.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("subclass", "predicts_as_its_base"),
    [(Fewer(random_state=0), True), (More(random_state=0, temperature=3.0), False)],
)
def test_subclasses_with_constructors_of_their_own(subclass, predicts_as_its_base):
    X, y = IRIS
    twin = clone(subclass)
    assert twin.get_params() == subclass.get_params()
    assert set(twin.get_params()) == set(inspect.signature(type(subclass)).parameters)
    fitted = twin.fit(X, y)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))
    plain = MLPClassifier(units=8, epochs=1, random_state=0).fit(X, y)
    same = np.array_equal(fitted.predict_proba(X), plain.predict_proba(X))
    assert same is predicts_as_its_base


def test_an_unknown_name_is_told_from_those_of_a_subclass():
    with pytest.raises(TypeError, match="argument 'temperatur'. Did you mean 'temperature'"):
        More(temperatur=1)


@pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("drop_out", "Did you mean 'dropout'"),
        ("max_iter", "scikit-learn's 'max_iter' is called 'epochs' here"),
        ("solver", "scikit-learn's 'solver' is called 'optimizer' here"),
        ("alpha", r"'alpha' is called 'l2' here, with l2 = alpha / \(2 \* batch_size\)."),
        (
            "learning_rate_init",
            "scikit-learn's 'learning_rate_init' is called 'learning_rate' here",
        ),
        ("n_iter_no_change", "scikit-learn's 'n_iter_no_change' is called 'patience' here"),
        (
            "validation_fraction",
            "scikit-learn's 'validation_fraction' is called 'validation_split' here",
        ),
    ],
)
def test_an_unknown_name_says_which_one_may_have_been_meant(estimator, name, words):
    with pytest.raises(TypeError, match=rf"unexpected keyword argument '{name}'. .*{words}"):
        estimator(**{name: 1})
    made = estimator()
    with pytest.raises(InvalidParameterError, match=rf"Invalid parameter '{name}' for .*{words}"):
        made.set_params(**{name: 1, "units": 3})
    assert made.units == 128


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("patienc", "Did you mean 'patience'"),
        ("unit", "Did you mean 'units'"),
        ("max_iter", "scikit-learn's 'max_iter' is called 'epochs' here"),
        ("learning_rate_init", "is called 'optimizer__learning_rate' here"),
    ],
)
def test_wrappers_say_so_too(name, words):
    for ask in (
        lambda: KerasClassifier(build_classifier, **{name: 1}),
        lambda: KerasClassifier(build_classifier).set_params(**{name: 1}),
    ):
        with pytest.raises(
            InvalidParameterError, match=rf"Invalid parameter '{name}' for .*{words}"
        ):
            ask()


class Nesting(MLPClassifier):
    """A subclass that holds another estimator."""

    def __init__(self, base=None, epochs=1):
        super().__init__(epochs=epochs)
        self.base = base


def test_a_nested_name_reaches_the_estimator_inside():
    made = Nesting().set_params(base=Ridge(), base__alpha=2.0, epochs=3)
    assert (made.base.alpha, made.epochs) == (2.0, 3)
    wrapper = Nesting(base=KerasClassifier(build_classifier))
    wrapper.set_params(base__optimizer__learning_rate=0.5)
    assert wrapper.base.get_params()["optimizer__learning_rate"] == 0.5


def renamed(constructor):
    """A constructor that still takes the old name of an argument, as a deprecation does it."""

    @functools.wraps(constructor)
    def wrapper(self, *args, width=None, **kwargs):
        constructor(self, *args, **kwargs if width is None else {"units": width, **kwargs})

    return wrapper


class Renamed(MLPClassifier):
    @renamed
    def __init__(self, units=5):
        super().__init__(units=units)


class Noting:
    """A class that looks at what an object is made of."""

    def __new__(cls, *args, **kwargs):
        made = super().__new__(cls)
        made.noted_ = (args, kwargs)
        return made


class Mixed(MLPClassifier, Noting):
    pass


def test_constructors_and_classes_of_users_get_all_arguments():
    assert Renamed(width=3).units == 3
    mixed = Mixed(2, units=9)
    assert (mixed.n_layers, mixed.units, mixed.noted_) == (2, 9, ((2,), {"units": 9}))


def test_a_nested_name_is_unknown_where_nothing_is_nested():
    with pytest.raises(InvalidParameterError, match="Invalid parameter 'optimizer__learning_rate'"):
        MLPClassifier().set_params(optimizer__learning_rate=0.1)


@pytest.mark.parametrize("kind", KINDS)
def test_copies_are_made_without_arguments(kind):
    made = make(kind)
    for twin in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert type(twin) is type(made)
        assert twin.epochs == made.epochs


def test_the_logarithm_of_probabilities():
    X, y = IRIS
    clf = MLPClassifier(units=4, epochs=2, random_state=0).fit(X, y)
    np.testing.assert_array_equal(clf.predict_log_proba(X), np.log(clf.predict_proba(X)))
    certain = MLPClassifier(units=4, epochs=1, random_state=0).fit(X, y)
    certain.model_.layers[-1].bias.assign([1e4, 0.0, 0.0])
    logarithms = certain.predict_log_proba(X[:2])
    assert logarithms[:, 0].tolist() == [0.0, 0.0]
    assert np.isneginf(logarithms[:, 1:]).all()
