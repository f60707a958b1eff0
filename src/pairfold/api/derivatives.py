"""The derivatives of one reduction, in operations on arrays and further reductions, for any framework."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any

from pairfold.api.adapter import Arrays
from pairfold.api.linear_system import System
from pairfold.api.number_types import EXACT_IN_FLOAT32
from pairfold.api.request import Request
from pairfold.engine import joint_groups
from pairfold.ir.call import Call, Extent
from pairfold.ir.expr import Category
from pairfold.ir.problem import Problem
from pairfold.reductions.state import outputs_of
from pairfold.sparsity.ranges import swap_axes
from pairfold.transform.derivatives import Feed, Pass, Piece, adjoint, at_winners, joint_adjoint, saved_problem, tangent

__all__ = ["Calculus", "Reduced", "sum_to"]

Array = Any
Several = Sequence[Any]

LARGEST_GATHER = 2**26
"""Numbers that may be gathered to differentiate at winners only; beyond, all pairs are visited in linear memory."""


@dataclass(frozen=True, eq=False)
class Calculus:
    """What derivatives need of a framework.

    Attributes
    ----------
    framework : Arrays
        Its arrays have operators, indexing, ``reshape`` and ``sum`` as those of NumPy.
    reduce : callable
        ``reduce(request, arrays) -> outputs``, itself differentiable.
    gather : callable
        ``gather(array, index)``: the rows of (*batch, M, D) that index (*batch, N, 1) names, (*batch, N, D).
    scatter : callable
        ``scatter(part, index, shape)``: its adjoint, of `shape`.
    reduce_jointly : callable, optional
        ``reduce_jointly(call, across, arrays)``: as `pairfold.engine.run_jointly`; None for arrays whose derivatives
        may be asked for.
    """

    framework: Arrays
    reduce: Callable[[Request, Several], Several]
    gather: Callable[[Array, Array], Array]
    scatter: Callable[[Array, Array, tuple[int, ...]], Array]
    reduce_jointly: Callable[[Call, Several, Several], Several | None] | None = None


@dataclass(frozen=True, eq=False)
class Reduced:
    """A reduction that was carried out.

    Attributes
    ----------
    calculus : Calculus
        The framework.
    request : Request
        What was computed.
    arrays : sequence of arrays
        From what.
    outputs : sequence of arrays
        What was found.
    """

    calculus: Calculus
    request: Request
    arrays: Several
    outputs: Several = ()

    @property
    def problem(self) -> Problem:
        """What was computed, without how."""
        return self.request.call.problem

    @property
    def extent(self) -> Extent:
        """For how many rows and columns."""
        return self.request.call.extent

    @property
    def is_empty(self) -> bool:
        """Whether there is no pair; where the pairs are in several processes, in none of them."""
        return self.extent.is_empty

    @property
    def columns(self) -> tuple[int, int]:
        """The number of the first column, and the number after the last one of all processes."""
        return 0, self.extent.columns

    @cached_property
    def _shapes(self) -> list[tuple[tuple[int, ...], bool]]:
        """The shapes of the outputs, and whether these are real numbers."""
        return [(shape, dtype == "real") for shape, dtype in outputs_of(self.problem, self.extent, "real")]

    def pull_back(self, wanted: tuple[int, ...], cotangents: Sequence[Array | None]) -> dict[int, Array]:
        """Return the gradients with respect to the arrays that are `wanted`, contiguous."""
        contiguous = self.calculus.framework.contiguous
        return {k: contiguous(array) for k, array in self._gradients(wanted, cotangents).items()}

    def _gradients(self, wanted: tuple[int, ...], cotangents: Sequence[Array | None]) -> dict[int, Array]:
        if self.request.system is not None:
            return _Solution(self, self.request.system).pull_back(wanted, cotangents[0])
        given = {
            k: g
            for k, (g, (_, is_real)) in enumerate(zip(cotangents, self._shapes, strict=True))
            if g is not None and is_real
        }
        found: dict[int, Array] = {}
        if given and not self.is_empty:
            found = self._pull_back(wanted, given)
        return {k: found[k] if k in found else self._zeros(k) for k in wanted}

    def _zeros(self, position: int) -> Array:
        """Return the gradient 0 of argument number `position`, which has a gradient itself where nothing is summed."""
        array, xp = self.arrays[position], self.calculus.framework.xp
        zeros = xp.zeros_like(array)
        return xp.where(zeros > 0, array, zeros) if self.is_empty else zeros

    def _pull_back(self, wanted: tuple[int, ...], cotangents: dict[int, Array]) -> dict[int, Array]:
        if self.has_few_winners:
            return _Winners(self).pull_back(wanted, cotangents[0])
        found = {}
        given = tuple(k in cotangents for k in range(len(self._shapes)))
        joint = self._launch_jointly(wanted, given, cotangents)
        if joint is not None:
            return joint
        for one in adjoint(self.problem, wanted, given):
            total = self._launch(one, cotangents=cotangents)
            for piece in one.pieces:
                found[piece.index] = self._fitted(total, piece)
        return found

    def push_forward(self, tangents: dict[int, Array]) -> dict[int, Array]:
        """Return the tangents of the real outputs for those of the arrays, contiguous."""
        contiguous = self.calculus.framework.contiguous
        return {k: contiguous(array) for k, array in self._tangents(tangents).items()}

    def _tangents(self, tangents: dict[int, Array]) -> dict[int, Array]:
        if self.request.system is not None:
            return {0: _Solution(self, self.request.system).push_forward(tangents)}
        found: dict[int, Array] = {}
        if tangents and not self.is_empty:
            found = self._push_forward(tangents)
        for k, (shape, is_real) in enumerate(self._shapes):
            if is_real and k not in found:
                found[k] = self.calculus.framework.zeros(shape, self.arrays[0].dtype, self.arrays)
        return found

    def _push_forward(self, tangents: dict[int, Array]) -> dict[int, Array]:
        if self.has_few_winners:
            return {0: _Winners(self).push_forward(tangents)}
        one = tangent(self.problem, tuple(tangents))
        if one is None:
            return {}
        total = self._launch(one, tangents=tangents)
        return {
            piece.index: _owned(total[..., piece.first : piece.last], total).reshape(self._shapes[piece.index][0])
            for piece in one.pieces
        }

    @property
    def has_few_winners(self) -> bool:
        """Whether the outputs name winners, fewer than there are columns, that may be gathered without harm."""
        if not self.problem.reduction.finds_winners:
            return False
        count = prod(self.outputs[1].shape[len(self.extent.batch) + 1 :])
        width = sum(array.shape[-1] for array in self.arrays)
        numbers = width * count * self.extent.rows * self.extent.entries
        return bool(count < self.extent.columns and numbers <= LARGEST_GATHER)

    def _launch(self, one: Pass, **given: Any) -> Array:
        """Carry out a pass of a derivative."""
        framework, call = self.calculus.framework, replace(self.request.call, problem=one.problem)
        if one.is_swapped:
            call = replace(call, extent=call.extent.swapped, ranges=swap_axes(call.ranges))
        arrays = [self._feed(feed, **given) for feed in one.feeds]
        dtype = self.arrays[0].dtype
        if Feed("number", 0) in one.feeds and call.dtype == "float32" and self.columns[1] > EXACT_IN_FLOAT32:
            call = replace(call, dtype="float64")
            arrays = [self._cast(array, framework.as_dtype("float64")) for array in arrays]
        (total,) = self.calculus.reduce(Request(call), arrays or [framework.zeros((0,), dtype, self.arrays)])
        return self._cast(total, dtype)

    def _launch_jointly(
        self, wanted: tuple[int, ...], given: tuple[bool, ...], cotangents: dict[int, Array]
    ) -> dict[int, Array] | None:
        """Carry out both passes of the gradients at once, where that can be done."""
        reduce_jointly = self.calculus.reduce_jointly
        one = None if reduce_jointly is None else joint_adjoint(self.problem, wanted, given)
        if reduce_jointly is None or one is None:
            return None
        call = replace(self.request.call, problem=one.problem)
        if not joint_groups(call, one.across):
            return None
        if Feed("number", 0) in one.feeds and self.columns[1] > EXACT_IN_FLOAT32:
            return None
        arrays = [self._feed(feed, cotangents=cotangents) for feed in one.feeds]
        totals = reduce_jointly(call, one.across, arrays)
        if totals is None:
            return None
        pieces = zip(totals, (one.row_pieces, one.column_pieces), strict=True)
        return {piece.index: self._fitted(total, piece) for total, own in pieces for piece in own}

    def _cast(self, array: Array, dtype: Any) -> Array:
        return array if array.dtype == dtype else self.calculus.framework.prepare(array, dtype, None, None)

    def _feed(self, feed: Feed, cotangents: Any = None, tangents: Any = None) -> Array:
        like = self.arrays[0]
        if feed.source == "argument":
            return self.arrays[feed.index]
        if feed.source == "tangent":
            return tangents[feed.index]
        if feed.source == "number":
            numbers = self.calculus.framework.arange(self.extent.columns, like)
            first, _ = self.columns
            return (numbers + first if first else numbers).reshape((*(1,) * len(self.extent.batch), -1, 1))
        array = cotangents[feed.index] if feed.source == "cotangent" else self._saved_outputs[feed.index]
        width = prod(array.shape[len(self.extent.batch) + 1 :])
        return self._cast(array, like.dtype).reshape((*self.extent.batch, self.extent.rows, width))

    @cached_property
    def _saved_outputs(self) -> Several:
        saved = saved_problem(self.problem)
        if saved is None:
            return self.outputs
        return self.calculus.reduce(Request(replace(self.request.call, problem=saved)), self.arrays)

    def _fitted(self, total: Array, piece: Piece) -> Array:
        """Return the piece for one argument, and undo the broadcast of this over rows and batch axes."""
        shape, found = self.arrays[piece.index].shape, total[..., piece.first : piece.last]
        return _owned(sum_to(found.sum(-2) if len(found.shape) > len(shape) else found, shape), total)


def _owned(part: Array, whole: Array) -> Array:
    """Return `part` of the components of `whole` with memory of its own, which it need not have when it is all."""
    return part if part.shape[-1] == whole.shape[-1] else part * 1


def sum_to(array: Array, shape: Sequence[int]) -> Array:
    """Undo a broadcast from `shape`.

    Examples
    --------
    >>> import numpy as np
    >>> sum_to(np.ones((4, 3, 2)), (3, 1))
    array([[8.],
           [8.],
           [8.]])
    """
    surplus = len(array.shape) - len(shape)
    if surplus:
        array = array.sum(tuple(range(surplus)))
    repeated = tuple([axis for axis, size in enumerate(shape) if size == 1 and array.shape[axis] != 1])
    return array.sum(repeated, keepdims=True) if repeated else array


class _Winners:
    """The derivative of a minimum or maximum: that of the formula at the pairs that attain it.

    The rows of all winners are gathered, and the formula is differentiated at as many pairs as there are winners.
    """

    def __init__(self, whole: Reduced) -> None:
        self.whole, self.xp = whole, whole.calculus.framework.xp
        best, where = whole.outputs[:2]
        problem, nobody = at_winners(whole.problem)
        batch, rows = whole.extent.batch, whole.extent.rows
        self.count = prod(where.shape[len(batch) + 1 :])
        self.exists = best != nobody
        # A missing winner has number -1; what is gathered in its place is not used.
        self.index = (where * (where >= 0)).reshape((*batch, rows * self.count, 1))
        arrays = [self.gather(array, position) for position, array in enumerate(whole.arrays)]
        call = replace(whole.request.call, problem=problem, extent=Extent(rows * self.count, 1, batch), ranges=None)
        self.pairs = replace(whole, request=Request(call), arrays=arrays, outputs=())

    def _category(self, position: int) -> Category | None:
        node = self.whole.problem.arguments.get(position)
        return None if node is None else node.category

    def gather(self, array: Array, position: int) -> Array:
        """Return argument number `position`, or a tangent of it, with one row per winner."""
        shape = array.shape
        if self._category(position) == Category.ROW:
            tall = self.xp.broadcast_to(array[..., None, :], (*shape[:-1], self.count, shape[-1]))
            return tall.reshape((*shape[:-2], -1, shape[-1]))
        if self._category(position) == Category.COLUMN:
            full = self.xp.broadcast_to(array, (*self.whole.extent.batch, *shape[-2:]))
            return self.whole.calculus.gather(full, self.index)
        return array

    def scatter(self, part: Array, position: int) -> Array:
        """Return the adjoint of `gather`."""
        shape = self.whole.arrays[position].shape
        if self._category(position) == Category.ROW:
            return part.reshape((*shape[:-1], self.count, shape[-1])).sum(-2)
        if self._category(position) == Category.COLUMN:
            full = (*self.whole.extent.batch, *shape[-2:])
            return sum_to(self.whole.calculus.scatter(part, self.index, full), shape)
        return part

    def pull_back(self, wanted: tuple[int, ...], g: Array) -> dict[int, Array]:
        """Return the gradients with respect to the arrays that are `wanted`."""
        g = self.xp.where(self.exists, g, self.xp.zeros_like(g))
        extent, dim = self.pairs.extent, self.whole.problem.value.dim
        if dim > 1:
            # The winner of component c has a cotangent for this component only.
            g = g.reshape((*extent.batch, -1, dim))[..., None]
            numbers = self.whole.calculus.framework.arange(dim, g)
            g = self.xp.where(numbers[:, None] == numbers, g, self.xp.zeros_like(g))
        found = self.pairs.pull_back(wanted, (g.reshape((*extent.batch, extent.rows, dim)),))
        return {position: self.scatter(part, position) for position, part in found.items()}

    def push_forward(self, tangents: dict[int, Array]) -> Array:
        """Return the tangent of the values."""
        moved = {position: self.gather(array, position) for position, array in tangents.items()}
        along = self.pairs.push_forward(moved)[0]
        dim = self.whole.problem.value.dim
        if dim > 1:
            along = along.reshape((*self.whole.extent.batch, -1, dim, dim)).diagonal(0, -2, -1)
        along = along.reshape(self.exists.shape)
        return self.xp.where(self.exists, along, self.xp.zeros_like(along))


class _Solution:
    """The derivative of the solution of ``K a + alpha a = b``, for symmetric K: implicit, by one more solution.

    From ``K da + alpha da = db - dK a - dalpha a``.
    """

    def __init__(self, whole: Reduced, system: System) -> None:
        self.whole = whole
        self.position = system.position
        self.a = whole.outputs[0]
        *arrays, self.alpha = whole.arrays
        arrays[self.position] = self.a
        self.product = replace(whole, request=Request(whole.request.call), arrays=arrays, outputs=())

    def solve(self, b: Array) -> Array:
        """Return the solution for another right-hand side."""
        arrays = list(self.whole.arrays)
        arrays[self.position] = b
        (found,) = self.whole.calculus.reduce(self.whole.request, arrays)
        return found

    def pull_back(self, wanted: tuple[int, ...], g: Array | None) -> dict[int, Array]:
        """Return the gradients with respect to the arrays that are `wanted`, alpha being the last one."""
        arrays, xp = self.whole.arrays, self.whole.calculus.framework.xp
        if g is None or self.whole.extent.is_empty:
            return {position: xp.zeros_like(arrays[position]) for position in wanted}
        w = self.solve(g)
        last = len(arrays) - 1
        found = self.product.pull_back(tuple(k for k in wanted if k not in (self.position, last)), (-w,))
        if self.position in wanted:
            found[self.position] = sum_to(w, arrays[self.position].shape)
        if last in wanted:
            found[last] = -sum_to((w * self.a).sum((-2, -1))[..., None], self.alpha.shape)
        return found

    def push_forward(self, tangents: dict[int, Array]) -> Array:
        """Return the tangent of the solution."""
        last = len(self.whole.arrays) - 1
        moved = self.whole.calculus.framework.xp.zeros_like(self.a)
        if self.position in tangents:
            moved = moved + tangents[self.position]
        if last in tangents:
            moved = moved - tangents[last][..., None] * self.a
        others = {k: t for k, t in tangents.items() if k not in (self.position, last)}
        if others:
            moved = moved - self.product.push_forward(others)[0]
        return moved if self.whole.extent.is_empty else self.solve(moved)
