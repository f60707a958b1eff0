"""What LazyTensors answer under the alias, where KeOps differs from NumPy."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import pairfold.numpy
import pairfold.pykeops
from pairfold.errors import ArgumentTypeError, PairfoldError, TargetError
from pairfold.lazy.value import value_of
from pairfold.pykeops.common.lazy_tensor import ComplexGenericLazyTensor, GenericLazyTensor, is_complex_lazytensor
from pairfold.pykeops.common.operations import ConjugateGradientSolver, KernelLinearSolver
from pairfold.pykeops.numpy import ComplexLazyTensor, Genred, KernelSolve, LazyTensor, Pm, Vi, Vj

GENERATOR = np.random.default_rng(5)
X, Y = GENERATOR.normal(size=(5, 1, 3)), GENERATOR.normal(size=(1, 4, 3))


def squares() -> Any:
    return ((LazyTensor(X) - LazyTensor(Y)) ** 2).sum(-1)


def test_shape_drops_a_last_axis_of_length_1() -> None:
    differences = LazyTensor(X) - LazyTensor(Y)
    assert (differences.shape, value_of(differences).shape, differences.dim()) == ((5, 4, 3), (5, 4, 3), 3)
    assert (squares().shape, value_of(squares()).shape, squares().dim()) == ((5, 4), (5, 4, 1), 3)
    assert (differences.ndim, squares().ndim) == (3, 1)
    assert (LazyTensor(2.0).shape, LazyTensor([1.0, 2.0]).shape, Vi(0, 3).shape) == ((1, 1), (1, 1, 2), (1, 1, 3))
    assert LazyTensor(np.ones((7, 5, 1, 2))).shape == (7, 5, 1, 2)
    # GeomLoss and POT know a LazyTensor by this attribute.
    assert (squares()._shape, Vi(0, 3)._shape) == ((5, 4, 1), (1, 1, 3))


def test_counts_and_names() -> None:
    batched = LazyTensor(np.ones((7, 5, 1, 2), np.float32))
    assert (batched.ni, batched.nj, batched.batchdims, batched.nbatchdims) == (5, None, (7,), 1)
    assert (squares().ni, squares().nj, squares().batchdims) == (5, 4, ())
    assert (batched.dtype, squares().dtype, Vi(0, 3).dtype) == ("float32", "float64", None)
    assert [variable.shape for variable in squares().variables] == [(5, 3), (4, 3)]
    assert (squares() * Pm(0, 1)).symbolic_variables == ((0, 1, 2),)
    assert bool(squares())


def test_batch_axes_of_symbols_can_be_set() -> None:
    x, y = Vi(0, 3), Vj(1, 3)
    x.batchdims = y.batchdims = (2,)
    distances = ((x - y) ** 2).sum(-1)
    assert distances.batchdims == (2,)
    assert distances.dim() == 4
    points = GENERATOR.normal(size=(2, 5, 3)), GENERATOR.normal(size=(2, 4, 3))
    expected = ((points[0][:, :, None] - points[1][:, None]) ** 2).sum((2, 3))
    np.testing.assert_allclose(distances.sum(2)(*points)[..., 0], expected)
    x.batchdims = None
    assert x.batchdims == ()


def test_number_of_the_next_symbol() -> None:
    kernel = (Vi(0, 3) - Vj(1, 3)).sqnorm2()
    assert (squares().new_variable_index(), kernel.new_variable_index(), Vi(4, 2).new_variable_index()) == (0, 2, 5)
    weighted = (kernel * Vj(kernel.new_variable_index(), 2)).sum_reduction(axis=1)
    weights = GENERATOR.normal(size=(4, 2))
    np.testing.assert_allclose(weighted(X[:, 0], Y[0], weights), ((X - Y) ** 2).sum(-1) @ weights)


def test_an_index_alone_is_about_the_last_axis() -> None:
    x, y = LazyTensor(X), LazyTensor(Y)
    dense = X - Y
    np.testing.assert_allclose((x - y)[1].sum(1), dense.sum(1)[:, 1:2])
    np.testing.assert_allclose((x - y)[1:].sum(1), dense.sum(1)[:, 1:])
    np.testing.assert_allclose((x - y)[:, :, 2].sum(1), dense.sum(1)[:, 2:])
    np.testing.assert_allclose((Vi(0, 3)[0] * Vj(1, 3)[2]).sum(1)(X[:, 0], Y[0]), X[:, 0, :1] * Y[0, :, 2].sum())
    assert x[:].shape == x[...].shape == (5, 1, 3)
    with pytest.raises(IndexError, match="out of bounds for axis 2 of size 3"):
        x[3]


def test_results_keep_the_class_and_its_habits() -> None:
    results = [
        squares().exp(),
        squares().T,
        squares()[:, :],
        1 - squares(),
        (LazyTensor(X) | LazyTensor(Y)),
        LazyTensor.cat((LazyTensor(X), LazyTensor(X)), -1),
        squares().sqrt().min(-1),
    ]
    assert all(type(result) is LazyTensor for result in results)
    assert all(isinstance(result, GenericLazyTensor) for result in results)
    assert not isinstance(pairfold.numpy.LazyTensor(X), GenericLazyTensor)
    assert squares().sum(1).shape == (5, 1)
    assert squares().argmin(0).shape == (4, 1)
    assert squares().Kmin(2, dim=1).shape == (5, 2)


@pytest.mark.usefixtures("no_gpu")
def test_any_attribute_can_be_set() -> None:
    kernel = squares()
    kernel.backend = "CPU"
    kernel.remark = "mine"
    assert kernel.sum(1).shape == (5, 1)
    kernel.backend = "GPU"
    with pytest.raises(TargetError, match="asks for a GPU"):
        kernel.sum(1)


def test_keywords_without_effect_are_taken() -> None:
    assert LazyTensor(X).sum(-1, keepdim=True).shape == (5, 1)
    assert LazyTensor(X).sum(2, keepdim=True).shape == (5, 1)
    expected = squares().sum(1)
    assert np.array_equal(squares().sum(1, dtype="nonsense", enable_chunks=False), expected)
    with pytest.raises(ArgumentTypeError, match="no keyword 'keep'"):
        squares().sum(1, keep=True)


def test_nobody_is_column_0() -> None:
    x = np.full((1, 1, 3), np.nan)
    squares = ((LazyTensor(x) - LazyTensor(Y)) ** 2).sum(-1)
    assert squares.argmin(1).item() == squares.argmax(1).item() == 0
    smallest, where = squares.min_argmin(1)
    assert (smallest.item(), where.item(), squares.argKmin(1, 1).item()) == (np.inf, 0, -1)
    out = np.full((1, 1), 7)
    routine = Genred("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], "ArgMin", axis=1)
    assert routine(x[0], Y[0], out=out) is out
    assert out.item() == 0


def test_matrices_are_indexed_by_j() -> None:
    assert (Vi(X[:, 0]) * Y[0]).shape == (Y[0] * Vi(X[:, 0])).shape == (5, 4, 3)
    assert (Vi(3) + Vj(2.5)).shape == (1, 1)


def test_products_take_the_keywords_of_reductions() -> None:
    kernel, b = (-squares()).exp(), GENERATOR.normal(size=(4, 2))
    expected = np.exp(-((X - Y) ** 2).sum(-1)) @ b
    out = np.empty((5, 2))
    assert kernel.__matmul__(b, backend="CPU", sum_scheme="direct_sum", out=out) is out
    np.testing.assert_allclose(out, expected)
    np.testing.assert_allclose(kernel @ b[:, 0], expected[:, 0])
    np.testing.assert_allclose(kernel.rmatvec(np.ones(5)), kernel.sum(0)[:, 0])


def test_methods_for_subclasses_of_programs() -> None:
    x, y = LazyTensor(X), LazyTensor(Y)
    dense = X - Y
    np.testing.assert_allclose(x.binary(y, "-", is_operator=True).unary("Square").sum(1), (dense**2).sum(1))
    np.testing.assert_allclose(x.binary(y, "SqDist", dimcheck="same").sum(1)[:, 0], (dense**2).sum((1, 2)))
    np.testing.assert_allclose(x.unary("Extract", 2, 1, 2).sum(1), X[:, 0, 1:])
    clamped = (x - y).ternary(-1, 1, "Clamp").sum(1)
    np.testing.assert_allclose(clamped, np.clip(dense, -1, 1).sum(1))
    assert x.separate_kwargs({"backend": "CPU", "sum_scheme": "auto"}) == (
        {"sum_scheme": "auto"},
        {"backend": "CPU"},
    )


def test_names_of_arguments() -> None:
    x, y, distances = LazyTensor(X), LazyTensor(Y), squares()
    knots = LazyTensor(np.arange(8.0)[None, None])
    u, v = Vi(0, 3), Vj(1, 3)
    pairs = [
        (knots.bspline(x=distances, k=2), knots.bspline(distances, 2)),
        (distances.clamp(other1=0.1, other2=0.3), distances.clamp(0.1, 0.3)),
        (x.elem(i=1), x.elem(1)),
        (x.extract(i=1, d=2), x.extract(1, 2)),
        (distances.ifelse(other1=1, other2=x), distances.ifelse(1, x)),
        (x.keops_kron(y, dimfself=(3,), dimfother=(3,)), x.keops_kron(y, (3,), (3,))),
        (distances.one_hot(D=3), distances.one_hot(3)),
        (distances.power(other=2), distances.power(2)),
        (distances.round(other=1), distances.round(1)),
        (x.softdtw_sqdist(other=y, gamma=LazyTensor(1.0)), x.softdtw_sqdist(y, LazyTensor(1.0))),
        (x.weightedsqdist(g=y, s=np.ones(3)), x.weightedsqdist(y, np.ones(3))),
        ((u - v).divergence(var=u), (u - v).divergence(u)),
        ((u - v).trace_operator(var=u), (u - v).trace_operator(u)),
        ((u - v).sqnorm2().laplacian(var=u), (u - v).sqnorm2().laplacian(u)),
        ((u - v).sqnorm2().grad_matrix(other=u), (u - v).sqnorm2().grad_matrix(u)),
    ]
    assert all(theirs.formula == ours.formula for theirs, ours in pairs)
    with pytest.raises(ArgumentTypeError, match=r"bspline\(other, degree=0\): got an unexpected keyword"):
        knots.bspline(distances, wrong=2)


def test_complex_tensors() -> None:
    z = LazyTensor(X).exp1j()
    assert type(z) is ComplexLazyTensor
    assert isinstance(z, ComplexGenericLazyTensor)
    assert (z.shape, z.dtype, z.is_complex, is_complex_lazytensor(z)) == ((5, 1, 3), "complex128", True, True)
    assert not is_complex_lazytensor(LazyTensor(X))
    assert type(z.real) is LazyTensor
    assert type(LazyTensor(X + 1j * X)) is ComplexLazyTensor
    result = (z * LazyTensor(Y + 1j)).sum(1)
    np.testing.assert_allclose(result, (np.exp(1j * X) * (Y + 1j)).sum(1))
    assert (z * z).sum(-1).shape == (5, 1)
    assert LazyTensor(1j).dtype is None


def test_optional_static_parameters_of_methods() -> None:
    x, y = LazyTensor(GENERATOR.normal(size=(5, 1, 4))), LazyTensor(GENERATOR.normal(size=(1, 4, 4)))
    plain = x.keops_tensordot(y, (2, 2), (2, 2), (), ()).sum(1)
    exchanged = x.keops_tensordot(y, (2, 2), (2, 2), (), (), (2, 3, 0, 1)).sum(1)
    np.testing.assert_allclose(exchanged.reshape(5, 4, 4), plain.reshape(5, 4, 4).swapaxes(1, 2))


def test_names_of_release_1_1() -> None:
    assert type(pairfold.pykeops.LazyTensor(X)) is LazyTensor
    assert pairfold.pykeops.Vi(X[:, 0]).shape == (5, 1, 3)


def test_solvers_that_wait_say_what_they_call() -> None:
    x = GENERATOR.normal(size=(6, 2))
    kernel = (-((Vi(x) - Vj(x)) ** 2).sum(-1)).exp()
    b = np.ones((6, 1))
    waiting = kernel.solve(b, alpha=0.1, call=False)
    assert callable(waiting.callfun)
    np.testing.assert_allclose(waiting(), kernel.solve(b, alpha=0.1))


def test_linear_solves() -> None:
    x, b = GENERATOR.normal(size=(20, 2)), GENERATOR.normal(size=(20, 2))
    matrix = np.exp(-((x[:, None] - x) ** 2).sum(-1)) + 0.1 * np.eye(20)
    expected = np.linalg.solve(matrix, b)
    formula, aliases = "Exp(-SqDist(x, y)) * b", ["x = Vi(2)", "y = Vj(2)", "b = Vj(2)"]
    by_formula = KernelSolve(formula, aliases, "b", 1, "float64")(x, x, b, alpha=0.1, eps=1e-10)
    np.testing.assert_allclose(by_formula, expected, atol=1e-6)
    np.testing.assert_allclose(
        ConjugateGradientSolver("numpy", lambda v: matrix @ v, b, eps=1e-10), expected, atol=1e-6
    )
    for precond in (False, True):
        found = KernelLinearSolver("numpy", ("gaussian", 2, 2, 1.0), x, b, alpha=0.1, eps=1e-10, precond=precond)
        np.testing.assert_allclose(found, expected, atol=1e-6)

    def kernel(x: Any, y: Any, v: Any) -> Any:
        return np.exp(-((x[:, None] - y) ** 2).sum(-1)) @ v

    np.testing.assert_allclose(KernelLinearSolver("numpy", kernel, x, b, 0.1, 1e-10), expected, atol=1e-6)


def test_ranges_of_components_end_where_the_components_end() -> None:
    x, z = LazyTensor(X), Vi(1j * X[:, 0])
    assert x[1:3].shape == x[-2:].shape == x[:, :, 1:].shape == x[..., :-1].shape == (5, 1, 2)
    for tensor in (x, z):
        for key in (
            slice(2, 5),
            slice(0, 4),
            slice(-4, None),
            (slice(None), slice(None), slice(1, 9)),
            (..., slice(3, 5)),
        ):
            with pytest.raises(ValueError, match=r"The range .* exceeds the 3 components\."):
                tensor[key]
    assert x[0:5, :, :].shape == (5, 1, 3)


def test_devices() -> None:
    x = LazyTensor(X)
    for moved in (x.cpu(), x.to("cpu"), (x * 2.5).to(device="cpu")):
        np.testing.assert_array_equal(moved.sum(axis=1) > 0, X[:, 0] > 0)
    for move in (x.cuda, lambda: x.to("cuda"), lambda: x.to(device="cuda:1")):
        with pytest.raises(TargetError, match=r"NumPy arrays lie in the memory of the CPU. backend='GPU' sends them"):
            move()


def test_a_solve_with_one_point() -> None:
    x, b = LazyTensor(X[:1]), GENERATOR.normal(size=(1, 2))
    kernel = (-((x - LazyTensor(X[:1].swapaxes(0, 1))) ** 2).sum(-1)).exp()
    for right in (b, Vi(b), LazyTensor(b[:, None])):
        np.testing.assert_allclose(kernel.solve(right, alpha=0.5), b / 1.5)
    np.testing.assert_allclose(kernel.solve(b, alpha=0.5, enable_chunks=False, backend="CPU"), b / 1.5)


def test_the_power_of_an_inverse_root_is_rsqrt() -> None:
    """It is 0 between equal points, where pairfold's own class says inf, as for all negative powers."""
    points = np.array([[0.0, 1.0]])
    distances = (LazyTensor(points[:, None]) - LazyTensor(points[None])).sqnorm2()
    assert (distances**-0.5).sum(axis=1).item() == 0
    ours = (pairfold.numpy.Vi(points) - pairfold.numpy.Vj(points)).sqnorm2()
    assert (ours**-0.5).sum(axis=1).item() == (ours**-1.5).sum(axis=1).item() == np.inf


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize("framework", ["numpy", "torch"])
@pytest.mark.parametrize(
    ("backend", "message"),
    [
        *((f"GPU{suffix}", "asks for a GPU") for suffix in ("", "_1D", "_2D")),
        *((f"GPU_{axes}D_{memory}", "asks for a GPU") for axes in (1, 2) for memory in ("device", "host")),
        ("cuda", "backend is 'cuda'; allowed are 'auto', 'CPU', 'GPU', 'GPU_1D', 'GPU_2D', 'GPU_1D_device',"),
    ],
)
def test_the_nine_backends(framework: str, backend: str, message: str) -> None:
    keops = pytest.importorskip(f"pairfold.pykeops.{framework}")
    array = pytest.importorskip(framework).ones((4, 1))
    aliases = ["x = Vi(1)", "y = Vj(1)"]
    lazy = keops.LazyTensor(array[:, None]) - keops.LazyTensor(array[None])
    assigned = lazy + 1
    assigned.backend = backend
    symbolic = (keops.Vi(0, 1) - keops.Vj(1, 1)).sum(1)
    solver = keops.KernelSolve("Exp(-x * x) * y", aliases, "y", axis=1)
    for call in (
        lambda: keops.Genred("x - y", aliases, "Sum", axis=1)(array, array, backend=backend),
        lambda: lazy.sum(1, backend=backend),
        lambda: assigned.sum(1),
        lambda: symbolic(array, array, backend=backend),
        lambda: solver(array, array, alpha=1.0, backend=backend),
        lambda: (-(lazy**2)).exp().solve(keops.Vi(array), alpha=1.0, backend=backend),
    ):
        with pytest.raises(PairfoldError, match=re.escape(message)):
            call()
