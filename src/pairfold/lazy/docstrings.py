"""The docstrings of the methods that follow from the registries: what they take, and shape and dtype of results."""

from __future__ import annotations

from collections.abc import Sequence

from pairfold.ir.expr import Op
from pairfold.ir.reduction import Reduction, Sizes
from pairfold.reductions.state import transitions
from pairfold.transform.calculus import Calculus

__all__ = ["alias_text", "calculus_text", "dimension_text", "operation_text", "output_shapes", "reduction_text"]

_OPERAND = "LazyTensor, array or number"

Entries = Sequence[tuple[str, str]]


def _sentence(text: str) -> str:
    """Return a definition as a sentence: a word gets a capital, a formula stays as it is."""
    word = text.partition(" ")[0]
    is_word = len(word) > 1 and word.isalpha()
    return f"{text[0].upper() if is_word else text[0]}{text[1:]}."


def _section(title: str, entries: Entries) -> list[str]:
    lines = ["", title, "-" * len(title)]
    for head, text in entries:
        lines += [head, *([f"    {text}"] if text else [])]
    return lines


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


# ---------------------------------------------------------------- operations


def dimension_text(op: Op) -> str:
    """Return the dimension of the result of an operation in words; empty where it is that of the operands."""
    if op.elementwise or op.makes_complex:
        return ""
    free = tuple(((dim,) * op.arity, ()) for dim in (2, 3))
    if {op.dimension(*sample) for sample in op.sample or free} == {1}:
        return "1"
    dims, params = op.sample[0] if op.sample else free[1]
    operands = _listed([f"{letter} of dimension {dim}" for letter, dim in zip(op.letters, dims, strict=True)])
    settings = ", ".join(f"{name}={value}" for name, value in zip(op.parameters, params, strict=False))
    return f"for example {op.dimension(dims, params)} for {operands}{' with ' if settings else ''}{settings}"


def operation_text(op: Op, names: Sequence[str]) -> str:
    """Return the docstring of the method of an operation; `names` are those of its parameters, without self."""
    order = op.method_order or tuple(range(op.arity))
    given = ["self", *names[: op.arity - 1]]
    roles = dict(zip((given[place] for place in order), op.letters, strict=True))
    known = [f"{roles['self']} is this tensor", *(f"{roles[name]} is `{name}`" for name in given[1:])]
    lines = [_sentence(op.definition)]
    about = [f"Here {_listed(known)}."] if len(known) > 1 else []
    about += [op.doc] if op.doc else []
    lines += ["", " ".join(about)] if about else []
    entries = [(f"{name} : {_OPERAND}", "") for name in given[1:]]
    entries += [(f"{name} : {_kind(op, place)}", "") for place, name in enumerate(op.parameters)]
    if entries:
        lines += _section("Parameters", entries)
    size, kind = dimension_text(op), "ComplexLazyTensor" if op.makes_complex else "LazyTensor"
    shape = {"": "(..., N, M, D)", "1": "(..., N, M, 1)"}.get(size, "(..., N, M, dimension)")
    note = f"The dimension is {size}." if size not in ("", "1") else ""
    if not size and op.arity > 1:
        note = "D is the dimension of the operands; one of dimension 1 meets every component of the others."
    return "\n".join(lines + _section("Returns", [(f"{kind}, shape {shape}", note)]))


def _kind(op: Op, place: int) -> str:
    examples = [params[place] for _, params in op.sample if place < len(params)]
    is_optional = len(op.parameters) - place <= len(op.defaults) or len(examples) < len(op.sample)
    return f"{'tuple of int' if isinstance(examples[0], tuple) else 'int'}{', optional' if is_optional else ''}"


_ROLES = {
    "v": ("LazyTensor", "The variable: it was made from an array, or is a symbolic one such as ``Vi(0, 3)``."),
    "g": (_OPERAND, "Of the dimension of f."),
    "u": (_OPERAND, "A direction, of the dimension of v."),
    "weights": (f"{_OPERAND}, optional", "One per component of v; 1 when left out."),
}


def calculus_text(record: Calculus, names: Sequence[str]) -> str:
    """Return the docstring of the method of an operator on formulas; `names` are those of its parameters."""
    letter = "L" if "formula L" in record.definition else "f"
    lines = [_sentence(record.definition), "", f"Here {letter} is this tensor. {record.doc}".rstrip()]
    lines += _section("Parameters", [(f"{name} : {_ROLES[name][0]}", _ROLES[name][1]) for name in names])
    return "\n".join(lines + _section("Returns", [(f"LazyTensor, shape (..., N, M, {record.result})", "")]))


# ---------------------------------------------------------------- reductions

_LETTERS = {1: "1", 5: "D", 3: "K"}
"""What the sizes stand for with which shapes are asked for."""


def output_shapes(reduction: Reduction) -> list[tuple[str, str]]:
    """Return what follows the axis of rows in the shape of every output, such as ``"K, D"``, and its kind.

    D is the dimension of the formula, or of the weight where there is one.
    """
    value = 1 if reduction.scalar_value or reduction.needs_weight else 5
    sizes = Sizes(value, 5 if reduction.needs_weight else 1, 3 if reduction.needs_k else 1)
    shapes = [", ".join(_LETTERS.get(size, str(size)) for size in shape) for shape in reduction.shapes(sizes)]
    return list(zip(shapes, (output.kind for output in transitions(reduction, sizes).finish), strict=True))


def _results(reduction: Reduction) -> list[tuple[str, str]]:
    entries = []
    for shape, kind in output_shapes(reduction):
        head = (
            "(..., N, K), or (..., N, K, D) for a tensor of dimension D > 1"
            if shape == "K, D"
            else f"(..., N, {shape})"
        )
        dtype = "Column numbers, int64." if kind == "index" else "In the dtype of the tensor."
        entries.append((f"array, shape {head}", f"{dtype} Over i, M stands in the place of N."))
    return entries


def reduction_text(reduction: Reduction, has_last: bool) -> str:
    """Return the docstring of the method of a reduction; `has_last` says that it reduces the last axis by default."""
    lines = [_sentence(reduction.definition), "", f"Here F is this tensor. {reduction.doc}".rstrip()]
    entries = []
    if reduction.needs_k:
        entries.append(("K : int", "How many are kept, at least 1."))
    weight = "Of the dimension of this tensor, or one of the two has dimension 1."
    if reduction.needs_weight:
        lines[2] = lines[2].replace("F is this tensor", "F is this tensor and G is `weight`")
        entries.append((f"weight : {_OPERAND}", weight))
    axes = (
        "The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes."
    )
    if reduction.folds:
        axes += " Batch axes and tuples of axes are possible."
    if has_last:
        axes += " -1, the default, is the last one: the result is a LazyTensor of shape (..., N, M, 1)."
    entries.append((f"axis : int{', default -1' if has_last else ''}", axes))
    entries.append(("dim : int, optional", "Another name of `axis`."))
    if reduction.weighted is not None:
        entries.append((f"weight : {_OPERAND}, optional", f"Factors of the exponentials. {weight}"))
    entries.append(("**kwargs", "``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`."))
    lines += _section("Parameters", entries)
    return "\n".join(lines + _section("Returns", _results(reduction)))


def alias_text(method: str) -> str:
    """Return the docstring of the name of a reduction that never reduces the last axis."""
    return f"Reduce as `{method}` does, over i or j only; programs for KeOps use this name."
