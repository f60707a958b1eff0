"""LazyTensors and routines inside of ``torch.compile``: written down while it traces, carried out in its graph.

Dynamo traces programs on tensors and constants; interned expressions and compiled routines mean nothing to it. So the
steps of a program on LazyTensors are written down as text, step by step, and the step that gives numbers puts one
function into the graph: `replay`, with this text and the tensors. What traces below Dynamo (AOTAutograd, `torch.func`)
sees inside of it the operators that the LazyTensors call.

This module is imported when something is traced, and not before: it needs `torch._dynamo`, which takes long to import.
"""

from __future__ import annotations

import inspect
import json
import operator
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from pairfold.api.tree import TreeBase
from pairfold.errors import ArgumentTypeError, PairfoldError
from pairfold.lazy.tensor import LazyTensorBase
from pairfold.reductions import REDUCTIONS
from pairfold.sparsity.ranges import Pattern
from pairfold.torch.replay import carry_out, class_named

__all__ = ["TracedRoutine", "TracedTensor", "call_traced", "replay"]

_ARRAYS = frozenset(
    (
        "__matmul__",
        "__rmatmul__",
        "product",
        "matvec",
        "rmatvec",
        "reduction",
        "solve",
        "block",
        "dense",
        "diag",
        "rows",
    )
)
"""Steps that return arrays, beside most reductions."""

_LAZY_PROPERTIES = frozenset({"T", "imag", "real"})


# ---------------------------------------------------------------- while Dynamo traces


