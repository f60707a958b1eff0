"""Writes the type stubs: what editors and type checkers know of the classes that are made when a program runs.

The methods of LazyTensors follow from the registries of operations and reductions, and the classes of a front end from
its record, so no module has them in its text. The templates in ``tools/type_stubs/`` have what follows from nothing
else; the rest is inserted here, and docstrings are those of the objects themselves. Run
``python tools/generate_type_stubs.py`` after a change of the registries or of a public signature; ``--check`` compares
only.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FunctionType
from typing import Any

import pairfold
from pairfold import front_end
from pairfold.api import clusters
from pairfold.api.genred import GenredBase
from pairfold.api.kernel_solve import KernelSolveBase
from pairfold.api.protocols import Missing
from pairfold.api.tree import TreeBase
from pairfold.errors import ArgumentTypeError
from pairfold.ir.expr import Category, Op
from pairfold.ir.problem import Problem
from pairfold.ir.reduction import Reduction
from pairfold.lazy import reduction as lazy_reduction
from pairfold.numpy import ComplexLazyTensor, LazyTensor
from pairfold.ops import OPERATIONS
from pairfold.ops.arithmetic import variable
from pairfold.ops.on_complex import rule_of
from pairfold.reductions import REDUCTIONS
from pairfold.sparsity import cluster
from pairfold.transform.calculus import CALCULUS
from pairfold.transform.derivatives import output_kinds

PACKAGE = Path(pairfold.__file__).parent
TEMPLATES = Path(__file__).parent / "type_stubs"
NOTE = "# Written by tools/generate_type_stubs.py; do not edit."
CHECKS = """
# Comparisons answer with tensors; overloads are of more and of less general operands; what is made of a symbol is no
# instance of the class that is called.
# mypy: disable-error-code="overload-overlap, override, misc"
"""

SIDES = "Literal[0, 1, -2, -3]"
"""The axes of i and j: of tensors without batch axes, and of all tensors, counted from the end."""


# ---------------------------------------------------------------- frameworks


@dataclass(frozen=True, kw_only=True)
class Framework:
    """What the stub of a front end has to know.

    Attributes
    ----------
    room : str
        The module.
    imports : str
        Where its types come from.
    array, dtype : str
        Types of what reductions return, and of its dtype.
    given : str
        Arrays that are taken.
    told : str
        Arrays by which `import pairfold` knows the framework.
    """

    room: str
    imports: str
    array: str
    dtype: str
    given: str
    told: str


_NUMPY = "import numpy as np\nfrom numpy.typing import NDArray\n"

FRAMEWORKS = (
    Framework(
        room="numpy",
        imports=_NUMPY,
        array="NDArray[Any]",
        dtype="np.dtype[Any]",
        given="NDArray[Any] | list[Any] | tuple[Any, ...] | SupportsToNumpy",
        told="NDArray[Any] | list[Any] | tuple[Any, ...] | SupportsToNumpy | Tree[NDArray[Any]]",
    ),
    Framework(
        room="torch",
        imports="from torch import Tensor\nfrom torch import dtype as Dtype",
        array="Tensor",
        dtype="Dtype",
        given="Tensor",
        told="Tensor | Tree[Tensor]",
    ),
    Framework(
        room="jax",
        imports=f"{_NUMPY}from jax import Array as JaxArray",
        array="JaxArray",
        dtype="np.dtype[Any]",
        given="JaxArray | NDArray[Any]",
        told="JaxArray | Tree[JaxArray]",
    ),
    Framework(
        room="dask",
        imports=f"{_NUMPY}from dask.array import Array as DaskArray",
        array="DaskArray",
        dtype="np.dtype[Any]",
        given="DaskArray | NDArray[Any] | list[Any] | tuple[Any, ...]",
        told="DaskArray | Tree[DaskArray]",
    ),
    Framework(
        room="cupy",
        imports=f"{_NUMPY}from cupy import ndarray as CupyArray",
        array="CupyArray",
        dtype="np.dtype[Any]",
        given="CupyArray | SupportsCuda",
        told="SupportsCuda",  # CuPy itself has no types that a checker could read
    ),
)


def room_of(framework: Framework) -> Any:
    """Return the module of a front end; that of NumPy for CuPy, which needs a GPU to be installed."""
    return importlib.import_module(f"pairfold.{'numpy' if framework.room == 'cupy' else framework.room}")


def in_words_of(framework: Framework, text: str) -> str:
    """Return the docstrings of `room_of` a framework as those of its own module."""
    if framework.room != "cupy":
        return text
    text = text.replace(">>> import numpy as np", ">>> import cupy as cp").replace("pairfold.numpy", "pairfold.cupy")
    text = re.sub(r"^( *(?:>>>|\.\.\.).*)$", lambda line: line[1].replace("np.", "cp."), text, flags=re.MULTILINE)
    return text.replace("NumPy", "CuPy")


# ---------------------------------------------------------------- signatures


def overloads(signatures: Sequence[str]) -> str:
    """Return a function with these signatures."""
    head = "@overload\n" if len(signatures) > 1 else ""
    return "\n".join(f"{head}def {signature}: ..." for signature in signatures)


def literal(names: Iterable[str]) -> str:
    """Return the type of some texts."""
    return f"Literal[{', '.join(map(repr, names))}]"


TYPES = {
    "ranges": "Ranges | None",
    "dtype": "Any",
    "progress": "Progress",
    "checkpoint": "Checkpoint | None",
    "preconditioner": 'Literal["nystrom"] | Nystrom | Callable[[Array], Array] | None',
    "alpha": "float | Array",
}
"""Types of parameters whose annotations say less."""


def parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Return the parameters of a function by their names, with their types; without ``self`` and those with a star."""
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {
        name: one.replace(annotation=TYPES.get(name, one.annotation))
        for name, one in inspect.signature(function).parameters.items()
        if name != "self" and one.kind in named
    }


