"""The classes of 2018 behind ``generic_sum`` and ``generic_logsumexp``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pairfold.pykeops.torch.generic.generic_red import Genred

__all__ = ["GenericLogSumExp", "GenericSum"]


class _Generic:
    reduction = ""

    @classmethod
    def apply(
        cls, backend: str, aliases: Sequence[str], formula: str, signature: Sequence[Any], sum_index: int, *args: Any
    ) -> Any:
        """Reduce `formula` of `args`.

        Parameters
        ----------
        backend : str
            As for `Genred`.
        aliases : sequence of str
            Declarations of the arguments.
        formula : str
            What is reduced.
        signature : sequence
            Dimension and category of the result and of the arguments, which the aliases tell as well.
        sum_index : int
            Category of the result: 0 = indexed by i, 1 = indexed by j.
        *args : tensors
            The arguments.
        """
        return Genred(formula, aliases, cls.reduction, axis=1 - sum_index)(*args, backend=backend)


class GenericSum(_Generic):
    """Sum of a formula."""

    reduction = "Sum"


class GenericLogSumExp(_Generic):
    """Log-sum-exp of a formula."""

    reduction = "LogSumExp"
