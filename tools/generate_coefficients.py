"""Regenerate ``src/pairfold/codegen/coefficients.py``: minimax polynomials and tables of the vector math functions.

Run ``python tools/generate_coefficients.py`` to write the file, or with ``--check`` to compare it byte for byte.
Needs mpmath. The method is Remez' second algorithm (E. Ya. Remez, 1934; see N. L. Carothers, "A short course on
approximation theory", 1998) with a weight, in 60 decimal digits on a fixed grid of Chebyshev points, so that the
result depends on nothing but this script. Leading coefficients are rounded to working precision one at a time, and the
others are fitted again around them.
"""

from __future__ import annotations

import argparse
import struct
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import mpmath
from mpmath import mp, mpf

mp.dps = 60

TARGET = Path(__file__).resolve().parents[1] / "src" / "pairfold" / "codegen" / "coefficients.py"
GRID_POINTS_PER_EXTREMUM = 16
REFITTED = 2
"""How many leading coefficients are rounded before the others are fitted."""

Function = Callable[[mpf], mpf]


@dataclass(frozen=True)
class Fit:
    """Approximate ``function`` on ``[low, high]`` by a polynomial, least maximum of ``weight * error``.

    ``degrees`` maps the precision to the degree. ``low`` and ``high`` may depend on the precision.
    """

    name: str
    text: str
    function: Function
    weight: Function
    low: dict[str, mpf]
    high: dict[str, mpf]
    degrees: dict[str, int]


def round_to(dtype: str, value: mpf) -> float:
    """Round to the nearest number of ``dtype``."""
    if dtype == "float64":
        return float(value)
    nearest = struct.unpack("f", struct.pack("f", float(value)))[0]
    return float(nearest)


def grid(low: mpf, high: mpf, count: int) -> list[mpf]:
    """Chebyshev points of the interval, ends included; 0 is met exactly where it is met."""
    middle, half = (low + high) / 2, (high - low) / 2
    points = [middle - half * mpmath.cos(mpmath.pi * k / (count - 1)) for k in range(count)]
    return [mpf(0) if abs(x) < half * mpf(10) ** (10 - mp.dps) else x for x in points]


def evaluate(coefficients: Sequence[mpf], x: mpf) -> mpf:
    """Horner's scheme."""
    result = mpf(0)
    for coefficient in reversed(coefficients):
        result = result * x + coefficient
    return result


def extrema(errors: Sequence[mpf], count: int) -> list[int]:
    """Indices of ``count`` extrema of alternating sign that contain the largest error."""
    peaks: list[int] = []
    for index, error in enumerate(errors):
        if peaks and (error > 0) == (errors[peaks[-1]] > 0):
            if abs(error) > abs(errors[peaks[-1]]):
                peaks[-1] = index
        else:
            peaks.append(index)
    while len(peaks) > count:
        if len(peaks) == count + 1:
            peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
            continue
        weakest = min(range(len(peaks) - 1), key=lambda k: max(abs(errors[peaks[k]]), abs(errors[peaks[k + 1]])))
        del peaks[weakest : weakest + 2]
    return peaks


def remez(points: Sequence[mpf], values: Sequence[mpf], weights: Sequence[mpf], degree: int) -> tuple[list[mpf], mpf]:
    """Best polynomial on the points and its weighted error.

    Stops early, with the best polynomial so far, when the error no longer alternates: the rounding of coefficients that
    were fixed before then outweighs what the others can mend.
    """
    unknowns = degree + 1
    used = [i for i, weight in enumerate(weights) if weight != 0]
    points, values, weights = ([column[i] for i in used] for column in (points, values, weights))
    reference = [round(k * (len(points) - 1) / unknowns) for k in range(unknowns + 1)]
    best: tuple[list[mpf], mpf] = ([], mpf("inf"))
    for _ in range(40):
        matrix = mpmath.matrix(unknowns + 1)
        right = mpmath.matrix(unknowns + 1, 1)
        for row, index in enumerate(reference):
            power = mpf(1)
            for column in range(unknowns):
                matrix[row, column] = power
                power *= points[index]
            matrix[row, unknowns] = (-1) ** row / weights[index]
            right[row] = values[index]
        solution = mpmath.lu_solve(matrix, right)
        coefficients = [solution[k] for k in range(unknowns)]
        errors = [w * (v - evaluate(coefficients, x)) for x, v, w in zip(points, values, weights, strict=True)]
        largest = max(abs(error) for error in errors)
        if largest < best[1]:
            best = (coefficients, largest)
        reference = extrema(errors, unknowns + 1)
        if largest <= abs(solution[unknowns]) * (1 + mpf(10) ** -4) or len(reference) < unknowns + 1:
            break
    return best


