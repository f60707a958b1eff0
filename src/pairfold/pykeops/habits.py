"""What KeOps does differently from pairfold, for the classes of both frameworks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any, ClassVar

import pairfold.lazy.methods  # noqa: F401 - attaches the methods that have other names here
from pairfold.api.leaf import Leaf, Symbol
from pairfold.api.routine import Routine
from pairfold.errors import ArgumentIndexError, TargetError
from pairfold.ir.reduction import Reduction
from pairfold.language.aliases import Dialect
from pairfold.lazy.arithmetic import operators
from pairfold.lazy.core import operate
from pairfold.lazy.reading import checked_array
from pairfold.lazy.tensor import LazyTensorBase
from pairfold.ops import OPERATIONS
from pairfold.pykeops.dialect import KEOPS
from pairfold.pykeops.routine import KeopsRoutine

__all__ = ["ComplexHabits", "LazyTensorHabits", "RoutineHabits"]

Shape = tuple[int, ...]

_WITHOUT_EFFECT = ("enable_chunks", "rec_multVar_highdim", "use_fast_math", "optional_flags", "dtype", "cuda_type")


class RoutineHabits:
    """Routines take the options of every release without a word: the arguments of a call set the precision."""

    dialect: ClassVar[Dialect] = KEOPS
    routine_type: ClassVar[type[Routine]] = KeopsRoutine

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        given = inspect.signature(super().__init__).bind(*args, **kwargs)
        self.optional_flags = list(given.arguments.get("optional_flags") or [])
        for name in _WITHOUT_EFFECT:
            given.arguments.pop(name, None)
        super().__init__(*given.args, **given.kwargs)


class LazyTensorHabits(LazyTensorBase):
    """What `LazyTensor` answers in KeOps: a shape without a last 1, a dtype as a string, and so on."""

    ignored_keywords: ClassVar[tuple[str, ...]] = _WITHOUT_EFFECT
    is_strict: ClassVar[bool] = False
    routine_type: ClassVar[type[Routine]] = KeopsRoutine

    def _lift(self, other: Any) -> Any:
        # Shorter shapes are padded on the left: a matrix (M, D) is indexed by j.
        shape = getattr(other, "shape", ())
        is_matrix = len(shape) == 2 and not isinstance(other, LazyTensorBase)
        return super()._lift(checked_array(type(self), other).reshape((1, *shape)) if is_matrix else other)

    def __pow__(self, exponent: Any) -> Any:
        # 0 at 0, though other negative powers are infinite there.
        is_inverse_root = isinstance(exponent, float) and exponent == -0.5
        return self.rsqrt() if is_inverse_root else super().__pow__(exponent)

    __or__, __ror__ = operators("Scalprod")

    @property
    def shape(self) -> Any:
        """Batch axes, number of i, number of j, and the dimension unless it is 1; 1 for a number that is not known."""
        return self._shape[:-1] if self._shape[-1] == 1 else self._shape

    @property
    def _shape(self) -> Shape:
        """The shape with a last 1, too. Programs (GeomLoss) know a LazyTensor by it."""
        return tuple(1 if length is None else length for length in self._value.shape)

    @property
    def ndim(self) -> int:
        """The dimension of the last axis, which is no number of axes; see `dim`."""
        return self._value.expr.dim

    @property
    def dtype(self) -> Any:
        """Name of the precision of the reductions to come; None when there are only numbers and symbols."""
        dtype = super().dtype
        return None if dtype is None else self.adapter.dtype_name(dtype)

    @property
    def ni(self) -> int | None:
        """Number of i; None when nothing depends on i."""
        return self._value.rows if self._value.rows != 1 else None

    @property
    def nj(self) -> int | None:
        """Number of j; None when nothing depends on j."""
        return self._value.columns if self._value.columns != 1 else None

    @property
    def batchdims(self) -> Shape:
        """The batch axes; programs set those of symbolic variables."""
        return self._value.batch

    @batchdims.setter
    def batchdims(self, value: Sequence[int] | None) -> None:
        self._value = self._value._replace(batch=tuple(value or ()))

    @property
    def nbatchdims(self) -> int:
        """Number of batch axes."""
        return len(self._value.batch)

    @property
    def variables(self) -> tuple[Any, ...]:
        """The arrays."""
        return tuple(leaf.array for leaf in self._value.arrays)

    @property
    def symbolic_variables(self) -> tuple[tuple[int, int, int], ...]:
        """Index, dimension and category of the symbolic variables."""
        found = (leaf for leaf in self._value.leaves if isinstance(leaf, Symbol))
        return tuple((leaf.number, leaf.dim, int(leaf.category)) for leaf in found)

    def new_variable_index(self) -> int:
        """Return the first index after those of the symbolic variables."""
        return 1 + max((index for index, _, _ in self.symbolic_variables), default=-1)

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, key: Any) -> Any:
        """Select components: an integer or a slice alone is about the last axis. A tuple follows NumPy."""
        return super().__getitem__(key if isinstance(key, tuple) or key is Ellipsis else (Ellipsis, key))

    def _components(self, index: Any) -> Any:
        """Refuse ranges beyond the end, which NumPy cuts off."""
        size = self._value.dim
        if isinstance(index, slice):
            for end in (index.start, index.stop):
                if end is not None and not -size <= end <= size:
                    raise ArgumentIndexError(f"The range {index.start}:{index.stop} exceeds the {size} components.")
        return super()._components(index)

    # ------------------------------------------------------------ devices

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """Return the tensor with its arrays on another device; the arguments are those of ``torch.Tensor.to``."""
        return self._moved("to", args, kwargs)

    def cpu(self) -> Any:
        """Return the tensor with its arrays in the memory of the CPU."""
        return self._moved("cpu", (), {})

    def cuda(self, *args: Any, **kwargs: Any) -> Any:
        """Return the tensor with its arrays in the memory of a GPU."""
        return self._moved("cuda", args, kwargs)

    def _moved(self, method: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        leaves = tuple(
            leaf.with_array(_moved(leaf.array, method, args, kwargs)) if isinstance(leaf, Leaf) else leaf
            for leaf in self._value.leaves
        )
        return self._like(self._value._replace(leaves=leaves))

    def _reduced(
        self, reduction: Reduction, axis: int | None, dim: int | None, weight: Any, k: Any, kwargs: dict[str, Any]
    ) -> Any:
        number = axis if dim is None else dim
        if number in (-1, self.dim() - 1):
            # On the last axis KeOps takes any keyword, and programs pass keepdim.
            kwargs.clear()
        return super()._reduced(reduction, axis, dim, weight, k, kwargs)

    def solve(self, *args: Any, **kwargs: Any) -> Any:
        """Solve a linear system; see `pairfold.numpy.LazyTensor.solve`."""
        found = super().solve(*args, **kwargs)
        if isinstance(found, partial):
            found.callfun = found.func  # type: ignore[attr-defined]  # what KeOps calls it
        return found

    # ------------------------------------------------------------ what subclasses of programs call

    def unary(self, operation: str, dimres: int | None = None, opt_arg: Any = None, opt_arg2: Any = None) -> Any:
        """Return the operation of that name, with up to two static parameters."""
        params = [value for value in (opt_arg, opt_arg2) if value is not None]
        return operate(self, OPERATIONS[operation], (self,), params)

    def binary(self, other: Any, operation: str, is_operator: bool = False, opt_arg: Any = None, **_: Any) -> Any:
        """Return the operation of that name, or the operator such as "+", of this tensor and `other`."""
        name = _OPERATORS[operation] if is_operator else operation
        return operate(self, OPERATIONS[name], (self, other), () if opt_arg is None else (opt_arg,))

    def ternary(self, other1: Any, other2: Any, operation: str, opt_arg: Any = None, **_: Any) -> Any:
        """Return the operation of that name of this tensor and two others."""
        return operate(self, OPERATIONS[operation], (self, other1, other2), () if opt_arg is None else (opt_arg,))

    def separate_kwargs(self, kwargs: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the keywords that a reduction takes when it is made, and those that it takes when it is called."""
        call = {name: value for name, value in kwargs.items() if name in ("backend", "device_id", "ranges", "out")}
        return {name: value for name, value in kwargs.items() if name not in call}, call


