"""Checks the packages for R, MATLAB and Octave with the programs that are on this machine.

What is missing is named and passed over, or is an error with PAIRFOLD_REQUIRE_BINDINGS=1, as in continuous integration.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from pairfold.bridge.packages import MATLAB, R

MISSING = (
    "{program} is not here: the {what} are not checked. `make bindings-packages` installs what Debian and Ubuntu have."
)


def run(*command: str | Path, cwd: Path | None = None) -> None:
    """Run a program with this Python as that of the packages; end with an error where it does."""
    environment = {**os.environ, "RETICULATE_PYTHON": sys.executable, "PAIRFOLD_PYTHON": sys.executable}
    sys.stdout.write(f"$ {' '.join(map(str, command))}\n")
    sys.stdout.flush()
    status = subprocess.run(command, cwd=cwd, env=environment, check=False).returncode
    if status:
        raise SystemExit(f"{command[0]} ended with status {status}.")


def check_r() -> None:
    """Build the R package and check it, with its tests and vignettes."""
    with tempfile.TemporaryDirectory() as folder:
        run("R", "CMD", "build", R, cwd=Path(folder))
        (archive,) = Path(folder).glob("pairfold_*.tar.gz")
        run("R", "CMD", "check", "--no-manual", archive.name, cwd=Path(folder))
        log = (Path(folder) / "pairfold.Rcheck" / "00check.log").read_text()
    if not log.rstrip().endswith("Status: OK"):
        raise SystemExit(f"R CMD check does not end with `Status: OK`:\n{log}")


def check_octave() -> None:
    """Run the tests of the package for MATLAB and Octave."""
    run("octave-cli", "--no-history", "-q", MATLAB / "tests" / "run.m")


def check_syntax() -> None:
    """Read the files as MATLAB would."""
    run("mh_lint", MATLAB)


CHECKS: tuple[tuple[str, str, Path, Callable[[], None]], ...] = (
    ("R", "package for R and its tests", R / "DESCRIPTION", check_r),
    ("octave-cli", "tests of the package for MATLAB and Octave", MATLAB / "tests" / "run.m", check_octave),
    ("mh_lint", "files for MATLAB and their syntax", MATLAB, check_syntax),
)


def main() -> int:
    """Run every check whose program is here; return the exit status."""
    status = 0
    # Programs that pip has installed beside this Python count.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    for program, what, needed, check in CHECKS:
        if not needed.exists():
            sys.stdout.write(f"There is no {needed}: the {what} are not checked.\n")
        elif shutil.which(program) is None:
            sys.stdout.write(MISSING.format(program=program, what=what) + "\n")
            status |= os.environ.get("PAIRFOLD_REQUIRE_BINDINGS") == "1"
        else:
            check()
    return status


if __name__ == "__main__":
    sys.exit(main())
