"""Replays the steps of a client on the LazyTensors of `pairfold.numpy`."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from pairfold.api.protocols import Missing
from pairfold.bridge.arrays import Array, Spec, read_spec
from pairfold.bridge.message import Head, Reference, read_arguments, shown
from pairfold.errors import ArgumentTypeError, BridgeError, PairfoldError, suggestion
from pairfold.ir.expr import Op
from pairfold.lazy.core import operate
from pairfold.lazy.pullback import pull_back_lazy
from pairfold.lazy.reduction import ACCURACY_KEYWORDS
from pairfold.lazy.tensor import LazyTensorBase
from pairfold.numpy import ComplexLazyTensor, LazyTensor, Pm, Vi, Vj
from pairfold.ops import OPERATIONS
from pairfold.pykeops.operations import KERNELS
from pairfold.reductions import REDUCTIONS

__all__ = ["METHODS", "Program", "read_program", "replay", "specs_of"]

KINDS: dict[str, Callable[[Array], Any]] = {
    "i": Vi,
    "j": Vj,
    "p": lambda x: Pm(flattened(x)),
    "n": LazyTensor,
    "v": lambda x: x,
}
"""What an ``array`` line makes of its array."""

_OPERATORS: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "|": operator.or_,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}

_NOT_OFFERED = (
    *("adapter", "backend", "complex_type", "dim", "dtype", "formula", "is_complex", "is_symbolic", "ndim", "ranges"),
    *("is_strict", "real_type", "shape", "solver"),  # facts of Python's objects; `describe` tells them
    *("ignored_keywords", "routine_type", "finish", "partial", "rmatmat"),
    *("as_matrix", "cat", "concatenate"),  # what they give or take is no value of a client
)


def flattened(x: Array) -> Array:
    """Return the vector that a parameter is, whatever axes of length 1 a client gives it."""
    return x.reshape(-1) if x.ndim > 1 and x.size == max(x.shape) else x


def _minus(first: Any, *second: Any) -> Any:
    return operator.sub(first, *second) if second else operator.neg(first)


def _indexed(tensor: LazyTensorBase, *key: Any) -> Any:
    return tensor[tuple(np.asarray(part, np.int64) if isinstance(part, list) else part for part in key)]


def _selecting(method: Callable[..., Any]) -> Callable[..., Any]:
    def select(tensor: LazyTensorBase, *index: Any) -> Any:
        return method(tensor, *(np.asarray(part, np.int64) if isinstance(part, list) else part for part in index))

    return select


def _named(name: str) -> Callable[..., Any]:
    def method(tensor: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(tensor, name)(*args, **kwargs)

    return method


def _attribute(name: str) -> Callable[..., Any]:
    def attribute(tensor: Any) -> Any:
        return getattr(tensor, name)

    return attribute


def _operation(op: Op) -> Callable[..., Any]:
    def apply(*args: Any) -> Any:
        first = next((one for one in args[: op.arity] if isinstance(one, LazyTensorBase)), None)
        if first is None:
            raise ArgumentTypeError(f"{op.name} needs a LazyTensor among its operands.")
        parameters = [tuple(one) if isinstance(one, list) else one for one in args[op.arity :]]
        return operate(first, op, args[: op.arity], parameters)

    return apply


def _public() -> list[str]:
    names = [name for name in dir(ComplexLazyTensor) if not name.startswith("_") and name not in _NOT_OFFERED]
    return [name for name in names if not isinstance(inspect.getattr_static(ComplexLazyTensor, name), Missing)]


def _methods() -> dict[str, Callable[..., Any]]:
    table: dict[str, Callable[..., Any]] = {**_OPERATORS, "-": _minus, "[": _indexed, "Vi": Vi, "Vj": Vj, "Pm": Pm}
    for name in _public():
        is_property = isinstance(inspect.getattr_static(ComplexLazyTensor, name), property)
        table[name] = (_attribute if is_property else _named)(name)
    for name in ("rows", "block"):
        table[name] = _selecting(table[name])
    for op in (*OPERATIONS.values(), *KERNELS.values()):
        if op.arity and not op.name.startswith("Complex"):
            table[op.name] = _operation(op)
    table["pullback"] = pull_back_lazy
    return table


METHODS = _methods()
"""What a step may apply, by name."""

REDUCING = {
    name
    for reduction in REDUCTIONS.values()
    if reduction.method is not None
    for name in (reduction.method, f"{reduction.method}_reduction")
} | {"reduction"}
"""Methods that may reduce over i or j, and then compute."""

_COMPUTING = REDUCING | {"pullback", "matvec", "rmatvec", "solve", "dense", "diag", "rows", "block", "explain"}
_PLACED = REDUCING | {"pullback", "matvec", "rmatvec"}
"""Methods that take the options of a computation."""


class Program:
    """Steps, read but not replayed.

    Attributes
    ----------
    arrays : list of (str, str, Spec)
        Identity, kind and description, in the order of the data.
    steps : list of (str, str, list, dict)
        Identity, method, arguments and keywords.
    """

    def __init__(self) -> None:
        self.arrays: list[tuple[str, str, Spec]] = []
        self.steps: list[tuple[str, str, list[Any], dict[str, Any]]] = []


def specs_of(program: Program) -> list[Spec]:
    """Return the descriptions of the arrays."""
    return [spec for _, _, spec in program.arrays]


def read_program(head: Head) -> Program:
    """Return the arrays and steps of a request.

    Raises
    ------
    BridgeError
        If a line has another form, or an identity two meanings.
    UnknownNameError
        If there is no such method.
    """
    program, seen = Program(), dict[str, tuple[str, ...]]()
    for line in head.lines:
        if line[0] not in ("array", "step"):
            continue
        if len(line) < 3 or not line[1] or (line[0] == "array" and (len(line) != 5 or line[2] not in KINDS)):
            raise BridgeError(
                "An argument is array, id, one of i, j, p, n, v, type, shape, and a step is step, id, method, "
                f"arguments; found {shown(line)}."
            )
        if seen.setdefault(line[1], line) is not line:
            if seen[line[1]] != line or line[0] == "array":
                raise BridgeError(f"The id {shown(line[1])} has two meanings.")
            continue
        if line[0] == "array":
            program.arrays.append((line[1], line[2], read_spec(line[3], line[4])))
        else:
            program.steps.append((line[1], _checked(line[2]), *read_arguments(line[3:])))
    return program


def _checked(method: str) -> str:
    if method not in METHODS:
        known = [name for name in METHODS if name.isidentifier()]
        raise BridgeError(f"LazyTensors have no method {shown(method)}.{suggestion(method, known)}")
    return method


def replay(program: Program, arrays: Sequence[Array], options: Mapping[str, Any], computes: bool = True) -> Any:
    """Return the value of the last step, or of the only argument.

    Parameters
    ----------
    program : Program
        What to do.
    arrays : sequence of arrays
        In the order of its descriptions.
    options : mapping
        The options of computations.
    computes : bool
        False refuses steps that compute.
    """
    values: dict[str, Any] = {}
    value = None
    for (name, kind, _), array in zip(program.arrays, arrays, strict=True):
        values[name] = value = KINDS[kind](array)
    for name, method, args, keywords in program.steps:
        given = [_resolved(arg, values) for arg in args]
        named = {key: _resolved(arg, values) for key, arg in keywords.items()}
        if not computes and _would_compute(method, given, named):
            raise ArgumentTypeError(f"{method} computes, and this request asks for the shape of a LazyTensor only.")
        if method in _PLACED and options and _would_compute(method, given, named):
            named = {**_fitting(method, given, options), **named}
        values[name] = value = _applied(method, given, named)
    return value


def _resolved(arg: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(arg, Reference):
        if arg.id not in values:
            raise BridgeError(f"There is no line with the id {shown(arg.id)} before this one.")
        return values[arg.id]
    return [_resolved(one, values) for one in arg] if type(arg) is list else arg


def _applied(method: str, args: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
    try:
        return METHODS[method](*args, **keywords)
    except PairfoldError:
        raise
    except (TypeError, AttributeError) as reason:
        kinds = ", ".join(_kind_of(arg) for arg in args) or "nothing"
        raise ArgumentTypeError(f"{method} of {kinds}: {_in_words(reason)}") from None


def _in_words(reason: Exception) -> str:
    text = str(reason)
    # Where Python's own message names internals, what was given says enough.
    return "these arguments do not fit." if "object" in text or "operand" in text else f"{text}."


def _kind_of(arg: Any) -> str:
    if isinstance(arg, LazyTensorBase):
        return f"a LazyTensor of shape {arg.shape}"
    return f"an array of shape {arg.shape}" if isinstance(arg, np.ndarray) else shown(arg)


def _would_compute(method: str, args: Sequence[Any], keywords: Mapping[str, Any]) -> bool:
    """Tell whether a step computes; reductions over the last axis only write the formula."""
    if method not in REDUCING:
        return method in _COMPUTING
    if not args or not isinstance(args[0], LazyTensorBase):
        return False
    axis = _axis(method, tuple(args), keywords)
    return axis not in (None, -1, args[0].dim() - 1)


@lru_cache(maxsize=256)
def _signature(method: str) -> inspect.Signature:
    return inspect.signature(getattr(ComplexLazyTensor, method))


def _axis(method: str, args: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
    try:
        bound = _signature(method).bind(*args, **keywords)
    except TypeError:
        return None
    bound.apply_defaults()
    axis, dim = bound.arguments["axis"], bound.arguments["dim"]
    return axis if dim is None else dim


def _fitting(method: str, args: Sequence[Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that the reduction of a step takes: one that adds nothing up has no accuracy of sums."""
    name = next((arg for arg in args[1:] if isinstance(arg, str)), None)
    reduction = REDUCTIONS.get(str(name)) or next(
        (one for one in REDUCTIONS.values() if one.method == method.removesuffix("_reduction")), REDUCTIONS["Sum"]
    )
    if reduction.adds:
        return dict(options)
    return {key: value for key, value in options.items() if key not in ACCURACY_KEYWORDS}
