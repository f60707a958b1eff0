"""What is special about the classes of PyTorch: while `torch.compile` traces, what it can trace takes their place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import torch

from pairfold.api.genred import GenredBase
from pairfold.api.kernel_solve import KernelSolveBase
from pairfold.lazy.tensor import LazyTensorBase
from pairfold.torch.replay import STEPS

__all__ = ["Routine", "Solver", "Tensor"]


class _Traceable:
    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Return a new routine; while `torch.compile` traces, something that it can trace."""
        return _traced(cls, args, kwargs) if torch.compiler.is_compiling() else super().__new__(cls)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not torch.compiler.is_compiling():
            return super().__call__(*args, **kwargs)  # type: ignore[misc]
        # What a program derives from the class is not known where the graph is carried out.
        kind = next(kind for kind in type(self).__mro__ if kind.__module__.startswith("pairfold."))
        return _traced(kind, (), self._state())(*args, **kwargs)  # type: ignore[attr-defined]


def _traced(kind: type[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    from pairfold.torch.traced import TracedRoutine  # noqa: PLC0415 - it imports the compiler

    return TracedRoutine(f"{kind.__module__}:{kind.__qualname__}", args, kwargs)


class Routine(_Traceable):
    """Derivatives of any order are reductions too: two of them for all gradients together, one over j and one over i.

    The gradient of a minimum or maximum goes to the entry that attains it; indices have none. Results of float16 and
    bfloat16 tensors are computed in float32 and rounded.
    """

    carry_out = GenredBase.__call__


class Solver(_Traceable):
    """The derivatives with respect to b, to all other arguments and to alpha, a number or a tensor with one entry, are
    implicit: they cost one more solution, whatever number of iterations the solution took, and no memory.
    """  # noqa: D205

    carry_out = KernelSolveBase.__call__


class Tensor:
    """Reductions are differentiable, to any order and in every mode of PyTorch."""

    __slots__ = ()
    is_replayed: ClassVar[bool] = False

    def __new__(cls, x: Any = None, axis: int | None = None, is_complex: bool = False) -> Any:
        """Return a new tensor; while `torch.compile` traces, something that it can trace."""
        if cls.is_replayed or not torch.compiler.is_compiling():
            return super().__new__(cls, x, axis, is_complex)  # type: ignore[call-arg]
        from pairfold.torch.traced import call_traced  # noqa: PLC0415 - it imports the compiler

        origin = f"{cls.__module__}:{cls.__qualname__}"
        return call_traced(origin, "new", (origin, x, axis, is_complex), {}, is_lazy=True)

    @staticmethod
    def concatenate(tensors: Iterable[Any], axis: int = -1) -> Any:
        """Join tensors along their last axis, the only one that can be joined."""
        if not torch.compiler.is_compiling():
            return LazyTensorBase.concatenate(tensors, axis)
        from pairfold.torch.traced import call_traced  # noqa: PLC0415 - it imports the compiler

        given = tuple(tensors)
        return call_traced(given[0]._origin, "concatenate", (given, axis), {}, is_lazy=True)

    @staticmethod
    def cat(tensors: Iterable[Any], dim: int = -1) -> Any:
        """Return `concatenate` of `tensors`, by the name that PyTorch gives it."""
        return Tensor.concatenate(tensors, dim)


STEPS["concatenate"] = LazyTensorBase.concatenate
