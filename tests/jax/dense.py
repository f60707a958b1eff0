"""Formulas and reductions as plain JAX writes them, with the whole matrix in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pairfold.jax import Genred
from pairfold.reductions import REDUCTIONS

Array = Any
Function = Callable[..., Any]

ALIASES = ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)", "p = Pm(1)"]
WEIGHT = "Exp(b * y)"
K = 2


def squares(x: Array, y: Array) -> Array:
    return ((x[..., :, None, :] - y[..., None, :, :]) ** 2).sum(-1)


def products(x: Array, y: Array) -> Array:
    return (x[..., :, None, :] * y[..., None, :, :]).sum(-1)


def across(b: Array) -> Array:
    return jnp.swapaxes(b, -1, -2)


FORMULAS: dict[str, tuple[str, Function]] = {
    "Gauss": ("Exp(-p * SqDist(x, y)) * b", lambda x, y, b, p: jnp.exp(-p * squares(x, y)) * across(b)),
    "Laplace": (
        "Exp(-Sqrt(SqDist(x, y) + p)) + b",
        lambda x, y, b, p: jnp.exp(-jnp.sqrt(squares(x, y) + p)) + across(b),
    ),
    "Cauchy": ("b * Inv(1 + p * SqDist(x, y))", lambda x, y, b, p: across(b) / (1 + p * squares(x, y))),
    "multiquadric": ("Rsqrt(p + SqDist(x, y)) - b", lambda x, y, b, p: (p + squares(x, y)) ** -0.5 - across(b)),
    "polynomial": ("Pow((x | y) + p, 3) + b", lambda x, y, b, p: (products(x, y) + p) ** 3 + across(b)),
    "periodic": ("Sin(p * (x | y)) * b", lambda x, y, b, p: jnp.sin(p * products(x, y)) * across(b)),
    "logarithm": ("Log(p + SqDist(x, y)) * b", lambda x, y, b, p: jnp.log(p + squares(x, y)) * across(b)),
    "cost": ("b - p * SqDist(x, y)", lambda x, y, b, p: across(b) - p * squares(x, y)),
    "absolute": (
        "p * Sum(Abs(x - y)) + b",
        lambda x, y, b, p: p * jnp.abs(x[..., :, None, :] - y[..., None, :, :]).sum(-1) + across(b),
    ),
    "rational": (
        "(x | y) * Inv(p + Square(b)) + Elem(x, 0)",
        lambda x, y, b, p: products(x, y) / (p + across(b) ** 2) + x[..., :, :1],
    ),
}
"""By name, in the language of pairfold and on arrays x (..., N, 2), y (..., M, 2), b (..., M, 1), p, for all pairs."""


def _largest(v: Array) -> Array:
    # XLA may compute v twice with different roundings, and the gradient of jnp.max divides by how many are equal to it.
    return jnp.take_along_axis(v, v.argmax(-1, keepdims=True), -1)


def _shifted(v: Array, w: Array) -> Array:
    m = _largest(v)
    return jnp.concatenate([m, jnp.exp(v - m) @ w], -1)


def _log_sum(v: Array, w: Array) -> Array:
    m = jax.lax.stop_gradient(v.max(-1, keepdims=True))
    return m + jnp.log(jnp.exp(v - m) @ w)


def _softmax(v: Array, w: Array) -> Array:
    return jax.nn.softmax(v, -1) @ w


def _smallest(v: Array) -> Array:
    return jnp.sort(v, -1)[..., :K]


def _ones(v: Array) -> Array:
    return jnp.ones((*v.shape[:-2], v.shape[-1], 1))


_DENSE: dict[str, Function] = {
    "Sum": lambda v, w: v.sum(-1, keepdims=True),
    "Mean": lambda v, w: v.mean(-1, keepdims=True),
    "Var": lambda v, w: v.var(-1, keepdims=True),
    "Prod": lambda v, w: v.prod(-1, keepdims=True),
    "LogSumExp": lambda v, w: _log_sum(v, _ones(v)),
    "LogSumExpWeight": _log_sum,
    "SumSoftMaxWeight": _softmax,
    "SumSoftMaxWeight_LogSumExp": _softmax,
    "Max_SumShiftExp": lambda v, w: _shifted(v, _ones(v)),
    "Max_SumShiftExpWeight": _shifted,
    "Min": lambda v, w: -_largest(-v),
    "Max": lambda v, w: _largest(v),
    "KMin": lambda v, w: _smallest(v),
}
"""On the matrix and on a weight (..., M, 2)."""

_SAME = {"Min_ArgMin": "Min", "Max_ArgMax": "Max", "KMin_ArgKMin": "KMin"}
"""The first output of a reduction that has others too, of column numbers."""

NAMES = (*_DENSE, *_SAME)


def functions(reduction: str, formula: str) -> tuple[Function, Function]:
    """Return a reduction of a formula by pairfold and by plain JAX; of its outputs, the real one."""
    record, (text, values) = REDUCTIONS[reduction], FORMULAS[formula]
    weight, k = (WEIGHT if record.needs_weight else None), (K if record.needs_k else None)
    routine = Genred(text, ALIASES, reduction, 1, formula2=weight, opt_arg=k)

    def found(*args: Array) -> Array:
        outputs = routine(*args)
        return outputs[0] if isinstance(outputs, tuple) else outputs

    def expected(x: Array, y: Array, b: Array, p: Array) -> Array:
        matrix = values(x, y, b, p[..., None])
        return _DENSE[_SAME.get(reduction, reduction)](matrix, jnp.exp(b * y))

    return found, expected


def arguments() -> tuple[Array, Array, Array, Array]:
    """Return x, y, b and p."""
    rng = np.random.default_rng(5)
    x, y, b, p = (jnp.asarray(rng.standard_normal(shape)) for shape in ((3, 2), (4, 2), (4, 1), (1,)))
    return x, y, b, jnp.abs(p) + 0.5


def number(function: Function) -> Function:
    """Return a function to differentiate: no derivative of it vanishes."""
    return lambda *args: jnp.sin(function(*args)).sum()
