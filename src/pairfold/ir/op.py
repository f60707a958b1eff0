"""The record of one operation: every fact about it is a field here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pairfold.ir.expr import Expr, make
from pairfold.ir.registry import Registry

__all__ = ["OPERATIONS", "Op", "apply", "register"]

Cotangents = tuple["Expr | None", ...]


def _real(args: tuple[Expr, ...], params: tuple[Any, ...]) -> str:
    return "real"


@dataclass(frozen=True, eq=False, kw_only=True)
class Op:
    """One operation of the language.

    Attributes
    ----------
    name : str
        The name in formula strings.
    arity : int
        Number of expression operands.
    dimension : callable
        ``dimension(dims, params) -> int``; raises `DimensionError` with the reason.
    reference : callable
        ``reference(*arrays, *params) -> array``: NumPy definition on arrays of shape ``(..., dim)``.
    pullback : callable or None
        ``pullback(node, g) -> cotangents``, one per operand, None where it is zero. For an elementwise
        operation a cotangent may be left at the dimension of the node: `differentiate` sums it down.
        When None, the derivative is taken through `expand`.
    expand : callable or None
        ``expand(*args, *params) -> Expr`` in simpler operations; None for a primitive, which every target knows.
    elementwise : bool
        Component k of the result is a function of component k of each operand (operands of dimension 1 broadcast).
    parameters : tuple of str
        Names of the static parameters that follow the operands.
    method : str or None
        Name of the LazyTensor method, None when there is none.
    definition : str
        One line of mathematics for the reference documentation.
    doc : str
        Special values, gradients at kinks, anything a user must know.
    accuracy : str
        Stated error bound of the default float32 and float64 code.
    source : str
        Where the mathematics comes from.
    domain : tuple of (float, float)
        Interval per operand from which the tests draw.
    sample : tuple of tuples
        ``(dims, params)`` examples for operations whose dimensions are not free.
    ulp : float
        Bound of the rounding error of a primitive, in units in the last place; 0 where values are only moved. The
        tests derive their tolerances from it.
    method_order : tuple of int
        Operand number p of the operation is operand number ``method_order[p]`` of the method, where 0 is the
        LazyTensor itself; empty when the orders agree.
    defaults : tuple
        What the method takes for its last arguments when they are left out.
    other_names : tuple of str
        What NumPy and PyTorch call the method, where it has another name there: their functions of these names are
        carried out by it.
    linear : tuple of tuples of int
        Groups of operands: the primitive is linear in those of a group together, whatever the others are.
    access : bool
        Whether its components are components of its operands, found at no cost: nothing to compute in advance.
    truth : str
        Whether the components are truth values: ``"always"``, ``"never"``, or when the ``"operands"`` are.
    """

    name: str
    arity: int
    dimension: Callable[[tuple[int, ...], tuple[Any, ...]], int]
    reference: Callable[..., Any]
    pullback: Callable[[Expr, Expr], Cotangents] | None = None
    expand: Callable[..., Expr] | None = None
    elementwise: bool = False
    parameters: tuple[str, ...] = ()
    method: str | None = None
    definition: str = ""
    doc: str = ""
    accuracy: str = "correctly rounded"
    source: str = ""
    domain: tuple[tuple[float, float], ...] = ()
    sample: tuple[tuple[tuple[int, ...], tuple[Any, ...]], ...] = ()
    ulp: float = 0.5
    method_order: tuple[int, ...] = ()
    defaults: tuple[Any, ...] = ()
    other_names: tuple[str, ...] = ()
    linear: tuple[tuple[int, ...], ...] = ()
    access: bool = False
    truth: str = "never"
    kind: Callable[[tuple[Expr, ...], tuple[Any, ...]], str] = _real

    def __repr__(self) -> str:
        return f"<operation {self.name}>"


OPERATIONS: Registry[Op] = Registry("operation")
"""The registry: the parser, the LazyTensor methods, the documentation and the tests are derived from it."""


def register(op: Op) -> Op:
    """Enter `op` into the registry; a name may be used once."""
    return OPERATIONS.add(op, op.name)


def apply(name: str, *args: Expr, params: tuple[Any, ...] = ()) -> Expr:
    """Return the node for the operation called `name`."""
    return make(OPERATIONS[name], args, params)
