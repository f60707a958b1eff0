"""`kernel_product` and `generic_sum` as programs of 2018 call them, against dense PyTorch: values and gradients."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from pairfold.errors import ArgumentTypeError, ArgumentValueError  # noqa: E402
from pairfold.pykeops.kernel_product import MODES  # noqa: E402
from pairfold.pykeops.kernels import Formula, Kernel, kernel_formulas  # noqa: E402
from pairfold.pykeops.torch.kernels import FeaturesKP, KernelProduct, kernel_product  # noqa: E402
from pairfold.targets import reference  # noqa: E402
from pairfold.torch import operator as torch_operator  # noqa: E402
from tests.comparison import assert_owned  # noqa: E402

N, M = 5, 6
Tensor = Any


def tensors(*shapes: tuple[int, ...]) -> list[Tensor]:
    generator = torch.Generator().manual_seed(4)
    return [torch.randn(*shape, dtype=torch.float64, generator=generator).requires_grad_() for shape in shapes]


def gradients(result: Tensor, inputs: Sequence[Tensor], seed: int) -> list[Tensor]:
    direction = torch.randn(result.shape, dtype=result.dtype, generator=torch.Generator().manual_seed(seed))
    return list(torch.autograd.grad((result * direction).sum(), inputs, create_graph=True, allow_unused=True))


def agree_with_derivatives(first: Tensor, second: Tensor, inputs: Sequence[Tensor]) -> None:
    """Compare values, gradients, and gradients of gradients."""
    torch.testing.assert_close(first, second, rtol=1e-9, atol=1e-10)
    ours, dense = gradients(first, inputs, 1), gradients(second, inputs, 1)
    used = [number for number, gradient in enumerate(dense) if gradient is not None]
    assert_owned(*(ours[number] for number in used))
    assert used
    for number in used:
        torch.testing.assert_close(ours[number], dense[number], rtol=1e-8, atol=1e-9)
    again = [gradients(torch.cat([found[number].reshape(-1) for number in used]), inputs, 2) for found in (ours, dense)]
    for mine, theirs in zip(*again, strict=True):
        if theirs is not None:
            torch.testing.assert_close(mine, theirs, rtol=1e-7, atol=1e-8)


# ---------------------------------------------------------------- the programs of the first readme


@pytest.mark.usefixtures("alias")
@pytest.mark.parametrize("interface", ["kernel_product", "generic_sum"])
def test_the_gaussian_of_the_first_readme(interface: str) -> None:
    from pykeops.torch.generic_sum import generic_sum
    from pykeops.torch.kernels import Kernel, kernel_product

    x, y, b = (torch.randn(*shape, requires_grad=True) for shape in ((50, 3), (70, 3), (70, 2)))
    sigma = torch.tensor([0.5], requires_grad=True)
    if interface == "kernel_product":
        params = {"id": Kernel("gaussian(x,y)"), "gamma": 1.0 / sigma**2}
        a = kernel_product(params, x, y, b)
    else:
        convolution = generic_sum(
            "Exp(-G*SqDist(X,Y)) * B", "A = Vx(2)", "G = Pm(1)", "X = Vx(3)", "Y = Vy(3)", "B = Vy(2)"
        )
        a = convolution(1.0 / sigma**2, x, y, b)
    assert a.dtype == torch.float32
    inputs = [tensor.detach().double().requires_grad_() for tensor in (x, y, b, sigma)]
    u, v, w, s = inputs
    expected = torch.exp(-((u[:, None] - v) ** 2).sum(-1) / s**2) @ w
    torch.testing.assert_close(a.double(), expected, rtol=1e-4, atol=1e-5)
    first, second = gradients(a.double(), (x, y, b, sigma), 1), gradients(expected, inputs, 1)
    for mine, theirs in zip(first, second, strict=True):
        torch.testing.assert_close(mine.double(), theirs, rtol=1e-3, atol=1e-4)
    for number, tensor in enumerate((x, y, b, sigma)):
        (mine,) = gradients(first[number].double(), [tensor], 2)
        (theirs,) = gradients(second[number], [inputs[number]], 2)
        if theirs is not None:
            torch.testing.assert_close(mine.double(), theirs, rtol=1e-3, atol=1e-3)


PROGRAMS = {
    "kernel_product": """
import torch
from pykeops.torch.kernels import Kernel, kernel_product

x = torch.randn(100, 3, requires_grad=True)
y = torch.randn(200, 3, requires_grad=True)
b = torch.randn(200, 2, requires_grad=True)
sigma = torch.tensor([.5], requires_grad=True)
params = {"id": Kernel("gaussian(x,y)"), "gamma": 1./sigma**2}
a = kernel_product(params, x, y, b)
""",
    "generic_sum": """
