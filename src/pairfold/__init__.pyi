# Written by tools/generate_type_stubs.py; do not edit.

# Comparisons answer with tensors; overloads are of more and of less general operands; what is made of a symbol is no
# instance of the class that is called.
# mypy: disable-error-code="overload-overlap, override, misc"

"""Reductions over all pairs, a_i = Reduction_j f(p, x_i, y_j), and their derivatives, in linear memory.

The names here look at the type of the arrays: ``pairfold.Vi(x)`` is `pairfold.torch.Vi` for a tensor and
`pairfold.numpy.Vi` for an array. They are loaded at their first use, and no framework is imported for them. So are the
modules, which need no import of their own: ``pairfold.numpy``, ``pairfold.torch`` and so on.
"""

from collections.abc import Callable, Iterable
from typing import Any, Generic, Literal, overload

from dask.array import Array as DaskArray
from jax import Array as JaxArray
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import TypeVar, Unpack

import pairfold.cupy
import pairfold.dask
import pairfold.jax
import pairfold.numpy
import pairfold.torch
from pairfold import _types
from pairfold import cupy as cupy
from pairfold import dask as dask
from pairfold import errors as errors
from pairfold import jax as jax
from pairfold import numpy as numpy
from pairfold import pykeops as pykeops
from pairfold import sklearn as sklearn
from pairfold import torch as torch
from pairfold._types import ComplexLazyTensor as ComplexLazyTensor
from pairfold._types import LazyTensor as LazyTensor
from pairfold._types import Numbers, Progress, Ranges, RoutineKeywords, SupportsCuda, SupportsToNumpy, SymbolicTensor
from pairfold._types import Tree as Tree
from pairfold.ahead import compile_ahead as compile_ahead
from pairfold.engine.states import State as State
from pairfold.pruning import Report as Report
from pairfold.pruning import collect_reports as collect_reports
from pairfold.pruning import tolerance as tolerance
from pairfold.pykeops import install_as_pykeops as install_as_pykeops
from pairfold.solvers.conjugate_gradients import SolveReport as SolveReport
from pairfold.solvers.nystrom import Nystrom as Nystrom
from pairfold.sparsity.masks import Mask as Mask
from pairfold.sparsity.masks import band as band
from pairfold.sparsity.masks import lower as lower
from pairfold.sparsity.masks import radius as radius
from pairfold.sparsity.masks import segments as segments
from pairfold.sparsity.masks import upper as upper

__all__ = [
    "ComplexLazyTensor",
    "Genred",
    "KernelSolve",
    "LazyTensor",
    "Mask",
    "Nystrom",
    "Pm",
    "Report",
    "SolveReport",
    "State",
    "Tree",
    "Var",
    "Vi",
    "Vj",
    "__version__",
    "band",
    "collect_reports",
    "compile_ahead",
    "generic_argkmin",
    "generic_argmin",
    "generic_logsumexp",
    "generic_sum",
    "install_as_pykeops",
    "lower",
    "radius",
    "segments",
    "tolerance",
    "upper",
    "where",
]
__version__: str
_Kind = TypeVar("_Kind", default=Any)

class _OneArray: ...
class _TwoArrays: ...

