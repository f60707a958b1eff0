"""Reductions over the columns of several processes, against one process."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

import pairfold.torch.distributed as pfd
from pairfold.errors import ArgumentTypeError, ArgumentValueError, CommunicationError
from pairfold.numpy import Genred as OfNumPy
from pairfold.reductions import REDUCTIONS
from pairfold.torch import Genred, Vi, Vj

SHARDS = {
    2: [((5, 4), (6, 3)), ((1, 8), (0, 9)), ((9, 0), (1, 8))],
    3: [((4, 0, 5), (2, 1, 6)), ((1, 7, 1), (0, 0, 9))],
}
"""Rows and columns of each rank: uneven, single and none."""

N, M = 9, 9


Job = tuple[Any, ...]
"""A number of ranks, a function of a rank, this number and more arguments, and the arguments."""


def entered(rank: int, folder: str, jobs: tuple[Job, ...]) -> None:
    torch.set_num_threads(1)
    for number, (world, work, *args) in enumerate(jobs):
        if rank >= world:
            continue
        store = dist.FileStore(f"{folder}/{number}", world)
        dist.init_process_group("gloo", store=store, rank=rank, world_size=world, timeout=timedelta(seconds=60))
        try:
            work(rank, world, *args)
            dist.barrier()
        finally:
            dist.destroy_process_group()


def spawned(folder: Path, *jobs: Job) -> None:
    """Do jobs one after the other, in the same processes: most of the time goes into the imports of a new one."""
    mp.spawn(entered, (str(folder), jobs), nprocs=max(job[0] for job in jobs))


def data(dtype: torch.dtype = torch.float64) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes = {"x": (N, 3), "y": (M, 3), "b": (M, 1), "p": (1,)}
    return {
        name: torch.rand(shape, generator=generator, dtype=torch.float64).to(dtype) for name, shape in shapes.items()
    }


def cut(array: torch.Tensor, sizes: tuple[int, ...], rank: int) -> torch.Tensor:
    return array.split(sizes)[rank]


def local(whole: dict[str, torch.Tensor], shards: Any, rank: int) -> dict[str, torch.Tensor]:
    rows, columns = shards
    return {
        name: cut(array, rows if name == "x" else columns, rank).clone() if name != "p" else array.clone()
        for name, array in whole.items()
    }


def routines(axis: int = 1) -> dict[str, Any]:
    found = {}
    for name, reduction in REDUCTIONS.items():
        if reduction.is_unfinished:
            continue
        formula = "p * SqDist(x, y) * b" if reduction.scalar_value or reduction.needs_k else "p * (x - y) * b"
        more = {"formula2": "b + p" if reduction.scalar_value else "y * b"} if reduction.needs_weight else {}
        if reduction.needs_weight and not reduction.scalar_value:
            formula = "p * SqDist(x, y) * b"
        aliases = ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)", "p = Pm(1)"]
        k = 2 if reduction.needs_k else None
        found[name] = Genred(formula, aliases, name, axis=axis, opt_arg=k, **more)
    return found


def real_sum(found: Any, axis_sizes: Any = None, rank: int = 0) -> torch.Tensor:
    """Return a number that depends on every output, with a weight for each of all rows."""
    outputs = found if isinstance(found, tuple) else (found,)
    total = torch.zeros((), dtype=torch.float64)
    for output in outputs:
        if output.is_floating_point():
            weights = torch.arange(1.0, 10.0, dtype=torch.float64)
            own = weights if axis_sizes is None else cut(weights, axis_sizes, rank)
            total = total + (output.flatten(1).sum(1) * own).sum() + (output.flatten(1) ** 2).sum()
    return total


def derivatives(call: Callable[..., Any], given: dict[str, torch.Tensor], weigh: Any, share: float) -> list[Any]:
    """Return first derivatives, and those of a number that is made of them."""
    wanted = [array.requires_grad_() for array in given.values()]
    total = weigh(call(*wanted))
    if not total.requires_grad:
        return []
    first = torch.autograd.grad(total, wanted, create_graph=True)
    # A gradient of a parameter is there on every rank, and counts once.
    again = sum(
        ((one**2).sum() + one.sum()) * (share if name == "p" else 1) for name, one in zip(given, first, strict=True)
    )
    second = torch.autograd.grad(again, wanted, allow_unused=True) if again.requires_grad else [None] * 4
    return [*first, *second]


def compare(found: Any, expected: Any, sizes: Any, rank: int, what: str) -> None:
    own = expected if sizes is None else cut(expected, sizes, rank)
    torch.testing.assert_close(found, own, rtol=1e-9, atol=1e-9, msg=lambda text: f"{what}: {text}")


def check_reductions(rank: int, world: int, schedule: str, names: list[str]) -> None:
    whole = data()
    known = routines()
    for number, name in enumerate(names):
        shards = SHARDS[world][number % len(SHARDS[world])]
        rows, columns = shards
        routine = known[name]

        def call(*args: torch.Tensor, routine: Any = routine) -> Any:
            return pfd.reduce(routine, *args, schedule=schedule)

        given = local(whole, shards, rank)
        found, expected = call(*given.values()), routine(*whole.values())
        for one, other in zip(*((v if isinstance(v, tuple) else (v,)) for v in (found, expected)), strict=True):
            compare(one, other, rows, rank, name)
        weigh = lambda v, rows=rows: real_sum(v, rows, rank)  # noqa: E731 - of this shard
        own = derivatives(call, given, weigh, 1 / world)
        all_of_it = derivatives(routine, {k: v.clone() for k, v in whole.items()}, real_sum, 1)
        for k, (one, other) in enumerate(zip(own, all_of_it, strict=True)):
            sizes = (rows, columns, columns, None)[k % 4]
            if other is None:
                assert one is None or not one.any(), name
            elif one is not None:
                compare(one, other, sizes, rank, f"{name}, derivative {k} with shards {shards}")


def check_forms(rank: int, world: int) -> None:
    """LazyTensors, reductions that wait, the other axis, other dtypes, columns of no array."""
    whole = data()
    shards = SHARDS[world][0]
    rows, columns = shards
    x, y, b, p = local(whole, shards, rank).values()
    everything = Vi(whole["x"]).sqdist(Vj(whole["y"]))
    tensor = Vi(x).sqdist(Vj(y))
    compare(pfd.reduce(tensor, "argKmin", 3, axis=1), cut(everything.argKmin(3, axis=1), rows, rank), None, 0, "lazy")
    waiting = Vi(0, 3).sqdist(Vj(1, 3)).logsumexp(axis=1)
    compare(pfd.reduce(waiting, x, y), cut(everything.logsumexp(axis=1), rows, rank), None, 0, "waiting")
    needing, all_of_it = [v.clone().requires_grad_() for v in (x, y)], [whole[v].clone().requires_grad_() for v in "xy"]
    real_sum(pfd.reduce(waiting, *needing), rows, rank).backward()
    real_sum(waiting(*all_of_it)).backward()
    for one, other, sizes in zip(needing, all_of_it, shards, strict=True):
        compare(one.grad, other.grad, sizes, rank, "gradients of log-sum-exp")
    compare(pfd.reduce(tensor, "min", axis=0, schedule="gather"), everything.min(axis=0), columns, rank, "axis 0")
    found = pfd.reduce(routines(0)["Sum"], x.half(), y.half(), b.half(), p.half())
    assert found.dtype == torch.float16
    torch.testing.assert_close(found, cut(routines(0)["Sum"](*(v.half() for v in whole.values())), columns, rank))
    z = torch.complex(whole["y"], whole["y"].flip(0))
    compare(
        pfd.reduce(Vi(x) * Vj(cut(z, columns, rank)), "sum", axis=1),
        cut((Vi(whole["x"]) * Vj(z)).sum(axis=1), rows, rank),
        None,
        0,
        "complex",
    )


def check_errors(rank: int, world: int) -> None:
    x, y, b, p = data().values()
    known = routines()
    with pytest.raises(ArgumentValueError, match="do not call for the same"):
        pfd.reduce(known["Sum" if rank else "LogSumExp"] if rank else known["Max"], x, y, b, p)
    with pytest.raises(ArgumentValueError, match=r"needs a gradient on the ranks \[0\] only"):
        pfd.reduce(known["Sum"], x.clone().requires_grad_(rank == 0), y, b, p)
    for args, kwargs, error, message in (
        ((known["Sum"], x, y, b, p), {"schedule": "tree"}, ArgumentValueError, "schedule is 'tree'"),
        ((known["Sum"], x, y, b, p), {"ranges": 3}, ArgumentTypeError, "no keyword 'ranges'"),
        ((known["Sum"], x, y, b, p), {"tol": 0.1}, ArgumentTypeError, "has no tol="),
        (
            (OfNumPy("x - y", ["x = Vi(1)", "y = Vj(1)"], axis=1), x, y),
            {},
            ArgumentTypeError,
            "found a routine for NumPy",
        ),
        ((Vi(x).sqdist(Vj(y)),), {}, ArgumentTypeError, "name of a method"),
        ((Vi(x).sqdist(Vj(y)), "total"), {}, ArgumentValueError, "No method that reduces"),
        ((3,), {}, ArgumentTypeError, "found int"),
    ):
        with pytest.raises(error, match=message):
            pfd.reduce(*args, **kwargs)


def check_a_lost_rank(rank: int, world: int) -> None:
    group = dist.new_group(timeout=timedelta(seconds=3))
    x, y, b, p = data().values()
    pfd.reduce(routines()["Sum"], x, y, b, p, group=group)
    begun = time.monotonic()
    if rank == 1:
        time.sleep(6)  # does something else
        return
    with pytest.raises(CommunicationError, match="Rank 0 of 2 lost the others while it waited"):
        pfd.reduce(routines()["Sum"], x, y, b, p, group=group)
    assert time.monotonic() - begun < 6


def test_in_several_processes(tmp_path: Path) -> None:
    """Second derivatives of the other reductions take minutes: `make distributed` has them all."""
    spawned(
        tmp_path,
        (2, check_reductions, "ring", ["Sum", "KMin_ArgKMin"]),
        (3, check_reductions, "gather", ["Sum"]),
        (2, check_forms),
        (2, check_errors),
        (2, check_a_lost_rank),
    )


def test_without_a_group() -> None:
    with pytest.raises(ArgumentValueError, match="no process group yet"):
        pfd.reduce(routines()["Sum"], *data().values())


def main() -> None:
    """Compare values and derivatives of every reduction, with two ranks and three, by both schedules."""
    names = list(routines())
    for world, schedule, own in (
        (2, "ring", names[::2]),
        (2, "gather", names[1::2]),
        (3, "ring", names[1::2]),
        (3, "gather", names[::2]),
    ):
        with tempfile.TemporaryDirectory() as folder:
            spawned(Path(folder), (world, check_reductions, schedule, own))


if __name__ == "__main__":
    main()
