# Written by tools/generate_type_stubs.py; do not edit.

# Comparisons answer with tensors; overloads are of more and of less general operands; what is made of a symbol is no
# instance of the class that is called.
# mypy: disable-error-code="overload-overlap, override, misc"

"""The classes that the front ends share, as type checkers see them; there is no such module at run time."""

from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from typing import Any, Generic, Literal, Protocol, TypeAlias, TypedDict, overload

import numpy as np
from dask.array import Array as DaskArray
from jax import Array as JaxArray
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import Self, TypeVar, Unpack

import pairfold.cupy
import pairfold.dask
import pairfold.jax
import pairfold.numpy
import pairfold.torch
from pairfold.engine.states import State
from pairfold.lazy.matrix import LazyMatrix
from pairfold.pruning import Report
from pairfold.solvers.conjugate_gradients import SolveReport
from pairfold.solvers.nystrom import Nystrom
from pairfold.sparsity.masks import Mask

Array = TypeVar("Array", default=Any)
Operand = TypeVar("Operand", default=Any)
Partner = TypeVar("Partner", default=Any)
Result = TypeVar("Result", default=Any)
Number: TypeAlias = float | np.floating[Any] | np.integer[Any] | np.bool_
Numbers: TypeAlias = Number | list[float] | list[int] | tuple[float, ...]
Ranges: TypeAlias = Mask | Sequence[Any]
Index: TypeAlias = int | slice | Sequence[int] | NDArray[Any]
Progress: TypeAlias = bool | Callable[..., Any]
Checkpoint: TypeAlias = str | PathLike[str]
SymbolOperand: TypeAlias = (
    SymbolicTensor[Any] | LazyTensor[Array, Any, Any] | Array | NDArray[Any] | Numbers | Tree[Array]
)

class SupportsToNumpy(Protocol):
    """Data frames and series."""

    def to_numpy(self) -> Any: ...

class SupportsCuda(Protocol):
    """Arrays in the memory of a GPU."""

    @property
    def __cuda_array_interface__(self) -> Any: ...

class CallKeywords(TypedDict, total=False):
    """Keywords of the call of a reduction; see `Genred`."""

    backend: str
    device_id: int
    ranges: Ranges | None
    out: Any
    threads: int | None
    progress: Progress
    tol: float | None
    atol: float | None

class ReductionKeywords(TypedDict, total=False):
    """Keywords of reductions of LazyTensors; see `LazyTensor.reduction`."""

    dtype_acc: str
    use_double_acc: bool
    sum_scheme: str
    backend: str
    device_id: int
    ranges: Ranges | None
    out: Any
    threads: int | None
    progress: Progress
    tol: float | None
    atol: float | None
    dtype: Any
    keepdims: bool
    keepdim: bool

class RoutineKeywords(TypedDict, total=False):
    """Keywords of `generic_sum` and the like; see `Genred`."""

    dtype: Any
    opt_arg: int | None
    formula2: str | None
    cuda_type: Any
    dtype_acc: str
    use_double_acc: bool
    sum_scheme: str
    enable_chunks: bool
    rec_multVar_highdim: Any
    use_fast_math: bool
    optional_flags: Any

class SolveKeywords(TypedDict, Generic[Array], total=False):
    """Keywords of `LazyTensor.solve`; see `KernelSolve`."""

    backend: str
    device_id: int
    alpha: float | Array
    eps: float | None
    ranges: Ranges | None
    rtol: float | None
    maxiter: int | None
    preconditioner: Literal["nystrom"] | Nystrom | Callable[[Array], Array] | None
    on_failure: str
    threads: int | None
    progress: Progress
    tol: float | None
    dtype_acc: str
    use_double_acc: bool
    sum_scheme: str

class AnyTensor(Generic[Array, Operand]):
    """What all LazyTensors have."""

    @property
    def ndim(self) -> int:
        """Number of axes, ``len(shape)``."""

    def dim(self) -> int:
        """Return the number of axes, an integer, by the name that PyTorch gives it."""

    @property
    def formula(self) -> str:
        """The formula; symbolic variables keep their numbers, arrays are numbered after them.

        A formula that would be longer than 2000 characters names the parts that occur in it several times.
        """

    @property
    def is_symbolic(self) -> bool:
        """Whether reductions wait for arguments."""

    @property
    def is_complex(self) -> bool: ...
    @property
    def T(self) -> Self:
        """The same tensor with i and j exchanged, of shape (..., M, N, D)."""

    def t(self) -> Self:
        """Return the transpose, by the name that PyTorch gives it."""

    def __getitem__(self, key: Any) -> Self:
        """Select as NumPy does: slices and arrays of numbers for i and j, slices and integers for the rest.

        An integer on the last axis gives one component and keeps the axis, with length 1; on the axes of i and j use
        a slice instead of an integer.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Vi, Vj
        >>> x, y = Vi(np.arange(8.0).reshape(4, 2)), Vj(np.arange(6.0).reshape(3, 2))
        >>> tuple((x - y)[1:3].shape), tuple((x - y)[..., 0].shape), tuple((x - y)[:, [2, 0]].shape)
        ((2, 3, 2), (4, 3, 1), (4, 2, 2))
        """

    def elem(self, index: int) -> Self:
        """Return one component of the last axis.

        Parameters
        ----------
        index : int
            From 0; negative ones count from the end.

        Returns
        -------
        LazyTensor, shape (..., N, M, 1)

        Raises
        ------
        ArgumentIndexError
            If there is no such component.
        """

    @property
    def ranges(self) -> Any:
        """Ranges or a pattern for the reductions that are given none."""

    @ranges.setter
    def ranges(self, ranges: Ranges | None) -> None: ...
    @property
    def backend(self) -> str | None:
        """Where the reductions are computed that are told nothing else."""

    @backend.setter
    def backend(self, backend: str | None) -> None: ...
    def explain(
        self, reduction_op: str = "Sum", axis: int | None = None, target: str | None = None, **keywords: Any
    ) -> str:
        """Return what the engine does for a reduction, in words.

        Parameters
        ----------
        reduction_op, axis, **kwargs
            As for `reduction`; by default the sum over j.
        target : str, default None
            ``"cpu"``, ``"cuda"`` or another in the registry; a GPU need not be there. None: where it would be computed.

        Returns
        -------
        Explanation
            A str, which notebooks show as a table.
        """

    def finish(self, state: State) -> Any:
        """Return the result of a reduction for all columns of a state, in arrays of this tensor's framework.

        Parameters
        ----------
        state : State
            From `partial`, merged with those of the other parts.

        Returns
        -------
        array, or tuple of arrays
            Of the shape and dtype that the reduction of all columns has.
        """

    def __hash__(self) -> int: ...
    def __array_ufunc__(
        self,
        ufunc: np.ufunc,
        method: Literal["__call__", "reduce", "reduceat", "accumulate", "outer", "at"],
        *inputs: Any,
        **kwargs: Any,
    ) -> Any: ...
    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any: ...

