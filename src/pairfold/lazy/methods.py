"""The methods of LazyTensors that follow from the registries of operations, operators and reductions."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Iterable
from typing import Any

from pairfold.api.protocols import REDUCING, Missing, missing_names
from pairfold.api.signatures import checked, misfit
from pairfold.ir.expr import Op
from pairfold.ir.reduction import Reduction
from pairfold.lazy.core import operate
from pairfold.lazy.operations import unary
from pairfold.lazy.tensor import LazyTensorBase
from pairfold.lazy.value import ValueHolder, value_of
from pairfold.ops import OPERATIONS
from pairfold.reductions import REDUCTIONS
from pairfold.transform.calculus import CALCULUS, Calculus

__all__ = ["attach_methods", "make_variables"]


def _signature(op: Op) -> inspect.Signature:
    operands = [f"other{rank + 1}" if op.arity > 2 else "other" for rank in range(op.arity - 1)]
    names = [*operands, *op.parameters]
    optional = dict(zip(reversed(names), reversed(op.defaults), strict=False))
    if any(len(params) < len(op.parameters) for _, params in op.sample):
        optional[op.parameters[-1]] = None
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Signature(
        [inspect.Parameter("self", kind)]
        + [inspect.Parameter(name, kind, default=optional.get(name, inspect.Parameter.empty)) for name in names]
    )


def _static(value: Any, example: Any) -> Any:
    """Return a static parameter as the operation wants it: an integer, or a tuple of integers."""
    try:
        if isinstance(example, tuple):
            return tuple(operator.index(one) for one in (value if isinstance(value, Iterable) else [value]))
        return operator.index(value)
    except TypeError:
        return value


def _operation_method(op: Op) -> Callable[..., Any]:
    if op.arity == 1 and not op.parameters:

        def method_without_arguments(self: LazyTensorBase) -> LazyTensorBase:
            return self._like(unary(op, value_of(self)))

        return method_without_arguments
    signature = _signature(op)
    order = op.method_order or tuple(range(op.arity))
    examples = max((params for _, params in op.sample), key=len, default=())

    def method(self: LazyTensorBase, *args: Any, **kwargs: Any) -> LazyTensorBase:
        try:
            bound = signature.bind(self, *args, **kwargs)
        except TypeError:
            raise misfit(method, (self, *args), kwargs) from None
        bound.apply_defaults()
        given = list(bound.args)
        operands = [given[place] for place in order]
        params = given[op.arity :]
        while params and params[-1] is None:
            params.pop()
        params = [_static(value, example) for value, example in zip(params, examples, strict=False)]
        return operate(self, op, operands, params)

    method.__signature__ = signature  # type: ignore[attr-defined]
    return method


def _calculus_method(record: Calculus) -> Callable[..., Any]:
    empty, parameters = inspect.Parameter.empty, inspect.signature(record.build).parameters.values()
    of, *operands = [parameter.replace(annotation=empty) for parameter in parameters]
    signature = inspect.Signature([of.replace(name="self"), *operands])

    def method(self: LazyTensorBase, *args: Any, **kwargs: Any) -> LazyTensorBase:
        try:
            bound = signature.bind(self, *args, **kwargs)
        except TypeError:
            raise misfit(method, (self, *args), kwargs) from None
        return self._differentiate(record.name, bound.args[1:])

    method.__signature__ = signature  # type: ignore[attr-defined]
    return method


def _reduction_method(reduction: Reduction, default: int | None) -> Callable[..., Any]:
    if reduction.needs_k:

        def with_k(self: LazyTensorBase, K: int, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:  # noqa: N803
            return self._reduced(reduction, axis, dim, None, K, kwargs)

        return with_k
    if reduction.needs_weight:

        def with_weight(
            self: LazyTensorBase, weight: Any, axis: int | None = None, dim: int | None = None, **kwargs: Any
        ) -> Any:
            return self._reduced(reduction, axis, dim, weight, None, kwargs)

        return with_weight
    if reduction.weighted is not None:

        def with_optional_weight(
            self: LazyTensorBase, axis: int | None = None, dim: int | None = None, weight: Any = None, **kwargs: Any
        ) -> Any:
            weight = kwargs.pop("other", weight)
            return self._reduced(reduction, axis, dim, weight, None, kwargs)

        return with_optional_weight

    def plain(self: LazyTensorBase, axis: int | None = default, dim: int | None = None, **kwargs: Any) -> Any:
        return self._reduced(reduction, axis, dim, None, None, kwargs)

    return plain


def _attach(name: str, method: Callable[..., Any], doc: str) -> None:
    method.__name__ = name
    method.__qualname__ = f"LazyTensor.{name}"
    method.__doc__ = doc
    setattr(LazyTensorBase, name, method)


def _text(definition: str, doc: str) -> str:
    summary = f"{definition[:1].upper()}{definition[1:]}."
    return f"{summary}\n\n{doc}" if doc else summary


_OWN = {name for kind in LazyTensorBase.__mro__ if issubclass(kind, ValueHolder) for name in vars(kind)}
"""What the class defines itself is not replaced."""


def _attach_reduction(reduction: Reduction) -> None:
    if reduction.method is None:
        return
    doc = _text(reduction.definition, reduction.doc)
    has_inner = reduction.operation is not None
    if has_inner:
        doc += "\n\nOver the last axis (axis=-1, the default) the result is a LazyTensor; over i or j it is an array."
    _attach(reduction.method, _reduction_method(reduction, -1 if has_inner else None), doc)
    _attach(f"{reduction.method}_reduction", _reduction_method(reduction, None), doc)


def _attach_operation(op: Op) -> None:
    is_taken = op.method in _OWN or op.method in REDUCING
    if op.method is not None and not is_taken and not op.makes_complex:
        _attach(op.method, _operation_method(op), _text(op.definition, op.doc))


def attach_methods() -> None:
    """Give `LazyTensorBase` the methods that the registries name, now and later, and that it does not define itself."""
    REDUCTIONS.follow(_attach_reduction)
    OPERATIONS.follow(_attach_operation)
    for record in CALCULUS.values():
        if record.method is not None:
            _attach(record.method, _calculus_method(record), _text(record.definition, record.doc))
    for name in _OWN:
        _check_calls_of(name)
    for name in missing_names(dir(LazyTensorBase)):
        setattr(LazyTensorBase, name, Missing(name))


def _check_calls_of(name: str) -> None:
    """Let a method that has parameters, and does not check keywords itself, say which there are."""
    method = inspect.getattr_static(LazyTensorBase, name)
    if name.startswith("_") or not inspect.isfunction(method):
        return
    code = method.__code__
    if code.co_argcount > 1 and not code.co_flags & inspect.CO_VARKEYWORDS:
        setattr(LazyTensorBase, name, checked(method))


attach_methods()


def make_variables(tensor: Callable[..., Any]) -> tuple[Callable[..., Any], ...]:
    """Return the functions Vi, Vj, Pm and Var for one class of tensors."""

    def variable_of(x: Any, dim: int | None, category: int) -> Any:
        return tensor(x, axis=category) if dim is None else tensor((x, dim, category))

    def Vi(x: Any, dim: int | None = None) -> Any:  # noqa: N802
        """Return a tensor indexed by i: ``Vi(x)`` of an array (..., N, D), ``Vi(k, D)`` for argument k of a call."""
        return variable_of(x, dim, 0)

    def Vj(x: Any, dim: int | None = None) -> Any:  # noqa: N802
        """Return a tensor indexed by j: ``Vj(y)`` of an array (..., M, D), ``Vj(k, D)`` for argument k of a call."""
        return variable_of(x, dim, 1)

    def Pm(x: Any, dim: int | None = None) -> Any:  # noqa: N802
        """Return a parameter: ``Pm(p)`` of a number, list or array (D,), ``Pm(k, D)`` for argument k of a call."""
        return variable_of(x, dim, 2)

    def Var(x: Any, dim: int | None = None, cat: int | None = None) -> Any:  # noqa: N802
        """Return a tensor of category 0 (i), 1 (j) or 2 (parameter): ``Var(x, cat=0)`` or ``Var(k, D, 0)``."""
        return tensor(x, axis=cat) if dim is None else tensor((x, dim, cat))

    return Vi, Vj, Pm, Var
