"""What a subclass's ``_keras_build_fn`` reads from its estimator, and what it sets there.

Both decide which fits may share a network: the attributes that were read are part of its key, and those that
were set belong to each estimator whose network it is.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from skdl.engine.network.facts import Facts

_UNSET = object()


def recorded_method(
    method: Callable[..., Any], estimator: Any, read: Facts, written: dict[str, Any]
) -> Callable[..., Any]:
    """`method`, bound to a stand-in of `estimator` that notes what is asked of it.

    Parameters
    ----------
    method : callable
        Whatever builds the network; only a method of `estimator` can ask it for something.
    estimator : object
        It is not changed.
    read : Facts
        The attributes of `estimator`; notes those that are read.
    written : dict
        Takes the attributes that are set, by their names.

    Returns
    -------
    callable

    Examples
    --------
    >>> class Estimator:
    ...     units = None
    ...     def build(self):
    ...         self.built_ = True
    ...         return self.units
    >>> estimator, read, written = Estimator(), Facts({"units": 3, "seed": 0}), {}
    >>> recorded_method(estimator.build, estimator, read, written)()
    3
    >>> read.read, written, vars(estimator)
    ({'units'}, {'built_': True}, {})
    """
    if getattr(method, "__self__", None) is not estimator:
        return method
    stand_in = _stand_in(estimator, read, written)
    return types.MethodType(method.__func__, stand_in)  # type: ignore[attr-defined]


def _stand_in(estimator: Any, read: Facts, written: dict[str, Any]) -> Any:
    kind: Any = type(estimator)
    # Another object of the same class, for what is asked past the attributes: it has them all.
    plain = object.__new__(kind)
    vars(plain).update(read.given)

    class Recorded(kind):
        def __getattribute__(self, name: str) -> Any:
            if name == "__class__":
                return kind
            if name == "__dict__":
                read.read.update(read.given)
                return {**vars(plain)}
            if name in written:
                return written[name]
            if name in vars(plain):
                read.read.add(name)
                return vars(plain)[name]
            found = getattr(kind, name, _UNSET)
            if found is _UNSET:
                # That there is none counts too; a routed parameter is in the dict of these.
                read.read.update((name, "_routed"))
                return kind.__getattr__(plain, name) if hasattr(kind, "__getattr__") else _no(name)
            return super().__getattribute__(name)

        def __setattr__(self, name: str, value: Any) -> None:
            written[name] = value

        def __delattr__(self, name: str) -> None:
            read.read.add(name)
            written.pop(name, None)
            vars(plain).pop(name, None)

    def _no(name: str) -> Any:
        raise AttributeError(f"{kind.__name__!r} object has no attribute {name!r}")

    Recorded.__name__, Recorded.__qualname__ = kind.__name__, kind.__qualname__
    Recorded.__module__ = kind.__module__
    return object.__new__(Recorded)