class RealTensor(AnyTensor[Array, Operand], Generic[Array, Operand, Partner]):
    """Operations on real numbers."""

    @overload
    def __add__(self, other: Operand) -> Self: ...
    @overload
    def __add__(self, other: complex | ComplexLazyTensor[Any, Any, Any]) -> Partner: ...
    @overload
    def __radd__(self, other: Operand) -> Self: ...
    @overload
    def __radd__(self, other: complex | ComplexLazyTensor[Any, Any, Any]) -> Partner: ...
    @overload
    def __sub__(self, other: Operand) -> Self: ...
    @overload
    def __sub__(self, other: complex | ComplexLazyTensor[Any, Any, Any]) -> Partner: ...
    @overload
    def __rsub__(self, other: Operand) -> Self: ...
    @overload
    def __rsub__(self, other: complex | ComplexLazyTensor[Any, Any, Any]) -> Partner: ...
    @overload
    def __mul__(self, other: Operand) -> Self: ...
    @overload
    def __mul__(self, other: complex | ComplexLazyTensor[Any, Any, Any]) -> Partner: ...
    @overload
    def __rmul__(self, other: Operand) -> Self: ...
    @overload
    def __rmul__(self, other: complex | ComplexLazyTensor[Any, Any, Any]) -> Partner: ...
    @overload
    def __truediv__(self, other: Operand) -> Self: ...
    @overload
    def __truediv__(self, other: complex | ComplexLazyTensor[Any, Any, Any]) -> Partner: ...
    @overload
    def __rtruediv__(self, other: Operand) -> Self: ...
    @overload
    def __rtruediv__(self, other: complex | ComplexLazyTensor[Any, Any, Any]) -> Partner: ...
    @overload
    def __pow__(self, other: Operand) -> Self: ...
    @overload
    def __pow__(self, other: complex | ComplexLazyTensor[Any, Any, Any]) -> Partner: ...
    @overload
    def __rpow__(self, other: Operand) -> Self: ...
    @overload
    def __rpow__(self, other: complex | ComplexLazyTensor[Any, Any, Any]) -> Partner: ...
    def __floordiv__(self, other: Operand) -> Self: ...
    def __rfloordiv__(self, other: Operand) -> Self: ...
    def __mod__(self, other: Operand) -> Self: ...
    def __rmod__(self, other: Operand) -> Self: ...
    def __lt__(self, other: Operand) -> Self: ...
    def __gt__(self, other: Operand) -> Self: ...
    def __le__(self, other: Operand) -> Self: ...
    def __ge__(self, other: Operand) -> Self: ...
    def __eq__(self, other: Operand) -> Self: ...
    def __ne__(self, other: Operand) -> Self: ...
    def __and__(self, other: Operand) -> Self: ...
    def __rand__(self, other: Operand) -> Self: ...
    def __or__(self, other: Operand) -> Self: ...
    def __ror__(self, other: Operand) -> Self: ...
    def __xor__(self, other: Operand) -> Self: ...
    def __rxor__(self, other: Operand) -> Self: ...
    def __invert__(self) -> Self: ...
    def __neg__(self) -> Self: ...
    def __pos__(self) -> Self: ...
    def __abs__(self) -> Self: ...
    def norm(self, dim: int = -1) -> Self:
        """Return the Euclidean norm over the last axis.

        Parameters
        ----------
        dim : int, default -1
            The last axis, which is the only value that it may have. (It is no order of a norm.)

        Returns
        -------
        LazyTensor, shape (..., N, M, 1)
            With derivative 0 at the origin.
        """

    def abs(self) -> Self:
        """|f|.

        Derivative 0 at 0.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def acos(self) -> Self:
        """Inverse cosine of f.

        nan outside [-1, 1]. Derivative 0 (not -inf) at -1 and 1.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def acosh(self) -> Self:
        """Inverse hyperbolic cosine of f.

        nan below 1. Derivative 0 (not inf) at 1.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def asin(self) -> Self:
        """Inverse sine of f.

        nan outside [-1, 1]. Derivative 0 (not inf) at -1 and 1.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def asinh(self) -> Self:
        """Inverse hyperbolic sine of f.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def atan(self) -> Self:
        """Inverse tangent of f.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    @overload
    def atan2(self, other: Operand) -> Self:
        """Angle of the point with ordinate f and abscissa g, in [-pi, pi].

        Here f is this tensor and g is `other`. Derivative 0 at the origin.

        Parameters
        ----------
        other : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
            D is the dimension of the operands; one of dimension 1 meets every component of the others.
        """

    @overload
    def atan2(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    def atanh(self) -> Self:
        """Inverse hyperbolic tangent of f.

        Infinite at -1 and 1, nan outside.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def auto_factorize(self) -> Self:
        """f; a hint that sub-formulas occur in it more than once.

        Equal sub-formulas are always computed once, so the hint changes nothing.

        Returns
        -------
        LazyTensor, shape (..., N, M, dimension)
            The dimension is for example 3 for f of dimension 3.
        """

    @overload
    def bspline(self, other: Operand, degree: int = ...) -> Self:
        """Values at x of all B-splines of the given degree on the knots.

        Here knots is this tensor and x is `other`. Half-open intervals: 0 at the last knot and outside the knots. Terms with a zero denominator count as 0.

        Parameters
        ----------
        other : LazyTensor, array or number
        degree : int, optional

        Returns
        -------
        LazyTensor, shape (..., N, M, dimension)
            The dimension is for example 4 for knots of dimension 5 and x of dimension 1 with degree=0.
        """

    @overload
    def bspline(self, other: SymbolicTensor[Any], degree: int = ...) -> SymbolicTensor[Array]: ...
    def ceil(self) -> Self:
        """Smallest integer >= f.

        Derivative 0.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    @overload
    def clamp(self, lowest: Operand, highest: Operand) -> Self:
        """Return `lowest` where the tensor is less than it, `highest` where it is greater, else the tensor.

        Parameters
        ----------
        lowest, highest : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    @overload
    def clamp(
        self, lowest: Operand | SymbolicTensor[Any], highest: Operand | SymbolicTensor[Any]
    ) -> SymbolicTensor[Array]: ...
    def clampint(self, a: int, b: int) -> Self:
        """a where f < a, b where f > b, else f, for integers a and b.

        nan stays nan. Derivative 1 on both closed ends.

        Parameters
        ----------
        a : int
        b : int

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    @overload
    def concat(self, other: Operand) -> Self:
        """Return the components of this tensor, then those of `other`.

        Parameters
        ----------
        other : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, sum of both dimensions)
        """

    @overload
    def concat(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    @overload
    def concat(self, other: complex | ComplexLazyTensor[Any, Any, Any]) -> Partner: ...
    def cos(self) -> Self:
        """cos(f).

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def cosh(self) -> Self:
        """Hyperbolic cosine of f.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def diff(self, v: AnyTensor[Array, Any], u: AnyTensor[Array, Any]) -> Self:
        """Directional derivative of f with respect to v along u; tuples of v and u are added up.

        Here f is this tensor.

        Parameters
        ----------
        v : LazyTensor
            The variable: it was made from an array, or is a symbolic one such as ``Vi(0, 3)``.
        u : LazyTensor, array or number
            A direction, of the dimension of v.

        Returns
        -------
        LazyTensor, shape (..., N, M, dimension of f)
        """

    @overload
    def difference_matrix(self, other: Operand) -> Self:
        """All differences f_k - g_l, row-major.

        Here f is this tensor and g is `other`.

        Parameters
        ----------
        other : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, dimension)
            The dimension is for example 6 for f of dimension 2 and g of dimension 3.
        """

    @overload
    def difference_matrix(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    def divergence(self, v: AnyTensor[Array, Any]) -> Self:
        """Trace of the Jacobian of f with respect to v.

        Here f is this tensor.

        Parameters
        ----------
        v : LazyTensor
            The variable: it was made from an array, or is a symbolic one such as ``Vi(0, 3)``.

        Returns
        -------
        LazyTensor, shape (..., N, M, 1)
        """

    def erf(self) -> Self:
        """Error function of f: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to f.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def exp(self) -> Self:
        """exp(f).

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def exp1j(self) -> Partner:
        """exp(i f).

        Returns
        -------
        ComplexLazyTensor, shape (..., N, M, D)
        """

    def exp2(self) -> Self:
        """2 to the power f.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def expm1(self) -> Self:
        """exp(f) - 1.

        Accurate near 0.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def extract(self, start: int, length: int) -> Self:
        """Components start, ..., start + length - 1 of f.

        Parameters
        ----------
        start : int
        length : int

        Returns
        -------
        LazyTensor, shape (..., N, M, dimension)
            The dimension is for example 3 for f of dimension 5 with start=1, length=3.
        """

    @overload
    def factorize(self, other: Operand) -> Self:
        """f; a hint that g occurs in it more than once.

        Here f is this tensor and g is `other`. Equal sub-formulas are always computed once, so the hint changes nothing.

        Parameters
        ----------
        other : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, dimension)
            The dimension is for example 3 for f of dimension 3 and g of dimension 2.
        """

    @overload
    def factorize(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    def floor(self) -> Self:
        """Largest integer <= f.

        Derivative 0.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def grad(self, v: AnyTensor[Array, Any], g: AnyTensor[Array, Any]) -> Self:
        """Adjoint of the differential of f with respect to the variable v, applied to g.

        Here f is this tensor. Zero when f does not depend on v. For a scalar f and g = 1: the gradient.

        Parameters
        ----------
        v : LazyTensor
            The variable: it was made from an array, or is a symbolic one such as ``Vi(0, 3)``.
        g : LazyTensor, array or number
            Of the dimension of f.

        Returns
        -------
        LazyTensor, shape (..., N, M, dimension of v)
        """

    def grad_matrix(self, v: AnyTensor[Array, Any]) -> Self:
        """Jacobian of f with respect to the variable v, row-major, the index of f slow.

        Here f is this tensor.

        Parameters
        ----------
        v : LazyTensor
            The variable: it was made from an array, or is a symbolic one such as ``Vi(0, 3)``.

        Returns
        -------
        LazyTensor, shape (..., N, M, dimension of f times that of v)
        """

    @overload
    def ifelse(self, chosen: Operand, other: Operand) -> Self:
        """Return `chosen` where the tensor is at least 0, else `other`; for conditions there is `where`.

        Parameters
        ----------
        chosen, other : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    @overload
    def ifelse(
        self, chosen: Operand | SymbolicTensor[Any], other: Operand | SymbolicTensor[Any]
    ) -> SymbolicTensor[Array]: ...
    @overload
    def ifelse(
        self,
        chosen: Operand | complex | ComplexLazyTensor[Any, Any, Any],
        other: Operand | complex | ComplexLazyTensor[Any, Any, Any],
    ) -> Partner: ...
    def imag2complex(self) -> Partner:
        """0 + f i.

        Returns
        -------
        ComplexLazyTensor, shape (..., N, M, D)
        """

    def inv(self) -> Self:
        """1 / f.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    @overload
    def keops_kron(self, other: Operand, shape_f: int | Sequence[int], shape_g: int | Sequence[int]) -> Self:
        """Kronecker product of f and g seen as row-major tensors of the given shapes, like numpy.kron.

        Here f is this tensor and g is `other`.

        Parameters
        ----------
        other : LazyTensor, array or number
        shape_f : tuple of int
        shape_g : tuple of int

        Returns
        -------
        LazyTensor, shape (..., N, M, dimension)
            The dimension is for example 24 for f of dimension 4 and g of dimension 6 with shape_f=(2, 2), shape_g=(2, 3).
        """

    @overload
    def keops_kron(
        self, other: SymbolicTensor[Any], shape_f: int | Sequence[int], shape_g: int | Sequence[int]
    ) -> SymbolicTensor[Array]: ...
    @overload
    def keops_tensordot(
        self,
        other: Operand,
        shape_f: int | Sequence[int],
        shape_g: int | Sequence[int],
        axes_f: int | Sequence[int],
        axes_g: int | Sequence[int],
        permutation: int | Sequence[int] | None = ...,
    ) -> Self:
        """f and g seen as row-major tensors, contracted over the paired axes like numpy.tensordot.

        Here f is this tensor and g is `other`. The kept axes of f come first, then those of g; the optional permutation sends kept axis k to position permutation[k].

        Parameters
        ----------
        other : LazyTensor, array or number
        shape_f : tuple of int
        shape_g : tuple of int
        axes_f : tuple of int
        axes_g : tuple of int
        permutation : tuple of int, optional

        Returns
        -------
        LazyTensor, shape (..., N, M, dimension)
            The dimension is for example 4 for f of dimension 6 and g of dimension 6 with shape_f=(2, 3), shape_g=(3, 2), axes_f=(1,), axes_g=(0,).
        """

    @overload
    def keops_tensordot(
        self,
        other: SymbolicTensor[Any],
        shape_f: int | Sequence[int],
        shape_g: int | Sequence[int],
        axes_f: int | Sequence[int],
        axes_g: int | Sequence[int],
        permutation: int | Sequence[int] | None = ...,
    ) -> SymbolicTensor[Array]: ...
    def laplacian(self, v: AnyTensor[Array, Any]) -> Self:
        """Sum of the second derivatives of the scalar f with respect to the components of v.

        Here f is this tensor.

        Parameters
        ----------
        v : LazyTensor
            The variable: it was made from an array, or is a symbolic one such as ``Vi(0, 3)``.

        Returns
        -------
        LazyTensor, shape (..., N, M, 1)
        """

    def log(self) -> Self:
        """Natural logarithm of f.

        -inf at 0, nan below 0.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def log10(self) -> Self:
        """Logarithm of f to base 10.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def log1p(self) -> Self:
        """log(1 + f).

        Accurate near 0; -inf at -1, nan below.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def log2(self) -> Self:
        """Logarithm of f to base 2.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    @overload
    def logical_and(self, other: Operand) -> Self:
        """1 where f and g are not 0, else 0.

        Here f is this tensor and g is `other`. nan is not 0. Derivative 0.

        Parameters
        ----------
        other : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
            D is the dimension of the operands; one of dimension 1 meets every component of the others.
        """

    @overload
    def logical_and(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    def logical_not(self) -> Self:
        """1 where f is 0, else 0.

        nan is not 0. Derivative 0.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    @overload
    def logical_or(self, other: Operand) -> Self:
        """1 where f or g is not 0, else 0.

        Here f is this tensor and g is `other`. nan is not 0. Derivative 0.

        Parameters
        ----------
        other : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
            D is the dimension of the operands; one of dimension 1 meets every component of the others.
        """

    @overload
    def logical_or(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    @overload
    def logical_xor(self, other: Operand) -> Self:
        """1 where one of f and g is 0 and the other is not, else 0.

        Here f is this tensor and g is `other`. nan is not 0. Derivative 0.

        Parameters
        ----------
        other : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
            D is the dimension of the operands; one of dimension 1 meets every component of the others.
        """

    @overload
    def logical_xor(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    @overload
    def matvecmult(self, other: Operand) -> Self:
        """A b with the row-major matrix A, whose number of columns is the dimension of b.

        Here A is this tensor and b is `other`.

        Parameters
        ----------
        other : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, dimension)
            The dimension is for example 2 for A of dimension 6 and b of dimension 3.
        """

    @overload
    def matvecmult(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    @overload
    def maximum(self, other: Operand) -> Self:
        """The larger of f and g.

        Here f is this tensor and g is `other`. nan when either is nan. On ties the derivative goes to f.

        Parameters
        ----------
        other : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
            D is the dimension of the operands; one of dimension 1 meets every component of the others.
        """

    @overload
    def maximum(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    @overload
    def minimum(self, other: Operand) -> Self:
        """The smaller of f and g.

        Here f is this tensor and g is `other`. nan when either is nan. On ties the derivative goes to f.

        Parameters
        ----------
        other : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
            D is the dimension of the operands; one of dimension 1 meets every component of the others.
        """

    @overload
    def minimum(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    @overload
    def mod(self, modulus: Operand, offset: Operand = ...) -> Self:
        """Return the tensor minus multiples of `modulus` that bring it between `offset` and ``offset + modulus``.

        Parameters
        ----------
        modulus : LazyTensor, array or number
            Not 0.
        offset : LazyTensor, array or number, default 0

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    @overload
    def mod(
        self, modulus: Operand | SymbolicTensor[Any], offset: Operand | SymbolicTensor[Any] = ...
    ) -> SymbolicTensor[Array]: ...
    def norm2(self) -> Self:
        """Euclidean norm of f.

        Derivative 0 at the origin.

        Returns
        -------
        LazyTensor, shape (..., N, M, 1)
        """

    def normalize(self) -> Self:
        """f divided by its Euclidean norm.

        The zero vector stays zero, with derivative 0.

        Returns
        -------
        LazyTensor, shape (..., N, M, dimension)
            The dimension is for example 3 for f of dimension 3.
        """

    def one_hot(self, length: int) -> Self:
        """a vector of zeros of the given length with 1 at the index nearest to f.

        All zeros when that index is outside the vector. Derivative 0.

        Parameters
        ----------
        length : int

        Returns
        -------
        LazyTensor, shape (..., N, M, dimension)
            The dimension is for example 4 for f of dimension 1 with length=4.
        """

    @overload
    def power(self, exponent: Operand) -> Self:
        """Return ``self ** exponent``.

        Parameters
        ----------
        exponent : LazyTensor, array or number
            An integer or half-integer number is faster than any other.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
            nan where the tensor is negative and the exponent is no integer.
        """

    @overload
    def power(self, exponent: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    @overload
    def power(self, exponent: complex | ComplexLazyTensor[Any, Any, Any]) -> Partner: ...
    def real2complex(self) -> Partner:
        """f + 0 i.

        Returns
        -------
        ComplexLazyTensor, shape (..., N, M, D)
        """

    def relu(self) -> Self:
        """0 where f < 0, else f.

        Derivative 1 at 0.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def round(self, decimals: int = ...) -> Self:
        """f rounded to the given number of decimals (may be negative).

        Halves go away from zero: 0.5 gives 1 and -2.5 gives -3. Derivative 0.

        Parameters
        ----------
        decimals : int, optional

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def rsqrt(self) -> Self:
        """1 / sqrt(f).

        0 at 0 (not inf), so that gradients of distances vanish between equal points. nan below 0.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def sigmoid(self) -> Self:
        """1 / (1 + exp(-f)).

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def sign(self) -> Self:
        """-1, 0 or 1.

        0 at nan. Derivative 0.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def sin(self) -> Self:
        """sin(f).

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def sinc(self) -> Self:
        """sin(pi f) / (pi f).

        1 at 0.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def sinh(self) -> Self:
        """Hyperbolic sine of f.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def sinxdivx(self) -> Self:
        """sin(f) / f.

        1 at 0, nan at infinity. All derivatives are right at 0.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    @overload
    def softdtw_sqdist(self, other1: Operand, other2: Operand) -> Self:
        """Soft dynamic time warping of f and g with squared differences as local costs and temperature t.

        Here f is this tensor, g is `other1` and t is `other2`. The size of the compiled code grows with the product of the two lengths.

        Parameters
        ----------
        other1 : LazyTensor, array or number
        other2 : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, 1)
        """

    @overload
    def softdtw_sqdist(
        self, other1: Operand | SymbolicTensor[Any], other2: Operand | SymbolicTensor[Any]
    ) -> SymbolicTensor[Array]: ...
    def softplus(self) -> Self:
        """log(1 + exp(f)).

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    @overload
    def sqdist(self, other: Operand) -> Self:
        """Squared Euclidean distance of f and g.

        Here f is this tensor and g is `other`. Evaluated on differences: exactly 0 for equal points.

        Parameters
        ----------
        other : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, 1)
        """

    @overload
    def sqdist(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    @overload
    def sqdist(self, other: complex | ComplexLazyTensor[Any, Any, Any]) -> Self: ...
    def sqnorm2(self) -> Self:
        """Squared Euclidean norm of f.

        Returns
        -------
        LazyTensor, shape (..., N, M, 1)
        """

    def sqrt(self) -> Self:
        """Square root of f.

        nan below 0. Derivative 0 at 0, so that distances have a gradient everywhere.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def square(self) -> Self:
        """f squared.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def step(self) -> Self:
        """0 where f < 0, else 1.

        1 at 0 and at nan. Derivative 0.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def tan(self) -> Self:
        """Tangent of f.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def tanh(self) -> Self:
        """Hyperbolic tangent of f.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    @overload
    def tensorprod(self, other: Operand) -> Self:
        """All products f_k g_l, row-major.

        Here f is this tensor and g is `other`.

        Parameters
        ----------
        other : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, dimension)
            The dimension is for example 6 for f of dimension 2 and g of dimension 3.
        """

    @overload
    def tensorprod(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    def trace_operator(self, v: AnyTensor[Array, Any], weights: AnyTensor[Array, Any] | None = None) -> Self:
        """Trace of the formula L, linear in v; with weights w: sum of w_k L_kk.

        Here L is this tensor.

        Parameters
        ----------
        v : LazyTensor
            The variable: it was made from an array, or is a symbolic one such as ``Vi(0, 3)``.
        weights : LazyTensor, array or number, optional
            One per component of v; 1 when left out.

        Returns
        -------
        LazyTensor, shape (..., N, M, 1)
        """

    def trunc(self) -> Self:
        """f without its fractional part.

        Derivative 0.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    @overload
    def vecmatmult(self, other: Operand) -> Self:
        """b A with the row-major matrix A, whose number of rows is the dimension of b.

        Here b is this tensor and A is `other`.

        Parameters
        ----------
        other : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, dimension)
            The dimension is for example 2 for b of dimension 3 and A of dimension 6.
        """

    @overload
    def vecmatmult(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    @overload
    def weightedsqdist(self, other1: Operand, other2: Operand) -> Self:
        """Weighted squared norm of f - g, with the weights s in front.

        Here f is this tensor, g is `other1` and s is `other2`.

        Parameters
        ----------
        other1 : LazyTensor, array or number
        other2 : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, 1)
        """

    @overload
    def weightedsqdist(
        self, other1: Operand | SymbolicTensor[Any], other2: Operand | SymbolicTensor[Any]
    ) -> SymbolicTensor[Array]: ...
    @overload
    def weightedsqnorm(self, other: Operand) -> Self:
        """SqNormIso, SqNormDiag or SymSqNorm, by the dimension of the weights s.

        Here f is this tensor and s is `other`.

        Parameters
        ----------
        other : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, 1)
        """

    @overload
    def weightedsqnorm(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    @overload
    def where(self, first: Operand, second: Operand) -> Self:
        """Return ``condition.where(a, b)`` of a condition, or ``a.where(condition, b)`` as PyTorch has it.

        What is the condition is seen from the tensors; the function ``where(condition, a, b)`` is clearer.

        Parameters
        ----------
        first, second : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, D)

        Raises
        ------
        ArgumentTypeError
            If it cannot be told which is the condition.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Vi, Vj
        >>> x, y = Vi(np.asarray([[0.0], [2.0]])), Vj(np.asarray([[1.0], [3.0]]))
        >>> (x < y).where(x + y, 0).dense()[..., 0]
        array([[1., 3.],
               [0., 5.]])
        """

    @overload
    def where(
        self, first: Operand | SymbolicTensor[Any], second: Operand | SymbolicTensor[Any]
    ) -> SymbolicTensor[Array]: ...
    @overload
    def where(
        self,
        first: Operand | complex | ComplexLazyTensor[Any, Any, Any],
        second: Operand | complex | ComplexLazyTensor[Any, Any, Any],
    ) -> Partner: ...
    def xlogx(self) -> Self:
        """f log(f).

        0 at 0, nan below 0. Derivative -inf at 0.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

class ComplexTensor(AnyTensor[Array, Operand], Generic[Array, Operand, Partner]):
    """Operations on complex numbers."""

    def __add__(self, other: Operand) -> Self: ...
    def __radd__(self, other: Operand) -> Self: ...
    def __sub__(self, other: Operand) -> Self: ...
    def __rsub__(self, other: Operand) -> Self: ...
    def __mul__(self, other: Operand) -> Self: ...
    def __rmul__(self, other: Operand) -> Self: ...
    def __truediv__(self, other: Operand) -> Self: ...
    def __rtruediv__(self, other: Operand) -> Self: ...
    def __pow__(self, other: Operand) -> Self: ...
    def __rpow__(self, other: Operand) -> Self: ...
    def __eq__(self, other: Operand) -> Partner: ...
    def __ne__(self, other: Operand) -> Partner: ...
    def __or__(self, other: Operand) -> Partner: ...
    def __ror__(self, other: Operand) -> Partner: ...
    def __neg__(self) -> Self: ...
    def __pos__(self) -> Self: ...
    def __abs__(self) -> Partner: ...
    @property
    def real(self) -> Partner:
        """The real parts, a real tensor."""

    @property
    def imag(self) -> Partner:
        """The imaginary parts, a real tensor."""

    def angle(self) -> Partner:
        """Return the arguments, in [-pi, pi], a real tensor."""

    def conj(self) -> Self:
        """Return the complex conjugates."""

    def abs(self) -> Partner:
        """|f|.

        Derivative 0 at 0.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def auto_factorize(self) -> Self:
        """f; a hint that sub-formulas occur in it more than once.

        Equal sub-formulas are always computed once, so the hint changes nothing.

        Returns
        -------
        LazyTensor, shape (..., N, M, dimension)
            The dimension is for example 3 for f of dimension 3.
        """

    def concat(self, other: Operand) -> Self:
        """Return the components of this tensor, then those of `other`.

        Parameters
        ----------
        other : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, sum of both dimensions)
        """

    def cos(self) -> Self:
        """cos(f).

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def cosh(self) -> Self:
        """Hyperbolic cosine of f.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def diff(self, v: AnyTensor[Array, Any], u: AnyTensor[Array, Any]) -> Any:
        """Directional derivative of f with respect to v along u; tuples of v and u are added up.

        Here f is this tensor.

        Parameters
        ----------
        v : LazyTensor
            The variable: it was made from an array, or is a symbolic one such as ``Vi(0, 3)``.
        u : LazyTensor, array or number
            A direction, of the dimension of v.

        Returns
        -------
        LazyTensor, shape (..., N, M, dimension of f)
        """

    def exp(self) -> Self:
        """exp(f).

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def extract(self, start: int, length: int) -> Self:
        """Components start, ..., start + length - 1 of f.

        Parameters
        ----------
        start : int
        length : int

        Returns
        -------
        LazyTensor, shape (..., N, M, dimension)
            The dimension is for example 3 for f of dimension 5 with start=1, length=3.
        """

    def grad(self, v: AnyTensor[Array, Any], g: AnyTensor[Array, Any]) -> Any:
        """Adjoint of the differential of f with respect to the variable v, applied to g.

        Here f is this tensor. Zero when f does not depend on v. For a scalar f and g = 1: the gradient.

        Parameters
        ----------
        v : LazyTensor
            The variable: it was made from an array, or is a symbolic one such as ``Vi(0, 3)``.
        g : LazyTensor, array or number
            Of the dimension of f.

        Returns
        -------
        LazyTensor, shape (..., N, M, dimension of v)
        """

    def ifelse(self, chosen: Operand, other: Operand) -> Self:
        """Return `chosen` where the tensor is at least 0, else `other`; for conditions there is `where`.

        Parameters
        ----------
        chosen, other : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def inv(self) -> Self:
        """1 / f.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def log(self) -> Self:
        """Natural logarithm of f.

        -inf at 0, nan below 0.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def norm2(self) -> Partner:
        """Euclidean norm of f.

        Derivative 0 at the origin.

        Returns
        -------
        LazyTensor, shape (..., N, M, 1)
        """

    def normalize(self) -> Self:
        """f divided by its Euclidean norm.

        The zero vector stays zero, with derivative 0.

        Returns
        -------
        LazyTensor, shape (..., N, M, dimension)
            The dimension is for example 3 for f of dimension 3.
        """

    def power(self, exponent: Operand) -> Self:
        """Return ``self ** exponent``.

        Parameters
        ----------
        exponent : LazyTensor, array or number
            An integer or half-integer number is faster than any other.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
            nan where the tensor is negative and the exponent is no integer.
        """

    def rsqrt(self) -> Self:
        """1 / sqrt(f).

        0 at 0 (not inf), so that gradients of distances vanish between equal points. nan below 0.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def sin(self) -> Self:
        """sin(f).

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def sinh(self) -> Self:
        """Hyperbolic sine of f.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def sqdist(self, other: Operand) -> Partner:
        """Squared Euclidean distance of f and g.

        Here f is this tensor and g is `other`. Evaluated on differences: exactly 0 for equal points.

        Parameters
        ----------
        other : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, 1)
        """

    def sqnorm2(self) -> Partner:
        """Squared Euclidean norm of f.

        Returns
        -------
        LazyTensor, shape (..., N, M, 1)
        """

    def sqrt(self) -> Self:
        """Square root of f.

        nan below 0. Derivative 0 at 0, so that distances have a gradient everywhere.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def square(self) -> Self:
        """f squared.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def tan(self) -> Self:
        """Tangent of f.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def tanh(self) -> Self:
        """Hyperbolic tangent of f.

        Returns
        -------
        LazyTensor, shape (..., N, M, D)
        """

    def where(self, first: Operand, second: Operand) -> Self:
        """Return ``condition.where(a, b)`` of a condition, or ``a.where(condition, b)`` as PyTorch has it.

        What is the condition is seen from the tensors; the function ``where(condition, a, b)`` is clearer.

        Parameters
        ----------
        first, second : LazyTensor, array or number

        Returns
        -------
        LazyTensor, shape (..., N, M, D)

        Raises
        ------
        ArgumentTypeError
            If it cannot be told which is the condition.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Vi, Vj
        >>> x, y = Vi(np.asarray([[0.0], [2.0]])), Vj(np.asarray([[1.0], [3.0]]))
        >>> (x < y).where(x + y, 0).dense()[..., 0]
        array([[1., 3.],
               [0., 5.]])
        """

class Entries(Generic[Array]):
    """What tensors have whose arrays are there."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Batch axes, number of i, number of j, dimension; None for a number that is not known yet."""

    @property
    def dtype(self) -> Any:
        """Precision of the reductions to come; None when there are only numbers and symbols."""

    def dense(self) -> Array:
        """Return all entries.

        Returns
        -------
        array, shape (..., N, M, D)
            In the dtype of the tensor. Takes N M D numbers of memory. `ranges` does not apply.

        Raises
        ------
        ArgumentValueError
            If the tensor has symbolic variables.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Vi, Vj
        >>> x, y = np.arange(2.0)[:, None], np.arange(3.0)[:, None]
        >>> (Vi(x) - Vj(y)).dense()[..., 0]
        array([[ 0., -1., -2.],
               [ 1.,  0., -1.]])
        """

    def diag(self) -> Array:
        """Return the entries with i = j.

        Returns
        -------
        array, shape (..., N, D)

        Raises
        ------
        ArgumentValueError
            If N and M differ, or the tensor has symbolic variables.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Vi, Vj
        >>> x = np.arange(3.0)[:, None]
        >>> (Vi(x) * Vj(x)).diag()
        array([[0.],
               [1.],
               [4.]])
        """

    def rows(self, index: Index | Array) -> Array:
        """Return the entries of some rows.

        Parameters
        ----------
        index : int, slice or 1-D array of integers
            Which i.

        Returns
        -------
        array, shape (..., number of rows, M, D), or (..., M, D) for an integer

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Vi, Vj
        >>> x, y = np.arange(4.0)[:, None], np.arange(3.0)[:, None]
        >>> (Vi(x) - Vj(y)).rows([3, 0])[..., 0]
        array([[ 3.,  2.,  1.],
               [ 0., -1., -2.]])
        """

    def block(self, i: Index | Array, j: Index | Array) -> Array:
        """Return the entries of some rows and columns.

        Parameters
        ----------
        i, j : int, slice or 1-D array of integers
            Which rows and which columns; all pairs of both.

        Returns
        -------
        array, shape (..., number of rows, number of columns, D)
            An integer removes its axis.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Vi, Vj
        >>> x, y = np.arange(4.0)[:, None], np.arange(3.0)[:, None]
        >>> (Vi(x) - Vj(y)).block(slice(0, 2), 1)
        array([[-1.],
               [ 0.]])
        """

    def as_matrix(self) -> LazyMatrix:
        """Return this tensor of shape (N, M, 1) as a matrix of shape (N, M) that SciPy takes as a linear operator.

        Returns
        -------
        LazyMatrix

        Raises
        ------
        ArgumentValueError
            If the tensor has batch axes, another dimension than 1, or symbolic variables.
        """

    def __matmul__(self, v: Array) -> Array:
        """Return ``sum_j K_ij v_j``: `v` of shape (M,) gives (..., N), (..., M, E) gives (..., N, E)."""

    def __rmatmul__(self, v: Array) -> Array: ...
    @overload
    def matvec(
        self,
        v: Array,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array:
        """Return ``sum_j K_ij v_j``.

        Parameters
        ----------
        v : array, shape (M,) or (..., M, E)
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N) or (..., N, E)
            In the promoted dtype of the tensor and of `v`.

        Raises
        ------
        ArgumentValueError
            If the dimension of K is not 1, or `v` does not fit.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Vi, Vj
        >>> x, y = np.asarray([[0.0], [1.0]]), np.asarray([[1.0], [2.0], [4.0]])
        >>> distances = (Vi(x) - Vj(y)).abs()
        >>> distances @ np.asarray([1.0, 0.0, 1.0])
        array([5., 3.])
        """

    @overload
    def matvec(
        self, v: Array, *, report: Literal[True], **keywords: Unpack[ReductionKeywords]
    ) -> tuple[Array, Report]: ...
    @overload
    def matvec(
        self, v: Array, *, call: bool = True, report: bool = False, **keywords: Unpack[ReductionKeywords]
    ) -> Any: ...
    @overload
    def rmatvec(
        self,
        v: Array,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array:
        """Return ``sum_i K_ij v_i``: `v` of shape (N,) gives (..., M), (..., N, E) gives (..., M, E); see `matvec`."""

    @overload
    def rmatvec(
        self, v: Array, *, report: Literal[True], **keywords: Unpack[ReductionKeywords]
    ) -> tuple[Array, Report]: ...
    @overload
    def rmatvec(
        self, v: Array, *, call: bool = True, report: bool = False, **keywords: Unpack[ReductionKeywords]
    ) -> Any: ...
    def partial(
        self,
        method: Literal[
            "reduction",
            "Kmin",
            "Kmin_argKmin",
            "all",
            "any",
            "argKmin",
            "argmax",
            "argmin",
            "logsumexp",
            "max",
            "max_argmax",
            "mean",
            "min",
            "min_argmin",
            "prod",
            "sum",
            "sumsoftmaxweight",
            "var",
        ],
        *args: Any,
        columns_from: int = 0,
        **keywords: Any,
    ) -> State:
        """Reduce over some of the columns: what `method` would compute of them, as a state.

        Parameters
        ----------
        method : str
            The name of a method that reduces, such as ``"sum"``, ``"logsumexp"`` or ``"argKmin"``.
        *args, **kwargs
            What the method takes.
        columns_from : int
            The number of the first j of this tensor among all (of the first i, where i is reduced).

        Returns
        -------
        State
            To be merged with those of the other parts, and given to `finish`.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Vi, Vj
        >>> x, y = np.zeros((2, 1)), np.arange(4.0).reshape(4, 1)
        >>> first, last = Vi(x) + Vj(y[:3]), Vi(x) + Vj(y[3:])
        >>> state = first.partial("sum", axis=1).merge(last.partial("sum", axis=1, columns_from=3))
        >>> first.finish(state)
        array([[6.],
               [6.]])
        """

    @overload
    def stream(
        self,
        method: Literal[
            "logsumexp",
            "sumsoftmaxweight",
            "min",
            "argmin",
            "max",
            "argmax",
            "Kmin",
            "argKmin",
            "prod",
            "any",
            "all",
            "sum",
            "mean",
            "var",
        ],
        *args: Any,
        out: Any = None,
        memory: int | str = "1GB",
        progress: Progress = False,
        checkpoint: Checkpoint | None = None,
        **keywords: Any,
    ) -> Array:
        """Return what `method` returns; the arrays of this tensor are read block by block, and may be maps of files.

        Parameters
        ----------
        method : str
            The name of a method that reduces, such as ``"sum"``, ``"logsumexp"`` or ``"argKmin"``.
        *args, **kwargs
            What the method takes.
        out, memory, progress, checkpoint
            As for `Genred.stream`. What is read from anything else than arrays is given to symbolic variables:
            ``Vi(0, 3).sqdist(Vj(1, 3)).argKmin(5, axis=1).stream(first, second)``.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Vi, Vj
        >>> x, y = np.zeros((2, 1)), np.arange(4.0).reshape(4, 1)
        >>> (Vi(x) + Vj(y)).stream("sum", axis=1, memory="50MB")
        array([[6.],
               [6.]])
        """

    @overload
    def stream(
        self,
        method: Literal["min_argmin", "max_argmax", "Kmin_argKmin"],
        *args: Any,
        out: Any = None,
        memory: int | str = "1GB",
        progress: Progress = False,
        checkpoint: Checkpoint | None = None,
        **keywords: Any,
    ) -> tuple[Array, Array]: ...
    @overload
    def stream(
        self,
        method: str,
        *args: Any,
        out: Any = None,
        memory: int | str = "1GB",
        progress: Progress = False,
        checkpoint: Checkpoint | None = None,
        **keywords: Any,
    ) -> Any: ...

class LazyTensor(RealTensor[Array, Operand, Partner], Entries[Array], Generic[Array, Operand, Partner]):
    """A tensor of shape (..., N, M, D) given by a formula of arrays, never stored: for the framework of `x`.

    Calling it gives a LazyTensor of `pairfold.numpy`, `pairfold.torch`, `pairfold.jax` or `pairfold.cupy`, whose
    documentation has the arguments; all are instances of it. Numbers and symbolic variables, which have no array, are
    NumPy's.

    Examples
    --------
    >>> import numpy as np
    >>> import pairfold as pf
    >>> x, y = pf.LazyTensor(np.zeros((3, 1, 2))), pf.LazyTensor(np.ones((1, 4, 2)))
    >>> ((x - y) ** 2).sum(-1).sum(axis=1)
    array([[8.],
           [8.],
           [8.]])
    >>> isinstance(x, pf.LazyTensor)
    True
    """

    @overload
    def __new__(
        cls,
        x: NDArray[Any] | list[Any] | tuple[Any, ...] | SupportsToNumpy | Tree[NDArray[Any]],
        axis: int | None = None,
        is_complex: bool = False,
    ) -> pairfold.numpy.LazyTensor:
        """Return a tensor of complex numbers where `x` holds some."""

    @overload
    def __new__(
        cls, x: Tensor | Tree[Tensor], axis: int | None = None, is_complex: bool = False
    ) -> pairfold.torch.LazyTensor: ...
    @overload
    def __new__(
        cls, x: JaxArray | Tree[JaxArray], axis: int | None = None, is_complex: bool = False
    ) -> pairfold.jax.LazyTensor: ...
    @overload
    def __new__(
        cls, x: DaskArray | Tree[DaskArray], axis: int | None = None, is_complex: bool = False
    ) -> pairfold.dask.LazyTensor: ...
    @overload
    def __new__(
        cls, x: SupportsCuda, axis: int | None = None, is_complex: bool = False
    ) -> pairfold.cupy.LazyTensor: ...
    @overload
    def __new__(cls, x: complex | Numbers, axis: int | None = None, is_complex: bool = False) -> Self: ...
    @staticmethod
    def concatenate(tensors: Iterable[Any], axis: int = -1) -> Any:
        """Join tensors along their last axis, the only one that can be joined.

        Parameters
        ----------
        tensors : iterable of LazyTensor, array or number
            One LazyTensor at least.
        axis : int, default -1
            The last axis.

        Returns
        -------
        LazyTensor, shape (..., N, M, sum of all dimensions)

        Raises
        ------
        ArgumentValueError
            If there is no tensor, or `axis` is another axis.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import LazyTensor, Vi, Vj
        >>> x, y = Vi(np.zeros((3, 2))), Vj(np.ones((4, 1)))
        >>> tuple(LazyTensor.concatenate([x, y, x - y]).shape)
        (3, 4, 5)
        """

    @staticmethod
    def cat(tensors: Iterable[Any], dim: int = -1) -> Any:
        """Return `concatenate` of `tensors`, by the name that PyTorch gives it."""

    @overload
    def reduction(
        self,
        reduction_op: Literal[
            "LogSumExp",
            "LogSumExpWeight",
            "LogSumExpVect",
            "SumSoftMaxWeight",
            "SoftMax",
            "Min",
            "ArgMin",
            "Max",
            "ArgMax",
            "KMin",
            "ArgKMin",
            "Prod",
            "Any",
            "All",
            "Sum",
            "Mean",
            "Var",
        ],
        other: Operand | None = None,
        opt_arg: int | None = None,
        axis: Literal[0, 1, -2, -3] | None = None,
        dim: Literal[0, 1, -2, -3] | None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array:
        """Reduce over i or over j by the reduction of that name; methods such as `sum` take the same keywords.

        Parameters
        ----------
        reduction_op : str
            As for `Genred`.
        other : LazyTensor, array or number, optional
            The weight of LogSumExp and SumSoftMaxWeight.
        opt_arg : int, optional
            K for the KMin family.
        axis, dim : int or tuple of int
            The axis of i or of j; `dim` wins. Batch axes and several axes are possible for sums, means, products and
            their like.
        ranges : mask or tuple of six integer arrays, default None
            Which pairs count; None: all.
        out : array, or tuple of arrays, default None
            Is filled with the result and returned; of its shape and dtype.
        dtype : dtype, default None
            Of the result; the arithmetic has its precision at least. None: that of the tensor.
        keepdims, keepdim : bool, default False
            Keep the reduced axis with length 1, so that the result meets the tensor in operations.
        tol : float, default None
            Pairs may be left out that change a row by no more than this; None: every pair counts. See
            `pairfold.tolerance`.
        atol : float, default None
            An absolute error that is allowed beside.
        report : bool, default False
            Return ``(result, report)`` with a `pairfold.Report`.
        threads : int, default None
            At least 1; None: ``PAIRFOLD_NUM_THREADS``, ``OMP_NUM_THREADS`` or the number of cores.
        progress : bool, default False
            Show a progress bar.
        backend : str, default "auto"
            ``"CPU"`` or ``"GPU"``; ``"auto"``: where the arrays are.
        device_id : int, default -1
            Number of the GPU for arrays in the memory of the CPU; -1: the first one.
        dtype_acc : str, default "auto"
            ``"float64"`` adds up in float64, as ``use_double_acc=True`` does.
        sum_scheme : str, default "auto"
            ``"block_sum"``, ``"direct_sum"`` or ``"kahan_scheme"``.
        call : bool, default True
            False returns a `LazyReduction`, which computes when it is called.

        Returns
        -------
        array, tuple of arrays, or LazyReduction
            ``(..., N, D)`` over j and ``(..., M, D)`` over i for a sum, in the dtype of the tensor; :doc:`/reductions`
            has shapes and dtypes for all reductions. A `LazyReduction` for symbolic variables.

        Raises
        ------
        UnknownNameError
            If there is no such reduction.
        ArgumentTypeError, ArgumentValueError
            If an argument does not fit, or a keyword does not apply.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Vi, Vj
        >>> x, y = np.asarray([[0.0], [1.0]]), np.asarray([[1.0], [2.0], [4.0]])
        >>> distances = (Vi(x) - Vj(y)).abs()
        >>> distances.reduction("Sum", axis=1)
        array([[7.],
               [4.]])
        >>> distances.reduction("KMin", opt_arg=2, axis=1)
        array([[1., 2.],
               [0., 1.]])
        """

    @overload
    def reduction(
        self,
        reduction_op: Literal["Min_ArgMin", "MinArgMin", "Max_ArgMax", "MaxArgMax", "KMin_ArgKMin", "KMinArgKMin"],
        other: Operand | None = None,
        opt_arg: int | None = None,
        axis: Literal[0, 1, -2, -3] | None = None,
        dim: Literal[0, 1, -2, -3] | None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Array]: ...
    @overload
    def reduction(
        self,
        reduction_op: str,
        other: Operand | None = None,
        opt_arg: int | None = None,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def Kmin(
        self,
        K: int,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array:
        """The K smallest values of F over j.

        Here F is this tensor. In increasing order, ties in the order of j; nan and +inf are never selected. Missing entries are +inf with index -1.

        Parameters
        ----------
        K : int
            How many are kept, at least 1.
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, K), or (..., N, K, D) for a tensor of dimension D > 1
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def Kmin(
        self,
        K: int,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def Kmin(
        self,
        K: int,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def Kmin(
        self,
        K: int,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def Kmin(
        self,
        K: int,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def Kmin_argKmin(
        self,
        K: int,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Array]:
        """The K smallest values of F over j and their columns.

        Here F is this tensor. In increasing order, ties in the order of j; nan and +inf are never selected. Missing entries are +inf with index -1.

        Parameters
        ----------
        K : int
            How many are kept, at least 1.
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, K), or (..., N, K, D) for a tensor of dimension D > 1
            In the dtype of the tensor. Over i, M stands in the place of N.
        array, shape (..., N, K), or (..., N, K, D) for a tensor of dimension D > 1
            Column numbers, int64. Over i, M stands in the place of N.
        """

    @overload
    def Kmin_argKmin(
        self,
        K: int,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Array]: ...
    @overload
    def Kmin_argKmin(
        self,
        K: int,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[tuple[Array, Array], Report]: ...
    @overload
    def Kmin_argKmin(
        self,
        K: int,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[tuple[Array, Array]]: ...
    @overload
    def Kmin_argKmin(
        self,
        K: int,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def Kmin_argKmin_reduction(
        self,
        K: int,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Array]:
        """Reduce as `Kmin_argKmin` does, over i or j only; programs for KeOps use this name."""

    @overload
    def Kmin_argKmin_reduction(
        self,
        K: int,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Array]: ...
    @overload
    def Kmin_argKmin_reduction(
        self,
        K: int,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[tuple[Array, Array], Report]: ...
    @overload
    def Kmin_argKmin_reduction(
        self,
        K: int,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[tuple[Array, Array]]: ...
    @overload
    def Kmin_argKmin_reduction(
        self,
        K: int,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def Kmin_reduction(
        self,
        K: int,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array:
        """Reduce as `Kmin` does, over i or j only; programs for KeOps use this name."""

    @overload
    def Kmin_reduction(
        self,
        K: int,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def Kmin_reduction(
        self,
        K: int,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def Kmin_reduction(
        self,
        K: int,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def Kmin_reduction(
        self,
        K: int,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def all(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """1 if F is not 0 for all j, else 0, per component.

        Here F is this tensor. nan counts as not 0; 1 when there is no column. Derivative 0.

        Parameters
        ----------
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def all(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def all(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def all(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def all(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def all(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def all(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def all_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `all` does, over i or j only; programs for KeOps use this name."""

    @overload
    def all_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def all_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def all_reduction(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def all_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def all_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def all_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def any(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """1 if F is not 0 for some j, else 0, per component.

        Here F is this tensor. nan counts as not 0; 0 when there is no column. Derivative 0.

        Parameters
        ----------
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def any(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def any(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def any(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def any(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def any(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def any(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def any_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `any` does, over i or j only; programs for KeOps use this name."""

    @overload
    def any_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def any_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def any_reduction(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def any_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def any_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def any_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def argKmin(
        self,
        K: int,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array:
        """The columns j of the K smallest values of F.

        Here F is this tensor. In increasing order, ties in the order of j; nan and +inf are never selected. Missing entries are +inf with index -1.

        Parameters
        ----------
        K : int
            How many are kept, at least 1.
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, K), or (..., N, K, D) for a tensor of dimension D > 1
            Column numbers, int64. Over i, M stands in the place of N.
        """

    @overload
    def argKmin(
        self,
        K: int,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def argKmin(
        self,
        K: int,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def argKmin(
        self,
        K: int,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def argKmin(
        self,
        K: int,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def argKmin_reduction(
        self,
        K: int,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array:
        """Reduce as `argKmin` does, over i or j only; programs for KeOps use this name."""

    @overload
    def argKmin_reduction(
        self,
        K: int,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def argKmin_reduction(
        self,
        K: int,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def argKmin_reduction(
        self,
        K: int,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def argKmin_reduction(
        self,
        K: int,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def argmax(
        self, axis: Literal[-1] = -1, dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """First j at which F has its maximum, per component.

        Here F is this tensor. nan and -inf are never selected; no other column: -inf with index -1.

        Parameters
        ----------
        axis : int, default -1
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. -1, the default, is the last one: the result is a LazyTensor of shape (..., N, M, 1).
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            Column numbers, int64. Over i, M stands in the place of N.
        """

    @overload
    def argmax(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def argmax(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def argmax(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def argmax(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def argmax(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def argmax(
        self,
        axis: int | Sequence[int] | None = -1,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def argmax_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `argmax` does, over i or j only; programs for KeOps use this name."""

    @overload
    def argmax_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def argmax_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def argmax_reduction(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def argmax_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def argmax_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def argmax_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def argmin(
        self, axis: Literal[-1] = -1, dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """First j at which F has its minimum, per component.

        Here F is this tensor. nan and +inf are never selected; no other column: +inf with index -1.

        Parameters
        ----------
        axis : int, default -1
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. -1, the default, is the last one: the result is a LazyTensor of shape (..., N, M, 1).
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            Column numbers, int64. Over i, M stands in the place of N.
        """

    @overload
    def argmin(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def argmin(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def argmin(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def argmin(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def argmin(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def argmin(
        self,
        axis: int | Sequence[int] | None = -1,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def argmin_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `argmin` does, over i or j only; programs for KeOps use this name."""

    @overload
    def argmin_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def argmin_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def argmin_reduction(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def argmin_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def argmin_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def argmin_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def logsumexp(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Log of the sum over j of exp(F), per component.

        Here F is this tensor. -inf entries are ignored; -inf, with derivative 0, when there is no column or all entries are -inf; inf when one is inf.

        Parameters
        ----------
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible.
        dim : int, optional
            Another name of `axis`.
        weight : LazyTensor, array or number, optional
            Factors of the exponentials. Of the dimension of this tensor, or one of the two has dimension 1.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def logsumexp(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def logsumexp(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        weight: Operand | None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def logsumexp(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        weight: Operand | None = None,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def logsumexp(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        weight: Operand | None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def logsumexp(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        weight: Operand | None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def logsumexp(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        weight: Operand | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def logsumexp_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `logsumexp` does, over i or j only; programs for KeOps use this name."""

    @overload
    def logsumexp_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def logsumexp_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        weight: Operand | None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def logsumexp_reduction(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        weight: Operand | None = None,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def logsumexp_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        weight: Operand | None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def logsumexp_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        weight: Operand | None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def logsumexp_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        weight: Operand | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def max(
        self, axis: Literal[-1] = -1, dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Maximum over j of F, per component.

        Here F is this tensor. nan and -inf are never selected; no other column: -inf with index -1.

        Parameters
        ----------
        axis : int, default -1
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible. -1, the default, is the last one: the result is a LazyTensor of shape (..., N, M, 1).
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def max(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def max(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def max(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def max(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def max(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def max(
        self,
        axis: int | Sequence[int] | None = -1,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def max_argmax(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Array]:
        """Maximum over j of F and the first j that attains it.

        Here F is this tensor. nan and -inf are never selected; no other column: -inf with index -1.

        Parameters
        ----------
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        array, shape (..., N, D)
            Column numbers, int64. Over i, M stands in the place of N.
        """

    @overload
    def max_argmax(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Array]: ...
    @overload
    def max_argmax(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[tuple[Array, Array], Report]: ...
    @overload
    def max_argmax(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[tuple[Array, Array]]: ...
    @overload
    def max_argmax(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def max_argmax_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Array]:
        """Reduce as `max_argmax` does, over i or j only; programs for KeOps use this name."""

    @overload
    def max_argmax_reduction(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Array]: ...
    @overload
    def max_argmax_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[tuple[Array, Array], Report]: ...
    @overload
    def max_argmax_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[tuple[Array, Array]]: ...
    @overload
    def max_argmax_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def max_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `max` does, over i or j only; programs for KeOps use this name."""

    @overload
    def max_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def max_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def max_reduction(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def max_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def max_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def max_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def mean(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Average over j of F, per component.

        Here F is this tensor. nan when there is no column.

        Parameters
        ----------
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def mean(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def mean(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def mean(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def mean(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def mean(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def mean(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def mean_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `mean` does, over i or j only; programs for KeOps use this name."""

    @overload
    def mean_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def mean_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def mean_reduction(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def mean_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def mean_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def mean_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def min(
        self, axis: Literal[-1] = -1, dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Minimum over j of F, per component.

        Here F is this tensor. nan and +inf are never selected; no other column: +inf with index -1.

        Parameters
        ----------
        axis : int, default -1
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible. -1, the default, is the last one: the result is a LazyTensor of shape (..., N, M, 1).
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def min(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def min(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def min(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def min(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def min(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def min(
        self,
        axis: int | Sequence[int] | None = -1,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def min_argmin(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Array]:
        """Minimum over j of F and the first j that attains it.

        Here F is this tensor. nan and +inf are never selected; no other column: +inf with index -1.

        Parameters
        ----------
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        array, shape (..., N, D)
            Column numbers, int64. Over i, M stands in the place of N.
        """

    @overload
    def min_argmin(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Array]: ...
    @overload
    def min_argmin(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[tuple[Array, Array], Report]: ...
    @overload
    def min_argmin(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[tuple[Array, Array]]: ...
    @overload
    def min_argmin(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def min_argmin_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Array]:
        """Reduce as `min_argmin` does, over i or j only; programs for KeOps use this name."""

    @overload
    def min_argmin_reduction(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Array]: ...
    @overload
    def min_argmin_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[tuple[Array, Array], Report]: ...
    @overload
    def min_argmin_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[tuple[Array, Array]]: ...
    @overload
    def min_argmin_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def min_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `min` does, over i or j only; programs for KeOps use this name."""

    @overload
    def min_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def min_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def min_reduction(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def min_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def min_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def min_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def prod(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Product over j of F, per component.

        Here F is this tensor. 1 when there is no column. Derivatives are right also where entries are zero: those of any order with up to 3 zeros, those up to order 3 with more.

        Parameters
        ----------
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def prod(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def prod(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def prod(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def prod(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def prod(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def prod(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def prod_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `prod` does, over i or j only; programs for KeOps use this name."""

    @overload
    def prod_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def prod_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def prod_reduction(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def prod_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def prod_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def prod_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def sum(
        self, axis: Literal[-1] = -1, dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Sum over j of F.

        Here F is this tensor. 0 when there is no column.

        Parameters
        ----------
        axis : int, default -1
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible. -1, the default, is the last one: the result is a LazyTensor of shape (..., N, M, 1).
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def sum(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def sum(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def sum(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def sum(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def sum(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def sum(
        self,
        axis: int | Sequence[int] | None = -1,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def sum_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `sum` does, over i or j only; programs for KeOps use this name."""

    @overload
    def sum_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def sum_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def sum_reduction(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def sum_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def sum_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def sum_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def sumsoftmaxweight(
        self,
        weight: Operand,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array:
        """Sum over j of exp(F) G divided by the sum over j of exp(F), per component; F or G may be a scalar.

        Here F is this tensor and G is `weight`. 0, with derivative 0, when there is no column or all F are -inf.

        Parameters
        ----------
        weight : LazyTensor, array or number
            Of the dimension of this tensor, or one of the two has dimension 1.
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def sumsoftmaxweight(
        self,
        weight: Operand,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def sumsoftmaxweight(
        self,
        weight: Operand,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def sumsoftmaxweight(
        self,
        weight: Operand,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def sumsoftmaxweight(
        self,
        weight: Operand,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def sumsoftmaxweight_reduction(
        self,
        weight: Operand,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array:
        """Reduce as `sumsoftmaxweight` does, over i or j only; programs for KeOps use this name."""

    @overload
    def sumsoftmaxweight_reduction(
        self,
        weight: Operand,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def sumsoftmaxweight_reduction(
        self,
        weight: Operand,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def sumsoftmaxweight_reduction(
        self,
        weight: Operand,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def sumsoftmaxweight_reduction(
        self,
        weight: Operand,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def var(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Average over j of (F - mean of F)^2, per component.

        Here F is this tensor. Divided by the number of columns; nan when there is none.

        Parameters
        ----------
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def var(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def var(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def var(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def var(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def var(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def var(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def var_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `var` does, over i or j only; programs for KeOps use this name."""

    @overload
    def var_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def var_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def var_reduction(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def var_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def var_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def var_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def solve(
        self,
        b: Operand,
        var: None = None,
        call: Literal[True] = True,
        *,
        return_report: Literal[False] = False,
        **keywords: Unpack[SolveKeywords[Array]],
    ) -> Array:
        """Solve ``sum_j K_ij a_j + alpha a_i = b_i`` for a, by conjugate gradients.

        Parameters
        ----------
        b : array, shape (N,) or (..., N, E), or LazyTensor
            The right-hand side; an array counts as ``Vi(b)``. ``Vj(b)`` solves the transposed system.
        var : LazyTensor, optional
            The symbolic unknown, such as ``Vj(0, E)``, in which this tensor is linear; by default this tensor is a
            matrix that multiplies the unknown.
        call : bool
            False returns a callable, as symbolic variables do.
        alpha : float, default 1e-10
            Added to the diagonal.
        rtol : float, default None
            Stop when the norm of the residual of each column is below `rtol` times that of b; 1e-6 when neither this
            nor `eps` is given.
        eps : float, default None
            Stop when the root mean square of the residual of each column is below `eps`.
        maxiter : int, default None
            Most iterations; None allows 10 N, and 10,000 at most.
        preconditioner : None, "nystrom", Nystrom or callable, default None
            As for `KernelSolve`.
        on_failure : str, default "raise"
            ``"warn"`` returns what was reached, with a `ConvergenceWarning`.
        return_report : bool, default False
            Return ``(a, report)`` with a `SolveReport`.
        tol : float, default None
            Products may leave out pairs, but never more than a tenth of what the iteration stops at.
        ranges, threads, progress, backend, device_id, dtype_acc, use_double_acc, sum_scheme
            As for `reduction`.

        Returns
        -------
        array, or (array, SolveReport)
            Of the shape of b, in the promoted dtype of the tensor and of b.

        Raises
        ------
        ArgumentValueError
            If the system is not square, or b is not an array of points.
        NotConvergedError
            If the system is not solved.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Nystrom, Vi, Vj
        >>> x = np.linspace(0, 1, 200)[:, None]
        >>> b = np.sin(6 * x)
        >>> kernel = (-20 * Vi(x).sqdist(Vj(x))).exp()
        >>> a, report = kernel.solve(b, alpha=0.01, preconditioner=Nystrom(rank=20), return_report=True)
        >>> tuple(a.shape), bool(report.converged)
        ((200, 1), True)
        >>> bool(abs(kernel @ a + 0.01 * a - b).max() < 1e-4)
        True
        """

    @overload
    def solve(
        self,
        b: Operand,
        var: None = None,
        call: Literal[True] = True,
        *,
        return_report: Literal[True],
        **keywords: Unpack[SolveKeywords[Array]],
    ) -> tuple[Array, SolveReport]: ...
    @overload
    def solve(
        self,
        b: Operand,
        var: SymbolicTensor[Any] | None = None,
        call: bool = True,
        *,
        return_report: bool = False,
        **keywords: Unpack[SolveKeywords[Array]],
    ) -> Any: ...

class ComplexLazyTensor(ComplexTensor[Array, Operand, Partner], Entries[Array], Generic[Array, Operand, Partner]):
    """A LazyTensor of complex numbers, for the framework of its array; see `LazyTensor`."""

    @overload
    def __new__(
        cls,
        x: NDArray[Any] | list[Any] | tuple[Any, ...] | SupportsToNumpy | Tree[NDArray[Any]],
        axis: int | None = None,
    ) -> pairfold.numpy.ComplexLazyTensor:
        """Return a tensor of complex numbers where `x` holds some."""

    @overload
    def __new__(cls, x: Tensor | Tree[Tensor], axis: int | None = None) -> pairfold.torch.ComplexLazyTensor: ...
    @overload
    def __new__(cls, x: JaxArray | Tree[JaxArray], axis: int | None = None) -> pairfold.jax.ComplexLazyTensor: ...
    @overload
    def __new__(cls, x: DaskArray | Tree[DaskArray], axis: int | None = None) -> pairfold.dask.ComplexLazyTensor: ...
    @overload
    def __new__(cls, x: SupportsCuda, axis: int | None = None) -> pairfold.cupy.ComplexLazyTensor: ...
    @overload
    def __new__(cls, x: complex | Numbers, axis: int | None = None) -> Self: ...
    @staticmethod
    def concatenate(tensors: Iterable[Any], axis: int = -1) -> Any:
        """Join tensors along their last axis, the only one that can be joined.

        Parameters
        ----------
        tensors : iterable of LazyTensor, array or number
            One LazyTensor at least.
        axis : int, default -1
            The last axis.

        Returns
        -------
        LazyTensor, shape (..., N, M, sum of all dimensions)

        Raises
        ------
        ArgumentValueError
            If there is no tensor, or `axis` is another axis.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import LazyTensor, Vi, Vj
        >>> x, y = Vi(np.zeros((3, 2))), Vj(np.ones((4, 1)))
        >>> tuple(LazyTensor.concatenate([x, y, x - y]).shape)
        (3, 4, 5)
        """

    @staticmethod
    def cat(tensors: Iterable[Any], dim: int = -1) -> Any:
        """Return `concatenate` of `tensors`, by the name that PyTorch gives it."""

    def reduction(self, reduction_op: str, *args: Any, **keywords: Any) -> Any:
        """Reduce over i or over j; of the reductions of `LazyTensor`, Sum and Mean are defined for complex numbers."""

    @overload
    def all(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Partner:
        """1 if F is not 0 for all j, else 0, per component.

        Here F is this tensor. nan counts as not 0; 1 when there is no column. Derivative 0.

        Parameters
        ----------
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def all(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Partner: ...
    @overload
    def all(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def all(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def all(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def all(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def all(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def all_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Partner:
        """Reduce as `all` does, over i or j only; programs for KeOps use this name."""

    @overload
    def all_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Partner: ...
    @overload
    def all_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def all_reduction(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def all_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def all_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def all_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def any(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Partner:
        """1 if F is not 0 for some j, else 0, per component.

        Here F is this tensor. nan counts as not 0; 0 when there is no column. Derivative 0.

        Parameters
        ----------
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def any(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Partner: ...
    @overload
    def any(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def any(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def any(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def any(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def any(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def any_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Partner:
        """Reduce as `any` does, over i or j only; programs for KeOps use this name."""

    @overload
    def any_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Partner: ...
    @overload
    def any_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def any_reduction(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def any_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def any_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def any_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def mean(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Average over j of F, per component.

        Here F is this tensor. nan when there is no column.

        Parameters
        ----------
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def mean(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def mean(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def mean(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def mean(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def mean(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def mean(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def mean_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `mean` does, over i or j only; programs for KeOps use this name."""

    @overload
    def mean_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def mean_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def mean_reduction(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def mean_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def mean_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def mean_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def sum(
        self, axis: Literal[-1] = -1, dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Sum over j of F.

        Here F is this tensor. 0 when there is no column.

        Parameters
        ----------
        axis : int, default -1
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible. -1, the default, is the last one: the result is a LazyTensor of shape (..., N, M, 1).
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def sum(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def sum(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def sum(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def sum(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def sum(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def sum(
        self,
        axis: int | Sequence[int] | None = -1,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def sum_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `sum` does, over i or j only; programs for KeOps use this name."""

    @overload
    def sum_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def sum_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def sum_reduction(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        call: Literal[True] = True,
        report: Literal[False] = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Array: ...
    @overload
    def sum_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        report: Literal[True],
        **keywords: Unpack[ReductionKeywords],
    ) -> tuple[Array, Report]: ...
    @overload
    def sum_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: Literal[False],
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def sum_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...

class Symbols(Generic[Array]):
    """What tensors with symbolic variables have."""

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Batch axes, number of i, number of j, dimension; None for a number that is not known yet."""

    @property
    def dtype(self) -> Any:
        """Precision of the reductions to come; None when there are only numbers and symbols."""

    def matvec(self, v: Any, **keywords: Unpack[ReductionKeywords]) -> LazyReduction[Array]:
        """Return ``sum_j K_ij v_j``.

        Parameters
        ----------
        v : array, shape (M,) or (..., M, E)
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N) or (..., N, E)
            In the promoted dtype of the tensor and of `v`.

        Raises
        ------
        ArgumentValueError
            If the dimension of K is not 1, or `v` does not fit.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Vi, Vj
        >>> x, y = np.asarray([[0.0], [1.0]]), np.asarray([[1.0], [2.0], [4.0]])
        >>> distances = (Vi(x) - Vj(y)).abs()
        >>> distances @ np.asarray([1.0, 0.0, 1.0])
        array([5., 3.])
        """

    def rmatvec(self, v: Any, **keywords: Unpack[ReductionKeywords]) -> LazyReduction[Array]:
        """Return ``sum_i K_ij v_i``: `v` of shape (N,) gives (..., M), (..., N, E) gives (..., M, E); see `matvec`."""

    def __matmul__(self, v: Any) -> LazyReduction[Array]:
        """Return ``sum_j K_ij v_j``: `v` of shape (M,) gives (..., N), (..., M, E) gives (..., N, E)."""

class SymbolicTensor(
    RealTensor[Array, SymbolOperand[Array], SymbolicComplexTensor[Array]], Symbols[Array], Generic[Array]
):
    """A LazyTensor with symbolic variables, such as ``Vi(0, 3)``: its reductions wait for their arguments."""

    @overload
    def reduction(
        self,
        reduction_op: Literal[
            "LogSumExp",
            "LogSumExpWeight",
            "LogSumExpVect",
            "SumSoftMaxWeight",
            "SoftMax",
            "Min",
            "ArgMin",
            "Max",
            "ArgMax",
            "KMin",
            "ArgKMin",
            "Prod",
            "Any",
            "All",
            "Sum",
            "Mean",
            "Var",
        ],
        other: Operand | None = None,
        opt_arg: int | None = None,
        axis: Literal[0, 1, -2, -3] | None = None,
        dim: Literal[0, 1, -2, -3] | None = None,
        *,
        call: bool = True,
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]:
        """Reduce over i or over j by the reduction of that name; methods such as `sum` take the same keywords.

        Parameters
        ----------
        reduction_op : str
            As for `Genred`.
        other : LazyTensor, array or number, optional
            The weight of LogSumExp and SumSoftMaxWeight.
        opt_arg : int, optional
            K for the KMin family.
        axis, dim : int or tuple of int
            The axis of i or of j; `dim` wins. Batch axes and several axes are possible for sums, means, products and
            their like.
        ranges : mask or tuple of six integer arrays, default None
            Which pairs count; None: all.
        out : array, or tuple of arrays, default None
            Is filled with the result and returned; of its shape and dtype.
        dtype : dtype, default None
            Of the result; the arithmetic has its precision at least. None: that of the tensor.
        keepdims, keepdim : bool, default False
            Keep the reduced axis with length 1, so that the result meets the tensor in operations.
        tol : float, default None
            Pairs may be left out that change a row by no more than this; None: every pair counts. See
            `pairfold.tolerance`.
        atol : float, default None
            An absolute error that is allowed beside.
        report : bool, default False
            Return ``(result, report)`` with a `pairfold.Report`.
        threads : int, default None
            At least 1; None: ``PAIRFOLD_NUM_THREADS``, ``OMP_NUM_THREADS`` or the number of cores.
        progress : bool, default False
            Show a progress bar.
        backend : str, default "auto"
            ``"CPU"`` or ``"GPU"``; ``"auto"``: where the arrays are.
        device_id : int, default -1
            Number of the GPU for arrays in the memory of the CPU; -1: the first one.
        dtype_acc : str, default "auto"
            ``"float64"`` adds up in float64, as ``use_double_acc=True`` does.
        sum_scheme : str, default "auto"
            ``"block_sum"``, ``"direct_sum"`` or ``"kahan_scheme"``.
        call : bool, default True
            False returns a `LazyReduction`, which computes when it is called.

        Returns
        -------
        array, tuple of arrays, or LazyReduction
            ``(..., N, D)`` over j and ``(..., M, D)`` over i for a sum, in the dtype of the tensor; :doc:`/reductions`
            has shapes and dtypes for all reductions. A `LazyReduction` for symbolic variables.

        Raises
        ------
        UnknownNameError
            If there is no such reduction.
        ArgumentTypeError, ArgumentValueError
            If an argument does not fit, or a keyword does not apply.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Vi, Vj
        >>> x, y = np.asarray([[0.0], [1.0]]), np.asarray([[1.0], [2.0], [4.0]])
        >>> distances = (Vi(x) - Vj(y)).abs()
        >>> distances.reduction("Sum", axis=1)
        array([[7.],
               [4.]])
        >>> distances.reduction("KMin", opt_arg=2, axis=1)
        array([[1., 2.],
               [0., 1.]])
        """

    @overload
    def reduction(
        self,
        reduction_op: Literal["Min_ArgMin", "MinArgMin", "Max_ArgMax", "MaxArgMax", "KMin_ArgKMin", "KMinArgKMin"],
        other: Operand | None = None,
        opt_arg: int | None = None,
        axis: Literal[0, 1, -2, -3] | None = None,
        dim: Literal[0, 1, -2, -3] | None = None,
        *,
        call: bool = True,
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[tuple[Array, Array]]: ...
    @overload
    def reduction(
        self,
        reduction_op: str,
        other: Operand | None = None,
        opt_arg: int | None = None,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def Kmin(
        self,
        K: int,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: bool = True,
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]:
        """The K smallest values of F over j.

        Here F is this tensor. In increasing order, ties in the order of j; nan and +inf are never selected. Missing entries are +inf with index -1.

        Parameters
        ----------
        K : int
            How many are kept, at least 1.
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, K), or (..., N, K, D) for a tensor of dimension D > 1
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def Kmin(
        self, K: int, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def Kmin(
        self,
        K: int,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def Kmin_argKmin(
        self,
        K: int,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: bool = True,
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[tuple[Array, Array]]:
        """The K smallest values of F over j and their columns.

        Here F is this tensor. In increasing order, ties in the order of j; nan and +inf are never selected. Missing entries are +inf with index -1.

        Parameters
        ----------
        K : int
            How many are kept, at least 1.
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, K), or (..., N, K, D) for a tensor of dimension D > 1
            In the dtype of the tensor. Over i, M stands in the place of N.
        array, shape (..., N, K), or (..., N, K, D) for a tensor of dimension D > 1
            Column numbers, int64. Over i, M stands in the place of N.
        """

    @overload
    def Kmin_argKmin(
        self, K: int, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[tuple[Array, Array]]: ...
    @overload
    def Kmin_argKmin(
        self,
        K: int,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def Kmin_argKmin_reduction(
        self,
        K: int,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: bool = True,
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[tuple[Array, Array]]:
        """Reduce as `Kmin_argKmin` does, over i or j only; programs for KeOps use this name."""

    @overload
    def Kmin_argKmin_reduction(
        self, K: int, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[tuple[Array, Array]]: ...
    @overload
    def Kmin_argKmin_reduction(
        self,
        K: int,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def Kmin_reduction(
        self,
        K: int,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: bool = True,
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]:
        """Reduce as `Kmin` does, over i or j only; programs for KeOps use this name."""

    @overload
    def Kmin_reduction(
        self, K: int, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def Kmin_reduction(
        self,
        K: int,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def all(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """1 if F is not 0 for all j, else 0, per component.

        Here F is this tensor. nan counts as not 0; 1 when there is no column. Derivative 0.

        Parameters
        ----------
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def all(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def all(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def all(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def all(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def all_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `all` does, over i or j only; programs for KeOps use this name."""

    @overload
    def all_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def all_reduction(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def all_reduction(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def all_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def any(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """1 if F is not 0 for some j, else 0, per component.

        Here F is this tensor. nan counts as not 0; 0 when there is no column. Derivative 0.

        Parameters
        ----------
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def any(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def any(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def any(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def any(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def any_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `any` does, over i or j only; programs for KeOps use this name."""

    @overload
    def any_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def any_reduction(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def any_reduction(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def any_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def argKmin(
        self,
        K: int,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: bool = True,
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]:
        """The columns j of the K smallest values of F.

        Here F is this tensor. In increasing order, ties in the order of j; nan and +inf are never selected. Missing entries are +inf with index -1.

        Parameters
        ----------
        K : int
            How many are kept, at least 1.
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, K), or (..., N, K, D) for a tensor of dimension D > 1
            Column numbers, int64. Over i, M stands in the place of N.
        """

    @overload
    def argKmin(
        self, K: int, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def argKmin(
        self,
        K: int,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def argKmin_reduction(
        self,
        K: int,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: bool = True,
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]:
        """Reduce as `argKmin` does, over i or j only; programs for KeOps use this name."""

    @overload
    def argKmin_reduction(
        self, K: int, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def argKmin_reduction(
        self,
        K: int,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def argmax(
        self, axis: Literal[-1] = -1, dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """First j at which F has its maximum, per component.

        Here F is this tensor. nan and -inf are never selected; no other column: -inf with index -1.

        Parameters
        ----------
        axis : int, default -1
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. -1, the default, is the last one: the result is a LazyTensor of shape (..., N, M, 1).
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            Column numbers, int64. Over i, M stands in the place of N.
        """

    @overload
    def argmax(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def argmax(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def argmax(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def argmax(
        self,
        axis: int | Sequence[int] | None = -1,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def argmax_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `argmax` does, over i or j only; programs for KeOps use this name."""

    @overload
    def argmax_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def argmax_reduction(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def argmax_reduction(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def argmax_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def argmin(
        self, axis: Literal[-1] = -1, dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """First j at which F has its minimum, per component.

        Here F is this tensor. nan and +inf are never selected; no other column: +inf with index -1.

        Parameters
        ----------
        axis : int, default -1
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. -1, the default, is the last one: the result is a LazyTensor of shape (..., N, M, 1).
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            Column numbers, int64. Over i, M stands in the place of N.
        """

    @overload
    def argmin(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def argmin(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def argmin(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def argmin(
        self,
        axis: int | Sequence[int] | None = -1,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def argmin_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `argmin` does, over i or j only; programs for KeOps use this name."""

    @overload
    def argmin_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def argmin_reduction(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def argmin_reduction(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def argmin_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def logsumexp(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Log of the sum over j of exp(F), per component.

        Here F is this tensor. -inf entries are ignored; -inf, with derivative 0, when there is no column or all entries are -inf; inf when one is inf.

        Parameters
        ----------
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible.
        dim : int, optional
            Another name of `axis`.
        weight : LazyTensor, array or number, optional
            Factors of the exponentials. Of the dimension of this tensor, or one of the two has dimension 1.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def logsumexp(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def logsumexp(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        weight: Operand | None = None,
        *,
        call: bool = True,
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def logsumexp(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        weight: Operand | None = None,
        call: bool = True,
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def logsumexp(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        weight: Operand | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def logsumexp_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `logsumexp` does, over i or j only; programs for KeOps use this name."""

    @overload
    def logsumexp_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def logsumexp_reduction(
        self,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        weight: Operand | None = None,
        *,
        call: bool = True,
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def logsumexp_reduction(
        self,
        *,
        dim: Literal[0, 1, -2, -3],
        weight: Operand | None = None,
        call: bool = True,
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]: ...
    @overload
    def logsumexp_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        weight: Operand | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def max(
        self, axis: Literal[-1] = -1, dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Maximum over j of F, per component.

        Here F is this tensor. nan and -inf are never selected; no other column: -inf with index -1.

        Parameters
        ----------
        axis : int, default -1
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible. -1, the default, is the last one: the result is a LazyTensor of shape (..., N, M, 1).
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def max(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def max(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def max(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def max(
        self,
        axis: int | Sequence[int] | None = -1,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def max_argmax(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[tuple[Array, Array]]:
        """Maximum over j of F and the first j that attains it.

        Here F is this tensor. nan and -inf are never selected; no other column: -inf with index -1.

        Parameters
        ----------
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        array, shape (..., N, D)
            Column numbers, int64. Over i, M stands in the place of N.
        """

    @overload
    def max_argmax(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[tuple[Array, Array]]: ...
    @overload
    def max_argmax(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def max_argmax_reduction(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[tuple[Array, Array]]:
        """Reduce as `max_argmax` does, over i or j only; programs for KeOps use this name."""

    @overload
    def max_argmax_reduction(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[tuple[Array, Array]]: ...
    @overload
    def max_argmax_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def max_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `max` does, over i or j only; programs for KeOps use this name."""

    @overload
    def max_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def max_reduction(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def max_reduction(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def max_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def mean(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Average over j of F, per component.

        Here F is this tensor. nan when there is no column.

        Parameters
        ----------
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def mean(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def mean(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def mean(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def mean(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def mean_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `mean` does, over i or j only; programs for KeOps use this name."""

    @overload
    def mean_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def mean_reduction(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def mean_reduction(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def mean_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def min(
        self, axis: Literal[-1] = -1, dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Minimum over j of F, per component.

        Here F is this tensor. nan and +inf are never selected; no other column: +inf with index -1.

        Parameters
        ----------
        axis : int, default -1
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible. -1, the default, is the last one: the result is a LazyTensor of shape (..., N, M, 1).
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def min(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def min(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def min(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def min(
        self,
        axis: int | Sequence[int] | None = -1,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def min_argmin(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[tuple[Array, Array]]:
        """Minimum over j of F and the first j that attains it.

        Here F is this tensor. nan and +inf are never selected; no other column: +inf with index -1.

        Parameters
        ----------
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        array, shape (..., N, D)
            Column numbers, int64. Over i, M stands in the place of N.
        """

    @overload
    def min_argmin(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[tuple[Array, Array]]: ...
    @overload
    def min_argmin(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def min_argmin_reduction(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[tuple[Array, Array]]:
        """Reduce as `min_argmin` does, over i or j only; programs for KeOps use this name."""

    @overload
    def min_argmin_reduction(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[tuple[Array, Array]]: ...
    @overload
    def min_argmin_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def min_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `min` does, over i or j only; programs for KeOps use this name."""

    @overload
    def min_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def min_reduction(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def min_reduction(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def min_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def prod(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Product over j of F, per component.

        Here F is this tensor. 1 when there is no column. Derivatives are right also where entries are zero: those of any order with up to 3 zeros, those up to order 3 with more.

        Parameters
        ----------
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def prod(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def prod(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def prod(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def prod(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def prod_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `prod` does, over i or j only; programs for KeOps use this name."""

    @overload
    def prod_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def prod_reduction(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def prod_reduction(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def prod_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def sum(
        self, axis: Literal[-1] = -1, dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Sum over j of F.

        Here F is this tensor. 0 when there is no column.

        Parameters
        ----------
        axis : int, default -1
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible. -1, the default, is the last one: the result is a LazyTensor of shape (..., N, M, 1).
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def sum(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def sum(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def sum(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def sum(
        self,
        axis: int | Sequence[int] | None = -1,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def sum_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `sum` does, over i or j only; programs for KeOps use this name."""

    @overload
    def sum_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def sum_reduction(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def sum_reduction(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def sum_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def sumsoftmaxweight(
        self,
        weight: Operand,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: bool = True,
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]:
        """Sum over j of exp(F) G divided by the sum over j of exp(F), per component; F or G may be a scalar.

        Here F is this tensor and G is `weight`. 0, with derivative 0, when there is no column or all F are -inf.

        Parameters
        ----------
        weight : LazyTensor, array or number
            Of the dimension of this tensor, or one of the two has dimension 1.
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def sumsoftmaxweight(
        self, weight: Operand, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def sumsoftmaxweight(
        self,
        weight: Operand,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def sumsoftmaxweight_reduction(
        self,
        weight: Operand,
        axis: Literal[0, 1, -2, -3],
        dim: None = None,
        *,
        call: bool = True,
        **keywords: Unpack[ReductionKeywords],
    ) -> LazyReduction[Array]:
        """Reduce as `sumsoftmaxweight` does, over i or j only; programs for KeOps use this name."""

    @overload
    def sumsoftmaxweight_reduction(
        self, weight: Operand, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def sumsoftmaxweight_reduction(
        self,
        weight: Operand,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def var(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Average over j of (F - mean of F)^2, per component.

        Here F is this tensor. Divided by the number of columns; nan when there is none.

        Parameters
        ----------
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def var(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def var(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def var(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def var(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def var_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `var` does, over i or j only; programs for KeOps use this name."""

    @overload
    def var_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def var_reduction(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def var_reduction(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def var_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    def solve(
        self,
        b: Any,
        var: SymbolicTensor[Any] | None = None,
        call: bool = True,
        *,
        return_report: bool = False,
        **keywords: Unpack[SolveKeywords[Array]],
    ) -> Any:
        """Solve ``sum_j K_ij a_j + alpha a_i = b_i`` for a, by conjugate gradients.

        Parameters
        ----------
        b : array, shape (N,) or (..., N, E), or LazyTensor
            The right-hand side; an array counts as ``Vi(b)``. ``Vj(b)`` solves the transposed system.
        var : LazyTensor, optional
            The symbolic unknown, such as ``Vj(0, E)``, in which this tensor is linear; by default this tensor is a
            matrix that multiplies the unknown.
        call : bool
            False returns a callable, as symbolic variables do.
        alpha : float, default 1e-10
            Added to the diagonal.
        rtol : float, default None
            Stop when the norm of the residual of each column is below `rtol` times that of b; 1e-6 when neither this
            nor `eps` is given.
        eps : float, default None
            Stop when the root mean square of the residual of each column is below `eps`.
        maxiter : int, default None
            Most iterations; None allows 10 N, and 10,000 at most.
        preconditioner : None, "nystrom", Nystrom or callable, default None
            As for `KernelSolve`.
        on_failure : str, default "raise"
            ``"warn"`` returns what was reached, with a `ConvergenceWarning`.
        return_report : bool, default False
            Return ``(a, report)`` with a `SolveReport`.
        tol : float, default None
            Products may leave out pairs, but never more than a tenth of what the iteration stops at.
        ranges, threads, progress, backend, device_id, dtype_acc, use_double_acc, sum_scheme
            As for `reduction`.

        Returns
        -------
        array, or (array, SolveReport)
            Of the shape of b, in the promoted dtype of the tensor and of b.

        Raises
        ------
        ArgumentValueError
            If the system is not square, or b is not an array of points.
        NotConvergedError
            If the system is not solved.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Nystrom, Vi, Vj
        >>> x = np.linspace(0, 1, 200)[:, None]
        >>> b = np.sin(6 * x)
        >>> kernel = (-20 * Vi(x).sqdist(Vj(x))).exp()
        >>> a, report = kernel.solve(b, alpha=0.01, preconditioner=Nystrom(rank=20), return_report=True)
        >>> tuple(a.shape), bool(report.converged)
        ((200, 1), True)
        >>> bool(abs(kernel @ a + 0.01 * a - b).max() < 1e-4)
        True
        """

class SymbolicComplexTensor(ComplexTensor[Array, Any, SymbolicTensor[Array]], Symbols[Array], Generic[Array]):
    """A ComplexLazyTensor with symbolic variables: its reductions wait for their arguments."""

    @overload
    def all(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> SymbolicTensor[Array]:
        """1 if F is not 0 for all j, else 0, per component.

        Here F is this tensor. nan counts as not 0; 1 when there is no column. Derivative 0.

        Parameters
        ----------
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def all(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> SymbolicTensor[Array]: ...
    @overload
    def all(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def all(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def all(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def all_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> SymbolicTensor[Array]:
        """Reduce as `all` does, over i or j only; programs for KeOps use this name."""

    @overload
    def all_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> SymbolicTensor[Array]: ...
    @overload
    def all_reduction(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def all_reduction(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def all_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def any(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> SymbolicTensor[Array]:
        """1 if F is not 0 for some j, else 0, per component.

        Here F is this tensor. nan counts as not 0; 0 when there is no column. Derivative 0.

        Parameters
        ----------
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def any(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> SymbolicTensor[Array]: ...
    @overload
    def any(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def any(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def any(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def any_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> SymbolicTensor[Array]:
        """Reduce as `any` does, over i or j only; programs for KeOps use this name."""

    @overload
    def any_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> SymbolicTensor[Array]: ...
    @overload
    def any_reduction(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def any_reduction(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def any_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def mean(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Average over j of F, per component.

        Here F is this tensor. nan when there is no column.

        Parameters
        ----------
        axis : int
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible.
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def mean(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def mean(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def mean(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def mean(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def mean_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `mean` does, over i or j only; programs for KeOps use this name."""

    @overload
    def mean_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def mean_reduction(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def mean_reduction(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def mean_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def sum(
        self, axis: Literal[-1] = -1, dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Sum over j of F.

        Here F is this tensor. 0 when there is no column.

        Parameters
        ----------
        axis : int, default -1
            The axis that is reduced: -2 is that of j, -3 that of i; counted from the front, 1 and 0 without batch axes. Batch axes and tuples of axes are possible. -1, the default, is the last one: the result is a LazyTensor of shape (..., N, M, 1).
        dim : int, optional
            Another name of `axis`.
        **kwargs
            ``ranges``, ``out``, ``threads``, ``tol``, ... : see `reduction`.

        Returns
        -------
        array, shape (..., N, D)
            In the dtype of the tensor. Over i, M stands in the place of N.
        """

    @overload
    def sum(self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True) -> Self: ...
    @overload
    def sum(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def sum(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def sum(
        self,
        axis: int | Sequence[int] | None = -1,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...
    @overload
    def sum_reduction(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self:
        """Reduce as `sum` does, over i or j only; programs for KeOps use this name."""

    @overload
    def sum_reduction(
        self, *, dim: Literal[-1], keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> Self: ...
    @overload
    def sum_reduction(
        self, axis: Literal[0, 1, -2, -3], dim: None = None, *, call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def sum_reduction(
        self, *, dim: Literal[0, 1, -2, -3], call: bool = True, **keywords: Unpack[ReductionKeywords]
    ) -> LazyReduction[Array]: ...
    @overload
    def sum_reduction(
        self,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        *,
        call: bool = True,
        report: bool = False,
        **keywords: Unpack[ReductionKeywords],
    ) -> Any: ...

class LazyReduction(Generic[Result]):
    """A reduction of a LazyTensor that waits for its call.

    Reductions of symbolic variables return one, and all others do with ``call=False``. Calling it with one array per
    symbolic variable, in the order of their indices, returns the result.

    Examples
    --------
    >>> import numpy as np
    >>> from pairfold.numpy import Vi, Vj
    >>> nearest = Vi(0, 2).sqdist(Vj(1, 2)).argmin(axis=1)
    >>> nearest
    <ArgMin over j, one result per i, of <LazyTensor of shape (None, None, 1): SqDist(Vi(0,2), Vj(1,2))>>
    >>> nearest(np.zeros((3, 2)), np.ones((4, 2))).shape
    (3, 1)
    """

    @overload
    def __call__(self, *args: Any, report: Literal[False] = False, **keywords: Unpack[CallKeywords]) -> Result:
        """Return the result.

        Parameters
        ----------
        *args : arrays
            One per symbolic variable.
        **kwargs
            ``backend``, ``device_id``, ``ranges``, ``out``, ``threads``, ``progress``, ``tol``, ``atol``, ``report``,
            as for `Genred`.
        """

    @overload
    def __call__(
        self, *args: Any, report: Literal[True], **keywords: Unpack[CallKeywords]
    ) -> tuple[Result, Report]: ...
    def partial(self, *args: Any, columns_from: int = 0, **keywords: Unpack[CallKeywords]) -> State:
        """Return the state after some of the columns, which `finish` takes; the arguments are those of a call.

        `columns_from` is the number of the first column: of the first row, where the reduction is over i.
        """

    def stream(
        self,
        *args: Any,
        out: Any = None,
        memory: int | str = "1GB",
        progress: Progress = False,
        checkpoint: Checkpoint | None = None,
        backend: str = "auto",
        device_id: int = -1,
        threads: int | None = None,
    ) -> Result:
        """Return the result for arguments that are read block by block, and may be larger than memory.

        See `Genred.stream` for what symbolic variables may be given, and for the keywords.
        """

    def finish(self, state: State) -> Result:
        """Return the result of the reduction for all columns of a state.

        Without an array of its own, the reduction follows those that the state comes from.
        """

    def explain(self, *args: Any, target: str | None = None) -> str:
        """Return what the engine does with arguments of these shapes, in words; see `LazyTensor.explain`."""

class Routine(Generic[Operand, Result]):
    """A routine of a formula string; see `Genred`."""

    axis: int
    aliases: list[str]
    reduction_op: str
    opt_arg: int | None
    nargs: int

    @property
    def formula(self) -> str:
        """The formula with its reduction as KeOps writes it, in which the last number is 0 for a result by i."""

    @overload
    def __call__(
        self,
        *args: Operand,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Ranges | None = None,
        out: Any = None,
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        atol: float | None = None,
        report: Literal[False] = False,
    ) -> Result:
        """Reduce the formula of `args`.

        Parameters
        ----------
        *args : arrays
            In the order of the aliases: ``Vi(D)`` has shape ``(..., N, D)``, ``Vj(D)`` ``(..., M, D)`` and ``Pm(D)``
            ``(..., D)``. Leading axes broadcast. Numbers and arrays without axes are fine for ``Pm(1)`` and never
            change a dtype; dtypes are promoted otherwise. Whole numbers among themselves count as float64.
        backend : str, default "auto"
            ``"auto"``: where the arrays are. ``"CPU"``; or ``"GPU"``: arrays in the memory of the CPU are sent to the
            GPU, and the result comes back.
        device_id : int, default -1
            Number of that GPU; -1: the first one. Arrays on a GPU are reduced where they are.
        ranges : mask or tuple of six integer arrays, default None
            Which pairs count; None: all. A mask, such as ``band(10)``, or the six arrays
            ``(ranges_i, slices_i, redranges_j, ranges_j, slices_j, redranges_i)`` that ``from_matrix`` of the cluster
            module makes: shapes ``(B, 2)``, ``(B,)``, ``(R, 2)`` for i and the same for j.
        out : array, or tuple of arrays, default None
            Is filled with the result and returned; of its shape and dtype.
        threads : int, default None
            Number of threads, at least 1; None: ``PAIRFOLD_NUM_THREADS``, ``OMP_NUM_THREADS`` or the number of cores.
        progress : bool, default False
            Show a progress bar.
        tol : float, default None
            Pairs may be left out that change row i by no more than ``tol * sum_j |f(x_i, y_j)|`` in all; a log-sum-exp,
            by no more than `tol`. 0 leaves out what changes nothing. None: what `pairfold.tolerance` says around the
            call, else every pair counts.
        atol : float, default None
            An absolute error that is allowed beside.
        report : bool, default False
            Return ``(result, report)`` with a `pairfold.Report` on what was left out.

        Returns
        -------
        array, or tuple of arrays
            ``(..., N, dimension)`` for axis=1, ``(..., M, dimension)`` for axis=0, in the promoted dtype of the
            arguments; K smallest values have ``(..., N, K)``, or ``(..., N, K, dimension)`` if the dimension is not 1.
            Column numbers are int64.

        Raises
        ------
        ArgumentTypeError, ArgumentValueError
            If an argument does not fit its alias or the other arguments.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Genred, band
        >>> gaussian = Genred("Exp(-SqDist(x, y)) * b", ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)"], axis=1)
        >>> x = np.linspace(0, 300, 60000).reshape(20000, 3)
        >>> b = np.ones((20000, 1))

        Pairs with j near i only, then all pairs but those that change no row by more than a thousandth:

        >>> near = gaussian(x, x, b, ranges=band(50))
        >>> found, report = gaussian(x, x, b, tol=1e-3, report=True)
        >>> tuple(near.shape), tuple(found.shape)
        ((20000, 1), (20000, 1))
        >>> report.kind, bool(report.bound < 1e-3), bool(report.pairs < 0.1)
        ('guaranteed', True, True)
        """

    @overload
    def __call__(
        self,
        *args: Operand,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Ranges | None = None,
        out: Any = None,
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        atol: float | None = None,
        report: Literal[True],
    ) -> tuple[Result, Report]: ...
    @overload
    def __call__(
        self,
        *args: Operand,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Ranges | None = None,
        out: Any = None,
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        atol: float | None = None,
        report: bool,
    ) -> Any: ...
    def partial(
        self,
        *args: Operand,
        columns_from: int = 0,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Ranges | None = None,
        threads: int | None = None,
        progress: Progress = False,
    ) -> State:
        """Reduce over some of the columns; `State` has an example.

        Parameters
        ----------
        *args : arrays
            As for a call. What is indexed by j is a part of the whole: what is indexed by i, for axis=0.
        columns_from : int, default 0
            The number of the first j (of the first i, for axis=0) of this part.
        backend, device_id, ranges, threads, progress : optional
            As for a call.

        Returns
        -------
        State
            To be merged with those of the other parts, and given to `finish`.
        """

    def finish(self, state: State) -> Result:
        """Return the result for all columns of a state.

        Parameters
        ----------
        state : State
            From `partial`, merged with those of the other parts.

        Returns
        -------
        array, or tuple of arrays
            Of the shape and dtype that a call gives.

        Raises
        ------
        ArgumentTypeError, ArgumentValueError
            If it is no state, or one of another routine.
        """

    def stream(
        self,
        *args: Any,
        out: Any = None,
        memory: int | str = "1GB",
        progress: Progress = False,
        checkpoint: Checkpoint | None = None,
        backend: str = "auto",
        device_id: int = -1,
        threads: int | None = None,
    ) -> Result:
        """Reduce arguments that are read block by block, and may be larger than memory.

        Parameters
        ----------
        *args : arrays, or where to read them
            As for a call; what is indexed by i or j may be anything with shape, dtype and slices (a map of a file, an
            array of zarr, h5py, Dask or PyTorch, a class that computes its entries) or an iterable of blocks
            ``(..., n, D)``, or a function that returns one.
        out : array, or what has shape, dtype and slices that can be set, or a tuple of these, default None
            Is filled with the result, part by part, and returned.
        memory : int or str, default "1GB"
            What may be read and kept at a time, as ``"4GB"`` or a number of bytes; a new result comes beside.
        progress : bool or callable, default False
            True shows a bar; a callable gets the pairs done, the pairs in all (None when nobody knows) and the seconds.
        checkpoint : path, default None
            A file that says how far the reduction has come. A call that finds it there goes on from it, and its result
            has the same bits; it is removed at the end.
        backend, device_id, threads
            As for a call.

        Returns
        -------
        array, or tuple of arrays
            As a call; `out` where it is given.

        Raises
        ------
        ArgumentTypeError, ArgumentValueError
            If an argument does not fit its alias or the other arguments, or `memory` is too little.
        CheckpointError
            If the checkpoint is damaged or of another call, or cannot be written.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Genred
        >>> nearest = Genred("SqDist(x, y)", ["x = Vi(1)", "y = Vj(1)"], "ArgMin", axis=1)
        >>> x = np.asarray([[0.0], [3.0]])
        >>> def blocks():
        ...     yield np.asarray([[5.0], [1.0]])
        ...     yield np.asarray([[2.0], [4.0]])
        >>> nearest.stream(x, blocks, memory="100MB")
        array([[1],
               [2]])
        """

    def explain(
        self, *args: Any, target: str | None = None, tol: float | None = None, atol: float | None = None
    ) -> str:
        """Return what the engine does with arguments of these shapes, in words.

        Parameters
        ----------
        *args : arrays
            As for a call.
        target : str, default None
            ``"cpu"``, ``"cuda"`` or another in the registry; a GPU need not be there. None: where
            they would be reduced.
        tol, atol : float, default None
            As for a call.

        Returns
        -------
        str
        """

class Solver(Generic[Operand, Array]):
    """A solver of linear systems; see `KernelSolve`."""

    axis: int
    formula: str
    aliases: list[str]
    varinvalias: str

    def __init__(
        self,
        formula: str,
        aliases: Iterable[str],
        varinvalias: str,
        axis: int = 0,
        dtype: Any = None,
        opt_arg: Any = None,
        dtype_acc: str = "auto",
        use_double_acc: bool = False,
        sum_scheme: str = "auto",
        enable_chunks: bool = True,
        rec_multVar_highdim: Any = None,
        use_fast_math: bool = True,
        cuda_type: Any = None,
    ) -> None: ...
    @overload
    def __call__(
        self,
        *args: Operand,
        backend: str = "auto",
        device_id: int = -1,
        alpha: float | Array = 1e-10,
        eps: float | None = None,
        ranges: Ranges | None = None,
        rtol: float | None = None,
        maxiter: int | None = None,
        preconditioner: Literal["nystrom"] | Nystrom | Callable[[Array], Array] | None = None,
        on_failure: str = "raise",
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        return_report: Literal[False] = False,
    ) -> Array:
        """Solve ``alpha a + Sum F(..., a) = b``.

        Parameters
        ----------
        *args : arrays
            As for `Genred`; in the place of the unknown, the right-hand side b: ``(..., N, E)`` for an alias of
            dimension E.
        backend : str, default "auto"
            As for `Genred`: ``"CPU"``, ``"GPU"``, or where the arrays are.
        device_id : int, default -1
            Number of that GPU; -1: the first one.
        ranges : mask or tuple of six integer arrays, default None
            Which entries of the matrix count; None: all. See `Genred`.
        threads : int, default None
            Number of threads, at least 1; None: ``PAIRFOLD_NUM_THREADS``, ``OMP_NUM_THREADS`` or the number of cores.
        progress : bool, default False
            Show one progress bar per product.
        alpha : float, default 1e-10
            Added to the diagonal.
        eps : float, default None
            Stop when the root mean square of the residual of each column is below `eps`.
        rtol : float, default None
            Stop when the norm of the residual of each column is below `rtol` times that of b. When both are given,
            one of them is enough; when none is, ``rtol=1e-6``.
        maxiter : int, default None
            Most iterations; None allows 10 N, and 10,000 at most.
        preconditioner : None, "nystrom", Nystrom or callable, default None
            ``Nystrom(rank=..., seed=...)`` chooses the rank of the randomized Nystrom preconditioner, ``"nystrom"``
            is ``Nystrom()``; a callable takes residuals, of the shape of b, to approximate solutions.
        on_failure : str, default "raise"
            ``"raise"``, or ``"warn"`` to return what was reached with a `ConvergenceWarning`.
        return_report : bool, default False
            Return ``(a, report)`` with a `SolveReport`.
        tol : float, default None
            Products may leave out pairs, as those of `Genred`, but never more than a tenth of what the iteration stops
            at; the residual that decides is known to a tenth of its target.

        Returns
        -------
        array, or (array, SolveReport)
            Of the shape of b, in the promoted dtype of the arguments.

        Raises
        ------
        ArgumentTypeError, ArgumentValueError
            If an argument does not fit, or the system is not square.
        NotConvergedError
            If the system is not solved.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import KernelSolve, Nystrom
        >>> aliases = ["g = Pm(1)", "x = Vi(1)", "y = Vj(1)", "a = Vj(1)"]
        >>> solve = KernelSolve("Exp(-g * SqDist(x, y)) * a", aliases, "a", axis=1)
        >>> x = np.linspace(0, 1, 300)[:, None]
        >>> b = np.sin(6 * x)
        >>> a, report = solve(20.0, x, x, b, alpha=0.01, preconditioner=Nystrom(rank=20), return_report=True)
        >>> tuple(a.shape), bool(report.converged), report.iterations < 20
        ((300, 1), True, True)
        """

    @overload
    def __call__(
        self,
        *args: Operand,
        backend: str = "auto",
        device_id: int = -1,
        alpha: float | Array = 1e-10,
        eps: float | None = None,
        ranges: Ranges | None = None,
        rtol: float | None = None,
        maxiter: int | None = None,
        preconditioner: Literal["nystrom"] | Nystrom | Callable[[Array], Array] | None = None,
        on_failure: str = "raise",
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        return_report: Literal[True],
    ) -> tuple[Array, SolveReport]: ...
    @overload
    def __call__(
        self,
        *args: Operand,
        backend: str = "auto",
        device_id: int = -1,
        alpha: float | Array = 1e-10,
        eps: float | None = None,
        ranges: Ranges | None = None,
        rtol: float | None = None,
        maxiter: int | None = None,
        preconditioner: Literal["nystrom"] | Nystrom | Callable[[Array], Array] | None = None,
        on_failure: str = "raise",
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        return_report: bool,
    ) -> Any: ...

class Tree(Generic[Array]):
    """Points that are sorted once, for many reductions with a tolerance.

    It stands wherever their array does: for an argument of a routine, in ``Vi(tree)``, ``Vj(tree)`` and
    ``LazyTensor(tree, axis)``, as rows and as columns. The first reduction that prunes sorts the points; all others,
    and their derivatives, find them sorted. Without a tolerance it is the array, and no more.

    Parameters
    ----------
    points : array, shape (..., N, D)
        Real numbers. They are copied, so what happens to the array later does not matter. Give all arguments of a
        reduction the same dtype: points that have to be converted are sorted again.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        If `points` is no array of points.

    Examples
    --------
    >>> import numpy as np
    >>> from pairfold.numpy import Tree, Vi, Vj
    >>> points = np.linspace(0, 1, 9000).reshape(3000, 3)
    >>> tree = Tree(points)
    >>> for _ in range(3):
    ...     neighbours = Vi(tree).sqdist(Vj(tree)).argKmin(5, axis=1, tol=0)
    >>> tuple(neighbours.shape)
    (3000, 5)
    """

    array: Array

    @overload
    def __new__(
        cls, points: NDArray[Any] | list[Any] | tuple[Any, ...] | SupportsToNumpy | Tree[NDArray[Any]]
    ) -> pairfold.numpy.Tree: ...
    @overload
    def __new__(cls, points: Tensor | Tree[Tensor]) -> pairfold.torch.Tree: ...
    @overload
    def __new__(cls, points: JaxArray | Tree[JaxArray]) -> pairfold.jax.Tree: ...
    @overload
    def __new__(cls, points: DaskArray | Tree[DaskArray]) -> pairfold.dask.Tree: ...
    @overload
    def __new__(cls, points: SupportsCuda) -> pairfold.cupy.Tree: ...
    @property
    def shape(self) -> tuple[int, ...]:
        """Batch axes, number of points, dimension."""

    @property
    def dtype(self) -> Any:
        """That of the points."""

    def __len__(self) -> int: ...