def written(function: Callable[..., Any], without: str = "", array: str = "Array", **types: str) -> str:
    """Return the parameters of a function as they stand in its signature.

    `types` has what stands there for some of them, `array` the type of arrays.
    """
    parts = []
    for name, one in parameters(function).items():
        if name != without:
            default = "" if one.default is inspect.Parameter.empty else f" = {one.default!r}"
            parts.append(types.get(name, f"{name}: {one.annotation}{default}"))
    return re.sub(r"\bArray\b", array, ", ".join(parts))


def keyword_types(function: Callable[..., Any], names: Iterable[str] = ()) -> dict[str, str]:
    """Return the types of the parameters that may be left out, or of some of them."""
    found = {
        name: str(one.annotation)
        for name, one in parameters(function).items()
        if one.default is not inspect.Parameter.empty
    }
    return {name: found[name] for name in names if name in found} if names else found


def fields(types: dict[str, str]) -> str:
    """Return the fields of a class."""
    return "\n".join(f"{name}: {annotation}" for name, annotation in types.items())


def keyword_groups() -> dict[str, str]:
    """Return the keywords that many functions share."""
    call = keyword_types(GenredBase.__call__, [name for name in lazy_reduction.CALL_KEYWORDS if name != "report"])
    accuracy = keyword_types(GenredBase.__init__, lazy_reduction.ACCURACY_KEYWORDS)
    result = {name: "Any" if name == "dtype" else "bool" for name in lazy_reduction.RESULT_KEYWORDS}
    made = {k: v for k, v in keyword_types(GenredBase.__init__).items() if k not in ("reduction_op", "axis")}
    solve = {k: v for k, v in keyword_types(KernelSolveBase.__call__).items() if k != "return_report"}
    return {
        "keywords of calls": fields(call),
        "keywords of reductions": fields({**accuracy, **call, **result}),
        "keywords of routines": fields(made),
        "keywords of solve": fields({**solve, **accuracy}),
    }


