"""Writes the tables of operations and reductions that the packages for R, MATLAB and Octave hold.

Run ``python tools/generate_binding_tables.py`` after a change of the registries; ``--check`` compares only.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Sequence

from pairfold import __version__
from pairfold.bridge.packages import MATLAB, R
from pairfold.bridge.steps import METHODS
from pairfold.frontends.derivatives import output_kinds
from pairfold.frontends.lazy_reduction import inner_operation
from pairfold.ir.expr import Category
from pairfold.ir.problem import Problem
from pairfold.numpy import ComplexLazyTensor
from pairfold.ops import OPERATIONS
from pairfold.ops.arithmetic import variable
from pairfold.reductions import REDUCTIONS
from pairfold.transform.calculus import CALCULUS

Field = str | int | bool | tuple[str, ...]
Row = dict[str, Field]
Table = dict[str, Row]

NOTE = "Written by tools/generate_binding_tables.py from the registries of pairfold; do not edit."


def operations() -> Table:
    """Return the operations that are methods of LazyTensors: further operands, parameters, how many may be left out."""
    rows: Table = {}
    for op in OPERATIONS.values():
        if op.method is None:
            continue
        names = [name for name in inspect.signature(getattr(ComplexLazyTensor, op.method)).parameters if name != "self"]
        optional = [
            parameter
            for parameter in inspect.signature(getattr(ComplexLazyTensor, op.method)).parameters.values()
            if parameter.default is not inspect.Parameter.empty
        ]
        if op.method in (reduction.method for reduction in REDUCTIONS.values()):
            names, optional = [], []  # over the last axis
        count = op.arity - 1
        rows[op.method] = {
            "formula": op.name,
            "operands": tuple(names[:count]),
            "parameters": tuple(names[count:]),
            "optional": len(optional),
            "text": op.definition,
        }
    return rows


def further_operations() -> Table:
    """Return the operations without a method, which a step calls by their names in formulas."""
    return {
        op.name: {"operands": op.arity, "parameters": tuple(op.parameters), "text": op.definition}
        for op in OPERATIONS.values()
        if op.method is None and op.name in METHODS
    }


def reductions() -> Table:
    """Return the reductions: method, K, weight, kinds of outputs, whether the last axis can be reduced too."""
    rows: Table = {}
    for reduction in {id(one): one for one in REDUCTIONS.values()}.values():
        value = variable(0, 1, Category.COLUMN)
        weight = value if reduction.needs_weight else None
        optional = f"{reduction.name}Weight" in REDUCTIONS
        rows[reduction.name] = {
            "method": reduction.method or "",
            "k": reduction.needs_k,
            "weight": "needed" if reduction.needs_weight else "optional" if optional else "none",
            "outputs": output_kinds(Problem(value, reduction, weight)),
            "inner": inner_operation(reduction.name) is not None,
            "adds": any(field.additive for field in reduction.fields),
            "differentiable": reduction.pullback is not None,
            "synonyms": reduction.synonyms,
            "text": reduction.definition,
        }
    return rows


def calculus() -> Table:
    """Return the operators on formulas that are methods."""
    return {
        record.method: {"formula": record.name, "text": record.definition}
        for record in CALCULUS.values()
        if record.method is not None
    }


def others() -> tuple[str, ...]:
    """Return the methods and properties of LazyTensors that follow from no registry."""
    known = {*operations(), *calculus(), *OPERATIONS}
    for row in reductions().values():
        known |= {str(row["method"]), f"{row['method']}_reduction"}
    return tuple(sorted(name for name in METHODS if name.isidentifier() and name not in known))


TABLES = {
    "operations": operations,
    "further_operations": further_operations,
    "reductions": reductions,
    "calculus": calculus,
}


# ---------------------------------------------------------------- R


def _r_text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _r_value(value: Field) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return f"{value}L"
    if isinstance(value, str):
        return _r_text(value)
    return f"c({', '.join(map(_r_text, value))})" if value else "character(0)"


def r_file() -> str:
    """Return the tables as lists of R."""
    lines = [f"# {NOTE}", "", f".registry_version <- {_r_text(__version__)}"]
    for name, make in TABLES.items():
        rows = [
            f"  {key} = list({', '.join(f'{field} = {_r_value(value)}' for field, value in row.items())})"
            for key, row in make().items()
        ]
        lines += ["", f".registry_{name} <- list(", ",\n".join(rows), ")"]
    lines += ["", ".registry_others <- c(", ",\n".join(f"  {_r_text(name)}" for name in others()), ")"]
    return "\n".join(lines) + "\n"


# ---------------------------------------------------------------- MATLAB and Octave


def _m_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _m_value(value: Field) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _m_text(value)
    return "{" + ", ".join(map(_m_text, value)) + "}"


def m_file() -> str:
    """Return the tables as a function of MATLAB: cell arrays, one row per name."""
    lines = [
        "function table = registry()",
        f"% REGISTRY  {NOTE}",
        "%   Each field is a cell array: name, then what the field FIELDS.(name) lists.",
        "",
    ]
    for name, make in TABLES.items():
        rows = make()
        fields = ", ".join(_m_text(field) for field in next(iter(rows.values())))
        lines += [f"table.fields.{name} = {{{fields}}};", f"table.{name} = {{ ..."]
        lines += [f"  {', '.join([_m_text(key), *map(_m_value, row.values())])}; ..." for key, row in rows.items()]
        lines += ["};", ""]
    lines += ["table.others = { ...", *(f"  {_m_text(name)}; ..." for name in others()), "};", "", "end"]
    return "\n".join(lines) + "\n"


FILES = {R / "R" / "registry.R": r_file, MATLAB / "+pairfold" / "+internal" / "registry.m": m_file}


def main(arguments: Sequence[str]) -> int:
    """Write the files, or compare them; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    check = parser.parse_args(arguments).check
    stale = [path for path, make in FILES.items() if not path.exists() or path.read_text() != make()]
    if not check:
        for path in stale:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(FILES[path]())
        return 0
    for path in stale:
        sys.stderr.write(f"{path} is not what tools/generate_binding_tables.py writes; run it.\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
