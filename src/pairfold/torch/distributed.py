"""Reductions whose rows and columns are in the processes of a group of `torch.distributed`.

Every process, a rank of the group, has some of the rows and some of the columns, keeps the states of its rows, and sees
the columns of all: as a ring, in which columns are sent on while they are reduced, or gathered at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from pairfold.api.adapter import Adapter
from pairfold.api.derivatives import Calculus, Reduced
from pairfold.api.genred import GenredBase
from pairfold.api.request import Request
from pairfold.api.routine import Routine
from pairfold.api.states import refuse_tolerance
from pairfold.engine import State, finish
from pairfold.engine.states import state_of
from pairfold.errors import ArgumentTypeError, ArgumentValueError, CommunicationError, PairfoldError
from pairfold.ir.call import Call
from pairfold.ir.expr import Category
from pairfold.lazy.reduction import LazyReduction
from pairfold.lazy.tensor import LazyTensorBase
from pairfold.torch.adapter import TORCH, prepared_call
from pairfold.torch.arrays import TENSORS
from pairfold.torch.operator import are_sharded
from pairfold.torch.operator import reduce as reduce_here
from pairfold.transform.derivatives import differentiable_form

__all__ = ["reduce"]

SCHEDULES = ("ring", "gather")


def reduce(
    routine: Any,
    *args: Any,
    group: Any = None,
    schedule: str = "ring",
    threads: int | None = None,
    **kwargs: Any,
) -> Any:
    """Reduce over the columns of all ranks of a group; the result has a row for each row of this rank.

    All ranks call it, and go backwards through it together. The result is differentiable to any order. Gradients are
    those of the sum of the losses of all ranks, with respect to the rows and columns of this rank and to parameters,
    which are the same on every rank.

    Parameters
    ----------
    routine : Genred, LazyTensor or waiting reduction of `pairfold.torch`
        What is computed.
    *args : tensors, or str and what the method takes
        The arguments of a `Genred`, or of the symbolic variables of a waiting reduction: what is indexed by i or j has
        some of all entries on each rank, in the order of the ranks, perhaps none; parameters are the same everywhere.
        For a LazyTensor, which holds such arrays, the name of a method that reduces, and what this takes.
    group : ProcessGroup, optional
        The processes; by default all.
    schedule : str
        ``"ring"``: the columns go from rank to rank while they are reduced, and no rank has more than two blocks.
        ``"gather"``: every rank gets all columns at once.
    threads : int, optional
        Number of threads of each rank.

    Returns
    -------
    tensor, or tuple of tensors
        As a call with the rows of this rank and all columns. Column numbers count the columns of all ranks.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        If an argument does not fit, or the ranks do not call for the same.
    CommunicationError
        If a rank does not take part, within the time that the group waits.

    Examples
    --------
    >>> import torch
    >>> import torch.distributed as dist
    >>> import pairfold.torch.distributed
    >>> from pairfold.torch import Genred
    >>> dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    >>> gauss = Genred("Exp(-SqDist(x, y))", ["x = Vi(3)", "y = Vj(3)"], axis=1)
    >>> pairfold.torch.distributed.reduce(gauss, torch.zeros(2, 3), torch.zeros(5, 3))
    tensor([[5.],
            [5.]])
    >>> dist.destroy_process_group()
    """
    if schedule not in SCHEDULES:
        raise ArgumentValueError(f"schedule is {schedule!r}; allowed are {' and '.join(map(repr, SCHEDULES))}.")
    if not dist.is_available() or not dist.is_initialized():
        raise ArgumentValueError("There is no process group yet: call torch.distributed.init_process_group first.")
    found, arrays, keys = _asked(routine, args, kwargs)
    if found.adapter is not TORCH:
        raise ArgumentTypeError(f"This reduces tensors of PyTorch; found a routine for {found.adapter.name} arrays.")
    if are_sharded(arrays):
        raise ArgumentTypeError(
            "An argument is a DTensor, which knows its group itself: call the routine or the method of the LazyTensor, "
            "or give what this rank has, `tensor.to_local()`."
        )
    sharded = copy(found)
    run = partial(_run, _Ranks(dist.group.WORLD if group is None else group, schedule))
    sharded.adapter, sharded._plans, sharded._elsewhere = _adapter(run), {}, {}
    return sharded(arrays, keys=keys, threads=threads)


def _asked(routine: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Routine, Sequence[Any], Any]:
    """Return what is to be called, with what, and what is known of it."""
    if isinstance(routine, LazyTensorBase):
        if not args:
            raise ArgumentTypeError(
                'A LazyTensor is followed by the name of a method, as in reduce(tensor, "sum", axis=1).'
            )
        method, *rest = args
        routine, args, kwargs = routine.waiting("reduce", method, tuple(rest), kwargs), (), {}
    refuse_tolerance(kwargs)
    if kwargs:
        raise ArgumentTypeError(
            f"There is no keyword {next(iter(kwargs))!r} here; allowed are group, schedule, threads."
        )
    if isinstance(routine, LazyReduction):
        return routine.call_of(args)
    if isinstance(routine, GenredBase):
        return routine.routine, args, None
    raise ArgumentTypeError(
        f"The first argument is a Genred, a LazyTensor or a waiting reduction; found {type(routine).__name__}."
    )


def _adapter(run: Callable[..., Any]) -> Adapter:
    return replace(TORCH, run=run)


# ---------------------------------------------------------------- who has what


@dataclass(frozen=True, eq=False)
class _Ranks:
    """The processes that reduce together.

    Attributes
    ----------
    group : ProcessGroup
        The processes.
    schedule : str
        How columns come around.
    """

    group: Any
    schedule: str

    @property
    def own(self) -> int:
        """The number of this process in the group."""
        return dist.get_rank(self.group)

    @property
    def count(self) -> int:
        """How many there are."""
        return dist.get_world_size(self.group)

    @contextmanager
    def contact(self, doing: str) -> Iterator[None]:
        """Say what was being done when the others are lost."""
        try:
            yield
        except PairfoldError:
            raise
        except RuntimeError as reason:
            raise CommunicationError(
                f"Rank {self.own} of {self.count} lost the others while it {doing}: {reason} All ranks of the group "
                "call the same reductions in the same order, and go backwards through all of them; one that has ended, "
                "or failed, ends the others."
            ) from reason


@dataclass(frozen=True)
class _Shards:
    """What each rank has.

    Attributes
    ----------
    rows, columns : tuple of int
        How many, by rank.
    """

    rows: tuple[int, ...]
    columns: tuple[int, ...]

    def first(self, rank: int) -> int:
        """Return the number of the first column of a rank."""
        return (0, *accumulate(self.columns))[rank]


def _agreed(ranks: _Ranks, request: Request, arrays: Sequence[Tensor], needs: Sequence[bool]) -> _Shards:
    """Return what each rank has, after all have found that they are about to do the same."""
    call = request.call
    widths = [(*t.shape[:-2], t.shape[-1]) if _moves(call, k) else tuple(t.shape[-1:]) for k, t in enumerate(arrays)]
    what = repr((request.text, call.dtype, call.extent.batch, widths, ranks.schedule))
    digest = int.from_bytes(hashlib.blake2b(what.encode(), digest_size=7).digest(), "little")
    mask = sum(1 << k for k, needed in enumerate(needs) if needed)
    own = torch.tensor([digest, call.extent.rows, call.extent.columns, mask], device=arrays[0].device)
    found = [torch.empty_like(own) for _ in range(ranks.count)]
    with ranks.contact("waited for all to begin"):
        dist.all_gather(found, own, group=ranks.group)
    digests, rows, columns, masks = zip(*(one.tolist() for one in found), strict=True)
    if len(set(digests)) > 1:
        other = next(rank for rank, one in enumerate(digests) if one != digest)
        raise ArgumentValueError(
            f"Rank {ranks.own} and rank {other} do not call for the same: formula, dtypes, dimensions, batch axes and "
            "schedule are the same on all ranks."
        )
    for k in range(len(arrays)):
        having = [rank for rank, one in enumerate(masks) if one >> k & 1]
        if len(having) not in (0, ranks.count):
            raise ArgumentValueError(
                f"Argument number {k} of those that the formula reads needs a gradient on the ranks {having} only; "
                "requires_grad is the same on all ranks, since all of them go backwards together."
            )
    return _Shards(rows, columns)


def _moves(call: Call, position: int) -> bool:
    """Tell whether an array has columns."""
    node = call.problem.arguments.get(position)
    return node is not None and node.category == Category.COLUMN


# ---------------------------------------------------------------- columns of all


def _parts(ranks: _Ranks, shards: _Shards, arrays: dict[int, Tensor]) -> Iterator[tuple[int, int, dict[int, Tensor]]]:
    """Yield the number of the first column, the number of columns, and the columns, until all have come by."""
    if ranks.schedule == "gather":
        yield 0, sum(shards.columns), {k: _gathered(ranks, shards, t) for k, t in arrays.items()}
        return
    current = {k: t.contiguous() for k, t in arrays.items()}
    for step in range(ranks.count):
        owner = (ranks.own - step) % ranks.count
        coming = current
        works: list[Any] = []
        if step + 1 < ranks.count:
            coming, works = _passed_on(ranks, shards.columns[(owner - 1) % ranks.count], current)
        yield shards.first(owner), shards.columns[owner], current
        with ranks.contact("waited for columns"):
            for work in works:
                work.wait()
        current = coming


def _passed_on(ranks: _Ranks, count: int, current: dict[int, Tensor]) -> tuple[dict[int, Tensor], list[Any]]:
    """Begin to send columns to the next rank, and to receive those of the one before, of which there are `count`."""
    after, before = (dist.get_global_rank(ranks.group, (ranks.own + way) % ranks.count) for way in (1, -1))
    coming = {k: t.new_empty((*t.shape[:-2], count, t.shape[-1])) for k, t in current.items()}
    ways = [(dist.isend, t, after) for t in current.values()] + [(dist.irecv, t, before) for t in coming.values()]
    transfers = [dist.P2POp(way, t, peer, ranks.group) for way, t, peer in ways if t.numel()]
    with ranks.contact("sent columns on"):
        return coming, dist.batch_isend_irecv(transfers) if transfers else []


def _gathered(ranks: _Ranks, shards: _Shards, array: Tensor) -> Tensor:
    """Return the columns of all ranks."""
    longest = max(shards.columns)
    shape = (*array.shape[:-2], longest, array.shape[-1])
    padded = array.new_zeros(shape)
    padded[..., : array.shape[-2], :] = array
    found = [torch.empty_like(padded) for _ in range(ranks.count)]
    if padded.numel():
        with ranks.contact("gathered columns"):
            dist.all_gather(found, padded, group=ranks.group)
    return torch.cat([t[..., :count, :] for t, count in zip(found, shards.columns, strict=True)], -2)


def _carry_out(
    ranks: _Ranks, request: Request, arrays: Sequence[Tensor], needs: Sequence[bool]
) -> tuple[tuple[Tensor, ...], _Shards]:
    """Reduce over the columns of all ranks; return the outputs for the rows of this one, and what each has."""
    call, like = request.call, arrays[0]
    shards = _agreed(ranks, request, arrays, needs)
    moving = {k: t for k, t in enumerate(arrays) if _moves(call, k)}
    state: State | None = None
    for first, count, columns in _parts(ranks, shards, moving):
        part = replace(call, extent=call.extent._replace(columns=count))
        given = [columns.get(k, t) for k, t in enumerate(arrays)]
        fields = reduce_here(Request(replace(part, problem=call.problem.unfinished)), given)
        found = state_of(part, [TENSORS.to_numpy(t) for t in fields], first, call.dtype)
        state = found if state is None else state.merge(found)
    outputs = finish(state) if state is not None else ()
    return tuple(torch.from_numpy(output).to(like.device) for output in outputs), shards


# ---------------------------------------------------------------- derivatives


def _run(ranks: _Ranks, call: Call, arrays: Sequence[Tensor | None]) -> tuple[Tensor, ...]:
    """Carry out a reduction of tensors; see `pairfold.engine.run`."""
    options = replace(call.options, tolerance=None)
    call, given = prepared_call(replace(call, options=options), arrays)
    read = call.problem.arguments
    shared = [k for k, node in read.items() if node.category == Category.PARAMETER]
    given = [_shared(ranks, t) if k in shared and _needs(t) else t for k, t in enumerate(given)]
    if not any(map(_needs, given)):
        return _reduce(ranks, Request(call), given)
    form = differentiable_form(call.problem)
    outputs = _reduce(ranks, Request(replace(call, problem=form.problem)), given)
    return tuple([outputs[k] for k in form.selected])


def _needs(array: Tensor) -> bool:
    return torch.is_grad_enabled() and array.requires_grad


def _reduce(ranks: _Ranks, request: Request, arrays: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Reduce over the columns of all ranks; the result is differentiable."""
    needs = tuple(map(_needs, arrays))
    if any(needs):
        found: tuple[Tensor, ...] = _differentiable(ranks, request, needs, *arrays)
        return found
    return _carry_out(ranks, request, arrays, needs)[0]