# ---------------------------------------------------------------- operations

PARAMETERS = {
    **dict.fromkeys(("start", "length", "degree", "decimals", "a", "b"), "int"),
    **dict.fromkeys(("shape_f", "shape_g", "axes_f", "axes_g"), "int | Sequence[int]"),
    "permutation": "int | Sequence[int] | None",
}
"""Types of the static parameters of operations."""


def complex_result(op: Op) -> bool | None:
    """Tell whether an operation of complex numbers gives complex ones; None where it is not defined for them."""
    for dims, params in op.sample or (((1,) * op.arity, ()),):
        for first in range(op.arity):
            flags = [operand >= first for operand in range(op.arity)]
            exprs = [variable(k, dim * (1 + flags[k]), Category.ROW) for k, dim in enumerate(dims)]
            try:
                return rule_of(op)(exprs, flags, params)[1]
            except ArgumentTypeError:
                continue
    return None


def operation(op: Op, is_complex: bool) -> str:
    """Return the method of an operation of real tensors, or of complex ones."""
    name, found = str(op.method), complex_result(op)
    given = parameters(getattr(LazyTensor, name))
    operands = [one for one in given if one not in PARAMETERS]

    def signature(operand: str, result: str) -> str:
        parts = ["self"]
        for one, parameter in given.items():
            default = "" if parameter.default is inspect.Parameter.empty else " = ..."
            parts.append(f"{one}: {PARAMETERS.get(one, operand)}{default}")
        return f"{name}({', '.join(parts)}) -> {result}"

    if op.makes_complex or (is_complex and not found):
        return overloads([signature("Operand", "Partner")])
    several = [signature("Operand", "Self")]
    if operands and not is_complex:
        # Of one operand, the overloads have nothing in common: else an array whose dtype is Any would fit several.
        also = "" if len(operands) == 1 else "Operand | "
        several.append(signature(f"{also}SymbolicTensor[Any]", "SymbolicTensor[Array]"))
        if found is not None:
            result = "Partner" if found else "Self"
            several.append(signature(f"{also}complex | ComplexLazyTensor[Any, Any, Any]", result))
    return overloads(several)


def operations(is_complex: bool) -> str:
    """Return the methods of the operations and of the operators on formulas."""
    own = {"elem", *(reduction.method for reduction in REDUCTIONS.values())}
    found = {
        str(op.method): operation(op, is_complex)
        for op in OPERATIONS.values()
        if op.method is not None and op.method not in own
        if not is_complex or (complex_result(op) is not None and not op.makes_complex)
    }
    for record in CALCULUS.values():
        if record.method is not None and (not is_complex or record.name in ("Grad", "Diff")):
            parts = [
                f"{name}: AnyTensor[Array, Any]{'' if one.default is inspect.Parameter.empty else ' | None = None'}"
                for name, one in parameters(getattr(LazyTensor, record.method)).items()
            ]
            result = "Any" if is_complex else "Self"
            found[record.method] = overloads([f"{record.method}(self, {', '.join(parts)}) -> {result}"])
    return "\n".join(found[name] for name in sorted(found))


def operators() -> str:
    """Return the operators of real tensors that give complex numbers where the other operand is complex."""
    names = [f"__{side}{name}__" for name in ("add", "sub", "mul", "truediv", "pow") for side in ("", "r")]
    further = "complex | ComplexLazyTensor[Any, Any, Any]"
    return "\n".join(
        overloads([f"{name}(self, other: Operand) -> Self", f"{name}(self, other: {further}) -> Partner"])
        for name in names
    )


# ---------------------------------------------------------------- reductions

REDUCING = tuple({id(one): one for one in REDUCTIONS.values()}.values())
"""The reductions, each once."""

KEYWORDS = "**keywords: Unpack[ReductionKeywords]"
AT_ONCE = "call: Literal[True] = True, report: Literal[False] = False"


