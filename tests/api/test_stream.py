"""Reductions of what is read block by block, against calls on arrays in memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dask.array
import h5py
import numpy as np
import pytest
import torch
import zarr

import pairfold.numpy as pn
import pairfold.torch as pt
from pairfold.errors import (
    ArgumentTypeError,
    ArgumentValueError,
    CheckpointError,
    DimensionError,
    NotDifferentiableError,
)
from pairfold.pykeops.numpy import Genred as KeopsGenred
from pairfold.reductions import REDUCTIONS
from pairfold.stream import checkpoint as checkpoints
from pairfold.stream import layout as layouts

N, M = 700, 400
SMALL = 60_000
"""Memory for one panel of rows or more, and some blocks of columns, of the arrays here."""
TINY = {"Sum": 16_000, "KMin_ArgKMin": 40_000}
"""Memory for some panels of rows."""


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small problems be cut into many pieces, and be saved after each."""
    monkeypatch.setattr(layouts, "_PAIRS", 70 * 90)
    monkeypatch.setattr(layouts, "_FEWEST_ROWS", 70)
    monkeypatch.setattr(layouts, "_FEWEST_COLUMNS", 90)
    monkeypatch.setattr(checkpoints, "SECONDS_BETWEEN", 0.0)
    monkeypatch.setattr(checkpoints, "_SHARE", 0)


def points(dtype: Any = "float32") -> tuple[Any, Any, Any]:
    random = np.random.default_rng(0)
    return tuple(random.random(shape).astype(dtype) for shape in ((N, 3), (M, 3), (M, 1)))  # type: ignore[return-value]


def gauss(reduction: str = "Sum", axis: int = 1, **kwargs: Any) -> Any:
    aliases = ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)", "g = Pm(1)"]
    return pn.Genred("Exp(-SqDist(x, y) * g) * b", aliases, reduction, axis=axis, **kwargs)


def close(found: Any, expected: Any, tolerance: float = 1e-5) -> None:
    if isinstance(expected, tuple):
        for one, other in zip(found, expected, strict=True):
            close(one, other, tolerance)
        return
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    np.testing.assert_allclose(np.asarray(found, "c16"), np.asarray(expected, "c16"), rtol=tolerance, atol=1e-30)


def cut(array: Any, size: int = 37) -> Callable[[], Iterator[Any]]:
    return lambda: (array[k : k + size] for k in range(0, len(array), size))


NAMES = [name for name in REDUCTIONS if not REDUCTIONS[name].is_unfinished]


@pytest.mark.parametrize(("name", "axis"), [*((name, 1) for name in NAMES), ("Sum", 0), ("Max_ArgMax", 0)])
def test_every_reduction(name: str, axis: int) -> None:
    x, y, b = points("float64")
    reduction = REDUCTIONS[name]
    formula = "SqDist(x, y) * b" if reduction.scalar_value else "(x - y) * b"
    kwargs: dict[str, Any] = {"opt_arg": 3} if reduction.needs_k else {}
    if reduction.needs_weight:
        kwargs["formula2"] = "b + Elem(x, 0)" if reduction.scalar_value else "y * b"
    try:
        routine = pn.Genred(formula, ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)"], name, axis=axis, **kwargs)
    except DimensionError:
        routine = pn.Genred("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)"], name, axis=axis, **kwargs)
    close(routine.stream(x, cut(y) if axis else y, b, memory=2 * SMALL), routine(x, y, b), 1e-10)


@pytest.mark.parametrize("memory", [SMALL, "70kB", "1GB", 10**12])
def test_memory_is_a_matter_of_speed(memory: Any) -> None:
    x, y, b = points()
    close(gauss().stream(x, y, b, 2, memory=memory, threads=1), gauss()(x, y, b, 2))
    nearest = gauss("KMin_ArgKMin", opt_arg=4)
    np.testing.assert_array_equal(nearest.stream(x, y, b, 2, memory=memory)[1], nearest(x, y, b, 2)[1])


# ---------------------------------------------------------------- sources


def memmap_of(array: Any, path: Path) -> Any:
    mapped = np.memmap(path / "array.bin", array.dtype, "w+", shape=array.shape)
    mapped[:] = array
    mapped.flush()
    return np.memmap(path / "array.bin", array.dtype, "r", shape=array.shape)


def _filled(store: Any, array: Any) -> Any:
    store[:] = array
    return store


