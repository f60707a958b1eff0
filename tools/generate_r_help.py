"""Writes the help pages of the R package for the functions that its tables of operations and reductions give.

Run ``python tools/generate_r_help.py`` after a change of the registries; ``--check`` compares only.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence

from pairfold.bridge.packages import R
from pairfold.ops import OPERATIONS
from pairfold.reductions import REDUCTIONS

NOTE = "% Written by tools/generate_r_help.py from the registries of pairfold; do not edit."

IN_BASE = (
    *("abs", "sign", "sqrt", "floor", "trunc", "exp", "expm1", "log", "log10", "log2", "log1p", "cos", "cosh", "sin"),
    *("sinh", "tan", "tanh", "acos", "acosh", "asin", "asinh", "atan", "atanh", "round", "atan2", "ifelse", "step"),
    *("power", "max", "min", "argmax", "argmin"),
)
"""Methods of functions that R has; LazyTensor-operators.Rd and the pages of the reductions tell of them."""

ARGUMENTS = {
    "x": "a LazyTensor, or a vector, which counts as \\code{Pm(x)}.",
    "y": "a LazyTensor, a number or a vector.",
    "z": "a LazyTensor, a number or a vector.",
    "s": "weights: a LazyTensor, a number or a vector of length 1, D or D^2.",
    "a": "a LazyTensor, a number or a vector: the lower bound; in \\code{mod} the modulus.",
    "b": "a LazyTensor, a number or a vector: the upper bound; in \\code{mod} the offset.",
    "m": "a whole number: the position of the first component, counted from 1 (from the option \\code{index_base}).",
    "n": "a whole number: the dimension of the result.",
    "d": "a whole number: the dimension of the result.",
    "D": "a whole number: the dimension of the result.",
    "first": "a LazyTensor, a number or a vector: taken where \\code{x} is not 0.",
    "second": "a LazyTensor, a number or a vector: taken where \\code{x} is 0.",
    "degree": "a whole number, 0 by default.",
    "shape_f": "whole numbers: the shape of \\code{x} as a tensor, row-major.",
    "shape_g": "whole numbers: the shape of \\code{y} as a tensor, row-major.",
    "axes_f": "whole numbers: the axes of \\code{x} that are contracted, counted from 0 as in formulas.",
    "axes_g": "whole numbers: the axes of \\code{y} that are contracted, counted from 0 as in formulas.",
    "permutation": "whole numbers from 0: the order of the axes of the result; as they are, by default.",
    "K": "a whole number: how many.",
    "index": (
        '\\code{"j"}: over j, one result for each i; \\code{"i"}: over i, one result for each j. Where it may be left '
        "out, the result is a LazyTensor, reduced over the components."
    ),
    "weight": "a LazyTensor of weights, such as \\code{Vj(w)}.",
}

USAGE = {
    "bspline": "bspline(x, y, degree = NULL)",
    "clamp": "clamp(x, a, b)",
    "clampint": "clampint(x, y, z)",
    "elem": "elem(x, m)",
    "extract": "extract(x, m, d)",
    "keops_kron": "keops_kron(x, y, shape_f, shape_g)",
    "keops_tensordot": "keops_tensordot(x, y, shape_f, shape_g, axes_f, axes_g, permutation = NULL)",
    "mod": "mod(x, a, b = 0)",
    "one_hot": "one_hot(x, D)",
    "softdtw_sqdist": "softdtw_sqdist(x, y, z)",
    "weightedsqdist": "weightedsqdist(x, y, s)",
    "where": "where(x, first, second)",
    "weightedsqnorm": "weightedsqnorm(x, s)",
}
"""How functions are called whose arguments the number of operands does not give."""

EXAMPLES = {
    "bspline": "bspline(c(0, 0.25, 0.5, 0.75, 1), elem(x_i, 1), 2)",
    "clamp": "clamp(x_i, 0.3, 0.6)",
    "clampint": "clampint(4 * x_i, 1, 3)",
    "elem": "elem(x_i, 2)",
    "extract": "extract(x_i, 1, 1)",
    "keops_kron": "keops_kron(x_i, y_j, 2, 2)",
    "keops_tensordot": "keops_tensordot(x_i, y_j, 2, 2, 0, 0)",
    "matvecmult": "matvecmult(c(1, 2, 3, 4), x_i)",
    "mod": "mod(x_i, 0.25)",
    "one_hot": "one_hot(argmax(x_i), 2)",
    "softdtw_sqdist": "softdtw_sqdist(x_i, y_j, 0.1)",
    "vecmatmult": "vecmatmult(x_i, c(1, 2, 3, 4))",
    "weightedsqdist": "weightedsqdist(x_i, y_j, c(1, 2))",
    "where": "where(x_i < y_j, x_i, 0)",
    "weightedsqnorm": "weightedsqnorm(x_i, c(1, 2))",
}


def page(name: str, title: str, usage: Sequence[str], description: str, value: str, example: str) -> str:
    """Return the text of a help page."""
    names = [line.split("(")[0] for line in usage]
    given = [part.split("=")[0].strip() for line in usage for part in line[line.index("(") + 1 : -1].split(",")]
    arguments = [f"  \\item{{{one}}}{{{ARGUMENTS[one]}}}" for one in dict.fromkeys(given)]
    lines = [
        *(NOTE, f"\\name{{{name}}}", *(f"\\alias{{{one}}}" for one in names), f"\\title{{{title}}}"),
        *("\\usage{", *usage, "}", "\\description{", description, "}", "\\arguments{", *arguments, "}"),
        *("\\value{", value, "}", "\\examples{", "if (pairfold_available()) {", *example.split("\n"), "}", "}"),
    ]
    return "\n".join(lines) + "\n"


def sentence(definition: str) -> str:
    """Return a definition as a sentence for a page."""
    text = f"Gives: {definition}."
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("{", "\\{").replace("}", "\\}")


POINTS = """  x_i <- Vi(matrix(c(0.1, 0.5, 0.9, 0.3, 0.2, 0.7), 3, 2))
  y_j <- Vj(matrix(c(0.2, 0.4, 0.6, 0.8), 2, 2))"""


def operations() -> Iterator[tuple[str, str]]:
    """Yield name and page of each operation that has a function of its own."""
    for op in OPERATIONS.values():
        name = op.method
        if name is None or name in IN_BASE:
            continue
        plain = f"{name}(x)" if op.arity == 1 else f"{name}(x, y)"
        call = EXAMPLES.get(name, f"{name}(x_i)" if op.arity == 1 else f"{name}(x_i, y_j)")
        yield (
            name,
            page(
                name,
                f"Operation {op.name}",
                [USAGE.get(name, plain)],
                f"{sentence(op.definition)} In formulas it is called {op.name}; f, g are the arguments in order.",
                "A LazyTensor; axes of length 1 of i, j and (where this is meaningful) of the components are repeated. "
                "Nothing is computed before a reduction.",
                f"{POINTS}\n  found <- {call}\n  dim(found)\n  as.array(found)",
            ),
        )


ALREADY = ("sum", "min", "max", "mean", "prod", "any", "all", "var")
"""Reductions whose plain names are R's."""