def result_of(reduction: Reduction) -> str:
    """Return the type of what a reduction over i or j gives."""
    value = variable(0, 1, Category.COLUMN)
    count = len(output_kinds(Problem(value, reduction, value if reduction.needs_weight else None)))
    return "Array" if count == 1 else f"tuple[{', '.join(['Array'] * count)}]"


def reduction_method(reduction: Reduction, name: str, lazy: str, waits: bool) -> str:
    """Return the method of a reduction: over i or j it gives arrays, over the last axis a tensor of the type `lazy`.

    That of a tensor with symbolic variables (`waits`) gives what waits for its call. Which axes an integer means that
    is not known, and what they are in tensors with batch axes, types cannot tell: Any.
    """
    result = result_of(reduction)
    waiting = f"LazyReduction[{result}]"
    default = parameters(getattr(LazyTensor, name))["axis"].default
    before = "".join(
        [
            "self, ",
            "K: int, " if reduction.needs_k else "",
            "weight: Operand, " if reduction.needs_weight else "",
        ]
    )
    weight = "" if reduction.weighted is None else ", weight: Operand | None = None"
    positional, by_name = f"axis: {SIDES}, dim: None = None{weight}, *", f"*, dim: {SIDES}{weight}"
    several = []
    if reduction.operation is not None or reduction.folds:
        keep = "keepdims: Literal[True] = True, keepdim: Literal[True] = True"
        last = "axis: Literal[-1] = -1" if default == -1 else "axis: Literal[-1]"
        several += [(f"{last}, dim: None = None, *, {keep}", lazy), (f"*, dim: Literal[-1], {keep}", lazy)]
    if waits:
        several += [(f"{axes}, call: bool = True, {KEYWORDS}", waiting) for axes in (positional, by_name)]
    else:
        several += [(f"{axes}, {AT_ONCE}, {KEYWORDS}", result) for axes in (positional, by_name)]
        several += [(f"{positional}, report: Literal[True], {KEYWORDS}", f"tuple[{result}, Report]")]
        several += [(f"{positional}, call: Literal[False], {KEYWORDS}", waiting)]
    axes = f"axis: int | Sequence[int] | None = {default}, dim: int | Sequence[int] | None = None{weight}"
    several += [(f"{axes}, *, call: bool = True, report: bool = False, {KEYWORDS}", "Any")]
    return overloads([f"{name}({before}{given}) -> {returned}" for given, returned in several])


def reductions(is_complex: bool, waits: bool) -> str:
    """Return the methods of the reductions."""
    partner = "SymbolicTensor[Array]" if waits else "Partner"
    found = {}
    for reduction in REDUCING:
        if reduction.method is not None and (not is_complex or reduction.on_parts or reduction.truth):
            lazy = partner if is_complex and reduction.truth else "Self"
            for name in (reduction.method, f"{reduction.method}_reduction"):
                found[name] = reduction_method(reduction, name, lazy, waits)
    return "\n".join(found[name] for name in sorted(found))


def by_result(names_of: Callable[[Reduction], Iterable[str]]) -> dict[str, str]:
    """Return names of reductions or of their methods, a type for each kind of result."""
    groups: dict[str, list[str]] = {}
    for reduction in REDUCING:
        for name in names_of(reduction):
            groups.setdefault(result_of(reduction), []).append(name)
    return {result: literal(names) for result, names in groups.items()}


NAMES = by_result(lambda one: (one.name, *one.synonyms) if one.method or one.synonyms else ())
METHODS = by_result(lambda one: filter(None, [one.method]))


