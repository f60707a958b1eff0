"""What the accuracy and the place that a caller names ask of the engine, and of which problem."""

from __future__ import annotations

from dataclasses import replace

from pairfold.engine import TARGETS, Options
from pairfold.errors import ArgumentValueError, DimensionError, TargetError
from pairfold.ir.expr import Expr
from pairfold.ir.problem import Problem
from pairfold.ir.reduction import Reduction
from pairfold.transform.sides import swap_sides

__all__ = ["ACCUMULATORS", "make_options", "make_problem", "options_at"]

SUM_SCHEMES = ("auto", "direct_sum", "block_sum", "kahan_scheme")
ACCUMULATORS = {"auto": 0, "float16": 16, "float32": 32, "float64": 64}
"""Names of accumulator types and their bits."""


def make_problem(value: Expr, reduction: Reduction, weight: Expr | None, k: int, axis: int) -> Problem:
    """Return the problem over columns: a reduction over rows (`axis` 0) exchanges rows and columns.

    Raises
    ------
    DimensionError
        If the reduction needs a formula of dimension 1 and `value` has another, or a weight that does not fit `value`.
    """
    if reduction.scalar_value and value.dim != 1:
        raise DimensionError(
            f"{reduction.name} needs a formula of dimension 1; this one has dimension {value.dim}. "
            "Use Sum(...), Elem(...) or a norm to make it a number."
        )
    if weight is not None and 1 not in (value.dim, weight.dim) and value.dim != weight.dim:
        raise DimensionError(
            f"{reduction.name} multiplies a function of a formula of dimension {value.dim} by a weight of dimension "
            f"{weight.dim}; the dimensions must be equal, or 1."
        )
    if axis == 0:
        value, *weights = swap_sides([value] if weight is None else [value, weight])
        weight = weights[0] if weights else None
    return Problem(value, reduction, weight, k)


def make_options(
    reduction: Reduction, dtype_acc: str | None = "auto", use_double_acc: bool = False, sum_scheme: str = "auto"
) -> Options:
    """Return the engine's options for the accuracy arguments of a routine.

    Raises
    ------
    ArgumentValueError
        If an argument is not allowed, or does not apply to the reduction.
    """
    dtype_acc = "auto" if dtype_acc is None else dtype_acc
    if dtype_acc not in ACCUMULATORS:
        raise ArgumentValueError(f"dtype_acc is {dtype_acc!r}; allowed are {', '.join(map(repr, ACCUMULATORS))}.")
    if sum_scheme not in SUM_SCHEMES:
        raise ArgumentValueError(f"sum_scheme is {sum_scheme!r}; allowed are {', '.join(map(repr, SUM_SCHEMES))}.")
    if use_double_acc:
        if dtype_acc not in ("auto", "float64"):
            raise ArgumentValueError(f"use_double_acc=True contradicts dtype_acc={dtype_acc!r}; give one of the two.")
        dtype_acc = "float64"
    if (dtype_acc, sum_scheme) != ("auto", "auto") and not reduction.adds:
        raise ArgumentValueError(
            f"{reduction.name} adds nothing up, so dtype_acc={dtype_acc!r} and sum_scheme={sum_scheme!r} do not "
            "apply; leave both at 'auto'."
        )
    return Options(sum_scheme=sum_scheme, dtype_acc=None if dtype_acc == "auto" else dtype_acc)


def options_at(options: Options, backend: object, device_id: object) -> Options:
    """Return `options` for the place that a caller names: ``"auto"``, or a backend of a target.

    Raises
    ------
    ArgumentValueError
        If `backend` or `device_id` is not known.
    TargetError
        If the target does not serve on this machine.
    """
    known = {target.backend: target for target in TARGETS.values()}
    if backend != "auto" and backend not in known:
        raise ArgumentValueError(f"backend is {backend!r}; allowed are {', '.join(map(repr, ('auto', *known)))}.")
    if isinstance(device_id, bool) or not isinstance(device_id, int) or device_id < -1:
        raise ArgumentValueError(f"device_id is {device_id!r}; allowed are -1 (the device of the arrays), 0, 1, ...")
    if backend == "auto":
        return options
    target = known[backend]
    device = None if device_id == -1 else device_id
    try:
        target.machine(device or 0, options.level)
    except TargetError as error:
        raise TargetError(f"backend={backend!r} asks for {target.title}. {error}") from error
    return replace(options, target=target.name, device=device)
