"""Compiled programs: traced once, kept and exported for other processes, and ended while they run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import jax.export
import jax.numpy as jnp
import numpy as np
import pytest

from pairfold.errors import ArgumentValueError, TargetError
from pairfold.jax import Genred, Vi, Vj

KERNEL = """
import sys
import jax, jax.numpy as jnp, numpy as np
from pairfold.jax import Vi, Vj
def smoothed(x, y):
    return (-((Vi(x) - Vj(y)) ** 2).sum(-1) * 0.3).exp().sum(axis=1)
x = jnp.linspace(0, 1, 21, dtype=jnp.float32).reshape(7, 3)
"""


def run(program: str, *arguments: object) -> str:
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path), JAX_PLATFORMS="cpu", PYTHONWARNINGS="error")
    command = [sys.executable, "-c", KERNEL + program, *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def smoothed(x: Any, y: Any) -> Any:
    return (-((Vi(x) - Vj(y)) ** 2).sum(-1) * 0.3).exp().sum(axis=1)


def test_a_second_call_traces_nothing() -> None:
    traces = []

    @jax.jit
    def loss(x: Any, y: Any) -> Any:
        traces.append(1)
        return smoothed(x, y).sum()

    step = jax.jit(jax.grad(loss))
    for scale in (1.0, 2.0, 3.0):
        step(scale * jnp.ones((4, 3)), jnp.ones((5, 3))).block_until_ready()
    assert len(traces) == 1


def test_memory_that_is_given_away_is_not_read_after_it_is_written() -> None:
    x = jnp.asarray(np.random.default_rng(0).standard_normal((300, 1)))
    expected = smoothed(x, x)
    step = jax.jit(lambda x: smoothed(x, x), donate_argnums=0)
    np.testing.assert_allclose(step(jnp.array(x, copy=True)), expected, rtol=1e-12)


CACHED = """
jax.config.update("jax_compilation_cache_dir", sys.argv[1])
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
for k in range(int(sys.argv[2])):
    (Vi(x) * k).sum(axis=1)
events = []
jax.monitoring.register_event_listener(lambda event, **_: events.append(event))
value, gradient = jax.jit(jax.value_and_grad(lambda x: smoothed(x, x[:5]).sum()))(x)
print(float(value), float(abs(gradient).sum()))
print(any(event.endswith("cache_hits") for event in events))
"""


def test_the_compilation_cache_serves_other_processes(tmp_path: Path) -> None:
    # The second process has other formulas before, so the order in which it meets them is not the same.
    first, second = (run(CACHED, tmp_path, number).splitlines() for number in (0, 2))
    assert first[0] == second[0]
    assert (first[1], second[1]) == ("False", "True")


EXPORTED = """
from jax import export
check = export.DisabledSafetyCheck.custom_call("pairfold_reduce")
n, m = export.symbolic_shape("n, m")
sizes = [jax.ShapeDtypeStruct((size, 3), jnp.float32) for size in (n, m)]
found = export.export(jax.jit(smoothed), disabled_checks=[check])(*sizes)
with open(sys.argv[1], "wb") as file:
    file.write(found.serialize(vjp_order=1))
"""
LOADED = """
from jax import export
with open(sys.argv[1], "rb") as file:
    loaded = export.deserialize(file.read())
np.testing.assert_allclose(loaded.call(x, x[:5]), smoothed(x, x[:5]), rtol=1e-6)
gradient, _ = loaded.vjp().call(x, x[:5], jnp.ones((7, 1), jnp.float32))
np.testing.assert_allclose(gradient, jax.grad(lambda x, y: smoothed(x, y).sum())(x, x[:5]), rtol=1e-5, atol=1e-6)
"""


def test_exported_programs_run_in_other_processes_for_any_number_of_points(tmp_path: Path) -> None:
    pytest.importorskip("flatbuffers", reason="jax.export saves with flatbuffers")
    run(EXPORTED, tmp_path / "program")
    run(LOADED, tmp_path / "program")


@pytest.mark.parametrize("end", ["", "raise SystemExit(0)"])
def test_a_program_may_end_while_a_reduction_runs(end: str) -> None:
    program = """
x = jnp.zeros((30000, 3), jnp.float32)
found = jax.jit(smoothed)(x, x)
print("end")
"""
    assert run(program + end) == "end\n"


def test_a_program_for_any_number_of_columns_reads_them() -> None:
    (size,) = jax.export.symbolic_shape("m")
    check = jax.export.DisabledSafetyCheck.custom_call("pairfold_reduce")
    unread = Genred("x", ["x = Vi(1)", "y = Vj(1)"], axis=1)
    with pytest.raises(ArgumentValueError, match="reads no array of columns"):
        jax.export.export(jax.jit(lambda y: unread(jnp.ones((3, 1)), y)), disabled_checks=[check])(
            jax.ShapeDtypeStruct((size, 1), jnp.float32)
        )


def test_arrays_on_other_devices_are_refused_in_words() -> None:
    with pytest.raises(TargetError, match=r"arrays are on cuda; .*jax.device_put"):
        jax.export.export(jax.jit(smoothed), platforms=["cuda"])(jnp.ones((3, 2)), jnp.ones((4, 2)))
