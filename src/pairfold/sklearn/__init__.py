"""Estimators for scikit-learn: neighbours by any metric, densities, kernel regression, in linear memory."""

from pairfold.sklearn.density import KernelDensity
from pairfold.sklearn.gaussian_process import GaussianProcessRegressor
from pairfold.sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors
from pairfold.sklearn.ridge import KernelRidge

__all__ = [
    "GaussianProcessRegressor",
    "KNeighborsClassifier",
    "KNeighborsRegressor",
    "KernelDensity",
    "KernelRidge",
    "NearestNeighbors",
]
