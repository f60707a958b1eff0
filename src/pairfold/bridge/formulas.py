"""Reductions and linear systems that are given by formula strings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pairfold.api.adapter import NUMPY
from pairfold.api.genred import choose_reduction, number_kept
from pairfold.api.options import make_options, make_problem
from pairfold.api.pullback import GradientRoutine
from pairfold.api.routine import Routine
from pairfold.bridge.arrays import Array, Spec, read_spec
from pairfold.bridge.message import Head, shown
from pairfold.bridge.steps import flattened
from pairfold.errors import ArgumentValueError, BridgeError, UnknownNameError, suggestion
from pairfold.ir.expr import Category
from pairfold.language.aliases import Argument
from pairfold.language.formula import parse
from pairfold.lazy.reduction import ACCURACY_KEYWORDS
from pairfold.numpy import KernelSolve
from pairfold.pykeops.core_formula import CoreFormula, parse_core

__all__ = ["Declared", "declared", "solve_formula"]

_KEPT_AXIS = {"0": 1, "1": 0}


@dataclass(frozen=True)
class Declared:
    """A reduction, or the gradient of one, that waits for its arrays.

    Attributes
    ----------
    core : CoreFormula
        What is reduced.
    routine : Routine or GradientRoutine
        What is called.
    specs : list of Spec
        The arrays of the request.
    """

    core: CoreFormula
    routine: Routine | GradientRoutine
    specs: list[Spec]

    def facts(self) -> Iterator[tuple[Any, ...]]:
        """Yield the lines that `declare` answers with."""
        for argument in self.routine.arguments:
            yield "argument", argument.name or "", argument.category.prefix, argument.dim
        yield "reduction", self.core.reduction.name
        yield "axis", self.core.axis
        yield "value", self.core.value.dim

    def __call__(self, arrays: Sequence[Array], options: Mapping[str, Any]) -> Any:
        """Return the results for some arrays."""
        call = {name: value for name, value in options.items() if name not in ACCURACY_KEYWORDS}
        args = _fitted(self.routine.arguments, arrays)
        if isinstance(self.routine, GradientRoutine):
            return self.routine(args, **call)
        backend, device = call.pop("backend", "auto"), call.pop("device_id", -1)
        return self.routine.placed(backend, device)(args, **call)


def _fitted(arguments: Sequence[Argument], arrays: Sequence[Array]) -> list[Array]:
    """Return the arrays in the shapes that the arguments have in Python."""
    fitted = list(arrays)
    for place, (argument, array) in enumerate(zip(arguments, arrays, strict=False)):
        if argument.category == Category.PARAMETER:
            fitted[place] = flattened(array)
        elif argument.name is None and array.ndim == 3 and array.shape[1] * array.shape[2] == argument.dim:
            # The cotangent of K vectors per point.
            fitted[place] = array.reshape(array.shape[0], argument.dim)
    return fitted


def _aliases(head: Head) -> list[str]:
    return ["".join(fields) for fields in head.all("alias")]


def _formula(head: Head) -> str:
    text = head.one("formula")
    if text is None:
        raise BridgeError("The line formula is missing.")
    return text


def _axis(head: Head) -> int:
    return int(head.choice("axis", ("1", "0")))


def _core(head: Head) -> CoreFormula:
    name, weight, k = head.one("reduction"), head.one("weight"), head.one("k")
    if name is None:
        if weight is not None or k is not None:
            raise BridgeError("k and weight need a line reduction; without one, the formula holds them.")
        return parse_core(_formula(head), _aliases(head), _axis(head), head.choice("number", ("reduced", "kept")))
    reduction = choose_reduction(name, weight is not None)
    parsed = parse([_formula(head)] if weight is None else [_formula(head), weight], _aliases(head))
    kept = number_kept(reduction, None if k is None else _integer(k))
    second = parsed.values[1] if weight is not None else None
    return CoreFormula(reduction, parsed.values[0], second, kept, _axis(head), parsed.arguments)


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise BridgeError(f"k is an integer; found {shown(text)}.") from None


def declared(head: Head, options: Mapping[str, Any]) -> Declared:
    """Return the reduction that a request describes."""
    core = _core(head)
    accuracy = {name: value for name, value in options.items() if name in ACCURACY_KEYWORDS}
    if not core.reduction.adds:
        accuracy = {}
    problem = make_problem(core.value, core.reduction, core.weight, core.k, core.axis)
    chosen = make_options(core.reduction, **accuracy)
    plain = Routine(problem, core.axis, core.arguments, chosen, NUMPY)
    wanted = [_position(fields, core.arguments, rank) for rank, fields in enumerate(head.all("gradient"))]
    steps = [*core.gradients, *((position, None) for position in wanted)]
    routine = GradientRoutine(plain, steps) if steps else plain
    specs = [read_spec(*fields) if len(fields) == 2 else _no_spec(fields) for fields in head.all("array")]
    return Declared(core, routine, specs)


def _no_spec(fields: tuple[str, ...]) -> Spec:
    raise BridgeError(f"An array of this request is described by a type and a shape; found {shown(fields)}.")


def _position(fields: tuple[str, ...], arguments: Sequence[Argument], appended: int) -> int:
    """Return the position of the argument that is named, or numbered."""
    wanted = "".join(fields)
    for argument in arguments:
        if argument.name == wanted:
            return argument.position
    if wanted.isdecimal() and int(wanted) < len(arguments) + appended:
        return int(wanted)
    names = [argument.name for argument in arguments if argument.name is not None]
    raise UnknownNameError(
        f"There is no argument {shown(wanted)} to differentiate by.{suggestion(wanted, names)} The arguments are: "
        f"{', '.join(names)}, or numbers from 0 to {len(arguments) + appended - 1}."
    )


def solve_formula(
    head: Head, options: Mapping[str, Any], arrays_of: Callable[[Sequence[Spec]], Sequence[Array]]
) -> Any:
    """Return the solution of the linear system that a request describes."""
    unknown = head.one("unknown")
    if unknown is None:
        raise BridgeError("The line unknown is missing: the name of the argument that is solved for.")
    accuracy = {name: value for name, value in options.items() if name in ACCURACY_KEYWORDS}
    settings = {name: value for name, value in options.items() if name not in ACCURACY_KEYWORDS}
    aliases = _aliases(head)
    solver = KernelSolve(_formula(head), aliases, unknown, _axis(head), **accuracy)
    specs = [read_spec(*fields) if len(fields) == 2 else _no_spec(fields) for fields in head.all("array")]
    arguments = parse([_formula(head)], aliases).arguments
    if len(specs) != len(arguments):
        raise ArgumentValueError(f"This system takes {len(arguments)} arguments; found {len(specs)}.")
    return solver(*_fitted(arguments, arrays_of(specs)), **settings)
