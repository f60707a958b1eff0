"""What a caller may choose about a reduction beside the problem itself."""

from __future__ import annotations

import os
from dataclasses import dataclass

from pairfold.schedule.schedule import Schedule

__all__ = ["DEFAULT", "Options"]


_TARGET = os.environ.get("PAIRFOLD_TARGET", "cpu")


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
        ``"cpu"`` or ``"cuda"``: where NumPy arrays are reduced; arrays on a GPU are always reduced there. None takes
        the environment variable ``PAIRFOLD_TARGET``, read at import, else the CPU.
    device : int or None
        Number of the GPU that NumPy arrays are sent to; None takes the first.
    schedule : Schedule or None
        How the kernel works, for experiments; None lets the cost model choose. Its features must be those of a level
        that the processor has (`pairfold.targets.cpu.compile.machine`).
    """

    threads: int | None = None
    progress: bool = False
    sum_scheme: str = "auto"
    dtype_acc: str | None = None
    level: str | None = None
    split: int | None = None
    target: str | None = None
    device: int | None = None
    schedule: Schedule | None = None

    @property
    def on_gpu(self) -> bool:
        """Whether NumPy arrays are sent to a GPU."""
        return (self.target or _TARGET) == "cuda"

    @property
    def accumulate(self) -> str:
        """The summation of the schedule that these options ask for."""
        if self.dtype_acc == "float64":
            return "float64"
        return {"direct_sum": "direct", "kahan_scheme": "kahan"}.get(self.sum_scheme, "block")


DEFAULT = Options()
"""Nothing chosen: everything is decided by size and machine."""
