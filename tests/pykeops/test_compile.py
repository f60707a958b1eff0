"""torch.compile of programs that were written for pykeops."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

pytestmark = [pytest.mark.usefixtures("alias"), pytest.mark.filterwarnings("ignore:Dynamo detected a call to")]


def compiled_and_plain(function: Any, *given: Any) -> tuple[list[Any], list[Any]]:
    """Return result and gradients of a function, compiled without a break in its graph, and as it is."""
    torch.compiler.reset()
    found = []
    for one in (torch.compile(function, fullgraph=True, backend="aot_eager"), function):
        result = one(*given)
        found.append([result, *torch.autograd.grad(result.sin().sum(), given)])
    return found[0], found[1]


def points() -> list[Any]:
    generator = torch.Generator().manual_seed(2)
    return [
        torch.randn(*shape, dtype=torch.float64, generator=generator).requires_grad_()
        for shape in ((4, 2), (5, 2), (5, 1))
    ]


def test_lazy_tensors() -> None:
    from pykeops.torch import LazyTensor, Vi, Vj

    def function(x: Any, y: Any, b: Any) -> Any:
        x_i, y_j = LazyTensor(x[:, None, :]), LazyTensor(y[None, :, :])
        kernel = (-((x_i - y_j) ** 2).sum(dim=2)).exp()
        kernel.backend = "CPU"
        # KeOps drops the last axis of length 1 from shapes.
        smooth = (Vi(x) | Vj(y)).logsumexp(dim=1, weight=Vj(b * b)) * len(kernel.shape)
        return kernel @ b + smooth

    torch.testing.assert_close(*compiled_and_plain(function, *points()))


def test_routines() -> None:
    from pykeops.torch import Genred, KernelSolve
    from pykeops.torch.generic_sum import generic_sum

    formula, aliases = "Exp(-SqDist(x, y)) * b", ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)"]
    outside = Genred(formula, aliases, axis=1, dtype="float64")

    def function(x: Any, y: Any, b: Any) -> Any:
        inside = Genred(formula, aliases, reduction_op="Sum", axis=1, cuda_type="float64")
        summed = generic_sum(formula, "a = Vx(1)", "x = Vx(2)", "y = Vy(2)", "b = Vy(1)")
        solve = KernelSolve(formula, aliases, "b", axis=1)
        return outside(x, y, b, backend="CPU") + inside(x, y, b) + summed(x, y, b) + solve(y, y, b, alpha=0.5).sum()

    torch.testing.assert_close(*compiled_and_plain(function, *points()))


def test_kernel_product() -> None:
    from pykeops.torch.kernels import Kernel, kernel_product

    kernel = Kernel("gaussian(x,y)")

    def function(x: Any, y: Any, b: Any) -> Any:
        return kernel_product({"id": kernel, "gamma": 1.0 / x[0, :1] ** 2}, x, y, b)

    torch.testing.assert_close(*compiled_and_plain(function, *points()))
