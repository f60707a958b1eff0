"""Linear systems whose matrix is given by a formula."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, ClassVar

from pairfold.api.adapter import Adapter
from pairfold.api.genred import refuse_options
from pairfold.api.linear_system import solve_routine
from pairfold.api.look import routine_card
from pairfold.api.options import make_options, make_problem
from pairfold.api.routine import Routine
from pairfold.api.signatures import checked
from pairfold.display import Card, Shown, shortened
from pairfold.errors import (
    ArgumentTypeError,
    ArgumentValueError,
    UnknownNameError,
    suggestion,
)
from pairfold.ir.show import LONGEST
from pairfold.language.aliases import PLAIN, Argument, Dialect, parse_alias
from pairfold.language.formula import parse
from pairfold.reductions import REDUCTIONS
from pairfold.transform.linear import acts_alike

__all__ = ["KernelSolveBase"]


class KernelSolveBase(Shown):
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
    >>> import numpy as np
    >>> from pairfold.numpy import KernelSolve
    >>> interpolate = KernelSolve("Exp(-SqDist(x, y)) * a", ["x = Vi(1)", "y = Vj(1)", "a = Vj(1)"], "a", axis=1)
    >>> x, b = np.asarray([[0.0], [1.0], [2.0]]), np.ones((3, 1))
    >>> a = interpolate(x, x, b)
    >>> bool(np.allclose(np.exp(-((x - x.T) ** 2)) @ a, b, atol=1e-4))
    True
    """

    adapter: ClassVar[Adapter]
    solver: ClassVar[Any] = staticmethod(solve_routine)
    dialect: ClassVar[Dialect] = PLAIN
    routine_type: ClassVar[type[Routine]] = Routine

    @checked
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
        rec_multVar_highdim: Any = None,  # noqa: N803 - the name that programs use
        use_fast_math: bool = True,
        cuda_type: Any = None,
    ) -> None:
        refuse_options(
            dtype=dtype,
            opt_arg=opt_arg,
            enable_chunks=enable_chunks,
            rec_multVar_highdim=rec_multVar_highdim,
            use_fast_math=use_fast_math,
            cuda_type=cuda_type,
        )
        if isinstance(axis, bool) or axis not in (0, 1):
            raise ArgumentValueError(f"axis is {axis!r}; it must be 0 (sum over i) or 1 (sum over j).")
        self.axis = operator.index(axis)
        self.formula = formula
        self.aliases = list(aliases) if not isinstance(aliases, str) else aliases
        self.varinvalias = varinvalias
        parsed = parse([formula], self.aliases, self.dialect)
        unknown = _find(varinvalias, parsed.arguments)
        self.position = unknown.position
        acts_alike(parsed.values[0], unknown.variable, {a.variable: a.name for a in parsed.arguments if a.name})
        options = make_options(REDUCTIONS["Sum"], dtype_acc, use_double_acc, sum_scheme)
        problem = make_problem(parsed.values[0], REDUCTIONS["Sum"], None, 1, self.axis)
        self._routine = self.routine_type(problem, self.axis, parsed.arguments, options, self.adapter)

    @checked
    def __call__(
        self,
        *args: Any,
        backend: str = "auto",
        device_id: int = -1,
        alpha: float = 1e-10,
        eps: float | None = None,
        ranges: Any = None,
        rtol: float | None = None,
        maxiter: int | None = None,
        preconditioner: Any = None,
        on_failure: str = "raise",
        return_report: bool = False,
        threads: int | None = None,
        progress: bool = False,
        tol: float | None = None,
    ) -> Any:
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
        return self.solver(
            self._routine.placed(backend, device_id),
            self.position,
            args,
            ranges=ranges,
            threads=threads,
            progress=progress,
            alpha=alpha,
            eps=eps,
            rtol=rtol,
            maxiter=maxiter,
            preconditioner=preconditioner,
            on_failure=on_failure,
            return_report=return_report,
            tol=tol,
        )

    def __repr__(self) -> str:
        formula, aliases = shortened(self.formula, LONGEST), shortened(repr(self.aliases), LONGEST)
        return f"{type(self).__name__}({formula!r}, {aliases}, {self.varinvalias!r}, {self.axis})"

    def _card(self) -> Card:
        formulas = [("formula", self.formula), ("unknown", self.varinvalias)]
        return routine_card(type(self).__name__, formulas, self._routine)

    def _state(self) -> dict[str, Any]:
        """Return what the solver was made with."""
        options = self._routine.options
        return {
            "formula": self.formula,
            "aliases": self.aliases,
            "varinvalias": self.varinvalias,
            "axis": self.axis,
            "dtype_acc": options.dtype_acc or "auto",
            "sum_scheme": options.sum_scheme,
        }

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return partial(type(self), **self._state()), ()


def _find(name: str, arguments: Sequence[Argument]) -> Argument:
    """Return the argument that `varinvalias` names."""
    if not isinstance(name, str):
        raise ArgumentTypeError(f"varinvalias is {name!r}; it must be the name of one of the aliases.")
    for argument in arguments:
        if argument.name == name:
            return argument
    if name.replace(" ", "").startswith("Var("):
        wanted = parse_alias(name, 0)
        for argument in arguments:
            if argument.variable is wanted.variable:
                return argument
    known = [argument.name for argument in arguments if argument.name is not None]
    raise UnknownNameError(
        f"The unknown {name!r} is none of the aliases ({', '.join(known)}).{suggestion(name, known)}"
    )
