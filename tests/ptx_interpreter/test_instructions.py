"""Every instruction of the PTX interpreter, against Python's exact integers and rational numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tests.ptx_interpreter import values
from tests.ptx_interpreter.errors import UnknownInstructionError
from tests.ptx_interpreter.machine import PtxMachine
from tests.ptx_interpreter.parse import SIZES
from tests.ptx_interpreter.values import DTYPES, Array

HEADER = ".version 8.0\n.target sm_80\n.address_size 64\n"
COUNT = 600


def evaluate(
    text: str,
    results: list[str],
    inputs: list[tuple[str, Array]],
    machine: PtxMachine | None = None,
    threads: int = 128,
) -> list[Array]:
    """Run one or more instructions, in which {d0}, {d1}... are results and {a0}, {a1}... inputs, once per element."""
    machine = machine or PtxMachine()
    count = inputs[0][1].size
    names = {f"d{k}": f"%d{k}" for k in range(len(results))} | {f"a{k}": f"%a{k}" for k in range(len(inputs))}
    lines = [".reg .pred %p<9>; .reg .b32 %r<9>; .reg .b64 %rd<9>; .reg .b16 %rs<9>;"]
    lines += [f".reg .b{SIZES[type_] * 8} {names[f'd{k}']};" for k, type_ in enumerate(results)]
    lines += [f".reg .b{SIZES[type_] * 8} {names[f'a{k}']};" for k, (type_, _) in enumerate(inputs)]
    lines += ["mov.u32 %r0, %tid.x; mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ntid.x; mad.lo.u32 %r0, %r1, %r2, %r0;"]
    lines += [f"setp.ge.u32 %p0, %r0, {count}; @%p0 ret;"]
    parameters = []
    for k, (type_, _) in enumerate(inputs):
        bits = SIZES[type_] * 8
        lines += [f"ld.param.u64 %rd0, [in{k}]; mad.wide.u32 %rd0, %r0, {bits // 8}, %rd0;"]
        lines += [f"ld.global.b{bits} %a{k}, [%rd0];"]
        parameters.append(f".param .u64 in{k}")
    lines.append(text.format(**names))
    for k, type_ in enumerate(results):
        bits = SIZES[type_] * 8
        lines += [f"ld.param.u64 %rd0, [out{k}]; mad.wide.u32 %rd0, %r0, {bits // 8}, %rd0;"]
        lines += [f"st.global.b{bits} [%rd0], %d{k};"]
        parameters.append(f".param .u64 out{k}")
    body = "\n".join(lines)
    module = machine.load(f"{HEADER}.visible .entry test({', '.join(parameters)}) {{\n{body}\nret;\n}}")
    addresses = [machine.put(np.asarray(array, DTYPES[type_])) for type_, array in inputs]
    outputs = [machine.allocate(count * SIZES[type_]) for type_ in results]
    module.launch("test", -(-count // threads), threads, 0, addresses + outputs)
    return [machine.get(address, count, DTYPES[type_]) for address, type_ in zip(outputs, results, strict=True)]


def _integers(type_: str, seed: int = 0) -> Array:
    """Random integers of all sizes, and the ends of the range."""
    generator = np.random.default_rng(seed)
    dtype = DTYPES[type_]
    bits = dtype.itemsize * 8
    limits = np.iinfo(dtype)
    raw = generator.integers(0, 2**64, COUNT, np.uint64, endpoint=False) >> generator.integers(0, bits, COUNT).astype(
        "u8"
    )
    random = raw.astype(dtype)
    ends = np.array([0, 1, 2, limits.max, limits.max - 1, limits.min, limits.min + 1], dtype)
    random[:49] = np.repeat(ends, 7) if seed % 2 else np.tile(ends, 7)
    return random


def _floats(type_: str, seed: int = 0, near: int = 0) -> Array:
    """Random numbers of all sizes and special values; with `near`, of that many binary orders only."""
    generator = np.random.default_rng(seed)
    limits = np.finfo(DTYPES[type_])
    low, high = (-near, near) if near else (limits.minexp - limits.nmant, limits.maxexp)
    with np.errstate(over="ignore"):
        numbers = np.exp2(generator.uniform(low, high, COUNT)) * generator.choice([-1.0, 1.0], COUNT)
        # Few bits make ties and exact results likely.
        numbers[::3] = np.round(numbers[::3] / 2.0 ** np.floor(np.log2(np.abs(numbers[::3]))) * 8) / 8
        result = numbers.astype(DTYPES[type_])
    ends = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, limits.max, limits.tiny, limits.smallest_subnormal]
    result[:100] = np.repeat(ends, 10) if seed % 2 else np.tile(ends, 10)
    return result


def _round(exact: Fraction, type_: str, mode: str = "rn") -> float:
    """Round a rational number to a floating point type, by counting in units in the last place."""
    precision, smallest, largest = {"f16": (11, -24, 15), "bf16": (8, -133, 127), "f32": (24, -149, 127)}.get(
        type_, (53, -1074, 1023)
    )
    if exact == 0:
        return 0.0
    exponent = exact.numerator.bit_length() - exact.denominator.bit_length()
    exponent += (abs(exact) >= Fraction(2) ** (exponent + 1)) - (abs(exact) < Fraction(2) ** exponent)
    unit = Fraction(2) ** max(exponent - precision + 1, smallest)
    scaled = exact / unit
    count = {"rn": round, "rz": math.trunc, "rm": math.floor, "rp": math.ceil}[mode](scaled)
    if abs(count * unit) >= Fraction(2) ** (largest + 1):
        finite = (mode == "rz") or (mode == "rm" and exact > 0) or (mode == "rp" and exact < 0)
        bound = float((Fraction(2) - Fraction(2) ** (1 - precision)) * Fraction(2) ** largest)
        return (bound if finite else math.inf) * (1 if exact > 0 else -1)
    return float(abs(count) * unit) * (1 if exact > 0 else -1)


def assert_bits(found: Array, expected: Array, *arguments: Array) -> None:
    """NaN equals NaN; zeros must have the same sign."""
    bits = values.UNSIGNED_OF_SIZE[found.dtype.itemsize]
    expected = np.asarray(expected).astype(found.dtype)
    same = found.view(bits) == expected.view(bits)
    if found.dtype.kind == "f":
        same |= np.isnan(found) & np.isnan(expected)
    where = np.flatnonzero(~same)[:3]
    assert same.all(), [(k, found[k], expected[k], *(argument[k] for argument in arguments)) for k in where]


# Floating point -------------------------------------------------------------------------------------------------------

_EXACT: dict[str, Callable[..., Fraction]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "fma": lambda a, b, c: a * b + c,
}


def _exact_results(name: str, type_: str, mode: str, arguments: list[Array]) -> tuple[Array, Array]:
    """The correctly rounded results and where they are known: finite arguments, results that are not 0."""
    expected, known = np.zeros(arguments[0].size), np.zeros(arguments[0].size, bool)
    for k, numbers in enumerate(zip(*arguments, strict=True)):
        if all(map(math.isfinite, numbers)) and not (name == "div" and numbers[1] == 0):
            exact = _EXACT[name](*[Fraction(float(number)) for number in numbers])
            known[k] = exact != 0
            expected[k] = _round(exact, type_, mode) if known[k] else 0.0
    return expected, known


@pytest.mark.parametrize("near", [0, 3])
@pytest.mark.parametrize(
    ("name", "type_", "mode"),
    [
        *[(name, type_, "rn") for name in ("add", "sub", "mul", "div") for type_ in ("f32", "f64")],
        *[(name, "f32", mode) for name in ("add", "sub", "mul", "fma") for mode in ("rz", "rm", "rp")],
        *[("fma", type_, "rn") for type_ in ("f16", "f32", "f64")],
        *[(name, "f16", "rn") for name in ("add", "sub", "mul")],
    ],
)
def test_arithmetic_is_rounded_once(name: str, type_: str, mode: str, near: int) -> None:
    arguments = [_floats(type_, seed, near) for seed in range(3 if name == "fma" else 2)]
    if name == "fma":
        # Cancellation, and sums close to the middle between two numbers.
        with np.errstate(over="ignore", invalid="ignore"):
            arguments[2][100:250] = -(arguments[0] * arguments[1])[100:250]
            arguments[2][250:400] = arguments[0][250:400] * arguments[1].dtype.type(2.0) ** 24
            arguments[1][250:400] = np.round(arguments[1][250:400], 1)
    operands = ", ".join(f"{{a{k}}}" for k in range(len(arguments)))
    (found,) = evaluate(f"{name}.{mode}.{type_} {{d0}}, {operands};", [type_], [(type_, a) for a in arguments])
    expected, known = _exact_results(name, type_, mode, arguments)
    assert known.sum() > COUNT / 2
    assert_bits(found[known], expected[known], *[argument[known] for argument in arguments])
    if mode == "rn" and name != "fma":
        with np.errstate(all="ignore"):
            assert_bits(
                found, {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide}[name](*arguments)
            )


@pytest.mark.parametrize("type_", ["f16", "f32", "f64"])
def test_fused_products_of_special_values(type_: str) -> None:
    special = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, np.finfo(DTYPES[type_]).max], DTYPES[type_])
    a, b, c = (part.ravel() for part in np.meshgrid(special, special, special))
    (found,) = evaluate(f"fma.rn.{type_} {{d0}}, {{a0}}, {{a1}}, {{a2}};", [type_], [(type_, x) for x in (a, b, c)])
    with np.errstate(all="ignore"):
        wide = a.astype(np.longdouble) * b.astype(np.longdouble) + c.astype(np.longdouble)
        finite = np.isfinite(a) & np.isfinite(b)
        expected = np.where(finite & np.isinf(c), c, wide).astype(DTYPES[type_])
        large = finite & np.isfinite(c) & np.isinf(expected)
    expected[large] = [
        _round(Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z)), type_)
        for x, y, z in zip(a[large], b[large], c[large], strict=True)
    ]
    assert_bits(found, expected, a, b, c)


@pytest.mark.parametrize("name", ["add", "mul", "fma"])
def test_bfloat16_arithmetic(name: str) -> None:
    generator = np.random.default_rng(5)
    raw = [values.to_bfloat16(np.exp2(generator.uniform(-8, 8, COUNT)).astype(np.float32)) for _ in range(3)]
    arguments = raw if name == "fma" else raw[:2]
    operands = ", ".join(f"{{a{k}}}" for k in range(len(arguments)))
    (found,) = evaluate(f"{name}.rn.bf16 {{d0}}, {operands};", ["bf16"], [("bf16", a) for a in arguments])
    expected, known = _exact_results(name, "bf16", "rn", [values.from_bfloat16(a) for a in arguments])
    assert known.all()
    assert_bits(values.from_bfloat16(found), expected)


def test_pairs_of_16_bits() -> None:
    generator = np.random.default_rng(6)
    a, b, c = (generator.normal(size=(COUNT, 2)).astype(np.float16) for _ in range(3))
    inputs = [("b32", x.view(np.uint32).ravel()) for x in (a, b, c)]
    text = "fma.rn.f16x2 {d0}, {a0}, {a1}, {a2}; add.rn.f16x2 {d1}, {a0}, {a1}; neg.f16x2 {d2}, {a0};"
    fused, total, negated = evaluate(text, ["b32"] * 3, inputs)
    flat = [x.ravel() for x in (a, b, c)]
    assert_bits(fused.view(np.float16), _exact_results("fma", "f16", "rn", flat)[0])
    assert_bits(total.view(np.float16), flat[0] + flat[1])
    assert_bits(negated.view(np.float16), -flat[0])


def test_nan_of_arithmetic_has_one_form() -> None:
    payload = np.full(4, 0xFFC12345, np.uint32)
    (total, moved) = evaluate("add.f32 {d0}, {a0}, {a0}; mov.b32 {d1}, {a0};", ["b32", "b32"], [("b32", payload)])
    assert (total == 0x7FFFFFFF).all()
    assert (moved == 0xFFC12345).all()


def test_flushing_of_subnormal_numbers() -> None:
    a = np.array([1e-40, -1e-40, 2e-38, 2e-38, 1.0, -0.0], np.float32)
    b = np.array([1.0, 1.0, -1.5e-38, 0.25, 1e-40, 1e-40], np.float32)
    text = """
        mul.ftz.f32 {d0}, {a0}, {a1}; add.ftz.f32 {d1}, {a0}, {a1};
        setp.eq.ftz.f32 %p1, {a0}, 0f00000000; selp.b32 {d2}, 1, 0, %p1;"""
    product, total, zero = evaluate(text, ["f32", "f32", "b32"], [("f32", a), ("f32", b)])
    assert_bits(product, np.array([0.0, -0.0, -0.0, 0.0, 0.0, -0.0], np.float32))
    assert_bits(total, np.array([1.0, 1.0, 0.0, 0.25, 1.0, 0.0], np.float32))
    assert zero.tolist() == [1, 1, 0, 0, 0, 1]


def test_saturation() -> None:
    a = np.array([-1.0, 0.25, 2.0, np.nan], np.float32)
    (found, converted) = evaluate(
        "add.sat.f32 {d0}, {a0}, {a0}; cvt.sat.f32.f32 {d1}, {a0};", ["f32"] * 2, [("f32", a)]
    )
    assert found.tolist() == [0.0, 0.5, 1.0, 0.0]
    assert converted.tolist() == [0.0, 0.25, 1.0, 0.0]


@pytest.mark.parametrize("type_", ["f32", "f64"])
def test_roots_and_reciprocals(type_: str) -> None:
    x = _floats(type_)
    root, reciprocal = evaluate(
        f"sqrt.rn.{type_} {{d0}}, {{a0}}; rcp.rn.{type_} {{d1}}, {{a0}};", [type_] * 2, [(type_, x)]
    )
    with np.errstate(all="ignore"):
        assert_bits(root, np.sqrt(x), x)
        assert_bits(reciprocal, 1 / x, x)


@pytest.mark.parametrize("type_", ["f16", "f32", "f64"])
def test_signs(type_: str) -> None:
    a, b = _floats(type_, 0), _floats(type_, 1)
    text = f"neg.{type_} {{d0}}, {{a0}}; abs.{type_} {{d1}}, {{a0}};"
    negated, size = evaluate(text, [type_] * 2, [(type_, a)])
    assert_bits(negated, -a)
    assert_bits(size, np.abs(a))
    if type_ != "f16":
        (signed,) = evaluate(f"copysign.{type_} {{d0}}, {{a0}}, {{a1}};", [type_], [(type_, a), (type_, b)])
        assert_bits(signed, np.copysign(b, a))


@pytest.mark.parametrize("type_", ["f16", "f32", "f64"])
def test_minimum_and_maximum(type_: str) -> None:
    a, b = _floats(type_, 0), _floats(type_, 1)
    text = f"min.{type_} {{d0}}, {{a0}}, {{a1}}; max.{type_} {{d1}}, {{a0}}, {{a1}};"
    low, high = evaluate(text, [type_] * 2, [(type_, a), (type_, b)])

    def smaller(x: float, y: float) -> float:
        if math.isnan(x) or math.isnan(y):
            return y if math.isnan(x) else x
        return min((x, y), key=lambda value: (value, math.copysign(1, value)))

    assert_bits(low, np.array([smaller(float(x), float(y)) for x, y in zip(a, b, strict=True)]), a, b)
    assert_bits(high, np.array([-smaller(-float(x), -float(y)) for x, y in zip(a, b, strict=True)]), a, b)


def test_minimum_that_keeps_nan() -> None:
    a = np.array([np.nan, 1.0, 2.0], np.float32)
    (found,) = evaluate("min.NaN.f32 {d0}, {a0}, 0f3F800000;", ["f32"], [("f32", a)])
    assert np.isnan(found[0])
    assert found[1:].tolist() == [1.0, 1.0]


_CLASSES: dict[str, Callable[[Array], Array]] = {
    "finite": np.isfinite,
    "infinite": np.isinf,
    "number": lambda x: ~np.isnan(x),
    "notanumber": np.isnan,
    "normal": lambda x: np.isfinite(x) & (np.abs(x) >= 2.0**-126),
    "subnormal": lambda x: (np.abs(x) < 2.0**-126) & (x != 0),
}


@pytest.mark.parametrize("kind", list(_CLASSES))
def test_classes_of_numbers(kind: str) -> None:
    x = _floats("f32")
    (found,) = evaluate(f"testp.{kind}.f32 %p1, {{a0}}; selp.b32 {{d0}}, 1, 0, %p1;", ["b32"], [("f32", x)])
    assert (found.astype(bool) == _CLASSES[kind](x)).all()


# Approximations -------------------------------------------------------------------------------------------------------

_APPROXIMATIONS: dict[str, tuple[Callable[[Any], Any], tuple[float, float], float, float]] = {
    "ex2": (np.exp2, (-120, 128), 2.0**-21.5, 0.0),
    "lg2": (np.log2, (1e-30, 1e30), 2.0**-21.5, 2.0**-22),
    "sin": (np.sin, (-6, 6), 0.0, 2.0**-20),
    "cos": (np.cos, (-6, 6), 0.0, 2.0**-20),
    "tanh": (np.tanh, (-9, 9), 2.0**-10.9, 0.0),
    "rsqrt": (lambda x: 1 / np.sqrt(x), (1e-30, 1e30), 2.0**-21.5, 0.0),
    "rcp": (lambda x: 1 / x, (1e-30, 1e30), 2.0**-22.4, 0.0),
    "sqrt": (np.sqrt, (1e-30, 1e30), 2.0**-22.4, 0.0),
}


@pytest.mark.parametrize("name", list(_APPROXIMATIONS))
def test_approximations(name: str) -> None:
    function, (low, high), relative, absolute = _APPROXIMATIONS[name]
    generator = np.random.default_rng(1)
    x = (10 ** generator.uniform(-30, 30, COUNT) if low == 1e-30 else generator.uniform(low, high, COUNT)).astype("f4")
    text = f"{name}.approx.f32 {{d0}}, {{a0}};"
    (exact,) = evaluate(text, ["f32"], [("f32", x)])
    (disturbed,) = evaluate(text, ["f32"], [("f32", x)], PtxMachine(inaccuracy=1))
    (again,) = evaluate(text, ["f32"], [("f32", x)], PtxMachine(inaccuracy=1))
    reference = function(x.astype(np.float64))
    assert_bits(exact, reference)
    assert (np.abs(disturbed - reference) <= np.abs(reference) * relative + absolute + 2.0**-149).all()
    assert (disturbed != exact).mean() > 0.1
    assert (disturbed == again).all()


def test_approximations_of_special_values() -> None:
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, -1.0], np.float32)
    for name, expected in {
        "ex2": [1, 1, np.inf, 0, np.nan, 0.5],
        "lg2": [-np.inf, -np.inf, np.inf, np.nan, np.nan, np.nan],
        "rcp": [np.inf, -np.inf, 0, -0.0, np.nan, -1],
        "rsqrt": [np.inf, -np.inf, 0, np.nan, np.nan, np.nan],
        "sin": [0, -0.0, np.nan, np.nan, np.nan, np.sin(-1.0)],
        "tanh": [0, -0.0, 1, -1, np.nan, np.tanh(-1.0)],
    }.items():
        (found,) = evaluate(f"{name}.approx.f32 {{d0}}, {{a0}};", ["f32"], [("f32", x)])
        assert_bits(found, np.array(expected, np.float32), x)


def test_approximate_quotients() -> None:
    a, b = _floats("f32", 0, 20), _floats("f32", 1, 20)
    full, fast = evaluate(
        "div.full.f32 {d0}, {a0}, {a1}; div.approx.f32 {d1}, {a0}, {a1};", ["f32"] * 2, [("f32", a), ("f32", b)]
    )
    with np.errstate(all="ignore"):
        assert_bits(full, a / b)
    large = np.abs(b) > 2.0**126
    assert_bits(fast[~large], full[~large])
    (zero,) = evaluate(
        "div.approx.f32 {d0}, {a0}, 0f7F000000;", ["f32"], [("f32", np.array([1.0, -1.0, np.inf], "f4"))]
    )
    assert_bits(zero, np.array([0.0, -0.0, np.nan], np.float32))


# Comparisons ----------------------------------------------------------------------------------------------------------

_ORDERED: dict[str, Callable[[Array, Array], Array]] = {
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}


@pytest.mark.parametrize("name", list(_ORDERED))
@pytest.mark.parametrize("type_", ["f16", "f32", "f64", "s32", "u32", "u64", "s16"])
def test_comparisons(type_: str, name: str) -> None:
    make = _floats if type_[0] == "f" else _integers
    a, b = make(type_, 0), make(type_, 1)
    text = f"setp.{name}.{type_} %p1, {{a0}}, {{a1}}; selp.b32 {{d0}}, 1, 0, %p1;"
    (found,) = evaluate(text, ["b32"], [(type_, a), (type_, b)])
    ordered = ~(np.isnan(a) | np.isnan(b)) if type_[0] == "f" else np.ones(a.size, bool)
    assert (found.astype(bool) == (_ORDERED[name](a, b) & ordered)).all()
    if type_[0] == "f":
        (found,) = evaluate(text.replace(f"setp.{name}", f"setp.{name}u"), ["b32"], [(type_, a), (type_, b)])
        assert (found.astype(bool) == (_ORDERED[name](a, b) | ~ordered)).all()


def test_comparisons_with_two_results_and_logic() -> None:
    a, b = _integers("s32", 0), _integers("s32", 1)
    text = """
        setp.lt.s32 %p3, {a0}, 0;
        setp.lt.and.s32 %p1|%p2, {a0}, {a1}, !%p3;
        selp.b32 {d0}, 1, 0, %p1; selp.b32 {d1}, 1, 0, %p2;
        setp.num.f32 %p1, 0f7FC00000, 0f3F800000; selp.b32 {d2}, 1, 0, %p1;"""
    both, other, number = evaluate(text, ["b32"] * 3, [("s32", a), ("s32", b)])
    assert (both.astype(bool) == ((a < b) & (a >= 0))).all()
    assert (other.astype(bool) == ((a >= b) & (a >= 0))).all()
    assert not number.any()


def test_selection() -> None:
    a = _integers("s32", 0)
    text = "slct.b32.s32 {d0}, 7, 9, {a0}; set.lt.u32.s32 {d1}, {a0}, 0; set.lt.f32.s32 {d2}, {a0}, 0;"
    chosen, bits, number = evaluate(text, ["b32", "b32", "f32"], [("s32", a)])
    assert (chosen == np.where(a >= 0, 7, 9)).all()
    assert (bits == np.where(a < 0, 0xFFFFFFFF, 0)).all()
    assert (number == (a < 0)).all()


# Integers -------------------------------------------------------------------------------------------------------------


def _wrap(value: int, type_: str) -> int:
    bits = SIZES[type_] * 8
    value %= 2**bits
    return value - 2**bits if type_[0] == "s" and value >= 2 ** (bits - 1) else value


def _check_integers(text: str, types: list[str], result: str, function: Callable[..., int]) -> None:
    arguments = [_integers(type_, seed) for seed, type_ in enumerate(types)]
    (found,) = evaluate(text, [result], list(zip(types, arguments, strict=True)))
    expected = [_wrap(function(*numbers), result) for numbers in zip(*(a.tolist() for a in arguments), strict=True)]
    assert found.tolist() == expected


def _high(type_: str) -> Callable[[int, int], int]:
    return lambda a, b: (a * b) >> (SIZES[type_] * 8)


def _quotient(a: int, b: int) -> int:
    return -1 if b == 0 else int(math.copysign(1, a) * math.copysign(1, b)) * (abs(a) // abs(b))


@pytest.mark.parametrize("type_", ["u16", "s16", "u32", "s32", "u64", "s64"])
def test_integer_arithmetic(type_: str) -> None:
    two, three = [type_] * 2, [type_] * 3
    _check_integers(f"add.{type_} {{d0}}, {{a0}}, {{a1}};", two, type_, lambda a, b: a + b)
    _check_integers(f"sub.{type_} {{d0}}, {{a0}}, {{a1}};", two, type_, lambda a, b: a - b)
    _check_integers(f"mul.lo.{type_} {{d0}}, {{a0}}, {{a1}};", two, type_, lambda a, b: a * b)
    _check_integers(f"mul.hi.{type_} {{d0}}, {{a0}}, {{a1}};", two, type_, _high(type_))
    _check_integers(f"mad.lo.{type_} {{d0}}, {{a0}}, {{a1}}, {{a2}};", three, type_, lambda a, b, c: a * b + c)
    _check_integers(
        f"mad.hi.{type_} {{d0}}, {{a0}}, {{a1}}, {{a2}};", three, type_, lambda a, b, c: _high(type_)(a, b) + c
    )
    _check_integers(f"div.{type_} {{d0}}, {{a0}}, {{a1}};", two, type_, _quotient)
    _check_integers(f"rem.{type_} {{d0}}, {{a0}}, {{a1}};", two, type_, lambda a, b: a - _quotient(a, b) * b)
    _check_integers(f"min.{type_} {{d0}}, {{a0}}, {{a1}};", two, type_, min)
    _check_integers(f"max.{type_} {{d0}}, {{a0}}, {{a1}};", two, type_, max)
    if type_[0] == "s":
        _check_integers(f"neg.{type_} {{d0}}, {{a0}};", [type_], type_, lambda a: -a)
        _check_integers(f"abs.{type_} {{d0}}, {{a0}};", [type_], type_, abs)


@pytest.mark.parametrize(("type_", "wide"), [("u16", "u32"), ("s16", "s32"), ("u32", "u64"), ("s32", "s64")])
def test_wide_products(type_: str, wide: str) -> None:
    _check_integers(f"mul.wide.{type_} {{d0}}, {{a0}}, {{a1}};", [type_] * 2, wide, lambda a, b: a * b)
    text = f"mad.wide.{type_} {{d0}}, {{a0}}, {{a1}}, {{a2}};"
    _check_integers(text, [type_, type_, wide], wide, lambda a, b, c: a * b + c)


def test_saturating_sums() -> None:
    text = "add.sat.s32 {d0}, {a0}, {a1};"
    _check_integers(text, ["s32"] * 2, "s32", lambda a, b: max(-(2**31), min(2**31 - 1, a + b)))


@pytest.mark.parametrize(("low", "high"), [("u32", "u32"), ("u64", "u64")])
def test_carries(low: str, high: str) -> None:
    bits = SIZES[low] * 8
    arguments = [_integers(low, seed) for seed in range(4)]
    text = f"""
        add.cc.{low} {{d0}}, {{a0}}, {{a1}}; addc.{high} {{d1}}, {{a2}}, {{a3}};
        sub.cc.{low} {{d2}}, {{a0}}, {{a1}}; subc.{high} {{d3}}, {{a2}}, {{a3}};
        mad.lo.cc.{low} {{d4}}, {{a0}}, {{a1}}, {{a2}}; madc.hi.{low} {{d5}}, {{a0}}, {{a1}}, {{a3}};"""
    found = evaluate(text, [low] * 6, [(low, argument) for argument in arguments])
    for k, (a, b, c, d) in enumerate(zip(*(argument.tolist() for argument in arguments), strict=True)):
        total = (a + (c << bits)) + (b + (d << bits))
        difference = (a + (c << bits)) - (b + (d << bits))
        product = a * b + c + (d << bits)
        for number, exact in enumerate((total, difference, product)):
            both = int(found[2 * number][k]) + (int(found[2 * number + 1][k]) << bits)
            assert both == exact % 2 ** (2 * bits)


@pytest.mark.parametrize("type_", ["b16", "b32", "b64"])
def test_bitwise_logic(type_: str) -> None:
    unsigned = "u" + type_[1:]
    _check_integers(f"and.{type_} {{d0}}, {{a0}}, {{a1}};", [unsigned] * 2, unsigned, lambda a, b: a & b)
    _check_integers(f"or.{type_} {{d0}}, {{a0}}, {{a1}};", [unsigned] * 2, unsigned, lambda a, b: a | b)
    _check_integers(f"xor.{type_} {{d0}}, {{a0}}, {{a1}};", [unsigned] * 2, unsigned, lambda a, b: a ^ b)
    _check_integers(f"not.{type_} {{d0}}, {{a0}};", [unsigned], unsigned, lambda a: ~a)
    _check_integers(f"cnot.{type_} {{d0}}, {{a0}};", [unsigned], unsigned, lambda a: a == 0)


def test_any_logic() -> None:
    def majority(a: int, b: int, c: int) -> int:
        return (a & b) | (a & c) | (b & c)

    _check_integers("lop3.b32 {d0}, {a0}, {a1}, {a2}, 0xE8;", ["u32"] * 3, "u32", majority)
    _check_integers("lop3.b32 {d0}, {a0}, {a1}, {a2}, 0x96;", ["u32"] * 3, "u32", lambda a, b, c: a ^ b ^ c)


@pytest.mark.parametrize("type_", ["u16", "s16", "u32", "s32", "u64", "s64"])
def test_shifts(type_: str) -> None:
    bits = SIZES[type_] * 8
    value, amount = _integers(type_), np.arange(COUNT, dtype=np.uint32) % (bits + 3)
    amount[-1] = 0xFFFFFFFF
    text = f"shl.b{bits} {{d0}}, {{a0}}, {{a1}}; shr.{type_} {{d1}}, {{a0}}, {{a1}};"
    left, right = evaluate(text, [type_] * 2, [(type_, value), ("u32", amount)])
    pairs = list(zip(value.tolist(), np.minimum(amount, bits).tolist(), strict=True))
    assert left.tolist() == [_wrap(a << k, type_) for a, k in pairs]
    assert right.tolist() == [a >> k for a, k in pairs]


@pytest.mark.parametrize("mode", ["wrap", "clamp"])
def test_funnel_shifts(mode: str) -> None:
    def amount(k: int) -> int:
        return k % 32 if mode == "wrap" else min(k, 32)

    text = f"shf.l.{mode}.b32 {{d0}}, {{a0}}, {{a1}}, {{a2}};"
    three = ["u32"] * 3
    _check_integers(text, three, "u32", lambda a, b, k: ((b << 32 | a) << amount(k)) >> 32)
    _check_integers(text.replace(".l.", ".r."), three, "u32", lambda a, b, k: (b << 32 | a) >> amount(k))


@pytest.mark.parametrize("bits", [32, 64])
def test_functions_of_bits(bits: int) -> None:
    type_ = f"u{bits}"
    _check_integers(f"popc.b{bits} {{d0}}, {{a0}};", [type_], "u32", lambda a: bin(a).count("1"))
    _check_integers(f"clz.b{bits} {{d0}}, {{a0}};", [type_], "u32", lambda a: bits - a.bit_length())
    _check_integers(f"brev.b{bits} {{d0}}, {{a0}};", [type_], type_, lambda a: int(f"{a:0{bits}b}"[::-1], 2))
    _check_integers(f"bfind.u{bits} {{d0}}, {{a0}};", [type_], "u32", lambda a: a.bit_length() - 1)
    _check_integers(f"bfind.s{bits} {{d0}}, {{a0}};", [f"s{bits}"], "u32", lambda a: max(a, ~a).bit_length() - 1)
    _check_integers(
        f"bfind.shiftamt.u{bits} {{d0}}, {{a0}};", [type_], "u32", lambda a: bits - a.bit_length() if a else -1
    )


@pytest.mark.parametrize("type_", ["u32", "s32", "u64", "s64"])
def test_fields_of_bits(type_: str) -> None:
    bits = SIZES[type_] * 8
    generator = np.random.default_rng(2)
    value, other = _integers(type_), _integers(type_, 1)
    position, length = (generator.integers(0, bits + 9, COUNT).astype("u4") for _ in range(2))
    text = f"bfe.{type_} {{d0}}, {{a0}}, {{a2}}, {{a3}}; bfi.b{bits} {{d1}}, {{a0}}, {{a1}}, {{a2}}, {{a3}};"
    inputs = [(type_, value), (type_, other), ("u32", position), ("u32", length)]
    extracted, inserted = evaluate(text, [type_] * 2, inputs)
    for k, (a, b, place, count) in enumerate(zip(*(x.tolist() for _, x in inputs), strict=True)):
        unsigned = a % 2**bits
        field = [unsigned >> i & 1 if i < bits else 0 for i in range(place, place + count)]
        number = sum(bit << i for i, bit in enumerate(field)) % 2**bits
        if type_[0] == "s" and count:
            sign = unsigned >> min(place + count - 1, bits - 1) & 1
            known = min(count, max(bits - place, 0))
            number = sum(bit << i for i, bit in enumerate(field[:known])) | (-sign << known)
        assert int(extracted[k]) == _wrap(number, type_), (a, place, count)
        mask = ((2 ** min(count, bits) - 1) << place) % 2**bits
        assert int(inserted[k]) == _wrap((a << place & mask) | (b & ~mask), type_)


def test_permuted_bytes() -> None:
    def permute(a: int, b: int, selector: int) -> int:
        data = (b << 32 | a).to_bytes(8, "little")
        result = 0
        for k in range(4):
            nibble = selector >> 4 * k & 15
            byte = data[nibble & 7]
            result |= (0xFF * (byte >> 7) if nibble & 8 else byte) << 8 * k
        return result

    _check_integers("prmt.b32 {d0}, {a0}, {a1}, {a2};", ["u32"] * 3, "u32", permute)


# Moves and conversions ------------------------------------------------------------------------------------------------


def test_packing() -> None:
    a = _integers("u64")
    text = """
        mov.b64 {{%r3, %r4}}, {a0};
        mov.b32 {{%rs1, %rs2}}, %r3;
        mov.b32 %r5, {{%rs2, %rs1}};
        mov.b64 {d0}, {{%r4, %r5}};
        mov.b64 {{_, {d1}}}, {a0};"""
    swapped, high = evaluate(text, ["u64", "u32"], [("u64", a)])
    for value, found, upper in zip(a.tolist(), swapped.tolist(), high.tolist(), strict=True):
        low = value % 2**32
        assert found == (value >> 32) | ((low >> 16 | low % 2**16 << 16) << 32)
        assert upper == value >> 32


def test_constants() -> None:
    text = "mov.f32 {d0}, 0fBF800000; mov.f64 {d1}, 0dC000000000000000; mov.b32 {d2}, -7; mov.b16 {d3}, 0x3C00;"
    single, double, integer, half = evaluate(text, ["f32", "f64", "s32", "f16"], [("u32", np.zeros(1))])
    assert (single[0], double[0], integer[0], half[0]) == (-1.0, -2.0, -7, 1.0)


_MODES: dict[str, Callable[[Fraction], int]] = {"rni": round, "rzi": math.trunc, "rmi": math.floor, "rpi": math.ceil}


@pytest.mark.parametrize("mode", list(_MODES))
@pytest.mark.parametrize("target", ["s8", "u16", "s32", "u32", "s64", "u64"])
@pytest.mark.parametrize("source", ["f16", "f32", "f64"])
def test_floats_become_integers(source: str, target: str, mode: str) -> None:
    x = np.concatenate([_floats(source), _floats(source, 3, 12 if source == "f16" else 40)])
    register = "b16" if target == "s8" else target
    (found,) = evaluate(f"cvt.{mode}.{target}.{source} {{d0}}, {{a0}};", [register], [(source, x)])
    found = found.view(np.int16) if target == "s8" else found
    limits = np.iinfo(DTYPES[target])
    wide = source == "f64" or SIZES[target] == 8
    of_nan = (limits.min if limits.min else 2 ** (SIZES[target] * 8 - 1)) if wide else 0
    for value, result in zip(x.tolist(), found.tolist(), strict=True):
        if math.isnan(value):
            assert result == of_nan
        elif math.isinf(value):
            assert result == (limits.max if value > 0 else limits.min)
        else:
            assert result == max(limits.min, min(limits.max, _MODES[mode](Fraction(value))))


@pytest.mark.parametrize("source", ["s8", "u16", "s32", "u32", "s64", "u64"])
@pytest.mark.parametrize("target", ["f16", "bf16", "f32", "f64"])
def test_integers_become_floats(source: str, target: str) -> None:
    x = _integers(source)
    register = ("s16", x.astype(np.int16)) if source == "s8" else (source, x)
    (found,) = evaluate(f"cvt.rn.{target}.{source} {{d0}}, {{a0}};", [target], [register])
    found = values.from_bfloat16(found) if target == "bf16" else found
    assert_bits(found, np.array([_round(Fraction(value), target) for value in x.tolist()]), x)


@pytest.mark.parametrize("source", ["s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64"])
@pytest.mark.parametrize("target", ["s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64"])
def test_integers_become_integers(source: str, target: str) -> None:
    x = _integers(source)
    registers = [{"s8": "s16", "u8": "u16"}.get(type_, type_) for type_ in (source, target)]
    inputs = [(registers[0], x.astype(DTYPES[registers[0]]))]
    text = f"cvt.{target}.{source} {{d0}}, {{a0}}; cvt.sat.{target}.{source} {{d1}}, {{a0}};"
    plain, clamped = evaluate(text, [registers[1]] * 2, inputs)
    limits = np.iinfo(DTYPES[target])
    assert plain.tolist() == [_wrap(value, target) for value in x.tolist()]
    assert clamped.tolist() == [max(limits.min, min(limits.max, value)) for value in x.tolist()]


@pytest.mark.parametrize("mode", ["rn", "rz", "rm", "rp"])
@pytest.mark.parametrize(("source", "target"), [("f64", "f32"), ("f32", "f16"), ("f64", "f16")])
def test_floats_become_narrower(source: str, target: str, mode: str) -> None:
    x = np.concatenate([_floats(source), _floats(source, 3, 30)])
    # Numbers close to the middle between two others.
    with np.errstate(all="ignore"):
        middle = x.astype(DTYPES[target]).astype(DTYPES[source])
        step = np.abs(np.spacing(middle.astype(DTYPES[target]))).astype(DTYPES[source])
        x = np.concatenate([x, middle + step / 2, np.nextafter(middle + step / 2, DTYPES[source].type(0))])
    (found,) = evaluate(f"cvt.{mode}.{target}.{source} {{d0}}, {{a0}};", [target], [(source, x)])
    for value, result in zip(x.tolist(), found.tolist(), strict=True):
        if math.isnan(value):
            assert math.isnan(result)
        elif math.isinf(value) or value == 0:
            assert (result, math.copysign(1, result)) == (value, math.copysign(1, value))
        else:
            assert result == _round(Fraction(value), target, mode)


@pytest.mark.parametrize("source", ["f32", "f64"])
def test_floats_become_bfloat16(source: str) -> None:
    x = np.concatenate([_floats(source, 1, 60), [1.00390625, 1.01171875, 1.00390625 + 2.0**-23]]).astype(DTYPES[source])
    if source == "f64":
        x = np.concatenate([x, [1.00390625 + 2.0**-40, 1.00390625 - 2.0**-40]])
    (found,) = evaluate(f"cvt.rn.bf16.{source} {{d0}}, {{a0}};", ["bf16"], [(source, x)])
    (wide,) = evaluate("cvt.f32.bf16 {d0}, {a0};", ["f32"], [("bf16", found)])
    finite = np.isfinite(x) & (x != 0)
    assert_bits(wide[finite], np.array([_round(Fraction(value), "bf16") for value in x[finite].tolist()]), x[finite])
    assert_bits(wide[np.isinf(x)], x[np.isinf(x)])
    assert np.isnan(wide[np.isnan(x)]).all()


def test_floats_become_wider() -> None:
    x = _floats("f16")
    single, double = evaluate("cvt.f32.f16 {d0}, {a0}; cvt.f64.f16 {d1}, {a0};", ["f32", "f64"], [("f16", x)])
    assert_bits(single, x)
    assert_bits(double, x)


def test_floats_become_integral() -> None:
    x = _floats("f32", 3, 10)
    text = " ".join(f"cvt.{mode}.f32.f32 {{d{k}}}, {{a0}};" for k, mode in enumerate(_MODES))
    for found, function in zip(
        evaluate(text, ["f32"] * 4, [("f32", x)]), (np.rint, np.trunc, np.floor, np.ceil), strict=True
    ):
        assert_bits(found, function(x))


def test_two_floats_become_a_pair() -> None:
    a, b = _floats("f32", 2, 5), _floats("f32", 3, 5)
    text = "cvt.rn.f16x2.f32 {d0}, {a0}, {a1}; cvt.rn.bf16x2.f32 {d1}, {a0}, {a1};"
    half, brain = evaluate(text, ["b32"] * 2, [("f32", a), ("f32", b)])
    with np.errstate(over="ignore"):
        assert_bits(half.view(np.float16)[0::2], b.astype(np.float16))
        assert_bits(half.view(np.float16)[1::2], a.astype(np.float16))
    assert_bits(values.from_bfloat16(brain.view(np.uint16)[1::2]), values.from_bfloat16(values.to_bfloat16(a)))


@pytest.mark.parametrize(("mode", "tie"), [("rna", 1.0009765625), ("rn", 1.0)])
def test_floats_become_tensor_floats(mode: str, tie: float) -> None:
    x = np.array([1.0 + 2.0**-11, 1.0 + 2.0**-12, -1.0 - 2.0**-10, np.inf, np.nan], np.float32)
    (found,) = evaluate(f"cvt.{mode}.tf32.f32 {{d0}}, {{a0}};", ["f32"], [("f32", x)])
    assert_bits(found, np.array([tie, 1.0, -1.0 - 2.0**-10, np.inf, np.nan], np.float32))


# Unknown ones ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("frobnicate.b32 {d0}, {a0};", r"frobnicate.b32 is not known to the interpreter, line \d+: frobnicate.b32 %d0"),
        ("add.rn.fast.f32 {d0}, {a0}, {a0};", r"add.rn.fast.f32 \(modifier .fast\) is not known"),
        ("add.f32 {d0}, {a0};", r"expected 3 operands, found 2"),
        ("add.rz.f64 %rd1, %rd2, %rd3;", r"rounding .rz"),
        ("mul.s32 {d0}, {a0}, {a0};", r"needs .lo, .hi or .wide"),
        ("cvt.s32.f32 {d0}, {a0};", r"needs a rounding mode"),
        ("add.f64 {d0}, {a0}, {a0};", r"register %d0 of type .b32 can not hold .f64"),
        ("add.f32 {d0}, {a0}, %rs1;", r"register %rs1 of type .b16 can not be read as .f32"),
        ("mov.b32 %r77, {a0};", r"the register %r77 is not declared"),
        ("mov.b32 {d0}, nothing;", r"the variable 'nothing' is not known"),
        ("shfl.up.b32 {d0}, {a0}, 1, 0;", r"needs .sync"),
        ("bar.sync %r1;", "only whole blocks"),
        ("mma.sync.aligned.m16n8k8.row.row.f32.tf32.tf32.f32 {d0}, {a0}, {a0}, {a0};", "shape or types"),
        ("st.const.b32 [%rd1], {a0};", "constant memory can not be written"),
        ("ld.global.v2.b32 {{{d0}, {a0}, %r1}}, [%rd1];", "3 registers for 2 values"),
    ],
)
def test_unknown_instructions(text: str, message: str) -> None:
    with pytest.raises(UnknownInstructionError, match=message):
        evaluate(text, ["b32"], [("f32", np.zeros(1))])
