"""The PyTorch front end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import torch

from pairfold.api.genred import GenredBase, make_generics
from pairfold.api.kernel_solve import KernelSolveBase
from pairfold.lazy.complex_tensor import ComplexLazyTensorBase
from pairfold.lazy.methods import make_variables
from pairfold.lazy.tensor import LazyTensorBase
from pairfold.torch.adapter import TORCH
from pairfold.torch.kernel_solve import solve_tensors
from pairfold.torch.replay import STEPS

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
    """Generic reduction of a formula string on PyTorch tensors, differentiable to any order.

    Parameters
    ----------
    formula : str
        An expression in the names of the aliases, such as ``"Exp(-SqDist(x, y)) * b"``.
    aliases : iterable of str
        What the arguments are, in the order of the call: ``"x = Vi(3)"`` is indexed by i and has dimension 3,
        ``"y = Vj(3)"`` is indexed by j, ``"p = Pm(1)"`` is a parameter.
    reduction_op, axis, opt_arg, formula2, dtype_acc, use_double_acc, sum_scheme
        As for `pairfold.numpy.Genred`.
    dtype, cuda_type, enable_chunks, rec_multVar_highdim, use_fast_math, optional_flags
        Options of KeOps without effect: only their defaults are allowed.

    Raises
    ------
    FormulaError, UnknownNameError, DimensionError
        If the formula or the aliases are not in the language.
    ArgumentValueError, ArgumentTypeError
        If another argument is not allowed.

    Notes
    -----
    Derivatives are reductions too: two of them for all gradients together, one over j and one over i. The gradient of
    a minimum or maximum goes to the entry that attains it; indices have none. Results of float16 and bfloat16 tensors
    are computed in float32 and rounded.

    Examples
    --------
    >>> import torch
    >>> from pairfold.torch import Genred
    >>> gaussian = Genred("Exp(-SqDist(x, y)) * b", ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)"], axis=1)
    >>> x, b = torch.zeros(3, 2), torch.ones(4, 1, requires_grad=True)
    >>> gaussian(x, torch.zeros(4, 2), b).sum().backward()
    >>> b.grad
    tensor([[3.],
            [3.],
            [3.],
            [3.]])
    """

    adapter = TORCH
    carry_out = GenredBase.__call__

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Return a new routine; while `torch.compile` traces, something that it can trace."""
        return _traced_routine(cls, args, kwargs) if torch.compiler.is_compiling() else super().__new__(cls)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: D102 - as in the base class
        if not torch.compiler.is_compiling():
            return super().__call__(*args, **kwargs)
        # What a program derives from the class is not known where the graph is carried out.
        kind = next(kind for kind in type(self).__mro__ if kind.__module__.startswith("pairfold."))
        return _traced_routine(kind, (), self.__reduce__()[1][1])(*args, **kwargs)


