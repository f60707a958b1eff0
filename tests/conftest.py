"""One fixed profile for property tests, and the choice of where everything is computed.

With ``--target cuda`` the same tests run on a GPU, with ``--target interpreter`` in an interpreter of GPU programs.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

try:
    from hypothesis import HealthCheck, settings
except ImportError:
    HAS_HYPOTHESIS = False
else:
    HAS_HYPOTHESIS = True
    settings.register_profile(
        "pairfold",
        deadline=None,
        derandomize=True,
        max_examples=20,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    settings.load_profile("pairfold")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out the property tests on a machine that was not set up for tests, as ``tools/gpu_check.py`` meets it."""
    if HAS_HYPOTHESIS or collection_path.suffix != ".py":
        return None
    return "from hypothesis" in collection_path.read_text(encoding="utf-8") or None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--target",
        choices=("cpu", "cuda", "interpreter"),
        default="cpu",
        help="where reductions run: on the CPU, on a GPU, or in an interpreter of GPU programs (slow)",
    )


def pytest_configure(config: pytest.Config) -> None:
    target = config.getoption("--target")
    if target == "cpu":
        return
    assert "pairfold.engine.options" not in sys.modules, "the environment variable is read when pairfold is imported"
    os.environ["PAIRFOLD_TARGET"] = "cuda"
    if target == "interpreter":
        from pairfold.targets.cuda.driver import use_driver
        from tests.ptx_interpreter.driver import FakeDriver

        stand_in = use_driver(FakeDriver(inaccuracy=1))
        stand_in.__enter__()
        config.add_cleanup(lambda: stand_in.__exit__(None, None, None))
        return
    reason = _no_device()
    if reason is not None:
        raise pytest.UsageError(reason)
    if importlib.util.find_spec("torch") is not None:
        import torch

        torch.set_default_device("cuda")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    target = config.getoption("--target")
    reason = _no_device() if any(item.get_closest_marker("gpu") for item in items) else None
    for item in items:
        if item.get_closest_marker("gpu"):
            if target == "interpreter":
                item.add_marker(pytest.mark.skip(reason="the interpreter is no GPU"))
            elif reason is not None:
                item.add_marker(pytest.mark.skip(reason=reason))
        if item.get_closest_marker("cpu") and target != "cpu":
            item.add_marker(pytest.mark.skip(reason="about the CPU"))


@pytest.fixture(autouse=True)
def results_are_owned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check the memory of all results of reductions of NumPy arrays and PyTorch tensors, whatever a test is about."""
    from pairfold.api.routine import Routine
    from tests.comparison import assert_owned

    reduce = Routine.__call__

    def checked(self: Routine, *args: Any, **kwargs: Any) -> Any:
        result = reduce(self, *args, **kwargs)
        if kwargs.get("out") is None:
            assert_owned(*(array for array in (result if isinstance(result, tuple) else (result,)) if _has_data(array)))
        return result

    monkeypatch.setattr(Routine, "__call__", checked)


def _has_data(array: object) -> bool:
    if isinstance(array, np.ndarray):
        return True
    torch = sys.modules.get("torch")
    # Transforms and traces of PyTorch hand out tensors that only stand for others.
    return (
        torch is not None and type(array) is torch.Tensor and not torch._C._functorch.is_functorch_wrapped_tensor(array)
    )


@pytest.fixture
def programs_forgotten() -> Iterator[None]:
    """Forget what was compiled: programs of the interpreter of GPUs are large, and slow down the garbage collection."""
    yield
    from pairfold.engine.cache import forget_everything

    forget_everything()


@pytest.fixture
def no_gpu(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the GPU of this machine, for what is said when there is none."""
    if request.config.getoption("--target") != "cpu":
        pytest.skip("about machines without a GPU")
    monkeypatch.setattr("pairfold.targets.cuda.driver._driver", None)
    monkeypatch.setitem(sys.modules, "cuda.bindings", None)


def _no_device() -> str | None:
    """Return why there is no GPU, or None."""
    from pairfold.errors import TargetError
    from pairfold.targets.cuda.driver import driver

    try:
        driver().device(0)
    except TargetError as error:
        return str(error)
    return None
