"""Linear systems whose matrix is given by a formula."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

from pairfold.api.adapter import Adapter
from pairfold.api.genred import refuse_options
from pairfold.api.routine import Routine, make_options, make_problem
from pairfold.api.signatures import checked
from pairfold.errors import (
    ArgumentTypeError,
    ArgumentValueError,
    DimensionError,
    FormulaError,
    UnknownNameError,
    suggestion,
)
from pairfold.ir.expr import Expr, depends_on, outline, topological
from pairfold.language.aliases import PLAIN, Argument, Dialect, parse_alias
from pairfold.language.formula import parse
from pairfold.ops.arithmetic import is_zero
from pairfold.ops.arithmetic import variable as make_variable
from pairfold.reductions import REDUCTIONS
from pairfold.solvers.conjugate_gradients import solve_linear
from pairfold.transform.expand import expand, substitute

__all__ = ["KernelSolveBase", "LinearSystem", "acts_alike", "linear_system", "solve_routine"]


def acts_alike(value: Expr, unknown: Expr, names: dict[Expr, str] | None = None) -> bool:
    """Tell whether a formula that is linear in a variable works on each component alone, and on all alike.

    Parameters
    ----------
    value, unknown : Expr
        The formula and the variable.
    names : dict, optional
        The user's names of variables, for messages.

    Returns
    -------
    bool
        True for ``k(x, y) * b`` with a scalar k; False when components are mixed or treated differently.

    Raises
    ------
    FormulaError
        If `value` is not linear in `unknown`.

    Examples
    --------
    >>> from pairfold.language.formula import parse
    >>> read = parse(["SqDist(x, y) * b", "MatVecMult(TensorProd(x, y), b)"], ["x = Vi(3)", "y = Vj(3)", "b = Vj(3)"])
    >>> [acts_alike(value, read.arguments[2].variable) for value in read.values]
    [True, False]
    """
    (value,) = expand([value])
    dependent = depends_on([value], unknown)
    unknown_name = outline(unknown, names)
    if value not in dependent:
        raise FormulaError(f"The formula {outline(value, names)} does not contain the unknown {unknown_name}.")
    alike = value.dim == unknown.dim
    for node in topological([value]):
        if node not in dependent or node is unknown:
            continue
        if not _is_linear(node, dependent):
            raise FormulaError(
                f"The formula is not linear in the unknown {unknown_name}: it contains {outline(node, names)}. "
                "A linear system needs a formula such as K(x, y) * b."
            )
        alike = alike and node.op.elementwise
        alike = alike and all(arg.dim == (node.dim if arg in dependent else 1) for arg in node.args)
    return alike


def _is_linear(node: Expr, dependent: set[Expr]) -> bool:
    """Tell whether `node` is linear in those of its operands that depend on the unknown."""
    carrying = {place for place, arg in enumerate(node.args) if arg in dependent}
    # The other operands of a group are added to these: they must be 0.
    return any(
        carrying.issubset(group) and all(place in carrying or is_zero(node.args[place]) for place in group)
        for group in node.op.linear
    )


def solve_routine(
    routine: Routine,
    position: int,
    args: Sequence[Any],
    *,
    ranges: Any = None,
    threads: int | None = None,
    progress: bool = False,
    **kwargs: Any,
) -> Any:
    """Solve for the argument number `position` of a sum: ``routine(..., a, ...) + alpha a = b``.

    Parameters
    ----------
    routine : Routine
        A sum whose formula is linear in that argument.
    position : int
        Which argument is the unknown.
    args : sequence of arrays
        All arguments; in the place of the unknown, the right-hand side b.
    ranges, threads, progress
        As for a reduction.
    **kwargs
        As for `solve_linear`.

    Returns
    -------
    array, or (array, SolveReport)
        Of the shape of b, with the batch axes of the other arguments.

    Raises
    ------
    FormulaError
        If the formula is not linear in the unknown.
    DimensionError
        If formula and unknown have different dimensions.
    ArgumentValueError
        If the system is not square, or an argument is not allowed.
    NotConvergedError
        If the system is not solved.
    """
    system, adapter = linear_system(routine, position, args), routine.adapter
    settings = {"ranges": ranges, "threads": threads, "progress": progress}
    product = partial(_product, routine, system.arrays, position, system.variable, {}, **settings)
    b = system.arrays[position]
    with adapter.at(b):
        found = solve_linear(product, b, alike=system.alike, xp=adapter.xp, **kwargs)
        solution, *report = found if kwargs.get("return_report") else (found,)
        solution = adapter.prepare(solution, system.dtype, None, None)
        solution = solution[..., 0] if system.is_flat else solution
    return (solution, *report) if report else solution


@dataclass(frozen=True, eq=False)
class LinearSystem:
    """A square linear system whose matrix is a routine.

    Attributes
    ----------
    arrays : list of arrays
        The arguments; in the place of the unknown, the right-hand side (*batch, N, E).
    variable : Expr
        The unknown.
    alike : bool
        See `acts_alike`.
    is_flat : bool
        Whether the right-hand side was given without its last axis, of length 1.
    dtype : dtype
        Of the solution.
    """

    arrays: list[Any]
    variable: Expr
    alike: bool
    is_flat: bool
    dtype: Any


def linear_system(routine: Routine, position: int, args: Sequence[Any]) -> LinearSystem:
    """Check that `routine` is a linear system for argument number `position`; see `solve_routine`."""
    unknown = routine.arguments[position]
    value, variable, names = _formula_of(routine, unknown)
    if value.dim != unknown.dim:
        raise DimensionError(
            f"The formula has dimension {value.dim} and the unknown {outline(variable, names)} has dimension "
            f"{unknown.dim}; a linear system needs equal dimensions."
        )
    alike = acts_alike(value, variable, names)
    arrays = [routine.as_array(arg, number) for number, arg in enumerate(args)]
    plan = routine.plan(arrays)
    rows, columns, batch = plan.extent
    if rows != columns:
        kept, reduced = ("i", "j") if routine.axis == 1 else ("j", "i")
        raise ArgumentValueError(
            f"The system is not square: there are {rows} {kept} and {columns} {reduced}. Give the same points twice."
        )
    shape = (*batch, rows, unknown.dim)
    natural = arrays[position]
    if routine.adapter.is_complex(natural.dtype):
        raise ArgumentValueError(
            f"The right-hand side is complex, of shape {tuple(natural.shape)}. Give it as real numbers re, im, "
            f"re, im, ...: its last axis has length {unknown.dim}."
        )
    # In the precision of the arithmetic: iterations on numbers of 16 bits would not get far.
    arrays[position] = routine.adapter.prepare(natural, plan.computing, _two_axes(natural.shape), shape)
    return LinearSystem(arrays, variable, alike, len(natural.shape) == 1, routine.result_dtype(plan))


def _formula_of(routine: Routine, unknown: Argument) -> tuple[Expr, Expr, dict[Expr, str]]:
    """Return the formula over columns, its unknown and the names of its variables."""
    if not routine.problem.reduction.linear:
        raise ArgumentValueError(
            f"The reduction is {routine.problem.reduction.name}; a linear system is a Sum over j or i."
        )
    named = {argument.position: argument.name for argument in routine.arguments if argument.name is not None}
    found = routine.problem.arguments
    names = {node: named[position] for position, node in found.items() if position in named}
    value = routine.problem.value
    return value, found.get(unknown.position, unknown.variable), names


def _two_axes(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape with the axis of length 1 that an argument of dimension 1 may leave out."""
    return (*shape, 1) if len(shape) == 1 else shape