def reductions_by_name(waits: bool) -> str:
    """Return the method `reduction`."""
    rest = "other: Operand | None = None, opt_arg: int | None = None"
    axes = f"axis: {SIDES} | None = None, dim: {SIDES} | None = None"
    several = [
        f"self, reduction_op: {names}, {rest}, {axes}, *, call: bool = True, {KEYWORDS}) -> LazyReduction[{result}]"
        if waits
        else f"self, reduction_op: {names}, {rest}, {axes}, *, {AT_ONCE}, {KEYWORDS}) -> {result}"
        for result, names in NAMES.items()
    ]
    axes = "axis: int | Sequence[int] | None = None, dim: int | Sequence[int] | None = None"
    several.append(
        f"self, reduction_op: str, {rest}, {axes}, *, call: bool = True, report: bool = False, {KEYWORDS}) -> Any"
    )
    return overloads([f"reduction({one}" for one in several])


def products() -> str:
    """Return the methods that multiply by arrays."""
    several = [(AT_ONCE, "Array"), ("report: Literal[True]", "tuple[Array, Report]")]
    several += [("call: bool = True, report: bool = False", "Any")]
    return "\n".join(
        overloads([f"{name}(self, v: Array, *, {keys}, {KEYWORDS}) -> {result}" for keys, result in several])
        for name in ("matvec", "rmatvec")
    )


def streams() -> str:
    """Return the method `stream`."""
    rest = written(LazyTensor.stream, method="*args: Any")
    several = [*((names, result) for result, names in METHODS.items()), ("str", "Any")]
    return overloads(
        [f"stream(self, method: {names}, {rest}, **keywords: Any) -> {result}" for names, result in several]
    )


def further_methods(text: str) -> str:
    """Return the methods that are neither in the template nor in a registry, with the types of their annotations."""
    known = set(re.findall(r"def (\w+)", text)) | INTERNAL | {"matvec", "rmatvec", "stream", "reduction"}
    known |= {str(record.method) for registry in (OPERATIONS, CALCULUS) for record in registry.values()}
    known |= {f"{one.method}{end}" for one in REDUCING for end in ("", "_reduction")}
    found = []
    for name in sorted(set(dir(ComplexLazyTensor)) - known):
        member = inspect.getattr_static(ComplexLazyTensor, name)
        if not name.startswith("_") and not isinstance(member, Missing):
            is_property = isinstance(member, property)
            signature = re.sub(r"'([^']*)'", r"\1", str(inspect.signature(member.fget if is_property else member)))
            found.append(f"{'@property' if is_property else ''}\n{overloads([f'{name}{signature}'])}")
    return "\n".join(found)


INTERNAL = {
    *("adapter", "complex_type", "ignored_keywords", "is_strict", "real_type", "rmatmat", "routine_type", "solver"),
    "waiting",
}
"""Attributes of LazyTensors that are not for users."""

# ---------------------------------------------------------------- routines, and names that look at the arrays


def constructors(results: dict[str, str]) -> str:
    """Return the constructor of routines; `results` has what their class is given for a kind of results."""
    several = [
        (results[result], f"reduction_op: {names}{' = ' + repr('Sum') if repr('Sum') in names else ''}")
        for result, names in NAMES.items()
    ]
    several.append(("Any", "reduction_op: str"))
    return overloads(
        [
            f"__init__(self: Genred[{result}], {written(GenredBase.__init__, reduction_op=op)}) -> None"
            for result, op in several
        ]
    )


def dispatch(name: str, given: str, result: str) -> str:
    """Return a function that gives the class `result` of the framework of its argument; a class, its constructor."""
    head = name if result else "__new__"
    return "\n".join(
        f"@overload\ndef {head}({'' if result else 'cls, '}{given.replace('GIVEN', one.told)}) -> "
        f"pairfold.{one.room}.{result or name}: ..."
        for one in FRAMEWORKS
    )


