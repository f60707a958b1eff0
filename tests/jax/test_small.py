"""Small calls, which machine code serves without Python: what it serves, that it is right, and what it leaves alone."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import pairfold.jax as pj
import pairfold.numpy as pn
from pairfold.engine import TARGETS, Call, Extent
from pairfold.engine.cache import prepared
from pairfold.ir.expr import Category
from pairfold.ir.problem import Problem
from pairfold.jax import handler
from pairfold.ops.arithmetic import variable
from pairfold.reductions import REDUCTIONS
from pairfold.targets.cpu.xla.front import PLACES, WAYS, home_of
from pairfold.targets.cpu.xla.shelf import Shelf

FORMULAS = {
    "Gaussian": ("Exp(-g * SqDist(x, y)) * b", ["x = Vi(3)", "y = Vj(3)", "b = Vj(2)", "g = Pm(1)"], "Sum", None),
    "nearest": ("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], "ArgKMin", 4),
    "smallest and where": ("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], "KMin_ArgKMin", 3),
    "log-sum-exp, columns in advance": ("(x|y) * Exp(y|y)", ["x = Vi(3)", "y = Vj(3)"], "LogSumExp", None),
    "long vectors": ("Log(y|y) - SqNorm2(x - y)", ["x = Vi(20)", "y = Vj(20)"], "Sum", None),
    "largest": ("TensorProd(x, y) * g", ["x = Vi(3)", "y = Vj(4)", "g = Pm(12)"], "Max", None),
    "second argument only": ("Exp(-y)", ["x = Vi(3)", "y = Vj(1)"], "Sum", None),
}


@pytest.fixture
def python_calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of pairs of the calls that Python has carried out."""
    calls: list[int] = []
    carry_out = handler.run

    def counted(call: Any, arrays: Any) -> Any:
        calls.append(call.extent.rows * call.extent.columns * call.extent.entries)
        return carry_out(call, arrays)

    monkeypatch.setattr(handler, "run", counted)
    return calls


def _arguments(aliases: list[str], batch: tuple[int, ...], rows: int, columns: int, dtype: str) -> list[Any]:
    rng, arrays = np.random.default_rng(0), []
    for number, alias in enumerate(aliases):
        kind, dim = alias.split("V")[-1][0] if "V" in alias else "m", int(alias.split("(")[1][:-1])
        points = {"i": (rows,), "j": (columns,), "m": ()}[kind]
        own = tuple(1 if (number + axis) % 2 else length for axis, length in enumerate(batch))
        arrays.append(rng.random((*own, *points, dim)).astype(dtype))
    return arrays


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FORMULAS)
def test_the_second_call_needs_no_python(name: str, dtype: str, python_calls: list[int]) -> None:
    formula, aliases, reduction, k = FORMULAS[name]
    routine, expected = (room.Genred(formula, aliases, reduction_op=reduction, axis=1, opt_arg=k) for room in (pj, pn))
    compiled = jax.jit(routine)
    for batch, rows, columns in (((), 1, 1), ((2,), 40, 33), ((1, 2, 3), 5, 7)):
        arguments = _arguments(aliases, batch, rows, columns, dtype)
        results = [jax.tree.map(np.asarray, compiled(*arguments)) for _ in range(2)]
        wanted = expected(*arguments)
        for result in results:
            jax.tree.map(np.testing.assert_array_equal, result, wanted)
    assert len(python_calls) <= 1


def test_indices_are_narrow_without_x64(python_calls: list[int]) -> None:
    nearest = pj.Genred("SqDist(x, y)", ["x = Vi(2)", "y = Vj(2)"], reduction_op="ArgKMin", axis=1, opt_arg=2)
    rng = np.random.default_rng(1)
    x, y = (rng.random((count, 2), dtype=np.float32) for count in (9, 30))
    jax.config.update("jax_enable_x64", False)
    compiled = jax.jit(nearest)
    first, second = compiled(x, y), compiled(x, y)
    assert first.dtype == second.dtype == np.int32
    wanted = np.argsort(((x[:, None] - y) ** 2).sum(-1), axis=1)[:, :2]
    np.testing.assert_array_equal(np.asarray(first), wanted)
    np.testing.assert_array_equal(np.asarray(second), wanted)
    assert len(python_calls) <= 1


def _gauss(x: Any, y: Any) -> Any:
    return (-((pj.Vi(x) - pj.Vj(y)) ** 2).sum(-1)).exp().sum(axis=1)


def test_large_calls_go_to_threads(python_calls: list[int]) -> None:
    x = jnp.ones((2000, 3))
    for _ in range(2):
        np.testing.assert_array_equal(np.asarray(jax.jit(_gauss)(x, x)), np.full((2000, 1), 2000.0))
    assert python_calls == [4_000_000] * 2


def test_a_second_call_traces_nothing() -> None:
    traced: list[int] = []

    def function(x: Any) -> Any:
        traced.append(1)
        return _gauss(x, x).sum()

    compiled = jax.jit(jax.value_and_grad(function))
    for k in range(3):
        jax.block_until_ready(compiled(jnp.full((20, 3), float(k))))
    assert len(traced) == 1