def _product(
    routine: Routine,
    args: Sequence[Any],
    position: int,
    variable: Expr,
    widths: dict[int, Routine],
    v: Any,
    **kwargs: Any,
) -> Any:
    """Multiply v, of any number of columns when the formula works on all alike."""
    width = v.shape[-1]
    if width != variable.dim:
        if width not in widths:
            widths[width] = _with_width(routine, position, variable, width)
        routine = widths[width]
    return routine([*args[:position], v, *args[position + 1 :]], **kwargs)


def _with_width(routine: Routine, position: int, variable: Expr, width: int) -> Routine:
    """Return the same sum for an unknown of another dimension."""
    place, _, category, kind = variable.params
    (value,) = substitute(expand([routine.problem.value]), {variable: make_variable(place, width, category, kind)})
    arguments = [
        replace(argument, dim=width) if argument.position == position else argument for argument in routine.arguments
    ]
    problem = replace(routine.problem, value=value)
    return Routine(problem, routine.axis, arguments, routine.options, routine.adapter, routine.stretches)


# ---------------------------------------------------------------- the class


class KernelSolveBase:
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
    >>> x, b = np.asarray([[0.0], [1.0], [2.0]]), np.ones((3, 1))
    >>> a = interpolate(x, x, b)
    >>> bool(np.allclose(np.exp(-((x - x.T) ** 2)) @ a, b, atol=1e-4))
    True
    """

    adapter: ClassVar[Adapter]
    solver: ClassVar[Any] = staticmethod(solve_routine)
    dialect: ClassVar[Dialect] = PLAIN
    routine_type: ClassVar[type[Routine]] = Routine
    """Whether comparisons are truth values in formulas: see `Reader`."""

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
    ) -> Any:
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
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.formula!r}, {self.aliases!r}, {self.varinvalias!r}, {self.axis})"

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
