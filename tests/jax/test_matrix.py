"""Every transform of JAX on every reduction that has derivatives, against plain JAX in float64.

By default each reduction meets one formula, and two of them meet all transforms; ``make jax-matrix`` tries all.
"""

from __future__ import annotations

import os
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pairfold.ir.expr import Category
from pairfold.ir.problem import Problem
from pairfold.ops.arithmetic import variable
from pairfold.reductions import REDUCTIONS
from pairfold.reductions.state import output_kinds
from tests.jax.dense import FORMULAS, NAMES, Function, arguments, functions, number

ALL = (0, 1, 2, 3)
AXES = (1, None, 0, None)
"""Of a batch of x, and of b."""


def batched() -> tuple[Any, ...]:
    x, y, b, p = arguments()
    scales = jnp.asarray([1.0, 0.7])
    return x[:, None] * scales[:, None], y, b * scales[:, None, None], p


def third(f: Function, *args: Any) -> Any:
    """Return the gradient of a second derivative: reverse over forward over reverse."""

    def curvature(*at: Any) -> Any:
        _, along = jax.jvp(jax.grad(number(f), ALL), at, args)
        return sum((a * b).sum() for a, b in zip(along, args, strict=True))

    return jax.grad(curvature, ALL)(*args)


def repeated(f: Function, x: Any, *others: Any) -> Any:
    """Return what comes of a loop whose state is the rows."""

    def step(at: Any, _: Any) -> Any:
        # Bounded, and with no larger error than the value has: a sine of 1e8 would have lost 8 digits.
        total = f(at, *others).sum(-1, keepdims=True)
        return at + 0.1 * total / jnp.sqrt(1 + total**2), None

    return jax.lax.scan(step, x, None, length=3)[0]


TRANSFORMS = {
    "value": lambda f, *args: f(*args),
    "grad": lambda f, *args: jax.grad(number(f), ALL)(*args),
    "jvp": lambda f, *args: jax.jvp(f, args, args),
    "jacfwd": lambda f, *args: jax.jacfwd(f, ALL)(*args),
    "jacrev": lambda f, *args: jax.jacrev(f, ALL)(*args),
    "forward over reverse": lambda f, *args: jax.jacfwd(jax.grad(number(f), ALL), ALL)(*args),
    "reverse over reverse": lambda f, *args: jax.jacrev(jax.grad(number(f), ALL), ALL)(*args),
    "third derivative": third,
    "vmap": lambda f, *_: jax.vmap(f, AXES)(*batched()),
    "vmap of grad": lambda f, *_: jax.vmap(jax.grad(number(f), ALL), AXES)(*batched()),
    "checkpoint": lambda f, *args: jax.grad(number(jax.checkpoint(f)), ALL)(*args),
    "scan": lambda f, *args: jax.grad(lambda *at: jnp.sin(repeated(f, *at)).sum(), ALL)(*args),
}


SOME = ("value", "grad", "jvp", "forward over reverse")
EVERYTHING = "PAIRFOLD_ALL_FORMULAS" in os.environ


def cases() -> list[tuple[str, str, tuple[str, ...]]]:
    if EVERYTHING:
        return [(name, formula, tuple(TRANSFORMS)) for name in NAMES for formula in FORMULAS]
    formulas = list(FORMULAS)
    thorough = ("LogSumExp", "KMin_ArgKMin")
    return [
        (name, formulas[number % len(formulas)], tuple(TRANSFORMS) if name in thorough else SOME)
        for number, name in enumerate(NAMES)
    ]


@pytest.mark.usefixtures("_quickly_compiled")
@pytest.mark.parametrize(("reduction", "formula", "names"), cases())
def test_transforms(reduction: str, formula: str, names: tuple[str, ...]) -> None:
    def chosen(f: Function) -> Any:
        return jax.jit(lambda *args: {name: TRANSFORMS[name](f, *args) for name in names})(*arguments())

    found, expected = map(chosen, functions(reduction, formula))
    for name in names:
        leaves = jax.tree.leaves(expected[name])
        scale = max(np.abs(leaf).max() for leaf in leaves)
        for one, other in zip(jax.tree.leaves(found[name]), leaves, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10 * scale, err_msg=name)
    # Without jit, each operation is a program of its own.
    f, _ = functions(reduction, formula)
    np.testing.assert_allclose(f(*arguments()), found["value"], rtol=1e-14)


def test_no_reduction_is_left_out() -> None:
    def has_derivative(name: str) -> bool:
        reduction = REDUCTIONS[name]
        value, weight = variable(0, 1, Category.COLUMN), variable(1, 1, Category.COLUMN)
        problem = Problem(value, reduction, weight if reduction.needs_weight else None)
        return reduction.pullback is not None and "real" in output_kinds(problem)

    internal = {"Prod_Zeros", "Mean_Count", "Mean_Var_Count", "Max_SumShiftExp_ArgMax", "Max_SumShiftExpWeight_ArgMax"}
    names = {REDUCTIONS[name].name for name in REDUCTIONS if has_derivative(name)}
    assert names - internal - {"Any", "All"} == set(NAMES)
