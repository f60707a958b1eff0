"""Run a program that was written for pykeops: ``python -m pairfold.pykeops script.py`` or ``-m module``."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

from pairfold.pykeops.aliasing import install_as_pykeops

__all__ = ["main"]

USAGE = """usage: python -m pairfold.pykeops script.py [arguments ...]
       python -m pairfold.pykeops -m module [arguments ...]

Runs a Python program in which `import pykeops` means pairfold."""


def main(arguments: Sequence[str]) -> None:
    """Run the program that `arguments` name, as ``python`` would, with the alias in place.

    Parameters
    ----------
    arguments : sequence of str
        A script and its arguments, or ``-m``, a module and its arguments.

    Raises
    ------
    SystemExit
        With the usage if there is nothing to run; otherwise whatever the program raises.
    """
    if arguments and arguments[0] in ("-h", "--help"):
        sys.stdout.write(f"{USAGE}\n")
        return
    if not arguments:
        raise SystemExit(USAGE)
    is_module = arguments[0] == "-m"
    program = list(arguments[1:] if is_module else arguments)
    if not program or program[0].startswith("-"):
        raise SystemExit(f"Found {' '.join(arguments)!r}.\n{USAGE}")
    install_as_pykeops()
    sys.argv = program
    if is_module:
        # `python -m` has put the current folder in front of the path already.
        runpy.run_module(program[0], run_name="__main__", alter_sys=True)
        return
    script = Path(program[0])
    if not script.exists():
        raise SystemExit(f"There is no file {program[0]!r}.\n{USAGE}")
    if script.is_file() and not getattr(sys.flags, "safe_path", False):
        sys.path[0] = str(script.resolve().parent)
    runpy.run_path(program[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
