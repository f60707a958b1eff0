"""The C side of a kernel that is compiled ahead of time: a header, and a driver in plain C99 that calls the object.

The driver does for one call what `pairfold.engine.run` does in Python: it checks sizes and pointers, computes
column-only values once, fills the argument block of `pairfold.codegen.work.Layout`, and runs items. Nearly all of it is
the same for every formula and stands in two templates; what differs are tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from math import prod
from string import Template
from textwrap import wrap

from pairfold.codegen.work import Layout

__all__ = ["CArray", "Driver", "DriverLevel"]

WIDTH = 110


@dataclass(frozen=True)
class CArray:
    """One array of the C function.

    Attributes
    ----------
    name, type : str
        In C.
    index : {"i", "j", ""}
        What counts its points; nothing counts a parameter.
    side : int
        The same for the driver: 0 for the index of the results, 1 for the one that is reduced over, 2 for neither.
    shape : tuple of int
        Of a point.
    """

    name: str
    type: str
    index: str
    side: int
    shape: tuple[int, ...]

    @property
    def described(self) -> str:
        """Shape and type in words, such as ``x: n_i x 3 of float``."""
        lengths = ([f"n_{self.index}"] if self.index else []) + [str(length) for length in self.shape]
        return f"{self.name}: {' x '.join(lengths)} of {self.type}"

    @property
    def entry(self) -> str:
        """The array in the tables of the driver."""
        return f"{{{self.side}, {prod(self.shape)}}}"


@dataclass(frozen=True)
class DriverLevel:
    """One processor level of the object.

    Attributes
    ----------
    name : str
        Of the level.
    features : tuple of str
        What the compiler's test of the processor must find, none where every processor of the system has the level.
    kernel, columns : str or None
        Symbols of the main kernel, and of the one that computes column-only values in advance, if any.
    scratch_bytes : int
        Bytes for temporaries.
    """

    name: str
    features: tuple[str, ...]
    kernel: str
    columns: str | None
    scratch_bytes: int


@dataclass(frozen=True)
class Driver:
    """What the templates are filled with.

    Attributes
    ----------
    name : str
        The C function.
    version : str
        Of pairfold.
    summary : str
        The formula in words.
    kept, reduced : {"i", "j"}
        The index of the results, and the one that is reduced over.
    inputs, outputs : tuple of CArray
        In the order of the C function.
    layout, columns_layout : Layout or None
        The argument blocks of the kernels.
    packed : int
        Numbers per column that are computed in advance.
    levels : tuple of DriverLevel
        Best first.
    """

    name: str
    version: str
    summary: str
    kept: str
    reduced: str
    inputs: tuple[CArray, ...]
    outputs: tuple[CArray, ...]
    layout: Layout
    columns_layout: Layout | None
    packed: int
    levels: tuple[DriverLevel, ...]

    def header(self) -> str:
        """Return the text of ``NAME.h``."""
        shapes = [f"    {each.described}" for each in self.inputs]
        shapes += [f"    {each.described}, written" for each in self.outputs]
        return _filled("header.h.in", self._words() | {"shapes": _comment(shapes)})

    def source(self) -> str:
        """Return the text of ``NAME.c``."""
        layouts = [layout for layout in (self.layout, self.columns_layout) if layout is not None]
        return _filled(
            "driver.c.in",
            self._words()
            | {
                "inputs_count": str(len(self.inputs)),
                "outputs_count": str(len(self.outputs)),
                "bytes": "8" if any(each.type == "double" for each in (*self.inputs, *self.outputs)) else "4",
                "packed": str(self.packed),
                "block": str(max(layout.size for layout in layouts)),
                "inputs": "".join(f"{each.entry}, " for each in self.inputs),
                "outputs": ", ".join(each.entry for each in self.outputs),
                "main_inputs": _positions(self.layout),
                "column_inputs": "" if self.columns_layout is None else _positions(self.columns_layout),
                "declarations": self._declarations(),
                "choice": self._choice(),
                "names": "".join(f"{each.name}, " for each in self.inputs),
                "output_names": ", ".join(each.name for each in self.outputs),
                "all_names": ", ".join(each.name for each in (*self.inputs, *self.outputs)),
                "rows": f"n_{self.kept}",
                "columns": f"n_{self.reduced}",
            },
        )

    def _words(self) -> dict[str, str]:
        arrays = [f"const {each.type} *{each.name}" for each in self.inputs]
        arrays += [f"{each.type} *{each.name}" for each in self.outputs]
        return {
            "name": self.name,
            "upper": self.name.upper(),
            "version": self.version,
            "summary": _comment([self.summary]),
            "kept": self.kept,
            "reduced": self.reduced,
            "levels": ", ".join(level.name for level in self.levels),
            "arguments": ", ".join(["int64_t n_i", "int64_t n_j", *arrays]),
            "addresses": ", ".join(["const int *n_i", "const int *n_j", *arrays]),
        }

    def _declarations(self) -> str:
        symbols = [symbol for level in self.levels for symbol in (level.kernel, level.columns) if symbol is not None]
        return "\n".join(
            f"extern void {symbol}(const int64_t *, const int64_t *, int64_t, int64_t, void *);" for symbol in symbols
        )

    def _choice(self) -> str:
        """Return the body of the function that chooses a level."""
        lines, tests = [], ["#ifdef __GNUC__"]
        for level in self.levels:
            entry = f"{{{level.kernel}, {level.columns or 'NULL'}, {level.scratch_bytes}}}"
            lines.append(f"    static const struct pf_level {level.name} = {entry};")
            found = " && ".join(f'__builtin_cpu_supports("{test}")' for test in level.features)
            tests += [f"    if ({found or 1})", f"        return &{level.name};"]
        unused = [f"    (void)&{level.name};" for level in self.levels[:-1]]
        lowest = f"    return &{self.levels[-1].name};"
        return "\n".join([*lines, *tests, "    return NULL;", "#else", *unused, lowest, "#endif"])


def _filled(template: str, words: dict[str, str]) -> str:
    text = files("pairfold.ahead").joinpath(template).read_text("utf-8")
    return Template(text).substitute(words)


def _comment(lines: Sequence[str]) -> str:
    """Return lines of a C comment."""
    wrapped = [part for line in lines for part in wrap(line, WIDTH, subsequent_indent="    ")]
    return "\n".join(f" * {line}" for line in wrapped).replace("*/", "* /")


def _positions(layout: Layout) -> str:
    return "".join(f"{variable.position}, " for variable in layout.variables)