def fit(task: Fit, dtype: str) -> tuple[list[float], mpf]:
    """Rounded coefficients, constant term first, and the weighted error that they reach on the grid."""
    degree = task.degrees[dtype]
    points = grid(task.low[dtype], task.high[dtype], GRID_POINTS_PER_EXTREMUM * (degree + 2) + 1)
    values = [task.function(x) for x in points]
    weights = [task.weight(x) for x in points]
    fixed: list[float] = []
    for _ in range(min(REFITTED, degree)):
        rest = [(v - evaluate([mpf(c) for c in fixed], x)) for x, v in zip(points, values, strict=True)]
        order = len(fixed)
        kept = [i for i, x in enumerate(points) if x != 0 or order == 0]
        solution, _ = remez(
            [points[i] for i in kept],
            [rest[i] / points[i] ** order for i in kept],
            [weights[i] * abs(points[i]) ** order for i in kept],
            degree - order,
        )
        fixed.append(round_to(dtype, solution[0]))
    order = len(fixed)
    kept = [i for i, x in enumerate(points) if x != 0]
    solution, _ = remez(
        [points[i] for i in kept],
        [(values[i] - evaluate([mpf(c) for c in fixed], points[i])) / points[i] ** order for i in kept],
        [weights[i] * abs(points[i]) ** order for i in kept],
        degree - order,
    )
    rounded = fixed + [round_to(dtype, c) for c in solution]
    reached = max(
        w * abs(v - evaluate([mpf(c) for c in rounded], x)) for x, v, w in zip(points, values, weights, strict=True)
    )
    return rounded, reached


def both(value: mpf | float) -> dict[str, mpf]:
    """The same bound for both precisions."""
    return {"float32": mpf(value), "float64": mpf(value)}


def powers(narrow: int, wide: int) -> dict[str, int]:
    """Degrees for the two precisions."""
    return {"float32": narrow, "float64": wide}


# ---------------------------------------------------------------- the functions
LN2 = mpmath.log(2)


def exp2_quotient(x: mpf) -> mpf:
    """(2**x - 1) / x."""
    return LN2 if x == 0 else mpmath.expm1(x * LN2) / x


def series(terms: Callable[[int], mpf], x: mpf) -> mpf:
    """Sum of terms(k) * x**k; converges fast on the small intervals where a quotient would lose digits."""
    total, power, k = mpf(0), mpf(1), 0
    while True:
        term = terms(k) * power
        total += term
        if abs(term) < mpf(10) ** -(mp.dps + 5):
            return total
        power *= x
        k += 1


def atanh_rest(first: int) -> Function:
    """Sum of 2 * z**k / (2 * (k + first) + 1): what log((1 + s) / (1 - s)) / s leaves after its first terms."""
    return lambda z: series(lambda k: mpf(2) / (2 * (k + first) + 1), z)


def odd_rest(function: Function, derivatives: Callable[[int], mpf]) -> Function:
    """(function(x) / x - 1) / z as a function of z = x**2; ``derivatives(k)`` are its Taylor coefficients near 0."""

    def rest(z: mpf) -> mpf:
        if z < mpf(1) / 1000:
            return series(derivatives, z)
        x = mpmath.sqrt(z)
        return (function(x) / x - 1) / z

    return rest


def relative_odd(function: Function) -> Function:
    """Weight that makes the error of an :func:`odd_rest` relative to the function."""
    return lambda z: z * mpmath.sqrt(z) / function(mpmath.sqrt(z)) if z else mpf(0)


def taylor_of_odd(function: Function) -> Callable[[int], mpf]:
    """Taylor coefficients of an :func:`odd_rest`, from those of the function."""
    with mpmath.workdps(3 * mp.dps):
        terms = mpmath.taylor(function, 0, 61)
    return lambda k: terms[2 * k + 3] if 2 * k + 3 < len(terms) else mpf(0)


def asin_term(k: int) -> mpf:
    """Coefficient of x**(2 * k + 3) in asin(x)."""
    n = k + 1
    return mpmath.binomial(2 * n, n) / (mpf(4) ** n * (2 * n + 1))


def erf_term(k: int) -> mpf:
    """Coefficient of x**(2 * k) in erf(x) / x - 1."""
    return 2 / mpmath.sqrt(mpmath.pi) * (-1) ** k / (mpmath.factorial(k) * (2 * k + 1)) - (k == 0)


def erfc_scaled(u: mpf) -> mpf:
    """exp(x**2) * erfc(x) at x = 1 / u - 2."""
    x = 1 / u - 2
    return mpmath.exp(x * x) * mpmath.erfc(x)


TABLE_SIZE = {"float32": 32, "float64": 16}
EIGHTH_TURN = mpmath.pi / 4 * mpf("1.002")
TAN_SIXTEENTH = mpmath.tan(mpmath.pi / 8) * mpf("1.0001")

