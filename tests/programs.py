"""Random programs on LazyTensors and as formula strings, and the same computed densely by PyTorch in float64.

A `Program` is data: it can be drawn (`draw`), written as the text that a user would write (`text`), carried out
(`carry_out`) and judged against dense tensors (`faults`). Nothing of pairfold is used for the dense side.
"""

from __future__ import annotations

import importlib
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

Dense = Callable[..., Tensor]
Change = Callable[[Tensor], Tensor]
Outputs = dict[str, Tensor]


def summed(z: Tensor) -> Tensor:
    return z.sum(-1, keepdim=True)


def squared(z: Tensor) -> Tensor:
    return summed(z * z)


def broadcast(*dims: int) -> int:
    return max(dims)


def scalar(*_dims: int) -> int:
    return 1


@dataclass(frozen=True)
class Step:
    """One operation in three spellings; ``{0}`` and ``{1}`` are its operands, ``{c}`` is a Python number.

    Attributes
    ----------
    lazy, formula : str
        On LazyTensors, and in a formula string ("" where there is no such spelling).
    dense : callable
        On dense tensors ``(..., N, M, D)``, with the number last where there is one.
    operands : int
    dim : callable
        Dimension of the result for those of the operands.
    fits : callable
        Whether operands of these dimensions are allowed.
    cancels : bool
        Terms of its derivatives cancel, but not their roundings: `dense` takes a disturbance of its parts, last.
    """

    lazy: str
    formula: str
    dense: Dense
    operands: int = 1
    dim: Callable[..., int] = broadcast
    fits: Callable[..., bool] = lambda *dims: len(set(dims) - {1}) < 2
    cancels: bool = False

    @cached_property
    def has_number(self) -> bool:
        return "{c}" in self.lazy


def unary(name: str, formula: str, dense: Dense) -> Step:
    """Return a function of one operand ``{0}``, that may stand in an expression."""
    return Step(name, formula, dense)


def joined(z: Tensor, w: Tensor) -> Tensor:
    shape = torch.broadcast_shapes(z.shape[:-1], w.shape[:-1])
    return torch.cat([z.expand(*shape, -1), w.expand(*shape, -1)], -1)


def chosen(condition: Tensor, z: Tensor, w: Tensor) -> Tensor:
    return torch.where(condition, *torch.broadcast_tensors(z, w))


def product(z: Tensor, w: Tensor) -> Tensor:
    return (z[..., :, None] * w[..., None, :]).flatten(-2)


def matrix_vector(z: Tensor, w: Tensor) -> Tensor:
    return (z.unflatten(-1, (-1, w.shape[-1])) * w[..., None, :]).sum(-1)


def turned(z: Tensor) -> Tensor:
    return torch.complex(z.cos(), z.sin())


def normalized(z: Tensor, change: Change) -> Tensor:
    return change(z + 0.1) / squared(change(z + 0.1)).sqrt()


def safe_norm(z: Tensor) -> Tensor:
    return (squared(z) + 0.01).sqrt()


BINARY: dict[str, Step] = {
    "+": Step("{0} + {1}", "{0} + {1}", lambda z, w: z + w, 2),
    "-": Step("{0} - {1}", "{0} - {1}", lambda z, w: z - w, 2),
    "*": Step("{0} * {1}", "{0} * {1}", lambda z, w: z * w, 2),
    "/": Step("{0} / ({1} * {1} + 1.3)", "{0} / ({1} * {1} + 1.3)", lambda z, w: z / (w * w + 1.3), 2),
    "quotient": Step("{0} / {1}", "{0} / {1}", lambda z, w: z / w, 2),
    "**": Step("({0} * {0} + 0.7) ** {1}", "({0} * {0} + 0.7) ** {1}", lambda z, w: (z * z + 0.7) ** w, 2),
    # Between two arrays of truth values, `|` of LazyTensors is the logical one.
    "|": Step("{0} * 1 | {1} * 1", "({0} | {1})", lambda z, w: summed(z * w), 2, scalar),
    "sqdist": Step("{0}.sqdist({1})", "SqDist({0}, {1})", lambda z, w: squared(z - w), 2, scalar),
    "weighted": Step(
        "{1}.weightedsqnorm({0})",
        "WeightedSqNorm({0}, {1})",
        lambda z, w: summed(z * w * w),
        2,
        scalar,
        lambda d, e: d == e or d == 1,
    ),
    "distance": Step(
        "(({0} - {1}).sqnorm2() + 0.01).sqrt()",
        "Sqrt(SqNorm2({0} - {1}) + 0.01)",
        lambda z, w: safe_norm(z - w),
        2,
        scalar,
    ),
    "gaussian": Step(
        "(-{0}.sqdist({1}) / {c}).exp()",
        "Exp(-SqDist({0}, {1}) / {c})",
        lambda z, w, c: (-squared(z - w) / abs(c)).exp(),
        2,
        scalar,
    ),
    "atan2": Step(
        "{0}.atan2({1} * {1} + 0.5)", "Atan2({0}, {1} * {1} + 0.5)", lambda z, w: torch.atan2(z, w * w + 0.5), 2
    ),
    "maximum": Step("{0}.maximum({1})", "Maximum({0}, {1})", torch.maximum, 2),
    "minimum": Step("{0}.minimum({1})", "Minimum({0}, {1})", torch.minimum, 2),
    "less": Step("({0} < {1}) * {0}", "({0} < {1}) * {0}", lambda z, w: (z < w) * z, 2),
    "not less": Step("({0} >= {1}) + {1}", "({0} >= {1}) + {1}", lambda z, w: (z >= w) + w, 2),
    "equal": Step("({0} == {1}) * 0.5 + {0}", "Equal({0}, {1}) * 0.5 + {0}", lambda z, w: (z == w) * 0.5 + z, 2),
    "unequal": Step("({0} != {1}) * {1}", "NotEqual({0}, {1}) * {1}", lambda z, w: (z != w) * w, 2),
    "ifelse": Step(
        "({0} - 0.2).ifelse({1}, {0} * {0})",
        "IfElse({0} - 0.2, {1}, {0} * {0})",
        lambda z, w: chosen(z >= 0.2, w, z * z),
        2,
        fits=lambda d, e: d == e,
    ),
    "where": Step(
        "where(({0} > 0.1) & ~({1} > 0.8), {0}.sqrt(), {1})",
        "Where({0} > 0.1, Where({1} > 0.8, {1}, Sqrt({0})), {1})",
        lambda z, w: chosen((z > 0.1) & ~(w > 0.8), z.clamp(min=0.1).sqrt(), w),
        2,
        fits=lambda d, e: d == e,
    ),
    "logical": Step(
        "(({0} < {1}) | ({0} > 0.9) ^ ({1} < 0)) * {0}",
        "",
        lambda z, w: ((z < w) | ((z > 0.9) ^ (w < 0))) * z,
        2,
    ),
    "concat": Step("{0}.concat({1})", "Concat({0}, {1})", joined, 2, lambda d, e: d + e, lambda d, e: d + e <= 40),
    "tensor product": Step(
        "{0}.tensorprod({1})", "TensorProd({0}, {1})", product, 2, lambda d, e: d * e, lambda d, e: d * e <= 40
    ),
    "matrix": Step(
        "{0}.matvecmult({1})",
        "MatVecMult({0}, {1})",
        matrix_vector,
        2,
        lambda d, e: d // e,
        lambda d, e: d % e == 0,
    ),
    "turn": Step(
        "({0}.exp1j() * {1}).real",
        "ComplexReal(ComplexMult(ComplexExp1j({0}), Real2Complex({1})))",
        lambda z, w: (turned(z) * w).real,
        2,
    ),
    "complex quotient": Step(
        "({0}.exp1j() / ({1}.imag2complex() + 2)).imag",
        "ComplexImag(ComplexDivide(ComplexExp1j({0}), ComplexAdd(Imag2Complex({1}), Real2Complex(IntCst(2)))))",
        lambda z, w: (turned(z) / torch.complex(torch.full_like(w, 2), w)).imag,
        2,
    ),
}

