"""Every estimator is one as scikit-learn understands it: its own checks pass, and its tools work."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

from pairfold import sklearn as own

ESTIMATORS = [getattr(own, name)() for name in own.__all__]
RANDOM = np.random.default_rng(0)
POINTS = RANDOM.standard_normal((60, 3))
CLASSES = (POINTS[:, 0] > 0).astype(int)


def named(estimator: Any) -> str:
    return type(estimator).__name__


CHECKS = [
    pytest.param(one, check, id=f"{named(estimator)}-{getattr(check, 'func', check).__name__}")
    for estimator in ESTIMATORS
    for one, check in estimator_checks_generator(estimator)
]


@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_scikit_learn_accepts(estimator: Any, check: Any) -> None:
    with warnings.catch_warnings():
        # Its checks give what it warns of.
        warnings.simplefilter("ignore")
        check(estimator)


def answer(estimator: Any, points: Any) -> Any:
    """Return what the estimator says about points."""
    for method in ("predict", "score_samples", "kneighbors"):
        if hasattr(estimator, method):
            return getattr(estimator, method)(points)
    raise AssertionError(method)


every_estimator = pytest.mark.parametrize("estimator", ESTIMATORS, ids=named)


@every_estimator
def test_copies_and_pickles_answer_the_same(estimator: Any) -> None:
    fitted = clone(estimator).fit(POINTS, CLASSES)
    expected = answer(fitted, POINTS)
    for copy in (pickle.loads(pickle.dumps(fitted)), clone(fitted).fit(POINTS, CLASSES)):
        np.testing.assert_array_equal(answer(copy, POINTS), expected)


@every_estimator
def test_names_of_features(estimator: Any) -> None:
    table = pd.DataFrame(POINTS, columns=["east", "north", "up"])
    fitted = clone(estimator).fit(table, CLASSES)
    assert fitted.n_features_in_ == 3
    assert fitted.feature_names_in_.tolist() == ["east", "north", "up"]
    with pytest.raises(ValueError, match="feature names should match"):
        answer(fitted, table.rename(columns={"up": "down"}))
    with pytest.raises(ValueError, match="expecting 3 features"):
        answer(clone(estimator).fit(POINTS, CLASSES), POINTS[:, :2])


@every_estimator
def test_sparse_points_are_refused(estimator: Any) -> None:
    with pytest.raises(TypeError, match="Sparse data was passed for X, but dense data is required"):
        clone(estimator).fit(csr_matrix(POINTS), CLASSES)


@every_estimator
def test_an_estimator_is_fitted_first(estimator: Any) -> None:
    with pytest.raises(NotFittedError, match="not fitted yet"):
        answer(clone(estimator), POINTS)


@every_estimator
def test_precision_is_kept(estimator: Any) -> None:
    values = CLASSES if named(estimator) == "KNeighborsClassifier" else CLASSES.astype("float32")
    found = answer(clone(estimator).fit(POINTS.astype("float32"), values), POINTS.astype("float32"))
    found = found[0] if isinstance(found, tuple) else found
    assert found.dtype in (np.float32, np.int64)
    expected = answer(clone(estimator).fit(POINTS, CLASSES), POINTS)
    expected = expected[0] if isinstance(expected, tuple) else expected
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("missing", ["sklearn", "scipy"])
def test_what_is_missing_without_scikit_learn(missing: str) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None; import pairfold, pairfold.numpy; import pairfold.sklearn"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "MissingPackageError: pairfold.sklearn needs the package scikit-learn" in ended.stderr
    assert "pip install pairfold[sklearn]" in ended.stderr


GRIDS = {
    "KernelRidge": {"kernel": ["rbf", "Exp(-Norm2(x - y))"], "alpha": [1e-2, 1.0]},
    "GaussianProcessRegressor": {"alpha": [1e-2, 1.0]},
    "KNeighborsClassifier": {"n_neighbors": [1, 5], "metric": ["euclidean", "Norm2(x - y)"]},
    "KNeighborsRegressor": {"n_neighbors": [1, 5], "weights": ["uniform", "distance"]},
}


@pytest.mark.parametrize("name", GRIDS)
def test_pipelines_and_grid_search(name: str) -> None:
    estimator = getattr(own, name)()
    prefix = name.lower()
    grid = {f"{prefix}__{parameter}": values for parameter, values in GRIDS[name].items()}
    search = GridSearchCV(make_pipeline(StandardScaler(), estimator), grid, cv=3, error_score="raise")
    search.fit(POINTS, CLASSES)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert len(set(search.cv_results_["mean_test_score"])) > 1
    assert search.best_params_.keys() == grid.keys()
