"""The PTX interpreter: what LLVM and hand-written PTX compute on it, and the mistakes it must find."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import pytest
from llvmlite import ir

from pairfold.codegen.vectormath import ACCURACY_ULP, FUNCTIONS, VectorMath
from tests.codegen.drivers import compiled, machines
from tests.codegen.samples import NAMES, samples
from tests.codegen.ulps import assert_same_bits, assert_within
from tests.ptx_interpreter.errors import (
    DivergenceError,
    EndlessError,
    ExecutionError,
    LaunchError,
    MisalignedError,
    OutOfBoundsError,
    PtxSyntaxError,
    RaceError,
    TrapError,
    UninitialisedError,
)
from tests.ptx_interpreter.machine import Checks, PtxMachine
from tests.ptx_interpreter.values import from_bfloat16, to_bfloat16, to_tensor_float


@functools.cache
def _target(processor: str) -> llvm.TargetMachine:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    try:
        target = llvm.Target.from_triple("nvptx64-nvidia-cuda")
    except RuntimeError:
        pytest.skip("this LLVM has no code generator for NVPTX")
    return target.create_target_machine(cpu=processor, features="+ptx80", opt=3)


def compile_to_ptx(text: str, processor: str = "sm_80") -> str:
    """The PTX of a module of LLVM text."""
    machine = _target(processor)
    module = llvm.parse_assembly(text)
    module.triple = "nvptx64-nvidia-cuda"
    module.data_layout = str(machine.target_data)
    module.verify()
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=3))
    builder.getModulePassManager().run(module, builder)
    return str(machine.emit_assembly(module))


def _kernel_of(name: str, dtype: str) -> str:
    """The PTX of a kernel that applies a function to arrays: count, inputs, output."""
    module = ir.Module()
    element = ir.FloatType() if dtype == "float32" else ir.DoubleType()
    function = VectorMath(module, 1, dtype, frozenset({"fma"})).function(name)
    arity = FUNCTIONS[name][1]
    index = ir.IntType(32)
    pointer = element.as_pointer(1)
    kernel = ir.Function(module, ir.FunctionType(ir.VoidType(), [index, *[pointer] * (arity + 1)]), "apply")
    kernel.calling_convention = "ptx_kernel"
    builder = ir.IRBuilder(kernel.append_basic_block("entry"))
    special = {}
    for register in ("tid", "ctaid", "ntid"):
        full_name = f"llvm.nvvm.read.ptx.sreg.{register}.x"
        special[register] = builder.call(ir.Function(module, ir.FunctionType(index, []), full_name), [])
    place = builder.add(builder.mul(special["ctaid"], special["ntid"]), special["tid"])
    with builder.if_then(builder.icmp_unsigned("<", place, kernel.args[0])):
        values = [builder.load(builder.gep(array, [place])) for array in kernel.args[1:-1]]
        builder.store(builder.call(function, values), builder.gep(kernel.args[-1], [place]))
    builder.ret_void()
    return compile_to_ptx(str(module))


def _apply(name: str, dtype: str, arguments: list[np.ndarray]) -> np.ndarray:
    machine = PtxMachine()
    module = machine.load(_kernel_of(name, dtype))
    count = arguments[0].size
    inputs = [machine.put(argument.astype(dtype)) for argument in arguments]
    output = machine.allocate(count * np.dtype(dtype).itemsize)
    module.launch("apply", -(-count // 256), 256, 0, [count, *inputs, output])
    return machine.get(output, count, dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NAMES)
def test_functions_of_pairfold(name: str, dtype: str) -> None:
    sample = samples(name, dtype)
    assert_within(_apply(name, dtype, list(sample.arguments)), sample.expected, ACCURACY_ULP[name][dtype])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_functions_agree_with_the_cpu_bit_by_bit(name: str, dtype: str) -> None:
    """The same LLVM code, on special values and on numbers of all sizes."""
    host = machines().get("avx2")
    if host is None:
        pytest.skip("this processor has no fused multiply-add")
    limits = np.finfo(dtype)
    special = [0.0, 0.5, 1.0, 1.5, 3.0, 80.0, 1e4, 1e30, limits.tiny, limits.smallest_subnormal, limits.max, np.inf]
    generator = np.random.default_rng(0)
    with np.errstate(over="ignore"):
        random = np.exp2(generator.uniform(limits.minexp - limits.nmant, limits.maxexp, 40)).astype(dtype)
    numbers = np.concatenate([np.array([*special, np.nan], dtype), random])
    numbers = np.concatenate([numbers, -numbers])
    arity = FUNCTIONS[name][1]
    if arity == 1:
        arguments = [numbers]
    elif arity == 2:
        arguments = [part.ravel() for part in np.meshgrid(numbers, numbers)]
    else:
        arguments = [numbers, np.full_like(numbers, 1.25), np.full_like(numbers, 2.0**-30)]
    found = _apply(name, dtype, arguments)
    expected = compiled(name, dtype, 1, host)(*[np.ascontiguousarray(argument) for argument in arguments])
    assert_same_bits(found, expected, *arguments[:1])


HEADER = ".version 8.0\n.target sm_80\n.address_size 64\n"


def _run(
    body: str,
    block: int | tuple[int, ...] = 32,
    grid: int | tuple[int, ...] = 1,
    values: int = 64,
    declarations: str = "",
    shared_bytes: int = 0,
    machine: PtxMachine | None = None,
    directives: str = "",
) -> np.ndarray:
    """Run a kernel whose %out is the address of int32 numbers, and return these; %t is the thread's number."""
    machine = machine or PtxMachine()
    module = machine.load(f"""{HEADER}{declarations}
        .visible .entry test(.param .u64 out_param) {directives} {{
            .reg .pred %p<9>; .reg .b32 %r<20>; .reg .b64 %rd<20>; .reg .b32 %t; .reg .b64 %out; .reg .f32 %f<9>;
            ld.param.u64 %out, [out_param];
            mov.u32 %t, %tid.x;
            {body}
            ret;
        }}""")
    out = machine.put(np.full(values, -1, np.int32))
    module.launch("test", grid, block, shared_bytes, [out])
    return machine.get(out, values, np.int32)