UNARY: dict[str, Step] = {
    "number": unary("{c} - {0} * 0.3", "{c} - {0} * 0.3", lambda z, c: c - z * 0.3),
    "times": unary("{0} * {c}", "{0} * {c}", lambda z, c: z * c),
    "over": unary("{0} / {c}", "{0} / {c}", lambda z, c: z / c),
    "under": unary("{c} / ({0} * {0} + 0.6)", "{c} / ({0} * {0} + 0.6)", lambda z, c: c / (z * z + 0.6)),
    "integer": unary("2 * {0} + 1", "2 * {0} + 1", lambda z: 2 * z + 1),
    "square": unary("{0} ** 2", "{0} ** 2", lambda z: z**2),
    "cube": unary("{0} ** 3", "{0} ** 3", lambda z: z**3),
    "power": unary("({0} * {0} + 0.5) ** -1.5", "({0} * {0} + 0.5) ** -1.5", lambda z: (z * z + 0.5) ** -1.5),
    "inverse": unary("1 / {0}", "1 / {0}", lambda z: 1 / z),
    "exp": unary("({0} * {c}).exp()", "Exp({0} * {c})", lambda z, c: (z * c).exp()),
    "exp of square": unary("(-({0} ** 2) / {c}).exp()", "Exp(-Square({0}) / {c})", lambda z, c: (-(z**2) / c).exp()),
    "expm1": unary("{0}.expm1()", "Expm1({0})", torch.expm1),
    "exp2": unary("{0}.exp2()", "Exp2({0})", torch.exp2),
    "sin": unary("{0}.sin()", "Sin({0})", torch.sin),
    "cos": unary("(2 * {0}).cos()", "Cos(2 * {0})", lambda z: (2 * z).cos()),
    "tan": unary("{0}.tan()", "Tan({0})", torch.tan),
    "asin": unary("{0}.sin().asin()", "Asin(Sin({0}))", lambda z: z.sin().asin()),
    "acos": unary("({0} / ({0} * {0} + 1)).acos()", "Acos({0} / ({0} * {0} + 1))", lambda z: (z / (z * z + 1)).acos()),
    "sinh": unary("{0}.sinh()", "Sinh({0})", torch.sinh),
    "cosh": unary("{0}.cosh()", "Cosh({0})", torch.cosh),
    "asinh": unary("{0}.asinh()", "Asinh({0})", torch.asinh),
    "tanh": unary("{0}.tanh()", "Tanh({0})", torch.tanh),
    "sigmoid": unary("{0}.sigmoid()", "Sigmoid({0})", torch.sigmoid),
    "softplus": unary("{0}.softplus()", "Softplus({0})", lambda z: torch.logaddexp(z, torch.zeros_like(z))),
    "log": unary("({0} * {0} + 0.4).log()", "Log({0} * {0} + 0.4)", lambda z: (z * z + 0.4).log()),
    "log of absolute": unary("abs({0}).log()", "Log(Abs({0}))", lambda z: z.abs().log()),
    "log1p": unary("({0} * {0}).log1p()", "Log1p({0} * {0})", lambda z: (z * z).log1p()),
    "log2": unary("({0} * {0} + 0.4).log2()", "Log2({0} * {0} + 0.4)", lambda z: (z * z + 0.4).log2()),
    "sqrt": unary("({0} * {0} + 0.3).sqrt()", "Sqrt({0} * {0} + 0.3)", lambda z: (z * z + 0.3).sqrt()),
    "root": unary("abs({0}) ** 0.5", "Abs({0}) ** 0.5", lambda z: z.abs().sqrt()),
    "rsqrt": unary("({0} * {0} + 0.3).rsqrt()", "Rsqrt({0} * {0} + 0.3)", lambda z: (z * z + 0.3).rsqrt()),
    "atan": unary("{0}.atan()", "Atan({0})", torch.atan),
    "erf": unary("{0}.erf()", "Erf({0})", torch.erf),
    "abs": unary("abs({0})", "Abs({0})", torch.abs),
    "sign": unary("{0}.sign() + {0}", "Sign({0}) + {0}", lambda z: z.sign() + z),
    "relu": unary("{0}.relu()", "ReLU({0})", torch.relu),
    "floor": unary("({0} * 3).floor() + {0}", "Floor({0} * 3) + {0}", lambda z: (z * 3).floor() + z),
    "mod": unary("{0} % 1.5", "Mod({0}, 1.5, 0)", lambda z: z - 1.5 * (z / 1.5).floor()),
    "xlogx": unary("abs({0}).xlogx()", "XLogX(Abs({0}))", lambda z: torch.special.xlogy(z.abs(), z.abs())),
    "minus": unary("-{0}", "-{0}", lambda z: -z),
    "sum": Step("{0}.sum(-1)", "Sum({0})", summed, 1, scalar),
    "mean": Step("{0}.mean(-1)", "", lambda z: z.mean(-1, keepdim=True), 1, scalar),
    "largest": Step("{0}.max(-1)", "Max({0})", lambda z: z.max(-1, keepdim=True).values, 1, scalar),
    "smallest": Step("{0}.min(-1)", "Min({0})", lambda z: z.min(-1, keepdim=True).values, 1, scalar),
    "where largest": Step(
        "{0}.argmax(-1) + {0}.sum(-1)",
        "ArgMax({0}) + Sum({0})",
        lambda z: z.argmax(-1, keepdim=True) + summed(z),
        1,
        scalar,
    ),
    "sqnorm2": Step("{0}.sqnorm2()", "SqNorm2({0})", squared, 1, scalar),
    "norm2": Step("({0} + 0.1).norm2()", "Norm2({0} + 0.1)", lambda z: squared(z + 0.1).sqrt(), 1, scalar),
    "normalize": Step("({0} + 0.1).normalize()", "Normalize({0} + 0.1)", normalized, cancels=True),
    "first": Step("{0}[..., :1]", "Elem({0}, 0)", lambda z: z[..., :1], 1, scalar),
    "last": Step("{0}.elem(-1)", "", lambda z: z[..., -1:], 1, scalar),
    "part": Step(
        "{0}.extract(1, 2)",
        "Extract({0}, 1, 2)",
        lambda z: z[..., 1:3],
        1,
        lambda d: 2,
        lambda d: d >= 3,
    ),
    "clamp": unary("{0}.clamp(-0.7, 0.9)", "Clamp({0}, -0.7, 0.9)", lambda z: z.clamp(-0.7, 0.9)),
    "twice": unary("{0} + {0}", "{0} + {0}", lambda z: z + z),
}

