"""Reductions of LazyTensors: which axis, which routine, now or later."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pairfold.engine import Options
from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.frontends.adapter import Adapter
from pairfold.frontends.aliases import Argument
from pairfold.frontends.genred import choose_reduction, number_kept
from pairfold.frontends.leaf import Leaf, Symbol
from pairfold.frontends.routine import Key, Routine, make_options, make_problem
from pairfold.ir.expr import Category, Expr
from pairfold.ir.op import Op
from pairfold.ir.reduction import Reduction
from pairfold.ops import OPERATIONS
from pairfold.reductions import REDUCTIONS

if TYPE_CHECKING:
    from pairfold.frontends.lazy import LazyTensorBase

__all__ = ["LazyReduction", "inner_operation", "reduce_tensor", "reduction_axis"]

ACCURACY_KEYWORDS = ("dtype_acc", "use_double_acc", "sum_scheme")
CALL_KEYWORDS = ("backend", "device_id", "ranges", "out", "threads", "progress")
IGNORED_KEYWORDS = ("enable_chunks", "rec_multVar_highdim", "use_fast_math", "optional_flags", "dtype", "cuda_type")

_DEFAULT_OPTIONS = Options()
_PREFIXES = ("Vi", "Vj", "Pm")


def inner_operation(name: str) -> Op | None:
    """Return the operation that does over the last axis what the reduction `name` does over i or j, if there is one."""
    op = OPERATIONS.get(name)
    # The variables are operations too, under the name of the variance.
    return op if op is not None and op.arity == 1 else None


def reduction_axis(tensor: LazyTensorBase, axis: Any, dim: Any, name: str, inner: Op | None) -> int:
    """Return 0 for the axis of i, 1 for that of j, 2 for the last one.

    Raises
    ------
    ArgumentTypeError
        If no axis is given.
    ArgumentValueError
        If that axis cannot be reduced.
    """
    axis = axis if dim is None else dim
    batch = tensor.dim() - 3
    allowed = f"{batch} (i), {batch + 1} (j)" + (f", {batch + 2} or -1 (the last axis)" if inner is not None else "")
    if axis is None:
        raise ArgumentTypeError(f"{name} of a LazyTensor needs an axis: {allowed}.")
    try:
        number = operator.index(axis)
    except TypeError:
        raise ArgumentTypeError(f"{name} of a LazyTensor reduces one axis, an integer; found {axis!r}.") from None
    side = number - batch if number >= 0 else number + 3
    if side not in (0, 1, 2) or (side == 2 and inner is None):
        raise ArgumentValueError(
            f"axis is {axis}, and {name} of a tensor of shape {tensor.shape} reduces the axes {allowed}."
        )
    return side


@lru_cache(maxsize=512)
def _routine(
    value: Expr,
    weight: Expr | None,
    reduction: Reduction,
    k: int,
    side: int,
    options: Options,
    tags: tuple[tuple[int, ...], ...],
    adapter: Adapter,
    is_complex: bool,
) -> Routine:
    arguments = []
    for position, (dim, category, *index) in enumerate(tags):
        name = f"{_PREFIXES[category]}({index[0]},{dim})" if index else None
        arguments.append(Argument(name, position, dim, Category(category)))
    problem = make_problem(value, reduction, weight, k, side)
    return Routine(problem, side, arguments, options, adapter, stretches=True, is_complex=is_complex)


def reduce_tensor(
    tensor: LazyTensorBase,
    reduction: Reduction | str,
    side: int,
    weight: LazyTensorBase | None = None,
    k: Any = None,
    call: bool = True,
    **kwargs: Any,
) -> Any:
    """Reduce `tensor` over i (`side` 0) or j (1).

    Returns
    -------
    array, tuple of arrays, or LazyReduction
        The latter with ``call=False`` and for symbolic variables.
    """
    weight_expr = None
    if weight is not None:
        if weight.is_complex:
            raise ArgumentTypeError("A weight is real, and this one is complex; reduce weight.real and weight.imag.")
        tensor, weight_expr = tensor._join(weight)
    if weight is not None or isinstance(reduction, str) or reduction.needs_weight:
        name = reduction if isinstance(reduction, str) else reduction.name
        reduction = choose_reduction(name, weight is not None)
    kept = number_kept(reduction, k) if reduction.needs_k else 1
    options = _DEFAULT_OPTIONS
    if kwargs:
        LazyReduction.check_keywords(kwargs)
        accuracy = {name: kwargs.pop(name) for name in ACCURACY_KEYWORDS if name in kwargs}
        kwargs = {name: value for name, value in kwargs.items() if name in CALL_KEYWORDS}
        options = make_options(reduction, **accuracy)
    if tensor.ranges is not None:
        kwargs.setdefault("ranges", tensor.ranges)
    if tensor.backend is not None:
        kwargs.setdefault("backend", tensor.backend)
    if not call or tensor.is_symbolic:
        return LazyReduction(tensor, weight_expr, reduction, kept, side, options, kwargs)
    tags = tuple([leaf.tag for leaf in tensor._leaves])
    routine = _routine(
        tensor._expr, weight_expr, reduction, kept, side, options, tags, tensor.adapter, tensor.is_complex
    )
    return _call(routine, [leaf.array for leaf in tensor._leaves], [leaf.key for leaf in tensor._leaves], kwargs)  # type: ignore[union-attr]


def _call(routine: Routine, arrays: Sequence[Any], keys: Sequence[Key], kwargs: dict[str, Any]) -> Any:
    if kwargs:
        routine = routine.placed(kwargs.pop("backend", "auto"), kwargs.pop("device_id", -1))
    return routine(arrays, keys=tuple(keys), **kwargs)


class LazyReduction:
    """A reduction of a LazyTensor that waits for its call.

    Calling it with one array per symbolic variable, in the order of their indices, returns the result.
    """

    def __init__(
        self,
        tensor: LazyTensorBase,
        weight: Expr | None,
        reduction: Reduction,
        k: int,
        side: int,
        options: Options,
        settings: dict[str, Any],
    ) -> None:
        self.tensor = tensor
        self._weight = weight
        tags = tuple(leaf.tag for leaf in tensor._leaves)
        self._routine = _routine(
            tensor._expr, weight, reduction, k, side, options, tags, tensor.adapter, tensor.is_complex
        )
        self._settings = settings
        symbols = sorted(leaf for leaf in tensor._leaves if isinstance(leaf, Symbol))
        indices = [symbol.number for symbol in symbols]
        if indices != list(range(len(indices))):
            listing = ", ".join(f"{_PREFIXES[s.category]}({s.number},{s.dim})" for s in symbols)
            raise ArgumentValueError(
                f"The symbolic variables are {listing}: their indices must be 0, 1, 2, ..., each used for one variable."
            )
        self._count = len(symbols)

    @staticmethod
    def check_keywords(kwargs: dict[str, Any]) -> None:
        """Raise `ArgumentTypeError` for a keyword that no reduction has."""
        known = (*ACCURACY_KEYWORDS, *CALL_KEYWORDS, *IGNORED_KEYWORDS)
        for name in kwargs:
            if name not in known:
                allowed = ", ".join(("call", *ACCURACY_KEYWORDS, *CALL_KEYWORDS))
                raise ArgumentTypeError(f"A reduction has no keyword {name!r}; allowed are {allowed}.")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the result.

        Parameters
        ----------
        *args : arrays
            One per symbolic variable.
        **kwargs
            ``backend``, ``device_id``, ``ranges``, ``out``, ``threads``, ``progress``, as for `Genred`.
        """
        for name in kwargs:
            if name not in CALL_KEYWORDS:
                raise ArgumentTypeError(f"The call has no keyword {name!r}; allowed are {', '.join(CALL_KEYWORDS)}.")
        arrays, keys = self._arguments(args)
        return _call(self._routine, arrays, keys, {**self._settings, **kwargs})

    @property
    def routine(self) -> Routine:
        """The problem, with what it needs to know of its arguments."""
        return self._routine

    def arguments(self, args: Sequence[Any]) -> list[Any]:
        """Return the arguments of the routine, the given ones in the place of the symbolic variables."""
        return self._arguments(args)[0]

    def explain(self, *args: Any, target: str | None = None) -> str:
        """Return what the engine does with arguments of these shapes, in words; see `LazyTensor.explain`."""
        arrays, keys = self._arguments(args)
        return self._routine.explain(arrays, tuple(keys), target)

    def _arguments(self, args: Sequence[Any]) -> tuple[list[Any], list[Key]]:
        if len(args) != self._count:
            raise ArgumentValueError(
                f"This reduction has {self._count} symbolic variables and takes as many arguments; found {len(args)}."
            )
        arrays: list[Any] = []
        keys: list[Key] = []
        for position, leaf in enumerate(self.tensor._leaves):
            if isinstance(leaf, Leaf):
                arrays.append(leaf.array)
                keys.append(leaf.key)
            else:
                array = self._routine.as_array(args[leaf.number], position)
                arrays.append(array)
                keys.append((type(array), array.shape, array.dtype))
        return arrays, keys

    def __repr__(self) -> str:
        kept, reduced = ("i", "j") if self._routine.axis == 1 else ("j", "i")
        return f"<{self._routine.problem.reduction.name} over {reduced}, one result per {kept}, of {self.tensor!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        routine = self._routine
        problem = routine.problem
        state = (
            self.tensor,
            self._weight,
            problem.reduction.name,
            problem.k,
            routine.axis,
            routine.options,
            self._settings,
        )
        return _rebuild, state


def _rebuild(tensor: LazyTensorBase, weight: Expr | None, name: str, *rest: Any) -> LazyReduction:
    return LazyReduction(tensor, weight, REDUCTIONS[name], *rest)