class TracedTensor:
    """What a LazyTensor is while Dynamo traces: a program, and the tensors that it is about.

    Parameters
    ----------
    origin : str
        The class that the program named, as ``"module:name"``.
    program : str
        See `torch_replay`.
    tensors : tuple of tensors
        Those that the program numbers.
    """

    def __init__(self, origin: str, program: str, tensors: tuple[Tensor, ...]) -> None:
        self._origin = origin
        self._program = program
        self._tensors = tensors

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        kind = kind_of(self._origin, name)
        if kind == "attribute":
            # The number of axes is the same for any number of points, so it needs no trace of its own for each.
            shapes = tuple([_sizes(t, any_number=name == "ndim") for t in self._tensors])
            return fact(self._program, shapes, name)
        if kind == "property":
            return call_traced(self._origin, name, (self,), {}, is_lazy=True)

        def method(*args: Any, **kwargs: Any) -> Any:
            return _method(name, kind, (self, *args), kwargs)

        return method

    def dim(self) -> Any:
        """Return the number of axes."""
        return fact(self._program, tuple([_sizes(t, any_number=True) for t in self._tensors]), "dim")

    def _set(self, name: str, value: Any) -> None:
        new = call_traced(self._origin, "with_setting", (self, name, value), {}, is_lazy=True)
        self._program, self._tensors = new._program, new._tensors

    def _set_ranges(self, value: Any) -> None:
        self._set("ranges", value)

    def _set_backend(self, value: Any) -> None:
        self._set("backend", value)

    ranges = property(None, _set_ranges)
    backend = property(None, _set_backend)

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Stand in for an operator on a tensor and a traced tensor, which Dynamo sees as a method of the tensor."""
        name = operator_of(function)
        if name is None or len(args) != 2:
            raise ArgumentTypeError("This function of PyTorch does not take LazyTensors.")
        if isinstance(args[0], TracedTensor):
            return _method(name, kind_of(args[0]._origin, name), args, {})
        tensor, traced = args
        mirrored = mirror_image(name)
        return _method(mirrored, kind_of(traced._origin, mirrored), (traced, tensor), {})


def _sizes(tensor: Tensor, any_number: bool) -> tuple[int, ...]:
    shape = tuple([operator.index(size) for size in tensor.shape[-1:]])
    others = tensor.shape[:-1]
    return (
        tuple([1 for _ in others]) + shape if any_number else tuple([operator.index(size) for size in others]) + shape
    )


def _method(name: str, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return call_traced(args[0]._origin, name, args, kwargs, is_lazy=None if kind == "either" else kind == "lazy")


def _operator(name: str) -> Callable[..., Any]:
    def operator(self: TracedTensor, *args: Any) -> Any:
        return _method(name, kind_of(self._origin, name), (self, *args), {})

    return operator


_BOTH_SIDES = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "or", "and", "xor", "matmul")
_ONE_SIDE = ("lt", "le", "gt", "ge", "eq", "ne", "neg", "pos", "abs", "getitem")
_OPERATORS = (
    *(f"__{side}{name}__" for name in _BOTH_SIDES for side in ("", "r")),
    *(f"__{name}__" for name in _ONE_SIDE),
)
for _name in _OPERATORS:
    setattr(TracedTensor, _name, _operator(_name))


class TracedRoutine:
    """What a routine is while Dynamo traces: the class that the program named, and what it was made with."""

    def __init__(self, origin: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._made_with = (origin, args, tuple(kwargs.items()))

    def __call__(self, *args: Any, out: Any = None, **kwargs: Any) -> Any:
        """Put the call into the graph."""
        found = call_traced("", "routine", (*self._made_with, *args), kwargs, is_lazy=False)
        if out is None:
            return found
        for target, result in zip(*((out, found) if isinstance(found, tuple) else ((out,), (found,))), strict=True):
            target.copy_(result)
        return out


def call_traced(origin: str, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], is_lazy: bool | None) -> Any:
    """Write down one step.

    Parameters
    ----------
    origin : str
        See `TracedTensor`; "" for routines.
    name, args, kwargs
        The step.
    is_lazy : bool or None
        Whether the result is a LazyTensor; None finds out.

    Returns
    -------
    TracedTensor, or what the graph computes
    """
    tensors: list[Tensor] = []
    programs: list[tuple[str, tuple[int, ...]]] = []
    if name not in ("__pow__", "power"):
        # Dynamo does not take numbers that change from call to call for constants; a tensor without axes is as weak.
        args = tuple([_as_tensor(arg) if isinstance(arg, float) else arg for arg in args])
    given = tuple([_written(arg, tensors, programs) for arg in args])
    named = tuple([(key, _written(value, tensors, programs)) for key, value in kwargs.items()])
    program = extended(tuple(programs), name, given, named)
    if is_lazy is None:
        is_lazy = gives_lazy(program, tuple([_sizes(t, any_number=True) for t in tensors]))
    return TracedTensor(origin, program, tuple(tensors)) if is_lazy else replay(program, tensors)


def _as_tensor(number: float) -> Tensor:
    return torch.scalar_tensor(number, dtype=torch.float64, device="cpu")


def _written(value: Any, tensors: list[Tensor], programs: list[tuple[str, tuple[int, ...]]]) -> Any:
    """Return `value` as constants: a tensor by its number, a traced tensor by that of its program."""
    value = value.array if isinstance(value, TreeBase) else value
    if isinstance(value, TracedTensor):
        programs.append((value._program, tuple([_number(t, tensors) for t in value._tensors])))
        return ("program", len(programs) - 1)
    if isinstance(value, Tensor):
        return ("tensor", _number(value, tensors))
    if isinstance(value, (tuple, list)):
        return ("tuple" if isinstance(value, tuple) else "list", *[_written(one, tensors, programs) for one in value])
    if isinstance(value, slice):
        return ("slice", value.start, value.stop, value.step)
    if value is Ellipsis:
        return ("ellipsis",)
    if isinstance(value, Pattern):
        raise ArgumentTypeError(
            "Inside of torch.compile, ranges are six tensors: call mask.ranges(N, M) outside of the compiled function, "
            "and convert the arrays with torch.from_numpy."
        )
    return ("constant", value)


def _number(tensor: Tensor, tensors: list[Tensor]) -> int:
    for number, known in enumerate(tensors):
        if known is tensor:
            return number
    tensors.append(tensor)
    return len(tensors) - 1


# ---------------------------------------------------------------- constants of a trace


_OPERATOR_OF = {
    "add": "__add__",
    "sub": "__sub__",
    "rsub": "__rsub__",
    "mul": "__mul__",
    "div": "__truediv__",
    "truediv": "__truediv__",
    "rdiv": "__rtruediv__",
    "floordiv": "__floordiv__",
    "rfloordiv": "__rfloordiv__",
    "remainder": "__mod__",
    "mod": "__mod__",
    "rmod": "__rmod__",
    "pow": "__pow__",
    "rpow": "__rpow__",
    "matmul": "product",
    "or": "__or__",
    "bitwise_or": "__ror__",
    "and": "__and__",
    "bitwise_and": "__rand__",
    "xor": "__xor__",
    "bitwise_xor": "__rxor__",
    "lt": "__lt__",
    "le": "__le__",
    "gt": "__gt__",
    "ge": "__ge__",
    "eq": "__eq__",
    "ne": "__ne__",
}
"""The operators behind the names of functions and methods that Dynamo puts in their place."""

_MIRRORED = {"__lt__": "__gt__", "__gt__": "__lt__", "__le__": "__ge__", "__ge__": "__le__"}
_SYMMETRIC = ("__eq__", "__ne__", "product")


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def operator_of(function: Any) -> str | None:
    """Return the name of the operator that Dynamo calls `function`, or None."""
    return _OPERATOR_OF.get(function.__name__.strip("_"))


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def mirror_image(name: str) -> str:
    """Return the operator that is the same when its operands change places."""
    if name in _SYMMETRIC:
        return name
    if name in _MIRRORED:
        return _MIRRORED[name]
    return f"__{name[3:]}" if name.startswith("__r") else f"__r{name[2:]}"


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def kind_of(origin: str, name: str) -> str:
    """Return what an attribute of LazyTensors is.

    Returns
    -------
    str
        ``"attribute"``; ``"property"``, a LazyTensor; or a method: ``"lazy"`` and ``"array"`` by its result,
        ``"either"`` when that depends on the arguments.
    """
    if name in _LAZY_PROPERTIES:
        return "property"
    if name in _ARRAYS:
        return "array"
    kind = class_named(origin)
    found = inspect.getattr_static(kind, name, None) or inspect.getattr_static(kind.complex_type, name, None)
    if not callable(found) and not isinstance(found, staticmethod):
        return "attribute"
    methods = [reduction.method for reduction in REDUCTIONS.values() if reduction.method is not None]
    return "either" if name.removesuffix("_reduction") in methods else "lazy"


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def gives_lazy(program: str, shapes: Sequence[Sequence[int]]) -> bool:
    """Tell whether the result of a program is a LazyTensor, by carrying it out on tensors without data."""
    try:
        found = carry_out(program, [torch.empty(tuple(shape), device="meta") for shape in shapes])
    except PairfoldError:
        # What is wrong is said when the graph is made, with the shapes of the program.
        return False
    return isinstance(found, LazyTensorBase)


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def extended(programs: Sequence[tuple[str, Sequence[int]]], name: str, args: Any, kwargs: Any) -> str:
    """Return the program of a step: those of its operands, with the tensors renumbered, and the step itself."""
    steps: list[Any] = []
    results = []
    for text, tensors in programs:
        places: list[int] = []
        for step in json.loads(text):
            moved = _renumbered(step, places, tensors)
            if moved not in steps:
                steps.append(moved)
            places.append(steps.index(moved))
        results.append(places[-1])
    last = [name, [_as_json(arg, results) for arg in args], [[key, _as_json(arg, results)] for key, arg in kwargs]]
    return json.dumps([*steps, last], separators=(",", ":"))


def _as_json(value: Any, results: Sequence[int]) -> Any:
    sort, *rest = value
    if sort == "program":
        return {"step": results[rest[0]]}
    if sort in ("tuple", "list"):
        return {sort: [_as_json(one, results) for one in rest]}
    if sort in ("tensor", "ellipsis"):
        return {sort: rest[0] if rest else 0}
    if sort == "slice":
        return {"slice": rest}
    if isinstance(rest[0], torch.dtype):
        return {"dtype": str(rest[0]).removeprefix("torch.")}
    if isinstance(rest[0], complex):
        return {"complex": [rest[0].real, rest[0].imag]}
    return rest[0]


def _renumbered(value: Any, places: Sequence[int], tensors: Sequence[int]) -> Any:
    if isinstance(value, list):
        return [_renumbered(one, places, tensors) for one in value]
    if isinstance(value, dict):
        if "step" in value:
            return {"step": places[value["step"]]}
        if "tensor" in value:
            return {"tensor": tensors[value["tensor"]]}
        return {key: _renumbered(one, places, tensors) for key, one in value.items()}
    return value


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def fact(program: str, shapes: Sequence[Sequence[int]], name: str) -> Any:
    """Return an attribute of the LazyTensor of a program, such as its shape."""
    found = getattr(carry_out(program, [torch.empty(tuple(shape), device="meta") for shape in shapes]), name)
    return found() if callable(found) else found


# ---------------------------------------------------------------- in the graph


@torch.compiler.allow_in_graph  # type: ignore[untyped-decorator]
def replay(program: str, tensors: Sequence[Tensor]) -> Any:
    """Carry out a program; its last step must give tensors."""
    found = carry_out(program, tensors)
    if isinstance(found, Tensor) or (isinstance(found, tuple) and all(isinstance(one, Tensor) for one in found)):
        return found
    raise ArgumentTypeError(
        f"Inside of torch.compile a reduction must give tensors; found {type(found).__name__}. Build reductions that "
        "wait for their call (call=False, symbolic variables) with Genred, or outside of the compiled function, as "
        "reports."
    )
