"""The kernels of 2018: an identifier such as ``"gaussian(x,y) * (1 + linear(u,v)**2)"`` becomes a formula string.

The atoms of an identifier are the names in `kernel_formulas`, applied to pairs
of features. Everything else (derivatives, reductions, compilation) is done by
the routines of the formula language; the dense functions are for checking.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pairfold.errors import FormulaError, UnknownNameError, suggestion
from pairfold.language.aliases import Scope
from pairfold.language.source import Source

__all__ = ["Atom", "Formula", "Kernel", "kernel_formulas"]

Dense = Callable[..., Any]


@dataclass(frozen=True)
class Formula:
    """An atom of kernel identifiers: the value k and its logarithm c, each as a formula and as a dense function.

    Attributes
    ----------
    formula_sum, formula_log : str, optional
        k and c in the formula language, with the placeholders ``{G}``, ``{X}`` and ``{Y}`` for gamma and the two
        features.
    routine_sum, routine_log : callable, optional
        The same on dense tensors. They are called with the keywords ``x``, ``y``, ``g``, ``gxmy2`` (the matrix of
        ``<x - y, g (x - y)>``, when there is a gamma) and ``xsy`` (the matrix of ``<x, y>``) as far as they accept
        them.
    """

    formula_sum: str | None = None
    routine_sum: Dense | None = None
    formula_log: str | None = None
    routine_log: Dense | None = None

    @property
    def uses_gamma(self) -> bool:
        """Whether the atom has a gamma."""
        return "{G}" in f"{self.formula_sum}{self.formula_log}"


def _root(q: Any) -> Any:
    """Return the square root whose derivative at 0 is 0, as in the formula language."""
    return (q + (q == 0)).sqrt() * (q != 0)


_Q = "WeightedSqDist({G}, {X}, {Y})"

kernel_formulas: dict[str, Formula] = {
    "gaussian": Formula(
        f"Exp(-{_Q})",
        lambda gxmy2, **_: (-gxmy2).exp(),
        f"(-{_Q})",
        lambda gxmy2, **_: -gxmy2,
    ),
    "laplacian": Formula(
        f"Exp(-Sqrt({_Q}))",
        lambda gxmy2, **_: (-_root(gxmy2)).exp(),
        f"(-Sqrt({_Q}))",
        lambda gxmy2, **_: -_root(gxmy2),
    ),
    "cauchy": Formula(
        f"Inv(1 + {_Q})",
        lambda gxmy2, **_: 1 / (1 + gxmy2),
        f"(-Log(1 + {_Q}))",
        lambda gxmy2, **_: -(1 + gxmy2).log(),
    ),
    "inverse_multiquadric": Formula(
        f"Rsqrt(1 + {_Q})",
        lambda gxmy2, **_: (1 + gxmy2) ** -0.5,
        f"(-0.5 * Log(1 + {_Q}))",
        lambda gxmy2, **_: -0.5 * (1 + gxmy2).log(),
    ),
    "linear": Formula(
        "({X} | {Y})",
        lambda xsy, **_: xsy,
        "(0.5 * Log(Square({X} | {Y}) + 1e-8))",
        lambda xsy, **_: 0.5 * (xsy**2 + 1e-8).log(),
    ),
    "distance": Formula(
        f"Sqrt({_Q})",
        lambda gxmy2, **_: _root(gxmy2),
        f"(0.5 * Log({_Q} + 1e-8))",
        lambda gxmy2, **_: 0.5 * (gxmy2 + 1e-8).log(),
    ),
    "exponential": Formula(
        f"Exp(-Sqrt({_Q} + 1e-4))",
        lambda gxmy2, **_: (-((gxmy2 + 1e-4) ** 0.5)).exp(),
        f"(-Sqrt({_Q} + 1e-4))",
        lambda gxmy2, **_: -((gxmy2 + 1e-4) ** 0.5),
    ),
    "energy": Formula(
        f"Rsqrt(Sqrt(1 + {_Q}))",
        lambda gxmy2, **_: (1 + gxmy2) ** -0.25,
        f"(-0.25 * Log(1 + {_Q}))",
        lambda gxmy2, **_: -0.25 * (1 + gxmy2).log(),
    ),
}
"""The atoms; programs may add their own."""


@dataclass(frozen=True)
class Atom:
    """One occurrence of an atom: on which pair of features, and whether it has a gamma."""

    pair: int
    uses_gamma: bool


Quantities = Sequence[Mapping[str, Any]]
"""What the dense functions are called with, for every atom."""


@dataclass(frozen=True)
class _Term:
    """A part of an identifier; the dense functions take the quantities of all atoms."""

    value: str
    log: str
    dense: Callable[[Quantities], Any]
    dense_log: Callable[[Quantities], Any]


class _KernelReader:
    """Walks the syntax tree of an identifier; atoms and pairs are numbered in order of appearance."""

    def __init__(self, name: str) -> None:
        self.source = Source(name, Scope(()))
        self.pairs: list[tuple[str, str]] = []
        self.atoms: list[Atom] = []
        self.term = self._term(self.source.tree)
        if not self.atoms:
            raise self.source.error_at(self.source.tree, f"the identifier has no kernel in it; {_GRAMMAR}")

    def _term(self, node: ast.expr) -> _Term:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._atom(node, node.func)
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return _number(node.value)  # type: ignore[arg-type]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            term = self._term(node.operand)
            return term if isinstance(node.op, ast.UAdd) else _combined(f"(-{term.value})", lambda q: -term.dense(q))
        if isinstance(node, ast.BinOp):
            return self._operation(node)
        raise self.source.error_at(node, f"this does not belong into a kernel identifier; {_GRAMMAR}")

    def _operation(self, node: ast.BinOp) -> _Term:
        if isinstance(node.op, ast.Pow):
            return self._power(node)
        if not isinstance(node.op, (ast.Add, ast.Sub, ast.Mult)):
            raise self.source.error_at(node, f"this operator does not belong into a kernel identifier; {_GRAMMAR}")
        left, right = self._term(node.left), self._term(node.right)
        if isinstance(node.op, ast.Add):
            return _combined(f"({left.value} + {right.value})", lambda q: left.dense(q) + right.dense(q))
        if isinstance(node.op, ast.Sub):
            return _combined(f"({left.value} - {right.value})", lambda q: left.dense(q) - right.dense(q))
        return _Term(
            f"({left.value} * {right.value})",
            f"({left.log} + {right.log})",
            lambda q: left.dense(q) * right.dense(q),
            lambda q: left.dense_log(q) + right.dense_log(q),
        )

    def _power(self, node: ast.BinOp) -> _Term:
        base, exponent = self._term(node.left), node.right
        if not isinstance(exponent, ast.Constant) or type(exponent.value) is not int:
            raise self.source.error_at(exponent, "the exponent must be a literal integer.")
        k = exponent.value
        return _Term(
            f"Pow({base.value}, {k})",
            f"({k} * {base.log})",
            lambda q: base.dense(q) ** k,
            lambda q: k * base.dense_log(q),
        )

    def _atom(self, node: ast.Call, function: ast.Name) -> _Term:
        name = self.source.name_at(function)
        formula = kernel_formulas.get(name)
        if formula is None:
            known = ", ".join(kernel_formulas)
            raise self.source.error_at(
                function,
                f"there is no kernel called {name!r}.{suggestion(name, kernel_formulas)} Kernels: {known}.",
                UnknownNameError,
            )
        number, pair = len(self.atoms), self._pair(node)
        self.atoms.append(Atom(pair, formula.uses_gamma))
        names = {"G": f"G_{number}", "X": f"X_{pair}", "Y": f"Y_{pair}"}
        value, log = ((text or _absent(name)).format(**names) for text in (formula.formula_sum, formula.formula_log))
        return _Term(
            value,
            log,
            lambda q: (formula.routine_sum or _no_routine(name))(**q[number]),
            lambda q: (formula.routine_log or _no_routine(name))(**q[number]),
        )

    def _pair(self, node: ast.Call) -> int:
        names = [self.source.name_at(argument) for argument in node.args if isinstance(argument, ast.Name)]
        if len(names) != 2 or len(node.args) != 2 or node.keywords or names[0] == names[1]:
            raise self.source.error_at(node, f"a kernel takes two different features; {_GRAMMAR}")
        pair = (names[0], names[1])
        if pair in self.pairs:
            return self.pairs.index(pair)
        taken = {name for known in self.pairs for name in known}.intersection(pair)
        if taken:
            raise self.source.error_at(
                node,
                f"the feature {min(taken)!r} is already part of another pair: every feature belongs to one pair, "
                "the first name indexed by i and the second by j.",
            )
        self.pairs.append(pair)
        return len(self.pairs) - 1


_GRAMMAR = (
    "write kernels of pairs of features, such as gaussian(x,y), joined by + - * and ** with an integer, with numbers "
    "and parentheses."
)


def _number(value: float) -> _Term:
    log = math.log(value) if value > 0 else math.nan if value < 0 else -math.inf
    return _Term(repr(value), f"Log({value!r})", lambda q: value, lambda q: log)


def _combined(value: str, dense: Callable[[Quantities], Any]) -> _Term:
    """Return a term whose logarithm is simply that of its value."""
    return _Term(value, f"Log{value}", dense, lambda q: dense(q).log())


_ABSENT = "__absent__"


def _absent(name: str) -> str:
    return f"{_ABSENT}{name}"


def _no_routine(name: str) -> Dense:
    raise FormulaError(
        f"The kernel {name!r} has no dense function for this mode; set routine_sum (routine_log for the log modes), "
        "or use backend='auto'."
    )


class Kernel:
    """A kernel of pairs of features; holds no data.

    Parameters
    ----------
    name : str, optional
        An identifier: names in `kernel_formulas` applied to pairs of features, with ``+ - *``, integer powers,
        numbers and parentheses. Pairs are numbered in order of appearance, as the tuples x and y of
        `kernel_product`; every occurrence of a kernel has a gamma of its own.
    formula_sum, routine_sum, formula_log, routine_log : optional
        A kernel of one's own, when there is no name: k and c = log k as formulas in the names ``X_0, Y_0, X_1, ...``
        of the features and ``G_0, ...`` of the gammas, or in the names ``X, Y, U, V, S, T`` and ``G, H, I`` of 2018;
        and as dense functions, for checking.
    features : str, optional
        Accepted for compatibility; the arguments tell.

    Raises
    ------
    FormulaError, UnknownNameError
        If the identifier is not understood.

    Examples
    --------
    >>> Kernel("gaussian(x,y) * (1 + linear(u,v)**2)").formula_sum
    '(Exp(-WeightedSqDist(G_0, X_0, Y_0)) * (1 + Pow((X_1 | Y_1), 2)))'
    """

    def __init__(
        self,
        name: str | None = None,
        formula_sum: str | None = None,
        routine_sum: Dense | None = None,
        formula_log: str | None = None,
        routine_log: Dense | None = None,
        features: str | None = None,
    ) -> None:
        self.name = name
        self.features = features
        self.formula_sum, self.formula_log = formula_sum, formula_log
        self.routine_sum, self.routine_log = routine_sum, routine_log
        self.pairs: tuple[tuple[str, str], ...] | None = None
        self.atoms: tuple[Atom, ...] | None = None
        if name is not None:
            reader = _KernelReader(name)
            self.pairs, self.atoms = tuple(reader.pairs), tuple(reader.atoms)
            self.formula_sum, self.formula_log = reader.term.value, reader.term.log
            self.routine_sum, self.routine_log = reader.term.dense, reader.term.dense_log

    def formula(self, is_log: bool) -> str:
        """Return the formula of k, or of its logarithm.

        Raises
        ------
        FormulaError
            If a kernel of one's own lacks it.
        """
        text = self.formula_log if is_log else self.formula_sum
        if text is None or _ABSENT in text:
            what = "formula_log, the logarithm of the kernel" if is_log else "formula_sum, the value of the kernel"
            raise FormulaError(f"{self!r} has no {what}, which this mode needs. Set it.")
        return text

    def __repr__(self) -> str:
        return f"Kernel({self.name!r})" if self.name is not None else f"Kernel(formula_sum={self.formula_sum!r})"
