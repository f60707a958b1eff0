"""Where the functions are sampled, and their exact values there."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import mpmath
import numpy as np
import numpy.typing as npt

from tests.codegen.ulps import Exact, exact

Array = npt.NDArray[Any]
COUNT = 600
"""Points of each kind."""
MULTIPLES = (-1.25, 2.75, -1e-3, -50.0, 1e4)
"""Values of c for exp(c * x)."""
PRECISION = 160


class Samples(NamedTuple):
    """Arguments and the exact results."""

    arguments: tuple[Array, ...]
    expected: Exact


class Extent(NamedTuple):
    """Exponents of the type."""

    smallest: int
    largest: int
    bits: int


EXTENTS = {"float32": Extent(-149, 127, 24), "float64": Extent(-1074, 1023, 53)}


def _magnitudes(generator: np.random.Generator, low: float, high: float) -> Array:
    """Positive numbers with a uniform exponent of 2."""
    return np.exp2(generator.uniform(low, high, COUNT))


def _signed(generator: np.random.Generator, values: Array) -> Array:
    return values * generator.choice([-1.0, 1.0], values.size)


def _everywhere(generator: np.random.Generator, extent: Extent) -> Array:
    """Numbers of every size and both signs, most of them ordinary."""
    return np.concatenate(
        [
            generator.normal(size=COUNT),
            _signed(generator, _magnitudes(generator, -10, 6)),
            _signed(generator, _magnitudes(generator, extent.smallest, extent.largest)),
        ]
    )


def _positive(generator: np.random.Generator, extent: Extent) -> Array:
    near_one = 1 + _signed(generator, _magnitudes(generator, -extent.bits, -1))
    return np.concatenate([np.abs(_everywhere(generator, extent)), near_one])


def _exponents(generator: np.random.Generator, extent: Extent) -> Array:
    """Arguments of exponentials: all results from underflow to overflow, and small arguments."""
    wide = generator.uniform(extent.smallest - 2, extent.largest + 2, 2 * COUNT) * np.log(2)
    subnormal = generator.uniform(extent.smallest - 2, extent.smallest + extent.bits + 2, COUNT) * np.log(2)
    return np.concatenate([wide, subnormal, generator.normal(size=COUNT), _everywhere(generator, extent)])


def _angles(generator: np.random.Generator, extent: Extent) -> Array:
    """Small, moderate and huge angles, and the neighbours of multiples of pi / 2."""
    multiples = generator.integers(1, 2**20, 2 * COUNT) * (np.pi / 2)
    return np.concatenate(
        [
            _everywhere(generator, extent),
            generator.uniform(-10, 10, COUNT),
            multiples,
            _signed(generator, _magnitudes(generator, 10, 35)),
        ]
    )


def _unit_interval(generator: np.random.Generator, extent: Extent) -> Array:
    seam = _signed(generator, 0.5 + generator.normal(size=COUNT) / 50)
    ends = _signed(generator, 1 - _magnitudes(generator, -extent.bits, -1))
    small = _signed(generator, _magnitudes(generator, extent.smallest, 0))
    return np.concatenate([generator.uniform(-1, 1, COUNT), seam, ends, small])


def _above_minus_one(generator: np.random.Generator, extent: Extent) -> Array:
    everywhere = _everywhere(generator, extent)
    return np.concatenate([everywhere[everywhere > -1], -1 + _magnitudes(generator, -extent.bits, 0)])


def _planar(generator: np.random.Generator, extent: Extent) -> tuple[Array, Array]:
    """Points of the plane in all directions, also close to the axes and diagonals."""
    x = _everywhere(generator, extent)
    ratio = np.concatenate([_signed(generator, _magnitudes(generator, -30, 30)), generator.normal(1, 0.01, COUNT)])
    y = _everywhere(generator, extent)
    return np.concatenate([y, ratio * x[: ratio.size]]), np.concatenate([x, x[: ratio.size]])


def _powers(generator: np.random.Generator, extent: Extent) -> tuple[Array, Array]:
    """Bases and exponents: ordinary ones, results from underflow to overflow, negative bases, bases close to 1."""
    ordinary = (np.abs(generator.normal(size=COUNT)), generator.normal(size=COUNT) * 5)
    base = _magnitudes(generator, extent.smallest, extent.largest)
    exponent = generator.uniform(extent.smallest - 2, extent.largest + 1, COUNT) / np.log2(base)
    negative = (generator.choice([-3.0, -2.0, -1.5, -0.1], COUNT), generator.integers(-30, 30, COUNT).astype(float))
    near_one = 1 + _signed(generator, _magnitudes(generator, -extent.bits, -1))
    large = generator.uniform(extent.smallest, extent.largest, COUNT) / np.log2(near_one + (near_one == 1) * 0.5)
    bases = np.concatenate([ordinary[0], base, negative[0], near_one])
    return bases, np.concatenate([ordinary[1], exponent, negative[1], large])


def _rsqrt(x: Any) -> Any:
    return 1 / mpmath.sqrt(x)


UNARY: dict[str, tuple[Callable[[np.random.Generator, Extent], Array], Callable[[Any], Any]]] = {
    "exp": (_exponents, mpmath.exp),
    "exp2": (_exponents, lambda x: mpmath.power(2, x)),
    "expm1": (_exponents, mpmath.expm1),
    "log": (_positive, mpmath.log),
    "log1p": (_above_minus_one, mpmath.log1p),
    "sinh": (_exponents, mpmath.sinh),
    "cosh": (_exponents, mpmath.cosh),
    "tanh": (_exponents, mpmath.tanh),
    "sin": (_angles, mpmath.sin),
    "cos": (_angles, mpmath.cos),
    "tan": (_angles, mpmath.tan),
    "asin": (_unit_interval, mpmath.asin),
    "acos": (_unit_interval, mpmath.acos),
    "atan": (_everywhere, mpmath.atan),
    "erf": (_everywhere, mpmath.erf),
    "rsqrt": (_positive, _rsqrt),
    "sqrt": (_positive, mpmath.sqrt),
}
BINARY: dict[str, tuple[Callable[[np.random.Generator, Extent], tuple[Array, Array]], Callable[[Any, Any], Any]]] = {
    "pow": (_powers, mpmath.power),
    "atan2": (_planar, mpmath.atan2),
}
NAMES = [*UNARY, *BINARY]
_HUGE_EXPONENT = 1e5
"""Beyond this, an exponential is 0 or inf in every type; mpmath would work hard for it."""
_GROWING = {"exp", "exp2", "expm1", "sinh", "cosh", "tanh"}


def _rounded(values: Array, dtype: str) -> Array:
    with np.errstate(over="ignore"):
        rounded = values.astype(dtype)
    return rounded[np.isfinite(rounded) & (rounded != 0)] if rounded.ndim == 1 else rounded


@cache
def samples(name: str, dtype: str) -> Samples:
    """The sample of one function, made once."""
    generator = np.random.default_rng(0)
    with mpmath.workprec(PRECISION):
        if name in UNARY:
            draw, function = UNARY[name]
            x = _rounded(draw(generator, EXTENTS[dtype]), dtype)
            if name in _GROWING:
                x = x[np.abs(x) < _HUGE_EXPONENT]
            return Samples((x,), exact([function(mpmath.mpf(float(value))) for value in x]))
        draw_pairs, binary = BINARY[name]
        with np.errstate(over="ignore"):
            x, y = (values.astype(dtype) for values in draw_pairs(generator, EXTENTS[dtype]))
        keep = np.isfinite(x) & np.isfinite(y) & (x != 0) & (y != 0)
        x, y = x[keep], y[keep]
        pairs = zip(x.tolist(), y.tolist(), strict=True)
        return Samples((x, y), exact([binary(mpmath.mpf(a), mpmath.mpf(b)) for a, b in pairs]))


def split(multiple: float, dtype: str) -> tuple[float, float, float, float]:
    """The two parts of multiple * log2(e) that exp_scaled takes, and where it is 0 or infinite."""
    with mpmath.workprec(PRECISION):
        value = mpmath.mpf(multiple) / mpmath.log(2)
        high = float(np.dtype(dtype).type(float(value)))
        most = {"float32": 248.0, "float64": 2040.0}[dtype] / abs(high) if high else np.inf
        return high, float(value - mpmath.mpf(high)), -most, most


@cache
def scaled_samples(multiple: float, dtype: str) -> Samples:
    """Arguments x and the exact values of exp(multiple * x)."""
    generator = np.random.default_rng(1)
    with np.errstate(over="ignore"):
        x = _rounded(_exponents(generator, EXTENTS[dtype]) / multiple, dtype)
    x = x[np.abs(x * multiple) < _HUGE_EXPONENT]
    with mpmath.workprec(PRECISION):
        values = [mpmath.exp(mpmath.mpf(multiple) * mpmath.mpf(float(value))) for value in x]
        return Samples((x,), exact(values))
