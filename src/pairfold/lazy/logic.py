"""Truth values among LazyTensors: what comparisons answer, how answers are combined, and choices by them."""

from __future__ import annotations

from typing import Any

from pairfold.api.leaf import Leaf
from pairfold.api.signatures import checked
from pairfold.errors import ArgumentTypeError
from pairfold.lazy.core import LazyCore, lift
from pairfold.lazy.operations import binary, combined
from pairfold.lazy.value import Value, value_of
from pairfold.ops import OPERATIONS
from pairfold.ops.arithmetic import variable
from pairfold.ops.logic import is_truth

__all__ = ["bar", "check_numbers", "choose", "choose_by_method", "logical", "where"]

_CONNECTIVES = {"&": "And", "^": "Xor", "~": "Not"}
_TRUTH = "a truth value (a comparison, an array of booleans, or made of these by & | ^ ~)"


def _lifted(tensor: LazyCore, other: Any) -> tuple[Value, bool]:
    """Return the value of an operand, and whether it is a truth value."""
    found = lift(tensor, other)
    number = other if isinstance(other, bool) else tensor.adapter.as_number(other)
    return found, isinstance(number, bool) or _holds_truth(found)


def _holds_truth(value: Value) -> bool:
    if value.is_complex:
        return False
    booleans = [
        variable(position, leaf.tag[0], leaf.category)
        for position, leaf in enumerate(value.leaves)
        if isinstance(leaf, Leaf) and value.kind.adapter.dtype_name(leaf.array.dtype) == "bool"
    ]
    return is_truth(value.expr, booleans)


def bar(tensor: LazyCore, other: Any, swapped: bool) -> Value:
    """Return the value of ``tensor | other``: "or" of truth values, the scalar product of vectors.

    Raises
    ------
    ArgumentTypeError
        If one is a truth value and the other is not.
    """
    found, is_answer = _lifted(tensor, other)
    value = value_of(tensor)
    if _holds_truth(value) is not is_answer:
        raise ArgumentTypeError(
            "| is 'or' between truth values and the scalar product between vectors; of the tensors of shapes "
            f"{tensor.shape} and {found.shown_shape} one is {_TRUTH}, and the other holds numbers. Write (x != 0) to "
            "ask about numbers, (x * y).sum(-1) for the product."
        )
    return binary(OPERATIONS["Or" if is_answer else "Scalprod"], value, found, swapped)


def logical(tensor: LazyCore, symbol: str, *others: Any) -> Value:
    """Return the value of ``tensor & other``, ``tensor ^ other`` or ``~tensor``.

    Raises
    ------
    ArgumentTypeError
        If an operand is no truth value.
    """
    operands = [_lifted(tensor, operand) for operand in (tensor, *others)]
    for found, is_answer in operands:
        if not is_answer:
            raise ArgumentTypeError(
                f"{symbol} takes truth values, and the tensor of shape {found.shown_shape} is not {_TRUTH}. Write "
                "(x != 0) to ask about numbers."
            )
    return combined(OPERATIONS[_CONNECTIVES[symbol]], [found for found, _ in operands])


def choose(tensor: LazyCore, condition: Any, a: Any, b: Any) -> Value:
    """Return the value of `where` of operands one of which is `tensor`."""
    found, is_answer = _lifted(tensor, condition)
    if not is_answer:
        raise ArgumentTypeError(
            f"where takes {_TRUTH} for its condition, and the tensor of shape {found.shown_shape} holds numbers. Write "
            "(x != 0), or (x >= 0) for what ifelse asks."
        )
    return combined(OPERATIONS["Where"], (found, lift(tensor, a), lift(tensor, b)))


def choose_by_method(tensor: LazyCore, first: Any, second: Any) -> Value:
    """Return the value of ``condition.where(a, b)`` or ``a.where(condition, b)``: whichever has a condition there."""
    is_condition = _holds_truth(value_of(tensor))
    if is_condition == _lifted(tensor, first)[1]:
        raise ArgumentTypeError(
            "The method is condition.where(a, b), or a.where(condition, b) as in PyTorch, and it cannot be told which: "
            f"{'both tensors are truth values' if is_condition else 'neither tensor is ' + _TRUTH}. Use the function "
            "where(condition, a, b)."
        )
    return choose(tensor, tensor, first, second) if is_condition else choose(tensor, first, tensor, second)


def check_numbers(tensor: LazyCore) -> None:
    """Refuse ``comparison.ifelse(a, b)``, which would be `a` everywhere.

    Raises
    ------
    ArgumentTypeError
        If `tensor` is a truth value.
    """
    if _holds_truth(value_of(tensor)):
        raise ArgumentTypeError(
            "ifelse asks where a tensor is at least 0, and a comparison is 0 or 1: that is everywhere. Use "
            "where(condition, a, b), or x.ifelse(a, b) for x >= 0."
        )


@checked
def where(condition: Any, a: Any, b: Any) -> Any:
    """Return `a` where the condition holds, else `b`.

    Derivatives go through the chosen operand alone: a pole or nan of the other one does no harm, to any order.

    Parameters
    ----------
    condition : LazyTensor or array of booleans
        The answer of a comparison, or what ``&``, ``|``, ``^`` and ``~`` make of answers.
    a, b : LazyTensor, array or number
        What is chosen from; one of the three arguments at least is a LazyTensor.

    Returns
    -------
    LazyTensor

    Raises
    ------
    ArgumentTypeError
        If no argument is a LazyTensor, or the condition holds numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from pairfold.numpy import Vi, Vj, where
    >>> x, y = Vi(np.arange(3.0)[:, None]), Vj(np.arange(4.0)[:, None])
    >>> where((x < y) & (y < 3), x - y, 0).sum(axis=1)
    array([[-3.],
           [-1.],
           [ 0.]])
    """
    for operand in (condition, a, b):
        found = getattr(operand, "_choose", None)
        if found is not None:
            return found(condition, a, b)
    raise ArgumentTypeError(
        "where chooses among LazyTensors, and none of its arguments is one; use the function of the framework of the "
        "arrays, such as numpy.where."
    )
