"""The public names: each is there, has a docstring, and comes without the private ones."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from types import ModuleType

import pytest

import pairfold
from pairfold import front_end
from pairfold.sparsity import cluster

PUBLIC = (
    "pairfold",
    "pairfold.numpy",
    "pairfold.torch",
    "pairfold.cupy",
    "pairfold.jax",
    "pairfold.pykeops",
    "pairfold.sklearn",
)
MODULES = [module.name for module in pkgutil.walk_packages(pairfold.__path__, "pairfold.")]
EXTRAS = ("cupy", "jax", "sklearn", "torch")


def imported(name: str) -> ModuleType:
    """Import a module of the package, or skip the test if it needs an extra that is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as reason:
        if reason.name not in EXTRAS:
            raise
        pytest.skip(f"{name} needs {reason.name}")


@pytest.mark.parametrize("name", MODULES)
def test_module_says_what_it_is_for_and_what_it_offers(name: str) -> None:
    module = imported(name)
    assert module.__doc__, "a module needs a docstring"
    for public in getattr(module, "__all__", ()):
        assert hasattr(module, public), f"{name}.{public} is listed but does not exist"


def public_objects(module: ModuleType) -> list[tuple[str, object]]:
    return [
        (f"{module.__name__}.{name}", getattr(module, name))
        for name in getattr(module, "__all__", ())
        if name != "__version__"
    ]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_has_a_docstring(name: str) -> None:
    missing = []
    for path, found in public_objects(imported(name)):
        if not inspect.getdoc(found):
            missing.append(path)
        if inspect.isclass(found):
            missing += [
                f"{path}.{attribute}"
                for attribute, value in vars(found).items()
                if not attribute.startswith("_") and callable(value) and not inspect.getdoc(value)
            ]
    assert missing == []


def test_the_names_stand_in_one_list() -> None:
    names = {*front_end.__all__}
    for room in ("pairfold.numpy", "pairfold.torch"):
        assert {*imported(room).__all__} == {*names, "cluster"}
        assert {*imported(f"{room}.cluster").__all__} == {*cluster.__all__}
    own = {"Mask", "__version__", "compile_ahead", "install_as_pykeops"}
    assert {*pairfold.__all__} == {*names, *own}


def test_only_modules_that_need_an_extra_are_skipped() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        imported("pairfold.no_such_module")
