"""Build the wheel and the source distribution, and try each in an empty environment of every Python that is here.

Needs ``build``, ``twine`` and ``py-rattler-build``. Looked for are python3.10 to python3.14 on the path and in the
folders of pyenv; others can be named.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import which

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
IN_SOURCES = (
    "CHANGELOG.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "LICENSE",
    "docs/index.rst",
    "tests/conftest.py",
    "Makefile",
)

SMOKE = """
import sys
import numpy as np
import pairfold
from pairfold.numpy import Genred, LazyTensor

random = np.random.default_rng(0)
x, y, b = random.random((300, 3)), random.random((400, 3)), random.random((400, 2))
squares = ((x[:, None] - y[None]) ** 2).sum(-1)
lazy = ((LazyTensor(x[:, None]) - LazyTensor(y[None])) ** 2).sum(-1)
assert np.allclose((-lazy).exp() @ b, np.exp(-squares) @ b, rtol=1e-12)
assert (lazy.argKmin(3, axis=1, tol=0) == np.argsort(squares, axis=1)[:, :3]).all()
slope = Genred("Grad(Exp(-SqDist(x, y)), x, 1)", ["x = Vi(3)", "y = Vj(3)"], axis=1)(x, y)
weights = -2 * np.exp(-squares)
assert np.allclose(slope, weights.sum(1, keepdims=True) * x - weights @ y, rtol=1e-9)
loaded = {"torch", "jax", "dask", "sklearn", "scipy", "cupy"} & set(sys.modules)
assert not loaded, loaded
print(pairfold.__version__, sys.version.split()[0], np.__version__)
"""


def pythons() -> Iterator[str]:
    """Yield the interpreters that are here, one for each version."""
    home = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for version in VERSIONS:
        own = [sys.executable] if sys.version.startswith(f"{version}.") else []
        kept = sorted(str(path) for path in home.glob(f"{version}.*/bin/python"))
        found = [*own, *kept, *filter(None, [which(f"python{version}")])]
        if found:
            yield found[0]
        else:
            print(f"no Python {version} is here")  # noqa: T201


def run(*command: object, cwd: Path | None = None) -> str:
    """Run a command and return what it prints; what goes wrong is shown and ends the check."""
    # What is installed is tried, and not the sources of a checkout.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(words)}\n{done.stdout}{done.stderr}")
    return done.stdout


def check_recipe() -> None:
    """Let rattler-build read the recipe for conda, which must ask for what the project file asks for."""
    import rattler_build  # noqa: PLC0415 - for this check alone

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    recipe = rattler_build.Stage0Recipe.from_yaml((ROOT / "packaging/conda/recipe.yaml").read_text(encoding="utf-8"))
    variants = rattler_build.VariantConfig({"python_min": [project["requires-python"].removeprefix(">=")]})
    (rendered,) = (variant.recipe.to_dict() for variant in recipe.render(variants))
    asked = [f"python {project['requires-python']}", *(name.replace(">", " >", 1) for name in project["dependencies"])]
    found = rendered["package"]["version"], rendered["requirements"]["run"]
    if found != (project["version"], asked):
        sys.exit(f"packaging/conda/recipe.yaml has {found}, the project file {(project['version'], asked)}.")
    if f"\nversion: {project['version']}\n" not in (ROOT / "CITATION.cff").read_text(encoding="utf-8"):
        sys.exit("CITATION.cff has another version than the project file.")
    print("recipe for conda: read by rattler-build", rattler_build.rattler_build_version())  # noqa: T201


def try_in_empty_environment(python: str, package: Path, folder: Path) -> None:
    """Install a package, and nothing but what it asks for, and use it."""
    run(python, "-m", "venv", folder)
    installed = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    run(installed, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package)
    print(f"{package.name}: {run(installed, '-c', SMOKE, cwd=folder).strip()}", flush=True)  # noqa: T201
    doctor = run(installed, "-W", "error", "-m", "pairfold", cwd=folder)
    if "pairfold" not in doctor:
        sys.exit(f"`python -m pairfold` says nothing of use:\n{doctor}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pythons", nargs="*", help="interpreters, by default those that are found")
    chosen = parser.parse_args(arguments).pythons or list(pythons())
    check_recipe()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        run(sys.executable, "-m", "build", "--outdir", folder / "dist", ROOT)
        packages = sorted((folder / "dist").iterdir())
        print(run(sys.executable, "-m", "twine", "check", "--strict", *packages).strip())  # noqa: T201
        (sources,) = (package for package in packages if package.name.endswith(".tar.gz"))
        with tarfile.open(sources) as archive:
            names = {name.partition("/")[2] for name in archive.getnames()}
        if missing := [name for name in IN_SOURCES if name not in names]:
            sys.exit(f"{sources.name} lacks {', '.join(missing)}.")
        for number, python in enumerate(chosen):
            for package in packages:
                try_in_empty_environment(python, package, folder / f"{number}-{package.suffix[1:]}")


if __name__ == "__main__":
    main()
