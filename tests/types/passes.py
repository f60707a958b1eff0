"""A program that type checkers let pass, and that says what they find out; `test_types` carries it out as well."""
# pyright: strict, reportPrivateUsage=false, reportUnusedImport=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import assert_type

import pairfold
import pairfold.numpy

if TYPE_CHECKING:
    from collections.abc import Callable

    import jax

    from pairfold.sparsity.masks import Mask

# ---------------------------------------------------------------- NumPy


def operations() -> None:
    """Operations give LazyTensors."""
    from pairfold.numpy import ComplexLazyTensor, LazyTensor, Pm, Vi, Vj, where

    x, y, sigma = np.zeros((3, 2)), np.ones((4, 2)), np.float32(0.5)
    distances = assert_type(Vi(x).sqdist(Vj(y)), LazyTensor)
    kernel = assert_type((-distances / (2 * sigma**2)).exp(), LazyTensor)
    assert_type(x[:, None, :] - Vj(y), LazyTensor)
    assert_type(Vi(x) - y[None], LazyTensor)
    assert_type(1 - kernel * Pm([1.0, 2.0]) ** 2, LazyTensor)
    assert_type(LazyTensor(x, axis=0), LazyTensor)
    assert_type(((Vi(x) - Vj(y)) ** 2).sum(-1), LazyTensor)
    assert_type(((Vi(x) - Vj(y)) ** 2).sum(dim=-1, keepdims=True), LazyTensor)
    assert_type((kernel < 0.5) & ~(distances == 0), LazyTensor)
    assert_type(where(distances < 1, kernel, 0), LazyTensor)
    assert_type(kernel.clamp(0, 1).round(2), LazyTensor)
    assert_type(LazyTensor.concatenate([Vi(x), Vj(y)]), LazyTensor)
    assert_type(kernel.T, LazyTensor)
    unknown: Any = x
    assert_type(Vi(unknown), LazyTensor)
    assert_type(Vi(x).sqdist(np.asarray(unknown[0])), LazyTensor)
    assert_type(kernel[:2], LazyTensor)
    assert_type(kernel.shape, tuple[int, ...])
    assert_type(kernel.dtype, np.dtype[Any] | None)
    assert_type(kernel.formula, str)
    assert_type(distances.grad(Vi(x), Pm(1.0)), LazyTensor)
    waves = assert_type((Vi(x) | Vj(y)).exp1j(), ComplexLazyTensor)
    assert_type(kernel * waves, ComplexLazyTensor)
    assert_type(1j * kernel, ComplexLazyTensor)
    assert_type(waves.conj() * kernel, ComplexLazyTensor)
    assert_type(abs(waves), LazyTensor)
    assert_type(waves.real, LazyTensor)
    assert_type(waves.sum(axis=1), NDArray[Any])


def reductions() -> None:
    """Reductions over i and j give arrays, or pairs of them."""
    from pairfold.numpy import Report, SolveReport, State, Vi, Vj

    x, y = np.zeros((3, 2)), np.ones((4, 2))
    distances = Vi(x).sqdist(Vj(y))
    kernel = (-distances).exp()
    assert_type(kernel.sum(axis=1), NDArray[Any])
    assert_type(kernel.sum(0, keepdims=True), NDArray[Any])
    assert_type(kernel.sum(dim=1, dtype_acc="float64"), NDArray[Any])
    assert_type(kernel.logsumexp(1), NDArray[Any])
    assert_type(kernel.logsumexp(axis=1, weight=Vj(y)), NDArray[Any])
    assert_type(kernel.sumsoftmaxweight(Vj(y), axis=1), NDArray[Any])
    assert_type(distances.argKmin(2, axis=1), NDArray[Any])
    assert_type(distances.Kmin_argKmin(2, axis=1), tuple[NDArray[Any], NDArray[Any]])
    assert_type(distances.max_argmax(axis=0), tuple[NDArray[Any], NDArray[Any]])
    assert_type(distances.reduction("Min_ArgMin", axis=1), tuple[NDArray[Any], NDArray[Any]])
    assert_type(kernel.sum(axis=1, tol=1e-3, report=True), tuple[NDArray[Any], Report])
    values, report = distances.argKmin(2, axis=1, tol=0, report=True)
    assert_type(values, NDArray[Any])
    assert_type(report.speedup, float)
    waiting = kernel.sum(axis=1, call=False)
    assert_type(waiting(), NDArray[Any])
    assert_type(kernel @ y, NDArray[Any])
    assert_type(y.T @ kernel.T, NDArray[Any])
    assert_type(kernel.dense(), NDArray[Any])
    assert_type(kernel.partial("sum", axis=1), State)
    assert_type(kernel.stream("sum", axis=1), NDArray[Any])
    square = (-Vi(x).sqdist(Vj(x))).exp()
    assert_type(square.solve(x, alpha=1.0), NDArray[Any])
    assert_type(square.solve(Vi(x), alpha=1.0, return_report=True), tuple[NDArray[Any], SolveReport])