import torch
from pykeops.torch.generic_sum import generic_sum

x = torch.randn(100, 3, requires_grad=True)
y = torch.randn(200, 3, requires_grad=True)
b = torch.randn(200, 2, requires_grad=True)
sigma = torch.tensor([.5], requires_grad=True)
gaussian_conv = generic_sum("Exp(-G*SqDist(X,Y)) * B", "A = Vx(2)", "G = Pm(1)", "X = Vx(3)", "Y = Vy(3)", "B = Vy(2)")
a = gaussian_conv(1./sigma**2, x, y, b)
""",
}
COMPARISON = """
dense = torch.exp(-((x[:, None] - y) ** 2).sum(-1) / sigma**2) @ b
torch.testing.assert_close(a, dense, rtol=1e-4, atol=1e-5)
e = torch.randn(100, 2)
given = (x, y, b, sigma)
for found, expected in zip(torch.autograd.grad(a, given, e), torch.autograd.grad(dense, given, e)):
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)
print("agree")
"""


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_of_2018_as_they_were_written(name: str, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAMS[name] + COMPARISON)
    search = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pairfold.pykeops", "program.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": search},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("agree\n", "")


@pytest.mark.usefixtures("alias")
def test_names_of_all_releases() -> None:
    import pykeops.torch
    import pykeops.torch.generic_sum
    import pykeops.torch.kernel_product.kernels
    from pykeops.torch import Kernel as Renamed
    from pykeops.torch.features_kernels import FeaturesKP as Features
    from pykeops.torch.generic_logsumexp import GenericLogSumExp, generic_logsumexp
    from pykeops.torch.kernel_product import kernel_product as function
    from pykeops.torch.kernel_product.formula import Formula as Atom
    from pykeops.torch.utils import Formula as Again

    assert (Renamed, Features, function, Atom, Again) == (Kernel, FeaturesKP, kernel_product, Formula, Formula)
    x, y, b = tensors((N, 2), (M, 2), (M, 1))
    params = {"id": Renamed("gaussian(x,y)"), "gamma": torch.ones(1, dtype=torch.float64)}
    assert torch.equal(pykeops.torch.kernel_product(params, x, y, b), function(params, x, y, b))
    declarations = "a = Vx(1)", "x = Vx(2)", "y = Vy(2)"
    lse = generic_logsumexp("-SqDist(x,y)", *declarations)(x, y)
    torch.testing.assert_close(lse, pykeops.torch.generic_logsumexp("-SqDist(x,y)", *declarations)(x, y))
    low = GenericLogSumExp.apply("auto", declarations[1:], "-SqDist(x,y)", [(1, 0), (2, 0), (2, 1)], 0, x, y)
    torch.testing.assert_close(low, lse)
    low = pykeops.torch.generic_sum.GenericSum.apply("CPU", declarations[1:], "(x,y)", [], 1, x, y)
    torch.testing.assert_close(low, (x @ y.T).sum(0)[:, None])


# ---------------------------------------------------------------- kernels, modes, gammas


@pytest.fixture
def _by_definition(monkeypatch: pytest.MonkeyPatch) -> None:
    """Carry out all reductions by the definition of the language, which needs no time for machine code."""
    monkeypatch.setattr(torch_operator, "run", reference.run)


def gammas() -> list[Any]:
    """Return gammas of every shape: scalar, diagonal and matrix, the same for all pairs, one for each i or each j."""
    factor = torch.randn(2, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    found: list[Any] = []
    for gamma in (torch.tensor([0.7]).double(), torch.tensor([0.5, 1.5]).double(), (factor @ factor.T).reshape(-1)):
        for side, rows in (("", 0), ("i", N), ("j", M)):
            scale = torch.linspace(0.5, 1.0, rows, dtype=torch.float64)[:, None] if side else 1.0
            tensor = (gamma * scale).detach().requires_grad_()
            found.append((tensor, (side, tensor) if side == "i" else tensor))
    return found


@pytest.mark.usefixtures("_by_definition")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", kernel_formulas)
def test_every_kernel_in_every_mode_with_every_gamma(name: str, mode: str) -> None:
    x, y, *scalings = tensors((N, 2), (M, 2), *((N if side == "i" else M, 1) for side in MODES[mode].sides))
    for tensor, gamma in gammas():
        params = {"id": Kernel(f"{name}(x,y)"), "gamma": gamma}
        pair = [kernel_product(params, x, y, *scalings, mode=mode, backend=backend) for backend in ("auto", "pytorch")]
        agree_with_derivatives(*pair, (x, y, *scalings, tensor))


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_is_differentiable_in_everything(mode: str) -> None:
    x, y, u, v = tensors((N, 3), (M, 3), (N, 2), (M, 2))
    scalings = tensors(*((N if side == "i" else M, 1) for side in MODES[mode].sides))
    gamma, h = (torch.tensor([value], dtype=torch.float64, requires_grad=True) for value in (0.7, 1.2))
    params: dict[str, Any] = {"id": Kernel("gaussian(x,y) * cauchy(u,v)**2"), "gamma": (gamma, h)}
    pair = [
        kernel_product({**params, "backend": backend}, (x, u), (y, v), *scalings, mode=mode)
        for backend in ("auto", "pytorch")
    ]
    agree_with_derivatives(*pair, (x, y, u, v, gamma, h, *scalings))


COMPOSED: dict[str, Callable[[Tensor, Tensor], Any]] = {
    "gaussian(x,y) * (1+linear(u,v)**2)": lambda g, h: (g, None),
    "cauchy(x,y) + gaussian(x,y) * (1 + cauchy(u,v)**2)": lambda g, h: (g, g, h),
    "-gaussian(x,y) * cauchy(u,v)**2 + 2": lambda g, h: [g, h],
    "energy(x,y) * laplacian(u,v)": lambda g, h: (g, h),
}


@pytest.mark.usefixtures("_by_definition")
@pytest.mark.parametrize("name", COMPOSED)
def test_locations_and_orientations(name: str) -> None:
    x, y, u, v, b = tensors((N, 2), (M, 2), (N, 3), (M, 3), (M, 2))
    g, h = (torch.linspace(0.3, 0.9, size, dtype=torch.float64).requires_grad_() for size in (2, 3))
    params = {"id": Kernel(name), "gamma": COMPOSED[name](g, h)}
    pair = [kernel_product(params, (x, u), (y, v), b, backend=backend) for backend in ("auto", "pytorch")]
    agree_with_derivatives(*pair, (x, y, u, v, b, g, h))


@pytest.mark.parametrize("name", ["laplacian", "distance"])
def test_equal_points_have_finite_gradients(name: str) -> None:
    (x,) = tensors((N, 3))
    b, gamma = torch.ones(N, 1, dtype=torch.float64), torch.ones(1, dtype=torch.float64)
    params = {"id": Kernel(f"{name}(x,y)"), "gamma": gamma}
    found = [
        torch.autograd.grad(kernel_product(params, x, x, b, backend=backend).sum(), x)[0]
        for backend in ("auto", "pytorch")
    ]
    assert bool(torch.isfinite(found[0]).all())
    torch.testing.assert_close(*found)


def test_the_matrix_itself() -> None:
    x, y, b = tensors((N, 3), (M, 3), (M, 2))
    params = {"id": Kernel("gaussian(x,y) + 1"), "gamma": torch.ones(1, dtype=torch.float64)}
    matrix = kernel_product(params, x, y, b, backend="matrix")
    torch.testing.assert_close(matrix, torch.exp(-((x[:, None] - y) ** 2).sum(-1)) + 1)


# ---------------------------------------------------------------- kernels of one's own, and older functions


def test_kernels_of_ones_own_with_dense_functions() -> None:
    x, y, u, v, s, t, b = tensors((N, 3), (M, 3), (N, 2), (M, 2), (N, 1), (M, 1), (M, 2))
    gammas = [torch.tensor([value], dtype=torch.float64) for value in (0.7, 1.0, 0.3)]
    kernel = Kernel(
        formula_sum="Exp(-G*SqDist(X,Y)) * Square((U,V)) * Exp(-I*SqDist(S,T))",
        routine_sum=lambda gxmy2, usv, ismt2, **_: (-gxmy2 - ismt2).exp() * usv**2,
        features="locations+directions+values",
    )
    params = {"id": kernel, "gamma": gammas}
    pair = [kernel_product(params, (x, u, s), (y, v, t), b, backend=backend) for backend in ("auto", "pytorch")]
    agree_with_derivatives(*pair, (x, y, u, v, s, t, b))
    g, h, i = gammas
    of_may = FeaturesKP(kernel, g, x, y, h, u, v, i, s, t, b, mode="sum", backend="pytorch")
    torch.testing.assert_close(of_may, pair[0])
    later = FeaturesKP(kernel, (g, h, i), (x, u, s), (y, v, t), (b,), dtype="float32")
    torch.testing.assert_close(later, pair[0])


def test_dense_functions_get_what_they_name() -> None:
    x, y, b = tensors((N, 3), (M, 3), (M, 2))

    def matrix(x: Tensor, y: Tensor) -> Tensor:
        return x @ y.T

    kernel = Kernel(formula_sum="(X|Y)", routine_sum=matrix)
    params = {"id": kernel, "gamma": None}
    torch.testing.assert_close(kernel_product(params, x, y, b, backend="pytorch"), kernel_product(params, x, y, b))
    with pytest.raises(ArgumentValueError, match="has no routine_log, which backend='pytorch' needs"):
        kernel_product(params, x, y, b[:, :1], mode="lse", backend="pytorch")


def test_older_functions() -> None:
    x, y, b, a = tensors((N, 3), (M, 3), (M, 1), (N, 1))
    gamma, kernel = torch.ones(1, dtype=torch.float64), Kernel("cauchy(x,y)")
    expected = kernel_product({"id": kernel, "gamma": gamma}, x, y, b, a, mode="lse_mult_i")
    torch.testing.assert_close(KernelProduct(gamma, x, y, b, kernel, "log_mult_i", bonus_args=(a,)), expected)
    torch.testing.assert_close(FeaturesKP(kernel, gamma, x, y, b, mode="log_mult_i", bonus_args=(a,)), expected)
    with pytest.raises(ArgumentValueError, match="found 3 arguments after the kernel"):
        FeaturesKP(kernel, gamma, x, b)


@pytest.mark.parametrize("check", [torch.autograd.gradcheck, torch.autograd.gradgradcheck])
def test_finite_differences(check: Callable[..., bool]) -> None:
    x, y, b = tensors((3, 2), (4, 2), (4, 1))
    gamma = torch.tensor([0.7, 1.1], dtype=torch.float64, requires_grad=True)
    kernel = Kernel("gaussian(x,y)")

    def product(gamma: Tensor, x: Tensor, y: Tensor, b: Tensor) -> Tensor:
        return kernel_product({"id": kernel, "gamma": gamma}, x, y, b)

    assert check(product, (gamma, x, y, b))


@pytest.mark.usefixtures("alias")
def test_the_function_behind_genred() -> None:
    from pykeops.torch import generic_red
    from pykeops.torch.generic.generic_red import GenredAutograd

    x, y, g = (torch.rand(n, 3, dtype=torch.float64, requires_grad=True) for n in (4, 6, 4))
    p, a = torch.tensor([0.4], dtype=torch.float64, requires_grad=True), torch.rand(6, 1, dtype=torch.float64)
    aliases = ["p=Pm(1)", "a=Vy(1)", "x=Vx(3)", "y=Vy(3)"]
    expected = _expected(p, a, x, y)
    formula = "Square(p-a)*Exp(x+y)"
    # What lies between the precision and the tensors differs from release to release.
    for options in ((), (-1,), (-1, None), (-1, (), {}), (-1, None, {"multVar_highdim": 0}, None, 4, 6, None)):
        for core in (f"SumReduction({formula},0)", f"Sum_Reduction({formula},0)"):
            found = GenredAutograd().apply(core, aliases, "auto", "float64", *options, p, a, x, y)
            torch.testing.assert_close(found, expected)
    inputs = (p, x, y)
    torch.testing.assert_close(torch.autograd.grad(found, inputs, g), torch.autograd.grad(expected, inputs, g))
    saved = f"Grad_WithSavedForward(Sum_Reduction({formula},0), Var(3,3,1), Var(4,3,0), Var(5,3,0))"
    gradient = generic_red.GenredAutograd.apply(
        saved, [*aliases, "Var(4,3,0)", "Var(5,3,0)"], "CPU", "float64", -1, None, p, a, x, y, g, found
    )
    torch.testing.assert_close(gradient, torch.autograd.grad(_expected(p, a, x, y), y, g)[0])
    with pytest.raises(ArgumentTypeError, match="There are 4 aliases and 2 tensors for them"):
        GenredAutograd.apply(core, aliases, "auto", "float64", x, y)


def _expected(p: Tensor, a: Tensor, x: Tensor, y: Tensor) -> Tensor:
    return ((p - a[:, 0])[:, None] ** 2 * torch.exp(x[:, None] + y)).sum(1)


def test_devices_of_lazy_tensors() -> None:
    from pairfold.pykeops.torch import LazyTensor

    x = torch.rand(4, 1, 3, requires_grad=True)
    lazy = LazyTensor(x) * 2.5
    for moved in (lazy.cpu(), lazy.to("cpu"), lazy.to(device=torch.device("cpu"))):
        torch.testing.assert_close(torch.autograd.grad(moved.sum(dim=0).sum(), x)[0], torch.full_like(x, 2.5))
    assert lazy.to(torch.float64).sum(dim=0).dtype == torch.float64
    assert lazy.to("meta").sum(dim=0).device.type == "meta"
