"""The functions compile for processors that this machine is not, without calls into a library."""

from __future__ import annotations

import re
from typing import NamedTuple

import llvmlite.binding as llvm
import pytest

from pairfold.codegen.vectormath import FUNCTIONS
from tests.codegen.drivers import Machine, assembly_text


class Processor(NamedTuple):
    """A compilation target."""

    triple: str
    name: str
    attributes: str
    features: frozenset[str]
    lanes: int


PROCESSORS = [
    Processor("aarch64-unknown-linux-gnu", "generic", "+neon", frozenset({"neon"}), 4),
    Processor("aarch64-unknown-linux-gnu", "generic", "+neon", frozenset({"neon"}), 1),
    Processor("nvptx64-nvidia-cuda", "sm_90", "+ptx80", frozenset({"fma"}), 1),
    Processor(
        "x86_64-pc-windows-msvc", "skylake-avx512", "", frozenset({"avx512f", "avx512dq", "avx512vl", "fma"}), 16
    ),
    Processor("powerpc64le-linux-gnu", "pwr9", "", frozenset({"fma"}), 4),
]


def _target(triple: str) -> llvm.Target:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    try:
        return llvm.Target.from_triple(triple)
    except RuntimeError:
        pytest.skip(f"this LLVM has no code generator for {triple}")


def _assembly(text: str, processor: Processor) -> str:
    target = _target(processor.triple)
    # The code model makes calls name what they call.
    machine = target.create_target_machine(cpu=processor.name, features=processor.attributes, opt=3, codemodel="small")
    module = llvm.parse_assembly(text)
    module.triple = processor.triple
    module.data_layout = str(machine.target_data)
    module.verify()
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=3))
    builder.getModulePassManager().run(module, builder)
    return str(machine.emit_assembly(module))


def _library_calls(assembly: str) -> set[str]:
    called = re.findall(r"^\s+(?:bl|call[lq]?)\s+(?:uni\s+)?([A-Za-z_][\w.]*)", assembly, re.MULTILINE)
    called += re.findall(r"^\.extern .*?([A-Za-z_]\w*)\s*$", assembly, re.MULTILINE)
    return {name for name in called if "pairfold" not in name}


@pytest.mark.parametrize("processor", PROCESSORS, ids=lambda p: f"{p.triple}-{p.lanes}")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_compiles_without_a_library(processor: Processor, dtype: str) -> None:
    machine = Machine("other", processor.features, processor.attributes, processor.name, 0)
    for name in FUNCTIONS:
        assembly = _assembly(assembly_text(name, dtype, processor.lanes, machine), processor)
        assert _library_calls(assembly) == set(), name


@pytest.mark.parametrize(
    "processor", [p for p in PROCESSORS if not p.triple.startswith("nvptx")], ids=lambda p: f"{p.triple}-{p.lanes}"
)
def test_a_library_call_is_noticed(processor: Processor) -> None:
    text = """
    declare float @expf(float)
    define float @caller(float %x) {
      %y = call float @expf(float %x)
      %z = fadd float %y, %x
      ret float %z
    }
    """
    assert _library_calls(_assembly(text, processor)) == {"expf"}
