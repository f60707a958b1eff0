"""Estimators for scikit-learn: neighbours by any metric, densities, kernel regression, in linear memory."""

from pairfold.errors import MissingPackageError

try:
    from pairfold.sklearn.density import KernelDensity
    from pairfold.sklearn.gaussian_process import GaussianProcessRegressor
    from pairfold.sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors
    from pairfold.sklearn.ridge import KernelRidge
except ModuleNotFoundError as error:
    # scikit-learn comes with SciPy.
    if (error.name or "").partition(".")[0] not in ("sklearn", "scipy"):
        raise
    raise MissingPackageError(
        "pairfold.sklearn needs the package scikit-learn, which is not installed. Install it with "
        "`pip install pairfold[sklearn]`.",
        name="sklearn",
    ) from None

__all__ = [
    "GaussianProcessRegressor",
    "KNeighborsClassifier",
    "KNeighborsRegressor",
    "KernelDensity",
    "KernelRidge",
    "NearestNeighbors",
]
