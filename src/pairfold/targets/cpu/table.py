"""CPU kernels with many parameters: a table in memory holds them, not registers, and loops fill it.

The code of a formula with a thousand numbers in it grows by a few instructions per number then, not by dozens, and no
number lives in a register throughout the kernel: the time of compilers grows with the square of those that do.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from llvmlite import ir

from pairfold.codegen.evaluate import exponential_scales
from pairfold.codegen.kernel import DOUBLE, INT32
from pairfold.codegen.lanes import Lanes, Value
from pairfold.codegen.loops import Index, add, loop, multiply
from pairfold.codegen.work import Kernel, Layout, Work
from pairfold.ir.expr import Category, Expr
from pairfold.schedule.schedule import UNROLL, Schedule
from pairfold.targets.cpu.joint import JointBuilder
from pairfold.targets.cpu.kernel import POINTER, CpuBuilder
from pairfold.transform.separate import is_access, location, reachable

__all__ = ["emit_kernel"]

MOST_IN_REGISTERS = 64
"""Nodes that depend on parameters only up to which registers keep them: twice what the largest machines have."""


PARTS = 4
"""Numbers that an exponential must know about a factor of its argument, see `Lanes.split_scale`."""


class _TableBuilder(CpuBuilder):
    """The state of the emission of one kernel that keeps what depends on parameters only in a table.

    First come the short parameters, ordered by dimension, then what is computed from parameters, then the factors of
    the arguments of exponentials, each in four parts.
    """

    def __init__(self, module: ir.Module, name: str, work: Work, dtype: str, schedule: Schedule) -> None:
        super().__init__(module, name, work, dtype, schedule)
        short = sorted(filter(_is_short, self.variables), key=lambda variable: variable.dim)
        self.gathered = len(short)
        self.variables = (*short, *(variable for variable in self.variables if not _is_short(variable)))
        self.layout = Layout(self.variables, work.written)
        computed = tuple(node for node in self.frontier.uniform if not is_access(node))
        self.frontier = replace(self.frontier, uniform=computed)
        self.place: dict[Expr, int] = {}
        self.scale_place: dict[Expr, int] = {}
        size = 0
        for node in (*short, *(node for node in computed if node.dim <= schedule.unroll)):
            self.place[node] = size
            size += node.dim
        for node in exponential_scales(reachable(work.roots, self.held)):
            if _is_uniform(node):
                self.scale_place[node] = size
                size += PARTS
        self.table = self.scratch(-(-size // schedule.lanes))
        self.parts = ir.VectorType(self.lanes.element, PARTS)
        self.element_bytes = 4 if dtype == "float32" else 8

    # ------------------------------------------------------------ once per call

    def _locate(self, batch: Value) -> None:
        super()._locate(batch)
        builder, number, start = self.builder, 0, 0
        for dim, count in Counter(variable.dim for variable in self.variables[: self.gathered]).items():
            with loop(builder, number, number + count) as k:
                base = builder.inttoptr(self.entry(multiply(k, 2)), self.global_pointer)
                target = add(multiply(add(k, -number), dim), start)
                self._copy(self.element(base, self._offset(k)), self.table, target, 1, dim)
            number += count
            start += count * dim

    def _uniforms(self) -> None:
        super()._uniforms()
        # Else the optimiser would keep every address from where it is written on to where pairs read it.
        launder = self.lanes.declared("llvm.launder.invariant.group.p0", POINTER, 1)
        self.table = self.builder.call(launder, [self.table])

    def _keep_uniform(self, node: Expr, k: int, value: Value) -> None:
        self.builder.store(self._narrow(value), self.parameter(node, k))

    def _keep_scale(self, node: Expr, value: Value) -> None:
        if node not in self.scale_place:
            super()._keep_scale(node, value)
            return
        parts = self.builder.call(self._split_scale(), [value])
        self.builder.store(parts, self.element(self.table, self.scale_place[node]), self.element_bytes)

    # ------------------------------------------------------------ leaves

    def parameter(self, variable: Expr, index: Index) -> Value:
        if variable in self.place:
            return self.element(self.table, add(index, self.place[variable]))
        return super().parameter(variable, index)

    def _read_uniform(self, node: Expr, index: Index) -> Value | None:
        if node in self.place:
            return self._broadcast_from(self.table, add(index, self.place[node]))
        return super()._read_uniform(node, index)

    def exponential(self, scale: Expr, x: Value) -> Value:
        if scale not in self.scale_place:
            return super().exponential(scale, x)
        place = self.element(self.table, self.scale_place[scale])
        parts = self.builder.load(place, align=self.element_bytes, typ=self.parts)
        return self.builder.call(self._exponential_of_parts(), [x, parts])

    # ------------------------------------------------------------ functions

    def _split_scale(self) -> ir.Function:
        """Return the function that splits a factor of the argument of an exponential, see `Lanes.split_scale`."""
        function = self._function("split_scale", self.parts, DOUBLE)
        if not function.blocks:
            function.attributes.add("noinline")
            builder = ir.IRBuilder(function.append_basic_block("entry"))
            single = Lanes(self.lanes.module, 1, self.dtype, self.schedule.features)
            result = ir.Constant(self.parts, ir.Undefined)
            for number, part in enumerate(single.split_scale(builder, *function.args)):
                result = builder.insert_element(result, part, INT32(number))
            builder.ret(result)
        return function

    def _exponential_of_parts(self) -> ir.Function:
        """Return the function exp(c x) of x and the parts of c."""
        lanes = self.lanes
        function = self._function("exp_of_parts", lanes.real, lanes.real, self.parts)
        if not function.blocks:
            function.attributes.add("alwaysinline")
            builder = ir.IRBuilder(function.append_basic_block("entry"))
            x, parts = function.args
            scale = (builder.extract_element(parts, INT32(number)) for number in range(PARTS))
            builder.ret(lanes.exponential(builder, x, tuple([lanes.broadcast(builder, part) for part in scale])))
        return function

    def _function(self, name: str, result: ir.Type, *arguments: ir.Type) -> ir.Function:
        """Return the function called `name` of the module, without a body when it is new."""
        module, symbol = self.lanes.module, f"pairfold.{name}.{self.dtype}"
        if symbol not in module.globals:
            ir.Function(module, ir.FunctionType(result, arguments), symbol).linkage = "internal"
        return module.globals[symbol]


def _is_short(variable: Expr) -> bool:
    return variable.category == Category.PARAMETER and variable.dim <= UNROLL


def _is_uniform(node: Expr) -> bool:
    return location(node) == "uniform" and node.op.name != "Const"


def emit_kernel(module: ir.Module, name: str, work: Work, dtype: str, schedule: Schedule) -> Kernel:
    """Add the kernel for `work` to `module` and return what a caller must know about it."""
    if work.across:
        return JointBuilder(module, name, work, dtype, schedule).emit()
    uniform = sum(map(_is_uniform, reachable(work.roots, work.packed)))
    builder = _TableBuilder if uniform > MOST_IN_REGISTERS else CpuBuilder
    return builder(module, name, work, dtype, schedule).emit()
