"""``pykeops.torch.operations``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pairfold.pykeops.habits import RoutineHabits

if TYPE_CHECKING:
    # The classes of no framework, which these are made from: the stub of a front end is for its users.
    from pairfold import front_end as frontend
else:
    from pairfold import torch as frontend

__all__ = ["KernelSolve"]


class KernelSolve(RoutineHabits, frontend.KernelSolve):
    """`pairfold.torch.KernelSolve` with the order of arguments of pykeops, which is not that of its NumPy class."""

    def __init__(
        self,
        formula: str,
        aliases: Iterable[str],
        varinvalias: str,
        axis: int = 0,
        dtype_acc: str = "auto",
        use_double_acc: bool = False,
        sum_scheme: str = "auto",
        enable_chunks: bool = True,
        rec_multVar_highdim: Any = None,  # noqa: N803 - the name that programs use
        dtype: Any = None,
        cuda_type: Any = None,
        use_fast_math: bool = True,
    ) -> None:
        super().__init__(
            formula,
            aliases,
            varinvalias,
            axis=axis,
            dtype_acc=dtype_acc,
            use_double_acc=use_double_acc,
            sum_scheme=sum_scheme,
        )