STEPS: dict[str, Step] = {**BINARY, **UNARY}

NUMBERS = (2, 3, 1, 7, 0.5, 0.7, 1.0, 1e-3, 3.3, 12.5, 1e5)


# ---------------------------------------------------------------- reductions


@dataclass(frozen=True)
class Reduction:
    """A reduction in three spellings.

    Attributes
    ----------
    lazy : str
        On LazyTensors, with ``{z}``, ``{w}`` (the weight) and ``{axis}``.
    name : str
        In `Genred`; with ``opt_arg=2`` if it keeps some.
    dense : callable
        On ``(..., N, M, D)``, the weight, the axis, -3 or -2, and what disturbs a result on the way.
    picks : bool
        The result consists of indices, and `dense` of the values that these must find.
    """

    lazy: str
    name: str
    dense: Dense
    picks: bool = False
    has_weight: bool = False
    needs_scalar: bool = False
    keeps: bool = False
    is_differentiable: bool = True


def two_smallest(z: Tensor, _weight: Tensor | None, axis: int, _change: Change) -> Tensor:
    ordered = z.squeeze(-1).sort(axis + 1).values.movedim(axis + 1, -1)[..., :2]
    missing = 2 - ordered.shape[-1]
    return torch.cat([ordered, torch.full_like(ordered[..., :1], torch.inf)], -1) if missing else ordered


class _FromSaved(torch.autograd.Function):
    """A reduction whose backward pass takes the result as it was saved: rounded, beside values computed anew.

    PyTorch's own have the values of the forward pass, so that differences can be exactly 0.
    """

    @staticmethod
    def forward(ctx: Any, z: Tensor, axis: int, change: Change, reduce: Dense, slope: Dense) -> Tensor:
        result: Tensor = reduce(z, axis, keepdim=True)
        ctx.save_for_backward(z, result)
        ctx.axis, ctx.change, ctx.slope = axis, change, slope
        return result

    @staticmethod
    def backward(ctx: Any, cotangent: Tensor) -> tuple[Tensor, None, None, None, None]:
        z, result = ctx.saved_tensors
        return cotangent * ctx.slope(z, result, ctx.axis, ctx.change), None, None, None, None


def _log_sum_exp(z: Tensor, axis: int, change: Change) -> Tensor:
    result: Tensor = _FromSaved.apply(z, axis, change, torch.logsumexp, _shares)
    return result


def _shares(z: Tensor, total: Tensor, axis: int, change: Change) -> Tensor:
    """Return exp(z - total); exact where a large total has no digits for the number of terms."""
    return z.softmax(axis) * (total - change(total)).exp()


def log_sum_exp(z: Tensor, axis: int, change: Change) -> Tensor:
    return _log_sum_exp(z, axis, change).squeeze(axis)


def softmax(z: Tensor, axis: int, change: Change) -> Tensor:
    """Return the shares, whose sum is 1 up to the rounding of the saved log-sum-exp, in derivatives as well."""
    total = _log_sum_exp(z, axis, change)
    return _shares(z.detach(), total.detach(), axis, change) * (_zero(z) - _zero(total)).exp()


def _zero(z: Tensor) -> Tensor:
    """Return 0 with the derivatives of `z`."""
    finite = torch.where(z.isfinite(), z, 0)
    return finite - finite.detach()


def prod(z: Tensor, axis: int, change: Change) -> Tensor:
    if bool((z == 0).any()):
        return z.prod(axis)
    result: Tensor = _FromSaved.apply(z, axis, change, torch.prod, lambda z, result, _axis, change: change(result) / z)
    return result.squeeze(axis)