class Genred(_types.Routine[Any, Any], Generic[_Kind]):
    """Generic reduction of a formula string on the arrays of any framework.

    The arguments are those of `pairfold.numpy.Genred` and `pairfold.torch.Genred`; a call with tensors is one of the
    latter, with derivatives.

    Examples
    --------
    >>> import numpy as np
    >>> import pairfold as pf
    >>> distances = pf.Genred("SqDist(x, y)", ["x = Vi(2)", "y = Vj(2)"], axis=1)
    >>> distances(np.zeros((2, 2)), np.ones((4, 2)))
    array([[8.],
           [8.]])
    """

    @overload
    def __init__(
        self: Genred[_OneArray],
        formula: str,
        aliases: Iterable[str],
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
        ] = "Sum",
        axis: int = 0,
        dtype: Any = None,
        opt_arg: int | None = None,
        formula2: str | None = None,
        cuda_type: Any = None,
        dtype_acc: str = "auto",
        use_double_acc: bool = False,
        sum_scheme: str = "auto",
        enable_chunks: bool = True,
        rec_multVar_highdim: Any = False,
        use_fast_math: bool = True,
        optional_flags: Any = None,
    ) -> None: ...
    @overload
    def __init__(
        self: Genred[_TwoArrays],
        formula: str,
        aliases: Iterable[str],
        reduction_op: Literal["Min_ArgMin", "MinArgMin", "Max_ArgMax", "MaxArgMax", "KMin_ArgKMin", "KMinArgKMin"],
        axis: int = 0,
        dtype: Any = None,
        opt_arg: int | None = None,
        formula2: str | None = None,
        cuda_type: Any = None,
        dtype_acc: str = "auto",
        use_double_acc: bool = False,
        sum_scheme: str = "auto",
        enable_chunks: bool = True,
        rec_multVar_highdim: Any = False,
        use_fast_math: bool = True,
        optional_flags: Any = None,
    ) -> None: ...
    @overload
    def __init__(
        self: Genred[Any],
        formula: str,
        aliases: Iterable[str],
        reduction_op: str,
        axis: int = 0,
        dtype: Any = None,
        opt_arg: int | None = None,
        formula2: str | None = None,
        cuda_type: Any = None,
        dtype_acc: str = "auto",
        use_double_acc: bool = False,
        sum_scheme: str = "auto",
        enable_chunks: bool = True,
        rec_multVar_highdim: Any = False,
        use_fast_math: bool = True,
        optional_flags: Any = None,
    ) -> None: ...
    @overload
    def __call__(
        self: Genred[_OneArray],
        *args: NDArray[Any] | list[Any] | tuple[Any, ...] | SupportsToNumpy | Tree[NDArray[Any]] | Numbers | complex,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Ranges | None = None,
        out: Any = None,
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        atol: float | None = None,
        report: Literal[False] = False,
    ) -> NDArray[Any]:
        """Call the routine of the framework of `args`; see `pairfold.numpy`, `pairfold.torch` and so on."""

    @overload
    def __call__(
        self: Genred[_OneArray],
        *args: NDArray[Any] | list[Any] | tuple[Any, ...] | SupportsToNumpy | Tree[NDArray[Any]] | Numbers | complex,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Ranges | None = None,
        out: Any = None,
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        atol: float | None = None,
        report: Literal[True],
    ) -> tuple[NDArray[Any], Report]: ...
    @overload
    def __call__(
        self: Genred[_OneArray],
        *args: Tensor | Tree[Tensor] | Numbers | complex,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Ranges | None = None,
        out: Any = None,
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        atol: float | None = None,
        report: Literal[False] = False,
    ) -> Tensor: ...
    @overload
    def __call__(
        self: Genred[_OneArray],
        *args: Tensor | Tree[Tensor] | Numbers | complex,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Ranges | None = None,
        out: Any = None,
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        atol: float | None = None,
        report: Literal[True],
    ) -> tuple[Tensor, Report]: ...
    @overload
    def __call__(
        self: Genred[_OneArray],
        *args: JaxArray | Tree[JaxArray] | Numbers | complex,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Ranges | None = None,
        out: Any = None,
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        atol: float | None = None,
        report: Literal[False] = False,
    ) -> JaxArray: ...
    @overload
    def __call__(
        self: Genred[_OneArray],
        *args: JaxArray | Tree[JaxArray] | Numbers | complex,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Ranges | None = None,
        out: Any = None,
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        atol: float | None = None,
        report: Literal[True],
    ) -> tuple[JaxArray, Report]: ...
    @overload
    def __call__(
        self: Genred[_OneArray],
        *args: DaskArray | Tree[DaskArray] | Numbers | complex,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Ranges | None = None,
        out: Any = None,
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        atol: float | None = None,
        report: Literal[False] = False,
    ) -> DaskArray: ...
    @overload
    def __call__(
        self: Genred[_OneArray],
        *args: DaskArray | Tree[DaskArray] | Numbers | complex,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Ranges | None = None,
        out: Any = None,
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        atol: float | None = None,
        report: Literal[True],
    ) -> tuple[DaskArray, Report]: ...
    @overload
    def __call__(
        self: Genred[_TwoArrays],
        *args: NDArray[Any] | list[Any] | tuple[Any, ...] | SupportsToNumpy | Tree[NDArray[Any]] | Numbers | complex,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Ranges | None = None,
        out: Any = None,
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        atol: float | None = None,
        report: Literal[False] = False,
    ) -> tuple[NDArray[Any], NDArray[Any]]: ...
    @overload
    def __call__(
        self: Genred[_TwoArrays],
        *args: NDArray[Any] | list[Any] | tuple[Any, ...] | SupportsToNumpy | Tree[NDArray[Any]] | Numbers | complex,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Ranges | None = None,
        out: Any = None,
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        atol: float | None = None,
        report: Literal[True],
    ) -> tuple[tuple[NDArray[Any], NDArray[Any]], Report]: ...
    @overload
    def __call__(
        self: Genred[_TwoArrays],
        *args: Tensor | Tree[Tensor] | Numbers | complex,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Ranges | None = None,
        out: Any = None,
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        atol: float | None = None,
        report: Literal[False] = False,
    ) -> tuple[Tensor, Tensor]: ...
    @overload
    def __call__(
        self: Genred[_TwoArrays],
        *args: Tensor | Tree[Tensor] | Numbers | complex,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Ranges | None = None,
        out: Any = None,
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        atol: float | None = None,
        report: Literal[True],
    ) -> tuple[tuple[Tensor, Tensor], Report]: ...
    @overload
    def __call__(
        self: Genred[_TwoArrays],
        *args: JaxArray | Tree[JaxArray] | Numbers | complex,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Ranges | None = None,
        out: Any = None,
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        atol: float | None = None,
        report: Literal[False] = False,
    ) -> tuple[JaxArray, JaxArray]: ...
    @overload
    def __call__(
        self: Genred[_TwoArrays],
        *args: JaxArray | Tree[JaxArray] | Numbers | complex,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Ranges | None = None,
        out: Any = None,
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        atol: float | None = None,
        report: Literal[True],
    ) -> tuple[tuple[JaxArray, JaxArray], Report]: ...
    @overload
    def __call__(
        self: Genred[_TwoArrays],
        *args: DaskArray | Tree[DaskArray] | Numbers | complex,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Ranges | None = None,
        out: Any = None,
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        atol: float | None = None,
        report: Literal[False] = False,
    ) -> tuple[DaskArray, DaskArray]: ...
    @overload
    def __call__(
        self: Genred[_TwoArrays],
        *args: DaskArray | Tree[DaskArray] | Numbers | complex,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Ranges | None = None,
        out: Any = None,
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        atol: float | None = None,
        report: Literal[True],
    ) -> tuple[tuple[DaskArray, DaskArray], Report]: ...
    @overload
    def __call__(
        self,
        *args: Any,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Ranges | None = None,
        out: Any = None,
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        atol: float | None = None,
        report: bool = False,
    ) -> Any: ...

