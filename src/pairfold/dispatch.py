"""Names that look at the arrays: what `import pairfold` offers beside the modules of the frameworks."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import Any

from pairfold.api.genred import make_generics
from pairfold.api.rooms import room_called, room_of, rooms_in_use
from pairfold.api.states import State
from pairfold.api.tree import TreeBase
from pairfold.engine import Explanation
from pairfold.language.aliases import PLAIN
from pairfold.lazy.complex_tensor import ComplexLazyTensorBase
from pairfold.lazy.methods import make_variables
from pairfold.lazy.tensor import LazyTensorBase

__all__ = [
    "ComplexLazyTensor",
    "Genred",
    "KernelSolve",
    "LazyTensor",
    "Pm",
    "Tree",
    "Var",
    "Vi",
    "Vj",
    "generic_argkmin",
    "generic_argmin",
    "generic_logsumexp",
    "generic_sum",
]

# ---------------------------------------------------------------- LazyTensors


class _AnyLazyTensor(type):
    """The type of a name that stands for one class per framework."""

    base: type[Any]

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.base)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls.base)


class LazyTensor(metaclass=_AnyLazyTensor):
    """A tensor of shape (..., N, M, D) given by a formula of arrays, never stored: for the framework of `x`.

    Calling it gives a LazyTensor of `pairfold.numpy`, `pairfold.torch`, `pairfold.jax` or `pairfold.cupy`, whose
    documentation has the arguments; all are instances of it. Numbers and symbolic variables, which have no array, are
    NumPy's.

    Examples
    --------
    >>> import numpy as np
    >>> import pairfold as pf
    >>> x, y = pf.LazyTensor(np.zeros((3, 1, 2))), pf.LazyTensor(np.ones((1, 4, 2)))
    >>> ((x - y) ** 2).sum(-1).sum(axis=1)
    array([[8.],
           [8.],
           [8.]])
    >>> isinstance(x, pf.LazyTensor)
    True
    """

    base = LazyTensorBase

    def __new__(cls, x: Any = None, axis: int | None = None, is_complex: bool = False) -> Any:
        """Return the LazyTensor of the framework of `x`."""
        return room_of([x]).LazyTensor(x, axis, is_complex)

    @staticmethod
    def concatenate(tensors: Iterable[Any], axis: int = -1) -> Any:
        """Join LazyTensors along their last axis, the only one that can be joined."""
        given = tuple(tensors)
        return type(given[0]).concatenate(given, axis) if given else LazyTensorBase.concatenate(given, axis)

    @staticmethod
    def cat(tensors: Iterable[Any], dim: int = -1) -> Any:
        """Return `concatenate` of `tensors`, by the name that PyTorch gives it."""
        return LazyTensor.concatenate(tensors, dim)


class ComplexLazyTensor(metaclass=_AnyLazyTensor):
    """A LazyTensor of complex numbers, for the framework of its array; see `LazyTensor`."""

    base = ComplexLazyTensorBase

    def __new__(cls, x: Any = None, axis: int | None = None) -> Any:
        """Return the ComplexLazyTensor of the framework of `x`."""
        return room_of([x]).ComplexLazyTensor(x, axis)


class Tree(metaclass=_AnyLazyTensor):
    """Points that are sorted once and used often, in arrays of any framework; see `pairfold.numpy.Tree`."""

    base = TreeBase

    def __new__(cls, points: Any) -> Any:
        """Return the Tree of the framework of `points`."""
        return room_of([points]).Tree(points)


Vi, Vj, Pm, Var = make_variables(LazyTensor)

# ---------------------------------------------------------------- routines


class _AnyRoutine:
    """A routine for every framework; the arguments of a call tell which."""

    dialect = PLAIN

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._arguments = args, kwargs
        self._made: dict[str, Any] = {}
        # What is wrong with the formula is said at once, and no routine is made while `torch.compile` traces a call.
        for room in rooms_in_use():
            self._of(room)

    def _of(self, room: ModuleType) -> Any:
        if room.__name__ not in self._made:
            args, kwargs = self._arguments
            self._made[room.__name__] = getattr(room, type(self).__name__)(*args, **kwargs)
        return self._made[room.__name__]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the routine of the framework of `args`; see `pairfold.numpy`, `pairfold.torch` and so on."""
        return self._of(room_of(args))(*args, **kwargs)

    def explain(self, *args: Any, **kwargs: Any) -> Explanation:
        """Return what the engine does with arguments of these shapes, in words."""
        explanation: Explanation = self._of(room_of(args)).explain(*args, **kwargs)
        return explanation

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._of(room_of(())), name)

    def __repr__(self) -> str:
        return repr(self._of(room_of(())))

    def _repr_html_(self) -> str:
        html: str = self._of(room_of(()))._repr_html_()
        return html

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (type(self), *self._arguments)


def _rebuilt(kind: type[_AnyRoutine], args: tuple[Any, ...], kwargs: dict[str, Any]) -> _AnyRoutine:
    return kind(*args, **kwargs)


class Genred(_AnyRoutine):
    """Generic reduction of a formula string on the arrays of any framework.

    The arguments are those of `pairfold.numpy.Genred` and `pairfold.torch.Genred`; a call with tensors is one of the
    latter, with derivatives.

    Examples
    --------
    >>> import numpy as np
    >>> import pairfold as pf
    >>> distances = pf.Genred("SqDist(x, y)", ["x = Vi(2)", "y = Vj(2)"], axis=1)
    >>> distances(np.zeros((2, 2)), np.ones((4, 2)))
    array([[8.],
           [8.]])
    """

    def partial(self, *args: Any, **kwargs: Any) -> State:
        """Return the state after some of the columns, as the routine of the framework of `args`."""
        state: State = self._of(room_of(args)).partial(*args, **kwargs)
        return state

    def finish(self, state: State) -> Any:
        """Return the result for all columns of a state, in arrays of the framework that it comes from."""
        return self._of(room_called(getattr(state, "framework", ""))).finish(state)


class KernelSolve(_AnyRoutine):
    """Solver of linear systems on the arrays of any framework; see `pairfold.numpy.KernelSolve`."""


generic_sum, generic_logsumexp, generic_argmin, generic_argkmin = make_generics(Genred)

# The names that they are pickled by; a program that sends them to other processes needs them.
for _function in (Vi, Vj, Pm, Var, generic_sum, generic_logsumexp, generic_argmin, generic_argkmin):
    _function.__module__, _function.__qualname__ = "pairfold", _function.__name__
