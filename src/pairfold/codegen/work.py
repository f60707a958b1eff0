"""What a kernel computes, and how its caller passes arguments."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from pairfold.ir.expr import Category, Expr, topological
from pairfold.ir.reduction import Field
from pairfold.transform.separate import location

__all__ = ["ITEM_FIELDS", "Kernel", "Layout", "Work"]

ITEM_FIELDS = ("row_first", "row_last", "interval_first", "interval_last", "batch", "out_row")
"""The i64 numbers that describe one item."""


@dataclass(frozen=True)
class Work:
    """What one kernel computes, in primitives.

    Attributes
    ----------
    fields : tuple of (Field, Expr)
        The state and its placeholders; empty for a kernel without columns.
    update, rare : dict
        Expression per field, see `Reduction`.
    guard : Expr or None
        When the rare update is needed.
    outputs : tuple of Expr
        What is stored per row.
    packed : tuple of Expr
        Column-only nodes that are worth computing once per column, in advance.
    partial_states : tuple of Expr
        For a kernel that merges: placeholders of the fields of a state that another kernel has stored; column j is the
        state of part j. Such a kernel has one lane, or a thread, per row, and writes column numbers of 64 bits.
    candidate : Expr or None
        For reductions that keep the `kept` smallest values of each component, more than one: the value that may be one
        of them. The outputs are fields then. None in a kernel that merges: its states are sorted lists.
    columns : Work or None
        The kernel that computes `packed`, with rows in the place of columns.
    keeps_state : bool
        Whether the outputs are a state in float64, where sums have what rounding to the working precision takes away.
    across : tuple of (Expr, Expr)
        Vectors that are summed over rows, for every column: factors that depend on the column only, and what they
        multiply at every pair. Their results, side by side, are the last output, which has no expression.
    """

    fields: tuple[tuple[Field, Expr], ...]
    update: tuple[tuple[str, Expr], ...]
    rare: tuple[tuple[str, Expr], ...]
    guard: Expr | None
    outputs: tuple[Expr, ...]
    packed: tuple[Expr, ...] = ()
    columns: Work | None = None
    partial_states: tuple[Expr, ...] = ()
    candidate: Expr | None = None
    kept: int = 1
    keeps_state: bool = False
    across: tuple[tuple[Expr, Expr], ...] = ()

    @property
    def across_terms(self) -> tuple[Expr, ...]:
        """What is summed over rows, each once however many factors it has."""
        return tuple(dict.fromkeys(term for _, term in self.across))

    @property
    def across_dim(self) -> int:
        """Numbers per column that are summed over rows."""
        return sum(max(factor.dim, term.dim) for factor, term in self.across)

    @property
    def written(self) -> int:
        """Number of arrays that the kernel writes."""
        return len(self.outputs) + bool(self.across)

    @property
    def index_bits(self) -> int:
        """Bits of a column number: those of several arrays may not fit 32."""
        return 64 if self.partial_states else 32

    @property
    def merges_lists(self) -> bool:
        """Whether the states that are merged are lists of the `kept` smallest values, some with their columns."""
        return bool(self.partial_states) and not self.update

    @property
    def steady_roots(self) -> tuple[Expr, ...]:
        """What the kernel evaluates for every pair, whatever the state."""
        return (*(e for _, e in self.update), *self.across_terms, *(() if self.guard is None else (self.guard,)))

    @property
    def longest_sum(self) -> int:
        """Largest dimension of a vector whose components are summed for every pair."""
        sums = (node for node in topological(self.roots) if node.op.name == "Sum" and location(node) == "pair")
        return max((node.args[0].dim for node in sums), default=0)

    def shared_dim(self, unroll: int) -> int:
        """Return how many components have the vectors, up to `unroll` long, that several operations read per pair."""
        nodes = topological(self.steady_roots)
        readers = Counter(arg for node in nodes for arg in set(node.args) if location(arg) == "pair")
        return sum(arg.dim for arg, count in readers.items() if count > 1 and 1 < arg.dim <= unroll)

    @property
    def mixes_components(self) -> bool:
        """Whether an operation on pairs reads a vector that is put together from others.

        In a loop over components each of these is computed for every component, and what they read likewise.
        """
        outermost = [*(term for _, term in self.update), *self.across_terms]
        for node in outermost:
            outermost += node.args if node.op.name == "Concat" else ()
        inner = (node for node in topological(self.steady_roots) if node.op.name == "Concat")
        return any(location(node) == "pair" and node not in outermost for node in inner)

    @property
    def added_dim(self) -> int:
        """Components of the state that every column adds to."""
        return sum(placeholder.dim for field, placeholder in self.fields if field.additive)

    @property
    def roots(self) -> tuple[Expr, ...]:
        """Every expression that the kernel evaluates."""
        single = (root for root in (self.guard, self.candidate) if root is not None)
        across = (e for pair in self.across for e in pair)
        return (*(e for _, e in self.update), *(e for _, e in self.rare), *across, *single, *self.outputs)


@dataclass(frozen=True)
class Layout:
    """Where the i64 argument block of a kernel holds what: one number per entry."""

    variables: tuple[Expr, ...]
    outputs: int

    @cached_property
    def arguments(self) -> tuple[tuple[int, bool], ...]:
        """Per variable: the number of its argument, and whether that is a parameter."""
        return tuple((v.position, v.category == Category.PARAMETER) for v in self.variables)

    @property
    def size(self) -> int:
        """Number of entries."""
        return 2 * len(self.variables) + 3 + self.outputs

    def pointer(self, variable: Expr) -> int:
        """Entry of the base pointer of a variable."""
        return 2 * self._number[variable]

    @cached_property
    def _number(self) -> dict[Expr, int]:
        return {variable: number for number, variable in enumerate(self.variables)}

    def stride(self, variable: Expr) -> int:
        """Entry of its stride along rows or columns, in elements."""
        return self.pointer(variable) + 1

    @property
    def intervals(self) -> int:
        """Entry of the pointer to the column intervals, pairs of i64."""
        return 2 * len(self.variables)

    @property
    def offsets(self) -> int:
        """Entry of the pointer to the batch offsets, one i64 per variable (then the packed columns) and batch entry."""
        return self.intervals + 1

    @property
    def packed(self) -> int:
        """Entry of the pointer to the packed columns."""
        return self.intervals + 2

    def output(self, number: int) -> int:
        """Entry of the pointer to an output."""
        return self.intervals + 3 + number


@dataclass(frozen=True)
class Kernel:
    """What is known about an emitted kernel."""

    name: str
    layout: Layout
    scratch_vectors: int = 0
    """Vectors of scratch memory that each thread needs."""
