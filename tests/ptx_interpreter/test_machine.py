"""Hand-written PTX on the interpreter: threads that diverge, memory, warps, matrices."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.ptx_interpreter.errors import (
    EndlessError,
    ExecutionError,
    OutOfBoundsError,
    TrapError,
)
from tests.ptx_interpreter.machine import Checks, PtxMachine
from tests.ptx_interpreter.small_programs import ADD, HEADER, STORE, compile_to_ptx, run
from tests.ptx_interpreter.values import from_bfloat16, to_bfloat16, to_tensor_float

# Control --------------------------------------------------------------------------------------------------------------


def test_threads_diverge_and_meet() -> None:
    """The Collatz length of each thread's number: a different number of rounds, and two paths in each."""
    body = f"""
        add.u32 %r2, %t, 1; mov.u32 %r1, 0;
    loop:
        setp.eq.u32 %p1, %r2, 1;
        @%p1 bra done;
        add.u32 %r1, %r1, 1;
        and.b32 %r3, %r2, 1;
        setp.eq.u32 %p2, %r3, 0;
        @!%p2 bra odd;
        shr.u32 %r2, %r2, 1;
        bra.uni loop;
    odd:
        mad.lo.u32 %r2, %r2, 3, 1;
        bra loop;
    done:
        {STORE}"""

    def rounds(n: int) -> int:
        count = 0
        while n != 1:
            n, count = (n // 2 if n % 2 == 0 else 3 * n + 1), count + 1
        return count

    assert run(body, 64).tolist() == [rounds(t + 1) for t in range(64)]


def test_guards() -> None:
    body = f"""
        setp.lt.u32 %p1, %t, 5;
        mov.u32 %r1, 1;
        @%p1 mov.u32 %r1, 2;
        @!%p1 add.u32 %r1, %r1, %t;
        setp.gt.u32 %p2, %t, 50;
        @%p2 exit;
        {STORE}"""
    assert run(body, 64).tolist() == [2] * 5 + [1 + t for t in range(5, 51)] + [-1] * 13


def test_special_registers() -> None:
    body = """
        mov.u32 %r1, %tid.y; mov.u32 %r2, %ntid.x; mov.u32 %r3, %ctaid.x; mov.u32 %r4, %ctaid.y;
        mad.lo.u32 %r5, %r1, %r2, %t;
        mov.u32 %r6, %nctaid.x; mad.lo.u32 %r7, %r4, %r6, %r3;
        mad.lo.u32 %r8, %r7, 8, %r5;
        mad.lo.u32 %r9, %r3, 10, %t; mad.lo.u32 %r9, %r4, 100, %r9; mad.lo.u32 %r9, %r1, 1000, %r9;
        mad.wide.u32 %rd1, %r8, 4, %out; st.global.u32 [%rd1], %r9;"""
    found = run(body, (4, 2), (3, 2), 48).reshape(2, 3, 2, 4)
    y, x, j, i = np.ogrid[:2, :3, :2, :4]
    assert (found == i + 10 * x + 100 * y + 1000 * j).all()


@pytest.mark.parametrize(
    ("register", "expected"),
    [
        ("%laneid", lambda t: t % 32),
        ("%warpid", lambda t: t // 32),
        ("%nwarpid", lambda t: 2),
        ("%lanemask_lt", lambda t: 2 ** (t % 32) - 1),
        ("%lanemask_le", lambda t: 2 ** (t % 32 + 1) - 1),
        ("%lanemask_eq", lambda t: 2 ** (t % 32)),
        ("%lanemask_ge", lambda t: 2**32 - 2 ** (t % 32)),
        ("%lanemask_gt", lambda t: 2**32 - 2 ** (t % 32 + 1)),
        ("%ntid.z", lambda t: 1),
        ("%dynamic_smem_size", lambda t: 0),
    ],
)
def test_registers_of_warps(register: str, expected: Callable[[int], int]) -> None:
    found = run(f"mov.u32 %r1, {register}; {STORE}", 64).view(np.uint32)
    assert found.tolist() == [expected(t) for t in range(64)]


def test_nested_scopes_rename() -> None:
    body = f"""
        mov.u32 %r1, 5;
        {{ .reg .b32 %r1; .reg .pred q; mov.u32 %r1, 7; setp.eq.u32 q, %r1, 7; selp.u32 %r2, 1, 0, q; }}
        {{ .reg .b64 %r1; mov.u64 %r1, 9; }}
        add.u32 %r1, %r1, %r2;
        {STORE}"""
    assert run(body, 4, values=4).tolist() == [6] * 4


def test_an_endless_loop_ends() -> None:
    machine = PtxMachine(Checks(instruction_limit=1000))
    with pytest.raises(EndlessError, match=r"more than 1000 instructions. Line \d+: bra forever"):
        run("forever: bra forever;", machine=machine)


def test_trap() -> None:
    with pytest.raises(
        TrapError, match=r"thread \(3, 0, 0\) of block \(0, 0, 0\) stops the kernel. Line \d+: @%p1 trap"
    ):
        run("setp.eq.u32 %p1, %t, 3; @%p1 trap;")


# Memory ---------------------------------------------------------------------------------------------------------------


def test_spaces_and_vectors() -> None:
    declarations = """
        .extern .shared .align 16 .b8 dynamic[];
        .shared .align 4 .b8 fixed[12];
        .const .align 4 .u32 numbers[3] = {7, 8, 0x9};
        .global .align 8 .u64 pointer = generic(numbers)+4;
        .global .align 4 .f32 real = 0f40000000;"""
    body = f"""
        .local .align 16 .b8 own[32];
        mov.u64 %rd1, dynamic; mad.wide.u32 %rd1, %t, 16, %rd1;
        mov.u32 %r2, 3;
        st.shared.v4.u32 [%rd1], {{%t, %r2, 5, %t}};
        ld.shared.v2.u32 {{%r3, %r4}}, [%rd1+8];
        cvta.shared.u64 %rd2, %rd1;
        ld.v2.b32 {{%r5, %r6}}, [%rd2];
        mov.u64 %rd3, own; cvta.local.u64 %rd4, %rd3;
        st.u32 [%rd4+4], %t; ld.local.u32 %r7, [own+4];
        ld.const.u32 %r8, [numbers+8];
        mov.u64 %rd5, pointer; ld.global.nc.L1::no_allocate.u64 %rd6, [%rd5]; ld.u32 %r9, [%rd6];
        ld.global.f32 %f1, [real]; cvt.rzi.u32.f32 %r10, %f1;
        st.local.u8 [%rd3], 200; ld.local.s8 %r11, [%rd3]; ld.local.u8 %r12, [%rd3];
        isspacep.shared %p1, %rd2; isspacep.local %p2, %rd2;
        selp.u32 %r13, 1000, 0, %p1; selp.u32 %r14, 5000, 0, %p2;
        add.u32 %r1, %r3, %r4; add.u32 %r1, %r1, %r5; add.u32 %r1, %r1, %r6; add.u32 %r1, %r1, %r7;
        add.u32 %r1, %r1, %r8; add.u32 %r1, %r1, %r9; add.u32 %r1, %r1, %r10; add.u32 %r1, %r1, %r11;
        add.u32 %r1, %r1, %r12; add.u32 %r1, %r1, %r13; add.u32 %r1, %r1, %r14;
        {STORE}"""
    found = run(body, 64, declarations=declarations, shared_bytes=1024)
    assert found.tolist() == [5 + t + t + 3 + t + 9 + 8 + 2 - 56 + 200 + 1000 for t in range(64)]


def test_one_instruction_may_reach_several_spaces() -> None:
    declarations = ".shared .align 4 .b8 buffer[256];"
    body = f"""
        mov.u64 %rd1, buffer; cvta.shared.u64 %rd1, %rd1; mad.wide.u32 %rd1, %t, 4, %rd1;
        mad.wide.u32 %rd2, %t, 4, %out; add.u64 %rd2, %rd2, 256;
        setp.lt.u32 %p1, %t, 20; selp.b64 %rd3, %rd1, %rd2, %p1;
        st.u32 [%rd3], %t; ld.u32 %r1, [%rd3]; add.u32 %r1, %r1, 100;
        {STORE}"""
    found = run(body, 64, values=128, declarations=declarations)
    assert found[:64].tolist() == [100 + t for t in range(64)]
    assert found[64:].tolist() == [-1] * 20 + list(range(20, 64))


def test_memory_that_exists_already() -> None:
    machine = PtxMachine()
    numbers = np.arange(9, dtype=np.float32)
    part = numbers[1:]
    machine.adopt(part.ctypes.data, part.nbytes, numbers)
    module = machine.load(compile_to_ptx(ADD))
    address = part.ctypes.data
    module.launch("add", 1, 32, 0, [8, address, address, address])
    assert numbers.tolist() == [0, *range(2, 18, 2)]
    with pytest.raises(ValueError, match="overlap another allocation"):
        machine.adopt(numbers.ctypes.data, numbers.nbytes)
    with pytest.raises(
        OutOfBoundsError, match=r"accesses 4 bytes at 0x[0-9a-f]+, 0 bytes after the end of host memory"
    ):
        module.launch("add", 1, 32, 0, [9, address, address, address])
    machine.free(address)
    with pytest.raises(ValueError, match="is not the address of an allocation"):
        machine.free(address)


def test_host_copies_are_checked() -> None:
    machine = PtxMachine()
    address = machine.allocate(16)
    assert np.isnan(machine.get(address, 4, np.float32)).all()
    with pytest.raises(ValueError, match=r"32 bytes at 0x[0-9a-f]+ are not inside one allocation"):
        machine.read(address, 32)
    with pytest.raises(ValueError, match="are not inside one allocation"):
        machine.write(address + 12, bytes(8))
    with pytest.raises(ValueError, match="at least 1 byte, not 0"):
        machine.allocate(0)


@pytest.mark.parametrize(
    ("operation", "type_", "start", "expected"),
    [
        ("add", "u32", 0, sum(range(64))),
        ("add", "f32", 0, sum(range(64))),
        ("add", "f64", 0, sum(range(64))),
        ("min", "s32", 5, 0),
        ("max", "u64", 5, 63),
        ("or", "b32", 0, 63),
        ("and", "b32", 0xFF, 0),
        ("xor", "b32", 1, 1),
        ("inc", "u32", 0, None),
        ("exch", "b32", 9, 63),
    ],
)
def test_atomic_operations(operation: str, type_: str, start: int, expected: int | None) -> None:
    if expected is None:
        expected = 0
        for t in range(64):
            expected = 0 if expected >= t else expected + 1
    size = int(type_[1:])
    convert = {"f32": "cvt.rn.f32.u32 %f1, %t;", "f64": "cvt.rn.f64.u32 %d1, %t;"}.get(type_, "cvt.u64.u32 %d1, %t;")
    value = {"f32": "%f1", "f64": "%d1", "u64": "%d1"}.get(type_, "%t")
    machine = PtxMachine()
    dtype = np.dtype({"b": "u", "u": "u", "s": "i", "f": "f"}[type_[0]] + str(size // 8))
    module = machine.load(f"""{HEADER}
        .visible .entry test(.param .u64 out) {{
            .reg .b32 %t; .reg .f32 %f1; .reg .b64 %d<3>; .reg .b64 %rd1;
            mov.u32 %t, %tid.x; {convert}
            ld.param.u64 %rd1, [out];
            red.relaxed.gpu.global.{operation}.{type_} [%rd1], {value};
            ret;
        }}""")
    out = machine.put(np.array([start], dtype))
    module.launch("test", 1, 64, 0, [out])
    assert machine.get(out, 1, dtype)[0] == expected


def test_atomic_operations_return_the_old_value() -> None:
    body = f"""
        atom.global.add.u32 %r1, [%out+512], 2;
        atom.cas.b32 %r2, [%out+516], 0xFFFFFFFF, %t;
        atom.global.cas.b32 %r3, [%out+516], 77, %t;
        mad.lo.u32 %r1, %r2, 1000, %r1;
        {STORE}"""
    found = run(body, 64, values=130)
    assert found[:64].tolist() == [-1001] + [2 * t - 1 for t in range(1, 64)]
    assert found[128:].tolist() == [127, 0]


# Warps ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "clamp", "source"),
    [
        ("bfly", 31, lambda t: t ^ 5),
        ("up", 0, lambda t: t - 5 if t % 32 >= 5 else t),
        ("down", 31, lambda t: t + 5 if t % 32 < 27 else t),
        ("idx", 31, lambda t: t // 32 * 32 + 5),
        ("idx", 31 | 24 << 8, lambda t: t // 8 * 8 + 5),
        ("down", 31 | 24 << 8, lambda t: t + 5 if t % 8 < 3 else t),
    ],
)
def test_exchange_within_a_warp(mode: str, clamp: int, source: Callable[[int], int]) -> None:
    body = f"""
        mul.lo.u32 %r2, %t, 3;
        shfl.sync.{mode}.b32 %r1|%p1, %r2, 5, {clamp}, 0xffffffff;
        selp.u32 %r3, 1000, 0, %p1; add.u32 %r1, %r1, %r3;
        {STORE}"""
    expected = [3 * source(t) + (1000 if source(t) != t or mode in ("bfly", "idx") else 0) for t in range(64)]
    assert run(body, 64).tolist() == expected


def test_votes() -> None:
    body = f"""
        setp.lt.u32 %p1, %t, 3;
        vote.sync.ballot.b32 %r2, %p1, 0xffffffff;
        vote.sync.any.pred %p2, %p1, -1; vote.sync.all.pred %p3, %p1, -1; vote.sync.uni.pred %p4, %p1, -1;
        selp.u32 %r3, 100, 0, %p2; selp.u32 %r4, 1000, 0, %p3; selp.u32 %r5, 10000, 0, %p4;
        add.u32 %r1, %r2, %r3; add.u32 %r1, %r1, %r4; add.u32 %r1, %r1, %r5;
        @%p1 activemask.b32 %r6; @%p1 add.u32 %r1, %r1, %r6;
        redux.sync.max.u32 %r7, %t, 0xffffffff; mad.lo.u32 %r1, %r7, 100000, %r1;
        {STORE}"""
    first = 7 + 100 + 3100000
    assert run(body, 64).tolist() == [first + 7] * 3 + [first] * 29 + [6310000] * 32


def test_part_of_a_warp_may_exchange() -> None:
    body = f"""
        mov.u32 %r1, 0;
        setp.ge.u32 %p1, %t, 8;
        @%p1 bra skip;
        shfl.sync.bfly.b32 %r1, %t, 1, 31, 0xff;
    skip:
        {STORE}"""
    assert run(body, 32, values=32).tolist() == [t ^ 1 for t in range(8)] + [0] * 24


def test_exchange_waits_for_threads_that_come_later() -> None:
    """The second half reaches the instruction through a longer path that lies behind it."""
    body = f"""
        setp.ge.u32 %p1, %t, 16;
        mov.u32 %r2, 1;
        @%p1 bra longer;
    meet:
        shfl.sync.bfly.b32 %r1, %r2, 16, 31, 0xffffffff;
        bra end;
    longer:
        mov.u32 %r2, 2;
        bra meet;
    end:
        {STORE}"""
    assert run(body, 32, values=32).tolist() == [2] * 16 + [1] * 16


@pytest.mark.parametrize(
    ("instruction", "message"),
    [
        (
            "@%p1 shfl.sync.bfly.b32 %r1, %t, 1, 31, -1;",
            r"waits for partners that never come: 8 threads .* 24 have returned",
        ),
        ("@%p1 shfl.sync.bfly.b32 %r1, %t, 8, 31, 0xff;", "takes a value from a thread that does not take part"),
        ("shfl.sync.bfly.b32 %r1, %t, 1, 31, 0xff;", "whose mask does not name it"),
    ],
)
def test_wrong_exchanges(instruction: str, message: str) -> None:
    with pytest.raises(ExecutionError, match=message):
        run(f"setp.lt.u32 %p1, %t, 8; {instruction}")


def test_barriers_that_reduce() -> None:
    body = f"""
        setp.lt.u32 %p1, %t, 5;
        barrier.cta.red.popc.aligned.u32 %r1, 0, %p1;
        bar.red.or.pred %p2, 0, %p1; bar.red.and.pred %p3, 0, %p1;
        selp.u32 %r2, 10, 0, %p2; selp.u32 %r3, 100, 0, %p3;
        add.u32 %r1, %r1, %r2; add.u32 %r1, %r1, %r3;
        {STORE}"""
    assert run(body, 64).tolist() == [15] * 64


# Matrices -------------------------------------------------------------------------------------------------------------


_CODE: dict[str, tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]] = {
    "f16": (lambda x: x.astype(np.float16), lambda x: x.astype(np.float64)),
    "f32": (lambda x: x.astype(np.float32), lambda x: x.astype(np.float64)),
    "f64": (lambda x: x, lambda x: x),
    "bf16": (lambda x: to_bfloat16(x.astype(np.float32)), lambda x: from_bfloat16(x).astype(np.float64)),
    "tf32": (lambda x: to_tensor_float(x.astype(np.float32), "rna"), lambda x: x.view(np.float32).astype(np.float64)),
}
"""To the bits of each type, and back to float64."""

Place = tuple[np.ndarray, np.ndarray]


def _fragments(shape: tuple[int, int, int], type_: str) -> tuple[list[Place], list[Place], list[Place]]:
    """Rows and columns of the elements of A, B and C in each thread, copied from the manual."""
    rows, columns, depth = shape
    lane = np.arange(32)
    g, t = lane // 4, lane % 4
    counts = rows * depth // 32, depth * columns // 32
    if type_ in ("f16", "bf16"):
        of_a = [(g + 8 * (i // 2 % 2), 2 * t + i % 2 + 8 * (i // 4)) for i in range(counts[0])]
        of_b = [(2 * t + i % 2 + 8 * (i // 2), g) for i in range(counts[1])]
    else:
        halves = rows // 8
        of_a = [(g + 8 * (i % halves), t + 4 * (i // halves)) for i in range(counts[0])]
        of_b = [(t + 4 * i, g) for i in range(counts[1])]
    of_c = [(g + 8 * (i // 2), 2 * t + i % 2) for i in range(rows * columns // 32)]
    return of_a, of_b, of_c


def _matrix_kernel(operation: str, bits: int, counts: list[int]) -> str:
    """Load the registers of A, B and C, so many for each, and store those of D."""
    lines = [f".reg .b{bits} %x<64>; .reg .b64 %rd<4>; .reg .b32 %t; mov.u32 %t, %tid.x;"]
    groups = []
    used = 0
    for k, count in enumerate(counts):
        names = [f"%x{used + i}" for i in range(count)]
        used += count
        groups.append(f"{{{', '.join(names)}}}")
        lines.append(f"ld.param.u64 %rd{k}, [p{k}]; mad.wide.u32 %rd{k}, %t, {count * bits // 8}, %rd{k};")
        if k < 3:
            lines += [f"ld.global.b{bits} {name}, [%rd{k}+{i * bits // 8}];" for i, name in enumerate(names)]
        else:
            lines.append(f"{operation} {groups[3]}, {groups[0]}, {groups[1]}, {groups[2]};")
            lines += [f"st.global.b{bits} [%rd3+{i * bits // 8}], {name};" for i, name in enumerate(names)]
    parameters = ", ".join(f".param .u64 p{k}" for k in range(4))
    return f"{HEADER}.visible .entry test({parameters}) {{ {' '.join(lines)} ret; }}"


def _check_matrix_product(
    shape: tuple[int, int, int], type_: str, accumulator: str, inaccuracy: int | None = None
) -> None:
    """Store fragments as the manual lays them out, multiply, and compare with NumPy."""
    rows, columns, depth = shape
    generator = np.random.default_rng(3)
    sizes = ((rows, depth), (depth, columns), (rows, columns))
    types = (type_, type_, accumulator)
    a, b, c = (_CODE[kind][0](generator.normal(size=size)) for kind, size in zip(types, sizes, strict=True))
    bits, word = (64, np.uint64) if type_ == "f64" else (32, np.uint32)
    places = _fragments(shape, type_)
    inputs = [
        np.ascontiguousarray(np.stack([matrix[place] for place in of], axis=-1)).view(word)
        for matrix, of in zip((a, b, c), places, strict=True)
    ]
    counts = [part.shape[1] for part in inputs]
    operation = f"mma.sync.aligned.m{rows}n{columns}k{depth}.row.col.{accumulator}.{type_}.{type_}.{accumulator}"
    machine = PtxMachine(inaccuracy=inaccuracy)
    module = machine.load(_matrix_kernel(operation, bits, [*counts, counts[2]]))
    out = machine.allocate(inputs[2].nbytes)
    module.launch("test", 1, 32, 0, [*(machine.put(part) for part in inputs), out])
    found = machine.get(out, inputs[2].shape, word).view(c.dtype)
    result = np.zeros((rows, columns), c.dtype)
    for i, place in enumerate(places[2]):
        result[place] = found[:, i]
    a, b, exact_c = (_CODE[kind][1](matrix) for kind, matrix in zip(types, (a, b, c), strict=True))
    size = np.abs(a) @ np.abs(b) + np.abs(exact_c)
    roundings = depth if type_ == "f64" else 3 if inaccuracy else 1
    assert (np.abs(result - (a @ b + exact_c)) <= roundings * np.finfo(c.dtype).eps * size).all()


@pytest.mark.parametrize(
    ("shape", "type_", "accumulator"),
    [
        ((16, 8, 4), "tf32", "f32"),
        ((16, 8, 8), "tf32", "f32"),
        ((16, 8, 8), "f16", "f32"),
        ((16, 8, 16), "f16", "f32"),
        ((16, 8, 16), "f16", "f16"),
        ((16, 8, 8), "bf16", "f32"),
        ((16, 8, 16), "bf16", "f32"),
        ((8, 8, 4), "f64", "f64"),
        ((16, 8, 16), "f64", "f64"),
    ],
)
def test_matrix_products(shape: tuple[int, int, int], type_: str, accumulator: str) -> None:
    _check_matrix_product(shape, type_, accumulator)
    if accumulator == "f32":
        _check_matrix_product(shape, type_, accumulator, inaccuracy=1)


@pytest.mark.parametrize("transposed", [False, True])
def test_loads_of_matrices(transposed: bool) -> None:
    """Four 8 x 8 matrices of 16 bits: number 64 m + 8 row + column."""
    body = f"""
        mov.u32 %r4, buffer; mad.lo.u32 %r5, %t, 16, %r4;
        mul.lo.u32 %r1, %t, 8; mov.u32 %r6, 0;
    fill:
        add.u32 %r2, %r1, 1; shl.b32 %r2, %r2, 16; or.b32 %r2, %r2, %r1; st.shared.b32 [%r5], %r2;
        add.u32 %r5, %r5, 4; add.u32 %r1, %r1, 2; add.u32 %r6, %r6, 1; setp.lt.u32 %p1, %r6, 4;
        @%p1 bra fill;
        bar.sync 0;
        mad.lo.u32 %r5, %t, 16, %r4;
        ldmatrix.sync.aligned.m8n8.x4{".trans" if transposed else ""}.shared.b16 {{%r10, %r11, %r12, %r13}}, [%r5];
        mad.wide.u32 %rd1, %t, 16, %out; st.global.v4.b32 [%rd1], {{%r10, %r11, %r12, %r13}};"""
    found = (
        run(body, 32, values=128, declarations=".shared .align 16 .b8 buffer[512];").view(np.uint16).reshape(32, 4, 2)
    )
    for lane in range(32):
        for matrix in range(4):
            for k in range(2):
                row, column = lane // 4, 2 * (lane % 4) + k
                if transposed:
                    row, column = column, row
                assert found[lane, matrix, k] == 64 * matrix + 8 * row + column