def calls() -> str:
    """Return the call of routines for arrays of every framework."""
    kinds = {"_OneArray": "{0}", "_TwoArrays": "tuple[{0}, {0}]"}
    given = written(GenredBase.__call__, without="report")
    several = []
    for kind, result in kinds.items():
        for one in FRAMEWORKS:
            if one.room != "cupy":
                head = f"self: Genred[{kind}], *args: {one.told} | Numbers | complex, {given}"
                found = result.format(one.array)
                several.append(f"{head}, report: Literal[False] = False) -> {found}")
                several.append(f"{head}, report: Literal[True]) -> tuple[{found}, Report]")
    several.append(f"self, *args: Any, {given}, report: bool = False) -> Any")
    return overloads([f"__call__({one}" for one in several])


def solutions() -> str:
    """Return the call of solvers for arrays of every framework."""
    several = []
    for one in FRAMEWORKS:
        if one.room != "cupy":
            given = written(KernelSolveBase.__call__, without="return_report", array=one.array)
            head = f"self, *args: {one.told} | Numbers | complex, {given}"
            several.append(f"{head}, return_report: Literal[False] = False) -> {one.array}")
            several.append(f"{head}, return_report: Literal[True]) -> tuple[{one.array}, SolveReport]")
    given = written(KernelSolveBase.__call__, without="return_report", array="Any")
    several.append(f"self, *args: Any, {given}, return_report: bool = False) -> Any")
    return overloads([f"__call__({one}" for one in several])


def choices() -> str:
    """Return the function `where` for every framework."""
    several = []
    for one in FRAMEWORKS:
        if one.room != "cupy":
            operand = f"_types.LazyTensor[{one.array}, Any, Any] | {one.told} | Numbers"
            further = f"{operand} | complex | _types.ComplexLazyTensor[{one.array}, Any, Any]"
            several += [(operand, operand, "LazyTensor", one), (operand, further, "ComplexLazyTensor", one)]
    several.sort(key=lambda row: row[2], reverse=True)  # real ones first
    return "\n".join(
        f"@overload\ndef where(condition: {condition}, a: {operand}, b: {operand}) -> pairfold.{one.room}.{result}: ..."
        for condition, operand, result, one in several
    )


# ---------------------------------------------------------------- files

PUBLIC = {
    "Nystrom": "pairfold.solvers.nystrom",
    "SolveReport": "pairfold.solvers.conjugate_gradients",
    "State": "pairfold.engine.states",
    **dict.fromkeys(("Report", "collect_reports", "tolerance"), "pairfold.pruning"),
    **dict.fromkeys(("Mask", "band", "lower", "radius", "segments", "upper"), "pairfold.sparsity.masks"),
}
"""Names that are the same in every front end, and the modules that have them."""


def exports(names: Iterable[str], modules: Iterable[str] = ()) -> str:
    """Return the imports of public names and modules, and the list of all."""
    names = sorted(names)
    found = [f"from {PUBLIC[name]} import {name} as {name}" for name in names if name in PUBLIC]
    return "\n".join([*found, *modules, f"__all__ = {names!r}"])


def fillers(text: str) -> dict[str, Callable[[], str]]:
    """Return what is inserted into a template, by the words of the comments there."""
    groups = keyword_groups()
    return {
        **{name: partial(str, group) for name, group in groups.items()},
        "further methods": partial(further_methods, text),
        "real operators": operators,
        "real operations": partial(operations, False),
        "complex operations": partial(operations, True),
        "real reductions": partial(reductions, False, False),
        "complex reductions": partial(reductions, True, False),
        "waiting real reductions": partial(reductions, False, True),
        "waiting complex reductions": partial(reductions, True, True),
        "reductions by name": partial(reductions_by_name, False),
        "waiting reductions by name": partial(reductions_by_name, True),
        "products": products,
        "streams": streams,
        "calls": calls,
        "solutions": solutions,
        "choices": choices,
        "constructors of Genred": partial(constructors, {"Array": "_OneArray", "tuple[Array, Array]": "_TwoArrays"}),
    }