def reductions() -> Iterator[tuple[str, str]]:
    """Yield name and page of each reduction that is a method."""
    for reduction in {id(one): one for one in REDUCTIONS.values()}.values():
        name = reduction.method
        if not name:
            continue
        weight = ", weight" if reduction.needs_weight else ", weight = NULL" if name == "logsumexp" else ""
        k = "K, " if reduction.needs_k else ""
        inner = name in ("argmin", "argmax")
        usage = [f"{name}_reduction(x, {k}index{weight})"]
        if name not in ALREADY:
            usage.insert(0, f"{name}(x, {k}index{' = NULL' if inner else ''}{weight})")
        yield (
            f"{name}_reduction",
            page(
                f"{name}_reduction",
                f"Reduction {reduction.name}",
                usage,
                sentence(reduction.definition)
                + (f" The function \\code{{{name}}} of R does the same." if name in ALREADY and name != "var" else ""),
                _value(name, reduction.needs_k),
                f'{POINTS}\n  K <- sqdist(x_i, y_j)\n  {name}_reduction(K, {"2, " if k else ""}"j"{_weight(name)})',
            ),
        )


def _weight(name: str) -> str:
    return ", Vj(c(1, 2))" if name == "sumsoftmaxweight" else ""


def _value(name: str, needs_k: bool) -> str:
    shape = (
        "an array with one row per point: N x K for a scalar K(i, j), N x K x D for a vector"
        if needs_k
        else 'a matrix with one row per point i (\\code{"j"}) or j (\\code{"i"}), and one column per component'
    )
    counted = " Indices count from 1 (from the option \\code{index_base})." if "arg" in name else ""
    if name in ("min_argmin", "max_argmax", "Kmin_argKmin"):
        return f"A list of \\code{{values}} and \\code{{indices}}, each {shape}.{counted}"
    return f"{shape[0].upper()}{shape[1:]}.{counted}"


def pages() -> dict[str, str]:
    """Return all pages by their file names."""
    return {f"{name}.Rd": text for name, text in (*operations(), *reductions())}


def main(arguments: Sequence[str]) -> int:
    """Write the files, or compare them; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    check = parser.parse_args(arguments).check
    folder = R / "man"
    stale = [
        (folder / name, text)
        for name, text in pages().items()
        if not (folder / name).exists() or (folder / name).read_text() != text
    ]
    for path, text in stale:
        if check:
            sys.stderr.write(f"{path} is not what tools/generate_r_help.py writes; run it.\n")
        else:
            path.write_text(text)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
