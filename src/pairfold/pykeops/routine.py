"""How reductions of KeOps are called, and what they return."""

from __future__ import annotations

from typing import Any, ClassVar

from pairfold.api.routine import Routine
from pairfold.errors import ArgumentValueError

__all__ = ["KeopsRoutine", "place"]

_PLACES = {
    **{name: name for name in ("auto", "CPU", "GPU")},
    **dict.fromkeys(("GPU_1D", "GPU_2D", "GPU_1D_device", "GPU_1D_host", "GPU_2D_device", "GPU_2D_host"), "GPU"),
}


def place(backend: Any) -> str:
    """Return the backend of pairfold for one of the nine of KeOps; raises `ArgumentValueError` for anything else."""
    if backend not in tuple(_PLACES):
        raise ArgumentValueError(f"backend is {backend!r}; allowed are {', '.join(map(repr, _PLACES))}.")
    return _PLACES[backend]


class KeopsRoutine(Routine):
    """A routine that takes the backends of KeOps, and says 0 where no column wins."""

    converts: ClassVar[bool] = True

    def placed(self, backend: object, device_id: object = -1) -> Routine:
        """Return this routine for the place that a caller names."""
        return super().placed(backend if backend == "auto" else place(backend), device_id)

    def converted(self, outputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return column 0 where a minimum or maximum has no winner; pairfold says -1."""
        reduction = self.problem.reduction
        if reduction.needs_k or all(field.kind == "real" for field in reduction.fields):
            return outputs
        *values, where = outputs
        return (*values, where * (where >= 0))
