"""Estimators for scikit-learn: neighbours by any metric, densities, kernel regression, in linear memory."""

from pairfold.sklearn.density import KernelDensity
from pairfold.sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors

__all__ = ["KNeighborsClassifier", "KNeighborsRegressor", "KernelDensity", "NearestNeighbors"]
