"""What editors and type checkers know: two checkers let one program pass and find the mistakes of another one."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import FunctionType, ModuleType, UnionType
from typing import Any, get_args, get_origin

import numpy as np
import pytest

from pairfold.errors import ArgumentTypeError
from pairfold.numpy import ComplexLazyTensor, Genred, KernelSolve, LazyTensor
from tests.types import passes

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
FRAMEWORKS = ("torch", "jax", "dask")

Found = set[tuple[str, int, str]]
"""Mistakes: the name of the program, the line and the code."""


def script() -> ModuleType:
    """Return the script that writes the stubs, as a module."""
    path = ROOT / "tools" / "generate_type_stubs.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def require(*packages: str) -> None:
    """Skip the test where a package is missing; in CI, where all are installed, let it fail."""
    missing = [package for package in packages if importlib.util.find_spec(package) is None]
    if missing and not os.environ.get("CI"):
        pytest.skip(f"needs {', '.join(missing)}: `pip install pairfold[test]`")
    assert not missing


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a checker, which finds the package and the types of CuPy where this test has them."""
    places = os.pathsep.join(map(str, (ROOT / "src", HERE / "stubs", ROOT)))
    environment = {**os.environ, "PYTHONPATH": places, "MYPYPATH": places, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    command = (sys.executable, "-m", *command)
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def expected(checker: int) -> Found:
    """Return the mistakes that comments name; the codes of mypy (0) or pyright (1)."""
    lines = (HERE / "fails.py").read_text(encoding="utf-8").split("\n")
    found = [(line, re.search(r"  # ([\w-]+) \| ([\w ]+)$", text)) for line, text in enumerate(lines, 1)]
    matches = [(line, match[checker + 1].split()) for line, match in found if match is not None]
    return {("fails.py", line, code) for line, codes in matches for code in codes}


def compared(found: Found, wanted: Found) -> list[str]:
    """Return what is found and not wanted, or wanted and not found."""
    return [
        f"{name}:{line} {code}: found" if (name, line, code) in found else f"{name}:{line} {code}: not found"
        for name, line, code in sorted(found ^ wanted)
    ]


def test_mypy() -> None:
    require("mypy", *FRAMEWORKS)
    # With the settings of the project, so that what it knows of the frameworks need not be found out twice.
    programs = [f"tests/types/{name}.py" for name in ("passes", "fails")]
    done = run("mypy", "--strict", "--no-error-summary", "--hide-error-context", "--no-pretty", *programs)
    errors = re.findall(r"^tests/types/(\w+\.py):(\d+): error: .*\[([\w-]+)\]$", done.stdout, re.MULTILINE)
    assert compared({(name, int(line), code) for name, line, code in errors}, expected(0)) == [], done.stdout
    assert len(re.findall(r": error: ", done.stdout)) == len(errors), done.stdout


def test_pyright() -> None:
    require("pyright", *FRAMEWORKS)
    done = run(
        "pyright", "--outputjson", "--pythonpath", sys.executable, str(HERE / "passes.py"), str(HERE / "fails.py")
    )
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    report = json.loads(done.stdout)
    errors = [one for one in report["generalDiagnostics"] if one["severity"] in ("error", "warning")]
    found = {(Path(one["file"]).name, one["range"]["start"]["line"] + 1, one["rule"]) for one in errors}
    assert compared(found, expected(1)) == [], "\n".join(one["message"] for one in errors)


# ---------------------------------------------------------------- the types are true


def matches(value: object, kind: Any) -> bool:
    """Tell whether a value is of a type."""
    origin, parts = get_origin(kind), get_args(kind)
    if isinstance(kind, UnionType):
        return any(matches(value, one) for one in parts)
    if origin in (list, tuple) and isinstance(value, origin):
        kinds = parts[:1] * len(value) if origin is list or parts[-1] is Ellipsis else parts
        return len(value) == len(kinds) and all(map(matches, value, kinds))
    return isinstance(value, origin or kind)


@pytest.mark.parametrize("program", passes.RUN, ids=lambda program: program.__name__)
def test_what_checkers_are_told_is_true(program: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    require(*FRAMEWORKS)

    def check(value: object, kind: Any) -> object:
        assert matches(value, kind), f"{type(value)} is not {kind}"
        return value

    monkeypatch.setattr(passes, "assert_type", check)
    program()


def test_the_judge_sees_a_wrong_type() -> None:
    assert matches(np.zeros(2), np.ndarray[Any, Any])
    assert not matches((np.zeros(2),), np.ndarray[Any, Any])
    assert not matches((np.zeros(2), 1), tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]])
    assert matches((2, None), tuple[int | None, ...])
    assert not matches((2, None), tuple[int, ...])
    assert matches(None, np.dtype[Any] | None)
    assert not matches(1.0, np.dtype[Any] | None)


