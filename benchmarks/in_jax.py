"""Reductions inside of JAX programs, beside what people write there today: `lax.map` over rows, and dense `jnp`.

``python -m benchmarks.in_jax`` prints two tables: seconds of large sums and of their gradients, each side in turns, the
best of some rounds; and microseconds of small calls, by which a program is longer than one that does nothing.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from benchmarks.bench import peak_memory, reset_peak_memory
from benchmarks.probes import gaussian_arguments
from pairfold.jax import Pm, Vi, Vj

Array = Any
Program = Callable[..., Array]

BATCH_SIZES = (16, 64, 256)
"""Rows that `lax.map` takes at once, of which the best is chosen."""


def _exponents(x: Array, y: Array, g: Array) -> Any:
    return -Pm(g) * ((Vi(x) - Vj(y)) ** 2).sum(-1)


PAIRFOLD: dict[str, Program] = {
    "sum": lambda x, y, b, g: _exponents(x, y, g).exp() @ b,
    "log-sum-exp": lambda x, y, b, g: (_exponents(x, y, g) + Vj(b)).logsumexp(axis=1),
}
DENSE: dict[str, Program] = {
    "sum": lambda x, y, b, g: jnp.exp(-g * ((x[:, None] - y) ** 2).sum(-1)) @ b,
    "log-sum-exp": lambda x, y, b, g: jax.scipy.special.logsumexp(
        b[:, 0] - g * ((x[:, None] - y) ** 2).sum(-1), axis=1, keepdims=True
    ),
}


def mapped(dense: Program, batch_size: int) -> Program:
    """Return the program as a map over rows, which are computed again for the gradient instead of kept."""

    def program(x: Array, *others: Array) -> Array:
        of_row = jax.checkpoint(lambda row: dense(row[None], *others)[0])
        return lax.map(of_row, x, batch_size=batch_size)

    return program


def value_and_gradients(program: Program) -> Program:
    """Return the sum of what a program returns, and its gradients in all arguments."""
    return jax.value_and_grad(lambda *arguments: program(*arguments).sum(), (0, 1, 2, 3))


def _seconds(program: Program, arguments: Sequence[Array]) -> float:
    start = time.perf_counter()
    jax.block_until_ready(program(*arguments))
    return time.perf_counter() - start


def best_of(programs: dict[str, Program], arguments: Sequence[Array], rounds: int) -> dict[str, float]:
    """Return the seconds of each program, which run in turns."""
    for program in programs.values():
        jax.block_until_ready(program(*arguments))
    times: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, program in programs.items():
            times[name].append(_seconds(program, arguments))
    return {name: min(each) for name, each in times.items()}


def large(name: str, points: int, change: Callable[[Program], Program], rounds: int, with_dense: bool) -> None:
    """Print one line of the first table."""
    arguments = tuple(map(jnp.asarray, gaussian_arguments(points, points)))
    maps = {f"map {size}": jax.jit(change(mapped(DENSE[name], size))) for size in BATCH_SIZES}
    some_rows = tuple(map(jnp.asarray, gaussian_arguments(points // 5, points)))
    chosen = min(maps, key=best_of(maps, some_rows, 1).__getitem__)
    programs = {"pairfold": jax.jit(change(PAIRFOLD[name])), "map": maps[chosen]}
    if with_dense:
        programs["dense"] = jax.jit(change(DENSE[name]))
    seconds = best_of(programs, arguments, rounds)
    cells = [f"{seconds['pairfold']:9.4f}"]
    cells += [
        f"{seconds[other]:9.4f} ({seconds[other] / seconds['pairfold']:5.1f}x)" if other in seconds else " " * 17
        for other in ("map", "dense")
    ]
    kind = "value" if change is _same else "value and gradients"
    print(f"{name:12} {points:7,d}^2 {kind:20}" + "  ".join(cells) + f"  batch_size={chosen.removeprefix('map ')}")


def _same(program: Program) -> Program:
    return program


def small(points: int, rounds: int) -> None:
    """Print one line of the second table; short samples, of which the best has not been interrupted."""
    arguments = tuple(map(jnp.asarray, gaussian_arguments(points, points)))
    calls, turns = 20, 100
    empty: Program = lambda x, *others: x + 1  # noqa: E731

    def repeated(program: Program) -> Program:
        compiled = jax.jit(program)
        return lambda *arguments: [compiled(*arguments) for _ in range(calls)]

    def looped(program: Program) -> Program:
        """Return a program of many calls, each of which needs the one before."""

        def whole(x: Array, *others: Array) -> Array:
            return lax.fori_loop(0, turns, lambda _, x: x + program(x, *others), x)

        return jax.jit(whole)

    programs = {"nothing": empty, "pairfold": PAIRFOLD["sum"], "dense": DENSE["sum"]}
    single = best_of({name: repeated(program) for name, program in programs.items()}, arguments, 20 * rounds)
    loops = best_of({name: looped(program) for name, program in programs.items()}, arguments, 20 * rounds)
    cells = [1e6 * (single[name] - single["nothing"]) / calls for name in ("pairfold", "dense")]
    cells += [1e6 * (loops[name] - loops["nothing"]) / turns for name in ("pairfold", "dense")]
    print(f"{points:5d}^2  " + "  ".join(f"{cell:10.2f}" for cell in cells))


def memory(points: int) -> None:
    """Print by how much the memory of the process grows for a value and gradients."""
    arguments = tuple(map(jnp.asarray, gaussian_arguments(points, points)))
    program = jax.jit(value_and_gradients(PAIRFOLD["sum"]))
    before = reset_peak_memory()
    seconds = _seconds(program, arguments)
    print(f"memory of value and gradients, {points:,d}^2: {(peak_memory() - before) / 1e6:.1f} MB, {seconds:.1f} s")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.in_jax", description=__doc__)
    parser.add_argument("--points", type=int, default=10_000, help="rows and columns of large sums (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="(%(default)s)")
    arguments = parser.parse_args()
    print("seconds" + " " * 36 + "pairfold            lax.map         dense jnp")
    for name in PAIRFOLD:
        for change in (_same, value_and_gradients):
            large(name, arguments.points, change, arguments.rounds, with_dense=False)
    large("sum", 4000, _same, arguments.rounds, with_dense=True)
    print("\nmicroseconds beyond an empty program, of a call and of one turn of a fori_loop")
    print("          pairfold       dense    pairfold       dense")
    for points in (16, 64, 512):
        small(points, arguments.rounds)
    print()
    for points in (10_000, 20_000):
        memory(points)


if __name__ == "__main__":
    main()
