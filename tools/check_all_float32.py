"""Compare float32 vector math functions with float64 references over all 2**32 inputs.

Run ``python tools/check_all_float32.py`` for exp and log, or name other functions of one argument. Prints the largest
error in units in the last place; the exit status is 1 when it exceeds the stated bound, or when nan stands in a wrong
place. ``--machine`` and ``--lanes`` choose the code to check, by default that of this machine's widest vectors.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pairfold.codegen.vectormath import ACCURACY_ULP
from tests.codegen.drivers import Compiled, lane_counts, machines

Array = npt.NDArray[Any]
Unary = Callable[[Array], Array]

CHUNK = 1 << 13
ALL_INPUTS = 1 << 32
_SMALLEST_NORMAL = 2.0**-126
_EXPONENT_BITS = np.uint64(0x7FF0_0000_0000_0000)

REFERENCES: dict[str, Unary] = {
    "exp": np.exp,
    "exp2": np.exp2,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sqrt": np.sqrt,
    "rsqrt": lambda x: np.where(x == 0, 0.0, 1 / np.sqrt(x)),
    "erf": np.vectorize(math.erf, otypes=[np.float64]),
}


class Finding(NamedTuple):
    """The worst of a range of inputs."""

    error: float
    argument: float
    misplaced: int
    """How often nan stands where a number belongs, or the other way round."""


def errors(found: Array, expected: Array) -> Array:
    """Errors in units of the leading digit, 2**23 units in the last place; nan or inf where a number is not finite."""
    unit = (expected.view(np.uint64) & _EXPONENT_BITS).view(np.float64)
    np.maximum(unit, _SMALLEST_NORMAL, out=unit)
    error = np.subtract(found, expected)
    np.abs(error, out=error)
    return np.divide(error, unit, out=error)


@np.errstate(all="ignore")
def check_chunk(function: Unary, reference: Unary, x: Array) -> Finding:
    """Check some numbers; an infinite result must stand where the rounded reference is infinite."""
    found = function(x)
    expected = reference(x.astype(np.float64))
    error = errors(found, expected)
    position = int(error.argmax())  # the first nan, if there is one
    misplaced = 0
    if not np.isfinite(error[position]):
        rounded = expected.astype(np.float32)
        is_nan, should_be_nan = np.isnan(found), np.isnan(rounded)
        misplaced = int(np.count_nonzero(is_nan != should_be_nan))
        error = np.where((found == rounded) | (is_nan | should_be_nan), 0.0, error)
        position = int(error.argmax())
    return Finding(float(error[position]) * 2.0**23, float(x[position]), misplaced)


def worst_of(findings: Sequence[Finding]) -> Finding:
    """The largest error and the number of all misplaced nan."""
    worst = max(findings, key=lambda finding: finding.error)
    return worst._replace(misplaced=sum(finding.misplaced for finding in findings))


def check_range(function: Unary, reference: Unary, start: int, stop: int) -> Finding:
    """Check the numbers whose bits are ``start`` to ``stop - 1``."""
    offsets = np.arange(CHUNK, dtype=np.uint32)
    return worst_of(
        [
            check_chunk(function, reference, (offsets[: stop - first] + np.uint32(first)).view(np.float32))
            for first in range(start, stop, CHUNK)
        ]
    )


def check_all(function: Unary, reference: Unary, threads: int) -> Finding:
    """Check all float32 numbers."""
    edges = [ALL_INPUTS * k // (threads * 16) for k in range(threads * 16 + 1)]
    with ThreadPoolExecutor(threads) as pool:
        tasks = [pool.submit(check_range, function, reference, *ends) for ends in pairwise(edges)]
        return worst_of([task.result() for task in tasks])


def main(arguments: Sequence[str]) -> int:
    """Check the functions named on the command line."""
    available = machines()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(REFERENCES)}; default: exp log")
    parser.add_argument("--machine", choices=list(available), default=list(available)[-1])
    parser.add_argument("--lanes", type=int, help="numbers per vector; default: a whole register")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    machine = available[options.machine]
    lanes = options.lanes or lane_counts(machine, "float32")[-2]
    is_good = True
    for name in options.names or ["exp", "log"]:
        if name not in REFERENCES:
            parser.error(f"no reference for {name!r}; there are {', '.join(REFERENCES)}")
        function = Compiled(name, "float32", lanes, machine)
        worst = check_all(function, REFERENCES[name], options.threads)
        bound = ACCURACY_ULP[name]["float32"]
        is_good = is_good and worst.error <= bound and worst.misplaced == 0
        sys.stdout.write(
            f"{name}, {machine.name}, {lanes} lanes: largest error {worst.error:.4f} ulp at {worst.argument!r}, "
            f"bound {bound}; {worst.misplaced} misplaced nan\n"
        )
        sys.stdout.flush()
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
