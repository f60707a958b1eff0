"""The primitive ``pairfold_reduce`` of JAX: one reduction, differentiable to any order in every transform.

Everything that JAX can do with a function goes through its primitives, and each transform asks them for one thing:

======================================== ================================================================
`jit`, `eval_shape`, `shard_map`         `_shapes`: the outputs, and which axes of a mesh they vary over
`jvp`, `jacfwd`, `linearize`             `_push_forward`: calls the primitive again, linear in the tangents
`grad`, `vjp`, `jacrev`                  `_pull_back`: the adjoint of that linear call
`vmap`                                   `_batched`: one more batch axis
the data themselves                      `_lowered`: a call of the handler, by the text of the request
======================================== ================================================================

This is the only file that knows what JAX does not promise to keep.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir
from jax.sharding import NamedSharding, PartitionSpec

from pairfold.api.derivatives import Calculus, Reduced
from pairfold.api.request import Request
from pairfold.errors import ArgumentValueError, TargetError
from pairfold.ir.call import Call, Extent
from pairfold.ir.expr import Category
from pairfold.jax.arrays import ARRAYS
from pairfold.jax.handler import SMALL, packed_ranges
from pairfold.jax.small import key_of
from pairfold.reductions.state import outputs_of
from pairfold.transform.derivatives import differentiable_form

__all__ = ["CALCULUS", "TARGET_NAME", "reduce", "type_of", "varying_axes"]

Array = Any
Several = Sequence[Any]

TARGET_NAME = "pairfold_reduce"
"""What the handler is called in compiled programs."""

_UNKNOWN = -1
"""A number of columns that the handler finds in the memory of the arrays."""

jax.ffi.register_ffi_target(TARGET_NAME, jax.ffi.pycapsule(ctypes.c_void_p(SMALL.address)), platform="cpu")


class _Ranges:
    """Block-sparse ranges as a parameter of the primitive: equal if their numbers are."""

    def __init__(self, six: Sequence[np.ndarray[Any, Any]]) -> None:
        self.six = tuple(six)
        self.packed = packed_ranges(six)
        self._bytes = self.packed.tobytes()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Ranges) and self._bytes == other._bytes

    def __hash__(self) -> int:
        return hash(self._bytes)

    def __repr__(self) -> str:
        return f"<{len(self.six[0])} blocks of rows>"


def reduce(request: Request, arrays: Several) -> list[Array]:
    """Carry out a reduction; the result is differentiable.

    Parameters
    ----------
    request : Request
        What to compute.
    arrays : sequence of arrays
        As for `pairfold.engine.run`, all float32 or all float64.

    Returns
    -------
    list of arrays
        As `pairfold.engine.run`; int32 for column numbers unless ``jax_enable_x64`` is set.

    Raises
    ------
    ArgumentValueError
        If float64 is needed, without ``jax_enable_x64``.
    """
    call = request.call
    if call.dtype == "float64" and arrays[0].dtype != np.float64:
        raise ArgumentValueError(
            f"This derivative numbers {call.extent.columns} columns, which needs float64: set "
            "jax.config.update('jax_enable_x64', True)."
        )
    ranges = None if call.ranges is None else _Ranges(call.ranges)
    rows, columns, batch = call.extent
    found: list[Array] = _PRIMITIVE.bind(
        *_alike(arrays), request=request.text, rows=rows, columns=columns, batch=tuple(batch), ranges=ranges
    )
    return found


@lru_cache(maxsize=1024)
def _asked(
    request: str, rows: int, columns: int, batch: tuple[int, ...], ranges: _Ranges | None, dtype: str
) -> Request:
    """Return what the parameters of the primitive say."""
    return Request.from_text(request, Extent(rows, columns, batch), dtype, () if ranges is None else ranges.six)


# ---------------------------------------------------------------- meshes


# Inside of `shard_map` the type of an array says over which axes of the mesh its shards differ.

type_of = jax.typeof if hasattr(jax, "typeof") else jax.core.get_aval  # type: ignore[attr-defined]  # of versions before 0.6
"""``type_of(array)``: what JAX knows of it."""


def _axes(aval: Any) -> frozenset[str]:
    """Return the axes of a mesh that an array varies over; versions of JAX say it in different words."""
    kind = getattr(aval, "manual_axis_type", None)
    return getattr(aval, "vma", frozenset()) if kind is None else kind.varying


def varying_axes(array: Array) -> frozenset[str]:
    """Return the axes of a mesh that an array varies over, as far as JAX checks that: see ``check_vma``."""
    return _axes(type_of(array))


def _varying(arrays: Several, axes: frozenset[str]) -> list[Array]:
    """Return the arrays, varying over these axes too."""
    if not axes:
        return list(arrays)
    found = []
    for array in arrays:
        missing = tuple(axes - _axes(type_of(array)))
        found.append(_cast(array, missing) if missing else array)
    return found


def _cast(array: Array, axes: tuple[str, ...]) -> Array:
    if hasattr(jax.lax, "pcast"):
        return jax.lax.pcast(array, axes, to="varying")
    return jax.lax.pvary(array, axes)  # type: ignore[attr-defined]  # of versions before 0.8


def _alike(arrays: Several) -> list[Array]:
    """Return the arrays, all varying over the axes that one of them varies over."""
    return _varying(arrays, frozenset().union(*[_axes(type_of(array)) for array in arrays]))


def _like(aval: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """Return the type of an output that varies as an argument of the type `aval` and is sharded in no other way."""
    settings = {}
    if getattr(aval, "sharding", None) is not None:
        settings["sharding"] = NamedSharding(aval.sharding.mesh, PartitionSpec(*(None,) * len(shape)))
    return aval.update(shape=shape, dtype=dtype, weak_type=False, **settings)


# ---------------------------------------------------------------- the primitive

_PRIMITIVE = Primitive(TARGET_NAME)
_PRIMITIVE.multiple_results = True


@lru_cache(maxsize=4096)
def _compiled(parameters: tuple[tuple[str, Any], ...]) -> Any:
    return jax.jit(partial(_PRIMITIVE.bind, **dict(parameters)))


def _on_data(*arrays: Array, **parameters: Any) -> list[Array]:
    """Compile a program of one call, and keep it."""
    found: list[Array] = _compiled(tuple(parameters.items()))(*arrays)
    return found


_PRIMITIVE.def_impl(_on_data)


def _shapes(*avals: Any, **parameters: Any) -> list[Any]:
    request = _asked(**parameters, dtype=avals[0].dtype.name)
    extent = request.call.extent
    if request.system is not None:
        shapes = [((*extent.batch, *avals[request.system.position].shape[-2:]), avals[0].dtype)]
    else:
        shapes = [
            (shape, jax.dtypes.canonicalize_dtype(dtype))
            for shape, dtype in outputs_of(request.call.problem, extent, avals[0].dtype.name)
        ]
    return [_like(avals[0], shape, dtype) for shape, dtype in shapes]


_PRIMITIVE.def_abstract_eval(_shapes)


def _lowered(context: Any, *operands: Any, request: str, columns: Any, ranges: _Ranges | None, **sizes: Any) -> Any:
    count = columns if isinstance(columns, int) else _UNKNOWN
    packed = packed_ranges(None) if ranges is None else ranges.packed
    rule = jax.ffi.ffi_lowering(TARGET_NAME)
    if count == _UNKNOWN and not _reads_columns(request):
        raise ArgumentValueError(
            f"The formula reads no array of columns, and their number {columns} is not known when JAX compiles: a "
            "program for any number of columns must read an array that is indexed by them."
        )
    key = "" if ranges is not None else key_of(request, context.avals_in[0].dtype.name)
    return rule(context, *operands, columns=np.int64(count), key=key, ranges=packed, request=request)


def _reads_columns(request: str) -> bool:
    nodes = Request.from_text(request, Extent(1, 1), "float64").call.problem.arguments.values()
    return any(node.category == Category.COLUMN for node in nodes)


def _refused(context: Any, *operands: Any, **parameters: Any) -> Any:
    platforms = ", ".join(context.module_context.platforms)
    raise TargetError(
        f"The arrays are on {platforms}; pairfold.jax reduces arrays on the CPU. Move them, with jax.device_put(array, "
        "jax.devices('cpu')[0]); pairfold.cupy takes arrays of JAX on a GPU where they are, without derivatives."
    )


mlir.register_lowering(_PRIMITIVE, _refused)
mlir.register_lowering(_PRIMITIVE, _lowered, platform="cpu")


def _batched(arrays: Several, axes: Sequence[int | None], *, batch: tuple[int, ...], **parameters: Any) -> Any:
    size = next(array.shape[axis] for array, axis in zip(arrays, axes, strict=True) if axis is not None)
    moved = [
        jnp.expand_dims(array, 0) if axis is None else jnp.moveaxis(array, axis, 0)
        for array, axis in zip(arrays, axes, strict=True)
    ]
    found = _PRIMITIVE.bind(*_alike(moved), batch=(size, *batch), **parameters)
    return found, [0] * len(found)


batching.primitive_batchers[_PRIMITIVE] = _batched

# ---------------------------------------------------------------- derivatives


def _gathered(array: Array, index: Array) -> Array:
    return jnp.take_along_axis(array, index, axis=-2)


def _scattered(part: Array, index: Array, shape: tuple[int, ...]) -> Array:
    return jax.linear_transpose(lambda array: _gathered(array, index), jnp.zeros(shape, part.dtype))(part)[0]


CALCULUS = Calculus(ARRAYS, reduce, _gathered, _scattered)


def _push_forward(primals: Several, tangents: Several, **parameters: Any) -> tuple[list[Array], list[Any]]:
    request = _asked(**parameters, dtype=primals[0].dtype.name)
    form = differentiable_form(request.call.problem)
    request = Request(_with_problem(request.call, form.problem), system=request.system)
    outputs = reduce(request, primals)
    given = {k: tangent for k, tangent in enumerate(tangents) if not isinstance(tangent, ad.Zero)}
    moved = Reduced(CALCULUS, request, primals, outputs).push_forward(given)
    selected = [outputs[k] for k in form.selected]
    axes = _axes(type_of(outputs[0]))
    moved = dict(zip(moved, _varying(list(moved.values()), axes), strict=True))
    return selected, [moved[k] if k in moved else _no_tangent(outputs[k]) for k in form.selected]


def _no_tangent(output: Array) -> Any:
    return ad.Zero(type_of(output).to_tangent_aval())


def _with_problem(call: Call, problem: Any) -> Call:
    return Call(problem, call.extent, call.dtype, call.ranges, call.options)


def _pull_back(cotangents: Several, *arrays: Any, **parameters: Any) -> list[Array | None]:
    wanted = tuple(k for k, array in enumerate(arrays) if ad.is_undefined_primal(array))
    # The gradient of what is linear in an argument does not read it; if it did, the result would say so.
    known = [jnp.full(a.aval.shape, np.nan, a.aval.dtype) if k in wanted else a for k, a in enumerate(arrays)]
    request = _asked(**parameters, dtype=known[0].dtype.name)
    given = [None if isinstance(cotangent, ad.Zero) else cotangent for cotangent in cotangents]
    outputs = given if request.system is not None else ()
    found = Reduced(CALCULUS, request, known, outputs).pull_back(wanted, given)
    axes = frozenset().union(*[_axes(arrays[k].aval) for k in wanted])
    found = dict(zip(found, _varying(list(found.values()), axes), strict=True))
    return [found.get(k) for k in range(len(arrays))]


ad.primitive_jvps[_PRIMITIVE] = _push_forward
ad.primitive_transposes[_PRIMITIVE] = _pull_back
