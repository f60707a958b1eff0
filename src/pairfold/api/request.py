"""A call as text: what a graph of operators can hold, save and load.

A registered operator of a framework takes arrays, numbers and strings only. The text names everything that the engine
must know beside the arrays and their sizes, so a graph that was traced or exported in one process means the same in
another, and no table of live objects grows.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

from pairfold.api.linear_system import System
from pairfold.errors import ArgumentTypeError
from pairfold.ir.call import DEFAULT, Call, Extent, Options, Tolerance
from pairfold.ir.expr import OPERATIONS, Category, Expr, Op, make, topological
from pairfold.ir.problem import Problem
from pairfold.ir.reduction import UNFINISHED
from pairfold.reductions import REDUCTIONS
from pairfold.solvers.nystrom import Nystrom
from pairfold.sparsity.ranges import swap_axes

__all__ = ["Request"]


@dataclass(frozen=True, eq=False)
class Request:
    """A call, and what a graph must know of it beside.

    Attributes
    ----------
    call : Call
        The variables of its problem are numbered without gaps.
    checks_ranges : bool
        Whether the ranges are still to be checked, because they were not known when the graph was made.
    system : System or None
        The linear system to solve with the call as its matrix; its alpha is one more array after those of the problem.
        None carries out the call.
    merges : bool
        Whether the arrays are the fields of states, which are to be merged and finished: ``(*batch, rows, columns *
        dim)``, where the columns of the call are parts of the columns of the problem.
    """

    call: Call
    checks_ranges: bool = False
    system: System | None = None
    merges: bool = False

    @property
    def text(self) -> str:
        """The request without sizes, dtype and ranges, as text."""
        system = None if self.system is None else _text_of_system(self.system)
        return _text(self.call.problem, self.call.options, self.checks_ranges, system, self.merges)

    @staticmethod
    def from_text(text: str, extent: Extent, dtype: str, ranges: Sequence[Any] = ()) -> Request:
        """Return the request that `text` describes.

        Examples
        --------
        >>> from pairfold.ops.arithmetic import variable
        >>> x, y = variable(0, 3, Category.ROW), variable(1, 3, Category.COLUMN)
        >>> call = Call(Problem(x * y, REDUCTIONS["Sum"]), Extent(5, 7), "float32")
        >>> Request.from_text(Request(call).text, Extent(2, 4), "float64").call.problem == call.problem
        True
        """
        read = _read(text)
        found = (swap_axes(ranges) if read.is_swapped else tuple(ranges)) if ranges else None
        call = Call(read.problem, extent, dtype, found, read.options)
        return Request(call, read.checks_ranges, read.system, read.merges)


class _Read(NamedTuple):
    problem: Problem
    options: Options
    is_swapped: bool
    checks_ranges: bool
    system: System | None
    merges: bool


@lru_cache(maxsize=1024)
def _text(problem: Problem, options: Options, checks_ranges: bool, system: str | None, merges: bool) -> str:
    order = topological(problem.roots)
    number = {node: k for k, node in enumerate(order)}
    content = {
        "nodes": [[node.op.name, [number[arg] for arg in node.args], *map(_text_of, node.params)] for node in order],
        "roots": [number[root] for root in problem.roots],
        "reduction": problem.reduction.name,
        "k": problem.k,
        "options": {name: value for name, value in asdict(options).items() if value != getattr(DEFAULT, name)},
        # Whether the ranges of the columns come first: in texts of earlier versions.
        "swapped": False,
        "checks": checks_ranges,
        "system": None if system is None else json.loads(system),
        **({"merges": True} if merges else {}),
    }
    return json.dumps(content, separators=(",", ":"))


@lru_cache(maxsize=1024)
def _read(text: str) -> _Read:
    content = json.loads(text)
    nodes: list[Expr] = []
    for name, args, *params in content["nodes"]:
        given = [_from_json(parameter) for parameter in params]
        if name == "Var":
            given[2] = Category(given[2])
        nodes.append(make(_operation(name), [nodes[k] for k in args], given))
    value, *weights = (nodes[k] for k in content["roots"])
    name = content["reduction"]
    reduction = REDUCTIONS[name.removeprefix(UNFINISHED)]
    reduction = reduction.unfinished if name.startswith(UNFINISHED) else reduction
    problem = Problem(value, reduction, weights[0] if weights else None, content["k"])
    options = Options(**content["options"])
    if options.tolerance is not None:
        options = replace(options, tolerance=Tolerance(**content["options"]["tolerance"]))
    system, merges = _system(content["system"]), content.get("merges", False)
    return _Read(problem, options, content["swapped"], content["checks"], system, merges)


def _operation(name: str) -> Op:
    """Return the operation called `name` in a text; those of earlier versions may have one that is of pykeops now."""
    if name not in OPERATIONS:
        kernels: dict[str, Op] = importlib.import_module("pairfold.pykeops.operations").KERNELS
        return kernels[name]
    return OPERATIONS[name]


def _text_of_system(system: System) -> str:
    unwritten = ["a function as preconditioner" for _, value in system.settings if callable(value)]
    if unwritten or system.reports is not None:
        raise ArgumentTypeError(
            "Where a transform traces the program (torch.compile, torch.func, jax.jit, ...) a linear system cannot be "
            f"solved with {(*unwritten, 'a report')[0]}; use preconditioner='nystrom' or Nystrom(rank, seed), and no "
            "report."
        )
    settings = [
        [name, {"nystrom": asdict(value)} if isinstance(value, Nystrom) else value] for name, value in system.settings
    ]
    return json.dumps([system.position, settings])


def _system(content: list[Any] | None) -> System | None:
    if content is None:
        return None
    position, settings = content
    known = {name: Nystrom(**value["nystrom"]) if isinstance(value, dict) else value for name, value in settings}
    return System(position, tuple(known.items()))


def _text_of(parameter: Any) -> Any:
    """Return a static parameter as JSON can hold it: floats by their bits, tuples as lists."""
    if isinstance(parameter, float):
        return {"float": parameter.hex()}
    if isinstance(parameter, tuple):
        return [_text_of(entry) for entry in parameter]
    return parameter


def _from_json(parameter: Any) -> Any:
    if isinstance(parameter, dict):
        return float.fromhex(parameter["float"])
    if isinstance(parameter, list):
        return tuple(_from_json(entry) for entry in parameter)
    return parameter
