"""Parameters of an estimator that go elsewhere: to the build function, the optimizer, a callback.

They live in one dict of the estimator, beside its own arguments, and `get_params` shows both. The names that
a build function takes are known from its signature, so that a misspelt one is an error.
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from sklearn.base import clone

from skdl.common.declarations import advice_on
from skdl.common.keras_import import load_keras
from skdl.common.parameter_checks import did_you_mean
from skdl.common.signatures import arguments_of
from skdl.exceptions import InvalidParameterError
from skdl.training.optimizers import SETTINGS

# What a build function may ask for by name and a user does not set.
GIVEN = ("meta", "compile_kwargs", "params")
PREFIXES = (
    "model",
    "fit",
    "compile",
    "predict",
    "optimizer",
    "loss",
    "metrics",
    "callbacks",
    "score",
)

# By class: a search asks every estimator for its parameters several times a fit.
_own_arguments: weakref.WeakKeyDictionary[type, tuple[str, ...]] = weakref.WeakKeyDictionary()


class RoutedParameters:
    """`get_params` and `set_params` over an estimator's own arguments and routed ones."""

    model: Any
    build_fn: Any
    _routed: dict[str, Any]

    def _route(self, kwargs: Mapping[str, Any]) -> None:
        """Keep the further keywords of a constructor."""
        self.__dict__.setdefault("_routed", {})
        for name, value in kwargs.items():
            self._check_name(name)
            self._routed[name] = value

    def _routed_to(self, prefix: str) -> dict[str, Any]:
        """Routed parameters of one destination, by their names there."""
        start = f"{prefix}__"
        return {n.removeprefix(start): v for n, v in self._routed.items() if n.startswith(start)}

    def __getattr__(self, name: str) -> Any:
        routed = self.__dict__.get("_routed", {})
        if name in routed:
            return routed[name]
        if hasattr(type(self), name):
            # A property of this name raised AttributeError: let that error be seen.
            return object.__getattribute__(self, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        routed = self.__dict__.get("_routed", {})
        if (
            name in routed
            or ("__" in name and name.partition("__")[0] in PREFIXES)
            or self._is_bare(name)
        ):
            self.__dict__.setdefault("_routed", routed).pop(f"model__{name}", None)
            self._routed[name] = value
        else:
            super().__setattr__(name, value)

    def _is_bare(self, name: str) -> bool:
        """Whether `name` is an argument of the build function and of nothing else."""
        if name.startswith("_") or name.endswith("_") or "_routed" not in self.__dict__:
            return False
        return name not in self._get_param_names() and name in (self._build_arguments() or {})

    def __sklearn_clone__(self) -> Any:
        twin = super().__sklearn_clone__()  # type: ignore[misc]
        # `get_params` shows the build function's defaults; what was not set stays not set in a clone, so
        # that another build function brings its own.
        routed = twin._routed
        twin._routed = {
            name: routed[name] if name in routed else clone(value, safe=False)
            for name, value in self._routed.items()
        }
        return twin

    def __getstate__(self) -> dict[str, Any]:
        state: Any = super().__getstate__()
        return {**state, "_routed": dict(state["_routed"])}

    @classmethod
    def _get_param_names(cls) -> list[str]:
        """The arguments of the constructors, down to the one that takes no further keywords."""
        known = _own_arguments.get(cls)
        if known is not None:
            return list(known)
        names: set[str] = set()
        for kind in cls.__mro__:
            if "__init__" not in vars(kind) or not issubclass(kind, RoutedParameters):
                continue
            parameters = arguments_of(kind.__init__).values()
            names |= {
                p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
            }
            if not any(p.kind is p.VAR_KEYWORD for p in parameters):
                break
        found = _own_arguments[cls] = tuple(sorted(names - {"self"}))
        return list(found)

    @classmethod
    def _takes_more(cls) -> bool:
        """Whether the constructor takes keywords beyond the arguments that it names."""
        arguments = arguments_of(cls.__init__).values()
        return any(p.kind is p.VAR_KEYWORD for p in arguments)

    @classmethod
    def _all_param_names(cls) -> list[str]:
        """The arguments of all constructors, those too that one of a subclass fills by itself."""
        names = {
            name
            for kind in cls.__mro__
            if issubclass(kind, RoutedParameters) and "__init__" in vars(kind)
            for name, p in arguments_of(kind.__init__).items()
            if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        }
        return sorted(names - {"self"})

    def _all_params(self) -> dict[str, Any]:
        """What `get_params` gives, and what the constructor of a subclass does not let its user set."""
        fixed = {n: getattr(self, n) for n in self._all_param_names() if hasattr(self, n)}
        return fixed | self.get_params()

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """All parameters, those routed elsewhere and the defaults of the build function included.

        Parameters
        ----------
        deep : bool, default=True
            False leaves out what the constructor does not take: routed parameters of a subclass whose
            ``__init__`` has no ``**kwargs``.

        Returns
        -------
        dict
            ``model__units`` and the like for defaults of the build function that were not set.
        """
        found = {
            name: getattr(self, name) for name in self._get_param_names() if hasattr(self, name)
        }
        if not deep and not self._takes_more():
            return found
        for name, default in self._build_defaults().items():
            if name not in self._routed:
                found[f"model__{name}"] = default
        found.update(self._routed)
        return found

    def set_params(self, **params: Any) -> Any:
        """Set parameters by name, routed ones such as ``optimizer__learning_rate`` included.

        Parameters
        ----------
        **params : dict

        Returns
        -------
        self : estimator

        Raises
        ------
        InvalidParameterError
            A name is known neither to the estimator nor to the build function. It is a ``ValueError``.
        """
        before = self.model, dict(self._routed)
        try:
            self._set(params)
        except InvalidParameterError:
            self.model, self._routed = before
            raise
        return self

    def _set(self, params: Mapping[str, Any]) -> None:
        own = set(self._get_param_names())
        routed = {name: value for name, value in params.items() if name not in own}
        if "model" in params:
            self.model = params["model"]
            kept, self._routed = self._routed, {}
            for name in kept:
                self._check_name(
                    name
                )  # what was set for another build function may be unknown here
            self._routed = kept
        for name, value in routed.items():
            self._check_name(name)
            # One value under two names would leave open which of them counts.
            twin = name.removeprefix("model__") if name.startswith("model__") else f"model__{name}"
            self._routed.pop(twin, None)
            self._routed[name] = value
        for name in own & params.keys():
            setattr(self, name, params[name])

    def _build_function(self) -> Callable[..., Any] | None:
        """What builds the network, or None for a ready model and for what is no callable."""
        keras = load_keras()
        given = self.model if self.model is not None else self.build_fn
        if given is None:
            return getattr(self, "_keras_build_fn", None)
        if isinstance(given, keras.Model) or not callable(given):
            return None
        return given

    def _build_arguments(self) -> Mapping[str, inspect.Parameter] | None:
        """The arguments of the build function, none for a ready model, or None where not known."""
        function = self._build_function()
        if function is None:
            given = self.model if self.model is not None else self.build_fn
            return {} if isinstance(given, load_keras().Model) else None
        try:
            return arguments_of(function)
        except (TypeError, ValueError):
            return None

    def _build_defaults(self) -> dict[str, Any]:
        """What the build function takes where nothing is set."""
        arguments = self._build_arguments() or {}
        return {
            name: p.default
            for name, p in arguments.items()
            if p.default is not p.empty
            and name not in GIVEN
            and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        }

    def _check_name(self, name: str) -> None:
        """Raise where parameter `name` would reach nothing."""
        prefix, _, rest = name.partition("__")
        if rest and prefix in PREFIXES and prefix != "model":
            return
        arguments = self._build_arguments()
        if arguments is None or name in self._routed:
            return
        if any(p.kind is p.VAR_KEYWORD for p in arguments.values()):
            if not rest or prefix == "model":
                return
        elif (rest if prefix == "model" and rest else name) in arguments:
            return
        known = [a for a in arguments if a not in GIVEN]
        own = self._get_param_names()
        candidates = (
            [f"model__{a}" for a in known]
            if prefix == "model" and rest
            else [f"{p}__{rest}" for p in PREFIXES]
            if rest
            else [*known, *own, *(f"optimizer__{name}" for name in SETTINGS.names)]
        )
        raise InvalidParameterError(
            f"Invalid parameter {name!r} for {type(self).__name__}: neither the estimator nor its build "
            f"function takes it. {advice_on(name, candidates)}"
        )

    def _check_routes(self, prefix: str, given: Any, *, further: bool = True) -> None:
        """Raise where a parameter routed to `given` would reach nothing."""
        for name in self._routed_to(prefix):
            if "__" in name and not further:
                continue
            check_route(f"{type(self).__name__}: {prefix}__{name}", given, name)


def check_route(label: str, given: Any, name: str) -> None:
    """Raise where `name`, routed to `given`, would reach nothing.

    Parameters
    ----------
    label : str
        How the message begins.
    given : class, or a list or dict of classes
        Instances and functions take no parameters; that is for scikeras to say.
    name : str
        An argument of the class, or ``0__argument`` and ``key__argument`` for one of several.
    """
    head, _, rest = name.partition("__")
    listed = isinstance(given, (list, tuple))
    if listed:
        given = {str(index): part for index, part in enumerate(given)}
    if isinstance(given, Mapping):
        if head in given and rest:
            check_route(label, given[head], rest)
        elif rest and (
            listed and head.isdigit() or not any(_takes(v, head) for v in given.values())
        ):
            raise InvalidParameterError(
                f"{label} is not known. Got {head!r}, expected one of those that it could be for. "
                f"{did_you_mean(head, given)}"
            )
        elif not rest:
            for part in given.values():
                check_route(label, part, name)
    elif inspect.isclass(given) and not _takes(given, head):
        known = [n for n in inspect.signature(given).parameters if n not in ("args", "kwargs")]
        raise InvalidParameterError(
            f"{label} is not known. Got a setting that {given.__name__} does not have. "
            f"{did_you_mean(head, known)}"
        )


def _takes(kind: Any, name: str) -> bool:
    """Whether class `kind` takes argument `name`; a number stands for a positional one."""
    if not inspect.isclass(kind):
        return False
    parameters = inspect.signature(kind).parameters
    kinds = {p.kind for p in parameters.values()}
    if name.isdigit():
        return True
    # Keras's own classes take **kwargs only to refuse what is left over with a message of their own.
    ours = str(kind.__module__).partition(".")[0] == "keras"
    return name in parameters or (inspect.Parameter.VAR_KEYWORD in kinds and not ours)
