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
from pairfold.codegen.lanes import COMPARISONS, Lanes
from pairfold.codegen.structure import FOLDS
from pairfold.codegen.work import Work
from pairfold.ir.expr import Expr, topological
from pairfold.transform.separate import location

__all__ = ["Cost", "cost_per_pair", "primitive_cost"]


@dataclass(frozen=True)
class Cost:
    """Instructions, and how many of them are for the special function unit of a GPU, which takes few at a time."""

    instructions: int
    special: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.instructions + other.instructions, self.special + other.special)

    def __mul__(self, times: int) -> Cost:
        return Cost(self.instructions * times, self.special * times)


_FREE = frozenset({"bitcast", "fneg", "ret", "br", "phi", "extractelement", "insertelement", "extractvalue"})
"""Operations of LLVM that are no instruction, or part of one."""

_SLOTS = {"fdiv": 8, "llvm.sqrt": 12}
"""Operations that take as long as so many others."""

_SPECIAL = "approx"
"""Part of the names of operations of the special function unit."""

_ONE = frozenset({*COMPARISONS, "Where"})
"""Primitives that the evaluator emits itself: a mask, or a choice by a mask."""

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
    total = Cost(sum(0 if term.op.name == "Mult" else term.dim for term in terms))
    absorbed = _absorbed(topological(roots))
    for node in topological(roots):
        if location(node) == "pair" and node not in absorbed:
            total += _node_cost(node, make, *arguments)
    return total if total.instructions else Cost(1)


def _node_cost(node: Expr, make: Make, *arguments: Any) -> Cost:
    name = node.op.name
    if name in FOLDS:
        is_fused = node.args[0].op.name == "Mult"
        return Cost(0 if is_fused else FOLDS[name](node)[0] * node.dim)
    if not node.op.elementwise:
        return Cost(0)
    is_scaled = name == "Exp" and scaled_argument(node) is not None
    return primitive_cost("ScaledExp" if is_scaled else name, node.op.arity, make, *arguments) * node.dim


def _absorbed(nodes: Iterable[Expr]) -> set[Expr]:
    """Return the products that are part of an exponential."""
    scaled = (node for node in nodes if node.op.name == "Exp" and scaled_argument(node) is not None)
    return {node.args[0] for node in scaled}


@lru_cache(maxsize=512)
def primitive_cost(name: str, arity: int, make: Make, *arguments: Any) -> Cost:
    """Return the cost of one component of the elementwise primitive called `name`; ``"ScaledExp"`` is exp(c x)."""
    if name in _ONE:
        return Cost(1)
    module = ir.Module()
    lanes = make(module, *arguments)
    function = ir.Function(module, ir.FunctionType(lanes.real, [lanes.real] * max(arity, 3)), "primitive")
    builder = ir.IRBuilder(function.append_basic_block())
    if name == "ScaledExp":
        x, *scale = function.args
        lanes.exponential(builder, x, (scale[0], scale[1]))
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
            return Cost(1, 1)
    return Cost(0 if name in _FREE else _SLOTS.get(name, 1) * times)


def _registers(instruction: Any, lanes: Lanes) -> int:
    """Return how many registers the result takes: two for float64 in the place of float32."""
    element = getattr(instruction.type, "element", instruction.type)
    is_wide = element == ir.DoubleType() and lanes.dtype == "float32" and lanes.count > 1
    return 2 if is_wide else 1
