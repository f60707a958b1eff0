"""The names of pykeops lead to pairfold, and nothing else changes."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
import pickle
import subprocess
import sys
import types
import warnings
from pathlib import Path

import numpy as np
import pytest

import pairfold.pykeops
from pairfold.errors import AliasError, ArgumentValueError, TargetError
from pairfold.pykeops.aliasing import install_as_pykeops

FORMULA, ALIASES = "Exp(-SqDist(x, y))", ["x = Vi(2)", "y = Vj(2)"]


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "pairfold.pykeops", *arguments]
    search = os.pathsep.join(path for path in sys.path if path)
    environment = {**os.environ, "PYTHONPATH": search}
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)


@pytest.mark.usefixtures("alias")
def test_modules_are_those_of_pairfold_under_another_name() -> None:
    names = ("", ".numpy", ".numpy.cluster", ".numpy.utils", ".common.utils", ".common.parse_type", ".config")
    for name in names:
        real = importlib.import_module(f"pairfold.pykeops{name}")
        assert importlib.import_module(f"pykeops{name}") is real
        assert real.__spec__.name == f"pairfold.pykeops{name}"


@pytest.mark.usefixtures("alias")
def test_parts_are_found_without_an_import_of_their_own() -> None:
    import pykeops

    assert pykeops.numpy.Genred is importlib.import_module("pykeops.numpy").Genred
    assert pykeops.common.utils.axis2cat(1) == 0
    assert importlib.util.find_spec("pykeops.numpy") is not None
    assert importlib.util.find_spec("pykeops.no_such_module") is None
    with pytest.raises(AttributeError, match="has no attribute 'no_such_name'"):
        _ = pykeops.no_such_name
    with pytest.raises(ModuleNotFoundError, match=r"pykeops\.no_such_module"):
        importlib.import_module("pykeops.no_such_module")


@pytest.mark.usefixtures("alias")
@pytest.mark.parametrize("name", ["generic_sum", "generic_logsumexp"])
def test_a_module_and_a_function_of_one_name(name: str) -> None:
    module = importlib.import_module(f"pykeops.numpy.{name}")
    assert isinstance(module, types.ModuleType)
    assert getattr(importlib.import_module("pykeops.numpy"), name) is module
    x, y = np.zeros((3, 2)), np.zeros((4, 2))
    by_function = module(FORMULA, "a = Vx(1)", "x = Vx(2)", "y = Vy(2)")(x, y)
    by_module = getattr(module, f"{name}_np")(FORMULA, "a = Vx(1)", "x = Vx(2)", "y = Vy(2)")(x, y)
    np.testing.assert_array_equal(by_function, by_module)
    assert by_function.shape == (3, 1)


@pytest.mark.usefixtures("alias")
def test_versions_are_those_of_a_release_that_programs_allow() -> None:
    import pykeops

    assert pykeops.__version__ == importlib.metadata.version("pykeops") == importlib.metadata.version("KeOpsCore")
    assert pykeops.__version__ < "2.3"
    found = importlib.metadata.distribution("pykeops")
    assert found.metadata["Name"] == "pykeops"
    with pytest.raises(FileNotFoundError, match=r"pykeops is an alias of pairfold and has no file 'a\.txt'"):
        found.locate_file("a.txt")
    # Other distributions are still found by the finders behind ours.
    assert importlib.metadata.version("numpy") == np.__version__
    assert "pykeops" not in {each.metadata["Name"] for each in pairfold.pykeops.aliasing._Finder().find_distributions()}


@pytest.mark.usefixtures("alias")
def test_flags_of_keopscore_can_be_read_and_set() -> None:
    import keopscore
    import keopscore.config.config

    before = keopscore.config.use_cuda, keopscore.config.config.use_cuda
    assert before == (False, False)
    keopscore.config.use_cuda = keopscore.config.config.use_cuda = True
    assert keopscore.config.use_cuda
    keopscore.config.use_cuda, keopscore.config.config.use_cuda = before
    assert not keopscore.config.cuda_config.get_use_cuda()
    keopscore.config.cuda_config.set_use_cuda(False)
    assert not keopscore.config.openmp_config.get_use_OpenMP()
    keopscore.auto_factorize = False


@pytest.mark.usefixtures("alias")
def test_harmless_shims(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    import pykeops

    default = pykeops.get_build_folder()
    pykeops.set_build_folder(tmp_path / "cache")
    assert pykeops.get_build_folder() == pykeops.config.bin_folder == pykeops.build_folder == str(tmp_path / "cache")
    assert not (tmp_path / "cache").exists()
    pykeops.set_build_folder()
    assert pykeops.get_build_folder() == default
    pykeops.set_verbose(True)
    pykeops.clean_pykeops(recompile_jit_binaries=False)
    assert "target: CPU" in pykeops.check_health()
    assert not pykeops.config.gpu_available
    pykeops.set_verbose(False)
    assert capsys.readouterr() == ("", "")
    with pytest.raises(AttributeError, match=r"'pykeops\.config' .* has no attribute 'nothing'"):
        _ = pykeops.config.nothing


@pytest.mark.usefixtures("alias")
@pytest.mark.parametrize("framework", ["numpy", "torch"])
def test_bindings_say_that_they_work(framework: str, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip(framework)
    import pykeops

    getattr(pykeops, f"test_{framework}_bindings")()
    assert capsys.readouterr() == (f"pyKeOps with {framework} bindings is working!\n", "")


def test_wrong_bindings_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairfold.pykeops, "_VALUES", [0.0, 0.0])
    with pytest.raises(AssertionError, match="pairfold computed"):
        pairfold.pykeops.test_numpy_bindings()


@pytest.mark.usefixtures("alias")
@pytest.mark.usefixtures("no_gpu")
def test_routines_take_the_options_of_every_release() -> None:
    from pykeops.numpy import Genred

    x, y = np.zeros((3, 2), np.float32), np.zeros((4, 2), np.float32)
    routine = Genred(FORMULA, ALIASES, "Sum", axis=1, dtype="float32", cuda_type="float32", optional_flags=["-O"])
    assert routine(x, y).dtype == np.float32
    assert routine.optional_flags == ["-O"]
    assert isinstance(pickle.loads(pickle.dumps(routine)), Genred)
    with pytest.raises(TargetError, match="asks for a GPU"):
        routine(x, y, backend="GPU")


@pytest.mark.usefixtures("no_pykeops")
def test_another_pykeops_is_not_replaced() -> None:
    sys.modules["pykeops"] = types.ModuleType("pykeops")
    with pytest.raises(AliasError, match=r"pykeops is already imported, from an unknown place\. Call install_as"):
        install_as_pykeops()


@pytest.mark.usefixtures("alias")
def test_installing_twice_is_installing_once() -> None:
    finders = list(sys.meta_path)
    importlib.import_module("pykeops")
    install_as_pykeops()
    assert sys.meta_path == finders


@pytest.mark.usefixtures("no_pykeops")
@pytest.mark.parametrize("value", [False, None])
def test_libraries_that_looked_earlier_are_named(value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    library = types.ModuleType("library_of_kernels")
    library.KeOps_available = value  # type: ignore[attr-defined]
    other = types.ModuleType("other_library")
    other.keops_available = True  # type: ignore[attr-defined]
    for module in (library, other):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    with pytest.warns(
        UserWarning, match="^library_of_kernels looked for pykeops before this call, found none, and may"
    ):
        install_as_pykeops()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        install_as_pykeops()


def test_run_a_script(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("value = 3\n")
    (tmp_path / "script.py").write_text(
        "import sys, pykeops, helper\n"
        "from pykeops.numpy import Genred\n"
        "class Local: pass\n"
        "import pickle; pickle.dumps(Local())\n"
        "print(__name__, sys.argv, helper.value, pykeops.__version__, sys.modules['__main__'].Local is Local)\n"
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    script = os.path.join("..", "script.py")  # noqa: PTH118 - a relative path is the point
    result = run(script, "-x", "1", folder=elsewhere)
    assert result.stderr == ""
    assert result.stdout.split(maxsplit=1) == ["__main__", f"{[script, '-x', '1']} 3 2.2.3 True\n"]


def test_run_a_module(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("import sys, pykeops.numpy\nprint(__name__, sys.argv[1:])\n")
    result = run("-m", "program", "a", "--b", folder=tmp_path)
    assert (result.stdout, result.stderr) == ("__main__ ['a', '--b']\n", "")


def test_exit_codes_pass_through(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("raise SystemExit(7)\n")
    assert run("script.py", folder=tmp_path).returncode == 7


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "usage: python -m pairfold.pykeops script.py"),
        (["-x"], "Found '-x'."),
        (["-m"], "Found '-m'."),
        (["absent.py"], "There is no file 'absent.py'."),
    ],
)
def test_nothing_to_run(arguments: list[str], message: str, tmp_path: Path) -> None:
    result = run(*arguments, folder=tmp_path)
    assert result.returncode == 1
    assert result.stderr.startswith(message)
    assert "-m module" in result.stderr


def test_help(tmp_path: Path) -> None:
    result = run("--help", folder=tmp_path)
    assert result.returncode == 0
    assert result.stdout.startswith("usage:")


@pytest.mark.usefixtures("no_gpu")
def test_common_helpers() -> None:
    from pairfold.pykeops.common import get_options, gpu_utils, parse_type, utils

    assert (utils.axis2cat(0), utils.cat2axis(0)) == (1, 1)
    with pytest.raises(ArgumentValueError, match="axis is 2; it must be 0"):
        utils.axis2cat(2)
    with pytest.raises(ArgumentValueError, match="The category is 3"):
        utils.cat2axis(3)
    assert utils.max_tuple((1, 5), (3, 2)) == (3, 5)
    assert utils.check_broadcasting(None, (2,)) == utils.check_broadcasting((1,), (2,)) == (2,)
    with pytest.raises(ArgumentValueError, match="do not broadcast"):
        utils.check_broadcasting((3,), (2,))
    with pytest.raises(ArgumentValueError, match="The language is 'julia'"):
        utils.get_tools("julia")
    utils.WarmUpGpu("numpy")
    assert parse_type.get_type("p = Pm(4, 2)", 0) == ("p", 2, 2, 4)
    assert parse_type.get_type("Var(1,2,0)") == (None, 0, 2, 1)
    assert parse_type.get_sizes(ALIASES, np.zeros((3, 2)), np.zeros((4, 2))) == (3, 4)
    assert parse_type.get_sizes(["p = Pm(2)"], np.zeros(2)) == (1, 1)
    assert parse_type.complete_aliases("x + Var(1, 2, 0) * Var(0,2,0)", ["x = Vi(2)"]) == ["x = Vi(2)", "Var(1,2,0)"]
    assert get_options.get_tag_backend("auto", ()) == (0, 0, 0)
    with pytest.raises(TargetError, match="asks for a GPU"):
        get_options.get_tag_backend("GPU", ())
    assert gpu_utils.get_gpu_number() == 0
