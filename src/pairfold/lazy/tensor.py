"""Symbolic tensors: arrays of shape (..., N, M, D) that are never stored."""

from __future__ import annotations

from typing import Any, ClassVar

from pairfold.api.genred import choose_reduction
from pairfold.api.linear_system import solve_routine
from pairfold.api.look import worked_out
from pairfold.api.states import State, finished_by, refuse_tolerance
from pairfold.display import Card, Shown
from pairfold.engine import Explanation
from pairfold.errors import ArgumentTypeError, ArgumentValueError, suggestion
from pairfold.ir.reduction import Reduction
from pairfold.lazy.arithmetic import Arithmetic
from pairfold.lazy.axes import is_single_axis, reduce_axes
from pairfold.lazy.core import LazyCore, lift
from pairfold.lazy.dtypes import stored_dtype
from pairfold.lazy.entries import Entries
from pairfold.lazy.linear_system import solve_lazy
from pairfold.lazy.look import facts_of
from pairfold.lazy.matrix import LazyMatrix
from pairfold.lazy.operations import unary
from pairfold.lazy.reading import checked_array
from pairfold.lazy.reduction import (
    LazyReduction,
    check_lazy_keywords,
    reduce_tensor,
    reduction_axis,
)
from pairfold.lazy.value import Value, class_of, value_of
from pairfold.ops import OPERATIONS
from pairfold.reductions import REDUCTIONS

__all__ = ["LazyTensorBase"]