def zarr_of(array: Any, path: Path) -> Any:
    return _filled(
        zarr.open_array(
            str(path / "array.zarr"), mode="w", shape=array.shape, chunks=(64, *array.shape[1:]), dtype=array.dtype
        ),
        array,
    )


def h5py_of(array: Any, path: Path) -> Any:
    return h5py.File(path / "array.h5", "w").create_dataset("array", data=array, chunks=(50, *array.shape[1:]))


class Formula:
    """Computes its entries when they are asked for."""

    def __init__(self, array: Any) -> None:
        self.array, self.shape, self.dtype = array, array.shape, array.dtype

    def __getitem__(self, rows: slice) -> Any:
        return self.array[rows] + 0


SOURCES: dict[str, Callable[[Any, Path], Any]] = {
    "memmap": memmap_of,
    "zarr": zarr_of,
    "h5py": h5py_of,
    "dask": lambda array, path: dask.array.from_array(array, chunks=(80, -1)),
    "torch": lambda array, path: torch.from_numpy(array),
    "blocks": lambda array, path: cut(array),
    "list": lambda array, path: list(cut(array, 50)()),
    "formula": lambda array, path: Formula(array),
    "strided": lambda array, path: np.repeat(array, 2, axis=-1)[:, ::2],
}


@pytest.mark.parametrize("kind", SOURCES)
def test_sources_of_columns(kind: str, tmp_path: Path) -> None:
    x, y, b = points()
    source = SOURCES[kind](y, tmp_path)
    close(gauss().stream(x, source, b, 2, memory=SMALL), gauss()(x, y, b, 2))
    if isinstance(source, h5py.Dataset):
        source.file.close()


@pytest.mark.parametrize("kind", SOURCES)
def test_sources_of_rows(kind: str, tmp_path: Path) -> None:
    x, y, b = points()
    source, out = SOURCES[kind](x, tmp_path), np.empty((N, 1), np.float32)
    assert gauss().stream(source, y, b, 2, memory=SMALL, out=out) is out
    close(out, gauss()(x, y, b, 2))
    if isinstance(source, h5py.Dataset):
        source.file.close()


@pytest.mark.parametrize(
    "dtypes", [("f2", "f2"), ("f2", "f4"), (">f4", "f4"), ("f4", "f8"), (">f8", "f2"), ("i2", "f4")]
)
def test_dtypes(dtypes: tuple[str, str], tmp_path: Path) -> None:
    """Blocks are cast, and the result has the dtype that a call gives it."""
    x, y, b = points()
    x, y = (10 * x).astype(dtypes[0]), (10 * y).astype(dtypes[1])
    found = gauss().stream(memmap_of(x, tmp_path), y, b.astype(dtypes[1]), 0.1, memory=SMALL)
    close(found, gauss()(x, y, b.astype(dtypes[1]), 0.1), 1e-3 if found.dtype == np.float16 else 1e-5)


def test_complex_numbers() -> None:
    x, y, _ = points("float64")
    z = y + 1j * y[:, ::-1]
    tensor = pn.Vi(x) * pn.Vj(z)
    close(tensor.stream("sum", axis=1, memory=100_000), tensor.sum(axis=1), 1e-10)


def test_batches_stay_whole() -> None:
    random = np.random.default_rng(0)
    x, y, g = random.random((2, 1, 100, 3)), random.random((3, 200, 3)), random.random((2, 1, 1))
    routine = pn.Genred("Exp(-g * SqDist(x, y))", ["x = Vi(3)", "y = Vj(3)", "g = Pm(1)"], "LogSumExp", axis=1)
    close(
        routine.stream(x, lambda: (y[:, k : k + 70] for k in (0, 70, 140)), g, memory=200_000), routine(x, y, g), 1e-10
    )


def test_one_row_stands_for_all() -> None:
    x, y, b = points("float64")
    tensor = (pn.Vi(x) - pn.Vj(y)).sqnorm2() * pn.Vi(x[:1, :1]) + pn.Vj(b[:1])
    close(tensor.stream("sum", axis=1, memory=SMALL), tensor.sum(axis=1), 1e-10)
    close(tensor.stream("argKmin", 3, axis=0, memory=SMALL), tensor.argKmin(3, axis=0))