REDUCTIONS: dict[str, Reduction] = {
    "sum": Reduction("{z}.sum({axis})", "Sum", lambda z, w, axis, change: z.sum(axis)),
    "mean": Reduction("{z}.mean({axis})", "Mean", lambda z, w, axis, change: z.mean(axis)),
    "var": Reduction("{z}.var({axis})", "Var", lambda z, w, axis, change: z.var(axis, correction=0)),
    "prod": Reduction("{z}.prod({axis})", "Prod", lambda z, w, axis, change: prod(z, axis, change)),
    "max": Reduction("{z}.max({axis})", "Max", lambda z, w, axis, change: z.max(axis).values),
    "min": Reduction("{z}.min({axis})", "Min", lambda z, w, axis, change: z.min(axis).values),
    "argmax": Reduction("{z}.argmax({axis})", "ArgMax", lambda z, w, axis, change: z.max(axis).values, picks=True),
    "argmin": Reduction("{z}.argmin({axis})", "ArgMin", lambda z, w, axis, change: z.min(axis).values, picks=True),
    "two smallest": Reduction("{z}.Kmin(2, {axis})", "KMin", two_smallest, needs_scalar=True, keeps=True),
    "any": Reduction(
        "{z}.any({axis})", "Any", lambda z, w, axis, change: (z != 0).any(axis).to(z.dtype), is_differentiable=False
    ),
    "all": Reduction(
        "{z}.all({axis})", "All", lambda z, w, axis, change: (z != 0).all(axis).to(z.dtype), is_differentiable=False
    ),
    "logsumexp": Reduction(
        "{z}.logsumexp({axis})", "LogSumExp", lambda z, w, axis, change: log_sum_exp(z, axis, change)
    ),
    "weighted logsumexp": Reduction(
        "{z}.logsumexp({axis}, weight={w} * {w} + 0.1)",
        "LogSumExp",
        lambda z, w, axis, change: log_sum_exp(z + (w * w + 0.1).log(), axis, change),
        has_weight=True,
        needs_scalar=True,
    ),
    "softmax": Reduction(
        "{z}.sumsoftmaxweight({w}, {axis})",
        "SumSoftMaxWeight",
        lambda z, w, axis, change: (softmax(z, axis, change) * w).sum(axis),
        has_weight=True,
        needs_scalar=True,
    ),
}


# ---------------------------------------------------------------- programs


@dataclass(frozen=True)
class Argument:
    """An array: `side` is "i", "j" or "p" (a parameter)."""

    side: str
    dim: int
    dtype: str
    batch: tuple[int, ...] = ()

    @property
    def is_real(self) -> bool:
        return "float" in self.dtype


@dataclass(frozen=True)
class Program:
    """Steps on numbered values, of which the first are the arguments, and a reduction of the last one.

    Attributes
    ----------
    framework : str
        "torch" or "numpy".
    is_formula : bool
        Written as a formula string, not on LazyTensors.
    order : int
        How often it is differentiated (by `Grad` in NumPy, which has no more than 1).
    """

    arguments: tuple[Argument, ...]
    sizes: tuple[int, int]
    steps: tuple[tuple[str, tuple[int, ...], float], ...]
    reduction: str
    axis: int
    weight: int = 0
    framework: str = "torch"
    is_formula: bool = False
    order: int = 1
    seed: int = 0

    @cached_property
    def dims(self) -> tuple[int, ...]:
        dims = [argument.dim for argument in self.arguments]
        for name, operands, _ in self.steps:
            dims.append(STEPS[name].dim(*(dims[k] for k in operands)))
        return tuple(dims)

    @cached_property
    def lengths(self) -> tuple[int, ...]:
        """Numbers of characters of all values in formula strings: what is used twice is written twice."""
        lengths = [1] * len(self.arguments)
        for name, operands, _ in self.steps:
            formula = STEPS[name].formula
            lengths.append(len(formula) + sum(formula.count(f"{{{k}}}") * lengths[v] for k, v in enumerate(operands)))
        return tuple(lengths)

    @cached_property
    def is_valid(self) -> bool:
        """Whether all dimensions fit, and every step has the spelling that is asked for."""
        reduction = REDUCTIONS[self.reduction]
        if reduction.needs_scalar and self.dims[-1] != 1:
            return False
        if self.weight >= len(self.dims):
            return False
        if reduction.has_weight and reduction.name == "LogSumExp" and self.dims[self.weight] != 1:
            return False
        return all(
            STEPS[name].fits(*(self.dims[k] for k in operands)) and (STEPS[name].formula or not self.is_formula)
            for name, operands, _ in self.steps
        )

    @property
    def by_grad(self) -> bool:
        """Whether the gradient is a formula, with `Grad`."""
        return self.framework == "numpy" and self.order == 1

    @property
    def dtypes(self) -> set[str]:
        """The types of the arguments that the reduction sees."""
        if self.is_formula:
            used: Sequence[int] = range(len(self.arguments))
        else:
            used = sorted(k for k in self.used(self.roots) if k < len(self.arguments))
        return {self.arguments[k].dtype for k in used}

    @property
    def roots(self) -> tuple[int, ...]:
        last = len(self.dims) - 1
        return (last, self.weight) if REDUCTIONS[self.reduction].has_weight else (last,)

    def used(self, roots: Sequence[int]) -> set[int]:
        """Return the values that `roots` depend on."""
        found: set[int] = set()
        waiting = list(roots)
        while waiting:
            value = waiting.pop()
            if value not in found:
                found.add(value)
                step = value - len(self.arguments)
                waiting += self.steps[step][1] if step >= 0 else ()
        return found

    @property
    def dtype(self) -> str:
        """Type of the results, by the rules of the framework: whole numbers and booleans do not count in PyTorch."""
        if self.framework == "numpy":
            return _numpy_type(self.dtypes)
        given = [getattr(torch, dtype) for dtype in self.dtypes if "float" in dtype]
        if not given:
            return str(torch.get_default_dtype()).removeprefix("torch.")
        common = given[0]
        for dtype in given[1:]:
            common = torch.promote_types(common, dtype)
        return str(common).removeprefix("torch.")


def _numpy_type(dtypes: set[str]) -> str:
    if all("float" not in dtype for dtype in dtypes):
        return "float64"
    if "bfloat16" in dtypes:
        importlib.import_module("ml_dtypes")  # which gives NumPy this type
    return np.result_type(*map(np.dtype, dtypes)).name


