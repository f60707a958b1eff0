"""Instructions that work on registers alone: arithmetic, comparisons, bits and conversions."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tests.ptx_interpreter import values
from tests.ptx_interpreter.decode import Decoder, Mask, Modifiers, Run, instruction
from tests.ptx_interpreter.errors import UnknownInstructionError
from tests.ptx_interpreter.execute import Frame
from tests.ptx_interpreter.parse import SIZES, Operand, Pair, Vector
from tests.ptx_interpreter.values import DTYPES, FLOATS, SIGNED, UNSIGNED_OF_SIZE, Array

Operands = Sequence[Operand]
Function = Callable[..., Any]

_PAIRS = {"f16x2": "f16", "bf16x2": "bf16"}
_NUMBERS = FLOATS | _PAIRS.keys()

# Floating point -------------------------------------------------------------------------------------------------------


def _floating(function: Function, type_: str, modifiers: Modifiers, keeps_bits: bool = False) -> Function:
    """Wrap a function of numbers of one type with what all floating point instructions share.

    Flushing of subnormal numbers (.ftz), clamping to [0, 1] (.sat), bits of bfloat16, pairs of 16 bits, and the one NaN
    that arithmetic gives, unless the function `keeps_bits`.
    """
    flushes, clamps = modifiers.take("ftz"), modifiers.take("sat")
    element = _PAIRS.get(type_, type_)

    def apply(*arguments: Any) -> Any:
        if flushes:
            arguments = tuple(values.flush(x, element) for x in arguments)
        result = function(*arguments)
        if flushes:
            result = values.flush(result, element)
        if clamps:
            result = np.where(np.isnan(result), 0, np.clip(result, 0, 1)).astype(result.dtype)
        return result if keeps_bits or element == "bf16" else values.canonical(result, element)

    return _on_pairs(apply, element) if type_ in _PAIRS else apply


def _on_pairs(function: Function, element: str) -> Function:
    """Apply a function of 16-bit numbers to both halves of 32 bits."""
    dtype = DTYPES[element]

    def apply(*arguments: Any) -> Array:
        split = [np.atleast_1d(x).view(np.uint16) for x in arguments]
        low = function(*[x[0::2].view(dtype) for x in split])
        high = function(*[x[1::2].view(dtype) for x in split])
        return join(np.asarray(low, dtype), np.asarray(high, dtype))

    return apply


def join(low: Array, high: Array) -> Array:
    """Put two numbers of 16 bits into 32."""
    low, high = np.broadcast_arrays(np.atleast_1d(low).view(np.uint16), np.atleast_1d(high).view(np.uint16))
    return low.astype(np.uint32) | (high.astype(np.uint32) << np.uint32(16))


def _through_float32(function: Function) -> Function:
    """Make a function of float32 one of bits of bfloat16. Sums, products and quotients are rounded as if once."""
    return lambda *arguments: values.to_bfloat16(function(*[values.from_bfloat16(x) for x in arguments]))


_PLAIN: dict[str, Function] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv, "sqrt": np.sqrt,
    "rcp": lambda x: x.dtype.type(1) / x,
}  # fmt: skip


def _rounded(name: str, type_: str, modifiers: Modifiers) -> Function:
    """Return add, sub, mul, div, sqrt or rcp in the rounding mode that is asked for."""
    mode = modifiers.one_of("rn", "rz", "rm", "rp") or "rn"
    element = _PAIRS.get(type_, type_)
    plain = _PLAIN[name]
    if mode == "rn":
        return _through_float32(plain) if element == "bf16" else plain
    if type_ != "f32" or name not in {"add", "sub", "mul"}:
        raise modifiers.unknown(f"rounding .{mode}")
    if name == "mul":
        return lambda a, b: values.narrow_directed(np.multiply(a, b, dtype=np.float64), mode)
    sign = 1.0 if name == "add" else -1.0
    return lambda a, b: values.narrow_directed(values.add_to_odd(_wide(a), _wide(b) * sign), mode)


def _wide(x: Any) -> Array:
    return np.atleast_1d(np.asarray(x).astype(np.float64))


@instruction("add", "sub")
def _add(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    if type_ in _NUMBERS:
        function = _floating(_rounded(modifiers.name, type_, modifiers), type_, modifiers)
    elif modifiers.take("cc"):
        modifiers.finish()
        return _with_carry(decoder, operands, type_, modifiers.name == "sub", False, True)
    elif modifiers.take("sat"):
        if type_ != "s32":
            raise modifiers.unknown()
        plain = _PLAIN[modifiers.name]
        limits = np.iinfo(np.int32)
        function = lambda a, b: np.clip(plain(np.int64(a), np.int64(b)), limits.min, limits.max).astype(np.int32)  # noqa: E731
    else:
        function = _PLAIN[modifiers.name]
    modifiers.finish()
    return decoder.elementwise(function, operands, [type_, type_], type_)


@instruction("addc", "subc")
def _add_carry(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_, sets = modifiers.type(), modifiers.take("cc")
    modifiers.finish()
    return _with_carry(decoder, operands, type_, modifiers.name == "subc", True, sets)


def _with_carry(decoder: Decoder, operands: Operands, type_: str, subtracts: bool, takes: bool, sets: bool) -> Run:
    """a + b, or a + ~b + 1, with the carry bit that each thread keeps; after a subtraction it means "no borrow"."""
    unsigned = f"u{SIZES[type_] * 8}"
    write = decoder.write(operands[0], unsigned)
    first, second = (decoder.read(operand, unsigned) for operand in operands[1:3])

    def run(frame: Frame, mask: Mask) -> None:
        a, b = first(frame), second(frame)
        b = np.invert(b) if subtracts else b
        carry_in = frame.carry.astype(b.dtype) if takes else b.dtype.type(subtracts)
        partial = a + b
        total = np.broadcast_to(partial + carry_in, frame.shape)
        if sets:
            carry_out = (partial < a) | (total < carry_in)
            frame.carry = carry_out if mask is None else np.where(mask, carry_out, frame.carry)
        write(frame, mask, total.copy())

    return run


@instruction("mul")
def _multiply(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    if type_ in _NUMBERS:
        function = _floating(_rounded("mul", type_, modifiers), type_, modifiers)
        modifiers.finish()
        return decoder.elementwise(function, operands, [type_, type_], type_)
    function, target = _integer_product(modifiers, type_)
    modifiers.finish()
    return decoder.elementwise(function, operands, [type_, type_], target)


def _integer_product(modifiers: Modifiers, type_: str) -> tuple[Function, str]:
    kind = modifiers.one_of("lo", "hi", "wide")
    if kind == "wide":
        return values.multiply_wide(type_), f"{type_[0]}{SIZES[type_] * 16}"
    if kind is None:
        raise modifiers.unknown("needs .lo, .hi or .wide")
    return (operator.mul if kind == "lo" else values.multiply_high(type_)), type_


@instruction("mad")
def _multiply_add(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    if type_ in _NUMBERS:
        return _fused(decoder, modifiers, operands, type_)
    if modifiers.take("cc"):
        return _multiply_add_carry(decoder, modifiers, operands, type_, False, True)
    product, target = _integer_product(modifiers, type_)
    modifiers.finish()
    return decoder.elementwise(lambda a, b, c: product(a, b) + c, operands, [type_, type_, target], target)


@instruction("madc")
def _multiply_add_with_carry(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    return _multiply_add_carry(decoder, modifiers, operands, type_, True, modifiers.take("cc"))


def _multiply_add_carry(
    decoder: Decoder, modifiers: Modifiers, operands: Operands, type_: str, takes: bool, sets: bool
) -> Run:
    product, target = _integer_product(modifiers, type_)
    modifiers.finish()
    unsigned = f"u{SIZES[target] * 8}"
    write = decoder.write(operands[0], unsigned)
    a, b = (decoder.read(operand, type_) for operand in operands[1:3])
    c = decoder.read(operands[3], unsigned)

    def run(frame: Frame, mask: Mask) -> None:
        multiplied = np.broadcast_to(product(a(frame), b(frame)), frame.shape).view(DTYPES[unsigned])
        carry_in = frame.carry.astype(multiplied.dtype) if takes else multiplied.dtype.type(0)
        partial = multiplied + c(frame)
        total = partial + carry_in
        if sets:
            carry_out = (partial < multiplied) | (total < carry_in)
            frame.carry = carry_out if mask is None else np.where(mask, carry_out, frame.carry)
        write(frame, mask, total)

    return run


@instruction("fma")
def _fma(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    return _fused(decoder, modifiers, operands, modifiers.type())


_FUSED = {"f16": values.fma_half, "bf16": values.fma_bfloat16, "f32": values.fma_single, "f64": values.fma_double}


def _fused(decoder: Decoder, modifiers: Modifiers, operands: Operands, type_: str) -> Run:
    mode = modifiers.one_of("rn", "rz", "rm", "rp") or "rn"
    element = _PAIRS.get(type_, type_)
    function: Function = _FUSED[element]
    if mode != "rn":
        if type_ != "f32":
            raise modifiers.unknown(f"rounding .{mode}")
        function = lambda a, b, c: values.narrow_directed(  # noqa: E731
            values.add_to_odd(_wide(a) * _wide(b), _wide(c)), mode
        )
    if modifiers.take("relu"):
        raise modifiers.unknown("modifier .relu")
    wrapped = _floating(function, type_, modifiers)
    modifiers.finish()
    return decoder.elementwise(wrapped, operands, [type_] * 3, type_)


@instruction("div")
def _divide(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    if type_ not in FLOATS:
        function: Function = values.divide_integers
    elif modifiers.take("full"):
        function = _floating(_approximate_quotient(decoder, False), type_, modifiers)
    elif modifiers.take("approx"):
        function = _floating(_approximate_quotient(decoder, True), type_, modifiers)
    else:
        function = _floating(_rounded("div", type_, modifiers), type_, modifiers)
    modifiers.finish()
    return decoder.elementwise(function, operands, [type_, type_], type_)


def _approximate_quotient(decoder: Decoder, has_small_range: bool) -> Function:
    """float32 quotients within 2 ulp; the fastest form gives 0 for the largest divisors."""

    def divide(a: Array, b: Array) -> Array:
        exact = np.divide(a, b, dtype=np.float64)
        result = decoder.approximation.round(exact, DTYPES["f32"], 2.0**-22)
        if has_small_range:
            large = (np.abs(b) > np.float32(2.0**126)) & np.isfinite(b)
            result = np.where(large, np.copysign(np.float32(0) * a, exact), result)
        return result.astype(np.float32)

    return divide


@instruction("rem")
def _remainder(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    modifiers.finish()
    return decoder.elementwise(values.remainder_integers, operands, [type_, type_], type_)


@instruction("sqrt", "rcp")
def _root_or_reciprocal(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    if not modifiers.take("approx"):
        type_ = modifiers.type()
        function = _floating(_rounded(modifiers.name, type_, modifiers), type_, modifiers)
        modifiers.finish()
        return decoder.elementwise(function, operands, [type_], type_)
    return _approximated(decoder, modifiers, operands)


@instruction("rsqrt", "ex2", "lg2", "sin", "cos", "tanh")
def _approximation(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    if not modifiers.take("approx"):
        raise modifiers.unknown("needs .approx")
    return _approximated(decoder, modifiers, operands)


def _approximated(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    element = _PAIRS.get(type_, type_)
    function = values.approximate(modifiers.name, decoder.approximation, element)
    if type_ == "f64" and modifiers.name in {"rcp", "rsqrt"} and modifiers.take("ftz"):
        plain = function
        function = lambda x: _upper_half(plain(_upper_half(values.flush(x, "f64"))))  # noqa: E731
    wrapped = _floating(function, type_, modifiers)
    modifiers.finish()
    return decoder.elementwise(wrapped, operands, [type_], type_)


def _upper_half(x: Array) -> Array:
    """The gross approximations of float64 use and give only the upper 32 bits."""
    return (np.atleast_1d(x).view(np.uint64) & np.uint64(0xFFFFFFFF00000000)).view(np.float64)


_SIGN_BIT: dict[str, Any] = {
    "f16": np.uint16(1 << 15),
    "bf16": np.uint16(1 << 15),
    "f32": np.uint32(1 << 31),
    "f64": np.uint64(1 << 63),
}


@instruction("neg", "abs")
def _negate(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    element = _PAIRS.get(type_, type_)
    if element not in FLOATS:
        modifiers.finish()
        return decoder.elementwise(operator.neg if modifiers.name == "neg" else np.abs, operands, [type_], type_)
    sign = _SIGN_BIT[element]
    change: Function = (lambda x: x ^ sign) if modifiers.name == "neg" else (lambda x: x & ~sign)
    dtype, bits = DTYPES[element], DTYPES[f"b{SIZES[element] * 8}"]
    function = _floating(lambda x: change(x.view(bits)).view(dtype), type_, modifiers, keeps_bits=True)
    modifiers.finish()
    return decoder.elementwise(function, operands, [type_], type_)


@instruction("copysign")
def _copysign(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    modifiers.finish()
    bits, sign = f"b{SIZES[type_] * 8}", _SIGN_BIT[type_]
    # The sign comes first.
    return decoder.elementwise(lambda a, b: (b & ~sign) | (a & sign), operands, [bits, bits], bits)


@instruction("min", "max")
def _extreme(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    is_minimum = modifiers.name == "min"
    element = _PAIRS.get(type_, type_)
    if element not in FLOATS:
        modifiers.finish()
        return decoder.elementwise(np.minimum if is_minimum else np.maximum, operands, [type_, type_], type_)
    propagates = modifiers.take("NaN")
    chosen = values.minimum_float if is_minimum else values.maximum_float
    function: Function = lambda a, b: chosen(a, b, propagates)  # noqa: E731
    if element == "bf16":
        function = _through_float32(function)
    wrapped = _floating(function, type_, modifiers)
    modifiers.finish()
    return decoder.elementwise(wrapped, operands, [type_, type_], type_)


_TESTS: dict[str, Function] = {
    "finite": np.isfinite,
    "infinite": np.isinf,
    "number": lambda x: ~np.isnan(x),
    "notanumber": np.isnan,
    "normal": lambda x: np.isfinite(x) & (np.abs(x) >= np.finfo(x.dtype).tiny),
    "subnormal": lambda x: (x != 0) & (np.abs(x) < np.finfo(x.dtype).tiny),
}


@instruction("testp")
def _test(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    name = modifiers.one_of(*_TESTS)
    modifiers.finish()
    if name is None:
        raise modifiers.unknown()
    return decoder.elementwise(_TESTS[name], operands, [type_], "pred")


# Comparison and selection ---------------------------------------------------------------------------------------------

_COMPARISONS: dict[str, Function] = {
    "eq": operator.eq, "ne": operator.ne, "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge,
    "lo": operator.lt, "ls": operator.le, "hi": operator.gt, "hs": operator.ge,
}  # fmt: skip
_UNORDERED = {"equ": "eq", "neu": "ne", "ltu": "lt", "leu": "le", "gtu": "gt", "geu": "ge"}
_LOGIC: dict[str, Function] = {"and": operator.and_, "or": operator.or_, "xor": operator.xor}


def _comparison(modifiers: Modifiers, type_: str) -> Function:
    name = modifiers.one_of(*_COMPARISONS, *_UNORDERED, "num", "nan")
    if name is None:
        raise modifiers.unknown("comparison")
    if name == "num":
        compare: Function = lambda a, b: ~(np.isnan(a) | np.isnan(b))  # noqa: E731
    elif name == "nan":
        compare = lambda a, b: np.isnan(a) | np.isnan(b)  # noqa: E731
    elif name in _UNORDERED:
        ordered = _COMPARISONS[_UNORDERED[name]]
        compare = lambda a, b: ordered(a, b) | np.isnan(a) | np.isnan(b)  # noqa: E731
    elif name == "ne" and type_ in FLOATS:
        compare = lambda a, b: (a != b) & ~np.isnan(a) & ~np.isnan(b)  # noqa: E731
    else:
        compare = _COMPARISONS[name]
    return _prepared_comparison(compare, type_, modifiers.take("ftz"))


def _prepared_comparison(compare: Function, type_: str, flushes: bool) -> Function:
    if type_ == "bf16":
        return lambda a, b: compare(values.from_bfloat16(a), values.from_bfloat16(b))
    if flushes:
        return lambda a, b: compare(values.flush(a, type_), values.flush(b, type_))
    return compare


@instruction("setp")
def _set_predicate(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    if type_ in _PAIRS:
        raise modifiers.unknown("pairs")
    compare = _comparison(modifiers, type_)
    logic = modifiers.one_of(*_LOGIC)
    modifiers.finish()
    target = operands[0]
    if not isinstance(target, Pair) and logic is None:
        return decoder.elementwise(compare, operands, [type_, type_], "pred")
    targets = [target.first, target.second] if isinstance(target, Pair) else [target]
    writes = [decoder.write(operand, "pred") for operand in targets]
    a, b = (decoder.read(operand, type_) for operand in operands[1:3])
    c = decoder.read(operands[3], "pred") if logic else None
    combine = _LOGIC[logic] if logic else None

    def run(frame: Frame, mask: Mask) -> None:
        holds = compare(a(frame), b(frame))
        other = c(frame) if c else None
        for write, condition in zip(writes, (holds, ~holds), strict=False):
            write(frame, mask, combine(condition, other) if combine else condition)

    return run


@instruction("set")
def _set(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    source = modifiers.type()
    target = modifiers.type()
    compare = _comparison(modifiers, source)
    modifiers.finish()
    dtype = DTYPES[target]
    true = dtype.type(1.0) if target in FLOATS else np.array(-1).astype(dtype)[()]
    return decoder.elementwise(
        lambda a, b: np.where(compare(a, b), true, dtype.type(0)), operands, [source] * 2, target
    )


@instruction("selp")
def _select(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    modifiers.finish()
    return decoder.elementwise(lambda a, b, p: np.where(p, a, b), operands, [type_, type_, "pred"], type_)


@instruction("slct")
def _select_by_sign(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    source = modifiers.type()
    target = modifiers.type()
    flushes = modifiers.take("ftz")
    modifiers.finish()

    def choose(a: Array, b: Array, c: Array) -> Array:
        return np.where((values.flush(c, source) if flushes else c) >= 0, a, b)

    return decoder.elementwise(choose, operands, [target, target, source], target)


# Bits -----------------------------------------------------------------------------------------------------------------


@instruction("and", "or", "xor")
def _logic(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    modifiers.finish()
    return decoder.elementwise(_LOGIC[modifiers.name], operands, [type_, type_], type_)


@instruction("not")
def _not(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    modifiers.finish()
    return decoder.elementwise(np.invert, operands, [type_], type_)


@instruction("cnot")
def _logical_not(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    modifiers.finish()
    return decoder.elementwise(lambda x: (x == 0).astype(x.dtype), operands, [type_], type_)


@instruction("lop3")
def _any_logic(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    modifiers.finish()

    def apply(a: Array, b: Array, c: Array, table: Any) -> Array:
        result: Any = np.uint32(0)
        for k in range(8):
            if int(table) >> k & 1:
                result = result | ((a if k & 4 else ~a) & (b if k & 2 else ~b) & (c if k & 1 else ~c))
        return result

    return decoder.elementwise(apply, operands, [type_] * 3 + ["u32"], type_)


@instruction("shl", "shr")
def _shift(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    modifiers.finish()
    function = values.shift_left if modifiers.name == "shl" else values.shift_right
    return decoder.elementwise(function, operands, [type_, "u32"], type_)


@instruction("shf")
def _funnel_shift(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    direction, mode = modifiers.one_of("l", "r"), modifiers.one_of("wrap", "clamp")
    modifiers.finish()
    function = values.funnel_shift(direction == "l", mode == "wrap")
    return decoder.elementwise(function, operands, [type_, type_, "u32"], type_)


@instruction("popc", "clz", "brev")
def _bit_functions(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    modifiers.finish()
    if modifiers.name == "brev":
        return decoder.elementwise(values.reverse_bits, operands, [type_], type_)
    function = values.count_ones if modifiers.name == "popc" else values.leading_zeros
    return decoder.elementwise(function, operands, [type_], "u32")


@instruction("bfind")
def _find_bit(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_, counts = modifiers.type(), modifiers.take("shiftamt")
    modifiers.finish()
    bits, unsigned = SIZES[type_] * 8, UNSIGNED_OF_SIZE[SIZES[type_]]

    def find(x: Array) -> Array:
        raw = np.where(x < 0, ~x, x).view(unsigned) if type_ in SIGNED else x
        zeros = values.leading_zeros(raw)
        return np.where(raw == 0, np.uint32(0xFFFFFFFF), zeros if counts else np.uint32(bits - 1) - zeros)

    return decoder.elementwise(find, operands, [type_], "u32")


@instruction("bfe")
def _extract(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    modifiers.finish()
    return decoder.elementwise(values.extract_field, operands, [type_, "u32", "u32"], type_)


@instruction("bfi")
def _insert(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    modifiers.finish()
    return decoder.elementwise(values.insert_field, operands, [type_, type_, "u32", "u32"], type_)


@instruction("prmt")
def _permute(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    modifiers.finish()
    return decoder.elementwise(values.permute_bytes, operands, [type_, type_, "u32"], type_)


# Moves and conversions ------------------------------------------------------------------------------------------------


@instruction("mov")
def _move(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    modifiers.finish()
    target, source = operands
    if isinstance(source, Vector):
        return _pack(decoder, target, source, type_)
    if isinstance(target, Vector):
        return _unpack(decoder, target, source, type_)
    return decoder.elementwise(lambda x: x, operands, [type_], type_)


def _part_type(type_: str, parts: int) -> str:
    return f"b{SIZES[type_] * 8 // parts}"


def _pack(decoder: Decoder, target: Operand, source: Vector, type_: str) -> Run:
    part = _part_type(type_, len(source.parts))
    reads = [decoder.read(operand, part) for operand in source.parts]
    write = decoder.write(target, type_)
    dtype = DTYPES[type_]

    def run(frame: Frame, mask: Mask) -> None:
        joined = np.empty((*frame.shape, len(reads)), DTYPES[part])
        for k, read in enumerate(reads):
            joined[:, k] = read(frame)
        write(frame, mask, joined.view(dtype).reshape(-1))

    return run


def _unpack(decoder: Decoder, target: Vector, source: Operand, type_: str) -> Run:
    part = _part_type(type_, len(target.parts))
    writes = [decoder.write(operand, part) for operand in target.parts]
    read = decoder.read(source, type_)
    dtype = DTYPES[part]

    def run(frame: Frame, mask: Mask) -> None:
        split = np.broadcast_to(read(frame), frame.shape).copy().view(dtype)
        for k, write in enumerate(writes):
            write(frame, mask, split[k :: len(writes)].copy())

    return run


@instruction("cvt")
def _convert(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    source = modifiers.type()
    if modifiers.take("pack"):
        raise modifiers.unknown("modifier .pack")
    target = modifiers.type()
    if target in _PAIRS and len(operands) == 3:
        return _convert_pair(decoder, modifiers, operands, source, target)
    function = _conversion(modifiers, source, target)
    modifiers.finish()
    return decoder.elementwise(function, operands, [source], target)


def _conversion(modifiers: Modifiers, source: str, target: str) -> Function:
    from_float, to_float = source in FLOATS, target in FLOATS or target == "tf32"
    saturates = modifiers.take("sat")
    if not from_float and not to_float:
        return lambda x: values.integer_to_integer(x, target, saturates)
    if not from_float:
        return _integer_to_float(modifiers, target, saturates)
    if to_float:
        return _float_to_float(modifiers, source, target, saturates)
    mode = modifiers.one_of("rni", "rzi", "rmi", "rpi")
    if mode is None:
        raise modifiers.unknown("needs a rounding mode")
    flushes = modifiers.take("ftz")

    def convert(x: Array) -> Array:
        return values.float_to_integer(
            _to_ieee(values.flush(x, source) if flushes else x, source), source, target, mode
        )

    return convert


def _integer_to_float(modifiers: Modifiers, target: str, saturates: bool) -> Function:
    mode = modifiers.one_of("rn", "rz", "rm", "rp")
    if mode != "rn" or saturates:
        raise modifiers.unknown("only .rn without .sat")
    if target == "bf16":
        # An integer of 64 bits must not be rounded twice: float64 is exact for 32 bits only.
        return lambda x: values.to_bfloat16(values.integer_to_odd(x))
    if target == "f16":
        return lambda x: values.integer_to_odd(x).astype(np.float16)
    return lambda x: x.astype(DTYPES[target])


def _to_ieee(x: Array, source: str) -> Array:
    return values.from_bfloat16(x) if source == "bf16" else x


def _float_to_float(modifiers: Modifiers, source: str, target: str, saturates: bool) -> Function:
    integral = modifiers.one_of("rni", "rzi", "rmi", "rpi")
    mode = modifiers.one_of("rn", "rz", "rm", "rp", "rna") or "rn"
    flushes, clips = modifiers.take("ftz"), modifiers.take("relu")

    def convert(x: Array) -> Array:
        if flushes and source == "f32":
            x = values.flush(x, source)
        x = _to_ieee(x, source)
        if clips:
            x = values.maximum_float(x, x.dtype.type(0))
        if integral:
            x = values.float_to_integral_float(x, integral)
        if saturates:
            x = np.where(np.isnan(x), 0, np.clip(x, 0, 1)).astype(x.dtype)
        result = narrow(x, target, mode)
        return values.flush(result, target) if flushes and target == "f32" else result

    return convert


def narrow(x: Array, target: str, mode: str) -> Array:
    """Convert float16, float32 or float64 to another floating point type."""
    if target == "tf32":
        return values.to_tensor_float(x, mode)
    if mode == "rna":
        raise UnknownInstructionError("rounding .rna is for .tf32 only")
    if target == "bf16":
        if mode == "rn":
            return values.to_bfloat16(x)
        if mode == "rz":
            return np.where(np.isnan(x), np.uint32(0x7FFF), np.float32(x).view(np.uint32) >> np.uint32(16)).astype(
                np.uint16
            )
        raise UnknownInstructionError(f"rounding .{mode} to .bf16")
    dtype = DTYPES[target]
    if dtype.itemsize < x.dtype.itemsize and mode != "rn":
        result = values.narrow_directed(np.asarray(x).astype(np.float64), mode, dtype.type)
    else:
        result = x.astype(dtype)
    return values.canonical(result, target)


def _convert_pair(decoder: Decoder, modifiers: Modifiers, operands: Operands, source: str, target: str) -> Run:
    """Two float32 numbers become a pair; the first goes to the upper half."""
    convert = _float_to_float(modifiers, source, _PAIRS[target], False)
    modifiers.finish()
    return decoder.elementwise(lambda a, b: join(convert(b), convert(a)), operands, [source, source], target)
