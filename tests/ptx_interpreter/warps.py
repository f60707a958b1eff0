"""Instructions in which the threads of a warp or a block take part together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tests.ptx_interpreter.decode import Decoder, Mask, Modifiers, Run, instruction, trap
from tests.ptx_interpreter.execute import Frame
from tests.ptx_interpreter.parse import Immediate, Operand, Pair
from tests.ptx_interpreter.values import Array

Operands = Sequence[Operand]
Members = Callable[[Frame, Array], Array]
"""Given the threads that arrived, the lanes of those whose partners are all there."""

WARP = 32


def complete_blocks(frame: Frame, arrived: Array) -> Array:
    """Return which of the arrived threads belong to blocks that arrived as a whole."""
    whole = arrived.reshape(frame.batch.rows, -1).all(axis=1)
    return np.repeat(whole, frame.batch.threads)


def complete_warps(decoder: Decoder, operand: Operand) -> Members:
    """Return the function that finds the threads whose warp has all members that the mask operand names."""
    read = decoder.read(operand, "b32")

    def complete(frame: Frame, arrived: Array) -> Array:
        batch = frame.batch
        members = np.broadcast_to(read(frame), frame.shape)
        own = (members >> batch.lane_in_warp) & np.uint32(1)
        if (arrived & (own == 0)).any():
            raise trap("takes part in a warp instruction whose mask does not name it")
        present = batch.warp_bits(arrived)[batch.warp_of_lane]
        wanted = members & batch.existing_bits[batch.warp_of_lane]
        return arrived & ((present & wanted) == wanted)

    return complete


# Barriers -------------------------------------------------------------------------------------------------------------


def collective(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Members | None:
    """Return who must be there before an instruction runs, or None for instructions of single threads."""
    if modifiers.name in {"bar", "barrier"} and not modifiers.take("warp"):
        return complete_blocks
    if modifiers.name in {"mma", "ldmatrix"}:
        return complete_warps(decoder, Immediate(0xFFFFFFFF))
    place = _MEMBERS.get(modifiers.name)
    return None if place is None else complete_warps(decoder, operands[place])


_MEMBERS = {"bar": 0, "barrier": 0, "shfl": 4, "vote": 2, "redux": 2}
"""Where the mask of the members is among the operands."""


@instruction("bar", "barrier")
def _barrier(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    modifiers.take("cta")
    if modifiers.take("warp"):
        modifiers.take("sync")
        modifiers.finish()
        return lambda frame, mask: frame.batch.synchronise_warps(frame.lanes(mask))
    if modifiers.take("red"):
        return _barrier_vote(decoder, modifiers, operands)
    if not modifiers.take("sync"):
        raise modifiers.unknown("only .sync and .red")
    modifiers.take("aligned")
    modifiers.finish()
    if len(operands) != 1 or not isinstance(operands[0], Immediate):
        raise modifiers.unknown("only whole blocks can be synchronised, with a constant barrier number")
    return lambda frame, mask: frame.batch.synchronise_blocks(frame.lanes(mask))


def _barrier_vote(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    kind = modifiers.one_of("and", "or", "popc")
    modifiers.take("aligned")
    type_ = modifiers.one_of("pred", "u32") or "pred"
    modifiers.finish()
    if kind is None or len(operands) != 3:
        raise modifiers.unknown("reduction")
    write = decoder.write(operands[0], type_)
    read = decoder.read(operands[2], "pred")

    def run(frame: Frame, mask: Mask) -> None:
        frame.batch.synchronise_blocks(frame.lanes(mask))
        votes = np.broadcast_to(read(frame), frame.shape).reshape(frame.batch.rows, -1)
        found = {"and": votes.all(1), "or": votes.any(1), "popc": votes.sum(1, dtype=np.uint32)}[kind]
        write(frame, mask, np.repeat(found, frame.batch.threads))

    return run


# Exchange within a warp -----------------------------------------------------------------------------------------------


@instruction("shfl")
def _shuffle(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    if not modifiers.take("sync"):
        raise modifiers.unknown("needs .sync")
    type_ = modifiers.type()
    mode = modifiers.one_of("up", "down", "bfly", "idx")
    modifiers.finish()
    target = operands[0]
    pair = isinstance(target, Pair)
    write = decoder.write(target.first if isinstance(target, Pair) else target, type_)
    write_predicate = decoder.write(target.second, "pred") if isinstance(target, Pair) else None
    read = decoder.read(operands[1], type_)
    amount, clamp = decoder.read(operands[2], "u32"), decoder.read(operands[3], "u32")

    def run(frame: Frame, mask: Mask) -> None:
        batch = frame.batch
        own = batch.lane_in_warp.astype(np.int64)
        shift = np.broadcast_to(amount(frame), frame.shape).astype(np.int64) & 31
        limits = np.broadcast_to(clamp(frame), frame.shape).astype(np.int64)
        segment, bound = (limits >> 8) & 31, limits & 31
        last = (own & segment) | (bound & ~segment)
        first = own & segment
        if mode == "up":
            source = own - shift
            inside = source >= last
        elif mode == "idx":
            source = first | (shift & ~segment)
            inside = source <= last
        else:
            source = own + shift if mode == "down" else own ^ shift
            inside = source <= last
        source = np.where(inside, source, own)
        place = batch.warp_first + source
        _check_sources(frame, mask, place)
        value = np.broadcast_to(read(frame), frame.shape)
        write(frame, mask, value[np.minimum(place, value.size - 1)])
        if pair and write_predicate:
            write_predicate(frame, mask, inside)

    return run


def _check_sources(frame: Frame, mask: Mask, place: Array) -> None:
    """Values of threads that do not take part are undefined."""
    present = np.ones(frame.shape, np.bool_) if mask is None else mask
    batch = frame.batch
    beyond = (place >= present.size) | (batch.warp_of_lane[np.minimum(place, present.size - 1)] != batch.warp_of_lane)
    bad = present & (beyond | ~present[np.minimum(place, present.size - 1)])
    if bad.any():
        fault = trap("takes a value from a thread that does not take part in the exchange")
        fault.lane = int(bad.argmax())
        raise fault


@instruction("activemask")
def _active_mask(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    type_ = modifiers.type()
    modifiers.finish()
    write = decoder.write(operands[0], type_)

    def run(frame: Frame, mask: Mask) -> None:
        batch = frame.batch
        present = np.ones(frame.shape, np.bool_) if mask is None else mask
        write(frame, mask, batch.warp_bits(present)[batch.warp_of_lane])

    return run


@instruction("vote")
def _vote(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    if not modifiers.take("sync"):
        raise modifiers.unknown("needs .sync")
    kind = modifiers.one_of("all", "any", "uni", "ballot")
    type_ = modifiers.type()
    modifiers.finish()
    write = decoder.write(operands[0], type_)
    read = decoder.read(operands[1], "pred")

    def run(frame: Frame, mask: Mask) -> None:
        batch = frame.batch
        present = np.ones(frame.shape, np.bool_) if mask is None else mask
        here = batch.warp_bits(present)[batch.warp_of_lane]
        ballot = batch.warp_bits(present & read(frame))[batch.warp_of_lane]
        found = {
            "all": ballot == here,
            "any": ballot != 0,
            "uni": (ballot == here) | (ballot == 0),
            "ballot": ballot,
        }[str(kind)]
        write(frame, mask, found)

    return run


_REDUCTIONS: dict[str, Any] = {
    "add": np.add, "min": np.minimum, "max": np.maximum, "and": np.bitwise_and, "or": np.bitwise_or,
    "xor": np.bitwise_xor,
}  # fmt: skip


@instruction("redux")
def _reduce(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    if not modifiers.take("sync"):
        raise modifiers.unknown("needs .sync")
    name, type_ = modifiers.one_of(*_REDUCTIONS), modifiers.type()
    modifiers.finish()
    if name is None or type_ not in {"u32", "s32", "b32"}:
        raise modifiers.unknown("operation")
    write, read = decoder.write(operands[0], type_), decoder.read(operands[1], type_)

    def run(frame: Frame, mask: Mask) -> None:
        value = np.broadcast_to(read(frame), frame.shape)
        result = np.zeros(frame.shape, value.dtype)
        warps = frame.batch.warp_of_lane
        present = np.ones(frame.shape, np.bool_) if mask is None else mask
        for warp in np.unique(warps[present]):
            chosen = present & (warps == warp)
            result[chosen] = _REDUCTIONS[name].reduce(value[chosen], dtype=value.dtype)
        write(frame, mask, result)

    return run
