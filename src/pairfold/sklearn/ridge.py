"""Kernel ridge regression."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from pairfold.numpy import Tree, Vi, Vj
from pairfold.sklearn.base import FLOATS, Array, Lazy
from pairfold.sklearn.kernels import KERNELS, kernel_of, parameters_of
from pairfold.sklearn.linear_system import KernelRegressor, checked_alpha

__all__ = ["KernelRidge"]


class KernelRidge(KernelRegressor):
    """Kernel ridge regression, like `sklearn.kernel_ridge.KernelRidge`, without a kernel matrix in memory.

    The system ``(K + alpha) a = y`` is solved by conjugate gradients.

    Parameters
    ----------
    alpha : float or array, shape (n_targets,)
        Regularization; one number, or one per target.
    kernel : str, sklearn.gaussian_process.kernels.Kernel or callable
        "linear", "polynomial" or "poly", "rbf", "laplacian", "sigmoid", "cosine", "chi2"; a formula in ``x`` and ``y``,
        such as ``"Exp(-Norm2(x - y))"``; an object of scikit-learn; or a function that is called once, with two
        LazyTensors that stand for all pairs, and returns one. It must be symmetric and positive semi-definite.
    gamma, degree, coef0
        Of the kernels by name, as in scikit-learn.
    kernel_params : dict, optional
        The other variables of a formula, keywords of a function.
    rtol : float, optional
        The residual of the solution, relative to y: predictions for the points of `fit` are off by no more, in
        Euclidean norm. None takes the square root of the precision, 1.5e-8 for float64 and 3.5e-4 for float32.
    max_iter : int, optional
        Most iterations; None allows ten per number that is sought, and 10,000 at most.
    preconditioner : None, "nystrom" or Nystrom
        `pairfold.numpy.Nystrom` chooses a rank. None is better for small or well-conditioned systems.
    tol : float, optional
        The relative error that a product may have, of the solution (never more than `rtol` allows) and of predictions;
        None looks at every pair.
    threads : int, optional
        As for `NearestNeighbors`.

    Attributes
    ----------
    dual_coef_ : array, shape (n_samples,) or (n_samples, n_targets)
        a.
    n_iter_ : int
        How many iterations there were.
    solve_report_ : SolveReport
        How well the system was solved; of the last target where each has its own `alpha`.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Warns
    -----
    ConvergenceWarning
        If the residual is greater than asked for.

    Examples
    --------
    >>> import numpy as np
    >>> from pairfold.sklearn import KernelRidge
    >>> x = np.linspace(0, 6, 200)[:, None]
    >>> ridge = KernelRidge(alpha=1e-3, kernel="rbf", gamma=1.0).fit(x, np.sin(x[:, 0]))
    >>> ridge.predict([[np.pi / 2], [np.pi]]).round(3)
    array([1., 0.])
    """

    def __init__(
        self,
        alpha: Any = 1.0,
        *,
        kernel: Any = "linear",
        gamma: float | None = None,
        degree: float = 3,
        coef0: float = 1,
        kernel_params: dict[str, Any] | None = None,
        rtol: float | None = None,
        max_iter: int | None = None,
        preconditioner: Any = "nystrom",
        tol: float | None = None,
        threads: int | None = None,
    ) -> None:
        self.alpha = alpha
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.kernel_params = kernel_params
        self.rtol = rtol
        self.max_iter = max_iter
        self.preconditioner = preconditioner
        self.tol = tol
        self.threads = threads

    def _kernel_of(self, points: Any) -> Lazy:
        """Return the kernel of points and those of `fit`."""
        parameters = self.kernel_params
        if isinstance(self.kernel, str) and self.kernel in KERNELS:
            given = {"gamma": self.gamma, "degree": self.degree, "coef0": self.coef0}
            parameters = {**parameters_of(self.kernel, given), **(parameters or {})}
        return kernel_of(self.kernel, points, self._tree, parameters)

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> KernelRidge:
        """Solve for the coefficients.

        Parameters
        ----------
        X : array, shape (n_samples, n_features)
        y : array, shape (n_samples,) or (n_samples, n_targets)
        sample_weight : array, shape (n_samples,), optional
            How much each point counts.
        """
        points, y = validate_data(self, X, y, dtype=FLOATS, order="C", multi_output=True, y_numeric=True)
        y = y.astype(points.dtype, copy=False)
        targets = y.reshape(len(y), -1)
        alpha = checked_alpha(self.alpha, targets.shape[1], "target")
        self._tree = Tree(points)
        kernel, scale = self._kernel_of(self._tree), None
        if sample_weight is not None:
            weights = _check_sample_weight(sample_weight, points, dtype=points.dtype, ensure_non_negative=True)
            scale = np.sqrt(weights)[:, None]
            kernel, targets = kernel * Vi(scale) * Vj(scale), targets * scale
        if np.ndim(alpha) == 0:
            found, report = self._solved(kernel, targets, alpha)
            self._keep_report(report)
        else:
            parts = []
            for number, one in enumerate(alpha):
                part, report = self._solved(kernel, targets[:, number : number + 1], float(one))
                self._keep_report(report)
                parts.append(part)
            found = np.concatenate(parts, axis=1)
        self.dual_coef_ = (found if scale is None else found * scale).reshape(y.shape)
        return self

    def predict(self, X: Any) -> Array:
        """Return the prediction at each point of ``X``, an array of shape (n_queries, n_features)."""
        check_is_fitted(self)
        return self._product(self._kernel_of(self._new_points(X)), self.dual_coef_)
