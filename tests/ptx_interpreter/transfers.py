"""Instructions that use memory: loads, stores, atomic operations, asynchronous copies, and changes of address space."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tests.ptx_interpreter import values
from tests.ptx_interpreter.decode import Decoder, Mask, Modifiers, Read, Run, instruction, trap
from tests.ptx_interpreter.errors import UnknownInstructionError
from tests.ptx_interpreter.execute import Frame
from tests.ptx_interpreter.memory import LOCAL_WINDOW, SHARED_WINDOW
from tests.ptx_interpreter.parse import SPACES, Address, Operand, Symbol
from tests.ptx_interpreter.values import DTYPES, FLOATS

Operands = Sequence[Operand]

_ORDERS = ("weak", "volatile", "relaxed", "acquire", "release", "acq_rel", "seq_cst", "sc", "mmio")
_SCOPES = ("cta", "cluster", "gpu", "sys")
_HINTS = ("L1::", "L2::", "level::", "ca", "cg", "cs", "lu", "cv", "wb", "wt")


def space_of(modifiers: Modifiers) -> str:
    """Return the state space of an access; "" for a generic address."""
    modifiers.one_of(*_ORDERS)
    modifiers.one_of(*_SCOPES)
    found = modifiers.one_of(*SPACES, "shared::cta", "param::entry", "param::func") or ""
    return found.partition(":")[0]


def _check_space(modifiers: Modifiers, space: str, is_store: bool) -> None:
    if is_store and space == "const":
        raise modifiers.unknown("constant memory can not be written")


def _width(modifiers: Modifiers) -> int:
    return int((modifiers.one_of("v2", "v4", "v8") or "v1")[1:])


# Loads and stores -----------------------------------------------------------------------------------------------------


@instruction("ld", "ldu")
def _load(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_, count = modifiers.type(), _width(modifiers)
    space = space_of(modifiers)
    modifiers.take("nc")
    modifiers.drop(*_HINTS)
    modifiers.finish()
    targets = decoder.parts(operands[0])
    if len(targets) != count:
        raise modifiers.unknown(f"{len(targets)} registers for {count} values")
    writes = [decoder.write(target, type_) for target in targets]
    dtype = DTYPES[type_]
    if space == "param":
        local = _function_parameter(decoder, operands[1])
        if local:
            return _load_parameter(*local, writes, dtype)
        space = "global"
    address = decoder.address(operands[1])

    def run(frame: Frame, mask: Mask) -> None:
        loaded = frame.batch.spaces.load(space, address(frame), frame.lanes(mask), dtype, count)
        for write, value in zip(writes, loaded, strict=True):
            write(frame, mask, value)

    return run


@instruction("st")
def _store(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_, count = modifiers.type(), _width(modifiers)
    space = space_of(modifiers)
    modifiers.drop(*_HINTS)
    modifiers.finish()
    _check_space(modifiers, space, True)
    sources = decoder.parts(operands[1])
    if len(sources) != count:
        raise modifiers.unknown(f"{len(sources)} registers for {count} values")
    reads = [decoder.read(source, type_) for source in sources]
    dtype = DTYPES[type_]
    if space == "param":
        local = _function_parameter(decoder, operands[0])
        if not local:
            raise modifiers.unknown("parameters of a kernel can not be written")
        return _store_parameter(*local, reads, dtype)
    address = decoder.address(operands[0])

    def run(frame: Frame, mask: Mask) -> None:
        stored = [np.broadcast_to(read(frame), frame.shape) for read in reads]
        frame.batch.spaces.store(space, address(frame), frame.lanes(mask), stored)

    return run


def _function_parameter(decoder: Decoder, operand: Operand) -> tuple[str, int] | None:
    """Return the name and offset of a parameter or result of a device function, or None for those of a kernel."""
    if not isinstance(operand, Address):
        raise UnknownInstructionError("expected an address in brackets")
    base = operand.base
    if not isinstance(base, Symbol):
        return None
    return None if base.name in decoder.parameters_in_memory else (base.name, operand.offset)


def _load_parameter(name: str, offset: int, writes: list[Any], dtype: np.dtype[Any]) -> Run:
    size = dtype.itemsize

    def run(frame: Frame, mask: Mask) -> None:
        data = frame.parameters.get(name)
        if data is None:
            raise trap(f"reads the parameter {name} before anything was stored there")
        for k, write in enumerate(writes):
            first = offset + k * size
            part = np.ascontiguousarray(data[:, first : first + size])
            write(frame, mask, part.view(dtype).reshape(-1))

    return run


def _store_parameter(name: str, offset: int, reads: list[Read], dtype: np.dtype[Any]) -> Run:
    size = dtype.itemsize

    def run(frame: Frame, mask: Mask) -> None:
        data = frame.parameters.get(name)
        if data is None:
            data = frame.new_parameter(name)
        for k, read in enumerate(reads):
            value = np.broadcast_to(read(frame), frame.shape).copy().view(np.uint8).reshape(-1, size)
            place = data[:, offset + k * size : offset + (k + 1) * size]
            if place.shape != value.shape:
                raise trap(f"stores beyond the end of the parameter {name}")
            place[... if mask is None else mask] = value if mask is None else value[mask]

    return run


# Addresses ------------------------------------------------------------------------------------------------------------

_WINDOWS = {"shared": SHARED_WINDOW, "local": LOCAL_WINDOW, "global": 0, "const": 0, "param": 0}


@instruction("cvta")
def _convert_address(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    to_space, space, type_ = modifiers.take("to"), space_of(modifiers), modifiers.type()
    modifiers.finish()
    window = np.uint64(_WINDOWS[space])
    convert: Callable[..., Any] = (lambda a: a - window) if to_space else (lambda a: a + window)
    return decoder.elementwise(convert, operands, [type_], type_)


@instruction("isspacep")
def _is_in_space(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    space = space_of(modifiers)
    modifiers.finish()
    window = np.uint64(_WINDOWS[space] >> 60)
    return decoder.elementwise(lambda a: (a >> np.uint64(60)) == window, operands, ["u64"], "pred")


@instruction("prefetch", "prefetchu", "membar", "fence", "nanosleep", "griddepcontrol", "discard", "applypriority")
def _nothing(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    """Threads run in order and see each other's writes at once; hints have no effect."""
    return lambda frame, mask: None