def filled(template: str, **words: str) -> str:
    """Return a template with what it leaves out: words in capitals, and what the comments ``# insert ...`` name."""
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    words |= {
        "CALL": written(GenredBase.__call__, without="report"),
        "PARTIAL": written(GenredBase.partial),
        "STREAM": written(GenredBase.stream),
        "EXPLAIN": written(GenredBase.explain),
        "SOLVER": written(KernelSolveBase.__init__),
        "SOLVE": written(KernelSolveBase.__call__, without="return_report"),
        "METHODS": literal(["reduction", *sorted(filter(None, {one.method for one in REDUCING}))]),
    }
    known = fillers(text)

    def inserted(match: re.Match[str]) -> str:
        space, what = match.groups()
        found = re.fullmatch(r"dispatch of (\w+)\((.*?)\)(?: -> (\w+))?", what)
        array = re.fullmatch(r"constructors of Genred for (.*)", what)
        if found is not None:
            made = dispatch(found[1], found[2], found[3] or "")
        elif array is not None:
            made = constructors({"Array": array[1], "tuple[Array, Array]": f"tuple[{array[1]}, {array[1]}]"})
        else:
            made = known[what]()
        return "\n".join(space + line for line in made.split("\n"))

    for word, value in words.items():
        text = re.sub(rf"\b{word}\b", lambda match, value=value: value, text)  # type: ignore[misc]
    return re.sub(r"^( *)# insert (.*)$", inserted, text, flags=re.MULTILINE)


def documented(text: str, classes: dict[str, type[Any]], functions: Any, doc: str | None = None) -> str:
    """Return a stub with the docstrings of what it describes.

    Parameters
    ----------
    text : str
        The stub.
    classes : dict of str to type
        The classes whose docstrings its classes have, and whose methods have those of their methods.
    functions : module
        Where its functions, and the other classes, are.
    doc : str, optional
        What the module itself has.
    """
    tree = ast.parse(text)
    _document(tree.body, lambda name: _doc(getattr(functions, name, None)))
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            kind = classes.get(node.name, getattr(functions, node.name, None))
            if ast.get_docstring(node) is None and kind is not None:
                members = [one for one in node.body if ast.unparse(one) != "..."]
                node.body = [_text(inspect.getdoc(kind) or ""), *members]
            _document(node.body, partial(_member_doc, kind))
    if doc is not None:
        tree.body.insert(0, _text(doc))
    return ast.unparse(tree)


def _document(body: list[ast.stmt], doc_of: Callable[[str], str | None]) -> None:
    """Give functions docstrings; of overloads the first one, where editors look for it."""
    last = ""
    for node in body:
        if isinstance(node, ast.FunctionDef):
            doc = doc_of(node.name)
            if doc and node.name != last:
                node.body = [_text(doc)]
            last = node.name


def _text(doc: str) -> ast.stmt:
    end = "\n" if "\n" in doc else ""
    return ast.Expr(ast.Constant(doc + end))


def _member_doc(kind: type[Any] | None, name: str) -> str | None:
    mro = () if kind is None else kind.__mro__[:-1]  # all but object
    return _doc(next((vars(one)[name] for one in mro if name in vars(one)), None))


def _doc(member: object) -> str | None:
    function = getattr(member, "fget", None) or getattr(member, "__func__", member)
    # Not `inspect.getdoc`, which looks among those of `object` too.
    return inspect.cleandoc(function.__doc__ or "") if isinstance(function, FunctionType) else None


def types_file() -> str:
    """Return the classes of every framework."""
    kinds = {
        **dict.fromkeys(("AnyTensor", "RealTensor", "Entries", "SymbolicTensor", "Symbols"), LazyTensor),
        **dict.fromkeys(("ComplexTensor", "SymbolicComplexTensor"), ComplexLazyTensor),
        "LazyReduction": lazy_reduction.LazyReduction,
        "Routine": GenredBase,
        "Solver": KernelSolveBase,
        "Tree": TreeBase,
    }
    text = documented(filled("_types.pyi.in"), kinds, pairfold)
    # The methods of the two classes are in those of NumPy: the ones that look at the arrays have none.
    return documented(text, {"LazyTensor": LazyTensor, "ComplexLazyTensor": ComplexLazyTensor}, None)


