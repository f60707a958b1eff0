"""What the front ends must know about JAX: how its arrays are reduced, with derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pairfold.api.adapter import NUMPY, Adapter, Arrays
from pairfold.api.linear_system import System, solve_call
from pairfold.api.request import Request
from pairfold.errors import ArgumentValueError, NotDifferentiableError
from pairfold.ir.call import Call
from pairfold.jax.arrays import ARRAYS, is_traced
from pairfold.jax.primitive import reduce
from pairfold.pruning import is_collecting, run
from pairfold.transform.derivatives import numbered

__all__ = ["JAX", "numbered_call", "solve_arrays"]


def numbered_call(call: Call, arrays: Sequence[Any]) -> tuple[Call, list[Any], tuple[int, ...]]:
    """Return the call and its arrays with the arguments that are read, and the positions of these."""
    problem, positions = numbered(call.problem)
    given = [arrays[position] for position in positions] if positions else list(arrays)
    return replace(call, problem=problem), given, positions


def _run(call: Call, arrays: Sequence[Any]) -> tuple[Any, ...]:
    """Carry out a reduction of JAX arrays; see `pairfold.engine.run`."""
    call, given, _ = numbered_call(call, arrays)
    are_numbers = not any(map(is_traced, given))
    if call.problem.reduction.is_unfinished:
        if are_numbers:
            return run(call, list(map(np.asarray, given)))
        raise NotDifferentiableError(
            "A state is made of numbers and carries no derivatives, and a transform of JAX (jit, grad, vmap, ...) "
            "traces this array. Compute states outside of transformed functions."
        )
    if call.options.tolerance is not None and is_collecting() and are_numbers:
        # XLA would carry it out in a thread of its own, where nobody collects reports.
        return tuple(map(jnp.asarray, run(call, list(map(np.asarray, given)))))
    return tuple(reduce(Request(call), given))


JAX = Adapter(**vars(ARRAYS), run=_run, writes=False)


def solve_arrays(
    framework: Arrays, run: Any, call: Call, system: System, arrays: Sequence[Any], alpha: Any
) -> jax.Array:
    """Solve a linear system of JAX arrays; see `pairfold.api.linear_system.solve_call`.

    The solution is differentiable, with respect to `alpha` as well, which may be an array with one entry.
    """
    if jnp.size(alpha) != 1:
        raise ArgumentValueError(f"alpha has shape {jnp.shape(alpha)}; it must be a number or an array with one entry.")
    call, given, positions = numbered_call(call, arrays)
    system = replace(system, position=positions.index(system.position))
    if not any(map(is_traced, [*given, alpha])):
        system = replace(system, settings=tuple([(name, _on_numpy(value)) for name, value in system.settings]))
        numbers, plain = list(map(np.asarray, given)), float(np.reshape(alpha, ()))
        return jnp.asarray(solve_call(NUMPY, NUMPY.run, call, system, numbers, plain))
    shape = (1,) * (len(call.extent.batch) + 1)
    given.append(jnp.asarray(alpha, given[0].dtype).reshape(shape))
    found: jax.Array = reduce(Request(call, system=system), given)[0]
    return found


def _on_numpy(setting: Any) -> Any:
    """Return a setting of the solver; a function of JAX arrays, as one of NumPy arrays."""
    return (lambda residuals: np.asarray(setting(jnp.asarray(residuals)))) if callable(setting) else setting
