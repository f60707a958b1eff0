"""The examples are pages of the gallery; each of them runs, checks itself and makes its pictures."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
GALLERY = sorted(path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.glob("gallery/*/*.py"))
ALWAYS = "gallery/first_steps/kernel_product.py"
"""A page that also runs without Sphinx-Gallery, whatever the build of the documentation did."""
PACKAGES = ("torch", "jax", "sklearn", "scipy", "skimage", "gpytorch", "matplotlib")


@pytest.fixture
def gallery(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(EXAMPLES.parent / "docs" / "_ext")
    pytest.importorskip("sphinx")
    return importlib.import_module("gallery")


def skip_without(*packages: str) -> None:
    for needed in packages:
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"the example needs {needed}")


def test_every_example_is_run() -> None:
    found = {path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob("*.py")}
    assert found == {*GALLERY, "demo.py"}


@pytest.mark.parametrize("name", GALLERY)
def test_page(name: str, gallery: ModuleType, tmp_path: Path) -> None:
    """The build of the documentation ran it, with this state of the library; what it did not run, runs here."""
    program = EXAMPLES / name
    if gallery.ran(program) and name != ALWAYS:
        return
    text = program.read_text(encoding="utf-8")
    skip_without(*(package for package in PACKAGES if f"import {package}" in text or f"from {package}" in text))
    environment = {key: value for key, value in os.environ.items() if key != "PAIRFOLD_GALLERY"}
    environment |= {"MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "error", str(program)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", GALLERY)
def test_every_page_can_fail_and_has_a_formula_and_a_picture(name: str) -> None:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    for needed in ("\nassert ", ".. math::", "plt.show()", "PAIRFOLD_GALLERY", "\n# %%\n"):
        assert needed in text, needed


def test_every_section_has_its_place(gallery: ModuleType) -> None:
    assert {path.parent.name for path in gallery.programs()} <= set(gallery.SECTIONS)
    assert len({path.name for path in gallery.programs()}) == len(gallery.programs()), "two pages have the same name"
    assert {path.parent.name for path in gallery.PROGRAMS.glob("*/GALLERY_HEADER.rst")} == set(gallery.SECTIONS)


def test_what_ran_is_known_by_the_program_and_the_library(gallery: ModuleType, tmp_path: Path) -> None:
    program = EXAMPLES / ALWAYS
    of_text, of_library = gallery.digests(program, tmp_path)
    of_text.parent.mkdir()
    for text, library, known in (
        ("same", None, 0),
        ("same", "same", 1),
        ("another", "same", 0),
        ("same", "another", 0),
    ):
        digest = hashlib.md5(program.read_bytes()).hexdigest()
        of_text.write_text(digest if text == "same" else text, encoding="utf-8")
        if library is not None:
            of_library.write_text(gallery.fingerprint() if library == "same" else library, encoding="utf-8")
        assert gallery.ran(program, tmp_path) == bool(known), (text, library)
        gallery.forget(tmp_path)
        assert of_text.is_file() == bool(known)


def test_every_page_runs_again_at_full_size(
    gallery: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_text, of_library = gallery.digests(EXAMPLES / ALWAYS, tmp_path)
    of_text.parent.mkdir()
    of_text.write_text(hashlib.md5((EXAMPLES / ALWAYS).read_bytes()).hexdigest(), encoding="utf-8")
    of_library.write_text(gallery.fingerprint(), encoding="utf-8")
    monkeypatch.setenv("PAIRFOLD_GALLERY", "full")
    gallery.forget(tmp_path)
    assert not of_text.exists()
