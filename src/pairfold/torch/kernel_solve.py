"""Linear systems of tensors, differentiable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from pairfold.api.kernel_solve import linear_system, solve_routine
from pairfold.api.routine import Routine
from pairfold.errors import ArgumentValueError
from pairfold.torch.operator import is_tracked, reduce
from pairfold.torch.request import Request, System
from pairfold.transform.derivatives import numbered

__all__ = ["solve_tensors"]


def solve_tensors(
    routine: Routine,
    position: int,
    args: Sequence[Any],
    *,
    ranges: Any = None,
    threads: int | None = None,
    progress: bool = False,
    alpha: float | Tensor = 1e-10,
    return_report: bool = False,
    **settings: Any,
) -> Any:
    """Solve for the argument number `position` of a sum; the solution is differentiable.

    Parameters
    ----------
    routine, position, args, ranges, threads, progress, return_report, **settings
        As for `pairfold.api.kernel_solve.solve_routine`.
    alpha : float or tensor with one entry
        Added to the diagonal.

    Returns
    -------
    tensor, or (tensor, SolveReport)
        Of the shape of b, with the batch axes of the other arguments. Its derivatives, with respect to b, to every
        other argument and to alpha, cost one more solution each.

    Raises
    ------
    ArgumentValueError
        If `alpha` has more than one entry; and what `solve_routine` raises.
    """
    args = [routine.as_array(arg, number) for number, arg in enumerate(args)]
    if isinstance(alpha, Tensor) and alpha.numel() != 1:
        raise ArgumentValueError(
            f"alpha has shape {tuple(alpha.shape)}; it must be a number or a tensor with one entry."
        )
    problem, positions = numbered(routine.problem)
    if position not in positions or not is_tracked([*args, *([alpha] if isinstance(alpha, Tensor) else [])]):
        choices = {"ranges": ranges, "threads": threads, "progress": progress, "return_report": return_report}
        return solve_routine(routine, position, args, **choices, alpha=float(alpha), **settings)
    system = linear_system(routine, position, args)
    plan = routine.plan(system.arrays)
    prepared = routine.prepared(plan, system.arrays)
    given = [prepared[place] for place in positions]
    given.append(_as_parameter(alpha, len(plan.extent.batch), given[0]))
    six = () if ranges is None else routine.intervals(ranges, plan)
    tables = tuple(part if isinstance(part, Tensor) else torch.from_numpy(part) for part in six)
    reports: list[Any] | None = [] if return_report else None
    request = Request(
        problem,
        routine.options_with(threads, progress),
        checks_ranges=bool(six) and isinstance(six[0], Tensor),
        system=System(positions.index(position), tuple(settings.items()), reports),
    )
    (found,) = reduce(request, given, plan.extent, tables)
    found = found.to(system.dtype)
    found = found[..., 0] if system.is_flat else found
    return (found, reports[0]) if reports else found


def _as_parameter(alpha: float | Tensor, axes: int, like: Tensor) -> Tensor:
    shape = (1,) * (axes + 1)
    if isinstance(alpha, Tensor):
        return alpha.to(like).reshape(shape)
    return torch.full(shape, float(alpha), dtype=torch.float64, device=like.device)
