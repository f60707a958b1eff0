"""What is special about the classes of JAX."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pairfold.api import routine
from pairfold.api.call_plan import CallPlan, Key
from pairfold.errors import ArgumentTypeError

__all__ = ["Routine", "Solver", "Tensor"]


class _Routine(routine.Routine):
    """A routine whose arguments may be weakly typed."""

    def __call__(
        self, args: Sequence[Any], *, keys: tuple[Key, ...] | None = None, out: Any = None, **rest: Any
    ) -> Any:
        if out is not None:
            raise ArgumentTypeError("JAX arrays cannot be written to, so there is no out=: use what the call returns.")
        args, keys = self._known(args, keys)
        return super().__call__(args, keys=keys, **rest)

    def plan(self, args: Sequence[Any], keys: tuple[Key, ...] | None = None) -> CallPlan:
        return super().plan(*self._known(args, keys))

    def _known(self, args: Sequence[Any], keys: tuple[Key, ...] | None) -> tuple[Sequence[Any], tuple[Key, ...]]:
        if keys is None:
            args = [self.as_array(arg, position) for position, arg in enumerate(args)]
            keys = tuple(map(self.adapter.key, args))
        return args, keys


class Routine:
    """Derivatives of any order are reductions too, in every transform of JAX: `grad`, `jvp`, `vmap`, `jit`, `scan`, ...

    The gradient of a minimum or maximum goes to the entry that attains it; indices have none, and are int32 numbers
    unless ``jax_enable_x64`` is set. Results of float16 and bfloat16 arrays are computed in float32 and rounded.
    """

    routine_type: ClassVar[type[routine.Routine]] = _Routine


class Solver:
    """The derivatives with respect to b, to all other arguments and to alpha, a number or an array with one entry, are
    implicit: they cost one more solution, whatever number of iterations the solution took, and no memory.
    """  # noqa: D205

    routine_type: ClassVar[type[routine.Routine]] = _Routine


class Tensor:
    """Reductions are differentiable, to any order and in every transform of JAX. Tensors are pytrees of arrays."""

    __slots__ = ()
    routine_type: ClassVar[type[routine.Routine]] = _Routine