def symbols() -> None:
    """Reductions of symbolic variables wait, and give arrays when they are called."""
    from pairfold.numpy import LazyTensor, Report, Vi, Vj

    x, y = np.zeros((3, 2)), np.ones((4, 2))
    first, mixed = Vi(0, 2), Vi(x) - Vj(0, 2)
    assert_type((mixed**2).sum(-1).sum(axis=1)(y), NDArray[Any])
    nearest = first.sqdist(Vj(1, 2)).argKmin(2, axis=1)
    assert_type(nearest(x, y), NDArray[Any])
    assert_type(nearest(x, y, tol=0, report=True), tuple[NDArray[Any], Report])
    assert_type(nearest.stream(x, [y, y]), NDArray[Any])
    assert_type(first.sqdist(Vj(y)).min_argmin(1)(x), tuple[NDArray[Any], NDArray[Any]])
    assert_type(LazyTensor((0, 2, 0)).sqdist(Vj(y)).logsumexp(axis=1)(x), NDArray[Any])
    assert_type(first.shape, tuple[int | None, ...])


def routines() -> None:
    """Routines from formula strings."""
    from pairfold.numpy import (
        Genred,
        KernelSolve,
        Nystrom,
        Report,
        SolveReport,
        State,
        Tree,
        generic_argkmin,
        generic_sum,
    )

    x, y = np.zeros((3, 2)), np.ones((4, 2))
    aliases = ["x = Vi(2)", "y = Vj(2)"]
    total = assert_type(Genred("Exp(-SqDist(x, y))", aliases, axis=1), Genred)
    assert_type(total(x, y), NDArray[Any])
    assert_type(total(x, y, tol=1e-3, report=True), tuple[NDArray[Any], Report])
    state = assert_type(total.partial(x, y[:2]), State).merge(total.partial(x, y[2:], columns_from=2))
    assert_type(total.finish(state), NDArray[Any])
    assert_type(total.stream(x, y, memory="1GB"), NDArray[Any])
    assert_type(total(Tree(x), Tree(y)), NDArray[Any])
    nearest = Genred("SqDist(x, y)", aliases, reduction_op="KMin_ArgKMin", axis=1, opt_arg=2)
    assert_type(nearest(x, y), tuple[NDArray[Any], NDArray[Any]])
    assert_type(Genred("SqDist(x, y)", aliases, "LogSumExp", axis=1, formula2="y")(x, y), NDArray[Any])
    assert_type(generic_sum("Exp(-SqDist(x, y))", "a = Vi(1)", *aliases)(x, y), NDArray[Any])
    assert_type(generic_argkmin("SqDist(x, y)", "a = Vi(2)", *aliases)(x, y), NDArray[Any])
    solver = KernelSolve("Exp(-SqDist(x, y)) * a", [*aliases, "a = Vj(1)"], "a", axis=1)
    b = np.ones((3, 1))
    assert_type(solver(x, x, b, alpha=1.0, preconditioner=Nystrom(rank=2)), NDArray[Any])
    assert_type(solver(x, x, b, alpha=1.0, return_report=True), tuple[NDArray[Any], SolveReport])


