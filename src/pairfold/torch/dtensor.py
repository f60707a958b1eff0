"""Reductions of DTensors: every rank reduces the rows that it has, or adds up the columns that it has.

``register_sharding`` of PyTorch does not serve `pairfold::reduce`: it takes operators with a fixed number of results,
and remembers layouts by the shapes of the arguments without the text that says which reduction it is. So the arguments
are laid out here, opened to the tensors of this rank, reduced, and the results closed to DTensors again. To open and to
close are linear and each other's adjoints, so there are derivatives of any order.

This module is imported when a DTensor is reduced, and not before: it needs `torch.distributed.tensor`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.distributed.tensor import DTensor, Partial, Placement, Replicate, Shard

from pairfold.api.request import Request
from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.ir.expr import Category
from pairfold.reductions import REDUCTIONS

__all__ = ["reduce_sharded"]


def reduce_sharded(
    request: Request, arrays: Sequence[Tensor], reduce_here: Callable[[Request, Sequence[Tensor]], Sequence[Tensor]]
) -> tuple[Tensor, ...]:
    """Carry out a reduction of DTensors; see `pairfold.torch.operator.reduce`.

    Parameters
    ----------
    request : Request
        What to compute, with the sizes of the whole arrays.
    arrays : sequence of tensors
        DTensors on one mesh, and parameters of one number.
    reduce_here : callable
        Reduces the tensors of this rank.

    Returns
    -------
    tuple of DTensor
        Sharded by rows, partial sums, or the same everywhere.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        If the layouts are not served.
    """
    if torch._C._are_functorch_transforms_active():
        raise ArgumentTypeError(
            "torch.func (vmap, grad, jvp, ...) does not transform reductions of DTensors; torch.autograd gives their "
            "gradients, to any order. In torch.func, give the tensors of one process, `tensor.full_tensor()`."
        )
    call, mesh = request.call, _mesh(request, arrays)
    if call.ranges is not None:
        raise ArgumentValueError(
            "ranges number the rows and columns of whole arrays, and these are DTensors. Leave ranges out, or reduce "
            "the tensors of one process, `tensor.full_tensor()`."
        )
    splits = _splits(request, arrays, mesh)
    given = [
        _open(t, _layout(splits, _category(request, k), t.dim() - 2)) if isinstance(t, DTensor) else t
        for k, t in enumerate(arrays)
    ]
    extent = call.extent._replace(
        rows=_size(request, Category.ROW, given, call.extent.rows),
        columns=_size(request, Category.COLUMN, given, call.extent.columns),
    )
    found = reduce_here(replace(request, call=replace(call, extent=extent)), given)
    axis = len(call.extent.batch)
    layout = _layout(splits, Category.ROW, axis)
    return tuple(
        _close(t, mesh, layout, torch.Size((*t.shape[:axis], call.extent.rows, *t.shape[axis + 1 :])), None)
        for t in found
    )


def _mesh(request: Request, arrays: Sequence[Tensor]) -> Any:
    """Return the mesh of all DTensors, after looking at what else there is."""
    meshes = [t.device_mesh for t in arrays if isinstance(t, DTensor)]
    if any(mesh != meshes[0] for mesh in meshes):
        raise ArgumentValueError(
            f"The DTensors are on different meshes: {meshes[0]} and {next(m for m in meshes if m != meshes[0])}. "
            "Distribute all of them over one mesh."
        )
    for k, t in enumerate(arrays):
        is_number = t.numel() == 1 and _category(request, k) not in (Category.ROW, Category.COLUMN)
        if not isinstance(t, DTensor) and (t.requires_grad or not is_number):
            raise ArgumentTypeError(
                f"A plain tensor of shape {tuple(t.shape)} is given with DTensors, and nothing says what the other "
                "ranks have. If it is the same on all, make it a DTensor with `DTensor.from_local(tensor, mesh, "
                "[Replicate()])`; parameters of one number and without a gradient may stay as they are."
            )
    if meshes[0].get_coordinate() is None:
        raise ArgumentValueError(
            f"This process is not in the mesh of the DTensors, {meshes[0]}: only its processes can reduce them."
        )
    return meshes[0]


# ---------------------------------------------------------------- layouts


@dataclass(frozen=True)
class _Layout:
    """How the ranks have an array, as it is opened, and as it is closed; both along every axis of the mesh.

    What every rank has in whole (`Replicate`) and uses for a part of the pairs has a gradient that is the sum of those
    of the ranks (`Partial`), and the other way round.
    """

    opened: tuple[Placement, ...]
    closed: tuple[Placement, ...]


def _category(request: Request, position: int) -> Category | None:
    node = request.call.problem.arguments.get(position)
    return None if node is None else node.category


def _size(request: Request, category: Category, given: Sequence[Tensor], size: int) -> int:
    """Return how many rows or columns this rank has; `size` where no array has any."""
    return next((t.shape[-2] for k, t in enumerate(given) if _category(request, k) == category), size)


def _splits(request: Request, arrays: Sequence[Tensor], mesh: Any) -> list[Category | None]:
    """Return what is split along every axis of the mesh: rows, columns, or nothing."""
    if request.system is not None:
        return [None] * mesh.ndim
    adds = request.call.problem.reduction is REDUCTIONS["Sum"]
    has_rows = any(node.category == Category.ROW for node in request.call.problem.arguments.values())

    def split(axis: int) -> Category | None:
        held = {
            _category(request, k)
            for k, t in enumerate(arrays)
            if isinstance(t, DTensor) and t.placements[axis].is_shard(t.dim() - 2)
        }
        if Category.COLUMN in held and Category.ROW not in held and adds:
            return Category.COLUMN
        # To take a share of the rows costs nothing, to have all columns does.
        return Category.ROW if has_rows and held & {Category.ROW, Category.COLUMN} else None

    return [split(axis) for axis in range(mesh.ndim)]


def _layout(splits: Sequence[Category | None], category: Category | None, axis: int) -> _Layout:
    """Return the layout of an array of a category, whose rows or columns are its axis number `axis`."""
    pairs = [
        (Replicate(), Replicate())
        if split is None
        else (Shard(axis), Shard(axis))
        if split == category
        else (Replicate(), Partial())
        for split in splits
    ]
    return _Layout(tuple([opened for opened, _ in pairs]), tuple([closed for _, closed in pairs]))


# ---------------------------------------------------------------- to open and to close


class _Open(torch.autograd.Function):
    """What this rank has of a DTensor."""

    @staticmethod
    def forward(ctx: Any, array: Tensor, layout: _Layout) -> Tensor:
        ctx.set_materialize_grads(False)
        if not isinstance(array, DTensor):
            raise ArgumentTypeError(
                "The gradient with respect to a DTensor is a plain tensor; it must be a DTensor. "
                "(torch.autograd.grad(is_grads_batched=True) makes tensors of such batches: ask for one at a time.)"
            )
        # A gradient that is due to partial sums is due to each of them.
        target = tuple([Replicate() if placement.is_partial() else placement for placement in array.placements])
        ctx.facts = array.device_mesh, layout, array.shape, target
        return array.redistribute(placements=layout.opened).to_local().detach()

    @staticmethod
    def backward(ctx: Any, cotangent: Tensor | None) -> tuple[Tensor | None, None]:
        return None if cotangent is None else _close(cotangent, *ctx.facts), None


class _Close(torch.autograd.Function):
    """The DTensor of which this rank has a part; moved to the placements `target`, if any."""

    @staticmethod
    def forward(ctx: Any, part: Tensor, mesh: Any, layout: _Layout, shape: torch.Size, target: Any) -> Tensor:
        ctx.set_materialize_grads(False)
        ctx.layout = layout
        stride = torch.empty(shape, device="meta").stride()
        whole = DTensor.from_local(part.detach(), mesh, layout.closed, run_check=False, shape=shape, stride=stride)
        return whole if target is None else whole.redistribute(placements=target)

    @staticmethod
    def backward(ctx: Any, cotangent: Tensor | None) -> tuple[Tensor | None, None, None, None, None]:
        return None if cotangent is None else _open(cotangent, ctx.layout), None, None, None, None


_open: Callable[..., Tensor] = _Open.apply
_close: Callable[..., Tensor] = _Close.apply
