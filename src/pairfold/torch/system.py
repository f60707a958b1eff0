"""Linear systems on the memory of tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from pairfold.api.kernel_solve import acts_alike
from pairfold.engine import Extent
from pairfold.errors import ArgumentValueError
from pairfold.ir.expr import variables
from pairfold.ir.problem import Problem
from pairfold.ops.arithmetic import variable
from pairfold.solvers.conjugate_gradients import solve_linear
from pairfold.torch.request import Request, System
from pairfold.transform.expand import expand, substitute

__all__ = ["solution"]

Tensors = Sequence[Tensor]


def solution(
    reduce: Callable[..., tuple[Tensor, ...]],
    request: Request,
    system: System,
    arrays: Tensors,
    extent: Extent,
    ranges: Tensors,
) -> Tensor:
    """Solve a linear system.

    Parameters
    ----------
    reduce : callable
        ``reduce(request, arrays, extent, ranges)``, on the data.
    request, system
        The sum that is the matrix, and how to solve.
    arrays : sequence of tensors
        Those of the problem, with b in the place of the unknown, and alpha, of any shape with equal entries.
    extent, ranges
        As for `reduce`.

    Returns
    -------
    tensor (*batch, N, E)

    Raises
    ------
    NotConvergedError
        If the system is not solved.
    """
    *given, alpha = [t.detach() for t in arrays]
    position = system.position
    width = given[position].shape[-1]

    def product(v: Tensor) -> Tensor:
        problem = request.problem if v.shape[-1] == width else _widened(request.problem, position, v.shape[-1])
        operands = [*given[:position], v, *given[position + 1 :]]
        (found,) = reduce(replace(request, problem=problem, system=None), operands, extent, ranges)
        return found

    b = given[position].expand(*extent.batch, extent.rows, width)
    found, report = solve_linear(
        product,
        b,
        alpha=_number(alpha),
        alike=acts_alike(request.problem.value, _unknown(request.problem, position)),
        return_report=True,
        xp=torch,
        **dict(system.settings),
    )
    if system.reports is not None:
        system.reports.append(report)
    result: Tensor = found
    # The solution for b = 0 is b itself, which an operator may not return.
    return result.clone() if result.data_ptr() == b.data_ptr() else result


def _number(alpha: Tensor) -> float:
    if alpha.numel() != 1 and bool((alpha != alpha.flatten()[0]).any()):
        raise ArgumentValueError(
            f"alpha has {alpha.numel()} different values; all systems of a batch have the same alpha. Solve one by one."
        )
    return float(alpha.flatten()[0])


def _unknown(problem: Problem, position: int) -> Any:
    (found,) = (node for node in variables(problem.value) if node.position == position)
    return found


@lru_cache(maxsize=256)
def _widened(problem: Problem, position: int, width: int) -> Problem:
    """Return the same sum for an unknown of another dimension."""
    unknown = _unknown(problem, position)
    _, _, category, kind = unknown.params
    (value,) = substitute(expand([problem.value]), {unknown: variable(position, width, category, kind)})
    return replace(problem, value=value)
