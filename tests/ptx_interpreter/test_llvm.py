"""What LLVM compiles is right on the interpreter: functions of pairfold, shared memory, calls, 16-bit numbers."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from llvmlite import ir

from pairfold.codegen.vectormath import ACCURACY_ULP, FUNCTIONS, VectorMath
from tests.codegen.drivers import compiled, machines
from tests.codegen.samples import NAMES, samples, split
from tests.codegen.ulps import assert_same_bits, assert_within
from tests.ptx_interpreter.errors import (
    RaceError,
)
from tests.ptx_interpreter.machine import Checks, PtxMachine
from tests.ptx_interpreter.small_programs import ADD, DECLARATIONS, compile_to_ptx
from tests.ptx_interpreter.values import from_bfloat16, to_bfloat16


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
        arguments = [numbers, *(np.full(len(numbers), part, dtype) for part in split(0.9, dtype))]
    found = _apply(name, dtype, arguments)
    expected = compiled(name, dtype, 1, host)(*[np.ascontiguousarray(argument) for argument in arguments])
    assert_same_bits(found, expected, *arguments[:1])


@pytest.mark.parametrize("lanes", [1, 100, 4096])
@pytest.mark.parametrize("count", [1, 64, 1000])
def test_sum_of_vectors(count: int, lanes: int) -> None:
    machine = PtxMachine(lanes=lanes)
    module = machine.load(compile_to_ptx(ADD))
    a, b = np.random.default_rng(0).normal(size=(2, count)).astype(np.float32)
    total = machine.allocate(a.nbytes)
    module.launch("add", -(-count // 64), 64, 0, [ctypes.c_int(count), machine.put(a), machine.put(b), total])
    assert (machine.get(total, count, np.float32) == a + b).all()


_REDUCE = (
    DECLARATIONS
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
    DECLARATIONS
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
        DECLARATIONS
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
