"""Reductions whose columns are sharded over an axis of a mesh, inside of `jax.shard_map`.

Every device reduces its own columns to a state; states are small, and merged. The derivative of a reduction is a sum
over columns, given its outputs, so every device sums over its own columns, and the sums are added up: as functions that
JAX differentiates, they give derivatives of any order in every mode.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.custom_derivatives import SymbolicZero

from pairfold.api.derivatives import Reduced
from pairfold.api.genred import GenredBase
from pairfold.api.request import Request
from pairfold.errors import ArgumentTypeError, ArgumentValueError
from pairfold.ir.call import Call
from pairfold.ir.expr import Category
from pairfold.ir.problem import Problem
from pairfold.jax.adapter import JAX, numbered_call
from pairfold.jax.primitive import CALCULUS, reduce, type_of, varying_axes
from pairfold.lazy.reduction import LazyReduction
from pairfold.reductions.state import output_kinds
from pairfold.transform.derivatives import differentiable_form, saved_problem

__all__ = ["sharded"]

Array = Any
Several = Sequence[Any]

SCHEDULES = ("merge", "ring")

MOST_NARROW = 2**31 - 1
"""The largest int32 number."""


def sharded(
    reduction: Any, axis_name: str | tuple[str, ...], *, schedule: str = "merge"
) -> Callable[..., jax.Array | tuple[jax.Array, ...]]:
    """Return a reduction over the columns of all devices of an axis of a mesh, for functions inside of `jax.shard_map`.

    Columns are what is reduced: what is indexed by j, for ``axis=1``. Their numbers count those of all devices, in the
    order of the axis.

    Parameters
    ----------
    reduction : Genred, or a reduction of a LazyTensor with ``call=False``
        Every reduction can be sharded.
    axis_name : str or tuple of str
        The axis of the mesh over which the columns are sharded.
    schedule : {"merge", "ring"}
        ``"merge"``: the rows are the same on all devices of the axis, and so is the result. The states of all devices,
        as large as a few results, are sent around once. ``"ring"``: the rows are sharded over the axis as well, and so
        is the result. The columns are sent around, from neighbour to neighbour; no device holds those of more than
        two.

    Returns
    -------
    callable
        What it takes and returns is what `reduction` takes and returns, on the shards of one device; derivatives of all
        orders included.

    Raises
    ------
    ArgumentTypeError, ArgumentValueError
        If an argument here or in the call is not allowed. In the call, if there is no such axis; if the types of the
        arrays say that they are sharded in another way; for block-sparse ranges, and for a tolerance.

    Examples
    --------
    >>> import jax, jax.numpy as jnp, numpy as np
    >>> from jax.sharding import Mesh, PartitionSpec as P
    >>> from pairfold.jax import Vi, Vj, sharded
    >>> def potential(x, y):
    ...     distances = ((Vi(x) - Vj(y)) ** 2).sum(-1)
    ...     return sharded((-distances).logsumexp(axis=1, call=False), "columns")()
    >>> mesh = Mesh(np.array(jax.devices()), ("columns",))
    >>> over_devices = jax.shard_map(potential, mesh=mesh, in_specs=(P(), P("columns")), out_specs=P())
    >>> over_devices(jnp.zeros((4, 3)), jnp.zeros((8, 3))).shape
    (4, 1)
    """
    if schedule not in SCHEDULES:
        raise ArgumentValueError(f"schedule is {schedule!r}; allowed are {' and '.join(map(repr, SCHEDULES))}.")
    if not isinstance(reduction, (GenredBase, LazyReduction)) or reduction._routine.adapter is not JAX:
        raise ArgumentTypeError(
            "A Genred of pairfold.jax is sharded, or a reduction of a LazyTensor of JAX arrays that waits, such as "
            f"tensor.logsumexp(axis=1, call=False); found an object of type {type(reduction).__name__}."
        )
    routine = copy(reduction._routine)
    routine.adapter = replace(JAX, run=partial(_run, axis_name, schedule == "ring"))
    routine._plans, routine._elsewhere = {}, {}
    reduction = copy(reduction)
    reduction._routine = routine
    return reduction.__call__  # type: ignore[no-any-return]


@dataclass(frozen=True)
class _Job:
    """A reduction of the columns of all devices.

    Attributes
    ----------
    call : Call
        That of one device.
    axis : str or tuple of str
        The axis of the mesh.
    devices : int
        How many devices it has.
    is_ring : bool
        Whether the columns are sent around.
    """

    call: Call
    axis: Any
    devices: int
    is_ring: bool

    def of(self, problem: Problem) -> _Job:
        """The same for another problem."""
        return replace(self, call=replace(self.call, problem=problem))

    @property
    def problem(self) -> Problem:
        """What is computed."""
        return self.call.problem

    def turns(self, *several: dict[int, Array]) -> Iterator[tuple[Array, tuple[dict[int, Array], ...]]]:
        """Yield the first column number and the arrays, and so on for all columns that come by."""
        here = lax.axis_index(self.axis)
        if not self.is_ring:
            yield here * self.call.extent.columns, several
            return
        steps = [(device, (device - 1) % self.devices) for device in range(self.devices)]
        for step in range(self.devices):
            yield (here + step) % self.devices * self.call.extent.columns, several
            if step < self.devices - 1:
                several = tuple({k: self._sent(k, array, steps) for k, array in arrays.items()} for arrays in several)

    def _sent(self, position: int, array: Array, steps: list[tuple[int, int]]) -> Array:
        if self.problem.arguments[position].category != Category.COLUMN:
            return array
        return lax.ppermute(array, self.axis, steps)


def _run(axis: Any, is_ring: bool, call: Call, arrays: Several) -> tuple[Array, ...]:
    """Carry out a sharded reduction; see `pairfold.engine.run`."""
    if call.ranges is not None or call.options.tolerance is not None:
        what = "block-sparse ranges" if call.ranges is not None else "a tolerance"
        raise ArgumentValueError(f"A sharded reduction takes every pair; found {what}.")
    try:
        devices = int(lax.psum(1, axis))
    except NameError:
        raise ArgumentValueError(
            f"There is no axis {axis!r} of a mesh here: sharded reductions are called inside of jax.shard_map, over a "
            "mesh with such an axis."
        ) from None
    call, given, _ = numbered_call(call, arrays)
    job = _Job(call, axis, devices, is_ring)
    _check_types(job, given)
    if "index" in output_kinds(call.problem) and devices * call.extent.columns > MOST_NARROW:
        _require_wide(devices * call.extent.columns)
    return _whole(job, *given)


def _require_wide(columns: int) -> None:
    if jax.dtypes.canonicalize_dtype("int64").name != "int64":
        raise ArgumentValueError(
            f"There are {columns} columns, whose numbers need int64: set jax.config.update('jax_enable_x64', True)."
        )


def _check_types(job: _Job, arrays: Several) -> None:
    """Refuse arrays that are sharded in another way, where JAX knows."""
    names = {job.axis} if isinstance(job.axis, str) else set(job.axis)
    if not names <= varying_axes(lax.axis_index(job.axis)):
        return  # The check is off.
    sides = {Category.ROW: job.is_ring, Category.COLUMN: True, Category.PARAMETER: False}
    words = {Category.ROW: "kept", Category.COLUMN: "reduced", Category.PARAMETER: "a parameter"}
    for category, should in sides.items():
        found = [
            bool(names & varying_axes(arrays[k])) for k, v in job.problem.arguments.items() if v.category == category
        ]
        if found and any(found) != should:
            hint = (
                " schedule='ring' takes rows that are sharded too." if category == Category.ROW and not should else ""
            )
            raise ArgumentValueError(
                f"What is {words[category]} {'does not vary' if should else 'varies'} over the axis {job.axis!r}, over "
                f"which the columns are sharded; the in_specs of jax.shard_map say how arrays are sharded.{hint}"
            )


# ---------------------------------------------------------------- values


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _whole(job: _Job, *arrays: Array) -> tuple[Array, ...]:
    """Return the outputs for the columns of all devices."""
    call = replace(job.call, problem=job.problem.unfinished)
    parts = []
    for first, (held,) in job.turns(dict(enumerate(arrays))):
        fields = reduce(Request(call), [held[k] for k in range(len(arrays))])
        parts.append([_counted_from(first, field) for field in fields])
    stacks = [_gathered(job, fields) for fields in zip(*parts, strict=True)]
    extent = job.call.extent._replace(columns=job.devices)
    return tuple(reduce(Request(replace(job.call, extent=extent), merges=True), stacks))


def _counted_from(first: Array, field: Array) -> Array:
    """Return column numbers that begin at `first`; nobody stays nobody."""
    if not jnp.issubdtype(field.dtype, jnp.integer):
        return field
    return jnp.where(field < 0, field, field + first.astype(field.dtype))


def _gathered(job: _Job, fields: Sequence[Array]) -> Array:
    """Return a field of the states of all parts, side by side in the order of the columns."""
    here = lax.axis_index(job.axis)
    if job.is_ring:
        stack = jnp.roll(jnp.stack(fields, -2), here, -2)
    else:
        # Every device adds its own part to nothing: so the sum is known to be the same on all of them.
        own = (jnp.arange(job.devices) == here)[:, None]
        stack = lax.psum(jnp.where(own, fields[0][..., None, :], 0), job.axis)
    return stack.reshape((*stack.shape[:-2], -1))


# ---------------------------------------------------------------- derivatives


def _moved(job: _Job, primals: Several, tangents: Several) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """Return the outputs and their tangents."""
    form = differentiable_form(job.problem)
    inner = job.of(form.problem)
    outputs = _whole(inner, *primals)
    saved = saved_problem(form.problem)
    kept = (saved, () if saved is None else _whole(inner.of(saved), *primals))
    given = {k: tangent for k, tangent in enumerate(tangents) if not isinstance(tangent, SymbolicZero)}
    moved = _Along(inner, kept)(dict(enumerate(primals)), given, outputs)
    return (
        tuple(outputs[k] for k in form.selected),
        tuple(moved[k] if k in moved else _no_tangent(outputs[k]) for k in form.selected),
    )


def _no_tangent(output: Array) -> Any:
    return SymbolicZero(type_of(output).to_tangent_aval())


_whole.defjvp(_moved, symbolic_zeros=True)


@dataclass(frozen=True, eq=False)
class _Along:
    """The tangents of outputs: sums over the columns of all devices."""

    job: _Job
    saved: tuple[Problem | None, tuple[Array, ...]]

    def __call__(self, arrays: dict[int, Array], tangents: dict[int, Array], outputs: Several) -> dict[int, Array]:
        """Return the tangent of each real output."""
        if self.job.is_ring:
            # What comes by is not kept for the way back: it comes by again.
            around: dict[int, Array] = jax.checkpoint(self._summed)(arrays, tangents, tuple(outputs), self.saved[1])
            return around
        found = self._summed(arrays, tangents, tuple(outputs), self.saved[1])
        return {k: lax.psum(part, self.job.axis) for k, part in found.items()}

    def _summed(
        self, arrays: dict[int, Array], tangents: dict[int, Array], outputs: Several, saved: Several
    ) -> dict[int, Array]:
        total: dict[int, Array] = {}
        for first, (held, along) in self.job.turns(arrays, tangents):
            part = self._part(first, held, along, outputs, saved)
            total = {k: total[k] + value if k in total else value for k, value in part.items()}
        return total

    def _part(
        self, first: Array, arrays: dict[int, Array], tangents: dict[int, Array], outputs: Several, saved: Several
    ) -> dict[int, Array]:
        job, known = self.job, self.saved[0]

        def carry_out(request: Request, given: Several) -> Several:
            if known is not None and request.call.problem == known:
                return _seen_from(job.of(known), first, saved)
            return reduce(request, given)

        calculus = replace(CALCULUS, reduce=carry_out)
        given = [arrays[k] for k in range(len(arrays))]
        own = _seen_from(job, first, outputs)
        return Reduced(calculus, Request(job.call), given, own).push_forward(tangents)


def _seen_from(job: _Job, first: Array, outputs: Several) -> list[Array]:
    """Return outputs as the columns that begin at `first` know them: winners that are not among them are nobody."""
    kinds, reduction = output_kinds(job.problem), job.problem.reduction
    found = list(outputs)
    for k, kind in enumerate(kinds):
        if kind == "index":
            number = outputs[k] - first.astype(outputs[k].dtype)
            is_here = (outputs[k] >= 0) & (number >= 0) & (number < job.call.extent.columns)
            found[k] = jnp.where(is_here, number, -1)
            if reduction.finds_winners:
                found[0] = jnp.where(is_here, outputs[0], reduction.nobody)
    return found