class KernelSolve(_types.Solver[Any, Any]):
    """Solver of linear systems on the arrays of any framework; see `pairfold.numpy.KernelSolve`."""

    @overload
    def __call__(
        self,
        *args: NDArray[Any] | list[Any] | tuple[Any, ...] | SupportsToNumpy | Tree[NDArray[Any]] | Numbers | complex,
        backend: str = "auto",
        device_id: int = -1,
        alpha: float | NDArray[Any] = 1e-10,
        eps: float | None = None,
        ranges: Ranges | None = None,
        rtol: float | None = None,
        maxiter: int | None = None,
        preconditioner: Literal["nystrom"] | Nystrom | Callable[[NDArray[Any]], NDArray[Any]] | None = None,
        on_failure: str = "raise",
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        return_report: Literal[False] = False,
    ) -> NDArray[Any]:
        """Call the routine of the framework of `args`; see `pairfold.numpy`, `pairfold.torch` and so on."""

    @overload
    def __call__(
        self,
        *args: NDArray[Any] | list[Any] | tuple[Any, ...] | SupportsToNumpy | Tree[NDArray[Any]] | Numbers | complex,
        backend: str = "auto",
        device_id: int = -1,
        alpha: float | NDArray[Any] = 1e-10,
        eps: float | None = None,
        ranges: Ranges | None = None,
        rtol: float | None = None,
        maxiter: int | None = None,
        preconditioner: Literal["nystrom"] | Nystrom | Callable[[NDArray[Any]], NDArray[Any]] | None = None,
        on_failure: str = "raise",
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        return_report: Literal[True],
    ) -> tuple[NDArray[Any], SolveReport]: ...
    @overload
    def __call__(
        self,
        *args: Tensor | Tree[Tensor] | Numbers | complex,
        backend: str = "auto",
        device_id: int = -1,
        alpha: float | Tensor = 1e-10,
        eps: float | None = None,
        ranges: Ranges | None = None,
        rtol: float | None = None,
        maxiter: int | None = None,
        preconditioner: Literal["nystrom"] | Nystrom | Callable[[Tensor], Tensor] | None = None,
        on_failure: str = "raise",
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        return_report: Literal[False] = False,
    ) -> Tensor: ...
    @overload
    def __call__(
        self,
        *args: Tensor | Tree[Tensor] | Numbers | complex,
        backend: str = "auto",
        device_id: int = -1,
        alpha: float | Tensor = 1e-10,
        eps: float | None = None,
        ranges: Ranges | None = None,
        rtol: float | None = None,
        maxiter: int | None = None,
        preconditioner: Literal["nystrom"] | Nystrom | Callable[[Tensor], Tensor] | None = None,
        on_failure: str = "raise",
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        return_report: Literal[True],
    ) -> tuple[Tensor, SolveReport]: ...
    @overload
    def __call__(
        self,
        *args: JaxArray | Tree[JaxArray] | Numbers | complex,
        backend: str = "auto",
        device_id: int = -1,
        alpha: float | JaxArray = 1e-10,
        eps: float | None = None,
        ranges: Ranges | None = None,
        rtol: float | None = None,
        maxiter: int | None = None,
        preconditioner: Literal["nystrom"] | Nystrom | Callable[[JaxArray], JaxArray] | None = None,
        on_failure: str = "raise",
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        return_report: Literal[False] = False,
    ) -> JaxArray: ...
    @overload
    def __call__(
        self,
        *args: JaxArray | Tree[JaxArray] | Numbers | complex,
        backend: str = "auto",
        device_id: int = -1,
        alpha: float | JaxArray = 1e-10,
        eps: float | None = None,
        ranges: Ranges | None = None,
        rtol: float | None = None,
        maxiter: int | None = None,
        preconditioner: Literal["nystrom"] | Nystrom | Callable[[JaxArray], JaxArray] | None = None,
        on_failure: str = "raise",
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        return_report: Literal[True],
    ) -> tuple[JaxArray, SolveReport]: ...
    @overload
    def __call__(
        self,
        *args: DaskArray | Tree[DaskArray] | Numbers | complex,
        backend: str = "auto",
        device_id: int = -1,
        alpha: float | DaskArray = 1e-10,
        eps: float | None = None,
        ranges: Ranges | None = None,
        rtol: float | None = None,
        maxiter: int | None = None,
        preconditioner: Literal["nystrom"] | Nystrom | Callable[[DaskArray], DaskArray] | None = None,
        on_failure: str = "raise",
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        return_report: Literal[False] = False,
    ) -> DaskArray: ...
    @overload
    def __call__(
        self,
        *args: DaskArray | Tree[DaskArray] | Numbers | complex,
        backend: str = "auto",
        device_id: int = -1,
        alpha: float | DaskArray = 1e-10,
        eps: float | None = None,
        ranges: Ranges | None = None,
        rtol: float | None = None,
        maxiter: int | None = None,
        preconditioner: Literal["nystrom"] | Nystrom | Callable[[DaskArray], DaskArray] | None = None,
        on_failure: str = "raise",
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        return_report: Literal[True],
    ) -> tuple[DaskArray, SolveReport]: ...
    @overload
    def __call__(
        self,
        *args: Any,
        backend: str = "auto",
        device_id: int = -1,
        alpha: float | Any = 1e-10,
        eps: float | None = None,
        ranges: Ranges | None = None,
        rtol: float | None = None,
        maxiter: int | None = None,
        preconditioner: Literal["nystrom"] | Nystrom | Callable[[Any], Any] | None = None,
        on_failure: str = "raise",
        threads: int | None = None,
        progress: Progress = False,
        tol: float | None = None,
        return_report: bool = False,
    ) -> Any: ...

