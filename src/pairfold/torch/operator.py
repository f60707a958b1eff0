"""The operator ``pairfold::reduce`` of PyTorch: one reduction, differentiable to any order in every mode.

Everything that PyTorch can do with a function goes through its dispatcher, and each of its mechanisms asks the operator
for one thing:

============================================ ==========================================================
autograd, `torch.func` (reverse and forward) `_Reduce`, whose derivatives call the operator again
`torch.func.vmap`                            `_vmap`: one more batch axis
`torch.compile`, `torch.export`              `_fake`: the shapes of the outputs
the data themselves                          `_carry_out`: the engine, on the memory of the tensors
============================================ ==========================================================

A call on plain tensors takes the short cut past the dispatcher, which would cost as much as a small reduction. DTensors
do not come to the operator: `pairfold.torch.dtensor` reduces the tensors of each rank.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

import torch
from torch import Tensor
from torch._functorch.utils import enable_single_level_autograd_function
from torch.autograd import forward_ad

from pairfold.api.derivatives import Calculus, Reduced
from pairfold.api.linear_system import solve_call
from pairfold.api.request import Request
from pairfold.engine import TARGETS, Call, Extent, run_jointly
from pairfold.errors import ArgumentValueError, TargetError
from pairfold.ir.expr import Expr
from pairfold.pruning import run
from pairfold.reductions.state import outputs_of
from pairfold.sparsity.ranges import validate_ranges
from pairfold.torch.arrays import TENSORS
from pairfold.torch.cuda import run_tensors_on_gpu

__all__ = ["OPERATOR", "are_sharded", "is_on_gpu", "is_tracked", "reduce"]

Tensors = Sequence[Tensor]


def reduce(request: Request, arrays: Tensors) -> tuple[Tensor, ...]:
    """Carry out a reduction; the result is differentiable.

    Parameters
    ----------
    request : Request
        What to compute.
    arrays : sequence of tensors
        As for `pairfold.engine.run`, all float32 or all float64, of any strides.

    Returns
    -------
    tuple of tensors
        As `pairfold.engine.run`.

    Raises
    ------
    ArgumentValueError, TargetError
        If the tensors are on different devices, or on one of a kind that is not served.
    """
    if not _is_plain(arrays):
        if are_sharded(arrays):
            found: tuple[Tensor, ...] = import_module("pairfold.torch.dtensor").reduce_sharded(request, arrays, reduce)
            return found
        return _operate(request, arrays)
    if _needs_graph(arrays):
        # Tensors of a transform that has ended, as they come to the backward pass of `torch.func.vjp`, still look as if
        # they needed one.
        arrays = [torch._C._functorch.unwrap_if_dead(t) for t in arrays]
        if _needs_graph(arrays):
            return _apply(True, request, *arrays)
    return _carry_out(request, arrays)


def is_tracked(arrays: Tensors) -> bool:
    """Tell whether derivatives with respect to the tensors may be asked for."""
    return _needs_graph(arrays) or not _is_plain(arrays)


_PLAIN = frozenset({Tensor, torch.nn.Parameter})


def _is_plain(arrays: Tensors) -> bool:
    """Tell whether nobody traces, transforms or intercepts operators."""
    if torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active():
        return False
    if torch._C._len_torch_dispatch_stack():
        return False
    return all(type(t) in _PLAIN for t in arrays)


def are_sharded(arrays: Tensors) -> bool:
    """Tell whether there is a DTensor; nobody has one who has not imported them."""
    kind = getattr(sys.modules.get("torch.distributed.tensor"), "DTensor", None)
    return kind is not None and any(isinstance(_unwrapped(t), kind) for t in arrays)


def _unwrapped(array: Tensor) -> Tensor:
    """Return the tensor that the transforms of `torch.func` have wrapped."""
    while torch._C._functorch.is_functorch_wrapped_tensor(array):
        array = torch._C._functorch.get_unwrapped(array)
    return array


def _needs_graph(arrays: Tensors) -> bool:
    if forward_ad._current_level >= 0:
        return True
    if torch.is_grad_enabled():
        for t in arrays:
            if t.requires_grad:
                return True
    return False


# ---------------------------------------------------------------- the data


def is_on_gpu(arrays: Tensors) -> bool:
    """Tell where tensors are reduced: where they are, on the CPU or on an NVIDIA GPU.

    Raises
    ------
    ArgumentValueError
        If the devices differ, or a tensor is not dense.
    TargetError
        If they are on a device of another kind.
    """
    first = arrays[0].device
    for t in arrays:
        if t.device != first or t.layout is not torch.strided:
            break
    else:
        if first.type in _KINDS:
            return first.type == "cuda"
    devices = sorted({str(t.device) for t in arrays})
    if len(devices) > 1:
        raise ArgumentValueError(
            f"The tensors are on different devices: {', '.join(devices)}. Move them to one, with `tensor.to(device)`."
        )
    if first.type not in _KINDS:
        raise TargetError(
            f"The tensors are on {first}; pairfold reduces PyTorch tensors on the CPU and on NVIDIA GPUs. Move them "
            "with `tensor.cpu()`."
        )
    layouts = sorted({str(t.layout) for t in arrays} - {"torch.strided"})
    raise ArgumentValueError(
        f"A tensor has the layout {', '.join(layouts)}; tensors must be dense. Convert it with `tensor.to_dense()`."
    )


_KINDS = frozenset({"cpu", "cuda"})
"""Kinds of devices that work is done on."""


def _carry_out(request: Request, arrays: Tensors) -> tuple[Tensor, ...]:
    """Carry out a request on the memory of the tensors."""
    if all(t.is_meta for t in arrays):
        return tuple(_shapes_of(request, arrays))
    call = request.call
    if call.ranges is not None:
        six = tuple([part.cpu().numpy() if isinstance(part, Tensor) else part for part in call.ranges])
        if request.checks_ranges:
            six = validate_ranges(six, call.extent.rows, call.extent.columns)
        call = replace(call, ranges=six)
    if request.system is None:
        return _run(call, arrays)
    *given, alpha = [t.detach() for t in arrays]
    return (solve_call(TENSORS, _run, call, request.system, given, _number(alpha)),)


def _number(alpha: Tensor) -> float:
    if alpha.numel() != 1 and bool((alpha != alpha.flatten()[0]).any()):
        raise ArgumentValueError(
            f"alpha has {alpha.numel()} different values; all systems of a batch have the same alpha. Solve one by one."
        )
    return float(alpha.flatten()[0])


def _run(call: Call, arrays: Tensors) -> tuple[Tensor, ...]:
    """Run the engine on the memory of the tensors."""
    if is_on_gpu(arrays):
        if call.options.target not in (None, "cuda"):
            asked = TARGETS[call.options.target].backend
            raise TargetError(
                f"backend={asked!r} was asked for, and the tensors are on {arrays[0].device}. Move them with "
                "`tensor.cpu()`, or leave backend out."
            )
        return run_tensors_on_gpu(call, arrays)
    outputs = run(call, [t.detach().resolve_neg().numpy() for t in arrays])
    return tuple([torch.from_numpy(output) for output in outputs])


# ---------------------------------------------------------------- the operator

_LIBRARY = torch.library.Library("pairfold", "DEF")
_LIBRARY.define(
    "reduce(str request, Tensor[] arrays, Tensor[] ranges, SymInt rows, SymInt columns, SymInt[] batch) -> Tensor[]"
)
OPERATOR = torch.ops.pairfold.reduce.default
"""``pairfold::reduce(request, arrays, ranges, rows, columns, batch)``; `reduce` is its convenient form."""


def _operate(request: Request, arrays: Tensors) -> tuple[Tensor, ...]:
    """Call the operator."""
    extent = request.call.extent
    tables = [part if isinstance(part, Tensor) else torch.from_numpy(part) for part in request.call.ranges or ()]
    return tuple(OPERATOR(request.text, list(arrays), tables, extent.rows, extent.columns, list(extent.batch)))


def _asked(
    request: str, arrays: Tensors, ranges: Tensors, rows: int, columns: int, batch: Sequence[int]
) -> tuple[Request, Tensors]:
    """Return what the arguments of the operator say."""
    dtype = "float32" if arrays[0].dtype == torch.float32 else "float64"
    return Request.from_text(request, Extent(rows, columns, tuple(batch)), dtype, ranges), arrays


def _on_data(*args: Any) -> list[Tensor]:
    return list(_carry_out(*_asked(*args)))


def _fake(*args: Any) -> list[Tensor]:
    return _shapes_of(*_asked(*args))


def _shapes_of(request: Request, arrays: Tensors) -> list[Tensor]:
    """Return tensors of the shapes and dtypes of the outputs, on the device of the arrays."""
    extent = request.call.extent
    if request.system is not None:
        return [arrays[0].new_empty((*extent.batch, *arrays[request.system.position].shape[-2:]))]
    return [
        arrays[0].new_empty(shape, dtype=torch.int64 if dtype == "int64" else None)
        for shape, dtype in outputs_of(request.call.problem, extent, "")
    ]


def _vmap(
    info: Any, in_dims: Any, request: str, arrays: Tensors, ranges: Tensors, rows: int, columns: int, batch: Any
) -> Any:
    if any(dim is not None for dim in in_dims[2]):
        raise ArgumentValueError("vmap over ranges is not possible: all entries of a batch have the same ranges.")
    moved = [t.unsqueeze(0) if dim is None else t.movedim(dim, 0) for t, dim in zip(arrays, in_dims[1], strict=True)]
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
    asked, _ = _asked(request, arrays, ranges, rows, columns, batch)
    # This kernel serves one level of the transforms of torch.func and passes the call on to the next one itself.
    with enable_single_level_autograd_function():
        return list(_apply(False, asked, *arrays))


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


def _over_batch(
    derivative: Callable[[Sequence[Tensor | None]], dict[int, Tensor]], given: Sequence[Tensor | None]
) -> dict[int, Tensor]:
    """Return ``derivative(given)``, also for tensors of the batches of ``torch.autograd.grad(is_grads_batched=True)``.

    These batches are older than `torch.func.vmap`, and operators of one's own have no part in them.
    """
    is_batched = [t is not None and torch._C._functorch.is_legacy_batchedtensor(t) for t in given]
    if not any(is_batched):
        return derivative(given)
    level = torch._C._vmapmode_increment_nesting() - 1
    torch._C._vmapmode_decrement_nesting()
    plain = [
        torch._remove_batch_dim(t, level, 0, 0) if t is not None and batched else t
        for t, batched in zip(given, is_batched, strict=True)
    ]
    places = [0 if batched else None for batched in is_batched]
    found = torch.func.vmap(lambda *tensors: derivative(tensors), tuple(places))(*plain)
    return {k: torch._add_batch_dim(t, 0, level) for k, t in found.items()}


def _gathered(array: Tensor, index: Tensor) -> Tensor:
    return array.gather(-2, index.expand(*index.shape[:-1], array.shape[-1]))


def _scattered(part: Tensor, index: Tensor, shape: Sequence[int]) -> Tensor:
    return part.new_zeros(*shape).scatter_add(-2, index.expand(part.shape), part)


def _reduce_jointly(call: Call, across: Sequence[Expr], arrays: Tensors) -> tuple[Tensor, ...] | None:
    is_here = all(t.device.type == "cpu" for t in arrays)
    if not is_here or not _is_plain(arrays) or _needs_graph(arrays) or call.ranges is not None:
        return None
    found = run_jointly(call, across, [t.detach().resolve_neg().numpy() for t in arrays])
    return None if found is None else tuple([torch.from_numpy(part) for part in found])


_CALCULUS = Calculus(TENSORS, reduce, _gathered, _scattered, _reduce_jointly)


class _Reduce(torch.autograd.Function):
    """The derivatives of `pairfold::reduce`."""

    @staticmethod
    def forward(is_plain: bool, request: Request, *arrays: Tensor) -> tuple[Tensor, ...]:
        if is_plain:
            return _carry_out(request, arrays)
        with _differentiable(), torch._C._AutoDispatchBelowAutograd():
            return _operate(request, arrays)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        _, ctx.request, *arrays = inputs
        ctx.count = len(arrays)
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(*(t for t in output if not t.is_floating_point()))
        ctx.save_for_backward(*arrays, *output)
        ctx.save_for_forward(*arrays, *output)

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor | None) -> tuple[Tensor | None, ...]:
        # Checkpoints allow one look at the saved tensors.
        saved = ctx.saved_tensors
        reduced = Reduced(_CALCULUS, ctx.request, saved[: ctx.count], saved[ctx.count :])
        wanted = tuple(k for k in range(ctx.count) if ctx.needs_input_grad[2 + k])
        found = _over_batch(lambda given: reduced.pull_back(wanted, given), cotangents)
        return (None, None, *(found.get(k) for k in range(ctx.count)))

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor | None) -> tuple[Tensor | None, ...]:
        # The tangents of this level are given: the saved tensors stand for their values only.
        saved = [forward_ad.unpack_dual(t, level=0).primal for t in ctx.saved_tensors]
        reduced = Reduced(_CALCULUS, ctx.request, saved[: ctx.count], saved[ctx.count :])
        with _differentiable():
            moved = _over_batch(
                lambda given: reduced.push_forward({k: t for k, t in enumerate(given) if t is not None}), tangents[2:]
            )
        return tuple(moved.get(k) for k in range(len(ctx.saved_tensors) - ctx.count))


_apply: Callable[..., tuple[Tensor, ...]] = super(torch.autograd.Function, _Reduce).apply
"""`_Reduce.apply` without what it does beside: to look for transforms, and to inspect signatures at every call."""