def sparsity() -> None:
    """Masks, clusters, tolerances."""
    from pairfold.numpy import Report, Vi, Vj, band, cluster, collect_reports, lower, tolerance

    x = np.linspace(0, 1, 8).reshape(4, 2)
    mask: Mask = lower() & band(2)
    kernel = (-Vi(x).sqdist(Vj(x))).exp()
    assert_type(kernel.sum(axis=1, ranges=mask), NDArray[Any])
    kernel.ranges = mask
    labels = cluster.grid_cluster(x, 0.5)
    assert_type(labels, NDArray[np.int64])
    assert_type(cluster.sort_clusters(x, labels)[1], NDArray[np.int64])
    with collect_reports() as reports, tolerance(1e-3):
        kernel.sum(axis=1)
    assert_type(reports, list[Report])


# ---------------------------------------------------------------- the other front ends


def in_torch() -> None:
    """PyTorch."""
    import torch
    from torch import Tensor

    from pairfold.torch import ComplexLazyTensor, Genred, KernelSolve, LazyTensor, SolveReport, Vi, Vj, cluster, where

    x, y = torch.zeros(3, 2, requires_grad=True), torch.ones(4, 2)
    distances = assert_type(Vi(x).sqdist(Vj(y)), LazyTensor)
    kernel = (-distances).exp()
    assert_type(x[:, None] - Vj(y), LazyTensor)
    assert_type(kernel.dtype, torch.dtype | None)
    assert_type(kernel.sum(dim=1), Tensor)
    kernel.sum(dim=1).sum().backward()  # pyright: ignore[reportUnknownMemberType]
    assert_type(distances.min_argmin(dim=1), tuple[Tensor, Tensor])
    assert_type(where(distances < 1, kernel, 0).sum(1), Tensor)
    assert_type(kernel.exp1j(), ComplexLazyTensor)
    assert_type(kernel @ y, Tensor)
    assert_type(Vi(0, 2).sqdist(Vj(1, 2)).sum(axis=1)(x, y), Tensor)
    total = Genred("Exp(-SqDist(x, y))", ["x = Vi(2)", "y = Vj(2)"], axis=1)
    assert_type(total(x, y), Tensor)
    solver = KernelSolve("Exp(-SqDist(x, y)) * a", ["x = Vi(2)", "y = Vj(2)", "a = Vj(1)"], "a", axis=1)
    alpha = torch.ones(1)
    assert_type(solver(x, x, torch.ones(3, 1), alpha=alpha, return_report=True), tuple[Tensor, SolveReport])
    assert_type(cluster.grid_cluster(y, 0.5), Tensor)


def in_jax() -> None:
    """JAX."""
    import jax
    import jax.numpy as jnp

    from pairfold.jax import Genred, LazyTensor, Vi, Vj

    x: jax.Array = jnp.zeros((3, 2))  # pyright: ignore[reportUnknownMemberType]
    y = np.ones((4, 2), np.float32)
    distances = assert_type(Vi(x).sqdist(Vj(y)), LazyTensor)
    assert_type(x[:, None] - Vj(y), LazyTensor)
    assert_type(distances.sum(axis=1), jax.Array)
    assert_type(distances.min_argmin(axis=1), tuple[jax.Array, jax.Array])
    assert_type(Genred("SqDist(x, y)", ["x = Vi(2)", "y = Vj(2)"], axis=1)(x, y), jax.Array)

    def loss(points: jax.Array) -> jax.Array:
        return (-Vi(points).sqdist(Vj(y))).exp().sum(axis=1).sum()

    assert loss(x).shape == ()


