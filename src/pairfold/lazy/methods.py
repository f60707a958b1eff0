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
from pairfold.lazy.docstrings import alias_text, calculus_text, operation_text, reduction_text
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


def _names(signature: inspect.Signature) -> list[str]:
    """Return the names of the parameters of a method, without self."""
    return list(signature.parameters)[1:]


def _attach(name: str, method: Callable[..., Any], doc: str) -> None:
    method.__name__ = name
    method.__qualname__ = f"LazyTensor.{name}"
    method.__doc__ = doc
    setattr(LazyTensorBase, name, method)


_OWN = {name for kind in LazyTensorBase.__mro__ if issubclass(kind, ValueHolder) for name in vars(kind)}
"""What the class defines itself is not replaced."""


def _attach_reduction(reduction: Reduction) -> None:
    if reduction.method is None:
        return
    has_inner = reduction.operation is not None
    method = _reduction_method(reduction, -1 if has_inner else None)
    _attach(reduction.method, method, reduction_text(reduction, has_inner))
    _attach(f"{reduction.method}_reduction", _reduction_method(reduction, None), alias_text(reduction.method))


def _attach_operation(op: Op) -> None:
    is_taken = op.method in _OWN or op.method in REDUCING
    if op.method is not None and not is_taken and not op.makes_complex:
        _attach(op.method, _operation_method(op), operation_text(op, _names(_signature(op))))


def attach_methods() -> None:
    """Give `LazyTensorBase` the methods that the registries name, now and later, and that it does not define itself."""
    REDUCTIONS.follow(_attach_reduction)
    OPERATIONS.follow(_attach_operation)
    for record in CALCULUS.values():
        if record.method is not None:
            method = _calculus_method(record)
            _attach(record.method, method, calculus_text(record, _names(inspect.signature(method))))
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
        """Return a tensor indexed by i.

        Parameters
        ----------
        x : array (..., N, D) or (N,), or int
            The array; or, with `dim`, the number of an argument of the reduction to come.
        dim : int, optional
            The dimension D of that argument.

        Returns
        -------
        LazyTensor, shape (..., N, 1, D)

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Vi, Vj
        >>> x, y = np.zeros((3, 2)), np.ones((4, 2))
        >>> tuple((Vi(x) - Vj(y)).shape)
        (3, 4, 2)
        >>> waiting = Vi(0, 2).sqdist(Vj(1, 2)).sum(axis=1)
        >>> tuple(waiting(x, y).shape)
        (3, 1)
        """
        return variable_of(x, dim, 0)

    def Vj(x: Any, dim: int | None = None) -> Any:  # noqa: N802
        """Return a tensor indexed by j.

        Parameters
        ----------
        x : array (..., M, D) or (M,), or int
            The array; or, with `dim`, the number of an argument of the reduction to come.
        dim : int, optional
            The dimension D of that argument.

        Returns
        -------
        LazyTensor, shape (..., 1, M, D)
            `Vi` has an example.
        """
        return variable_of(x, dim, 1)

    def Pm(x: Any, dim: int | None = None) -> Any:  # noqa: N802
        """Return a parameter, which is the same for all pairs.

        Parameters
        ----------
        x : number, list of numbers, array (D,) or (..., 1, 1, D), or int
            The numbers; or, with `dim`, the number of an argument of the reduction to come.
        dim : int, optional
            The dimension D of that argument.

        Returns
        -------
        LazyTensor, shape (..., 1, 1, D)

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Pm, Vi, Vj
        >>> x, y = np.zeros((3, 1)), np.ones((4, 1))
        >>> (Pm(2.5) * (Vi(x) - Vj(y)).abs()).sum(axis=1).tolist()
        [[10.0], [10.0], [10.0]]
        """
        return variable_of(x, dim, 2)

    def Var(x: Any, dim: int | None = None, cat: int | None = None) -> Any:  # noqa: N802
        """Return a tensor of the category that a number says: `Vi`, `Vj` or `Pm`.

        Parameters
        ----------
        x : array, number, list of numbers, or int
            As for `Vi`, `Vj` and `Pm`.
        dim : int, optional
            The dimension of argument number `x` of the reduction to come.
        cat : int, optional
            0: indexed by i, 1: by j, 2: a parameter.

        Returns
        -------
        LazyTensor
        """
        return tensor(x, axis=cat) if dim is None else tensor((x, dim, cat))

    return Vi, Vj, Pm, Var