DTYPES = ("float64", "float64", "float32", "float32", "float32", "float16", "bfloat16")
WHOLE = ("int64", "int32", "uint8", "bool")
BATCHES: tuple[tuple[tuple[int, ...], ...], ...] = (((2,), (1,), ()), ((), (2,), (2,)), ((1, 3), (2, 1), (3,)))
LONGEST_FORMULA = 2000
SIZES = ((1, 1), (1, 4), (5, 1), (3, 5), (5, 4), (4, 2), (33, 7), (9, 70), (140, 9))


def draw(choice: random.Random, **fixed: Any) -> Program:
    """Return a random program; `fixed` are attributes that are given. `choice` may be a strategy of hypothesis."""
    framework = fixed.get("framework") or choice.choice(("torch", "torch", "numpy"))
    arguments = fixed.get("arguments") or draw_arguments(choice, framework)
    is_formula = fixed["is_formula"] if "is_formula" in fixed else choice.randint(0, 2) == 0
    reduction = fixed.get("reduction") or choice.choice(sorted(REDUCTIONS))
    program = Program(
        arguments,
        fixed.get("sizes") or choice.choice(SIZES),
        (),
        reduction,
        choice.randint(0, 1),
        framework=framework,
        is_formula=is_formula,
        order=_draw_order(choice, framework, arguments, reduction),
        seed=choice.randint(0, 999),
    )
    for _ in range(choice.randint(1, 7)):
        program = _with_step(program, choice.choice(sorted(STEPS)), choice)
    if choice.randint(0, 3):
        program = _with_all_arguments(program)
    return _closed(replace(program, **fixed), choice)


def draw_arguments(choice: random.Random, framework: str) -> tuple[Argument, ...]:
    """Return two to four arguments: rows, columns, a parameter and perhaps more of these."""
    common = choice.choice(DTYPES)
    batches = choice.choice(BATCHES) if choice.randint(0, 4) == 0 else ((), (), ())
    arguments: list[Argument] = []
    for number, side in enumerate("ijp" + choice.choice(("", "", "i", "j"))):
        dim = choice.choice((1, 1, 2, 3, 3, choice.choice((4, 5, 8, 17))))
        kind = choice.randint(0, 9)
        dtype = choice.choice(WHOLE) if kind == 0 else choice.choice(DTYPES) if kind == 1 else common
        arguments.append(Argument(side, dim, dtype, batches[number] if number < 3 else ()))
    if framework == "numpy" and any(a.dtype == "bfloat16" for a in arguments):
        arguments = [replace(a, dtype="bfloat16") for a in arguments]  # NumPy has no common type for it and others
    return tuple(arguments)


def _draw_order(choice: random.Random, framework: str, arguments: Sequence[Argument], reduction: str) -> int:
    if not REDUCTIONS[reduction].is_differentiable or REDUCTIONS[reduction].picks:
        return 0
    if framework == "numpy":
        has_batch = any(argument.batch for argument in arguments)
        return 0 if has_batch or reduction != "sum" else choice.randint(0, 1)
    is_half = any(argument.dtype.endswith("float16") for argument in arguments)
    return choice.choice((0, 1, 1, 1) if is_half else (0, 1, 1, 1, 2))


def _with_step(program: Program, name: str, choice: random.Random) -> Program:
    """Return the program with one more step on recent values, scalars where dimensions do not fit."""
    step, count = STEPS[name], len(program.dims)
    if program.is_formula and (not step.formula or program.lengths[-1] > LONGEST_FORMULA):
        return program
    operands = [choice.randint(max(0, count - 5), count - 1) for _ in range(step.operands)]
    number = choice.choice(NUMBERS) if step.has_number else 0.0
    if not step.fits(*(program.dims[k] for k in operands)):
        program = replace(program, steps=(*program.steps, ("sum", (operands[0],), 0)))
        operands[0] = count
    if not step.fits(*(program.dims[k] for k in operands)):
        return program
    return replace(program, steps=(*program.steps, (name, tuple(operands), number)))


def _with_all_arguments(program: Program) -> Program:
    """Add a bit of every argument, so that nothing is left over that does not depend on i or j."""
    steps = list(program.steps)
    for number in range(len(program.arguments)):
        last = len(program.arguments) + len(steps) - 1
        steps += [("sum", (number,), 0), ("times", (last + 1,), 0.1), ("+", (last, last + 2), 0)]
    return replace(program, steps=tuple(steps))


def _closed(program: Program, choice: random.Random) -> Program:
    """Make the last value, and the weight, fit the reduction."""
    reduction = REDUCTIONS[program.reduction]
    weight = choice.randint(max(0, len(program.dims) - 6), len(program.dims) - 1) if reduction.has_weight else 0
    if reduction.has_weight and reduction.name == "LogSumExp" and program.dims[weight] != 1:
        program = replace(program, steps=(("sum", (0,), 0), *_shifted(program)))
        weight = len(program.arguments)
    if reduction.needs_scalar and program.dims[-1] != 1:
        program = replace(program, steps=(*program.steps, ("sum", (len(program.dims) - 1,), 0)))
    return replace(program, weight=weight)


def _shifted(program: Program) -> Iterator[tuple[str, tuple[int, ...], float]]:
    """Return the steps with one more value in front of them."""
    for name, operands, number in program.steps:
        yield name, tuple(k + (k >= len(program.arguments)) for k in operands), number


# ---------------------------------------------------------------- as text


NAMES = "xypuvw"


def text(program: Program, device: str = "cpu") -> str:
    """Return the program as a user writes it; it leaves its results in the dictionary `outputs`."""
    return "\n".join([*_data(program, device), *(_genred if program.is_formula else _lazy)(program), *_ending(program)])


def _data(program: Program, device: str) -> Iterator[str]:
    yield "import numpy as np"
    if program.framework == "torch":
        yield "import torch"
    if any(argument.dtype == "bfloat16" for argument in program.arguments) and program.framework == "numpy":
        yield "import ml_dtypes"
    yield f"from pairfold.{program.framework} import Genred, LazyTensor, Pm, Vi, Vj, where"
    yield f"rng = np.random.default_rng({program.seed})"
    for number, argument in enumerate(program.arguments):
        yield f"{NAMES[number]} = {_array(program, argument, device)}"
    if program.by_grad:
        n = program.sizes[0]
        dtype = program.dtype if "float16" not in program.dtype else "float32"
        yield f"e = rng.standard_normal(({n}, {program.dims[-1]})).astype('{dtype}')"


