"""The named kernels of the first versions: formulas hold their expansions, and plain pairfold does not know them."""

from __future__ import annotations

import numpy as np
import pytest

from pairfold.errors import DimensionError, UnknownNameError
from pairfold.language.formula import parse
from pairfold.ops import OPERATIONS
from pairfold.ops.arithmetic import apply, constant
from pairfold.pykeops import numpy as keops
from pairfold.pykeops.dialect import KEOPS
from pairfold.pykeops.operations import KERNELS
from tests.comparison import assert_close
from tests.conformance.cases import Case, all_cases, draw, label

CASES = [pytest.param(case, id=label(case)) for case in all_cases(KERNELS)]
LETTERS = "abcde"


def call(name: str) -> str:
    return f"{name}({', '.join(LETTERS[: KERNELS[name].arity])})"


def points(case: Case) -> tuple[list[str], list[np.ndarray]]:
    """Return declarations, all but the first indexed by j, and arrays."""
    name, dims, _ = case
    aliases = [f"{letter} = {'Vj' if k else 'Vi'}({dim})" for k, (letter, dim) in enumerate(zip(LETTERS, dims))]  # noqa: B905
    arrays = [draw(KERNELS[name], k, (5 if k else 4, dim)) for k, dim in enumerate(dims)]
    return aliases, arrays


@pytest.mark.parametrize("case", CASES)
def test_sums_of_kernels(case: Case) -> None:
    aliases, arrays = points(case)
    found = keops.Genred(call(case[0]), aliases, "Sum", axis=1)(*arrays)
    first, *others = arrays
    terms = KERNELS[case[0]].reference(first[:, None], *(array[None] for array in others))
    assert_close(found, terms.sum(1), 1e-14 * (1 + np.abs(terms).sum(1)))


@pytest.mark.parametrize("case", CASES)
def test_gradients_of_kernels(case: Case) -> None:
    aliases, arrays = points(case)
    last, step = case[1][-1], 1e-6
    routine = keops.Genred(f"Sum({call(case[0])})", aliases, "Sum", axis=1)
    moved = [[*arrays[:-1], arrays[-1] + sign * step] for sign in (1, -1)]
    expected = (routine(*moved[0]) - routine(*moved[1])).sum() / (2 * step)
    grad = keops.Genred(f"Grad(Sum({call(case[0])}), {LETTERS[len(aliases) - 1]}, 1)", aliases, "Sum", axis=0)
    found = grad(*arrays)
    assert found.shape == (5, last)
    np.testing.assert_allclose(found.sum(), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", list(KERNELS))
def test_formulas_hold_the_expansion(name: str) -> None:
    case = next(case for case in all_cases(KERNELS) if case[0] == name)
    aliases, _ = points(case)
    (value,) = parse([call(name)], aliases, KEOPS).values
    assert value.op.name in OPERATIONS
    assert name not in OPERATIONS
    with pytest.raises(UnknownNameError, match=f"There is no operation called '{name}'"):
        parse([call(name)], aliases)


def test_divergence_free_and_curl_free_kernels_are_derivatives_of_the_gaussian() -> None:
    """Their sum is the diagonal kernel ((d / (2 C)) - r^2) exp(-C r^2)."""
    generator = np.random.default_rng(0)
    x, y, b = (generator.normal(size=(5, 3)) for _ in range(3))
    total = sum(KERNELS[f"{kind}FreeGaussKernel"].reference(0.7, x, y, b) for kind in ("Div", "Curl"))
    square = np.sum((x - y) ** 2, axis=1, keepdims=True)
    np.testing.assert_allclose(total, (3 / 1.4 - square) * np.exp(-0.7 * square) * b)


@pytest.mark.parametrize(
    ("name", "dims", "message"),
    [
        ("GaussKernel", (2, 3, 3, 1), "the coefficient C must be a scalar"),
        ("SumGaussKernel", (2, 3, 3, 3, 1), "there must be one weight W per coefficient C"),
        ("DivFreeGaussKernel", (1, 3, 3, 1), "X, Y and B must have equal dimensions"),
        ("TRIGaussKernel", (2, 1, 3, 3, 3), "the coefficients must be scalars"),
    ],
)
def test_wrong_dimensions(name: str, dims: tuple[int, ...], message: str) -> None:
    aliases, _ = points((name, dims, ()))
    with pytest.raises(DimensionError, match=message):
        parse([call(name)], aliases, KEOPS)


def test_an_old_kernel_is_an_operation_like_others() -> None:
    aliases = ["x = Vi(3)", "y = Vj(3)", "b = Vj(2)"]
    (value,) = parse(["GaussKernel(0.5, x, y, b) * 2"], aliases, KEOPS).values
    (plain,) = parse(["Exp(-(0.5 * SqDist(x, y))) * b * 2"], aliases).values
    assert value is plain
    assert value is apply("Mult", plain.args[0], constant(2))
