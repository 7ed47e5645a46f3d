"""The code of an estimator runs, and makes it again."""

import math

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import VotingClassifier
from sklearn.feature_selection import SelectKBest, f_classif, mutual_info_classif
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, Ridge
from sklearn.model_selection import KFold, ShuffleSplit
from sklearn.neural_network import MLPClassifier as OtherMLPClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from skdl import KerasClassifier, MLPClassifier
from skdl.report.facts.rebuild import rebuild_code
from tests.hostile_texts import TEXTS, Hostile


def build(meta, units=4):
    raise NotImplementedError


def build_any(meta, **numbers):
    raise NotImplementedError


def made_again(code):
    session = {}
    exec(compile(code.source, "rebuilt", "exec"), session)
    return session["estimator"]


WHOLE = [
    LogisticRegression(),
    LogisticRegression(C=1e-7, class_weight={0: 1.0, 1: 2.5}, max_iter=1000, random_state=0),
    Ridge(alpha=math.inf),
    make_pipeline(StandardScaler(), MLPClassifier(units=64, learning_rate=0.003, random_state=0)),
    Pipeline([("scale", "passthrough"), ("net", MLPClassifier(early_stopping=True, patience=5))]),
    KerasClassifier(build, optimizer="adam", model__units=3, epochs=7),
    SelectKBest(f_classif, k=3),
    SelectKBest(mutual_info_classif, k="all"),
    FunctionTransformer(np.log1p, inverse_func=np.expm1, kw_args={"out": None}),
    GaussianProcessClassifier(2.0 * RBF(3.0) + WhiteKernel()),
    CalibratedClassifierCV(SVC(C=3.0), cv=KFold(3, shuffle=True, random_state=7)),
    ColumnTransformer(
        [
            ("a", StandardScaler(), [0, 1]),
            ("b", OneHotEncoder(), slice(2, None)),
            ("c", "drop", "x"),
        ]
    ),
    FeatureUnion(
        [("one", StandardScaler()), ("two", "passthrough")], transformer_weights={"one": 2}
    ),
    TransformedTargetRegressor(Ridge(alpha=3), func=np.log1p, inverse_func=np.expm1),
    VotingClassifier(
        [("ours", MLPClassifier(epochs=3)), ("theirs", OtherMLPClassifier(alpha=0.1))]
    ),
    OneHotEncoder(categories=[["a", "b'\"\n"], [1, None, math.nan]], dtype=np.float32),
    OneHotEncoder(categories=[[]], drop=("x",)),
    OneHotEncoder(categories=[list(range(100))]),
    FunctionTransformer(kw_args={"z": complex(0, math.inf), "a": {3, 1}, "m": (frozenset(), ...)}),
    KerasClassifier(build_any, **{"model__a b": 1}),
    *(Hostile(text, number=3) for text in TEXTS),
]


@pytest.mark.parametrize("estimator", WHOLE, ids=lambda one: type(one).__name__)
def test_code_makes_the_estimator_again(estimator):
    code = rebuild_code(estimator)
    assert code.complete, code.source
    assert repr(made_again(code)) == repr(clone(estimator))
    # A repr shortens what is long.
    for name, value in clone(estimator).get_params().items():
        if not isinstance(value, (BaseEstimator, list, dict)):
            assert repr(made_again(code).get_params()[name]) == repr(value), name
    assert max(map(len, code.source.splitlines())) <= 400


def test_only_what_is_no_default_is_written():
    code = rebuild_code(make_pipeline(StandardScaler(), MLPClassifier(units=64)))
    assert code.source == (
        "from skdl import MLPClassifier\n"
        "from sklearn.pipeline import Pipeline\n"
        "from sklearn.preprocessing import StandardScaler\n"
        "\n"
        "estimator = Pipeline(\n"
        "    steps=[\n"
        "        ('standardscaler', StandardScaler()),\n"
        "        ('mlpclassifier', MLPClassifier(units=64))\n"
        "    ]\n"
        ")\n"
    )
    assert code.seeds == (("mlpclassifier__random_state", "None"),)


def test_numbers_of_numpy_become_numbers():
    drawn = MLPClassifier(
        learning_rate=np.float64(0.25), units=np.int64(8), early_stopping=np.True_
    )
    code = rebuild_code(drawn)
    assert "learning_rate=0.25" in code.source
    assert "units=8" in code.source
    assert made_again(code).get_params() == drawn.get_params()


def test_the_entries_of_a_dict_keep_their_order():
    again = made_again(rebuild_code(FunctionTransformer(kw_args={"z": 1, "a": 2})))
    assert list(again.kw_args) == ["z", "a"]


KERNEL, PART = RBF(1.0), FunctionTransformer(lambda x: x)


class WithKernel(BaseEstimator):
    def __init__(self, kernel=KERNEL):
        self.kernel = kernel


def test_a_kernel_keeps_all_digits():
    """Its repr has three."""
    assert repr(RBF(1.00001)) == repr(RBF(1.0))
    assert made_again(rebuild_code(WithKernel(RBF(1.00001)))).kernel == RBF(1.00001)
    assert "kernel" not in rebuild_code(WithKernel(RBF(1.0))).source


