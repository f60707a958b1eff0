"""Reductions of Dask arrays: those of NumPy arrays, by blocks, later."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NoReturn

import dask
import dask.array as da
import numpy as np
import pytest
import torch
from dask.array.utils import assert_eq

import pairfold as pf
import pairfold.dask as pfd
import pairfold.numpy as pn
from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.reductions import REDUCTIONS

Program = Callable[..., Any]
METHODS = sorted({r.method for r in REDUCTIONS.values() if r.method is not None})
GAUSS = "Exp(-SqDist(x, y)) * b", ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)"]


@pytest.fixture(autouse=True)
def small_tasks() -> Iterator[None]:
    """Without it, arrays as small as these would be one block."""
    with dask.config.set({"pairfold.task-seconds": None, "scheduler": "sync"}):
        yield


def clouds() -> tuple[Any, Any, Any]:
    random = np.random.default_rng(0)
    return random.random((40, 3)), random.random((70, 3)), random.random((70, 1))


def chunked() -> tuple[Any, Any, Any]:
    """Chunks that do not fit each other, along the axis of components too."""
    x, y, b = clouds()
    return da.from_array(x, chunks=(13, 2)), da.from_array(y, chunks=(25, 3)), da.from_array(b, chunks=(40, 1))


def refuse(*args: Any, **kwargs: Any) -> NoReturn:
    raise AssertionError("something was computed")


def distances(room: Any, x: Any, y: Any) -> Any:
    return ((room.Vi(x) - room.Vj(y)) ** 2).sum(-1)


def check(program: Program) -> None:
    """Compare a program on Dask arrays with itself on NumPy arrays; what is lazy says what it will be."""
    expected = program(pn, *clouds())
    with dask.config.set(scheduler=refuse):
        found = program(pfd, *chunked())
    pairs = zip(found, expected, strict=True) if isinstance(expected, tuple) else [(found, expected)]
    for one, other in pairs:
        assert isinstance(one, da.Array)
        assert one.dtype == other.dtype
        if one.dtype.kind == "i":
            np.testing.assert_array_equal(one.compute(), other)
        # Also that every block has the type and the shape that were announced.
        assert_eq(one, other)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("method", METHODS)
def test_every_method_that_reduces(method: str, axis: int) -> None:
    reduction = next(r for r in REDUCTIONS.values() if r.method == method)

    def program(room: Any, x: Any, y: Any, b: Any) -> Any:
        weight = (room.Vj(y),) if reduction.needs_weight else ()
        return getattr(distances(room, x, y), method)(*((7,) if reduction.needs_k else weight), axis=axis)

    for every in (1, 2, 4):
        with dask.config.set(split_every=every):
            check(program)


def in_batches(room: Any) -> Any:
    random = np.random.default_rng(0)
    x, y = random.random((4, 1, 20, 3)), random.random((5, 30, 3))
    if room is pfd:
        x, y = da.from_array(x, chunks=(2, 1, 7, 3)), da.from_array(y, chunks=(2, 11, 3))
    return distances(room, x, y)


GRADIENT = [*GAUSS[1], "e = Vi(1)"]
PROGRAMS: dict[str, Program] = {
    "matrix": lambda m, x, y, b: (-distances(m, x, y)).exp() @ b,
    "vector": lambda m, x, y, b: (-distances(m, x, y)).exp() @ b[:, 0],
    "vector from the left": lambda m, x, y, b: x[:, 0] @ (-distances(m, x, y)).exp(),
    "transposed": lambda m, x, y, b: distances(m, x, y).T.sum(axis=1),
    "all entries": lambda m, x, y, b: distances(m, x, y).dense(),
    "a block": lambda m, x, y, b: distances(m, x, y).block([3, 4], slice(2, 8)),
    "part of the rows": lambda m, x, y, b: distances(m, x, y)[5:20, ::2].sum(axis=1),
    "axes kept": lambda m, x, y, b: distances(m, x, y).sum(axis=1, keepdims=True),
    "several axes": lambda m, x, y, b: distances(m, x, y).logsumexp(axis=(0, 1)),
    "truth of all": lambda m, x, y, b: (distances(m, x, y) < 0.1).any(axis=(0, 1)),
    "where": lambda m, x, y, b: m.where(distances(m, x, y) < 0.3, 1.0, m.Vj(b)).mean(axis=0),
    "type of the result": lambda m, x, y, b: distances(m, x.astype("f4"), y.astype("f4")).sum(axis=1, dtype="float64"),
    "16 bits": lambda m, x, y, b: distances(m, x.astype("f2"), y.astype("f2")).max(axis=1),
    "16 and 32 bits": lambda m, x, y, b: distances(m, x.astype("f2"), y.astype("f4")).logsumexp(axis=1),
    "integers": lambda m, x, y, b: distances(m, (10 * x).astype("i4"), (10 * y).astype("i8")).argmin(axis=1),
    "complex": lambda m, x, y, b: (m.Vi(x + 1j * x) * m.Vj(y - 2j)).sum(axis=1),
    "real and complex": lambda m, x, y, b: (m.Vi(x).real2complex() * m.Vj(y - 2j)).sum(-1).sum(axis=0),
    "parameters": lambda m, x, y, b: (m.Vi(x) * 2.5 * m.Pm(y[0]) - m.Vj(y) * m.Pm([1.0, 2.0, 3.0])).sum(axis=1),
    "by shape": lambda m, x, y, b: (m.LazyTensor(x[:, None]) - m.LazyTensor(y[None])).abs().sum(-1).argKmin(3, axis=1),
    "symbols": lambda m, x, y, b: ((m.Vi(0, 3) - m.Vj(1, 3)) ** 2).sum(-1).sum(axis=1)(x, y),
    "band": lambda m, x, y, b: distances(m, x, y).sum(axis=1, ranges=m.band(5)),
    "causal": lambda m, x, y, b: distances(m, x, y).logsumexp(axis=1, ranges=m.lower()),
    "causal over rows": lambda m, x, y, b: distances(m, x, y).argmin(axis=0, ranges=m.lower(-3)),
    "segments": lambda m, x, y, b: distances(m, x, y).max(
        axis=0, ranges=m.segments(np.arange(40) // 7, np.arange(70) // 20)
    ),
    "gradient over rows": lambda m, x, y, b: m.Genred(f"Grad({GAUSS[0]}, y, e)", GRADIENT, axis=0)(x, y, b, x[:, :1]),
    "gradient over columns": lambda m, x, y, b: m.Genred(f"Grad({GAUSS[0]}, x, e)", GRADIENT, axis=1)(
        x, y, b, x[:, :1]
    ),
    "no argument": lambda m, x, y, b: m.Genred("1", ["x = Vi(3)", "y = Vj(3)"], axis=1)(x, y),
    "an argument that is not read": lambda m, x, y, b: m.Genred("y", ["x = Vi(3)", "y = Vj(3)"], axis=1)(x, y),
    "exact sums": lambda m, x, y, b: m.Genred(*GAUSS, axis=1, dtype_acc="float64")(
        x.astype("f4"), y.astype("f4"), b.astype("f4")
    ),
    "compensated sums": lambda m, x, y, b: m.Genred(*GAUSS, axis=1, sum_scheme="kahan_scheme")(
        x.astype("f4"), y.astype("f4"), b.astype("f4")
    ),
    "a shorthand": lambda m, x, y, b: m.generic_argkmin("SqDist(x, y)", "a = Vi(4)", "x = Vi(3)", "y = Vj(3)")(x, y),
    "vectors": lambda m, x, y, b: m.Genred("(x - y)**2", ["x = Vi(1)", "y = Vj(1)"], axis=1)(x[:, 0], y[:, 0]),
    "no columns": lambda m, x, y, b: m.Genred(*GAUSS, "LogSumExp", axis=1)(x, y[:0], b[:0]),
    "no rows": lambda m, x, y, b: distances(m, x[:0], y).argKmin(3, axis=1),
    "one pair": lambda m, x, y, b: distances(m, x[:1], y[:1]).Kmin_argKmin(3, axis=1),
    "batches": lambda m, x, y, b: in_batches(m).Kmin_argKmin(3, axis=3),
    "batches and rows": lambda m, x, y, b: in_batches(m).sum(axis=(0, 2)),
    "all entries of batches": lambda m, x, y, b: in_batches(m).dense(),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program(name: str) -> None:
    check(PROGRAMS[name])


@pytest.mark.parametrize("axis", [0, 1])
def test_one_side_in_memory(axis: int) -> None:
    x, y, b = clouds()
    lazy_x, lazy_y, lazy_b = chunked()
    expected = pn.Genred(*GAUSS, axis=axis)(x, y, b)
    for args in ((lazy_x, y, b), (x, lazy_y, lazy_b), (x, lazy_y, b), (x, y, b)):
        assert_eq(pfd.Genred(*GAUSS, axis=axis)(*args), expected)


def test_an_array_in_memory_is_one_node_of_several_graphs() -> None:
    y, x = clouds()[1], chunked()[0]
    first, second = distances(pfd, x, y).sum(axis=1), distances(pfd, x, y).argmin(axis=1)
    shared = set(first.dask) & set(second.dask)
    assert any(isinstance(dask.get(dict(first.dask), key), np.ndarray) and key[1:] == (0, 0) for key in shared)
    assert len({key for key in (*first.dask, *second.dask) if key[0] not in x.dask.layers} - shared) == (
        len({key for key in (*first.dask, *second.dask) if key[0].startswith("pairfold")})
    )


def test_names_that_look_at_the_arrays() -> None:
    x, y, b = chunked()
    assert type(pf.Vi(x)) is pfd.LazyTensor
    assert_eq(pf.Genred(*GAUSS, axis=1)(x, y, b), pn.Genred(*GAUSS, axis=1)(*clouds()))
    assert isinstance(pfd.Pm(2.5) * pn.Vi(clouds()[0]), pn.LazyTensor)  # numbers follow the arrays that they meet


def test_reruns_give_equal_bits() -> None:
    """Whatever the order in which tasks end."""
    x, y, b = chunked()
    routine = pfd.Genred(*GAUSS, axis=1)
    first, again = routine(x, y, b), routine(x, y, b)
    assert first.name == again.name
    alone = first.compute()
    for _ in range(3):
        assert (again.compute(scheduler="threads", num_workers=4) == alone).all()


def test_what_is_asked_for_twice_is_computed_once() -> None:
    x, y, _ = chunked()
    values, columns = distances(pfd, x, y).Kmin_argKmin(3, axis=1)
    together = {**dict(values.dask), **dict(columns.dask)}
    parts = [key for key in together if key[0].startswith("pairfold-kmin_argkmin-part")]
    assert len(parts) == 4 * 3


def test_rows_that_see_no_column_of_a_block_have_no_task_for_it() -> None:
    x, y, _ = chunked()
    found = distances(pfd, x, y).sum(axis=1, ranges=pfd.band(2))
    places = {key[1:] for key in found.dask if "-part-" in key[0]}
    assert places == {(0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (3, 1)}


@pytest.mark.parametrize("every", [0, -1, True, False, 2.5, "4"])
def test_states_that_are_merged_at_a_time(every: Any) -> None:
    with dask.config.set(split_every=every), pytest.raises(ArgumentValueError, match="split_every is"):
        distances(pfd, *chunked()[:2]).sum(axis=1)


def test_trees_and_chains() -> None:
    x, y = da.zeros((10, 3), chunks=5), da.zeros((100, 3), chunks=(10, 3))

    def stages(every: int) -> dict[str, int]:
        with dask.config.set(split_every=every):
            found = distances(pfd, x, y).sum(axis=1)
        names = [key[0].split("-")[2] for key in found.dask if key[0].startswith("pairfold")]
        return {name: names.count(name) for name in ("part", "merge", "finish")}

    assert stages(1) == {"part": 20, "merge": 0, "finish": 2}
    assert stages(4) == {"part": 20, "merge": 6, "finish": 2}
    assert stages(16) == {"part": 20, "merge": 0, "finish": 2}


def test_annotations_are_those_of_dask() -> None:
    with dask.annotate(retries=3):
        found = distances(pfd, *chunked()[:2]).sum(axis=1)
    (layer,) = (
        layer
        for name, layer in found.dask.layers.items()
        if name.startswith("pairfold-sum-") and layer.annotations and any("-part-" in key[0] for key in layer)
    )
    assert layer.annotations["retries"] == 3


def test_routines_and_tensors_are_pickled() -> None:
    x, y, b = chunked()
    routine, tensor = pickle.loads(pickle.dumps((pfd.Genred(*GAUSS, axis=1), distances(pfd, x, y))))
    assert_eq(routine(x, y, b), pn.Genred(*GAUSS, axis=1)(*clouds()))
    assert_eq(tensor.sum(axis=1), distances(pn, *clouds()[:2]).sum(axis=1))


def test_threads_of_a_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker carries out as many tasks at a time as it has threads, so a task has one of them."""
    seen: list[Any] = []
    run = pn.Genred.adapter.run

    def record(call: Any, arrays: Any) -> Any:
        seen.append(call.options.threads)
        return run(call, arrays)

    monkeypatch.setattr("pairfold.dask.tasks.NUMPY", replace(pn.Genred.adapter, run=record))
    x, y, b = chunked()
    pfd.Genred(*GAUSS, axis=1)(x, y, b).compute()
    pfd.Genred(*GAUSS, axis=1)(x, y, b, threads=3).compute()
    assert set(seen[: len(seen) // 2]) == {1}
    assert set(seen[len(seen) // 2 :]) == {3}


def test_more_columns_than_one_call_takes() -> None:
    """Their numbers have 64 bits."""
    count, step = 5 * 2**30, 2**30
    y = da.zeros((count, 1), chunks=(step, 1), dtype="f4")
    found = distances(pfd, np.zeros((1, 1), "f4"), y).argmin(axis=1)
    assert found.shape == (1, 1)
    assert max(key[1:] for key in found.dask if "-part-" in key[0]) == (0, 4)


# ---------------------------------------------------------------- bad input


def test_unknown_lengths() -> None:
    x, y, b = chunked()
    unknown = y[y[:, 0] > 0.5]
    for asked in (lambda: pfd.Genred(*GAUSS, axis=1)(x, unknown, b), lambda: pfd.Vj(unknown), lambda: pf.Vi(unknown)):
        with pytest.raises(ArgumentTypeError, match=r"compute_chunk_sizes"):
            asked()
    with pytest.raises(ArgumentTypeError, match=r"Argument 'y' \(number 1, Vj\(3\)\).*compute_chunk_sizes"):
        pfd.Genred(*GAUSS, axis=1)(x, unknown, b)
    known = unknown.compute_chunk_sizes()
    assert_eq(distances(pfd, x, known).sum(axis=1), distances(pn, clouds()[0], known.compute()).sum(axis=1))


def test_arrays_of_other_kinds() -> None:
    x, y, b = chunked()
    masked = da.ma.masked_greater(y, 0.5)
    with pytest.raises(ArgumentTypeError, match=r"blocks are of the type numpy\.ma"):
        distances(pfd, x, masked)
    with pytest.raises(ArgumentTypeError, match="from_delayed"):
        pfd.Vj(dask.delayed(np.zeros)((4, 3)))
    with pytest.raises(ArgumentTypeError, match=r"pairfold\.torch"):
        pfd.Vj(torch.zeros(4, 3))
    with pytest.raises(ArgumentTypeError, match=r"NumPy arrays meets one of Dask arrays"):
        pn.Vi(clouds()[0]) + pfd.Vj(y)
    with pytest.raises(ArgumentValueError, match=r"object"):
        pfd.Vj(y.astype(object))
    with pytest.raises(ArgumentValueError, match=r"last axis must have length 3"):
        pfd.Genred(*GAUSS, axis=1)(x[:, :2], y, b)
    with pytest.raises(ArgumentValueError, match=r"same number of entries"):
        pfd.Genred(*GAUSS, axis=1)(x, y[:5], b)


def test_what_is_for_one_process() -> None:
    x, y, b = chunked()
    routine = pfd.Genred(*GAUSS, axis=1)
    with pytest.raises(ArgumentValueError, match=r"dashboard"):
        routine(x, y, b, progress=True)
    with pytest.raises(ArgumentTypeError, match=r"pairfold\.numpy"):
        routine.partial(x, y, b)
    with pytest.raises(ArgumentTypeError, match=r"not solved"):
        (-distances(pfd, x, x)).exp().solve(x)
    with pytest.raises(ArgumentTypeError, match=r"not solved"):
        pfd.KernelSolve(*GAUSS, "b", axis=1)(x, x, x[:, :1])
    with pytest.raises(ArgumentTypeError, match=r"out must be a Dask array"):
        routine(x, y, b, out=np.zeros((40, 1)))


@pytest.mark.parametrize("seconds", [0, -1.0, True, "1"])
def test_seconds_of_a_task(seconds: Any) -> None:
    with (
        dask.config.set({"pairfold.task-seconds": seconds}),
        pytest.raises(ArgumentValueError, match="task-seconds is"),
    ):
        distances(pfd, *chunked()[:2]).sum(axis=1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda block: block[:-1], r"shape \(\d+, 3\), where its Dask array announced \(2[05], 3\)"),
        (lambda block: block[:, :2], r"announced \(2[05], 3\)"),
        (lambda block: block[None], r"announced \(2[05], 3\)"),
        (lambda block: np.ma.masked_less(block, 0.5), r"masked array"),
    ],
)
def test_blocks_that_are_not_what_was_announced(wrong: Program, message: str) -> None:
    x, y, _ = chunked()
    lying = y.map_blocks(wrong, dtype=y.dtype, chunks=y.chunks, meta=np.empty((0, 0)))
    with pytest.raises((ArgumentValueError, ArgumentTypeError), match=message):
        distances(pfd, x, lying).sum(axis=1).compute()


def test_blocks_of_another_type_than_announced_are_converted() -> None:
    x, y, _ = chunked()
    lying = y.map_blocks(lambda block: block.astype(">f4"), dtype="f8", meta=np.empty((0, 0)))
    expected = distances(pn, clouds()[0], clouds()[1].astype("f4").astype("f8")).sum(axis=1)
    assert_eq(distances(pfd, x, lying).sum(axis=1), expected)


# ---------------------------------------------------------------- tolerances


@pytest.fixture
def large() -> tuple[Any, Any]:
    """Clouds that are sorted along an axis: blocks far from each other are left out."""
    random = np.random.default_rng(1)
    x, y = random.random((2000, 3)), random.random((6000, 3))
    return x[np.argsort(x[:, 0])], y[np.argsort(y[:, 0])]


@pytest.mark.parametrize("method", ["min", "argmin", "min_argmin", "max", "argmax", "Kmin", "argKmin", "Kmin_argKmin"])
def test_exact_pruning_by_blocks(method: str, large: tuple[Any, Any]) -> None:
    arguments = (5,) if "K" in method else ()

    def found(room: Any, x: Any, y: Any, **keywords: Any) -> Any:
        result = getattr(distances(room, x, y), method)(*arguments, axis=1, **keywords)
        return result if isinstance(result, tuple) else (result,)

    lazy = found(pfd, *(da.from_array(points, chunks=(2000, 3)) for points in large), tol=0)
    for one, other in zip(lazy, found(pn, *large), strict=True):
        assert (one.compute() == other).all()


@pytest.mark.parametrize("keywords", [{"tol": 1e-4}, {"atol": 1e-3}])
def test_tolerances_hold_for_the_whole(keywords: dict[str, float], large: tuple[Any, Any]) -> None:
    x, y = (da.from_array(points, chunks=(2000, 3)) for points in large)

    def kernel(room: Any, x: Any, y: Any) -> Any:
        return -distances(room, x, y) / 2e-3

    with pf.tolerance(**keywords):
        total, logarithm = kernel(pfd, x, y).exp().sum(axis=1), kernel(pfd, x, y).logsumexp(axis=1)
    expected = kernel(pn, *large).exp().sum(axis=1)
    error = np.abs(total.compute() - expected)
    assert (error <= keywords.get("atol", 0) + keywords.get("tol", 0) * expected).all()
    assert np.abs(logarithm.compute() - np.log(expected)).max() <= max(keywords.values())
    with pf.collect_reports() as reports:
        total.compute()
    # Every block is asked for by its result: of the state of a part, nothing could be left out.
    assert len(reports) == 3
    assert not any("state" in report.why for report in reports)


def test_values_that_are_not_finite_have_states(large: tuple[Any, Any]) -> None:
    x, y = large
    y = y.copy()
    y[3000:4000] = np.inf
    y[0] = np.nan
    lazy = (-distances(pfd, x, da.from_array(y, chunks=(2000, 3)))).logsumexp(axis=1, tol=1e-6)
    np.testing.assert_allclose(lazy.compute(), (-distances(pn, x, y)).logsumexp(axis=1), rtol=1e-5)
    lazy = (distances(pfd, x, da.from_array(y[1:], chunks=(2000, 3)))).logsumexp(axis=1, tol=1e-6)
    assert np.isposinf(lazy.compute()).all()


def test_reports_and_trees_are_for_arrays_in_memory() -> None:
    x, y, _ = chunked()
    with pytest.raises(ArgumentValueError, match="nothing is computed yet"):
        distances(pfd, x, y).sum(axis=1, tol=1e-3, report=True)
    with pytest.raises(ArgumentTypeError, match="give the array itself"):
        pfd.Tree(y)
    tree = pn.Tree(clouds()[1])
    assert_eq(distances(pfd, x, tree).argmin(axis=1, tol=0), distances(pn, *clouds()[:2]).argmin(axis=1))


def test_without_dask() -> None:
    program = "import sys; sys.modules['dask'] = None; import pairfold, pairfold.numpy; import pairfold.dask"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "MissingPackageError: pairfold.dask needs the package Dask" in ended.stderr
    assert "pip install pairfold[dask]" in ended.stderr