def in_dask() -> None:
    """Dask."""
    import dask.array as da

    from pairfold.dask import Genred, LazyTensor, Vi, Vj

    x: da.Array = da.zeros((3, 2))  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    y = np.ones((4, 2))
    distances = assert_type(Vi(x).sqdist(Vj(y)), LazyTensor)  # pyright: ignore[reportUnknownArgumentType]
    assert_type(distances.sum(axis=1), da.Array)
    assert_type(distances.min_argmin(axis=1), tuple[da.Array, da.Array])
    total = Genred("SqDist(x, y)", ["x = Vi(2)", "y = Vj(2)"], axis=1)
    assert_type(total(x, y), da.Array)  # pyright: ignore[reportUnknownArgumentType]


def in_cupy() -> None:
    """CuPy: only checked, for it needs a GPU."""
    import cupy

    from pairfold.cupy import Genred, LazyTensor, Vi, Vj

    x, y = cupy.zeros((3, 2)), cupy.zeros((4, 2))
    distances = assert_type(Vi(x).sqdist(Vj(y)), LazyTensor)
    assert_type(distances.sum(axis=1), cupy.ndarray)
    assert_type(distances.min_argmin(axis=1), tuple[cupy.ndarray, cupy.ndarray])
    assert_type(Genred("SqDist(x, y)", ["x = Vi(2)", "y = Vj(2)"], axis=1)(x, y), cupy.ndarray)


# ---------------------------------------------------------------- names that look at the arrays


def by_their_arrays() -> None:
    """The names of `import pairfold`."""
    import dask.array as da
    import jax.numpy as jnp
    import torch

    import pairfold.dask
    import pairfold.jax
    import pairfold.torch

    x, t = np.zeros((3, 2)), torch.zeros(3, 2)
    a: jax.Array = jnp.zeros((3, 2))  # pyright: ignore[reportUnknownMemberType]
    d: da.Array = da.zeros((3, 2))  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    assert_type(pairfold.Vi(x), pairfold.numpy.LazyTensor)
    assert_type(pairfold.Vi(t), pairfold.torch.LazyTensor)
    assert_type(pairfold.Vi(a), pairfold.jax.LazyTensor)
    assert_type(pairfold.Vi(d), pairfold.dask.LazyTensor)  # pyright: ignore[reportUnknownArgumentType]
    assert_type(pairfold.LazyTensor(t[:, None, :]), pairfold.torch.LazyTensor)
    kernel = (-pairfold.Vi(t).sqdist(pairfold.Vj(t)) * pairfold.Pm(0.5)).exp()
    assert_type(kernel, pairfold.torch.LazyTensor)
    assert_type(kernel.sum(axis=1), torch.Tensor)
    assert_type(pairfold.where(kernel < 1, kernel, 0), pairfold.torch.LazyTensor)
    total = pairfold.Genred("Exp(-SqDist(x, y))", ["x = Vi(2)", "y = Vj(2)"], axis=1)
    assert_type(total(x, x), NDArray[Any])
    assert_type(total(t, t), torch.Tensor)
    nearest = pairfold.Genred("SqDist(x, y)", ["x = Vi(2)", "y = Vj(2)"], "Min_ArgMin", axis=1)
    assert_type(nearest(t, t), tuple[torch.Tensor, torch.Tensor])
    assert_type(nearest(x, x, report=True), tuple[tuple[NDArray[Any], NDArray[Any]], pairfold.Report])
    assert_type(pairfold.generic_sum("SqDist(x, y)", "a = Vi(1)", "x = Vi(2)", "y = Vj(2)")(t, t), torch.Tensor)

    def of_any_framework(tensor: pairfold.LazyTensor) -> str:
        return tensor.formula

    assert_type(of_any_framework(pairfold.Vi(x)) + of_any_framework(kernel), str)
    tree = pairfold.Tree(x)
    assert_type(tree, pairfold.numpy.Tree)
    assert_type(pairfold.Vi(tree).sqdist(pairfold.Vj(tree)).argmin(axis=1), NDArray[Any])


RUN: list[Callable[[], None]] = [
    operations,
    reductions,
    symbols,
    routines,
    sparsity,
    in_torch,
    in_jax,
    in_dask,
    by_their_arrays,
]
"""What can be carried out without a GPU."""
