"""A kernel with everything it calls, decoded and with its variables laid out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.ptx_interpreter import arithmetic, tensor, transfers
from tests.ptx_interpreter.decode import Decoder, Mask, Modifiers, Run, decode, trap
from tests.ptx_interpreter.errors import PtxSyntaxError
from tests.ptx_interpreter.execute import BRANCH, COLLECTIVE, FINISH, TABLE, Code, Frame, Step
from tests.ptx_interpreter.parse import (
    SIZES,
    Address,
    Function,
    Group,
    Instruction,
    Module,
    Operand,
    Symbol,
    Variable,
    Vector,
)
from tests.ptx_interpreter.values import Approximation
from tests.ptx_interpreter.warps import collective

_KNOWN = (arithmetic, tensor, transfers)
"""Importing these modules enters their instructions into the table."""
_MAXIMAL_DEPTH = 64


@dataclass
class Program:
    """What the launch of a kernel needs."""

    kernel: Function
    codes: dict[str, Code] = field(default_factory=dict)
    shared_size: int = 0
    """Bytes of shared memory of fixed size."""
    dynamic_alignment: int = 1
    local_size: int = 0


def build(module: Module, name: str, addresses: dict[str, int], approximation: Approximation) -> Program:
    """Decode a kernel and the functions it calls; `addresses` are those of the variables in global memory."""
    kernel = module.functions[name]
    functions = _reachable(module, kernel)
    program = Program(kernel)
    addresses = dict(addresses)
    _lay_out(program, module, functions, addresses)
    for function in functions:
        program.codes[function.name] = _decode_function(program, module, function, addresses, approximation)
    return program


# Variables ------------------------------------------------------------------------------------------------------------


def _names(operand: Operand | None) -> Iterator[str]:
    if isinstance(operand, Symbol):
        yield operand.name
    elif isinstance(operand, Address):
        yield from _names(operand.base)
    elif isinstance(operand, Vector | Group):
        for part in operand.parts:
            yield from _names(part)


def _used_names(function: Function) -> set[str]:
    return {name for source in function.instructions for operand in source.operands for name in _names(operand)}


def _reachable(module: Module, kernel: Function) -> list[Function]:
    found = [kernel]
    for function in found:
        for name in sorted(_used_names(function)):
            called = module.functions.get(name)
            if called is not None and called not in found:
                if not called.is_defined:
                    raise PtxSyntaxError(f"line {called.line}: the function {name!r} is declared but not defined.")
                found.append(called)
    return found


def _lay_out(program: Program, module: Module, functions: list[Function], addresses: dict[str, int]) -> None:
    """Give every shared and local variable in use its place; arrays of unknown size come last and share theirs."""
    used = set().union(*(_used_names(function) for function in functions))
    variables = [variable for variable in module.variables if variable.name in used]
    variables += [variable for function in functions for variable in function.variables]
    dynamic: list[Variable] = []
    for variable in variables:
        if variable.space == "shared" and variable.size == 0:
            dynamic.append(variable)
        elif variable.space == "shared":
            program.shared_size = _place(variable, program.shared_size, addresses)
        elif variable.space == "local":
            program.local_size = _place(variable, program.local_size, addresses)
    program.dynamic_alignment = max((variable.alignment for variable in dynamic), default=1)
    start = round_up(program.shared_size, program.dynamic_alignment)
    addresses.update({variable.name: start for variable in dynamic})


def _place(variable: Variable, end: int, addresses: dict[str, int]) -> int:
    addresses[variable.name] = round_up(end, variable.alignment)
    return addresses[variable.name] + variable.size


def round_up(number: int, multiple: int) -> int:
    """The next multiple."""
    return -(-number // multiple) * multiple


# Instructions ---------------------------------------------------------------------------------------------------------


def _decode_function(
    program: Program, module: Module, function: Function, addresses: dict[str, int], approximation: Approximation
) -> Code:
    in_memory = frozenset(variable.name for variable in function.parameters) if function.is_kernel else frozenset()
    decoder = Decoder(function, addresses, approximation, in_memory)
    steps = [_decode_step(program, module, decoder, source) for source in function.instructions]
    end = Instruction("ret", (), steps[-1].source.line if steps else function.line, "(the end of the function)")
    steps.append(Step(end, FINISH))
    variables = [*function.parameters, *function.results, *(v for v in function.variables if v.space == "param")]
    sizes = {variable.name: variable.size for variable in variables}
    registers = [SIZES[type_] for type_ in function.registers.values()]
    return Code(function.name, steps, registers, sizes)


def _decode_step(program: Program, module: Module, decoder: Decoder, source: Instruction) -> Step:
    step = Step(source)
    if source.guard is not None:
        positive = decoder.read(source.guard, "pred")
        step.guard = (lambda frame: ~positive(frame)) if source.guard_negated else positive
    if source.name in _CONTROL:
        _decode_control(decoder, source, step)
        return step
    if source.name == "call":
        step.run = _decode_call(program, module, source)
        return step
    step.run = decode(decoder, source)
    step.members = collective(decoder, Modifiers(source), source.operands)
    if step.members is not None:
        step.kind = COLLECTIVE
    return step


_CONTROL = frozenset({"bra", "brx", "ret", "exit", "trap", "brkpt"})


def _decode_control(decoder: Decoder, source: Instruction, step: Step) -> None:
    if source.name == "bra":
        step.kind = BRANCH
        step.target = _label(decoder.function, source, source.operands[0])
    elif source.name == "brx":
        _decode_table(decoder, source, step)
    elif source.name == "ret" or (source.name == "exit" and decoder.function.is_kernel):
        step.kind = FINISH
    else:
        step.run = _trap


def _trap(frame: Frame, mask: Mask) -> None:
    fault = trap("stops the kernel")
    fault.lane = 0 if mask is None else int(mask.argmax())
    raise fault


def _label(function: Function, source: Instruction, operand: Operand) -> int:
    if not isinstance(operand, Symbol) or operand.name not in function.labels:
        raise PtxSyntaxError(f"line {source.line}: no such label: {source.text}")
    return function.labels[operand.name]


def _decode_table(decoder: Decoder, source: Instruction, step: Step) -> None:
    index, table = source.operands
    if not isinstance(table, Symbol) or table.name not in decoder.function.targets:
        raise PtxSyntaxError(f"line {source.line}: no such table of branch targets: {source.text}")
    step.kind = TABLE
    step.choose = decoder.read(index, "u32")
    targets = decoder.function.targets[table.name]
    step.table = [_label(decoder.function, source, Symbol(name)) for name in targets]


def _decode_call(program: Program, module: Module, source: Instruction) -> Run:
    """Results come first, if there are any; all of them are variables in parameter space."""
    operands = list(source.operands)
    results = _take_group(operands)
    target = operands.pop(0) if operands else None
    arguments = _take_group(operands)
    if not isinstance(target, Symbol) or target.name not in module.functions:
        raise Modifiers(source).unknown("only calls of functions by name")
    function = module.functions[target.name]
    if len(arguments) != len(function.parameters) or len(results) != len(function.results):
        raise PtxSyntaxError(f"line {source.line}: {target.name} has other arguments or results: {source.text}")
    given = [_parameter_name(source, operand) for operand in arguments]
    taken = [_parameter_name(source, operand) for operand in results]

    def run(frame: Frame, mask: Mask) -> None:
        code = program.codes[function.name]
        if frame.depth >= _MAXIMAL_DEPTH:
            raise trap("calls functions too deeply")
        inner = Frame(frame.batch, code, {}, frame.depth + 1)
        for name, variable in zip(given, function.parameters, strict=True):
            inner.parameters[variable.name] = frame.new_parameter(name)
        for variable in function.results:
            inner.new_parameter(variable.name)
        inner.execute(mask)
        for name, variable in zip(taken, function.results, strict=True):
            _return(frame, name, inner.parameters[variable.name], mask)

    return run


def _take_group(operands: list[Operand]) -> tuple[Operand, ...]:
    if operands and isinstance(operands[0], Group):
        return operands.pop(0).parts  # type: ignore[union-attr]
    return ()


def _return(frame: Frame, name: str, value: Any, mask: Mask) -> None:
    target = frame.new_parameter(name)
    np.copyto(target, value, where=True if mask is None else mask[:, None])


def _parameter_name(source: Instruction, operand: Operand) -> str:
    if not isinstance(operand, Symbol):
        raise Modifiers(source).unknown("only variables as arguments")
    return operand.name
