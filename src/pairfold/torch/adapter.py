"""What the front ends must know about PyTorch: how its tensors are reduced, with derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from pairfold.api.adapter import Adapter, Arrays
from pairfold.api.linear_system import System, solve_call
from pairfold.api.request import Request
from pairfold.errors import ArgumentValueError, NotDifferentiableError
from pairfold.ir.call import Call
from pairfold.ir.expr import Category
from pairfold.ir.problem import Problem
from pairfold.torch.arrays import TENSORS
from pairfold.torch.operator import is_tracked, reduce
from pairfold.transform.derivatives import differentiable_form, numbered

__all__ = ["TORCH", "prepared_call", "solve_tensors"]


def _on_one_device(problem: Problem, arrays: list[Any]) -> list[Any]:
    """Move parameters to the device of the rows and columns: numbers in a program are tensors on the CPU."""
    first = arrays[0].device
    if all(t.device == first for t in arrays):
        return arrays
    read = problem.arguments
    others = {t.device for k, t in enumerate(arrays) if k not in read or read[k].category != Category.PARAMETER}
    if len(others) != 1:
        return arrays
    (device,) = others
    return [t.to(device) if t.device.type == "cpu" else t for t in arrays]


def _numbered(call: Call, arrays: Sequence[Tensor | None]) -> tuple[Call, list[Any], tuple[int, ...]]:
    """Return the call and its arrays with the arguments that are read, on one device, and the positions of these."""
    problem, positions = numbered(call.problem)
    given = [arrays[position] for position in positions] if positions else list(arrays)
    if problem is not call.problem:
        call = replace(call, problem=problem)
    return call, _on_one_device(problem, given), positions


def prepared_call(call: Call, arrays: Sequence[Tensor | None]) -> tuple[Call, list[Any]]:
    """Return a call and its arrays as `Request` and `pairfold.torch.operator.reduce` take them."""
    call, given, _ = _numbered(call, arrays)
    return call, given


def _is_unchecked(call: Call) -> bool:
    """Tell whether the ranges are those of a graph of torch.compile, whose numbers are not known yet."""
    return call.ranges is not None and isinstance(call.ranges[0], Tensor)


def _run(call: Call, arrays: Sequence[Tensor | None]) -> tuple[Tensor, ...]:
    """Carry out a reduction of tensors; see `pairfold.engine.run`."""
    call, given, _ = _numbered(call, arrays)
    checks = call.ranges is not None and _is_unchecked(call)
    if not is_tracked(given):
        return reduce(Request(call, checks), given)
    if call.problem.reduction.is_unfinished:
        raise NotDifferentiableError(
            "A state carries no derivatives, and a tensor needs them, or a transform, torch.compile or a DTensor is at "
            "work. Give `tensor.detach()`, or compute states under torch.no_grad(), outside of what is transformed or "
            "compiled: in a function with the decorator torch.compiler.disable, for example; of a DTensor, give what "
            "this rank has, `tensor.to_local()`."
        )
    form = differentiable_form(call.problem)
    outputs = reduce(Request(replace(call, problem=form.problem), checks), given)
    return tuple([outputs[k] for k in form.selected])


TORCH = Adapter(**vars(TENSORS), run=_run)


def solve_tensors(
    framework: Arrays, run: Any, call: Call, system: System, arrays: Sequence[Any], alpha: float | Tensor
) -> Tensor:
    """Solve a linear system of tensors; see `pairfold.api.linear_system.solve_call`.

    The solution is differentiable, with respect to `alpha` as well, which may be a tensor with one entry.
    """
    if isinstance(alpha, Tensor) and alpha.numel() != 1:
        raise ArgumentValueError(
            f"alpha has shape {tuple(alpha.shape)}; it must be a number or a tensor with one entry."
        )
    call, given, positions = _numbered(call, arrays)
    system = replace(system, position=positions.index(system.position))
    if not is_tracked([*given, *([alpha] if isinstance(alpha, Tensor) else [])]):
        found: Tensor = solve_call(framework, run, call, system, given, float(alpha))
        return found
    given.append(_as_parameter(alpha, len(call.extent.batch), given[0]))
    return reduce(Request(call, _is_unchecked(call), system), given)[0]


def _as_parameter(alpha: float | Tensor, axes: int, like: Tensor) -> Tensor:
    shape = (1,) * (axes + 1)
    if isinstance(alpha, Tensor):
        return alpha.to(like).reshape(shape)
    return torch.full(shape, float(alpha), dtype=torch.float64, device=like.device)
