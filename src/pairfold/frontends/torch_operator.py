"""The operator ``pairfold::reduce`` of PyTorch: one reduction, differentiable to any order in every mode.

Everything that PyTorch can do with a function goes through its dispatcher, and each of its mechanisms asks the operator
for one thing:

============================================ ==========================================================
autograd, `torch.func` (reverse and forward) `_Reduce`, whose derivatives call the operator again
`torch.func.vmap`                            `_vmap`: one more batch axis
`torch.compile`, `torch.export`              `_fake`: the shapes of the outputs
the data themselves                          `_carry_out`: the engine, on the memory of the tensors
============================================ ==========================================================

A call on plain tensors takes the short cut past the dispatcher, which would cost as much as a small reduction.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch._functorch.autograd_function import enable_single_level_autograd_function
from torch.autograd import forward_ad

from pairfold.engine import run
from pairfold.errors import ArgumentValueError, TargetError
from pairfold.frontends.derivatives import (
    Feed,
    Pass,
    adjoint,
    at_winners,
    output_kinds,
    saved_problem,
    tangent,
    uses_winners,
)
from pairfold.frontends.ranges import validate_ranges
from pairfold.frontends.torch_request import Request
from pairfold.ir.expr import Category, variables
from pairfold.ir.problem import Problem

__all__ = ["OPERATOR", "Sizes", "is_tracked", "reduce", "require_cpu"]

Tensors = Sequence[Tensor]

EXACT_IN_FLOAT32 = 2**24
"""Whole numbers below are exact in float32."""


@dataclass(frozen=True)
class Sizes:
    """The sizes of one reduction: ``(*batch, rows, ...)`` is left when the columns are reduced."""

    rows: int
    columns: int
    batch: tuple[int, ...]

    @property
    def swapped(self) -> Sizes:
        """The sizes of the reduction over rows."""
        return Sizes(self.columns, self.rows, self.batch)


def reduce(request: Request, arrays: Tensors, sizes: Sizes, ranges: Tensors = ()) -> tuple[Tensor, ...]:
    """Carry out a reduction; the result is differentiable.

    Parameters
    ----------
    request : Request
        What to compute.
    arrays : sequence of tensors
        As for `pairfold.engine.run`, all float32 or all float64, of any strides.
    sizes : Sizes
        Rows, columns, batch.
    ranges : sequence of six int64 tensors, optional
        Both halves of block-sparse ranges, that of the rows of the problem first (see `Request.is_swapped`).

    Returns
    -------
    tuple of tensors
        As `pairfold.engine.run`.

    Raises
    ------
    ArgumentValueError, TargetError
        If the tensors are not in the memory of the CPU.
    """
    if not _is_plain(arrays):
        return tuple(OPERATOR(request.text, list(arrays), list(ranges), sizes.rows, sizes.columns, list(sizes.batch)))
    if not _needs_graph(arrays):
        return _carry_out(request, arrays, sizes, ranges)
    return _apply(True, request, sizes, tuple(ranges), *arrays)


def is_tracked(arrays: Tensors) -> bool:
    """Tell whether derivatives with respect to the tensors may be asked for."""
    return _needs_graph(arrays) or not _is_plain(arrays)


_PLAIN = frozenset({Tensor, torch.nn.Parameter})


def _is_plain(arrays: Tensors) -> bool:
    """Tell whether nobody traces, transforms or intercepts operators."""
    return not (
        torch.compiler.is_compiling()
        or torch._C._are_functorch_transforms_active()
        or torch._C._len_torch_dispatch_stack()
    ) and all([type(t) in _PLAIN for t in arrays])


def _needs_graph(arrays: Tensors) -> bool:
    return forward_ad._current_level >= 0 or (torch.is_grad_enabled() and any([t.requires_grad for t in arrays]))


# ---------------------------------------------------------------- the data


def require_cpu(arrays: Tensors) -> None:
    """Raise unless all tensors are dense and in the memory of the CPU: the one place that decides where work runs.

    Raises
    ------
    ArgumentValueError
        If the devices differ, or a tensor is not dense.
    TargetError
        If they are on another device than the CPU.
    """
    for t in arrays:
        if t.device.type != "cpu" or t.layout is not torch.strided:
            break
    else:
        return
    devices = sorted({str(t.device) for t in arrays})
    if len(devices) > 1:
        raise ArgumentValueError(
            f"The tensors are on different devices: {', '.join(devices)}. Move them to one, with `tensor.to(device)`."
        )
    if devices != ["cpu"]:
        raise TargetError(
            f"The tensors are on {devices[0]}; pairfold reduces PyTorch tensors on the CPU. Move them with "
            "`tensor.cpu()`."
        )
    layouts = sorted({str(t.layout) for t in arrays} - {"torch.strided"})
    raise ArgumentValueError(
        f"A tensor has the layout {', '.join(layouts)}; tensors must be dense. Convert it with `tensor.to_dense()`."
    )


def _carry_out(request: Request, arrays: Tensors, sizes: Sizes, ranges: Tensors) -> tuple[Tensor, ...]:
    """Run the engine on the memory of the tensors."""
    require_cpu(arrays)
    half = None
    if ranges:
        six = [t.numpy() for t in ranges]
        if request.checks_ranges:
            six = list(validate_ranges(six, sizes.rows, sizes.columns))
        half = tuple(six[3:] if request.is_swapped else six[:3])
    outputs = run(
        request.problem,
        [t.detach().resolve_neg().numpy() for t in arrays],
        rows=sizes.rows,
        columns=sizes.columns,
        batch=sizes.batch,
        ranges=half,  # type: ignore[arg-type]
        options=request.options,
    )
    return tuple([torch.from_numpy(output) for output in outputs])


# ---------------------------------------------------------------- the operator

_LIBRARY = torch.library.Library("pairfold", "DEF")
_LIBRARY.define(
    "reduce(str request, Tensor[] arrays, Tensor[] ranges, SymInt rows, SymInt columns, SymInt[] batch) -> Tensor[]"
)
OPERATOR = torch.ops.pairfold.reduce.default
"""``pairfold::reduce(request, arrays, ranges, rows, columns, batch)``; `reduce` is its convenient form."""


def _on_data(
    request: str, arrays: Tensors, ranges: Tensors, rows: int, columns: int, batch: Sequence[int]
) -> list[Tensor]:
    return list(_carry_out(Request.from_text(request), arrays, Sizes(rows, columns, tuple(batch)), ranges))


def _fake(
    request: str, arrays: Tensors, ranges: Tensors, rows: int, columns: int, batch: Sequence[int]
) -> list[Tensor]:
    problem = Request.from_text(request).problem
    kinds = output_kinds(problem)
    shapes = problem.reduction.shapes(problem.sizes)
    return [
        arrays[0].new_empty((*batch, rows, *shape), dtype=torch.int64 if kind == "index" else None)
        for shape, kind in zip(shapes, kinds, strict=True)
    ]


def _vmap(info: Any, in_dims: Any, request: str, arrays: Tensors, ranges: Tensors, rows: int, columns: int, batch: Any) -> Any:
    if any(dim is not None for dim in in_dims[2]):
        raise ArgumentValueError("vmap over ranges is not possible: all entries of a batch have the same ranges.")
    moved = [
        t.unsqueeze(0) if dim is None else t.movedim(dim, 0) for t, dim in zip(arrays, in_dims[1], strict=True)
    ]
    found = OPERATOR(request, moved, list(ranges), rows, columns, [info.batch_size, *batch])
    return found, [0] * len(found)


def _with_autograd(
    keys: Any, request: str, arrays: Tensors, ranges: Tensors, rows: int, columns: int, batch: Sequence[int]
) -> list[Tensor]:
    needs_graph = torch.is_grad_enabled() and any(t.requires_grad for t in arrays)
    if not needs_graph and not torch._C._is_fwd_grad_enabled():
        with torch._C._AutoDispatchBelowAutograd():
            below = keys & torch._C._after_autograd_keyset
            found: list[Tensor] = OPERATOR.redispatch(below, request, arrays, ranges, rows, columns, batch)
            return found
    arguments = (False, Request.from_text(request), Sizes(rows, columns, tuple(batch)), tuple(ranges), *arrays)
    # This kernel serves one level of the transforms of torch.func and passes the call on to the next one itself.
    with enable_single_level_autograd_function():
        return list(_apply(*arguments))


_LIBRARY.impl("reduce", _on_data, "CPU")
_LIBRARY.impl("reduce", _on_data, "CUDA")
_LIBRARY.impl("reduce", _with_autograd, "Autograd", with_keyset=True)
torch.library.register_fake("pairfold::reduce", _fake, lib=_LIBRARY)
torch.library.register_vmap("pairfold::reduce", _vmap, lib=_LIBRARY)


# ---------------------------------------------------------------- derivatives


@contextlib.contextmanager
def _differentiable() -> Iterator[None]:
    """Undo that autograd switches derivatives off inside a function: the level outside of it may need them."""
    with torch.enable_grad(), forward_ad._set_fwd_grad_enabled(True):
        yield


class _Reduce(torch.autograd.Function):
    """The derivatives of `pairfold::reduce`."""

    @staticmethod
    def forward(  # type: ignore[override]
        is_plain: bool, request: Request, sizes: Sizes, ranges: Tensors, *arrays: Tensor
    ) -> tuple[Tensor, ...]:
        if is_plain:
            return _carry_out(request, arrays, sizes, ranges)
        with _differentiable(), torch._C._AutoDispatchBelowAutograd():
            found = OPERATOR(request.text, list(arrays), list(ranges), sizes.rows, sizes.columns, list(sizes.batch))
        return tuple(found)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        _, ctx.request, ctx.sizes, ctx.ranges, *arrays = inputs
        ctx.count = len(arrays)
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(*(t for t in output if not t.is_floating_point()))
        ctx.save_for_backward(*arrays, *output)
        ctx.save_for_forward(*arrays, *output)

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor | None) -> tuple[Tensor | None, ...]:
        arrays, outputs = ctx.saved_tensors[: ctx.count], ctx.saved_tensors[ctx.count :]
        call = _Call(ctx.request, arrays, ctx.sizes, ctx.ranges, outputs)
        wanted = tuple(k for k in range(ctx.count) if ctx.needs_input_grad[4 + k])
        found = call.pull_back(wanted, cotangents)
        return (None, None, None, None, *(found.get(k) for k in range(ctx.count)))

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor | None) -> tuple[Tensor | None, ...]:
        # The tangents of this level are given: the saved tensors stand for their values only.
        saved = [forward_ad.unpack_dual(t, level=0).primal for t in ctx.saved_tensors]
        call = _Call(ctx.request, saved[: ctx.count], ctx.sizes, ctx.ranges, saved[ctx.count :])
        with _differentiable():
            return call.push_forward({k: t for k, t in enumerate(tangents[4:]) if t is not None})


_apply: Callable[..., tuple[Tensor, ...]] = super(torch.autograd.Function, _Reduce).apply
"""`_Reduce.apply` without what it does beside: to look for transforms, and to inspect signatures at every call."""


@dataclass(frozen=True, eq=False)
class _Call:
    """One reduction, and its derivatives.

    Attributes
    ----------
    request : Request
        What is computed.
    arrays : sequence of tensors
        From what.
    sizes : Sizes
        Rows, columns and batch.
    ranges : sequence of tensors
        As for `reduce`.
    outputs : sequence of tensors
        What was found.
    """

    request: Request
    arrays: Tensors
    sizes: Sizes
    ranges: Tensors = ()
    outputs: Tensors = ()

    @property
    def problem(self) -> Problem:
        """What is computed, without how."""
        return self.request.problem

    @property
    def is_empty(self) -> bool:
        """Whether there is no pair."""
        return 0 in (self.sizes.rows, self.sizes.columns, *self.sizes.batch)

    def pull_back(self, wanted: tuple[int, ...], cotangents: Sequence[Tensor | None]) -> dict[int, Tensor]:
        """Return the gradients with respect to the arrays that are `wanted`."""
        kinds = output_kinds(self.problem)
        given = tuple(g is not None and kind == "real" for g, kind in zip(cotangents, kinds, strict=True))
        found: dict[int, Tensor] = {}
        if any(given) and not self.is_empty:
            found = self._pull_back(wanted, given, cotangents)
        return {k: found[k] if k in found else torch.zeros_like(self.arrays[k]) for k in wanted}

    def _pull_back(
        self, wanted: tuple[int, ...], given: tuple[bool, ...], cotangents: Sequence[Tensor | None]
    ) -> dict[int, Tensor]:
        if uses_winners(self.problem):
            assert cotangents[0] is not None
            return _Winners(self).pull_back(wanted, cotangents[0])
        found = {}
        for one in adjoint(self.problem, wanted, given):
            total = self._launch(one, cotangents=cotangents)
            for piece in one.pieces:
                found[piece.index] = self._fitted(total[..., piece.first : piece.last], piece.index)
        return found

    def push_forward(self, tangents: dict[int, Tensor]) -> tuple[Tensor | None, ...]:
        """Return the tangents of the outputs for those of the arrays; None for integers."""
        sizes = self.sizes
        shapes = [(*sizes.batch, sizes.rows, *shape) for shape in self.problem.reduction.shapes(self.problem.sizes)]
        found: dict[int, Tensor] = {}
        if tangents and not self.is_empty:
            found = self._push_forward(tangents, shapes)
        return tuple(
            None if kind == "index" else found[k] if k in found else self.arrays[0].new_zeros(shape)
            for k, (shape, kind) in enumerate(zip(shapes, output_kinds(self.problem), strict=True))
        )

    def _push_forward(self, tangents: dict[int, Tensor], shapes: Sequence[Sequence[int]]) -> dict[int, Tensor]:
        if uses_winners(self.problem):
            return {0: _Winners(self).push_forward(tangents)}
        one = tangent(self.problem, tuple(tangents))
        if one is None:
            return {}
        total = self._launch(one, tangents=tangents)
        return {
            piece.index: total[..., piece.first : piece.last].reshape(*shapes[piece.index]) for piece in one.pieces
        }

    def _launch(self, one: Pass, **given: Any) -> Tensor:
        """Carry out a pass of a derivative."""
        request = Request(one.problem, self.request.options, self.request.is_swapped != one.is_swapped)
        sizes = self.sizes.swapped if one.is_swapped else self.sizes
        arrays = [self._feed(feed, **given) for feed in one.feeds]
        like = self.arrays[0]
        if Feed("number", 0) in one.feeds and like.dtype == torch.float32 and sizes.columns > EXACT_IN_FLOAT32:
            (total,) = reduce(request, [t.double() for t in arrays], sizes, self.ranges)
            return total.to(like.dtype)
        (total,) = reduce(request, arrays or [like.new_empty(0)], sizes, self.ranges)
        return total

    def _feed(self, feed: Feed, cotangents: Any = None, tangents: Any = None) -> Tensor:
        like = self.arrays[0]
        if feed.source == "argument":
            return self.arrays[feed.index]
        if feed.source == "tangent":
            found: Tensor = tangents[feed.index]
            return found
        if feed.source == "number":
            numbers = torch.arange(self.sizes.columns, dtype=like.dtype, device=like.device)
            return numbers.reshape(*(1,) * len(self.sizes.batch), -1, 1)
        tensor = cotangents[feed.index] if feed.source == "cotangent" else self._saved_outputs()[feed.index]
        return tensor.to(like.dtype).reshape(*self.sizes.batch, self.sizes.rows, -1)

    def _saved_outputs(self) -> Tensors:
        saved = saved_problem(self.problem)
        if saved is None:
            return self.outputs
        request = Request(saved, self.request.options, self.request.is_swapped)
        return reduce(request, self.arrays, self.sizes, self.ranges)

    def _fitted(self, total: Tensor, position: int) -> Tensor:
        """Undo the broadcast of argument number `position` over rows and batch axes."""
        array = self.arrays[position]
        if total.dim() > array.dim():
            total = total.sum(-2)
        return total.sum_to_size(array.shape)


class _Winners:
    """The derivative of a minimum or maximum: that of the formula at the pairs that attain it.

    The rows of all winners are gathered, and the formula is differentiated at as many pairs as there are winners.
    """

    def __init__(self, call: _Call) -> None:
        self.whole = call
        best, where = call.outputs[:2]
        problem, nobody = at_winners(call.problem)
        batch, rows = call.sizes.batch, call.sizes.rows
        self.count = prod(where.shape[len(batch) + 1 :])
        self.exists = best != nobody
        # A missing winner has number -1; what is gathered in its place is not used.
        self.index = where.reshape(*batch, rows * self.count, 1).clamp(min=0)
        self.categories = {int(node.params[0]): node.params[2] for node in variables(*call.problem.roots)}
        arrays = [self.gather(t, position) for position, t in enumerate(call.arrays)]
        self.pairs = _Call(Request(problem, call.request.options), arrays, Sizes(rows * self.count, 1, batch))

    def gather(self, tensor: Tensor, position: int) -> Tensor:
        """Return argument number `position`, or a tangent of it, with one row per winner."""
        category = self.categories.get(position)
        if category == Category.ROW:
            tall = tensor.unsqueeze(-2).expand(*tensor.shape[:-1], self.count, tensor.shape[-1])
            return tall.reshape(*tensor.shape[:-2], -1, tensor.shape[-1])
        if category == Category.COLUMN:
            full = tensor.expand(*self.whole.sizes.batch, *tensor.shape[-2:])
            return full.gather(-2, self.index.expand(*self.index.shape[:-1], tensor.shape[-1]))
        return tensor

    def scatter(self, part: Tensor, position: int) -> Tensor:
        """Return the adjoint of `gather`."""
        array = self.whole.arrays[position]
        category = self.categories.get(position)
        if category == Category.ROW:
            return part.reshape(*array.shape[:-1], self.count, array.shape[-1]).sum(-2)
        if category == Category.COLUMN:
            full = part.new_zeros(*self.whole.sizes.batch, *array.shape[-2:])
            return full.scatter_add(-2, self.index.expand(part.shape), part).sum_to_size(array.shape)
        return part

    def pull_back(self, wanted: tuple[int, ...], g: Tensor) -> dict[int, Tensor]:
        """Return the gradients with respect to the arrays that are `wanted`."""
        g = torch.where(self.exists, g, torch.zeros_like(g))
        sizes, dim = self.pairs.sizes, self.whole.problem.value.dim
        if dim > 1:
            # The winner of component c has a cotangent for this component only.
            g = torch.diag_embed(g.reshape(*sizes.batch, -1, dim))
        found = self.pairs.pull_back(wanted, (g.reshape(*sizes.batch, sizes.rows, dim),))
        return {position: self.scatter(part, position) for position, part in found.items()}

    def push_forward(self, tangents: dict[int, Tensor]) -> Tensor:
        """Return the tangent of the values."""
        moved = {position: self.gather(t, position) for position, t in tangents.items()}
        (along,) = self.pairs.push_forward(moved)
        assert along is not None
        dim = self.whole.problem.value.dim
        if dim > 1:
            along = along.reshape(*self.whole.sizes.batch, -1, dim, dim).diagonal(dim1=-2, dim2=-1)
        along = along.reshape(self.exists.shape)
        return torch.where(self.exists, along, torch.zeros_like(along))
