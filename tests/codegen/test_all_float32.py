"""exp and log over all float32 numbers; the command that checks them can fail."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "check_all_float32.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("check_all_float32", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_all_inputs_of_exp_and_log(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main([]) == 0, capsys.readouterr().out


def test_every_number_is_visited(tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "ALL_INPUTS", 100_000)
    seen: list[int] = []

    def identity(x: np.ndarray) -> np.ndarray:
        seen.extend(x.view(np.uint32).tolist())
        return x

    finding = tool.check_all(identity, lambda x: x, 1)
    assert sorted(seen) == list(range(100_000))
    assert finding.error == 0


@pytest.mark.parametrize(
    ("wrong", "error", "misplaced"),
    [
        (lambda x: np.nextafter(x, np.float32(9)), 1.0, 0),
        (lambda x: x * np.float32(np.inf), np.inf, 0),
        (lambda x: np.where(x == 1.5, np.float32(np.nan), x), 0.0, 1),
    ],
)
def test_a_wrong_function_is_noticed(tool: ModuleType, wrong: object, error: float, misplaced: int) -> None:
    x = np.array([1.0, 1.5, 1.75], np.float32)
    finding = tool.check_chunk(wrong, lambda x: x, x)
    assert finding.error == error
    assert finding.misplaced == misplaced


def test_nan_and_infinity_in_their_places_are_right(tool: ModuleType) -> None:
    x = np.array([np.nan, np.inf, -np.inf, 1.0], np.float32)
    finding = tool.check_chunk(lambda x: x, lambda x: x, x)
    assert (finding.error, finding.misplaced) == (0.0, 0)


def test_the_exit_status_follows_the_bound(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tool, "ALL_INPUTS", 1 << 20)
    monkeypatch.setitem(tool.ACCURACY_ULP, "sqrt", {"float32": -1.0})
    assert tool.main(["sqrt"]) == 1
    assert "bound -1.0; 0 misplaced nan" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        tool.main(["gamma"])
    assert "no reference for 'gamma'; there are exp" in capsys.readouterr().err
