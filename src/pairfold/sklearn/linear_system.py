"""What estimators share that solve a linear system of all points."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin

from pairfold.errors import ArgumentValueError, ConvergenceWarning, NotConvergedError
from pairfold.numpy import Vi, Vj
from pairfold.sklearn.base import Array, Lazy, PairwiseEstimator, checked_number
from pairfold.solvers.conjugate_gradients import TOO_FEW_ITERATIONS, SolveReport

__all__ = ["KernelRegressor", "checked_alpha"]


class KernelRegressor(RegressorMixin, PairwiseEstimator):
    """A regressor whose coefficients solve ``(K + alpha) a = y`` for a kernel matrix K, by conjugate gradients."""

    solve_report_: SolveReport

    def _solved(self, kernel: Lazy, b: Array, alpha: Any) -> tuple[Array, SolveReport]:
        """Return the solution of ``(K + alpha) a = b`` and the report.

        Parameters
        ----------
        kernel : LazyTensor, shape (N, N, 1)
            K.
        b : array, shape (N, E)
            Right-hand sides.
        alpha : float or array, shape (N,)
            Added to the diagonal: one number, or one per point, all greater than 0.
        """
        if np.ndim(alpha) == 0:
            return self._iterated(kernel, b, float(alpha))
        # (K + s^-2) a = b is (s K s + 1) (a / s) = s b.
        scale = (1 / np.sqrt(alpha)).astype(b.dtype)[:, None]
        found, report = self._iterated(kernel * Vi(scale) * Vj(scale), b * scale, 1.0)
        return found * scale, report

    def _iterated(self, kernel: Lazy, b: Array, alpha: float) -> tuple[Array, SolveReport]:
        rtol = self.rtol
        if rtol is None:
            rtol = float(np.sqrt(np.finfo(b.dtype).eps))
        try:
            return kernel.solve(  # type: ignore[no-any-return]
                b,
                alpha=alpha,
                rtol=rtol,
                maxiter=self.max_iter,
                preconditioner=self.preconditioner,
                tol=self.tol,
                threads=self.threads,
                return_report=True,
            )
        except NotConvergedError as error:
            report = error.report
            if not isinstance(report, SolveReport) or report.reason != TOO_FEW_ITERATIONS:
                raise
            warnings.warn(
                f"{type(self).__name__} is fitted less accurately than asked: after {report.iterations} iterations the "
                f"residual is {rtol * report.history[-1]:.2g} times the right-hand side, and rtol is {rtol:.2g}. "
                f"Increase max_iter or alpha (now {alpha:.3g}), set preconditioner='nystrom' or Nystrom(rank=...) of a "
                "greater rank, or accept a larger rtol.",
                ConvergenceWarning,
                stacklevel=4,
            )
            return np.asarray(error.solution), report

    def _product(self, kernel: Lazy, coefficients: Array) -> Array:
        """Return the sum of kernels times coefficients, at each i."""
        return np.asarray(kernel.matvec(coefficients, tol=self.tol, threads=self.threads))

    def _keep_report(self, report: SolveReport) -> None:
        self.solve_report_ = report
        self.n_iter_ = report.iterations

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def checked_alpha(alpha: Any, count: int, what: str) -> Any:
    """Return what is added to the diagonal: a number that is at least 0, or `count` numbers greater than 0.

    Raises
    ------
    ArgumentValueError
        If `alpha` is something else.
    """
    if np.ndim(alpha) == 0:
        return checked_number("alpha", alpha)
    array = np.asarray(alpha, float)
    if array.shape != (count,):
        raise ArgumentValueError(f"alpha has shape {array.shape}; it must be one number, or one per {what}, {count}.")
    if not (np.isfinite(array) & (array > 0)).all():
        raise ArgumentValueError(f"Some alpha is not finite or not greater than 0; each belongs to one {what}.")
    return array
