"""The gradient of a reduction of a LazyTensor of NumPy arrays, as an array."""

from __future__ import annotations

from math import prod
from typing import Any

from pairfold.api.leaf import Leaf
from pairfold.api.pullback import GradientRoutine
from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.lazy.reduction import CALL_KEYWORDS, LazyReduction
from pairfold.lazy.tensor import LazyTensorBase
from pairfold.lazy.value import value_of

__all__ = ["pull_back_lazy"]


def pull_back_lazy(
    tensor: LazyTensorBase,
    reduction_op: str,
    axis: int,
    v: LazyTensorBase,
    e: Any,
    K: int | None = None,  # noqa: N803 - as for the reductions
    weight: Any = None,
    **kwargs: Any,
) -> Any:
    """Return the gradient of a reduction of `tensor` with respect to the argument `v`, applied to `e`.

    Parameters
    ----------
    tensor : LazyTensor
        What is reduced.
    reduction_op : str
        As for `LazyTensor.reduction`.
    axis : int
        The axis that is reduced: that of i or that of j.
    v : LazyTensor
        One of the arguments of `tensor`: it was made from an array.
    e : array
        The cotangent, shaped like the result (its real outputs side by side).
    K, weight, **kwargs
        As for the reduction.

    Returns
    -------
    array of the shape of the array of v
    """
    if not all(isinstance(one, LazyTensorBase) for one in (tensor, v)):
        raise ArgumentTypeError("A gradient is that of a LazyTensor, by a LazyTensor that was made from an array.")
    leaves = value_of(v).leaves
    if value_of(v).expr.op.name not in ("Var", "Real2Complex") or len(leaves) != 1 or not isinstance(leaves[0], Leaf):
        raise ArgumentTypeError(
            f"A gradient is taken with respect to an argument, such as Vi(x); found the expression {v.formula}."
        )
    settings = {name: kwargs.pop(name) for name in CALL_KEYWORDS if name in kwargs}
    waiting = tensor.reduction(reduction_op, weight, K, axis, call=False, **kwargs)
    if not isinstance(waiting, LazyReduction):
        raise ArgumentValueError(f"axis is {axis!r}; a gradient is that of a reduction over i or j.")
    arrays, adapter = waiting.arguments(()), tensor.adapter
    among = value_of(waiting.tensor).leaves
    if leaves[0] not in among:
        return adapter.prepare(0.0 * leaves[0].array, waiting.tensor.dtype, None, None)
    position = among.index(leaves[0])
    cotangent = adapter.as_array(e)
    cotangent = adapter.as_pairs(cotangent) if tensor.is_complex else cotangent
    extent = waiting.routine.plan(arrays).extent
    points = (*extent.batch, extent.rows)
    if tuple(cotangent.shape[: len(points)]) != points:
        shape = (*points, *waiting.routine.problem.shapes[0])
        raise ArgumentValueError(
            f"The cotangent has shape {tuple(cotangent.shape)}, the result of {reduction_op} has shape {shape}: "
            "both must be equal."
        )
    routine = GradientRoutine(waiting.routine, [(position, None)])
    gradient = routine([*arrays, cotangent.reshape(*points, prod(cotangent.shape[len(points) :]))], **settings)
    return adapter.from_pairs(gradient) if v.is_complex else gradient
