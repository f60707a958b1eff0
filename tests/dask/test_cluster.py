"""Reductions on a cluster of processes: the numbers are those of one process, whatever happens to workers."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from distributed import Client, LocalCluster, futures_of

import pairfold.dask as pfd
import pairfold.numpy as pn

# On a machine with much to do.
pytestmark = pytest.mark.filterwarnings("ignore:Creating scratch directories is taking:UserWarning")

N, M, SIZE = 3000, 4000, 500


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Two processes with two threads each, which spill nearly everything that they hold."""
    settings = {
        "distributed.worker.memory.target": 1e-4,
        "distributed.worker.memory.spill": 2e-4,
        "distributed.worker.memory.pause": False,
        "distributed.worker.memory.terminate": False,
        "distributed.admin.tick.limit": "60s",
    }
    with (
        dask.config.set(settings),
        LocalCluster(n_workers=2, threads_per_worker=2, memory_limit="2GB", dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.fixture(autouse=True)
def small_tasks() -> Iterator[None]:
    with dask.config.set({"pairfold.task-seconds": None}):
        yield


def clouds() -> tuple[Any, Any]:
    random = np.random.default_rng(0)
    return random.random((N, 3), np.float32), random.random((M, 3), np.float32)


def distances(room: Any, x: Any, y: Any) -> Any:
    return ((room.Vi(x) - room.Vj(y)) ** 2).sum(-1)


def lazy_distances() -> Any:
    return distances(pfd, *(da.from_array(points, chunks=(SIZE, 3)) for points in clouds()))


@pytest.mark.parametrize("every", [1, 3])
def test_log_sum_exp_and_neighbours(client: Client, every: int) -> None:
    with dask.config.set(split_every=every):
        lazy = lazy_distances()
        found = dask.compute(lazy.logsumexp(axis=1), *lazy.Kmin_argKmin(10, axis=1), lazy.argmin(axis=0))
    whole = distances(pn, *clouds())
    values, columns = whole.Kmin_argKmin(10, axis=1)
    np.testing.assert_allclose(found[0], whole.logsumexp(axis=1), rtol=1e-6)
    assert (found[1] == values).all()
    assert (found[2] == columns).all()
    assert (found[3] == whole.argmin(axis=0)).all()


def test_sums_have_the_bits_of_one_process(client: Client) -> None:
    lazy = (-lazy_distances()).exp().sum(axis=1)
    assert (lazy.compute() == lazy.compute(scheduler="sync")).all()


def slowly(block: Any) -> Any:
    time.sleep(0.2)
    return block


def test_a_worker_is_killed(client: Client) -> None:
    """What it had is computed again: the same bits."""
    x, y = clouds()
    lazy_y = da.from_array(y, chunks=(SIZE, 3)).map_blocks(slowly, dtype=y.dtype, meta=y[:0])
    lazy = (-distances(pfd, da.from_array(x, chunks=(SIZE, 3)), lazy_y)).exp().sum(axis=1)
    expected = lazy.compute(scheduler="threads")
    running = client.persist(lazy)
    names = client.run(os.getpid)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        victims = [worker for worker, keys in client.has_what().items() if any("-part-" in str(key) for key in keys)]
        if victims:
            break
        time.sleep(0.02)
    assert victims
    assert not all(future.done() for future in futures_of(running))
    os.kill(names[victims[0]], signal.SIGKILL)
    assert (running.compute() == expected).all()


def test_states_are_spilled(client: Client) -> None:
    """Their size is known to the workers, which write them to disk and read them back."""
    lazy = lazy_distances()
    values, columns = client.persist(lazy.Kmin_argKmin(100, axis=1))
    found = dask.compute(values, columns)
    spilled = client.run(lambda dask_worker: dask_worker.data.spilled_total.memory)
    assert sum(spilled.values()) > 0
    expected = distances(pn, *clouds()).Kmin_argKmin(100, axis=1)
    assert (found[0] == expected[0]).all()
    assert (found[1] == expected[1]).all()


def test_errors_of_workers_say_what_is_wrong(client: Client) -> None:
    x, y = clouds()
    lying = da.from_array(y, chunks=(SIZE, 3)).map_blocks(lambda block: block[:-1], dtype=y.dtype, chunks=(SIZE, 3))
    found = distances(pfd, x, da.Array(lying.dask, lying.name, ((SIZE,) * 8, (3,)), meta=y[:0])).sum(axis=1)
    with pytest.raises(ValueError, match=r"has shape \(499, 3\), where its Dask array announced \(500, 3\)"):
        found.compute()


def test_dashboards_show_stages(client: Client) -> None:
    running = client.persist(lazy_distances().sum(axis=1))
    groups = client.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.task_prefixes))
    assert {"pairfold-sum-part-instant", "pairfold-sum-merge"} <= set(groups)
    running.compute()
