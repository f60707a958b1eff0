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
        """Number of axes: ``len(shape)``."""

    def dim(self) -> int:
        """Return the number of axes, by the name that PyTorch gives it."""

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
        """The same tensor with i and j exchanged."""

    def t(self) -> Self:
        """Return the transpose, by the name that PyTorch gives it."""

    def __getitem__(self, key: Any) -> Self:
        """Select as NumPy does: slices and arrays of numbers for i and j, slices and integers for the rest.

        An integer on the last axis gives one component and keeps the axis, with length 1; on the axes of i and j use
        a slice instead of an integer.
        """

    def elem(self, index: int) -> Self:
        """Return component `index` of the last axis, with dimension 1; negative ones count from the end."""

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
        """Return what the engine does for a reduction, in words; the arguments are those of `reduction`.

        `target` is ``"cpu"``, ``"cuda"`` or another in the registry; a GPU need not be there.
        """

    def finish(self, state: State) -> Any:
        """Return the result of a reduction for all columns of a state, in arrays of this tensor's framework."""

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
        """Return the Euclidean norm over the last axis, the only value that `dim` may have."""

    def abs(self) -> Self:
        """|f|.

        Derivative 0 at 0.
        """

    def acos(self) -> Self:
        """Inverse cosine of f.

        nan outside [-1, 1]. Derivative 0 (not -inf) at -1 and 1.
        """

    def acosh(self) -> Self:
        """Inverse hyperbolic cosine of f.

        nan below 1. Derivative 0 (not inf) at 1.
        """

    def asin(self) -> Self:
        """Inverse sine of f.

        nan outside [-1, 1]. Derivative 0 (not inf) at -1 and 1.
        """

    def asinh(self) -> Self:
        """Inverse hyperbolic sine of f."""

    def atan(self) -> Self:
        """Inverse tangent of f."""

    @overload
    def atan2(self, other: Operand) -> Self:
        """Angle of the point with ordinate f and abscissa g, in [-pi, pi].

        Derivative 0 at the origin.
        """

    @overload
    def atan2(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    def atanh(self) -> Self:
        """Inverse hyperbolic tangent of f.

        Infinite at -1 and 1, nan outside.
        """

    def auto_factorize(self) -> Self:
        """F; a hint that sub-formulas occur in it more than once.

        Equal sub-formulas are always computed once, so the hint changes nothing.
        """

    @overload
    def bspline(self, other: Operand, degree: int = ...) -> Self:
        """Values at x of all B-splines of the given degree on the knots.

        Half-open intervals: 0 at the last knot and outside the knots. Terms with a zero denominator count as 0.
        """

    @overload
    def bspline(self, other: SymbolicTensor[Any], degree: int = ...) -> SymbolicTensor[Array]: ...
    def ceil(self) -> Self:
        """Smallest integer >= f.

        Derivative 0.
        """

    @overload
    def clamp(self, lowest: Operand, highest: Operand) -> Self:
        """Return `lowest` where the tensor is less than it, `highest` where it is greater, else the tensor."""

    @overload
    def clamp(
        self, lowest: Operand | SymbolicTensor[Any], highest: Operand | SymbolicTensor[Any]
    ) -> SymbolicTensor[Array]: ...
    def clampint(self, a: int, b: int) -> Self:
        """A where f < a, b where f > b, else f, for integers a and b.

        nan stays nan. Derivative 1 on both closed ends.
        """

    @overload
    def concat(self, other: Operand) -> Self:
        """Return the components of this tensor, then those of `other`."""

    @overload
    def concat(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    @overload
    def concat(self, other: complex | ComplexLazyTensor[Any, Any, Any]) -> Partner: ...
    def cos(self) -> Self:
        """Cos(f)."""

    def cosh(self) -> Self:
        """Hyperbolic cosine of f."""

    def diff(self, v: AnyTensor[Array, Any], u: AnyTensor[Array, Any]) -> Self:
        """Directional derivative of f with respect to v along u; tuples of v and u are added up."""

    @overload
    def difference_matrix(self, other: Operand) -> Self:
        """All differences f_k - g_l, row-major."""

    @overload
    def difference_matrix(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    def divergence(self, v: AnyTensor[Array, Any]) -> Self:
        """Trace of the Jacobian of f with respect to v."""

    def erf(self) -> Self:
        """Error function of f: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to f."""

    def exp(self) -> Self:
        """Exp(f)."""

    def exp1j(self) -> Partner:
        """Return the complex tensor exp(i f)."""

    def exp2(self) -> Self:
        """2 to the power f."""

    def expm1(self) -> Self:
        """Exp(f) - 1.

        Accurate near 0.
        """

    def extract(self, start: int, length: int) -> Self:
        """Components start, ..., start + length - 1 of f."""

    @overload
    def factorize(self, other: Operand) -> Self:
        """F; a hint that g occurs in it more than once.

        Equal sub-formulas are always computed once, so the hint changes nothing.
        """

    @overload
    def factorize(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    def floor(self) -> Self:
        """Largest integer <= f.

        Derivative 0.
        """

    def grad(self, v: AnyTensor[Array, Any], g: AnyTensor[Array, Any]) -> Self:
        """Adjoint of the differential of f with respect to the variable v, applied to g.

        Zero when f does not depend on v. For a scalar f and g = 1: the gradient.
        """

    def grad_matrix(self, v: AnyTensor[Array, Any]) -> Self:
        """Jacobian of f with respect to the variable v, row-major, the index of f slow."""

    @overload
    def ifelse(self, chosen: Operand, other: Operand) -> Self:
        """Return `chosen` where the tensor is at least 0, else `other`; for conditions there is `where`."""

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
        """Return the complex tensor 0 + f i."""

    def inv(self) -> Self:
        """1 / f."""

    @overload
    def keops_kron(self, other: Operand, shape_f: int | Sequence[int], shape_g: int | Sequence[int]) -> Self:
        """Kronecker product of f and g seen as row-major tensors of the given shapes, like numpy.kron."""

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
        """F and g seen as row-major tensors, contracted over the paired axes like numpy.tensordot.

        The kept axes of f come first, then those of g; the optional permutation sends kept axis k to position permutation[k].
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
        """Sum of the second derivatives of the scalar f with respect to the components of v."""

    def log(self) -> Self:
        """Natural logarithm of f.

        -inf at 0, nan below 0.
        """

    def log10(self) -> Self:
        """Logarithm of f to base 10."""

    def log1p(self) -> Self:
        """Log(1 + f).

        Accurate near 0; -inf at -1, nan below.
        """

    def log2(self) -> Self:
        """Logarithm of f to base 2."""

    @overload
    def logical_and(self, other: Operand) -> Self:
        """1 where f and g are not 0, else 0.

        nan is not 0. Derivative 0.
        """

    @overload
    def logical_and(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    def logical_not(self) -> Self:
        """1 where f is 0, else 0.

        nan is not 0. Derivative 0.
        """

    @overload
    def logical_or(self, other: Operand) -> Self:
        """1 where f or g is not 0, else 0.

        nan is not 0. Derivative 0.
        """

    @overload
    def logical_or(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    @overload
    def logical_xor(self, other: Operand) -> Self:
        """1 where one of f and g is 0 and the other is not, else 0.

        nan is not 0. Derivative 0.
        """

    @overload
    def logical_xor(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    @overload
    def matvecmult(self, other: Operand) -> Self:
        """A b with the row-major matrix A, whose number of columns is the dimension of b."""

    @overload
    def matvecmult(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    @overload
    def maximum(self, other: Operand) -> Self:
        """The larger of f and g.

        nan when either is nan. On ties the derivative goes to f.
        """

    @overload
    def maximum(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    @overload
    def minimum(self, other: Operand) -> Self:
        """The smaller of f and g.

        nan when either is nan. On ties the derivative goes to f.
        """

    @overload
    def minimum(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    @overload
    def mod(self, modulus: Operand, offset: Operand = ...) -> Self:
        """Return the tensor minus multiples of `modulus` that bring it between `offset` and ``offset + modulus``."""

    @overload
    def mod(
        self, modulus: Operand | SymbolicTensor[Any], offset: Operand | SymbolicTensor[Any] = ...
    ) -> SymbolicTensor[Array]: ...
    def norm2(self) -> Self:
        """Euclidean norm of f.

        Derivative 0 at the origin.
        """

    def normalize(self) -> Self:
        """F divided by its Euclidean norm.

        The zero vector stays zero, with derivative 0.
        """

    def one_hot(self, length: int) -> Self:
        """A vector of zeros of the given length with 1 at the index nearest to f.

        All zeros when that index is outside the vector. Derivative 0.
        """

    @overload
    def power(self, exponent: Operand) -> Self:
        """Return ``self ** exponent``; see the operator."""

    @overload
    def power(self, exponent: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    @overload
    def power(self, exponent: complex | ComplexLazyTensor[Any, Any, Any]) -> Partner: ...
    def real2complex(self) -> Partner:
        """Return the complex tensor f + 0 i."""

    def relu(self) -> Self:
        """0 where f < 0, else f.

        Derivative 1 at 0.
        """

    def round(self, decimals: int = ...) -> Self:
        """F rounded to the given number of decimals (may be negative).

        Halves go away from zero: 0.5 gives 1 and -2.5 gives -3. Derivative 0.
        """

    def rsqrt(self) -> Self:
        """1 / sqrt(f).

        0 at 0 (not inf), so that gradients of distances vanish between equal points. nan below 0.
        """

    def sigmoid(self) -> Self:
        """1 / (1 + exp(-f))."""

    def sign(self) -> Self:
        """-1, 0 or 1.

        0 at nan. Derivative 0.
        """

    def sin(self) -> Self:
        """Sin(f)."""

    def sinc(self) -> Self:
        """Sin(pi f) / (pi f).

        1 at 0.
        """

    def sinh(self) -> Self:
        """Hyperbolic sine of f."""

    def sinxdivx(self) -> Self:
        """Sin(f) / f.

        1 at 0, nan at infinity. All derivatives are right at 0.
        """

    @overload
    def softdtw_sqdist(self, other1: Operand, other2: Operand) -> Self:
        """Soft dynamic time warping of f and g with squared differences as local costs and temperature t.

        The size of the compiled code grows with the product of the two lengths.
        """

    @overload
    def softdtw_sqdist(
        self, other1: Operand | SymbolicTensor[Any], other2: Operand | SymbolicTensor[Any]
    ) -> SymbolicTensor[Array]: ...
    def softplus(self) -> Self:
        """Log(1 + exp(f))."""

    @overload
    def sqdist(self, other: Operand) -> Self:
        """Squared Euclidean distance of f and g.

        Evaluated on differences: exactly 0 for equal points.
        """

    @overload
    def sqdist(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    @overload
    def sqdist(self, other: complex | ComplexLazyTensor[Any, Any, Any]) -> Self: ...
    def sqnorm2(self) -> Self:
        """Squared Euclidean norm of f."""

    def sqrt(self) -> Self:
        """Square root of f.

        nan below 0. Derivative 0 at 0, so that distances have a gradient everywhere.
        """

    def square(self) -> Self:
        """F squared."""

    def step(self) -> Self:
        """0 where f < 0, else 1.

        1 at 0 and at nan. Derivative 0.
        """

    def tan(self) -> Self:
        """Tangent of f."""

    def tanh(self) -> Self:
        """Hyperbolic tangent of f."""

    @overload
    def tensorprod(self, other: Operand) -> Self:
        """All products f_k g_l, row-major."""

    @overload
    def tensorprod(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    def trace_operator(self, v: AnyTensor[Array, Any], weights: AnyTensor[Array, Any] | None = None) -> Self:
        """Trace of the formula L, linear in v; with weights w: sum of w_k L_kk."""

    def trunc(self) -> Self:
        """F without its fractional part.

        Derivative 0.
        """

    @overload
    def vecmatmult(self, other: Operand) -> Self:
        """B A with the row-major matrix A, whose number of rows is the dimension of b."""

    @overload
    def vecmatmult(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    @overload
    def weightedsqdist(self, other1: Operand, other2: Operand) -> Self:
        """Weighted squared norm of f - g, with the weights s in front."""

    @overload
    def weightedsqdist(
        self, other1: Operand | SymbolicTensor[Any], other2: Operand | SymbolicTensor[Any]
    ) -> SymbolicTensor[Array]: ...
    @overload
    def weightedsqnorm(self, other: Operand) -> Self:
        """SqNormIso, SqNormDiag or SymSqNorm, by the dimension of the weights s."""

    @overload
    def weightedsqnorm(self, other: SymbolicTensor[Any]) -> SymbolicTensor[Array]: ...
    @overload
    def where(self, first: Operand, second: Operand) -> Self:
        """Return ``condition.where(a, b)`` of a condition, or ``a.where(condition, b)`` as PyTorch has it.

        What is the condition is seen from the tensors; the function ``where(condition, a, b)`` is clearer.
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
        """F log(f).

        0 at 0, nan below 0. Derivative -inf at 0.
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
        """

    def auto_factorize(self) -> Self:
        """F; a hint that sub-formulas occur in it more than once.

        Equal sub-formulas are always computed once, so the hint changes nothing.
        """

    def concat(self, other: Operand) -> Self:
        """Return the components of this tensor, then those of `other`."""

    def cos(self) -> Self:
        """Cos(f)."""

    def cosh(self) -> Self:
        """Hyperbolic cosine of f."""

    def diff(self, v: AnyTensor[Array, Any], u: AnyTensor[Array, Any]) -> Any:
        """Directional derivative of f with respect to v along u; tuples of v and u are added up."""

    def exp(self) -> Self:
        """Exp(f)."""

    def extract(self, start: int, length: int) -> Self:
        """Components start, ..., start + length - 1 of f."""

    def grad(self, v: AnyTensor[Array, Any], g: AnyTensor[Array, Any]) -> Any:
        """Adjoint of the differential of f with respect to the variable v, applied to g.

        Zero when f does not depend on v. For a scalar f and g = 1: the gradient.
        """

    def ifelse(self, chosen: Operand, other: Operand) -> Self:
        """Return `chosen` where the tensor is at least 0, else `other`; for conditions there is `where`."""

    def inv(self) -> Self:
        """1 / f."""

    def log(self) -> Self:
        """Natural logarithm of f.

        -inf at 0, nan below 0.
        """

    def norm2(self) -> Partner:
        """Euclidean norm of f.

        Derivative 0 at the origin.
        """

    def normalize(self) -> Self:
        """F divided by its Euclidean norm.

        The zero vector stays zero, with derivative 0.
        """

    def power(self, exponent: Operand) -> Self:
        """Return ``self ** exponent``; see the operator."""

    def rsqrt(self) -> Self:
        """1 / sqrt(f).

        0 at 0 (not inf), so that gradients of distances vanish between equal points. nan below 0.
        """

    def sin(self) -> Self:
        """Sin(f)."""

    def sinh(self) -> Self:
        """Hyperbolic sine of f."""

    def sqdist(self, other: Operand) -> Partner:
        """Squared Euclidean distance of f and g.

        Evaluated on differences: exactly 0 for equal points.
        """

    def sqnorm2(self) -> Partner:
        """Squared Euclidean norm of f."""

    def sqrt(self) -> Self:
        """Square root of f.

        nan below 0. Derivative 0 at 0, so that distances have a gradient everywhere.
        """

    def square(self) -> Self:
        """F squared."""

    def tan(self) -> Self:
        """Tangent of f."""

    def tanh(self) -> Self:
        """Hyperbolic tangent of f."""

    def where(self, first: Operand, second: Operand) -> Self:
        """Return ``condition.where(a, b)`` of a condition, or ``a.where(condition, b)`` as PyTorch has it.

        What is the condition is seen from the tensors; the function ``where(condition, a, b)`` is clearer.
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
            Takes N M D numbers of memory. `ranges` does not apply.

        Raises
        ------
        ArgumentValueError
            If the tensor has symbolic variables.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Vi, Vj
        >>> (Vi(np.arange(2.0)[:, None]) - Vj(np.arange(3.0)[:, None])).dense()[..., 0]
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
        """

    def as_matrix(self) -> LazyMatrix:
        """Return this tensor of shape (N, M, 1) as a matrix of shape (N, M) that SciPy takes as a linear operator."""

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
            As for `reduction`.

        Returns
        -------
        array, shape (..., N) or (..., N, E)

        Raises
        ------
        ArgumentValueError
            If the dimension of K is not 1, or `v` does not fit.
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
        """Return ``sum_i K_ij v_i``; see `matvec`."""

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

        Raises
        ------
        ArgumentValueError
            If there is no tensor, or `axis` is another axis.
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
        """Reduce over i or over j by the reduction of that name.

        Parameters
        ----------
        reduction_op : str
            As for `Genred`.
        other : LazyTensor, optional
            The weight of LogSumExp and SumSoftMaxWeight.
        opt_arg : int, optional
            K for the KMin family.
        axis, dim : int or tuple of int
            The axis of i or of j; `dim` wins. Batch axes and several axes are possible for sums, means, products and
            their like.
        **kwargs
            ``call=False`` returns a `LazyReduction`. ``dtype_acc``, ``use_double_acc``, ``sum_scheme``, ``ranges``,
            ``out``, ``threads``, ``progress``, ``backend``, ``tol``, ``atol``, ``report`` are those of `Genred`.
            ``keepdims=True`` (or ``keepdim``) keeps the reduced axis with length 1, so that the result meets the tensor
            in operations. ``dtype`` is that of the result; the arithmetic has its precision at least.

        Returns
        -------
        array, tuple of arrays, or LazyReduction
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

        In increasing order, ties in the order of j; nan and +inf are never selected. Missing entries are +inf with index -1.
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

        In increasing order, ties in the order of j; nan and +inf are never selected. Missing entries are +inf with index -1.
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
        """The K smallest values of F over j and their columns.

        In increasing order, ties in the order of j; nan and +inf are never selected. Missing entries are +inf with index -1.
        """

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
        """The K smallest values of F over j.

        In increasing order, ties in the order of j; nan and +inf are never selected. Missing entries are +inf with index -1.
        """

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

        nan counts as not 0; 1 when there is no column. Derivative 0.
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
        """1 if F is not 0 for all j, else 0, per component.

        nan counts as not 0; 1 when there is no column. Derivative 0.
        """

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

        nan counts as not 0; 0 when there is no column. Derivative 0.
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
        """1 if F is not 0 for some j, else 0, per component.

        nan counts as not 0; 0 when there is no column. Derivative 0.
        """

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

        In increasing order, ties in the order of j; nan and +inf are never selected. Missing entries are +inf with index -1.
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
        """The columns j of the K smallest values of F.

        In increasing order, ties in the order of j; nan and +inf are never selected. Missing entries are +inf with index -1.
        """

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

        nan and -inf are never selected; no other column: -inf with index -1.

        Over the last axis (axis=-1, the default) the result is a LazyTensor; over i or j it is an array.
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
        """First j at which F has its maximum, per component.

        nan and -inf are never selected; no other column: -inf with index -1.

        Over the last axis (axis=-1, the default) the result is a LazyTensor; over i or j it is an array.
        """

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

        nan and +inf are never selected; no other column: +inf with index -1.

        Over the last axis (axis=-1, the default) the result is a LazyTensor; over i or j it is an array.
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
        """First j at which F has its minimum, per component.

        nan and +inf are never selected; no other column: +inf with index -1.

        Over the last axis (axis=-1, the default) the result is a LazyTensor; over i or j it is an array.
        """

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

        -inf entries are ignored; -inf, with derivative 0, when there is no column or all entries are -inf; inf when one is inf.
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
        """Log of the sum over j of exp(F), per component.

        -inf entries are ignored; -inf, with derivative 0, when there is no column or all entries are -inf; inf when one is inf.
        """

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

        nan and -inf are never selected; no other column: -inf with index -1.

        Over the last axis (axis=-1, the default) the result is a LazyTensor; over i or j it is an array.
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

        nan and -inf are never selected; no other column: -inf with index -1.
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
        """Maximum over j of F and the first j that attains it.

        nan and -inf are never selected; no other column: -inf with index -1.
        """

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
        """Maximum over j of F, per component.

        nan and -inf are never selected; no other column: -inf with index -1.

        Over the last axis (axis=-1, the default) the result is a LazyTensor; over i or j it is an array.
        """

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

        nan when there is no column.
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
        """Average over j of F, per component.

        nan when there is no column.
        """

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

        nan and +inf are never selected; no other column: +inf with index -1.

        Over the last axis (axis=-1, the default) the result is a LazyTensor; over i or j it is an array.
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

        nan and +inf are never selected; no other column: +inf with index -1.
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
        """Minimum over j of F and the first j that attains it.

        nan and +inf are never selected; no other column: +inf with index -1.
        """

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
        """Minimum over j of F, per component.

        nan and +inf are never selected; no other column: +inf with index -1.

        Over the last axis (axis=-1, the default) the result is a LazyTensor; over i or j it is an array.
        """

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

        1 when there is no column. Derivatives are right also where entries are zero: those of any order with up to 3 zeros, those up to order 3 with more.
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
        """Product over j of F, per component.

        1 when there is no column. Derivatives are right also where entries are zero: those of any order with up to 3 zeros, those up to order 3 with more.
        """

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

        0 when there is no column.

        Over the last axis (axis=-1, the default) the result is a LazyTensor; over i or j it is an array.
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
        """Sum over j of F.

        0 when there is no column.

        Over the last axis (axis=-1, the default) the result is a LazyTensor; over i or j it is an array.
        """

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

        0, with derivative 0, when there is no column or all F are -inf.
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
        """Sum over j of exp(F) G divided by the sum over j of exp(F), per component; F or G may be a scalar.

        0, with derivative 0, when there is no column or all F are -inf.
        """

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

        Divided by the number of columns; nan when there is none.
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
        """Average over j of (F - mean of F)^2, per component.

        Divided by the number of columns; nan when there is none.
        """

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
        **kwargs
            ``alpha``, ``eps``, ``rtol``, ``maxiter``, ``preconditioner``, ``return_report``, ``tol``, as for
            `KernelSolve`; ``dtype_acc``, ``use_double_acc``, ``sum_scheme``, ``ranges``, ``threads``.

        Returns
        -------
        array of the shape of b

        Raises
        ------
        ArgumentValueError
            If the system is not square, or b is not an array of points.
        NotConvergedError
            If the system is not solved.
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

        Raises
        ------
        ArgumentValueError
            If there is no tensor, or `axis` is another axis.
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

        nan counts as not 0; 1 when there is no column. Derivative 0.
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
        """1 if F is not 0 for all j, else 0, per component.

        nan counts as not 0; 1 when there is no column. Derivative 0.
        """

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

        nan counts as not 0; 0 when there is no column. Derivative 0.
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
        """1 if F is not 0 for some j, else 0, per component.

        nan counts as not 0; 0 when there is no column. Derivative 0.
        """

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

        nan when there is no column.
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
        """Average over j of F, per component.

        nan when there is no column.
        """

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

        0 when there is no column.

        Over the last axis (axis=-1, the default) the result is a LazyTensor; over i or j it is an array.
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
        """Sum over j of F.

        0 when there is no column.

        Over the last axis (axis=-1, the default) the result is a LazyTensor; over i or j it is an array.
        """

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
            As for `reduction`.

        Returns
        -------
        array, shape (..., N) or (..., N, E)

        Raises
        ------
        ArgumentValueError
            If the dimension of K is not 1, or `v` does not fit.
        """

    def rmatvec(self, v: Any, **keywords: Unpack[ReductionKeywords]) -> LazyReduction[Array]:
        """Return ``sum_i K_ij v_i``; see `matvec`."""

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
        """Reduce over i or over j by the reduction of that name.

        Parameters
        ----------
        reduction_op : str
            As for `Genred`.
        other : LazyTensor, optional
            The weight of LogSumExp and SumSoftMaxWeight.
        opt_arg : int, optional
            K for the KMin family.
        axis, dim : int or tuple of int
            The axis of i or of j; `dim` wins. Batch axes and several axes are possible for sums, means, products and
            their like.
        **kwargs
            ``call=False`` returns a `LazyReduction`. ``dtype_acc``, ``use_double_acc``, ``sum_scheme``, ``ranges``,
            ``out``, ``threads``, ``progress``, ``backend``, ``tol``, ``atol``, ``report`` are those of `Genred`.
            ``keepdims=True`` (or ``keepdim``) keeps the reduced axis with length 1, so that the result meets the tensor
            in operations. ``dtype`` is that of the result; the arithmetic has its precision at least.

        Returns
        -------
        array, tuple of arrays, or LazyReduction
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

        In increasing order, ties in the order of j; nan and +inf are never selected. Missing entries are +inf with index -1.
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

        In increasing order, ties in the order of j; nan and +inf are never selected. Missing entries are +inf with index -1.
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
        """The K smallest values of F over j and their columns.

        In increasing order, ties in the order of j; nan and +inf are never selected. Missing entries are +inf with index -1.
        """

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
        """The K smallest values of F over j.

        In increasing order, ties in the order of j; nan and +inf are never selected. Missing entries are +inf with index -1.
        """

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

        nan counts as not 0; 1 when there is no column. Derivative 0.
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
        """1 if F is not 0 for all j, else 0, per component.

        nan counts as not 0; 1 when there is no column. Derivative 0.
        """

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

        nan counts as not 0; 0 when there is no column. Derivative 0.
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
        """1 if F is not 0 for some j, else 0, per component.

        nan counts as not 0; 0 when there is no column. Derivative 0.
        """

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

        In increasing order, ties in the order of j; nan and +inf are never selected. Missing entries are +inf with index -1.
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
        """The columns j of the K smallest values of F.

        In increasing order, ties in the order of j; nan and +inf are never selected. Missing entries are +inf with index -1.
        """

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

        nan and -inf are never selected; no other column: -inf with index -1.

        Over the last axis (axis=-1, the default) the result is a LazyTensor; over i or j it is an array.
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
        """First j at which F has its maximum, per component.

        nan and -inf are never selected; no other column: -inf with index -1.

        Over the last axis (axis=-1, the default) the result is a LazyTensor; over i or j it is an array.
        """

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

        nan and +inf are never selected; no other column: +inf with index -1.

        Over the last axis (axis=-1, the default) the result is a LazyTensor; over i or j it is an array.
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
        """First j at which F has its minimum, per component.

        nan and +inf are never selected; no other column: +inf with index -1.

        Over the last axis (axis=-1, the default) the result is a LazyTensor; over i or j it is an array.
        """

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

        -inf entries are ignored; -inf, with derivative 0, when there is no column or all entries are -inf; inf when one is inf.
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
        """Log of the sum over j of exp(F), per component.

        -inf entries are ignored; -inf, with derivative 0, when there is no column or all entries are -inf; inf when one is inf.
        """

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

        nan and -inf are never selected; no other column: -inf with index -1.

        Over the last axis (axis=-1, the default) the result is a LazyTensor; over i or j it is an array.
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

        nan and -inf are never selected; no other column: -inf with index -1.
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
        """Maximum over j of F and the first j that attains it.

        nan and -inf are never selected; no other column: -inf with index -1.
        """

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
        """Maximum over j of F, per component.

        nan and -inf are never selected; no other column: -inf with index -1.

        Over the last axis (axis=-1, the default) the result is a LazyTensor; over i or j it is an array.
        """

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

        nan when there is no column.
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
        """Average over j of F, per component.

        nan when there is no column.
        """

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

        nan and +inf are never selected; no other column: +inf with index -1.

        Over the last axis (axis=-1, the default) the result is a LazyTensor; over i or j it is an array.
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

        nan and +inf are never selected; no other column: +inf with index -1.
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
        """Minimum over j of F and the first j that attains it.

        nan and +inf are never selected; no other column: +inf with index -1.
        """

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
        """Minimum over j of F, per component.

        nan and +inf are never selected; no other column: +inf with index -1.

        Over the last axis (axis=-1, the default) the result is a LazyTensor; over i or j it is an array.
        """

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

        1 when there is no column. Derivatives are right also where entries are zero: those of any order with up to 3 zeros, those up to order 3 with more.
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
        """Product over j of F, per component.

        1 when there is no column. Derivatives are right also where entries are zero: those of any order with up to 3 zeros, those up to order 3 with more.
        """

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

        0 when there is no column.

        Over the last axis (axis=-1, the default) the result is a LazyTensor; over i or j it is an array.
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
        """Sum over j of F.

        0 when there is no column.

        Over the last axis (axis=-1, the default) the result is a LazyTensor; over i or j it is an array.
        """

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

        0, with derivative 0, when there is no column or all F are -inf.
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
        """Sum over j of exp(F) G divided by the sum over j of exp(F), per component; F or G may be a scalar.

        0, with derivative 0, when there is no column or all F are -inf.
        """

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

        Divided by the number of columns; nan when there is none.
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
        """Average over j of (F - mean of F)^2, per component.

        Divided by the number of columns; nan when there is none.
        """

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
        **kwargs
            ``alpha``, ``eps``, ``rtol``, ``maxiter``, ``preconditioner``, ``return_report``, ``tol``, as for
            `KernelSolve`; ``dtype_acc``, ``use_double_acc``, ``sum_scheme``, ``ranges``, ``threads``.

        Returns
        -------
        array of the shape of b

        Raises
        ------
        ArgumentValueError
            If the system is not square, or b is not an array of points.
        NotConvergedError
            If the system is not solved.
        """

class SymbolicComplexTensor(ComplexTensor[Array, Any, SymbolicTensor[Array]], Symbols[Array], Generic[Array]):
    """A ComplexLazyTensor with symbolic variables: its reductions wait for their arguments."""

    @overload
    def all(
        self, axis: Literal[-1], dim: None = None, *, keepdims: Literal[True] = True, keepdim: Literal[True] = True
    ) -> SymbolicTensor[Array]:
        """1 if F is not 0 for all j, else 0, per component.

        nan counts as not 0; 1 when there is no column. Derivative 0.
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
        """1 if F is not 0 for all j, else 0, per component.

        nan counts as not 0; 1 when there is no column. Derivative 0.
        """

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

        nan counts as not 0; 0 when there is no column. Derivative 0.
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
        """1 if F is not 0 for some j, else 0, per component.

        nan counts as not 0; 0 when there is no column. Derivative 0.
        """

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

        nan when there is no column.
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
        """Average over j of F, per component.

        nan when there is no column.
        """

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

        0 when there is no column.

        Over the last axis (axis=-1, the default) the result is a LazyTensor; over i or j it is an array.
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
        """Sum over j of F.

        0 when there is no column.

        Over the last axis (axis=-1, the default) the result is a LazyTensor; over i or j it is an array.
        """

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

    Calling it with one array per symbolic variable, in the order of their indices, returns the result.
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
        """The formula with its reduction, as KeOps writes it: the last number is 0 for a result indexed by i."""

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
            change a dtype; dtypes are promoted otherwise.
        backend : str
            ``"auto"``: where the arrays are. ``"CPU"``; or ``"GPU"``: arrays in the memory of the CPU are sent to the
            GPU, and the result comes back.
        device_id : int
            Number of that GPU; arrays on a GPU are reduced where they are.
        ranges : tuple of six integer arrays, optional
            Block-sparse reduction: ``(ranges_i, slices_i, redranges_j, ranges_j, slices_j, redranges_i)``.
        out : array, or tuple of arrays, optional
            Is filled with the result and returned.
        threads : int, optional
            Number of threads.
        progress : bool
            Show a progress bar.
        tol : float, optional
            Pairs may be left out that change row i by no more than ``tol * sum_j |f(x_i, y_j)|`` in all; a log-sum-exp,
            by no more than `tol`. 0 leaves out what changes nothing. See `pairfold.tolerance`.
        atol : float, optional
            An absolute error that is allowed beside.
        report : bool
            Return ``(result, report)`` with a `pairfold.Report` on what was left out.

        Returns
        -------
        array, or tuple of arrays
            ``(..., N, dimension)`` for axis=1, ``(..., M, dimension)`` for axis=0; int64 for indices.

        Raises
        ------
        ArgumentTypeError, ArgumentValueError
            If an argument does not fit its alias or the other arguments.
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
        """Reduce over some of the columns; see `State`.

        Parameters
        ----------
        *args : arrays
            As for a call. What is indexed by j is a part of the whole: what is indexed by i, for axis=0.
        columns_from : int
            The number of the first j (of the first i, for axis=0) of this part.
        backend, device_id, ranges, threads, progress
            As for a call.

        Returns
        -------
        State
            To be merged with those of the other parts, and given to `finish`.
        """

    def finish(self, state: State) -> Result:
        """Return the result for all columns of a state: an array, or a tuple of arrays, as a call gives it."""

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
        out : array, or what has shape, dtype and slices that can be set, or a tuple of these, optional
            Is filled with the result, part by part, and returned.
        memory : int or str
            What may be read and kept at a time, as ``"4GB"`` or a number of bytes; a new result comes beside.
        progress : bool or callable
            True shows a bar; a callable gets the pairs done, the pairs in all (None when nobody knows) and the seconds.
        checkpoint : path, optional
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
        """

    def explain(
        self, *args: Any, target: str | None = None, tol: float | None = None, atol: float | None = None
    ) -> str:
        """Return what the engine does with arguments of these shapes, in words.

        `target` is ``"cpu"``, ``"cuda"`` or another in the registry; a GPU need not be there. `tol` and `atol` are as
        for a call.
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
            As for `Genred`; in the place of the unknown, the right-hand side b.
        backend, device_id, ranges, threads, progress
            As for `Genred`; `progress` shows one bar per product.
        alpha : float
            Added to the diagonal.
        eps : float, optional
            Stop when the root mean square of the residual of each column is below `eps`.
        rtol : float, optional
            Stop when the norm of the residual of each column is below `rtol` times that of b. When both are given,
            one of them is enough; when none is, ``rtol=1e-6``.
        maxiter : int, optional
            Most iterations; None allows 10 N, and 10,000 at most.
        preconditioner : None, "nystrom", Nystrom or callable, optional
            ``Nystrom(rank=..., seed=...)`` chooses the rank of the randomized Nystrom preconditioner; a callable
            takes residuals to approximate solutions.
        on_failure : str
            ``"raise"``, or ``"warn"`` to return what was reached with a `ConvergenceWarning`.
        return_report : bool
            Return ``(a, report)`` with a `SolveReport`.
        tol : float, optional
            Products may leave out pairs, as those of `Genred`, but never more than a tenth of what the iteration stops
            at; the residual that decides is known to a tenth of its target.

        Returns
        -------
        array, or (array, SolveReport)
            Of the shape of b.

        Raises
        ------
        ArgumentTypeError, ArgumentValueError
            If an argument does not fit, or the system is not square.
        NotConvergedError
            If the system is not solved.
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
