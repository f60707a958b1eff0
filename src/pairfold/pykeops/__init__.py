"""pairfold under the names, shapes and habits of pykeops.

``python -m pairfold.pykeops script.py`` runs a program that was written for
pykeops, and `pairfold.install_as_pykeops` does the same inside a process: the
modules here answer to ``import pykeops``. What KeOps does differently lives in
this package and nowhere else in pairfold: how formulas are written (`dialect`,
`core_formula`, and the `operations` of 2018), what LazyTensors answer (`habits`),
what routines take and return (`routine`), and the `kernels` of 2018.
"""

from __future__ import annotations

import importlib
from functools import partial
from typing import Any

from pairfold.pykeops import config, keopscore
from pairfold.pykeops.aliasing import install_as_pykeops
from pairfold.pykeops.config import numpy_found, torch_found
from pairfold.pykeops.settings import check_health, get_build_folder, set_build_folder
from pairfold.pykeops.settings import clean as clean_pykeops
from pairfold.pykeops.version import VERSION

__all__ = [
    "check_health",
    "clean_pykeops",
    "config",
    "default_device_id",
    "get_build_folder",
    "gpu_available",
    "install_as_pykeops",
    "keopscore",
    "numpy_found",
    "set_bin_folder",
    "set_build_folder",
    "set_verbose",
    "show_cuda_status",
    "test_numpy_bindings",
    "test_torch_bindings",
    "torch_found",
    "verbose",
]

__version__ = VERSION
default_device_id = 0
gpu_available = config.gpu_available
verbose = False
show_cuda_status = False
pykeopsconfig = config
set_bin_folder = set_build_folder

_PARTS = ("common", "numpy", "torch")
_VALUES = [63.0, 90.0]


def __getattr__(name: str) -> Any:
    """Import a sub-package when it is first asked for, and answer for names of 1.x."""
    if name in _PARTS:
        return importlib.import_module(f"{__name__}.{name}")
    if name in ("LazyTensor", "Vi", "Vj", "Pm"):
        return partial(_for_array, name)
    if name in ("bin_folder", "build_folder"):
        return get_build_folder()
    raise AttributeError(f"module 'pykeops' (an alias of pairfold) has no attribute {name!r}.")


def _for_array(name: str, x: Any, *args: Any, **kwargs: Any) -> Any:
    """Call the function of that name for the framework of `x`; release 1.1 had one for both."""
    framework = "torch" if type(x).__module__.partition(".")[0] == "torch" else "numpy"
    return getattr(importlib.import_module(f"{__name__}.{framework}"), name)(x, *args, **kwargs)


def set_verbose(val: bool) -> None:
    """Remember `val`; pairfold prints nothing either way."""
    global verbose  # noqa: PLW0603 - programs read the attribute
    verbose = val
    keopscore.verbose = val


def test_numpy_bindings() -> None:
    """Reduce a small formula on NumPy arrays, and print that it works.

    Raises
    ------
    AssertionError
        If the result is wrong.
    """
    _test_bindings("numpy")


def test_torch_bindings() -> None:
    """Reduce a small formula on PyTorch tensors, and print that it works; raises `AssertionError` if it does not."""
    _test_bindings("torch")


def _test_bindings(framework: str) -> None:
    genred = importlib.import_module(f"{__name__}.{framework}").Genred
    array = importlib.import_module(framework).asarray
    x = array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
    y = array([[3.0, 4.0, 5.0], [6.0, 7.0, 8.0]])
    result = genred("SqNorm2(x - y)", ["x = Vi(3)", "y = Vj(3)"], axis=0)(x, y)
    if [float(value) for value in result[:, 0]] != _VALUES:
        raise AssertionError(f"pairfold computed {result} instead of {_VALUES}.")
    print(f"pyKeOps with {framework} bindings is working!")  # noqa: T201 - programs call the functions to read it


# pytest must not take these for tests.
test_numpy_bindings.__test__ = False  # type: ignore[attr-defined]
test_torch_bindings.__test__ = False  # type: ignore[attr-defined]