def test_ranges_are_no_dense_call() -> None:
    x = jnp.asarray(np.random.default_rng(2).random((6, 3)))
    blocks = tuple(np.array(part, np.int64) for part in ([[0, 6]], [1], [[0, 2]], [[0, 2]], [1], [[0, 6]]))

    def routine(x: Any, ranges: Any) -> Any:
        return (-((pj.Vi(x) - pj.Vj(x)) ** 2).sum(-1)).exp().sum(axis=1, ranges=ranges)

    dense = [jax.jit(lambda x: routine(x, None))(x) for _ in range(2)]
    sparse = [jax.jit(lambda x: routine(x, blocks))(x) for _ in range(2)]
    kernel = np.exp(-((np.asarray(x)[:, None] - np.asarray(x)) ** 2).sum(-1))
    for found, wanted in ((dense, kernel), (sparse, kernel[:, :2])):
        for each in found:
            np.testing.assert_allclose(np.asarray(each)[:, 0], wanted.sum(1), rtol=1e-12)


def test_a_bar_of_progress_is_for_python(python_calls: list[int]) -> None:
    x = jnp.asarray(np.random.default_rng(3).random((6, 3)))
    shown = jax.jit(lambda x: (pj.Vi(x) | pj.Vj(x)).exp().sum(axis=1, progress=True))
    for _ in range(2):
        np.testing.assert_allclose(np.asarray(shown(x))[:, 0], np.exp(x @ x.T).sum(1), rtol=1e-12)
    assert len(python_calls) == 2


def _colliding_keys(count: int) -> list[bytes]:
    keys, number = [], 0
    while len(keys) < count:
        key = f"{number:032x}"[::-1].encode()
        if home_of(key) == PLACES - 1:
            keys.append(key)
        number += 1
    return keys


def test_the_oldest_kernel_makes_room() -> None:
    problem = Problem(variable(0, 1, Category.ROW) * variable(1, 1, Category.COLUMN), REDUCTIONS["Sum"])
    code = prepared(TARGETS["cpu"], 0, Call(problem, Extent(3, 4), "float32")).planned.code
    shelf = Shelf(0, 0)
    keys = _colliding_keys(WAYS + 1)
    for key in (*keys[:WAYS], keys[0]):
        shelf.put(key, code, problem, ("float32",), 2)
    assert len(shelf.kept) == WAYS
    assert _held(shelf) == set(keys[:WAYS])
    shelf.put(keys[WAYS], code, problem, ("float32",), 2)
    assert _held(shelf) == set(keys[1:])
    # One that a thread is at work with stays.
    oldest = min(shelf.kept, key=lambda place: shelf.kept[place][0])
    shelf.table[oldest, 1] = 1
    before = _key_at(shelf, oldest)
    shelf.put(keys[0], code, problem, ("float32",), 2)
    assert _key_at(shelf, oldest) == before
    assert shelf.table[oldest, 0] == shelf.kept[oldest][1].words.ctypes.data
    assert keys[0] in _held(shelf)


def _key_at(shelf: Shelf, place: int) -> bytes:
    return shelf.table[place, 2:6].tobytes()


def _held(shelf: Shelf) -> set[bytes]:
    return {_key_at(shelf, place) for place in shelf.kept if shelf.table[place, 0]}


def test_threads_call_while_kernels_come_and_go() -> None:
    x = jnp.asarray(np.random.default_rng(4).random((20, 3)))
    functions = [jax.jit(lambda x, k=k: (pj.Vi(x) | pj.Vj(x)).exp().sum(axis=1) * k) for k in range(4)]
    wanted = np.exp(np.asarray(x) @ np.asarray(x).T).sum(1)
    wrong: list[int] = []
    shelf = handler.SMALL._shelf

    def work(k: int) -> None:
        for _ in range(300):
            found = np.asarray(functions[k](x))[:, 0]
            if not np.allclose(found, wanted * k, rtol=1e-12):
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        with shelf.lock:
            for place in list(shelf.kept):
                address = shelf.table[place].ctypes.data
                if shelf._retire(address) == 0:
                    del shelf.kept[place], shelf.keys[place]
                else:
                    shelf._publish(address, shelf.kept[place][1].words.ctypes.data)
    for thread in threads:
        thread.join()
    assert wrong == []


_PROGRAM = """
    import sys
    import jax, jax.numpy as jnp, numpy as np
    import pairfold.jax as pj
    from pairfold.jax.handler import SMALL
    jax.config.update("jax_compilation_cache_dir", sys.argv[1])
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    if sys.argv[2] == "other":  # What was made first here was not so there.
        other = (pj.Vi(jnp.ones((3, 2))) * pj.Vj(jnp.ones((4, 2)))).sum(-1).max(axis=1)
    x = jnp.asarray(np.random.default_rng(0).random((30, 3), dtype=np.float32))
    loop = jax.jit(lambda x: jax.lax.fori_loop(0, 5, lambda k, a: (pj.Vi(x) | pj.Vj(x)).exp().sum(axis=1), x[:, :1]))
    print(np.asarray(loop(x)).tobytes().hex())
    print(len(SMALL._shelf.kept))
"""


def test_kept_programs_find_their_kernels_in_another_process(tmp_path: Path) -> None:
    found = []
    for name in ("first", "other"):
        command = [sys.executable, "-c", textwrap.dedent(_PROGRAM), str(tmp_path), name]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=os.environ, check=True)
        found.append(done.stdout.split())
    assert list(tmp_path.iterdir())
    assert found[0][0] == found[1][0]
    assert [int(numbers) for _, numbers in found] == [1, 2]
