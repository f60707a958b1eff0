"""Merge and finish states on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from pairfold.engine.cache import merging
from pairfold.ir.call import DEFAULT, Extent
from pairfold.ir.reduction import Reduction, Sizes
from pairfold.targets.target import HOST, TARGETS, DeviceArray, Launch, Parts

__all__ = ["merge"]

Array = NDArray[Any]


def merge(
    reduction: Reduction, sizes: Sizes, dtype: str, states: Sequence[Sequence[Array]], threads: int | None = None
) -> list[Array]:
    """Return the outputs of a reduction of one state or two, each an array (rows, n) per field.

    `threads` is their number; None takes that of all reductions.
    """
    cpu, first, last = TARGETS["cpu"], states[0], states[-1]
    code = merging(cpu, cpu.machine(0, None), reduction, sizes, dtype)
    outputs = [HOST.empty((len(first[0]), dim), kind) for dim, kind in code.outputs]
    if len(first[0]):
        # Two parts are an array of parts, one stride after the other: what lies between is nobody's business.
        places = {
            position: DeviceArray(HOST.address(a), (2, dim), ((HOST.address(b) - HOST.address(a)) // a.itemsize, 1))
            for (position, dim), a, b in zip(code.variables, first, last, strict=True)
        }
        extent, parts = Extent(len(first[0]), len(states)), Parts(1, threads=threads or cpu.workers(DEFAULT))
        cpu.launch(Launch(code.code, HOST, extent, places, outputs, parts))
    return outputs
