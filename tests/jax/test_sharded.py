"""Reductions inside of `jax.shard_map` on four devices: rows sharded, columns sharded, and as a ring."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import Mesh
from jax.sharding import PartitionSpec as P

import pairfold.jax as pj
from pairfold.errors import ArgumentTypeError, ArgumentValueError

ALIASES = ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)", "g = Pm(1)"]
FORMULA = "-g * SqDist(x, y) + b"

REDUCTIONS: dict[str, dict[str, Any]] = {
    "Sum": {},
    "LogSumExp": {},
    "LogSumExpWeight": {"formula2": "Square(b) + x"},
    "SumSoftMaxWeight": {"formula2": "b * y"},
    "Max_SumShiftExp": {},
    "Min": {},
    "Max_ArgMax": {},
    "ArgMin": {},
    "KMin": {"opt_arg": 3},
    "KMin_ArgKMin": {"opt_arg": 3},
    "Mean": {},
    "Var": {},
    "Prod": {},
}

DIFFERENTIATED = ("LogSumExp", "SumSoftMaxWeight", "Max_SumShiftExp", "Min", "KMin_ArgKMin", "Var", "Prod")
"""One of each kind of derivative."""

SPECS = {
    "rows": ((P("d"), P(), P(), P()), P("d")),
    "merge": ((P(), P("d"), P("d"), P()), P()),
    "ring": ((P("d"), P("d"), P("d"), P()), P("d")),
}


def _routine(name: str) -> Any:
    return pj.Genred(FORMULA, ALIASES, reduction_op=name, axis=1, **REDUCTIONS[name])


def _mesh() -> Any:
    return Mesh(np.array(jax.devices()), ("d",))


def _over_devices(routine: Any, layout: str, check: bool = True) -> Callable[..., Any]:
    inner = routine if layout == "rows" else pj.sharded(routine, "d", schedule=layout)
    inputs, output = SPECS[layout]
    return jax.jit(jax.shard_map(inner, mesh=_mesh(), in_specs=inputs, out_specs=output, check_vma=check))


def _arguments() -> tuple[Any, ...]:
    rng = np.random.default_rng(0)
    x, y, b = (jnp.asarray(rng.standard_normal(shape)) for shape in ((8, 2), (12, 2), (12, 1)))
    return x, y, b, jnp.asarray([0.7])


def _scalar(function: Callable[..., Any]) -> Callable[..., Any]:
    def total(*args: Any) -> Any:
        leaves = jax.tree.leaves(function(*args))
        return sum(jnp.sin(leaf).sum() for leaf in leaves if jnp.issubdtype(leaf.dtype, jnp.floating))

    return total


def _close(found: Any, wanted: Any) -> None:
    assert jax.tree.structure(found) == jax.tree.structure(wanted)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(np.asarray(a), np.asarray(b), 1e-10, 1e-10), found, wanted)


@pytest.mark.parametrize("name", REDUCTIONS)
def test_values_and_gradients(name: str) -> None:
    routine, args = _routine(name), _arguments()
    layouts = SPECS if name in ("LogSumExp", "KMin_ArgKMin") else ("merge", "ring")
    functions = {layout: _over_devices(routine, layout) for layout in layouts}
    wanted = routine(*args)
    for function in functions.values():
        _close(function(*args), wanted)
    if name not in DIFFERENTIATED:
        return
    wanted = jax.grad(_scalar(routine), (0, 1, 2, 3))(*args)
    for layout in layouts if len(layouts) == len(SPECS) else ("merge",):
        _close(jax.jit(jax.grad(_scalar(functions[layout]), (0, 1, 2, 3)))(*args), wanted)


@pytest.mark.parametrize("layout", ["merge", "ring"])
def test_other_derivatives(layout: str) -> None:
    routine, args = _routine("LogSumExp"), _arguments()
    over_devices = _over_devices(routine, layout)
    _close(jax.jvp(over_devices, args, args), jax.jvp(routine, args, args))
    for second in (lambda f: jax.jacfwd(jax.grad(f, 3), 1), lambda f: jax.grad(lambda *a: jax.grad(f, 1)(*a).sum(), 0)):
        _close(jax.jit(second(_scalar(over_devices)))(*args), second(_scalar(routine))(*args))


@pytest.mark.parametrize("layout", SPECS)
def test_without_the_check(layout: str) -> None:
    routine, args = _routine("LogSumExp"), _arguments()
    over_devices = _over_devices(routine, layout, check=False)
    _close(over_devices(*args), routine(*args))
    gradient = jax.grad(_scalar(over_devices), (0, 1))
    _close(gradient(*args), jax.grad(_scalar(routine), (0, 1))(*args))


def test_rows_and_columns_on_a_mesh_of_two_axes() -> None:
    routine, args = _routine("KMin_ArgKMin"), _arguments()
    mesh = Mesh(np.array(jax.devices()).reshape(2, 2), ("rows", "columns"))
    inputs = (P("rows"), P("columns"), P("columns"), P())
    inner = pj.sharded(routine, "columns")
    over_devices = jax.jit(jax.shard_map(inner, mesh=mesh, in_specs=inputs, out_specs=P("rows")))
    _close(over_devices(*args), routine(*args))
    _close(jax.grad(_scalar(over_devices), (0, 1, 2, 3))(*args), jax.grad(_scalar(routine), (0, 1, 2, 3))(*args))
    whole = jax.shard_map(
        pj.sharded(routine, ("rows", "columns")),
        mesh=mesh,
        in_specs=(P(), P(("rows", "columns")), P(("rows", "columns")), P()),
        out_specs=P(),
    )
    _close(whole(*args), routine(*args))


def test_lazy_tensors_batches_and_vmap() -> None:
    rng = np.random.default_rng(1)
    x, y, b = (jnp.asarray(rng.standard_normal((3, *shape))) for shape in ((8, 2), (12, 2), (12, 2)))

    def product(x: Any, y: Any, b: Any) -> Any:
        kernel = (-((pj.LazyTensor(x[..., None, :]) - pj.LazyTensor(y[..., None, :, :])) ** 2).sum(-1)).exp()
        return (kernel * pj.LazyTensor(b[..., None, :, :])).sum(axis=x.ndim - 1, call=False)

    def dense(x: Any, y: Any, b: Any) -> Any:
        return jnp.exp(-((x[..., :, None, :] - y[..., None, :, :]) ** 2).sum(-1)) @ b

    over_devices = jax.shard_map(
        lambda *args: pj.sharded(product(*args), "d")(),
        mesh=_mesh(),
        in_specs=(P(), P(None, "d"), P(None, "d")),
        out_specs=P(),
    )
    _close(over_devices(x, y, b), dense(x, y, b))
    outside = jax.vmap(
        jax.shard_map(
            lambda *args: pj.sharded(product(*args), "d", schedule="ring")(),
            mesh=_mesh(),
            in_specs=P("d"),
            out_specs=P("d"),
        )
    )
    _close(outside(x, y, b), dense(x, y, b))
    inside = jax.shard_map(
        jax.vmap(lambda *args: pj.sharded(product(*args), "d")()),
        mesh=_mesh(),
        in_specs=(P(), P(None, "d"), P(None, "d")),
        out_specs=P(),
    )
    _close(jax.grad(_scalar(inside), (0, 1, 2))(x, y, b), jax.grad(_scalar(dense), (0, 1, 2))(x, y, b))


def test_reductions_over_i() -> None:
    x, y, b, g = _arguments()
    routine = pj.Genred(
        FORMULA, ["x = Vi(2)", "y = Vj(2)", "b = Vi(1)", "g = Pm(1)"], reduction_op="ArgKMin", axis=0, opt_arg=2
    )
    over_devices = jax.shard_map(
        pj.sharded(routine, "d"), mesh=_mesh(), in_specs=(P("d"), P(), P("d"), P()), out_specs=P()
    )
    _close(over_devices(y, x, b, g), routine(y, x, b, g))


def test_indices_are_narrow_without_x64() -> None:
    jax.config.update("jax_enable_x64", False)
    routine, args = _routine("KMin_ArgKMin"), tuple(jnp.asarray(a, jnp.float32) for a in _arguments())
    for layout in ("merge", "ring"):
        found = _over_devices(routine, layout)(*args)
        assert found[1].dtype == np.int32
        _close(found[1], routine(*args)[1])


def _refused(layout: str, specs: tuple[Any, ...], words: str, **settings: Any) -> None:
    inner = pj.sharded(_routine("Sum"), "d", schedule=layout)
    function = jax.shard_map(
        lambda *args: inner(*args, **settings), mesh=_mesh(), in_specs=specs, out_specs=SPECS[layout][1]
    )
    with pytest.raises(ArgumentValueError, match=words):
        function(*_arguments())


def test_what_is_refused() -> None:
    routine = _routine("Sum")
    _refused("merge", (P(), P(), P(), P()), "reduced does not vary over the axis 'd'")
    _refused("merge", SPECS["ring"][0], "kept varies over the axis 'd'.*schedule='ring'")
    _refused("ring", SPECS["merge"][0], "kept does not vary over the axis 'd'")
    _refused("merge", SPECS["merge"][0], "takes every pair; found a tolerance", tol=0.1)
    with pytest.raises(ArgumentValueError, match="There is no axis 'd' of a mesh here"):
        pj.sharded(routine, "d")(*_arguments())
    with pytest.raises(ArgumentValueError, match=r"schedule is 'rings'; allowed are 'merge' and 'ring'"):
        pj.sharded(routine, "d", schedule="rings")
    with pytest.raises(ArgumentTypeError, match="found an object of type function"):
        pj.sharded(_scalar, "d")
