"""LazyTensors in the functions of NumPy and PyTorch, ``np.exp(K)``, ``torch.logsumexp(K, 1)``, and what they are not.

A function is carried out by the operator or the method that it stands for. Which method that is follows from the
records: it has the name of the function, or the record lists that name among its `other_names`. No function is carried
out on the entries: an array of them is made only where `dense` is called, or NumPy converts.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from inspect import getattr_static
from typing import TYPE_CHECKING, Any, NoReturn

from pairfold.api.signatures import checked, parameters_of
from pairfold.errors import ArgumentTypeError, ArgumentValueError, UnknownMethodError, suggestion
from pairfold.ir.expr import Op
from pairfold.ir.reduction import Reduction
from pairfold.ops import OPERATIONS
from pairfold.reductions import REDUCTIONS

__all__ = ["REDUCING", "ArrayProtocols", "Missing", "missing_names"]

_OPERATORS: dict[str, Callable[..., Any]] = {
    name: function
    for names, function in (
        ("add", operator.add),
        ("subtract sub", operator.sub),
        ("multiply mul", operator.mul),
        ("divide true_divide div truediv", operator.truediv),
        ("floor_divide floordiv", operator.floordiv),
        ("remainder mod", operator.mod),
        ("power float_power pow", operator.pow),
        ("negative neg", operator.neg),
        ("positive pos", operator.pos),
        ("less lt", operator.lt),
        ("less_equal le", operator.le),
        ("greater gt", operator.gt),
        ("greater_equal ge", operator.ge),
        ("equal eq", operator.eq),
        ("not_equal ne", operator.ne),
        ("bitwise_or or", operator.or_),
        ("bitwise_and and", operator.and_),
        ("bitwise_xor xor", operator.xor),
        ("invert bitwise_not", operator.invert),
        ("logical_or", lambda a, b: (a != 0) | (b != 0)),
        ("logical_and", lambda a, b: (a != 0) & (b != 0)),
        ("logical_xor", lambda a, b: (a != 0) ^ (b != 0)),
        ("logical_not", lambda a: a == 0),
    )
    for name in names.split()
}
"""Operators by the names that NumPy and PyTorch give to them."""

_DOT = "(x | y) is the scalar product of components, K @ v the product with an array v."
_HINTS = {
    "median": "It needs all values at once: Kmin(K, axis) has the K smallest ones, dense() all.",
    "quantile": "It needs all values at once: Kmin(K, axis) has the K smallest ones, dense() all.",
    "sort": "Kmin(K, axis) has the K smallest values in order.",
    "argsort": "argKmin(K, axis) has the indices of the K smallest values in order.",
    "topk": "Kmin(K, axis) and argKmin(K, axis) are about the K smallest values; those of -x are the largest of x.",
    "std": "Write var(axis) ** 0.5.",
    "softmax": "sumsoftmaxweight(weight, axis) averages a weight with it, in one pass.",
    "log_softmax": "logsumexp(axis) is its normalization.",
    "masked_fill": "Write where(mask, value, x).",
    "round": "x.round(decimals) takes halves away from 0, NumPy and PyTorch take them to even numbers.",
    "transpose": "T exchanges i and j.",
    "size": "Its sizes are in shape.",
    "numel": "Its sizes are in shape.",
    "backward": "It is a formula: reduce it over i or j, as sum(1) does; what comes out has gradients.",
    **dict.fromkeys(
        ("detach", "requires_grad", "requires_grad_", "cpu", "cuda", "to"),
        "It is a formula: ask the arrays that it is made of, or what comes out of a reduction over i or j.",
    ),
    **dict.fromkeys(("numpy", "item", "tolist"), "Reduce it over i or j, or take dense(), which has all its entries."),
    "max": "x.max(axis) has the values, x.max_argmax(axis) their indices too, x.maximum(y) is the larger of two.",
    "min": "x.min(axis) has the values, x.min_argmin(axis) their indices too, x.minimum(y) is the smaller of two.",
    "var": "x.var(axis) divides by the number of values, PyTorch by one less.",
    **dict.fromkeys(("dot", "vdot", "vecdot", "inner", "mm", "mv", "bmm", "einsum", "tensordot"), _DOT),
}
"""What to do instead of something that there is not, or not under this name."""

_DIFFERENT = {"NumPy": ("round", "around"), "PyTorch": ("round", "max", "min", "var")}
"""Functions that are not what the method of their name is."""

_NOT_ASKED = (None, False)


class ArrayProtocols:
    """What NumPy, PyTorch and SciPy ask of an object that may stand in the place of an array."""

    __slots__ = ()

    def __array_ufunc__(self, function: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        if method != "__call__":
            raise ArgumentTypeError(
                f"NumPy's {function.__name__}.{method} is not defined for LazyTensors; reductions are methods, such as "
                "x.sum(axis=1)."
            )
        return _carry_out("NumPy", function.__name__, args, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        return _carry_out("NumPy", function.__name__, args, kwargs)

    @classmethod
    def __torch_function__(
        cls, function: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = getattr(function, "__name__", str(function))
        for prefix in ("__", "linalg_", "special_"):
            name = name.removeprefix(prefix)
        return _carry_out("PyTorch", name.removesuffix("__"), args, kwargs or {})

    def __len__(self) -> int:
        raise ArgumentTypeError("A LazyTensor is no sequence and has no length; its sizes are in shape.")

    def __iter__(self) -> Any:
        raise ArgumentTypeError(
            "A LazyTensor is no sequence and cannot be iterated over. x[..., k] is its component k, rows(k) are the "
            "entries of row k, dense() are all."
        )

    def __contains__(self, value: object) -> bool:
        raise ArgumentTypeError("A LazyTensor is no sequence; (x == value).any(axis) finds a value.")

    @property
    def rmatmat(self) -> Any:
        """Only SciPy's `aslinearoperator` asks for it, of what has a shape and `matvec`."""
        if len(self.shape) != 2:
            raise ArgumentTypeError(
                f"SciPy's linear operators have two axes, this LazyTensor has the shape {self.shape}: use "
                "x.as_matrix(), which SciPy takes as it is."
            )
        raise UnknownMethodError("A LazyTensor has no 'rmatmat'.")

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not isinstance(getattr_static(type(self), name, None), Missing)]

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Stand for the methods that are made from the registries; one at run time would slow every access down."""


class Missing:
    """Stands in the place of a method that other packages have, and says what to do instead."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type[Any]) -> NoReturn:
        raise UnknownMethodError(f"A LazyTensor has no {self.name!r}. {_instead(owner, self.name)}".rstrip())


