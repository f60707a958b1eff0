"""The examples run at a small size, check themselves and make their pictures."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SIZES = {
    "handwritten_digits.py": (500, "Dense NumPy finds the same neighbours: True.", "sklearn"),
    "laplacian_eigenvectors.py": (1500, "The eigenvalues differ from those of the sphere by", "scipy"),
    "rbf_interpolation.py": (1200, "the coefficients agree with a dense solver", "matplotlib"),
    "two_million_points.py": (5000, "all pairs have the same neighbours: True", "matplotlib"),
    "torch/attention.py": (40, "pixels it agrees with PyTorch's attention", "skimage"),
    "torch/gaussian_mixture.py": (1500, "The log-densities agree with dense PyTorch", "torch"),
    "torch/gaussian_process.py": (600, "soundings the solution agrees with dense PyTorch", "torch"),
    "torch/k_means.py": (100, "In float64, no chosen centre is farther than the nearest", "skimage"),
    "torch/kernel_density.py": (1000, "points the likelihood is off by", "torch"),
    "torch/mesh_registration.py": (120, "vertices the gradient agrees with dense PyTorch", "scipy"),
    "torch/optimal_transport.py": (800, "the cheapest assignment costs", "scipy"),
}


def test_every_example_is_run() -> None:
    assert {path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob("*.py")} == {*SIZES, "demo.py"}


@pytest.mark.parametrize("name", SIZES)
def test_example(name: str, tmp_path: Path) -> None:
    size, said, package = SIZES[name]
    for needed in (package, "matplotlib", *(["torch"] if name.startswith("torch/") else [])):
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"the example needs {needed}")
    picture = tmp_path / "picture.png"
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), "--size", str(size), "--output", str(picture)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert said in done.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")
