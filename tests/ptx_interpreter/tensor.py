"""Matrix products of warps, and the loads that prepare them.

Where each element lies among the 32 threads is described in the PTX ISA manual, section "Matrix fragments for mma".
With g = lane // 4 and t = lane % 4, thread by thread:

* operand A (16 rows) has, for every 4 columns of 32 or 64 bits, the elements (g, t) and (g + 8, t); 16-bit elements
  come in pairs of neighbouring columns 2 t, 2 t + 1, for every 8 columns;
* operand B (8 columns) has the element (t, g) for every 4 rows, or the pair of rows 2 t, 2 t + 1 for every 8 rows;
* C and D have the elements (g, 2 t), (g, 2 t + 1), (g + 8, 2 t), (g + 8, 2 t + 1).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from tests.ptx_interpreter import values
from tests.ptx_interpreter.decode import Decoder, Mask, Modifiers, Read, Run, instruction, trap
from tests.ptx_interpreter.execute import WARP, Frame
from tests.ptx_interpreter.parse import Operand
from tests.ptx_interpreter.transfers import space_of
from tests.ptx_interpreter.values import DTYPES, Array

Operands = Sequence[Operand]

_LANES = np.arange(WARP)
_GROUP, _MEMBER = _LANES // 4, _LANES % 4
_ELEMENTS = {"f16": 2, "bf16": 2, "tf32": 1, "f64": 1}
"""How many elements share a register."""
_DEPTHS = {"f16": {8, 16}, "bf16": {8, 16}, "tf32": {4, 8}, "f64": {4, 8, 16}}


def _warps(frame: Frame, read: Read) -> Array:
    """Return a register as an array over warps and their lanes."""
    if frame.batch.threads % WARP:
        raise trap(f"multiplies matrices in a block of {frame.batch.threads} threads, no multiple of {WARP}")
    return np.broadcast_to(read(frame), frame.shape).reshape(-1, WARP)


def _numbers(register: Array, type_: str) -> Array:
    """Return the elements in registers as float64, with one more axis at the end."""
    if type_ == "f64":
        return register.view(np.float64)[..., None]
    if type_ == "f32":
        return register.view(np.float32).astype(np.float64)[..., None]
    if type_ == "tf32":
        # The multiplier does not look at the last 13 bits.
        return (register & np.uint32(0xFFFFE000)).view(np.float32).astype(np.float64)[..., None]
    halves = np.ascontiguousarray(register)[..., None].view(np.uint16)
    return (values.from_bfloat16(halves) if type_ == "bf16" else halves.view(np.float16)).astype(np.float64)


def _gather_a(frame: Frame, reads: list[Read], type_: str, rows: int, depth: int) -> Array:
    matrix = np.zeros((frame.shape[0] // WARP, rows, depth))
    width = _ELEMENTS[type_]
    halves = rows // 8
    for number, read in enumerate(reads):
        row = _GROUP + 8 * (number % halves)
        elements = _numbers(_warps(frame, read), type_)
        for k in range(width):
            matrix[:, row, 4 * width * (number // halves) + width * _MEMBER + k] = elements[..., k]
    return matrix


def _gather_b(frame: Frame, reads: list[Read], type_: str, depth: int) -> Array:
    matrix = np.zeros((frame.shape[0] // WARP, depth, 8))
    width = _ELEMENTS[type_]
    for number, read in enumerate(reads):
        elements = _numbers(_warps(frame, read), type_)
        for k in range(width):
            matrix[:, 4 * width * number + width * _MEMBER + k, _GROUP] = elements[..., k]
    return matrix


def _gather_c(frame: Frame, reads: list[Read], type_: str, rows: int) -> Array:
    matrix = np.zeros((frame.shape[0] // WARP, rows, 8))
    elements = np.concatenate([_numbers(_warps(frame, read), type_) for read in reads], axis=-1)
    for number in range(rows // 4):
        matrix[:, _GROUP + 8 * (number // 2), 2 * _MEMBER + number % 2] = elements[..., number]
    return matrix


@instruction("mma")
def _multiply(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    """D = A B + C. Sums are formed in float64 and rounded once; the hardware's own order is not documented."""
    shape = modifiers.one_of("m16n8k4", "m16n8k8", "m16n8k16", "m8n8k4")
    c_type, b_type, a_type = modifiers.type(), modifiers.type(), modifiers.type()
    d_type = modifiers.type()
    known = modifiers.take("sync") and modifiers.take("aligned") and modifiers.take("row") and modifiers.take("col")
    if shape is None or not known or a_type != b_type or c_type != d_type or a_type not in _DEPTHS:
        raise modifiers.unknown("shape or types")
    modifiers.finish()
    rows, depth = (int(size) for size in re.findall(r"[mk](\d+)", shape))
    if depth not in _DEPTHS[a_type] or (rows == 8) != (shape == "m8n8k4") or (rows == 8 and a_type != "f64"):
        raise modifiers.unknown("shape")
    if c_type not in {"f64"} if a_type == "f64" else c_type not in {"f32", "f16"}:
        raise modifiers.unknown("accumulator")
    registers = [decoder.parts(operand) for operand in operands]
    types = [d_type, a_type, b_type, c_type]
    bits = ["b64" if type_ == "f64" else "b32" for type_ in types]
    writes = [decoder.write(part, bits[0]) for part in registers[0]]
    reads = [[decoder.read(part, bits[k]) for part in registers[k]] for k in (1, 2, 3)]
    counts = [len(part) for part in registers]
    results = rows // 4 // (2 if d_type == "f16" else 1)
    width = _ELEMENTS[a_type]
    if counts != [results, rows // 8 * depth // 4 // width, depth // 4 // width, results]:
        raise modifiers.unknown(f"{counts} registers")
    approximation, dtype = decoder.approximation, DTYPES[d_type]

    def run(frame: Frame, mask: Mask) -> None:
        a = _gather_a(frame, reads[0], a_type, rows, depth)
        b = _gather_b(frame, reads[1], b_type, depth)
        c = _gather_c(frame, reads[2], c_type, rows)
        if a_type == "f64":
            total = c
            for k in range(depth):
                left, right = np.broadcast_arrays(a[:, :, k, None], b[:, None, k, :])
                total = values.fma_double(left.ravel(), right.ravel(), total.ravel()).reshape(c.shape)
        else:
            size = np.abs(c) + np.abs(a) @ np.abs(b)
            total = approximation.round_sum(c + a @ b, size, dtype)
        for number, write in enumerate(writes):
            write(frame, mask, _scatter(total, number, d_type).ravel())

    return run


def _scatter(matrix: Array, register: int, type_: str) -> Array:
    """Return a register of the result, over warps and lanes."""
    if type_ != "f16":
        return np.ascontiguousarray(matrix[:, _GROUP + 8 * (register // 2), 2 * _MEMBER + register % 2])
    pair = [matrix[:, _GROUP + 8 * register, 2 * _MEMBER + k] for k in (0, 1)]
    return np.stack(pair, axis=-1).astype(np.float16).view(np.uint32)[..., 0]


@instruction("ldmatrix")
def _load_matrix(decoder: Decoder, modifiers: Modifiers, operands: Operands) -> Run:
    """Every thread of the first 8 * count gives the address of a row of 16 bytes."""
    known = modifiers.take("sync") and modifiers.take("aligned") and modifiers.take("m8n8") and modifiers.take("b16")
    count = int((modifiers.one_of("x1", "x2", "x4") or "x0")[1:])
    transposed = modifiers.take("trans")
    space = space_of(modifiers)
    modifiers.finish()
    targets = decoder.parts(operands[0])
    if not known or len(targets) != count:
        raise modifiers.unknown("shape")
    writes = [decoder.write(target, "b32") for target in targets]
    address = decoder.address(operands[1])

    def run(frame: Frame, mask: Mask) -> None:
        present = np.ones(frame.shape, np.bool_) if mask is None else mask
        lanes = np.flatnonzero(present & (frame.batch.lane_in_warp < 8 * count))
        rows = frame.batch.spaces.load(space, address(frame), lanes, DTYPES["u32"], 4)
        words = np.stack([row.reshape(-1, WARP) for row in rows], axis=-1)
        matrices = words[:, : 8 * count].copy().view(np.uint16).reshape(-1, count, 8, 8)
        if transposed:
            matrices = matrices.swapaxes(2, 3)
        for number, write in enumerate(writes):
            low, high = (matrices[:, number, _GROUP, 2 * _MEMBER + k].astype(np.uint32) for k in (0, 1))
            write(frame, mask, (low | (high << np.uint32(16))).ravel())

    return run
