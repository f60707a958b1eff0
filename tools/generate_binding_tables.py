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
from pairfold.ir.expr import Category
from pairfold.ir.problem import Problem
from pairfold.numpy import ComplexLazyTensor
from pairfold.ops import OPERATIONS
from pairfold.ops.arithmetic import variable
from pairfold.pykeops.operations import KERNELS
from pairfold.reductions import REDUCTIONS
from pairfold.transform.calculus import CALCULUS
from pairfold.transform.derivatives import output_kinds

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
        for op in (*OPERATIONS.values(), *KERNELS.values())
        if op.method is None and op.name in METHODS
    }


def reductions() -> Table:
    """Return the reductions: method, K, weight, kinds of outputs, whether the last axis can be reduced too."""
    rows: Table = {}
    for reduction in {id(one): one for one in REDUCTIONS.values()}.values():
        value = variable(0, 1, Category.COLUMN)
        weight = value if reduction.needs_weight else None
        rows[reduction.name] = {
            "method": reduction.method or "",
            "k": reduction.needs_k,
            "weight": "needed" if reduction.needs_weight else "optional" if reduction.weighted else "none",
            "outputs": output_kinds(Problem(value, reduction, weight)),
            "inner": reduction.operation is not None,
            "adds": reduction.adds,
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
    known = {*operations(), *further_operations(), *calculus(), *OPERATIONS}
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


_FROM_ONE = ("index", "start", "axes", "axes_f", "axes_g", "permutation")
"""Parameters that count from 0 in formulas, and from 1 in MATLAB."""

_LISTS = ("shape", "shape_f", "shape_g", *(name for name in _FROM_ONE if name not in ("index", "start")))

_BY_HAND = ("min", "max", "argmin", "argmax", "var", "grad", "elem", "extract", "one_hot", "power", "where")
"""Methods that the class itself defines, with the conventions of MATLAB."""

_LETTERS = ("f", "g", "h", "k", "l")


def _m_parameter(name: str) -> str:
    value = f"{name} - 1" if name in _FROM_ONE else name
    return f"num2cell({value})" if name in _LISTS else value


def _m_method(name: str, signature: str, text: str, body: str, outputs: str = "r") -> list[str]:
    return [
        f"    function {outputs} = {name}({signature})",
        f"      % {name.upper()}  {name}({signature}): {text}.",
        *(f"      {line}" for line in body.split("\n")),
        "    end",
        "",
    ]


def _m_operation(name: str, operands: Sequence[str], parameters: Sequence[str], optional: int, text: str) -> list[str]:
    """Return a method for an operation; what may be left out is among `varargin`."""
    parts = [*operands, *parameters]
    kept = parts[: len(parts) - optional]
    end = ["varargin"] if optional else []
    given = [one for one in operands if one in kept]
    static = [_m_parameter(one) for one in parameters if one in kept]
    rest = "varargin" if optional else ""
    operand_list, parameter_list = f"{{{', '.join(given)}}}", f"{{{', '.join(static)}}}"
    if rest and not parameters:
        operand_list = f"[{operand_list}, varargin]"
    elif rest:
        parameter_list = f"[{parameter_list}, varargin]"
    body = f"r = pairfold.internal.operation('{name}', {operand_list}, {parameter_list});"
    further = f" ({', '.join(parts[len(kept) :])} may be left out)" if optional else ""
    # The texts of formulas count from 0.
    note = ", counted from 1" if {"index", "start"} & {*parameters} else ""
    text = text.replace(", counted from 0", "")
    return _m_method(name, ", ".join([*kept, *end]), f"{text}{note}{further}", body)


def _m_reduction(row: Row) -> list[str]:
    """Return a method for a reduction: over i and j arrays, over the components a LazyTensor."""
    method, outputs = str(row["method"]), row["outputs"]
    before = ["k"] if row["k"] else ["weight"] if row["weight"] == "needed" else []
    if row["weight"] == "needed":
        signature, call = "F, dim, weight", f"'{method}', dim, {{}}, weight"
    elif row["weight"] == "optional":
        signature, call = "F, dim, varargin", f"'{method}', dim, {{}}, varargin{{:}}"
    else:
        signature, call = ", ".join(["F", *before, "dim"]), f"'{method}', dim, {{{', '.join(before)}}}"
    assert isinstance(outputs, tuple)
    results = "r" if len(outputs) == 1 else "[r, i]"
    default = "if nargin == 1\n  dim = 3;\nend\n" if row["inner"] else ""
    start = ", counted from 1" if "index" in outputs else ""
    body = f"{default}{results} = pairfold.internal.reduced(F, {call});"
    return _m_method(method, signature, f"{row['text']}{start}, over dim", body, results)


def m_class() -> str:
    """Return the operations and reductions as the methods of a class of MATLAB."""
    lines = ["classdef Operations", f"% OPERATIONS  {NOTE}", "", "  methods"]
    for name, row in operations().items():
        if name not in _BY_HAND:
            operands, parameters, optional = row["operands"], row["parameters"], row["optional"]
            assert isinstance(operands, tuple)
            assert isinstance(parameters, tuple)
            assert isinstance(optional, int)
            lines += _m_operation(name, ("f", *operands), parameters, optional, str(row["text"]))
    for name, row in further_operations().items():
        count, parameters = row["operands"], row["parameters"]
        assert isinstance(count, int)
        assert isinstance(parameters, tuple)
        lines += _m_operation(name, _LETTERS[:count], parameters, 0, str(row["text"]))
    for name, row in calculus().items():
        if name not in _BY_HAND:
            operands = list(inspect.signature(getattr(ComplexLazyTensor, name)).parameters.values())
            left_out = [one for one in operands if one.default is not inspect.Parameter.empty]
            names = ["f", *(one.name for one in operands if one.name != "self")]
            lines += _m_operation(name, names, (), len(left_out), str(row["text"]))
    for row in reductions().values():
        if row["method"] and row["method"] not in _BY_HAND:
            lines += _m_reduction(row)
    return "\n".join([*lines[:-1], "  end", "end"]) + "\n"


def m_version() -> str:
    """Return the version as a function of MATLAB."""
    return f"function text = version()\n% VERSION  {NOTE}\n\ntext = '{__version__}';\n\nend\n"


_INTERNAL = MATLAB / "+pairfold" / "+internal"

FILES = {
    R / "R" / "registry.R": r_file,
    _INTERNAL / "registry.m": m_file,
    _INTERNAL / "Operations.m": m_class,
    _INTERNAL / "version.m": m_version,
}


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
