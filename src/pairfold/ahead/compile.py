"""From a formula to `NAME.h`, `NAME.c` and `NAME_kernel.o`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pairfold import __version__
from pairfold.ahead.driver import CArray, Driver, DriverLevel
from pairfold.api.genred import choose_reduction, read_problem
from pairfold.api.options import make_options
from pairfold.codegen.work import Kernel
from pairfold.engine.plan import Plan, make_plan
from pairfold.errors import ArgumentValueError
from pairfold.ir.problem import Problem
from pairfold.ir.reduction import Reduction
from pairfold.language.aliases import Argument, checked_aliases
from pairfold.targets.cpu.compile import LEVELS, schedule_on, scratch_bytes
from pairfold.targets.cpu.object_file import Part, known_levels, machine_of, native_triple, object_code

__all__ = ["CompiledAhead", "compile_ahead"]

C_TYPES = {"float32": "float", "float64": "double"}

_RESERVED = frozenset(
    re.findall(
        r"\w+",
        "n_i n_j first last n_blocks row_blocks ends intervals status auto break case char const continue default do "
        "double else enum extern float for goto if inline int long register restrict return short signed sizeof static "
        "struct switch typedef union unsigned void volatile while asm bool catch class delete export false friend "
        "mutable namespace new operator private protected public template this throw true try typename using virtual",
    )
)
"""Names that an argument of the C function cannot have: they get a_ before them."""


@dataclass(frozen=True)
class CompiledAhead:
    """The three files of a kernel that is compiled ahead of time."""

    header: Path
    source: Path
    object: Path


def compile_ahead(
    name: str,
    formula: str,
    aliases: Iterable[str],
    *,
    reduction_op: str = "Sum",
    axis: int = 1,
    dtype: str = "float32",
    opt_arg: int | None = None,
    formula2: str | None = None,
    dtype_acc: str = "auto",
    sum_scheme: str = "auto",
    levels: Sequence[str] | None = None,
    triple: str | None = None,
    folder: str | Path = ".",
) -> CompiledAhead:
    """Write a reduction as a C function: `NAME.h`, `NAME.c` and `NAME_kernel.o`.

    The object has the kernel, the C file (plain C99) checks the arguments and calls it. A program needs a C compiler to
    build and nothing of Python to run. The same arguments give the same bytes.

    Parameters
    ----------
    name : str
        Of the C function; the header documents its arguments.
    formula, aliases, reduction_op, opt_arg, formula2, dtype_acc, sum_scheme
        As for `pairfold.numpy.Genred`; gradients are formulas with ``Grad``.
    axis : int
        1 reduces over j and gives one result per i; 0 reduces over i and gives one result per j.
    dtype : {"float32", "float64"}
        Of the data and of the arithmetic.
    levels : sequence of str, optional
        Processor levels to make, of which the program takes the best that its processor has: ``"sse2"``, ``"avx2"``,
        ``"avx512"``; ``"neon"`` on 64-bit Arm. By default the lowest one, which runs everywhere.
    triple : str, optional
        The system in LLVM's words, such as ``"aarch64-unknown-linux-gnu"``; by default this one.
    folder : str or Path
        Where the files go; it is made if it is not there.

    Returns
    -------
    CompiledAhead
        The paths.

    Raises
    ------
    FormulaError, UnknownNameError, DimensionError
        If the formula or the aliases are not in the language.
    ArgumentValueError, ArgumentTypeError
        If another argument is not allowed.

    Examples
    --------
    >>> from pairfold import compile_ahead
    >>> from tempfile import mkdtemp
    >>> made = compile_ahead("gauss", "Exp(-g * SqDist(x, y)) * b",
    ...                      ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)", "g = Pm(1)"], dtype="float64", folder=mkdtemp())
    >>> made.header.name, made.source.name, made.object.name
    ('gauss.h', 'gauss.c', 'gauss_kernel.o')
    """
    _check_name(name)
    if dtype not in C_TYPES:
        raise ArgumentValueError(f"dtype is {dtype!r}; allowed are {' and '.join(map(repr, C_TYPES))}.")
    triple = native_triple() if triple is None else triple
    chosen = _chosen_levels(triple, levels)
    reduction = choose_reduction(reduction_op, formula2 is not None)
    options = make_options(reduction, dtype_acc, sum_scheme=sum_scheme)
    formulas = (formula,) if formula2 is None else (formula, formula2)
    if axis not in (0, 1):
        raise ArgumentValueError(f"axis is {axis!r}; it must be 0 (reduce over i) or 1 (reduce over j).")
    problem, arguments = read_problem(formulas, checked_aliases(aliases), reduction, axis, opt_arg)
    plan = make_plan(problem)
    parts = _parts(name, plan, options.accumulate, dtype, triple, chosen)
    code, kernels = object_code(parts, dtype, triple)
    driver = Driver(
        name=name,
        version=__version__,
        summary=_summary(formulas, reduction, axis, opt_arg),
        kept="ji"[axis],
        reduced="ij"[axis],
        inputs=_inputs(name, arguments, axis, C_TYPES[dtype]),
        outputs=_outputs(problem, plan, axis, C_TYPES[dtype]),
        layout=kernels[0].layout,
        columns_layout=None if plan.work.columns is None else kernels[1].layout,
        packed=sum(node.dim for node in plan.work.packed),
        levels=_driver_levels(chosen, parts, kernels, dtype),
    )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    made = CompiledAhead(folder / f"{name}.h", folder / f"{name}.c", folder / f"{name}_kernel.o")
    made.header.write_text(driver.header(), "utf-8", newline="\n")
    made.source.write_text(driver.source(), "utf-8", newline="\n")
    made.object.write_bytes(code)
    return made


def _check_name(name: str) -> None:
    if re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII) is None or name in _RESERVED or name.startswith("pf_"):
        raise ArgumentValueError(
            f"name is {name!r}; it becomes the name of a C function, so it must begin with a letter, have only "
            "letters, digits and underscores after it, be no word of C or C++, and not begin with pf_."
        )


def _chosen_levels(triple: str, levels: Sequence[str] | None) -> list[str]:
    """Return the levels to compile, best first."""
    known = known_levels(triple)
    if levels is None:
        return [known[-1]]
    if isinstance(levels, str) or not levels or not set(levels) <= set(known):
        raise ArgumentValueError(
            f"levels is {levels!r}; for {triple} it is a list of one or more of {', '.join(map(repr, known))}."
        )
    return [level for level in known if level in levels]


def _parts(name: str, plan: Plan, accumulate: str, dtype: str, triple: str, levels: Sequence[str]) -> list[Part]:
    """Return the kernels of every level: the main one, then the one that computes column-only values in advance."""
    works = {"kernel": plan.work} if plan.work.columns is None else {"kernel": plan.work, "columns": plan.work.columns}
    machines = {level: machine_of(triple, level) for level in levels}
    return [
        Part(f"{name}_{use}_{level}", work, schedule_on(machine, work, dtype, accumulate, triple=triple), machine)
        for level, machine in machines.items()
        for use, work in works.items()
    ]


def _driver_levels(
    levels: Sequence[str], parts: Sequence[Part], kernels: Sequence[Kernel], dtype: str
) -> tuple[DriverLevel, ...]:
    each = len(parts) // len(levels)
    sizes = [scratch_bytes(kernel, part.schedule, dtype) for kernel, part in zip(kernels, parts, strict=True)]
    return tuple(
        DriverLevel(
            level,
            LEVELS[level][0] if level in LEVELS else (),
            parts[each * number].symbol,
            parts[each * number + 1].symbol if each == 2 else None,
            max(sizes[each * number : each * (number + 1)]),
        )
        for number, level in enumerate(levels)
    )


def _inputs(function: str, arguments: Sequence[Argument], axis: int, type_: str) -> tuple[CArray, ...]:
    """Return the arrays that the C function reads, in the order of the arguments."""
    arrays: list[CArray] = []
    taken = {*_RESERVED, function}
    for argument in arguments:
        name = argument.name if argument.name is not None and argument.name.isascii() else f"arg{argument.position}"
        while name in taken or name.startswith(("pf_", "out")):
            name = f"a_{name}"
        taken.add(name)
        index = argument.category.letter
        side = 2 if not index else int(index != "ji"[axis])
        arrays.append(CArray(name, type_, index, side, (argument.dim,)))
    return tuple(arrays)


def _outputs(problem: Problem, plan: Plan, axis: int, type_: str) -> tuple[CArray, ...]:
    """Return the arrays that the C function writes: out, out1, ..."""
    return tuple(
        CArray(f"out{number or ''}", "int64_t" if output.kind == "index" else type_, "ji"[axis], 0, shape or (1,))
        for number, (output, shape) in enumerate(zip(plan.work.outputs, problem.shapes, strict=True))
    )


def _summary(formulas: Sequence[str], reduction: Reduction, axis: int, opt_arg: object) -> str:
    kept, reduced = "ji"[axis], "ij"[axis]
    limit = f", K = {opt_arg}" if reduction.needs_k else ""
    weight = f", weight {formulas[1]}" if len(formulas) == 2 else ""
    return f"out_{kept} = {reduction.name} over {reduced} of {formulas[0]}{weight}{limit}"
