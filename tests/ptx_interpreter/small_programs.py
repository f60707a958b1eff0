"""What the tests of the interpreter run: a few lines in a kernel, and what LLVM compiles."""

from __future__ import annotations

import functools

import llvmlite.binding as llvm
import numpy as np
import pytest

from tests.ptx_interpreter.machine import PtxMachine

__all__ = ["ADD", "DECLARATIONS", "HEADER", "STORE", "compile_to_ptx", "run"]


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


HEADER = ".version 8.0\n.target sm_80\n.address_size 64\n"


def run(
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


DECLARATIONS = """
declare void @llvm.nvvm.barrier0()
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
"""

ADD = (
    DECLARATIONS
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