def _moved(array: Any, method: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    if hasattr(array, "cpu"):
        return getattr(array, method)(*args, **kwargs)
    if method == "cuda" or (method == "to" and str((*args, *kwargs.values())[0]) != "cpu"):
        raise TargetError("NumPy arrays lie in the memory of the CPU. backend='GPU' sends them to a GPU, and back.")
    return array


def _with_names_of_keops(method: str, names: dict[str, str]) -> Callable[..., Any]:
    """Return `method` of the base class with KeOps' `names` of its arguments next to pairfold's."""

    @wraps(getattr(LazyTensorBase, method))
    def renamed(self: LazyTensorHabits, *args: Any, **kwargs: Any) -> Any:
        theirs = {names.get(name, name): value for name, value in kwargs.items()}
        return getattr(super(LazyTensorHabits, self), method)(*args, **theirs)

    return renamed


_NAMES = {
    "bspline": {"x": "other", "k": "degree"},
    "clamp": {"other1": "lowest", "other2": "highest"},
    "divergence": {"var": "v"},
    "elem": {"i": "index"},
    "extract": {"i": "start", "d": "length"},
    "grad_matrix": {"other": "v"},
    "ifelse": {"other1": "chosen", "other2": "other"},
    "keops_kron": {"dimfself": "shape_f", "dimfother": "shape_g"},
    "laplacian": {"var": "v"},
    "one_hot": {"D": "length"},
    "power": {"other": "exponent"},
    "round": {"other": "decimals"},
    "softdtw_sqdist": {"other": "other1", "gamma": "other2"},
    "trace_operator": {"var": "v"},
    "weightedsqdist": {"g": "other1", "s": "other2"},
}
for _method, _their_names in _NAMES.items():
    setattr(LazyTensorHabits, _method, _with_names_of_keops(_method, _their_names))


class ComplexHabits(LazyTensorHabits):
    """The same for tensors of complex numbers."""

    @property
    def dtype(self) -> Any:
        """Name of the complex type of the reductions to come; None when there are only numbers and symbols."""
        name = LazyTensorHabits.dtype.fget(self)  # type: ignore[attr-defined]
        return {"float32": "complex64", "float64": "complex128"}.get(name)


_OPERATORS = {
    "+": "Add",
    "-": "Subtract",
    "*": "Mult",
    "/": "Divide",
    "|": "Scalprod",
    "<": "LessThan",
    "<=": "LessOrEqual",
}
