"""The derivatives of one reduction, in operations of PyTorch and further reductions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any

import torch
from torch import Tensor

from pairfold.api.number_types import EXACT_IN_FLOAT32
from pairfold.engine import Extent
from pairfold.ir.expr import Category
from pairfold.ir.problem import Problem
from pairfold.reductions.state import output_kinds
from pairfold.torch.request import Request, System
from pairfold.transform.derivatives import (
    Feed,
    Pass,
    Piece,
    adjoint,
    at_winners,
    saved_problem,
    tangent,
)

__all__ = ["Call"]

Tensors = Sequence[Tensor]

LARGEST_GATHER = 2**26
"""Numbers that may be gathered to differentiate at winners only; beyond, all pairs are visited in linear memory."""


@dataclass(frozen=True, eq=False)
class Call:
    """One reduction, and its derivatives.

    Attributes
    ----------
    reduce : callable
        ``reduce(request, arrays, extent, ranges)``, itself differentiable.
    request : Request
        What is computed.
    arrays : sequence of tensors
        From what.
    extent : Extent
        Rows, columns and batch.
    ranges : sequence of tensors
        As for `reduce`.
    outputs : sequence of tensors
        What was found.
    """

    reduce: Callable[..., tuple[Tensor, ...]]
    request: Request
    arrays: Tensors
    extent: Extent
    ranges: Tensors = ()
    outputs: Tensors = ()

    @property
    def problem(self) -> Problem:
        """What is computed, without how."""
        return self.request.problem

    @property
    def is_empty(self) -> bool:
        """Whether there is no pair."""
        return self.extent.is_empty

    def pull_back(self, wanted: tuple[int, ...], cotangents: Sequence[Tensor | None]) -> dict[int, Tensor]:
        """Return the gradients with respect to the arrays that are `wanted`, contiguous."""
        return {k: t.contiguous() for k, t in self._gradients(wanted, cotangents).items()}

    def _gradients(self, wanted: tuple[int, ...], cotangents: Sequence[Tensor | None]) -> dict[int, Tensor]:
        if self.request.system is not None:
            return _Solution(self, self.request.system).pull_back(wanted, cotangents[0])
        kinds = output_kinds(self.problem)
        given = {
            k: g for k, (g, kind) in enumerate(zip(cotangents, kinds, strict=True)) if g is not None and kind == "real"
        }
        found: dict[int, Tensor] = {}
        if given and not self.is_empty:
            found = self._pull_back(wanted, given)
        return {k: found[k] if k in found else self._zeros(k) for k in wanted}

    def _zeros(self, position: int) -> Tensor:
        """Return the gradient 0 of argument number `position`, which has a gradient itself where nothing is summed."""
        array = self.arrays[position]
        zeros = array.new_zeros(array.shape)
        return torch.where(torch.zeros_like(array, dtype=torch.bool), array, zeros) if self.is_empty else zeros

    def _pull_back(self, wanted: tuple[int, ...], cotangents: dict[int, Tensor]) -> dict[int, Tensor]:
        if self._has_few_winners:
            return _Winners(self).pull_back(wanted, cotangents[0])
        found = {}
        given = tuple(k in cotangents for k in range(len(output_kinds(self.problem))))
        for one in adjoint(self.problem, wanted, given):
            total = self._launch(one, cotangents=cotangents)
            for piece in one.pieces:
                found[piece.index] = self._fitted(total, piece)
        return found

    def push_forward(self, tangents: dict[int, Tensor]) -> dict[int, Tensor]:
        """Return the tangents of the real outputs for those of the arrays, contiguous."""
        return {k: t.contiguous() for k, t in self._tangents(tangents).items()}

    def _tangents(self, tangents: dict[int, Tensor]) -> dict[int, Tensor]:
        if self.request.system is not None:
            return {0: _Solution(self, self.request.system).push_forward(tangents)}
        found: dict[int, Tensor] = {}
        if tangents and not self.is_empty:
            found = self._push_forward(tangents)
        for k, (shape, kind) in enumerate(zip(self._shapes, output_kinds(self.problem), strict=True)):
            if kind == "real" and k not in found:
                found[k] = self.arrays[0].new_zeros(shape)
        return found

    @property
    def _shapes(self) -> list[tuple[int, ...]]:
        return [(*self.extent.batch, self.extent.rows, *shape) for shape in self.problem.shapes]

    def _push_forward(self, tangents: dict[int, Tensor]) -> dict[int, Tensor]:
        if self._has_few_winners:
            return {0: _Winners(self).push_forward(tangents)}
        one = tangent(self.problem, tuple(tangents))
        if one is None:
            return {}
        total = self._launch(one, tangents=tangents)
        return {
            piece.index: _owned(total[..., piece.first : piece.last], total).reshape(self._shapes[piece.index])
            for piece in one.pieces
        }

    @property
    def _has_few_winners(self) -> bool:
        """Whether the outputs name winners, fewer than there are columns, that may be gathered without harm."""
        if not self.problem.reduction.finds_winners:
            return False
        count = prod(self.outputs[1].shape[len(self.extent.batch) + 1 :])
        numbers = sum(t.shape[-1] for t in self.arrays) * count * self.extent.rows * prod(self.extent.batch)
        return count < self.extent.columns and numbers <= LARGEST_GATHER

    def _launch(self, one: Pass, **given: Any) -> Tensor:
        """Carry out a pass of a derivative."""
        request = Request(one.problem, self.request.options, self.request.is_swapped != one.is_swapped)
        extent = self.extent.swapped if one.is_swapped else self.extent
        arrays = [self._feed(feed, **given) for feed in one.feeds]
        like = self.arrays[0]
        if Feed("number", 0) in one.feeds and like.dtype == torch.float32 and extent.columns > EXACT_IN_FLOAT32:
            (total,) = self.reduce(request, [t.double() for t in arrays], extent, self.ranges)
            return total.to(like.dtype)
        (total,) = self.reduce(request, arrays or [like.new_empty(0)], extent, self.ranges)
        return total

    def _feed(self, feed: Feed, cotangents: Any = None, tangents: Any = None) -> Tensor:
        like = self.arrays[0]
        if feed.source == "argument":
            return self.arrays[feed.index]
        if feed.source == "tangent":
            found: Tensor = tangents[feed.index]
            return found
        if feed.source == "number":
            numbers = torch.arange(self.extent.columns, dtype=like.dtype, device=like.device)
            return numbers.reshape(*(1,) * len(self.extent.batch), -1, 1)
        tensor = cotangents[feed.index] if feed.source == "cotangent" else self._saved_outputs[feed.index]
        return tensor.to(like.dtype).reshape(*self.extent.batch, self.extent.rows, -1)

    @cached_property
    def _saved_outputs(self) -> Tensors:
        saved = saved_problem(self.problem)
        if saved is None:
            return self.outputs
        request = Request(saved, self.request.options, self.request.is_swapped)
        return self.reduce(request, self.arrays, self.extent, self.ranges)

    def _fitted(self, total: Tensor, piece: Piece) -> Tensor:
        """Return the piece for one argument, and undo the broadcast of this over rows and batch axes."""
        array = self.arrays[piece.index]
        found = total[..., piece.first : piece.last]
        if found.dim() > array.dim():
            found = found.sum(-2)
        return _owned(found.sum_to_size(array.shape), total)


def _owned(part: Tensor, whole: Tensor) -> Tensor:
    """Return `part` of the components of `whole` with memory of its own, which it need not have when it is all."""
    return part if part.shape[-1] == whole.shape[-1] else part.clone(memory_format=torch.contiguous_format)


class _Winners:
    """The derivative of a minimum or maximum: that of the formula at the pairs that attain it.

    The rows of all winners are gathered, and the formula is differentiated at as many pairs as there are winners.
    """

    def __init__(self, call: Call) -> None:
        self.whole = call
        best, where = call.outputs[:2]
        problem, nobody = at_winners(call.problem)
        batch, rows = call.extent.batch, call.extent.rows
        self.count = prod(where.shape[len(batch) + 1 :])
        self.exists = best != nobody
        # A missing winner has number -1; what is gathered in its place is not used.
        self.index = where.reshape(*batch, rows * self.count, 1).clamp(min=0)
        self.categories = {k: v.category for k, v in call.problem.arguments.items()}
        arrays = [self.gather(t, position) for position, t in enumerate(call.arrays)]
        self.pairs = Call(
            call.reduce, Request(problem, call.request.options), arrays, Extent(rows * self.count, 1, batch)
        )

    def gather(self, tensor: Tensor, position: int) -> Tensor:
        """Return argument number `position`, or a tangent of it, with one row per winner."""
        category = self.categories.get(position)
        if category == Category.ROW:
            tall = tensor.unsqueeze(-2).expand(*tensor.shape[:-1], self.count, tensor.shape[-1])
            return tall.reshape(*tensor.shape[:-2], -1, tensor.shape[-1])
        if category == Category.COLUMN:
            full = tensor.expand(*self.whole.extent.batch, *tensor.shape[-2:])
            return full.gather(-2, self.index.expand(*self.index.shape[:-1], tensor.shape[-1]))
        return tensor

    def scatter(self, part: Tensor, position: int) -> Tensor:
        """Return the adjoint of `gather`."""
        array = self.whole.arrays[position]
        category = self.categories.get(position)
        if category == Category.ROW:
            return part.reshape(*array.shape[:-1], self.count, array.shape[-1]).sum(-2)
        if category == Category.COLUMN:
            full = part.new_zeros(*self.whole.extent.batch, *array.shape[-2:])
            return full.scatter_add(-2, self.index.expand(part.shape), part).sum_to_size(array.shape)
        return part

    def pull_back(self, wanted: tuple[int, ...], g: Tensor) -> dict[int, Tensor]:
        """Return the gradients with respect to the arrays that are `wanted`."""
        g = torch.where(self.exists, g, torch.zeros_like(g))
        extent, dim = self.pairs.extent, self.whole.problem.value.dim
        if dim > 1:
            # The winner of component c has a cotangent for this component only.
            g = torch.diag_embed(g.reshape(*extent.batch, -1, dim))
        found = self.pairs.pull_back(wanted, (g.reshape(*extent.batch, extent.rows, dim),))
        return {position: self.scatter(part, position) for position, part in found.items()}

    def push_forward(self, tangents: dict[int, Tensor]) -> Tensor:
        """Return the tangent of the values."""
        moved = {position: self.gather(t, position) for position, t in tangents.items()}
        along = self.pairs.push_forward(moved)[0]
        dim = self.whole.problem.value.dim
        if dim > 1:
            along = along.reshape(*self.whole.extent.batch, -1, dim, dim).diagonal(dim1=-2, dim2=-1)
        along = along.reshape(self.exists.shape)
        return torch.where(self.exists, along, torch.zeros_like(along))


class _Solution:
    """The derivative of the solution of ``K a + alpha a = b``, for symmetric K: implicit, by one more solution.

    From ``K da + alpha da = db - dK a - dalpha a``.
    """

    def __init__(self, call: Call, system: System) -> None:
        self.whole = call
        self.position = system.position
        self.a = call.outputs[0]
        *arrays, self.alpha = call.arrays
        arrays[self.position] = self.a
        self.product = Call(
            call.reduce, replace(call.request, system=None, checks_ranges=False), arrays, call.extent, call.ranges
        )

    def solve(self, b: Tensor) -> Tensor:
        """Return the solution for another right-hand side."""
        call = self.whole
        arrays = list(call.arrays)
        arrays[self.position] = b
        (found,) = call.reduce(call.request, arrays, call.extent, call.ranges)
        return found

    def pull_back(self, wanted: tuple[int, ...], g: Tensor | None) -> dict[int, Tensor]:
        """Return the gradients with respect to the arrays that are `wanted`, alpha being the last one."""
        arrays = self.whole.arrays
        if g is None or self.whole.is_empty:
            return {position: torch.zeros_like(arrays[position]) for position in wanted}
        w = self.solve(g)
        last = len(arrays) - 1
        found = self.product.pull_back(tuple(k for k in wanted if k not in (self.position, last)), (-w,))
        if self.position in wanted:
            found[self.position] = w.sum_to_size(arrays[self.position].shape)
        if last in wanted:
            found[last] = -(w * self.a).sum((-2, -1)).unsqueeze(-1).sum_to_size(self.alpha.shape)
        return found

    def push_forward(self, tangents: dict[int, Tensor]) -> Tensor:
        """Return the tangent of the solution."""
        last = len(self.whole.arrays) - 1
        moved = torch.zeros_like(self.a)
        if self.position in tangents:
            moved = moved + tangents[self.position]
        if last in tangents:
            moved = moved - tangents[last].unsqueeze(-1) * self.a
        others = {k: t for k, t in tangents.items() if k not in (self.position, last)}
        if others:
            moved = moved - self.product.push_forward(others)[0]
        return moved if self.whole.is_empty else self.solve(moved)