FITS = [
    Fit(
        "EXP2",
        "q with 2**x = 1 + x * q(x), |x| <= 1/2; error relative to the last place of the result",
        exp2_quotient,
        # The last place has half the size below 1. 2.3 and not 2, since intermediate results lose more there: of 2,
        # 2.15, 2.3, 2.5 and 2.7 it gives the smallest error of the whole float32 function.
        lambda x: abs(x) * (mpf(1) if x >= 0 else mpf("2.3")),
        both(mpf(-1) / 2),
        both(mpf(1) / 2),
        powers(4, 10),
    ),
    Fit(
        "EXP2_SHORT",
        "q with 2**x = 1 + x * q(x), |x| <= half a step of EXP2_TABLE; relative error",
        exp2_quotient,
        lambda x: abs(x) / 2**x,
        {dtype: mpf(-1) / (2 * size) for dtype, size in TABLE_SIZE.items()},
        {dtype: mpf(1) / (2 * size) for dtype, size in TABLE_SIZE.items()},
        powers(1, 5),
    ),
    Fit(
        "EXPM1",
        "q with exp(x) - 1 = x + x**2 * q(x), |x| <= log(2) / 2; relative error",
        lambda x: series(lambda k: 1 / mpmath.factorial(k + 2), x),
        lambda x: abs(x) * (x / mpmath.expm1(x)) if x else mpf(0),
        both(-LN2 / 2 * mpf("1.002")),
        both(LN2 / 2 * mpf("1.002")),
        powers(4, 10),
    ),
    Fit(
        "LOG",
        "q with log((1 + s) / (1 - s)) = 2 * s + s * z * q(z), z = s**2 <= 1/25; relative error",
        atanh_rest(1),
        lambda z: z / 2,
        both(0),
        both(mpf(1) / 25),
        powers(2, 6),
    ),
    Fit(
        "LOG_TAIL",
        "q with log((1 + s) / (1 - s)) = 2 * s + s * z * (2 / 3 + z * q(z)), z = s**2 <= 1/25; relative error",
        atanh_rest(2),
        lambda z: z * z / 2,
        both(0),
        both(mpf(1) / 25),
        powers(1, 7),
    ),
    Fit(
        "SIN",
        "q with sin(x) = x + x * z * q(z), z = x**2, |x| <= pi / 4; relative error",
        lambda z: series(lambda k: (-1) ** (k + 1) / mpmath.factorial(2 * k + 3), z),
        relative_odd(mpmath.sin),
        both(0),
        both(EIGHTH_TURN**2),
        powers(2, 5),
    ),
    Fit(
        "COS",
        "q with cos(x) = 1 - z / 2 + z**2 * q(z), z = x**2, |x| <= pi / 4; relative error",
        lambda z: series(lambda k: (-1) ** k / mpmath.factorial(2 * k + 4), z),
        lambda z: z * z / mpmath.cos(mpmath.sqrt(z)),
        both(0),
        both(EIGHTH_TURN**2),
        powers(2, 5),
    ),
    Fit(
        "ATAN",
        "q with atan(x) = x + x * z * q(z), z = x**2, |x| <= tan(pi / 8); relative error",
        odd_rest(mpmath.atan, lambda k: mpf((-1) ** (k + 1)) / (2 * k + 3)),
        relative_odd(mpmath.atan),
        both(0),
        both(TAN_SIXTEENTH**2),
        powers(4, 10),
    ),
    Fit(
        "ASIN",
        "q with asin(x) = x + x * z * q(z), z = x**2, |x| <= 1 / 2; relative error",
        odd_rest(mpmath.asin, asin_term),
        relative_odd(mpmath.asin),
        both(0),
        both(mpf(1) / 4),
        powers(4, 12),
    ),
    Fit(
        "SINH",
        "q with sinh(x) = x + x * z * q(z), z = x**2, |x| <= 1; relative error",
        odd_rest(mpmath.sinh, lambda k: 1 / mpmath.factorial(2 * k + 3)),
        relative_odd(mpmath.sinh),
        both(0),
        both(1),
        powers(3, 6),
    ),
    Fit(
        "TANH",
        "q with tanh(x) = x + x * z * q(z), z = x**2, |x| <= 5 / 8; relative error",
        odd_rest(mpmath.tanh, taylor_of_odd(mpmath.tanh)),
        relative_odd(mpmath.tanh),
        both(0),
        both(mpf(25) / 64),
        powers(4, 10),
    ),
    Fit(
        "ERF",
        "q with erf(x) = x + x * q(z), z = x**2, |x| <= 1; relative error",
        lambda z: series(erf_term, z),
        lambda z: mpmath.sqrt(z) / mpmath.erf(mpmath.sqrt(z)) if z else mpmath.sqrt(mpmath.pi) / 2,
        both(0),
        both(1),
        powers(6, 12),
    ),
    Fit(
        "ERFC",
        "q with erfc(x) = exp(-x**2) * q(u), u = 1 / (x + 2), from x = 1 to where erf(x) rounds to 1; absolute error",
        erfc_scaled,
        lambda u: mpmath.exp(-((1 / u - 2) ** 2)),
        {"float32": mpf(1) / 6, "float64": mpf(1) / 8},
        both(mpf(1) / 3),
        powers(5, 13),
    ),
]