STORE = "mad.wide.u32 %rd19, %t, 4, %out; st.global.u32 [%rd19], %r1;"
"""Write %r1 to the thread's own number."""


# Programs from LLVM ---------------------------------------------------------------------------------------------------

_DECLARATIONS = """
declare void @llvm.nvvm.barrier0()
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
"""

_ADD = (
    _DECLARATIONS
    + """
define ptx_kernel void @add(i32 %count, ptr addrspace(1) %a, ptr addrspace(1) %b, ptr addrspace(1) %sum) {
  %block = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %size = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
  %thread = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %first = mul i32 %block, %size
  %i = add i32 %first, %thread
  %inside = icmp ult i32 %i, %count
  br i1 %inside, label %do, label %end
do:
  %pa = getelementptr float, ptr addrspace(1) %a, i32 %i
  %pb = getelementptr float, ptr addrspace(1) %b, i32 %i
  %ps = getelementptr float, ptr addrspace(1) %sum, i32 %i
  %va = load float, ptr addrspace(1) %pa
  %vb = load float, ptr addrspace(1) %pb
  %vs = fadd float %va, %vb
  store float %vs, ptr addrspace(1) %ps
  br label %end
end:
  ret void
}"""
)


@pytest.mark.parametrize("lanes", [1, 100, 4096])
@pytest.mark.parametrize("count", [1, 64, 1000])
def test_sum_of_vectors(count: int, lanes: int) -> None:
    machine = PtxMachine(lanes=lanes)
    module = machine.load(compile_to_ptx(_ADD))
    a, b = np.random.default_rng(0).normal(size=(2, count)).astype(np.float32)
    total = machine.allocate(a.nbytes)
    module.launch("add", -(-count // 64), 64, 0, [ctypes.c_int(count), machine.put(a), machine.put(b), total])
    assert (machine.get(total, count, np.float32) == a + b).all()


_REDUCE = (
    _DECLARATIONS
    + """
@tile = external addrspace(3) global [0 x float], align 16
define ptx_kernel void @total(i32 %count, ptr addrspace(1) %x, ptr addrspace(1) %sums) {
entry:
  %block = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %size = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
  %thread = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %start = mul i32 %block, %size
  %own = add i32 %start, %thread
  %place = getelementptr float, ptr addrspace(3) @tile, i32 %thread
  %inside = icmp ult i32 %own, %count
  br i1 %inside, label %read, label %stored
read:
  %source = getelementptr float, ptr addrspace(1) %x, i32 %own
  %loaded = load float, ptr addrspace(1) %source
  br label %stored
stored:
  %value = phi float [ 0.0, %entry ], [ %loaded, %read ]
  store float %value, ptr addrspace(3) %place
  call void @llvm.nvvm.barrier0()
  %half = lshr i32 %size, 1
  br label %loop
loop:
  %stride = phi i32 [ %half, %stored ], [ %next, %joined ]
  %adds = icmp ult i32 %thread, %stride
  br i1 %adds, label %do, label %joined
do:
  %other = add i32 %thread, %stride
  %partner = getelementptr float, ptr addrspace(3) @tile, i32 %other
  %p = load float, ptr addrspace(3) %partner
  %q = load float, ptr addrspace(3) %place
  %s = fadd float %p, %q
  store float %s, ptr addrspace(3) %place
  br label %joined
joined:
  BARRIER
  %next = lshr i32 %stride, 1
  %more = icmp ugt i32 %next, 0
  br i1 %more, label %loop, label %finish
finish:
  %first = icmp eq i32 %thread, 0
  br i1 %first, label %write, label %end
write:
  %sum = load float, ptr addrspace(3) @tile
  %target = getelementptr float, ptr addrspace(1) %sums, i32 %block
  store float %sum, ptr addrspace(1) %target
  br label %end
end:
  ret void
}"""
)


@pytest.mark.parametrize("lanes", [1, 4096])
def test_reduction_in_shared_memory(lanes: int) -> None:
    machine = PtxMachine(lanes=lanes)
    module = machine.load(compile_to_ptx(_REDUCE.replace("BARRIER", "call void @llvm.nvvm.barrier0()")))
    x = np.random.default_rng(0).integers(-99, 99, 1000).astype(np.float32)
    sums = machine.allocate(8 * 4)
    module.launch("total", 8, 128, 512, [1000, machine.put(x), sums])
    expected = [x[first : first + 128].sum() for first in range(0, 1000, 128)]
    assert machine.get(sums, 8, np.float32).tolist() == expected


def test_reduction_without_barriers_is_a_race() -> None:
    module = (machine := PtxMachine()).load(compile_to_ptx(_REDUCE.replace("BARRIER", "")))
    arguments = [128, machine.put(np.ones(128, np.float32)), machine.allocate(4)]
    with pytest.raises(RaceError, match=r"total: thread \(\d+, 0, 0\) of block \(0, 0, 0\) reads a byte of shared"):
        module.launch("total", 1, 128, 512, arguments)
    unchecked = PtxMachine(Checks(races=False))
    module = unchecked.load(compile_to_ptx(_REDUCE.replace("BARRIER", "")))
    module.launch("total", 1, 128, 512, [128, unchecked.put(np.ones(128, np.float32)), unchecked.allocate(4)])


_LOCAL = (
    _DECLARATIONS
    + """
@table = internal addrspace(4) constant [4 x i32] [i32 10, i32 20, i32 30, i32 40]
@pointers = internal addrspace(1) global [2 x ptr addrspace(4)] [ptr addrspace(4) @table, ptr addrspace(4) null]
define { i32, i32 } @both(i32 %n, i32 %m) noinline {
  %small = icmp ult i32 %n, 7
  br i1 %small, label %low, label %high
low:
  %deeper = add i32 %n, 2
  %inner = call { i32, i32 } @other(i32 %deeper)
  ret { i32, i32 } %inner
high:
  %sum = add i32 %n, %m
  %a = insertvalue { i32, i32 } undef, i32 %sum, 0
  %b = insertvalue { i32, i32 } %a, i32 %n, 1
  ret { i32, i32 } %b
}
define { i32, i32 } @other(i32 %n) noinline {
  %m = mul i32 %n, 100
  %a = insertvalue { i32, i32 } undef, i32 %m, 0
  %b = insertvalue { i32, i32 } %a, i32 %n, 1
  ret { i32, i32 } %b
}
define ptx_kernel void @test(ptr addrspace(1) %out, [2 x i32] %pair, <4 x i32> %four) {
entry:
  %array = alloca [16 x i32], align 16
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  br label %fill
fill:
  %i = phi i32 [ 0, %entry ], [ %i1, %fill ]
  %v = mul i32 %i, %t
  %slot = getelementptr [16 x i32], ptr %array, i32 0, i32 %i
  store volatile i32 %v, ptr %slot
  %i1 = add i32 %i, 1
  %limit = and i32 %t, 15
  %more = icmp ule i32 %i1, %limit
  br i1 %more, label %fill, label %filled
filled:
  %last = getelementptr [16 x i32], ptr %array, i32 0, i32 %limit
  %x = load volatile i32, ptr %last
  %k = and i32 %t, 3
  %entry_of_table = getelementptr i32, ptr addrspace(4) @table, i32 %k
  %y = load i32, ptr addrspace(4) %entry_of_table
  %called = call { i32, i32 } @both(i32 %t, i32 %y)
  %c0 = extractvalue { i32, i32 } %called, 0
  %c1 = extractvalue { i32, i32 } %called, 1
  %p1 = extractvalue [2 x i32] %pair, 1
  %f2 = extractelement <4 x i32> %four, i32 2
  switch i32 %t, label %rest [ i32 0, label %zero
    i32 1, label %one
    i32 2, label %two
    i32 3, label %one
    i32 4, label %two ]
zero:
  br label %end
one:
  %o = call i32 @llvm.ctlz.i32(i32 %c0, i1 false)
  br label %end
two:
  %w = udiv i32 %c0, 7
  br label %end
rest:
  br label %end
end:
  %s = phi i32 [ %p1, %zero ], [ %o, %one ], [ %w, %two ], [ %f2, %rest ]
  %s1 = add i32 %s, %x
  %s2 = add i32 %s1, %c0
  %s3 = add i32 %s2, %c1
  %target = getelementptr i32, ptr addrspace(1) %out, i32 %t
  store i32 %s3, ptr addrspace(1) %target
  ret void
}
declare i32 @llvm.ctlz.i32(i32, i1)
"""
)


def test_local_arrays_calls_and_switches() -> None:
    machine = PtxMachine()
    module = machine.load(compile_to_ptx(_LOCAL))
    out = machine.allocate(4 * 64)
    pair, four = (ctypes.c_int32 * 2)(5, 1000), np.array([1, 2, 3, 4], np.int32).tobytes()
    module.launch("test", 1, 64, 0, [out, pair, four])

    def expected(t: int) -> int:
        small, table = t < 7, [10, 20, 30, 40][t & 3]
        first, second = ((t + 2) * 100, t + 2) if small else (t + table, t)
        length = 32 - first.bit_length()
        special = {0: 1000, 1: length, 2: first // 7, 3: length, 4: first // 7}.get(t, 3)
        return special + (t & 15) * t + first + second

    assert machine.get(out, 64, np.int32).tolist() == [expected(t) for t in range(64)]


@pytest.mark.parametrize("processor", ["sm_80", "sm_90"])
def test_16_bit_numbers_from_llvm(processor: str) -> None:
    text = (
        _DECLARATIONS
        + """
    define ptx_kernel void @test(ptr addrspace(1) %x, ptr addrspace(1) %y) {
      %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
      %px = getelementptr float, ptr addrspace(1) %x, i32 %t
      %py = getelementptr float, ptr addrspace(1) %y, i32 %t
      %v = load float, ptr addrspace(1) %px
      %h = fptrunc float %v to half
      %h2 = fmul half %h, %h
      %b = fptrunc float %v to bfloat
      %b2 = fadd bfloat %b, %b
      %wide = fpext half %h2 to float
      %wider = fpext bfloat %b2 to float
      %s = fadd float %wide, %wider
      store float %s, ptr addrspace(1) %py
      ret void
    }"""
    )
    machine = PtxMachine()
    module = machine.load(compile_to_ptx(text, processor))
    x = np.random.default_rng(0).normal(size=64).astype(np.float32)
    y = machine.allocate(256)
    module.launch("test", 1, 64, 0, [machine.put(x), y])
    half = x.astype(np.float16)
    brain = from_bfloat16(to_bfloat16(x))
    assert (machine.get(y, 64, np.float32) == (half * half).astype(np.float32) + 2 * brain).all()


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

    assert _run(body, 64).tolist() == [rounds(t + 1) for t in range(64)]


def test_guards() -> None:
    body = f"""
        setp.lt.u32 %p1, %t, 5;
        mov.u32 %r1, 1;
        @%p1 mov.u32 %r1, 2;
        @!%p1 add.u32 %r1, %r1, %t;
        setp.gt.u32 %p2, %t, 50;
        @%p2 exit;
        {STORE}"""
    assert _run(body, 64).tolist() == [2] * 5 + [1 + t for t in range(5, 51)] + [-1] * 13


def test_special_registers() -> None:
    body = """
        mov.u32 %r1, %tid.y; mov.u32 %r2, %ntid.x; mov.u32 %r3, %ctaid.x; mov.u32 %r4, %ctaid.y;
        mad.lo.u32 %r5, %r1, %r2, %t;
        mov.u32 %r6, %nctaid.x; mad.lo.u32 %r7, %r4, %r6, %r3;
        mad.lo.u32 %r8, %r7, 8, %r5;
        mad.lo.u32 %r9, %r3, 10, %t; mad.lo.u32 %r9, %r4, 100, %r9; mad.lo.u32 %r9, %r1, 1000, %r9;
        mad.wide.u32 %rd1, %r8, 4, %out; st.global.u32 [%rd1], %r9;"""
    found = _run(body, (4, 2), (3, 2), 48).reshape(2, 3, 2, 4)
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
    found = _run(f"mov.u32 %r1, {register}; {STORE}", 64).view(np.uint32)
    assert found.tolist() == [expected(t) for t in range(64)]


def test_nested_scopes_rename() -> None:
    body = f"""
        mov.u32 %r1, 5;
        {{ .reg .b32 %r1; .reg .pred q; mov.u32 %r1, 7; setp.eq.u32 q, %r1, 7; selp.u32 %r2, 1, 0, q; }}
        {{ .reg .b64 %r1; mov.u64 %r1, 9; }}
        add.u32 %r1, %r1, %r2;
        {STORE}"""
    assert _run(body, 4, values=4).tolist() == [6] * 4


def test_an_endless_loop_ends() -> None:
    machine = PtxMachine(Checks(instruction_limit=1000))
    with pytest.raises(EndlessError, match=r"more than 1000 instructions. Line \d+: bra forever"):
        _run("forever: bra forever;", machine=machine)


def test_trap() -> None:
    with pytest.raises(
        TrapError, match=r"thread \(3, 0, 0\) of block \(0, 0, 0\) stops the kernel. Line \d+: @%p1 trap"
    ):
        _run("setp.eq.u32 %p1, %t, 3; @%p1 trap;")


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
    found = _run(body, 64, declarations=declarations, shared_bytes=1024)
    assert found.tolist() == [5 + t + t + 3 + t + 9 + 8 + 2 - 56 + 200 + 1000 for t in range(64)]


def test_one_instruction_may_reach_several_spaces() -> None:
    declarations = ".shared .align 4 .b8 buffer[256];"
    body = f"""
        mov.u64 %rd1, buffer; cvta.shared.u64 %rd1, %rd1; mad.wide.u32 %rd1, %t, 4, %rd1;
        mad.wide.u32 %rd2, %t, 4, %out; add.u64 %rd2, %rd2, 256;
        setp.lt.u32 %p1, %t, 20; selp.b64 %rd3, %rd1, %rd2, %p1;
        st.u32 [%rd3], %t; ld.u32 %r1, [%rd3]; add.u32 %r1, %r1, 100;
        {STORE}"""
    found = _run(body, 64, values=128, declarations=declarations)
    assert found[:64].tolist() == [100 + t for t in range(64)]
    assert found[64:].tolist() == [-1] * 20 + list(range(20, 64))


def test_memory_that_exists_already() -> None:
    machine = PtxMachine()
    numbers = np.arange(9, dtype=np.float32)
    part = numbers[1:]
    machine.adopt(part.ctypes.data, part.nbytes, numbers)
    module = machine.load(compile_to_ptx(_ADD))
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
    found = _run(body, 64, values=130)
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
    assert _run(body, 64).tolist() == expected


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
    assert _run(body, 64).tolist() == [first + 7] * 3 + [first] * 29 + [6310000] * 32


def test_part_of_a_warp_may_exchange() -> None:
    body = f"""
        mov.u32 %r1, 0;
        setp.ge.u32 %p1, %t, 8;
        @%p1 bra skip;
        shfl.sync.bfly.b32 %r1, %t, 1, 31, 0xff;
    skip:
        {STORE}"""
    assert _run(body, 32, values=32).tolist() == [t ^ 1 for t in range(8)] + [0] * 24


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
    assert _run(body, 32, values=32).tolist() == [2] * 16 + [1] * 16


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
        _run(f"setp.lt.u32 %p1, %t, 8; {instruction}")


def test_barriers_that_reduce() -> None:
    body = f"""
        setp.lt.u32 %p1, %t, 5;
        barrier.cta.red.popc.aligned.u32 %r1, 0, %p1;
        bar.red.or.pred %p2, 0, %p1; bar.red.and.pred %p3, 0, %p1;
        selp.u32 %r2, 10, 0, %p2; selp.u32 %r3, 100, 0, %p3;
        add.u32 %r1, %r1, %r2; add.u32 %r1, %r1, %r3;
        {STORE}"""
    assert _run(body, 64).tolist() == [15] * 64


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
        _run(body, 32, values=128, declarations=".shared .align 16 .b8 buffer[512];").view(np.uint16).reshape(32, 4, 2)
    )
    for lane in range(32):
        for matrix in range(4):
            for k in range(2):
                row, column = lane // 4, 2 * (lane % 4) + k
                if transposed:
                    row, column = column, row
                assert found[lane, matrix, k] == 64 * matrix + 8 * row + column


# Mistakes that must be found ------------------------------------------------------------------------------------------

SHARED = ".shared .align 16 .b8 buffer[128];"
OWN = "mov.u32 %r4, buffer; mad.lo.u32 %r5, %t, 4, %r4;"
"""%r5 is the thread's own place in the buffer."""


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        ("st.global.u32 [%rd1], 1;", OutOfBoundsError, "accesses 4 bytes at 0x"),
        ("st.global.u32 [0], 1;", OutOfBoundsError, r"at 0x0, below every allocation"),
        (
            "mad.wide.u32 %rd1, %t, 16, %out; st.global.u32 [%rd1], 1;",
            OutOfBoundsError,
            r"test: thread \(16, 0, 0\) of block \(0, 0, 0\) accesses 4 bytes at 0x[0-9a-f]+, 0 bytes after the end of "
            r"allocation \(256 bytes\). Line \d+: st.global.u32",
        ),
        ("ld.global.u32 %r1, [%out+-4];", OutOfBoundsError, "accesses 4 bytes"),
        (
            "ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%out+248];",
            MisalignedError,
            "16 bytes at address .*, no multiple of 16",
        ),
        ("ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%out+256];", OutOfBoundsError, "accesses 16 bytes"),
        ("ld.global.u16 %r1, [%out+1];", MisalignedError, "no multiple of 2"),
        ("st.shared.u32 [buffer+128], 1;", OutOfBoundsError, "offset 128 of shared memory, which has 128 bytes"),
        ("st.shared.u32 [buffer+2], 1;", MisalignedError, "no multiple of 4"),
        ("st.local.u32 [own+16], 1;", OutOfBoundsError, "offset 16 of local memory, which has 16 bytes"),
        ("ld.shared.u32 %r1, [buffer];", UninitialisedError, "reads 4 bytes of shared memory, some .* never written"),
        (
            "st.shared.u8 [buffer], 1; bar.sync 0; ld.shared.u16 %r1, [buffer];",
            RaceError,
            r"thread \(0, 0, 0\) of block \(0, 0, 0\) writes a byte of shared .* written by thread \(31, 0, 0\)",
        ),
        (
            "setp.eq.u32 %p2, %t, 0; @%p2 st.shared.u8 [buffer], 1; bar.sync 0; ld.shared.u16 %r1, [buffer];",
            UninitialisedError,
            "reads 2 bytes of shared memory, some of which were never written",
        ),
        ("ld.local.v4.u32 {%r1, %r2, %r3, %r6}, [own];", UninitialisedError, "reads 16 bytes of local memory"),
        ("red.shared.add.u32 [buffer], 1;", UninitialisedError, "changes shared memory that was never written"),
        (
            "mov.u64 %rd1, numbers; st.global.u32 [%rd1], 1;",
            OutOfBoundsError,
            "writes to variable numbers, which is constant",
        ),
        (f"{OWN} st.shared.u32 [%r5], 1; ld.shared.u32 %r1, [%r5+-4];", OutOfBoundsError, r"thread \(0, 0, 0\)"),
        (
            f"{OWN} st.shared.u32 [%r5], 1; ld.shared.u32 %r1, [buffer+4];",
            RaceError,
            "reads a byte of shared .* written by",
        ),
        (
            f"{OWN} st.shared.u32 [%r5], 1; bar.sync 0; ld.shared.u32 %r1, [buffer]; st.shared.u32 [%r5], 2;",
            RaceError,
            r"thread \(0, 0, 0\) of block \(0, 0, 0\) writes a byte of shared .* read by thread \(31, 0, 0\)",
        ),
        (
            "@%p1 bar.sync 0;",
            DivergenceError,
            r"never come: 7 threads of the block wait here; of the others, 25 have returned",
        ),
        (
            "@%p1 bra a; bar.sync 0; bra b; a: bar.sync 0; b:",
            DivergenceError,
            r"thread \(7, 0, 0\) .* 25 threads of the block wait here; of the others, 7 wait in line \d+",
        ),
        (
            "@%p1 bra a; call waiting, (); a:",
            DivergenceError,
            r"waiting: thread \(7, 0, 0\) .* 25 threads of the block wait here; of the others, 7 did not call waiting",
        ),
        ("call deep, ();", TrapError, "calls functions too deeply"),
    ],
)
def test_mistakes(body: str, error: type[Exception], message: str) -> None:
    declarations = f"""{SHARED} .const .u32 numbers[4];
        .func waiting() {{ bar.sync 0; ret; }}
        .func deep() {{ call deep, (); ret; }}"""
    start = ".local .align 16 .b8 own[16]; mov.u64 %rd1, 8; setp.lt.u32 %p1, %t, 7;"
    with pytest.raises(error, match=message):
        _run(f"{start} {body}", declarations=declarations)