@overload
def Vi(
    x: NDArray[Any] | list[Any] | tuple[Any, ...] | SupportsToNumpy | Tree[NDArray[Any]],
) -> pairfold.numpy.LazyTensor:
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

@overload
def Vi(x: Tensor | Tree[Tensor]) -> pairfold.torch.LazyTensor: ...
@overload
def Vi(x: JaxArray | Tree[JaxArray]) -> pairfold.jax.LazyTensor: ...
@overload
def Vi(x: DaskArray | Tree[DaskArray]) -> pairfold.dask.LazyTensor: ...
@overload
def Vi(x: SupportsCuda) -> pairfold.cupy.LazyTensor: ...
@overload
def Vi(x: int, dim: int) -> SymbolicTensor[Any]: ...
@overload
def Vj(
    x: NDArray[Any] | list[Any] | tuple[Any, ...] | SupportsToNumpy | Tree[NDArray[Any]],
) -> pairfold.numpy.LazyTensor:
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

@overload
def Vj(x: Tensor | Tree[Tensor]) -> pairfold.torch.LazyTensor: ...
@overload
def Vj(x: JaxArray | Tree[JaxArray]) -> pairfold.jax.LazyTensor: ...
@overload
def Vj(x: DaskArray | Tree[DaskArray]) -> pairfold.dask.LazyTensor: ...
@overload
def Vj(x: SupportsCuda) -> pairfold.cupy.LazyTensor: ...
@overload
def Vj(x: int, dim: int) -> SymbolicTensor[Any]: ...
@overload
def Pm(
    x: NDArray[Any] | list[Any] | tuple[Any, ...] | SupportsToNumpy | Tree[NDArray[Any]],
) -> pairfold.numpy.LazyTensor:
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