def test_arrays_without_a_second_axis() -> None:
    x, y = np.arange(200.0), np.arange(300.0)
    routine = pn.Genred("Abs(x - y)", ["x = Vi(1)", "y = Vj(1)"], "Min", axis=1)
    close(routine.stream(x, cut(y), memory=40_000), routine(x, y))


def test_lazy_tensors(tmp_path: Path) -> None:
    x, y, b = points()
    tensor = (pn.Vi(memmap_of(x, tmp_path)) - pn.Vj(y)).sqnorm2()
    close(tensor.stream("logsumexp", axis=1, memory=SMALL, threads=1), tensor.logsumexp(axis=1))
    waiting = (pn.Vi(0, 3) - pn.Vj(1, 3)).sqnorm2().argKmin(3, axis=1)
    close(waiting.stream(zarr_of(x, tmp_path), cut(y), memory=SMALL), tensor.argKmin(3, axis=1))
    close((tensor * pn.Vj(b)).stream("sum", axis=1, backend="CPU", memory=SMALL), tensor @ b)
    with pytest.raises(ArgumentValueError, match="No method that reduces is called 'total'"):
        tensor.stream("total")
    with pytest.raises(ArgumentTypeError, match=r"stream\(\) has no call=: it computes at once"):
        tensor.stream("sum", axis=1, call=False)
    with pytest.raises(ArgumentTypeError, match="no ranges"):
        tensor.stream("sum", axis=1, ranges=pn.lower().ranges(N, M))
    with pytest.raises(ArgumentTypeError, match="has no tol="):
        tensor.stream("sum", axis=1, tol=0.1)
    with pytest.raises(ArgumentTypeError, match=r"stream\(\) has no keyword 'memry'; allowed are out, memory"):
        waiting.stream(x, y, memry=3)


def test_tensors_of_torch() -> None:
    x, y, b = (torch.from_numpy(array) for array in points())
    routine = pt.Genred("Exp(-SqDist(x, y)) * b", ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)"], axis=1)
    found = routine.stream(x, y.numpy(), b, memory=SMALL)
    torch.testing.assert_close(found, routine(x, y, b))
    half = routine.stream(x.bfloat16(), y.bfloat16(), cut(b.bfloat16()), memory=SMALL, out=torch.empty(N, 1).bfloat16())
    assert half.dtype == torch.bfloat16
    with pytest.raises(NotDifferentiableError):
        routine.stream(x.requires_grad_(), y, b)