# Atomic operations ----------------------------------------------------------------------------------------------------

_ATOMIC: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add, "and": operator.and_, "or": operator.or_, "xor": operator.xor, "exch": lambda old, new: new,
    "inc": lambda old, limit: old.dtype.type(0) if old >= limit else old + old.dtype.type(1),
    "dec": lambda old, limit: limit if old == 0 or old > limit else old - old.dtype.type(1),
}  # fmt: skip


def _atomic_function(modifiers: Modifiers, type_: str) -> tuple[str, Callable[..., Any]]:
    name = modifiers.one_of(*_ATOMIC, "min", "max", "cas")
    if name is None or (type_ == "bf16" and name != "exch"):
        raise modifiers.unknown("operation")
    if name == "cas":
        return name, lambda old, expected, new: new if old == expected else old
    if name in {"min", "max"}:
        if type_ in FLOATS:
            return name, values.minimum_float if name == "min" else values.maximum_float
        return name, min if name == "min" else max
    if name == "add" and type_ in {"f16x2", "bf16x2"}:
        raise modifiers.unknown("pairs")
    return name, _ATOMIC[name]


@instruction("atom", "red")
def _atomic(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    name, function = _atomic_function(modifiers, type_)
    space = space_of(modifiers)
    modifiers.take("noftz")
    modifiers.drop("L2::")
    modifiers.finish()
    returns = modifiers.name == "atom"
    write = decoder.write(operands[0], type_) if returns else None
    address = decoder.address(operands[1 if returns else 0])
    reads = [decoder.read(operand, type_) for operand in operands[2 if returns else 1 :]]
    if len(reads) != (2 if name == "cas" else 1):
        raise modifiers.unknown(f"{len(operands)} operands")
    dtype = DTYPES[type_]

    def run(frame: Frame, mask: Mask) -> None:
        lanes = frame.all_lanes if mask is None else frame.lanes(mask)
        arguments = [np.broadcast_to(read(frame), frame.shape) for read in reads]
        old = np.zeros(frame.shape, dtype)
        for region, places, who in frame.batch.spaces.places(space, address(frame), dtype.itemsize, lanes):
            view = region.view(dtype)
            for place, lane in zip((places // dtype.itemsize).tolist(), who.tolist(), strict=True):
                old[lane] = view[place]
                view[place] = function(view[place], *[argument[lane] for argument in arguments])
        if write:
            write(frame, mask, old)

    return run


# Asynchronous copies --------------------------------------------------------------------------------------------------


@instruction("cp")
def _copy(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    if not modifiers.take("async"):
        raise modifiers.unknown()
    if modifiers.take("commit_group"):
        modifiers.finish()
        return lambda frame, mask: frame.batch.copies.commit(frame.lanes(mask))
    if modifiers.take("wait_all"):
        modifiers.finish()
        return lambda frame, mask: frame.batch.copies.wait(frame.lanes(mask), None)
    if modifiers.take("wait_group"):
        modifiers.finish()
        count = decoder.read(operands[0], "u32")
        return lambda frame, mask: frame.batch.copies.wait(frame.lanes(mask), int(count(frame)))
    return _begin_copy(decoder, modifiers, operands)


def _begin_copy(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    modifiers.take("ca", "cg")
    modifiers.drop("L2::", "shared")
    if not modifiers.take("global"):
        raise modifiers.unknown("only from global to shared memory")
    modifiers.finish()
    target, source = decoder.address(operands[0]), decoder.address(operands[1])
    size = operands[2]
    amount = decoder.read(size, "u32")
    used = decoder.read(operands[3], "u32") if len(operands) > 3 else amount

    def run(frame: Frame, mask: Mask) -> None:
        lanes = frame.all_lanes if mask is None else frame.lanes(mask)
        read_size = np.broadcast_to(used(frame), frame.shape)
        frame.batch.copies.begin(target(frame), source(frame), int(amount(frame)), read_size, lanes)

    return run


@instruction("mapa", "getctarank")
def _cluster(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    raise modifiers.unknown("clusters")