def front_end_file(framework: Framework) -> str:
    """Return the stub of a front end."""
    room, name = room_of(framework), framework.room
    modules = [] if name == "dask" else [f"from pairfold.{name} import cluster as cluster"]
    own = set(getattr(room, "__all__", ())) - set(front_end.__all__) - {"cluster"}
    assert own <= {"sharded"}
    modules += ["from pairfold.jax.mesh import sharded as sharded"] if own else []
    text = filled(
        "front_end.pyi.in",
        IMPORTS=framework.imports,
        EXPORTS=exports(room.__all__, modules),
        ARRAY=framework.array,
        DTYPE=framework.dtype,
        GIVEN=framework.given,
    )
    return in_words_of(framework, documented(text, {}, room, inspect.getdoc(room)))


def dispatch_file() -> str:
    """Return the stub of `import pairfold`."""
    modules = [f"from pairfold import {name} as {name}" for name in pairfold._MODULES]
    text = filled("dispatch.pyi.in", EXPORTS=exports(pairfold.__all__, modules))
    return documented(text, {}, pairfold, inspect.getdoc(pairfold))


def cluster_file(framework: Framework) -> str:
    """Return the stub of the clusters of a front end, whose functions return its arrays."""
    functions = room_of(framework).cluster
    changed = sorted({*clusters._LABELLED, *(() if framework.room == "cupy" else ("from_matrix",))})
    parts = [
        "from typing import Any, TypeVar",
        framework.imports,
        "from numpy.typing import ArrayLike",
        *(f"from pairfold.sparsity.cluster import {one} as {one}" for one in cluster.__all__ if one not in changed),
        f"__all__ = {cluster.__all__!r}",
        '_Arrays = TypeVar("_Arrays")',
    ]
    for name in changed:
        signature = re.sub(r"'([^']*)'", r"\1", str(inspect.signature(getattr(cluster, name))))
        given, result = signature.rsplit(" -> ", 1)
        result = result.replace("Ranges", f"tuple[{', '.join(['Array'] * 6)}]")
        result = re.sub(r"\b(Integers|Array)\b", framework.array, result)
        parts.append(f"def {name}{given.replace('ArrayLike', f'ArrayLike | {framework.array}')} -> {result}: ...")
    return in_words_of(framework, documented("\n".join(parts), {}, functions, inspect.getdoc(functions)))


FILES: dict[Path, Callable[[], str]] = {
    PACKAGE / "_types.pyi": types_file,
    PACKAGE / "__init__.pyi": dispatch_file,
    **{PACKAGE / one.room / "__init__.pyi": partial(front_end_file, one) for one in FRAMEWORKS},
    **{
        PACKAGE / one.room / "cluster.pyi": partial(cluster_file, one)
        for one in FRAMEWORKS
        if one.room not in ("numpy", "dask")
    },
}


def formatted(text: str, path: Path) -> str:
    """Return a stub as the formatter of the project writes it, without the imports that it does not use."""
    text = f"{NOTE}\n{CHECKS}\n{text}"
    for command in (["check", "--fix-only", "--quiet", "--select", "F401,I"], ["format"]):
        run = [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(path), "-"]
        text = subprocess.run(run, input=text, capture_output=True, text=True, check=True).stdout
    return text


def main(arguments: Sequence[str]) -> int:
    """Write the files, or compare them; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    check = parser.parse_args(arguments).check
    made = {path: formatted(make(), path) for path, make in FILES.items()}
    stale = [path for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if not check:
        for path in stale:
            path.write_text(made[path], encoding="utf-8")
        return 0
    for path in stale:
        sys.stderr.write(f"{path} is not what tools/generate_type_stubs.py writes; run it.\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