# ---------------------------------------------------------------- the files


def test_regeneration_gives_the_committed_files(capsys: pytest.CaptureFixture[str]) -> None:
    require("ruff", *FRAMEWORKS)
    assert script().main(["--check"]) == 0, capsys.readouterr().err


def declared(file: str, *classes: str) -> dict[str, set[str]]:
    """Return the parameters of the functions of some classes in a stub, those of all overloads, by their names."""
    found: dict[str, set[str]] = {}
    for node in ast.parse((ROOT / "src" / "pairfold" / file).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name in classes:
            for function in node.body:
                if isinstance(function, ast.FunctionDef):
                    named = [*function.args.args, *function.args.kwonlyargs]
                    found.setdefault(function.name, set()).update(one.arg for one in named)
    return found


def parameters(function: Any) -> tuple[set[str], bool]:
    """Return the names of the parameters of a function, and whether it takes any keyword besides."""
    several = inspect.signature(function).parameters.values()
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {one.name for one in several if one.kind not in variadic}, any(one.kind is variadic[1] for one in several)


REAL = ("AnyTensor", "RealTensor", "Entries", "LazyTensor")
COMPLEX = ("AnyTensor", "ComplexTensor", "Entries", "ComplexLazyTensor")


@pytest.mark.parametrize(
    ("classes", "kind"),
    [(REAL, LazyTensor), (COMPLEX, ComplexLazyTensor), (("Routine",), Genred), (("Solver",), KernelSolve)],
    ids=["LazyTensor", "ComplexLazyTensor", "Genred", "KernelSolve"],
)
def test_parameters_are_those_of_the_methods(classes: tuple[str, ...], kind: type[Any]) -> None:
    for name, found in declared("_types.pyi", *classes).items():
        member = inspect.getattr_static(kind, name)
        if isinstance(member, (FunctionType, staticmethod)) and (not name.startswith("_") or name == "__call__"):
            wanted, takes_any = parameters(getattr(kind, name))
            assert wanted <= found if takes_any else wanted == found, name


def test_every_public_name_of_a_tensor_is_there() -> None:
    names = {name for name in dir(LazyTensor(1.0)) if not name.startswith("_")}
    assert names - set(declared("_types.pyi", *REAL)) == script().INTERNAL


def test_no_operation_of_complex_numbers_is_promised_that_there_is_not() -> None:
    tensor = ComplexLazyTensor(np.ones((3, 1, 2), complex))
    for name, found in declared("_types.pyi", "ComplexTensor").items():
        member = inspect.getattr_static(ComplexLazyTensor, name)
        if not name.startswith("_") and found == {"self"} and isinstance(member, FunctionType):
            getattr(tensor, name)()
    for name in ("sigmoid", "floor"):
        assert name not in declared("_types.pyi", "ComplexTensor")
        with pytest.raises(ArgumentTypeError):
            getattr(tensor, name)()


def test_the_wheel_has_the_stubs(tmp_path: Path) -> None:
    require("setuptools")
    for name in ("src", "pyproject.toml", "README.md", "LICENSE"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    build = "from setuptools import build_meta; print(build_meta.build_wheel('.'))"
    done = subprocess.run([sys.executable, "-c", build], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    stubs = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*.pyi")}
    assert len(stubs) == 10
    assert {*stubs, "pairfold/py.typed"} <= packed
