"""How instructions become Python functions: reading and writing operands, and the table of known instructions.

A decoded instruction is a function ``run(frame, mask)``. Registers hold arrays over threads that are never changed in
place; `mask` tells which threads take part, None meaning all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.ptx_interpreter.errors import Fault, TrapError, UnknownInstructionError
from tests.ptx_interpreter.parse import (
    SIZES,
    Address,
    Function,
    Immediate,
    Instruction,
    Negated,
    Operand,
    Register,
    Symbol,
    Vector,
)
from tests.ptx_interpreter.values import DTYPES, UNSIGNED_OF_SIZE, Approximation, Array

if TYPE_CHECKING:
    from tests.ptx_interpreter.execute import Frame

Mask = Any
"""Array of bool over all threads, or None for all of them."""
Run = Callable[["Frame", Mask], None]
Read = Callable[["Frame"], Any]
Write = Callable[["Frame", Mask, Any], None]
Decode = Callable[["Decoder", "Modifiers", Sequence[Operand]], Run]

INSTRUCTIONS: dict[str, Decode] = {}
"""What decodes the instructions with a name."""


def instruction(*names: str) -> Callable[[Decode], Decode]:
    """Enter a function into the table of known instructions."""

    def enter(decode: Decode) -> Decode:
        INSTRUCTIONS.update(dict.fromkeys(names, decode))
        return decode

    return enter


class Modifiers:
    """The parts of an opcode, each to be asked for once; what nobody asked for is unknown."""

    def __init__(self, source: Instruction) -> None:
        self.name = source.name
        self._source = source
        self._left = source.modifiers

    def take(self, *names: str) -> bool:
        """Tell whether one of the names is there."""
        return self.one_of(*names) is not None

    def one_of(self, *names: str) -> str | None:
        """Return the one of the names that is there, if any."""
        for name in names:
            if name in self._left:
                self._left.remove(name)
                return name
        return None

    def type(self) -> str:
        """Return the type at the end."""
        if not self._left or self._left[-1] not in SIZES:
            raise self.unknown("it needs a type at its end")
        return self._left.pop()

    def drop(self, *beginnings: str) -> None:
        """Ignore modifiers that begin so: hints."""
        self._left = [name for name in self._left if not name.startswith(beginnings)]

    def finish(self) -> None:
        """Refuse what is left."""
        if self._left:
            raise self.unknown(f"modifier .{self._left[0]}")

    def unknown(self, reason: str = "") -> UnknownInstructionError:
        """Return the error that says what is not known."""
        hint = f" ({reason})" if reason else ""
        return UnknownInstructionError(
            f"PTX instruction {self._source.opcode}{hint} is not known to the interpreter, line {self._source.line}: "
            f"{self._source.text}"
        )


@dataclass
class Decoder:
    """What decoding needs to know about a function of a kernel's program."""

    function: Function
    addresses: dict[str, int]
    """Of variables: offsets in their space, or generic addresses of global ones."""
    approximation: Approximation
    parameters_in_memory: frozenset[str] = frozenset()
    """Kernel parameters, whose addresses the launch gives."""
    indices: dict[str, int] = field(init=False)
    _readers: dict[tuple[str, str], Read] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.indices = {name: k for k, name in enumerate(self.function.registers)}

    # Reading ----------------------------------------------------------------------------------------------------------

    def read(self, operand: Operand, type_: str) -> Read:
        """Return the function that gives an operand as an array (or one number) of a type."""
        if isinstance(operand, Register):
            known = self._readers.get((operand.name, type_))
            if known is None:
                known = self._readers[operand.name, type_] = self._read_register(operand.name, type_)
            return known
        if isinstance(operand, Immediate):
            return _constant(immediate(operand, type_))
        if isinstance(operand, Symbol):
            return self._read_symbol(operand, DTYPES[type_])
        if isinstance(operand, Negated):
            positive = self.read(operand.register, "pred")
            return lambda frame: ~positive(frame)
        raise UnknownInstructionError(f"an operand like {operand} can not be read as .{type_}.")

    def _read_register(self, name: str, type_: str) -> Read:
        dtype = DTYPES[type_]
        if name not in self.indices:
            return lambda frame: frame.batch.special(name).astype(dtype)
        index, size = self.indices[name], SIZES[self.function.registers[name]]
        if (type_ == "pred") != (self.function.registers[name] == "pred") or SIZES[type_] > size:
            raise UnknownInstructionError(
                f"register {name} of type .{self.function.registers[name]} can not be read as .{type_}."
            )
        if SIZES[type_] < size:
            whole, low = UNSIGNED_OF_SIZE[size], UNSIGNED_OF_SIZE[SIZES[type_]]
            return lambda frame: frame.registers[index].view(whole).astype(low).view(dtype)

        def read(frame: Frame) -> Array:
            value = frame.registers[index]
            return value if value.dtype is dtype else value.view(dtype)

        return read

    def _read_symbol(self, operand: Symbol, dtype: np.dtype[Any]) -> Read:
        if operand.name in self.parameters_in_memory:
            return lambda frame: dtype.type(frame.batch.parameter_addresses[operand.name] + operand.offset)
        return _constant(dtype.type(self.address_of(operand)))

    def address_of(self, operand: Symbol) -> int:
        """Return the address of a variable."""
        if operand.name not in self.addresses:
            raise UnknownInstructionError(f"the variable {operand.name!r} is not known.")
        return self.addresses[operand.name] + operand.offset

    def address(self, operand: Operand) -> Read:
        """Return the function that gives the value of an address operand, as uint64."""
        if not isinstance(operand, Address):
            raise UnknownInstructionError(f"expected an address in brackets, found {operand}.")
        offset = np.uint64(operand.offset % 2**64)
        if operand.base is None:
            return _constant(offset)
        if isinstance(operand.base, Symbol):
            return self._read_symbol(Symbol(operand.base.name, operand.offset), DTYPES["u64"])
        type_ = self.function.registers.get(operand.base.name, "b64")
        base = self.read(operand.base, f"u{SIZES[type_] * 8}")
        if SIZES[type_] == 4:
            narrow = np.uint32(operand.offset % 2**32)
            return lambda frame: (base(frame) + narrow).astype(np.uint64)
        if not offset:
            return base
        return lambda frame: base(frame) + offset

    # Writing ----------------------------------------------------------------------------------------------------------

    def write(self, operand: Operand, type_: str) -> Write:
        """Return the function that stores values of a type into an operand."""
        if not isinstance(operand, Register):
            raise UnknownInstructionError(f"expected a register for the result, found {operand}.")
        if operand.name == "_":
            return lambda frame, mask, value: None
        if operand.name not in self.indices:
            raise UnknownInstructionError(f"the register {operand.name} is not declared.")
        index, declared = self.indices[operand.name], self.function.registers[operand.name]
        if SIZES[declared] > SIZES[type_]:
            return _write_extended(index, type_, declared)
        if SIZES[declared] < SIZES[type_] or (type_ == "pred") != (declared == "pred"):
            raise UnknownInstructionError(f"register {operand.name} of type .{declared} can not hold .{type_}.")
        return _write_plain(index)

    # Common forms -----------------------------------------------------------------------------------------------------

    def elementwise(
        self, function: Callable[..., Any], operands: Sequence[Operand], sources: Sequence[str], target: str
    ) -> Run:
        """Return an instruction that applies a function to its sources, one thread at a time as it were."""
        if len(operands) != len(sources) + 1:
            raise UnknownInstructionError(f"expected {len(sources) + 1} operands, found {len(operands)}.")
        write = self.write(operands[0], target)
        reads = [self.read(operand, type_) for operand, type_ in zip(operands[1:], sources, strict=True)]
        if len(reads) == 1:
            (first,) = reads
            return lambda frame, mask: write(frame, mask, function(first(frame)))
        if len(reads) == 2:
            first, second = reads
            return lambda frame, mask: write(frame, mask, function(first(frame), second(frame)))
        if len(reads) == 3:
            first, second, third = reads
            return lambda frame, mask: write(frame, mask, function(first(frame), second(frame), third(frame)))
        return lambda frame, mask: write(frame, mask, function(*[read(frame) for read in reads]))

    def parts(self, operand: Operand) -> tuple[Operand, ...]:
        """Return the parts of a vector operand, or the operand itself."""
        return operand.parts if isinstance(operand, Vector) else (operand,)