def test_the_alias_of_pykeops() -> None:
    """Its results have dtypes of their own."""
    x, y, _ = points()
    routine = KeopsGenred("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], "ArgMin", axis=1)
    close(routine.stream(x, y, memory=SMALL), routine(x, y))


@pytest.mark.parametrize("rows", [0, 1, N])
@pytest.mark.parametrize("columns", [0, 1, M])
def test_few_rows_and_columns(rows: int, columns: int) -> None:
    x, y, b = points()
    x, y, b = x[:rows], y[:columns], b[:columns]
    close(gauss("LogSumExp").stream(x, y, b, 2, memory=SMALL), gauss("LogSumExp")(x, y, b, 2))
    close(gauss("ArgMin").stream(x, [y, y[:0]], b, 2, memory=SMALL), gauss("ArgMin")(x, y, b, 2))


class Columns:
    """More columns than a call takes: zeros, and another number beyond 2^31."""

    shape, dtype = (2_200_000_000, 1), np.dtype("float32")

    def __getitem__(self, rows: slice) -> Any:
        if not rows.start <= 2_150_000_000 < rows.stop:
            return np.broadcast_to(np.float32(0), (rows.stop - rows.start, 1))
        block = np.zeros((rows.stop - rows.start, 1), np.float32)
        block[2_150_000_000 - rows.start] = 5
        return block


def test_more_columns_than_a_call_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    x = np.array([[5.0], [0.0]], np.float32)
    nearest = pn.Genred("Square(x - y)", ["x = Vi(1)", "y = Vj(1)"], "ArgMin", axis=1)
    assert nearest.stream(x, Columns(), memory="200MB").tolist() == [[2_150_000_000], [0]]


# ---------------------------------------------------------------- results


def test_results_go_into_files(tmp_path: Path) -> None:
    x, y, b = points()
    routine = gauss("Min_ArgMin")
    expected = routine(x, y, b, 2)
    values = np.memmap(tmp_path / "values.bin", np.float32, "w+", shape=(N, 1))
    numbers = zarr.open_array(str(tmp_path / "numbers.zarr"), mode="w", shape=(N, 1), chunks=(32, 1), dtype="int64")
    assert routine.stream(x, y, b, 2, out=(values, numbers), memory=SMALL) == (values, numbers)
    close((values, np.asarray(numbers)), expected)
    with h5py.File(tmp_path / "out.h5", "w") as file:
        out = file.create_dataset("out", (N, 1), ">f4")
        gauss().stream(x, y, b, 2, out=out, memory=SMALL)
        np.testing.assert_allclose(out[:], gauss()(x, y, b, 2), rtol=1e-5)


def test_progress(capsys: pytest.CaptureFixture[str]) -> None:
    x, y, b = points()
    seen: list[tuple[int, int, float]] = []
    gauss().stream(x, y, b, 2, memory=TINY["Sum"], progress=lambda *told: seen.append(told))
    done, totals, seconds = zip(*seen, strict=True)
    assert len(done) > 5
    assert list(done) == sorted(set(done))
    assert (done[0], done[-1], set(totals)) == (0, N * M, {N * M})
    assert list(seconds) == sorted(seconds)
    seen.clear()
    gauss().stream(x[:50], cut(y)(), b[:, 0], 2, memory=SMALL, progress=lambda *told: seen.append(told))
    assert seen[-1][:2] == (50 * M, 50 * M)
    unknown = pn.Genred("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], axis=1)
    seen.clear()
    unknown.stream(x[:50], cut(y)(), memory=SMALL, progress=lambda *told: seen.append(told))
    assert seen[-1][:2] == (50 * M, None)
    gauss().stream(x, y, b, 2, memory=SMALL, progress=True)
    assert "pair" in capsys.readouterr().err


def test_blocks_are_read_ahead_by_one_thread() -> None:
    x, y, _ = points()
    threads = set()

    def blocks() -> Iterator[Any]:
        for block in cut(y)():
            threads.add(threading.current_thread().name.rpartition("_")[0])
            yield block

    pn.Genred("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], axis=1).stream(x[:50], blocks, memory=SMALL)
    assert "pairfold-reader" in threads


# ---------------------------------------------------------------- what is refused


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    x, y, b = points()
    routine = gauss()
    cases: list[tuple[tuple[Any, ...], dict[str, Any], str]] = [
        ((x, y, b), {}, "takes 4 arguments"),
        ((x, y, b[1:], 2), {}, r"Argument 'b' \(number 2, Vj\(1\)\) has 399 entries, but argument 'y'"),
        ((x, cut(y[1:]), b, 2), {}, "Argument 'y' .* ends after 399 rows: 400 are needed"),
        (
            (x, cut(np.vstack([y, y])), b, 2),
            {},
            "Argument 'y' .* goes on after 400 entries: all indexed by j",
        ),
        ((x, cut(y), cut(b[1:]), 2), {}, "Argument 'b' .* ends after 399 rows: argument 'y' .* goes on"),
        ((x, y[:, :2], b, 2), {}, "its last axis must have length 3"),
        ((x, cut(y[:, :2]), b, 2), {}, "its last axis must have length 3"),
        ((x, [y[:9], y[9:].astype("f8")], b, 2), {}, "blocks of different kinds"),
        ((x, [], b, 2), {}, "gives no block"),
        ((x, 3, b, 2), {}, "of type int.*read from what has shape, dtype and slices"),
        ((x, ["a"], b, 2), {}, "dtype|axis"),
        ((cut(x), y, b, 2), {}, "How many i there are is not known"),
        (
            (x, cut(y)(), b, 2),
            {"memory": TINY["Sum"]},
            r"gives its blocks once, and \d+ panels of rows need them.*memory=\d+",
        ),
        (
            (x, y, b, 2),
            {"memory": 100},
            r"memory is 100 bytes, too little for 64 rows and 64 columns: give \d+ or more",
        ),
        ((x, y, b, 2), {"memory": "much"}, "memory is 'much'"),
        ((x, y, b, 2), {"memory": 1.5}, "memory is 1.5"),
        ((x, y, b, 2), {"progress": 3}, "progress is 3"),
        ((x, y, b, 2), {"checkpoint": 3}, "checkpoint is 3"),
        ((x, y, b, 2), {"threads": 0}, "threads is 0"),
        ((x, y, b, 2), {"ranges": None}, "no keyword 'ranges'"),
        ((x, y, b, 2), {"out": np.empty((N, 2), "f4")}, r"out has shape \(700, 2\).*the result has shape \(700, 1\)"),
        ((x, y, b, 2), {"out": np.empty((N, 1))}, "out has .*float64; the result has .* float32"),
        ((x, y, b, 2), {"out": np.empty((N - 1, 1), "f4")}, "has 700 entries, but out has 699"),
        ((x, y, b, 2), {"out": "file"}, "out is what has shape, dtype and slices that can be set"),
        ((x, y, b, 2), {"out": memmap_of(x[:, :1], tmp_path)}, "out cannot be written"),
    ]
    for args, settings, message in cases:
        with pytest.raises((ArgumentValueError, ArgumentTypeError), match=message):
            routine.stream(*args, **{"memory": SMALL, **settings})
    with pytest.raises(ArgumentValueError, match="out is in the memory of an argument"):
        pn.Genred("SqDist(x, y)", ["x = Vi(1)", "y = Vj(1)"], axis=1).stream(x[:, :1], x[:, :1], out=x[:, :1])


def test_errors_of_a_source_are_its_own() -> None:
    x, y, _ = points()

    def blocks() -> Iterator[Any]:
        yield y[:100]
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        pn.Genred("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], axis=1).stream(x[:50], blocks, memory=SMALL)


# ---------------------------------------------------------------- checkpoints


class StopError(Exception):
    """Ends a run."""


def stopped_after(count: int) -> Callable[..., None]:
    seen = []

    def report(*told: Any) -> None:
        seen.append(told)
        if len(seen) > count:
            raise StopError

    return report


@pytest.mark.parametrize("pieces", [0, 1, 2, 7, 12])
@pytest.mark.parametrize("columns", ["array", "blocks"])
@pytest.mark.parametrize("reduction", ["Sum", "KMin_ArgKMin"])
@pytest.mark.parametrize("settings", [{}, {"dtype_acc": "float64"}])
def test_a_run_goes_on_with_equal_bits(
    pieces: int, columns: str, reduction: str, settings: dict[str, str], tmp_path: Path
) -> None:
    if reduction != "Sum" and settings:
        return
    memory = TINY[reduction]
    x, y, b = points()
    y_source = y if columns == "array" else cut(y)
    routine = gauss(reduction, opt_arg=3 if reduction != "Sum" else None, **settings)
    expected = routine.stream(x, y_source, b, 2, memory=memory)
    file = tmp_path / "run"
    with pytest.raises(StopError):
        routine.stream(x, y_source, b, 2, memory=memory, checkpoint=file, progress=stopped_after(pieces))
    assert file.exists()
    first = []
    found = routine.stream(x, y_source, b, 2, memory=memory, checkpoint=file, progress=lambda *told: first.append(told))
    if pieces:
        assert first[0][0] > 0
    for one, other in zip(np.atleast_1d(found), np.atleast_1d(expected), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not list(tmp_path.iterdir())


def test_results_in_files_are_looked_at(tmp_path: Path) -> None:
    """A run that goes on with a new file for its results computes again what is not there, and says so."""
    x, y, b = points()
    file, expected = tmp_path / "run", gauss().stream(x, y, b, 2, memory=TINY["Sum"])

    def out(mode: Any) -> Any:
        return np.memmap(tmp_path / "out.bin", np.float32, mode, shape=(N, 1))

    def stop() -> None:
        with pytest.raises(StopError):
            gauss().stream(x, y, b, 2, memory=TINY["Sum"], checkpoint=file, out=out("w+"), progress=stopped_after(12))

    stop()
    np.testing.assert_array_equal(
        gauss().stream(x, y, b, 2, memory=TINY["Sum"], checkpoint=file, out=out("r+")), expected
    )
    stop()
    with pytest.warns(UserWarning, match="out does not have the results of 2 panels"):
        found = gauss().stream(x, y, b, 2, memory=TINY["Sum"], checkpoint=file, out=out("w+"))
    np.testing.assert_array_equal(found, expected)


def test_other_runs_are_told_apart(tmp_path: Path) -> None:
    x, y, b = points()
    file = tmp_path / "run"
    with pytest.raises(StopError):
        gauss().stream(x, y, b, 2, memory=40_000, checkpoint=file, progress=stopped_after(7))
    content = file.read_bytes()
    other = y.copy()
    other[M // 2] = 0
    cases: list[tuple[Any, tuple[Any, ...], dict[str, Any], str]] = [
        (gauss("Max"), (x, y, b, 2), {}, "reduction is 'Sum of .*'"),
        (gauss(), (x, y, b, 3), {}, "list of arguments"),
        (gauss(), (x, other, b, 2), {}, "list of arguments"),
        (gauss(), (x[1:], y, b, 2), {}, "number of rows is 700, and that of this run is 699"),
        (gauss(), (x.astype("f8"), y, b, 2), {}, "precision"),
        (gauss(), (x, y, b, 2), {"memory": 50_000}, "division into pieces .*memory="),
        (gauss(dtype_acc="float64"), (x, y, b, 2), {}, "formula"),
    ]
    for routine, args, settings, message in cases:
        with pytest.raises(CheckpointError, match=f"is of another run: its .*{message}"):
            routine.stream(*args, **{"memory": 40_000, "checkpoint": file, **settings})
    assert file.read_bytes() == content


def test_damage_is_found(tmp_path: Path) -> None:
    """Whatever byte is changed: the checkpoint is refused and stays, or the result is right to the last bit."""
    x, y, b = points()
    x = x[:80]
    routine, file = gauss(), tmp_path / "run"
    expected = routine.stream(x, y, b, 2, memory=TINY["Sum"], threads=1)
    with pytest.raises(StopError):
        routine.stream(x, y, b, 2, memory=TINY["Sum"], threads=1, checkpoint=file, progress=stopped_after(2))
    content, refused = file.read_bytes(), 0
    places = [*range(0, len(content), len(content) // 40), *range(len(content) - 30, len(content))]
    for damaged in (*(content[:k] + bytes([content[k] ^ 0x55]) + content[k + 1 :] for k in places), content[:-1], b""):
        file.write_bytes(damaged)
        try:
            found = routine.stream(x, y, b, 2, memory=TINY["Sum"], threads=1, checkpoint=file)
        except CheckpointError:
            refused += 1
            assert file.read_bytes() == damaged
        else:
            np.testing.assert_array_equal(found, expected)
    assert refused > 30
    np.save(tmp_path / "array.npy", x)
    with pytest.raises(CheckpointError, match="damaged, or no checkpoint"):
        routine.stream(x, y, b, 2, memory=TINY["Sum"], checkpoint=tmp_path / "array.npy")
    with pytest.raises(CheckpointError, match="cannot be written"):
        routine.stream(x, y, b, 2, memory=TINY["Sum"], checkpoint=tmp_path / "nowhere" / "run")


KILLED = """
import os, signal, sys
import numpy as np
import pairfold.numpy as pn
from pairfold.stream import checkpoint, layout
checkpoint.SECONDS_BETWEEN, checkpoint._SHARE = 0.0, 0
layout._PAIRS, layout._FEWEST_ROWS, layout._FEWEST_COLUMNS = 70 * 90, 70, 90
folder, last = sys.argv[1], int(sys.argv[2])
random = np.random.default_rng(0)
x, y = random.random((700, 3)), random.random((400, 3))
calls = []

def report(*told):
    calls.append(told)
    if len(calls) == last:
        os.kill(os.getpid(), signal.SIGKILL)

mode = "r+" if os.path.exists(f"{folder}/out.bin") else "w+"
out = np.memmap(f"{folder}/out.bin", "f8", mode, shape=(700, 1))
gauss = pn.Genred("Exp(-SqDist(x, y))", ["x = Vi(3)", "y = Vj(3)"], axis=1)
gauss.stream(x, y, out=out, memory=30_000, threads=1, checkpoint=f"{folder}/run", progress=report)
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")
def test_a_killed_process_goes_on_with_equal_bits(tmp_path: Path) -> None:
    for name, lasts in (("whole", [0]), ("killed", [4, 9, 0])):
        (tmp_path / name).mkdir()
        for last in lasts:
            done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / name), str(last)], check=False)
            assert done.returncode == (-signal.SIGKILL if last else 0)
    assert (tmp_path / "whole" / "out.bin").read_bytes() == (tmp_path / "killed" / "out.bin").read_bytes()
    assert [path.name for path in (tmp_path / "killed").iterdir()] == ["out.bin"]