def _array(program: Program, argument: Argument, device: str) -> str:
    length = {"i": (program.sizes[0],), "j": (program.sizes[1],), "p": ()}[argument.side]
    shape = (*argument.batch, *length, argument.dim)
    low = 0 if argument.dtype in ("bool", "uint8") else -3
    numbers = f"rng.standard_normal({shape})" if argument.is_real else f"rng.integers({low}, 4, {shape})"
    if program.framework == "numpy":
        dtype = "ml_dtypes.bfloat16" if argument.dtype == "bfloat16" else f"'{argument.dtype}'"
        return f"{numbers}.astype({dtype})"
    grad = ".requires_grad_()" if argument.is_real and program.order else ""
    place = "" if device == "cpu" else f", device='{device}'"
    return f"torch.tensor({numbers}, dtype=torch.{argument.dtype}{place}){grad}"


def _lazy(program: Program) -> Iterator[str]:
    count = len(program.arguments)
    used = program.used(program.roots)
    for number, argument in enumerate(program.arguments):
        name = NAMES[number]
        variable = {"i": f"Vi({name})", "j": f"Vj({name})", "p": f"Pm({name})"}[argument.side]
        if argument.side == "p" and argument.batch:
            variable = f"LazyTensor({name}[..., None, None, :])"
        if number in used:
            yield f"v{number} = {variable}"
    for number, (name, operands, constant) in enumerate(program.steps):
        if count + number in used:
            value = STEPS[name].lazy.format(*(f"v{k}" for k in operands), c=constant)
            yield f"v{count + number} = {value}"
    last = len(program.dims) - 1
    batch = len(torch.broadcast_shapes(*(program.arguments[k].batch for k in program.used([last]) if k < count)))
    reduction = REDUCTIONS[program.reduction]
    yield f"result = {reduction.lazy.format(z=f'v{last}', w=f'v{program.weight}', axis=batch + program.axis)}"
    if program.by_grad:
        for number in differentiated(program):
            axis = {"i": 1, "j": 0}[program.arguments[number].side]
            yield f"gradient_{NAMES[number]} = v{last}.grad(v{number}, Vi(e)).sum({axis})"


def _genred(program: Program) -> Iterator[str]:
    values = [NAMES[k] for k in range(len(program.arguments))]
    for name, operands, constant in program.steps:
        values.append(f"({STEPS[name].formula.format(*(values[k] for k in operands), c=constant)})")
    kind = {"i": "Vi", "j": "Vj", "p": "Pm"}
    aliases = [f"{NAMES[k]} = {kind[a.side]}({a.dim})" for k, a in enumerate(program.arguments)]
    reduction = REDUCTIONS[program.reduction]
    more = ", opt_arg=2" if reduction.keeps else ""
    if reduction.has_weight:
        weight = values[program.weight]
        more += f", formula2={f'{weight} * {weight} + 0.1' if reduction.name == 'LogSumExp' else weight!r}"
    arrays = ", ".join(NAMES[: len(program.arguments)])
    yield f"formula = {values[-1]!r}"
    yield f"result = Genred(formula, {aliases}, {reduction.name!r}, axis={program.axis}{more})({arrays})"
    if program.by_grad:
        aliases.append(f"e = Vi({program.dims[-1]})")
        for number in differentiated(program):
            name, axis = NAMES[number], {"i": 1, "j": 0}[program.arguments[number].side]
            yield (
                f"gradient_{name} = Genred(f'Grad({{formula}}, {name}, e)', {aliases}, 'Sum', axis={axis})({arrays}, e)"
            )


def differentiated(program: Program) -> list[int]:
    """Return the arguments whose gradients are asked for."""
    real = [k for k, argument in enumerate(program.arguments) if argument.is_real]
    used = program.used(program.roots)
    if program.by_grad:
        return [k for k in real if k in used and program.arguments[k].side != "p"]
    return real if program.order and not used.isdisjoint(real) else []


def _ending(program: Program) -> Iterator[str]:
    yield "outputs = {'result': result}"
    names = [NAMES[k] for k in differentiated(program)]
    if program.by_grad:
        yield from (f"outputs['gradient in {name}'] = gradient_{name}" for name in names)
    elif names:
        yield "def weights(t): return (torch.arange(t.numel(), device=t.device).reshape(t.shape) % 5 - 2).to(t.dtype)"
        yield f"inputs = [{', '.join(names)}]"
        yield "total = (result * weights(result)).sum()"
        again = ", create_graph=True" if program.order > 1 else ""
        yield f"grads = torch.autograd.grad(total, inputs, allow_unused=True, materialize_grads=True{again})"
        yield f"outputs.update((f'gradient in {{name}}', g) for name, g in zip({names}, grads))"
    if program.order > 1 and names:
        yield "total = sum((g * weights(g)).sum() for g in grads if g.requires_grad)"
        yield "if torch.is_tensor(total):"
        yield "    grads = torch.autograd.grad(total, inputs, allow_unused=True, materialize_grads=True)"
        yield f"    outputs.update((f'second gradient in {{name}}', g) for name, g in zip({names}, grads))"


def carry_out(program: Program, device: str = "cpu") -> dict[str, Any]:
    """Return what the text of the program leaves: its variables."""
    variables: dict[str, Any] = {}
    exec(compile(text(program, device), "<program>", "exec"), variables)
    return variables


# ---------------------------------------------------------------- dense


def as_tensor(array: Any) -> Tensor:
    """Return an array of either framework as a tensor of float64 on the CPU."""
    if isinstance(array, Tensor):
        return array.detach().to("cpu", torch.float64)
    return torch.from_numpy(array.astype("float64"))


