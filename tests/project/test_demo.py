"""The demonstration runs, at a smaller size, and makes its picture."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

DEMO = Path(__file__).parents[2] / "examples" / "demo.py"


def test_small_demo(tmp_path: Path) -> None:
    picture = tmp_path / "demo.png"
    command = [sys.executable, str(DEMO), "--step", "8", "--passes", "2", "--output", str(picture)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "a cloud of 3750 points" in done.stdout
    assert "Relative error of 200 rows" in done.stdout
    assert "100%" in done.stderr, "the progress bar"
    assert picture.read_bytes().startswith(b"\x89PNG")
