"""The commands that bring the packages for other languages to their users."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

import pairfold
from pairfold.bridge import packages
from pairfold.bridge.__main__ import main


def test_where(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["where"]) == 0
    shown = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
    assert shown["pairfold"] == pairfold.__version__
    assert shown["python"] == sys.executable
    assert Path(shown["R package"]).is_dir()


def test_the_folder_of_matlab(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["matlab-path"]) == 0
    assert (Path(capsys.readouterr().out.strip()) / "+pairfold").is_dir()


def test_without_r(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "")
    assert main(["install-r"]) == 1
    assert "There is no program R on the path. Install R" in capsys.readouterr().err


def test_what_r_says_is_passed_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "R"
    program.write_text("#!/bin/sh\necho no space left\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(packages.shutil, "which", lambda name: str(program))
    with pytest.raises(packages.InstallationError, match=r"R could not install the package:\nno space left"):
        packages.install_r()


def test_a_missing_package_of_r_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "R"
    program.write_text("#!/bin/sh\necho dependency reticulate is not available\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(packages.shutil, "which", lambda name: str(program))
    with pytest.raises(packages.InstallationError, match=r'install\.packages\("reticulate"\)'):
        packages.install_r()


def has_r_and_reticulate() -> bool:
    found = shutil.which("Rscript")
    return (
        found is not None and not subprocess.run([found, "-e", "loadNamespace('reticulate')"], check=False).returncode
    )


def test_installed_into_a_library_r_computes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not has_r_and_reticulate():
        assert os.environ.get("PAIRFOLD_REQUIRE_BINDINGS") != "1", "R with the package reticulate is not here"
        pytest.skip("R with the package reticulate is not here")
    assert main(["install-r", "--library", str(tmp_path)]) == 0
    assert "is installed. In R: library(pairfold)" in capsys.readouterr().out
    program = "library(pairfold); cat(sum(Vi(1:3) * Vj(1:4), 'j')); cat('', pairfold_config()$executable)"
    environment = {
        **os.environ,
        "R_LIBS": str(tmp_path),
        "RETICULATE_PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    answer = subprocess.run(
        ["Rscript", "-e", program], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert answer == f"10 20 30 {sys.executable}"


def test_the_archive_for_octave(tmp_path: Path) -> None:
    assert main(["octave-package", "-o", str(tmp_path)]) == 0
    top = f"pairfold-{pairfold.__version__}"
    with tarfile.open(tmp_path / f"{top}.tar.gz") as archive:
        names = archive.getnames()
        description = archive.extractfile(f"{top}/DESCRIPTION")
        assert description is not None
        assert f"Version: {pairfold.__version__}\n".encode() in description.read()
    assert f"{top}/COPYING" in names
    assert f"{top}/inst/+pairfold/+internal/registry.m" in names
    assert not any("/tests/" in name or "/examples/" in name for name in names)
