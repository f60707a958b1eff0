"""The command `pairfold`: what this installation is, and kernels ahead of time.

``python -m pairfold`` without a command looks at the installation: see `pairfold.doctor`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from pairfold import __version__, compile_ahead
from pairfold.doctor import examine
from pairfold.errors import PairfoldError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the result is the exit status of the process."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.command is None:
        found = examine()
        sys.stdout.write(f"{found}\n")
        return 0 if found.is_well else 1
    try:
        made = compile_ahead(
            given.name,
            given.formula,
            given.aliases,
            reduction_op=given.reduction,
            axis=given.axis,
            dtype=given.dtype,
            opt_arg=given.k,
            formula2=given.weight,
            dtype_acc=given.dtype_acc,
            sum_scheme=given.sum_scheme,
            levels=given.level,
            triple=given.triple,
            folder=given.output,
        )
    except PairfoldError as reason:
        sys.stderr.write(f"pairfold compile: {reason}\n")
        return 2
    sys.stdout.write("".join(f"{path}\n" for path in (made.header, made.source, made.object)))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pairfold",
        description="Without a command: what this installation is, and whether it computes right (status 0) or not "
        "(1). Commands: compile.",
    )
    parser.add_argument("--version", action="version", version=f"pairfold {__version__}")
    compiling = parser.add_subparsers(dest="command").add_parser(
        "compile",
        help="write a formula as a C function: NAME.h, NAME.c, NAME_kernel.o",
        description="Write a formula as a C function: NAME.h, NAME.c and NAME_kernel.o. It runs without Python.",
        epilog="Example: pairfold compile gauss 'Exp(-g*SqDist(x,y))*b' 'x = Vi(3)' 'y = Vj(3)' 'b = Vj(1)' "
        "'g = Pm(1)' --dtype float64 --level sse2 --level avx2 -o build",
    )
    compiling.add_argument("name", metavar="NAME", help="name of the C function")
    compiling.add_argument("formula", metavar="FORMULA", help="as for Genred; gradients with Grad(...)")
    compiling.add_argument("aliases", metavar="ALIAS", nargs="*", help="such as 'x = Vi(3)', in the order of the call")
    compiling.add_argument("--reduction", default="Sum", help="Sum (default), LogSumExp, ArgKMin and so on")
    compiling.add_argument("--axis", type=int, default=1, help="1 (default): one result per i; 0: one per j")
    compiling.add_argument("--dtype", default="float32", help="float32 (default) or float64")
    compiling.add_argument("--k", type=int, metavar="K", help="entries that KMin and ArgKMin keep")
    compiling.add_argument("--weight", metavar="FORMULA", help="second formula of LogSumExp and SumSoftMaxWeight")
    compiling.add_argument("--dtype-acc", default="auto", help="float64 adds up in float64")
    compiling.add_argument("--sum-scheme", default="auto", help="auto (default), direct_sum, block_sum, kahan_scheme")
    compiling.add_argument(
        "--level", action="append", help="sse2 (default), avx2, avx512 or neon; several are chosen among at run time"
    )
    compiling.add_argument(
        "--triple", help="system in LLVM's words, such as aarch64-unknown-linux-gnu; default: this one"
    )
    compiling.add_argument("-o", "--output", default=".", metavar="DIR", help="folder for the files (default: here)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
