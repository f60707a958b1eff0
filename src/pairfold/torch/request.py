"""A reduction as text: what a graph of operators can hold, save and load.

A registered operator takes tensors, numbers and strings only. The text names everything that the engine must know
beside the arrays, so a graph that was traced or exported in one process means the same in another, and no table of
live objects grows.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from pairfold.engine import Options
from pairfold.errors import ArgumentTypeError
from pairfold.ir.expr import OPERATIONS, Category, Expr, make, topological
from pairfold.ir.problem import Problem
from pairfold.reductions import REDUCTIONS
from pairfold.solvers.nystrom import Nystrom

__all__ = ["Request"]

_DEFAULTS = Options()


@dataclass(frozen=True)
class System:
    """How a linear system is solved whose matrix is a sum: ``sum_j F(..., a_j) + alpha a_i = b_i`` for a.

    Attributes
    ----------
    position : int
        The argument of the problem that is the unknown; its array is b.
    settings : tuple of (str, value)
        Of `pairfold.solvers.conjugate_gradients.solve_linear`.
    reports : list or None
        Where the report is put.
    """

    position: int
    settings: tuple[tuple[str, Any], ...] = ()
    reports: list[Any] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Request:
    """A problem, how it is to be carried out, and which half of block-sparse ranges belongs to its rows.

    Attributes
    ----------
    problem : Problem
        Its variables are numbered without gaps.
    options : Options
        For the engine.
    is_swapped : bool
        Whether its rows are the columns of the problem that the ranges were given for.
    checks_ranges : bool
        Whether the ranges are still to be checked, because they were not known when the graph was made.
    system : System or None
        The linear system to solve with the problem as its matrix; its alpha is one more array after those of the
        problem. None reduces the problem.
    """

    problem: Problem
    options: Options = _DEFAULTS
    is_swapped: bool = False
    checks_ranges: bool = False
    system: System | None = None

    @cached_property
    def text(self) -> str:
        """The request as text; `from_text` reads it."""
        problem = self.problem
        order = topological(problem.roots)
        number = {node: k for k, node in enumerate(order)}
        nodes = [[node.op.name, [number[arg] for arg in node.args], *map(_text_of, node.params)] for node in order]
        chosen = {name: value for name, value in asdict(self.options).items() if value != getattr(_DEFAULTS, name)}
        content = {
            "nodes": nodes,
            "roots": [number[root] for root in problem.roots],
            "reduction": problem.reduction.name,
            "k": problem.k,
            "options": chosen,
            "swapped": self.is_swapped,
            "checks": self.checks_ranges,
            "system": None if self.system is None else _text_of_system(self.system),
        }
        return json.dumps(content, separators=(",", ":"))

    @staticmethod
    def from_text(text: str) -> Request:
        """Return the request that `text` describes.

        Examples
        --------
        >>> from pairfold.ops.arithmetic import variable
        >>> x, y = variable(0, 3, Category.ROW), variable(1, 3, Category.COLUMN)
        >>> request = Request(Problem(x * y, REDUCTIONS["Sum"]))
        >>> Request.from_text(request.text) == request
        True
        """
        return _from_text(text)


def _text_of_system(system: System) -> list[Any]:
    settings = []
    for name, value in system.settings:
        if callable(value) or system.reports is not None:
            what = "a function as preconditioner" if callable(value) else "a report"
            raise ArgumentTypeError(
                f"Inside of torch.compile and torch.func a linear system cannot be solved with {what}; use "
                "preconditioner='nystrom' or Nystrom(rank, seed), and no report."
            )
        settings.append([name, {"nystrom": asdict(value)} if isinstance(value, Nystrom) else value])
    return [system.position, settings]


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


@lru_cache(maxsize=1024)
def _from_text(text: str) -> Request:
    content = json.loads(text)
    nodes: list[Expr] = []
    for name, args, *params in content["nodes"]:
        given = [_from_json(parameter) for parameter in params]
        if name == "Var":
            given[2] = Category(given[2])
        nodes.append(make(OPERATIONS[name], [nodes[k] for k in args], given))
    value, *weights = (nodes[k] for k in content["roots"])
    problem = Problem(value, REDUCTIONS[content["reduction"]], weights[0] if weights else None, content["k"])
    return Request(
        problem, Options(**content["options"]), content["swapped"], content["checks"], _system(content["system"])
    )
