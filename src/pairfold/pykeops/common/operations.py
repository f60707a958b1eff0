"""``pykeops.common.operations``: linear solves for arrays of either framework."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

from pairfold.pykeops.common.utils import get_tools
from pairfold.solvers.conjugate_gradients import solve_kernel, solve_linear

__all__ = ["ConjugateGradientSolver", "KernelLinearSolver"]


def _module(binding: str) -> ModuleType:
    return importlib.import_module("numpy" if binding == "numpy" else "torch")


def ConjugateGradientSolver(  # noqa: N802 - the name that programs use
    binding: str, linop: Callable[[Any], Any], b: Any, eps: float = 1e-6
) -> Any:
    """Return the solution of ``linop(a) = b`` by conjugate gradients.

    Parameters
    ----------
    binding : str
        ``"numpy"`` or ``"torch"``.
    linop : callable
        Product with a symmetric positive definite matrix.
    b : array
        Right-hand side; one vector, whatever its shape.
    eps : float
        Root mean square of the residual at which the iteration stops.

    Raises
    ------
    NotConvergedError
        If the system is not solved.

    Examples
    --------
    >>> import numpy as np
    >>> ConjugateGradientSolver("numpy", lambda v: 2.0 * v, np.ones(3))
    array([0.5, 0.5, 0.5])
    """
    column = b.reshape(-1, 1)
    solution = solve_linear(
        lambda v: linop(v.reshape(b.shape)).reshape(-1, 1), column, alpha=0.0, eps=eps, alike=False, xp=_module(binding)
    )
    return solution.reshape(b.shape)


def KernelLinearSolver(  # noqa: N802 - the name that programs use
    binding: str,
    K: Any,  # noqa: N803 - the name that programs use
    x: Any,
    b: Any,
    alpha: float = 0,
    eps: float = 1e-6,
    precond: bool = False,
    precondKernel: Any = None,  # noqa: N803 - the name that programs use
) -> Any:
    """Return the solution of ``K(x, x, a) + alpha a = b``.

    Parameters
    ----------
    binding : str
        ``"numpy"`` or ``"torch"``.
    K : callable or tuple
        ``K(x, y, b)`` sums a kernel over y; ``("gaussian", D, E, sigma)`` stands for exp(-|x - y|^2 / sigma^2).
    x, b : (N, D) and (N, E) arrays
        Points and right-hand sides.
    alpha, eps : float
        Ridge, and root mean square of the residual at which the iteration stops.
    precond : bool
        Use the Nystrom preconditioner, which needs nothing but K.
    precondKernel
        Accepted for compatibility.

    Raises
    ------
    NotConvergedError
        If the system is not solved.
    """
    kernel = _gaussian(binding, *K[1:]) if isinstance(K, tuple) else K
    return solve_kernel(kernel, x, b, alpha=alpha, eps=eps, precond=precond, xp=_module(binding))


def _gaussian(binding: str, dimension: int, width: int, sigma: Any) -> Callable[[Any, Any, Any], Any]:
    tools = get_tools(binding)

    def kernel(x: Any, y: Any, v: Any) -> Any:
        # The preconditioner multiplies by blocks of other widths than that of b.
        aliases = (f"x = Vi({dimension})", f"y = Vj({dimension})", f"v = Vj({v.shape[-1]})", "g = Pm(1)")
        routine = tools.Genred("Exp(-g * SqDist(x, y)) * v", aliases, "Sum", axis=1)
        return routine(x, y, v, 1.0 / sigma**2)

    return kernel