@overload
def Pm(x: Tensor | Tree[Tensor]) -> pairfold.torch.LazyTensor: ...
@overload
def Pm(x: JaxArray | Tree[JaxArray]) -> pairfold.jax.LazyTensor: ...
@overload
def Pm(x: DaskArray | Tree[DaskArray]) -> pairfold.dask.LazyTensor: ...
@overload
def Pm(x: SupportsCuda) -> pairfold.cupy.LazyTensor: ...
@overload
def Pm(x: int, dim: int) -> SymbolicTensor[Any]: ...
@overload
def Pm(x: complex | Numbers) -> LazyTensor: ...
@overload
def Var(
    x: NDArray[Any] | list[Any] | tuple[Any, ...] | SupportsToNumpy | Tree[NDArray[Any]],
    dim: None = None,
    cat: int | None = None,
) -> pairfold.numpy.LazyTensor:
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

@overload
def Var(x: Tensor | Tree[Tensor], dim: None = None, cat: int | None = None) -> pairfold.torch.LazyTensor: ...
@overload
def Var(x: JaxArray | Tree[JaxArray], dim: None = None, cat: int | None = None) -> pairfold.jax.LazyTensor: ...
@overload
def Var(x: DaskArray | Tree[DaskArray], dim: None = None, cat: int | None = None) -> pairfold.dask.LazyTensor: ...
@overload
def Var(x: SupportsCuda, dim: None = None, cat: int | None = None) -> pairfold.cupy.LazyTensor: ...
@overload
def Var(x: int, dim: int, cat: int) -> SymbolicTensor[Any]: ...
@overload
def Var(x: complex | Numbers, dim: None = None, cat: int | None = None) -> LazyTensor: ...
def generic_sum(formula: str, output: str, *aliases: str, **keywords: Unpack[RoutineKeywords]) -> Genred[_OneArray]:
    """Return a routine that sums `formula`.

    Parameters
    ----------
    formula : str
        As for `Genred`.
    output : str
        What indexes the result: ``"a = Vi(D)"`` sums over j, ``"a = Vj(D)"`` over i.
    *aliases : str
        As for `Genred`, one string per argument.
    **kwargs
        The other arguments of `Genred`, such as ``dtype_acc``.

    Returns
    -------
    Genred
        Its calls return arrays of shape ``(..., N, D)``, over i ``(..., M, D)``.

    Examples
    --------
    >>> import numpy as np
    >>> from pairfold.numpy import generic_sum
    >>> distances = generic_sum("Abs(x - y)", "a = Vi(1)", "x = Vi(1)", "y = Vj(1)")
    >>> x, y = np.asarray([[0.0], [3.0]]), np.asarray([[1.0], [2.0], [4.0]])
    >>> distances(x, y)
    array([[7.],
           [4.]])
    """

