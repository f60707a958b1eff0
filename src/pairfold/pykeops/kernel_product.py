"""`kernel_product`, the interface of 2018, for any array framework: modes, features and gammas become a routine."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pairfold.api.genred import GenredBase
from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.pykeops.kernels import Atom, Kernel

__all__ = ["MODES", "Gamma", "Mode", "Product", "make_kernel_product"]


# ---------------------------------------------------------------- modes


@dataclass(frozen=True)
class Mode:
    """What is reduced over j.

    Attributes
    ----------
    sides : str
        What indexes the tensors after y, "i" or "j" for each; the formula calls them ``B_0, B_1, ...``.
    formula : str
        With ``{k}`` for the value of the kernel or ``{c}`` for its logarithm.
    reduction : str
        Name of the reduction.
    """

    sides: str
    formula: str
    reduction: str

    @property
    def is_log(self) -> bool:
        """Whether the mode needs the logarithm of the kernel."""
        return "{c}" in self.formula


MODES = {
    "sum": Mode("j", "{k} * B_0", "Sum"),
    "lse": Mode("j", "{c} + B_0", "LogSumExp"),
    "log_scaled": Mode("jij", "Exp({c} + B_1 + B_2) * B_0", "Sum"),
    "log_scaled_lse": Mode("jij", "{c} + B_1 + B_2 + B_0", "LogSumExp"),
    "log_scaled_barycenter": Mode("jiji", "Exp({c} + B_1 + B_2) * (B_0 - B_3)", "Sum"),
    "lse_mult_i": Mode("ji", "B_1 * {c} + B_0", "LogSumExp"),
    "sinkhorn_primal": Mode("ijij", "(B_2 + B_3 - 1) * Exp({c} + B_0 + B_1)", "Sum"),
    "sinkhorn_cost": Mode("ij", "-{c} * Exp({c} + B_0 + B_1)", "Sum"),
}
"""The modes; B_0 is b where there is one, and the other tensors follow."""

_FIRST_NAMES = {
    "log": "lse",
    "log_scaled_log": "log_scaled_lse",
    "log_barycenter": "log_scaled_barycenter",
    "log_mult_i": "lse_mult_i",
    "log_primal": "sinkhorn_primal",
    "log_cost": "sinkhorn_cost",
}
"""The names of May 2018; log_primal and log_cost had a b that nothing read."""


def _mode(name: str, tensors: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
    """Return the name of today and the tensors that the mode reads."""
    if name in ("log_primal", "log_cost"):
        tensors = tensors[1:]
    name = _FIRST_NAMES.get(name, name)
    if name not in MODES:
        known = ", ".join(map(repr, MODES))
        raise ArgumentValueError(f"The mode is {name!r}; allowed are {known}.")
    sides = MODES[name].sides
    if len(tensors) != len(sides):
        listing = ", ".join(f"one indexed by {side}" for side in sides)
        raise ArgumentValueError(
            f"Mode {name!r} takes {len(sides)} tensors after x and y ({listing}); found {len(tensors)}."
        )
    return name, tuple(tensors)


# ---------------------------------------------------------------- features and gammas


@dataclass(frozen=True, eq=False)
class Gamma:
    """One gamma: a tensor, and what indexes it: "i", "j" or "" for nothing."""

    tensor: Any
    side: str


@dataclass(frozen=True, eq=False)
class Product:
    """A kernel product, checked: what the routine, or the dense computation, needs.

    Attributes
    ----------
    kernel : Kernel
        The kernel.
    mode : str
        A name in `MODES`.
    xs, ys : tuples of (N, D) and (M, D) tensors
        The features.
    gammas : tuple of (Gamma or None)
        One for each atom, or as given when the kernel is a user's own.
    tensors : tuple of tensors
        What the mode reads.
    """

    kernel: Kernel
    mode: str
    xs: tuple[Any, ...]
    ys: tuple[Any, ...]
    gammas: tuple[Gamma | None, ...]
    tensors: tuple[Any, ...]

    def routine(self) -> tuple[str, tuple[str, ...], str, list[Any]]:
        """Return formula, aliases, name of the reduction, and the arguments."""
        mode = MODES[self.mode]
        kernel = self.kernel.formula(mode.is_log)
        formula = mode.formula.format(k=f"({kernel})", c=f"({kernel})")
        names = _FeatureNames(kernel)
        declared: list[tuple[str, str, Any]] = []
        for number, gamma in enumerate(self.gammas):
            if gamma is not None:
                declared.append((names("GHI", number), gamma.side, gamma.tensor))
        for number, (x, y) in enumerate(zip(self.xs, self.ys, strict=True)):
            declared += [(names("XUS", number), "i", x), (names("YVT", number), "j", y)]
        for number, (side, tensor) in enumerate(zip(mode.sides, self.tensors, strict=True)):
            declared.append((f"B_{number}", side, tensor))
        aliases = tuple(f"{name} = {_KINDS[side]}({tensor.shape[-1]})" for name, side, tensor in declared)
        return formula, aliases, mode.reduction, [tensor for _, _, tensor in declared]


_KINDS = {"i": "Vi", "j": "Vj", "": "Pm"}


class _FeatureNames:
    """Names of features and gammas: ``X_0, X_1, ...``, or one letter each in formulas of May 2018."""

    def __init__(self, formula: str) -> None:
        self.is_indexed = re.search(r"\b[GXY]_\d", formula) is not None

    def __call__(self, letters: str, number: int) -> str:
        if self.is_indexed or number >= len(letters):
            return f"{letters[0]}_{number}"
        return letters[number]


def _features(x: Any, name: str) -> tuple[Any, ...]:
    features = tuple(x) if isinstance(x, (tuple, list)) else (x,)
    for number, feature in enumerate(features):
        label = name if len(features) == 1 else f"{name}[{number}]"
        if not hasattr(feature, "shape"):
            raise ArgumentTypeError(f"{label} must be an array of shape (points, dimension); found {feature!r}.")
        if len(feature.shape) != 2:
            raise ArgumentValueError(
                f"{label} has shape {tuple(feature.shape)}; a feature has two axes, (points, dimension)."
            )
    return features


def _is_one_gamma(gamma: Any) -> bool:
    """Whether `gamma` is one entry: a tensor, None, or a pair such as ("i", tensor)."""
    if not isinstance(gamma, (tuple, list)):
        return True
    return len(gamma) == 2 and isinstance(gamma[0], str)


def _as_gamma(entry: Any, dim: int | None, label: str) -> Gamma:
    """Read one entry; `dim` is the dimension of the features, or None when the gamma may have any length."""
    side, tensor = entry if isinstance(entry, (tuple, list)) and _is_one_gamma(entry) else (None, entry)
    if not hasattr(tensor, "shape") or side not in ("i", "j", None):
        raise ArgumentTypeError(
            f"{label} must be an array, or ('i', array) for one row per point x_i; found {entry!r}."
        )
    shape = tuple(tensor.shape)
    axes = (1, 2) if side is None else (2,)
    if len(shape) not in axes:
        hint = " Make it a vector of length 1." if not shape else ""
        wanted = "one axis, or two with one row per point" if side is None else "two axes, with one row per point"
        raise ArgumentValueError(f"{label} has shape {shape}; it must have {wanted}.{hint}")
    if dim is not None and shape[-1] not in (1, dim, dim**2):
        raise ArgumentValueError(
            f"{label} has shape {shape}; for features of dimension {dim} its last axis must have length 1 (scalar), "
            f"{dim} (diagonal) or {dim**2} (matrix)."
        )
    return Gamma(tensor, "" if len(shape) == 1 else side or "j")


def _gammas(kernel: Kernel, given: Any, xs: Sequence[Any]) -> tuple[Gamma | None, ...]:
    entries = [given] if _is_one_gamma(given) else list(given)
    if kernel.atoms is None:
        return tuple(
            None if entry is None else _as_gamma(entry, None, f"gamma[{number}]")
            for number, entry in enumerate(entries)
        )
    per_atom = _spread(kernel, kernel.atoms, entries)
    gammas: list[Gamma | None] = []
    for number, (atom, entry) in enumerate(zip(kernel.atoms, per_atom, strict=True)):
        label = "gamma" if len(entries) == 1 else f"gamma[{number}]"
        if entry is None and atom.uses_gamma:
            raise ArgumentValueError(f"{label} is None, but kernel number {number} of {kernel!r} needs one.")
        gammas.append(_as_gamma(entry, xs[atom.pair].shape[-1], label) if atom.uses_gamma else None)
    return tuple(gammas)


def _spread(kernel: Kernel, atoms: Sequence[Atom], entries: Sequence[Any]) -> list[Any]:
    """Return one entry per atom; entries may be given per pair of features, as in May 2018."""
    pairs = 1 + max(atom.pair for atom in atoms)
    if len(entries) == len(atoms):
        return list(entries)
    if len(entries) == pairs:
        return [entries[atom.pair] for atom in atoms]
    raise ArgumentValueError(
        f"{kernel!r} has {len(atoms)} kernels on {pairs} pairs of features, so gamma is a tuple of {len(atoms)} "
        f"entries, one for each kernel{'' if pairs == len(atoms) else f', or of {pairs}, one for each pair'}; "
        f"found {len(entries)}."
    )


# ---------------------------------------------------------------- the product


def check_product(params: Mapping[str, Any], x: Any, y: Any, tensors: Sequence[Any], mode: str | None) -> Product:
    """Return the product that the arguments of `kernel_product` describe.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        If something is missing or does not fit.
    """
    for key in ("id", "gamma"):
        if key not in params:
            raise ArgumentValueError(f"params must have the keys 'id' and 'gamma'; {key!r} is missing.")
    kernel = params["id"]
    if not isinstance(kernel, Kernel):
        raise ArgumentTypeError(f"params['id'] must be a Kernel, such as Kernel('gaussian(x,y)'); found {kernel!r}.")
    xs, ys = _features(x, "x"), _features(y, "y")
    pairs = len(xs) if kernel.pairs is None else len(kernel.pairs)
    if not len(xs) == len(ys) == pairs:
        raise ArgumentValueError(
            f"{kernel!r} has {pairs} pairs of features, so x and y are tuples of {pairs}; "
            f"found {len(xs)} and {len(ys)}."
        )
    name, checked = _mode(mode or params.get("mode") or "sum", tensors)
    for number, tensor in enumerate(checked):
        if not hasattr(tensor, "shape") or len(tensor.shape) != 2:
            raise ArgumentValueError(
                f"Tensor number {number} after y must have two axes, (points, dimension); found "
                f"{tuple(tensor.shape) if hasattr(tensor, 'shape') else tensor!r}."
            )
    return Product(kernel, name, xs, ys, _gammas(kernel, params["gamma"], xs), checked)


def make_kernel_product(
    genred: type[GenredBase], dense: Callable[[Product, str], Any] | None = None
) -> Callable[..., Any]:
    """Return `kernel_product` for one framework; `dense` computes products without the engine."""

    @lru_cache(maxsize=256)
    def routine(formula: str, aliases: tuple[str, ...], reduction: str) -> GenredBase:
        return genred(formula, aliases, reduction, axis=1)

    def kernel_product(
        params: Any,
        x: Any,
        y: Any,
        *bs: Any,
        mode: str | None = None,
        backend: str | None = None,
        dtype: Any = None,
        cuda_type: Any = None,
        bonus_args: Sequence[Any] | None = None,
    ) -> Any:
        """Reduce a kernel between x and y, times b, over j.

        Parameters
        ----------
        params : dict
            ``"id"``, a `Kernel`; ``"gamma"``, an array or a tuple of them, one for each kernel in the identifier;
            ``"mode"`` and ``"backend"``, optional. A gamma is a vector of length 1 (scalar), D (diagonal) or D * D
            (matrix), the same with one row for each y_j, or a pair ``("i", array)`` with one row for each x_i.
        x, y : (N, D) and (M, D) arrays, or tuples of them
            Features.
        *bs : arrays with two axes
            What the mode reads; (M, E) weights b for ``"sum"``.
        mode : str, optional
            With c = log k: ``"sum"``, sum of k b; ``"lse"``, log-sum-exp of c + b; ``"log_scaled"`` (b, A, B), sum of
            exp(c + A + B) b; ``"log_scaled_lse"`` (b, A, B), log-sum-exp of c + A + B + b;
            ``"log_scaled_barycenter"`` (b, A, B, b2), sum of exp(c + A + B) (b - b2); ``"lse_mult_i"`` (b, a),
            log-sum-exp of a c + b; ``"sinkhorn_primal"`` (A, B, A2, B2), sum of (A2 + B2 - 1) exp(c + A + B);
            ``"sinkhorn_cost"`` (A, B), sum of -c exp(c + A + B). A, A2, a and b2 are indexed by i.
        backend : str, optional
            ``"auto"`` or ``"CPU"``; ``"pytorch"`` computes the dense matrix, for checking, and ``"matrix"`` returns
            it.
        dtype, cuda_type : optional
            Accepted for compatibility; the arrays set the precision.
        bonus_args : sequence of arrays, optional
            The tensors after b, as they were given in May 2018.

        Returns
        -------
        (N, E) array

        Raises
        ------
        ArgumentTypeError, ArgumentValueError
            If something is missing or does not fit.
        """
        if bs and isinstance(bs[0], Mapping):
            # The order of the first weeks: x, y, b, params.
            params, x, y, bs = bs[0], params, x, (y, *bs[1:])
        if not isinstance(params, Mapping):
            raise ArgumentTypeError(f"params must be a dictionary with the keys 'id' and 'gamma'; found {params!r}.")
        product = check_product(params, x, y, (*bs, *(bonus_args or ())), mode)
        where = backend or params.get("backend") or "auto"
        if where in ("pytorch", "matrix"):
            if dense is None:
                raise ArgumentValueError(f"backend={where!r} needs PyTorch tensors; use 'auto'.")
            return dense(product, where)
        formula, aliases, reduction, arguments = product.routine()
        return routine(formula, aliases, reduction)(*arguments, backend=where)

    return kernel_product