@pytest.mark.parametrize(
    "body",
    [
        f"{OWN} st.shared.u32 [%r5], 1; ld.shared.u32 %r1, [%r5]; st.shared.u32 [%r5], 2;",
        f"{OWN} st.shared.u32 [%r5], 1; bar.sync 0; ld.shared.u32 %r1, [buffer]; ld.shared.u32 %r1, [%r5];",
        f"{OWN} st.shared.u32 [%r5], 1; bar.warp.sync 0xffffffff; ld.shared.u32 %r1, [buffer];"
        "bar.warp.sync 0xffffffff; st.shared.u32 [%r5], 1;",
        "setp.eq.u32 %p1, %t, 0; @%p1 st.shared.u32 [buffer], 0; bar.sync 0; red.shared.add.u32 [buffer], 1;",
        "@%p2 ld.global.u32 %r1, [0]; @%p2 bar.sync 0;",
        "@%p2 atom.global.add.u32 %r1, [0], 1; @%p2 trap; @%p2 st.shared.u32 [buffer+1000], 1;",
    ],
)
def test_what_is_right_is_not_refused(body: str) -> None:
    _run(f"setp.gt.u32 %p2, %t, 1000; {body}", declarations=SHARED)


def test_warps_are_not_ordered_among_each_other() -> None:
    body = f"{OWN} st.shared.u32 [%r5], 1; bar.warp.sync -1; ld.shared.u32 %r1, [buffer];"
    with pytest.raises(RaceError, match=r"thread \(32, 0, 0\) .* written by thread \(0, 0, 0\)"):
        _run(body, 64, declarations=".shared .align 16 .b8 buffer[256];")


