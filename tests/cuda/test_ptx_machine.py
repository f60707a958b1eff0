"""The PTX interpreter: what LLVM and hand-written PTX compute on it, and the mistakes it must find."""

from __future__ import annotations

import functools

import llvmlite.binding as llvm
import numpy as np
import pytest
from llvmlite import ir

from pairfold.codegen.vectormath import ACCURACY_ULP, FUNCTIONS, VectorMath
from tests.accuracy.samples import NAMES, samples
from tests.accuracy.ulps import assert_within
from tests.cuda.ptx_machine import PtxMachine


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