class LazyTensorBase(Arithmetic, Entries, Shown):
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
    >>> squared.sum(axis=1).tolist()
    [[8.0], [8.0], [8.0]]
    """

    __slots__ = ()

    solver: ClassVar[Any] = staticmethod(solve_routine)

    # ------------------------------------------------------------ facts

    @property
    def shape(self) -> Any:
        """Batch axes, number of i, number of j, dimension; None for a number that is not known yet."""
        return self._value.shape

    @property
    def ndim(self) -> int:
        """Number of axes, ``len(shape)``."""
        return self._value.ndim

    def dim(self) -> int:
        """Return the number of axes, an integer, by the name that PyTorch gives it."""
        return self._value.ndim

    @property
    def dtype(self) -> Any:
        """Precision of the reductions to come; None when there are only numbers and symbols."""
        return stored_dtype(self._value)

    @property
    def formula(self) -> str:
        """The formula; symbolic variables keep their numbers, arrays are numbered after them.

        A formula that would be longer than 2000 characters names the parts that occur in it several times.
        """
        return self._value.formula

    @property
    def is_symbolic(self) -> bool:
        """Whether reductions wait for arguments."""
        return self._value.is_symbolic

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of shape {self.shape}: {self._value.outline}>"

    def __str__(self) -> str:
        formula = self._value.outline
        return f"{type(self).__name__}\n    formula: {formula}\n    shape: {self.shape}\n    dtype: {self.dtype}"

    def _card(self) -> Card:
        facts = facts_of(self._value)
        title = f"{type(self).__name__} of shape {self.shape}"
        return Card(title, facts if self.is_symbolic else [*facts, *worked_out([self._value.expr], self.explain)])

    # ------------------------------------------------------------ reductions

    def reduction(
        self,
        reduction_op: str,
        other: Any = None,
        opt_arg: int | None = None,
        axis: int | None = None,
        dim: int | None = None,
        **kwargs: Any,
    ) -> Any:
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
        if not is_single_axis(self._value, axis if dim is None else dim, reduction_op):
            chosen = choose_reduction(reduction_op, other is not None)
            return self._reduced(chosen, axis, dim, other, opt_arg, kwargs)
        side = reduction_axis(self._value, axis, dim, reduction_op, None)
        weight = None if other is None else lift(self, other)
        return reduce_tensor(self._value, reduction_op, side, weight, opt_arg, **kwargs)

    def _reduced(self, reduction: Reduction, axis: Any, dim: Any, weight: Any, k: Any, kwargs: dict[str, Any]) -> Any:
        """Reduce over i, j, batch axes or several axes, or build the operation of the same name over the last axis."""
        value, chosen = self._value, axis if dim is None else dim
        if not is_single_axis(value, chosen, reduction.name):
            found = reduce_axes(value, reduction, chosen, weight, kwargs)
            return self._like(found) if isinstance(found, Value) else found
        inner = reduction.operation
        side = reduction_axis(value, axis, dim, reduction.name, inner)
        if side == 2 and inner is not None:
            check_lazy_keywords(value, kwargs, has_last=True)
            return self._like(unary(OPERATIONS[inner], value))
        return reduce_tensor(value, reduction, side, None if weight is None else lift(self, weight), k, **kwargs)

    def partial(self, method: str, *args: Any, columns_from: int = 0, **kwargs: Any) -> State:
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
        state: State = self.waiting("partial", method, args, kwargs).partial(columns_from=columns_from)
        return state

    def stream(
        self,
        method: str,
        *args: Any,
        out: Any = None,
        memory: int | str = "1GB",
        progress: Any = False,
        checkpoint: Any = None,
        **kwargs: Any,
    ) -> Any:
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
        settings = {"out": out, "memory": memory, "progress": progress, "checkpoint": checkpoint}
        return self.waiting("stream", method, args, kwargs).stream(**settings)

    def waiting(self, name: str, method: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return a reduction by `method` that waits for its call, which is another one than that of `method`."""
        names = dict.fromkeys(filter(None, ("reduction", *(reduction.method for reduction in REDUCTIONS.values()))))
        if not isinstance(method, str) or method not in names:
            raise ArgumentValueError(
                f"No method that reduces is called {method!r}.{suggestion(str(method), names)} They are: "
                f"{', '.join(names)}."
            )
        if "call" in kwargs:
            raise ArgumentTypeError(f"{name}() has no call=: it computes at once.")
        refuse_tolerance(kwargs)
        return getattr(self, method)(*args, call=False, **kwargs)

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
        return finished_by(self.routine_type, self.adapter, state)

    def __matmul__(self, v: Any, **kwargs: Any) -> Any:
        """Return ``sum_j K_ij v_j``: `v` of shape (M,) gives (..., N), (..., M, E) gives (..., N, E)."""
        return self.matvec(v, **kwargs)

    def __rmatmul__(self, v: Any) -> Any:
        v = checked_array(type(self), v)
        if len(v.shape) < 2:
            return self.T.matvec(v)
        return self.T.matvec(v.swapaxes(-1, -2)).swapaxes(-1, -2)

    def matvec(self, v: Any, **kwargs: Any) -> Any:
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
        value = self._value
        if value.dim != 1:
            raise ArgumentValueError(
                f"K @ v needs a tensor K of dimension 1; this one has shape {self.shape}. Use (K * Vj(v)).sum(1)."
            )
        if isinstance(v, LazyCore):
            raise ArgumentTypeError(
                f"K @ v takes an array v; found a LazyTensor of shape {v.shape}. The product of two of them is not "
                "lazy: write K @ (L @ b) for K @ L with an array b, and (K * v).sum(1) for v = Vj(b)."
            )
        v = checked_array(type(self), v)
        is_vector = len(v.shape) == 1
        column = class_of(type(self), is_complex=False)(v.reshape((*v.shape, 1)) if is_vector else v, axis=1)
        if value.columns is not None and value.columns != value_of(column).columns:
            raise ArgumentValueError(
                f"K @ v: K has shape {self.shape}, with {value.columns} columns, and v has shape {tuple(v.shape)}; "
                f"it must have shape ({value.columns},) or (..., {value.columns}, E)."
            )
        result = reduce_tensor(value_of(self * column), REDUCTIONS["Sum"], 1, **kwargs)
        if not is_vector or isinstance(result, LazyReduction):
            return result
        if isinstance(result, tuple):
            return result[0][..., 0], result[1]
        return result.reshape(result.shape[:-1])

    def rmatvec(self, v: Any, **kwargs: Any) -> Any:
        """Return ``sum_i K_ij v_i``: `v` of shape (N,) gives (..., M), (..., N, E) gives (..., M, E); see `matvec`."""
        return self.T.matvec(v, **kwargs)

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
        return LazyMatrix(self)

    def solve(self, b: Any, var: Any = None, call: bool = True, **kwargs: Any) -> Any:
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
        return solve_lazy(self._value, b, var, call, self.solver, kwargs)

    def explain(
        self, reduction_op: str = "Sum", axis: int | None = None, target: str | None = None, **kwargs: Any
    ) -> Explanation:
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
        waiting = self.reduction(reduction_op, axis=self.dim() - 2 if axis is None else axis, call=False, **kwargs)
        explanation: Explanation = waiting.explain(target=target)
        return explanation
