"""The check for the first minutes on a GPU runs to its end without one, and says what it did."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")

from tools import gpu_check


@pytest.mark.cpu
def test_dry_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert gpu_check.main([str(tmp_path), "--dry-run"]) == 0
    results = json.loads((tmp_path / "gpu_check.json").read_text())
    assert [result["stage"] for result in results] == [stage.name for stage in gpu_check.STAGES]
    assert {result["verdict"] for result in results} == {"ok"}
    text = (tmp_path / "gpu_check.txt").read_text()
    assert text == capfd.readouterr().out
    for part in (
        "interpreter",
        "2 of 2 programs, 0 wrong",
        "passed",
        "first call",
        "1 of 1 jobs, 0 wrong",
        "sanitizer",
    ):
        assert part in text


def test_the_limits_leave_room() -> None:
    assert sum(stage.limit for stage in gpu_check.STAGES) < 8 * 60


def test_programs_cover_formulas_reductions_and_dtypes() -> None:
    choices = gpu_check.choices()
    first = choices[: len(choices) // len(gpu_check.DTYPES)]
    assert len({(formula, reduction) for formula, reduction, _ in first}) == len(first)
    assert {dtype for _, _, dtype in first} == set(gpu_check.DTYPES)
    assert len(set(choices)) == len(choices)


def test_a_stage_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    stage = gpu_check.Stage("numbers", 0.2, gpu_check.check_numbers)
    result = gpu_check.supervised(stage, tmp_path / "result", dry_run=True, say=lambda line: None)
    assert result["verdict"] == "FAILED"
    assert result["summary"].startswith("stopped after 0 s")


def test_without_a_gpu_nothing_else_is_tried(tmp_path: Path, no_gpu: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert gpu_check.main([str(tmp_path)]) == 1
    (result,) = json.loads((tmp_path / "gpu_check.json").read_text())
    assert result["verdict"] == "FAILED"
    assert "TargetError" in result["summary"]
