"""Truth values: which expressions answer a question with 0 or 1, and how answers are combined."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import numpy as np

from pairfold.ir.expr import Expr, Op, register
from pairfold.ops.arithmetic import apply, broadcast_dimension, constant, one, same_dimension

__all__ = ["is_truth"]


def is_truth(expr: Expr, known: Container[Expr] = ()) -> bool:
    """Tell whether the components of `expr` are truth values: by their operations, down to `known` ones."""
    stack, seen = [expr], {expr}
    while stack:
        node = stack.pop()
        if node in known:
            continue
        if node.op.truth == "never":
            return False
        if node.op.truth == "operands":
            new = [arg for arg in node.args if arg not in seen]
            seen.update(new)
            stack += new
    return True


def _truth(f: Expr) -> Expr:
    return f if is_truth(f) else apply("NotEqual", f, constant(0.0))


def _connective(name: str, function: Any, expand: Any, definition: str) -> None:
    register(
        Op(
            name=name,
            arity=2,
            dimension=broadcast_dimension,
            elementwise=True,
            reference=lambda f, g: function(f != 0, g != 0).astype(np.result_type(f, g)),
            pullback=lambda node, g: (None, None),
            expand=expand,
            definition=definition,
            shown=((0, 1), (0, 1)),
            doc="nan is not 0. Derivative 0.",
            accuracy="exact",
            domain=((-2, 2), (-2, 2)),
            method=f"logical_{name.lower()}",
            truth="always",
        )
    )


_connective(
    "And", np.logical_and, lambda f, g: apply("Where", f, _truth(g), constant(0.0)), "1 where f and g are not 0, else 0"
)
_connective("Or", np.logical_or, lambda f, g: apply("Where", f, one(), _truth(g)), "1 where f or g is not 0, else 0")
_connective(
    "Xor",
    np.logical_xor,
    lambda f, g: apply("NotEqual", _truth(f), _truth(g)),
    "1 where one of f and g is 0 and the other is not, else 0",
)
register(
    Op(
        name="Not",
        arity=1,
        dimension=same_dimension,
        elementwise=True,
        reference=lambda f: np.equal(f, 0).astype(np.result_type(f)),
        pullback=lambda node, g: (None,),
        expand=lambda f: apply("Equal", f, constant(0.0)),
        definition="1 where f is 0, else 0",
        shown=((-1, 0, 1, 2),),
        doc="nan is not 0. Derivative 0.",
        accuracy="exact",
        domain=((-2, 2),),
        method="logical_not",
        truth="always",
    )
)
