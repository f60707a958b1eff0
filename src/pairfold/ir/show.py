"""Print an expression as a formula string that the parser reads back."""

from __future__ import annotations

from pairfold.ir.expr import Category, Expr, topological

__all__ = ["show"]

_INFIX = {"Add": "+", "Subtract": "-", "Mult": "*", "Divide": "/"}
_CATEGORY = {Category.ROW: "Vi", Category.COLUMN: "Vj", Category.PARAMETER: "Pm"}


def show(expr: Expr, names: dict[Expr, str] | None = None) -> str:
    """Return the text of `expr`; `names` gives the user's names for variables."""
    names = names or {}
    text: dict[Expr, str] = {}
    for node in topological([expr]):
        name = node.op.name
        args = [text[arg] for arg in node.args]
        if node in names:
            text[node] = names[node]
        elif name == "Var":
            position, dim, category = node.params[:3]
            prefix = _CATEGORY.get(category)
            text[node] = f"{prefix}({position},{dim})" if prefix else f"{position}"
        elif name == "Const":
            text[node] = repr(node.params[0])
        elif name in _INFIX:
            text[node] = f"({args[0]} {_INFIX[name]} {args[1]})"
        elif name == "Minus":
            text[node] = f"(-{args[0]})"
        else:
            text[node] = f"{name}({', '.join([*args, *map(str, node.params)])})"
    return text[expr]