def dense_value(program: Program, inputs: Sequence[Tensor], change: Change) -> tuple[Tensor, list[Tensor]]:
    """Return the value to reduce, ``(..., N, M, D)``, and all values; `change` is applied to what a step gives."""
    values = []
    for argument, t in zip(program.arguments, inputs, strict=True):
        places = {"i": (..., slice(None), None), "j": (..., None, slice(None)), "p": (..., None, None)}
        values.append(t[(*places[argument.side], slice(None))])
    for name, operands, number in program.steps:
        step = STEPS[name]
        given = [values[k] for k in operands]
        more = [number] * step.has_number + [change] * step.cancels
        values.append(change(step.dense(*given, *more)))
    last = values[-1]
    if program.is_formula:
        last = last.expand(*torch.broadcast_shapes(last.shape, *((*v.shape[:-1], 1) for v in values[: len(inputs)])))
    return last, values


def dense(program: Program, inputs: Sequence[Tensor], e: Tensor | None, change: Change) -> Outputs:
    """Return the outputs of the program, by plain PyTorch in the precision of the inputs."""
    inputs = [t.detach().clone().requires_grad_() for t in inputs]
    last, values = dense_value(program, inputs, change)
    weight = values[program.weight]
    if REDUCTIONS[program.reduction].has_weight:
        shape = torch.broadcast_shapes(last.shape[:-1], weight.shape[:-1])
        last, weight = last.expand(*shape, -1), change(weight.expand(*shape, -1))
    last = change(last)  # for every pair: sums are rounded as well
    result = REDUCTIONS[program.reduction].dense(last, weight, program.axis - 3, change)
    outputs = {"result": result}
    names = [(NAMES[k], inputs[k]) for k in differentiated(program)]
    if not names:
        return outputs
    total = (result * _weights(result)).sum() if e is None else (last * e[..., :, None, :]).sum()
    for order in range(1, program.order + 1):
        label = "gradient" if order == 1 else "second gradient"
        grads = _gradients(total, [t for _, t in names], order < program.order)
        outputs.update((f"{label} in {name}", g) for (name, _), g in zip(names, grads, strict=True))
        total = sum(((g * _weights(g)).sum() for g in grads), torch.zeros(()))
    return outputs


def _gradients(total: Tensor, inputs: Sequence[Tensor], again: bool) -> Sequence[Tensor]:
    if not total.requires_grad:
        return [torch.zeros_like(t) for t in inputs]
    return torch.autograd.grad(total, inputs, allow_unused=True, materialize_grads=True, create_graph=again)


def _weights(t: Tensor) -> Tensor:
    return (torch.arange(t.numel()).reshape(t.shape) % 5 - 2).to(t.dtype)


# ---------------------------------------------------------------- judgement


EPSILON = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
TINY = {"float64": 2.0**-1022, "float32": 2.0**-126, "float16": 2.0**-24, "bfloat16": 2.0**-126}
"""Absolute error that is always allowed: GPUs have no smaller numbers in float32, float16 has none at all."""

LARGEST = {"float64": 1.7e308, "float32": 3.4e38, "float16": 6.5e4, "bfloat16": 3.3e38}

SAMPLES = 4


@dataclass(frozen=True)
class Expected:
    """Outputs in float64, and how far working precision may lead away from them, element by element."""

    values: Outputs
    tolerances: Outputs


def expected(program: Program, inputs: Sequence[Tensor], e: Tensor | None) -> Expected:
    """Return the outputs, with tolerances from what rounding at every step does to them.

    Each step is disturbed at random by the working precision some times, whole numbers (which are exact) stay; in the
    last runs everything is moved by a bit of its largest number, so that kinks show. Where float32 itself overflows or
    differs, that difference is allowed as well.
    """
    working = "float64" if program.dtype == "float64" else "float32"
    epsilon = EPSILON[working]
    exact = {name: t.detach() for name, t in dense(program, inputs, e, lambda z: z).items()}
    generator = torch.Generator().manual_seed(program.seed)
    others = [dense(program, inputs, e, noise(epsilon, generator, relative=k < SAMPLES)) for k in range(SAMPLES + 2)]
    if working == "float32":
        rounded = dense(program, [t.float() for t in inputs], None if e is None else e.float(), lambda z: z)
        others.append({name: t.double() for name, t in rounded.items()})
    tolerances = {}
    # Gradients may vanish by identities that rounding does not keep: they are as exact as what they are made of.
    made_of = [*exact.values(), dense_value(program, inputs, lambda z: z)[0]]
    scale = max([float(t.abs().nan_to_num(0, 0, 0).max()) for t in made_of if t.numel()], default=0.0)
    for name, value in exact.items():
        kinks = name != "result"
        runs = [o[name].detach() for k, o in enumerate(others) if kinks or not SAMPLES <= k < SAMPLES + 2]
        spread = torch.stack([(run - value).abs() for run in runs]).amax(0).nan_to_num(torch.inf, torch.inf)
        largest = value.abs().nan_to_num(0, 0, 0).max() if value.numel() else 0.0
        tolerances[name] = 20 * spread + epsilon * (8 * value.abs() + 4 * largest + 30 * kinks * scale) + TINY[working]
    return Expected(exact, tolerances)


def noise(epsilon: float, generator: torch.Generator, relative: bool) -> Change:
    """Return a disturbance by a few epsilon; whole numbers stay if it is only `relative`.

    All pairs of a row, or of a column, share a part of it: what sums lose does not average out.
    """

    def draw(shape: Sequence[int], dtype: torch.dtype) -> Tensor:
        return 2 * epsilon * (2 * torch.rand(tuple(shape), generator=generator, dtype=dtype) - 1)

    def disturbed(z: Tensor) -> Tensor:
        *batch, rows, columns, dim = z.shape
        factor = 1 + sum(draw((*batch, *size, dim), z.dtype) for size in ((rows, columns), (rows, 1), (1, columns)))
        value = z.detach()
        if relative:
            return z * torch.where(value == value.round(), 1.0, factor)
        largest = value.abs().nan_to_num(0, 0, 0).amax() if value.numel() else 0.0
        return z * factor + draw(z.shape, z.dtype) * largest

    return disturbed


@dataclass(frozen=True)
class Fault:
    """What is wrong: "form" (shape, type), "number" or "layout"; the output it is seen in; in words."""

    kind: str
    where: str
    what: str


