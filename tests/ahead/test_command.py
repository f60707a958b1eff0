"""The command `pairfold`: what it prints, writes and returns."""

from __future__ import annotations

from pathlib import Path

import pytest

from pairfold.__main__ import main

GAUSS = ["gauss", "Exp(-g*SqDist(x,y))*b", "x = Vi(3)", "y = Vj(3)", "b = Vj(1)", "g = Pm(1)"]


def test_compile_writes_three_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", *GAUSS, "--dtype", "float64", "-o", str(tmp_path / "new")]) == 0
    written = [tmp_path / "new" / name for name in ("gauss.h", "gauss.c", "gauss_kernel.o")]
    assert capsys.readouterr().out.splitlines() == [str(path) for path in written]
    assert all(path.stat().st_size > 0 for path in written)


def test_mistakes_end_with_a_message_and_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", *GAUSS, "--reduction", "Summ", "-o", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("pairfold compile: ")
    assert "Summ" in captured.err
    assert captured.out == ""
    assert list(tmp_path.iterdir()) == []
