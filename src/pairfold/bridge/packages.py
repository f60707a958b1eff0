"""The packages for R, MATLAB and Octave, which lie beside this module, and how they get to their users."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib import metadata
from pathlib import Path

from pairfold import __version__
from pairfold.errors import PairfoldError

__all__ = ["MATLAB", "InstallationError", "R", "install_r", "where", "write_octave_package"]

R = Path(__file__).resolve().parent / "r"
"""The source of the R package."""

MATLAB = Path(__file__).resolve().parent / "matlab"
"""The folder for the path of MATLAB and Octave."""

_NOT_INSTALLED = ("examples", "tests")


_RETICULATE = (
    '\nThe package needs reticulate. In R: install.packages("reticulate"); on Debian and Ubuntu: '
    "apt-get install r-cran-reticulate."
)


class InstallationError(PairfoldError, RuntimeError):
    """A package could not be installed."""


def where() -> str:
    """Return versions and folders, one a line."""
    return "\n".join(
        f"{name}: {value}"
        for name, value in (
            ("pairfold", __version__),
            ("python", sys.executable),
            ("R package", R),
            ("MATLAB and Octave package", MATLAB),
        )
    )


def install_r(library: Path | None = None) -> str:
    """Install the R package with ``R CMD INSTALL``, and return what to do next.

    Raises
    ------
    InstallationError
        If there is no R, or it reports an error.
    """
    program = shutil.which("R")
    if program is None:
        raise InstallationError(
            "There is no program R on the path. Install R (https://www.r-project.org), or add the folder of R to PATH, "
            f"and run this again; or install the folder {R} from within R, with "
            'install.packages("<folder>", repos = NULL, type = "source").'
        )
    command = [program, "CMD", "INSTALL", "--no-test-load"]
    if library is not None:
        library.mkdir(parents=True, exist_ok=True)
        command.append(f"--library={library}")
    # R writes beside the source of a package, and the folder of pip may be read-only.
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "pairfold"
        shutil.copytree(R, source)
        found = subprocess.run([*command, str(source)], capture_output=True, text=True, check=False)
    if found.returncode:
        said = f"{found.stdout}{found.stderr}"
        advice = _RETICULATE if "reticulate" in said else ""
        raise InstallationError(f"R could not install the package:\n{said}".rstrip() + advice)
    python = Path(sys.executable).as_posix()
    return (
        f"The R package pairfold {__version__} is installed. In R: library(pairfold). If R finds "
        f'another Python than this one, set it first: Sys.setenv(RETICULATE_PYTHON = "{python}").'
    )


def write_octave_package(folder: Path) -> Path:
    """Write ``pairfold-<version>.tar.gz`` for ``pkg install`` into `folder`, and return its path."""
    path = folder / f"pairfold-{__version__}.tar.gz"
    folder.mkdir(parents=True, exist_ok=True)
    top = f"pairfold-{__version__}"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in _descriptions().items():
            _add(archive, f"{top}/{name}", text.encode())
        for file in sorted(MATLAB.rglob("*")):
            inner = file.relative_to(MATLAB)
            if file.is_file() and inner.parts[0] not in _NOT_INSTALLED and file.suffix == ".m":
                _add(archive, f"{top}/inst/{inner.as_posix()}", file.read_bytes())
    return path


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.mode = 0o644
    archive.addfile(entry, io.BytesIO(content))


def _descriptions() -> dict[str, str]:
    """Return the files that Octave's package manager asks for."""
    functions = sorted(file.stem for file in (MATLAB / "+pairfold").glob("*.m"))
    lines = {
        "Name": "pairfold",
        "Version": __version__,
        "Date": "2026-11-28",
        "Author": "the authors of pairfold",
        "Maintainer": "the authors of pairfold",
        "Title": "Kernel reductions without kernel matrices",
        "Description": "Reductions over all pairs, compiled at run time, in linear memory; needs Python with pairfold.",
        "Depends": "octave (>= 7.1.0)",
        "License": "MIT",
    }
    return {
        "DESCRIPTION": "".join(f"{name}: {value}\n" for name, value in lines.items()),
        "COPYING": _license(),
        "INDEX": "toolbox >> pairfold\nKernel reductions\n" + "".join(f" pairfold.{name}\n" for name in functions),
    }


def _license() -> str:
    """Return the text of the license, which pip puts among the facts of the distribution."""
    beside = Path(__file__).resolve().parents[3] / "LICENSE"
    if beside.is_file():
        return beside.read_text()
    return metadata.distribution("pairfold").read_text("licenses/LICENSE") or "MIT license\n"
