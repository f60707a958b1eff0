"""``pykeops.numpy.generic_sum``: a module in 2018, a function later, both here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pairfold.pykeops.callable_module import make_callable
from pairfold.pykeops.numpy.generic.generic_ops import generic_sum
from pairfold.pykeops.numpy.generic.generic_red import Genred

__all__ = ["GenericSum_np", "generic_sum", "generic_sum_np"]

generic_sum_np = generic_sum


def GenericSum_np(  # noqa: N802 - the name that programs use
    backend: str, aliases: Sequence[str], formula: str, signature: Sequence[Any], sum_index: int, *args: Any
) -> Any:
    """Sum `formula` of `args`.

    Parameters
    ----------
    backend : str
        As for `Genred`.
    aliases : sequence of str
        Declarations of the arguments.
    formula : str
        What is summed.
    signature : sequence
        Dimension and category of the result and of the arguments, which the aliases tell as well.
    sum_index : int
        0 sums over j, 1 over i.
    *args : arrays
        The arguments.
    """
    return Genred(formula, aliases, "Sum", axis=1 - sum_index)(*args, backend=backend)


make_callable(__name__)
