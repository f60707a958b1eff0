"""One reduction to carry out: the value that front ends, engine and targets hand to each other."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

from pairfold.ir.expr import Expr
from pairfold.ir.problem import Problem

__all__ = ["DEFAULT", "Call", "Extent", "Options", "Tolerance"]


class Extent(NamedTuple):
    """The sizes of one reduction.

    Attributes
    ----------
    rows, columns : int
        What is kept (N) and what is reduced (M).
    batch : tuple of int
        Leading axes of arguments and outputs.

    Examples
    --------
    >>> Extent(3, 5).swapped
    Extent(rows=5, columns=3, batch=())
    """

    rows: int
    columns: int
    batch: tuple[int, ...] = ()

    @property
    def swapped(self) -> Extent:
        """The sizes of the reduction over rows."""
        return Extent(self.columns, self.rows, self.batch)

    @property
    def entries(self) -> int:
        """Number of batch entries."""
        return prod(self.batch)

    @property
    def is_empty(self) -> bool:
        """Whether there is no pair."""
        return self.rows == 0 or self.columns == 0 or 0 in self.batch


@dataclass(frozen=True)
class Tolerance:
    """How far a result may be from that of every pair; pairs that cannot matter so much are left out.

    Attributes
    ----------
    tol : float or None
        For row i, relative to ``sum_j |f(x_i, y_j)|``; for a log-sum-exp an absolute error of the logarithm. 0 allows
        only what changes nothing: pruning of minima, maxima and the like, and of terms that are exactly zero.
    atol : float or None
        An absolute error that is allowed beside; None is 0.

    Examples
    --------
    >>> Tolerance(1e-3).is_exact, Tolerance(0.0).is_exact
    (False, True)
    """

    tol: float | None = None
    atol: float | None = None

    @property
    def is_exact(self) -> bool:
        """Whether results must be those of every pair."""
        return not self.tol and not self.atol


@dataclass(frozen=True)
class Options:
    """How one reduction is carried out.

    Attributes
    ----------
    threads : int or None
        Number of threads; None takes ``PAIRFOLD_NUM_THREADS``, ``OMP_NUM_THREADS`` or the number of cores.
    progress : bool
        Show a progress bar (needs the package tqdm).
    sum_scheme : str
        ``"auto"`` or ``"block_sum"``: blocks of columns in the working precision; ``"direct_sum"``: one running sum;
        ``"kahan_scheme"``: compensated (Kahan 1965).
    dtype_acc : str or None
        ``"float64"`` accumulates in float64.
    level : str or None
        Limits the processor features: ``"avx512"``, ``"avx2"`` or ``"sse2"``.
    split : int or None
        Number of parts into which the columns are split; None decides by size.
    target : str or None
        Where NumPy arrays are reduced, ``"cpu"``, ``"cuda"`` or another name in `pairfold.targets.target.TARGETS`;
        arrays on a GPU are always reduced there. None takes the environment variable ``PAIRFOLD_TARGET``, read at
        import, else the CPU.
    device : int or None
        Number of the GPU that NumPy arrays are sent to; None takes the first.
    schedule : Schedule or None
        How the kernel works, a value of the target, for experiments; None lets the cost model choose. Its features must
        be those of a level that the processor has (`pairfold.targets.cpu.compile.machine`).
    tolerance : Tolerance or None
        Which pairs may be left out (`pairfold.pruning`); the engine itself looks at all that it is given. None leaves
        out none.
    """

    threads: int | None = None
    progress: bool = False
    sum_scheme: str = "auto"
    dtype_acc: str | None = None
    level: str | None = None
    split: int | None = None
    target: str | None = None
    device: int | None = None
    schedule: Any = None
    tolerance: Tolerance | None = None

    @property
    def accumulate(self) -> str:
        """The summation of the schedule that these options ask for."""
        if self.dtype_acc == "float64":
            return "float64"
        return {"direct_sum": "direct", "kahan_scheme": "kahan"}.get(self.sum_scheme, "block")


DEFAULT = Options()
"""Nothing chosen: everything is decided by size and machine."""


@dataclass(frozen=True, eq=False)
class Call:
    """One reduction, without its arrays.

    Attributes
    ----------
    problem : Problem
        What is computed.
    extent : Extent
        For how many rows and columns.
    dtype : str
        Precision of the arithmetic, ``"float32"`` or ``"float64"``.
    ranges : tuple of int64 arrays, optional
        Row blocks, ends of their lists of column intervals, column intervals (see `pairfold.numpy.cluster`). Three
        arrays may follow that say the same of the columns, which derivatives need.
    options : Options
        How.
    mirror : Expr or None
        For a product with a symmetric matrix, whose rows and columns are the same points: what is summed over rows for
        every column in its place (`pairfold.transform.symmetry.mirrored`), so that every pair need be looked at once
        only.
    """

    problem: Problem
    extent: Extent
    dtype: str
    ranges: tuple[Any, ...] | None = None
    options: Options = DEFAULT
    mirror: Expr | None = None