def test_blocks_have_their_own_shared_memory() -> None:
    body = f"""
        mov.u32 %r2, %ctaid.x;
        setp.eq.u32 %p1, %t, 0; @%p1 st.shared.u32 [buffer], %r2;
        bar.sync 0;
        ld.shared.u32 %r1, [buffer];
        mad.lo.u32 %t, %r2, 4, %t;
        {STORE}"""
    found = _run(body, 4, 16, declarations=SHARED)
    assert found.tolist() == [t // 4 for t in range(64)]


def test_the_block_is_named() -> None:
    body = """
        mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ctaid.y; mad.lo.u32 %r2, %r3, 2, %r2;
        setp.eq.u32 %p1, %r2, 5; @%p1 st.global.u32 [0], 1;"""
    with pytest.raises(OutOfBoundsError, match=r"thread \(0, 0, 0\) of block \(1, 2, 0\)"):
        _run(body, 4, (2, 3))


# Asynchronous copies --------------------------------------------------------------------------------------------------

_COPY = """
    mov.u32 %r4, buffer; mad.lo.u32 %r5, %t, 16, %r4; mad.wide.u32 %rd1, %t, 16, %out;
    cp.async.cg.shared.global.L2::128B [%r5], [%rd1], 16;
    cp.async.commit_group;
    cp.async.ca.shared.global [%r5+512], [%rd1], 8, 4;
    cp.async.commit_group;
"""
_COPIED = ".shared .align 16 .b8 buffer[1024];"


def test_asynchronous_copies() -> None:
    body = f"""{_COPY}
        cp.async.wait_group 1; ld.shared.u32 %r1, [%r5+12];
        cp.async.wait_all; ld.shared.u32 %r2, [%r5+512]; ld.shared.u32 %r3, [%r5+516];
        mad.wide.u32 %rd2, %t, 4, %out; st.global.u32 [%rd2+512], %r1; st.global.u32 [%rd2+640], %r2;
        st.global.u32 [%rd2+768], %r3;"""
    machine = PtxMachine()
    module = machine.load(f"""{HEADER}{_COPIED}
        .visible .entry test(.param .u64 out_param) {{
            .reg .b32 %r<20>; .reg .b64 %rd<20>; .reg .b32 %t; .reg .b64 %out;
            ld.param.u64 %out, [out_param]; mov.u32 %t, %tid.x; {body} ret;
        }}""")
    out = machine.put(np.arange(256, dtype=np.int32))
    module.launch("test", 1, 32, 0, [out])
    found = machine.get(out, 256, np.int32)
    assert found[128:160].tolist() == list(range(3, 128, 4))
    assert found[160:192].tolist() == list(range(0, 128, 4))
    assert found[192:224].tolist() == [0] * 32


@pytest.mark.parametrize("wait", ["", "cp.async.wait_group 2;"])
def test_a_copy_must_be_waited_for(wait: str) -> None:
    with pytest.raises(UninitialisedError, match="reads 4 bytes of shared memory"):
        _run(f"{_COPY} {wait} ld.shared.u32 %r1, [%r5];", values=256, declarations=_COPIED)


def test_copies_need_a_barrier_before_others_read() -> None:
    with pytest.raises(RaceError, match="reads a byte of shared memory that was written by"):
        _run(f"{_COPY} cp.async.wait_all; ld.shared.u32 %r1, [buffer];", values=256, declarations=_COPIED)
    _run(f"{_COPY} cp.async.wait_all; bar.sync 0; ld.shared.u32 %r1, [buffer];", values=256, declarations=_COPIED)


# Launches and texts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"block": 2000}, r"a block of \(2000, 1, 1\) threads; every number must be 1 to \(1024, 1024, 64\)"),
        ({"block": (64, 32)}, "2048 threads in a block, at most 1024 are allowed"),
        ({"grid": 0}, r"a grid of \(0, 1, 1\) blocks"),
        ({"grid": (1, 70000)}, r"a grid of \(1, 70000, 1\) blocks"),
        ({"block": (1, 1, 1, 1)}, "1 to 3 sizes, not 4"),
        ({"shared_bytes": 50000}, "50000 bytes of shared memory on top of 128, at most 49024 are allowed"),
        ({"block": 64, "directives": ".maxntid 32, 1, 1"}, "64 threads in a block, at most 32 are allowed"),
    ],
)
def test_launches_that_a_driver_refuses(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(LaunchError, match=message):
        _run("st.shared.u32 [buffer], 1;", declarations=SHARED, **settings)


def test_wrong_arguments() -> None:
    module = PtxMachine().load(f"{HEADER}.visible .entry test(.param .u64 a, .param .f32 b, .param .b32 c) {{ ret; }}")
    module.launch("test", 1, 1, 0, [ctypes.c_void_p(5), 1, 2.5])
    with pytest.raises(LaunchError, match="test: 1 arguments for 3 parameters"):
        module.launch("test", 1, 1, 0, [1])
    with pytest.raises(LaunchError, match="for a has 4 bytes, not 8"):
        module.launch("test", 1, 1, 0, [ctypes.c_int(1), 1.0, 1])
    with pytest.raises(LaunchError, match="'x' for a is no number, ctypes value or bytes"):
        module.launch("test", 1, 1, 0, ["x", 1.0, 1])
    with pytest.raises(LaunchError, match="no kernel 'other'; the module has test"):
        module.launch("other", 1, 1)
    kernel = module.kernels["test"]
    assert [(parameter.name, parameter.size) for parameter in kernel.parameters] == [("a", 8), ("b", 4), ("c", 4)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello", "line 1: 'hello' is not known at the top of a module"),
        ("", "line 1: a PTX module begins with .version"),
        (".version 8.0\n.address_size 32", "line 2: the interpreter knows only addresses of 64 bits"),
        (HEADER + ".visible .entry k() {\n ?\n}", "line 5: '\\?.*is not PTX"),
        (HEADER + ".visible .entry k() {\n bra nowhere;\n}", "line 5: no such label: bra nowhere"),
        (HEADER + ".visible .entry k() {\n a: ret;\n a: ret;\n}", "line 6: the label 'a' exists already"),
        (HEADER + ".visible .entry k() {\n ret;", "line 5: the text ends too early"),
        (HEADER + ".extern .func f();\n.visible .entry k() {\n call f, ();\n}", "'f' is declared but not defined"),
        (HEADER + ".func f() { ret; }\n.visible .entry k() {\n call f, (k);\n}", "f has other arguments or results"),
        (HEADER + ".visible .entry k() {\n call g, ();\n}", "only calls of functions by name"),
        (HEADER + ".visible .entry k() { .reg .b7 %r; ret; }", "registers of type 'b7' are not known"),
        (HEADER + ".extern .global .b8 x[];", "the variable 'x' has no size"),
    ],
)
def test_texts_that_are_no_ptx(text: str, message: str) -> None:
    with pytest.raises(PtxSyntaxError, match=message):
        PtxMachine().load(text)
