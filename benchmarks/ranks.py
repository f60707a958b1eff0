"""How much faster two processes of torch.distributed are than one, a thread each: ``python -m benchmarks.ranks``."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

import pairfold.torch.distributed as pfd
from pairfold.torch import Genred


def _reduced(rank: int, world: int, folder: str, points: int, rounds: int, schedule: str) -> None:
    """Write the shortest time of a value, and of a value with gradients, of the slowest rank."""
    torch.set_num_threads(1)
    store = dist.FileStore(f"{folder}/store", world)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=world)
    try:
        generator = torch.Generator().manual_seed(rank)
        x, y = (torch.rand(points // world, 3, generator=generator).requires_grad_() for _ in range(2))
        gauss = Genred("Exp(-SqDist(x, y) / 2)", ["x = Vi(3)", "y = Vj(3)"], axis=1)
        best = torch.full((2,), torch.inf, dtype=torch.float64)
        for _ in range(rounds + 1):  # the first compiles
            dist.barrier()
            start = time.perf_counter()
            result = pfd.reduce(gauss, x, y, schedule=schedule, threads=1)
            dist.barrier()
            middle = time.perf_counter()
            torch.autograd.grad(result.sum(), (x, y))
            dist.barrier()
            best = torch.minimum(best, torch.tensor([middle - start, time.perf_counter() - start], dtype=torch.float64))
        dist.all_reduce(best, dist.ReduceOp.MAX)
        if rank == 0:
            torch.save(best, f"{folder}/times")
    finally:
        dist.destroy_process_group()


def _times(world: int, points: int, rounds: int, schedule: str) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        mp.spawn(_reduced, (world, folder, points, rounds, schedule), nprocs=world)
        found: list[float] = torch.load(Path(folder) / "times").tolist()
    return found


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ranks", description=__doc__)
    parser.add_argument("--points", type=int, default=100_000, help="rows and columns of all ranks (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="of which the best is taken (%(default)s)")
    given = parser.parse_args()
    for schedule in ("ring", "gather"):
        one, two = (_times(world, given.points, given.rounds, schedule) for world in (1, 2))
        for name, alone, together in zip(("value", "value and gradients"), one, two, strict=True):
            ratio = f"{alone / together:.2f} times as fast (bar: 1.7)"
            print(f"{schedule:8}{name:22}{alone:8.2f} s on one rank,{together:8.2f} s on two: {ratio}", flush=True)


if __name__ == "__main__":
    main()
