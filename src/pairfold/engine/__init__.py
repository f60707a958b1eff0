"""Requests become plans, plans become machine code, machine code is kept and called."""

from pairfold.engine.cuda import DeviceArray, DeviceMemory, require_gpu, run_on_device
from pairfold.engine.explain import explain
from pairfold.engine.run import run
from pairfold.ir.call import Call, Extent, Options
from pairfold.targets.items import require_countable

__all__ = [
    "Call",
    "DeviceArray",
    "DeviceMemory",
    "Extent",
    "Options",
    "explain",
    "require_countable",
    "require_gpu",
    "run",
    "run_on_device",
]
