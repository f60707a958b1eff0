"""Solve linear systems whose matrix is only known through its products, by conjugate gradients.

Hestenes and Stiefel, "Methods of conjugate gradients for solving linear systems", 1952: one recurrence per column and
batch entry, all of them carried out together.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np

from pairfold.display import Card, Fact, Shown
from pairfold.errors import ArgumentTypeError, ArgumentValueError, ConvergenceWarning, NotConvergedError
from pairfold.solvers.linear_operator import Array, Operator, ShiftedOperator
from pairfold.solvers.nystrom import Nystrom, nystrom_preconditioner

__all__ = ["TOO_FEW_ITERATIONS", "SolveReport", "solve_kernel", "solve_linear"]

DEFAULT_TOLERANCE = 1e-6
"""Relative to the right-hand side, when the caller asks for nothing."""

MOST_ITERATIONS = 10_000

TOO_FEW_ITERATIONS = "maxiter iterations did not suffice"
"""The reason of a report that is no defect of the matrix."""

ACCEPTED = 2.0
"""The residual that conjugate gradients carry along drifts from the true one: so many targets are still accepted."""

SHARE = 0.1
"""Of what the iteration stops at, how much products may be missing that are not of all pairs."""

ASYMMETRIC = 1e-3
"""Relative difference of u.Kv and v.Ku from which on a matrix is called not symmetric: beyond rounding in float32."""


@dataclass(frozen=True, eq=False, repr=False)
class SolveReport(Shown):
    """How well a system was solved.

    Attributes
    ----------
    converged : bool
        Whether the residual of every column is what was asked for.
    iterations : int
        Products with the matrix, without those for checks and for the preconditioner.
    residuals : array
        ``(*batch, E)``: Euclidean norms of ``b - (K + alpha) a``, computed from the solution.
    targets : array
        ``(*batch, E)``: what these norms were to be brought below.
    history : tuple of float
        Largest residual relative to its target at the start and after each iteration.
    reason : str
        Why the iteration stopped, in words.
    """

    converged: bool
    iterations: int
    residuals: Array
    targets: Array
    history: tuple[float, ...]
    reason: str

    @property
    def _facts(self) -> list[Fact]:
        """What there is to say, each part in words of its own."""
        answer = "converged" if self.converged else "did not converge"
        return [
            Fact("answer", f"{answer} in {self.iterations} iterations"),
            Fact("residual", f"from {self.history[0]:.2g} to {self.history[-1]:.2g} times what was asked for"),
            Fact("reason", self.reason),
        ]

    def __repr__(self) -> str:
        return f"SolveReport({'; '.join(fact.text for fact in self._facts)})"

    def _card(self) -> Card:
        return Card("SolveReport", self._facts)


def solve_linear(
    operator: Operator,
    b: Array,
    *,
    alpha: float = 1e-10,
    eps: float | None = None,
    rtol: float | None = None,
    maxiter: int | None = None,
    preconditioner: Any = None,
    alike: bool = True,
    on_failure: str = "raise",
    return_report: bool = False,
    bounded: Callable[[float | None, float | None], Operator] | None = None,
    xp: ModuleType = np,
) -> Any:
    """Solve ``K a + alpha a = b`` for a symmetric positive semi-definite K.

    Parameters
    ----------
    operator : callable
        ``operator(v)`` is the product of K with v, of the shape and dtype of v.
    b : (*batch, N, E) array
        Right-hand sides, real or complex.
    alpha : float
        Added to the diagonal.
    eps : float, optional
        Stop when the root mean square of the residual of each column is below `eps`.
    rtol : float, optional
        Stop when the norm of the residual of each column is below `rtol` times that of the right-hand side. When both
        are given, one of them is enough; when none is, ``rtol=1e-6``.
    maxiter : int, optional
        Most iterations; None allows 10 N, and 10,000 at most.
    preconditioner : None, "nystrom", Nystrom or callable, optional
        A callable takes residuals of the shape of `b` to approximate solutions; it must be linear, symmetric and
        positive definite.
    alike : bool
        K acts on each column alone, and on all in the same way, for any number of columns. False: the (N, E) numbers
        of one batch entry are one vector.
    on_failure : str
        ``"raise"``, or ``"warn"`` to return what was reached with a `ConvergenceWarning`.
    return_report : bool
        Return ``(a, report)``.
    bounded : callable, optional
        ``bounded(relative, absolute)`` is a cheaper `operator`, whose product has in every row an error of at most
        ``relative * |K| |v|``, or of at most `absolute`. The iteration takes the former, with a tenth of its target
        relative to the right-hand side, and the residual that decides the latter, so that its norm is known up to a
        tenth of the target (van den Eshof and Sleijpen, "Inexact Krylov subspace methods for linear systems", 2004,
        say why the iteration gets on with such products).
    xp : module
        The array module, `numpy`, `cupy` or `torch`.

    Returns
    -------
    array, or (array, SolveReport)
        Of the shape of `b`.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        If an argument is not allowed.
    NotConvergedError
        If the matrix is found not to be positive definite, if a product is not finite, or if `maxiter` iterations do
        not suffice.

    Warns
    -----
    ConvergenceWarning
        If the precision of the dtype does not allow the residual that was asked for.

    Examples
    --------
    >>> matrix = np.array([[2.0, 1.0], [1.0, 3.0]])
    >>> solve_linear(lambda v: matrix @ v, np.array([[3.0], [4.0]])).round(5)
    array([[1.],
           [1.]])
    """
    limit = _checked(b, alpha, eps, rtol, maxiter, on_failure)
    system = ShiftedOperator(operator, float(alpha), alike, xp)
    # The largest number of every column becomes 1, so that no square overflows or vanishes.
    scale = system.largest(b)
    if not bool(xp.all(xp.isfinite(scale))):
        raise ArgumentValueError("The right-hand side holds nan or inf; the system has no solution.")
    scaled = b / system.cast(scale, b)
    norms = system.norms(scaled)
    targets = _targets(norms, scale, b, alike, eps, rtol)
    quick, judge = system, system
    if bounded is not None:
        relative, absolute = _allowed(targets, norms, scaled, xp)
        quick = replace(system, operator=bounded(relative, None))
        judge = replace(system, operator=bounded(None, absolute))
    run = _Run(quick, judge, scaled, scale, targets, _preconditioner(preconditioner, quick, b), limit)
    failure = run.solve()
    solution, report = run.result(failure)
    if failure is not None:
        _complain(failure, run, solution, report, on_failure)
    return (solution, report) if return_report else solution


def solve_kernel(
    kernel: Callable[[Array, Array, Array], Array],
    x: Array,
    b: Array,
    *,
    alpha: float = 0.0,
    eps: float = 1e-6,
    precond: bool = False,
    xp: ModuleType = np,
) -> Array:
    """Solve ``kernel(x, x, a) + alpha a = b``, for a kernel given as a function of points, points and weights.

    Parameters
    ----------
    kernel : callable
        ``kernel(x, y, v)`` is the product of the matrix ``k(x_i, y_j)`` with v, for v of any number of columns.
    x : (N, D) array
        Points.
    b : (N, E) array
        Right-hand sides.
    alpha, eps
        As for `solve_linear`.
    precond : bool
        Use the Nystrom preconditioner.
    xp : module
        The array module.

    Returns
    -------
    (N, E) array

    Raises
    ------
    NotConvergedError
        If the system is not solved.

    Examples
    --------
    >>> def gaussian(x, y, v):
    ...     return np.exp(-((x - y.T) ** 2)) @ v
    >>> x = np.array([[0.0], [1.0]])
    >>> a = solve_kernel(gaussian, x, np.ones((2, 1)))
    >>> gaussian(x, x, a).round(5)
    array([[1.],
           [1.]])
    """
    choice = "nystrom" if precond else None
    return solve_linear(lambda v: kernel(x, x, v), b, alpha=alpha, eps=eps, preconditioner=choice, xp=xp)


def _checked(b: Array, alpha: float, eps: float | None, rtol: float | None, maxiter: Any, on_failure: str) -> int:
    """Check the arguments and return the greatest number of iterations."""
    if len(b.shape) < 2:
        raise ArgumentValueError(
            f"The right-hand side has shape {tuple(b.shape)}; it must be (..., N, E), for E right-hand sides. "
            "A single one is b[:, None]."
        )
    if not math.isfinite(alpha):
        raise ArgumentValueError(f"alpha is {alpha!r}; it must be finite.")
    for name, value in (("eps", eps), ("rtol", rtol)):
        if value is not None and not 0 <= value < math.inf:
            raise ArgumentValueError(f"{name} is {value!r}; a tolerance must be finite and at least 0.")
    if on_failure not in ("raise", "warn"):
        raise ArgumentValueError(f"on_failure is {on_failure!r}; allowed are 'raise' and 'warn'.")
    if maxiter is None:
        return min(10 * int(b.shape[-2] * b.shape[-1]), MOST_ITERATIONS)
    if not isinstance(maxiter, int | np.integer) or maxiter < 0:
        raise ArgumentValueError(f"maxiter is {maxiter!r}; it must be an integer, at least 0, or None.")
    return int(maxiter)


def _targets(norms: Array, scale: Array, b: Array, alike: bool, eps: float | None, rtol: float | None) -> Array:
    """Return the norm that the residual of every scaled column must reach."""
    if eps is None and rtol is None:
        rtol = DEFAULT_TOLERANCE
    size = b.shape[-2] if alike else b.shape[-2] * b.shape[-1]
    absolute = (eps or 0.0) * math.sqrt(size) / scale
    relative = (rtol or 0.0) * norms
    return relative + (absolute - relative) * (relative < absolute)


def _allowed(targets: Array, norms: Array, b: Array, xp: ModuleType) -> tuple[float, float]:
    """Return the relative error that products may have, and the absolute one of each row of a residual."""
    if 0 in targets.shape:
        return 0.0, 0.0
    relative = xp.min(xp.where(norms > 0, targets / xp.where(norms > 0, norms, xp.ones_like(norms)), SHARE))
    absolute = xp.min(xp.where(norms > 0, targets, math.inf))
    size = math.prod(b.shape[-2:])
    return SHARE * min(float(relative), 1.0), SHARE * min(float(absolute), 1.0) / math.sqrt(size)


# ---------------------------------------------------------------- conjugate gradients


class _Run:
    """One solution in progress."""

    def __init__(
        self,
        system: ShiftedOperator,
        judge: ShiftedOperator,
        b: Array,
        scale: Array,
        targets: Array,
        precondition: Operator | None,
        limit: int,
    ) -> None:
        self.system = system
        self.judge = judge
        self.b = b
        self.scale = scale
        self.targets = targets
        self.precondition: Operator = (lambda r: r) if precondition is None else precondition
        self.limit = limit
        self.solution = b * 0
        self.residual = b
        self.iterations = 0
        self.history = [self._worst(system.norms(b))]

    def solve(self) -> str | None:
        """Run until the true residual is small enough; return why it could not be done."""
        previous = math.inf
        while True:
            failure = self._descend()
            self.residual = self.b - self.judge.apply(self.solution)
            if failure is not None:
                return failure
            worst = self._worst(self.system.norms(self.residual))
            if worst <= ACCEPTED:
                return None
            # Started again from the true residual, the iteration gains as long as rounding allows.
            if worst > previous / 2:
                return "precision"
            previous = worst

    def _worst(self, norms: Array) -> float:
        """Return the largest residual relative to its target."""
        if 0 in norms.shape:
            return 0.0
        xp = self.system.xp
        # A column that is solved exactly has reached any target, 0 included.
        ratios = norms / xp.where(self.targets > 0, self.targets, xp.ones_like(norms))
        unreachable = (self.targets == 0) & (norms > 0)
        return float(xp.max(xp.where(unreachable, xp.ones_like(norms) * math.inf, ratios)))

    def _descend(self) -> str | None:
        """Conjugate gradients from the present residual on; return why they broke down."""
        system, xp = self.system, self.system.xp
        residual, one = self.residual, xp.ones_like(self.targets)
        direction = preconditioned = self.precondition(residual)
        energy = system.inner(residual, preconditioned)
        active = system.norms(residual) > self.targets
        while bool(xp.any(active)):
            if self.iterations >= self.limit:
                return "maxiter"
            product = system.apply(direction)
            curvature = system.inner(direction, product)
            self.iterations += 1
            if not bool(xp.all(xp.isfinite(curvature))):
                return "infinite"
            if bool(xp.any(active & ((curvature <= 0) | (energy <= 0)))):
                return "indefinite"
            step = system.cast(xp.where(active, energy / xp.where(active, curvature, one), 0 * one), residual)
            self.solution = self.solution + step * direction
            residual = residual - step * product
            norms = system.norms(residual)
            self.history.append(self._worst(norms))
            active = active & (norms > self.targets)
            preconditioned = self.precondition(residual)
            before, energy = energy, system.inner(residual, preconditioned)
            turn = xp.where(active, energy / xp.where(active, before, one), 0 * one)
            direction = preconditioned + system.cast(turn, residual) * direction
        return None

    def result(self, failure: str | None) -> tuple[Array, SolveReport]:
        """Return what was reached, in the scale of the right-hand sides."""
        norms = self.system.norms(self.residual) * self.scale
        pick = (..., 0, slice(None)) if self.system.alike else (..., 0, 0)
        report = SolveReport(
            converged=failure is None,
            iterations=self.iterations,
            residuals=norms[pick],
            targets=(self.targets * self.scale)[pick],
            history=tuple(self.history),
            reason=_REASONS[failure],
        )
        return self.solution * self.system.cast(self.scale, self.b), report

    def is_symmetric(self) -> bool:
        """Compare u.Kv with v.Ku, for two vectors at hand."""
        u, v = self.b, self.residual
        product_u, product_v = self.system.apply(u), self.system.apply(v)
        difference = abs(self.system.inner(u, product_v) - self.system.inner(v, product_u))
        scale = self.system.norms(u) * self.system.norms(product_v) + self.system.norms(v) * self.system.norms(
            product_u
        )
        return not bool(self.system.xp.any(difference > ASYMMETRIC * scale))


_REASONS = {
    None: "the residual reached its target",
    "maxiter": TOO_FEW_ITERATIONS,
    "infinite": "a product with the matrix was not finite",
    "indefinite": "the matrix, or the preconditioner, is not positive definite",
    "precision": "rounding kept the residual above its target",
}


def _complain(failure: str, run: _Run, solution: Array, report: SolveReport, on_failure: str) -> None:
    """Raise an error or warn."""
    found = f"after {run.iterations} iterations the largest residual is {report.history[-1]:.2g} times what was asked"
    if failure == "precision":
        worst = run._worst(run.system.norms(run.residual))
        warnings.warn(
            f"The linear system is solved less accurately than asked: rounding in {run.b.dtype} keeps the residual at "
            f"{worst:.2g} times its target. Use float64, a larger alpha, or a larger rtol or eps."
            + (" Or leave out tol=: the products left pairs out, too." if run.judge is not run.system else ""),
            ConvergenceWarning,
            stacklevel=_USER,
        )
        return
    alpha = run.system.alpha
    advice = {
        "maxiter": f"Increase alpha (now {alpha:.3g}), pass preconditioner='nystrom', allow more iterations, or accept "
        "a larger rtol or eps.",
        "infinite": "Look for nan, inf or overflow in the arguments of the formula.",
        "indefinite": "Conjugate gradients need a positive definite matrix K + alpha: increase alpha (now "
        f"{alpha:.3g}), or use float64 if K is positive definite but for rounding.",
    }[failure]
    if failure != "infinite" and not run.is_symmetric():
        advice = (
            "The matrix is not symmetric, as conjugate gradients need: rows and columns must be the same points, and "
            "the formula must not change when they are exchanged."
        )
    message = f"The linear system is not solved: {report.reason}; {found}. {advice}"
    if on_failure == "raise" or failure == "infinite":
        error = NotConvergedError(message)
        error.solution, error.report = solution, report
        raise error
    warnings.warn(message, ConvergenceWarning, stacklevel=_USER)


_USER = 5
"""Level of the caller of `KernelSolve` or `LazyTensor.solve` above `warnings.warn`."""


# ---------------------------------------------------------------- preconditioners


def _preconditioner(wanted: Any, system: ShiftedOperator, b: Array) -> Operator | None:
    if wanted is None or callable(wanted):
        return wanted  # type: ignore[no-any-return]
    if wanted == "nystrom":
        wanted = Nystrom()
    if isinstance(wanted, Nystrom):
        return nystrom_preconditioner(
            system.operator, b, system.alpha, rank=wanted.rank, seed=wanted.seed, alike=system.alike, xp=system.xp
        )
    raise ArgumentTypeError(
        f"preconditioner is {wanted!r}; allowed are None, 'nystrom', Nystrom(rank=..., seed=...) and a callable that "
        "takes residuals to approximate solutions."
    )
