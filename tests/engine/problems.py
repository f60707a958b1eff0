"""Problems and data that the engine tests share."""

from __future__ import annotations

import numpy as np

from pairfold.ir.expr import Category, Expr
from pairfold.ir.problem import Problem
from pairfold.ops import variable
from pairfold.ops.arithmetic import apply
from pairfold.reductions import REDUCTIONS

X = variable(0, 3, Category.ROW)
Y = variable(1, 3, Category.COLUMN)
B = variable(2, 1, Category.COLUMN)
G = variable(3, 1, Category.PARAMETER)


def squared_distance(dim: int = 3) -> Expr:
    return apply("SqDist", variable(0, dim, Category.ROW), variable(1, dim, Category.COLUMN))


def gaussian_sum(dim: int = 3, outputs: int = 1) -> Problem:
    """The sum over j of exp(-g |x_i - y_j|^2) b_j."""
    kernel = apply("Exp", -G * squared_distance(dim))
    return Problem(kernel * variable(2, outputs, Category.COLUMN), REDUCTIONS["Sum"])


def gaussian_data(
    rows: int, columns: int, dim: int = 3, outputs: int = 1, dtype: str = "float64", seed: int = 0
) -> list[np.ndarray]:
    """Arrays for `gaussian_sum`."""
    generator = np.random.default_rng(seed)
    arrays = [
        generator.standard_normal((rows, dim)),
        generator.standard_normal((columns, dim)),
        generator.standard_normal((columns, outputs)),
        np.array([0.5 / dim]),
    ]
    return [array.astype(dtype) for array in arrays]


def dense_gaussian_sum(arrays: list[np.ndarray]) -> np.ndarray:
    """The same in float64 NumPy."""
    x, y, b, g = (array.astype(np.float64) for array in arrays)
    squared = ((x[..., :, None, :] - y[..., None, :, :]) ** 2).sum(-1)
    return np.exp(-g[..., None] * squared) @ b
