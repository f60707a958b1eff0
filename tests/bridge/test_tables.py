"""The tables in the packages for other languages are what the registries say."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    """The script as a module."""
    path = ROOT / "tools" / "generate_binding_tables.py"
    spec = importlib.util.spec_from_file_location("generate_binding_tables", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_regeneration_gives_the_committed_files(generator: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert generator.main(["--check"]) == 0, capsys.readouterr().err


def test_they_are_plain_text(generator: ModuleType) -> None:
    for make in generator.FILES.values():
        assert make().isascii()