def generic_logsumexp(
    formula: str, output: str, *aliases: str, **keywords: Unpack[RoutineKeywords]
) -> Genred[_OneArray]:
    """Return a routine for the log-sum-exp of `formula`.

    Parameters
    ----------
    formula : str
        As for `Genred`.
    output : str
        What indexes the result: ``"a = Vi(D)"`` reduces over j, ``"a = Vj(D)"`` over i.
    *aliases : str
        As for `Genred`, one string per argument.
    **kwargs
        The other arguments of `Genred`, such as ``dtype_acc``.

    Returns
    -------
    Genred
        Its calls return arrays of shape ``(..., N, D)``, over i ``(..., M, D)``.

    Examples
    --------
    >>> import numpy as np
    >>> from pairfold.numpy import generic_logsumexp
    >>> softmin = generic_logsumexp("-SqDist(x, y)", "a = Vi(1)", "x = Vi(1)", "y = Vj(1)")
    >>> x = np.zeros((2, 1))
    >>> np.exp(softmin(x, np.zeros((4, 1)))).round().tolist()
    [[4.0], [4.0]]
    """

def generic_argmin(formula: str, output: str, *aliases: str, **keywords: Unpack[RoutineKeywords]) -> Genred[_OneArray]:
    """Return a routine for the number of the column in which `formula` has its minimum.

    Parameters
    ----------
    formula : str
        As for `Genred`.
    output : str
        What indexes the result: ``"a = Vi(D)"`` reduces over j, ``"a = Vj(D)"`` over i.
    *aliases : str
        As for `Genred`, one string per argument.
    **kwargs
        The other arguments of `Genred`, such as ``dtype_acc``.

    Returns
    -------
    Genred
        Its calls return arrays of shape ``(..., N, D)``, over i ``(..., M, D)``, with dtype int64.

    Examples
    --------
    >>> import numpy as np
    >>> from pairfold.numpy import generic_argmin
    >>> nearest = generic_argmin("SqDist(x, y)", "a = Vi(1)", "x = Vi(1)", "y = Vj(1)")
    >>> x, y = np.asarray([[0.0], [3.0]]), np.asarray([[1.0], [2.0], [4.0]])
    >>> nearest(x, y)
    array([[0],
           [1]])
    """

def generic_argkmin(formula: str, output: str, *aliases: str, **keywords: Unpack[RoutineKeywords]) -> Genred[_OneArray]:
    """Return a routine for the numbers of the K columns in which `formula` has its smallest values.

    Parameters
    ----------
    formula : str
        As for `Genred`.
    output : str
        ``"a = Vi(K)"`` reduces over j, ``"a = Vj(K)"`` over i.
    *aliases : str
        As for `Genred`, one string per argument.
    **kwargs
        The other arguments of `Genred`, such as ``dtype_acc``.

    Returns
    -------
    Genred
        Its calls return arrays of shape ``(..., N, K)``, over i ``(..., M, K)``, with dtype int64.

    Examples
    --------
    >>> import numpy as np
    >>> from pairfold.numpy import generic_argkmin
    >>> nearest = generic_argkmin("SqDist(x, y)", "a = Vi(2)", "x = Vi(1)", "y = Vj(1)")
    >>> x, y = np.asarray([[0.0], [3.0]]), np.asarray([[1.0], [2.0], [4.0]])
    >>> nearest(x, y)
    array([[0, 1],
           [1, 2]])
    """

@overload
def where(
    condition: _types.LazyTensor[NDArray[Any], Any, Any]
    | NDArray[Any]
    | list[Any]
    | tuple[Any, ...]
    | SupportsToNumpy
    | Tree[NDArray[Any]]
    | Numbers,
    a: _types.LazyTensor[NDArray[Any], Any, Any]
    | NDArray[Any]
    | list[Any]
    | tuple[Any, ...]
    | SupportsToNumpy
    | Tree[NDArray[Any]]
    | Numbers,
    b: _types.LazyTensor[NDArray[Any], Any, Any]
    | NDArray[Any]
    | list[Any]
    | tuple[Any, ...]
    | SupportsToNumpy
    | Tree[NDArray[Any]]
    | Numbers,
) -> pairfold.numpy.LazyTensor:
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