def faults(program: Program, variables: Mapping[str, Any]) -> list[Fault]:
    """Return what is wrong with the outputs that `carry_out` left."""
    with torch.device("cpu"):
        return _faults(program, variables)


def _faults(program: Program, variables: Mapping[str, Any]) -> list[Fault]:
    inputs = [as_tensor(variables[NAMES[k]]) for k in range(len(program.arguments))]
    e = as_tensor(variables["e"]) if program.by_grad else None
    wanted = expected(program, inputs, e)
    found = [_fault(program, name, output, inputs, wanted, variables) for name, output in variables["outputs"].items()]
    return [fault for fault in found if fault]


def _fault(
    program: Program, name: str, output: Any, inputs: Sequence[Tensor], wanted: Expected, variables: Mapping[str, Any]
) -> Fault | None:
    if name == "result":
        dtype = "int64" if REDUCTIONS[program.reduction].picks else program.dtype
    else:
        dtype = str(variables["e" if program.by_grad else name[-1]].dtype)
    form = _form(output, wanted.values[name], dtype.removeprefix("torch."))
    # Values that are not finite have rules of their own, reduction by reduction.
    judged = form is None and all(bool(t.isfinite().all()) for t in dense_value(program, inputs, lambda z: z)[1])
    number = _numbers(program, name, output, inputs, wanted) if judged else None
    for kind, what in (("form", form), ("number", number), ("layout", _layout(output))):
        if what:
            return Fault(kind, name, what)
    return None


def _form(output: Any, value: Tensor, dtype: str) -> str | None:
    """Return what is wrong with the shape and type of an output."""
    if tuple(output.shape) != tuple(value.shape):
        return f"shape {tuple(output.shape)}, expected {tuple(value.shape)}"
    if str(output.dtype).removeprefix("torch.") != dtype:
        return f"dtype {output.dtype}, expected {dtype}"
    return None


def _layout(output: Any) -> str | None:
    is_contiguous = output.is_contiguous() if isinstance(output, Tensor) else output.flags.c_contiguous
    return None if is_contiguous else f"not contiguous: shape {tuple(output.shape)}"


def _numbers(program: Program, name: str, output: Any, inputs: Sequence[Tensor], wanted: Expected) -> str | None:
    value, tolerance = wanted.values[name], wanted.tolerances[name]
    result = as_tensor(output)
    if REDUCTIONS[program.reduction].picks:
        result = _at(program, result.long(), inputs)
    stored = str(output.dtype).removeprefix("torch.")
    if stored in EPSILON:
        scale = value.abs().nan_to_num(0, 0, 0).max() if value.numel() and "float16" in stored else 0.0
        tolerance = tolerance + EPSILON[stored] * (value.abs() + scale) + TINY[stored]
        tolerance = torch.where(value.abs() + tolerance > LARGEST[stored], torch.inf, tolerance)
    fine = ~value.isfinite() | ((result - value).abs() <= tolerance) | tolerance.isinf() | tolerance.isnan()
    if bool(fine.all()):
        return None
    worst = torch.where(fine, -1.0, (result - value).abs().nan_to_num(torch.inf, torch.inf) / tolerance).argmax()
    a, b, t = (float(z.flatten()[worst]) for z in (result, value, tolerance))
    return f"{a!r}, expected {b!r} +- {t:.1e} ({int((~fine).sum())} of {fine.numel()} numbers are wrong)"


def _at(program: Program, index: Tensor, inputs: Sequence[Tensor]) -> Tensor:
    """Return the values at the indices that a reduction has found."""
    last, _ = dense_value(program, inputs, lambda z: z)
    axis = program.axis - 3
    size = last.shape[axis]
    if bool(((index < 0) | (index >= size)).any()):
        return torch.full(index.shape, math.nan, dtype=torch.float64)
    return last.gather(axis, index.unsqueeze(axis)).squeeze(axis)


# ---------------------------------------------------------------- smaller programs


def smaller(program: Program) -> Iterator[Program]:
    """Yield valid programs that are simpler by one change."""
    for candidate in _smaller(program):
        if candidate != program and candidate.is_valid:
            yield candidate


def _smaller(program: Program) -> Iterator[Program]:
    count = len(program.arguments)
    yield replace(program, steps=program.steps[:-1])
    for number in reversed(range(len(program.steps) - 1)):
        for target in (*program.steps[number][1], *range(count)):
            yield without(program, number, target)
    yield replace(program, arguments=tuple(replace(a, batch=()) for a in program.arguments))
    for dim in (1, 2):
        yield replace(program, arguments=tuple(replace(a, dim=min(dim, a.dim)) for a in program.arguments))
    for dtype in ("float64", "float32"):
        yield replace(program, arguments=tuple(replace(a, dtype=dtype) for a in program.arguments))
    for size in (1, 2, 3):
        yield replace(program, sizes=(min(size, program.sizes[0]), program.sizes[1]))
        yield replace(program, sizes=(program.sizes[0], min(size, program.sizes[1])))
    yield replace(program, order=min(program.order, 1))
    yield replace(program, order=0)
    yield replace(program, reduction="sum", weight=0)
    yield replace(program, is_formula=False)
    if program.order < 2 and not program.by_grad:
        yield replace(program, framework="torch")
    yield replace(program, axis=1)
    yield replace(program, seed=0)
    used = program.used(program.roots)
    if count - 1 not in used and count > 1:
        yield _without_last_argument(program)


def without(program: Program, number: int, target: int) -> Program:
    """Return the program without one step, whose value is that of `target` then."""
    place = len(program.arguments) + number

    def moved(k: int) -> int:
        return target if k == place else k - (k > place)

    steps = [
        (name, tuple(moved(k) for k in operands), constant)
        for rank, (name, operands, constant) in enumerate(program.steps)
        if rank != number
    ]
    return replace(program, steps=tuple(steps), weight=moved(program.weight))


def _without_last_argument(program: Program) -> Program:
    place = len(program.arguments) - 1
    steps = [(name, tuple(k - (k > place) for k in operands), constant) for name, operands, constant in program.steps]
    weight = program.weight - (program.weight > place)
    return replace(program, arguments=program.arguments[:-1], steps=tuple(steps), weight=weight)
