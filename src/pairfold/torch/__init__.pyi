# Written by tools/generate_type_stubs.py; do not edit.

# Comparisons answer with tensors; overloads are of more and of less general operands; what is made of a symbol is no
# instance of the class that is called.
# mypy: disable-error-code="overload-overlap, override, misc"

"""Reductions over all pairs of PyTorch tensors: routines from formula strings, and symbolic tensors."""

from collections.abc import Iterable
from typing import Any, Generic, Literal, TypeAlias, overload

from torch import Tensor
from torch import dtype as Dtype
from typing_extensions import Self, TypeVar, Unpack

from pairfold import _types
from pairfold._types import Numbers, RoutineKeywords, SymbolicTensor
from pairfold.engine.states import State as State
from pairfold.pruning import Report as Report
from pairfold.pruning import collect_reports as collect_reports
from pairfold.pruning import tolerance as tolerance
from pairfold.solvers.conjugate_gradients import SolveReport as SolveReport
from pairfold.solvers.nystrom import Nystrom as Nystrom
from pairfold.sparsity.masks import band as band
from pairfold.sparsity.masks import lower as lower
from pairfold.sparsity.masks import radius as radius
from pairfold.sparsity.masks import segments as segments
from pairfold.sparsity.masks import upper as upper
from pairfold.torch import cluster as cluster

__all__ = [
    "ComplexLazyTensor",
    "Genred",
    "KernelSolve",
    "LazyTensor",
    "Nystrom",
    "Pm",
    "Report",
    "SolveReport",
    "State",
    "Tree",
    "Var",
    "Vi",
    "Vj",
    "band",
    "cluster",
    "collect_reports",
    "generic_argkmin",
    "generic_argmin",
    "generic_logsumexp",
    "generic_sum",
    "lower",
    "radius",
    "segments",
    "tolerance",
    "upper",
    "where",
]
_Given: TypeAlias = Tensor
_Points: TypeAlias = _Given | _types.Tree[Tensor]
_Operand: TypeAlias = _types.LazyTensor[Tensor, Any, Any] | _Points | Numbers
_ComplexOperand: TypeAlias = _types.ComplexLazyTensor[Tensor, Any, Any] | _Operand | complex
_Argument: TypeAlias = _Points | Numbers | complex
_Result = TypeVar("_Result", default=Tensor)

class LazyTensor(_types.LazyTensor[Tensor, _Operand, ComplexLazyTensor]):
    """A tensor of shape (..., N, M, D) given by a formula of PyTorch arrays, never stored.

    Reductions are differentiable, to any order and in every mode of PyTorch.

    Parameters
    ----------
    x : array, number, list of numbers, or tuple of three integers
        Array ``(..., N, 1, D)``: indexed by i. ``(..., 1, M, D)``: indexed by j. ``(D,)``, ``()``: a parameter.
        With `axis` 0 or 1, an array ``(..., N, D)``. An integer is part of the formula; any other number is a parameter
        that follows the dtype of the rest. ``(index, dimension, category)``: a symbolic variable, an argument of the
        reduction to come.
    axis : int, optional
        0 = indexed by i, 1 = by j, 2 = a parameter.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        If `x` is none of these.

    Examples
    --------
    >>> import torch
    >>> from pairfold.torch import LazyTensor
    >>> x, y = torch.zeros((3, 1, 2)), torch.ones((1, 4, 2))
    >>> squared = ((LazyTensor(x) - LazyTensor(y)) ** 2).sum(-1)
    >>> squared.shape
    (3, 4, 1)
    >>> squared.sum(axis=1).tolist()
    [[8.0], [8.0], [8.0]]
    """

    @overload
    def __new__(cls, x: tuple[int, int, int]) -> SymbolicTensor[Tensor]:
        """Return a new tensor; while `torch.compile` traces, something that it can trace."""

    @overload
    def __new__(cls, x: _Points | Numbers, axis: int | None = None, is_complex: bool = False) -> Self: ...
    @property
    def dtype(self) -> Dtype | None:
        """Precision of the reductions to come; None when there are only numbers and symbols."""

    @staticmethod
    def concatenate(tensors: Iterable[Any], axis: int = -1) -> LazyTensor:
        """Join tensors along their last axis, the only one that can be joined."""

    @staticmethod
    def cat(tensors: Iterable[Any], dim: int = -1) -> LazyTensor:
        """Return `concatenate` of `tensors`, by the name that PyTorch gives it."""