def immediate(operand: Immediate, type_: str) -> Any:
    """Return a number of the text as a NumPy number."""
    dtype = DTYPES[type_]
    if type_ == "pred":
        return np.bool_(operand.bits)
    if operand.is_float and type_ in {"f32", "f64"}:
        bits = np.array(operand.bits, UNSIGNED_OF_SIZE[operand.size])
        return bits.view(np.float32 if operand.size == 4 else np.float64).astype(dtype)[()]
    unsigned = UNSIGNED_OF_SIZE[dtype.itemsize]
    return np.array(operand.bits % 2 ** (8 * dtype.itemsize), unsigned).view(dtype)[()]


def _constant(value: Any) -> Read:
    return lambda frame: value


def _write_plain(index: int) -> Write:
    def write(frame: Frame, mask: Mask, value: Any) -> None:
        if value.shape != frame.shape:
            value = np.full(frame.shape, value)
        if mask is not None:
            old = frame.registers[index]
            value = np.where(mask, value, old if old.dtype is value.dtype else old.view(value.dtype))
        frame.registers[index] = value

    return write


def _write_extended(index: int, type_: str, declared: str) -> Write:
    """Integers are extended by their sign, bits by zeros."""
    own, wide = DTYPES[type_], UNSIGNED_OF_SIZE[SIZES[declared]]
    source = own if own.kind == "i" else UNSIGNED_OF_SIZE[own.itemsize]
    plain = _write_plain(index)
    return lambda frame, mask, value: plain(frame, mask, np.asarray(value, own).view(source).astype(wide))


def decode(decoder: Decoder, source: Instruction) -> Run:
    """Turn one instruction into a function."""
    modifiers = Modifiers(source)
    if source.name not in INSTRUCTIONS:
        raise modifiers.unknown()
    try:
        return INSTRUCTIONS[source.name](decoder, modifiers, source.operands)
    except UnknownInstructionError as error:
        if "line" in str(error):
            raise
        raise modifiers.unknown(str(error).rstrip(".")) from None


def trap(message: str) -> Fault:
    """Return the fault of a thread that did something undefined."""
    return Fault(TrapError, message)