def parts(dtype: str, value: mpf, bits: Sequence[int]) -> list[float]:
    """Unevaluated sum that equals ``value``; part k is cut to ``bits[k]`` bits, the last one is rounded."""
    result = []
    for count in bits:
        exponent = mpmath.frexp(value)[1] - count
        part = mpmath.ldexp(mpmath.floor(mpmath.ldexp(value, -exponent)), exponent)
        result.append(round_to(dtype, part))
        value -= part
    return [*result, round_to(dtype, value)]


@dataclass(frozen=True)
class Table:
    """Numbers that are not fitted."""

    name: str
    text: str
    entries: dict[str, list[float]]


def rounded_parts(dtype: str, value: mpf, count: int) -> list[float]:
    """Unevaluated sum of ``count`` numbers of full precision."""
    result = []
    for _ in range(count):
        result.append(round_to(dtype, value))
        value -= mpf(result[-1])
    return result


DTYPES = ("float32", "float64")

TABLES = [
    Table(
        "EXP2_TABLE",
        "2**(k / size) for k < size",
        {t: [round_to(t, mpf(2) ** (mpf(k) / size)) for k in range(size)] for t, size in TABLE_SIZE.items()},
    ),
    Table("LOG2_E", "log2(e) = sum of two", {t: rounded_parts(t, 1 / LN2, 2) for t in DTYPES}),
    Table(
        "LN2",
        "log(2) = sum of two; an exponent times the first is exact",
        {"float32": parts("float32", LN2, [15]), "float64": parts("float64", LN2, [40])},
    ),
    Table(
        "HALF_PI",
        "pi / 2 = sum of three positive numbers",
        {"float32": parts("float32", mpmath.pi / 2, [24, 24]), "float64": parts("float64", mpmath.pi / 2, [53, 53])},
    ),
    Table(
        "HALF_PI_SHORT",
        "pi / 2 = sum of four; a multiple below 2**20 of the first three is exact",
        {"float64": parts("float64", mpmath.pi / 2, [33] * 3)},
    ),
    Table("TWO_THIRDS", "2 / 3 = sum of two", {t: rounded_parts(t, mpf(2) / 3, 2) for t in DTYPES}),
]


def two_over_pi_words(count: int) -> list[int]:
    """Binary digits of 2 / pi behind the point, 64 to a word, after one word of zeros."""
    with mpmath.workprec(64 * count + 64):
        digits = int(mpmath.floor(mpmath.ldexp(2 / mpmath.pi, 64 * (count - 1))))
    return [digits >> (64 * (count - 1 - k)) & (2**64 - 1) for k in range(count)]


def render() -> str:
    """The text of coefficients.py."""
    lines = [
        '"""Polynomial coefficients and tables of the vector math functions. Generated: do not edit.',
        "",
        "Written by ``tools/generate_coefficients.py``, which also says what each polynomial approximates.",
        "Coefficients stand from the constant term upwards; the comment gives the largest weighted error.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
    ]
    names = sorted(["TWO_OVER_PI", *(table.name for table in TABLES), *(task.name for task in FITS)])
    lines += ["__all__ = [", *(f'    "{name}",' for name in names), "]", ""]
    for task in FITS:
        lines += [f"# {task.text}", f"{task.name}: dict[str, tuple[float, ...]] = {{"]
        for dtype in DTYPES:
            coefficients, error = fit(task, dtype)
            lines += [
                f'    "{dtype}": (  # {mpmath.nstr(error, 3)}',
                *(f"        {c!r}," for c in coefficients),
                "    ),",
            ]
        lines += ["}", ""]
    for table in TABLES:
        lines += [f"# {table.text}", f"{table.name}: dict[str, tuple[float, ...]] = {{"]
        for dtype, entries in table.entries.items():
            lines += [f'    "{dtype}": (', *(f"        {entry!r}," for entry in entries), "    ),"]
        lines += ["}", ""]
    lines += ["# binary digits of 2 / pi, 64 to a word, after a word of zeros", "TWO_OVER_PI: tuple[int, ...] = ("]
    lines += [*(f"    0x{word:016X}," for word in two_over_pi_words(20)), ")", ""]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Write or check the file; the exit status is 1 when ``--check`` finds a difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    options = parser.parse_args(arguments)
    text = render()
    if not options.check:
        TARGET.write_text(text, encoding="utf-8", newline="\n")
        return 0
    if TARGET.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write(f"{TARGET} differs from what this script generates; run it without --check.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