class WithPart(BaseEstimator):
    def __init__(self, part=PART):
        self.part = part


def test_what_cannot_be_compared_is_not_taken_for_the_default():
    assert rebuild_code(WithPart()).complete
    code = rebuild_code(WithPart(FunctionTransformer(lambda x: x + 1)))
    assert "# part__func: a lambda, which cannot be written as code\n" in code.source
    assert not code.complete


def test_two_classes_of_one_name_are_told_apart():
    both = VotingClassifier([("a", MLPClassifier()), ("b", OtherMLPClassifier())])
    again = made_again(rebuild_code(both))
    assert [type(one) for _, one in again.estimators] == [MLPClassifier, OtherMLPClassifier]


@pytest.mark.parametrize(
    ("estimator", "told"),
    [
        (FunctionTransformer(lambda x: x), "# func: a lambda, which cannot be written as code"),
        (MLPClassifier(callbacks=[object()]), "# callbacks: a object, which cannot be written"),
        (
            LogisticRegression(random_state=np.random.RandomState(0)),
            "# random_state: a RandomState, which cannot be written as code",
        ),
        (OneHotEncoder(categories=[np.array([1, 2])]), "# categories: a ndarray"),
        (FunctionTransformer("".join), "# func: str.join, which"),
        (FunctionTransformer(type(None)), "# func: NoneType, which builtins does not hold"),
    ],
)
def test_what_is_no_code_is_said_in_a_comment(estimator, told):
    code = rebuild_code(estimator)
    assert not code.complete
    assert told in code.source
    assert type(made_again(code)) is type(estimator)


def test_a_function_inside_of_another_is_named():
    def local(x):
        return x

    code = rebuild_code(FunctionTransformer(local))
    assert "local, which no module holds, which cannot be written as code" in code.source
    assert not code.complete


def test_what_is_defined_in_the_program_itself_has_to_be_brought(monkeypatch):
    monkeypatch.setattr(build, "__module__", "__main__")
    code = rebuild_code(KerasClassifier(build))
    assert "# build is defined in your own program: bring it here.\n" in code.source
    assert "KerasClassifier(model=build, model__units=4)" in code.source
    assert not code.complete


def test_classes_of_one_name_of_which_one_is_of_the_program_itself(monkeypatch):
    monkeypatch.setattr(OtherMLPClassifier, "__module__", "__main__")
    code = rebuild_code(VotingClassifier([("a", MLPClassifier()), ("b", OtherMLPClassifier())]))
    assert "# MLPClassifier is defined in your own program: bring it here.\n" in code.source
    assert "import __main__" not in code.source
    assert not code.complete


def test_arguments_of_a_splitter_are_those_of_its_signature():
    code = rebuild_code(LogisticRegressionCV(cv=ShuffleSplit(3)))
    assert "cv=ShuffleSplit(n_splits=3)" in code.source
    assert made_again(code).cv.n_splits == 3


def test_a_time_is_no_number():
    code = rebuild_code(FunctionTransformer(kw_args={"since": np.datetime64("2020-01-01", "ns")}))
    assert "# kw_args: a datetime64, which cannot be written as code" in code.source
    assert not code.complete


def test_the_container_of_an_output_is_asked_for_again():
    inner = StandardScaler().set_output(transform="pandas")
    for model in (make_pipeline(StandardScaler(), Ridge()).set_output(transform="pandas"), inner):
        code = rebuild_code(clone(model))
        assert code.complete
        again = made_again(code)
        scaler = again[0] if isinstance(again, Pipeline) else again
        assert type(scaler.fit_transform([[0.0], [1.0]])).__name__ == "DataFrame"
    assert rebuild_code(inner).source.endswith(
        "estimator = StandardScaler().set_output(transform='pandas')\n"
    )


def test_requests_of_metadata_are_said_to_be_missing():
    with config_context(enable_metadata_routing=True):
        model = make_pipeline(StandardScaler(), Ridge().set_fit_request(sample_weight=True))
        code = rebuild_code(clone(model))
    assert "# ridge asks for metadata by set_*_request: ask for them again.\n" in code.source
    assert not code.complete


def test_a_long_double_is_no_number_of_python():
    code = rebuild_code(Ridge(alpha=np.longdouble(0.5)))
    assert "# alpha: a longdouble, which cannot be written as code" in code.source
    assert not code.complete


def test_a_fitted_part_is_said_to_be_made_unfitted():
    fitted = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    code = rebuild_code(clone(FrozenEstimator(fitted)))
    assert "# estimator was fitted before the search: this makes it unfitted." in code.source
    assert not code.complete


def test_a_class_that_cannot_be_imported_is_said():
    lost = type("Lost", (BaseEstimator,), {"__module__": __name__})
    code = rebuild_code(lost())
    assert code.source.startswith(f"# The estimator is Lost, which {__name__} does not hold")
    assert not code.complete