def _traced_routine(kind: type[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    from pairfold.torch.traced import TracedRoutine  # noqa: PLC0415 - it imports the compiler

    return TracedRoutine(f"{kind.__module__}:{kind.__qualname__}", args, kwargs)


class KernelSolve(KernelSolveBase):
    """Solver of linear systems on PyTorch tensors: ``alpha a + Sum F(..., a) = b`` for a, differentiable.

    Conjugate gradients: F must be linear in the unknown and symmetric, the same points must be given as rows and as
    columns, and the matrix must be positive semi-definite.

    Parameters
    ----------
    formula, aliases, varinvalias, axis, dtype_acc, use_double_acc, sum_scheme
        As for `pairfold.numpy.KernelSolve`.
    dtype, opt_arg, enable_chunks, rec_multVar_highdim, use_fast_math, cuda_type
        Options of KeOps without effect: only their defaults are allowed.

    Raises
    ------
    FormulaError
        If the formula is not in the language, or not linear in the unknown.
    ArgumentValueError, ArgumentTypeError
        If another argument is not allowed.

    Notes
    -----
    The derivatives with respect to b, to all other arguments and to alpha, which may be a tensor with one entry, are
    implicit: they cost one more solution, whatever number of iterations the solution took, and no memory.

    Examples
    --------
    >>> import torch
    >>> from pairfold.torch import KernelSolve
    >>> interpolate = KernelSolve("Exp(-SqDist(x, y)) * a", ["x = Vi(1)", "y = Vj(1)", "a = Vj(1)"], "a", axis=1)
    >>> x, b = torch.tensor([[0.0], [1.0], [2.0]]), torch.ones(3, 1, requires_grad=True)
    >>> a = interpolate(x, x, b)
    >>> torch.allclose(torch.exp(-((x - x.T) ** 2)) @ a, b, atol=1e-4)
    True
    """

    adapter = TORCH
    solver = staticmethod(solve_tensors)
    carry_out = KernelSolveBase.__call__

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Return a new solver; while `torch.compile` traces, something that it can trace."""
        return _traced_routine(cls, args, kwargs) if torch.compiler.is_compiling() else super().__new__(cls)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: D102 - as in the base class
        if not torch.compiler.is_compiling():
            return super().__call__(*args, **kwargs)
        options = self._routine.options
        accuracy = {"dtype_acc": options.dtype_acc or "auto", "sum_scheme": options.sum_scheme}
        state = (self.formula, tuple(self.aliases), self.varinvalias, self.axis)
        return _traced_routine(KernelSolve, state, accuracy)(*args, **kwargs)


_generics = make_generics(Genred)
generic_sum = _generics["generic_sum"]
generic_logsumexp = _generics["generic_logsumexp"]
generic_argmin = _generics["generic_argmin"]
generic_argkmin = _generics["generic_argkmin"]


class LazyTensor(LazyTensorBase):
    """A tensor of shape (..., N, M, D) given by a formula of PyTorch tensors, never stored.

    Parameters
    ----------
    x : tensor, number, list of numbers, or tuple of three integers
        Tensor ``(..., N, 1, D)``: indexed by i. ``(..., 1, M, D)``: indexed by j. ``(D,)``, ``()``: a parameter.
        With `axis` 0 or 1, a tensor ``(..., N, D)``. An integer is part of the formula; any other number is a parameter
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
    >>> x, y = torch.zeros(3, 1, 2), torch.ones(1, 4, 2)
    >>> squared = ((LazyTensor(x) - LazyTensor(y)) ** 2).sum(-1)
    >>> squared.sum(axis=1)
    tensor([[8.],
            [8.],
            [8.]])
    """

    __slots__ = ()
    adapter = TORCH
    solver = staticmethod(solve_tensors)

    is_replayed: ClassVar[bool] = False

    def __new__(cls, x: Any = None, axis: int | None = None, is_complex: bool = False) -> Any:
        """Return a new tensor; while `torch.compile` traces, something that it can trace."""
        if cls.is_replayed or not torch.compiler.is_compiling():
            return super().__new__(cls, x, axis, is_complex)
        from pairfold.torch.traced import call_traced  # noqa: PLC0415 - it imports the compiler

        origin = f"{cls.__module__}:{cls.__qualname__}"
        return call_traced(origin, "new", (origin, x, axis, is_complex), {}, is_lazy=True)

    @staticmethod
    def concatenate(tensors: Iterable[Any], axis: int = -1) -> Any:
        """Join tensors along their last axis, the only one that can be joined."""
        if not torch.compiler.is_compiling():
            return LazyTensorBase.concatenate(tensors, axis)
        from pairfold.torch.traced import call_traced  # noqa: PLC0415 - it imports the compiler

        given = tuple(tensors)
        return call_traced(given[0]._origin, "concatenate", (given, axis), {}, is_lazy=True)

    @staticmethod
    def cat(tensors: Iterable[Any], dim: int = -1) -> Any:
        """Return `concatenate` of `tensors`, by the name that PyTorch gives it."""
        return LazyTensor.concatenate(tensors, dim)


STEPS["concatenate"] = LazyTensorBase.concatenate


class ComplexLazyTensor(ComplexLazyTensorBase, LazyTensor, real_type=LazyTensor):
    """A tensor of complex numbers of shape (..., N, M, D) given by a formula of PyTorch tensors, never stored.

    `LazyTensor`, `Vi`, `Vj` and `Pm` return one for complex tensors and numbers, and so do operations of a real tensor
    with a complex one, ``x.real2complex()``, ``x.imag2complex()`` and ``x.exp1j()``. Reductions return complex tensors.

    Parameters
    ----------
    x : tensor, number, list of numbers, or tuple of three integers
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
    >>> waves = (Vi(torch.tensor([[0.0], [1.0]])) * Vj(torch.tensor([[0.0], [torch.pi]]))).exp1j()
    >>> abs(waves.sum(axis=1)).round(decimals=5)
    tensor([[2.],
            [0.]])
    """

    __slots__ = ()


_variables = make_variables(LazyTensor)
Vi = _variables["Vi"]
Vj = _variables["Vj"]
Pm = _variables["Pm"]
Var = _variables["Var"]