class ComplexLazyTensor(_types.ComplexLazyTensor[Tensor, _ComplexOperand, LazyTensor]):
    """A tensor of complex numbers of shape (..., N, M, D) given by a formula of PyTorch arrays, never stored.

    `LazyTensor`, `Vi`, `Vj` and `Pm` return one for complex arrays and numbers, and so do operations of a real tensor
    with a complex one, ``x.real2complex()``, ``x.imag2complex()`` and ``x.exp1j()``. Reductions return complex arrays.

    Parameters
    ----------
    x : array, number, list of numbers, or tuple of three integers
        As for `LazyTensor`; real numbers become complex. The dimension of a symbolic variable counts complex numbers.
    axis : int, optional
        0 = indexed by i, 1 = by j, 2 = a parameter.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        If `x` is none of these.

    Notes
    -----
    ``(z | w)`` is the real number Re(sum z conj(w)). Derivatives are those of functions of (re, im).

    Examples
    --------
    >>> import torch
    >>> from pairfold.torch import Vi, Vj
    >>> frequencies, times = torch.asarray([[0.0], [1.0]]), torch.asarray([[0.0], [torch.pi]])
    >>> waves = (Vi(frequencies) * Vj(times)).exp1j()
    >>> abs(waves.sum(axis=1)).tolist()[0]
    [2.0]
    """

    @overload
    def __new__(cls, x: tuple[int, int, int]) -> _types.SymbolicComplexTensor[Tensor]:
        """Return a new tensor; while `torch.compile` traces, something that it can trace."""

    @overload
    def __new__(cls, x: _Points | Numbers | complex | list[complex], axis: int | None = None) -> Self: ...
    @property
    def dtype(self) -> Dtype | None:
        """Complex type of the reductions to come; None when there are only numbers and symbols."""

    @staticmethod
    def concatenate(tensors: Iterable[Any], axis: int = -1) -> ComplexLazyTensor:
        """Join tensors along their last axis, the only one that can be joined."""

    @staticmethod
    def cat(tensors: Iterable[Any], dim: int = -1) -> ComplexLazyTensor:
        """Return `concatenate` of `tensors`, by the name that PyTorch gives it."""

