"""``pykeops.torch.generic.generic_red``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pairfold.api.options import make_options, make_problem
from pairfold.api.routine import Routine
from pairfold.errors import ArgumentTypeError, NotDifferentiableError
from pairfold.pykeops.core_formula import parse_core
from pairfold.pykeops.habits import RoutineHabits
from pairfold.pykeops.routine import KeopsRoutine

if TYPE_CHECKING:
    # The classes of no framework, which these are made from: the stub of a front end is for its users.
    from pairfold import front_end as frontend
else:
    from pairfold import torch as frontend

__all__ = ["Genred", "GenredAutograd"]


class Genred(RoutineHabits, frontend.Genred):
    """`pairfold.torch.Genred`, which takes the options of every release of pykeops."""


class GenredAutograd:
    """A reduction of tensors whose formula holds it, ``"Sum_Reduction(Exp(x - y), 0)"``; what `Genred` called in KeOps.

    Examples
    --------
    >>> import torch
    >>> x, y = torch.zeros(2, 1), torch.ones(3, 1)
    >>> GenredAutograd.apply("SumReduction(x + y, 0)", ["x = Vi(1)", "y = Vj(1)"], "auto", "float32", x, y)
    tensor([[3.],
            [3.]])
    """

    @staticmethod
    def apply(formula: str, aliases: Sequence[str], backend: str, dtype: str, *args: Any) -> Any:
        """Reduce.

        Parameters
        ----------
        formula : str
            With its reduction, whose last number is 0 for a result that is indexed by i, 1 for one indexed by j.
        aliases : sequence of str
            Declarations of the arguments.
        backend : str
            As for `Genred`.
        dtype : str
            Without effect: the arguments set the precision.
        *args
            The tensors, one for each alias. What the releases have before them differs: the number of the device, the
            ranges, and then options that have no effect.
        """
        settings, tensors = args[: -len(aliases)], args[-len(aliases) :]
        device_id = settings[0] if settings else -1
        ranges = settings[1] if len(settings) > 1 else None
        routine = _core_routine(formula, tuple(aliases)).placed(backend, device_id)
        if len(tensors) != len(aliases):
            raise ArgumentTypeError(f"There are {len(aliases)} aliases and {len(tensors)} tensors for them.")
        return routine(tensors, ranges=ranges or None)


@lru_cache(maxsize=256)
def _core_routine(formula: str, aliases: tuple[str, ...]) -> Routine:
    core = parse_core(formula, aliases)
    if core.gradients:
        raise NotDifferentiableError(
            f"{formula}: gradients of other reductions than sums are taken with torch.autograd.grad."
        )
    problem = make_problem(core.value, core.reduction, core.weight, core.k, core.axis)
    return KeopsRoutine(problem, core.axis, core.arguments, make_options(core.reduction), frontend.LazyTensor.adapter)
