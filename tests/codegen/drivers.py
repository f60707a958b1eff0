"""Run one vector math function over arrays, for a chosen vector width and feature set."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import llvmlite.binding as llvm
import numpy as np
import numpy.typing as npt
from llvmlite import ir

from pairfold.codegen.vectormath import FUNCTIONS, VectorMath

Array = npt.NDArray[Any]


class Machine(NamedTuple):
    """A kind of machine that this one can play."""

    name: str
    features: frozenset[str]
    attributes: str
    processor: str
    widest: int
    """Bits of a vector register."""


@cache
def machines() -> dict[str, Machine]:
    """The machines that can be tested here, by name."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    host = llvm.get_host_cpu_features()
    processor = llvm.get_host_cpu_name()
    present = frozenset(name for name, is_present in host.items() if is_present)
    if not llvm.get_process_triple().startswith(("x86_64", "amd64", "AMD64")):
        return {"host": Machine("host", present, host.flatten(), processor, 128)}
    found = [Machine("sse2", frozenset({"sse2"}), "+sse2", "x86-64", 128)]
    if {"avx2", "fma"} <= present:
        found.append(Machine("avx2", frozenset({"avx2", "fma"}), "+avx2,+fma", "x86-64", 256))
    if {"avx512f", "avx512dq", "avx512vl", "fma"} <= present:
        attributes = host.flatten() + ",-prefer-256-bit"
        found.append(Machine("avx512", present | {"sse4a"}, attributes, processor, 512))
        found.append(Machine("avx512-slow-divider", present - {"sse4a"}, attributes, processor, 512))
    return {machine.name: machine for machine in found}


def lane_counts(machine: Machine, dtype: str) -> list[int]:
    """One lane, every whole register, and two registers."""
    bits = np.dtype(dtype).itemsize * 8
    counts = [1]
    width = 128
    while width <= machine.widest:
        counts.append(width // bits)
        width *= 2
    return [*counts, 2 * counts[-1]]


def _emit_loop(module: ir.Module, function: ir.Function, arity: int, element: ir.Type, lanes: int) -> None:
    """Define ``driver(count, inputs..., output)``: the function over arrays whose length is a multiple of lanes."""
    index_type = ir.IntType(64)
    pointer = element.as_pointer()
    driver = ir.Function(module, ir.FunctionType(ir.VoidType(), [index_type, *[pointer] * (arity + 1)]), "driver")
    entry, loop, end = (driver.append_basic_block(name) for name in ("entry", "loop", "end"))
    builder = ir.IRBuilder(entry)
    builder.branch(loop)
    builder.position_at_end(loop)
    index = builder.phi(index_type)
    index.add_incoming(ir.Constant(index_type, 0), entry)
    vector = function.return_value.type
    places = [builder.bitcast(builder.gep(array, [index]), vector.as_pointer()) for array in driver.args[1:]]
    align = element.get_abi_size(llvm.create_target_data("e"))
    inputs = [builder.load(place, align=align) for place in places[:-1]]
    builder.store(builder.call(function, inputs), places[-1], align=align)
    following = builder.add(index, ir.Constant(index_type, lanes))
    index.add_incoming(following, builder.block)
    builder.cbranch(builder.icmp_signed("<", following, driver.args[0]), loop, end)
    builder.position_at_end(end)
    builder.ret_void()


def assembly_text(name: str, dtype: str, lanes: int, machine: Machine) -> str:
    """The LLVM text of a module with the driver."""
    module = ir.Module()
    function = VectorMath(module, lanes, dtype, machine.features).function(name)
    element = ir.FloatType() if dtype == "float32" else ir.DoubleType()
    _emit_loop(module, function, FUNCTIONS[name][1], element, lanes)
    return str(module)


@cache
def compiled(name: str, dtype: str, lanes: int, machine: Machine) -> Compiled:
    """A compiled function, made once per session."""
    return Compiled(name, dtype, lanes, machine)


class Compiled:
    """A function over arrays; broadcasts its arguments."""

    def __init__(self, name: str, dtype: str, lanes: int, machine: Machine) -> None:
        module = llvm.parse_assembly(assembly_text(name, dtype, lanes, machine))
        module.verify()
        target = llvm.Target.from_triple(llvm.get_process_triple())
        target_machine = target.create_target_machine(cpu=machine.processor, features=machine.attributes, opt=3)
        builder = llvm.create_pass_builder(target_machine, llvm.create_pipeline_tuning_options(speed_level=2))
        builder.getModulePassManager().run(module, builder)
        self._engine = llvm.create_mcjit_compiler(module, target_machine)
        self._engine.finalize_object()
        pointers = [ctypes.c_void_p] * (FUNCTIONS[name][1] + 1)
        signature = ctypes.CFUNCTYPE(None, ctypes.c_int64, *pointers)
        self._driver: Callable[..., None] = signature(self._engine.get_function_address("driver"))
        self._dtype = np.dtype(dtype)
        self._lanes = lanes

    def __call__(self, *arguments: Any) -> Array:
        """Apply to one-dimensional arrays or numbers."""
        whole = all(isinstance(a, np.ndarray) and a.dtype == self._dtype and a.flags.c_contiguous for a in arguments)
        if whole and len({a.size for a in arguments}) == 1 and arguments[0].size % self._lanes == 0:
            return self._run(list(arguments))
        length = np.broadcast_shapes(*(np.shape(argument) for argument in arguments))[0]
        padded = length + -length % self._lanes
        arrays = []
        for argument in arguments:
            array = np.full(padded, 0.5, self._dtype)
            array[:length] = argument
            arrays.append(array)
        return self._run(arrays)[:length]

    def _run(self, arrays: list[Array]) -> Array:
        result = np.empty(arrays[0].size, self._dtype)
        self._driver(result.size, *(array.ctypes.data for array in arrays), result.ctypes.data)
        return result
