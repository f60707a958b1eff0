"""Gaussian process regression."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.gaussian_process import GaussianProcessRegressor as ExactRegressor
from sklearn.gaussian_process import kernels as objects
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from pairfold.numpy import Tree
from pairfold.sklearn.base import FLOATS, Array, Lazy, checked_count
from pairfold.sklearn.kernels import kernel_of, noise_of
from pairfold.sklearn.linear_system import KernelRegressor, checked_alpha

__all__ = ["GaussianProcessRegressor"]

SOLVED_TOGETHER = 64
"""Points whose standard deviations are found by one linear system: so many columns are in memory."""


class GaussianProcessRegressor(KernelRegressor):
    """Gaussian process regression, like `sklearn.gaussian_process.GaussianProcessRegressor`, in linear memory.

    Means and standard deviations are those of all points, by conjugate gradients. Hyperparameters of kernels of
    scikit-learn are those that are most likely for some points drawn at random: determinants, which their likelihood
    needs, are computed for these alone.

    Parameters
    ----------
    kernel : sklearn.gaussian_process.kernels.Kernel, str or callable, optional
        A kernel of scikit-learn, of Matern kernels those with nu = 0.5, 1.5, 2.5 or inf. Or as for `KernelRidge`: then
        its hyperparameters are what `kernel_params` says. None is RBF of length 1, not optimized.
    kernel_params : dict, optional
        As for `KernelRidge`.
    alpha : float or array, shape (n_samples,)
        The variance of the noise, of each point or of all; in scikit-learn, the default is 1e-10, which conjugate
        gradients are not made for. A ``WhiteKernel`` adds to it.
    optimizer : str, callable or None
        As in scikit-learn; None leaves the hyperparameters as they are.
    n_restarts_optimizer : int
        As in scikit-learn.
    optimizer_samples : int
        How many points hyperparameters are optimized for; memory grows with the square of this number.
    normalize_y : bool
        Whether to subtract the mean of y and divide by its standard deviation, for the time of the computation.
    rtol, max_iter, preconditioner, tol, threads
        As for `KernelRidge`.
    random_state : int, RandomState or None
        Draws the points for the optimizer, and its restarts.

    Attributes
    ----------
    kernel_ : as `kernel`
        With its hyperparameters.
    alpha_ : array, shape (n_samples,) or (n_samples, n_targets)
        The coefficients of the mean.
    n_iter_, solve_report_
        As for `KernelRidge`.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Warns
    -----
    ConvergenceWarning
        If the residual is greater than asked for.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.gaussian_process.kernels import RBF, WhiteKernel
    >>> from pairfold.sklearn import GaussianProcessRegressor
    >>> x = np.linspace(0, 6, 200)[:, None]
    >>> y = np.sin(x[:, 0]) + 0.1 * np.random.default_rng(0).standard_normal(200)
    >>> process = GaussianProcessRegressor(RBF() + WhiteKernel(0.1), random_state=0).fit(x, y)
    >>> process.kernel_
    RBF(length_scale=1.7...) + WhiteKernel(noise_level=0.008...)
    >>> mean, deviation = process.predict([[np.pi / 2], [100.0]], return_std=True)
    >>> mean.round(1), deviation.round(1)
    (array([1., 0.]), array([0.1, 1. ]))
    """

    def __init__(
        self,
        kernel: Any = None,
        *,
        kernel_params: dict[str, Any] | None = None,
        alpha: Any = 1e-3,
        optimizer: Any = "fmin_l_bfgs_b",
        n_restarts_optimizer: int = 0,
        optimizer_samples: int = 1000,
        normalize_y: bool = False,
        rtol: float | None = None,
        max_iter: int | None = None,
        preconditioner: Any = "nystrom",
        tol: float | None = None,
        threads: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.kernel = kernel
        self.kernel_params = kernel_params
        self.alpha = alpha
        self.optimizer = optimizer
        self.n_restarts_optimizer = n_restarts_optimizer
        self.optimizer_samples = optimizer_samples
        self.normalize_y = normalize_y
        self.rtol = rtol
        self.max_iter = max_iter
        self.preconditioner = preconditioner
        self.tol = tol
        self.threads = threads
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> GaussianProcessRegressor:
        """Find hyperparameters, and solve for the coefficients of the mean.

        Parameters
        ----------
        X : array, shape (n_samples, n_features)
        y : array, shape (n_samples,) or (n_samples, n_targets)
        """
        points, y = validate_data(self, X, y, dtype=FLOATS, order="C", multi_output=True, y_numeric=True)
        alpha = checked_alpha(self.alpha, len(points), "point")
        y = y.astype(points.dtype, copy=False)
        self._mean, self._deviation = np.zeros(y.shape[1:], y.dtype), np.ones(y.shape[1:], y.dtype)
        if self.normalize_y:
            self._mean, deviation = y.mean(axis=0), y.std(axis=0)
            self._deviation = np.where(deviation > 0, deviation, 1).astype(y.dtype)
        y = (y - self._mean) / self._deviation
        self.kernel_ = self._optimized(points, y, alpha)
        self._tree = Tree(points)
        self._diagonal = alpha + noise_of(self.kernel_)
        kernel = self._kernel_of(self._tree, self._tree)
        found, report = self._solved(kernel, y.reshape(len(y), -1), self._diagonal)
        self._keep_report(report)
        self.alpha_ = found.reshape(y.shape)
        return self

    def _optimized(self, points: Array, y: Array, alpha: Any) -> Any:
        """Return the kernel with its hyperparameters."""
        count = checked_count("optimizer_samples", self.optimizer_samples)
        if self.kernel is None:
            return objects.RBF(length_scale_bounds="fixed")
        if not isinstance(self.kernel, objects.Kernel):
            return self.kernel
        kernel = clone(self.kernel)
        if self.optimizer is None or kernel.n_dims == 0:
            return kernel
        random, chosen = check_random_state(self.random_state), np.arange(len(points))
        if len(points) > count:
            chosen = np.sort(random.choice(len(points), count, replace=False))
        exact = ExactRegressor(
            kernel=kernel,
            alpha=alpha if np.ndim(alpha) == 0 else alpha[chosen],
            optimizer=self.optimizer,
            n_restarts_optimizer=self.n_restarts_optimizer,
            random_state=random,
        )
        return exact.fit(points[chosen], y[chosen]).kernel_

    def _kernel_of(self, points: Any, others: Any) -> Lazy:
        return kernel_of(self.kernel_, points, others, self.kernel_params)

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Return the mean at each point, and its standard deviation if asked for.

        Parameters
        ----------
        X : array, shape (n_queries, n_features)
        return_std : bool
            Whether to return standard deviations, which take a linear system for every 64 points.

        Returns
        -------
        mean : array, shape (n_queries,) or (n_queries, n_targets)
        deviation : array of the same shape
            Only if `return_std`; the noise of a ``WhiteKernel`` is part of it, as in scikit-learn.
        """
        check_is_fitted(self)
        points = self._new_points(X)
        mean = self._product(self._kernel_of(points, self._tree), self.alpha_) * self._deviation + self._mean
        if not return_std:
            return mean
        deviation = np.sqrt(self._variances(points))
        return mean, deviation.reshape(-1, *[1] * (mean.ndim - 1)) * self._deviation

    def _variances(self, points: Array) -> Array:
        """Return the variance at each point: that of the prior, without what the points of `fit` explain."""
        kernel = self._kernel_of(self._tree, self._tree)
        variances = self._kernel_of(points, points).diag()[:, 0] + noise_of(self.kernel_)
        for first in range(0, len(points), SOLVED_TOGETHER):
            some = points[first : first + SOLVED_TOGETHER]
            covariances = self._kernel_of(self._tree, some).dense()[..., 0]
            found, _ = self._solved(kernel, covariances, self._diagonal)
            variances[first : first + SOLVED_TOGETHER] -= (covariances * found).sum(axis=0)
        return np.asarray(np.maximum(variances, 0))
