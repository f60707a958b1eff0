"""The registry of targets, the memory of the host, and what a launch hands to a kernel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pairfold.codegen.work import Layout
from pairfold.engine import Extent, Options, target_of
from pairfold.targets.target import HOST, TARGETS, DeviceArray, Launch, Parts
from tests.engine.problems import B, G, X


def test_every_target_is_found_under_its_name() -> None:
    assert list(TARGETS) == ["cpu", "cuda"]
    for name, target in TARGETS.items():
        assert target.name == name
        assert target_of(Options(target=name)) is target
    assert len({target.backend for target in TARGETS.values()}) == len(TARGETS)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_host_reads_arrays_in_place(dtype: str) -> None:
    wide = np.arange(120, dtype=dtype).reshape(4, 5, 6)
    for array in (wide, wide[:, ::2], wide[::-1, :, 2:5], wide[:1], wide[..., :1]):
        place = HOST.send(array)
        assert place.owner is array
        assert place.address == array.__array_interface__["data"][0]
        assert place.shape == array.shape
        assert place.strides == tuple(stride // array.itemsize for stride in array.strides)


def test_the_host_copies_what_kernels_cannot_read() -> None:
    wide = np.arange(24.0).reshape(4, 6)
    strange = [wide.T, wide[:, ::2], wide.astype(">f8")]
    strange.append(np.frombuffer(b"\0" + wide.tobytes(), np.uint8)[1:].view("f8").reshape(4, 6))
    for array in strange:
        place = HOST.send(array)
        assert place.owner is not array
        assert place.owner.flags.c_contiguous
        assert place.owner.dtype.isnative
        np.testing.assert_array_equal(place.owner, array)


def test_a_kernel_is_given_addresses_strides_tables_and_outputs() -> None:
    layout = Layout((G, X, B), outputs=1)
    arrays = {0: DeviceArray(100, (3, 7, 3), (21, 3, 1)), 2: DeviceArray(200, (1, 9, 1), (9, 1, 1))}
    arrays[3] = DeviceArray(300, (3, 1), (1, 1))
    out = np.zeros((3, 7, 1))
    one = Launch(None, HOST, Extent(7, 9, (3,)), arrays, [out], Parts(1))
    tables: list[np.ndarray] = []
    numbers = one.numbers(layout, 400, lambda table: tables.append(table) or 500, 600, 70)
    assert numbers == [300, 0, 100, 3, 200, 1, 400, 500, 600, HOST.address(out)]
    assert tables[0].tolist() == [[0, 0, 0, 0], [1, 21, 0, 70], [2, 42, 0, 140]]
    single = replace(one, extent=Extent(7, 9), arrays={k: DeviceArray(0, (), (0, 0)) for k in arrays})
    single.numbers(layout, 0, lambda table: tables.append(table) or 0)
    assert tables[1].tolist() == [[0, 0, 0, 0]]