def missing_names(methods: Iterable[str]) -> set[str]:
    """Return the names of what a class with these methods may be asked for in vain."""
    known = set(methods)
    return {*_HINTS, *_METHODS, *(name.lower() for name in known)} - known


def _instead(kind: type[Any], name: str) -> str:
    """Return what to do for want of an attribute of this name."""
    method = _METHODS.get(name)
    if method is not None and hasattr(kind, method):
        return f"It is called {method} here: x.{method}{parameters_of(getattr(kind, method))}."
    if name in _HINTS:
        return _HINTS[name]
    return suggestion(name, [known for known in dir(kind) if not known.startswith("_") and known != name]).strip()


_METHODS: dict[str, str] = {}
"""The methods by the names that NumPy and PyTorch give to them where they have others."""

REDUCING: set[str] = set()
"""The methods of reductions."""


def _note_names(record: Op | Reduction) -> None:
    _METHODS.update(dict.fromkeys(record.other_names, record.method or record.name.lower()))
    if isinstance(record, Reduction) and record.method is not None:
        REDUCING.add(record.method)


OPERATIONS.follow(_note_names)
REDUCTIONS.follow(_note_names)

# ---------------------------------------------------------------- functions


def _carry_out(framework: str, name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """Carry out the function `name` of `framework` on arguments of which one at least is, or holds, a LazyTensor."""
    tensor = _first_tensor([*args, *kwargs.values()])
    kwargs = {key: value for key, value in kwargs.items() if not any(value is default for default in _NOT_ASKED)}
    if args and name in _OPERATORS:
        if kwargs:
            raise ArgumentTypeError(
                f"{framework}'s {name} of LazyTensors takes no keyword; found {', '.join(kwargs)}. (An array cannot "
                "hold the result: write a = a + x instead of a += x.)"
            )
        return _OPERATORS[name](*[tensor._lift(arg) for arg in args])
    if args and name in _FUNCTIONS:
        return _FUNCTIONS[name](*args, **kwargs)
    method = _METHODS.get(name, name)
    found = None if name in _DIFFERENT[framework] or not args else getattr(type(tensor), method, None)
    if found is None or method.startswith("_"):
        _refuse(framework, name, type(tensor))
    if isinstance(found, property):
        return getattr(args[0], method)
    if method in REDUCING and len(args) == 1 and "dim" not in kwargs:
        # The functions reduce all axes by default, the methods the last one.
        kwargs.setdefault("axis", None)
    return checked(found)(tensor._lift(args[0]), *args[1:], **kwargs)


def _first_tensor(values: Iterable[Any]) -> Any:
    for value in values:
        if isinstance(value, ArrayProtocols):
            return value
        if isinstance(value, (list, tuple)):
            found = _first_tensor(value)
            if found is not None:
                return found
    return None


def _refuse(framework: str, name: str, kind: type[Any]) -> NoReturn:
    raise ArgumentTypeError(
        f"{framework}'s {name} is not defined for LazyTensors, whose entries are not stored; x.dense() stores them. "
        f"{_instead(kind, name)}".rstrip()
    )


def _product(a: Any, b: Any) -> Any:
    """Carry out `matmul`; from an operator of an array it comes here as well."""
    return a @ b if isinstance(a, ArrayProtocols) else b.__rmatmul__(a)


def _where(condition: Any, a: Any, b: Any) -> Any:
    return _first_tensor([condition, a, b])._choose(condition, a, b)


def _joined(tensors: Sequence[Any], axis: int = 0, *, dim: int = 0) -> Any:
    """Carry out `concatenate`, whose default axis is the first one everywhere."""
    return type(_first_tensor(tensors)).concatenate(tensors, axis or dim)


def _norm(x: Any, order: Any = None, axis: Any = None, *, keepdims: bool = False, **others: Any) -> Any:
    """Carry out the functions `norm`: `order` is also called ``ord`` or ``p``, `axis` also ``dim``."""
    order = others.pop("ord", others.pop("p", order))
    axis = others.pop("dim", axis)
    if order not in (None, 2, "fro"):
        raise ArgumentValueError(
            f"The norm of LazyTensors is the Euclidean one, of order 2; found {order!r}. Write "
            "(abs(x) ** p).sum(-1) ** (1 / p), or abs(x).max(-1)."
        )
    if axis is None:
        raise ArgumentTypeError("The norm of LazyTensors is taken over the last axis: give axis=-1.")
    return x.norm(axis, **others)


def _clipped(x: Any, lowest: Any = None, highest: Any = None, **others: Any) -> Any:
    """Carry out the functions `clip` and `clamp`: the bounds are also called ``a_min`` or ``min`` and so on."""
    lowest = others.pop("min", others.pop("a_min", lowest))
    highest = others.pop("max", others.pop("a_max", highest))
    x = _first_tensor([x, lowest, highest])._lift(x)
    if lowest is None or highest is None:
        return x.minimum(highest, **others) if lowest is None else x.maximum(lowest, **others)
    # Where the bounds cross, the functions return the upper one, and the method the lower one.
    return x.clamp(lowest, highest, **others).minimum(highest)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("concatenate", "concat", "cat"), _joined),
    **dict.fromkeys(("norm", "vector_norm"), _norm),
    **dict.fromkeys(("clip", "clamp"), _clipped),
    "matmul": _product,
    "where": checked(_where),
    "ndim": lambda x: x.dim(),
}
"""Functions whose arguments are not those of a method."""
