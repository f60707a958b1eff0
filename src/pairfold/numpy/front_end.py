"""The NumPy front end."""

from __future__ import annotations

from pairfold.api.adapter import NUMPY
from pairfold.api.genred import GenredBase, make_generics
from pairfold.api.kernel_solve import KernelSolveBase
from pairfold.lazy.complex_tensor import ComplexLazyTensorBase
from pairfold.lazy.methods import make_variables
from pairfold.lazy.tensor import LazyTensorBase

__all__ = [
    "ComplexLazyTensor",
    "Genred",
    "KernelSolve",
    "LazyTensor",
    "Pm",
    "Var",
    "Vi",
    "Vj",
    "generic_argkmin",
    "generic_argmin",
    "generic_logsumexp",
    "generic_sum",
]


class Genred(GenredBase):
    """Generic reduction of a formula string on NumPy arrays.

    Parameters
    ----------
    formula : str
        An expression in the names of the aliases, such as ``"Exp(-SqDist(x, y)) * b"``.
    aliases : iterable of str
        What the arguments are, in the order of the call: ``"x = Vi(3)"`` is indexed by i and has dimension 3,
        ``"y = Vj(3)"`` is indexed by j, ``"p = Pm(1)"`` is a parameter.
    reduction_op : str
        ``"Sum"``, ``"LogSumExp"``, ``"SumSoftMaxWeight"``, ``"Min"``, ``"ArgMin"``, ``"Min_ArgMin"`` (Max likewise),
        ``"KMin"``, ``"ArgKMin"``, ``"KMin_ArgKMin"``.
    axis : int
        1 reduces over j and gives one row per i; 0 reduces over i and gives one row per j.
    opt_arg : int
        K, for the KMin family.
    formula2 : str
        The weight of ``"LogSumExp"`` and ``"SumSoftMaxWeight"``.
    dtype_acc : str
        ``"float64"`` adds up in float64 (also ``use_double_acc=True``).
    sum_scheme : str
        ``"auto"``, ``"block_sum"``, ``"direct_sum"`` or ``"kahan_scheme"``.
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
    >>> import numpy as np
    >>> from pairfold.numpy import Genred
    >>> gaussian = Genred("Exp(-SqDist(x, y)) * b", ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)"], axis=1)
    >>> x, b = np.zeros((3, 2)), np.ones((4, 1))
    >>> gaussian(x, np.zeros((4, 2)), b)
    array([[4.],
           [4.],
           [4.]])
    """

    adapter = NUMPY


class KernelSolve(KernelSolveBase):
    """Solver of linear systems on NumPy arrays: ``alpha a + Sum F(..., a) = b`` for a.

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
    axis : int
        1 sums over j, 0 over i.
    dtype_acc, use_double_acc, sum_scheme
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
    >>> import numpy as np
    >>> from pairfold.numpy import KernelSolve
    >>> interpolate = KernelSolve("Exp(-SqDist(x, y)) * a", ["x = Vi(1)", "y = Vj(1)", "a = Vj(1)"], "a", axis=1)
    >>> x = np.array([[0.0], [1.0], [2.0]])
    >>> a = interpolate(x, x, np.ones((3, 1)))
    >>> np.exp(-((x - x.T) ** 2)) @ a
    array([[1.],
           [1.],
           [1.]])
    """

    adapter = NUMPY


_generics = make_generics(Genred)
generic_sum = _generics["generic_sum"]
generic_logsumexp = _generics["generic_logsumexp"]
generic_argmin = _generics["generic_argmin"]
generic_argkmin = _generics["generic_argkmin"]


class LazyTensor(LazyTensorBase):
    """A tensor of shape (..., N, M, D) given by a formula of NumPy arrays, never stored.

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
    >>> import numpy as np
    >>> from pairfold.numpy import LazyTensor
    >>> x, y = np.zeros((3, 1, 2)), np.ones((1, 4, 2))
    >>> squared = ((LazyTensor(x) - LazyTensor(y)) ** 2).sum(-1)
    >>> squared.shape
    (3, 4, 1)
    >>> squared.sum(axis=1)
    array([[8.],
           [8.],
           [8.]])
    """

    __slots__ = ()
    adapter = NUMPY


class ComplexLazyTensor(ComplexLazyTensorBase, LazyTensor, real_type=LazyTensor):
    """A tensor of complex numbers of shape (..., N, M, D) given by a formula of NumPy arrays, never stored.

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
    >>> import numpy as np
    >>> from pairfold.numpy import Vi, Vj
    >>> frequencies, times = np.array([[0.0], [1.0]]), np.array([[0.0], [np.pi]])
    >>> waves = (Vi(frequencies) * Vj(times)).exp1j()
    >>> waves.sum(axis=1).round(12)
    array([[2.+0.j],
           [0.+0.j]])
    """

    __slots__ = ()


_variables = make_variables(LazyTensor)
Vi = _variables["Vi"]
Vj = _variables["Vj"]
Pm = _variables["Pm"]
Var = _variables["Var"]