@dataclass(frozen=True, eq=False)
class _Sharded(Reduced):
    """A reduction of which this rank has some rows and some columns."""

    shards: _Shards = _Shards((), ())
    rank: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether no rank has a pair."""
        extent = self.extent._replace(rows=sum(self.shards.rows), columns=sum(self.shards.columns))
        return extent.is_empty

    @property
    def columns(self) -> tuple[int, int]:
        """The number of the first column of this rank, and how many all have."""
        return self.shards.first(self.rank), sum(self.shards.columns)

    @property
    def has_few_winners(self) -> bool:
        """Whether winners may be gathered here: they may be on other ranks."""
        return False


class _Reduce(torch.autograd.Function):
    """The derivatives of `_carry_out`: reductions over the columns of all ranks, or over the rows of all."""

    @staticmethod
    def forward(ctx: Any, ranks: _Ranks, request: Request, needs: tuple[bool, ...], *arrays: Tensor) -> Any:
        outputs, shards = _carry_out(ranks, request, arrays, needs)
        ctx.facts = ranks, request, needs, shards
        ctx.mark_non_differentiable(*(t for t in outputs if not t.is_floating_point()))
        ctx.save_for_backward(*arrays, *outputs)
        return outputs

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> tuple[Tensor | None, ...]:
        # What is None on one rank may be there on another one, so all outputs have cotangents.
        ranks, request, needs, shards = ctx.facts
        saved, count = ctx.saved_tensors, len(needs)
        calculus = Calculus(TENSORS, partial(_reduce, ranks), _nowhere, _nowhere)
        reduced = _Sharded(calculus, request, saved[:count], saved[count:], shards, ranks.own)
        wanted = tuple(k for k, needed in enumerate(needs) if needed)
        found = reduced.pull_back(wanted, cotangents)
        return (None, None, None, *(found.get(k) for k in range(count)))


def _nowhere(*args: Any) -> Tensor:
    raise NotImplementedError("Winners are not gathered from other ranks.")


class _Shared(torch.autograd.Function):
    """A parameter, which every rank has: its gradient is the sum of those of all ranks, on every rank."""

    @staticmethod
    def forward(ctx: Any, ranks: _Ranks, array: Tensor) -> Tensor:
        ctx.ranks = ranks
        return array.view_as(array)

    @staticmethod
    def backward(ctx: Any, cotangent: Tensor) -> tuple[None, Tensor]:
        return None, _total(ctx.ranks, cotangent)


class _Total(torch.autograd.Function):
    """The sum over all ranks, on every rank."""

    @staticmethod
    def forward(ctx: Any, ranks: _Ranks, array: Tensor) -> Tensor:
        ctx.ranks = ranks
        total = array.detach().clone(memory_format=torch.contiguous_format)
        with ranks.contact("summed a gradient"):
            dist.all_reduce(total, group=ranks.group)
        return total

    @staticmethod
    def backward(ctx: Any, cotangent: Tensor) -> tuple[None, Tensor]:
        return None, _total(ctx.ranks, cotangent)


_differentiable: Callable[..., tuple[Tensor, ...]] = _Reduce.apply
_shared: Callable[..., Tensor] = _Shared.apply
_total: Callable[..., Tensor] = _Total.apply
