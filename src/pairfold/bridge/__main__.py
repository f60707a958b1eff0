"""The command line: ``python -m pairfold.bridge serve | where | matlab-path | install-r | octave-package``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pairfold.bridge import packages
from pairfold.bridge.server import serve

__all__ = ["main"]


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m pairfold.bridge", description="pairfold for R, MATLAB and GNU Octave."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="answer requests on standard input, for Octave; started by its package")
    commands.add_parser("where", help="print versions, this Python, and the folders of the packages")
    commands.add_parser("matlab-path", help="print the folder for addpath in MATLAB and Octave")
    install = commands.add_parser("install-r", help="install the R package")
    install.add_argument("--library", type=Path, help="the R library; by default R's first one")
    archive = commands.add_parser("octave-package", help="write an archive for Octave's `pkg install`")
    archive.add_argument(
        "-o", "--output", type=Path, default=Path(), help="the folder to write it to; this one by default"
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Carry out a command; return the exit status."""
    given = _arguments(arguments)
    if given.command == "serve":
        return serve()
    try:
        sys.stdout.write(f"{_done(given)}\n")
    except packages.InstallationError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _done(given: argparse.Namespace) -> object:
    if given.command == "where":
        return packages.where()
    if given.command == "matlab-path":
        return packages.MATLAB
    if given.command == "install-r":
        return packages.install_r(given.library)
    return packages.write_octave_package(given.output)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
