"""What a formula costs: the instructions that its primitives are made of, counted where they are emitted.

No table says what a function costs: whoever changes its code changes its cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from llvmlite import ir

from pairfold.codegen.evaluate import scaled_argument
from pairfold.codegen.lanes import Lanes
from pairfold.codegen.primitives import Instruction, find_primitive, fold_of
from pairfold.codegen.work import Work
from pairfold.ir.expr import Expr, topological
from pairfold.transform.separate import location

__all__ = ["Cost", "code_size", "cost_per_pair", "primitive_cost"]


@dataclass(frozen=True)
class Cost:
    """What some instructions cost.

    Attributes
    ----------
    instructions : int
        How many there are; one that takes as long as some others counts as these.
    special : int
        How many are for the special function unit of a GPU, which takes few at a time.
    size : int
        How many there are in the code.
    """

    instructions: int
    special: int = 0
    size: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.instructions + other.instructions, self.special + other.special, self.size + other.size)

    def __mul__(self, times: int) -> Cost:
        return Cost(self.instructions * times, self.special * times, self.size * times)


_FREE = frozenset({"bitcast", "fneg", "ret", "br", "phi", "extractelement", "insertelement", "extractvalue"})
"""Operations of LLVM that are no instruction, or part of one."""

_SLOTS = {"fdiv": 8, "llvm.sqrt": 12}
"""Operations that take as long as so many others."""

_SPECIAL = "approx"
"""Part of the names of operations of the special function unit."""

Make = Callable[..., Lanes]


def cost_per_pair(work: Work, make: Make, *arguments: Any) -> Cost:
    """Return the cost of the formula and of its reduction for one pair, or one vector of pairs, roughly.

    Parameters
    ----------
    work : Work
        What is computed.
    make : callable
        ``make(module, *arguments)`` returns the `Lanes` that emit it.
    """
    roots, terms = work.steady_roots, [term for _, term in work.update]
    # What is added is a fused instruction where it is a product.
    total = Cost(sum(0 if term.op.name == "Mult" else term.dim for term in (*terms, *work.across_terms)))
    absorbed = _absorbed(topological(roots))
    for node in topological(roots):
        if location(node) == "pair" and node not in absorbed:
            total += _node_cost(node, make, *arguments)
    return total if total.instructions else Cost(1)


def code_size(work: Work, unroll: int, make: Make, *arguments: Any) -> int:
    """Return how many instructions a pair takes in the code, roughly, when vectors up to `unroll` are unrolled."""
    nodes = [node for node in topological(work.steady_roots) if location(node) == "pair"]
    return sum(_written(node, unroll) * _component_cost(node, make, *arguments).size for node in nodes)


def _written(node: Expr, unroll: int) -> int:
    """Return how often a component of `node`, or a term of it, is written."""
    fold = fold_of(node)
    terms = 1 if fold is None else fold.terms(node)[0]
    return 1 if max(node.dim, terms) > unroll else node.dim * terms


def _node_cost(node: Expr, make: Make, *arguments: Any) -> Cost:
    fold = fold_of(node)
    if fold is not None:
        is_fused = node.args[0].op.name == "Mult"
        return Cost(0 if is_fused else fold.terms(node)[0] * node.dim)
    return _component_cost(node, make, *arguments) * node.dim


def _component_cost(node: Expr, make: Make, *arguments: Any) -> Cost:
    if not node.op.elementwise:
        return Cost(0, size=1)
    name = node.op.name if scaled_argument(node) is None else "ScaledExp"
    return primitive_cost(name, node.op.arity, make, *arguments)


def _absorbed(nodes: Iterable[Expr]) -> set[Expr]:
    """Return the products that are part of an exponential."""
    return {node.args[0] for node in nodes if scaled_argument(node) is not None}


@lru_cache(maxsize=512)
def primitive_cost(name: str, arity: int, make: Make, *arguments: Any) -> Cost:
    """Return the cost of one component of the elementwise primitive called `name`; ``"ScaledExp"`` is exp(c x)."""
    if name != "ScaledExp" and not isinstance(find_primitive(name), Instruction):
        return Cost(1, size=1)  # a mask, or a choice by a mask
    module = ir.Module()
    lanes = make(module, *arguments)
    function = ir.Function(module, ir.FunctionType(lanes.real, [lanes.real] * max(arity, 5)), "primitive")
    builder = ir.IRBuilder(function.append_basic_block())
    if name == "ScaledExp":
        x, *scale = function.args
        lanes.exponential(builder, x, tuple(scale))
        return _count(function, lanes, set(scale))
    lanes.elementwise(builder, name, list(function.args[:arity]))
    return _count(function, lanes, set())


def _count(function: ir.Function, lanes: Lanes, fixed: set[Any]) -> Cost:
    """Count what is executed for every pair: neither code for rare arguments nor what follows from `fixed` values."""
    total = Cost(0)
    for block in function.blocks:
        if block.name.startswith("slow"):
            continue
        for instruction in block.instructions:
            operands = instruction.args if instruction.opname == "call" else instruction.operands
            are_fixed = [isinstance(operand, ir.Constant) or operand in fixed for operand in operands]
            if operands and all(are_fixed):
                fixed.add(instruction)
            elif instruction.opname == "call" and instruction.callee.blocks:
                inner = zip(instruction.callee.args, are_fixed, strict=True)
                total += _count(instruction.callee, lanes, {argument for argument, is_fixed in inner if is_fixed})
            else:
                total += _instruction_cost(instruction, lanes)
    return total


def _instruction_cost(instruction: Any, lanes: Lanes) -> Cost:
    name, times = instruction.opname, _registers(instruction, lanes)
    if name == "call":
        name = ".".join(instruction.callee.name.split(".")[:2])
        if _SPECIAL in instruction.callee.name:
            return Cost(1, 1, 1)
    return Cost(0) if name in _FREE else Cost(_SLOTS.get(name, 1) * times, size=times)


def _registers(instruction: Any, lanes: Lanes) -> int:
    """Return how many registers the result takes: two for float64 in the place of float32."""
    element = getattr(instruction.type, "element", instruction.type)
    is_wide = element == ir.DoubleType() and lanes.dtype == "float32" and lanes.count > 1
    return 2 if is_wide else 1
