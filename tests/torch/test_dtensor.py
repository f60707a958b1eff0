"""Reductions of DTensors, against one process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Partial, Placement, Replicate, Shard, distribute_tensor

import pairfold.torch.distributed as pfd
from pairfold.errors import ArgumentTypeError, ArgumentValueError, NotDifferentiableError
from pairfold.torch import Genred, KernelSolve, Pm, Vi, Vj
from tests.torch.test_distributed import data, spawned

ALIASES = ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)", "p = Pm(1)"]
FORMULA = "Exp(-p * SqDist(x, y)) * b"
LAYOUTS: tuple[tuple[Placement, ...], ...] = (
    (Shard(0), Replicate(), Replicate(), Replicate()),
    (Shard(0), Shard(0), Replicate(), Replicate()),
    (Replicate(), Shard(0), Shard(0), Replicate()),
    (Replicate(), Replicate(), Replicate(), Replicate()),
    (Shard(1), Shard(1), Shard(0), Replicate()),
)
"""Of x, y, b and p. Nine rows are five on the first rank and four on the second one."""


def compare(found: Any, expected: Any, what: str) -> None:
    assert isinstance(found, DTensor), what
    assert found.shape == expected.shape, what
    torch.testing.assert_close(
        found.full_tensor(), expected, rtol=1e-10, atol=1e-10, msg=lambda text: f"{what}: {text}"
    )


def derivatives(call: Any, given: list[torch.Tensor], order: int) -> tuple[Any, ...]:
    """Return the value, the first derivatives, and for order 2 those of a number that is made of them."""
    wanted = [array.detach().requires_grad_() for array in given]
    value = call(*wanted)
    first = torch.autograd.grad((value**2).sum(), wanted, create_graph=order > 1)
    if order == 1:
        return (value, *first)
    second = torch.autograd.grad(sum((one**2).sum() for one in first), wanted)
    return (value, *first, *second)


def check_layouts(rank: int, world: int) -> None:
    mesh = init_device_mesh("cpu", (world,))
    whole = list(data().values())
    for name, order in (("Sum", 2), ("LogSumExp", 1)):
        call = Genred(FORMULA, ALIASES, name, axis=1)
        expected = derivatives(call, whole, order)
        for layout in LAYOUTS:
            given = [distribute_tensor(array, mesh, [one]) for array, one in zip(whole, layout, strict=True)]
            found = derivatives(call, given, order)
            for k, (one, other) in enumerate(zip(found, expected, strict=True)):
                compare(one, other, f"{name} with {layout}, number {k}")
            # Gradients are laid out as what they are the gradients of.
            assert [one.placements[0] for one in found[1:5]] == list(layout)
            split = Shard(0) if Shard(0) in layout else Replicate()
            assert found[0].placements[0] == (Partial() if name == "Sum" and split not in layout[:1] else split)


def check_forms(rank: int, world: int) -> None:
    """LazyTensors, column numbers, the other axis, batch axes, other dtypes, few rows, linear systems."""
    mesh = init_device_mesh("cpu", (world,))
    x, y, b, p = data().values()
    rows, columns = distribute_tensor(x, mesh, [Shard(0)]), distribute_tensor(y, mesh, [Replicate()])
    nearest = Vi(rows).sqdist(Vj(columns)).argKmin(3, axis=1)
    compare(nearest, Vi(x).sqdist(Vj(y)).argKmin(3, axis=1), "argKmin")
    assert nearest.placements[0] == Shard(0)
    assert nearest.to_local().shape[0] == (5, 4)[rank]
    waiting = (-Vi(rows).sqdist(Vj(columns)) * 0.5).logsumexp(axis=0)
    compare(waiting, (-Vi(x).sqdist(Vj(y)) * 0.5).logsumexp(axis=0), "axis 0, and a number")
    kernel, here = (Vi(rows).sqdist(Vj(columns)) * Pm(p[0].item())).exp(), (Vi(x).sqdist(Vj(y)) * Pm(p[0].item())).exp()
    compare(kernel @ distribute_tensor(b, mesh, [Shard(0)]), here @ b, "a product")
    compare(Vi(rows).sqdist(Vj(rows)).min(axis=1), Vi(x).sqdist(Vj(x)).min(axis=1), "rows that are columns, too")
    one = distribute_tensor(x[:1], mesh, [Shard(0)])
    compare(Vi(one).sqdist(Vj(columns)).max(axis=1), Vi(x[:1]).sqdist(Vj(y)).max(axis=1), "one row, on one rank")
    call = Genred(FORMULA, ALIASES, axis=1)
    batch = x.expand(2, 9, 3) * torch.tensor([1.0, 2.0], dtype=torch.float64)[:, None, None]
    sharded = [
        distribute_tensor(v, mesh, [s]) for v, s in zip((batch, y, b, p), (Shard(1), *LAYOUTS[0][1:]), strict=True)
    ]
    compare(call(*sharded), call(batch, y, b, p), "a batch")
    half = [distribute_tensor(v.half(), mesh, [s]) for v, s in zip((x, y, b, p), LAYOUTS[0], strict=True)]
    assert call(*half).dtype == torch.float16
    compare(call(*half), call(*(v.half() for v in (x, y, b, p))), "half precision")
    solve = KernelSolve("Exp(-SqDist(x, y)) * b", ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)"], "b", axis=1)
    compare(
        solve(rows, rows, distribute_tensor(b, mesh, [Shard(0)]), alpha=0.5), solve(x, x, b, alpha=0.5), "a solution"
    )


def check_errors(rank: int, world: int) -> None:
    mesh = init_device_mesh("cpu", (world,))
    x, y, b, p = data().values()
    call = Genred(FORMULA, ALIASES, axis=1)
    rows, columns, weights = (distribute_tensor(v, mesh, [s]) for v, s in zip((x, y, b), LAYOUTS[0], strict=False))
    with pytest.raises(ArgumentTypeError, match=r"plain tensor of shape \(9, 3\) is given with DTensors"):
        call(rows, y, weights, p)
    with pytest.raises(ArgumentTypeError, match=r"plain tensor of shape \(1,\) is given with DTensors"):
        call(rows, columns, weights, p.clone().requires_grad_())
    single = distribute_tensor(x[:1, :1], mesh, [Shard(0)])
    with pytest.raises(ArgumentTypeError, match=r"plain tensor of shape \(1, 1\)"):
        (Vi(single) * Vj(y[:1, :1])).sum(axis=1)
    other = init_device_mesh("cpu", (1, world), mesh_dim_names=("a", "b"))
    with pytest.raises(ArgumentValueError, match="on different meshes"):
        call(rows, distribute_tensor(y, other, [Replicate(), Replicate()]), weights, p)
    everything = [torch.tensor([[0, 9]]), torch.tensor([1]), torch.tensor([[0, 9]])] * 2
    with pytest.raises(ArgumentValueError, match="ranges number the rows and columns of whole arrays"):
        call(rows, columns, weights, p, ranges=tuple(everything))
    with pytest.raises(NotDifferentiableError, match="to_local"):
        call.partial(rows, columns, weights, p)
    with pytest.raises(ArgumentTypeError, match="does not transform reductions of DTensors"):
        torch.func.grad(lambda array: call(array, columns, weights, p).sum())(rows)
    with pytest.raises(ArgumentTypeError, match="give what this rank has"):
        pfd.reduce(call, rows, columns, weights, p)
    needing = rows.detach().requires_grad_()
    found = call(needing, columns, weights, p)
    with pytest.raises(ArgumentTypeError, match="is_grads_batched"):
        torch.autograd.grad(found, needing, torch.stack([found.detach()] * 2), is_grads_batched=True)


def test_dtensors(tmp_path: Path) -> None:
    spawned(tmp_path, (2, check_layouts), (2, check_forms), (2, check_errors))
