"""The tables in the packages for other languages are what the registries say."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

import pairfold
from pairfold.bridge.packages import R

ROOT = Path(__file__).resolve().parents[2]


def script(name: str) -> ModuleType:
    """Return a script of the folder of tools as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    """The script that writes the tables."""
    return script("generate_binding_tables")


def test_regeneration_gives_the_committed_files(generator: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert generator.main(["--check"]) == 0, capsys.readouterr().err


def test_they_are_plain_text(generator: ModuleType) -> None:
    for make in generator.FILES.values():
        assert make().isascii()


def test_help_pages_of_r_are_the_committed_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert script("generate_r_help").main(["--check"]) == 0, capsys.readouterr().err


def test_the_r_package_has_the_version_of_pairfold() -> None:
    description = (R / "DESCRIPTION").read_text()
    assert f"\nVersion: {pairfold.__version__}\n" in description