class Tree(_types.Tree[Tensor]):
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
    >>> import torch
    >>> from pairfold.torch import Tree, Vi, Vj
    >>> points = torch.linspace(0, 1, 9000).reshape(3000, 3)
    >>> tree = Tree(points)
    >>> for _ in range(3):
    ...     neighbours = Vi(tree).sqdist(Vj(tree)).argKmin(5, axis=1, tol=0)
    >>> tuple(neighbours.shape)
    (3000, 5)
    """

    def __new__(cls, points: _Given) -> Self: ...

class Genred(_types.Routine[_Argument, _Result], Generic[_Result]):
    """Generic reduction of a formula string on PyTorch arrays.

    Derivatives of any order are reductions too: two of them for all gradients together, one over j and one over i.

    The gradient of a minimum or maximum goes to the entry that attains it; indices have none. Results of float16 and
    bfloat16 tensors are computed in float32 and rounded.

    Parameters
    ----------
    formula : str
        An expression in the names of the aliases, such as ``"Exp(-SqDist(x, y)) * b"``.
    aliases : iterable of str
        What the arguments are, in the order of the call: ``"x = Vi(3)"`` is indexed by i and has dimension 3,
        ``"y = Vj(3)"`` is indexed by j, ``"p = Pm(1)"`` is a parameter.
    reduction_op : str, default "Sum"
        ``"Sum"``, ``"Mean"``, ``"Var"``, ``"Prod"``, ``"LogSumExp"``, ``"SumSoftMaxWeight"``, ``"Min"``, ``"ArgMin"``,
        ``"Min_ArgMin"`` (Max likewise), ``"KMin"``, ``"ArgKMin"``, ``"KMin_ArgKMin"``, ``"Any"``, ``"All"``:
        :doc:`/reductions` has shapes and dtypes of the results.
    axis : int, default 0
        1 reduces over j and gives one row per i; 0 reduces over i and gives one row per j.
    opt_arg : int, default None
        K, for the KMin family, which needs it.
    formula2 : str, default None
        The weight of ``"LogSumExp"``, where it may be left out, and of ``"SumSoftMaxWeight"``.
    dtype_acc : str, default "auto"
        ``"float64"`` adds up in float64, ``"float32"`` in float32; ``"auto"``: in the precision of the arithmetic.
    use_double_acc : bool, default False
        True is ``dtype_acc="float64"``.
    sum_scheme : str, default "auto"
        ``"block_sum"`` adds up blocks of columns, ``"direct_sum"`` one column after the other, ``"kahan_scheme"``
        with Kahan's correction; ``"auto"`` is ``"block_sum"``.
    dtype, cuda_type, enable_chunks, rec_multVar_highdim, use_fast_math, optional_flags
        Options of KeOps without effect: only their defaults are allowed.

    Raises
    ------
    FormulaError, UnknownNameError, DimensionError
        If the formula or the aliases are not in the language.
    ArgumentValueError, ArgumentTypeError
        If another argument is not allowed.

    Examples
    --------
    >>> import torch
    >>> from pairfold.torch import Genred
    >>> gaussian = Genred("Exp(-SqDist(x, y)) * b", ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)"], axis=1)
    >>> x, b = torch.zeros((3, 2)), torch.ones((4, 1))
    >>> gaussian(x, torch.zeros((4, 2)), b).tolist()
    [[4.0], [4.0], [4.0]]
    """

    @overload
    def __init__(
        self: Genred[Tensor],
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
        self: Genred[tuple[Tensor, Tensor]],
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

class KernelSolve(_types.Solver[_Argument, Tensor]):
    """Solver of linear systems on PyTorch arrays: ``alpha a + Sum F(..., a) = b`` for a.

    The derivatives with respect to b, to all other arguments and to alpha, a number or a tensor with one entry, are
    implicit: they cost one more solution, whatever number of iterations the solution took, and no memory.

    Conjugate gradients: F must be linear in the unknown and symmetric, the same points must be given as rows and as
    columns, and the matrix must be positive semi-definite.

    Parameters
    ----------
    formula : str
        An expression that is linear in the unknown, such as ``"Exp(-SqDist(x, y)) * b"``.
    aliases : iterable of str
        As for `Genred`.
    varinvalias : str
        The alias of the unknown.
    axis : int, default 0
        1 sums over j, 0 over i.
    dtype_acc : str, default "auto"
        As for `Genred`: ``"float64"`` adds up in float64.
    use_double_acc : bool, default False
        True is ``dtype_acc="float64"``.
    sum_scheme : str, default "auto"
        As for `Genred`.
    dtype, opt_arg, enable_chunks, rec_multVar_highdim, use_fast_math, cuda_type
        Options of KeOps without effect: only their defaults are allowed.

    Raises
    ------
    FormulaError
        If the formula is not in the language, or not linear in the unknown.
    ArgumentValueError, ArgumentTypeError
        If another argument is not allowed.

    Examples
    --------
    >>> import torch
    >>> from pairfold.torch import KernelSolve
    >>> interpolate = KernelSolve("Exp(-SqDist(x, y)) * a", ["x = Vi(1)", "y = Vj(1)", "a = Vj(1)"], "a", axis=1)
    >>> x, b = torch.asarray([[0.0], [1.0], [2.0]]), torch.ones((3, 1))
    >>> a = interpolate(x, x, b)
    >>> bool(torch.allclose(torch.exp(-((x - x.T) ** 2)) @ a, b, atol=1e-4))
    True
    """

@overload
def Vi(x: _Points) -> LazyTensor:
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
def Vi(x: int, dim: int) -> SymbolicTensor[Tensor]: ...
@overload
def Vj(x: _Points) -> LazyTensor:
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
def Vj(x: int, dim: int) -> SymbolicTensor[Tensor]: ...
@overload
def Pm(x: _Points | Numbers) -> LazyTensor:
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
def Pm(x: complex) -> ComplexLazyTensor: ...
@overload
def Pm(x: int, dim: int) -> SymbolicTensor[Tensor]: ...
@overload
def Var(x: _Points | Numbers, dim: None = None, cat: int | None = None) -> LazyTensor:
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
def Var(x: int, dim: int, cat: int) -> SymbolicTensor[Tensor]: ...
def generic_sum(formula: str, output: str, *aliases: str, **keywords: Unpack[RoutineKeywords]) -> Genred:
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

def generic_logsumexp(formula: str, output: str, *aliases: str, **keywords: Unpack[RoutineKeywords]) -> Genred:
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

def generic_argmin(formula: str, output: str, *aliases: str, **keywords: Unpack[RoutineKeywords]) -> Genred:
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

def generic_argkmin(formula: str, output: str, *aliases: str, **keywords: Unpack[RoutineKeywords]) -> Genred:
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
def where(condition: _Operand, a: _Operand, b: _Operand) -> LazyTensor:
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
    condition: _Operand | SymbolicTensor[Any], a: _Operand | SymbolicTensor[Any], b: _Operand | SymbolicTensor[Any]
) -> SymbolicTensor[Tensor]: ...
@overload
def where(condition: _Operand, a: _ComplexOperand, b: _ComplexOperand) -> ComplexLazyTensor: ...
