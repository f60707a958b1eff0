"""The NumPy classes of 2018 against dense computations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pairfold.errors import ArgumentValueError, TargetError
from pairfold.pykeops.numpy import utils
from pairfold.pykeops.numpy.convolutions.radial_kernels import RadialKernelConv, radial_kernels_conv
from pairfold.pykeops.numpy.convolutions.radial_kernels_grad1 import RadialKernelGrad1conv, radial_kernels_grad1conv
from pairfold.pykeops.numpy.shape_distance.fshape_scp import FshapeScp, FshapeScp_dx, cuda_shape_scp

GENERATOR = np.random.default_rng(11)
N, M, D, E = 5, 6, 3, 2
X, Y = GENERATOR.normal(size=(N, D)), GENERATOR.normal(size=(M, D))
A, B = GENERATOR.normal(size=(N, E)), GENERATOR.normal(size=(M, E))
F, G = GENERATOR.normal(size=(N, 1)), GENERATOR.normal(size=(M, 1))
SIGMA = 0.8
KERNELS = ["gaussian", "laplacian", "cauchy", "inverse_multiquadric"]


def unit(vectors: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("kernel", KERNELS)
def test_convolution_with_a_radial_kernel(kernel: str) -> None:
    expected = utils.np_kernel(X, Y, SIGMA, kernel) @ B
    np.testing.assert_allclose(RadialKernelConv("float64")(X, Y, B, SIGMA, kernel), expected, rtol=1e-12)
    single = [array.astype(np.float32) for array in (X, Y, B)]
    result = np.zeros((N, E), np.float32)
    radial_kernels_conv(*single, result, np.array([[SIGMA]]), kernel=kernel)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kernel", KERNELS)
def test_gradient_of_the_convolution(kernel: str) -> None:
    expected = utils.chain_rules(A, X, Y, utils.grad_np_kernel(X, Y, SIGMA, kernel), B)
    np.testing.assert_allclose(RadialKernelGrad1conv()(A, X, Y, B, SIGMA, kernel), expected, rtol=1e-11)
    result = np.zeros((N, D))
    radial_kernels_grad1conv(A, X, Y, B, result, SIGMA, kernel)
    np.testing.assert_allclose(result, expected, rtol=1e-11)


@pytest.mark.parametrize("sphere", ["binet", "linear", "gaussian_unoriented", "gaussian_oriented"])
@pytest.mark.parametrize(("geometry", "signal"), [("gaussian", "cauchy"), ("cauchy", "gaussian")])
def test_product_of_functional_shapes(geometry: str, signal: str, sphere: str) -> None:
    alpha, beta = unit(GENERATOR.normal(size=(N, D))), unit(GENERATOR.normal(size=(M, D)))
    widths = (0.9, 1.1, 0.7)
    others = utils.np_kernel(F, G, widths[1], signal) * utils.np_kernel_sphere(alpha, beta, widths[2], sphere)
    expected = utils.np_kernel(X, Y, widths[0], geometry) * others
    product = FshapeScp(geometry, signal, sphere, cuda_type="float64")(X, Y, F, G, alpha, beta, *widths)
    np.testing.assert_allclose(product, expected.sum(1, keepdims=True), rtol=1e-11, atol=1e-13)
    result = np.zeros(N)
    cuda_shape_scp(X, Y, F, G, alpha, beta, result, *widths, geometry, signal, sphere)
    np.testing.assert_allclose(result, expected.sum(1), rtol=1e-11, atol=1e-13)
    slope = 2 * utils.grad_np_kernel(X, Y, widths[0], geometry) * others
    gradient = (slope[:, :, None] * (X[:, None] - Y)).sum(1)
    found = FshapeScp_dx(geometry, signal, sphere)(X, Y, F, G, alpha, beta, *widths)
    np.testing.assert_allclose(found, gradient, rtol=1e-10, atol=1e-12)


@pytest.mark.usefixtures("no_gpu")
def test_errors() -> None:
    with pytest.raises(ArgumentValueError, match="The kernel is 'cubic'; allowed are 'gaussian', 'laplacian'"):
        RadialKernelConv()(X, Y, B, SIGMA, "cubic")
    with pytest.raises(ArgumentValueError, match="The kernel_geom is 'laplacian'; allowed are 'gaussian', 'cauchy'"):
        FshapeScp("laplacian")
    with pytest.raises(ArgumentValueError, match=r"beta has shape \(6,\); it must have two axes"):
        RadialKernelConv()(X, Y, B[:, 0], SIGMA)
    with pytest.raises(ArgumentValueError, match=r"sigma has shape \(2,\); it must be one number"):
        RadialKernelConv()(X, Y, B, [1.0, 2.0])
    with pytest.raises(ArgumentValueError, match=r"result must be an array of shape \(5, 2\), which is filled"):
        radial_kernels_conv(X, Y, B, np.zeros(N), SIGMA)
    with pytest.raises(TargetError, match="asks for a GPU"):
        RadialKernelConv()(X, Y, B, SIGMA, backend="GPU")


@pytest.mark.usefixtures("alias")
def test_old_module_names() -> None:
    from pykeops.numpy.convolutions import radial_kernels, radial_kernels_grad1
    from pykeops.numpy.kernels import Kernel, kernel_product
    from pykeops.numpy.shape_distance import FshapeScp as Product
    from pykeops.numpy.shape_distance import fshape_scp

    from pairfold.pykeops.numpy.convolutions import radial_kernels as here

    assert radial_kernels is here
    assert radial_kernels_grad1.radial_kernels_grad1conv is radial_kernels_grad1conv
    assert Product is fshape_scp.FshapeScp is FshapeScp
    params = {"id": Kernel("gaussian(x,y)"), "gamma": np.ones(1)}
    np.testing.assert_allclose(kernel_product(params, X, Y, B), utils.np_kernel(X, Y, 1.0, "gaussian") @ B)


@pytest.mark.parametrize("kernel", KERNELS)
def test_dense_kernels_are_consistent(kernel: str) -> None:
    step = 1e-6
    np.testing.assert_allclose(utils.log_np_kernel(X, Y, SIGMA, kernel), np.log(utils.np_kernel(X, Y, SIGMA, kernel)))
    squares = utils.squared_distances(X, Y)
    np.testing.assert_allclose(squares, (utils.differences(X, Y) ** 2).sum(0))
    # One coordinate more moves all squared distances by the same amount.
    further = [np.concatenate([points, np.full((len(points), 1), side)], 1) for points, side in ((X, step), (Y, 0.0))]
    slope = utils.np_kernel(*further, SIGMA, kernel) - utils.np_kernel(X, Y, SIGMA, kernel)
    np.testing.assert_allclose(slope, utils.grad_np_kernel(X, Y, SIGMA, kernel) * step**2, atol=1e-15)


def test_functions_of_both_frameworks() -> None:
    tools = utils.numpytools
    assert tools.is_tensor(X)
    assert tools.arraysum(X) == X.sum()
    assert tools.dtype(X) == np.float64
    assert tools.dtypename(np.dtype("float32")) == "float32"
    assert tools.array([1, 2], "float64").dtype == np.float64
    assert tools.rand(2, 3).shape == tools.randn(2, 3).shape == (2, 3)
    assert tools.zeros((2,)).shape == (2,)
    assert tools.eye(2, "float64").tolist() == [[1, 0], [0, 1]]
    assert tools.device(X) == "cpu"
    assert tools.view(X, (-1,)).shape == (N * D,)
    routine = tools.Genred("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], "Sum", axis=1)
    np.testing.assert_allclose(routine(X, Y)[:, 0], utils.squared_distances(X, Y).sum(1))
    utils.WarmUpGpu()
    np.testing.assert_allclose(utils.log_sum_exp(X), np.log(np.exp(X).sum(0)))
    np.testing.assert_allclose(utils.log_sum_exp(X, axis=1), np.log(np.exp(X).sum(1)))
    with pytest.raises(ArgumentValueError, match="The kernel is 'cubic'"):
        utils.np_kernel(X, Y, SIGMA, "cubic")


@pytest.mark.usefixtures("alias")
def test_sums_of_the_first_releases() -> None:
    import pykeops.numpy
    from pykeops.numpy import generic_logsumexp_np, generic_sum_np
    from pykeops.numpy.generic_red import Genred
    from pykeops.numpy.generic_sum import GenericSum_np

    p, a, e = np.array([[0.4]]), B[:, :1], np.ones((N, D))
    formula, types = "Square(p-a)*Exp(x+y)", ["p = Pm(1)", "a = Vy(1)", "x = Vx(3)", "y = Vy(3)"]
    pairs = (p - a[:, 0])[..., None] ** 2 * np.exp(X[:, None] + Y)
    found = generic_sum_np(formula, "output = Vx(3)", *types)(p, a, X, Y, backend="auto")
    np.testing.assert_allclose(found, pairs.sum(1))
    numbered = ["p=Pm(0,1)", "a=Vy(1,1)", "x=Vx(2,3)", "y=Vy(3,3)"]
    signature = [(3, 0), (1, 2), (1, 1), (3, 0), (3, 1)]
    np.testing.assert_allclose(GenericSum_np("auto", numbered, formula, signature, 0, p, a, X, Y), pairs.sum(1))
    gradient = GenericSum_np(
        "CPU", [*numbered, "e=Vx(4,3)"], f"Grad({formula},y,e)", [(3, 1), *signature[1:], (3, 0)], 1, p, a, X, Y, e
    )
    np.testing.assert_allclose(gradient, pairs.sum(0))
    assert pykeops.numpy.generic_sum_np is pykeops.numpy.generic_sum.generic_sum_np
    np.testing.assert_allclose(Genred(formula, types, "Sum", axis=1)(p, a, X, Y), pairs.sum(1))
    found = generic_logsumexp_np("Sum(x+y)", "output = Vx(1)", "x = Vx(3)", "y = Vy(3)")(X, Y)
    np.testing.assert_allclose(found[:, 0], np.log(np.exp((X[:, None] + Y).sum(-1)).sum(1)))


@pytest.mark.usefixtures("alias")
def test_the_scalar_product_of_2018() -> None:
    from pykeops.numpy import generic_sum

    aliases = ("G = Pm(1)", "X = Vx(3)", "Y = Vy(3)")
    dots = generic_sum("Exp(-G*SqDist(X,Y)) * (IntCst(1) + Pow((X,Y), 2))", "A = Vx(1)", *aliases)
    kernel = utils.np_kernel(X, Y, 1.0, "gaussian")
    np.testing.assert_allclose(dots(1.0, X, Y)[:, 0], (kernel * (1 + (X @ Y.T) ** 2)).sum(1))
