"""The same jobs on an NVIDIA GPU: sizes, peers on PyTorch tensors, and what the device can do at most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.bench import Bench
from benchmarks.jobs import JOBS, Job
from benchmarks.peers import Peer, genred, sdpa, torch_namespace

__all__ = ["GPU_JOBS", "GPU_PEERS", "GpuBench", "GpuMachine", "measure_gpu"]

Array = Any
_SIZES = {
    "J1": (1_000_000, 1_000_000),
    "J2": (500_000, 500_000),
    "J4": (131_072, 131_072),
    "J5": (1_000_000, 1_000_000),
    "J7": (1_000_000, 1_000_000),
    "J9": (8_000_000, 1_024),
    "J10": (262_144, 262_144),
    "J11": (65_536, 65_536),
    "E64": (100_000, 100_000),
}
"""Rows and columns that keep a GPU busy for some tenths of a second."""

GPU_JOBS = {name: replace(JOBS[name], rows=rows, columns=columns) for name, (rows, columns) in _SIZES.items()}

_SLOTS = {
    "J1": (5, 1),
    "J2": (9, 1),
    "J4": (102, 1),
    "J5": (6, 1),
    "J7": (4, 0),
    "J9": (65, 0),
    "J10": (22, 1),
    "J11": (131, 1),
    "E64": (68, 1),
}
"""Per pair of the best known program on the ordinary units: instructions, and those for the special function unit.
Squared distances are counted as |x|^2 + |y|^2 - 2 x.y with the norms as start values."""


@dataclass(frozen=True)
class GpuMachine:
    """What a device can start: 128 float32 instructions and 16 special functions a cycle and multiprocessor."""

    processor: str
    multiprocessors: int
    clock: float
    threads: int

    def limit(self, job: Job) -> float:
        """Return the pairs per second that the units allow for `job`."""
        issued, special = _SLOTS[job.name]
        return self.multiprocessors * self.clock / max((issued + special) / 128, special / 16)

    def describe(self) -> str:
        """Return the line that opens the report."""
        return f"{self.processor}, {self.multiprocessors} multiprocessors, at most {self.clock / 1e9:.2f} GHz"


def measure_gpu() -> GpuMachine:
    """Ask the driver what the first GPU is."""
    from pairfold.engine import TARGETS

    device = TARGETS["cuda"].machine(0, None)
    # Cycles per pair are those of one multiprocessor.
    return GpuMachine(device.name, device.multiprocessors, device.clock, device.multiprocessors)


def _distances(x: Array, y: Array) -> Array:
    return (x * x).sum(1)[:, None] + (y * y).sum(1)[None, :] - 2 * (x @ y.T)


def _dense(job: Job) -> Callable[..., Array] | None:
    """Blocks of rows of at most 1 GB, distances by a matrix product."""
    if job.name == "J2":
        return None
    import torch

    xp = torch_namespace(_distances)
    rows = max(1, 250_000_000 // job.columns)

    def run(x: Array, *others: Array) -> Array:
        return torch.cat([job.dense(xp, block, *others) for block in x.split(rows)])

    return run


def _compiled(job: Job) -> Callable[..., Array] | None:
    """The fused loop: nothing of size rows x columns is stored while D stays below 8."""
    if job.name not in ("J1", "J2", "J5"):
        return None
    import torch

    xp = torch_namespace(lambda x, y: ((x[:, None, :] - y[None, :, :]) ** 2).sum(2))
    return torch.compile(lambda *arguments: job.dense(xp, *arguments), dynamic=False)


GPU_PEERS = {
    "pairfold": Peer("pairfold", genred("pairfold.torch")),
    "pykeops": Peer("pykeops", genred("pykeops.torch")),
    "torch.compile": Peer("torch", _compiled),
    "torch dense": Peer("torch", _dense),
    "torch sdpa": Peer("torch", sdpa),
}


class GpuBench(Bench):
    """A bench whose arguments are tensors on a device."""

    jobs = GPU_JOBS
    peers = GPU_PEERS
    shortest_measure = 0.5

    def __init__(self, peer: str, device: str = "cuda") -> None:
        super().__init__(peer)
        self.device = device

    def place(self, array: Any) -> Any:
        """Return a tensor on the device."""
        import torch

        return torch.from_numpy(array).to(self.device)

    def wait(self) -> None:
        """Return when the device has done everything."""
        import torch

        if self.device == "cuda":
            torch.cuda.synchronize()

    def memory(self) -> int:
        """Return the growth of the peak memory of the device during a warm call, in bytes."""
        import torch

        self.result = None
        if self.device != "cuda":
            return 0
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        self.result = self.program(*self.arguments)
        self.wait()
        return int(torch.cuda.max_memory_allocated() - before)

    def rows(self, numbers: Any) -> Any:
        """Return some rows of the last result."""
        return self.result[numbers].cpu().numpy()
