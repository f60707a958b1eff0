"""Merge two states on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from pairfold.engine.cache import merging
from pairfold.ir.call import Extent
from pairfold.ir.reduction import Reduction, Sizes
from pairfold.targets.target import HOST, TARGETS, DeviceArray, Launch, Parts

__all__ = ["merge_pair"]

Array = NDArray[Any]


def merge_pair(
    reduction: Reduction, sizes: Sizes, dtype: str, first: Sequence[Array], second: Sequence[Array], threads: int
) -> list[Array]:
    """Return the fields of the state that two states, each an array per field, give together."""
    rows = len(first[0])
    if not first[0].size:
        return list(first)
    cpu = TARGETS["cpu"]
    merge = merging(cpu, cpu.machine(0, None), reduction, sizes, dtype, finishes=False)
    outputs = [HOST.empty((rows, dim), kind) for dim, kind in merge.outputs]
    # Two parts are an array of parts, one stride after the other: what lies between is nobody's business.
    places = {
        position: DeviceArray(HOST.address(a), (2, dim), ((HOST.address(b) - HOST.address(a)) // a.itemsize, 1))
        for (position, dim), a, b in zip(merge.variables, first, second, strict=True)
    }
    cpu.launch(Launch(merge.code, HOST, Extent(rows, 2), places, outputs, Parts(1, threads=threads)))
    return outputs