@overload
def where(
    condition: _types.LazyTensor[Tensor, Any, Any] | Tensor | Tree[Tensor] | Numbers,
    a: _types.LazyTensor[Tensor, Any, Any] | Tensor | Tree[Tensor] | Numbers,
    b: _types.LazyTensor[Tensor, Any, Any] | Tensor | Tree[Tensor] | Numbers,
) -> pairfold.torch.LazyTensor: ...
@overload
def where(
    condition: _types.LazyTensor[JaxArray, Any, Any] | JaxArray | Tree[JaxArray] | Numbers,
    a: _types.LazyTensor[JaxArray, Any, Any] | JaxArray | Tree[JaxArray] | Numbers,
    b: _types.LazyTensor[JaxArray, Any, Any] | JaxArray | Tree[JaxArray] | Numbers,
) -> pairfold.jax.LazyTensor: ...
@overload
def where(
    condition: _types.LazyTensor[DaskArray, Any, Any] | DaskArray | Tree[DaskArray] | Numbers,
    a: _types.LazyTensor[DaskArray, Any, Any] | DaskArray | Tree[DaskArray] | Numbers,
    b: _types.LazyTensor[DaskArray, Any, Any] | DaskArray | Tree[DaskArray] | Numbers,
) -> pairfold.dask.LazyTensor: ...
@overload
def where(
    condition: _types.LazyTensor[NDArray[Any], Any, Any]
    | NDArray[Any]
    | list[Any]
    | tuple[Any, ...]
    | SupportsToNumpy
    | Tree[NDArray[Any]]
    | Numbers,
    a: _types.LazyTensor[NDArray[Any], Any, Any]
    | NDArray[Any]
    | list[Any]
    | tuple[Any, ...]
    | SupportsToNumpy
    | Tree[NDArray[Any]]
    | Numbers
    | complex
    | _types.ComplexLazyTensor[NDArray[Any], Any, Any],
    b: _types.LazyTensor[NDArray[Any], Any, Any]
    | NDArray[Any]
    | list[Any]
    | tuple[Any, ...]
    | SupportsToNumpy
    | Tree[NDArray[Any]]
    | Numbers
    | complex
    | _types.ComplexLazyTensor[NDArray[Any], Any, Any],
) -> pairfold.numpy.ComplexLazyTensor: ...
@overload
def where(
    condition: _types.LazyTensor[Tensor, Any, Any] | Tensor | Tree[Tensor] | Numbers,
    a: _types.LazyTensor[Tensor, Any, Any]
    | Tensor
    | Tree[Tensor]
    | Numbers
    | complex
    | _types.ComplexLazyTensor[Tensor, Any, Any],
    b: _types.LazyTensor[Tensor, Any, Any]
    | Tensor
    | Tree[Tensor]
    | Numbers
    | complex
    | _types.ComplexLazyTensor[Tensor, Any, Any],
) -> pairfold.torch.ComplexLazyTensor: ...
@overload
def where(
    condition: _types.LazyTensor[JaxArray, Any, Any] | JaxArray | Tree[JaxArray] | Numbers,
    a: _types.LazyTensor[JaxArray, Any, Any]
    | JaxArray
    | Tree[JaxArray]
    | Numbers
    | complex
    | _types.ComplexLazyTensor[JaxArray, Any, Any],
    b: _types.LazyTensor[JaxArray, Any, Any]
    | JaxArray
    | Tree[JaxArray]
    | Numbers
    | complex
    | _types.ComplexLazyTensor[JaxArray, Any, Any],
) -> pairfold.jax.ComplexLazyTensor: ...
@overload
def where(
    condition: _types.LazyTensor[DaskArray, Any, Any] | DaskArray | Tree[DaskArray] | Numbers,
    a: _types.LazyTensor[DaskArray, Any, Any]
    | DaskArray
    | Tree[DaskArray]
    | Numbers
    | complex
    | _types.ComplexLazyTensor[DaskArray, Any, Any],
    b: _types.LazyTensor[DaskArray, Any, Any]
    | DaskArray
    | Tree[DaskArray]
    | Numbers
    | complex
    | _types.ComplexLazyTensor[DaskArray, Any, Any],
) -> pairfold.dask.ComplexLazyTensor: ...
@overload
def where(condition: Any, a: Any, b: Any) -> SymbolicTensor[Any]: ...
